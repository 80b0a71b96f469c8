"""Each person has a key, wrapped by the key of the house; destroying it erases what it sealed. Source: RFC 3394."""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlmodel import Session

from availability.sealing import House, Unreadable
from booking.models import PersonKey


def new_key(session: Session, house: House, person_id: UUID) -> bytes:
    """Make, store (wrapped) and return the key of a new person."""
    person_key = secrets.token_bytes(32)
    session.add(PersonKey(person_id=person_id, wrapped=aes_key_wrap(house.derived("person-keys"), person_key)))
    return person_key


def key_of(session: Session, house: House, person_id: UUID) -> bytes | None:
    """Return the key of a person, or None once they are erased. Raises: Unreadable when another house wrapped it."""
    row = session.get(PersonKey, person_id)
    return unwrapped(house, row.wrapped) if row else None


def unwrapped(house: House, wrapped: bytes) -> bytes:
    """Return a person's key as it serves, from how it is stored. Raises: Unreadable when another house wrapped it."""
    try:
        return aes_key_unwrap(house.derived("person-keys"), wrapped)
    except InvalidUnwrap as error:
        raise Unreadable from error
