"""Reads of planning: the problem of a court as the optimizer takes it, and what its screen shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.limits import Limits
from availability.models import Kind, Shape
from availability.openings import instant_of, local_day
from availability.periods import Period
from availability.rights import Actor
from booking.models import OCCUPYING
from booking.plans.kept import PLANNERS as ROLES
from booking.plans.kept import Scope, check_may_plan, digest_of, last_runs, plan_in, prices_of
from booking.plans.models import OptimizerRun
from optimizer.hearings.plan import Plan, Score, Unplaced
from optimizer.hearings.problem import Bench, Case, Hearing, Load, Problem, Room, Sitting

PLANNERS = ROLES["hearings"]
UNPLACED: TypeAdapter[tuple[Unplaced, ...]] = TypeAdapter(tuple[Unplaced, ...])
ROOM_KIND = "salle"  # code of the kind whose resources are court rooms
# The room that its template keeps for a session `o`, also once it was moved to another one.
KEPT_ROOM = f"""
    LEFT JOIN resource room ON room.id = ANY(o.held_ids)
         AND room.kind_id = (SELECT id FROM kind WHERE code = '{ROOM_KIND}')"""  # noqa: S608 - constants only
PLACED = sorted(state.value for state in OCCUPYING)

# Hearings to come of a kind in a court; one that falls on a closure is not held, whatever a plan says.
HEARINGS = text("""
    SELECT r.id, r.name, h.starts_at, h.ends_at, h.max_cases, h.max_minutes, h.quotas, s.time_zone,
           f.judge_id, f.clerk_id, f.room_id, h.last_take_on
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    WHERE r.kind_id = :kind_id AND s.territory_id = :territory_id AND r.is_active AND h.starts_at > :now
      AND CAST(h.starts_at AT TIME ZONE s.time_zone AS date) >= :first
      AND CAST(h.starts_at AT TIME ZONE s.time_zone AS date) < :until
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date))
    ORDER BY h.starts_at, r.id""")
LOADS = text("""
    SELECT resource_id, family, count(*) AS cases, sum(minutes) AS minutes FROM session_case
    WHERE resource_id = ANY(:ids) AND (expires_at IS NULL OR expires_at > :now) GROUP BY resource_id, family""")
BENCHES = text("""
    SELECT c.judge_id, c.clerk_id FROM cabinet c
    JOIN resource j ON j.id = c.judge_id JOIN resource g ON g.id = c.clerk_id JOIN site s ON s.id = j.site_id
    WHERE s.territory_id = :territory_id AND j.is_active AND g.is_active AND j.capacity > 0 AND g.capacity > 0
    ORDER BY c.judge_id""")
ROOMS = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = :room AND s.territory_id = :territory_id AND r.is_active AND r.capacity > 0 ORDER BY r.id""")
# What a template keeps for a hearing of the kind that is planned is free for it.
BUSY = text("""
    SELECT resource_id, lower(during) AS start, upper(during) AS end FROM seat_time
    WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end)
      AND (expires_at IS NULL OR expires_at > :now)
      AND NOT EXISTS (SELECT FROM template_session o JOIN resource h ON h.id = o.resource_id
                      WHERE o.holder_id = seat_time.holder_id AND h.kind_id = :kind_id)
    UNION ALL SELECT resource_id, lower(during), upper(during) FROM absence
    WHERE resource_id = ANY(:ids) AND during && tstzrange(:start, :end) ORDER BY 1, 2, 3""")
CLOSED = text("""
    SELECT r.id, lower(c.days) AS first, upper(c.days) AS until, s.time_zone
    FROM resource r JOIN site s ON s.id = r.site_id JOIN closure c ON c.resource_id = r.id OR c.site_id = s.id
    WHERE r.id = ANY(:ids) AND c.days && daterange(:first, :until) ORDER BY r.id, c.days""")
