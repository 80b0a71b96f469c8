"""Bookings made together: all of them or none, each movable on its own, what is left of them given back at once.

Order of locks: the series, its bookings by id, the person, the resources sorted, then what they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from availability.actions import Locked, lock, look
from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.rights import REQUESTERS, Actor
from availability.statements import by_key, run
from booking.actions import UNDO_MINUTES, Beneficiary, confirm, hold, undo_cancel
from booking.errors import AlreadyDecided
from booking.events import BookingRescheduled, Event
from booking.models import Booking, State
from booking.persons import keep_person, person_for
from booking.reasons import GIVEN_BACK_FOR, UNSAID, Reason, reason_columns, reason_facts
from booking.series_models import Series
from booking.series_plan import SeriesOrder, free_near, plan
from booking.series_queries import series_for
from booking.series_rules import Measure, Occurrence
from booking.transitions import expect, free, lock_booking, locked_for, place_of


class SeriesConflicts(Refusal):
    """Some occurrences are not free, and nothing was said of them; `conflicts` lists them with what else would do."""

    def __init__(self, conflicts: Sequence[Occurrence], *, free: int) -> None:
        super().__init__(conflicts=conflicts, free=free)
        self.conflicts = conflicts


def preview_series(session: Session, actor: Actor, order: SeriesOrder, *, now: datetime) -> list[Occurrence]:
    """Return what `create_series` would take, as it is free now. Raises: NotFound, NotAllowed, InvalidRequest."""
    _check_whom(session, actor, order.beneficiary)
    place = _place_in(actor, order, look(session, order.resource_ids))
    return plan(session, actor, order, place, now=now)


def create_series(session: Session, actor: Actor, order: SeriesOrder, *, now: datetime) -> Series:
    """Take every occurrence that was not left out, in one transaction, and return the series.

    Raises: NotFound, NotAllowed, InvalidRequest, SeriesConflicts, and what `hold` raises: nothing is taken then.
    """
    if not order.beneficiary:
        raise InvalidRequest("beneficiary", "required")
    if order.measure is Measure.MINUTES and order.last_on is None:
        raise InvalidRequest("decided_on", "required")
    already = _begun_by(session, actor, order)
    _check_whom(session, actor, order.beneficiary)
    kind_id, occurrences = _planned(session, actor, order, now=now)
    if already is not None and already.kind_id != kind_id:
        raise InvalidRequest("resource_id", "other-kind")
    series = Series(
        id=uuid4(),
        kind_id=kind_id,
        resource_id=order.resource_id,
        territory_id=actor.home_territory_id,
        person_id=order.beneficiary.person_id,
        case_ref=order.beneficiary.case_ref.strip(),
        requested_by=actor.account_id,
        measure=order.measure,
        total=order.total,
        minutes_a_day=order.minutes_a_day if order.measure is Measure.MINUTES else 0,
        rrule=order.rrule,
        begins_on=order.begins_on,
        ends_by=order.last_on,
        created_at=now,
    )
    session.add(series)
    session.flush()
    first = [already] if already is not None else []
    for booking in first:
        _join(session, booking, series)
    _take(session, actor, series, order, occurrences, first=first, act="series-created", now=now)
    return series


def extend_series(session: Session, actor: Actor, series_id: UUID, order: SeriesOrder, *, now: datetime) -> Series:
    """Take more occurrences for what has no place yet. Its person, its measure and its last day are those it has.

    Raises: as create_series; InvalidRequest when it is more than what is left, AlreadyDecided once it was given back.
    """
    series = _locked(session, actor, series_id)
    if series.cancelled_at is not None:
        raise AlreadyDecided(series_id=series_id, state="cancelled")
    left = series_for(session, actor, series_id, now=now).progress.left
    if order.total > left:
        raise InvalidRequest("total", "beyond-total", most=left)
    whom = Beneficiary(person_id=series.person_id, case_ref=series.case_ref)
    order = replace(order, beneficiary=whom, measure=Measure(series.measure), ends_by=series.ends_by, decided_on=None)
    _check_whom(session, actor, whom)
    kind_id, occurrences = _planned(session, actor, order, now=now)
    if kind_id != series.kind_id:
        raise InvalidRequest("resource_id", "other-kind")
    _take(session, actor, series, order, occurrences, act="series-extended", now=now)
    return series


def cancel_rest(session: Session, actor: Actor, series_id: UUID, *, now: datetime, reason: Reason = UNSAID) -> Series:
    """Give back every occurrence that may still be cancelled; a placement that has begun goes on to its end.

    `reason` is one of GIVEN_BACK_FOR, the same for all. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    series = _locked(session, actor, series_id)
    if series.cancelled_at is not None:
        return series
    to_free = run(session, _TO_FREE, {"series_id": series_id, "now": now}).all()
    lock(session, {one.resource_id for one in to_free})
    for one in to_free:
        booking, terms = lock_booking(session, one.id)
        why = reason_columns(session, booking, reason, among=GIVEN_BACK_FOR)
        facts = {"series": True} | reason_facts(reason)
        free(session, actor, booking, terms, after=State.CANCELLED, now=now, facts=facts, **why)
    series.cancelled_at = now
    session.flush()
    _record(session, actor, series, "series-cancelled", now, bookings=[str(one.id) for one in to_free])
    return series


