"""One search over every kind: what fits, what is free, how far, and why the rest does not do.

The bounding box is a B-tree range on (lat, lon), the circle is haversine: 0.7 ms for 50 km among 50,000 sites.
Columns are read, not objects. See docs/decisions/0001-tables-and-keys.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Kind, Shape
from availability.places import Box, bounding_box
from availability.queries import slots_by_day
from availability.rights import Actor, Right
from availability.statements import by_key, run

MAX_RADIUS_KM = 1000.0
Position = tuple[float | None, int]  # in a list: distance, resource
ROLES_THAT_SEARCH = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id")
ROLES_THAT_RESERVE = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_reserve")
PART = 50  # resources whose slots are cut at a time, when only what suits is wanted


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is looked for. `[first, until)` are civil days; `bounds` is west, south, east, north."""

    kind: Kind
    first: date
    until: date
    near: tuple[float, float] | None = None  # lat, lon
    radius_km: float | None = None
    bounds: tuple[float, float, float, float] | None = None
    sex: str | None = None  # "F" or "M"
    age: int | None = None
    weekend: bool = False
    accessible: bool = False
    beyond: bool = False  # beyond the actor's own territories: a deliberate act, which the caller logs
    resource_ids: tuple[int, ...] | None = None
    site_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise InvalidRequest("to", "not-after-start", first=self.first, until=self.until)
        if self.radius_km is not None and not 0 < self.radius_km <= MAX_RADIUS_KM:
            raise InvalidRequest("radius_km", "out-of-range", least=0, most=MAX_RADIUS_KM)
        if self.near and not (-90 <= self.near[0] <= 90 and -180 <= self.near[1] <= 180):
            raise InvalidRequest("near", "not-on-earth")
        if self.sex not in (None, "F", "M"):
            raise InvalidRequest("sex", "unknown-choice")
        if self.age is not None and not 13 <= self.age <= 120:
            raise InvalidRequest("age", "out-of-range", least=13, most=120)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource, and what of it suits the wish. `mismatch` names the first attribute that does not."""

    resource_id: int
    name: str
    site_id: int
    site_name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    lat: float | None
    lon: float | None
    located_by: str
    distance_km: float | None
    attributes: dict[str, Any]
    declared_load: int
    declared_waiting: int
    declared_on: date | None
    total: int
    free: int
    held: int
    mismatch: str | None
    is_closed: bool

    @property
    def suits(self) -> bool:
        """Say whether it can be taken as wished."""
        return self.free > 0 and self.mismatch is None and not self.is_closed

    @property
    def state(self) -> str:
        """Name what to show: free, held (being reserved), full, closed, or other (wrong profile)."""
        if self.mismatch:
            return "other"
        if self.is_closed:
            return "closed"
        if self.free:
            return "free"
        return "held" if self.held else "full"


@dataclass(frozen=True)
class Tally:
    """The answer in a sentence: how many suit of how many, and why the others do not, in places."""

    free: int
    total: int
    why_not: tuple[tuple[str, int], ...]  # reason code, number of places; most frequent first


def search(
    session: Session,
    actor: Actor,
    wish: Wish,
    *,
    now: datetime,
    only_suitable: bool = False,
    limit: int | None = None,
    after: Position | None = None,
) -> list[Found]:
    """Return resources by distance (places without coordinates last), then number.

    Only what the actor may search, in their territories. `after` is the (distance, resource) of the last one already
    seen. Raises: NotAllowed.
    """
    rights = may_search(session, actor, wish.kind)
    if only_suitable and Shape(wish.kind.shape) is Shape.SLOTS:
        return list(islice(_suitable(session, rights, wish, now=now, limit=limit, after=after), limit))
    return _part(session, rights, wish, now=now, only_suitable=only_suitable, limit=limit, after=after)


def may_search(session: Session, actor: Actor, kind: Kind) -> tuple[Right, ...]:
    """Return the rights under which the actor searches this kind. Raises: NotAllowed when there is none."""
    return _rights_on(session, actor, kind, ROLES_THAT_SEARCH)


def may_reserve(session: Session, actor: Actor, kind: Kind) -> tuple[Right, ...]:
    """Return the rights under which the actor reserves this kind. Raises: NotAllowed when there is none."""
    return _rights_on(session, actor, kind, ROLES_THAT_RESERVE)


def reach(rights: Iterable[Right], territory_id: int, organisation_id: int, *, beyond: bool) -> bool:
    """Say whether one of these rights reaches a site; `beyond`: in any territory, but for a partner's right."""
    return any(
        right.covers(territory_id=territory_id, organisation_id=organisation_id)
        or (beyond and right.organisation_id is None)
        for right in rights
    )


