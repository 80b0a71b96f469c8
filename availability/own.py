"""What somebody's organisation runs, as it stands today: places, beds, hours, closures. Reads only, as of `now`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Shape
from availability.rights import Actor, Role

PAGE = 24  # two and three columns are full

_MINE = """
    EXISTS (SELECT FROM unnest(CAST(:organisations AS bigint[]), CAST(:territories AS bigint[]),
                               CAST(:kinds AS bigint[])) AS h(organisation_id, territory_id, kind_id)
            WHERE h.organisation_id = s.organisation_id AND h.territory_id = s.territory_id
              AND (h.kind_id IS NULL OR h.kind_id = r.kind_id))"""
_TABLES = "resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id"
_TODAY = "CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)"
_IS_STALE = f"(r.declared_on IS NULL OR {_TODAY} - r.declared_on > k.fresh_days)"
# Hearings are planned by their court: nobody declares anything of them.
_OWN = f"{_MINE} AND r.is_active AND k.shape <> 'sessions'"
_FOUND = """
    (SELECT coalesce(bool_and(concat_ws(' ', r.name, s.name, s.commune, k.label, r.code) ILIKE word), true)
     FROM unnest(CAST(:words AS text[])) AS word)"""

COUNTS = text(f"""
    SELECT count(*) AS of_all, count(*) FILTER (WHERE {_IS_STALE}) AS stale FROM {_TABLES} WHERE {_OWN}""")  # noqa: S608
OF_PAGE = text(f"""
    SELECT r.id, count(*) OVER () AS of_all FROM {_TABLES}
    WHERE {_OWN} AND {_FOUND} AND (NOT :only_stale OR {_IS_STALE})
    ORDER BY r.declared_on NULLS FIRST, s.name, r.name, r.id LIMIT :limit OFFSET :skipped""")  # noqa: S608
STALE_IDS = text(f"SELECT r.id FROM {_TABLES} WHERE {_OWN} AND {_IS_STALE} ORDER BY r.id")  # noqa: S608 - constants
AFTER = text(f"""
    SELECT r.id FROM {_TABLES} WHERE {_OWN} AND r.id > :after ORDER BY r.id LIMIT CAST(:limit AS int)""")  # noqa: S608 - constants
DETAILS = text(f"""
    SELECT r.id, r.code, r.name, k.code AS kind_code, k.label AS kind_label, k.label_plural, k.shape, k.fresh_days,
           s.id AS site_id, s.name AS site_name, s.commune, s.time_zone, {_TODAY} AS today,
           r.capacity, r.declared_load, r.declared_waiting, r.declared_on, {_IS_STALE} AS is_stale,
           (SELECT c.capacity FROM capacity_period c
            WHERE c.resource_id = r.id AND c.days @> {_TODAY}) AS capacity_today,
           (SELECT count(*) FROM place_period o WHERE o.resource_id = r.id AND o.days @> {_TODAY}
              AND (o.expires_at IS NULL OR o.expires_at > :now)) AS taken_today,
           (SELECT count(*) FROM unit u WHERE u.resource_id = r.id AND u.is_active) AS beds,
           (SELECT count(*) FROM unit u WHERE u.resource_id = r.id AND NOT u.is_active) AS beds_out,
           (SELECT count(*) FROM unit u WHERE u.resource_id = r.id AND u.is_active AND NOT EXISTS (
              SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night = {_TODAY}
              AND (n.expires_at IS NULL OR n.expires_at > :now))) AS beds_free,
           (SELECT CASE WHEN bool_or(upper_inf(c.days)) THEN DATE '9999-12-31' ELSE max(upper(c.days)) END
            FROM closure c WHERE (c.resource_id = r.id OR c.site_id = s.id) AND c.days @> {_TODAY}
            HAVING count(*) > 0) AS closed_until,
           (SELECT min(lower(c.days)) FROM closure c
            WHERE (c.resource_id = r.id OR c.site_id = s.id) AND lower(c.days) > {_TODAY}) AS closes_on,
           (SELECT min(o.starts_at) FROM opening o WHERE o.resource_id = r.id AND o.ends_at > :now) AS opens_at,
           EXISTS (SELECT FROM kind_right g WHERE g.kind_id = k.id AND g.role = 'partner' AND g.may_set_hours) AS is_run
    FROM {_TABLES} WHERE r.id = ANY(:ids) AND {_OWN}""")  # noqa: S608 - constants
CLOSURES = text("""
    SELECT c.id, lower(c.days) AS first, upper(c.days) AS until, c.reason, c.site_id IS NOT NULL AS is_of_site
    FROM resource r JOIN closure c ON c.resource_id = r.id OR c.site_id = r.site_id
    WHERE r.id = :id AND (upper_inf(c.days) OR upper(c.days) > :today) ORDER BY lower(c.days) NULLS FIRST, c.id""")
CLOSURES_OF_SITE = text("""
    SELECT id, lower(days) AS first, upper(days) AS until, reason, true AS is_of_site FROM closure
    WHERE site_id = :id AND (upper_inf(days) OR upper(days) > :today) ORDER BY lower(days) NULLS FIRST, id""")
UNITS = text("SELECT id, name, is_active FROM unit WHERE resource_id = :id ORDER BY length(name), name, id")


@dataclass(frozen=True, kw_only=True)
class OwnResource:
    """Something that the actor's organisation runs, as it stands today there."""

    id: int
    code: str
    name: str
    kind_code: str
    kind_label: str
    label_plural: str
    shape: Shape
    fresh_days: int
    site_id: int
    site_name: str
    commune: str
    time_zone: str
    today: date
    capacity: int
    declared_load: int
    declared_waiting: int
    declared_on: date | None
    is_stale: bool
    capacity_today: int | None  # temporary, in the place of the usual one
    taken_today: int  # places taken through here
    beds: int  # in service
    beds_out: int
    beds_free: int  # tonight
    closed_until: date | None  # closed today, until that day; date.max when nobody knows
    closes_on: date | None  # the next day on which a closure begins
    opens_at: datetime | None  # the opening under way, or the next one
    is_run: bool  # partners set the hours, the closures and the capacities of its kind


