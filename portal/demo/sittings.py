"""Who holds the hearings of family judges of Lyon: its judges and clerks, in its rooms, so that loads say something.

They leave to the hearings that are still to plan the judges, the clerks and the rooms that these need.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.periods import Period
from booking.hearing_template_models import Formation
from booking.plans.hearing_people import ROOM_KIND
from portal.demo.catalogue import Catalogue, Hearing, Place
from portal.demo.planning import COURT, FAMILY_KIND, HEARING_KIND, placed_cases
from portal.demo.sheets import Sheet

PART_TIME = 80  # percent, of the last judge and of their clerk, who sit alone only
AWAY = text("SELECT resource_id, lower(days) AS first, upper(days) AS until FROM closure WHERE resource_id = ANY(:ids)")


class SittingsOfLyon:
    """Staffings being written; nobody is in two places."""

    def __init__(self, session: Session, catalogue: Catalogue, rng: Random, now: datetime) -> None:
        self.session, self.catalogue, self.rng, self.now = session, catalogue, rng, now
        self.benches = list(zip(self._here("magistrat"), self._here("greffier"), strict=True))
        self.rooms = self._here(ROOM_KIND)
        self.busy: defaultdict[int, list[Period]] = defaultdict(list)
        self.minutes: defaultdict[int, int] = defaultdict(int)
        self.staffings = Sheet("hearing_staffing", "id hearing_id judge_id clerk_id room_id created_at", numbered=False)
        self.seats = Sheet("seat_time", "resource_id seat during holder_id", numbered=False)

    def fill(self, today: Hearing) -> SittingsOfLyon:
        """Have somebody hold each hearing that leaves enough to those to plan; return itself. `today` is held."""
        for one in (*self.benches[0], self.rooms[0]):
            self.busy[one.id].append(_period(today))
        judges = [judge.id for judge, _ in self.benches]
        away = self.session.execute(AWAY, {"ids": judges}).all()
        coming = [(self.catalogue.hearing_of[place.id], place) for place in self._here(FAMILY_KIND)]
        to_plan = [one for place in self._here(HEARING_KIND) if (one := self.catalogue.hearing_of[place.id]) != today]
        for hearing, place in sorted(coming, key=lambda one: (one[0].starts_at, one[1].id)):
            day = hearing.starts_at.astimezone(place.zone).date()
            gone = {row.resource_id for row in away if row.first <= day < row.until}
            self._hold(place, hearing, gone, sum(_period(one).overlaps(_period(hearing)) for one in to_plan))
        return self

    def write(self) -> None:
        """Write who holds what, who works less, what they hold, and the cases that have a date there."""
        self.staffings.write(self.session)
        self.seats.write(self.session)
        shares = Sheet("work_share", "resource_id percent", numbered=False)
        skills = Sheet("skill", "resource_id kind_id formation", numbered=False)
        for one in self.benches[-1]:
            shares.add(resource_id=one.id, percent=PART_TIME)
            for kind in (FAMILY_KIND, HEARING_KIND):
                kind_id = self.catalogue.kinds[kind]
                skills.add(resource_id=one.id, kind_id=kind_id, formation=Formation.SINGLE.value)
        shares.write(self.session)
        skills.write(self.session)
        placed_cases(self.session, self.now)

    def _hold(self, place: Place, hearing: Hearing, gone: set[int], needed: int) -> None:
        """Have the least loaded hold a hearing; who is away that day first, whose absence was noted afterwards."""
        period = _period(hearing)
        rooms = [one for one in self.rooms if self._is_free(one, period)]
        free = [pair for pair in self.benches if all(self._is_free(one, period) for one in pair)]
        if len(rooms) <= needed or sum(judge.id not in gone for judge, _ in free) <= needed:
            return
        judge, clerk = min(free, key=lambda pair: (pair[0].id not in gone, self.minutes[pair[0].id], pair[0].id))
        holder = UUID(int=self.rng.getrandbits(128), version=4)
        self.staffings.add(
            id=holder,
            hearing_id=place.id,
            judge_id=judge.id,
            clerk_id=clerk.id,
            room_id=rooms[-1].id,
            created_at=self.now - timedelta(days=20),
        )
        self.minutes[judge.id] += hearing.max_minutes
        for one in (judge, clerk, rooms[-1]):
            self.busy[one.id].append(period)
            during = f"[{period.start.isoformat()},{period.end.isoformat()})"
            self.seats.add(resource_id=one.id, seat=1, during=during, holder_id=holder)

    def _is_free(self, one: Place, period: Period) -> bool:
        return not any(period.overlaps(other) for other in self.busy[one.id])

    def _here(self, kind: str) -> list[Any]:
        return [one for one in self.catalogue.places if one.kind == kind and one.host.court.code == COURT]


def _period(hearing: Hearing) -> Period:
    return Period(hearing.starts_at, hearing.ends_at)
