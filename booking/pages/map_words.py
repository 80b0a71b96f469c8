"""The map in words: what the search found, as the frozen pieces of text that the page displays. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from availability.attributes import Attribute
from availability.models import Kind, LocatedBy, Shape
from availability.places import Located, Source, close_names
from availability.queries import DayCount
from availability.search import Found, Tally, Wish
from availability.sites import Spot
from booking.changes import Change, label_of
from booking.filters import Filters
from booking.pages.traits import shared_traits
from booking.pages.why_words import Why, why_left_out
from booking.words import SITE_STATE_WORDS, many, why_not
from portal.ui.dates import NBSP, day, from_today, grouped, moment

MOST_BADGES = 6
NOT_SUITED = "ne convient pas"
SURE = 0.5  # of the address base's confidence: below it, the user should look
AT_THE_SAME_PLACE_KM = 0.1

LOCATED_WORDS = {
    LocatedBy.COMMUNE: "position approximative : centre de la commune",
    LocatedBy.NOWHERE: "sans position sur la carte",
}
# What one place is called when counting; the kind's own words name the whole.
UNIT_WORDS = {
    Shape.NIGHTS: ("lit", "lits"),
    Shape.PLACES: ("place", "places"),
    Shape.SLOTS: ("créneau", "créneaux"),
    Shape.SESSIONS: ("dossier", "dossiers"),
}


@dataclass(frozen=True)
class Square:
    """One day of the strip: its state gives shape and colour, its text says it."""

    label: str
    state: str
    text: str


@dataclass(frozen=True)
class Card:
    """A site in the list. `why` and `change` are of a place that does not suit: why not, and what would include it."""

    site_id: str
    name: str
    where: str
    note: str  # about its position, when it is not exact
    way: str  # travel time, distance
    free: str
    state: str
    state_word: str
    next_free: str
    badges: list[str]
    declared: str
    is_stale: bool
    squares: list[Square]
    why: str = ""
    change: str = ""
    change_href: str = ""


@dataclass(frozen=True)
class Reason:
    """Why some places do not do; a click shows which."""

    code: str
    words: str
    is_current: bool
    why: Why = field(default_factory=Why)


def sentence(kind: Kind, tally: Tally, filters: Filters, wish: Wish) -> str:
    """Return the answer: "12 lits libres sur 34 à moins de 50 km de Lyon"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    free = f"{grouped(tally.free)}{NBSP}{one if tally.free < 2 else several} {'libre' if tally.free < 2 else 'libres'}"
    center = center_words(filters)
    around = within_words(filters, wish.radius_km, center)
    if wish.max_travel_min is not None:
        if wish.radius_km is not None:
            around = f"à moins de {grouped(round(wish.radius_km))}{NBSP}km"
        return f"{free} à moins de {duration(wish.max_travel_min)} {center}, sur {grouped(tally.total)} {around}"
    return f"{free} sur {grouped(tally.total)} {around}"


def within_words(filters: Filters, radius_km: float | None, center: str) -> str:
    """Return where one looks: "à moins de 50 km de Lyon"."""
    if radius_km is not None:
        return f"à moins de {grouped(round(radius_km))}{NBSP}km {center}"
    if filters.cadre:
        return "dans la partie affichée de la carte"
    return "dans toute la France" if filters.flag("ailleurs") else "dans votre ressort"


def center_words(filters: Filters) -> str:
    """Return what one looks around of: "de Lyon"."""
    if filters.point:
        return "du point choisi"
    return f"de {filters.lieu}" if filters.lieu else "de son domicile"


def duration(minutes: int) -> str:
    """Return "45 min", "1 h 05"."""
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    return f"{minutes // 60}{NBSP}h" + (f"{NBSP}{minutes % 60:02d}" if minutes % 60 else "")


