"""The round of a team on a day, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import consulted
from availability.rights import Actor, Role
from availability.sealing import House, unseal
from booking.day import today_of
from booking.errors import AlreadyDecided
from booking.fitting_queries import fitting_kind
from booking.fittings import FittingTerms
from booking.models import State
from booking.outcomes import note_outcome, undo_outcome
from booking.pages.fitting_words import round_address
from booking.pages.round_words import StopCard, phone_words, points, round_sentence, stop_cards
from booking.persons import consult_person
from booking.rounds import Round, TeamLine, round_of, teams_on
from booking.sealing import key_of
from booking.words import many
from portal.clock import now
from portal.database import act
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.dates import from_today, long_day
from portal.ui.notice import NoticeState

A_DAY = timedelta(days=1)
DRIVERS = (Role.MONITORING_AGENT,)
SAID = {State.HONOURED: "Posé", State.MISSED: "Absent"}


@dataclass(frozen=True)
class TeamChoice:
    """A team to choose."""

    id: str
    label: str


@dataclass(frozen=True)
class Contact:
    """Who is expected at a stop, shown because somebody asked, which is logged."""

    id: str = ""
    name: str = ""
    phone: str = ""
    href: str = ""


class RoundState(rx.State):
    """The stops of the day."""

    teams: list[TeamChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    team: str = ""
    team_name: str = ""
    day: str = ""
    day_words: str = ""
    before: str = ""
    after: str = ""
    today: str = ""
    stops: list[StopCard] = []  # noqa: RUF012
    summary: str = ""
    points: list[dict[str, str | float]] = []  # noqa: RUF012
    base: list[float] = []  # noqa: RUF012
    contact: Contact = Contact()
    shows_map: bool = False  # on a phone, where the list comes first
    lit: str = ""
    focused: str = ""  # what the focus goes to, each time `turn` grows
    turn: int = 0
    is_loaded: bool = False
    _noted: str = ""
    _on: date = date.min
    _addresses: dict[UUID, str] = {}  # noqa: RUF012

    @allow(*DRIVERS)
    @rx.event
    async def load(self) -> None:
        """Show the round that the address names; the addresses of people are shown, which is logged."""
        watch(self)
        asked = self.router.url.query_parameters
        actor, at = await current_actor(self), now()
        shown = await act(_opened, actor, asked.get("equipe", ""), asked.get("jour", ""), now=at)
        self.contact, self.lit = Contact(), ""
        self.teams = [team_choice(line) for line in shown.teams]
        self._on, self._addresses = shown.day, shown.addresses
        self.today = round_address(shown.round.team.resource_id, shown.today) if shown.round else ""
        self._show(shown.round, shown.terms, shown.today, at)
        self.is_loaded = True

    @allow(*DRIVERS)
    @rx.event
    async def pick_team(self, resource_id: str) -> EventSpec:
        """Show the round of another team."""
        return rx.redirect(round_address(str(resource_id)[:20], self.day))

    @allow(*DRIVERS)
    @rx.event
    async def pick_day(self, day: str) -> EventSpec:
        """Show the round of another day."""
        return rx.redirect(round_address(self.team, str(day)[:10]))

    @allow(*DRIVERS)
    @rx.event
    async def fitted(self, booking_id: str) -> EventSpec:
        """Note that the bracelet is fitted."""
        return await self._note(booking_id, State.HONOURED)

    @allow(*DRIVERS)
    @rx.event
    async def missed(self, booking_id: str) -> EventSpec:
        """Note that nobody was there."""
        return await self._note(booking_id, State.MISSED)

    @allow(*DRIVERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take back what was just noted."""
        if self._noted:
            booking_id, self._noted = self._noted, ""
            await self._do(undo_outcome, booking_id, said="C’est annulé : le passage est comme avant.")
        return rx.set_focus("message")

    @allow(*DRIVERS)
    @rx.event
    async def call(self, booking_id: str) -> None:
        """Show who is expected and their phone, to call; it is logged."""
        stop = next((one for one in self.stops if one.id == str(booking_id)), None)
        if stop is None or not stop.can_call:
            return
        actor = await current_actor(self)
        name, phone = await act(_contact, actor, int(self.team), self._on, UUID(stop.id), now=now())
        href = f"tel:{phone}" if phone else ""
        self.contact = Contact(stop.id, name, phone_words(phone) if phone else "pas de téléphone connu", href)
        self.focused, self.turn = f"contact-{stop.id}", self.turn + 1

    @allow(*DRIVERS)
    @rx.event
    async def show_map(self, shows_map: bool) -> None:
        """Show the map or the list, on a phone."""
        self.shows_map = bool(shows_map)

    @allow(*DRIVERS)
    @rx.event
    async def pick(self, booking_id: str) -> None:
        """Light up the stop clicked on, and go to it in the list."""
        found = next((one for one in self.stops if one.id == str(booking_id)), None)
        if found is None:
            return
        self.lit, self.shows_map = found.id, False
        self.focused, self.turn = f"passage-{found.id}", self.turn + 1

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else changed in this round."""
        if self.team and int(self.team) in resource_ids:
            await self._read_again()

    async def _note(self, booking_id: str, outcome: State) -> EventSpec:
        done = next((one.done for one in self.stops if one.id == str(booking_id)), SAID[outcome])
        word = done if outcome is State.HONOURED else SAID[outcome]
        if await self._do(note_outcome, booking_id, outcome, said=f"{word} : c’est noté.", undo="Annuler"):
            self._noted = str(booking_id)
        return rx.set_focus("message")

    async def _do(self, action: Callable[..., Any], booking_id: str, *given: Any, said: str, undo: str = "") -> bool:
        notice = await self.get_state(NoticeState)
        try:
            await act(action, await current_actor(self), _uuid(booking_id), *given, now=now())
        except Refusal as refusal:
            notice.show_error(why(refusal))
            await self._read_again()
            return False
        notice.show_success(said, undo_label=undo)
        await self._read_again()
        return True

    async def _read_again(self) -> None:
        if not self.team:
            return
        actor, at = await current_actor(self), now()
        known = frozenset(self._addresses)
        found, terms, addresses, today = await act(round_again, actor, int(self.team), self._on, known, now=at)
        self._addresses = addresses
        self._show(found, terms, today, at)

    def _show(self, found: Round | None, terms: FittingTerms, today: date, at: datetime) -> None:
        self.day, self.day_words = self._on.isoformat(), f"{long_day(self._on)} ({from_today(self._on, today)})"
        if found is None:
            self.team, self.stops, self.points, self.summary, self.base = "", [], [], "", []
            return
        number = found.team.resource_id
        self.team, self.team_name = str(number), f"{found.team.name}, {found.team.site_name}"
        self.before, self.after = round_address(number, self._on - A_DAY), round_address(number, self._on + A_DAY)
        self.stops = stop_cards(found, self._addresses, terms, now=at)
        self.points = points(self.stops, found)
        self.base = [found.team.base[1], found.team.base[0]] if found.team.base else []
        self.summary = round_sentence(found) if found.stops else ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is on the screen when it opens."""

    teams: list[TeamLine]
    round: Round | None
    terms: FittingTerms
    day: date
    today: date
    addresses: dict[UUID, str]


