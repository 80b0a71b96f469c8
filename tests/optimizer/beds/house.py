"""Small houses for the tests: two establishments, a few rooms, a few people."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st

from optimizer.beds.check import check, price
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Ages, Establishment, Lock, Placement, Policy, Problem, Request, Room, Sex, Work

DAY = date(2026, 3, 2)
HOUSES = (Establishment(id="A", opens_min=6 * 60, closes_min=20 * 60), Establishment(id="B"))


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def at(room_id: str, number: int = 0) -> Placement:
    return Placement(room_id=room_id, first_on=day(number))


def who(id: str, first: int = 0, nights: int = 3, *, slack: int = 0, **more: Any) -> Request:
    asked = {"sex": Sex.MEN, "age": 30, **more}
    return Request(id=id, earliest_on=day(first), latest_on=day(first + slack), nights=nights, **asked)


def room(id: str, beds: int = 1, house: str = "A", **more: Any) -> Room:
    return Room(id=id, establishment_id=house, beds=beds, **more)


def problem(rooms: list[Room], requests: list[Request], **more: Any) -> Problem:
    return Problem(establishments=HOUSES, rooms=tuple(rooms), requests=tuple(requests), **more)


def cost(given: Problem, plan: Plan) -> float:
    return sum(line.cost for line in price(given, plan))


def places(given: Problem, request: Request) -> list[Placement]:
    """Return every place that could be written down for somebody, possible or not."""
    days = range((request.latest_on - request.earliest_on).days + 1)
    first = (request.earliest_on - DAY).days
    return [at(one.id, first + shift) for one, shift in product(given.rooms, days)]


def best_by_hand(given: Problem) -> float:
    """Return the cost of the best plan, all plans looked at."""
    choices = [
        [None, *([request.present] if request.lock is Lock.FROZEN else places(given, request))]
        for request in given.requests
    ]
    plans = (
        Plan(placed={request.id: one for request, one in zip(given.requests, chosen, strict=True) if one is not None})
        for chosen in product(*choices)
    )
    return min(cost(given, plan) for plan in plans if not check(given, plan))


@st.composite
def small_problems(draw: st.DrawFn, people: int = 5, slack: int = 2) -> Problem:
    """Draw rooms that lack things and people who need them, some of them there already."""
    rooms = [
        room(
            f"r{number}",
            draw(st.integers(0, 3)),
            draw(st.sampled_from("AB")),
            policy=draw(st.sampled_from(Policy)),
            ages=draw(st.sampled_from([Ages(), Ages(least=18), Ages(most=17)])),
            regimes=draw(st.sampled_from([None, frozenset({"open"})])),
            is_accessible=draw(st.booleans()),
            equipment=draw(st.sampled_from([frozenset[str](), frozenset({"cot"})])),
            specialisms=draw(st.sampled_from([{}, {"care": 2}])),
            closed=draw(st.sampled_from([(), ((day(1), day(3)),)])),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    ids = [f"p{number}" for number in range(draw(st.integers(1, people)))]
    return problem(rooms, [draw(requests(id, ids, [one.id for one in rooms], slack)) for id in ids])


@st.composite
def requests(draw: st.DrawFn, id: str, ids: list[str], rooms: list[str], slack: int) -> Request:
    others = st.sets(st.sampled_from(ids), max_size=1).map(lambda found: frozenset(found - {id}))
    rare = st.integers(0, 4).map(lambda number: number == 0)
    first, nights = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    present = at(draw(st.sampled_from(rooms)), first) if draw(rare) else None
    work = Work(start_min=8 * 60, end_min=18 * 60, travel_minutes={"A": draw(st.sampled_from([30, 150]))})
    return who(
        id,
        first,
        nights,
        slack=draw(st.integers(0, slack)),
        sex=draw(st.sampled_from(Sex)),
        age=draw(st.sampled_from([16, 40])),
        regime=draw(st.sampled_from(["open", "open", "strict"])),
        priority=draw(st.integers(1, 3)),
        work=work if draw(rare) else None,
        preferred_establishments=draw(st.sampled_from([frozenset[str](), frozenset("A")])),
        not_in_room_with=draw(others),
        not_in_establishment_with=draw(others) if draw(rare) else frozenset(),
        needs_accessible=draw(rare),
        equipment_required=frozenset({"cot"}) if draw(rare) else frozenset(),
        equipment_preferred=frozenset({"cot"}) if draw(rare) else frozenset(),
        specialisms=(("care", 1),) if draw(rare) else (),
        most_beds=draw(st.sampled_from([None, 1])),
        present=present,
        lock=draw(st.sampled_from(Lock)) if present else Lock.FREE,
    )
