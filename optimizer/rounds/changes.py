"""The smallest change that would give a place to a request that has none, tried on the plan as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from optimizer.rounds.draft import Draft
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import LONGEST_MIN, Lock, Problem, Request, TeamDay, Window
from optimizer.rounds.timeline import Entrant, Timeline, Visit

# How much each change weighs, in minutes of overtime that one would rather do.
A_SKILL, AN_AGENT, A_STOP, A_LOAD, A_PROMISE, A_ROUND = 240, 240, 15, 1, 300, 480
ANOTHER_WINDOW, A_DAY_APART, A_DAY_LATE = 60, 30, 120
ROUNDED_MIN, WINDOW_MIN = 15, 60  # overtime is asked by quarters; a window to ask for lasts an hour
USUAL_DAY = (8 * 60, 18 * 60)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would have to be different, all of it together. `size` weighs it, in minutes of overtime."""

    team_id: int
    day: date
    minutes_earlier: int = 0  # of work
    minutes_later: int = 0
    skills: frozenset[str] = field(default_factory=frozenset)  # one more in the team
    agents: int = 0  # more
    stops: int = 0  # more than the most
    load: int = 0  # more than the capacity
    window: Window | None = None  # that the person has not offered, or that comes after the last legal day
    days_late: int = 0
    breaks_promise: bool = False  # another team, or another window, than the person was told
    is_new_round: bool = False  # of a team that does not work that day
    size: int = 0


@dataclass(frozen=True)
class Try:
    """A change before the hours are known."""

    change: Change
    team_day: TeamDay
    window: Window
    asks_any_time: bool


def smallest_change(problem: Problem, plan: Plan, request_id: str) -> Change | None:
    """Return the smallest change that places a request among the others where they are; None when nothing does."""
    draft, request = Draft.of(problem, plan), problem.request_of[request_id]
    best: Change | None = None
    for one in sorted(_tries(problem, draft, request), key=lambda one: (one.change.size, one.change.day)):
        if best and one.change.size >= best.size:
            break
        found = _with_hours(draft, request, one)
        if found and (best is None or found.size < best.size):
            best = found
    return best


def applied(problem: Problem, request_id: str, change: Change) -> Problem:
    """Return the problem once the change is made."""
    request = problem.request_of[request_id]
    team_day = problem.team_day_of.get((change.team_id, change.day)) or _new_round(problem, request, change.day)
    if not team_day:
        return problem
    windows = (*request.windows, *([request.present.window] if request.present else []))
    if change.breaks_promise:
        request = replace(request, lock=Lock.MOVABLE, windows=windows)
    if change.window:
        last = max(request.last_day, change.window.day) if request.last_day else None
        request = replace(request, windows=(*request.windows, change.window), last_day=last)
    return problem.with_requests(request).with_team_days(
        replace(
            _widened(team_day, change),
            start_min=team_day.start_min - change.minutes_earlier,
            end_min=team_day.end_min + change.minutes_later,
        )
    )


def _widened(team_day: TeamDay, change: Change) -> TeamDay:
    return replace(
        team_day,
        skills=team_day.skills | change.skills,
        agents=team_day.agents + change.agents,
        most_stops=None if team_day.most_stops is None else team_day.most_stops + change.stops,
        capacity=None if team_day.capacity is None else team_day.capacity + change.load,
    )


def _tries(problem: Problem, draft: Draft, request: Request) -> Iterator[Try]:
    for team_day in problem.team_days:
        yield from _tries_of(request, team_day, draft.timelines[team_day.key], is_new=False)
    for day in sorted({one.day for one in request.windows} | problem.on_day.keys()):
        if extra := _new_round(problem, request, day):
            yield from _tries_of(request, extra, Timeline(extra, problem.travel), is_new=True)


def _new_round(problem: Problem, request: Request, day: date) -> TeamDay | None:
    """Return a round that nobody makes yet, from the base nearest to the home; None where there is no base."""
    bases = sorted({one.base for one in problem.team_days})
    if not bases:
        return None
    base = min(bases, key=lambda one: (problem.travel.leg(one, request.home)[1], one))
    start_min, end_min = USUAL_DAY
    return TeamDay(
        team_id=max(one.team_id for one in problem.team_days) + 1,
        day=day,
        start_min=start_min,
        end_min=end_min,
        base=base,
        skills=request.skills,
        agents=request.agents,
    )


