"""Rounds as the planning pages have them: their words, what the page reads, the rounds of a day as cards and a map."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from availability.openings import A_DAY
from booking.fitting_queries import RequestLine, Stage, days_as_period, terms_of
from booking.fittings import FittingTerms, Point, Team
from booking.models import Booking, State
from booking.pages.fitting_words import initials, kilometres, measure_label, round_address, special_words, team_name
from booking.pages.plan_rounds_words import (
    OTHER_STOP,
    RULES,
    SLIDERS,
    WEIGHTS,
    WHY_WORDS,
    DayChoice,
    RoundCard,
    StopRow,
    applied_words,
    clock,
    day_label,
    reasons_words,
    told_words,
)
from booking.pages.plans_desk import Desk, Item, Place, Shown
from booking.plans.kept import Scope, scope_of
from booking.plans.models import OptimizerRun
from booking.plans.round_actions import goals_of
from booking.plans.round_wishes import WISHES
from booking.plans.rounds import court_lines, teams_of, told_of
from optimizer.rounds.plan import Plan, Round
from optimizer.rounds.problem import Problem
from portal.ui.dates import day, long_day, plural

ADDRESS = "/tournees/"
COLOURS = ("#000091", "#a94645", "#18753c", "#6e445a", "#716043", "#006a6f")  # each is read with white on it


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the page of rounds shows of its own."""

    sentence: str
    told: str
    urgent: str
    teams: list[tuple[str, str]]
    days: list[DayChoice] = field(default_factory=list)
    day: str = ""
    cards: list[RoundCard] = field(default_factory=list)
    points: list[dict[str, str | float]] = field(default_factory=list)
    ways: list[dict[str, Any]] = field(default_factory=list)
    bases: list[list[float]] = field(default_factory=list)
    resource_ids: frozenset[int] = frozenset()


def is_item(number: str) -> bool:
    """Say whether a plan decides of this request: what is there for others to see has a name of its own."""
    return ":" not in number


def places(plan: Plan) -> Mapping[str, str]:
    """Return the team, the day and the minute of each visit."""
    return {
        stop.request_id: f"{one.team_id}|{one.day}|{stop.start_s // 60}"
        for one in plan.rounds
        for stop in one.stops
        if is_item(stop.request_id)
    }


def count(problem: Problem) -> int:
    """Return how many visits there are to plan."""
    return sum(is_item(one.id) for one in problem.requests)


def items(session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Item]:
    """Return the visits as lines show them."""
    terms = terms_of(session, shown.kind_id)
    problem: Problem | None = shown.reading.problem if shown.reading else None
    found = {}
    for number, line in lines_of(session, shown, ids).items():
        request = problem.request_of.get(number) if problem else None
        due = f"avant le {day(line.deadline_on)}" if line.deadline_on else ""
        hint = (measure_label(terms, line.measure), special_words(line, terms), due)
        found[number] = Item(
            label=who(line),
            hint=", ".join(part for part in hint if part),
            href=f"/demandes-de-pose/?demande={number}",
            lock=shown.locks.get(number, request.lock.value if request else "free"),
            is_fixed=line.stage is not Stage.BOOKED,
        )
    return found


def wheres(session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Place]:
    """Return the hours of the teams as lines show them."""
    teams = teams_of(session, scope(shown))
    return {one: _place(one, teams) for one in ids}


def _place(number: str, teams: Mapping[int, Team]) -> Place:
    team_id, on, minutes = number.split("|")
    team = teams.get(int(team_id))
    label = f"{day(date.fromisoformat(on))} à {clock(int(minutes))}, {team_name(team, teams) if team else 'équipe'}"
    return Place(label=label, rank=(on, int(team_id), int(minutes)), group=f"{team_id}|{on}")


def whys(run: OptimizerRun) -> Mapping[str, str]:
    """Return why each visit has no place."""
    left = (run.plan or {}).get("unplaced", ())
    return {one["request_id"]: reasons_words(one["reasons"]) for one in left if is_item(one["request_id"])}


def done(session: Session, run: OptimizerRun) -> Collection[str]:
    """Return the visits that the run booked or moved, and that are still there."""
    ids = {UUID(booking): item for item, booking in run.applied.get("bookings", {}).items()}
    ids |= {UUID(move[0]): item for item, move in run.applied.get("moves", {}).items()}
    goals = {one.item: one for one in goals_of(session, run)} if ids else {}
    booked = session.exec(select(Booking).where(col(Booking.id).in_(ids), Booking.state == State.BOOKED))
    return [
        ids[one.id]
        for one in booked
        if (goal := goals.get(ids[one.id])) and (goal.team_id, goal.start) == (one.resource_id, one.starts_at)
    ]


