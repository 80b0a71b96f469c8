"""Writing what a spreadsheet of places would do, in the caller's transaction: thousands of lines in a few statements.

Locks: one import at a time, then the rows of the file that exist, by number, in one statement, before they are
compared: what is written is what the report says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import tell
from availability.errors import Refusal
from availability.history import Act, record
from availability.importers import columns as at
from availability.importers.lines import Progress
from availability.importers.plans import NewSite, Outcome, Plan, Planned
from availability.importers.resources import codes_in, known_to, plan
from availability.importers.sheets import Sheet
from availability.importers.upsert import one_at_a_time, site_values
from availability.models import Organisation, Site
from availability.rights import Actor, Role

LOCK = text("""
    SELECT id FROM resource WHERE code = ANY(:codes) AND site_id = ANY(:site_ids) ORDER BY id FOR NO KEY UPDATE""")
ROWS = """
    jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(id bigint, code text, site_id bigint, kind_id bigint, name text,
        capacity int, load int, waiting int, is_active boolean, attributes jsonb, said boolean)"""
DECLARED = "CASE WHEN x.said THEN CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)"
CREATE = text(f"""
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, declared_on,
                          is_active, attributes)
    SELECT x.code, x.site_id, x.kind_id, x.name, x.capacity, x.load, x.waiting, {DECLARED} END, x.is_active,
           x.attributes
    FROM {ROWS} JOIN site s ON s.id = x.site_id RETURNING id, code""")  # noqa: S608 - constants
CHANGE = text(f"""
    UPDATE resource r SET name = x.name, capacity = x.capacity, declared_load = x.load, declared_waiting = x.waiting,
        declared_on = {DECLARED} ELSE r.declared_on END, is_active = x.is_active, attributes = x.attributes
    FROM {ROWS} JOIN site s ON s.id = x.site_id WHERE r.id = x.id""")  # noqa: S608 - constants
SET_BEDS = text("""
    INSERT INTO unit (resource_id, name, is_active)
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(resource_id bigint, name text, is_active boolean)
    ON CONFLICT ON CONSTRAINT unit_named_once DO UPDATE SET is_active = excluded.is_active
    WHERE unit.is_active <> excluded.is_active""")
RECORD = text("""
    INSERT INTO history (at, actor_id, act, subject, subject_id, facts)
    SELECT :now, :actor_id, 'imported', 'resource', x.id, x.facts
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(id text, facts jsonb)""")
FIND_HOST = text("SELECT id FROM organisation WHERE code = :code")


class LinesRefused(Refusal):
    """Some lines cannot be imported, and all or none were asked for."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(lines=plan.refused)
        self.plan = plan


@dataclass(frozen=True)
class Order:
    """What is asked of a sheet: the field of each column, the kind of every line when none says it, and all or none."""

    chosen: tuple[str, ...]
    kind_code: str = ""
    all_or_none: bool = True


def import_places(
    session: Session, actor: Actor, sheet: Sheet, order: Order, *, now: datetime, progress: Progress | None = None
) -> Plan:
    """Do what a sheet says, and return what was done: all of it, or its good lines. The caller commits.

    Raises: InvalidRequest when columns cannot do; LinesRefused, nothing being written.
    """
    one_at_a_time(session)
    sites = list(known_to(session, actor).sites)
    session.execute(LOCK, {"codes": codes_in(sheet, order.chosen, at.CODE), "site_ids": sites})
    found = plan(session, actor, sheet, order.chosen, kind_code=order.kind_code, tell=progress)
    if found.problems and order.all_or_none:
        raise LinesRefused(found)
    _write(session, actor, found, now=now)
    return found


def _write(session: Session, actor: Actor, found: Plan, *, now: datetime) -> None:
    sites = _create_sites(session, found)
    created = [one for one in found.lines if one.outcome is Outcome.CREATED]
    changed = [one for one in found.lines if one.outcome is Outcome.CHANGED]
    if not created and not changed:
        return
    says = actor.has(Role.PARTNER)  # a service declares by its file; an administrator only writes what they were given
    ids: dict[str, int] = {}
    if created:
        rows = session.execute(CREATE, {"now": now, "rows": _rows(created, sites, says=says)})
        ids |= {row.code: row.id for row in rows}
    if changed:
        session.execute(CHANGE, {"now": now, "rows": _rows(changed, sites, says=says)})
        ids |= {one.wanted.code: one.wanted.id for one in changed if one.wanted.id is not None}
    beds = [
        {"resource_id": ids[one.wanted.code], "name": name, "is_active": is_active}
        for one in (*created, *changed)
        for name, is_active in one.wanted.beds.items()
    ]
    if beds:
        session.execute(SET_BEDS, {"rows": json.dumps(beds)})
    lines = [{"id": str(ids[one.wanted.code]), "facts": _facts(one)} for one in (*created, *changed)]
    session.execute(RECORD, {"now": now, "actor_id": actor.account_id, "rows": json.dumps(lines)})
    counts = {"lines": found.count, "created": len(created), "changed": len(changed), "refused": found.refused}
    record(session, actor, Act(act="imported", subject="import", subject_id="places", at=now, facts=counts))
    tell(session, ids.values())


def _create_sites(session: Session, found: Plan) -> dict[str, int]:
    """Create the sites that lines need, and their organisations; return their numbers by code."""
    wanted: dict[str, NewSite] = {one.new_site.code: one.new_site for one in found.lines if one.new_site}
    hosts: dict[str, int] = {}
    ids: dict[str, int] = {}
    for code, new in wanted.items():
        if new.organisation not in hosts:
            hosts[new.organisation] = _host(session, new)
        site = Site(
            code=code,
            name=new.name,
            address=new.address,
            organisation_id=hosts[new.organisation],
            territory_id=new.territory_id,
            **site_values(new.location),
        )
        session.add(site)
        session.flush()
        ids[code] = site.id
    return ids


def _host(session: Session, new: NewSite) -> int:
    found = session.execute(FIND_HOST, {"code": new.organisation}).scalar()
    if found is not None:
        return int(found)
    organisation = Organisation(code=new.organisation, name=new.organisation_name)
    session.add(organisation)
    session.flush()
    return organisation.id


def _rows(lines: Sequence[Planned], sites: Mapping[str, int], *, says: bool) -> str:
    rows = []
    for one in lines:
        wanted = one.wanted
        row: dict[str, Any] = {name: getattr(wanted, name) for name in _COLUMNS}
        site_id = wanted.site_id if one.new_site is None else sites[one.new_site.code]
        rows.append(row | {"site_id": site_id, "attributes": dict(wanted.attributes), "said": says})
    return json.dumps(rows)


_COLUMNS = ("id", "code", "kind_id", "name", "capacity", "load", "waiting", "is_active")


def _facts(one: Planned) -> dict[str, Any]:
    wanted = one.wanted
    return {
        "outcome": one.outcome.value,
        "capacity": wanted.capacity,
        "load": wanted.load,
        "waiting": wanted.waiting,
    }
