"""How the openings of one resource are cut, and how many it usually takes, as those who run it change them.

Each of the four is its own, or as its kind has it. What was taken stands as it is: it keeps the times it was taken for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.history import Act, record
from availability.kind_drafts import BOUNDS
from availability.models import Shape
from availability.rights import Actor
from availability.running import run_by
from availability.slots import Grid

LIMITS: Mapping[str, tuple[int, int]] = {
    "slot_duration_min": BOUNDS["slot_duration_min"],
    "slot_step_min": BOUNDS["slot_step_min"],
    "buffer_before_min": BOUNDS["buffer_before_min"],
    "buffer_after_min": BOUNDS["buffer_after_min"],
    "capacity": (0, 10_000),  # as declarations have it
}
OWN = text("""
    SELECT slot_duration_min, slot_step_min, buffer_before_min, buffer_after_min, capacity FROM resource
    WHERE id = :id""")
OF_KIND = text("""
    SELECT k.slot_duration_min, k.slot_step_min, k.buffer_before_min, k.buffer_after_min, r.capacity
    FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.id = :id""")
SET = text("""
    UPDATE resource SET slot_duration_min = :slot_duration_min, slot_step_min = :slot_step_min,
        buffer_before_min = :buffer_before_min, buffer_after_min = :buffer_after_min, capacity = :capacity
    WHERE id = :id""")


@dataclass(frozen=True, kw_only=True)
class OwnGrid:
    """The grid of one resource; None is as its kind says."""

    slot_duration_min: int | None = None
    slot_step_min: int | None = None
    buffer_before_min: int | None = None
    buffer_after_min: int | None = None
    capacity: int = 1  # usual: how many at the same time

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is None and name != "capacity":
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise InvalidRequest(name, "not-numeric", value=value)
            if not least <= value <= most:
                raise InvalidRequest(name, "out-of-range", value=value, least=least, most=most)

    def over(self, kind: OwnGrid) -> Grid:
        """Return how openings are cut, where `kind` has what this one leaves to it."""
        step, duration, after, before = (
            timedelta(minutes=_first(getattr(self, name), getattr(kind, name)))
            for name in ("slot_step_min", "slot_duration_min", "buffer_after_min", "buffer_before_min")
        )
        return Grid(step, duration, after, before)


def set_grid(session: Session, actor: Actor, resource_id: int, grid: OwnGrid, *, now: datetime) -> OwnGrid:
    """Set how a resource of shape `slots` cuts its openings; return what that replaced: given back, it undoes it.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = run_by(session, actor, resource_id, (Shape.SLOTS,))
    before = own_grid(session, place.id)
    session.execute(SET, {"id": place.id, **asdict(grid)})
    record(session, actor, Act(act="grid-set", subject="resource", subject_id=place.id, at=now, facts=asdict(grid)))
    return before


def own_grid(session: Session, resource_id: int) -> OwnGrid:
    """Return the grid of a resource that the caller was shown."""
    return OwnGrid(**session.execute(OWN, {"id": resource_id}).one()._mapping)


def grid_of_kind(session: Session, resource_id: int) -> OwnGrid:
    """Return what its kind has for whatever a resource that the caller was shown does not say itself."""
    return OwnGrid(**session.execute(OF_KIND, {"id": resource_id}).one()._mapping)


def _first(own: int | None, of_kind: int | None) -> int:
    return own if own is not None else of_kind or 0
