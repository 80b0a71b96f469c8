"""Spreadsheets of places: what one would do, doing it (all, none, or the good lines), and the same shape written.

The key is the code: the same file twice changes nothing. An empty cell, or a column that is not there, changes
nothing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest
from availability.importers import columns as at
from availability.importers.columns import ASIDE
from availability.importers.lines import SHAPES, Progress, Reader, cell_of
from availability.importers.plans import Known, KnownSite, Plan, Stored
from availability.importers.sheets import Sheet
from availability.models import Kind, Shape
from availability.queries import kinds_for
from availability.rights import Actor, Role

IMPORTERS = (Role.PARTNER, Role.ADMINISTRATOR)

REACHED_SITES = text("""
    SELECT s.id, s.code, s.name, s.organisation_id, s.territory_id, o.code AS organisation, s.lat, s.lon
    FROM site s JOIN organisation o ON o.id = s.organisation_id
    WHERE s.territory_id = ANY(:territories)
      AND (CAST(:organisations AS bigint[]) IS NULL OR s.organisation_id = ANY(:organisations)) ORDER BY s.id""")
EXISTING = text("""
    SELECT r.id, r.code, r.name, r.kind_id, r.site_id, r.capacity, r.declared_load, r.declared_waiting, r.is_active,
           r.attributes FROM resource r WHERE r.code = ANY(:codes)""")
EXPORTED = text("""
    SELECT r.id, r.code, r.name, r.kind_id, r.site_id, r.capacity, r.declared_load, r.declared_waiting, r.is_active,
           r.attributes FROM resource r
    WHERE r.site_id = ANY(:site_ids) AND r.kind_id = ANY(:kind_ids) ORDER BY r.kind_id, r.code""")
BEDS = text("SELECT resource_id, name, is_active FROM unit WHERE resource_id = ANY(:ids) ORDER BY length(name), name")
# What an organisation has already is among what it may have, whoever gave it.
KINDS_OF = text("""
    SELECT DISTINCT r.kind_id FROM resource r JOIN site s ON s.id = r.site_id
    WHERE s.organisation_id = ANY(:organisations) AND s.territory_id = ANY(:territories)""")
SITE_CODES = text("SELECT code FROM site WHERE code = ANY(:codes)")
ORGANISATIONS = text("SELECT id, code, name FROM organisation WHERE code = ANY(:codes) OR id = ANY(:ids)")


def known_to(session: Session, actor: Actor) -> Known:
    """Return what the actor may import into: own places for a partner, those of their territories for others."""
    rights = tuple(right for right in actor.rights if right.role in IMPORTERS)
    for_any_host = any(right.role is Role.ADMINISTRATOR for right in rights)
    organisations = [right.organisation_id for right in rights if right.organisation_id is not None]
    territories = sorted({one for right in rights for one in right.territory_ids})
    asked = {"territories": territories, "organisations": None if for_any_host else organisations}
    sites = {row.id: KnownSite(*row) for row in session.execute(REACHED_SITES, asked)}
    kinds = {kind.id: kind for kind in kinds_for(session, actor)}
    if organisations:
        had = session.execute(KINDS_OF, {"organisations": organisations, "territories": territories}).scalars()
        kinds |= {kind.id: kind for kind in session.exec(select(Kind).where(col(Kind.id).in_(list(had))))}
    kept = {kind.id: kind for kind in kinds.values() if Shape(kind.shape) in SHAPES and kind.is_active}
    hosts = session.execute(ORGANISATIONS, {"codes": [], "ids": organisations}).all()
    host = hosts[0].code if hosts and not for_any_host else ""
    return Known(kept, sites, rights, for_any_host, actor.home_territory_id, host)


def plan(
    session: Session,
    actor: Actor,
    sheet: Sheet,
    chosen: Sequence[str],
    *,
    kind_code: str = "",
    tell: Progress | None = None,
) -> Plan:
    """Return what a sheet would do, its columns being the fields `chosen` (ASIDE: not read). Nothing is written.

    `kind_code` is the kind of every line when no column says it. Raises: InvalidRequest when columns cannot do.
    """
    known = known_to(session, actor)
    check_columns(chosen, kind_code)
    known.existing = _stored(session, EXISTING, {"codes": codes_in(sheet, chosen, at.CODE)})
    sites = session.execute(SITE_CODES, {"codes": codes_in(sheet, chosen, at.SITE)}).scalars()
    known.taken_sites = frozenset(sites) - known.site_coded.keys()
    return Reader(known, sheet, chosen, kind_code, tell).read()


def check_columns(chosen: Sequence[str], kind_code: str) -> None:
    """Refuse columns that cannot make a place. Raises: InvalidRequest."""
    used = [code for code in chosen if code != ASIDE]
    if twice := next((code for code in used if used.count(code) > 1), None):
        raise InvalidRequest(twice, "column-twice")
    if at.CODE not in used:
        raise InvalidRequest(at.CODE, "column-missing")
    if at.KIND not in used and not kind_code:
        raise InvalidRequest(at.KIND, "column-missing")


def exported(session: Session, actor: Actor) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of what the actor may import, which import back to no change."""
    known = known_to(session, actor)
    ids = {"site_ids": list(known.sites), "kind_ids": list(known.kinds)}
    stored = [
        one
        for one in _stored(session, EXPORTED, ids).values()
        if one.site_id is not None and known.covers(known.sites[one.site_id], one.kind_id)
    ]
    fields = [each for each in known.fields if each.code not in (at.ADDRESS, at.POSTCODE, at.COMMUNE)]
    rows = [[cell_of(known, one, each.code) for each in fields] for one in stored]
    return [each.heading for each in fields], rows


def codes_in(sheet: Sheet, chosen: Sequence[str], field: str) -> list[str]:
    """Return the codes that a sheet has in the column of a field, sorted."""
    if field not in chosen:
        return []
    number = list(chosen).index(field)
    return sorted({row.cells[number] for row in sheet.rows if number < len(row.cells)} - {""})


def _stored(session: Session, statement: Any, asked: Mapping[str, Any]) -> dict[str, Stored]:
    rows = session.execute(statement, asked).all()
    beds: dict[int, dict[str, bool]] = {}
    for resource_id, name, is_active in session.execute(BEDS, {"ids": [row.id for row in rows]}):
        beds.setdefault(resource_id, {})[name] = is_active
    return {
        row.code: Stored(
            id=row.id,
            code=row.code,
            name=row.name,
            kind_id=row.kind_id,
            site_id=row.site_id,
            capacity=row.capacity,
            load=row.declared_load,
            waiting=row.declared_waiting,
            is_active=row.is_active,
            attributes=row.attributes,
            beds=beds.get(row.id, {}),
        )
        for row in rows
    }