def team_choice(line: TeamLine) -> TeamChoice:
    """Return a team to choose, with how many stops it has that day."""
    return TeamChoice(
        str(line.resource_id), f"{line.name}, {line.site_name} – {many(line.count, 'passage', 'passages')}"
    )


def why(refusal: Refusal) -> str:
    """Return the sentence of a refusal, with that of rounds where there is one."""
    match refusal:
        case InvalidRequest(problem="not-begun"):
            return "Ce passage n’a pas commencé : il se note une fois l’heure venue."
        case InvalidRequest(problem="too-late"):
            return "Ce passage date de plus de six mois : il ne se corrige plus."
        case AlreadyDecided():
            return "Ce passage a changé entre-temps : voici où il en est."
    return sentence(refusal)


def _opened(session: Session, actor: Actor, team: str, day: str, *, now: datetime) -> Shown:
    """Return the round asked for, that of the busiest team today when nothing is; log whose address is shown."""
    today = today_of(session, actor, now=now)
    on = _day(day) or today
    _, terms = fitting_kind(session, actor)
    teams = teams_on(session, actor, on)
    number = int(team) if team.isascii() and team.isdigit() and len(team) < 19 else 0
    chosen = next((line.resource_id for line in teams if line.resource_id == number), None)
    chosen = chosen or next((line.resource_id for line in teams), None)
    if chosen is None:
        return Shown(teams=teams, round=None, terms=terms, day=on, today=today, addresses={})
    found = round_of(session, actor, chosen, on)
    addresses = _addresses(session, actor, found, frozenset(), now)
    return Shown(teams=teams, round=found, terms=terms, day=on, today=today, addresses=addresses)


def round_again(
    session: Session, actor: Actor, resource_id: int, day: date, known: frozenset[UUID], *, now: datetime
) -> tuple[Round, FittingTerms, dict[UUID, str], date]:
    """Return the round as it is now; `known` are the bookings whose address is on the screen already."""
    found = round_of(session, actor, resource_id, day)
    terms = fitting_kind(session, actor)[1]
    return found, terms, _addresses(session, actor, found, known, now), today_of(session, actor, now=now)


def _addresses(session: Session, actor: Actor, found: Round, known: frozenset[UUID], now: datetime) -> dict[UUID, str]:
    """Return the addresses of the stops, by booking, and log those that are shown for the first time.

    None of a person whose file the actor may not hold.
    """
    house, opened = House(secret_key()), {}
    for stop in found.stops:
        person_key = key_of(session, house, stop.person_id) if stop.person_id else None
        if stop.person_id is None or person_key is None or stop.address_sealed is None:
            continue
        opened[stop.booking_id] = unseal(person_key, stop.address_sealed)
        if stop.booking_id not in known:
            consulted(session, actor, subject="person", subject_id=stop.person_id, reason="round", at=now)
    return opened


def _contact(
    session: Session, actor: Actor, resource_id: int, day: date, booking_id: UUID, *, now: datetime
) -> tuple[str, str]:
    """Return the name and the phone of who is expected at a stop of this round, and log it. Raises: NotFound."""
    stops = {stop.booking_id: stop.person_id for stop in round_of(session, actor, resource_id, day).stops}
    person_id, house = stops.get(booking_id), House(secret_key())
    if person_id is None:
        raise NotFound(booking_id=booking_id)
    person, phone, _ = consult_person(session, actor, person_id, house=house, reason="round-call", now=now)
    return f"{person.given_name} {person.family_name.upper()}".strip(), phone


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _uuid(typed: object) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(booking_id=str(typed)[:40]) from error
