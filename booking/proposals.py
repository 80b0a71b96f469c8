"""Other dates that a host proposes for what it is asked, on the same place, and what whoever asked makes of them.

Both are held until the answer: the request keeps what it has, the proposal holds what it adds to it, under its own
number. Accepting moves and books the request in one transaction. See docs/decisions/0025-hosts-decide.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import Holder, Locked, Taken, keep, lock, release, take
from availability.claims import AnyClaim, Claim, NightsClaim, PlaceClaim, SlotClaim, TimeClaim
from availability.errors import InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.periods import Period, subtract
from availability.rights import Actor
from availability.terms import Terms
from booking import mail
from booking.errors import HoldExpired
from booking.events import BookingRescheduled, announce
from booking.freed import beyond, free_for_list, held, keep_for_list, less
from booking.host_requests import request_of
from booking.hosting_models import HostProposal, MailKind, ProposalState
from booking.models import Booking, State
from booking.moving import place_facts
from booking.persons import keep_person
from booking.quotas import check_quota, first_day
from booking.transitions import change, claim_of, dates_of, expect, locked_by_host, locked_for, move_to

TO_ANSWER = timedelta(days=2)  # whoever asked has that long, even when the request was about to end
MOST_ROUNDS = 5  # proposals for one request: beyond, one calls
MOST_NIGHTS = 366


class ProposalOver(Refusal):
    """The proposal was answered, withdrawn or replaced already. Facts: booking_id, proposal_id, state."""


@dataclass(frozen=True, kw_only=True)
class OtherDates:
    """Dates as a host gives them: `first` and `until` for nights and places, `start` for slots."""

    first: date | None = None
    until: date | None = None
    start: datetime | None = None

    def claim(self, booking: Booking, shape: Shape) -> Claim:
        """Return what the booking would take. Raises: InvalidRequest."""
        match shape:
            case Shape.NIGHTS:
                first, until = _given(self.first, "from"), _given(self.until, "to")
                if (until - first).days > MOST_NIGHTS:
                    raise InvalidRequest("to", "too-long", first=first, until=until, max_days=MOST_NIGHTS)
                return NightsClaim(resource_id=booking.resource_id, first=first, until=until, unit_id=booking.unit_id)
            case Shape.PLACES:
                first = _given(self.first, "from")
                return PlaceClaim(resource_id=booking.resource_id, first=first, until=self.until)
            case Shape.SLOTS:
                return SlotClaim(resource_id=booking.resource_id, start=_given(self.start, "start"))
        raise InvalidRequest("booking_id", "not-for-this-shape", shape=shape)


def propose(session: Session, actor: Actor, booking_id: UUID, dates: OtherDates, *, now: datetime) -> HostProposal:
    """Propose, as its host, other dates for what is asked, in the place of those proposed before; both are held.

    The same dates again are the same proposal. Raises: NotFound, HoldExpired, AlreadyDecided, InvalidRequest,
    NotOpen, PeriodTaken, CapacityReached.
    """
    booking, terms = locked_by_host(session, actor, booking_id)
    _expect_waiting(booking, now)
    claim = dates.claim(booking, terms.shape)
    if claim == claim_of(booking, terms.shape):
        raise InvalidRequest("start" if isinstance(claim, SlotClaim) else "from", "same-dates")
    before = open_proposal(session, booking_id)
    if before is not None and _dates(before) == _dates_of_claim(claim):
        return before
    _check_rounds(session, booking_id)
    locked = lock(session, [booking.resource_id])
    place = locked[booking.resource_id]
    columns = dates_of(session, place, claim, now)
    had: Sequence[Claim] = ()
    if before is not None:  # the list has no turn between two proposals: it has what the second leaves
        had = held(session, terms.shape, booking.resource_id, before.id)
        release(session, terms.shape, [booking.resource_id], before.id)
        _close(session, before, ProposalState.WITHDRAWN, now)
    claim, unit_id = _rehearsed(session, locked, claim, booking, now=now)
    until = _extended(session, booking, terms, now)
    made = HostProposal(
        id=uuid4(), booking_id=booking_id, unit_id=unit_id, made_by=actor.account_id, made_at=now, **columns
    )
    session.add(made)
    session.flush()
    _hold_the_rest(session, locked, claim, booking, Holder(id=made.id, now=now, expires_at=until))
    left = less(had, held(session, terms.shape, booking.resource_id, made.id))
    keep_for_list(session, booking_id, left, freeing_id=uuid4(), now=now, due_at=now)
    _write(session, actor, booking, made, "proposal-made", now=now, expires_at=until)
    return made


def withdraw_proposal(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Take back, as its host, what was proposed; the request waits as before. Twice is once.

    Raises: NotFound, AlreadyDecided.
    """
    booking, terms = locked_by_host(session, actor, booking_id)
    expect(booking, {State.REQUESTED})
    proposal = open_proposal(session, booking_id)
    if proposal is not None:
        _end(session, proposal, booking, terms.shape, state=ProposalState.WITHDRAWN, now=now)
        _write(session, actor, booking, proposal, "proposal-withdrawn", now=now)
        _warn_again(session, booking, now)
    return booking


