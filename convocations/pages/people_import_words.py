"""What an import of people or hearings would do and did, in words: figures, lines, and what to do about each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from availability.importers.columns import Field
from availability.importers.sheets import MOST_LINES, Sheet, written_csv
from booking.pages.person_words import born_words
from convocations.import_models import ImportLine, ImportMatching, ImportState, LineOutcome, PeopleImport, Stop, What
from convocations.imports import fields as at
from convocations.imports.comparing import ANOTHER, Compared
from convocations.imports.fields import PRESETS, fields_for
from convocations.imports.known import Somebody
from convocations.imports.lines import Trouble
from convocations.imports.previewing import Gone, Preview
from convocations.pages.addresses import letter_address
from portal.ui.dates import NBSP, day, grouped, moment, plural

MOST_SHOWN = 60
SAMPLES = 3
OUTCOME_WORDS = {
    LineOutcome.NEW: "nouvelle", LineOutcome.MOVED: "déplacée", LineOutcome.CHANGED: "complétée",
    LineOutcome.KNOWN: "inchangée", LineOutcome.DOUBTFUL: "à préciser", LineOutcome.REFUSED: "refusée",
    LineOutcome.CANCELLED: "annulée",
}  # fmt: skip
TONES = {
    LineOutcome.NEW: "new", LineOutcome.MOVED: "info", LineOutcome.CHANGED: "info", LineOutcome.KNOWN: "",
    LineOutcome.DOUBTFUL: "warning", LineOutcome.REFUSED: "error", LineOutcome.CANCELLED: "warning",
}  # fmt: skip
SHOWN_FIRST = (LineOutcome.DOUBTFUL, LineOutcome.REFUSED, LineOutcome.MOVED, LineOutcome.NEW, LineOutcome.CHANGED,
               LineOutcome.CANCELLED, LineOutcome.KNOWN)  # fmt: skip
PROBLEM_WORDS = {
    "required": "la case est vide : remplissez-la",
    "birth-needed": "sans date de naissance, un dossier ne peut pas être ouvert : ajoutez-la, ou ouvrez le dossier",
    "not-a-birth-date": "ce n’est pas une date de naissance : écrivez par exemple 12/03/1990",
    "not-a-day": "ce n’est pas une date : écrivez par exemple 12/03/2026 ou 12 mars 2026",
    "not-an-hour": "ce n’est pas une heure : écrivez par exemple 9h30",
    "not-a-moment": "une date et une heure sont attendues : écrivez par exemple 12/03/2026 9h30",
    "two-digit-year": "l’année a deux chiffres : écrivez-la en entier, ou cochez « Lire 90 comme 1990 »",
    "unknown-choice": "ce choix n’existe pas : écrivez F ou M, Mme ou M.",
    "unknown-language": "cette langue n’est pas connue : écrivez par exemple arabe ou ar",
    "out-of-range": "un nombre de minutes est attendu, de 1 à 600",
    "too-long": "c’est trop long : raccourcissez-la",
    "unreadable": "un caractère est illisible : saisissez la case à nouveau",
    "too-many-values": "la ligne a plus de cases que d’en-têtes : mettez entre guillemets celle qui a un séparateur",
    "line-twice": "la même ligne est déjà plus haut (ligne {line}) : gardez l’une des deux",
    "past": "la date est passée : rien n’est convoqué pour hier",
    "unknown-place": "ce lieu ne reçoit pas ici : corrigez-le, ou choisissez-en un pour tout le fichier",
    "several-places": "plusieurs lieux sont possibles : ajoutez la salle ou l’agent, ou choisissez-en un ci-dessus",
    "no-hearing": "aucune audience n’est ouverte ce jour à cette heure : ouvrez-la, ou corrigez la date",
    "not-open": "rien n’est ouvert à cette heure : ouvrez-la dans l’agenda, ou corrigez l’heure",
    "period-taken": "l’heure est déjà prise par quelqu’un d’autre : choisissez-en une autre",
    "taken-above": "une ligne plus haut prend déjà cette heure, ou la recouvre : choisissez-en une autre",
    "capacity-reached": "l’audience est pleine : choisissez-en une autre",
    "quota-reached": "le quota de votre service est atteint pour cette période",
    "too-late": "c’est trop tard pour déplacer : appelez la personne",
    "already-decided": "le rendez-vous a changé d’état entre-temps : ouvrez-le",
    "changed-meanwhile": "quelqu’un vient de modifier ce rendez-vous : relancez l’import",
    "not-allowed": "votre service ne peut pas réserver ici",
    "not-found": "le dossier n’est plus de votre service",
    "doubtful": "peut-être une personne déjà connue : dites si c’est elle",
    "not-a-number": "ce numéro n’existe pas : une lettre sera à remettre",
    "ambiguous-number": "ce numéro existe sur plusieurs territoires : écrivez-le avec son indicatif (+262…)",
    "cancelled-here": "ce rendez-vous a été annulé ici depuis : il le reste",
    "failure": "une erreur est survenue : relancez l’import, et prévenez votre administrateur si elle revient",
}
COLUMN_MISSING = {
    at.FAMILY: "Dites quelle colonne est le nom.",
    at.BIRTH: "Dites quelle colonne est la date de naissance : avec le nom, elle évite d’ouvrir deux dossiers.",
    at.DAY: "Dites quelles colonnes sont la date et l’heure.",
}
CHANGE_WORDS = {
    at.USAGE: "nom d’usage", at.ALIASES: "alias", at.FILE: "numéro de dossier", at.PROSECUTION: "numéro de parquet",
    at.PHONE: "téléphone", at.ADDRESS: "commune",
}  # fmt: skip
LIMITS = f"CSV ou Excel (.xlsx), 10{NBSP}Mo et {grouped(MOST_LINES)}{NBSP}lignes au plus."
TO_CHECK = "à vérifier sur un export réel"
REPORT = ("Ligne", "Résultat", "Colonne", "Explication", "À remettre par lettre", "Annulation de l’import")
UNDONE_WORDS = {"": "", "undone": "annulée", "kept": "gardée : modifiée depuis"}
STATE_WORDS = {"open": "à valider", "running": "en cours", "done": "terminé", "undoing": "annulation en cours",
               "undone": "annulé", "stopped": "arrêté"}  # fmt: skip
NEVER_TAKEN_OVER = "Importé en partie : personne n’a repris le reste, et le fichier n’est plus gardé"
STOP_WORDS = {
    Stop.ACCOUNT_CLOSED: "est fermé",
    Stop.RIGHTS_LOST: "n’est plus de ce service",
}
TAKEN_OVER_ON_PAGE = f"Un collègue du service peut reprendre, depuis la page «{NBSP}Importer des personnes{NBSP}»."
ORIGIN_WORDS = {"page": "", "folder": " (dossier surveillé)", "api": " (logiciel partenaire)"}


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file: `field` is what it is."""

    number: int
    heading: str
    samples: str
    field: str


