"""The double convocation: an information meeting, then a hearing, strictly later; set, moved and cancelled together.

Whatever ends the designation ends both. The bookings of a double and their resources are locked together by
`transitions.lock_booking`: see docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from availability.actions import Holder, occupy
from availability.claims import CaseClaim, SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotOpen, PeriodTaken, Refusal
from availability.models import Kind
from availability.openings import local_day
from availability.periods import Period
from availability.queries import slots_of
from availability.rights import Actor
from availability.search import may_reserve, reach
from availability.statements import by_key, run
from booking.actions import Beneficiary, confirm, hold
from booking.designation_models import DoubleConvocation
from booking.errors import AlreadyDecided, QuotaReached
from booking.events import BookingMoved, BookingRescheduled, Event
from booking.freed import let_go
from booking.models import Booking, State
from booking.quotas import check_quota
from booking.reasons import Reason, reason_facts
from booking.transitions import claim_of, end_again, free, lock_booking, move_to

HEARING_MINUTES = 15  # what a case takes of a hearing, as registries count it
HORIZON = timedelta(days=90)
LIVING = (State.REQUESTED, State.BOOKED)
GONE = (PeriodTaken, CapacityReached, NotOpen)

_CANCELLED_FROM = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-cancelled' AND NOT facts ? 'undo'
    ORDER BY id DESC LIMIT 1""")
MEETINGS_AT = text("""
    SELECT m.id, s.time_zone, s.territory_id, s.organisation_id
    FROM resource r JOIN resource m ON m.site_id = r.site_id JOIN site s ON s.id = r.site_id
    WHERE r.id = :resource_id AND m.kind_id = :kind_id AND m.is_active ORDER BY m.id""")
# With room for one more case, whatever its family, and open that day; the soonest first.
HEARINGS = text("""
    SELECT h.resource_id, h.starts_at, r.name, s.name AS court, s.time_zone
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = r.kind_id AND k.is_active
    CROSS JOIN LATERAL (SELECT CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day,
                               CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date) AS today) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS cases, coalesce(sum(c.minutes), 0) AS minutes FROM session_case c
        WHERE c.resource_id = h.resource_id AND (c.expires_at IS NULL OR c.expires_at > :now)) taken
    WHERE r.kind_id = :kind_id AND r.is_active AND s.territory_id = :territory_id
      AND h.starts_at > :now AND h.starts_at < :until
      AND d.day BETWEEN d.today + k.min_notice_days AND d.today + k.max_ahead_days
      AND (h.last_take_on IS NULL OR d.today <= h.last_take_on)
      AND taken.cases < h.max_cases AND taken.minutes + CAST(:minutes AS int) <= h.max_minutes
      AND NOT EXISTS (SELECT FROM closure x
                      WHERE (x.resource_id = r.id OR x.site_id = s.id) AND x.days @> d.day)
    ORDER BY h.starts_at, h.resource_id""")
BELONGS = text("""
    SELECT (SELECT m.kind_id FROM resource m JOIN resource r ON r.site_id = m.site_id
            WHERE m.id = :meeting_id AND r.id = :service_id) AS meeting_kind_id,
           (SELECT kind_id FROM resource WHERE id = :hearing_id) AS hearing_kind_id""")


class MeetingAfterHearing(Refusal):
    """The hearing would not be strictly after the information meeting."""


class AlreadyConvened(Refusal):
    """The designation has its two appointments already, at other dates."""


class PairGone(Refusal):
    """The one could be taken back, the other not: neither is. `which` is meeting or hearing."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A meeting and the hearing after it. The places are those where each is."""

    meeting_id: int
    meeting_starts_at: datetime
    hearing_id: int

    def __post_init__(self) -> None:
        SlotClaim(resource_id=self.meeting_id, start=self.meeting_starts_at)  # refuses what is no instant


@dataclass(frozen=True, kw_only=True)
class OfferedPair:
    """A pair that is free at this moment, with what is said of it."""

    pair: Pair
    hearing_starts_at: datetime
    hearing_name: str
    meeting_zone: str
    hearing_zone: str


def next_pairs(
    session: Session, actor: Actor, kind: Kind, resource_id: int, *, now: datetime, count: int = 3
) -> list[OfferedPair]:
    """Return the next meetings of a service, one a day, each with the first hearing of the court on a later day.

    Nothing when the kind has no double convocation, or the actor may not set both.
    """
    try:
        kinds = [session.get(Kind, number) for number in (kind.meeting_kind_id, kind.hearing_kind_id) if number]
        rights = [may_reserve(session, actor, one) for one in kinds if one is not None]
    except NotAllowed:
        return []
    if len(rights) < 2 or not reach(rights[1], actor.home_territory_id, 0, beyond=False):
        return []
    asked: dict[str, Any] = {"resource_id": resource_id, "kind_id": kind.meeting_kind_id}
    places = {
        row.id: row
        for row in session.execute(MEETINGS_AT, asked)
        if reach(rights[0], row.territory_id, row.organisation_id, beyond=False)
    }
    hearings = _hearings(session, actor, kind, now=now)
    meetings = _meetings(session, {number: ZoneInfo(row.time_zone) for number, row in places.items()}, now=now)
    offered = (_offered(start, number, places[number].time_zone, end, hearings) for start, end, number in meetings)
    return list(islice((one for one in offered if one is not None), count))


