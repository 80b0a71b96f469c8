"""The only writers of occupancy: occupy, keep, release. They run in the caller's transaction and never commit.

Lock, then check, then write: the resource rows are locked in sorted order, once; whoever waited sees what the one
before wrote (READ COMMITTED). See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SHAPE_OF, AnyClaim, CaseClaim, NightsClaim, PlaceClaim, SlotClaim, TimeClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import Shape
from availability.openings import local_day
from availability.periods import days_between, peak
from availability.queries import A_DAY, agenda_at, with_reasons
from availability.slots import Agenda, WhyNot, slot_at, why_not
from availability.statements import by_key, run
from availability.terms import TERMS, Terms

# Whoever locks is about to change: open pages are told once the transaction commits. One resource at a time: given
# several, PostgreSQL plans again at each execution, which takes longer than all the rest.
_RESOURCE = f"""
    SELECT r.id, r.capacity, r.declared_load, r.is_active AND k.is_active AS is_active, r.site_id, s.territory_id,
           s.organisation_id, s.time_zone, coalesce(r.slot_duration_min, k.slot_duration_min) AS slot_duration_min,
           {TERMS}
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE r.id = :resource_id"""  # noqa: S608 - constants
LOCK = by_key(f"""
    WITH told AS (INSERT INTO change (resource_id) VALUES (:resource_id))
    {_RESOURCE} FOR NO KEY UPDATE OF r""")  # noqa: S608 - constants
LOOK = by_key(_RESOURCE)
# The same lock, for whoever has the resource already and needs to know nothing of it.
LOCK_AGAIN = by_key("""
    WITH told AS (INSERT INTO change (resource_id) VALUES (:resource_id))
    SELECT id FROM resource WHERE id = :resource_id FOR NO KEY UPDATE""")
CLOSED = by_key("""
    SELECT 1 FROM closure
    WHERE (resource_id = :resource_id OR site_id = :site_id) AND days && daterange(:first, :until) LIMIT 1""")

# The named bed if it is free, else the first free one: the same statement answers both questions. Always one row.
FREE_BED = by_key("""
    SELECT bed.id, bed.has_leftovers,
           EXISTS (SELECT FROM closure x WHERE (x.resource_id = :resource_id OR x.site_id = :site_id)
                   AND x.days && daterange(:first, :until)) AS is_closed
    FROM (VALUES (1)) AS one LEFT JOIN LATERAL (
        SELECT u.id, EXISTS (SELECT FROM bed_night n WHERE n.unit_id = u.id
                             AND n.night >= :first AND n.night < :until) AS has_leftovers
        FROM unit u
        WHERE u.resource_id = :resource_id AND u.is_active AND (u.id = :unit_id OR CAST(:unit_id AS bigint) IS NULL)
          AND NOT EXISTS (SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night >= :first AND n.night < :until
                          AND (n.expires_at IS NULL OR n.expires_at > :now))
        ORDER BY u.id LIMIT 1) bed ON true""")
FORGET_NIGHTS = by_key("""
    DELETE FROM bed_night WHERE unit_id = :unit_id AND night >= :first AND night < :until AND expires_at <= :now""")
BED = text("SELECT is_active FROM unit WHERE id = :unit_id AND resource_id = :resource_id")
TAKE_NIGHTS = by_key("""
    INSERT INTO bed_night (unit_id, night, holder_id, expires_at)
    SELECT :unit_id, night, :holder_id, :expires_at FROM unnest(CAST(:nights AS date[])) AS night
    ON CONFLICT DO NOTHING""")

FORGET_PLACES = by_key("""
    DELETE FROM place_period
    WHERE resource_id = :resource_id AND days && daterange(:first, :until) AND expires_at <= :now""")
# A temporary capacity counts as presences that make up the difference with the usual one, less than none when it is
# greater.
PLACES_TAKEN = by_key("""
    SELECT lower(days), upper(days), 1 FROM place_period
    WHERE resource_id = :resource_id AND days && daterange(:first, :until)
    UNION ALL
    SELECT lower(days), upper(days), CAST(:capacity AS int) - capacity FROM capacity_period
    WHERE resource_id = :resource_id AND days && daterange(:first, :until)""")
TAKE_PLACE = by_key("""
    INSERT INTO place_period (resource_id, days, holder_id, expires_at)
    VALUES (:resource_id, daterange(:first, :until), :holder_id, :expires_at)""")

# The free seats of somebody or of a room, whatever their opening hours.
FREE_SEAT = by_key("""
    SELECT free.seat FROM generate_series(1, CAST(:capacity AS int)) AS free(seat)
    WHERE NOT EXISTS (SELECT FROM seat_time t WHERE t.resource_id = :resource_id AND t.seat = free.seat
                      AND t.during && tstzrange(:start, :end))
      AND (CAST(:is_back AS boolean) OR NOT EXISTS (
          SELECT FROM absence a WHERE a.resource_id = :resource_id AND a.during && tstzrange(:start, :end)))
    ORDER BY free.seat LIMIT 1""")
FORGET_SEATS = by_key("DELETE FROM seat_time WHERE resource_id = :resource_id AND expires_at <= :now")
TAKE_SEAT = by_key("""
    INSERT INTO seat_time (resource_id, seat, during, holder_id, expires_at)
    VALUES (:resource_id, :seat, tstzrange(:start, :end), :holder_id, :expires_at)
    ON CONFLICT DO NOTHING""")

FORGET_CASES = by_key("DELETE FROM session_case WHERE resource_id = :resource_id AND expires_at <= :now")
SESSION_LOAD = by_key("""
    SELECT h.starts_at, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day, h.last_take_on,
           h.max_cases, h.max_minutes, count(c.id) AS cases, coalesce(sum(c.minutes), 0) AS minutes,
           EXISTS (SELECT FROM jsonb_each_text(h.quotas) q
                   WHERE starts_with(CAST(:family AS text), q.key) AND CAST(q.value AS int) <=
                     (SELECT count(*) FROM session_case x
                      WHERE x.resource_id = h.resource_id AND starts_with(x.family, q.key))) AS is_quota_reached
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN session_case c ON c.resource_id = h.resource_id
    WHERE h.resource_id = :resource_id GROUP BY h.resource_id, s.time_zone""")
TAKE_CASE = by_key("""
    INSERT INTO session_case (resource_id, minutes, family, holder_id, expires_at)
    VALUES (:resource_id, :minutes, :family, :holder_id, :expires_at)""")

_FORGET_AT_AN_HOUR = {Shape.SLOTS: FORGET_SEATS, Shape.SESSIONS: FORGET_CASES}
TELL = text("INSERT INTO change (resource_id) SELECT unnest(CAST(:ids AS bigint[]))")

AN_INSTANT = timedelta(microseconds=1)

TABLE_OF_SHAPE = {
    Shape.NIGHTS: "bed_night",
    Shape.PLACES: "place_period",
    Shape.SLOTS: "seat_time",
    Shape.SESSIONS: "session_case",
}


@dataclass(frozen=True)
class Locked:
    """A resource whose occupancy nobody else can change until the end of the transaction, and what rules it."""

    id: int
    capacity: int
    declared_load: int
    is_active: bool
    site_id: int
    territory_id: int
    organisation_id: int
    zone: ZoneInfo
    slot_duration_min: int
    terms: Terms

    @property
    def shape(self) -> Shape:
        """Return the shape of its kind."""
        return self.terms.shape


@dataclass(frozen=True, kw_only=True)
class Holder:
    """For whom occupancy is written: the booking, until when it may keep it (None: for good), and the clock."""

    id: UUID
    now: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a claim obtained: the bed or the seat, where there is one, and the number of rows that say so."""

    claim: AnyClaim
    rows: int = 1
    unit_id: int | None = None
    seat: int | None = None


