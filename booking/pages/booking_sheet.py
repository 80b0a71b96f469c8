"""The sheet of one booking: what, where, when, for whom, where it stands, what can be done, and its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx
from sqlmodel import Session

from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from booking.actions import Beneficiary, cancel, confirm, undo_cancel
from booking.dossier import Dossier, dossier
from booking.doubles import double_of
from booking.errors import ChangedMeanwhile
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.booking_files import booking_files
from booking.pages.countdown import countdown
from booking.pages.dossier_words import Past, View, changes, differences, view_of
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.pages.reason_part import read_reason, reason_for, reason_form
from booking.pages.series_parts import series_note
from booking.pages.why_part import why_part
from booking.pages.why_words import Why, why_of
from booking.pages.widgets import print_button
from booking.proposals import accept_proposal, decline_proposal
from booking.question import form_of, text_of
from booking.words import EXCUSE_WORDS, GIVEN_BACK_WORDS
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.changed import Difference, changed_banner
from portal.ui.pieces import badge, field, link_button, skeleton
from portal.ui.sheet import sheet

el = rx.el
NOTHING = View()
MOST_CASE_REF = 64
EXCUSING, GIVING_BACK = "excuse", "rendre"  # the forms that say why
GONE = (PeriodTaken, CapacityReached, NotOpen)
GIVEN_BACK = "La place est rendue : d’autres peuvent la prendre."
ALL_THREE = " La désignation, la réunion d’information et l’audience, qui vont ensemble, sont annulées."
PLACE_GONE = "La place a été reprise entre-temps : choisissez-en une autre."
OUTCOMES = {State.HONOURED: "La venue est notée.", State.MISSED: "L’absence est notée."}
OUTCOME_PROBLEMS = {
    "not-begun": "Le rendez-vous n’a pas commencé.",
    "too-late": "Il y a plus de six mois : cela ne se corrige plus.",
}
NOT_DONE = "Rien n’a été fait, car cette réservation a changé entre-temps."
MOST_CHANGES = 5
NOBODY_CHOSEN = "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."


class BookingSheetState(rx.State):
    """The open booking."""

    step: str = ""  # "", loading, shown, missing
    view: View = NOTHING
    said: str = ""  # the answer to the last act
    tone: str = ""  # success, error
    why: Why = Why()  # the rule, when the last act was refused
    is_gone: bool = False  # the place that was to be taken back
    case_ref: str = ""
    # What somebody else did of it while it was open.
    changes: list[str] = []  # noqa: RUF012 - Reflex copies the default for each client
    differences: list[Difference] = []  # noqa: RUF012
    redo: str = ""  # the button that does what was just refused because of that
    _refused: tuple[str, dict[str, Any]] = ("", {})
    _booking_id: UUID | None = None
    _resource_id: int = 0
    _revision: int = 0  # the one shown: acts are on that one

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
        self.said, self.tone, self.is_gone, self.why = "", "", False, Why()
        self._forget_changes()
        if not asked:
            self.step, self.view, self._booking_id = "", NOTHING, None
            return
        watch(self)
        (await self.get_state(PersonPickerState)).open_in("booking")
        self.step = "loading"
        yield
        try:
            self._booking_id = _uuid(asked)
            self._show(await act(_opened, await current_actor(self), self._booking_id, now=now(), is_logged=True))
        except NotFound:
            self.step, self.view, self._booking_id = "missing", NOTHING, None

    @allow(*REQUESTERS)
    @rx.event
    async def confirm_it(self) -> None:
        """Book what is held, for whom it was already meant."""
        await self._do("confirm")

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
        await self._do("confirm", beneficiary=whom)
        if self.tone == "success":
            self.case_ref = ""
            picker.clear()

    @allow(*REQUESTERS)
    @rx.event
    async def give_back(self, form: dict[str, Any] | None = None) -> None:
        """Give the place back, and say why; it can be taken again for ten minutes."""
        said = read_reason(GIVING_BACK, form)
        together = await read(double_of, self._booking_id) if self._booking_id else None
        await self._do("cancel", code=said.code, words=said.words)
        if together and self.tone == "success":
            self.said += ALL_THREE

    @allow(*REQUESTERS)
    @rx.event
    async def take_again(self) -> None:
        """Take back the place just given back, if nobody took it meanwhile."""
        await self._do("undo_cancel")

    @allow(*REQUESTERS)
    @rx.event
    async def note(self, outcome: str) -> None:
        """Write down that somebody came, or not; the other one later is a correction."""
        wanted = next((state for state in OUTCOMES if state.value == outcome), None)
        if wanted is not None:
            await self._do("note", outcome=wanted)

    @allow(*REQUESTERS)
    @rx.event
    async def excuse_them(self, form: dict[str, Any] | None = None) -> None:
        """Excuse somebody, before or after, and say why; their place is free."""
        said = read_reason(EXCUSING, form)
        await self._do("excuse", code=said.code, words=said.words)

    @allow(*REQUESTERS)
    @rx.event
    async def undo_excuse_(self) -> None:
        """Put the appointment back as it was, if nobody took the place meanwhile."""
        await self._do("undo_excuse")

    @allow(*REQUESTERS)
    @rx.event
    async def agree(self, proposal_id: str) -> None:
        """Take the dates that the host proposes: the request moves to them, and is booked."""
        await self._do("agree", proposal_id=_uuid(str(proposal_id)))

    @allow(*REQUESTERS)
    @rx.event
    async def decline(self, proposal_id: str) -> None:
        """Say no to the dates that the host proposes; the request still waits."""
        await self._do("decline", proposal_id=_uuid(str(proposal_id)))

    @allow(*REQUESTERS)
    @rx.event
    async def time_is_over(self) -> None:
        """Show the hold as it is now that its time has passed."""
        await self._read_again()

    @allow(*REQUESTERS)
    @rx.event
    async def do_again(self) -> None:
        """Do what was refused, now that one has read what somebody else did."""
        name, more = self._refused
        if name in ACTS:
            await self._do(name, **more)

    @allow(*REQUESTERS)
    @rx.event
    async def leave_changes(self) -> None:
        """Show the booking as it is, and say no more of what changed."""
        self._forget_changes()
        self.said = ""

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what became of the open booking when somebody else decided of it, and say what they did."""
        if self.step == "shown" and self._resource_id in resource_ids:
            await self._read_again(is_told=True)

    async def _do(self, name: str, **more: Any) -> None:
        """Do an act on the booking as it is shown; on another one it is refused, and may be done again."""
        if self._booking_id is None:
            return
        action, words, _ = ACTS[name]
        actor, is_stale = await current_actor(self), False
        self.is_gone, self.why = False, Why()
        self._forget_changes()
        try:
            booking = await act(action, actor, self._booking_id, now=now(), revision=self._revision, **more)
        except ChangedMeanwhile:
            self.said, self.tone, is_stale = "", "", True
        except GONE as refusal:
            is_taking_back = action in (undo_excuse, note_outcome)
            self.said, self.tone, self.is_gone = PLACE_GONE if is_taking_back else sentence(refusal), "error", True
            self.why = why_of(refusal)
        except Refusal as refusal:
            self.said, self.tone, self.why = _why(refusal), "error", why_of(refusal)
        else:
            self.said, self.tone = words(booking), "success"
        await self._read_again(is_told=is_stale)
        if is_stale:
            self._offer_again(name, more)

    def _offer_again(self, name: str, more: dict[str, Any]) -> None:
        """Offer to do what was refused, if that still makes sense."""
        self.changes = [f"{NOT_DONE} {self.changes[0]}", *self.changes[1:]] if self.changes else [NOT_DONE]
        self.redo = ACTS[name][2] if _is_possible(name, self.view) else ""
        self._refused = (name, more) if self.redo else ("", {})

    def _forget_changes(self) -> None:
        self.changes, self.differences, self.redo, self._refused = [], [], "", ("", {})

    async def _read_again(self, *, is_told: bool = False) -> None:
        """Show the booking as it is; `is_told`: say what was done of it since it was last shown."""
        if self._booking_id is None:
            return
        before, seen = self.view, self._revision
        self._show(await read(_opened, await current_actor(self), self._booking_id, now=now()))
        if is_told and self._revision > seen:
            self.changes = [*self.changes, *changes(self.view, self._revision - seen)][-MOST_CHANGES:]
            self.differences = differences(before, self.view)

    def _show(self, found: Dossier) -> None:
        self.step, self._resource_id, self._revision = "shown", found.line.resource_id, found.line.revision
        self.view = view_of(found, now=now(), most_mb=settings().files_most_mb)


