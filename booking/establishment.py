"""An establishment: its beds by section, night by night, and who comes and goes today. Reads only, as of `now`.

Where a right ends, the bar stays and the person goes: others see "occupied", without who or why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.openings import local_day
from availability.periods import days_between
from availability.rights import Actor
from booking.ledger import INITIALS, MINE, SCOPE, hosted, hosting_values, scope_values
from booking.models import State
from booking.rehousing import count_to_rehouse

NIGHTS_SHOWN = 28
MOST_NIGHTS = 366
MOST_AWAY = 20 * 366  # days from today: what is kept, and what can be reserved, is nearer


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A bed taken for the nights `[first, until)` of the window; `from_on` and `until_on` are its real ends.

    `booking_id`, `initials` and `case_ref` are empty for who may not see for whom it is. `may_bed`: its bed may be
    changed by who looks; `may_date`: its dates too.
    """

    first: date
    until: date
    state: State
    from_on: date
    until_on: date
    booking_id: UUID | None
    initials: str
    case_ref: str
    may_open: bool
    may_bed: bool
    may_date: bool
    revision: int = 0  # of the booking, as it is shown
    held_until: datetime | None = None  # when it is only held


@dataclass(frozen=True)
class Bed:
    """A bed and its stays, in order."""

    unit_id: int
    name: str
    stays: tuple[Stay, ...]


@dataclass(frozen=True)
class Section:
    """Beds that are reserved together, and the nights `[first, until)` when they are closed."""

    resource_id: int
    name: str
    kind_label: str
    beds: tuple[Bed, ...]
    closed: tuple[tuple[date, date], ...]

    def is_closed(self, night: date) -> bool:
        """Say whether nobody can sleep there that night."""
        return any(first <= night < until for first, until in self.closed)


@dataclass(frozen=True)
class Move:
    """Somebody who arrives or leaves today."""

    is_arrival: bool
    section: str
    bed: str
    initials: str
    case_ref: str


@dataclass(frozen=True)
class NightUse:
    """How many beds are taken on a night, of how many."""

    night: date
    taken: int
    held: int
    beds: int


@dataclass(frozen=True, kw_only=True)
class Establishment:
    """Everything that the grid of one site shows."""

    site_id: int
    name: str
    address: str
    time_zone: str
    is_host: bool
    is_beyond: bool  # outside of the actor's territories: the caller logs it
    today: date
    first: date
    until: date
    sections: tuple[Section, ...]
    moves: tuple[Move, ...]
    to_rehouse: int = 0  # people who sleep there on closed nights

    @property
    def beds(self) -> int:
        """Return how many beds there are."""
        return sum(len(section.beds) for section in self.sections)

    @property
    def by_night(self) -> list[NightUse]:
        """Return the occupancy, night by night; a closed section counts no bed."""
        return [_use_of(self.sections, night) for night in days_between(self.first, self.until)]


@dataclass(frozen=True)
class Choice:
    """An establishment in a list of choices."""

    site_id: int
    name: str
    commune: str
    beds: int
    free_tonight: int


def establishment(
    session: Session,
    actor: Actor,
    site_id: int,
    *,
    now: datetime,
    first: date | None = None,
    nights: int = NIGHTS_SHOWN,
) -> Establishment:
    """Return the beds of a site for `nights` nights from `first`, two days before today when None.

    Raises: NotFound, InvalidRequest when the window is too far or has no night.
    """
    site = _site(session, actor, site_id)
    today = local_day(now, ZoneInfo(site.time_zone))
    first = first or today - timedelta(days=2)
    if not 1 <= nights <= MOST_NIGHTS or not abs((first - today).days) <= MOST_AWAY:
        raise InvalidRequest("from", "too-far", latest=today + timedelta(days=MOST_AWAY))
    asked = scope_values(actor) | {
        "site_id": site.id,
        "first": first,
        "until": first + timedelta(days=nights),
        "today": today,
        "now": now,
        "hosted_kinds": site.hosted_kinds,
        "shown_kinds": sorted({*site.kinds, *site.hosted_kinds}),
    }
    return Establishment(
        site_id=site.id,
        name=site.name,
        address=", ".join(part for part in (site.address, f"{site.postcode} {site.commune}".strip()) if part),
        time_zone=site.time_zone,
        is_host=bool(site.hosted_kinds),
        is_beyond=site.is_beyond and not site.hosted_kinds,
        today=today,
        first=first,
        until=asked["until"],
        sections=_sections(session, asked),
        moves=tuple(Move(*row) for row in session.execute(MOVES, asked)),
        to_rehouse=count_to_rehouse(session, site.id, now=now),
    )


def name_of_site(session: Session, actor: Actor, site_id: int) -> str:
    """Return the name of a site that the actor may look at. Raises: NotFound."""
    return str(_site(session, actor, site_id).name)


