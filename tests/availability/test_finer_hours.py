"""Finer hours: every second week, tried before they are saved, one week like another; weekends, recesses, own grids."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, select

from availability.actions import occupy
from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.history import HistoryLine
from availability.hours import MOST_WEEKS, copy_week, hours_effect, rules_from, set_hours
from availability.models import Opening, Recess, Resource, Shape
from availability.openings import A_DAY, Rule, once, weekly
from availability.periods import Period, difference, merge
from availability.publishing import HORIZON, publish_openings
from availability.queries import slots_of, why_not_at
from availability.rights import Role
from availability.slots import WhyNot
from tests.availability.scarce import refused, somebody
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    make_host,
    make_kind,
    make_resource,
    make_rule,
    make_site,
    make_world,
)

PARIS = ZoneInfo("Europe/Paris")
NINE, TEN, NOON = time(9), time(10), time(12)
NEXT_MONDAY, MONDAY_AFTER = in_days(7), in_days(14)


def an_agent(session: Session, world: World, **columns: Any) -> Resource:
    """Return an agent who receives from nine to noon on working days, half an hour each, published."""
    grid = {"slot_step_min": 30, "slot_duration_min": 30}
    own = {name: columns.pop(name) for name in tuple(columns) if name.startswith("own_")}
    kind = make_kind(session, Shape.SLOTS, **grid | columns)
    agent = make_resource(session, make_site(session, world.here), kind, **{name[4:]: own[name] for name in own})
    for weekday in range(5):
        make_rule(session, agent, weekday, "09:00", "12:00")
    publish_openings(session, [agent.id], first=TODAY, until=TODAY + HORIZON)
    return agent


def at(day: date, wall_time: str) -> datetime:
    """Return the instant of a wall time in Paris."""
    return datetime.combine(day, time.fromisoformat(wall_time), PARIS).astimezone(UTC)


def opened(session: Session, agent: Resource) -> list[Period]:
    """Return the openings as published."""
    rows = session.execute(select(Opening.starts_at, Opening.ends_at).where(Opening.resource_id == agent.id))
    return merge(Period(start, end) for start, end in rows)


def days_open(session: Session, agent: Resource, first: date, until: date) -> list[date]:
    """Return the days on which something opens."""
    days = (one.start.astimezone(PARIS).date() for one in opened(session, agent))
    return [day for day in days if first <= day < until]


def take(session: Session, agent: Resource, start: datetime) -> None:
    """Take the slot that starts then."""
    occupy(session, [SlotClaim(resource_id=agent.id, start=start)], somebody())


def every_second_monday(**more: Any) -> Rule:
    """Return a rule of nine to noon, the Monday of today being the first."""
    return Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", TODAY, NINE, NOON, TODAY, **more)


def test_every_second_monday_is_kept_published_and_cut_without_losing_its_turn(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    set_hours(session, world.officer, agent.id, [every_second_monday(), once(in_days(9), TEN, NOON)], from_on=TODAY,
              now=NOW)  # fmt: skip
    assert days_open(session, agent, TODAY, in_days(60)) == [in_days(days) for days in (0, 9, 14, 28, 42, 56)]

    # Cut on a Monday that is not its turn, then given back: the turn is still that of the anchor.
    cut = set_hours(session, world.officer, agent.id, [], from_on=NEXT_MONDAY, now=NOW)
    assert days_open(session, agent, TODAY, in_days(60)) == [TODAY]
    set_hours(session, world.officer, agent.id, cut.before, from_on=NEXT_MONDAY, now=NOW)

    assert days_open(session, agent, TODAY, in_days(60)) == [in_days(days) for days in (0, 9, 14, 28, 42, 56)]
    assert {rule.anchor_on for rule in rules_from(session, agent.id, NEXT_MONDAY)} == {TODAY, in_days(9)}


def test_exceptions_and_extra_days_come_back_from_the_database_as_they_were(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    rule = every_second_monday(except_on=(in_days(14),), extra_on=(in_days(8), in_days(9)))

    set_hours(session, world.officer, agent.id, [rule], from_on=TODAY, now=NOW)

    assert rules_from(session, agent.id, TODAY) == (rule,)
    assert days_open(session, agent, TODAY, in_days(30)) == [TODAY, in_days(8), in_days(9), in_days(28)]


@pytest.mark.parametrize(
    ("other", "is_refused"),
    [
        (Rule("FREQ=MONTHLY;BYDAY=1MO", TODAY, time(11), time(13), TODAY), True),
        (Rule("FREQ=MONTHLY;BYDAY=1TU", TODAY, time(11), time(13), TODAY), False),
        (Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", NEXT_MONDAY, time(11), time(13), TODAY), False),  # the other weeks
        (Rule("FREQ=WEEKLY;INTERVAL=4;BYDAY=MO", NEXT_MONDAY, time(11), time(13), TODAY), False),
        (once(MONDAY_AFTER, time(11), time(13)), True),
        (once(in_days(13), time(22), time(9, 30)), True),  # the night before
        (once(in_days(13), time(22), NINE), False),
        (every_second_monday(valid_until=in_days(28)), True),
    ],
)
def test_two_rules_that_meet_one_day_are_refused(session: Session, world: World, other: Rule, is_refused: bool) -> None:
    agent = an_agent(session, world)
    rules = [every_second_monday(), other]
    if not is_refused:
        set_hours(session, world.officer, agent.id, rules, from_on=TODAY, now=NOW)
        return

    with refused(session, InvalidRequest) as refusal:
        set_hours(session, world.officer, agent.id, rules, from_on=TODAY, now=NOW)
    assert (refusal.value.problem, refusal.value.facts["weekday"]) == ("overlap", 0)


some_rules = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 20), st.integers(1, 3), st.integers(1, 3)), max_size=3,
    unique_by=lambda rule: rule[0],
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=some_rules, begins=st.integers(0, 30))
@example(rules=[], begins=0)
def test_what_is_shown_before_saving_is_what_saving_does(
    session: Session, rules: list[tuple[int, int, int, int]], begins: int
) -> None:
    with session.begin_nested() as savepoint:
        world = make_world(session)
        agent = an_agent(session, world)
        for day in (1, 8, 15, 22):
            take(session, agent, at(in_days(day), "10:30"))
        close(session, agent, in_days(15), in_days(17))
        day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
        wanted = [
            Rule(f"FREQ=WEEKLY;INTERVAL={every};BYDAY={day[at_]}", TODAY, time(opens), time(opens + long), TODAY)
            for at_, opens, long, every in rules
        ]
        before, from_on = opened(session, agent), in_days(begins)
        written = len(session.exec(select(HistoryLine)).all())

        effect = hours_effect(session, world.officer, agent.id, wanted, from_on=from_on, now=NOW)
        assert opened(session, agent) == before
        assert len(session.exec(select(HistoryLine)).all()) == written
        done = set_hours(session, world.officer, agent.id, wanted, from_on=from_on, now=NOW)

        after = opened(session, agent)
        # What begins on a closed day was published before it closed: it is shown as taken away by nothing.
        closed = [Period(at(in_days(15), "00:00"), at(in_days(17), "00:00"))]
        assert difference(effect.added, closed) == difference(difference(after, before), closed)
        assert difference(effect.removed, closed) == difference(difference(before, after), closed)
        assert {one.holder_id for one in effect.outside} == {one.holder_id for one in done.outside}
        savepoint.rollback()


def test_a_week_is_copied_to_others_and_given_back(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    fair = [*rules_from(session, agent.id, TODAY), once(in_days(12), NINE, NOON)]  # a Saturday of next week
    set_hours(session, world.officer, agent.id, fair, from_on=TODAY, now=NOW)
    before = opened(session, agent)
    lonely = [weekly(2, time(14), time(15), MONDAY_AFTER, in_days(21))]  # in two weeks, Wednesday afternoon only
    set_hours(session, world.officer, agent.id, lonely, from_on=MONDAY_AFTER, now=NOW)

    done = copy_week(session, world.officer, agent.id, source=NEXT_MONDAY, targets=[MONDAY_AFTER, in_days(28)], now=NOW)

    week = [in_days(days) for days in (7, 8, 9, 10, 11, 12)]
    shown = days_open(session, agent, NEXT_MONDAY, in_days(35))
    assert shown == [*week, *(day + 7 * A_DAY for day in week), *(day + 21 * A_DAY for day in week)]
    again = copy_week(session, world.officer, agent.id, source=NEXT_MONDAY, targets=[MONDAY_AFTER], now=NOW)
    assert days_open(session, agent, NEXT_MONDAY, in_days(35)) == shown
    assert len(rules_from(session, agent.id, in_days(28))) <= 2  # copying twice piles nothing up

    set_hours(session, world.officer, agent.id, again.before, from_on=again.from_on, now=NOW)
    set_hours(session, world.officer, agent.id, done.before, from_on=done.from_on, now=NOW)
    set_hours(session, world.officer, agent.id, fair, from_on=TODAY, now=NOW)
    assert opened(session, agent) == before


@pytest.mark.parametrize(
    ("source", "targets", "wrong"),
    [
        (in_days(8), [MONDAY_AFTER], ("source", "not-a-monday")),
        (NEXT_MONDAY, [in_days(15)], ("targets", "not-a-monday")),
        (NEXT_MONDAY, [], ("targets", "required")),
        (NEXT_MONDAY, [in_days(-7)], ("targets", "past")),
        (NEXT_MONDAY, [in_days(7 * 53)], ("targets", "too-far")),
        (NEXT_MONDAY, [in_days(7 * number) for number in range(MOST_WEEKS + 1)], ("targets", "too-many")),
    ],
)
def test_a_week_is_copied_from_a_monday_to_mondays_to_come(
    session: Session, world: World, source: date, targets: list[date], wrong: tuple[str, str]
) -> None:
    agent = an_agent(session, world)

    with refused(session, InvalidRequest) as refusal:
        copy_week(session, world.officer, agent.id, source=source, targets=targets, now=NOW)
    assert (refusal.value.field, refusal.value.problem) == wrong


def test_this_week_is_copied_to_from_today_on(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    wednesday = datetime(2026, 3, 4, 6, tzinfo=UTC)
    set_hours(session, world.officer, agent.id, [], from_on=NEXT_MONDAY, now=NOW)
    before = opened(session, agent)

    done = copy_week(session, world.officer, agent.id, source=NEXT_MONDAY, targets=[TODAY], now=wednesday)

    assert done.from_on == in_days(2)
    assert opened(session, agent) == [one for one in before if one.start < at(in_days(2), "00:00")]


def test_a_kind_that_stops_at_weekends_opens_on_none_whatever_its_rules(session: Session, world: World) -> None:
    agent = an_agent(session, world, ignores_weekends=False)
    daily = Rule("FREQ=DAILY", TODAY, NINE, NOON, TODAY)

    set_hours(session, world.officer, agent.id, [daily], from_on=TODAY, now=NOW)

    assert days_open(session, agent, TODAY, in_days(14)) == [in_days(d) for d in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
    assert why_not_at(session, agent.id, at(in_days(5), "10:00"), now=NOW) is WhyNot.WEEKEND


@pytest.mark.parametrize("closes_in_recess", [True, False])
def test_a_recess_of_the_court_of_the_place_closes_kinds_that_say_so(
    session: Session, world: World, closes_in_recess: bool
) -> None:
    agent = an_agent(session, world, closes_in_recess=closes_in_recess)
    session.add(Recess(territory_id=world.elsewhere.id, days=Range(in_days(1), in_days(3)), reason="ailleurs"))
    session.add(Recess(territory_id=world.here.id, days=Range(in_days(7), in_days(9)), reason="vacations"))
    session.flush()
    within = Period(at(TODAY, "00:00"), at(in_days(14), "00:00"))

    at_once = {slot.period.start.date() for slot in slots_of(session, [agent.id], within=within, now=NOW)[agent.id]}
    publish_openings(session, [agent.id], first=TODAY, until=in_days(14))

    closed = {in_days(7), in_days(8)} if closes_in_recess else set()
    usual = {in_days(d) for d in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)}
    assert at_once == usual - closed
    assert set(days_open(session, agent, TODAY, in_days(14))) == usual - closed
    why = why_not_at(session, agent.id, at(in_days(8), "10:00"), now=NOW)
    assert why is (WhyNot.RECESS if closes_in_recess else None)


def test_a_resource_has_its_own_grid_and_buffers_beside_those_of_its_kind(session: Session, world: World) -> None:
    usual = an_agent(session, world, buffer_after_min=10)
    own = an_agent(session, world, buffer_after_min=10, own_slot_step_min=60, own_slot_duration_min=50,
                   own_buffer_after_min=0, own_buffer_before_min=15)  # fmt: skip
    for agent in (usual, own):
        take(session, agent, at(NEXT_MONDAY, "10:00"))
    within = Period(at(NEXT_MONDAY, "00:00"), at(in_days(8), "00:00"))
    found = slots_of(session, [usual.id, own.id], within=within, now=NOW)

    free = {number: [s.period.start for s in listed if s.is_free] for number, listed in found.items()}
    assert free[usual.id] == [at(NEXT_MONDAY, start) for start in ("09:00", "11:00", "11:30")]
    assert free[own.id] == []  # 50 minutes, and fifteen more before the next
    assert {slot.period.end - slot.period.start for slot in found[own.id]} == {timedelta(minutes=50)}


@pytest.mark.parametrize(("notice", "why"), [(0, None), (60, None), (61, WhyNot.TOO_SOON), (10080, WhyNot.TOO_SOON)])
def test_a_notice_in_minutes_is_counted_from_this_moment(
    session: Session, world: World, notice: int, why: WhyNot | None
) -> None:
    agent = an_agent(session, world, min_notice_min=notice)
    eleven = at(TODAY, "11:00")  # it is ten

    assert why_not_at(session, agent.id, eleven, now=NOW) is why


@pytest.mark.parametrize(
    ("start", "refusal", "why"),
    [
        (at(TODAY, "09:30"), NotOpen, WhyNot.PAST),
        (at(NEXT_MONDAY, "09:10"), NotOpen, WhyNot.OFF_GRID),
        (at(NEXT_MONDAY, "14:00"), NotOpen, WhyNot.OUTSIDE_HOURS),
        (at(in_days(12), "10:00"), NotOpen, WhyNot.OUTSIDE_HOURS),
        (at(in_days(8), "10:00"), NotOpen, WhyNot.CLOSED),
        (at(date(2026, 4, 6), "10:00"), NotOpen, WhyNot.HOLIDAY),
        (at(NEXT_MONDAY, "10:00"), PeriodTaken, WhyNot.TAKEN),
        (at(NEXT_MONDAY, "11:00"), PeriodTaken, WhyNot.HELD),
    ],
)
def test_whoever_takes_what_is_not_free_is_told_why(
    session: Session, world: World, start: datetime, refusal: type[NotOpen], why: WhyNot
) -> None:
    agent = an_agent(session, world)
    take(session, agent, at(NEXT_MONDAY, "10:00"))
    held = somebody(expires_at=at(in_days(1), "10:00"))
    occupy(session, [SlotClaim(resource_id=agent.id, start=at(NEXT_MONDAY, "11:00"))], held)
    close(session, agent, in_days(8), in_days(9))

    with refused(session, refusal) as caught:
        take(session, agent, start)
    assert caught.value.facts["why"] is why


def test_a_partner_sets_the_hours_of_their_own_places_and_no_others(session: Session, world: World) -> None:
    kind = make_kind(session, Shape.SLOTS, reserved_by=[Role.PARTNER, Role.PROBATION_OFFICER], set_by=[Role.PARTNER])
    own, other = (make_resource(session, site, kind) for site in (world.site, make_site(session, world.here)))
    rules = [weekly(0, NINE, NOON, TODAY)]

    done = set_hours(session, world.host, own.id, rules, from_on=TODAY, now=NOW)

    assert done.before == ()
    assert days_open(session, own, TODAY, in_days(8)) == [TODAY, NEXT_MONDAY]
    with refused(session, NotFound):
        set_hours(session, world.host, other.id, rules, from_on=TODAY, now=NOW)
    with refused(session, NotFound):
        hours_effect(session, make_host(world.site.organisation_id, world.elsewhere), own.id, rules, from_on=TODAY,
                     now=NOW)  # fmt: skip
    with refused(session, NotAllowed):
        copy_week(session, world.officer, own.id, source=TODAY, targets=[NEXT_MONDAY], now=NOW)
