"""A lawyer takes a date, confirms it, moves it, gives it back; refused, they have a dated proof of the attempt.

Each act finds first that the date is the lawyer's, then does what any reservation does, on that one booking. Order of
locks: the booking, the hearings, the conventions of the court, then what is written (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock
from availability.claims import CaseClaim, readable
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.models import Site
from availability.openings import local_day
from availability.rights import Actor
from availability.sealing import House, seal
from availability.statements import by_key, run
from booking.actions import cancel, confirm, undo_cancel
from booking.attachment_models import Attachment, What
from booking.attachments import FileLine, Sent, attach, detach, open_file, put_back
from booking.date_holding import given, hold_date, summons_due, wait_for_conventions
from booking.date_offers import serve_first
from booking.errors import AlreadyDecided
from booking.events import BookingRescheduled, Event
from booking.file_types import PDF, FileRefused
from booking.freed import let_go
from booking.lawyer_looking import Asked, Looked, OpenDate, check_asked, open_dates
from booking.lawyer_models import LawyerAttempt, LawyerDate, Procedure, WhyNone
from booking.lawyers import deputy_of, own_date, profile_of
from booking.models import Booking, State
from booking.moving import move
from booking.transitions import expect, locked_for
from booking.vault import Vault

MOST_PARTIES = 200
PARTIES = "lawyer-parties"  # what the names of the parties are sealed for
MOST_HELD = 5  # at once: nobody keeps all the dates of a court from the others by looking at them
HELD = by_key("""
    SELECT count(*) FROM lawyer_date d JOIN booking b ON b.id = d.booking_id
    WHERE d.account_id = :account_id AND b.state = 'held' AND b.expires_at > :now
      AND NOT EXISTS (SELECT FROM date_offer o WHERE o.booking_id = b.id)""")
WAIT_FOR_LAWYER = by_key("SELECT pg_advisory_xact_lock(hashtextextended('lawyer holds ' || :id, 0))")
FORGET_PARTIES = text("""
    UPDATE lawyer_date d SET parties_sealed = NULL FROM booking b
    WHERE b.id = d.booking_id AND b.ends_at < :before AND d.parties_sealed IS NOT NULL""")
GIVEN_BACK_BY = by_key("""
    SELECT actor_id FROM history WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-cancelled'
    ORDER BY id DESC LIMIT 1""")
# The civil days of a booking there: the one that it was just moved from, and its own.
MOVED = by_key("""
    SELECT s.time_zone, CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day,
           CAST(CAST(h.facts -> 'from' ->> 'starts_at' AS timestamptz) AT TIME ZONE s.time_zone AS date) AS was_on
    FROM booking b JOIN lawyer_date d ON d.booking_id = b.id JOIN site s ON s.id = d.site_id
    JOIN history h ON h.subject = 'booking' AND h.subject_id = CAST(b.id AS text) AND h.act = 'booking-moved'
    WHERE b.id = :id ORDER BY h.id DESC LIMIT 1""")


class NoDate(Refusal):
    """The date asked for cannot be taken, for one of the reasons `why` of WhyNone."""


class ChangeOver(Refusal):
    """The court let a date be moved or given back until `last_on`, and that day has passed."""


class DatesOpen(Refusal):
    """There are dates: nothing to prove."""


def take_date(session: Session, actor: Actor, asked: Asked, hearing_id: int, *, now: datetime) -> LawyerDate:
    """Hold a date for the few minutes that its kind gives. Raises: NotFound, InvalidRequest, NoDate, QuotaReached."""
    profile_of(session, actor)
    check_asked(session, actor, asked)
    run(session, WAIT_FOR_LAWYER, {"id": str(actor.account_id)})
    if run(session, HELD, {"account_id": actor.account_id, "now": now}).scalar_one() >= MOST_HELD:
        raise InvalidRequest("reservation", "too-many-held", most=MOST_HELD)
    locked = lock(session, [hearing_id])
    wait_for_conventions(session, asked.site_id)
    _let_the_list_first(session, actor, locked, hearing_id, now)
    chosen = _chosen(open_dates(session, actor, asked, now=now, hearing_id=hearing_id), hearing_id)
    return hold_date(session, actor, asked, chosen, now=now)


def confirm_date(
    session: Session, actor: Actor, booking_id: UUID, *, parties: str, house: House, now: datetime
) -> LawyerDate:
    """Have a date that is held, for these parties; confirmed already, only what the parties are changes.

    Raises: NotFound, InvalidRequest, HoldExpired, AlreadyDecided.
    """
    own = own_date(session, actor, booking_id)
    named = " ".join(readable("parties", parties).split())
    if not named:
        raise InvalidRequest("parties", "required")
    if len(named) > MOST_PARTIES:
        raise InvalidRequest("parties", "too-long", most=MOST_PARTIES)
    confirm(session, _deputy(session, actor, booking_id), booking_id, now=now)
    own.parties_sealed = seal(house.derived(PARTIES), named)
    if own.confirmed_at is None:
        own.confirmed_at = now
    session.flush()
    return own


def move_date(session: Session, actor: Actor, booking_id: UUID, to_id: int, *, now: datetime) -> LawyerDate:
    """Have another date of the same court in the place of one, which is lost only then.

    Raises: NotFound, AlreadyDecided, ChangeOver by the rules of the court, NoDate, QuotaReached.
    """
    own = own_date(session, actor, booking_id)
    deputy = _deputy(session, actor, booking_id)
    booking, _ = locked_for(session, deputy, booking_id, wanting=[to_id])
    session.refresh(own)  # the court may have moved it meanwhile
    expect(booking, {State.BOOKED})
    if booking.resource_id == to_id:
        return own
    _refuse_late(session, own, now)
    locked = lock(session, [booking.resource_id, to_id])
    wait_for_conventions(session, own.site_id)
    let_go(session, booking_id, to_id)
    _let_the_list_first(session, actor, locked, to_id, now)
    looked = open_dates(session, actor, _asked(own), now=now, hearing_id=to_id, but_for=booking_id)
    chosen = _chosen(looked, to_id)
    move(session, deputy, booking_id, CaseClaim(resource_id=to_id, minutes=chosen.minutes, family=own.nature), now=now)
    for name, value in vars(given(chosen, now)).items():
        setattr(own, name, value)
    session.flush()
    return own


def give_back(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> LawyerDate:
    """Give a date back; one that is only held, at any time.

    Raises: NotFound, AlreadyDecided, ChangeOver, InvalidRequest once its hearing has begun.
    """
    own = own_date(session, actor, booking_id)
    deputy = _deputy(session, actor, booking_id)
    booking, _ = locked_for(session, deputy, booking_id)
    session.refresh(own)  # as above
    if booking.state == State.BOOKED:
        if booking.starts_at is not None and booking.starts_at <= now:
            raise InvalidRequest("start", "past")
        _refuse_late(session, own, now)
    cancel(session, deputy, booking_id, now=now)
    return own


def take_back(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> LawyerDate:
    """Have again the date that the actor just gave back, if it can still be taken.

    Raises: NoDate, AlreadyDecided when the court ended it, and as `booking.actions.undo_cancel`.
    """
    own = own_date(session, actor, booking_id)
    deputy = _deputy(session, actor, booking_id)
    booking, _ = locked_for(session, deputy, booking_id)
    session.refresh(own)
    is_theirs = run(session, GIVEN_BACK_BY, {"id": str(booking_id)}).scalar() == actor.account_id
    if booking.state != State.CANCELLED or not is_theirs or own.released_at is not None:
        raise AlreadyDecided(booking_id=booking_id, state=State(booking.state))
    lock(session, [booking.resource_id])
    wait_for_conventions(session, own.site_id)
    let_go(session, booking_id, booking.resource_id)
    there = booking.resource_id
    _chosen(open_dates(session, actor, _asked(own), now=now, hearing_id=there, is_back=True), there)
    undo_cancel(session, deputy, booking_id, now=now)
    return own


def add_summons(
    session: Session, actor: Actor, booking_id: UUID, sent: Sent, *, house: House, vault: Vault, now: datetime
) -> FileLine:
    """Link the draft summons to a date, held or had; it is a PDF. Raises: NotFound, FileRefused."""
    own_date(session, actor, booking_id)
    if sent.what is not What.SUMMONS or sent.media_type != PDF:
        raise FileRefused(name=sent.name, why="not-pdf")
    deputy = _deputy(session, actor, booking_id)
    return attach(session, deputy, booking_id, sent, house=house, vault=vault, now=now, is_held=True)


def remove_summons(session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, now: datetime) -> Attachment:
    """Remove a summons that the lawyer joined; it can be put back for ten minutes. Raises: NotFound."""
    return detach(session, _with_own_file(session, actor, booking_id, file_id), booking_id, file_id, now=now)


def put_summons_back(session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, now: datetime) -> Attachment:
    """Put back a summons just removed. Raises: NotFound."""
    return put_back(session, _with_own_file(session, actor, booking_id, file_id), booking_id, file_id, now=now)


def open_summons(
    session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, house: House, vault: Vault, now: datetime
) -> tuple[FileLine, Iterator[bytes]]:
    """Return a summons of a date of the actor's, chunk by chunk; what else the court joined is the court's.

    Raises: NotFound.
    """
    deputy, row = deputy_for(session, actor, booking_id), session.get(Attachment, file_id)
    if row is None or row.what != What.SUMMONS:
        raise NotFound(file_id=file_id)
    return open_file(session, deputy, booking_id, file_id, house=house, vault=vault, now=now)


def deputy_for(session: Session, actor: Actor, booking_id: UUID) -> Actor:
    """Return the lawyer with the right that a date of theirs needs. Raises: NotFound when it is not theirs."""
    own_date(session, actor, booking_id)
    return _deputy(session, actor, booking_id)


def note_attempt(session: Session, actor: Actor, asked: Asked, *, now: datetime) -> LawyerAttempt:
    """Write down that there is no date, and why, as it is now: what a proof is printed of.

    Raises: NotFound, InvalidRequest, DatesOpen.
    """
    profile_of(session, actor)
    looked = open_dates(session, actor, asked, now=now)
    if looked.why is None:
        raise DatesOpen(site_id=asked.site_id)
    attempt = LawyerAttempt(
        account_id=actor.account_id,
        site_id=asked.site_id,
        procedure=asked.procedure,
        nature=asked.nature,
        why=looked.why,
        sessions=looked.sessions,
        full=looked.refused[WhyNone.FULL] + looked.refused[WhyNone.CONVENTION],
        too_short=looked.refused[WhyNone.TOO_SHORT],
        last_on=looked.last_on,
        at=now,
    )
    session.add(attempt)
    session.flush()
    facts = {"site_id": asked.site_id, "procedure": asked.procedure, "nature": asked.nature, "why": looked.why}
    record(session, actor, Act(act="lawyer-attempt", subject="lawyer", subject_id=attempt.id, at=now, facts=facts))
    return attempt


def dates_to_move_to(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Sequence[OpenDate]:
    """Return the dates that a date of the actor's may move to, the earliest first. Raises: NotFound."""
    own = own_date(session, actor, booking_id)
    booking = session.get_one(Booking, booking_id)
    looked = open_dates(session, actor, _asked(own), now=now, but_for=booking_id)
    return [one for one in looked.dates if one.hearing_id != booking.resource_id and one.kind_id == booking.kind_id]


