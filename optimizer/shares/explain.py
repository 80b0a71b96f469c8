"""Why a measure has nobody, the smallest change that would place it, and why it is with whom it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from optimizer.shares.fit import FULL, RULES, distance_m
from optimizer.shares.plan import Change, Plan, Step, Unplaced
from optimizer.shares.problem import Measure, Problem, Professional
from optimizer.shares.rank import Candidate, rank

NEWCOMER = "new-professional"  # a rule of its own: nobody at all, or only those with a conflict of interest
# From what is the easiest to change to what is the hardest. A conflict of interest is not to be changed.
EASIEST = (FULL, "distance", "zone", "attribute", "language", "kind")


def explain(problem: Problem, plan: Plan) -> tuple[Unplaced, ...]:
    """Return why each measure without anybody waits, those of most priority first."""
    waiting = [one for one in problem.measures if one.id not in plan.given]
    return tuple(why_unplaced(problem, plan, one) for one in sorted(waiting, key=lambda one: (-one.priority, one.id)))


def why_unplaced(problem: Problem, plan: Plan, measure: Measure) -> Unplaced:
    """Return why nobody can have the measure, the others staying where they are, and what would change that.

    The reasons are minimal: with any of them set aside, the other ones leave somebody. There may be other such sets.
    """
    candidates = rank(problem, measure, plan=plan)
    if candidates and candidates[0].is_possible:
        return Unplaced(measure_id=measure.id, reasons=(), change=None)
    reasons = _minimal({one.broken for one in candidates}) if candidates else (NEWCOMER,)
    return Unplaced(measure_id=measure.id, reasons=reasons, change=smallest_change(problem, measure, candidates))


def why_there(problem: Problem, plan: Plan, measure: Measure) -> tuple[Candidate, ...]:
    """Return who would come before the one who has the measure, the others staying where they are, then that one.

    Alone, nobody would have been better for this measure. Otherwise those before have less load, or are as loaded and
    nearer: the measures of others are what keeps this one from them. Raises: KeyError when nobody has it.
    """
    holder = plan.given[measure.id]
    candidates = rank(problem, measure, plan=plan)
    place = next(number for number, one in enumerate(candidates) if one.professional_id == holder)
    return candidates[: place + 1]


def smallest_change(problem: Problem, measure: Measure, candidates: Iterable[Candidate]) -> Change:
    """Return what would let one of the candidates have the measure: the fewest steps, the easiest, the least.

    When a conflict of interest keeps all of them out, somebody new is needed.
    """
    changeable = [one for one in candidates if "conflict" not in one.broken]
    changes = [(_change(measure, problem.professional_of[one.professional_id], one), one.cost_m) for one in changeable]
    if not changes:
        return Change(measure_id=measure.id, professional_id=None, steps=(Step(rule=NEWCOMER),))
    return min(changes, key=lambda one: (*_difficulty(one[0]), one[1], str(one[0].professional_id)))[0]


def applied(problem: Problem, change: Change) -> Problem:
    """Return the problem after a change: the measure can then be given to `change.professional_id`, or the new one."""
    measure = problem.measure_of[change.measure_id]
    if change.professional_id is None:
        return replace(problem, professionals=(*problem.professionals, newcomer(measure)))
    measures, professionals = dict(problem.measure_of), dict(problem.professional_of)
    for step in change.steps:
        professionals[change.professional_id] = _widened(professionals[change.professional_id], measure, step)
    return replace(problem, measures=tuple(measures.values()), professionals=tuple(professionals.values()))


def newcomer(measure: Measure) -> Professional:
    """Return a professional who could have this measure, and nothing more."""
    return Professional(
        id=f"{NEWCOMER}:{measure.id}",
        kinds=frozenset({measure.kind}),
        capacity=measure.load,
        languages=measure.languages,
        attributes=measure.attributes,
        departments=measure.departments,
        point=measure.points[0] if measure.points else None,
    )


def _minimal(broken: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return rules of which everybody breaks one, as few as taking them out one by one leaves.

    A conflict of interest is taken out first, then what is the hardest to change: what remains can be acted upon.
    """
    kept = [rule for rule in RULES if any(rule in one for one in broken)]
    for rule in ("conflict", *reversed(EASIEST)):
        fewer = [one for one in kept if one != rule]
        if all(any(one in rules for one in fewer) for rules in broken):
            kept = fewer
    return tuple(kept)


def _change(measure: Measure, who: Professional, candidate: Candidate) -> Change:
    steps = tuple(_step(rule, measure, who, candidate) for rule in EASIEST if rule in candidate.broken)
    return Change(measure_id=measure.id, professional_id=who.id, steps=steps)


def _step(rule: str, measure: Measure, who: Professional, candidate: Candidate) -> Step:
    if rule == FULL:
        return Step(rule=rule, by=candidate.load_with - who.capacity)
    if rule == "distance":
        return Step(rule=rule, by=(distance_m(measure, who) or 0) - (who.limit_m or 0))
    missing = {
        "zone": measure.departments,
        "attribute": measure.attributes - who.attributes,
        "language": measure.languages - who.languages,
        "kind": {measure.kind},
    }[rule]
    return Step(rule=rule, values=tuple(sorted(missing)))


def _difficulty(change: Change) -> tuple[int, int, int]:
    hardest = max((EASIEST.index(step.rule) for step in change.steps), default=0)
    return len(change.steps), hardest, sum(step.by + len(step.values) for step in change.steps)


def _widened(who: Professional, measure: Measure, step: Step) -> Professional:
    if step.rule == FULL:
        return replace(who, capacity=who.capacity + step.by)
    if step.rule == "distance":
        return replace(who, limit_m=(who.limit_m or 0) + step.by)
    if step.rule == "zone":
        return replace(who, departments=who.departments | measure.departments)
    if step.rule == "attribute":
        return replace(who, attributes=who.attributes | measure.attributes)
    if step.rule == "language":
        return replace(who, languages=who.languages | measure.languages)
    return replace(who, kinds=who.kinds | {measure.kind})
