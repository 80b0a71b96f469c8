"""Calendars of elsewhere in words: what each says, how old that is, what to do when it breaks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.absences import MOST_FEEDS, Feed
from availability.openings import local_day
from booking.agenda import Appointment, monday_of
from booking.calendar_models import CalendarLink
from booking.calendar_out import Thing
from booking.pages.agenda_words import address as agenda_address
from booking.pages.agenda_words import who
from booking.words import many
from portal.ui.dates import NBSP, from_today, hour, moment

ADDRESS = "/calendriers/"
MOST_LISTED = 100
A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

PROBLEMS = {
    "not-a-calendar": "Cette adresse donne une page web, et non un agenda. Copiez l’adresse iCal (.ics) de l’agenda.",
    "cut-short": "Le fichier est arrivé incomplet. Il sera relu.",
    "too-large": f"Le fichier dépasse 10{NBSP}Mo. Publiez une période plus courte.",
    "too-many-events": f"L’agenda a plus de 20{NBSP}000{NBSP}événements. Publiez une période plus courte.",
    "too-heavy": "L’agenda demande trop de calculs, à cause sans doute d’une répétition sans fin. Vérifiez-les.",
    "too-slow": "Le serveur met trop de temps à répondre. Il sera redemandé.",
    "certificate": "Le certificat de sécurité du serveur n’est pas valable.",
    "inside": "L’adresse mène à un réseau interne. Donnez une adresse accessible par Internet.",
    "unreachable": "Le serveur ne répond pas. Vérifiez l’adresse.",
    "redirects": "L’adresse renvoie sans fin à d’autres adresses. Copiez-la de nouveau depuis votre agenda.",
    "encoding": "Le fichier est compressé d’une façon qui ne se lit pas.",
    "unsealable": "L’adresse ne peut plus être lue. Retirez cet agenda, puis importez-le de nouveau.",
    "http-401": "Le serveur demande un mot de passe. Donnez l’adresse secrète de partage de l’agenda.",
    "http-403": "Le serveur refuse l’accès. Donnez l’adresse secrète de partage de l’agenda.",
    "http-404": "L’agenda n’est pas à cette adresse. Copiez-la de nouveau.",
    "http-410": "L’agenda n’est plus à cette adresse. Copiez la nouvelle.",
    "failure": "Une erreur technique a empêché la lecture. L’agenda sera relu.",
}
URL_WORDS = {
    "missing": "Collez l’adresse de votre agenda.",
    "too-long": f"Cette adresse est trop longue{NBSP}: 2{NBSP}000 caractères au plus.",
    "not-https": "L’adresse doit commencer par https:// ou webcal://.",
    "has-password": "L’adresse contient un mot de passe. Donnez plutôt l’adresse secrète de partage.",
    "inside": "Cette adresse est celle d’un réseau interne, ou d’un port inhabituel. Donnez une adresse d’Internet.",
    "unreadable": "Cette adresse ne se lit pas. Copiez-la entière, sans espace.",
    "too-many": f"{MOST_FEEDS}{NBSP}agendas au plus. Retirez-en un d’abord.",
}


@dataclass(frozen=True)
class ThingLine:
    """An agenda, or something else that has appointments, to choose."""

    name: str
    detail: str
    href: str


@dataclass(frozen=True)
class FeedLine:
    """An imported calendar: its state as a badge, then sentences."""

    id: str
    host: str
    state: str
    tone: str
    lines: list[str]
    problem: str


@dataclass(frozen=True)
class LinkLine:
    """An address given to calendars."""

    id: str
    what: str
    address: str
    read: str


@dataclass(frozen=True)
class CoveredLine:
    """An appointment during an absence."""

    said: str
    href: str


def address(resource_id: int) -> str:
    """Return the page of the calendars of something."""
    return f"{ADDRESS}?{urlencode({'ressource': resource_id})}"


def thing_lines(found: Sequence[Thing], typed: str) -> list[ThingLine]:
    """Return those that hold the words typed, as lines."""
    wanted = typed.casefold().split()
    lines = []
    for one in found:
        detail = " · ".join(part for part in (one.kind_label, one.site_name, one.commune) if part)
        if one.resource_id and all(word in f"{one.name} {detail}".casefold() for word in wanted):
            lines.append(ThingLine(one.name, detail, address(one.resource_id)))
    return lines


def feed_line(feed: Feed, zone: ZoneInfo, now: datetime) -> FeedLine:
    """Return an imported calendar as its owner reads it."""
    state, tone = _state(feed)
    lines = [] if feed.good_at is None else [_counts(feed), _next(feed, zone)]
    if feed.good_at is not None:
        lines.append(f"Lu {ago(feed.good_at, zone, now)}." if not feed.failures else _kept(feed, zone, now))
    return FeedLine(str(feed.id), feed.host, state, tone, [line for line in lines if line], problem_words(feed))


def problem_words(feed: Feed) -> str:
    """Return what is wrong with a feed and what to do, or nothing."""
    if feed.problem == "unread-events":
        unread = many(feed.unread, "événement n’a pas pu être compris", "événements n’ont pas pu être compris")
        return (
            f"{unread}. Tant que c’est le cas, les absences connues sont gardées. Pour repartir de ce qui se lit, "
            "retirez cet agenda, puis importez-le de nouveau."
        )
    if feed.problem in PROBLEMS or not feed.problem:
        return PROBLEMS.get(feed.problem, "")
    return f"Le serveur a répondu par une erreur ({feed.problem.removeprefix('http-')}). Il sera redemandé."


def link_line(link: CalendarLink, names: tuple[str, str], url: str, zone: ZoneInfo, now: datetime) -> LinkLine:
    """Return an address as its owner reads it; `names` are those of the resource and of its site."""
    what = names[0] if link.site_id is None else f"{names[1]}, tout le lieu"
    read = f"Lue {ago(link.read_at, zone, now)}." if link.read_at else "Pas encore lue."
    return LinkLine(str(link.id), f"{what} ({'avec' if link.has_names else 'sans'} les noms)", url, read)


def covered_line(one: Appointment, resource_id: int, zone: ZoneInfo, *, has_agenda: bool) -> CoveredLine:
    """Return an appointment during an absence, with the way to move it."""
    monday = monday_of(local_day(one.period.start, zone))
    is_open = has_agenda and one.is_visible
    href = agenda_address(resource_id, monday, str(one.booking_id)) if is_open else ""
    return CoveredLine(f"{moment(one.period.start, zone)}, {who(one)}", href)


def covered_words(count: int) -> str:
    """Say how many appointments an absence covers."""
    return f"{many(count, 'rendez-vous tombe', 'rendez-vous tombent')} pendant une absence. Rien n’a été déplacé."


def ago(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return "à l’instant", "il y a 5 min", "il y a 3 h", "hier"…"""
    gap = now - at
    if gap < A_MINUTE:
        return "à l’instant"
    if gap < AN_HOUR:
        return f"il y a {int(gap / A_MINUTE)}{NBSP}min"
    if gap < A_DAY:
        return f"il y a {int(gap / AN_HOUR)}{NBSP}h"
    return from_today(local_day(at, zone), local_day(now, zone))


