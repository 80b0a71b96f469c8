"""What somebody locked of a proposal stays there when a search goes on from it, although nothing is applied. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from booking.plans.hearing_locks import HEARING
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, Hearing, Lock, Problem


def as_proposed(problem: Problem, base: Plan, locks: Mapping[str, Lock]) -> Problem:
    """Return the problem with what is locked of a proposal where that has it.

    A hearing that takes a frozen case keeps whom the proposal gave it, unless that costs more than it is worth.
    """
    kept = {base.placed[case.id] for case in problem.cases if _is_frozen(case, base, locks)}
    hearings = tuple(_hearing(one, base, locks, is_needed=one.id in kept) for one in problem.hearings)
    known = problem.hearing_of
    cases = tuple(_case(one, base, locks) if base.placed.get(one.id) in known else one for one in problem.cases)
    return replace(problem, hearings=hearings, cases=cases)


def _is_frozen(case: Case, base: Plan, locks: Mapping[str, Lock]) -> bool:
    return case.id in base.placed and locks.get(str(case.id)) is Lock.FROZEN


def _case(case: Case, base: Plan, locks: Mapping[str, Lock]) -> Case:
    lock = locks.get(str(case.id), Lock.FREE)
    if lock is Lock.FREE or (lock is Lock.MOVABLE and case.hearing_id is not None):
        return case  # what is movable would rather stay where it is in force
    return replace(case, hearing_id=base.placed[case.id], lock=lock)


def _hearing(hearing: Hearing, base: Plan, locks: Mapping[str, Lock], *, is_needed: bool) -> Hearing:
    proposed = base.sittings.get(hearing.id)
    lock = locks.get(f"{HEARING}{hearing.id}", Lock.MOVABLE if is_needed else Lock.FREE)
    if hearing.sitting is not None or proposed is None or lock is Lock.FREE:
        return hearing
    return replace(hearing, sitting=proposed, sitting_lock=lock)
