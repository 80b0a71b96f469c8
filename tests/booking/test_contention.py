"""The short form of the benchmark of contention: who wins, without a clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from availability.claims import NightsClaim
from availability.models import Shape
from benchmarks.contention import at_once
from tests.conftest import Database
from tests.factories import make_beds, make_kind, make_resource, make_world

CLIENTS = 32


def test_of_thirty_two_on_one_bed_one_has_it_and_on_a_bed_each_all_of_them(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        kind = make_kind(session, Shape.NIGHTS, max_ahead_days=366)
        sections = [make_resource(session, world.site, kind) for _ in range(CLIENTS + 1)]
        for section in sections:
            make_beds(session, section, "1")
    first = datetime.now(UTC).date() + timedelta(days=7)  # the benchmark reads the clock
    claims = [NightsClaim(resource_id=one.id, first=first, until=first + timedelta(days=1)) for one in sections]
    with ThreadPoolExecutor(CLIENTS) as threads:
        apart = at_once(threads, database.engine, world.officer, claims[1:])
        together = at_once(threads, database.engine, world.officer, claims[:1] * CLIENTS)

    assert [one.is_won for one in apart] == [True] * CLIENTS
    assert sum(one.is_won for one in together) == 1
