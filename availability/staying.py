"""Who stays on: other nights, another bed, other days for one holder, who keeps what they have in between.

As `actions.py`, these write occupancy of resources that the caller locked, in its transaction, and never commit. What
is new is taken before what is left is freed. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from sqlmodel import Session

from availability.actions import CLOSED, FORGET_PLACES, PLACES_TAKEN, Holder, Locked
from availability.errors import CapacityReached, NotFound, NotOpen, PeriodTaken
from availability.periods import peak
from availability.statements import by_key, run

A_DAY = timedelta(days=1)
Nights = dict[date, int]  # the bed of each night
Run = tuple[int, date, date]  # a bed for the nights [first, until)

NIGHTS = by_key("""
    SELECT night, unit_id FROM bed_night
    WHERE holder_id = :id AND (expires_at IS NULL OR expires_at > :now) ORDER BY night""")
BEDS = by_key("SELECT id, resource_id, is_active FROM unit WHERE id = ANY(:units)")
TAKEN = by_key("""
    SELECT b.unit_id, b.night FROM bed_night b
    JOIN unnest(CAST(:units AS bigint[]), CAST(:nights AS date[])) AS w(unit_id, night) USING (unit_id, night)
    WHERE b.holder_id <> :id AND (b.expires_at IS NULL OR b.expires_at > :now) ORDER BY b.night LIMIT 1""")
FORGET = by_key("""
    DELETE FROM bed_night b USING unnest(CAST(:units AS bigint[]), CAST(:nights AS date[])) AS w(unit_id, night)
    WHERE b.unit_id = w.unit_id AND b.night = w.night AND b.expires_at <= :now""")
# What is added ends with what the holder has: an offer of the waiting list is kept longer than its booking says.
TAKE = by_key("""
    INSERT INTO bed_night (unit_id, night, holder_id, expires_at)
    SELECT unit_id, night, :id,
           coalesce((SELECT max(h.expires_at) FROM bed_night h WHERE h.holder_id = :id), :expires_at)
    FROM unnest(CAST(:units AS bigint[]), CAST(:nights AS date[])) AS w(unit_id, night) ON CONFLICT DO NOTHING""")
LEAVE = by_key("""
    DELETE FROM bed_night b USING unnest(CAST(:units AS bigint[]), CAST(:nights AS date[])) AS w(unit_id, night)
    WHERE b.unit_id = w.unit_id AND b.night = w.night AND b.holder_id = :id""")
# The rows stay where they are and change hands: the key (unit, night) is never in question, at no moment.
EXCHANGE = by_key("""
    UPDATE bed_night SET holder_id = CASE WHEN holder_id = CAST(:one AS uuid) THEN CAST(:other AS uuid)
                                          ELSE CAST(:one AS uuid) END
    WHERE holder_id IN (CAST(:one AS uuid), CAST(:other AS uuid)) AND night = ANY(CAST(:nights AS date[]))""")
DAYS = by_key("""
    SELECT lower(days) AS first, upper(days) AS until FROM place_period
    WHERE holder_id = :id AND (expires_at IS NULL OR expires_at > :now)""")
SET_DAYS = by_key("UPDATE place_period SET days = daterange(:first, :until) WHERE holder_id = :id")


def nights_of(session: Session, holder: Holder) -> Nights:
    """Return the bed that a holder has each night, in order."""
    return {row.night: row.unit_id for row in run(session, NIGHTS, {"id": holder.id, "now": holder.now})}


def runs_of(nights: Mapping[date, int]) -> list[Run]:
    """Return nights as the fewest (bed, first, until), in order."""
    found: list[Run] = []
    for night, unit_id in sorted(nights.items()):
        if found and found[-1][0] == unit_id and found[-1][2] == night:
            found[-1] = (unit_id, found[-1][1], night + A_DAY)
        else:
            found.append((unit_id, night, night + A_DAY))
    return found


def set_nights(
    session: Session, locked: Mapping[int, Locked], wanted: Nights, holder: Holder, *, is_undo: bool = False
) -> None:
    """Have a holder sleep exactly in these beds, of sections that the caller locked, and nowhere else.

    A night already had is not refused for a closure that came since; nor is one taken back, when `is_undo`.
    Raises: NotFound, NotOpen, PeriodTaken.
    """
    had = nights_of(session, holder)
    added = sorted((unit_id, night) for night, unit_id in wanted.items() if had.get(night) != unit_id)
    left = [(unit_id, night) for night, unit_id in had.items() if wanted.get(night) != unit_id]
    if added:
        section_of = _sections(session, locked, {unit_id for unit_id, _ in added})
        if not is_undo:
            _refuse_closed(session, _new_there(session, had, added, section_of))
        _take(session, section_of, added, holder)
    if left:
        run(session, LEAVE, _columns(left) | {"id": holder.id})


def exchange_nights(session: Session, one: UUID, other: UUID, nights: Iterable[date]) -> None:
    """Have two holders who both have a bed on each of these nights sleep in each other's. Raises: PeriodTaken."""
    on = sorted(nights)
    changed = run(session, EXCHANGE, {"one": one, "other": other, "nights": on})
    if changed.rowcount != 2 * len(on):
        raise PeriodTaken(holder_id=one)


