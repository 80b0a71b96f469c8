"""How many of a kind a service may take in a period: checked under a lock of the service, counted by civil days there.

The row of a service goes before that of the nearest territory around it, which goes before the kind's own; so for each
period, and all periods must hold. A service's row, or the kind's own, counts what that service took (whoever is of no
service: what their territory did); a territory's row counts everything taken from under it. What counts is what
occupies, on the civil day on which it begins, where it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.models import QuotaPeriod
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import by_key, run
from availability.terms import Terms
from booking.errors import QuotaReached
from booking.models import Booking
from booking.notice import zone_of

A_DAY = timedelta(days=1)
NO_BOOKING = UUID(int=0)

# Of all kinds: what one booker locks does not depend on what they take, so that nobody waits for each other.
RULES = by_key("""
    WITH RECURSIVE around AS (
        SELECT id, parent_id, 0 AS steps FROM territory WHERE id = :territory_id
        UNION ALL SELECT t.id, t.parent_id, a.steps + 1 FROM territory t JOIN around a ON t.id = a.parent_id)
    SELECT DISTINCT ON (q.kind_id, q.per) q.kind_id, q.per, q.most, q.territory_id
    FROM kind_quota q LEFT JOIN around a ON a.id = q.territory_id
    WHERE q.organisation_id = :organisation_id OR a.id IS NOT NULL
       OR (q.organisation_id IS NULL AND q.territory_id IS NULL)
    ORDER BY q.kind_id, q.per, q.organisation_id IS NULL, a.steps NULLS LAST""")
WAIT_FOR_SERVICE = by_key("""
    SELECT pg_advisory_xact_lock(hashtextextended(who, 0))
    FROM unnest(CAST(:whos AS text[])) WITH ORDINALITY AS t(who, number) ORDER BY number""")
# As the indexes booking_counted_by_*. The day in UTC is at most one day away from the day there, so the zone is only
# looked up for what has an hour on the first or the last days.
_TAKEN = """
    SELECT count(*) FROM (
        SELECT b.*, coalesce(b.first_on, CAST(b.starts_at AT TIME ZONE 'UTC' AS date)) AS day FROM booking b) b
    WHERE b.kind_id = :kind_id AND {of_them} AND b.day BETWEEN CAST(:first AS date) - 1 AND CAST(:until AS date)
      AND (b.state IN ('booked', 'honoured', 'missed') OR b.state IN ('held', 'requested') AND b.expires_at > :now)
      AND b.id <> :but_for
      AND CASE WHEN b.first_on IS NOT NULL THEN b.day >= CAST(:first AS date) AND b.day < CAST(:until AS date)
               WHEN b.day > CAST(:first AS date) AND b.day < CAST(:until AS date) - 1 THEN true
               ELSE (SELECT CAST(b.starts_at AT TIME ZONE s.time_zone AS date) FROM resource r
                     JOIN site s ON s.id = r.site_id WHERE r.id = b.resource_id)
                    BETWEEN CAST(:first AS date) AND CAST(:until AS date) - 1 END"""
TAKEN_BY_ORGANISATION = by_key(_TAKEN.format(of_them="b.organisation_id = :organisation_id"))
TAKEN_IN_TERRITORY = by_key(
    _TAKEN.format(
        of_them="""b.territory_id = ANY(ARRAY(
            WITH RECURSIVE under AS (
                SELECT id FROM territory WHERE id = :territory_id
                UNION ALL SELECT t.id FROM territory t JOIN under u ON t.parent_id = u.id)
            SELECT id FROM under))"""
    )
)


@dataclass(frozen=True)
class Booker:
    """Who takes: the service, when it is known, and the territory."""

    organisation_id: int | None
    territory_id: int


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a quota says of the days `[first, until)`: so many taken of so many."""

    per: QuotaPeriod
    most: int
    taken: int
    first: date
    until: date

    @property
    def left(self) -> int:
        """Return how many can still be taken."""
        return max(self.most - self.taken, 0)