def tally(found: Iterable[Found]) -> Tally:
    """Count places, not resources: "12 lits libres sur 34", and why not the other 22."""
    free = total = 0
    why: Counter[str] = Counter()
    for one in found:
        total += one.total
        if one.suits:
            free += one.free
            why["held"] += one.held
            why["taken"] += max(one.total - one.free - one.held, 0)
        elif one.mismatch or one.is_closed:
            why[one.mismatch or "closed"] += one.total
        else:
            why["held"] += one.held
            why["taken"] += one.total - one.held
    return Tally(free, total, tuple((reason, count) for reason, count in why.most_common() if count))


def nearest_alternatives(session: Session, actor: Actor, wish: Wish, *, now: datetime, limit: int = 3) -> list[Found]:
    """Return the nearest resources that suit the same wish, the given `wish.near` being where one was refused."""
    return search(session, actor, replace(wish, site_ids=None, bounds=None), now=now, only_suitable=True, limit=limit)


def resource_wish(
    session: Session, actor: Actor, resource_id: int, *, first: date, until: date, now: datetime
) -> tuple[Kind, Found]:
    """Return one resource as the search sees it. Raises: NotFound when it is not there for this actor."""
    kind_id = session.execute(text("SELECT kind_id FROM resource WHERE id = :id"), {"id": resource_id}).scalar()
    kind = session.get(Kind, kind_id) if kind_id is not None else None
    if kind is None:
        raise NotFound(resource_id=resource_id)
    wish = Wish(kind=kind, first=first, until=until, resource_ids=(resource_id,), beyond=kind.crosses_territories)
    found = search(session, actor, wish, now=now)
    if not found:
        raise NotFound(resource_id=resource_id)
    return kind, found[0]


def _suitable(
    session: Session, rights: Sequence[Right], wish: Wish, *, now: datetime, limit: int | None, after: Position | None
) -> Iterator[Found]:
    """Yield what suits. Slots are counted in Python, after the limit of SQL: read on until nothing is left."""
    size = max(limit, PART) if limit else None
    while found := _part(session, rights, wish, now=now, only_suitable=False, limit=size, after=after):
        yield from (one for one in found if one.suits)
        if size is None or len(found) < size:
            return
        after = (found[-1].distance_km, found[-1].resource_id)


def _part(
    session: Session,
    rights: Sequence[Right],
    wish: Wish,
    *,
    now: datetime,
    only_suitable: bool,
    limit: int | None,
    after: Position | None,
) -> list[Found]:
    scope, reached = _scope(rights, beyond=wish.beyond)
    values = (
        _values(wish, now)
        | reached
        | {
            "limit": limit,
            "after_km": after[0] if after else None,
            "after_id": after[1] if after else None,
        }
    )
    shape = Shape(wish.kind.shape)
    statement = _statement(shape, wish, scope, only_suitable=only_suitable)
    found = [_found(row) for row in run(session, statement, values)]
    return _count_slots(session, found, wish, now) if shape is Shape.SLOTS else found


