"""Common dates on a real database: what makes busy, who may ask, and a meeting taken, called off and put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, select

from availability import actions
from availability.absences import SealedAddress, add_feed, settle_read
from availability.actions import Holder, occupy
from availability.claims import CaseClaim, TimeClaim
from availability.errors import InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.feeds import read_feed
from availability.fetching import Marks
from availability.history import HistoryLine
from availability.models import CapacityPeriod, Kind, Recess, Resource, Shape, Site, Territory
from availability.periods import Period, merge
from availability.rights import Role
from booking import meetings as meeting_acts
from booking.busy_times import busy_times
from booking.calendar_out import make_link, published
from booking.common_dates import Need, Part, RoomWish, Wanted
from booking.hearing_template_spec import VIDEO_KIND
from booking.links import LinkName
from booking.meeting_models import Meeting
from booking.meeting_search import courts_of, people_named, search
from booking.meetings import Choice, What, call_off, meetings_of, restore, set_meeting
from booking.own_agenda import as_owner
from booking.plans.models import HearingStaffing
from booking.session_clashes import look_at, seating_of
from booking.session_moving import CannotMove, move_session
from booking.staffing import staff_hearing
from booking.video_links import LinksFull
from optimizer.hearings.problem import Sitting
from portal.database import make_engine
from tests.booking.court import SmallCourt, make_court, seats
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    close,
    in_days,
    make_actor,
    make_kind,
    make_resource,
    make_site,
    make_territory,
)
from tests.races import PATIENCE_S, act, at_once

PARIS = ZoneInfo("Europe/Paris")
ADDRESS = SealedAddress(b"sealed", "agenda.example")
WHAT = What(name="Réunion fictive")


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def wanted(court: SmallCourt, **said: Any) -> Wanted:
    """Return ninety minutes of both judges and a clerk, tomorrow or the day after."""
    values: dict[str, Any] = {
        "site_id": court.site.id,
        "people": (*court.judges, court.clerks[0]),
        "minutes": 90,
        "first_on": in_days(1),
        "last_on": in_days(2),
    }
    return Wanted(**values | said)


def at(day: date, wall: str, zone: ZoneInfo = PARIS) -> datetime:
    """Return the instant of a wall time."""
    return datetime.combine(day, time.fromisoformat(wall), zone).astimezone(UTC)


def take(session: Session, one: int, day: date, start: str, end: str, **holder: Any) -> None:
    """Take somebody's time."""
    claim = TimeClaim(resource_id=one, period=Period(at(day, start), at(day, end)))
    occupy(session, [claim], Holder(id=uuid4(), now=NOW, **holder))


def busy(session: Session, one: int, zone: ZoneInfo = PARIS, *, days: int = 40) -> list[list[str]]:
    """Return when each seat of somebody is taken in the days to come, in wall time."""
    within = Period(at(TODAY, "00:00", zone), at(in_days(days), "00:00", zone))
    found = busy_times(session, [one], within, now=NOW).get(one, ())

    def wall(at: datetime) -> str:
        return f"{at.astimezone(zone):%d/%m %H:%M}"

    def instant(seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, UTC)

    seats = [merge(Period(instant(start), instant(end)) for start, end in taken) for taken in found]
    return [[f"{wall(span.start)}-{wall(span.end)}" for span in taken] for taken in seats]


def shared(session: Session, court: SmallCourt, one: int, *events: str) -> None:
    """Have the calendar of somebody, given by their registry, say this."""
    feed = add_feed(session, court.clerk, one, ADDRESS, now=NOW)
    lines = [f"BEGIN:VEVENT\r\nUID:{n}\r\nSUMMARY:Secret\r\n{each}\r\nEND:VEVENT" for n, each in enumerate(events)]
    file = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()
    zone = ZoneInfo(session.get_one(Site, session.get_one(Resource, one).site_id).time_zone)
    within = Period(NOW - timedelta(days=1), NOW + timedelta(days=90))
    settle_read(session, feed, read_feed(file, within=within, zone=zone), Marks("", ""), now=NOW, dice=0.5)


