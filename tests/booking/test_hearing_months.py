"""A month opened in one act: what it opens, what it leaves out and why, done twice, and taken back."""

from __future__ import annotations

import re
from datetime import date, time
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Closure, Recess, Resource, Territory
from availability.openings import Off
from availability.rights import Role
from booking.hearing_generation import generate
from booking.hearing_months import lines_of, made_of, next_in_force, open_month, shut_month
from booking.hearing_reach import Reach, month_after
from booking.hearing_template_queries import DayOf, year_of
from booking.hearing_template_spec import People
from booking.hearing_templates import change_template, set_day, tried, undo_change, write_template
from booking.pages.hearing_month_words import days_words, opened_words, shut_words, told_of
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import opened, session_on, set_case, spec_of
from tests.factories import NOW, close, in_days, make_actor

MAY = date(2026, 5, 1)
# Fridays of May 2026: the first and the eighth are holidays.
FRIDAYS, THERE = "FREQ=WEEKLY;BYDAY=FR", [date(2026, 5, day) for day in (15, 22, 29)]
OPEN = partial(open_month, month_on=MAY, now=NOW)
SHUT = partial(shut_month, month_on=MAY, now=NOW)


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def line(session: Session, court: SmallCourt, **said: Any) -> int:
    """Write a template that opens nothing by itself, on Fridays, and return its line."""
    spec = spec_of(court, **{"rrule": FRIDAYS, "horizon_days": 0} | said)
    return write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW).template_id


def test_a_month_shows_first_what_it_opens_and_leaves_out_then_does_it_once_and_is_taken_back(
    session: Session, court: SmallCourt
) -> None:
    one = line(session, court, name="Chambre A")
    set_day(session, court.clerk, one, date(2026, 5, 22), sits=False, now=NOW)
    session.add(Recess(territory_id=court.territory_id, days=Range(date(2026, 5, 25), date(2026, 6, 1))))

    shown = tried(session, OPEN, court.clerk, line_ids=[one])

    assert opened(session) == [], "showing opens nothing, and neither does the night"
    assert generate(session, one, now=NOW).made == ()
    done = OPEN(session, court.clerk, line_ids=[one])
    assert done == shown
    assert (made_of(done), done[0].there, done[0].is_new) == (1, (), True)
    assert [(left.day.day, left.what, left.off, left.off_name) for left in done[0].left] == [
        (1, DayOf.OFF, Off.HOLIDAY, "Fête du Travail"),
        (8, DayOf.OFF, Off.HOLIDAY, "Fête de la Victoire"),
        (22, DayOf.LEFT_OUT, None, ""),
        (29, DayOf.OFF, Off.RECESS, ""),
    ]
    again = OPEN(session, court.clerk, line_ids=[one])
    assert (made_of(again), again[0].there, again[0].is_new) == (0, (date(2026, 5, 15),), False)
    assert generate(session, one, now=NOW).withdrawn == (), "the night keeps what was opened"
    assert SHUT(session, court.clerk, line_ids=[one])[0].generated.withdrawn == (date(2026, 5, 15),)
    assert opened(session) == []
    assert SHUT(session, court.clerk, line_ids=[one]) == []
    acts = session.execute(text("SELECT act, facts->>'month' AS month FROM history WHERE act LIKE '%-month-%'")).all()
    assert [tuple(row) for row in acts] == [("hearing-month-opened", "2026-05"), ("hearing-month-shut", "2026-05")]


def test_a_room_that_is_taken_and_a_judge_who_is_away_are_told_and_each_night_tries_again(
    session: Session, court: SmallCourt
) -> None:
    held = {"room_id": court.rooms[0], "people": People(named_ids=(court.judges[0],))}
    first = line(session, court, name="Chambre A", **held)
    second = line(session, court, name="Chambre B", room_id=court.rooms[0], starts=time(10))
    away = Closure(resource_id=court.judges[0], days=Range(date(2026, 5, 15), date(2026, 5, 16)), created_at=NOW)
    session.add(away)

    done = OPEN(session, court.clerk, line_ids=[second, first])

    assert [(each.name, each.generated.made) for each in done] == [
        ("Chambre A", tuple(THERE[1:])),
        ("Chambre B", (THERE[0],)),
    ]
    why = {(each.name, left.day): left.blocked for each in done for left in each.left if left.blocked}
    assert {(name, day.day, one.resource_id, one.is_away) for (name, day), one in why.items()} == {
        ("Chambre A", 15, court.judges[0], True),
        ("Chambre B", 22, court.rooms[0], False),
        ("Chambre B", 29, court.rooms[0], False),
    }
    session.delete(away)
    session.flush()
    assert generate(session, first, now=NOW).blocked[0].resource_id == court.rooms[0], "taken meanwhile"
    SHUT(session, court.clerk, line_ids=[second])
    assert generate(session, first, now=NOW).made == (THERE[0],)


def test_what_holds_a_case_stays_when_a_month_is_taken_back(session: Session, court: SmallCourt) -> None:
    one = line(session, court)
    OPEN(session, court.clerk, line_ids=[one])
    set_case(session, session_on(session, THERE[0]))

    shut = SHUT(session, court.clerk, line_ids=[one])

    assert [(kept.day, kept.cases) for kept in shut[0].generated.kept] == [(THERE[0], 1)]
    assert opened(session) == [THERE[0]]


