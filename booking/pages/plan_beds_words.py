"""What the planning of beds says: wishes, rules, why somebody has no bed, what would give them one, the grid. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from availability.attributes import Attribute
from booking.pages.booking_words import listed
from booking.pages.plans_desk import RuleWords, SliderWords
from booking.plans.bed_why import Because, Spot, Way
from booking.plans.beds import BedLine
from booking.words import many
from portal.ui.dates import NBSP, day, ended, plural

SLIDERS = (
    SliderWords(name="soon", label="Entrer tôt", hint="Dès le premier jour qui convient"),
    SliderWords(name="near", label="Près du travail", hint="Le moins de trajet, chaque jour du séjour"),
    SliderWords(name="settled", label="Ne pas déplacer", hint="Les séjours réservés gardent leur lit"),
)
RULES = {
    "refused": RuleWords(
        label="Personnes sans lit",
        unit=("personne", "personnes"),
        better=("personne de plus a un lit", "personnes de plus ont un lit"),
        worse=("personne de plus reste sans lit", "personnes de plus restent sans lit"),
    ),
    "waited": RuleWords(
        label="Jours d’attente après le premier jour voulu",
        unit=("jour", "jours"),
        better=("jour d’attente de moins", "jours d’attente de moins"),
        worse=("jour d’attente", "jours d’attente"),
    ),
    "travel": RuleWords(
        label="Trajets, aller, sur tous les séjours",
        unit=("heure", "heures"),
        better=("heure de trajet de moins", "heures de trajet de moins"),
        worse=("heure de trajet", "heures de trajet"),
        by=60,
    ),
    "moved-told": RuleWords(
        label="Séjours réservés qui changent de lit",
        unit=("séjour", "séjours"),
        better=("séjour de moins change de lit", "séjours de moins changent de lit"),
        worse=("séjour change de lit", "séjours changent de lit"),
    ),
}
WEIGHTS = {
    "waited": "Chaque jour après le premier jour voulu",
    "travel": "Chaque minute de trajet, par nuit",
    "moved_told": "Chaque séjour réservé qui change de lit",
}
REFUSED_WORDS = {
    "taken": "le lit est pris depuis ce calcul",
    "closed": "la section est fermée ou hors service depuis ce calcul",
    "quota": "quota du service atteint",
    "too-late": "il est trop tard pour ces dates",
    "gone": "introuvable : retiré entre-temps, ou d’un autre ressort",
    "decided": "ce séjour a changé d’état entre-temps",
    "changed": "ce séjour a changé entre-temps",
    "offered": "un lit lui est déjà proposé par la liste : répondez d’abord",
    "left": "n’attend plus",
    "dates": "ses dates ont changé entre-temps",
    "unfit": "cette section ne lui convient plus",
    "apart": "une personne à ne pas croiser y dort depuis",
    "no-bed": "ce lit n’existe plus",
    "refused": "refusé",
}
# What stands in the way, said of several beds; "equipment" is said thing by thing.
REASON_WORDS = {
    "reach": "trop loin, ou hors du rayon demandé",
    "dates": "rien aux dates demandées : un lit se libère plus tard",
    "closed": "fermés sur ces dates",
    "full": "pris sur ces dates",
    "other-sex": "avec des personnes de l’autre sexe",
    "apart-room": "avec une personne à ne pas croiser",
    "apart-establishment": "dans l’établissement d’une personne à ne pas croiser",
    "no-room": "aucun lit de ce type à portée",
}
MISFIT_WORDS = {
    "hours": "heures de travail incompatibles avec les portes",
    "travel": "trop de trajet",
    "elsewhere": "ce n’est pas la section demandée",
    "stale": "déclaration trop ancienne",
}
WAIVE_WORDS = {"reach": "d’aller plus loin", "elsewhere": "une autre section que celle demandée"}


@dataclass(frozen=True)
class Named:
    """A choice in a list: an establishment, a bed from a night on, somebody, people kept apart."""

    id: str
    label: str


@dataclass(frozen=True)
class WayRow:
    """A change that would give a bed; `can_do` when it may be made in the proposal at once."""

    number: int
    label: str
    can_do: bool


@dataclass(frozen=True)
class Chosen:
    """Somebody looked at closely: why they have no bed, what would give them one, where they could be."""

    id: str = ""
    label: str = ""
    now: str = ""  # where the proposal has them
    reasons: list[str] = field(default_factory=list)
    ways: list[WayRow] = field(default_factory=list)
    spots: list[Named] = field(default_factory=list)
    spot: str = ""  # the value of the one that is looked at
    better: str = ""
    worse: str = ""
    broken: str = ""
    can_leave: bool = False  # they have a bed in the proposal


def place_words(bed: BedLine, first: date) -> str:
    """Return a bed from a night on."""
    return f"{bed.site_name}, {bed.section}, {bed.name}, dès le {day(first)}"


def choice_words(bed: BedLine, first: date) -> str:
    """Return a bed from a night on, in a list of choices: what tells one from another comes first."""
    return f"{day(first)}, {bed.name}, {bed.section}, {bed.site_name}"


def reason_words(reasons: Sequence[Because], attributes: Mapping[str, Attribute]) -> list[str]:
    """Return why somebody has no bed, one line a rule."""
    return [line for one in reasons for line in _reason(one, attributes)]


def way_words(way: Way, attributes: Mapping[str, Attribute], who: Mapping[str, str]) -> str:
    """Return a change that would give somebody a bed, in a sentence."""
    there = f"{way.bed.site_name}, {way.bed.section}"
    when = f"du {day(way.first)} au {day(way.until)}"
    match way.kind:
        case "nothing":
            said = f"Un lit est libre{NBSP}: {there}, {way.bed.name}, {when}"
        case "later":
            said = f"Entrer {plural(way.days, 'jour')} plus tard{NBSP}: {there}, {way.bed.name}, {when}"
        case "move":
            to = place_words(way.to, way.moved_to.first_on) if way.to and way.moved_to else ""
            whom = who.get(way.moved, "quelqu’un")
            said = f"Donner à {whom} un autre lit ({to}){NBSP}: {way.bed.name} est alors libre, {when}"
        case "bed":
            said = f"Un lit de plus{NBSP}: {there}, {when}"
        case _:
            codes = listed([_waived(code, attributes) for code in way.codes])
            later = f", {plural(way.days, 'jour')} plus tard" if way.days else ""
            said = f"Accepter {codes}{NBSP}: {there}, {when}{later}"
    return ended(said)


def spot_words(spot: Spot, bed: BedLine, earliest: date) -> str:
    """Return a bed where somebody could be, in a list of choices."""
    late = (spot.placement.first_on - earliest).days
    added = f" (+{plural(late, 'jour')})" if late else ""
    return f"{choice_words(bed, spot.placement.first_on)}{added}"


def broken_words(rules: Iterable[str], codes: Iterable[str], attributes: Mapping[str, Attribute]) -> str:
    """Return why somebody cannot be at a place; nothing when they can."""
    said = [
        word
        for rule in rules
        for word in ([misfit_words(code, attributes) for code in codes] if rule == "equipment" else [_broken(rule)])
    ]
    return ended(f"Impossible{NBSP}: {listed(said)}") if said else ""


def misfit_words(code: str, attributes: Mapping[str, Attribute]) -> str:
    """Return what of a section does not suit somebody."""
    if code in MISFIT_WORDS:
        return MISFIT_WORDS[code]
    return f"{attributes[code].label.lower()} qui ne convient pas" if code in attributes else "profil"


def nobody_words(*, may_move: bool) -> str:
    """Return what may be tried when nobody gets a bed; `may_move`: stays could change beds already."""
    said = "Personne n’a de lit aux dates demandées"
    why = f"«{NBSP}Pourquoi{NBSP}?{NBSP}» dit, pour chacun, ce qui lui en donnerait un."
    if may_move:
        return f"{said}. {why}"
    tick = f"«{NBSP}Les séjours à venir peuvent changer de lit{NBSP}»"
    return f"{said} tant que les séjours réservés gardent le leur{NBSP}: cochez {tick} et proposez de nouveau. {why}"


def _reason(one: Because, attributes: Mapping[str, Attribute]) -> Iterator[str]:
    if one.code in ("dates", "no-room"):
        yield REASON_WORDS[one.code].capitalize()
    elif one.of:
        for code, beds in one.of:
            yield f"{many(beds, 'lit', 'lits')}{NBSP}: {misfit_words(code, attributes)}"
    else:
        words = REASON_WORDS.get(one.code, misfit_words("elsewhere", attributes))
        yield f"{many(one.beds, 'lit', 'lits')}{NBSP}: {words}"


def _waived(code: str, attributes: Mapping[str, Attribute]) -> str:
    if code in WAIVE_WORDS:
        return WAIVE_WORDS[code]
    if code == "hours":
        return "qu’il ou elle sorte et rentre hors des heures des portes"
    return f"un autre critère ({attributes[code].label.lower()})" if code in attributes else "une exception"


def _broken(rule: str) -> str:
    return {
        "full": "le lit est pris",
        "closed": "la section est fermée",
        "dates": "hors des dates demandées",
        "reach": "trop loin",
        "apart-establishment": "une personne à ne pas croiser y dort",
    }.get(rule, "ce lit ne convient pas")