def test_feeds_closed_days_hearings_and_bookings_are_one_busy_time_merged(session: Session, court: SmallCourt) -> None:
    judge, day = court.judges[0], in_days(1)
    take(session, judge, day, "10:00", "11:00")
    shared(session, court, judge, f"DTSTART:{day:%Y%m%d}T083000Z\r\nDTEND:{day:%Y%m%d}T093000Z")
    take(session, judge, day, "14:00", "15:00", expires_at=NOW)  # a hold that is over
    close(session, session.get_one(Resource, judge), in_days(3), in_days(5))
    close(session, court.site, in_days(5), in_days(6))

    assert busy(session, judge) == [["03/03 09:30-03/03 11:00", "05/03 00:00-08/03 00:00"]]
    assert busy(session, court.judges[1]) == [["07/03 00:00-08/03 00:00"]]


def test_a_whole_day_is_the_civil_day_of_whoever_is_away_also_when_the_clocks_change(
    session: Session, court: SmallCourt
) -> None:
    martinique = ZoneInfo("America/Martinique")
    kind = session.get_one(Kind, session.get_one(Resource, court.judges[0]).kind_id)
    territory = session.get_one(Territory, court.territory_id)
    there = make_resource(session, make_site(session, territory, time_zone=martinique.key), kind)
    whole = "DTSTART;VALUE=DATE:20260329\r\nDTEND;VALUE=DATE:20260330"
    for one in (court.judges[0], there.id):
        shared(session, court, one, whole)

    assert busy(session, court.judges[0]) == [["29/03 00:00-30/03 00:00"]]
    assert busy(session, there.id, martinique) == [["29/03 00:00-30/03 00:00"]]
    hours = [
        (spans[0][1] - spans[0][0]) / 3600
        for one in (court.judges[0], there.id)
        for spans in busy_times(session, [one], Period(NOW, NOW + timedelta(days=60)), now=NOW)[one]
    ]
    assert hours == [23, 24]
    morning = wanted(court, people=(court.judges[1], there.id), first_on=date(2026, 3, 30), last_on=date(2026, 3, 30))
    assert search(session, court.clerk, morning, now=NOW).found.first[0].period.start == at(date(2026, 3, 30), "09:00")


def test_each_seat_is_busy_for_itself_and_a_lower_capacity_takes_those_after_it(
    session: Session, court: SmallCourt
) -> None:
    kind = session.get_one(Kind, session.get_one(Resource, court.rooms[0]).kind_id)
    two = make_resource(session, court.site, kind, capacity=2)
    take(session, two.id, in_days(1), "09:00", "10:00")
    session.add(CapacityPeriod(resource_id=two.id, days=Range(in_days(2), in_days(3)), capacity=1))
    session.flush()

    assert busy(session, two.id) == [["03/03 09:00-03/03 10:00"], ["04/03 00:00-05/03 00:00"]]
    assert busy(session, make_resource(session, court.site, kind, is_active=False).id) == []


def test_a_search_finds_rooms_says_who_blocks_and_the_first_date_after_when_there_is_none(
    session: Session, court: SmallCourt
) -> None:
    judge = court.judges[1]
    close(session, session.get_one(Resource, judge), in_days(1), in_days(4))

    found = search(session, court.clerk, wanted(court), now=NOW)

    assert found.found.count == 0
    assert [(one.needs, one.count) for one in found.found.blockers] == [((Need(Part.PERSON, judge),), 10)]
    assert found.later is not None
    assert found.later.period.start == at(in_days(4), "09:00")
    assert found.later.room_id == court.rooms[0]
    session.add(Recess(territory_id=court.territory_id, days=Range(in_days(4), in_days(6))))
    session.flush()
    later = search(session, court.clerk, wanted(court), now=NOW).later
    assert later is not None
    assert later.period.start == at(in_days(7), "09:00")
    assert search(session, court.clerk, wanted(court, sits_in_recess=True), now=NOW).later == found.later


def test_a_day_is_drawn_with_when_each_is_taken_and_nothing_of_what_for(session: Session, court: SmallCourt) -> None:
    take(session, court.judges[0], in_days(1), "09:00", "10:15")
    asked = wanted(court)
    answer = search(session, court.clerk, asked, now=NOW)

    hours, lines = answer.day_of(answer.found.first[:1], asked)

    assert (hours.start, hours.end) == (at(in_days(1), "09:00"), at(in_days(1), "18:00"))
    assert [one.resource_id for one in lines] == [*asked.people, court.rooms[0]]
    assert [one.busy for one in lines[:2]] == [(Period(hours.start, at(in_days(1), "10:15")),), ()]


