"""What helps whoever was refused: the nearest places that fit the same wish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.openings import local_day
from availability.queries import slots_by_day
from availability.rights import Actor
from availability.search import Found, Wish, nearest_alternatives, search
from availability.sheet import Ruled, hearing_room, resource_for
from booking.models import Booking
from booking.persons import age_on, person_for

A_DAY = timedelta(days=1)
A_YEAR = timedelta(days=366)  # stands for an end that is not known
HEARINGS_WITHIN = timedelta(days=31)  # another hearing is on another day


@dataclass(frozen=True)
class Alternative:
    """A resource that suits, and for slots its free starts of that day, the nearest in time first."""

    found: Found
    starts: tuple[datetime, ...] = ()


def alternatives_to(
    session: Session, actor: Actor, claim: Claim, *, person_id: UUID | None = None, now: datetime, limit: int = 3
) -> list[Alternative]:
    """Return the nearest resources that fit the claim and the person, distances being from the one refused.

    The refused one may be among them: its other beds, or its other starts of that day. Raises: NotFound, NotAllowed.
    """
    ruled = resource_for(session, actor, claim.resource_id, now=now)
    first, until = _days(session, ruled, claim, now)
    sex, age = _profile(session, actor, person_id, first) if person_id else _implied(ruled)
    wish = Wish(kind=ruled.kind, first=first, until=until, near=ruled.point, sex=sex, age=age, beyond=ruled.is_beyond)
    found = nearest_alternatives(session, actor, wish, now=now, limit=limit)
    if not isinstance(claim, SlotClaim):
        return [Alternative(one) for one in found]
    time_zones = {one.resource_id: one.time_zone for one in found}
    listed = slots_by_day(session, time_zones, first=first, until=until, now=now)
    free = {number: [slot.period.start for _, slot in slots if slot.is_free] for number, slots in listed.items()}
    return [Alternative(one, _nearest(free[one.resource_id], claim.start)) for one in found]


def misfit(session: Session, actor: Actor, booking: Booking, resource_id: int, *, now: datetime) -> str | None:
    """Name what of another section does not suit whom a stay is for; None when it suits.

    Raises: NotFound, NotAllowed.
    """
    there = resource_for(session, actor, resource_id, now=now)
    first = booking.first_on or there.today
    sex, age = profile_of(session, actor, booking, now=now)
    wish = Wish(
        kind=there.kind,
        first=first,
        until=booking.until_on or first + A_YEAR,
        sex=sex,
        age=age,
        resource_ids=(resource_id,),
        beyond=there.is_beyond,
    )
    found = search(session, actor, wish, now=now)
    return found[0].mismatch if found else None


def profile_of(session: Session, actor: Actor, booking: Booking, *, now: datetime) -> tuple[str | None, int | None]:
    """Return the sex and the age of whom a booking is for; without a file, those that its section implies.

    Raises: NotFound, NotAllowed.
    """
    here = resource_for(session, actor, booking.resource_id, now=now)
    if booking.person_id is None:
        return _implied(here)
    return _profile(session, actor, booking.person_id, booking.first_on or here.today)


def _days(session: Session, ruled: Ruled, claim: Claim, now: datetime) -> tuple[date, date]:
    """Return the same dates; for a hearing, which is on one day, the weeks that follow it."""
    match claim:
        case NightsClaim():
            return claim.first, claim.until
        case PlaceClaim():
            return claim.first, claim.until or claim.first + A_YEAR
        case SlotClaim():
            day = local_day(claim.start, ruled.zone)
            return day, day + A_DAY
        case CaseClaim():
            rooms = hearing_room(session, ruled, first=ruled.today, until=ruled.today + A_YEAR, now=now)
            day = local_day(rooms[0].starts_at, ruled.zone) if rooms else ruled.today
            return day, day + HEARINGS_WITHIN


def _implied(ruled: Ruled) -> tuple[str | None, int | None]:
    """Return the profile that the refused place implies: whoever wanted a men's section is not sent to the women's."""
    sex = ruled.attributes.get("sex")
    ages = [ruled.attributes.get(name) for name in ("min_age", "max_age")]
    age = next((int(age) for age in ages if age), None)
    return (sex if sex in ("F", "M") else None), age


def _profile(session: Session, actor: Actor, person_id: UUID, on: date) -> tuple[str | None, int | None]:
    person = person_for(session, actor, person_id)
    age = age_on(person.birth_on, on)
    return person.sex or None, age if 13 <= age <= 120 else None


def _nearest(free: list[datetime], wanted: datetime, most: int = 3) -> tuple[datetime, ...]:
    return tuple(sorted(free, key=lambda start: abs(start - wanted))[:most])
