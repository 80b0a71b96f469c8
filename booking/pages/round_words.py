"""The round of a team in words: each stop, how it is reached, and the points of its map. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import quote

from booking.fittings import FittingTerms, Purpose, road_km
from booking.models import State
from booking.pages.fitting_words import (
    PURPOSE_WORDS,
    agents_words,
    initials,
    kilometres,
    measure_label,
    minutes_words,
)
from booking.rounds import Round, RoundStop, pause_before
from booking.words import many
from portal.ui.dates import NBSP, hour

STOP_WORDS = {State.BOOKED: "à faire", State.HONOURED: "posé", State.MISSED: "absent"}
DONE_WORDS = {Purpose.FITTING: "Posé", Purpose.REMOVAL: "Retiré"}
STOP_BADGES = {State.BOOKED: "info", State.HONOURED: "success", State.MISSED: "warning"}


@dataclass(frozen=True)
class StopCard:
    """A stop of the round."""

    id: str
    number: str
    hours: str
    initials: str
    measure: str
    address: str
    address_note: str
    way: str
    pause: str  # the break before it
    done: str  # "Posé", "Retiré"
    state: str
    badge: str
    state_code: str
    geo: str
    directions: str
    can_call: bool
    can_fit: bool
    can_miss: bool
    is_noted: bool
    later: str
    href: str


def round_sentence(found: Round) -> str:
    """Return how many stops, how far and how long."""
    count = many(len(found.stops), "passage", "passages")
    if not found.km:
        return count
    way = f"environ {kilometres(road_km(found.km))} et {minutes_words(found.minutes)} de route, retour compris"
    hours = ""
    if found.leaves_at and found.returns_at:
        zone = found.team.zone
        hours = f"Départ de la base à {hour(found.leaves_at, zone)}, retour vers {hour(found.returns_at, zone)}. "
    return f"{hours}{count}, {way} (estimation d’après les distances)"


def stop_cards(found: Round, addresses: Mapping[object, str], terms: FittingTerms, *, now: datetime) -> list[StopCard]:
    """Return the stops in order."""
    return [
        _stop(number, stop, found, addresses.get(stop.booking_id, ""), terms=terms, now=now)
        for number, stop in enumerate(found.stops, 1)
    ]


def points(cards: Iterable[StopCard], found: Round) -> list[dict[str, str | float]]:
    """Return what the map draws: the stops that are somewhere."""
    return [
        {
            "id": card.id,
            "number": card.number,
            "lat": stop.at[0],
            "lon": stop.at[1],
            "state": card.state_code,
            "label": f"{card.number}{NBSP}: {card.hours}, {card.initials}, {card.state}",
        }
        for card, stop in zip(cards, found.stops, strict=True)
        if stop.at
    ]


def phone_words(phone: str) -> str:
    """Return a French number in pairs, another as it is."""
    if phone.startswith("+33") and len(phone) == 12:
        national = "0" + phone[3:]
        return NBSP.join(national[at : at + 2] for at in range(0, 10, 2))
    return phone


def _stop(number: int, stop: RoundStop, found: Round, address: str, *, terms: FittingTerms, now: datetime) -> StopCard:
    zone = found.team.zone
    has_begun = stop.period.start <= now
    place = f"{stop.at[0]:.5f},{stop.at[1]:.5f}" if stop.at else ""
    named = f"?q={quote(address)}" if address and stop.is_exact else f"?q={place}"
    return StopCard(
        id=str(stop.booking_id),
        number=str(number),
        hours=f"{hour(stop.period.start, zone)} – {hour(stop.period.end, zone)}",
        initials=initials(stop.initials) or "sans fiche",
        measure=_what(stop, terms),
        address=address or ("" if stop.at else "adresse non renseignée"),
        address_note="" if stop.is_exact or not stop.at else "position approximative : centre de la commune",
        way=_way(number, stop, found),
        pause=_pause(number, found, terms),
        done=DONE_WORDS[stop.purpose],
        state=DONE_WORDS[stop.purpose].lower() if stop.state is State.HONOURED else STOP_WORDS.get(stop.state, ""),
        badge=STOP_BADGES.get(stop.state, ""),
        state_code=stop.state.value,
        geo=f"geo:{place}{named}" if place else "",
        directions=f"https://www.openstreetmap.org/directions?to={quote(place)}" if place else "",
        can_call=stop.person_id is not None,
        can_fit=has_begun and stop.state is not State.HONOURED,
        can_miss=has_begun and stop.state is not State.MISSED,
        is_noted=stop.state is not State.BOOKED,
        later="" if has_begun else f"À noter à partir de {hour(stop.period.start, zone)}",
        href=f"/demandes-de-pose/?demande={stop.request_id}" if stop.request_id else "",
    )


def _what(stop: RoundStop, terms: FittingTerms) -> str:
    """Return the measure, and what sets the visit apart."""
    if not stop.measure:
        return "pose sans demande"
    removal = PURPOSE_WORDS[stop.purpose].lower() if stop.purpose is Purpose.REMOVAL else ""
    agents = agents_words(stop.agents) if stop.agents > 1 else ""
    return ", ".join(part for part in (measure_label(terms, stop.measure), removal, agents) if part)


def _pause(number: int, found: Round, terms: FittingTerms) -> str:
    """Return the break that comes before a stop: at the first place where there is time for it."""
    for at, (before, after) in enumerate(pairwise(found.stops), 2):
        starts = pause_before(after, before, terms.pause, found.team.zone)
        if starts is not None:
            words = f"Pause de {minutes_words(terms.pause.minutes)} à {hour(starts, found.team.zone)}"
            return words if at == number else ""
    return ""


def _way(number: int, stop: RoundStop, found: Round) -> str:
    """Return the way there, and the time left over since the stop before."""
    if stop.km is None or stop.minutes is None:
        return ""
    way = f"environ {kilometres(road_km(stop.km))}, {minutes_words(stop.minutes)} de route"
    if number == 1:
        return f"{way} depuis la base"
    before = found.stops[number - 2]
    spare = int((stop.period.start - before.period.end).total_seconds() // 60) - stop.minutes
    return f"{way}, {minutes_words(spare)} de battement" if spare > 0 else way
