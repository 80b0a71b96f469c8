"""Acts of agents on convocations: summon somebody, let them choose, withdraw, restore. One act is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import lock, tell
from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Kind, Shape
from availability.rights import REQUESTERS, Actor
from availability.running import is_run_by
from availability.search import may_reserve
from availability.sheet import Ruled, resource_for
from booking.actions import UNDO_MINUTES, Beneficiary, cancel, confirm, hold, undo_cancel
from booking.models import Booking, State
from booking.persons import keep_living, keep_person, person_for
from booking.reasons import FORGOTTEN, GIVEN_BACK_FOR, UNSAID, Reason, reason_columns, reason_facts
from booking.transitions import locked_for
from convocations.errors import AlreadySummoned, ConvocationOver
from convocations.kinds import Standing
from convocations.models import Convocation, SmsRefusal
from convocations.planning import UNDO, plan_appointment, plan_offer, plan_offer_again, unplan

REMINDERS = (24, 48)  # hours before
MOST_CHOICES = 20  # resources among whose slots a person chooses
LIVE = (State.HELD, State.REQUESTED, State.BOOKED)

REFUSE_SMS = text("""
    INSERT INTO sms_refusal (person_id, how, at) VALUES (:person_id, :how, :at) ON CONFLICT (person_id) DO NOTHING""")
ACCEPT_SMS = text("DELETE FROM sms_refusal WHERE person_id = :person_id")
WITHDRAWN_FROM = text("""
    SELECT facts ->> 'before' AS standing, facts ->> 'booking_id' AS booking_id FROM history
    WHERE subject = 'convocation' AND subject_id = :id AND act = 'convocation-withdrawn' AND at >= :since
    ORDER BY id DESC LIMIT 1""")


def convene(
    session: Session,
    actor: Actor,
    person_id: UUID,
    claim: SlotClaim,
    *,
    now: datetime,
    reminder_hours: int = 48,
    undo: timedelta = UNDO,
) -> Convocation:
    """Take a slot for somebody and summon them to it; nothing leaves before it can no longer be undone.

    Raises: NotFound, NotAllowed, InvalidRequest, NotOpen, PeriodTaken.
    """
    booking = hold(session, actor, claim, now=now, beneficiary=Beneficiary(person_id=person_id))
    confirm(session, actor, booking.id, now=now)
    return summon(session, actor, booking.id, now=now, reminder_hours=reminder_hours, undo=undo)


def summon(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    reminder_hours: int = 48,
    revision: int | None = None,
    undo: timedelta = UNDO,
) -> Convocation:
    """Summon the person of a booked appointment to it.

    Raises: NotFound, NotAllowed, AlreadySummoned, ConvocationOver when it is not booked or has begun, InvalidRequest
    when it is for nobody or has no hour.
    """
    _refuse_unknown_reminder(reminder_hours)
    booking, _ = locked_for(session, actor, booking_id, revision=revision)
    if booking.state != State.BOOKED or (booking.starts_at is not None and booking.starts_at <= now):
        raise ConvocationOver(booking_id=booking_id, state=State(booking.state))
    if booking.person_id is None:
        raise InvalidRequest("person_id", "required")
    if booking.starts_at is None:
        raise InvalidRequest("reservation", "no-hour")
    if session.exec(select(Convocation.id).where(Convocation.booking_id == booking_id)).first():
        raise AlreadySummoned(booking_id=booking_id)
    person_for(session, actor, booking.person_id)
    convocation = Convocation(
        territory_id=booking.territory_id,
        person_id=booking.person_id,
        kind_id=booking.kind_id,
        resource_ids=[booking.resource_id],
        standing=Standing.SET,
        booking_id=booking.id,
        reminder_hours=reminder_hours,
        requested_by=actor.account_id,
        created_at=now,
    )
    session.add(convocation)
    write_down(session, actor, convocation, "convocation-summoned", now, booking_id=str(booking.id))
    plan_appointment(session, convocation.id, now=now, undo=undo)
    return convocation


def let_choose(
    session: Session,
    actor: Actor,
    person_id: UUID,
    resource_ids: Sequence[int],
    *,
    choose_by: date,
    now: datetime,
    reminder_hours: int = 48,
    undo: timedelta = UNDO,
) -> Convocation:
    """Send somebody a link with which they choose among the free slots of some resources of one kind.

    `choose_by` is the last civil day to do so, at the place. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    _refuse_unknown_reminder(reminder_hours)
    person_for(session, actor, person_id)
    keep_person(session, person_id)
    offered = [_offered(session, actor, one, now=now) for one in dict.fromkeys(resource_ids)]
    if not 1 <= len(offered) <= MOST_CHOICES:
        raise InvalidRequest("resource_id", "out-of-range", least=1, most=MOST_CHOICES)
    kind = offered[0].kind
    if any(one.kind.id != kind.id for one in offered):
        raise InvalidRequest("resource_id", "other-kind")
    today = offered[0].today
    if not today <= choose_by or (choose_by - today).days > kind.max_ahead_days:
        raise InvalidRequest("choose_by", "past" if choose_by < today else "too-far")
    convocation = Convocation(
        territory_id=actor.home_territory_id,
        person_id=person_id,
        kind_id=kind.id,
        resource_ids=[one.id for one in offered],
        standing=Standing.CHOOSING,
        choose_by=choose_by,
        reminder_hours=reminder_hours,
        requested_by=actor.account_id,
        created_at=now,
    )
    session.add(convocation)
    write_down(session, actor, convocation, "convocation-offered", now, resource_ids=convocation.resource_ids)
    plan_offer(session, convocation.id, now=now, undo=undo)
    return convocation


