"""Reads of rounds: the visits asked for and booked, and the teams of a court, as the optimizer takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind
from availability.openings import A_DAY, local_day
from availability.periods import Period
from availability.queries import agendas_of
from availability.rights import Actor
from availability.slots import Agenda, Grid
from booking.fitting_queries import (
    OPEN,
    PLAIN,
    REQUEST_LINES,
    TEAM_COLUMNS,
    TEAM_TABLES,
    RequestLine,
    Stage,
    days_as_period,
    line_of,
    team_of,
    terms_of,
)
from booking.fittings import FittingTerms, Point, Team, lacking, reaches
from booking.plans.kept import PLANNERS, Scope
from booking.plans.round_days import Beat, Hours, Span, hours_of, minutes_of, opened_on, present_on, windows_on
from booking.plans.round_ways import ways
from booking.plans.round_wishes import Absence, absences_of, locks_of, weights_of
from optimizer.rounds.draft import Draft
from optimizer.rounds.plan import Plan
from optimizer.rounds.problem import Appointment, Lock, Problem, Request, TeamDay, Travel, Window
from optimizer.rounds.problem import Kind as Sort
from optimizer.rounds.repair import absent, with_agents
from optimizer.rounds.timeline import Timeline, Visit

URGENT, DATED, USUAL = 4, 2, 1  # priorities: urgent or late already, with a legal deadline, without
ROLES = PLANNERS["rounds"]
# The court that plans and all that is under it: a service of a whole region has the teams of its departments.
_UNDER = """RECURSIVE under AS (
        SELECT id FROM territory WHERE id = :territory_id
        UNION ALL SELECT t.id FROM territory t JOIN under u ON t.parent_id = u.id)"""
COURT_LINES = text(f"""
    WITH {_UNDER}, line AS ({REQUEST_LINES.format(scope="")}
        WHERE f.territory_id IN (SELECT id FROM under) AND f.kind_id = :kind_id AND f.closed_at IS NULL
          AND (CAST(:ids AS uuid[]) IS NULL OR f.id = ANY(CAST(:ids AS uuid[]))))
    SELECT * FROM line WHERE stage IN ('waiting', 'missed') OR stage = 'booked' AND starts_at >= :start
                          AND starts_at < :end ORDER BY id""")  # noqa: S608 - constants
COURT_TEAMS = text(f"""
    WITH {_UNDER} SELECT {TEAM_COLUMNS} FROM {TEAM_TABLES}
    WHERE r.kind_id = :kind_id AND r.is_active AND s.territory_id IN (SELECT id FROM under) AND s.lat IS NOT NULL
    ORDER BY r.id""")  # noqa: S608 - constants
VISITS = text("""
    SELECT b.id, b.resource_id, b.starts_at, b.ends_at, f.lat, f.lon
    FROM booking b LEFT JOIN fitting_visit v ON v.booking_id = b.id LEFT JOIN fitting_request f ON f.id = v.request_id
    WHERE b.resource_id = ANY(:ids) AND b.starts_at < :end AND b.ends_at > :start
      AND (b.state IN ('booked', 'honoured', 'missed') OR b.state IN ('held', 'requested') AND b.expires_at > :now)
    ORDER BY b.starts_at, b.id""")
TOLD = text("SELECT booking_id FROM convocation WHERE booking_id = ANY(:ids) AND standing <> 'withdrawn'")
# Where somebody plans whose court has, somewhere under it, a visit that waits.
WORK = text("""
    WITH RECURSIVE above AS (
        SELECT f.territory_id, f.kind_id FROM fitting_request f
        WHERE f.closed_at IS NULL AND NOT EXISTS (
            SELECT FROM fitting_visit v JOIN booking b ON b.id = v.booking_id
            WHERE v.request_id = f.id AND b.state IN ('held', 'requested', 'booked', 'honoured'))
        UNION SELECT t.parent_id, a.kind_id FROM above a JOIN territory t ON t.id = a.territory_id
        WHERE t.parent_id IS NOT NULL)
    SELECT DISTINCT w.territory_id, w.kind_id FROM above w
    WHERE EXISTS (SELECT FROM account a JOIN account_right g ON g.account_id = a.id
                  WHERE a.is_active AND g.territory_id = w.territory_id AND g.role = ANY(:roles))""")


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The teams of a court on some days, and the visits asked of them."""

    problem: Problem
    in_force: Plan
    lines: Mapping[str, RequestLine]  # by the id that the problem gives them
    teams: Mapping[int, Team]
    told: frozenset[str]  # of the lines, those who were convened to their visit
    beat: Beat
    terms: FittingTerms
    zone: ZoneInfo  # of the days

    @property
    def items(self) -> frozenset[str]:
        """Return the visits that a plan decides of; the others are there so that nothing else takes their place."""
        return frozenset(self.lines)


