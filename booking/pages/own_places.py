"""The partner's places: "Toujours vrai ?" in one tap a line, or new numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import reflex as rx
from sqlmodel import Session

from availability.declarations import Declaration, declare
from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor, Role
from booking.hosting import OwnPlace, own_places
from booking.mediators import is_stale
from booking.pages.designate_words import age
from booking.question import form_of
from booking.words import NBSP, many
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, field, link_button, skeleton

el = rx.el
NUMBERS = (
    ("capacity", "Mesures que vous pouvez suivre en même temps"),
    ("load", "Mesures en cours, hors celles acceptées ici"),
    ("waiting", "Mesures en attente"),
)


@dataclass(frozen=True)
class PlaceLine:
    """A place as declared."""

    id: str
    name: str
    where: str
    load: str
    waiting: str
    age: str
    is_stale: bool
    capacity_said: str
    load_said: str
    waiting_said: str


class OwnPlacesState(rx.State):
    """The lines, and the one whose numbers are being changed."""

    lines: list[PlaceLine] = []  # noqa: RUF012 - Reflex copies the default for each client
    open_id: str = ""
    problems: dict[str, str] = {"capacity": "", "load": "", "waiting": ""}  # noqa: RUF012
    is_loaded: bool = False
    _undo: tuple[str, Declaration] | None = None

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show what is declared."""
        await self._show()

    @allow(Role.PARTNER)
    @rx.event
    async def still_true(self, resource_id: str) -> None:
        """Declare the same numbers again, as of today."""
        line = self._line(resource_id)
        await self._declare(line.id, _declared(line))
        await self._say(f"{line.name} : c’est noté, à jour d’aujourd’hui.")

    @allow(Role.PARTNER)
    @rx.event
    async def change(self, resource_id: str) -> None:
        """Open the form of a line, or close it when it is open."""
        self.open_id = "" if self.open_id == str(resource_id) else str(resource_id)
        self.problems = {name: "" for name, _ in NUMBERS}

    @allow(Role.PARTNER)
    @rx.event
    async def save(self, form: dict[str, str]) -> None:
        """Declare new numbers; the form stays as typed when one of them cannot be."""
        line = self._line(self.open_id)
        try:
            await self._declare(line.id, declaration_of(form_of(form)))
        except InvalidRequest as refusal:
            self.problems = {name: _words(name, refusal) for name, _ in NUMBERS}
            return
        self._undo, self.open_id = (line.id, _declared(line)), ""
        await self._say(f"{line.name} : vos chiffres sont enregistrés.", undo_label="Annuler")

    @allow(Role.PARTNER)
    @rx.event
    async def undo(self) -> None:
        """Declare the numbers from before the last change."""
        if self._undo is None:
            return
        resource_id, before = self._undo
        self._undo = None
        await self._declare(resource_id, before)
        await self._say(f"{self._line(resource_id).name} : les chiffres d’avant sont rétablis.")

    async def _declare(self, resource_id: str, declaration: Declaration) -> None:
        actor = await current_actor(self)
        await act(declare, actor, int(resource_id), declaration, now=clock.now())

    async def _say(self, text: str, *, undo_label: str = "") -> None:
        (await self.get_state(NoticeState)).show_success(text, undo_label=undo_label)
        await self._show()

    async def _show(self) -> None:
        self.lines = await read(_lines, await current_actor(self), now=clock.now())
        self.is_loaded = True

    def _line(self, resource_id: str) -> PlaceLine:
        found = [line for line in self.lines if line.id == str(resource_id)]
        if not found:
            raise NotFound(resource_id=str(resource_id))
        return found[0]


def declaration_of(form: dict[str, str]) -> Declaration:
    """Return what a form declares. Raises: InvalidRequest, which names the field."""
    typed = {name: form.get(name, "").strip() for name, _ in NUMBERS}
    for name, value in typed.items():
        if not (value.isascii() and value.isdecimal() and len(value) < 9):
            raise InvalidRequest(name, "not-a-number")
    return Declaration(**{name: int(value) for name, value in typed.items()})


