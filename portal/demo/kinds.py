"""The kinds of the demonstration, and what each role may do with them."""

from __future__ import annotations

from typing import Any

from availability.models import Kind, Shape
from availability.rights import Role
from portal.demo import shelters, video
from portal.demo.groups import GROUPS
from portal.demo.measure_kinds import CONVENED_WITH, MEDIATION, VISITS, reserved_by
from portal.demo.measure_kinds import KINDS as MEASURES
from portal.demo.planning import STAFF
from portal.demo.sheets import Sheet

SEX = {
    "label": "Sexe",
    "type": "choice",
    "position": 1,
    "choices": {"M": "Hommes", "F": "Femmes", "any": "Hommes et femmes"},
}
AGE = {"label": "Âge", "type": "range", "position": 2, "least": "min_age", "most": "max_age", "unit": "ans"}
REGIME = {
    "label": "Régime",
    "type": "choice",
    "position": 3,
    "choices": {"ordinaire": "Ordinaire", "probatoire": "Probatoire"},
}
SKILLS = {"label": "Compétences de la personne", "type": "list", "position": 4, "asks": True}
LANGUAGES = {"label": "Langues", "type": "list", "position": 4}
WEEKEND = {"label": "Week-end", "type": "flag", "position": 5}
EVENING = {"label": "En soirée", "type": "flag", "position": 6}
VISIT_SKILLS = {"bar": "Bracelet anti-rapprochement", "lsf": "Langue des signes"}
ACCESSIBLE = {"label": "Accessible en fauteuil roulant", "type": "flag", "position": 7}
DOORS = {"label": "Heures de sortie et de retour", "type": "hours", "position": 8}
PRICES = {"label": "Participation", "type": "text", "position": 9}
DELAY = {"label": "Premier rendez-vous", "type": "number", "position": 10, "unit": "jours", "is_delay": True}

KINDS = (
    Kind(
        code="semi-liberte",
        label="lit de semi-liberté",
        label_plural="lits de semi-liberté",
        layer="Semi-liberté",
        shape=Shape.NIGHTS.value,
        position=1,
        max_days=366,
        crosses_territories=True,
        searchable={
            "sex": SEX,
            "age": AGE,
            "regime": REGIME,
            "weekend": WEEKEND,
            "accessible": ACCESSIBLE,
            "doors": DOORS,
        },
    ),
    Kind(
        code="tig",
        label="poste de TIG",
        label_plural="postes de TIG",
        layer="TIG",
        shape=Shape.PLACES.value,
        position=2,
        max_days=548,  # 18 months. Source: code pénal, art. 131-22
        searchable={
            "sex": SEX,
            "age": AGE,
            "skills": SKILLS,
            "weekend": WEEKEND,
            "evening": EVENING,
            "accessible": ACCESSIBLE,
        },
    ),
    Kind(
        code="bracelet",
        label="pose de bracelet",
        label_plural="poses de bracelet",
        layer="Bracelet",
        shape=Shape.SLOTS.value,
        position=3,
        max_ahead_days=60,
        slot_step_min=15,
        slot_duration_min=45,
        buffer_after_min=15,
        searchable={
            "agents": {"label": "Agents", "type": "number", "position": 1, "from": 1, "to": 4, "wanted": "least"},
            "skills": {"label": "Compétences", "type": "list", "position": 2, "choices": VISIT_SKILLS},
        },
    ),
    Kind(
        code="mediation-familiale",
        label="médiation familiale",
        label_plural="médiations familiales",
        layer="Médiation",
        shape=Shape.PLACES.value,
        position=4,
        host_accepts=True,
        request_days=14,
        is_designated=True,
        refused_if_violence=True,
        wording=MEDIATION,
        searchable={
            "languages": LANGUAGES,
            "evening": EVENING,
            "accessible": ACCESSIBLE,
            "price_scale": PRICES,
            "first_meeting_days": DELAY,
        },
    ),
    Kind(
        code="audience-jaf",
        label="audience du juge aux affaires familiales",
        label_plural="audiences du juge aux affaires familiales",
        layer="Audiences",
        shape=Shape.SESSIONS.value,
        position=5,
    ),
    Kind(
        code="spip-rdv",
        label="rendez-vous au SPIP",
        label_plural="rendez-vous au SPIP",
        layer="Rendez-vous",
        shape=Shape.SLOTS.value,
        position=6,
        max_ahead_days=60,
        slot_step_min=30,
        slot_duration_min=30,
    ),
    Kind(
        code="jap-rdv",
        label="rendez-vous chez le juge de l’application des peines",
        label_plural="rendez-vous chez les juges de l’application des peines",
        layer="JAP",
        shape=Shape.SLOTS.value,
        position=7,
        max_ahead_days=90,
        cancel_notice_min=24 * 60,
        slot_step_min=30,
        slot_duration_min=30,
    ),
    Kind(
        code="audience-jcp",
        label="audience du juge des contentieux de la protection",
        label_plural="audiences du juge des contentieux de la protection",
        layer="Audiences JCP",
        shape=Shape.SESSIONS.value,
        position=8,
    ),
    *MEASURES,
    VISITS,
    GROUPS,
)
CODES = tuple(kind.code for kind in KINDS)

