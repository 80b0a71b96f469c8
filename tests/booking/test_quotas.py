"""Quotas: how many of a kind a service may take in a period, by civil day there, never one more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session

from availability.claims import NightsClaim, PlaceClaim, SlotClaim
from availability.models import Kind, KindQuota, QuotaPeriod, Resource, Shape
from availability.rights import Actor
from availability.statements import by_key
from booking import quotas
from booking.actions import cancel, confirm, hold, undo_cancel
from booking.errors import QuotaReached
from booking.models import Booking
from booking.moving import move
from booking.outcomes import excuse, undo_excuse
from booking.quotas import Count, counts_for, period_of
from tests.booking.cycle import A_CASE
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    World,
    in_days,
    make_actor,
    make_beds,
    make_kind,
    make_opening,
    make_organisation,
    make_resource,
    make_site,
    make_territory,
    make_world,
)
from tests.races import PATIENCE_S, act, at_once, refusals

DAY, WEEK, MONTH, YEAR = QuotaPeriod
SUNDAY, NEXT_MONDAY = in_days(6), in_days(7)


def limited(session: Session, world: World, *rows: dict[str, object], **columns: object) -> Resource:
    """Return a post for many, of a kind with these quotas."""
    kind = make_kind(session, Shape.PLACES, **columns)
    session.add_all(KindQuota(kind_id=kind.id, **row) for row in rows)
    session.flush()
    return make_resource(session, world.site, kind, capacity=50)


def take(session: Session, actor: Actor, post: Resource, day: date, *, now: datetime = NOW) -> Booking:
    """Return a booking that begins that day."""
    claim = PlaceClaim(resource_id=post.id, first=day, until=day + timedelta(days=1))
    return confirm(session, actor, hold(session, actor, claim, now=now, beneficiary=A_CASE).id, now=now)


def counts(session: Session, actor: Actor, post: Resource, *days: date, now: datetime = NOW) -> list[tuple[int, int]]:
    """Return how many are taken of how many."""
    return [(one.taken, one.most) for one in counts_for(session, actor, post.kind_id, days, now=now)]


def test_a_period_is_of_civil_days_and_weeks_begin_on_monday() -> None:
    assert period_of(DAY, SUNDAY) == (SUNDAY, NEXT_MONDAY)
    assert period_of(WEEK, SUNDAY) == (TODAY, NEXT_MONDAY)
    assert period_of(WEEK, NEXT_MONDAY) == (NEXT_MONDAY, in_days(14))
    assert period_of(MONTH, date(2028, 2, 29)) == (date(2028, 2, 1), date(2028, 3, 1))
    assert period_of(YEAR, date(2026, 12, 31)) == (date(2026, 1, 1), date(2027, 1, 1))


def test_as_many_as_the_quota_are_taken_on_each_side_of_a_week_and_not_one_more(session: Session) -> None:
    world = make_world(session)
    post = limited(session, world, {"per": WEEK, "most": 2})
    for day in (TODAY, SUNDAY, NEXT_MONDAY):
        take(session, world.officer, post, day)

    with pytest.raises(QuotaReached) as refused, session.begin_nested():
        take(session, world.officer, post, in_days(3))
    take(session, world.officer, post, in_days(8))

    said = {"kind": session.get_one(Kind, post.kind_id).code, "per": WEEK, "most": 2, "taken": 2}
    assert refused.value.facts == said | {"first": TODAY, "until": NEXT_MONDAY}
    assert counts(session, world.officer, post, TODAY, NEXT_MONDAY) == [(2, 2), (2, 2)]


def test_the_row_of_a_service_goes_before_that_of_the_nearest_territory_before_the_kind_s_own(session: Session) -> None:
    court = make_territory(session)
    world = make_world(session)
    world.here.parent_id = court.id
    service = make_organisation(session)
    post = limited(
        session,
        world,
        {"per": WEEK, "most": 9},
        {"per": WEEK, "most": 5, "territory_id": court.id},
        {"per": WEEK, "most": 3, "territory_id": world.here.id},
        {"per": WEEK, "most": 1, "organisation_id": service.id},
        {"per": MONTH, "most": 7},
    )
    of_service = replace(world.officer, organisation_id=service.id)
    below_court = make_actor(world.officer.rights[0].role, court)

    assert counts(session, of_service, post, TODAY) == [(0, 7), (0, 1)]
    assert counts(session, world.officer, post, TODAY) == [(0, 7), (0, 3)]
    assert counts(session, below_court, post, TODAY) == [(0, 7), (0, 5)]
    assert counts(session, world.stranger, post, TODAY) == [(0, 7), (0, 9)]


def test_a_territory_counts_what_is_taken_under_it_and_the_kind_s_own_what_each_service_took(session: Session) -> None:
    court = make_territory(session)
    world = make_world(session)
    world.here.parent_id = court.id
    services = [make_organisation(session) for _ in range(2)]
    mine, theirs = (replace(world.officer, organisation_id=one.id) for one in services)
    shared = limited(session, world, {"per": WEEK, "most": 5, "territory_id": court.id})
    each = limited(session, world, {"per": WEEK, "most": 5})
    for post in (shared, each):
        take(session, mine, post, TODAY)
        take(session, theirs, post, TODAY)

    assert counts(session, mine, shared, TODAY) == [(2, 5)]
    assert counts(session, mine, each, TODAY) == [(1, 5)]


def test_all_periods_hold_and_what_no_longer_occupies_does_not_count(session: Session) -> None:
    world = make_world(session)
    post = limited(session, world, {"per": DAY, "most": 2}, {"per": MONTH, "most": 3}, hold_minutes=10)
    kept, back, excused = (take(session, world.officer, post, in_days(days)) for days in (1, 1, 2))
    cancel(session, world.officer, back.id, now=NOW)
    excuse(session, world.officer, excused.id, now=NOW)
    claim = PlaceClaim(resource_id=post.id, first=in_days(1), until=in_days(2))
    hold(session, world.officer, claim, now=NOW)

    assert counts(session, world.officer, post, in_days(1)) == [(2, 2), (2, 3)]
    assert counts(session, world.officer, post, in_days(1), now=NOW + timedelta(minutes=10)) == [(1, 2), (1, 3)]
    assert kept.state == "booked"


def test_the_day_is_that_of_the_place_not_of_greenwich(session: Session) -> None:
    world = make_world(session)
    island = make_site(session, world.here, time_zone="Indian/Reunion")
    kind = make_kind(session, Shape.SLOTS, slot_step_min=30, slot_duration_min=30)
    session.add(KindQuota(kind_id=kind.id, per=DAY, most=1))
    agent = make_resource(session, island, kind, capacity=1)
    evening = datetime(2026, 3, 5, 19, 0, tzinfo=UTC)  # 23:00 there, then 00:30 on the next day
    make_opening(session, agent, evening, hours=3)

    for start in (evening, evening + timedelta(minutes=90)):
        hold(session, world.officer, SlotClaim(resource_id=agent.id, start=start), now=NOW, beneficiary=A_CASE)
    later = SlotClaim(resource_id=agent.id, start=evening + timedelta(minutes=60))
    with pytest.raises(QuotaReached) as refused:
        hold(session, world.officer, later, now=NOW, beneficiary=A_CASE)

    assert refused.value.facts["first"] == date(2026, 3, 6)


def test_moving_within_a_period_asks_nothing_and_into_a_full_one_is_refused(session: Session) -> None:
    world = make_world(session)
    post = limited(session, world, {"per": WEEK, "most": 1})
    here, _there = take(session, world.officer, post, TODAY), take(session, world.officer, post, NEXT_MONDAY)
    claim = PlaceClaim(resource_id=post.id, first=SUNDAY, until=NEXT_MONDAY)
    session.exec(KindQuota.__table__.update().values(most=0))  # type: ignore[attr-defined]

    assert move(session, world.officer, here.id, claim, now=NOW).first_on == SUNDAY
    with pytest.raises(QuotaReached):
        move(session, world.officer, here.id, replace(claim, first=in_days(8), until=in_days(9)), now=NOW)


def test_taking_back_is_refused_when_the_service_took_another_meanwhile(session: Session) -> None:
    world = make_world(session)
    post = limited(session, world, {"per": WEEK, "most": 2})
    back, excused = (take(session, world.officer, post, TODAY) for _ in range(2))
    cancel(session, world.officer, back.id, now=NOW)
    excuse(session, world.officer, excused.id, now=NOW)
    for _ in range(2):
        take(session, world.officer, post, SUNDAY)

    with pytest.raises(QuotaReached), session.begin_nested():
        undo_cancel(session, world.officer, back.id, now=NOW)
    with pytest.raises(QuotaReached), session.begin_nested():
        undo_excuse(session, world.officer, excused.id, now=NOW)


def test_what_is_left_of_a_period_without_any_booking_is_all_of_it() -> None:
    count = Count(per=WEEK, most=2, taken=3, first=TODAY, until=NEXT_MONDAY)

    assert count.left == 0
    assert replace(count, taken=0).left == 2


def _race(database: Database) -> tuple[int, int]:
    """Return how many of eight who take different beds at once get one, and how many are refused by the quota of 3."""
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        kind = make_kind(session, Shape.NIGHTS)
        session.add(KindQuota(kind_id=kind.id, per=WEEK, most=3))
        sections = [make_resource(session, world.site, kind) for _ in range(8)]
        for section in sections:
            make_beds(session, section, "1")
    claims = [NightsClaim(resource_id=one.id, first=in_days(1), until=in_days(2)) for one in sections]
    answers = at_once([partial(act, database.engine, hold, world.officer, claim, now=NOW) for claim in claims])
    refused = refusals(answers)
    assert set(refused) <= {QuotaReached}
    return len(answers) - len(refused), len(refused)


def test_of_eight_who_take_different_beds_at_once_as_many_as_the_quota_do(database: Database) -> None:
    assert _race(database) == (3, 5)


def test_control_without_the_lock_of_the_service_more_than_the_quota_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, count = Barrier(8, timeout=PATIENCE_S), quotas._count

    def count_then_wait(*args: Any, **more: Any) -> Count:
        found = count(*args, **more)
        counted.wait()  # everybody counts before anybody commits
        return found

    monkeypatch.setattr(quotas, "WAIT_FOR_SERVICE", by_key("SELECT CAST(:whos AS text[])"))
    monkeypatch.setattr(quotas, "_count", count_then_wait)

    assert _race(database) == (8, 0)
