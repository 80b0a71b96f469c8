"""Openings where the clocks change, and where they never do: Paris, Martinique, La Réunion, Nouméa, Saint-Pierre."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.openings import Rule, instant_of, local_day, openings, weekly
from availability.periods import Period, days_between, merge
from availability.slots import Grid, cut

PARIS = ZoneInfo("Europe/Paris")
MIQUELON = ZoneInfo("America/Miquelon")
MARTINIQUE = ZoneInfo("America/Martinique")
REUNION = ZoneInfo("Indian/Reunion")
NOUMEA = ZoneInfo("Pacific/Noumea")
EVERYWHERE = (PARIS, MIQUELON, MARTINIQUE, REUNION, NOUMEA)
EVER = date(2020, 1, 1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # the Sundays of Paris
SPRING_OF_MIQUELON, AUTUMN_OF_MIQUELON = date(2026, 3, 8), date(2026, 11, 1)
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)


def every_day(opens: str, closes: str) -> list[Rule]:
    """Return the rules of something open every day at these wall times."""
    return [weekly(day, time.fromisoformat(opens), time.fromisoformat(closes), EVER) for day in range(7)]


def opened(zone: ZoneInfo, first: date, days: int, opens: str, closes: str) -> list[Period]:
    """Return what is opened there from `first` on, as periods."""
    return openings(every_day(opens, closes), first=first, until=first + days * A_DAY, zone=zone)


def utc_hours(periods: list[Period]) -> list[int]:
    """Return the hours, in UTC, at which periods start."""
    return [period.start.hour for period in periods]


@pytest.mark.parametrize(
    ("zone", "sunday", "before", "after"),
    [
        (PARIS, SPRING, 8, 7),
        (PARIS, AUTUMN, 7, 8),
        (MIQUELON, SPRING_OF_MIQUELON, 12, 11),
        (MIQUELON, AUTUMN_OF_MIQUELON, 11, 12),
        (MIQUELON, SPRING, 11, 11),  # its clocks have moved three weeks before those of Paris
        (MARTINIQUE, SPRING, 13, 13),
        (MARTINIQUE, AUTUMN, 13, 13),
        (REUNION, SPRING, 5, 5),
        (REUNION, AUTUMN, 5, 5),
        (NOUMEA, SPRING, 22, 22),
        (NOUMEA, AUTUMN, 22, 22),
    ],
)
def test_nine_on_the_wall_stays_nine_when_the_clocks_change_here_or_elsewhere(
    zone: ZoneInfo, sunday: date, before: int, after: int
) -> None:
    found = opened(zone, sunday - A_DAY, 3, "09:00", "12:00")

    assert utc_hours(found) == [before, after, after]
    assert {period.start.astimezone(zone).time() for period in found} == {time(9)}
    assert {period.end - period.start for period in found} == {3 * AN_HOUR}


@pytest.mark.parametrize(
    ("zone", "sunday", "hours"),
    [
        (PARIS, SPRING, 23),
        (PARIS, AUTUMN, 25),
        (PARIS, SPRING - A_DAY, 24),
        (MIQUELON, SPRING_OF_MIQUELON, 23),
        (MIQUELON, AUTUMN_OF_MIQUELON, 25),
        (MARTINIQUE, SPRING, 24),
        (REUNION, AUTUMN, 24),
        (NOUMEA, SPRING, 24),
        (NOUMEA, AUTUMN, 24),
    ],
)
def test_a_day_open_around_the_clock_lasts_as_long_as_the_civil_day(zone: ZoneInfo, sunday: date, hours: int) -> None:
    (period,) = opened(zone, sunday, 1, "00:00", "00:00")

    assert period.end - period.start == hours * AN_HOUR
    assert local_day(period.start, zone) == sunday
    assert local_day(period.end, zone) == sunday + A_DAY


@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        (PARIS, SPRING - A_DAY, 7),
        (PARIS, AUTUMN - A_DAY, 9),
        (PARIS, SPRING, 8),
        (MIQUELON, SPRING_OF_MIQUELON - A_DAY, 7),
        (MIQUELON, AUTUMN_OF_MIQUELON - A_DAY, 9),
        (MARTINIQUE, SPRING - A_DAY, 8),
        (REUNION, SPRING - A_DAY, 8),
        (NOUMEA, AUTUMN - A_DAY, 8),
    ],
)
def test_an_opening_across_midnight_keeps_its_wall_times(zone: ZoneInfo, evening: date, hours: int) -> None:
    (period,) = opened(zone, evening, 1, "22:00", "06:00")

    assert period.end - period.start == hours * AN_HOUR
    assert period.start.astimezone(zone) == datetime.combine(evening, time(22), zone)
    assert period.end.astimezone(zone) == datetime.combine(evening + A_DAY, time(6), zone)


@pytest.mark.parametrize(("day", "starts"), [(SPRING, 5), (AUTUMN, 7), (SPRING - A_DAY, 6)])
def test_a_night_counter_has_as_many_slots_as_its_real_hours(day: date, starts: int) -> None:
    (period,) = opened(PARIS, day, 1, "00:00", "06:00")

    assert len(cut(period, Grid(AN_HOUR, AN_HOUR))) == starts


def test_nine_is_reached_in_the_order_of_the_sun() -> None:
    nine = [instant_of(date(2026, 7, 1), time(9), zone) for zone in (NOUMEA, REUNION, PARIS, MIQUELON, MARTINIQUE)]

    assert nine == sorted(nine)
    assert [moment.date() for moment in nine] == [date(2026, 6, 30)] + 4 * [date(2026, 7, 1)]


days = st.dates(date(2024, 1, 1), date(2030, 12, 1))
office_hours = st.tuples(st.integers(6, 12), st.integers(13, 21)).map(
    lambda pair: (f"{pair[0]:02}:00", f"{pair[1]}:00")
)
zones = st.sampled_from(EVERYWHERE)


@given(zones, days, office_hours)
def test_by_day_every_opening_has_its_wall_times_and_its_length(
    zone: ZoneInfo, first: date, hours: tuple[str, str]
) -> None:
    found = opened(zone, first, 10, *hours)

    walls = {
        (period.start.astimezone(zone).strftime("%H:%M"), period.end.astimezone(zone).strftime("%H:%M"))
        for period in found
    }
    assert walls == {hours}
    assert len({period.end - period.start for period in found}) == 1
    assert [local_day(period.start, zone) for period in found] == list(days_between(first, first + 10 * A_DAY))


@given(zones, days)
def test_days_follow_each_other_without_gap_or_overlap_whatever_the_clocks_do(zone: ZoneInfo, first: date) -> None:
    (whole,) = merge(opened(zone, first, 400, "00:00", "00:00"))

    assert whole == Period(instant_of(first, time(), zone), instant_of(first + 400 * A_DAY, time(), zone))
    assert whole.end - whole.start - 400 * A_DAY in (-AN_HOUR, timedelta(0), AN_HOUR)


@given(st.sampled_from([MARTINIQUE, REUNION, NOUMEA]), days)
def test_where_clocks_never_change_every_day_has_twenty_four_hours(zone: ZoneInfo, day: date) -> None:
    (period,) = opened(zone, day, 1, "00:00", "00:00")

    assert period.end - period.start == A_DAY
    assert period.start == datetime.combine(day, time(), zone).astimezone(UTC)
