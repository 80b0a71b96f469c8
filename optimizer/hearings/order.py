"""The order of the cases within one hearing: who waits least, who comes together, who is on the screen at what time.

A hearing has some fifteen cases: an order is improved by taking each case, or each run of cases, elsewhere, until
nothing gains. Exact for what people see, and a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, Problem

LAWYER_MINUTE = 1  # that a lawyer waits between their first case and their last, not at the bar
SPLIT = 15  # each time that those brought from prison, or one interpreter, are called again
LINK_SPLIT = 10  # each time that one far end is called again
LATE_PRIORITY = 1  # a minute before a case, × (priority - 1): who matters more is not last for nothing
MOST_ROUNDS = 60


@dataclass(frozen=True, kw_only=True)
class Call:
    """A case in its turn, and the minute of the hearing when it is called."""

    case_id: UUID
    start_min: int


def order(problem: Problem, plan: Plan, hearing_id: int) -> tuple[Call, ...]:
    """Return the cases of a hearing in the order in which they are best called, one after the other.

    The minutes count from the start of the hearing, after what is in it besides the plan.
    """
    cases = [case for case in problem.cases if plan.placed.get(case.id) == hearing_id]
    lawyers = problem.lawyers
    found = _improved(_grouped(cases, lawyers), lawyers)
    start, calls = problem.hearing_of[hearing_id].load.minutes, []
    for case in found:
        calls.append(Call(case_id=case.id, start_min=start))
        start += case.minutes
    return tuple(calls)


def waiting_cost(cases: Sequence[Case], lawyers: frozenset[int]) -> int:
    """Return what an order costs: lawyers who wait, groups that are split, important cases called late."""
    cost, minute = 0, 0
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    busy: dict[int, int] = {}
    for case in cases:
        cost += LATE_PRIORITY * (case.priority - 1) * minute
        for lawyer in case.people & lawyers:
            first.setdefault(lawyer, minute)
            last[lawyer] = minute + case.minutes
            busy[lawyer] = busy.get(lawyer, 0) + case.minutes
        minute += case.minutes
    cost += LAWYER_MINUTE * sum(last[one] - first[one] - busy[one] for one in first)
    cost += SPLIT * _again([(case.is_detained and case.video_to is None) or None for case in cases])
    cost += SPLIT * _again([case.language for case in cases])
    return cost + LINK_SPLIT * _again([case.video_to for case in cases])


def _again(marks: Sequence[object]) -> int:
    """Count the runs of equal marks beyond the first of each; None is no mark."""
    runs = [mark for number, mark in enumerate(marks) if mark is not None and (not number or marks[number - 1] != mark)]
    return len(runs) - len(set(runs))


def _grouped(cases: Sequence[Case], lawyers: frozenset[int]) -> list[Case]:
    """Return a good order to start from: the links, then those brought, then languages, then lawyer by lawyer."""
    return sorted(
        cases,
        key=lambda case: (
            case.video_to is None,
            case.video_to or 0,
            not case.is_detained,
            case.language or "~",
            -case.priority,
            min(case.people & lawyers, default=0),
            case.urgency,
        ),
    )


def _improved(cases: list[Case], lawyers: frozenset[int]) -> list[Case]:
    """Return the order once no case, and no two or three in a row, would be better elsewhere."""
    cost = waiting_cost(cases, lawyers)
    for _ in range(MOST_ROUNDS):
        best = min(
            ((waiting_cost(tried, lawyers), number, tried) for number, tried in enumerate(_neighbours(cases))),
            default=(cost, 0, cases),
        )
        if best[0] >= cost:
            return cases
        cost, _number, cases = best
    return cases


def _neighbours(cases: list[Case]) -> list[list[Case]]:
    moved = []
    for size in (1, 2, 3):
        for start in range(len(cases) - size + 1):
            run, rest = cases[start : start + size], [*cases[:start], *cases[start + size :]]
            moved += [[*rest[:to], *run, *rest[to:]] for to in range(len(rest) + 1) if to != start]
    return moved
