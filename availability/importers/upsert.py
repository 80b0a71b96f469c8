"""Rows written by their code: created, updated or left as they are, and counted. Nothing, in a dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import select, text
from sqlmodel import Session, col

from availability.history import Act, record
from availability.importers.location import Location
from availability.importers.report import Counts, Parsed, Report
from availability.models import LocatedBy, Organisation, Site, Territory, TerritoryLevel

Item = TypeVar("Item")
Coded: TypeAlias = type[Territory] | type[Organisation] | type[Site]
IMPORT_LOCK = 7_205_201  # any constant: two imports at once would create the same rows twice
POSITION = ("lat", "lon", "located_by")


class Upsert:
    """Writes rows by code, in the order in which they refer to one another."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: dict[tuple[str, str], Any] = {}
        self.seen: set[tuple[str, str]] = set()
        self.counts = {model.__tablename__: Counts() for model in (Territory, Organisation, Site)}

    def load(self, model: Coded, codes: Iterable[str]) -> None:
        """Read the rows that may be there already, in one query."""
        found: Iterable[Any] = self.session.scalars(select(model).where(col(model.code).in_(set(codes))))
        for row in found:
            self.rows[model.__tablename__, row.code] = row

    def put(self, model: Coded, code: str, **values: Any) -> int:
        """Create or update the row of this code; return its id. `load` must have been told of the code."""
        key = model.__tablename__, code
        counts = self.counts[model.__tablename__]
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = model(code=code, **values)
            self.session.add(row)
            self.session.flush()
            counts.created += 1
        elif changed := {name: value for name, value in _kept(row, values).items() if getattr(row, name) != value}:
            for name, value in changed.items():
                setattr(row, name, value)
            counts.updated += 1
        elif key not in self.seen:
            counts.unchanged += 1
        self.seen.add(key)
        return int(row.id)

    def has(self, model: Coded, code: str) -> bool:
        """Say whether a row read or written before has this code."""
        return (model.__tablename__, code) in self.rows

    def once(self, model: Coded, code: str, **values: Any) -> int:
        """Do as `put`, for a row that several lines name: the first of them decides."""
        return self.id_of(model, code) if (model.__tablename__, code) in self.seen else self.put(model, code, **values)

    def id_of(self, model: Coded, code: str) -> int:
        """Return the id of a row read or written before. Raises: KeyError."""
        return int(self.rows[model.__tablename__, code].id)

    def country(self) -> int:
        """Return the id of the territory that all others are in."""
        return self.once(Territory, "FR", name="France", level=TerritoryLevel.COUNTRY.value, parent_id=None)


def _kept(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values to write: a pin put by hand stays where somebody put it."""
    if values.get("located_by") and row.located_by == LocatedBy.HAND:
        return {name: value for name, value in values.items() if name not in POSITION}
    return values


def site_values(location: Location) -> dict[str, Any]:
    """Return the columns of a site that say where it is."""
    return {**vars(location), "located_by": location.located_by.value}


def one_at_a_time(session: Session) -> None:
    """Wait until no other import is being written; held until the end of the transaction."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})


def written(
    session: Session,
    parsed: Parsed[Item],
    write: Callable[[Upsert, Iterable[Item]], None],
    *,
    subject: str,
    now: datetime,
    dry_run: bool,
) -> Report:
    """Write what was parsed and return the report; in a dry run, undo all of it. The caller commits."""
    savepoint = session.begin_nested()
    upsert = Upsert(session)
    write(upsert, parsed.items)
    session.flush()
    report = Report(parsed.lines, upsert.counts, parsed.remarks, is_dry_run=dry_run)
    if dry_run:
        savepoint.rollback()
        return report
    savepoint.commit()
    if report.changed:
        record(session, None, Act(act="imported", subject="import", subject_id=subject, at=now, facts=_facts(report)))
    return report


def _facts(report: Report) -> dict[str, Any]:
    counts = {table: vars(counts) for table, counts in report.counts.items()}
    return {"lines": report.lines, "refused": report.refused_lines, "doubtful": report.doubtful_lines, **counts}
