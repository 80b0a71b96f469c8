"""Whom to place again together: people whose places could be exchanged for something better."""

from __future__ import annotations

from random import Random

from optimizer.beds.board import NOWHERE, Board


def of_near_rooms(board: Board, random: Random, most: int) -> tuple[int, ...]:
    """Return who is in rooms drawn around one, most of them of the same establishment."""
    house_of = board.table.house_of
    house = house_of[random.randrange(len(house_of))]
    order = sorted(range(len(house_of)), key=lambda room: random.random() + 0.7 * (house_of[room] != house))
    found: list[int] = []
    for room in order:
        found += board.members[room]
        if len(found) >= most:
            break
    return tuple(sorted([*found, *_refused(board, random, most // 8)]))


def of_the_dearest(board: Board, random: Random, most: int) -> tuple[int, ...]:
    """Return people who cost much more than they could, and who is in the better places that they would have."""
    order = sorted(board.movable, key=lambda index: -_excess(board, index) * random.random())
    found: set[int] = set()
    for index in order:
        found.add(index)
        stay = board.stays[index]
        better = stay.within(board.paid[index] - 1)
        for _ in range(2 if better else 0):
            option = random.randrange(better)
            is_whole = random.random() < 0.5
            near = board.members[stay.rooms[option]]
            found.update(other for other in near if is_whole or board.bits[other] & stay.nights[option])
        if len(found) >= most:
            break
    return tuple(sorted(found))


def of_a_while(board: Board, random: Random, most: int) -> tuple[int, ...]:
    """Return those whose stays are nearest a day in time: everybody when they are not that many."""
    if len(board.movable) <= most:
        return tuple(board.movable)
    stays = board.stays
    middle = random.choice(board.movable)

    def begins(index: int) -> int:
        option = board.option[index]
        return stays[index].starts[0 if option == NOWHERE else option]

    order = sorted(board.movable, key=lambda index: (abs(begins(index) - begins(middle)), random.random()))
    return tuple(sorted(order[:most]))


def _excess(board: Board, index: int) -> int:
    return board.paid[index] - board.stays[index].least


def _refused(board: Board, random: Random, most: int) -> list[int]:
    refused = [index for index in board.movable if board.option[index] == NOWHERE]
    return refused if len(refused) <= most else random.sample(refused, most)
