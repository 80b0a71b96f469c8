"""Beds as a run plans them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from booking.plans.bed_actions import apply_plan, take_back
from booking.plans.bed_settings import check
from booking.plans.beds import Ward, plannable_kinds, waited_for, ward_of
from booking.plans.kept import scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading


@dataclass(frozen=True, kw_only=True)
class WardReading(Reading):
    """A court as the database has it, with what its screen says of it."""

    ward: Ward


def read_ward(session: Session, run: OptimizerRun, *, now: datetime) -> Ward:
    """Return the beds and the people that a run plans, as they are now."""
    base = None if run.based_on is None else session.get(OptimizerRun, run.based_on)
    return ward_of(session, scope_of(run), run.settings, now=now, base=base.plan if base else None)


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return who waits and who has a bed; in force is who sleeps where today."""
    ward = read_ward(session, run, now=now)
    return WardReading(problem=ward.problem, in_force=ward.in_force, ward=ward)


PLANNER = Planner(
    name="beds",
    kinds=plannable_kinds,
    read=read,
    apply=apply_plan,
    take_back=take_back,
    check=check,
    work=waited_for,
)
