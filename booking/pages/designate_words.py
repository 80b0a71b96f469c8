"""The judge's table in words: what was found, as the frozen pieces of text that the page displays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from availability.errors import InvalidRequest
from availability.models import Kind
from availability.places import Located, Place, Source
from availability.sites import address_line
from booking.designations import Designation, read_case_ref
from booking.doubles import OfferedPair
from booking.meanwhile import Changed
from booking.measure_words import MeasureWords
from booking.mediators import LANGUAGES, Candidate
from booking.models import State
from booking.pages.why_words import Why as Rule
from booking.pages.why_words import service_rule
from booking.persons import search_name_of
from booking.question import Question
from booking.suggestion import Order, Reason, Why
from booking.words import NBSP, STATE_BADGES, STATE_WORDS, YOU, act_sentence, many, reason_words
from portal.ui.changed import Difference
from portal.ui.dates import day, grouped, hour, moment, plural

WHY_NOT = {
    "full": "Complet",
    "held": "Dernière place en cours de réservation",
    "closed": "Fermé en ce moment",
    "conflict": "Conflit d’intérêts",
    "competence": "Autre compétence",
    "language": "Autre langue",
    "zone": "Hors de sa zone",
    "other": "Ne convient pas",
}
HEADINGS = (
    ("nom", "Service"),
    ("delai", "1er RDV"),
    ("parent1", "Adresse 1"),  # the words of the kind replace these two
    ("parent2", "Adresse 2"),
    ("charge", "Charge"),
    ("attente", "En attente"),
    ("tarif", "Tarif"),
    ("langues", "Langues"),
    ("acces", "Accès"),
)
DESIGNATION_WORDS = {
    State.BOOKED: "acceptée par le service",
    State.CANCELLED: "annulée",
}
OVER = (State.REFUSED, State.LAPSED, State.CANCELLED)
ANY_MEASURE = MeasureWords()
UNKNOWN = "non indiqué"
CASE_WORDS = {
    "required": "Indiquez le numéro RG du dossier avant de désigner.",
    "too-long": "Ce numéro est trop long : 64 caractères au plus.",
    "not-a-number": "Ce numéro contient un caractère illisible : saisissez-le à nouveau.",
}
SOURCE_WORDS = {
    Source.BAN: "placé par la Base Adresse Nationale",
    Source.COMMUNE: "placé au centre de la commune",
}
NOT_FOUND = "Ce lieu n’a pas été trouvé : essayez une commune ou un code postal."


@dataclass(frozen=True)
class Row:
    """A service in the table."""

    resource_id: str
    name: str
    where: str
    delay: str
    distance1: str
    distance2: str
    load: str
    load_percent: str
    age: str
    is_stale: bool
    waiting: str
    price: str
    languages: str
    access: str
    can_take: bool
    why_not: str
    why: Rule  # for which it cannot be designated
    is_in_conflict: bool


@dataclass(frozen=True)
class Heading:
    """A column: `sort` is none, ascending or descending."""

    key: str
    label: str
    sort: str


@dataclass(frozen=True)
class Choice:
    """One of the next best, when the one wanted was taken."""

    resource_id: str
    name: str
    why: str


@dataclass(frozen=True)
class PairChoice:
    """An information meeting and its hearing, to set in one press."""

    number: str
    meeting: str
    hearing: str


@dataclass(frozen=True)
class CaseLine:
    """What was already designated for the case."""

    id: str
    name: str
    state: str
    badge: str
    when: str
    convened: str  # both appointments, when they are set
    is_running: bool


def row(one: Candidate, *, today: date) -> Row:
    """Return a service as the table shows it."""
    return Row(
        resource_id=str(one.resource_id),
        name=one.name,
        where=whereabouts(one),
        delay=delay(one),
        distance1=kilometres(one.distances_km[0]),
        distance2=kilometres(one.distances_km[1]),
        load=f"{many(one.load, 'mesure', 'mesures')} sur {one.capacity}",
        load_percent=f"{min(round(100 * one.load_ratio), 100) if one.capacity else 100}%",
        age=age(one.declared_on, today=today),
        is_stale=one.is_stale,
        waiting=str(one.waiting),
        price=one.price_scale or UNKNOWN,
        languages=", ".join(LANGUAGES.get(code, code) for code in one.languages) or UNKNOWN,
        access="oui" if one.is_accessible else "non",
        can_take=one.can_take,
        why_not="" if one.can_take else WHY_NOT[one.state],
        why=Rule() if one.can_take else service_rule(one.state, _full(one) if one.state == "full" else ""),
        is_in_conflict=one.state == "conflict",
    )


def _full(one: Candidate) -> str:
    return f"{many(one.load, 'mesure', 'mesures')} pour {many(one.capacity, 'place', 'places')}."


def whereabouts(one: Candidate) -> str:
    """Return the service and its commune, each said once."""
    service = "" if one.site_name == one.name else one.site_name
    commune = "" if search_name_of(one.commune) in search_name_of(service) else one.commune
    return " – ".join(part for part in (service, commune) if part)


def delay(one: Candidate) -> str:
    """Return "12 jours", the delay before the first meeting."""
    return UNKNOWN if one.first_meeting_days is None else plural(one.first_meeting_days, "jour")


def kilometres(distance: float | None) -> str:
    """Return "3,2 km" under ten, "14 km" over, "—" when not known."""
    if distance is None:
        return "—"
    shown = f"{distance:.1f}".replace(".", ",") if distance < 9.95 else grouped(round(distance))
    return f"{shown}{NBSP}km"


def age(declared_on: date | None, *, today: date) -> str:
    """Return "à jour du 12 nov.", with the year when it is another."""
    if declared_on is None:
        return "jamais déclarée"
    return f"à jour du {day(declared_on, year=declared_on.year != today.year).split(NBSP, 1)[1]}"


def headings(order: Order, words: MeasureWords = ANY_MEASURE) -> list[Heading]:
    """Return the columns, the sorted one saying how; the addresses are called as the kind calls them."""
    way = "descending" if order.descending else "ascending"
    (_, first), (_, second) = words.addresses
    called = dict(HEADINGS) | {"parent1": first, "parent2": second}
    return [Heading(key, called[key], way if key == order.column else "none") for key, _ in HEADINGS]


def reasons_words(reasons: Sequence[Reason], addresses_found: int) -> str:
    """Return "le moins chargé, 40 %, à 12 km au plus, premier rendez-vous sous 9 jours"."""
    return ", ".join(_reason_words(each, addresses_found) for each in reasons)


def _reason_words(reason: Reason, addresses_found: int) -> str:
    simple = {
        Why.LEAST_LOADED: f"le moins chargé, {reason.value}{NBSP}%",
        Why.LOAD: f"charge {reason.value}{NBSP}%",
        Why.STALE: "déclaration ancienne, à vérifier",
    }
    return simple.get(reason.why) or _way_or_delay(reason, addresses_found)


def _way_or_delay(reason: Reason, addresses_found: int) -> str:
    match reason.why:
        case Why.NEAREST:
            return "le plus proche " + ("des deux adresses" if addresses_found > 1 else "de l’adresse")
        case Why.AWAY:
            return f"à {reason.value}{NBSP}km" + (" au plus" if addresses_found > 1 else "")
        case Why.SOONEST:
            return f"premier rendez-vous le plus tôt, sous {plural(reason.value, 'jour')}"
        case _:
            return f"premier rendez-vous sous {plural(reason.value, 'jour')}"


def competence_choices(kind: Kind) -> list[tuple[str, str]]:
    """Return the competences among which the judge chooses, as (code, label): none for most kinds."""
    choices = (kind.searchable.get("competences") or {}).get("choices") or {}
    return [(str(code), str(label)) for code, label in choices.items()]


def pair_key(offered: OfferedPair) -> str:
    """Return what a button sends back: the dates that it shows, wherever they stand by then."""
    pair = offered.pair
    return f"{pair.meeting_id} {pair.meeting_starts_at.isoformat()} {pair.hearing_id}"


def pair_choice(offered: OfferedPair) -> PairChoice:
    """Return a double convocation as its button says it."""
    return PairChoice(
        number=pair_key(offered),
        meeting=f"Réunion {moment(offered.pair.meeting_starts_at, ZoneInfo(offered.meeting_zone))}",
        hearing=f"Audience {moment(offered.hearing_starts_at, ZoneInfo(offered.hearing_zone))}",
    )


def shown_words(row_: Row | None, pairs: Sequence[PairChoice], cases: Sequence[CaseLine]) -> dict[str, str]:
    """Return what the panel and the lines of the case say, by label: to be compared with what they say later."""
    shown = {}
    if row_ is not None:
        said = (
            ("Délai", row_.delay),
            ("Charge", row_.load),
            ("En attente", row_.waiting),
            ("Empêchement", row_.why_not),
        )
        shown = {"Service proposé": row_.name} | {f"{label}, {row_.name}": words for label, words in said}
        shown["Dates proposées"] = " ; ".join(f"{one.meeting}, {one.hearing}" for one in pairs)
    return shown | {
        f"Dossier, {one.name}": ", ".join(filter(None, (one.state, one.when, one.convened))) for one in cases
    }


def shown_differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return what is no longer as the panel said it."""
    labels = [*before, *(label for label in after if label not in before)]
    pairs = ((label, before.get(label, ""), after.get(label, "")) for label in labels)
    return [Difference(label, old, new) for label, old, new in pairs if old != new]


