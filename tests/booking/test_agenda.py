"""The agenda of whoever receives: its week, as one may see it, and where an appointment could go."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotFound
from availability.models import Kind, Resource, Shape, Site
from availability.outside import Outside
from availability.periods import Period
from availability.publishing import HORIZON, publish_openings
from availability.rights import Actor, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.agenda import Meets, agendas, free_starts, left_outside, monday_of, usual_agenda, week_of
from booking.agenda_models import OwnAgenda
from booking.common_dates import RoomWish, Wanted
from booking.meetings import Choice, What, call_off, set_meeting
from booking.models import Booking, State
from booking.outcomes import note_outcome
from tests.booking.town import make_person
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_kind,
    make_resource,
    make_rule,
    make_site,
)

PARIS = ZoneInfo("Europe/Paris")
GRID: dict[str, Any] = {"slot_step_min": 30, "slot_duration_min": 30}


@pytest.fixture
def kind(session: Session) -> Kind:
    return make_kind(session, Shape.SLOTS, label="rendez-vous", searched_by=[Role.SENTENCE_JUDGE], **GRID)


@pytest.fixture
def agent(session: Session, world: World, kind: Kind) -> Resource:
    return an_agent(session, world.site, kind)


def an_agent(session: Session, site: Site, kind: Kind, **columns: Any) -> Resource:
    """Return an agent who receives from nine to noon on working days, published for the months ahead."""
    agent = make_resource(session, site, kind, **columns)
    for weekday in range(5):
        make_rule(session, agent, weekday, "09:00", "12:00")
    publish_openings(session, [agent.id], first=in_days(-14), until=TODAY + HORIZON)
    return agent


def at(day: date, wall_time: str, zone: ZoneInfo = PARIS) -> datetime:
    """Return the instant of a wall time."""
    return datetime.combine(day, time.fromisoformat(wall_time), zone).astimezone(UTC)


def book(
    session: Session, actor: Actor, agent: Resource, start: datetime, *, now: datetime = NOW, **whom: Any
) -> Booking:
    """Return a booked appointment."""
    beneficiary = Beneficiary(**whom or {"case_ref": "24/00123"})
    claim = SlotClaim(resource_id=agent.id, start=start)
    booking = hold(session, actor, claim, now=now, beneficiary=beneficiary)
    return confirm(session, actor, booking.id, now=now)


def test_the_agendas_are_those_of_ones_territories_and_kinds_by_site(
    session: Session, world: World, kind: Kind
) -> None:
    second, first = (make_site(session, world.here, name=name) for name in ("Site Z", "Site A"))
    an_agent(session, second, kind, name="Zoé Fiction")
    an_agent(session, first, kind, name="Bilal Fiction")
    an_agent(session, first, kind, name="Ana Fiction")
    an_agent(session, first, kind, name="Partie Fiction", is_active=False)
    an_agent(session, make_site(session, world.elsewhere), kind)
    make_resource(session, first, make_kind(session, Shape.NIGHTS))
    an_agent(session, first, make_kind(session, Shape.SLOTS, reserved_by=[Role.REGISTRY]))

    seen = [(one.site_name, one.name) for one in agendas(session, world.officer)]
    assert seen == [("Site A", "Ana Fiction"), ("Site A", "Bilal Fiction"), ("Site Z", "Zoé Fiction")]
    assert len(agendas(session, make_actor(Role.SENTENCE_JUDGE, world.here))) == 3
    assert agendas(session, make_actor(Role.FAMILY_JUDGE, world.here)) == []
    assert agendas(session, make_actor(Role.PROBATION_OFFICER, world.here, kind=make_kind(session, Shape.SLOTS))) == []


def test_the_sites_that_one_uses_come_first_and_the_agenda_taken_last_is_the_usual_one(
    session: Session, world: World, kind: Kind
) -> None:
    first, second = (make_site(session, world.here, name=name) for name in ("Site A", "Site Z"))
    near = an_agent(session, first, kind, name="Ana Fiction")
    far = [an_agent(session, second, kind, name=name) for name in ("Yann Fiction", "Zoé Fiction")]
    assert usual_agenda(session, world.officer, agendas(session, world.officer)) == 0
    start = at(in_days(3), "09:00")
    book(session, world.officer, far[1], start)
    colleague = make_actor(Role.PROBATION_OFFICER, world.here)

    seen = agendas(session, world.officer)
    assert [one.name for one in seen] == ["Yann Fiction", "Zoé Fiction", "Ana Fiction"]
    assert usual_agenda(session, world.officer, seen) == far[1].id
    assert usual_agenda(session, world.officer, seen[2:]) == 0
    assert agendas(session, colleague)[0].resource_id == near.id


def test_ones_own_agenda_opens_first_then_those_that_ones_own_role_receives_in(
    session: Session, world: World, kind: Kind
) -> None:
    others = make_kind(session, Shape.SLOTS, set_by=[Role.SENTENCE_JUDGE], **GRID)
    judge, colleague = (an_agent(session, world.site, one, name="Ana Fiction") for one in (others, kind))
    for agent, hour in ((colleague, "09:00"), (judge, "10:00")):
        book(session, world.officer, agent, at(in_days(3), hour), now=NOW + timedelta(minutes=agent is judge))
    seen = agendas(session, world.officer)
    assert usual_agenda(session, world.officer, seen) == colleague.id  # the judge's was taken last
    assert usual_agenda(session, world.officer, [one for one in seen if one.resource_id == judge.id]) == judge.id
    own = an_agent(session, world.site, kind, name="Tout autre nom")
    an_agent(session, world.site, kind, name=world.officer.name)  # a name says nothing: two people bear the same
    session.add(OwnAgenda(account_id=world.officer.account_id, resource_id=own.id))
    session.flush()

    assert usual_agenda(session, world.officer, agendas(session, world.officer)) == own.id


def test_a_week_is_seven_civil_days_from_a_monday(session: Session, world: World, agent: Resource) -> None:
    week = week_of(session, world.officer, agent.id, in_days(9), now=NOW)

    assert (week.monday, week.until, week.today) == (in_days(7), in_days(14), TODAY)
    assert week.openings[0] == Period(at(in_days(7), "09:00"), at(in_days(7), "12:00"))
    assert len(week.openings) == 5
    assert len(week.slots) == 5 * 6
    assert all(slot.is_free for slot in week.slots)
    assert week.may_reserve
    assert week_of(session, world.officer, agent.id, None, now=NOW).monday == TODAY


def test_the_week_turns_at_the_midnight_of_the_site(session: Session, world: World, kind: Kind) -> None:
    site = make_site(session, world.here, time_zone="Pacific/Noumea")
    agent = an_agent(session, site, kind)
    sunday_evening_in_paris = datetime(2026, 3, 8, 20, tzinfo=UTC)  # Monday 9 March, 07:00, in Nouméa

    week = week_of(session, world.officer, agent.id, None, now=sunday_evening_in_paris)

    assert (week.monday, week.today) == (date(2026, 3, 9), date(2026, 3, 9))
    assert week.openings[0].start == datetime(2026, 3, 8, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "starts_in_utc"),
    [(date(2026, 3, 26), {8}), (date(2026, 3, 31), {7}), (date(2026, 10, 22), {7}), (date(2026, 10, 29), {8})],
)
def test_nine_is_nine_on_both_sides_of_a_change_of_hour(
    session: Session, world: World, agent: Resource, day: date, starts_in_utc: set[int]
) -> None:
    publish_openings(session, [agent.id], first=date(2026, 10, 1), until=date(2026, 11, 1))

    week = week_of(session, world.officer, agent.id, day, now=NOW)

    assert {one.start.hour for one in week.openings} == starts_in_utc


def test_only_what_is_to_come_is_free(session: Session, world: World, agent: Resource) -> None:
    week = week_of(session, world.officer, agent.id, TODAY, now=NOW)  # ten in the morning

    assert min(slot.period.start for slot in week.slots) == at(TODAY, "10:00")
    assert week.openings[0].start == at(TODAY, "09:00")
    assert week_of(session, world.officer, agent.id, in_days(-7), now=NOW).slots == ()


def test_closed_days_and_holidays_come_with_their_reason(
    session: Session, world: World, kind: Kind, agent: Resource
) -> None:
    easter = date(2026, 4, 6)
    own = close(session, agent, easter + timedelta(days=1), easter + timedelta(days=2))
    close(session, world.site, easter + timedelta(days=20), None)
    own.reason = "Formation"
    session.flush()

    week = week_of(session, world.officer, agent.id, easter, now=NOW)

    assert week.holidays == ((easter, "Lundi de Pâques"),)
    assert [(one.closure_id, one.first, one.reason) for one in week.closings] == [
        (own.id, easter + timedelta(days=1), "Formation")
    ]
    assert [one.start.date() for one in week.openings] == [easter + timedelta(days=day) for day in (2, 3, 4)]
    kind.ignores_holidays = True
    session.flush()
    assert week_of(session, world.officer, agent.id, easter, now=NOW).holidays == ()


def test_a_holiday_is_that_of_the_territory(session: Session, world: World, kind: Kind) -> None:
    abolition = date(2026, 5, 22)
    martinique = make_site(session, world.here, holiday_zone="972", time_zone="America/Martinique")

    here = week_of(session, world.officer, an_agent(session, martinique, kind).id, abolition, now=NOW)
    assert abolition in [day for day, _ in here.holidays]
    mainland = an_agent(session, make_site(session, world.here), kind)
    assert week_of(session, world.officer, mainland.id, abolition, now=NOW).holidays == ()


def test_appointments_show_initials_and_where_they_stand(session: Session, world: World, agent: Resource) -> None:
    person = make_person(session, world.here)
    booked = book(session, world.officer, agent, at(in_days(1), "09:00"), person_id=person.id)
    came = book(session, world.officer, agent, at(TODAY, "11:00"))
    note_outcome(session, world.officer, came.id, State.HONOURED, now=in_minutes(125))
    given_back = book(session, world.officer, agent, at(in_days(1), "09:30"))
    cancel(session, world.officer, given_back.id, now=NOW)
    held = hold(session, world.officer, SlotClaim(resource_id=agent.id, start=at(in_days(1), "10:00")), now=NOW)

    week = week_of(session, world.officer, agent.id, TODAY, now=in_minutes(5))
    person.territory_id = world.elsewhere.id  # their file passes: who receives them still knows that somebody comes
    passed = week_of(session, world.officer, agent.id, TODAY, now=in_minutes(5)).appointments[1]

    assert (passed.initials, passed.person_id) == ("AD", None)
    seen = [(one.booking_id, one.state, one.initials, one.case_ref, one.may_move) for one in week.appointments]
    assert seen == [
        (came.id, State.HONOURED, "", "24/00123", False),
        (booked.id, State.BOOKED, "AD", "", True),
        (held.id, State.HELD, "", "", False),
    ]
    assert {slot.period.start for slot in week.slots if not slot.is_free} == {
        at(TODAY, "11:00"), at(in_days(1), "09:00"), at(in_days(1), "10:00"),
    }  # fmt: skip


def test_a_hold_past_its_end_is_not_shown_and_its_start_is_free(
    session: Session, world: World, agent: Resource
) -> None:
    start = at(in_days(1), "10:00")
    hold(session, world.officer, SlotClaim(resource_id=agent.id, start=start), now=NOW)

    week = week_of(session, world.officer, agent.id, TODAY, now=in_minutes(10))

    assert week.appointments == ()
    assert start in {slot.period.start for slot in week.slots if slot.is_free}


def test_what_another_ressort_took_is_taken_and_nothing_more_is_said(
    session: Session, world: World, agent: Resource
) -> None:
    both = make_actor(Role.PROBATION_OFFICER, world.elsewhere, world.here)  # at home elsewhere
    person = make_person(session, world.elsewhere)
    book(session, both, agent, at(in_days(1), "09:00"), person_id=person.id)

    (one,) = week_of(session, world.officer, agent.id, TODAY, now=NOW).appointments

    assert (one.is_visible, one.may_move, one.initials, one.case_ref, one.person_id) == (False, False, "", "", None)
    (theirs,) = week_of(session, both, agent.id, TODAY, now=NOW).appointments
    assert (theirs.is_visible, theirs.may_move, theirs.initials) == (True, True, "AD")


def test_who_only_searches_looks_and_does_not_touch(session: Session, world: World, agent: Resource) -> None:
    book(session, world.officer, agent, at(in_days(1), "09:00"))

    week = week_of(session, make_actor(Role.SENTENCE_JUDGE, world.here), agent.id, TODAY, now=NOW)

    assert not week.may_reserve
    assert [(one.is_visible, one.may_move) for one in week.appointments] == [(True, False)]


def test_what_has_begun_is_not_moved(session: Session, world: World, agent: Resource) -> None:
    book(session, world.officer, agent, at(TODAY, "11:00"))

    (one,) = week_of(session, world.officer, agent.id, TODAY, now=at(TODAY, "11:00")).appointments
    assert not one.may_move
    (one,) = week_of(session, world.officer, agent.id, TODAY, now=at(TODAY, "10:59")).appointments
    assert one.may_move


def test_elsewhere_answers_like_nothing(session: Session, world: World, agent: Resource) -> None:
    beds = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    for actor, resource_id in (
        (world.stranger, agent.id),
        (world.host, agent.id),
        (make_actor(Role.FAMILY_JUDGE, world.here), agent.id),
        (world.officer, 10**12),
        (world.officer, beds.id),
    ):
        with pytest.raises(NotFound):
            week_of(session, actor, resource_id, TODAY, now=NOW)
        with pytest.raises(NotFound):
            free_starts(session, actor, resource_id, around=NOW, now=NOW)


@pytest.mark.parametrize("day", [date.min, date.max, in_days(-733), in_days(733)])
def test_a_week_too_far_is_refused(session: Session, world: World, agent: Resource, day: date) -> None:
    with pytest.raises(InvalidRequest):
        week_of(session, world.officer, agent.id, day, now=NOW)


def test_the_nearest_free_starts_come_in_the_order_of_time(session: Session, world: World, agent: Resource) -> None:
    tuesday = in_days(8)
    book(session, world.officer, agent, at(tuesday, "10:00"))

    found = free_starts(session, world.officer, agent.id, around=at(tuesday, "10:00"), now=NOW, limit=3)

    assert found == [at(tuesday, "09:00"), at(tuesday, "09:30"), at(tuesday, "10:30")]
    every = free_starts(session, world.officer, agent.id, around=at(in_days(1), "10:00"), now=NOW)
    assert min(every) == at(TODAY, "10:00")  # nothing of the past
    with pytest.raises(InvalidRequest):
        free_starts(session, world.officer, agent.id, around=datetime.max.replace(tzinfo=UTC), now=NOW)


def test_what_a_change_of_hours_left_outside_is_shown_as_in_the_week(
    session: Session, world: World, agent: Resource
) -> None:
    both = make_actor(Role.PROBATION_OFFICER, world.elsewhere, world.here)
    theirs = book(session, both, agent, at(in_days(1), "09:00"))
    ours = book(session, world.officer, agent, at(in_days(2), "09:00"))
    book(session, world.officer, agent, at(in_days(1), "11:00"))  # still covered
    outside = [Outside(one.id, Period(one.starts_at, one.ends_at), agent.id) for one in (theirs, ours)
               if one.starts_at and one.ends_at]  # fmt: skip

    found = left_outside(session, world.officer, agent.id, outside, now=NOW)

    assert [(one.booking_id, one.is_visible) for one in found] == [(theirs.id, False), (ours.id, True)]
    assert left_outside(session, world.officer, agent.id, [], now=NOW) == []


def test_a_place_for_several_is_free_until_the_last_seat(session: Session, world: World, kind: Kind) -> None:
    group = an_agent(session, world.site, kind, capacity=2)
    start = at(in_days(1), "09:00")

    def seats() -> int:
        week = week_of(session, world.officer, group.id, TODAY, now=NOW)
        return next(len(slot.seats) for slot in week.slots if slot.period.start == start)

    assert seats() == 2
    book(session, world.officer, group, start)
    assert seats() == 1
    book(session, world.officer, group, start)
    assert seats() == 0
    assert len(week_of(session, world.officer, group.id, TODAY, now=NOW).appointments) == 2


@pytest.mark.parametrize(("day", "monday"), [(0, 0), (6, 0), (7, 7), (-1, -7)])
def test_a_week_begins_on_monday(day: int, monday: int) -> None:
    assert monday_of(in_days(day)) == in_days(monday)


def test_an_appointment_that_lasts_into_the_week_is_in_it(session: Session, world: World, kind: Kind) -> None:
    night = make_kind(session, Shape.SLOTS, slot_step_min=60, slot_duration_min=240)
    agent = make_resource(session, world.site, night)
    make_rule(session, agent, 6, "22:00", "03:00")
    publish_openings(session, [agent.id], first=TODAY, until=in_days(14))
    booked = book(session, world.officer, agent, at(in_days(6), "22:00"))

    for week in (TODAY, in_days(7)):
        shown = week_of(session, world.officer, agent.id, week, now=NOW).appointments
        assert [one.booking_id for one in shown] == [booked.id]


def test_what_whoever_receives_keeps_with_others_is_in_their_week_and_gone_once_called_off(
    session: Session, world: World, agent: Resource
) -> None:
    clerk, judge = (make_actor(role, world.here) for role in (Role.REGISTRY, Role.SENTENCE_JUDGE))
    wanted = Wanted(
        site_id=world.site.id,
        people=(agent.id,),
        minutes=60,
        first_on=in_days(1),
        last_on=in_days(1),
        room=RoomWish.NONE,
    )
    made = set_meeting(
        session, clerk, wanted, Choice(start=at(in_days(1), "10:00")), What(name="Réunion fictive"), now=NOW
    )

    week = week_of(session, judge, agent.id, None, now=NOW)

    kept = Period(at(in_days(1), "10:00"), at(in_days(1), "11:00"))
    assert week.meetings == (Meets(kept, is_hearing=False),)
    assert not any(slot.is_free and slot.period.overlaps(kept) for slot in week.slots)
    call_off(session, clerk, made.id, now=NOW)
    assert week_of(session, judge, agent.id, None, now=NOW).meetings == ()
