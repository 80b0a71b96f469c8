"""An earlier date offered to who is summoned: asked for, told by SMS, taken or left by the link or by an agent.

What is held, in which order, and what taking it does are in `booking/waiting_earlier.py`; here are the messages, when
they may reach the person, and who may act. Order of locks: as those acts, then the convocation, then its messages.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.rights import Actor
from availability.statements import by_key, run
from booking.actions import cancel
from booking.earlier_dates import ask_earlier, ask_no_more
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import EarlierEnded, EarlierOffered, Event
from booking.models import Booking
from booking.person_phones import NUMBER_REFUSED, PHONE_FOR_MESSAGES
from booking.waiting_earlier import Earlier, Offered, earlier_for, take_earlier
from convocations.actions import convocation_for, locked_convocation, write_down
from convocations.bearing import Bearer, count_act, expected_booking, note_act
from convocations.errors import ConvocationOver, EarlierGone
from convocations.kinds import MessageKind
from convocations.models import Convocation
from convocations.planning import OF_BOOKING, PLAN, SUMMONED, summoned_as
from convocations.timing import held_until, next_moment

# Nothing is locked: the clock has the place by then, and locks the entry before the convocation.
TO_TELL = by_key(f"{SUMMONED} WHERE c.booking_id = :booking_id AND c.standing = 'set'")
REFUSES = by_key(f"""
    SELECT EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) OR {NUMBER_REFUSED}
    FROM convocation c LEFT JOIN person p ON p.id = c.person_id {PHONE_FOR_MESSAGES}
    WHERE c.booking_id = :booking_id""")  # noqa: S608 - constants only
COLLEAGUES = by_key("""
    SELECT other.id FROM booking b JOIN resource r ON r.id = b.resource_id
    JOIN resource other ON other.site_id = r.site_id AND other.kind_id = r.kind_id
    WHERE b.id = :booking_id AND other.id <> r.id AND other.is_active ORDER BY other.id""")
START = by_key("SELECT starts_at FROM booking WHERE id = :id")
# An offer that ends and begins again, with the appointment or as it was left by mistake, is the same one.
WAS_TOLD_OF = by_key("""
    SELECT EXISTS (SELECT FROM message WHERE convocation_id = :id AND kind = 'earlier' AND booking_id = :hold_id
                   AND state IN ('sending', 'sent', 'flagged'))""")
UNPLAN_ONE = by_key("""
    UPDATE message m SET state = 'cancelled' FROM convocation c
    WHERE c.booking_id = :booking_id AND m.convocation_id = c.id AND m.kind = 'earlier' AND m.state = 'planned'
      AND m.booking_id = :hold_id""")


def answer_by(
    session: Session, booking_id: UUID, now: datetime, lasting: timedelta, at_most: datetime
) -> datetime | None:
    """Return until when an earlier date is held for the person of a booking: see `timing.held_until`.

    None when nobody would tell them: they are no longer summoned to it, or refuse messages.
    """
    row = run(session, TO_TELL, {"booking_id": booking_id}).one_or_none()
    if row is None or run(session, REFUSES, {"booking_id": booking_id}).scalar():
        return None
    return held_until(now, lasting, at_most, summoned_as(row).where)


def follow_offer(session: Session, event: Event) -> None:
    """Plan the message of an earlier date that is held for somebody, and un-plan it when it is so no more."""
    match event:
        case EarlierOffered():
            _plan(session, event)
        case EarlierEnded():
            run(session, UNPLAN_ONE, {"booking_id": event.booking_id, "hold_id": event.hold_id})


def want_earlier(session: Session, bearer: Bearer, *, seen: datetime | None, now: datetime) -> None:
    """Write down, by the link, that the person would come earlier; however often they say so.

    Raises: AppointmentChanged, ConvocationOver, TooManyActs, and as `ask_earlier`.
    """
    booking = expected_booking(session, bearer, seen, now)
    if earlier_for(session, booking.id, now=now) is not None:
        return
    convener = session.get_one(Convocation, bearer.convocation_id).requested_by
    ask_earlier(session, bearer.actor, booking.id, bearer.resource_ids, requested_by=convener, now=now)
    _note(session, bearer, "convocation-earlier-asked", now)


def want_no_earlier(session: Session, bearer: Bearer, *, now: datetime) -> None:
    """Write down, by the link, that the date that they have is good. Raises: AlreadyDecided, TooManyActs."""
    booking_id = session.get_one(Convocation, bearer.convocation_id, populate_existing=True).booking_id
    if booking_id is not None and earlier_for(session, booking_id, now=now) is not None:
        ask_no_more(session, bearer.actor, booking_id, now=now)
        _note(session, bearer, "convocation-earlier-unasked", now)


def take_offered(session: Session, bearer: Bearer, start: datetime, *, now: datetime) -> Booking:
    """Take, by the link, the earlier date that the page showed; twice is once.

    Raises: EarlierGone when it is offered no more, ConvocationOver, TooLate, TooManyActs.
    """
    booking_id, offer = _offered(session, bearer, start, now)
    if offer is None:
        booking = session.get_one(Booking, booking_id, populate_existing=True)
        if booking.starts_at == start:  # pressed twice: the first one has it
            return booking
        raise EarlierGone(convocation_id=bearer.convocation_id)
    try:
        booking = take_earlier(session, bearer.actor, offer.id, now=now)
    except (HoldExpired, AlreadyDecided) as refusal:
        raise EarlierGone(convocation_id=bearer.convocation_id) from refusal
    _note(session, bearer, "convocation-earlier-taken", now, start=start.isoformat())
    return booking


def leave_offered(session: Session, bearer: Bearer, start: datetime, *, now: datetime) -> None:
    """Leave, by the link, the earlier date that the page showed to the next; whoever is asked again may say yes.

    Raises: ConvocationOver, EarlierGone when they have it already, TooManyActs.
    """
    booking_id, offer = _offered(session, bearer, start, now)
    if offer is None:
        if session.get_one(Booking, booking_id, populate_existing=True).starts_at == start:
            raise EarlierGone(convocation_id=bearer.convocation_id)
        return  # it is left already
    try:
        cancel(session, bearer.actor, offer.hold_id, now=now)
    except AlreadyDecided:
        return  # lapsed meanwhile
    _note(session, bearer, "convocation-earlier-left", now, start=start.isoformat())


def set_earlier(
    session: Session,
    actor: Actor,
    convocation_id: UUID,
    *,
    wants: bool,
    now: datetime,
    with_colleagues: bool = False,
) -> None:
    """Write down, as an agent, that the person would come earlier, or no longer.

    `with_colleagues`: to whoever receives for the same at that place, and not only where they are summoned.
    Raises: NotFound, NotAllowed, ConvocationOver, and as `ask_earlier` and `ask_no_more`.
    """
    seen = convocation_for(session, actor, convocation_id)
    if seen.booking_id is None:
        raise ConvocationOver(convocation_id=convocation_id)
    is_wanted = earlier_for(session, seen.booking_id, now=now) is not None
    if is_wanted is wants:
        return
    if wants:
        beside = colleagues(session, seen.booking_id) if with_colleagues else []
        places = [*seen.resource_ids, *beside]
        ask_earlier(session, actor, seen.booking_id, places, requested_by=actor.account_id, now=now)
    else:
        ask_no_more(session, actor, seen.booking_id, now=now)
    convocation = locked_convocation(session, convocation_id)
    write_down(session, actor, convocation, f"convocation-earlier-{'asked' if wants else 'unasked'}", now)


def colleagues(session: Session, booking_id: UUID | None) -> list[int]:
    """Return the other resources of the same kind, at the place of an appointment, that receive people."""
    return list(run(session, COLLEAGUES, {"booking_id": booking_id}).scalars())


def earlier_of(session: Session, convocation: Convocation, *, now: datetime) -> Earlier | None:
    """Return whether an earlier date is wanted in the place of the appointment of a convocation."""
    return earlier_for(session, convocation.booking_id, now=now)


def _plan(session: Session, event: EarlierOffered) -> None:
    """Plan the message of what is held, unless the person was told of it, as far as we know."""
    row = run(session, OF_BOOKING, {"booking_id": event.booking_id}).one_or_none()
    if row is None:
        return
    summoned = summoned_as(row)
    if run(session, WAS_TOLD_OF, {"id": summoned.id, "hold_id": event.hold_id}).scalar():
        return
    message: dict[str, Any] = {
        "id": summoned.id,
        "booking_id": event.hold_id,
        "about_at": run(session, START, {"id": event.hold_id}).scalar_one(),
        "kind": MessageKind.EARLIER,
        "due_at": next_moment(event.at, summoned.where),
        "useful_until": event.ends_at,
        "hours_before": None,
        "now": event.at,
    }
    run(session, PLAN, message)


def _offered(session: Session, bearer: Bearer, start: datetime, now: datetime) -> tuple[UUID, Offered | None]:
    """Return the appointment, and what is offered in its place when it begins at `start`. Raises: ConvocationOver."""
    convocation = session.get_one(Convocation, bearer.convocation_id, populate_existing=True)
    if convocation.booking_id is None:
        raise ConvocationOver(convocation_id=bearer.convocation_id)
    earlier = earlier_for(session, convocation.booking_id, now=now)
    offer = earlier.offer if earlier else None
    return convocation.booking_id, offer if offer is not None and offer.starts_at == start else None


def _note(session: Session, bearer: Bearer, act: str, now: datetime, **facts: Any) -> None:
    convocation = locked_convocation(session, bearer.convocation_id)
    count_act(convocation)
    note_act(session, bearer, convocation, act, now, **facts)