def withdraw(
    session: Session, actor: Actor, convocation_id: UUID, *, now: datetime, reason: Reason = UNSAID
) -> Convocation:
    """Take a convocation back: its place is free again, its link does nothing more, what was planned is not said.

    `reason` is one of GIVEN_BACK_FOR; it stays with the place given back, with the convocation when there is none.
    Raises: NotFound, NotAllowed, ConvocationOver once the appointment has an outcome, TooLate as its booking would be,
    InvalidRequest for the reason.
    """
    seen = convocation_for(session, actor, convocation_id)
    if seen.standing == Standing.WITHDRAWN:
        return seen
    booking_id = seen.booking_id
    booking = _live_booking(session, actor, seen)
    if booking is not None:
        # Tells whoever was told, through convocations/planning.py.
        for_the_place = _was_just_taken(booking, now) or is_run_by(session, actor, booking.resource_id)
        cancel(session, actor, booking.id, now=now, for_the_place=for_the_place, reason=reason)
    convocation = locked_convocation(session, convocation_id)
    if convocation.standing == Standing.WITHDRAWN:  # somebody else did meanwhile: what they planned is to be said
        return convocation
    if convocation.booking_id != booking_id:  # the person chose meanwhile
        raise ConvocationOver(convocation_id=convocation_id, why="changed")
    facts = {"before": convocation.standing, **reason_facts(reason)}
    if booking is not None:
        facts["booking_id"] = str(booking.id)
    else:
        _keep_reason(convocation, reason_columns(session, convocation, reason, among=GIVEN_BACK_FOR))
    if booking_id is None:
        unplan(session, convocation_id)
    convocation.standing = Standing.WITHDRAWN
    convocation.link_version += 1
    write_down(session, actor, convocation, "convocation-withdrawn", now, **facts)
    return convocation


