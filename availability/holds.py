"""Slots that somebody is reserving: taken for some minutes, and maybe free again. Never by whom. Reads, as of `now`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.slots import Slot

# Wide of the civil days asked for, in any zone.
HELD = text("""
    SELECT resource_id, lower(during) AS starts_at, upper(during) AS ends_at, expires_at FROM seat_time
    WHERE resource_id = ANY(:ids) AND during && tstzrange(CAST(:first AS date) - 1, CAST(:until AS date) + 1)
      AND expires_at > :now""")


@dataclass(frozen=True)
class HeldTime:
    """A seat held over `[starts_at, ends_at)`, until `expires_at` at the latest."""

    starts_at: datetime
    ends_at: datetime
    expires_at: datetime


def held_times(
    session: Session, resource_ids: Iterable[int], *, first: date, until: date, now: datetime
) -> dict[int, list[HeldTime]]:
    """Return what is only held around civil days `[first, until)`, by resource that holds something."""
    held: dict[int, list[HeldTime]] = defaultdict(list)
    for row in session.execute(HELD, {"ids": list(resource_ids), "first": first, "until": until, "now": now}):
        held[row.resource_id].append(HeldTime(row.starts_at, row.ends_at, row.expires_at))
    return held


def held_until(slot: Slot, held: Sequence[HeldTime]) -> datetime | None:
    """Return when a slot that is not free may be again at the latest, None when nobody is only reserving it."""
    if slot.is_free:
        return None
    start, end = slot.period.start, slot.period.end
    return min((one.expires_at for one in held if one.starts_at < end and one.ends_at > start), default=None)
