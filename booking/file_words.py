"""The French of the files linked to a booking. Pure."""

from __future__ import annotations

from availability.errors import Refusal
from booking.attachment_models import What
from booking.words import NBSP

WHAT_WORDS: dict[What, str] = {
    What.JUDGMENT: "Jugement ou ordonnance",
    What.HOST_AGREEMENT: "Accord du lieu d’accueil",
    What.SUMMONS: "Projet d’assignation",
    What.OTHER: "Autre document",
}
KEPT_TYPES = "un PDF, une image (JPEG, PNG) ou un texte (ODT, DOCX)"
MEGABYTE = 1024 * 1024

_REFUSED = {
    "empty": "le fichier est vide. Vérifiez-le sur votre poste, puis envoyez-le de nouveau.",
    "type": f"ce type de fichier n’est pas gardé. Envoyez {KEPT_TYPES}.",
    "not-pdf": "un projet d’assignation est un PDF. Enregistrez-le en PDF, et envoyez ce PDF.",
    "mismatch": "le contenu n’est pas celui que le nom annonce, ou il est abîmé. Ouvrez-le, enregistrez-le en PDF, "
    "et envoyez ce PDF.",
    "active": "il contient des macros, un script ou un autre fichier. Enregistrez-le en PDF simple, et envoyez ce PDF.",
    "not-confirmed": "la place est seulement gardée. Confirmez d’abord la réservation, puis envoyez le fichier.",
}


def file_refused(refusal: Refusal) -> str:
    """Return why a file is not kept, with its name and what to do."""
    name, why = refusal.facts.get("name"), str(refusal.facts.get("why"))
    match refusal.facts:
        case {"most_bytes": int(most)}:
            words = f"il dépasse {size_words(most)}. Réduisez-le (numérisation en 150 points par pouce, par exemple)."
        case {"most": int(most)}:
            words = f"il y a déjà {most}{NBSP}fichiers. Retirez-en un, ou réunissez-en plusieurs en un PDF."
        case _:
            words = _REFUSED[why]
    return f"«{NBSP}{name}{NBSP}»{NBSP}: {words}"


def size_words(size: int) -> str:
    """Return "320 ko", "1,4 Mo"."""
    if size < MEGABYTE:
        return f"{max(round(size / 1024), 1)}{NBSP}ko"
    return f"{size / MEGABYTE:.1f}".replace(".0", "").replace(".", ",") + f"{NBSP}Mo"
