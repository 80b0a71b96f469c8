"""A few people placed again as well as can be, the others staying where they are: a mixed integer program (SCIP).

With the sex of each room and night as it is, its linear relaxation is nearly whole: hundreds of people at once. With
the sexes open, a hundred. Measured on 652 people and 98 rooms: one second, and a fifth of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING

from optimizer.beds.board import NOWHERE, Board
from optimizer.searching import Budget

if TYPE_CHECKING:
    from ortools.linear_solver import pywraplp  # type: ignore[attr-defined]

Options = tuple[int, list[tuple[int, int]]]  # a person, and their variables by number with the option of each

MOST_NODES = 20  # of the search tree: what is not found early costs more than it gives
DEAREST = 1_000_000  # what a refusal is at most: beyond, floating point costs more than it says
OPTIONS_A_UNIT = 40_000
ITERATIONS_A_UNIT = 6_000
POLL_S = 0.2
SPARE_S = 0.3  # to read what was found
# Cuts and trial branchings take more time than they spare here: half as long without most of them.
QUICK = "separating/maxroundsroot = 3\nbranching/relpscost/initcand = 5\nbranching/relpscost/sbiterquot = 0.1\n"


@dataclass(frozen=True, kw_only=True)
class Freed:
    """Who is placed again, where they may go (`margin` dearer than now at most), and whether sexes stay put."""

    people: tuple[int, ...]
    margin: float
    keeps_sexes: bool = False
    nodes: int = MOST_NODES


@dataclass(kw_only=True)
class _Model:
    solver: pywraplp.Solver
    board: Board
    meanwhile: Callable[[], bool]  # so that nobody waits long for news while the model is written
    chosen: list[tuple[pywraplp.Variable, int, int]] = field(default_factory=list)  # with a person and an option
    there: dict[tuple[int, int], tuple[list[int], list[int]]] = field(default_factory=dict)  # by room and night, by sex


def improve(board: Board, freed: Freed, budget: Budget, meanwhile: Callable[[], bool]) -> bool:
    """Place these people again, at no more than they cost now. Return True when nothing better exists for them.

    `meanwhile` is asked a few times a second whether to stop.
    """
    from ortools.linear_solver import pywraplp  # type: ignore[attr-defined] # heavy

    before = {index: board.option[index] for index in freed.people}
    cost_before = board.cost
    kept = _sexes(board) if freed.keeps_sexes else None
    for index in freed.people:
        if before[index] != NOWHERE:
            board.take(index)
    model = _Model(solver=pywraplp.Solver.CreateSolver("SCIP"), board=board, meanwhile=meanwhile)
    _columns(model, freed, before, kept)
    _beds(model)
    _kept_apart(model, freed)
    is_proved = _solve(model, freed.nodes, budget)
    found = _found(model) if is_proved is not None else None
    _put(board, before if found is None else found)
    if board.cost > cost_before:
        _put(board, before)
        return False
    return bool(is_proved)


def _put(board: Board, options: dict[int, int]) -> None:
    """Place people so, wherever they are."""
    wanted = [*board.option]
    for index, option in options.items():
        wanted[index] = option
    board.become(wanted)


def _sexes(board: Board) -> tuple[list[int], list[int]]:
    """Return the nights on which there is a man, and a woman, in each room of one sex a night."""
    nights = ([0] * len(board.members), [0] * len(board.members))
    for room, people in enumerate(board.members):
        if board.table.is_one_sex[room]:
            for index in people:
                nights[board.stays[index].sex][room] |= board.bits[index]
    return nights


def _columns(model: _Model, freed: Freed, before: dict[int, int], kept: tuple[list[int], list[int]] | None) -> None:
    """Make a variable of each place that somebody may have, and of their refusal: one is chosen."""
    solver, board = model.solver, model.board
    objective, hints = solver.Objective(), []
    for index in freed.people:
        model.meanwhile()
        stay, now = board.stays[index], before[index]
        one_each = solver.Constraint(1, 1)
        refused = solver.BoolVar("")
        objective.SetCoefficient(refused, min(stay.refusal, DEAREST * stay.request.priority))
        one_each.SetCoefficient(refused, 1)
        hints.append((refused, float(now == NOWHERE)))
        within = stay.within(freed.margin + (stay.costs[now] if now != NOWHERE else stay.costs[0]))
        for option in range(within):
            room, nights = stay.rooms[option], stay.nights[option]
            if kept is not None and option != now and nights & kept[1 - stay.sex][room]:
                continue
            if not board.is_free(index, option):
                continue
            variable = solver.BoolVar("")
            objective.SetCoefficient(variable, stay.costs[option])
            one_each.SetCoefficient(variable, 1)
            hints.append((variable, float(option == now)))
            _note(model, variable, index, option)
    objective.SetMinimization()
    solver.SetHint([variable for variable, _ in hints], [value for _, value in hints])


def _note(model: _Model, variable: pywraplp.Variable, index: int, option: int) -> None:
    stay, number = model.board.stays[index], len(model.chosen)
    model.chosen.append((variable, index, option))
    first = stay.starts[option]
    for night in range(first, first + stay.request.nights):
        model.there.setdefault((stay.rooms[option], night), ([], []))[stay.sex].append(number)


def _beds(model: _Model) -> None:
    """Keep as many people as beds in each room, of one sex where it must be. Nights alike make one rule."""
    solver, board = model.solver, model.board
    sexes: dict[tuple[tuple[int, ...], tuple[int, ...], int], None] = {}
    for (room, night), (men, women) in model.there.items():
        left = board.left(room, night)
        is_split = bool(men and women) and board.table.is_one_sex[room] and board.table.beds[room] > 1
        if is_split:
            sexes[tuple(men), tuple(women), left] = None
        elif len(men) + len(women) > left:
            sexes[tuple(men + women), (), left] = None
    for men_there, women_there, left in sexes:
        model.meanwhile()
        if not women_there:
            _at_most(model, men_there, left)
            continue
        of_women = solver.BoolVar("")  # the room is theirs on that night
        for numbers, coefficient, most in ((men_there, left, left), (women_there, -left, 0)):
            _at_most(model, numbers, most).SetCoefficient(of_women, coefficient)


def _at_most(model: _Model, numbers: Iterable[int], most: int) -> pywraplp.Constraint:
    constraint = model.solver.Constraint(-model.solver.infinity(), most)
    for number in numbers:
        constraint.SetCoefficient(model.chosen[number][0], 1)
    return constraint


def _kept_apart(model: _Model, freed: Freed) -> None:
    """Forbid two who are kept apart to be near each other on the same night."""
    board, people = model.board, set(freed.people)
    concerned = {
        (min(index, other), max(index, other), is_house)
        for index in freed.people
        for other, is_house in board.table.apart[index]
        if other in people
    }
    if not concerned:
        return
    options: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (_, index, option) in enumerate(model.chosen):
        options[index].append((number, option))
    for one, other, is_house in sorted(concerned):
        for numbers in _near(board, ((one, options[one]), (other, options[other])), is_house):
            _at_most(model, numbers, 1)


def _near(board: Board, pair: tuple[Options, Options], is_house: bool) -> Iterator[list[int]]:
    """Yield those options of two people of which one at most may be chosen, night by night."""
    at: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for side, (index, options) in enumerate(pair):
        stay = board.stays[index]
        for number, option in options:
            room = stay.rooms[option]
            place = board.table.house_of[room] if is_house else room
            first = stay.starts[option]
            for night in range(first, first + stay.request.nights):
                at.setdefault((place, night), ([], []))[side].append(number)
    yield from {tuple(my + their): my + their for my, their in at.values() if my and their}.values()


def _solve(model: _Model, nodes: int, budget: Budget) -> bool | None:
    """Solve, beside this thread. Return whether it is proved; None when nothing was found."""
    from ortools.linear_solver import pywraplp  # type: ignore[attr-defined]

    solver = model.solver
    solver.SetSolverSpecificParametersAsString(f"limits/nodes = {nodes}\n{QUICK}")
    if budget.limit_s is not None:
        solver.set_time_limit(max(int(1000 * (budget.seconds_left(most=3600) - SPARE_S)), 1))
    exactly = pywraplp.MPSolverParameters()
    exactly.SetDoubleParam(exactly.RELATIVE_MIP_GAP, 0.0)  # one ten-thousandth otherwise: much, beside a refusal
    ended: list[int] = []
    solving = Thread(target=lambda: ended.append(solver.Solve(exactly)), daemon=True)
    solving.start()
    while solving.is_alive():
        solving.join(POLL_S)
        if solving.is_alive() and model.meanwhile():
            solver.InterruptSolve()
    budget.work += len(model.chosen) / OPTIONS_A_UNIT + solver.iterations() / ITERATIONS_A_UNIT
    status = ended[0]
    if status not in (solver.OPTIMAL, solver.FEASIBLE):
        return None
    return bool(status == solver.OPTIMAL)


def _found(model: _Model) -> dict[int, int]:
    found = {index: NOWHERE for _, index, _ in model.chosen}
    for variable, index, option in model.chosen:
        if variable.solution_value() > 0.5:
            found[index] = option
    return found
