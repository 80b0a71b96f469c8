"""What a kind allows, whoever asks: not in the past, enough notice, not too far, not too long. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from availability.errors import InvalidRequest


@dataclass(frozen=True)
class Limits:
    """Lead time and length allowed by a kind, in civil days; `min_notice_min` is besides, for what has an hour."""

    min_notice_days: int
    max_ahead_days: int
    max_days: int | None = None
    min_notice_min: int = 0

    def check(self, first: date, until: date | None, *, today: date) -> None:
        """Accept civil days `[first, until)`, open-ended when `until` is None.

        Raises: InvalidRequest, which names the field and the rule broken.
        """
        if first < today:
            raise InvalidRequest("from", "past", first=first, today=today)
        if first < (earliest := today + timedelta(days=self.min_notice_days)):
            raise InvalidRequest("from", "too-soon", first=first, earliest=earliest)
        if first > (latest := today + timedelta(days=self.max_ahead_days)):
            raise InvalidRequest("from", "too-far", first=first, latest=latest)
        self.check_length(first, until)

    def check_length(self, first: date, until: date | None) -> None:
        """Accept a length, whenever it begins. Raises: InvalidRequest."""
        if until is not None and until <= first:
            raise InvalidRequest("to", "not-after-start", first=first, until=until)
        if self.max_days is not None and (until is None or (until - first).days > self.max_days):
            raise InvalidRequest("to", "too-long", first=first, until=until, max_days=self.max_days)

    def check_start(self, start: datetime, *, now: datetime) -> None:
        """Accept a moment far enough, to the minute; what is past, the place refuses. Raises: InvalidRequest."""
        if now <= start < now + timedelta(minutes=self.min_notice_min):
            raise InvalidRequest("from", "too-soon-minutes", start=start, minutes=self.min_notice_min)
