"""Where and for whom the map searches: an address, a pin put by hand, the file of a person.

The network, if it is asked, is asked outside of every transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from availability.errors import NotFound
from availability.geocodes import remember, remembered
from availability.places import Located, communes_in, locate, nearest_commune, pointed
from availability.rights import Actor
from availability.sealing import House
from availability.search import Wish
from booking.day import today_of
from booking.filters import Filters, point_in, understand
from booking.map import kind_named
from booking.pages.person_picker import NOBODY, Choice, choice_of
from booking.persons import Profile, profile_of
from portal import clock
from portal.database import act, read
from portal.routing import timed
from portal.settings import secret_key, settings

NOWHERE = Located(())
Times = Mapping[int, int | None]  # minutes by site, None where no road leads


@dataclass(frozen=True)
class Aim:
    """Where and for whom to search: the filters, completed by the person's own facts."""

    filters: Filters
    location: Located
    person: Choice
    address: str = ""  # of the person, when it is where one searches: it goes in no address of a page, and is not kept

    @property
    def near(self) -> tuple[float, float] | None:
        """Return latitude and longitude of the best place found."""
        best = self.location.best
        return (best.lat, best.lon) if best else None

    def without_person(self) -> tuple[Filters, tuple[float, float] | None]:
        """Return the filters and the point of a search that names nobody: the commune stands for an address.

        So it does for a pin, which may have been dragged from somebody's home.
        """
        filters = replace(self.filters, personne="")
        if not self.filters.personne or not (self.address or self.filters.point):
            return filters, self.near
        filters = replace(filters, point="")
        commune = nearest_commune(*self.near) if self.near else next(iter(communes_in(self.address)), None)
        if commune is None:
            return filters, None
        return replace(filters, lieu=f"{commune.name} ({commune.department})"), (commune.lat, commune.lon)


async def aim_of(actor: Actor, filters: Filters, *, is_shown: bool) -> Aim:
    """Return where and for whom to search.

    The address of a person stays out of the page's address: only their identifier is in it.
    """
    person, address = NOBODY, ""
    if filters.personne and (profile := await _profile(actor, filters.personne, is_shown=is_shown)):
        person, address = choice_of(profile.line), profile.address
        filters = replace(filters, sexe=filters.sexe or profile.line.sex, age=filters.age or str(profile.age))
    if point := point_in(filters.point):
        return Aim(filters, await asyncio.to_thread(pointed, *point), person)
    if filters.lieu or not address:
        return Aim(filters, await _locate(filters.lieu), person)
    # Only what is typed is remembered: an address of a person must not outlive their file.
    return Aim(filters, await asyncio.to_thread(_ask, address), person, address)


async def times_of(actor: Actor, filters: Filters, near: tuple[float, float] | None) -> Times:
    """Return the travel times that the routing engine gives, by site; nothing when there is none to ask.

    Raises: NotAllowed.
    """
    if not settings().routing_url or near is None:
        return {}
    wish = await read(_wish, actor, filters, near, now=clock.now())
    return (await timed(actor, wish)).times


def _wish(session: Session, actor: Actor, filters: Filters, near: tuple[float, float], *, now: datetime) -> Wish:
    _, kind = kind_named(session, actor, filters.type)
    return understand(filters, kind, near, today=today_of(session, actor, now=now)).wish


async def _profile(actor: Actor, typed: str, *, is_shown: bool) -> Profile | None:
    try:
        house = House(secret_key())
        return await act(profile_of, actor, UUID(typed), house=house, now=clock.now(), is_shown=is_shown)
    except (ValueError, NotFound):
        return None  # an address copied from elsewhere: the search goes on without the person


def _ask(typed: str) -> Located:
    return locate(typed, ban_url=settings().ban_url)


async def _locate(typed: str) -> Located:
    if not typed:
        return NOWHERE
    if not settings().ban_url:
        return await asyncio.to_thread(_ask, typed)
    if known := await read(remembered, typed, now=clock.now()):
        return known
    location = await asyncio.to_thread(_ask, typed)
    await act(remember, typed, location, now=clock.now())
    return location