def set_days(
    session: Session, place: Locked, first: date, until: date | None, holder: Holder, *, is_undo: bool = False
) -> None:
    """Give a holder of one of the concurrent places other days; those that it has are not counted again.

    Raises: CapacityReached, NotOpen.
    """
    had = run(session, DAYS, {"id": holder.id, "now": holder.now}).one()
    if first != had.first and not is_undo:
        _refuse_closed(session, [(place, first)])
    for start, end in _added_days((had.first, had.until), (first, until)):
        asked = {"resource_id": place.id, "first": start, "until": end, "now": holder.now, "capacity": place.capacity}
        run(session, FORGET_PLACES, {name: asked[name] for name in ("resource_id", "first", "until", "now")})
        present = [(began, ended, weight) for began, ended, weight in run(session, PLACES_TAKEN, asked)]
        if place.declared_load + peak((), start, end, weights=present) >= place.capacity:
            raise CapacityReached(resource_id=place.id, capacity=place.capacity, first=start, until=end)
    run(session, SET_DAYS, {"id": holder.id, "first": first, "until": until})


def _added_days(had: tuple[date, date | None], wanted: tuple[date, date | None]) -> Iterator[tuple[date, date | None]]:
    """Yield the days `[start, end)` that are wanted and not had."""
    (had_first, had_until), (first, until) = had, wanted
    if (until is not None and until <= had_first) or (had_until is not None and first >= had_until):
        yield first, until
        return
    if first < had_first:
        yield first, had_first
    if had_until is not None and (until is None or until > had_until):
        yield had_until, until


def _sections(session: Session, locked: Mapping[int, Locked], units: set[int]) -> dict[int, Locked]:
    """Return the section of each bed. Raises: NotFound, NotOpen for a bed or a section out of service."""
    found: dict[int, Locked] = {}
    for row in run(session, BEDS, {"units": sorted(units)}):
        if row.resource_id not in locked:
            continue
        section = locked[row.resource_id]
        if not (row.is_active and section.is_active):
            raise NotOpen(resource_id=section.id, unit_id=row.id, why="out-of-service")
        found[row.id] = section
    if missing := units - found.keys():
        raise NotFound(unit_id=min(missing))
    return found


def _new_there(
    session: Session, had: Nights, added: Iterable[tuple[int, date]], section_of: Mapping[int, Locked]
) -> list[tuple[Locked, date]]:
    """Return the nights on which the holder slept nowhere, or in another section."""
    beds = run(session, BEDS, {"units": sorted(set(had.values()))})
    had_in = {row.id: row.resource_id for row in beds}
    slept = {night: had_in[unit_id] for night, unit_id in had.items()}
    wanted = [(section_of[unit_id], night) for unit_id, night in added]
    return [(section, night) for section, night in wanted if slept.get(night) != section.id]


def _refuse_closed(session: Session, taken: Iterable[tuple[Locked, date]]) -> None:
    by_section = groupby(sorted(taken, key=lambda one: (one[0].id, one[1])), key=lambda one: one[0])
    for section, same in by_section:
        for _, first, until in runs_of({night: section.id for _, night in same}):
            asked = {"resource_id": section.id, "site_id": section.site_id, "first": first, "until": until}
            if run(session, CLOSED, asked).first():
                raise NotOpen(resource_id=section.id, first=first, until=until, why="closed")


def _take(session: Session, section_of: Mapping[int, Locked], added: list[tuple[int, date]], holder: Holder) -> None:
    asked = _columns(added) | {"id": holder.id, "now": holder.now}
    if taken := run(session, TAKEN, asked).first():
        section = section_of[taken.unit_id].id
        raise PeriodTaken(resource_id=section, unit_id=taken.unit_id, first=taken.night, until=taken.night + A_DAY)
    run(session, FORGET, {name: asked[name] for name in ("units", "nights", "now")})
    written = run(session, TAKE, _columns(added) | {"id": holder.id, "expires_at": holder.expires_at})
    if written.rowcount != len(added):  # somebody wrote without the lock: the key spoke
        raise PeriodTaken(resource_id=section_of[added[0][0]].id)


def _columns(pairs: Iterable[tuple[int, date]]) -> dict[str, list[int] | list[date]]:
    both = list(pairs)
    return {"units": [unit_id for unit_id, _ in both], "nights": [night for _, night in both]}