def case_changes(changes: Sequence[Changed], zone: ZoneInfo) -> list[str]:
    """Return who did what of the designations of a case, and at what time."""
    said = ((act_sentence(one.act, one.facts, YOU if one.is_me else one.by), one.at) for one in changes)
    return [f"{sentence.removesuffix('.')}, à{NBSP}{hour(at, zone)}." for sentence, at in said]


def convened_words(offered: OfferedPair) -> str:
    """Return what was set, in a sentence."""
    meeting = moment(offered.pair.meeting_starts_at, ZoneInfo(offered.meeting_zone))
    hearing = moment(offered.hearing_starts_at, ZoneInfo(offered.hearing_zone))
    return f"Réunion d’information {meeting}, puis audience {hearing}."


def and_both(*, is_convened: bool) -> str:
    """Return what is cancelled, or set again, with a designation."""
    return ", avec la réunion d’information et l’audience" if is_convened else ""


def sentence(words: MeasureWords, candidates: Sequence[Candidate], question: Question, parents_found: int) -> str:
    """Return the answer: "14 médiateurs à moins de 50 km, 9 peuvent prendre une mesure"."""
    one, several = words.taker, words.takers
    where = "dans votre ressort"
    if parents_found:
        of_whom = " de l’une des adresses" if parents_found > 1 else ""
        where = f"à moins de {question.radius_km}{NBSP}km{of_whom}"
    if not candidates:
        return f"Aucun {one} {where}"
    able = sum(each.can_take for each in candidates)
    can = f"{able}{NBSP}{'peut' if able == 1 else 'peuvent'} prendre une mesure" if able else "aucun ne peut en prendre"
    return f"{many(len(candidates), one, several)} {where}, {can}"


