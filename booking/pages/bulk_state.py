"""Bookings selected in the list, what an act would do of each, and its one undo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import Refusal
from availability.rights import REQUESTERS, Actor
from booking.bulk import EXPLAINED, MOST, Bulk, Done, NotAll, One, Seen, all_of, do_one, foreseen, undo_one
from booking.pages import bulk_words as words
from booking.pages.booking_words import Row
from booking.pages.bulk_words import ForeseenRow
from booking.pages.reason_part import read_reason
from booking.reasons import UNSAID, Reason
from portal.clock import now
from portal.database import act
from portal.policy import allow, current_actor
from portal.ui.notice import NoticeState

EACH, ALL = "each", "all"
TOO_MANY = f"Au plus {MOST} réservations à la fois."
NOT_ALL = "Rien n’a été fait : certaines sont refusées, et vous avez demandé tout ou rien."


class BulkState(rx.State):
    """The lines ticked, and the act being foreseen."""

    selected: list[str] = []  # noqa: RUF012 - Reflex copies the default for each client
    bulk: str = ""  # the act foreseen; empty: the sheet is closed
    title: str = ""
    summary: str = ""
    rows: list[ForeseenRow] = []  # noqa: RUF012
    apply_label: str = ""
    possible: int = 0
    refused: int = 0
    mode: str = EACH
    problem: str = ""
    _listed: dict[str, Row] = {}  # noqa: RUF012
    _last: str = ""  # the line ticked last: shift extends from there
    _foreseen: list[Seen] = []  # noqa: RUF012
    _done: tuple[str, list[Seen]] = ("", [])

    @rx.var
    def is_open(self) -> bool:
        """Say whether the preview is shown."""
        return self.bulk != ""

    @rx.var
    def counted(self) -> str:
        """Return how many are ticked."""
        return f"{len(self.selected)} cochée{'s' if len(self.selected) > 1 else ''}"

    def _follow(self, rows: Sequence[Row]) -> None:
        """Keep of the selection what the list still shows."""
        self._listed = {row.id: row for row in rows}
        self.selected = [one for one in self.selected if one in self._listed]

    @allow(*REQUESTERS)
    @rx.event
    async def toggle(self, booking_id: str, event: dict[str, Any]) -> None:
        """Tick a line or not; with shift, all those from the one ticked last."""
        here, ids = str(booking_id), list(self._listed)
        if here not in self._listed:
            return
        between = [here]
        if isinstance(event, dict) and event.get("shift_key") is True and self._last in self._listed:
            first, last = sorted((ids.index(self._last), ids.index(here)))
            between = ids[first : last + 1]
        is_ticked, self._last = here not in self.selected, here
        kept = (set(self.selected) | set(between)) if is_ticked else (set(self.selected) - set(between))
        self.selected = [one for one in ids if one in kept]

    @allow(*REQUESTERS)
    @rx.event
    async def toggle_all(self) -> None:
        """Tick every line shown, or none."""
        self.selected = [] if len(self.selected) == len(self._listed) else list(self._listed)

    @allow(*REQUESTERS)
    @rx.event
    async def clear(self) -> None:
        """Tick none."""
        self.selected = []

    @allow(*REQUESTERS)
    @rx.event
    async def foresee(self, bulk: str) -> None:
        """Show what an act would do of each line ticked."""
        wanted = next((one for one in Bulk if one.value == str(bulk)), None)
        if wanted is None or not self.selected:
            return
        if len(self.selected) > MOST:
            (await self.get_state(NoticeState)).show_error(TOO_MANY)
            return
        self.problem = ""
        await self._foresee(wanted, await current_actor(self))

    @allow(*REQUESTERS)
    @rx.event
    async def pick_mode(self, mode: str) -> None:
        """Do what can be, or all or nothing."""
        self.mode = ALL if mode == ALL else EACH

    @allow(*REQUESTERS)
    @rx.event
    async def close(self) -> None:
        """Close the preview; the selection stays."""
        self.bulk = ""

    @allow(*REQUESTERS)
    @rx.event
    async def apply(self, form: dict[str, Any] | None = None) -> EventSpec | None:
        """Do what was foreseen, for the reason that the form says; a line that changed since is refused."""
        wanted = next((one for one in Bulk if one.value == self.bulk), None)
        if wanted is None or not self._foreseen:
            return None
        actor = await current_actor(self)
        try:
            done = await self._apply(wanted, actor, read_reason(wanted, form) if wanted in EXPLAINED else UNSAID)
        except NotAll:
            self.problem = NOT_ALL
            await self._foresee(wanted, actor)
            return None
        well = [Seen(one.booking_id, one.revision) for one in done if one.is_done]
        self._done, self.bulk = (wanted.value, well), ""
        self.selected = [str(one.booking_id) for one in done if not one.is_done]
        notice = await self.get_state(NoticeState)
        kind = "success" if well else "error"
        notice.show(kind, words.done_words(wanted, done), undo_label=words.UNDO[wanted] if well else "")
        return rx.set_focus("message")

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the whole of the last act, but for what somebody changed since."""
        name, lines = self._done
        wanted = next((one for one in Bulk if one.value == name), None)
        if wanted is None:
            return
        self._done = ("", [])
        done = await _one_by_one(undo_one, await current_actor(self), wanted, lines)
        kind = "success" if all(one.is_done for one in done) else "warning"
        (await self.get_state(NoticeState)).show(kind, words.undone_words(done))

    async def _foresee(self, bulk: Bulk, actor: Actor) -> None:
        seen = [Seen(UUID(one), self._listed[one].revision) for one in self.selected]
        done = await act(foreseen, actor, bulk, seen, now=now())
        self._foreseen = seen
        self.rows = words.foreseen_rows(done, self._listed)
        self.possible = sum(one.is_done for one in done)
        self.refused = len(done) - self.possible
        self.title, self.summary = words.title(bulk, len(done)), words.summary(self.possible, self.refused)
        self.apply_label, self.bulk = words.apply_label(bulk, self.possible), bulk.value

    async def _apply(self, bulk: Bulk, actor: Actor, reason: Reason) -> list[Done]:
        if self.mode == ALL:
            return await act(partial(all_of, bulk=bulk, lines=self._foreseen, reason=reason), actor, now=now())
        return await _one_by_one(partial(do_one, reason=reason), actor, bulk, self._foreseen)


async def _one_by_one(one: One, actor: Actor, bulk: Bulk, lines: Sequence[Seen]) -> list[Done]:
    """Return what became of each line, each in its own transaction."""
    done = []
    for seen in lines:
        try:
            done.append(await act(partial(one, bulk=bulk, seen=seen), actor, now=now()))
        except Refusal as refusal:
            done.append(Done(seen.booking_id, None, seen.revision, refusal))
    return done
