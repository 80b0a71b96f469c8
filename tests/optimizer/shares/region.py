"""A small region for tests of shares: each call makes one thing and says the least."""

from __future__ import annotations

import random
from typing import Any

from optimizer.shares.problem import Measure, Point, Problem, Professional

LYON = Point(lat=45.76, lon=4.84)


def north(kilometres: float) -> Point:
    """Return the point so far north of Lyon."""
    return Point(lat=LYON.lat + kilometres / 111.195, lon=LYON.lon)


def who(name: str, kilometres: float = 0, **columns: Any) -> Professional:
    """Return a mediator north of Lyon with room for ten."""
    values = {"kinds": frozenset({"mediation"}), "capacity": 10, "point": north(kilometres)}
    return Professional(id=name, **values | columns)


def measure(name: str, kilometres: float = 0, **columns: Any) -> Measure:
    """Return a mediation of a family north of Lyon."""
    values: dict[str, Any] = {"kind": "mediation", "points": (north(kilometres),)}
    return Measure(id=name, **values | columns)


def problem(professionals: list[Professional], measures: list[Measure], **columns: Any) -> Problem:
    """Return the problem of these people."""
    return Problem(professionals=tuple(professionals), measures=tuple(measures), **columns)


def region(seed: int, *, measures: int, professionals: int, loads: tuple[int, ...] = (1,), **columns: Any) -> Problem:
    """Return mediations and inquiries around Lyon, some in another language, some with a conflict of interest."""
    rng = random.Random(seed)  # noqa: S311 - fiction, and the same for the same seed
    kinds, tongues = ("mediation", "inquiry"), ("ar", "en", "pt")
    capacity = max(loads) + 2 * sum(loads) * measures // (len(loads) * professionals)
    people = [
        who(
            f"p{number}",
            rng.uniform(0, 80),
            kinds=frozenset(rng.sample(kinds, rng.choice((1, 2)))),
            capacity=round(capacity * rng.choice((0.5, 1, 1))),
            load=rng.randrange(1 + capacity // 4),
            languages=frozenset(rng.sample(tongues, rng.randrange(3))),
            departments=frozenset(rng.choice(((), ("69",), ("69", "38")))),
            limit_m=rng.choice((None, None, 60_000)),
            delay_days=number % 9,
        )
        for number in range(professionals)
    ]
    listed = [
        measure(
            f"m{number}",
            rng.uniform(0, 80),
            kind=rng.choice(kinds),
            load=rng.choice(loads),
            languages=frozenset(rng.choice(((), (), (), (), ("ar",), ("pt",)))),
            departments=frozenset({rng.choice(("69", "38"))}),
            conflicts=frozenset({f"p{rng.randrange(professionals)}"} if rng.random() < 0.1 else ()),
            priority=rng.choice((1, 1, 3)),
        )
        for number in range(measures)
    ]
    return problem(people, listed, **columns)
