"""A stay that goes on otherwise: what is kept is never let go, what is refused leaves all as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability.claims import PlaceClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.models import Shape
from availability.rights import Actor
from booking import events, stays
from booking.actions import accept, cancel, confirm, hold, refuse, undo_cancel
from booking.errors import AlreadyDecided, ChangedMeanwhile, TooLate
from booking.events import BedsChanged, BookingRescheduled, Event, _subscribers, subscribe
from booking.models import Booking, State
from booking.outcomes import excuse, undo_excuse
from booking.queries import history_of
from booking.stays import change_stay, swap_beds, undo_stay
from booking.waiting_follow import follow_list
from tests.booking.cycle import A_CASE
from tests.booking.queue import FIRST, UNTIL, waits
from tests.booking.town import Town, make_person, make_town, stay
from tests.conftest import Database
from tests.factories import NOW, PROFILE, close, in_days, in_minutes, make_beds, make_kind, make_resource, make_world
from tests.races import PATIENCE_S, act, at_once, refusals

LATER = NOW + timedelta(days=5)  # when a stay of a week from tomorrow has begun


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def nights(session: Session, booking: Booking) -> dict[date, int]:
    """Return the bed of each night that a booking has."""
    asked = {"id": booking.id}
    rows = session.execute(text("SELECT night, unit_id FROM bed_night WHERE holder_id = :id ORDER BY night"), asked)
    return {row.night: row.unit_id for row in rows}


def slept(bed: Any, first: int, until: int) -> dict[date, int]:
    return {in_days(day): bed.id for day in range(first, until)}


def change(session: Session, town: Town, booking: Booking, first: int, until: int, **other: Any) -> Booking:
    """Change a stay to days counted from today; nothing is left of a refusal."""
    asked = {"unit_id": None, "now": NOW, "first": in_days(first), "until": in_days(until)} | other
    with session.begin_nested():
        return change_stay(session, asked.pop("actor", town.officer), booking.id, **asked)


@pytest.fixture
def told() -> Iterator[list[Event]]:
    """What the subscribers are told."""
    events: list[Event] = []
    subscribe(listener := lambda _, event: events.append(event))
    yield events
    _subscribers.remove(listener)


def test_a_stay_is_longer_or_shorter_at_either_end_and_keeps_its_bed(
    session: Session, town: Town, told: list[Event]
) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    told.clear()

    change(session, town, booking, 2, 9)
    assert nights(session, booking) == slept(town.beds[0], 2, 9)
    change(session, town, booking, 4, 5)
    assert nights(session, booking) == slept(town.beds[0], 4, 5)
    assert (booking.first_on, booking.until_on, booking.unit_id) == (in_days(4), in_days(5), town.beds[0].id)
    assert told == [BookingRescheduled(booking_id=booking.id, at=NOW)] * 2
    line = history_of(session, town.officer, booking.id)[-1]
    assert line.act == "booking-stay-changed"
    assert (line.facts["from"]["until_on"], line.facts["to"]["until_on"]) == (
        in_days(9).isoformat(),
        in_days(5).isoformat(),
    )
    assert booking.revision == 4  # held, booked, then twice


def test_the_same_again_changes_nothing_and_another_bed_moves_no_message(
    session: Session, town: Town, told: list[Event]
) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    told.clear()
    change(session, town, booking, 3, 6)
    before = booking.revision
    change(session, town, booking, 3, 6, unit_id=town.beds[2].id)

    assert nights(session, booking) == slept(town.beds[2], 3, 6)
    assert told == [BedsChanged(booking_id=booking.id, at=NOW)]
    assert (booking.unit_id, booking.revision) == (town.beds[2].id, before + 1)


def test_nights_already_slept_stay_where_they_were_slept(session: Session, town: Town) -> None:
    booking = stay(session, town, in_days(1), in_days(8))

    change(session, town, booking, 1, 10, unit_id=town.beds[1].id, now=LATER)
    assert nights(session, booking) == slept(town.beds[0], 1, 5) | slept(town.beds[1], 5, 10)
    change(session, town, booking, 1, 5, now=LATER)
    assert nights(session, booking) == slept(town.beds[0], 1, 5)
    assert (booking.until_on, booking.unit_id) == (in_days(5), town.beds[0].id)
    for first, until, problem in ((2, 8, "stay-begun"), (1, 4, "stay-slept")):
        with pytest.raises(InvalidRequest, match=problem):
            change(session, town, booking, first, until, now=LATER)
    with pytest.raises(InvalidRequest, match="stay-over"):
        change(session, town, booking, 1, 9, now=LATER + timedelta(days=1))


def test_what_somebody_else_has_or_is_closed_is_refused_and_nothing_moved(session: Session, town: Town) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    stay(session, town, in_days(6), in_days(8))
    close(session, town.section, in_days(9), in_days(10))
    other = make_beds(session, make_resource(session, town.world.site, town.nights), "lit 9")[0]

    with pytest.raises(PeriodTaken) as taken:
        change(session, town, booking, 3, 7)
    assert (taken.value.facts["first"], taken.value.facts["unit_id"]) == (in_days(6), town.beds[0].id)
    with pytest.raises(NotOpen):
        change(session, town, booking, 3, 12, unit_id=town.beds[1].id)
    with pytest.raises(NotFound):
        change(session, town, booking, 3, 6, unit_id=other.id)  # not of this section
    with pytest.raises(InvalidRequest, match="past"):
        change(session, town, booking, -1, 6)
    assert nights(session, booking) == slept(town.beds[0], 3, 6)


def test_an_expired_hold_is_in_nobodys_way_and_closed_days_that_one_has_are_kept(session: Session, town: Town) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    stay(session, town, in_days(6), in_days(8), is_confirmed=False, now=in_minutes(-11))
    close(session, town.section, in_days(4), in_days(6))

    change(session, town, booking, 3, 8)
    assert nights(session, booking) == slept(town.beds[0], 3, 8)
    change(session, town, booking, 3, 8, unit_id=town.beds[1].id)
    assert nights(session, booking) == slept(town.beds[1], 3, 8)


def test_who_runs_the_place_changes_beds_and_not_dates(session: Session, town: Town) -> None:
    booking = stay(session, town, in_days(3), in_days(6))

    change(session, town, booking, 3, 6, unit_id=town.beds[1].id, actor=town.world.host)
    with pytest.raises(NotAllowed):
        change(session, town, booking, 3, 5, actor=town.world.host)
    with pytest.raises(NotFound):
        change(session, town, booking, 3, 6, unit_id=town.beds[2].id, actor=town.world.stranger)
    assert nights(session, booking) == slept(town.beds[1], 3, 6)


def test_a_change_is_taken_back_for_ten_minutes_even_where_days_closed_since(session: Session, town: Town) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    change(session, town, booking, 3, 5, unit_id=town.beds[1].id)
    close(session, town.section, in_days(3), in_days(6))

    with pytest.raises(AlreadyDecided):
        undo_stay(session, town.officer, booking.id, now=in_minutes(11))
    undo_stay(session, town.officer, booking.id, now=in_minutes(9))
    assert nights(session, booking) == slept(town.beds[0], 3, 6)
    assert (booking.first_on, booking.until_on, booking.unit_id) == (in_days(3), in_days(6), town.beds[0].id)
    with pytest.raises(AlreadyDecided):
        undo_stay(session, town.officer, booking.id, now=in_minutes(9))


def test_more_days_are_asked_of_a_host_who_accepts_and_the_stay_is_never_in_question(session: Session) -> None:
    town = make_town(session, host_accepts=True)
    booking = stay(session, town, in_days(3), in_days(6))
    accept(session, town.world.host, booking.id, now=NOW)

    asked = change(session, town, booking, 3, 9)
    assert asked.id != booking.id
    assert (asked.state, asked.first_on, asked.until_on, asked.unit_id) == (
        State.REQUESTED,
        in_days(6),
        in_days(9),
        booking.unit_id,
    )
    assert nights(session, booking) == slept(town.beds[0], 3, 6)
    refuse(session, town.world.host, asked.id, reason="full", now=NOW)
    assert (booking.state, nights(session, booking)) == (State.BOOKED, slept(town.beds[0], 3, 6))
    assert change(session, town, booking, 3, 5).id == booking.id  # shorter asks nobody
    assert nights(session, booking) == slept(town.beds[0], 3, 5)
    with pytest.raises(InvalidRequest, match="one-end"):
        change(session, town, booking, 2, 9)


def test_a_stay_that_somebody_changed_meanwhile_is_not_changed_by_whoever_saw_another_one(
    session: Session, town: Town
) -> None:
    booking = stay(session, town, in_days(3), in_days(6))
    other = stay(session, town, in_days(3), in_days(6), bed=1)
    seen = booking.revision
    change(session, town, booking, 3, 5, revision=seen)

    with pytest.raises(ChangedMeanwhile) as refusal:
        change(session, town, booking, 3, 9, revision=seen)
    assert [each.act for each in refusal.value.facts["changes"]] == ["booking-stay-changed"]  # type: ignore[attr-defined]
    with pytest.raises(ChangedMeanwhile), session.begin_nested():
        swap_beds(session, town.officer, other.id, booking.id, now=NOW, revisions=(other.revision, seen))
    assert nights(session, booking) == slept(town.beds[0], 3, 5)


def test_arriving_another_day_is_refused_later_than_the_latest_move_and_leaving_is_not(session: Session) -> None:
    town = make_town(session, cancel_notice_min=7 * 24 * 60)
    booking = stay(session, town, in_days(3), in_days(6))

    with pytest.raises(TooLate):
        change(session, town, booking, 4, 6)
    change(session, town, booking, 3, 5)
    assert nights(session, booking) == slept(town.beds[0], 3, 5)


def test_what_a_shorter_stay_frees_is_kept_for_the_list_and_its_undo_takes_it_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    town = make_town(session, offer_hours=24)
    waits(session, town, "26/001")
    booking = stay(session, town, in_days(1), UNTIL)
    before = nights(session, booking)
    with session.begin_nested():
        change_stay(session, town.officer, booking.id, first=in_days(1), until=FIRST, unit_id=None, now=NOW)
    kept = text("SELECT min(night) FROM bed_night WHERE unit_id = :id AND expires_at IS NOT NULL")
    assert session.execute(kept, {"id": town.beds[0].id}).scalar() == FIRST

    undo_stay(session, town.officer, booking.id, now=in_minutes(5))
    assert nights(session, booking) == before


def test_concurrent_places_count_only_the_days_added(session: Session) -> None:
    world = make_world(session)
    post = make_resource(session, world.site, make_kind(session, Shape.PLACES), capacity=1)

    def placed(first: int, until: int | None) -> Booking:
        end = in_days(until) if until else None
        claim = PlaceClaim(resource_id=post.id, first=in_days(first), until=end)
        booking = hold(session, world.officer, claim, now=NOW, beneficiary=A_CASE)
        return confirm(session, world.officer, booking.id, now=NOW)

    one, other = placed(1, 5), placed(8, None)

    def set_days(booking: Booking, first: int, until: int | None) -> None:
        end = in_days(until) if until else None
        with session.begin_nested():
            change_stay(session, world.officer, booking.id, first=in_days(first), until=end, unit_id=None, now=NOW)

    set_days(one, 1, 8)  # back to back
    with pytest.raises(CapacityReached):
        set_days(one, 1, 9)
    set_days(other, 10, None)
    set_days(one, 1, 10)
    set_days(other, 10, 12)
    set_days(one, 12, None)  # wholly elsewhere
    rows = session.execute(text("SELECT holder_id, lower(days), upper(days) FROM place_period ORDER BY 2"))
    assert [tuple(row) for row in rows] == [
        (other.id, in_days(10), in_days(12)),
        (one.id, in_days(12), None),
    ]
    with pytest.raises(InvalidRequest, match="not-for-this-shape"):
        change_stay(session, world.officer, one.id, first=in_days(12), until=None, unit_id=1, now=NOW)


def test_two_exchange_their_beds_from_the_first_night_that_both_have(session: Session, town: Town) -> None:
    one = stay(session, town, in_days(1), in_days(9))
    other = stay(session, town, in_days(3), in_days(6), bed=1, case_ref="24/00777")

    swap_beds(session, town.officer, one.id, other.id, now=NOW)
    first, second = town.beds[0], town.beds[1]
    assert nights(session, one) == slept(first, 1, 3) | slept(second, 3, 9)
    assert nights(session, other) == slept(first, 3, 6)
    assert (one.unit_id, other.unit_id) == (second.id, first.id)
    assert history_of(session, town.officer, one.id)[-1].facts["with"] == str(other.id)
    undo_stay(session, town.officer, other.id, now=in_minutes(5))
    assert (nights(session, one), nights(session, other)) == (slept(first, 1, 9), slept(second, 3, 6))


def test_what_changed_bed_and_is_given_back_is_taken_back_bed_by_bed(session: Session, town: Town) -> None:
    one = stay(session, town, in_days(1), in_days(9))
    other = stay(session, town, in_days(3), in_days(6), bed=1)
    swap_beds(session, town.officer, one.id, other.id, now=NOW)
    before = nights(session, one)

    cancel(session, town.officer, one.id, now=NOW)
    stay(session, town, in_days(6), in_days(9))
    undo_cancel(session, town.officer, one.id, now=in_minutes(5))
    assert nights(session, one) == before


def test_an_exchange_needs_a_common_night_the_rest_free_and_a_section_that_suits(session: Session) -> None:
    town = make_town(session, searchable=PROFILE)
    one = stay(session, town, in_days(1), in_days(9))
    other = stay(session, town, in_days(3), in_days(6), bed=1)
    after = stay(session, town, in_days(6), in_days(12), bed=1)
    women = make_resource(session, town.world.site, town.nights, attributes={"sex": "F"}, name="Section femmes")
    (her_bed,) = make_beds(session, women, "lit 20")
    town.section.attributes = {"sex": "M"}
    session.flush()
    hers = stay(session, Town(town.world, town.nights, town.posts, women, [her_bed], town.post), in_days(1), in_days(9))

    def swap(actor: Actor, one_id: UUID, other_id: UUID) -> None:
        with session.begin_nested():
            swap_beds(session, actor, one_id, other_id, now=NOW)

    with pytest.raises(PeriodTaken):
        swap(town.officer, one.id, other.id)  # the bed of the other is somebody's once they leave
    with pytest.raises(InvalidRequest, match="no-common-night"):
        swap(town.officer, other.id, after.id)
    with pytest.raises(InvalidRequest, match="unfit-section"):
        swap(town.officer, one.id, hers.id)
    with pytest.raises(NotAllowed):
        swap(town.world.host, one.id, hers.id)
    with pytest.raises(InvalidRequest, match="same-booking"):
        swap(town.officer, one.id, one.id)
    with pytest.raises(NotFound):
        swap(town.world.stranger, one.id, other.id)
    person = make_person(session, town.world.here)
    him = stay(session, town, in_days(1), in_days(4), bed=2, person=person)
    swap(town.world.host, one.id, him.id)
    assert nights(session, him) == slept(town.beds[0], 1, 4)
    assert nights(session, one) == slept(town.beds[2], 1, 9)


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(1, 6), st.integers(0, 2), st.booleans()), max_size=8
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_changes_and_exchanges_leaves_each_stay_whole(
    session: Session, steps: list[tuple[int, int, int, int, bool]]
) -> None:
    with session.begin_nested() as savepoint:
        town = make_town(session)
        made = [stay(session, town, in_days(3 * at), in_days(3 * at + 2), bed=at % 3) for at in range(4)]
        for number, first, length, bed, swaps in steps:
            before = {one.id: nights(session, one) for one in made}
            try:
                with session.begin_nested():
                    if swaps:
                        swap_beds(session, town.officer, made[number].id, made[bed].id, now=NOW)
                    else:
                        change(session, town, made[number], first, first + length, unit_id=town.beds[bed].id)
            except (PeriodTaken, InvalidRequest):
                for one in made:
                    session.refresh(one)
                assert {one.id: nights(session, one) for one in made} == before
        for one in made:
            has = list(nights(session, one))
            assert (has[0], has[-1] + timedelta(days=1)) == (one.first_on, one.until_on)
            assert all(later - sooner == timedelta(days=1) for sooner, later in pairwise(has))
            assert nights(session, one)[has[-1]] == one.unit_id
        savepoint.rollback()


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The engine of a database that races commit to."""
    return database.engine


