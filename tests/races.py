"""Races: threads that start together, each with its own transaction. Only refusals are answers; the rest surfaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.errors import Refusal

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_S = 30  # a barrier that waits longer than this is a bug, not a slow machine


def at_once(acts: Sequence[Callable[[], R]]) -> list[R | Refusal]:
    """Return what each act answered, in order, all of them having started at the same moment.

    Raises whatever an act raised that is not a refusal: a deadlock or a serialisation failure fails the test.
    """
    start = Barrier(len(acts), timeout=PATIENCE_S)

    def answer_of(act: Callable[[], R]) -> R | Refusal:
        start.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(answer_of, acts))


def act(engine: Engine, function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what `function(session, …)` returns, in a transaction of its own."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return function(session, *args, **kwargs)


def wait_until_somebody_waits(engine: Engine) -> None:
    """Return once a transaction of this database waits for a lock that another has."""
    waiting = text("""
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'""")
    deadline = monotonic() + PATIENCE_S
    with engine.connect() as watcher:
        while not watcher.execute(waiting).scalar():
            watcher.rollback()  # statistics are those of the beginning of a transaction
            assert monotonic() < deadline, "nobody ever waited"


def wait_until_nothing_is_asked(engine: Engine) -> None:
    """Return once what processes that stand still had asked of this database is done: all of it was seen at rest."""
    running = text("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
          AND wait_event_type IS DISTINCT FROM 'Lock'""")
    deadline = monotonic() + PATIENCE_S
    with engine.connect() as watcher:
        sleep(0.05)  # what was sent has been read
        while watcher.execute(running).scalar():
            watcher.rollback()
            assert monotonic() < deadline, "it never rests"


def refusals(answers: Sequence[object]) -> list[type[Refusal]]:
    """Return the kind of each refusal among the answers."""
    return [type(answer) for answer in answers if isinstance(answer, Refusal)]
