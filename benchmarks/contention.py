"""Contention: 32 clients who want one bed at the same moment, against the same 32 who want a bed each.

One of them has it, the others are refused, and nobody waits long to know.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from threading import Barrier

from sqlalchemy import Engine
from sqlmodel import Session

from availability.claims import Claim, NightsClaim
from availability.errors import PeriodTaken
from availability.rights import Actor
from benchmarks.country import MOST_AHEAD, officer
from benchmarks.figures import Figure, ms, percentile
from benchmarks.load import CLIENTS
from booking.actions import Beneficiary, hold
from portal.database import make_engine

GOAL = 5.0
ROUNDS = 60
WARM = 5  # rounds left out: connections, caches
SOMEBODY = Beneficiary(case_ref="M-1")


@dataclass(frozen=True)
class Answered:
    """How long one client waited, and whether they have the place."""

    seconds: float
    is_won: bool


def figures(url: str, *, rounds: int = ROUNDS) -> list[Figure]:
    """Return the figure: the slowest answer of all rounds, as a multiple of the p95 of those who want a bed each."""
    engine = make_engine(url, pool_size=CLIENTS)
    with Session(engine) as session:
        actor = officer(session)
    beds = count(1)
    apart: list[float] = []
    together: list[list[float]] = []
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(WARM + rounds):
            own = at_once(threads, engine, actor, [_claim(next(beds)) for _ in range(CLIENTS)])
            same = at_once(threads, engine, actor, [_claim(next(beds))] * CLIENTS)
            _check(own, winners=CLIENTS)
            _check(same, winners=1)
            if number >= WARM:
                apart += [one.seconds for one in own]
                together.append([one.seconds for one in same])
    engine.dispose()
    slowest, usual = max(map(max, together)), percentile(apart, 95)
    details = (
        f"a bed each:  {ms(apart)}, slowest {1e3 * max(apart):.1f} ms",
        f"one for all: {ms([one for each in together for one in each])}, slowest {1e3 * slowest:.1f} ms,"
        f" {1e3 * median(map(max, together)):.1f} ms in the median round",
        f"{rounds} rounds, one winner in each",
    )
    claim = f"contention, {CLIENTS} clients at once on one bed, the slowest answer of all"
    return [Figure(claim=claim, value=slowest / usual, unit="× uncontended p95", most=GOAL, details=details)]


def at_once(threads: ThreadPoolExecutor, engine: Engine, actor: Actor, claims: Sequence[Claim]) -> list[Answered]:
    """Return what each client was answered, all of them having asked at the same moment."""
    start = Barrier(len(claims), timeout=60)

    def ask(claim: Claim) -> Answered:
        start.wait()
        began = time.perf_counter()
        is_won = _held(engine, actor, claim)
        return Answered(time.perf_counter() - began, is_won)

    return list(threads.map(ask, claims))


def _held(engine: Engine, actor: Actor, claim: Claim) -> bool:
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            hold(session, actor, claim, now=datetime.now(UTC), beneficiary=SOMEBODY)
    except PeriodTaken:
        return False
    return True


def _claim(resource_id: int) -> NightsClaim:
    """Return a bed for the one night that no other benchmark takes."""
    first = datetime.now(UTC).date() + timedelta(days=MOST_AHEAD)
    return NightsClaim(resource_id=resource_id, first=first, until=first + timedelta(days=1))


def _check(answers: Sequence[Answered], *, winners: int) -> None:
    won = sum(one.is_won for one in answers)
    if won != winners:
        raise RuntimeError(f"{won} of {len(answers)} have it, {winners} expected")
