"""Those who wait for dates, in words: where they are in the list and why, what is held for them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from booking.date_queue import HeldDate, ListedWait
from booking.lawyer_models import WhyNone
from booking.pages.hours_words import capital
from booking.pages.lawyer_words import PROCEDURE_WORDS, nature_words
from portal.ui.dates import NBSP, from_today, hour, long_day, moment, plural

WHY_WORDS = {
    WhyNone.FULL: "Toujours complet.",
    WhyNone.CONVENTION: "Des places existent, mais le nombre convenu avec le tribunal est atteint.",
    WhyNone.TOO_SHORT: "Les places qui restent sont trop proches pour les délais du tribunal.",
    WhyNone.NOT_CONFIGURED: "Le tribunal n’ouvre plus d’audience à cette demande.",
    WhyNone.WITHOUT_DATE: "Le tribunal ne donne plus de date d’avance pour cette nature d’affaire.",
}


@dataclass(frozen=True)
class WaitRow:
    """A wait, as its lawyer or a registry reads it. `booking` is what is held for it, empty when nothing is."""

    id: str
    what: str
    which: str
    rank: str
    why: str
    booking: str = ""
    held: str = ""
    until: str = ""


def wait_row(one: ListedWait, known: dict[str, str], now: datetime) -> WaitRow:
    """Return a wait as its lawyer reads it."""
    return WaitRow(
        id=str(one.id),
        what=what(one, known),
        which=which(one),
        rank=rank(one),
        why=why(one),
        booking=str(one.held.booking_id) if one.held else "",
        held=held(one.held, one, now) if one.held else "",
        until=until(one.held, one) if one.held else "",
    )


def queue_row(one: ListedWait, known: dict[str, str]) -> WaitRow:
    """Return a wait as the registry of its court reads it."""
    offered = f"Gardée pour cet avocat : {moment(one.held.starts_at, one.zone)}, " if one.held else ""
    return WaitRow(
        id=str(one.id),
        what=f"{one.rank}. {one.lawyer or 'Compte fermé'}",
        which=f"{what(one, known)} – {which(one)}",
        rank=f"inscription le {moment(one.created_at, one.zone)}",
        why=f"{offered}{until(one.held, one)}" if one.held else left(one),
    )


def what(one: ListedWait, known: dict[str, str]) -> str:
    """Return what a date is for: court, nature, procedure."""
    return f"{one.court} · {nature_words(known, one.asked.nature)} · {PROCEDURE_WORDS[one.asked.procedure].lower()}"


def which(one: ListedWait) -> str:
    """Return which date would do."""
    if one.starts_at is None:
        return "la première date qui se libère"
    return f"l’audience du {moment(one.starts_at, one.zone)}"


def rank(one: ListedWait) -> str:
    """Return "Rang 2, par ordre d’inscription (mar. 24 nov. à 9 h 30) : 1 demande avant la vôtre"."""
    when = moment(one.created_at, one.zone)
    return f"Rang {one.rank}, par ordre d’inscription ({when}) : {before(one)}"


def before(one: ListedWait) -> str:
    """Return how many wait before."""
    return f"{plural(one.rank - 1, 'demande')} avant la vôtre" if one.rank > 1 else "personne avant vous"


def why(one: ListedWait) -> str:
    """Return why nothing is held for it, and what was already."""
    if one.held is not None:
        return ""
    reason = WHY_WORDS[one.why] if one.why else "Des dates sont libres : vous pouvez en prendre une."
    return " ".join(filter(None, (reason, left(one))))


def left(one: ListedWait) -> str:
    """Return how many dates were held for it and not taken; nothing when none was."""
    if not one.left:
        return ""
    many = "s" if one.left > 1 else ""
    return f"{plural(one.left, 'date')} déjà gardée{many} et non prise{many}."


def held(one: HeldDate, wait: ListedWait, now: datetime) -> str:
    """Return what is held, in a sentence."""
    on = one.starts_at.astimezone(wait.zone).date()
    soon = from_today(on, now.astimezone(wait.zone).date())
    when = f"{capital(long_day(on))} à{NBSP}{hour(one.starts_at, wait.zone)} ({soon})"
    return f"{when} – {wait.court} · {one.name}"


def until(one: HeldDate, wait: ListedWait) -> str:
    """Return until when it is held."""
    return f"jusqu’au {moment(one.ends_at, wait.zone)}"
