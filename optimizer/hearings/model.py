"""The whole problem as one CP-SAT model: who sits where, and which case goes to which hearing.

Small enough to be solved whole (150 cases, 12 hearings: some 2,000 booleans). Every variable is hinted with the plan
that is known already: without a complete hint the solver starts over, and may end worse (measured).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ortools.sat.python import cp_model

from availability.periods import Period
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Bench, Case, Hearing, Problem, Room, Sitting
from optimizer.hearings.rules import bars, days_of_wait, days_overdue

Var = Any  # ortools says IntVar, LinearExpr or bool by turns
MOST_PAIRS = 6_000  # of a case and a hearing: beyond, a whole model is worse than staffing first (measured)


def takes(problem: Problem) -> bool:
    """Say whether the model knows all the rules of a problem, and is small enough to be of use."""
    weights = problem.weights
    return (
        len(problem.cases) * len(problem.hearings) <= MOST_PAIRS
        and all(bench.clerk_id is not None for bench in problem.benches)
        and all(one.judges == 1 and not one.needs_prosecutor and not one.overtime_minutes for one in problem.hearings)
        and all(one.sitting is None or one.decided is not None for one in problem.hearings)
        and all(case.video_to is None and case.hearing_id is None for case in problem.cases)
        and not (weights.spread_minute or (weights.lawyer and problem.lawyers))
    )


class Model:
    """The variables of a problem, hinted with a plan, and how to read a plan back."""

    def __init__(self, problem: Problem, known: Plan) -> None:
        self.problem = problem
        self.known = known
        self.cp = cp_model.CpModel()
        self.costs: list[Var] = []
        self.sits: dict[tuple[int, int], Var] = {}  # hearing, judge
        self.hosts: dict[tuple[int, int], Var] = {}  # hearing, room
        self.held: dict[int, Var] = {}
        self.goes: dict[tuple[UUID, int], Var] = {}  # case, hearing
        for hearing in problem.hearings:
            self._staff(hearing)
        self._nobody_twice()
        self._spread()
        for case in problem.cases:
            self._place(case)
        for hearing in problem.hearings:
            self._hold(hearing)
        self.cp.minimize(sum(self.costs))

    def plan(self, value: Any) -> Plan:
        """Return the plan that these values say; `value` gives the value of a variable."""
        benches = {bench.judge_id: bench for bench in self.problem.benches}
        sittings = {hearing.id: hearing.decided for hearing in self.problem.hearings if hearing.decided is not None}
        rooms = {hearing_id: room_id for (hearing_id, room_id), var in self.hosts.items() if value(var)}
        for (hearing_id, judge_id), var in self.sits.items():
            if value(var):
                bench = benches[judge_id]
                clerk_id = bench.clerk_id or 0  # each has their own: see `takes`
                sittings[hearing_id] = Sitting(judge_id=judge_id, clerk_id=clerk_id, room_id=rooms[hearing_id])
        placed = {case_id: hearing_id for (case_id, hearing_id), var in self.goes.items() if value(var)}
        return Plan(sittings=sittings, placed=placed)

    def _bool(self, hint: bool) -> Var:
        var = self.cp.new_bool_var("")
        self.cp.add_hint(var, hint)
        return var

    def _staff(self, hearing: Hearing) -> None:
        """Give the hearing one bench and one room, or none."""
        if hearing.decided is not None:
            self.held[hearing.id] = 1
            return
        known = self.known.sittings.get(hearing.id)
        held = self.held[hearing.id] = self._bool(known is not None)
        here, formation = hearing.period, hearing.formation
        benches = [bench for bench in self.problem.benches if bench.sits_in(formation) and self._can_sit(bench, here)]
        rooms = [room for room in self.problem.rooms if room.has(hearing.equipment) and room.is_free(here)]
        for bench in benches:
            self.sits[hearing.id, bench.judge_id] = self._bool(known is not None and known.judge_id == bench.judge_id)
        for room in rooms:
            self.hosts[hearing.id, room.id] = self._bool(known is not None and known.room_id == room.id)
        self.cp.add(sum(self.sits[hearing.id, bench.judge_id] for bench in benches) == held)
        self.cp.add(sum(self.hosts[hearing.id, room.id] for room in rooms) == held)
        self.costs.append(self.problem.weights.unstaffed * (1 - held))

    def _can_sit(self, bench: Bench, period: Period) -> bool:
        clerk = self.problem.person_of.get(bench.clerk_id or 0)
        return bench.is_free(period) and (clerk is None or clerk.is_free(period))

    def _nobody_twice(self) -> None:
        """Keep benches and rooms from two hearings at the same time."""
        for one, other in self.problem.overlaps:
            for bench in self.problem.benches:
                self._at_most_one(self._sits(one, bench), self._sits(other, bench))
            for room in self.problem.rooms:
                self._at_most_one(self._hosts(one, room), self._hosts(other, room))

    def _at_most_one(self, one: Var, other: Var) -> None:
        # Two that were decided before are what they are.
        if not (isinstance(one, int) and isinstance(other, int)):
            self.cp.add(one + other <= 1)

    def _sits(self, hearing: Hearing, bench: Bench) -> Var:
        if hearing.decided is not None:
            return int(bench.judge_id == hearing.decided.judge_id or bench.clerk_id == hearing.decided.clerk_id)
        return self.sits.get((hearing.id, bench.judge_id), 0)

    def _hosts(self, hearing: Hearing, room: Room) -> Var:
        if hearing.decided is not None:
            return int(hearing.decided.room_id == room.id)
        return self.hosts.get((hearing.id, room.id), 0)

    def _spread(self) -> None:
        """Price the distance between the judge who sits most and the one who sits least."""
        if not self.problem.benches:
            return
        known = [
            sum(sitting.judge_id == bench.judge_id for sitting in self.known.sittings.values())
            for bench in self.problem.benches
        ]
        most, least = (self.cp.new_int_var(0, len(self.problem.hearings), name) for name in ("most", "least"))
        self.cp.add_hint(most, max(known))
        self.cp.add_hint(least, min(known))
        for bench in self.problem.benches:
            sat = sum(self._judge(hearing, bench) for hearing in self.problem.hearings)
            self.cp.add(most >= sat)
            self.cp.add(least <= sat)
        self.costs.append(self.problem.weights.spread * (most - least))

    def _judge(self, hearing: Hearing, bench: Bench) -> Var:
        if hearing.decided is not None:
            return int(bench.judge_id == hearing.decided.judge_id)
        return self.sits.get((hearing.id, bench.judge_id), 0)

    def _place(self, case: Case) -> None:
        """Send the case to one hearing that may take it, or leave it waiting."""
        goes = []
        weights = self.problem.weights
        for hearing in self.problem.hearings:
            if not _may_take(self.problem, hearing, case):
                continue
            var = self._bool(self.known.placed.get(case.id) == hearing.id)
            self.goes[case.id, hearing.id] = var
            goes.append(var)
            each = weights.day * days_of_wait(case, hearing) + weights.overdue_day * days_overdue(case, hearing)
            self.costs.append(case.priority * each * var)
            for judge_id in case.refused_judges:
                if (hearing.id, judge_id) in self.sits:
                    self.cp.add_at_most_one(var, self.sits[hearing.id, judge_id])
        waits = self._bool(case.id not in self.known.placed)
        self.cp.add_exactly_one(waits, *goes)
        each = weights.unplaced + weights.late * self.problem.is_urgent(case)
        self.costs.append(case.priority * each * waits)

    def _hold(self, hearing: Hearing) -> None:
        """Keep the hearing within its cases, minutes and quotas; one that nobody holds takes nothing."""
        cases = [case for case in self.problem.cases if (case.id, hearing.id) in self.goes]
        here = [(case, self.goes[case.id, hearing.id]) for case in cases]
        if not here:
            return
        held, load = self.held[hearing.id], hearing.load
        self.cp.add(sum(var for _, var in here) <= (hearing.max_cases - load.cases) * held)
        self.cp.add(sum(case.minutes * var for case, var in here) <= (hearing.max_minutes - load.minutes) * held)
        for family, quota in hearing.quotas.items():
            of_family = [var for case, var in here if case.family.startswith(family)]
            if of_family:
                self.cp.add(sum(of_family) <= max(0, quota - load.of(family)))


def _may_take(problem: Problem, hearing: Hearing, case: Case) -> bool:
    """Say whether the case could be alone in the hearing, whoever sits unless that is decided."""
    barred = {bar.code for bar in bars(problem, case, hearing, hearing.decided)} - {"unstaffed"}
    return not barred and hearing.lacks(case, hearing.load) is None