def _opened(session: Session, actor: Actor, booking_id: UUID, *, now: datetime, is_logged: bool = False) -> Dossier:
    return dossier(session, actor, booking_id, now=now, is_logged=is_logged, house=House(secret_key()))


def _cancelled(session: Session, actor: Actor, booking_id: UUID, *, code: str, words: str, **more: Any) -> Booking:
    return cancel(session, actor, booking_id, reason=reason_for(code, words), **more)


def _excused(session: Session, actor: Actor, booking_id: UUID, *, code: str, words: str, **more: Any) -> Booking:
    return excuse(session, actor, booking_id, reason=reason_for(code, words), **more)


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


def _is_possible(name: str, view: View) -> bool:
    """Say whether the sheet still offers an act."""
    possible = {
        "confirm": view.can_confirm or view.needs_whom,
        "cancel": view.can_give_back,
        "undo_cancel": view.can_undo,
        "note": view.can_note_coming or view.can_note_absence,
        "excuse": view.can_excuse,
        "undo_excuse": view.can_undo_excuse,
        "agree": bool(view.proposal_id),
        "decline": bool(view.proposal_id),
    }
    return possible[name]


# Each act, what is said once it is done, and the button that does it over what somebody else did.
ACTS: dict[str, tuple[Callable[..., Booking], Callable[[Booking], str], str]] = {
    "confirm": (confirm, _confirmed, "Confirmer quand même"),
    "cancel": (_cancelled, lambda _: GIVEN_BACK, "Rendre la place quand même"),
    "undo_cancel": (undo_cancel, lambda _: "La place est à nouveau à vous, comme avant.", "Reprendre quand même"),
    "note": (note_outcome, lambda booking: OUTCOMES[State(booking.state)], "Noter quand même"),
    "excuse": (_excused, lambda _: "C’est excusé, et la place est rendue.", "Excuser quand même"),
    "undo_excuse": (
        undo_excuse,
        lambda _: "L’excuse est annulée : tout est comme avant.",
        "Annuler l’excuse quand même",
    ),
    "agree": (
        accept_proposal,
        lambda _: "C’est réservé, aux dates proposées par le lieu.",
        "Prendre ces dates quand même",
    ),
    "decline": (
        decline_proposal,
        lambda _: "C’est décliné : la demande attend toujours la réponse du lieu, aux dates demandées.",
        "Décliner quand même",
    ),
}


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
        _changed(after),
        _answer(),
        _facts(),
        rx.cond(view.passed != "", el.p(view.passed, class_name="fr-text--sm fr-icon-information-line pj-passed")),
        rx.cond(view.series.text != "", series_note(view.series)),
        rx.cond(view.seconds_left > 0, _held(after)),
        rx.cond(view.proposed != "", _proposal(after)),
        _outcomes(after),
        _actions(after),
        booking_files(booking=view.id, version=view.history.length(), can_add=view.can_join_files, most=view.most_mb),
        el.h3("Historique", class_name="fr-h6 fr-mt-4w"),
        rx.cond(view.hours_note != "", el.p(view.hours_note, class_name="fr-text--sm pj-grey")),
        el.ol(rx.foreach(view.history, _past), class_name="fr-raw-list pj-history"),
        class_name="pj-booking",
    )


