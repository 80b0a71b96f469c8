"""The sheet of one appointment to which several come: who comes, who came, moved or called off as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import NotFound, Refusal
from availability.history import consulted
from availability.models import Kind
from availability.openings import local_day
from availability.rights import Actor
from booking.models import State
from booking.outcomes import note_outcome
from booking.pages.booking_words import address_of, whom, zone_note
from booking.pages.reason_part import read_reason, reason_form
from booking.pages.widgets import inner_link, print_button
from booking.persons import person_for
from booking.words import GIVEN_BACK_WORDS
from convocations.convening import receivers
from convocations.pages.addresses import LIST, sheet_address
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convene_words import Option, read_value
from convocations.pages.convocation_words import answer_of
from convocations.pages.list_state import gathering_address
from convocations.pages.list_words import room_option
from convocations.pages.problems import said
from convocations.queries import ComingGathering, ListedConvocation, convocations_at, gatherings
from convocations.together import (
    move_back_together,
    move_together,
    restore_together,
    starts_with_room,
    withdraw_together,
)
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, hour, long_day, plural
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, link_button, select_field, skeleton

el = rx.el
OUTCOMES = {"honoured": State.HONOURED, "missed": State.MISSED}
COMING = (State.BOOKED, State.HONOURED, State.MISSED)
CALLING_OFF = "annulation"  # the form that says why
T = TypeVar("T")


@dataclass(frozen=True)
class Comer:
    """Somebody who comes."""

    id: str
    booking_id: str
    whom: str
    answer: str
    badge: str
    href: str
    is_honoured: bool = False
    is_missed: bool = False


@dataclass(frozen=True)
class Gathering:
    """The appointment as its sheet displays it."""

    when: str = ""
    where: str = ""
    what: str = ""
    count: str = ""
    letters: str = ""
    has_begun: bool = False
    comers: list[Comer] = field(default_factory=list)
    moves: list[Option] = field(default_factory=list)


@dataclass(frozen=True)
class Coming:
    """One of those to choose among."""

    words: str
    detail: str
    href: str


class TogetherState(rx.State):
    """The open appointment, or those to come when the address names none."""

    step: str = ""  # "", shown, missing, list, none
    view: Gathering = Gathering()
    coming: list[Coming] = []  # noqa: RUF012
    names: dict[str, str] = {}  # noqa: RUF012 - once asked for; Reflex copies the default for each client
    is_moving: bool = False
    to: str = ""
    _at: tuple[int, datetime] | None = None
    _among: frozenset[int] = frozenset()  # who receives those to choose among
    _undo: tuple[tuple[int, datetime], Callable[..., list[Refusal]]] | None = None  # where all were, and the way back

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Open the appointment that the address names."""
        watch(self)
        asked = self.router.url.query_parameters
        self._at = read_value(f"{asked.get('chez', '')}|{asked.get('debut', '')}".replace(" ", "+"))
        self.names, self.is_moving = {}, False
        await self._show()

    @allow(*CONVENERS)
    @rx.event
    async def reveal(self) -> None:
        """Show the names; each is a consultation, and is logged."""
        if self._at is not None:
            self.names = await act(_names, await current_actor(self), *self._at, now())

    @allow(*CONVENERS)
    @rx.event
    async def note(self, booking_id: str, outcome: str) -> None:
        """Write down that one came, or not."""
        wanted = OUTCOMES.get(str(outcome))
        known = {one.booking_id for one in self.view.comers}
        if wanted is None or str(booking_id) not in known:
            return
        if await self._do(partial(note_outcome, booking_id=UUID(str(booking_id)), outcome=wanted)) is not None:
            (await self.get_state(NoticeState)).show_success("C’est noté.")

    @allow(*CONVENERS)
    @rx.event
    async def start_moving(self) -> None:
        """Show where all may go, or not any more."""
        self.is_moving = not self.is_moving
        self.to = self.view.moves[0].value if self.view.moves else ""

    @allow(*CONVENERS)
    @rx.event
    async def pick_move(self, value: str) -> None:
        """Choose where all go."""
        self.to = str(value)[:80]

    @allow(*CONVENERS)
    @rx.event
    async def move_all(self) -> Any:
        """Move everybody, or nobody."""
        start = read_value(self.to)
        if start is None or self._at is None:
            return None
        claim, here = SlotClaim(resource_id=start[0], start=start[1]), self._at
        moved = await self._do(partial(move_together, resource_id=here[0], start=here[1], claim=claim))
        if moved is None:
            return rx.set_focus("message")
        back = SlotClaim(resource_id=here[0], start=here[1])
        self._undo = here, partial(move_back_together, moved=moved, claim=back)
        (await self.get_state(NoticeState)).show_success(
            f"Tous sont déplacés{NBSP}: un SMS le dira à chacun.",
            undo_label="Annuler le déplacement",
            on_next_page=True,
        )
        return [rx.redirect(gathering_address(*start), replace=True), rx.set_focus("message")]

    @allow(*CONVENERS)
    @rx.event
    async def withdraw_all(self, form: dict[str, Any] | None = None) -> Any:
        """Take back everybody's convocation, or nobody's, for the reason that the form says."""
        if self._at is None:
            return None
        here, why = self._at, read_reason(CALLING_OFF, form)
        gone = await self._do(partial(withdraw_together, resource_id=here[0], start=here[1], reason=why))
        if gone is not None:
            self._undo = here, partial(restore_together, convocation_ids=gone)
            words = f"Le rendez-vous est annulé pour {plural(len(gone), 'personne')}."
            (await self.get_state(NoticeState)).show_success(words, undo_label="Rétablir")
        return rx.set_focus("message")

    @allow(*CONVENERS)
    @rx.event
    async def undo(self) -> Any:
        """Take back that all were moved or called off, but for whoever changed since."""
        wanted, self._undo = self._undo, None
        if wanted is None:
            return None
        was_at, back = wanted
        is_elsewhere, self._at = self._at != was_at, was_at
        refused = await self._do(back)
        if refused is not None:
            kind, words = undone_words(refused)
            (await self.get_state(NoticeState)).show(kind, words, on_next_page=is_elsewhere)
        shown = [rx.redirect(gathering_address(*was_at), replace=True)] if is_elsewhere else []
        return [*shown, rx.set_focus("message")]

    async def _do(self, action: Callable[..., T]) -> T | None:
        """Do an act and show what is left; return what it made, None when it was refused, which is said."""
        made = None
        try:
            made = await act(action, actor=await current_actor(self), now=now())
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(said(refusal))
        await self._show()
        return made

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show who has just confirmed, moved or been noted, and the seats that are left."""
        if resource_ids & (frozenset({self._at[0]}) if self._at else self._among):
            await self._show()

    async def _show(self) -> None:
        if self._at is None and not self.router.url.query_parameters.get("chez"):
            found = await read(gatherings, await current_actor(self), now=now())
            self.coming = [_coming(one) for one in found]
            self._among = frozenset(one.resource_id for one in found)
            self.step = "list" if found else "none"
            return
        try:
            if self._at is None:
                raise NotFound(resource_id=None)
            self.view = await read(gathering_of, await current_actor(self), *self._at, now())
            self.step = "shown"
        except NotFound:
            self.step = "missing"


def gathering_of(session: Session, actor: Actor, resource_id: int, start: datetime, at: datetime) -> Gathering:
    """Return an appointment as displayed. Raises: NotFound when nobody was ever summoned to it."""
    coming = convocations_at(session, actor, resource_id, start, now=at)
    if not coming:
        raise NotFound(resource_id=resource_id)
    line, zone = coming[0], ZoneInfo(coming[0].time_zone)
    has_begun = start <= at
    there = [one for one in coming if one.state in COMING]
    letters = "&".join(f"c={one.id}" for one in there if one.state is State.BOOKED)
    return Gathering(
        when=f"{long_day(local_day(start, zone))} à{NBSP}{hour(start, zone)}{zone_note(line.time_zone)}",
        where=", ".join(filter(None, (line.site_name, address_of(line.address, line.postcode, line.commune)))),
        what=f"{line.kind_label[:1].upper()}{line.kind_label[1:]}, {line.resource_name}",
        count=plural(len(there), "personne"),
        letters=f"/convocations/lettres.pdf?{letters}" if letters and not has_begun else "",
        has_begun=has_begun,
        comers=[_comer(one, at) for one in coming],
        moves=[] if has_begun else _moves(session, actor, line, len(there), at),
    )


def _coming(one: ComingGathering) -> Coming:
    zone = ZoneInfo(one.time_zone)
    when = f"{long_day(local_day(one.starts_at, zone))} à{NBSP}{hour(one.starts_at, zone)}{zone_note(one.time_zone)}"
    room = plural(one.free, "place libre", "places libres") if one.free else "plus de place"
    expected = f"{plural(one.expected, 'personne')}, {room}"
    detail = f"{one.kind_label}, {one.resource_name}, {one.site_name}{NBSP}: {expected}"
    return Coming(when[:1].upper() + when[1:], detail, gathering_address(one.resource_id, one.starts_at))


def _comer(line: ListedConvocation, at: datetime) -> Comer:
    words, tone = answer_of(line, now=at)
    return Comer(
        str(line.id),
        str(line.booking_id or ""),
        whom(line.initials, line.case_ref, line.person_id),
        words,
        tone,
        sheet_address(line.id),
        line.state is State.HONOURED,
        line.state is State.MISSED,
    )


def _moves(session: Session, actor: Actor, line: ListedConvocation, count: int, at: datetime) -> list[Option]:
    among = receivers(session, actor, session.get_one(Kind, line.kind_id))
    by_id = {one.id: one for one in among}
    rooms = starts_with_room(session, among, now=at)
    return [room_option(one, by_id) for one in rooms if one.seats >= count]


def _names(session: Session, actor: Actor, resource_id: int, start: datetime, at: datetime) -> dict[str, str]:
    names = {}
    for one in convocations_at(session, actor, resource_id, start, now=at):
        if one.person_id is not None and one.initials:
            person = person_for(session, actor, one.person_id)
            consulted(session, actor, subject="person", subject_id=person.id, reason="gathering", at=at)
            names[str(one.id)] = f"{person.family_name} {person.given_name}"
    return names


def undone_words(refused: Sequence[Refusal]) -> tuple[str, str]:
    """Return what is said once all are back, or why some are not."""
    if not refused:
        return "success", f"C’est annulé{NBSP}: tout est comme avant."
    left = plural(len(refused), "personne reste comme elle est", "personnes restent comme elles sont")
    return "warning", f"{left[:1].upper()}{left[1:]}. {said(refused[0])}"


@page(
    "/convocations/ensemble",
    title="Rendez-vous à plusieurs",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(TogetherState.load,),
    description="Qui vient au même rendez-vous, qui est venu.",
)
def together_page() -> rx.Component:
    """Return the sheet."""
    missing = empty_state(
        "Personne n’est convoqué là",
        "Ce rendez-vous a été annulé ou déplacé, ou ne vous est pas accessible.",
        link_button("Voir les convocations", LIST),
    )
    none = empty_state(
        "Aucun rendez-vous à plusieurs n’est à venir",
        "Ici s’ouvre la feuille d’un rendez-vous auquel plusieurs personnes sont convoquées : qui vient, qui est venu. "
        "Convoquez une liste de personnes à une même heure : il y sera.",
        link_button("Convoquer une liste", f"{LIST}liste/"),
    )
    return layout(
        rx.match(
            TogetherState.step,
            ("shown", _shown()),
            ("missing", missing),
            ("list", _list()),
            ("none", none),
            skeleton(8, "Ouverture du rendez-vous…"),
        ),
        title="Rendez-vous à plusieurs",
        wide=True,
        on_undo=TogetherState.undo,
    )


def _list() -> rx.Component:
    def line(one: rx.Var[Coming]) -> rx.Component:
        return el.li(
            inner_link(one.words, href=one.href, class_name="pj-ledger__open"),
            el.span(one.detail, class_name="pj-ledger__detail"),
            key=one.href,
        )

    return el.div(
        el.p("Choisissez le rendez-vous dont vous voulez la feuille : qui vient, qui est venu.", class_name="pj-lead"),
        el.ul(rx.foreach(TogetherState.coming, line), class_name="pj-list__people pj-list__people--wide"),
    )


def _shown() -> rx.Component:
    view = TogetherState.view
    return el.div(
        el.p(view.when, class_name="fr-h5 fr-mb-1v pj-letter__when"),
        el.p(view.what, class_name="fr-mb-1v"),
        el.p(view.where, class_name="pj-grey fr-mb-2w"),
        _acts(),
        el.h2(view.count, class_name="fr-h5 fr-mb-1w"),
        el.ul(rx.foreach(view.comers, _comer_line), class_name="pj-list__people pj-list__people--wide"),
    )


def _acts() -> rx.Component:
    state, view = TogetherState, TogetherState.view
    names = el.button(
        "Voir les noms",
        type="button",
        title="Voir les noms : cette consultation est journalisée",
        on_click=state.reveal,
        class_name="fr-btn fr-btn--secondary",
    )
    moving = el.button(
        rx.cond(state.is_moving, "Ne pas déplacer", "Déplacer tout le monde"),
        type="button",
        aria_expanded=state.is_moving,
        on_click=state.start_moving,
        class_name="fr-btn fr-btn--tertiary",
    )
    off = reason_form(
        CALLING_OFF,
        GIVEN_BACK_WORDS,
        el.button("Annuler pour tous", type="submit", class_name="fr-btn fr-btn--tertiary"),
        label="Motif, le même pour tous",
        on_submit=state.withdraw_all,
    )
    letters = native_link("Lettres (PDF)", href=view.letters, class_name="fr-btn fr-btn--tertiary")
    place = el.div(
        select_field(
            "À quelle heure ?",
            "vers",
            rx.foreach(view.moves, lambda one: el.option(one.label, value=one.value)),
            value=state.to,
            on_change=state.pick_move,
        ),
        el.button("Déplacer", type="button", on_click=state.move_all, class_name="fr-btn"),
        class_name="fr-mt-2w",
    )
    nowhere = el.p("Aucune autre heure n’a de place pour tous.", class_name="pj-warning fr-mt-1w")
    return el.div(
        el.div(
            names,
            rx.cond(~view.has_begun, moving),
            rx.cond(view.letters != "", letters),
            print_button(label="Imprimer la liste"),
            class_name="pj-actions",
        ),
        rx.cond(state.is_moving, rx.cond(view.moves.length() > 0, place, nowhere)),
        rx.cond(~view.has_begun, el.div(off, class_name="fr-mt-2w")),
        class_name="pj-noprint fr-mb-3w",
    )


def _comer_line(one: rx.Var[Comer]) -> rx.Component:
    state = TogetherState
    name = rx.cond(state.names.contains(one.id), state.names[one.id], one.whom)

    def outcome(label: str, value: str, is_so: rx.Var[bool]) -> rx.Component:
        return el.button(
            label,
            type="button",
            aria_pressed=is_so,
            aria_label=label + ", " + name,
            on_click=state.note(one.booking_id, value),
            class_name=rx.cond(is_so, "fr-btn fr-btn--sm", "fr-btn fr-btn--sm fr-btn--tertiary"),
        )

    return el.li(
        el.span(inner_link(name, href=one.href, class_name="fr-link"), " ", badge(one.answer, one.badge)),
        rx.cond(
            state.view.has_begun & (one.badge != ""),
            el.div(
                outcome("Venu(e)", "honoured", one.is_honoured),
                outcome("Absent(e)", "missed", one.is_missed),
                class_name="pj-actions pj-noprint",
            ),
        ),
        key=one.id,
    )
