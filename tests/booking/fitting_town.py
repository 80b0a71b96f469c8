"""Two bracelet teams in Lyon, and people who wait at home, for the tests of fittings. Nothing commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.models import Kind, KindRight, Resource, Shape, Territory
from availability.openings import instant_of
from availability.rights import Actor, Role
from availability.sealing import House
from booking.fitting_actions import NewFittingRequest, open_request
from booking.fitting_models import FittingRequest, FittingRule
from booking.fittings import Point, Window
from booking.models import Person
from booking.sealing import new_key
from tests.booking.town import make_person
from tests.factories import NOW, TODAY, World, make_actor, make_kind, make_opening, make_resource, make_world

HOUSE = House(b"a secret of the tests, long enough")
PARIS_TIME = ZoneInfo("Europe/Paris")
LYON: Point = (45.764, 4.8357)
VILLEURBANNE: Point = (45.7719, 4.8902)
GIVORS: Point = (45.5906, 4.7717)  # 20 km from Lyon: 38 minutes
PARIS: Point = (48.8566, 2.3522)
DAYS = 30
ALL_DAY = tuple(Window(day, time(8), time(20)) for day in range(7))
MEASURES = [
    {"code": "arse", "label": "ARSE", "legal_days": 5, "counting": "every_day", "source": "D632-2"},
    {"code": "ddse", "label": "DDSE", "legal_days": None, "counting": "every_day", "source": ""},
]


@dataclass(frozen=True)
class FittingTown:
    """A world with a kind of fittings, two teams open every day from nine to twelve, and who may do what."""

    world: World
    kind: Kind
    teams: tuple[Resource, Resource]
    agent: Actor
    judge: Actor

    @property
    def officer(self) -> Actor:
        """Return who may ask for a fitting and see the offers of no team."""
        return self.world.officer


def make_fitting_town(session: Session, *, days: int = DAYS) -> FittingTown:
    """Return the town: agents reserve, officers and sentence judges only search."""
    world = make_world(session)
    world.site.lat, world.site.lon = LYON
    kind = make_kind(
        session,
        Shape.SLOTS,
        reserved_by=(Role.MONITORING_AGENT,),
        searched_by=(Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE),
        slot_step_min=15,
        slot_duration_min=45,
        buffer_after_min=15,
        max_ahead_days=60,
    )
    session.add(FittingRule(kind_id=kind.id, reach_km=60, measures=MEASURES))
    teams = tuple(make_resource(session, world.site, kind, name=f"Équipe {number}") for number in (1, 2))
    for team in teams:
        for day in range(days):
            make_opening(session, team, instant_of(TODAY + timedelta(days=day), time(9), PARIS_TIME), hours=3)
    session.flush()
    return FittingTown(
        world,
        kind,
        (teams[0], teams[1]),
        make_actor(Role.MONITORING_AGENT, world.here),
        make_actor(Role.SENTENCE_JUDGE, world.here),
    )


def may_reserve(session: Session, kind: Kind, role: Role) -> None:
    """Give a role that searches the right to reserve."""
    session.get_one(KindRight, (kind.id, role.value)).may_reserve = True
    session.flush()


def somebody(session: Session, territory: Territory, **names: str) -> Person:
    """Return a person who has a key."""
    person = make_person(session, territory, **names)
    new_key(session, HOUSE, person.id)
    session.flush()
    return person


def a_request(
    session: Session,
    town: FittingTown,
    *,
    at: Point = VILLEURBANNE,
    windows: tuple[Window, ...] = ALL_DAY,
    ordered_on: date = TODAY,
    now: datetime = NOW,
    by: Actor | None = None,
    **changes: Any,
) -> FittingRequest:
    """Return a request for one more person, just opened."""
    person = somebody(session, town.world.here)
    new = new_request(town, person, at=at, windows=windows, ordered_on=ordered_on, **changes)
    return open_request(session, by or town.agent, new, house=HOUSE, now=now)


def new_request(town: FittingTown, person: Person, **changes: Any) -> NewFittingRequest:
    """Return what is asked, right in every field but what a test changes."""
    values: dict[str, Any] = {
        "person_id": person.id,
        "kind_id": town.kind.id,
        "measure": "arse",
        "address": "12 rue des Tilleuls, 69100 Villeurbanne",
        "known_as": "12 rue des Tilleuls 69100 Villeurbanne",
        "at": VILLEURBANNE,
        "is_exact": True,
        "windows": ALL_DAY,
        "ordered_on": TODAY,
    }
    return NewFittingRequest(**values | changes)


def on(days: int, wall: str) -> datetime:
    """Return an instant by its wall time in Paris, that many days from TODAY."""
    return instant_of(TODAY + timedelta(days=days), time.fromisoformat(wall), PARIS_TIME)
