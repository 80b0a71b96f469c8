"""A crowd that books by the API, tries again with the same key until it is answered, and remembers what it was told.

Some wait on the list too, and answer what is offered to them. Whatever is killed meanwhile, an act has one answer at
last: so each client knows the state of each of its bookings.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx

from availability.models import Shape
from benchmarks.soak_places import Scarce

PAUSE_S = 0.5  # before trying again
PATIENCE_S = 600  # a server that was killed is back long before
ACTS = {
    "held": ("confirm", "confirm", "cancel"),
    "booked": ("move", "move", "cancel", "excuse"),
    "cancelled": ("undo",),
    "excused": ("undo",),
}
WAIT = 3  # of so many clients, one waits on the list too
MOST_WAITS = 2  # at once, of one client
LOOKED_S = 1.0  # the list is read so often, for all
AGAIN = 0.05  # of the acts are sent twice at once, under one key

MAY_FOLLOW = {("held", "lapsed"), ("waiting", "offered")}  # of what was told, what may be found by itself


@dataclass
class Told:
    """What all the clients were told."""

    url: str = ""  # of the server: one started again may find its port taken, and says where it is
    states: dict[UUID, str] = field(default_factory=dict)  # by booking, what its last answer said
    waits: dict[UUID, str] = field(default_factory=dict)  # by entry of the list, the same
    offers: dict[UUID, dict[str, Any]] = field(default_factory=dict)  # by entry, as the list was last read
    answers: Counter[str] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)  # of what was answered the first time
    wrong: list[str] = field(default_factory=list)

    def lost(self, found: dict[UUID, str], offered: Collection[UUID], waiting: dict[UUID, str]) -> list[str]:
        """Return what the tables say otherwise; a hold may have lapsed since, and nothing else.

        What is `offered` by the clock is told to somebody once they take it; `waiting` is by entry of the list.
        """
        unknown = found.keys() - self.states.keys() - set(offered) | waiting.keys() - self.waits.keys()
        told = [("booking", self.states, found), ("entry", self.waits, waiting)]
        return [f"never told to anybody: {one}" for one in unknown] + [
            f"told {state}, found {there.get(number)}: {what} {number}"
            for what, said, there in told
            for number, state in said.items()
            if there.get(number) != state and (state, there.get(number)) not in MAY_FOLLOW
        ]


class Client:
    """One of the crowd: it takes places at random, and acts on those that it has."""

    def __init__(self, http: httpx.AsyncClient, places: Sequence[Scarce], told: Told, seed: int, today: date) -> None:
        self.http, self.places, self.told, self.today = http, places, told, today
        self.chance = Random(seed)  # noqa: S311 - a load, not a secret
        self.mine: dict[UUID, int] = {}  # booking, and the kind of its place
        self.ends: dict[UUID, datetime] = {}  # of what is held, or was until it was cancelled
        self.waited: dict[UUID, int] = {}  # entry of the list, and the kind that is waited for
        self.does_wait = seed % WAIT == 0

    async def act_until(self, stop: threading.Event) -> None:
        """Act until told to stop; what is under way is carried through, and nobody stays on the list."""
        while not stop.is_set():
            if self.does_wait and self.chance.random() < 0.4:
                await self._wait()
                continue
            actable = [one for one in self.mine if self.told.states[one] in ACTS]
            if actable and self.chance.random() < 0.6:
                await self._act_on(self.chance.choice(actable))
            else:
                await self._book()
        while self.waited:
            await self._leave(next(iter(self.waited)))

    async def _wait(self) -> None:
        """Answer what is offered to one of those who wait, else put one more on the list, or take one off it."""
        offered = [entry_id for entry_id in self.waited if entry_id in self.told.offers]
        if offered:
            await self._answer(offered[0], self.told.offers.pop(offered[0]))
        elif len(self.waited) < MOST_WAITS:
            place = self.chance.choice([one for one in self.places if one.shape is not Shape.SESSIONS])
            asked = place.patience(self.chance, self.today) | {"case_ref": f"W-{uuid4().hex[:12]}"}
            answer = await self._answered("/waiting", asked)
            if answer.status_code == 201:
                entry_id = UUID(answer.json()["id"])
                self.waited[entry_id] = place.kind_id
                self.told.waits[entry_id] = answer.json()["state"]
        elif self.chance.random() < 0.1:
            await self._leave(next(iter(self.waited)))
        else:
            await asyncio.sleep(PAUSE_S)

    async def _answer(self, entry_id: UUID, offer: dict[str, Any]) -> None:
        is_taken, booking_id = self.chance.random() < 0.6, UUID(offer["booking_id"])
        path = f"/waiting/offers/{offer['id']}"
        if is_taken:
            answer = await self._answered(f"{path}/accept", None)
        else:
            answer = await self._answered(f"{path}/decline", {"reason": "dates"})
        if not answer.is_success:  # it was over: it is the turn of the next one
            return
        self.told.answers["offer taken" if is_taken else "offer left"] += 1
        self.told.states[booking_id] = "booked" if is_taken else "cancelled"
        self.told.waits[entry_id] = answer.json()["state"]
        if is_taken:
            self.mine[booking_id] = self.waited.pop(entry_id)

    async def _leave(self, entry_id: UUID) -> None:
        answer = await self._answered(f"/waiting/{entry_id}/withdraw", None)
        if answer.is_success:
            self.told.waits[entry_id] = answer.json()["state"]
            del self.waited[entry_id]
        elif not answer.json()["type"].endswith("/offer-made"):
            self.told.wrong.append(f"waits, and cannot leave: {answer.text[:200]}")
            del self.waited[entry_id]

    async def _book(self) -> None:
        place = self.chance.choice(self.places)
        asked = place.wish(self.chance, self.today) | {"case_ref": "S-1", "confirm": self.chance.random() < 0.7}
        answer = await self._answered("/bookings", asked)
        if answer.status_code == 201:
            self.mine[UUID(answer.json()["id"])] = place.kind_id
            self._note(answer.json())

    async def _act_on(self, booking_id: UUID) -> None:
        act = self.chance.choice(ACTS[self.told.states[booking_id]])
        asked = None
        if act == "move":
            peers = [place for place in self.places if place.kind_id == self.mine[booking_id]]
            asked = self.chance.choice(peers).wish(self.chance, self.today)
        answer = await self._answered(f"/bookings/{booking_id}/{act}", asked)
        if answer.status_code == 200:
            self._note(answer.json())
            return
        over = answer.json()["type"].endswith(("/hold-expired", "/already-decided"))
        if over and not self._may_be_over(booking_id, answer.json()["type"]):
            self.told.wrong.append(f"told {self.told.states[booking_id]}, then {act}: {answer.text[:200]}")
        if over or act == "undo":  # its time is over, or somebody has the place
            del self.mine[booking_id]

    def _note(self, body: dict[str, Any]) -> None:
        """Remember what a booking has become, and when what is held ends: a cancelled hold keeps its end."""
        booking_id = UUID(body["id"])
        self.told.states[booking_id] = body["state"]
        if body["state"] == "held":
            end = datetime.fromisoformat(body["hold_expires_at"])
            if self.ends.setdefault(booking_id, end) != end:
                self.told.wrong.append(f"held until {self.ends[booking_id]}, then until {end}: booking {booking_id}")
        elif body["state"] == "booked":
            self.ends.pop(booking_id, None)

    def _may_be_over(self, booking_id: UUID, problem: str) -> bool:
        """Say whether an act may come too late: on a hold, or to take one back once its end has passed."""
        has_passed = booking_id in self.ends and self.ends[booking_id] <= datetime.now(UTC)
        if self.told.states[booking_id] == "cancelled":
            return has_passed and problem.endswith("/hold-expired")
        return has_passed and self.told.states[booking_id] == "held"

    async def _answered(self, path: str, asked: dict[str, Any] | None) -> httpx.Response:
        """Return the one answer to an act, asked again under the same key for as long as nobody says."""
        key = str(uuid4())
        if self.chance.random() < AGAIN:
            both = await asyncio.gather(self._tried(path, asked, key), self._tried(path, asked, key))
            # What is refused is not kept under the key: the other one may have come when there was room again.
            done = [answer for answer in both if answer.is_success]
            if len(done) > 1 and done[0].json() != done[1].json():
                self.told.wrong.append(f"two answers under one key: {done[0].text} and {done[1].text}")
            return (done or both)[0]
        return await self._tried(path, asked, key)

    async def _tried(self, path: str, asked: dict[str, Any] | None, key: str) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_S
        tries, headers = 0, {"Idempotency-Key": key}
        while time.monotonic() < deadline:
            tries += 1
            began = time.perf_counter()
            try:
                answer = await self.http.post(f"{self.told.url}/api/v1{path}", json=asked, headers=headers)
            except httpx.TransportError as error:
                self.told.answers[type(error).__name__] += 1
            else:
                if answer.status_code < 500:
                    self._count(answer, time.perf_counter() - began if tries == 1 else None)
                    return answer
                self.told.answers[str(answer.status_code)] += 1
            await asyncio.sleep(PAUSE_S * (0.5 + self.chance.random()))
        raise TimeoutError(f"no answer in {PATIENCE_S} s: {path}")

    def _count(self, answer: httpx.Response, seconds: float | None) -> None:
        self.told.answers["done" if answer.is_success else answer.json()["type"].rpartition("/")[2]] += 1
        if answer.status_code not in (200, 201, 409):
            self.told.wrong.append(f"{answer.status_code}: {answer.text[:200]}")
        if seconds is not None:
            self.told.durations.append(seconds)


async def read_list(http: httpx.AsyncClient, told: Told) -> None:
    """Read the list again and again, for all those who wait: what is offered to them."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = await http.get(f"{told.url}/api/v1/waiting", params={"limit": 500})
            if answer.is_success:
                listed = answer.json()["items"]
                told.offers = {UUID(one["id"]): one["offer"] for one in listed if one["offer"]}
        await asyncio.sleep(LOOKED_S)
