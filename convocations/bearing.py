"""Acts of whoever holds the link: on this one appointment only, limited in time and in use.

Nobody signs in: the link is the right. What it may do is what whoever convened gave: take, move or give back a slot of
the resources of this convocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, PeriodTaken
from availability.openings import instant_of
from availability.rights import REQUESTERS, Actor, Right, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.events import announce
from booking.freed import let_go
from booking.links import LinkName
from booking.models import Booking, State
from booking.moving import move
from booking.reasons import UNSAID, Reason
from booking.waiting_earlier import wait_on
from convocations.actions import locked_convocation, note_acceptance, note_refusal, write_down
from convocations.errors import AppointmentChanged, ConvocationOver, LinkExpired, LinkUnknown, TooManyActs
from convocations.kinds import Standing
from convocations.models import MOST_ACTS, Convocation
from convocations.planning import plan_appointment, unplan

KEPT = timedelta(days=7)  # after the appointment, the link still says what it was
BEARER = text("""
    SELECT c.id, c.link_version, c.person_id, c.kind_id, c.territory_id, c.standing, c.booking_id, c.choose_by,
           c.resource_ids, b.state, b.ends_at, p.territory_id AS person_territory_id,
           (SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = c.resource_ids[1])
               AS time_zone,
           ARRAY(SELECT s.territory_id FROM resource r JOIN site s ON s.id = r.site_id
                 WHERE r.id = ANY(c.resource_ids)) AS place_territories,
           ARRAY(SELECT role FROM kind_right WHERE kind_id = c.kind_id AND may_reserve) AS reservers,
           coalesce((SELECT organisation_id FROM account WHERE id = c.requested_by),
                    (SELECT organisation_id FROM api_client WHERE actor_id = c.requested_by)) AS organisation_id
    FROM convocation c JOIN person p ON p.id = c.person_id LEFT JOIN booking b ON b.id = c.booking_id
    WHERE c.link_id = :link_id""")


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Who holds a good link, and the actor that they are in the history: the person, with this one right."""

    convocation_id: UUID
    actor: Actor
    person_id: UUID
    kind_id: int
    resource_ids: tuple[int, ...]
    choose_until: datetime | None  # the end of the last day to make a first choice
    helped_by: UUID | None = None  # who of a front desk does it with them; kept in the history of each act


@dataclass(frozen=True)
class _Stood:
    """How a convocation stood when an act began, before anything was locked."""

    standing: Standing
    booking_id: UUID | None


def bearer_of(session: Session, name: LinkName, *, now: datetime, helped_by: UUID | None = None) -> Bearer:
    """Return who holds a link. Raises: LinkUnknown when there is no such link or no longer, LinkExpired."""
    row = session.execute(BEARER, {"link_id": name.link_id}).one_or_none()
    if row is None or row.link_version % 256 != name.version:
        raise LinkUnknown
    if now >= _end_of(row):
        raise LinkExpired
    return Bearer(
        convocation_id=row.id,
        actor=_actor_of(row),
        person_id=row.person_id,
        kind_id=row.kind_id,
        resource_ids=tuple(row.resource_ids),
        choose_until=_choose_until(row),
        helped_by=helped_by,
    )


def choose(session: Session, bearer: Bearer, claim: SlotClaim, *, seen: datetime | None, now: datetime) -> Convocation:
    """Take a start: the first one, another one in its place, or one after all; the old one is lost only then.

    `seen` is the start that the page showed, None when it showed none. The same hour twice is one choice. Whoever gave
    their appointment back, and would have come earlier than it, still would than the one that they take after it.
    Raises: LinkExpired when the last day to choose is over, AppointmentChanged, ConvocationOver, TooManyActs,
    NotAllowed when the rules of the service changed since, InvalidRequest, NotOpen, PeriodTaken.
    """
    if claim.resource_id not in bearer.resource_ids:
        raise InvalidRequest("resource_id", "unknown-choice")
    before = _stood(session, bearer)
    if before.standing is Standing.CHOOSING and bearer.choose_until is not None and now >= bearer.choose_until:
        raise LinkExpired
    booking = _booking_seen(session, bearer, before, seen, wanted=claim)
    if booking is not None and booking.starts_at == claim.start:  # a person chooses an hour, whoever receives them
        return session.get_one(Convocation, bearer.convocation_id)
    if booking is not None and booking.starts_at is not None and booking.starts_at <= now:
        raise ConvocationOver(convocation_id=bearer.convocation_id)
    if booking is not None:
        move(session, bearer.actor, booking.id, claim, now=now)
        convocation = _used(session, bearer, booking_id=booking.id)
        convocation.confirmed_at = None
        note_act(session, bearer, convocation, "convocation-moved", now, start=claim.start.isoformat())
        return convocation
    if before.standing is Standing.DECLINED:
        _let_go(session, before, claim)
    try:
        taken = hold(session, bearer.actor, claim, now=now, beneficiary=Beneficiary(person_id=bearer.person_id))
    except PeriodTaken:
        if (mine := _chosen_already(session, bearer, claim)) is not None:  # pressed twice: the first one has it
            return mine
        raise
    if confirm(session, bearer.actor, taken.id, now=now).state != State.BOOKED:
        raise NotAllowed(act="choose", why="host-accepts")  # nobody was told that they only ask
    return _set(session, bearer, before, taken, now)


