"""How the refusals of a designation are said, on every screen and to programs."""

from __future__ import annotations

from booking.designations import AlreadyDesignated, NotSuitable, ViolenceAlleged
from booking.doubles import AlreadyConvened, MeetingAfterHearing, PairGone
from portal.problems import problem

UNFIT_WORDS = {
    "conflict": "un conflit d’intérêts est signalé",
    "competence": "il n’exerce pas la compétence demandée",
    "language": "il ne parle pas la langue demandée",
    "zone": "il n’intervient pas dans ce département",
}
WHICH_WORDS = {"meeting": "La réunion d’information", "hearing": "L’audience"}

problem(
    AlreadyDesignated,
    409,
    "already-designated",
    "Déjà désigné",
    lambda refusal: (
        f"Le dossier {refusal.facts['case_ref']} est déjà confié à {refusal.facts['name']}. "
        "Annulez cette désignation pour en choisir une autre."
    ),
)
problem(
    ViolenceAlleged,
    409,
    "violence-alleged",
    "Médiation exclue",
    "Aucune médiation ne peut être proposée lorsque des violences sont alléguées (C. civ., art. 373-2-10).",
)


problem(
    NotSuitable,
    409,
    "not-suitable",
    "Ce service ne convient pas",
    lambda refusal: f"Ce service ne peut pas être désigné pour ce dossier : {UNFIT_WORDS[refusal.facts['why']]}.",
)
problem(
    MeetingAfterHearing,
    409,
    "meeting-after-hearing",
    "Dates dans le mauvais ordre",
    "La réunion d’information doit être finie avant l’audience fixée avec elle : choisissez une autre date, ou "
    "déplacez d’abord l’autre rendez-vous.",
)
problem(
    AlreadyConvened,
    409,
    "already-convened",
    "Déjà convoqués",
    lambda refusal: (
        f"La double convocation du dossier {refusal.facts['case_ref']} est déjà fixée à d’autres dates : "
        "déplacez ou annulez l’un de ses rendez-vous."
    ),
)
problem(
    PairGone,
    409,
    "pair-gone",
    "L’autre rendez-vous n’est plus libre",
    lambda refusal: (
        f"{WHICH_WORDS[refusal.facts['which']]} fixée avec ce rendez-vous n’est plus libre : rien n’a été rétabli. "
        "Fixez une nouvelle double convocation."
    ),
)