def plannable_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds of fittings that the actor plans in their own court."""
    wanted = select(Kind).where(col(Kind.is_active)).order_by(col(Kind.position), col(Kind.id))
    ruled = set(session.execute(text("SELECT kind_id FROM fitting_rule")).scalars())
    home = actor.home_territory_id
    return [
        kind for kind in session.exec(wanted) if kind.id in ruled and home in actor.territories(ROLES, kind_id=kind.id)
    ]


def work(session: Session, *, now: datetime) -> Collection[tuple[int, int]]:  # noqa: ARG001 - as `Work`
    """Return the courts and the kinds for which a visit waits."""
    return [(row.territory_id, row.kind_id) for row in session.execute(WORK, {"roles": list(ROLES)})]


def fleet_of(session: Session, scope: Scope, settings: Mapping[str, Any], *, now: datetime) -> Fleet:
    """Return the fleet of a court with all who wait or have a visit in the days of the scope."""
    within = days_as_period(scope.first - A_DAY, scope.until + A_DAY)
    return _made(session, scope, court_lines(session, scope, within, now=now), settings, now)


def fleet_for(session: Session, scope: Scope, line: RequestLine, *, now: datetime) -> Fleet:
    """Return the same for one request: whatever else is booked stays where it is."""
    return _made(session, scope, [line], {}, now)


def court_lines(
    session: Session, scope: Scope, within: Period, *, now: datetime, ids: Collection[UUID] | None = None
) -> list[RequestLine]:
    """Return the requests of a court that wait, or whose visit begins within a period; all, or those of these ids."""
    asked = {
        "territory_id": scope.territory_id,
        "kind_id": scope.kind_id,
        "start": within.start,
        "end": within.end,
        "now": now,
        "ids": None if ids is None else list(ids),
    }
    return [line_of(row) for row in session.execute(COURT_LINES, asked)]


def _made(
    session: Session, scope: Scope, lines: Sequence[RequestLine], settings: Mapping[str, Any], now: datetime
) -> Fleet:
    teams = teams_of(session, scope)
    within = days_as_period(scope.first - A_DAY, scope.until + A_DAY, PLAIN)
    around = {"ids": list(teams), "start": within.start, "end": within.end, "now": now}
    kind = session.get_one(Kind, scope.kind_id)
    making = _Making(
        scope=scope,
        terms=terms_of(session, scope.kind_id),
        teams=teams,
        beat=Beat.of(grid_of(kind)),
        agendas=agendas_of(session, list(teams), within=within, now=now),
        visits=[_Booked.of(row) for row in session.execute(VISITS, around)],
        lines=lines,
        told=told_of(session, lines),
        locks=locks_of(settings),
        absences=tuple(_from_now_on(absences_of(settings), teams, now)),
        now=now,
    )
    return making.fleet(settings)


def grid_of(kind: Kind) -> Grid:
    """Return how the openings of a kind are cut."""
    step, duration = kind.slot_step_min or 15, kind.slot_duration_min or 45
    after, before = kind.buffer_after_min or 0, kind.buffer_before_min or 0
    return Grid(*(timedelta(minutes=one) for one in (step, duration, after, before)))


def teams_of(session: Session, scope: Scope) -> dict[int, Team]:
    """Return the teams of a court that have a base on the map, by resource."""
    asked = {"territory_id": scope.territory_id, "kind_id": scope.kind_id}
    return {row.id: team_of(row) for row in session.execute(COURT_TEAMS, asked)}


def told_of(session: Session, lines: Iterable[RequestLine]) -> frozenset[str]:
    """Return which of these people were convened to their visit."""
    booked = {line.booking_id: str(line.id) for line in lines if line.stage is Stage.BOOKED and line.booking_id}
    told = session.execute(TOLD, {"ids": list(booked)}).scalars() if booked else ()
    return frozenset(booked[one] for one in told)


@dataclass(frozen=True, kw_only=True)
class _Booked:
    """A booking of a team, whosever it is."""

    booking_id: UUID
    team_id: int
    period: Period
    at: Point | None

    @classmethod
    def of(cls, row: Any) -> _Booked:
        at = (row.lat, row.lon) if row.lat is not None else None
        return cls(booking_id=row.id, team_id=row.resource_id, period=Period(row.starts_at, row.ends_at), at=at)


@dataclass(frozen=True, kw_only=True)
class _Making:
    """What was read, on its way to a problem."""

    scope: Scope
    terms: FittingTerms
    teams: Mapping[int, Team]
    beat: Beat
    agendas: Mapping[int, Agenda]
    visits: Sequence[_Booked]
    lines: Sequence[RequestLine]
    told: frozenset[str]
    locks: Mapping[str, Lock]
    absences: Sequence[Absence]
    now: datetime
    requests: dict[str, Request] = field(default_factory=dict)
    team_days: list[TeamDay] = field(default_factory=list)

    def fleet(self, settings: Mapping[str, Any]) -> Fleet:
        lines = {str(line.id): line for line in self.lines if line.stage in OPEN or self._is_present(line)}
        for line in lines.values():
            self.requests[str(line.id)] = self._request(line)
        for one in self.visits:
            if one.at is not None and one.booking_id not in self._ours and self._is_within(one):
                self._add_fixed(f"visit:{one.booking_id}", self._homes_of[one.booking_id], one)
        for team in self.teams.values():
            for number in range((self.scope.until - self.scope.first).days):
                self._add_day(team, self.scope.first + number * A_DAY)
        problem = Problem(
            requests=tuple(self.requests.values()),
            team_days=tuple(self.team_days),
            travel=self.travel,
            weights=weights_of(settings),
        )
        in_force = _in_force(problem)
        return Fleet(
            problem=_with_absences(problem, self.absences),
            in_force=in_force,
            lines=lines,
            teams=self.teams,
            told=self.told,
            beat=self.beat,
            terms=self.terms,
            zone=self.zone,
        )

    # --- places ---

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone of the days: that of the teams."""
        return next((team.zone for team in self.teams.values()), PLAIN)

    @cached_property
    def _homes(self) -> list[Point]:
        fixed = [one.at for one in self.visits if one.at is not None]
        return [*((line.lat, line.lon) for line in self.lines), *fixed]

    @cached_property
    def _homes_of(self) -> dict[UUID, int]:
        """Return the numbers of the places of requests, and of visits."""
        fixed = [one.booking_id for one in self.visits if one.at is not None]
        ids = [*(line.id for line in self.lines), *fixed]
        return {one: len(self.teams) + number for number, one in enumerate(ids)}

    @cached_property
    def travel(self) -> Travel:
        """Return the ways between all places."""
        return ways([team.base or (0.0, 0.0) for team in self.teams.values()], self._homes, self.beat)

    @property
    def _nowhere(self) -> int:
        return len(self.teams) + len(self._homes)

    # --- requests ---

    @cached_property
    def _ours(self) -> frozenset[UUID]:
        """Return the bookings that a plan may move: those of its lines."""
        return frozenset(line.booking_id for line in self.lines if line.booking_id and self._is_present(line))

    def _is_present(self, line: RequestLine) -> bool:
        if line.stage is not Stage.BOOKED or line.resource_id not in self.teams or line.starts_at is None:
            return False
        return self.scope.first <= local_day(line.starts_at, self.zone) < self.scope.until

    def _is_within(self, one: _Booked) -> bool:
        return self.scope.first <= local_day(one.period.start, self.zone) < self.scope.until

    def _request(self, line: RequestLine) -> Request:
        today = local_day(self.now, self.zone)
        is_late = line.deadline_on is not None and line.deadline_on < today
        bare = Request(
            id=str(line.id),
            home=self._homes_of[line.id],
            minutes=self.beat.duration,
            windows=tuple(self._windows(line)),
            kind=Sort.URGENT if line.is_urgent else Sort(line.purpose.value),
            last_day=None if is_late else line.deadline_on,
            skills=line.skills | self._reach(line),
            agents=line.agents,
            priority=URGENT if line.is_urgent or is_late else DATED if line.deadline_on else USUAL,
        )
        return self._present(line, bare) if self._is_present(line) else bare

    def _present(self, line: RequestLine, bare: Request) -> Request:
        """Return a request as it is booked: told people are frozen unless somebody says otherwise."""
        starts_at, team_id = line.starts_at, line.resource_id
        if starts_at is None or team_id is None or line.ends_at is None:
            return bare
        day = local_day(starts_at, self.zone)
        window = _at(day, minutes_of(starts_at, day, self.zone))
        begun = starts_at <= self.now
        lock = self.locks.get(bare.id, Lock.FROZEN if bare.id in self.told else Lock.MOVABLE)
        if lock is not Lock.FREE and any(_touches(one, team_id, window, self.beat) for one in self.absences):
            lock = Lock.MOVABLE  # a promise that nobody can keep
        team = self.teams[team_id]
        is_beyond = not reaches(team.base, line.home.at, team.reach_km) or lacking(team, line.home.needs) is not None
        if begun or is_beyond or lock is Lock.FROZEN:  # it stands, whatever the team has become
            lock = Lock.FROZEN
            bare = replace(bare, skills=frozenset(), agents=1)
        return replace(
            bare,
            windows=(*bare.windows, window),
            last_day=max(bare.last_day, day) if bare.last_day else None,
            lock=lock,
            present=Appointment(team_id=team_id, window=window),
        )

    def _windows(self, line: RequestLine) -> list[Window]:
        present = present_on(line.home, self.scope.first, self.scope.until, self.zone)
        return [
            window
            for day, spans in present.items()
            for window in windows_on(day, self._openings[day], spans, self.beat, self._soonest(day))
        ]

    @cached_property
    def _openings(self) -> defaultdict[date, set[Span]]:
        """Return the openings of the teams, by day, as far as slots are offered."""
        found: defaultdict[date, set[Span]] = defaultdict(set)
        for team_id in self.teams:
            agenda = self.agendas.get(team_id)
            for number in range((self.scope.until - self.scope.first).days if agenda else 0):
                day = self.scope.first + number * A_DAY
                if agenda and day < local_day(agenda.offered_until, self.zone):
                    found[day].update(opened_on(agenda, day))
        return found

    def _soonest(self, day: date) -> int:
        offered = [agenda.offered_from for agenda in self.agendas.values()]
        return minutes_of(max(min(offered, default=self.now), self.now), day, self.zone)

    def _reach(self, line: RequestLine) -> frozenset[str]:
        """Return what only the teams that go as far have; nothing when all of them do."""
        near = [number for number, team in self.teams.items() if reaches(team.base, line.home.at, team.reach_km)]
        return frozenset() if len(near) == len(self.teams) else frozenset({_near(near)})

    def _add_fixed(self, number: str, home: int, one: _Booked) -> None:
        """Add what is booked and stays."""
        day = local_day(one.period.start, self.zone)
        start, end = (minutes_of(at, day, self.zone) for at in (one.period.start, one.period.end))
        self.requests[number] = _fixed(number, home, one.team_id, day, (start, end))

    # --- days of work ---

    def _add_day(self, team: Team, day: date) -> None:
        agenda = self.agendas.get(team.resource_id)
        openings = opened_on(agenda, day) if agenda else []
        hours = hours_of(openings, self._closed(agenda, team, day), self.beat, self.terms.pause) if openings else None
        stops = self._stops(team.resource_id, day)
        if hours is None and not stops:
            return
        origin = openings[0][0] if openings else 0
        for first, last in hours.blocks if hours else ():
            number = f"busy:{team.resource_id}:{day}:{first}"
            free_at = self.beat.up(last, origin) - self.beat.after(0)
            self.requests[number] = _fixed(number, self._nowhere, team.resource_id, day, (first, max(free_at, first)))
        self.team_days.append(self._possible(self._team_day(team, day, hours, stops)))

    def _team_day(self, team: Team, day: date, hours: Hours | None, stops: Sequence[Request]) -> TeamDay:
        starts = [one.present.window.start_min for one in stops if one.present]
        skills = {one for request in self.requests.values() for one in request.skills if _is_near(one, team)}
        return TeamDay(
            team_id=team.resource_id,
            day=day,
            start_min=hours.start if hours else min(starts),
            end_min=hours.end if hours else max(starts) + self.beat.duration,
            base=list(self.teams).index(team.resource_id),
            rest=hours.rest if hours else None,
            skills=team.skills | skills,
            agents=max(team.agents, 1),
        )

    def _possible(self, team_day: TeamDay) -> TeamDay:
        """Return the day with the break and the hours that what is booked leaves; or with its stops nowhere."""
        stops = self._stops(*team_day.key)
        if not stops:
            return team_day
        for day in (team_day, replace(team_day, rest=None), self._wider(team_day, stops)):
            if Timeline(day, self.travel, _visits(stops)).is_possible:
                return day
        for one in stops:  # somebody booked them closer than our estimate of the road: they stand all the same
            self.requests[one.id] = replace(one, home=self._nowhere)
        return self._wider(team_day, self._stops(*team_day.key))

    def _wider(self, team_day: TeamDay, stops: Sequence[Request]) -> TeamDay:
        """Return the day with the hours that its stops take, from the base and back."""
        first, last = stops[0], stops[-1]
        goes = _start(first) - self.travel.leg(team_day.base, first.home)[1] // 60
        back = _start(last) + last.minutes + self.travel.leg(last.home, team_day.base)[1] // 60
        return replace(
            team_day, start_min=max(min(team_day.start_min, goes), 0), end_min=max(team_day.end_min, back), rest=None
        )

    def _stops(self, team_id: int, day: date) -> list[Request]:
        """Return what a team has on a day, in order."""
        here = [
            one
            for one in self.requests.values()
            if one.present and one.present.team_id == team_id and one.present.window.day == day
        ]
        return sorted(here, key=_start)

    def _closed(self, agenda: Agenda | None, team: Team, day: date) -> list[Span]:
        """Return when a team does not drive on a day: absences, and what it has that is nowhere on the map."""
        absences = agenda.absences if agenda else ()
        closed = [(minutes_of(start, day, team.zone), minutes_of(end, day, team.zone)) for start, end in absences]
        for start, end in self._elsewhere[team.resource_id]:
            first, last = (minutes_of(at, day, team.zone) for at in (start, end))
            closed.append((first - self.beat.gap, last + self.beat.gap))
        return [span for span in closed if span[1] > 0]

    @cached_property
    def _elsewhere(self) -> dict[int, list[tuple[datetime, datetime]]]:
        """Return what each team has that is no visit of which we know the place."""
        found = {}
        for team_id in self.teams:
            booked = [one for one in self.visits if one.team_id == team_id]
            starts = {one.period.start for one in booked}
            taken = [span for seat in (self._taken(team_id)) for span in seat]
            unknown = [(one.period.start, one.period.end) for one in booked if one.at is None]
            found[team_id] = [*(span for span in taken if span[0] not in starts), *unknown]
        return found

    def _taken(self, team_id: int) -> Iterable[Sequence[tuple[datetime, datetime]]]:
        agenda = self.agendas.get(team_id)
        return agenda.taken.values() if agenda else ()


