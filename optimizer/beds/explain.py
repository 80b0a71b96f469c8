"""Why somebody has no bed, or why they are where they are: codes and facts. The words are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.beds.check import placement_prices
from optimizer.beds.problem import Placement, Request
from optimizer.beds.rules import OF_THE_NIGHTS, OF_THE_ROOM, RULES
from optimizer.beds.scene import Scene, days_of
from optimizer.searching import Price

# What is removed first is said last: what no other date or departure would change is worth more.
REMOVED = (*reversed(OF_THE_NIGHTS), *reversed(OF_THE_ROOM))
MOST_BETTER = 3


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A rule that stands in the way: in how many rooms, and of which people when it is about people."""

    code: str
    rooms: int
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Better:
    """A less dear place than somebody has, and the rules that keep them out of it."""

    placement: Placement
    saves: float
    rules: tuple[str, ...]


def why_not(scene: Scene, id: str) -> tuple[Reason, ...]:
    """Return a minimal conflict: these rules alone leave somebody no place, and without any one of them there is one.

    The others are where the plan has them. Without "dates", a stay may begin at any time after its earliest night.
    Empty when a place is free; "no-room" when there is no room at all.
    """
    if not scene.problem.rooms:
        return (Reason(code="no-room", rooms=0),)
    request = scene.problem.request_of[id]
    if not _is_conflict(scene, request, RULES):
        return ()
    kept: tuple[str, ...] = RULES
    for rule in REMOVED:
        fewer = tuple(one for one in kept if one != rule)
        if _is_conflict(scene, request, fewer):
            kept = fewer
    return tuple(_reason(scene, request, rule) for rule in kept)


def why_there(scene: Scene, id: str) -> tuple[tuple[Price, ...], tuple[Better, ...]]:
    """Return what the place of somebody costs, rule by rule, and the places that would cost less, the best first."""
    problem, request = scene.problem, scene.problem.request_of[id]
    lines = tuple(line for line in placement_prices(problem, request, scene.placed[id]) if line.cost)
    paid = sum(line.cost for line in lines)
    better = []
    for room in problem.rooms:
        for day in days_of(scene.window(request))[:1]:
            placement = scene.at(room, day)
            saves = paid - sum(line.cost for line in placement_prices(problem, request, placement))
            if saves > 0:
                better.append(Better(placement=placement, saves=saves, rules=broken(scene, request, placement)))
    better.sort(key=lambda one: (-one.saves, len(one.rules), one.placement.room_id))
    return lines, tuple(better[:MOST_BETTER])


def broken(scene: Scene, request: Request, placement: Placement) -> tuple[str, ...]:
    """Return the rules that a placement of somebody would break."""
    room, bit = scene.problem.room_of[placement.room_id], 1 << scene.day(placement.first_on)
    found = list(scene.barred(request, room))
    found += [] if bit & scene.window(request) else ["dates"]
    of_the_nights = [rule for rule in OF_THE_NIGHTS if rule != "other-sex" or "sex" not in found]
    return (*found, *(rule for rule in of_the_nights if bit & scene.hindered(request, room, (rule,))))


def _is_conflict(scene: Scene, request: Request, rules: tuple[str, ...]) -> bool:
    return not any(scene.free(request, room, rules) for room in scene.problem.rooms)


def _reason(scene: Scene, request: Request, rule: str) -> Reason:
    """Return how many rooms a rule alone excludes for all the dates asked for, and whom it is about."""
    rules = (rule, "dates")
    rooms = [room for room in scene.problem.rooms if not scene.free(request, room, rules)]
    of_room, of_house = scene.problem.apart.get(request.id, (frozenset(), frozenset()))
    people = {"apart-room": of_room, "apart-establishment": of_house}.get(rule, frozenset())
    return Reason(code=rule, rooms=len(rooms), people=tuple(sorted(one for one in people if one in scene.placed)))
