"""What becomes of a message that its provider took: signed, said twice, too early, in any order, and applied once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session
from twilio.request_validator import RequestValidator

from availability.rights import Actor, Right, Role
from convocations.delivery import Outcome, claim_due, sent, settle
from convocations.kinds import ReceiptStatus
from convocations.outbox import retry_message
from convocations.pages import receipts_route
from convocations.pages.receipts_route import INBOUND
from convocations.receipts import GENERIC_RECEIPTS, KNOWN_WITHIN, RECEIPTS, Receipt, apply_receipts, note_receipt
from convocations.routes import Routes
from portal import clock
from portal import database as portal_database
from portal.api import build_api
from portal.settings import settings
from tests.conftest import Database
from tests.convocations.crowd import make_offers
from tests.convocations.desk import HOUSE
from tests.factories import NOW
from tests.twilio_stand_in import SID, TOKEN

A_MINUTE = timedelta(minutes=1)
SENT, DELIVERED, UNDELIVERED = ReceiptStatus.SENT, ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED
SECOND_KEY = "a-fictional-key"
ORIGIN = "https://placejuste.example"


def leave(session: Session, sid: str = "SM1", *, now: datetime = NOW) -> Outcome:
    """Have the one message that is due be handed over, and return what is to be marked."""
    claimed = claim_due(session, house=HOUSE, origin=ORIGIN, routes=Routes(usable=("twilio",)), now=now, lease=A_MINUTE)
    return sent(claimed.outgoing[0], sid, now)


def told(session: Session, status: ReceiptStatus, code: int = 0, *, sid: str = "SM1", now: datetime = NOW) -> None:
    note_receipt(session, Receipt(provider="twilio", provider_id=sid, status=status, code=code), now=now)


def stands(session: Session) -> Any:
    return session.execute(text("SELECT * FROM message")).one()


def officer(session: Session) -> Actor:
    """Return somebody of the service that convened."""
    territory_id = session.execute(text("SELECT territory_id FROM convocation")).scalar_one()
    right = Right(Role.PROBATION_OFFICER, frozenset({territory_id}))
    return Actor(uuid4(), "", (right,), territory_id)


@pytest.fixture
def taken(session: Session) -> Session:
    """A message that the provider took as SM1."""
    make_offers(session, 1)
    settle(session, [leave(session)], now=NOW)
    return session


def test_a_phone_that_has_it_is_said_with_the_hour(taken: Session) -> None:
    told(taken, SENT)
    told(taken, DELIVERED, now=NOW + A_MINUTE)

    assert apply_receipts(taken, now=NOW + A_MINUTE) == 2
    assert (stands(taken).state, stands(taken).delivered_at) == ("sent", NOW + A_MINUTE)


def test_the_same_receipt_twice_is_once(taken: Session) -> None:
    told(taken, DELIVERED)
    told(taken, DELIVERED, now=NOW + A_MINUTE)

    assert [apply_receipts(taken, now=NOW), apply_receipts(taken, now=NOW)] == [1, 0]
    assert stands(taken).delivered_at == NOW


def test_a_receipt_that_comes_before_its_message_is_marked_waits_for_it(session: Session) -> None:
    make_offers(session, 1)
    outcome = leave(session)
    told(session, DELIVERED)

    assert apply_receipts(session, now=NOW) == 0
    settle(session, [outcome], now=NOW)
    assert apply_receipts(session, now=NOW) == 1
    assert stands(session).delivered_at == NOW


def test_delivered_is_final_whatever_comes_after(taken: Session) -> None:
    told(taken, DELIVERED)
    apply_receipts(taken, now=NOW)
    told(taken, UNDELIVERED, 30005)
    apply_receipts(taken, now=NOW)

    assert (stands(taken).state, stands(taken).failure) == ("sent", "")


def test_what_was_thought_lost_and_arrived_is_delivered(taken: Session) -> None:
    told(taken, UNDELIVERED, 30005)
    apply_receipts(taken, now=NOW)
    told(taken, DELIVERED)
    apply_receipts(taken, now=NOW)

    assert (stands(taken).state, stands(taken).failure, stands(taken).delivered_at) == ("sent", "", NOW)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (30005, "invalid-number"),
        (30004, "filtered"),
        (30006, "not-mobile"),
        (30007, "filtered"),
        (30034, "provider-30034"),
    ],
)
def test_a_final_failure_waits_for_a_person_with_its_reason(taken: Session, code: int, failure: str) -> None:
    told(taken, UNDELIVERED, code)
    apply_receipts(taken, now=NOW)

    row = stands(taken)
    assert (row.state, row.failure, row.sent_at, row.handled_at) == ("undelivered", failure, NOW, None)


def test_a_handset_that_was_off_is_written_to_again_three_times_at_most(taken: Session) -> None:
    at = NOW
    for attempt, minutes in ((1, 30), (2, 90)):
        told(taken, UNDELIVERED, 30003, sid=f"SM{attempt}", now=at)
        apply_receipts(taken, now=at)
        assert (stands(taken).state, stands(taken).failure) == ("planned", "unreachable")
        at = stands(taken).due_at
        assert at == NOW + timedelta(minutes=minutes)
        settle(taken, [leave(taken, f"SM{attempt + 1}", now=at)], now=at)
    told(taken, UNDELIVERED, 30003, sid="SM3", now=at)
    apply_receipts(taken, now=at)

    assert (stands(taken).state, stands(taken).attempts) == ("undelivered", 3)


def test_a_handset_that_was_off_is_not_written_to_when_that_would_be_too_late(taken: Session) -> None:
    taken.execute(text("UPDATE message SET useful_until = :at"), {"at": NOW + timedelta(minutes=20)})
    told(taken, UNDELIVERED, 30003)
    apply_receipts(taken, now=NOW)

    assert stands(taken).state == "undelivered"


def test_what_is_still_said_of_an_attempt_that_was_done_again_changes_nothing(taken: Session) -> None:
    told(taken, UNDELIVERED, 30003)
    apply_receipts(taken, now=NOW)
    told(taken, ReceiptStatus.FAILED, 30005)
    apply_receipts(taken, now=NOW + KNOWN_WITHIN)

    assert stands(taken).state == "planned"


def test_what_a_suspended_account_did_not_send_leaves_at_once_by_another(taken: Session) -> None:
    told(taken, ReceiptStatus.FAILED, 30002)
    apply_receipts(taken, now=NOW)
    both = Routes(usable=("twilio", "generic"))
    claimed = claim_due(taken, house=HOUSE, origin=ORIGIN, routes=both, now=NOW, lease=A_MINUTE)

    assert [one.provider for one in claimed.outgoing] == ["generic"]


def test_a_person_who_said_stop_to_the_provider_receives_nothing_more(taken: Session) -> None:
    told(taken, UNDELIVERED, 21610)
    apply_receipts(taken, now=NOW)

    assert taken.execute(text("SELECT how FROM sms_refusal")).scalars().all() == ["provider"]
    assert stands(taken).failure == "blocked"


def test_a_receipt_of_a_message_that_is_not_ours_is_given_up(session: Session) -> None:
    told(session, DELIVERED, sid="SM-of-others")

    assert apply_receipts(session, now=NOW) == 0
    assert apply_receipts(session, now=NOW + KNOWN_WITHIN) == 1
    assert apply_receipts(session, now=NOW + KNOWN_WITHIN) == 0


def test_an_agent_has_an_undelivered_message_leave_again(taken: Session) -> None:
    told(taken, UNDELIVERED, 30005)
    apply_receipts(taken, now=NOW)
    retry_message(taken, officer(taken), stands(taken).id, now=NOW)
    taken.flush()

    assert (stands(taken).state, stands(taken).sent_at) == ("planned", None)


@pytest.fixture
def _served(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    named = {"ACCOUNT_SID": SID, "AUTH_TOKEN": TOKEN, "FROM": "JUSTICE"}
    for name, value in named.items():
        monkeypatch.setenv(f"PLACEJUSTE_TWILIO_{name}", value)
    monkeypatch.setenv("PLACEJUSTE_PUBLIC_URL", ORIGIN)
    monkeypatch.setattr(portal_database, "engine", lambda: database.engine)
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    settings.cache_clear()
    yield
    settings.cache_clear()


async def call(fields: dict[str, str], signature: str | None = None, path: str = RECEIPTS) -> int:
    """Return what a call of Twilio is answered; signed with the secret of the account unless said otherwise."""
    genuine = RequestValidator(TOKEN).compute_signature(ORIGIN + path, fields)
    transport = httpx.ASGITransport(build_api(pages=[receipts_route.router]))
    headers = {
        "X-Twilio-Signature": genuine if signature is None else signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as client:
        return (await client.post(path, content=urlencode(fields), headers=headers)).status_code


def kept(database: Database) -> list[tuple[Any, ...]]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT provider_id, status, code FROM message_receipt ORDER BY 1, 2"))
        return [tuple(row) for row in rows]


@pytest.mark.usefixtures("_served")
async def test_only_what_is_signed_is_kept(database: Database) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+33639980000"}

    assert [await call(fields, "forged"), await call(fields, "")] == [403, 403]
    assert await call(fields | {"Padding": "x" * 20_000}) == 403
    assert kept(database) == []
    assert [await call(fields), await call(fields)] == [204, 204]
    assert await call({"MessageSid": "SM2", "MessageStatus": "queued"}) == 204
    assert await call({"MessageSid": "SM3", "MessageStatus": "failed", "ErrorCode": "x"}) == 204
    assert kept(database) == [("SM1", "undelivered", 30003), ("SM3", "failed", 0)]


async def call_second(told: Any, at: datetime, key: str = SECOND_KEY) -> int:
    """Return what a call of the second provider is answered, signed at that instant."""
    body, stamp = json.dumps(told).encode(), str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    transport = httpx.ASGITransport(build_api(pages=[receipts_route.router]))
    headers = {"X-PlaceJuste-Timestamp": stamp, "X-PlaceJuste-Signature": signature}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as client:
        return (await client.post(GENERIC_RECEIPTS, content=body, headers=headers)).status_code


@pytest.mark.usefixtures("_served")
async def test_of_the_second_provider_too_and_answers_as_well(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, told = datetime.now(UTC), {"id": "M1", "status": "undelivered", "code": 1}
    assert await call_second(told, now) == 403, "no secret is set"
    monkeypatch.setenv("PLACEJUSTE_SMS2_SECRET", SECOND_KEY)
    settings.cache_clear()

    assert [await call_second(told, now, "forged"), await call_second(told, now - timedelta(hours=1))] == [403, 403]
    assert kept(database) == []
    assert [await call_second(told, now), await call_second([], now), await call_second({}, now)] == [204, 400, 204]
    assert kept(database) == [("M1", "undelivered", 1)]
    answered = {"MessageSid": "IN1", "From": "+33639980000", "Body": "oui"}
    assert [await call(answered, "forged", INBOUND), await call(answered, path=INBOUND)] == [403, 200]
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT provider_id, said, reply FROM sms_answer")).all()
    assert [tuple(row) for row in rows] == [("IN1", "yes", "nothing")]
