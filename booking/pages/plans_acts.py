"""What the buttons of a planning page ask for, in a transaction, and how what a client gives is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor
from booking.pages.plans_desk import Desk
from booking.plans.kept import run_of
from booking.plans.runs import change_by_hand, start_run
from optimizer.forms import read_plan
from optimizer.manners import Manner

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)  # as availability/wire.py has them


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A search that the page asks for."""

    kind: str
    first: date
    until: date
    manner: Manner
    settings: dict[str, Any]
    based_on: UUID | None


def start(session: Session, actor: Actor, desk: Desk, wanted: Wanted, *, now: datetime) -> UUID:
    """Ask for a search; return the run. Raises: NotAllowed, NotFound, InvalidRequest, AlreadyPlanning."""
    kind = next((one for one in desk.planner.kinds(session, actor) if one.code == wanted.kind), None)
    if kind is None:
        raise InvalidRequest("type", "unknown-choice")
    if wanted.until - wanted.first > desk.most_ahead:
        raise InvalidRequest("until", "too-far")
    return start_run(
        session,
        actor,
        kind.id,
        first=wanted.first,
        until=wanted.until,
        now=now,
        problem=desk.problem,
        manner=wanted.manner,
        settings=wanted.settings,
        based_on=wanted.based_on,
    )


def resume(session: Session, actor: Actor, run_id: UUID, *, now: datetime) -> UUID:
    """Ask again for a search that was interrupted, from the best that it found; return the new run.

    Raises: NotAllowed, NotFound, AlreadyPlanning.
    """
    run = run_of(session, actor, run_id)
    return start_run(
        session,
        actor,
        run.kind_id,
        first=run.first_on,
        until=run.until_on,
        now=now,
        problem=run.problem,
        manner=Manner(run.manner),
        settings=run.settings,
        based_on=run.id if run.plan is not None else run.based_on,  # it goes on from what it had found
    )


def keep_other(session: Session, actor: Actor, desk: Desk, run_id: UUID, number: int, *, now: datetime) -> UUID:
    """Make a proposal of a compromise that a search found; return its run.

    Raises: NotFound, InvalidRequest, BrokenPlan.
    """
    others = (run_of(session, actor, run_id).plan or {}).get("others", ())
    if not 0 <= number < len(others):
        raise InvalidRequest("number", "unknown-choice")
    plan = read_plan(desk.problem, to_json(others[number]["plan"]))
    return change_by_hand(session, actor, run_id, plan, now=now)


def day_of(text: object) -> date | None:
    """Return a civil day as an input of the page or its address gives it; None for what nobody plans."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def number_of(value: object, *, whole: bool = False) -> float:
    """Return a number that a client gives. Raises: InvalidRequest."""
    try:
        return int(str(value)) if whole else float(str(value).replace(",", "."))
    except ValueError as error:
        raise InvalidRequest("value", "not-a-number") from error
