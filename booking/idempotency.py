"""One answer a key: an act asked twice under the same idempotency key is done once, and answered twice the same.

The answer is stored in the transaction of the act, so there is never one without the other; a refusal rolls both
back, and may be tried again with the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, text
from sqlmodel import Session, col

from availability.rights import Actor
from booking.errors import KeyReused
from booking.models import Answer

# Whoever comes second waits here for the end of the first transaction, then reads what it stored.
WAIT_FOR_SAME_KEY = text("SELECT pg_advisory_xact_lock(hashtextextended(:actor_and_key, 0))")


@dataclass(frozen=True)
class Answered:
    """The status and the JSON body of an answer; `is_replay` when it was given before."""

    status: int
    body: dict[str, Any]
    is_replay: bool = False


def digest_of(route: str, body: dict[str, Any]) -> bytes:
    """Return what tells two requests apart: the route with its identifiers, and the body once understood."""
    written = json.dumps([route, body], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).digest()


def answer_once(
    session: Session,
    actor: Actor,
    key: str,
    request_digest: bytes,
    *,
    act: Callable[[Session], Answered],
    now: datetime,
) -> Answered:
    """Return what `act` answers, or what it answered the first time that this actor gave this key.

    Raises: KeyReused when the key came with another request, and whatever `act` raises.
    """
    session.execute(WAIT_FOR_SAME_KEY, {"actor_and_key": f"{actor.account_id} {key}"})
    given = session.get(Answer, (actor.account_id, key))
    if given is not None:
        if given.digest != request_digest:
            raise KeyReused(key=key)
        return Answered(given.status, given.body, is_replay=True)
    answered = act(session)
    session.add(
        Answer(
            actor_id=actor.account_id,
            key=key,
            digest=request_digest,
            status=answered.status,
            body=answered.body,
            at=now,
        )
    )
    return answered


def forget_answers(session: Session, *, before: datetime) -> int:
    """Forget the answers given before an instant; return how many. A job calls it once a day."""
    forgotten = session.execute(delete(Answer).where(col(Answer.at) < before))
    return int(forgotten.rowcount)  # type: ignore[attr-defined]
