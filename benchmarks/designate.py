"""The judge's table on the demonstration: from the question sent to the answer shown, as the page asks for it."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

from sqlmodel import Session, select

from benchmarks.clicks import PATIENCE_S, Person, demonstration
from benchmarks.database import FOLDER
from benchmarks.figures import Figure, ms, percentile
from benchmarks.served import serving
from portal.actors import COOKIE
from portal.identity import Account
from portal.sign_in import sign_in

GOAL_MS = 300.0
QUESTIONS = 60
STATE = "reflex___state____state.booking___pages___designate_state____designate_state"
TOWNS = ("Lyon", "Villeurbanne", "Villefranche-sur-Saône", "Vénissieux", "Caluire-et-Cuire", "Tarare", "Givors", "Bron")
KINDS = ("mediation-familiale", "espace-rencontre", "enquete-sociale", "expertise")


class Judge(Person):
    """A family judge with the page open."""

    async def ask(self, number: int, chance: random.Random) -> float:
        """Return the seconds until the table of a new question is there."""
        first, second = chance.sample(TOWNS, 2)
        asked = {"type": chance.choice(KINDS), "p1": first, "p2": second, "rg": f"26/{number:05}"}
        path = f"/designer/?{urlencode(asked)}"
        place = {"pathname": "/designer", "asPath": path, "query": asked}
        self.shown = asyncio.Event()
        began = time.perf_counter()
        event = {"name": f"{STATE}.load", "payload": {}, "router_data": place}
        await self.socket.emit("event", event, namespace="/_event")
        await asyncio.wait_for(self.shown.wait(), PATIENCE_S)
        return time.perf_counter() - began

    async def _heard(self, message: dict[str, object]) -> None:
        delta = message.get("delta") or {}
        if delta:
            self.answered.set()
        changed = {name for values in delta.values() for name in values}  # type: ignore[attr-defined]
        if any(name.startswith("rows") for name in changed):
            self.shown.set()


def figures(url: str, *, questions: int = QUESTIONS) -> list[Figure]:
    """Return the p95 of the first answer, and its median."""
    with demonstration(url) as court, serving(FOLDER / "designate", database_url=court.url) as server:
        with Session(court.engine) as session, session.begin():
            judge = session.exec(select(Account).where(Account.login == "louise.modele")).one()
            token = sign_in(session, judge.id, datetime.now(UTC), hours=8)
        took = asyncio.run(_asked(server.url, f"{COOKIE}={token}", questions))
    claim = "the judge's table, two addresses and a case, from the question to the rows: p95"
    return [Figure(claim=claim, value=1e3 * percentile(took, 95), unit="ms", most=GOAL_MS, details=(ms(took),))]


async def _asked(url: str, cookie: str, questions: int) -> list[float]:
    chance = random.Random(1)  # noqa: S311 - the same questions each time
    judge = Judge(url, cookie)
    judge.shown = asyncio.Event()
    async with judge.working():
        for number in range(5):  # connections, caches
            await judge.ask(number, chance)
        return [await judge.ask(number, chance) for number in range(5, questions + 5)]
