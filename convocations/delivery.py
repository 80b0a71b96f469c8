"""Messages on their way out: claimed, handed over, marked. Everything is checked again at the claim.

A message is claimed with a lease and named by it: only whoever has the last lease may say what became of it. See
docs/decisions/0010-messages-leave-once.md. Statements are set-based: hundreds leave in a second.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.history import Act, record
from availability.sites import address_line
from booking.links import LinkName, token_of
from booking.models import State
from booking.phones import can_receive_sms
from booking.sealing import House, Unreadable, seal, unseal, unwrapped
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState, Standing
from convocations.segments import measure
from convocations.timing import Step, Whereabouts, leave_or_wait
from convocations.truth import Facts, untrue
from convocations.wording import SmsFacts, sms, spoken

logger = logging.getLogger(__name__)

BATCH = 100
LINKS = "links"  # the purpose of the key of links

# The messages are locked first; the facts around them are those of this statement, whoever is changing them waits for
# the lock to un-plan, then sees that the message is leaving.
CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT * FROM message WHERE state = 'planned' AND due_at <= :now
        ORDER BY due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    SELECT m.id, m.kind, m.category, m.booking_id, m.about_at, m.due_at, m.useful_until, m.attempts, m.created_at,
           c.standing, c.booking_id AS convocation_booking_id, c.link_id, c.link_version, c.choose_by, c.person_id,
           b.state AS booking_state, b.starts_at, p.id IS NOT NULL AS is_known, p.language, p.phone_sealed, o.wrapped,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) AS refuses,
           place.address, place.postcode, place.commune, place.time_zone AS place_zone,
           coalesce(nullif(p.time_zone, ''), service.time_zone, place.time_zone) AS time_zone,
           CASE WHEN p.time_zone <> '' THEN p.holiday_zone
                WHEN service.time_zone IS NOT NULL THEN service.holiday_zone
                ELSE place.holiday_zone END AS holiday_zone
    FROM due m JOIN convocation c ON c.id = m.convocation_id
    LEFT JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site place ON place.id = r.site_id
    LEFT JOIN person p ON p.id = c.person_id
    LEFT JOIN person_key o ON o.person_id = c.person_id
    LEFT JOIN LATERAL (SELECT time_zone, holiday_zone FROM site
                       WHERE territory_id = p.territory_id ORDER BY id LIMIT 1) service ON true
    ORDER BY m.due_at, m.id""")
WRITE = text("""
    UPDATE message m
    SET state = d.state, failure = d.failure, due_at = d.due_at, claimed_at = d.claimed_at, lease_until = d.lease_until,
        provider = d.provider, body_sealed = d.body_sealed, segments = d.segments,
        attempts = m.attempts + CASE d.state WHEN 'sending' THEN 1 ELSE 0 END
    FROM unnest(CAST(:id AS uuid[]), CAST(:state AS text[]), CAST(:failure AS text[]), CAST(:due_at AS timestamptz[]),
                CAST(:claimed_at AS timestamptz[]), CAST(:lease_until AS timestamptz[]), CAST(:provider AS text[]),
                CAST(:body_sealed AS bytea[]), CAST(:segments AS int[]))
         AS d(id, state, failure, due_at, claimed_at, lease_until, provider, body_sealed, segments)
    WHERE m.id = d.id""")
# Only the last lease speaks: whoever lost it comes too late.
SETTLE = text("""
    UPDATE message m
    SET state = d.state, failure = d.failure, due_at = coalesce(d.due_at, m.due_at), sent_at = d.sent_at,
        provider_id = d.provider_id, lease_until = NULL
    FROM unnest(CAST(:id AS uuid[]), CAST(:claimed_at AS timestamptz[]), CAST(:lease_until AS timestamptz[]),
                CAST(:state AS text[]), CAST(:failure AS text[]), CAST(:due_at AS timestamptz[]),
                CAST(:sent_at AS timestamptz[]), CAST(:provider_id AS text[]))
         AS d(id, claimed_at, lease_until, state, failure, due_at, sent_at, provider_id)
    WHERE m.id = d.id AND m.state = 'sending' AND m.claimed_at = d.claimed_at AND m.lease_until = d.lease_until
    RETURNING m.id, m.convocation_id, m.failure""")
STALE = text("""
    WITH stale AS MATERIALIZED (
        SELECT id FROM message WHERE state = 'sending' AND lease_until <= :now
        ORDER BY lease_until, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE message m SET lease_until = :lease_until
    FROM stale s, convocation c LEFT JOIN person p ON p.id = c.person_id LEFT JOIN person_key o ON o.person_id = p.id
    WHERE m.id = s.id AND c.id = m.convocation_id
    RETURNING m.id, m.kind, m.claimed_at, m.lease_until, m.attempts, m.due_at, m.created_at, m.provider, m.body_sealed,
              p.phone_sealed, o.wrapped""")
