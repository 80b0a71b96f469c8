"""Texts of messages that administrators write: their variables, what is wrong with them, what they become. Pure.

Variables are French, in braces, for whoever writes is French. A text is only ever filled in: nothing in it is a
program. The most precise text is taken: of the service and the kind of place, of the service, of the kind, of all;
else the standard one, of `phrases/`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from uuid import UUID

from convocations.kinds import TEXT_KINDS, HostText, MessageClass, MessageKind, TextKind
from convocations.revealing import Concern, concerns, folded
from convocations.segments import is_gsm
from convocations.wording import (
    SPELLED,
    SPELLED_PLAINLY,
    SmsFacts,
    hour,
    long_day,
    moment,
    sms,
    spelled_for_sms,
    standard,
)

MOST_SIGNS = 480  # three segments, before addresses and links
BRACES = re.compile(r"\{([^{}]*)\}")
# What turns the text around it: a right-to-left text keeps its marks, never these. Source: Unicode UAX 9.
OVERRIDES = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))


class Variable(StrEnum):
    """What a text may have filled in."""

    WHEN = "quand"  # day and hour, as the language says them together
    DAY = "jour"
    HOUR = "heure"
    PLACE = "lieu"  # a street address
    LINK = "lien"
    CHOOSE_BY = "choisir_avant"
    ANSWER_BY = "repondre_avant"  # the last moment of a host
    SERVICE = "service"  # its name, when it lets itself be named


# How the standard texts name them.
OF_STANDARD = {
    "when": Variable.WHEN, "address": Variable.PLACE, "link": Variable.LINK, "choose_by": Variable.CHOOSE_BY,
}  # fmt: skip
OF_APPOINTMENT = (Variable.WHEN, Variable.DAY, Variable.HOUR, Variable.PLACE, Variable.LINK, Variable.SERVICE)
OF_OFFER = (Variable.CHOOSE_BY, Variable.PLACE, Variable.LINK, Variable.SERVICE)
# No kind, no place, no initials: a phone on a workshop's table tells whoever passes that somebody asks for a place.
OF_HOST = (Variable.ANSWER_BY, Variable.LINK)
HOST_STANDARD = {
    HostText.OFFER: "Une demande de place attend votre réponse avant le {repondre_avant} : {lien}",
    HostText.REMINDER: "Rappel : sans réponse de votre part avant le {repondre_avant}, une demande de place tombe : "
    "{lien}",
    HostText.CANCELLATION: "Une demande de place est retirée : plus rien à répondre. {lien}",
}
# What whoever writes may look for, and an SMS never says.
FORBIDDEN = frozenset(
    {
        "nom", "noms", "prenom", "nom_prenom", "personne", "civilite", "naissance", "date_naissance", "telephone",
        "adresse_personne", "dossier", "numero_dossier", "mesure", "motif", "infraction", "peine", "agent",
        "conseiller", "juge", "magistrat", "tribunal", "type", "objet",
    }
)  # fmt: skip
OTHER_NAMES = {
    "date": Variable.DAY, "le": Variable.DAY, "horaire": Variable.HOUR, "h": Variable.HOUR, "adresse": Variable.PLACE,
    "ou": Variable.PLACE, "endroit": Variable.PLACE, "url": Variable.LINK, "link": Variable.LINK,
    "when": Variable.WHEN, "moment": Variable.WHEN, "rendez_vous": Variable.WHEN, "rdv": Variable.WHEN,
    "address": Variable.PLACE, "choose_by": Variable.CHOOSE_BY, "limite": Variable.CHOOSE_BY,
    "date_limite": Variable.CHOOSE_BY, "avant": Variable.ANSWER_BY, "reponse": Variable.ANSWER_BY,
    "delai": Variable.ANSWER_BY, "organisation": Variable.SERVICE, "structure": Variable.SERVICE,
}  # fmt: skip
# A date, and the link by which one answers and stops SMS; whoever is expected is told the hour and the place too.
EXPECTED: Mapping[TextKind, tuple[tuple[Variable, ...], ...]] = {
    MessageKind.OFFER: ((Variable.CHOOSE_BY,), (Variable.LINK,)),
    MessageKind.CANCELLATION: ((Variable.WHEN, Variable.DAY), (Variable.LINK,)),
    MessageKind.MISSED: ((Variable.WHEN, Variable.DAY), (Variable.LINK,)),
    HostText.OFFER: ((Variable.ANSWER_BY,), (Variable.LINK,)),
    HostText.REMINDER: ((Variable.ANSWER_BY,), (Variable.LINK,)),
    HostText.CANCELLATION: ((Variable.LINK,),),
}
OF_EXPECTED = (
    (Variable.WHEN, Variable.DAY),
    (Variable.WHEN, Variable.HOUR),
    (Variable.PLACE,),
    (Variable.LINK,),
)
CLASS_OF: Mapping[TextKind, MessageClass] = dict.fromkeys(TEXT_KINDS.values(), MessageClass.INFORMATION)


class Wrong(StrEnum):
    """Why a text cannot be kept."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    BRACE = "stray-brace"
    UNKNOWN = "unknown-variable"
    FORBIDDEN = "forbidden-variable"
    NOT_HERE = "variable-not-here"
    MISSING = "missing-variable"
    NAMED = "service-named"


