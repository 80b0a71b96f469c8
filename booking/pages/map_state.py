"""The map: what is free, where, when, for whom. Its address carries every filter, and the open sheet.

A change of filter only changes the address; loading an address is the one place where a search is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest
from availability.models import Shape
from availability.places import Box, bounding_box
from availability.rights import REQUESTERS, SEARCHERS
from availability.search import Wish
from availability.sites import Spot
from booking.filters import WORK_DAYS, Filters
from booking.map import log_beyond, map_state
from booking.pages.map_aim import Aim, aim_of, times_of
from booking.pages.map_fields import Field, Tag, merged
from booking.pages.map_screen import Screen, Wider, changed, said_again, screen_of
from booking.pages.map_words import Card, Reason, located_words, wrong_place
from booking.pages.person_picker import PersonPickerState
from booking.pages.pin import read_pin
from booking.pages.reserve_state import ReserveState
from booking.pages.saved_state import SavedState
from booking.pages.table_words import Table
from booking.pages.waiting_words import ask_address
from booking.question import form_of
from portal import clock
from portal.database import act, read
from portal.live import Scope, watch
from portal.policy import allow, current_actor

CARDS_AT_ONCE = 20
FITTED_KM_PER_DEGREE = 111.2
NOTHING_TYPED = {each.name: "" for each in fields(Filters) if each.name not in ("problems", "attributs")}
ALWAYS_SHOWN = ("lieu", "du", "au", "mesure", "rayon", "trajet", "libres", "ailleurs")
HOURS_SHOWN = ("debut", "fin")
VIEWS = ("", "carte", "liste", "tableau")
NO_PIN_PROBLEM = {"lat": "", "lon": ""}


@dataclass(frozen=True)
class Layer:
    """One choice of what to look for."""

    code: str
    label: str
    is_current: bool


class MapState(rx.State):
    """The filters as typed, the cards shown, and what the map needs to draw the same places."""

    layers: list[Layer] = []  # noqa: RUF012 - Reflex copies the default for each client
    typed: dict[str, str] = NOTHING_TYPED
    problems: dict[str, str] = NOTHING_TYPED
    main_fields: list[Field] = []  # noqa: RUF012
    more_fields: list[Field] = []  # noqa: RUF012
    has_hours: bool = False
    days: list[bool] = []  # noqa: RUF012 - worked, from Monday
    tags: list[Tag] = []  # noqa: RUF012
    located: str = ""
    is_by_hand: bool = False
    sentence: str = ""
    why_title: str = ""
    reasons: list[Reason] = []  # noqa: RUF012
    wider: Wider = Wider()
    waiting_href: str = ""  # where what is searched is put on the waiting list
    cards: list[Card] = []  # noqa: RUF012
    table: Table = Table()
    total_cards: int = 0
    is_loaded: bool = False
    is_busy: bool = False
    shows_filters: bool = False  # on a phone; a wide screen always shows them
    points_url: str = ""
    patch: dict[str, dict[str, int | str]] = {}  # noqa: RUF012
    fit: list[float] = []  # noqa: RUF012
    origin: list[float] = []  # noqa: RUF012
    radius_km: float = 0
    highlighted: str = ""
    selected: str = ""
    here: str = ""  # the part of the map that is shown, once moved by hand
    pin: dict[str, str] = NO_PIN_PROBLEM  # as typed, when it is put without the map
    pin_problems: dict[str, str] = NO_PIN_PROBLEM
    _shown: int = CARDS_AT_ONCE
    _query: str = ""
    _asked: str = ""  # the last address asked for: what is pressed while it is being loaded adds to it
    _near: tuple[float, float] | None = None

    @rx.var
    def more_label(self) -> str:
        """Name the button that shows the next cards; empty when all are shown."""
        left = self.total_cards - len(self.cards)
        return f"Afficher {min(left, CARDS_AT_ONCE)} lieux de plus (encore {left})" if left > 0 else ""

    @rx.var
    def reason_title(self) -> str:
        """Name what is shown, when it is what was left out."""
        return next((f"Laissés de côté : {reason.words}" for reason in self.reasons if reason.is_current), "")

    @rx.var
    def more_open(self) -> bool:
        """Say whether one of the criteria that are folded says something."""
        return any(field.value or field.problem for field in self.more_fields) or self.typed["ailleurs"] != ""

    @rx.var
    def hours_open(self) -> bool:
        """Say whether hours of work were typed."""
        return bool(self.typed["debut"] or self.typed["fin"])

    @allow(*SEARCHERS)
    @rx.event
    async def load(self) -> Any:
        """Search what the address says."""
        actor = await current_actor(self)
        filters = Filters.read(self.router.url.query_parameters)
        query = replace(filters, site="").to_query()
        if query != self._query:
            self._shown, self.here = CARDS_AT_ONCE, ""
        self._query = self._asked = query
        self.is_busy = True
        watch(self)
        yield
        aim = await aim_of(actor, filters, is_shown=True)
        picker = await self.get_state(PersonPickerState)
        if not filters.site:
            picker.open_in("map")
        picker.chosen = aim.person
        times = await times_of(actor, aim.filters, aim.near)
        screen = await read(screen_of, actor, aim, filters, times, shown=self._shown, now=clock.now())
        if filters.flag("ailleurs"):
            await act(log_beyond, actor, screen.kind.code, now=clock.now())
        self._show(screen, aim)
        may_wait = actor.has(*REQUESTERS) and screen.kind.shape != Shape.SESSIONS
        self.waiting_href = ask_address(replace(filters, type=screen.kind.code)) if may_wait else ""
        await (await self.get_state(SavedState)).show(actor, screen, query)
        watch(self, _scope(screen))
        self.selected = filters.site
        point = f"{aim.near[0]},{aim.near[1]}" if aim.near else ""
        yield ReserveState.show(filters.site, replace(aim.filters, point=point, type=screen.kind.code).to_query())

    @allow(*SEARCHERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> EventSpec:
        """Search with the filters of the form; those that it does not show are kept."""
        kept = self._filters()
        displayed = self.typed | {one.name: one.value for one in (*self.main_fields, *self.more_fields)}
        own = [one.name for one in (*self.main_fields, *self.more_fields)]
        shown = (*ALWAYS_SHOWN, *own, *(HOURS_SHOWN if self.has_hours else ()))
        if not isinstance(form, dict):
            raise InvalidRequest("form", "not-a-form")
        typed = merged(kept, form, shown, displayed)
        if typed.mesure != "min":
            typed = replace(typed, mesure="")
        if typed.lieu != kept.lieu:
            typed = replace(typed, point="")
        if any(getattr(typed, name) != getattr(kept, name) for name in ("lieu", "rayon", "mesure", "trajet")):
            typed = replace(typed, cadre="")
        self.shows_filters = False
        return self._go(replace(typed, site="", page="", raison=""))

    @allow(*SEARCHERS)
    @rx.event
    async def choose_layer(self, code: str) -> EventSpec:
        """Look for something else, elsewhere being the same."""
        return self._go(replace(self._filters(), type=str(code), site="", page="", raison="", tri=""))

    @allow(*SEARCHERS)
    @rx.event
    async def choose_view(self, view: str) -> EventSpec:
        """Show the answer as a map, a list or a table."""
        return self._go(replace(self._filters(), vue=view if view in VIEWS else "", page="", site=""))

    @allow(*SEARCHERS)
    @rx.event
    async def show_reason(self, code: str) -> EventSpec:
        """Show what a reason leaves out; nothing is the answer itself."""
        return self._go(replace(self._filters(), raison=str(code)[:60], page="", site=""))

    @allow(*SEARCHERS)
    @rx.event
    async def remove(self, names: str) -> EventSpec:
        """Remove a filter in use."""
        return self._go(self._filters().without(*str(names).split(","), "page", "raison", "site"))

    @allow(*SEARCHERS)
    @rx.event
    async def for_person(self) -> EventSpec | None:
        """Search for the person chosen: their sex, age and address are the filters."""
        chosen = (await self.get_state(PersonPickerState)).chosen.id
        if chosen == self.typed["personne"]:
            return None
        return self._go(
            replace(self._filters(), personne=chosen, sexe="", age="", lieu="", point="", cadre="", raison="")
        )

    @allow(*SEARCHERS)
    @rx.event
    async def forget_filters(self) -> EventSpec:
        """Look for the same thing with no filter."""
        kept = self._filters()
        return self._go(Filters(type=kept.type, vue=kept.vue))

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
        return self._go(replace(self._filters(), cadre=self.here, page="", raison=""))

    @allow(*SEARCHERS)
    @rx.event
    async def put_pin(self, lat: float, lon: float) -> EventSpec | None:
        """Search around the pin, that was dragged or moved by the arrows."""
        point, _ = read_pin(lat, lon)
        return self._around(point) if point else None

    @allow(*SEARCHERS)
    @rx.event
    async def type_pin(self, form: dict[str, Any]) -> EventSpec | None:
        """Search around a point typed as latitude and longitude, which is the same without the map."""
        typed = form_of(form)
        self.pin = {name: typed.get(name, "")[:20] for name in NO_PIN_PROBLEM}
        point, problems = read_pin(self.pin["lat"], self.pin["lon"])
        self.pin_problems = NO_PIN_PROBLEM | problems
        return self._around(point) if point else rx.set_focus(next(iter(problems)))

    @allow(*SEARCHERS)
    @rx.event
    async def forget_pin(self) -> EventSpec:
        """Search around the address again."""
        return self._go(replace(self._filters(), point="", cadre="", site=""))

    @allow(*SEARCHERS)
    @rx.event
    async def show_more(self) -> Any:
        """Show the next cards."""
        self._shown = min(self._shown + CARDS_AT_ONCE, 10_000)
        return MapState.load

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
        return self._go(replace(self._filters(), site=str(site_id)))

    @allow(*SEARCHERS)
    @rx.event
    async def close_site(self) -> EventSpec:
        """Close the sheet; the list and the map stay."""
        return self._go(replace(self._filters(), site=""))

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Patch the cards, lines and pins of the places that somebody else changed."""
        actor = await current_actor(self)
        filters = Filters.read(self.typed | self._filters().attributs)
        around = (self._near, await times_of(actor, filters, self._near))
        spots, cards, rows = await read(changed, actor, filters, around, resource_ids, now=clock.now())
        if spots or rows:
            said = await read(said_again, actor, filters, around, now=clock.now())
            self.sentence, self.why_title, self.reasons = said
        if spots:
            self.patch = {**self.patch, **{str(s.site_id): {"free": s.free, "state": map_state(s)} for s in spots}}
            if not self.typed["raison"]:
                fresh = {new.site_id: new for new in cards}
                self.cards = [fresh.get(old.site_id, old) for old in self.cards]
        if rows:
            lines = {new.resource_id: new for new in rows}
            self.table = replace(self.table, rows=[lines.get(old.resource_id, old) for old in self.table.rows])

    def _filters(self) -> Filters:
        """Return what the address says or is about to say, without the open sheet."""
        return Filters.read(dict(parse_qsl(self._asked)))

    def _go(self, filters: Filters) -> EventSpec:
        self._asked = replace(filters, site="").to_query()
        return rx.redirect(f"/carte/?{filters.to_query()}")

    def _around(self, point: tuple[float, float]) -> EventSpec:
        self.pin_problems = NO_PIN_PROBLEM
        return self._go(replace(self._filters(), point=f"{point[0]:.5f},{point[1]:.5f}", cadre="", site="", raison=""))

    def _show(self, screen: Screen, aim: Aim) -> None:
        wish, filters = screen.reading.wish, screen.reading.filters
        self.layers = [Layer(kind.code, kind.layer, kind.id == screen.kind.id) for kind in screen.kinds]
        self.typed = _typed(filters, wish)
        self._near = wish.near
        wrong = wrong_place(aim.filters.lieu, aim.location) if not aim.filters.point else ""
        self.problems = NOTHING_TYPED | ({"lieu": wrong} if wrong else {}) | _known(screen.reading.problems)
        self.main_fields, self.more_fields = screen.fields.main, screen.fields.more
        self.has_hours = screen.fields.has_hours
        self.days = [str(number) in (filters.jours or WORK_DAYS) for number in range(1, 8)]
        self.tags, self.wider = screen.tags, screen.wider
        self.located, self.is_by_hand = located_words(aim.location), bool(aim.filters.point)
        self.pin = {"lat": f"{wish.near[0]:.5f}", "lon": f"{wish.near[1]:.5f}"} if wish.near else NO_PIN_PROBLEM
        self.sentence, self.why_title, self.reasons = screen.sentence, screen.why_title, screen.reasons
        self.cards, self.table, self.total_cards = screen.cards, screen.table, len(screen.spots)
        reason = next((one.code for one in screen.reasons if one.is_current), "")
        address = replace(filters, site="", vue="", tri="", page="", raison=reason, type=screen.kind.code)
        self.points_url = f"/carte/points?{address.to_query()}"
        self.patch = {}
        self.origin = [wish.near[1], wish.near[0]] if wish.near else []
        self.radius_km = wish.radius_km or 0
        self.fit = _edges(wish, screen.spots)
        self.is_loaded, self.is_busy = True, False


def _known(problems: dict[str, str]) -> dict[str, str]:
    """Return the problems of the fields that are always there; those of the kind's schema are in its own fields."""
    return {name: words for name, words in problems.items() if name in NOTHING_TYPED}


def _scope(screen: Screen) -> Scope:
    """Return what the page shows, so that it is told of nothing else."""
    wish = screen.reading.wish
    if wish.bounds:
        west, south, east, north = wish.bounds
        return Scope(screen.kind.id, Box(south, north, west, east))
    if wish.near and wish.radius_km:
        return Scope(screen.kind.id, bounding_box(*wish.near, wish.radius_km))
    return Scope(screen.kind.id)


def _typed(filters: Filters, wish: Wish) -> dict[str, str]:
    """Return what the form shows: what was typed, and the defaults where nothing was."""
    defaults = {
        "type": wish.kind.code,
        "du": wish.first.isoformat(),
        "au": wish.until.isoformat(),
        "mesure": "km",
        "rayon": "50",
        "trajet": "45",
    }
    typed = {name: value for name, value in filters.typed().items() if name in NOTHING_TYPED}
    return {name: value or defaults.get(name, "") for name, value in typed.items()}


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
