"""What becomes of a plan in force when somebody is ill: what must change and nothing else, then better compromises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.board import Board, Tax
from optimizer.hearings.check import score
from optimizer.hearings.greedy import fill, still_placed
from optimizer.hearings.local import LocalSearch, anneal
from optimizer.hearings.plan import OnProgress, Plan, Progress, Score
from optimizer.hearings.problem import Problem
from optimizer.hearings.staffing import staffed, still_held
from optimizer.searching import Budget

# What a case that moves must gain, in days of wait: the less, the more of them move. Those told already: twice as much.
TAXES = (60, 30, 15, 8, 4, 2)
MOST_MOVED = 0.05
WARM = 6.0  # in days of wait: a plan in force is polished, not melted
REPAIR_WORK = 0.15
BETTER_WORK = 15.0


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A plan that holds again, beside the one in force: which cases have another place or none, which hearings."""

    plan: Plan
    score: Score
    moved: tuple[UUID, ...]
    restaffed: tuple[int, ...]
    lost: tuple[int, ...]  # hearings that nobody can hold any more


def repair(problem: Problem, in_force: Plan, *, seed: int = 0) -> Repair:
    """Return the plan in force with only what must change changed: no case moves whose hearing can still take it.

    Hearings that lost somebody keep the others who sit there; cases that have no place any more have the best one among
    what is free. In a second for 1,500 cases.
    """
    held = staffed(problem, Plan(sittings=still_held(problem, in_force)), like=in_force.sittings)
    kept = still_placed(problem, Plan(sittings=held.sittings, placed=in_force.placed))
    waiting = {case.id for case in problem.cases if case.id not in kept.placed}
    board = Board(problem, kept, only=waiting)
    fill(board)
    anneal(board, seed=seed, budget=Budget(work_limit=REPAIR_WORK), hot=WARM)
    return _beside(problem, in_force, board.plan())


def better(
    problem: Problem,
    in_force: Plan,
    *,
    seed: int = 0,
    limit_s: float | None = None,
    work_limit: float | None = None,
    most_moved: float = MOST_MOVED,
    on_progress: OnProgress | None = None,
) -> tuple[Repair, ...]:
    """Return compromises between moving nothing needless and the best plan, each with more moves and a lower cost.

    The first is what `repair` gives. None of the others moves more than `most_moved` of the cases that have a place.
    """
    usual = BETTER_WORK if limit_s is None and work_limit is None else None
    budget = Budget(limit_s=limit_s, work_limit=work_limit or usual)
    menu = [repair(problem, in_force, seed=seed)]
    most = int(most_moved * len(in_force.placed)) - len(menu[0].moved)
    if most > 0:
        menu += _taxed(problem, in_force, menu[0].plan, most, seed=seed, budget=budget, on_progress=on_progress)
    return tuple(_undominated(menu))


def _taxed(
    problem: Problem,
    in_force: Plan,
    first: Plan,
    most: int,
    *,
    seed: int,
    budget: Budget,
    on_progress: OnProgress | None,
) -> Iterator[Repair]:
    """Give the best plan under each tax, the highest first."""
    plan = first
    day = max(problem.weights.day, 1)
    for number, tax in enumerate(TAXES):
        if budget.is_over:
            return
        board = Board(problem, plan, tax=Tax(placed=in_force.placed, each=tax * day, most=most))
        part = budget.part(1 / (len(TAXES) - number))

        def tell(search: LocalSearch) -> bool:
            where = Progress(seconds=budget.seconds, cost=search.best_cost)
            return bool(on_progress and on_progress(where))

        anneal(board, seed=seed, budget=part, hot=WARM, tell=tell)
        budget.take(part)
        plan = board.plan()
        yield _beside(problem, in_force, plan)


def _beside(problem: Problem, in_force: Plan, plan: Plan) -> Repair:
    before, after = in_force.sittings, plan.sittings
    known = [(one, where) for one, where in in_force.placed.items() if one in problem.case_of]
    return Repair(
        plan=plan,
        score=score(problem, plan),
        moved=tuple(case_id for case_id, where in known if plan.placed.get(case_id) != where),
        restaffed=tuple(sorted(one for one in before if one in after and after[one] != before[one])),
        lost=tuple(sorted(one for one in before if one not in after)),
    )


def _undominated(menu: list[Repair]) -> list[Repair]:
    """Return those that cost less than all that move as few or fewer, the fewest moves first."""
    kept: list[Repair] = []
    for one in sorted(menu, key=lambda one: (len(one.moved), one.score.total)):
        if not kept or one.score.total < kept[-1].score.total:
            kept.append(one)
    return kept
