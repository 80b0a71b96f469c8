"""Reads of planning beds: the problem of a court, from its waiting list and from the beds that there are.

The database knows sections and beds, not the doors of rooms: each bed is a room of one, so that what a plan says can
be taken as it is. Whoever has a bed already stays: see `Stays`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind, Shape
from availability.openings import local_day
from availability.rights import Actor, Role
from booking.persons import age_on
from booking.plans.bed_fit import SECTION, Fits, fits
from booking.plans.bed_settings import check, locks_of, weights_of
from booking.plans.kept import PLANNERS, Scope, plan_in
from booking.waiting_models import WaitingEntry, WaitingState
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Establishment, Lock, Placement, Policy, Problem, Request, Room, Sex, Work

ROLES = PLANNERS["beds"]
Nights = tuple[date, date]  # half-open
NOON_MIN = 12 * 60
ADULT = 30  # of whom nothing says the age: their sections were chosen by the search already
HOME = ZoneInfo("Europe/Paris")  # where there is no bed at all
NOBODY: frozenset[str] = frozenset()
LOOKED_AT = timedelta(days=400)  # a bed is reserved a year ahead at most
# What a refusal is worth, by the days that are left until the legal deadline.
URGENCIES = ((15, 6), (30, 4), (366, 2))
MONTHS_COUNTED = 3  # of waiting
BOOKED = 1_000  # refusals of people who wait: whoever has a bed keeps one

BEDS = text("""
    SELECT u.id, u.name, r.id AS resource_id, r.name AS section, s.id AS site_id, s.name AS site_name, s.commune,
           s.time_zone
    FROM unit u JOIN resource r ON r.id = u.resource_id JOIN site s ON s.id = r.site_id
    WHERE r.id = ANY(:ids) AND u.is_active AND r.is_active
    ORDER BY s.name, s.id, r.name, r.id, length(u.name), u.name""")
CLOSED = text("""
    SELECT r.id, lower(c.days) AS first, upper(c.days) AS until
    FROM resource r JOIN closure c ON c.resource_id = r.id OR c.site_id = r.site_id
    WHERE r.id = ANY(:ids) AND c.days && daterange(:first, :until) ORDER BY r.id, c.days""")
# Nights in a row of one holder in one bed are one stay: the night minus its rank is constant along it.
STAYS = text("""
    WITH nights AS (
        SELECT n.*, n.night - CAST(row_number() OVER (PARTITION BY n.unit_id, n.holder_id ORDER BY n.night) AS int)
               AS island
        FROM unit u JOIN bed_night n ON n.unit_id = u.id
        WHERE u.resource_id = ANY(:ids) AND u.is_active AND n.night >= :first AND n.night < :until
          AND (n.expires_at IS NULL OR n.expires_at > :now)),
    runs AS (
        SELECT unit_id, holder_id, min(night) AS first, max(night) + 1 AS until
        FROM nights GROUP BY unit_id, holder_id, island)
    SELECT runs.*, u.resource_id, b.id AS booking_id, b.person_id, b.first_on, b.until_on, p.sex, p.birth_on,
           b.state = 'booked' AND b.territory_id = :territory_id AND b.kind_id = :kind_id AS is_own, o.entry_id
    FROM runs JOIN unit u ON u.id = runs.unit_id
    LEFT JOIN booking b ON b.id = runs.holder_id LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN waiting_offer o ON o.booking_id = b.id AND o.outcome = 'taken'
    ORDER BY runs.unit_id, runs.first""")
OWN_SECTIONS = text("""
    SELECT DISTINCT resource_id FROM booking
    WHERE territory_id = :territory_id AND kind_id = :kind_id AND state = 'booked'
      AND first_on >= :first AND first_on < :until""")
APART = text("""
    SELECT a.person_id, array_agg(DISTINCT b.person_id ORDER BY b.person_id) AS others
    FROM kept_apart a JOIN kept_apart b ON b.group_id = a.group_id AND b.person_id <> a.person_id
    WHERE a.person_id = ANY(CAST(:ids AS uuid[])) GROUP BY a.person_id""")
PLANNABLE = text("""
    SELECT k.id, array_agg(g.role) AS roles
    FROM kind k JOIN kind_right g ON g.kind_id = k.id AND g.role = ANY(:roles) AND g.may_reserve
    WHERE k.shape = :shape AND k.is_active GROUP BY k.id""")
WITH_WORK = text("SELECT DISTINCT kind_id FROM waiting_entry WHERE territory_id = :territory_id AND state = 'waiting'")
WAITED_FOR = text("""
    SELECT DISTINCT w.territory_id, w.kind_id FROM waiting_entry w JOIN kind k ON k.id = w.kind_id
    WHERE w.state = 'waiting' AND w.until_on > :today AND k.shape = 'nights' AND k.is_active
    ORDER BY w.territory_id, w.kind_id""")


@dataclass(frozen=True, kw_only=True)
class BedLine:
    """A bed, and where it is."""

    unit_id: int
    name: str
    resource_id: int
    section: str
    site_id: int
    site_name: str
    commune: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class StayLine:
    """Somebody who has a bed, for the nights `[first, until)` of the horizon; no `booking_id`: kept for the list."""

    item: str
    unit_id: int
    resource_id: int
    first: date
    until: date
    booking_id: UUID | None
    person_id: UUID | None
    is_woman: bool
    age: int
    may_move: bool
    is_own: bool  # a stay of the court that has not begun: it could move if it were unlocked


@dataclass(frozen=True)
class Wanted:
    """Somebody who waits, and between which days their stay may begin, both included."""

    entry: WaitingEntry
    earliest: date
    latest: date

    @property
    def nights(self) -> int:
        """Return how many nights."""
        return self.entry.days or 1


@dataclass(frozen=True, kw_only=True)
class Ward:
    """Everything read of the beds of a court: what the problem is made of, and what a screen says of it."""

    problem: Problem
    in_force: Plan
    beds: Mapping[str, BedLine]  # by room of the problem
    entries: Mapping[str, WaitingEntry]  # by request of the problem
    stays: Mapping[str, StayLine]
    fits: Fits
    later: tuple[UUID, ...] = ()  # who waits too, and could not begin within the window
    today: date = date.min


def plannable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds of beds that the actor plans in their own court, those that somebody waits for first."""
    asked = {"roles": [role.value for role in ROLES], "shape": Shape.NIGHTS.value}
    home = actor.home_territory_id
    ids = [
        row.id
        for row in session.execute(PLANNABLE, asked)
        if home in actor.territories([Role(role) for role in row.roles], kind_id=row.id)
    ]
    waiting = set(session.execute(WITH_WORK, {"territory_id": home}).scalars())
    kinds = session.exec(select(Kind).where(col(Kind.id).in_(ids)).order_by(col(Kind.position), col(Kind.id)))
    return sorted(kinds, key=lambda kind: kind.id not in waiting)


