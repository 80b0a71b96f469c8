"""What each of the four problems gives to a run: how it is read, applied and taken back. See `planners.py` for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlmodel import Session

from availability.models import Kind
from availability.rights import Actor
from booking.plans.kept import Application
from booking.plans.models import OptimizerRun


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A court as the database has it: the problem, with the weights and locks of the run, and the plan in force."""

    problem: Any
    in_force: Any


class Read(Protocol):
    """Reads the problem of a run, as it is now."""

    def __call__(self, session: Session, run: OptimizerRun, *, now: datetime) -> Reading: ...


class Kinds(Protocol):
    """Lists the kinds that an actor plans in their own court, those with work first."""

    def __call__(self, session: Session, actor: Actor) -> list[Kind]: ...


class Apply(Protocol):
    """Makes what a plan says of these items, or of all of them, true: through the acts of booking, a savepoint each.

    The run is locked and the actor checked. It writes `run.applied`, which `TakeBack` reads.
    """

    def __call__(
        self, session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
    ) -> Application: ...


class TakeBack(Protocol):
    """Gives back what was applied and still can be; returns of how many items."""

    def __call__(self, session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int: ...


class Work(Protocol):
    """Lists, cheaply, where something waits for a plan: courts (territories) and kinds."""

    def __call__(self, session: Session, *, now: datetime) -> Collection[tuple[int, int]]: ...


class Check(Protocol):
    """Refuses settings that its problem cannot be read with. Raises: InvalidRequest."""

    def __call__(self, settings: Mapping[str, Any]) -> object: ...


def any_settings(settings: Mapping[str, Any]) -> None:
    """Accept them."""


def no_work(session: Session, *, now: datetime) -> Collection[tuple[int, int]]:  # noqa: ARG001 - as `Work`
    """Return nothing: no proposal is made at night."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Planner:
    """One problem as a run uses it."""

    name: str  # one of `optimizer.forms.PACKAGES`
    kinds: Kinds
    read: Read
    apply: Apply
    take_back: TakeBack
    check: Check = any_settings
    work: Work = no_work
    ahead: timedelta = timedelta(weeks=8)  # what is planned at night, unless somebody chose otherwise
