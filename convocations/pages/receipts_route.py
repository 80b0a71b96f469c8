"""Where providers say what became of a message, and what people answer: every call is signed, or refused.

Source: Twilio, "Validating requests", status callbacks, incoming messages; docs/sms-provider.md for the second one.
"""

from __future__ import annotations

import hmac
import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from availability.sealing import House
from convocations.answering import Heard, answer, reply_text
from convocations.codes import GENERIC, TWILIO
from convocations.kinds import ReceiptStatus
from convocations.receipts import GENERIC_RECEIPTS, RECEIPTS, Receipt, note_receipt
from portal import throttle
from portal.clock import now, real
from portal.database import act
from portal.policy import public
from portal.settings import secret_key, settings

INBOUND = "/twilio/inbound"
MOST_BYTES = 16_384
MOST_REPLIES = "20/1 hour"  # to one number: two machines must not go on answering each other
SIGNED_WITHIN_S = 300

router = APIRouter(include_in_schema=False, dependencies=[public()])


@router.post(RECEIPTS)
async def receipt(request: Request) -> Response:
    """Write down what Twilio says of a message; what it says of other steps than an end is not kept."""
    given = await _signed(request)
    if given is None:
        return Response(status_code=403)
    await _note(TWILIO, given.get("MessageSid", ""), given.get("MessageStatus", ""), _code(given.get("ErrorCode")))
    return Response(status_code=204)


@router.post(GENERIC_RECEIPTS)
async def generic_receipt(request: Request) -> Response:
    """Write down what the second provider says of a message."""
    body = await _body(request)
    if body is None or not _is_genuine(request, body):
        return Response(status_code=403)
    try:
        given = json.loads(body)
    except ValueError:
        return Response(status_code=400)
    if not isinstance(given, dict):
        return Response(status_code=400)
    await _note(GENERIC, str(given.get("id", "")), str(given.get("status", "")), _code(given.get("code")))
    return Response(status_code=204)


@router.post(INBOUND)
async def inbound(request: Request) -> Response:
    """Do what somebody answers to a message, and tell them what was done."""
    given = await _signed(request)
    if given is None:
        return Response(status_code=403)
    house = House(secret_key())
    heard = Heard(
        provider=TWILIO,
        provider_id=given.get("MessageSid", "")[:64],
        mark=house.blind_index(given.get("From", "")),
        body=given.get("Body", "")[:500],
        opted=given.get("OptOutType", "")[:10],
    )
    said = await act(_answered, heard, house)
    reply = MessagingResponse()
    if said and await throttle.is_within(MOST_REPLIES, "sms-answer", heard.mark.hex()):
        reply.message(said)
    return Response(str(reply), media_type="text/xml")


def _answered(session: Session, heard: Heard, house: House) -> str:
    return reply_text(answer(session, heard, now=now()), house, settings().origin)


async def _note(provider: str, provider_id: str, status: str, code: int) -> None:
    with suppress(ValueError):
        told = Receipt(provider=provider, provider_id=provider_id[:64], status=ReceiptStatus(status), code=code)
        await act(note_receipt, told, now=now())


async def _signed(request: Request) -> dict[str, str] | None:
    """Return the fields of a call that Twilio signed, None for any other."""
    token = settings().twilio_auth_token
    body = await _body(request)
    if token is None or body is None:
        return None
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    # Behind a proxy the address of the request is not the one that was signed: it is the one that users type.
    signed = settings().origin + request.url.path + (f"?{request.url.query}" if request.url.query else "")
    signature = request.headers.get("x-twilio-signature", "")
    is_genuine: bool = RequestValidator(token.get_secret_value()).validate(signed, fields, signature)
    return fields if is_genuine else None


def _is_genuine(request: Request, body: bytes) -> bool:
    """Say whether the second provider signed a call, a short while ago: an old one cannot be played again."""
    secret, at = settings().sms2_secret, request.headers.get("x-placejuste-timestamp", "")
    if secret is None or not (at.isascii() and at.isdigit() and len(at) < 12):
        return False
    if abs(real(now()).timestamp() - int(at)) > SIGNED_WITHIN_S:
        return False
    expected = hmac.new(secret.get_secret_value().encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return hmac.compare_digest(expected.encode(), request.headers.get("x-placejuste-signature", "").encode())


async def _body(request: Request) -> bytes | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body


def _code(given: Any) -> int:
    code = str(given or "")
    return int(code) if code.isascii() and code.isdigit() and len(code) < 9 else 0
