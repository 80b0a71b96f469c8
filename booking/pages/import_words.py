"""What an import would do and did, in words: figures, lines, and what to do about each that is refused. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from availability.importers import columns
from availability.importers.columns import Field
from availability.importers.plans import CellProblem, Outcome, Plan, Planned
from availability.importers.sheets import MOST_LINES, Sheet
from booking.words import NBSP
from portal.ui.dates import grouped, plural

MOST_SHOWN = 20  # lines of a preview
MOST_PROBLEMS = 50
SAMPLES = 3
OUTCOME_WORDS = {Outcome.CREATED: "à créer", Outcome.CHANGED: "à modifier", Outcome.SAME: "inchangée"}
DONE_WORDS = {Outcome.CREATED: "créée", Outcome.CHANGED: "modifiée", Outcome.SAME: "inchangée"}
TONES = {Outcome.CREATED: "new", Outcome.CHANGED: "info", Outcome.SAME: ""}
COLUMN_WORDS = {
    "column-missing": {
        columns.CODE: "Dites quelle colonne est le code : c’est lui qui reconnaît une place d’un import à l’autre.",
        columns.KIND: "Dites quelle colonne est le type, ou choisissez le type de toutes les lignes.",
    },
    "column-twice": {},
}
PROBLEM_WORDS = {
    "required": "la case est vide : remplissez-la",
    "unknown-kind": "ce type n’existe pas, ou n’est pas des vôtres : écrivez l’un de {choices}",
    "kind-changed": "cette place existe déjà avec un autre type : donnez-lui un autre code",
    "code-twice": "ce code est déjà celui de la ligne {line} : gardez l’une des deux",
    "code-elsewhere": "ce code est déjà pris par un autre organisme : choisissez-en un autre",
    "site-changed": "cette place reste au lieu « {site} » : donnez un autre code à celle du nouveau lieu",
    "unknown-site": "ce lieu n’est pas des vôtres : corrigez-le, ou donnez son code, son nom, sa commune",
    "site-elsewhere": "ce code de lieu est déjà pris par un autre organisme : choisissez-en un autre",
    "unknown-commune": "cette commune est introuvable : écrivez son nom officiel, avec son code postal",
    "not-a-whole-number": "un nombre entier est attendu : écrivez par exemple 12",
    "not-numeric": "un nombre est attendu : écrivez par exemple 12 ou 2,5",
    "out-of-range": "la valeur doit être entre {least} et {most}",
    "beyond": "la valeur est hors des bornes de ce type",
    "not-a-flag": "répondez par oui ou non",
    "not-hours": "des heures sont attendues : écrivez par exemple 05:30–21:30",
    "unknown-choice": "ce choix n’existe pas : écrivez l’un de {choices}",
    "not-for-this-kind-of-place": "cette colonne n’a pas de sens pour ce type : videz la case",
    "not-after-start": "le maximum est plus petit que le minimum : échangez-les",
    "too-long": "c’est trop long : {most} caractères au plus",
    "too-many": "il y en a trop : {most} au plus",
    "too-many-values": "la ligne a plus de cases que d’en-têtes : mettez entre guillemets celle qui a un séparateur",
    "unreadable": "un caractère est illisible : saisissez la case à nouveau",
}
REFUSED_FILE = {
    "too-large": f"Ce fichier est trop gros : 10{NBSP}Mo au plus. Coupez-le en plusieurs.",
    "no-file": "Choisissez d’abord un fichier.",
    "unreadable": "L’envoi a été interrompu : envoyez le fichier à nouveau.",
}


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file: `field` is what it is."""

    number: int
    heading: str
    samples: str
    field: str


@dataclass(frozen=True)
class LineRow:
    """A line of the preview."""

    line: str
    code: str
    name: str
    outcome: str
    tone: str
    changes: list[str]


@dataclass(frozen=True)
class Option:
    """A choice of a list."""

    value: str
    label: str


def column_rows(sheet: Sheet, chosen: Sequence[str]) -> list[ColumnRow]:
    """Return the columns with what stands in the first lines."""
    return [
        ColumnRow(number, heading, _samples(sheet, number), code)
        for number, (heading, code) in enumerate(zip(sheet.headings, chosen, strict=True))
    ]


def options(fields: Sequence[Field]) -> list[Option]:
    """Return what a column can be, "leave aside" first."""
    return [Option("aside", "Laisser de côté"), *(Option(each.code, each.heading) for each in fields)]