def confirm_coming(session: Session, bearer: Bearer, *, seen: datetime | None, now: datetime) -> Convocation:
    """Write down that the person says that they will come. Raises: AppointmentChanged, ConvocationOver, TooManyActs."""
    booking = expected_booking(session, bearer, seen, now)
    convocation = _used(session, bearer, booking_id=booking.id)
    if convocation.confirmed_at is None:
        convocation.confirmed_at = now
        note_act(session, bearer, convocation, "convocation-confirmed", now)
    return convocation


def cannot_come(
    session: Session, bearer: Bearer, *, seen: datetime | None, now: datetime, reason: Reason = UNSAID
) -> Convocation:
    """Give the place back, for one of EXCUSED_FOR, and tell the service; another start may be chosen after that.

    The reason is what the person says: the service decides whether it excuses them.
    Raises: AppointmentChanged, ConvocationOver, TooManyActs, InvalidRequest.
    """
    row = session.get_one(Convocation, bearer.convocation_id, populate_existing=True)
    if row.standing == Standing.DECLINED:
        return row
    booking = expected_booking(session, bearer, seen, now)
    cancel(session, bearer.actor, booking.id, now=now, reason=reason)
    convocation = _used(session, bearer, booking_id=booking.id)
    unplan(session, convocation.id)  # who declines need not be told that it is cancelled
    convocation.standing = Standing.DECLINED
    convocation.confirmed_at = None
    note_act(session, bearer, convocation, "convocation-declined", now)
    return convocation


def stop_sms(session: Session, bearer: Bearer, *, now: datetime) -> None:
    """Write down that the person wants no more messages, however often they say so. The appointment stands."""
    note_refusal(session, bearer.actor, bearer.person_id, now=now, how="link", **_help_facts(bearer))


def resume_sms(session: Session, bearer: Bearer, *, now: datetime) -> None:
    """Write down that the person wants messages again."""
    note_acceptance(session, bearer.actor, bearer.person_id, now=now, how="link", **_help_facts(bearer))


def _stood(session: Session, bearer: Bearer) -> _Stood:
    row = session.get_one(Convocation, bearer.convocation_id, populate_existing=True)
    return _Stood(Standing(row.standing), row.booking_id)


def _booking_seen(
    session: Session, bearer: Bearer, stood: _Stood, seen: datetime | None, *, wanted: SlotClaim
) -> Booking | None:
    """Return the booking that stands, locked, when it is the one that the page showed or has the hour wanted."""
    booking = _standing_booking(session, stood)
    is_over = booking is None and stood.standing is Standing.SET  # the service gave it back, or it has an outcome
    if is_over or stood.standing is Standing.WITHDRAWN:
        raise ConvocationOver(convocation_id=bearer.convocation_id)
    start = booking.starts_at if booking else None
    if start not in (seen, wanted.start):
        raise AppointmentChanged(convocation_id=bearer.convocation_id)
    return booking


def _chosen_already(session: Session, bearer: Bearer, claim: SlotClaim) -> Convocation | None:
    convocation = session.get_one(Convocation, bearer.convocation_id, populate_existing=True)
    if convocation.standing != Standing.SET or convocation.booking_id is None:
        return None
    booking = session.get_one(Booking, convocation.booking_id)
    return convocation if booking.starts_at == claim.start else None


