"""Rules of bracelet fittings: until when, when somebody is at home, which team can be there, in what order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from availability.errors import InvalidRequest
from availability.openings import EVER, is_holiday, local_day, openings, weekly
from availability.periods import Period, merge
from availability.places import distance_km

A_DAY = timedelta(days=1)
MOST_WINDOWS = 21  # three a day
# An estimate by distance, and said as such: nobody asks a route service for the home of somebody under supervision.
ROAD_PER_STRAIGHT_KM = 1.3
DRIVEN_KM_PER_HOUR = 40

Point = tuple[float, float]  # latitude, longitude


class Purpose(StrEnum):
    """What a team goes there for."""

    FITTING = "fitting"  # pose
    REMOVAL = "removal"  # dépose


class Counting(StrEnum):
    """How the days of a delay are counted; the day of the order itself never counts."""

    EVERY_DAY = "every_day"  # jours calendaires: the last one is the last, whatever day it is
    PROLONGED = "prolonged"  # the same, until the next working day. Source: CPP, art. 801
    WORKING_DAYS = "working_days"  # jours ouvrés: Monday to Friday, public holidays left out


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure under which a bracelet is worn. Without `legal_days`, the law gives no delay in days."""

    code: str
    label: str
    legal_days: int | None = None
    counting: Counting = Counting.EVERY_DAY
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a visit asks of the team that makes it."""

    agents: int = 1
    skills: frozenset[str] = frozenset()


NO_NEEDS = Needs()


@dataclass(frozen=True, kw_only=True)
class Pause:
    """The break of a day of work, of so many minutes, between two wall times."""

    minutes: int = 45
    opens: time = time(11, 30)
    until: time = time(14)


@dataclass(frozen=True, kw_only=True)
class FittingTerms:
    """What a kind of fittings goes by; an administrator sets it. Days in practice are counted from the order."""

    measures: tuple[Measure, ...]
    reach_km: float = 60.0  # of a team whose attribute `reach_km` says nothing else, as the crow flies
    practical_from_days: int = 14
    practical_until_days: int = 21
    skills: Mapping[str, str] = field(default_factory=dict)  # that a visit may ask for, by code
    pause: Pause = Pause()

    def measure(self, code: str) -> Measure:
        """Return the measure of that code. Raises: InvalidRequest."""
        found = next((measure for measure in self.measures if measure.code == code), None)
        if found is None:
            raise InvalidRequest("measure", "unknown-choice")
        return found


@dataclass(frozen=True, order=True)
class Window:
    """When somebody is at home every week, in wall time there; `until` at or before `opens` is on the next day."""

    weekday: int  # 0 is Monday
    opens: time
    until: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise InvalidRequest("windows", "unknown-weekday")

    def to_json(self) -> dict[str, Any]:
        """Return the window as it is stored."""
        return {"weekday": self.weekday, "from": f"{self.opens:%H:%M}", "until": f"{self.until:%H:%M}"}


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where the bracelet is fitted, and when somebody is there."""

    at: Point
    zone: ZoneInfo
    windows: tuple[Window, ...]
    needs: Needs = NO_NEEDS


@dataclass(frozen=True, kw_only=True)
class Team:
    """Who drives there: one vehicle, from its base."""

    resource_id: int
    name: str
    site_name: str
    base: Point | None
    zone: ZoneInfo
    reach_km: float
    agents: int = 1
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, order=True)
class Stop:
    """A fitting that a team has already; `at` is None when nobody knows where it is."""

    period: Period
    at: Point | None


class WhyNot(StrEnum):
    """Why a slot is no offer, in the order in which it is looked at."""

    TOO_FAR = "too_far"  # of the team's base
    AGENTS = "agents"  # more are asked for than the team has
    SKILLS = "skills"
    NOBODY_HOME = "nobody_home"
    TAKEN = "taken"
    TRAVEL = "travel"  # the team can't be there in time, or can't be in time at its next stop


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A slot that fits. `detour_km`: from the nearest other stop of that team that day, from its base when none."""

    resource_id: int
    period: Period
    day: date  # where the home is
    detour_km: float
    is_in_time: bool


def deadline(measure: Measure, ordered_on: date, holiday_zone: str) -> date | None:
    """Return the last day on which the law wants the bracelet fitted, or None when it gives no delay in days.

    Source for the assignation à résidence: code pénitentiaire, art. D632-2.
    """
    if measure.legal_days is None:
        return None
    if measure.counting is Counting.WORKING_DAYS:
        last = ordered_on
        for _ in range(measure.legal_days):
            last = _working_day(last + A_DAY, holiday_zone)
        return last
    last = ordered_on + timedelta(days=measure.legal_days)
    return _working_day(last, holiday_zone) if measure.counting is Counting.PROLONGED else last


def practical_days(terms: FittingTerms, ordered_on: date) -> tuple[date, date]:
    """Return the first and the last day between which a fitting is usually done."""
    return (
        ordered_on + timedelta(days=terms.practical_from_days),
        ordered_on + timedelta(days=terms.practical_until_days),
    )


def last_day_offered(terms: FittingTerms, ordered_on: date, deadline_on: date | None, today: date) -> date:
    """Return until when offers are looked for: the latest of both delays, and never less than the practical one."""
    _, practical = practical_days(terms, ordered_on)
    return max(deadline_on or practical, practical, today + timedelta(days=terms.practical_until_days))


def read_windows(stored: object) -> tuple[Window, ...]:
    """Return windows as they are stored, sorted. Raises: InvalidRequest for anything else, none and too many."""
    if not isinstance(stored, list) or not stored:
        raise InvalidRequest("windows", "required")
    if len(stored) > MOST_WINDOWS:
        raise InvalidRequest("windows", "too-many", most=MOST_WINDOWS)
    return tuple(sorted({_window(one) for one in stored}))


def fits(windows: Iterable[Window], period: Period, zone: ZoneInfo) -> bool:
    """Say whether somebody is at home for the whole period; windows that touch make one.

    Wall time becomes instants as opening hours do, so both changes of hour are read the same way.
    """
    first, last = local_day(period.start, zone) - A_DAY, local_day(period.end, zone) + A_DAY
    return any(present.contains(period) for present in at_home(tuple(windows), first, last, zone))


def km_between(one: Point, other: Point) -> float:
    """Return the distance as the crow flies."""
    return distance_km(*one, *other)


def road_km(km: float) -> float:
    """Return an estimate, by road, of a distance as the crow flies."""
    return km * ROAD_PER_STRAIGHT_KM


def travel_minutes(km: float) -> int:
    """Return an estimate of the minutes that a distance as the crow flies takes by road, rounded up."""
    return ceil(road_km(km) / DRIVEN_KM_PER_HOUR * 60)


def reaches(base: Point | None, home: Point, reach_km: float) -> bool:
    """Say whether a team goes as far; one whose base is nowhere on the map can't say so."""
    return base is not None and km_between(base, home) <= reach_km


