"""Bookings and their history as the acts would have written them, and the occupancy that follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from booking.models import OCCUPYING, State
from booking.reasons import EXCUSED_FOR, GIVEN_BACK_FOR
from portal.demo.accounts import Accounts, Member
from portal.demo.catalogue import Place
from portal.demo.measure_kinds import DESIGNATED_BY
from portal.demo.sheets import Sheet, copy

SHAPES = {
    "semi-liberte": "nights",
    "tig": "places",
    "mediation-familiale": "places",
    "audience-jaf": "sessions",
    "audience-jcp": "sessions",
    "bracelet": "slots",
    "spip-rdv": "slots",
    "jap-rdv": "slots",
    "chrs": "nights",
    "placement-exterieur": "places",
    "point-justice": "slots",
    "visite": "slots",
    "spip-collectif": "slots",
} | dict.fromkeys(DESIGNATED_BY, "places")
ASKED = {*DESIGNATED_BY, "placement-exterieur"}  # the host decides
# What went before each state, first to last.
BEFORE = {
    State.HELD: (),
    State.REQUESTED: (State.HELD,),
    State.BOOKED: (State.HELD,),
    State.REFUSED: (State.HELD, State.REQUESTED),
    State.LAPSED: (State.HELD,),
    State.HONOURED: (State.HELD, State.BOOKED),
    State.MISSED: (State.HELD, State.BOOKED),
    State.EXCUSED: (State.HELD, State.BOOKED),
    State.CANCELLED: (State.HELD, State.BOOKED),
}
OCCUPANCY = (
    """INSERT INTO bed_night (unit_id, night, holder_id, expires_at)
       SELECT b.unit_id, CAST(night AS date), b.id, b.expires_at
       FROM booking b, generate_series(b.first_on, b.until_on - 1, interval '1 day') night
       WHERE b.unit_id IS NOT NULL AND b.state = ANY(:occupying) ORDER BY b.unit_id, night""",
    """INSERT INTO place_period (resource_id, days, holder_id, expires_at)
       SELECT b.resource_id, daterange(b.first_on, b.until_on), b.id, b.expires_at
       FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'places'
       WHERE b.state = ANY(:occupying) ORDER BY b.resource_id, b.first_on, b.id""",
    """INSERT INTO seat_time (resource_id, seat, during, holder_id, expires_at)
       SELECT b.resource_id, row_number() OVER (PARTITION BY b.resource_id, b.starts_at ORDER BY b.created_at, b.id),
              tstzrange(b.starts_at, b.ends_at), b.id, b.expires_at
       FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'slots'
       WHERE b.state = ANY(:occupying) ORDER BY b.resource_id, b.starts_at""",
    """INSERT INTO session_case (resource_id, minutes, family, holder_id, expires_at)
       SELECT b.resource_id, b.minutes, b.family, b.id, b.expires_at
       FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'sessions'
       WHERE b.state = ANY(:occupying) ORDER BY b.resource_id, b.id""",
)


@dataclass(frozen=True, kw_only=True)
class When:
    """The dates of a booking: civil days, or instants."""

    first_on: date | None = None
    until_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A booking to write. `decided_at` is when its last state came, for those that came later."""

    place: Place
    state: State
    when: When
    created_at: datetime
    decided_at: datetime | None = None
    by: Member
    person_id: UUID | None = None
    case_ref: str = ""
    unit_id: int | None = None
    minutes: int | None = None
    family: str = ""
    expires_at: datetime | None = None
    seat: int = 1  # of an appointment, those of an hour in the order in which they were taken