WAITING = text("""
    SELECT w.id, w.case_ref, w.family, w.minutes, w.received_on, w.ready_on, w.deadline_on, w.refused_judges
    FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE w.territory_id = :territory_id AND w.kind_id = :kind_id
      AND (b.id IS NULL OR b.state <> ALL(:placed))
    ORDER BY w.deadline_on NULLS LAST, w.received_on, w.id""")
CASES = text("""
    SELECT w.id, w.case_ref, w.family, w.minutes, w.received_on, w.ready_on, w.deadline_on, w.refused_judges,
           b.id AS booking_id, b.resource_id AS hearing_id
    FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id AND b.state = ANY(:placed)
    WHERE w.territory_id = :territory_id AND w.kind_id = :kind_id AND w.id = ANY(:ids)""")
NAMES = text("SELECT id, name FROM resource WHERE id = ANY(:ids)")
PLANNABLE = text("""
    SELECT k.id FROM kind k JOIN kind_right g ON g.kind_id = k.id AND g.role = ANY(:roles) AND g.may_reserve
    WHERE k.shape = :shape""")
WAITING_COUNT = text("""
    SELECT count(*) FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE w.territory_id = :territory_id AND w.kind_id = ANY(:kinds) AND (b.id IS NULL OR b.state <> ALL(:placed))""")
WITH_WORK = text("SELECT DISTINCT kind_id FROM waiting_case WHERE territory_id = :territory_id")


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """A case as the screen shows it; `hearing_id` and `booking_id` when it has its place."""

    id: UUID
    case_ref: str
    family: str
    minutes: int
    received_on: date
    ready_on: date
    deadline_on: date | None
    refused_judges: tuple[int, ...] = ()
    hearing_id: int | None = None
    booking_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class HearingLine:
    """A hearing as the screen shows it: what is in it, and who holds it if that is decided."""

    hearing: Hearing
    name: str
    time_zone: str
    last_take_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """Everything that the screen of a court shows; `names` are those of judges, clerks and rooms."""

    hearings: tuple[HearingLine, ...]
    waiting: tuple[CaseLine, ...]
    names: dict[int, str]
    benches: int
    rooms: int
    runs: tuple[OptimizerRun, ...]
    digest: str
    cases: dict[UUID, CaseLine] = field(default_factory=dict)  # of the last run's plan, placed meanwhile or not


def plannable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds of hearings that the actor plans in their own court, those with waiting cases first."""
    asked = {"roles": [role.value for role in PLANNERS], "shape": Shape.SESSIONS.value}
    home = actor.home_territory_id
    ids = [
        kind_id
        for kind_id in session.execute(PLANNABLE, asked).scalars()
        if home in actor.territories(PLANNERS, kind_id=kind_id)
    ]
    with_work = set(session.execute(WITH_WORK, {"territory_id": home}).scalars())
    kinds = session.exec(select(Kind).where(col(Kind.id).in_(ids)).order_by(col(Kind.position), col(Kind.id)))
    return sorted(kinds, key=lambda kind: kind.id not in with_work)


def waiting_count(session: Session, actor: Actor) -> int:
    """Return how many cases of the actor's court wait for a hearing, among those that they plan."""
    kinds = [kind.id for kind in plannable_kinds(session, actor)]
    asked = {"territory_id": actor.home_territory_id, "kinds": kinds, "placed": PLACED}
    return int(session.execute(WAITING_COUNT, asked).scalar_one()) if kinds else 0


def check_planner(actor: Actor, *, territory_id: int, kind_id: int) -> None:
    """Refuse whoever does not plan this kind of hearings there. Raises: NotAllowed, NotFound."""
    check_may_plan(actor, "hearings", territory_id=territory_id, kind_id=kind_id)


