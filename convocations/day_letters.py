"""The letters of a day: whose they are, who has no mobile or receives no SMS, and the files that they are printed in.

A file is a range of the day, from one letter to another, not "the next 200": what is called off or added between two
files moves nobody from one to the other, and none is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from availability.sealing import House, Unreadable, unseal
from booking.ledger import SCOPE, scope_values
from booking.person_phones import NUMBER_REFUSED, PHONE_FOR_MESSAGES
from booking.phones import can_receive_sms
from booking.sealing import unwrapped

MOST = 200  # letters of one file, as it is offered: some 700 KB, and eight seconds of processor
MOST_OF_DAY = 5000

OF_DAY = text(f"""
    WITH {SCOPE}
    SELECT c.id, b.starts_at, s.time_zone, t.number_sealed, o.wrapped,
           EXISTS (SELECT FROM sms_refusal x WHERE x.person_id = c.person_id) OR {NUMBER_REFUSED} AS refuses
    FROM convocation c JOIN scope mine ON mine.territory_id = c.territory_id AND c.kind_id = ANY(mine.kinds)
    JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    JOIN person p ON p.id = c.person_id {PHONE_FOR_MESSAGES}
    LEFT JOIN person_key o ON o.person_id = p.id
    WHERE c.standing = 'set' AND b.state = 'booked' AND b.starts_at > :now
      AND CAST(b.starts_at AT TIME ZONE s.time_zone AS date) = :day
    ORDER BY b.starts_at, c.id LIMIT :most""")  # noqa: S608 - constants only


class Whom(StrEnum):
    """Whose letters are printed. The value is what the address carries."""

    ALL = "tous"
    NO_MOBILE = "sans-mobile"  # no phone, or none that receives SMS
    NO_SMS = "sans-sms"  # nor those who refuse them


@dataclass(frozen=True, order=True)
class Mark:
    """Where a letter is in the day."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}_{self.id}"


@dataclass(frozen=True)
class DayLetter:
    """A letter of the day, in its order. The instant is to be shown in `time_zone`, that of the place."""

    mark: Mark
    time_zone: str


@dataclass(frozen=True)
class Part:
    """The letters of one file: after one mark, up to another."""

    after: Mark | None
    until: Mark
    letters: Sequence[DayLetter] = field(repr=False)


def letters_of_day(
    session: Session, actor: Actor, day: date, *, house: House, now: datetime, whom: Whom = Whom.ALL
) -> list[DayLetter]:
    """Return the letters of a day within the actor's reach to which somebody may still come, in its order."""
    asked = scope_values(actor) | {"day": day, "now": now, "most": MOST_OF_DAY}
    rows = session.execute(OF_DAY, asked)
    return [DayLetter(Mark(row.starts_at, row.id), row.time_zone) for row in rows if _is_wanted(row, whom, house)]


def parts_of(letters: Sequence[DayLetter]) -> list[Part]:
    """Return the files that print letters of a day, MOST in each."""
    groups = [letters[start : start + MOST] for start in range(0, len(letters), MOST)]
    return [
        Part(groups[number - 1][-1].mark if number else None, group[-1].mark, group)
        for number, group in enumerate(groups)
    ]


def within(letters: Sequence[DayLetter], after: Mark | None, until: Mark | None) -> list[UUID]:
    """Return the convocations of one file, as they are now."""
    return [
        one.mark.id for one in letters if (after is None or one.mark > after) and (until is None or one.mark <= until)
    ]


def mark_of(typed: str) -> Mark | None:
    """Return the mark that an address carries, None when it is none."""
    said, _, name = typed.partition("_")
    try:
        at = datetime.fromisoformat(said)
        return Mark(at, UUID(name)) if at.tzinfo else None
    except ValueError:
        return None


def _is_wanted(row: Any, whom: Whom, house: House) -> bool:
    if whom is Whom.ALL or (whom is Whom.NO_SMS and row.refuses):
        return True
    return not _has_mobile(row, house)


def _has_mobile(row: Any, house: House) -> bool:
    if row.wrapped is None or row.number_sealed is None:
        return False
    try:
        return can_receive_sms(unseal(unwrapped(house, row.wrapped), row.number_sealed))
    except Unreadable:
        return False
