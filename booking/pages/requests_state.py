"""What waits for a partner's answer, and what its buttons do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor, Role
from booking.actions import REFUSAL_REASONS, accept, refuse
from booking.hosting import HostedRequest, answered_requests, waiting_requests
from booking.models import Booking, State
from booking.question import form_of
from booking.words import REFUSAL_WORDS, STATE_BADGES, STATE_WORDS, many
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import day, from_today, moment
from portal.ui.notice import NoticeState

SOON = timedelta(days=3)
REASONS = [(reason, REFUSAL_WORDS[reason].capitalize()) for reason in REFUSAL_REASONS]


@dataclass(frozen=True)
class RequestCard:
    """A request as its card shows it."""

    id: str
    what: str
    where: str
    whom: str
    dates: str
    asked: str
    answer_by: str
    is_soon: bool


@dataclass(frozen=True)
class AnsweredLine:
    """A request that needs nothing more."""

    id: str
    what: str
    whom: str
    state: str
    badge: str
    when: str


class RequestsState(rx.State):
    """The requests that wait, and the card in which an answer is being confirmed."""

    cards: list[RequestCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    answered: list[AnsweredLine] = []  # noqa: RUF012
    sentence: str = ""
    open_id: str = ""
    open_answer: str = ""  # accept or refuse
    left_id: str = ""  # whose question was left without an answer: the focus goes back there
    problem: str = ""
    is_loaded: bool = False

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show what waits and what was answered."""
        await self._show()
        watch(self)

    @allow(Role.PARTNER)
    @rx.event
    async def begin(self, booking_id: str, answer: str) -> None:
        """Ask, in the card itself, to confirm an answer: none can be taken back."""
        self.open_id, self.open_answer, self.left_id, self.problem = str(booking_id), str(answer), "", ""

    @allow(Role.PARTNER)
    @rx.event
    async def leave(self) -> None:
        """Close the question without an answer."""
        self.left_id = self.open_id
        self.open_id = self.open_answer = self.problem = ""

    @allow(Role.PARTNER)
    @rx.event
    async def accept_it(self, booking_id: str) -> EventSpec:
        """Accept a request."""
        try:
            booking = await act(accept, await current_actor(self), _uuid(booking_id), now=clock.now())
        except Refusal as refusal:
            await self._refused(refusal)
        else:
            await self._say(f"{_name(booking)} est acceptée. La juridiction en est informée.")
        return rx.set_focus("message")

    @allow(Role.PARTNER)
    @rx.event
    async def refuse_it(self, form: dict[str, str]) -> EventSpec:
        """Refuse a request, for the reason chosen."""
        reason = form_of(form).get("reason", "")
        try:
            actor, booking_id = await current_actor(self), _uuid(self.open_id)
            booking = await act(refuse, actor, booking_id, reason=reason, now=clock.now())
        except InvalidRequest:
            self.problem = "Choisissez un motif dans la liste."
            return rx.set_focus("reason")
        except Refusal as refusal:
            await self._refused(refusal)
        else:
            await self._say(f"{_name(booking)} est refusée ({REFUSAL_WORDS[reason]}). La place reste libre.")
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - a new request may be anywhere
        """Show a request that has just come, or gone."""
        await self._show()

    async def _show(self) -> None:
        now = clock.now()
        waiting, answered = await read(_both, await current_actor(self), now=now)
        self.cards = [card(one, now=now) for one in waiting]
        self.answered = [answered_line(one) for one in answered]
        self.sentence = f"{many(len(waiting), 'demande attend', 'demandes attendent')} votre réponse"
        if self.open_id not in {each.id for each in self.cards}:
            self.open_id = self.open_answer = self.problem = ""
        self.is_loaded = True

    async def _say(self, text: str) -> None:
        (await self.get_state(NoticeState)).show_success(text)
        await self._show()

    async def _refused(self, refusal: Refusal) -> None:
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        await self._show()


def card(one: HostedRequest, *, now: datetime) -> RequestCard:
    """Return a request as its card shows it."""
    zone = ZoneInfo(one.time_zone)
    return RequestCard(
        id=str(one.id),
        what=f"{one.kind_label[:1].upper()}{one.kind_label[1:]} : {one.name}",
        where=one.site_name if one.site_name != one.name else "",
        whom=whom(one),
        dates=dates(one, zone),
        asked=f"Demandée {moment(one.moved_at, zone)} par : {one.court_name}",
        answer_by=answer_by(one.expires_at, now, zone) if one.expires_at else "",
        is_soon=one.expires_at is not None and one.expires_at - now < SOON,
    )


def answered_line(one: HostedRequest) -> AnsweredLine:
    """Return a request that needs nothing more, with what became of it."""
    reason = f" ({REFUSAL_WORDS[one.reason]})" if one.reason in REFUSAL_WORDS else ""
    return AnsweredLine(
        id=str(one.id),
        what=one.name,
        whom=whom(one),
        state=(STATE_WORDS[one.state] if one.state is not State.BOOKED else "acceptée") + reason,
        badge=STATE_BADGES[one.state],
        when=moment(one.moved_at, ZoneInfo(one.time_zone)),
    )


def whom(one: HostedRequest) -> str:
    """Return the case number, or initials and a year of birth: never a name."""
    born = f"{one.initials}, né(e) en {one.birth_year}" if one.initials and one.birth_year else ""
    return " – ".join(part for part in (f"Dossier {one.case_ref}" if one.case_ref else "", born) if part)


def dates(one: HostedRequest, zone: ZoneInfo) -> str:
    """Return when the measure would run."""
    if one.starts_at:
        return moment(one.starts_at, zone)
    if one.first_on is None:
        return ""
    end = f" au {day(one.until_on, year=True)}" if one.until_on else ", sans date de fin"
    return f"Du {day(one.first_on, year=True)}{end}" if one.until_on else f"À partir du {day(one.first_on)}{end}"


def answer_by(expires_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "Répondre avant le mar. 24 nov. à 9 h 30, dans 3 jours"."""
    last: date = expires_at.astimezone(zone).date()
    return f"Répondre avant le {moment(expires_at, zone)}, {from_today(last, now.astimezone(zone).date())}"


def _both(session: Session, actor: Actor, *, now: datetime) -> tuple[list[HostedRequest], list[HostedRequest]]:
    return waiting_requests(session, actor, now=now), answered_requests(session, actor, now=now)


def _name(booking: Booking) -> str:
    return f"La demande du dossier {booking.case_ref}" if booking.case_ref else "La demande"


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise InvalidRequest("booking_id", "not-a-number") from error
