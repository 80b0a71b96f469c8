"""A day in a small court, for tests: a hearing of three cases that has begun, and another one later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from availability.claims import CaseClaim
from availability.sealing import House
from booking.actions import Beneficiary, confirm, hold
from booking.hearing_day_models import Stage
from booking.hearing_list import HearingOnDay, hearing_list
from tests.booking.court import SmallCourt, make_court
from tests.factories import NOW

HOUSE = House(b"the house of the tests, and no other")
IN_A_WEEK = NOW + timedelta(days=7)
BEGUN = IN_A_WEEK + timedelta(minutes=5)


@dataclass(frozen=True)
class Day:
    """A court with a hearing of three cases on its day, another one later, and the clock a little after it began."""

    court: SmallCourt
    hearing: int
    later: int
    cases: tuple[UUID, ...]

    def list(self, session: Session, now: datetime = BEGUN) -> HearingOnDay:
        """Return the hearing with its list."""
        return hearing_list(session, self.court.clerk, self.hearing, house=HOUSE, now=now)

    def stages(self, session: Session) -> list[Stage]:
        """Return where each case stands, in the order of the list."""
        return [one.stage for one in self.list(session).cases]


def made_day(session: Session, *, later_cases: int = 10) -> Day:
    """Return a day in court; the later hearing has room for so many cases."""
    court = make_court(session)
    hearing = court.hearing(session, in_days=7)
    later = court.hearing(session, in_days=14, max_cases=later_cases)
    return Day(court, hearing, later, tuple(booked(session, court, hearing, number) for number in (1, 2, 3)))


def booked(session: Session, court: SmallCourt, hearing: int, number: int, minutes: int = 20) -> UUID:
    """Return the booking of a case of so many minutes."""
    claim = CaseClaim(resource_id=hearing, minutes=minutes, family="51")
    at = NOW + timedelta(seconds=number)
    held = hold(session, court.clerk, claim, beneficiary=Beneficiary(case_ref=f"RG 26/{number:05}"), now=at)
    return confirm(session, court.clerk, held.id, now=at).id
