"""The problems that a run may be of."""

from __future__ import annotations

from collections.abc import Mapping

from availability.errors import InvalidRequest
from booking.plans import bed_planner, hearing_planner, round_planner, share_planner
from booking.plans.planner import Planner

PLANNER_OF: Mapping[str, Planner] = {
    one.name: one
    for one in (hearing_planner.PLANNER, bed_planner.PLANNER, round_planner.PLANNER, share_planner.PLANNER)
}


def planner_of(problem: str) -> Planner:
    """Return the planner of a problem. Raises: InvalidRequest."""
    if problem not in PLANNER_OF:
        raise InvalidRequest("problem", "unknown-choice")
    return PLANNER_OF[problem]
