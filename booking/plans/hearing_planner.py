"""Hearings as a run plans them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from booking.plans.hearing_actions import apply_plan, take_back
from booking.plans.hearings import PLACED, plannable_kinds, problem_of
from booking.plans.kept import scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading
from optimizer.hearings.plan import Plan

WORK = text("""
    SELECT DISTINCT w.territory_id, w.kind_id FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE b.id IS NULL OR b.state <> ALL(:placed)""")


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the hearings of a court and the cases that wait; none of these has a place yet."""
    problem = problem_of(session, scope_of(run), now=now)
    decided = {one.id: one.sitting for one in problem.hearings if one.sitting is not None}
    return Reading(problem=problem, in_force=Plan(sittings=decided))


def work(session: Session, *, now: datetime) -> Collection[tuple[int, int]]:  # noqa: ARG001 - as `Work`
    """Return the courts and the kinds for which a case waits."""
    return [(row.territory_id, row.kind_id) for row in session.execute(WORK, {"placed": PLACED})]


PLANNER = Planner(name="hearings", kinds=plannable_kinds, read=read, apply=apply_plan, take_back=take_back, work=work)
