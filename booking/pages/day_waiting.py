"""What else waits in one's day, a line each that leads to where it is dealt with; others than bookings add theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from sqlmodel import Session

from availability.rights import REQUESTERS, Actor, Role
from booking.day_counts import (
    FittingDelays,
    Installation,
    Planning,
    Presences,
    fitting_delays,
    installation,
    planning_waits,
    presences_to_note,
)
from booking.pages.day_words import to_fit_words
from booking.plans.hearings import PLANNERS
from booking.series_queries import count_late_series
from booking.words import many
from portal.ui.dates import NBSP, from_today

FITTINGS = "/demandes-de-pose/"
PLANNING = "/repartition/"
LATE_SERIES = "/series/?etat=en-retard"
MAILS = "/courriels/"
PRESENCES = "/presences/"
DRIVERS = (Role.MONITORING_AGENT,)


@dataclass(frozen=True)
class Waiting:
    """One line; without an address it is only said. `is_late`: it should have been done."""

    words: str
    href: str = ""
    is_late: bool = False


Teller = Callable[[Session, Actor, datetime], list[Waiting]]
_tellers: list[Teller] = []


def also_waits(teller: Teller) -> None:
    """Have `teller` asked too, once, for every day that is read from now on."""
    if teller not in _tellers:
        _tellers.append(teller)


def waits(session: Session, actor: Actor, today: date, *, now: datetime) -> list[Waiting]:
    """Return what waits for this actor, what is late first."""
    found = [
        *_of_bookings(session, actor, today, now),
        *(one for tell in _tellers for one in tell(session, actor, now)),
    ]
    return sorted(found, key=lambda one: not one.is_late)  # stable


def _of_bookings(session: Session, actor: Actor, today: date, now: datetime) -> list[Waiting]:
    found: list[Waiting] = []
    if actor.has(*DRIVERS):
        found += fitting_lines(*fitting_delays(session, actor, now=now))
    if actor.has(*PLANNERS):
        found += planning_lines(planning_waits(session, actor, now=now))
    if actor.has(*REQUESTERS) and (late := count_late_series(session, actor, now=now)):
        found.append(Waiting(many(late, "série en retard", "séries en retard"), LATE_SERIES, is_late=True))
    if actor.has(Role.PARTNER):
        found += presence_lines(presences_to_note(session, actor, now=now), today)
    if actor.has(Role.ADMINISTRATOR):
        found += installation_lines(installation(session, actor, now=now))
    return found


def fitting_lines(delays: FittingDelays, count: int) -> list[Waiting]:
    """Return what waits of bracelets."""
    lines = []
    if delays.late:
        late = many(delays.late, "pose de bracelet hors délai légal", "poses de bracelet hors délai légal")
        lines.append(Waiting(late, FITTINGS, is_late=True))
    if delays.near:
        near = many(delays.near, "pose dont le délai légal", "poses dont le délai légal")
        lines.append(Waiting(f"{near} se termine d’ici deux jours", FITTINGS))
    return [*lines, *([Waiting(to_fit_words(count), FITTINGS)] if count else [])]


def planning_lines(found: Planning) -> list[Waiting]:
    """Return what waits for a registry."""
    lines = []
    if found.late:
        cases = many(found.late, "affaire sans audience", "affaires sans audience")
        lines.append(Waiting(f"{cases} après l’échéance", PLANNING, is_late=True))
    if found.near:
        cases = many(found.near, "affaire sans audience", "affaires sans audience")
        lines.append(Waiting(f"{cases} à moins d’un mois de l’échéance", PLANNING))
    if found.plans:
        lines.append(Waiting(many(found.plans, "répartition à appliquer", "répartitions à appliquer"), PLANNING))
    if found.half_empty:
        hearings = many(found.half_empty, "audience remplie", "audiences remplies")
        lines.append(Waiting(f"{hearings} à moins de la moitié, d’ici deux semaines", PLANNING))
    return lines


def presence_lines(found: Presences, today: date) -> list[Waiting]:
    """Return what waits for who receives: the oldest day first."""
    if found.oldest is None:
        return []
    said = many(found.count, "présence à noter", "présences à noter")
    since = "" if found.oldest == today else f", {'' if found.count == 1 else 'la plus ancienne '}"
    href = PRESENCES if found.oldest == today else f"{PRESENCES}?{urlencode({'jour': found.oldest.isoformat()})}"
    return [Waiting(f"{said}{since}{from_today(found.oldest, today) if since else ''}", href)]


def installation_lines(found: Installation) -> list[Waiting]:
    """Return what waits for an administrator."""
    lines = []
    if found.stopped_min:
        words = f"L’horloge du service ne tourne plus depuis {found.stopped_min}{NBSP}min"
        lines.append(Waiting(f"{words}{NBSP}: lancez «{NBSP}placejuste doctor{NBSP}».", is_late=True))
    if found.mails:
        words = many(found.mails, "courriel à un lieu n’est pas parti", "courriels aux lieux ne sont pas partis")
        lines.append(Waiting(words, MAILS, is_late=True))
    if found.without_hours:
        words = many(found.without_hours, "agenda sans horaire", "agendas sans horaire")
        lines.append(Waiting(f"{words} ces deux prochaines semaines"))
    return lines
