"""The cases and hearings of one problem as numbers, and where each case is: what the quick searches move.

What a hearing has room for is a set of counters: its cases, each of its quotas, its video slots, and the slots of each
far end that day. A case takes one of each counter that concerns it, besides its minutes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from optimizer.hearings.admissible import Barred, numbers_in
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, Hearing, Lock, Problem, Sitting
from optimizer.hearings.rules import Tally

OUT = -1  # without a place


@dataclass(frozen=True, kw_only=True)
class Tax:
    """What each case pays that is not where a plan has it, twice as much when its people were told.

    No more than `most` leave a place that they could keep, and none of these for no place at all.
    """

    placed: Mapping[UUID, int]
    each: int
    most: int

    def of(self, case: Case) -> int:
        """Return what a case pays elsewhere; one that had no place pays nothing."""
        return self.each * (1 + case.is_told) if case.id in self.placed else 0


class Board:
    """Costs, room and places. `at[case]` is a hearing or `OUT`; cases that may not move only take their room."""

    def __init__(
        self, problem: Problem, plan: Plan, *, only: Collection[UUID] | None = None, tax: Tax | None = None
    ) -> None:
        """Read a valid plan; with `only`, the other cases stay where they are."""
        self._tax = tax
        self.problem = problem
        self.sittings: Mapping[int, Sitting] = plan.sittings
        self.barred = Barred(problem, plan.sittings)
        self.hearings = problem.hearings
        self.cases = [one for one in problem.cases if one.lock is not Lock.FROZEN and (only is None or one.id in only)]
        movable = {case.id for case in self.cases}
        self.kept = {one: where for one, where in plan.placed.items() if one not in movable}
        tally = Tally(problem, Plan(placed=self.kept))
        self._read_room(tally)
        self._read_cases()
        self._read_lawyers()
        self.at = [OUT] * len(self.cases)
        self.members: list[list[int]] = [[] for _ in self.hearings]
        for number, case in enumerate(self.cases):
            if case.id in plan.placed:
                self.put(number, self.barred.place[plan.placed[case.id]])

    def _read_room(self, tally: Tally) -> None:
        loads = [tally.loads[hearing.id] for hearing in self.hearings]
        self.soft = [
            max(hearing.max_minutes - load.minutes, 0) for hearing, load in zip(self.hearings, loads, strict=True)
        ]
        self.hard = [
            max(hearing.max_minutes + hearing.overtime_minutes - load.minutes, 0)
            for hearing, load in zip(self.hearings, loads, strict=True)
        ]
        # What is kept beyond the minutes of a hearing costs already, and what is more there costs from its first.
        self.used = [0] * len(self.hearings)
        self.left = [hearing.max_cases - load.cases for hearing, load in zip(self.hearings, loads, strict=True)]
        self._tally = tally
        self._counters: dict[tuple[object, ...], int] = {}
        self._needs: dict[tuple[str, int | None], list[tuple[int, ...]]] = {}

    def _read_cases(self) -> None:
        weights = self.problem.weights
        self.minutes = [case.minutes for case in self.cases]
        self.cost: list[dict[int, int]] = []
        self.out = []
        self.needs: list[Sequence[tuple[int, ...]] | Mapping[int, tuple[int, ...]]] = [
            self._needs_of(case) for case in self.cases
        ]
        days = [hearing.day.toordinal() for hearing in self.hearings]
        for case in self.cases:
            ready = case.ready_on.toordinal()
            costs = {
                one: case.priority * weights.day * (days[one] - ready) for one in numbers_in(self.barred.open(case))
            }
            if weights.overdue_day and case.due_on is not None:
                due, each = case.due_on.toordinal(), case.priority * weights.overdue_day
                for one in costs:
                    if days[one] > due:
                        costs[one] += each * (days[one] - due)
            if case.lock is Lock.MOVABLE:
                here = self.barred.place.get(case.hearing_id or 0)
                for one in costs:
                    if one != here:
                        costs[one] += weights.moved + weights.told * case.is_told
            costs_out = case.priority * (weights.unplaced + weights.late * self.problem.is_urgent(case))
            if self._tax is not None and (tax := self._tax.of(case)):
                here = self.barred.place.get(self._tax.placed[case.id])
                for one in costs:
                    if one != here:
                        costs[one] += tax
                costs_out += tax
            self.cost.append(costs)
            self.out.append(costs_out)
        self.stays = [False] * len(self.cases)
        if self._tax is not None:
            self._limit_moves(self._tax)

    def _limit_moves(self, tax: Tax) -> None:
        """Have each case that leaves a place that it could keep take one of a counter of its own."""
        counter = self._counter(("moves",), tax.most)
        for number, case in enumerate(self.cases):
            home = self.barred.place.get(tax.placed.get(case.id, 0))
            if home in self.cost[number]:
                self.stays[number] = True
                needs = self.needs[number]
                self.needs[number] = {one: (*needs[one], *([counter] * (one != home))) for one in self.cost[number]}

    def _read_lawyers(self) -> None:
        """Number the lawyers who have several cases, and count where those that are kept come already."""
        wanted = self.problem.lawyers if self.problem.weights.lawyer else frozenset()
        numbers = {one: number for number, one in enumerate(sorted(wanted))}
        self.each_coming = self.problem.weights.lawyer
        self.lawyers = [tuple(sorted(numbers[one] for one in case.people & wanted)) for case in self.cases]
        self.come = [0] * (len(numbers) * len(self.hearings))
        for case_id, hearing_id in self.kept.items():
            for one in self.problem.case_of[case_id].people & wanted:
                self.come[numbers[one] * len(self.hearings) + self.barred.place[hearing_id]] += 1
        self.fixed = self.each_coming * sum(one > 0 for one in self.come)  # what no move changes

    def _needs_of(self, case: Case) -> list[tuple[int, ...]]:
        kind = (case.family, case.video_to)
        if kind not in self._needs:
            self._needs[kind] = [
                (number, *self._counters_of(case, hearing)) for number, hearing in enumerate(self.hearings)
            ]
        return self._needs[kind]

    def _counters_of(self, case: Case, hearing: Hearing) -> list[int]:
        load = self._tally.loads[hearing.id]
        found = [
            self._counter((hearing.id, "quota", family), quota - load.of(family))
            for family, quota in hearing.quotas.items()
            if case.family.startswith(family)
        ]
        if case.video_to is not None:
            if hearing.video_slots is not None:
                found.append(self._counter((hearing.id, "video"), hearing.video_slots - load.links))
            most = self.problem.far_end_of[case.video_to].day_slots
            if most is not None:
                shown = self._tally.links[case.video_to, hearing.day]
                found.append(self._counter((case.video_to, hearing.day), most - shown))
        return found

    def _counter(self, key: tuple[object, ...], room: int) -> int:
        if key not in self._counters:
            self._counters[key] = len(self.left)
            self.left.append(room)
        return self._counters[key]

    # --- moves ---

    def fits(self, case: int, hearing: int) -> bool:
        """Say whether a hearing that could take the case has room for it now."""
        left = self.left
        return self.used[hearing] + self.minutes[case] <= self.hard[hearing] and all(
            left[one] > 0 for one in self.needs[case][hearing]
        )

    def put(self, case: int, hearing: int) -> None:
        """Put a case that is out into a hearing, or leave it out."""
        if hearing == OUT:
            return
        self.at[case] = hearing
        self.members[hearing].append(case)
        self.used[hearing] += self.minutes[case]
        for one in self.needs[case][hearing]:
            self.left[one] -= 1
        for lawyer in self.lawyers[case]:
            self.come[lawyer * len(self.hearings) + hearing] += 1

    def take(self, case: int) -> None:
        """Take a case out of its hearing, if it is in one."""
        hearing = self.at[case]
        if hearing == OUT:
            return
        self.at[case] = OUT
        self.members[hearing].remove(case)
        self.used[hearing] -= self.minutes[case]
        for one in self.needs[case][hearing]:
            self.left[one] += 1
        for lawyer in self.lawyers[case]:
            self.come[lawyer * len(self.hearings) + hearing] -= 1

    def added_cost(self, case: int, hearing: int) -> int:
        """Return what the plan costs more once the case, which is out, is in a hearing."""
        beyond = max(self.used[hearing] + self.minutes[case] - self.soft[hearing], 0)
        beyond -= max(self.used[hearing] - self.soft[hearing], 0)
        come = sum(not self.come[one * len(self.hearings) + hearing] for one in self.lawyers[case])
        added = self.cost[case][hearing] + self.each_coming * come + self.problem.weights.overtime * beyond
        return added - self.out[case]

    @property
    def total(self) -> int:
        """Return what the places of the cases that move cost; what is kept and what cannot change is left out."""
        places = sum(
            self.out[case] if hearing == OUT else self.cost[case][hearing] for case, hearing in enumerate(self.at)
        )
        beyond = sum(max(used - soft, 0) for used, soft in zip(self.used, self.soft, strict=True))
        comings = sum(one > 0 for one in self.come)
        return places + self.problem.weights.overtime * beyond + self.each_coming * comings

    def plan(self, at: list[int] | None = None) -> Plan:
        """Return the plan that these places make, the present ones unless others are given."""
        placed = dict(self.kept)
        for case, hearing in zip(self.cases, at or self.at, strict=True):
            if hearing != OUT:
                placed[case.id] = self.hearings[hearing].id
        return Plan(sittings=self.sittings, placed=placed)
