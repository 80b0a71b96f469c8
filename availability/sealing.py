"""Sealed values: what only the key of the installation opens, or one derived from it.

AES-256-GCM; the key never leaves the settings. Source: NIST SP 800-38D.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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
