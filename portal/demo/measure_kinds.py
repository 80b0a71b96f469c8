"""The measures that judges give to services in the demonstration: what each is called, and what its notice says."""

from __future__ import annotations

from typing import Any

from availability.models import Kind, Shape
from availability.rights import Role

ACCESSIBLE = {"label": "Accessible en fauteuil roulant", "type": "flag"}
LANGUAGES = {"label": "Langues", "type": "list"}
PRICES = {"label": "Participation", "type": "text"}
DELAY = {"label": "Premier rendez-vous (jours)", "type": "number"}
ZONE = {"label": "Départements desservis", "type": "list"}
TOLD = {
    "accessible": ACCESSIBLE,
    "languages": LANGUAGES,
    "price_scale": PRICES,
    "first_meeting_days": DELAY,
    "zone": ZONE,
}

PARENTS = [["Domicile du parent 1", "Parent 1"], ["Domicile du parent 2", "Parent 2"]]
CHILD = [["Domicile de l’enfant", "Enfant"], ["Autre domicile, ou siège du service qui le suit", "Autre"]]
PROTECTED = [["Domicile de la personne à protéger", "Personne"], ["Autre lieu de vie, ou siège d’un service", "Autre"]]
FAMILY = "Le juge aux affaires familiales"
CHILDREN = "Le juge des enfants"
GUARDIANSHIP = "Le juge des contentieux de la protection statuant comme juge des tutelles"

MEDIATION: dict[str, Any] = {
    "taker": "médiateur",
    "takers": "médiateurs",
    "addresses": PARENTS,
    "mission": "Informer les parents sur l’objet et le déroulement de la médiation familiale puis, s’ils en sont "
    "d’accord, les aider à renouer le dialogue et à s’entendre sur l’exercice de l’autorité parentale.",
    "law": "code civil, art. 373-2-10",
    "judge": FAMILY,
}


def _choices(**words: str) -> dict[str, Any]:
    return {"label": "Compétence", "type": "list", "choices": words}


def _kind(code: str, label: str, plural: str, layer: str, position: int, **columns: Any) -> Kind:
    competences: dict[str, Any] = columns.pop("competences", {})
    searchable = TOLD | ({"competences": competences} if competences else {})
    usual: dict[str, Any] = {"shape": Shape.PLACES.value, "host_accepts": True, "is_designated": True}
    words = {"code": code, "label": label, "label_plural": plural, "layer": layer, "position": position}
    return Kind(**usual | words | {"searchable": searchable} | columns)


