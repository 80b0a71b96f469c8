"""Who sleeps where when an establishment closes: as many as can be, then as near as can be. Frozen and pure.

Two people may be given one bed for nights that do not meet. The solver is exact at this size; same seed, same answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

    Choices = Mapping[tuple[UUID, int], tuple[cp_model.IntVar, float]]

WORK = 5.0  # what the solver may do, whatever the clock says: seconds of a usual machine
TENTHS = 10  # of a kilometre: whole numbers
FARTHEST_KM = 10_000.0  # where nothing says how far


@dataclass(frozen=True)
class Guest:
    """Somebody who needs a bed for the nights `[first, until)`, and how far each bed that suits is, in km."""

    id: UUID
    first: date
    until: date
    beds: Mapping[int, float]

    def nearest(self, most: int) -> dict[int, float]:
        """Return the nearest beds, that many at most."""
        kept = sorted(self.beds.items(), key=lambda bed: (bed[1], bed[0]))[:most]
        return {bed: min(distance, FARTHEST_KM) for bed, distance in kept}


def assign(guests: Sequence[Guest], *, seed: int = 0) -> dict[UUID, int]:
    """Return the bed of each guest who can have one: the most guests, then the least distance over all.

    The others are left out. As many beds a guest as there are guests are looked at, the nearest: others, each in one
    bed on any night, cannot take them all.
    """
    from ortools.sat.python import cp_model  # heavy, and seldom needed

    model = cp_model.CpModel()
    choices = {
        (guest.id, bed): (model.new_bool_var(""), distance)
        for guest in guests
        for bed, distance in guest.nearest(len(guests)).items()
    }
    _one_bed_each(model, guests, choices)
    _one_guest_a_night(model, guests, choices)
    costs = {key: round(distance * TENTHS) for key, (_, distance) in choices.items()}
    placed = 1 + sum(sorted(costs.values(), reverse=True)[: len(guests)])  # worth more than any distance
    model.maximize(sum((placed - costs[key]) * chosen for key, (chosen, _) in choices.items()))
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = WORK
    if not choices or solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return {}
    return {guest: bed for (guest, bed), (chosen, _) in choices.items() if solver.value(chosen)}


def _one_bed_each(model: cp_model.CpModel, guests: Sequence[Guest], choices: Choices) -> None:
    for guest in guests:
        model.add_at_most_one(chosen for (number, _), (chosen, _) in choices.items() if number == guest.id)


def _one_guest_a_night(model: cp_model.CpModel, guests: Sequence[Guest], choices: Choices) -> None:
    """Forbid a bed to two on a night: those who meet are all there on the first night of one of them."""
    wanting: dict[int, list[Guest]] = defaultdict(list)
    of_id = {guest.id: guest for guest in guests}
    for number, bed in choices:
        wanting[bed].append(of_id[number])
    for bed, them in wanting.items():
        for night in {guest.first for guest in them}:
            model.add_at_most_one(choices[one.id, bed][0] for one in them if one.first <= night < one.until)
