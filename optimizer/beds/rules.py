"""What keeps somebody out of a room whoever else is there, and what a place costs them, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.beds.problem import Lock, Placement, Policy, Problem, Request, Room, Weights, until
from optimizer.searching import Price

# In the order in which one would say them. The first ones are of the room, the next of its nights and of who is there.
OF_THE_ROOM = ("sex", "age", "regime", "accessible", "equipment", "reach", "hours")
OF_THE_NIGHTS = ("dates", "closed", "full", "other-sex", "apart-room", "apart-establishment")
RULES = OF_THE_ROOM + OF_THE_NIGHTS


def barred(problem: Problem, request: Request, room: Room) -> tuple[str, ...]:
    """Return the rules of OF_THE_ROOM that keep somebody out of a room on any night."""
    house = problem.establishment_of[room.establishment_id]
    weights = problem.weights
    lacks = request.equipment_required - room.equipment
    is_of_age = request.age in room.ages and request.age in house.ages
    found = [
        ("sex", room.policy in (Policy.MEN, Policy.WOMEN) and room.policy.value != request.sex.value),
        ("age", weights.age is None and not is_of_age),
        ("regime", room.regimes is not None and request.regime not in room.regimes),
        ("accessible", request.needs_accessible and not room.is_accessible),
        ("equipment", weights.equipment_required is None and bool(lacks)),
    ]
    if request.work is not None:
        minutes = request.work.travel_minutes.get(house.id)
        found += [
            ("reach", minutes is None),
            ("hours", minutes is not None and not _is_let_out(request, house.opens_min, house.closes_min, minutes)),
        ]
    return tuple(rule for rule, is_broken in found if is_broken)


def is_closed(request: Request, room: Room, placement: Placement) -> bool:
    """Say whether the room is closed on a night of the stay."""
    return any(first < until(request, placement) and placement.first_on < last for first, last in room.closed)


def is_in_time(request: Request, placement: Placement) -> bool:
    """Say whether a stay begins when it may."""
    return request.earliest_on <= placement.first_on <= request.latest_on


def room_prices(problem: Problem, request: Request, room: Room) -> Iterator[Price]:
    """Yield what a room costs somebody, whenever the stay begins."""
    weights, nights = problem.weights, request.nights
    house = problem.establishment_of[room.establishment_id]
    if request.work is not None:
        minutes = request.work.travel_minutes.get(house.id, 0)
        yield _price("travel", minutes * nights, weights.travel)
    if request.preferred_establishments and house.id not in request.preferred_establishments:
        yield _price("not-preferred", nights, weights.not_preferred)
    if request.most_beds is not None and room.beds > request.most_beds:
        yield _price("larger-room", nights, weights.larger_room)
    for specialism, count in request.specialisms:
        if specialism not in house.specialisms:
            yield _price("department", count, weights.department)
        if specialism not in room.specialisms:
            yield _price("specialism", count, weights.specialism)
        else:
            yield _price("level", count * (room.specialisms[specialism] - 1), weights.level)
    lacking = len(request.equipment_preferred - request.equipment_required - room.equipment)
    yield _price("equipment-preferred", nights * lacking, weights.equipment_preferred)
    yield from _suffered(request, room, request.age in room.ages and request.age in house.ages, weights)


def date_prices(problem: Problem, request: Request, placement: Placement) -> Iterator[Price]:
    """Yield what the dates of a placement cost, and the move to it from where the person is at present."""
    weights = problem.weights
    yield _price("waited", max((placement.first_on - request.earliest_on).days, 0), weights.waited)
    if request.present is not None and request.present != placement:
        is_told = request.lock is not Lock.FREE
        yield _price("moved-told" if is_told else "moved", 1, weights.moved_told if is_told else weights.moved)


def _suffered(request: Request, room: Room, is_of_age: bool, weights: Weights) -> Iterator[Price]:
    """Yield what is impossible unless the weights give it a price."""
    if weights.equipment_required is not None:
        lacking = len(request.equipment_required - room.equipment)
        yield _price("equipment", request.nights * lacking, weights.equipment_required)
    if weights.age is not None and not is_of_age:
        yield _price("age", request.nights, weights.age)


def _is_let_out(request: Request, opens_min: int, closes_min: int, minutes: int) -> bool:
    work = request.work
    return work is None or (work.start_min - minutes >= opens_min and work.end_min + minutes <= closes_min)


def _price(rule: str, count: int, weight: int) -> Price:
    return Price(rule=rule, count=count, cost=count * weight)
