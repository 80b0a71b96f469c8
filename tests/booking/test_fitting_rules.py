"""Until when a bracelet is fitted, when somebody is at home, which team can be there: pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from availability.openings import instant_of
from availability.periods import Period
from booking.fittings import (
    Counting,
    FittingTerms,
    Home,
    Measure,
    Offer,
    Point,
    Stop,
    Team,
    WhyNot,
    Window,
    apart,
    deadline,
    detour_km,
    fits,
    is_reachable,
    km_between,
    last_day_offered,
    practical_days,
    ranked,
    reaches,
    read_windows,
    travel_minutes,
    why_not,
)

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
LYON: Point = (45.764, 4.8357)
VILLEURBANNE: Point = (45.7719, 4.8902)  # 4 km
SAINT_ETIENNE: Point = (45.4397, 4.3872)  # 50 km
MONDAY = date(2026, 3, 2)
NINE = instant_of(MONDAY, time(9), PARIS)
EVERY_MORNING = tuple(Window(day, time(8), time(12)) for day in range(7))
TERMS = FittingTerms(measures=(Measure(code="arse", label="ARSE", legal_days=5),))


def measure(days: int | None, counting: Counting = Counting.EVERY_DAY) -> Measure:
    return Measure(code="m", label="Mesure", legal_days=days, counting=counting)


def at(hours: float, minutes: int = 45) -> Period:
    """Return a period that begins that many hours after nine on that Monday."""
    start = NINE + timedelta(hours=hours)
    return Period(start, start + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("ordered_on", "days", "counting", "zone", "last"),
    [
        # Every day counts, that of the order does not: Tuesday + 5 is Sunday.
        ("2026-03-03", 5, Counting.EVERY_DAY, "", "2026-03-08"),
        ("2026-03-03", 5, Counting.PROLONGED, "", "2026-03-09"),
        ("2026-03-03", 5, Counting.WORKING_DAYS, "", "2026-03-10"),
        ("2026-03-02", 5, Counting.PROLONGED, "", "2026-03-09"),  # a Saturday
        ("2026-03-01", 5, Counting.PROLONGED, "", "2026-03-06"),  # a Friday: not prolonged
        # Ends on Easter Monday (6 April), or goes over it.
        ("2026-04-01", 5, Counting.EVERY_DAY, "", "2026-04-06"),
        ("2026-04-01", 5, Counting.PROLONGED, "", "2026-04-07"),
        ("2026-04-01", 5, Counting.WORKING_DAYS, "", "2026-04-09"),
        # Good Friday is a holiday in Moselle only; the abolition of slavery on 20 December in La Réunion only.
        ("2026-04-02", 1, Counting.WORKING_DAYS, "", "2026-04-03"),
        ("2026-04-02", 1, Counting.WORKING_DAYS, "57", "2026-04-07"),
        ("2027-12-17", 1, Counting.WORKING_DAYS, "", "2027-12-20"),
        ("2027-12-17", 1, Counting.WORKING_DAYS, "974", "2027-12-21"),
        # Over the end of a year, and over both changes of hour.
        ("2026-12-30", 5, Counting.PROLONGED, "", "2027-01-04"),
        ("2026-03-27", 5, Counting.EVERY_DAY, "", "2026-04-01"),
        ("2026-10-23", 5, Counting.EVERY_DAY, "", "2026-10-28"),
        ("2028-02-27", 5, Counting.EVERY_DAY, "", "2028-03-03"),
        ("2026-03-03", 0, Counting.EVERY_DAY, "", "2026-03-03"),
    ],
)
def test_the_legal_deadline_is_counted_as_its_measure_says(
    ordered_on: str, days: int, counting: Counting, zone: str, last: str
) -> None:
    assert deadline(measure(days, counting), date.fromisoformat(ordered_on), zone) == date.fromisoformat(last)


def test_a_measure_without_a_delay_in_days_has_no_deadline() -> None:
    assert deadline(measure(None), MONDAY, "") is None


DAYS = st.dates(date(2024, 1, 1), date(2034, 12, 31))


@given(DAYS, st.integers(0, 40), st.sampled_from(["", "57", "974"]))
def test_no_way_of_counting_is_shorter_than_the_calendar(ordered_on: date, days: int, zone: str) -> None:
    plain, prolonged, working = (deadline(measure(days, counting), ordered_on, zone) for counting in Counting)

    assert plain is not None
    assert prolonged is not None
    assert working is not None
    assert ordered_on + timedelta(days=days) == plain <= prolonged
    assert plain <= working
    assert prolonged.weekday() < 5


@given(DAYS, st.integers(0, 40), st.sampled_from(list(Counting)))
def test_one_more_day_of_delay_never_ends_sooner(ordered_on: date, days: int, counting: Counting) -> None:
    one, more = (deadline(measure(count, counting), ordered_on, "") for count in (days, days + 1))

    assert one is not None
    assert more is not None
    assert one <= more


def test_offers_are_looked_for_until_the_latest_of_both_delays_and_three_weeks_ahead_when_late() -> None:
    assert practical_days(TERMS, MONDAY) == (date(2026, 3, 16), date(2026, 3, 23))
    assert last_day_offered(TERMS, MONDAY, date(2026, 3, 7), MONDAY) == date(2026, 3, 23)
    assert last_day_offered(TERMS, MONDAY, date(2026, 4, 30), MONDAY) == date(2026, 4, 30)
    assert last_day_offered(TERMS, MONDAY, date(2026, 3, 7), date(2026, 5, 1)) == date(2026, 5, 22)
    assert last_day_offered(TERMS, MONDAY, None, MONDAY) == date(2026, 3, 23)


@pytest.mark.parametrize(
    ("start", "minutes", "is_home"),
    [
        ("2026-03-02T08:00+01:00", 45, True),
        ("2026-03-02T07:59+01:00", 45, False),
        ("2026-03-02T11:15+01:00", 45, True),  # ends when the window does
        ("2026-03-02T11:16+01:00", 45, False),
        ("2026-03-03T09:00+01:00", 45, False),  # a Tuesday
        # The window of Friday evening ends on Saturday at two.
        ("2026-03-06T23:30+01:00", 45, True),
        ("2026-03-07T01:15+01:00", 45, True),
        ("2026-03-07T01:16+01:00", 45, False),
        ("2026-03-06T21:59+01:00", 45, False),
    ],
)
def test_somebody_is_home_for_the_whole_slot_or_it_does_not_fit(start: str, minutes: int, is_home: bool) -> None:
    windows = (Window(0, time(8), time(12)), Window(4, time(22), time(2)))
    begins = datetime.fromisoformat(start)

    assert fits(windows, Period(begins, begins + timedelta(minutes=minutes)), PARIS) is is_home


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        ("2026-03-28", "07:00"),  # the Saturday before the clocks go forward
        ("2026-03-30", "06:00"),
        ("2026-10-24", "06:00"),
        ("2026-10-26", "07:00"),
    ],
)
def test_eight_o_clock_stays_eight_o_clock_across_both_changes_of_hour(day: str, utc: str) -> None:
    begins = datetime.fromisoformat(f"{day}T{utc}+00:00")

    assert fits(EVERY_MORNING, Period(begins, begins + timedelta(minutes=45)), PARIS)
    assert not fits(EVERY_MORNING, Period(begins - timedelta(minutes=1), begins + timedelta(minutes=44)), PARIS)


def test_a_window_over_the_hour_that_the_clocks_skip_is_an_hour_shorter() -> None:
    night = (Window(5, time(22), time(6)),)  # Saturday 28 March to Sunday
    begins = instant_of(date(2026, 3, 28), time(22), PARIS)

    assert fits(night, Period(begins, begins + timedelta(hours=7)), PARIS)
    assert not fits(night, Period(begins, begins + timedelta(hours=7, minutes=1)), PARIS)


def test_whoever_is_at_home_before_and_after_midnight_is_there_at_midnight() -> None:
    windows = (Window(0, time(20), time(0)), Window(1, time(0), time(6)))

    assert fits(windows, at(14.5), PARIS)  # from 23:30 to 00:15


def test_windows_that_touch_make_one_and_a_whole_day_reaches_midnight() -> None:
    windows = (Window(0, time(8), time(9, 30)), Window(0, time(9, 30), time(12)), Window(1, time(0), time(0)))

    assert fits(windows, at(0.25), PARIS)
    midnight = instant_of(date(2026, 3, 3), time(), PARIS)
    assert fits(windows, Period(midnight, midnight + timedelta(hours=24)), PARIS)


def test_the_wall_clock_is_that_of_the_home() -> None:
    begins = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # eight in Saint-Denis, five in Paris

    assert fits(EVERY_MORNING, Period(begins, begins + timedelta(minutes=45)), REUNION)
    assert not fits(EVERY_MORNING, Period(begins, begins + timedelta(minutes=45)), PARIS)


WINDOWS = st.lists(st.builds(Window, st.integers(0, 6), st.times(), st.times()), max_size=4).map(tuple)
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(WINDOWS, STARTS, st.integers(1, 600), st.sampled_from([PARIS, REUNION]))
def test_what_fits_a_slot_fits_any_part_of_it_and_one_window_more_never_hurts(
    windows: tuple[Window, ...], start: datetime, minutes: int, zone: ZoneInfo
) -> None:
    most_of_the_week = (*windows, *(Window(day, time(6), time(5, 30)) for day in range(5)))
    whole = Period(start, start + timedelta(minutes=minutes))
    half = Period(start, start + timedelta(minutes=minutes) / 2)

    for at_home in (windows, most_of_the_week):
        assert fits(at_home, whole, zone) <= fits(at_home, half, zone)
        assert fits(at_home, whole, zone) <= fits((*at_home, Window(2, time(3), time(4))), whole, zone)


@given(STARTS, st.integers(1, 600))
def test_nobody_is_ever_home_without_a_window(start: datetime, minutes: int) -> None:
    assert not fits((), Period(start, start + timedelta(minutes=minutes)), PARIS)


@pytest.mark.parametrize(
    "stored",
    [None, [], {}, "x", [1], [{}], [{"weekday": 7, "from": "08:00", "until": "09:00"}],
     [{"weekday": "0", "from": "08:00", "until": "09:00"}], [{"weekday": True, "from": "08:00", "until": "09:00"}],
     [{"weekday": 0, "from": "8h", "until": "09:00"}], [{"weekday": 0, "from": 8, "until": "09:00"}],
     [{"weekday": 0, "from": "08:00", "until": "24:00"}], [{"weekday": 0, "from": "08:00"}],
     [{"weekday": 0, "from": "08:00", "until": "09:00", "more": 1}],
     [{"weekday": 0, "from": "08:00", "until": f"09:{minute:02}"} for minute in range(22)]],
)  # fmt: skip
def test_windows_of_another_shape_are_refused(stored: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_windows(stored)

    assert refused.value.field == "windows"


@given(WINDOWS.filter(bool))
def test_windows_come_back_as_they_were_stored_to_the_minute(windows: tuple[Window, ...]) -> None:
    to_the_minute = {Window(w.weekday, w.opens.replace(second=0, microsecond=0),
                            w.until.replace(second=0, microsecond=0)) for w in windows}  # fmt: skip

    assert read_windows([window.to_json() for window in windows]) == tuple(sorted(to_the_minute))


@given(st.floats(0, 500), st.floats(0, 500))
def test_a_longer_way_never_takes_less_time(one: float, other: float) -> None:
    assert travel_minutes(min(one, other)) <= travel_minutes(max(one, other))
    assert travel_minutes(0) == 0
    assert travel_minutes(20) == 39  # 26 km by road, at 40 km/h


def test_a_team_goes_as_far_as_its_reach_and_one_without_a_base_goes_nowhere() -> None:
    distance = km_between(LYON, SAINT_ETIENNE)

    assert reaches(LYON, SAINT_ETIENNE, distance)
    assert not reaches(LYON, SAINT_ETIENNE, distance - 0.001)
    assert reaches(LYON, LYON, 0)
    assert not reaches(None, LYON, 500)


def test_a_team_must_be_there_in_time_and_at_its_next_stop_in_time() -> None:
    minutes = travel_minutes(km_between(LYON, VILLEURBANNE))
    before, after = at(0), at(2)
    just = before.end + timedelta(minutes=minutes)

    def reached(start: datetime, stop: Period) -> bool:
        return is_reachable(VILLEURBANNE, Period(start, start + timedelta(minutes=45)), [Stop(stop, LYON)])

    assert reached(just, before)
    assert not reached(just - timedelta(minutes=1), before)
    latest = after.start - timedelta(minutes=45 + minutes)
    assert reached(latest, after)
    assert not reached(latest + timedelta(minutes=1), after)


def test_a_stop_that_is_nowhere_on_the_map_is_no_obstacle() -> None:
    assert is_reachable(SAINT_ETIENNE, at(1), [Stop(at(0), None)])
    assert not is_reachable(SAINT_ETIENNE, at(1), [Stop(at(0), LYON)])


POINTS = st.tuples(st.floats(45, 46), st.floats(4, 5))
STOPS = st.lists(st.builds(Stop, st.integers(-10, 10).map(at), st.one_of(st.none(), POINTS)), max_size=5)


@given(POINTS, st.integers(-9, 9), STOPS, st.builds(Stop, st.integers(-10, 10).map(at), POINTS))
def test_one_stop_more_never_makes_a_home_reachable(home: Point, hours: int, stops: list[Stop], more: Stop) -> None:
    assert is_reachable(home, at(hours), [*stops, more]) <= is_reachable(home, at(hours), stops)


@given(POINTS, st.integers(-9, 9), POINTS, st.integers(-9, 9))
def test_two_fittings_stand_in_each_others_way_or_neither_does(one: Point, early: int, other: Point, late: int) -> None:
    assume(early != late)

    assert is_reachable(one, at(early), [Stop(at(late), other)]) == is_reachable(
        other, at(late), [Stop(at(early), one)]
    )


TEAM = Team(resource_id=1, name="Équipe 1", site_name="Pôle", base=LYON, zone=PARIS, reach_km=20)
HOME = Home(at=VILLEURBANNE, zone=PARIS, windows=EVERY_MORNING)


def test_the_first_reason_is_said() -> None:
    far = Home(at=SAINT_ETIENNE, zone=PARIS, windows=())

    assert why_not(TEAM, far, at(0), is_free=False, stops=[]) is WhyNot.TOO_FAR
    assert why_not(TEAM, HOME, at(6), is_free=False, stops=[]) is WhyNot.NOBODY_HOME
    assert why_not(TEAM, HOME, at(0), is_free=False, stops=[Stop(at(1), SAINT_ETIENNE)]) is WhyNot.TAKEN
    assert why_not(TEAM, HOME, at(0), is_free=True, stops=[Stop(at(1), SAINT_ETIENNE)]) is WhyNot.TRAVEL
    assert why_not(TEAM, HOME, at(0), is_free=True, stops=[Stop(at(1), VILLEURBANNE)]) is None


def test_the_detour_is_from_the_nearest_stop_of_the_day_or_from_the_base() -> None:
    from_base = km_between(LYON, VILLEURBANNE)

    assert detour_km(TEAM, VILLEURBANNE, []) == from_base
    assert detour_km(TEAM, VILLEURBANNE, [Stop(at(0), None)]) == from_base
    stops = [Stop(at(0), SAINT_ETIENNE), Stop(at(2), VILLEURBANNE)]
    assert detour_km(TEAM, VILLEURBANNE, stops) == 0


def offer(hours: float, km: float, *, in_time: bool = True, team: int = 1) -> Offer:
    return Offer(resource_id=team, period=at(hours), day=MONDAY, detour_km=km, is_in_time=in_time)


def test_before_the_deadline_comes_first_then_the_least_detour_then_the_earliest() -> None:
    late_but_near, far, near, sooner = offer(9, 0, in_time=False), offer(0, 8), offer(5, 2), offer(3, 2)

    assert ranked([late_but_near, far, near, sooner]) == [sooner, near, far, late_but_near]


OFFERS = st.lists(
    st.builds(offer, st.integers(0, 40).map(lambda n: n / 4), st.floats(0, 50), in_time=st.booleans(),
              team=st.integers(1, 3)), max_size=20
)  # fmt: skip


@given(OFFERS)
def test_what_is_shown_of_one_team_never_overlaps_and_leaves_no_hole(offers: list[Offer]) -> None:
    order = ranked(offers)
    kept = apart(order)

    assert kept == ranked(kept)
    for number, one in enumerate(kept):
        assert not any(o.resource_id == one.resource_id and o.period.overlaps(one.period) for o in kept[:number])
    for one in order:
        assert any(o.resource_id == one.resource_id and o.period.overlaps(one.period) for o in kept)