def convene(session: Session, actor: Actor, designation: Booking, kind: Kind, pair: Pair, *, now: datetime) -> None:
    """Set both appointments of a designation that the caller has locked, with the resources of all three.

    The same again changes nothing. Raises: AlreadyConvened, InvalidRequest, MeetingAfterHearing, NotFound, NotAllowed,
    NotOpen, PeriodTaken, CapacityReached.
    """
    if _convened_already(session, designation, pair):
        return
    asked = {"meeting_id": pair.meeting_id, "hearing_id": pair.hearing_id, "service_id": designation.resource_id}
    known = session.execute(BELONGS, asked).one()
    if (known.meeting_kind_id, known.hearing_kind_id) != (kind.meeting_kind_id, kind.hearing_kind_id):
        raise InvalidRequest("pair", "other-kind")
    case = Beneficiary(case_ref=designation.case_ref)
    claims = (
        SlotClaim(resource_id=pair.meeting_id, start=pair.meeting_starts_at),
        CaseClaim(resource_id=pair.hearing_id, minutes=HEARING_MINUTES),
    )
    held = [hold(session, actor, claim, now=now, beneficiary=case) for claim in claims]
    meeting, hearing = (confirm(session, actor, one.id, now=now) for one in held)
    meeting_ends_at, hearing_starts_at = _in_order(meeting, hearing)
    session.add(
        DoubleConvocation(
            designation_id=designation.id,
            meeting_id=meeting.id,
            hearing_id=hearing.id,
            meeting_ends_at=meeting_ends_at,
            hearing_starts_at=hearing_starts_at,
            created_at=now,
        )
    )
    session.flush()


def double_of(session: Session, booking_id: UUID) -> DoubleConvocation | None:
    """Return the double convocation, not cancelled, that a booking is in."""
    living = _of(booking_id).where(col(DoubleConvocation.cancelled_at).is_(None))
    found: DoubleConvocation | None = session.exec(living).one_or_none()
    return found


def keep_together(session: Session, event: Event) -> None:
    """Cancel, take back and keep in order, as a subscriber of events, what is set together.

    Raises: MeetingAfterHearing, PairGone, AlreadyDecided.
    """
    match event:
        case BookingRescheduled():
            _keep_order(session, event.booking_id)
        case BookingMoved(is_undo=True, before=State.CANCELLED | State.REFUSED):
            _take_back(session, event)
        case BookingMoved(after=State.CANCELLED | State.REFUSED | State.LAPSED) if event.before is not State.HELD:
            _cancel_both(session, event)


def _hearings(session: Session, actor: Actor, kind: Kind, *, now: datetime) -> Sequence[Any]:
    asked = {"kind_id": kind.hearing_kind_id, "territory_id": actor.home_territory_id, "now": now}
    return session.execute(HEARINGS, asked | {"until": now + HORIZON, "minutes": HEARING_MINUTES}).all()


def _meetings(session: Session, zones: dict[int, ZoneInfo], *, now: datetime) -> list[tuple[datetime, datetime, int]]:
    """Return the first free meeting of each day, wherever it is, as (start, end, resource)."""
    listed = slots_of(session, list(zones), within=Period(now, now + HORIZON), now=now)
    free_ones = sorted(
        (slot.period.start, slot.period.end, number)
        for number, slots in listed.items()
        for slot in slots
        if slot.is_free
    )
    by_day: dict[date, tuple[datetime, datetime, int]] = {}
    for one in free_ones:
        by_day.setdefault(local_day(one[0], zones[one[2]]), one)
    return list(by_day.values())


def _offered(start: datetime, meeting_id: int, zone: str, end: datetime, hearings: Sequence[Any]) -> OfferedPair | None:
    day = local_day(end, ZoneInfo(zone))
    after = (row for row in hearings if row.starts_at > end and local_day(row.starts_at, ZoneInfo(row.time_zone)) > day)
    hearing = next(after, None)
    if hearing is None:
        return None
    return OfferedPair(
        pair=Pair(meeting_id=meeting_id, meeting_starts_at=start, hearing_id=hearing.resource_id),
        hearing_starts_at=hearing.starts_at,
        hearing_name=hearing.name,
        meeting_zone=zone,
        hearing_zone=hearing.time_zone,
    )