def occupy(session: Session, claims: Sequence[AnyClaim], holder: Holder) -> list[Taken]:
    """Take everything that is claimed, or nothing: on a refusal the caller rolls back.

    Raises: NotFound, NotOpen, PeriodTaken, CapacityReached, InvalidRequest.
    """
    return take(session, lock(session, [claim.resource_id for claim in claims]), claims, holder)


def take(session: Session, locked: Mapping[int, Locked], claims: Sequence[AnyClaim], holder: Holder) -> list[Taken]:
    """Take everything that is claimed of resources that the caller locked and looked at; as `occupy` otherwise."""
    for claim in claims:
        _check(locked, claim)
    return [_take(session, locked[claim.resource_id], claim, holder) for claim in claims]


def keep(session: Session, shape: Shape, resource_ids: Iterable[int], holder: Holder) -> int:
    """Give what the holder has a new end, `holder.expires_at`; return how many rows it still had."""
    last = _lock_but_one(session, resource_ids)
    values = {"resource_id": last, "id": holder.id, "now": holder.now, "expires_at": holder.expires_at}
    return run(session, _LOCK_AND_KEEP[shape], values).rowcount


def release(session: Session, shape: Shape, resource_ids: Iterable[int], holder_id: UUID) -> int:
    """Free everything that the holder has; return how many rows that was.

    The lock is not for what becomes free, but against whoever is sweeping the same expired rows in another order.
    """
    last = _lock_but_one(session, resource_ids)
    return run(session, _LOCK_AND_RELEASE[shape], {"resource_id": last, "id": holder_id}).rowcount