def test_a_month_stays_open_when_its_template_changes_from_a_day_on_and_back(
    session: Session, court: SmallCourt
) -> None:
    one = line(session, court)
    OPEN(session, court.clerk, line_ids=[one])
    saturdays = spec_of(court, rrule="FREQ=WEEKLY;BYDAY=SA", horizon_days=0)

    new = change_template(session, court.clerk, one, saturdays, from_on=date(2026, 5, 20), now=NOW).template_id

    assert [day.day for day in opened(session)] == [15, 23, 30]
    found = lines_of(session, court.clerk, MAY, now=NOW)
    assert [(each.line_id, each.template_ids, each.is_opened) for each in found] == [(one, (one, new), True)]
    assert OPEN(session, court.clerk, line_ids=[one])[0].there == tuple(opened(session))
    undo_change(session, court.clerk, new, now=NOW)
    assert opened(session) == THERE
    told = year_of(session, court.clerk, one, first=MAY, until=date(2026, 7, 1), now=NOW)
    assert {one.day.month: one.what for one in told if one.off is None} == {5: DayOf.OPEN, 6: DayOf.LATER}


def test_only_the_registry_of_the_court_opens_a_month_that_is_neither_over_nor_too_far(
    session: Session, court: SmallCourt
) -> None:
    one = line(session, court)
    judge = make_actor(Role.FAMILY_JUDGE, session.get_one(Territory, court.territory_id))

    with pytest.raises(NotAllowed):
        OPEN(session, judge, line_ids=[one])
    with pytest.raises(NotFound):
        OPEN(session, court.stranger, line_ids=[one])
    assert lines_of(session, court.stranger, MAY, now=NOW) == []
    for month_on, problem in ((date(2026, 2, 1), "past"), (date(2028, 4, 1), "too-far")):
        with pytest.raises(InvalidRequest, match=problem):
            open_month(session, court.clerk, month_on, [one], now=NOW)
    ends = [
        made_of(open_month(session, court.clerk, month, [one], now=NOW)) for month in (date(2028, 3, 1), NOW.date())
    ]
    assert ends == [5, 4], "this month, from tomorrow on"


def test_a_month_without_a_template_in_force_says_from_when_one_is(session: Session, court: SmallCourt) -> None:
    for days in (100, 60):
        write_template(session, court.clerk, spec_of(court, horizon_days=0), from_on=in_days(days), now=NOW)
    first = in_days(60)

    assert next_in_force(session, court.clerk, NOW.date()) == first
    assert next_in_force(session, court.clerk, first) == in_days(100), "what is in force in the month itself is shown"
    assert next_in_force(session, court.clerk, in_days(100)) is None
    assert next_in_force(session, court.stranger, NOW.date()) is None


@given(
    until=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    months=st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(lambda day: day.replace(day=1)), max_size=4),
    day=st.dates(date(2026, 1, 1), date(2028, 3, 31)),
)
@settings(max_examples=40, deadline=None)
def test_a_day_is_written_before_the_horizon_or_in_a_month_that_was_opened_and_never_after_the_last(
    until: date, months: set[date], day: date
) -> None:
    reach = Reach(until=until, months=tuple(sorted(months)))

    is_opened = any((month.year, month.month) == (day.year, day.month) for month in months)
    assert reach.covers(day) == (day < until or is_opened)
    assert not reach.covers(day) or day < reach.last
    assert all(reach.covers(month) and reach.last >= month_after(month) for month in months)


def test_a_month_says_in_words_what_opens_what_is_there_and_why_dates_are_left_out(
    session: Session, court: SmallCourt
) -> None:
    held = {"room_id": court.rooms[0], "people": People(named_ids=(court.judges[0],))}
    first = line(session, court, name="Chambre A", **held)
    second = line(session, court, name="Chambre B", room_id=court.rooms[0], starts=time(10, 30))
    close(session, session.get_one(Resource, court.judges[0]), date(2026, 5, 15), date(2026, 5, 16))
    lines = lines_of(session, court.clerk, MAY, now=NOW)

    told = told_of(lines, OPEN(session, court.clerk, line_ids=[first]))

    assert (told.summary, told.open_label, told.can_shut) == (
        "2\u00a0audiences s’ouvriront. 3\u00a0dates sont laissées de côté, chacune avec sa raison.",
        "Ouvrir 2\u00a0audiences",
        False,
    )
    assert (told.rows[0].made, told.rows[0].there) == ("vendredi\u00a022 et 29", "")
    assert told.rows[0].left == [
        "ven.\u00a01er\u00a0mai\u00a0: jour férié (Fête du Travail)",
        "ven.\u00a08\u00a0mai\u00a0: jour férié (Fête de la Victoire)",
        "ven.\u00a015\u00a0mai\u00a0: « Juge 1 » n’est pas disponible ce jour-là",
    ]
    assert (told.rows[1].is_ticked, told.rows[1].nothing) == (False, "Laissé de côté.")
    lines = lines_of(session, court.clerk, MAY, now=NOW)
    both = told_of(lines, OPEN(session, court.clerk, line_ids=[first, second]))
    assert both.rows[0].there == "Déjà ouvertes\u00a0: vendredi\u00a022 et 29"
    assert both.rows[1].left[-1].startswith("ven.\u00a029\u00a0mai\u00a0: « Salle 1 » n’est pas libre ; à ")
    assert both.can_shut
    assert opened_words("Mai 2026", OPEN(session, court.clerk, line_ids=[first, second])).startswith(
        "Mai 2026. 7\u00a0d"
    )
    gone = shut_words("Mai 2026", SHUT(session, court.clerk, line_ids=[first, second]))
    assert gone == "Mai 2026\u00a0: 3\u00a0audiences vides retirées."


@given(st.sets(st.dates(), max_size=12))
@settings(max_examples=40, deadline=None)
def test_each_date_of_a_month_is_said_once_in_order(days: set[date]) -> None:
    month = {day.replace(year=2026, month=5) for day in days}

    numbers = [int(one.rstrip("er")) for one in re.findall(r"\d+(?:er)?", days_words(month))]

    assert numbers == sorted(day.day for day in month)
