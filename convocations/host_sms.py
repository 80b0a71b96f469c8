"""SMS to hosts: a request that waits for their answer, that it soon lapses, that it was withdrawn. With the signed link
that answers without an account, and not a word about the person.

They are rows of `message` and leave with the others, by the same providers: `kind` says the same of a host as of
somebody summoned (an offer to answer, its reminder, its cancellation), `host_request_id` says that it is a host. The
number is read as they leave, never kept in a message. See docs/decisions/0035-hosts-by-sms.md.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.sealing import House, Unreadable, seal, unseal
from availability.statements import by_key, run
from booking.actions import UNDO_MINUTES
from booking.events import BookingMoved, Event
from booking.host_phones import opened_number
from booking.host_requests import LINKS
from booking.links import LinkName, token_of
from booking.mail import warn_at
from booking.models import State
from convocations.delivery import BATCH, NOBODY_NOW, Claimed, Outgoing, claim_due, flagged, settle, stale
from convocations.kinds import Failure, HostText, MessageKind, MessageState
from convocations.planning import UNDO
from convocations.routes import Routes, region_of_number
from convocations.segments import measure
from convocations.template_queries import flag_broken, texts_for
from convocations.texts import STANDARD, Place, Texts, in_standard_words
from convocations.timing import USELESS_REMINDER, Step, Whereabouts, last_moment, leave_or_wait, next_moment
from convocations.wording import FRENCH, SmsFacts

logger = logging.getLogger(__name__)

TEXTS = "host-sms"  # the purpose of the key that seals what is said: it speaks of nobody
LINK = re.compile(r"https?://\S+/d/[\w-]+")
HIDDEN_LINK = "(lien du lieu)"
SHARE = 4  # of a batch: one in so many, so that neither hosts nor people wait for the others
UNDO_FREED = timedelta(minutes=UNDO_MINUTES)
TRUE_IN = {
    MessageKind.OFFER: State.REQUESTED,
    MessageKind.REMINDER: State.REQUESTED,
    MessageKind.CANCELLATION: State.CANCELLED,
}
_TEXT_OF = {kind: HostText(f"host-{kind}") for kind in TRUE_IN}

_REQUEST = by_key("""
    SELECT q.id, q.asked_at, q.answer_by, s.time_zone, s.holiday_zone,
           EXISTS (SELECT FROM host_phone h WHERE h.site_id = s.id AND h.stopped_at IS NULL) AS has_phone
    FROM host_request q JOIN booking b ON b.id = q.booking_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id WHERE q.booking_id = :booking_id""")
_UNPLAN = by_key("UPDATE message SET state = 'cancelled' WHERE host_request_id = :id AND state = 'planned'")
_WAS_TOLD = by_key("""
    SELECT EXISTS (SELECT FROM message WHERE host_request_id = :id AND kind = :kind
                   AND state IN ('sending', 'sent', 'undelivered', 'flagged'))""")
_PLAN = by_key("""
    INSERT INTO message (id, host_request_id, booking_id, kind, category, state, due_at, useful_until,
                         attempts, provider, provider_id, failure, created_at)
    VALUES (gen_random_uuid(), :id, :booking_id, :kind, 'information', 'planned', :due_at, :useful_until,
            0, '', '', '', :now)
    ON CONFLICT DO NOTHING""")
_DRAFTED = by_key("""
    SELECT m.kind, b.kind_id, q.answer_by, s.time_zone FROM message m JOIN host_request q ON q.id = m.host_request_id
    JOIN booking b ON b.id = q.booking_id JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    WHERE m.id = :id""")
# As the claim of messages: these rows are locked first, and the facts around them are those of this statement.
_AROUND = """
    JOIN host_request q ON q.id = m.host_request_id JOIN booking b ON b.id = q.booking_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN host_phone h ON h.site_id = s.id"""
_CLAIM = text(f"""
    WITH due AS MATERIALIZED (
        SELECT * FROM message WHERE state = 'planned' AND due_at <= :now AND host_request_id IS NOT NULL
        ORDER BY due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
    SELECT m.id, m.kind, m.due_at, m.useful_until, m.attempts, m.created_at, m.failure, m.refused_by,
           q.link_id, q.link_version, q.answer_by, b.kind_id, b.state AS booking_state, s.time_zone, s.holiday_zone,
           h.number_sealed, h.stopped_at,
           EXISTS (SELECT FROM host_proposal o WHERE o.booking_id = b.id AND o.state = 'open') AS is_theirs
    FROM due m {_AROUND} ORDER BY m.due_at, m.id""")  # noqa: S608 - constants only
_WRITE = text("""
    UPDATE message SET state = :state, failure = :failure, due_at = :due_at, claimed_at = :claimed_at,
        lease_until = :lease_until, provider = :provider, body_sealed = :body_sealed, segments = :segments,
        region = :region, price_micros = :price_micros, text_id = :text_id, attempts = attempts + :tried
    WHERE id = :id""")
# A number given since is not the one that was written to: nobody can be asked about that one any more.
_STALE = text(f"""
    WITH stale AS MATERIALIZED (
        SELECT * FROM message WHERE state = 'sending' AND lease_until <= :now AND host_request_id IS NOT NULL
        ORDER BY lease_until, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED),
    around AS (
        SELECT m.id, CASE WHEN h.changed_at <= m.claimed_at THEN h.number_sealed END AS number_sealed
        FROM stale m {_AROUND})
    UPDATE message m SET lease_until = :lease_until FROM around a WHERE a.id = m.id
    RETURNING m.id, m.kind, m.claimed_at, m.lease_until, m.attempts, m.due_at, m.created_at, m.useful_until, m.provider,
              m.body_sealed, a.number_sealed""")  # noqa: S608 - constants only


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """What a claim of messages to hosts needs."""

    house: House
    origin: str
    routes: Routes
    now: datetime
    lease: timedelta
    texts: Texts = STANDARD
    broken: set[UUID] = field(default_factory=set)  # texts that could not be filled in


def follow_request(session: Session, event: Event) -> None:
    """Plan what an event of a booking makes worth telling its host by SMS, and take back what it makes untrue."""
    if not isinstance(event, BookingMoved):
        return
    is_asked, was_asked = event.after is State.REQUESTED, event.before is State.REQUESTED
    if not (is_asked or was_asked):
        return
    row = run(session, _REQUEST, {"booking_id": event.booking_id}).one_or_none()
    if row is None:
        return
    run(session, _UNPLAN, {"id": row.id})
    if is_asked and row.has_phone:
        _plan_request(session, event, row)
    elif event.after is State.CANCELLED and _was_told(session, row.id, MessageKind.OFFER):
        until = row.answer_by
        _plan(session, event, row, MessageKind.CANCELLATION, due_at=event.at + UNDO_FREED, until=until)


def claim_all(
    session: Session,
    *,
    house: House,
    origin: str,
    routes: Routes,
    now: datetime,
    lease: timedelta,
    limit: int = BATCH,
) -> Claimed:
    """Take the messages whose turn has come, to hosts and to people summoned: each of them once, never two at once."""
    claim = _Claim(house=house, origin=origin, routes=routes, now=now, lease=lease)
    hosts = claim_hosts(session, claim, limit=max(limit // SHARE, 1))
    if hosts.seen >= limit:
        return hosts
    left = limit - hosts.seen
    people = claim_due(session, house=house, origin=origin, routes=routes, now=now, lease=lease, limit=left)
    return Claimed(outgoing=hosts.outgoing + people.outgoing, seen=hosts.seen + people.seen)


def claim_hosts(session: Session, claim: _Claim, *, limit: int) -> Claimed:
    """Take those to hosts whose turn has come, oldest first, and write down those that must not leave."""
    rows = session.execute(_CLAIM, {"now": claim.now, "limit": limit}).all()
    claim = replace(claim, texts=texts_for(session, {(row.kind_id, None) for row in rows}))
    outgoing = []
    for row in rows:
        written, to, body = _decided(row, claim)
        session.execute(_WRITE, _BLANK | written | {"id": row.id})
        if body:
            outgoing.append(_outgoing(row, written, row.attempts + 1, to, body))
    flag_broken(session, claim.broken, now=claim.now)
    return Claimed(outgoing=outgoing, seen=len(rows))


def stale_all(session: Session, *, house: House, now: datetime, again: timedelta, limit: int = BATCH) -> list[Outgoing]:
    """Take the messages whose lease ended unsettled, to ask the provider about them; not again before `again`."""
    people = stale(session, house=house, now=now, again=again, limit=limit)
    rows = session.execute(_STALE, {"now": now, "lease_until": now + again, "limit": limit}).all()
    taken = [_outgoing(row, row._mapping, row.attempts, *_opened(row, house)) for row in rows]
    settle(session, [flagged(one) for one in taken if not one.to], now=now)
    return people + [one for one in taken if one.to]


_BLANK: dict[str, Any] = {
    "failure": "",
    "claimed_at": None,
    "lease_until": None,
    "provider": "",
    "body_sealed": None,
    "segments": None,
    "region": "",
    "price_micros": 0,
    "text_id": None,
    "tried": 0,
}


def sentence(kind: MessageKind, *, answer_by: datetime, zone: ZoneInfo, link: str) -> str:
    """Return what a host is told in the standard words, in the letters of GSM-7."""
    return in_standard_words(_TEXT_OF[kind], FRENCH, _facts(answer_by, zone, link))


def draft(session: Session, message_id: UUID) -> str:
    """Return what a message to a host would say now, without the link that answers for them."""
    row = run(session, _DRAFTED, {"id": message_id}).one()
    facts = _facts(row.answer_by, ZoneInfo(row.time_zone), HIDDEN_LINK)
    texts = texts_for(session, [(row.kind_id, None)])
    return texts.write(_TEXT_OF[MessageKind(row.kind)], FRENCH, facts, Place(row.kind_id)).body


def read_body(house: House, sealed: bytes | None) -> str:
    """Return what was said to a host, without the link that answers for them; empty when it was never written."""
    try:
        return LINK.sub(HIDDEN_LINK, unseal(house.derived(TEXTS), sealed)) if sealed else ""
    except Unreadable:
        return ""


def _plan_request(session: Session, event: BookingMoved, row: Any) -> None:
    where = Whereabouts(ZoneInfo(row.time_zone), row.holiday_zone)
    ready = next_moment(event.at + UNDO, where)
    if not _was_told(session, row.id, MessageKind.OFFER):
        _plan(session, event, row, MessageKind.OFFER, due_at=ready, until=row.answer_by)
    # Rather earlier than later, as a reminder; of a short delay, the request itself has just said the same.
    warned_at = last_moment(warn_at(row.asked_at, row.answer_by), where)
    if warned_at > ready and not _was_told(session, row.id, MessageKind.REMINDER):
        _plan(session, event, row, MessageKind.REMINDER, due_at=warned_at, until=row.answer_by - USELESS_REMINDER)


def _plan(
    session: Session, event: BookingMoved, row: Any, kind: MessageKind, *, due_at: datetime, until: datetime
) -> None:
    if due_at < until:
        values = {"id": row.id, "booking_id": event.booking_id, "kind": kind, "due_at": due_at, "useful_until": until}
        run(session, _PLAN, values | {"now": event.at})


def _was_told(session: Session, request_id: UUID, kind: MessageKind) -> bool:
    return bool(run(session, _WAS_TOLD, {"id": request_id, "kind": kind}).scalar_one())


def _decided(row: Any, claim: _Claim) -> tuple[dict[str, Any], str, str]:
    """Return what to write of a message, with the number and the text when it leaves."""
    try:
        stopped = _stopped(row, claim.now) or _unrouted(row, claim)
        return (stopped, "", "") if stopped else _written(row, claim)
    except Exception:  # one that cannot be written must not keep all of those after it from leaving
        logger.exception("message %s to a host cannot be written", row.id)
        return _no(row, MessageState.FAILED, Failure.UNWRITABLE), "", ""


def _stopped(row: Any, now: datetime) -> dict[str, Any] | None:
    """Return what keeps a message from leaving now, or None."""
    kind = MessageKind(row.kind)
    if row.booking_state != TRUE_IN[kind] or (row.is_theirs and kind is not MessageKind.CANCELLATION):
        return _no(row, MessageState.CANCELLED, Failure.OTHER_STATE)
    if row.number_sealed is None:
        return _no(row, MessageState.CANCELLED, Failure.NO_PHONE)  # removed since: it is not wanted
    if row.stopped_at is not None:
        return _no(row, MessageState.WITHHELD, Failure.REFUSED)
    where = Whereabouts(ZoneInfo(row.time_zone), row.holiday_zone)
    departure = leave_or_wait(now, row.due_at, row.useful_until, where)
    if departure.step is Step.TOO_LATE:
        return _no(row, MessageState.OUTDATED, Failure.TOO_LATE)
    if departure.step is Step.WAIT and departure.at is not None:
        return {"state": MessageState.PLANNED, "due_at": departure.at}
    return None


def _unrouted(row: Any, claim: _Claim) -> dict[str, Any] | None:
    """Return what becomes of a message that nobody takes now, None when somebody does."""
    if claim.routes.first(row.refused_by):
        return None
    if claim.routes.is_worth_waiting(row.refused_by):
        return {"state": MessageState.PLANNED, "failure": row.failure, "due_at": claim.now + NOBODY_NOW}
    return {"state": MessageState.FAILED, "failure": row.failure or "provider-unknown", "due_at": row.due_at}


def _written(row: Any, claim: _Claim) -> tuple[dict[str, Any], str, str]:
    """Return a message with its text sealed, the number and the text."""
    to = opened_number(claim.house, row.number_sealed)
    if not to:
        return _no(row, MessageState.FAILED, Failure.UNREADABLE), "", ""
    token = token_of(claim.house.derived(LINKS), LinkName(row.link_id, row.link_version))
    facts = _facts(row.answer_by, ZoneInfo(row.time_zone), f"{claim.origin}/d/{token}")
    said = claim.texts.write(_TEXT_OF[MessageKind(row.kind)], FRENCH, facts, Place(row.kind_id))
    if said.broken_id is not None:
        claim.broken.add(said.broken_id)
    body = said.body
    region = region_of_number(to)
    written = {
        "state": MessageState.SENDING,
        "due_at": row.due_at,
        "claimed_at": claim.now,
        "lease_until": claim.now + claim.lease,
        "provider": claim.routes.first(row.refused_by),
        "body_sealed": seal(claim.house.derived(TEXTS), body),
        "segments": measure(body).segments,
        "region": region,
        "price_micros": claim.routes.price(region),
        "text_id": said.text_id,
        "tried": 1,
    }
    return written, to, body


def _facts(answer_by: datetime, zone: ZoneInfo, link: str) -> SmsFacts:
    return SmsFacts(zone=zone, address="", link=link, answer_by=answer_by)


def _no(row: Any, state: MessageState, failure: Failure) -> dict[str, Any]:
    return {"state": state, "failure": failure, "due_at": row.due_at}


def _outgoing(row: Any, leased: Any, attempts: int, to: str, body: str) -> Outgoing:
    return Outgoing(
        id=row.id,
        kind=MessageKind(row.kind),
        claimed_at=leased["claimed_at"],
        lease_until=leased["lease_until"],
        attempts=attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        useful_until=row.useful_until,
        provider=leased["provider"],
        to=to,
        body=body,
    )


def _opened(row: Any, house: House) -> tuple[str, str]:
    """Return the number and the text that were handed over, empty when they can no longer be read."""
    if row.number_sealed is None or row.body_sealed is None:
        return "", ""
    try:
        return opened_number(house, row.number_sealed), unseal(house.derived(TEXTS), row.body_sealed)
    except Unreadable:
        return "", ""