def waited_for(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """Return the courts and the kinds for which somebody waits for a bed."""
    rows = session.execute(WAITED_FOR, {"today": now.date()})
    return [(row.territory_id, row.kind_id) for row in rows]


def ward_of(
    session: Session,
    court: Scope,
    settings: Mapping[str, Any],
    *,
    now: datetime,
    base: Mapping[str, Any] | None = None,
) -> Ward:
    """Return the beds of a court as the database has them, and who waits for one in its window.

    `base` is the plan of an earlier run, as a row keeps it: what `settings` freezes of it keeps the place that it has
    there. Raises: InvalidRequest.
    """
    kind = session.get_one(Kind, court.kind_id)
    waiting = _waiting(session, court)
    fitted = fits(session, waiting, kind, today=court.first, now=now)
    sections = _sections(session, court, fitted)
    beds = {str(row.id): BedLine(**_named(row)) for row in session.execute(BEDS, {"ids": sections})}
    today = min((local_day(now, ZoneInfo(bed.time_zone)) for bed in beds.values()), default=local_day(now, HOME))
    wanted = {str(entry.id): Wanted(entry, *dates) for entry in waiting if (dates := _dates(entry, court, kind, today))}
    horizon = _horizon(wanted.values(), court)
    locks = locks_of(settings)
    usual = Lock.MOVABLE if check(settings).may_move else Lock.FROZEN
    stays = _stays(session, court, sections, horizon, lambda item: locks.get(item, usual), now=now, today=today)
    apart = _apart(session, wanted.values(), stays.values())
    frozen = _frozen(plan_of(base).placed, locks, wanted, stays.values(), beds)
    requests = [_request(item, one, fitted, today, frozen.get(item)) for item, one in wanted.items()]
    requests += [_present(line) for line in stays.values()]
    closed = _closed(session, sections, horizon)
    problem = Problem(
        establishments=tuple(
            Establishment(id=site) for site in dict.fromkeys(str(bed.site_id) for bed in beds.values())
        ),
        rooms=tuple(_room(item, bed, fitted, closed[bed.resource_id]) for item, bed in beds.items()),
        requests=tuple(replace(one, not_in_establishment_with=apart.get(one.id, NOBODY)) for one in requests),
        weights=weights_of(settings),
    )
    return Ward(
        problem=problem,
        in_force=Plan(placed={one.id: one.present for one in problem.requests if one.present and one.id in stays}),
        beds=beds,
        entries={item: one.entry for item, one in wanted.items()},
        stays=stays,
        fits=fitted,
        later=tuple(entry.id for entry in waiting if str(entry.id) not in wanted),
        today=today,
    )


def plan_of(kept: Mapping[str, Any] | None) -> Plan:
    """Return the plan that the table keeps; an empty one when there is none."""
    plan: Plan | None = plan_in("beds", kept)
    return plan or Plan()


def is_planned(item: str) -> bool:
    """Say whether an item is somebody who waits, or a stay that may move: the others are named by their bed too."""
    try:
        UUID(item)
    except ValueError:
        return False
    return True


def urgency(entry: WaitingEntry, today: date) -> int:
    """Return how many refusals a refusal of somebody is worth: by their legal deadline, then by how long they wait."""
    left = None if entry.deadline_on is None else (entry.deadline_on - today).days
    by_deadline = 0 if left is None else next((worth for days, worth in URGENCIES if left <= days), 1)
    months = (today - entry.created_at.date()).days // 30
    return 1 + by_deadline + min(max(months, 0), MONTHS_COUNTED)


# --- rows ---


def _named(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    return {"unit_id": values.pop("id"), **values}


def _waiting(session: Session, court: Scope) -> list[WaitingEntry]:
    """Return who waits there on days of the window, as they would be served."""
    query = (
        select(WaitingEntry)
        .where(
            WaitingEntry.territory_id == court.territory_id,
            WaitingEntry.kind_id == court.kind_id,
            WaitingEntry.state == WaitingState.WAITING,
            col(WaitingEntry.first_on) < court.until,
            col(WaitingEntry.until_on) > court.first,
        )
        .order_by(col(WaitingEntry.deadline_on).nulls_last(), col(WaitingEntry.created_at), col(WaitingEntry.id))
    )
    return list(session.exec(query))


def _dates(entry: WaitingEntry, court: Scope, kind: Kind, today: date) -> tuple[date, date] | None:
    """Return between which days a stay may begin, both included; None when it cannot within the window."""
    earliest = max(entry.first_on, court.first, today + timedelta(days=kind.min_notice_days))
    latest = min(
        entry.until_on - timedelta(days=entry.days or 1),
        court.until - timedelta(days=1),
        today + timedelta(days=kind.max_ahead_days),
    )
    return (earliest, latest) if earliest <= latest else None


def _sections(session: Session, court: Scope, fitted: Fits) -> list[int]:
    """Return the sections that suit, or might, who waits, and those where the court has stays that begin meanwhile."""
    asked = {
        "territory_id": court.territory_id,
        "kind_id": court.kind_id,
        "first": court.first,
        "until": court.until,
    }
    return sorted({*fitted.sections, *session.execute(OWN_SECTIONS, asked).scalars()})


def _horizon(wanted: Iterable[Wanted], court: Scope) -> Nights:
    """Return the nights that matter, `[first, until)`: those that somebody might have, and a year for what comes later.

    A stay that is cut would make a bed look free the day after.
    """
    ends = [one.latest + timedelta(days=one.nights) for one in wanted]
    return court.first, max([court.first + LOOKED_AT, *ends])


def _stays(
    session: Session,
    court: Scope,
    sections: list[int],
    horizon: Nights,
    lock_of: Callable[[str], Lock],
    *,
    now: datetime,
    today: date,
) -> dict[str, StayLine]:
    asked = {
        "ids": sections,
        "first": horizon[0],
        "until": horizon[1],
        "now": now,
        "territory_id": court.territory_id,
        "kind_id": court.kind_id,
    }
    lines = [_stay(row, lock_of(item_of(row)), today) for row in session.execute(STAYS, asked)]
    return {line.item: line for line in lines}


def _stay(row: Any, lock: Lock, today: date) -> StayLine:
    """Return who has a bed. One that may move is a stay of the court, unlocked, seen whole, that has not begun.

    Whoever was given it by the list keeps the name that they had there: a plan that was applied is what is in force.
    """
    is_own = bool(row.is_own) and (row.first, row.until) == (row.first_on, row.until_on) and row.first > today
    may_move = is_own and lock is not Lock.FROZEN
    is_named = may_move or (is_own and row.entry_id is not None)
    return StayLine(
        item=item_of(row) if is_named else f"{row.holder_id}:{row.unit_id}:{row.first}",
        unit_id=row.unit_id,
        resource_id=row.resource_id,
        first=row.first,
        until=row.until,
        booking_id=row.booking_id,
        person_id=row.person_id,
        is_woman=row.sex == "F",
        age=age_on(row.birth_on, row.first) if row.birth_on else ADULT,
        may_move=may_move,
        is_own=is_own,
    )


def item_of(row: Any) -> str:
    """Return how a stay is named: as they were on the list, or by its booking."""
    return str(row.entry_id or row.booking_id)


def _closed(session: Session, sections: list[int], horizon: Nights) -> defaultdict[int, list[tuple[date, date]]]:
    """Return the nights on which each section is closed, within the horizon."""
    first, until = horizon
    found: defaultdict[int, list[Nights]] = defaultdict(list)
    for row in session.execute(CLOSED, {"ids": sections, "first": first, "until": until}):
        found[row.id].append((max(row.first or first, first), min(row.until or until, until)))
    return found


def _apart(session: Session, wanted: Iterable[Wanted], stays: Iterable[StayLine]) -> dict[str, frozenset[str]]:
    """Return who must not be in the establishment of whom, by item."""
    items: dict[UUID, set[str]] = defaultdict(set)
    for one in wanted:
        if one.entry.person_id is not None:
            items[one.entry.person_id].add(str(one.entry.id))
    for line in stays:
        if line.person_id is not None:
            items[line.person_id].add(line.item)
    found: dict[str, frozenset[str]] = {}
    for row in session.execute(APART, {"ids": sorted(items)}):
        others = frozenset(item for other in row.others for item in items.get(other, ()))
        found |= {item: others - {item} for item in items[row.person_id]}
    return found


# --- the problem ---


def _room(item: str, bed: BedLine, fitted: Fits, closed: Sequence[Nights]) -> Room:
    return Room(
        id=item,
        establishment_id=str(bed.site_id),
        policy=Policy.ANY,  # one bed: of whom, the tags say
        equipment=fitted.tags(bed.resource_id),
        closed=tuple(closed),
    )


def _request(item: str, wanted: Wanted, fitted: Fits, today: date, frozen: Placement | None) -> Request:
    """Return somebody who waits. Hours are judged by the search, which knows nights and weekends: here, at noon."""
    entry, suited = wanted.entry, fitted.of_entry[wanted.entry.id]
    travel = suited.minutes
    return Request(
        id=item,
        earliest_on=wanted.earliest,
        latest_on=wanted.latest,
        nights=wanted.nights,
        sex=Sex.WOMEN if suited.sex == "F" else Sex.MEN,
        age=suited.age or ADULT,
        priority=urgency(entry, today),
        work=None
        if travel is None
        else Work(start_min=NOON_MIN, end_min=NOON_MIN + 1, travel_minutes=_named_sites(travel)),
        equipment_required=suited.needs,
        present=frozen,
        lock=Lock.FROZEN if frozen else Lock.FREE,
    )


def _named_sites(minutes: Mapping[int, int]) -> dict[str, int]:
    return {str(site_id): min(found, NOON_MIN - 1) for site_id, found in sorted(minutes.items())}


def _present(line: StayLine) -> Request:
    """Return somebody who has a bed: one who may move goes to another bed of their section, at the same dates."""
    return Request(
        id=line.item,
        earliest_on=line.first,
        latest_on=line.first,
        nights=(line.until - line.first).days,
        sex=Sex.WOMEN if line.is_woman else Sex.MEN,
        age=line.age,
        priority=BOOKED,
        equipment_required=frozenset({f"{SECTION}:{line.resource_id}"}) if line.may_move else NOBODY,
        present=Placement(room_id=str(line.unit_id), first_on=line.first),
        lock=Lock.MOVABLE if line.may_move else Lock.FROZEN,
    )


def _frozen(
    placed: Mapping[str, Placement],
    locks: Mapping[str, Lock],
    wanted: Mapping[str, Wanted],
    stays: Collection[StayLine],
    beds: Mapping[str, BedLine],
) -> dict[str, Placement]:
    """Return where those stay whose place in an earlier plan is locked, as long as it is still free."""
    found = {}
    for item, lock in locks.items():
        place, one = placed.get(item), wanted.get(item)
        if lock is Lock.FROZEN and place is not None and one is not None and place.room_id in beds:
            until = place.first_on + timedelta(days=one.nights)
            there = [line for line in stays if str(line.unit_id) == place.room_id]
            is_free = not any(line.first < until and place.first_on < line.until for line in there)
            if is_free and one.earliest <= place.first_on <= one.latest:
                found[item] = place
    return found