def _in_force(problem: Problem) -> Plan:
    """Return the plan by which people live: what is booked."""
    draft = Draft(problem)
    booked: defaultdict[tuple[int, date], list[tuple[str, Window]]] = defaultdict(list)
    for one in sorted((one for one in problem.requests if one.present), key=_start):
        if one.present:
            booked[one.present.team_id, one.present.window.day].append((one.id, one.present.window))
    for key, stops in booked.items():
        if key in draft.timelines:
            draft.take(key, stops)
    return draft.plan()


def _with_absences(problem: Problem, absences: Iterable[Absence]) -> Problem:
    for one in absences:
        key = (one.team_id, one.day)
        team_day = problem.team_day_of.get(key)
        if team_day is None:
            continue
        if one.agents is not None:
            problem = with_agents(problem, *key, agents=min(one.agents, team_day.agents))
            continue
        left = absent(problem, *key, start_min=one.start_min, end_min=one.end_min).team_day_of.get(key)
        # A day of no time rather than no day: what is booked on it has a price, as everything in force.
        gone = replace(team_day, start_min=team_day.end_min, rest=None)
        problem = problem.with_team_days(left or gone)
    return problem


def _from_now_on(absences: Iterable[Absence], teams: Mapping[int, Team], now: datetime) -> Iterator[Absence]:
    """Yield what is left of absences: a visit that has begun has its team."""
    for one in absences:
        team = teams.get(one.team_id)
        start = max(one.start_min, minutes_of(now, one.day, team.zone)) if team else one.end_min
        if start < one.end_min:
            yield replace(one, start_min=start)


def _touches(absence: Absence, team_id: int, window: Window, beat: Beat) -> bool:
    return (
        absence.team_id == team_id
        and absence.day == window.day
        and absence.start_min < window.start_min + beat.duration
        and window.start_min < absence.end_min
    )


def _fixed(number: str, home: int, team_id: int, day: date, span: Span) -> Request:
    window = _at(day, span[0])
    return Request(
        id=number,
        home=home,
        minutes=span[1] - span[0],
        windows=(window,),
        lock=Lock.FROZEN,
        present=Appointment(team_id=team_id, window=window),
    )


def _at(day: date, minutes: int) -> Window:
    return Window(day=day, start_min=minutes, end_min=minutes)


def _start(request: Request) -> int:
    return request.present.window.start_min if request.present else 0


def _visits(stops: Iterable[Request]) -> tuple[Visit, ...]:
    return tuple(Visit(one, one.present.window) for one in stops if one.present)


def _near(team_ids: Iterable[int]) -> str:
    """Return the name of what only these teams have: that they go as far as some home."""
    return "near:" + ",".join(str(one) for one in team_ids)


def _is_near(skill: str, team: Team) -> bool:
    return skill.startswith("near:") and str(team.resource_id) in skill.removeprefix("near:").split(",")