def lacking(team: Team, needs: Needs) -> WhyNot | None:
    """Return what a team does not have of what a visit asks for."""
    if team.agents < needs.agents:
        return WhyNot.AGENTS
    return None if needs.skills <= team.skills else WhyNot.SKILLS


def is_reachable(home: Point, period: Period, stops: Iterable[Stop]) -> bool:
    """Say whether a team with these other stops can be there at the start, and at its next stop in time.

    What overlaps is not looked at, it is taken; nor are the stops that are nowhere on the map.
    """
    for stop in stops:
        if stop.at is None or stop.period.overlaps(period):
            continue
        travel = timedelta(minutes=travel_minutes(km_between(stop.at, home)))
        first, second = (stop.period, period) if stop.period.end <= period.start else (period, stop.period)
        if first.end + travel > second.start:
            return False
    return True


def detour_km(team: Team, home: Point, stops_of_the_day: Iterable[Stop]) -> float:
    """Return the distance to the nearest other stop of the day, or to the base when there is none."""
    others = [km_between(stop.at, home) for stop in stops_of_the_day if stop.at is not None]
    return min(others, default=km_between(team.base, home) if team.base else 0.0)


def why_not(team: Team, home: Home, period: Period, *, is_free: bool, stops: Sequence[Stop]) -> WhyNot | None:
    """Return why this slot of a team is no offer, or None when it is one. What lists it and what books it ask this."""
    if not reaches(team.base, home.at, team.reach_km):
        return WhyNot.TOO_FAR
    if lacks := lacking(team, home.needs):
        return lacks
    if not fits(home.windows, period, home.zone):
        return WhyNot.NOBODY_HOME
    if not is_free:
        return WhyNot.TAKEN
    return None if is_reachable(home.at, period, stops) else WhyNot.TRAVEL


def way_there(team: Team, home: Point, period: Period, stops: Iterable[Stop], needs: Needs = NO_NEEDS) -> WhyNot | None:
    """Return why a team could not make this visit then, or None. When somebody is home is for who moves it to know."""
    if not reaches(team.base, home, team.reach_km):
        return WhyNot.TOO_FAR
    if lacks := lacking(team, needs):
        return lacks
    return None if is_reachable(home, period, stops) else WhyNot.TRAVEL


def ranked(offers: Iterable[Offer]) -> list[Offer]:
    """Return offers the best first: before the legal deadline, then the least detour, then the earliest."""
    return sorted(offers, key=lambda one: (not one.is_in_time, one.detour_km, one.period.start, one.resource_id))


def apart(offers: Iterable[Offer]) -> list[Offer]:
    """Return the same, in the same order, without those that overlap one of the same team that stands before them.

    A grid of a quarter of an hour says the same thing three times.
    """
    kept: dict[int, list[Offer]] = {}
    chosen: list[Offer] = []
    for offer in offers:
        of_team = kept.setdefault(offer.resource_id, [])
        if not any(offer.period.overlaps(other.period) for other in of_team):
            of_team.append(offer)
            chosen.append(offer)
    return chosen


@lru_cache(maxsize=1024)  # the slots of one day ask the same question
def at_home(windows: tuple[Window, ...], first: date, until: date, zone: ZoneInfo) -> tuple[Period, ...]:
    """Return when somebody is at home of what begins on civil days `[first, until)`, windows that touch as one."""
    rules = [weekly(one.weekday, one.opens, one.until, EVER) for one in windows]
    return tuple(merge(openings(rules, first=first, until=until, zone=zone)))  # whoever is at home stays at midnight


def _working_day(day: date, holiday_zone: str) -> date:
    """Return that day, or the next one that is neither at the weekend nor a public holiday there."""
    while day.weekday() > 4 or is_holiday(day, holiday_zone):
        day += A_DAY
    return day


def _window(stored: object) -> Window:
    try:
        if not isinstance(stored, dict) or set(stored) != {"weekday", "from", "until"}:
            raise TypeError
        weekday = stored["weekday"]
        if not isinstance(weekday, int) or isinstance(weekday, bool):
            raise TypeError
        return Window(weekday, _clock(stored["from"]), _clock(stored["until"]))
    except (TypeError, ValueError) as error:
        raise InvalidRequest("windows", "not-a-window") from error


def _clock(typed: object) -> time:
    if not isinstance(typed, str):
        raise TypeError
    return datetime.strptime(typed, "%H:%M").time()  # noqa: DTZ007 - a wall time has no zone of its own
