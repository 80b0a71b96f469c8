"""Files as applications send them, and an import of one done at once. Nothing commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.errors import Refusal
from availability.rights import Actor
from convocations.import_models import ImportLine, LineOutcome, PeopleImport
from convocations.imports.doing import Ways, call_off_line, do_line, refuse_line
from convocations.imports.options import Options
from convocations.imports.previewing import Preview, preview, read_lines
from convocations.imports.sent import Arrived, approve, end, lines_done, receive, set_up, sheet_of
from tests.convocations.desk import HOUSE
from tests.factories import NOW

APPI = (
    "Nom;Prénom;Nom d'usage;Numéro de dossier;Date de naissance;Age;Mesure/Intervention;Numéro de parquet;Alias;"
    "Commune de domicile;Typologie du suivi/segment;Attribution JAP"
)
MOREAU = "FICTIF-MOREAU;Anatole;;D-101;12/03/1990;35;TIG;24100000001;Tolo;Bordeaux;Segment 2;JAP 1"
DURAND = "FICTIVE-DURAND;Zoé;Martin;D-102;1er mai 1985;40;SME;24100000002;;Lyon;Segment 1;JAP 2"
HEARINGS = "N° convocation;Date;Heure;Agent;N° parquet;Nom;Prénom;Date de naissance;Téléphone;Avocat;Nature"


def csv_of(*lines: str, encoding: str = "utf-8-sig") -> bytes:
    """Return a file of these lines, as a French spreadsheet saves it."""
    return "\r\n".join(lines).encode(encoding)


def sent(session: Session, actor: Actor, data: bytes, *, now: datetime = NOW, **options: Any) -> PeopleImport:
    """Return an import of a file, as its headings describe it."""
    made = receive(session, actor, Arrived(name="export.csv", data=data), house=HOUSE, now=now)
    return set_up(session, actor, made.id, options=Options.of(made.options).with_(**options))


def looked_at(session: Session, actor: Actor, made: PeopleImport, *, now: datetime = NOW) -> Preview:
    """Return what an import would do."""
    return preview(session, actor, made.id, house=HOUSE, fiction=True, now=now)


def outcomes(found: Preview) -> list[LineOutcome]:
    """Return what each line would do."""
    return [one.outcome for one in found.lines]


def done(session: Session, actor: Actor, made: PeopleImport, *, now: datetime = NOW) -> Mapping[int, ImportLine]:
    """Return what became of each line, all of them having been done."""
    approve(session, actor, made.id, house=HOUSE, now=now)
    ways = Ways(house=HOUSE, fiction=True, now=now)
    for line in read_lines(made, sheet_of(made, house=HOUSE), now=now):
        try:
            with session.begin_nested():
                do_line(session, actor, made.id, line, ways)
        except Refusal as refusal:
            refuse_line(session, made.id, line.number, refusal, now=now)
    for number, known_id in enumerate(made.decisions.get("cancel", ()), 1):
        call_off_line(session, actor, made.id, -number, UUID(known_id), now=now)
    session.flush()
    end(session, made.id, now=now)
    return {one.line: one for one in lines_done(session, made.id)}


def counted(lines: Mapping[int, ImportLine]) -> Counter[str]:
    """Return how many lines became what."""
    return Counter(one.outcome for one in lines.values())