@dataclass(frozen=True)
class OwnPage:
    """A part of what one runs, the oldest declaration first, and how many there are."""

    items: tuple[OwnResource, ...]
    found: int
    of_all: int
    stale: int


@dataclass(frozen=True)
class Closure:
    """Civil days `[first, until)` when something is closed, alone or with its whole site."""

    id: int
    first: date | None
    until: date | None
    reason: str
    is_of_site: bool


@dataclass(frozen=True)
class OwnBed:
    """A bed, in service or not."""

    id: int
    name: str
    is_active: bool


def own_page(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    typed: str = "",
    only_stale: bool = False,
    skipped: int = 0,
    limit: int = PAGE,
) -> OwnPage:
    """Return a part of what the actor's organisation runs, that has all of the words typed."""
    words = [f"%{_escaped(word)}%" for word in typed.replace("\0", "").split()[:8]]
    asked = _reach(actor) | {"now": now}
    counts = session.execute(COUNTS, asked).one()
    part = {"words": words, "only_stale": only_stale, "skipped": skipped, "limit": limit}
    rows = session.execute(OF_PAGE, asked | part).all()
    items = own_resources(session, actor, [row.id for row in rows], now=now)
    return OwnPage(tuple(items), int(rows[0].of_all) if rows else 0, counts.of_all, counts.stale)


def own_resources(session: Session, actor: Actor, resource_ids: Sequence[int], *, now: datetime) -> list[OwnResource]:
    """Return, in this order, those of these resources that the actor's organisation runs."""
    rows = session.execute(DETAILS, _reach(actor) | {"now": now, "ids": list(resource_ids)})
    found = {row.id: _own(row) for row in rows}
    return [found[resource_id] for resource_id in resource_ids if resource_id in found]


def own_after(session: Session, actor: Actor, after: int, *, limit: int, now: datetime) -> list[OwnResource]:
    """Return what the actor's organisation runs whose number is above one, by number."""
    ids = session.execute(AFTER, _reach(actor) | {"after": after, "limit": limit}).scalars()
    return own_resources(session, actor, list(ids), now=now)


def own_ids(session: Session, actor: Actor) -> list[int]:
    """Return everything that the actor's organisation runs, by number."""
    return list(session.execute(AFTER, _reach(actor) | {"after": 0, "limit": None}).scalars())


def stale_ids(session: Session, actor: Actor, *, now: datetime) -> list[int]:
    """Return the resources of the actor's organisation whose declaration has grown old."""
    return list(session.execute(STALE_IDS, _reach(actor) | {"now": now}).scalars())


def closures_of(session: Session, resource_id: int, *, today: date) -> tuple[Closure, ...]:
    """Return the closures that are not over of a resource that the caller was shown, its site's too, by day."""
    return tuple(Closure(*row) for row in session.execute(CLOSURES, {"id": resource_id, "today": today}))


def closures_of_site(session: Session, site_id: int, *, today: date) -> tuple[Closure, ...]:
    """Return the closures of a whole site that are not over, by day."""
    return tuple(Closure(*row) for row in session.execute(CLOSURES_OF_SITE, {"id": site_id, "today": today}))


def beds_of(session: Session, resource_id: int) -> tuple[OwnBed, ...]:
    """Return the beds of a section that the caller was shown, those out of service too."""
    return tuple(OwnBed(*row) for row in session.execute(UNITS, {"id": resource_id}))


def _reach(actor: Actor) -> dict[str, Any]:
    """Return what the rights of a partner reach, spread over their territories."""
    spread = [
        (right.organisation_id, territory_id, right.kind_id)
        for right in actor.rights
        if right.role is Role.PARTNER and right.organisation_id is not None
        for territory_id in sorted(right.territory_ids)
    ]
    return {
        "organisations": [one for one, _, _ in spread],
        "territories": [one for _, one, _ in spread],
        "kinds": [one for _, _, one in spread],
    }


def _own(row: Any) -> OwnResource:
    return OwnResource(**{**row._mapping, "shape": Shape(row.shape)})


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
