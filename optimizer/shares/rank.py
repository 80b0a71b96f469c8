"""Whom to suggest for one case, best first, and why in codes and facts. No solver: it answers in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from optimizer.shares.fit import FULL, cost_of_way_m, distance_m, unfit
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Measure, Problem, Professional


class Why(StrEnum):
    """What speaks for a professional, or against; `value` says how much."""

    HOLDS = "holds"  # has the measure today
    PREFERRED = "preferred"
    LEAST_LOADED = "least-loaded"  # of all who can have it: `value` with it, as compared by the problem
    LOAD = "load"  # `value` with it
    NEAREST = "nearest"  # of all who can have it: `value` metres
    AWAY = "away"  # `value` metres
    EUROS = "euros"  # `value`
    UNKNOWN_DISTANCE = "unknown-distance"
    DELAY = "delay"  # `value` days before they begin


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason, and its figure."""

    why: Why
    value: int = 0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A professional as compared for one measure: `broken` are the rules of `fit.RULES` that forbid it."""

    professional_id: str
    broken: tuple[str, ...]
    load_with: int
    level_with: int  # what is compared: see `problem.Balance`
    distance_m: int | None
    cost_m: int
    reasons: tuple[Reason, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Say whether nothing forbids it."""
        return not self.broken


def rank(problem: Problem, measure: Measure, *, plan: Plan | None = None) -> tuple[Candidate, ...]:
    """Return every professional, best first; those who cannot have the measure come last and say why.

    The loads are those of `plan` without the measure, or as they are today. The first is whom `solve` would choose if
    it had this measure alone to give: the least load with it, then the least cost; within `Problem.slack` loads are as
    good as each other. Ties are settled by the id: the order of the problem changes nothing.
    """
    loads = _loads_without(problem, measure, plan)
    compared = [_candidate(problem, measure, one, loads[one.id]) for one in problem.professionals]
    possible = [one for one in compared if one.is_possible]
    least = min((one.level_with for one in possible), default=0)
    step = problem.slack + 1
    possible.sort(key=lambda one: ((one.level_with - least) // step, one.cost_m, one.level_with, one.professional_id))
    others = [one for one in compared if not one.is_possible]
    others.sort(key=lambda one: (len(one.broken), one.cost_m, one.professional_id))
    return (*_with_reasons(problem, measure, possible), *others)


def today(problem: Problem) -> Plan:
    """Return who has what before anything is given."""
    return Plan(given={one.id: one.held_by for one in problem.measures if one.held_by is not None})


def _loads_without(problem: Problem, measure: Measure, plan: Plan | None) -> dict[str, int]:
    given = dict((plan or today(problem)).given)
    given.pop(measure.id, None)
    return Plan(given=given).loads(problem)


def _candidate(problem: Problem, measure: Measure, who: Professional, load: int) -> Candidate:
    load_with = load + measure.load
    is_full, way = load_with > who.capacity, distance_m(measure, who)
    return Candidate(
        professional_id=who.id,
        broken=(*unfit(measure, who), *((FULL,) if is_full else ())),
        load_with=load_with,
        level_with=problem.level(who, load_with),
        distance_m=way,
        cost_m=cost_of_way_m(problem, measure, who, way),
    )


def _with_reasons(problem: Problem, measure: Measure, possible: Sequence[Candidate]) -> list[Candidate]:
    least = min((one.level_with for one in possible), default=0)
    nearest = min((one.distance_m for one in possible if one.distance_m is not None), default=None)
    return [
        Candidate(**vars(one) | {"reasons": tuple(_reasons(problem, measure, one, least, nearest))}) for one in possible
    ]


def _reasons(problem: Problem, measure: Measure, one: Candidate, least: int, nearest: int | None) -> list[Reason]:
    said = []
    if measure.held_by == one.professional_id:
        said.append(Reason(why=Why.HOLDS))
    if one.professional_id in measure.preferred:
        said.append(Reason(why=Why.PREFERRED))
    said.append(Reason(why=Why.LEAST_LOADED if one.level_with == least else Why.LOAD, value=one.level_with))
    if one.distance_m is None:
        said.append(Reason(why=Why.UNKNOWN_DISTANCE))
    else:
        said.append(Reason(why=Why.NEAREST if one.distance_m == nearest else Why.AWAY, value=one.distance_m))
    if days := problem.professional_of[one.professional_id].delay_days:
        said.append(Reason(why=Why.DELAY, value=days))
    if euros := problem.professional_of[one.professional_id].price_euros:
        said.append(Reason(why=Why.EUROS, value=euros))
    return said
