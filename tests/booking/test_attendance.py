"""Presence noted day by day, by the host or by who follows the person, corrected, taken back, and shown to hosts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlmodel import Session

from availability.claims import NightsClaim
from availability.errors import InvalidRequest, NotFound
from availability.models import Shape
from booking.actions import Beneficiary, book, cancel, confirm, hold
from booking.attendance import each_done, forget_presence, note_presence
from booking.errors import AlreadyDecided, OutOfDate
from booking.models import Booking, State
from booking.outcomes import note_as_host
from booking.pages.presences_words import all_noted, all_undone
from booking.presences import expected_in, expected_on
from booking.queries import history_of
from booking.series import create_series
from booking.series_models import Series
from booking.series_queries import series_for
from booking.series_rules import Standing
from booking.words import act_sentence
from portal.problems import sentence
from tests.booking.test_series import bookings_of, hours, make_post, make_room, two_o_clock, visits
from tests.booking.town import make_person
from tests.conftest import Database
from tests.factories import NOW, TODAY, World, in_days, make_beds, make_kind, make_resource, make_world
from tests.races import act, at_once

MONDAY = in_days(7)
THEN = NOW + timedelta(days=7)
SECOND = NOW + timedelta(days=14)


def placed(session: Session, world: World, count: int = 14) -> tuple[Series, Booking]:
    """Return so many hours on a post, seven each Monday from the next one."""
    series = create_series(session, world.officer, hours(make_post(session, world), count), now=NOW)
    (booking,) = bookings_of(session, series)
    return series, booking


def test_hours_noted_by_the_host_are_done_and_the_last_ones_end_the_series(session: Session, world: World) -> None:
    series, booking = placed(session, world)
    view = partial(series_for, session, world.officer, series.id)

    note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=390, now=THEN)
    first = view(now=THEN)
    after = MONDAY + timedelta(days=7)
    note_presence(session, world.host, booking.id, after, came=True, minutes=450, now=SECOND)
    last = view(now=SECOND)

    assert (first.progress.done, first.progress.planned, first.progress.left) == (390, 420, 30)
    assert first.standing is Standing.RUNNING
    assert (last.progress.done, last.standing) == (840, Standing.DONE)


def test_all_at_once_are_noted_but_those_who_are_refused_and_each_is_told_why(session: Session, world: World) -> None:
    beds = make_resource(session, world.site, make_kind(session, Shape.NIGHTS, code="lits"))
    make_beds(session, beds, "lit 1", "lit 2", "lit 3")
    claim, whom = NightsClaim(resource_id=beds.id, first=TODAY, until=in_days(3)), Beneficiary(case_ref="26/7")
    stays = [book(session, world.officer, claim, now=NOW, beneficiary=whom) for _ in range(3)]
    noted, gone, other = sorted(one.id for one in stays)
    note_presence(session, world.host, noted, TODAY, came=False, now=NOW)  # by a colleague, since it was read
    cancel(session, world.officer, gone, now=NOW, for_the_place=True)
    came = {
        one: partial(note_presence, booking_id=one, day=TODAY, came=True, revision=0) for one in (other, gone, noted)
    }

    refused = each_done(session, world.host, came, now=NOW)

    assert {one: type(why) for one, why in refused.items()} == {noted: OutOfDate, gone: AlreadyDecided}
    said = {one.booking_id: one.came for one in expected_on(session, world.host, TODAY)}
    assert said == {noted: False, other: True}
    told = all_noted(1, [("A.D.", sentence(refused[gone]))])
    assert told.startswith("C’est noté")
    assert told.endswith("A.D.\N{NO-BREAK SPACE}: Cette réservation n’en est plus là.")
    assert each_done(session, world.host, {other: partial(forget_presence, booking_id=other, day=TODAY)}, now=NOW) == {}
    assert all_undone(0, [("A.D.", "non")]).startswith("Rien n’est annulé")


def test_a_day_missed_is_left_to_place(session: Session, world: World) -> None:
    series, booking = placed(session, world)

    note_presence(session, world.host, booking.id, MONDAY, came=False, now=THEN)

    progress = series_for(session, world.officer, series.id, now=THEN).progress
    assert (progress.done, progress.planned, progress.left) == (0, 420, 420)


def test_an_entry_is_corrected_once_and_the_history_keeps_what_it_said(session: Session, world: World) -> None:
    _, booking = placed(session, world)

    note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=420, now=THEN)
    note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=420, now=THEN)
    entry = note_presence(session, world.officer, booking.id, MONDAY, came=False, now=THEN, revision=1)

    assert (entry.revision, entry.entered_by) == (2, world.officer.account_id)
    lines = [line for line in history_of(session, world.officer, booking.id) if line.act == "presence-noted"]
    assert [act_sentence(line.act, line.facts, "Alix").replace("\xa0", " ") for line in lines] == [
        "Alix a noté pour le 09/03/2026 : présence, 7 h.",
        "Alix a noté pour le 09/03/2026 : absence (noté avant : présence, 7 h).",
    ]
    with pytest.raises(OutOfDate):
        note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=60, now=THEN, revision=1)


def test_an_entry_taken_back_is_none(session: Session, world: World) -> None:
    series, booking = placed(session, world)
    note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=420, now=THEN)

    forget_presence(session, world.host, booking.id, MONDAY, now=THEN)
    forget_presence(session, world.host, booking.id, MONDAY, now=THEN)

    assert series_for(session, world.officer, series.id, now=THEN).progress.done == 0
    assert [line.act for line in history_of(session, world.officer, booking.id)][-2:] == [
        "presence-noted",
        "presence-forgotten",
    ]


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        (MONDAY - timedelta(days=1), "not-one-of-its-days"),
        (MONDAY + timedelta(days=8), "not-one-of-its-days"),
        (MONDAY + timedelta(days=1), "not-yet"),
    ],
)
def test_only_days_of_the_placement_that_have_come_are_noted(
    session: Session, world: World, day: date, problem: str
) -> None:
    _, booking = placed(session, world)

    with pytest.raises(InvalidRequest) as refusal:
        note_presence(session, world.host, booking.id, day, came=True, minutes=60, now=THEN)

    assert refusal.value.problem == problem


def test_after_six_months_nothing_is_noted_and_a_visit_or_a_bed_counts_no_hours(session: Session, world: World) -> None:
    _, booking = placed(session, world)
    room = make_room(session, world)
    (visit,) = bookings_of(session, create_series(session, world.officer, visits(room, 1), now=NOW))
    stay = in_a_bed(session, world)

    for booked, day, when, field in (
        (booking, MONDAY, NOW + timedelta(days=200), "day"),
        (visit, two_o_clock(1).date(), THEN, "booking_id"),
        (stay, TODAY, NOW, "minutes"),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            note_presence(session, world.host, booked.id, day, came=True, minutes=60, now=when)
        assert refusal.value.field == field


def test_somebody_elses_host_and_a_stranger_note_nothing_and_neither_does_anybody_of_what_is_not_booked(
    session: Session, world: World
) -> None:
    _, booking = placed(session, world)
    other = make_world(session)

    for actor in (other.host, world.stranger):
        with pytest.raises(NotFound):
            note_presence(session, actor, booking.id, MONDAY, came=True, now=THEN)
    booking.state = State.REFUSED
    session.flush()
    with pytest.raises(AlreadyDecided):
        note_presence(session, world.host, booking.id, MONDAY, came=True, now=THEN)


def test_a_host_sees_who_is_expected_that_day_by_initials_and_what_was_noted(session: Session, world: World) -> None:
    person = make_person(session, world.here, "Alix", "Démonstration")
    post = make_post(session, world)
    order = replace(hours(post, 14), beneficiary=Beneficiary(person_id=person.id))
    series = create_series(session, world.officer, order, now=NOW)
    (booking,) = bookings_of(session, series)
    room = make_room(session, world)
    (visit,) = bookings_of(session, create_series(session, world.officer, visits(room, 1), now=NOW))
    note_presence(session, world.host, booking.id, MONDAY, came=True, minutes=420, now=THEN)
    note_as_host(session, world.host, visit.id, State.MISSED, now=THEN)

    (worker,) = expected_on(session, world.host, MONDAY)
    (visitor,) = expected_on(session, world.host, two_o_clock(1).date())
    (tuesday,) = expected_on(session, world.host, MONDAY + timedelta(days=1))

    assert (worker.initials, worker.birth_year, worker.came, worker.minutes) == ("A.D.", 1990, True, 420)
    assert (worker.usual_min, worker.total, worker.done_min, worker.is_usual_day) == (420, 840, 420, True)
    assert (visitor.case_ref, visitor.came) == ("RG 26/00123", False)
    assert (tuesday.came, tuesday.is_usual_day) == (None, False)
    assert expected_on(session, world.officer, MONDAY) == []
    assert expected_on(session, make_world(session).host, MONDAY) == []


def test_the_sheet_of_a_month_has_a_line_a_person_and_a_bed_has_the_day_of_leaving(
    session: Session, world: World
) -> None:
    in_a_bed(session, world)

    (line,) = expected_in(session, world.host, date(2026, 3, 1), date(2026, 4, 1))

    assert sorted(line.days) == [TODAY, in_days(1), in_days(2)]
    assert line.whom.shape is Shape.NIGHTS


def test_of_two_who_note_the_same_day_at_once_the_second_corrects_the_first(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        _, booking = placed(session, world)

    note = partial(act, database.engine, note_presence)
    entries = at_once(
        [
            partial(note, world.host, booking.id, MONDAY, came=True, minutes=minutes, now=THEN)
            for minutes in (60, 120, 180, 240)
        ]
    )

    assert sorted(getattr(one, "revision", 0) for one in entries) == [1, 2, 3, 4]


def in_a_bed(session: Session, world: World) -> Booking:
    """Return two nights in a bed, from today."""
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    make_beds(session, section, "lit 1")
    claim = NightsClaim(resource_id=section.id, first=TODAY, until=in_days(2))
    booking = hold(session, world.officer, claim, now=NOW, beneficiary=Beneficiary(case_ref="26/1"))
    return confirm(session, world.officer, booking.id, now=NOW)