def follow_date(session: Session, event: Event) -> None:
    """Have a date that was moved, by whoever it was, keep what goes with it: a subscriber of events.

    Its new day was given that day: the summons is due accordingly, and it is changed until as many days before as it
    was.
    """
    if not isinstance(event, BookingRescheduled):
        return
    moved = run(session, MOVED, {"id": event.booking_id}).one_or_none()
    if moved is None or moved.was_on == moved.day:
        return
    own = session.get_one(LawyerDate, event.booking_id, populate_existing=True)
    own.given_on = local_day(event.at, ZoneInfo(moved.time_zone))
    own.summons_due_on = summons_due(own.given_on, moved.day)
    own.change_until += moved.day - moved.was_on
    session.flush()


def forget_parties(session: Session, *, before: datetime) -> int:
    """Forget the parties of the dates whose hearing ended before an instant, and return how many."""
    return int(session.execute(FORGET_PARTIES, {"before": before}).rowcount)  # type: ignore[attr-defined]


def _asked(own: LawyerDate) -> Asked:
    return Asked(site_id=own.site_id, procedure=Procedure(own.procedure), nature=own.nature)


def _chosen(looked: Looked, hearing_id: int) -> OpenDate:
    """Return the date wanted, of those that can be taken. Raises: NoDate."""
    if not looked.dates:
        raise NoDate(hearing_id=hearing_id, why=looked.why)
    return looked.dates[0]


