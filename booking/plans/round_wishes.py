"""What somebody asks of a plan of rounds, as the settings of a run keep it: wishes, locks, who is absent. Checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from availability.errors import InvalidRequest
from optimizer.rounds.problem import LARGEST_WEIGHT, Lock, Weights

SLIDERS = ("road", "soon", "moves")  # each from 0, hardly, to 4, above all; 2 is usual
USUAL = 2
LEVELS = (0.25, 0.5, 1, 2, 4)
FIELD_OF = {
    "unplaced": "unplaced",
    "metres": "metre",
    "rounds": "round",
    "days_waited": "day_waited",
    "moved": "moved",
    "changed_team": "changed_team",
}
MOST_FACTOR = 100
MOST_ABSENCES = 20
MOST_LOCKS = 5_000


@dataclass(frozen=True, kw_only=True)
class Absence:
    """A team that is away for a while of a day, or that goes with so many agents only."""

    team_id: int
    day: date
    start_min: int
    end_min: int
    agents: int | None = None  # those who are left; None: nobody


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return the weights that sliders and factors make. Raises: InvalidRequest."""
    levels = {name: _level(settings, name) for name in SLIDERS}
    usual = Weights()
    # The road is counted in whole metres: less of it is more of the rest.
    shorter = max(LEVELS[levels["road"]], 1)
    rest = 1 / min(LEVELS[levels["road"]], 1)
    made = {
        "unplaced": usual.unplaced,
        "metre": usual.metre * shorter,
        "round": usual.round * shorter,
        "day_waited": usual.day_waited * rest * LEVELS[levels["soon"]],
        "moved": usual.moved * rest * LEVELS[levels["moves"]],
        "changed_team": usual.changed_team * rest * LEVELS[levels["moves"]],
    }
    for rule, factor in _object(settings, "rules").items():
        if rule not in FIELD_OF:
            raise InvalidRequest("rules", "unknown-choice")
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= MOST_FACTOR:
            raise InvalidRequest("rules", "out-of-range")
        made[FIELD_OF[rule]] *= factor
    return Weights(**{name: min(round(value), LARGEST_WEIGHT) for name, value in made.items()})


def locks_of(settings: Mapping[str, Any]) -> dict[str, Lock]:
    """Return what is locked, by request. Raises: InvalidRequest."""
    if len(_object(settings, "locks")) > MOST_LOCKS:
        raise InvalidRequest("locks", "too-many")
    try:
        return {str(item): Lock(lock) for item, lock in _object(settings, "locks").items()}
    except ValueError as error:
        raise InvalidRequest("locks", "unknown-choice") from error


def absences_of(settings: Mapping[str, Any]) -> tuple[Absence, ...]:
    """Return who is absent. Raises: InvalidRequest."""
    listed = settings.get("absent", [])
    if not isinstance(listed, list) or len(listed) > MOST_ABSENCES:
        raise InvalidRequest("absent", "not-a-list")
    return tuple(_absence(one) for one in listed)


def kept(absence: Absence) -> dict[str, Any]:
    """Return an absence as settings keep it."""
    return {
        "team": absence.team_id,
        "day": absence.day.isoformat(),
        "from": _wall(absence.start_min),
        "until": _wall(absence.end_min),
        "agents": absence.agents,
    }


def with_locks(settings: Mapping[str, Any], locks: Mapping[str, Lock]) -> dict[str, Any]:
    """Return settings with these locks changed."""
    return {**settings, "locks": {**_object(settings, "locks"), **{one: lock.value for one, lock in locks.items()}}}


def _absence(one: Any) -> Absence:
    try:
        start, end = (time.fromisoformat(one[name]) for name in ("from", "until"))
        absence = Absence(
            team_id=int(one["team"]),
            day=date.fromisoformat(one["day"]),
            start_min=start.hour * 60 + start.minute,
            end_min=end.hour * 60 + end.minute,
            agents=None if one.get("agents") is None else int(one["agents"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidRequest("absent", "not-an-absence") from error
    if absence.start_min >= absence.end_min:
        raise InvalidRequest("absent", "not-after-start")
    return absence if absence.agents is None else replace(absence, agents=max(absence.agents, 1))


def _level(settings: Mapping[str, Any], name: str) -> int:
    sliders = _object(settings, "sliders")
    if not sliders.keys() <= set(SLIDERS):
        raise InvalidRequest("sliders", "unknown-choice")
    level = sliders.get(name, USUAL)
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level < len(LEVELS):
        raise InvalidRequest("sliders", "out-of-range")
    return level


def _object(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name, {})
    if not isinstance(found, Mapping):
        raise InvalidRequest(name, "not-a-form")
    return found


def _wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
