"""Hearings of family judges for the coming weeks, in every judicial court."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from availability.openings import instant_of, is_holiday
from portal.demo.catalogue import Catalogue, Hearing, Host
from portal.demo.territories import Court

WEEKS = 8
STARTS = (time(9, 0), time(13, 30))
# Families of the NAC (nomenclature des affaires civiles): divorce, after divorce, maintenance, parental authority.
FAMILIES = ("20", "22", "24", "27")
QUOTAS: tuple[dict[str, int], ...] = ({"20": 8, "27": 6}, {"20": 6}, {"22": 5, "27": 8}, {})


def family_hearings(catalogue: Catalogue, rng: Random, now: datetime) -> None:
    """Add the courts as sites, and one to four hearings a week in each, never on a public holiday there."""
    for court in catalogue.map.courts:
        host = catalogue.host(rng, court.code, court.name, court.commune, court)
        catalogue.courthouses.append(host)
        for number, start in enumerate(_starts(host, rng, now)):
            _hearing(catalogue, rng, host, f"Audience JAF, cabinet {number % _a_week(court) + 1}", start)


def _hearing(catalogue: Catalogue, rng: Random, host: Host, name: str, start: datetime) -> None:
    place = catalogue.place(host, "audience-jaf", name)
    hearing = Hearing(
        starts_at=start,
        ends_at=start + timedelta(minutes=rng.choice((180, 180, 210, 240))),
        max_cases=rng.choice((12, 14, 15, 16, 18, 20)),
        quotas=dict(rng.choice(QUOTAS)),
    )
    catalogue.hears(place, hearing)


def _a_week(court: Court) -> int:
    steps = (400_000, 170_000, 80_000)
    return 1 + sum(court.commune.population > step for step in steps)


def _starts(host: Host, rng: Random, now: datetime) -> Iterator[datetime]:
    today = now.astimezone(host.zone).date()
    monday = today - timedelta(days=today.weekday())
    weekly = sorted((rng.randrange(5), rng.choice(STARTS)) for _ in range(_a_week(host.court)))
    for week in range(WEEKS + 1):
        for weekday, wall_time in weekly:
            day: date = monday + timedelta(days=7 * week + weekday)
            start = instant_of(day, wall_time, host.zone)
            is_coming = now < start < now + timedelta(weeks=WEEKS)
            if is_coming and not is_holiday(day, host.holiday_zone) and not in_vacation(day):
                yield start


def in_vacation(day: date) -> bool:
    """Say whether courts sit only for what is urgent: the last days of the year."""
    return day.month == 12 and day.day > 23
