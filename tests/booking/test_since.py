"""What others did since one last read one's day: of one's own bookings, and of those on one's places."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from availability.rights import Role
from booking.actions import accept, cancel
from booking.pages.day_words import since_rows, since_title
from booking.since import AT_FIRST, LONGEST, all_read, done_since, visit
from tests.booking.town import Town, make_town, request, stay
from tests.factories import NOW, in_days, in_minutes, make_actor


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def test_a_visit_tells_what_was_done_since_the_one_before_and_keeps_telling_while_it_lasts(
    session: Session, town: Town
) -> None:
    first = visit(session, town.officer, now=NOW)
    again = visit(session, town.officer, now=in_minutes(20))
    tomorrow = visit(session, town.officer, now=NOW + timedelta(days=1))
    still = visit(session, town.officer, now=NOW + timedelta(days=1, minutes=10))
    in_a_year = visit(session, town.officer, now=NOW + timedelta(days=365))

    assert (first, again) == (NOW - AT_FIRST, NOW - AT_FIRST)
    assert (tomorrow, still) == (in_minutes(20), in_minutes(20))
    assert in_a_year == NOW + timedelta(days=365) - LONGEST


def test_what_a_colleague_or_a_host_did_is_told_and_not_what_one_did(session: Session, town: Town) -> None:
    colleague = make_actor(Role.PROBATION_OFFICER, town.world.here)
    given_back = stay(session, town, in_days(3), in_days(4))
    asked = request(session, town, in_days(1), None)
    mine = stay(session, town, in_days(5), in_days(6), bed=1)
    cancel(session, colleague, given_back.id, now=in_minutes(10))
    accept(session, town.world.host, asked.id, now=in_minutes(20))
    cancel(session, town.officer, mine.id, now=in_minutes(30))

    found = done_since(session, town.officer, NOW, now=in_minutes(40))
    theirs = done_since(session, colleague, NOW, now=in_minutes(40))

    assert [(one.line.id, one.act) for one in found.news] == [
        (asked.id, "booking-booked"),
        (given_back.id, "booking-cancelled"),
    ]
    assert found.count == 2
    assert theirs.news == ()


def test_a_host_learns_what_was_given_back_on_their_places_and_reading_it_ends_it(session: Session, town: Town) -> None:
    asked = request(session, town, in_days(1), None)
    cancel(session, town.officer, asked.id, now=in_minutes(10))
    stay(session, town, in_days(3), in_days(4))

    found = done_since(session, town.world.host, NOW, now=in_minutes(20))
    all_read(session, town.world.host, now=in_minutes(20))
    since = visit(session, town.world.host, now=in_minutes(25))

    assert [one.act for one in found.news] == ["booking-cancelled"]
    assert done_since(session, town.world.host, since, now=in_minutes(25)).news == ()
    [row] = since_rows(found, may_open=False, now=in_minutes(20), here="Europe/Paris")
    assert row.said.endswith("a rendu la place.")
    assert row.href == ""
    assert since_title(NOW, in_minutes(20), "Europe/Paris").startswith("Depuis votre dernière visite, aujourd’hui à")