def forget_expired(session: Session, shape: Shape, resource_id: int, *, now: datetime) -> None:
    """Forget the holds that are over on what is taken at an hour; the resource is locked by the caller."""
    if shape in _FORGET_AT_AN_HOUR:
        run(session, _FORGET_AT_AN_HOUR[shape], {"resource_id": resource_id, "now": now})


def lock(session: Session, resource_ids: Iterable[int]) -> dict[int, Locked]:
    """Lock resources in sorted order, note that they change, and return what must be known of those that exist."""
    rows = [run(session, LOCK, {"resource_id": one}).one_or_none() for one in sorted(set(resource_ids))]
    return {row.id: _locked(row) for row in rows if row is not None}


def look(session: Session, resource_ids: Iterable[int]) -> dict[int, Locked]:
    """Return what `lock` returns, without the lock: true now, and only for whoever writes nothing."""
    rows = [run(session, LOOK, {"resource_id": one}).one_or_none() for one in sorted(set(resource_ids))]
    return {row.id: _locked(row) for row in rows if row is not None}


def tell(session: Session, resource_ids: Iterable[int]) -> None:
    """Note that these resources changed, when that took no lock; open pages are told once the transaction commits."""
    if ids := sorted(resource_ids):
        run(session, TELL, {"ids": ids})


def _lock_but_one(session: Session, resource_ids: Iterable[int]) -> int:
    """Lock all but the last of the resources that one has already, in sorted order; return the last."""
    *others, last = sorted(set(resource_ids))
    for resource_id in others:
        run(session, LOCK_AGAIN, {"resource_id": resource_id})
    return last


def _locked(row: Any) -> Locked:
    return Locked(
        id=row.id,
        capacity=row.capacity,
        declared_load=row.declared_load,
        is_active=row.is_active,
        site_id=row.site_id,
        territory_id=row.territory_id,
        organisation_id=row.organisation_id,
        zone=ZoneInfo(row.time_zone),
        slot_duration_min=row.slot_duration_min,
        terms=Terms.read(row),
    )


def _check(locked: Mapping[int, Locked], claim: AnyClaim) -> None:
    """Refuse a claim on nothing, on another shape, or on what is out of service."""
    resource, shape = locked.get(claim.resource_id), SHAPE_OF[type(claim)]
    if resource is None:
        raise NotFound(resource_id=claim.resource_id)
    if resource.shape != shape:
        raise InvalidRequest("resource_id", "other-shape", resource_id=resource.id, shape=shape)
    if not resource.is_active:
        raise NotOpen(resource_id=resource.id, why="out-of-service")


