"""Rounds as a run plans them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from booking.plans.kept import scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading
from booking.plans.round_actions import apply_plan, take_back
from booking.plans.round_wishes import WISHES
from booking.plans.rounds import fleet_of, plannable_kinds, work


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the visits and the teams of a court; what is booked is the plan in force."""
    fleet = fleet_of(session, scope_of(run), run.settings, now=now)
    return Reading(problem=fleet.problem, in_force=fleet.in_force)


PLANNER = Planner(
    name="rounds",
    kinds=plannable_kinds,
    read=read,
    apply=apply_plan,
    take_back=take_back,
    check=WISHES.read,
    work=work,
    ahead=timedelta(weeks=1),
)
