"""Whoever opens a page of planning may soon ask for a plan: what searches is made ready meanwhile, in this process."""

from __future__ import annotations

from collections.abc import Callable

_prepare: list[Callable[[str], None]] = []


def prepared_by(prepare: Callable[[str], None]) -> None:
    """Have that called, with the name of a problem, each time that somebody may soon ask for a plan of it."""
    _prepare[:] = [prepare]


def nobody_prepares() -> None:
    """Forget who was to be called."""
    _prepare.clear()


def make_ready(problem: str) -> None:
    """Say that somebody may soon ask for a plan. It costs nothing, and may be said as often as one likes."""
    for prepare in _prepare:
        prepare(problem)