def _state(feed: Feed) -> tuple[str, str]:
    if feed.fetched_at is None:
        return "Lecture en cours", "info"
    if feed.failures:
        return ("Ne se lit plus", "error") if feed.good_at else ("Ne se lit pas", "error")
    return ("Lu en partie", "warning") if feed.problem else ("À jour", "success")


def _counts(feed: Feed) -> str:
    return f"{many(feed.events, 'événement', 'événements')}, {many(feed.absences, 'absence', 'absences')} à venir."


def _next(feed: Feed, zone: ZoneInfo) -> str:
    if feed.next_start is None or feed.next_end is None:
        return ""
    same = local_day(feed.next_start, zone) == local_day(feed.next_end, zone)
    end = f"à{NBSP}{hour(feed.next_end, zone)}" if same else f"au {moment(feed.next_end, zone)}"
    return (
        f"Prochaine{NBSP}: du {moment(feed.next_start, zone)} {end}."
        if not same
        else (f"Prochaine{NBSP}: {moment(feed.next_start, zone)}, jusqu’{end}.")
    )


def _kept(feed: Feed, zone: ZoneInfo, now: datetime) -> str:
    if feed.good_at is None:
        return ""
    return f"Les absences lues {ago(feed.good_at, zone, now)} sont gardées{NBSP}: personne n’a été rendu libre."
