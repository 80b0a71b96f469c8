"""Who waits for a bracelet, what can be offered to them, and the round of a team. Reads only, as of `now`.

A request is shown where its person's file is, to the roles to which its kind is open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.openings import instant_of, local_day
from availability.periods import Period
from availability.queries import slots_by_day
from availability.rights import Actor, Role
from availability.slots import Slot
from availability.statements import by_key, run
from booking.fitting_models import FittingRule
from booking.fittings import (
    A_DAY,
    FittingTerms,
    Home,
    Needs,
    Offer,
    Purpose,
    Stop,
    Team,
    WhyNot,
    Window,
    apart,
    detour_km,
    last_day_offered,
    ranked,
    reaches,
    read_windows,
    why_not,
)
from booking.ledger import INITIALS, SCOPE, scope_values

FITTERS = (Role.MONITORING_AGENT, Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE)
MOST_LISTED = 200
PLAIN = ZoneInfo("UTC")  # where no zone is meant: what is read is wider than a day on both sides
NEIGHBOURS = timedelta(days=1)  # a stop further away in time is no obstacle, however far it is


class Stage(StrEnum):
    """Where a request stands, as told by the visit that has a place, else by the last one."""

    WAITING = "waiting"
    BOOKED = "booked"
    MISSED = "missed"  # nobody was there: it waits again
    FITTED = "fitted"
    CLOSED = "closed"


OPEN = (Stage.WAITING, Stage.MISSED)


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request with all that a screen shows of it but its address, which is sealed."""

    id: UUID
    kind_id: int
    territory_id: int
    person_id: UUID
    initials: str
    measure: str
    lat: float
    lon: float
    is_exact: bool
    time_zone: str
    holiday_zone: str
    windows: tuple[Window, ...]
    ordered_on: date
    deadline_on: date | None
    purpose: Purpose
    is_urgent: bool
    agents: int
    skills: frozenset[str]
    stage: Stage
    created_at: datetime
    booking_id: UUID | None
    resource_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    team_name: str
    site_name: str
    site_zone: str

    @property
    def home(self) -> Home:
        """Return where the bracelet is fitted, and when somebody is there."""
        needs = Needs(agents=self.agents, skills=self.skills)
        return Home(at=(self.lat, self.lon), zone=ZoneInfo(self.time_zone), windows=self.windows, needs=needs)

    def is_late(self, now: datetime) -> bool:
        """Say whether the legal deadline is over where the home is, and nothing was fitted."""
        is_over = self.deadline_on is not None and self.deadline_on < local_day(now, ZoneInfo(self.time_zone))
        return is_over and self.stage in (*OPEN, Stage.BOOKED)


@dataclass(frozen=True, kw_only=True)
class Offers:
    """What can be offered to a request, the best first, and why the rest can't."""

    offers: tuple[Offer, ...]  # of one team, none overlaps another
    teams: Mapping[int, Team]
    teams_too_far: int
    slots_refused: Mapping[WhyNot, int]  # of the teams that go as far
    until: date  # the last day that was looked at
    starts: frozenset[tuple[int, datetime]]  # every team and start that fits, whatever it overlaps


def terms_of(session: Session, kind_id: int) -> FittingTerms:
    """Return the settings of a kind of fittings. Raises: NotFound when it is not one."""
    rule = session.get(FittingRule, kind_id)
    if rule is None:
        raise NotFound(kind_id=kind_id)
    return rule.terms


def fitting_kind(session: Session, actor: Actor) -> tuple[int, FittingTerms]:
    """Return the kind of fittings that is open to the actor, and its settings. Raises: NotFound when there is none."""
    row = session.execute(KIND, scope_values(actor)).first()
    if row is None:
        raise NotFound(kind="fittings")
    return int(row.kind_id), terms_of(session, int(row.kind_id))


def fitting_requests(
    session: Session, actor: Actor, *, stages: Iterable[Stage] = tuple(Stage), now: datetime, limit: int = MOST_LISTED
) -> tuple[list[RequestLine], int]:
    """Return the requests of the actor's territories by legal deadline, those that have none last; and how many.

    Those without a legal deadline come by the date of their order.
    """
    asked = scope_values(actor) | {"now": now, "stages": [stage.value for stage in stages], "limit": limit}
    rows = session.execute(LISTED, asked).all()
    return [line_of(row) for row in rows], int(rows[0].of_all) if rows else 0


