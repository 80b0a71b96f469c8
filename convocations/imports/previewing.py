"""What an import would do, before anything is done: every line, and the hearings that a whole list no longer has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.importers.sheets import Sheet
from availability.rights import Actor
from availability.sealing import House
from booking.persons import regions_of
from convocations.import_models import LineOutcome, PeopleImport, What
from convocations.imports.comparing import Compared, Progress, Reading, chosen, compare, wanted_starts
from convocations.imports.known import Known, known_to, look_at_hours
from convocations.imports.lines import Line, lines_of
from convocations.imports.options import Options
from convocations.imports.sent import chosen_of, import_for, sheet_of

GONE = text("""
    SELECT k.id, k.person_id, b.id AS booking_id, b.starts_at, s.time_zone, p.family_name, p.given_name
    FROM import_known k JOIN booking b ON b.id = k.booking_id JOIN kind d ON d.id = b.kind_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id JOIN person p ON p.id = k.person_id
    WHERE k.territory_id = :territory_id AND k.source = :source AND NOT k.key = ANY(:keys)
      AND b.state = 'booked' AND b.starts_at > :now AND d.code = :kind
      AND CAST(b.starts_at AT TIME ZONE s.time_zone AS date) BETWEEN :first AND :last
    ORDER BY b.starts_at, k.id LIMIT 2000""")


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A hearing of this source that its whole list no longer has."""

    known_id: UUID
    booking_id: UUID
    name: str
    starts_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a file would do."""

    lines: tuple[Compared, ...]
    gone: tuple[Gone, ...] = ()

    def of(self, outcome: LineOutcome) -> int:
        """Return how many lines do that."""
        return sum(one.outcome is outcome for one in self.lines)

    @property
    def letters(self) -> int:
        """Return how many people are told by letter."""
        return sum(one.needs_letter and one.claim is not None for one in self.lines)


def preview(
    session: Session,
    actor: Actor,
    import_id: UUID,
    *,
    house: House,
    fiction: bool,
    now: datetime,
    tell: Progress | None = None,
    sheet: Sheet | None = None,
) -> Preview:
    """Return what an import would do; `sheet` is its file when it was read already.

    Raises: NotFound, ImportOver, InvalidRequest when its columns cannot do.
    """
    found = import_for(session, actor, import_id)
    lines = read_lines(found, sheet or sheet_of(found, house=house), now=now)
    options, what = Options.of(found.options), What(found.what)
    known = known_to(session, actor, lines, source=found.source, options=options, what=what, house=house)
    if what is What.HEARINGS:
        look_at_hours(session, known, wanted_starts(known, lines), now=now)
    decided, _ = chosen(found.decisions)
    compared = compare(known, lines, reading_of(session, actor, fiction=fiction, now=now), decided, tell=tell)
    gone = gone_from(session, found, lines, known, now=now) if options.is_whole and what is What.HEARINGS else ()
    return Preview(lines=tuple(compared), gone=tuple(gone))


def read_lines(found: PeopleImport, sheet: Sheet, *, now: datetime) -> list[Line]:
    """Return the lines of an import understood. Raises: InvalidRequest."""
    options, what = Options.of(found.options), What(found.what)
    return lines_of(sheet, chosen_of(found, sheet), what, options, today=now.date())


def reading_of(session: Session, actor: Actor, *, fiction: bool, now: datetime) -> Reading:
    """Return how lines of the actor's service are read."""
    return Reading(region=regions_of(session, actor)[0], fiction=fiction, now=now)


def gone_from(
    session: Session, found: PeopleImport, lines: Sequence[Line], known: Known, *, now: datetime
) -> list[Gone]:
    """Return the hearings of the days of a file that it no longer has. A day that one cannot read hides nothing."""
    days: list[date] = [line.day for line in lines if line.day]
    if not days:
        return []
    asked: dict[str, Any] = {
        "territory_id": found.territory_id,
        "source": found.source,
        "keys": [known.index(line.key) for line in lines],
        "kind": Options.of(found.options).kind,
        "first": min(days),
        "last": max(days),
        "now": now,
    }
    return [
        Gone(
            known_id=row.id,
            booking_id=row.booking_id,
            name=f"{row.family_name} {row.given_name}",
            starts_at=row.starts_at,
            zone=ZoneInfo(row.time_zone),
        )
        for row in session.execute(GONE, asked)
    ]
