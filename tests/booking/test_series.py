"""Series taken at once: all of it or none, conflicts with what else would do, given back and taken back together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from availability.claims import Claim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, PeriodTaken
from availability.models import Kind, Resource, Shape
from availability.rights import Actor
from booking import events
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.errors import AlreadyDecided
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import excuse, note_as_host, note_outcome, undo_as_host
from booking.reasons import Reason
from booking.series import (
    SeriesConflicts,
    cancel_rest,
    create_series,
    extend_series,
    keep_within,
    other_starts,
    preview_series,
    undo_cancel_rest,
)
from booking.series_models import Series
from booking.series_plan import SeriesOrder
from booking.series_queries import count_late_series, series_for, series_list, series_of
from booking.series_rules import Measure, Standing
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    make_kind,
    make_resource,
    make_rule,
    make_site,
    make_world,
)
from tests.races import act, at_once, refusals

A_CASE = Beneficiary(case_ref="RG 26/00123")
FIRST_SATURDAY = date(2026, 3, 7)
SATURDAYS = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA"
MONDAYS = "FREQ=WEEKLY;BYDAY=MO"


def make_room(session: Session, world: World, **kind_columns: Any) -> Resource:
    """Return a room for one visit at a time, on Saturdays from 14:00 to 18:00; its openings are not published yet."""
    kind = make_kind(
        session, Shape.SLOTS, slot_step_min=60, slot_duration_min=60, ignores_weekends=True, **kind_columns
    )
    room = make_resource(session, world.site, kind, capacity=1)
    make_rule(session, room, 5, "14:00", "18:00")
    return room


def make_post(session: Session, world: World, *, capacity: int = 1, **kind_columns: Any) -> Resource:
    """Return a post of community work."""
    kind = make_kind(session, Shape.PLACES, **kind_columns)
    return make_resource(session, world.site, kind, capacity=capacity)


def visits(room: Resource, count: int = 4, **columns: Any) -> SeriesOrder:
    """Return the order of so many visits, every second Saturday at two."""
    wanted: dict[str, Any] = {"rrule": SATURDAYS, "at": time(14), "begins_on": FIRST_SATURDAY, "total": count}
    whom = {"beneficiary": A_CASE, "measure": Measure.VISITS}
    return SeriesOrder(resource_id=room.id, **wanted | whom | columns)


def hours(post: Resource, count: int = 35, **columns: Any) -> SeriesOrder:
    """Return the order of so many hours, seven each Monday."""
    wanted: dict[str, Any] = {
        "rrule": MONDAYS,
        "begins_on": in_days(7),
        "total": count * 60,
        "decided_on": date(2026, 2, 1),
    }
    return SeriesOrder(resource_id=post.id, beneficiary=A_CASE, measure=Measure.MINUTES, **wanted | columns)


def two_o_clock(number: int) -> datetime:
    """Return when a visit of the series begins, in UTC: the clocks change on 29 March."""
    day = FIRST_SATURDAY + timedelta(days=14 * (number - 1))
    return datetime(day.year, day.month, day.day, 13 if day < date(2026, 3, 29) else 12, tzinfo=UTC)


def bookings_of(session: Session, series: Series) -> list[Booking]:
    """Return the bookings of a series, by date."""
    return list(
        session.exec(select(Booking).where(col(Booking.series_id) == series.id).order_by(col(Booking.starts_at)))
    )


def test_ten_visits_every_second_saturday_are_taken_at_once_further_than_openings_were_published(
    session: Session, world: World
) -> None:
    room = make_room(session, world)

    series = create_series(session, world.officer, visits(room, 10), now=NOW)

    taken = bookings_of(session, series)
    assert [one.starts_at for one in taken] == [two_o_clock(number) for number in range(1, 11)]
    assert {one.state for one in taken} == {State.BOOKED}
    acts = session.execute(text("SELECT act, subject FROM history ORDER BY id")).all()
    assert [line for line in acts if line.subject == "series"] == [("series-created", "series")]
    assert sum(1 for line in acts if line.act == "booking-booked") == 10


def test_a_visit_that_is_taken_stops_all_and_says_what_else_would_do_in_its_order(
    session: Session, world: World
) -> None:
    room = make_room(session, world)
    create_series(session, world.officer, visits(room, 1, begins_on=date(2026, 3, 21)), now=NOW)

    with pytest.raises(SeriesConflicts) as refusal, session.begin_nested():
        create_series(session, world.officer, visits(room), now=NOW)

    (conflict,) = refusal.value.facts["conflicts"]
    near = [one.start for one in conflict.instead if one.resource_id == room.id]
    assert (conflict.number, conflict.why) == (2, "taken")
    assert near[0] == two_o_clock(2) + timedelta(hours=1)
    assert all(two_o_clock(1) < start < two_o_clock(3) for start in near)
    assert session.exec(select(Series).where(col(Series.total) == 4)).all() == []


def test_a_conflict_is_replaced_or_left_out_as_the_user_said_and_nothing_else_is_dropped(
    session: Session, world: World
) -> None:
    room = make_room(session, world)
    for day in (date(2026, 3, 21), date(2026, 4, 4)):
        create_series(session, world.officer, visits(room, 1, begins_on=day), now=NOW)
    later = SlotClaim(resource_id=room.id, start=two_o_clock(2) + timedelta(hours=1))

    series = create_series(session, world.officer, visits(room, answers={2: later, 3: None}), now=NOW)

    starts = [one.starts_at for one in bookings_of(session, series)]
    assert starts == [two_o_clock(1), later.start, two_o_clock(4)]
    view = series_for(session, world.officer, series.id, now=NOW)
    assert (view.progress.planned, view.progress.left) == (3, 1)
    assert [one.number for one in view.occurrences] == [1, 2, 3]


def test_two_visits_of_one_series_do_not_take_the_same_hour(session: Session, world: World) -> None:
    room = make_room(session, world)
    first = SlotClaim(resource_id=room.id, start=two_o_clock(1))

    planned = preview_series(session, world.officer, visits(room, 2, answers={2: first}), now=NOW)

    assert [one.why for one in planned] == ["", "twice"]


def test_what_is_left_is_taken_later_and_not_more(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room, 4, answers={4: None}), now=NOW)
    june = visits(room, 1, begins_on=date(2026, 6, 6))

    with pytest.raises(InvalidRequest) as refusal:
        extend_series(session, world.officer, series.id, replace(june, total=2), now=NOW)
    extend_series(session, world.officer, series.id, june, now=NOW)

    assert (refusal.value.problem, refusal.value.facts["most"]) == ("beyond-total", 1)
    assert series_for(session, world.officer, series.id, now=NOW).progress.left == 0


def test_hours_are_one_placement_that_passes_over_closed_days(session: Session, world: World) -> None:
    post = make_post(session, world)
    close(session, post, date(2026, 3, 16), date(2026, 3, 17))

    series = create_series(session, world.officer, hours(post), now=NOW)

    (placement,) = bookings_of(session, series)
    assert (placement.first_on, placement.until_on) == (date(2026, 3, 9), date(2026, 4, 21))  # nor Easter Monday
    assert series.ends_by == date(2027, 8, 1)
    assert series_for(session, world.officer, series.id, now=NOW).progress.planned == 35 * 60


def test_a_full_post_offers_to_begin_later(session: Session, world: World) -> None:
    post = make_post(session, world)
    create_series(session, world.officer, hours(post, 14), now=NOW)

    (one,) = preview_series(session, world.officer, hours(post, 14), now=NOW)

    assert one.why == "taken"
    assert one.instead[0] == PlaceClaim(resource_id=post.id, first=date(2026, 3, 23), until=date(2026, 3, 31))


def test_periods_of_a_stage_are_taken_together(session: Session, world: World) -> None:
    post = make_post(session, world)
    dated = ((in_days(10), in_days(12)), (in_days(20), in_days(21)))
    order = SeriesOrder(
        resource_id=post.id,
        beneficiary=A_CASE,
        measure=Measure.VISITS,
        total=2,
        begins_on=in_days(10),
        periods=dated,
    )

    series = create_series(session, world.officer, order, now=NOW)

    assert sorted((one.first_on, one.until_on) for one in bookings_of(session, series)) == list(dated)


def test_nothing_goes_past_eighteen_months_be_it_taken_added_or_moved(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [keep_within])
    post = make_post(session, world, capacity=3)
    last = hours(post, 14, decided_on=date(2024, 9, 30))  # until 30 March
    too_long = replace(last, total=35 * 60)

    planned = preview_series(session, world.officer, too_long, now=NOW)
    series = create_series(session, world.officer, last, now=NOW)
    (placement,) = bookings_of(session, series)
    late = PlaceClaim(resource_id=post.id, first=date(2026, 3, 23), until=date(2026, 4, 1))
    with pytest.raises(InvalidRequest) as refusal, session.begin_nested():
        move(session, world.officer, placement.id, late, now=NOW)

    assert [(one.why, one.instead) for one in planned] == [("past-deadline", ())]
    assert (refusal.value.problem, refusal.value.facts["latest"]) == ("past-deadline", date(2026, 3, 30))
    move(session, world.officer, placement.id, replace(late, until=date(2026, 3, 31)), now=NOW)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": 0}, "total"),
        ({"total": 61}, "total"),
        ({"rrule": "FREQ=HOURLY"}, "rrule"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rrule"),
        ({"rrule": "FREQ=WEEKLY;COUNT=3"}, "total"),
        ({"rrule": "FREQ=WEEKLY;INTERVAL=8", "total": 60}, "total"),
        ({"at": None}, "at"),
        ({"ends_by": date(2026, 3, 1)}, "ends_by"),
        ({"answers": {9: None}}, "answers"),
        ({"answers": {1: None, 2: None, 3: None, 4: None}}, "answers"),
        ({"beneficiary": Beneficiary()}, "beneficiary"),
        ({"measure": Measure.MINUTES, "decided_on": TODAY}, "resource_id"),
    ],
)
def test_what_makes_no_series_is_refused_by_its_field(
    session: Session, world: World, change: dict[str, Any], field: str
) -> None:
    room = make_room(session, world)

    with pytest.raises(InvalidRequest) as refusal:
        create_series(session, world.officer, visits(room, **change), now=NOW)

    assert refusal.value.field == field


def test_a_sentence_says_since_when_it_can_be_enforced(session: Session, world: World) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        create_series(session, world.officer, hours(make_post(session, world), decided_on=None), now=NOW)

    assert refusal.value.field == "decided_on"


def test_a_stranger_makes_reads_and_gives_back_nothing(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room), now=NOW)

    with pytest.raises(NotFound):
        create_series(session, world.stranger, visits(room), now=NOW)
    with pytest.raises(NotFound):
        series_for(session, world.stranger, series.id, now=NOW)
    with pytest.raises(NotFound):
        cancel_rest(session, world.stranger, series.id, now=NOW)
    assert series_list(session, world.stranger, now=NOW) == []
    assert len(series_for(session, world.host, series.id, now=NOW).occurrences) == 4


@pytest.mark.parametrize("how", [preview_series, create_series])
def test_what_replaces_a_date_is_a_place_of_the_same_kind_that_one_may_reserve(
    session: Session, world: World, how: Any
) -> None:
    post, other = make_post(session, world), make_post(session, world)
    kind = session.get_one(Kind, post.kind_id)
    away = make_resource(session, make_site(session, world.elsewhere), kind, capacity=1)

    for number, why in ((10**9, NotFound), (away.id, NotFound), (other.id, InvalidRequest)):
        instead = PlaceClaim(resource_id=number, first=in_days(8), until=in_days(20))
        with pytest.raises(why):
            how(session, world.officer, replace(hours(post), answers={1: instead}), now=NOW)


def test_a_booking_that_begins_a_series_is_the_same_to_whoever_looks_at_it(session: Session, world: World) -> None:
    post = make_post(session, world)
    whole = PlaceClaim(resource_id=post.id, first=in_days(7), until=in_days(60))
    booking = confirm(
        session, world.officer, hold(session, world.officer, whole, now=NOW, beneficiary=A_CASE).id, now=NOW
    )
    seen = booking.revision

    series = create_series(session, world.officer, replace(hours(post), already=booking.id), now=NOW)

    assert (booking.series_id, booking.revision) == (series.id, seen)
    assert excuse(session, world.officer, booking.id, now=NOW, revision=seen).state == State.EXCUSED


def test_the_rest_is_given_back_and_taken_back_with_what_was_done_left_alone(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room), now=NOW)
    after_two = two_o_clock(2) + timedelta(hours=2)
    first, *_ = bookings_of(session, series)
    note_outcome(session, world.officer, first.id, State.HONOURED, now=after_two)

    cancel_rest(session, world.officer, series.id, now=after_two, reason=Reason("measure-ended"))
    given_back = [(one.state, one.reason) for one in bookings_of(session, series)]
    standing = series_for(session, world.officer, series.id, now=after_two).standing
    undo_cancel_rest(session, world.officer, series.id, now=after_two)

    gone = (State.CANCELLED, "measure-ended")
    assert given_back == [(State.HONOURED, ""), (State.BOOKED, ""), gone, gone]
    assert standing is Standing.CANCELLED
    assert [one.state for one in bookings_of(session, series)] == [State.HONOURED, *[State.BOOKED] * 3]
    cancel_rest(session, world.officer, series.id, now=after_two)
    with pytest.raises(AlreadyDecided):
        undo_cancel_rest(session, world.officer, series.id, now=after_two + timedelta(minutes=11))


def test_a_visit_may_go_between_the_one_before_it_and_the_one_after(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room, 3, rrule="FREQ=WEEKLY;BYDAY=SA"), now=NOW)
    _, second, _ = bookings_of(session, series)
    assert second.starts_at

    near = other_starts(session, world.officer, series.id, second.id, now=NOW)
    move(session, world.officer, second.id, near[0], now=NOW)

    assert near[0].start == two_o_clock(1) + timedelta(days=7, hours=1)
    assert second.series_id == series.id
    with pytest.raises(NotFound):
        other_starts(session, world.stranger, series.id, second.id, now=NOW)


def test_the_rest_is_taken_back_whole_or_not_at_all(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room), now=NOW)
    cancel_rest(session, world.officer, series.id, now=NOW)
    hold(session, world.officer, SlotClaim(resource_id=room.id, start=two_o_clock(3)), now=NOW)

    with pytest.raises(PeriodTaken), session.begin_nested():
        undo_cancel_rest(session, world.officer, series.id, now=NOW)

    session.expire_all()
    assert {one.state for one in bookings_of(session, series)} == {State.CANCELLED}


def test_what_begins_too_soon_for_its_kind_is_kept_when_the_rest_is_given_back(session: Session, world: World) -> None:
    room = make_room(session, world, cancel_notice_min=24 * 60)
    series = create_series(session, world.officer, visits(room), now=NOW)

    cancel_rest(session, world.officer, series.id, now=two_o_clock(1) - timedelta(hours=3))

    assert [one.state for one in bookings_of(session, series)] == [State.BOOKED, *[State.CANCELLED] * 3]


def test_one_given_back_no_longer_counts_and_is_left_to_place(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room), now=NOW)
    first, second, *_ = bookings_of(session, series)

    cancel(session, world.officer, first.id, now=NOW)

    view = series_of(session, world.officer, second.id, now=NOW)
    assert view is not None
    assert (view.number_of(first.id), view.number_of(second.id)) == (None, 1)
    assert view.progress.left == 1


def test_a_series_past_its_last_day_is_late_first_in_the_list_and_counted(session: Session, world: World) -> None:
    room = make_room(session, world)
    create_series(session, world.officer, visits(room, ends_by=date(2026, 12, 1)), now=NOW)
    late = create_series(session, world.officer, visits(room, 1, at=time(16), ends_by=date(2026, 3, 8)), now=NOW)

    listed = series_list(session, world.officer, now=NOW + timedelta(days=7))

    assert listed[0].line.id == late.id
    assert [one.standing for one in listed] == [Standing.LATE, Standing.RUNNING]
    assert count_late_series(session, world.officer, now=NOW + timedelta(days=7)) == 1
    assert count_late_series(session, world.officer, now=NOW) == 0


def test_a_host_notes_who_came_to_what_it_hosts_and_takes_it_back(session: Session, world: World) -> None:
    room = make_room(session, world)
    series = create_series(session, world.officer, visits(room, 1), now=NOW)
    (visit,) = bookings_of(session, series)
    after = two_o_clock(1) + timedelta(hours=1)

    with pytest.raises(NotFound):
        note_outcome(session, world.host, visit.id, State.HONOURED, now=after)
    note_as_host(session, world.host, visit.id, State.HONOURED, now=after)
    done = series_for(session, world.officer, series.id, now=after).standing
    undo_as_host(session, world.host, visit.id, now=after)

    assert done is Standing.DONE
    assert visit.state == State.BOOKED
    with pytest.raises(NotFound):
        note_as_host(session, world.officer, visit.id, State.HONOURED, now=after)


def _taken(engine: Engine, room_id: int) -> tuple[int, int]:
    with Session(engine) as session:
        of_room = select(Booking).where(col(Booking.resource_id) == room_id, col(Booking.state) == State.BOOKED)
        seats = session.execute(text("SELECT count(*) FROM seat_time WHERE resource_id = :id"), {"id": room_id})
        return len(session.exec(of_room).all()), int(seats.scalar_one())


def test_two_series_on_the_same_hours_at_once_one_has_them_all_and_the_other_none(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        rooms = [make_room(session, world) for _ in range(4)]

    def series(room: Resource, begins_on: date) -> partial[Series]:
        order = visits(room, 3, begins_on=begins_on)
        return partial(act, database.engine, create_series, world.officer, order, now=NOW)

    # The second begins two weeks later: two of its three visits are those of the first.
    later = FIRST_SATURDAY + timedelta(days=14)
    answers = at_once([one for room in rooms for one in (series(room, FIRST_SATURDAY), series(room, later))])

    assert refusals(answers) == [SeriesConflicts] * 4
    assert [_taken(database.engine, room.id) for room in rooms] == [(3, 3)] * 4


def test_control_taken_one_by_one_each_series_has_a_part(database: Database) -> None:
    """Without one transaction for all, the one that comes second keeps what is left: fewer, silently."""
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        room = make_room(session, world)
        preview_series(session, world.officer, visits(room, 4), now=NOW)  # publishes the openings

    def one_by_one(numbers: range, actor: Actor) -> int:
        claims: list[Claim] = [SlotClaim(resource_id=room.id, start=two_o_clock(number)) for number in numbers]
        done = 0
        for claim in claims:
            try:
                act(database.engine, hold, actor, claim, now=NOW, beneficiary=A_CASE)
                done += 1
            except (PeriodTaken, CapacityReached):
                continue
        return done

    shares = at_once([partial(one_by_one, range(1, 4), world.officer), partial(one_by_one, range(2, 5), world.officer)])

    assert sum(share for share in shares if isinstance(share, int)) == 4


def test_a_visit_taken_already_begins_the_series_and_is_its_first(session: Session, world: World) -> None:
    room = make_room(session, world)
    preview_series(session, world.officer, visits(room, 1), now=NOW)  # publishes the openings
    claim = SlotClaim(resource_id=room.id, start=two_o_clock(1))
    first = confirm(
        session, world.officer, hold(session, world.officer, claim, now=NOW, beneficiary=A_CASE).id, now=NOW
    )

    series = create_series(session, world.officer, visits(room, 3, already=first.id), now=NOW)

    taken = bookings_of(session, series)
    assert [one.starts_at for one in taken] == [two_o_clock(1), two_o_clock(2), two_o_clock(3)]
    assert taken[0].id == first.id
    with pytest.raises(InvalidRequest) as refusal:
        create_series(session, world.officer, visits(room, 3, already=first.id), now=NOW)
    assert refusal.value.problem == "other-series"


def test_the_hours_of_a_placement_made_before_are_counted_from_it(session: Session, world: World) -> None:
    post = make_post(session, world)
    claim = PlaceClaim(resource_id=post.id, first=in_days(7), until=in_days(15))
    placement = confirm(
        session, world.officer, hold(session, world.officer, claim, now=NOW, beneficiary=A_CASE).id, now=NOW
    )

    series = create_series(session, world.officer, hours(post, 35, already=placement.id), now=NOW)

    progress = series_for(session, world.officer, series.id, now=NOW).progress
    assert (progress.planned, progress.left) == (14 * 60, 21 * 60)