def request_for(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> RequestLine:
    """Return one request. Raises: NotFound, the same for "elsewhere" and "nobody's"."""
    row = session.execute(ONE, scope_values(actor) | {"now": now, "id": request_id}).one_or_none()
    if row is None:
        raise NotFound(request_id=request_id)
    return line_of(row)


def offers_for(session: Session, actor: Actor, line: RequestLine, *, now: datetime) -> Offers:
    """Return the slots that fit a request, of every team that the actor may reserve. Raises: NotFound."""
    terms = terms_of(session, line.kind_id)
    today = local_day(now, ZoneInfo(line.time_zone))
    until = last_day_offered(terms, line.ordered_on, line.deadline_on, today)
    teams = reservable_teams(session, actor, line.kind_id)
    near = {number: team for number, team in teams.items() if reaches(team.base, line.home.at, team.reach_km)}
    stops = stops_of(session, near, within=days_as_period(today, until + A_DAY), now=now)
    found: list[Offer] = []
    refused: Counter[WhyNot] = Counter()
    for team, slot, why in judged(session, near, line.home, stops, first=today, until=until + A_DAY, now=now):
        if why is not None:
            refused[why] += 1
            continue
        found.append(_offer(team, slot, line, stops[team.resource_id]))
    return Offers(
        offers=tuple(apart(ranked(found))),
        teams=teams,
        teams_too_far=len(teams) - len(near),
        slots_refused=refused,
        until=until,
        starts=frozenset((one.resource_id, one.period.start) for one in found),
    )


def why_not_at(
    session: Session, actor: Actor, line: RequestLine, resource_id: int, start: datetime, *, now: datetime
) -> WhyNot | None:
    """Return why a team can't fit a bracelet then, or None when it can: what the list says of the same slot.

    Under the team's lock this holds until the end of the transaction. Raises: NotFound when the team is not for this
    actor, or when no slot of its starts then.
    """
    teams = reservable_teams(session, actor, line.kind_id, only=resource_id)
    if resource_id not in teams:
        raise NotFound(resource_id=resource_id)
    day = local_day(start, teams[resource_id].zone)
    stops = stops_of(session, teams, within=Period(start - NEIGHBOURS, start + 2 * NEIGHBOURS), now=now)
    for _, slot, why in judged(session, teams, line.home, stops, first=day, until=day + A_DAY, now=now):
        if slot.period.start == start:
            return why
    raise NotFound(resource_id=resource_id, start=start)


def judged(
    session: Session,
    teams: Mapping[int, Team],
    home: Home,
    stops: Mapping[int, list[Stop]],
    *,
    first: date,
    until: date,
    now: datetime,
) -> Iterator[tuple[Team, Slot, WhyNot | None]]:
    """Yield every slot of these teams on civil days `[first, until)`, with why it is no offer."""
    zones = {number: team.zone.key for number, team in teams.items()}
    for number, slots in slots_by_day(session, zones, first=first, until=until, now=now).items():
        for _, slot in slots:
            why = why_not(teams[number], home, slot.period, is_free=slot.is_free, stops=stops[number])
            yield teams[number], slot, why


def reservable_teams(session: Session, actor: Actor, kind_id: int, *, only: int | None = None) -> dict[int, Team]:
    """Return the teams of a kind that the actor may reserve, by resource."""
    roles = [row.role for row in run(session, RESERVERS, {"kind_id": kind_id})]
    territories = {number for right in actor.rights_in(roles, kind_id=kind_id) for number in right.territory_ids}
    asked = {"kind_id": kind_id, "territories": sorted(territories), "only": only}
    return {row.id: team_of(row) for row in session.execute(TEAMS, asked)}


def stops_of(
    session: Session, teams: Mapping[int, Team], *, within: Period, now: datetime
) -> defaultdict[int, list[Stop]]:
    """Return what these teams have already in a period, sorted, by resource."""
    found: defaultdict[int, list[Stop]] = defaultdict(list)
    asked = {"ids": list(teams), "start": within.start - NEIGHBOURS, "end": within.end + NEIGHBOURS, "now": now}
    for row in session.execute(STOPS, asked):
        at = (row.lat, row.lon) if row.lat is not None else None
        found[row.resource_id].append(Stop(Period(row.starts_at, row.ends_at), at))
    return found


def _offer(team: Team, slot: Slot, line: RequestLine, stops: Iterable[Stop]) -> Offer:
    there = local_day(slot.period.start, team.zone)
    day = local_day(slot.period.start, line.home.zone)
    return Offer(
        resource_id=team.resource_id,
        period=slot.period,
        day=day,
        detour_km=detour_km(team, line.home.at, [s for s in stops if local_day(s.period.start, team.zone) == there]),
        is_in_time=line.deadline_on is None or day <= line.deadline_on,
    )


def days_as_period(first: date, until: date, zone: ZoneInfo = PLAIN) -> Period:
    """Return civil days `[first, until)` of a zone as instants."""
    return Period(instant_of(first, time(), zone), instant_of(until, time(), zone))


def team_of(row: Any) -> Team:
    """Return the team that a row of TEAM_COLUMNS holds."""
    return Team(
        resource_id=row.id,
        name=row.name,
        site_name=row.site_name,
        base=(row.lat, row.lon) if row.lat is not None else None,
        zone=ZoneInfo(row.time_zone),
        reach_km=row.reach_km,
        agents=row.agents,
        skills=frozenset(row.skills),
    )


def line_of(row: Any) -> RequestLine:
    """Return the request that a row of REQUESTS holds."""
    values = {name: getattr(row, name) for name in RequestLine.__dataclass_fields__}
    known = {
        "windows": read_windows(row.windows),
        "stage": Stage(row.stage),
        "purpose": Purpose(row.purpose),
        "skills": frozenset(row.skills),
    }
    return RequestLine(**values | known)


HERE = "scope mine ON mine.territory_id = {territory} AND {kind} = ANY(mine.kinds)"
KIND = text(f"""
    WITH {SCOPE} SELECT rule.kind_id FROM fitting_rule rule
    WHERE EXISTS (SELECT FROM scope WHERE rule.kind_id = ANY(scope.kinds)) ORDER BY rule.kind_id LIMIT 1""")  # noqa: S608
RESERVERS = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_reserve")
_REACH = """coalesce(CASE WHEN jsonb_typeof(r.attributes -> 'reach_km') = 'number'
                     THEN CAST(r.attributes ->> 'reach_km' AS float) END, rule.reach_km) AS reach_km"""
# A team of which nothing is said goes by two, as teams do, and has no skill of its own.
_AGENTS = """CASE WHEN jsonb_typeof(r.attributes -> 'agents') = 'number'
    THEN CAST(least(CAST(r.attributes ->> 'agents' AS float), 9) AS int) ELSE 2 END AS agents"""
_SKILLS = """ARRAY(SELECT jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(r.attributes -> 'skills') = 'array' THEN r.attributes -> 'skills' ELSE '[]' END
    )) AS skills"""
TEAM_COLUMNS = f"r.id, r.name, s.name AS site_name, s.lat, s.lon, s.time_zone, {_REACH}, {_AGENTS}, {_SKILLS}"
TEAM_TABLES = """
    resource r JOIN site s ON s.id = r.site_id JOIN fitting_rule rule ON rule.kind_id = r.kind_id"""
TEAMS = text(f"""
    SELECT {TEAM_COLUMNS} FROM {TEAM_TABLES}
    WHERE r.kind_id = :kind_id AND r.is_active AND s.territory_id = ANY(:territories)
      AND (CAST(:only AS bigint) IS NULL OR r.id = :only)""")  # noqa: S608 - constants
STOPS = text("""
    SELECT b.resource_id, b.starts_at, b.ends_at, f.lat, f.lon
    FROM booking b LEFT JOIN fitting_visit v ON v.booking_id = b.id LEFT JOIN fitting_request f ON f.id = v.request_id
    WHERE b.resource_id = ANY(:ids) AND b.starts_at < :end AND b.ends_at > :start
      AND (b.state IN ('booked', 'honoured', 'missed') OR b.state IN ('held', 'requested') AND b.expires_at > :now)
    ORDER BY b.starts_at, b.id""")
# What stands comes before what was made last: the slot of an earlier visit may have been taken back since.
_STANDS = "o.state IN ('booked', 'honoured') OR o.state IN ('held', 'requested') AND o.expires_at > :now"
_STAGE = """CASE WHEN f.closed_at IS NOT NULL THEN 'closed' WHEN b.state = 'honoured' THEN 'fitted'
    WHEN b.state = 'missed' THEN 'missed'
    WHEN b.state = 'booked' OR b.state IN ('held', 'requested') AND b.expires_at > :now THEN 'booked'
    ELSE 'waiting' END"""
# Every request with what it has; `{scope}` joins what limits them.
REQUEST_LINES = f"""
        SELECT f.*, {_STAGE} AS stage, b.id AS booking_id, b.resource_id, b.starts_at, b.ends_at,
               coalesce(r.name, '') AS team_name, coalesce(s.name, '') AS site_name,
               coalesce(s.time_zone, f.time_zone) AS site_zone, {INITIALS} AS initials
        FROM fitting_request f {{scope}}
        LEFT JOIN LATERAL (
            SELECT o.* FROM fitting_visit v JOIN booking o ON o.id = v.booking_id
            WHERE v.request_id = f.id ORDER BY ({_STANDS}) DESC, v.at DESC, v.booking_id LIMIT 1) b ON true
        LEFT JOIN resource r ON r.id = b.resource_id LEFT JOIN site s ON s.id = r.site_id
        LEFT JOIN person p ON p.id = f.person_id"""  # noqa: S608 - constants
_MINE = REQUEST_LINES.format(scope=f"JOIN {HERE.format(territory='f.territory_id', kind='f.kind_id')}")
_REQUESTS = f"WITH {SCOPE}, line AS ({_MINE})"
LISTED = text(f"""{_REQUESTS}
    SELECT line.*, count(*) OVER () AS of_all FROM line WHERE stage = ANY(:stages)
    ORDER BY deadline_on NULLS LAST, ordered_on, created_at, id LIMIT :limit""")  # noqa: S608 - constants
ONE = text(f"{_REQUESTS} SELECT line.* FROM line WHERE id = :id")  # noqa: S608
