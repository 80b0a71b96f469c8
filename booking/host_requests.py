"""A request in the hands of its host: what is told when, the link that answers it, and taking an answer back.

`tell_hosts` hears every event of a booking: what waits is planned, what is over is taken back, in the transaction of
the act. See docs/decisions/0025-hosts-decide.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import Holder, keep, occupy
from availability.errors import Refusal
from availability.models import Shape
from availability.rights import Actor, Right, Role
from availability.statements import by_key, run
from booking import mail
from booking.actions import UNDO_MINUTES, Beneficiary, confirm
from booking.errors import AlreadyDecided
from booking.events import BookingMoved, Event
from booking.filters import WorkHours
from booking.freed import free_for_list, let_go
from booking.hosting_models import HostRequest, MailKind
from booking.links import LinkName
from booking.mailbox import set_mailbox
from booking.models import Booking, State
from booking.persons import keep_person
from booking.quotas import check_quota
from booking.transitions import claims_of, end_again, locked_by_host, move_to

LINKS = "host-links"  # the purpose of the key of these links
KEPT = timedelta(days=7)  # after the end of the delay, the link still says what was answered
UNDO_FREED = timedelta(minutes=UNDO_MINUTES)
ANSWERS = {"booking-booked": State.BOOKED, "booking-refused": State.REFUSED}

_BEARER = by_key("""
    SELECT q.id, q.booking_id, q.link_version, q.answer_by, b.kind_id, b.resource_id, s.organisation_id, s.territory_id
    FROM host_request q JOIN booking b ON b.id = q.booking_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    WHERE q.link_id = :link_id""")
_LAST_ACT = by_key("""
    SELECT act, at, facts FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act LIKE 'booking-%' AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")
_SHAPE = by_key("SELECT shape FROM kind WHERE id = :kind_id")
_OPEN = by_key("SELECT id FROM host_proposal WHERE booking_id = :id AND state = 'open'")
_OVER = by_key("UPDATE host_proposal SET state = 'over', ended_at = :now WHERE id = :id")
_REVOKE = text("UPDATE host_request SET link_version = link_version + 1 WHERE booking_id = :id")


class HostLinkOver(Refusal):
    """There is no such link, or no longer: revoked, or too old to say anything."""


@dataclass(frozen=True, kw_only=True)
class HostBearer:
    """Who holds a good link: the service that runs the place, as an actor whose only right is on this kind there.

    The history names the link itself, for a mailbox is shared and the link proves nobody.
    """

    booking_id: UUID
    actor: Actor


def tell_hosts(session: Session, event: Event) -> None:
    """Plan what an event of a booking makes worth telling its host, and take back what it makes untrue."""
    match event:
        case BookingMoved(after=State.REQUESTED):
            _asked(session, event)
        case BookingMoved(before=State.REQUESTED):
            _ended(session, event)
        case BookingMoved(before=State.BOOKED, after=State.CANCELLED):
            mail.plan_news(session, event.booking_id, MailKind.GIVEN_UP, now=event.at, undo=UNDO_FREED)
        case BookingMoved(is_undo=True, before=State.CANCELLED):
            mail.unplan(session, event.booking_id)


def request_of(session: Session, booking: Booking, *, now: datetime) -> HostRequest:
    """Return what goes around a request; made here when it was asked before there was any."""
    known = select(HostRequest).where(col(HostRequest.booking_id) == booking.id)
    found: HostRequest | None = session.exec(known, execution_options={"populate_existing": True}).one_or_none()
    if found is not None:
        return found
    answer_by = booking.expires_at or now
    made = HostRequest(id=uuid4(), booking_id=booking.id, asked_at=now, answer_by=answer_by)
    session.add(made)
    session.flush()
    return made


def confirm_with_work(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    beneficiary: Beneficiary,
    work: WorkHours | None,
) -> Booking:
    """Confirm a hold, and tell the host, when it is asked, the hours of work with which its place was found.

    Raises: as `actions.confirm`.
    """
    booking = confirm(session, actor, booking_id, now=now, beneficiary=beneficiary)
    if booking.state == State.REQUESTED and work is not None:
        request = request_of(session, booking, now=now)
        request.work_starts, request.work_ends = work.starts, work.ends
        request.work_days = list(work.weekdays)
    return booking


