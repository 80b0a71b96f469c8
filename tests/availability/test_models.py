"""What PostgreSQL itself refuses, on both sides of every boundary, and under which name."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Error
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from availability import actions
from availability.actions import occupy
from availability.errors import PeriodTaken
from availability.models import ONE_CLAIM_PER_SEAT_AND_TIME, ONE_STAY_PER_BED_NIGHT, Shape
from booking.actions import hold
from booking.models import Person
from tests.availability.scarce import make_scarce, refused, somebody
from tests.factories import (
    NOW,
    World,
    close,
    in_days,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_rule,
)

ENDLESS = "'[2026-03-05 09:00Z,)'"


@pytest.fixture
def everything(session: Session, world: World) -> None:
    """One valid row in every table."""
    for shape in Shape:
        scarce = make_scarce(session, world, shape)
        hold(session, world.officer, scarce.claim, now=NOW)
    resource = make_resource(session, world.site, make_kind(session, Shape.SLOTS))
    make_rule(session, resource, 0, "09:00", "12:00")
    close(session, resource, in_days(1), in_days(2))
    session.add(
        Person(territory_id=world.here.id, family_name="Fictif", birth_on=in_days(-9000), sex="F", created_at=NOW)
    )
    session.flush()


BOUNDARIES: list[tuple[str, str, str | None]] = [
    ("territory", "level = 'planet'", "level_known"),
    ("kind", "shape = 'round'", "shape_known"),
    ("kind", "hold_minutes = 0", "hold_minutes_sane"),
    ("kind", "hold_minutes = 1", None),
    ("kind", "hold_minutes = 1440", None),
    ("kind", "hold_minutes = 1441", "hold_minutes_sane"),
    ("kind", "max_ahead_days = 0", "max_ahead_days_sane"),
    ("kind", "max_ahead_days = 1", None),
    ("kind", "max_ahead_days = 366", None),
    ("kind", "max_ahead_days = 367", "max_ahead_days_sane"),
    ("kind_right", "role = 'king'", "role_known"),
    ("site", "located_by = 'magic'", "located_by_known"),
    ("site", "lat = NULL", "site_located_or_not"),
    ("site", "lat = NULL, lon = NULL", "site_says_how_located"),
    ("site", "lat = NULL, lon = NULL, located_by = 'nowhere'", None),
    ("site", "located_by = 'nowhere'", "site_says_how_located"),
    ("site", "lat = 90, lon = 180", None),
    ("site", "lat = 90.001", "site_on_earth"),
    ("site", "lat = -90.001", "site_on_earth"),
    ("site", "lon = 180.001", "site_on_earth"),
    ("site", "lon = -180", None),
    ("resource", "capacity = -1", "capacity_not_negative"),
    ("resource", "capacity = 0", None),
    ("resource", "declared_load = -1", "declared_load_not_negative"),
    ("resource", "declared_load = 0", None),
    ("opening_rule", "valid_until = valid_from", "opening_rule_valid"),
    ("opening_rule", "valid_until = valid_from + 1", None),
    ("closure", "site_id = (SELECT min(id) FROM site)", "closure_of_one_thing"),
    ("closure", "resource_id = NULL", "closure_of_one_thing"),
    ("closure", "days = 'empty'", "closure_not_empty"),
    ("closure", "days = '(,)'", None),
    ("opening", "ends_at = starts_at", "opening_not_empty"),
    ("opening", "ends_at = starts_at + interval '1 microsecond'", None),
    ("hearing_session", "ends_at = starts_at", "hearing_not_empty"),
    ("hearing_session", "max_cases = 0", "hearing_holds_something"),
    ("hearing_session", "max_minutes = 0", "hearing_holds_something"),
    ("hearing_session", "max_cases = 1, max_minutes = 1", None),
    ("seat_time", "during = 'empty'", "seat_dated"),
    ("seat_time", f"during = {ENDLESS}", "seat_dated"),
    ("seat_time", "during = '(,2026-03-05 09:00Z)'", "seat_dated"),
    ("place_period", "days = 'empty'", "place_period_starts"),
    ("place_period", "days = '(,2026-03-05)'", "place_period_starts"),
    ("place_period", "days = '[2026-03-05,)'", None),
    ("session_case", "minutes = 0", "session_case_lasts"),
    ("session_case", "minutes = 1", None),
    ("booking", "state = 'dreamt', expires_at = NULL, case_ref = '26/1'", "state_known"),
    ("booking", "expires_at = NULL", "booking_expires_or_not"),
    ("booking", "state = 'cancelled'", "booking_expires_or_not"),
    ("booking", "state = 'cancelled', expires_at = NULL", None),
    ("booking", "state = 'booked', expires_at = NULL", "booking_for_somebody"),
    ("booking", "state = 'booked', expires_at = NULL, case_ref = '26/1'", None),
    ("booking", "first_on = NULL, starts_at = NULL", "booking_dated_one_way"),
    ("booking", "first_on = '2026-03-05', starts_at = '2026-03-05 09:00Z'", "booking_dated_one_way"),
    ("booking", "first_on = '2026-03-05', until_on = '2026-03-05', starts_at = NULL", "booking_ends_after_start"),
    ("booking", "first_on = '2026-03-05', until_on = '2026-03-06', starts_at = NULL", None),
    ("person", "sex = 'X'", "sex_known"),
    ("person", "family_name = ''", "family_name_given"),
    ("person", "family_name = repeat('x', 200)", None),
    ("person", "family_name = repeat('x', 201)", "family_name_given"),
]


def violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that spoke."""
    assert isinstance(error.orig, Error)
    return error.orig.diag.constraint_name


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(("table", "change", "constraint"), BOUNDARIES)
def test_a_row_beyond_a_boundary_is_refused_by_name(
    session: Session, table: str, change: str, constraint: str | None
) -> None:
    statement = text(f"UPDATE {table} SET {change}")  # noqa: S608 - constants

    if constraint is None:
        assert session.execute(statement).rowcount > 0  # type: ignore[attr-defined]
    else:
        with pytest.raises(IntegrityError) as error, session.begin_nested():
            session.execute(statement)
        assert violated(error.value) == constraint


