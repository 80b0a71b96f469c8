"""Other dates as a form sends them, read. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from availability.errors import InvalidRequest
from availability.models import Shape
from booking.proposals import OtherDates

A_DAY = timedelta(days=1)


class Typed(Protocol):
    """What was typed, as text."""

    @property
    def first(self) -> str: ...
    @property
    def last(self) -> str: ...
    @property
    def start(self) -> str: ...


def dates_typed(typed: Typed, shape: Shape) -> OtherDates:
    """Return the dates of a form, whose last day is included. Raises: InvalidRequest."""
    if shape is Shape.SLOTS:
        return OtherDates(start=_instant(typed.start))
    last = _day(typed.last, "to")
    is_included = last is not None and shape is Shape.PLACES and last < date.max
    return OtherDates(first=_day(typed.first, "from"), until=last + A_DAY if last and is_included else last)


def _day(typed: str, field: str) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest(field, "not-a-date", value=typed) from error


def _instant(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest("start", "unknown-choice") from error