def establishments(session: Session, actor: Actor, *, now: datetime) -> list[Choice]:
    """Return the sites with beds that the actor runs, or that are in their territories, by name."""
    asked = scope_values(actor) | hosting_values(actor) | {"now": now}
    return [Choice(*row) for row in session.execute(CHOICES, asked)]


def _site(session: Session, actor: Actor, site_id: int) -> Any:
    asked = scope_values(actor) | hosting_values(actor) | {"site_id": site_id}
    site = session.execute(SITE, asked).one_or_none()
    if site is None:
        raise NotFound(site_id=site_id)
    return site


def _sections(session: Session, asked: dict[str, Any]) -> tuple[Section, ...]:
    stays = _stays(session, asked)
    closed = _closed(session, asked)
    beds: dict[int, list[Bed]] = defaultdict(list)
    named: dict[int, tuple[str, str]] = {}
    for row in session.execute(BEDS, asked):
        named[row.resource_id] = (row.section, row.kind_label)
        if row.unit_id is not None:
            beds[row.resource_id].append(Bed(row.unit_id, row.bed, tuple(stays[row.unit_id])))
    return tuple(
        Section(resource_id, section, kind_label, tuple(beds[resource_id]), tuple(closed[resource_id]))
        for resource_id, (section, kind_label) in named.items()
    )


def _stays(session: Session, asked: dict[str, Any]) -> dict[int, list[Stay]]:
    stays: dict[int, list[Stay]] = defaultdict(list)
    for row in session.execute(STAYS, asked):
        stays[row.unit_id].append(
            Stay(
                first=row.first,
                until=row.until,
                state=State(row.state),
                from_on=row.first_on,
                until_on=row.until_on,
                booking_id=row.booking_id if row.is_known else None,
                initials=row.initials if row.is_known else "",
                case_ref=row.case_ref if row.is_known else "",
                may_open=row.may_open,
                may_bed=row.is_known and row.may_go_on,
                may_date=row.may_open and row.may_go_on,
                revision=row.revision,
                held_until=row.held_until if row.state == State.HELD else None,
            )
        )
    return stays


def _closed(session: Session, asked: dict[str, Any]) -> dict[int, list[tuple[date, date]]]:
    closed: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for row in session.execute(CLOSED, asked):
        closed[row.id].append((row.first, row.until))
    return closed


def _use_of(sections: Iterable[Section], night: date) -> NightUse:
    taken = held = beds = 0
    for section in sections:
        beds += 0 if section.is_closed(night) else len(section.beds)
        for bed in section.beds:
            for stay in bed.stays:
                if stay.first <= night < stay.until:
                    taken += 1
                    held += stay.state is State.HELD
    return NightUse(night, taken, held, max(beds, taken))


# A kind that crosses territories is open everywhere to who may use it somewhere: the same rule as when reserving.
_KINDS = """
    (SELECT coalesce(array_agg(DISTINCT k.id), '{}') FROM scope JOIN kind k ON k.id = ANY(scope.kinds)
     WHERE scope.territory_id = s.territory_id OR k.crosses_territories)"""
_HOSTED_KINDS = f"(SELECT coalesce(array_agg(k.id), '{{}}') FROM kind k WHERE {hosted('k.id')})"  # noqa: S608 - constants only
SITE = text(f"""
    WITH {SCOPE}
    SELECT * FROM (
        SELECT s.id, s.name, s.address, s.postcode, s.commune, s.time_zone, {_KINDS} AS kinds,
               {_HOSTED_KINDS} AS hosted_kinds, s.territory_id NOT IN (SELECT territory_id FROM scope) AS is_beyond
        FROM site s WHERE s.id = :site_id) AS found
    WHERE NOT is_beyond OR cardinality(hosted_kinds) > 0
       OR EXISTS (SELECT FROM resource r WHERE r.site_id = found.id AND r.kind_id = ANY(found.kinds))""")  # noqa: S608
CHOICES = text(f"""
    WITH {SCOPE}
    SELECT s.id, s.name, s.commune, count(u.id) AS beds,
           count(u.id) FILTER (WHERE n.unit_id IS NULL AND NOT EXISTS (
               SELECT FROM closure c
               WHERE (c.resource_id = r.id OR c.site_id = s.id) AND c.days @> tonight.night)) AS free
    FROM site s JOIN resource r ON r.site_id = s.id AND r.is_active JOIN kind k ON k.id = r.kind_id
    CROSS JOIN LATERAL (SELECT CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date) AS night) AS tonight
    LEFT JOIN unit u ON u.resource_id = r.id AND u.is_active
    LEFT JOIN bed_night n ON n.unit_id = u.id AND n.night = tonight.night
      AND (n.expires_at IS NULL OR n.expires_at > :now)
    WHERE k.shape = 'nights'
      AND ({hosted("k.id")}
           OR EXISTS (SELECT FROM scope WHERE scope.territory_id = s.territory_id AND k.id = ANY(scope.kinds)))
    GROUP BY s.id ORDER BY s.name, s.id""")  # noqa: S608 - constants only