def reasons(tally: Tally, schema: Sequence[Attribute], current: str) -> list[Reason]:
    """Return why the others do not do, most frequent first."""
    return [
        Reason(code, why_not(code, count, label_of(code, schema)), code == current, why_left_out(code))
        for code, count in tally.why_not
    ]


def title_of(found: Found, sits_at: datetime | None) -> str:
    """Return the name of a resource; of a hearing, with its day and hour there, as its office has one every week."""
    return f"{found.name}, {moment(sits_at, ZoneInfo(found.time_zone))}" if sits_at else found.name


def why_not_title(kind: Kind, tally: Tally) -> str:
    """Return "Pourquoi pas les 22 autres ?"."""
    others = tally.total - tally.free
    one, _ = UNIT_WORDS[Shape(kind.shape)]
    article = "l’autre" if others == 1 else f"les {grouped(others)} autres"
    return f"Pourquoi pas {article}{f' {one}' if others == 1 else ''}{NBSP}?" if others else ""


def card(spot: Spot, wish: Wish, counts: Sequence[DayCount], soonest: date | None, *, today: date) -> Card:
    """Return a site as its card shows it."""
    kind, best = wish.kind, spot.resources[0]
    suitable = [one for one in spot.resources if one.mismatch is None] or list(spot.resources)
    declared = min((one.declared_on for one in suitable if one.declared_on), default=None)
    return Card(
        site_id=str(spot.site_id),
        name=spot.name,
        where=spot.where,
        note=LOCATED_WORDS.get(LocatedBy(spot.located_by), ""),
        way=way(best, wish),
        free=offered(kind, spot.state, spot.free, spot.total),
        state=spot.state,
        state_word=SITE_STATE_WORDS[spot.state],
        next_free=soonest_words(soonest, today),
        badges=shared_traits(suitable, wish.schema)[:MOST_BADGES],
        declared=declared_words(declared, today),
        is_stale=declared is not None and (today - declared).days > kind.fresh_days,
        squares=[square(count, kind) for count in counts],
    )


def excluded(shown: Card, changes: Sequence[Change], why: str, wish: Wish) -> Card:
    """Return the card of a place left out: why, and the smallest change that would include it."""
    words = " et ".join(change_words(change, wish.schema) for change in changes)
    href = f"/carte/?{replace(changes[-1].filters, raison='', site='', page='').to_query()}" if changes else ""
    word = NOT_SUITED if shown.state == "other" else shown.state_word
    return replace(shown, state_word=word, why=why, change=words[:1].upper() + words[1:], change_href=href)


def change_words(change: Change, schema: Sequence[Attribute]) -> str:
    """Return a change as one would say it: "accepter un départ 20 min plus tard"."""
    if change.first is not None:
        return f"chercher dès le {day(change.first)}"
    if change.reason == "hours":
        later = f"un départ {duration(change.later_min)} plus tard" if change.later_min else ""
        earlier = f"un retour {duration(change.earlier_min)} plus tôt" if change.earlier_min else ""
        return "accepter " + " et ".join(part for part in (later, earlier) if part)
    amount = {
        "travel": f"accepter {duration(change.amount)} de trajet",
        "load": f"accepter une charge de {change.amount}{NBSP}%",
        "delay": f"accepter un délai de {many(change.amount, 'jour', 'jours')}",
        "stale": "accepter les déclarations anciennes",
    }
    label = label_of(change.reason, schema)
    if change.amount and change.reason not in amount:
        return f"accepter «{NBSP}{label}{NBSP}: {change.amount}{NBSP}»"
    return amount.get(change.reason, f"chercher sans «{NBSP}{label}{NBSP}»")


def wider_words(radius_km: int, more: int, kind: Kind) -> str:
    """Return "Élargir à 60 km : 3 lits libres de plus"."""
    return f"Élargir à {grouped(radius_km)}{NBSP}km{NBSP}: {free_count(more, kind)} de plus"


