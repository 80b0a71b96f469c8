"""A hearing session that goes to another day, hour, room or judge, with all of its cases: what it entails, and the act.

What is shown is what is done: the same function finds what stands in the way before and under the locks, then the act
itself is tried in a savepoint. See docs/locking.md and docs/decisions/0048-the-calendar-of-a-court.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, Locked, lock, release, take
from availability.claims import TimeClaim
from availability.errors import Refusal
from availability.history import Act, record
from availability.models import HearingSession, Shape
from availability.rights import Actor
from booking.errors import OutOfDate
from booking.events import BookingRescheduled, announce
from booking.hearing_blocked import has_link
from booking.hearing_template_models import TemplateSession
from booking.hearing_templates import tried
from booking.meeting_models import Meeting
from booking.models import Booking
from booking.moving import place_facts
from booking.persons import keep_person
from booking.plans.models import HearingStaffing
from booking.quotas import check_quota, wait_for_services
from booking.session_clashes import (
    Clash,
    Entailed,
    Seating,
    held_with,
    look_at,
    people_of,
    seating_of,
    seats_of,
    staffing_of,
)
from booking.transitions import change
from booking.video_links import carry_link, drop_link

# The cases that are fixed, with what else is set together with them; in the order in which they are locked.
TOGETHER = text("""
    SELECT b.id, b.resource_id FROM booking b
    WHERE b.resource_id = :hearing_id AND b.state = 'booked' OR b.id IN (
        SELECT unnest(ARRAY[d.designation_id, d.meeting_id, d.hearing_id]) FROM double_convocation d
        JOIN booking h ON h.id = d.hearing_id AND h.resource_id = :hearing_id)
    ORDER BY b.id FOR UPDATE OF b""")
FIXED = text("SELECT id FROM booking WHERE resource_id = :hearing_id AND state = 'booked' ORDER BY id")
PERSONS = text("""
    SELECT DISTINCT person_id FROM booking
    WHERE resource_id = :hearing_id AND state = 'booked' AND person_id IS NOT NULL ORDER BY person_id""")
LINES = text("""
    SELECT id FROM hearing_template WHERE id IN (
        SELECT coalesce(t.line_id, t.id) FROM template_session o JOIN hearing_template t ON t.id = o.template_id
        WHERE o.resource_id = ANY(:ids)) ORDER BY id FOR UPDATE""")
MEETINGS = text("SELECT id FROM meeting WHERE hearing_id = ANY(:ids) ORDER BY id FOR UPDATE")
# Who and what has the time of these sessions, or is kept for them.
THEIRS = text("""
    SELECT unnest(array_remove(ARRAY[judge_id, clerk_id, room_id, prosecutor_id] || panel, NULL)) FROM hearing_staffing
    WHERE hearing_id = ANY(:ids)
    UNION SELECT unnest(held_ids) FROM template_session WHERE resource_id = ANY(:ids)""")


class CannotMove(Refusal):
    """Something stands in the way: `clashes` says what."""

    def __init__(self, clashes: tuple[Clash, ...], hearing_id: int) -> None:
        super().__init__(clashes=clashes, hearing_id=hearing_id)
        self.clashes = clashes


def entailed(session: Session, actor: Actor, hearing_id: int, wanted: Seating, *, now: datetime) -> Entailed:
    """Return what moving a session would entail, and leave everything as it was.

    Raises: NotFound, NotAllowed.
    """
    found = look_at(session, actor, hearing_id, wanted, now=now)
    if found.blocking:
        return found
    try:
        tried(session, move_session, actor, hearing_id, wanted, now=now)
    except Refusal as refusal:
        return replace(found, blocking=(Clash(code="refused", refusal=refusal),))
    finally:
        session.expire_all()
    return found


def move_session(
    session: Session,
    actor: Actor,
    hearing_id: int,
    wanted: Seating,
    *,
    now: datetime,
    seen: str | None = None,
    is_undo: bool = False,
    left: Seating | None = None,
) -> Seating:
    """Move a session and all of its cases; return what it was, which `move_session` puts back with `is_undo`.

    `seen` is the digest of what was shown, None to move whatever it holds. `left` is where the act that is undone left
    it: nobody moved it since. Whoever is convened is told as of any other
    move. Raises: NotFound, NotAllowed, CannotMove, OutOfDate, LinksFull, QuotaReached, MeetingAfterHearing.
    """
    hearing = seating_of(session, hearing_id)
    is_carried = (hearing.day, hearing.starts) != (wanted.day, wanted.starts)
    lock_lines(session, [hearing_id])
    together = session.execute(TOGETHER, {"hearing_id": hearing_id}).all() if is_carried else []
    if is_carried:
        for person_id in session.execute(PERSONS, {"hearing_id": hearing_id}).scalars():
            keep_person(session, person_id)
    known = {*people_of(wanted), *_theirs(session, [hearing_id])}
    locked = lock(session, {hearing_id, *known, *(row.resource_id for row in together)})
    session.expire_all()
    found = look_at(session, actor, hearing_id, wanted, now=now, is_undo=is_undo)
    fixed = session.execute(FIXED, {"hearing_id": hearing_id}).scalars().all()
    is_known = not found.is_carried or {*fixed} <= {row.id for row in together}
    if not is_known or not people_of(found.before) <= known:
        raise OutOfDate(resource_id=hearing_id)  # somebody was quicker than the locks
    if (seen is not None and seen != found.digest) or (left is not None and left != found.before):
        raise OutOfDate(resource_id=hearing_id)
    if found.blocking:
        raise CannotMove(clashes=found.blocking, hearing_id=hearing_id)
    moving = _Moving(
        session=session, actor=actor, hearing_id=hearing_id, locked=locked, found=found, now=now, is_undo=is_undo
    )
    moving.seat()
    if found.is_carried:
        moving.carry(fixed)
    facts = {"from": _facts(found.before), "to": _facts(found.after), "cases": len(fixed)}
    record(
        session,
        actor,
        Act(act="hearing-session-moved", subject="hearing", subject_id=hearing_id, at=now, facts=facts),
    )
    return found.before


def lock_lines(session: Session, hearing_ids: Sequence[int]) -> None:
    """Have the night, and whoever changes their templates or calls off their common date, leave these sessions be."""
    session.flush()
    session.execute(MEETINGS, {"ids": list(hearing_ids)}).all()
    session.execute(LINES, {"ids": list(hearing_ids)}).all()


def lock_sittings(session: Session, hearing_ids: Sequence[int], others: Iterable[int]) -> None:
    """Lock all that `move_session` locks for sessions that keep their hours, and others, sorted, once."""
    lock_lines(session, hearing_ids)
    lock(session, {*hearing_ids, *_theirs(session, hearing_ids), *others})


def _theirs(session: Session, hearing_ids: Sequence[int]) -> Sequence[int]:
    return session.execute(THEIRS, {"ids": list(hearing_ids)}).scalars().all()


def _facts(seating: Seating) -> dict[str, Any]:
    return {
        "day": seating.day.isoformat(),
        "starts": seating.starts.isoformat("minutes"),
        "judge_id": seating.judge_id,
        "clerk_id": seating.clerk_id,
        "room_id": seating.room_id,
    }


@dataclass(frozen=True, kw_only=True)
class _Moving:
    """A session being moved, once everything is locked and nothing stands in the way."""

    session: Session
    actor: Actor
    hearing_id: int
    locked: dict[int, Locked]
    found: Entailed
    now: datetime
    is_undo: bool

    def seat(self) -> None:
        """Give back the time of those who had the session, and take that of those who have it now."""
        kept, staffing = self.session.get(TemplateSession, self.hearing_id), staffing_of(self.session, self.hearing_id)
        before, after = self.found.before, self.found.after
        if staffing is not None:
            release(self.session, Shape.SLOTS, seats_of(before), staffing.id)
        if kept is not None and before.held_ids:
            release(self.session, Shape.SLOTS, before.held_ids, kept.holder_id)
        hearing = self.session.get_one(HearingSession, self.hearing_id)
        if hearing.last_take_on is not None:
            hearing.last_take_on += after.day - before.day
        hearing.starts_at, hearing.ends_at = self.found.period.start, self.found.period.end
        if kept is not None:
            kept.held_ids, kept.by_hand = list(after.held_ids), after.by_hand if self.is_undo else True
        self._staff(staffing, after)
        if kept is not None:
            self._keep(self._kept_for_it(after), kept.holder_id)

    def carry(self, booking_ids: Sequence[UUID]) -> None:
        """Move every case with the session: its booking, its quotas, its history, and whoever is told."""
        terms, was_on = self.locked[self.hearing_id].terms, self.found.before.day
        bookings = [self.session.get_one(Booking, one, populate_existing=True) for one in booking_ids]
        # Sorted, once: two sessions that move at once with cases of the same services never wait for each other.
        wait_for_services(self.session, terms, bookings)
        for booking in bookings:
            before = place_facts(booking)
            change(self.session, booking, {"starts_at": self.found.period.start, "ends_at": self.found.period.end})
            check_quota(self.session, terms, booking, now=self.now, was_on=was_on)
            facts = {"shape": terms.shape, "from": before, "to": place_facts(booking), "with_session": True}
            act = Act(
                act="booking-moved",
                subject="booking",
                subject_id=booking.id,
                person_id=booking.person_id,
                at=self.now,
                facts=facts,
            )
            record(self.session, self.actor, act)
            announce(self.session, BookingRescheduled(booking_id=booking.id, at=self.now, is_same_place=True))

    def _staff(self, staffing: HearingStaffing | None, after: Seating) -> None:
        if not after.is_staffed:
            if staffing is not None:
                self.session.delete(staffing)
            self.session.flush()
            return
        names: dict[str, Any] = {name: getattr(after, name) for name in ("judge_id", "clerk_id", "room_id")}
        names |= {"panel": list(after.panel), "prosecutor_id": after.prosecutor_id}
        if staffing is None:
            staffing = HearingStaffing(hearing_id=self.hearing_id, created_at=self.now, **names)
            self.session.add(staffing)
        for name, one in names.items():
            setattr(staffing, name, one)
        self.session.flush()
        self._take(seats_of(after), staffing.id)
        if (meeting := self.session.get(Meeting, staffing.id)) is not None:
            self._tell_meeting(meeting, after)

    def _tell_meeting(self, meeting: Meeting, after: Seating) -> None:
        """Have the common date that this hearing is know whose time it has: called off, it gives that back."""
        before = self.found.before
        pairs = ((getattr(before, name), getattr(after, name)) for name in ("judge_id", "clerk_id", "room_id"))
        instead = {one: other for one, other in pairs if one != other}
        meeting.people_ids = [instead.get(one, one) for one in meeting.people_ids]
        meeting.room_id = after.room_id
        self.session.flush()

    def _kept_for_it(self, after: Seating) -> Sequence[int]:
        """Return what its template keeps: everything, or what is with it whoever sits once somebody holds it."""
        return held_with(self.session, after.held_ids) if after.is_staffed else after.held_ids

    def _keep(self, ids: Sequence[int], holder_id: UUID) -> None:
        """Take what its template keeps for it, and count its link at the hour that it has now."""
        if ids:
            self._take(ids, holder_id)
        if has_link(self.locked, ids):
            carry_link(self.session, holder_id, self.found.period)
        else:
            drop_link(self.session, holder_id)

    def _take(self, ids: Sequence[int], holder_id: UUID) -> None:
        """Take the time of each; what was theirs is theirs again, were they away meanwhile."""
        kept = people_of(self.found.before) if not self.found.is_carried else set()
        claims = [
            TimeClaim(resource_id=one, period=self.found.period, is_back=self.is_undo or one in kept) for one in ids
        ]
        take(self.session, self.locked, claims, Holder(id=holder_id, now=self.now))