@dataclass(frozen=True)
class Problem:
    """What is wrong; `said` is the variable or the words as typed, `instead` the nearest right variable or none."""

    code: Wrong
    said: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Place:
    """What decides of a text besides its kind and its language: the kind of place and whose it is."""

    kind_id: int | None = None
    organisation_id: int | None = None


ANYWHERE = Place()


@dataclass(frozen=True)
class Text:
    """A version in use."""

    id: UUID
    body: str


@dataclass(frozen=True)
class Written:
    """A message as it leaves; `text_id` is the version that it was written from, `broken_id` one that could not be."""

    body: str
    text_id: UUID | None = None
    broken_id: UUID | None = None


@dataclass(frozen=True)
class Texts:
    """The texts in use, and the names of the services that let themselves be named."""

    in_use: Mapping[tuple[str, str, int | None, int | None], Text] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def find(self, kind: TextKind, language: str, place: Place) -> Text | None:
        """Return the most precise text in use, None when the standard one is."""
        found = (self.in_use.get((kind, language, *precise)) for precise in precisions(place))
        return next((one for one in found if one is not None), None)

    def write(self, kind: TextKind, language: str, facts: SmsFacts, place: Place = ANYWHERE) -> Written:
        """Return a message in the most precise words; a text that cannot be filled in never keeps it from leaving."""
        text = self.find(kind, language, place)
        if text is None:
            return Written(in_standard_words(kind, language, facts))
        name = self.names.get(place.organisation_id, "") if place.organisation_id else ""
        try:
            return Written(filled(text.body, kind, language, facts, name), text.id)
        except ValueError:
            return Written(in_standard_words(kind, language, facts), broken_id=text.id)


STANDARD = Texts()


def precisions(place: Place) -> list[tuple[int | None, int | None]]:
    """Return where a text is looked for, the most precise first: (kind of place, service), each None for all."""
    kind_id, organisation_id = place.kind_id, place.organisation_id
    return [(kind_id, organisation_id), (None, organisation_id), (kind_id, None), (None, None)]


def variables_of(kind: TextKind) -> tuple[Variable, ...]:
    """Return what a text of that kind may have filled in."""
    if isinstance(kind, HostText):
        return OF_HOST
    return OF_OFFER if kind is MessageKind.OFFER else OF_APPOINTMENT


def in_standard_words(kind: TextKind, language: str, facts: SmsFacts) -> str:
    """Return a message in the standard words. Raises: ValueError when something that it says is missing."""
    if isinstance(kind, HostText):
        return filled(HOST_STANDARD[kind], kind, language, facts)
    return sms(kind, language, facts)


def standard_text(kind: TextKind, language: str) -> str:
    """Return the standard text with the variables of whoever writes."""
    if isinstance(kind, HostText):
        return HOST_STANDARD[kind]
    return BRACES.sub(lambda found: "{" + OF_STANDARD[found.group(1)] + "}", standard(kind, language))


