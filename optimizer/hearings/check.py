"""Judges any plan, wherever it comes from, without the solver: what it breaks, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.plan import Plan, Score
from optimizer.hearings.problem import Bench, Case, Hearing, Lock, Person, Problem, Role, Room, Sitting
from optimizer.hearings.rules import Tally, bars, days_of_wait, days_overdue
from optimizer.searching import Price


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a plan breaks, and where."""

    rule: str
    hearing_id: int | None = None
    case_id: UUID | None = None
    resource_id: int | None = None


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Return everything that the plan breaks; an empty list means that it can be applied as it stands."""
    return [*_sittings(problem, plan), *_meetings(problem, plan), *_cases(problem, plan), *_loads(problem, plan)]


def price(problem: Problem, plan: Plan) -> tuple[Price, ...]:
    """Return what a plan costs, rule by rule; a rule that costs nothing in this problem is not told."""
    weights = problem.weights
    waiting = [case for case in problem.cases if case.id not in plan.placed]
    urgent = [case for case in waiting if problem.is_urgent(case)]
    places = [(problem.case_of[one], problem.hearing_of[hearing_id]) for one, hearing_id in plan.placed.items()]
    waits = [(case, days_of_wait(case, hearing)) for case, hearing in places]
    beyond = [(case, days_overdue(case, hearing)) for case, hearing in places]
    moved = [case for case, hearing in places if is_moved(case, hearing.id)]
    counted: tuple[tuple[str, int, int, int], ...] = (
        # rule, weight, how often it counts, the same weighed
        ("unplaced", weights.unplaced, len(waiting), sum(case.priority for case in waiting)),
        ("late", weights.late, len(urgent), sum(case.priority for case in urgent)),
        ("unstaffed", weights.unstaffed, *_once(len(problem.hearings) - len(plan.sittings))),
        ("spread", weights.spread, *_once(_spread(problem, plan, in_minutes=False))),
        ("spread-minutes", weights.spread_minute, *_once(_spread(problem, plan, in_minutes=True))),
        ("days", weights.day, sum(days for _, days in waits), sum(case.priority * days for case, days in waits)),
        (
            "overdue",
            weights.overdue_day,
            sum(days for _, days in beyond),
            sum(case.priority * days for case, days in beyond),
        ),
        ("lawyers", weights.lawyer, *_once(_comings(problem, places))),
        ("overtime", weights.overtime, *_once(_overtime(problem, places))),
        ("moved", weights.moved, *_once(len(moved))),
        ("told", weights.told, *_once(sum(case.is_told for case in moved))),
        ("restaffed", weights.restaffed, *_once(_restaffed(problem, plan))),
    )
    return tuple(
        Price(rule=rule, count=count, cost=weight * weighed) for rule, weight, count, weighed in counted if weight
    )


def score(problem: Problem, plan: Plan) -> Score:
    """Return the price of a plan, and its sum."""
    return Score(lines=price(problem, plan))


def is_moved(case: Case, hearing_id: int) -> bool:
    """Say whether a case leaves a place that it would rather keep."""
    return case.lock is Lock.MOVABLE and case.hearing_id != hearing_id


def _once(count: int) -> tuple[int, int]:
    return count, count


def _spread(problem: Problem, plan: Plan, *, in_minutes: bool) -> int:
    """Return the distance between the judge who sits most and the one who sits least, among those of the benches."""
    sat = Counter({bench.judge_id: bench.given_minutes if in_minutes else 0 for bench in problem.benches})
    for hearing_id, sitting in plan.sittings.items():
        sat.update(dict.fromkeys(sitting.judges, problem.hearing_of[hearing_id].max_minutes if in_minutes else 1))
    by_judge = [sat[bench.judge_id] for bench in problem.benches]
    return max(by_judge, default=0) - min(by_judge, default=0)


def _comings(problem: Problem, places: list[tuple[Case, Hearing]]) -> int:
    return len({(one, hearing.id) for case, hearing in places for one in case.people & problem.lawyers})


def _overtime(problem: Problem, places: list[tuple[Case, Hearing]]) -> int:
    minutes = Counter({hearing.id: hearing.load.minutes for hearing in problem.hearings})
    for case, hearing in places:
        minutes[hearing.id] += case.minutes
    return sum(max(minutes[one.id] - max(one.max_minutes, one.load.minutes), 0) for one in problem.hearings)


def _restaffed(problem: Problem, plan: Plan) -> int:
    movable = [one for one in problem.hearings if one.sitting_lock is Lock.MOVABLE and one.sitting is not None]
    return sum(plan.sittings.get(one.id) != one.sitting for one in movable)


def _sittings(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for hearing in problem.hearings:
        if hearing.decided is not None and plan.sittings.get(hearing.id) != hearing.decided:
            yield Violation(rule="decided", hearing_id=hearing.id)
    for hearing_id, sitting in plan.sittings.items():
        hearing_or_none = problem.hearing_of.get(hearing_id)
        if hearing_or_none is None:
            yield Violation(rule="unknown-hearing", hearing_id=hearing_id)
        elif hearing_or_none.decided is None:  # what was decided before is not judged again
            yield from _judges(problem, hearing_or_none, sitting)
            yield from _others(problem, hearing_or_none, sitting)
            yield from _room(hearing_or_none, sitting, problem.room_of.get(sitting.room_id))


def _judges(problem: Problem, hearing: Hearing, sitting: Sitting) -> Iterator[Violation]:
    benches = {bench.judge_id: bench for bench in problem.benches}
    if len(sitting.judges) != hearing.judges or len(set(sitting.judges)) != hearing.judges:
        yield Violation(rule="panel", hearing_id=hearing.id)
    for judge_id in sitting.judges:
        bench: Bench | None = benches.get(judge_id)
        if bench is None or (judge_id == sitting.judge_id and not _is_clerk_of(problem, bench, sitting.clerk_id)):
            yield Violation(rule="unknown-bench", hearing_id=hearing.id, resource_id=judge_id)
        elif not bench.is_free(hearing.period):
            yield Violation(rule="bench-away", hearing_id=hearing.id, resource_id=judge_id)
        elif not bench.sits_in(hearing.formation):
            yield Violation(rule="wrong-formation", hearing_id=hearing.id, resource_id=judge_id)


def _is_clerk_of(problem: Problem, bench: Bench, clerk_id: int) -> bool:
    if bench.clerk_id is not None:
        return bench.clerk_id == clerk_id
    return _has_role(problem.person_of.get(clerk_id), Role.CLERK)


def _has_role(person: Person | None, role: Role) -> bool:
    return person is not None and person.role is role


def _others(problem: Problem, hearing: Hearing, sitting: Sitting) -> Iterator[Violation]:
    clerk = problem.person_of.get(sitting.clerk_id)
    if clerk is not None and not clerk.is_free(hearing.period):
        yield Violation(rule="clerk-away", hearing_id=hearing.id, resource_id=sitting.clerk_id)
    if sitting.prosecutor_id is None:
        if hearing.needs_prosecutor:
            yield Violation(rule="no-prosecutor", hearing_id=hearing.id)
        return
    prosecutor = problem.person_of.get(sitting.prosecutor_id)
    if not _has_role(prosecutor, Role.PROSECUTOR):
        yield Violation(rule="no-prosecutor", hearing_id=hearing.id, resource_id=sitting.prosecutor_id)
    elif prosecutor is not None and not prosecutor.is_free(hearing.period):
        yield Violation(rule="prosecutor-away", hearing_id=hearing.id, resource_id=sitting.prosecutor_id)


def _room(hearing: Hearing, sitting: Sitting, room: Room | None) -> Iterator[Violation]:
    if room is None:
        yield Violation(rule="unknown-room", hearing_id=hearing.id, resource_id=sitting.room_id)
    elif not room.is_free(hearing.period):
        yield Violation(rule="room-away", hearing_id=hearing.id, resource_id=sitting.room_id)
    elif not room.has(hearing.equipment):
        yield Violation(rule="equipment", hearing_id=hearing.id, resource_id=sitting.room_id)


def _meetings(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for one, other in problem.overlaps:
        here, there = plan.sittings.get(one.id), plan.sittings.get(other.id)
        if here is None or there is None or (one.decided and other.decided):
            continue
        for rule, mine, theirs in (
            ("judge-twice", here.judges, there.judges),
            ("clerk-twice", (here.clerk_id,), (there.clerk_id,)),
            ("prosecutor-twice", (here.prosecutor_id,), (there.prosecutor_id,)),
            ("room-twice", (here.room_id,), (there.room_id,)),
        ):
            for twice in sorted({one for one in mine if one is not None}.intersection(theirs)):
                yield Violation(rule=rule, hearing_id=other.id, resource_id=twice)


def _cases(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for case_id, hearing_id in plan.placed.items():
        case, hearing = problem.case_of.get(case_id), problem.hearing_of.get(hearing_id)
        if case is None or hearing is None:
            yield Violation(rule="unknown-case" if case is None else "unknown-hearing", case_id=case_id)
            continue
        broken = list(bars(problem, case, hearing, plan.sittings.get(hearing_id)))
        if broken:
            yield Violation(
                rule=broken[0].code, hearing_id=hearing_id, case_id=case_id, resource_id=broken[0].subject_id
            )


def _loads(problem: Problem, plan: Plan) -> Iterator[Violation]:
    known = {
        case_id: hearing_id
        for case_id, hearing_id in plan.placed.items()
        if case_id in problem.case_of and hearing_id in problem.hearing_of
    }
    tally = Tally(problem, Plan(placed=known))
    for hearing_id in dict.fromkeys(known.values()):
        hearing, load = problem.hearing_of[hearing_id], tally.loads[hearing_id]
        if load.cases > hearing.max_cases:
            yield Violation(rule="cases", hearing_id=hearing_id)
        if load.minutes > hearing.max_minutes + hearing.overtime_minutes:
            yield Violation(rule="minutes", hearing_id=hearing_id)
        for family, quota in hearing.quotas.items():
            if load.of(family) > max(quota, hearing.load.of(family)):
                yield Violation(rule="quota", hearing_id=hearing_id)
        if hearing.video_slots is not None and load.links > max(hearing.video_slots, hearing.load.links):
            yield Violation(rule="video-slots", hearing_id=hearing_id)
    for (end_id, _), links in tally.links.items():
        most = problem.far_end_of[end_id].day_slots
        if most is not None and links > most:
            yield Violation(rule="far-end-slots", resource_id=end_id)
