"""What every planning page shows and does: wishes, the search, proposals side by side, what is ticked, locks.

A page is a state of its own made of this one, with its `Desk`. Each act is checked where it is done
(booking/plans/kept.py): a handler admits whoever plans something, and `planning_for` narrows it to its problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest, Refusal
from booking.pages.plans_acts import day_of, keep_other, number_of
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import KINDS, LINES_AT_ONCE, Asked, Look, Proposal, look
from booking.pages.plans_search_state import EVERY_PLANNER, SearchState
from booking.pages.plans_words import (
    LETTERS,
    Column,
    FilterChoice,
    KindChoice,
    LineRow,
    OtherRow,
    RefusedRow,
    RuleRow,
    applied_words,
    filter_choices,
    lines_words,
    wishes_words,
)
from booking.plans.runs import apply_run, undo_run
from booking.plans.settings import Locked
from optimizer.manners import Manner
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

MOST_QUERY = 100
S = TypeVar("S", bound="type[PlansState]")


def planning_for(desk: Desk) -> Callable[[S], S]:
    """Keep the handlers of a planning page to those who plan its problem."""

    def narrow(state: S) -> S:
        for name, handler in state.event_handlers.items():
            if name != "setvar":
                allow(*desk.roles)(handler.fn)
        return state

    return narrow


class PlansState(SearchState, mixin=True):
    """The scope, the wishes, the search that runs, and the open proposal with what is ticked of it."""

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

    _beside: list[str] = []  # noqa: RUF012
    _run_id: str = ""  # the open one
    _applied_id: str = ""  # the one that was just applied: what the message above the page takes back
    _left_out: list[str] = []  # noqa: RUF012 - the items that are not ticked
    _changes: list[str] = []  # noqa: RUF012 - the items that an application would change
    _groups: dict[str, str] = {}  # noqa: RUF012 - item -> group of its place
    _resource_ids: frozenset[int] = frozenset()  # whose changes concern the page

    # --- what a page adds ---

    def _fill_own(self, found: Look) -> None:
        """Show what only this page shows."""

    def _own_asked(self) -> Any:
        """Return what this page wants to see of its own."""
        return None

    # --- proposals ---

    @allow(*EVERY_PLANNER)
    @rx.event
    async def again(self) -> list[Any]:
        """Search on from the open proposal, under the wishes and the locks of the page."""
        return await self._search(Manner.PLAN, based_on=self._opened_id())

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
        keep = partial(keep_other, now=clock.now())
        return await self._kept(keep, self.desk, self._opened_id(), int(number_of(number, whole=True)))

    async def _kept(self, keep: Callable[..., UUID], *asked: Any) -> EventSpec:
        """Keep a plan that was not searched, and go to it."""
        await self._is_kept(keep, *asked)
        return rx.set_focus("proposition")

    async def _is_kept(self, keep: Callable[..., UUID], *asked: Any) -> bool:
        """Keep a plan that was not searched, and open it beside the one it comes from; False when that is refused."""
        came_from = self._run_id
        try:
            kept = await act(keep, await current_actor(self), *asked)
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
            await self._show()
            return False
        others = [one for one in self._beside if one != came_from]
        self._open, self._beside = str(kept), [*others, came_from][-(len(LETTERS) - 1) :]
        await self._show()
        return True

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
        self.line_page = min(max(int(number_of(page, whole=True)), 0), max(self.line_pages - 1, 0))
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
            self._applied_id = str(run_id)
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
        """Give back what the message above the page says was applied, whichever proposal is open by now."""
        return await self._give_back(self._applied_id or self._run_id)

    @allow(*EVERY_PLANNER)
    @rx.event
    async def undo_open(self) -> EventSpec:
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
        self._applied_id = ""
        freed = await act(undo_run, await current_actor(self), UUID(run_id), now=clock.now())
        (await self.get_state(NoticeState)).show_success(self._given_back(freed))
        await self._show()
        return rx.set_focus("message")

    def _given_back(self, count: int) -> str:
        back = "revient" if count < 2 else "reviennent"
        return f"Application annulée : {plural(count, *self.desk.noun)} {back} à l’état d’avant."

    # --- showing ---

    def _forget_proposal(self) -> None:
        self._beside, self._run_id, self.line_filter, self.line_query, self.line_page = [], "", "", "", 0

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else has just changed of this court."""
        if self._resource_ids & resource_ids and not self.is_active:
            await self._show()

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
        first, last = day_of(self.first), day_of(self.last)
        return Asked(
            kind=self.kind,
            first=first,
            until=last + timedelta(days=1) if last else None,
            open=self._open or (self._run_id if self._left_out or self._beside else ""),  # not another under their eyes
            beside=tuple(self._beside),
            filter=self.line_filter,
            query=self.line_query,
            page=self.line_page,
            locks=dict(self._locks),
            left_out=frozenset(self._left_out),
            own=self._own_asked(),
        )

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
            # What somebody had begun to wish, to lock and to leave out goes on with the plan that they changed by hand.
            is_continued = run.manner == Manner.BY_HAND and str(run.based_on) == self._run_id
            self._run_id, self.line_page = str(run.id), 0
            if not is_continued:
                self._left_out, self._locks = [], dict(run.settings.get("locks", {}))
                self._wish(run.settings.get("sliders", {}), run.settings.get("rules", {}))
                self.line_filter = next((kind for kind in self.desk.told_first if found.counts[kind]), "")
        self.proposal, self.sentence, self.moves = found.name, found.sentence, found.moves
        self.better, self.worse = found.better, found.worse
        self.wishes = wishes_words(self.desk, run.settings)
        self.is_stale, self.is_applied = found.is_stale, run.applied_at is not None
        self.columns, self.rules, self.others = found.columns, found.rules, found.others
        self.refused = [RefusedRow(what, why) for what, why in found.refused]
        self._changes, self._groups = list(found.changes), found.groups
        self._fill_lines(found)
        self.locked = plural(len(self._locks), "verrou posé", "verrous posés") if self._locks else ""
        self._count()
        return is_other and self._wanted() != wanted

    def _fill_lines(self, found: Proposal) -> None:
        self.lines = found.lines
        self.line_pages = -(-found.lines_found // LINES_AT_ONCE)
        self.filters = filter_choices(found.counts)
        self.lines_words = lines_words(found.lines_found, self.line_page, LINES_AT_ONCE)
