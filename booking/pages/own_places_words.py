"""What one runs, in words: a line a place, its sheet, and what the forms of the sheet say. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.beds import StayThere
from availability.capacities import Capacity
from availability.closings import ClosedDays
from availability.declarations import Declaration
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.own import PAGE, Closure, OwnBed, OwnPage, OwnResource
from availability.running import SiteRun
from booking.meanwhile import Changed
from booking.own_seen import Seen
from booking.pages.designate_words import age
from booking.pages.site_words import whole_words, why_not
from booking.words import NBSP, YOU, many, resource_sentence
from portal.ui.changed import Difference
from portal.ui.dates import day, ended, grouped, hour, moment, plural

T = TypeVar("T")
ADDRESS = "/mes-places/"
HOURS = "/horaires/"
CALENDARS = "/calendriers/"
LONGEST_SEARCH = 80
A_DAY = timedelta(days=1)
NUMBERS = (
    ("capacity", "Places en tout, en même temps"),
    ("load", "Déjà prises, hors celles réservées ici"),
    ("waiting", "En attente"),
)
A_NUMBER = f"Un nombre entier, de 0 à 10{NBSP}000."
PROBLEM_WORDS = {
    "not-a-whole-number": A_NUMBER,
    "out-of-range": A_NUMBER,
    "not-a-date": "Cette date ne se lit pas : choisissez-la dans le calendrier.",
    "past": "Choisissez aujourd’hui ou un jour à venir.",
    "too-far": "C’est trop loin : un an au plus.",
    "last-before-first": "Le dernier jour ne peut pas être avant le premier.",
    "not-after-start": "Le dernier jour ne peut pas être avant le premier.",
    "too-long": "Le motif est trop long : 120 caractères au plus.",
    "unreadable": "Ce texte contient des caractères illisibles : saisissez-le à nouveau.",
    "capacity-already": "Ces jours ont déjà une capacité temporaire : oubliez-la d’abord.",
}
SERVICE_WORDS = {True: "en service", False: "hors service"}
NUMBERS_OF = {
    Shape.PLACES: ("capacity", "load", "waiting"),
    Shape.SLOTS: ("capacity",),
    Shape.NIGHTS: (),
    Shape.SESSIONS: (),
}


@dataclass(frozen=True)
class PlaceLine:
    """Something that one runs."""

    id: str
    name: str
    where: str
    figures: str
    notes: list[str]
    age: str
    is_stale: bool
    href: str


@dataclass(frozen=True)
class PeriodRow:
    """A closure or a temporary capacity. `id` is empty when it is not for this sheet to take back."""

    id: str
    days: str
    detail: str
    is_of_site: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class BedRow:
    """A bed."""

    id: str
    name: str
    is_active: bool


@dataclass(frozen=True)
class Filters:
    """What the address carries."""

    typed: str = ""
    only_stale: bool = False
    page: int = 1
    open_id: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Filters:
        """Return what an address asks for; what cannot be read counts for nothing."""
        number, opened = parameters.get("page", ""), parameters.get("lieu", "")
        return cls(
            " ".join(parameters.get("q", "")[:LONGEST_SEARCH].split()),
            parameters.get("verifier") == "1",
            max(int(number), 1) if is_number(number, 5) else 1,
            opened if is_number(opened, 18) else "",
        )

    def address(self, **changed: object) -> str:
        """Return the address of these filters, some of them changed."""
        now = {"q": self.typed, "verifier": int(self.only_stale), "page": self.page, "lieu": self.open_id, **changed}
        kept = {name: value for name, value in now.items() if value and (name, value) != ("page", 1)}
        return f"{ADDRESS}?{urlencode(kept)}" if kept else ADDRESS


def is_number(typed: object, digits: int) -> bool:
    """Say whether a text is a whole number of at most so many digits."""
    text = str(typed)
    return text.isascii() and text.isdecimal() and len(text) <= digits


def place_line(place: OwnResource, filters: Filters, *, now: datetime) -> PlaceLine:
    """Return a place as its line shows it."""
    label = place.kind_label if place.shape is not Shape.NIGHTS else place.label_plural
    where = (
        label[:1].upper() + label[1:],
        place.site_name,
        place.commune if place.commune not in place.site_name else "",
    )
    return PlaceLine(
        id=str(place.id),
        name=place.name,
        where=" – ".join(part for part in where if part and part != place.name),
        figures=figures(place, now=now),
        notes=notes(place),
        age=age(place.declared_on, today=place.today),
        is_stale=place.is_stale,
        href=filters.address(lieu=place.id),
    )


def figures(place: OwnResource, *, now: datetime) -> str:
    """Return how much is free or taken today, as its shape is counted."""
    if place.shape is Shape.NIGHTS and place.closed_until:
        return many(place.beds, "lit", "lits")
    if place.shape is Shape.NIGHTS:
        return f"{many(place.beds_free, 'lit libre', 'lits libres')} cette nuit sur {place.beds}"
    if place.shape is Shape.SLOTS:
        at_once = f", {place.capacity}{NBSP}personnes à la fois" if place.capacity > 1 else ""
        if place.opens_at is None:
            return f"Aucune ouverture prévue{at_once}"
        when = moment(place.opens_at, ZoneInfo(place.time_zone))
        said = "Ouvert en ce moment" if place.opens_at <= now else f"Prochaine ouverture{NBSP}: {when}"
        return f"{said}{at_once}"
    here = f", dont {place.taken_today}{NBSP}ici" if place.taken_today else ""
    taken = place.declared_load + place.taken_today
    waiting = f", {place.declared_waiting}{NBSP}en{NBSP}attente" if place.declared_waiting else ""
    return f"{many(taken, 'place prise', 'places prises')} sur {place.capacity}{here}{waiting}"


def notes(place: OwnResource) -> list[str]:
    """Return what is out of the ordinary today, or soon."""
    said = []
    if place.closed_until:
        last = place.closed_until - A_DAY
        said.append("Fermé jusqu’à nouvel ordre" if last.year == 9999 else f"Fermé jusqu’au {day(last)} inclus")
    elif place.closes_on:
        said.append(f"Fermera le {day(place.closes_on)}")
    if place.capacity_today is not None:
        said.append(f"En ce moment{NBSP}: {many(place.capacity_today, 'place', 'places')} au lieu de {place.capacity}")
    if place.beds_out:
        said.append(many(place.beds_out, "lit hors service", "lits hors service"))
    return said


def summary(shown: OwnPage, filters: Filters) -> str:
    """Return how many there are, and how many to look at, in a sentence."""
    if filters.typed or filters.only_stale:
        about = f" pour «{NBSP}{filters.typed}{NBSP}»" if filters.typed else ""
        return f"{plural(shown.found, 'ligne')}{' à vérifier' if filters.only_stale else ''}{about}."
    if shown.stale == 0:
        return f"{plural(shown.of_all, 'ligne')}{NBSP}: tout est à jour."
    verb = "est à vérifier" if shown.stale == 1 else "sont à vérifier"
    return f"{plural(shown.stale, 'ligne')} sur {grouped(shown.of_all)} {verb}."


def pages(found: int) -> int:
    """Return how many pages so many lines fill, one at least."""
    return max(-(-found // PAGE), 1)


def days_words(first: date | None, until: date | None) -> str:
    """Return "Le mar. 3 mars", "Du mar. 3 mars au ven. 6 mars inclus", or what has no known end."""
    if first is None or until is None:
        begun = f"Depuis le {day(first)}" if first else "Déjà"
        return f"Jusqu’au {day(until - A_DAY)} inclus" if until else f"{begun}, sans fin prévue"
    last = until - A_DAY
    return f"Le {day(first)}" if last == first else f"Du {day(first)} au {day(last)} inclus"


def lower_days(first: date, until: date) -> str:
    """Return these days as they follow a verb: " du mar. 3 mars au ven. 6 mars inclus"."""
    said = days_words(first, until)
    return f" {said[:1].lower()}{said[1:]}".removesuffix(".")


def closure_rows(found: Iterable[Closure], site: SiteRun) -> list[PeriodRow]:
    """Return the closures as listed; that of the whole site is opened again by who runs all of it."""
    return [
        PeriodRow(
            str(one.id) if site.is_whole or not one.is_of_site else "",
            days_words(one.first, one.until),
            one.reason,
            one.is_of_site,
            why_not(site) if one.is_of_site else "",
        )
        for one in found
    ]


def capacity_rows(found: Iterable[Capacity]) -> list[PeriodRow]:
    """Return the temporary capacities as listed."""
    return [
        PeriodRow(
            str(one.id),
            days_words(one.first, one.until),
            " – ".join(part for part in (many(one.capacity, "place", "places"), one.reason) if part),
        )
        for one in found
    ]


def bed_rows(found: Iterable[OwnBed]) -> list[BedRow]:
    """Return the beds as listed."""
    return [BedRow(str(one.id), one.name, one.is_active) for one in found]


def closed_words(days: ClosedDays | None, *, is_closed: bool, is_of_site: bool) -> str:
    """Return "Fermé le mar. 3 mars", "Tout le site est rouvert le …"; None are days without a known end."""
    said = ("Fermé" if is_closed else "Rouvert") + (lower_days(days.first, days.until) if days else "")
    return f"{whole_words(said) if is_of_site else said}."


def outside_words(count: int) -> str:
    """Return what is said of what was taken on days that are now closed, or nothing."""
    if not count:
        return ""
    stand = "elle est maintenue" if count == 1 else "elles sont maintenues"
    there = many(count, "réservation est déjà prise", "réservations sont déjà prises")
    return f" {there} sur ces jours{NBSP}: {stand}, voyez-les dans l’occupation ou l’agenda."


def bed_words(name: str, in_service: bool, stays: Iterable[StayThere]) -> str:
    """Return what became of a bed, and of who has it."""
    if in_service:
        return f"{name}{NBSP}: de nouveau en service."
    until = max((one.until for one in stays), default=None)
    kept = ended(f" Il reste occupé jusqu’au {day(until)}") if until else ""
    return f"{name}{NBSP}: hors service, plus personne n’y sera placé.{kept}"


def declaration_of(form: Mapping[str, str], names: Iterable[str] = NUMBERS_OF[Shape.PLACES]) -> Declaration:
    """Return what a form declares, what its shape does not count being nought. Raises: InvalidRequest."""
    return Declaration(**{"load": 0, "waiting": 0, **{name: whole(name, form.get(name, "")) for name in names}})


def whole(name: str, typed: str) -> int:
    """Return the whole number typed in a field. Raises: InvalidRequest."""
    if not is_number(typed.strip(), 8):
        raise InvalidRequest(name, "not-a-whole-number", value=typed[:20])
    return int(typed)


def period_of(form: Mapping[str, str], prefix: str) -> tuple[date, date]:
    """Return the civil days `[first, until)` of a form whose last day is included. Raises: InvalidRequest."""
    first = date_of(f"{prefix}first", form.get(f"{prefix}first", ""))
    last = form.get(f"{prefix}last", "").strip()
    last_on = date_of(f"{prefix}last", last) if last else first
    if last_on < first:
        raise InvalidRequest(f"{prefix}last", "last-before-first")
    return first, last_on + A_DAY


def closed_days_of(form: Mapping[str, str]) -> ClosedDays:
    """Return the closure that a form asks for. Raises: InvalidRequest."""
    return ClosedDays(*period_of(form, "c_"), form.get("c_reason", ""))


def date_of(name: str, typed: str) -> date:
    """Return a date as a browser writes it. Raises: InvalidRequest."""
    try:
        found = date.fromisoformat(typed.strip()[:10])
    except ValueError as error:
        raise InvalidRequest(name, "not-a-date", value=typed[:20]) from error
    if not 2000 <= found.year <= 2100:
        raise InvalidRequest(name, "too-far", value=typed[:20])
    return found


def number_differences(
    before: Mapping[str, str], after: Mapping[str, str], labels: Mapping[str, str]
) -> list[Difference]:
    """Return the numbers that are no longer those that a form began with."""
    return [
        Difference(labels[name], before.get(name, ""), value)
        for name, value in after.items()
        if before.get(name) != value
    ]


def seen_differences(before: Seen, after: Seen) -> list[Difference]:
    """Return the beds, the closures and the temporary capacities that are no longer those that were shown."""
    old, new = ({one.id: one for one in seen.beds} for seen in (before, after))
    switched = [
        Difference(bed.name, SERVICE_WORDS[old[bed.id].is_active], SERVICE_WORDS[bed.is_active])
        for bed in after.beds
        if bed.id in old and old[bed.id].is_active != bed.is_active
    ]
    came = [Difference("Lit ajouté", "", bed.name) for bed in after.beds if bed.id not in old]
    went = [Difference("Lit retiré", bed.name, "") for bed in before.beds if bed.id not in new]
    closed = _come_and_gone("Fermeture", before.closures, after.closures, _closure_words)
    limited = _come_and_gone("Capacité temporaire", before.capacities, after.capacities, _capacity_words)
    return [*switched, *came, *went, *closed, *limited]


def _come_and_gone(label: str, before: Sequence[T], after: Sequence[T], said: Callable[[T], str]) -> list[Difference]:
    gone = [Difference(f"{label} retirée", said(one), "") for one in before if one not in after]
    return [*gone, *(Difference(f"{label} ajoutée", "", said(one)) for one in after if one not in before)]


def _closure_words(one: Closure) -> str:
    return f"{days_words(one.first, one.until)}{' (tout le site)' if one.is_of_site else ''}"


def _capacity_words(one: Capacity) -> str:
    return f"{days_words(one.first, one.until)}{NBSP}: {many(one.capacity, 'place', 'places')}"


def changed_words(changes: Sequence[Changed], zone: ZoneInfo) -> list[str]:
    """Return who did what of a line, and at what time."""
    said = ((resource_sentence(one.act, YOU if one.is_me else one.by).removesuffix("."), one.at) for one in changes)
    return [f"{sentence}, à{NBSP}{hour(at, zone)}." for sentence, at in said]
