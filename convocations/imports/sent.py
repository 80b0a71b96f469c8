"""Files of people that were sent: sealed while they are needed, read, approved, taken up again, forgotten."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from availability.errors import NotAllowed, NotFound, Refusal
from availability.history import Act, record
from availability.importers.sheets import Sheet, read_sheet
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, seal, unseal
from convocations.convening import kind_to_convene
from convocations.import_models import ImportLine, ImportMatching, ImportState, LineOutcome, PeopleImport, What
from convocations.imports.fields import closest_preset
from convocations.imports.lines import check_columns, matched, remembered
from convocations.imports.options import Options

IMPORTERS = REQUESTERS
MOST_NAME = 120
KEPT = timedelta(days=1)  # a file that somebody looks at
KEPT_WAITING = timedelta(days=7)  # one that arrived by itself, until somebody approves it
UNDONE_WITHIN = timedelta(hours=24)
LISTED = 20
PURPOSE = "imports-of-people"
COUNTS = text("SELECT outcome, count(*) AS lines FROM import_line WHERE import_id = :id GROUP BY outcome")
AGAIN = text("""
    DELETE FROM import_line WHERE import_id = :id AND outcome IN ('doubtful', 'refused')""")


class ImportOver(Refusal):
    """The import is not, or no longer, where this act makes sense: `state` says where it is."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A file as it arrives. `matching` says what it is; without one, its headings do."""

    name: str
    data: bytes
    origin: str = "page"
    matching: ImportMatching | None = None
    dropped_as: str = ""


def receive(session: Session, actor: Actor, sent: Arrived, *, house: House, now: datetime) -> PeopleImport:
    """Keep a file, sealed, and say what it seems to be; done at once when its matching says so.

    Raises: NotAllowed, FileRefused, InvalidRequest when the matching does not fit it.
    """
    if actor.home_territory_id not in actor.territories(IMPORTERS):
        raise NotAllowed(act="import-people")
    sheet = read_sheet(sent.data)
    matching = sent.matching
    preset = closest_preset(sheet.headings)
    what = What(matching.what if matching else preset.what)
    chosen = matched(sheet, what, matching.columns if matching else preset.columns)
    made = PeopleImport(
        territory_id=actor.home_territory_id,
        by=actor.account_id,
        origin=sent.origin,
        name="".join(letter for letter in sent.name if letter.isprintable())[:MOST_NAME],
        what=what,
        source=matching.source if matching else preset.code,
        matching_id=matching.id if matching else None,
        columns=remembered(sheet.headings, chosen),
        options=(Options.of(matching.options) if matching else _usual(session, actor, what)).kept,
        digest=hashlib.sha256(sent.data).digest(),
        data_sealed=_sealed(house, sent.data),
        lines=len(sheet.rows),
        dropped_as=sent.dropped_as,
        created_at=now,
        expires_at=now + (KEPT if sent.origin == "page" else KEPT_WAITING),
    )
    session.add(made)
    session.flush()
    _write_down(session, actor, made, "import-received", now, lines=made.lines, origin=made.origin)
    if matching is not None and Options.of(matching.options).at_once and sent.origin != "page":
        approve(session, actor, made.id, house=house, now=now)
    return made


def import_for(session: Session, actor: Actor, import_id: UUID, *, lock: bool = False) -> PeopleImport:
    """Return an import of the actor's service. Raises: NotFound."""
    found = session.get(PeopleImport, import_id, populate_existing=True, with_for_update=lock)
    if found is None or found.territory_id not in actor.territories(IMPORTERS):
        raise NotFound(import_id=str(import_id))
    return found


def imports_of(session: Session, actor: Actor) -> list[PeopleImport]:
    """Return the last imports of the actor's services, without their files; those that are stopped come first."""
    territories = actor.territories(IMPORTERS)
    wanted = select(PeopleImport).where(col(PeopleImport.territory_id).in_(territories))
    order = ((col(PeopleImport.state) == ImportState.STOPPED).desc(), col(PeopleImport.created_at).desc())
    return list(session.exec(wanted.order_by(*order).limit(LISTED)))


def sheet_of(found: PeopleImport, *, house: House) -> Sheet:
    """Return what the file says. Raises: ImportOver once it was forgotten."""
    if found.data_sealed is None:
        raise ImportOver(state=found.state, why="forgotten")
    return sheet_in(found.data_sealed, house=house)


def sheet_in(sealed: bytes, *, house: House) -> Sheet:
    """Return what a sealed file says."""
    return read_sheet(base64.b85decode(unseal(house.derived(PURPOSE), sealed)))


def chosen_of(found: PeopleImport, sheet: Sheet) -> tuple[str, ...]:
    """Return the field of each column of an import."""
    return matched(sheet, What(found.what), found.columns)


def set_up(
    session: Session,
    actor: Actor,
    import_id: UUID,
    *,
    what: What | None = None,
    source: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: Options | None = None,
    matching_id: UUID | None = None,
) -> PeopleImport:
    """Say what an import that waits is: its columns, its source, what is done with it. Raises: NotFound, ImportOver."""
    found = _open(session, actor, import_id)
    if what is not None:
        found.what = what
    if source is not None:
        found.source = source
    if columns is not None:
        found.columns = dict(columns)
    if options is not None:
        found.options = options.kept
    if matching_id is not None:
        found.matching_id = matching_id
    return found


