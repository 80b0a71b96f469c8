"""A first plan in milliseconds: what is there stays there, then each takes the least dear place that is free."""

from __future__ import annotations

from optimizer.beds.board import NOWHERE, Board
from optimizer.beds.plan import Plan


def place_first(board: Board, start: Plan | None = None) -> None:
    """Place everybody who can be: as in `start`, else where they are at present, else by priority and by date."""
    table = board.table
    present = {stay.request.id: stay.request.present for stay in board.stays if stay.request.present is not None}
    for plan in (start, Plan(placed=present)):
        for index, option in table.chosen(plan or Plan()).items():
            if board.option[index] == NOWHERE and board.is_free(index, option):
                board.put(index, option)
    for index in sorted(board.movable, key=lambda index: _rank(board, index)):
        if board.option[index] == NOWHERE:
            place_least_dear(board, index)


def place_least_dear(board: Board, index: int) -> None:
    """Place somebody who is nowhere, if a place is free, and worth it."""
    stay = board.stays[index]
    refuses = board.refuses[stay.sex]
    for option, (room, nights) in enumerate(zip(stay.rooms, stay.nights, strict=True)):
        if not nights & refuses[room] and not board.meets(index, option):
            if stay.costs[option] <= stay.refusal:
                board.put(index, option)
            return


def _rank(board: Board, index: int) -> tuple[int, int, int, str]:
    request = board.stays[index].request
    return -request.priority, request.earliest_on.toordinal(), -request.nights, request.id
