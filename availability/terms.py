"""The terms on which a kind is taken: all that an act must know of it, read beside the place or the booking."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from availability.errors import NotAllowed
from availability.limits import Limits
from availability.models import Shape
from availability.rights import Actor, Right


@dataclass(frozen=True)
class Terms:
    """A kind, as an act needs it, and the roles that reserve it."""

    kind_id: int
    code: str
    shape: Shape
    host_accepts: bool
    hold_minutes: int
    request_days: int
    min_notice_days: int
    min_notice_min: int
    max_ahead_days: int
    max_days: int | None
    cancel_notice_min: int
    offer_hours: int
    crosses_territories: bool
    has_quotas: bool
    reservers: tuple[str, ...]

    @property
    def limits(self) -> Limits:
        """Return what the kind allows, whoever asks."""
        return Limits(self.min_notice_days, self.max_ahead_days, self.max_days, self.min_notice_min)

    def rights_of(self, actor: Actor) -> tuple[Right, ...]:
        """Return the rights under which the actor reserves this kind. Raises: NotAllowed when there is none."""
        rights = actor.rights_in(self.reservers, kind_id=self.kind_id)
        if not rights:
            raise NotAllowed(kind=self.code)
        return rights

    @classmethod
    def read(cls, row: Any) -> Terms:
        """Return the terms that a row with these columns holds."""
        values = {name: getattr(row, name) for name in _COLUMNS}
        return cls(**values | {"shape": Shape(row.shape), "reservers": tuple(row.reservers)})


# By the name of the field, what a SELECT reads of a kind that it names k.
_COLUMNS = {each.name: f"k.{each.name}" for each in fields(Terms)} | {
    "kind_id": "k.id",
    "has_quotas": "EXISTS (SELECT FROM kind_quota WHERE kind_id = k.id)",
    "reservers": "ARRAY(SELECT role FROM kind_right WHERE kind_id = k.id AND may_reserve)",
}
TERMS = ", ".join(f"{column} AS {name}" for name, column in _COLUMNS.items())
