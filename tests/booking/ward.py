"""Beds of a court and those who wait for one, for the tests of planning beds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from booking.models import Booking, State
from booking.plans.beds import Ward, ward_of
from booking.plans.kept import Scope
from booking.plans.runs import finish_run, job_for, start_run, take_run
from booking.waiting_models import WaitingEntry
from optimizer.beside import search
from tests.booking.town import Town
from tests.factories import NOW, in_days

FIRST, UNTIL = in_days(1), in_days(31)


def ward(session: Session, town: Town, **settings: Any) -> Ward:
    """Return the beds of the town as they are planned."""
    court = Scope(territory_id=town.world.here.id, kind_id=town.nights.id, first=FIRST, until=UNTIL)
    return ward_of(session, court, settings, now=NOW)


def solved(session: Session, town: Town, *, based_on: UUID | None = None, **settings: Any) -> UUID:
    """Return a run whose plan is there, as a server would have made it."""
    asked = start_run(
        session,
        town.officer,
        town.nights.id,
        first=FIRST,
        until=UNTIL,
        now=NOW,
        problem="beds",
        settings=settings,
        based_on=based_on,
    )
    assert take_run(session, now=NOW) == asked
    job = job_for(session, asked, now=NOW)
    found = search(job, stop=lambda: False, progress=lambda _: None, limit_s=0.5)
    assert finish_run(session, asked, found, now=NOW)
    return asked


def stays_of(session: Session) -> dict[str, tuple[int | None, str]]:
    """Return the bed and the first night of each case that has a bed."""
    rows = session.exec(select(Booking).where(Booking.state == State.BOOKED))
    return {row.case_ref: (row.unit_id, str(row.first_on)) for row in rows}


def states_of(session: Session) -> dict[str, str]:
    """Return where the wait of each case stands."""
    return {row.case_ref: str(row.state) for row in session.exec(select(WaitingEntry))}
