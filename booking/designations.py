"""Designating: a case is given to a service in one act; what became of it is read back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.claims import PlaceClaim
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.models import Kind
from availability.openings import local_day
from availability.rights import Actor
from booking.actions import Beneficiary, confirm, hold
from booking.conflicts import conflicts_of, lock_case
from booking.doubles import LIVING, Pair, convene
from booking.errors import OutOfDate
from booking.mediators import DESIGNATORS, NOTHING_PARTICULAR, Need, designable_kinds, measure_days, unfit
from booking.models import Booking, State
from booking.transitions import expect, lock_booking

MOST_LINES = 5
MOST_CHARACTERS = 64
# "24/01234", "RG 24/01234", "n° RG : 24/01234": one number, kept as the registry writes it.
RG_NUMBER = re.compile(r"(?:n\s*[°o.]?\s*)?(?:rg)?\W*(\d{2}/\d{3,6})", re.IGNORECASE)

PLACE = text(
    "SELECT r.kind_id, r.attributes, s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id"
)
RUNNING = text("""
    SELECT b.id, b.resource_id, r.name FROM booking b JOIN resource r ON r.id = b.resource_id
    WHERE b.territory_id = :territory_id AND b.kind_id = :kind_id AND b.case_ref = :case_ref
      AND (b.state = 'booked' AND coalesce(b.until_on, 'infinity') > CAST(:now AS date)
           OR b.state = 'requested' AND b.expires_at > :now) LIMIT 1""")
OF_CASE = """
    SELECT b.id, b.revision, b.resource_id, b.case_ref, b.first_on, b.until_on, b.expires_at, b.created_at,
           CASE WHEN b.state = 'requested' AND b.expires_at <= :now THEN 'lapsed' ELSE b.state END AS state,
           k.wording, k.label AS kind_label, r.name, r.attributes, s.name AS site_name,
           s.address, s.postcode, s.commune, s.phone, s.email, s.time_zone, t.name AS court_name,
           d.meeting_id, m.starts_at AS meeting_at, ms.name AS meeting_site, ms.address AS meeting_address,
           ms.postcode AS meeting_postcode, ms.commune AS meeting_commune, ms.time_zone AS meeting_zone,
           d.hearing_id, d.hearing_starts_at AS hearing_at, hr.name AS hearing_name, hs.name AS hearing_site,
           hs.address AS hearing_address, hs.postcode AS hearing_postcode, hs.commune AS hearing_commune,
           hs.time_zone AS hearing_zone,
           CASE WHEN b.state = 'requested' AND b.expires_at <= :now THEN b.expires_at ELSE became.at END AS since,
           became.reason
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    LEFT JOIN LATERAL (
        SELECT h.at, h.facts ->> 'reason' AS reason FROM history h
        WHERE h.subject = 'booking' AND h.subject_id = b.id::text AND h.act = 'booking-' || b.state
        ORDER BY h.id DESC LIMIT 1) became ON true
    JOIN site s ON s.id = r.site_id JOIN territory t ON t.id = b.territory_id
    LEFT JOIN double_convocation d ON d.designation_id = b.id AND d.cancelled_at IS NULL
    LEFT JOIN booking m ON m.id = d.meeting_id LEFT JOIN resource mr ON mr.id = m.resource_id
    LEFT JOIN site ms ON ms.id = mr.site_id
    LEFT JOIN booking hb ON hb.id = d.hearing_id LEFT JOIN resource hr ON hr.id = hb.resource_id
    LEFT JOIN site hs ON hs.id = hr.site_id
    WHERE b.territory_id = ANY(:territories) AND k.is_designated AND b.case_ref <> ''"""
BY_CASE = text(
    OF_CASE + " AND b.case_ref = :case_ref AND b.state <> 'held' ORDER BY b.created_at DESC, b.id LIMIT :limit"
)
BY_ID = text(OF_CASE + " AND b.id = :id")


CaseSeen = tuple[tuple[UUID, int], ...]


class AlreadyDesignated(Refusal):
    """The case has, for this kind, a designation that waits for its answer or runs."""


class ViolenceAlleged(Refusal):
    """The law allows no mediation where violence is alleged."""


class NotSuitable(Refusal):
    """The service does not fit the case: `why` is conflict, competence, language or zone."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which service, for which case, and what the judge knows that may forbid it.

    `pair` is the double convocation to set in the same act. Conflicts of interest need not be named: they are stored.
    `seen` are the designations of the case that the judge has read, with their revisions; None: whatever they are.
    """

    resource_id: int
    case_ref: str
    violence_alleged: bool = False
    need: Need = NOTHING_PARTICULAR
    pair: Pair | None = None
    seen: CaseSeen | None = None


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """One of the two appointments set with a designation."""

    id: UUID
    at: datetime
    time_zone: str
    name: str
    site_name: str
    address: str
    postcode: str
    commune: str


@dataclass(frozen=True, kw_only=True)
class Designation:
    """A designation with what a notice of it says. `reason` is the code of why it came to its state, `since` when."""

    id: UUID
    resource_id: int
    case_ref: str
    state: State
    reason: str
    wording: dict[str, Any]
    kind_label: str
    name: str
    attributes: dict[str, Any]
    site_name: str
    address: str
    postcode: str
    commune: str
    phone: str
    email: str
    time_zone: str
    court_name: str
    first_on: date
    until_on: date | None
    created_at: datetime
    expires_at: datetime | None
    since: datetime | None
    meeting: Appointment | None
    hearing: Appointment | None
    revision: int = 0


def case_seen(designations: Sequence[Designation]) -> CaseSeen:
    """Return what tells whether somebody changed the designations of a case."""
    return tuple((one.id, one.revision) for one in designations)


def read_case_ref(typed: str) -> str:
    """Return a case number as it is compared: "RG 24/01234" when it is an RG, else as typed with single spaces.

    Raises: InvalidRequest when there is none, or when it cannot be one.
    """
    read = " ".join(typed.split())
    if not read:
        raise InvalidRequest("case_ref", "required")
    if len(read) > MOST_CHARACTERS:
        raise InvalidRequest("case_ref", "too-long", most=MOST_CHARACTERS)
    if not read.isprintable():
        raise InvalidRequest("case_ref", "not-a-number")
    number = RG_NUMBER.fullmatch(read)
    return f"RG {number[1]}" if number else read


def designate(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> Booking:
    """Ask a service to take a case: held and confirmed at once, with both appointments when a pair is wanted.

    The same again returns the same booking. Raises: NotFound, NotAllowed, InvalidRequest, ViolenceAlleged, NotSuitable,
    AlreadyDesignated, AlreadyDecided, CapacityReached, NotOpen, OutOfDate when the case is not as `seen`, and what
    `convene` raises.
    """
    wanted = replace(wanted, case_ref=read_case_ref(wanted.case_ref))
    place = session.execute(PLACE, {"id": wanted.resource_id}).one_or_none()
    kinds = {kind.id: kind for kind in designable_kinds(session, actor)}
    if place is None or place.kind_id not in kinds:
        raise NotFound(resource_id=wanted.resource_id)
    kind = kinds[place.kind_id]
    if wanted.violence_alleged and kind.refused_if_violence:
        raise ViolenceAlleged(case_ref=wanted.case_ref)
    booking = _running(session, actor, kind, wanted, now=now)
    if booking is None:
        _refuse_unfit(session, actor, wanted, place.attributes)
    if wanted.pair:
        _lock_all(session, booking, wanted, wanted.pair)
    if booking is None:
        first, until = measure_days(kind, local_day(now, ZoneInfo(place.time_zone)))
        claim = PlaceClaim(resource_id=wanted.resource_id, first=first, until=until)
        held = hold(session, actor, claim, now=now, beneficiary=Beneficiary(case_ref=wanted.case_ref))
        booking = confirm(session, actor, held.id, now=now)
    if wanted.pair:
        convene(session, actor, booking, kind, wanted.pair, now=now)
    return booking


def designations_of(session: Session, actor: Actor, case_ref: str, *, now: datetime) -> list[Designation]:
    """Return what was designated for a case of the actor's territories, newest first, a few at most."""
    asked = {**_asked(actor, now), "case_ref": case_ref, "limit": MOST_LINES}
    return [_designation(row) for row in session.execute(BY_CASE, asked)]


