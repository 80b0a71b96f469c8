"""Better choices for one question: exchanges, then a few professionals at a time, then everything that remains."""

from __future__ import annotations

from typing import cast

import numpy as np

from optimizer.shares.best import Best
from optimizer.shares.flow import Relaxed, relax
from optimizer.shares.packing import Packed, packed, rounded
from optimizer.shares.swapping import swapped
from optimizer.shares.table import Ask, Ints

AT_ONCE = 5  # professionals
WAITING_AT_ONCE = 8  # measures without anybody
STARTING_WORK = 2.0  # to make the transport whole, which is a far better start than most
SHAKEN = 8  # measures
SHAKE_WORK = 0.005  # besides the exchanges
SHAKES_IN_VAIN = 300
STEP_WORK = 0.2
STEP_OVERHEAD = 0.02  # of making the model
IN_VAIN = 15  # steps that bring nothing before the whole is tried
WHOLE_WORK = 60.0


def improved(ask: Ask, relaxed: Relaxed, known: Ints, best: Best, rng: np.random.Generator) -> Packed:
    """Return a choice never worse than `known`, which fits, and what is proved; better ones are offered at once."""
    chosen = swapped(ask, known, best)
    best.offer(chosen)
    cheap = placed(ask, relaxed, best, rng, undone=best.table.undone(known), work=STARTING_WORK)
    if cheap is not None and ask.total(cheap) < ask.total(chosen):
        chosen = cheap
        best.offer(chosen)
    bound = relaxed.bound
    while ask.total(chosen) > bound and not best.is_over:
        chosen = _stepped(ask, relaxed, chosen, best, rng)
        if ask.total(chosen) > bound and not best.is_over:
            found = packed(ask, relaxed, chosen, best, seed=_seed(rng), work=WHOLE_WORK, offers=True)
            chosen, bound = found.chosen, max(bound, found.bound)
        if best.budget.limit_s is best.budget.work_limit is None:
            break  # nothing else would end it
    return Packed(chosen=chosen, bound=bound)


def _stepped(ask: Ask, relaxed: Relaxed, chosen: Ints, best: Best, rng: np.random.Generator) -> Ints:
    """Return the choice after shakes, then steps, until too many are in vain."""
    vain = 0
    while ask.total(chosen) > relaxed.bound and vain < SHAKES_IN_VAIN and not best.is_over:
        shake = shaken(ask, relaxed, chosen, best, rng)
        vain = 0 if ask.total(shake) < ask.total(chosen) else vain + 1
        if ask.total(shake) <= ask.total(chosen):
            chosen = shake
        if not vain:
            best.offer(chosen)
    vain = 0
    while ask.total(chosen) > relaxed.bound and vain < IN_VAIN and not best.is_over:
        step = one_step(ask, relaxed, chosen, best, rng)
        vain = 0 if ask.total(step) < ask.total(chosen) else vain + 1
        chosen = step
        if not vain:
            best.offer(chosen)
    return chosen


def placed(
    ask: Ask, relaxed: Relaxed, best: Best, rng: np.random.Generator, *, undone: int, work: float
) -> Ints | None:
    """Return a choice that leaves no more than so many priorities undone, or None when so much work finds none."""
    until = best.budget.work + work
    chosen = swapped(ask, rounded(ask, relaxed), best)
    while best.table.undone(chosen) > undone:
        if best.is_over or best.budget.work >= until:
            return None
        shake = shaken(ask, relaxed, chosen, best, rng)
        chosen = min(shake, chosen, key=ask.total)
    return chosen


def one_step(ask: Ask, relaxed: Relaxed, chosen: Ints, best: Best, rng: np.random.Generator) -> Ints:
    """Return the choice with what a few professionals have, and some of what waits, shared out again."""
    nobody = ask.costs.shape[1] - 1
    waiting = np.flatnonzero((chosen == nobody) & np.isfinite(relaxed.excess[:, :-1]).any(axis=1))
    waiting = rng.permutation(waiting)[:WAITING_AT_ONCE]
    if len(waiting):
        columns = _with_room(ask, relaxed, chosen, waiting[0], rng)
    else:
        columns = _near(relaxed, int(rng.integers(len(chosen))), rng)
    rows = np.append(np.flatnonzero(np.isin(chosen, columns)), waiting)
    ends = np.append(columns, nobody)
    part = Ask(costs=ask.costs[np.ix_(rows, ends)], loads=ask.loads[rows], rooms=ask.rooms[columns])
    known = np.searchsorted(ends, chosen[rows])
    inner = relax(part)
    best.budget.work += inner.work + STEP_OVERHEAD
    start = min((known, rounded(part, inner)), key=part.total)
    found = packed(part, inner, start, best, seed=_seed(rng), work=STEP_WORK)
    renewed = chosen.copy()
    renewed[rows] = ends[found.chosen]
    return renewed


def shaken(ask: Ask, relaxed: Relaxed, chosen: Ints, best: Best, rng: np.random.Generator) -> Ints:
    """Return the choice with some measures of a few professionals given anew, one by one, then exchanged."""
    nobody = ask.costs.shape[1] - 1
    columns = np.append(_near(relaxed, int(rng.integers(len(chosen))), rng), nobody)
    rows = rng.permutation(np.flatnonzero(np.isin(chosen, columns)))[:SHAKEN]
    renewed = chosen.copy()
    renewed[rows] = nobody
    left = ask.rooms - np.bincount(renewed, weights=ask.loads, minlength=nobody + 1)[:-1]
    for row in rows:
        costs = np.where(left >= ask.loads[row], relaxed.excess[row, :-1], np.inf)
        costs += rng.exponential(_typical(relaxed) / 8, nobody)
        end = int(costs.argmin())
        if np.isfinite(costs[end]):
            renewed[row] = end
            left[end] -= ask.loads[row]
    best.budget.work += SHAKE_WORK
    return swapped(ask, renewed, best, np.unique(np.append(renewed[rows], nobody)).tolist())


def _near(relaxed: Relaxed, row: int, rng: np.random.Generator) -> Ints:
    """Return a few professionals, sorted, to whom the measure could well go."""
    excess = relaxed.excess[row, :-1]
    near = np.argsort(excess + rng.exponential(_typical(relaxed), len(excess)))
    return cast(Ints, np.sort(near[np.isfinite(excess[near])][:AT_ONCE]))


def _with_room(ask: Ask, relaxed: Relaxed, chosen: Ints, row: int, rng: np.random.Generator) -> Ints:
    """Return a few professionals, sorted, who have room left, one of whom at least may have the measure."""
    left = ask.rooms - np.bincount(chosen, weights=ask.loads, minlength=len(ask.rooms) + 1)[:-1]
    wanted = -left * rng.random(len(left)) - rng.random(len(left))
    order = np.argsort(wanted)
    may = np.isfinite(relaxed.excess[row, :-1])
    first = order[may[order]][:2]
    return cast(Ints, np.unique(np.append(first, order[: AT_ONCE - len(first)])))


def _typical(relaxed: Relaxed) -> float:
    """Return an excess of the middle, 1 at least: how far a step looks."""
    finite = relaxed.excess[np.isfinite(relaxed.excess)]
    return max(float(np.median(finite)) / 4, 1.0)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31 - 1))