def undo_cancel_rest(session: Session, actor: Actor, series_id: UUID, *, now: datetime) -> Series:
    """Take back all that was just given back with the rest of a series, or nothing.

    Raises: NotFound, AlreadyDecided when it was not just cancelled, PeriodTaken, CapacityReached, NotOpen.
    """
    series = _locked(session, actor, series_id)
    if series.cancelled_at is None:
        return series
    if series.cancelled_at < now - timedelta(minutes=UNDO_MINUTES):
        raise AlreadyDecided(series_id=series_id, state="cancelled")
    before = run(session, _GIVEN_BACK, {"id": str(series_id)}).scalar_one()
    bookings = run(session, _TO_TAKE_BACK, {"ids": before["bookings"]}).all()
    if series.person_id is not None:
        keep_person(session, series.person_id)
    lock(session, {one.resource_id for one in bookings})
    for one in bookings:
        undo_cancel(session, actor, one.id, now=now)
    series.cancelled_at = None
    session.flush()
    _record(session, actor, series, "series-restored", now, bookings=before["bookings"])
    return series


def other_starts(
    session: Session, actor: Actor, series_id: UUID, booking_id: UUID, *, now: datetime
) -> tuple[SlotClaim, ...]:
    """Return where a visit may be moved: the nearest free starts between the visit before it and the one after.

    Raises: NotFound.
    """
    view = series_for(session, actor, series_id, now=now)
    timed = [(one, one.starts_at) for one in view.occurrences if one.starts_at is not None and one.number is not None]
    found = next(((one, start) for one, start in timed if one.id == booking_id), None)
    if found is None:
        raise NotFound(booking_id=booking_id)
    one, start = found
    claim = SlotClaim(resource_id=one.resource_id, start=start)
    after = max((other for _, other in timed if other < start), default=None)
    before = min((other for _, other in timed if other > start), default=None)
    near = free_near(session, claim, after=after, before=before, now=now)
    return tuple(replace(claim, start=each) for each in near)


def keep_within(session: Session, event: Event) -> None:
    """Refuse, as a subscriber of events, to move an occurrence past the last day of its series.

    Raises: InvalidRequest, which names that day.
    """
    if not isinstance(event, BookingRescheduled):
        return
    row = run(session, _LAST_DAY, {"booking_id": event.booking_id}).one_or_none()
    if row is not None and row.last_on > row.ends_by:
        raise InvalidRequest("to", "past-deadline", latest=row.ends_by)


def _begun_by(session: Session, actor: Actor, order: SeriesOrder) -> Booking | None:
    """Return the booking that begins a series, locked, when there is one: for the same person, and in no other.

    Raises: NotFound, NotAllowed, AlreadyDecided, InvalidRequest.
    """
    if order.already is None:
        return None
    booking, _ = locked_for(session, actor, order.already)
    expect(booking, {State.REQUESTED, State.BOOKED})
    whom = order.beneficiary
    if booking.series_id is not None or (booking.person_id, booking.case_ref) != (whom.person_id, whom.case_ref):
        raise InvalidRequest("booking_id", "other-series")
    return booking


def _check_whom(session: Session, actor: Actor, whom: Beneficiary) -> None:
    if whom.person_id is not None:
        person_for(session, actor, whom.person_id)
        keep_person(session, whom.person_id)


