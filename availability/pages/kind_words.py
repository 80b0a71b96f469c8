"""The French of kinds as administrators write them: fields, hints, refusals, history. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from availability.attributes import AttributeType
from availability.errors import InvalidRequest
from availability.kind_drafts import BOUNDS, MOST_LABEL, MOST_LAYER, KindDraft
from availability.models import QuotaPeriod, Shape
from availability.rights import Role
from portal.ui.dates import grouped

NBSP = "\u00a0"

SHAPE_WORDS = {
    Shape.NIGHTS: "Lits, à la nuit",
    Shape.PLACES: "Places, plusieurs en même temps",
    Shape.SLOTS: "Rendez-vous, par créneaux",
    Shape.SESSIONS: "Audiences, par affaires",
}
SHAPE_HINTS = {
    Shape.NIGHTS: "Un lit précis, d’un jour d’arrivée à un jour de départ : semi-liberté, hébergement.",
    Shape.PLACES: "Jusqu’à tant de personnes à la fois, chacune pour sa durée : poste de TIG, mesure, placement.",
    Shape.SLOTS: "Des heures de début tirées d’horaires d’ouverture : consultation, pose, entretien.",
    Shape.SESSIONS: "Une audience datée, qui se remplit d’affaires et de minutes.",
}
ROLE_WORDS = {
    Role.PROBATION_OFFICER: "SPIP",
    Role.SENTENCE_JUDGE: "Juge de l’application des peines",
    Role.FAMILY_JUDGE: "Juge aux affaires familiales",
    Role.GUARDIANSHIP_JUDGE: "Juge des tutelles",
    Role.CHILDRENS_JUDGE: "Juge des enfants",
    Role.REGISTRY: "Greffe",
    Role.MONITORING_AGENT: "Surveillance électronique",
    Role.PARTNER: "Partenaire, pour ses propres lieux",
    Role.ADMINISTRATOR: "Administration",
}  # lawyers and investigators take and read dates by their own pages: no kind gives them a right
PERIOD_WORDS = {
    QuotaPeriod.DAY: "jour",
    QuotaPeriod.WEEK: "semaine",
    QuotaPeriod.MONTH: "mois",
    QuotaPeriod.YEAR: "an",
}
SCOPE_WORDS = {"": "Chaque service", "organisation": "Un service", "territory": "Tout un ressort, en commun"}
TYPE_WORDS = {
    AttributeType.CHOICE: "Un choix parmi plusieurs",
    AttributeType.FLAG: "Oui ou non",
    AttributeType.RANGE: "Entre deux bornes (un âge)",
    AttributeType.LIST: "Plusieurs réponses (des langues)",
    AttributeType.NUMBER: "Un nombre",
    AttributeType.TEXT: "Un texte",
    AttributeType.HOURS: "Heures de porte, comparées au travail",
}


@dataclass(frozen=True)
class Field:
    """A field of the form: its words, and what can be typed."""

    name: str
    label: str
    hint: str = ""


NAMES = (
    Field("label", "Nom, au singulier", f"Comme on le dit : « lit de semi-liberté ». {MOST_LABEL} signes au plus."),
    Field("label_plural", "Nom, au pluriel", "« lits de semi-liberté »"),
    Field("layer", "Nom court, sur la carte", f"{MOST_LAYER} signes au plus : « Semi-liberté »"),
    Field("position", "Rang sur la carte", "De gauche à droite : 1 est le premier."),
)
TAKING = (
    Field("hold_minutes", "Place gardée pendant qu’on réserve (minutes)", "Ensuite, elle redevient libre."),
    Field("min_notice_days", "S’y prendre à l’avance (jours)", "0 : jusqu’au jour même."),
    Field("min_notice_min", "Le jour même, s’y prendre à l’avance (minutes)"),
    Field("max_ahead_days", "Jusqu’à combien de jours à l’avance"),
    Field("max_days", "Durée maximale (jours)", "Vide : sans limite."),
    Field("request_days", "Sans réponse, la demande tombe après (jours)", "Si la structure décide."),
    Field(
        "cancel_notice_min",
        "Se rend ou se déplace jusqu’à combien de minutes avant",
        "0 : sans limite. Plus tard, on excuse.",
    ),
    Field("offer_hours", "Ce qui se libère est gardé au premier de la liste d’attente (heures)"),
)
SLOTS = (
    Field("slot_duration_min", "Durée d’un rendez-vous (minutes)"),
    Field("slot_step_min", "Un début toutes les (minutes)"),
    Field("buffer_before_min", "Temps gardé avant (minutes)", "Pour préparer, pour venir."),
    Field("buffer_after_min", "Temps gardé après (minutes)"),
)
FRESH = (Field("fresh_days", "Une déclaration paraît ancienne après (jours)", "La structure reçoit alors un rappel."),)
TAKING_FLAGS = (
    Field("host_accepts", "La structure accepte ou refuse chaque demande", "Sinon, réserver suffit."),
    Field("crosses_territories", "Se réserve depuis un autre ressort", "Chaque recherche hors ressort est tracée."),
)
SLOT_FLAGS = (
    Field("ignores_weekends", "Peut ouvrir le samedi et le dimanche", "Selon les horaires du lieu."),
    Field("ignores_holidays", "Ouvre les jours fériés", "Ceux du lieu : Alsace-Moselle, outre-mer…"),
    Field("closes_in_recess", "Ferme pendant les vacations judiciaires", "Celles du tribunal dont dépend le lieu."),
)
JUDGE_FLAGS = (
    Field("is_designated", "Un juge désigne la structure", "Le type paraît alors dans « Désigner »."),
    Field("refused_if_violence", "Exclu si des violences sont alléguées", "C. civ., art. 373-2-10."),
)
MEETING = Field("meeting_kind_id", "Rendez-vous d’information qui précède")
HEARING = Field("hearing_kind_id", "Audience qui suit ce rendez-vous")
NAMED = (MEETING.name, HEARING.name)  # each names another kind

FLAGS = tuple(one.name for one in (*TAKING_FLAGS, *SLOT_FLAGS, *JUDGE_FLAGS))
TEXTS = tuple(one.name for one in (*NAMES, *TAKING, *SLOTS, *FRESH))
LABELS = {
    one.name: one.label
    for one in (*NAMES, *TAKING, *SLOTS, *FRESH, *TAKING_FLAGS, *SLOT_FLAGS, *JUDGE_FLAGS, MEETING, HEARING)
} | {"shape": "Forme", "searchable": "Critères de recherche", "rights": "Qui peut quoi", "quotas": "Quotas"}

ACT_WORDS = {
    "kind-created": "Créé",
    "kind-changed": "Modifié",
    "kind-retired": "Retiré du service",
    "kind-back": "Remis en service",
}
PROBLEM_WORDS = {
    "required": "À renseigner.",
    "too-long": "Trop long : {most} signes au plus.",
    "unreadable": "Ce texte contient des signes illisibles : tapez-le de nouveau.",
    "not-numeric": "Un nombre entier est attendu.",
    "out-of-range": "Entre {least} et {most}.",
    "nothing-left": "Plus long que « jusqu’à combien de jours à l’avance » ({most}) : rien ne serait jamais libre.",
    "only-designated": "N’a de sens que si un juge désigne la structure : cochez-le, ou retirez ceci.",
    "not-a-meeting": "Choisissez un type de rendez-vous qui est en service.",
    "not-a-hearing": "Choisissez un type d’audience qui est en service.",
    "only-with-meeting": "Une audience suit un rendez-vous d’information : choisissez-le aussi, ou retirez ceci.",
    "unknown-choice": "Choisissez dans la liste.",
    "name-taken": "Ce critère existe déjà sous ce nom : changez l’intitulé.",
    "not-a-code": "Ce nom ne peut pas être enregistré : commencez l’intitulé par une lettre.",
    "too-many": "C’est trop : {most} au plus.",
    "not-after-start": "La plus grande valeur est en dessous de la plus petite.",
    "only-one": "Un seul critère peut dire le délai du premier rendez-vous.",
    "choice-twice": "Le même code sert deux fois.",
    "quota-twice": "Deux lignes disent le nombre des mêmes sur la même période : gardez-en une.",
    "no-service": "Aucun service de ce nom{near} : choisissez-en un, ou limitez chaque service.",
    "no-territory": "Aucun ressort de ce nom{near} : choisissez-en un, ou limitez chaque service.",
}


def problem_words(refusal: InvalidRequest) -> str:
    """Return what is wrong with a field, as it is said under it."""
    words = PROBLEM_WORDS.get(refusal.problem, "Cette valeur ne convient pas.")
    said = {name: grouped(value) if type(value) is int else str(value) for name, value in refusal.facts.items()}
    return words.format_map({"least": "?", "most": "?"} | said)


def bounds_words(name: str) -> str:
    """Return "1 à 366", or nothing for what is not bounded."""
    return f"{grouped(BOUNDS[name][0])} à {grouped(BOUNDS[name][1])}" if name in BOUNDS else ""


def value_words(name: str, value: Any, kinds: Mapping[str, str]) -> str:
    """Return a value as the form says it, for what differs and for the history; `kinds` are labels by number."""
    if name == "shape":
        return SHAPE_WORDS.get(value, str(value))
    if name in FLAGS:
        return "oui" if value else "non"
    if name in LISTS:
        return LISTS[name](value or {})
    if name in NAMED and value is not None:
        return kinds.get(str(value), "un type oublié")
    return "sans limite" if value is None and name == "max_days" else "aucun" if value is None else str(value)


def _quota_words(organisation: str, territory: str, per: str, most: int) -> str:
    whose = f"service {organisation}" if organisation else f"ressort {territory}" if territory else "chaque service"
    return f"{most} par {PERIOD_WORDS[QuotaPeriod(per)]} ({whose})"


def _rights_words(value: Mapping[str, Any]) -> str:
    said = []
    for role, (may_reserve, may_set_hours) in value.items():
        what = "réserve" if may_reserve else "cherche"
        said.append(f"{ROLE_WORDS.get(Role(role), role)} ({what}{', horaires' if may_set_hours else ''})")
    return ", ".join(said) or "personne"


def _quotas_words(value: Iterable[Any]) -> str:
    return ", ".join(_quota_words(*one) for one in value) or "aucun"


def _searchable_words(value: Mapping[str, Any]) -> str:
    return ", ".join(str(one.get("label", code)) for code, one in value.items()) or "aucun"


LISTS: dict[str, Callable[[Any], str]] = {
    "rights": _rights_words,
    "quotas": _quotas_words,
    "searchable": _searchable_words,
}


def changed_words(changed: Mapping[str, Any], kinds: Mapping[str, str]) -> list[str]:
    """Return one line a change: "Durée maximale (jours) : 30, au lieu de sans limite"."""

    def said(name: str, before: Any, after: Any) -> str:
        was, is_now = (value_words(name, one, kinds) for one in (before, after))
        return f"{LABELS.get(name, name)}{NBSP}: {is_now}, au lieu de {was}"

    return [said(name, before, after) for name, (before, after) in changed.items()]


def count_words(shape: Shape, resources: int) -> str:
    """Return how much there is of a kind."""
    if not resources:
        return "rien encore"
    noun = {
        Shape.NIGHTS: ("section", "sections"),
        Shape.PLACES: ("lieu", "lieux"),
        Shape.SLOTS: ("agenda", "agendas"),
        Shape.SESSIONS: ("audience", "audiences"),
    }[shape]
    return f"{resources:,}".replace(",", "\u202f") + f"{NBSP}{noun[resources > 1]}"


def as_typed(draft: KindDraft) -> dict[str, str]:
    """Return the fields of the form, but for criteria and rights, as text; a ticked box is "1"."""
    typed = {name: "" if (value := getattr(draft, name)) is None else str(value) for name in TEXTS}
    typed |= {name: "1" if getattr(draft, name) else "" for name in FLAGS}
    return typed | {
        "shape": draft.shape.value,
        "meeting_kind_id": "" if draft.meeting_kind_id is None else str(draft.meeting_kind_id),
        "hearing_kind_id": "" if draft.hearing_kind_id is None else str(draft.hearing_kind_id),
    }
