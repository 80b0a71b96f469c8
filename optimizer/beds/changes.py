"""The smallest change that would give somebody a bed: later, a person moved, a bed more, a rule waived in a room.

What the weights price is priced by them. A bed more costs a refusal, a rule waived another: dearer than what anybody
here can decide alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from optimizer.beds.check import placement_prices
from optimizer.beds.plan import Plan
from optimizer.beds.problem import DAY_MIN, Ages, Establishment, Lock, Placement, Policy, Problem, Request, Room
from optimizer.beds.rules import RULES
from optimizer.beds.scene import Scene, days_of

ROOMS_TRIED = 60  # for a person to move out of them: the least dear
MOVES_TRIED = 15


class Kind(StrEnum):
    """What changes."""

    NOTHING = "nothing"  # a place is free
    LATER = "later"
    MOVE = "move"
    BED = "bed"
    WAIVE = "waive"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would place somebody there. `effort` ranks changes: less is smaller.

    The stay begins `days` after the latest first night: LATER, and where nothing less is enough. MOVE: `moved_id` goes
    to `moved_to`. BED: one more in the room. WAIVE: the room does not apply `rules` to this person.
    """

    kind: Kind
    request_id: str
    placement: Placement
    effort: float
    days: int = 0
    moved_id: str | None = None
    moved_to: Placement | None = None
    rules: tuple[str, ...] = ()


def smallest_changes(scene: Scene, id: str) -> tuple[Change, ...]:
    """Return the smallest change of each kind that would place somebody, the smallest first."""
    request = scene.problem.request_of[id]
    ways = (_nothing, _later, _move, _bed, _waive)
    found = (min(way(scene, request), key=_rank, default=None) for way in ways)
    return tuple(sorted((change for change in found if change is not None), key=_rank))


def applied(problem: Problem, plan: Plan, change: Change) -> tuple[Problem, Plan]:
    """Return the problem and the plan once a change is made: the person has a bed, and nothing new is broken."""
    placed = {**plan.placed, change.request_id: change.placement}
    if change.moved_id is not None and change.moved_to is not None:
        placed[change.moved_id] = change.moved_to
    if change.days:
        problem = _with_latest(problem, change.request_id, change.placement.first_on)
    if change.kind is Kind.BED:
        room = problem.room_of[change.placement.room_id]
        problem = _with_room(problem, replace(room, beds=room.beds + 1))
    for rule in change.rules:
        problem = waived(problem, change.request_id, rule, change.placement.room_id)
    return problem, Plan(placed=placed)


def waived(problem: Problem, id: str, rule: str, room_id: str) -> Problem:
    """Return the problem where a room does not apply one of the rules of rooms to somebody."""
    request, room = problem.request_of[id], problem.room_of[room_id]
    house = problem.establishment_of[room.establishment_id]
    if rule == "age":
        problem = _with_house(problem, replace(house, ages=Ages()))
    if rule == "hours":
        problem = _with_house(problem, replace(house, opens_min=0, closes_min=DAY_MIN))
    is_known = request.work is not None and house.id in request.work.travel_minutes
    if request.work is not None and rule in ("reach", "hours") and is_known is (rule == "hours"):
        near = replace(request.work, travel_minutes={**request.work.travel_minutes, house.id: 0})
        problem = _with_request(problem, replace(request, work=near))
    rooms = {
        "sex": replace(room, policy=Policy.ONE_SEX),
        "age": replace(room, ages=Ages()),
        "regime": replace(room, regimes=None),
        "accessible": replace(room, is_accessible=True),
        "equipment": replace(room, equipment=room.equipment | request.equipment_required),
    }
    return _with_room(problem, rooms.get(rule, room))


def _nothing(scene: Scene, request: Request) -> Iterator[Change]:
    for room in scene.problem.rooms:
        yield from _first(scene, request, room, _draft(request, room, Kind.NOTHING))


def _later(scene: Scene, request: Request) -> Iterator[Change]:
    """Yield the first night that each room has free after the dates asked for."""
    for room in scene.problem.rooms:
        yield from _after(scene, request, room, _draft(request, room, Kind.LATER))


def _bed(scene: Scene, request: Request) -> Iterator[Change]:
    """Yield the places that one more bed in a room would give."""
    for room in scene.problem.rooms:
        draft = _draft(request, room, Kind.BED, effort=scene.problem.refusal)
        yield from _first(scene, request, replace(room, beds=room.beds + 1), draft)


def _waive(scene: Scene, request: Request) -> Iterator[Change]:
    """Yield the rooms that would take somebody if they did not apply some of their rules to them."""
    for room in scene.problem.rooms:
        rules = scene.barred(request, room)
        if rules:
            effort = scene.problem.refusal * (1 + len(rules))
            draft = replace(_draft(request, room, Kind.WAIVE, effort=effort), rules=rules)
            found = [*_first(scene, request, room, draft)]
            yield from found or _after(scene, request, room, draft)