def accept_proposal(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    proposal_id: UUID,
    *,
    now: datetime,
    revision: int | None = None,
) -> Booking:
    """Take the dates proposed, as whoever asked: the request moves to them and is booked, in one transaction.

    Raises: NotFound, NotAllowed, ChangedMeanwhile, HoldExpired, AlreadyDecided, ProposalOver, InvalidRequest, NotOpen,
    PeriodTaken, CapacityReached, QuotaReached in another period, and what stops a move: a series, a double, a team.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    proposal = _proposal(session, booking_id, proposal_id)
    if booking.state == State.BOOKED and proposal.state == ProposalState.ACCEPTED:
        return booking
    _expect_waiting(booking, now)
    _expect_open(proposal)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    locked = lock(session, [booking.resource_id])
    _refuse_begun(proposal, locked[booking.resource_id], now)
    before, was_on = place_facts(booking), first_day(session, booking) if terms.has_quotas else None
    release(session, terms.shape, [booking.resource_id], booking.id)
    release(session, terms.shape, [booking.resource_id], proposal.id)
    taken = take(session, locked, [_claim(proposal, booking, terms.shape)], Holder(id=booking.id, now=now))
    _close(session, proposal, ProposalState.ACCEPTED, now)
    dates = {name: getattr(proposal, name) for name in ("first_on", "until_on", "starts_at", "ends_at")}
    after = {"resource_id": booking.resource_id, "unit_id": taken[0].unit_id} | _said(_dates(proposal))
    facts = {"proposal": str(proposal.id), "from": before, "to": after}
    move_to(session, actor, booking, State.BOOKED, now, facts=facts, unit_id=taken[0].unit_id, **dates)
    announce(session, BookingRescheduled(booking_id=booking.id, at=now))
    check_quota(session, terms, booking, now=now, was_on=was_on)
    mail.plan_news(session, booking_id, MailKind.AGREED, now=now)
    return booking


def decline_proposal(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    proposal_id: UUID,
    *,
    now: datetime,
    revision: int | None = None,
) -> Booking:
    """Say no to the dates proposed, as whoever asked; the request still waits for its own. Twice is once.

    Raises: NotFound, NotAllowed, AlreadyDecided, ProposalOver.
    """
    booking, terms = locked_for(session, actor, booking_id, revision=revision)
    proposal = _proposal(session, booking_id, proposal_id)
    if proposal.state == ProposalState.DECLINED:
        return booking
    expect(booking, {State.REQUESTED})
    _expect_open(proposal)
    _end(session, proposal, booking, terms.shape, state=ProposalState.DECLINED, now=now)
    _write(session, actor, booking, proposal, "proposal-declined", now=now)
    mail.plan_news(session, booking_id, MailKind.DECLINED, now=now)
    _warn_again(session, booking, now)
    return booking


def open_proposal(session: Session, booking_id: UUID) -> HostProposal | None:
    """Return the dates that wait for an answer, if there are some."""
    waiting = select(HostProposal).where(
        col(HostProposal.booking_id) == booking_id, col(HostProposal.state) == ProposalState.OPEN
    )
    found: HostProposal | None = session.exec(waiting, execution_options={"populate_existing": True}).one_or_none()
    return found


def _end(
    session: Session, proposal: HostProposal, booking: Booking, shape: Shape, *, state: ProposalState, now: datetime
) -> None:
    """Free what a proposal holds, for those who wait first, and write down what became of it."""
    free_for_list(session, shape, booking.resource_id, proposal.id, booking_id=booking.id, now=now)
    _close(session, proposal, state, now)


def _expect_waiting(booking: Booking, now: datetime) -> None:
    """Accept a request that can still be answered. Raises: HoldExpired, AlreadyDecided."""
    is_late = booking.expires_at is not None and booking.expires_at <= now
    if booking.state == State.LAPSED or (booking.state == State.REQUESTED and is_late):
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)
    expect(booking, {State.REQUESTED})


def _expect_open(proposal: HostProposal) -> None:
    if proposal.state != ProposalState.OPEN:
        raise ProposalOver(booking_id=proposal.booking_id, proposal_id=proposal.id, state=proposal.state)


def _check_rounds(session: Session, booking_id: UUID) -> None:
    if session.execute(_ROUNDS, {"booking_id": booking_id}).scalar_one() >= MOST_ROUNDS:
        raise InvalidRequest("booking_id", "too-many-proposals", most=MOST_ROUNDS)


def _rehearsed(
    session: Session, locked: Mapping[int, Locked], claim: Claim, booking: Booking, *, now: datetime
) -> tuple[Claim, int | None]:
    """Return the claim and the bed that the booking would have, refused as accepting it would be; nothing is written.

    The bed that it has is tried first. The resource is locked: what is free now is free until the end of this act.
    """
    try:
        taken = _moved_for_a_moment(session, locked, claim, booking, now=now)
    except PeriodTaken:
        if not isinstance(claim, NightsClaim) or claim.unit_id is None:
            raise
        claim = replace(claim, unit_id=None)
        taken = _moved_for_a_moment(session, locked, claim, booking, now=now)
    if isinstance(claim, NightsClaim):
        claim = replace(claim, unit_id=taken.unit_id)
    return claim, taken.unit_id


def _moved_for_a_moment(
    session: Session, locked: Mapping[int, Locked], claim: Claim, booking: Booking, *, now: datetime
) -> Taken:
    moment = session.begin_nested()
    try:
        release(session, locked[booking.resource_id].shape, [booking.resource_id], booking.id)
        return take(session, locked, [claim], Holder(id=booking.id, now=now))[0]
    finally:
        moment.rollback()


def _hold_the_rest(
    session: Session, locked: Mapping[int, Locked], claim: Claim, booking: Booking, holder: Holder
) -> None:
    """Hold what the proposal adds to what the request has: the two together are never taken twice by one of them."""
    for part in _parts(claim, booking):
        try:
            with session.begin_nested():
                take(session, locked, [part], holder)
        except PeriodTaken:
            if not isinstance(claim, SlotClaim):
                raise
            _hold_around(session, locked, claim, booking, holder)
        except NotOpen:
            # The dates as a whole may begin; only their second part begins on a closed day. It is checked at the end.
            if isinstance(part, PlaceClaim) and isinstance(claim, PlaceClaim) and part.first != claim.first:
                continue
            raise


def _parts(claim: Claim, booking: Booking) -> Iterator[Claim]:
    had = (booking.first_on, booking.until_on)
    match claim:
        case NightsClaim() if claim.unit_id == booking.unit_id and had[0]:
            for first, until in beyond(claim.first, claim.until, (had[0], had[1])):
                yield replace(claim, first=first, until=until or claim.until)
        case PlaceClaim() if had[0]:
            for first, until in beyond(claim.first, claim.until, (had[0], had[1])):
                yield replace(claim, first=first, until=until)
        case _:
            yield claim


def _hold_around(
    session: Session, locked: Mapping[int, Locked], claim: SlotClaim, booking: Booking, holder: Holder
) -> None:
    """Hold the minutes of a slot that the request itself, in its way, does not have."""
    minutes = locked[claim.resource_id].slot_duration_min
    wanted = Period(claim.start, claim.start + timedelta(minutes=minutes))
    had = [Period(booking.starts_at, booking.ends_at)] if booking.starts_at and booking.ends_at else []
    rest: list[AnyClaim] = [TimeClaim(resource_id=claim.resource_id, period=period) for period in subtract(wanted, had)]
    take(session, locked, rest, holder)


def _extended(session: Session, booking: Booking, terms: Terms, now: datetime) -> datetime:
    """Return the end that the request has from now on: later when whoever asked would not have the time to answer."""
    until, least = booking.expires_at, now + TO_ANSWER
    if until is not None and until >= least:
        return until
    keep(session, terms.shape, [booking.resource_id], Holder(id=booking.id, now=now, expires_at=least))
    request = request_of(session, booking, now=now)
    request.answer_by = least
    session.flush()
    return least


def _refuse_begun(proposal: HostProposal, place: Locked, now: datetime) -> None:
    if proposal.starts_at is not None and proposal.starts_at <= now:
        raise InvalidRequest("start", "past")
    if proposal.first_on is not None and proposal.first_on < local_day(now, place.zone):
        raise InvalidRequest("from", "past", first=proposal.first_on)


def _warn_again(session: Session, booking: Booking, now: datetime) -> None:
    """Have the host warned, now that it is for it to answer again."""
    request = request_of(session, booking, now=now)
    mail.plan_warning(session, booking.id, asked_at=request.asked_at, answer_by=request.answer_by, now=now)


def _proposal(session: Session, booking_id: UUID, proposal_id: UUID) -> HostProposal:
    found = session.get(HostProposal, proposal_id, populate_existing=True)
    if found is None or found.booking_id != booking_id:
        raise NotFound(proposal_id=proposal_id)
    return found


def _close(session: Session, proposal: HostProposal, state: ProposalState, now: datetime) -> None:
    proposal.state, proposal.ended_at = state, now
    session.flush()


def _write(
    session: Session,
    actor: Actor,
    booking: Booking,
    proposal: HostProposal,
    act: str,
    *,
    now: datetime,
    **values: Any,
) -> None:
    """Write a step of a proposal down: a line of history is another revision of the request."""
    change(session, booking, values)
    facts = {"proposal": str(proposal.id), "to": _said(_dates(proposal))}
    person_id = booking.person_id
    line = Act(act=act, subject="booking", subject_id=booking.id, person_id=person_id, at=now, facts=facts)
    record(session, actor, line)


def _claim(proposal: HostProposal, booking: Booking, shape: Shape) -> Claim:
    dates = OtherDates(first=proposal.first_on, until=proposal.until_on, start=proposal.starts_at)
    claim = dates.claim(booking, shape)
    return replace(claim, unit_id=proposal.unit_id) if isinstance(claim, NightsClaim) else claim


Dates = tuple[date | None, date | None, datetime | None]


def _dates(one: HostProposal | Booking) -> Dates:
    return one.first_on, one.until_on, one.starts_at


def _dates_of_claim(claim: Claim) -> Dates:
    match claim:
        case NightsClaim() | PlaceClaim():
            return claim.first, claim.until, None
        case SlotClaim():
            return None, None, claim.start
    raise ValueError(claim)


def _said(dates: Dates) -> dict[str, Any]:
    named = zip(("first_on", "until_on", "starts_at"), dates, strict=True)
    return {name: value.isoformat() for name, value in named if value is not None}


def _given(value: Any, field: str) -> Any:
    if value is None:
        raise InvalidRequest(field, "required")
    return value


_ROUNDS = text("SELECT count(*) FROM host_proposal WHERE booking_id = :booking_id")
