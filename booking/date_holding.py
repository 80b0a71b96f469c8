"""A date is held for a lawyer: what the one who takes it and the clock that offers it have in common.

The caller has locked the hearing, then the conventions of the court, and has found the date under these locks.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.claims import CaseClaim
from availability.rights import Actor
from availability.statements import by_key, run
from booking.actions import Beneficiary, hold
from booking.lawyer_looking import Asked, OpenDate
from booking.lawyer_models import LawyerDate
from booking.lawyers import add_case, deputy_of

SUMMONS_DAYS = 15  # Source: CPC, art. 754, since decree 2021-1322
A_DAY = timedelta(days=1)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read for another
CONVENTIONS = by_key("SELECT id FROM lawyer_convention WHERE site_id = :site_id ORDER BY id")
WAIT_FOR_CONVENTION = by_key("SELECT pg_advisory_xact_lock(hashtextextended('lawyer convention ' || :id, 0))")


@dataclass(frozen=True)
class Given:
    """When a date was given, and until when what goes with it."""

    given_on: date
    summons_due_on: date
    change_until: date


def summons_due(given_on: date, day: date) -> date:
    """Return the last day on which the summons may be handed in: fifteen days before, of a date given earlier than
    that; else the day before, and never before the date was given.

    Source: CPC, art. 754.
    """
    return day - timedelta(days=SUMMONS_DAYS) if (day - given_on).days > SUMMONS_DAYS else max(given_on, day - A_DAY)


def given(chosen: OpenDate, now: datetime) -> Given:
    """Return what goes with a date that is given now."""
    today = now.astimezone(chosen.zone).date()
    change_until = chosen.day - timedelta(days=chosen.change_before_days)
    return Given(today, summons_due(today, chosen.day), change_until)


def wait_for_conventions(session: Session, site_id: int) -> None:
    """Lock what is agreed in a court, sorted, with the hearings locked: what is counted then is what is there."""
    for convention_id in run(session, CONVENTIONS, {"site_id": site_id}).scalars():
        run(session, WAIT_FOR_CONVENTION, {"id": str(convention_id)})


def hold_date(
    session: Session,
    lawyer: Actor,
    asked: Asked,
    chosen: OpenDate,
    *,
    now: datetime,
    keep_until: datetime | None = None,
) -> LawyerDate:
    """Hold a date for a lawyer: for the few minutes that its kind gives, or until then when it is an offer.

    Raises: as `booking.actions.hold`.
    """
    deputy = deputy_of(session, lawyer, chosen.hearing_id)
    claim = CaseClaim(resource_id=chosen.hearing_id, minutes=chosen.minutes, family=asked.nature)
    reference = _reference(now, chosen.zone)
    booking = hold(session, deputy, claim, now=now, beneficiary=Beneficiary(case_ref=reference), keep_until=keep_until)
    taken = LawyerDate(
        booking_id=booking.id,
        account_id=lawyer.account_id,
        site_id=asked.site_id,
        procedure=asked.procedure,
        nature=asked.nature,
        **vars(given(chosen, now)),
    )
    session.add(taken)
    session.flush()
    add_case(session, lawyer, lawyer.account_id, deputy.home_territory_id, case_ref=reference, now=now)
    return taken


def _reference(now: datetime, zone: ZoneInfo) -> str:
    """Return the number of a case that has none yet: it is said on the telephone, and guessed by nobody."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"PD-{now.astimezone(zone):%y}-{letters}"
