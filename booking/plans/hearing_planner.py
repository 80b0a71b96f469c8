"""Hearings as a run plans them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from booking.plans.hearing_actions import apply_plan, take_back
from booking.plans.hearings import plannable_kinds, problem_of
from booking.plans.kept import scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading
from optimizer.hearings.plan import Plan


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the hearings of a court and the cases that wait; none of these has a place yet."""
    problem = problem_of(session, scope_of(run), now=now)
    decided = {one.id: one.sitting for one in problem.hearings if one.sitting is not None}
    return Reading(problem=problem, in_force=Plan(sittings=decided))


PLANNER = Planner(name="hearings", kinds=plannable_kinds, read=read, apply=apply_plan, take_back=take_back)
