"""The search as the process beside does it: each manner, and the best plan so far told from time to time."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from optimizer import beds, beside, hearings, judge, rounds, shares
from optimizer.beside import ready, search
from optimizer.hearings.problem import Sitting
from optimizer.judge import Move, moves
from optimizer.manners import Found, Job, Manner
from optimizer.rounds.problem import Appointment
from optimizer.searching import Ended, Progress
from tests.optimizer.beds import house
from tests.optimizer.hearings import court
from tests.optimizer.rounds import teams
from tests.optimizer.shares import region


def crowded() -> Any:
    """Return more people than beds."""
    return house.problem([house.room("r"), house.room("s", beds=2)], [house.who(f"p{n}", slack=3) for n in range(9)])


PROBLEMS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "hearings": (hearings, lambda: court.month(hearings=3, cases=30)),
    "rounds": (rounds, lambda: teams.drawn(1)),
    "beds": (beds, crowded),
    "shares": (shares, lambda: region.region(1, measures=20, professionals=4, loads=(1, 2))),
}


def job(name: str, manner: Manner = Manner.PLAN, **more: Any) -> Job:
    """Return a search for a plan of a small problem, where nothing is in force."""
    problem = PROBLEMS[name][1]()
    return Job(name=name, manner=manner, problem=problem, in_force=nothing(name), **more)


def nothing(name: str) -> Any:
    """Return an empty plan."""
    from importlib import import_module

    return import_module(f"optimizer.{name}.plan").Plan()


def told_by(asked: Job, limit_s: float = 0.3) -> tuple[Found, list[Any]]:
    """Return what a search finds, and all that it told."""
    told: list[Any] = []
    return search(asked, stop=lambda: False, progress=told.append, limit_s=limit_s), told


def cost(found: Found) -> float:
    """Return what a plan costs in all."""
    return sum(one.cost for one in found.price)


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_search_tells_plans_that_hold_each_better_than_the_last(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "KEEP_EVERY_S", 0.0)
    monkeypatch.setattr(beside, "KEEP_SHARE", 0)
    asked = job(name)

    found, told = told_by(asked)

    kept = [one for one in told if isinstance(one, Found)]
    assert kept
    costs = [cost(one) for one in (*kept, found)]
    assert costs == sorted(costs, reverse=True)
    assert [judge.violations(name, asked.problem, one.plan) for one in kept] == [[]] * len(kept)
    assert all(one.ended is Ended.STOPPED and one.before == found.before for one in kept)
    assert pickle.loads(pickle.dumps(told)) == told, "it goes from one process to another"  # noqa: S301


def test_plans_are_told_neither_too_often_nor_at_once() -> None:
    _, told = told_by(job("hearings"))

    assert [one for one in told if not isinstance(one, Progress)] == []


def test_a_search_goes_on_from_a_plan_and_never_gives_a_worse_one() -> None:
    first, _ = told_by(job("hearings"))
    stopped = search(job("hearings", start=first.plan), stop=lambda: True, progress=lambda _: None, limit_s=5)

    assert cost(stopped) <= cost(first)


def test_a_repair_of_hearings_moves_only_what_must_and_compromises_move_more_for_less() -> None:
    planned, _ = told_by(job("hearings", Manner.PLAN))
    asked = Job(name="hearings", manner=Manner.REPAIR, problem=PROBLEMS["hearings"][1](), in_force=planned.plan)

    repaired, _ = told_by(asked)
    assert (repaired.plan, moves("hearings", planned.plan, repaired.plan)) == (planned.plan, ())
    better, _ = told_by(Job(**vars(asked) | {"manner": Manner.BETTER}))
    costs = [sum(one.cost for one in each.price) for each in better.others] + [cost(better)]
    assert costs == sorted(costs, reverse=True)


def test_what_is_done_by_hand_is_not_searched() -> None:
    with pytest.raises(ValueError, match="by hand"):
        told_by(job("hearings", Manner.BY_HAND))


def test_a_solver_is_made_ready_as_any_job_is() -> None:
    ready("shares", stop=lambda: False, progress=lambda _: None)


@pytest.mark.parametrize(
    ("name", "before", "after", "moved"),
    [
        ("beds", {"placed": {"a": 1, "b": 2}}, {"placed": {"a": 1, "b": 3}}, [Move(item="b", before=2, after=3)]),
        ("shares", {"given": {"a": "x"}}, {"given": {"b": "x"}}, [("a", "x", None), ("b", None, "x")]),
        ("shares", {"given": {"a": "x"}}, {"given": {"a": "x"}}, []),
    ],
)
def test_what_moves_is_what_is_elsewhere(name: str, before: Any, after: Any, moved: list[Any]) -> None:
    plan = PROBLEMS[name][0].plan.Plan
    wanted = [one if isinstance(one, Move) else Move(item=one[0], before=one[1], after=one[2]) for one in moved]

    assert list(moves(name, plan(**before), plan(**after))) == wanted


def test_a_hearing_that_another_judge_holds_moves_too_and_a_visit_when_its_window_does() -> None:
    plan, sitting = hearings.plan.Plan, Sitting(judge_id=1, clerk_id=2, room_id=3)
    (moved,) = moves("hearings", plan(), plan(sittings={7: sitting}))
    assert moved == Move(item="hearing:7", before=None, after=sitting)

    planned = search(job("rounds"), stop=lambda: False, progress=lambda _: None, limit_s=0.1).plan
    assert {one.item for one in moves("rounds", nothing("rounds"), planned)} == set(planned.placed)
    assert isinstance(moves("rounds", planned, nothing("rounds"))[0].before, Appointment)
