"""The latest cancellation of a kind: until when what is booked can be given back or moved, and whom it binds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.claims import NightsClaim, SlotClaim
from availability.models import Resource, Shape
from booking.actions import cancel, confirm, hold, lapse, refuse, undo_cancel
from booking.errors import TooLate
from booking.models import Booking, State
from booking.moving import move
from booking.notice import latest
from booking.outcomes import excuse
from tests.booking.cycle import A_CASE
from tests.factories import (
    NOW,
    World,
    in_days,
    make_beds,
    make_kind,
    make_opening,
    make_resource,
    make_world,
)

A_DAY = 24 * 60
NINE = NOW + timedelta(days=3)
TEN = NINE + timedelta(hours=1)
LAST = NINE - timedelta(days=1)
AFTER = LAST + timedelta(microseconds=1)
PARIS = ZoneInfo("Europe/Paris")


def make_agent(session: Session, world: World, **kind: object) -> Resource:
    """Return an agent open three hours that day, an hour a slot, given back a day before at the latest."""
    rules = {"slot_step_min": 60, "slot_duration_min": 60, "cancel_notice_min": A_DAY} | kind
    agent = make_resource(session, world.site, make_kind(session, Shape.SLOTS, **rules), capacity=1)
    make_opening(session, agent, NINE, hours=3)
    return agent


def booked(session: Session, world: World, agent: Resource, start: datetime = NINE) -> Booking:
    """Return an appointment."""
    claim = SlotClaim(resource_id=agent.id, start=start)
    return confirm(session, world.officer, hold(session, world.officer, claim, now=NOW, beneficiary=A_CASE).id, now=NOW)


def test_what_begins_by_the_day_begins_at_midnight_there_on_the_day_that_clocks_change_too() -> None:
    reunion = ZoneInfo("Indian/Reunion")

    assert latest(0, PARIS, starts_at=NINE) is None
    assert latest(60, PARIS, starts_at=NINE) == NINE - timedelta(hours=1)
    assert latest(60, PARIS, first_on=in_days(1)) == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert latest(60, reunion, first_on=in_days(1)) == datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
    assert latest(A_DAY, PARIS, first_on=datetime(2026, 3, 30).date()) == datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # noqa: DTZ001


def test_an_appointment_is_given_back_at_the_last_instant_and_not_after(session: Session) -> None:
    world = make_world(session)
    agent = make_agent(session, world)
    one, other = booked(session, world, agent), booked(session, world, agent, TEN)

    with pytest.raises(TooLate) as refused:
        cancel(session, world.officer, one.id, now=AFTER)
    assert cancel(session, world.officer, other.id, now=LAST + timedelta(hours=1)).state == State.CANCELLED
    assert cancel(session, world.officer, one.id, now=LAST).state == State.CANCELLED

    assert refused.value.facts["latest"] == LAST
    assert refused.value.facts["minutes"] == A_DAY


def test_a_bed_is_given_back_until_so_long_before_midnight_there(session: Session) -> None:
    world = make_world(session)
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS, cancel_notice_min=120))
    make_beds(session, section, "1")
    claim = NightsClaim(resource_id=section.id, first=in_days(1), until=in_days(3))
    booking = confirm(
        session, world.officer, hold(session, world.officer, claim, now=NOW, beneficiary=A_CASE).id, now=NOW
    )
    ten_in_the_evening = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)

    with pytest.raises(TooLate):
        cancel(session, world.officer, booking.id, now=ten_in_the_evening + timedelta(seconds=1))
    assert cancel(session, world.officer, booking.id, now=ten_in_the_evening).state == State.CANCELLED


def test_too_late_to_be_moved_it_is_excused_and_its_place_is_free(session: Session) -> None:
    world = make_world(session)
    agent = make_agent(session, world)
    booking = booked(session, world, agent)

    with pytest.raises(TooLate):
        move(session, world.officer, booking.id, SlotClaim(resource_id=agent.id, start=TEN), now=AFTER)

    assert excuse(session, world.officer, booking.id, now=AFTER).state == State.EXCUSED
    assert booked(session, world, agent).state == State.BOOKED


def test_what_is_held_or_asked_for_is_given_up_at_any_time(session: Session) -> None:
    world = make_world(session)
    agent = make_agent(session, world, host_accepts=True)
    held = hold(session, world.officer, SlotClaim(resource_id=agent.id, start=NINE), now=AFTER)
    asked = booked(session, world, agent, TEN)

    assert cancel(session, world.officer, held.id, now=AFTER).state == State.CANCELLED
    assert cancel(session, world.officer, asked.id, now=TEN - timedelta(minutes=1)).state == State.CANCELLED


def test_hosts_and_the_clock_and_whoever_acts_for_the_place_are_not_bound(session: Session) -> None:
    world = make_world(session)
    agent = make_agent(session, world)
    by_request = make_agent(session, world, host_accepts=True)
    asked, silent = booked(session, world, by_request), booked(session, world, by_request, TEN)
    called_off = booked(session, world, agent)

    assert refuse(session, world.host, asked.id, reason="full", now=AFTER).state == State.REFUSED
    assert lapse(session, silent.id, now=NINE + timedelta(days=20))
    assert cancel(session, world.officer, called_off.id, now=AFTER, for_the_place=True).state == State.CANCELLED


def test_what_was_just_moved_is_moved_back_although_it_begins_soon_and_nowhere_else(session: Session) -> None:
    world = make_world(session)
    agent = make_agent(session, world)
    soon = NOW + timedelta(hours=2)
    make_opening(session, agent, soon, hours=2)
    booking = booked(session, world, agent)
    there, back, elsewhere = (SlotClaim(resource_id=agent.id, start=start) for start in (soon, NINE, TEN))
    move(session, world.officer, booking.id, there, now=NOW)

    with pytest.raises(TooLate):
        move(session, world.officer, booking.id, elsewhere, now=NOW + timedelta(minutes=1))
    with pytest.raises(TooLate):
        move(session, world.officer, booking.id, back, now=NOW + timedelta(minutes=11))
    assert move(session, world.officer, booking.id, back, now=NOW + timedelta(minutes=1)).starts_at == NINE
    assert move(session, world.officer, booking.id, there, now=NOW + timedelta(minutes=2)).starts_at == soon
    with pytest.raises(TooLate):
        cancel(session, world.officer, booking.id, now=NOW + timedelta(minutes=3))


def test_what_was_given_back_in_time_is_taken_back_after_it(session: Session) -> None:
    world = make_world(session)
    booking = booked(session, world, make_agent(session, world))
    cancel(session, world.officer, booking.id, now=LAST)

    assert undo_cancel(session, world.officer, booking.id, now=AFTER).state == State.BOOKED