def _move(scene: Scene, request: Request) -> Iterator[Change]:
    """Yield the places that one person leaves for another place of theirs, in the least dear rooms."""
    rooms = [room for room in scene.problem.rooms if not scene.barred(request, room)]
    rooms.sort(key=lambda room: (_cost(scene, request, _asked(request, room)), room.id))
    tried = 0
    for room in rooms[:ROOMS_TRIED]:
        for other_id in _in_the_way(scene, request, room):
            day = days_of(scene.free(request, room, RULES, frozenset({other_id})))
            if day and tried < MOVES_TRIED:
                tried += 1
                yield from _moved(scene, request, scene.at(room, day[0]), scene.problem.request_of[other_id])


def _in_the_way(scene: Scene, request: Request, room: Room) -> Iterator[str]:
    """Yield those who may be moved of a room, or of what somebody is kept from, on nights that could be asked for."""
    nights = scene.window(request) << request.nights | scene.window(request)
    span = (1 << nights.bit_length()) - (nights & -nights)
    of_room, of_house = scene.problem.apart.get(request.id, (frozenset(), frozenset()))
    for id in dict.fromkeys((*scene.there[room.id], *sorted((of_room | of_house) & scene.placed.keys()))):
        is_frozen = scene.problem.request_of[id].lock is Lock.FROZEN
        if id != request.id and not is_frozen and scene.nights(id) & span:
            yield id


def _moved(scene: Scene, request: Request, placement: Placement, other: Request) -> Iterator[Change]:
    """Yield where another person could go, once somebody is where that one hindered them."""
    problem = scene.problem
    room = problem.room_of[placement.room_id]
    of_house = problem.apart.get(other.id, (frozenset(), frozenset()))[1]
    now = _cost(scene, other, scene.placed[other.id])
    for to in problem.rooms:
        is_near = request.id in of_house and to.establishment_id == room.establishment_id
        if to.id == room.id or is_near:
            continue
        for day in days_of(scene.free(other, to, RULES))[:1]:
            moved_to = scene.at(to, day)
            yield Change(
                kind=Kind.MOVE,
                request_id=request.id,
                placement=placement,
                effort=_cost(scene, request, placement) + _cost(scene, other, moved_to) - now,
                moved_id=other.id,
                moved_to=moved_to,
            )


def _first(scene: Scene, request: Request, room: Room, change: Change) -> Iterator[Change]:
    """Yield a change with the first place that it makes free in a room."""
    rules = tuple(rule for rule in RULES if rule not in change.rules)
    for day in days_of(scene.free(request, room, rules))[:1]:
        placement = scene.at(room, day)
        yield replace(change, placement=placement, effort=change.effort + _cost(scene, request, placement))


def _after(scene: Scene, request: Request, room: Room, change: Change) -> Iterator[Change]:
    """Yield a change with the first place that it makes free in a room after the dates asked for."""
    rules = tuple(rule for rule in RULES if rule not in change.rules and rule != "dates")
    last = scene.day(request.latest_on)
    for day in days_of(scene.free(request, room, rules) >> (last + 1) << (last + 1))[:1]:
        placement = scene.at(room, day)
        effort = change.effort + _cost(scene, request, placement)
        yield replace(change, placement=placement, effort=effort, days=day - last)


def _draft(request: Request, room: Room, kind: Kind, *, effort: float = 0) -> Change:
    return Change(kind=kind, request_id=request.id, placement=_asked(request, room), effort=effort)


def _asked(request: Request, room: Room) -> Placement:
    return Placement(room_id=room.id, first_on=request.earliest_on)


def _cost(scene: Scene, request: Request, placement: Placement) -> float:
    return sum(line.cost for line in placement_prices(scene.problem, request, placement))


def _rank(change: Change) -> tuple[float, int, str, str]:
    return change.effort, change.days, change.placement.room_id, change.moved_id or ""


def _with_latest(problem: Problem, id: str, latest_on: date) -> Problem:
    return _with_request(problem, replace(problem.request_of[id], latest_on=latest_on))


def _with_request(problem: Problem, changed: Request) -> Problem:
    return replace(problem, requests=tuple(changed if one.id == changed.id else one for one in problem.requests))


def _with_room(problem: Problem, changed: Room) -> Problem:
    return replace(problem, rooms=tuple(changed if one.id == changed.id else one for one in problem.rooms))


def _with_house(problem: Problem, changed: Establishment) -> Problem:
    houses = tuple(changed if one.id == changed.id else one for one in problem.establishments)
    return replace(problem, establishments=houses)
