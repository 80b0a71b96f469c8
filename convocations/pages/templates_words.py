"""The texts of messages in words, as administrators are shown them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.pages.person_picker import LANGUAGES
from convocations.kinds import HostText, MessageClass, TextKind
from convocations.pages.convocation_words import HOST_WORDS, MESSAGE_WORDS
from convocations.pages.costs_page import euros
from convocations.revealing import Concern
from convocations.segments import measure
from convocations.template_models import TextState
from convocations.template_queries import Review, Scope, Version
from convocations.texts import CLASS_OF, Variable, variables_of
from convocations.wording import page_words
from portal.ui.dates import NBSP, hour, long_day, plural

PATH = "/modeles/"
HERE = ZoneInfo("Europe/Paris")
LANGUAGE_NAMES = dict(LANGUAGES)
CLASS_WORDS = {
    MessageClass.INFORMATION: "Information : la personne peut refuser ces SMS à tout moment.",
    MessageClass.NOTICE: "Avis : il ne part qu’avec l’accord de la personne, limité à son affaire.",
    MessageClass.FORMAL: "Convocation formelle : elle n’est pas envoyée par SMS.",
}
MEANINGS = {
    Variable.WHEN: "le jour et l’heure, comme la langue les dit",
    Variable.DAY: "le jour",
    Variable.HOUR: "l’heure, sur place",
    Variable.PLACE: "l’adresse, jamais le nom du service",
    Variable.LINK: "le lien de la personne",
    Variable.CHOOSE_BY: "le dernier jour pour choisir",
    Variable.ANSWER_BY: "le dernier moment pour répondre",
    Variable.SERVICE: "le nom du service, s’il l’accepte",
}
TO_HOSTS = "Information : le lieu peut répondre STOP à tout moment, les courriels continuent."
LEAD = (
    f"Un SMS donne le jour, l’heure, l’adresse et le lien, jamais pourquoi. Le texte le plus précis est pris{NBSP}: "
    f"celui du service et du type, du service, du type, de tous{NBSP}; sinon le texte standard."
)
LEAD_TO_HOSTS = (
    "Un SMS à un lieu dit qu’une demande attend et jusqu’à quand, ou qu’elle est retirée, avec le lien qui répond sans "
    f"compte, jamais pour qui ni quelle place. Le texte le plus précis est pris{NBSP}: celui du type de place, de tous"
    f"{NBSP}; sinon le texte standard."
)
HOST_LINK = "le lien qui répond sans compte"
TEXT_WORDS: dict[str, str] = {
    **{kind.value: words for kind, words in MESSAGE_WORDS.items()},
    **{f"host-{kind}": words for kind, words in HOST_WORDS.items()},
}
CONCERN_WORDS = {
    Concern.REVEALS: "ferait deviner la mesure ou la justice à qui regarde l’écran",
    Concern.FORMAL: "oblige ou menace, ce qu’un SMS d’information ne fait pas",
}
STATE_WORDS = {
    TextState.DRAFT: ("brouillon", "new"),
    TextState.IN_USE: ("en service", "success"),
    TextState.PAST: ("ancienne", ""),
}


@dataclass(frozen=True)
class VariableChip:
    """A variable that may be inserted."""

    code: str
    meaning: str


@dataclass(frozen=True)
class Letter:
    """A letter that makes an SMS cost more, and how it may be written."""

    letter: str
    words: str
    can_spell: bool


@dataclass(frozen=True)
class Screen:
    """An SMS as a phone shows it, and what it costs."""

    body: str = ""
    language: str = "fr"
    direction: str = "ltr"
    cost: str = ""


@dataclass(frozen=True)
class VersionRow:
    """A version in the history."""

    id: str
    number: str
    state: str
    badge: str
    body: str
    made: str
    confirmed: str
    can_use: bool


@dataclass(frozen=True)
class LanguageRow:
    """A language: what its message says now, and whether a translator read its sentences."""

    code: str
    name: str
    href: str
    source: str
    screen: Screen
    review: str
    badge: str
    read: str  # by whom, and when
    is_reviewed: bool
    can_review: bool


@dataclass(frozen=True)
class BrokenRow:
    """A text that could not be filled in."""

    id: str
    words: str
    href: str


def address_of(scope: Scope) -> str:
    """Return the address of the page that shows a text."""
    asked = {"message": str(scope.message_kind), "langue": scope.language}
    more = {"type": scope.kind_id, "service": scope.organisation_id}
    return PATH + "?" + urlencode(asked | {name: str(value) for name, value in more.items() if value})


def warning_words(found: Sequence[tuple[Concern, str]]) -> list[str]:
    """Return why some words should not be there."""
    return [f"«{NBSP}{said}{NBSP}» {CONCERN_WORDS[concern]}." for concern, said in found]


def letters_of(found: Sequence[tuple[str, str]]) -> list[Letter]:
    """Return the letters that cost, with what to do."""
    return [
        Letter(
            letter,
            f"remplacer {_shown(letter)} par {_shown(plain)}" if plain else f"{_shown(letter)} n’a pas d’équivalent",
            bool(plain),
        )
        for letter, plain in found
    ]


def _shown(letter: str) -> str:
    return "l’espace insécable" if letter in "\u00a0\u202f" else "une espace" if letter == " " else letter


def screen_of(body: str, language: str, price_micros: int) -> Screen:
    """Return an SMS as a phone shows it."""
    cost = measure(body)
    price = f", {euros(cost.segments * price_micros)}" if price_micros else ""
    words = f"{plural(cost.units, 'caractère')}, {cost.segments}{NBSP}SMS en {cost.encoding}{price}"
    return Screen(body, language, page_words(language).direction, words if body else "")


def chips_of(kind: TextKind, *, may_name: bool) -> list[VariableChip]:
    """Return the variables of a kind of message."""
    shown = [one for one in variables_of(kind) if may_name or one is not Variable.SERVICE]
    meanings = MEANINGS | ({Variable.LINK: HOST_LINK} if isinstance(kind, HostText) else {})
    return [VariableChip(f"{{{one}}}", meanings[one]) for one in shown]


def version_row(one: Version, *, may_write: bool) -> VersionRow:
    """Return a line of the history."""
    words, badge = STATE_WORDS[one.state]
    by = f" par {one.written_by}" if one.written_by else ""
    used = f"{NBSP}; mise en service {at_words(one.used_at)}" if one.used_at else ""
    confirmed = ", ".join(one.confirmed)
    return VersionRow(
        id=str(one.id),
        number=f"Version{NBSP}{one.number}",
        state=words,
        badge=badge,
        body=one.body,
        made=f"Écrite {at_words(one.written_at)}{by}{used}.",
        confirmed=f"Mots confirmés malgré l’avertissement{NBSP}: {confirmed}." if confirmed else "",
        can_use=may_write and one.state is TextState.PAST,
    )


def review_words(one: Review | None) -> tuple[str, str, str]:
    """Return whether a translator read the standard sentences of a language, the tone of a badge, and who, when."""
    if one is None:
        return "langue de référence", "", ""
    said = f"Relue {at_words(one.at)}{f' par {one.by}' if one.by else ''}" if one.at else ""
    if one.is_reviewed:
        return "relue", "success", f"{said}."
    return "à relire par un traducteur", "warning", f"{said}{NBSP}; ses phrases ont changé depuis." if said else ""


def at_words(at: datetime) -> str:
    """Return "le 24 novembre 2026 à 9 h 30"."""
    on = local_day(at, HERE)
    return f"le {long_day(on)} à{NBSP}{hour(at, HERE)}"


def class_words(kind: TextKind) -> str:
    """Return what the law makes of a kind of message."""
    if isinstance(kind, HostText):
        return TO_HOSTS
    return CLASS_WORDS[CLASS_OF[kind]]


def scope_words(scope: Scope, kinds: dict[int, str], services: dict[int, str]) -> str:
    """Return which messages a text is for."""
    where = services.get(scope.organisation_id or 0, "tous les services")
    kind = kinds.get(scope.kind_id or 0, "tous les types")
    return f"{TEXT_WORDS[scope.message_kind]}, {LANGUAGE_NAMES[scope.language].lower()}, {kind}, {where}"
