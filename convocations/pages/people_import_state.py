"""What the page of imports of people holds: the columns, what the file would do, how far it is, what it did."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.importers.columns import compared
from availability.importers.report import FileProblem, FileRefused
from availability.importers.sheets import Sheet
from availability.importers.words import refusal_sentence
from availability.rights import Actor
from availability.sealing import House
from convocations.import_models import ImportLine, ImportMatching, ImportState, LineOutcome, PeopleImport, Stop, What
from convocations.imports import sent, stopping
from convocations.imports.comparing import chosen
from convocations.imports.fields import PRESET_OF
from convocations.imports.known import importable_kinds, places_of
from convocations.imports.lines import matched, remembered
from convocations.imports.matchings import matching_for, matchings_of, save, source_of
from convocations.imports.options import Options
from convocations.imports.previewing import Preview, preview
from convocations.imports.running import letters_of
from convocations.imports.sent import IMPORTERS, ImportOver
from convocations.pages import people_import_words as words
from convocations.pages.people_import_words import ColumnRow, FolderRow, GoneRow, ImportRow, LineRow, Option
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.dates import NBSP

POLL_S = 0.3
FLAGS = ("guesses_years", "is_whole", "at_once")
CHOICES = ("kind", "resource_id", "language", "reminder_hours")
REFUSED = {
    "too-large": f"Ce fichier est trop gros : 10{NBSP}Mo au plus. Coupez-le en plusieurs.",
    "no-file": "Choisissez d’abord un fichier.",
    "unreadable": "L’envoi a été interrompu : envoyez le fichier à nouveau.",
}


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
    """An import, and what its columns can be."""

    found: PeopleImport
    sheet: Sheet | None  # None: forgotten
    chosen: tuple[str, ...]
    kept: list[ImportMatching]
    kinds: list[tuple[str, str]]
    places: list[tuple[int, str]]
    counts: dict[LineOutcome, int]


class PeopleImportState(rx.State):
    """One import at a time, from its columns to its report."""

    step: str = ""  # "", send, look, running, done
    problem: str = ""
    past: list[ImportRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    file_said: str = ""
    rows: list[ColumnRow] = []  # noqa: RUF012
    options: list[Option] = []  # noqa: RUF012
    matchings: list[Option] = []  # noqa: RUF012
    matching: str = ""
    kinds: list[Option] = []  # noqa: RUF012
    places: list[Option] = []  # noqa: RUF012
    is_hearings: bool = False
    kind: str = ""
    place: str = ""
    reminder: str = "48"
    guesses_years: bool = False
    is_whole: bool = False
    at_once: bool = False
    name: str = ""
    folder: str = ""
    watches: bool = False
    saved: str = ""
    wrong: str = ""
    figures: list[str] = []  # noqa: RUF012
    letters: str = ""
    lines: list[LineRow] = []  # noqa: RUF012
    lines_more: str = ""
    gone: list[GoneRow] = []  # noqa: RUF012
    button: str = ""
    is_working: bool = False
    progress: str = ""
    report: str = ""
    can_undo: bool = False
    can_resume: bool = False
    stopped: str = ""
    folders: list[FolderRow] = []  # noqa: RUF012
    told: str = ""
    title: str = ""
    is_bad: bool = False  # nothing was done
    _id: str = ""
    _turn: int = 0

    @allow(*IMPORTERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Open the import that the address names, or wait for a file."""
        asked = self.router.url.query_parameters
        actor = await current_actor(self)
        self._turn += 1
        self.is_working, self.progress, self.wrong, self.saved, self.told = False, "", "", "", ""
        self.watches = settings().imports_dir is not None
        self.problem = _refused(asked.get("refus", ""), asked.get("ligne", ""))
        self.past = words.import_rows(await read(sent.imports_of, actor))
        self.folders = words.folder_rows(await read(stopping.stopped_folders, actor))
        if not (asked_id := asked.get("import", "")):
            self.step = "send"
            return None
        try:
            opened = await read(_opened, actor, _uuid(asked_id))
        except NotFound:
            self.step, self.problem = "send", "Cet import n’existe pas, ou n’est pas de votre service."
            return None
        self._id = asked_id
        return self._set(opened)

    def _set(self, opened: Opened) -> EventSpec | None:
        found, options = opened.found, Options.of(opened.found.options)
        self.report = f"/importer/personnes/rapport.csv?numero={found.id}"
        if found.state in (ImportState.RUNNING, ImportState.UNDOING):
            self.step = "running"
            return PeopleImportState.follow
        if found.state == ImportState.STOPPED:
            self._show_stop(opened)
            return None
        if opened.sheet is None or found.state != ImportState.OPEN:
            self.step = "done"
            self.can_resume = opened.sheet is not None
            return PeopleImportState.show_report
        self._fill(opened, options)
        self.step = "look"
        return PeopleImportState.look

    def _show_stop(self, opened: Opened) -> None:
        found = opened.found
        self.step, self.file_said, self.stopped = "stopped", found.name, words.stop_words(Stop(found.stopped_why))
        self.progress = words.stopped_words(found, sum(opened.counts.values()))

    def _fill(self, opened: Opened, options: Options) -> None:
        found = opened.found
        assert opened.sheet is not None  # noqa: S101 - filled only when it is there
        self.file_said = words.file_words(found.name, opened.sheet)
        self.rows = words.column_rows(opened.sheet, opened.chosen)
        self.options = words.field_options(What(found.what))
        self.matchings = words.matching_options(opened.kept)
        self.matching = str(found.matching_id) if found.matching_id else f"preset:{found.source}"
        self.kinds = [Option(code, label) for code, label in opened.kinds]
        self.places = [Option(str(number), label) for number, label in opened.places]
        self.is_hearings = found.what == What.HEARINGS
        self.kind, self.place = options.kind, str(options.resource_id or "")
        self.reminder, self.folder = str(options.reminder_hours), options.folder
        self.guesses_years, self.is_whole, self.at_once = options.guesses_years, options.is_whole, options.at_once
        preset = PRESET_OF.get(found.source)
        own = next((one for one in opened.kept if one.id == found.matching_id), None)
        self.name = own.name if own else preset.label.split(",")[0] if preset else found.source

    @allow(*IMPORTERS)
    @rx.event
    async def choose(self, number: str, field: str) -> EventSpec | None:
        """Say what a column is."""
        at, codes = str(number), {option.value for option in self.options}
        if self.step != "look" or str(field) not in codes or not at.isdecimal() or len(at) > 3:
            return None
        said = "" if field == "aside" else str(field)
        self.rows = [
            ColumnRow(row.number, row.heading, row.samples, said if row.number == int(at) else row.field)
            for row in self.rows
        ]
        columns = {compared(row.heading): row.field for row in self.rows}
        return await self._set_up(columns=columns)

    @allow(*IMPORTERS)
    @rx.event
    async def choose_matching(self, value: str) -> EventSpec | None:
        """Read the file as another source: one of the service's, or one shipped."""
        if self.step != "look" or str(value) not in {option.value for option in self.matchings}:
            return None
        actor = await current_actor(self)
        try:
            await act(_rematch, actor, UUID(self._id), str(value))
            opened = await read(_opened, actor, UUID(self._id))
        except Refusal as refusal:
            self.wrong = sentence(refusal)
            return None
        return self._set(opened)

    @allow(*IMPORTERS)
    @rx.event
    async def choose_option(self, name: str, value: str) -> EventSpec | None:
        """Change what is done with the lines."""
        wanted, typed = str(name), str(value)
        if self.step != "look" or wanted not in CHOICES:
            return None
        number = int(typed) if typed.isdecimal() and len(typed) < 12 else 0
        changes: dict[str, Any] = {wanted: number if wanted in ("resource_id", "reminder_hours") else typed}
        if wanted == "kind":
            self.kind, self.place, changes = typed, "", changes | {"resource_id": 0}
        elif wanted == "resource_id":
            self.place = typed
        elif wanted == "reminder_hours":
            self.reminder = typed
        done = await self._set_up(changes=changes)
        if wanted == "kind":
            opened = await read(_opened, await current_actor(self), UUID(self._id))
            self.places = [Option(str(each), label) for each, label in opened.places]
        return done

    @allow(*IMPORTERS)
    @rx.event
    async def tick(self, name: str, is_ticked: bool) -> EventSpec | None:
        """Change a choice that is yes or no."""
        if self.step != "look" or str(name) not in FLAGS:
            return None
        setattr(self, str(name), bool(is_ticked))
        return await self._set_up(changes={str(name): bool(is_ticked)})

    @allow(*IMPORTERS)
    @rx.event
    async def decide(self, line: str, decision: str) -> EventSpec | None:
        """Say whose a doubtful line is."""
        typed = str(line)
        if self.step != "look" or not typed.isdecimal() or len(typed) > 6:
            return None
        shown = next((row for row in self.lines if row.line == typed), None)
        if shown is None or str(decision) not in {"", *(one.value for one in shown.choices)}:
            return None
        await act(sent.decide, await current_actor(self), UUID(self._id), int(typed), str(decision))
        return PeopleImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def call_off(self, known_id: str, is_chosen: bool) -> EventSpec | None:
        """Say whether a hearing that the list no longer has is called off."""
        wanted = str(known_id)
        if self.step != "look" or wanted not in {row.id for row in self.gone}:
            return None
        self.gone = [
            GoneRow(row.id, row.words, bool(is_chosen) if row.id == wanted else row.is_chosen) for row in self.gone
        ]
        ids = [UUID(row.id) for row in self.gone if row.is_chosen]
        await act(sent.call_off, await current_actor(self), UUID(self._id), ids)
        return PeopleImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def keep_matching(self, form: dict[str, Any]) -> None:
        """Keep what the columns are under a name, for the next file of this source."""
        if self.step != "look":
            return
        actor = await current_actor(self)
        self.name, self.folder = str(form.get("nom", ""))[:200], str(form.get("dossier", "")).strip()[:60]
        try:
            kept = await act(_kept, actor, UUID(self._id), self.name, self.folder, now=clock.now())
        except InvalidRequest as refusal:
            wrong_folder = refusal.field == "folder"
            self.saved = (
                "Le dossier s’écrit sans espace ni accent, 40 caractères au plus." if wrong_folder
                else "Donnez un nom à cette correspondance, 80 caractères au plus."
            )  # fmt: skip
            return
        except Refusal as refusal:
            self.saved = sentence(refusal)
            return
        opened = await read(_opened, actor, UUID(self._id))
        self._fill(opened, Options.of(opened.found.options))
        self.saved = f"Gardée : « {kept.name} », version {kept.version}."

    @allow(*IMPORTERS)
    @rx.event(background=True)
    async def look(self) -> None:
        """Show what the file would do; a later look takes the place of this one."""
        async with self:
            if self.step != "look":
                return
            actor, import_id = await current_actor(self), UUID(self._id)
            self._turn += 1
            turn = self._turn
            self.is_working, self.progress = True, words.working_words(0, 0)
        sign = Sign()
        task = asyncio.ensure_future(read(_previewed, actor, import_id, sign, now=clock.now()))
        while not task.done():
            await asyncio.wait({task}, timeout=POLL_S)
            async with self:
                if turn == self._turn and not task.done():
                    self.progress = words.working_words(sign.done, sign.of)
        async with self:
            if turn != self._turn:
                return
            self.is_working, self.progress, self.wrong = False, "", ""
            try:
                found, decisions = task.result()
            except InvalidRequest as refusal:
                self._show_nothing(words.column_problem(refusal.field, refusal.problem))
            except Refusal as refusal:
                self._show_nothing(sentence(refusal))
            else:
                self._show(found, decisions)

    @allow(*IMPORTERS)
    @rx.event
    async def do(self) -> EventSpec | None:
        """Have the lines done."""
        if self.step not in ("look", "done") or self.is_working:
            return None
        actor = await current_actor(self)
        try:
            await act(sent.approve, actor, UUID(self._id), house=_house(), now=clock.now())
        except InvalidRequest as refusal:
            self.wrong = words.column_problem(refusal.field, refusal.problem)
            return None
        except Refusal as refusal:
            self.wrong = sentence(refusal)
            return None
        self.step, self.progress = "running", words.working_words(0, 0)
        return PeopleImportState.follow

    @allow(*IMPORTERS)
    @rx.event
    async def reopen(self) -> EventSpec | None:
        """Look again at the lines that were refused or asked."""
        if self.step != "done" or not self.can_resume:
            return None
        opened = await read(_opened, await current_actor(self), UUID(self._id))
        if opened.sheet is None:
            self.can_resume = False
            return None
        self._fill(opened, Options.of(opened.found.options))
        self.step = "look"
        return PeopleImportState.look

    @allow(*IMPORTERS)
    @rx.event
    async def undo(self) -> EventSpec | None:
        """Have what the import created undone."""
        if self.step != "done":
            return None
        try:
            await act(sent.ask_undo, await current_actor(self), UUID(self._id), now=clock.now())
        except Refusal as refusal:
            self.told = sentence(refusal)
            return None
        self.step = "running"
        return PeopleImportState.follow

    @allow(*IMPORTERS)
    @rx.event
    async def take_over(self) -> EventSpec | None:
        """Have what is left of a stopped import done in one's own name."""
        if self.step != "stopped":
            return None
        actor = await current_actor(self)
        with contextlib.suppress(ImportOver):  # a colleague did: it is shown where it is
            await act(stopping.take_over, actor, UUID(self._id), now=clock.now())
        return self._set(await read(_opened, actor, UUID(self._id)))

    @allow(*IMPORTERS)
    @rx.event
    async def take_folder_over(self, matching_id: str) -> None:
        """Have a stopped folder read again in one's own name."""
        row = next((one for one in self.folders if one.id == str(matching_id)), None)
        if self.step != "send" or row is None:
            return
        actor = await current_actor(self)
        try:
            await act(stopping.take_folder_over, actor, UUID(row.id), now=clock.now())
            self.told = f"{row.name} est lu à nouveau, à votre nom."
        except Refusal as refusal:
            self.told = sentence(refusal)
        self.folders = words.folder_rows(await read(stopping.stopped_folders, actor))

    @allow(*IMPORTERS)
    @rx.event(background=True)
    async def follow(self) -> None:
        """Tell how far the clock is, until it is done."""
        async with self:
            if self.step != "running":
                return
            actor, import_id, turn = await current_actor(self), UUID(self._id), self._turn
        while True:
            opened = await read(_opened, actor, import_id)
            async with self:
                if turn != self._turn or self.step != "running":
                    return
                done = sum(opened.counts.values())
                is_undo = opened.found.state == ImportState.UNDOING
                self.progress = "Annulation en cours…" if is_undo else words.working_words(done, opened.found.lines)
                if opened.found.state == ImportState.STOPPED:
                    self._show_stop(opened)
                    return
                if opened.found.state not in (ImportState.RUNNING, ImportState.UNDOING):
                    self.step, self.can_resume = "done", opened.sheet is not None
                    break
            await asyncio.sleep(POLL_S)
        async with self:
            await self._report(actor, import_id)

    @allow(*IMPORTERS)
    @rx.event
    async def show_report(self) -> None:
        """Show what became of the lines."""
        if self.step == "done":
            await self._report(await current_actor(self), UUID(self._id))

    async def _report(self, actor: Actor, import_id: UUID) -> None:
        opened, lines, letters = await read(_reported, actor, import_id)
        found = opened.found
        self.figures = words.figures(opened.counts)
        self.letters = words.letters_words(len(letters))
        self.lines = words.done_rows(lines, letters)
        self.lines_more = _more(len(lines), len(self.lines))
        self.file_said = found.name
        left = (LineOutcome.REFUSED, LineOutcome.DOUBTFUL)
        self.is_bad = not any(count for outcome, count in opened.counts.items() if outcome not in left)
        self.title = "Rien n’a été importé" if self.is_bad else "C’est importé"
        if found.stopped_why:
            self.title, self.is_bad = words.NEVER_TAKEN_OVER, True
        self.can_undo = found.state == ImportState.DONE and any(one.booking_id or one.made_person for one in lines)
        undone = "L’import est annulé, sauf ce qui a été modifié depuis."
        unread = "Le fichier n’est plus gardé : envoyez-le à nouveau."
        self.told = {ImportState.UNDONE: undone, ImportState.OPEN: unread}.get(ImportState(found.state), "")

    async def _set_up(
        self, *, columns: dict[str, str] | None = None, changes: dict[str, Any] | None = None
    ) -> EventSpec | None:
        actor = await current_actor(self)
        try:
            await act(_changed, actor, UUID(self._id), columns, changes or {})
        except ImportOver as refusal:
            self.wrong = sentence(refusal)
            return None
        except InvalidRequest as refusal:
            self.wrong = words.column_problem(refusal.field, refusal.problem)
            return None
        return PeopleImportState.look

    def _show(self, found: Preview, decisions: dict[str, Any]) -> None:
        decided, cancels = chosen(decisions)
        self.figures = words.figures({one: found.of(one) for one in LineOutcome})
        self.letters = words.letters_words(found.letters)
        self.lines = words.preview_rows(found, decided)
        self.lines_more = _more(len(found.lines), len(self.lines))
        self.gone = words.gone_rows(found.gone, frozenset(str(one) for one in cancels))
        self.button = words.button_words(found, sum(row.is_chosen for row in self.gone))

    def _show_nothing(self, why: str) -> None:
        self.wrong, self.figures, self.lines, self.gone, self.button = why, [], [], [], ""
        self.lines_more = self.letters = ""