def sentence(session: Session, shown: Shown) -> str:
    """Return what the open proposal obtains."""
    plan: Plan = shown.plan
    problem: Problem = shown.reading.problem  # type: ignore[union-attr]  # always read
    placed, wanted = len(places(plan)), count(problem)
    rounds = plural(len(plan.rounds), "tournée")
    told = told_words(_told_again(session, shown))
    return " ".join(part for part in (f"{placed} visites sur {wanted} ont un créneau, en {rounds}.", told) if part)


def _told_again(session: Session, shown: Shown) -> int:
    """Return how many of those who were convened the open proposal moves."""
    if shown.reading is None:
        return 0
    before, after = places(shown.reading.in_force), places(shown.plan)
    moved = [one for one, place in before.items() if after.get(one) != place]
    return len(told_of(session, lines_of(session, shown, moved).values())) if moved else 0


def refused(session: Session, shown: Shown) -> list[tuple[str, str]]:
    """Return what of the open proposal could not be applied, and why."""
    told = shown.run.applied.get("refused", ()) if shown.run else ()
    lines = lines_of(session, shown, [item for item, _, _ in told]) if told else {}
    return [
        (who(lines[item]) if item in lines else "Une demande", WHY_WORDS.get(why, WHY_WORDS["refused"]))
        for item, why, _ in told
    ]


# --- the board ---


def board(session: Session, shown: Shown) -> Board:
    """Return the rounds of the day that the page asks for, with what waits."""
    problem: Problem = shown.reading.problem  # type: ignore[union-attr]  # always read
    teams = teams_of(session, scope(shown))
    waiting = [one for one in problem.requests if is_item(one.id) and one.present is None]
    urgent = sum(one.kind == "urgent" for one in waiting)
    base = Board(
        sentence=waiting_sentence(len(waiting), len(teams), len(problem.team_days)),
        told="",
        urgent=plural(urgent, "demande urgente attend", "demandes urgentes attendent") if urgent else "",
        teams=[(str(number), team_name(team, teams)) for number, team in teams.items()],
        resource_ids=frozenset(teams),
    )
    plan: Plan = shown.plan if shown.run else shown.reading.in_force  # type: ignore[union-attr]
    days = sorted({one.day for one in plan.rounds})
    if not days:
        return base
    on, team = shown.asked or ("", "")
    chosen = next((one for one in days if one.isoformat() == on), days[0])
    rounds = [one for one in plan.rounds if one.day == chosen and team in ("", str(one.team_id))]
    base = replace(base, days=[DayChoice(one.isoformat(), day_label(one)) for one in days], day=chosen.isoformat())
    return _drawn(session, shown, base, rounds, teams)


def waiting_sentence(waiting: int, teams: int, days: int) -> str:
    """Return what there is to plan."""
    waits = plural(waiting, "visite attend un créneau", "visites attendent un créneau")
    return f"{waits} ; {plural(teams, 'équipe')}, {plural(days, 'journée de tournée', 'journées de tournée')}."


def _drawn(session: Session, shown: Shown, base: Board, rounds: list[Round], teams: Mapping[int, Team]) -> Board:
    """Return the board with the cards and the map of some rounds."""
    problem: Problem = shown.reading.problem  # type: ignore[union-attr]
    before = places(shown.reading.in_force)  # type: ignore[union-attr]
    ids = [stop.request_id for one in rounds for stop in one.stops if is_item(stop.request_id)]
    lines = lines_of(session, shown, ids)
    terms = terms_of(session, shown.kind_id)
    cards, points, ways, bases = [], [], [], []
    for number, one in enumerate(rounds):
        team = teams.get(one.team_id)
        if team is None:
            continue
        colour = COLOURS[number % len(COLOURS)]
        drawing = _Drawing(
            one, team, team_name(team, teams), colour, lines, before, terms, shown.locks, can_move=shown.run is not None
        )
        cards.append(drawing.card(problem))
        points += drawing.points()
        line = [[lon, lat] for lat, lon in (team.base, *drawing.homes(), team.base) if team.base] if team.base else []
        ways.append({"id": f"{one.team_id}", "color": colour, "points": line})
        if team.base and [team.base[1], team.base[0]] not in bases:
            bases.append([team.base[1], team.base[0]])
    return replace(base, cards=cards, points=points, ways=ways, bases=bases)


