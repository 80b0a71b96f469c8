"""Whom to suggest first, and why in words that can be checked; and the other orders of the judge's table. Pure.

One rank for one case and for a batch, that of `optimizer.shares`: the least load for who they are, then the way and the
wait. See docs/decisions/0057-fair-shares.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Any

from booking.mediators import Candidate, spoken
from booking.persons import search_name_of
from optimizer.shares.problem import FARTHEST_M, MOST, MOST_LOAD, Measure, Point, Problem, Professional
from optimizer.shares.rank import rank

SUGGESTED = "suggestion"
EVEN = 100  # loads within a tenth of a capacity are as good as each other: the way and the wait decide between them
# What stands for a wait, in days: a judge who would weigh otherwise sorts by a column.
DAYS_WAITING = 30.0  # as many waiting as it has places: a month more
DAYS_STALE = 10.0  # what is said of it may no longer be true
UNKNOWN_DAYS = 60  # silence is not rewarded


class Why(StrEnum):
    """What speaks for a service, or calls for care. The French is in booking/pages/designate_words.py."""

    NEAREST = "nearest"  # of all those that can take the case
    AWAY = "away"  # `value` km at most
    SOONEST = "soonest"  # of all, within `value` days
    WITHIN = "within"  # `value` days
    LEAST_LOADED = "least-loaded"  # of all, `value` percent
    LOAD = "load"  # `value` percent
    STALE = "stale"


@dataclass(frozen=True)
class Reason:
    """One reason, and its figure."""

    why: Why
    value: int = 0


@dataclass(frozen=True)
class Order:
    """How the table is sorted: a column of COLUMNS, or as suggested."""

    column: str = SUGGESTED
    descending: bool = False

    @classmethod
    def read(cls, typed: str) -> Order:
        """Return the order written "delai", or "-delai" when descending; as suggested if it is not one."""
        column = typed.removeprefix("-")
        return cls(column, typed.startswith("-")) if column in COLUMNS else cls()

    def written(self) -> str:
        """Return what `read` reads; nothing for the suggested order."""
        return "" if self.column == SUGGESTED else "-" * self.descending + self.column

    def toggled(self, column: str) -> Order:
        """Return the order after one press on a heading: ascending, then descending, then as suggested."""
        if column != self.column:
            return Order.read(column)
        return Order() if self.descending else replace(self, descending=True)


# What each heading sorts by; None is "not known", which comes last either way.
COLUMNS: dict[str, Callable[[Candidate], Any]] = {
    "nom": lambda one: search_name_of(one.name),
    "delai": lambda one: one.first_meeting_days,
    "parent1": lambda one: one.distances_km[0],
    "parent2": lambda one: one.distances_km[1],
    "charge": lambda one: one.load_ratio,
    "attente": lambda one: one.waiting,
    "tarif": lambda one: search_name_of(one.price_scale) or None,
    "langues": lambda one: -len(one.languages),
    "acces": lambda one: not one.is_accessible,
}


def ranked(candidates: Iterable[Candidate], order: Order | None = None) -> list[Candidate]:
    """Return the candidates sorted; in every order, those that can take a case come before those that cannot.

    Ties are settled by the suggested order, then by the number of the resource. The result is the same whatever the
    order of `candidates`.
    """
    suggested = _suggested(candidates)
    able = [one for one in suggested if one.can_take]
    unable = [one for one in suggested if not one.can_take]
    return [*_sorted(able, order or Order()), *_sorted(unable, order or Order())]


def _suggested(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates as `rank` has them for this one case; those who cannot take it are last."""
    listed = sorted(candidates, key=lambda one: one.resource_id)
    of_id = {str(one.resource_id): one for one in listed}
    ways = {number: one.farthest_km for number, one in of_id.items()}
    case = Measure(
        id="case",
        kind="",
        distances_m={number: _metres(way) for number, way in ways.items() if way is not None},
        conflicts=frozenset(number for number, one in of_id.items() if not one.can_take),
    )
    compared = Problem(professionals=tuple(professional(one, kind="") for one in listed), measures=(case,), slack=EVEN)
    return [of_id[one.professional_id] for one in rank(compared, case)]


def professional(one: Candidate, *, kind: str) -> Professional:
    """Return a service as `optimizer.shares` has it: a judge's table and a batch compare the same."""
    return Professional(
        id=str(one.resource_id),
        kinds=frozenset({kind}),
        capacity=min(max(one.capacity, 0), MOST_LOAD),
        load=min(max(one.load, 0), MOST_LOAD),
        languages=spoken(one.languages),
        attributes=frozenset(one.competences),
        departments=frozenset(one.zone),
        point=None if one.point is None else Point(lat=one.point[0], lon=one.point[1]),
        delay_days=wait_days(one),
    )


def wait_days(one: Candidate) -> int:
    """Return what a family waits for a service, in days: those declared, and what casts a doubt on them."""
    declared = UNKNOWN_DAYS if one.first_meeting_days is None else one.first_meeting_days
    waiting = DAYS_WAITING * min(one.waiting / one.capacity, 1.0) if one.capacity else DAYS_WAITING
    return min(max(round(declared + waiting + DAYS_STALE * one.is_stale), 0), MOST["delay_days"])


def suggestion(candidates: Iterable[Candidate]) -> tuple[Candidate, tuple[Reason, ...]] | None:
    """Return whom to suggest, with the reasons, or None when nobody can take the case."""
    able = [one for one in candidates if one.can_take]
    if not able:
        return None
    best = ranked(able)[0]
    return best, reasons(best, able)


def reasons(one: Candidate, able: Sequence[Candidate]) -> tuple[Reason, ...]:
    """Return what can be said of a service among those that can take the case: load, way, delay, and its age."""
    said: list[Reason] = []
    if one.capacity:
        is_least = len(able) > 1 and all(one.load_ratio <= other.load_ratio for other in able)
        said.append(Reason(Why.LEAST_LOADED if is_least else Why.LOAD, round(100 * one.load_ratio)))
    if (way := one.farthest_km) is not None:
        is_nearest = len(able) > 1 and all(way <= _way(other) for other in able)
        said.append(Reason(Why.NEAREST if is_nearest else Why.AWAY, round(way)))
    if (days := one.first_meeting_days) is not None:
        is_soonest = len(able) > 1 and all(days <= _delay(other) for other in able)
        said.append(Reason(Why.SOONEST if is_soonest else Why.WITHIN, days))
    if one.is_stale:
        said.append(Reason(Why.STALE))
    return tuple(said)


def _metres(way_km: float) -> int:
    return min(round(1000 * way_km), FARTHEST_M)


def _way(one: Candidate) -> float:
    return inf if one.farthest_km is None else one.farthest_km


def _delay(one: Candidate) -> float:
    return inf if one.first_meeting_days is None else one.first_meeting_days


def _sorted(suggested: Sequence[Candidate], order: Order) -> list[Candidate]:
    if order.column == SUGGESTED:
        return list(suggested)
    value = COLUMNS[order.column]
    known = [one for one in suggested if value(one) is not None]
    unknown = [one for one in suggested if value(one) is None]
    return [*sorted(known, key=value, reverse=order.descending), *unknown]