def test_only_the_people_of_ones_territories_are_found_and_asked(session: Session, court: SmallCourt) -> None:
    assert [one.name for one in people_named(session, court.clerk, court.site.id, "juge", [court.judges[0]])] == [
        "Juge 2"
    ]
    assert people_named(session, court.clerk, court.site.id, "salle", []) == []
    assert people_named(session, court.clerk, court.site.id, " ", []) == []
    assert people_named(session, court.stranger, court.site.id, "juge", []) == []
    assert [one.id for one in courts_of(session, court.clerk)] == [court.site.id]
    with pytest.raises(NotFound):
        search(session, court.stranger, wanted(court), now=NOW)
    for said, field in ((court.rooms[0], "people"), (10**9, "people")):
        with pytest.raises(InvalidRequest) as refused:
            search(session, court.clerk, wanted(court, people=(said,)), now=NOW)
        assert refused.value.field == field


def test_a_meeting_takes_everybody_and_its_room_and_gives_them_back_twice(session: Session, court: SmallCourt) -> None:
    asked = wanted(court)
    first = search(session, court.clerk, asked, now=NOW).found.first[0]
    choice = Choice(start=first.period.start, room_id=first.room_id)

    made = set_meeting(session, court.clerk, asked, choice, WHAT, now=NOW)

    assert sorted(seats(session)) == sorted((one, made.id) for one in (*asked.people, court.rooms[0]))
    assert search(session, court.clerk, asked, now=NOW).found.first[0].period.start == first.period.end
    with pytest.raises(PeriodTaken) as refused:
        set_meeting(session, court.clerk, asked, choice, WHAT, now=NOW)
    assert refused.value.facts["resource_id"] == court.judges[0]
    listed = meetings_of(session, court.clerk, None, now=NOW)
    assert [(one.name, one.people, one.room) for one in listed] == [
        ("Réunion fictive", ["Juge 1", "Juge 2", "Greffe 1"], "Salle 1")
    ]
    assert meetings_of(session, court.stranger, None, now=NOW) == []
    link = make_link(session, court.clerk, court.judges[1], is_whole_site=False, has_names=False, now=NOW)
    address = LinkName(link_id=link.id, version=link.version)
    told = published(session, court.clerk, address, now=NOW).events
    assert [(one.summary, one.when) for one in told] == [("Réunion", first.period)]
    with pytest.raises(NotFound):
        call_off(session, court.stranger, made.id, now=NOW)

    call_off(session, court.clerk, made.id, now=NOW)
    assert seats(session) == []
    assert published(session, court.clerk, address, now=NOW).events == ()
    assert search(session, court.clerk, asked, now=NOW).found.first[0] == first
    restore(session, court.clerk, made.id, now=NOW)
    assert len(seats(session)) == 4
    call_off(session, court.clerk, made.id, now=NOW)
    take(session, court.judges[1], in_days(1), "10:00", "10:15")
    with pytest.raises(PeriodTaken), session.begin_nested():
        restore(session, court.clerk, made.id, now=NOW)
    assert len(seats(session)) == 1
    acts = [line.act for line in session.exec(select(HistoryLine)) if line.subject == "meeting"]
    assert acts.count("meeting-set") == acts.count("meeting-restored") == 1
    with pytest.raises(InvalidRequest):
        restore(session, court.clerk, made.id, now=first.period.end)


def test_a_hearing_taken_so_is_staffed_has_room_for_its_cases_and_stays_once_it_has_some(
    session: Session, court: SmallCourt
) -> None:
    asked = wanted(court, people=(court.judges[0], court.clerks[0]))
    choice = Choice(start=at(in_days(1), "10:15"), room_id=court.rooms[1])
    what = What(name="Audience fictive", kind_id=court.kind.id, max_cases=2)

    made = set_meeting(session, court.clerk, asked, choice, what, now=NOW)

    staffing = session.get_one(HearingStaffing, made.id)
    assert (staffing.judge_id, staffing.room_id) == (court.judges[0], court.rooms[1])
    link = make_link(session, court.clerk, court.judges[0], is_whole_site=False, has_names=False, now=NOW)
    calendar = published(session, court.clerk, LinkName(link_id=link.id, version=link.version), now=NOW)
    assert [event.summary for event in calendar.events] == ["Audience"]
    assert made.hearing_id is not None
    case = CaseClaim(resource_id=made.hearing_id, minutes=30)
    holder = Holder(id=uuid4(), now=NOW)
    occupy(session, [case], holder)
    with pytest.raises(InvalidRequest) as refused:
        call_off(session, court.clerk, made.id, now=NOW)
    assert refused.value.problem == "has-cases"
    actions.release(session, Shape.SESSIONS, [made.hearing_id], holder.id)
    seated = seating_of(session, made.hearing_id)
    entails = look_at(session, court.clerk, made.hearing_id, replace(seated, day=in_days(2)), now=NOW)
    assert [one.code for one in entails.blocking] == ["common-date"], "the others would be left behind"
    call_off(session, court.clerk, made.id, now=NOW)
    with pytest.raises(NotOpen), session.begin_nested():
        occupy(session, [case], holder)
    assert session.exec(select(HearingStaffing)).all() == []
    restore(session, court.clerk, made.id, now=NOW)
    assert session.exec(select(HearingStaffing.hearing_id)).all() == [made.hearing_id]


