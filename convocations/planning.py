"""Which messages an act causes, and which it makes untrue: rows written in the transaction of the act itself.

`follow` hears every event of a booking. Order of locks: the booking and its place first, then the convocation, then
its messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.statements import by_key, run
from booking.actions import UNDO_MINUTES
from booking.events import BookingMoved, BookingRescheduled, EarlierEnded, EarlierOffered, Event
from booking.models import State
from convocations.errors import ConvocationOver
from convocations.kinds import MessageKind, Standing
from convocations.timing import Whereabouts, due_at, useful_until

UNDO = timedelta(seconds=30)  # what was just said can be taken back that long, and nobody is told
UNDO_MANY = timedelta(minutes=2)  # the same of a whole list, which takes half a minute to summon
UNDO_FREED = timedelta(minutes=UNDO_MINUTES)  # as long as a place given back can be taken back

# The person where they live, else where the service is that follows them, else the place.
SUMMONED = """
    SELECT c.id, c.standing, c.booking_id, c.choose_by, c.reminder_hours, b.starts_at,
           (SELECT hours FROM kind_reminders e WHERE e.kind_id = c.kind_id) AS earlier_hours,
           coalesce(nullif(p.time_zone, ''), service.time_zone, place.time_zone) AS time_zone,
           CASE WHEN p.time_zone <> '' THEN p.holiday_zone
                WHEN service.time_zone IS NOT NULL THEN service.holiday_zone
                ELSE place.holiday_zone END AS holiday_zone
    FROM convocation c
    LEFT JOIN booking b ON b.id = c.booking_id
    LEFT JOIN person p ON p.id = c.person_id
    LEFT JOIN LATERAL (SELECT time_zone, holiday_zone FROM site
                       WHERE territory_id = p.territory_id ORDER BY id LIMIT 1) service ON true
    LEFT JOIN LATERAL (SELECT s.time_zone, s.holiday_zone FROM resource r JOIN site s ON s.id = r.site_id
                       WHERE r.id = coalesce(b.resource_id, c.resource_ids[1])) place ON true"""
OF_BOOKING = by_key(f"{SUMMONED} WHERE c.booking_id = :booking_id FOR NO KEY UPDATE OF c")
OF_CONVOCATION = by_key(f"{SUMMONED} WHERE c.id = :id FOR NO KEY UPDATE OF c")
# Its messages remember the appointment that a convocation had before; found by its person, who has few.
HAS_ANOTHER = by_key("""
    SELECT c.id FROM booking b JOIN convocation c ON c.person_id = b.person_id
    WHERE b.id = :booking_id AND c.standing = 'set' AND c.booking_id <> b.id
      AND EXISTS (SELECT FROM message m WHERE m.convocation_id = c.id AND m.booking_id = b.id) LIMIT 1""")
# What somebody was told of this convocation, as far as we know: a message under way counts.
WAS_TOLD = by_key("""
    SELECT EXISTS (SELECT FROM message WHERE convocation_id = :id AND state IN ('sending', 'sent', 'flagged'))""")
LAST_SAID = by_key("""
    SELECT kind, about_at FROM message
    WHERE convocation_id = :id AND state IN ('sending', 'sent', 'flagged') AND kind <> 'earlier'
    ORDER BY claimed_at DESC NULLS LAST, created_at DESC LIMIT 1""")
SAYS_WHEN = (MessageKind.CONFIRMATION, MessageKind.CHANGE, MessageKind.REMINDER)
# Who does not learn of these goes to an appointment that is not: when it is too late to write, somebody has to call.
CORRECTS = (MessageKind.CHANGE, MessageKind.CANCELLATION)
# What is held for somebody is still to be told when their appointment moves: `earlier.py` plans and un-plans that.
UNPLAN = by_key("""
    UPDATE message SET state = 'cancelled' WHERE convocation_id = :id AND state = 'planned' AND kind <> 'earlier'""")
UNCONFIRM = by_key("UPDATE convocation SET confirmed_at = NULL WHERE id = :id")
PLAN = by_key("""
    INSERT INTO message (id, convocation_id, booking_id, about_at, kind, category, state, due_at, useful_until,
                         hours_before, attempts, provider, provider_id, failure, created_at)
    SELECT gen_random_uuid(), :id, CAST(:booking_id AS uuid), CAST(:about_at AS timestamptz), CAST(:kind AS text),
           'information', 'planned', :due_at, :useful_until, CAST(:hours_before AS int),
           0, '', '', '', :now
    WHERE CAST(:kind AS text) NOT IN ('reminder', 'missed') OR NOT EXISTS (
        SELECT FROM message WHERE convocation_id = :id AND kind = CAST(:kind AS text) AND about_at = :about_at
          AND hours_before IS NOT DISTINCT FROM CAST(:hours_before AS int) AND state IN ('sending', 'sent', 'flagged'))
    ON CONFLICT DO NOTHING""")


@dataclass(frozen=True, kw_only=True)
class Summoned:
    """A convocation, locked, as the planning of its messages needs it."""

    id: UUID
    standing: Standing
    booking_id: UUID | None
    starts_at: datetime | None
    choose_by: date | None
    reminder_hours: int
    earlier_hours: tuple[int, ...]  # of the reminders before that one, as their kind wants them
    where: Whereabouts


@dataclass(frozen=True)
class Early:
    """A reminder before the last one: hours before the start, and those of the next one, which says the same."""

    hours: int
    until: int


def follow(session: Session, event: Event) -> None:
    """Plan what an event of a booking makes worth saying, and un-plan what it makes untrue.

    Raises: ConvocationOver when an appointment is taken back that its person declined, in whose place they took
    another, or to which they are no longer summoned: they would have one of which nothing tells them. And
    when a host takes back that it accepted, once somebody is summoned there.
    """
    if isinstance(event, BookingMoved) and event.before is None:
        return  # just made: nobody is summoned there yet
    if isinstance(event, EarlierOffered | EarlierEnded):
        return  # earlier.py
    row = run(session, OF_BOOKING, {"booking_id": event.booking_id}).one_or_none()
    if row is None:
        _refuse_a_second(session, event)
        return
    summoned = summoned_as(row)
    match event:
        case BookingRescheduled():
            run(session, UNCONFIRM, {"id": summoned.id})  # it was another hour that they said they come at
            say = _say_restored if event.is_same_place else _say_again
            say(session, summoned, event.at)
        case BookingMoved(before=State.BOOKED, after=State.REQUESTED):  # its host takes back that it accepted
            raise ConvocationOver(convocation_id=summoned.id, standing=summoned.standing)
        case BookingMoved(after=State.BOOKED, is_undo=True) if summoned.standing is not Standing.SET:
            raise ConvocationOver(convocation_id=summoned.id, standing=summoned.standing)
        case BookingMoved(after=State.BOOKED, is_undo=True):
            _say_restored(session, summoned, event.at)
        case (
            BookingMoved(before=State.CANCELLED, after=State.EXCUSED)
            | BookingMoved(before=State.EXCUSED, after=State.CANCELLED)
        ):
            return  # their person gave it back themselves: whether that is excused is not told
        case BookingMoved(after=State.CANCELLED | State.EXCUSED):
            _say_cancelled(session, summoned, event.at)
        case BookingMoved(after=State.MISSED):
            run(session, UNPLAN, {"id": summoned.id})
            _plan(session, summoned, MessageKind.MISSED, event.at, undo=UNDO_FREED)
        case BookingMoved(after=State.HONOURED):
            run(session, UNPLAN, {"id": summoned.id})


def _refuse_a_second(session: Session, event: Event) -> None:
    if isinstance(event, BookingMoved) and event.after is State.BOOKED and event.is_undo:
        other = run(session, HAS_ANOTHER, {"booking_id": event.booking_id}).scalar()
        if other is not None:
            raise ConvocationOver(convocation_id=other, why="another")


def plan_offer(session: Session, convocation_id: UUID, *, now: datetime, undo: timedelta = UNDO) -> None:
    """Plan the message that asks the person to choose."""
    summoned = summoned_as(run(session, OF_CONVOCATION, {"id": convocation_id}).one())
    _plan(session, summoned, MessageKind.OFFER, now, undo=undo)


def plan_offer_again(session: Session, convocation_id: UUID, *, now: datetime) -> None:
    """Plan the message that asks the person to choose, unless it has left already."""
    if not run(session, WAS_TOLD, {"id": convocation_id}).scalar_one():
        plan_offer(session, convocation_id, now=now)


def plan_appointment(session: Session, convocation_id: UUID, *, now: datetime, undo: timedelta = UNDO) -> None:
    """Plan what confirms an appointment just taken, and what reminds of it, in the place of what was planned."""
    summoned = summoned_as(run(session, OF_CONVOCATION, {"id": convocation_id}).one())
    run(session, UNPLAN, {"id": summoned.id})
    _plan(session, summoned, MessageKind.CONFIRMATION, now, undo=undo)
    _plan_reminders(session, summoned, now, undo=undo)


def unplan(session: Session, convocation_id: UUID) -> None:
    """Take back everything that has not left yet."""
    run(session, UNPLAN, {"id": convocation_id})


def _say_again(session: Session, summoned: Summoned, now: datetime) -> None:
    """Say the appointment as it is now: as a change to whoever was told something, as news to others."""
    # In this order: un-planning waits for whoever is claiming a message, and only then is it known to be under way.
    run(session, UNPLAN, {"id": summoned.id})
    was_told = run(session, WAS_TOLD, {"id": summoned.id}).scalar_one()
    _plan(session, summoned, MessageKind.CHANGE if was_told else MessageKind.CONFIRMATION, now, undo=UNDO)
    _plan_reminders(session, summoned, now)


def _say_restored(session: Session, summoned: Summoned, now: datetime) -> None:
    """Say the appointment as it was, unless that is what the person was told last; remind of it in any case."""
    run(session, UNPLAN, {"id": summoned.id})
    last = run(session, LAST_SAID, {"id": summoned.id}).one_or_none()
    knows = last is not None and last.kind in SAYS_WHEN and last.about_at == summoned.starts_at
    if not knows:
        kind = MessageKind.CONFIRMATION if last is None else MessageKind.CHANGE
        _plan(session, summoned, kind, now, undo=UNDO)
    _plan_reminders(session, summoned, now)


def _say_cancelled(session: Session, summoned: Summoned, now: datetime) -> None:
    run(session, UNPLAN, {"id": summoned.id})
    was_told = run(session, WAS_TOLD, {"id": summoned.id}).scalar_one()
    if was_told:
        _plan(session, summoned, MessageKind.CANCELLATION, now, undo=UNDO_FREED)


def _plan_reminders(session: Session, summoned: Summoned, now: datetime, *, undo: timedelta = UNDO) -> None:
    """Plan the last reminder, and those that its kind wants before it: each until the next one says the same."""
    _plan(session, summoned, MessageKind.REMINDER, now, undo=undo)
    later = summoned.reminder_hours
    for hours in sorted(one for one in summoned.earlier_hours if one > summoned.reminder_hours):
        _plan(session, summoned, MessageKind.REMINDER, now, undo=undo, early=Early(hours, until=later))
        later = hours


def _plan(
    session: Session,
    summoned: Summoned,
    kind: MessageKind,
    now: datetime,
    *,
    undo: timedelta,
    early: Early | None = None,
) -> None:
    about: dict[str, Any] = {"starts_at": summoned.starts_at, "choose_by": summoned.choose_by, "where": summoned.where}
    hours = early.hours if early else summoned.reminder_hours
    moment = due_at(kind, now=now, undo=undo, hours_before=hours, **about)
    until = useful_until(kind, **about)
    if early and summoned.starts_at:
        until = summoned.starts_at - timedelta(hours=early.until)
    if moment is None and kind in CORRECTS and now < until:
        moment = now + undo  # the sender will find it outdated, and an agent will see it
    if moment is None:
        return
    row = {
        "id": summoned.id,
        "booking_id": summoned.booking_id,
        "about_at": None if kind is MessageKind.OFFER else summoned.starts_at,
        "kind": kind,
        "due_at": moment,
        "useful_until": until,
        "hours_before": early.hours if early else None,
        "now": now,
    }
    run(session, PLAN, row)


def summoned_as(row: Any) -> Summoned:
    """Return a convocation from a row of SUMMONED."""
    return Summoned(
        id=row.id,
        standing=Standing(row.standing),
        booking_id=row.booking_id,
        starts_at=row.starts_at,
        choose_by=row.choose_by,
        reminder_hours=row.reminder_hours,
        earlier_hours=tuple(row.earlier_hours or ()),
        where=Whereabouts(ZoneInfo(row.time_zone), row.holiday_zone),
    )
