"""The law of "when": by day, where the person is, earlier rather than later, and never for nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.openings import is_holiday, local_day
from convocations.kinds import MessageKind
from convocations.timing import (
    Departure,
    Step,
    Whereabouts,
    due_at,
    last_moment,
    leave_or_wait,
    may_leave,
    next_moment,
    useful_until,
)

PARIS = Whereabouts(ZoneInfo("Europe/Paris"), "")
STRASBOURG = Whereabouts(ZoneInfo("Europe/Paris"), "6AE")
METZ = Whereabouts(ZoneInfo("Europe/Paris"), "57")
MARTINIQUE = Whereabouts(ZoneInfo("America/Martinique"), "972")
REUNION = Whereabouts(ZoneInfo("Indian/Reunion"), "974")
NOUMEA = Whereabouts(ZoneInfo("Pacific/Noumea"), "NC")
EVERYWHERE = (PARIS, STRASBOURG, METZ, MARTINIQUE, REUNION, NOUMEA, Whereabouts(ZoneInfo("America/Miquelon"), "PM"))
UNDO = timedelta(minutes=10)
MICRO = timedelta(microseconds=1)


def at(moment: str, where: Whereabouts = PARIS) -> datetime:
    """Return the instant of a wall time of 2026 there: "03-30 09:00"."""
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=where.zone)


def shown(instant: datetime | None, where: Whereabouts = PARIS) -> str | None:
    """Return the wall time there, as `at` reads it."""
    return instant and f"{instant.astimezone(where.zone):%m-%d %H:%M}"


# The hours and the days


@pytest.mark.parametrize(
    ("moment", "where", "allowed"),
    [
        ("11-24 07:59:59.999999", PARIS, False),
        ("11-24 08:00", PARIS, True),
        ("11-24 19:59:59.999999", PARIS, True),
        ("11-24 20:00", PARIS, False),
        ("11-24 00:00", PARIS, False),
        ("11-28 10:00", PARIS, True),  # a Saturday
        ("11-29 10:00", PARIS, False),  # a Sunday
        ("07-14 10:00", PARIS, False),
        ("07-14 10:00", MARTINIQUE, False),
        ("05-22 10:00", MARTINIQUE, False),  # abolition of slavery
        ("05-22 10:00", PARIS, True),
        ("05-10 10:00", MARTINIQUE, False),  # a Sunday in 2026, and no public holiday anywhere
        ("05-11 10:00", MARTINIQUE, True),
        ("12-26 10:00", PARIS, True),  # a Saturday
        ("12-26 10:00", STRASBOURG, False),
        ("12-26 10:00", METZ, False),
        ("04-03 10:00", STRASBOURG, False),  # Good Friday
        ("04-03 10:00", PARIS, True),
        ("09-24 10:00", NOUMEA, False),
        ("12-20 10:00", REUNION, False),
        ("03-28 10:00", NOUMEA, True),
    ],
)
def test_by_day_and_on_working_days_of_the_place(moment: str, where: Whereabouts, allowed: bool) -> None:
    assert may_leave(at(moment, where), where) is allowed


@pytest.mark.parametrize(("where", "allowed"), [(PARIS, True), (MARTINIQUE, False), (REUNION, True), (NOUMEA, False)])
def test_one_instant_is_day_for_some_and_night_for_others(where: Whereabouts, allowed: bool) -> None:
    noon_in_paris = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 07:00 in Fort-de-France, 22:00 in Nouméa

    assert may_leave(noon_in_paris, where) is allowed


@pytest.mark.parametrize(
    ("moment", "where", "expected"),
    [
        ("11-24 10:00", PARIS, "11-24 10:00"),
        ("11-24 07:00", PARIS, "11-24 08:00"),
        ("11-24 20:00", PARIS, "11-25 08:00"),
        ("11-28 20:00", PARIS, "11-30 08:00"),  # over a Sunday
        ("11-30 21:00", PARIS, "12-01 08:00"),  # over the end of a month
        ("07-13 21:00", PARIS, "07-15 08:00"),
        ("12-24 21:00", PARIS, "12-26 08:00"),
        ("12-24 21:00", STRASBOURG, "12-28 08:00"),  # 25 and 26, then a Sunday
        ("04-02 21:00", STRASBOURG, "04-04 08:00"),
        ("05-21 20:30", MARTINIQUE, "05-23 08:00"),
        ("03-28 21:00", PARIS, "03-30 08:00"),  # summer time begins on Sunday
        ("10-24 21:00", PARIS, "10-26 08:00"),
    ],
)
def test_the_next_moment(moment: str, where: Whereabouts, expected: str) -> None:
    assert shown(next_moment(at(moment, where), where), where) == expected


@pytest.mark.parametrize(
    ("moment", "where", "expected"),
    [
        ("11-24 10:00", PARIS, "11-24 10:00"),
        ("11-24 08:00", PARIS, "11-24 08:00"),
        ("11-24 19:30", PARIS, "11-24 19:30"),
        ("11-24 19:31", PARIS, "11-24 19:30"),
        ("11-24 23:00", PARIS, "11-24 19:30"),
        ("11-24 07:59", PARIS, "11-23 19:30"),
        ("11-29 10:00", PARIS, "11-28 19:30"),
        ("11-30 07:00", PARIS, "11-28 19:30"),
        ("12-01 07:00", PARIS, "11-30 19:30"),
        ("07-14 12:00", PARIS, "07-13 19:30"),
        ("12-28 07:30", STRASBOURG, "12-24 19:30"),
        ("12-28 07:30", PARIS, "12-26 19:30"),
        ("03-30 07:00", PARIS, "03-28 19:30"),
        ("10-26 07:00", PARIS, "10-24 19:30"),
        ("05-23 07:00", MARTINIQUE, "05-21 19:30"),
    ],
)
def test_the_last_moment(moment: str, where: Whereabouts, expected: str) -> None:
    assert shown(last_moment(at(moment, where), where), where) == expected


# The reminder


@pytest.mark.parametrize(
    ("starts", "where", "expected"),
    [
        ("11-26 09:30", PARIS, "11-24 09:30"),
        ("11-26 07:30", PARIS, "11-23 19:30"),  # 07:30 is night: the evening before
        ("11-26 20:30", PARIS, "11-24 19:30"),
        ("11-24 09:00", PARIS, "11-21 19:30"),  # Sunday becomes Saturday evening
        ("12-01 09:00", PARIS, "11-28 19:30"),
        ("12-03 09:00", PARIS, "12-01 09:00"),
        ("07-16 10:00", PARIS, "07-13 19:30"),
        ("03-30 09:00", PARIS, "03-28 08:00"),  # 48 hours of real time, the night being shorter
        ("03-30 08:59", PARIS, "03-27 19:30"),
        ("10-26 09:00", PARIS, "10-24 10:00"),  # and longer
        ("03-30 09:00", REUNION, "03-28 09:00"),
        ("03-30 09:00", NOUMEA, "03-28 09:00"),
        ("10-26 09:00", MARTINIQUE, "10-24 09:00"),
        ("05-24 09:00", MARTINIQUE, "05-21 19:30"),
        ("05-24 09:00", PARIS, "05-22 09:00"),
        ("12-28 09:00", STRASBOURG, "12-24 19:30"),
        ("12-28 09:00", PARIS, "12-26 09:00"),
        ("03-02 09:00", PARIS, "02-28 09:00"),
    ],
)
def test_a_reminder_leaves_two_days_before_or_earlier(starts: str, where: Whereabouts, expected: str) -> None:
    due = due_at(MessageKind.REMINDER, now=at("01-05 10:00"), undo=UNDO, where=where, starts_at=at(starts, where))

    assert shown(due, where) == expected


def test_a_reminder_follows_the_person_and_not_the_place_of_the_appointment() -> None:
    nine_in_paris = at("11-26 09:00")  # 04:00 in Fort-de-France

    due = due_at(MessageKind.REMINDER, now=at("11-02 10:00"), undo=UNDO, where=MARTINIQUE, starts_at=nine_in_paris)

    assert shown(due, MARTINIQUE) == "11-23 19:30"


def test_a_reminder_may_be_wanted_the_day_before() -> None:
    asked = {"now": at("11-02 10:00"), "undo": UNDO, "where": PARIS, "starts_at": at("11-26 09:00")}

    assert shown(due_at(MessageKind.REMINDER, **asked, hours_before=24)) == "11-25 09:00"
    with pytest.raises(ValueError, match="of no use"):
        due_at(MessageKind.REMINDER, **asked, hours_before=1)


@pytest.mark.parametrize(
    ("taken", "starts", "expected"),
    [
        ("11-24 08:50", "11-26 09:00", "11-24 09:00"),  # exactly the undo window before
        ("11-24 08:51", "11-26 09:00", None),
        ("11-25 10:00", "11-26 09:00", None),
        ("11-26 08:30", "11-26 09:00", None),
        ("11-27 10:00", "11-26 09:00", None),  # already past
        ("11-21 19:00", "11-24 09:00", "11-21 19:30"),
        ("11-22 10:00", "11-24 12:00", None),  # Sunday to Tuesday: Saturday evening is over
    ],
)
def test_an_appointment_taken_too_late_for_its_reminder_has_only_its_confirmation(
    taken: str, starts: str, expected: str | None
) -> None:
    due = due_at(MessageKind.REMINDER, now=at(taken), undo=UNDO, where=PARIS, starts_at=at(starts))

    assert shown(due) == expected


# The other kinds


@pytest.mark.parametrize("kind", [MessageKind.CONFIRMATION, MessageKind.CHANGE, MessageKind.CANCELLATION])
@pytest.mark.parametrize(
    ("now", "starts", "expected"),
    [
        ("11-24 10:00", "11-26 09:00", "11-24 10:10"),
        ("11-24 19:49", "11-26 09:00", "11-24 19:59"),
        ("11-24 19:50", "11-26 09:00", "11-25 08:00"),  # the undo window ends at night
        ("11-24 23:00", "11-26 09:00", "11-25 08:00"),
        ("11-28 20:00", "12-01 09:00", "11-30 08:00"),
        ("11-24 21:00", "11-25 08:30", "11-25 08:00"),
        ("11-24 21:00", "11-25 08:00", None),  # nobody reads it in time
        ("11-24 08:55", "11-24 09:05", None),
        ("11-24 10:00", "11-24 09:00", None),
    ],
)
def test_an_act_is_told_once_it_can_no_longer_be_undone(
    kind: MessageKind, now: str, starts: str, expected: str | None
) -> None:
    assert shown(due_at(kind, now=at(now), undo=UNDO, where=PARIS, starts_at=at(starts))) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [("11-24 10:00", "11-24 10:10"), ("11-27 19:49", "11-27 19:59"), ("11-27 21:00", None)],
)
def test_an_offer_leaves_until_the_end_of_its_last_day(now: str, expected: str | None) -> None:
    due = due_at(MessageKind.OFFER, now=at(now), undo=UNDO, where=PARIS, choose_by=date(2026, 11, 27))

    assert shown(due) == expected


def test_somebody_missed_is_told_within_a_week() -> None:
    asked = {"undo": UNDO, "where": PARIS, "starts_at": at("11-24 09:00")}

    assert shown(due_at(MessageKind.MISSED, now=at("11-24 12:00"), **asked)) == "11-24 12:10"
    assert shown(due_at(MessageKind.MISSED, now=at("12-01 08:00"), **asked)) == "12-01 08:10"
    assert due_at(MessageKind.MISSED, now=at("12-01 08:50"), **asked) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MessageKind.REMINDER, "11-24 08:00"),
        (MessageKind.CONFIRMATION, "11-24 09:00"),
        (MessageKind.CHANGE, "11-24 09:00"),
        (MessageKind.CANCELLATION, "11-24 09:00"),
        (MessageKind.MISSED, "12-01 09:00"),
        (MessageKind.OFFER, "11-21 00:00"),
    ],
)
def test_each_kind_is_useful_for_so_long(kind: MessageKind, expected: str) -> None:
    until = useful_until(kind, where=PARIS, starts_at=at("11-24 09:00"), choose_by=date(2026, 11, 20))

    assert shown(until) == expected


def test_the_last_day_to_choose_ends_by_the_clock_of_the_person() -> None:
    until = useful_until(MessageKind.OFFER, where=NOUMEA, choose_by=date(2026, 11, 30))

    assert until == datetime(2026, 11, 30, 13, tzinfo=UTC)


@pytest.mark.parametrize("kind", MessageKind)
def test_a_message_without_its_date_is_a_mistake_of_ours(kind: MessageKind) -> None:
    with pytest.raises(ValueError, match="has"):
        useful_until(kind, where=PARIS)


# After an outage


@pytest.mark.parametrize(
    ("now", "due", "expected"),
    [
        ("11-24 09:00", "11-24 09:00", Departure(Step.LEAVE)),
        ("11-24 08:59", "11-24 09:00", Departure(Step.WAIT, at("11-24 09:00"))),
        ("11-24 15:00", "11-24 09:00", Departure(Step.LEAVE)),  # late, and still useful
        ("11-24 20:30", "11-24 09:00", Departure(Step.WAIT, at("11-25 08:00"))),
        ("11-26 07:59", "11-24 09:00", Departure(Step.TOO_LATE)),  # 08:00 is the time limit itself
        ("11-25 19:59", "11-24 09:00", Departure(Step.LEAVE)),
        ("11-25 20:00", "11-24 09:00", Departure(Step.TOO_LATE)),
        ("11-26 08:00", "11-24 09:00", Departure(Step.TOO_LATE)),
        ("11-27 08:00", "11-24 09:00", Departure(Step.TOO_LATE)),
    ],
)
def test_after_an_outage_what_is_still_useful_leaves_as_soon_as_allowed(
    now: str, due: str, expected: Departure
) -> None:
    until = useful_until(MessageKind.REMINDER, where=PARIS, starts_at=at("11-26 09:00"))

    assert leave_or_wait(at(now), at(due), until, PARIS) == expected


def test_a_reminder_held_up_on_saturday_is_too_late_on_monday_for_an_early_appointment() -> None:
    until = useful_until(MessageKind.REMINDER, where=PARIS, starts_at=at("11-30 09:00"))

    assert leave_or_wait(at("11-28 21:00"), at("11-28 09:00"), until, PARIS).step is Step.TOO_LATE
    assert leave_or_wait(at("11-28 21:00"), at("11-28 09:00"), until + MICRO, PARIS).at == at("11-30 08:00")


def test_a_message_planned_for_elsewhere_waits_for_the_day_where_the_person_is_now() -> None:
    planned_in_paris, until = at("11-24 09:00"), at("11-26 09:00")

    found = leave_or_wait(planned_in_paris, planned_in_paris, until, MARTINIQUE)

    assert found == Departure(Step.WAIT, at("11-24 08:00", MARTINIQUE))


# Properties


instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware
places = st.sampled_from(EVERYWHERE)
windows = st.integers(0, 900).map(lambda seconds: timedelta(seconds=seconds))
tied = st.sampled_from([kind for kind in MessageKind if kind is not MessageKind.OFFER])


@given(instants, places)
def test_the_next_moment_is_allowed_and_nothing_allowed_comes_before_it(instant: datetime, where: Whereabouts) -> None:
    found = next_moment(instant, where)

    assert found >= instant
    assert may_leave(found, where)
    assert next_moment(found, where) == found
    assert found == instant or not may_leave(found - MICRO, where)
    step = (found - instant) / 40
    assert not any(may_leave(instant + number * step, where) for number in range(40) if found > instant)


@given(instants, places)
def test_the_last_moment_is_allowed_and_what_is_allowed_after_it_is_the_last_half_hour(
    instant: datetime, where: Whereabouts
) -> None:
    found = last_moment(instant, where)

    assert found <= instant
    assert may_leave(found, where)
    assert last_moment(found, where) == found
    assert found.astimezone(where.zone).time() <= time(19, 30)
    step = (instant - found) / 40
    between = [instant - number * step for number in range(40) if found < instant]
    assert all(moment.astimezone(where.zone).time() > time(19, 30) for moment in between if may_leave(moment, where))


@given(instants, places)
def test_nobody_waits_longer_than_three_closed_days_in_a_row(instant: datetime, where: Whereabouts) -> None:
    assert next_moment(instant, where) - instant <= timedelta(days=3, hours=13)
    assert instant - last_moment(instant, where) <= timedelta(days=3, hours=13)


@given(
    kind=tied,
    now=instants,
    hours=st.integers(-200, 2000),
    undo=windows,
    where=places,
    hours_before=st.sampled_from([24, 48]),
)
def test_whatever_is_planned_leaves_by_day_after_the_undo_window_and_while_it_is_useful(
    *, kind: MessageKind, now: datetime, hours: int, undo: timedelta, where: Whereabouts, hours_before: int
) -> None:
    starts_at = now + timedelta(hours=hours)

    due = due_at(kind, now=now, undo=undo, where=where, starts_at=starts_at, hours_before=hours_before)

    if due is not None:
        assert may_leave(due, where)
        assert due >= now + undo
        assert due < useful_until(kind, where=where, starts_at=starts_at)
        assert due.utcoffset() == timedelta(0)
        if kind is MessageKind.REMINDER:
            assert due <= starts_at - timedelta(hours=hours_before)


@given(tied, instants, st.integers(-200, 2000), windows, places)
def test_an_act_that_can_be_told_in_time_is_told(
    kind: MessageKind, now: datetime, hours: int, undo: timedelta, where: Whereabouts
) -> None:
    starts_at = now + timedelta(hours=hours)

    due = due_at(kind, now=now, undo=undo, where=where, starts_at=starts_at)

    # Four closed days in a row do not exist: with two weeks ahead, there is always a moment.
    if hours >= 14 * 24:
        assert due is not None


@given(instants, st.integers(0, 20), windows, places)
def test_an_offer_leaves_on_or_before_its_last_day(
    now: datetime, days: int, undo: timedelta, where: Whereabouts
) -> None:
    choose_by = local_day(now, where.zone) + timedelta(days=days)

    due = due_at(MessageKind.OFFER, now=now, undo=undo, where=where, choose_by=choose_by)

    if due is not None:
        day = local_day(due, where.zone)
        assert day <= choose_by
        assert day.weekday() != 6
        assert not is_holiday(day, where.holiday_zone)


@given(instants, instants, instants, places)
def test_what_leaves_leaves_by_day_in_time_and_not_before_its_turn(
    now: datetime, due: datetime, until: datetime, where: Whereabouts
) -> None:
    found = leave_or_wait(now, due, until, where)

    if found.step is Step.LEAVE:
        assert may_leave(now, where)
        assert due <= now < until
    elif found.step is Step.WAIT:
        assert found.at is not None
        assert now < found.at < until
        assert leave_or_wait(found.at, due, until, where).step is Step.LEAVE
    else:
        assert next_moment(max(now, due), where) >= until