def test_a_hearing_taken_so_keeps_its_hour_and_gives_back_whoever_holds_it_by_now(
    session: Session, court: SmallCourt
) -> None:
    choice = Choice(start=at(in_days(1), "09:00"), room_id=court.rooms[0])
    what = What(name="Audience fictive", kind_id=court.kind.id)
    asked = wanted(court, people=(court.judges[0], court.clerks[0]))
    made = set_meeting(session, court.clerk, asked, choice, what, now=NOW)
    hearing = made.hearing_id or 0
    before = seating_of(session, hearing)

    with pytest.raises(CannotMove) as refused:
        move_session(session, court.clerk, hearing, replace(before, starts=time(14)), now=NOW)
    assert [one.code for one in refused.value.facts["clashes"]] == ["common-date"]  # type: ignore[attr-defined]
    others = replace(before, judge_id=court.judges[1], clerk_id=court.clerks[1], room_id=court.rooms[1])
    move_session(session, court.clerk, hearing, others, now=NOW)
    assert meetings_of(session, court.clerk, None, now=NOW)[0].people == ["Juge 2", "Greffe 2"]
    assert len(seats(session)) == 3
    call_off(session, court.clerk, made.id, now=NOW)
    assert seats(session) == []

    both = set_meeting(session, court.clerk, wanted(court, people=court.judges), choice, what, now=NOW)
    kind = session.get_one(Kind, session.get_one(Resource, court.judges[0]).kind_id)
    third = make_resource(session, court.site, kind).id
    by = Sitting(judge_id=third, clerk_id=court.clerks[0], room_id=court.rooms[1])
    staff_hearing(session, court.clerk, both.hearing_id or 0, by, now=NOW)
    call_off(session, court.clerk, both.id, now=NOW)
    assert seats(session) == []


def test_both_ends_of_a_link_are_taken_with_the_room_or_nothing_is(session: Session, court: SmallCourt) -> None:
    kind = make_kind(session, Shape.SLOTS, reserved_by=(), code=VIDEO_KIND)
    kind.crosses_territories = True  # the other end is in another territory, where the actor has no right
    prison = make_site(session, make_territory(session))
    here, far = (make_resource(session, one, kind) for one in (court.site, prison))
    take(session, far.id, in_days(1), "09:00", "12:00")
    asked = wanted(court, room=RoomWish.VIDEO, far_end_id=far.id)

    found = search(session, court.clerk, asked, now=NOW).found

    first = found.first[0]
    assert (first.period.start, first.room_id, first.video_id) == (at(in_days(1), "13:30"), court.rooms[0], here.id)
    choice = Choice(start=first.period.start, room_id=first.room_id, video_id=first.video_id)
    made = set_meeting(session, court.clerk, asked, choice, WHAT, now=NOW)
    assert made.video_ids == sorted([here.id, far.id])
    assert {one for one, _ in seats(session)} >= {here.id, far.id, court.rooms[0]}

    held, links = Period(made.starts_at, made.ends_at), text("SELECT holder_id FROM video_link")
    assert session.execute(links).scalars().all() == [made.id]
    session.execute(text("UPDATE video_ceiling SET most = 1"))
    others = [make_resource(session, one, kind) for one in (court.site, prison)]
    again = replace(asked, far_end_id=others[1].id, people=(court.clerks[1],))
    second = Choice(start=first.period.start, room_id=court.rooms[1], video_id=others[0].id)
    assert search(session, court.clerk, again, now=NOW).found.first[2].period.start >= held.end  # two in the morning
    with pytest.raises(LinksFull):
        set_meeting(session, court.clerk, again, second, WHAT, now=NOW)
    call_off(session, court.clerk, made.id, now=NOW)
    assert session.execute(links).all() == []
    set_meeting(session, court.clerk, again, second, WHAT, now=NOW)
    with pytest.raises(LinksFull), session.begin_nested():
        restore(session, court.clerk, made.id, now=NOW)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"room_id": None}, "room_id"),
        ({"video_id": 1}, "far_end_id"),
    ],
)
def test_what_was_not_listed_is_not_taken(
    session: Session, court: SmallCourt, said: dict[str, Any], field: str
) -> None:
    choice = Choice(start=at(in_days(1), "09:00"), room_id=court.rooms[0])
    with pytest.raises(InvalidRequest) as refused:
        set_meeting(session, court.clerk, wanted(court), replace(choice, **said), WHAT, now=NOW)
    assert refused.value.field == field
    for wall, day, why in (("09:05", 1, "outside-hours"), ("12:00", 1, "outside-hours"), ("09:00", -1, "past")):
        off = Choice(start=at(in_days(day), wall), room_id=court.rooms[0])
        with pytest.raises(NotOpen) as closed:
            set_meeting(session, court.clerk, wanted(court), off, WHAT, now=NOW)
        assert closed.value.facts["why"] == why
    assert seats(session) == []