def _rights_on(session: Session, actor: Actor, kind: Kind, roles_of: TextClause) -> tuple[Right, ...]:
    roles = run(session, roles_of, {"kind_id": kind.id}).scalars()
    rights = actor.rights_in(roles, kind_id=kind.id)
    if not rights:
        raise NotAllowed(kind=kind.code)
    return rights


def _scope(rights: Sequence[Right], *, beyond: bool) -> tuple[str, dict[str, Any]]:
    """Return which sites are seen: those of the territories, or any beyond them; a partner's own in any case."""
    everywhere = [right.territory_ids for right in rights if right.organisation_id is None]
    own = [right for right in rights if right.organisation_id is not None]
    if everywhere and beyond:
        return "true", {}
    clauses = ["s.territory_id = ANY(:territories)"] if everywhere else []
    values: dict[str, Any] = {"territories": sorted(frozenset().union(*everywhere))} if everywhere else {}
    for number, right in enumerate(own):
        clauses.append(f"s.organisation_id = :host_{number} AND s.territory_id = ANY(:hosted_{number})")
        values |= {f"host_{number}": right.organisation_id, f"hosted_{number}": sorted(right.territory_ids)}
    return f"({' OR '.join(clauses)})", values


# A place without coordinates has no distance: least() would take its NULL for the antipodes.
_CIRCLE = """
    CASE WHEN s.lat IS NOT NULL THEN
    12742.0176 * asin(sqrt(least(1, pow(sin(radians(s.lat - :lat) / 2), 2)
      + cos(radians(:lat)) * cos(radians(s.lat)) * pow(sin(radians(s.lon - :lon) / 2), 2)))) END"""

_MISMATCH = """
    CASE WHEN CAST(:sex AS text) IS NOT NULL AND coalesce(r.attributes ->> 'sex', 'any') NOT IN ('any', :sex) THEN 'sex'
         WHEN CAST(:age AS int) IS NOT NULL AND NOT :age BETWEEN coalesce(CAST(r.attributes ->> 'min_age' AS int), 0)
              AND coalesce(CAST(r.attributes ->> 'max_age' AS int), 150) THEN 'age'
         WHEN :weekend AND NOT coalesce(CAST(r.attributes ->> 'weekend' AS bool), false) THEN 'weekend'
         WHEN :accessible AND NOT coalesce(CAST(r.attributes ->> 'accessible' AS bool), false) THEN 'accessible'
    END"""

