"""Why a whole file is refused, in French, for the command line and the page. Pure."""

from __future__ import annotations

from availability.importers.report import FileProblem, FileRefused

FILE_SENTENCES = {
    FileProblem.EMPTY: "le fichier est vide",
    FileProblem.TOO_LARGE: "le fichier est trop gros ({words} octets, 10 millions au plus)",
    FileProblem.NOT_TEXT: "ce n’est pas un tableau de texte : enregistrez-le en CSV ou en classeur Excel (.xlsx)",
    FileProblem.MIXED_ENCODING: "ses accents sont écrits de deux façons : ouvrez-le, enregistrez-le en .xlsx",
    FileProblem.MISSING_COLUMNS: "il manque des colonnes : {words}",
    FileProblem.COLUMN_TWICE: "des colonnes y sont deux fois : {words}",
    FileProblem.BROKEN_QUOTES: "des guillemets ne sont pas fermés, ou mal placés ({words})",
    FileProblem.NO_LINE: "il n’y a aucune ligne après l’en-tête",
    FileProblem.NOT_A_SHEET: "ce n’est ni un CSV ni un classeur Excel (.xlsx) : enregistrez-le ainsi",
    FileProblem.OLD_EXCEL: "c’est un ancien classeur Excel (.xls) : enregistrez-le en .xlsx ou en CSV",
    FileProblem.BROKEN_SHEET: "ce classeur est abîmé ou protégé : ouvrez-le, et enregistrez-le à nouveau en .xlsx",
    FileProblem.TOO_MANY_LINES: "il y a trop de lignes ({words} au plus) : coupez-le en plusieurs",
    FileProblem.TOO_MANY_COLUMNS: "il y a trop de colonnes ({words} au plus) : retirez celles qui ne servent pas",
}


def refusal_sentence(refusal: FileRefused) -> str:
    """Return why a file was refused, and where."""
    where = f" (ligne {refusal.line})" if refusal.line else ""
    why = FILE_SENTENCES[refusal.problem].format(words=refusal.words)
    return f"{why[:1].upper()}{why[1:]}{where}."
