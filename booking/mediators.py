"""The judge's table: which services can take a case, how soon, how far from each parent, how loaded. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind, KindRight, Shape
from availability.places import distance_km
from availability.rights import Actor, Role
from availability.search import Found, Wish, search
from booking.persons import search_name_of

DESIGNATORS = (Role.FAMILY_JUDGE, Role.REGISTRY)
SUGGESTED = "suggestion"
FOREVER = date(9999, 12, 31)  # a measure has no end yet: what lists it must look as far as what takes it

ZONE = text("SELECT mode() WITHIN GROUP (ORDER BY time_zone) FROM site WHERE territory_id = :id")

Point = tuple[float, float]  # lat, lon
Near = tuple[Point | None, Point | None]  # the first parent, the second


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A service as the judge compares it. `state` is free, held (being reserved), full or closed."""

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
    fresh_days: int = 30  # an older declaration is shown as to be checked
    price_scale: str
    languages: tuple[str, ...]
    is_accessible: bool
    state: str

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
        """Return the distance from the parent who has the longest way, among those known."""
        return max((each for each in self.distances_km if each is not None), default=None)


@dataclass(frozen=True)
class Order:
    """How the table is sorted: a column of COLUMNS, or as suggested."""

    column: str = SUGGESTED
    descending: bool = False

    @classmethod
    def read(cls, typed: str) -> Order:
        """Return the order written "delai", or "-delai" when descending; as suggested if it is not one."""
        column = typed.removeprefix("-")
        return cls(column, typed.startswith("-")) if column in COLUMNS else cls()

    def written(self) -> str:
        """Return what `read` reads; nothing for the suggested order."""
        return "" if self.column == SUGGESTED else "-" * self.descending + self.column

    def toggled(self, column: str) -> Order:
        """Return the order after one press on a heading: ascending, then descending, then as suggested."""
        if column != self.column:
            return Order.read(column)
        return Order() if self.descending else replace(self, descending=True)


# What each heading sorts by; None is "not known", which comes last either way.
COLUMNS: dict[str, Callable[[Candidate], Any]] = {
    "nom": lambda one: search_name_of(one.name),
    "delai": lambda one: one.first_meeting_days,
    "parent1": lambda one: one.distances_km[0],
    "parent2": lambda one: one.distances_km[1],
    "charge": lambda one: one.load_ratio,
    "attente": lambda one: one.waiting,
    "tarif": lambda one: search_name_of(one.price_scale) or None,
    "langues": lambda one: -len(one.languages),
    "acces": lambda one: not one.is_accessible,
}


def ranked(candidates: Iterable[Candidate], order: Order | None = None) -> list[Candidate]:
    """Return the candidates sorted; in every order, those that can take a case come before those that cannot.

    Ties are settled by the suggested order: the delay before the first meeting, then the distance from the parent
    who has the longest way, then the load ratio, then the number of the resource. The result is the same whatever
    the order of `candidates`.
    """
    suggested = sorted(candidates, key=_suggestion)
    able = [one for one in suggested if one.can_take]
    unable = [one for one in suggested if not one.can_take]
    return [*_sorted(able, order or Order()), *_sorted(unable, order or Order())]


def _suggestion(one: Candidate) -> tuple[float, float, float, int]:
    delay = inf if one.first_meeting_days is None else one.first_meeting_days
    farthest = inf if one.farthest_km is None else one.farthest_km
    return (delay, farthest, one.load_ratio, one.resource_id)


def _sorted(suggested: Sequence[Candidate], order: Order) -> list[Candidate]:
    if order.column == SUGGESTED:
        return list(suggested)
    value = COLUMNS[order.column]
    known = [one for one in suggested if value(one) is not None]
    unknown = [one for one in suggested if value(one) is None]
    return [*sorted(known, key=value, reverse=order.descending), *unknown]


def designable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds that a judge designates, among those that the actor may reserve, in the order of the layers.

    They are places whose host decides: the law gives the judge a proposal, and the service its word.
    """
    roles = sorted(role for role in actor.roles if role in DESIGNATORS)
    reservable = select(KindRight.kind_id).where(col(KindRight.role).in_(roles), col(KindRight.may_reserve))
    return list(
        session.exec(
            select(Kind)
            .where(col(Kind.id).in_(reservable), Kind.shape == Shape.PLACES, col(Kind.host_accepts))
            .order_by(col(Kind.position), col(Kind.id))
        )
    )


def measure_days(kind: Kind, today: date) -> tuple[date, date | None]:
    """Return the civil days [from, until) that a measure designated today takes; None when it is open-ended."""
    first = today + timedelta(days=kind.min_notice_days)
    return first, first + timedelta(days=kind.max_days) if kind.max_days else None


def home_zone(session: Session, actor: Actor) -> ZoneInfo:
    """Return the civil time of the actor's home territory, that of Paris when it has no site."""
    return ZoneInfo(session.execute(ZONE, {"id": actor.home_territory_id}).scalar() or "Europe/Paris")


def candidates(
    session: Session, actor: Actor, kind: Kind, near: Near, *, radius_km: float, today: date, now: datetime
) -> list[Candidate]:
    """Return every service of the actor's territories, or those around one parent or the other when one is known.

    Unsorted. Raises: NotAllowed.
    """
    first, until = measure_days(kind, today)
    anywhere = Wish(kind=kind, first=first, until=until or FOREVER)
    around = [replace(anywhere, near=point, radius_km=radius_km) for point in near if point]
    found = {one.resource_id: one for wish in around or [anywhere] for one in search(session, actor, wish, now=now)}
    return [_candidate(one, near, kind) for one in found.values()]


def _candidate(one: Found, near: Near, kind: Kind) -> Candidate:
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
        fresh_days=kind.fresh_days,
        price_scale=str(said.get("price_scale") or ""),
        languages=tuple(said.get("languages") or ()),
        is_accessible=bool(said.get("accessible")),
        state=one.state,
    )


def _distance(point: Point | None, one: Found) -> float | None:
    if point is None or one.lat is None or one.lon is None:
        return None
    return distance_km(*point, one.lat, one.lon)