_COUNTS = {
    Shape.NIGHTS: """
        SELECT count(*) AS total, count(*) FILTER (WHERE taken IS NULL) AS free,
               count(*) FILTER (WHERE taken = 'held') AS held
        FROM unit u LEFT JOIN LATERAL (
            SELECT CASE WHEN bool_and(n.expires_at IS NOT NULL) THEN 'held' ELSE 'booked' END AS taken FROM bed_night n
            WHERE n.unit_id = u.id AND n.night >= :first AND n.night < :until
              AND (n.expires_at IS NULL OR n.expires_at > :now) HAVING count(*) > 0) use ON true
        WHERE u.resource_id = c.id AND u.is_active""",
    Shape.PLACES: """
        SELECT c.capacity - max(missing) AS total, greatest(c.capacity - c.declared_load - max(present), 0) AS free,
               least(coalesce(max(present_held), 0), c.capacity - max(missing)) AS held
        FROM (SELECT sum(step) OVER days AS present, sum(step) FILTER (WHERE is_held) OVER days AS present_held,
                     coalesce(sum(step) FILTER (WHERE is_missing) OVER days, 0) AS missing FROM (
            SELECT CAST(:first AS date) AS day, 0 AS step, false AS is_held, false AS is_missing
            UNION ALL
            SELECT greatest(lower(p.days), :first), 1, p.expires_at IS NOT NULL, false
            FROM place_period p WHERE p.resource_id = c.id AND p.days && daterange(:first, :until)
              AND (p.expires_at IS NULL OR p.expires_at > :now)
            UNION ALL
            SELECT upper(p.days), -1, p.expires_at IS NOT NULL, false FROM place_period p
            WHERE p.resource_id = c.id AND p.days && daterange(:first, :until) AND NOT upper_inf(p.days)
              AND (p.expires_at IS NULL OR p.expires_at > :now)
            UNION ALL -- a temporary capacity: as if those that it takes away were there
            SELECT greatest(lower(t.days), :first), c.capacity - t.capacity, false, true
            FROM capacity_period t WHERE t.resource_id = c.id AND t.days && daterange(:first, :until)
            UNION ALL
            SELECT upper(t.days), t.capacity - c.capacity, false, true
            FROM capacity_period t WHERE t.resource_id = c.id AND t.days && daterange(:first, :until)
              AND upper(t.days) < :until) steps
            WINDOW days AS (ORDER BY day, step ROWS UNBOUNDED PRECEDING)) presence""",
    Shape.SLOTS: "SELECT 0 AS total, 0 AS free, 0 AS held",
    # A hearing outside of the days asked for, or that the kind does not offer yet, is not there at all: no row.
    Shape.SESSIONS: """
        SELECT h.max_cases AS total, count(*) FILTER (WHERE k.expires_at IS NOT NULL) AS held, d.day,
               CASE WHEN sum(k.minutes) >= h.max_minutes THEN 0 ELSE greatest(h.max_cases - count(k.id), 0) END AS free
        FROM hearing_session h
        CROSS JOIN LATERAL (SELECT CAST(h.starts_at AT TIME ZONE c.time_zone AS date) AS day,
                                   CAST(CAST(:now AS timestamptz) AT TIME ZONE c.time_zone AS date) AS today) d
        LEFT JOIN session_case k ON k.resource_id = h.resource_id AND (k.expires_at IS NULL OR k.expires_at > :now)
        WHERE h.resource_id = c.id AND h.starts_at > :now AND d.day >= :first AND d.day < :until
          AND d.day BETWEEN d.today + CAST(:notice AS int) AND d.today + CAST(:ahead AS int)
        GROUP BY h.resource_id, d.day""",
}

_CLOSED = """
    EXISTS (SELECT FROM closure x WHERE (x.resource_id = c.id OR x.site_id = c.site_id)
            AND x.days && daterange(:first, :until))"""
# Who is present for months is not refused for a day that is closed among them: only for a first day that is.
_CLOSED_FIRST_DAY = """
    EXISTS (SELECT FROM closure x WHERE (x.resource_id = c.id OR x.site_id = c.site_id) AND x.days @> :first)"""
_CLOSED_THAT_DAY = """
    EXISTS (SELECT FROM closure x WHERE (x.resource_id = c.id OR x.site_id = c.site_id) AND x.days @> o.day)"""


def _statement(shape: Shape, wish: Wish, scope: str, *, only_suitable: bool) -> TextClause:
    """Build the one statement of a search; every fragment is a constant above, every value a parameter."""
    where = ["r.kind_id = :kind_id", "r.is_active", scope]
    if wish.resource_ids is not None:
        where.append("r.id = ANY(:resource_ids)")
    if wish.site_ids is not None:
        where.append("s.id = ANY(:site_ids)")
    if wish.bounds is not None:
        where.append("s.lat BETWEEN :south AND :north AND s.lon BETWEEN :west AND :east")
    distance = "CAST(NULL AS float8)"
    if wish.near is not None:
        distance = _CIRCLE
    if (box := _box_of(wish)) is not None:
        where.append(_within_box(box))
        where.append(f"{_CIRCLE} <= :radius_km")
    closed = {Shape.SESSIONS: _CLOSED_THAT_DAY, Shape.PLACES: _CLOSED_FIRST_DAY}.get(shape, _CLOSED)
    suitable = f"AND o.free > 0 AND c.mismatch IS NULL AND NOT {closed}" if only_suitable else ""
    return text(f"""
        SELECT c.*, o.total, o.free, o.held, {closed} AS is_closed
        FROM (SELECT r.id, r.name, r.site_id, s.name AS site_name, s.address, s.postcode, s.commune, s.time_zone,
                     s.lat, s.lon, s.located_by, {distance} AS distance_km, r.attributes, r.capacity,
                     r.declared_load, r.declared_waiting, r.declared_on, {_MISMATCH} AS mismatch
              FROM site s JOIN resource r ON r.site_id = s.id
              WHERE {" AND ".join(where)}
              ORDER BY distance_km, r.id) c
        CROSS JOIN LATERAL ({_COUNTS[shape]}) o
        WHERE true {suitable}
          AND (CAST(:after_id AS bigint) IS NULL
               OR (coalesce(c.distance_km, 'infinity'), c.id)
                  > (coalesce(CAST(:after_km AS float8), 'infinity'), CAST(:after_id AS bigint)))
        ORDER BY c.distance_km, c.id LIMIT CAST(:limit AS bigint)""")  # noqa: S608


