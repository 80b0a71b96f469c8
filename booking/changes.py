"""The smallest change of a search that would include a place that it leaves out. Pure.

A change is said as the filters that it gives: one follows it by an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from math import ceil

from availability.attributes import Attribute, AttributeType
from availability.doors import DAY_MIN, Doors, Work, minute_of, suits
from availability.errors import InvalidRequest
from availability.queries import DayCount
from availability.search import Found, Wish
from booking.filters import MOST_TRAVEL_MIN, Filters, name_of

STEP_MIN = 5  # minutes, and per cents of load
MOST_SHIFT_MIN = 180  # of the hours of work: more is another job
ROUND_KM = 5


@dataclass(frozen=True)
class Change:
    """One change: which reason it answers, the filters once it is made, and by how much."""

    reason: str
    filters: Filters
    amount: int = 0  # minutes, per cent or days, as the reason says
    later_min: int = 0  # hours: how much later one leaves,
    earlier_min: int = 0  # and how much earlier one is back
    first: date | None = None  # dates: from this day on


def change_for(reason: str, found: Found, wish: Wish, filters: Filters) -> Change | None:
    """Return the smallest change that answers one reason, or None when there is none but another place."""
    if reason == "travel":
        return _travel(found, filters)
    if reason == "hours":
        return _hours(found, wish, filters)
    if reason == "load":
        percent = -(-100 * taken_of(found) // (found.total * STEP_MIN)) * STEP_MIN if found.total else 0
        return Change(reason, replace(filters, charge=str(percent)), percent) if 0 < percent <= 500 else None
    if reason == "delay":
        days = found.delay_days
        return None if days is None else Change(reason, replace(filters, delai=str(days)), days)
    if reason == "stale":
        return Change(reason, replace(filters, recent=""))
    return _attribute(reason, found, wish, filters)


def changes_for(found: Found, wish: Wish, filters: Filters) -> tuple[Change, ...] | None:
    """Return the changes that together would include a place, or None when one of its reasons has none."""
    made: list[Change] = []
    for reason in found.mismatches:
        change = change_for(reason, found, wish, made[-1].filters if made else filters)
        if change is None:
            return None
        made.append(change)
    return tuple(made)


def load_of(found: Found) -> float:
    """Return how full a place is: what is taken, or declared as taken, over its capacity."""
    return taken_of(found) / found.total if found.total else 0.0


def taken_of(found: Found) -> int:
    """Return how many are taken of a place, or declared as taken."""
    return max(found.total - found.free, found.declared_load)


def next_run(counts: Iterable[DayCount], days: int) -> date | None:
    """Return the first day from which something is free on so many days in a row."""
    since: date | None = None
    last: date | None = None
    for count in counts:
        if not count.free:
            since = None
            continue
        if since is None or last != count.day - timedelta(days=1):
            since = count.day
        last = count.day
        if (last - since).days + 1 >= days:
            return since
    return None


def dates_from(reason: str, first: date, wish: Wish, filters: Filters) -> Change:
    """Return the change of dates that begins that day, as long as what was asked."""
    until = first + (wish.until - wish.first)
    return Change(reason, replace(filters, du=first.isoformat(), au=until.isoformat()), first=first)


def wider(found: Sequence[Found], wish: Wish) -> tuple[int, int] | None:
    """Return (kilometres, free places more) of the smallest widening that would give something, among what suits."""
    if wish.radius_km is None:
        return None
    beyond = [one for one in found if one.distance_km is not None and one.distance_km > wish.radius_km]
    if not beyond:
        return None
    nearest = min(one.distance_km or 0.0 for one in beyond)
    radius = max(ceil(nearest / ROUND_KM) * ROUND_KM, ceil(wish.radius_km) + 1)
    return radius, sum(one.free for one in beyond if (one.distance_km or 0.0) <= radius)


def _travel(found: Found, filters: Filters) -> Change | None:
    minutes = None if found.travel_min is None else ceil(found.travel_min / STEP_MIN) * STEP_MIN
    if minutes is None or minutes > MOST_TRAVEL_MIN:
        return None
    return Change("travel", replace(filters, mesure="min", trajet=str(minutes)), minutes)


def _hours(found: Found, wish: Wish, filters: Filters) -> Change | None:
    """Return the smallest shift of the hours of work with which one could live there."""
    if wish.work is None or wish.doors is None or found.travel_min is None:
        return None
    try:
        doors = Doors.read(wish.doors, found.attributes.get(wish.doors))
    except InvalidRequest:
        return None
    shifts = range(0, MOST_SHIFT_MIN + 1, STEP_MIN)
    pairs = sorted(((later, earlier) for later in shifts for earlier in shifts), key=lambda pair: (sum(pair), pair))
    for later, earlier in pairs[1:]:
        work = _shifted(wish.work, later, earlier)
        if work and suits(doors, work, found.travel_min):
            shifted = replace(filters, debut=f"{work.starts:%H:%M}", fin=f"{work.ends:%H:%M}")
            return Change("hours", shifted, later_min=later, earlier_min=earlier)
    return None


def _shifted(work: Work, later: int, earlier: int) -> Work | None:
    begins, ends = work.minutes
    if ends - earlier <= begins + later:
        return None
    hours = (time(*divmod(minute % DAY_MIN, 60)) for minute in (minute_of(work.starts) + later, ends - earlier))
    starts, end = hours
    return replace(work, starts=starts, ends=end)


def _attribute(reason: str, found: Found, wish: Wish, filters: Filters) -> Change | None:
    attribute = next((one for one in wish.schema if one.code == reason), None)
    if attribute is None:
        return None
    name = name_of(attribute)
    value = found.attributes.get(attribute.code)
    if attribute.type is AttributeType.NUMBER and isinstance(value, int | float):
        return Change(reason, Filters.read(filters.typed() | {name: f"{value:g}"}), ceil(value))
    return Change(reason, filters.without(name))


def label_of(reason: str, schema: Sequence[Attribute]) -> str:
    """Return the label of the attribute that a reason names; empty for what is not one."""
    return next((one.label for one in schema if one.code == reason), "")