def _deputy(session: Session, actor: Actor, booking_id: UUID) -> Actor:
    """Return the lawyer with the right that this booking of theirs needs, which `own_date` has found to be theirs."""
    return deputy_of(session, actor, session.get_one(Booking, booking_id).resource_id)


def _with_own_file(session: Session, actor: Actor, booking_id: UUID, file_id: UUID) -> Actor:
    """Return the deputy for a file that the lawyer joined themselves: what the court joined stays. Raises: NotFound."""
    deputy = deputy_for(session, actor, booking_id)
    row = session.get(Attachment, file_id)
    if row is None or row.booking_id != booking_id or row.by != actor.account_id:
        raise NotFound(file_id=file_id)
    return deputy


def _refuse_late(session: Session, own: LawyerDate, now: datetime) -> None:
    site = session.get(Site, own.site_id)
    if site is None:
        raise NotFound(site_id=own.site_id)
    if local_day(now, ZoneInfo(site.time_zone)) > own.change_until:
        raise ChangeOver(booking_id=own.booking_id, last_on=own.change_until)


def _let_the_list_first(
    session: Session, actor: Actor, locked: Mapping[int, Locked], hearing_id: int, now: datetime
) -> None:
    """Hold for those who wait for a hearing what they would be offered: nobody passes them who comes by."""
    place = locked.get(hearing_id)
    if place is not None:
        serve_first(session, place, now=now, before=actor.account_id)
