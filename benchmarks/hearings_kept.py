"""A court of 1,500 cases kept in the database, and a judge away for two weeks: read, repaired, applied, explained.

    python -m benchmarks.hearings_kept --cases 1500 --seed 1

The court is that of benchmarks/hearings_court.py, as far as tables have it: two formations, no overtime, a clerk for
each judge. Its plan is in force; then the judge is away, and three rooms close for two days, so that cases must move.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col, select

from availability.models import (
    Closure,
    HearingSession,
    Kind,
    KindRight,
    LocatedBy,
    Organisation,
    Resource,
    Shape,
    Site,
    Territory,
    TerritoryLevel,
)
from availability.rights import Actor, Right, Role
from benchmarks.figures import Figure
from benchmarks.hearings_court import DAYS, FIRST_DAY, PRISONS, court
from booking.hearing_template_models import Formation, HearingTemplate, TemplateSession
from booking.hearing_template_spec import INTERPRETER_KIND, VIDEO_KIND
from booking.lawyer_models import LawyerAway, LawyerCase, LawyerProfile
from booking.pages.hearing_plan_words import why
from booking.plans.hearing_people import ROOM_KIND
from booking.plans.hearings import people_of, plan_of, problem_of
from booking.plans.kept import Scope
from booking.plans.models import Cabinet, HearingStaffing, OptimizerRun, WaitingCase
from booking.plans.runs import apply_run, finish_run, job_for, start_run, take_run
from optimizer.beside import search
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Hearing, Problem
from optimizer.hearings.problem import Role as Sits
from optimizer.hearings.solve import solve
from optimizer.manners import Manner
from portal.database import make_engine

USUAL, SEED = 1500, 1
READ_S, REPAIR_S, EXPLAIN_MS = 0.5, 1.0, 50.0
NOW = datetime.combine(FIRST_DAY - timedelta(days=7), datetime.min.time(), UTC)
UNTIL = FIRST_DAY + timedelta(days=7 * DAYS // 5)
AWAY_FROM = FIRST_DAY + timedelta(days=14)
ENDS = 2  # of links, in each prison
BOOKING = text("""
    INSERT INTO booking (id, kind_id, resource_id, territory_id, case_ref, requested_by, state, starts_at, ends_at,
                         minutes, family, created_at, revision)
    VALUES (:id, :kind_id, :hearing_id, :territory_id, :case_ref, :by, 'booked', :start, :end, :minutes, :family, :at,
            1)""")
CASE = text("""
    INSERT INTO session_case (resource_id, minutes, family, holder_id)
    VALUES (:hearing_id, :minutes, :family, :id)""")
SEAT = text("""
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    VALUES (:who, 1, tstzrange(:start, :end), :holder)""")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What it took, in seconds, and what came of it."""

    cases: int
    read_s: float
    repair_s: float
    kept_s: float
    apply_s: float
    explain_ms: float
    moved: int
    reseated: int
    refused: Counter[str]
    unplaced: int

    @property
    def whole_s(self) -> float:
        """Return the whole: reading, solving, writing."""
        return self.read_s + self.repair_s + self.kept_s + self.apply_s


def figures(url: str) -> list[Figure]:
    """Return the figures of one court."""
    one = measured(url, USUAL, SEED)
    told = (
        f"{one.moved} cases moved, {one.reseated} hearings held by others, {one.unplaced} cases without a place; "
        f"refused: {dict(one.refused)}",
        f"reading {one.read_s:.2f} s, repairing {one.repair_s:.2f} s, keeping the plan {one.kept_s:.2f} s, "
        f"applying it {one.apply_s:.2f} s",
    )
    court_of = f"a court of {one.cases} cases in the database"
    return [
        Figure(claim=f"{court_of}, read", value=one.read_s, unit="s", most=READ_S, details=told),
        Figure(claim=f"{court_of}, repaired", value=one.repair_s, unit="s", most=REPAIR_S),
        Figure(claim=f"{court_of}, read, repaired, kept and applied", value=one.whole_s, unit="s"),
        Figure(claim=f"{court_of}, one case explained", value=one.explain_ms, unit="ms", most=EXPLAIN_MS),
    ]


