"""Why a request has no place: what each team-day answers, and a minimal conflict. Codes and facts, no words.

A conflict is judged on the plan as it is: the others keep their round and their order, and their hours may slide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from optimizer.rounds.draft import Draft
from optimizer.rounds.plan import Plan, Reason, Rule, Unplaced
from optimizer.rounds.problem import LONGEST_MIN, Lock, Problem, Request, TeamDay, Window
from optimizer.rounds.timeline import Entrant, Timeline

# Tried in this order: what is left out first is what is least worth telling.
LEFT_OUT_FIRST = (
    Rule.CAPACITY,
    Rule.MOST_STOPS,
    Rule.REST,
    Rule.TEAM,
    Rule.AGENTS,
    Rule.SKILLS,
    Rule.LAST_DAY,
    Rule.HOURS,
    Rule.WINDOWS,
    Rule.OTHERS,
)


def unplaced(problem: Problem, plan: Plan) -> tuple[Unplaced, ...]:
    """Return the requests that have no place in a plan, and what rules each team-day out."""
    waiting = [one for one in problem.requests if one.id not in plan.placed]
    return tuple(Unplaced(request_id=one.id, reasons=_reasons(problem, one)) for one in waiting)


def _reasons(problem: Problem, request: Request) -> tuple[Reason, ...]:
    if not problem.team_days:
        return (Reason(rule=Rule.NO_TEAM, team_days=0),)
    entrant = Entrant(request, problem.travel)
    counted = Counter(_first_rule(problem, entrant, one) for one in problem.team_days)
    return tuple(Reason(rule=rule, team_days=count) for rule, count in counted.most_common())


def _first_rule(problem: Problem, entrant: Entrant, team_day: TeamDay) -> Rule:
    """Return the first rule that keeps a request out of a team-day: what it lacks, then what the hours forbid."""
    request = entrant.request
    if not any(_windows(request, team_day, frozenset({Rule.LAST_DAY}))):
        return Rule.WINDOWS
    windows = list(_windows(request, team_day, frozenset()))
    lacking = (
        (Rule.LAST_DAY, not windows),
        (Rule.TEAM, request.pinned_to not in (None, team_day.team_id)),
        (Rule.SKILLS, not request.skills <= team_day.skills),
        (Rule.AGENTS, request.agents > team_day.agents),
        (Rule.CAPACITY, team_day.capacity is not None and request.load > team_day.capacity),
        (Rule.MOST_STOPS, team_day.most_stops == 0),
    )
    for rule, is_lacking in lacking:
        if is_lacking:
            return rule
    for rule, alone in ((Rule.OTHERS, team_day), (Rule.REST, replace(team_day, rest=None))):
        timeline = Timeline(alone, problem.travel)
        if any(True for one in windows for _ in timeline.openings(entrant, one)):
            return rule
    return Rule.HOURS


def conflict(problem: Problem, plan: Plan, request_id: str) -> tuple[Rule, ...]:
    """Return rules that together keep a request out: with any one of them removed, the others do not. () if it fits.

    There may be several such conflicts: removing one of these rules need not be enough to place the request.
    """
    if not problem.team_days:
        return (Rule.NO_TEAM,)
    draft, request = Draft.of(problem, plan), problem.request_of[request_id]
    if request_id in draft.where or fits(draft, request):
        return ()
    ignored: set[Rule] = set()
    for rule in LEFT_OUT_FIRST:
        if not fits(draft, request, frozenset({*ignored, rule})):
            ignored.add(rule)
    return tuple(rule for rule in reversed(LEFT_OUT_FIRST) if rule not in ignored)


def fits(draft: Draft, request: Request, ignored: frozenset[Rule] = frozenset()) -> bool:
    """Say whether a request has a place in the rounds as they are, some rules being ignored."""
    entrant = Entrant(request, draft.problem.travel)
    return any(_fits_in(draft, entrant, one, ignored) for one in draft.problem.team_days)


def _fits_in(draft: Draft, entrant: Entrant, team_day: TeamDay, ignored: frozenset[Rule]) -> bool:
    request = entrant.request
    if (
        (Rule.SKILLS not in ignored and not request.skills <= team_day.skills)
        or (Rule.AGENTS not in ignored and request.agents > team_day.agents)
        or (Rule.TEAM not in ignored and request.pinned_to not in (None, team_day.team_id))
    ):
        return False
    windows = list(_windows(request, team_day, ignored))
    timeline = _relaxed(draft, team_day, ignored) if windows else None
    return timeline is not None and any(True for one in windows for _ in timeline.openings(entrant, one))


def _windows(request: Request, team_day: TeamDay, ignored: frozenset[Rule]) -> Iterator[Window]:
    is_bound = request.last_day is not None and request.lock is not Lock.FROZEN and Rule.LAST_DAY not in ignored
    if is_bound and request.last_day and team_day.day > request.last_day:
        return
    if Rule.WINDOWS in ignored:
        yield Window(day=team_day.day, start_min=0, end_min=LONGEST_MIN)
    elif request.lock is Lock.FROZEN:
        yield from (one for one in request.choices if one.day == team_day.day)
    else:
        yield from (one for one in request.windows if one.day == team_day.day)


def _relaxed(draft: Draft, team_day: TeamDay, ignored: frozenset[Rule]) -> Timeline:
    """Return the round of a team-day as if these rules did not exist."""
    timeline = draft.timelines[team_day.key]
    visits = () if Rule.OTHERS in ignored else timeline.visits
    relaxed = team_day
    if Rule.HOURS in ignored:
        relaxed = replace(relaxed, start_min=0, end_min=LONGEST_MIN)
    if Rule.REST in ignored:
        relaxed = replace(relaxed, rest=None)
    if Rule.CAPACITY in ignored:
        relaxed = replace(relaxed, capacity=None)
    if Rule.MOST_STOPS in ignored:
        relaxed = replace(relaxed, most_stops=None)
    if relaxed is team_day and visits is timeline.visits:
        return timeline
    return Timeline(relaxed, draft.problem.travel, visits)
