"""A walk from plan to plan that accepts what is dearer less and less: simulated annealing.

Source: Ceschia and Schaerf, "Local search and lower bounds for the patient admission scheduling problem", 2011, for
the two moves: somebody goes elsewhere, or exchanges with somebody who is in the way.
"""

from __future__ import annotations

from bisect import bisect_right
from math import log
from random import Random
from statistics import median

from optimizer.beds.board import NOWHERE, Board

STEPS_A_UNIT = 400_000  # a unit of work: about a second
FIRST = 1.0  # temperature, times what it costs most people to leave their best rooms for the next best


def warmth(board: Board) -> float:
    """Return the temperature to begin with: moves of about that cost are accepted half of the time."""
    stays = [board.stays[index] for index in board.movable]
    next_best = [(stay, stay.within(stay.costs[0])) for stay in stays]
    steps = [stay.costs[option] - stay.costs[0] for stay, option in next_best if option < len(stay.costs)]
    return max(FIRST * median(steps), 1.0) if steps else 1.0


def walk(board: Board, random: Random, *, steps: int, temperature: float) -> None:
    """Try that many moves, and make those that the temperature accepts."""
    draw, stays, movable = random.random, board.stays, board.movable
    chosen, paid, refuses, apart = board.option, board.paid, board.refuses, board.table.apart
    people = len(movable)
    for _ in range(steps):
        index = movable[int(draw() * people)]
        stay, old = stays[index], chosen[index]
        worse = -temperature * log(1.0 - draw())  # what this move may cost
        option = int(draw() * bisect_right(stay.costs, paid[index] + worse))
        if option == old:
            continue
        if old != NOWHERE and stay.rooms[old] == stay.rooms[option]:
            _shift(board, index, option)
            continue
        hindered = stay.nights[option] & refuses[stay.sex][stay.rooms[option]]
        if hindered:
            _exchange(board, (index, option), hindered, worse, draw())
        elif not apart[index] or not board.meets(index, option):
            if old != NOWHERE:
                board.take(index)
            board.put(index, option)


def _shift(board: Board, index: int, option: int) -> None:
    """Change the dates of somebody in their room, where they do not stand in their own way."""
    old = board.option[index]
    board.take(index)
    board.put(index, option if board.is_free(index, option) else old)


def _exchange(board: Board, move: tuple[int, int], hindered: int, worse: float, drawn: float) -> None:
    """Put somebody in the place of one person who is in the way on each hindered night, if there is one.

    That one takes the place that becomes free, or another if none does.
    """
    index, option = move
    stay, bits = board.stays[index], board.bits
    room = stay.rooms[option]
    others = [other for other in board.members[room] if not hindered & ~bits[other]]
    if not others:
        return
    other = others[int(drawn * len(others))]
    his = board.stays[other]
    if his.sex != stay.sex and board.table.is_one_sex[room] and hindered & ~(bits[other] & board.alone[room]):
        return
    most = board.paid[index] + board.paid[other] + worse - stay.costs[option]  # what his new place may cost
    if board.option[index] == NOWHERE:
        within = his.within(most)
        next_option = int(drawn * 7919 * within) % within if within else NOWHERE
    else:
        next_option = _place_left(board, index, other, most)
    if next_option != NOWHERE:
        _change_both(board, (index, option), (other, next_option))
    elif board.option[index] == NOWHERE and his.refusal <= most:
        _change_both(board, (index, option), (other, NOWHERE))


def _place_left(board: Board, index: int, other: int, most: float) -> int:
    """Return the option of the other in the room that somebody leaves, or NOWHERE when there is none to be had."""
    his, mine = board.stays[other], board.stays[index]
    room = board.room(index)
    freed = board.bits[index]
    if his.sex != mine.sex and board.table.is_one_sex[room]:
        freed &= board.alone[room]
    refused = board.refuses[his.sex][room] & ~freed
    for option in his.in_room.get(room, ()):
        if his.costs[option] > most:
            return NOWHERE
        if not his.nights[option] & refused:
            return option
    return NOWHERE


def _change_both(board: Board, one: tuple[int, int], other: tuple[int, int]) -> None:
    """Move two people, unless one of them cannot be there once both have left."""
    before = [(index, board.option[index]) for index, _ in (one, other)]
    for index, option in before:
        if option != NOWHERE:
            board.take(index)
    for index, option in (one, other):
        if option != NOWHERE:
            if not board.is_free(index, option):
                _put_back(board, before)
                return
            board.put(index, option)


def _put_back(board: Board, before: list[tuple[int, int]]) -> None:
    for index, _ in before:
        if board.option[index] != NOWHERE:
            board.take(index)
    for index, option in before:
        if option != NOWHERE:
            board.put(index, option)
