"""Judges any plan, wherever it comes from, without the solver: what it breaks, and what it costs rule by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.searching import Price
from optimizer.shares.fit import FULL, cost_m, distance_m, unfit
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Measure, Problem

# Costs are in kilometres, the levels decades apart: a million kilometres are a thousand measures of a thousand each.
UNPLACED = 1e12  # a measure that nobody has, times its priority
LEVEL = 1e6  # one more of the largest load of a group: a thousandth of a capacity, or a unit of load
KM = 1e-3  # of a metre


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a plan breaks, and where."""

    rule: str
    measure_id: str | None = None
    professional_id: str | None = None


def check(problem: Problem, plan: Plan) -> list[Violation]:
    """Return everything that the plan breaks; an empty list means that it can be applied as it stands."""
    return [*_frozen(problem, plan), *_pairs(problem, plan), *_full(problem, plan)]


def price(problem: Problem, plan: Plan) -> tuple[Price, ...]:
    """Return what a plan that breaks no rule costs, rule by rule."""
    weights, of_id = problem.weights, problem.professional_of
    waiting = [one for one in problem.measures if one.id not in plan.given]
    chosen = [
        (one, of_id[plan.given[one.id]]) for one in problem.measures if one.id in plan.given and not one.is_frozen
    ]
    ways = [distance_m(measure, who) for measure, who in chosen]
    known = sum(way for way in ways if way is not None)
    unknown = ways.count(None)
    moved = sum(measure.moves_to(who.id) for measure, who in chosen)
    unwished = sum(measure.misses_wish(who.id) for measure, who in chosen)
    euros = sum(who.price_euros for _, who in chosen)
    days = sum(who.delay_days for _, who in chosen)
    levels = largest_levels(problem, plan)
    return (
        Price(rule="unplaced", count=len(waiting), cost=UNPLACED * sum(one.priority for one in waiting)),
        Price(rule="largest-load", count=max(levels, default=0), cost=LEVEL * sum(levels)),
        Price(rule="distance-km", count=known * KM, cost=known * KM),
        Price(rule="distance-unknown", count=unknown, cost=unknown * weights.unknown_m * KM),
        Price(rule="delay-days", count=days, cost=days * weights.day_m * KM),
        Price(rule="moved", count=moved, cost=moved * weights.moved_m * KM),
        Price(rule="not-preferred", count=unwished, cost=unwished * weights.not_preferred_m * KM),
        Price(rule="euros", count=euros, cost=euros * weights.euro_m * KM),
    )


def standing(problem: Problem, plan: Plan) -> tuple[int, int, int]:
    """Return what is compared between plans that break no rule, the first that differs deciding: less is better.

    The priorities left undone; the largest loads, of all groups together; what the last level costs, in metres.
    """
    undone = sum(one.priority for one in problem.measures if one.id not in plan.given)
    last = sum(
        cost_m(problem, one, problem.professional_of[plan.given[one.id]])
        for one in problem.measures
        if one.id in plan.given and not one.is_frozen
    )
    return undone, sum(largest_levels(problem, plan)), last


def largest_levels(problem: Problem, plan: Plan) -> tuple[int, ...]:
    """Return the largest load of each group: among those to whom the plan gives something that could go elsewhere.

    Somebody overloaded to whom nothing is given does not count: no plan changes that.
    """
    loads = plan.loads(problem)
    return tuple(
        max(
            (
                problem.level(problem.professional_of[who], loads[who])
                for who in {plan.given[one.id] for one in measures if one.id in plan.given}
            ),
            default=0,
        )
        for measures, _ in problem.groups
    )


def total(lines: tuple[Price, ...]) -> float:
    """Return the cost of the whole plan."""
    return sum(line.cost for line in lines)


def _frozen(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for measure in problem.measures:
        if measure.is_frozen and plan.given.get(measure.id) != measure.held_by:
            yield Violation(rule="frozen", measure_id=measure.id, professional_id=measure.held_by)


def _pairs(problem: Problem, plan: Plan) -> Iterator[Violation]:
    for measure_id, professional_id in plan.given.items():
        measure, who = problem.measure_of.get(measure_id), problem.professional_of.get(professional_id)
        if measure is None or who is None:
            rule = "unknown-measure" if measure is None else "unknown-professional"
            yield Violation(rule=rule, measure_id=measure_id, professional_id=professional_id)
        elif not measure.is_frozen:  # what was decided before is not judged again
            for rule in unfit(measure, who):
                yield Violation(rule=rule, measure_id=measure_id, professional_id=professional_id)


def _full(problem: Problem, plan: Plan) -> Iterator[Violation]:
    received: dict[str, list[Measure]] = defaultdict(list)
    for measure_id, professional_id in plan.given.items():
        measure = problem.measure_of.get(measure_id)
        if measure is not None and not measure.is_frozen:
            received[professional_id].append(measure)
    for professional_id, measures in received.items():
        who = problem.professional_of.get(professional_id)
        load = problem.settled.get(professional_id, 0) + sum(one.load for one in measures)
        if who is not None and load > who.capacity:
            yield Violation(rule=FULL, professional_id=professional_id)
