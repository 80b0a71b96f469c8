"""A date that has room is held for the first lawyer who waits for it: by the clock, and before anybody who takes one.

Whoever takes a date serves first those who wait for it, under the same locks: there is no moment at which a newcomer
has what the list would have had (docs/decisions/0053). Order of locks: the hearing, the conventions of the court, the
service, then the wait.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock
from availability.errors import Refusal
from availability.openings import instant_of
from availability.rights import Actor, Right, Role
from availability.statements import by_key, run
from booking.date_holding import A_DAY, hold_date, wait_for_conventions
from booking.date_wait_models import DateOffer, DateWait
from booking.date_waits import move_wait
from booking.hosting_models import MailKind
from booking.lawyer_looking import Asked, OpenDate, open_dates
from booking.lawyer_models import Procedure, WhyNone
from booking.lawyers import addresses_of
from booking.mail import plan_to
from booking.quotas import Booker, wait_for_service
from booking.waiting_models import WaitingState

AT_ONCE = 100  # waits looked at in one turn of the clock
MOST_TRIED = 8  # dates of one wait: those before it in the line may have the first ones
LEAST_HELD = timedelta(minutes=15)  # an offer that ends sooner serves nobody
# In order: who came first. Each hearing is offered to a wait once.
LINE = by_key("""
    SELECT w.id, w.account_id, w.site_id, w.procedure, w.nature
    FROM resource r JOIN date_wait w ON w.site_id = r.site_id
    WHERE r.id = :hearing_id AND w.state = 'waiting' AND coalesce(w.hearing_id, r.id) = r.id
      AND NOT EXISTS (SELECT FROM date_offer o WHERE o.wait_id = w.id AND o.hearing_id = r.id)
    ORDER BY w.created_at, w.id""")
HAS_ROOM = by_key("""
    SELECT h.max_cases > (SELECT count(*) FROM session_case c WHERE c.resource_id = h.resource_id
                          AND (c.expires_at IS NULL OR c.expires_at > :now))
    FROM hearing_session h WHERE h.resource_id = :hearing_id""")
# Whoever may still act as a lawyer there, as they are now.
LAWYER = by_key("""
    WITH RECURSIVE around AS (
        SELECT t.id, t.parent_id FROM territory t JOIN site s ON s.territory_id = t.id WHERE s.id = :site_id
        UNION ALL SELECT t.id, t.parent_id FROM territory t JOIN around a ON t.id = a.parent_id)
    SELECT p.name, s.territory_id FROM lawyer_profile p JOIN account a ON a.id = p.account_id AND a.is_active
    JOIN site s ON s.id = :site_id
    WHERE p.account_id = :account_id
      AND EXISTS (SELECT FROM account_right g WHERE g.account_id = a.id AND g.role = 'lawyer'
                  AND g.territory_id IN (SELECT id FROM around))""")
DUE = text("""
    SELECT id FROM date_wait WHERE state = 'waiting' AND (is_due OR :all) ORDER BY created_at, id LIMIT :most""")
OFFERED = by_key("SELECT hearing_id FROM date_offer WHERE wait_id = :id")
SEEN = by_key("UPDATE date_wait SET is_due = false WHERE id = :id AND is_due")
# With room, of a kind that somebody waits for there: the earliest first, for the first who waits.
LOOKED_AT = text("""
    SELECT r.id FROM resource r JOIN hearing_session h ON h.resource_id = r.id
    WHERE r.id = ANY(:ids) AND r.is_active AND h.starts_at > :now
      AND h.max_cases > (SELECT count(*) FROM session_case c WHERE c.resource_id = r.id
                         AND (c.expires_at IS NULL OR c.expires_at > :now))
      AND EXISTS (SELECT FROM date_wait w JOIN lawyer_rule u ON u.site_id = w.site_id AND u.procedure = w.procedure
                       AND u.kind_id = r.kind_id AND u.with_date AND starts_with(w.nature, u.family)
                  WHERE w.site_id = r.site_id AND w.state = 'waiting' AND coalesce(w.hearing_id, r.id) = r.id
                    AND NOT EXISTS (SELECT FROM date_offer o WHERE o.wait_id = w.id AND o.hearing_id = r.id))
    ORDER BY h.starts_at, r.id""")


def dates_looked_at(session: Session, resource_ids: Collection[int], *, now: datetime) -> list[int]:
    """Return, of what moved, the hearings with room for which somebody may wait, the earliest first."""
    return list(session.execute(LOOKED_AT, {"ids": list(resource_ids), "now": now}).scalars())


def waits_due(session: Session, *, every: bool = False, most: int = AT_ONCE) -> list[UUID]:
    """Return the waits for which what is free is to be looked at, or all of them, who came first first."""
    return list(session.execute(DUE, {"all": every, "most": most}).scalars())


def dates_for(session: Session, wait_id: UUID, *, now: datetime) -> list[int]:
    """Return the first hearings that suit a wait as of now, and were not offered to it."""
    wait = session.get_one(DateWait, wait_id)
    lawyer = _lawyer(session, wait.account_id, wait.site_id)
    if lawyer is None:
        return []
    asked = Asked(site_id=wait.site_id, procedure=Procedure(wait.procedure), nature=wait.nature)
    looked = open_dates(session, lawyer, asked, now=now, hearing_id=wait.hearing_id)
    had = set(run(session, OFFERED, {"id": wait_id}).scalars())
    return [one.hearing_id for one in looked.dates if one.hearing_id not in had][:MOST_TRIED]


def wait_seen(session: Session, wait_id: UUID) -> None:
    """Note that what is free was looked at for a wait; what moves after is looked at by itself."""
    run(session, SEEN, {"id": wait_id})


def offer_dates(session: Session, hearing_id: int, *, now: datetime) -> int:
    """Offer, as the clock, what is free of a hearing; return how many offers were made.

    A look that finds nobody leaves no trace: it would be a change itself, and would be looked at for ever.
    """
    with session.begin_nested() as looking:
        place = lock(session, [hearing_id]).get(hearing_id)
        made = offer_there(session, place, now=now) if place is not None else 0
        if not made:
            looking.rollback()
    return made


def offer_there(session: Session, place: Locked, *, now: datetime) -> int:
    """Offer what is free of a hearing that the caller has locked; return how many offers were made."""
    wait_for_conventions(session, place.site_id)
    return serve_first(session, place, now=now)


def serve_first(session: Session, place: Locked, *, now: datetime, before: UUID | None = None) -> int:
    """Hold what is free of a hearing for those who wait for it, in order; return for how many.

    The hearing and the conventions of its court are locked by the caller. `before`: an account that is about to take a
    date there; of the list, only those before its own place go first.
    """
    made, full = 0, set[tuple[str, str]]()  # full for one is full for all who ask the same
    for line in run(session, LINE, {"hearing_id": place.id}).all():
        if line.account_id == before or not run(session, HAS_ROOM, {"hearing_id": place.id, "now": now}).scalar():
            break
        if (line.procedure, line.nature) in full:
            continue
        lawyer = _lawyer(session, line.account_id, line.site_id)
        if lawyer is None:
            continue
        asked = Asked(site_id=line.site_id, procedure=Procedure(line.procedure), nature=line.nature)
        looked = open_dates(session, lawyer, asked, now=now, hearing_id=place.id)
        if looked.why is WhyNone.FULL:
            full.add((line.procedure, line.nature))
        if looked.dates and _offer(session, place, lawyer, line.id, asked, looked.dates[0], now=now):
            made += 1
    return made


def offer_end(place: Locked, chosen: OpenDate, now: datetime) -> datetime:
    """Return until when a date is held for who waits: the hours of its kind, and not past its last day for taking."""
    most = now + timedelta(hours=place.terms.offer_hours)
    return min(most, chosen.starts_at, instant_of(chosen.take_until + A_DAY, time(), chosen.zone))


def _offer(  # noqa: PLR0917 - who, what, and for which wait
    session: Session, place: Locked, lawyer: Actor, wait_id: UUID, asked: Asked, chosen: OpenDate, *, now: datetime
) -> bool:
    ends_at = offer_end(place, chosen, now)
    if ends_at < now + LEAST_HELD:
        return False
    try:
        with session.begin_nested() as holding:  # refused, it lets go of the service and the wait before the next
            wait_for_service(session, place.terms, Booker(None, lawyer.home_territory_id))
            wait = session.get_one(DateWait, wait_id, with_for_update=True, populate_existing=True)
            if wait.state != WaitingState.WAITING:  # withdrawn, or offered another date, meanwhile
                holding.rollback()
                return False
            own = hold_date(session, lawyer, asked, chosen, now=now, keep_until=ends_at)
            _write(session, wait, own.booking_id, place.id, ends_at=ends_at, now=now)
    except Refusal:  # a quota of the court, which is not what the lawyer asked about
        return False
    return True


def _write(
    session: Session, wait: DateWait, booking_id: UUID, hearing_id: int, *, ends_at: datetime, now: datetime
) -> None:
    session.add(
        DateOffer(booking_id=booking_id, wait_id=wait.id, hearing_id=hearing_id, offered_at=now, ends_at=ends_at)
    )
    facts: dict[str, Any] = {"booking_id": str(booking_id), "resource_id": hearing_id}
    move_wait(session, None, wait, WaitingState.OFFERED, now, facts=facts)
    addresses = addresses_of(session, booking_id)
    plan_to(session, booking_id, MailKind.LAWYER_OFFER, addresses, now=now, due_at=now, until=ends_at)


def _lawyer(session: Session, account_id: UUID, site_id: int) -> Actor | None:
    row = run(session, LAWYER, {"account_id": account_id, "site_id": site_id}).one_or_none()
    if row is None:
        return None
    right = Right(Role.LAWYER, frozenset({row.territory_id}))
    return Actor(account_id, row.name, (right,), row.territory_id)
