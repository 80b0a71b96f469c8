"""Judges any plan, wherever it comes from, without the solver: what it breaks, what it costs, why the rest waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.plan import Plan, Reason, Score, ScoreLine, Unplaced
from optimizer.hearings.problem import Bench, Case, Hearing, Load, Problem, Room, Sitting

# A case outweighs five hearings that nobody holds; each of these, all the days of wait at this size (150 cases, a
# hundred days each) with the widest spread. Days and spread are weighed against each other.
UNPLACED = 100_000  # a case without a place
LATE = 100_000  # … whose deadline passes before the next plan: twice as much
UNSTAFFED = 20_000  # a hearing that nobody holds
SPREAD = 200  # a hearing more for the judge who has most than for the one who has least
DAY = 1  # a day between the notice and the hearing of a case

# Why a hearing does not take a case, in the order in which one would say it.
WHY_NOT = ("after-deadline", "before-ready", "unstaffed", "refused-judge", "quota", "cases", "minutes")
OF_THE_WHOLE = ("quota", "cases", "minutes")  # judged for the whole hearing rather than case by case
FREE = "free"  # nothing stands in the way: no plan of ours leaves such a case out


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


def score(problem: Problem, plan: Plan) -> Score:
    """Return what a plan costs, rule by rule."""
    waiting = [case for case in problem.cases if case.id not in plan.placed]
    late = sum(problem.is_urgent(case) for case in waiting)
    empty = len(problem.hearings) - len(plan.sittings)
    held = Counter(sitting.judge_id for sitting in plan.sittings.values())
    by_judge = [held[bench.judge_id] for bench in problem.benches]
    spread = max(by_judge, default=0) - min(by_judge, default=0)
    days = sum(
        days_of_wait(problem.case_of[case_id], problem.hearing_of[hearing_id])
        for case_id, hearing_id in plan.placed.items()
    )
    counted = (
        ("unplaced", len(waiting), UNPLACED),
        ("late", late, LATE),
        ("unstaffed", empty, UNSTAFFED),
        ("spread", spread, SPREAD),
        ("days", days, DAY),
    )
    return Score(lines=tuple(ScoreLine(rule=rule, count=count, cost=count * cost) for rule, count, cost in counted))


def explain(problem: Problem, plan: Plan) -> tuple[Unplaced, ...]:
    """Return, for each case without a place and by urgency, what every hearing answers it."""
    loads = plan.loads(problem)
    return tuple(_unplaced(problem, plan, loads, case) for case in problem.cases if case.id not in plan.placed)


def why_not(case: Case, hearing: Hearing, sitting: Sitting | None, load: Load) -> str | None:
    """Return the first of WHY_NOT that keeps a case out of a hearing so staffed and so loaded, or None."""
    if case.deadline_on is not None and hearing.day > case.deadline_on:
        return "after-deadline"
    if hearing.day < case.ready_on:
        return "before-ready"
    if sitting is None:
        return "unstaffed"
    if sitting.judge_id in case.refused_judges:
        return "refused-judge"
    return hearing.lacks(case, load)


def days_of_wait(case: Case, hearing: Hearing) -> int:
    """Return the days that a case waits beyond its notice."""
    return (hearing.day - case.ready_on).days


def _unplaced(problem: Problem, plan: Plan, loads: dict[int, Load], case: Case) -> Unplaced:
    answers = Counter(
        why_not(case, hearing, plan.sittings.get(hearing.id), loads[hearing.id]) or FREE for hearing in problem.hearings
    )
    ranked = sorted(answers.items(), key=lambda one: (-one[1], (*WHY_NOT, FREE).index(one[0])))
    return Unplaced(case_id=case.id, reasons=tuple(Reason(code=code, hearings=count) for code, count in ranked))


def _sittings(problem: Problem, plan: Plan) -> Iterator[Violation]:
    benches = {bench.judge_id: bench for bench in problem.benches}
    rooms = {room.id: room for room in problem.rooms}
    for hearing in problem.hearings:
        if hearing.sitting is not None and plan.sittings.get(hearing.id) != hearing.sitting:
            yield Violation(rule="decided", hearing_id=hearing.id)
    for hearing_id, sitting in plan.sittings.items():
        hearing_or_none = problem.hearing_of.get(hearing_id)
        if hearing_or_none is None:
            yield Violation(rule="unknown-hearing", hearing_id=hearing_id)
        elif hearing_or_none.sitting is None:  # what was decided before is not judged again
            yield from _people(hearing_or_none, sitting, benches.get(sitting.judge_id), rooms.get(sitting.room_id))


def _people(hearing: Hearing, sitting: Sitting, bench: Bench | None, room: Room | None) -> Iterator[Violation]:
    if bench is None or bench.clerk_id != sitting.clerk_id:
        yield Violation(rule="unknown-bench", hearing_id=hearing.id, resource_id=sitting.judge_id)
    elif not bench.is_free(hearing.period):
        yield Violation(rule="bench-away", hearing_id=hearing.id, resource_id=sitting.judge_id)
    if room is None:
        yield Violation(rule="unknown-room", hearing_id=hearing.id, resource_id=sitting.room_id)
    elif not room.is_free(hearing.period):
        yield Violation(rule="room-away", hearing_id=hearing.id, resource_id=sitting.room_id)


def _meetings(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for one, other in problem.overlaps:
        here, there = plan.sittings.get(one.id), plan.sittings.get(other.id)
        if here is None or there is None or (one.sitting and other.sitting):
            continue
        for rule, mine, theirs in (
            ("judge-twice", here.judge_id, there.judge_id),
            ("clerk-twice", here.clerk_id, there.clerk_id),
            ("room-twice", here.room_id, there.room_id),
        ):
            if mine == theirs:
                yield Violation(rule=rule, hearing_id=other.id, resource_id=mine)


def _cases(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for case_id, hearing_id in plan.placed.items():
        case, hearing = problem.case_of.get(case_id), problem.hearing_of.get(hearing_id)
        if case is None or hearing is None:
            yield Violation(rule="unknown-case" if case is None else "unknown-hearing", case_id=case_id)
            continue
        reason = why_not(case, hearing, plan.sittings.get(hearing_id), Load())
        if reason is not None and reason not in OF_THE_WHOLE:
            yield Violation(rule=reason, hearing_id=hearing_id, case_id=case_id)


def _loads(problem: Problem, plan: Plan) -> Iterator[Violation]:
    known = {
        case_id: hearing_id
        for case_id, hearing_id in plan.placed.items()
        if case_id in problem.case_of and hearing_id in problem.hearing_of
    }
    loads = Plan(placed=known).loads(problem)
    for hearing_id in dict.fromkeys(known.values()):
        hearing, load = problem.hearing_of[hearing_id], loads[hearing_id]
        if load.cases > hearing.max_cases:
            yield Violation(rule="cases", hearing_id=hearing_id)
        if load.minutes > hearing.max_minutes:
            yield Violation(rule="minutes", hearing_id=hearing_id)
        for family, quota in hearing.quotas.items():
            if load.of(family) > max(quota, hearing.load.of(family)):
                yield Violation(rule="quota", hearing_id=hearing_id)
