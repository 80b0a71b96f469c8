"""What the page of video links does: it shows the weeks to come, tries another ceiling, sets it and takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.kinds import is_national
from availability.openings import local_day
from availability.rights import Actor, Role
from availability.words import invalid_sentence
from booking.day import time_zone_of
from booking.hearing_template_spec import HORIZON_DAYS
from booking.pages.video_ceiling_words import (
    NOT_A_NUMBER,
    ChangeRow,
    Chart,
    DayRow,
    ceiling_words,
    changed_words,
    changes_of,
    chart_of,
    effect_of,
    read_most,
    rows_of,
)
from booking.video_links import Ceiling, CeilingChange, LinksOfDay, ceiling, ceiling_changes, links_by_day, set_ceiling
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.notice import NoticeState

AHEAD_DAYS = HORIZON_DAYS[1]  # nothing is opened later


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything that the page shows, as of now."""

    ceiling: Ceiling
    days: list[LinksOfDay]
    changes: list[CeilingChange]
    zone: tzinfo
    may_change: bool


class VideoCeilingState(rx.State):
    """The ceiling, the days to come, and another ceiling as it is tried."""

    is_loaded: bool = False
    may_change: bool = False
    most: str = ""
    since: str = ""
    chart: Chart = Chart()
    rows: list[DayRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    changes: list[ChangeRow] = []  # noqa: RUF012
    typed: str = ""
    problem: str = ""
    effect: list[str] = []  # noqa: RUF012 - what the ceiling as typed would do
    is_other: bool = False  # it is not today's: it may be set
    version: int = 0
    focused: str = ""
    turn: int = 0
    _before: int = 0
    _tried: int | None = None
    _undo: Any = None

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def load(self) -> None:
        """Show the ceiling and the weeks to come."""
        self._forget()
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> None:
        """Show what another ceiling would do; set it once that was seen."""
        self.typed = str(form.get("most") or "")[:20] if isinstance(form, dict) else ""
        most = read_most(self.typed)
        if most is None:
            self._say_wrong(NOT_A_NUMBER)
        elif self.is_other and most == self._tried:
            await self._set(most)
        else:
            await self._try(most)

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def propose(self, most: str) -> None:
        """Try a ceiling of the past again."""
        known = read_most(str(most)[:20])
        if known is not None:
            self.typed, self.version = str(known), self.version + 1
            await self._try(known)

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def leave(self) -> None:
        """Forget the ceiling that was tried."""
        self._forget()
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def undo(self) -> None:
        """Take the change back, unless somebody changed it since."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        notice = await self.get_state(NoticeState)
        try:
            await act(_done, await current_actor(self), undo)
        except InvalidRequest as refusal:
            notice.show_error(invalid_sentence(refusal))
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            notice.show_success("C’est annulé : le plafond est celui d’avant.")
        self._forget()
        await self._show()

    async def _try(self, most: int) -> None:
        """Show what a ceiling would do; whoever may not set it is told when it is set."""
        seen = await self._show(tried=most)
        self._before, self._tried, self.problem = seen.ceiling.most, most, ""
        self.effect, self.is_other = effect_of(seen.days, self._before, most), most != self._before
        self.focused, self.turn = "ce-que-cela-fait", self.turn + 1

    async def _set(self, most: int) -> None:
        before = self._before
        try:
            await act(_done, await current_actor(self), partial(set_ceiling, most=most, seen=before))
        except InvalidRequest as refusal:
            await self._show()
            self._say_wrong(invalid_sentence(refusal))
            return
        self._undo = partial(set_ceiling, most=before, seen=most)
        self._forget()
        (await self.get_state(NoticeState)).show_success(changed_words(before, most), undo_label="Annuler")
        await self._show()

    async def _show(self, tried: int | None = None) -> Seen:
        actor = await current_actor(self)
        seen: Seen = await read(_seen, actor)
        most = seen.ceiling.most
        self.most, self.since = ceiling_words(seen.ceiling, seen.zone)
        self.chart = chart_of(seen.days, most, tried)
        self.rows = rows_of(seen.days, most)
        self.changes = changes_of(seen.changes, actor.account_id, seen.zone)
        self.may_change, self.is_loaded = seen.may_change, True
        return seen

    @not_an_event
    def _forget(self) -> None:
        self.typed, self.problem, self.effect, self.is_other = "", "", [], False
        self._tried, self.version = None, self.version + 1

    @not_an_event
    def _say_wrong(self, words: str) -> None:
        self.problem, self.effect, self.is_other, self._tried = words, [], False, None
        self.focused, self.turn = "most", self.turn + 1


def _seen(session: Session, actor: Actor) -> Seen:
    zone = ZoneInfo(time_zone_of(session, actor))
    return Seen(
        ceiling=ceiling(session),
        days=links_by_day(session, first=local_day(now(), zone), days=AHEAD_DAYS, zone=zone),
        changes=ceiling_changes(session),
        zone=zone,
        may_change=is_national(session, actor),
    )


def _done(session: Session, actor: Actor, do: Any) -> Any:
    return do(session, actor, now=now())