def located_words(location: Located) -> str:
    """Say which place was understood, and who answered."""
    best = location.best
    if best is None:
        return ""
    if best.source is Source.HAND:
        return f"Position choisie à la main, près de {best.label}"
    if best.source is Source.BAN:
        doubt = f"{NBSP}; adresse incertaine, vérifiez-la" if best.score < SURE else ""
        return f"Autour de{NBSP}: {best.label} (adresse exacte, Base Adresse Nationale{doubt})"
    failed = f"{NBSP}; la Base Adresse Nationale ne répond pas" if location.ban_failed else ""
    return f"Autour de{NBSP}: {best.label} (centre de la commune, répertoire hors ligne{failed})"


def wrong_place(typed: str, location: Located) -> str:
    """Say what is wrong with the place typed, and what may have been meant; empty when it is right."""
    if not typed:
        return ""
    if location.best is None:
        meant = [f"{one.name} ({one.department})" for one in close_names(typed)]
        hint = f"Vouliez-vous dire {' ou '.join(meant)}{NBSP}?" if meant else "Essayez une commune ou un code postal."
        return f"«{NBSP}{typed}{NBSP}» n’a pas été trouvé. {hint}"
    if location.not_in_base:
        return f"Cette adresse n’est pas connue{NBSP}: la recherche part du centre de {location.best.label}."
    return ""


def way(found: Found, wish: Wish) -> str:
    """Return how far it is: "35 min de trajet (estimé) · à 28 km à vol d’oiseau"."""
    parts = []
    if found.travel_min is not None and (found.distance_km or 0) >= AT_THE_SAME_PLACE_KM:
        whence = " du travail" if wish.work else ""
        estimate = " (estimé)" if found.travel_is_estimate else ""
        parts.append(f"{duration(found.travel_min)} de trajet{whence}{estimate}")
    elif wish.by_travel and found.travel_min is None:
        parts.append("aucune route connue")
    return f"{NBSP}· ".join(part for part in (*parts, distance(found.distance_km)) if part)


def distance(distance_km: float | None) -> str:
    """Return "à 3,2 km", as the crow flies, or nothing."""
    if distance_km is None:
        return ""
    if distance_km < AT_THE_SAME_PLACE_KM:
        return "au même endroit"
    shown = f"{distance_km:.1f}".replace(".", ",") if distance_km < 10 else grouped(round(distance_km))
    return f"à {shown}{NBSP}km à vol d’oiseau"


def declared_words(declared_on: date | None, today: date) -> str:
    """Return the age of a declaration, or nothing when there is none."""
    return f"déclaré {from_today(declared_on, today)}" if declared_on else ""


def free_of(kind: Kind, free: int, total: int) -> str:
    """Return "3 lits libres sur 12"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    return f"{many(free, one, several)} {'libre' if free < 2 else 'libres'} sur {total}"


def offered(kind: Kind, state: str, free: int, total: int) -> str:
    """Return how much is free; of what is closed or does not suit, only how much there is."""
    return count_of(kind, total) if state in ("closed", "other") else free_of(kind, free, total)


def count_of(kind: Kind, total: int) -> str:
    """Return "12 lits"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    return many(total, one, several)


def soonest_words(soonest: date | None, today: date) -> str:
    """Return when something is next free."""
    if soonest is None:
        return "rien de libre dans les 90 jours"
    return f"prochaine date libre : {day(soonest)} ({from_today(soonest, today)})"


def square(count: DayCount, kind: Kind) -> Square:
    """Return one day of the strip."""
    state = "closed" if count.is_closed else "free" if count.free else "held" if count.held else "full"
    said = free_count(count.free, kind) if state == "free" else SITE_STATE_WORDS[state]
    return Square(label=str(count.day.day), state=state, text=f"{day(count.day)} : {said}")


def free_count(free: int, kind: Kind) -> str:
    """Return "3 lits libres"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    return f"{many(free, one, several)} {'libre' if free < 2 else 'libres'}"
