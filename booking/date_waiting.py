"""A lawyer waits for a date that is full: enters the list, leaves it, sees where they are in it.

An offer is a date held for them (booking/date_offers.py): it is confirmed and given back as any date is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor
from availability.statements import by_key, run
from booking.actions import UNDO_MINUTES, cancel
from booking.date_wait_models import DateOffer, DateWait
from booking.date_waits import move_wait
from booking.errors import AlreadyDecided
from booking.lawyer_dates import DatesOpen, NoDate, deputy_for
from booking.lawyer_looking import Asked, open_dates
from booking.lawyer_models import WhyNone
from booking.lawyers import LAWYERS, profile_of
from booking.waiting_models import LIVING, WaitingState

LONGEST = timedelta(days=366)
MOST_WAITS = 20  # of an account, at once
UNDO_WITHIN = timedelta(minutes=UNDO_MINUTES)
_ENTER = by_key("""
    INSERT INTO date_wait (id, account_id, site_id, procedure, nature, hearing_id, state, is_due, created_at)
    VALUES (:id, :account_id, :site_id, :procedure, :nature, :hearing_id, 'waiting', true, :now)
    ON CONFLICT DO NOTHING RETURNING id""")
_SAME = by_key("""
    SELECT id FROM date_wait WHERE account_id = :account_id AND site_id = :site_id AND procedure = :procedure
      AND nature = :nature AND hearing_id IS NOT DISTINCT FROM CAST(:hearing_id AS bigint)
      AND state IN ('waiting', 'offered')""")
_LIVING = by_key("""
    SELECT count(*) FROM date_wait WHERE account_id = :account_id AND state IN ('waiting', 'offered')""")
_OPEN_OFFER = by_key("SELECT booking_id FROM date_offer WHERE wait_id = :id AND outcome IS NULL")
_OVER = text("""
    SELECT w.id FROM date_wait w LEFT JOIN hearing_session h ON h.resource_id = w.hearing_id
    WHERE w.state = 'waiting' AND (h.starts_at <= :now OR w.created_at <= :before)
    ORDER BY w.id FOR UPDATE OF w SKIP LOCKED""")


def wait_for_date(
    session: Session, actor: Actor, asked: Asked, hearing_id: int | None = None, *, now: datetime
) -> DateWait:
    """Put the actor on the list for the first date that frees, or for one hearing; the same wish is there once.

    Raises: NotFound, InvalidRequest, DatesOpen when there is one, NoDate when it is not for want of room.
    """
    profile_of(session, actor)
    looked = open_dates(session, actor, asked, now=now, hearing_id=hearing_id)
    if looked.why is None:
        raise DatesOpen(site_id=asked.site_id)
    if looked.why is not WhyNone.FULL:
        raise NoDate(hearing_id=hearing_id, why=looked.why)
    if hearing_id is not None and looked.full_too_soon:  # what frees there could not be taken any more
        raise NoDate(hearing_id=hearing_id, why=WhyNone.TOO_SHORT)
    values = {"account_id": actor.account_id, "hearing_id": hearing_id} | vars(asked)
    if (known := run(session, _SAME, values).scalar()) is not None:
        return session.get_one(DateWait, known)
    if run(session, _LIVING, {"account_id": actor.account_id}).scalar_one() >= MOST_WAITS:
        raise InvalidRequest("waiting", "too-many", most=MOST_WAITS)
    entered = run(session, _ENTER, values | {"id": uuid4(), "now": now}).scalar()
    if entered is None:  # asked at the same moment elsewhere
        return session.get_one(DateWait, run(session, _SAME, values).scalar_one())
    wait = session.get_one(DateWait, entered)  # due: what frees while this is written is looked at
    return move_wait(session, actor, wait, WaitingState.WAITING, now, facts={"site_id": asked.site_id})


def withdraw_wait(session: Session, actor: Actor, wait_id: UUID, *, now: datetime) -> DateWait:
    """Take the actor off the list, and give back what is held for them. Raises: NotFound, AlreadyDecided."""
    _own(session, actor, wait_id)
    held = run(session, _OPEN_OFFER, {"id": wait_id}).scalar()
    if held is not None:  # its booking first: see docs/locking.md
        cancel(session, deputy_for(session, actor, held), held, now=now)
    wait = _own(session, actor, wait_id, is_locked=True)
    if wait.state == WaitingState.WITHDRAWN:
        return wait
    if wait.state != WaitingState.WAITING:
        raise AlreadyDecided(entry_id=wait.id, state=wait.state)
    return move_wait(session, actor, wait, WaitingState.WITHDRAWN, now)


def undo_withdraw_wait(session: Session, actor: Actor, wait_id: UUID, *, now: datetime) -> DateWait:
    """Put the actor back at their place, left in the last minutes. Raises: NotFound, AlreadyDecided."""
    wait = _own(session, actor, wait_id, is_locked=True)
    if wait.state in LIVING:
        return wait
    is_recent = wait.ended_at is not None and wait.ended_at >= now - UNDO_WITHIN
    if wait.state != WaitingState.WITHDRAWN or not is_recent or run(session, _SAME, wait.model_dump()).first():
        raise AlreadyDecided(entry_id=wait.id, state=wait.state)
    return move_wait(session, actor, wait, WaitingState.WAITING, now, facts={"undo": True})


def expire_waits(session: Session, *, now: datetime) -> int:
    """End, as the clock, the waits for hearings that have begun, and those of a year ago; return how many."""
    over = list(session.execute(_OVER, {"now": now, "before": now - LONGEST}).scalars())
    for wait_id in over:
        move_wait(session, None, session.get_one(DateWait, wait_id), WaitingState.EXPIRED, now)
    return len(over)


def open_offer_of(session: Session, actor: Actor, booking_id: UUID) -> DateOffer:
    """Return a date that is held for a wait of the actor's. Raises: NotFound."""
    mine = (
        select(DateOffer)
        .join(DateWait)
        .where(
            DateOffer.booking_id == booking_id,
            col(DateOffer.outcome).is_(None),
            DateWait.account_id == actor.account_id,
        )
    )
    offer = session.exec(mine).one_or_none()
    if offer is None:
        raise NotFound(booking_id=booking_id)
    return offer


def _own(session: Session, actor: Actor, wait_id: UUID, *, is_locked: bool = False) -> DateWait:
    wait = session.get(DateWait, wait_id, with_for_update=is_locked or None, populate_existing=True)
    if wait is None or wait.account_id != actor.account_id or not actor.has(*LAWYERS):
        raise NotFound(entry_id=wait_id)
    return wait
