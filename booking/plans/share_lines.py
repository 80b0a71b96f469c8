"""Cases as a registry types or pastes them: one a line, its number, then what is known of it. Pure.

"24/01234 ; Lyon ; Villefranche-sur-Saône ; arabe ; urgent", with semicolons or with the tabs of a spreadsheet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from availability.errors import InvalidRequest
from availability.gazetteer import Commune, normalise
from availability.places import communes_in
from booking.designations import read_case_ref
from booking.mediators import LANGUAGES

MOST_LINES = 300
MOST_TYPED = 40_000  # letters, in all
MOST_COMMUNES = 2
CODE = 2  # letters of the code of a language: nobody types them
URGENT = frozenset({"urgent", "urgence", "urgente"})
VIOLENCE = frozenset({"violence", "violences", "violences alleguees"})


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What may be asked of the services of a kind: competences by code, languages by their French name."""

    competences: Mapping[str, str] = field(default_factory=dict)
    languages: Collection[str] = ()
    refuses_violence: bool = False  # the law allows no such measure where violence is alleged


@dataclass(frozen=True, kw_only=True)
class TypedCase:
    """A case as it was typed, understood."""

    case_ref: str
    communes: tuple[Commune, ...] = ()
    competence: str = ""
    languages: tuple[str, ...] = ()
    is_urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A line that was not understood, as it was typed, and why; `value` is the piece that is at fault."""

    number: int  # the first line is 1
    typed: str
    why: str
    value: str = ""


class _UnreadError(Exception):
    """Why a line is not understood."""

    def __init__(self, why: str, value: str = "") -> None:
        super().__init__(why)
        self.why, self.value = why, value


def read_cases(typed: str, choices: Choices) -> tuple[list[TypedCase], list[Fault]]:
    """Return the cases of the lines that are understood, and the lines that are not. Raises: InvalidRequest.

    A case that is typed twice is what its last line says.
    """
    lines = [(number, line.strip()) for number, line in enumerate(typed.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINES or len(typed) > MOST_TYPED:
        raise InvalidRequest("cases", "too-many", most=MOST_LINES)
    words = _words(choices)
    cases: dict[str, TypedCase] = {}
    faults = []
    for number, line in lines:
        try:
            case = _case(line, words, choices)
            cases[case.case_ref] = case
        except _UnreadError as fault:
            faults.append(Fault(number=number, typed=line, why=fault.why, value=fault.value))
    return list(cases.values()), faults


def _case(line: str, words: Mapping[str, tuple[str, str]], choices: Choices) -> TypedCase:
    first, *pieces = [piece.strip() for piece in re.split(r"[;\t]", line)]
    found: dict[str, list[str]] = {"competence": [], "language": [], "urgent": []}
    communes: list[Commune] = []
    for piece in filter(None, pieces):
        what, value = words.get(normalise(piece), ("commune", piece))
        if what == "violence" and choices.refuses_violence:
            raise _UnreadError("violence", piece)
        if what in found:
            found[what].append(value)
        elif what == "commune":
            communes.append(_commune(piece))
    if len(communes) > MOST_COMMUNES or len(found["competence"]) > 1:
        raise _UnreadError("too-many-communes" if len(communes) > MOST_COMMUNES else "two-competences")
    return TypedCase(
        case_ref=_case_ref(first),
        communes=tuple(communes),
        competence="".join(found["competence"]),
        languages=tuple(dict.fromkeys(found["language"])),
        is_urgent=bool(found["urgent"]),
    )


def _words(choices: Choices) -> dict[str, tuple[str, str]]:
    """Return what a word means, other than a commune: its field, and its value there."""
    words = {normalise(one): ("language", one) for one in choices.languages}
    words |= {normalise(one): ("language", name) for one, name in LANGUAGES.items() if len(one) > CODE}
    words |= {
        normalise(one): ("competence", code) for code, label in choices.competences.items() for one in (code, label)
    }
    return words | {one: ("urgent", one) for one in URGENT} | {one: ("violence", one) for one in VIOLENCE}


def _commune(piece: str) -> Commune:
    found = communes_in(piece)
    if not found:
        raise _UnreadError("unknown-word", piece)
    return found[0]


def _case_ref(typed: str) -> str:
    try:
        read = read_case_ref(typed)
    except InvalidRequest as refusal:
        raise _UnreadError(f"case-{refusal.problem}", typed) from refusal
    if not any(letter.isdigit() for letter in read):
        raise _UnreadError("case-not-a-number", typed)
    return read
