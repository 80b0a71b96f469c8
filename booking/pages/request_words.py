"""A request in words, for its host: on its card, in its e-mail, behind its link. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from availability.models import Shape
from availability.openings import local_day
from availability.sites import address_line
from booking.filters import WorkHours
from booking.hosting import HostedRequest
from booking.mail import warn_at
from booking.models import State
from booking.pages.booking_words import Dated, zone_note
from booking.words import REFUSAL_WORDS, STATE_BADGES, STATE_WORDS
from portal.ui.dates import NBSP, day, from_today, moment, plural

BY_LINK = "par le lien reçu par courriel"
SEX_WORDS = {"F": "femme", "M": "homme"}
AGES = 5  # years of a bracket
DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


@dataclass(frozen=True)
class RequestCard:
    """A request as its card shows it; an empty text is not shown."""

    id: str
    what: str
    where: str
    whom: str
    dates: str
    asked: str
    phone: str
    phone_href: str
    answer_by: str
    is_soon: bool
    other: str  # the dates that the host proposed, which wait for an answer
    is_timed: bool  # by an hour, among free ones
    shape: str


@dataclass(frozen=True)
class AnsweredLine:
    """A request that needs nothing more."""

    id: str
    what: str
    whom: str
    state: str
    badge: str
    when: str
    can_undo: bool = False


def card(one: HostedRequest, *, now: datetime) -> RequestCard:
    """Return a request as its card shows it."""
    zone = ZoneInfo(one.time_zone)
    return RequestCard(
        id=str(one.id),
        what=what(one),
        where=where(one),
        whom=whom(one, now=now),
        dates=dates(one, zone),
        asked=f"Demandée {moment(one.asked_at or one.moved_at, zone)} par{NBSP}: {one.court_name}",
        phone=spaced(one.asker_phone),
        phone_href=f"tel:{one.asker_phone}" if one.asker_phone else "",
        answer_by=answer_by(one.expires_at, now, zone) if one.expires_at and not one.other else "",
        is_soon=is_soon(one, now),
        other=proposed(one, now, zone),
        is_timed=one.shape is Shape.SLOTS,
        shape=one.shape.value,
    )


def answered_line(one: HostedRequest, *, can_undo: bool = False) -> AnsweredLine:
    """Return a request that needs nothing more, with what became of it."""
    zone = ZoneInfo(one.time_zone)
    return AnsweredLine(
        id=str(one.id),
        what=one.name,
        whom=whom(one),
        state=became(one),
        badge=STATE_BADGES[one.state],
        when=" – ".join(part for part in (moment(one.moved_at, zone), BY_LINK if one.by_link else "") if part),
        can_undo=can_undo,
    )


def became(one: HostedRequest) -> str:
    """Return what became of a request: "refusée (plus de place)"."""
    reason = f" ({REFUSAL_WORDS[one.reason]})" if one.reason in REFUSAL_WORDS else ""
    words = {State.BOOKED: "acceptée", State.LAPSED: "sans réponse à temps"}
    return words.get(one.state, STATE_WORDS[one.state]) + reason


def what(one: HostedRequest) -> str:
    """Return "Médiation familiale : Ada Fictive"."""
    named = " · ".join(part for part in (one.name, one.unit_name or "") if part)
    return f"{one.kind_label[:1].upper()}{one.kind_label[1:]} : {named}"


def where(one: HostedRequest) -> str:
    """Return the place and its address, without what the line above says already."""
    place = one.site_name if one.site_name != one.name else ""
    return ", ".join(part for part in (place, address_line(one.address, one.postcode, one.commune)) if part)


def whom(one: HostedRequest, *, now: datetime | None = None) -> str:
    """Return the case number, or initials and a year of birth, with what the kind is searched on: never a name."""
    born = f"{one.initials}, né(e) en {one.birth_year}" if one.initials and one.birth_year else ""
    searched = ", ".join(part for part in (SEX_WORDS.get(one.sex or "", ""), _ages(one, now)) if part)
    person = ", ".join(part for part in (born, searched) if part) if born else ""
    person = ", ".join(part for part in (person, works(one.work)) if part)
    return " – ".join(part for part in (f"Dossier {one.case_ref}" if one.case_ref else "", person) if part)


def dates(one: Dated, zone: ZoneInfo) -> str:
    """Return when it would be, and how long."""
    if one.starts_at:
        minutes = round((one.ends_at - one.starts_at).total_seconds() / 60) if one.ends_at else 0
        return moment(one.starts_at, zone) + zone_note(zone.key) + (f" ({minutes}{NBSP}min)" if minutes else "")
    if one.first_on is None:
        return ""
    if one.until_on is None:
        return f"À partir du {day(one.first_on)}, sans date de fin"
    is_nights = one.shape is Shape.NIGHTS
    length = plural((one.until_on - one.first_on).days, "nuit" if is_nights else "jour")
    last = one.until_on if is_nights else one.until_on - timedelta(days=1)
    return f"Du {day(one.first_on, year=True)} au {day(last, year=True)} ({length})"


def answer_by(expires_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "Répondre avant le mar. 24 nov. à 9 h 30, dans 3 jours"."""
    return f"Répondre avant le {until(expires_at, now, zone)}"


def until(expires_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "mar. 24 nov. à 9 h 30, dans 3 jours"."""
    last = local_day(expires_at, zone)
    return f"{moment(expires_at, zone)}, {from_today(last, local_day(now, zone))}"


def is_soon(one: HostedRequest, now: datetime) -> bool:
    """Say whether silence soon lapses: from when the host is warned, and while it is for it to answer."""
    if one.expires_at is None or one.other is not None:
        return False
    return now >= warn_at(one.asked_at or one.moved_at, one.expires_at)


def proposed(one: HostedRequest, now: datetime, zone: ZoneInfo) -> str:
    """Return what the host proposed and until when it is answered; nothing when it did not."""
    if one.other is None or one.expires_at is None:
        return ""
    words = dates(one.other, zone)
    return f"Vous avez proposé{NBSP}: {words[:1].lower()}{words[1:]}. Réponse attendue avant le " + until(
        one.expires_at, now, zone
    )


def spaced(phone: str) -> str:
    """Return "04 78 00 00 00" for a French number; others as they are."""
    if phone.startswith("+33") and len(phone) == 12:
        digits = "0" + phone[3:]
        return NBSP.join(digits[place : place + 2] for place in range(0, 10, 2))
    return phone


def works(hours: WorkHours | None) -> str:
    """Return "travaille de 8 h à 16 h 30, lun. mar. mer. jeu. ven."; nothing when it is not known."""
    if hours is None:
        return ""
    starts, ends = (
        f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02}" if at.minute else "") for at in (hours.starts, hours.ends)
    )
    days = NBSP.join(DAYS[number] for number in hours.weekdays)
    return f"travaille de {starts} à {ends}, {days}"


def _ages(one: HostedRequest, now: datetime | None) -> str:
    if not (one.by_age and one.birth_year and now):
        return ""
    least = (now.year - one.birth_year) // AGES * AGES
    return f"{least} à {least + AGES - 1}{NBSP}ans"
