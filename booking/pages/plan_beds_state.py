"""What the page that gives beds to those who wait shows and does besides what every planning page does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest
from booking.pages.beds_sent import Sent, all_of, packed
from booking.pages.establishment_words import Column, Month
from booking.pages.plan_beds_desk import DESK, NIGHTS_SHOWN, WardAsked, WardShown
from booking.pages.plan_beds_grid import place_of
from booking.pages.plan_beds_words import Chosen, Named
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import Look
from booking.pages.plans_state import PlansState, planning_for
from booking.plans.bed_apart import keep_apart, let_together
from booking.plans.bed_hand import Move, change_as_proposed, move_by_hand
from booking.plans.kept import PLANNERS
from booking.plans.settings import Locked
from booking.question import form_of
from optimizer.manners import Manner
from portal import clock
from portal.database import act
from portal.policy import allow, current_actor
from portal.ui.dates import long_day, plural
from portal.ui.notice import NoticeState

ROLES = PLANNERS["beds"]
STEP = timedelta(days=28)


@planning_for(DESK)
class PlanBedsState(PlansState, rx.State):
    """The beds of one establishment as the proposal would have them, and somebody looked at closely."""

    desk: ClassVar[Desk] = DESK

    summary: str = ""
    may_move: bool = False
    houses: list[Named] = []  # noqa: RUF012 - Reflex copies the default for each client
    house: str = ""
    all_beds: bool = False
    beds_left_out: str = ""
    period: str = ""
    first_iso: str = ""
    today_iso: str = ""
    columns_of_nights: list[Column] = []  # noqa: RUF012
    months: list[Month] = []  # noqa: RUF012
    weekends: list[int] = []  # noqa: RUF012
    grid: dict[str, Any] = {"turn": 0, "sections": []}  # noqa: RUF012
    patch: dict[str, Any] = {"turn": 0, "since": 0, "beds": []}  # noqa: RUF012
    turn: int = 0
    chosen: Chosen = Chosen()
    apart: list[Named] = []  # noqa: RUF012
    people: list[Named] = []  # noqa: RUF012

    _from_on: date | None = None
    _picked: str = ""  # the establishment that somebody chose; none for the one that is given most
    _item: str = ""
    _spot: str = ""
    _sent: Sent = Sent()
    _wished_in: str = ""  # the run from which `may_move` was taken

    # --- wishes ---

    @allow(*ROLES)
    @rx.event
    async def set_may_move(self, may: bool) -> None:
        """Let stays to come change beds, or not."""
        self.may_move = bool(may)

    def _own_settings(self) -> dict[str, Any]:
        return {"may_move": True} if self.may_move else {}

    async def _search(self, manner: Manner, based_on: UUID | None = None) -> list[Any]:
        """Search; what is frozen of the open proposal keeps its place there, so that the search begins from it."""
        if based_on is None and self._run_id and Locked.FROZEN in self._locks.values():
            based_on = UUID(self._run_id)
        return await super()._search(manner, based_on)

    # --- the grid ---

    @allow(*ROLES)
    @rx.event
    async def pick_house(self, site_id: str) -> None:
        """Show the beds of another establishment."""
        if str(site_id) not in {one.id for one in self.houses}:
            raise InvalidRequest("site_id", "unknown-choice")
        self.house = self._picked = str(site_id)
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def show_all_beds(self, is_all: bool) -> None:
        """Show every bed of the establishment, or those that the proposal concerns."""
        self.all_beds = bool(is_all)
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def step(self, weeks: int) -> None:
        """Show earlier nights, or later ones."""
        if weeks not in (-1, 1):
            raise InvalidRequest("weeks", "unknown-choice")
        shown = date.fromisoformat(self.first_iso) if self.first_iso else None
        self._from_on = shown + weeks * STEP if shown else None
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def send_all(self) -> None:
        """Send the whole grid again."""
        await self._show()

    # --- by hand ---

    @allow(*ROLES)
    @rx.event
    async def choose(self, item: str) -> EventSpec:
        """Look at somebody closely: why they have no bed, where they could be."""
        self._item, self._spot = str(item), ""
        await self._show()
        return rx.set_focus("de-pres")

    @allow(*ROLES)
    @rx.event
    async def leave(self) -> None:
        """Look at nobody closely any more."""
        self._item, self._spot = "", ""
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def pick_spot(self, spot: str) -> None:
        """Say what it would cost to have them there."""
        self._spot = str(spot) if place_of(str(spot)) else ""
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def drop(self, item: str, unit_id: int, first: str, _until: str) -> EventSpec:
        """Say what it would cost to have somebody where their bar was dropped."""
        self._item, self._spot = str(item), f"{unit_id}@{first}"
        self.turn += 1
        await self._show()
        return rx.set_focus("de-pres")

    @allow(*ROLES)
    @rx.event
    async def keep_spot(self) -> EventSpec:
        """Keep, as another proposal, the one that has them there."""
        place = place_of(self.chosen.spot)
        if place is None or not self._run_id:
            raise InvalidRequest("bed", "required")
        return await self._by_hand(move_by_hand, Move(self._item, place.room_id, place.first_on))

    @allow(*ROLES)
    @rx.event
    async def leave_out(self) -> EventSpec:
        """Keep, as another proposal, the one that has them wait on."""
        return await self._by_hand(move_by_hand, Move(self._item, "", date.fromisoformat(self.first)))

    @allow(*ROLES)
    @rx.event
    async def make_way(self, number: int) -> EventSpec:
        """Make one of the changes that would give them a bed."""
        if type(number) is not int:
            raise InvalidRequest("number", "not-a-number")
        return await self._by_hand(change_as_proposed, self._item, number)

    async def _by_hand(self, keep: Callable[..., UUID], *asked: Any) -> EventSpec:
        if not self._run_id:
            raise InvalidRequest("run_id", "required")
        self._spot = ""
        return await self._kept(partial(keep, now=clock.now()), UUID(self._run_id), *asked)

    # --- who must not meet ---

    @allow(*ROLES)
    @rx.event
    async def keep_them_apart(self, form: dict[str, Any]) -> None:
        """Keep two of those who wait from each other."""
        notice = await self.get_state(NoticeState)
        known, said = {one.id for one in self.people}, form_of(form)
        first, second = (said.get(name, "") for name in ("une", "autre"))
        if not {first, second} <= known or first == second:
            notice.show_error("Choisissez deux personnes différentes.")
            return
        await act(keep_apart, await current_actor(self), [UUID(first), UUID(second)], now=clock.now())
        notice.show_success("Noté : la prochaine recherche ne les mettra pas dans un même établissement.")
        await self._show()

    @allow(*ROLES)
    @rx.event
    async def let_them_together(self, group_id: str) -> None:
        """Say that people need not be kept apart any more."""
        if str(group_id) not in {one.id for one in self.apart}:
            raise InvalidRequest("group_id", "unknown-choice")
        await act(let_together, await current_actor(self), UUID(str(group_id)), now=clock.now())
        (await self.get_state(NoticeState)).show_success("Retiré.")
        await self._show()

    # --- showing ---

    def _own_asked(self) -> WardAsked:
        return WardAsked(
            site_id=int(self._picked or 0),
            last_site_id=int(self.house or 0),
            from_on=self._from_on,
            all_beds=self.all_beds,
            item=self._item,
            spot=self._spot,
        )

    def _fill_own(self, found: Look) -> None:
        own: WardShown | None = found.own
        if own is None:
            self.summary = "Aucun type de lit n’est à répartir par votre service."
            return
        if self._wished_in != self._run_id:
            self._wished_in, self.may_move = self._run_id, own.may_move
        self.summary, self._resource_ids = own.sentence, own.resource_ids
        self.houses, self.house = own.houses, str(own.site_id or "")
        self.beds_left_out = plural(own.beds_left_out, "autre lit", "autres lits") if own.beds_left_out else ""
        self.first_iso, self.today_iso = own.first.isoformat(), own.today.isoformat()
        self.period = f"Nuits du {long_day(own.first)} au {long_day(own.first + timedelta(days=NIGHTS_SHOWN - 1))}"
        self.columns_of_nights, self.months = own.columns, own.months
        self.weekends = [at for at, column in enumerate(own.columns) if column.tone == "weekend"]
        self._sent, self.grid, self.patch = all_of(self._sent, packed(own.sections))
        self.chosen, self.apart, self.people = own.chosen, own.apart, own.people
