"""Cases that a plan gives another place, all of them at once: one leaves the room that another takes.

Each is in a savepoint, and tried again once others have left. Those that wait for each other in a ring leave together:
all of a ring move, or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from availability.actions import release
from availability.claims import CaseClaim
from availability.errors import CapacityReached, NotAllowed, Refusal
from availability.models import Shape
from availability.rights import Actor
from booking.moving import move

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Move:
    """A case that goes from the hearing where its booking is to another one, in which `claim` asks for room."""

    case_id: UUID
    booking_id: UUID
    from_id: int
    claim: CaseClaim

    @property
    def to_id(self) -> int:
        """Return the hearing where it goes."""
        return self.claim.resource_id


def move_all(
    session: Session, actor: Actor, moves: Iterable[Move], *, now: datetime
) -> tuple[list[Move], dict[UUID, Refusal]]:
    """Move these cases, whose bookings and hearings are locked; return those that moved, and why others did not.

    The registry moves them on behalf of the court: the latest cancellation does not bind it. Raises: NotAllowed.
    """

    def one(each: Move) -> None:
        move(session, actor, each.booking_id, each.claim, now=now, for_the_place=True)

    done, refused = until_none_gives(session, list(moves), one)
    waiting = [each for each, why in refused if isinstance(why, CapacityReached)]
    left = {each.case_id: why for each, why in refused}
    for ring in _rings(waiting):
        while ring and (stuck := _together(session, ring, one)) is not None:
            ring.remove(stuck)
        done += ring
        for each in ring:
            del left[each.case_id]
    return done, left


def until_none_gives(
    session: Session, items: Sequence[T], act: Callable[[T], None]
) -> tuple[list[T], list[tuple[T, Refusal]]]:
    """Do each act in a savepoint, those refused again as long as others made room; return which were and were not.

    Raises: NotAllowed.
    """
    done: list[T] = []
    left: list[tuple[T, Refusal]] = [(one, Refusal()) for one in items]
    while left:
        refused: list[tuple[T, Refusal]] = []
        for one, _ in left:
            try:
                with session.begin_nested():
                    act(one)
                done.append(one)
            except NotAllowed:
                raise
            except Refusal as refusal:
                refused.append((one, refusal))
        is_stuck, left = len(refused) == len(left), refused
        if is_stuck:
            break
    return done, left


def _together(session: Session, ring: Sequence[Move], act: Callable[[Move], None]) -> Move | None:
    """Move all of a ring, the rooms of all being free first; or none, and return the one that was refused."""
    at = ring[0]
    try:
        with session.begin_nested():
            for each in ring:
                release(session, Shape.SESSIONS, [each.from_id], each.booking_id)
            for at in ring:
                act(at)
    except NotAllowed:
        raise
    except Refusal:
        return at
    return None


def _rings(moves: Sequence[Move]) -> Iterator[list[Move]]:
    """Give the moves between hearings that are linked by them, those that end where none of them leaves excepted."""
    left = list(moves)
    while True:
        leaving = {one.from_id for one in left}
        kept = [one for one in left if one.to_id in leaving]
        if len(kept) == len(left):
            break
        left = kept
    root: dict[int, int] = {}
    for one in left:
        root[_root(root, one.from_id)] = _root(root, one.to_id)
    rings: defaultdict[int, list[Move]] = defaultdict(list)
    for one in left:
        rings[_root(root, one.from_id)].append(one)
    yield from rings.values()


def _root(roots: Mapping[int, int], hearing_id: int) -> int:
    while (above := roots.get(hearing_id, hearing_id)) != hearing_id:
        hearing_id = above
    return hearing_id
