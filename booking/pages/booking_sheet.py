"""The sheet of one booking: what, where, when, for whom, where it stands, what can be done, and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import reflex as rx

from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.rights import REQUESTERS
from booking.actions import Beneficiary, cancel, confirm, undo_cancel
from booking.dossier import Dossier, dossier
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.countdown import countdown
from booking.pages.dossier_words import Past, View, view_of
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.pages.widgets import print_button
from booking.question import form_of, text_of
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.pieces import badge, field, link_button, skeleton
from portal.ui.sheet import sheet

el = rx.el
NOTHING = View()
MOST_CASE_REF = 64
GONE = (PeriodTaken, CapacityReached, NotOpen)
PLACE_GONE = "La place a été reprise entre-temps : choisissez-en une autre."
OUTCOMES = {State.HONOURED: "La venue est notée.", State.MISSED: "L’absence est notée."}
OUTCOME_PROBLEMS = {
    "not-begun": "Le rendez-vous n’a pas commencé.",
    "too-late": "Il y a plus de six mois : cela ne se corrige plus.",
}
NOBODY_CHOSEN = "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."


class BookingSheetState(rx.State):
    """The open booking."""

    step: str = ""  # "", loading, shown, missing
    view: View = NOTHING
    said: str = ""  # the answer to the last act
    tone: str = ""  # success, error
    is_gone: bool = False  # the place that was to be taken back
    case_ref: str = ""
    _booking_id: UUID | None = None
    _resource_id: int = 0

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return {"missing": "Réservation introuvable", "loading": "Réservation"}.get(self.step, self.view.site)

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> Any:
        """Open the booking that the address names, if it names one; looking at somebody's booking is logged."""
        asked = self.router.url.query_parameters.get("reservation", "")
        self.said, self.tone, self.is_gone = "", "", False
        if not asked:
            self.step, self.view, self._booking_id = "", NOTHING, None
            return
        self.step = "loading"
        yield
        try:
            self._booking_id = _uuid(asked)
            self._show(await act(dossier, await current_actor(self), self._booking_id, now=now(), is_logged=True))
        except NotFound:
            self.step, self.view, self._booking_id = "missing", NOTHING, None
        watch(self)

    @allow(*REQUESTERS)
    @rx.event
    async def confirm_it(self) -> None:
        """Book what is held, for whom it was already meant."""
        await self._do(confirm, _confirmed)

    @allow(*REQUESTERS)
    @rx.event
    async def confirm_for(self, form: dict[str, Any]) -> None:
        """Book what is held for the person chosen, or for a case; what was typed stays when it is refused."""
        self.case_ref = text_of(form_of(form).get("case_ref", ""))[:MOST_CASE_REF]
        picker = await self.get_state(PersonPickerState)
        whom = Beneficiary(person_id=picker.chosen_id(), case_ref=self.case_ref)
        if not whom:
            self.said, self.tone = NOBODY_CHOSEN, "error"
            return
        await self._do(confirm, _confirmed, beneficiary=whom)
        if self.tone == "success":
            self.case_ref = ""
            picker.clear()

    @allow(*REQUESTERS)
    @rx.event
    async def give_back(self) -> None:
        """Give the place back; it can be taken again for ten minutes."""
        await self._do(cancel, lambda _: "La place est rendue : d’autres peuvent la prendre.")

    @allow(*REQUESTERS)
    @rx.event
    async def take_again(self) -> None:
        """Take back the place just given back, if nobody took it meanwhile."""
        await self._do(undo_cancel, lambda _: "La place est à nouveau à vous, comme avant.")

    @allow(*REQUESTERS)
    @rx.event
    async def note(self, outcome: str) -> None:
        """Write down that somebody came, or not; the other one later is a correction."""
        wanted = next((state for state in OUTCOMES if state.value == outcome), None)
        if wanted is not None:
            await self._do(note_outcome, lambda _: OUTCOMES[wanted], outcome=wanted)

    @allow(*REQUESTERS)
    @rx.event
    async def excuse_them(self) -> None:
        """Excuse somebody, before or after; their place is free."""
        await self._do(excuse, lambda _: "C’est excusé : la place est libre.")

    @allow(*REQUESTERS)
    @rx.event
    async def undo_excuse_(self) -> None:
        """Put the appointment back as it was, if nobody took the place meanwhile."""
        await self._do(undo_excuse, lambda _: "L’excuse est annulée : tout est comme avant.")

    @allow(*REQUESTERS)
    @rx.event
    async def time_is_over(self) -> None:
        """Show the hold as it is now that its time has passed."""
        await self._read_again()

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what became of the open booking when somebody else decided of it."""
        if self.step == "shown" and self._resource_id in resource_ids:
            await self._read_again()

    async def _do(self, action: Callable[..., Booking], words: Callable[[Booking], str], **more: Any) -> None:
        if self._booking_id is None:
            return
        self.is_gone = False
        try:
            booking = await act(action, await current_actor(self), self._booking_id, now=now(), **more)
        except GONE as refusal:
            is_taking_back = action in (undo_excuse, note_outcome)
            self.said, self.tone, self.is_gone = PLACE_GONE if is_taking_back else sentence(refusal), "error", True
        except Refusal as refusal:
            self.said, self.tone = _why(refusal), "error"
        else:
            self.said, self.tone = words(booking), "success"
        await self._read_again()

    async def _read_again(self) -> None:
        if self._booking_id is not None:
            self._show(await read(dossier, await current_actor(self), self._booking_id, now=now()))

    def _show(self, found: Dossier) -> None:
        self.view, self.step, self._resource_id = view_of(found, now=now()), "shown", found.line.resource_id


def _uuid(asked: str) -> UUID:
    try:
        return UUID(asked)
    except ValueError as error:
        raise NotFound(booking_id=asked[:40]) from error


def _why(refusal: Refusal) -> str:
    if isinstance(refusal, InvalidRequest) and refusal.field == "outcome":
        return OUTCOME_PROBLEMS.get(refusal.problem, sentence(refusal))
    return sentence(refusal)


def _confirmed(booking: Booking) -> str:
    if State(booking.state) is State.BOOKED:
        return "C’est réservé."
    return "La demande est envoyée : le lieu doit l’accepter."


def booking_sheet(*, on_close: Any, after: Any) -> rx.Component:
    """Return the sheet; `on_close` changes the address of the page, `after` refreshes what is behind."""
    body = rx.match(
        BookingSheetState.step,
        ("loading", skeleton(8, "Ouverture de la réservation…")),
        ("missing", el.p("Cette réservation n’existe pas, ou ne vous est pas accessible.")),
        ("shown", _shown(after)),
        rx.fragment(),
    )
    return sheet(body, open=BookingSheetState.is_open, title=BookingSheetState.title, on_close=on_close)


def _shown(after: Any) -> rx.Component:
    view = BookingSheetState.view
    return el.div(
        el.div(badge(view.state, view.badge), class_name="fr-mb-1w"),
        _answer(),
        _facts(),
        rx.cond(view.seconds_left > 0, _held(after)),
        _outcomes(after),
        _actions(after),
        el.h3("Historique", class_name="fr-h6 fr-mt-4w"),
        rx.cond(view.hours_note != "", el.p(view.hours_note, class_name="fr-text--sm pj-grey")),
        el.ol(rx.foreach(view.history, _past), class_name="fr-raw-list pj-history"),
        class_name="pj-booking",
    )


def _answer() -> rx.Component:
    state = BookingSheetState
    again = link_button("Choisir une autre place", state.view.map_href, kind="secondary")
    alert = el.div(
        el.p(state.said),
        rx.cond(state.is_gone & (state.view.map_href != ""), again),
        class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone,
    )
    return el.div(rx.cond(state.said != "", alert), role="status", aria_live="polite", class_name="pj-noprint")


def _facts() -> rx.Component:
    view = BookingSheetState.view
    facts = (
        ("Quoi", view.detail),
        ("Où", view.address),
        ("Quand", view.when),
        ("Pour", view.whom),
        ("Faite par", view.by),
    )
    return el.dl(
        *[
            rx.cond(words != "", el.div(el.dt(name), el.dd(words), class_name="pj-about__line"))
            for name, words in facts
        ],
        rx.cond(view.deadline != "", el.div(el.dt("Délai"), el.dd(view.deadline), class_name="pj-about__line")),
        class_name="pj-about",
    )


def _held(after: Any) -> rx.Component:
    view = BookingSheetState.view
    left = countdown(seconds=view.seconds_left, since=view.id, on_end=[BookingSheetState.time_is_over, after])
    button = el.button(
        "Confirmer",
        type="button",
        on_click=[BookingSheetState.confirm_it, after],
        class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
    )
    return el.div(
        el.p("Gardée encore ", left, class_name="pj-held fr-mb-1w"),
        rx.cond(view.can_confirm, button),
        rx.cond(view.needs_whom, _whom(after)),
        class_name="pj-booking__held pj-noprint",
    )


def _whom(after: Any) -> rx.Component:
    return el.div(
        person_picker(label="Pour qui ?"),
        rx.el.form(
            field(
                "Ou numéro de dossier",
                "case_ref",
                hint="Si la personne n’a pas de fiche",
                default_value=BookingSheetState.case_ref,
                auto_complete="off",
                max_length=MOST_CASE_REF,
            ),
            el.button("Confirmer", type="submit", class_name="fr-btn fr-icon-check-line fr-btn--icon-left"),
            on_submit=[BookingSheetState.confirm_for, after],
            class_name="pj-form",
        ),
    )


def _outcomes(after: Any) -> rx.Component:
    state, view = BookingSheetState, BookingSheetState.view

    def button(label: str, event: Any, kind: str) -> rx.Component:
        return el.button(label, type="button", on_click=[event, after], class_name=f"fr-btn {kind}")

    came = button("Venu(e)", state.note(State.HONOURED.value), "fr-icon-check-line fr-btn--icon-left")
    missed = button(
        "Absent(e)", state.note(State.MISSED.value), "fr-btn--secondary fr-icon-close-line fr-btn--icon-left"
    )
    return el.div(
        rx.cond(view.can_note_coming, came),
        rx.cond(view.can_note_absence, missed),
        rx.cond(view.can_excuse, button("Excuser", state.excuse_them, "fr-btn--tertiary")),
        rx.cond(view.can_undo_excuse, button("Annuler l’excuse", state.undo_excuse_, "fr-btn--tertiary")),
        class_name="pj-actions pj-outcomes pj-noprint",
    )


def _actions(after: Any) -> rx.Component:
    view = BookingSheetState.view
    give_back = el.button(
        "Rendre la place",
        type="button",
        on_click=[BookingSheetState.give_back, after],
        class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
    )
    take_again = el.button(
        "Annuler : reprendre la place",
        type="button",
        on_click=[BookingSheetState.take_again, after],
        class_name="fr-btn fr-btn--secondary",
    )
    calendar = link_button("Ajouter à l’agenda", view.calendar_href, kind="tertiary", icon="fr-icon-calendar-line")
    beds = link_button("Voir l’établissement", view.establishment_href, kind="tertiary", icon="fr-icon-hotel-line")
    again = link_button("Chercher une autre place", view.map_href, kind="secondary", icon="fr-icon-search-line")
    convene = link_button("Convoquer", view.convene_href, icon="fr-icon-send-plane-line")
    return el.div(
        rx.cond(view.convene_href != "", convene),
        rx.cond(view.can_undo, take_again),
        rx.cond(view.can_give_back, give_back),
        rx.cond(view.is_lost, again),
        rx.cond(view.calendar_href != "", calendar),
        rx.cond(view.establishment_href != "", beds),
        print_button(label="Imprimer"),
        class_name="pj-actions pj-noprint",
    )


def _past(line: rx.Var[Past]) -> rx.Component:
    return el.li(el.span(line.at, class_name="pj-history__at"), el.span(line.sentence))