def tidy(typed: str) -> str:
    """Return what was typed without what cannot be seen: controls, overrides of direction, spaces at the ends."""
    seen = "".join(letter for letter in typed if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"))
    lines = (re.sub(" {2,}", " ", line).strip(" ") for line in seen.translate(OVERRIDES).split("\n"))
    return "\n".join(lines).strip()


def problems(body: str, kind: TextKind, *, may_name: bool = False, names: Collection[str] = ()) -> list[Problem]:
    """Return everything that keeps a text from being used, in the order of the text, then what it lacks.

    `names` are those of a service and its places, that it may not say unless `may_name`.
    """
    if not body.strip():
        return [Problem(Wrong.EMPTY)]
    found = [Problem(Wrong.TOO_LONG, str(len(body)))] if len(body) > MOST_SIGNS else []
    stray = BRACES.sub("", body)
    found += [Problem(Wrong.BRACE, brace) for brace in "{}" if brace in stray]
    said = list(dict.fromkeys(BRACES.findall(body)))
    found += [wrong for name in said if (wrong := _problem_of(name, kind, may_name=may_name)) is not None]
    for choices in EXPECTED.get(kind, OF_EXPECTED):
        if not set(choices) & set(said):
            found.append(Problem(Wrong.MISSING, choices[-1], choices[0]))
    if not may_name:
        plain = f" {folded(BRACES.sub(' ', body))} "
        found += [Problem(Wrong.NAMED, name) for name in names if (one := folded(name)) and f" {one} " in plain]
    return found


def warnings(body: str, language: str, kind: TextKind, name: str = "") -> list[tuple[Concern, str]]:
    """Return the words that would give away why, or that no message of its class may say.

    `name` is that of the service, which the text says where it has its variable.
    """
    shown = body.replace("{" + Variable.SERVICE + "}", name)
    found = concerns(BRACES.sub(" ", shown), language)
    informs = CLASS_OF[kind] is MessageClass.INFORMATION
    return [(one.concern, one.said) for one in found if informs or one.concern is Concern.REVEALS]


def filled(body: str, kind: TextKind, language: str, facts: SmsFacts, name: str = "") -> str:
    """Return a text filled in. Raises: ValueError when something that it says is missing, or unknown."""
    said = _said(language, facts, name)
    allowed = variables_of(kind)

    def value(found: re.Match[str]) -> str:
        variable = found.group(1)
        if variable not in allowed or not said.get(variable):
            raise ValueError(f"nothing to say for {{{variable}}}")
        return said[variable]

    text = BRACES.sub(value, body)
    if facts.link not in text:  # by which one answers, and stops SMS
        raise ValueError("no link")
    return spelled_for_sms(text) if language in SPELLED_PLAINLY else text


def costly(body: str) -> list[tuple[str, str]]:
    """Return the letters of a text that GSM-7 has not, each once, with how it may be spelled, "" when it cannot."""
    found = dict.fromkeys(letter for letter in BRACES.sub("", body) if not is_gsm(letter))
    return [(letter, plain if is_gsm(plain := letter.translate(SPELLED)) else "") for letter in found]


def costly_in(body: str, language: str) -> list[tuple[str, str]]:
    """Return the same, but nothing where all of it is spelled plainly as the message leaves."""
    plain = spelled_for_sms(BRACES.sub("", body)) if language in SPELLED_PLAINLY else body
    return [] if is_gsm(BRACES.sub("", plain)) else costly(body)


def spelled(body: str) -> str:
    """Return a text with what GSM-7 has not spelled as on a typewriter; what has no such spelling stays."""
    plain = dict(costly(body))
    return "".join(plain.get(letter) or letter for letter in body)


def _said(language: str, facts: SmsFacts, name: str) -> dict[str, str]:
    said = {Variable.PLACE: " ".join(facts.address.split()), Variable.LINK: facts.link, Variable.SERVICE: name}
    if facts.starts_at is not None:
        said[Variable.WHEN] = moment(facts.starts_at, facts.zone, language)
        said[Variable.DAY] = long_day(facts.starts_at.astimezone(facts.zone).date(), language)
        said[Variable.HOUR] = hour(facts.starts_at, facts.zone, language)
    if facts.choose_by is not None:
        said[Variable.CHOOSE_BY] = long_day(facts.choose_by, language)
    if facts.answer_by is not None:
        said[Variable.ANSWER_BY] = moment(facts.answer_by, facts.zone, language)
    return {str(variable): value for variable, value in said.items()}


def _problem_of(name: str, kind: TextKind, *, may_name: bool) -> Problem | None:
    allowed = variables_of(kind)
    if name in allowed:
        return Problem(Wrong.FORBIDDEN, name) if name == Variable.SERVICE and not may_name else None
    plain = folded(name).replace(" ", "_")
    if plain in FORBIDDEN:
        return Problem(Wrong.FORBIDDEN, name)
    if name in set(Variable):
        return Problem(Wrong.NOT_HERE, name, variables_of(kind)[0])
    return Problem(Wrong.UNKNOWN, name, _nearest(plain, [str(one) for one in allowed]))


def _nearest(name: str, allowed: list[str]) -> str:
    if name in allowed:
        return name
    known = {other: str(variable) for other, variable in OTHER_NAMES.items() if variable in allowed}
    close = get_close_matches(name, [*allowed, *known], n=1, cutoff=0.5)
    return known.get(close[0], close[0]) if close else ""
