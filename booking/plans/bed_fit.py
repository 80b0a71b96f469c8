"""Which sections suit each person who waits: what the search itself says, asked once for all those who want the same.

The optimizer is told of it as tags: a section has "regime:2" when nothing of its regime keeps out those of profile 2.
So hours at night, weekends and whatever a kind is searched on count here as they do on the map.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed
from availability.models import Kind
from availability.rights import Actor, Right
from availability.search import search
from availability.travel import minutes_for
from availability.wishes import Found, Wish
from booking.filters import Filters, understand
from booking.plans.kept import PLANNERS
from booking.waiting_models import WaitingEntry

ROLES = PLANNERS["beds"]
ELSEWHERE = "elsewhere"  # a tag of who wants one section, one establishment, or the court's own
SECTION = "section"  # a tag of who stays in the section that they have
Profile = tuple[object, ...]  # what is wanted, but the days


@dataclass(frozen=True, kw_only=True)
class Suited:
    """Those of one profile: what they need of a section, and the minutes to each establishment when that is known.

    `misfits` are the reasons, by section, of what was found within reach; what was not found is out of reach.
    """

    number: int
    misfits: Mapping[int, frozenset[str]]
    codes: frozenset[str]
    minutes: Mapping[int, int] | None  # by site; None when nothing says where they would travel from
    sex: str = ""
    age: int | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Return the tags that a section must have."""
        return frozenset(f"{code}:{self.number}" for code in self.codes)

    def has(self, resource_id: int) -> frozenset[str]:
        """Return the tags that a section has for them."""
        wrong = self.misfits.get(resource_id, frozenset({ELSEWHERE}))
        return frozenset(f"{code}:{self.number}" for code in self.codes - wrong)

    def suits(self, resource_id: int) -> bool:
        """Say whether a section does."""
        return resource_id in self.misfits and not self.misfits[resource_id]


@dataclass(frozen=True)
class Fits:
    """Who is suited by what: the profile of each entry, and the sections that were found for any."""

    of_entry: Mapping[UUID, Suited]
    sections: Mapping[int, Found]
    profiles: tuple[Suited, ...] = field(default=())

    def tags(self, resource_id: int) -> frozenset[str]:
        """Return what a section has, for all."""
        found = {tag for profile in self.profiles for tag in profile.has(resource_id)}
        return frozenset(found | {f"{SECTION}:{resource_id}"})


def fits(session: Session, entries: Iterable[WaitingEntry], kind: Kind, *, today: date, now: datetime) -> Fits:
    """Return what suits those who wait for beds of a kind, as their own court sees it."""
    alike: dict[Profile, list[WaitingEntry]] = defaultdict(list)
    for entry in entries:
        alike[_profile(entry)].append(entry)
    profiles: list[Suited] = []
    of_entry: dict[UUID, Suited] = {}
    sections: dict[int, Found] = {}
    for number, (_, those) in enumerate(sorted(alike.items(), key=lambda one: repr(one[0]))):
        wish = wish_of(those[0], kind, today)
        found = _found(session, those[0], wish, now) if wish else []
        suited = _suited(number, wish, found)
        profiles.append(suited)
        sections |= {one.resource_id: one for one in found}
        of_entry |= {one.id: suited for one in those}
    return Fits(of_entry, dict(sorted(sections.items())), tuple(profiles))


def wish_of(entry: WaitingEntry, kind: Kind, today: date) -> Wish | None:
    """Return what an entry wants, as the map would; None when its kind is searched on something else since.

    Somebody of whom nothing says where they live or work is looked for in their own court only.
    """
    is_named = entry.resource_id is not None or entry.site_id is not None
    near = None if is_named or entry.lat is None or entry.lon is None else (entry.lat, entry.lon)
    try:
        wish = understand(Filters.read(entry.query), kind, near, today=today).wish
    except InvalidRequest:
        return None
    return replace(
        wish,
        first=today,
        until=today + timedelta(days=1),
        bounds=None,
        resource_ids=None if entry.resource_id is None else (entry.resource_id,),
        site_ids=None if entry.site_id is None else (entry.site_id,),
        beyond=(wish.beyond or kind.crosses_territories) and (is_named or near is not None),
    )


def looking(territory_id: int) -> Actor:
    """Return who looks in the name of a court: with the rights of those who plan there, and nothing more."""
    rights = tuple(Right(role, frozenset({territory_id})) for role in ROLES)
    return Actor(UUID(int=0), "", rights, territory_id)


def _profile(entry: WaitingEntry) -> Profile:
    where = (entry.territory_id, entry.resource_id, entry.site_id, entry.lat, entry.lon)
    return (*where, tuple(sorted((name, str(value)) for name, value in entry.query.items())))


def _found(session: Session, entry: WaitingEntry, wish: Wish, now: datetime) -> list[Found]:
    try:
        return search(session, looking(entry.territory_id), wish, now=now)
    except NotAllowed:  # the kind is open to others since
        return []


def _suited(number: int, wish: Wish | None, found: list[Found]) -> Suited:
    misfits = {one.resource_id: frozenset(one.mismatches) for one in found}
    from_there = wish is not None and wish.origin is not None
    return Suited(
        number=number,
        misfits=misfits,
        codes=frozenset().union(*misfits.values()) | (frozenset() if from_there else {ELSEWHERE}),
        minutes={one.site_id: _minutes(one) for one in found} if from_there else None,
        sex=wish.sex or "" if wish else "",
        age=wish.age if wish else None,
    )


def _minutes(one: Found) -> int:
    if one.travel_min is not None:
        return one.travel_min
    return 0 if one.distance_km is None else minutes_for(one.distance_km)