@dataclass(frozen=True)
class _Drawing:
    """A round on its way to the screen."""

    round: Round
    team: Team
    name: str
    colour: str
    lines: Mapping[str, RequestLine]
    before: Mapping[str, str]
    terms: FittingTerms
    locks: Mapping[str, str] = field(default_factory=dict)
    can_move: bool = False

    def card(self, problem: Problem) -> RoundCard:
        one = self.round
        rest = problem.team_day_of[one.key].rest if one.key in problem.team_day_of else None
        pause = ""
        if rest and one.rest_s is not None:
            pause = f"pause de {rest.minutes} min à {clock(one.rest_s // 60)}"
        return RoundCard(
            id=f"{one.team_id}|{one.day}",
            title=f"{long_day(one.day)}",
            team=self.name,
            colour=self.colour,
            hours=f"départ {clock(one.leaves_s // 60)}, retour {clock(-(-one.returns_s // 60))}",
            road=f"{kilometres(self._km(problem))} de route",
            pause=pause,
            href=round_address(one.team_id, one.day),
            stops=[self._stop(number, stop, problem) for number, stop in enumerate(one.stops, 1)],
        )

    def _km(self, problem: Problem) -> float:
        stops = [problem.request_of[stop.request_id].home for stop in self.round.stops]
        base = problem.team_day_of[self.round.key].base if self.round.key in problem.team_day_of else 0
        legs = zip([base, *stops], [*stops, base], strict=True)
        return sum(problem.travel.leg(*leg)[0] for leg in legs) / 1000

    def _stop(self, number: int, stop: Any, problem: Problem) -> StopRow:
        line = self.lines.get(stop.request_id)
        here = f"{self.round.team_id}|{self.round.day}|{stop.start_s // 60}"
        was = self.before.get(stop.request_id)
        note, tone = ("", "")
        if line is not None and was is None:
            note, tone = "nouveau", "new"
        elif line is not None and was != here:
            note, tone = "déplacé", "info"
        return StopRow(
            id=stop.request_id,
            number=str(number),
            hour=clock(stop.start_s // 60),
            who=f"{who(line)} – {measure_label(self.terms, line.measure)}" if line else OTHER_STOP,
            note=note,
            tone=tone,
            can_move=self.can_move and line is not None,
            lock=self._lock(stop.request_id, problem) if self.can_move and line and line.stage is Stage.BOOKED else "",
        )

    def _lock(self, item: str, problem: Problem) -> str:
        request = problem.request_of.get(item)
        return self.locks.get(item, request.lock.value if request else "free")

    def homes(self) -> list[Point]:
        """Return where it goes, in order."""
        return [(one.lat, one.lon) for stop in self.round.stops if (one := self.lines.get(stop.request_id))]

    def points(self) -> list[dict[str, str | float]]:
        """Return the stops of the map."""
        return [
            {
                "id": stop.request_id,
                "number": str(number),
                "lat": line.lat,
                "lon": line.lon,
                "state": "booked",
                "color": self.colour,
                "label": f"{self.name}, passage {number}, {clock(stop.start_s // 60)}, {who(line)}",
            }
            for number, stop in enumerate(self.round.stops, 1)
            if (line := self.lines.get(stop.request_id))
        ]


# --- rows ---


def lines_of(session: Session, shown: Shown, ids: Collection[str]) -> dict[str, RequestLine]:
    """Return these requests, by their number; those that are closed meanwhile are not there."""
    numbers = [UUID(one) for one in ids if is_item(one)]
    if not numbers:
        return {}
    wanted = scope(shown)
    within = days_as_period(wanted.first - A_DAY, wanted.until + A_DAY)
    return {str(one.id): one for one in court_lines(session, wanted, within, now=shown.now, ids=numbers)}


def who(line: RequestLine) -> str:
    """Return the initials of somebody."""
    return initials(line.initials) or "personne effacée"


def scope(shown: Shown) -> Scope:
    """Return what the page is about."""
    if shown.run is not None:
        return scope_of(shown.run)
    home = shown.actor.home_territory_id
    return Scope(territory_id=home, kind_id=shown.kind_id, first=shown.first, until=shown.until)


DESK = Desk(
    problem="rounds",
    address=ADDRESS,
    noun=("visite", "visites"),
    placed=("visite placée", "visites placées"),
    sliders=SLIDERS,
    rules=RULES,
    weights=WEIGHTS,
    check=WISHES.read,
    places=places,
    count=count,
    items=items,
    wheres=wheres,
    whys=whys,
    done=done,
    sentence=sentence,
    applied=applied_words,
    refused=refused,
    next=("Voir les demandes planifiées", "/demandes-de-pose/?etat=planifiees"),
    own=board,
    ahead=7 * A_DAY,
    most_ahead=60 * A_DAY,
)