def problem_of(session: Session, court: Scope, *, now: datetime) -> Problem:
    """Return the problem of a court as the database has it at this moment."""
    lines = hearings_of(session, court, now)
    benches = [(row.judge_id, row.clerk_id) for row in session.execute(BENCHES, {"territory_id": court.territory_id})]
    room_ids = list(session.execute(ROOMS, {"room": ROOM_KIND, "territory_id": court.territory_id}).scalars())
    away = _away(session, [*(one for pair in benches for one in pair), *room_ids], court, now)
    return Problem(
        hearings=tuple(line.hearing for line in lines),
        benches=tuple(
            Bench(judge_id=judge, clerk_id=clerk, away=(*away[judge], *away[clerk])) for judge, clerk in benches
        ),
        rooms=tuple(Room(id=room_id, away=tuple(away[room_id])) for room_id in room_ids),
        cases=tuple(_case(line) for line in _waiting(session, court)),
    )


def board(session: Session, actor: Actor, court: Scope, *, now: datetime) -> Board:
    """Return what the screen of a court shows. Raises: NotFound, NotAllowed."""
    check_planner(actor, territory_id=court.territory_id, kind_id=court.kind_id)
    problem = problem_of(session, court, now=now)
    runs = last_runs(session, "hearings", territory_id=court.territory_id, kind_id=court.kind_id)
    plan = runs[0].plan if runs else None
    case_ids = [*plan_of(plan).placed, *(one.case_id for one in unplaced_of(plan))]
    lines = hearings_of(session, court, now)
    named = {one for line in lines if line.hearing.sitting for one in people_of(line.hearing.sitting)}
    named |= {one for bench in problem.benches for one in (bench.judge_id, bench.clerk_id) if one is not None}
    named |= {room.id for room in problem.rooms}
    named |= {one for sitting in plan_of(plan).sittings.values() for one in people_of(sitting)}
    return Board(
        hearings=tuple(lines),
        waiting=tuple(_waiting(session, court)),
        names={row.id: row.name for row in session.execute(NAMES, {"ids": sorted(named)})},
        benches=len(problem.benches),
        rooms=len(problem.rooms),
        runs=tuple(runs),
        digest=digest_of(problem),
        cases=cases_of(session, court, case_ids),
    )


def cases_of(session: Session, court: Scope, case_ids: Collection[UUID]) -> dict[UUID, CaseLine]:
    """Return these cases of a court, with the place of those that have one."""
    asked = {"territory_id": court.territory_id, "kind_id": court.kind_id, "ids": list(case_ids), "placed": PLACED}
    return {row.id: _line(row) for row in session.execute(CASES, asked)}


def people_of(sitting: Sitting) -> tuple[int, int, int]:
    """Return the resources whose time a sitting takes."""
    return sitting.judge_id, sitting.clerk_id, sitting.room_id


# --- a plan as the table keeps it ---


def plan_of(kept: Mapping[str, Any] | None) -> Plan:
    """Return the plan that the table keeps; an empty one when there is none."""
    plan: Plan | None = plan_in("hearings", kept)
    return plan or Plan()


def unplaced_of(kept: Mapping[str, Any] | None) -> tuple[Unplaced, ...]:
    """Return the cases that the plan leaves waiting, the most urgent first, with their reasons."""
    return UNPLACED.validate_json(to_json((kept or {}).get("unplaced", ())))


def score_of(run: OptimizerRun) -> Score:
    """Return the score of the plan that the table keeps."""
    return Score(lines=prices_of(run.prices.get("after")))


# --- rows ---


def hearings_of(session: Session, court: Scope, now: datetime) -> list[HearingLine]:
    """Return the hearings to come of a court that its kind leaves open, each with what is in it."""
    asked = {
        "kind_id": court.kind_id,
        "territory_id": court.territory_id,
        "first": court.first,
        "until": court.until,
        "now": now,
    }
    rows = session.execute(HEARINGS, asked).all()
    kind = session.get_one(Kind, court.kind_id)
    limits = Limits(kind.min_notice_days, kind.max_ahead_days, kind.max_days)
    loads = _loads(session, [row.id for row in rows], now)
    lines = [_hearing(row, loads[row.id]) for row in rows]
    return [line for line in lines if _may_be_taken(line, limits, now)]


