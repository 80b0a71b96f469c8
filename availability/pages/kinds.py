"""The kinds of the country: what each is, how much there is of it, taken out of service and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound, Refusal
from availability.kinds import KindInUse, KindLine, kinds_written, set_in_service
from availability.models import Shape
from availability.pages.kind_words import SHAPE_WORDS, count_words
from availability.rights import Actor, Role
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.problems import problem, sentence
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, link_button, skeleton

el = rx.el
LIST, FORM, RECESS = "/types/", "/types/fiche/", "/vacations/"


def _in_use(refusal: Refusal) -> str:
    kinds = refusal.facts.get("kinds")
    if not kinds:
        return "Des lieux ou des droits s’appuient déjà sur ce type : retirez-le du service plutôt."
    named = ", ".join(f"« {kind} »" for kind in kinds) if isinstance(kinds, tuple) else ""
    return f"C’est le rendez-vous d’information de {named} : choisissez-en un autre là-bas d’abord."


problem(KindInUse, 409, "kind-in-use", "Type utilisé", _in_use)


@dataclass(frozen=True)
class Row:
    """A kind of the list, as displayed."""

    code: str
    label: str
    layer: str
    shape: str
    count: str
    searchers: str
    is_active: bool
    edit: str
    copy: str


class KindsState(rx.State):
    """The list, in service or not."""

    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_loaded: bool = False
    is_national: bool = True
    summary: str = ""
    _undo: Any = None

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def load(self) -> None:
        """Show the kinds."""
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def put(self, code: str, in_service: bool) -> None:
        """Take a kind out of service, or bring it back."""
        if not isinstance(in_service, bool):
            return
        actor = await current_actor(self)
        kind_id, label = await self._kind(actor, code)
        await act(set_in_service, actor, kind_id, is_active=in_service, now=clock.now())
        self._undo = partial(set_in_service, kind_id=kind_id, is_active=not in_service)
        said = (
            f"« {label} » est de nouveau proposé."
            if in_service
            else f"« {label} » n’est plus proposé. Ce qui est déjà pris reste pris."
        )
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler")
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def undo(self) -> None:
        """Take back the last act."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        notice = await self.get_state(NoticeState)
        try:
            await act(_undone, await current_actor(self), undo)
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            notice.show_success("C’est annulé.")
        await self._show()

    async def _kind(self, actor: Actor, code: object) -> tuple[int, str]:
        lines = await read(kinds_written, actor)
        found = next((line.kind for line in lines if line.kind.code == code), None)
        if found is None:
            raise NotFound
        return found.id, found.label

    async def _show(self) -> None:
        try:
            lines = await read(kinds_written, await current_actor(self))
        except NotAllowed:
            self.is_national, self.is_loaded, self.rows = False, True, []
            return
        self.rows = [_row(line) for line in lines]
        self.is_national = self.is_loaded = True
        active = sum(line.kind.is_active for line in lines)
        retired = len(lines) - active
        self.summary = f"{active} types en service" + (f", {retired} retirés." if retired else ".")


def _undone(session: Session, actor: Actor, undo: Any) -> None:
    undo(session, actor, now=clock.now())


def _row(line: KindLine) -> Row:
    kind = line.kind
    roles = f"cherché par {line.searchers} rôle{'s' if line.searchers > 1 else ''}"
    return Row(
        code=kind.code,
        label=kind.label,
        layer=kind.layer,
        shape=SHAPE_WORDS[Shape(kind.shape)],
        count=count_words(Shape(kind.shape), line.resources),
        searchers=roles if line.searchers else "cherché par personne",
        is_active=kind.is_active,
        edit=f"{FORM}?type={kind.code}",
        copy=f"{FORM}?copie={kind.code}",
    )


@page(
    "/types",
    title="Types",
    roles=(Role.ADMINISTRATOR,),
    on_load=[KindsState.load],
    entry="Types",
    order=40,
    description="Les types de places et de rendez-vous : les créer, les modifier, les retirer.",
)
def kinds() -> rx.Component:
    """Return the page."""
    state = KindsState
    return layout(
        el.p(
            "Un type dit ce qui se réserve et comment : sa forme, ses délais, ses critères, qui le cherche. "
            "Un nouveau type se cherche et se réserve dès qu’un lieu le propose.",
            class_name="pj-lead",
        ),
        el.div(
            link_button("Créer un type", FORM, icon="fr-icon-add-line"),
            link_button("Vacations judiciaires", RECESS, kind="secondary", icon="fr-icon-calendar-line"),
            class_name="pj-actions fr-mb-3w",
        ),
        rx.cond(
            ~state.is_loaded,
            skeleton(8),
            rx.cond(
                state.is_national,
                rx.cond(
                    state.rows.length() > 0,
                    rx.fragment(el.p(state.summary, class_name="fr-mb-1w"), _list()),
                    empty_state("Aucun type", "Créez le premier : une place, un rendez-vous, une audience."),
                ),
                empty_state(
                    "Les types valent pour tout le pays",
                    "Seule l’administration nationale les modifie : demandez-lui ce qui manque.",
                ),
            ),
        ),
        title="Types",
        on_undo=state.undo,
    )


def _list() -> rx.Component:
    return el.ul(rx.foreach(KindsState.rows, _line), class_name="pj-plain pj-kinds")


def _line(row: rx.Var[Row]) -> rx.Component:
    small = "fr-btn fr-btn--sm fr-btn--tertiary"
    service = el.button(
        rx.cond(row.is_active, "Retirer", "Remettre en service"),
        type="button",
        aria_label=rx.cond(row.is_active, "Retirer du service : ", "Remettre en service : ") + row.label,
        on_click=KindsState.put(row.code, ~row.is_active),
        class_name=small,
    )
    return el.li(
        el.div(
            el.a(row.label, href=row.edit, class_name="fr-link pj-kinds__name"),
            rx.cond(row.is_active, rx.fragment(), badge("Retiré", "warning")),
            el.p(row.layer, " – ", row.shape, class_name="fr-text--sm pj-grey fr-mb-0"),
        ),
        el.p(row.count, el.br(), el.span(row.searchers, class_name="pj-grey"), class_name="fr-text--sm fr-mb-0"),
        el.div(
            el.a("Modifier", href=row.edit, aria_label="Modifier : " + row.label, class_name=small),
            el.a("Dupliquer", href=row.copy, aria_label="Dupliquer : " + row.label, class_name=small),
            service,
            class_name="pj-kinds__acts",
        ),
        key=row.code,
        class_name="pj-kinds__line",
    )
