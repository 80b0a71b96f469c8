"""Moves cases one or two at a time, hundreds of thousands of times a second: what makes a plan of a court good.

Simulated annealing: a move that costs more is taken too, the less often the colder it is. Each move is priced by what
it changes alone. Iterations are what counts here, and not the strength of a model: see docs/benchmarks.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import log

from optimizer.hearings.board import OUT, Board
from optimizer.searching import Budget

ITERATIONS_PER_WORK = 150_000  # about a second of a usual core
SLICE = 512  # iterations between two looks at the clock and at the temperature
TELL_S = 0.3  # at least twice a second
HOT, COLD = 60.0, 0.5  # temperatures at both ends, in days of wait of a case of priority 1


def anneal(
    board: Board,
    *,
    seed: int,
    budget: Budget,
    hot: float = HOT,
    tell: Callable[[LocalSearch], bool] | None = None,
) -> None:
    """Move the cases of a board until the budget is used up, and leave them where it was best.

    `tell` hears of the search at least twice a second, and answers True when it must stop.
    """
    search = LocalSearch(board, seed=seed)
    day = max(board.problem.weights.day, 1)
    told_s = budget.seconds

    def heat() -> float | None:
        nonlocal told_s
        budget.work += SLICE / ITERATIONS_PER_WORK
        if tell is not None and budget.seconds - told_s >= TELL_S:
            told_s = budget.seconds
            budget.is_stopped = tell(search)
        return None if budget.is_over else float(day * hot * (COLD / hot) ** budget.spent)

    search.run(heat)
    search.back_to_best()


class LocalSearch:
    """The best places found for the cases of a board, and how to look for better ones."""

    def __init__(self, board: Board, *, seed: int) -> None:
        self.board = board
        self.random = random.Random(seed)  # noqa: S311 - the same plan for the same seed
        self.cost = self.best_cost = board.total
        self.best = list(board.at)
        # The cheapest first: a target is drawn near the head of the list.
        self._targets = [sorted(costs, key=costs.__getitem__) for costs in board.cost]
        self._movers = [case for case, targets in enumerate(self._targets) if targets]
        together: dict[int, list[int]] = {}
        for case in self._movers:
            for lawyer in board.lawyers[case]:
                together.setdefault(lawyer, []).append(case)
        self._mates: list[Sequence[int]] = [
            [mate for lawyer in lawyers for mate in together.get(lawyer, ()) if mate != case]
            for case, lawyers in enumerate(board.lawyers)
        ]

    def run(self, heat: Callable[[], float | None]) -> None:
        """Search until `heat`, asked after each slice, has no temperature left to give."""
        if not self._movers:
            return
        while (temperature := heat()) is not None:
            self._anneal(temperature)
            if self.cost < self.best_cost:
                self._keep()

    def back_to_best(self) -> None:
        """Put every case where the best plan has it."""
        for case, (here, there) in enumerate(zip(list(self.board.at), self.best, strict=True)):
            if here != there:
                self.board.take(case)
        for case, there in enumerate(self.best):
            if self.board.at[case] != there:
                self.board.put(case, there)
        self.cost = self.best_cost

    def _keep(self) -> None:
        self.best_cost, self.best = self.cost, list(self.board.at)

    def _anneal(self, temperature: float) -> None:  # noqa: PLR0912, PLR0915 - see below
        """Try `SLICE` moves. One long function: calls would cost more than what they do."""
        board, chance = self.board, self.random.random
        at, costs, out, minutes, needs = board.at, board.cost, board.out, board.minutes, board.needs
        used, soft, hard, left, members = board.used, board.soft, board.hard, board.left, board.members
        lawyers, come, hearings = board.lawyers, board.come, len(board.hearings)
        each, late = board.each_coming, board.problem.weights.overtime
        stays = board.stays
        movers, targets, mates = self._movers, self._targets, self._mates
        size = len(movers)
        waiting = [case for case in movers if at[case] == OUT]
        for number in range(SLICE):
            # Who has no place costs the most, and may need many tries: one in sixteen is for them.
            one = waiting[number // 16 % len(waiting)] if waiting and not number % 16 else movers[int(chance() * size)]
            here = at[one]
            drawn = chance()
            if drawn < 0.25 and mates[one]:
                there = at[mates[one][int(drawn * 4 * len(mates[one]))]]
                if there not in costs[one]:
                    continue
            else:
                drawn = chance()
                there = targets[one][int(drawn * drawn * len(targets[one]))]
            if there == here:
                continue
            most = -temperature * log(chance() or 1e-300)  # what a move may cost
            takes = minutes[one]
            cost = costs[one][there] - (out[one] if here == OUT else costs[one][here])
            if cost > most + each * len(lawyers[one]) + late * takes:
                continue
            for lawyer in lawyers[one]:
                if not come[lawyer * hearings + there]:
                    cost += each
                if here != OUT and come[lawyer * hearings + here] == 1:
                    cost -= each
            after = used[there] + takes
            wanted = needs[one][there]
            for counter in wanted:
                if left[counter] <= 0:
                    break
            else:
                if after <= hard[there]:  # room enough: it goes
                    beyond = after - soft[there]
                    if beyond > 0:
                        cost += late * min(beyond, takes)
                    if here != OUT:
                        beyond = used[here] - soft[here]
                        if beyond > 0:
                            cost -= late * min(beyond, takes)
                    if cost <= most:
                        if cost > 0 and self.cost < self.best_cost:
                            self._keep()
                        board.take(one)
                        board.put(one, there)
                        self.cost += cost
                        continue
            # Another leaves its place: for the one that is left, or for any.
            if not members[there]:
                continue
            other = members[there][int(chance() * len(members[there]))]
            can_swap = not stays[other] if here == OUT else here in costs[other]
            if can_swap and chance() < (0.4 if here == OUT else 0.7):
                third = here
            else:
                drawn = chance()
                third = targets[other][int(drawn * (1.0 if here == OUT else drawn) * len(targets[other]))]
                if third == there:
                    continue
            moved = self._exchange(one, there, other, third, most)
            if moved is not None:
                self.cost += moved

    def _exchange(self, one: int, there: int, other: int, third: int, most: float) -> int | None:
        """Move `one` to `there` and `other` from there to `third`; None, and nothing moved, when that costs too much.

        What can be told without moving anything is told first: most attempts end there.
        """
        board, here = self.board, self.board.at[one]
        costs, minutes, used, hard = board.cost, board.minutes, board.used, board.hard
        more = minutes[one] - minutes[other]
        if used[there] + more > hard[there]:
            return None
        if third != OUT and used[third] + (-more if third == here else minutes[other]) > hard[third]:
            return None
        cost = costs[one][there] - (board.out[one] if here == OUT else costs[one][here])
        cost += (board.out[other] if third == OUT else costs[other][third]) - costs[other][there]
        spared = board.each_coming * (len(board.lawyers[one]) + len(board.lawyers[other]))
        if cost - spared - board.problem.weights.overtime * (minutes[one] + minutes[other]) > most:
            return None
        if self.cost < self.best_cost:
            self._keep()
        cost = self._left(other, there)
        if here != OUT:
            cost += self._left(one, here)
        if board.fits(one, there):
            cost += board.added_cost(one, there)
            board.put(one, there)
            added = self._cost_of(other, third)
            if added is not None and cost + added <= most:
                board.put(other, third)
                return cost + added
            board.take(one)
        board.put(other, there)
        board.put(one, here)
        return None

    def _left(self, case: int, hearing: int) -> int:
        """Take a case out; return what the plan costs more without its place."""
        self.board.take(case)
        return -self.board.added_cost(case, hearing)

    def _cost_of(self, case: int, hearing: int) -> int | None:
        """Return what a case that is out adds in a hearing, or out; None when it does not fit."""
        if hearing == OUT:
            return 0
        return self.board.added_cost(case, hearing) if self.board.fits(case, hearing) else None
