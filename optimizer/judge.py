"""What is said of any plan, by the name of its problem and without a solver: what it breaks, costs, and leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from optimizer.forms import PACKAGES
from optimizer.searching import Price

# What says which items have no place, and why.
_UNPLACED: Mapping[str, str] = {"hearings": "explain", "rounds": "unplaced", "shares": "explain"}


@dataclass(frozen=True, kw_only=True)
class Move:
    """An item that a plan puts elsewhere: where it was and where it goes, as its plan says it; None for nowhere."""

    item: str
    before: Any
    after: Any


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


def places(name: str, plan: Any) -> dict[str, Any]:
    """Return where a plan puts each of its items, named as an application names them."""
    if name == "shares":
        return dict(plan.given)
    placed = {str(item): where for item, where in plan.placed.items()}
    if name == "hearings":
        placed |= {f"hearing:{hearing_id}": sitting for hearing_id, sitting in plan.sittings.items()}
    return placed


def moves(name: str, before: Any, after: Any) -> tuple[Move, ...]:
    """Return what one plan puts elsewhere than another one, by item."""
    was, goes = places(name, before), places(name, after)
    return tuple(
        Move(item=item, before=was.get(item), after=goes.get(item))
        for item in sorted(was.keys() | goes.keys())
        if was.get(item) != goes.get(item)
    )


def _of(name: str, part: str) -> Any:
    return import_module(f"{PACKAGES[name]}.{part}")