class Ledger:
    """The rows of bookings, and one line of history for each act that led to them."""

    def __init__(self, rng: Random, accounts: Accounts, kinds: dict[str, int], now: datetime) -> None:
        self.rng = rng
        self.accounts = accounts
        self.kinds = kinds
        self.now = now
        self.bookings = Sheet(
            "booking",
            "id kind_id resource_id unit_id territory_id person_id case_ref requested_by state first_on until_on"
            " starts_at ends_at minutes family expires_at created_at reason",
            numbered=False,
        )
        self.history: list[tuple[Any, ...]] = []

    def write(self, entry: Entry) -> UUID:
        """Add a booking with its history, and return its number. Nothing of it is later than now."""
        number = UUID(int=self.rng.getrandbits(128), version=4)
        self.bookings.add(
            id=number,
            kind_id=self.kinds[entry.place.kind],
            resource_id=entry.place.id,
            unit_id=entry.unit_id,
            territory_id=entry.by.home,
            person_id=entry.person_id,
            case_ref=entry.case_ref,
            requested_by=entry.by.id,
            state=entry.state.value,
            first_on=entry.when.first_on,
            until_on=entry.when.until_on,
            starts_at=entry.when.starts_at,
            ends_at=entry.when.ends_at,
            minutes=entry.minutes,
            family=entry.family,
            expires_at=entry.expires_at,
            created_at=entry.created_at,
            reason=_reason(number, entry.state),
        )
        before: State | None = None
        for state, at in self._path(entry):
            self._line(number, entry, state, before, at)
            before = state
        return number

    def person_created(self, person_id: UUID, at: datetime, by: Member) -> None:
        """Add the line that says who opened a file."""
        self.history.append((at, by.id, "person-created", "person", str(person_id), person_id, {}))

    def declared(self, place: Place) -> None:
        """Add the line that says what the host declared of a place, on the day that the place bears."""
        if place.declared_on is None:
            return
        at = min(datetime.combine(place.declared_on, time(11), place.zone), self.now)
        facts = asdict(place.declaration)
        author = self.accounts.host_of(place).id
        self.history.append((at, author, "declared", "resource", str(place.id), None, facts))

    def copy_history(self, session: Session) -> None:
        """Copy the history in the order of time."""
        self.history.sort(key=lambda line: (line[0], line[4]))
        columns = ("at", "actor_id", "act", "subject", "subject_id", "person_id", "facts")
        copy(session, "history", columns, self.history)

    def _path(self, entry: Entry) -> Iterator[tuple[State, datetime]]:
        """Yield each state and when it came, in order."""
        states = [*BEFORE[entry.state], entry.state]
        if entry.place.kind in ASKED and State.BOOKED in states:
            states.insert(states.index(State.BOOKED), State.REQUESTED)
        at = entry.created_at
        for number, state in enumerate(states):
            is_last = number == len(states) - 1
            if number and is_last and entry.decided_at:
                at = max(at, entry.decided_at)
            elif number:
                at += timedelta(hours=20) if states[number - 1] is State.REQUESTED else timedelta(minutes=2)
            at = min(at, self.now)
            yield state, at

    def _line(self, number: UUID, entry: Entry, state: State, before: State | None, at: datetime) -> None:
        facts: dict[str, Any] = {"before": before.value if before else None}
        if before is None:
            seat = entry.seat if SHAPES[entry.place.kind] == "slots" else None
            facts |= {"shape": SHAPES[entry.place.kind], "unit_id": entry.unit_id, "seat": seat}
        if reason := _reason(number, state):
            facts["reason"] = reason
        self.history.append(
            (at, self._author(entry, state, before), f"booking-{state}", "booking", str(number), entry.person_id, facts)
        )

    def _author(self, entry: Entry, state: State, before: State | None) -> UUID | None:
        if state is State.LAPSED:
            return None  # the clock
        if before is State.REQUESTED and state in (State.BOOKED, State.REFUSED):
            return self.accounts.host_of(entry.place).id
        return entry.by.id


def _reason(number: UUID, state: State) -> str:
    """Return why it came to this state, the usual reason more often than the others; by its number: as it was drawn."""
    among = {State.EXCUSED: EXCUSED_FOR, State.CANCELLED: GIVEN_BACK_FOR}.get(state)
    if among is None:
        return "full" if state is State.REFUSED else ""
    drawn = number.int % (2 * len(among))
    return among[drawn] if drawn < len(among) else among[0]


def occupy(session: Session) -> int:
    """Write the occupancy of every booking that has its place, and return how many rows that is."""
    occupying = {"occupying": sorted(state.value for state in OCCUPYING)}
    return sum(session.execute(text(statement), occupying).rowcount for statement in OCCUPANCY)  # type: ignore[attr-defined]
