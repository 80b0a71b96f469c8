"""Where the sequences of acts happen: eight places of the four shapes, made once; what is wished of them; tables, read.

Each sequence begins on empty tables: what another one left is deleted, not made again.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import psycopg
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event
from sqlmodel import Session

from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.models import Kind, Resource, Shape
from availability.publishing import publish_openings
from availability.rights import Actor, Role
from tests.booking.life_list import OFFER
from tests.booking.life_model import HOLD, PARIS_TIME, REQUEST, SLOT, Place, nights_of
from tests.booking.town import make_person
from tests.factories import (
    NOW,
    TODAY,
    World,
    in_days,
    make_actor,
    make_beds,
    make_hearing,
    make_kind,
    make_resource,
    make_rule,
    make_world,
)

FIRST_HOUR, HOURS = time(9), 2  # of whoever receives, from the second day to the fourth
KEPT_OPENINGS = "CREATE TABLE opening_at_first AS TABLE opening"
# What an append-only history would refuse: triggers and foreign keys are not asked.
FORGET = """
    BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off;
    DELETE FROM history; DELETE FROM change; DELETE FROM booking; DELETE FROM bed_night; DELETE FROM place_period;
    DELETE FROM seat_time; DELETE FROM session_case; DELETE FROM closure; DELETE FROM kind_quota; DELETE FROM series;
    DELETE FROM waiting_skip; DELETE FROM waiting_offer; DELETE FROM waiting_entry; DELETE FROM freed_place;
    DELETE FROM opening; INSERT INTO opening OVERRIDING SYSTEM VALUE SELECT * FROM opening_at_first; COMMIT"""
BOOKINGS = """
    SELECT id, resource_id, state, expires_at, revision, first_on, until_on, starts_at FROM booking"""
LINES = "SELECT subject_id, act, actor_id FROM history WHERE subject = ANY(%s) ORDER BY id"
# By what a booking has or freed: what is kept for the list names the booking that had it.
TAKEN = """
    SELECT coalesce(f.booking_id, holder_id), f.id, t.resource_id, part, since FROM (
        SELECT n.holder_id, u.resource_id, n.unit_id AS part, n.night::text AS since, n.expires_at
        FROM bed_night n JOIN unit u ON u.id = n.unit_id
        UNION ALL
        SELECT holder_id, resource_id, upper(days) - lower(days), lower(days)::text, expires_at FROM place_period
        UNION ALL
        SELECT holder_id, resource_id, seat, (lower(during) AT TIME ZONE 'UTC')::text, expires_at FROM seat_time
        UNION ALL
        SELECT holder_id, resource_id, minutes, family, expires_at FROM session_case) t
    LEFT JOIN freed_place f ON f.id = holder_id
    WHERE t.expires_at IS NULL OR t.expires_at > %s"""
LISTED = """
    SELECT id, state, (SELECT count(*) FROM waiting_offer o WHERE o.entry_id = e.id),
           (SELECT booking_id FROM waiting_offer o WHERE o.entry_id = e.id AND o.outcome IS NULL)
    FROM waiting_entry e"""
SKIPPED = "SELECT DISTINCT entry_id, resource_id FROM waiting_skip"
FREED = "SELECT id, booking_id, resource_id, due_at FROM freed_place"


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, made a claim by the shape of the place: numbers that Hypothesis can make smaller."""

    place: int
    first: int
    length: int
    which: int


@dataclass(frozen=True)
class Patience:
    """What somebody waits for: days in a row within others, of a place or of any of its kind."""

    place: int
    first: int
    longer: int
    days: int
    is_for_kind: bool


# The first section is where most meet.
wishes = st.builds(
    Wish, st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7]), st.integers(0, 4), st.integers(1, 3), st.integers(0, 3)
)
patience = st.builds(
    Patience,
    st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5]),  # hearings have a list of their own
    st.integers(0, 4),
    st.integers(0, 3),
    st.integers(1, 2),
    st.booleans(),
)
moments = st.sampled_from([1, 5, 9, 10, 11, 60, 2 * 60, 5 * 60, 24 * 60])  # minutes: around the ends of what ends


class Names:
    """What `uuid` draws from: the same names in the same order, or a sequence could not be played again."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin again."""
        self.urandom = Random(1).randbytes  # noqa: S311 - names of a test


@dataclass(frozen=True)
class Ground:
    """Two sections, a post whose host decides, a shelter, two who receive and two hearings; and two colleagues."""

    engine: Engine
    reader: psycopg.Connection[Any]  # one that no act uses, and nobody kills
    world: World
    officers: tuple[Actor, Actor]
    person: Actor  # who holds the link of whatever is theirs
    places: tuple[Place, ...]
    names: Names

    def forget(self) -> None:
        """Empty the tables that acts write."""
        self.names.begin()
        self.reader.execute(FORGET)

    def read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of the tables, as they are committed."""
        return self.reader.execute(sql, values, prepare=True).fetchall()


@contextlib.contextmanager
def ground(engine: Engine) -> Iterator[Ground]:
    """Yield the places of a database that is used for nothing else."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        places = _places(session, world)
        somebody = make_person(session, world.here)
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as reader:
        reader.execute(KEPT_OPENINGS)
        officers = (world.officer, make_actor(Role.PROBATION_OFFICER, world.here))
        names = Names()
        with patch.object(uuid, "os", names):
            person = replace(world.officer, account_id=somebody.id)
            yield Ground(engine, reader, world, officers, person, places, names)


