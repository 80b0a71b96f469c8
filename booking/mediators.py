"""The judge's table: which services can take a case, how soon, how far from each address, how loaded. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from availability.declarations import is_stale
from availability.models import Kind, KindRight
from availability.places import distance_km
from availability.rights import Actor, Role
from availability.search import Found, Wish, search
from booking.day import time_zone_of

DESIGNATORS = (Role.FAMILY_JUDGE, Role.GUARDIANSHIP_JUDGE, Role.CHILDRENS_JUDGE, Role.REGISTRY)
# A service declares a language by its code or by its name.
LANGUAGES = {
    "ar": "arabe",
    "de": "allemand",
    "en": "anglais",
    "es": "espagnol",
    "fr": "français",
    "it": "italien",
    "lsf": "LSF",
    "langue des signes": "LSF",
    "pl": "polonais",
    "pt": "portugais",
    "ro": "roumain",
    "ru": "russe",
    "tr": "turc",
    "uk": "ukrainien",
}
FOREVER = date(9999, 12, 31)  # a measure has no end yet: what lists it must look as far as what takes it


Point = tuple[float, float]  # lat, lon
Near = tuple[Point | None, Point | None]  # the first address, the second


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A service as the judge compares it.

    `state` is free, held (being reserved), full, closed, or why it does not fit the case: see `unfit`.
    """

    resource_id: int
    name: str
    site_name: str
    commune: str
    distances_km: tuple[float | None, float | None]
    first_meeting_days: int | None
    load: int
    capacity: int
    waiting: int
    declared_on: date | None
    is_stale: bool
    price_scale: str
    languages: tuple[str, ...]
    is_accessible: bool
    state: str
    competences: tuple[str, ...] = ()  # none: any
    zone: tuple[str, ...] = ()  # departments; none: any
    point: Point | None = None

    @property
    def can_take(self) -> bool:
        """Say whether it can be given one more case today."""
        return self.state == "free"

    @property
    def load_ratio(self) -> float:
        """Return its load over its capacity; above 1 when it is overloaded, infinite when it takes nobody."""
        return self.load / self.capacity if self.capacity else inf

    @property
    def farthest_km(self) -> float | None:
        """Return the longest of the ways, among those known."""
        return max((each for each in self.distances_km if each is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What the case asks of a service: a competence, languages, one of these departments, none of these services."""

    competence: str = ""
    languages: frozenset[str] = frozenset()  # all of them, by their French name
    departments: frozenset[str] = frozenset()  # where the addresses are, those that are known
    conflicts: frozenset[int] = frozenset()  # resources with a conflict of interest


NOTHING_PARTICULAR = Need()


def unfit(resource_id: int, attributes: Mapping[str, Any], need: Need) -> str:
    """Return why a service does not fit the case: conflict, competence, language or zone; nothing when it fits.

    A service that declares no competence or no zone is not refused for it. One that does not say that it speaks a
    language is: nobody can be heard on a hope.
    """
    if resource_id in need.conflicts:
        return "conflict"
    known = attributes.get("competences") or ()
    if need.competence and known and need.competence not in known:
        return "competence"
    if not need.languages <= spoken(attributes.get("languages") or ()):
        return "language"
    zone = attributes.get("zone") or ()
    return "zone" if zone and need.departments and need.departments.isdisjoint(zone) else ""


def spoken(declared: Iterable[str]) -> frozenset[str]:
    """Return languages by their French name, however a service declares them."""
    return frozenset(LANGUAGES.get(one, one) for one in declared)


def designable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds that a judge designates, among those that the actor may reserve, in the order of the layers."""
    roles = sorted(role for role in actor.roles if role in DESIGNATORS)
    reservable = select(KindRight.kind_id).where(col(KindRight.role).in_(roles), col(KindRight.may_reserve))
    return list(
        session.exec(
            select(Kind)
            .where(col(Kind.id).in_(reservable), col(Kind.is_designated), col(Kind.is_active))
            .order_by(col(Kind.position), col(Kind.id))
        )
    )


def measure_days(kind: Kind, today: date) -> tuple[date, date | None]:
    """Return the civil days [from, until) that a measure designated today takes; None when it is open-ended."""
    first = today + timedelta(days=kind.min_notice_days)
    return first, first + timedelta(days=kind.max_days) if kind.max_days else None


def home_zone(session: Session, actor: Actor) -> ZoneInfo:
    """Return the civil time of where the actor lives."""
    return ZoneInfo(time_zone_of(session, actor))


def candidates(
    session: Session,
    actor: Actor,
    kind: Kind,
    near: Near,
    *,
    radius_km: float,
    need: Need = NOTHING_PARTICULAR,
    today: date,
    now: datetime,
) -> list[Candidate]:
    """Return every service of the actor's territories, or those around one address or the other when one is known.

    Those that do not fit the case are there too, and say why. Unsorted. Raises: NotAllowed.
    """
    first, until = measure_days(kind, today)
    anywhere = Wish(kind=kind, first=first, until=until or FOREVER)
    around = [replace(anywhere, near=point, radius_km=radius_km) for point in near if point]
    found = {one.resource_id: one for wish in around or [anywhere] for one in search(session, actor, wish, now=now)}
    return [_candidate(one, near, kind, need, today) for one in found.values()]


def _candidate(one: Found, near: Near, kind: Kind, need: Need, today: date) -> Candidate:
    said = one.attributes
    return Candidate(
        resource_id=one.resource_id,
        name=one.name,
        site_name=one.site_name,
        commune=one.commune,
        distances_km=(_distance(near[0], one), _distance(near[1], one)),
        first_meeting_days=said.get("first_meeting_days"),
        load=max(one.total - one.free, one.declared_load),
        capacity=one.total,
        waiting=one.declared_waiting,
        declared_on=one.declared_on,
        is_stale=is_stale(one.declared_on, kind.fresh_days, today=today),
        price_scale=str(said.get("price_scale") or ""),
        languages=tuple(said.get("languages") or ()),
        is_accessible=bool(said.get("accessible")),
        state=unfit(one.resource_id, said, need) or one.state,
        competences=tuple(said.get("competences") or ()),
        zone=tuple(said.get("zone") or ()),
        point=None if one.lat is None or one.lon is None else (one.lat, one.lon),
    )


def _distance(point: Point | None, one: Found) -> float | None:
    if point is None or one.lat is None or one.lon is None:
        return None
    return distance_km(*point, one.lat, one.lon)
