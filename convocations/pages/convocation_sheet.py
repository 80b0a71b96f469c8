"""The sheet of one convocation: whom, when, what they answered, what was sent, the link, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import CapacityReached, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.history import consulted
from availability.models import Kind, Shape
from availability.rights import Actor
from availability.sealing import House
from availability.search import may_reserve
from booking.models import State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.reason_part import read_reason, reason_form
from booking.pages.why_part import why_part
from booking.pages.why_words import Why, why_of
from booking.pages.widgets import copy_button, inner_link
from booking.persons import holder_of, person_for
from booking.reasons import OTHER
from booking.waiting import accept, decline
from booking.waiting_earlier import Earlier, earlier_for
from booking.words import EXCUSE_WORDS, GIVEN_BACK_WORDS
from convocations.actions import accept_sms, refuse_sms, renew_link, restore, withdraw
from convocations.callbacks import ToCallBack, last_callback
from convocations.convening import next_starts, receivers
from convocations.earlier import colleagues, set_earlier
from convocations.helping import helps_of
from convocations.outbox import ListedMessage, messages
from convocations.outbox import Query as MessagesOf
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convene_words import StartChoice, read_value
from convocations.pages.convocation_words import MessageRow, View, move_choice, passed_words, view_of
from convocations.pages.front_desk import help_button
from convocations.pages.papers_part import PapersState, papers_part
from convocations.pages.problems import said
from convocations.queries import ListedConvocation, convocation_line, words_said
from convocations.together import Moved, move_back, move_one
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.settings import secret_key
from portal.ui.pieces import badge, skeleton
from portal.ui.sheet import sheet

el = rx.el
NOTHING = View()
MOVES_SHOWN = 12
ANSWER = "convocation-reponse"  # where the focus goes: the button that was pressed may be gone
EXCUSING, WITHDRAWING = "excuse", "retrait"  # the forms that say why
WISHED = "Un SMS préviendra la personne si une date plus tôt se libère."
TAKEN = "Le rendez-vous est avancé : un SMS le dira, et l’ancienne place sera proposée à qui l’attend."
T = TypeVar("T")
GONE = (PeriodTaken, CapacityReached, NotOpen)
PLACE_GONE = "La place a été reprise entre-temps : choisissez-en une autre."
OUTCOMES = {"honoured": State.HONOURED, "missed": State.MISSED}


@dataclass(frozen=True)
class Opened:
    """A convocation, what was sent, and whether the actor may act on it."""

    line: ListedConvocation
    messages: list[ListedMessage]
    may_act: bool
    call: ToCallBack | None
    helps: Sequence[tuple[datetime, str]]
    earlier: Earlier | None
    may_wish: bool  # its kind is one of which an earlier date is offered
    has_colleagues: bool
    why: str  # words beside the reason "other"


class ConvocationSheetState(rx.State):
    """The open convocation."""

    step: str = ""  # "", loading, shown, missing
    view: View = NOTHING
    name: str = ""  # of the person, once asked for
    moves: list[StartChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_moving: bool = False
    said: str = ""  # the answer to the last act
    tone: str = ""  # success, error
    why: Why = Why()  # the rule, when the last act was refused
    undo_label: str = ""  # of the button that takes the last act back
    _undo: Callable[..., object] | None = None
    _id: UUID | None = None

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return {"missing": "Convocation introuvable", "loading": "Convocation"}.get(
            self.step, f"Convocation de {self.view.whom}"
        )

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> Any:
        """Open the convocation that the address names, if it names one."""
        asked = str(self.router.url.query_parameters.get("convocation", ""))
        self.said, self.tone, self.name, self.is_moving, self.moves, self.why = "", "", "", False, [], Why()
        self.undo_label, self._undo = "", None
        if not asked:
            self.step, self.view, self._id = "", NOTHING, None
            return
        watch(self)
        self.step = "loading"
        yield
        try:
            self._id = UUID(asked)
            await self._show(await current_actor(self))
        except (ValueError, NotFound):
            self.step, self.view, self._id = "missing", NOTHING, None

    @allow(*CONVENERS)
    @rx.event
    async def reveal(self) -> None:
        """Show the name of the person; it is logged."""
        if self._id is not None:
            self.name = await act(_name, await current_actor(self), self._id, now())

    @allow(*CONVENERS)
    @rx.event
    async def start_moving(self, is_moving: bool) -> None:
        """Show where the appointment may go, or not any more."""
        self.is_moving, self.said, self.why = bool(is_moving), "", Why()
        if self._id is not None and self.is_moving:
            self.moves = await read(_moves, await current_actor(self), self._id, now())

    @allow(*CONVENERS)
    @rx.event
    async def move_to(self, value: str) -> EventSpec:
        """Move the appointment; the old place is kept until the new one is taken."""
        start = read_value(str(value)[:80])
        if start is None or not self.view.booking_id:
            return rx.set_focus(ANSWER)
        claim = SlotClaim(resource_id=start[0], start=start[1])
        moved = await self._do(
            lambda session, actor, at: _moved(session, actor, self._id, claim, at),
            "Le rendez-vous est déplacé : un SMS le dira.",
        )
        if moved is not None and moved.was is not None:
            self.undo_label, self._undo = "Annuler le déplacement", partial(move_back, moved=moved, claim=moved.was)
        if self.tone == "error" and self._id is not None:
            self.moves = await read(_moves, await current_actor(self), self._id, now())
        else:
            self.is_moving = False
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def note(self, outcome: str) -> EventSpec:
        """Write down that they came, or not; again, as a correction."""
        wanted = OUTCOMES.get(str(outcome))
        if wanted is None or not self.view.booking_id:
            return rx.set_focus(ANSWER)
        words = "Venue notée." if wanted is State.HONOURED else "Absence notée."
        await self._do(
            lambda session, actor, at: note_outcome(session, actor, UUID(self.view.booking_id), wanted, now=at), words
        )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def excuse_them(self, form: dict[str, Any] | None = None) -> EventSpec:
        """Excuse the absence, before or after, and say why; the place is free."""
        if self.view.booking_id:
            why = read_reason(EXCUSING, form)
            await self._do(
                lambda session, actor, at: excuse(session, actor, UUID(self.view.booking_id), now=at, reason=why),
                "C’est excusé, et la place est rendue.",
            )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def undo_excuse_(self) -> EventSpec:
        """Put things back as they were, if the place is still free."""
        if self.view.booking_id:
            await self._do(
                lambda session, actor, at: undo_excuse(session, actor, UUID(self.view.booking_id), now=at),
                "L’excuse est annulée : tout est comme avant.",
            )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def withdraw_it(self, form: dict[str, Any] | None = None) -> EventSpec:
        """Take the convocation back, and say why; it can be restored for ten minutes."""
        if self._id is not None:
            number, why = self._id, read_reason(WITHDRAWING, form)
            done = await self._do(
                lambda session, actor, at: withdraw(session, actor, number, now=at, reason=why),
                "La convocation est retirée : le lien ne fait plus rien, et ce qui n’était pas parti ne partira pas.",
            )
            if done is not None:
                self.undo_label, self._undo = "Rétablir", partial(restore, convocation_id=number)
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take the last act back."""
        wanted = self._undo
        if wanted is not None:
            words = "C’est annulé : tout est comme avant."
            await self._do(lambda session, actor, at: wanted(session, actor, now=at), words)
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def renew(self) -> EventSpec:
        """Make another link; the old one does nothing more."""
        if self._id is not None:
            await self._do(
                lambda session, actor, at: renew_link(session, actor, self._id, now=at),
                "Voici un nouveau lien ; l’ancien ne fait plus rien.",
            )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def wish(self, wants: bool, with_colleagues: bool) -> EventSpec:
        """Have the person told of an earlier date, also with colleagues there, or no more."""
        if self._id is not None:
            wider = bool(with_colleagues)
            await self._do(
                lambda session, actor, at: set_earlier(
                    session, actor, self._id, wants=bool(wants), with_colleagues=wider, now=at
                ),
                WISHED if wants else "Aucune date plus tôt ne sera proposée à la personne.",
            )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def answer_offer(self, takes: bool) -> EventSpec:
        """Take the earlier date that is held, as the person asks, or leave it to the next."""
        if not self.view.offer_id:
            return rx.set_focus(ANSWER)
        offer_id = UUID(self.view.offer_id)
        if takes:
            await self._do(lambda session, actor, at: accept(session, actor, offer_id, now=at), TAKEN)
        else:
            await self._do(
                lambda session, actor, at: decline(session, actor, offer_id, reason="dates", now=at),
                "Cette date est laissée à la personne suivante ; le rendez-vous reste le même.",
            )
        return rx.set_focus(ANSWER)

    @allow(*CONVENERS)
    @rx.event
    async def want_sms(self, wants: bool) -> EventSpec:
        """Write down what the person says at the desk about messages."""
        if self._id is not None:
            words = "La personne recevra à nouveau des SMS." if wants else "La personne ne recevra plus de SMS."
            await self._do(lambda session, actor, at: _want_sms(session, actor, self._id, bool(wants), at), words)
        return rx.set_focus(ANSWER)

    async def _do(self, action: Callable[[Session, Actor, datetime], T], words: str) -> T | None:
        """Do an act and say so; return what it made, None when it was refused."""
        actor, self.why, self.undo_label, self._undo = await current_actor(self), Why(), "", None
        made = None
        try:
            made = await act(_act, actor, action, now())
        except GONE as refusal:
            self.said, self.tone, self.why = PLACE_GONE, "error", why_of(refusal)
        except Refusal as refusal:
            self.said, self.tone, self.why = said(refusal), "error", why_of(refusal)
        else:
            self.said, self.tone = words, "success"
        await self._show(actor)
        await (await self.get_state(PapersState)).follow()
        return made

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - it may be moved anywhere
        """Show what somebody else, or the person by their link, has just done of it."""
        if self.step == "shown":
            await self._show(await current_actor(self))

    async def _show(self, actor: Actor) -> None:
        if self._id is not None:
            opened = await read(_opened, actor, self._id, now())
            self.view = view_of(
                opened.line,
                opened.messages,
                may_note=opened.may_act,
                now=now(),
                call=opened.call,
                helps=opened.helps,
                earlier=opened.earlier,
                may_wish=opened.may_wish,
                has_colleagues=opened.has_colleagues,
                why=opened.why,
            )
            self.step = "shown"


