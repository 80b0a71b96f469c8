"""Sealed values: each person has a key, wrapped by the key of the house; destroying it erases what it sealed.

AES-256-GCM; the key of the house never leaves the settings. Source: NIST SP 800-38D; key wrapping by RFC 3394.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlmodel import Session

from booking.models import PersonKey

NONCE_BYTES = 12
CALENDAR_FEEDS = "calendar-feeds"  # what the addresses of imported calendars are sealed for
AUDIT = "audit-seals"  # what binds the lines of history


class Unreadable(Exception):  # noqa: N818
    """The value was not sealed with this key, or was altered."""


@dataclass(frozen=True)
class House:
    """The secret of the installation, from which the wrapping key and the blind index are derived."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret key needs at least 16 bytes")

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose only."""
        return hmac.new(self.secret, purpose.encode(), hashlib.sha256).digest()

    def blind_index(self, value: str) -> bytes:
        """Return what allows to find an equal value without reading it."""
        return hmac.new(self.derived("blind-index"), value.encode(), hashlib.sha256).digest()[:16]


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


def seal(person_key: bytes, value: str) -> bytes:
    """Return `value` encrypted: nonce, then ciphertext and tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(person_key).encrypt(nonce, value.encode(), None)


def unseal(person_key: bytes, sealed: bytes) -> str:
    """Return the value that was sealed. Raises: Unreadable."""
    try:
        return AESGCM(person_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
    except (InvalidTag, ValueError) as error:  # ValueError: cut shorter than a nonce
        raise Unreadable from error
