"""Rows and actors for tests: each call makes one more and says the least; what a test is about is an argument.

Every name is visibly fictional. Nothing commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, SQLModel

from availability.models import (
    Closure,
    HearingSession,
    Kind,
    KindRight,
    LocatedBy,
    Opening,
    OpeningRule,
    Organisation,
    Resource,
    Shape,
    Site,
    Territory,
    TerritoryLevel,
    Unit,
)
from availability.rights import Actor, Right, Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, ten in the morning in Paris
TODAY = date(2026, 3, 2)
PARIS = (48.8566, 2.3522)
# What a kind for persons is searched on; reasons come in this order.
PROFILE: dict[str, Any] = {
    "sex": {"label": "Sexe", "type": "choice", "position": 1, "choices": {"F": "Femmes", "M": "Hommes"}},
    "age": {"label": "Âge", "type": "range", "position": 2, "least": "min_age", "most": "max_age"},
    "weekend": {"label": "Week-end", "type": "flag", "position": 3},
    "accessible": {"label": "Accessible en fauteuil", "type": "flag", "position": 4},
}

T = TypeVar("T", bound=SQLModel)

_numbers = count(1)


def in_days(days: int) -> date:
    """Return the civil day that many days from TODAY."""
    return TODAY + timedelta(days=days)


def in_minutes(minutes: float) -> datetime:
    """Return the instant that many minutes from NOW."""
    return NOW + timedelta(minutes=minutes)


def make_territory(session: Session, *, parent: Territory | None = None, **columns: Any) -> Territory:
    """Return one more ressort."""
    number = next(_numbers)
    values = {"code": f"TJ-{number}", "name": f"Ressort {number}", "level": TerritoryLevel.JUDICIAL_COURT} | columns
    return _kept(session, Territory(parent_id=parent.id if parent else None, **values))


def make_organisation(session: Session, **columns: Any) -> Organisation:
    """Return one more organisation."""
    number = next(_numbers)
    return _kept(session, Organisation(**{"code": f"ORG-{number}", "name": f"Association fictive {number}"} | columns))


def make_site(session: Session, territory: Territory, organisation: Organisation | None = None, **columns: Any) -> Site:
    """Return one more site, in the middle of Paris unless said otherwise; `lat=None` puts it nowhere."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"SITE-{number}",
        "name": f"Site fictif {number}",
        "lat": PARIS[0],
        "lon": PARIS[1],
    } | columns
    values["lon"] = None if values["lat"] is None else values["lon"]
    values.setdefault("located_by", LocatedBy.NOWHERE if values["lat"] is None else LocatedBy.SOURCE)
    organisation_id = (organisation or make_organisation(session)).id
    return _kept(session, Site(territory_id=territory.id, organisation_id=organisation_id, **values))


def make_kind(
    session: Session,
    shape: Shape,
    *,
    searched_by: Iterable[Role] = (),
    reserved_by: Iterable[Role] = (Role.PROBATION_OFFICER,),
    set_by: Iterable[Role] | None = None,
    **columns: Any,
) -> Kind:
    """Return one more kind, with the roles that may search it and those that may reserve it too.

    Those who reserve set the hours, unless `set_by` names others.
    """
    number = next(_numbers)
    words = {"label": f"chose {number}", "label_plural": f"choses {number}", "layer": f"Choses {number}"}
    kind = _kept(session, Kind(**{"code": f"kind-{number}", "shape": shape} | words | columns))
    session.add_all(KindRight(kind_id=kind.id, role=role) for role in searched_by)
    setters = frozenset(reserved_by if set_by is None else set_by)
    session.add_all(
        KindRight(kind_id=kind.id, role=role, may_reserve=True, may_set_hours=role in setters) for role in reserved_by
    )
    session.flush()
    return kind


def make_resource(session: Session, site: Site, kind: Kind, **columns: Any) -> Resource:
    """Return one more resource of a kind; what its shape needs besides is for the functions below."""
    number = next(_numbers)
    values = {"code": f"RES-{number}", "name": f"Ressource {number}"} | columns
    return _kept(session, Resource(site_id=site.id, kind_id=kind.id, **values))


def make_beds(session: Session, section: Resource, *names: str, is_active: bool = True) -> list[Unit]:
    """Return the beds of those names, added to a section."""
    return [_kept(session, Unit(resource_id=section.id, name=name, is_active=is_active)) for name in names]


def make_opening(session: Session, resource: Resource, starts_at: datetime, *, hours: float) -> Opening:
    """Return an opening of that length, as `publish_openings` would write it."""
    ends_at = starts_at + timedelta(hours=hours)
    return _kept(session, Opening(resource_id=resource.id, starts_at=starts_at, ends_at=ends_at))


def make_rule(session: Session, resource: Resource, weekday: int, opens: str, closes: str) -> OpeningRule:
    """Return a weekly rule in force since 2020."""
    hours: dict[str, Any] = {"opens": time.fromisoformat(opens), "closes": time.fromisoformat(closes)}
    since = date(2020, 1, 1)
    rrule = "FREQ=WEEKLY;BYDAY=" + ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[weekday]
    rule = OpeningRule(resource_id=resource.id, rrule=rrule, anchor_on=since, valid_from=since, **hours)
    return _kept(session, rule)


def make_hearing(session: Session, resource: Resource, **columns: Any) -> HearingSession:
    """Return the hearing behind a resource: in a week, three hours, ten cases and 180 minutes unless said otherwise."""
    values: dict[str, Any] = {"starts_at": NOW + timedelta(days=7), "max_cases": 10, "max_minutes": 180} | columns
    values.setdefault("ends_at", values["starts_at"] + timedelta(hours=3))
    return _kept(session, HearingSession(resource_id=resource.id, **values))


def close(session: Session, thing: Resource | Site, first: date | None, until: date | None) -> Closure:
    """Return a closure of a resource or of a whole site, for the civil days [first, until)."""
    about: dict[str, Any] = {"site_id": thing.id} if isinstance(thing, Site) else {"resource_id": thing.id}
    return _kept(session, Closure(days=Range(first, until), **about))


def make_actor(role: Role, *territories: Territory, kind: Kind | None = None, **fields: Any) -> Actor:
    """Return somebody with one role over these territories, the first being their own."""
    reached = frozenset(territory.id for territory in territories)
    right = Right(role, reached, kind.id if kind else None, fields.get("organisation_id"))
    return Actor(uuid4(), f"{role.value} fictif", (right,), territories[0].id, **fields)


def make_host(organisation_id: int, *territories: Territory) -> Actor:
    """Return the account of an organisation that runs places there."""
    return make_actor(Role.PARTNER, *territories, organisation_id=organisation_id)


@dataclass(frozen=True)
class World:
    """Two ressorts, one site in the first, who works there, and a stranger who works in the second."""

    here: Territory
    elsewhere: Territory
    site: Site
    officer: Actor
    host: Actor
    stranger: Actor


def make_world(session: Session) -> World:
    """Return the smallest world in which somebody can reserve something and somebody else can't."""
    here, elsewhere = make_territory(session), make_territory(session)
    site = make_site(session, here)
    return World(
        here=here,
        elsewhere=elsewhere,
        site=site,
        officer=make_actor(Role.PROBATION_OFFICER, here),
        host=make_host(site.organisation_id, here),
        stranger=make_actor(Role.PROBATION_OFFICER, elsewhere),
    )


def _kept(session: Session, row: T) -> T:
    session.add(row)
    session.flush()
    return row