def expected_booking(session: Session, bearer: Bearer, seen: datetime | None, now: datetime) -> Booking:
    """Return the booking that stands and is still to come, locked, when it is the one that the page showed.

    Raises: AppointmentChanged, ConvocationOver.
    """
    booking = _standing_booking(session, _stood(session, bearer))
    if booking is None or booking.starts_at is None or booking.starts_at <= now:
        raise ConvocationOver(convocation_id=bearer.convocation_id)
    if booking.starts_at != seen:
        raise AppointmentChanged(convocation_id=bearer.convocation_id)
    return booking


def _standing_booking(session: Session, stood: _Stood) -> Booking | None:
    if stood.standing is not Standing.SET or stood.booking_id is None:
        return None
    booking = session.get_one(Booking, stood.booking_id, populate_existing=True, with_for_update=True)
    return booking if booking.state == State.BOOKED else None


def _let_go(session: Session, before: _Stood, claim: SlotClaim) -> None:
    """Give back the very hour that was given up, when it is kept for those who wait: its holder may still have it."""
    had = session.get(Booking, before.booking_id)
    if had is not None and (had.resource_id, had.starts_at) == (claim.resource_id, claim.start):
        let_go(session, had.id, claim.resource_id)


def _set(session: Session, bearer: Bearer, before: _Stood, booking: Booking, now: datetime) -> Convocation:
    """Make a booking just taken the one of the convocation, unless another page of the same link was quicker."""
    offered = wait_on(session, bearer.actor, before.booking_id, booking, now=now)  # its entry before the convocation
    convocation = locked_convocation(session, bearer.convocation_id)
    if _Stood(Standing(convocation.standing), convocation.booking_id) != before:
        raise AppointmentChanged(convocation_id=convocation.id)
    count_act(convocation)
    convocation.standing, convocation.booking_id, convocation.confirmed_at = Standing.SET, booking.id, None
    session.flush()
    note_act(session, bearer, convocation, "convocation-chosen", now, booking_id=str(booking.id))
    plan_appointment(session, convocation.id, now=now)
    if offered is not None:
        announce(session, offered)
    return convocation


def _used(session: Session, bearer: Bearer, *, booking_id: UUID) -> Convocation:
    """Lock the convocation and count one act. Raises: AppointmentChanged when it is no longer on this booking."""
    convocation = locked_convocation(session, bearer.convocation_id)
    if convocation.booking_id != booking_id or convocation.standing != Standing.SET:
        raise AppointmentChanged(convocation_id=convocation.id)
    count_act(convocation)
    return convocation


def note_act(session: Session, bearer: Bearer, convocation: Convocation, act: str, now: datetime, **facts: Any) -> None:
    """Add the line of history of an act by the link: it says who helped, when somebody did."""
    write_down(session, bearer.actor, convocation, act, now, **facts | _help_facts(bearer))


def count_act(convocation: Convocation) -> None:
    """Count one act of a convocation that is locked. Raises: TooManyActs."""
    if convocation.acts >= MOST_ACTS:
        raise TooManyActs(convocation_id=convocation.id)
    convocation.acts += 1


def _help_facts(bearer: Bearer) -> dict[str, Any]:
    return {"helped_by": str(bearer.helped_by)} if bearer.helped_by else {}


def _end_of(row: Any) -> datetime:
    """Return when a link stops saying anything: a week after the appointment, or after the last day to choose."""
    ends: datetime | None = row.ends_at
    last = ends or _choose_until(row)
    return last + KEPT if last else datetime.max.replace(tzinfo=UTC)


def _choose_until(row: Any) -> datetime | None:
    last: date | None = row.choose_by
    return instant_of(last + timedelta(days=1), time(), ZoneInfo(row.time_zone)) if last else None


def _actor_of(row: Any) -> Actor:
    """Return the person as an actor, with the right that whoever convened used: this kind, these places.

    They take in the name of the service that convened them, whose quotas count.
    """
    role = next((role for role in REQUESTERS if role.value in row.reservers), Role.PROBATION_OFFICER)
    reached = frozenset({row.territory_id, row.person_territory_id, *row.place_territories})
    right = Right(role, reached, row.kind_id)
    return Actor(row.person_id, "", (right,), row.territory_id, row.organisation_id)
