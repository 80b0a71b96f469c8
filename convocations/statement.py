"""What shows that somebody was told, gathered for one convocation or for one person, and the mark that seals it.

The mark is the SHA-256 of the facts as they are printed. It is kept in the history under its own name, so that whoever
is shown a statement can ask whether it was made here, when, and by whom: nothing of its content is kept twice.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound
from availability.history import Act, consulted, record
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, unseal
from booking.meanwhile import SOMEBODY, names_of
from booking.person_phones import phones_of
from booking.persons import person_for
from booking.sealing import key_of
from convocations.models import Convocation, SmsRefusal
from convocations.proof import Proof, proof_of
from convocations.queries import ListedConvocation, convocation_line
from convocations.serving import Served, served_of

MOST = 200  # convocations of one person, the latest
OUTCOMES = ("booking-honoured", "booking-missed", "booking-excused", "booking-cancelled", "booking-moved")
# What the person did by the link is said by the act on the convocation: once is enough.
ACTS = text("""
    SELECT at, actor_id, act, facts FROM history
    WHERE subject = 'convocation' AND subject_id = :id
       OR subject = 'booking' AND act = ANY(:outcomes) AND actor_id IS DISTINCT FROM :person_id
          AND subject_id IN (SELECT CAST(booking_id AS text) FROM message WHERE convocation_id = CAST(:id AS uuid)
                             UNION SELECT CAST(booking_id AS text) FROM convocation WHERE id = CAST(:id AS uuid))
    ORDER BY id""")
OF_PERSON = text("""
    SELECT id FROM convocation WHERE person_id = :person_id AND territory_id = ANY(:territories)
    ORDER BY created_at DESC, id LIMIT :most""")
MADE = text("""
    SELECT h.at, h.actor_id, h.facts ->> 'of' AS of FROM history h
    WHERE h.subject = 'statement' AND h.subject_id = :mark ORDER BY h.id LIMIT 1""")
SERVICE = text("SELECT name FROM organisation WHERE id = :id")


@dataclass(frozen=True)
class Acted:
    """One act on a convocation or its appointment; `by` is empty for the clock."""

    at: datetime
    act: str
    facts: dict[str, Any]
    by: str
    is_person: bool


@dataclass(frozen=True)
class PhoneSaid:
    """What the person said of SMS on a number, of which only the end is written."""

    end: str
    is_for_messages: bool
    consent_at: datetime | None
    consent_how: str
    refused_at: datetime | None
    refused_how: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """One convocation and what shows that it was known."""

    line: ListedConvocation
    convened_by: str
    proof: Proof
    acts: tuple[Acted, ...]
    served: tuple[Served, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Everything that is printed."""

    name: str
    birth_on: date
    service: str  # of whoever asked for it
    made_by: str
    made_at: datetime
    phones: tuple[PhoneSaid, ...]
    refused_at: datetime | None  # SMS of the class that may be refused
    refused_how: str
    told: tuple[Told, ...]

    @property
    def mark(self) -> str:
        """Return the SHA-256 of all of it, in hexadecimal."""
        written = json.dumps(asdict(self), default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """That a statement of this mark was made."""

    at: datetime
    by: str
    of: str  # convocation, person


def statement_of_convocation(
    session: Session, actor: Actor, convocation_id: UUID, *, house: House, now: datetime
) -> Statement:
    """Return the statement of one convocation; it is logged. Raises: NotFound, also once the person was erased."""
    line = convocation_line(session, actor, convocation_id, now=now)
    if line.person_id is None:
        raise NotFound(convocation_id=convocation_id)
    told = (_told(session, actor, convocation_id, now=now),)
    return _made(session, actor, line.person_id, told, of="convocation", house=house, now=now)


def statement_of_person(session: Session, actor: Actor, person_id: UUID, *, house: House, now: datetime) -> Statement:
    """Return the statement of the convocations of somebody, the latest first; it is logged. Raises: NotFound."""
    person_for(session, actor, person_id)
    asked = {"person_id": person_id, "territories": sorted(actor.territories(REQUESTERS)), "most": MOST}
    told = []
    for convocation_id in session.execute(OF_PERSON, asked).scalars():
        try:
            told.append(_told(session, actor, convocation_id, now=now))
        except (NotFound, NotAllowed):
            continue  # of a kind that is not the actor's
    return _made(session, actor, person_id, tuple(told), of="person", house=house, now=now)


def statement_made(session: Session, mark: str) -> Made | None:
    """Say whether a statement of this mark was made here: when and by whom."""
    row = session.execute(MADE, {"mark": mark.strip().lower()}).one_or_none()
    if row is None:
        return None
    return Made(row.at, names_of(session, [row.actor_id]).get(row.actor_id, ""), row.of)


def _made(
    session: Session, actor: Actor, person_id: UUID, told: tuple[Told, ...], *, of: str, house: House, now: datetime
) -> Statement:
    person = person_for(session, actor, person_id)
    consulted(session, actor, subject="person", subject_id=person_id, reason="statement", at=now)
    refusal = session.get(SmsRefusal, person_id)
    made = Statement(
        name=f"{person.family_name} {person.given_name}".strip(),
        birth_on=person.birth_on,
        service=str(session.execute(SERVICE, {"id": actor.organisation_id}).scalar() or ""),
        made_by=names_of(session, [actor.account_id]).get(actor.account_id, ""),
        made_at=now,
        phones=_phones(session, person_id, house),
        refused_at=refusal.at if refusal else None,
        refused_how=refusal.how if refusal else "",
        told=told,
    )
    act = Act(
        act="statement-made",
        subject="statement",
        subject_id=made.mark,
        person_id=person_id,
        at=now,
        facts={"of": of, "convocations": len(told)},
    )
    record(session, actor, act)
    return made


def _told(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> Told:
    line = convocation_line(session, actor, convocation_id, now=now)
    requested_by = session.get_one(Convocation, convocation_id).requested_by
    asked = {"id": str(convocation_id), "outcomes": list(OUTCOMES), "person_id": line.person_id}
    rows = session.execute(ACTS, asked).all()
    names = names_of(session, {requested_by, *(row.actor_id for row in rows if row.actor_id)})
    return Told(
        line=line,
        convened_by=names.get(requested_by, ""),
        proof=proof_of(session, actor, convocation_id),
        acts=tuple(
            Acted(
                row.at,
                row.act,
                row.facts,
                names.get(row.actor_id, SOMEBODY) if row.actor_id else "",
                row.actor_id == line.person_id,
            )
            for row in rows
        ),
        served=served_of(session, actor, convocation_id),
    )


def _phones(session: Session, person_id: UUID, house: House) -> tuple[PhoneSaid, ...]:
    person_key = key_of(session, house, person_id)
    return tuple(
        PhoneSaid(
            unseal(person_key, one.number_sealed)[-2:] if person_key else "",
            one.is_for_messages,
            one.consent_at,
            one.consent_how,
            one.refused_at,
            one.refused_how,
        )
        for one in phones_of(session, person_id)
    )


def _plain(value: object) -> str:
    if isinstance(value, date):  # an instant too
        return value.isoformat()
    return str(value)
