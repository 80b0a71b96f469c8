"""What keeps somebody out of a room whoever else is there, and what a place costs them, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.beds.problem import Lock, Placement, Policy, Problem, Request, Room, until

Line = tuple[str, int, int]  # a rule of the price, how many times it counts, what it costs each time


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


def room_prices(problem: Problem, request: Request, room: Room) -> Iterator[Line]:
    """Yield what a room costs somebody, whenever the stay begins."""
    weights, nights = problem.weights, request.nights
    house = problem.establishment_of[room.establishment_id]
    if request.work is not None:
        yield "travel", nights * request.work.travel_minutes.get(house.id, 0), weights.travel
    if request.preferred_establishments and house.id not in request.preferred_establishments:
        yield "not-preferred", nights, weights.not_preferred
    if request.most_beds is not None and room.beds > request.most_beds:
        yield "larger-room", nights, weights.larger_room
    for specialism, count in request.specialisms:
        if specialism not in house.specialisms:
            yield "department", count, weights.department
        level = room.specialisms.get(specialism)
        if level is None:
            yield "specialism", count, weights.specialism
        elif level > 1:
            yield "level", count * (level - 1), weights.level
    if request.equipment_preferred:
        lacking = len(request.equipment_preferred - request.equipment_required - room.equipment)
        yield "equipment-preferred", nights * lacking, weights.equipment_preferred
    if request.equipment_required and weights.equipment_required is not None:
        lacking = len(request.equipment_required - room.equipment)
        yield "equipment", nights * lacking, weights.equipment_required
    if weights.age is not None and not (request.age in room.ages and request.age in house.ages):
        yield "age", nights, weights.age


def date_prices(problem: Problem, request: Request, placement: Placement) -> Iterator[Line]:
    """Yield what the dates of a placement cost, and the move to it from where the person is at present."""
    yield "waited", max((placement.first_on - request.earliest_on).days, 0), problem.weights.waited
    if request.present is not None and request.present != placement:
        yield move_price(problem, request)


def move_price(problem: Problem, request: Request) -> Line:
    """Return what it costs to have somebody elsewhere, or at other dates, than they are at present."""
    if request.lock is Lock.FREE:
        return "moved", 1, problem.weights.moved
    return "moved-told", 1, problem.weights.moved_told


def _is_let_out(request: Request, opens_min: int, closes_min: int, minutes: int) -> bool:
    work = request.work
    return work is None or (work.start_min - minutes >= opens_min and work.end_min + minutes <= closes_min)
