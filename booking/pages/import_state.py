"""What the page of imports holds: the columns of the file and what they are, what it would do, what it did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.importers import columns
from availability.importers.columns import ASIDE, Field, proposed
from availability.importers.plans import Plan
from availability.importers.report import FileRefused
from availability.importers.resources import IMPORTERS, known_to, plan
from availability.importers.sent import remember, remembered, sent_file
from availability.importers.sheets import Sheet, read_sheet
from availability.importers.words import refusal_sentence
from availability.importers.writing import LinesRefused, Order, import_places
from availability.rights import Actor, Role
from booking.pages import import_words as words
from booking.pages.import_words import ColumnRow, LineRow, Option
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence

POLL_S = 0.25
OPTION_ASIDE = "aside"


@dataclass
class Sign:
    """How far a worker thread is; the page looks at it."""

    done: int = 0
    of: int = 0

    def tell(self, done: int, of: int) -> None:
        """Note how many lines are done."""
        self.done, self.of = done, of


@dataclass(frozen=True)
class Opened:
    """A file, and what its columns can be and probably are."""

    name: str
    sheet: Sheet
    fields: tuple[Field, ...]
    kinds: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]


class ImportState(rx.State):
    """One file at a time, from its columns to its report."""

    step: str = ""  # "", send, look, done
    problem: str = ""  # why the file was refused
    file_said: str = ""
    rows: list[ColumnRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    options: list[Option] = []  # noqa: RUF012
    kinds: list[Option] = []  # noqa: RUF012
    kind: str = ""
    needs_kind: bool = False
    wrong_columns: str = ""
    figures: list[str] = []  # noqa: RUF012
    lines: list[LineRow] = []  # noqa: RUF012
    lines_more: str = ""
    problems: list[str] = []  # noqa: RUF012
    problems_more: str = ""
    problems_title: str = ""
    all_or_none: bool = True
    button: str = ""
    is_working: bool = False
    progress: str = ""
    is_partner: bool = False
    _file_id: str = ""
    _turn: int = 0

    @allow(*IMPORTERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Open the file that the address names, or wait for one."""
        asked = self.router.url.query_parameters
        actor = await current_actor(self)
        self.is_partner = actor.has(Role.PARTNER)
        refused = asked.get("refus", "")
        self._forget()
        self.problem = words.REFUSED_FILE.get(refused, "Ce fichier n’a pas pu être lu.") if refused else ""
        if not (file_id := asked.get("fichier", "")):
            self.step = "send"
            return None
        try:
            opened = await read(_opened, actor, _uuid(file_id))
        except FileRefused as refusal:
            self.step, self.problem = "send", refusal_sentence(refusal)
            return None
        except NotFound:
            self.step, self.problem = "send", "Ce fichier n’est plus là : envoyez-le à nouveau."
            return None
        self.step, self._file_id = "look", file_id
        self.file_said = words.file_words(opened.name, opened.sheet)
        self.rows = words.column_rows(opened.sheet, opened.chosen)
        self.options = words.options(opened.fields)
        self.kinds = [Option(code, label) for code, label in opened.kinds]
        return ImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def choose(self, number: str, field: str) -> EventSpec | None:
        """Say what a column is."""
        at, codes = str(number), {option.value for option in self.options}
        if self.step != "look" or str(field) not in codes or not at.isdecimal() or len(at) > 3:
            return None
        said = ASIDE if field == OPTION_ASIDE else str(field)
        self.rows = [
            ColumnRow(row.number, row.heading, row.samples, said if row.number == int(at) else row.field)
            for row in self.rows
        ]
        return ImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def choose_kind(self, code: str) -> EventSpec | None:
        """Say the kind of every line."""
        if self.step != "look" or str(code) not in {"", *(option.value for option in self.kinds)}:
            return None
        self.kind = str(code)
        return ImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def choose_all(self, choice: str) -> EventSpec | None:
        """Import all or none, or the good lines."""
        self.all_or_none = str(choice) != "bonnes"
        return ImportState.look if self.step == "look" else None

    @allow(*IMPORTERS)
    @rx.event(background=True)
    async def look(self) -> None:
        """Show what the file would do with these columns; a later look takes the place of this one."""
        async with self:
            if self.step != "look":
                return
            actor, order = await current_actor(self), self._order()
            file_id, turn = self._file_id, self._begin()
        sign = Sign()
        work = read(_planned, actor, UUID(file_id), order, sign)
        found, wrong = await self._watched(work, sign, turn)
        async with self:
            if turn == self._turn:
                self._show(found, wrong)

    @allow(*IMPORTERS)
    @rx.event(background=True)
    async def do(self) -> None:
        """Do it, and show the report."""
        async with self:
            if self.step != "look" or self.is_working:
                return
            actor, order = await current_actor(self), self._order()
            file_id, turn = self._file_id, self._begin()
        sign = Sign()
        work = act(_imported, actor, UUID(file_id), order, sign, now=clock.now())
        found, wrong = await self._watched(work, sign, turn)
        async with self:
            if turn == self._turn:
                self._show(found, wrong)
                if found is not None and not wrong:
                    self.step, self.figures = "done", words.figures(found, is_done=True)

    async def _watched(self, work: Awaitable[Plan], sign: Sign, turn: int) -> tuple[Plan | None, str]:
        """Return what the work found, or why it was refused, telling meanwhile how far it is."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait({task}, timeout=POLL_S)
            async with self:
                if turn == self._turn and not task.done():
                    self.progress = words.working_words(sign.done, sign.of)
        try:
            return task.result(), ""
        except LinesRefused as refusal:
            return refusal.plan, "Des lignes ont été refusées entre-temps : rien n’a été importé."
        except InvalidRequest as refusal:
            label = next((option.label for option in self.options if option.value == refusal.field), refusal.field)
            return None, words.column_problem(refusal.field, refusal.problem, label)
        except FileRefused as refusal:
            return None, refusal_sentence(refusal)
        except Refusal as refusal:
            return None, sentence(refusal)

    def _begin(self) -> int:
        self._turn += 1
        self.is_working, self.progress = True, words.working_words(0, 0)
        return self._turn

    def _order(self) -> Order:
        chosen = tuple(row.field for row in self.rows)
        kind = "" if columns.KIND in chosen else self.kind
        return Order(chosen, kind, self.all_or_none)

    def _show(self, found: Plan | None, wrong: str) -> None:
        self.is_working, self.progress, self.wrong_columns = False, "", wrong
        self.needs_kind = columns.KIND not in {row.field for row in self.rows}
        if found is None:
            self.figures, self.lines, self.problems, self.button = [], [], [], ""
            self.lines_more = self.problems_more = ""
            return
        self.figures = words.figures(found)
        self.lines = words.line_rows(found.lines)
        self.lines_more = words.and_more(len(found.lines), len(self.lines), "ligne", "lignes")
        self.problems = words.problem_words(found.problems)
        self.problems_title = words.problems_title(found.refused)
        self.problems_more = words.and_more(len(found.problems), len(self.problems), "case", "cases")
        self.button = words.button_words(found, all_or_none=self.all_or_none)

    def _forget(self) -> None:
        self._turn += 1
        self.is_working, self.progress, self.problem, self.wrong_columns = False, "", "", ""
        self.figures, self.lines, self.problems, self.button = [], [], [], ""
        self.lines_more = self.problems_more = self.kind = ""
        self.all_or_none, self._file_id = True, ""


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound(file_id=typed[:40]) from error


def _opened(session: Session, actor: Actor, file_id: UUID) -> Opened:
    name, sheet = _sheet(session, actor, file_id)
    known = known_to(session, actor)
    kinds = tuple((kind.code, f"{kind.label[:1].upper()}{kind.label[1:]}") for kind in known.kinds.values())
    chosen = proposed(sheet.headings, known.fields, remembered(session, actor))
    return Opened(name, sheet, known.fields, kinds, chosen)


def _planned(session: Session, actor: Actor, file_id: UUID, order: Order, sign: Sign) -> Plan:
    _, sheet = _sheet(session, actor, file_id)
    return plan(session, actor, sheet, order.chosen, kind_code=order.kind_code, tell=sign.tell)


def _imported(session: Session, actor: Actor, file_id: UUID, order: Order, sign: Sign, *, now: datetime) -> Plan:
    _, sheet = _sheet(session, actor, file_id)
    remember(session, actor, sheet.headings, order.chosen)
    return import_places(session, actor, sheet, order, now=now, progress=sign.tell)


def _sheet(session: Session, actor: Actor, file_id: UUID) -> tuple[str, Sheet]:
    """Return a file of the actor's, read; it does not change, so it is read once by each worker."""
    found = sent_file(session, actor, file_id)
    return found.name, _read_once(found.id, found.data)


@lru_cache(maxsize=4)
def _read_once(_file_id: UUID, data: bytes) -> Sheet:
    return read_sheet(data)
