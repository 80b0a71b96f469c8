"""Proposals made at night, where something waits and has changed: ready in the morning, never applied by themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from availability.errors import Refusal
from availability.openings import local_day
from availability.statements import run as execute
from booking.plans.kept import Scope, digest_of
from booking.plans.models import ACTIVE, OptimizerRun, RunState
from booking.plans.planner import Planner
from booking.plans.planners import PLANNER_OF, planner_of
from booking.plans.runs import queue
from optimizer.manners import Manner

# Wall time there: what opens by itself has opened by then (portal/jobs.py), and nobody is at work yet.
BEGINS_H, ENDS_H = 3, 6
MAINLAND = "Europe/Paris"
KEPT = timedelta(days=90)
APPLIED_KEPT = timedelta(days=365)  # what was applied can be taken back as long
ZONES = text("""
    SELECT DISTINCT ON (territory_id) territory_id, time_zone FROM site WHERE territory_id = ANY(:ids)
    ORDER BY territory_id, id""")
ALL_ZONES = text("SELECT DISTINCT time_zone FROM site")
FORGET = text("""
    DELETE FROM optimizer_run WHERE created_at < CASE WHEN applied_at IS NULL THEN :before ELSE :applied_before END""")


@dataclass(frozen=True, kw_only=True)
class Court:
    """Where something waits for a plan."""

    problem: str
    territory_id: int
    kind_id: int


def to_propose(session: Session, *, now: datetime) -> list[Court]:
    """Return the courts where it is night and something waits for a plan; none while a run of the night goes on.

    One after the other, so that whoever works meanwhile finds the machine free.
    """
    if not _is_night_somewhere(session, now) or _is_at_work(session):
        return []
    waiting = [
        Court(problem=name, territory_id=territory_id, kind_id=kind_id)
        for name, planner in sorted(PLANNER_OF.items())
        for territory_id, kind_id in sorted(planner.work(session, now=now))
    ]
    zones = _zones(session, {one.territory_id for one in waiting})
    return [one for one in waiting if _is_night(zones[one.territory_id], now)]


def propose(session: Session, court: Court, *, now: datetime) -> UUID | None:
    """Ask for a plan of a court, wished as the last time that somebody asked; None when nothing changed since the last.

    A search of the night that did not come to its end is made again.
    Raises: AlreadyPlanning.
    """
    planner = planner_of(court.problem)
    zone = _zones(session, {court.territory_id})[court.territory_id]
    last = _last(session, court, OptimizerRun.requested_by.is_not(None), OptimizerRun.manner == Manner.PLAN)  # type: ignore[union-attr]
    scope = _scope(court, planner, last, today=local_day(now, zone), zone=zone)
    settings = _usable(planner, last.settings if last else {})
    run = OptimizerRun(
        problem=court.problem,
        territory_id=court.territory_id,
        kind_id=court.kind_id,
        first_on=scope.first,
        until_on=scope.until,
        settings=dict(settings),
        created_at=now,
        heartbeat_at=now,
    )
    digest = digest_of(planner.read(session, run, now=now).problem)
    is_whole = or_(col(OptimizerRun.requested_by).is_not(None), col(OptimizerRun.state) == RunState.DONE)
    proposed = _last(session, court, col(OptimizerRun.plan).is_not(None), is_whole)
    if proposed is not None and proposed.digest == digest:
        return None
    return queue(session, court.problem, scope, by=None, now=now, settings=settings)


def forget_runs(session: Session, *, now: datetime) -> int:
    """Forget the runs that nobody applied after three months, and the others after a year; return how many."""
    return int(execute(session, FORGET, {"before": now - KEPT, "applied_before": now - APPLIED_KEPT}).rowcount)


def _is_night(zone: ZoneInfo, now: datetime) -> bool:
    return BEGINS_H <= now.astimezone(zone).hour < ENDS_H


def _is_night_somewhere(session: Session, now: datetime) -> bool:
    """Say whether what waits needs to be read at all."""
    return any(_is_night(ZoneInfo(one), now) for one in {MAINLAND, *session.execute(ALL_ZONES).scalars()})


def _is_at_work(session: Session) -> bool:
    active = [state.value for state in ACTIVE]
    of_the_night = select(OptimizerRun.id).where(
        col(OptimizerRun.requested_by).is_(None), col(OptimizerRun.state).in_(active)
    )
    return session.exec(of_the_night.limit(1)).first() is not None


def _last(session: Session, court: Court, *conditions: Any) -> OptimizerRun | None:
    """Return the last run of a court of which this is true."""
    found = (
        select(OptimizerRun)
        .where(
            OptimizerRun.problem == court.problem,
            OptimizerRun.territory_id == court.territory_id,
            OptimizerRun.kind_id == court.kind_id,
            *conditions,
        )
        .order_by(col(OptimizerRun.created_at).desc())
    )
    return session.exec(found.limit(1)).first()


def _scope(court: Court, planner: Planner, last: OptimizerRun | None, *, today: date, zone: ZoneInfo) -> Scope:
    """Return the days to plan: as far from today as those of the last time, tomorrow and those after it otherwise."""
    if last is None:
        first = today + timedelta(days=1)
        until = first + planner.ahead
    else:
        first = today + max(last.first_on - local_day(last.created_at, zone), timedelta())
        until = first + (last.until_on - last.first_on)
    return Scope(territory_id=court.territory_id, kind_id=court.kind_id, first=first, until=until)


def _usable(planner: Planner, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return wishes as they are, none once they mean nothing any more."""
    try:
        planner.check(settings)
    except Refusal:
        return {}
    return settings


def _zones(session: Session, territory_ids: Collection[int]) -> dict[int, ZoneInfo]:
    found = {row.territory_id: row.time_zone for row in session.execute(ZONES, {"ids": list(territory_ids)})}
    return {one: ZoneInfo(found.get(one, MAINLAND)) for one in territory_ids}