def decide(session: Session, actor: Actor, import_id: UUID, line: int, decision: str) -> PeopleImport:
    """Say whose a doubtful line is: a person's number, "another", or nothing to be asked again.

    Raises: NotFound, ImportOver.
    """
    found = _open(session, actor, import_id)
    lines = {key: one for key, one in _decisions(found, "lines").items() if key != str(line)}
    found.decisions = found.decisions | {"lines": lines | ({str(line): decision} if decision else {})}
    return found


def call_off(session: Session, actor: Actor, import_id: UUID, known_ids: Sequence[UUID]) -> PeopleImport:
    """Say which of the hearings that the file no longer has are to be called off. Raises: NotFound, ImportOver."""
    found = _open(session, actor, import_id)
    found.decisions = found.decisions | {"cancel": [str(one) for one in known_ids]}
    return found


def approve(session: Session, actor: Actor, import_id: UUID, *, house: House, now: datetime) -> PeopleImport:
    """Have the lines done, one transaction each, by the clock. What was refused or asked before is tried again.

    Raises: NotFound, ImportOver, InvalidRequest when its columns cannot do.
    """
    found = _open(session, actor, import_id, lock=True)
    check_columns(chosen_of(found, sheet_of(found, house=house)), What(found.what), Options.of(found.options))
    session.execute(AGAIN, {"id": found.id})
    found.state, found.approved_at, found.ended_at, found.by = ImportState.RUNNING, now, None, actor.account_id
    found.expires_at = max(found.expires_at, now + KEPT)
    _write_down(session, actor, found, "import-approved", now, lines=found.lines)
    return found


def end(session: Session, import_id: UUID, *, now: datetime) -> None:
    """Write down that every line has its outcome; the file is forgotten unless some are still to be asked."""
    found = session.get_one(PeopleImport, import_id, with_for_update=True, populate_existing=True)
    if found.state != ImportState.RUNNING:
        return
    counts = counts_of(session, import_id)
    found.state, found.ended_at = ImportState.DONE, now
    if not counts.get(LineOutcome.DOUBTFUL) and not counts.get(LineOutcome.REFUSED):
        found.data_sealed = None


def ask_undo(session: Session, actor: Actor, import_id: UUID, *, now: datetime) -> PeopleImport:
    """Have what an import created undone, where nobody touched it since. Raises: NotFound, ImportOver."""
    found = import_for(session, actor, import_id, lock=True)
    if found.state != ImportState.DONE or found.ended_at is None or found.ended_at < now - UNDONE_WITHIN:
        raise ImportOver(state=found.state, why="undo")
    found.state, found.data_sealed, found.by = ImportState.UNDOING, None, actor.account_id
    _write_down(session, actor, found, "import-undone", now)
    return found


def counts_of(session: Session, import_id: UUID) -> dict[LineOutcome, int]:
    """Return how many lines have each outcome so far."""
    return {LineOutcome(row.outcome): row.lines for row in session.execute(COUNTS, {"id": import_id})}


def lines_done(session: Session, import_id: UUID) -> list[ImportLine]:
    """Return what became of each line, in the order of the file; what was called off comes last."""
    found = session.exec(select(ImportLine).where(ImportLine.import_id == import_id)).all()
    return sorted(found, key=lambda one: (one.line < 0, abs(one.line)))


def forget_data(session: Session, *, now: datetime) -> None:
    """Forget the files whose time is over; what became of their lines stays. A job calls it each hour.

    An import that nobody took over ends with what was done.
    """
    over = (col(PeopleImport.expires_at) <= now, col(PeopleImport.data_sealed).is_not(None))
    waiting = col(PeopleImport.state).in_([ImportState.OPEN, ImportState.DONE])
    session.execute(update(PeopleImport).where(*over, waiting).values(data_sealed=None))
    stopped = (*over, col(PeopleImport.state) == ImportState.STOPPED)
    ended = {"data_sealed": None, "state": ImportState.DONE, "stopped_while": "", "ended_at": now}
    session.execute(update(PeopleImport).where(*stopped).values(**ended))


def _open(session: Session, actor: Actor, import_id: UUID, *, lock: bool = True) -> PeopleImport:
    found = import_for(session, actor, import_id, lock=lock)
    if found.state not in (ImportState.OPEN, ImportState.DONE) or found.data_sealed is None:
        raise ImportOver(state=found.state)
    return found


def _usual(session: Session, actor: Actor, what: What) -> Options:
    """Return options with the kind that the actor convenes for, which the page shows and lets change."""
    try:
        kind = kind_to_convene(session, actor, "") if what is What.HEARINGS else None
    except NotAllowed:
        kind = None
    return Options(kind=kind.code if kind and not kind.host_accepts else "")


def _decisions(found: PeopleImport, name: str) -> dict[str, Any]:
    kept = found.decisions.get(name)
    return dict(kept) if isinstance(kept, dict) else {}


def _sealed(house: House, data: bytes) -> bytes:
    return seal(house.derived(PURPOSE), base64.b85encode(data).decode())


def _write_down(session: Session, actor: Actor, found: PeopleImport, act: str, now: datetime, **facts: object) -> None:
    said = {"what": found.what, "source": found.source} | facts
    record(session, actor, Act(act=act, subject="import", subject_id=str(found.id), at=now, facts=said))
