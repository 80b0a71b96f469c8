"""Where a visit of a proposal could go, what keeps it out, and the smallest change that would place it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.openings import A_DAY, local_day
from availability.rights import Actor
from booking.fitting_queries import PLAIN, days_as_period, terms_of
from booking.pages.fitting_words import initials, team_name
from booking.pages.plan_rounds_words import OfferRow, added_road, change_words, clock, conflict_words, shifted
from booking.plans.kept import plan_in, run_of, scope_of
from booking.plans.models import OptimizerRun
from booking.plans.rounds import court_lines, teams_of
from booking.plans.runs import change_by_hand, reading_of
from optimizer.rounds.changes import smallest_change
from optimizer.rounds.draft import Draft, Key, Place
from optimizer.rounds.explain import conflict
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Lock, Problem, Request
from optimizer.rounds.timeline import Timeline, Visit
from portal.ui.dates import day

MOST_OFFERED = 30


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A visit that somebody moves, or asks about: which rounds could take it, or why none does."""

    item: str
    title: str
    is_frozen: bool
    conflict: str = ""
    change: str = ""
    rows: list[OfferRow] = field(default_factory=list)


def carried(session: Session, actor: Actor, run_id: UUID, item: UUID, *, now: datetime) -> Carried:
    """Return where a visit of a proposal could go, what costs least first. Raises: NotFound, NotAllowed."""
    run, problem, plan, request = _read(session, actor, run_id, item, now)
    scope = scope_of(run)
    teams = teams_of(session, scope)
    within = days_as_period(scope.first - A_DAY, scope.until + A_DAY)
    (line,) = court_lines(session, scope, within, now=now, ids=[item]) or (None,)
    title = initials(line.initials) if line else ""
    if request.lock is Lock.FROZEN:
        return Carried(item=str(item), title=title, is_frozen=True)
    here = plan.placed.get(request.id)
    rows = [
        OfferRow(
            place=f"{key[0]}|{key[1]}",
            title=f"{day(key[1])} à {clock(_start(problem, draft, request, place) // 60)}, "
            f"{team_name(teams[key[0]], teams)}",
            words=f"{shifted(here.window.day if here else None, key[1])}, {added_road(place.metres)}",
        )
        for draft, key, place in _places(problem, plan, request)
        if key[0] in teams
    ]
    if here is not None:
        return Carried(item=str(item), title=title, is_frozen=False, rows=rows)
    # What is left of today is short, and part of it is over: what would have to change is said of the days to come.
    today = local_day(now, next((one.zone for one in teams.values()), PLAIN))
    to_come = replace(problem, team_days=tuple(one for one in problem.team_days if one.day > today))
    change = smallest_change(to_come, plan, request.id)
    name = team_name(teams[change.team_id], teams) if change and change.team_id in teams else "l’équipe"
    return Carried(
        item=str(item),
        title=title,
        is_frozen=False,
        conflict=conflict_words(conflict(problem, plan, request.id)),
        change="" if rows else change_words(change, name, terms_of(session, scope.kind_id).skills),
        rows=rows,
    )


def put(session: Session, actor: Actor, run_id: UUID, item: UUID, where: str, *, now: datetime) -> UUID:
    """Keep the proposal with one visit in another round, or in none, beside it; return the new one.

    Raises: NotFound, NotAllowed, InvalidRequest, BrokenPlan.
    """
    _, problem, plan, request = _read(session, actor, run_id, item, now)
    key = _key(where) if where else None
    draft = _without(problem, plan, request)
    if key is not None:
        place = _best(draft, request).get(key)
        if place is None:
            raise InvalidRequest("place", "unknown-choice")
        draft.insert(request, place)
    return change_by_hand(session, actor, run_id, draft.plan(), now=now)


def _read(
    session: Session, actor: Actor, run_id: UUID, item: UUID, now: datetime
) -> tuple[OptimizerRun, Problem, Plan, Request]:
    run = run_of(session, actor, run_id)
    plan: Plan | None = plan_in("rounds", run.plan)
    if plan is None or run.problem != "rounds":
        raise NotFound(run_id=run_id)
    problem: Problem = reading_of(session, run, now=now).problem
    request = problem.request_of.get(str(item))
    if request is None:
        raise NotFound(request_id=item)
    return run, problem, plan, request


def _places(problem: Problem, plan: Plan, request: Request) -> list[tuple[Draft, Key, Place]]:
    """Return the best place of each round that could take a visit, the cheapest first; that where it is left out."""
    draft = _without(problem, plan, request)
    found = sorted(_best(draft, request).items(), key=lambda one: one[1].cost)
    here = plan.placed.get(request.id)
    stays = (here.team_id, here.window.day) if here else None
    return [(draft, key, place) for key, place in found if key != stays][:MOST_OFFERED]


def _without(problem: Problem, plan: Plan, request: Request) -> Draft:
    draft = Draft.of(problem, plan)
    if request.id in draft.where:
        draft.remove(request.id)
    return draft


def _best(draft: Draft, request: Request) -> dict[Key, Place]:
    best: dict[Key, Place] = {}
    for place in draft.places(request):
        if place.key not in best or place.cost < best[place.key].cost:
            best[place.key] = place
    return best


def _start(problem: Problem, draft: Draft, request: Request, place: Place) -> int:
    """Return when a visit would begin there, in seconds after midnight."""
    timeline = draft.timelines[place.key]
    visits = timeline.with_visit(Visit(request, place.window), place.position)
    done = Timeline(timeline.team_day, problem.travel, visits).as_round()
    return done.stops[place.position].start_s


def _key(where: str) -> Key:
    """Return the round that a client names. Raises: InvalidRequest."""
    team_id, _, on = where.partition("|")
    try:
        return int(team_id), date.fromisoformat(on)
    except ValueError as error:
        raise InvalidRequest("place", "unknown-choice") from error
