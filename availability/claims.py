"""What somebody wants to occupy: one dataclass a shape. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime

from availability.errors import InvalidRequest
from availability.models import Shape
from availability.periods import Period


@dataclass(frozen=True, kw_only=True)
class NightsClaim:
    """A bed of a section for the nights `[first, until)`; the server picks it unless one is named."""

    resource_id: int
    first: date
    until: date
    unit_id: int | None = None

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise InvalidRequest("to", "not-after-start", first=self.first, until=self.until)


@dataclass(frozen=True, kw_only=True)
class PlaceClaim:
    """One of the concurrent places for the civil days `[first, until)`, open-ended when `until` is None."""

    resource_id: int
    first: date
    until: date | None

    def __post_init__(self) -> None:
        if self.until is not None and self.until <= self.first:
            raise InvalidRequest("to", "not-after-start", first=self.first, until=self.until)


@dataclass(frozen=True, kw_only=True)
class SlotClaim:
    """One seat of the slot that starts then; its length is the kind's. Given in any offset, kept in UTC."""

    resource_id: int
    start: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise InvalidRequest("start", "no-offset", start=self.start.isoformat())
        if not 1 < self.start.year < MAXYEAR:  # a day on either side must still be a date
            raise InvalidRequest("start", "out-of-range", start=self.start.isoformat())
        object.__setattr__(self, "start", self.start.astimezone(UTC))


@dataclass(frozen=True, kw_only=True)
class CaseClaim:
    """Room for a case in a hearing session.

    `is_back`: an undo gives it back to whom had it, its last day for taking a date over since.
    """

    resource_id: int
    minutes: int
    family: str = ""
    is_back: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.minutes <= 0:
            raise InvalidRequest("minutes", "not-positive", minutes=self.minutes)
        readable("family", self.family)


@dataclass(frozen=True, kw_only=True)
class TimeClaim:
    """One seat of somebody or of a room for any period: a judge, a clerk or a room during a hearing.

    No opening hours and no grid, unlike a slot: what decides is the hearing. Nobody reserves so; planning does.
    `is_back`: an undo gives it back to whom had it, closed or away since; the time itself must be free.
    """

    resource_id: int
    period: Period
    is_back: bool = False


def readable(field: str, typed: str) -> str:
    """Return a text without the spaces around it. Raises: InvalidRequest when the database can't hold it."""
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in typed):  # nothing, or half a character
        raise InvalidRequest(field, "unreadable")
    return typed.strip()


Claim = NightsClaim | PlaceClaim | SlotClaim | CaseClaim  # what a booking is made of
AnyClaim = Claim | TimeClaim

SHAPE_OF: dict[type, Shape] = {
    NightsClaim: Shape.NIGHTS,
    PlaceClaim: Shape.PLACES,
    SlotClaim: Shape.SLOTS,
    CaseClaim: Shape.SESSIONS,
    TimeClaim: Shape.SLOTS,
}
