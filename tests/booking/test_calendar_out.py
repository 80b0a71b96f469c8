"""Bookings as a calendar of elsewhere reads them: followed through their changes, shown to whom may see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.calendars import Days, Event, Status, feed_ics
from availability.claims import SlotClaim, TimeClaim
from availability.errors import NotFound
from availability.feeds import read_feed
from availability.history import Consultation
from availability.models import Resource, Shape
from availability.periods import Period, merge
from availability.rights import Actor, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.calendar_models import CalendarLink
from booking.calendar_out import (
    account_of_link,
    give_back_link,
    links_of,
    make_link,
    note_reading,
    published,
    renew_link,
    revoke_link,
    things,
)
from booking.links import LinkName
from booking.models import Booking
from booking.moving import move
from booking.plans.models import HearingStaffing
from tests.booking.town import make_person
from tests.factories import (
    NOW,
    World,
    in_minutes,
    make_actor,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_world,
)

QUARTER = timedelta(minutes=15)


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture
def agent(session: Session, world: World) -> Resource:
    reserved_by = (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE)
    kind = make_kind(session, Shape.SLOTS, reserved_by=reserved_by, slot_step_min=30, slot_duration_min=30)
    one = make_resource(session, world.site, kind, name="Claire Fictive")
    make_opening(session, one, in_minutes(24 * 60), hours=4)
    return one


def booked(session: Session, world: World, agent: Resource, minutes: int = 0, person: bool = True) -> Booking:
    claim = SlotClaim(resource_id=agent.id, start=in_minutes(24 * 60 + minutes))
    whom = Beneficiary(person_id=make_person(session, world.here).id) if person else Beneficiary(case_ref="26/00007")
    booking = hold(session, world.officer, claim, now=NOW, beneficiary=whom)
    return confirm(session, world.officer, booking.id, now=NOW)


def link_to(
    session: Session, actor: Actor, agent: Resource, *, has_names: bool = False, site: bool = False
) -> LinkName:
    link = make_link(session, actor, agent.id, is_whole_site=site, has_names=has_names, now=NOW)
    return LinkName(link.id, link.version)


def shown(session: Session, actor: Actor, name: LinkName, now: datetime = NOW) -> list[tuple[str, str, int]]:
    return [(one.summary, one.status.value, one.sequence) for one in published(session, actor, name, now=now).events]


def test_an_appointment_is_followed_as_it_moves_then_is_cancelled_then_forgotten(
    session: Session, world: World, agent: Resource
) -> None:
    name = link_to(session, world.officer, agent)
    booking = booked(session, world, agent)

    (first,) = published(session, world.officer, name, now=NOW).events
    claim = SlotClaim(resource_id=agent.id, start=in_minutes(24 * 60 + 60))
    move(session, world.officer, booking.id, claim, now=in_minutes(5))
    (second,) = published(session, world.officer, name, now=in_minutes(5)).events
    cancel(session, world.officer, booking.id, now=in_minutes(10))
    (third,) = published(session, world.officer, name, now=in_minutes(10)).events

    assert first.uid == second.uid == third.uid
    assert first.sequence < second.sequence < third.sequence
    assert (first.status, second.status, third.status) == (Status.CONFIRMED, Status.CONFIRMED, Status.CANCELLED)
    assert second.when == Period(claim.start, claim.start + timedelta(minutes=30))
    assert (first.summary, first.changed_at, second.changed_at) == ("Rendez-vous", NOW, in_minutes(5))
    assert published(session, world.officer, name, now=NOW + timedelta(days=31)).events == ()


def test_what_was_only_held_is_never_shown(session: Session, world: World, agent: Resource) -> None:
    name = link_to(session, world.officer, agent)
    held = hold(session, world.officer, SlotClaim(resource_id=agent.id, start=in_minutes(24 * 60)), now=NOW)

    assert shown(session, world.officer, name) == []
    cancel(session, world.officer, held.id, now=NOW)
    assert shown(session, world.officer, name) == []


def test_names_are_for_whom_asked_and_may_read_them(session: Session, world: World, agent: Resource) -> None:
    booked(session, world, agent)
    booked(session, world, agent, 30, person=False)
    judge = make_actor(Role.SENTENCE_JUDGE, world.here)
    host = replace(world.host)

    with_names = link_to(session, judge, agent, has_names=True)
    assert [one[0] for one in shown(session, judge, with_names)] == [
        "Rendez-vous – Alix DÉMONSTRATION", "Rendez-vous – 26/00007"
    ]  # fmt: skip
    without = link_to(session, judge, agent)
    assert [one[0] for one in shown(session, judge, without)] == ["Rendez-vous"] * 2
    of_host = link_to(session, host, agent, has_names=True)  # a host sees that it is taken, and not by whom
    assert [one[0] for one in shown(session, host, of_host)] == ["Rendez-vous"] * 2


def test_what_others_took_for_elsewhere_is_busy_and_no_more(session: Session, world: World, agent: Resource) -> None:
    booked(session, world, agent)
    # The same agent, seen by an officer of a territory that made nothing of it.
    both = make_actor(Role.PROBATION_OFFICER, world.here)
    booking = session.exec(select(Booking)).one()
    booking.territory_id = world.elsewhere.id
    session.flush()

    (event,) = published(session, both, link_to(session, both, agent, has_names=True), now=NOW).events

    assert (event.summary, event.location) == ("Occupé", "")


def test_rights_are_those_of_the_moment_of_reading(session: Session, world: World, agent: Resource) -> None:
    booked(session, world, agent)
    name = link_to(session, world.officer, agent, has_names=True)
    moved = replace(world.stranger, account_id=world.officer.account_id)  # works elsewhere since

    assert shown(session, world.officer, name)
    with pytest.raises(NotFound):
        published(session, moved, name, now=NOW)
    with pytest.raises(NotFound):
        published(session, world.stranger, name, now=NOW)  # the address is another's
    with pytest.raises(NotFound):
        make_link(session, world.stranger, agent.id, is_whole_site=False, has_names=False, now=NOW)


def test_an_address_renewed_or_revoked_shows_nothing_and_revoking_is_undone(
    session: Session, world: World, agent: Resource
) -> None:
    name = link_to(session, world.officer, agent)

    again = renew_link(session, world.officer, name.link_id, now=NOW)
    with pytest.raises(NotFound):
        account_of_link(session, name)
    fresh = LinkName(again.id, again.version)
    assert account_of_link(session, fresh) == world.officer.account_id
    with pytest.raises(NotFound):
        revoke_link(session, world.stranger, name.link_id, now=NOW)
    revoke_link(session, world.officer, name.link_id, now=NOW)
    assert links_of(session, world.officer) == []
    with pytest.raises(NotFound):
        account_of_link(session, fresh)
    give_back_link(session, world.officer, name.link_id, now=NOW)
    assert account_of_link(session, fresh) == world.officer.account_id


def test_a_whole_site_is_one_address_and_a_host_publishes_only_its_own(
    session: Session, world: World, agent: Resource
) -> None:
    other = make_resource(session, world.site, agent_kind := make_kind(session, Shape.SLOTS), name="Autre")
    make_resource(session, make_site(session, world.here), agent_kind, name="Ailleurs")
    booked(session, world, agent)

    assert {one.name for one in things(session, world.host)} == {agent.name, other.name}
    site = link_to(session, world.officer, agent, site=True)
    assert published(session, world.officer, site, now=NOW).name == f"PlaceJuste – {world.site.name}"
    assert len(shown(session, world.officer, site)) == 1


def test_a_judge_and_a_room_have_their_hearings_for_who_plans_them(session: Session, world: World) -> None:
    staff = make_kind(session, Shape.SLOTS, reserved_by=())
    judge, clerk, room = (
        make_resource(session, world.site, staff, name=name) for name in ("Juge", "Greffe", "Salle 3")
    )
    hearing = make_hearing(session, make_resource(session, world.site, make_kind(session, Shape.SESSIONS)))
    staffing = HearingStaffing(
        hearing_id=hearing.resource_id, judge_id=judge.id, clerk_id=clerk.id, room_id=room.id, created_at=NOW
    )
    session.add(staffing)
    session.flush()
    during = Period(hearing.starts_at, hearing.ends_at)
    occupy(
        session,
        [TimeClaim(resource_id=one.id, period=during) for one in (judge, clerk, room)],
        Holder(id=staffing.id, now=NOW),
    )
    registry = make_actor(Role.REGISTRY, world.here)

    (event,) = published(session, registry, link_to(session, registry, judge), now=NOW).events

    assert (event.summary, event.when, event.location) == ("Audience", during, "Salle 3")
    assert len(shown(session, registry, link_to(session, registry, room, site=True))) == 1
    assert things(session, world.officer, resource_id=judge.id) == []


def test_reading_names_is_a_consultation_and_reading_none_is_not(
    session: Session, world: World, agent: Resource
) -> None:
    for has_names in (False, True):
        note_reading(session, world.officer, link_to(session, world.officer, agent, has_names=has_names), now=NOW)

    assert [one.reason for one in session.exec(select(Consultation))] == ["calendar-feed"]
    assert [one.read_at for one in session.exec(select(CalendarLink))] == [NOW, NOW]


ZONES = ("Europe/Paris", "America/Martinique", "Indian/Reunion", "Pacific/Noumea", "UTC")
numbers = count(1)


@st.composite
def events(draw: st.DrawFn) -> Event:
    start = datetime(2026, 1, 1, tzinfo=UTC) + draw(st.integers(0, 4 * 366)) * 6 * timedelta(hours=1)
    lasting = timedelta(minutes=draw(st.integers(1, 3000)))
    first = start.date()
    when = draw(st.sampled_from([Days(first), Days(first, first + timedelta(days=3)), Period(start, start + lasting)]))
    return Event(
        uid=f"{next(numbers)}@placejuste",
        summary=draw(st.text(max_size=20)),
        location=draw(st.text(max_size=120)),
        when=when,
        time_zone=draw(st.sampled_from(ZONES)),
        status=draw(st.sampled_from(list(Status))),
        sequence=draw(st.integers(0, 9)),
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events(), max_size=6))
def test_what_we_write_we_read_as_busy_at_the_same_times(listed: list[Event]) -> None:
    within = Period(datetime(2025, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    taken = [one.when for one in listed if isinstance(one.when, Period) and one.status is not Status.CANCELLED]

    ics = feed_ics("Essai", listed, every=QUARTER)

    found = read_feed(ics, within=within, zone=ZoneInfo("Europe/Paris"))
    assert list(found.busy) == merge(taken)
    assert (found.events, found.unread) == (len(listed), 0)


def test_a_feed_says_when_to_come_back_and_is_the_same_for_the_same_events() -> None:
    event = Event(uid="1@placejuste", summary="Rendez-vous", location="", when=Days(date(2026, 3, 1)), time_zone="UTC")

    ics = feed_ics("Claire", [replace(event, changed_at=NOW)], every=QUARTER)

    assert ics == feed_ics("Claire", [replace(event, changed_at=NOW)], every=QUARTER)
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\nX-PUBLISHED-TTL:PT15M\r\n" in ics
    assert [one["X-WR-CALNAME"] for one in [Calendar.from_ical(ics)]] == ["Claire"]
    assert b"DTSTAMP:20260302T090000Z" in ics