def check_quota(session: Session, terms: Terms, booking: Booking, *, now: datetime, was_on: date | None = None) -> None:
    """Accept a booking that begins on the day that it now says, or keeps its period when it began on `was_on`.

    To be called with the resource locked: it locks the service until the transaction ends, then counts the others.
    Raises: QuotaReached.
    """
    booker = Booker(booking.organisation_id, booking.territory_id)
    rules = wait_for_service(session, terms, booker)
    if not rules:
        return
    day = first_day(session, booking)
    for rule in rules:
        first, until = period_of(QuotaPeriod(rule.per), day)
        if rule.kind_id != terms.kind_id or (was_on is not None and first <= was_on < until):
            continue
        found = _count(session, rule, booker, day, now=now, but_for=booking.id)
        if found.taken >= found.most:
            raise QuotaReached(
                kind=terms.code, per=found.per, most=found.most, taken=found.taken, first=first, until=until
            )


def wait_for_service(session: Session, terms: Terms, booker: Booker) -> list[Any]:
    """Lock a service, when a kind has quotas, until the transaction ends; return the rules of what it may take.

    To be called with the resource locked, and before an entry of the waiting list is.
    """
    if not terms.has_quotas:
        return []
    rules = list(run(session, RULES, _asked(booker)))
    run(session, WAIT_FOR_SERVICE, {"whos": sorted({_who(rule, booker) for rule in rules})})
    return rules


def wait_for_services(session: Session, terms: Terms, bookings: Iterable[Booking]) -> None:
    """Lock, as above, the services of several bookings of a kind: in one order, before any of them is judged."""
    bookers = {Booker(one.organisation_id, one.territory_id) for one in bookings} if terms.has_quotas else set()
    whos = {_who(rule, booker) for booker in bookers for rule in run(session, RULES, _asked(booker))}
    if whos:
        run(session, WAIT_FOR_SERVICE, {"whos": sorted(whos)})


def first_day(session: Session, booking: Booking) -> date:
    """Return the civil day on which a booking begins, where it is."""
    if booking.first_on is not None:
        return booking.first_on
    if booking.starts_at is None:
        raise ValueError(f"booking {booking.id} has no date")
    return local_day(booking.starts_at, zone_of(session, booking.resource_id))


def counts_for(session: Session, actor: Actor, kind_id: int, days: Iterable[date], *, now: datetime) -> list[Count]:
    """Return what the quotas say of whoever would take something of a kind on these days, each period once."""
    booker = Booker(actor.organisation_id, actor.home_territory_id)
    rules = [rule for rule in run(session, RULES, _asked(booker)) if rule.kind_id == kind_id]
    wanted = {(rule, period_of(QuotaPeriod(rule.per), day)): day for day in sorted(days) for rule in rules}
    return [_count(session, rule, booker, day, now=now) for (rule, _), day in wanted.items()]


def period_of(per: QuotaPeriod, day: date) -> tuple[date, date]:
    """Return the days `[first, until)` of the period that a civil day is in; weeks begin on Monday."""
    match per:
        case QuotaPeriod.DAY:
            return day, day + A_DAY
        case QuotaPeriod.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=7)
        case QuotaPeriod.MONTH:
            first = day.replace(day=1)
            return first, (first + timedelta(days=31)).replace(day=1)
        case QuotaPeriod.YEAR:
            return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def _count(
    session: Session, rule: Any, booker: Booker, day: date, *, now: datetime, but_for: UUID = NO_BOOKING
) -> Count:
    per = QuotaPeriod(rule.per)
    first, until = period_of(per, day)
    asked = {"kind_id": rule.kind_id, "first": first, "until": until, "now": now, "but_for": but_for}
    if rule.territory_id is None and booker.organisation_id is not None:
        taken = run(session, TAKEN_BY_ORGANISATION, asked | {"organisation_id": booker.organisation_id})
    else:
        around = {"territory_id": rule.territory_id or booker.territory_id}
        taken = run(session, TAKEN_IN_TERRITORY, asked | around)
    return Count(per=per, most=rule.most, taken=taken.scalar_one(), first=first, until=until)


def _who(rule: Any, booker: Booker) -> str:
    """Return the name of the lock of those whose bookings a rule counts."""
    if rule.territory_id is None and booker.organisation_id is not None:
        return f"quota of organisation {booker.organisation_id}"
    return f"quota of territory {rule.territory_id or booker.territory_id}"


def _asked(booker: Booker) -> dict[str, Any]:
    return {"organisation_id": booker.organisation_id, "territory_id": booker.territory_id}
