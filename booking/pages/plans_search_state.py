"""What is planned and wished, and the search that runs: the first half of the state of a planning page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor
from booking.pages.plans_acts import Wanted, day_of, number_of, resume, start
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import Look
from booking.pages.plans_words import (
    Chart,
    KindChoice,
    RunRow,
    SliderView,
    WeightView,
    chart,
    ended_words,
    figures,
    slider_views,
    weight_views,
)
from booking.plans.kept import PLANNERS, followed_run, run_of, state_at
from booking.plans.models import ACTIVE, OptimizerRun
from booking.plans.readiness import make_ready
from booking.plans.runs import AlreadyPlanning, request_stop
from optimizer.manners import Manner
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState

FOLLOW_EVERY_S = 0.5
ALREADY_HERE = "Une recherche, lancée par ailleurs, est déjà en cours : la voici."
EVERY_PLANNER = tuple(sorted({role for roles in PLANNERS.values() for role in roles}))


class SearchState(rx.State, mixin=True):
    """The scope, the wishes, the search that runs, and those before it."""

    desk: ClassVar[Desk]

    kinds: list[KindChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    kind: str = ""
    first: str = ""  # civil days, both ends included
    last: str = ""
    first_allowed: str = ""
    is_loaded: bool = False
    sliders: list[SliderView] = []  # noqa: RUF012
    weights: list[WeightView] = []  # noqa: RUF012
    locked: str = ""  # how many locks the next search keeps

    is_active: bool = False
    is_stopping: bool = False
    figures: str = ""
    chart: Chart = Chart()
    ended: str = ""
    runs: list[RunRow] = []  # noqa: RUF012

    _asked: tuple[str, ...] = ()  # what the address says
    _open: str = ""  # the run that is open; none for the last
    _last_id: str = ""  # the last one: that which may be running
    _levels: dict[str, int] = {}  # noqa: RUF012
    _factors: dict[str, float] = {}  # noqa: RUF012
    _locks: dict[str, str] = {}  # noqa: RUF012
    _total: int = 0
    _follower: int = 0

    async def _show(self) -> None:
        """Read again all that the page shows."""
        raise NotImplementedError

    def _forget_proposal(self) -> None:
        """Open no proposal: another court is asked for."""
        raise NotImplementedError

    def _own_settings(self) -> dict[str, Any]:
        """Return what the scope of this problem needs besides the wishes."""
        return {}

    async def _load_own(self, actor: Actor) -> None:
        """Read what this page says above the rest, when it is loaded."""

    # --- scope ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Show the court; when a search runs, follow it."""
        watch(self)
        make_ready(self.desk.problem)
        given = self.router.url.query_parameters
        asked = tuple(str(given.get(name, "")) for name in ("type", "du", "au", "proposition"))
        if asked != self._asked:  # a reload keeps what is ticked
            self._reset(asked)
        await self._load_own(await current_actor(self))
        await self._show()
        return type(self).follow if self.is_active else None

    def _reset(self, asked: tuple[str, ...]) -> None:
        self._asked = asked
        self.kind, first, last, self._open = asked
        self.first, self.last = (text if day_of(text) else "" for text in (first, last))
        self._forget_proposal()

    @allow(*EVERY_PLANNER)
    @rx.event
    async def pick_kind(self, code: str) -> EventSpec:
        """Plan another kind."""
        known = next((one.code for one in self.kinds if one.code == str(code)), "")
        return rx.redirect(self._address(type=known))

    @allow(*EVERY_PLANNER)
    @rx.event
    async def pick_first(self, day: str) -> EventSpec | None:
        """Plan from another day on."""
        if (first := day_of(day)) is None:  # a date that is being typed
            return None
        last = self.last if first.isoformat() <= self.last else ""
        return rx.redirect(self._address(type=self.kind, du=first.isoformat(), au=last))

    @allow(*EVERY_PLANNER)
    @rx.event
    async def pick_last(self, day: str) -> EventSpec | None:
        """Plan until another day."""
        if (last := day_of(day)) is None or last.isoformat() < self.first:
            return None
        return rx.redirect(self._address(type=self.kind, du=self.first, au=last.isoformat()))

    def _address(self, **said: str) -> str:
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{self.desk.address}?{query}" if query else self.desk.address

    # --- wishes ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def set_level(self, name: str, level: str) -> None:
        """Move a slider."""
        self._wish(self._levels | {str(name): number_of(level, whole=True)}, self._factors)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def set_factor(self, name: str, factor: str) -> None:
        """Weigh one rule otherwise."""
        self._wish(self._levels, self._factors | {str(name): number_of(factor)})

    @allow(*EVERY_PLANNER)
    @rx.event
    async def usual_wishes(self) -> None:
        """Wish what is usual."""
        self._wish({}, {})

    def _wish(self, levels: dict[str, Any], factors: dict[str, Any]) -> None:
        """Keep wishes once they are checked. Raises: InvalidRequest."""
        kept, weighed = dict(levels), dict(factors)  # not as Reflex wraps them
        self.desk.check({"sliders": kept, "rules": weighed})
        self._levels, self._factors = kept, weighed
        self.sliders, self.weights = slider_views(self.desk, self._levels), weight_views(self.desk, self._factors)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def unlock_all(self) -> None:
        """Leave the next search as free as usual."""
        self._locks = {}
        await self._show()

    # --- the search ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def propose(self) -> list[Any]:
        """Ask for a plan, and follow the search; the button goes, the focus stays where the search is shown."""
        return await self._search(Manner.PLAN)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def repair(self) -> list[Any]:
        """Ask for what holds again and moves only what must."""
        return await self._search(Manner.REPAIR)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def compromise(self) -> list[Any]:
        """Ask for compromises between moving nothing needless and the best plan."""
        return await self._search(Manner.BETTER)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def resume(self, run_id: str) -> list[Any]:
        """Search again what was interrupted, as it was asked."""
        if str(run_id) not in {one.id for one in self.runs if one.can_resume}:
            raise InvalidRequest("run_id", "unknown-choice")
        return await self._begun(resume, UUID(str(run_id)))

    async def _search(self, manner: Manner, based_on: UUID | None = None) -> list[Any]:
        first, last = day_of(self.first), day_of(self.last)
        if first is None or last is None:
            raise InvalidRequest("first", "required")
        rules = {name: factor for name, factor in self._factors.items() if factor != 1.0}
        wishes = {"sliders": dict(self._levels), "rules": rules, "locks": dict(self._locks)}
        settings = {name: value for name, value in wishes.items() if value} | self._own_settings()
        wanted = Wanted(
            kind=self.kind,
            first=first,
            until=last + timedelta(days=1),
            manner=manner,
            settings=settings,
            based_on=based_on,
        )
        return await self._begun(start, self.desk, wanted)

    async def _begun(self, start: Callable[..., UUID], *asked: Any) -> list[Any]:
        actor = await current_actor(self)
        notice = await self.get_state(NoticeState)
        try:
            await act(start, actor, *asked, now=clock.now())
        except Refusal as refusal:
            await self._show()
            if isinstance(refusal, AlreadyPlanning) and self.is_active:  # a colleague's, or another tab's
                notice.show("info", ALREADY_HERE)
            else:
                notice.show_error(sentence(refusal))
        else:
            await self._show()
        return [rx.set_focus("recherche"), *([type(self).follow] if self.is_active else [])]

    @allow(*EVERY_PLANNER)
    @rx.event
    async def stop(self) -> EventSpec:
        """Ask the search to end with what it has."""
        if self._last_id:
            await act(request_stop, await current_actor(self), UUID(self._last_id), now=clock.now())
            self.is_stopping = True
        return rx.set_focus("recherche")

    @allow(*EVERY_PLANNER)
    @rx.event(background=True)
    async def follow(self) -> None:
        """Show where the search is, twice a second, until it ends, the page is left, or another follows."""
        async with self:
            self._follower += 1
            me, run_id, actor = self._follower, self._last_id, await current_actor(self)
        while run_id:
            run = await read(followed_run, actor, UUID(run_id))
            async with self:
                if self._follower != me or self._last_id != run_id or not self._is_here():
                    return
                if run is None or state_at(run, clock.now()) not in ACTIVE:
                    is_mine = run is not None and run.requested_by == actor.account_id
                    if is_mine and (await read(run_of, actor, UUID(run_id))).plan is not None:
                        self._open = run_id  # a colleague's is in the list: what one looks at stays
                    await self._show()
                    return
                self._follow(run)
            await asyncio.sleep(FOLLOW_EVERY_S)

    # --- showing ---

    def _fill_search(self, found: Look) -> None:
        self.runs = found.runs
        run = found.last
        if run is None:
            self._last_id, self.is_active, self.ended = "", False, ""
            return
        state = state_at(run, clock.now())
        self._last_id, self.is_active = str(run.id), state in ACTIVE
        self.ended = "" if run.manner == Manner.BY_HAND else ended_words(run, state)
        self._follow(run)

    def _follow(self, run: OptimizerRun) -> None:
        self.figures, self.chart = figures(self.desk, run, self._total), chart(run.progress)
        self.is_stopping = run.stop_asked_at is not None

    def _is_here(self) -> bool:
        return str(self.router.url.path).strip("/") == self.desk.address.strip("/")
