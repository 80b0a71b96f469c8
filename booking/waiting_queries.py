"""The waiting list as those who asked read it, and as those who run the places count it. Reads only, as of `now`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor
from booking.ledger import INITIALS, SCOPE, hosted, hosting_values, scope_values
from booking.waiting_models import WaitingState
from booking.waiting_rules import Place, Waiting, places_of

SHOWN = 100
RECENT = timedelta(days=3)


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What is held for an entry, as of now."""

    id: UUID
    booking_id: UUID
    resource_id: int
    site_name: str
    resource_name: str
    unit_name: str | None
    commune: str
    time_zone: str
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    offered_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Skipped:
    """Why an entry was passed over, where and when for the last time."""

    resource_id: int
    site_name: str
    resource_name: str
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ListedEntry:
    """Somebody who waits. `place` is theirs among those who wait for the same; none once it is over."""

    id: UUID
    state: WaitingState
    kind_id: int
    kind_code: str
    kind_label: str
    shape: str
    searchable: dict[str, Any]
    label: str
    resource_id: int | None
    site_id: int | None
    booking_id: UUID | None  # the appointment in the place of which an earlier date is wanted
    query: dict[str, Any]
    first_on: date
    until_on: date
    days: int | None
    deadline_on: date | None
    deadline_source: str
    created_at: datetime
    ended_at: datetime | None
    person_id: UUID | None
    initials: str
    case_ref: str
    is_mine: bool
    left: int  # offers declined, or left without an answer
    place: Place | None
    offer: Offered | None
    skips: tuple[Skipped, ...]


@dataclass(frozen=True)
class Awaiting:
    """Somebody who waits for what a host runs: nothing that says who."""

    kind_label: str
    shape: str
    place: Place
    deadline_on: date | None
    created_at: datetime
    first_on: date
    until_on: date
    days: int | None


def entries_for(
    session: Session, actor: Actor, *, now: datetime, kind: str = "", limit: int = SHOWN
) -> tuple[list[ListedEntry], int]:
    """Return who waits in the actor's territories, offers first, then as they are served; and how many they are.

    Those whose wait ended these last days come after, the latest first.
    """
    asked = scope_values(actor) | {"since": now - RECENT, "kind": kind, "limit": limit}
    rows = session.execute(ENTRIES, asked).all()
    ids = [row.id for row in rows]
    living = [row.id for row in rows if row.state in (WaitingState.WAITING, WaitingState.OFFERED)]
    places = places_of(living, all_waiting(session, {row.kind_id for row in rows}))
    offers = {row.entry_id: _offered(row) for row in session.execute(OFFERS, {"ids": ids, "now": now})}
    skips: dict[UUID, list[Skipped]] = defaultdict(list)
    for row in session.execute(SKIPS, {"ids": living}):
        skips[row.entry_id].append(Skipped(row.resource_id, row.site_name, row.resource_name, row.why, row.at))
    return [_entry(row, places, offers, skips) for row in rows], rows[0].of_all if rows else 0


def entry_for(session: Session, actor: Actor, entry_id: UUID, *, now: datetime) -> ListedEntry | None:
    """Return one entry as it is listed, however many there are; None when it is not among the actor's."""
    found, _ = entries_for(session, actor, now=now, limit=10_000)
    return next((one for one in found if one.id == entry_id), None)


def open_offers(session: Session, actor: Actor, *, now: datetime) -> int:
    """Return how many offers wait for an answer of the actor's territories; an earlier date, for that of its person."""
    return int(session.execute(OPEN_OFFERS, scope_values(actor) | {"now": now}).scalar_one())


def awaiting(session: Session, actor: Actor) -> list[Awaiting]:
    """Return, in order, who waits for what the actor runs, without who they are."""
    rows = session.execute(AWAITING, hosting_values(actor)).all()
    if not rows:
        return []
    entries = [_waiting(row) for row in rows]
    places = places_of([one.id for one in entries], entries)
    return [
        Awaiting(
            row.kind_label,
            row.shape,
            places[row.id],
            row.deadline_on,
            row.created_at,
            row.first_on,
            row.until_on,
            row.days,
        )
        for row in rows
    ]


def all_waiting(session: Session, kind_ids: set[int]) -> list[Waiting]:
    """Return all who wait for these kinds, wherever they are: a rank counts them, and shows nothing of them."""
    return [_waiting(row) for row in session.execute(ALL_WAITING, {"kinds": sorted(kind_ids)})]


def _waiting(row: Any) -> Waiting:
    return Waiting(
        id=row.id,
        created_at=row.created_at,
        deadline_on=row.deadline_on,
        first_on=row.first_on,
        until_on=row.until_on,
        point=None if row.lat is None else (row.lat, row.lon),
        reach_km=row.reach_km,
        resource_id=row.resource_id,
        resource_ids=tuple(row.resource_ids or ()),
        kind_id=row.kind_id,
    )


def _offered(row: Any) -> Offered:
    return Offered(**{name: getattr(row, name) for name in Offered.__dataclass_fields__})


