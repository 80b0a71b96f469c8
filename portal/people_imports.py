"""Imports of people are done by the elected process: line by line, and from the folder that is watched."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.importers.report import FileProblem, FileRefused
from availability.importers.sheets import MOST_BYTES
from availability.importers.words import refusal_sentence
from availability.models import Territory
from availability.rights import Actor
from availability.sealing import House
from convocations.import_models import ImportMatching, ImportState, Stop
from convocations.imports import running
from convocations.imports.doing import Ways, call_off_line, do_line, refuse_line
from convocations.imports.lines import Line
from convocations.imports.matchings import watched
from convocations.imports.running import ToDo
from convocations.imports.sent import Arrived, end, forget_data, lines_done, receive
from convocations.imports.stopping import stop, stop_folder, why_stopped
from convocations.pages.people_import_words import (
    TAKEN_OVER_ON_PAGE,
    column_problem,
    folder_stop_words,
    report_csv,
    stop_words,
)
from portal import clock, database
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.sign_in import actor_named

logger = logging.getLogger(__name__)

DONE, REFUSED = "done", "refused"
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
STOP_REPORT = ".arret.txt"
FOLDER_STOPPED = "SURVEILLANCE-ARRETEE.txt"
QUIET_S = 5.0  # nobody has written to it for so long
SAFE = re.compile(r"[A-Za-z0-9_-]{1,60}")


async def run_imports() -> None:
    """Go on with the imports under way."""
    try:
        for one in await database.read(running.under_way):
            actor = await database.read(actor_named, one.by)
            try:
                if why := why_stopped(actor, one.territory_id):
                    await _stop(one, why)
                elif actor is not None:
                    await (_undo(one, actor) if one.state is ImportState.UNDOING else run_one(one, actor))
            except (SQLAlchemyError, OSError):
                raise
            except Exception:  # one that fails must not keep the others from going on
                logger.exception("import %s could not go on", one.id)
    except (SQLAlchemyError, OSError) as error:  # the database restarts: what is left is done then
        logger.warning("imports interrupted: %s", type(error).__name__)


async def run_one(one: ToDo, actor: Actor) -> None:
    """Do what is left of an import, and end it."""
    house = House(secret_key())
    left = await database.read(running.left, one.id, house=house, now=clock.now())
    for line in left.lines:
        await _do(one, actor, line, house)
    for number, known_id in left.cancels.items():
        try:
            await database.act(call_off_line, actor, one.id, number, known_id, now=clock.now())
        except Refusal as refusal:
            await database.act(refuse_line, one.id, number, refusal, now=clock.now())
    if (beside := _beside(one)) is not None:
        await _report_lines(one, beside)
        await asyncio.to_thread(Path(f"{beside}{STOP_REPORT}").unlink, missing_ok=True)
    await database.act(end, one.id, now=clock.now())


async def _stop(one: ToDo, why: Stop) -> None:
    """Stop an import whose account may no longer do it; beside its file, what is done so far, and why it stopped."""
    if (beside := _beside(one)) is not None:
        await _report_lines(one, beside)
        said = f"{stop_words(why)} {TAKEN_OVER_ON_PAGE}\n".encode()
        await asyncio.to_thread(_report, Path(f"{beside}{STOP_REPORT}"), said)
    if await database.act(stop, one, why, now=clock.now()):
        logger.warning("import %s stopped: %s", one.id, why)


def _beside(one: ToDo) -> Path | None:
    root = settings().imports_dir
    return root / one.dropped_as if one.dropped_as and root is not None else None


async def _report_lines(one: ToDo, beside: Path) -> None:
    """Write what became of the lines, before it is written that they have: after a crash, once more."""
    lines = await database.read(lines_done, one.id)
    await asyncio.to_thread(_report, Path(f"{beside}.rapport.csv"), report_csv(lines))


async def _do(one: ToDo, actor: Actor, line: Line, house: House) -> None:
    ways = Ways(house=house, fiction=settings().demo, now=clock.now())
    try:
        await database.act(do_line, actor, one.id, line, ways)
    except Refusal as refusal:
        await database.act(refuse_line, one.id, line.number, refusal, now=clock.now())
    except SQLAlchemyError:
        raise
    except Exception:  # the line says so, and the others are done
        logger.exception("line %d of import %s failed", line.number, one.id)
        await database.act(refuse_line, one.id, line.number, Refusal(problem="failure"), now=clock.now())


async def _undo(one: ToDo, actor: Actor) -> None:
    """Undo what an import created: appointments first, then whom nothing else is about."""
    for find, act in ((running.to_withdraw, running.undo_line), (running.to_erase, running.undo_opened)):
        for number in await database.read(find, one.id):
            try:
                await database.act(act, actor, one.id, number, now=clock.now())
            except Refusal:
                await database.act(running.keep, one.id, number)
    await database.act(running.end_undo, one.id)


async def forget_files_of_people() -> None:
    """Forget the files whose time is over."""
    await database.act(forget_data, now=clock.now())


@dataclass
class Watcher:
    """The folder that is watched. A file that still grows is left until it is quiet."""

    quiet_s: float = QUIET_S
    seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    async def look(self) -> None:
        """Take what was dropped since the last look."""
        root = settings().imports_dir
        if root is None:
            return
        try:
            for matching, code, why in await database.read(_watched):
                folder = root / code / str(matching.options["folder"])
                await asyncio.to_thread(_tell_stop, folder, why)
                if why is not None:
                    await database.act(stop_folder, matching.id, why, now=clock.now())
                    continue  # what was dropped stays there
                for path in await asyncio.to_thread(self._quiet, folder):
                    await _take(root, folder, path, matching)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("the folder of imports could not be read: %s", type(error).__name__)

    def _quiet(self, folder: Path) -> list[Path]:
        """Return the files that nobody writes to any more, making the folders that are not there yet."""
        for name in (DONE, REFUSED):
            (folder / name).mkdir(parents=True, exist_ok=True)
        found = {path: self._mark(path) for path in sorted(folder.iterdir()) if _is_file(path)}
        now = clock.real(clock.now()).timestamp()
        ready = [
            path for path, mark in found.items() if self.seen.get(path) == mark and now - mark[1] / 1e9 >= self.quiet_s
        ]
        self.seen = {path: mark for path, mark in self.seen.items() if path.parent != folder} | found
        return ready

    @staticmethod
    def _mark(path: Path) -> tuple[int, int]:
        stat = path.lstat()
        return stat.st_size, stat.st_mtime_ns


async def _take(root: Path, folder: Path, path: Path, matching: ImportMatching) -> None:
    """Receive a file, then put it in `done`; or in `refused` with why beside it. After a crash in between: once."""
    now = clock.now()
    name = f"{now:%Y%m%d-%H%M%S}-{path.name}"
    try:
        data = await asyncio.to_thread(_content, path)
        goes_to = await database.act(_received, matching, data, path.name, _under(root, folder / DONE / name), now=now)
    except FileRefused as refusal:
        why = refusal_sentence(refusal)
    except InvalidRequest as refusal:
        why = column_problem(refusal.field, refusal.problem)
    except Refusal as refusal:
        why = sentence(refusal)
    else:
        if goes_to:
            await asyncio.to_thread(os.replace, path, root / goes_to)
        return
    await asyncio.to_thread(_report, folder / REFUSED / f"{name}.rapport.txt", f"{why}\n".encode())
    await asyncio.to_thread(os.replace, path, folder / REFUSED / name)


def _received(
    session: Session, matching: ImportMatching, data: bytes, name: str, goes_to: str, *, now: datetime
) -> str:
    """Receive a file and return where it goes; empty when the account of its matching was closed meanwhile."""
    actor = actor_named(session, matching.by)
    if actor is None or why_stopped(actor, matching.territory_id, receives=True):
        return ""
    before = running.received_as(session, matching.territory_id, hashlib.sha256(data).digest(), now=now)
    root = settings().imports_dir
    if before and root is not None and not (root / before).exists():
        return before
    arrived = Arrived(name=name, data=data, origin="folder", matching=matching, dropped_as=goes_to)
    receive(session, actor, arrived, house=House(secret_key()), now=now)
    return goes_to


def _watched(session: Session) -> list[tuple[ImportMatching, str, Stop | None]]:
    """Return the matchings that have a folder, the name of their territory there, and why their folder waits.

    One that was stopped waits until it is taken over, even when its account is open again meanwhile.
    """
    found = []
    for matching in watched(session):
        territory = session.get_one(Territory, matching.territory_id)
        code = territory.code if SAFE.fullmatch(territory.code) else str(territory.id)
        owner = None if matching.stopped_why else actor_named(session, matching.by)
        why = Stop(matching.stopped_why) if matching.stopped_why else why_stopped(owner, territory.id, receives=True)
        found.append((matching, code, why))
    return found


def _tell_stop(folder: Path, why: Stop | None) -> None:
    """Say in a folder why nothing is taken from it, as long as that is so."""
    told = folder / FOLDER_STOPPED
    if why is None:
        told.unlink(missing_ok=True)
    elif not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _report(told, f"{folder_stop_words(why)} {TAKEN_OVER_ON_PAGE}\n".encode())


def _is_file(path: Path) -> bool:
    hidden = path.name.startswith((".", "~")) or path.name.endswith(UNFINISHED) or path.name == FOLDER_STOPPED
    return not hidden and not path.is_symlink() and path.is_file()


def _content(path: Path) -> bytes:
    """Return what a file holds. Raises: FileRefused when it is too large, before it is read."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FileRefused(FileProblem.TOO_LARGE, str(len(data)))
    return data


def _report(path: Path, data: bytes) -> None:
    """Write a report whole or not at all."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def _under(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