def claim_for(place: Place, wish: Wish) -> Claim:
    """Return what is wished of a place."""
    first, until = in_days(wish.first), in_days(wish.first + wish.length)
    match place.shape:
        case Shape.NIGHTS:
            unit_id = (*place.units, None, None)[wish.which % (len(place.units) + 2)]
            return NightsClaim(resource_id=place.resource_id, first=first, until=until, unit_id=unit_id)
        case Shape.PLACES:
            return PlaceClaim(resource_id=place.resource_id, first=first, until=until)
        case Shape.SLOTS:
            return SlotClaim(resource_id=place.resource_id, start=start_on(1 + wish.first % 3, wish.which))
        case Shape.SESSIONS:
            minutes, family = (20, 30)[wish.which % 2], ("", "20")[wish.which // 2]
            return CaseClaim(resource_id=place.resource_id, minutes=minutes, family=family)


def start_on(day: int, which: int) -> datetime:
    """Return an hour of whoever receives; the fourth leaves no time."""
    return datetime.combine(in_days(day), hour_of(which), PARIS_TIME).astimezone(UTC)


def hour_of(which: int) -> time:
    """Return the wall time of a start."""
    return (datetime.combine(TODAY, FIRST_HOUR) + which * timedelta(minutes=30)).time()


def spots(place: Place, claim: Claim) -> list[tuple[int, int, str]]:
    """Return what the tables have to say of a claim that was taken, as `TAKEN` reads it: resource, part and since."""
    match claim:
        case NightsClaim():
            return [(place.resource_id, bed, str(night)) for night, bed in nights_of(claim).items()]
        case PlaceClaim(first=first, until=until) if until:
            return [(place.resource_id, (until - first).days, str(first))]
        case SlotClaim(start=start):
            return [(place.resource_id, 1, f"{start:%Y-%m-%d %H:%M:%S}")]
        case CaseClaim(minutes=minutes, family=family):
            return [(place.resource_id, minutes, family)]
    raise AssertionError(claim)


def _places(session: Session, world: World) -> tuple[Place, ...]:
    """Make two places of each kind, but one post: eight, so that sequences meet."""
    made: list[Place] = []

    def add(kind: Kind, room: int = 1, **known: Any) -> int:
        resource = make_resource(session, world.site, kind, capacity=room)
        if kind.shape == Shape.NIGHTS:
            known["units"] = tuple(bed.id for bed in make_beds(session, resource, *"AB"[:room]))
        made.append(Place(resource.id, kind.id, kind.code, Shape(kind.shape), kind.host_accepts, room, **known))
        return resource.id

    rules: dict[str, Any] = {"hold_minutes": HOLD / timedelta(minutes=1), "request_days": REQUEST.days}
    rules["offer_hours"] = OFFER / timedelta(hours=1)
    beds = make_kind(session, Shape.NIGHTS, **rules)
    add(beds, 2)
    add(beds)
    add(make_kind(session, Shape.PLACES, host_accepts=True, **rules), 2)
    add(make_kind(session, Shape.PLACES, **rules))
    agents = make_kind(
        session, Shape.SLOTS, slot_step_min=30, slot_duration_min=SLOT.seconds // 60, cancel_notice_min=60, **rules
    )
    receiving = [add(agents, starts=_starts(), notice=timedelta(minutes=60)) for _ in range(2)]
    for weekday in (1, 2, 3):
        for resource_id in receiving:
            _opens(session, resource_id, weekday)
    publish_openings(session, receiving, first=TODAY, until=in_days(7))
    hearings = make_kind(session, Shape.SESSIONS, **rules)
    for day in (2, 3):
        starts_at = NOW + timedelta(days=day)
        resource_id = add(hearings, 2, starts=frozenset({starts_at}), most_minutes=50, quotas={"20": 1})
        held = {"starts_at": starts_at, "max_cases": 2, "max_minutes": 50, "quotas": {"20": 1}}
        make_hearing(session, session.get_one(Resource, resource_id), **held)
    return tuple(made)


def _opens(session: Session, resource_id: int, weekday: int) -> None:
    closes = FIRST_HOUR.replace(hour=FIRST_HOUR.hour + HOURS)
    make_rule(session, session.get_one(Resource, resource_id), weekday, FIRST_HOUR.isoformat(), closes.isoformat())


def _starts() -> frozenset[datetime]:
    """Return the starts of those who receive: every half hour that leaves three quarters of an hour."""
    return frozenset(start_on(day, which) for day in (1, 2, 3) for which in (0, 1, 2))


@contextlib.contextmanager
def crashing(engine: Engine, at: int | None) -> Iterator[None]:
    """Kill the connection that acts before its statement of that number, or before it commits when it has fewer."""
    if at is None:
        yield
        return
    done = 0

    def before_statement(connection: Connection, *_: object) -> None:
        nonlocal done
        done += 1
        if done == at:
            kill(engine, connection)

    def before_commit(connection: Connection) -> None:
        if done < at:
            kill(engine, connection)

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "commit", before_commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before_statement)
        event.remove(engine, "commit", before_commit)


def kill(engine: Engine, connection: Connection) -> None:
    """End a connection from outside, and return once its transaction is no more."""
    pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
    with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
