"""The sheet of one booking: what, where, when, for whom, where it stands, what can be done, and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import reflex as rx

from availability.errors import NotFound, Refusal
from availability.rights import REQUESTERS
from booking.actions import Beneficiary, cancel, confirm, undo_cancel
from booking.dossier import Dossier, dossier
from booking.models import Booking, State
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
NOBODY_CHOSEN = "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."


class BookingSheetState(rx.State):
    """The open booking."""

    step: str = ""  # "", loading, shown, missing
    view: View = NOTHING
    said: str = ""  # the answer to the last act
    tone: str = ""  # success, error
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
        self.said, self.tone = "", ""
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
        try:
            booking = await act(action, await current_actor(self), self._booking_id, now=now(), **more)
        except Refusal as refusal:
            self.said, self.tone = sentence(refusal), "error"
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
        _actions(after),
        el.h3("Historique", class_name="fr-h6 fr-mt-4w"),
        rx.cond(view.hours_note != "", el.p(view.hours_note, class_name="fr-text--sm pj-grey")),
        el.ol(rx.foreach(view.history, _past), class_name="fr-raw-list pj-history"),
        class_name="pj-booking",
    )


def _answer() -> rx.Component:
    state = BookingSheetState
    alert = el.div(el.p(state.said), class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone)
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
    return el.div(
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
