"""One series opened, and the list of those of one's territories."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.history import consulted
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor
from booking.moving import move
from booking.pages import series_words as words
from booking.pages.reason_part import read_reason
from booking.pages.series_words import Figure, ListRow, Option, Row
from booking.series import cancel_rest, other_starts, undo_cancel_rest
from booking.series_queries import MOST_LISTED, TO_COME, SeriesView, series_for, series_list
from booking.series_rules import Standing
from booking.words import many
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import moment
from portal.ui.notice import NoticeState

GIVING_BACK = "rendre"  # the form that says why


class SeriesState(rx.State):
    """The series that the address names."""

    step: str = ""  # "", shown, missing
    title: str = ""
    whom: str = ""
    where: str = ""
    limit: str = ""
    state: str = ""
    badge: str = ""
    warning: str = ""
    is_late: bool = False
    figures: list[Figure] = []  # noqa: RUF012 - Reflex copies the default for each client
    done: int = 0
    planned: int = 0
    rows: list[Row] = []  # noqa: RUF012
    can_cancel: bool = False
    extend_href: str = ""
    left: str = ""
    moving_id: str = ""  # the date being moved, and where to
    moves: list[Option] = []  # noqa: RUF012
    problem: str = ""
    _zone: str = "Europe/Paris"
    _back: tuple[str, str] = ("", "")  # what was just moved, and where it was
    _series_id: UUID | None = None
    _resource_ids: set[int] = set()  # noqa: RUF012

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show the series."""
        watch(self)
        try:
            self._series_id = UUID(self.router.url.query_parameters.get("id", ""))
            self._show(await act(_looked_at, await current_actor(self), self._series_id, now=now()))
        except (NotFound, ValueError):
            self.step, self._series_id = "missing", None

    @allow(*REQUESTERS)
    @rx.event
    async def cancel(self, form: dict[str, Any] | None = None) -> None:
        """Give back all that may still be, and say why; it can be taken back for ten minutes."""
        if self._series_id is None:
            return
        before = len(self.rows)
        self._back = ("", "")
        try:
            why = read_reason(GIVING_BACK, form)
            await act(cancel_rest, await current_actor(self), self._series_id, now=now(), reason=why)
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
        else:
            said = "Le reste de la série est rendu : ces places sont libres. Ce qui a commencé est gardé."
            (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler" if before else "")
        await self._read()

    @allow(*REQUESTERS)
    @rx.event
    async def begin_move(self, booking_id: str) -> None:
        """Show where a visit may go, between the one before it and the one after."""
        if self._series_id is None or self.moving_id == str(booking_id):
            self.moving_id, self.moves, self.problem = "", [], ""
            return
        wanted = _uuid(booking_id)
        near = await read(other_starts, await current_actor(self), self._series_id, wanted, now=now())
        zone = ZoneInfo(self._zone)
        self.moving_id = str(wanted)
        self.moves = [Option(words.claim_value(claim), moment(claim.start, zone)) for claim in near]
        self.problem = "" if near else "Aucune autre heure libre à moins d’une semaine, entre les dates voisines."

    @allow(*REQUESTERS)
    @rx.event
    async def move_it(self, booking_id: str, where: str) -> None:
        """Move a visit: its place is kept until the new one is taken."""
        before = next((row.value for row in self.rows if row.id == str(booking_id)), "")
        await self._move(str(booking_id), str(where), said="La date est déplacée.", back=(str(booking_id), before))

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> None:
        """Take back what was just moved, or given back: all of it or nothing."""
        if self._series_id is None:
            return
        if self._back[1]:
            booking_id, where = self._back
            await self._move(booking_id, where, said="La date est comme avant.", back=("", ""))
            return
        try:
            await act(undo_cancel_rest, await current_actor(self), self._series_id, now=now())
        except Refusal as refusal:
            said = f"{sentence(refusal)} Rien n’a été repris : placez ce qui reste à d’autres dates."
            (await self.get_state(NoticeState)).show_error(said)
        else:
            (await self.get_state(NoticeState)).show_success("La série est reprise, comme avant.")
        await self._read()

    async def _move(self, booking_id: str, where: str, *, said: str, back: tuple[str, str]) -> None:
        notice = await self.get_state(NoticeState)
        try:
            await act(move, await current_actor(self), _uuid(booking_id), words.claim_in(where), now=now())
        except Refusal as refusal:
            self.problem = f"{sentence(refusal)} La date reste où elle était."
            notice.show_error(self.problem)
        else:
            self._back, self.moving_id, self.moves, self.problem = back, "", [], ""
            notice.show_success(said, undo_label="Annuler" if back[1] else "")
        await self._read()

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what became of it when somebody noted a presence, or moved a date."""
        if not resource_ids.isdisjoint(self._resource_ids):
            await self._read()

    async def _read(self) -> None:
        if self._series_id is not None:
            self._show(await read(series_for, await current_actor(self), self._series_id, now=now()))

    def _show(self, view: SeriesView) -> None:
        line, progress, at = view.line, view.progress, now()
        self.step, self.title, self.whom = "shown", words.title(line), words.whom(line)
        self.where = f"{line.site_name} · {line.resource_name}"
        self.limit = words.limit_words(line, local_day(at, ZoneInfo(line.time_zone)))
        self.state, self.badge = words.STANDING_WORDS[view.standing], words.STANDING_BADGES[view.standing]
        self.warning, self.is_late = words.late_words(view), view.standing is Standing.LATE
        self.figures = words.figures(line, progress)
        self.done = progress.percent
        self.planned = min(progress.planned * 100 // progress.total, 100 - progress.percent)
        self.rows = words.rows_of(view, now=at)
        is_open = view.standing in (Standing.RUNNING, Standing.LATE)
        to_come = [one for one in view.occurrences if one.state in TO_COME and not words.has_begun(one, at)]
        self.can_cancel = is_open and bool(to_come)
        self.left = words.amount(line, progress.left)
        self.extend_href = words.form_address(serie=line.id) if is_open and progress.left else ""
        self._zone = line.time_zone
        self._resource_ids = {one.resource_id for one in view.occurrences}


def _uuid(typed: object) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(booking_id=str(typed)[:40]) from error


def _looked_at(session: Session, actor: Actor, series_id: UUID, *, now: datetime) -> SeriesView:
    """Return a series, and write down that its person was looked at."""
    view = series_for(session, actor, series_id, now=now)
    if view.line.person_id is not None:
        consulted(session, actor, subject="person", subject_id=view.line.person_id, reason="series", at=now)
    return view


class SeriesListState(rx.State):
    """The series of one's territories."""

    rows: list[ListRow] = []  # noqa: RUF012
    summary: str = ""
    only_late: bool = False
    is_loaded: bool = False

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show those that the address asks for."""
        self.only_late = self.router.url.query_parameters.get("etat", "") == "en-retard"
        at = now()
        found = await read(series_list, await current_actor(self), now=at, only_late=self.only_late)
        self.rows = [words.list_row(one, now=at) for one in found]
        late = sum(1 for one in found if one.standing is Standing.LATE)
        more = f"{MOST_LISTED} premières" if len(found) == MOST_LISTED else many(len(found), "série", "séries")
        self.summary = more + (f", dont {late} en retard" if late and not self.only_late else "")
        self.is_loaded = True
