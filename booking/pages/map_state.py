"""The map: what is free, where, when, for whom. Its address carries every filter, and the open sheet.

A change of filter only changes the address; loading an address is the one place where a search is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import NotFound
from availability.gazetteer import Commune, suggest
from availability.models import Kind
from availability.places import Located, locate
from availability.rights import SEARCHERS, Actor
from availability.search import Wish
from availability.sites import Spot
from booking.day import today_of
from booking.filters import Filters, Reading, understand
from booking.map import (
    HORIZON_DAYS,
    STRIP_DAYS,
    added,
    days_ahead,
    kind_named,
    log_beyond,
    look,
    map_state,
    next_free,
    site_only,
    strip,
)
from booking.pages.map_words import Card, card, located_words, reasons, sentence
from booking.pages.person_picker import NOBODY, Choice, PersonPickerState, choice_of
from booking.pages.reserve_state import ReserveState
from booking.persons import Profile, profile_of
from booking.sealing import House
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.settings import secret_key, settings

CARDS_AT_ONCE = 20
FITTED_KM_PER_DEGREE = 111.2
NOTHING_TYPED = {each.name: "" for each in fields(Filters) if each.name != "problems"}


@dataclass(frozen=True)
class Layer:
    """One choice of what to look for."""

    code: str
    label: str
    is_current: bool


@dataclass(frozen=True)
class Screen:
    """What one search puts on the screen."""

    kinds: list[Kind]
    kind: Kind
    reading: Reading
    spots: list[Spot]
    cards: list[Card]
    sentence: str
    reasons: list[str]


@dataclass(frozen=True)
class Aim:
    """Where and for whom to search: the filters, completed by the person's own facts."""

    filters: Filters
    location: Located
    person: Choice