def measured(url: str, cases: int, seed: int) -> Measured:
    """Write a court, put its plan in force, take a judge away, and measure. Nothing is left in the database."""
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session:
        kept = _Kept(session, court(cases, seed))
        kept.write()
        kept.put_in_force(solve(kept.read(), seed=seed, limit_s=10).plan)
        kept.take_away()
        session.flush()
        session.expunge_all()
        found = kept.repaired(cases)
        session.rollback()
    engine.dispose()
    return found


class _Kept:
    """A court as tables have it."""

    def __init__(self, session: Session, problem: Problem) -> None:
        self.session, self.problem = session, problem
        self.territory = self._add(Territory(code="B-PLAN", name="Ressort", level=TerritoryLevel.JUDICIAL_COURT))
        organisation = self._add(Organisation(code="B-PLAN", name="Tribunal de mesure"))
        self.organisation_id = organisation.id
        self.site = self._site("B-PLAN", "Tribunal de mesure")
        self.kinds = {code: self._kind(code, Shape.SLOTS) for code in ("b-juge", "b-greffe")}
        self.kinds |= {code: self._kind(code, Shape.SLOTS) for code in (ROOM_KIND, INTERPRETER_KIND, VIDEO_KIND)}
        self.kind = self._kind("b-audience", Shape.SESSIONS)
        self.session.add(KindRight(kind_id=self.kind.id, role=Role.REGISTRY, may_reserve=True))
        right = Right(Role.REGISTRY, frozenset({self.territory.id}))
        self.actor = Actor(uuid4(), "Greffe de mesure", (right,), self.territory.id)
        self.scope = Scope(
            territory_id=self.territory.id, kind_id=self.kind.id, first=FIRST_DAY - timedelta(days=1), until=UNTIL
        )
        self.judges: dict[int, int] = {}  # number in the problem -> resource
        self.rooms: dict[int, int] = {}

    def read(self, manner: Manner = Manner.PLAN) -> Problem:
        """Return the problem as the database has it."""
        return problem_of(self.session, self.scope, now=NOW, manner=manner)

    def write(self) -> None:
        """Write who sits, rooms, interpreters, prisons, hearings, cases and their lawyers."""
        for bench in self.problem.benches:
            judge, clerk = (self._resource(code, f"{code} {bench.judge_id}") for code in ("b-juge", "b-greffe"))
            self.session.add(Cabinet(judge_id=judge.id, clerk_id=clerk.id))
            self.judges[bench.judge_id] = judge.id
        for room in self.problem.rooms:
            self.rooms[room.id] = self._resource(ROOM_KIND, f"Salle {room.id}", equipment=list(room.equipment)).id
        for person in self.problem.having(Sits.INTERPRETER):
            self._resource(INTERPRETER_KIND, f"Interprète {person.id}", languages=list(person.languages))
        prisons = [self._prison(number) for number in range(PRISONS)]
        templates = {formation: self._template(formation) for formation in Formation}
        for hearing in self.problem.hearings:
            self._hearing(hearing, templates)
        self._cases(prisons)
        self.session.flush()

    def put_in_force(self, plan: Plan) -> None:
        """Write what a plan says as if it had been applied."""
        problem = self.read()
        staffings = [
            HearingStaffing(hearing_id=number, panel=list(one.panel), created_at=NOW, **_three(one))
            for number, one in plan.sittings.items()
        ]
        self.session.add_all(staffings)
        self.session.flush()
        seats, bookings = [], []
        for staffing in staffings:
            period = problem.hearing_of[staffing.hearing_id].period
            for who in people_of(plan.sittings[staffing.hearing_id]):
                seats.append({"who": who, "start": period.start, "end": period.end, "holder": staffing.id})
        refs = {row.id: row for row in self.session.exec(select(WaitingCase))}
        for case_id, hearing_id in plan.placed.items():
            period, case = problem.hearing_of[hearing_id].period, refs[case_id]
            bookings.append(
                {
                    "id": case_id,
                    "kind_id": self.kind.id,
                    "hearing_id": hearing_id,
                    "territory_id": self.territory.id,
                    "case_ref": case.case_ref,
                    "by": self.actor.account_id,
                    "start": period.start,
                    "end": period.end,
                    "minutes": case.minutes,
                    "family": case.family,
                    "at": NOW - timedelta(days=1),
                }
            )
        self.session.execute(SEAT, seats)
        self.session.execute(BOOKING, bookings)
        self.session.execute(CASE, bookings)
        for case_id in plan.placed:
            refs[case_id].booking_id = case_id
        self.session.flush()

    def take_away(self) -> None:
        """Have a judge away for two weeks, and three rooms closed for two days of them."""
        judge_id, rooms = self.judges[1], list(self.rooms.values())
        self._close(judge_id, AWAY_FROM, 14)
        for room_id in rooms[:3]:
            self._close(room_id, AWAY_FROM + timedelta(days=1), 2)

    def repaired(self, cases: int) -> Measured:
        """Return what reading, repairing, applying and explaining took, as a page and its server do it."""
        session, now = self.session, NOW + timedelta(minutes=1)
        run_id = start_run(
            session, self.actor, self.kind.id, first=self.scope.first, until=UNTIL, now=now, manner=Manner.REPAIR
        )
        take_run(session, now=now)
        self.read(Manner.REPAIR)  # statements and tables are warm, as in a server
        job, read_s = _timed(lambda: job_for(session, run_id, now=now))
        found, repair_s = _timed(lambda: search(job, stop=lambda: False, progress=lambda _: None, limit_s=REPAIR_S))
        _, kept_s = _timed(lambda: finish_run(session, run_id, found, now=now))
        applied, apply_s = _timed(lambda: apply_run(session, self.actor, run_id, now=now))
        run = session.get_one(OptimizerRun, run_id)
        plan = plan_of(run.plan)
        explained = [*(one.case_id for one in found.unplaced), *list(plan.placed)][:20]
        times = [
            _timed(
                lambda one=one: why(  # type: ignore[misc]
                    session, self.scope, job.problem, plan, one, zone=ZoneInfo("Europe/Paris")
                )
            )[1]
            for one in explained
        ]
        return Measured(
            cases=cases,
            read_s=read_s,
            repair_s=repair_s,
            kept_s=kept_s,
            apply_s=apply_s,
            explain_ms=1000 * median(times),
            moved=len(run.applied["moved"]),
            reseated=len(run.applied["reseated"]),
            refused=Counter(one.why for one in applied.refused),
            unplaced=len(found.unplaced),
        )

    def _cases(self, prisons: list[int]) -> None:
        accounts = {person.id: uuid4() for person in self.problem.having(Sits.LAWYER)}
        for number, account_id in accounts.items():
            self.session.add(
                LawyerProfile(account_id=account_id, name=f"Me {number}", email="x@example.org", created_at=NOW)
            )
            for period in self.problem.person_of[number].away[:4]:
                day = period.start.date()
                self.session.add(LawyerAway(account_id=account_id, days=Range(day, day + timedelta(days=1))))
        for number, case in enumerate(self.problem.cases):
            held = prisons[number % len(prisons)] if case.is_detained else None
            waiting = WaitingCase(
                id=UUID(int=1 << 100 | number),
                territory_id=self.territory.id,
                kind_id=self.kind.id,
                case_ref=f"RG 26/{number:05}",
                family=case.family,
                minutes=case.minutes,
                received_on=min(case.received_on, case.ready_on),
                ready_on=case.ready_on,
                formation=_formation(case.formation),
                priority=min(case.priority, 9),
                due_on=case.due_on,
                language=case.language[:8] if case.language else None,
                held_at_id=held,
                by_video=case.video_to is not None and held is not None,
                refused_judges=[self.judges[one] for one in case.refused_judges],
            )
            self.session.add(waiting)
            for lawyer in case.people:
                self.session.add(
                    LawyerCase(
                        account_id=accounts[lawyer],
                        territory_id=self.territory.id,
                        case_ref=waiting.case_ref,
                        named_by=self.actor.account_id,
                        since_at=NOW,
                    )
                )

    def _hearing(self, hearing: Hearing, templates: dict[Formation, int]) -> None:
        place = self._add(
            Resource(code=f"B-AUD-{hearing.id}", site_id=self.site.id, kind_id=self.kind.id, name=f"n° {hearing.id}")
        )
        self.session.add(
            HearingSession(
                resource_id=place.id,
                starts_at=hearing.period.start,
                ends_at=hearing.period.end,
                max_cases=hearing.max_cases,
                max_minutes=hearing.max_minutes,
                quotas=dict(hearing.quotas),
            )
        )
        self.session.flush()
        template_id = templates[_formation(hearing.formation)]
        day = FIRST_DAY + timedelta(days=hearing.id)  # one a day of a template: here they only say who sits
        self.session.add(TemplateSession(resource_id=place.id, template_id=template_id, on_day=day, holder_id=uuid4()))

    def _template(self, formation: Formation) -> int:
        template = HearingTemplate(
            site_id=self.site.id,
            kind_id=self.kind.id,
            name=formation,
            formation=formation,
            judges=3 if formation is Formation.PANEL else 1,
            anchor_on=FIRST_DAY,
            valid_from=FIRST_DAY,
            starts=datetime.min.time(),
            max_minutes=180,
            max_cases=16,
            created_at=NOW,
        )
        return self._add(template).id

    def _prison(self, number: int) -> int:
        site = self._site(f"B-PRISON-{number}", "Maison d’arrêt de mesure")
        for end in range(ENDS):
            self._resource(VIDEO_KIND, f"Parloir {number} {end}", site=site)
        return site.id

    def _site(self, code: str, name: str) -> Site:
        return self._add(
            Site(
                code=code,
                name=name,
                organisation_id=self.organisation_id,
                territory_id=self.territory.id,
                located_by=LocatedBy.NOWHERE,
            )
        )

    def _kind(self, code: str, shape: Shape) -> Kind:
        found = self.session.exec(select(Kind).where(col(Kind.code) == code)).one_or_none()
        words = {"label": code, "label_plural": code, "layer": code}
        return found or self._add(Kind(code=code, shape=shape, max_ahead_days=365, **words))

    def _resource(self, code: str, name: str, site: Site | None = None, **attributes: Any) -> Resource:
        columns = {"site_id": (site or self.site).id, "kind_id": self.kinds[code].id}
        return self._add(Resource(code=f"B-{name}", name=name, attributes=attributes, **columns))

    def _close(self, resource_id: int, first: date, days: int) -> None:
        self.session.add(
            Closure(resource_id=resource_id, days=Range(first, first + timedelta(days=days)), reason="Mesure")
        )

    def _add(self, row: T) -> T:
        self.session.add(row)
        self.session.flush()
        return row


def _three(sitting: Any) -> dict[str, int]:
    return {"judge_id": sitting.judge_id, "clerk_id": sitting.clerk_id, "room_id": sitting.room_id}


def _formation(code: str | None) -> Formation:
    return Formation.PANEL if code == "COL" else Formation.SINGLE


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return act(), time.perf_counter() - began


def _printed(lines: Iterable[Figure]) -> None:
    for one in lines:
        print(*one.lines(), sep="\n")


def main() -> None:
    """Measure in the database of the benchmarks, and print."""
    from benchmarks.database import measured as database

    parser = argparse.ArgumentParser(prog="python -m benchmarks.hearings_kept", description=__doc__)
    parser.add_argument("--url", help="of a migrated database, to which nothing is left; none: that of the benchmarks")
    asked = parser.parse_args()
    if asked.url:
        _printed(figures(asked.url))
        return
    with database(keep=True) as url:
        _printed(figures(url))


if __name__ == "__main__":
    main()
