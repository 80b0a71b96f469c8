"""Why not: the rule behind a refusal in the user's words, its value, who can change it, what is possible instead. Pure.

The code of a rule is for programs; nothing here branches on words. Laws carry their source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import QuotaPeriod
from availability.slots import WhyNot
from booking.errors import (
    AlreadyDecided,
    ChangedMeanwhile,
    HoldExpired,
    KeyReused,
    OutOfDate,
    QuotaReached,
    SlotUnfit,
    TooLate,
)
from booking.quotas import Count
from booking.words import STATE_WORDS, many
from portal.ui.dates import LOCALE, NBSP, day, ended, moment

ADMINISTRATOR = "l’administrateur des types"
HOST = "le lieu qui reçoit"
SERVICE = "le service"
YOU = "vous"
RIGHTS = "l’administrateur de votre ressort"
NOBODY = "personne"

OTHER_DATE = "Choisir une autre date"
OTHER_PLACE = "Prendre une autre place"
OTHER_HOUR = "Choisir une autre heure"
OTHER_SERVICE = "Choisir un autre service"
EXCUSE = "Excuser l’absence : la place est libérée et l’historique le dit"
GIVE_BACK = "Rendre une place qui ne sert plus"
NOWHERE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Way:
    """What is possible instead; `href` opens it, empty when it has no address."""

    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class Why:
    """A rule as it is shown; an empty text is not."""

    code: str = ""
    rule: str = ""
    value: str = ""
    who: str = ""
    instead: list[Way] = field(default_factory=list)


@dataclass(frozen=True)
class _Rule:
    """What is always true of a rule."""

    rule: str
    who: str
    instead: tuple[str, ...] = ()


_HOURS = "Ce lieu reçoit aux heures qu’il a publiées, par créneaux."
RULES: dict[str, _Rule] = {
    WhyNot.PAST: _Rule("On ne réserve pas dans le passé.", NOBODY, (OTHER_DATE,)),
    WhyNot.TOO_SOON: _Rule("Ce type de lieu demande un délai avant le premier jour.", ADMINISTRATOR, (OTHER_DATE,)),
    WhyNot.TOO_FAR: _Rule("Ce type de lieu ne se réserve pas plus loin à l’avance.", ADMINISTRATOR, (OTHER_DATE,)),
    WhyNot.CLOSED: _Rule("Le lieu a fermé ce jour-là.", HOST, (OTHER_DATE, OTHER_PLACE)),
    WhyNot.HOLIDAY: _Rule(
        "Ce type de lieu ferme les jours fériés (code du travail, art. L3133-1 et L3422-2).",
        ADMINISTRATOR,
        (OTHER_DATE,),
    ),
    WhyNot.WEEKEND: _Rule("Ce type de lieu ne reçoit ni le samedi ni le dimanche.", ADMINISTRATOR, (OTHER_DATE,)),
    WhyNot.RECESS: _Rule(
        "Ce sont les vacations judiciaires du tribunal (code de l’organisation judiciaire, art. R121-1).",
        ADMINISTRATOR,
        (OTHER_DATE,),
    ),
    WhyNot.OUTSIDE_HOURS: _Rule(_HOURS, HOST, (OTHER_HOUR,)),
    WhyNot.OFF_GRID: _Rule(
        "Les créneaux commencent à heures fixes, selon le pas et la durée du lieu.", HOST, (OTHER_HOUR,)
    ),
    WhyNot.NO_SEAT: _Rule("Personne ne reçoit à ce moment-là.", HOST, (OTHER_HOUR, OTHER_PLACE)),
    WhyNot.ABSENCE: _Rule(
        "La personne qui reçoit est prise ailleurs, d’après son agenda.", HOST, (OTHER_HOUR, OTHER_PLACE)
    ),
    WhyNot.HELD: _Rule(
        "Quelqu’un garde cette place quelques minutes, le temps de confirmer.",
        NOBODY,
        (OTHER_PLACE, "Réessayer bientôt"),
    ),
    WhyNot.TAKEN: _Rule("Une place ne se donne qu’une fois.", NOBODY, (OTHER_PLACE, OTHER_DATE)),
    WhyNot.WRONG_PROFILE: _Rule("Ce lieu dit qui il accueille.", HOST, (OTHER_PLACE,)),
    "out-of-service": _Rule("Le lieu, ou ce lit, est hors service.", HOST, (OTHER_PLACE,)),
    "no-session": _Rule("L’audience est passée, ou n’existe plus.", NOBODY, ("Choisir une autre audience",)),
    "last-day-past": _Rule(
        "On prend date jusqu’à quelques jours avant l’audience, fixés par son modèle.",
        HOST,
        ("Choisir une audience plus lointaine",),
    ),
    "full": _Rule("Le lieu accueille un nombre limité de personnes à la fois.", HOST, (OTHER_DATE, OTHER_PLACE)),
    "full-cases": _Rule("L’audience prend un nombre limité d’affaires.", HOST, ("Choisir une autre audience",)),
    "full-minutes": _Rule("L’audience a une durée limitée.", HOST, ("Choisir une autre audience",)),
    "full-quota": _Rule(
        "L’audience prend un nombre limité d’affaires de cette nature.", HOST, ("Choisir une autre audience",)
    ),
    "slot-unfit": _Rule(
        "L’équipe doit pouvoir être au domicile à l’heure, et quelqu’un doit y être.", NOBODY, (OTHER_HOUR,)
    ),
    "not-after-start": _Rule("La fin vient après le début.", YOU, ("Corriger les dates",)),
    "too-long": _Rule("Ce type de lieu limite la durée.", ADMINISTRATOR, ("Choisir une fin plus proche",)),
    "too-soon-minutes": _Rule("Ce type de lieu demande un délai avant l’heure.", ADMINISTRATOR, (OTHER_HOUR,)),
    "not-begun": _Rule("On note une venue ou une absence une fois l’heure passée.", NOBODY, ("Revenir après l’heure",)),
    "outcome-too-late": _Rule("Une venue se corrige pendant six mois.", NOBODY),
    "invalid": _Rule("Une valeur ne peut pas être utilisée.", YOU, ("Corriger ce champ",)),
    "too-late": _Rule(
        "Rendre ou déplacer n’est possible que jusqu’à un délai avant le début, pour que la place serve à quelqu’un.",
        ADMINISTRATOR,
        (EXCUSE,),
    ),
    "quota": _Rule(
        "Le nombre de places que chaque service peut prendre sur une période est limité.",
        ADMINISTRATOR,
        (OTHER_DATE, GIVE_BACK),
    ),
    "conflict": _Rule(
        "Un service en conflit d’intérêts avec ce dossier ne lui est pas désigné.",
        f"{YOU}, ou un autre juge de ce tribunal",
        (OTHER_SERVICE, "Lever le conflit d’intérêts, s’il n’y en a plus"),
    ),
    "competence": _Rule(
        "Chaque service dit quelles mesures il prend.", SERVICE, (OTHER_SERVICE, "Chercher une autre mesure")
    ),
    "language": _Rule("Un service n’est désigné que s’il parle les langues demandées.", SERVICE, (OTHER_SERVICE,)),
    "zone": _Rule(
        "Chaque service dit dans quels départements il intervient.",
        SERVICE,
        (OTHER_SERVICE, "Demander l’autre adresse de la famille"),
    ),
    "hold-expired": _Rule(
        "Une place n’est gardée que quelques minutes, puis elle est à qui la veut.", ADMINISTRATOR, ("La reprendre",)
    ),
    "already-decided": _Rule("Ce qui est décidé ne se décide pas deux fois.", NOBODY, ("Voir où elle en est",)),
    "host-accepts": _Rule(
        "Ce lieu accepte ou refuse lui-même chaque demande : elle ne se déplace pas sans lui.",
        ADMINISTRATOR,
        ("Rendre la place, puis demander une autre date",),
    ),
    "offered-instead": _Rule(
        "Cette place est proposée à quelqu’un au lieu de son rendez-vous : elle ne se prend pas en plus.",
        NOBODY,
        ("La prendre depuis la liste d’attente : le rendez-vous y est déplacé",),
    ),
    "not-allowed": _Rule("Vos droits ne couvrent pas cet acte ici.", RIGHTS, ("Demander à qui en a le droit",)),
    "not-found": _Rule("Cela n’existe pas, ou n’est pas de votre ressort.", RIGHTS),
    "changed": _Rule("Quelqu’un l’a changé depuis que vous l’avez lu.", NOBODY, ("Regarder, puis recommencer",)),
    "key-reused": _Rule("Une clé d’idempotence sert à une seule demande.", YOU, ("Changer de clé",)),
    "refused": _Rule("Une règle s’y oppose.", NOBODY),
}
# The same rules as a judge meets them: services that take measures, not places that receive somebody on dates.
OF_SERVICES: dict[str, _Rule] = {
    "full": _Rule(
        "Chaque service suit un nombre limité de mesures à la fois.",
        SERVICE,
        (OTHER_SERVICE, "Demander au service si sa charge est à jour"),
    ),
    WhyNot.HELD: _Rule(
        "La dernière place du service est gardée quelques minutes pour un autre dossier.",
        NOBODY,
        (OTHER_SERVICE, "Réessayer bientôt"),
    ),
    WhyNot.CLOSED: _Rule("Le service ne prend pas de mesure en ce moment.", SERVICE, (OTHER_SERVICE,)),
}
# Why a place of the map is left out; the key is the reason code of availability/search.py.
LEFT_OUT: dict[str, _Rule] = {
    "sex": _Rule("Chaque section accueille des hommes, des femmes ou les deux.", HOST, (OTHER_PLACE,)),
    "age": _Rule("Chaque lieu dit l’âge qu’il accueille.", HOST, (OTHER_PLACE,)),
    "weekend": _Rule("Ce lieu n’est pas ouvert le week-end.", HOST, (OTHER_PLACE, OTHER_DATE)),
    "accessible": _Rule("Ce lieu n’est pas accessible en fauteuil.", HOST, (OTHER_PLACE,)),
    "hours": _Rule(
        "Les portes doivent laisser partir au travail et rentrer, trajet compris (code pénal, art. 132-26).",
        HOST,
        ("Changer les heures de travail dans la recherche", OTHER_PLACE),
    ),
    "travel": _Rule("La recherche limite le temps de trajet.", YOU, ("Accepter un trajet plus long",)),
    "stale": _Rule("La recherche demande une déclaration récente.", YOU, ("Accepter une déclaration plus ancienne",)),
    "load": _Rule("La recherche limite la charge.", YOU, ("Accepter une charge plus grande",)),
    "delay": _Rule("La recherche limite le délai.", YOU, ("Accepter un délai plus long",)),
}
ATTRIBUTE = _Rule("La recherche demande ce que ce lieu ne dit pas offrir.", HOST, ("Ne plus le demander", OTHER_PLACE))
PERIOD_WORDS: dict[str, str] = {
    QuotaPeriod.DAY: "jour",
    QuotaPeriod.WEEK: "semaine",
    QuotaPeriod.MONTH: "mois",
    QuotaPeriod.YEAR: "an",
}
# By the class of a refusal, when its facts say no more.
CODES: dict[type[Refusal], str] = {
    TooLate: "too-late",
    QuotaReached: "quota",
    HoldExpired: "hold-expired",
    AlreadyDecided: "already-decided",
    KeyReused: "key-reused",
    OutOfDate: "changed",
    ChangedMeanwhile: "changed",
    SlotUnfit: "slot-unfit",
    PeriodTaken: WhyNot.TAKEN,
    CapacityReached: "full",
    NotOpen: WhyNot.OUTSIDE_HOURS,
    NotAllowed: "not-allowed",
    NotFound: "not-found",
    InvalidRequest: "invalid",
    Refusal: "refused",
}


def why_of(refusal: Refusal, hrefs: Mapping[str, str] = NOWHERE) -> Why:
    """Return the rule behind a refusal of the booking and availability cores, with its value.

    `hrefs` says where some of the ways out are, by their label.
    """
    code = code_of(refusal)
    return why_rule(code, _value(code, refusal.facts), hrefs)


def why_rule(code: str, value: str = "", hrefs: Mapping[str, str] = NOWHERE) -> Why:
    """Return a rule by its code, with a value already in words; nothing for a code that has no rule."""
    found = RULES.get(code)
    if found is None:
        return Why()
    ways = [Way(label, hrefs.get(label, "")) for label in found.instead]
    return Why(str(code), found.rule, value, found.who, ways)


def why_left_out(reason: str) -> Why:
    """Return the rule for which a place of the map is left out, by the code of the reason."""
    found = LEFT_OUT.get(reason) or RULES.get(reason) or ATTRIBUTE
    return Why(reason, found.rule, "", found.who, [Way(label) for label in found.instead])


def service_rule(code: str, value: str = "") -> Why:
    """Return a rule as it is told to whoever designates a service, with a value already in words."""
    found = OF_SERVICES.get(code)
    if found is None:
        return why_rule(code, value)
    return Why(str(code), found.rule, value, found.who, [Way(label) for label in found.instead])


def why_of_service(refusal: Refusal) -> Why:
    """Return the rule behind a designation that is refused."""
    code, capacity = code_of(refusal), refusal.facts.get("capacity")
    if code not in OF_SERVICES:
        return why_of(refusal)
    return service_rule(code, f"{many(capacity, 'mesure', 'mesures')} à la fois." if isinstance(capacity, int) else "")


def left_words(count: Count, today: date) -> str:
    """Return what a quota leaves: "Reste 2 sur 5 cette semaine"."""
    is_now = count.first <= today < count.until
    when = _NOW_WORDS[count.per] if is_now else f"pour {period_words(count.per, count.first)}"
    return f"Reste {count.left} sur {count.most} {when}, pour votre service."


def code_of(refusal: Refusal) -> str:
    """Return the code of the rule behind a refusal: one of RULES."""
    said = str(refusal.facts.get("why", ""))
    if isinstance(refusal, SlotUnfit):
        return "slot-unfit"
    if isinstance(refusal, CapacityReached) and said:
        said = f"full-{said}"
    if isinstance(refusal, InvalidRequest):
        said = "outcome-too-late" if refusal.problem == "too-late" else refusal.problem
    own = next(code for kind, code in ((one, CODES.get(one)) for one in type(refusal).__mro__) if code)
    return said if said in RULES else own


def told_why(refusal: Refusal) -> dict[str, object]:
    """Return the rule as programs are told it, with the address of what is possible instead when there is one."""
    excuse = {EXCUSE: f"/api/v1/bookings/{refusal.facts['booking_id']}/excuse"} if isinstance(refusal, TooLate) else {}
    why = why_of(refusal, excuse)
    instead = [{"label": way.label} | ({"href": way.href} if way.href else {}) for way in why.instead]
    return {"why": why.code, "rule": why.rule, "value": why.value, "who": why.who, "instead": instead}


def late_sentence(refusal: Refusal) -> str:
    """Return until when giving back or moving was possible, and what to do instead."""
    last = refusal.facts["latest"]
    if not isinstance(last, datetime):
        raise TypeError("an instant is expected")
    return f"C’était possible jusqu’au {_at(last)} : excusez l’absence à la place, ou appelez le lieu."


def quota_sentence(refusal: Refusal) -> str:
    """Return how many the service has of how many, in which period, and what to do."""
    facts = refusal.facts
    taken, most = int(str(facts["taken"])), int(str(facts["most"]))
    return (
        f"Votre service a {many(taken, 'place', 'places')} sur {most} pour {_period(facts)} : "
        "choisissez une autre date, ou rendez une place qui ne sert plus."
    )


def notice_words(minutes: int) -> str:
    """Return "2 jours", "3 h", "45 min"."""
    if minutes and minutes % 1440 == 0:
        return many(minutes // 1440, "jour", "jours")
    return f"{minutes // 60}{NBSP}h" if minutes and minutes % 60 == 0 else f"{minutes}{NBSP}min"


def period_words(per: str, first: date) -> str:
    """Return the period that begins then: "la semaine du lun. 2 mars", "mars 2026"."""
    match per:
        case QuotaPeriod.DAY:
            return f"le {day(first)}"
        case QuotaPeriod.WEEK:
            return f"la semaine du {day(first)}"
        case QuotaPeriod.MONTH:
            return f"{format_date(first, 'MMMM', locale=LOCALE)}{NBSP}{first.year}"
    return f"l’année{NBSP}{first.year}"


_NOW_WORDS: dict[str, str] = {
    QuotaPeriod.DAY: "aujourd’hui",
    QuotaPeriod.WEEK: "cette semaine",
    QuotaPeriod.MONTH: "ce mois-ci",
    QuotaPeriod.YEAR: "cette année",
}


def _period(facts: Mapping[str, Any]) -> str:
    return period_words(str(facts["per"]), facts["first"])


def _value(code: str, facts: Mapping[str, Any]) -> str:
    """Return the value of the rule and what it meets, from the facts of a refusal; empty when they do not say."""
    needs, said = _VALUES.get(code, ("", _nothing))
    return said(facts) if facts.get(needs) is not None else ""


def _nothing(_facts: Mapping[str, Any]) -> str:
    return ""


def _late(facts: Mapping[str, Any]) -> str:
    return f"{notice_words(facts['minutes'])} avant le début, soit jusqu’au {ended(_at(facts['latest']))}"


def _quota(facts: Mapping[str, Any]) -> str:
    most = many(facts["most"], "place", "places")
    taken = many(facts["taken"], "prise", "prises")
    return f"{most} par {PERIOD_WORDS[facts['per']]}{NBSP}: {taken} pour {ended(_period(facts))}"


# By the code of a rule: the fact that it needs, and the words that it makes.
_VALUES: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "too-late": ("latest", _late),
    "quota": ("most", _quota),
    WhyNot.TOO_SOON: ("earliest", lambda facts: f"À partir du {ended(day(facts['earliest'], year=True))}"),
    WhyNot.TOO_FAR: ("latest", lambda facts: f"Jusqu’au {ended(day(facts['latest'], year=True))}"),
    "too-long": ("max_days", lambda facts: f"{many(facts['max_days'], 'jour', 'jours')} au plus."),
    "too-soon-minutes": ("minutes", lambda facts: f"{notice_words(facts['minutes'])} avant l’heure."),
    "full": ("capacity", lambda facts: f"{many(facts['capacity'], 'personne', 'personnes')} à la fois."),
    "already-decided": ("state", lambda facts: f"Elle est {STATE_WORDS.get(str(facts['state']), 'traitée')}."),
}


def _at(at: datetime) -> str:
    return moment(at, at.tzinfo or ZoneInfo("UTC"))