def test_exchanges_changes_and_arrivals_at_once_leave_every_stay_whole_and_never_a_deadlock(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        town = make_town(session)
        make_beds(session, town.section, *(f"lit {number}" for number in range(20, 23)))
        made = [stay(session, town, in_days(1), in_days(9), bed=bed) for bed in range(3)]
    one, other, third = (each.id for each in made)

    for turn in range(4):
        answers = at_once(
            [
                partial(act, engine, swap_beds, town.officer, one, other, now=NOW),
                partial(act, engine, swap_beds, town.officer, other, third, now=NOW),
                partial(act, engine, swap_beds, town.world.host, third, one, now=NOW),
                *(
                    partial(
                        act,
                        engine,
                        change_stay,
                        town.officer,
                        one,
                        first=in_days(1),
                        until=in_days(9 + turn + more),
                        unit_id=None,
                        now=NOW,
                    )
                    for more in range(2)
                ),
            ]
        )
        assert refusals(answers) == []
    with Session(engine) as session:
        beds = {frozenset(nights(session, each).values()) for each in made}
        assert len(set().union(*beds)) == 3
        assert {len(nights(session, each)) for each in made[1:]} == {8}


def test_control_locked_in_the_order_given_exchanges_stop_each_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        town = make_town(session)
        one, other = (stay(session, town, in_days(1), in_days(9), bed=bed).id for bed in range(2))
    met = Barrier(2, timeout=PATIENCE_S)
    locked = stays._locked

    def lock_as_given(session: Session, actor: Actor, booking_id: UUID, revision: int | None) -> object:
        found = locked(session, actor, booking_id, revision)
        if not session.info.setdefault("met", False):
            session.info["met"] = True
            met.wait()
        return found

    monkeypatch.setattr(stays, "sorted", list, raising=False)
    monkeypatch.setattr(stays, "_locked", lock_as_given)

    with pytest.raises(OperationalError, match="deadlock"):
        at_once(
            [
                partial(act, engine, swap_beds, town.officer, one, other, now=NOW),
                partial(act, engine, swap_beds, town.officer, other, one, now=NOW),
            ]
        )


def test_of_many_who_extend_into_the_same_nights_one_does(engine: Engine) -> None:
    with Session(engine, expire_on_commit=False) as session, session.begin():
        town = make_town(session)
        made = [stay(session, town, in_days(1), in_days(3), bed=0)]
        made += [stay(session, town, in_days(4 + 2 * more), in_days(5 + 2 * more), bed=1) for more in range(5)]
    wanted = {"first": in_days(20), "until": in_days(25), "unit_id": town.beds[2].id, "now": NOW}

    answers = at_once([partial(act, engine, change_stay, town.officer, each.id, **wanted) for each in made])  # type: ignore[arg-type]

    assert refusals(answers) == [PeriodTaken] * 5
    with Session(engine) as session:
        assert sum(len(nights(session, each)) == 5 for each in made) == 1


@pytest.mark.parametrize(("give_back", "take_back"), [(cancel, undo_cancel), (excuse, undo_excuse)])
def test_a_stay_that_went_to_another_section_is_given_back_and_taken_back_bed_by_bed(
    session: Session, monkeypatch: pytest.MonkeyPatch, give_back: Any, take_back: Any
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    town = make_town(session)
    other_section = make_resource(session, town.world.site, town.nights)
    (bed,) = make_beds(session, other_section, "lit 20")
    away = Town(town.world, town.nights, town.posts, other_section, [bed], town.post)
    one, other = stay(session, town, in_days(1), in_days(9)), stay(session, away, in_days(1), in_days(9))
    swap_beds(session, town.officer, one.id, other.id, now=LATER)
    assert (one.resource_id, other.resource_id) == (other_section.id, town.section.id)
    waits(session, town, "26/001", first=in_days(1), until=in_days(9), days=1)
    had = nights(session, one)

    give_back(session, town.officer, one.id, now=LATER)
    assert nights(session, one) == {}
    take_back(session, town.officer, one.id, now=LATER)

    assert had == slept(town.beds[0], 1, 5) | slept(bed, 5, 9)
    assert nights(session, one) == had
