"""What became of an appointment: who came, who did not, who is excused; corrections keep both in the history.

Excusing frees the place and undoing it takes the place back, or is refused: the two are symmetric. What the person gave
back themselves is free already: excusing that only says so, and undoing it brings back what they said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.actions import Holder, forget_expired, lock, take, tell
from availability.errors import InvalidRequest
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.actions import UNDO_MINUTES, undo_cancel
from booking.errors import AlreadyDecided
from booking.freed import let_go
from booking.models import Booking, State
from booking.persons import keep_person
from booking.quotas import check_quota
from booking.reasons import EXCUSED_FOR, UNSAID, Reason, reason_columns, reason_facts
from booking.transitions import claims_of, expect, free, locked_by_host, locked_for, move_to

OUTCOMES = (State.HONOURED, State.MISSED)
CORRECTABLE = timedelta(days=183)  # six months. Source: docs/glossary.md, "outcome"
AN_INSTANT = timedelta(seconds=1)

_ZONE = by_key("SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id")
_EXCUSED_FROM = by_key("""
    SELECT facts ->> 'before' FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-excused' ORDER BY id DESC LIMIT 1""")
# Of the alias `b`: whether its person gave it back, once it was booked. An excuse taken back is no giving back.
GIVEN_BACK = """
    SELECT h.actor_id = h.person_id AND h.facts ->> 'before' = 'booked' AS by_person, h.facts FROM history h
    WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text) AND h.act = 'booking-cancelled'
      AND NOT h.facts ? 'undo'
    ORDER BY h.id DESC LIMIT 1"""
_GIVEN_BACK = by_key(f"SELECT g.* FROM booking b CROSS JOIN LATERAL ({GIVEN_BACK}) g WHERE b.id = :id")  # noqa: S608
_JUST_NOTED = by_key("""
    SELECT facts ->> 'before' FROM (
        SELECT act, at, facts FROM history
        WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
        ORDER BY id DESC LIMIT 1) last
    WHERE act = :act AND at >= :since AND NOT facts ? 'undo'""")


def note_outcome(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    outcome: State,
    *,
    now: datetime,
    revision: int | None = None,
) -> Booking:
    """Write down that somebody came or did not; another outcome later is a correction, within six months.

    Who was excused after all came, or missed: their place is taken back. Raises: NotFound, NotAllowed, AlreadyDecided,
    InvalidRequest when it is neither outcome, when it has not begun or was too long ago, and what taking back raises.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    return _note(session, actor, booking, terms, outcome=outcome, now=now)


def note_as_host(session: Session, actor: Actor, booking_id: UUID, outcome: State, *, now: datetime) -> Booking:
    """Write down the same, as the organisation that received them. Raises: as note_outcome."""
    booking, terms = locked_by_host(session, actor, booking_id)
    return _note(session, actor, booking, terms, outcome=outcome, now=now)


def undo_outcome(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None
) -> Booking:
    """Take back what was just noted: it is to come again, or what was noted before.

    Raises: NotFound, NotAllowed, ChangedMeanwhile, AlreadyDecided when nothing was noted these last minutes.
    """
    booking, _ = locked_for(session, actor, booking_id, revision=revision)
    return _unnote(session, actor, booking, now)


def undo_as_host(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back the same, as the organisation that received them. Raises: as undo_outcome."""
    booking, _ = locked_by_host(session, actor, booking_id)
    return _unnote(session, actor, booking, now)


def excuse(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    revision: int | None = None,
    reason: Reason = UNSAID,
) -> Booking:
    """Excuse an absence, before or after it, for one of EXCUSED_FOR, and free the place.

    What its person gave back may be excused too: it is free already, and the reason that they said stands.
    Raises: NotFound, NotAllowed, AlreadyDecided, InvalidRequest, also when it was too long ago.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    if booking.state == State.EXCUSED:
        return booking
    if booking.state == State.CANCELLED:
        return _excuse_given_back(session, actor, booking, reason, now)
    expect(booking, {State.BOOKED, *OUTCOMES})
    _refuse_too_late(booking, now)
    why = reason_columns(session, booking, reason, among=EXCUSED_FOR)
    return free(session, actor, booking, terms, after=State.EXCUSED, now=now, facts=reason_facts(reason), **why)


def undo_excuse(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None
) -> Booking:
    """Put an excused booking back as it was, in the same place if that is still free.

    Raises: NotFound, NotAllowed, AlreadyDecided when it is not excused, PeriodTaken, CapacityReached, NotOpen,
    QuotaReached.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    expect(booking, {State.EXCUSED})
    before = State(run(session, _EXCUSED_FROM, {"id": str(booking.id)}).scalar_one())
    if before is State.CANCELLED:
        return _give_back_again(session, actor, booking, now)
    _take_back(session, booking, terms, now)
    return move_to(session, actor, booking, before, now, facts={"undo": True})


