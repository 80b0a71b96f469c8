"""The year and the weeks of a court: how many sessions a day has, how full, who is missing, why it does not sit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from availability.models import Recess, Resource
from availability.openings import Off
from booking.court_calendar import Chosen, SessionOfWeek, chambers_of, week_of, year_of
from booking.hearing_template_models import Formation
from booking.hearing_template_spec import People
from booking.hearing_templates import write_template
from booking.pages.court_year_words import months_of, summary_of
from booking.plans.hearing_people import ROOM_KIND
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.court import SmallCourt, make_court
from tests.booking.court_day import booked
from tests.booking.test_hearing_templates import spec_of
from tests.factories import NOW, TODAY, close, in_days

IN_A_WEEK = in_days(7)  # a Monday


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def sitting(court: SmallCourt, number: int = 0) -> Sitting:
    """Return a judge with their clerk, in a room."""
    return Sitting(judge_id=court.judges[number], clerk_id=court.clerks[number], room_id=court.rooms[number])


def the_week(session: Session, court: SmallCourt, **chosen: object) -> list[SessionOfWeek]:
    """Return the sessions of the week after this one."""
    return week_of(session, court.clerk, IN_A_WEEK, Chosen(**chosen), now=NOW)  # type: ignore[arg-type]


def test_a_day_of_the_year_counts_its_sessions_what_is_in_them_and_those_without_a_judge(
    session: Session, court: SmallCourt
) -> None:
    first, second = court.hearing(session, in_days=7), court.hearing(session, in_days=7, max_cases=2)
    court.hearing(session, in_days=400)
    staff_hearing(session, court.clerk, first, sitting(court), now=NOW)
    for number, hearing in enumerate((first, second, second), 1):
        booked(session, court, hearing, number, minutes=30)
    session.add(
        Recess(territory_id=court.territory_id, days=Range(date(2026, 7, 20), date(2026, 7, 21)), reason="Vacations")
    )
    session.flush()

    days = {one.day: one for one in year_of(session, court.clerk, 2026, now=NOW)}

    busy = days[IN_A_WEEK]
    assert (busy.sessions, busy.unstaffed, busy.cases, busy.max_cases) == (2, 1, 3, 12)
    assert (busy.minutes, busy.max_minutes, busy.percent) == (90, 360, 25)
    named = People(named_ids=(court.judges[1],))
    for room in (court.rooms[1], None):
        spec = spec_of(court, rrule="FREQ=WEEKLY;BYDAY=MO", room_id=room, people=named if room else People())
        write_template(session, court.clerk, spec, from_on=IN_A_WEEK, now=NOW)
    again = {one.day: one for one in year_of(session, court.clerk, 2026, now=NOW)}[IN_A_WEEK]
    assert (again.sessions, again.unstaffed) == (4, 2), "one has its judge and its room by its template"
    assert days[date(2026, 7, 14)].off is Off.HOLIDAY
    assert days[date(2026, 7, 20)].off is Off.RECESS
    assert in_days(8) not in days
    only = year_of(session, court.clerk, 2026, Chosen(judge_id=court.judges[0]), now=NOW)
    assert [one.sessions for one in only if one.sessions] == [1]
    assert year_of(session, court.stranger, 2026, now=NOW) == [one for one in days.values() if one.off is Off.HOLIDAY]


def test_chambers_are_in_the_order_of_their_numbers(session: Session, court: SmallCourt) -> None:
    names = ["Chambre 2", "chambre 9", "Chambre 10"]
    for name in reversed(names):
        session.get_one(Resource, court.hearing(session, in_days=7)).name = name
    session.flush()

    assert chambers_of(session, court.clerk, TODAY, in_days(60)) == names


def test_the_months_say_each_day_in_words_and_lead_to_its_week(session: Session, court: SmallCourt) -> None:
    booked(session, court, court.hearing(session, in_days=7), 1)

    days = year_of(session, court.clerk, 2026, now=NOW)
    months = months_of(days, 2026, {"salle": "3"}, today=TODAY)

    cell = next(cell for week in months[2].weeks for cell in week.cells if cell.count)
    assert cell.label == (
        "lundi\u00a09\u00a0mars\u00a02026\u00a0: 1\u00a0audience, 1\u00a0affaire sur 10, 20\u00a0minutes sur 180, "
        "1 sans juge ou sans salle"
    )
    assert cell.href == "/audiences/semaine/?semaine=2026-03-09&jour=2026-03-09&salle=3"
    assert months[4].weeks[0].cells[4].label.endswith("jour férié (Fête du Travail)")
    assert [one.open_href for one in months][1:3] == ["", "/audiences/ouvrir/?mois=2026-03"], "February is over"
    assert summary_of(days) == (
        "1\u00a0audience, 1\u00a0affaire fixée sur 10\u00a0; 1\u00a0audience sans juge ou sans salle."
    )


def test_a_week_says_who_is_missing_and_who_is_away(session: Session, court: SmallCourt) -> None:
    held, alone = court.hearing(session, in_days=7), court.hearing(session, in_days=8)
    staff_hearing(session, court.clerk, held, sitting(court), now=NOW)
    people = People(judges=3, named_ids=court.judges)
    spec = spec_of(court, room_id=court.rooms[1], people=people, formation=Formation.PANEL)
    write_template(session, court.clerk, spec, from_on=in_days(8), now=NOW)

    whole, template, nobody = the_week(session, court)[0], *the_week(session, court)[1:]
    if template.id == alone:
        template, nobody = nobody, template

    assert (whole.judge_id, whole.room_id, whole.missing) == (court.judges[0], court.rooms[0], {})
    assert nobody.missing == {"judge": 1, "clerk": 1, ROOM_KIND: 1}
    assert (template.formation, template.missing) == (Formation.PANEL, {"judge": 1, "clerk": 1})
    assert (template.judge_id, template.room_id, template.is_staffed) == (court.judges[0], court.rooms[1], False)
    assert (template.beside, whole.beside) == (court.judges[1:], ())

    close(session, session.get_one(Resource, court.judges[0]), TODAY, TODAY + timedelta(days=30))
    whole = the_week(session, court)[0]
    assert (whole.missing, whole.away) == ({"judge": 1}, (court.judges[0],))
    assert [one.id for one in the_week(session, court, room_id=court.rooms[1])] == [template.id]
