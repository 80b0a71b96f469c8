"""Judges any plan, wherever it comes from, without the solver: what it breaks, and what it costs rule by rule.

A stay that is frozen is what it is: what frozen stays break among themselves is not the plan's doing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Placement, Policy, Problem, Request, Room, Sex, until
from optimizer.beds.rules import barred, date_prices, is_closed, is_in_time, move_price, room_prices
from optimizer.searching import Price


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a plan breaks, by whom, and where."""

    rule: str
    request_id: str | None = None
    room_id: str | None = None
    night: date | None = None


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Return everything that the plan breaks; an empty list means that it can be applied as it stands."""
    known = {
        id: placement
        for id, placement in plan.placed.items()
        if id in problem.request_of
        and placement.room_id in problem.room_of
        and (date.max - placement.first_on).days >= problem.request_of[id].nights  # else it ends on no day at all
    }
    unknown = [Violation(rule="unknown", request_id=id) for id in plan.placed.keys() - known.keys()]
    return [*unknown, *_alone(problem, known), *_nights(problem, known), *_apart(problem, known)]


def price(problem: Problem, plan: Plan) -> tuple[Price, ...]:
    """Return what a plan costs, rule by rule: refusals first, then what costs most.

    What might cost is told when it costs nothing too, so that two plans are compared rule by rule.
    """
    refused = [request for request in problem.requests if request.id not in plan.placed]
    due = sum(request.priority for request in refused) * problem.refusal
    counts: dict[str, float] = defaultdict(float)
    costs: dict[str, float] = defaultdict(float)
    for id, placement in plan.placed.items():
        for line in placement_prices(problem, problem.request_of[id], placement):
            counts[line.rule] += line.count
            costs[line.rule] += line.cost
    told = {rule for rule, count in counts.items() if count} | set(_that_might_cost(problem))
    lines = [Price(rule=rule, count=counts[rule], cost=costs[rule]) for rule in told]
    return Price(rule="refused", count=len(refused), cost=due), *sorted(lines, key=lambda one: (-one.cost, one.rule))


def _that_might_cost(problem: Problem) -> Iterator[str]:
    """Yield the rules by which plans of a problem may differ whoever the rooms are: dates, ways and moves."""
    for request in problem.requests:
        if request.lock is not Lock.FROZEN:
            if request.slack_days:
                yield "waited"
            if request.work is not None:
                yield "travel"
            if request.present is not None:
                yield move_price(problem, request)[0]


def placement_prices(problem: Problem, request: Request, placement: Placement) -> Iterator[Price]:
    """Yield what one placement costs, rule by rule."""
    of_the_room = room_prices(problem, request, problem.room_of[placement.room_id])
    for rule, count, weight in (*of_the_room, *date_prices(problem, request, placement)):
        yield Price(rule=rule, count=count, cost=count * weight)


def _alone(problem: Problem, placed: dict[str, Placement]) -> Iterator[Violation]:
    """Yield what placements break whoever else is there."""
    for request in problem.requests:
        placement = placed.get(request.id)
        if request.lock is Lock.FROZEN:
            if placement != request.present:
                yield Violation(rule="frozen", request_id=request.id)
        elif placement is not None:
            room = problem.room_of[placement.room_id]
            broken = list(barred(problem, request, room))
            broken += [] if is_in_time(request, placement) else ["dates"]
            broken += ["closed"] if is_closed(request, room, placement) else []
            for rule in broken:
                yield Violation(rule=rule, request_id=request.id, room_id=room.id)


def _nights(problem: Problem, placed: dict[str, Placement]) -> Iterator[Violation]:
    """Yield the nights on which a room has more people than beds, or two sexes."""
    there: dict[tuple[str, date], list[Request]] = defaultdict(list)
    for id, placement in placed.items():
        request = problem.request_of[id]
        for passed in range(request.nights):
            there[placement.room_id, placement.first_on + timedelta(days=passed)].append(request)
    for (room_id, night), people in sorted(there.items()):
        if all(request.lock is Lock.FROZEN for request in people):
            continue
        for rule in _broken_by(problem.room_of[room_id], people):
            yield Violation(rule=rule, room_id=room_id, night=night)


def _broken_by(room: Room, people: list[Request]) -> Iterator[str]:
    if len(people) > room.beds:
        yield "full"
    if room.policy is Policy.ONE_SEX and {request.sex for request in people} == {Sex.MEN, Sex.WOMEN}:
        yield "other-sex"


def _apart(problem: Problem, placed: dict[str, Placement]) -> Iterator[Violation]:
    """Yield those who sleep, on a night, in the room or in the establishment of somebody they are kept from."""
    for id, (of_room, of_house) in problem.apart.items():
        mine, me = placed.get(id), problem.request_of[id]
        for other_id in sorted(of_room | of_house):
            theirs, other = placed.get(other_id), problem.request_of[other_id]
            if mine is None or theirs is None or (me.lock is other.lock is Lock.FROZEN):
                continue
            if mine.first_on < until(other, theirs) and theirs.first_on < until(me, mine):
                here, there = (problem.room_of[one.room_id] for one in (mine, theirs))
                if other_id in of_room and here.id == there.id:
                    yield Violation(rule="apart-room", request_id=id, room_id=here.id)
                if other_id in of_house and here.establishment_id == there.establishment_id:
                    yield Violation(rule="apart-establishment", request_id=id, room_id=here.id)
