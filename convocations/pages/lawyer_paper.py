"""The proofs of a lawyer as PDF: that a date was given, or that it was asked for and why there was none.

To be imported by whoever prints: see `letter_paper`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from booking.lawyer_hearings import Attempt, LawyerHearing
from booking.lawyer_models import Procedure
from booking.pages.lawyer_words import (
    HEARING_STATES,
    PROCEDURE_WORDS,
    RELEASED,
    attempt_lines,
    formation_words,
    nature_words,
    summons_rule,
)
from convocations.paper import MARGIN_MM, WIDTH_MM, Paper
from convocations.typeface import printable
from portal.ui.dates import NBSP, hour, long_day

NAME_MM = 45.0
# Source: CPC, art. 754: the summons is what brings a case; the date alone does not.
WORTH = (
    "Ce document prouve la date et l’heure auxquelles PlaceJuste a répondu à la demande. Il ne vaut ni saisine du"
    " tribunal ni convocation."
)


def date_pdf(hearing: LawyerHearing, *, lawyer: str, known: dict[str, str], now: datetime) -> bytes:
    """Return the proof that a date was given to a lawyer."""
    on = hearing.starts_at.astimezone(hearing.zone).date()
    paper = _begun("Preuve de prise de date", lawyer, now, hearing.zone, f"Réf. {hearing.case_ref}")
    paper.lines("L’audience est fixée le" if hearing.is_on else "L’audience était fixée le", 11, after=1.5)
    paper.lines(f"{long_day(on)} à{NBSP}{hour(hearing.starts_at, hearing.zone)}", 16, bold=True, after=5)
    state = RELEASED if hearing.released_at else HEARING_STATES.get(hearing.state, str(hearing.state))
    lines = [
        ("Référence", hearing.case_ref),
        ("Tribunal", f"{hearing.court}, {hearing.address}".strip(", ")),
        ("Audience", hearing.name),
        ("Formation et salle", ", ".join(filter(None, (formation_words(hearing.formation), hearing.room)))),
        ("Procédure", PROCEDURE_WORDS[Procedure(hearing.procedure)]),
        ("Nature de l’affaire", nature_words(known, hearing.nature)),
        ("Parties", hearing.parties),
        ("Date prise le", _at(hearing.confirmed_at, hearing.zone) if hearing.confirmed_at else ""),
        ("Au jour de ce document", state),
    ]
    _table(paper, lines)
    if hearing.is_on and hearing.summons_due_on and hearing.given_on:
        paper.lines(summons_rule(hearing.summons_due_on, hearing.given_on, on), 10, after=2)
    paper.lines(
        "Projet d’assignation remis." if hearing.has_summons else "Projet d’assignation non remis.", 10, after=6
    )
    return _ended(paper)


def attempt_pdf(attempt: Attempt, *, lawyer: str, known: dict[str, str], now: datetime) -> bytes:
    """Return the proof that a date was asked for in vain, and why there was none."""
    paper = _begun("Preuve de tentative de prise de date", lawyer, now, attempt.zone, f"Tentative {attempt.row.id}")
    paper.lines("Une date a été demandée le", 11, after=1.5)
    paper.lines(_at(attempt.row.at, attempt.zone), 16, bold=True, after=1.5)
    paper.lines("et aucune n’a pu être prise.", 11, after=5)
    _table(paper, attempt_lines(attempt, known))
    return _ended(paper)


def _begun(title: str, lawyer: str, now: datetime, zone: tzinfo, foot: str) -> Paper:
    paper = Paper(title=title, made_at=now, foot=lambda: printable(foot))
    paper.add_page()
    paper.lines(title, 17, bold=True, after=2)
    paper.lines(printable(lawyer), 11, after=1)
    paper.lines(f"Document établi le {_at(now, zone)}, heure du tribunal.", 9, grey=True, after=6)
    return paper


def _table(paper: Paper, lines: Sequence[tuple[str, str]]) -> None:
    for name, words in lines:
        if not words:
            continue
        top = paper.get_y()
        paper.lines(name, 10, grey=True, width=NAME_MM)
        below = paper.get_y()
        paper.set_xy(MARGIN_MM + NAME_MM, top)
        paper.lines(printable(words), 10, width=WIDTH_MM - NAME_MM)
        paper.set_xy(MARGIN_MM, max(below, paper.get_y()) + 1.5)
    paper.ln(4)


def _ended(paper: Paper) -> bytes:
    paper.lines(WORTH, 9, grey=True)
    return paper.written()


def _at(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{long_day(local.date())} à{NBSP}{local:%H}{NBSP}h{NBSP}{local:%M}{NBSP}min{NBSP}{local:%S}{NBSP}s"