def test_an_agenda_is_shared_by_whose_it_is_or_by_their_registry_and_by_nobody_else(
    session: Session, court: SmallCourt
) -> None:
    territory = session.get_one(Territory, court.territory_id)
    judge, other = (make_actor(Role.FAMILY_JUDGE, territory) for _ in range(2))
    session.execute(
        text("INSERT INTO own_agenda VALUES (:who, :what)"), {"who": judge.account_id, "what": court.judges[0]}
    )

    assert add_feed(session, as_owner(session, judge), court.judges[0], ADDRESS, now=NOW)
    assert add_feed(session, court.clerk, court.judges[1], ADDRESS, now=NOW)
    for who in (other, judge):
        with pytest.raises(Refusal):
            add_feed(session, as_owner(session, who), court.judges[1], ADDRESS, now=NOW)
    with pytest.raises(NotFound):
        add_feed(session, court.stranger, court.judges[1], ADDRESS, now=NOW)


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


TAKERS = 8
TWICE = text("""
    SELECT count(*) FROM seat_time a JOIN seat_time b ON b.resource_id = a.resource_id AND b.id > a.id
    WHERE a.during && b.during""")


def _taken(session: Session, court: SmallCourt, number: int) -> Meeting:
    """Take one of two hours that overlap, in one of two rooms, with one judge of them all."""
    people = (court.judges[0], court.clerks[number % 2])
    start = at(in_days(1), "09:00") + timedelta(minutes=15 * (number % 4))
    choice = Choice(start=start, room_id=court.rooms[number % 2])
    return set_meeting(
        session, court.clerk, wanted(court, people=people[:: 1 - 2 * (number % 2)]), choice, WHAT, now=NOW
    )


def test_of_those_who_take_overlapping_dates_at_once_one_does_and_the_control_has_people_in_two_places(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = act(engine, make_court)

    answers = at_once([partial(act, engine, _taken, court, number) for number in range(TAKERS)])

    winners = [one for one in answers if isinstance(one, Meeting)]
    assert len(winners) == 1
    assert {type(one) for one in answers if isinstance(one, Refusal)} == {PeriodTaken}
    assert len(act(engine, seats)) == 3
    act(engine, call_off, court.clerk, winners[0].id, now=NOW)

    lock_free = text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", ""))
    monkeypatch.setattr(actions, "LOCK", lock_free)
    hold, met = meeting_acts._hold, Barrier(TAKERS, timeout=PATIENCE_S)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE seat_time DROP CONSTRAINT seat_time_no_overlap"))
    monkeypatch.setattr(actions, "FREE_SEAT", text("SELECT 1 AS seat"))  # what was confirmed is believed

    def hold_together(*args: Any, **named: Any) -> None:
        met.wait()
        hold(*args, **named)

    monkeypatch.setattr(meeting_acts, "_hold", hold_together)
    without = at_once([partial(act, engine, _taken, court, number) for number in range(TAKERS)])

    assert [one for one in without if isinstance(one, Refusal)] == []
    with engine.connect() as connection:
        assert connection.execute(TWICE).scalar_one() > 0, "they are in two places at once"
