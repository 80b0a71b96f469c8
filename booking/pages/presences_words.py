"""Whom a host receives, in words: one card a person, with what its buttons say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.models import Shape
from availability.openings import local_day
from booking.presences import Expected, SheetLine
from booking.series_rules import HALF_AN_HOUR, LEGAL_DAY_MIN, MOST_DAY_MIN, USUAL_DAY_MIN
from booking.words import hours, many
from portal.ui.dates import NBSP, day, from_today, hour, long_day

ADDRESS = "/presences/"
SHEET = "/presences/feuille/"
A_DAY = timedelta(days=1)
NOTHING_NOTED = "Rien n’est noté."
GROUPS = {Shape.SLOTS: "Rendez-vous", Shape.PLACES: "Postes", Shape.NIGHTS: "Lits"}


@dataclass(frozen=True)
class Card:
    """A person on a day. `answer` is "", came or missed; what is empty is not displayed."""

    id: str
    whom: str
    what: str
    when: str
    yes: str
    no: str
    answer: str
    said: str  # "Présent(e), 7 h"
    by: str  # who noted it, and when
    has_minutes: bool
    minutes: str
    can_more: bool
    can_less: bool
    progress: str
    warning: str
    not_yet: str
    can_note: bool
    can_undo: bool


@dataclass(frozen=True)
class Group:
    """People received in the same way."""

    name: str
    label: str
    count: str
    cards: list[Card] = field(default_factory=list)
    can_all: bool = False  # several in beds, of whom nothing is noted yet


@dataclass(frozen=True)
class SheetRow:
    """A line of the sheet of a month: a mark a day, then the total."""

    whom: str
    what: str
    marks: list[str]
    total: str


def groups_of(
    expected: Sequence[Expected], *, now: datetime, minutes: Mapping[str, int], undoable: Mapping[str, object]
) -> list[Group]:
    """Return the people of a day, by how they are received; `minutes` are those set and not noted yet."""
    found = []
    for shape, label in GROUPS.items():
        of_shape = [one for one in expected if one.shape is shape]
        # A day on which nobody works on this post is not a day to answer for: those come last.
        of_shape.sort(key=lambda one: not one.is_usual_day)
        cards = [card_of(one, now=now, set_min=minutes.get(str(one.booking_id)), undoable=undoable) for one in of_shape]
        if cards:
            left = sum(1 for card in cards if card.can_note and not card.answer)
            can_all = shape is Shape.NIGHTS and left > 1
            found.append(Group(shape.value, label, many(len(cards), "personne", "personnes"), cards, can_all))
    return found


def card_of(
    one: Expected, *, now: datetime, set_min: int | None = None, undoable: Mapping[str, object] | None = None
) -> Card:
    """Return the card of a person."""
    zone = ZoneInfo(one.time_zone)
    today = local_day(now, zone)
    yes, no = _labels(one)
    answer = "" if one.came is None else "came" if one.came else "missed"
    shown = minutes_of(one, set_min)
    has_minutes = one.shape is Shape.PLACES
    has_begun = one.starts_at is None or one.starts_at <= now
    worked = f", {hours(one.minutes)}" if has_minutes and one.came else ""
    return Card(
        id=str(one.booking_id),
        whom=whom(one),
        what=_what(one),
        when=_when(one, zone),
        yes=yes,
        no=no,
        answer=answer,
        said=f"{yes if one.came else no}{worked}" if answer else "",
        by=_by(one, zone, today),
        has_minutes=has_minutes and one.came is not False,
        minutes=hours(shown),
        can_more=shown < MOST_DAY_MIN,
        can_less=shown > HALF_AN_HOUR,
        progress=f"{hours(one.done_min)} faites sur {hours(one.total)}" if one.total else "",
        warning=warning(shown) if has_minutes else "",
        not_yet="" if has_begun and one.day <= today else "Se note une fois commencé.",
        can_note=has_begun and one.day <= today,
        can_undo=str(one.booking_id) in (undoable or {}),
    )


def minutes_of(one: Expected, set_min: int | None) -> int:
    """Return the minutes that a card shows: those noted, those set, or those of an ordinary day."""
    if one.came:
        return one.minutes
    return set_min if set_min is not None else one.usual_min or USUAL_DAY_MIN


def warning(minutes: int) -> str:
    """Return what is said of a long day; nothing of an ordinary one."""
    if minutes > LEGAL_DAY_MIN:
        return (
            f"Plus de {hours(LEGAL_DAY_MIN)}{NBSP}: au-delà de la durée légale d’une journée "
            "(code du travail, art. L3121-18). Vérifiez ce nombre."
        )
    if minutes > USUAL_DAY_MIN:
        return f"Plus de {hours(USUAL_DAY_MIN)}{NBSP}: c’est une longue journée. Vérifiez ce nombre."
    return ""


def whom(one: Expected) -> str:
    """Return initials and a year of birth, or a case number: never a name."""
    if one.initials:
        return f"{one.initials}, né(e) en {one.birth_year}" if one.birth_year else one.initials
    return f"Dossier {one.case_ref}" if one.case_ref else "Personne non précisée"


def all_noted(count: int, refused: Iterable[tuple[str, str]]) -> str:
    """Return of how many it is noted that they came, and why not of each of the others."""
    said = f"C’est noté{NBSP}: {many(count, 'personne présente', 'personnes présentes')}." if count else NOTHING_NOTED
    return " ".join([said, *(f"{who}{NBSP}: {why}" for who, why in refused)])


def all_undone(count: int, refused: Sequence[tuple[str, str]]) -> str:
    """Return of how many nothing is noted any more, and why not of each of the others."""
    said = f"C’est annulé{NBSP}: plus rien n’est noté pour eux."
    if refused:
        said = f"C’est annulé pour {many(count, 'personne', 'personnes')}." if count else "Rien n’est annulé."
    return " ".join([said, *(f"{who}{NBSP}: {why}" for who, why in refused)])


def summary(groups: Sequence[Group]) -> str:
    """Return how far one is: "3 personnes notées sur 5"."""
    cards = [card for group in groups for card in group.cards]
    noted = sum(1 for card in cards if card.answer)
    if not cards:
        return ""
    if noted == len(cards):
        return f"Tout est noté{NBSP}: {many(len(cards), 'personne', 'personnes')}."
    return f"{many(noted, 'personne notée', 'personnes notées')} sur {len(cards)}."


def day_heading(on: date, today: date) -> str:
    """Return "Aujourd’hui, mardi 24 novembre 2026"."""
    words = from_today(on, today)
    return f"{words[:1].upper()}{words[1:]}, {long_day(on)}"


def address(on: date, today: date) -> str:
    """Return where the people of a day are."""
    return ADDRESS if on == today else f"{ADDRESS}?{urlencode({'jour': on.isoformat()})}"


def sheet_address(month: date) -> str:
    """Return where the sheet of a month is."""
    return f"{SHEET}?{urlencode({'mois': month.isoformat()[:7]})}"


def read_day(typed: str, today: date) -> date:
    """Return the day that an address names, today when it names none."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return today
    return found if abs((found - today).days) <= 400 else today