def test_a_bed_is_named_once_in_its_section(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.NIGHTS)
    one, other = make_resource(session, world.site, kind), make_resource(session, world.site, kind)
    make_beds(session, one, "Lit 1")
    make_beds(session, other, "Lit 1")

    with pytest.raises(IntegrityError) as error, session.begin_nested():
        make_beds(session, one, "Lit 1")

    assert violated(error.value) == "unit_named_once"


def test_a_bed_has_one_stay_a_night_whoever_writes(session: Session, world: World) -> None:
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    (bed,) = make_beds(session, section, "Lit 1")
    write = text("INSERT INTO bed_night (unit_id, night, holder_id) VALUES (:bed, :night, gen_random_uuid())")
    session.execute(write, {"bed": bed.id, "night": in_days(3)})
    session.execute(write, {"bed": bed.id, "night": in_days(4)})

    with pytest.raises(IntegrityError) as error, session.begin_nested():
        session.execute(write, {"bed": bed.id, "night": in_days(3)})

    assert violated(error.value) == ONE_STAY_PER_BED_NIGHT


@pytest.mark.parametrize(
    ("seat", "during", "fits"),
    [
        (1, ("09:45", "10:30"), True),  # back to back
        (1, ("08:15", "09:00"), True),
        (2, ("09:15", "10:00"), True),  # another seat
        (1, ("09:15", "10:00"), False),
        (1, ("09:44:59", "10:00"), False),
        (1, ("09:10", "09:20"), False),
    ],
)
def test_a_seat_is_taken_once_at_a_time_whoever_writes(
    session: Session, world: World, seat: int, during: tuple[str, str], fits: bool
) -> None:
    agent = make_resource(session, world.site, make_kind(session, Shape.SLOTS), capacity=2)
    write = text("""
        INSERT INTO seat_time (resource_id, seat, during, holder_id)
        VALUES (:agent, :seat, tstzrange(:start, :end), gen_random_uuid())""")

    def values(seat: int, start: str, end: str) -> dict[str, Any]:
        on_that_day = [datetime.fromisoformat(f"2026-03-05T{hour}+00:00") for hour in (start, end)]
        return {"agent": agent.id, "seat": seat, "start": on_that_day[0], "end": on_that_day[1]}

    session.execute(write, values(1, "09:00", "09:45"))
    if fits:
        session.execute(write, values(seat, *during))
    else:
        with pytest.raises(IntegrityError) as error, session.begin_nested():
            session.execute(write, values(seat, *during))
        assert violated(error.value) == ONE_CLAIM_PER_SEAT_AND_TIME


@pytest.mark.parametrize("shape", [Shape.NIGHTS, Shape.SLOTS])
def test_a_row_written_by_hand_after_the_check_is_answered_as_taken(
    session: Session, world: World, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    scarce, insert = make_scarce(session, world, shape), actions._insert

    def insert_second(there: Session, statement: Any, claim: Any, holder: Any, **values: Any) -> None:
        by_hand = {name: value for name, value in values.items() if name != "rows"}
        there.execute(statement, {"holder_id": uuid4(), "expires_at": None, **by_hand})
        insert(there, statement, claim, holder, **values)

    monkeypatch.setattr(actions, "_insert", insert_second)

    with refused(session, PeriodTaken):
        occupy(session, [scarce.claim], somebody())


def test_the_openings_and_hearings_of_a_resource_go_with_it(session: Session, world: World) -> None:
    resource = make_resource(session, world.site, make_kind(session, Shape.SESSIONS))
    make_hearing(session, resource)
    make_opening(session, resource, NOW, hours=1)

    session.execute(text("DELETE FROM resource WHERE id = :id"), {"id": resource.id})

    assert session.execute(text("SELECT count(*) FROM opening")).scalar() == 0
    assert session.execute(text("SELECT count(*) FROM hearing_session")).scalar() == 0


def test_a_resource_with_something_taken_cannot_be_deleted(session: Session, world: World) -> None:
    scarce = make_scarce(session, world, Shape.PLACES)
    occupy(session, [scarce.claim], somebody())

    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("DELETE FROM resource WHERE id = :id"), {"id": scarce.resource.id})
