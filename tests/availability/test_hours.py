"""Hours as those who run them change them: the openings follow, and nothing that was taken is lost or moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from threading import Event
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from availability import actions, hours
from availability.actions import occupy
from availability.claims import SlotClaim
from availability.closings import Closed, ClosedDays, close_days, reopen_days
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.history import HistoryLine
from availability.hours import HoursSet, extend_openings, rules_from, set_hours, to_extend
from availability.models import Opening, Resource, SeatTime, Shape
from availability.openings import Rule, local_day, openings, weekly
from availability.periods import Period, merge
from availability.publishing import HORIZON, publish_openings
from availability.queries import slots_of
from availability.rights import Actor, Role
from portal.database import make_engine
from tests.availability.scarce import refused, somebody
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    make_actor,
    make_host,
    make_kind,
    make_resource,
    make_rule,
    make_site,
    make_world,
)
from tests.races import PATIENCE_S, act, at_once, wait_until_somebody_waits

EVER = date(2020, 1, 1)
PARIS = ZoneInfo("Europe/Paris")
A_DAY = timedelta(days=1)
MONDAY, TUESDAY, SUNDAY = 0, 1, 6
WEEKDAYS = range(5)
# Within the horizon of NOW. Easter Monday, 1 and 8 May, Ascension, Whit Monday.
MAINLAND_HOLIDAYS = frozenset(date(2026, month, day) for month, day in ((4, 6), (5, 1), (5, 8), (5, 14), (5, 25)))


def hour(weekday: int, opens: str, closes: str) -> Rule:
    """Return weekly hours, in force since ever."""
    return weekly(weekday, time.fromisoformat(opens), time.fromisoformat(closes), EVER)


def an_agent(session: Session, world: World, **columns: Any) -> Resource:
    """Return an agent who receives from nine to noon on working days, published for the months ahead."""
    of_site = {name: columns.pop(name) for name in ("time_zone", "holiday_zone") if name in columns}
    site = make_site(session, world.here, **of_site)
    grid = {"slot_step_min": 30, "slot_duration_min": 30}
    agent = make_resource(session, site, make_kind(session, Shape.SLOTS, **grid | columns))
    for weekday in WEEKDAYS:
        make_rule(session, agent, weekday, "09:00", "12:00")
    publish_openings(session, [agent.id], first=TODAY, until=TODAY + HORIZON)
    return agent


def take(session: Session, agent: Resource, start: datetime, *, expires_at: datetime | None = None) -> UUID:
    """Take the slot that starts then; return who has it."""
    holder = somebody(expires_at=expires_at)
    occupy(session, [SlotClaim(resource_id=agent.id, start=start)], holder)
    return holder.id


def at(day: date, wall_time: str, zone: ZoneInfo = PARIS) -> datetime:
    """Return the instant of a wall time."""
    return datetime.combine(day, time.fromisoformat(wall_time), zone).astimezone(UTC)


def opened(session: Session, agent: Resource) -> list[Period]:
    """Return the openings as published."""
    rows = session.execute(select(Opening.starts_at, Opening.ends_at).where(Opening.resource_id == agent.id))
    return merge(Period(start, end) for start, end in rows)


def taken(session: Session) -> list[tuple[UUID, Any]]:
    """Return everything that is taken, as it stands."""
    return sorted((row.holder_id, row.during) for row in session.exec(select(SeatTime)))


def free_starts(session: Session, agent: Resource, day: date) -> list[datetime]:
    """Return the starts that are offered on a day."""
    listed = slots_of(session, [agent.id], within=Period(at(day, "00:00"), at(day + A_DAY, "00:00")), now=NOW)
    return [slot.period.start for slot in listed.get(agent.id, []) if slot.is_free]


def test_new_hours_hold_from_the_day_said_and_not_before(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    before = opened(session, agent)

    result = set_hours(session, world.officer, agent.id, [hour(MONDAY, "14:00", "16:00")], from_on=in_days(7), now=NOW)

    now_open = opened(session, agent)
    boundary = at(in_days(7), "00:00")
    assert [one for one in now_open if one.start < boundary] == [one for one in before if one.start < boundary]
    later = [one for one in now_open if one.start >= boundary]
    assert later[0] == Period(at(in_days(7), "14:00"), at(in_days(7), "16:00"))
    assert {local_day(one.start, PARIS).weekday() for one in later} == {MONDAY}
    assert result.outside == ()
    assert [(rule.weekday, rule.valid_from) for rule in result.before] == [(day, in_days(7)) for day in WEEKDAYS]


def test_giving_back_what_was_replaced_undoes_it(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    in_summer = [hour(day, "08:00", "11:00") for day in WEEKDAYS]
    set_hours(session, world.officer, agent.id, in_summer, from_on=in_days(60), now=NOW)  # something to come, too
    before, rules = opened(session, agent), rules_from(session, agent.id, in_days(7))

    replaced = set_hours(session, world.officer, agent.id, [], from_on=in_days(7), now=NOW)
    assert [one for one in opened(session, agent) if one.start >= at(in_days(7), "00:00")] == []
    set_hours(session, world.officer, agent.id, replaced.before, from_on=in_days(7), now=NOW)

    assert opened(session, agent) == before
    assert rules_from(session, agent.id, in_days(7)) == rules


def test_what_was_taken_stands_and_what_is_outside_is_returned(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    monday, tuesday = in_days(7), in_days(8)
    covered = take(session, agent, at(monday, "09:30"))
    left_out = take(session, agent, at(tuesday, "11:30"))
    half_out = take(session, agent, at(tuesday, "10:30"))  # new hours end at 10:45, in its middle
    before_it = take(session, agent, at(in_days(1), "11:30"))
    take(session, agent, at(tuesday, "09:00"), expires_at=NOW)  # a hold that is over
    standing = [row for row in taken(session) if row[0] in {covered, left_out, half_out, before_it}]

    new = [hour(MONDAY, "09:15", "10:45"), hour(TUESDAY, "09:15", "10:45")]
    result = set_hours(session, world.officer, agent.id, new, from_on=monday, now=NOW)

    assert [one.holder_id for one in result.outside] == [half_out, left_out]
    assert result.outside[1].period == Period(at(tuesday, "11:30"), at(tuesday, "12:00"))
    assert [row for row in taken(session) if row in standing] == standing


def test_nobody_takes_a_start_that_is_gone(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    monday = in_days(7)
    assert at(monday, "09:30") in free_starts(session, agent, monday)

    set_hours(session, world.officer, agent.id, [hour(MONDAY, "14:00", "15:00")], from_on=TODAY, now=NOW)

    assert free_starts(session, agent, monday) == [at(monday, "14:00"), at(monday, "14:30")]
    with refused(session, NotOpen):
        take(session, agent, at(monday, "09:30"))


@pytest.mark.parametrize(
    ("around", "opens_at"),
    [
        (date(2026, 3, 29), [datetime(2026, 3, 28, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)]),
        (date(2026, 10, 25), [datetime(2026, 10, 24, 7, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)]),
    ],
)
def test_nine_stays_nine_across_a_change_of_hour(
    session: Session, world: World, around: date, opens_at: list[datetime]
) -> None:
    agent = an_agent(session, world)
    now = datetime.combine(around - 20 * A_DAY, time(8), UTC)

    every_day = [hour(day, "09:00", "10:00") for day in (5, 0)]  # the Saturday before, the Monday after
    set_hours(session, world.officer, agent.id, every_day, from_on=around - 14 * A_DAY, now=now)

    near = Period(at(around - 2 * A_DAY, "00:00"), at(around + 3 * A_DAY, "00:00"))
    assert [one.start for one in opened(session, agent) if near.contains(one)] == opens_at


@pytest.mark.parametrize(
    ("rules", "field", "problem"),
    [
        ([hour(MONDAY, "09:00", "12:00"), hour(MONDAY, "11:59", "13:00")], "rules", "overlap"),
        ([hour(SUNDAY, "22:00", "06:00"), hour(MONDAY, "05:00", "07:00")], "rules", "overlap"),  # the week turns
        ([hour(MONDAY, f"{n // 2:02}:{n % 2 * 30:02}", f"{n // 2:02}:{n % 2 * 30 + 10:02}") for n in range(43)] * 3,
         "rules", "too-many"),
    ],
)  # fmt: skip
def test_hours_that_make_no_week_are_refused(
    session: Session, world: World, rules: list[Rule], field: str, problem: str
) -> None:
    agent = an_agent(session, world)

    with refused(session, InvalidRequest) as refusal:
        set_hours(session, world.officer, agent.id, rules, from_on=TODAY, now=NOW)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_back_to_back_hours_are_one_opening(session: Session, world: World) -> None:
    agent = an_agent(session, world)

    both = [hour(MONDAY, "09:00", "12:00"), hour(MONDAY, "12:00", "14:00")]
    set_hours(session, world.officer, agent.id, both, from_on=in_days(7), now=NOW)

    assert Period(at(in_days(7), "09:00"), at(in_days(7), "14:00")) in opened(session, agent)


@pytest.mark.parametrize(("days", "problem"), [(-1, "past"), (0, ""), (366, ""), (367, "too-far")])
def test_hours_begin_today_at_the_earliest_and_within_a_year(
    session: Session, world: World, days: int, problem: str
) -> None:
    agent = an_agent(session, world)

    if not problem:
        assert set_hours(session, world.officer, agent.id, [], from_on=in_days(days), now=NOW).outside == ()
        return
    with refused(session, InvalidRequest) as refusal:
        set_hours(session, world.officer, agent.id, [], from_on=in_days(days), now=NOW)
    assert refusal.value.problem == problem


def test_today_is_the_day_that_it_is_there(session: Session, world: World) -> None:
    agent = an_agent(session, world, time_zone="Pacific/Noumea")
    evening = datetime(2026, 3, 2, 22, tzinfo=UTC)  # 09:00 the next day in Nouméa

    with refused(session, InvalidRequest):
        set_hours(session, world.officer, agent.id, [], from_on=TODAY, now=evening)
    set_hours(session, world.officer, agent.id, [hour(TUESDAY, "14:00", "15:00")], from_on=in_days(1), now=evening)

    noumea = ZoneInfo("Pacific/Noumea")
    assert Period(at(in_days(8), "14:00", noumea), at(in_days(8), "15:00", noumea)) in opened(session, agent)


def test_closing_days_closes_them_and_lists_what_was_taken(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    inside = take(session, agent, at(in_days(8), "10:00"))
    take(session, agent, at(in_days(10), "10:00"))  # the day after the last one

    closed = close_days(session, world.officer, agent.id, ClosedDays(in_days(7), in_days(10), "Formation"), now=NOW)

    assert [one.holder_id for one in closed.outside] == [inside]
    assert len(taken(session)) == 2
    assert [free_starts(session, agent, in_days(day)) for day in (7, 8, 9)] == [[], [], []]
    assert free_starts(session, agent, in_days(4)) != []
    assert free_starts(session, agent, in_days(10)) != []


def test_reopening_gives_the_days_back_and_closing_again_undoes_it(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    before, days = opened(session, agent), ClosedDays(in_days(7), in_days(10), "Formation")
    closed = close_days(session, world.officer, agent.id, days, now=NOW)

    again = reopen_days(session, world.officer, agent.id, closed.closure_id, now=NOW)

    assert again == days
    assert opened(session, agent) == before
    assert close_days(session, world.officer, agent.id, days, now=NOW).outside == ()
    assert free_starts(session, agent, in_days(8)) == []


def test_of_a_closure_that_has_begun_only_the_rest_is_taken_back(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    since_last_week = close(session, agent, in_days(-7), in_days(3))
    publish_openings(session, [agent.id], first=TODAY, until=in_days(7))

    opened_again = reopen_days(session, world.officer, agent.id, since_last_week.id, now=NOW)

    assert opened_again == ClosedDays(TODAY, in_days(3))
    assert free_starts(session, agent, in_days(1)) != []
    session.refresh(since_last_week)
    assert (since_last_week.days.lower, since_last_week.days.upper) == (in_days(-7), TODAY)


def test_a_closure_without_end_is_taken_back_up_to_the_horizon(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    for_ever = close(session, agent, None, None)
    publish_openings(session, [agent.id], first=TODAY, until=TODAY + HORIZON)
    assert opened(session, agent) == []

    assert reopen_days(session, world.officer, agent.id, for_ever.id, now=NOW) is None

    assert free_starts(session, agent, in_days(1)) != []


def test_what_is_over_or_not_one_s_own_is_not_taken_back(session: Session, world: World) -> None:
    agent, other = an_agent(session, world), an_agent(session, world)
    over = close(session, agent, in_days(-7), TODAY)
    of_the_site = close(session, session.get_one(type(world.site), agent.site_id), in_days(3), in_days(4))
    of_another = close(session, other, in_days(3), in_days(4))

    for closure_id in (over.id, of_the_site.id, of_another.id, 10**12):
        with refused(session, NotFound):
            reopen_days(session, world.officer, agent.id, closure_id, now=NOW)


@pytest.mark.parametrize(
    ("days", "field", "problem"),
    [
        ((-1, 2), "first", "past"),
        ((0, 1), "", ""),
        ((3, 3), "until", "not-after-start"),
        ((4, 3), "until", "not-after-start"),
        ((360, 366), "", ""),
        ((360, 367), "until", "too-far"),
    ],
)
def test_closed_days_are_bounded(
    session: Session, world: World, days: tuple[int, int], field: str, problem: str
) -> None:
    agent = an_agent(session, world)

    def close_them() -> Closed:
        return close_days(session, world.officer, agent.id, ClosedDays(*map(in_days, days)), now=NOW)

    if not field:
        assert close_them().outside == ()
        return
    with refused(session, InvalidRequest) as refusal:
        close_them()
    assert (refusal.value.field, refusal.value.problem) == (field, problem)


@pytest.mark.parametrize(("reason", "fits"), [("", True), ("é" * 120, True), ("é" * 121, False), ("a\0b", False)])
def test_a_reason_is_short_and_readable(reason: str, fits: bool) -> None:
    if fits:
        assert ClosedDays(TODAY, in_days(1), f" {reason} ").reason == reason
    else:
        with pytest.raises(InvalidRequest):
            ClosedDays(TODAY, in_days(1), reason)


def test_each_act_is_written_down_without_the_reason(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    set_hours(session, world.officer, agent.id, [hour(MONDAY, "09:00", "10:30")], from_on=in_days(1), now=NOW)
    closed = close_days(session, world.officer, agent.id, ClosedDays(in_days(2), in_days(3), "Secret"), now=NOW)
    reopen_days(session, world.officer, agent.id, closed.closure_id, now=NOW)

    lines = session.exec(select(HistoryLine).order_by(text("id"))).all()
    days = {"first": "2026-03-04", "until": "2026-03-05"}
    assert [(line.act, line.facts) for line in lines] == [
        ("hours-set", {"from_on": "2026-03-03", "hours": ["FREQ=WEEKLY;BYDAY=MO 09:00-10:30"]}),
        ("days-closed", days),
        ("days-reopened", days),
    ]
    assert {(line.subject, line.subject_id, line.actor_id) for line in lines} == {
        ("resource", str(agent.id), world.officer.account_id)
    }


def test_open_pages_are_told(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    session.execute(text("DELETE FROM change"))

    set_hours(session, world.officer, agent.id, [], from_on=TODAY, now=NOW)

    assert session.execute(text("SELECT DISTINCT resource_id FROM change")).scalars().all() == [agent.id]


def test_nobody_changes_hours_without_a_right_on_that_kind_there(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    only_searches = make_kind(session, Shape.SLOTS, searched_by=[Role.PROBATION_OFFICER], reserved_by=[])
    unreserved = make_resource(session, world.site, only_searches)
    beds = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    other_kind = make_kind(session, Shape.SLOTS)
    only_takes = make_resource(session, world.site, make_kind(session, Shape.SLOTS, set_by=[]))

    def acts(actor: Actor, resource_id: int) -> list[Callable[[], object]]:
        days = ClosedDays(in_days(1), in_days(2))
        return [
            lambda: set_hours(session, actor, resource_id, [], from_on=TODAY, now=NOW),
            lambda: close_days(session, actor, resource_id, days, now=NOW),
            lambda: reopen_days(session, actor, resource_id, 1, now=NOW),
        ]

    for actor, resource_id, refusal in (
        (world.stranger, agent.id, NotFound),
        (world.officer, 10**12, NotFound),
        (world.officer, unreserved.id, NotAllowed),
        (world.officer, only_takes.id, NotAllowed),
        (make_actor(Role.ADMINISTRATOR, world.here), agent.id, NotAllowed),
        (make_host(world.site.organisation_id, world.here), agent.id, NotAllowed),
        (make_actor(Role.PROBATION_OFFICER, world.here, kind=other_kind), agent.id, NotAllowed),
    ):
        for attempt in acts(actor, resource_id):
            with refused(session, refusal):
                attempt()
    with refused(session, InvalidRequest):
        set_hours(session, world.officer, beds.id, [], from_on=TODAY, now=NOW)
    assert session.exec(select(HistoryLine)).all() == []


quarter_hours = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
spans = st.tuples(quarter_hours, quarter_hours).map(sorted).filter(lambda span: span[0] < span[1])
one_a_day = st.dictionaries(st.integers(0, 6), spans, max_size=7)
every_zone = st.sampled_from(["Europe/Paris", "America/Martinique", "Indian/Reunion", "Pacific/Noumea"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(week=one_a_day, zone=every_zone, begins=st.integers(0, 40), starts=st.lists(st.integers(0, 150), max_size=6))
@example(week={}, zone="Europe/Paris", begins=0, starts=[0])
def test_whatever_the_week_the_openings_are_its_rules_and_the_rest_stands(
    session: Session, week: dict[int, list[time]], zone: str, begins: int, starts: list[int]
) -> None:
    with session.begin_nested() as savepoint:
        world = make_world(session)
        agent = an_agent(session, world, time_zone=zone)
        _take_some(session, agent, starts)
        before, standing, there = opened(session, agent), taken(session), ZoneInfo(zone)
        first, last = in_days(begins), in_days(0) + HORIZON + A_DAY
        rules = [weekly(day, opens, closes, EVER) for day, (opens, closes) in week.items()]

        result = set_hours(session, world.officer, agent.id, rules, from_on=first, now=NOW)

        expected = merge(openings(rules, first=first, until=last, zone=there, closed=MAINLAND_HOLIDAYS))
        kept = [one for one in before if local_day(one.start, there) < first]
        assert opened(session, agent) == merge([*kept, *expected])
        assert taken(session) == standing
        covered = opened(session, agent)
        outside = {
            holder
            for holder, during in standing
            if not any(one.contains(Period(during.lower, during.upper)) for one in covered)
            and local_day(during.lower, there) >= first
            and during.lower > NOW  # what begins at this very moment has begun, and can no longer be moved
        }
        assert {one.holder_id for one in result.outside} == outside
        savepoint.rollback()


def _take_some(session: Session, agent: Resource, numbers: list[int]) -> None:
    within = Period(NOW, NOW + timedelta(days=60))
    free = [slot for slot in slots_of(session, [agent.id], within=within, now=NOW)[agent.id] if slot.is_free]
    for number in sorted(set(numbers)):
        take(session, agent, free[number].period.start)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=32)
    yield engine
    engine.dispose()


def prepare(session: Session, count: int) -> tuple[Actor, list[tuple[int, datetime]]]:
    """Return the officer, and as many agents with a free slot in a week."""
    world = make_world(session)
    return world.officer, [(an_agent(session, world).id, at(in_days(7), "09:30")) for _ in range(count)]


def occupy_one(session: Session, resource_id: int, start: datetime) -> UUID:
    """Take a slot; return who has it."""
    holder = somebody()
    occupy(session, [SlotClaim(resource_id=resource_id, start=start)], holder)
    return holder.id


def changes(engine: Engine, officer: Actor, resource_id: int) -> list[Callable[[], Closed | HoursSet]]:
    """Return the two ways of taking an opening away."""
    days = ClosedDays(in_days(7), in_days(8))
    return [
        partial(act, engine, close_days, officer, resource_id, days, now=NOW),
        partial(act, engine, set_hours, officer, resource_id, [], from_on=TODAY, now=NOW),
    ]


@pytest.mark.parametrize("way", [0, 1], ids=["closing", "new hours"])
def test_closing_while_somebody_takes_a_slot_refuses_it_or_lists_it(engine: Engine, way: int) -> None:
    officer, agents = act(engine, prepare, 12)

    acts: list[Callable[[], Any]] = []
    for resource_id, start in agents:
        acts.append(partial(act, engine, occupy_one, resource_id, start))
        acts.append(changes(engine, officer, resource_id)[way])
    answers = at_once(acts)

    for takes, closes in zip(answers[::2], answers[1::2], strict=True):
        listed = [] if isinstance(closes, Refusal) else [one.holder_id for one in closes.outside]
        assert isinstance(takes, NotOpen) if listed == [] else listed == [takes]


@pytest.mark.parametrize("way", [0, 1], ids=["closing", "new hours"])
@pytest.mark.parametrize("is_locked", [True, False])
def test_the_lock_makes_whoever_closes_see_who_was_taking_and_without_it_they_are_missed(
    engine: Engine, way: int, is_locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the same without the lock leaves an appointment on a closed day that nobody was told of."""
    officer, ((resource_id, start),) = act(engine, prepare, 1)
    has_taken, may_commit = Event(), Event()

    def take_slowly() -> UUID:
        with Session(engine) as session, session.begin():
            holder = occupy_one(session, resource_id, start)
            has_taken.set()
            assert may_commit.wait(PATIENCE_S)
            return holder

    def close_meanwhile() -> Closed | HoursSet:
        assert has_taken.wait(PATIENCE_S)
        try:
            return changes(engine, officer, resource_id)[way]()
        finally:
            may_commit.set()

    def let_commit() -> None:
        if is_locked:
            wait_until_somebody_waits(engine)
            may_commit.set()

    if not is_locked:
        monkeypatch.setattr(actions, "lock", actions.look)
    acts: list[Callable[[], Any]] = [take_slowly, close_meanwhile, let_commit]
    holder, closed, _ = at_once(acts)

    assert [one.holder_id for one in closed.outside] == ([holder] if is_locked else [])
    assert isinstance(holder, UUID)


