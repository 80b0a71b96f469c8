"""Sittings alone as one CP-SAT model: as many hearings held as can be, work shared, and who sits already kept.

For when giving each hearing to whoever sat least leaves some empty, or the work uneven. Some thousand booleans for a
court of 1,500 cases; every one is hinted with the sittings that are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ortools.sat.python import cp_model

from optimizer.hearings.problem import VIDEO, Away, Bench, Hearing, Lock, Person, Problem, Role, Sitting

Var = Any  # ortools says IntVar, LinearExpr or bool by turns
NO_VIDEO = 1  # a hearing of a formation that needs video links, in a room without: the least of all


class StaffingModel:
    """The variables, hinted with known sittings, and how to read sittings back."""

    def __init__(self, problem: Problem, known: Mapping[int, Sitting]) -> None:
        self.problem, self.known = problem, known
        self.cp = cp_model.CpModel()
        self.costs: list[Var] = []
        self.free = [hearing for hearing in problem.hearings if hearing.decided is None]
        self.sits: dict[tuple[int, int], Var] = {}
        self.presides: dict[tuple[int, int], Var] = {}
        self.writes: dict[tuple[int, int], Var] = {}  # a clerk of the court, for a judge who has none
        self.accuses: dict[tuple[int, int], Var] = {}
        self.hosts: dict[tuple[int, int], Var] = {}
        # (kind of resource, its number) -> hearing -> the expressions that take it there
        self.taken: dict[tuple[str, int], dict[int, list[Var]]] = defaultdict(lambda: defaultdict(list))
        self._linked = {case.formation for case in problem.cases if case.video_to is not None}
        for hearing in problem.hearings:
            if hearing.decided is None:
                self._staff(hearing)
            else:
                self._decide(hearing, hearing.decided)
        self._nobody_twice()
        self._share()
        self.cp.minimize(sum(self.costs))

    def solved(self, solver: cp_model.CpSolver, listener: cp_model.CpSolverSolutionCallback | None = None) -> bool:
        """Solve; say whether there is something to read."""
        status = solver.solve(self.cp, listener)
        return bool(status in (cp_model.OPTIMAL, cp_model.FEASIBLE))

    def sittings(self, value: Any) -> dict[int, Sitting]:
        """Return the sittings that these values say; `value` gives the value of a variable."""
        found = {one.id: one.decided for one in self.problem.hearings if one.decided is not None}
        benches = {bench.judge_id: bench for bench in self.problem.benches}
        rooms, clerks = _chosen(self.hosts, value), _chosen(self.writes, value)
        presidents, prosecutors = _chosen(self.presides, value), _chosen(self.accuses, value)
        for hearing in self.free:
            if hearing.id not in presidents:
                continue
            president = presidents[hearing.id]
            judges = {judge for (one, judge), var in self.sits.items() if one == hearing.id and value(var)}
            own = benches[president].clerk_id
            found[hearing.id] = Sitting(
                judge_id=president,
                clerk_id=clerks[hearing.id] if own is None else own,
                room_id=rooms[hearing.id],
                panel=tuple(sorted(judges - {president})),
                prosecutor_id=prosecutors.get(hearing.id),
            )
        return found

    def _bool(self, hint: bool) -> Var:
        var = self.cp.new_bool_var("")
        self.cp.add_hint(var, hint)
        return var

    def _staff(self, hearing: Hearing) -> None:
        known = self.known.get(hearing.id)
        held = self._bool(known is not None)
        benches = [one for one in self.problem.benches if one.sits_in(hearing.formation) and _there(one, hearing)]
        for bench in benches:
            judge = (hearing.id, bench.judge_id)
            self.sits[judge] = self._bool(known is not None and bench.judge_id in known.judges)
            self.presides[judge] = self._bool(known is not None and bench.judge_id == known.judge_id)
            self.cp.add_implication(self.presides[judge], self.sits[judge])
            self.taken["person", bench.judge_id][hearing.id].append(self.sits[judge])
        self.cp.add(sum(self._all(self.sits, hearing, benches)) == hearing.judges * held)
        self.cp.add(sum(self._all(self.presides, hearing, benches)) == held)
        self._clerk(hearing, benches, known)
        self._room(hearing, known, held)
        if hearing.needs_prosecutor:
            people = self._choices(self.accuses, Role.PROSECUTOR, hearing, known.prosecutor_id if known else None)
            self.cp.add(sum(people) == held)
        self.costs.append(self.problem.weights.unstaffed * (1 - held))
        if hearing.sitting is not None and hearing.sitting_lock is Lock.MOVABLE:
            self._keep(hearing, hearing.sitting)

    def _clerk(self, hearing: Hearing, benches: list[Bench], known: Sitting | None) -> None:
        """Have the president's own clerk, or one of the court."""
        without = []
        for bench in benches:
            presides = self.presides[hearing.id, bench.judge_id]
            if bench.clerk_id is None:
                without.append(presides)
                continue
            own = self.problem.person_of.get(bench.clerk_id)
            if own is not None and not _there(own, hearing):
                self.cp.add(presides == 0)
            self.taken["person", bench.clerk_id][hearing.id].append(presides)
        if without:
            clerks = self._choices(self.writes, Role.CLERK, hearing, known.clerk_id if known else None)
            self.cp.add(sum(clerks) == sum(without))

    def _choices(
        self, variables: dict[tuple[int, int], Var], role: Role, hearing: Hearing, known: int | None
    ) -> list[Var]:
        people: list[Person] = [one for one in self.problem.having(role) if _there(one, hearing)]
        for person in people:
            var = variables[hearing.id, person.id] = self._bool(person.id == known)
            self.taken["person", person.id][hearing.id].append(var)
        return [variables[hearing.id, person.id] for person in people]

    def _room(self, hearing: Hearing, known: Sitting | None, held: Var) -> None:
        rooms = [room for room in self.problem.rooms if room.has(hearing.equipment) and _there(room, hearing)]
        films = bool(self._linked) and (hearing.formation is None or bool({None, hearing.formation} & self._linked))
        for room in rooms:
            var = self.hosts[hearing.id, room.id] = self._bool(known is not None and known.room_id == room.id)
            self.taken["room", room.id][hearing.id].append(var)
            if films and not room.has((VIDEO,)):
                self.costs.append(NO_VIDEO * var)
        self.cp.add(sum(self.hosts[hearing.id, room.id] for room in rooms) == held)

    def _keep(self, hearing: Hearing, now: Sitting) -> None:
        """Price a change of any of those who sit, or of the room, once."""
        wanted = [*(self.sits.get((hearing.id, one)) for one in now.judges), self.hosts.get((hearing.id, now.room_id))]
        kept = self._bool(self.known.get(hearing.id) == now)
        for var in wanted:
            self.cp.add(kept <= (0 if var is None else var))
        self.costs.append(self.problem.weights.restaffed * (1 - kept))

    def _decide(self, hearing: Hearing, sitting: Sitting) -> None:
        for person in sitting.people:
            self.taken["person", person][hearing.id].append(1)
        self.taken["room", sitting.room_id][hearing.id].append(1)

    def _nobody_twice(self) -> None:
        """Keep people and rooms from two hearings at the same time: those at work when each begins are one group."""
        for uses in self.taken.values():
            for hearing in self.free:
                group = [hearing.id, *self.problem.at_the_same_time[hearing.id]]
                begun = [
                    self.problem.hearing_of[one]
                    for one in group
                    if self.problem.hearing_of[one].period.start <= hearing.period.start
                ]
                variables = [var for one in begun for var in uses.get(one.id, ())]
                certain = [var for var in variables if isinstance(var, int)]
                if len(variables) > 1:
                    self.cp.add(sum(variables) <= max(len(certain), 1))

    def _share(self) -> None:
        """Price the distance between the judge who sits most and the one who sits least."""
        weights, hearings = self.problem.weights, self.problem.hearing_of
        for weight, in_minutes in ((weights.spread, False), (weights.spread_minute, True)):
            if not weight or not self.problem.benches:
                continue
            loads, hints = [], []
            for bench in self.problem.benches:
                given = bench.given_minutes if in_minutes else 0
                uses = self.taken["person", bench.judge_id]
                sizes = {one: hearings[one].max_minutes if in_minutes else 1 for one in uses}
                mine = [one for one, sitting in self.known.items() if bench.judge_id in sitting.judges]
                loads.append(given + sum(sizes[one] * sum(variables) for one, variables in uses.items()))
                hints.append(given + sum(hearings[one].max_minutes if in_minutes else 1 for one in mine))
            top = sum(one.max_minutes for one in hearings.values()) + max(hints) + len(hearings)
            most, least = (self.cp.new_int_var(0, top, "") for _ in range(2))
            self.cp.add_hint(most, max(hints))
            self.cp.add_hint(least, min(hints))
            for load in loads:
                self.cp.add(most >= load)
                self.cp.add(least <= load)
            self.costs.append(weight * (most - least))

    def _all(self, variables: dict[tuple[int, int], Var], hearing: Hearing, benches: Iterable[Bench]) -> list[Var]:
        return [variables[hearing.id, bench.judge_id] for bench in benches]


def _there(one: Away, hearing: Hearing) -> bool:
    return one.is_free(hearing.period)


def _chosen(variables: dict[tuple[int, int], Var], value: Any) -> dict[int, int]:
    return {hearing_id: one for (hearing_id, one), var in variables.items() if value(var)}
