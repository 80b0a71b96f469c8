"""The link of a convocation, or of a calendar: a token derived from a key, not guessed, not stored. Pure.

The token is base64url(link id, version, HMAC): the same link can be written again in a reminder, a letter or a QR
code, and is revoked by raising its version. A false one is told without asking the database.
Source: RFC 2104, RFC 4648.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

MAC_BYTES = 16  # 128 bits
_HEAD = Struct(">QB")
TOKEN_BYTES = _HEAD.size + MAC_BYTES
TOKEN_LENGTH = 34  # of its text


@dataclass(frozen=True)
class LinkName:
    """What a genuine token says: which link, and which version of it."""

    link_id: int
    version: int


def token_of(key: bytes, name: LinkName) -> str:
    """Return the token of a link. `key` serves for links only."""
    head = _HEAD.pack(name.link_id, name.version % 256)
    return urlsafe_b64encode(head + _mac(key, head)).rstrip(b"=").decode()


def read_token(key: bytes, token: str) -> LinkName | None:
    """Return what a token says, or None when it is not one of ours."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        decoded = urlsafe_b64decode(token + "==")
    except (Error, ValueError):
        return None
    head, mac = decoded[: _HEAD.size], decoded[_HEAD.size :]
    if len(decoded) != TOKEN_BYTES or not hmac.compare_digest(mac, _mac(key, head)):
        return None
    name = LinkName(*_HEAD.unpack(head))
    return name if token_of(key, name) == token else None  # one text a link: no second spelling of the last letter


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.new(key, head, sha256).digest()[:MAC_BYTES]
