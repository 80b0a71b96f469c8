"""Convening in words: the free starts, the SMS as it will be read, what it costs, when it leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from booking.meanwhile import Changed
from booking.pages.booking_words import zone_note
from booking.words import YOU, act_sentence
from convocations.convening import Preview, Receiver, Start, Summonable
from convocations.pages.addresses import sheet_address
from convocations.seen import Summons
from convocations.segments import ROOM, Encoding, Segments
from convocations.wording import page_words
from portal.ui.changed import Difference
from portal.ui.dates import LOCALE, NBSP, day, hour, long_day, moment

MAINLAND = "Europe/Paris"
A_MOMENT = timedelta(minutes=2)
NO_PHONE = "Pas de mobile : remettez la convocation imprimée."
REFUSES = "Cette personne ne veut plus de SMS : remettez la convocation imprimée."
# Whose hour it is, as people say it there.
HOUR_OF = {
    "Indian/Reunion": "de La Réunion",
    "Indian/Mayotte": "de Mayotte",
    "America/Guadeloupe": "de la Guadeloupe",
    "America/Martinique": "de la Martinique",
    "America/Cayenne": "de la Guyane",
    "America/Miquelon": "de Saint-Pierre-et-Miquelon",
    "America/St_Barthelemy": "de Saint-Barthélemy",
    "America/Marigot": "de Saint-Martin",
    "Pacific/Noumea": "de Nouméa",
    "Pacific/Tahiti": "de Tahiti",
    "Pacific/Marquesas": "des Marquises",
    "Pacific/Gambier": "des Gambier",
    "Pacific/Wallis": "de Wallis",
}


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    label: str


@dataclass(frozen=True)
class Group:
    """A site, and those who receive there; the first option is whoever is free first."""

    label: str
    options: list[Option]


@dataclass(frozen=True)
class StartChoice:
    """A free start."""

    value: str
    day: str
    hour: str
    who: str
    words: str  # all of it, for who does not see the layout


@dataclass(frozen=True)
class DayChoices:
    """A day, and its free starts."""

    label: str
    starts: list[StartChoice]


@dataclass(frozen=True)
class Sms:
    """An SMS as the page draws it."""

    language: str = "fr"
    direction: str = "ltr"
    body: str = ""
    french: str = ""
    cost: str = ""
    leaves: str = ""


def value_of(start: Start) -> str:
    """Return a start as the form carries it."""
    return f"{start.resource_id}|{start.at.isoformat()}"


def read_value(value: str) -> tuple[int, datetime] | None:
    """Return the resource and the start that a form names, None when it names none."""
    number, _, at = value.partition("|")
    try:
        start = datetime.fromisoformat(at)
    except ValueError:
        return None
    if not number.isdecimal() or len(number) > 18 or start.tzinfo is None:
        return None
    return int(number), start


def groups(among: Iterable[Receiver]) -> list[Group]:
    """Return the sites, each with whoever is free first, then each of those who receive there."""
    return [_group(list(here)) for _, here in groupby(among, key=lambda one: one.site_id)]


def start_choice(start: Start, receiver: Receiver, *, says_who: bool, here: str = MAINLAND) -> StartChoice:
    """Return a start as displayed; `says_who` when it may be at several people's, that of `here` needs no zone."""
    at = f"{hour(start.at, receiver.zone)}{zone_note(receiver.zone.key, here)}"
    who = receiver.name if says_who else ""
    words = f"{day(start.day)} à{NBSP}{at}{f', {who}' if who else ''}"
    return StartChoice(value_of(start), day(start.day), at, who, words)


def days_of(starts: Sequence[Start], choices: Sequence[StartChoice]) -> list[DayChoices]:
    """Return starts by day, in their order."""
    both = zip(starts, choices, strict=True)
    return [
        DayChoices(long_day(on), [choice for _, choice in dated])
        for on, dated in groupby(both, key=lambda pair: pair[0].day)
    ]


def note_of(person: Summonable) -> str:
    """Return what is to be known before somebody is summoned who will receive nothing, or nothing at all."""
    if not person.can_receive:
        return NO_PHONE
    return REFUSES if person.refuses else ""