def _tries_of(request: Request, team_day: TeamDay, timeline: Timeline, *, is_new: bool) -> Iterator[Try]:
    """Yield what would open a team-day to a request, for a window offered, one that is late, and any other."""
    pinned = request.pinned_to not in (None, team_day.team_id)
    change = Change(
        team_id=team_day.team_id,
        day=team_day.day,
        skills=request.skills - team_day.skills,
        agents=max(request.agents - team_day.agents, 0),
        stops=_above(len(timeline.visits) + 1, team_day.most_stops),
        load=_above(timeline.load + request.load, team_day.capacity),
        breaks_promise=pinned,
        is_new_round=is_new,
    )
    size = (
        A_SKILL * len(change.skills)
        + AN_AGENT * change.agents
        + A_STOP * change.stops
        + A_LOAD * change.load
        + A_ROUND * is_new
    )
    late = max((team_day.day - request.last_day).days, 0) if request.last_day else 0
    for window in (one for one in request.choices if one.day == team_day.day):
        yield Try(replace(change, size=size + A_PROMISE * pinned), team_day, window, asks_any_time=False)
    promised = request.lock is Lock.FROZEN
    if late and not promised:
        for window in (one for one in request.windows if one.day == team_day.day):
            asked = replace(change, window=window, days_late=late, size=size + A_DAY_LATE * late)
            yield Try(asked, team_day, window, asks_any_time=False)
    days = [abs((team_day.day - one.day).days) for one in request.choices or request.windows]
    size += ANOTHER_WINDOW + A_DAY_APART * min(days, default=0) + A_DAY_LATE * late * (not promised)
    asked = replace(change, days_late=late, breaks_promise=promised, size=size + A_PROMISE * promised)
    whole_day = Window(day=team_day.day, start_min=0, end_min=LONGEST_MIN)
    yield Try(asked, team_day, whole_day, asks_any_time=True)


def _above(wanted: int, most: int | None) -> int:
    return 0 if most is None else max(wanted - most, 0)


def _with_hours(draft: Draft, request: Request, one: Try) -> Change | None:
    """Return the change with the overtime that it needs and the window to ask for; None when no hours are enough."""
    as_is = _widened(one.team_day, one.change)
    later, earlier = replace(as_is, end_min=LONGEST_MIN), replace(as_is, start_min=0)
    for hours in ((as_is,), (later, earlier), (replace(later, start_min=0),)):
        found = [change for team_day in hours for change in _at_any(draft, request, one, team_day)]
        if found:
            return min(found, key=lambda change: change.size)
    return None


def _at_any(draft: Draft, request: Request, one: Try, team_day: TeamDay) -> Iterator[Change]:
    """Yield the change for each place in the round, with the overtime that each needs."""
    existing = draft.timelines.get(team_day.key)
    timeline = Timeline(team_day, draft.problem.travel, existing.visits if existing else ())
    for opening in timeline.openings(Entrant(request, draft.problem.travel), one.window):
        visits = timeline.with_visit(Visit(request, one.window), opening.position)
        leaves_s = Timeline(team_day, draft.problem.travel, visits).latest_departure_s
        earlier = min(_quarters(one.team_day.start_min * 60 - leaves_s), one.team_day.start_min)
        hours = replace(team_day, start_min=one.team_day.start_min - earlier)
        done = Timeline(hours, draft.problem.travel, visits).as_round()
        later = _quarters(done.returns_s - one.team_day.end_min * 60)
        start_min = done.stops[opening.position].start_s // 60 // ROUNDED_MIN * ROUNDED_MIN
        yield replace(
            one.change,
            minutes_earlier=earlier,
            minutes_later=later,
            window=_asked(one.window, start_min) if one.asks_any_time else one.change.window,
            size=one.change.size + earlier + later,
        )


def _asked(window: Window, start_min: int) -> Window:
    return replace(window, start_min=start_min, end_min=start_min + WINDOW_MIN)


def _quarters(seconds: int) -> int:
    return max(-(-seconds // (60 * ROUNDED_MIN)), 0) * ROUNDED_MIN
