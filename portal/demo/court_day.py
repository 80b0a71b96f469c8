"""A hearing of Lyon that is being held at this very moment: its list half done, and the screen of its hall."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.openings import instant_of
from availability.sealing import House, seal
from booking.hearing_day_models import Shown, Stage
from booking.hearing_list import CASE_NAMES
from booking.models import State
from booking.plans.hearing_people import ROOM_KIND
from portal.demo.accounts import Accounts
from portal.demo.catalogue import Catalogue, Hearing, Place
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.names import family_name
from portal.demo.planning import COURT, HEARING_KIND
from portal.demo.sheets import Sheet, copy

HALF_AN_HOUR = timedelta(minutes=30)
STAGES = (
    Stage.DONE,
    Stage.DONE,
    Stage.DONE,
    Stage.RUNNING,
    Stage.CALLED,
    Stage.WAITING,
    Stage.WAITING,
    Stage.WAITING,
    Stage.WAITING,
)
MISSED = 2  # the third: nobody came
MINUTES = 15
FAMILY = "51"
SCREEN = 4_242_424_242  # its number is part of its address: the same for the same secret


def hearing_of_today(catalogue: Catalogue, now: datetime) -> None:
    """Add a hearing that began half an hour ago or a little more."""
    host = next(one for one in catalogue.courthouses if one.court.code == COURT)
    start = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - HALF_AN_HOUR
    start = max(start, instant_of(now.astimezone(host.zone).date(), time(), host.zone))  # of today, even at midnight
    place = catalogue.place(host, HEARING_KIND, "Audience JCP du jour")
    hearing = Hearing(starts_at=start, ends_at=start + timedelta(hours=3), max_cases=12, quotas={})
    catalogue.hears(place, hearing)


class CourtDay:
    """The rows of that hearing."""

    def __init__(self, rng: Random, accounts: Accounts, ledger: Ledger, house: House, now: datetime) -> None:
        self.rng = rng
        self.accounts = accounts
        self.ledger = ledger
        self.key = house.derived(CASE_NAMES)
        self.now = now
        self.calls = Sheet(
            "case_call",
            "hearing_id booking_id rank stage called_at began_at ended_at moved_to name_sealed",
            numbered=False,
        )
        self.place: Place | None = None

    def fill(self, place: Place, hearing: Hearing) -> None:
        """Write its cases, each where it stands."""
        self.place = place
        for rank, stage in enumerate(STAGES):
            began = hearing.starts_at + rank * timedelta(minutes=9)
            ended = began + timedelta(minutes=8)
            is_done, state = stage is Stage.DONE, State.MISSED if rank == MISSED else State.HONOURED
            booking_id = self.ledger.write(
                Entry(
                    place=place,
                    state=state if is_done else State.BOOKED,
                    when=When(starts_at=hearing.starts_at, ends_at=hearing.ends_at),
                    created_at=hearing.starts_at - timedelta(days=40 - rank),
                    decided_at=ended if is_done else None,
                    by=self.accounts.for_place(place),
                    case_ref=f"RG {self.now.year % 100:02}/{self.rng.randrange(100_000):05}",
                    minutes=MINUTES,
                    family=FAMILY,
                )
            )
            is_heard = stage is Stage.RUNNING or (is_done and rank != MISSED)
            self.calls.add(
                hearing_id=place.id,
                booking_id=booking_id,
                rank=rank + 1,
                stage=stage.value,
                called_at=began if stage is not Stage.WAITING else None,
                began_at=began if is_heard else None,
                ended_at=ended if is_done else None,
                moved_to=None,
                name_sealed=seal(self.key, self._name()),
            )

    def write(self, session: Session, catalogue: Catalogue, hearing: Hearing) -> None:
        """Write where each case stands, who holds the hearing, and the screen of the hall."""
        if self.place is None:
            return
        self.calls.write(session)
        judge, clerk, room = (_first(catalogue, code) for code in ("magistrat", "greffier", ROOM_KIND))
        holder = UUID(int=self.rng.getrandbits(128), version=4)
        members = {"hearing_id": self.place.id, "judge_id": judge.id, "clerk_id": clerk.id, "room_id": room.id}
        _row(session, "hearing_staffing", id=holder, created_at=self.now - timedelta(days=30), **members)
        during = f"[{hearing.starts_at.isoformat()},{hearing.ends_at.isoformat()})"
        for one in (judge, clerk, room):
            _row(session, "seat_time", resource_id=one.id, seat=1, during=during, holder_id=holder)
        court = self.place.host.court.id
        _row(
            session, "hearing_publicity", territory_id=court, kind_id=self.ledger.kinds[HEARING_KIND], shown=Shown.NAME
        )
        _row(
            session,
            "screen",
            id=SCREEN,
            territory_id=court,
            name="Hall principal",
            room_ids=[],
            link_version=1,
            created_by=self.accounts.for_place(self.place).id,
            created_at=self.now - timedelta(days=30),
        )

    def _name(self) -> str:
        return f"{family_name(self.rng)} c/ {family_name(self.rng)}"


def _first(catalogue: Catalogue, kind: str) -> Place:
    return next(place for place in catalogue.places if place.kind == kind)


def _row(session: Session, table: str, **values: Any) -> None:
    copy(session, table, values, [tuple(values.values())])
