"""One's day in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.day import Day, Ending, Lost, Moment, Today, ToDo, Wait
from booking.hosting import HostedRequest
from booking.ledger import ListedBooking
from booking.models import State
from booking.pages.booking_words import MAINLAND, deadline, detail, open_address, search_again, when, whom, zone_note
from booking.pages.day_outcomes_words import address as outcomes_address
from booking.pages.request_words import dates, until
from booking.since import News, Since
from booking.words import REFUSAL_WORDS, act_sentence, many
from portal.ui.dates import NBSP, day, from_today, hour

TO_DO_WORDS = {Wait.CONFIRM: "À confirmer", Wait.CHASE: "Réponse en attente", Wait.ANSWER: "Demande à examiner"}
MOMENT_WORDS = {
    Moment.ARRIVAL: "Arrivée",
    Moment.DEPARTURE: "Départ",
    Moment.START: "Début",
    Moment.END: "Dernier jour",
    Moment.APPOINTMENT: "Rendez-vous",
    Moment.HEARING: "Audience",
}


@dataclass(frozen=True)
class Card:
    """One thing of the day. `seconds` above zero is a countdown; `again` is where to look for another place."""

    id: str
    tag: str
    tone: str  # of the tag
    title: str
    lines: list[str]
    href: str
    seconds: int
    again: str


@dataclass(frozen=True)
class SinceRow:
    """One thing that somebody else did. `href` is empty when it cannot be opened."""

    id: str
    at: str
    said: str
    about: str
    href: str


def to_do_cards(shown: Day, *, answers: str, now: datetime) -> list[Card]:
    """Return what waits; `answers` is the address where a host answers, empty when there is none."""
    return [_to_do(one, answers, now) for one in shown.to_do]


def today_cards(shown: Day, *, may_open: bool, now: datetime, here: str = MAINLAND) -> list[Card]:
    """Return what happens today: what is to come in the order of time, then what is over and what became of it."""
    return [_today(one, may_open, now, here) for one in shown.today]


def lost_cards(shown: Day, *, now: datetime) -> list[Card]:
    """Return what was refused or lapsed, the latest first."""
    return [_lost(one, now) for one in shown.lost]


def proposed_cards(found: Sequence[HostedRequest], *, now: datetime) -> list[Card]:
    """Return the requests for which the host proposes other dates."""
    return [_proposed(one, now) for one in found if one.other is not None and one.expires_at is not None]


def and_others(count: int, shown: int) -> str:
    """Return "et 12 autres", or nothing."""
    return f"et {many(count - shown, 'autre', 'autres')}" if count > shown else ""


def answers_waiting(count: int) -> str:
    """Return how many requests wait for the host, or nothing."""
    if not count:
        return ""
    words = many(count, "demande attend", "demandes attendent")
    return f"{words} votre réponse"


def to_note_words(count: int, since: datetime | None, now: datetime, here: str = MAINLAND, *, late: int = 0) -> str:
    """Return how many appointments wait for their outcome and since when, or nothing; `late` wait for a week."""
    if not count or since is None:
        return ""
    said = many(count, "rendez-vous à pointer", "rendez-vous à pointer")
    zone = ZoneInfo(here)
    ended, today = local_day(since, zone), local_day(now, zone)
    if ended == today:
        return said
    if 0 < late < count:
        return f"{said}, dont {late} depuis plus d’une semaine"
    return f"{said}, {'' if count == 1 else 'le plus ancien '}{from_today(ended, today)}"


def to_note_address(since: datetime | None, now: datetime, here: str = MAINLAND, *, own: int | None = None) -> str:
    """Return where the oldest of them are noted: those of one agenda when one reads of no other."""
    zone = ZoneInfo(here)
    today = local_day(now, zone)
    return outcomes_address(local_day(since, zone) if since else today, today, str(own) if own else "")


def to_set_words(count: int) -> str:
    """Return how many designations have no appointment yet, or nothing."""
    return many(count, "désignation sans rendez-vous fixé", "désignations sans rendez-vous fixé") if count else ""


def since_title(since: datetime, now: datetime, here: str) -> str:
    """Return since when: "Depuis votre dernière visite, hier à 17 h 12"."""
    zone = ZoneInfo(here)
    last, today = local_day(since, zone), local_day(now, zone)
    when_ = "aujourd’hui" if last == today else from_today(last, today)
    return f"Depuis votre dernière visite, {when_} à{NBSP}{hour(since, zone)}"


def since_rows(found: Since, *, may_open: bool, now: datetime, here: str) -> list[SinceRow]:
    """Return what others did, the last first."""
    return [_since(one, may_open, now, here) for one in found.news]


def _since(one: News, may_open: bool, now: datetime, here: str) -> SinceRow:
    zone = ZoneInfo(here)
    done, today = local_day(one.at, zone), local_day(now, zone)
    at = hour(one.at, zone) if done == today else f"{from_today(done, today)} à{NBSP}{hour(one.at, zone)}"
    said = act_sentence(one.act, one.facts, one.by)
    what = _texts(one.line.site_name, when(one.line, today), _for(one.line))
    return SinceRow(str(one.line.id), at, said, ", ".join(what), open_address(one.line.id) if may_open else "")


def declined_words(count: int) -> str:
    """Return how many people cannot come, or nothing."""
    return many(count, "personne ne peut pas venir", "personnes ne peuvent pas venir") if count else ""


def to_plan_words(count: int) -> str:
    """Return how many cases wait for a hearing, or nothing."""
    return f"{many(count, 'affaire attend', 'affaires attendent')} une audience" if count else ""


def to_fit_words(count: int) -> str:
    """Return how many bracelets wait for a date, or nothing."""
    return many(count, "pose de bracelet à planifier", "poses de bracelet à planifier") if count else ""


def to_check_words(count: int) -> str:
    """Return how many declarations have grown old, or nothing."""
    return many(count, "ligne de vos places à vérifier", "lignes de vos places à vérifier") if count else ""


def calendars_words(broken: int, covered: int) -> str:
    """Return what waits about the calendars that one imported, or nothing."""
    feeds = many(broken, "agenda importé ne se lit plus", "agendas importés ne se lisent plus") if broken else ""
    taken = f"{many(covered, 'rendez-vous', 'rendez-vous')} pendant une absence" if covered else ""
    return ", ".join(part for part in (feeds, taken) if part)


def _to_do(one: ToDo, answers: str, now: datetime) -> Card:
    line, today = one.line, _today_at(one.line, now)
    is_mine, is_asked = one.wait is Wait.CONFIRM, one.wait is Wait.ANSWER  # a host knows the place: whom comes first
    left = int((line.expires_at - now).total_seconds()) if is_mine and line.expires_at else 0
    limit = "" if is_mine else deadline(State.REQUESTED, line.expires_at, line.time_zone, now=now)
    return Card(
        id=str(line.id),
        tag=TO_DO_WORDS[one.wait],
        tone="new" if is_mine else "info",
        title=_capital(_who(line)) if is_asked else line.site_name,
        lines=_texts(_detail(line), when(line, today), "" if is_asked else _for(line), limit),
        href=answers if is_asked else open_address(line.id),
        seconds=max(left, 0),
        again="",
    )


def _proposed(one: HostedRequest, now: datetime) -> Card:
    zone = ZoneInfo(one.time_zone)
    other = dates(one.other, zone) if one.other else ""
    limit = until(one.expires_at, now, zone) if one.expires_at else ""
    who = whom(one.initials.replace(".", ""), one.case_ref, one.person_id)
    asked = dates(one, zone)
    return Card(
        id=f"proposal-{one.id}",
        tag="Autres dates proposées",
        tone="info",
        title=one.site_name,
        lines=_texts(
            other,
            f"au lieu de{NBSP}: {asked[:1].lower()}{asked[1:]}",
            f"pour {'' if one.initials else 'le '}{who}",
            f"à accepter avant le {limit}",
        ),
        href=open_address(one.id),
        seconds=0,
        again="",
    )


def _today(one: Today, may_open: bool, now: datetime, here: str) -> Card:
    line = one.line
    at = ""
    if one.at is not None:
        at = f"{hour(one.at, ZoneInfo(line.time_zone))}{zone_note(line.time_zone, here)}"
    return Card(
        id=str(line.id),
        tag=f"{at}{NBSP}· {MOMENT_WORDS[one.moment]}" if at else MOMENT_WORDS[one.moment],
        tone="",
        title=line.site_name,
        lines=_texts(_detail(line), _for(line), _rest(one), _became(one, now)),
        href=open_address(line.id) if may_open else "",
        seconds=0,
        again="",
    )


def _lost(one: Lost, now: datetime) -> Card:
    line, today = one.line, _today_at(one.line, now)
    ended = from_today(local_day(one.at, ZoneInfo(line.time_zone)), today)
    reason = REFUSAL_WORDS.get(one.reason, "")
    why = "sans réponse à temps" if one.was_asked else "non confirmée à temps"
    if one.ending is Ending.REFUSED:
        why = f"refusée{f' ({reason})' if reason else ''}"
    return Card(
        id=str(line.id),
        tag="Refusée" if one.ending is Ending.REFUSED else "Expirée",
        tone="error" if one.ending is Ending.REFUSED else "warning",
        title=line.site_name,
        lines=_texts(_detail(line), when(line, today), _for(line), f"{why}, {ended}"),
        href=open_address(line.id),
        seconds=0,
        again=search_again(line, today),
    )


def _became(one: Today, now: datetime) -> str:
    """Return what became of an appointment, or that nobody said it yet."""
    line = one.line
    if one.moment is not Moment.APPOINTMENT:
        return ""
    if line.state is State.BOOKED and line.ends_at is not None and line.ends_at <= now:
        return "à pointer"
    return {State.HONOURED: "venu(e)", State.MISSED: "absent(e)"}.get(line.state, "")


def _rest(one: Today) -> str:
    """Return until when somebody who arrives stays."""
    line = one.line
    if one.moment is Moment.ARRIVAL and line.until_on:
        return f"jusqu’au {day(line.until_on)}"
    if one.moment is Moment.START and line.until_on:
        return f"jusqu’au {day(line.until_on - timedelta(days=1))}"
    return ""


def _detail(line: ListedBooking) -> str:
    return detail(line.kind_label, line.resource_name, line.unit_name)


def _for(line: ListedBooking) -> str:
    return f"pour {'le ' if line.case_ref and not line.initials else ''}{_who(line)}" if line.is_for_somebody else ""


def _who(line: ListedBooking) -> str:
    return whom(line.initials, line.case_ref, line.person_id)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _today_at(line: ListedBooking, now: datetime) -> date:
    return local_day(now, ZoneInfo(line.time_zone))


def _texts(*words: str) -> list[str]:
    return [word for word in words if word]
