"""One search over every kind: what fits, what is free, how far, and why the rest does not do.

Columns are read, not objects. See docs/decisions/0001-tables-and-keys.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound
from availability.fit import DOORS, NOTHING, delay, travel, unfit
from availability.holds import HeldTime, held_times, held_until
from availability.models import Kind, Shape
from availability.openings import local_day
from availability.queries import slots_by_day
from availability.rights import Actor, Right
from availability.slots import Slot
from availability.statements import by_key, run
from availability.travel import estimated
from availability.where import distance_from, scope_of, sites_of
from availability.wishes import MAX_RADIUS_KM, Found, Point, Position, Tally, Wish, Work, tally

__all__ = [
    "MAX_RADIUS_KM",
    "Found",
    "Position",
    "Tally",
    "Wish",
    "Work",
    "may_reserve",
    "may_search",
    "nearest_alternatives",
    "reach",
    "resource_wish",
    "search",
    "sites_to_time",
    "tally",
]

ROLES_THAT_SEARCH = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id")
ROLES_THAT_RESERVE = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_reserve")
PART = 50  # resources whose slots are cut at a time, when only what suits is wanted


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
    """Return resources by what matters: those that suit the person first, then the way there, the delay, the number.

    The way is the travel time where the wish speaks of travel or of work, the distance otherwise; places without
    coordinates come last. Only what the actor may search, in their territories; nothing of a kind that is retired.
    `after` is the `position` of the last one already seen. Raises: NotAllowed.
    """
    rights = may_search(session, actor, wish.kind)
    if not wish.kind.is_active:
        return []
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


def sites_to_time(session: Session, actor: Actor, wish: Wish, *, most: int = 100) -> dict[int, Point]:
    """Return the sites of a wish nearest to where one travels from: those worth asking a routing engine about.

    Raises: NotAllowed.
    """
    if wish.origin is None:
        return {}
    scope, reached = scope_of(may_search(session, actor, wish.kind), beyond=wish.beyond)
    clauses, values = sites_of(wish, only_suitable=False)
    has_one = "EXISTS (SELECT FROM resource r WHERE r.site_id = s.id AND r.kind_id = :kind_id AND r.is_active)"
    statement = f"""SELECT s.id, s.lat, s.lon FROM site s
        WHERE {" AND ".join([scope, *clauses, "s.lat IS NOT NULL", has_one])}
        ORDER BY {distance_from("origin")}, s.id LIMIT :most"""  # noqa: S608 - fragments are constants
    asked = values | reached | _values(wish) | {"most": most}
    return {row.id: (row.lat, row.lon) for row in run(session, text(statement), asked)}


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
        after = found[-1].position


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
    scope, reached = scope_of(rights, beyond=wish.beyond)
    statement, values = _statement(wish, scope, now=now, only_suitable=only_suitable, limit=limit, after=after)
    found = [_found(row, wish) for row in run(session, statement, values | reached)]
    return _count_slots(session, found, wish, now) if Shape(wish.kind.shape) is Shape.SLOTS else found


def _rights_on(session: Session, actor: Actor, kind: Kind, roles_of: TextClause) -> tuple[Right, ...]:
    roles = run(session, roles_of, {"kind_id": kind.id}).scalars()
    rights = actor.rights_in(roles, kind_id=kind.id)
    if not rights:
        raise NotAllowed(kind=kind.code)
    return rights


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
          AND (h.last_take_on IS NULL OR d.today <= h.last_take_on)
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


_LOAD = """
    CASE WHEN coalesce(CAST(greatest(o.total - o.free, c.declared_load) AS float8) / nullif(o.total, 0) > :max_load,
                       true) THEN array_append(c.mismatches, 'load') ELSE c.mismatches END"""
_AFTER = """(c.misfit, coalesce(c.way, 'infinity'), coalesce(c.delay_days, 2147483647), c.id)
    > (CAST(:after_misfit AS bool), coalesce(CAST(:after_way AS float8), 'infinity'),
       coalesce(CAST(:after_delay AS int), 2147483647), CAST(:after_id AS bigint))"""


def _statement(
    wish: Wish, scope: str, *, now: datetime, only_suitable: bool, limit: int | None, after: Position | None
) -> tuple[TextClause, dict[str, Any]]:
    """Build the one statement of a search; every fragment is a constant, every value a parameter."""
    shape = Shape(wish.kind.shape)
    clauses, values = sites_of(wish, only_suitable=only_suitable)
    misfits, wait = unfit(wish), delay(wish)
    values |= misfits.values | wait.values | _values(wish) | {"now": now, "limit": limit}
    where = ["r.kind_id = :kind_id", "r.is_active", scope, *clauses]
    if wish.resource_ids is not None:
        where.append("r.id = ANY(:resource_ids)")
    tables, travelled, way = "site s JOIN resource r ON r.site_id = s.id", "", "found.distance_km"
    if shape is Shape.SESSIONS:
        tables += " JOIN hearing_session h ON h.resource_id = r.id AND h.starts_at > :now"
    if wish.by_travel:
        trip = travel(wish, distance_from("origin"))
        values |= trip.values
        tables += f" CROSS JOIN LATERAL ({trip.text}) t"
        if wish.doors:
            tables += f" CROSS JOIN LATERAL ({DOORS}) d"
        travelled, way = "t.travel_min, t.travel_is_estimate, ", "CAST(found.travel_min AS float8)"
    distance = _distance(wish)
    # What is the same for all is left out: PostgreSQL then counts in this order, and stops at the limit.
    order = ["misfit"] if misfits.reasons and not only_suitable else []
    order += ["way", "delay_days", "id"] if wait.varies else ["way", "id"]
    closed = {Shape.SESSIONS: _CLOSED_THAT_DAY, Shape.PLACES: _CLOSED_FIRST_DAY}.get(shape, _CLOSED)
    mismatches = "c.mismatches" if wish.max_load is None else _LOAD
    kept, told = ["true"], misfits.told
    if only_suitable:
        where += misfits.none
        told = NOTHING
        kept += ["o.free > 0", f"cardinality({mismatches}) = 0", f"NOT {closed}"]
    if after:
        kept.append(_AFTER)
        values |= dict(zip(("after_misfit", "after_way", "after_delay", "after_id"), after, strict=True))
    statement = f"""
        SELECT c.*, o.total, o.free, o.held, {closed} AS is_closed, {mismatches} AS all_mismatches
        FROM (SELECT found.*, cardinality(mismatches) > 0 AS misfit, {way} AS way FROM (
                SELECT r.id, r.name, r.site_id, s.name AS site_name, s.address, s.postcode, s.commune, s.time_zone,
                       s.lat, s.lon, s.located_by, {distance} AS distance_km, {travelled}r.attributes, r.capacity,
                       r.declared_load, r.declared_waiting, r.declared_on, {wait.text} AS delay_days,
                       {told} AS mismatches
                FROM {tables} WHERE {" AND ".join(where)}) found
              ORDER BY {", ".join(order)}) c
        CROSS JOIN LATERAL ({_COUNTS[shape]}) o
        WHERE {" AND ".join(kept)}
        ORDER BY {", ".join(f"c.{column}" for column in order)} LIMIT CAST(:limit AS bigint)"""  # noqa: S608
    return text(statement), values


def _distance(wish: Wish) -> str:
    """Return the distance from the address, from work when there is no address."""
    if wish.origin is None:
        return "CAST(NULL AS float8)"
    if wish.by_travel and wish.near in (None, wish.origin):
        return "t.crow_km"
    return distance_from("near")


def _values(wish: Wish) -> dict[str, Any]:
    near_lat, near_lon = wish.near or (0.0, 0.0)
    origin_lat, origin_lon = wish.origin or (0.0, 0.0)
    return {
        "kind_id": wish.kind.id,
        "notice": wish.kind.min_notice_days,
        "ahead": wish.kind.max_ahead_days,
        "resource_ids": list(wish.resource_ids or ()),
        "first": wish.first,
        "until": wish.until,
        "near_lat": near_lat,
        "near_lon": near_lon,
        "origin_lat": origin_lat,
        "origin_lon": origin_lon,
        "max_load": wish.max_load,
    }


def _count_slots(session: Session, found: Sequence[Found], wish: Wish, now: datetime) -> list[Found]:
    """Fill the counts of slots: the same cutting as the one that confirms, so it is done in Python."""
    time_zones = {one.resource_id: one.time_zone for one in found}
    listed = slots_by_day(session, time_zones, first=wish.first, until=wish.until, now=now)
    held = held_times(session, time_zones, first=wish.first, until=wish.until, now=now)
    return [
        _with_slots(one, listed.get(one.resource_id, []), held.get(one.resource_id, []), wish, now) for one in found
    ]


def _with_slots(
    one: Found, listed: Sequence[tuple[date, Slot]], held: Sequence[HeldTime], wish: Wish, now: datetime
) -> Found:
    soonest = next((day for day, slot in listed if slot.is_free), None)
    wait = None if soonest is None else (soonest - local_day(now, ZoneInfo(one.time_zone))).days
    too_late = wish.max_delay_days is not None and wait is not None and wait > wish.max_delay_days
    return replace(
        one,
        total=len(listed),
        free=sum(slot.is_free for _, slot in listed),
        held=sum(held_until(slot, held) is not None for _, slot in listed) if held else 0,
        delay_days=wait,
        mismatches=(*one.mismatches, "delay") if too_late else one.mismatches,
        # Closures are in the openings already: closed is what has nothing left because of one.
        is_closed=one.is_closed and not listed,
    )


def _found(row: Any, wish: Wish) -> Found:
    travel_min, is_estimate = (row.travel_min, row.travel_is_estimate) if wish.by_travel else (None, True)
    if wish.origin and not wish.by_travel:  # it decides of nothing: not worth a column
        travel_min = estimated(wish.origin, row.lat, row.lon)
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
        travel_min=travel_min,
        travel_is_estimate=is_estimate,
        attributes=row.attributes,
        declared_load=row.declared_load,
        declared_waiting=row.declared_waiting,
        declared_on=row.declared_on,
        delay_days=row.delay_days,
        total=row.total,
        free=row.free,
        held=row.held,
        mismatches=tuple(row.all_mismatches),
        is_closed=row.is_closed,
        position=(row.misfit, row.way, row.delay_days, row.id),
    )
