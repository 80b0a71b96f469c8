"""What an act frees is kept for those who wait, in the same transaction, until the clock offers it.

The occupancy is never let go of: it passes from the booking to a `freed_place`, under the lock of the resource, with
an end of its own in case nobody ever comes. Only whoever freed it may take it back meanwhile (docs/decisions/0024).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, select

from availability.actions import Holder, Locked, lock, release, take
from availability.claims import SHAPE_OF, CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, NotOpen, PeriodTaken
from availability.models import Shape
from availability.openings import local_day
from availability.periods import days_between
from availability.statements import by_key, run
from availability.staying import runs_of
from booking.waiting_models import FreedPlace

KEPT_AFTER = timedelta(hours=1)  # a clock that is dead for longer leaves the place to whoever comes
A_DAY = timedelta(days=1)
GONE = (NotOpen, PeriodTaken, CapacityReached)
# Whether somebody may want it: the kind, the place and the days. The clock looks at the rest. 111 km a degree.
AWAITED = by_key("""
    SELECT EXISTS (
        SELECT FROM resource r JOIN site s ON s.id = r.site_id JOIN waiting_entry w ON w.kind_id = r.kind_id
        WHERE r.id = :resource_id AND w.state = 'waiting'
          AND (w.booking_id IS NULL OR w.booking_id <> :booking_id AND r.id = ANY(w.resource_ids))
          AND coalesce(w.resource_id, r.id) = r.id AND coalesce(w.site_id, s.id) = s.id
          AND (w.reach_km IS NULL OR s.lat BETWEEN w.lat - w.reach_km / 111.0 AND w.lat + w.reach_km / 111.0)
          AND w.first_on < :until AND w.until_on > :first
          AND NOT EXISTS (SELECT FROM waiting_offer o WHERE o.entry_id = w.id AND o.freeing_id = :freeing_id))""")
# The same of a place in a hearing, which lawyers wait for: of its court, with a rule that opens its kind to their case.
AWAITED_DATE = by_key("""
    SELECT EXISTS (
        SELECT FROM resource r JOIN date_wait w ON w.site_id = r.site_id AND w.state = 'waiting'
        JOIN lawyer_rule u ON u.site_id = w.site_id AND u.procedure = w.procedure AND u.kind_id = r.kind_id
             AND u.with_date AND starts_with(w.nature, u.family)
        WHERE r.id = :resource_id AND coalesce(w.hearing_id, r.id) = r.id
          AND NOT EXISTS (SELECT FROM date_offer o WHERE o.wait_id = w.id AND o.hearing_id = r.id))""")

NIGHTS_HELD = by_key("SELECT night, unit_id FROM bed_night WHERE holder_id = :id")
DAYS_HELD = by_key("SELECT lower(days), upper(days) FROM place_period WHERE holder_id = :id ORDER BY days")
NIGHTS_TAKEN = by_key("""
    SELECT night FROM bed_night WHERE unit_id = :unit_id AND night >= :first AND night < :until
      AND (expires_at IS NULL OR expires_at > :now)""")
STARTS_HELD = by_key("SELECT lower(during) FROM seat_time WHERE holder_id = :id ORDER BY during")

IS_KEPT = by_key("""
    SELECT EXISTS (SELECT FROM freed_place f JOIN seat_time t ON t.holder_id = f.id
                   WHERE f.booking_id = :booking_id AND f.resource_id = :resource_id AND lower(t.during) = :start
                     AND (t.expires_at IS NULL OR t.expires_at > :now))""")


def keep_for_list(
    session: Session, booking_id: UUID, claims: Sequence[Claim], *, freeing_id: UUID, now: datetime, due_at: datetime
) -> None:
    """Keep what a booking just let go of, if somebody may wait for it. What is gone or closed is left alone."""
    for claim in claims:
        if not _is_awaited(session, booking_id, claim, freeing_id):
            continue
        locked = lock(session, [claim.resource_id])
        left = _what_is_left(claim, locked[claim.resource_id], now)
        if left is not None:
            freed = FreedPlace(
                freeing_id=freeing_id,
                booking_id=booking_id,
                resource_id=left.resource_id,
                freed_at=now,
                due_at=due_at,
            )
            _keep(session, left, locked, freed)


def _is_awaited(session: Session, booking_id: UUID, claim: Claim, freeing_id: UUID) -> bool:
    if isinstance(claim, CaseClaim):
        return bool(run(session, AWAITED_DATE, {"resource_id": claim.resource_id}).scalar())
    first, until = _days(claim)
    asked = {"resource_id": claim.resource_id, "first": first, "until": until, "freeing_id": freeing_id}
    return bool(run(session, AWAITED, asked | {"booking_id": booking_id}).scalar())


def free_for_list(
    session: Session, shape: Shape, resource_id: int, holder_id: UUID, *, booking_id: UUID, now: datetime
) -> None:
    """Free what is held beside a booking, under another number, and keep it for the list: nobody takes that back."""
    claims = held(session, shape, resource_id, holder_id)
    release(session, shape, [resource_id], holder_id)
    keep_for_list(session, booking_id, claims, freeing_id=uuid4(), now=now, due_at=now)


def held(session: Session, shape: Shape, resource_id: int, holder_id: UUID) -> Sequence[Claim]:
    """Return the claims that take what a holder has; of hearings none, which nobody proposes in the place of others."""
    match shape:
        case Shape.NIGHTS:
            return _of_nights(
                resource_id, {row.night: row.unit_id for row in run(session, NIGHTS_HELD, {"id": holder_id})}
            )
        case Shape.PLACES:
            days = run(session, DAYS_HELD, {"id": holder_id})
            return [PlaceClaim(resource_id=resource_id, first=first, until=until) for first, until in days]
        case Shape.SLOTS:
            starts = run(session, STARTS_HELD, {"id": holder_id}).scalars()
            return [SlotClaim(resource_id=resource_id, start=start) for start in starts]
    return []


def less(had: Sequence[Claim], kept: Sequence[Claim]) -> list[Claim]:
    """Return what somebody no longer has of a resource: what they had, less what they keep. Pure."""
    left = list(had)
    for one in kept:
        left = [part for claim in left for part in _without(claim, one)]
    return left


def untaken(session: Session, claim: NightsClaim, now: datetime) -> list[NightsClaim]:
    """Return the nights of a claim on a bed that nobody has now."""
    asked = {"unit_id": claim.unit_id, "first": claim.first, "until": claim.until, "now": now}
    taken = set(run(session, NIGHTS_TAKEN, asked).scalars())
    nights = {night: claim.unit_id or 0 for night in days_between(claim.first, claim.until) if night not in taken}
    return _of_nights(claim.resource_id, nights)


def beyond(first: date, until: date | None, had: tuple[date, date | None]) -> Iterator[tuple[date, date | None]]:
    """Yield the days of `[first, until)` that are not in `had`, both half-open and maybe without an end."""
    had_first, had_until = had
    if first < had_first:
        yield first, had_first if until is None else min(until, had_first)
    if had_until is not None and (until is None or until > had_until):
        yield max(first, had_until), until


def let_go(session: Session, booking_id: UUID, resource_id: int) -> None:
    """Give back to a booking what is kept of it there: whoever freed it by mistake may take it back."""
    kept = select(FreedPlace).where(FreedPlace.booking_id == booking_id, FreedPlace.resource_id == resource_id)
    if session.exec(kept).first() is None:
        return
    locked = lock(session, [resource_id])
    # Read again under the lock: the clock may have offered it meanwhile.
    for freed in session.exec(kept.execution_options(populate_existing=True)).all():
        release(session, locked[resource_id].shape, [resource_id], freed.id)
        session.execute(delete(FreedPlace).where(col(FreedPlace.id) == freed.id))


def is_kept(session: Session, booking_id: UUID, resource_id: int, start: datetime, *, now: datetime) -> bool:
    """Say whether a start that a booking left is kept for the list, so that only this booking may have it back."""
    asked = {"booking_id": booking_id, "resource_id": resource_id, "start": start, "now": now}
    return bool(run(session, IS_KEPT, asked).scalar())


def freed_by_move(before: Claim, after: Claim) -> list[Claim]:
    """Return what a booking no longer has once it went from one claim to another. Pure."""
    if not isinstance(before, NightsClaim) or not isinstance(after, NightsClaim):
        return [] if before == after else [before]
    if (before.resource_id, before.unit_id) != (after.resource_id, after.unit_id):
        return [before]
    pieces = ((before.first, min(before.until, after.first)), (max(before.first, after.until), before.until))
    return [
        NightsClaim(resource_id=before.resource_id, first=first, until=until, unit_id=before.unit_id)
        for first, until in pieces
        if first < until
    ]


def nights_left(resource_id: int, before: Sequence[Any], after: Sequence[Any]) -> list[NightsClaim]:
    """Return the nights that a stay no longer has, from its beds before and after as its history keeps them. Pure."""
    kept = set(_nights(after).items())
    return _of_nights(resource_id, {night: bed for night, bed in _nights(before).items() if (night, bed) not in kept})


def _of_nights(resource_id: int, nights: dict[date, int]) -> list[NightsClaim]:
    return [
        NightsClaim(resource_id=resource_id, first=first, until=until, unit_id=bed)
        for bed, first, until in runs_of(nights)
    ]


def _without(claim: Claim, kept: Claim) -> list[Claim]:
    """Return a claim less another on the same resource; what has an hour is kept whole or not at all."""
    match claim, kept:
        case (NightsClaim(), NightsClaim()) if claim.unit_id == kept.unit_id:
            return [
                replace(claim, first=first, until=until)
                for first, until in beyond(claim.first, claim.until, (kept.first, kept.until))
                if until
            ]
        case (PlaceClaim(), PlaceClaim()):
            return [
                replace(claim, first=first, until=until)
                for first, until in beyond(claim.first, claim.until, (kept.first, kept.until))
            ]
    return [] if claim == kept else [claim]


def _nights(beds: Sequence[Any]) -> dict[date, int]:
    return {
        night: bed
        for bed, first, until in beds
        for night in days_between(date.fromisoformat(first), date.fromisoformat(until))
    }


def claim_in(resource_id: int, facts: dict[str, Any]) -> Claim | None:
    """Return the claim that a line of history says of a booking that moved; None when it says none."""
    dates = {name: date.fromisoformat(facts[name]) for name in ("first_on", "until_on") if facts.get(name)}
    if starts_at := facts.get("starts_at"):
        return SlotClaim(resource_id=resource_id, start=datetime.fromisoformat(starts_at))
    if "first_on" not in dates:
        return None
    first, until = dates["first_on"], dates.get("until_on")
    if facts.get("unit_id") is None or until is None:
        return PlaceClaim(resource_id=resource_id, first=first, until=until)
    return NightsClaim(resource_id=resource_id, first=first, until=until, unit_id=facts["unit_id"])


def _keep(session: Session, claim: Claim, locked: dict[int, Locked], freed: FreedPlace) -> None:
    if locked[claim.resource_id].shape is not SHAPE_OF[type(claim)]:
        return
    holder = Holder(id=freed.id, now=freed.freed_at, expires_at=freed.due_at + KEPT_AFTER)
    try:
        take(session, locked, [claim], holder)
    except GONE:
        return
    session.add(freed)
    session.flush()


def _what_is_left(claim: Claim, place: Locked, now: datetime) -> Claim | None:
    """Return the part of a claim that is not past, if there is one."""
    today = local_day(now, place.zone)
    match claim:
        case NightsClaim() if claim.until > today:
            first = max(claim.first, today)
            return NightsClaim(resource_id=place.id, first=first, until=claim.until, unit_id=claim.unit_id)
        case PlaceClaim() if claim.until is None or claim.until > today:
            return PlaceClaim(resource_id=place.id, first=max(claim.first, today), until=claim.until)
        case SlotClaim() if claim.start > now:
            return claim
        case CaseClaim():  # of a hearing that has begun, none is taken
            return claim
    return None


def _days(claim: Claim) -> tuple[date, date]:
    """Return civil days that hold a claim, one more for what has an hour: it depends on where one is."""
    match claim:
        case NightsClaim():
            return claim.first, claim.until
        case PlaceClaim():
            return claim.first, claim.until or date.max
        case SlotClaim():
            return claim.start.date() - A_DAY, claim.start.date() + 2 * A_DAY
    raise ValueError(f"nobody waits for {claim} by its days")
