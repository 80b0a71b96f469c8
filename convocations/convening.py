"""What somebody needs before they summon: where a person may be received, the free starts, and the SMS as it will be.

Reads only, as of `now`. Whoever reads a phone here shows nothing of it: only whether it can receive an SMS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import NotAllowed
from availability.models import Kind, Shape
from availability.openings import local_day
from availability.places import distance_km, locate
from availability.queries import kinds_for, slots_by_day
from availability.rights import Actor
from availability.sealing import House, unseal
from availability.search import may_reserve
from availability.sites import address_line
from booking.links import TOKEN_LENGTH
from booking.person_phones import phone_for_messages
from booking.persons import person_for, point_of
from booking.phones import can_receive_sms
from booking.sealing import key_of
from convocations.answers import asked
from convocations.kinds import MessageKind
from convocations.models import Convocation, SmsRefusal
from convocations.planning import UNDO
from convocations.segments import Segments, measure
from convocations.texts import STANDARD, Place, Texts
from convocations.timing import Whereabouts, due_at
from convocations.wording import FRENCH, SmsFacts, spoken

A_WEEK = timedelta(days=7)
LOOK = (timedelta(days=14), timedelta(days=60))  # how far the next starts are looked for, the second if none is near
# Stands where the token will be, of the same length: the count of segments is the true one.
TOKEN_TO_COME = "un-lien-personnel-a-ce-rendez-vous"  # noqa: S105 - nobody's
assert len(TOKEN_TO_COME) == TOKEN_LENGTH  # noqa: S101

RECEIVING = text("""
    SELECT r.id, r.name, s.id AS site_id, s.organisation_id, s.name AS site_name, s.address, s.postcode, s.commune,
           s.time_zone, s.holiday_zone, s.lat, s.lon,
           (SELECT max(b.created_at) FROM booking b WHERE b.resource_id = r.id AND b.requested_by = :me) AS taken_at
    FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.kind_id = :kind_id AND r.is_active AND s.territory_id = ANY(:territories)
    ORDER BY s.name, s.id, r.name, r.id""")
LAST_KIND = text("""
    SELECT kind_id FROM booking WHERE territory_id = :home AND requested_by = :me AND kind_id = ANY(:kinds)
    ORDER BY created_at DESC LIMIT 1""")
SERVICE_OF = text("""
    SELECT time_zone, holiday_zone FROM site WHERE territory_id = :territory_id ORDER BY id LIMIT 1""")


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """An agent, a room or a team that receives, and where."""

    id: int
    name: str
    site_id: int
    site_name: str
    address: str  # of the street: what an SMS may say
    zone: ZoneInfo
    holiday_zone: str
    point: tuple[float, float] | None
    is_used: bool  # the actor took something there already
    distance_km: float | None = None
    organisation_id: int | None = None


@dataclass(frozen=True)
class Start:
    """A free start at somebody's, with the civil day there."""

    resource_id: int
    at: datetime
    day: date


@dataclass(frozen=True, kw_only=True)
class Summonable:
    """What of a person decides of their messages. `where` is None when it is not known where they live."""

    language: str = FRENCH
    has_phone: bool = False
    can_receive: bool = False
    refuses: bool = False
    where: Whereabouts | None = None
    point: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """An SMS as it would be read; `french` is empty when it is in French already, `due_at` None when none leaves."""

    language: str
    body: str
    french: str
    segments: Segments
    due_at: datetime | None
    zone: ZoneInfo  # of the person: where the hour of leaving is said


