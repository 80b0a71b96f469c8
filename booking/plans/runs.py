"""The search for a plan: asked for, taken by a server, followed, stopped, ended. One at a time in a court."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.rights import Actor
from availability.statements import run as execute
from booking.plans.hearings import STALE, Court, check_planner, court_of, digest_of, problem_of, written
from booking.plans.models import ACTIVE, OptimizerRun, RunState
from optimizer.hearings.plan import Outcome, Progress
from optimizer.hearings.problem import Problem

MOST_POINTS = 240  # of the curve of one run
INTERRUPT = text("""
    UPDATE optimizer_run SET state = 'interrupted', ended_at = :now
    WHERE territory_id = :territory_id AND state = 'running' AND heartbeat_at < :dead""")
ADD_RUN = text("""
    INSERT INTO optimizer_run (id, territory_id, kind_id, requested_by, first_on, until_on, state, digest,
                               created_at, heartbeat_at)
    VALUES (:id, :territory_id, :kind_id, :by, :first, :until, 'queued', '', :now, :now)
    ON CONFLICT DO NOTHING""")
# The next run that waits, for whoever comes first: two servers never take the same one.
TAKE = text("""
    UPDATE optimizer_run SET state = 'running', heartbeat_at = :now
    WHERE id = (SELECT id FROM optimizer_run WHERE state = 'queued' ORDER BY created_at LIMIT 1
                FOR UPDATE SKIP LOCKED) RETURNING id""")
BEAT = text("""
    UPDATE optimizer_run SET heartbeat_at = :now, progress = CAST(:progress AS jsonb)
    WHERE id = :id AND state = 'running' RETURNING stop_asked_at IS NOT NULL""")
ASK_TO_STOP = text("""
    UPDATE optimizer_run SET stop_asked_at = coalesce(stop_asked_at, :now),
           state = CASE WHEN state = 'queued' THEN 'stopped' ELSE state END,
           ended_at = CASE WHEN state = 'queued' THEN :now ELSE ended_at END
    WHERE id = :id AND state IN ('queued', 'running')""")


class AlreadyPlanning(Refusal):
    """A search runs for this court already."""


def start_run(session: Session, actor: Actor, kind_id: int, *, first: date, until: date, now: datetime) -> UUID:
    """Ask for a plan of the actor's court for hearings of civil days `[first, until)`; return the run.

    Raises: NotAllowed, NotFound, InvalidRequest, AlreadyPlanning.
    """
    if until <= first:
        raise InvalidRequest("until", "not-after-start", first=first, until=until)
    court = Court(territory_id=actor.home_territory_id, kind_id=kind_id, first=first, until=until)
    check_planner(actor, territory_id=court.territory_id, kind_id=kind_id)
    execute(session, INTERRUPT, {"territory_id": court.territory_id, "now": now, "dead": now - STALE})
    run_id = uuid4()
    values = {
        "id": run_id,
        "territory_id": court.territory_id,
        "kind_id": kind_id,
        "by": actor.account_id,
        "first": first,
        "until": until,
        "now": now,
    }
    if execute(session, ADD_RUN, values).rowcount != 1:  # the partial unique index spoke
        raise AlreadyPlanning(territory_id=court.territory_id)
    record(session, actor, planned("plan-asked", run_id, now, kind_id=kind_id))
    return run_id


def take_run(session: Session, *, now: datetime) -> UUID | None:
    """Take, as a server, the run that has waited longest; None when none waits."""
    taken: UUID | None = execute(session, TAKE, {"now": now}).scalar()
    return taken


def problem_for(session: Session, run_id: UUID, *, now: datetime) -> Problem:
    """Return the problem of a run as it is now, and note which one it is."""
    run = session.get_one(OptimizerRun, run_id)
    problem = problem_of(session, court_of(run), now=now)
    run.digest = digest_of(problem)
    session.flush()
    return problem


def record_progress(session: Session, run_id: UUID, points: Sequence[Progress], *, now: datetime) -> bool:
    """Write where a search is, as a sign of life; return True when it must stop: it was asked to, or is no longer."""

    rows = [[round(one.seconds, 2), one.placed, one.late, round(one.cost)] for one in thinned(points)]
    asked = execute(session, BEAT, {"id": run_id, "now": now, "progress": json.dumps(rows)}).scalar()
    return asked is None or bool(asked)


def thinned(points: Sequence[Progress]) -> list[Progress]:
    """Return at most MOST_POINTS of the points, the last one included."""
    step = max(1, -(-len(points) // MOST_POINTS))
    return list(points[::-1][::step][::-1])


def request_stop(session: Session, actor: Actor, run_id: UUID, *, now: datetime) -> None:
    """Ask a search to end with what it has; one that nobody took yet ends at once. Raises: NotFound, NotAllowed."""
    run = locked_run(session, actor, run_id)
    if execute(session, ASK_TO_STOP, {"id": run.id, "now": now}).rowcount:
        record(session, actor, planned("plan-stopped", run.id, now))


def finish_run(session: Session, run_id: UUID, outcome: Outcome, *, now: datetime) -> bool:
    """Keep what a search found; False when somebody ended the run meanwhile."""
    state = RunState.STOPPED if outcome.ended == "stopped" else RunState.DONE
    return _end(session, run_id, state, now, plan=written(outcome))


def fail_run(session: Session, run_id: UUID, *, now: datetime) -> bool:
    """Write that the search broke, or that its process was killed; False when the run had ended."""
    return _end(session, run_id, RunState.FAILED, now, plan=None)


def _end(session: Session, run_id: UUID, state: RunState, now: datetime, *, plan: dict[str, Any] | None) -> bool:
    wanted = select(OptimizerRun).where(OptimizerRun.id == run_id).with_for_update()
    run = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if run is None or run.state not in ACTIVE:
        return False
    run.state, run.plan, run.ended_at, run.heartbeat_at = state, plan, now, now
    session.flush()
    return True


def locked_run(session: Session, actor: Actor, run_id: UUID) -> OptimizerRun:
    """Return a run of a court that the actor plans, locked. Raises: NotFound, NotAllowed."""
    wanted = select(OptimizerRun).where(OptimizerRun.id == run_id).with_for_update()
    run = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        raise NotFound(run_id=run_id)
    check_planner(actor, territory_id=run.territory_id, kind_id=run.kind_id)
    return run


def planned(act: str, run_id: UUID, now: datetime, **facts: int) -> Act:
    """Return the line of history of an act on a run."""
    return Act(act=act, subject="plan", subject_id=run_id, at=now, facts=dict(facts))