CONVENING = {"mediation-information": True, "audience-jaf": True, "visite": True}
APPOINTMENTS = {"bracelet": True, "spip-rdv": True, "jap-rdv": True, GROUPS.code: True}
# True: searches and reserves; False: searches only. Partners see their own places, not the map.
MAY_RESERVE: dict[Role, dict[str, bool]] = {
    Role.PROBATION_OFFICER: {"semi-liberte": True, "tig": True} | APPOINTMENTS,
    # The registry of the judge takes slots of the probation service as a hearing ends.
    Role.SENTENCE_JUDGE: {"semi-liberte": True, "tig": False} | APPOINTMENTS,
    Role.FAMILY_JUDGE: reserved_by(Role.FAMILY_JUDGE) | CONVENING,
    Role.GUARDIANSHIP_JUDGE: reserved_by(Role.GUARDIANSHIP_JUDGE),
    Role.CHILDRENS_JUDGE: reserved_by(Role.CHILDRENS_JUDGE),
    Role.REGISTRY: reserved_by(Role.FAMILY_JUDGE) | CONVENING | {"audience-jcp": True},
    Role.MONITORING_AGENT: {"bracelet": True},
    Role.ADMINISTRATOR: dict.fromkeys(CODES, False),
}


# Who receives sets the hours: others take slots of theirs, and close nothing.
MAY_SET_HOURS = {
    (Role.PROBATION_OFFICER, "spip-rdv"),
    (Role.PROBATION_OFFICER, GROUPS.code),
    (Role.SENTENCE_JUDGE, "jap-rdv"),
    (Role.MONITORING_AGENT, "bracelet"),
}


def kind_sheets() -> tuple[Sheet, Sheet, dict[str, int]]:
    """Return the rows of kinds and of their rights, and the number of each kind by code."""
    columns = [name for name in Kind.model_fields if name != "id"]
    kinds = Sheet("kind", " ".join(columns))
    every = (*KINDS, *shelters.KINDS, *STAFF, *video.KINDS)
    numbers = {kind.code: number for number, kind in enumerate(every, 1)}
    for kind in every:
        kinds.add(**_values(kind, columns) | _convened_with(kind, numbers))
    rights = Sheet("kind_right", "kind_id role may_reserve may_set_hours", numbered=False)
    for allowed_by in (MAY_RESERVE, shelters.MAY_RESERVE):
        for role, allowed in allowed_by.items():
            for code, may_reserve in allowed.items():
                sets = (role, code) in MAY_SET_HOURS | shelters.MAY_SET_HOURS
                rights.add(kind_id=numbers[code], role=role.value, may_reserve=may_reserve, may_set_hours=sets)
    for kind in (*KINDS, *shelters.KINDS):  # a partner runs its own places; hearings are planned by their court
        if kind.shape != Shape.SESSIONS:
            host = {"role": Role.PARTNER.value, "may_reserve": False, "may_set_hours": True}
            rights.add(kind_id=numbers[kind.code], **host)
    return kinds, rights, numbers


def _values(kind: Kind, columns: list[str]) -> dict[str, Any]:
    return {column: getattr(kind, column) for column in columns}


def _convened_with(kind: Kind, numbers: dict[str, int]) -> dict[str, int | None]:
    meeting, hearing = CONVENED_WITH.get(kind.code, ("", ""))
    return {"meeting_kind_id": numbers.get(meeting), "hearing_kind_id": numbers.get(hearing)}