def restore(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> Convocation:
    """Take back that a convocation was just withdrawn: its place if it is still free, its link, what it has to say.

    Raises: NotFound, NotAllowed, ConvocationOver when it was not withdrawn in the last minutes, PeriodTaken and the
    like when its place is gone.
    """
    seen = convocation_for(session, actor, convocation_id)
    if seen.booking_id is not None:  # in the order of every act: the booking, its person, its place, the convocation
        booking, _ = locked_for(session, actor, seen.booking_id)
        keep_person(session, seen.person_id)
        lock(session, [booking.resource_id])
    convocation = locked_convocation(session, convocation_id)
    since = now - timedelta(minutes=UNDO_MINUTES)
    was = session.execute(WITHDRAWN_FROM, {"id": str(convocation_id), "since": since}).one_or_none()
    if convocation.standing != Standing.WITHDRAWN or was is None or was.standing is None:
        raise ConvocationOver(convocation_id=convocation_id, why="not-withdrawn")
    convocation.standing = was.standing
    convocation.link_version -= 1  # the link that the person may have been sent is good again
    _keep_reason(convocation, FORGOTTEN)
    session.flush()
    if was.booking_id is not None:
        undo_cancel(session, actor, UUID(was.booking_id), now=now)  # says it again, through convocations/planning.py
    elif was.standing == Standing.CHOOSING:
        plan_offer_again(session, convocation_id, now=now)
    write_down(session, actor, convocation, "convocation-restored", now)
    return convocation


def renew_link(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> Convocation:
    """Revoke the link and make another: the old one may be in somebody else's hands. Raises: NotFound."""
    convocation_for(session, actor, convocation_id)
    convocation = locked_convocation(session, convocation_id)
    if convocation.standing == Standing.WITHDRAWN:
        raise ConvocationOver(convocation_id=convocation_id)
    convocation.link_version += 1
    convocation.acts = 0
    write_down(session, actor, convocation, "convocation-link-renewed", now)
    return convocation


def convocation_for(session: Session, actor: Actor, convocation_id: UUID) -> Convocation:
    """Return a convocation of the actor's territories and kinds. Raises: NotFound."""
    convocation = session.get(Convocation, convocation_id, populate_existing=True)
    if convocation is None:
        raise NotFound(convocation_id=convocation_id)
    if convocation.territory_id not in actor.territories(REQUESTERS, kind_id=convocation.kind_id):
        raise NotFound(convocation_id=convocation_id)
    may_reserve(session, actor, session.get_one(Kind, convocation.kind_id))
    return convocation


def locked_convocation(session: Session, convocation_id: UUID) -> Convocation:
    """Return a convocation, locked, whoever asks: after the booking and its place, before messages."""
    statement = select(Convocation).where(col(Convocation.id) == convocation_id)
    return session.exec(statement.with_for_update(key_share=True), execution_options={"populate_existing": True}).one()


def refuse_sms(session: Session, actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Write down that somebody said at the desk that they want no more messages. Raises: NotFound."""
    person_for(session, actor, person_id)
    note_refusal(session, actor, person_id, now=now, how="desk")


def accept_sms(session: Session, actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Write down that somebody said at the desk that they want messages again. Raises: NotFound."""
    person_for(session, actor, person_id)
    note_acceptance(session, actor, person_id, now=now, how="desk")


def refuses_sms(session: Session, person_id: UUID) -> bool:
    """Say whether somebody receives no message of the class that may be refused."""
    return session.get(SmsRefusal, person_id, populate_existing=True) is not None


def write_down(session: Session, actor: Actor, convocation: Convocation, act: str, now: datetime, **facts: Any) -> None:
    """Add the line of history of an act on a convocation, and have open pages told, by one of its places."""
    tell(session, convocation.resource_ids[:1])
    record(
        session,
        actor,
        Act(
            act=act,
            subject="convocation",
            subject_id=convocation.id,
            person_id=convocation.person_id,
            at=now,
            facts=facts,
        ),
    )


def note_refusal(session: Session, actor: Actor, person_id: UUID, *, now: datetime, how: str, **facts: str) -> None:
    """Write down that somebody wants no more messages, once however often they say so."""
    person_id = keep_living(session, person_id) or person_id  # their files may have just been merged
    if session.execute(REFUSE_SMS, {"person_id": person_id, "how": how, "at": now}).rowcount:  # type: ignore[attr-defined]
        _write_down_choice(session, actor, person_id, "sms-refused", now, how=how, **facts)


def note_acceptance(session: Session, actor: Actor, person_id: UUID, *, now: datetime, how: str, **facts: str) -> None:
    """Write down that somebody wants messages again, if they did not."""
    person_id = keep_living(session, person_id) or person_id
    if session.execute(ACCEPT_SMS, {"person_id": person_id}).rowcount:  # type: ignore[attr-defined]
        _write_down_choice(session, actor, person_id, "sms-accepted", now, how=how, **facts)


def _write_down_choice(session: Session, actor: Actor, person_id: UUID, act: str, now: datetime, **facts: str) -> None:
    record(
        session,
        actor,
        Act(act=act, subject="person", subject_id=person_id, person_id=person_id, at=now, facts=facts),
    )


def _offered(session: Session, actor: Actor, resource_id: int, *, now: datetime) -> Ruled:
    ruled = resource_for(session, actor, resource_id, now=now)
    if ruled.shape is not Shape.SLOTS:
        raise InvalidRequest("resource_id", "other-shape")
    if ruled.kind.host_accepts:
        raise InvalidRequest("resource_id", "host-decides")  # a choice would be a request
    may_reserve(session, actor, ruled.kind)
    return ruled


def _keep_reason(convocation: Convocation, columns: dict[str, Any]) -> None:
    convocation.reason, convocation.reason_sealed = columns["reason"], columns.get("reason_sealed")


def _was_just_taken(booking: Booking, now: datetime) -> bool:
    """Say whether calling it off undoes what was just done: the latest cancellation does not bind that."""
    return booking.created_at >= now - timedelta(minutes=UNDO_MINUTES)


def _live_booking(session: Session, actor: Actor, convocation: Convocation) -> Booking | None:
    """Return the booking of a convocation, locked, when it still has its place."""
    if convocation.booking_id is None:
        return None
    booking, _ = locked_for(session, actor, convocation.booking_id)
    if booking.state in (State.HONOURED, State.MISSED):
        raise ConvocationOver(convocation_id=convocation.id, state=State(booking.state))
    return booking if booking.state in LIVE else None


def _refuse_unknown_reminder(hours: int) -> None:
    if hours not in REMINDERS:
        raise InvalidRequest("reminder_hours", "unknown-choice")