def _act(session: Session, actor: Actor, action: Callable[[Session, Actor, datetime], T], at: datetime) -> T:
    return action(session, actor, at)


def _opened(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> Opened:
    line = convocation_line(session, actor, convocation_id, now=at)
    house = House(secret_key())
    listed = messages(session, actor, MessagesOf(convocation_id=convocation_id), house=house)
    call, helps = last_callback(session, actor, convocation_id), helps_of(session, convocation_id)
    why = words_said(session, house, convocation_id) if line.reason == OTHER else ""
    kind, earlier = session.get_one(Kind, line.kind_id), earlier_for(session, line.booking_id, now=at)
    may_wish = kind.shape == Shape.SLOTS and not kind.host_accepts
    beside = bool(colleagues(session, line.booking_id))
    return Opened(line, listed, _may_act(session, actor, line), call, helps, earlier, may_wish, beside, why)


def _may_act(session: Session, actor: Actor, line: ListedConvocation) -> bool:
    try:
        return bool(may_reserve(session, actor, session.get_one(Kind, line.kind_id)))
    except NotAllowed:
        return False


def _name(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> str:
    line = convocation_line(session, actor, convocation_id, now=at)
    if line.person_id is None:
        return ""
    try:
        person = person_for(session, actor, line.person_id)
    except NotFound:
        return passed_words(line.initials, holder_of(session, line.person_id))
    consulted(session, actor, subject="person", subject_id=person.id, reason="convocation-sheet", at=at)
    return f"{person.family_name} {person.given_name}"


def _moves(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> list[StartChoice]:
    line = convocation_line(session, actor, convocation_id, now=at)
    kind = session.get_one(Kind, line.kind_id)
    among = [one for one in receivers(session, actor, kind) if one.site_id == line.site_id]
    names = {one.id: one for one in among}
    starts = next_starts(session, among, now=at, most=MOVES_SHOWN)
    return [move_choice(one, names[one.resource_id].zone, names[one.resource_id].name) for one in starts]


def _moved(session: Session, actor: Actor, convocation_id: UUID | None, claim: SlotClaim, at: datetime) -> Moved:
    if convocation_id is None:
        raise NotFound(convocation_id=None)
    return move_one(session, actor, convocation_line(session, actor, convocation_id, now=at), claim, now=at)


def _want_sms(session: Session, actor: Actor, convocation_id: UUID, wants: bool, at: datetime) -> None:
    line = convocation_line(session, actor, convocation_id, now=at)
    if line.person_id is not None:
        (accept_sms if wants else refuse_sms)(session, actor, line.person_id, now=at)


def convocation_sheet(*, on_close: Any, after: Any) -> rx.Component:
    """Return the sheet; `on_close` changes the address of the page, `after` refreshes what is behind."""
    body = rx.match(
        ConvocationSheetState.step,
        ("loading", skeleton(8, "Ouverture de la convocation…")),
        ("missing", el.p("Cette convocation n’existe pas, ou ne vous est pas accessible.")),
        ("shown", _shown(after)),
        rx.fragment(),
    )
    return sheet(body, open=ConvocationSheetState.is_open, title=ConvocationSheetState.title, on_close=on_close)


def _shown(after: Any) -> rx.Component:
    view = ConvocationSheetState.view
    return el.div(
        el.div(badge(view.answer, view.badge), class_name="fr-mb-1w"),
        _answer(after),
        _facts(),
        _outcomes(after),
        _acts(after),
        papers_part(view),
        rx.cond(view.link != "", _link(after)),
        el.h3("Messages", class_name="fr-h6 fr-mt-3w"),
        rx.cond(
            view.messages.length() > 0,
            el.ul(rx.foreach(view.messages, _message), class_name="pj-messages"),
            el.p("Aucun message.", class_name="pj-grey"),
        ),
        rx.cond(view.has_person, _sms(after)),
        class_name="pj-booking",
    )


def _answer(after: Any) -> rx.Component:
    state = ConvocationSheetState
    undo = el.button(
        state.undo_label,
        type="button",
        on_click=[state.undo, after],
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w fr-mb-1w",
    )
    alert = el.div(
        el.p(state.said),
        why_part(state.why),
        rx.cond(state.undo_label != "", undo),
        class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone,
    )
    return el.div(
        rx.cond(state.said != "", alert),
        id=ANSWER,
        tab_index=-1,
        role="status",
        aria_live="polite",
        class_name="pj-noprint",
    )


def _facts() -> rx.Component:
    state, view = ConvocationSheetState, ConvocationSheetState.view
    ask = el.button(
        "Voir le nom",
        type="button",
        title="Voir le nom de la personne : cette consultation est journalisée",
        on_click=state.reveal,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )
    who = rx.cond(state.name != "", state.name, rx.fragment(view.whom, " ", rx.cond(view.has_person, ask)))
    facts = (("Quoi", view.detail), ("Quand", view.when), ("Où", view.place), ("Rappel", view.reminder))
    more = (
        ("Plus tôt", view.wish),
        ("Motif", view.reason),
        ("Appel", view.call),
        ("Aide", view.helped),
    )
    return el.dl(
        el.div(el.dt("Qui"), el.dd(who), class_name="pj-about__line"),
        *[
            rx.cond(words != "", el.div(el.dt(name), el.dd(words), class_name="pj-about__line"))
            for name, words in (*facts, *more, ("Numéro", view.number))
        ],
        class_name="pj-about",
    )


def _button(label: str, event: Any, after: Any, *, kind: str = "secondary", icon: str = "") -> rx.Component:
    classes = f"fr-btn fr-btn--{kind} {icon}{' fr-btn--icon-left' if icon else ''}"
    return el.button(label, type="button", on_click=[event, after], class_name=classes)


def _outcomes(after: Any) -> rx.Component:
    state, view = ConvocationSheetState, ConvocationSheetState.view
    came = _button("Venu(e)", state.note("honoured"), after, kind="primary", icon="fr-icon-check-line")
    missed = _button("Absent(e)", state.note("missed"), after, icon="fr-icon-close-line")
    excused = reason_form(
        EXCUSING,
        EXCUSE_WORDS,
        el.button("Excuser", type="submit", class_name="fr-btn fr-btn--tertiary"),
        label="Motif de l’excuse",
        on_submit=[state.excuse_them, after],
    )
    as_said = _button("Excuser pour ce motif", state.excuse_them, after, kind="tertiary")
    undone = _button("Annuler l’excuse", state.undo_excuse_, after, kind="tertiary")
    return el.div(
        rx.cond(view.can_note & ~view.is_honoured, came),
        rx.cond(view.can_note & ~view.is_missed & ~view.is_excused, missed),
        rx.cond(view.can_excuse, rx.cond(view.is_reason_said, as_said, excused)),
        rx.cond(view.is_excused, undone),
        class_name="pj-actions fr-mb-2w pj-noprint",
    )


def _acts(after: Any) -> rx.Component:
    state, view = ConvocationSheetState, ConvocationSheetState.view
    moving = el.button(
        rx.cond(state.is_moving, "Ne pas déplacer", "Déplacer"),
        type="button",
        aria_expanded=state.is_moving,
        on_click=state.start_moving(~state.is_moving),
        class_name="fr-btn fr-btn--secondary fr-icon-calendar-line fr-btn--icon-left",
    )
    withdrawn = reason_form(
        WITHDRAWING,
        GIVEN_BACK_WORDS,
        el.button("Retirer la convocation", type="submit", class_name="fr-btn fr-btn--tertiary"),
        label="Motif du retrait",
        on_submit=[state.withdraw_it, after],
    )
    letter = inner_link(
        "Imprimer", href=view.letter, class_name="fr-btn fr-btn--tertiary fr-icon-printer-line fr-btn--icon-left"
    )
    again = inner_link("Convoquer à nouveau", href=view.again, class_name="fr-btn fr-btn--secondary")
    booking = inner_link("Voir la réservation", href=view.booking, class_name="fr-btn fr-btn--tertiary")
    return el.div(
        el.div(
            rx.cond(view.can_move, moving),
            rx.cond(view.again != "", again),
            rx.cond(view.letter != "", letter),
            rx.cond(view.booking != "", booking),
            class_name="pj-actions",
        ),
        rx.cond(state.is_moving, _moves_list(after)),
        _wishes(after),
        rx.cond(view.can_withdraw, el.div(withdrawn, class_name="fr-mt-2w")),
        class_name="pj-noprint",
    )


def _wishes(after: Any) -> rx.Component:
    """Return how to have the person told of an earlier date, and how to answer in their name."""
    state, view = ConvocationSheetState, ConvocationSheetState.view
    ask = _button("Prévenir si une date plus tôt se libère", state.wish(True, False), after, kind="tertiary")
    wider = _button("Prévenir, même chez un collègue", state.wish(True, True), after, kind="tertiary")
    unask = _button("Ne plus proposer de date plus tôt", state.wish(False, False), after, kind="tertiary-no-outline")
    taken = _button("Prendre la date plus tôt", state.answer_offer(True), after, icon="fr-icon-check-line")
    left = _button("Laisser cette date", state.answer_offer(False), after, kind="tertiary")
    return el.div(
        rx.cond(view.offer_id != "", rx.fragment(taken, left)),
        rx.cond(view.can_wish, ask),
        rx.cond(view.can_wish_wider, wider),
        rx.cond(view.wishes, unask),
        class_name="pj-actions fr-mt-3v",
    )


def _moves_list(after: Any) -> rx.Component:
    state = ConvocationSheetState

    def one(choice: rx.Var[StartChoice]) -> rx.Component:
        return el.li(
            el.button(
                el.strong(choice.day, "\N{NO-BREAK SPACE}à\N{NO-BREAK SPACE}", choice.hour),
                el.span(choice.who, class_name="fr-text--sm fr-mb-0"),
                type="button",
                on_click=[state.move_to(choice.value), after],
                class_name="pj-choice",
            )
        )

    return rx.cond(
        state.moves.length() > 0,
        el.ul(rx.foreach(state.moves, one), aria_label="Créneaux libres", class_name="pj-choices"),
        el.p("Aucun créneau libre dans les deux mois.", class_name="pj-grey fr-mt-1w"),
    )


def _link(after: Any) -> rx.Component:
    view = ConvocationSheetState.view
    return el.div(
        el.h3("Le lien de la personne", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        el.p(
            "Qui tient ce lien peut agir sur ce rendez-vous : ne le donnez qu’à la personne.",
            class_name="fr-text--sm pj-grey fr-mb-1w",
        ),
        el.div(
            el.code(view.link, class_name="pj-link-line__address"),
            copy_button(label="Copier", text=view.link),
            help_button(view.id, small=True),
            el.button(
                "Renouveler",
                type="button",
                on_click=[ConvocationSheetState.renew, after],
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-link-line",
        ),
        class_name="pj-noprint",
    )


def _message(one: rx.Var[MessageRow]) -> rx.Component:
    return el.li(
        el.div(el.strong(one.kind), " ", badge(one.state, one.badge)),
        el.span(one.at, rx.cond(one.size != "", ", " + one.size, ""), class_name="pj-ledger__detail"),
        rx.cond(one.why != "", el.span(one.why, class_name="pj-ledger__detail")),
    )


def _sms(after: Any) -> rx.Component:
    state, view = ConvocationSheetState, ConvocationSheetState.view
    refuse = _button("La personne ne veut plus de SMS", state.want_sms(False), after, kind="tertiary-no-outline")
    accept = el.div(
        el.p(view.refusal, class_name="fr-text--sm fr-mb-1v"),
        _button("Elle en veut à nouveau", state.want_sms(True), after, kind="tertiary"),
    )
    return rx.cond(view.refuses_sms, accept, refuse)
