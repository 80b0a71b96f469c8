"""Messages on their way out: claimed, handed over, marked. Everything is checked again at the claim.

A message is claimed with a lease and named by it: only whoever has the last lease may say what became of it. See
docs/decisions/0010-messages-leave-once.md. Statements are set-based: hundreds leave in a second.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.history import Act, record
from availability.sealing import House, Unreadable, seal, unseal
from availability.sites import address_line
from booking.host_phones import note_wish
from booking.links import LinkName, token_of
from booking.models import State
from booking.person_phones import NUMBER_REFUSED, PHONE_FOR_MESSAGES
from booking.persons import keep_living
from booking.phones import can_receive_sms
from booking.sealing import unwrapped
from convocations.answers import asked
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState, Standing
from convocations.proposals import Proposals
from convocations.providers import Handed
from convocations.routes import Routes, region_of_number
from convocations.segments import measure
from convocations.template_queries import flag_broken, texts_for
from convocations.texts import Place, Texts
from convocations.timing import Step, Whereabouts, leave_or_wait
from convocations.truth import Facts, untrue
from convocations.wording import SmsFacts, spoken

logger = logging.getLogger(__name__)

BATCH = 100
NOBODY_NOW = timedelta(minutes=1)  # after which a message that nobody takes now is looked at again
LINKS = "links"  # the purpose of the key of links

# The messages are locked first; the facts around them are those of this statement, whoever is changing them waits for
# the lock to un-plan, then sees that the message is leaving.
CLAIM = text(f"""
    WITH due AS MATERIALIZED (
        SELECT * FROM message WHERE state = 'planned' AND due_at <= :now AND host_request_id IS NULL
        ORDER BY due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    SELECT m.id, m.kind, m.category, m.booking_id, m.about_at, m.due_at, m.useful_until, m.attempts, m.created_at,
           m.failure, m.refused_by, c.resource_ids, r.kind_id, place.organisation_id,
           c.standing, c.booking_id AS convocation_booking_id, c.link_id, c.link_version, c.choose_by, c.person_id,
           b.state AS booking_state, b.starts_at, a.state AS appointment_state, a.starts_at AS appointment_at,
           p.id IS NOT NULL AS is_known, p.language,
           t.number_sealed AS phone_sealed, o.wrapped,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) OR {NUMBER_REFUSED} AS refuses,
           place.address, place.postcode, place.commune, place.time_zone AS place_zone,
           coalesce(nullif(p.time_zone, ''), service.time_zone, place.time_zone) AS time_zone,
           CASE WHEN p.time_zone <> '' THEN p.holiday_zone
                WHEN service.time_zone IS NOT NULL THEN service.holiday_zone
                ELSE place.holiday_zone END AS holiday_zone
    FROM due m JOIN convocation c ON c.id = m.convocation_id
    LEFT JOIN booking b ON b.id = m.booking_id LEFT JOIN booking a ON a.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site place ON place.id = r.site_id
    LEFT JOIN person p ON p.id = c.person_id {PHONE_FOR_MESSAGES}
    LEFT JOIN person_key o ON o.person_id = c.person_id
    LEFT JOIN LATERAL (SELECT time_zone, holiday_zone FROM site
                       WHERE territory_id = p.territory_id ORDER BY id LIMIT 1) service ON true
    ORDER BY m.due_at, m.id""")  # noqa: S608 - constants only
WRITE = text("""
    UPDATE message m
    SET state = d.state, failure = d.failure, due_at = d.due_at, claimed_at = d.claimed_at, lease_until = d.lease_until,
        provider = d.provider, body_sealed = d.body_sealed, segments = d.segments, region = d.region,
        price_micros = d.price_micros, text_id = d.text_id,
        offered = CASE WHEN d.first_at IS NULL THEN NULL ELSE ARRAY[d.first_at, d.second_at] END,
        attempts = m.attempts + CASE d.state WHEN 'sending' THEN 1 ELSE 0 END
    FROM unnest(CAST(:id AS uuid[]), CAST(:state AS text[]), CAST(:failure AS text[]), CAST(:due_at AS timestamptz[]),
                CAST(:claimed_at AS timestamptz[]), CAST(:lease_until AS timestamptz[]), CAST(:provider AS text[]),
                CAST(:body_sealed AS bytea[]), CAST(:segments AS int[]), CAST(:region AS text[]),
                CAST(:price_micros AS bigint[]), CAST(:first_at AS timestamptz[]), CAST(:second_at AS timestamptz[]),
                CAST(:text_id AS uuid[]))
         AS d(id, state, failure, due_at, claimed_at, lease_until, provider, body_sealed, segments, region,
              price_micros, first_at, second_at, text_id)
    WHERE m.id = d.id""")
# Only the last lease speaks: whoever lost it comes too late.
SETTLE = text("""
    UPDATE message m
    SET state = d.state, failure = d.failure, due_at = coalesce(d.due_at, m.due_at), sent_at = d.sent_at,
        provider_id = d.provider_id, lease_until = NULL,
        refused_by = CASE WHEN d.refused_by = '' THEN m.refused_by ELSE m.refused_by || d.refused_by END,
        paid_segments = m.paid_segments + CASE d.state WHEN 'sent' THEN coalesce(m.segments, 0) ELSE 0 END,
        cost_micros = m.cost_micros + CASE d.state WHEN 'sent' THEN coalesce(m.segments, 0) * m.price_micros ELSE 0 END
    FROM unnest(CAST(:id AS uuid[]), CAST(:claimed_at AS timestamptz[]), CAST(:lease_until AS timestamptz[]),
                CAST(:state AS text[]), CAST(:failure AS text[]), CAST(:due_at AS timestamptz[]),
                CAST(:sent_at AS timestamptz[]), CAST(:provider_id AS text[]), CAST(:refused_by AS text[]))
         AS d(id, claimed_at, lease_until, state, failure, due_at, sent_at, provider_id, refused_by)
    WHERE m.id = d.id AND m.state = 'sending' AND m.claimed_at = d.claimed_at AND m.lease_until = d.lease_until
    RETURNING m.id, m.convocation_id, m.failure""")
# Open pages show that it left: they are told by a place of the convocation, as of anything that changes.
TELL = text("""
    INSERT INTO change (resource_id)
    SELECT DISTINCT c.resource_ids[1] FROM convocation c
    WHERE c.id = ANY(:ids) AND c.resource_ids[1] IS NOT NULL""")
TELL_OF_HOSTS = text("""
    INSERT INTO change (resource_id)
    SELECT DISTINCT b.resource_id FROM message m JOIN booking b ON b.id = m.booking_id WHERE m.id = ANY(:ids)""")
STALE = text(f"""
    WITH stale AS MATERIALIZED (
        SELECT id FROM message WHERE state = 'sending' AND lease_until <= :now AND host_request_id IS NULL
        ORDER BY lease_until, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE message m SET lease_until = :lease_until
    FROM stale s, convocation c LEFT JOIN person p ON p.id = c.person_id {PHONE_FOR_MESSAGES}
    LEFT JOIN person_key o ON o.person_id = p.id
    WHERE m.id = s.id AND c.id = m.convocation_id
    RETURNING m.id, m.kind, m.claimed_at, m.lease_until, m.attempts, m.due_at, m.created_at, m.useful_until, m.provider,
              m.body_sealed, t.number_sealed AS phone_sealed, o.wrapped""")  # noqa: S608 - constants only
# Whoever answers is found by the number that they were written to. In one order; a person erased meanwhile is left out.
REMEMBER = text("""
    INSERT INTO sms_number (mark, person_id, last_at)
    SELECT d.mark, p.id, :now
    FROM unnest(CAST(:marks AS bytea[]), CAST(:person_ids AS uuid[])) AS d(mark, person_id)
    JOIN person p ON p.id = d.person_id ORDER BY d.mark, p.id FOR KEY SHARE OF p
    ON CONFLICT (mark, person_id) DO UPDATE SET last_at = excluded.last_at""")
HOST_NUMBER = text("""
    SELECT h.number_mark FROM message m JOIN booking b ON b.id = m.booking_id JOIN resource r ON r.id = b.resource_id
    JOIN host_phone h ON h.site_id = r.site_id WHERE m.id = :id AND h.changed_at <= m.claimed_at""")
BLOCK = text("""
    INSERT INTO sms_refusal (person_id, how, at) VALUES (:person_id, 'provider', :at)
    ON CONFLICT (person_id) DO NOTHING RETURNING person_id""")
WHOSE = text("SELECT person_id FROM convocation WHERE id = :id")
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
    useful_until: datetime
    provider: str
    to: str = field(repr=False)
    body: str = field(repr=False)

    @property
    def handed(self) -> Handed:
        """Return what is handed over; each attempt has a number of its own, by which some providers are asked."""
        return Handed(to=self.to, body=self.body, reference=f"{self.id.hex}-{self.attempts}")


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
    refused_by: str = ""  # the provider, when it surely never will take it


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
    region: str = ""
    price_micros: int = 0
    first_at: datetime | None = None
    second_at: datetime | None = None
    text_id: UUID | None = None


def claim_due(
    session: Session,
    *,
    house: House,
    origin: str,
    routes: Routes,
    now: datetime,
    lease: timedelta,
    limit: int = BATCH,
) -> Claimed:
    """Take the messages whose turn has come, oldest first, and write down those that must not leave.

    Two who claim at once never share one. `origin` is the scheme and authority of links.
    """
    rows = session.execute(CLAIM, {"now": now, "limit": limit}).all()
    texts = texts_for(session, {(row.kind_id, row.organisation_id) for row in rows})
    writing = _Writing(house, routes, Proposals(session, now) if routes.answering else None, now, texts)
    decisions, outgoing, numbers = [], [], set()
    key = house.derived(LINKS)
    for row in rows:
        decision, to, body = _decided(row, writing, f"{origin}/r/{token_of(key, _link(row))}")
        if body:
            decision = _leased(decision, now, now + lease)
            outgoing.append(_outgoing(row, decision, to, body))
            numbers.add((house.blind_index(to), row.person_id))
        decisions.append(decision)
    if decisions:
        session.execute(WRITE, _columns(decisions))
    flag_broken(session, writing.broken, now=now)
    if numbers:
        marks, person_ids = zip(*sorted(numbers), strict=True)
        session.execute(REMEMBER, {"marks": list(marks), "person_ids": list(person_ids), "now": now})
    return Claimed(outgoing=outgoing, seen=len(rows))


def sent(message: Outgoing, provider_id: str, at: datetime) -> Outcome:
    """Return that the provider has it."""
    return Outcome(message=message, state=MessageState.SENT, provider_id=provider_id, sent_at=at)


def failed(message: Outgoing, code: str) -> Outcome:
    """Return that the provider refuses it."""
    return Outcome(message=message, state=MessageState.FAILED, failure=code)


def put_back(message: Outgoing, code: str, due_at: datetime, *, refused_by: str = "") -> Outcome:
    """Return that the provider certainly does not have it: it leaves later, and is checked again then.

    By another provider when this one will never take it. Past its usefulness it fails: somebody is to be called.
    """
    if due_at >= message.useful_until:
        return failed(message, code)
    return Outcome(message=message, state=MessageState.PLANNED, failure=code, due_at=due_at, refused_by=refused_by)


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
            block(session, row.convocation_id, row.id, now)
    session.execute(TELL, {"ids": [row.convocation_id for row in written]})
    if to_hosts := [row.id for row in written if row.convocation_id is None]:
        session.execute(TELL_OF_HOSTS, {"ids": to_hosts})
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


@dataclass(frozen=True)
class _Writing:
    """What writing the messages of a claim needs."""

    house: House
    routes: Routes
    proposals: Proposals | None
    now: datetime
    texts: Texts
    broken: set[UUID] = field(default_factory=set)  # texts that could not be filled in


def _decided(row: Any, writing: _Writing, link: str) -> tuple[_Decision, str, str]:
    """Return what to do of a message, with the number and the text when it leaves."""
    try:
        stopped = _stopped(row, writing.now) or _unrouted(row, writing)
        return (stopped, "", "") if stopped else _written(row, writing, link)
    except Exception:  # one that cannot be written must not keep all of those after it from leaving
        logger.exception("message %s cannot be written", row.id)
        return _no(row, MessageState.FAILED, Failure.UNWRITABLE), "", ""


def _unrouted(row: Any, writing: _Writing) -> _Decision | None:
    """Return what becomes of a message that nobody takes now, None when somebody does."""
    if writing.routes.first(row.refused_by):
        return None
    if writing.routes.is_worth_waiting(row.refused_by):
        due_at = writing.now + NOBODY_NOW
        return _Decision(id=row.id, state=MessageState.PLANNED, due_at=due_at, failure=row.failure)
    return _Decision(id=row.id, state=MessageState.FAILED, due_at=row.due_at, failure=row.failure or "provider-unknown")


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


def _written(row: Any, writing: _Writing, link: str) -> tuple[_Decision, str, str]:
    """Return a message with its text sealed, the number and the text; or what keeps it from being written."""
    try:
        person_key = unwrapped(writing.house, row.wrapped) if row.wrapped else b""
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
    kind, language, provider = MessageKind(row.kind), spoken(row.language), writing.routes.first(row.refused_by)
    offered = _offered(row, writing) if kind is MessageKind.OFFER and provider in writing.routes.answering else ()
    text = writing.texts.write(kind, language, said, Place(row.kind_id, row.organisation_id))
    if text.broken_id is not None:
        writing.broken.add(text.broken_id)
    body = text.body
    if provider in writing.routes.answering:
        body += asked(kind, language, offered, said.zone)
    sealed, region = seal(person_key, body), region_of_number(to)
    decision = _Decision(
        id=row.id,
        state=MessageState.SENDING,
        due_at=row.due_at,
        provider=provider,
        body_sealed=sealed,
        segments=measure(body).segments,
        region=region,
        price_micros=writing.routes.price(region),
        first_at=offered[0] if offered else None,
        second_at=offered[1] if offered else None,
        text_id=text.text_id,
    )
    return decision, to, body


def _offered(row: Any, writing: _Writing) -> tuple[datetime, ...]:
    """Return the two starts that a message proposes, none when there are not two."""
    if writing.proposals is None:
        return ()
    return writing.proposals.two(tuple(row.resource_ids), row.place_zone, row.choose_by)


def _leased(decision: _Decision, now: datetime, lease_until: datetime) -> _Decision:
    return replace(decision, claimed_at=now, lease_until=lease_until)


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
        useful_until=row.useful_until,
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
        appointment_state=State(row.appointment_state) if row.appointment_state else None,
        appointment_at=row.appointment_at,
    )


def _link(row: Any) -> LinkName:
    return LinkName(row.link_id, row.link_version)


def block(session: Session, convocation_id: UUID | None, message_id: UUID, now: datetime) -> None:
    """Have whoever a message was for receive nothing more: they said STOP to the provider. Twice is once."""
    if convocation_id is None:
        stop_host(session, message_id, now)
        return
    whose = session.execute(WHOSE, {"id": convocation_id}).scalar_one()
    blocked_id = keep_living(session, whose) or whose  # their files may have just been merged
    person_id = session.execute(BLOCK, {"person_id": blocked_id, "at": now}).scalar_one_or_none()
    if person_id is not None:
        facts = {"how": "provider"}
        blocked = Act(
            act="sms-refused", subject="person", subject_id=person_id, person_id=person_id, at=now, facts=facts
        )
        record(session, None, blocked)


def stop_host(session: Session, message_id: UUID, now: datetime) -> None:
    """Stop the number of a host to which a message was handed, unless another was given since."""
    mark: bytes | None = session.execute(HOST_NUMBER, {"id": message_id}).scalar()
    if mark is not None:
        note_wish(session, mark, wants=False, now=now, how="provider")


def _columns(decisions: Sequence[_Decision]) -> dict[str, list[Any]]:
    return {name: [getattr(one, name) for one in decisions] for name in _Decision.__dataclass_fields__}


def _settled(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    values = {name: [getattr(one.message, name) for one in outcomes] for name in ("id", "claimed_at", "lease_until")}
    own = ("state", "failure", "due_at", "sent_at", "provider_id", "refused_by")
    return values | {name: [getattr(one, name) for one in outcomes] for name in own}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
