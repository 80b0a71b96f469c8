"""Whether a professional may have a measure, by which rules not, and what it costs. Pure, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a problem asks who suits what
    from optimizer.shares.problem import Measure, Problem, Professional

# Why a professional does not suit a measure, in the order in which one would say it; then what depends on the plan.
UNFIT = ("conflict", "kind", "attribute", "language", "zone", "distance")
FULL = "full"
RULES = (*UNFIT, FULL)


def unfit(measure: Measure, professional: Professional) -> tuple[str, ...]:
    """Return those of UNFIT that forbid the measure to the professional.

    What is not known forbids nothing: a measure without a department is in every zone, a distance that nobody knows is
    within every limit.
    """
    zone = professional.departments
    checked = (
        professional.id in measure.conflicts,
        measure.kind not in professional.kinds,
        not measure.attributes <= professional.attributes,
        not measure.languages <= professional.languages,
        bool(zone) and bool(measure.departments) and zone.isdisjoint(measure.departments),
        is_too_far(measure, professional),
    )
    return tuple(rule for rule, is_broken in zip(UNFIT, checked, strict=True) if is_broken)


def is_too_far(measure: Measure, professional: Professional) -> bool:
    """Say whether the professional does not go that far."""
    if professional.limit_m is None:
        return False
    way = distance_m(measure, professional)
    return way is not None and way > professional.limit_m


def suiting(problem: Problem, measure: Measure) -> tuple[str, ...]:
    """Return the professionals who could have the measure, were it the only one to give."""
    return tuple(
        one.id
        for one in problem.professionals
        if measure.kind in one.kinds  # the quickest to see
        and problem.settled[one.id] + measure.load <= one.capacity
        and not unfit(measure, one)
    )


def distance_m(measure: Measure, professional: Professional) -> int | None:
    """Return the longest of the ways from the professional to the addresses; None when it is not known."""
    said = measure.distances_m.get(professional.id)
    if said is not None or professional.point is None:
        return said
    return max((professional.point.distance_m(point) for point in measure.points), default=None)


def cost_m(problem: Problem, measure: Measure, professional: Professional) -> int:
    """Return what counts, in metres, once the loads are balanced: see `Weights`."""
    return cost_of_way_m(problem, measure, professional, distance_m(measure, professional))


def cost_of_way_m(problem: Problem, measure: Measure, professional: Professional, way: int | None) -> int:
    """Return the same when the distance was measured already."""
    weights = problem.weights
    return (
        (weights.unknown_m if way is None else way)
        + weights.moved_m * measure.moves_to(professional.id)
        + weights.not_preferred_m * measure.misses_wish(professional.id)
        + weights.euro_m * professional.price_euros
        + weights.day_m * professional.delay_days
    )
