"""REST routes of runs: a plan is asked for, followed, read beside what is in force, applied, changed, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json
from sqlmodel import Session, select

from availability.errors import InvalidRequest
from availability.models import Kind
from availability.rights import Actor
from availability.wire import BEARER, MOST_DAYS, READ, WRITE, BoundedRoute, Listed, answer, refusals
from booking.api import Call, Key, once, respond
from booking.hearing_templates import tried
from booking.idempotency import Answered
from booking.plans import api_models as told
from booking.plans.kept import PLANNERS, Application, digest_of, plan_in, recent_runs, run_of, state_at
from booking.plans.models import OptimizerRun
from booking.plans.runs import (
    AlreadyPlanning,
    BrokenPlan,
    apply_run,
    change_by_hand,
    reading_of,
    request_stop,
    start_run,
    undo_run,
)
from optimizer.forms import BadForm, read_plan
from optimizer.judge import moves, places
from optimizer.manners import Manner
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import problem

router = APIRouter(prefix="/optimizer/runs", tags=["plans"], dependencies=[BEARER], route_class=BoundedRoute)
Planner = Annotated[Actor, requires(*sorted({role for roles in PLANNERS.values() for role in roles}))]
LOCATED = {"headers": {"Location": {"schema": {"type": "string"}}}}

problem(
    AlreadyPlanning,
    409,
    "already-planning",
    "Recherche déjà en cours",
    "Une recherche est déjà en cours pour votre juridiction : attendez sa fin, ou arrêtez-la.",
)
problem(
    BrokenPlan, 409, "broken-plan", "Plan impossible", "Ce plan enfreint des règles que le plan en vigueur respecte."
)


@router.post(
    "", summary="Ask for a plan", status_code=202, response_model=told.RunTold, responses=WRITE | {202: LOCATED}
)
async def ask(request: Request, actor: Planner, given: told.RunGiven, key: Key = None) -> Response:
    """Have a plan looked for in the caller's court; read the run to follow it. One at a time by problem."""
    at = now()

    def work(session: Session) -> Answered:
        if (given.until - given.first).days > MOST_DAYS:
            raise InvalidRequest("until", "too-long")
        run_id = start_run(
            session,
            actor,
            _kind_named(session, given.kind).id,
            first=given.first,
            until=given.until,
            now=at,
            problem=given.problem,
            manner=Manner(given.manner),
            settings=given.settings.model_dump(),
            based_on=given.based_on,
        )
        return _answered(session, actor, run_id, at, status=202)

    done = await once(Call(request, actor, key, given), work, at)
    return respond(done, location=f"{request.url.path}/{done.body['id']}")


@router.get("", summary="Last runs", response_model=Listed[told.RunLineTold], responses=READ)
async def last(request: Request, actor: Planner, asked: Annotated[told.RunsAsked, Query()]) -> Response:
    """Return the last runs of the caller's court, the latest first; those of the night have no `requested_by`."""
    return answer(request, await database.read(_last, actor, asked, now()))


def _last(session: Session, actor: Actor, asked: told.RunsAsked, at: datetime) -> Listed[told.RunLineTold]:
    kind_id = _kind_named(session, asked.kind).id if asked.kind else None
    found = recent_runs(session, actor, problem=asked.problem, kind_id=kind_id, limit=asked.limit)
    items = [told.line_told(run, code, state_at(run, at)) for run, code in found]
    return Listed[told.RunLineTold](items=items)


@router.get("/{run_id}", summary="One run", response_model=told.RunTold, responses=READ | refusals(404))
async def one(request: Request, actor: Planner, run_id: UUID) -> Response:
    """Return where a search is, and what it proposes: prices rule by rule, what moves, what has no place and why."""
    return answer(request, await database.read(_run, actor, run_id, now()))


@router.post("/{run_id}/stop", summary="Stop a search", response_model=told.RunTold, responses=WRITE)
async def stop(request: Request, actor: Planner, run_id: UUID, key: Key = None) -> Response:
    """Ask a search to end with its best plan so far; one that is over stays as it is."""

    def act(session: Session, at: datetime) -> UUID:
        request_stop(session, actor, run_id, now=at)
        return run_id

    return await _step(Call(request, actor, key), act)


@router.post("/{run_id}/apply", summary="Apply a proposal", response_model=told.ApplicationTold, responses=WRITE)
async def apply(
    request: Request, actor: Planner, run_id: UUID, given: told.ApplyGiven | None = None, key: Key = None
) -> Response:
    """Make a proposal true, all of it or some items: what is refused is told, the rest is done, twice adds nothing.

    With `dry_run`, everything is done and given back at once: the answer is what would be done now.
    """
    given, at = given or told.ApplyGiven(), now()

    def act(session: Session) -> Application:
        _check_items(run_of(session, actor, run_id), given.items)
        return apply_run(session, actor, run_id, given.items, now=at)

    def work(session: Session) -> Answered:
        done = tried(session, act) if given.dry_run else act(session)
        return Answered(200, _application(done, given).model_dump(mode="json"))

    return respond(await once(Call(request, actor, None if given.dry_run else key, given), work, at))


