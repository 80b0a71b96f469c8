"""The map in words: what the search found, as the frozen pieces of text that the page displays. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from availability.models import Kind, LocatedBy, Shape
from availability.places import Located, Source
from availability.queries import DayCount
from availability.search import Found, Tally
from availability.sites import Spot
from booking.filters import Filters
from booking.words import SITE_STATE_WORDS, many, why_not
from portal.ui.dates import day, from_today, grouped

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
    """A site in the list."""

    site_id: str
    name: str
    where: str
    note: str  # about its position, when it is not exact
    distance: str
    free: str
    state: str
    state_word: str
    next_free: str
    squares: list[Square]


def sentence(kind: Kind, tally: Tally, filters: Filters, radius_km: float | None) -> str:
    """Return the answer: "12 lits libres sur 34 à moins de 50 km de Lyon"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    free = "libre" if tally.free < 2 else "libres"
    within = ""
    if radius_km is not None:
        center = f"de {filters.lieu}" if filters.lieu else "de son domicile"
        within = f" à moins de {grouped(round(radius_km))} km {center}"
    elif filters.cadre:
        within = " dans la partie affichée de la carte"
    elif filters.flag("ailleurs"):
        within = " dans toute la France"
    else:
        within = " dans votre ressort"
    count = grouped(tally.free)
    return f"{count} {one if tally.free < 2 else several} {free} sur {grouped(tally.total)}{within}"


def reasons(tally: Tally) -> list[str]:
    """Return why the others do not do, most frequent first."""
    return [why_not(reason, count) for reason, count in tally.why_not]


def card(spot: Spot, kind: Kind, counts: Sequence[DayCount], soonest: date | None, *, today: date) -> Card:
    """Return a site as its card shows it."""
    return Card(
        site_id=str(spot.site_id),
        name=spot.name,
        where=spot.where,
        note=LOCATED_WORDS.get(LocatedBy(spot.located_by), ""),
        distance=distance(spot.distance_km),
        free=free_of(kind, spot.free, spot.total),
        state=spot.state,
        state_word=SITE_STATE_WORDS[spot.state],
        next_free=soonest_words(soonest, today),
        squares=[square(count, kind) for count in counts],
    )


def located_words(location: Located) -> str:
    """Say which place was understood, and who answered."""
    if location.best is None:
        return ""
    if location.best.source is Source.BAN:
        return f"Autour de : {location.best.label} (adresse exacte, Base Adresse Nationale)"
    failed = " ; la Base Adresse Nationale ne répond pas" if location.ban_failed else ""
    return f"Autour de : {location.best.label} (centre de la commune, répertoire hors ligne{failed})"


def distance(distance_km: float | None) -> str:
    """Return "à 3,2 km", as the crow flies, or nothing."""
    if distance_km is None:
        return ""
    if distance_km < 0.1:
        return "au même endroit"
    shown = f"{distance_km:.1f}".replace(".", ",") if distance_km < 10 else grouped(round(distance_km))
    return f"à {shown} km à vol d’oiseau"


def free_of(kind: Kind, free: int, total: int) -> str:
    """Return "3 lits libres sur 12"."""
    one, several = UNIT_WORDS[Shape(kind.shape)]
    return f"{many(free, one, several)} {'libre' if free < 2 else 'libres'} sur {total}"


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


SEX_WORDS = {"F": "femmes", "M": "hommes", "any": "femmes et hommes"}


def traits(found: Found) -> list[str]:
    """Return what matters of a resource, as short badges."""
    attributes = found.attributes
    said = [SEX_WORDS.get(str(attributes.get("sex", "")), "")]
    least, most = attributes.get("min_age"), attributes.get("max_age")
    if least and most:
        said.append(f"{least} à {most} ans")
    elif least:
        said.append(f"à partir de {least} ans")
    elif most:
        said.append(f"jusqu’à {most} ans")
    said.append("ouvert le week-end" if attributes.get("weekend") else "")
    said.append("accessible en fauteuil" if attributes.get("accessible") else "")
    if doors := attributes.get("doors"):
        said.append(f"sortie dès {doors['opens']}, retour avant {doors['closes']}")
    return [words for words in said if words]