def sms_of(shown: Preview, *, now: datetime) -> Sms:
    """Return an SMS as the page draws it."""
    return Sms(
        language=shown.language,
        direction=page_words(shown.language).direction,
        body=shown.body,
        french=shown.french,
        cost=cost(shown.segments),
        leaves=leaves(shown.due_at, shown.zone, now=now),
    )


def cost(measured: Segments) -> str:
    """Return "1 SMS, 148 caractères sur 160"."""
    alone, each = ROOM[measured.encoding]
    room = alone if measured.segments < 2 else measured.segments * each
    why = ", alphabet étendu" if measured.encoding is Encoding.UCS_2 else ""
    return f"{measured.segments}{NBSP}SMS, {measured.units}{NBSP}caractères sur{NBSP}{room}{why}"


def leaves(due_at: datetime | None, zone: ZoneInfo, *, now: datetime) -> str:
    """Return when an SMS leaves, by the clock of whoever receives it."""
    if due_at is None:
        return "Aucun SMS ne partira."
    if due_at <= now + A_MOMENT:
        return f"Partira dans 30{NBSP}secondes, le temps de pouvoir annuler."
    return f"Partira {moment(due_at, zone)}{hour_of(zone)}."


def leaves_words(sms: Sms) -> str:
    """Return when it leaves as a sentence that stands alone."""
    return f"Le SMS {sms.leaves[:1].lower()}{sms.leaves[1:]}" if sms.leaves.startswith("Partira") else sms.leaves


def hour_of(zone: ZoneInfo) -> str:
    """Return ", heure de La Réunion", nothing on the mainland."""
    if zone.key == MAINLAND:
        return ""
    city = get_timezone_location(zone, locale=LOCALE, return_city=True)
    return f", heure {HOUR_OF.get(zone.key, f'locale ({city})')}"


def week_words(first: date, until: date) -> str:
    """Return "du lun. 23 au dim. 29 nov."."""
    return f"du {day(first)} au {day(until - timedelta(days=1))}"


def _group(here: list[Receiver]) -> Group:
    first = here[0]
    far = "" if first.distance_km is None else f" ({round(first.distance_km)}{NBSP}km de chez la personne)"
    agents = [Option(f"r{one.id}", one.name) for one in here]
    label = f"{first.site_name}{far}"
    soonest = Option(f"s{first.site_id}", f"Le premier libre, {first.site_name}")
    return Group(label, [soonest, *agents] if len(agents) > 1 else agents)


def words_of_summonses(before: Sequence[Summons], after: Sequence[Summons]) -> tuple[list[str], list[Difference]]:
    """Return who summoned somebody since it was read, and what differs."""
    old, new = ({one.id: one for one in each} for each in (before, after))
    made = [
        f"{one.by} a convoqué cette personne, à{NBSP}{hour(one.made_at, ZoneInfo(one.time_zone))}."
        for one in after
        if one.id not in old
    ]
    differences = [
        Difference(
            one.kind_label[:1].upper() + one.kind_label[1:],
            _summons_words(old.get(number)),
            _summons_words(new.get(number)),
        )
        for number, one in {**old, **new}.items()
        if old.get(number) != new.get(number)
    ]
    return made or ["Une convocation de cette personne a changé entre-temps."], differences


def running_words(summonses: Sequence[Summons], kind_label: str) -> tuple[str, str]:
    """Return to what somebody is summoned already for the same kind, and the address of the last; empty without."""
    same = [one for one in summonses if one.kind_label == kind_label]
    if not same:
        return "", ""
    told = f"{NBSP}; ".join(_summons_words(one) for one in same)
    return f"Déjà convoqué(e) pour ce type de rendez-vous{NBSP}: {told}.", sheet_address(same[-1].id)


def _summons_words(one: Summons | None) -> str:
    if one is None:
        return ""
    if one.at is None:
        return f"choisit jusqu’au {day(one.choose_by)}, {one.site_name}" if one.choose_by else "choisit"
    return f"{moment(one.at, ZoneInfo(one.time_zone))}, {one.site_name}"


def words_of_changes(changes: Sequence[Changed], zone: str) -> list[str]:
    """Return who did what of an appointment since it was read, and at what time."""
    said = ((act_sentence(one.act, one.facts, YOU if one.is_me else one.by), one.at) for one in changes)
    return [f"{sentence.removesuffix('.')}, à{NBSP}{hour(at, ZoneInfo(zone))}." for sentence, at in said]