BLOCK = text("""
    INSERT INTO sms_refusal (person_id, how, at) SELECT person_id, 'provider', :at FROM convocation WHERE id = :id
    ON CONFLICT (person_id) DO NOTHING RETURNING person_id""")
WAITING = text("""
    SELECT (SELECT count(*) FROM message WHERE state = 'planned' AND due_at <= :now) AS due,
           (SELECT count(*) FROM message WHERE state = 'sending') AS sending""")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A message with a lease: to be handed over, or asked about."""

    id: UUID
    kind: MessageKind
    claimed_at: datetime
    lease_until: datetime
    attempts: int  # this one included
    due_at: datetime
    created_at: datetime
    provider: str
    to: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What a claim took: `outgoing` leaves; of the `seen`, the rest waits or never leaves, and is written down."""

    outgoing: list[Outgoing]
    seen: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a message, said by whoever has its lease."""

    message: Outgoing
    state: MessageState
    failure: str = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None
    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class _Decision:
    """What a claim decides of one message: a line of WRITE."""

    id: UUID
    state: MessageState
    due_at: datetime
    failure: str = ""
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    provider: str = ""
    body_sealed: bytes | None = None
    segments: int | None = None


def claim_due(
    session: Session, *, house: House, origin: str, provider: str, now: datetime, lease: timedelta, limit: int = BATCH
) -> Claimed:
    """Take the messages whose turn has come, oldest first, and write down those that must not leave.

    Two who claim at once never share one. `origin` is the scheme and authority of links.
    """
    rows = session.execute(CLAIM, {"now": now, "limit": limit}).all()
    decisions, outgoing = [], []
    key = house.derived(LINKS)
    for row in rows:
        decision, to, body = _decided(row, house, f"{origin}/r/{token_of(key, _link(row))}", now)
        if body:
            decision = _leased(decision, provider, now, now + lease)
            outgoing.append(_outgoing(row, decision, to, body))
        decisions.append(decision)
    if decisions:
        session.execute(WRITE, _columns(decisions))
    return Claimed(outgoing=outgoing, seen=len(rows))


def sent(message: Outgoing, provider_id: str, at: datetime) -> Outcome:
    """Return that the provider has it."""
    return Outcome(message=message, state=MessageState.SENT, provider_id=provider_id, sent_at=at)


def failed(message: Outgoing, code: str) -> Outcome:
    """Return that the provider refuses it."""
    return Outcome(message=message, state=MessageState.FAILED, failure=code)


def put_back(message: Outgoing, code: str, due_at: datetime) -> Outcome:
    """Return that the provider certainly does not have it: it leaves later, and is checked again then."""
    return Outcome(message=message, state=MessageState.PLANNED, failure=code, due_at=due_at)


def flagged(message: Outgoing) -> Outcome:
    """Return that nobody knows: a person decides."""
    return Outcome(message=message, state=MessageState.FLAGGED, failure=Failure.UNKNOWN)


def settle(session: Session, outcomes: Sequence[Outcome], *, now: datetime) -> int:
    """Write down what became of messages; return of how many. Whose lease was lost meanwhile is left alone.

    A number blocked at the provider refuses messages from now on.
    """
    if not outcomes:
        return 0
    # In one order, so that two who settle never wait for each other.
    ordered = sorted(outcomes, key=lambda outcome: outcome.message.id)
    written = session.execute(SETTLE, _settled(ordered)).all()
    for row in written:
        if row.failure == Failure.BLOCKED:
            _block(session, row.convocation_id, now)
    return len(written)


def stale(session: Session, *, house: House, now: datetime, again: timedelta, limit: int = BATCH) -> list[Outgoing]:
    """Take the messages whose lease ended unsettled, to ask the provider about them; not again before `again`.

    Those whose number can no longer be read, because the person was erased meanwhile, are flagged.
    """
    values = {"now": now, "lease_until": now + again, "limit": limit}
    rows = session.execute(STALE, values).all()
    taken = [_outgoing(row, row, *_opened(row, house)) for row in rows]
    settle(session, [flagged(one) for one in taken if not one.to], now=now)
    return [one for one in taken if one.to]


def waiting(session: Session, *, now: datetime) -> tuple[int, int]:
    """Return how many messages are due, and how many have a lease."""
    row = session.execute(WAITING, {"now": now}).one()
    return row.due, row.sending


def _decided(row: Any, house: House, link: str, now: datetime) -> tuple[_Decision, str, str]:
    """Return what to do of a message, with the number and the text when it leaves."""
    try:
        stopped = _stopped(row, now)
        return (stopped, "", "") if stopped else _written(row, house, link)
    except Exception:  # one that cannot be written must not keep all of those after it from leaving
        logger.exception("message %s cannot be written", row.id)
        return _no(row, MessageState.FAILED, Failure.UNWRITABLE), "", ""


def _stopped(row: Any, now: datetime) -> _Decision | None:
    """Return what keeps a message from leaving now, or None."""
    if not row.is_known:
        return _no(row, MessageState.CANCELLED, Failure.ERASED)
    if (broken := untrue(_facts(row))) is not None:
        return _no(row, MessageState.CANCELLED, broken)
    departure = leave_or_wait(now, row.due_at, row.useful_until, Whereabouts(_zone(row.time_zone), row.holiday_zone))
    if departure.step is Step.TOO_LATE:
        return _no(row, MessageState.OUTDATED, Failure.TOO_LATE)
    if row.refuses and row.category == MessageClass.INFORMATION:
        return _no(row, MessageState.WITHHELD, Failure.REFUSED)
    if departure.step is Step.WAIT and departure.at is not None:
        return _Decision(id=row.id, state=MessageState.PLANNED, due_at=departure.at)
    return None


def _written(row: Any, house: House, link: str) -> tuple[_Decision, str, str]:
    """Return a message with its text sealed, the number and the text; or what keeps it from being written."""
    try:
        person_key = unwrapped(house, row.wrapped) if row.wrapped else b""
        to = unseal(person_key, row.phone_sealed) if row.phone_sealed else ""
    except (Unreadable, ValueError):
        return _no(row, MessageState.FAILED, Failure.UNREADABLE), "", ""
    if not to:
        return _no(row, MessageState.FAILED, Failure.NO_PHONE), "", ""
    if not can_receive_sms(to):
        return _no(row, MessageState.FAILED, Failure.NOT_MOBILE), "", ""
    address = address_line(row.address, row.postcode, row.commune)
    if not address:
        return _no(row, MessageState.FAILED, Failure.NO_ADDRESS), "", ""
    said = SmsFacts(
        zone=_zone(row.place_zone), address=address, link=link, starts_at=row.about_at, choose_by=row.choose_by
    )
    body = sms(MessageKind(row.kind), spoken(row.language), said)
    sealed, segments = seal(person_key, body), measure(body).segments
    state = MessageState.SENDING
    return _Decision(id=row.id, state=state, due_at=row.due_at, body_sealed=sealed, segments=segments), to, body


def _leased(decision: _Decision, provider: str, now: datetime, lease_until: datetime) -> _Decision:
    return _Decision(**vars(decision) | {"claimed_at": now, "lease_until": lease_until, "provider": provider})


def _outgoing(row: Any, leased: Any, to: str, body: str) -> Outgoing:
    is_claim = isinstance(leased, _Decision)
    return Outgoing(
        id=row.id,
        kind=MessageKind(row.kind),
        claimed_at=leased.claimed_at,
        lease_until=leased.lease_until,
        attempts=row.attempts + (1 if is_claim else 0),
        due_at=row.due_at,
        created_at=row.created_at,
        provider=leased.provider,
        to=to,
        body=body,
    )


def _opened(row: Any, house: House) -> tuple[str, str]:
    """Return the number and the text that were handed over, empty when they can no longer be read."""
    if not (row.wrapped and row.phone_sealed and row.body_sealed):
        return "", ""
    try:
        person_key = unwrapped(house, row.wrapped)
        return unseal(person_key, row.phone_sealed), unseal(person_key, row.body_sealed)
    except Unreadable:
        return "", ""


def _no(row: Any, state: MessageState, failure: Failure) -> _Decision:
    return _Decision(id=row.id, state=state, due_at=row.due_at, failure=failure)


def _facts(row: Any) -> Facts:
    return Facts(
        kind=MessageKind(row.kind),
        about_booking_id=row.booking_id,
        about_at=row.about_at,
        standing=Standing(row.standing),
        booking_id=row.convocation_booking_id,
        booking_state=State(row.booking_state) if row.booking_state else None,
        starts_at=row.starts_at,
    )


def _link(row: Any) -> LinkName:
    return LinkName(row.link_id, row.link_version)


def _block(session: Session, convocation_id: UUID, now: datetime) -> None:
    person_id = session.execute(BLOCK, {"id": convocation_id, "at": now}).scalar_one_or_none()
    if person_id is not None:
        facts = {"how": "provider"}
        blocked = Act(
            act="sms-refused", subject="person", subject_id=person_id, person_id=person_id, at=now, facts=facts
        )
        record(session, None, blocked)


def _columns(decisions: Sequence[_Decision]) -> dict[str, list[Any]]:
    return {name: [getattr(one, name) for one in decisions] for name in _Decision.__dataclass_fields__}


def _settled(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    values = {name: [getattr(one.message, name) for one in outcomes] for name in ("id", "claimed_at", "lease_until")}
    own = ("state", "failure", "due_at", "sent_at", "provider_id")
    return values | {name: [getattr(one, name) for one in outcomes] for name in own}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
