"""Plans made in milliseconds: what remains of an earlier plan, then each case, most urgent first, to the first hearing.

They are what the solver starts from, and what is proposed when it is stopped at once.
"""

from __future__ import annotations

from collections import Counter

from optimizer.hearings.check import why_not
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Bench, Hearing, Problem, Room, Sitting


def still_valid(problem: Problem, plan: Plan) -> Plan:
    """Return what of a plan holds for this problem: decided sittings first, then its own, then its cases in order."""
    sittings = {hearing.id: hearing.sitting for hearing in problem.hearings if hearing.sitting is not None}
    benches = {(bench.judge_id, bench.clerk_id): bench for bench in problem.benches}
    rooms = {room.id: room for room in problem.rooms}
    for hearing in problem.hearings:
        wanted = plan.sittings.get(hearing.id)
        if wanted is None or hearing.id in sittings:
            continue
        bench, room = benches.get((wanted.judge_id, wanted.clerk_id)), rooms.get(wanted.room_id)
        taken = _at_the_same_time(problem, hearing, sittings)
        if bench and room and _can_sit(hearing, bench, taken) and _can_host(hearing, room, taken):
            sittings[hearing.id] = wanted
    return _filled(problem, Plan(sittings=sittings), first=plan)


def staffed(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with a sitting for each hearing that can have one: the bench that sat least, the first room."""
    sittings = dict(plan.sittings)
    for hearing in problem.hearings:
        if hearing.id in sittings:
            continue
        taken = _at_the_same_time(problem, hearing, sittings)
        held = Counter(sitting.judge_id for sitting in sittings.values())
        free = [bench for bench in problem.benches if _can_sit(hearing, bench, taken)]
        rooms = [room for room in problem.rooms if _can_host(hearing, room, taken)]
        if free and rooms:
            bench = min(free, key=lambda one: (held[one.judge_id], one.judge_id))
            sittings[hearing.id] = Sitting(judge_id=bench.judge_id, clerk_id=bench.clerk_id, room_id=rooms[0].id)
    return Plan(sittings=sittings, placed=plan.placed)


def filled(problem: Problem, plan: Plan) -> Plan:
    """Return the plan with every waiting case that a held hearing can take: earliest deadline to earliest hearing."""
    return _filled(problem, plan, first=plan)


def _filled(problem: Problem, plan: Plan, *, first: Plan) -> Plan:
    """Fill the sittings of `plan`: cases where `first` has them when they fit there, then the others."""
    loads = {hearing.id: hearing.load for hearing in problem.hearings}
    placed = {}
    hearings = problem.hearings
    for case in problem.cases:
        wanted = problem.hearing_of.get(first.placed.get(case.id, 0))
        if wanted and why_not(case, wanted, plan.sittings.get(wanted.id), loads[wanted.id]) is None:
            placed[case.id], loads[wanted.id] = wanted.id, loads[wanted.id].plus(case)
    for case in problem.cases:
        if case.id in placed:
            continue
        for hearing in hearings:
            if why_not(case, hearing, plan.sittings.get(hearing.id), loads[hearing.id]) is None:
                placed[case.id], loads[hearing.id] = hearing.id, loads[hearing.id].plus(case)
                break
    return Plan(sittings=plan.sittings, placed=placed)


def _at_the_same_time(problem: Problem, hearing: Hearing, sittings: dict[int, Sitting]) -> list[Sitting]:
    return [
        sittings[other.id]
        for other in problem.hearings
        if other.id != hearing.id and other.id in sittings and other.period.overlaps(hearing.period)
    ]


def _can_sit(hearing: Hearing, bench: Bench, taken: list[Sitting]) -> bool:
    busy = {sitting.judge_id for sitting in taken} | {sitting.clerk_id for sitting in taken}
    return bench.is_free(hearing.period) and busy.isdisjoint((bench.judge_id, bench.clerk_id))


def _can_host(hearing: Hearing, room: Room, taken: list[Sitting]) -> bool:
    return room.is_free(hearing.period) and all(sitting.room_id != room.id for sitting in taken)