@dataclass(frozen=True)
class Option:
    """A choice of a list."""

    value: str
    label: str


@dataclass(frozen=True)
class LineRow:
    """A line of the preview or of the report."""

    line: str
    who: str
    when: str
    outcome: str
    tone: str
    why: str
    choices: list[Option]  # whose it may be, when somebody has to say
    chosen: str
    letter: str = ""  # the address of the letter to print


@dataclass(frozen=True)
class GoneRow:
    """A hearing that the list no longer has."""

    id: str
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class ImportRow:
    """An import of the past days."""

    id: str
    name: str
    words: str
    state: str


@dataclass(frozen=True)
class FolderRow:
    """A watched folder that waits for somebody to take it over."""

    id: str
    name: str
    why: str


def column_rows(sheet: Sheet, chosen: Sequence[str]) -> list[ColumnRow]:
    """Return the columns with what stands in the first lines."""
    return [
        ColumnRow(number, heading, _samples(sheet, number), code)
        for number, (heading, code) in enumerate(zip(sheet.headings, chosen, strict=True))
    ]


def field_options(what: What) -> list[Option]:
    """Return what a column can be, "leave aside" first."""
    fields: Sequence[Field] = fields_for(what)
    return [Option("aside", "Laisser de côté"), *(Option(each.code, each.heading) for each in fields)]


def matching_options(kept: Sequence[ImportMatching]) -> list[Option]:
    """Return the matchings to choose among: those of the service, then those shipped."""
    own = [Option(str(one.id), f"{one.name} (version {one.version})") for one in kept]
    shipped = [
        Option(f"preset:{one.code}", one.label + ("" if one.is_checked else f" — {TO_CHECK}")) for one in PRESETS
    ]
    return [*own, *shipped]


def file_words(name: str, sheet: Sheet) -> str:
    """Return what was read."""
    read = f"{plural(len(sheet.rows), 'ligne')}, {plural(len(sheet.headings), 'colonne')}"
    return f"{name or 'Fichier'}{NBSP}: {read}"