def kinds_to_convene(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds of appointments that the actor may reserve, in the order of the layers."""
    return [kind for kind in kinds_for(session, actor) if kind.shape == Shape.SLOTS and _may(session, actor, kind)]


def kind_to_convene(session: Session, actor: Actor, code: str) -> Kind:
    """Return the kind of that code, else the one that the actor took last, else the first one.

    Raises: NotAllowed when the actor reserves none.
    """
    kinds = kinds_to_convene(session, actor)
    if not kinds:
        raise NotAllowed(act="convene")
    named = next((kind for kind in kinds if kind.code == code), None)
    if named is not None:
        return named
    asked = {"me": actor.account_id, "kinds": [kind.id for kind in kinds], "home": actor.home_territory_id}
    last = session.execute(LAST_KIND, asked).scalar()
    return next((kind for kind in kinds if kind.id == last), kinds[0])


def receivers(session: Session, actor: Actor, kind: Kind, *, near: tuple[float, float] | None = None) -> list[Receiver]:
    """Return who receives for a kind in the actor's territories, site by site.

    The sites nearest to `near` come first; without it, those that the actor uses, then by name.
    """
    rights = may_reserve(session, actor, kind)
    territories = sorted({one for right in rights for one in right.territory_ids})
    asked = {"kind_id": kind.id, "territories": territories, "me": actor.account_id}
    found = [_receiver(row, near) for row in session.execute(RECEIVING, asked)]
    used = {one.site_id for one in found if one.is_used}
    far = float("inf")

    def rank(one: Receiver) -> tuple[float, bool]:
        return (far if one.distance_km is None else one.distance_km) if near else 0.0, one.site_id not in used

    return sorted(found, key=rank)  # stable: by name within a site


def free_starts(session: Session, among: Sequence[Receiver], *, first: date, until: date, now: datetime) -> list[Start]:
    """Return the free starts of civil days `[first, until)`, soonest first; each instant once, at the first free."""
    zones = {one.id: one.zone.key for one in among}
    listed = slots_by_day(session, zones, first=first, until=until, now=now)
    found: dict[datetime, Start] = {}
    for one in among:
        for day, slot in listed.get(one.id, []):
            if slot.is_free:
                found.setdefault(slot.period.start, Start(one.id, slot.period.start, day))
    return [found[at] for at in sorted(found)]


def next_starts(session: Session, among: Sequence[Receiver], *, now: datetime, most: int = 3) -> list[Start]:
    """Return the next free starts, soon if there are any."""
    if not among:
        return []
    today = local_day(now, among[0].zone)
    for reach in LOOK:
        if found := free_starts(session, among, first=today, until=today + reach, now=now):
            return found[:most]
    return []


def summonable(session: Session, actor: Actor, person_id: UUID, *, house: House) -> Summonable:
    """Return what of a person decides of their messages, without showing anything of them. Raises: NotFound."""
    person = person_for(session, actor, person_id)
    key = key_of(session, house, person_id)
    found = phone_for_messages(session, person_id)
    phone = unseal(key, found.number_sealed) if key and found else ""
    address = unseal(key, person.address_sealed) if key and person.address_sealed else ""
    known = point_of(person, key) if key else None
    best = locate(address).best if address and known is None else None
    where = Whereabouts(ZoneInfo(person.time_zone), person.holiday_zone) if person.time_zone else None
    return Summonable(
        language=spoken(person.language),
        has_phone=bool(phone),
        can_receive=bool(phone) and can_receive_sms(phone),
        refuses=session.get(SmsRefusal, person_id) is not None or (found is not None and found.refused_at is not None),
        where=where or service_of(session, person.territory_id),
        point=known[:2] if known else (best.lat, best.lon) if best else None,
    )


def convocation_of(session: Session, booking_id: UUID) -> UUID | None:
    """Return the convocation of an appointment that the actor may see, None when nobody is summoned to it."""
    return session.exec(select(Convocation.id).where(Convocation.booking_id == booking_id)).first()


def service_of(session: Session, territory_id: int) -> Whereabouts | None:
    """Return where the service of a territory is, as far as the clock goes."""
    row = session.execute(SERVICE_OF, {"territory_id": territory_id}).one_or_none()
    return Whereabouts(ZoneInfo(row.time_zone), row.holiday_zone) if row else None


def preview(
    person: Summonable,
    receiver: Receiver,
    *,
    start: datetime | None,
    choose_by: date | None,
    origin: str,
    now: datetime,
    asks: bool = False,
    texts: Texts = STANDARD,
    kind_id: int | None = None,
) -> Preview:
    """Return the first SMS as it would be read: the confirmation of a start, or the offer to choose. Pure.

    `asks` when people can answer it; `texts` are those of its service and of `kind_id`.
    """
    kind = MessageKind.OFFER if start is None else MessageKind.CONFIRMATION
    facts = SmsFacts(
        zone=receiver.zone,
        address=receiver.address,
        link=f"{origin}/r/{TOKEN_TO_COME}",
        starts_at=start,
        choose_by=choose_by,
    )
    place = Place(kind_id, receiver.organisation_id)
    body = texts.write(kind, person.language, facts, place).body
    body += asked(kind, person.language, (), receiver.zone) if asks else ""
    where = person.where or Whereabouts(receiver.zone, receiver.holiday_zone)
    leaves = person.can_receive and not person.refuses
    due = due_at(kind, now=now, undo=UNDO, where=where, starts_at=start, choose_by=choose_by) if leaves else None
    return Preview(
        language=person.language,
        body=body,
        french="" if person.language == FRENCH else texts.write(kind, FRENCH, facts, place).body,
        segments=measure(body),
        due_at=due,
        zone=where.zone,
    )


def _may(session: Session, actor: Actor, kind: Kind) -> bool:
    try:
        return bool(may_reserve(session, actor, kind))
    except NotAllowed:
        return False


def _receiver(row: Any, near: tuple[float, float] | None) -> Receiver:
    point = None if row.lat is None else (row.lat, row.lon)
    return Receiver(
        id=row.id,
        name=row.name,
        site_id=row.site_id,
        site_name=row.site_name,
        address=address_line(row.address, row.postcode, row.commune),
        zone=ZoneInfo(row.time_zone),
        holiday_zone=row.holiday_zone,
        point=point,
        is_used=row.taken_at is not None,
        distance_km=distance_km(*near, *point) if near and point else None,
        organisation_id=row.organisation_id,
    )
