"""What shows that somebody was told: when each message left and arrived, when its link was opened, what was answered.

An opening is a day and a kind of device, the first time only: enough to show that it was read, nothing of how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from convocations.actions import convocation_for
from convocations.kinds import MessageKind, MessageState

ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|preview|facebookexternalhit|whatsapp|telegram|skype|slack|discord|curl|wget|python|httpclient|http-client",
    re.IGNORECASE,
)
PHONE = re.compile(r"mobile|android|iphone|ipad|phone|opera mini|nokia|blackberry|midp|kaios", re.IGNORECASE)
OPEN = text("""
    INSERT INTO link_opening (convocation_id, on_day, device, at)
    SELECT c.id, CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date), :device, :now
    FROM convocation c JOIN resource r ON r.id = c.resource_ids[1] JOIN site s ON s.id = r.site_id
    WHERE c.id = :id ON CONFLICT DO NOTHING""")
SENT = text("""
    SELECT id, kind, state, failure, about_at, created_at, sent_at, delivered_at, provider, provider_id, segments,
           called_at, call_outcome
    FROM message WHERE convocation_id = :id ORDER BY coalesce(sent_at, due_at), created_at, id""")
OPENED = text("SELECT on_day, device, at FROM link_opening WHERE convocation_id = :id ORDER BY at")
ANSWERED = text("SELECT at, said FROM sms_answer WHERE convocation_id = :id ORDER BY at")


class Device(StrEnum):
    """With what a link was opened."""

    PHONE = "phone"
    COMPUTER = "computer"


@dataclass(frozen=True, kw_only=True)
class SentProof:
    """One message: planned, handed over, arrived; `call_outcome` when somebody called in its place."""

    id: UUID
    kind: MessageKind
    state: MessageState
    failure: str
    about_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    provider: str
    provider_id: str
    segments: int | None
    called_at: datetime | None
    call_outcome: str


@dataclass(frozen=True)
class Opening:
    """The first opening of the link on a day with such a device."""

    on_day: date
    device: Device
    at: datetime


@dataclass(frozen=True)
class Answered:
    """What was understood of an answer by SMS."""

    at: datetime
    said: str


@dataclass(frozen=True)
class Proof:
    """Everything that shows whether somebody was told of an appointment, oldest first."""

    sent: tuple[SentProof, ...]
    openings: tuple[Opening, ...]
    answers: tuple[Answered, ...]


def device_of(user_agent: str) -> Device | None:
    """Return with what a page is read; None for a program that only looks at it, or says nothing."""
    if not user_agent or ROBOT.search(user_agent):
        return None
    return Device.PHONE if PHONE.search(user_agent) else Device.COMPUTER


def note_opening(session: Session, convocation_id: UUID, device: Device, *, now: datetime) -> None:
    """Write down that a link was opened, once a day and kind of device."""
    session.execute(OPEN, {"id": convocation_id, "device": device, "now": now})


def proof_of(session: Session, actor: Actor, convocation_id: UUID) -> Proof:
    """Return what shows that somebody was told. Raises: NotFound."""
    convocation_for(session, actor, convocation_id)
    asked = {"id": convocation_id}
    return Proof(
        tuple(
            SentProof(**{**row._mapping, "kind": MessageKind(row.kind), "state": MessageState(row.state)})
            for row in session.execute(SENT, asked)
        ),
        tuple(Opening(row.on_day, Device(row.device), row.at) for row in session.execute(OPENED, asked)),
        tuple(Answered(row.at, row.said) for row in session.execute(ANSWERED, asked)),
    )
