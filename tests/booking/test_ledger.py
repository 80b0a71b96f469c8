"""The list of bookings: parts, search, pages, and who sees what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from availability.rights import Role
from booking.actions import cancel, hold
from booking.ledger import Cursor, Part, Query, booking_lines, count_bookings
from booking.models import State
from tests.booking.town import Town, judge, make_person, make_town, request, stay
from tests.factories import NOW, in_days, in_minutes, make_actor


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session, site={"name": "Centre fictif de l’Étang", "commune": "Saint-Étienne"})


def cases(session: Session, town: Town, **asked: object) -> list[str]:
    query = Query(**asked)  # type: ignore[arg-type]
    lines = booking_lines(session, town.officer, query, now=NOW)
    assert count_bookings(session, town.officer, query, now=NOW) == len(lines)
    return [line.case_ref for line in lines]


def test_each_part_holds_its_own_and_all_holds_everything(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(2), case_ref="now")
    stay(session, town, in_days(5), in_days(6), case_ref="held", is_confirmed=False)
    stay(session, town, in_days(9), in_days(10), case_ref="late", is_confirmed=False, now=in_minutes(-11))
    request(session, town, in_days(3), None, case_ref="asked")
    given_back = stay(session, town, in_days(20), in_days(21), case_ref="back")
    cancel(session, town.officer, given_back.id, now=NOW)

    assert cases(session, town, part=Part.TO_CONFIRM) == ["held"]
    assert cases(session, town, part=Part.AWAITING) == ["asked"]
    assert cases(session, town, part=Part.UPCOMING) == ["now"]
    assert sorted(cases(session, town, part=Part.PAST)) == ["back", "late"]
    assert sorted(cases(session, town)) == ["asked", "back", "held", "late", "now"]


def test_a_hold_that_ended_reads_as_lapsed_before_anybody_wrote_it(session: Session, town: Town) -> None:
    stay(session, town, in_days(1), in_days(2), is_confirmed=False)

    (before,) = booking_lines(session, town.officer, Query(), now=in_minutes(9.9))
    (after,) = booking_lines(session, town.officer, Query(), now=in_minutes(10))
    assert (before.state, after.state) == (State.HELD, State.LAPSED)


def test_a_stay_is_past_on_the_day_of_departure_where_it_is(session: Session) -> None:
    town = make_town(session, site={"time_zone": "Pacific/Noumea"})
    stay(session, town, in_days(1), in_days(2))
    midnight_there = NOW + timedelta(days=1, hours=4)  # 3 March at 13:00 UTC is 4 March in Nouméa

    seen = [
        [line.until_on for line in booking_lines(session, town.officer, Query(part=Part.UPCOMING), now=now)]
        for now in (midnight_there - timedelta(minutes=1), midnight_there)
    ]
    assert seen == [[in_days(2)], []]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("etang", True),
        ("ÉTANG saint etienne", True),
        ("semi-liberté hommes", True),
        ("lit 1", True),
        ("l'étang", True),
        ("l’étang", True),
        ("24/00123", True),
        ("00123", True),
        ("etang marseille", False),
        ("a.d.", True),
        ("AD", True),
        ("a d", True),
        ("d.a.", False),
        ("Démonstration", False),  # a name is not searched here: initials only
        ("100%", False),
    ],
)
def test_words_are_looked_for_in_the_place_the_initials_and_the_case(
    session: Session, town: Town, typed: str, found: bool
) -> None:
    stay(session, town, in_days(1), in_days(2), person=make_person(session, town.world.here))
    stay(session, town, in_days(1), in_days(2), bed=1, case_ref="24/00123")

    assert bool(cases(session, town, typed=typed)) is found


def test_pages_follow_each_other_without_gap_or_repetition(session: Session, town: Town) -> None:
    for day in range(7):  # four of the same instant, so that the identifier decides
        stay(session, town, in_days(day), in_days(day + 1), case_ref=str(day), now=in_minutes(-min(day, 3)))
    everything = [line.id for line in booking_lines(session, town.officer, Query(), now=NOW)]

    paged, after = [], None
    while lines := booking_lines(session, town.officer, Query(), now=NOW, after=after, limit=2):
        paged += [line.id for line in lines]
        after = Cursor(lines[-1].created_at, lines[-1].id)
    assert paged == everything
    assert len(set(paged)) == 7


def test_only_who_may_search_the_kind_in_that_territory_sees_its_bookings(session: Session, town: Town) -> None:
    stay(session, town, in_days(1), in_days(2))
    limited = make_actor(Role.PROBATION_OFFICER, town.world.here, kind=town.posts)

    seen = {
        name: len(booking_lines(session, actor, Query(), now=NOW))
        for name, actor in {
            "officer": town.officer,
            "stranger": town.world.stranger,
            "host": town.world.host,
            "other kind": limited,
            "family judge": judge(town),
        }.items()
    }
    assert seen == {"officer": 1, "stranger": 0, "host": 0, "other kind": 0, "family judge": 0}


def test_a_line_says_for_whom_with_initials_only(session: Session, town: Town) -> None:
    person = make_person(session, town.world.here)
    stay(session, town, in_days(1), in_days(2), person=person)
    (line,) = booking_lines(session, town.officer, Query(), now=NOW)

    assert (line.initials, line.unit_name, line.is_mine, line.is_for_somebody) == ("AD", "lit 1", True, True)
    session.delete(person)
    session.flush()
    (erased,) = booking_lines(session, town.officer, Query(), now=NOW)
    assert (erased.initials, erased.person_id) == ("", person.id)


def test_a_hold_for_nobody_yet_is_listed(session: Session, town: Town) -> None:
    from availability.claims import NightsClaim

    hold(session, town.officer, NightsClaim(resource_id=town.section.id, first=in_days(1), until=in_days(2)), now=NOW)
    (line,) = booking_lines(session, town.officer, Query(part=Part.TO_CONFIRM), now=NOW)

    assert not line.is_for_somebody
