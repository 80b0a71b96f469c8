"""Runs are served by real processes, two at once: progress is written, a stop obeyed, a kill leaves its plan only."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from booking.plans.hearings import plan_of
from booking.plans.kept import state_at
from booking.plans.models import OptimizerRun, RunState
from booking.plans.runs import request_stop, start_run
from tests.booking.court import SmallCourt, make_court
from tests.conftest import Database
from tests.factories import NOW, in_days
from tests.portal.test_solver_pool import children_of, is_running, until_gone
from tests.races import act

PATIENCE_S = 120.0  # a busy machine is slow, not wrong
Serve = Callable[[], subprocess.Popen[bytes]]
# The world of the tests is in the past: the hearings are put as far ahead of the real clock.
AHEAD = (datetime.now(UTC) - NOW).days + 1


@pytest.fixture
def serve(database: Database, tmp_path: Path) -> Iterator[Serve]:
    """Starts a server of runs on the database of the test."""
    started: list[subprocess.Popen[bytes]] = []
    own = {
        "DATABASE_URL": database.url,
        "PLACEJUSTE_DEMO": "1",
        "PLACEJUSTE_DATA_DIR": str(tmp_path),  # as many searches at once as one machine may
        "PLACEJUSTE_SOLVER_SECONDS": "300",
    }

    def serving() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.portal.solving_server"]
        started.append(subprocess.Popen(command, env=os.environ | own, stderr=subprocess.DEVNULL))
        return started[-1]

    yield serving
    for server in started:
        server.kill()
        server.wait(PATIENCE_S)


def busy_court(session: Session) -> SmallCourt:
    """Return a court whose plan takes minutes to be proved the best."""
    court = make_court(session)
    for number in range(12):
        court.hearing(session, in_days=AHEAD + 2 + number, max_cases=12, quotas={"51": 5})
    for number in range(150):
        court.case(
            session,
            number,
            minutes=(10, 15, 20, 30)[number % 4],
            family=("48", "51", "53")[number % 3],
            deadline_on=in_days(AHEAD + 3 + number % 20),
        )
    return court


def ask(session: Session, court: SmallCourt, based_on: UUID | None = None) -> UUID:
    """Ask for a plan, now."""
    first, now = in_days(AHEAD), datetime.now(UTC)
    until = first + timedelta(days=60)
    return start_run(session, court.clerk, court.kind.id, first=first, until=until, now=now, based_on=based_on)


def stop(session: Session, court: SmallCourt, run_id: UUID) -> None:
    """Ask for the end, now."""
    request_stop(session, court.clerk, run_id, now=datetime.now(UTC))


def run_of(engine: Engine, run_id: UUID) -> OptimizerRun:
    """Return the run as the table has it."""
    with Session(engine) as session:
        return session.get_one(OptimizerRun, run_id)


def until(engine: Engine, run_id: UUID, is_so: Callable[[OptimizerRun], bool]) -> OptimizerRun:
    """Return the run once it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(run := run_of(engine, run_id)):
        assert time.monotonic() < deadline, f"still {run.state}, {len(run.progress)} points"
        time.sleep(0.05)
    return run


def solvers_of(server: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes of a server that have a solver at work."""
    return [pid for pid in children_of(server.pid) if "ortools" in Path(f"/proc/{pid}/maps").read_text()]


def test_two_runs_go_on_at_once_a_stop_is_obeyed_and_a_killed_solver_fails_its_run_alone(
    database: Database, serve: Serve
) -> None:
    courts = [act(database.engine, busy_court) for _ in range(2)]
    run_ids = [act(database.engine, ask, court) for court in courts]
    server = serve()
    first = [until(database.engine, run_id, lambda run: len(run.progress) > 1) for run_id in run_ids]
    later = [
        until(database.engine, run.id, lambda run, was=run: len(run.progress) > len(was.progress)) for run in first
    ]

    assert [one.state for one in later] == [RunState.RUNNING] * 2
    assert later[0].heartbeat_at > first[0].heartbeat_at
    assert len(solvers_of(server)) == 2
    assert "ortools" not in Path(f"/proc/{server.pid}/maps").read_text(), "importing it, a server answers nobody"
    act(database.engine, stop, courts[0], run_ids[0])  # it would go on for 300 seconds
    stopped = until(database.engine, run_ids[0], lambda run: run.state == RunState.STOPPED)

    assert 150 - len(plan_of(stopped.plan).placed) == stopped.progress[-1][3] <= later[0].progress[0][3]
    assert run_of(database.engine, run_ids[1]).state == RunState.RUNNING

    again = act(database.engine, ask, courts[0])
    pair = [until(database.engine, run_id, lambda run: run.so_far is not None) for run_id in (again, run_ids[1])]
    os.kill(solvers_of(server)[0], signal.SIGKILL)
    states = {RunState.FAILED, RunState.RUNNING}
    until(database.engine, again, lambda _: {run_of(database.engine, one.id).state for one in pair} == states)
    failed = next(one for one in (run_of(database.engine, one.id) for one in pair) if one.state == RunState.FAILED)
    assert plan_of(failed.plan).placed
    assert is_running(server.pid)

    processes = children_of(server.pid)
    server.send_signal(signal.SIGINT)
    server.wait(PATIENCE_S)

    asyncio.run(until_gone(*processes))


def test_a_server_killed_in_the_middle_leaves_no_process_and_another_run_goes_on_from_its_plan(
    database: Database, serve: Serve
) -> None:
    court = act(database.engine, busy_court)
    run_id = act(database.engine, ask, court)
    server = serve()
    until(database.engine, run_id, lambda run: run.so_far is not None)
    processes = children_of(server.pid)
    assert processes

    server.send_signal(signal.SIGKILL)
    server.wait(PATIENCE_S)
    asyncio.run(until_gone(*processes))

    dead = run_of(database.engine, run_id)
    assert state_at(dead, dead.heartbeat_at + timedelta(seconds=11)) is RunState.INTERRUPTED
    with database.engine.begin() as connection:  # the eleven seconds have passed
        connection.execute(text("UPDATE optimizer_run SET heartbeat_at = heartbeat_at - interval '11 s'"))
    serve()  # another takes over: what was interrupted stays so, and a search goes on from what it had found
    lost = until(database.engine, run_id, lambda run: run.state == RunState.INTERRUPTED)
    again = act(database.engine, ask, court, based_on=run_id)
    began = until(database.engine, again, lambda run: len(run.progress) > 1)

    assert began.progress[0][1] <= sum(cost for _, _, cost in lost.prices["after"])
    assert run_of(database.engine, run_id).state == RunState.INTERRUPTED
