"""Search: 30 km around random communes, three nights, the 50 nearest that suit."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from time import perf_counter
from typing import Any

import psycopg
from sqlmodel import Session, select

from availability.gazetteer import gazetteer
from availability.models import Kind
from availability.places import bounding_box
from availability.rights import Actor
from availability.search import Wish, Work, search
from benchmarks import raw
from benchmarks.country import TAKEN_UNTIL, officer
from benchmarks.figures import Figure, ms, percentile, ratio_by_round
from portal.database import make_engine

GOAL = 2.0
ROUNDS = 5
SEARCHES = 300
RADIUS_KM = 30.0
LIMIT = 50
WORKS = (time(7), time(16))  # by day, Monday to Friday


def figures(url: str, *, rounds: int = ROUNDS, searches: int = SEARCHES) -> list[Figure]:
    """Return the figures: p95 as a ratio of the raw p95, the two sides taking turns at every search."""
    return [
        _figure(compared(url, rounds, searches), "three nights"),
        _figure(compared(url, rounds, searches, for_worker=True), "three nights, sex, hours of work and way"),
    ]


@dataclass(frozen=True)
class Durations:
    """Seconds of each search, by round."""

    ours: list[list[float]]
    raw: list[list[float]]

    def ratio(self, percent: float) -> float:
        """Return ours over raw at a percentile, the median of the rounds."""
        ours, raw = ([percentile(one, percent) for one in side] for side in (self.ours, self.raw))
        return ratio_by_round(ours, raw)


def compared(url: str, rounds: int, searches: int, *, for_worker: bool = False) -> Durations:
    """Check that both sides find the same, then time them by turns."""
    chance = random.Random(1)  # noqa: S311 - the same searches each time
    ours: list[list[float]] = []
    raws: list[list[float]] = []
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session, psycopg.connect(url, autocommit=True) as connection:
        sides = Sides(session, connection, for_worker=for_worker)
        for _ in range(20):
            sides.compare(sides.random_wish(chance))
        for _ in range(rounds):
            timed = [sides.timed(sides.random_wish(chance), chance) for _ in range(searches)]
            ours.append([one[0] for one in timed])
            raws.append([one[1] for one in timed])
    engine.dispose()
    return Durations(ours, raws)


def _figure(durations: Durations, what: str) -> Figure:
    rounds, searches = len(durations.ours), len(durations.ours[0])
    return Figure(
        claim=f"search, {RADIUS_KM:g} km, {what}, {LIMIT} results: p95",
        value=durations.ratio(95),
        unit="× raw",
        most=GOAL,
        details=(
            f"ours: {ms(_flat(durations.ours))}",
            f"raw : {ms(_flat(durations.raw))}",
            f"{rounds} × {searches} searches",
        ),
    )


class Sides:
    """The same search, through the query and through plain SQL."""

    def __init__(self, session: Session, connection: psycopg.Connection, *, for_worker: bool) -> None:
        self.find = raw.FIND_FOR_WORKER if for_worker else raw.FIND
        self.for_worker = for_worker
        self.session = session
        self.connection = connection
        with session.begin():
            self.kind = session.exec(select(Kind).where(Kind.code == "lit")).one()
            self.actor: Actor = officer(session)
            session.expunge_all()
        self.now = datetime.now(UTC)

    def random_wish(self, chance: random.Random) -> Wish:
        """Return three nights of the busy months, around a random commune."""
        commune = chance.choice(gazetteer().communes)
        first = self.now.date() + timedelta(days=chance.randint(1, TAKEN_UNTIL - 20))
        until = first + timedelta(days=3)
        near = (commune.lat, commune.lon)
        wish = Wish(kind=self.kind, first=first, until=until, near=near, radius_km=RADIUS_KM)
        return replace(wish, sex="F", work=Work(*near, *WORKS)) if self.for_worker else wish

    def timed(self, wish: Wish, chance: random.Random) -> tuple[float, float]:
        """Return the seconds that ours and raw took. Chance says which goes first: the second finds everything warm."""
        if chance.random() < 0.5:
            return _seconds(self.ours, wish), _seconds(self.raw, wish)
        raw_first = _seconds(self.raw, wish)
        return _seconds(self.ours, wish), raw_first

    def compare(self, wish: Wish) -> None:
        """Check that both sides find the same beds in the same order."""
        assert self.ours(wish) == self.raw(wish)

    def ours(self, wish: Wish) -> list[int]:
        """Return the resources found by the query, in a transaction of its own as a page has it."""
        with self.session.begin():
            found = search(self.session, self.actor, wish, now=self.now, only_suitable=True, limit=LIMIT)
            self.session.expunge_all()
        return [one.resource_id for one in found]

    def raw(self, wish: Wish) -> list[int]:
        """Return the resources found by plain SQL."""
        with self.connection.transaction():
            rows = self.connection.execute(self.find, self._asked(wish), prepare=False).fetchall()
        return [row[0] for row in rows]

    def _asked(self, wish: Wish) -> dict[str, Any]:
        lat, lon = wish.near or (0.0, 0.0)
        box = bounding_box(lat, lon, RADIUS_KM)
        (west, east), *_ = box.spans
        territories = sorted(self.actor.territories(kind_id=wish.kind.id))
        asked = {"lat": lat, "lon": lon, "south": box.south, "north": box.north, "west": west, "east": east}
        stay = {"first": wish.first, "until": wish.until, "now": self.now, "territories": territories}
        return asked | stay | {"radius_km": RADIUS_KM, "limit": LIMIT}


def _seconds(find: Callable[[Wish], object], wish: Wish) -> float:
    began = perf_counter()
    find(wish)
    return perf_counter() - began


def _flat(rounds: list[list[float]]) -> list[float]:
    return [value for one in rounds for value in one]