def _may_be_taken(line: HearingLine, limits: Limits, now: datetime) -> bool:
    """Say whether the notice and the horizon of the kind leave this hearing open: what lists it confirms it."""
    today, day = local_day(now, ZoneInfo(line.time_zone)), line.hearing.day
    earliest = today + timedelta(days=limits.min_notice_days)
    is_in_time = line.last_take_on is None or today <= line.last_take_on
    return is_in_time and earliest <= day <= today + timedelta(days=limits.max_ahead_days)


def _hearing(row: Any, load: Load) -> HearingLine:
    decided = row.judge_id is not None
    hearing = Hearing(
        id=row.id,
        period=Period(row.starts_at, row.ends_at),
        day=local_day(row.starts_at, ZoneInfo(row.time_zone)),
        max_cases=row.max_cases,
        max_minutes=row.max_minutes,
        quotas=dict(sorted(row.quotas.items())),
        load=load,
        sitting=Sitting(judge_id=row.judge_id, clerk_id=row.clerk_id, room_id=row.room_id) if decided else None,
    )
    return HearingLine(hearing=hearing, name=row.name, time_zone=row.time_zone, last_take_on=row.last_take_on)


def _loads(session: Session, hearing_ids: Sequence[int], now: datetime) -> dict[int, Load]:
    found: defaultdict[int, Load] = defaultdict(Load)
    rows = sorted(session.execute(LOADS, {"ids": list(hearing_ids), "now": now}), key=lambda row: row.family)
    for row in rows:
        before = found[row.resource_id]
        found[row.resource_id] = Load(
            cases=before.cases + row.cases,
            minutes=before.minutes + row.minutes,
            families={**before.families, row.family: row.cases},
        )
    return found


def _away(session: Session, ids: list[int], court: Scope, now: datetime) -> defaultdict[int, list[Period]]:
    """Return when each of these is absent, closed or taken around the window."""
    around = {
        "start": datetime.combine(court.first, time(), UTC) - timedelta(days=1),
        "end": datetime.combine(court.until, time(), UTC) + timedelta(days=1),
    }
    found: defaultdict[int, list[Period]] = defaultdict(list)
    for row in session.execute(BUSY, {"ids": ids, "now": now, "kind_id": court.kind_id, **around}):
        found[row.resource_id].append(Period(row.start, row.end))
    for row in session.execute(CLOSED, {"ids": ids, "first": court.first, "until": court.until}):
        zone = ZoneInfo(row.time_zone)
        first = max(row.first or date.min, court.first)
        until = min(row.until or date.max, court.until + timedelta(days=1))
        found[row.id].append(Period(instant_of(first, time(), zone), instant_of(until, time(), zone)))
    return found


def _waiting(session: Session, court: Scope) -> list[CaseLine]:
    asked = {"territory_id": court.territory_id, "kind_id": court.kind_id, "placed": PLACED}
    return [_line(row) for row in session.execute(WAITING, asked)]


def _line(row: Any) -> CaseLine:
    return CaseLine(
        id=row.id,
        case_ref=row.case_ref,
        family=row.family,
        minutes=row.minutes,
        received_on=row.received_on,
        ready_on=row.ready_on,
        deadline_on=row.deadline_on,
        refused_judges=tuple(row.refused_judges),
        hearing_id=getattr(row, "hearing_id", None),
        booking_id=getattr(row, "booking_id", None),
    )


def _case(line: CaseLine) -> Case:
    return Case(
        id=line.id,
        minutes=line.minutes,
        family=line.family,
        received_on=line.received_on,
        ready_on=line.ready_on,
        deadline_on=line.deadline_on,
        refused_judges=frozenset(line.refused_judges),
    )
