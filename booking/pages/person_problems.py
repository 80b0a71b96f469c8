"""How the refusals about people and their files are said, to programs and to people."""

from __future__ import annotations

from availability.errors import Refusal
from booking.divestment import AlreadyAnswered, AlreadyAsked
from booking.duplicates import FileExists
from booking.merging import CannotMerge, FileBusy
from booking.person_changes import FileChanged
from portal.problems import problem

CANNOT_MERGE = {
    "same": "C’est le même dossier : choisissez-en deux.",
    "divestment-open": "Un dessaisissement attend une réponse pour l’un des deux : répondez-y, ou retirez-le, d’abord.",
}


def _of_merge(refusal: Refusal) -> str:
    return CANNOT_MERGE.get(str(refusal.facts.get("why")), "Ces deux dossiers ne peuvent pas être réunis.")


problem(
    FileExists,
    409,
    "possible-duplicate",
    "Personne peut-être déjà connue",
    "Une personne semblable est déjà connue : ouvrez son dossier, ou confirmez qu’il s’agit d’une autre.",
)
problem(CannotMerge, 409, "cannot-merge", "Réunion impossible", _of_merge)
problem(
    FileBusy,
    409,
    "file-busy",
    "Dossier en cours d’usage",
    "Quelqu’un agit pour cette personne en ce moment : rien n’a été fait, réessayez dans un instant.",
)
problem(
    FileChanged,
    412,
    "file-changed",
    "Dossier modifié entre-temps",
    "Ce dossier a changé depuis que vous l’avez lu : regardez ce qui a changé, puis recommencez.",
)
problem(
    AlreadyAsked,
    409,
    "divestment-open",
    "Dessaisissement déjà demandé",
    "Ce dossier est déjà demandé ou proposé : attendez la réponse, ou retirez la demande.",
)
problem(
    AlreadyAnswered,
    409,
    "divestment-over",
    "Dessaisissement terminé",
    "Cette demande n’attend plus de réponse : elle a été acceptée, refusée, retirée, ou les dix jours ont passé.",
)
