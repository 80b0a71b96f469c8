"""A court whose teams drive to people, for the tests of rounds: who waits, who is booked, a run that is solved."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.fitting_actions import book_offer
from booking.plans.kept import Scope
from booking.plans.models import OptimizerRun
from booking.plans.rounds import Fleet, fleet_of
from booking.plans.runs import finish_run, job_for, start_run, take_run
from optimizer.beside import search
from optimizer.manners import Manner
from optimizer.searching import Progress
from tests.booking.fitting_town import FittingTown, a_request, on
from tests.factories import NOW, in_days

FIRST, UNTIL = in_days(1), in_days(6)


def scope_of(town: FittingTown) -> Scope:
    """Return the week that is planned."""
    return Scope(territory_id=town.world.here.id, kind_id=town.kind.id, first=FIRST, until=UNTIL)


def fleet(session: Session, town: FittingTown, **settings: Any) -> Fleet:
    """Return what the optimizer reads of the week."""
    return fleet_of(session, scope_of(town), settings, now=NOW)


def booked(
    session: Session, town: FittingTown, *, team: int = 0, day: int = 1, at: str = "10:00", **asked: Any
) -> UUID:
    """Return the request of somebody who has a visit."""
    request = a_request(session, town, **asked)
    book_offer(session, town.agent, request.id, town.teams[team].id, on(day, at), now=NOW)
    return request.id


def solved(session: Session, town: FittingTown, *, manner: Manner = Manner.PLAN, **settings: Any) -> UUID:
    """Return a run whose plan is there, as a server would have made it."""
    asked = {"first": FIRST, "until": UNTIL, "problem": "rounds", "manner": manner, "settings": settings}
    run_id = start_run(session, town.agent, town.kind.id, now=NOW, **asked)
    assert take_run(session, now=NOW) == run_id
    told: list[Progress] = []
    found = search(job_for(session, run_id, now=NOW), stop=lambda: False, progress=told.append, limit_s=0.3)
    assert finish_run(session, run_id, found, now=NOW)
    return run_id


def run_of(session: Session, run_id: UUID) -> OptimizerRun:
    """Return a run as it is."""
    return session.get_one(OptimizerRun, run_id, populate_existing=True)