def _house() -> House:
    return House(secret_key())


def _uuid(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound(import_id=typed[:40]) from error


def _more(count: int, shown: int) -> str:
    return f"Les {shown} premières lignes ; le rapport les a toutes." if count > shown else ""


def _refused(why: str, line: str) -> str:
    if not why:
        return ""
    if why in {str(one) for one in FileProblem} and why not in REFUSED:
        number = int(line) if line.isdecimal() and len(line) < 7 else None
        return refusal_sentence(FileRefused(FileProblem(why), "", number))
    return REFUSED.get(why, "Ce fichier n’a pas pu être lu.")


def _opened(session: Session, actor: Actor, import_id: UUID) -> Opened:
    found = sent.import_for(session, actor, import_id)
    sheet = _read_once(found.id, found.data_sealed) if found.data_sealed is not None else None
    options, kinds = Options.of(found.options), importable_kinds(session, actor)
    kind = next((one for one in kinds if one.code == options.kind), None)
    places = places_of(session, actor, kind) if kind else ()
    return Opened(
        found=found,
        sheet=sheet,
        chosen=sent.chosen_of(found, sheet) if sheet else (),
        kept=matchings_of(session, actor),
        kinds=[(one.code, f"{one.label[:1].upper()}{one.label[1:]}") for one in kinds],
        places=[(one.id, f"{one.name} ({one.site_name})") for one in places][:300],
        counts=sent.counts_of(session, import_id),
    )


def _reported(session: Session, actor: Actor, import_id: UUID) -> tuple[Opened, list[ImportLine], dict[int, str]]:
    return _opened(session, actor, import_id), sent.lines_done(session, import_id), letters_of(session, import_id)


def _previewed(
    session: Session, actor: Actor, import_id: UUID, sign: Sign, *, now: datetime
) -> tuple[Preview, dict[str, Any]]:
    found = sent.import_for(session, actor, import_id)
    if found.data_sealed is None:
        raise ImportOver(state=found.state)
    sheet, fiction = _read_once(found.id, found.data_sealed), settings().demo
    done = preview(session, actor, import_id, house=_house(), fiction=fiction, now=now, tell=sign.tell, sheet=sheet)
    return done, found.decisions


def _changed(
    session: Session, actor: Actor, import_id: UUID, columns: dict[str, str] | None, changes: dict[str, Any]
) -> None:
    found = sent.import_for(session, actor, import_id)
    options = Options.of(found.options).with_(**changes) if changes else None
    sent.set_up(session, actor, import_id, columns=columns, options=options)


def _rematch(session: Session, actor: Actor, import_id: UUID, value: str) -> None:
    found = sent.import_for(session, actor, import_id)
    sheet = sent.sheet_of(found, house=_house())
    if value.startswith("preset:"):
        preset = PRESET_OF[value.removeprefix("preset:")]
        what, source, columns, options, own = preset.what, preset.code, preset.columns, Options.of(found.options), None
    else:
        kept = matching_for(session, actor, UUID(value))
        what, source, columns, own = What(kept.what), kept.source, kept.columns, kept.id
        options = Options.of(kept.options)
    chosen_fields = matched(sheet, what, columns)
    sent.set_up(
        session, actor, import_id, what=what, source=source, options=options,
        columns=remembered(sheet.headings, chosen_fields),
    )  # fmt: skip
    found.matching_id = own


def _kept(session: Session, actor: Actor, import_id: UUID, name: str, folder: str, *, now: datetime) -> ImportMatching:
    found = sent.import_for(session, actor, import_id)
    options = Options.of(found.options).with_(folder=folder)
    # The keys that were kept under a source are found again: a named matching keeps the one of its first file.
    source = found.source if found.source in PRESET_OF or found.matching_id else source_of(name)
    kept = save(
        session, actor, name, what=What(found.what), source=source, columns=found.columns, options=options, now=now
    )
    sent.set_up(session, actor, import_id, source=source, options=options, matching_id=kept.id)
    return kept


@lru_cache(maxsize=2)
def _read_once(_import_id: UUID, sealed: bytes) -> Sheet:
    """Return the file of an import, which does not change: read once by each worker."""
    return sent.sheet_in(sealed, house=_house())
