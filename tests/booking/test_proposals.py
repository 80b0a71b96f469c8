"""Other dates proposed by a host: both held until the answer, taken in one transaction, freed by whatever ends them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import KindQuota, Resource, Shape
from availability.rights import Role
from booking import events
from booking.actions import Beneficiary, accept, cancel, confirm, hold, lapse, refuse
from booking.errors import AlreadyDecided, HoldExpired, QuotaReached
from booking.freed import beyond
from booking.host_requests import may_undo, tell_hosts, undo_answer
from booking.hosting import proposals_to_answer
from booking.hosting_models import HostProposal, ProposalState
from booking.meanwhile import changes_since
from booking.models import Booking, State
from booking.proposals import (
    MOST_ROUNDS,
    OtherDates,
    ProposalOver,
    accept_proposal,
    decline_proposal,
    open_proposal,
    propose,
    withdraw_proposal,
)
from tests.conftest import Database
from tests.factories import (
    NOW,
    World,
    close,
    in_days,
    make_actor,
    make_beds,
    make_host,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_world,
)
from tests.races import act, at_once, refusals

A_CASE = Beneficiary(case_ref="RG 26/00001")
NINE = NOW + timedelta(days=8)  # 10:00 in Paris
SOON = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests followed, as in the application."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(tell_hosts)


def asked(session: Session, world: World, claim: Any, *, now: datetime = NOW) -> Booking:
    """Return what was asked of the host."""
    held = hold(session, world.officer, claim, now=now, beneficiary=A_CASE)
    return confirm(session, world.officer, held.id, now=now)


def post(session: Session, world: World, *, capacity: int = 1, request_days: int = 7) -> Resource:
    kind = make_kind(session, Shape.PLACES, host_accepts=True, request_days=request_days)
    return make_resource(session, world.site, kind, capacity=capacity)


def section(session: Session, world: World, *beds: str) -> Resource:
    kind = make_kind(session, Shape.NIGHTS, host_accepts=True)
    place = make_resource(session, world.site, kind)
    make_beds(session, place, *beds)
    return place


def mediator(session: Session, world: World, **columns: Any) -> Resource:
    rules = {"slot_step_min": 15, "slot_duration_min": 45} | columns
    kind = make_kind(session, Shape.SLOTS, host_accepts=True, **rules)
    place = make_resource(session, world.site, kind, capacity=1)
    make_opening(session, place, NINE, hours=3)
    return place


def days(place: Resource, first: int, until: int | None) -> PlaceClaim:
    return PlaceClaim(resource_id=place.id, first=in_days(first), until=None if until is None else in_days(until))


def nights(place: Resource, first: int, until: int) -> NightsClaim:
    return NightsClaim(resource_id=place.id, first=in_days(first), until=in_days(until))


def refused(session: Session, act: Callable[[], object]) -> type[Refusal] | None:
    """Return why an act is refused, once what it had begun is rolled back."""
    moment = session.begin_nested()
    try:
        act()
    except Refusal as refusal:
        moment.rollback()
        return type(refusal)
    moment.commit()
    return None


def held_by(session: Session, holder: Any) -> int:
    """Return how many rows of occupancy this holder has."""
    tables = ("bed_night", "place_period", "seat_time", "session_case")
    counts = (text(f"SELECT count(*) FROM {table} WHERE holder_id = :id") for table in tables)  # noqa: S608
    return sum(session.execute(count, {"id": holder}).scalar_one() for count in counts)


# Both are held


def test_what_is_asked_and_what_is_proposed_are_both_held_and_nothing_more(session: Session, world: World) -> None:
    place = post(session, world, capacity=1)
    booking = asked(session, world, days(place, 10, 20))

    propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)

    assert refused(session, lambda: hold(session, world.officer, days(place, 12, 13), now=SOON)) is CapacityReached
    assert refused(session, lambda: hold(session, world.officer, days(place, 22, 23), now=SOON)) is CapacityReached
    assert hold(session, world.officer, days(place, 25, 30), now=SOON).state == State.HELD
    assert hold(session, world.officer, days(place, 5, 10), now=SOON).state == State.HELD


def test_dates_are_proposed_to_those_who_reserve_the_kind_and_to_no_other_role_of_the_court(
    session: Session, world: World
) -> None:
    booking = asked(session, world, days(post(session, world), 10, 20))
    propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)
    judge = make_actor(Role.FAMILY_JUDGE, world.here)

    assert [one.id for one in proposals_to_answer(session, world.officer, now=SOON)] == [booking.id]
    assert proposals_to_answer(session, judge, now=SOON) == []


def test_accepting_moves_and_books_in_one_act_and_frees_the_dates_first_asked(session: Session, world: World) -> None:
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    made = propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)

    accept_proposal(session, world.officer, booking.id, made.id, now=SOON)

    assert (booking.state, booking.first_on, booking.until_on) == (State.BOOKED, in_days(15), in_days(25))
    assert booking.expires_at is None
    assert (held_by(session, booking.id), held_by(session, made.id)) == (1, 0)
    assert hold(session, world.officer, days(place, 10, 15), now=SOON).state == State.HELD
    again = accept_proposal(session, world.officer, booking.id, made.id, now=SOON)
    assert again.state == State.BOOKED  # twice is once


@pytest.mark.parametrize(
    ("first", "until", "more"), [(12, 18, 0), (8, 14, 2), (16, 24, 4), (5, 25, 10), (30, 33, 3)]
)  # within, before, after, around, apart
def test_nights_on_the_same_bed_are_held_once_each(
    session: Session, world: World, first: int, until: int, more: int
) -> None:
    place = section(session, world, "A")
    booking = asked(session, world, nights(place, 10, 20))

    dates = OtherDates(first=in_days(first), until=in_days(until))
    made = propose(session, world.host, booking.id, dates, now=SOON)

    assert (held_by(session, booking.id), held_by(session, made.id)) == (10, more)
    accept_proposal(session, world.officer, booking.id, made.id, now=SOON)
    assert (held_by(session, booking.id), held_by(session, made.id)) == (until - first, 0)


def test_another_bed_is_proposed_when_the_same_one_is_not_free(session: Session, world: World) -> None:
    place = section(session, world, "A", "B")
    booking = asked(session, world, nights(place, 10, 12))
    taken = NightsClaim(resource_id=place.id, first=in_days(12), until=in_days(14), unit_id=booking.unit_id)
    asked(session, world, taken)

    made = propose(session, world.host, booking.id, OtherDates(first=in_days(11), until=in_days(14)), now=SOON)

    assert made.unit_id not in (None, booking.unit_id)
    assert held_by(session, made.id) == 3
    accept_proposal(session, world.officer, booking.id, made.id, now=SOON)
    assert booking.unit_id == made.unit_id


def test_an_hour_that_overlaps_the_one_asked_is_held_around_it(session: Session, world: World) -> None:
    place = mediator(session, world)
    booking = asked(session, world, SlotClaim(resource_id=place.id, start=NINE))
    made = propose(session, world.host, booking.id, OtherDates(start=NINE + timedelta(minutes=15)), now=SOON)

    next_one = SlotClaim(resource_id=place.id, start=NINE + timedelta(minutes=45))
    assert refused(session, lambda: hold(session, world.officer, next_one, now=SOON)) is PeriodTaken
    accept_proposal(session, world.officer, booking.id, made.id, now=SOON)

    assert booking.starts_at == NINE + timedelta(minutes=15)
    assert booking.ends_at == NINE + timedelta(hours=1)
    assert hold(session, world.officer, SlotClaim(resource_id=place.id, start=NINE + timedelta(hours=1)), now=SOON)


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 12)] * 4), st.booleans(), st.booleans())
def test_the_days_beyond_and_those_had_make_each_day_once(
    numbers: tuple[int, ...], is_open: bool, had_is_open: bool
) -> None:
    first, length, had_first, had_length = numbers
    until = None if is_open else in_days(first + length + 1)
    had_until = None if had_is_open else in_days(had_first + had_length + 1)

    parts = list(beyond(in_days(first), until, (in_days(had_first), had_until)))

    for day in map(in_days, range(40)):
        wanted = _within(day, in_days(first), until) and not _within(day, in_days(had_first), had_until)
        assert sum(_within(day, *part) for part in parts) == wanted
    assert all(end is None or start < end for start, end in parts)


def _within(day: date, first: date, until: date | None) -> bool:
    return first <= day and (until is None or day < until)


# What ends it


@pytest.mark.parametrize("how", ["accept", "refuse", "cancel", "lapse", "withdraw", "decline", "replace"])
def test_whatever_ends_a_proposal_frees_all_that_it_held(session: Session, world: World, how: str) -> None:
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    made = propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)
    later = booking.expires_at or NOW
    other = OtherDates(first=in_days(40), until=in_days(50))

    {
        "accept": lambda: accept(session, world.host, booking.id, now=SOON),
        "refuse": lambda: refuse(session, world.host, booking.id, reason="full", now=SOON),
        "cancel": lambda: cancel(session, world.officer, booking.id, now=SOON),
        "lapse": lambda: lapse(session, booking.id, now=later),
        "withdraw": lambda: withdraw_proposal(session, world.host, booking.id, now=SOON),
        "decline": lambda: decline_proposal(session, world.officer, booking.id, made.id, now=SOON),
        "replace": lambda: propose(session, world.host, booking.id, other, now=SOON),
    }[how]()

    session.refresh(made)
    assert made.state != ProposalState.OPEN
    assert held_by(session, made.id) == 0
    assert hold(session, world.officer, days(place, 20, 25), now=SOON).state == State.HELD
    accepted = refused(session, lambda: accept_proposal(session, world.officer, booking.id, made.id, now=SOON))
    assert accepted in (ProposalOver, AlreadyDecided, HoldExpired)


def test_whoever_is_proposed_dates_at_the_last_hour_has_two_days_to_answer(session: Session, world: World) -> None:
    place = post(session, world, request_days=7)
    booking = asked(session, world, days(place, 20, 30))
    last_hour = NOW + timedelta(days=7, hours=-1)

    made = propose(session, world.host, booking.id, OtherDates(first=in_days(21), until=in_days(35)), now=last_hour)

    assert booking.expires_at == last_hour + timedelta(days=2)
    at_its_old_end = NOW + timedelta(days=7, minutes=1)
    assert (
        refused(session, lambda: hold(session, world.officer, days(place, 20, 21), now=at_its_old_end))
        is CapacityReached
    )
    accept_proposal(session, world.officer, booking.id, made.id, now=last_hour + timedelta(days=1))
    assert booking.state == State.BOOKED


def test_a_declined_proposal_leaves_the_request_waiting_and_another_may_follow(session: Session, world: World) -> None:
    booking = asked(session, world, days(post(session, world), 10, 20))
    first = propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)
    decline_proposal(session, world.officer, booking.id, first.id, now=SOON)

    assert booking.state == State.REQUESTED
    second = propose(session, world.host, booking.id, OtherDates(first=in_days(11), until=None), now=SOON)
    assert open_proposal(session, booking.id) == second
    same = propose(session, world.host, booking.id, OtherDates(first=in_days(11), until=None), now=SOON)
    assert same.id == second.id
    assert refused(session, lambda: decline_proposal(session, world.host, booking.id, second.id, now=SOON)) is NotFound


# What is refused


def test_dates_that_are_not_free_closed_past_the_same_or_for_another_host_are_refused(
    session: Session, world: World
) -> None:
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    asked(session, world, days(place, 30, 40))
    close(session, place, in_days(50), in_days(60))

    def proposing(first: int, until: int | None) -> Any:
        dates = OtherDates(first=in_days(first), until=None if until is None else in_days(until))
        return refused(session, lambda: propose(session, world.host, booking.id, dates, now=SOON))

    assert proposing(15, 35) is CapacityReached
    assert proposing(52, 70) is NotOpen
    assert proposing(-1, 5) is InvalidRequest
    assert proposing(10, 20) is InvalidRequest
    assert proposing(20, 12) is InvalidRequest
    stranger = make_host(make_site(session, world.here).organisation_id, world.here)
    dates = OtherDates(first=in_days(60), until=None)
    assert refused(session, lambda: propose(session, stranger, booking.id, dates, now=SOON)) is NotFound
    assert (
        refused(session, lambda: propose(session, world.host, booking.id, dates, now=NOW + timedelta(days=7)))
        is HoldExpired
    )
    assert open_proposal(session, booking.id) is None


def test_a_proposal_whose_dates_began_meanwhile_is_refused_and_the_request_still_waits(
    session: Session, world: World
) -> None:
    booking = asked(session, world, days(post(session, world), 10, 20))
    made = propose(session, world.host, booking.id, OtherDates(first=in_days(1), until=in_days(9)), now=SOON)

    late = NOW + timedelta(days=2)
    assert (
        refused(session, lambda: accept_proposal(session, world.officer, booking.id, made.id, now=late))
        is InvalidRequest
    )
    assert booking.state == State.REQUESTED


def test_there_is_an_end_to_proposals(session: Session, world: World) -> None:
    booking = asked(session, world, days(post(session, world), 10, 20))
    for number in range(MOST_ROUNDS):
        propose(session, world.host, booking.id, OtherDates(first=in_days(21 + number)), now=SOON)

    assert refused(
        session, lambda: propose(session, world.host, booking.id, OtherDates(first=in_days(40)), now=SOON)
    ) is (InvalidRequest)


# Taking an answer back


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_an_answer_is_taken_back_within_ten_minutes_and_the_request_waits_as_before(
    session: Session, world: World, answer: str
) -> None:
    booking = asked(session, world, days(post(session, world), 10, 20))
    until = booking.expires_at
    if answer == "accept":
        accept(session, world.host, booking.id, now=SOON)
    else:
        refuse(session, world.host, booking.id, reason="full", now=SOON)

    undo_answer(session, world.host, booking.id, now=SOON + timedelta(minutes=9))

    assert (booking.state, booking.expires_at) == (State.REQUESTED, until)
    assert held_by(session, booking.id) == 1
    assert until is not None
    refuse(session, world.host, booking.id, reason="full", now=until - timedelta(minutes=1))
    undo_answer(session, world.host, booking.id, now=until - timedelta(seconds=1))
    assert booking.expires_at == until  # as often as one likes
    accept(session, world.host, booking.id, now=until - timedelta(seconds=1))
    assert refused(session, lambda: undo_answer(session, world.host, booking.id, now=until)) is HoldExpired
    assert booking.state == State.BOOKED


def test_an_answer_is_not_taken_back_later_nor_a_refusal_whose_place_is_gone_nor_an_agreement(
    session: Session, world: World
) -> None:
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    refuse(session, world.host, booking.id, reason="full", now=SOON)
    assert not may_undo(session, booking.id, State.REFUSED, now=SOON + timedelta(minutes=10))
    hold(session, world.officer, days(place, 10, 11), now=SOON)
    assert refused(session, lambda: undo_answer(session, world.host, booking.id, now=SOON)) is CapacityReached

    agreed = asked(session, world, days(place, 30, 40))
    made = propose(session, world.host, agreed.id, OtherDates(first=in_days(50)), now=SOON)
    accept_proposal(session, world.officer, agreed.id, made.id, now=SOON)
    assert refused(session, lambda: undo_answer(session, world.host, agreed.id, now=SOON)) is AlreadyDecided


def test_a_refusal_taken_back_counts_in_the_quota_as_any_place_taken_back(session: Session, world: World) -> None:
    place = post(session, world, capacity=2)
    session.add(KindQuota(kind_id=place.kind_id, per="year", most=1))
    session.flush()
    booking = asked(session, world, days(place, 10, 20))
    refuse(session, world.host, booking.id, reason="dates", now=SOON)
    asked(session, world, days(place, 10, 20), now=SOON)

    assert refused(session, lambda: undo_answer(session, world.host, booking.id, now=SOON)) is QuotaReached
    assert held_by(session, booking.id) == 0


def test_dates_agreed_on_are_another_period_for_all_who_follow_it(session: Session, world: World) -> None:
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    made = propose(session, world.host, booking.id, OtherDates(first=in_days(30), until=in_days(40)), now=SOON)
    heard: list[events.Event] = []
    events.subscribe(lambda _, event: heard.append(event))

    accept_proposal(session, world.officer, booking.id, made.id, now=SOON)

    assert events.BookingRescheduled(booking_id=booking.id, at=SOON) in heard


def test_each_step_of_a_proposal_is_one_revision_and_one_line(session: Session, world: World) -> None:
    booking = asked(session, world, days(post(session, world, request_days=1), 10, 20))
    seen = booking.revision
    steps: list[Callable[[], object]] = [
        lambda: propose(session, world.host, booking.id, OtherDates(first=in_days(30), until=in_days(40)), now=SOON),
        lambda: withdraw_proposal(session, world.host, booking.id, now=SOON),
        lambda: propose(session, world.host, booking.id, OtherDates(first=in_days(50), until=in_days(60)), now=SOON),
    ]
    for step in steps:
        step()

    assert booking.revision == seen + len(steps)
    told = [one.act for one in changes_since(session, world.officer, booking, seen)]
    assert told == ["proposal-made", "proposal-withdrawn", "proposal-made"]


# Several at once


def _proposed(session: Session) -> tuple[World, Booking, HostProposal, Resource]:
    world = make_world(session)
    place = post(session, world)
    booking = asked(session, world, days(place, 10, 20))
    made = propose(session, world.host, booking.id, OtherDates(first=in_days(15), until=in_days(25)), now=SOON)
    return world, booking, made, place


def test_agreeing_accepting_refusing_and_taking_the_freed_dates_at_once_leave_one_truth(database: Database) -> None:
    world, booking, made, place = act(database.engine, _proposed)

    def agree() -> str:
        return act(database.engine, accept_proposal, world.officer, booking.id, made.id, now=SOON).state

    def say_no() -> str:
        return act(database.engine, refuse, world.host, booking.id, reason="full", now=SOON).state

    def say_yes() -> str:
        return act(database.engine, accept, world.host, booking.id, now=SOON).state

    def take() -> str:
        return act(database.engine, hold, world.officer, days(place, 10, 25), now=SOON).state

    answers = at_once([agree, say_no, say_yes, take] * 4)

    with Session(database.engine) as session:
        now_is = session.get_one(Booking, booking.id)
        proposal = session.get_one(HostProposal, made.id)
        rows = session.execute(text("SELECT holder_id FROM place_period")).scalars().all()
        agreed, refused_it = proposal.state == ProposalState.ACCEPTED, now_is.state == State.REFUSED
        assert now_is.state in (State.BOOKED, State.REFUSED)
        assert (now_is.first_on == in_days(15)) == agreed
        assert (booking.id in rows) == (not refused_it)
        assert made.id not in rows
        assert len(rows) <= 1
    assert set(refusals(answers)) <= {AlreadyDecided, ProposalOver, CapacityReached}
