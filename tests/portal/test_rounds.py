"""A sender's round: how much it has in hand when whoever takes things away does not answer, and when they do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from portal import rounds
from portal.rounds import MOST_SLOW, Rhythm, Rounds

IN_FLIGHT = 8
RHYTHM = Rhythm(
    every_s=0.02,
    timeout_s=5,
    lease=timedelta(minutes=1),
    first_wait=timedelta(seconds=1),
    longest_wait=timedelta(seconds=1),
)


@dataclass(frozen=True)
class Sent:
    """One that was taken."""

    state: str = "sent"
    failure: str = ""


class Errands(Rounds[int, Sent]):
    """So many to send, to somebody who answers once `answers` is set."""

    noun = "errands"

    def __init__(self, due: int) -> None:
        super().__init__(RHYTHM, IN_FLIGHT)
        self.due, self.begun, self.claims = due, 0, list[int]()
        self.answers, self.is_full = asyncio.Event(), asyncio.Event()

    async def prepare(self) -> Sequence[Coroutine[None, None, Sent | None]]:
        return ()

    async def claim(self, most: int) -> tuple[Sequence[int], bool]:
        taken = min(most, self.due)
        self.due -= taken
        self.claims.append(taken)
        return range(taken), self.due > 0

    async def send(self, one: int, begun_by: float) -> Sent | None:
        self.begun += 1
        if self.begun == (1 + MOST_SLOW) * IN_FLIGHT:
            self.is_full.set()
        await self.answers.wait()
        return Sent()

    async def write(self, outcomes: Sequence[Sent]) -> None:
        pass


async def test_what_no_slow_answer_leaves_room_for_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "QUICK_S", 0.03)
    errands = Errands(due=100)

    round_ = asyncio.create_task(errands.deliver())
    await asyncio.wait_for(errands.is_full.wait(), 30)
    await asyncio.sleep(0.15)  # time to claim more, were it to

    assert sum(errands.claims) == errands.begun == (1 + MOST_SLOW) * IN_FLIGHT

    errands.answers.set()
    await round_
    assert (errands.due, errands.begun) == (0, 100)


async def test_while_answers_are_quick_half_a_flight_is_claimed_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "QUICK_S", 60)
    errands = Errands(due=100)

    round_ = asyncio.create_task(errands.deliver())
    await asyncio.sleep(0.1)  # time to claim more, were it to

    assert (errands.begun, sum(errands.claims)) == (IN_FLIGHT, IN_FLIGHT + IN_FLIGHT // 2)

    errands.answers.set()
    await round_
