"""A week of a proposal says, by room and by judge, what is new in each hearing, and what a phone lists day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from booking.pages.plan_calendar_words import PlanWeek, week_of
from booking.plans.hearings import HearingLine
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Hearing, Lock, Problem, Sitting
from tests.optimizer.hearings.court import MONDAY, case, hearing, problem

NAMES = {1: "Anna Exemple", 2: "Bruno Fictif", 11: "Greffe 1", 12: "Greffe 2", 21: "Salle 3", 22: "Salle 5"}
ANNA, BRUNO = Sitting(judge_id=1, clerk_id=11, room_id=21), Sitting(judge_id=2, clerk_id=12, room_id=22)


def lines(of: Problem) -> list[HearingLine]:
    """Return the hearings with their names."""
    return [HearingLine(hearing=one, name=f"Audience {one.id}", time_zone="UTC") for one in of.hearings]


def shown(of: Problem, in_force: Plan, plan: Plan, view: str = "salle") -> PlanWeek:
    """Return the first week in which something changes."""
    return week_of(of, in_force, plan, lines(of), NAMES, view=view)


@pytest.fixture
def court() -> tuple[Problem, tuple[Hearing, Hearing, Hearing]]:
    """Three hearings, the second of the next week; a case in the first one, and another that waits."""
    first, second, third = hearing(0, sitting=ANNA), hearing(7), hearing(8)
    placed = case(hearing_id=first.id, lock=Lock.MOVABLE)
    return problem([first, second, third], [placed, case()]), (first, second, third)


def test_the_first_week_shown_is_the_first_that_changes_and_the_others_are_a_click_away(
    court: tuple[Problem, tuple[Hearing, Hearing, Hearing]],
) -> None:
    of, (first, second, _) = court
    in_force = Plan(sittings={first.id: ANNA}, placed={of.cases[0].id: first.id})
    plan = Plan(sittings={first.id: ANNA, second.id: BRUNO}, placed={one.id: first.id for one in of.cases[:1]})

    week = shown(of, in_force, plan)

    assert week.monday == (MONDAY + timedelta(days=7)).isoformat()
    assert (week.before, week.after) == (MONDAY.isoformat(), "")
    assert [lane.label for lane in week.lanes] == ["Salle 5", "Sans salle"]
    assert [len(one.blocks) for one in week.days] == [1, 1, 0, 0, 0]
    assert week.days[0].blocks[0].word == "confiée"


def test_a_case_that_moves_leaves_one_hearing_and_comes_to_another(
    court: tuple[Problem, tuple[Hearing, Hearing, Hearing]],
) -> None:
    of, (first, second, _) = court
    placed, waiting = (one.id for one in sorted(of.cases, key=lambda one: one.hearing_id is None))
    in_force = Plan(sittings={first.id: ANNA}, placed={placed: first.id})
    plan = Plan(sittings={first.id: BRUNO, second.id: ANNA}, placed={placed: second.id, waiting: second.id})

    left = shown(of, in_force, plan).days[0].blocks[0]
    came = week_of(of, in_force, plan, lines(of), NAMES, monday=second.day).days[0].blocks[0]

    assert (left.word, left.change, left.gauges[0].percent, left.gauges[0].after) == (
        "confiée à d’autres",
        "1\u00a0affaire en part",
        0,
        10,
    )
    assert came.change == "2\u00a0affaires de plus"


def test_a_panel_is_in_the_lane_of_each_of_its_judges(
    court: tuple[Problem, tuple[Hearing, Hearing, Hearing]],
) -> None:
    of, (first, _, _) = court
    both = replace(ANNA, panel=(2,))

    week = shown(of, Plan(), Plan(sittings={first.id: both}), view="juge")

    assert [lane.label for lane in week.lanes] == ["Anna Exemple", "Bruno Fictif"]
    assert all(lane.cells[0].blocks[0].who == "Salle 3" for lane in week.lanes)


def test_an_older_plan_and_a_court_without_hearings_are_shown_too(
    court: tuple[Problem, tuple[Hearing, Hearing, Hearing]],
) -> None:
    of, (first, _, _) = court
    gone = Plan(sittings={9_999: ANNA, first.id: ANNA}, placed={case().id: 9_999})

    assert shown(of, Plan(sittings={first.id: ANNA}), gone).lanes[0].label == "Salle 3"
    assert shown(problem([], []), Plan(), Plan()).summary == "Aucune audience sur cette période."
