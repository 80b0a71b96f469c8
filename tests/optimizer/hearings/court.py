"""A small court for tests of plans: each call makes one thing and says the least."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from availability.periods import Period
from optimizer.hearings.problem import Bench, Case, Hearing, Problem, Room

MONDAY = date(2026, 11, 30)
_numbers = count(1)

ANNA = Bench(judge_id=1, clerk_id=11)
BRUNO = Bench(judge_id=2, clerk_id=12)
ROOM_A, ROOM_B = Room(id=21), Room(id=22)


def at(day: int, hour: float) -> datetime:
    """Return an hour of a day, counted from the first Monday."""
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, tzinfo=UTC) + timedelta(days=day, hours=hour)


def on(day: int) -> date:
    """Return a day, counted from the first Monday."""
    return MONDAY + timedelta(days=day)


def hearing(day: int = 0, start: float = 9, hours: float = 3, **columns: Any) -> Hearing:
    """Return a hearing of that day: ten cases and 180 minutes unless said otherwise."""
    values = {"id": 100 + next(_numbers), "max_cases": 10, "max_minutes": 180} | columns
    return Hearing(period=Period(at(day, start), at(day, start + hours)), day=on(day), **values)


def case(**columns: Any) -> Case:
    """Return a case of twenty minutes that can be heard from the first Monday on."""
    values = {
        "id": UUID(int=next(_numbers)),
        "minutes": 20,
        "family": "51",
        "received_on": on(-30),
        "ready_on": on(0),
    }
    return Case(**values | columns)


def problem(
    hearings: list[Hearing],
    cases: list[Case],
    *,
    benches: tuple[Bench, ...] = (ANNA, BRUNO),
    rooms: tuple[Room, ...] = (ROOM_A, ROOM_B),
    **columns: Any,
) -> Problem:
    """Return the problem of this court."""
    return Problem(hearings=tuple(hearings), benches=benches, rooms=rooms, cases=tuple(cases), **columns)


def month(seed: int = 1, *, hearings: int = 12, cases: int = 150) -> Problem:
    """Return a court of four judges and two rooms with a month of hearings, too short for its cases."""
    rng = random.Random(seed)  # noqa: S311 - fiction, and the same for the same seed
    listed = [
        hearing(
            rng.randrange(24),
            rng.choice((9, 13.5)),
            id=1000 + number,
            max_cases=12,
            quotas=rng.choice(({"48": 3}, {"51": 6, "53": 4}, {})),
        )
        for number in range(hearings)
    ]
    waiting = [
        case(
            id=UUID(int=rng.getrandbits(128)),
            minutes=rng.choice((10, 15, 20, 30)),
            family=rng.choice(("48", "51", "53", "56")),
            received_on=on(-rng.randrange(5, 60)),
            ready_on=on(rng.choice((0, 0, 5, 9))),
            deadline_on=on(rng.choice((4, 8, 16, 30, 40))),
            refused_judges=frozenset({rng.randrange(1, 5)} if rng.random() < 0.1 else ()),
        )
        for _ in range(cases)
    ]
    benches = tuple(Bench(judge_id=number, clerk_id=10 + number) for number in range(1, 5))
    return problem(listed, waiting, benches=benches)