def designation(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Designation:
    """Return one designation made in the actor's territories. Raises: NotFound."""
    row = session.execute(BY_ID, {**_asked(actor, now), "id": booking_id}).one_or_none()
    if row is None:
        raise NotFound(booking_id=booking_id)
    return _designation(row)


def _running(session: Session, actor: Actor, kind: Kind, wanted: Wanted, *, now: datetime) -> Booking | None:
    """Return the designation that already says the same. Raises: AlreadyDesignated when it says another."""
    lock_case(session, actor.home_territory_id, kind.id, wanted.case_ref)
    if wanted.seen is not None:
        there = designations_of(session, actor, wanted.case_ref, now=now)
        if case_seen(there) != wanted.seen:
            raise OutOfDate(case_ref=wanted.case_ref)
    asked = {"territory_id": actor.home_territory_id, "kind_id": kind.id, "case_ref": wanted.case_ref, "now": now}
    row = session.execute(RUNNING, asked).one_or_none()
    if row is None:
        return None
    if row.resource_id != wanted.resource_id:
        raise AlreadyDesignated(booking_id=row.id, case_ref=wanted.case_ref, name=row.name)
    return session.get_one(Booking, row.id)


def _lock_all(session: Session, running: Booking | None, wanted: Wanted, pair: Pair) -> None:
    """Lock the booking, then everything that becomes scarcer, sorted, once: see docs/locking.md.

    Raises: AlreadyDecided.
    """
    scarce = [wanted.resource_id, pair.meeting_id, pair.hearing_id]
    if running is not None:
        locked, _ = lock_booking(session, running.id, wanting=scarce)
        expect(locked, LIVING)  # somebody may have cancelled it before the lock
    lock(session, scarce)


def _refuse_unfit(session: Session, actor: Actor, wanted: Wanted, attributes: dict[str, Any]) -> None:
    conflicts = conflicts_of(session, actor, wanted.case_ref)
    why = unfit(wanted.resource_id, attributes, replace(wanted.need, conflicts=conflicts))
    if why:
        raise NotSuitable(resource_id=wanted.resource_id, case_ref=wanted.case_ref, why=why)


def _asked(actor: Actor, now: datetime) -> dict[str, Any]:
    return {"territories": sorted(actor.territories(DESIGNATORS)), "now": now}


def _designation(row: Any) -> Designation:
    values = dict(row._mapping)
    appointments = {name: _appointment(values, name) for name in ("meeting", "hearing")}
    return Designation(**values | appointments | {"state": State(row.state), "reason": row.reason or ""})


def _appointment(values: dict[str, Any], which: str) -> Appointment | None:
    """Take the columns of an appointment out of a row, and return it when there is one."""
    number, at, zone = (values.pop(f"{which}_{name}") for name in ("id", "at", "zone"))
    place = {name: values.pop(f"{which}_{name}") for name in ("address", "postcode", "commune")}
    site, name = values.pop(f"{which}_site"), values.pop(f"{which}_name", "")
    if number is None:
        return None
    return Appointment(id=number, at=at, time_zone=zone, name=name, site_name=site, **place)
