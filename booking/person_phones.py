"""The phones of a person: which one receives messages, what was said of each. Everybody who writes to somebody asks
here, whether row by row or in a statement of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from availability.sealing import House, seal, unseal
from booking.person_models import PersonPhone, PhoneKind, Said
from booking.phones import can_receive_sms

# Beside `person p`: the row `t` of the number that receives messages, if there is one.
PHONE_FOR_MESSAGES = "LEFT JOIN person_phone t ON t.person_id = p.id AND t.is_for_messages"
# Said of that number, in whichever row of the same person: two files may have been merged.
NUMBER_REFUSED = """EXISTS (SELECT FROM person_phone z WHERE z.person_id = t.person_id
               AND z.number_index = t.number_index AND z.refused_at IS NOT NULL)"""


@dataclass(frozen=True, kw_only=True)
class PhoneLine:
    """A phone in clear, for who may read it."""

    id: UUID
    kind: PhoneKind
    number: str  # E.164
    can_receive_sms: bool
    since_on: date
    until_on: date | None
    is_for_messages: bool
    consent_at: datetime | None
    consent_how: Said | None
    refused_at: datetime | None
    refused_how: Said | None


def phone_for_messages(session: Session, person_id: UUID) -> PersonPhone | None:
    """Return the phone that receives the messages of somebody, None when there is none."""
    return session.exec(
        select(PersonPhone).where(PersonPhone.person_id == person_id, col(PersonPhone.is_for_messages))
    ).one_or_none()


def phones_of(session: Session, person_id: UUID) -> Sequence[PersonPhone]:
    """Return the phones of somebody: that of messages, those of now, then those of before, the latest first."""
    return session.exec(
        select(PersonPhone)
        .where(PersonPhone.person_id == person_id)
        .order_by(
            col(PersonPhone.is_for_messages).desc(),
            col(PersonPhone.until_on).desc().nulls_first(),
            col(PersonPhone.since_on).desc(),
            col(PersonPhone.id),
        )
    ).all()


def opened(phone: PersonPhone, person_key: bytes) -> PhoneLine:
    """Return a phone in clear."""
    number = unseal(person_key, phone.number_sealed)
    return PhoneLine(
        id=phone.id,
        kind=PhoneKind(phone.kind),
        number=number,
        can_receive_sms=can_receive_sms(number),
        since_on=phone.since_on,
        until_on=phone.until_on,
        is_for_messages=phone.is_for_messages,
        consent_at=phone.consent_at,
        consent_how=Said(phone.consent_how) if phone.consent_how else None,
        refused_at=phone.refused_at,
        refused_how=Said(phone.refused_how) if phone.refused_how else None,
    )


def first_phone(person_id: UUID, number: str, person_key: bytes, *, house: House, now: datetime) -> PersonPhone:
    """Return the row of the number given with a new file: messages go there."""
    return PersonPhone(
        person_id=person_id,
        kind=PhoneKind.MOBILE if can_receive_sms(number) else PhoneKind.FIXED,
        number_sealed=seal(person_key, number),
        number_index=house.blind_index(number),
        since_on=now.date(),
        is_for_messages=True,
        created_at=now,
    )
