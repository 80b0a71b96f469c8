"""Who is told of what happens to bookings, in every worker."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from portal import jobs
from tests.clock_worker import MAIL_PACE, PACE
from tests.conftest import Database


def test_whoever_guards_what_is_taken_back_is_told_before_messages_are_written() -> None:
    script = "import portal.jobs; from booking.events import _subscribers; print(*(s.__name__ for s in _subscribers))"

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert told == [
        "keep_one_place",
        "keep_visits_possible",
        "keep_together",
        "keep_within",
        "tell_hosts",
        "follow_request",
        "follow_dates",
        "follow_list",
        "follow_offer",
        "follow",
        "follow_date",
        "tell_lawyers",
    ]


async def test_an_election_that_breaks_is_told_and_somebody_stands_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns, is_leading = iter((True, False)), asyncio.Event()

    async def lead(*_: object) -> None:
        if next(turns):
            raise ValueError("a mandate broken on purpose")
        is_leading.set()
        await asyncio.Event().wait()

    def unready() -> None:
        raise ValueError("words missing on purpose")

    monkeypatch.setattr(jobs, "database_url", lambda: database.url)
    monkeypatch.setattr(jobs, "make_ready", unready)
    monkeypatch.setattr(jobs, "_lead", lead)

    async with jobs.leading(PACE, 0.01, MAIL_PACE):
        await asyncio.wait_for(is_leading.wait(), 30)

    told = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert told == ["words missing on purpose", "a mandate broken on purpose"]
