"""Why a place was given back or an absence excused: a short closed list for each act, and a few words beside "other".

The code is in the column of the booking (of the convocation when nothing was booked) and in the history. The words may
say anything of somebody: they are sealed with the person's own key, and erased with it. Whoever may not hold the file
of the person is told neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import Session

from availability.claims import readable
from availability.errors import InvalidRequest
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, seal, unseal
from booking.sealing import key_of

OTHER = "other"
# The usual one first: it is what a form shows. Source: what SPIP note of an absence; docs/glossary.md, "motif".
EXCUSED_FOR = ("health", "work", "transport", "children", "detention", OTHER)
GIVEN_BACK_FOR = ("request", "agent-absent", "place-closed", "measure-ended", "entry-error", OTHER)
MOST_WORDS = 200
OF_WHOEVER_FOLLOWS = frozenset({"booking-excused", "booking-cancelled"})  # acts whose reason is not for the host
FORGOTTEN: dict[str, Any] = {"reason": "", "reason_sealed": None}
REASONS = "booking-reasons"  # what the installation's own key is derived for, when there is no person


@dataclass(frozen=True)
class Reason:
    """Why, as one of the codes of the act; empty when nobody said it. `words` go with "other" only."""

    code: str = ""
    words: str = ""
    house: House | None = field(default=None, repr=False)  # seals the words


UNSAID = Reason()


class OfSomebody(Protocol):
    """What is given back, and whose it was."""

    @property
    def person_id(self) -> UUID | None:
        """Return for whom, None when nobody was named."""
        ...


def reason_columns(session: Session, of: OfSomebody, reason: Reason, *, among: tuple[str, ...]) -> dict[str, Any]:
    """Return the columns that keep a reason. Raises: InvalidRequest."""
    if reason.code and reason.code not in among:
        raise InvalidRequest("reason", "unknown-choice")
    words = readable("reason_text", reason.words).strip()
    if not words:
        return FORGOTTEN | {"reason": reason.code}
    if reason.code != OTHER or reason.house is None:
        raise InvalidRequest("reason_text", "only-with-other")
    if len(words) > MOST_WORDS:
        raise InvalidRequest("reason_text", "too-long", most=MOST_WORDS)
    return {"reason": OTHER, "reason_sealed": seal(_sealing_key(session, reason.house, of.person_id), words)}


def reason_facts(reason: Reason) -> dict[str, Any]:
    """Return what the history keeps of a reason: its code."""
    return {"reason": reason.code} if reason.code else {}


def words_of(session: Session, house: House, person_id: UUID | None, sealed: bytes | None) -> str:
    """Return what was said beside "other"; nothing of somebody who was erased."""
    if sealed is None:
        return ""
    own = key_of(session, house, person_id) if person_id is not None else house.derived(REASONS)
    return unseal(own, sealed) if own else ""


def told_facts(actor: Actor, act: str, facts: dict[str, Any], territory_id: int) -> dict[str, Any]:
    """Return the facts of a line as this actor may read them: why somebody is absent is not for the host."""
    if act not in OF_WHOEVER_FOLLOWS or "reason" not in facts or holds_file(actor, territory_id):
        return facts
    return {name: value for name, value in facts.items() if name != "reason"}


def holds_file(actor: Actor, territory_id: int) -> bool:
    """Say whether the actor may hold the files of the people of a territory."""
    return territory_id in actor.territories(REQUESTERS)


def _sealing_key(session: Session, house: House, person_id: UUID | None) -> bytes:
    own = key_of(session, house, person_id) if person_id is not None else None
    return own or house.derived(REASONS)