class MapState(rx.State):
    """The filters as typed, the cards shown, and what the map needs to draw the same places."""

    layers: list[Layer] = []  # noqa: RUF012 - Reflex copies the default for each client
    typed: dict[str, str] = NOTHING_TYPED
    problems: dict[str, str] = NOTHING_TYPED
    suggestions: list[str] = []  # noqa: RUF012
    located: str = ""
    sentence: str = ""
    reasons: list[str] = []  # noqa: RUF012
    cards: list[Card] = []  # noqa: RUF012
    total_cards: int = 0
    is_loaded: bool = False
    is_busy: bool = False
    shows_map: bool = False  # on a phone, where the list comes first
    shows_filters: bool = False  # on a phone; a wide screen always shows them
    points_url: str = ""
    patch: dict[str, dict[str, int | str]] = {}  # noqa: RUF012
    fit: list[float] = []  # noqa: RUF012
    origin: list[float] = []  # noqa: RUF012
    radius_km: float = 0
    highlighted: str = ""
    selected: str = ""
    here: str = ""  # the part of the map that is shown, once moved by hand
    _shown: int = CARDS_AT_ONCE
    _query: str = ""
    _near: tuple[float, float] | None = None

    @rx.var
    def more_label(self) -> str:
        """Name the button that shows the next cards; empty when all are shown."""
        left = self.total_cards - len(self.cards)
        return f"Afficher {min(left, CARDS_AT_ONCE)} lieux de plus (encore {left})" if left > 0 else ""

    @allow(*SEARCHERS)
    @rx.event
    async def load(self) -> Any:
        """Search what the address says."""
        actor = await current_actor(self)
        filters = Filters.read(self.router.url.query_parameters)
        query = replace(filters, site="").to_query()
        if query != self._query:
            self._shown, self.here = CARDS_AT_ONCE, ""
        self._query = query
        self.is_busy = True
        yield
        aim = await aim_of(actor, filters, is_shown=True)
        (await self.get_state(PersonPickerState)).chosen = aim.person
        screen = await read(_screen, actor, aim, shown=self._shown, now=clock.now())
        if filters.flag("ailleurs"):
            await act(log_beyond, actor, screen.kind.code, now=clock.now())
        self._show(screen, aim)
        watch(self)
        self.selected = filters.site
        yield ReserveState.show(filters.site, aim.filters.to_query())

    @allow(*SEARCHERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> EventSpec:
        """Search with the filters of the form."""
        typed = Filters.read(form)
        kept = Filters.read(self.typed)
        boxes = {name: getattr(typed, name) for name in ("weekend", "accessible", "libres", "ailleurs")}
        self.shows_filters = False
        moved = typed.lieu != kept.lieu or typed.rayon != kept.rayon
        return _go(replace(typed, **boxes, type=kept.type, personne=kept.personne, cadre="" if moved else kept.cadre))

    @allow(*SEARCHERS)
    @rx.event
    async def choose_layer(self, code: str) -> EventSpec:
        """Look for something else, elsewhere being the same."""
        return _go(replace(Filters.read(self.typed), type=str(code), site=""))

    @allow(*SEARCHERS)
    @rx.event
    async def for_person(self) -> EventSpec | None:
        """Search for the person chosen: their sex, age and address are the filters."""
        chosen = (await self.get_state(PersonPickerState)).chosen.id
        if chosen == self.typed["personne"]:
            return None
        return _go(replace(Filters.read(self.typed), personne=chosen, sexe="", age="", lieu="", cadre=""))

    @allow(*SEARCHERS)
    @rx.event
    async def forget_filters(self) -> EventSpec:
        """Look for the same thing with no filter."""
        return _go(Filters(type=Filters.read(self.typed).type))

    @allow(*SEARCHERS)
    @rx.event
    async def suggest_places(self, typed: str) -> None:
        """Offer the communes that begin so."""
        self.suggestions = [_label(commune) for commune in suggest(str(typed)[:80])]

    @allow(*SEARCHERS)
    @rx.event
    async def moved(self, bounds: list[float], zoom: float) -> None:  # noqa: ARG002 - the map sends both
        """Offer to search the part of the map that is shown."""
        numbers = [edge for edge in bounds if isinstance(edge, int | float)] if isinstance(bounds, list) else []
        self.here = ",".join(f"{edge:.4f}" for edge in numbers) if len(numbers) == 4 else ""

    @allow(*SEARCHERS)
    @rx.event
    async def search_here(self) -> EventSpec:
        """Search the part of the map that is shown."""
        return _go(replace(Filters.read(self.typed), cadre=self.here))

    @allow(*SEARCHERS)
    @rx.event
    async def show_more(self) -> Any:
        """Show the next cards."""
        self._shown = min(self._shown + CARDS_AT_ONCE, 10_000)
        return MapState.load

    @allow(*SEARCHERS)
    @rx.event
    async def show_map(self, shows_map: bool) -> None:
        """Show the map or the list, on a phone."""
        self.shows_map = bool(shows_map)

    @allow(*SEARCHERS)
    @rx.event
    async def toggle_filters(self) -> None:
        """Show or hide the filters, on a phone."""
        self.shows_filters = not self.shows_filters

    @allow(*SEARCHERS)
    @rx.event
    async def point_at(self, site_id: str) -> None:
        """Light up a place on the map and in the list."""
        self.highlighted = str(site_id)[:20]

    @allow(*SEARCHERS)
    @rx.event
    async def open_site(self, site_id: str) -> EventSpec:
        """Open the sheet of a place."""
        return _go(replace(Filters.read(self.typed), site=str(site_id)))

    @allow(*SEARCHERS)
    @rx.event
    async def close_site(self) -> EventSpec:
        """Close the sheet; the list and the map stay."""
        return _go(replace(Filters.read(self.typed), site=""))

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Patch the cards and pins of the places that somebody else changed."""
        actor = await current_actor(self)
        filters = Filters.read(self.typed)
        spots, cards = await read(_changed, actor, filters, self._near, resource_ids, now=clock.now())
        if spots:
            self.patch = {**self.patch, **{str(s.site_id): {"free": s.free, "state": map_state(s)} for s in spots}}
            fresh = {new.site_id: new for new in cards}
            self.cards = [fresh.get(old.site_id, old) for old in self.cards]

    def _show(self, screen: Screen, aim: Aim) -> None:
        wish, filters = screen.reading.wish, screen.reading.filters
        self.layers = [Layer(kind.code, kind.layer, kind.id == screen.kind.id) for kind in screen.kinds]
        self.typed = _typed(filters, wish)
        self._near = wish.near
        self.problems = NOTHING_TYPED | screen.reading.problems | _not_found(aim)
        self.located = located_words(aim.location)
        self.sentence, self.reasons = screen.sentence, screen.reasons
        self.cards, self.total_cards = screen.cards, len(screen.spots)
        self.points_url = f"/carte/points?{replace(filters, site='', type=screen.kind.code).to_query()}"
        self.patch = {}
        self.origin = [wish.near[1], wish.near[0]] if wish.near else []
        self.radius_km = wish.radius_km or 0
        self.fit = _edges(wish, screen.spots)
        self.is_loaded, self.is_busy = True, False


def _go(filters: Filters) -> EventSpec:
    return rx.redirect(f"/carte/?{filters.to_query()}")


async def aim_of(actor: Actor, filters: Filters, *, is_shown: bool) -> Aim:
    """Return where and for whom to search.

    The address of a person stays out of the page's address: only their identifier is in it. The network, if it is
    asked, is asked outside of every transaction.
    """
    person, address = NOBODY, ""
    if filters.personne and (profile := await _profile(actor, filters.personne, is_shown=is_shown)):
        person, address = choice_of(profile.line), profile.address
        filters = replace(filters, sexe=filters.sexe or profile.line.sex, age=filters.age or str(profile.age))
    # Only what is typed is remembered: an address of a person must not outlive their file.
    search = (_locate, filters.lieu) if filters.lieu or not address else (_ask, address)
    location = await asyncio.to_thread(*search)
    return Aim(filters, location, person)


async def _profile(actor: Actor, typed: str, *, is_shown: bool) -> Profile | None:
    try:
        house = House(secret_key())
        return await act(profile_of, actor, UUID(typed), house=house, now=clock.now(), is_shown=is_shown)
    except (ValueError, NotFound):
        return None  # an address copied from elsewhere: the search goes on without the person


def point_of(location: Located) -> tuple[float, float] | None:
    """Return latitude and longitude of the best place found."""
    return (location.best.lat, location.best.lon) if location.best else None


def _ask(typed: str) -> Located:
    return locate(typed, ban_url=settings().ban_url)


_remembered = lru_cache(maxsize=4096)(_ask)


def _locate(typed: str) -> Located:
    location = _remembered(typed)
    if location.ban_failed:
        _remembered.cache_clear()  # the address base may answer next time
    return location


def _label(commune: Commune) -> str:
    return f"{commune.postcodes[0]} {commune.name}" if commune.postcodes else commune.name


def _screen(
    session: Session,
    actor: Actor,
    aim: Aim,
    *,
    shown: int,
    now: datetime,
) -> Screen:
    filters = aim.filters
    kinds, kind = kind_named(session, actor, filters.type)
    today = today_of(session, actor, now=now)
    reading = understand(filters, kind, point_of(aim.location), today=today)
    answer = look(session, actor, reading.wish, only_free=filters.flag("libres"), now=now)
    return Screen(
        kinds=kinds,
        kind=kind,
        reading=reading,
        spots=answer.spots,
        cards=_cards(session, kind, answer.spots[:shown], reading.wish.first, today=today, now=now),
        sentence=sentence(kind, answer.tally, filters, reading.wish.radius_km),
        reasons=reasons(answer.tally),
    )


def _changed(
    session: Session,
    actor: Actor,
    filters: Filters,
    near: tuple[float, float] | None,
    resource_ids: frozenset[int],
    *,
    now: datetime,
) -> tuple[list[Spot], list[Card]]:
    """Search again the sites of some resources, among those that the wish reaches."""
    _, kind = kind_named(session, actor, filters.type)
    today = today_of(session, actor, now=now)
    wish = understand(filters, kind, near, today=today).wish
    changed = look(session, actor, replace(wish, resource_ids=tuple(resource_ids)), only_free=False, now=now).spots
    if not changed:
        return [], []
    spots = look(session, actor, site_only(wish, [spot.site_id for spot in changed]), only_free=False, now=now).spots
    return spots, _cards(session, kind, spots, wish.first, today=today, now=now)


def _cards(
    session: Session, kind: Kind, spots: Sequence[Spot], first: date, *, today: date, now: datetime
) -> list[Card]:
    suitable = [one for spot in spots for one in spot.resources if one.mismatch is None]
    counts = days_ahead(session, kind, suitable, first=first, days=HORIZON_DAYS, now=now)
    cards = []
    for spot in spots:
        ahead = [strip(counts.get(one.resource_id, []), first, HORIZON_DAYS) for one in spot.resources
                 if one.mismatch is None] or [strip([], first, HORIZON_DAYS)]  # fmt: skip
        days = added(ahead)
        cards.append(card(spot, kind, days[:STRIP_DAYS], next_free(days), today=today))
    return cards


def _typed(filters: Filters, wish: Wish) -> dict[str, str]:
    """Return what the form shows: what was typed, and the defaults where nothing was."""
    typed = {name: value for name, value in vars(filters).items() if name != "problems"}
    defaults = {"type": wish.kind.code, "du": wish.first.isoformat(), "au": wish.until.isoformat(), "rayon": "50"}
    return {name: value or defaults.get(name, "") for name, value in typed.items()}


def _not_found(aim: Aim) -> dict[str, str]:
    if aim.filters.lieu and aim.location.best is None:
        return {"lieu": "Ce lieu n’a pas été trouvé : essayez une commune ou un code postal."}
    return {}


def _edges(wish: Wish, spots: Sequence[Spot]) -> list[float]:
    """Return what the map shows: the circle, or everything found; nothing when the user drew the frame."""
    if wish.bounds:
        return []
    if wish.near and wish.radius_km:
        height = wish.radius_km / FITTED_KM_PER_DEGREE
        lat, lon = wish.near
        return [lon - height * 1.5, lat - height, lon + height * 1.5, lat + height]
    placed = [(spot.lon, spot.lat) for spot in spots if spot.lat is not None and spot.lon is not None]
    if not placed:
        return []
    lons, lats = zip(*placed, strict=True)
    return [min(lons), min(lats), max(lons), max(lats)]