def figures(found: Plan, *, is_done: bool = False) -> list[str]:
    """Return how many lines do what, those that count nothing left out."""
    words = DONE_WORDS if is_done else OUTCOME_WORDS
    said = [
        plural(found.of(outcome), f"ligne {words[outcome]}", f"lignes {_many(words[outcome])}")
        for outcome in Outcome
        if found.of(outcome)
    ]
    refused = "laissée de côté" if is_done else "refusée"
    if found.refused:
        said.append(plural(found.refused, f"ligne {refused}", f"lignes {_many(refused)}"))
    return said


def line_rows(lines: Sequence[Planned]) -> list[LineRow]:
    """Return the first lines that do something, then the first of the others."""
    doing = [one for one in lines if one.outcome is not Outcome.SAME]
    others = [one for one in lines if one.outcome is Outcome.SAME]
    return [_line(one) for one in (*doing, *others)[:MOST_SHOWN]]


def problem_words(problems: Sequence[CellProblem]) -> list[str]:
    """Return the first problems: line, column, value, what is wrong and what to do."""
    return [_problem(one) for one in problems[:MOST_PROBLEMS]]


def problems_title(count: int) -> str:
    """Return how many lines are refused."""
    return plural(count, "ligne est refusée", "lignes sont refusées")


def and_more(count: int, shown: int, one: str, several: str) -> str:
    """Return "et 12 autres lignes", or nothing."""
    return f"et {plural(count - shown, f'autre {one}', f'autres {several}')}" if count > shown else ""


def file_words(name: str, sheet: Sheet) -> str:
    """Return what was read."""
    read = f"{plural(len(sheet.rows), 'ligne')}, {plural(len(sheet.headings), 'colonne')}"
    return f"{name or 'Fichier'}{NBSP}: {read}"


def column_problem(field: str, problem: str, label: str) -> str:
    """Return what is wrong with the columns as a whole."""
    if problem == "column-twice":
        return f"Deux colonnes sont « {label} » : gardez-en une."
    return COLUMN_WORDS["column-missing"].get(field, "Ces colonnes ne suffisent pas.")


def button_words(found: Plan, *, all_or_none: bool) -> str:
    """Return what the button does; nothing when there is nothing to do."""
    count = found.of(Outcome.CREATED) + found.of(Outcome.CHANGED)
    if count == 0 or (all_or_none and found.problems):
        return ""
    return f"Importer {plural(count, 'ligne')}"


def working_words(done: int, of: int) -> str:
    """Return how far it is."""
    return f"{grouped(done)}{NBSP}lignes sur {grouped(of)}…" if of else "Lecture du fichier…"


def _line(one: Planned) -> LineRow:
    return LineRow(
        line=str(one.line),
        code=one.wanted.code,
        name=one.wanted.name,
        outcome=OUTCOME_WORDS[one.outcome],
        tone=TONES[one.outcome],
        changes=[
            f"{change.column}{NBSP}: {change.before or 'vide'} → {change.after or 'vide'}" for change in one.changes
        ],
    )


def _problem(one: CellProblem) -> str:
    facts = {name: _listed(fact) for name, fact in one.facts.items()}
    words = PROBLEM_WORDS.get(one.problem, "cette valeur ne convient pas").format_map(_Facts(facts))
    column = f", colonne «{NBSP}{one.column}{NBSP}»" if one.column else ""
    value = f", «{NBSP}{one.value}{NBSP}»" if one.value else ""
    return f"Ligne {one.line}{column}{value}{NBSP}: {words if words.endswith('…') else f'{words}.'}"


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def _listed(fact: object) -> str:
    if not isinstance(fact, list):
        return str(fact)
    shown = ", ".join(f"«{NBSP}{each}{NBSP}»" for each in fact[:6])
    return f"{shown}…" if len(fact) > 6 else shown


def _many(words: str) -> str:
    return " ".join(f"{word}s" if word.endswith("ée") else word for word in words.split())


def _samples(sheet: Sheet, number: int) -> str:
    seen = dict.fromkeys(row.cells[number] for row in sheet.rows[:50] if number < len(row.cells) and row.cells[number])
    return ", ".join(each[:40] for each in list(seen)[:SAMPLES]) or "(vide)"


LIMITS = f"CSV ou Excel (.xlsx), 10{NBSP}Mo et {grouped(MOST_LINES)}{NBSP}lignes au plus."