def _take(session: Session, resource: Locked, claim: AnyClaim, holder: Holder) -> Taken:
    match claim:
        case NightsClaim():
            return _take_nights(session, resource, claim, holder)
        case PlaceClaim():
            return _take_place(session, resource, claim, holder)
        case SlotClaim():
            return _take_slot(session, resource, claim, holder)
        case CaseClaim():
            return _take_case(session, resource, claim, holder)
        case TimeClaim():
            return _take_time(session, resource, claim, holder)


def _take_nights(session: Session, resource: Locked, claim: NightsClaim, holder: Holder) -> Taken:
    wanted = {"first": claim.first, "until": claim.until, "now": holder.now}
    here = {"resource_id": resource.id, "site_id": resource.site_id, "unit_id": claim.unit_id}
    bed = run(session, FREE_BED, wanted | here).one()
    if bed.is_closed:
        raise NotOpen(resource_id=resource.id, first=claim.first, until=claim.until, why="closed")
    if bed.id is None:
        _refuse_unknown_bed(session, claim)
        raise PeriodTaken(resource_id=resource.id, unit_id=claim.unit_id, first=claim.first, until=claim.until)
    if bed.has_leftovers:  # of holds that are over
        run(session, FORGET_NIGHTS, wanted | {"unit_id": bed.id})
    nights = list(days_between(claim.first, claim.until))
    _insert(session, TAKE_NIGHTS, claim, holder, rows=len(nights), unit_id=bed.id, nights=nights)
    return Taken(claim=claim, rows=len(nights), unit_id=bed.id)


def _take_place(session: Session, resource: Locked, claim: PlaceClaim, holder: Holder) -> Taken:
    _refuse_closed(session, resource, claim.first, claim.first + A_DAY)  # see docs/decisions/0014-recurrences.md
    wanted = {"resource_id": resource.id, "first": claim.first, "until": claim.until, "now": holder.now}
    run(session, FORGET_PLACES, wanted)
    capacity = {"capacity": resource.capacity}
    presences = [(start, end, weight) for start, end, weight in run(session, PLACES_TAKEN, wanted | capacity)]
    if resource.declared_load + peak((), claim.first, claim.until, weights=presences) >= resource.capacity:
        raise CapacityReached(resource_id=resource.id, capacity=resource.capacity, first=claim.first, until=claim.until)
    _insert(session, TAKE_PLACE, claim, holder, resource_id=resource.id, first=claim.first, until=claim.until)
    return Taken(claim=claim)


def _take_slot(session: Session, resource: Locked, claim: SlotClaim, holder: Holder) -> Taken:
    run(session, FORGET_SEATS, {"resource_id": resource.id, "now": holder.now})
    agenda = agenda_at(session, resource.id, around=claim.start, now=holder.now)
    slot = slot_at(claim.start, agenda) if agenda else None
    if slot is None or not slot.is_free:
        raise _not_free(session, resource, claim.start, agenda)
    seat, period = slot.seats[0], slot.period
    _insert(session, TAKE_SEAT, claim, holder, resource_id=resource.id, seat=seat, start=period.start, end=period.end)
    return Taken(claim=claim, seat=seat)


def _not_free(session: Session, resource: Locked, start: datetime, agenda: Agenda | None) -> Refusal:
    """Return the refusal that says why no slot is free then, as the list of slots would."""
    if agenda is None:
        return NotFound(resource_id=resource.id)
    why = why_not(start, with_reasons(session, resource.id, agenda, around=start))
    refusal = PeriodTaken if why in (WhyNot.HELD, WhyNot.TAKEN, WhyNot.NO_SEAT) else NotOpen
    return refusal(resource_id=resource.id, start=start, why=why)


