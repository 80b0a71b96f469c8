"""What the convocation on paper says, for who has no mobile: whom, when, where, and the link; never why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.openings import local_day
from availability.rights import Actor
from availability.sealing import House
from availability.sites import address_line
from booking.links import LinkName
from booking.models import State
from booking.persons import consult_person
from convocations.errors import ConvocationOver
from convocations.kinds import MessageKind, Standing
from convocations.queries import ListedConvocation, convocation_line
from convocations.typeface import can_be_printed
from convocations.wording import FRENCH, SmsFacts, hour, long_day, page_words, sentence, spoken

NBSP = "\u00a0"

SENDER = text("""
    SELECT o.name AS service, s.name AS site, s.address, s.postcode, s.commune, s.phone
    FROM resource r JOIN site s ON s.id = r.site_id JOIN organisation o ON o.id = s.organisation_id
    WHERE r.id = :resource_id""")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What one sheet says. `other` is the same in the person's language, empty when that is French or not printable."""

    reference: str
    sender: tuple[str, ...]
    phone: str
    recipient: tuple[str, ...]  # name, then address
    when: str  # empty: to be chosen
    choose_by: str
    place: tuple[str, ...]
    link: str
    language: str
    other: str
    written_at: str
    written_on: str


def stands(line: ListedConvocation, now: datetime) -> bool:
    """Say whether there is still something to come to, or to choose."""
    is_set = line.standing is Standing.SET and line.state is State.BOOKED
    is_to_come = is_set and line.starts_at is not None and line.starts_at > now
    return line.standing is Standing.CHOOSING or is_to_come


def letter_for(
    session: Session,
    actor: Actor,
    convocation_id: UUID,
    *,
    house: House,
    link_of: Callable[[LinkName], str],
    now: datetime,
) -> Letter:
    """Return the letter of a convocation, and log that its person was looked at.

    Raises: NotFound, ConvocationOver when there is nothing to come to any more.
    """
    line = convocation_line(session, actor, convocation_id, now=now)
    if line.person_id is None or line.link is None:
        raise NotFound(convocation_id=convocation_id)
    if not stands(line, now):
        raise ConvocationOver(convocation_id=convocation_id)
    person, _, address = consult_person(session, actor, line.person_id, house=house, reason="letter", now=now)
    sender = session.execute(SENDER, {"resource_id": line.resource_id}).one()
    zone, language = ZoneInfo(line.time_zone), spoken(line.language)
    link = link_of(line.link)
    civility = "Madame" if person.sex == "F" else "Monsieur"
    return Letter(
        reference=str(line.id)[:8].upper(),
        sender=(sender.service, sender.site, sender.address, f"{sender.postcode} {sender.commune}"),
        phone=sender.phone,
        recipient=(f"{civility} {person.given_name} {person.family_name}".strip(), *address_lines(address)),
        when=moment_of(line.starts_at, zone) if line.starts_at else "",
        choose_by=day_of(line.choose_by) if line.choose_by and not line.starts_at else "",
        place=(line.site_name, line.address, f"{line.postcode} {line.commune}"),
        link=link,
        language=language,
        other=_in_their_language(line, language, zone, link),
        written_at=sender.commune,
        written_on=day_of(local_day(now, zone)),
    )


def address_lines(address: str) -> tuple[str, ...]:
    """Return an address as an envelope shows it: the street, then the postcode and the commune."""
    parts = [part.strip() for part in address.replace("\n", ",").split(",") if part.strip()]
    for at, part in enumerate(parts):
        words = part.split()
        found = next((one for one, word in enumerate(words) if len(word) == 5 and word.isdecimal()), None)
        if found:  # "3 rue Neuve 59000 Lille": one part holds both
            return (*parts[:at], " ".join(words[:found]), " ".join(words[found:]).upper(), *parts[at + 1 :])
        if found == 0:
            return (*parts[:at], part.upper(), *parts[at + 1 :])
    return tuple(parts)


def moment_of(at: datetime, zone: ZoneInfo) -> str:
    """Return "mardi 10 mars 2026 à 9 h 30"."""
    return f"{day_of(local_day(at, zone))} à{NBSP}{hour(at, zone, FRENCH)}"


def day_of(on: date) -> str:
    """Return "mardi 10 mars 2026", never cut."""
    return f"{long_day(on, FRENCH)} {on.year}".replace(" ", NBSP)


def _in_their_language(line: ListedConvocation, language: str, zone: ZoneInfo, link: str) -> str:
    if language == FRENCH or page_words(language).direction != "ltr":
        return ""
    kind = MessageKind.OFFER if line.starts_at is None else MessageKind.CONFIRMATION
    where = address_line(line.address, line.postcode, line.commune)
    said = sentence(
        kind,
        language,
        SmsFacts(zone=zone, address=where, link=link, starts_at=line.starts_at, choose_by=line.choose_by),
    )
    return said if can_be_printed(said) else ""
