"""Hearings as a run plans them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from booking.plans.hearing_actions import apply_plan
from booking.plans.hearing_based import as_proposed
from booking.plans.hearing_locks import locks_of
from booking.plans.hearing_undo import take_back
from booking.plans.hearing_wishes import WISHES
from booking.plans.hearings import PLACED, plan_of, plannable_kinds, problem_of
from booking.plans.kept import scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading
from optimizer.hearings.staffing import as_now
from optimizer.manners import Manner

WORK = text("""
    SELECT DISTINCT w.territory_id, w.kind_id FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE b.id IS NULL OR b.state <> ALL(:placed)""")


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the hearings of a court, the cases that wait and those that have a place, and where all of these are."""
    manner = Manner(run.manner)
    problem = problem_of(session, scope_of(run), now=now, manner=manner, settings=run.settings)
    in_force = as_now(problem)
    base = session.get(OptimizerRun, run.based_on) if run.based_on is not None else None
    if base is not None:
        problem = as_proposed(problem, plan_of(base.plan), locks_of(run.settings))
    return Reading(problem=problem, in_force=in_force)


def work(session: Session, *, now: datetime) -> Collection[tuple[int, int]]:  # noqa: ARG001 - as `Work`
    """Return the courts and the kinds for which a case waits."""
    return [(row.territory_id, row.kind_id) for row in session.execute(WORK, {"placed": PLACED})]


PLANNER = Planner(
    name="hearings",
    kinds=plannable_kinds,
    read=read,
    apply=apply_plan,
    take_back=take_back,
    check=WISHES.read,
    work=work,
)
