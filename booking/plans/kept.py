"""Runs as the table keeps them: who may see one, where it stands, the plan and the prices that it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import text
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from availability.errors import NotAllowed, NotFound
from availability.history import Act
from availability.models import Kind
from availability.rights import Actor, Role
from booking.plans.models import OptimizerRun, RunState
from optimizer.forms import read_plan
from optimizer.manners import Found
from optimizer.searching import Price

# Who plans what, in their own court.
PLANNERS: Mapping[str, tuple[Role, ...]] = {
    "hearings": (Role.REGISTRY,),
    "rounds": (Role.MONITORING_AGENT,),
    "beds": (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE),
    "shares": (Role.FAMILY_JUDGE, Role.GUARDIANSHIP_JUDGE, Role.CHILDRENS_JUDGE, Role.REGISTRY),
}
STALE = timedelta(seconds=10)  # a heartbeat comes twice a second: after this its server is dead
RUNS_SHOWN = 6
RUNS_READ = 500
OURS = text("""
    SELECT at FROM history
    WHERE subject = 'plan' AND subject_id = :id AND act IN ('plan-applied', 'plan-undone')""")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is planned: the things of a kind in a court, on civil days `[first, until)`."""

    territory_id: int
    kind_id: int
    first: date
    until: date


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What of a plan could not be applied, and why: `item` as the plan names it, "" for what concerns no single one."""

    why: str
    item: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Application:
    """What an application did: the items that it placed or moved, those that were so already, those refused."""

    done: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


def check_may_plan(actor: Actor, problem: str, *, territory_id: int, kind_id: int) -> None:
    """Refuse whoever does not plan this kind there. Raises: NotAllowed, NotFound."""
    roles = PLANNERS[problem]
    if not actor.has(*roles):
        raise NotAllowed
    if territory_id not in actor.territories(roles, kind_id=kind_id):
        raise NotFound(territory_id=territory_id)


def run_of(session: Session, actor: Actor, run_id: UUID) -> OptimizerRun:
    """Return a run of a court that the actor plans. Raises: NotFound, NotAllowed."""
    return _allowed(actor, run_id, session.get(OptimizerRun, run_id))


def followed_run(session: Session, actor: Actor, run_id: UUID) -> OptimizerRun | None:
    """Return a run without its plans, which a page that follows it reads twice a second; None once it is forgotten.

    Raises: NotFound, NotAllowed.
    """
    light = [defer(getattr(OptimizerRun, name)) for name in ("plan", "so_far", "applied")]
    run = session.exec(select(OptimizerRun).where(OptimizerRun.id == run_id).options(*light)).one_or_none()
    return None if run is None else _allowed(actor, run_id, run)


def locked_run(session: Session, actor: Actor, run_id: UUID) -> OptimizerRun:
    """Return a run of a court that the actor plans, locked. Raises: NotFound, NotAllowed."""
    wanted = select(OptimizerRun).where(OptimizerRun.id == run_id).with_for_update()
    return _allowed(actor, run_id, session.exec(wanted.execution_options(populate_existing=True)).one_or_none())


def _allowed(actor: Actor, run_id: UUID, run: OptimizerRun | None) -> OptimizerRun:
    if run is None:
        raise NotFound(run_id=run_id)
    check_may_plan(actor, run.problem, territory_id=run.territory_id, kind_id=run.kind_id)
    return run


def last_runs(session: Session, problem: str, *, territory_id: int, kind_id: int) -> list[OptimizerRun]:
    """Return the last runs of a court, the latest first."""
    found = (
        select(OptimizerRun)
        .where(
            OptimizerRun.problem == problem,
            OptimizerRun.territory_id == territory_id,
            OptimizerRun.kind_id == kind_id,
        )
        .order_by(col(OptimizerRun.created_at).desc(), col(OptimizerRun.id))
        .limit(RUNS_SHOWN)
    )
    return list(session.exec(found))


def recent_runs(
    session: Session, actor: Actor, *, problem: str | None, kind_id: int | None, limit: int
) -> list[tuple[OptimizerRun, str]]:
    """Return the last runs of the actor's court that they plan, the latest first, each with the code of its kind."""
    wanted = (
        select(OptimizerRun, Kind.code)
        .join(Kind, col(Kind.id) == OptimizerRun.kind_id)
        .where(OptimizerRun.territory_id == actor.home_territory_id)
        .order_by(col(OptimizerRun.created_at).desc(), col(OptimizerRun.id))
    )
    if problem is not None:
        wanted = wanted.where(OptimizerRun.problem == problem)
    if kind_id is not None:
        wanted = wanted.where(OptimizerRun.kind_id == kind_id)
    may_see = (one for one in session.exec(wanted.limit(RUNS_READ)) if _may_plan(actor, one[0]))
    return list(islice(may_see, limit))


def _may_plan(actor: Actor, run: OptimizerRun) -> bool:
    return run.territory_id in actor.territories(PLANNERS[run.problem], kind_id=run.kind_id)


def state_at(run: OptimizerRun, now: datetime) -> RunState:
    """Return where a run stands: one whose server no longer gives a sign was interrupted."""
    state = RunState(run.state)
    return RunState.INTERRUPTED if state is RunState.RUNNING and now - run.heartbeat_at > STALE else state


def scope_of(run: OptimizerRun) -> Scope:
    """Return what a run plans."""
    return Scope(territory_id=run.territory_id, kind_id=run.kind_id, first=run.first_on, until=run.until_on)


def instants_of(session: Session, run: OptimizerRun) -> list[datetime]:
    """Return when a run was applied and taken back: whatever else was done since it was asked for, somebody did."""
    return list(session.execute(OURS, {"id": str(run.id)}).scalars())


def digest_of(problem: Any) -> str:
    """Return what tells one problem from another."""
    return hashlib.sha256(repr(problem).encode()).hexdigest()


# --- a plan as the table keeps it ---


def keep(run: OptimizerRun, found: Found) -> None:
    """Write into the row what a search found."""
    written = written_of(found)
    run.plan, run.prices, run.so_far = written["plan"], written["prices"], None


def keep_so_far(run: OptimizerRun) -> None:
    """Have a run whose search will not end propose the best of what it found."""
    if run.so_far is not None:
        run.plan, run.prices, run.so_far = run.so_far["plan"], run.so_far["prices"], None


def written_of(found: Found) -> dict[str, Any]:
    """Return what a search found, as a row keeps it: its "plan" and its "prices"."""
    others = [{"plan": one.plan, "price": lines_of(one.price)} for one in found.others]
    kept = {"plan": found.plan, "unplaced": list(found.unplaced), "ended": found.ended, "bound": found.bound}
    return {
        "plan": to_jsonable_python({**kept, "others": others}),
        "prices": {"before": lines_of(found.before), "after": lines_of(found.price)},
    }


def plan_in(problem: str, kept: Mapping[str, Any] | None) -> Any:
    """Return the `Plan` that a row holds; None when it holds none."""
    return None if kept is None else read_plan(problem, to_json(kept["plan"]))


def lines_of(prices: Iterable[Price]) -> list[list[Any]]:
    """Return prices as a row keeps them."""
    return [[one.rule, one.count, one.cost] for one in prices]


def prices_of(lines: Sequence[Sequence[Any]] | None) -> tuple[Price, ...]:
    """Return the prices that a row keeps."""
    return tuple(Price(rule=rule, count=count, cost=cost) for rule, count, cost in lines or ())


def planned(act: str, run_id: UUID, now: datetime, **facts: int) -> Act:
    """Return the line of history of an act on a run."""
    return Act(act=act, subject="plan", subject_id=run_id, at=now, facts=dict(facts))
