"""In what manner a plan is looked for. Nothing here imports a solver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from optimizer.searching import Ended, Price


class Manner(StrEnum):
    """What a search may do with the plan in force."""

    PLAN = "plan"  # the best plan
    REPAIR = "repair"  # what holds again, moving only what must
    BETTER = "better"  # compromises between the two
    BY_HAND = "by-hand"  # no search: somebody changed a plan


@dataclass(frozen=True, kw_only=True)
class Job:
    """One search: `in_force` is the plan that people live by now, `start` another one to begin from."""

    name: str  # one of `forms.PACKAGES`
    manner: Manner
    problem: Any
    in_force: Any
    start: Any = None


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A plan and what it costs, rule by rule."""

    plan: Any
    price: tuple[Price, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search ends with. `before` prices the plan in force; `others` are compromises, fewest moves first."""

    plan: Any
    price: tuple[Price, ...]
    before: tuple[Price, ...]
    unplaced: tuple[Any, ...]  # as the `Outcome` of the solver says it
    ended: Ended
    bound: float | None = None
    others: tuple[Proposal, ...] = ()