def place_line(place: OwnPlace, *, today: date) -> PlaceLine:
    """Return a place as its line shows it."""
    here = f", dont {many(place.taken_here, 'acceptée', 'acceptées')} ici" if place.taken_here else ""
    load = place.declared_load + place.taken_here
    return PlaceLine(
        id=str(place.id),
        name=place.name,
        where=" – ".join(part for part in (place.kind_label, place.site_name) if part != place.name),
        load=f"{many(load, 'mesure', 'mesures')} sur {place.capacity}{here}",
        waiting=f"{place.declared_waiting}{NBSP}en{NBSP}attente" if place.declared_waiting else "personne en attente",
        age=age(place.declared_on, today=today),
        is_stale=is_stale(place.declared_on, today=today),
        capacity_said=str(place.capacity),
        load_said=str(place.declared_load),
        waiting_said=str(place.declared_waiting),
    )


def _declared(line: PlaceLine) -> Declaration:
    return Declaration(int(line.capacity_said), int(line.load_said), int(line.waiting_said))


def _lines(session: Session, actor: Actor, *, now: datetime) -> list[PlaceLine]:
    return [place_line(place, today=now.date()) for place in own_places(session, actor, now=now)]


def _words(name: str, refusal: InvalidRequest) -> str:
    return "Un nombre entier, de 0 à 10 000." if name == refusal.field else ""


@page(
    "/mes-places",
    title="Mes places",
    roles=(Role.PARTNER,),
    on_load=(OwnPlacesState.load,),
    entry="Mes places",
    order=20,
)
def own_places_page() -> rx.Component:
    """Return the places of a partner."""
    state = OwnPlacesState
    nothing = empty_state(
        "Aucune place à déclarer",
        "Les services qui suivent des mesures voient ici leur capacité et leur charge, et les confirment d’un geste.",
        link_button("Voir l’occupation", "/etablissement/", kind="secondary"),
    )
    lines = el.ul(rx.foreach(state.lines, _place), class_name="pj-requests")
    return layout(
        rx.cond(state.is_loaded, rx.cond(state.lines.length() > 0, lines, nothing), skeleton(6, "Lecture des places…")),
        title="Mes places",
        lead=el.p("Ce que les juges voient de vous. Deux minutes par semaine suffisent."),
        on_undo=state.undo,
    )


def _place(line: rx.Var[PlaceLine]) -> rx.Component:
    stale = el.span(line.age, " : à vérifier", class_name="pj-age pj-age--stale fr-icon-warning-line fr-icon--sm")
    is_open = OwnPlacesState.open_id == line.id
    return el.li(
        el.h2(line.name, class_name="fr-h6 fr-mb-1v"),
        el.p(line.where, class_name="fr-text--sm fr-mb-1v pj-grey"),
        el.p(el.strong(line.load), ", ", line.waiting, class_name="fr-mb-1v"),
        el.p(rx.cond(line.is_stale, stale, el.span(line.age, class_name="pj-age")), class_name="fr-mb-1w"),
        el.div(
            el.button(
                "Toujours vrai",
                type="button",
                aria_label="Toujours vrai : " + line.name,
                on_click=OwnPlacesState.still_true(line.id),
                class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
            ),
            el.button(
                "Modifier",
                type="button",
                aria_label="Modifier : " + line.name,
                aria_expanded=rx.cond(is_open, "true", "false"),
                on_click=OwnPlacesState.change(line.id),
                class_name="fr-btn fr-btn--secondary",
            ),
            class_name="pj-actions pj-request__answers pj-request__answers--wide",
        ),
        rx.cond(is_open, _form(line)),
        key=line.id,
        class_name="pj-request",
    )


def _form(line: rx.Var[PlaceLine]) -> rx.Component:
    said = {"capacity": line.capacity_said, "load": line.load_said, "waiting": line.waiting_said}
    numbers = [
        field(
            label,
            name,
            error=OwnPlacesState.problems[name],
            default_value=said[name],
            input_mode="numeric",
            max_length=6,
        )
        for name, label in NUMBERS
    ]
    save = el.button("Enregistrer", type="submit", class_name="fr-btn")
    return rx.el.form(
        *numbers, save, on_submit=OwnPlacesState.save, aria_label="Modifier", class_name="pj-request__question"
    )