@router.post("/{run_id}/undo", summary="Take an application back", response_model=told.UndoneTold, responses=WRITE)
async def undo(request: Request, actor: Planner, run_id: UUID, key: Key = None) -> Response:
    """Give back everything that was applied of a run and still can be."""
    at = now()

    def work(session: Session) -> Answered:
        return Answered(200, {"count": undo_run(session, actor, run_id, now=at)})

    return respond(await once(Call(request, actor, key), work, at))


@router.post(
    "/{run_id}/change",
    summary="Keep another plan beside",
    status_code=201,
    response_model=told.RunTold,
    responses=WRITE | {201: LOCATED},
)
async def change(request: Request, actor: Planner, run_id: UUID, given: told.ChangeGiven, key: Key = None) -> Response:
    """Keep, as a run beside, a plan that somebody made from that of a run, or one of its `others`: checked, priced."""

    def act(session: Session, at: datetime) -> UUID:
        run = run_of(session, actor, run_id)
        return change_by_hand(session, actor, run_id, _plan_given(run, given), now=at)

    return await _step(Call(request, actor, key, given), act, status=201)


async def _step(call: Call, act: Callable[[Session, datetime], UUID], *, status: int = 200) -> Response:
    """Do an act, once a key, and answer the run that it returns."""
    at = now()

    def work(session: Session) -> Answered:
        return _answered(session, call.actor, act(session, at), at, status=status)

    done = await once(call, work, at)
    above = call.request.url.path.rpartition("/")[0].rpartition("/")[0]
    return respond(done, location=f"{above}/{done.body['id']}" if status == 201 else None)


def _answered(session: Session, actor: Actor, run_id: UUID, at: datetime, *, status: int) -> Answered:
    session.flush()
    return Answered(status, _run(session, actor, run_id, at).model_dump(mode="json"))


def _kind_named(session: Session, code: str) -> Kind:
    kind = session.exec(select(Kind).where(Kind.code == code)).one_or_none()
    if kind is None:
        raise InvalidRequest("kind", "unknown-choice")
    return kind


def _check_items(run: OptimizerRun, items: list[str] | None) -> None:
    if run.plan is None or items is None:
        return
    if set(items) - places(run.problem, plan_in(run.problem, run.plan)).keys():
        raise InvalidRequest("items", "unknown-choice")


def _plan_given(run: OptimizerRun, given: told.ChangeGiven) -> Any:
    others = (run.plan or {}).get("others", [])
    if (given.plan is None) == (given.other is None):
        raise InvalidRequest("plan", "required")
    if given.other is not None and given.other >= len(others):
        raise InvalidRequest("other", "unknown-choice")
    written = given.plan if given.other is None else others[given.other]["plan"]
    try:
        return read_plan(run.problem, to_json(written))
    except BadForm as error:
        place = error.faults[0].place
        raise InvalidRequest(f"plan.{place}" if place else "plan", "unknown-choice") from error


def _application(done: Application, given: told.ApplyGiven) -> told.ApplicationTold:
    refused = [told.RefusedTold(item=one.item, why=one.why, facts=dict(one.facts)) for one in done.refused]
    return told.ApplicationTold(
        dry_run=given.dry_run, done=list(done.done), already=list(done.already), refused=refused
    )


def _run(session: Session, actor: Actor, run_id: UUID, at: datetime) -> told.RunTold:
    run = run_of(session, actor, run_id)
    code = session.get_one(Kind, run.kind_id).code
    beside: dict[str, Any] = {"is_stale": False, "plan": None, "moves": [], "others": []}
    if run.plan is not None:
        reading = reading_of(session, run, now=at)
        moved = moves(run.problem, reading.in_force, plan_in(run.problem, run.plan))
        beside = {
            "is_stale": run.digest != digest_of(reading.problem),
            "plan": run.plan["plan"],
            "moves": told.moves_told(moved),
            "others": [_other(run, reading.in_force, one) for one in run.plan["others"]],
        }
    return told.RunTold(
        **told.line_told(run, code, state_at(run, at)).model_dump(),
        settings=run.settings,
        progress=told.points_told(run),
        prices=told.prices_told(run),
        unplaced=told.unplaced_told(run),
        **beside,
    )


def _other(run: OptimizerRun, in_force: Any, one: dict[str, Any]) -> told.OtherTold:
    count = len(moves(run.problem, in_force, plan_in(run.problem, one)))
    return told.OtherTold(cost=sum(cost for _, _, cost in one["price"]), moves=count, plan=one["plan"])
