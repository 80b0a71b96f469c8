"""Templates of hearing sessions: what they open, what they leave alone, and who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.claims import CaseClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.models import Recess, Shape, Territory
from availability.openings import DaysOff, Rule
from availability.queries import sessions_by_day
from availability.rights import Role
from booking.hearing_generation import Blocked, generate, templates_out_of_recess
from booking.hearing_template_models import HearingTemplate, TemplateSession
from booking.hearing_template_spec import INTERPRETER_KIND, VIDEO_KIND, People, TemplateSpec, due_sessions
from booking.hearing_templates import (
    SessionChange,
    change_session,
    change_template,
    close_template,
    reopen_template,
    said_of,
    set_day,
    tried,
    undo_change,
    write_template,
)
from booking.plans.hearing_actions import NotDone, refused
from booking.plans.models import HearingStaffing
from booking.staffing import staff_hearing, unstaff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.court import SmallCourt, make_court, seats
from tests.factories import NOW, TODAY, in_days, make_actor, make_kind, make_resource, make_site

PARIS = ZoneInfo("Europe/Paris")
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"
OPEN = text("""
    SELECT o.on_day, h.resource_id, h.max_cases, CAST(h.starts_at AT TIME ZONE 'Europe/Paris' AS time) AS wall
    FROM template_session o JOIN hearing_session h ON h.resource_id = o.resource_id
    JOIN resource r ON r.id = o.resource_id WHERE r.is_active ORDER BY o.on_day, h.resource_id""")


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def spec_of(court: SmallCourt, **said: Any) -> TemplateSpec:
    """Return a template that sits on Tuesdays at nine, for five weeks ahead."""
    assert court.site.id is not None
    values: dict[str, Any] = {
        "site_id": court.site.id,
        "kind_id": court.kind.id,
        "name": "Chambre fictive",
        "rrule": TUESDAYS,
        "starts": time(9),
        "max_minutes": 180,
        "max_cases": 4,
        "horizon_days": 35,
    }
    return TemplateSpec(**values | said)


def opened(session: Session) -> list[date]:
    """Return the days on which sessions of templates are in service."""
    return [row.on_day for row in session.execute(OPEN)]


def session_on(session: Session, day: date) -> int:
    """Return the session of that day."""
    return next(row.resource_id for row in session.execute(OPEN) if row.on_day == day)


def set_case(session: Session, resource_id: int, *, family: str = "51", now: datetime = NOW) -> None:
    """Set a case in a session."""
    occupy(session, [CaseClaim(resource_id=resource_id, minutes=10, family=family)], Holder(id=uuid4(), now=now))


def write(session: Session, court: SmallCourt, **said: Any) -> int:
    """Write a template in force from tomorrow."""
    return write_template(session, court.clerk, spec_of(court, **said), from_on=in_days(1), now=NOW).template_id


@pytest.mark.parametrize(
    ("rrule", "closed", "extra", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=FR", DaysOff(), (), [3, 17, 24, 31]),  # the tenth of April 2026 is not a holiday in Paris
        ("FREQ=WEEKLY;BYDAY=FR", DaysOff(recesses=((date(2026, 4, 20), date(2026, 4, 27)),)), (), [3, 17, 31]),
        ("FREQ=MONTHLY;BYDAY=2TU", DaysOff(), (), [14]),
        ("FREQ=WEEKLY;BYDAY=MO", DaysOff(), (), [13, 20, 27]),  # the sixth is Easter Monday
        ("FREQ=WEEKLY;BYDAY=MO", DaysOff(ignores_holidays=True), (), [6, 13, 20, 27]),
        ("FREQ=WEEKLY;BYDAY=MO", DaysOff(), (date(2026, 4, 6),), [6, 13, 20, 27]),  # a date more is stronger
        ("FREQ=WEEKLY;BYDAY=MO", DaysOff(closures=((date(2026, 4, 6), None),)), (date(2026, 4, 6),), []),
    ],
)
def test_a_template_opens_its_days_but_those_off(
    rrule: str, closed: DaysOff, extra: tuple[date, ...], days: list[int]
) -> None:
    start = date(2026, 4, 1)
    rule = Rule(rrule, start, time(9), time(9), start, None, (date(2026, 4, 10),), extra)

    due = list(
        due_sessions(rule, closed, first=start, until=date(2026, 5, 1), max_minutes=90, take_before_days=8, zone=PARIS)
    )

    assert [one.day.day for one in due] == [day for day in days if day < 31]
    assert all(one.period.start.astimezone(PARIS).time() == time(9) for one in due)
    assert all(one.last_take_on == one.day - timedelta(days=8) for one in due)


def test_sessions_are_opened_once_within_the_horizon_and_with_their_days(session: Session, court: SmallCourt) -> None:
    template = write(session, court)
    before = opened(session)

    again = generate(session, template, now=NOW)

    assert before == opened(session) == [in_days(1 + 7 * week) for week in range(5)]
    assert (again.made, again.withdrawn, again.kept, again.blocked) == ((), (), (), ())
    assert generate(session, template, now=NOW + timedelta(days=7)).made == (in_days(36),)


def test_a_recess_set_later_withdraws_what_is_empty_and_tells_what_is_not(session: Session, court: SmallCourt) -> None:
    template = write(session, court)
    set_case(session, session_on(session, in_days(8)))
    session.add(Recess(territory_id=court.territory_id, days=Range(in_days(7), in_days(16))))

    done = generate(session, template, now=NOW)

    assert done.withdrawn == (in_days(15),)
    assert [(one.day, one.cases) for one in done.kept] == [(in_days(8), 1)]
    assert templates_out_of_recess(session, [court.territory_id], now=NOW) == [template]
    assert templates_out_of_recess(session, [court.territory_id + 10**6], now=NOW) == []
    session.execute(text("DELETE FROM recess"))
    assert generate(session, template, now=NOW).made == (in_days(15),)


def test_a_change_shows_first_what_it_moves_then_does_it_and_can_be_taken_back(
    session: Session, court: SmallCourt
) -> None:
    template = write(session, court)
    set_case(session, session_on(session, in_days(15)))
    before = opened(session)
    wednesdays = spec_of(court, rrule="FREQ=WEEKLY;BYDAY=WE", max_cases=9)
    change = partial(change_template, from_on=in_days(10), now=NOW)

    shown = tried(session, change, court.clerk, template, wednesdays)

    assert opened(session) == before, "showing changes nothing"
    done = change(session, court.clerk, template, wednesdays)
    assert shown.generated == done.generated
    assert [(one.day, one.cases) for one in done.generated.kept] == [(in_days(15), 1)]
    assert opened(session) == [in_days(day) for day in (1, 8, 15, 16, 23, 30)]
    with pytest.raises(InvalidRequest, match="changed-meanwhile"):
        change(session, court.clerk, template, wednesdays)
    undo_change(session, court.clerk, done.template_id, now=NOW)
    assert opened(session) == before


def test_a_change_on_the_same_days_never_opens_two_sessions_and_keeps_what_was_changed_by_hand(
    session: Session, court: SmallCourt
) -> None:
    template = write(session, court, room_id=court.rooms[0])
    moved = SessionChange(starts=time(10), max_minutes=120, max_cases=2)
    change_session(session, court.clerk, session_on(session, in_days(8)), moved, now=NOW)
    set_case(session, session_on(session, in_days(8)))
    with pytest.raises(InvalidRequest, match="has-cases"):
        change_session(session, court.clerk, session_on(session, in_days(8)), replace(moved, starts=time(11)), now=NOW)

    with pytest.raises(InvalidRequest, match="max_cases"):
        change_session(session, court.clerk, session_on(session, in_days(8)), replace(moved, max_cases=0), now=NOW)

    bigger = spec_of(court, room_id=court.rooms[0], max_cases=9)
    done = change_template(session, court.clerk, template, bigger, from_on=in_days(2), now=NOW)

    assert done.generated.blocked == ()
    assert [(row.on_day, row.max_cases, row.wall) for row in session.execute(OPEN)][:3] == [
        (in_days(1), 4, time(9)),
        (in_days(8), 2, time(10)),
        (in_days(15), 9, time(9)),
    ]


def test_a_day_is_left_out_added_and_a_template_closed_then_reopened(session: Session, court: SmallCourt) -> None:
    template = write(session, court)

    set_day(session, court.clerk, template, in_days(8), sits=False, now=NOW)
    set_day(session, court.clerk, template, in_days(10), sits=True, now=NOW)
    set_day(session, court.clerk, template, in_days(22), sits=False, now=NOW)
    set_day(session, court.clerk, template, in_days(22), sits=None, now=NOW)
    assert said_of(session.get_one(HearingTemplate, template), in_days(22)) is None

    with_exceptions = [in_days(day) for day in (1, 10, 15, 22, 29)]
    assert opened(session) == with_exceptions
    close_template(session, court.clerk, template, from_on=in_days(12), now=NOW)
    assert opened(session) == with_exceptions[:2]
    reopen_template(session, court.clerk, template, now=NOW)
    assert opened(session) == with_exceptions
    with pytest.raises(InvalidRequest, match="past"):
        set_day(session, court.clerk, template, TODAY, sits=True, now=NOW)


def test_no_two_sessions_are_in_one_room_at_once_and_a_day_that_could_not_be_is_told(
    session: Session, court: SmallCourt
) -> None:
    write(session, court, room_id=court.rooms[0], people=People(named_ids=(court.judges[0],)))

    other = write_template(
        session, court.clerk, spec_of(court, room_id=court.rooms[0], starts=time(11, 30)), from_on=in_days(1), now=NOW
    )
    after = write_template(
        session, court.clerk, spec_of(court, room_id=court.rooms[0], starts=time(12)), from_on=in_days(1), now=NOW
    )

    assert set(other.generated.blocked) == {
        Blocked(day=in_days(1 + 7 * week), resource_id=court.rooms[0]) for week in range(5)
    }
    assert other.generated.made == ()
    assert len(after.generated.made) == 5, "back to back"


def test_the_room_kept_by_a_template_is_that_of_whoever_holds_the_session(session: Session, court: SmallCourt) -> None:
    write(session, court, room_id=court.rooms[0])
    hearing = session_on(session, in_days(8))
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    assert court.problem(session).rooms[0].away == (), "free for what is planned"

    assert staff_hearing(session, court.clerk, hearing, sitting, now=NOW) is not None
    kept = close_template(session, court.clerk, _template(session), from_on=in_days(2), now=NOW).generated.kept

    assert [one.resource_id for one in kept] == [hearing]


def test_a_room_kept_for_a_session_is_kept_again_once_nobody_holds_it_unless_it_was_taken(
    session: Session, court: SmallCourt
) -> None:
    template = write(session, court, room_id=court.rooms[0])
    hearing, other = session_on(session, in_days(8)), court.hearing(session, in_days=8)
    here = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[0])
    elsewhere = replace(here, room_id=court.rooms[1])

    with pytest.raises(PeriodTaken) as meanwhile, session.begin_nested():
        staff_hearing(session, court.clerk, other, replace(here, judge_id=court.judges[1]), now=NOW)
    assert refused(meanwhile.value, other) == NotDone(hearing_id=other, why="taken", resource_id=court.rooms[0])
    for _ in range(2):  # given back and kept again, the second time as the first
        staff_hearing(session, court.clerk, hearing, elsewhere, now=NOW)
        unstaff_hearing(session, court.clerk, _staffing(session, hearing), now=NOW)
        assert court.rooms[0] in _busy(session, hearing)
    staff_hearing(session, court.clerk, hearing, elsewhere, now=NOW)
    in_its_room = replace(here, judge_id=court.judges[1], clerk_id=court.clerks[1])
    staff_hearing(session, court.clerk, other, in_its_room, now=NOW)
    unstaff_hearing(session, court.clerk, _staffing(session, hearing), now=NOW)
    assert _busy(session, hearing) == set(), "it was taken meanwhile"
    assert generate(session, template, now=NOW).blocked == (Blocked(day=in_days(8), resource_id=court.rooms[0]),)
    unstaff_hearing(session, court.clerk, _staffing(session, other), now=NOW)
    assert generate(session, template, now=NOW).blocked == ()
    assert _busy(session, hearing) == {court.rooms[0]}


def test_an_interpreter_and_both_ends_of_a_video_link_are_taken_together_and_stay_whoever_sits(
    session: Session, court: SmallCourt
) -> None:
    prison = make_site(session, _territory(session, court))
    video = make_kind(session, Shape.SLOTS, reserved_by=(), code=VIDEO_KIND)
    interpreters = make_kind(session, Shape.SLOTS, reserved_by=(), code=INTERPRETER_KIND)
    here, there = (make_resource(session, site, video, name="Visio").id for site in (court.site, prison))
    spoken = make_resource(session, court.site, interpreters, name="Interprète fictif").id
    with pytest.raises(InvalidRequest, match="both-ends"):
        write(session, court, people=People(named_ids=(here,)))
    with pytest.raises(InvalidRequest, match="too-many"):
        write(session, court, people=People(named_ids=(spoken,)))
    everything = People(interpreters=1, named_ids=(here, there, spoken))

    write(session, court, people=everything, room_id=court.rooms[0])
    other = write_template(
        session,
        court.clerk,
        spec_of(court, starts=time(10), people=People(named_ids=(make_resource(session, court.site, video).id, there))),
        from_on=in_days(1),
        now=NOW,
    )

    assert {one.resource_id for one in other.generated.blocked} == {there}
    assert len(other.generated.blocked) == 5, "one end alone is never taken"
    hearing = session_on(session, in_days(8))
    sitting = Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=court.rooms[1])
    staff_hearing(session, court.clerk, hearing, sitting, now=NOW)
    assert _busy(session, hearing) == {here, there, spoken}
    unstaff_hearing(session, court.clerk, _staffing(session, hearing), now=NOW)
    assert _busy(session, hearing) == {here, there, spoken, court.rooms[0]}


def test_after_its_last_day_a_session_is_neither_listed_nor_taken(session: Session, court: SmallCourt) -> None:
    write(session, court, take_before_days=7)
    hearing, last = session_on(session, in_days(15)), NOW + timedelta(days=8)

    def free(now: datetime) -> int:
        counted = sessions_by_day(session, [hearing], first=in_days(15), until=in_days(16), now=now)
        return counted[hearing][0].free

    assert (free(last), free(last + timedelta(days=1))) == (4, 0)
    set_case(session, hearing, now=last)
    with pytest.raises(NotOpen) as refused:
        set_case(session, hearing, now=last + timedelta(days=1))
    assert refused.value.facts["why"] == "last-day-past"


def test_only_the_registry_and_administrators_of_the_court_write_templates(session: Session, court: SmallCourt) -> None:
    template = write(session, court)
    judge = make_actor(Role.FAMILY_JUDGE, _territory(session, court))

    with pytest.raises(NotAllowed):
        write_template(session, judge, spec_of(court), from_on=in_days(1), now=NOW)
    with pytest.raises(NotFound):
        close_template(session, court.stranger, template, from_on=in_days(3), now=NOW)
    with pytest.raises(InvalidRequest, match="room_id"):
        write_template(session, court.clerk, spec_of(court, room_id=court.judges[0]), from_on=in_days(1), now=NOW)


def _staffing(session: Session, hearing: int) -> HearingStaffing:
    return session.exec(select(HearingStaffing).where(HearingStaffing.hearing_id == hearing)).one()


def _busy(session: Session, hearing: int) -> set[int]:
    """Return what is kept for a session by its template."""
    holder = session.get_one(TemplateSession, hearing).holder_id
    return {resource_id for resource_id, holder_id in seats(session) if holder_id == holder}


def _template(session: Session) -> int:
    return int(session.execute(text("SELECT max(id) FROM hearing_template")).scalar_one())


def _territory(session: Session, court: SmallCourt) -> Territory:
    return session.get_one(Territory, court.territory_id)
