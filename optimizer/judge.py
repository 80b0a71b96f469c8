"""What is said of any plan, by the name of its problem and without a solver: what it breaks, costs, and leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from optimizer.forms import PACKAGES
from optimizer.searching import Price

# What says which items have no place, and why.
_UNPLACED: Mapping[str, str] = {"hearings": "explain", "rounds": "unplaced", "shares": "explain"}


def violations(name: str, problem: Any, plan: Any) -> list[Any]:
    """Return the rules that a plan breaks, none for one that holds."""
    return list(_of(name, "check").check(problem, plan))


def price(name: str, problem: Any, plan: Any) -> tuple[Price, ...]:
    """Return what a plan costs, rule by rule."""
    return tuple(_of(name, "check").price(problem, plan))


def unplaced(name: str, problem: Any, plan: Any) -> tuple[Any, ...]:
    """Return what has no place, as the `Outcome` of the solver says it."""
    if name == "beds":
        return tuple(one.id for one in problem.requests if one.id not in plan.placed)
    explain: Callable[..., Any] = getattr(_of(name, "explain"), _UNPLACED[name])
    return tuple(explain(problem, plan))


def _of(name: str, part: str) -> Any:
    return import_module(f"{PACKAGES[name]}.{part}")