# A bed out of service is shown as long as somebody is in it.
BEDS = text("""
    SELECT r.id AS resource_id, r.name AS section, k.label AS kind_label, u.id AS unit_id, u.name AS bed
    FROM resource r JOIN kind k ON k.id = r.kind_id
    LEFT JOIN unit u ON u.resource_id = r.id AND (u.is_active OR EXISTS (
        SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night >= :first AND n.night < :until
        AND (n.expires_at IS NULL OR n.expires_at > :now)))
    WHERE r.site_id = :site_id AND k.shape = 'nights' AND r.is_active
      AND k.id = ANY(CAST(:shown_kinds AS bigint[]))
    ORDER BY r.name, r.id, length(u.name), u.name, u.id""")
_IS_KNOWN = "(b.kind_id = ANY(CAST(:hosted_kinds AS bigint[])) OR mine.territory_id IS NOT NULL)"
# Nights in a row of one holder on one bed are one bar: the night minus its rank is constant along it.
STAYS = text(f"""
    WITH {SCOPE}, runs AS (
        SELECT unit_id, holder_id, min(night) AS first, max(night) + 1 AS until, max(expires_at) AS held_until
        FROM (
            SELECT n.*, n.night - CAST(row_number() OVER (PARTITION BY n.unit_id, n.holder_id ORDER BY n.night) AS int)
                   AS island
            FROM resource r JOIN unit u ON u.resource_id = r.id JOIN bed_night n ON n.unit_id = u.id
            WHERE r.site_id = :site_id AND n.night >= :first AND n.night < :until
              AND (n.expires_at IS NULL OR n.expires_at > :now)) AS nights
        GROUP BY unit_id, holder_id, island)
    SELECT runs.unit_id, runs.first, runs.until, runs.held_until, b.id AS booking_id,
           coalesce(b.case_ref, '') AS case_ref,
           coalesce(b.state, CASE WHEN runs.held_until IS NOT NULL THEN 'held' ELSE 'booked' END) AS state,
           coalesce(b.first_on, runs.first) AS first_on, coalesce(b.until_on, runs.until) AS until_on,
           {INITIALS} AS initials, coalesce(mine.territory_id IS NOT NULL, false) AS may_open,
           b.id IS NOT NULL AND {_IS_KNOWN} AS is_known, coalesce(b.revision, 0) AS revision,
           coalesce(b.state IN ('held', 'requested', 'booked', 'honoured') AND b.until_on >= :today, false) AS may_go_on
    FROM runs LEFT JOIN booking b ON b.id = runs.holder_id LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN {MINE}
    ORDER BY runs.unit_id, runs.first""")  # noqa: S608 - constants only
# An extension that the host accepted is another booking, of somebody who neither leaves nor arrives.
_STAYS_ON = """EXISTS (
    SELECT FROM booking y WHERE y.resource_id = b.resource_id AND y.state IN ('booked', 'honoured')
    AND (y.person_id = b.person_id OR (y.case_ref = b.case_ref AND b.case_ref <> ''))
    AND ((b.first_on = :today AND y.until_on = :today) OR (b.until_on = :today AND y.first_on = :today)))"""
MOVES = text(f"""
    WITH {SCOPE}
    SELECT b.first_on = :today AS is_arrival, r.name, coalesce(u.name, '') AS bed,
           CASE WHEN {_IS_KNOWN} THEN {INITIALS} ELSE '' END,
           CASE WHEN {_IS_KNOWN} THEN b.case_ref ELSE '' END
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN booking b ON b.resource_id = r.id
    LEFT JOIN bed_night n ON n.holder_id = b.id AND n.night = greatest(b.first_on, CAST(:today AS date) - 1)
    LEFT JOIN unit u ON u.id = coalesce(n.unit_id, b.unit_id) LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN {MINE}
    WHERE r.site_id = :site_id AND k.shape = 'nights' AND b.state IN ('booked', 'honoured')
      AND (b.first_on = :today OR b.until_on = :today) AND NOT {_STAYS_ON}
      AND k.id = ANY(CAST(:shown_kinds AS bigint[]))
    ORDER BY is_arrival DESC, r.name, length(u.name), u.name, b.id""")  # noqa: S608 - constants only
CLOSED = text("""
    SELECT r.id, greatest(lower(c.days), :first) AS first, least(upper(c.days), :until) AS until
    FROM resource r JOIN closure c ON c.resource_id = r.id OR c.site_id = r.site_id
    WHERE r.site_id = :site_id AND c.days && daterange(:first, :until) ORDER BY first""")
