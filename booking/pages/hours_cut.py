"""How openings are cut into appointments, in words and as typed: what a grid gives in a week. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from availability.errors import InvalidRequest
from availability.grids import LIMITS, OwnGrid
from availability.openings import DaysOff, Rule
from availability.slots import Grid
from booking.hours import Hours
from booking.pages.hours_words import AVERAGED_WEEKS, minutes_of
from booking.words import many
from portal.ui.dates import NBSP, grouped

A_MINUTE = timedelta(minutes=1)
LONGEST = 5
NO_PROBLEM = dict.fromkeys(LIMITS, "")
LABELS = {
    "slot_duration_min": "Durée d’un rendez-vous (minutes)",
    "slot_step_min": "Un début toutes les (minutes)",
    "buffer_before_min": "Temps gardé avant (minutes)",
    "buffer_after_min": "Temps gardé après (minutes)",
    "capacity": "Personnes reçues en même temps",
}


@dataclass(frozen=True)
class PerWeek:
    """What opens in a week as the hours usually are: starts, and appointments one after the other."""

    starts: int
    most: int
    is_even: bool


def typed_of(grid: OwnGrid) -> dict[str, str]:
    """Return a grid as its fields show it; what is as its kind says is empty."""
    return {name: "" if (value := getattr(grid, name)) is None else str(value) for name in LIMITS}


def hints_of(kind: OwnGrid) -> dict[str, str]:
    """Return what each field means when it is empty."""
    named = {name: f"Vide{NBSP}: comme le type, {getattr(kind, name)}" for name in LIMITS if name != "capacity"}
    return named | {"capacity": "Capacité habituelle"}


def read_grid(typed: Mapping[str, str]) -> tuple[OwnGrid | None, dict[str, str]]:
    """Return the grid that was typed, or None with what is wrong beside each field."""
    values, problems = {}, dict(NO_PROBLEM)
    for name in LIMITS:
        try:
            values[name] = _number(name, typed.get(name, ""))
            OwnGrid(**{name: values[name]})
        except InvalidRequest as refusal:
            problems[name] = _problem(refusal)
    if any(problems.values()):
        return None, problems
    return OwnGrid(**values), problems


def effect_words(hours: Hours, wanted: OwnGrid, rules: Iterable[Rule]) -> str:
    """Return what a week gives as typed, and what it gives now when that differs."""
    listed = list(rules)
    now, then = (_week_words(hours, one, listed) for one in (hours.grid, wanted))
    return f"{then}." if now == then else f"{then}, au lieu de{NBSP}: {now}."


def per_week(rules: Iterable[Rule], grid: Grid, capacity: int, first: date, off: DaysOff) -> PerWeek:
    """Return what the rules give in each of the weeks from a day on, holidays and closures left aside."""
    starts, most = [0] * AVERAGED_WEEKS, [0] * AVERAGED_WEEKS
    days = defaultdict(list)
    for rule in rules:
        for on in rule.days(first, first + timedelta(days=7 * AVERAGED_WEEKS)):
            opens = rule.opens.hour * 60 + rule.opens.minute
            days[on].append((opens, opens + minutes_of(rule)))
    for on, spans in days.items():
        if off.ignores_weekends or on.weekday() < 5:
            for opens, closes in _merged(spans):
                week, span = (on - first).days // 7, (closes - opens) * A_MINUTE
                starts[week] += _count(span, grid.duration, grid.step)
                most[week] += capacity * _count(span, grid.duration, _spacing(grid))
    is_even = len(set(starts)) == 1
    return PerWeek(round(sum(starts) / AVERAGED_WEEKS), round(sum(most) / AVERAGED_WEEKS), is_even)


def _week_words(hours: Hours, own: OwnGrid, rules: list[Rule]) -> str:
    first = hours.today + timedelta(days=-hours.today.weekday() + 7)
    found = per_week(rules, own.over(hours.of_kind), own.capacity, first, hours.off)
    average = "" if found.is_even else " en moyenne"
    return (
        f"{many(found.starts, 'créneau', 'créneaux')} par semaine{average}, "
        f"{many(found.most, 'rendez-vous', 'rendez-vous')} au plus"
    )


def _spacing(grid: Grid) -> timedelta:
    """Return the least time from one start to the next that leaves the gap between them, on the grid."""
    return -(-(grid.duration + grid.gap) // grid.step) * grid.step


def _count(span: timedelta, duration: timedelta, every: timedelta) -> int:
    return max((span - duration) // every + 1, 0)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
        else:
            merged.append((opens, closes))
    return merged


def _number(name: str, typed: str) -> int | None:
    said = typed.replace(NBSP, " ").strip()
    if not said and name != "capacity":
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= LONGEST):
        raise InvalidRequest(name, "not-numeric" if said else "required")
    return int(said)


def _problem(refusal: InvalidRequest) -> str:
    least, most = LIMITS[refusal.field]
    if refusal.problem == "required":
        return f"À renseigner{NBSP}: combien de personnes à la fois."
    return f"Un nombre entier, de {grouped(least)} à {grouped(most)}."