def _take_case(session: Session, resource: Locked, claim: CaseClaim, holder: Holder) -> Taken:
    run(session, FORGET_CASES, {"resource_id": resource.id, "now": holder.now})
    load = run(session, SESSION_LOAD, {"resource_id": resource.id, "family": claim.family}).one_or_none()
    if load is None or load.starts_at <= holder.now:
        raise NotOpen(resource_id=resource.id, why="no-session")
    is_late = load.last_take_on is not None and local_day(holder.now, resource.zone) > load.last_take_on
    if is_late and not claim.is_back:
        raise NotOpen(resource_id=resource.id, why="last-day-past")
    _refuse_closed(session, resource, load.day, load.day + A_DAY)
    full = {
        "cases": load.cases >= load.max_cases,
        "minutes": load.minutes + claim.minutes > load.max_minutes,
        "quota": load.is_quota_reached,
    }
    if reasons := [reason for reason, reached in full.items() if reached]:
        raise CapacityReached(resource_id=resource.id, why=reasons[0])
    _insert(session, TAKE_CASE, claim, holder, resource_id=resource.id, minutes=claim.minutes, family=claim.family)
    return Taken(claim=claim)


def _take_time(session: Session, resource: Locked, claim: TimeClaim, holder: Holder) -> Taken:
    run(session, FORGET_SEATS, {"resource_id": resource.id, "now": holder.now})
    start, end = claim.period.start, claim.period.end
    last_day = local_day(end - AN_INSTANT, resource.zone)  # one that ends at midnight does not touch the next day
    if not claim.is_back:
        _refuse_closed(session, resource, local_day(start, resource.zone), last_day + A_DAY)
    wanted: dict[str, Any] = {"resource_id": resource.id, "start": start, "end": end}
    seat = run(session, FREE_SEAT, wanted | {"capacity": resource.capacity, "is_back": claim.is_back}).scalar()
    if seat is None:
        raise PeriodTaken(resource_id=resource.id, start=start, end=end)
    _insert(session, TAKE_SEAT, claim, holder, seat=seat, **wanted)
    return Taken(claim=claim, seat=seat)


def _refuse_unknown_bed(session: Session, claim: NightsClaim) -> None:
    if claim.unit_id is None:
        return
    bed = run(session, BED, {"unit_id": claim.unit_id, "resource_id": claim.resource_id}).one_or_none()
    if bed is None:
        raise NotFound(resource_id=claim.resource_id, unit_id=claim.unit_id)
    if not bed.is_active:
        raise NotOpen(resource_id=claim.resource_id, unit_id=claim.unit_id, why="out-of-service")


def _refuse_closed(session: Session, resource: Locked, first: date, until: date | None) -> None:
    asked = {"resource_id": resource.id, "site_id": resource.site_id, "first": first, "until": until}
    if run(session, CLOSED, asked).first():
        raise NotOpen(resource_id=resource.id, first=first, until=until, why="closed")


def _insert(session: Session, statement: Any, claim: AnyClaim, holder: Holder, rows: int = 1, **values: Any) -> None:
    """Write occupancy. The constraint is the last guard: it only speaks when somebody wrote without the lock."""
    written = run(session, statement, {"holder_id": holder.id, "expires_at": holder.expires_at, **values})
    if written.rowcount != rows:
        raise PeriodTaken(resource_id=claim.resource_id)


def _statements(template: str) -> dict[Shape, Any]:
    return {shape: by_key(template.format(table=table)) for shape, table in TABLE_OF_SHAPE.items()}


_KEEP = _statements("""
    UPDATE {table} SET expires_at = :expires_at
    WHERE holder_id = :id AND (expires_at IS NULL OR expires_at > :now)""")
_RELEASE = _statements("DELETE FROM {table} WHERE holder_id = :id")
# In one statement with the lock of the last resource: the count is asked for once, before any row is looked at. What
# was deleted while the lock was waited for is not there: at READ COMMITTED a row is read again before it is written.
_LOCKED_FIRST = """
    WITH told AS (INSERT INTO change (resource_id) VALUES (:resource_id)),
         locked AS MATERIALIZED (SELECT id FROM resource WHERE id = :resource_id FOR NO KEY UPDATE)
    {act} AND (SELECT count(*) FROM locked) = 1"""
_LOCK_AND_KEEP = {shape: by_key(_LOCKED_FIRST.format(act=act.text)) for shape, act in _KEEP.items()}
_LOCK_AND_RELEASE = {shape: by_key(_LOCKED_FIRST.format(act=act.text)) for shape, act in _RELEASE.items()}
