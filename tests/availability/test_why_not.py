"""Why a wanted start is not free: every start has one answer, and it agrees with the list."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.openings import DaysOff, openings, weekly
from availability.periods import Period
from availability.slots import Agenda, Busy, Grid, WhyNot, seats_taken, slots_in, why_not

PARIS = ZoneInfo("Europe/Paris")
SUNDAY = date(2026, 3, 1)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
HALF_AN_HOUR = timedelta(minutes=30)
OFF = DaysOff(
    ignores_weekends=False,
    closures=((date(2026, 3, 5), date(2026, 3, 6)),),
    recesses=((date(2026, 3, 6), date(2026, 3, 7)),),
)
HOURS = [weekly(day, time(9), time(12), SUNDAY) for day in range(7)]


def at(day: int, wall_time: str) -> datetime:
    """Return an instant of March 2026 in Paris."""
    return datetime.combine(date(2026, 3, day), time.fromisoformat(wall_time), PARIS).astimezone(UTC)


def span(day: int, start: str, end: str) -> tuple[datetime, datetime]:
    """Return the bounds of a period of that day."""
    return at(day, start), at(day, end)


def week(**more: Any) -> Agenda:
    """Return the agenda of an office open from nine to noon, closed on Thursday, in recess on Friday."""
    closed = OFF.between(SUNDAY, SUNDAY + 9 * A_DAY)
    opened = openings(HOURS, first=SUNDAY, until=SUNDAY + 9 * A_DAY, zone=PARIS, closed=closed)
    values: dict[str, Any] = {
        "grid": Grid(HALF_AN_HOUR, HALF_AN_HOUR),
        "capacity": 1,
        "openings": [(one.start, one.end) for one in opened],
        "now": at(2, "09:10"),
        "offered_from": at(2, "10:00"),
        "offered_until": at(9, "00:00"),
        "zone": PARIS,
        "days_off": OFF,
        "taken": {1: [span(3, "10:00", "11:00")]},
        "booked": {1: [span(3, "10:00", "10:30")]},
        "absences": [span(4, "09:00", "10:15")],
        "capacities": [((at(4, "11:00"), at(5, "00:00")), 0)],
    }
    return Agenda(**values | more)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (at(2, "09:00"), WhyNot.PAST),
        (at(2, "09:30"), WhyNot.TOO_SOON),
        (at(2, "10:00"), None),
        (at(2, "10:15"), WhyNot.OFF_GRID),
        (at(2, "11:30"), None),
        (at(2, "11:45"), WhyNot.OUTSIDE_HOURS),  # would end after noon
        (at(2, "12:00"), WhyNot.OUTSIDE_HOURS),
        (at(3, "09:30"), None),
        (at(3, "10:00"), WhyNot.TAKEN),
        (at(3, "10:30"), WhyNot.HELD),
        (at(3, "11:00"), None),
        (at(4, "10:00"), WhyNot.ABSENCE),
        (at(4, "10:30"), None),
        (at(4, "11:00"), WhyNot.NO_SEAT),
        (at(5, "10:00"), WhyNot.CLOSED),
        (at(6, "10:00"), WhyNot.RECESS),
        (at(7, "10:00"), WhyNot.WEEKEND),
        (at(9, "09:00"), WhyNot.TOO_FAR),
    ],
)
def test_a_start_is_free_or_says_why_not(start: datetime, why: WhyNot | None) -> None:
    assert why_not(start, week()) is why


def test_a_place_that_is_not_for_this_person_says_so_only_when_it_is_free() -> None:
    assert why_not(at(3, "09:30"), week(), suits=False) is WhyNot.WRONG_PROFILE
    assert why_not(at(3, "10:00"), week(), suits=False) is WhyNot.TAKEN


@pytest.mark.parametrize(
    ("day", "zone", "why"),
    [
        (date(2026, 12, 26), "57", WhyNot.HOLIDAY),  # the second day of Christmas, in Moselle
        (date(2026, 12, 26), "", WhyNot.OUTSIDE_HOURS),
        (date(2026, 4, 3), "6AE", WhyNot.HOLIDAY),  # Good Friday, in Alsace
        (date(2026, 4, 3), "", WhyNot.OUTSIDE_HOURS),
        (date(2026, 5, 22), "972", WhyNot.HOLIDAY),
        (date(2026, 12, 20), "974", WhyNot.HOLIDAY),
        (date(2026, 9, 24), "NC", WhyNot.HOLIDAY),
    ],
)
def test_a_holiday_is_one_where_the_place_is(day: date, zone: str, why: WhyNot) -> None:
    noon = datetime.combine(day, time(12), UTC)
    nothing = week(openings=[], offered_until=datetime(2027, 1, 1, tzinfo=UTC), days_off=DaysOff(holiday_zone=zone))

    assert why_not(noon, nothing) is why


def test_an_opening_of_the_evening_before_reaches_into_a_closed_day() -> None:
    grid, night = Grid(timedelta(hours=1), timedelta(hours=1)), [(at(4, "22:00"), at(5, "03:00"))]

    overnight = week(openings=night, absences=[], capacities=[], grid=grid)

    assert why_not(at(5, "01:00"), overnight) is None
    assert why_not(at(5, "01:30"), overnight) is WhyNot.OFF_GRID
    assert why_not(at(5, "03:00"), overnight) is WhyNot.CLOSED


@pytest.mark.parametrize(
    ("before", "after", "free"),
    [
        (0, 0, ["09:00", "09:30", "10:30", "11:00", "11:30"]),
        (0, 30, ["09:00", "11:00", "11:30"]),  # after it, and after what would come before it
        (30, 0, ["09:00", "11:00", "11:30"]),
        (30, 30, ["11:30"]),  # to leave, then to prepare
        (1, 0, ["09:00", "11:00", "11:30"]),
    ],
)
def test_buffers_are_kept_free_before_and_after(before: int, after: int, free: list[str]) -> None:
    grid = Grid(HALF_AN_HOUR, HALF_AN_HOUR, after * A_MINUTE, before * A_MINUTE)
    that_day = {"offered_from": at(3, "00:00"), "offered_until": at(4, "00:00")}

    agenda = week(grid=grid, taken={1: [span(3, "10:00", "10:30")]}, **that_day)

    starts = [slot.period.start for slot in slots_in(agenda) if slot.is_free]
    assert starts == [at(3, wall_time) for wall_time in free]


@pytest.mark.parametrize(("usual", "for_a_while", "taken", "seats"), [
    (1, 3, [], (1, 2, 3)),
    (3, 1, [], (1,)),
    (3, 1, [3], ()),  # who has a seat already counts, whichever it is
    (3, 2, [3], (1,)),
    (1, 2, [1], (2,)),
    (2, 0, [], ()),
])  # fmt: skip
def test_for_a_while_there_are_as_many_seats_as_said(
    usual: int, for_a_while: int, taken: list[int], seats: tuple[int, ...]
) -> None:
    day = (at(3, "00:00"), at(4, "00:00"))
    busy = [Busy(seat, Period(*span(3, "09:00", "09:30"))) for seat in taken]

    agenda = week(capacity=usual, capacities=[(day, for_a_while)], taken=seats_taken(busy), absences=[])

    found = {slot.period.start: slot.seats for slot in slots_in(agenda)}
    assert found[at(3, "09:00")] == seats
    assert found[at(2, "10:00")] == found[at(4, "09:00")] == tuple(range(1, usual + 1))


minutes = st.integers(0, 9 * 24 * 60)
spans = st.lists(st.tuples(minutes, st.integers(1, 300)), max_size=5).map(
    lambda pairs: [Period(at(1, "00:00") + m * A_MINUTE, at(1, "00:00") + (m + long) * A_MINUTE) for m, long in pairs]
)
agendas = st.builds(
    lambda capacity, taken, booked, away, sized, step, after, notice: week(
        capacity=capacity,
        taken=seats_taken([Busy(1 + number % 3, one) for number, one in enumerate([*taken, *booked])]),
        booked=seats_taken([Busy(1 + number % 3, one) for number, one in enumerate([*taken, *booked])][len(taken) :]),
        absences=seats_taken([Busy(1, one) for one in away]).get(1, []),
        capacities=[((at(3, "00:00"), at(4, "00:00")), sized)],
        grid=Grid(step * A_MINUTE, HALF_AN_HOUR, after * A_MINUTE, 5 * A_MINUTE),
        offered_from=at(2, "00:00") + notice * A_MINUTE,
    ),
    st.integers(0, 3), spans, spans, spans, st.integers(0, 3), st.integers(5, 60), st.integers(0, 20),
    st.integers(0, 3000),
)  # fmt: skip


@settings(max_examples=40)
@given(agendas, st.lists(minutes, min_size=20, max_size=20))
def test_a_start_is_listed_free_exactly_when_nothing_is_said_against_it(agenda: Agenda, asked: list[int]) -> None:
    """Every start of the grid and any other minute: the reasons together cover all that is not free."""
    listed = slots_in(agenda)
    free = {slot.period.start for slot in listed if slot.is_free}
    wanted = {slot.period.start for slot in listed} | {at(1, "00:00") + minute * A_MINUTE for minute in asked}

    assert {start for start in wanted if why_not(start, agenda) is None} == free & wanted


@settings(max_examples=40)
@given(agendas)
def test_a_free_slot_is_within_hours_outside_closed_days_and_clear_of_everything(agenda: Agenda) -> None:
    for slot in (slot for slot in slots_in(agenda) if slot.is_free):
        start, end = slot.period.start, slot.period.end
        assert any(opens <= start and end <= closes for opens, closes in agenda.openings)
        assert OFF.why(start.astimezone(PARIS).date()) is None
        assert max(agenda.now, agenda.offered_from) <= start < agenda.offered_until
        assert all(ends <= start or end <= begins for begins, ends in agenda.absences)
        gap = agenda.grid.gap
        for seat in slot.seats:
            assert all(ends + gap <= start or end + gap <= begins for begins, ends in agenda.taken.get(seat, ()))
