"""Bookings per second through REST: POST /api/v1/bookings with `confirm`, 32 clients that keep their connection."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from sqlmodel import Session

from availability.rights import Role
from benchmarks import raw
from benchmarks.country import ROOT, random_stay
from benchmarks.database import FOLDER
from benchmarks.figures import Figure, compared
from benchmarks.load import CLIENTS, PROCESSES, Act, crowd
from benchmarks.served import serving
from portal.database import make_engine
from portal.sign_in import create_client, issue_token

GOAL = 0.15
ROUNDS = 9
SECONDS = 2.0


@dataclass(frozen=True)
class Target:
    """Where the clients of both sides knock."""

    url: str
    token: str
    database_url: str


def figures(url: str, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    """Return the figure: the rate as a ratio of the raw rate of the same rounds."""
    token = token_of_program(url)
    with serving(FOLDER / "served", database_url=url) as server:
        target = Target(server.url, token, url)
        with crowd(target, {"rest": through_rest, "raw": plain}) as clients:
            for side in ("rest", "raw"):
                clients.burst(side, 1.0)  # connections, caches
            ratio, details = compared(clients, "rest", "raw", rounds, seconds)
    claim = f"REST, bed booked by one POST, {CLIENTS} clients in {PROCESSES} processes, one worker"
    return [Figure(claim=claim, value=ratio, unit="× raw", least=GOAL, details=details)]


def token_of_program(url: str) -> str:
    """Return the bearer token of a new program that may reserve over the whole country."""
    engine = make_engine(url, pool_size=1)
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        secret = create_client(session, f"mesure-{now.timestamp()}", "Mesure", Role.PROBATION_OFFICER, ROOT)
        session.flush()
        token = issue_token(session, f"mesure-{now.timestamp()}", secret, now, timedelta(hours=12))
    engine.dispose()
    if token is None:
        raise RuntimeError("no token for the program just made")
    return token


def through_rest(target: Target, chance: random.Random) -> Act:
    """Return the act of one client: book a random bed by REST."""
    post = poster(target.url, target.token)
    today = datetime.now(UTC).date()

    def act() -> bool:
        stay = random_stay(chance, today)
        asked = {"resource_id": stay.resource_id, "from": str(stay.first), "to": str(stay.until)}
        status, answer = post("/api/v1/bookings", asked | {"case_ref": "M-1", "confirm": True})
        if status not in (201, 409):
            raise RuntimeError(f"{status}: {answer!r}")
        return status == 201

    return act


def plain(target: Target, chance: random.Random) -> Act:
    """Return the act of one client: book a random bed with plain statements."""
    connection = psycopg.connect(target.database_url, autocommit=True)
    today = datetime.now(UTC).date()
    return lambda: raw.book(connection, random_stay(chance, today), UUID(int=1)) is not None


def poster(url: str, token: str) -> Callable[[str, object], tuple[int, bytes]]:
    """Return a function that posts JSON on a connection of its own, kept open, and returns status and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(path: str, body: object) -> tuple[int, bytes]:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    return post
