"""A court for tests of planning: two judges with their clerks, two rooms, and who plans there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from availability.models import Kind, Resource, Shape, Site
from availability.rights import Actor, Role
from booking.plans.hearing_people import ROOM_KIND
from booking.plans.hearings import problem_of
from booking.plans.kept import Scope
from booking.plans.models import Cabinet, WaitingCase
from booking.plans.runs import finish_run, job_for, start_run, take_run
from optimizer.beside import search
from optimizer.hearings.problem import Problem
from optimizer.manners import Found
from optimizer.searching import Progress
from tests.factories import (
    NOW,
    in_days,
    make_actor,
    make_hearing,
    make_kind,
    make_resource,
    make_site,
    make_territory,
)

FIRST, UNTIL = in_days(1), in_days(60)


@dataclass(frozen=True)
class SmallCourt:
    """Numbers rather than rows: they outlive a transaction."""

    territory_id: int
    site: Site
    kind: Kind
    judges: tuple[int, int]
    clerks: tuple[int, int]
    rooms: tuple[int, int]
    clerk: Actor  # who plans
    stranger: Actor  # who plans elsewhere

    @property
    def court(self) -> Scope:
        """Return what is planned here."""
        return Scope(territory_id=self.territory_id, kind_id=self.kind.id, first=FIRST, until=UNTIL)

    def problem(self, session: Session, now: datetime = NOW) -> Problem:
        """Return the problem of this court."""
        return problem_of(session, self.court, now=now)

    def hearing(self, session: Session, *, in_days: float = 7, hours: float = 3, **columns: Any) -> int:
        """Add a hearing in so many days, at ten in the morning, and return its number."""
        resource = make_resource(session, self.site, self.kind, name="Audience")
        start = NOW + timedelta(days=in_days)
        make_hearing(session, resource, starts_at=start, ends_at=start + timedelta(hours=hours), **columns)
        return resource.id

    def case(self, session: Session, number: int, **columns: Any) -> UUID:
        """Add a case that waits, and return its number."""
        values: dict[str, Any] = {
            "case_ref": f"RG 26/{number:05}",
            "family": "51",
            "minutes": 20,
            "received_on": in_days(-30),
            "ready_on": date(2026, 3, 2),
        }
        waiting = WaitingCase(territory_id=self.territory_id, kind_id=self.kind.id, **values | columns)
        session.add(waiting)
        session.flush()
        return waiting.id


def make_court(session: Session) -> SmallCourt:
    """Return an empty court."""
    here, elsewhere = make_territory(session), make_territory(session)
    site = make_site(session, here)
    kind = make_kind(session, Shape.SESSIONS, reserved_by=(Role.REGISTRY,))
    staff = make_kind(session, Shape.SLOTS, reserved_by=())
    rooms = session.exec(select(Kind).where(Kind.code == ROOM_KIND)).one_or_none()
    rooms = rooms or make_kind(session, Shape.SLOTS, reserved_by=(), code=ROOM_KIND)

    def two(kind: Kind, name: str) -> tuple[int, int]:
        made: list[Resource] = [make_resource(session, site, kind, name=f"{name} {number}") for number in (1, 2)]
        return made[0].id, made[1].id

    judges, clerks = two(staff, "Juge"), two(staff, "Greffe")
    session.add_all(Cabinet(judge_id=judge, clerk_id=clerk) for judge, clerk in zip(judges, clerks, strict=True))
    session.flush()
    return SmallCourt(
        territory_id=here.id,
        site=site,
        kind=kind,
        judges=judges,
        clerks=clerks,
        rooms=two(rooms, "Salle"),
        clerk=make_actor(Role.REGISTRY, here),
        stranger=make_actor(Role.REGISTRY, elsewhere),
    )


def solved(session: Session, court: SmallCourt, *, now: datetime = NOW) -> UUID:
    """Return a run whose plan is there, as a server would have made it."""
    asked = start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=now)
    assert take_run(session, now=now) == asked
    assert finish_run(session, asked, searched(session, asked, now=now), now=now)
    return asked


def searched(session: Session, run_id: UUID, *, now: datetime = NOW, stop: bool = False) -> Found:
    """Return what the search of a run finds."""
    told: list[Progress] = []
    return search(job_for(session, run_id, now=now), stop=lambda: stop, progress=told.append, limit_s=2)


def seats(session: Session) -> list[tuple[int, UUID]]:
    """Return whose time is taken, and by what."""
    return [(row.resource_id, row.holder_id) for row in session.execute(text("SELECT * FROM seat_time ORDER BY id"))]