def located_words(located: Located) -> str:
    """Return where a parent was placed, and by what: the address itself, or only its commune."""
    if located.best is None:
        return ""
    failed = " (la Base Adresse Nationale ne répond pas)" if located.ban_failed else ""
    return f"{located.best.label}, {SOURCE_WORDS[located.best.source]}{failed}"


def seat_words(place: Place) -> str:
    """Return where the seat of a service is."""
    return f"{place.label}, siège du service"


def case_problem(typed: str, *, is_needed: bool) -> dict[str, str]:
    """Return what is wrong with a case number, by field; none is wrong only once a designation was tried."""
    try:
        read_case_ref(typed if typed or is_needed else "-")
    except InvalidRequest as refusal:
        return {"rg": CASE_WORDS[refusal.problem]}
    return {}


def choices(ranked: Iterable[Candidate], *, other_than: int, count: int = 3) -> list[Choice]:
    """Return the next best that can take the case, best first."""
    able = [one for one in ranked if one.can_take and one.resource_id != other_than]
    return [Choice(str(one.resource_id), one.name, _why(one)) for one in able[:count]]


def _why(one: Candidate) -> str:
    way = "" if one.farthest_km is None else f", à {kilometres(one.farthest_km)}"
    return f"{delay(one)}{way}"


def case_line(one: Designation) -> CaseLine:
    """Return what was designated for the case, with what became of it."""
    return CaseLine(
        id=str(one.id),
        name=one.name,
        state=state_words(one.state),
        badge=STATE_BADGES[one.state],
        when=when(one),
        convened=_convened(one),
        is_running=one.state in (State.REQUESTED, State.BOOKED),
    )


def _convened(one: Designation) -> str:
    if one.meeting is None or one.hearing is None:
        return ""
    meeting, hearing = (moment(each.at, ZoneInfo(each.time_zone)) for each in (one.meeting, one.hearing))
    return f"Réunion {meeting} ; audience {hearing}"


def state_words(state: State) -> str:
    """Return where a designation stands, as its judge says it."""
    return DESIGNATION_WORDS.get(state, STATE_WORDS[state])


def when(one: Designation) -> str:
    """Return when it was asked, and until when the service may answer, or when and why it came to its end."""
    zone = ZoneInfo(one.time_zone)
    asked = f"Demandée {moment(one.created_at, zone)}"
    if one.state is State.REQUESTED and one.expires_at:
        return f"{asked}{NBSP}; réponse attendue avant le {_day_of(one.expires_at, zone)}"
    return f"{asked}{NBSP}; {ended}" if (ended := ended_words(one)) else asked


def ended_words(one: Designation) -> str:
    """Return "annulée ven. 6 mars à 15 h, motif : à la demande de la personne", nothing as long as it has effect."""
    if one.state not in OVER:
        return ""
    at = f" {moment(one.since, ZoneInfo(one.time_zone))}" if one.since else ""
    why = reason_words(one.reason)
    return f"{state_words(one.state)}{at}" + (f", motif{NBSP}: {why}" if why else "")


def _day_of(at: datetime, zone: ZoneInfo) -> str:
    return day(at.astimezone(zone).date())


def postal_address(one: Designation) -> str:
    """Return the postal address of a designated service."""
    return address_line(one.address, one.postcode, one.commune)
