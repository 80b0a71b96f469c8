"""Reads of planning: the problem of a court as the optimizer takes it, and what its screen shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.limits import Limits
from availability.models import Kind, Shape
from availability.openings import local_day
from availability.periods import Period
from availability.rights import Actor
from booking.hearing_template_spec import PROSECUTOR_KIND
from booking.models import OCCUPYING, State
from booking.plans.hearing_locks import locked, locks_of
from booking.plans.hearing_people import ROOM_KIND, far_ends_of, lawyers_of, names_of, staff_of
from booking.plans.hearing_wishes import weights_of
from booking.plans.kept import PLANNERS as ROLES
from booking.plans.kept import Scope, check_may_plan, digest_of, last_runs, plan_in, prices_of
from booking.plans.models import OptimizerRun
from optimizer.hearings.plan import Plan, Score, Unplaced
from optimizer.hearings.problem import VIDEO, Case, Hearing, Load, Problem, Sitting
from optimizer.manners import Manner

PLANNERS = ROLES["hearings"]
UNPLACED: TypeAdapter[tuple[Unplaced, ...]] = TypeAdapter(tuple[Unplaced, ...])
# The room that its template keeps for a session `o`, also once it was moved to another one.
KEPT_ROOM = f"""
    LEFT JOIN resource room ON room.id = ANY(o.held_ids)
         AND room.kind_id = (SELECT id FROM kind WHERE code = '{ROOM_KIND}')"""  # noqa: S608 - constants only
PLACED = sorted(state.value for state in OCCUPYING)

# Hearings to come of a kind in a court; one that falls on a closure is not held, whatever a plan says.
# A prosecutor whom its template keeps for it is there already.
HEARINGS = text(f"""
    SELECT r.id, r.name, h.starts_at, h.ends_at, h.max_cases, h.max_minutes, h.quotas, s.time_zone,
           f.judge_id, f.clerk_id, f.room_id, f.panel, f.prosecutor_id, h.last_take_on,
           coalesce(t.formation, 'single') AS formation, coalesce(t.judges, 1) AS judges,
           coalesce(t.needs_video, false) AS needs_video,
           coalesce(t.prosecutors, 0) > (
               SELECT count(*) FROM resource p JOIN kind k ON k.id = p.kind_id
               WHERE p.id = ANY(o.held_ids) AND k.code = '{PROSECUTOR_KIND}') AS needs_prosecutor
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    LEFT JOIN template_session o ON o.resource_id = r.id LEFT JOIN hearing_template t ON t.id = o.template_id
    WHERE r.kind_id = :kind_id AND s.territory_id = :territory_id AND r.is_active AND h.starts_at > :now
      AND CAST(h.starts_at AT TIME ZONE s.time_zone AS date) >= :first
      AND CAST(h.starts_at AT TIME ZONE s.time_zone AS date) < :until
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date))
    ORDER BY h.starts_at, r.id""")  # noqa: S608 - constants only
LOADS = text("""
    SELECT resource_id, family, count(*) AS cases, sum(minutes) AS minutes FROM session_case
    WHERE resource_id = ANY(:ids) AND (expires_at IS NULL OR expires_at > :now) AND holder_id <> ALL(:without)
    GROUP BY resource_id, family""")
_FACTS = """
    w.id, w.case_ref, w.family, w.minutes, w.received_on, w.ready_on, w.deadline_on, w.refused_judges, w.formation,
    w.priority, w.due_on, w.language, w.held_at_id, w.by_video, b.id AS booking_id, b.resource_id AS hearing_id"""
# What waits, and what has its place in these hearings. Somebody was told: convened, or a lawyer who sees their dates.
CASES = text(f"""
    SELECT {_FACTS},
           b.id IS NOT NULL AND (
               EXISTS (SELECT FROM convocation v WHERE v.booking_id = b.id AND v.standing <> 'withdrawn')
               OR EXISTS (SELECT FROM lawyer_case l WHERE l.case_ref = w.case_ref AND l.case_ref <> ''
                          AND l.ended_at IS NULL AND l.territory_id = w.territory_id)) AS is_told
    FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id AND b.state = ANY(:placed)
    WHERE w.territory_id = :territory_id AND w.kind_id = :kind_id
      AND (b.id IS NULL OR b.state = '{State.BOOKED}' AND b.resource_id = ANY(:hearing_ids))
    ORDER BY w.deadline_on NULLS LAST, w.received_on, w.id""")  # noqa: S608 - constants only
CASES_NAMED = text(f"""
    SELECT {_FACTS}, false AS is_told
    FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id AND b.state = ANY(:placed)
    WHERE w.territory_id = :territory_id AND w.kind_id = :kind_id AND w.id = ANY(:ids)""")  # noqa: S608
PLANNABLE = text("""
    SELECT k.id FROM kind k JOIN kind_right g ON g.kind_id = k.id AND g.role = ANY(:roles) AND g.may_reserve
    WHERE k.shape = :shape""")
WAITING_COUNT = text("""
    SELECT count(*) FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE w.territory_id = :territory_id AND w.kind_id = ANY(:kinds) AND (b.id IS NULL OR b.state <> ALL(:placed))""")
WITH_WORK = text("""
    SELECT DISTINCT w.kind_id FROM waiting_case w LEFT JOIN booking b ON b.id = w.booking_id
    WHERE w.territory_id = :territory_id AND (b.id IS NULL OR b.state <> ALL(:placed))""")


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
    formation: str | None = None
    priority: int = 1
    due_on: date | None = None
    language: str | None = None
    held_at_id: int | None = None  # the prison where its person is
    by_video: bool = False
    is_told: bool = False
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
    with_work = set(session.execute(WITH_WORK, {"territory_id": home, "placed": PLACED}).scalars())
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


def problem_of(
    session: Session,
    court: Scope,
    *,
    now: datetime,
    manner: Manner = Manner.PLAN,
    settings: Mapping[str, Any] | None = None,
) -> Problem:
    """Return the problem of a court as the database has it at this moment, as a run of that manner reads it.

    Cases that have a place in these hearings are part of it, with that place: see `hearing_locks`. What is too near
    for anybody else to take is repaired too: its cases may leave it, and nobody comes.
    """
    found, zone = _rows(session, court, now, also_near=manner in (Manner.REPAIR, Manner.BETTER))
    rows = [row for row, _ in found]
    hearing_ids = [row.id for row in rows]
    cases = _cases(session, court, hearing_ids)
    placed = [case.booking_id for case in cases if case.booking_id is not None]
    loads = _loads(session, hearing_ids, now, without=placed)
    seated = [one for row in rows for one in _everybody(row)]
    staff = staff_of(session, court, hearing_ids, seated, now=now)
    lawyers, whose = lawyers_of(session, court, [case.id for case in cases], zone)
    inside = Counter(case.hearing_id for case in cases)
    prisons = {case.held_at_id for case in cases if case.by_video and case.held_at_id is not None}
    problem = Problem(
        hearings=tuple(
            _hearing(row, loads[row.id]).hearing if is_open else _left_only(row, loads[row.id], inside[row.id])
            for row, is_open in found
        ),
        benches=staff.benches,
        rooms=staff.rooms,
        cases=tuple(_case(case, whose.get(case.id, frozenset())) for case in cases),
        people=(*staff.people, *lawyers),
        far_ends=tuple(far_ends_of(session, court, prisons, hearing_ids, now=now)),
        weights=weights_of(settings or {}),
    )
    return locked(problem, staff.closed, manner=manner, locks=locks_of(settings or {}))


def board(session: Session, actor: Actor, court: Scope, *, now: datetime) -> Board:
    """Return what the screen of a court shows. Raises: NotFound, NotAllowed."""
    check_planner(actor, territory_id=court.territory_id, kind_id=court.kind_id)
    runs = last_runs(session, "hearings", territory_id=court.territory_id, kind_id=court.kind_id)
    manner = Manner(runs[0].manner) if runs else Manner.PLAN
    problem = problem_of(session, court, now=now, manner=manner, settings=runs[0].settings if runs else None)
    plan = runs[0].plan if runs else None
    case_ids = [*plan_of(plan).placed, *(one.case_id for one in unplaced_of(plan))]
    lines = hearings_of(session, court, now)
    named = {one for line in lines if line.hearing.sitting for one in people_of(line.hearing.sitting)}
    named |= {one for bench in problem.benches for one in (bench.judge_id, bench.clerk_id) if one is not None}
    named |= {room.id for room in problem.rooms} | {person.id for person in problem.people}
    named |= {one for sitting in plan_of(plan).sittings.values() for one in people_of(sitting)}
    return Board(
        hearings=tuple(lines),
        waiting=tuple(_cases(session, court, ())),
        names=names_of(session, named),
        benches=len(problem.benches),
        rooms=len(problem.rooms),
        runs=tuple(runs),
        digest=digest_of(problem),
        cases=cases_of(session, court, case_ids),
    )


def cases_of(session: Session, court: Scope, case_ids: Collection[UUID]) -> dict[UUID, CaseLine]:
    """Return these cases of a court, with the place of those that have one."""
    asked = {"territory_id": court.territory_id, "kind_id": court.kind_id, "ids": list(case_ids), "placed": PLACED}
    return {row.id: _line(row) for row in session.execute(CASES_NAMED, asked)}


def people_of(sitting: Sitting) -> tuple[int, ...]:
    """Return the resources whose time a sitting takes."""
    return *sitting.people, sitting.room_id


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
    """Return the hearings to come of a court that its kind leaves open, each with all that is in it."""
    rows = [row for row, _ in _rows(session, court, now)[0]]
    loads = _loads(session, [row.id for row in rows], now)
    return [_hearing(row, loads[row.id]) for row in rows]


def _rows(
    session: Session, court: Scope, now: datetime, *, also_near: bool = False
) -> tuple[list[tuple[Any, bool]], ZoneInfo]:
    """Return the hearings with whether they may be taken, those too near for that only if asked; and the zone."""
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
    zone = ZoneInfo(rows[0].time_zone) if rows else ZoneInfo("UTC")
    furthest = local_day(now, zone) + timedelta(days=limits.max_ahead_days)
    told = [(row, _may_be_taken(row, limits, now)) for row in rows]
    return [
        (row, is_open) for row, is_open in told if is_open or (also_near and local_day(row.starts_at, zone) <= furthest)
    ], zone


def _may_be_taken(row: Any, limits: Limits, now: datetime) -> bool:
    """Say whether the notice and the horizon of the kind leave this hearing open: what lists it confirms it."""
    zone = ZoneInfo(row.time_zone)
    today, day = local_day(now, zone), local_day(row.starts_at, zone)
    earliest = today + timedelta(days=limits.min_notice_days)
    is_in_time = row.last_take_on is None or today <= row.last_take_on
    return is_in_time and earliest <= day <= today + timedelta(days=limits.max_ahead_days)


def _hearing(row: Any, load: Load) -> HearingLine:
    hearing = Hearing(
        id=row.id,
        period=Period(row.starts_at, row.ends_at),
        day=local_day(row.starts_at, ZoneInfo(row.time_zone)),
        max_cases=row.max_cases,
        max_minutes=row.max_minutes,
        quotas=dict(sorted(row.quotas.items())),
        load=load,
        sitting=_sitting(row),
        formation=row.formation,
        judges=max(row.judges, 1),
        needs_prosecutor=row.needs_prosecutor,
        equipment=(VIDEO,) if row.needs_video else (),
    )
    return HearingLine(hearing=hearing, name=row.name, time_zone=row.time_zone, last_take_on=row.last_take_on)


def _left_only(row: Any, load: Load, cases: int) -> Hearing:
    """Return a hearing in which there is no room but for the cases that it has."""
    return replace(_hearing(row, load).hearing, max_cases=load.cases + cases)


def _sitting(row: Any) -> Sitting | None:
    if row.judge_id is None:
        return None
    return Sitting(
        judge_id=row.judge_id,
        clerk_id=row.clerk_id,
        room_id=row.room_id,
        panel=tuple(row.panel),
        prosecutor_id=row.prosecutor_id,
    )


def _everybody(row: Any) -> tuple[int, ...]:
    sitting = _sitting(row)
    return () if sitting is None else people_of(sitting)


def _loads(
    session: Session, hearing_ids: Sequence[int], now: datetime, *, without: Collection[UUID] = ()
) -> dict[int, Load]:
    """Return what is in each hearing, but for these bookings."""
    found: defaultdict[int, Load] = defaultdict(Load)
    asked = {"ids": list(hearing_ids), "now": now, "without": list(without)}
    for row in sorted(session.execute(LOADS, asked), key=lambda row: row.family):
        before = found[row.resource_id]
        found[row.resource_id] = Load(
            cases=before.cases + row.cases,
            minutes=before.minutes + row.minutes,
            families={**before.families, row.family: row.cases},
        )
    return found


def _cases(session: Session, court: Scope, hearing_ids: Collection[int]) -> list[CaseLine]:
    """Return the cases that wait, and those that have their place in these hearings."""
    asked = {
        "territory_id": court.territory_id,
        "kind_id": court.kind_id,
        "placed": PLACED,
        "hearing_ids": list(hearing_ids),
    }
    return [_line(row) for row in session.execute(CASES, asked)]


def _line(row: Any) -> CaseLine:
    return CaseLine(**{**row._mapping, "refused_judges": tuple(row.refused_judges)})


def _case(line: CaseLine, lawyers: frozenset[int]) -> Case:
    return Case(
        id=line.id,
        minutes=line.minutes,
        family=line.family,
        received_on=line.received_on,
        ready_on=line.ready_on,
        deadline_on=line.deadline_on,
        refused_judges=frozenset(line.refused_judges),
        formation=line.formation,
        priority=line.priority,
        due_on=line.due_on,
        people=lawyers,
        language=line.language,
        video_to=line.held_at_id if line.by_video else None,
        is_detained=line.held_at_id is not None,
        hearing_id=line.hearing_id,
        is_told=line.is_told,
    )