def _box_of(wish: Wish) -> Box | None:
    return bounding_box(*wish.near, wish.radius_km) if wish.near and wish.radius_km else None


def _within_box(box: Box) -> str:
    """Return the range that a B-tree reads; two of longitudes when the circle crosses the antimeridian."""
    longitudes = (f"s.lon BETWEEN :west_{number} AND :east_{number}" for number in range(len(box.spans)))
    return f"s.lat BETWEEN :box_south AND :box_north AND ({' OR '.join(longitudes)})"


def _box_values(box: Box | None) -> dict[str, float]:
    if box is None:
        return {}
    edges = {"box_south": box.south, "box_north": box.north}
    for number, (west, east) in enumerate(box.spans):
        edges |= {f"west_{number}": west, f"east_{number}": east}
    return edges


def _values(wish: Wish, now: datetime) -> dict[str, Any]:
    west, south, east, north = wish.bounds or (0.0, 0.0, 0.0, 0.0)
    lat, lon = wish.near or (0.0, 0.0)
    return {
        "kind_id": wish.kind.id,
        "notice": wish.kind.min_notice_days,
        "ahead": wish.kind.max_ahead_days,
        "resource_ids": list(wish.resource_ids or ()),
        "site_ids": list(wish.site_ids or ()),
        "first": wish.first,
        "until": wish.until,
        "now": now,
        "lat": lat,
        "lon": lon,
        "radius_km": wish.radius_km,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        **_box_values(_box_of(wish)),
        "sex": wish.sex,
        "age": wish.age,
        "weekend": wish.weekend,
        "accessible": wish.accessible,
    }


def _found(row: Any) -> Found:
    return Found(
        resource_id=row.id,
        name=row.name,
        site_id=row.site_id,
        site_name=row.site_name,
        address=row.address,
        postcode=row.postcode,
        commune=row.commune,
        time_zone=row.time_zone,
        lat=row.lat,
        lon=row.lon,
        located_by=row.located_by,
        distance_km=row.distance_km,
        attributes=row.attributes,
        declared_load=row.declared_load,
        declared_waiting=row.declared_waiting,
        declared_on=row.declared_on,
        total=row.total,
        free=row.free,
        held=row.held,
        mismatch=row.mismatch,
        is_closed=row.is_closed,
    )


def _count_slots(session: Session, found: Sequence[Found], wish: Wish, now: datetime) -> list[Found]:
    """Fill the counts of slots: the same cutting as the one that confirms, so it is done in Python."""
    time_zones = {one.resource_id: one.time_zone for one in found}
    listed = slots_by_day(session, time_zones, first=wish.first, until=wish.until, now=now)
    return [
        # Closures are in the openings already: closed is what has nothing left because of one.
        replace(
            one,
            total=len(kept),
            free=sum(slot.is_free for _, slot in kept),
            is_closed=one.is_closed and not kept,
        )
        for one in found
        for kept in [listed.get(one.resource_id, [])]
    ]
