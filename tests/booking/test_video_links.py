"""Video links: both ends and a share of what the country carries, or nothing; and when it would be possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed
from availability.models import Closure, Kind, Resource, Shape, TerritoryLevel
from availability.periods import Period
from availability.rights import Role
from booking import video_links
from booking.hearing_generation import generate
from booking.hearing_template_spec import VIDEO_KIND, People
from booking.hearing_templates import SessionChange, Written, change_session, close_template, write_template
from booking.pages.hearing_templates_words import consequences, wrong_of
from booking.session_clashes import seating_of
from booking.session_moving import move_session
from booking.staffing import staff_hearing, unstaff_hearing
from booking.video_links import LinksFull, ceiling, full_between, links_by_day, nearest_start, set_ceiling
from optimizer.hearings.problem import Sitting
from portal.database import make_engine
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import PARIS, _busy, _staffing, session_on, spec_of
from tests.conftest import Database
from tests.factories import NOW, in_days, make_actor, make_kind, make_resource, make_site, make_territory
from tests.races import PATIENCE_S, act, at_once

MOST = 3
SET = text("UPDATE video_ceiling SET most = :most")
LINKS = text("SELECT count(*) FROM video_link")
# Nothing is counted that is not held at both ends for that time, and nothing held so is left uncounted.
HALF = text("""
    SELECT coalesce(v.holder_id, t.holder_id) FROM video_link v
    FULL JOIN (SELECT t.holder_id, t.during FROM seat_time t JOIN resource r ON r.id = t.resource_id
               JOIN kind k ON k.id = r.kind_id AND k.code = 'visio'
               GROUP BY t.holder_id, t.during HAVING count(*) = 2) t
      ON t.holder_id = v.holder_id AND t.during = v.during
    WHERE v.holder_id IS NULL OR t.holder_id IS NULL""")


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def make_ends(session: Session, court: SmallCourt, count: int = 1) -> list[tuple[int, int]]:
    """Return so many pairs of ends: one in the court, the other in a prison of another territory."""
    prison = make_site(session, make_territory(session), name="Maison d’arrêt fictive")
    kind = make_kind(session, Shape.SLOTS, reserved_by=(), code=VIDEO_KIND, crosses_territories=True)
    return [
        (
            make_resource(session, court.site, kind, name=f"Visio {number}").id,
            make_resource(session, prison, kind, name=f"Parloir {number}").id,
        )
        for number in range(1, count + 1)
    ]


def linked(session: Session, court: SmallCourt, ends: tuple[int, ...], **said: Any) -> Written:
    """Write a template of linked sessions, one of them within its horizon unless said otherwise."""
    spec = spec_of(court, people=People(named_ids=ends), needs_video=True, **{"horizon_days": 7} | said)
    return write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW)


def test_both_ends_are_held_together_one_in_the_court_the_other_wherever_it_is(
    session: Session, court: SmallCourt
) -> None:
    ((here, there), (more, elsewhere)) = make_ends(session, court, 2)
    with pytest.raises(InvalidRequest, match="both-ends"):
        linked(session, court, (here, more))
    with pytest.raises(InvalidRequest, match="both-ends"):
        linked(session, court, (there, elsewhere))
    third = make_resource(session, make_site(session, make_territory(session)), _kind(session, there)).id
    with pytest.raises(InvalidRequest, match="no-end-here") as refused:
        linked(session, court, (there, third))
    assert list(wrong_of(refused.value)) == ["video_here"]

    done = linked(session, court, (here, there), room_id=court.rooms[0])
    other = linked(session, court, (more, there), starts=time(10))

    assert done.generated.blocked == ()
    assert [one.resource_id for one in other.generated.blocked] == [there]
    day = other.generated.blocked[0]
    assert day.nearest_at == datetime(2026, 3, 3, 12, 0, tzinfo=PARIS), "as soon as the other end is free"
    assert consequences(other.generated) == [
        "Mardi\xa03\xa0mars\xa02026 : « Parloir 1, Maison d’arrêt fictive » n’est pas libre ;"
        " à 12\xa0h, tout est libre."
    ]
    hearing = session_on(session, in_days(1))
    staff_hearing(session, court.clerk, hearing, sitting_in(court), now=NOW)
    assert (_busy(session, hearing), _count(session)) == ({here, there}, 1)
    close_template(session, court.clerk, done.template_id, from_on=in_days(1), now=NOW)
    unstaff_hearing(session, court.clerk, _staffing(session, hearing), now=NOW)
    generate(session, done.template_id, now=NOW)
    assert (_busy(session, hearing), _count(session)) == (set(), 0)
    assert generate(session, other.template_id, now=NOW).made == (in_days(1),)


def test_above_the_ceiling_a_session_is_not_opened_and_what_is_held_stays_when_it_is_lowered(
    session: Session, court: SmallCourt
) -> None:
    ends = make_ends(session, court, 2)
    session.execute(SET, {"most": 1})
    first = linked(session, court, ends[0], max_minutes=60)
    hearing = session_on(session, in_days(1))

    second = linked(session, court, ends[1], starts=time(9, 30), max_minutes=60)

    (day,) = second.generated.blocked
    assert (day.resource_id, day.links) == (None, 1)
    assert consequences(second.generated) == [
        "Mardi\xa03\xa0mars\xa02026 : le plafond national, 1 visioconférences à la fois, est atteint ;"
        " à 10\xa0h, tout est libre."
    ]
    back_to_back = linked(session, court, ends[1], starts=time(10), max_minutes=60)
    assert back_to_back.generated.blocked == ()
    later = SessionChange(starts=time(10, 30), max_minutes=60, max_cases=4)
    with pytest.raises(InvalidRequest) as refused, session.begin_nested():
        change_session(session, court.clerk, hearing, later, now=NOW)
    assert wrong_of(refused.value)["starts"].endswith("est atteint : à 11\xa0h, tout est libre.")

    session.execute(SET, {"most": 0})
    staff_hearing(session, court.clerk, hearing, sitting_in(court), now=NOW)
    unstaff_hearing(session, court.clerk, _staffing(session, hearing), now=NOW)
    assert generate(session, first.template_id, now=NOW).blocked == ()
    assert (_count(session), session.execute(HALF).all()) == (2, [])


def test_a_linked_session_that_moves_has_its_link_counted_at_the_hour_that_it_has_now(
    session: Session, court: SmallCourt
) -> None:
    ends = make_ends(session, court, 2)
    session.execute(SET, {"most": 1})
    linked(session, court, ends[0], max_minutes=60)
    hearing = session_on(session, in_days(1))
    linked(session, court, ends[1], max_minutes=60, rrule="FREQ=WEEKLY;BYDAY=WE")
    before = seating_of(session, hearing)

    for taken in (time(9), time(9, 45)):
        with pytest.raises(LinksFull), session.begin_nested():
            move_session(session, court.clerk, hearing, replace(before, day=in_days(2), starts=taken), now=NOW)
    was = move_session(session, court.clerk, hearing, replace(before, day=in_days(2), starts=time(10)), now=NOW)

    assert (_count(session), session.execute(HALF).all()) == (2, [])
    move_session(session, court.clerk, hearing, was, now=NOW, is_undo=True)
    assert (_count(session), session.execute(HALF).all()) == (2, [])


def test_who_administers_the_country_says_how_many_links_it_carries(session: Session, court: SmallCourt) -> None:
    country = make_territory(session, level=TerritoryLevel.COUNTRY)
    administrator = make_actor(Role.ADMINISTRATOR, country)
    for most in (-1, 10_001):
        with pytest.raises(InvalidRequest, match="out-of-range"):
            set_ceiling(session, administrator, most, now=NOW)
    with pytest.raises(NotAllowed):
        set_ceiling(session, court.clerk, 5, now=NOW)

    before = set_ceiling(session, administrator, 5, now=NOW)

    assert (before, ceiling(session).most, ceiling(session).changed_at) == (40, 5, NOW)
    linked(session, court, make_ends(session, court)[0], horizon_days=14)
    told = links_by_day(session, first=in_days(0), days=3, zone=PARIS)
    assert [(one.day, one.links, one.busiest) for one in told] == [
        (in_days(0), 0, 0),
        (in_days(1), 1, 1),
        (in_days(2), 0, 0),
    ]


def hours(start: float, end: float) -> Period:
    """Return a part of a day, in hours from midnight."""
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    return Period(midnight + timedelta(hours=start), midnight + timedelta(hours=end))


def test_no_link_more_is_carried_from_the_one_that_reaches_the_ceiling_until_the_first_that_ends() -> None:
    links = [hours(7, 9), hours(9, 11), hours(10, 12), hours(10.5, 13), hours(13, 14)]

    assert full_between(links, hours(8, 18), 1) == [hours(8, 14)]
    assert full_between(links, hours(8, 18), 2) == [hours(10, 12)]
    assert full_between(links, hours(8, 10.75), 3) == [hours(10.5, 10.75)]
    assert full_between([], hours(8, 18), 0) == [hours(8, 18)]
    assert full_between(links, hours(14, 18), 1) == []


def test_the_nearest_hour_is_free_at_every_end_and_under_the_ceiling() -> None:
    def found(busy: list[Period], links: list[Period] = [], most: int | None = None) -> float | None:  # noqa: B006
        at = nearest_start(hours(9, 11), hours(8, 19), busy, links, most)
        return None if at is None else at.hour + at.minute / 60

    assert found([]) == 9
    assert found([hours(9, 9.5)]) == 9.5
    assert found([hours(10.75, 12)]) == 8.75, "back to back"
    assert found([hours(8, 9.25), hours(11.5, 12)]) == 9.25
    assert found([hours(8, 12), hours(14, 18)]) == 12, "just as long as it lasts"
    assert found([hours(9.75, 17.25)]) is None, "neither before nor after is long enough"
    assert found([], [hours(9, 10), hours(10, 11)], 2) == 9, "one after the other is one at a time"
    assert found([], [hours(9, 10), hours(9.5, 11)], 2) == 10, "as soon as one is left"
    assert found([], [], 0) is None


def test_of_as_many_as_the_ceiling_and_one_more_at_once_one_is_refused_and_the_control_without_the_lock_is_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(database.url, pool_size=MOST + 1)
    court = act(engine, make_court)
    ends = act(engine, make_ends, court, 2 * (MOST + 1))
    act(engine, _lowered)

    answers = at_once([partial(act, engine, linked, court, pair) for pair in ends[: MOST + 1]])

    done = [one.generated for one in answers if isinstance(one, Written)]
    assert sorted(len(one.made) for one in done) == [0, *[1] * MOST]
    assert [one.links for each in done for one in each.blocked] == [MOST]
    assert act(engine, _count) == MOST

    count, all_have_counted = video_links._busiest, Barrier(MOST + 1, timeout=PATIENCE_S)

    def count_together(session: Session, asked: dict[str, Any]) -> int:
        found = count(session, asked)
        all_have_counted.wait()
        return found

    monkeypatch.setattr(video_links, "LOCK_CEILING", text("SELECT most FROM video_ceiling"))
    monkeypatch.setattr(video_links, "_busiest", count_together)
    other_day = {"rrule": "FREQ=WEEKLY;BYDAY=WE"}
    at_once([partial(act, engine, linked, court, pair, **other_day) for pair in ends[MOST + 1 :]])
    assert act(engine, _count) == MOST + MOST + 1, "all of them"
    engine.dispose()


def test_an_end_that_is_closed_has_no_other_hour_that_day(session: Session, court: SmallCourt) -> None:
    (ends,) = make_ends(session, court)
    session.add(Closure(resource_id=ends[1], days=Range(in_days(1), in_days(2))))

    done = linked(session, court, ends)

    assert [(one.resource_id, one.nearest_at) for one in done.generated.blocked] == [(ends[1], None)]
    assert consequences(done.generated)[0].endswith(
        "« Parloir 1, Maison d’arrêt fictive » n’est pas disponible ce jour-là."
    )


def sitting_in(court: SmallCourt) -> Sitting:
    """Return who holds a hearing, in the other room."""
    return Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[1])


def _kind(session: Session, resource_id: int) -> Any:
    return session.get_one(Kind, session.get_one(Resource, resource_id).kind_id)


def _lowered(session: Session) -> None:
    session.execute(SET, {"most": MOST})


def _count(session: Session) -> int:
    return int(session.execute(LINKS).scalar_one())
