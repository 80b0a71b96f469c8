"""Sealed content on the disk, beside the database: one file a name, whole or absent, that only its key opens.

AES-256-GCM by chunks, each of which says its rank and whether it is the last: none can be changed, moved, left out or
added. The key is of one file only. Source: Hoang et al., "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance" (2015), the STREAM construction.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from availability.sealing import Unreadable

CHUNK = 64 * 1024  # bytes, before they are sealed
TAG = 16
PARTIAL = ".part"  # of a file that is being written


@dataclass(frozen=True)
class Vault:
    """The folder in which sealed content is kept."""

    folder: Path

    def path_of(self, file_id: UUID) -> Path:
        """Return where a file is; by its first letters, so that no folder grows too large."""
        return self.folder / file_id.hex[:2] / file_id.hex

    def write(self, owner_key: bytes, file_id: UUID, data: bytes) -> bytes:
        """Keep a content, on the disk once this returns, and return the digest of what is there."""
        path = self.path_of(file_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(PARTIAL)
        digest = hashlib.sha256()
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for chunk in sealed(_key(owner_key, file_id), data):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
            _sync(path.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return digest.digest()

    def read(self, owner_key: bytes, file_id: UUID) -> Iterator[bytes]:
        """Yield the content of a file. Raises: FileNotFoundError at once, Unreadable at the first chunk altered."""
        file = self.path_of(file_id).open("rb")
        return _opened(_key(owner_key, file_id), file)

    def remove(self, file_id: UUID) -> None:
        """Remove a file, if it is there."""
        self.path_of(file_id).unlink(missing_ok=True)

    def older_than(self, before: datetime) -> Iterator[tuple[Path, UUID | None]]:
        """Yield what was last written before an instant: its path, and its number unless it was never finished."""
        for path in self.folder.glob("??/*"):
            if path.stat().st_mtime < before.timestamp():
                yield path, None if path.suffix == PARTIAL else UUID(path.name)


def sealed(key: bytes, data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a content, sealed; an empty content has one."""
    cipher, view = AESGCM(key), memoryview(data)
    last = max(len(data) - 1, 0) // CHUNK
    for rank in range(last + 1):
        yield cipher.encrypt(_nonce(rank, is_last=rank == last), view[rank * CHUNK : (rank + 1) * CHUNK], None)


def _opened(key: bytes, file: BinaryIO) -> Iterator[bytes]:
    cipher = AESGCM(key)
    with file:
        chunk, rank = file.read(CHUNK + TAG), 0
        while chunk or not rank:
            following = file.read(CHUNK + TAG)
            try:
                yield cipher.decrypt(_nonce(rank, is_last=not following), chunk, None)
            except (InvalidTag, ValueError) as error:
                raise Unreadable from error
            chunk, rank = following, rank + 1


def _nonce(rank: int, *, is_last: bool) -> bytes:
    return rank.to_bytes(11, "big") + bytes([is_last])


def _key(owner_key: bytes, file_id: UUID) -> bytes:
    return hmac.new(owner_key, b"file" + file_id.bytes, hashlib.sha256).digest()


def _sync(folder: Path) -> None:
    """Have a name that was just given last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
