"""How far ahead the sessions of a template are written: up to its horizon, and in the months that were opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Site
from availability.openings import A_DAY, local_day
from booking.hearing_template_models import HearingTemplate

MONTHS = text("SELECT month_on FROM opened_month WHERE line_id = :line AND month_on >= :first ORDER BY month_on")


@dataclass(frozen=True, kw_only=True)
class Within:
    """Civil days `[first, until)`: the only ones that are looked at."""

    first: date
    until: date


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far sessions are written: every day before the horizon, and months, by their first day, sorted."""

    until: date
    months: tuple[date, ...] = ()

    @property
    def last(self) -> date:
        """Return the end of all that it covers."""
        return max(self.until, month_after(self.months[-1])) if self.months else self.until

    def covers(self, day: date) -> bool:
        """Say whether the session of a day is written."""
        return day < self.until or day.replace(day=1) in self.months


def reach_of(session: Session, template: HearingTemplate, *, now: datetime) -> Reach:
    """Return how far the sessions of a template are written."""
    first = tomorrow_of(session, template, now)
    asked = {"line": template.line_id or template.id, "first": first.replace(day=1)}
    months = tuple(session.execute(MONTHS, asked).scalars())
    return Reach(until=first + timedelta(days=template.horizon_days), months=months)


def tomorrow_of(session: Session, template: HearingTemplate, now: datetime) -> date:
    """Return the first day of which a session may still be opened or withdrawn."""
    return local_day(now, ZoneInfo(session.get_one(Site, template.site_id).time_zone)) + A_DAY


def month_of(day: date) -> Within:
    """Return the month of a day."""
    first = day.replace(day=1)
    return Within(first=first, until=month_after(first))


def month_after(month_on: date) -> date:
    """Return the first day of the month that follows."""
    return (month_on + timedelta(days=31)).replace(day=1)