def read_month(typed: str, today: date) -> date:
    """Return the first day of the month that an address names, this month when it names none."""
    return read_day(f"{typed}-01", today).replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first + 31 * A_DAY).replace(day=1)


def sheet_row(line: SheetLine, days: Sequence[date]) -> SheetRow:
    """Return the line of somebody in the sheet of a month."""
    minutes = sum(one.minutes for one in line.days.values())
    came = sum(1 for one in line.days.values() if one.came)
    return SheetRow(
        whom=whom(line.whom),
        what=_what(line.whom),
        marks=[_mark(line.days.get(day_)) for day_ in days],
        total=hours(minutes) if line.whom.shape is Shape.PLACES else str(came),
    )


def _mark(one: Expected | None) -> str:
    """Return the mark of a day: empty when nobody was expected, a point for somebody to note by hand."""
    if one is None or (one.came is None and not one.is_usual_day):
        return ""
    if one.came is None:
        return "·"
    if not one.came:
        return "A"
    return hours(one.minutes).replace(f"{NBSP}h", "h").replace(NBSP, "") if one.minutes else "P"


def _labels(one: Expected) -> tuple[str, str]:
    if one.shape is Shape.NIGHTS and one.day == one.first_on:
        return "Arrivé(e)", "Pas venu(e)"
    if one.shape is Shape.NIGHTS and one.day == one.until_on:
        return "Parti(e)", "Pas parti(e)"
    return "Présent(e)", "Absent(e)"


def _what(one: Expected) -> str:
    parts = (one.resource_name, one.unit_name or "", one.site_name)
    return " · ".join(dict.fromkeys(part for part in parts if part))


def _when(one: Expected, zone: ZoneInfo) -> str:
    if one.starts_at is not None:
        return hour(one.starts_at, zone) + (f" – {hour(one.ends_at, zone)}" if one.ends_at else "")
    if one.shape is Shape.NIGHTS and one.until_on is not None:
        return f"jusqu’au {day(one.until_on)}"
    return "" if one.is_usual_day else "Pas attendu(e) ce jour-là"


def _by(one: Expected, zone: ZoneInfo, today: date) -> str:
    if one.came is None or one.entered_at is None:
        return ""
    on = local_day(one.entered_at, zone)
    at = f"à {hour(one.entered_at, zone)}" if on == today else f"le {day(on)}"
    return f"Noté {at}" + (f" par {one.entered_by}" if one.entered_by else "")
