"""So many clients at once, the same way on both sides: processes of threads, each thread with its own connection."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

CLIENTS = 32
PROCESSES = 2  # as many as cores: a single one would measure Python's lock, on both sides

Act = Callable[[], bool]  # does one thing; False when it was refused
Maker = Callable[[Any, random.Random], Act]  # given a target and its own chance, makes the act of one client


@dataclass(frozen=True)
class Burst:
    """What the clients did in some seconds."""

    done: int
    refused: int
    seconds: float
    durations: list[float] = field(repr=False)

    @property
    def rate(self) -> float:
        """Return how many were done a second."""
        return self.done / self.seconds


class Crowd:
    """The clients, connected and waiting; `burst` has them act."""

    def __init__(self, pipes: list[Connection]) -> None:
        self._pipes = pipes

    def burst(self, side: str, seconds: float) -> Burst:
        """Return what all the clients did on that side, having started together."""
        for pipe in self._pipes:
            pipe.send((side, seconds))
        bursts: list[Burst] = [pipe.recv() for pipe in self._pipes]
        return Burst(
            done=sum(one.done for one in bursts),
            refused=sum(one.refused for one in bursts),
            seconds=max(one.seconds for one in bursts),
            durations=[duration for one in bursts for duration in one.durations],
        )


@contextlib.contextmanager
def crowd(
    target: object, makers: Mapping[str, Maker], *, clients: int = CLIENTS, processes: int = PROCESSES
) -> Iterator[Crowd]:
    """Yield the clients, of which each side has as many; they leave at the end."""
    context = multiprocessing.get_context("spawn")
    pipes, started = [], []
    for number in range(processes):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, target, dict(makers), clients // processes, number), daemon=True
        )
        process.start()
        pipes.append(ours)
        started.append(process)
    try:
        yield Crowd(pipes)
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in started:
            process.join(10)


def _serve(pipe: Connection, target: object, makers: dict[str, Maker], clients: int, number: int) -> None:
    acts: dict[str, list[Act]] = {}
    with ThreadPoolExecutor(clients) as threads:
        while order := pipe.recv():
            side, seconds = order
            if side not in acts:
                seeds = [f"{side} {number} {client}" for client in range(clients)]
                acts[side] = [makers[side](target, random.Random(seed)) for seed in seeds]  # noqa: S311 - no secret
            pipe.send(_burst(threads, acts[side], seconds))


def _burst(threads: ThreadPoolExecutor, acts: list[Act], seconds: float) -> Burst:
    start = threading.Barrier(len(acts) + 1)
    running = [threads.submit(_repeat, act, start, seconds) for act in acts]
    start.wait()
    began = time.perf_counter()
    durations: list[float] = []
    refused = 0
    for one in running:
        mine, said_no = one.result()
        durations += mine
        refused += said_no
    return Burst(len(durations), refused, time.perf_counter() - began, durations)


def _repeat(act: Act, start: threading.Barrier, seconds: float) -> tuple[list[float], int]:
    durations: list[float] = []
    refused = 0
    start.wait()
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        if act():
            durations.append(time.perf_counter() - began)
        else:
            refused += 1
    return durations, refused