def test_two_who_change_the_week_at_once_leave_one_week(engine: Engine) -> None:
    officer, ((resource_id, _),) = act(engine, prepare, 1)
    weeks = [[hour(MONDAY, f"{9 + number:02}:00", f"{10 + number:02}:00")] for number in range(8)]

    setting = partial(act, engine, set_hours, officer, resource_id, from_on=in_days(1), now=NOW)
    at_once([partial(setting, rules=week) for week in weeks])

    with Session(engine) as session:
        kept = rules_from(session, resource_id, in_days(1))
        published = {(one.start.hour, one.end.hour) for one in opened(session, session.get_one(Resource, resource_id))
                     if one.start > at(in_days(1), "00:00")}  # fmt: skip
    assert len(kept) == 1
    assert len({start for start, _ in published}) <= 2  # one hour of the wall, in winter and in summer


def test_a_taken_slot_is_taken_whatever_the_hours_become(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    take(session, agent, at(in_days(7), "09:30"))

    set_hours(session, world.officer, agent.id, [hour(MONDAY, "09:00", "10:30")], from_on=TODAY, now=NOW)

    with refused(session, PeriodTaken):
        take(session, agent, at(in_days(7), "09:30"))


@pytest.mark.parametrize("is_locked", [True, False])
def test_the_clock_that_extends_openings_never_writes_over_a_change_made_meanwhile(
    engine: Engine, is_locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without the lock, the old hours are written beside the new ones."""
    officer, ((resource_id, _),) = act(engine, prepare, 1)
    has_set = Event()

    def set_slowly() -> None:
        with Session(engine) as session, session.begin():
            new = [hour(MONDAY, "14:00", "16:00")]
            set_hours(session, officer, resource_id, new, from_on=TODAY, now=NOW)
            if not is_locked:
                monkeypatch.setattr(hours, "lock", lambda _session, _ids: {})
            has_set.set()
            wait_until_somebody_waits(engine)

    def extend() -> None:
        assert has_set.wait(PATIENCE_S)
        act(engine, extend_openings, resource_id, today=TODAY)

    at_once([set_slowly, extend])

    with Session(engine) as session:
        walls = {one.start.astimezone(PARIS).hour for one in opened(session, session.get_one(Resource, resource_id))}
    assert walls == ({14} if is_locked else {9, 14})


def test_each_night_the_horizon_moves_with_the_days(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    last = max(one.start for one in opened(session, agent))

    extend_openings(session, agent.id, today=in_days(7))

    assert max(one.start for one in opened(session, agent)) > last
    assert at(in_days(1), "09:00") in {one.start for one in opened(session, agent)}


def test_only_places_whose_openings_end_too_soon_are_behind(session: Session, world: World) -> None:
    agent, month = an_agent(session, world), in_days(30)
    extend_openings(session, agent.id, today=TODAY)

    assert agent.id in to_extend(session, today=TODAY)
    assert agent.id not in to_extend(session, today=in_days(7), only_behind=True)
    assert agent.id in to_extend(session, today=month, only_behind=True)
    extend_openings(session, agent.id, today=month)
    assert agent.id not in to_extend(session, today=month, only_behind=True)
    end_rules(session, agent.id, in_days(40))
    assert agent.id not in to_extend(session, today=in_days(90), only_behind=True)


def end_rules(session: Session, resource_id: int, day: date) -> None:
    """Have a place open no more from a day on."""
    session.execute(
        text("UPDATE opening_rule SET valid_until = :day WHERE resource_id = :id"), {"day": day, "id": resource_id}
    )


def test_hours_that_touch_at_midnight_are_closed_and_changed_day_by_day(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    every_day = [hour(weekday, "00:00", "00:00") for weekday in range(7)]
    set_hours(session, world.officer, agent.id, every_day, from_on=TODAY + A_DAY, now=NOW)
    assert len(free_starts(session, agent, TODAY + 3 * A_DAY)) == 48

    close_days(session, world.officer, agent.id, ClosedDays(TODAY + 3 * A_DAY, TODAY + 4 * A_DAY), now=NOW)
    set_hours(session, world.officer, agent.id, [], from_on=TODAY + 6 * A_DAY, now=NOW)

    open_days = [number for number in range(1, 9) if free_starts(session, agent, TODAY + number * A_DAY)]
    assert open_days == [1, 2, 4, 5]