def host_bearer(session: Session, name: LinkName, *, now: datetime) -> HostBearer:
    """Return who holds a link. Raises: HostLinkOver."""
    row = run(session, _BEARER, {"link_id": name.link_id}).one_or_none()
    if row is None or row.link_version % 256 != name.version or now >= row.answer_by + KEPT:
        raise HostLinkOver
    right = Right(Role.PARTNER, frozenset({row.territory_id}), row.kind_id, row.organisation_id)
    actor = Actor(row.id, "", (right,), row.territory_id, row.organisation_id)
    return HostBearer(booking_id=row.booking_id, actor=actor)


def undo_answer(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back, as its host, an answer of the last minutes: the request waits again, on the same place.

    Raises: NotFound, AlreadyDecided when that is not the last thing that happened to it, or was the agreement of
    whoever asked, or they were offered another place meanwhile; HoldExpired past its end; PeriodTaken,
    CapacityReached, NotOpen when what a refusal freed is taken; QuotaReached; whatever a subscriber says when somebody
    was summoned meanwhile.
    """
    booking, terms = locked_by_host(session, actor, booking_id)
    before = State(booking.state)
    if not may_undo(session, booking_id, before, now=now):
        raise AlreadyDecided(booking_id=booking_id, state=before)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    until = end_again(session, booking, State.REQUESTED, now)
    holder = Holder(id=booking.id, now=now, expires_at=until)
    if before is State.BOOKED:
        keep(session, terms.shape, [booking.resource_id], holder)
    else:
        let_go(session, booking.id, booking.resource_id)
        occupy(session, claims_of(session, booking, terms.shape), holder)
        check_quota(session, terms, booking, now=now)
    return move_to(session, actor, booking, State.REQUESTED, now, expires_at=until, facts={"undo": True})


def may_undo(session: Session, booking_id: UUID, state: State, *, now: datetime) -> bool:
    """Say whether the last thing that happened to a booking is an answer of its host, a few minutes ago."""
    last = run(session, _LAST_ACT, {"id": str(booking_id)}).one_or_none()
    return (
        last is not None
        and ANSWERS.get(last.act) is state
        and last.facts.get("before") == State.REQUESTED
        and "proposal" not in last.facts
        and last.at > now - UNDO_FREED
    )


def move_mailbox(session: Session, actor: Actor, site_id: int, typed: str, *, now: datetime) -> int:
    """Have the requests on a site arrive elsewhere, those that wait included: their old links are revoked, and they
    are told to the new address. Return how many were. Raises: NotFound, InvalidRequest.
    """
    waiting = set_mailbox(session, actor, site_id, typed, now=now)
    for booking_id in waiting:
        booking = session.get_one(Booking, booking_id)
        request = request_of(session, booking, now=now)
        session.execute(_REVOKE, {"id": booking_id})
        mail.unplan(session, booking_id)
        mail.plan(session, booking_id, MailKind.REQUEST, due_at=now + mail.UNDO, until=request.answer_by, now=now)
        mail.plan_warning(session, booking_id, asked_at=request.asked_at, answer_by=request.answer_by, now=now)
    return len(waiting)


def _asked(session: Session, event: BookingMoved) -> None:
    booking = session.get_one(Booking, event.booking_id)
    answer_by = booking.expires_at or event.at
    request = request_of(session, booking, now=event.at)
    is_answer_undone = event.before in (State.BOOKED, State.REFUSED)
    if not is_answer_undone:
        request.asked_at = event.at
    request.answer_by = answer_by
    session.flush()
    mail.unplan(session, booking.id)
    mail.plan_request(session, booking.id, now=event.at, answer_by=answer_by)
    mail.plan_warning(session, booking.id, asked_at=request.asked_at, answer_by=answer_by, now=event.at)


def _ended(session: Session, event: BookingMoved) -> None:
    booking = session.get_one(Booking, event.booking_id)
    _end_proposal(session, booking, event.at)
    mail.unplan(session, booking.id)
    if event.after is State.LAPSED:
        mail.plan_news(session, booking.id, MailKind.LAPSED, now=event.at)
    elif event.after is State.CANCELLED:
        mail.plan_news(session, booking.id, MailKind.GIVEN_UP, now=event.at, undo=UNDO_FREED)


def _end_proposal(session: Session, booking: Booking, now: datetime) -> None:
    """Free what a proposal held that nobody answered. The resource is locked already, by the act that ends it."""
    proposal_id: Any = run(session, _OPEN, {"id": booking.id}).scalar()
    if proposal_id is not None:
        shape = Shape(str(run(session, _SHAPE, {"kind_id": booking.kind_id}).scalar_one()))
        free_for_list(session, shape, booking.resource_id, proposal_id, booking_id=booking.id, now=now)
        run(session, _OVER, {"id": proposal_id, "now": now})