def figures(counts: Mapping[LineOutcome, int]) -> list[str]:
    """Return how many lines do what, those that count nothing left out."""
    return [
        plural(counts[one], f"ligne {OUTCOME_WORDS[one]}", f"lignes {_many(OUTCOME_WORDS[one])}")
        for one in LineOutcome
        if counts.get(one)
    ]


def letters_words(count: int) -> str:
    """Return how many people have no mobile; nothing when all have."""
    if not count:
        return ""
    return f"{plural(count, 'personne', 'personnes')} sans mobile{NBSP}: une lettre sera à imprimer."


def preview_rows(found: Preview, decisions: Mapping[str, str]) -> list[LineRow]:
    """Return the first lines, those that want somebody first."""
    ranked = sorted(found.lines, key=lambda one: (SHOWN_FIRST.index(one.outcome), one.line.number))
    return [_preview_row(one, decisions) for one in ranked[:MOST_SHOWN]]


def gone_rows(gone: Sequence[Gone], chosen: frozenset[str]) -> list[GoneRow]:
    """Return the hearings that the list no longer has."""
    return [
        GoneRow(str(one.known_id), f"{one.name}, {moment(one.starts_at, one.zone)}", str(one.known_id) in chosen)
        for one in gone
    ]


def done_rows(lines: Sequence[ImportLine], letters: Mapping[int, str]) -> list[LineRow]:
    """Return what became of the first lines; `letters`: line -> convocation to print."""
    ranked = sorted(
        lines, key=lambda one: (not one.needs_letter, SHOWN_FIRST.index(LineOutcome(one.outcome)), one.line)
    )
    return [_done_row(one, letters.get(one.line, "")) for one in ranked[:MOST_SHOWN]]


def report_csv(lines: Sequence[ImportLine]) -> bytes:
    """Return the report of an import as a file: no name, no number, the lines of the file that was sent."""
    rows = [
        (
            str(one.line) if one.line > 0 else "absente",
            OUTCOME_WORDS[LineOutcome(one.outcome)],
            heading_of(one.column),
            _sentence(one.problem, {}) or _changed(tuple(one.changed)),
            "oui" if one.needs_letter else "",
            UNDONE_WORDS[one.undone],
        )
        for one in lines
    ]
    return written_csv(REPORT, rows)


def import_rows(found: Sequence[PeopleImport]) -> list[ImportRow]:
    """Return the imports of the past days."""
    return [
        ImportRow(
            id=str(one.id),
            name=one.name or "Fichier",
            words=f"{day(one.created_at.date())}, {plural(one.lines, 'ligne')}{ORIGIN_WORDS[one.origin]}",
            state=STATE_WORDS[one.state],
        )
        for one in found
    ]


def stop_words(why: Stop) -> str:
    """Return why an import stopped."""
    return f"Import arrêté{NBSP}: le compte qui l’avait lancé {STOP_WORDS[why]}."


def folder_stop_words(why: Stop) -> str:
    """Return why nothing is taken from a folder."""
    said = f"Dossier surveillé arrêté{NBSP}: le compte qui le faisait lire {STOP_WORDS[why]}."
    return f"{said} Les listes déposées attendent."


def stopped_words(found: PeopleImport, done: int) -> str:
    """Return what was done of an import before it stopped, and until when the rest can be."""
    if found.stopped_while == ImportState.UNDOING:
        return "Son annulation était en cours."
    lines = plural(done, "ligne est faite", "lignes sont faites")
    until = day(found.expires_at.date()).removesuffix(".")  # "4 déc."
    return f"{lines} sur {grouped(found.lines)}. Le reste peut être repris jusqu’au {until}."


def folder_rows(found: Sequence[ImportMatching]) -> list[FolderRow]:
    """Return the folders that wait for somebody to take them over."""
    return [
        FolderRow(str(one.id), f"{one.name}, dossier «{NBSP}{one.options['folder']}{NBSP}»",
                  folder_stop_words(Stop(one.stopped_why)))
        for one in found
    ]  # fmt: skip


def column_problem(field: str, problem: str) -> str:
    """Return what is wrong with the columns, or with what is done with them, as a whole."""
    if field == "kind":
        return "Choisissez le type de rendez-vous ou d’audience."
    if problem == "column-twice":
        return f"Deux colonnes sont « {heading_of(field)} » : gardez-en une."
    return COLUMN_MISSING.get(field, "Ces colonnes ne suffisent pas.")


