"""The search for a plan: asked for, taken by a server, followed, stopped, ended. One at a time of a problem in a court.

What it found is then applied, wholly or in part, changed by hand, and taken back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import record
from availability.rights import Actor
from availability.statements import run as execute
from booking.errors import AlreadyDecided
from booking.plans.kept import (
    STALE,
    Application,
    Scope,
    check_may_plan,
    digest_of,
    keep,
    keep_so_far,
    locked_run,
    plan_in,
    planned,
    written_of,
)
from booking.plans.models import ACTIVE, OptimizerRun, RunState
from booking.plans.planner import Reading
from booking.plans.planners import planner_of
from optimizer import judge
from optimizer.manners import Found, Job, Manner
from optimizer.searching import Ended, Progress

MOST_POINTS = 240  # of the curve of one run
WAITED = timedelta(seconds=1)  # nobody was free for it: a search of the night ends for whoever waits so long
_INTERRUPT = """
    UPDATE optimizer_run SET state = 'interrupted', ended_at = :now, so_far = NULL,
           plan = so_far -> 'plan', prices = coalesce(so_far -> 'prices', prices)
    WHERE state = 'running' AND heartbeat_at < :dead"""
INTERRUPT = text(f"{_INTERRUPT} AND territory_id = :territory_id AND problem = :problem")
# Of whoever looks at once, each writes some.
INTERRUPT_ALL = text(f"""{_INTERRUPT} AND id IN (
        SELECT id FROM optimizer_run WHERE state = 'running' AND heartbeat_at < :dead FOR UPDATE SKIP LOCKED)""")  # noqa: S608
ADD_RUN = text("""
    INSERT INTO optimizer_run (id, problem, manner, territory_id, kind_id, requested_by, based_on, first_on, until_on,
                               settings, state, digest, created_at, heartbeat_at)
    VALUES (:id, :problem, :manner, :territory_id, :kind_id, :by, :based_on, :first, :until,
            CAST(:settings AS jsonb), 'queued', '', :now, :now)
    ON CONFLICT DO NOTHING""")
# The next run that waits, for whoever comes first: two servers never take the same one. People go before the night.
TAKE = text("""
    UPDATE optimizer_run SET state = 'running', heartbeat_at = :now
    WHERE id = (SELECT id FROM optimizer_run WHERE state = 'queued' AND (created_at <= :before OR :is_at_once)
                ORDER BY requested_by IS NULL, created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id""")
BEAT = text("""
    UPDATE optimizer_run SET heartbeat_at = :now, progress = CAST(:progress AS jsonb),
           so_far = coalesce(CAST(:so_far AS jsonb), so_far)
    WHERE id = :id AND state = 'running' RETURNING stop_asked_at IS NOT NULL OR (requested_by IS NULL AND EXISTS (
        SELECT FROM optimizer_run w WHERE w.state = 'queued' AND w.requested_by IS NOT NULL AND w.created_at < :late))
    """)
# The night makes way for people: its server hears so at its next sign of life.
MAKE_WAY = text("""
    UPDATE optimizer_run SET state = 'stopped', ended_at = :now, so_far = NULL,
           plan = so_far -> 'plan', prices = coalesce(so_far -> 'prices', prices)
    WHERE territory_id = :territory_id AND problem = :problem AND requested_by IS NULL
      AND state IN ('queued', 'running')""")
# An old proposal of the night that nobody used is replaced by the next one.
REPLACE = text("""
    DELETE FROM optimizer_run r
    WHERE r.territory_id = :territory_id AND r.problem = :problem AND r.kind_id = :kind_id AND r.id <> :id
      AND r.requested_by IS NULL AND r.applied_at IS NULL AND r.state NOT IN ('queued', 'running')
      AND NOT EXISTS (SELECT FROM optimizer_run other WHERE other.based_on = r.id)""")
ASK_TO_STOP = text("""
    UPDATE optimizer_run SET stop_asked_at = coalesce(stop_asked_at, :now),
           state = CASE WHEN state = 'queued' THEN 'stopped' ELSE state END,
           ended_at = CASE WHEN state = 'queued' THEN :now ELSE ended_at END
    WHERE id = :id AND state IN ('queued', 'running')""")


class AlreadyPlanning(Refusal):
    """A search of this problem runs for this court already."""


class BrokenPlan(Refusal):
    """The plan that somebody made by hand breaks rules: `violations`, as the optimizer says them."""


def start_run(
    session: Session,
    actor: Actor,
    kind_id: int,
    *,
    first: date,
    until: date,
    now: datetime,
    problem: str = "hearings",
    manner: Manner = Manner.PLAN,
    settings: Mapping[str, Any] | None = None,
    based_on: UUID | None = None,
) -> UUID:
    """Ask for a plan of the actor's court for things of a kind on civil days `[first, until)`; return the run.

    With `based_on`, an earlier run of the same court and kind, the search begins from its plan: also one that was
    interrupted, to go on from there.
    Raises: NotAllowed, NotFound, InvalidRequest, AlreadyPlanning.
    """
    if until <= first:
        raise InvalidRequest("until", "not-after-start", first=first, until=until)
    if manner is Manner.BY_HAND:
        raise InvalidRequest("manner", "unknown-choice")
    planner = planner_of(problem)
    planner.check(settings or {})
    scope = Scope(territory_id=actor.home_territory_id, kind_id=kind_id, first=first, until=until)
    check_may_plan(actor, problem, territory_id=scope.territory_id, kind_id=kind_id)
    if kind_id not in {kind.id for kind in planner.kinds(session, actor)}:  # beds are not planned as hearings are
        raise NotFound(kind_id=kind_id)
    _interrupt_lost(session, problem, scope.territory_id, now)
    if based_on is not None:
        _check_base(locked_run(session, actor, based_on), problem, scope)
    run_id = queue(
        session,
        problem,
        scope,
        by=actor.account_id,
        now=now,
        manner=manner,
        settings=settings or {},
        based_on=based_on,
    )
    record(session, actor, planned("plan-asked", run_id, now, kind_id=kind_id))
    return run_id


def _check_base(base: OptimizerRun, problem: str, scope: Scope) -> None:
    if (base.problem, base.territory_id, base.kind_id) != (problem, scope.territory_id, scope.kind_id):
        raise NotFound(run_id=base.id)
    if base.plan is None:
        raise AlreadyDecided(run_id=base.id, state=RunState(base.state))


def queue(
    session: Session,
    problem: str,
    scope: Scope,
    *,
    by: UUID | None,
    now: datetime,
    manner: Manner = Manner.PLAN,
    settings: Mapping[str, Any],
    based_on: UUID | None = None,
) -> UUID:
    """Have a search wait for a server; `by` nobody, the night. Raises: AlreadyPlanning."""
    _interrupt_lost(session, problem, scope.territory_id, now)
    run_id = uuid4()
    values = asdict(scope) | {"id": run_id, "problem": problem, "manner": manner, "by": by, "based_on": based_on}
    values |= {"settings": json.dumps(dict(settings)), "now": now}
    for _ in range(2):  # a run of the night may begin in between
        if by is not None:
            execute(session, MAKE_WAY, {"problem": problem, "territory_id": scope.territory_id, "now": now})
        if execute(session, ADD_RUN, values).rowcount == 1:  # else the partial unique index spoke
            return run_id
    raise AlreadyPlanning(territory_id=scope.territory_id)


def _interrupt_lost(session: Session, problem: str, territory_id: int, now: datetime) -> None:
    where = {"problem": problem, "territory_id": territory_id}
    execute(session, INTERRUPT, where | {"now": now, "dead": now - STALE})


def interrupt_lost(session: Session, *, now: datetime) -> int:
    """Write down which runs lost their server, each with the best plan that it told; return how many."""
    return int(execute(session, INTERRUPT_ALL, {"now": now, "dead": now - STALE}).rowcount)


def take_run(session: Session, *, now: datetime, waited: timedelta = timedelta()) -> UUID | None:
    """Take, as a server, the run that has waited longest, and so long at least; None when none has."""
    taken: UUID | None = execute(session, TAKE, {"now": now, "before": now - waited, "is_at_once": not waited}).scalar()
    return taken


def reading_of(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the problem of a run and the plan in force, as they are now."""
    return planner_of(run.problem).read(session, run, now=now)


def job_for(session: Session, run_id: UUID, *, now: datetime) -> Job:
    """Return what a run looks for as things are now, and note which problem it is."""
    run = session.get_one(OptimizerRun, run_id)
    reading = reading_of(session, run, now=now)
    base = None if run.based_on is None else session.get(OptimizerRun, run.based_on)
    run.digest = digest_of(reading.problem)
    session.flush()
    return Job(
        name=run.problem,
        manner=Manner(run.manner),
        problem=reading.problem,
        in_force=reading.in_force,
        start=plan_in(run.problem, base.plan) if base else None,
    )


def record_progress(
    session: Session, run_id: UUID, points: Sequence[Progress], *, now: datetime, best: Found | None = None
) -> bool:
    """Write where a search is, as a sign of life; return True when it must stop.

    It was asked to, or is no longer, or is of the night while somebody waits for theirs.
    `best` is what it would propose now, when it told that again.
    """
    rows = [[round(one.seconds, 2), one.cost, one.bound, one.unplaced] for one in thinned(points)]
    told = {"progress": json.dumps(rows), "so_far": json.dumps(written_of(best)) if best else None}
    asked = execute(session, BEAT, {"id": run_id, "now": now, "late": now - WAITED} | told).scalar()
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


def finish_run(session: Session, run_id: UUID, found: Found, *, now: datetime) -> bool:
    """Keep what a search found; False when somebody ended the run meanwhile."""
    return _end(session, run_id, RunState.STOPPED if found.ended is Ended.STOPPED else RunState.DONE, now, found)


def fail_run(session: Session, run_id: UUID, *, now: datetime) -> bool:
    """Write that the search broke, or that its process was killed; False when the run had ended.

    The best plan that it told, if it told any, is its proposal. One that was asked to stop, and was killed because it
    did not in time, is stopped.
    """
    return _end(session, run_id, RunState.FAILED, now, None)


def _end(session: Session, run_id: UUID, state: RunState, now: datetime, found: Found | None) -> bool:
    wanted = select(OptimizerRun).where(OptimizerRun.id == run_id).with_for_update()
    run = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if run is None or run.state not in ACTIVE:
        return False
    if state is RunState.FAILED and run.stop_asked_at is not None:
        state = RunState.STOPPED
    run.state, run.ended_at, run.heartbeat_at = state, now, now
    if found is None:
        keep_so_far(run)
    else:
        keep(run, found)
    session.flush()
    if state is RunState.DONE and run.requested_by is None:
        where = {"problem": run.problem, "territory_id": run.territory_id, "kind_id": run.kind_id}
        execute(session, REPLACE, where | {"id": run.id})
    return True


# --- what becomes of a proposal ---


def apply_run(
    session: Session, actor: Actor, run_id: UUID, items: Collection[str] | None = None, *, now: datetime
) -> Application:
    """Make what a run proposes true: for all, or for these items. What is so already stays: a second time adds nothing.

    One transaction, a savepoint for each item. Raises: NotFound, NotAllowed, AlreadyDecided when the run has no plan.
    """
    run = locked_run(session, actor, run_id)
    if run.plan is None:
        raise AlreadyDecided(run_id=run_id, state=RunState(run.state))
    done = planner_of(run.problem).apply(session, actor, run, items, now=now)
    run.applied_at = now
    session.flush()
    counted = {"done": len(done.done), "refused": len(done.refused)}
    record(session, actor, planned("plan-applied", run.id, now, **counted))
    return done


def undo_run(session: Session, actor: Actor, run_id: UUID, *, now: datetime) -> int:
    """Give back everything that was applied of a run and still can be; return of how many items.

    Raises: NotFound, NotAllowed.
    """
    run = locked_run(session, actor, run_id)
    count = planner_of(run.problem).take_back(session, actor, run, now=now)
    run.applied, run.applied_at = {}, None
    session.flush()
    record(session, actor, planned("plan-undone", run.id, now, items=count))
    return count


def change_by_hand(session: Session, actor: Actor, run_id: UUID, plan: Any, *, now: datetime) -> UUID:
    """Keep a plan that somebody made from that of a run, beside it; return the new run.

    Raises: NotFound, NotAllowed, BrokenPlan when it breaks a rule that the plan in force does not.
    """
    base = locked_run(session, actor, run_id)
    reading = reading_of(session, base, now=now)
    broken = judge.violations(base.problem, reading.problem, plan)
    known = judge.violations(base.problem, reading.problem, reading.in_force)
    if new := [one for one in broken if one not in known]:
        raise BrokenPlan(violations=new, rules=sorted({str(one.rule) for one in new}))
    copied = ("problem", "territory_id", "kind_id", "first_on", "until_on", "settings")
    run = OptimizerRun(
        **{name: getattr(base, name) for name in copied},
        manner=Manner.BY_HAND,
        requested_by=actor.account_id,
        based_on=base.id,
        state=RunState.DONE,
        digest=digest_of(reading.problem),
        created_at=now,
        heartbeat_at=now,
        ended_at=now,
    )
    keep(run, judged(base.problem, reading, plan))
    session.add(run)
    session.flush()
    record(session, actor, planned("plan-changed", run.id, now))
    return run.id


def judged(problem: str, reading: Reading, plan: Any) -> Found:
    """Return what a search would say of a plan that it did not find."""
    return Found(
        plan=plan,
        price=judge.price(problem, reading.problem, plan),
        before=judge.price(problem, reading.problem, reading.in_force),
        unplaced=judge.unplaced(problem, reading.problem, plan),
        ended=Ended.LIMIT,
    )