def _planned(session: Session, actor: Actor, order: SeriesOrder, *, now: datetime) -> tuple[int, Sequence[Occurrence]]:
    """Return the kind and what is to be taken, every resource being locked. Raises: SeriesConflicts."""
    place = _place_in(actor, order, lock(session, order.resource_ids))
    occurrences = plan(session, actor, order, place, now=now)
    if conflicts := [one for one in occurrences if not one.is_free]:
        raise SeriesConflicts(conflicts, free=len(occurrences) - len(conflicts))
    if not occurrences and order.already is None:
        raise InvalidRequest("answers", "nothing-kept")
    return place.terms.kind_id, occurrences


def _place_in(actor: Actor, order: SeriesOrder, places: Mapping[int, Locked]) -> Locked:
    """Return the place of a series, once it and those that replace it are of one kind that the actor may reserve.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = place_of(actor, places, order.resource_id)
    for resource_id in sorted(order.resource_ids):
        if place_of(actor, places, resource_id).terms.kind_id != place.terms.kind_id:
            raise InvalidRequest("resource_id", "other-kind")
    return place


def _take(
    session: Session,
    actor: Actor,
    series: Series,
    order: SeriesOrder,
    occurrences: Iterable[Occurrence],
    *,
    first: Sequence[Booking] = (),
    act: str,
    now: datetime,
) -> None:
    whom = Beneficiary(person_id=series.person_id, case_ref=series.case_ref)
    bookings = list(first)
    for one in occurrences:
        held = hold(session, actor, one.claim, now=now, beneficiary=whom)
        _join(session, held, series)
        bookings.append(confirm(session, actor, held.id, now=now))
    left_out = sorted(number for number, claim in order.answers.items() if claim is None)
    facts = {"bookings": [str(one.id) for one in bookings], "left_out": left_out, "total": order.total}
    _record(session, actor, series, act, now, **facts)


def _join(session: Session, booking: Booking, series: Series) -> None:
    """Name the series in a booking: nothing of the booking changes, so it is the same revision."""
    run(session, _JOIN, {"id": booking.id, "series_id": series.id})
    set_committed_value(booking, "series_id", series.id)


def _record(session: Session, actor: Actor, series: Series, act: str, now: datetime, **facts: Any) -> None:
    line = Act(act=act, subject="series", subject_id=series.id, person_id=series.person_id, at=now, facts=facts)
    record(session, actor, line)


def _locked(session: Session, actor: Actor, series_id: UUID) -> Series:
    """Return a series of the actor's territories, locked. Raises: NotFound, NotAllowed."""
    wanted = (
        select(Series).where(col(Series.id) == series_id).with_for_update().execution_options(populate_existing=True)
    )
    series: Series | None = session.exec(wanted).one_or_none()
    if series is None or series.territory_id not in actor.territories(REQUESTERS, kind_id=series.kind_id):
        raise NotFound(series_id=series_id)
    terms = look(session, [series.resource_id])[series.resource_id].terms
    if not any(right.covers(territory_id=series.territory_id) for right in terms.rights_of(actor)):
        raise NotFound(series_id=series_id)
    return series


_JOIN = by_key("UPDATE booking SET series_id = :series_id WHERE id = :id")
_GIVEN_BACK = by_key("""
    SELECT facts FROM history WHERE subject = 'series' AND subject_id = :id AND act = 'series-cancelled'
    ORDER BY id DESC LIMIT 1""")
# In the order of their ids, as every act locks bookings. What begins too soon for its kind to be cancelled is kept.
_TO_FREE = by_key("""
    SELECT b.id, b.resource_id
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id
    WHERE b.series_id = :series_id AND b.state IN ('held', 'requested', 'booked')
      AND coalesce(b.starts_at, CAST(b.first_on AS timestamp) AT TIME ZONE s.time_zone)
          > CAST(:now AS timestamptz) + k.cancel_notice_min * interval '1 minute'
    ORDER BY b.id FOR UPDATE OF b""")
_TO_TAKE_BACK = by_key("""
    SELECT id, resource_id FROM booking WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'cancelled'
    ORDER BY id FOR UPDATE""")
_LAST_DAY = by_key("""
    SELECT z.ends_by,
           coalesce(b.until_on - 1, CAST(b.starts_at AT TIME ZONE s.time_zone AS date), b.first_on) AS last_on
    FROM booking b JOIN series z ON z.id = b.series_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id WHERE b.id = :booking_id AND z.ends_by IS NOT NULL""")
