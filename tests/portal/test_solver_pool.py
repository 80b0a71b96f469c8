"""The process of the solver is real here: it tells, stops, breaks, is killed, and never outlives its server."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal import solver_pool
from portal.processes import seat
from portal.solver_pool import SolverLost, SolverPool
from tests.portal.solver_jobs import count_up, deaf, fail, say_pid, who_imports

PATIENCE_S = 60.0  # a busy machine is slow, not wrong


@pytest.fixture
async def pool() -> AsyncIterator[SolverPool]:
    """A pool, closed at the end."""
    pool = SolverPool()
    yield pool
    pool.close()


@pytest.fixture
async def pool_of_two() -> AsyncIterator[SolverPool]:
    """A pool of two processes, closed at the end."""
    pool = SolverPool(2)
    yield pool
    pool.close()


async def go_on(_: list[Any]) -> bool:
    """Never stop a job."""
    return False


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or before it was read
        return False


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that run."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(one) for path in listed for one in path.read_text().split()]
    return [one for one in found if is_running(one)]


async def until_gone(*pids: int) -> None:
    """Return once none of these processes runs."""
    deadline = time.monotonic() + PATIENCE_S
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if is_running(pid)]}"
        await asyncio.sleep(0.02)


async def test_progress_arrives_while_the_job_runs_and_the_loop_is_free(pool: SolverPool) -> None:
    told: list[list[int]] = []
    turns = 0

    async def tell(news: list[int]) -> bool:
        told.append(news)
        return False

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    turning = asyncio.create_task(turn())
    number, pid, niceness = await pool.run(count_up, 60, tell=tell)
    turning.cancel()

    assert number == 60
    assert [one for news in told for one in news] == list(range(1, 61))
    assert len([news for news in told if news]) >= 2
    assert (pid != os.getpid(), niceness) == (True, min(os.nice(0) + 10, 19))
    assert turns > 20


async def test_a_job_stops_as_soon_as_it_is_asked_and_keeps_what_it_has(pool: SolverPool) -> None:
    told: list[int] = []

    async def tell(news: list[int]) -> bool:
        told.extend(news)
        return bool(told)

    number, _, _ = await pool.run(count_up, 10_000, tell=tell)

    assert 0 < number <= 500  # of the ten thousand, fifty a second
    assert told == list(range(1, number + 1))


async def test_the_same_process_does_the_next_job_which_an_old_stop_does_not_reach(pool: SolverPool) -> None:
    async def stop_at_once(_: list[int]) -> bool:
        return True

    _, first, _ = await pool.run(count_up, 10_000, tell=stop_at_once)
    number, second, _ = await pool.run(count_up, 5, tell=go_on)

    assert (number, second) == (5, first)


async def test_two_jobs_at_once_take_turns(pool: SolverPool) -> None:
    first, second = await asyncio.gather(pool.run(count_up, 5, tell=go_on), pool.run(count_up, 6, tell=go_on))

    assert (first[0], second[0], first[1]) == (5, 6, second[1])


async def test_two_processes_do_two_jobs_at_once_and_a_third_job_waits(pool_of_two: SolverPool) -> None:
    under_way, most = 0, 0

    async def run(until: int) -> int:
        nonlocal under_way, most
        began = False

        async def tell(news: list[int]) -> bool:
            nonlocal under_way, most, began
            under_way, began = under_way + bool(news and not began), began or bool(news)
            most = max(most, under_way)
            return False

        _, pid, _ = await pool_of_two.run(count_up, until, tell=tell)
        under_way -= began
        return pid

    pids = await asyncio.gather(run(60), run(60), run(5))

    assert (len(set(pids[:2])), pids[2] in pids[:2], most) == (2, True, 2)


async def test_a_process_that_is_started_is_chosen_before_one_that_is_not(pool_of_two: SolverPool) -> None:
    assert not pool_of_two.is_warm
    pool_of_two.warm(say_pid)
    pool_of_two.warm(say_pid)  # the same one: both are told
    first, second = (await pool_of_two.run(count_up, 1, tell=go_on))[1], (await pool_of_two.run(say_pid, tell=go_on))

    assert (first == second, pool_of_two.is_warm) == (True, True)


async def test_a_process_that_nobody_asks_anything_ends(pool: SolverPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver_pool, "IDLE_S", 0.05)

    _, pid, _ = await pool.run(count_up, 1, tell=go_on)
    await until_gone(pid)

    assert not pool.is_warm
    assert (await pool.run(count_up, 3, tell=go_on))[0] == 3


async def test_a_job_that_breaks_says_how_and_the_next_one_runs(pool: SolverPool) -> None:
    with pytest.raises(ValueError, match="broken on purpose"):
        await pool.run(fail, tell=go_on)

    assert (await pool.run(count_up, 3, tell=go_on))[0] == 3


async def test_a_process_that_is_killed_is_told_and_replaced(pool: SolverPool) -> None:
    async def kill(news: list[int]) -> bool:
        for pid in news:
            os.kill(pid, signal.SIGKILL)
        return False

    with pytest.raises(SolverLost):
        await pool.run(deaf, tell=kill)

    assert (await pool.run(count_up, 3, tell=go_on))[0] == 3


async def test_a_process_killed_while_it_had_nothing_to_do_is_replaced(pool: SolverPool) -> None:
    _, pid, _ = await pool.run(count_up, 1, tell=go_on)
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)

    number, other, _ = await pool.run(count_up, 2, tell=go_on)

    assert (number, other != pid) == (2, True)


async def test_a_job_that_does_not_listen_is_killed(pool: SolverPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver_pool, "STOP_S", 0.5)
    pids: list[int] = []

    async def tell(news: list[int]) -> bool:
        pids.extend(news)
        return bool(pids)

    with pytest.raises(SolverLost):
        await pool.run(deaf, tell=tell)
    await until_gone(*pids)


async def test_whoever_leaves_takes_the_process_with_them(pool: SolverPool) -> None:
    pids: list[int] = []
    started = asyncio.Event()

    async def tell(news: list[int]) -> bool:
        pids.extend(news)
        if pids:
            started.set()
        return False

    task = asyncio.create_task(pool.run(deaf, tell=tell))
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until_gone(*pids)


async def test_a_closed_pool_leaves_no_process() -> None:
    pool = SolverPool()
    _, pid, _ = await pool.run(count_up, 1, tell=go_on)
    assert is_running(pid)

    pool.close()

    await until_gone(pid)


async def test_the_process_imports_neither_pages_nor_the_database(pool: SolverPool) -> None:
    assert await pool.run(who_imports, tell=go_on) == []


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    """A process that has a solver at work, whose number it prints."""
    command = [sys.executable, "-m", "tests.portal.solver_jobs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield server
        server.kill()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_killed_leaves_no_process(server: subprocess.Popen[str], how: signal.Signals) -> None:
    assert server.stdout is not None
    solver = int(server.stdout.readline())
    processes = children_of(server.pid)
    assert solver in processes

    server.send_signal(how)
    server.wait(PATIENCE_S)

    await until_gone(*processes)


def test_those_who_share_a_folder_share_its_seats_and_one_that_is_left_is_taken_again(tmp_path: Path) -> None:
    with seat(tmp_path, 2) as first, seat(tmp_path, 2) as second, seat(tmp_path, 2) as third:
        assert (first, second, third) == (True, True, False)
    with seat(tmp_path / "elsewhere", 1) as alone, seat(tmp_path, 2) as again:
        assert (alone, again) == (True, True)


SITS = """
import sys, time
from pathlib import Path
from portal.processes import seat
with seat(Path(sys.argv[1]), 1):
    print(1, flush=True)
    time.sleep(60)
"""


def test_a_seat_of_a_process_that_is_killed_is_free(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SITS, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        with seat(tmp_path, 1) as while_it_lives:
            assert not while_it_lives
        holder.kill()

    with seat(tmp_path, 1) as after:
        assert after