def _changed(after: Any) -> rx.Component:
    state = BookingSheetState
    again = el.button(
        state.redo, type="button", on_click=[state.do_again, after], class_name="fr-btn fr-btn--sm fr-btn--secondary"
    )
    return changed_banner(
        state.changes,
        state.differences,
        rx.cond(state.redo != "", again),
        on_leave=state.leave_changes,
        leave_label="Compris",
    )


def _answer() -> rx.Component:
    state = BookingSheetState
    again = link_button("Choisir une autre place", state.view.map_href, kind="secondary")
    alert = el.div(
        el.p(state.said),
        why_part(state.why),
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
        ("Motif", view.reason),
        ("Faite par", view.by),
        ("Liste d’attente", view.from_list),
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


def _proposal(after: Any) -> rx.Component:
    state, view = BookingSheetState, BookingSheetState.view

    def button(label: str, event: Any, kind: str) -> rx.Component:
        return el.button(label, type="button", on_click=[event, after], class_name=f"fr-btn {kind}")

    acts = el.div(
        button("Accepter ces dates", state.agree(view.proposal_id), "fr-icon-check-line fr-btn--icon-left"),
        button("Décliner", state.decline(view.proposal_id), "fr-btn--secondary"),
        class_name="pj-actions",
    )
    return el.div(
        el.h3("Le lieu propose d’autres dates", class_name="fr-h6 fr-mb-1v"),
        el.p(view.proposed, class_name="fr-mb-1w"),
        rx.cond(view.proposal_id != "", acts),
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
    excused = reason_form(
        EXCUSING,
        EXCUSE_WORDS,
        el.button("Excuser", type="submit", class_name="fr-btn fr-btn--tertiary"),
        label="Motif de l’excuse",
        on_submit=[state.excuse_them, after],
    )
    as_said = button("Excuser pour ce motif", state.excuse_them, "fr-btn--tertiary")
    return el.div(
        rx.cond(view.can_note_coming, came),
        rx.cond(view.can_note_absence, missed),
        rx.cond(view.can_excuse, rx.cond(view.is_reason_said, as_said, excused)),
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
    given_back = reason_form(
        GIVING_BACK,
        GIVEN_BACK_WORDS,
        el.button(
            "Rendre la place",
            type="submit",
            class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
        ),
        label="Motif, si la place est rendue",
        on_submit=[BookingSheetState.give_back, after],
    )
    kept = el.button(  # shown, for one looks for it; it can be reached, so that its reason is heard
        "Rendre la place",
        type="button",
        aria_disabled="true",
        class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left pj-off",
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
    repeat = link_button("Répéter…", view.repeat_href, kind="tertiary", icon="fr-icon-refresh-line")
    see_again = link_button("Revoir", view.again_href, icon="fr-icon-calendar-line")
    convene = link_button("Convoquer", view.convene_href, icon="fr-icon-send-plane-line")
    return el.div(
        rx.cond(view.convene_href != "", convene),
        rx.cond(view.again_href != "", see_again),
        rx.cond(view.can_undo, take_again),
        rx.cond(view.can_give_back & ~view.wants_reason, give_back),
        rx.cond(view.can_give_back & view.wants_reason, given_back),
        rx.cond(view.why_kept.rule != "", el.div(kept, why_part(view.why_kept, about="Rendre la place"))),
        rx.cond(view.is_lost, again),
        rx.cond(view.repeat_href != "", repeat),
        rx.cond(view.calendar_href != "", calendar),
        rx.cond(view.establishment_href != "", beds),
        print_button(label="Imprimer"),
        class_name="pj-actions pj-noprint",
    )


def _past(line: rx.Var[Past]) -> rx.Component:
    return el.li(el.span(line.at, class_name="pj-history__at"), el.span(line.sentence))
