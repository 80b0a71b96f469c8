"""What of a court may change when its hearings are planned: nobody is told twice without need. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from availability.periods import Period
from optimizer.hearings.problem import Case, Hearing, Lock, Problem
from optimizer.hearings.rules import bars
from optimizer.manners import Manner

HEARING = "hearing:"  # how a hearing is named among what is locked, before its number; a case is named by its id


def locks_of(settings: Mapping[str, Any]) -> dict[str, Lock]:
    """Return what somebody locked or set free."""
    return {item: Lock(lock) for item, lock in settings.get("locks", {}).items()}


def locked(
    problem: Problem, closed: Mapping[int, Sequence[Period]], *, manner: Manner, locks: Mapping[str, Lock]
) -> Problem:
    """Return the problem with what may become of each hearing that is held, and of each case that has a place.

    A sitting stays unless somebody of it is absent (`closed`); a case may move at a cost, but one whose people were
    told stays when a whole plan is made. What somebody said comes first. Nothing is frozen that no longer holds: it
    could only be lost.
    """
    broken = {one.id for one in problem.hearings if _is_broken(one, closed)}
    hearings = tuple(replace(one, sitting_lock=_of_sitting(one, broken, locks)) for one in problem.hearings)
    held = replace(problem, hearings=hearings)
    return replace(held, cases=tuple(_with_lock(held, case, broken, manner, locks) for case in held.cases))


def _is_broken(hearing: Hearing, closed: Mapping[int, Sequence[Period]]) -> bool:
    """Say whether somebody who sits is absent that day, or the room closed.

    Whoever holds a hearing may well have it in a calendar of their own: to be busy then is no absence.
    """
    if hearing.sitting is None:
        return False
    seated = (*hearing.sitting.people, hearing.sitting.room_id)
    return any(hearing.period.overlaps(one) for who in seated for one in closed.get(who, ()))


def _of_sitting(hearing: Hearing, broken: set[int], locks: Mapping[str, Lock]) -> Lock:
    lock = locks.get(f"{HEARING}{hearing.id}", Lock.FROZEN)
    return Lock.MOVABLE if lock is Lock.FROZEN and hearing.id in broken else lock


def _with_lock(problem: Problem, case: Case, broken: set[int], manner: Manner, locks: Mapping[str, Lock]) -> Case:
    if case.hearing_id is None:
        return case
    usual = Lock.FROZEN if case.is_told and manner is Manner.PLAN else Lock.MOVABLE
    lock = locks.get(str(case.id), usual)
    if lock is Lock.FROZEN and not _still_holds(problem, case, broken):
        lock = Lock.MOVABLE
    return replace(case, lock=lock)


def _still_holds(problem: Problem, case: Case, broken: set[int]) -> bool:
    """Say whether nothing keeps a case out of where it is; a hearing that nobody holds yet may still be held."""
    hearing = problem.hearing_of[case.hearing_id or 0]
    barred = {bar.code for bar in bars(problem, case, hearing, hearing.sitting)}
    return hearing.id not in broken and not barred - {"unstaffed"}