def _entry(
    row: Any, places: dict[UUID, Place], offers: dict[UUID, Offered], skips: dict[UUID, list[Skipped]]
) -> ListedEntry:
    own = ("place", "offer", "skips", "state")
    values = {name: getattr(row, name) for name in ListedEntry.__dataclass_fields__ if name not in own}
    return ListedEntry(
        **values,
        state=WaitingState(row.state),
        place=places.get(row.id),
        offer=offers.get(row.id) if row.state == WaitingState.OFFERED else None,
        skips=tuple(skips.get(row.id, ())),
    )


def kinds_waited_for(entries: Sequence[ListedEntry]) -> list[tuple[str, str]]:
    """Return the kinds of some entries, as (code, label), in the order of their labels."""
    return sorted({(one.kind_code, one.kind_label) for one in entries}, key=lambda one: one[1])


_ORDER = "w.deadline_on NULLS LAST, w.created_at, w.id"
ENTRIES = text(f"""
    WITH {SCOPE}
    SELECT w.id, w.state, w.kind_id, k.code AS kind_code, k.label AS kind_label, k.shape, k.searchable, w.label,
           w.resource_id, w.site_id, w.booking_id, w.query, w.first_on, w.until_on, w.days,
           w.deadline_on, w.deadline_source,
           w.created_at, w.ended_at, w.person_id, {INITIALS} AS initials, w.case_ref, w.requested_by = :me AS is_mine,
           (SELECT count(*) FROM waiting_offer o
            WHERE o.entry_id = w.id AND o.outcome IN ('declined', 'lapsed')) AS left,
           count(*) FILTER (WHERE w.state IN ('waiting', 'offered')) OVER () AS of_all
    FROM waiting_entry w JOIN kind k ON k.id = w.kind_id
    JOIN scope mine ON mine.territory_id = w.territory_id AND w.kind_id = ANY(mine.kinds)
    LEFT JOIN person p ON p.id = w.person_id
    WHERE (w.state IN ('waiting', 'offered') OR w.ended_at > :since) AND (:kind = '' OR k.code = :kind)
    ORDER BY w.state NOT IN ('waiting', 'offered'), w.state <> 'offered', w.ended_at DESC NULLS FIRST, {_ORDER}
    LIMIT :limit""")  # noqa: S608 - constants only
OFFERS = text("""
    SELECT o.id, o.entry_id, o.booking_id, o.resource_id, s.name AS site_name, r.name AS resource_name,
           u.name AS unit_name, s.commune, s.time_zone, b.first_on, b.until_on, b.starts_at, o.offered_at, o.ends_at
    FROM waiting_offer o JOIN booking b ON b.id = o.booking_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id LEFT JOIN unit u ON u.id = b.unit_id
    WHERE o.entry_id = ANY(:ids) AND o.outcome IS NULL AND o.ends_at > :now""")
SKIPS = text("""
    SELECT x.entry_id, x.resource_id, s.name AS site_name, r.name AS resource_name, x.why, x.at
    FROM waiting_skip x JOIN resource r ON r.id = x.resource_id JOIN site s ON s.id = r.site_id
    WHERE x.entry_id = ANY(:ids) ORDER BY x.at DESC, x.resource_id, x.why""")
OPEN_OFFERS = text(f"""
    WITH {SCOPE}
    SELECT count(*) FROM waiting_offer o JOIN waiting_entry w ON w.id = o.entry_id
    JOIN scope mine ON mine.territory_id = w.territory_id AND w.kind_id = ANY(mine.kinds)
    WHERE o.outcome IS NULL AND o.ends_at > :now AND w.state = 'offered' AND w.booking_id IS NULL""")  # noqa: S608 - constants only
ALL_WAITING = text("""
    SELECT id, kind_id, created_at, deadline_on, first_on, until_on, lat, lon, reach_km, resource_id, resource_ids
    FROM waiting_entry
    WHERE kind_id = ANY(:kinds) AND state IN ('waiting', 'offered')""")
AWAITING = text(f"""
    SELECT w.id, w.created_at, w.deadline_on, w.first_on, w.until_on, w.days, w.lat, w.lon, w.reach_km, w.resource_id,
           w.resource_ids, w.kind_id,
           k.label AS kind_label, k.shape
    FROM waiting_entry w JOIN kind k ON k.id = w.kind_id
    WHERE w.state IN ('waiting', 'offered') AND EXISTS (
        SELECT FROM resource r JOIN site s ON s.id = r.site_id
        WHERE r.kind_id = w.kind_id AND r.is_active AND {hosted("w.kind_id")}
          AND coalesce(w.resource_id, r.id) = r.id AND coalesce(w.site_id, s.id) = s.id
          AND (w.resource_ids IS NULL OR r.id = ANY(w.resource_ids))
          AND (w.reach_km IS NULL OR (s.lat BETWEEN w.lat - w.reach_km / 111.0 AND w.lat + w.reach_km / 111.0
               AND s.lon BETWEEN w.lon - w.reach_km / (111.0 * cos(radians(w.lat)))
                             AND w.lon + w.reach_km / (111.0 * cos(radians(w.lat))))))
    ORDER BY {_ORDER}""")  # noqa: S608 - constants only
