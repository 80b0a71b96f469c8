"""What every planning page shows and does: wishes, the search, proposals side by side, what is ticked, locks.

A page is a state of its own made of this one, with its `Desk`. Each act is checked where it is done
(booking/plans/kept.py): a handler admits whoever plans something, and `planning_for` narrows it to its problem.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx
from pydantic_core import to_json
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import KINDS, LINES_AT_ONCE, Asked, Look, Proposal, look
from booking.pages.plans_words import (
    LETTERS,
    Chart,
    Column,
    FilterChoice,
    KindChoice,
    LineRow,
    OtherRow,
    RefusedRow,
    RuleRow,
    RunRow,
    SliderView,
    WeightView,
    applied_words,
    chart,
    ended_words,
    figures,
    filter_choices,
    lines_words,
    slider_views,
    weight_views,
    wishes_words,
)
from booking.plans.kept import PLANNERS, run_of, state_at
from booking.plans.models import ACTIVE, OptimizerRun
from booking.plans.readiness import make_ready
from booking.plans.runs import AlreadyPlanning, BrokenPlan, apply_run, change_by_hand, request_stop, start_run, undo_run
from booking.plans.settings import Locked
from optimizer.forms import read_plan
from optimizer.manners import Manner
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import problem, sentence
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

FOLLOW_EVERY_S = 0.5
ALREADY_HERE = "Une recherche, lancée par ailleurs, est déjà en cours : la voici."
EVERY_PLANNER = tuple(sorted({role for roles in PLANNERS.values() for role in roles}))
MOST_QUERY = 100
S = TypeVar("S", bound="type[PlansState]")

problem(
    AlreadyPlanning,
    409,
    "already-planning",
    "Recherche déjà en cours",
    "Une recherche est déjà en cours pour votre juridiction : attendez sa fin, ou arrêtez-la.",
)
problem(
    BrokenPlan,
    409,
    "broken-plan",
    "Déplacement impossible",
    "Ce déplacement n’est plus possible : quelque chose a changé entre-temps.",
)


def planning_for(desk: Desk) -> Callable[[S], S]:
    """Keep the handlers of a planning page to those who plan its problem."""

    def narrow(state: S) -> S:
        for name, handler in state.event_handlers.items():
            if name != "setvar":
                allow(*desk.roles)(handler.fn)
        return state

    return narrow


class PlansState(rx.State, mixin=True):
    """The scope, the wishes, the search that runs, and the open proposal with what is ticked of it."""

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

    proposal: str = ""  # its name; none when there is no proposal
    sentence: str = ""
    moves: str = ""
    better: str = ""
    worse: str = ""
    wishes: str = ""
    is_stale: bool = False
    is_applied: bool = False
    applied: str = ""
    can_apply: bool = False
    apply_label: str = ""
    what_next: str = ""
    columns: list[Column] = []  # noqa: RUF012
    rules: list[RuleRow] = []  # noqa: RUF012
    others: list[OtherRow] = []  # noqa: RUF012
    refused: list[RefusedRow] = []  # noqa: RUF012

    lines: list[LineRow] = []  # noqa: RUF012
    filters: list[FilterChoice] = []  # noqa: RUF012
    line_filter: str = ""
    line_query: str = ""
    line_page: int = 0
    line_pages: int = 0
    lines_words: str = ""
    runs: list[RunRow] = []  # noqa: RUF012

    _asked: tuple[str, ...] = ()  # what the address says
    _open: str = ""  # the run that is open; none for the last
    _beside: list[str] = []  # noqa: RUF012
    _run_id: str = ""  # the open one
    _last_id: str = ""  # the last one: that which may be running
    _levels: dict[str, int] = {}  # noqa: RUF012
    _factors: dict[str, float] = {}  # noqa: RUF012
    _locks: dict[str, str] = {}  # noqa: RUF012
    _left_out: list[str] = []  # noqa: RUF012 - the items that are not ticked
    _changes: list[str] = []  # noqa: RUF012 - the items that an application would change
    _groups: dict[str, str] = {}  # noqa: RUF012 - item -> group of its place
    _total: int = 0
    _follower: int = 0
    _resource_ids: frozenset[int] = frozenset()  # whose changes concern the page

    # --- what a page adds ---

    def _fill_own(self, found: Look) -> None:
        """Show what only this page shows."""

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
        self.first, self.last = (text if _day_of(text) else "" for text in (first, last))
        self._beside, self._run_id, self.line_filter, self.line_query, self.line_page = [], "", "", "", 0

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
        if _day_of(day) is None:  # a date that is being typed
            return None
        last = self.last if str(day) <= self.last else ""
        return rx.redirect(self._address(type=self.kind, du=str(day), au=last))

    @allow(*EVERY_PLANNER)
    @rx.event
    async def pick_last(self, day: str) -> EventSpec | None:
        """Plan until another day."""
        if _day_of(day) is None or str(day) < self.first:
            return None
        return rx.redirect(self._address(type=self.kind, du=self.first, au=str(day)))

    def _address(self, **said: str) -> str:
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{self.desk.address}?{query}" if query else self.desk.address

    # --- wishes ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def set_level(self, name: str, level: str) -> None:
        """Move a slider."""
        self._wish(self._levels | {str(name): _number(level, whole=True)}, self._factors)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def set_factor(self, name: str, factor: str) -> None:
        """Weigh one rule otherwise."""
        self._wish(self._levels, self._factors | {str(name): _number(factor)})

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
    async def lock(self, item: str, level: str) -> None:
        """Say what the next search may do with something."""
        named, wanted = str(item), str(level)
        if named not in self._lockable():
            raise InvalidRequest("item", "unknown-choice")
        if wanted not in set(Locked):
            raise InvalidRequest("level", "unknown-choice")
        self._locks = self._locks | {named: wanted}
        await self._show()

    def _lockable(self) -> set[str]:
        """Return what may be locked on this page."""
        return {*self._groups, *(line.id for line in self.lines)}

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
    async def again(self) -> list[Any]:
        """Search on from the open proposal, under the wishes and the locks of the page."""
        return await self._search(Manner.PLAN, based_on=self._opened_id())

    @allow(*EVERY_PLANNER)
    @rx.event
    async def resume(self, run_id: str) -> list[Any]:
        """Search again what was interrupted, as it was asked."""
        if str(run_id) not in {one.id for one in self.runs if one.can_resume}:
            raise InvalidRequest("run_id", "unknown-choice")
        return await self._begun(_resume, UUID(str(run_id)))

    async def _search(self, manner: Manner, based_on: UUID | None = None) -> list[Any]:
        first, last = _day_of(self.first), _day_of(self.last)
        if first is None or last is None:
            raise InvalidRequest("first", "required")
        rules = {name: factor for name, factor in self._factors.items() if factor != 1.0}
        wishes = {"sliders": dict(self._levels), "rules": rules, "locks": dict(self._locks)}
        settings = {name: value for name, value in wishes.items() if value} | self._own_settings()
        wanted = _Wanted(
            kind=self.kind,
            first=first,
            until=last + timedelta(days=1),
            manner=manner,
            settings=settings,
            based_on=based_on,
        )
        return await self._begun(_start, self.desk, wanted)

    async def _begun(self, start: Callable[..., UUID], *asked: Any) -> list[Any]:
        actor = await current_actor(self)
        notice = await self.get_state(NoticeState)
        try:
            await act(start, actor, *asked)
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
            run = await read(run_of, actor, UUID(run_id))
            async with self:
                if self._follower != me or self._last_id != run_id or not self._is_here():
                    return
                if state_at(run, clock.now()) not in ACTIVE:
                    if run.plan is not None:
                        self._open = run_id
                    await self._show()
                    return
                self._follow(run)
            await asyncio.sleep(FOLLOW_EVERY_S)

    # --- proposals ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def open_run(self, run_id: str) -> EventSpec:
        """Show another proposal; when it was beside, the one that was open takes its place."""
        wanted = self._known(run_id)
        self._beside = [self._run_id if one == wanted else one for one in self._beside]
        self._open = wanted
        await self._show()
        return rx.set_focus("proposition")

    @allow(*EVERY_PLANNER)
    @rx.event
    async def compare(self, run_id: str, is_beside: bool) -> None:
        """Put a proposal beside the open one, or take it away; the oldest goes when there are too many."""
        wanted = self._known(run_id)
        others = [one for one in self._beside if one != wanted]
        self._beside = [*others, wanted][-(len(LETTERS) - 1) :] if is_beside else others
        await self._show()

    @allow(*EVERY_PLANNER)
    @rx.event
    async def keep_other(self, number: int) -> EventSpec:
        """Make a proposal of a compromise that the search found beside its plan."""
        return await self._kept(_keep_other, self.desk, self._opened_id(), int(_number(number, whole=True)))

    async def _kept(self, keep: Callable[..., UUID], *asked: Any) -> EventSpec:
        """Keep a plan that was not searched, and open it beside the one it comes from."""
        notice = await self.get_state(NoticeState)
        came_from = self._run_id
        try:
            kept = await act(keep, await current_actor(self), *asked)
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            others = [one for one in self._beside if one != came_from]
            self._open, self._beside = str(kept), [*others, came_from][-(len(LETTERS) - 1) :]
        await self._show()
        return rx.set_focus("proposition")

    def _opened_id(self) -> UUID:
        """Return the open proposal. Raises: InvalidRequest when there is none."""
        if not self._run_id:
            raise InvalidRequest("run_id", "required")
        return UUID(self._run_id)

    def _known(self, run_id: object) -> str:
        """Return a proposal of the page. Raises: InvalidRequest."""
        if str(run_id) not in {one.id for one in self.runs if one.has_plan}:
            raise InvalidRequest("run_id", "unknown-choice")
        return str(run_id)

    # --- what moves ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def pick_filter(self, kind: str) -> None:
        """Show the lines of one kind."""
        self.line_filter = str(kind) if str(kind) in KINDS else ""
        self.line_page = 0
        await self._show()

    @allow(*EVERY_PLANNER)
    @rx.event
    async def find(self, query: str) -> None:
        """Show the lines with some words."""
        self.line_query, self.line_page = str(query)[:MOST_QUERY], 0
        await self._show()

    @allow(*EVERY_PLANNER)
    @rx.event
    async def turn_lines(self, page: int) -> EventSpec:
        """Show another page of lines."""
        self.line_page = min(max(int(_number(page, whole=True)), 0), max(self.line_pages - 1, 0))
        await self._show()
        return rx.set_focus("lignes")

    @allow(*EVERY_PLANNER)
    @rx.event
    async def tick(self, item: str, is_ticked: bool) -> None:
        """Keep an item in what will be applied, or leave it out."""
        self._tick({str(item)}, bool(is_ticked))

    @allow(*EVERY_PLANNER)
    @rx.event
    async def tick_group(self, group: str, is_ticked: bool) -> None:
        """Keep all the items of a place, or leave them all out."""
        self._tick({item for item, where in self._groups.items() if where == str(group)}, bool(is_ticked))

    @allow(*EVERY_PLANNER)
    @rx.event
    async def tick_all(self, is_ticked: bool) -> None:
        """Keep everything, or nothing."""
        self._tick(set(self._changes), bool(is_ticked))

    def _tick(self, items: set[str], is_ticked: bool) -> None:
        known = {*self._groups, *self._changes}
        left = set(self._left_out) & known
        self._left_out = sorted(left - items if is_ticked else left | (items & known))
        self._count()

    def _count(self) -> None:
        """Say how much the button applies."""
        left = set(self._left_out)
        self.lines = [replace(line, is_ticked=line.id not in left) for line in self.lines]
        kept = sum(one not in left for one in self._changes)
        self.can_apply = kept > 0
        self.applied = "Appliquée en partie" if self._changes else "Appliquée"
        self.apply_label = self._apply_label(kept, is_whole=not left)
        rest = "aussi le reste" if self.is_applied else "une ligne"
        self.what_next = f"Cochez {rest} pour l’appliquer." if self._changes and not kept else ""

    def _apply_label(self, count: int, *, is_whole: bool) -> str:
        if is_whole and count > 1:
            return f"Tout appliquer ({plural(count, *self.desk.noun)})"
        return f"Appliquer {plural(count, *self.desk.noun)}"

    @allow(*EVERY_PLANNER)
    @rx.event
    async def apply(self) -> EventSpec:
        """Apply what is ticked."""
        run_id, left = self._opened_id(), set(self._left_out)
        chosen = [one for one in {*self._groups, *self._changes} if one not in left] if left else None
        notice = await self.get_state(NoticeState)
        try:
            done = await act(apply_run, await current_actor(self), run_id, chosen, now=clock.now())
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            counts = (len(done.done), len(done.already), len(done.refused))
            words = self.desk.applied(done) if self.desk.applied else applied_words(self.desk, *counts)
            undo = "Annuler" if done.done else ""
            notice.show(
                "warning" if done.refused else "success",
                words,
                undo_label=undo,
                link=self.desk.next if done.done else ("", ""),
            )
        await self._show()
        return rx.set_focus("message")

    @allow(*EVERY_PLANNER)
    @rx.event
    async def undo(self) -> EventSpec:
        """Give back what was applied of the open proposal."""
        return await self._give_back(self._run_id)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def undo_earlier(self, run_id: str) -> EventSpec:
        """Give back what was applied of an earlier proposal."""
        return await self._give_back(str(run_id))

    async def _give_back(self, run_id: str) -> EventSpec:
        if run_id not in {one.id for one in self.runs}:
            raise InvalidRequest("run_id", "unknown-choice")
        freed = await act(undo_run, await current_actor(self), UUID(run_id), now=clock.now())
        (await self.get_state(NoticeState)).show_success(self._given_back(freed))
        await self._show()
        return rx.set_focus("message")

    def _given_back(self, count: int) -> str:
        back = "revient" if count < 2 else "reviennent"
        return f"Application annulée : {plural(count, *self.desk.noun)} {back} à l’état d’avant."

    # --- showing ---

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else has just changed of this court."""
        if self._resource_ids & resource_ids and not self.is_active:
            await self._show()

    def _is_here(self) -> bool:
        return str(self.router.url.path).strip("/") == self.desk.address.strip("/")

    async def _show(self) -> None:
        found = await read(look, await current_actor(self), self.desk, self._wanted(), now=clock.now())
        self.kinds = [KindChoice(code, label) for code, label in found.kinds]
        self.is_loaded, self.kind = True, found.kind
        self.first, self.last = found.first.isoformat(), (found.until - timedelta(days=1)).isoformat()
        self.first_allowed = found.today.isoformat()
        self._total = found.total
        self._fill_search(found)
        if self._fill_proposal(found.proposal):  # another one is open: what it was asked with is what one goes on from
            await self._show()
            return
        self._fill_own(found)

    def _wanted(self) -> Asked:
        first, last = _day_of(self.first), _day_of(self.last)
        return Asked(
            kind=self.kind,
            first=first,
            until=last + timedelta(days=1) if last else None,
            open=self._open,
            beside=tuple(self._beside),
            filter=self.line_filter,
            query=self.line_query,
            page=self.line_page,
            locks=dict(self._locks),
            left_out=frozenset(self._left_out),
            own=self._own_asked(),
        )

    def _own_asked(self) -> Any:
        """Return what this page wants to see of its own."""
        return None

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

    def _fill_proposal(self, found: Proposal | None) -> bool:
        """Show the open proposal; True when it was not the one that was open, and what it was asked with is new."""
        if found is None:
            self._run_id = ""
            self.proposal, self.columns, self.rules, self.lines, self.others, self.refused = "", [], [], [], [], []
            self._changes, self._groups, self._left_out, self._locks = [], {}, [], {}
            self._wish(self._levels, self._factors)
            self.locked = ""
            self._count()
            return False
        run = found.run
        is_other, wanted = self._run_id != str(run.id), self._wanted()
        if is_other:
            self._run_id, self._left_out, self.line_page = str(run.id), [], 0
            self.line_filter = next((kind for kind in self.desk.told_first if found.counts[kind]), "")
            self._locks = dict(run.settings.get("locks", {}))
            self._wish(run.settings.get("sliders", {}), run.settings.get("rules", {}))
        self.proposal, self.sentence, self.moves = found.name, found.sentence, found.moves
        self.better, self.worse = found.better, found.worse
        self.wishes = wishes_words(self.desk, run.settings)
        self.is_stale, self.is_applied = found.is_stale, run.applied_at is not None
        self.columns, self.rules, self.others = found.columns, found.rules, found.others
        self.refused = [RefusedRow(what, why) for what, why in found.refused]
        self._changes, self._groups = list(found.changes), found.groups
        self._fill_lines(found)
        self.locked = plural(len(self._locks), "verrou") if self._locks else ""
        self._count()
        return is_other and self._wanted() != wanted

    def _fill_lines(self, found: Proposal) -> None:
        self.lines = found.lines
        self.line_pages = -(-found.lines_found // LINES_AT_ONCE)
        self.filters = filter_choices(found.counts)
        self.lines_words = lines_words(found.lines_found, self.line_page, LINES_AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A search that the page asks for."""

    kind: str
    first: date
    until: date
    manner: Manner
    settings: dict[str, Any]
    based_on: UUID | None


def _start(session: Session, actor: Actor, desk: Desk, wanted: _Wanted) -> UUID:
    kind = next((one for one in desk.planner.kinds(session, actor) if one.code == wanted.kind), None)
    if kind is None:
        raise InvalidRequest("type", "unknown-choice")
    if wanted.until - wanted.first > desk.most_ahead:
        raise InvalidRequest("until", "too-far")
    return start_run(
        session,
        actor,
        kind.id,
        first=wanted.first,
        until=wanted.until,
        now=clock.now(),
        problem=desk.problem,
        manner=wanted.manner,
        settings=wanted.settings,
        based_on=wanted.based_on,
    )


def _resume(session: Session, actor: Actor, run_id: UUID) -> UUID:
    run = run_of(session, actor, run_id)
    return start_run(
        session,
        actor,
        run.kind_id,
        first=run.first_on,
        until=run.until_on,
        now=clock.now(),
        problem=run.problem,
        manner=Manner(run.manner),
        settings=run.settings,
        based_on=run.id if run.plan is not None else run.based_on,  # it goes on from what it had found
    )


def _keep_other(session: Session, actor: Actor, desk: Desk, run_id: UUID, number: int) -> UUID:
    others = (run_of(session, actor, run_id).plan or {}).get("others", ())
    if not 0 <= number < len(others):
        raise InvalidRequest("number", "unknown-choice")
    plan = read_plan(desk.problem, to_json(others[number]["plan"]))
    return change_by_hand(session, actor, run_id, plan, now=clock.now())


def _day_of(text: object) -> date | None:
    """Return a civil day as an input of the page gives it, or None."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _number(value: object, *, whole: bool = False) -> float:
    """Return a number that a client gives. Raises: InvalidRequest."""
    try:
        return int(str(value)) if whole else float(str(value).replace(",", "."))
    except ValueError as error:
        raise InvalidRequest("value", "not-a-number") from error
