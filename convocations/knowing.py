"""What a link shows beyond the appointment, to whoever says the year of birth: the service, and its phone.

Five wrong years, then a day to wait: a year has some sixty values. The row of the count is the lock of who tries next.
The right year is answered "wait" too by then, so that guessing on teaches nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import Session

from convocations.bearing import Bearer
from convocations.errors import LinkUnknown

MOST_TRIES = 5
WAIT = timedelta(days=1)
YEAR_DIGITS = 4
COUNT = text("""
    INSERT INTO link_try AS t (convocation_id, tries, since) VALUES (:id, 1, :now)
    ON CONFLICT (convocation_id) DO UPDATE SET
        tries = CASE WHEN t.since <= :before THEN 1 ELSE least(t.tries, :most) + 1 END,
        since = CASE WHEN t.since <= :before THEN :now ELSE t.since END
    RETURNING tries""")
UNCOUNT = text("UPDATE link_try SET tries = tries - 1 WHERE convocation_id = :id")
BORN = text("SELECT extract(year FROM birth_on)::int FROM person WHERE id = :person_id")
# The place where one is received; when it has no phone, that of the service that summons.
CONTACT = text("""
    SELECT s.name, coalesce(nullif(s.phone, ''), (
        SELECT o.phone FROM site o WHERE o.territory_id = c.territory_id AND o.phone <> '' ORDER BY o.id LIMIT 1
    ), '') AS phone
    FROM convocation c LEFT JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    WHERE c.id = :id""")


class Judged(StrEnum):
    """What a year of birth is worth."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"


@dataclass(frozen=True)
class Contact:
    """Who summons, and how to call them; the phone is empty when nobody wrote one."""

    name: str
    phone: str


def judge_year(session: Session, bearer: Bearer, typed: str, *, now: datetime) -> tuple[Judged, Contact | None]:
    """Say whether a year is that of the person's birth, and then whom to call.

    It is an answer rather than a refusal: the try counts, and a refusal would take that back. What is no year of four
    digits, in whichever digits it is written, is wrong and counts for nothing. Raises: LinkUnknown once erased.
    """
    year = year_typed(typed)
    if year is None:
        return Judged.WRONG, None
    tried = {"id": bearer.convocation_id, "now": now, "before": now - WAIT, "most": MOST_TRIES}
    tries = session.execute(COUNT, tried).scalar_one()
    born = session.execute(BORN, {"person_id": bearer.person_id}).scalar()
    if born is None:
        raise LinkUnknown
    is_right = hmac.compare_digest(year, f"{born:04d}".encode())
    if tries > MOST_TRIES:
        return Judged.WAIT, None
    if not is_right:
        return Judged.WRONG, None
    session.execute(UNCOUNT, {"id": bearer.convocation_id})
    return Judged.RIGHT, Contact(*session.execute(CONTACT, {"id": bearer.convocation_id}).one())


def year_typed(typed: str) -> bytes | None:
    """Return the four digits of a year, whatever the script; None when it is none."""
    bare = typed.strip()
    return f"{int(bare):04d}".encode() if bare.isdecimal() and len(bare) == YEAR_DIGITS else None
