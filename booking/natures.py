"""The tree of natures of cases (NAC): a small one ships, a full one is imported, and taken back.

Source: nomenclature des affaires civiles, ministère de la Justice (data.gouv.fr, Licence Ouverte 2.0).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest
from availability.history import Act, record
from availability.importers.columns import compared
from availability.importers.sheets import Sheet, read_sheet
from availability.kinds import check_national
from availability.rights import Actor, Role
from booking.nature_models import LABEL_LENGTH, CaseNature

IMPORTERS = (Role.ADMINISTRATOR,)
CODE = re.compile(r"[0-9][0-9A-Z]{0,4}")
CODES, LABELS = ("code", "code nac", "nac"), ("label", "libelle", "intitule", "nature")
ALONE = text("LOCK TABLE case_nature IN SHARE ROW EXCLUSIVE MODE")  # two lists at once; rare, and short


@dataclass(frozen=True, kw_only=True)
class BadLine:
    """A line that is left aside: `why` is unreadable, required, too-long, twice or without-parent."""

    number: int
    why: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a list says: labels by code, and the lines that say nothing."""

    natures: dict[str, str]
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import changed, by code, and all that was there before: what takes it back."""

    added: tuple[str, ...]
    renamed: tuple[str, ...]
    retired: tuple[str, ...]
    before: tuple[tuple[str, str, bool], ...]


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, str]:
    """Return the small tree that ships: its classes, its families, and the codes that family judges meet most."""
    lines = (files("booking") / "natures.csv").read_text(encoding="utf-8").splitlines()
    return {row["code"]: row["label"] for row in csv.DictReader(lines)}


def natures(session: Session) -> dict[str, str]:
    """Return the labels in force by code, sorted: those of the last import, else those that ship."""
    found = session.exec(select(CaseNature).where(col(CaseNature.in_force)).order_by(col(CaseNature.code))).all()
    return {one.code: one.label for one in found} if found else dict(sorted(shipped().items()))


def above(known: Mapping[str, str], code: str) -> str:
    """Return the code right above another in the tree, none above its classes."""
    return next((code[:end] for end in range(len(code) - 1, 0, -1) if code[:end] in known), "")


def read_natures(data: bytes) -> Read:
    """Return what a spreadsheet says, CSV or XLSX, in any order of lines. Raises: FileRefused, InvalidRequest."""
    sheet = read_sheet(data)
    code_at, label_at = _column(sheet, CODES, "code"), _column(sheet, LABELS, "label")
    found: dict[str, str] = {}
    bad: list[BadLine] = []
    lines: dict[str, tuple[int, str]] = {}
    for row in sheet.rows:
        code, label = row.cells[code_at].upper(), row.cells[label_at]
        why = _why_not(code, label, found)
        if why:
            bad.append(BadLine(number=row.number, why=why, words=row.words[:200]))
        else:
            found[code], lines[code] = label, (row.number, row.words[:200])
    orphans = [code for code in found if len(code) > 1 and not above(found, code)]
    for code in orphans:
        del found[code]
        number, words = lines[code]
        bad.append(BadLine(number=number, why="without-parent", words=words))
    return Read(natures=found, bad=tuple(sorted(bad, key=lambda one: one.number)))


def import_natures(session: Session, actor: Actor, found: Mapping[str, str], *, now: datetime) -> Imported:
    """Have a list be the tree: what it no longer has is out of force, and keeps its name. Raises: NotAllowed."""
    check_national(session, actor)
    if not found:
        raise InvalidRequest("natures", "required")
    session.execute(ALONE)
    rows = {one.code: one for one in session.exec(select(CaseNature)).all()}
    was = {code: one.label for code, one in rows.items() if one.in_force} or shipped()
    before = tuple(sorted((one.code, one.label, one.in_force) for one in rows.values()))
    _write(session, rows, found)
    record(session, actor, Act(act="natures-imported", subject="natures", subject_id=0, at=now, facts=_counts(found)))
    return Imported(
        added=tuple(sorted(found.keys() - was.keys())),
        renamed=tuple(sorted(code for code in found.keys() & was.keys() if found[code] != was[code])),
        retired=tuple(sorted(was.keys() - found.keys())),
        before=before,
    )


def restore_natures(
    session: Session, actor: Actor, before: tuple[tuple[str, str, bool], ...], *, now: datetime
) -> None:
    """Take an import back: the tree is again what it was. Raises: NotAllowed."""
    check_national(session, actor)
    session.execute(ALONE)
    rows = {one.code: one for one in session.exec(select(CaseNature)).all()}
    kept = {code: label for code, label, in_force in before if in_force}
    _write(session, rows, kept)
    record(session, actor, Act(act="natures-restored", subject="natures", subject_id=0, at=now, facts=_counts(kept)))


def _write(session: Session, rows: Mapping[str, CaseNature], found: Mapping[str, str]) -> None:
    for code, label in found.items():
        if (row := rows.get(code)) is None:
            session.add(CaseNature(code=code, label=label))
        else:
            row.label, row.in_force = label, True
    for code, row in rows.items():
        row.in_force = code in found
    session.flush()


def _counts(found: Mapping[str, str]) -> dict[str, int]:
    return {"natures": len(found)}


def _column(sheet: Sheet, names: tuple[str, ...], field: str) -> int:
    for at, heading in enumerate(sheet.headings):
        if compared(heading) in names:
            return at
    raise InvalidRequest("natures", "no-column", column=field)


def _why_not(code: str, label: str, found: Mapping[str, str]) -> str:
    if not CODE.fullmatch(code):
        return "unreadable"
    if not label or len(label) > LABEL_LENGTH:
        return "too-long" if label else "required"
    return "twice" if code in found else ""
