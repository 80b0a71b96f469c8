"""The waiting list in words: rank and its reason, what is waited for, what is offered, who was passed over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.attributes import schema
from availability.models import Shape
from availability.openings import local_day
from booking.changes import label_of
from booking.filters import Filters
from booking.models import State
from booking.pages.booking_words import MAINLAND, whom, zone_note
from booking.waiting import UNDO_WITHIN
from booking.waiting_models import WaitingState
from booking.waiting_queries import Awaiting, ListedEntry, Offered, Skipped
from booking.waiting_rules import Place, Rank
from booking.words import WHY_NOT_WORDS, many, unfit
from portal.ui.dates import NBSP, day, ended, from_today, moment, nights

LIST = "/attente/"
PLACE = (
    "lieu",
    "point",
    "rayon",
    "mesure",
    "trajet",
    "cadre",
    "debut",
    "fin",
    "jours",
)  # of a search, not of one place
DECLINE_WORDS = {
    "no-longer-needed": "La personne n’en a plus besoin",
    "found-elsewhere": "Une place a été trouvée ailleurs",
    "too-far": "C’est trop loin",
    "dates": "Les dates ne conviennent plus",
    "other": "Autre motif",
}
STATE_WORDS = {
    WaitingState.SERVED: ("Servie", "success"),
    WaitingState.WITHDRAWN: ("Retirée", ""),
    WaitingState.EXPIRED: ("Dates passées", "warning"),
}
# Why somebody was passed over, besides what a search says of a place.
SKIP_WORDS = {
    "dates": "pas assez de jours libres de suite aux dates voulues",
    "closed": "fermé aux dates voulues",
    "notice": "trop tard, ou trop tôt, pour réserver là",
    "quota": "le quota de votre service est atteint",
    "rights": "le compte qui l’a demandé ne peut plus y réserver",
    "untold": "la personne ne veut plus de SMS, ou n’est plus convoquée : personne ne la préviendrait",
    "offered": "une autre place vous était déjà proposée",
    "answered": "cette place vous avait déjà été proposée",
}
UNITS = {Shape.NIGHTS: ("nuit", "nuits"), Shape.PLACES: ("jour", "jours")}


@dataclass(frozen=True)
class Pass:
    """One time that an entry was passed over."""

    where: str
    why: str
    when: str


@dataclass(frozen=True)
class WaitCard:
    """An entry as its card shows it; an empty text is not displayed."""

    id: str
    rank: str
    rank_why: str
    is_urgent: bool  # by a legal deadline
    whom: str
    whose: str
    what: str
    where: str
    when: str
    since: str
    deadline_on: str  # as a field of a form holds it
    deadline_source: str
    map_href: str
    state: str = ""
    badge: str = ""
    can_put_back: bool = False
    offer_id: str = ""
    booking_href: str = ""
    offer_what: str = ""
    offer_when: str = ""
    offer_until: str = ""
    seconds_left: int = 0
    passed: str = ""
    passes: list[Pass] = field(default_factory=list)


@dataclass(frozen=True)
class HostRow:
    """Somebody who waits for a place that a host runs: nothing that says who."""

    rank: str
    why: str
    what: str
    when: str
    since: str


def card(entry: ListedEntry, *, now: datetime, here: str = MAINLAND) -> WaitCard:
    """Return an entry as displayed, with only the acts that would be heard."""
    zone = ZoneInfo(here)
    today = local_day(now, zone)
    words, badge = STATE_WORDS.get(entry.state, ("", ""))
    is_recent = entry.ended_at is not None and entry.ended_at >= now - UNDO_WITHIN
    plain = WaitCard(
        id=str(entry.id),
        rank=rank(entry.place) if entry.place else "",
        rank_why=rank_why(entry.place, entry.deadline_on, local_day(entry.created_at, zone)) if entry.place else "",
        is_urgent=entry.deadline_on is not None and entry.place is not None,
        whom=whom(entry.initials, entry.case_ref, entry.person_id, is_open=False),
        whose="" if entry.is_mine else "demandée par un collègue",
        what=f"{entry.kind_label[:1].upper()}{entry.kind_label[1:]}",
        where=entry.label,
        when=_before(entry) or wanted(entry.shape, entry.first_on, entry.until_on, entry.days),
        since=since(entry, today, zone),
        deadline_on=entry.deadline_on.isoformat() if entry.deadline_on else "",
        deadline_source=entry.deadline_source,
        map_href=map_address(entry),
        state=words,
        badge=badge,
        can_put_back=entry.state is WaitingState.WITHDRAWN and is_recent,
        passed=passed_words(entry),
        passes=[_pass(one, entry, zone) for one in entry.skips],
    )
    offered = "Une date plus tôt est proposée à la personne" if entry.booking_id else "Une place vous est proposée"
    return _with_offer(plain, entry.offer, entry.shape, offered, now) if entry.offer else plain


def rank(place: Place) -> str:
    """Return "1er", "3e"."""
    return f"{place.rank}{'er' if place.rank == 1 else 'e'}"


def rank_why(place: Place, deadline_on: date | None, asked_on: date) -> str:
    """Return what gives a rank: "échéance légale le mar. 12 déc."."""
    if place.why is Rank.DEADLINE and deadline_on is not None:
        return f"échéance légale le {day(deadline_on)}"
    return f"inscription le {day(asked_on)}"


def wanted(shape: str, first: date, until: date, days: int | None) -> str:
    """Return "3 nuits entre le 5 et le 20 déc.", the dates alone when they are fixed."""
    length = (until - first).days
    if shape == Shape.NIGHTS and days == length:
        return nights(first, until)
    window = f"entre le {day(first)} et le {day(until)}"
    if shape == Shape.SLOTS:
        return f"un rendez-vous {window}"
    if days is None:
        return f"à partir d’un jour {window}, sans date de fin"
    if days == length:
        return f"du {day(first)} au {day(until)}"
    one, several = UNITS[Shape(shape)]
    return f"{many(days, one, several)} de suite {window}"


def since(entry: ListedEntry, today: date, zone: ZoneInfo) -> str:
    """Return since when somebody waits, and what they left."""
    asked = f"Inscrite {from_today(local_day(entry.created_at, zone), today)}"
    return f"{asked}, {many(entry.left, 'proposition laissée', 'propositions laissées')}" if entry.left else asked


def passed_words(entry: ListedEntry) -> str:
    """Return "Passée 2 fois : pourquoi ?", or nothing."""
    count = len(entry.skips)
    return f"Passée {many(count, 'fois', 'fois')}{NBSP}: pourquoi{NBSP}?" if count else ""


def place_name(site_name: str, resource_name: str) -> str:
    """Return a site and what is there, each said once."""
    return site_name if resource_name in site_name else f"{site_name}, {resource_name}"


def skip_words(why: str, searchable: dict[str, object]) -> str:
    """Return why a place was not offered."""
    if why in SKIP_WORDS:
        return SKIP_WORDS[why]
    words = WHY_NOT_WORDS[why][0] if why in WHY_NOT_WORDS else unfit(label_of(why, schema(searchable)) or why)
    return f"place {words}"


def map_address(entry: ListedEntry) -> str:
    """Return the search of the map that an entry came from."""
    dates = {"du": entry.first_on.isoformat(), "au": entry.until_on.isoformat()}
    site = {"site": str(entry.site_id)} if entry.site_id else {}
    return f"/carte/?{urlencode({**entry.query, **dates, **site})}"


def ask_address(filters: Filters, *, site: str = "", resource: str = "") -> str:
    """Return the page that puts what the filters say on the list: of anywhere, of a site, or of one resource."""
    kept = filters.without("vue", "tri", "page", "raison", "libres", "site", *(PLACE if site or resource else ()))
    query = {name: value for name, value in kept.typed().items() if value}
    place = {"lieu_attendu": site, "ressource": resource}
    return f"{LIST}?{urlencode({**query, **{name: one for name, one in place.items() if one}, 'ajout': '1'})}"


def host_row(one: Awaiting, today: date, zone: ZoneInfo) -> HostRow:
    """Return somebody who waits, as a host reads it."""
    return HostRow(
        rank=rank(one.place),
        why=rank_why(one.place, one.deadline_on, local_day(one.created_at, zone)),
        what=f"{one.kind_label[:1].upper()}{one.kind_label[1:]}",
        when=wanted(one.shape, one.first_on, one.until_on, one.days),
        since=from_today(local_day(one.created_at, zone), today),
    )


def count_words(count: int, offers: int) -> str:
    """Return "12 inscriptions en attente, 2 propositions à accepter"."""
    waiting = many(count, "inscription en attente", "inscriptions en attente")
    return f"{waiting}, dont {many(offers, 'proposition à accepter', 'propositions à accepter')}" if offers else waiting


def host_words(count: int) -> str:
    """Return how many wait for what a host runs."""
    return f"{many(count, 'demande attend', 'demandes attendent')} qu’une de vos places se libère"


def offers_words(count: int) -> str:
    """Return how many offers wait for an answer, or nothing."""
    return (
        many(count, "place proposée par la liste d’attente", "places proposées par la liste d’attente") if count else ""
    )


def asked_words(place: Place, deadline_on: date | None, asked_on: date) -> str:
    """Return what is said once somebody is on the list."""
    said = f"{rank(place)} sur la liste{NBSP}: {rank_why(place, deadline_on, asked_on)}"
    return ended(f"{said[:1].upper()}{said[1:]}")


def answered_words(state: str) -> str:
    """Return what is said once an offer is accepted."""
    return "C’est réservé." if state == State.BOOKED else "La demande est envoyée : le lieu doit l’accepter."


def _pass(skip: Skipped, entry: ListedEntry, zone: ZoneInfo) -> Pass:
    return Pass(
        where=place_name(skip.site_name, skip.resource_name),
        why=skip_words(skip.why, entry.searchable or {}),
        when=f"le {moment(skip.at, zone)}",
    )


def _before(entry: ListedEntry) -> str:
    """Return the day of the appointment of somebody who would come earlier; nothing for who has none."""
    return f"avant son rendez-vous du {day(entry.until_on - timedelta(days=1))}" if entry.booking_id else ""


def _with_offer(plain: WaitCard, offer: Offered, shape: str, state: str, now: datetime) -> WaitCard:
    zone = ZoneInfo(offer.time_zone)
    bed = f"lit {offer.unit_name}" if offer.unit_name else ""
    parts: Sequence[str] = (offer.site_name, offer.resource_name, bed, offer.commune)
    return WaitCard(
        **vars(plain)
        | {
            "state": state,
            "badge": "new",
            "offer_id": str(offer.id),
            "booking_href": f"/reservations/?reservation={offer.booking_id}",
            "offer_what": ", ".join(dict.fromkeys(part for part in parts if part)),
            "offer_when": _dates(offer, shape, zone),
            "offer_until": f"Gardée jusqu’au {moment(offer.ends_at, zone)}{zone_note(offer.time_zone)}",
            "seconds_left": max(int((offer.ends_at - now).total_seconds()), 0),
        }
    )


def _dates(offer: Offered, shape: str, zone: ZoneInfo) -> str:
    if offer.starts_at is not None:
        return moment(offer.starts_at, zone)
    if offer.first_on is None:
        return ""
    if offer.until_on is None:
        return f"à partir du {day(offer.first_on)}, sans date de fin"
    if shape == Shape.NIGHTS:
        return nights(offer.first_on, offer.until_on)
    return f"du {day(offer.first_on)} au {day(offer.until_on)}"


def deadline_changed(rank_words: str) -> str:
    """Return what is said once the legal deadline of an entry changed."""
    return f"L’échéance est changée{NBSP}: {rank_words}."
