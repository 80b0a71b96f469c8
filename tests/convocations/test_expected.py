"""What a front desk finds of the hearings of its court, and the way that it prints."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from booking.hearing_day import begin_case, name_case, postpone_case
from booking.hearing_day_models import Stage
from booking.lawyers import name_lawyer
from booking.room_ways import set_ways, ways_of
from booking.staffing import staff_hearing
from convocations.expected import Expected, find_expected, way_there
from convocations.pages.expected_words import expected_row
from convocations.pages.way_paper import way_pdf
from optimizer.hearings.problem import Sitting
from tests.booking.bar import make_lawyer
from tests.booking.court_day import BEGUN, HOUSE, IN_A_WEEK, Day, booked, made_day
from tests.convocations.pdf import pages_of, text_of
from tests.factories import NOW

WAY = "1er étage, escalier B"
LOOKS = text("SELECT count(*) FROM consultation WHERE reason = 'front-desk' AND subject = 'booking'")


@pytest.fixture
def day(session: Session) -> Day:
    """A day in court whose first hearing has a room, with the way to it."""
    day = made_day(session)
    court = day.court
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    staff_hearing(session, court.clerk, day.hearing, sitting, now=NOW)
    set_ways(session, court.clerk, {court.rooms[0]: f"  {WAY} "}, now=NOW)
    return day


def _found(session: Session, day: Day, name: str = "", number: str = "", **asked: object) -> list[Expected]:
    values = {"now": BEGUN, "house": HOUSE} | asked
    return find_expected(session, day.court.clerk, name=name, number=number, **values)  # type: ignore[arg-type]


def test_a_desk_finds_by_the_number_or_the_name_of_a_case_or_by_its_lawyer(session: Session, day: Day) -> None:
    court, (first, second, third) = day.court, day.cases
    name_case(session, court.clerk, day.hearing, second, "Société Éxemple c/ Fictif", house=HOUSE, now=NOW)
    lawyer = make_lawyer(session, court)
    name_lawyer(session, court.clerk, lawyer.account_id, case_ref="RG 26/00003", now=NOW)
    begin_case(session, court.clerk, day.hearing, first, now=BEGUN)

    def ids(**asked: str) -> list[object]:
        return [one.booking_id for one in _found(session, day, **asked)]

    assert ids(number="RG 26/00002") == ids(number=" 26 00002") == ids(number="rg26/00002") == [second]
    assert ids(name="fictif EXEMPLE") == [second]
    assert ids(name=lawyer.name) == [third]
    assert ids(number="2") == ids(name="Fict") == ids(number="RG 26/00009") == ids() == []
    (found,) = _found(session, day, name="exemple")
    assert (found.room, found.way, found.counsel, found.stage) == ("Salle 1", WAY, (), Stage.WAITING)
    assert _found(session, day, number="26/00003")[0].counsel == (lawyer.name,)
    row = expected_row(found, IN_A_WEEK.date())
    assert "(aujourd’hui) à\N{NO-BREAK SPACE}10\N{NO-BREAK SPACE}h, passage vers" in row.when
    assert session.execute(LOOKS).scalar() == 7


def test_what_is_of_another_day_is_found_by_its_number_and_what_left_says_where_it_went(
    session: Session, day: Day
) -> None:
    court, (first, *_) = day.court, day.cases
    later = booked(session, court, day.later, 9)
    postpone_case(session, court.clerk, day.hearing, first, day.later, now=BEGUN)

    (there,) = _found(session, day, number="26/00009")
    gone, back = _found(session, day, number="RG 26/00001")

    assert (there.booking_id, there.room, there.expected_at) == (later, "", None)
    assert (gone.stage, gone.moved_on) == (Stage.POSTPONED, back.starts_at)
    assert expected_row(gone, IN_A_WEEK.date()).when.startswith("Renvoyée au")
    assert [one.booking_id for one in _found(session, day, number="26/00009", now=there.starts_at)] == [later]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_typed_is_answered(session: Session, day: Day, name: str, number: str) -> None:
    with contextlib.suppress(InvalidRequest):
        for one in _found(session, day, name=name, number=number):
            assert expected_row(one, IN_A_WEEK.date()).when


def test_nobody_else_finds_reads_or_prints_what_is_of_a_court(session: Session, day: Day) -> None:
    stranger, officer = day.court.stranger, make_lawyer(session, day.court)
    for other in (stranger, officer):
        for asked in ({"number": "RG 26/00001"}, {"name": "Fictive"}):
            assert find_expected(session, other, house=HOUSE, now=BEGUN, **asked) == []  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            way_there(session, other, day.cases[0])
    with pytest.raises(NotFound):
        set_ways(session, stranger, {day.court.rooms[0]: "Ailleurs"}, now=NOW)
    with pytest.raises(NotAllowed):
        set_ways(session, officer, {day.court.rooms[0]: "Ailleurs"}, now=NOW)
    with pytest.raises(InvalidRequest):
        set_ways(session, day.court.clerk, {day.court.rooms[0]: "x" * 161}, now=NOW)

    assert ways_of(session, day.court.rooms) == {day.court.rooms[0]: WAY}


def test_the_way_is_one_page_that_says_when_where_and_how_and_names_nobody(session: Session, day: Day) -> None:
    name_case(session, day.court.clerk, day.hearing, day.cases[0], "Exemple c/ Fictif", house=HOUSE, now=NOW)
    there = way_there(session, day.court.clerk, day.cases[0])
    said = " ".join(text_of(way_pdf(there, now=NOW)).split())

    for words in ("Lundi 9 mars 2026", "à 10 h", "Salle 1", WAY, there.site, "RG 26/00001"):
        assert words in said
    assert "Fictif" not in said
    long = replace(there, room="Salle d’audience " + "longue " * 16, way="étage " * 26, site="Tribunal " * 14)
    assert pages_of(way_pdf(long, now=NOW)) == 1
    assert set_ways(session, day.court.clerk, {day.court.rooms[0]: ""}, now=NOW) == 1
    assert way_there(session, day.court.clerk, day.cases[0]).way == ""