def _convened_already(session: Session, designation: Booking, pair: Pair) -> bool:
    living = double_of(session, designation.id)
    if living is None:
        return False
    meeting, hearing = (session.get_one(Booking, one) for one in (living.meeting_id, living.hearing_id))
    there = (meeting.resource_id, meeting.starts_at, hearing.resource_id)
    if there != (pair.meeting_id, pair.meeting_starts_at, pair.hearing_id):
        raise AlreadyConvened(booking_id=designation.id, case_ref=designation.case_ref)
    return True


def _in_order(meeting: Booking, hearing: Booking) -> tuple[datetime, datetime]:
    """Return when the meeting ends and the hearing starts. Raises: MeetingAfterHearing."""
    if meeting.ends_at is None or hearing.starts_at is None or hearing.starts_at <= meeting.ends_at:
        raise MeetingAfterHearing(meeting_ends_at=meeting.ends_at, hearing_starts_at=hearing.starts_at)
    return meeting.ends_at, hearing.starts_at


def _of(booking_id: UUID) -> Any:
    double = DoubleConvocation
    is_in = or_(
        col(double.meeting_id) == booking_id,
        col(double.hearing_id) == booking_id,
        col(double.designation_id) == booking_id,
    )
    return select(double).where(is_in).execution_options(populate_existing=True)


def _keep_order(session: Session, booking_id: UUID) -> None:
    double = double_of(session, booking_id)
    if double is None:
        return
    meeting, hearing = (
        session.get_one(Booking, one, populate_existing=True) for one in (double.meeting_id, double.hearing_id)
    )
    meeting_ends_at, hearing_starts_at = _in_order(meeting, hearing)
    try:
        with session.begin_nested():
            double.meeting_ends_at, double.hearing_starts_at = meeting_ends_at, hearing_starts_at
            session.flush()
    except IntegrityError as error:  # somebody wrote without the lock: the constraint speaks
        raise MeetingAfterHearing(meeting_ends_at=meeting_ends_at, hearing_starts_at=hearing_starts_at) from error


def _cancel_both(session: Session, event: BookingMoved) -> None:
    double = double_of(session, event.booking_id)
    if double is None:
        return
    double.cancelled_at, double.cancelled_with = event.at, event.booking_id  # before the others: their events end here
    session.flush()
    why = Reason(session.get_one(Booking, event.booking_id).reason)  # the words stay with the person of that one
    for booking_id in sorted({double.meeting_id, double.hearing_id} - {event.booking_id}):
        booking, terms = lock_booking(session, booking_id)
        is_over = booking.starts_at is not None and booking.starts_at <= event.at
        if State(booking.state) in LIVING and not is_over:
            with_it = {"with": str(event.booking_id)} | reason_facts(why)
            free(
                session,
                event.by,
                booking,
                terms,
                after=State.CANCELLED,
                now=event.at,
                facts=with_it,
                reason=why.code,
            )


def _take_back(session: Session, event: BookingMoved) -> None:
    """Take back what was cancelled with a booking that is just taken back, whichever of the three it is."""
    cancelled = _of(event.booking_id).where(col(DoubleConvocation.cancelled_at).is_not(None))
    double = session.exec(cancelled.order_by(col(DoubleConvocation.cancelled_at).desc()).limit(1)).one_or_none()
    if double is None or double_of(session, double.designation_id) is not None:
        return
    designation = session.get_one(Booking, double.designation_id, populate_existing=True)
    if State(designation.state) not in LIVING:
        raise AlreadyDecided(booking_id=designation.id, state=State(designation.state))
    double.cancelled_at = double.cancelled_with = None  # before the others: their events end here
    session.flush()
    for which, booking_id in (("meeting", double.meeting_id), ("hearing", double.hearing_id)):
        if booking_id != event.booking_id:
            _take_one_back(session, event, which, booking_id)


def _take_one_back(session: Session, event: BookingMoved, which: str, booking_id: UUID) -> None:
    booking, terms = lock_booking(session, booking_id)
    if State(booking.state) is not State.CANCELLED:
        return  # it had taken place already
    after = State(run(session, _CANCELLED_FROM, {"id": str(booking.id)}).scalar_one())
    expires_at = end_again(session, booking, after, event.at)
    try:
        claim = claim_of(booking, terms.shape)
        let_go(session, booking.id, booking.resource_id)
        occupy(session, [claim], Holder(id=booking.id, now=event.at, expires_at=expires_at))
        check_quota(session, terms, booking, now=event.at)
    except (*GONE, QuotaReached) as refusal:
        raise PairGone(which=which, resource_id=booking.resource_id, start=booking.starts_at) from refusal
    move_to(session, event.by, booking, after, event.at, expires_at=expires_at, facts={"undo": True})