def was_given_back_by_person(session: Session, booking_id: UUID) -> bool:
    """Say whether what is cancelled was given back by its own person: that may be excused."""
    given = run(session, _GIVEN_BACK, {"id": booking_id}).one_or_none()
    return given is not None and bool(given.by_person)


def undo(session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None) -> Booking:
    """Take back a place given back or excused. Raises: as undo_cancel and undo_excuse."""
    booking, _ = locked_for(session, actor, booking_id, revision=revision)
    take_back = undo_excuse if booking.state == State.EXCUSED else undo_cancel
    return take_back(session, actor, booking_id, now=now)


def _note(session: Session, actor: Actor, booking: Booking, terms: Terms, *, outcome: State, now: datetime) -> Booking:
    if outcome not in OUTCOMES:
        raise InvalidRequest("outcome", "unknown-choice")
    if booking.state == outcome:
        return booking
    expect(booking, {State.BOOKED, State.EXCUSED, *OUTCOMES})
    if not _has_begun(session, booking, now):
        raise InvalidRequest("outcome", "not-begun")
    _refuse_too_late(booking, now)
    if booking.state == State.EXCUSED:
        _take_back(session, booking, terms, now)
    tell(session, [booking.resource_id])  # nothing of it is taken or freed, but open pages show what became of it
    return move_to(session, actor, booking, outcome, now)


def _unnote(session: Session, actor: Actor, booking: Booking, now: datetime) -> Booking:
    expect(booking, OUTCOMES)
    asked = {"id": str(booking.id), "since": now - timedelta(minutes=UNDO_MINUTES), "act": f"booking-{booking.state}"}
    noted = run(session, _JUST_NOTED, asked).scalar()
    if noted not in (State.BOOKED, *OUTCOMES):
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))
    tell(session, [booking.resource_id])
    return move_to(session, actor, booking, State(noted), now, facts={"undo": True})


def _excuse_given_back(session: Session, actor: Actor, booking: Booking, reason: Reason, now: datetime) -> Booking:
    """Excuse who said that they cannot come: nothing is freed again, and nobody is told again."""
    given = run(session, _GIVEN_BACK, {"id": booking.id}).one()
    if not given.by_person:
        raise AlreadyDecided(booking_id=booking.id, state=State.CANCELLED)
    _refuse_too_late(booking, now)
    why = reason_columns(session, booking, reason, among=EXCUSED_FOR)
    if booking.reason:
        why = _reason_of(booking)
    tell(session, [booking.resource_id])
    facts = _beds_said(given.facts) | ({"reason": why["reason"]} if why["reason"] else {})
    return move_to(session, actor, booking, State.EXCUSED, now, facts=facts, **why)


def _give_back_again(session: Session, actor: Actor, booking: Booking, now: datetime) -> Booking:
    """Put what its person gave back as it was before it was excused, with what they said and nothing else."""
    given = run(session, _GIVEN_BACK, {"id": booking.id}).one()
    why = _reason_of(booking) if given.facts.get("reason") else {}
    tell(session, [booking.resource_id])
    return move_to(
        session, actor, booking, State.CANCELLED, now, facts={"undo": True, **_beds_said(given.facts)}, **why
    )


def _reason_of(booking: Booking) -> dict[str, Any]:
    return {"reason": booking.reason, "reason_sealed": booking.reason_sealed}


def _beds_said(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the beds that were freed, which whoever takes the place back reads in the last line."""
    return {"beds": facts["beds"]} if "beds" in facts else {}


def _take_back(session: Session, booking: Booking, terms: Terms, now: datetime) -> None:
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    # What has begun is taken back as of just before: nobody else can take the past. A hold that is over by now took
    # nothing of it, although it was not over then.
    as_of = min(now, booking.starts_at - AN_INSTANT) if booking.starts_at is not None else now
    claims = claims_of(session, booking, terms.shape)
    locked = lock(session, {claim.resource_id for claim in claims} | {booking.resource_id})
    let_go(session, booking.id, booking.resource_id)
    forget_expired(session, terms.shape, booking.resource_id, now=now)
    take(session, locked, claims, Holder(id=booking.id, now=as_of))
    check_quota(session, terms, booking, now=now)


def _has_begun(session: Session, booking: Booking, now: datetime) -> bool:
    if booking.starts_at is not None:
        return booking.starts_at <= now
    zone = run(session, _ZONE, {"id": booking.resource_id}).scalar_one()
    return booking.first_on is not None and booking.first_on <= local_day(now, ZoneInfo(zone))


def _refuse_too_late(booking: Booking, now: datetime) -> None:
    is_late = booking.ends_at is not None and booking.ends_at + CORRECTABLE < now
    if is_late or (booking.until_on is not None and booking.until_on + CORRECTABLE < now.date()):
        raise InvalidRequest("outcome", "too-late")