def button_words(found: Preview, cancels: int) -> str:
    """Return what the button does; nothing when there is nothing to do."""
    doing = (LineOutcome.NEW, LineOutcome.CHANGED, LineOutcome.MOVED)
    count = sum(found.of(one) for one in doing) + cancels
    return f"Importer {plural(count, 'ligne')}" if count else ""


def working_words(done: int, of: int) -> str:
    """Return how far it is."""
    return f"{grouped(done)}{NBSP}lignes sur {grouped(of)}…" if of else "Lecture du fichier…"


def trouble_words(trouble: Trouble) -> str:
    """Return what is wrong in a line: column, value, why and what to do."""
    column = f"colonne «{NBSP}{heading_of(trouble.field)}{NBSP}»" if trouble.field else ""
    value = f"«{NBSP}{trouble.value}{NBSP}»" if trouble.value else ""
    where = ", ".join(part for part in (column, value) if part)
    why = _sentence(trouble.problem, trouble.facts)
    return f"{where[:1].upper()}{where[1:]}{NBSP}: {why}." if where else f"{why[:1].upper()}{why[1:]}."


def heading_of(code: str) -> str:
    """Return the heading of a field, the code itself when it is none."""
    found = next((one for one in fields_for(What.HEARINGS) if one.code == code), None)
    return found.heading if found else code


def _preview_row(one: Compared, decisions: Mapping[str, str]) -> LineRow:
    line = one.line
    decided = decisions.get(str(line.number), "")
    choices = [Option(str(each.id), f"C’est {_known(each)}") for each in one.candidates]
    if choices or decided:
        choices = [*(choices or _said(one)), Option(ANOTHER, "C’est quelqu’un d’autre")]
    why = trouble_words(one.trouble) if one.trouble else _changed(one.changes)
    if one.remark:
        why = " ".join(part for part in (why, trouble_words(one.remark)) if part)
    return LineRow(
        line=str(line.number),
        who=f"{line.family_name} {line.given_name}".strip() or "(sans nom)",
        when=moment(one.starts_at, one.place.zone) if one.starts_at and one.place else "",
        outcome=OUTCOME_WORDS[one.outcome],
        tone=TONES[one.outcome],
        why=why or (trouble_words(Trouble("", "", "doubtful")) if one.candidates else ""),
        choices=choices,
        chosen=decided,
    )


def _said(one: Compared) -> list[Option]:
    return [Option(str(one.person.id), f"C’est {_known(one.person)}")] if one.person else []


def _known(one: Somebody) -> str:
    number = f", dossier {one.file_number}" if one.file_number else ""
    return f"{one.family_name} {one.given_name}, {born_words(one.birth_on, '')}{number}"


def _done_row(one: ImportLine, convocation: str) -> LineRow:
    outcome = LineOutcome(one.outcome)
    why = trouble_words(Trouble(one.column, "", one.problem)) if one.problem else _changed(tuple(one.changed))
    undone = f" ({UNDONE_WORDS[one.undone]})" if one.undone else ""
    return LineRow(
        line=str(one.line) if one.line > 0 else "—",
        who="",
        when="",
        outcome=OUTCOME_WORDS[outcome] + undone,
        tone=TONES[outcome],
        why=why,
        choices=[],
        chosen="",
        letter=letter_address(convocation) if convocation and one.needs_letter and not one.undone else "",
    )


def _changed(changes: Sequence[str]) -> str:
    said = [CHANGE_WORDS[name] for name in CHANGE_WORDS if name in changes]
    return f"Complète le dossier{NBSP}: {', '.join(said)}." if said else ""


def _sentence(problem: str, facts: Mapping[str, object]) -> str:
    if not problem:
        return ""
    words = PROBLEM_WORDS.get(problem, "cette ligne a été refusée").format_map(_Facts(facts))
    return words.replace(" :", f"{NBSP}:").replace("« ", f"«{NBSP}").replace(" »", f"{NBSP}»")


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def _many(words: str) -> str:
    return f"{words}s" if words.endswith("e") else words


def _samples(sheet: Sheet, number: int) -> str:
    seen = dict.fromkeys(row.cells[number] for row in sheet.rows[:50] if number < len(row.cells) and row.cells[number])
    return ", ".join(each[:40] for each in list(seen)[:SAMPLES]) or "(vide)"
