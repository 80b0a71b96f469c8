"""The two starts that a message proposes, to be answered by 1 or 2. Reads only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.claims import SlotClaim
from availability.openings import local_day
from availability.periods import Period
from availability.queries import slots_by_day, slots_of

LOOK = timedelta(days=14)
A_DAY = timedelta(days=1)
SOONEST = timedelta(days=1)  # whoever reads it tomorrow can still answer
A_MINUTE = timedelta(minutes=1)


class Proposals:
    """Proposes different starts to those who are written to together, as long as there are enough of them."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._left: dict[tuple[int, ...], list[datetime]] = {}

    def two(self, resource_ids: tuple[int, ...], time_zone: str, choose_by: date | None) -> tuple[datetime, ...]:
        """Return two free starts of these resources, none when there are not two."""
        if choose_by is None:
            return ()
        if resource_ids not in self._left:
            self._left[resource_ids] = self._free(resource_ids, time_zone)
        left = self._left[resource_ids]
        if len(left) < 2:
            return ()
        first, second = left[0], left[1]
        # Those already proposed come again last: nothing is kept for anybody, and the first who answers has it.
        self._left[resource_ids] = [*left[2:], first, second]
        return (first, second) if first < second else (second, first)

    def _free(self, resource_ids: tuple[int, ...], time_zone: str) -> list[datetime]:
        today = local_day(self._now + SOONEST, ZoneInfo(time_zone))
        zones = dict.fromkeys(resource_ids, time_zone)
        listed = slots_by_day(self._session, zones, first=today, until=today + LOOK, now=self._now)
        starts = {slot.period.start for dated in listed.values() for _, slot in dated if slot.is_free}
        return sorted(start for start in starts if start >= self._now + SOONEST)


def claims_at(session: Session, resource_ids: tuple[int, ...], start: datetime, *, now: datetime) -> list[SlotClaim]:
    """Return what takes a start, in the order to try: whoever of these resources is free then."""
    listed = slots_of(session, resource_ids, within=Period(start, start + A_MINUTE), now=now)
    free = [one for one in resource_ids if any(s.is_free and s.period.start == start for s in listed.get(one, ()))]
    return [SlotClaim(resource_id=one, start=start) for one in free]
