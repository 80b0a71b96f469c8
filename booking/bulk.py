"""One act on many bookings: foreseen line by line, then done one by one or all together, and undone as a whole.

What is foreseen is what would be done: the acts themselves, in a transaction that is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.errors import Refusal
from availability.rights import Actor
from booking.actions import cancel, confirm, undo_cancel
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome, undo_excuse, undo_outcome
from booking.reasons import UNSAID, Reason

MOST = 100  # lines: more would keep too many places locked at once


class Bulk(StrEnum):
    """What is done to each. The value is what a page sends."""

    GIVE_BACK = "rendre"
    CONFIRM = "confirmer"
    EXCUSE = "excuser"
    CAME = "venus"
    MISSED = "absents"


@dataclass(frozen=True)
class Seen:
    """A booking as whoever acts has seen it."""

    booking_id: UUID
    revision: int | None  # None: whatever it is now


@dataclass(frozen=True)
class Asked:
    """An act on one booking, among others on others."""

    bulk: Bulk
    seen: Seen
    reason: Reason = UNSAID


@dataclass(frozen=True)
class Done:
    """What became of one line: the state that it came to and its revision there, or why not."""

    booking_id: UUID
    state: State | None
    revision: int | None
    refusal: Refusal | None = None

    @property
    def is_done(self) -> bool:
        """Say whether the act was heard."""
        return self.refusal is None


class NotAll(Refusal):
    """All were to be done or none, and some are refused: `done` says which."""


def do_one(session: Session, actor: Actor, bulk: Bulk, seen: Seen, *, now: datetime, reason: Reason = UNSAID) -> Done:
    """Do the act on one line; `reason` is said of what is given back or excused. Raises: what the act raises."""
    act = _ACTS[bulk]
    if bulk in EXPLAINED:
        act = partial(act, reason=reason)
    booking = act(session, actor, seen.booking_id, now=now, revision=seen.revision)
    return Done(booking.id, State(booking.state), booking.revision)


def undo_one(session: Session, actor: Actor, bulk: Bulk, seen: Seen, *, now: datetime) -> Done:
    """Take the act back on one line, if nobody changed it since. Raises: what the act raises."""
    booking = _UNDOS[bulk](session, actor, seen.booking_id, now=now, revision=seen.revision)
    return Done(booking.id, State(booking.state), booking.revision)


One = Callable[..., Done]


def each_of(
    session: Session, actor: Actor, one: One, bulk: Bulk, lines: Sequence[Seen], *, now: datetime
) -> list[Done]:
    """Return what becomes of each line within this transaction: a refusal leaves the others as they are."""
    lock_all(session, [seen.booking_id for seen in lines])
    return [_tried(session, actor, one, bulk, seen, now=now) for seen in lines]


def each_asked(session: Session, actor: Actor, asked: Sequence[Asked], *, now: datetime) -> list[Done]:
    """Return what becomes of each line, whose acts differ, within this transaction: as each_of."""
    lock_all(session, [one.seen.booking_id for one in asked])
    return [_tried(session, actor, partial(do_one, reason=one.reason), one.bulk, one.seen, now=now) for one in asked]


def all_of(
    session: Session,
    actor: Actor,
    bulk: Bulk,
    lines: Sequence[Seen],
    *,
    now: datetime,
    reason: Reason = UNSAID,
) -> list[Done]:
    """Do the act on all the lines or on none. Raises: NotAll; the caller then rolls back."""
    done = each_of(session, actor, partial(do_one, reason=reason), bulk, lines, now=now)
    if not all(one.is_done for one in done):
        raise NotAll(done=done)
    return done


def foreseen(session: Session, actor: Actor, bulk: Bulk, lines: Sequence[Seen], *, now: datetime) -> list[Done]:
    """Return what would become of each line; nothing is changed, no page is told."""
    preview = session.begin_nested()
    try:
        return each_of(session, actor, do_one, bulk, lines, now=now)
    finally:
        preview.rollback()
        session.expire_all()


def _tried(session: Session, actor: Actor, one: One, bulk: Bulk, seen: Seen, *, now: datetime) -> Done:
    try:
        with session.begin_nested():
            return one(session, actor, bulk, seen, now=now)
    except Refusal as refusal:
        return Done(seen.booking_id, None, seen.revision, refusal)


def lock_all(session: Session, booking_ids: Sequence[UUID], *, wanting: Iterable[int] = ()) -> None:
    """Lock, in order, bookings and their places; those of a double convocation come with the others.

    `wanting` are the resources that the acts need besides.
    """
    rows = session.execute(_TOGETHER, {"ids": list(booking_ids)}).all()
    lock(session, sorted({row.resource_id for row in rows} | set(wanting)))


def _undo_confirm(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None
) -> Booking:
    # What was held would have ended by itself: taking its confirmation back gives the place back.
    return cancel(session, actor, booking_id, now=now, revision=revision)


EXPLAINED = frozenset({Bulk.GIVE_BACK, Bulk.EXCUSE})  # the acts that have a reason
Act = Callable[..., Booking]
_ACTS: dict[Bulk, Act] = {
    Bulk.GIVE_BACK: cancel,
    Bulk.CONFIRM: confirm,
    Bulk.EXCUSE: excuse,
    Bulk.CAME: partial(note_outcome, outcome=State.HONOURED),
    Bulk.MISSED: partial(note_outcome, outcome=State.MISSED),
}
_UNDOS: dict[Bulk, Act] = {
    Bulk.GIVE_BACK: undo_cancel,
    Bulk.CONFIRM: _undo_confirm,
    Bulk.EXCUSE: undo_excuse,
    Bulk.CAME: undo_outcome,
    Bulk.MISSED: undo_outcome,
}
_TOGETHER = text("""
    SELECT b.id, b.resource_id FROM booking b
    WHERE b.id = ANY(:ids) OR b.id IN (
        SELECT unnest(ARRAY[d.designation_id, d.meeting_id, d.hearing_id]) FROM double_convocation d
        WHERE d.meeting_id = ANY(:ids) OR d.hearing_id = ANY(:ids) OR d.designation_id = ANY(:ids))
    ORDER BY b.id FOR UPDATE OF b""")