KINDS = (
    Kind(
        code="mediation-information",
        label="réunion d’information à la médiation familiale",
        label_plural="réunions d’information à la médiation familiale",
        layer="Information médiation",
        shape=Shape.SLOTS.value,
        position=20,
        max_ahead_days=90,
        min_notice_days=3,  # the time that a letter takes
        slot_step_min=60,
        slot_duration_min=60,
    ),
    _kind(
        "espace-rencontre",
        "espace-rencontre",
        "espaces-rencontre",
        "Espace-rencontre",
        21,
        request_days=14,
        fresh_days=30,
        competences=_choices(mediatisee="Visites en présence d’un tiers", passage="Passage de bras"),
        wording={
            "taker": "espace-rencontre",
            "takers": "espaces-rencontre",
            "addresses": PARENTS,
            "mission": "Accueillir l’enfant et son parent pour l’exercice du droit de visite, dans un lieu neutre et "
            "en présence de professionnels, ou pour la remise de l’enfant d’un parent à l’autre.",
            "law": "code civil, art. 373-2-1 et 373-2-9",
            "judge": FAMILY,
        },
    ),
    _kind(
        "enquete-sociale",
        "enquête sociale",
        "enquêtes sociales",
        "Enquête sociale",
        22,
        request_days=10,
        fresh_days=45,
        wording={
            "taker": "enquêteur social",
            "takers": "enquêteurs sociaux",
            "addresses": PARENTS,
            "mission": "Recueillir des renseignements sur la situation de la famille et les conditions dans lesquelles "
            "vivent et sont élevés les enfants, au domicile de chacun des parents.",
            "law": "code civil, art. 373-2-12",
            "judge": FAMILY,
        },
    ),
    _kind(
        "expertise",
        "expertise",
        "expertises",
        "Expertise",
        23,
        request_days=15,
        fresh_days=60,
        competences=_choices(
            psychologie="Psychologie", psychiatrie="Psychiatrie", pediatrie="Pédiatrie", notariat="Notariat"
        ),
        wording={
            "taker": "expert",
            "takers": "experts",
            "addresses": PARENTS,
            "mission": "Examiner les parties et leurs enfants et éclairer le juge, par un rapport écrit, sur les "
            "questions que pose la décision.",
            "law": "code de procédure civile, art. 232 et 263",
            "judge": FAMILY,
        },
    ),
    _kind(
        "mjpm",
        "protection juridique d’un majeur (MJPM)",
        "mesures de protection juridique (MJPM)",
        "MJPM",
        24,
        request_days=60,  # two months
        fresh_days=30,
        competences=_choices(
            tutelle="Tutelle",
            curatelle="Curatelle",
            sauvegarde="Sauvegarde de justice",
            maj="Accompagnement judiciaire",
        ),
        wording={
            "taker": "mandataire",
            "takers": "mandataires",
            "addresses": PROTECTED,
            "mission": "Exercer la mesure de protection de la personne et de ses biens, dans les limites fixées par la "
            "décision.",
            "law": "code civil, art. 450 ; code de l’action sociale et des familles, art. L471-1",
            "judge": GUARDIANSHIP,
        },
    ),
    _kind(
        "aemo",
        "action éducative en milieu ouvert (AEMO)",
        "actions éducatives en milieu ouvert (AEMO)",
        "AEMO",
        25,
        request_days=21,
        fresh_days=30,
        competences=_choices(simple="AEMO", renforcee="AEMO renforcée", hebergement="AEMO avec hébergement"),
        wording={
            "taker": "service d’AEMO",
            "takers": "services d’AEMO",
            "addresses": CHILD,
            "mission": "Apporter aide et conseil à la famille, suivre le développement de l’enfant et en faire rapport "
            "au juge.",
            "law": "code civil, art. 375-2",
            "judge": CHILDREN,
        },
    ),
    _kind(
        "aed",
        "aide éducative à domicile (AED)",
        "aides éducatives à domicile (AED)",
        "AED",
        26,
        request_days=21,
        fresh_days=30,
        wording={
            "taker": "service d’AED",
            "takers": "services d’AED",
            "addresses": CHILD,
            "mission": "Soutenir les parents à leur domicile, avec leur accord, dans l’éducation de leur enfant.",
            "law": "code de l’action sociale et des familles, art. L222-2 et L222-3",
            "judge": CHILDREN,
        },
    ),
    _kind(
        "mjie",
        "mesure judiciaire d’investigation éducative (MJIE)",
        "mesures judiciaires d’investigation éducative (MJIE)",
        "MJIE",
        27,
        request_days=15,
        fresh_days=30,
        max_days=183,  # six months
        wording={
            "taker": "service d’investigation",
            "takers": "services d’investigation",
            "addresses": CHILD,
            "mission": "Évaluer la personnalité de l’enfant, sa situation familiale et le danger éventuel, et proposer "
            "au juge les réponses qui conviennent.",
            "law": "code de procédure civile, art. 1183",
            "judge": CHILDREN,
        },
    ),
    _kind(
        "placement-enfant",
        "placement d’un enfant",
        "placements d’enfants",
        "Placement",
        28,
        request_days=7,
        fresh_days=14,
        competences=_choices(
            petite_enfance="0 à 5 ans", enfance="6 à 12 ans", adolescence="13 à 17 ans", fratrie="Fratries"
        ),
        wording={
            "taker": "lieu d’accueil",
            "takers": "lieux d’accueil",
            "addresses": CHILD,
            "mission": "Accueillir l’enfant, assurer son entretien et son éducation, et maintenir ses liens avec sa "
            "famille dans les conditions que fixe la décision.",
            "law": "code civil, art. 375-3",
            "judge": CHILDREN,
        },
    ),
)
VISITS = Kind(
    code="visite",
    label="visite en espace-rencontre",
    label_plural="visites en espace-rencontre",
    layer="Visites",
    shape=Shape.SLOTS.value,
    position=29,
    max_ahead_days=240,
    ignores_weekends=True,
    slot_step_min=60,
    slot_duration_min=60,
)
# Who designates, by kind; the registry of a court does it for its family judges.
DESIGNATED_BY = {
    "mediation-familiale": Role.FAMILY_JUDGE,
    "espace-rencontre": Role.FAMILY_JUDGE,
    "enquete-sociale": Role.FAMILY_JUDGE,
    "expertise": Role.FAMILY_JUDGE,
    "mjpm": Role.GUARDIANSHIP_JUDGE,
    "aemo": Role.CHILDRENS_JUDGE,
    "aed": Role.CHILDRENS_JUDGE,
    "mjie": Role.CHILDRENS_JUDGE,
    "placement-enfant": Role.CHILDRENS_JUDGE,
}
# What a judge sets with a designation, by its kind: the information meeting, then the hearing.
CONVENED_WITH = {"mediation-familiale": ("mediation-information", "audience-jaf")}


def reserved_by(role: Role) -> dict[str, bool]:
    """Return the measures that a role designates."""
    return {code: True for code, designator in DESIGNATED_BY.items() if designator is role}
