"""Waiting for what is full: ask, withdraw, answer an offer; and what follows when a booking moves.

An offer is a booking held for the entry. Accepting is confirming it, declining is giving it back: whoever does so from
the page of bookings does the same, since everything that an offer becomes is read from the events of its booking.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Kind, Resource, Shape, Site
from availability.rights import REQUESTERS, Actor
from availability.search import may_reserve, reach
from booking.actions import UNDO_MINUTES, Beneficiary, cancel, confirm
from booking.day import today_of
from booking.errors import AlreadyDecided
from booking.filters import Filters, understand
from booking.map import kind_named, log_beyond
from booking.models import Booking
from booking.persons import age_on, keep_person, person_for
from booking.saved_searches import canonical
from booking.waiting_earlier import take_earlier
from booking.waiting_entries import move_entry, write_down
from booking.waiting_models import (
    LABEL_LENGTH,
    LIVING,
    REASON_LENGTH,
    SOURCE_LENGTH,
    OfferOutcome,
    WaitingEntry,
    WaitingOffer,
    WaitingState,
)

LONGEST_WAIT = timedelta(days=731)
LATEST_DEADLINE = timedelta(days=3660)
DECLINE_REASONS = ("no-longer-needed", "found-elsewhere", "too-far", "dates", "other")
UNDO_WITHIN = timedelta(minutes=UNDO_MINUTES)


class OfferMade(Refusal):
    """Something was offered to the entry meanwhile: answer that first."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody waits for: the filters of a search, or one resource, or one site.

    `[first_on, until_on)` are the days on which it would do, and `days` how many in a row: as many as they are when it
    is not said, none for slots, and for a place without an end. `near` is where the search is centred.
    """

    filters: Filters
    first_on: date
    until_on: date
    days: int | None = None
    is_open_ended: bool = False
    near: tuple[float, float] | None = None
    label: str = ""
    resource_id: int | None = None
    site_id: int | None = None
    beneficiary: Beneficiary = field(default_factory=Beneficiary)
    deadline_on: date | None = None
    deadline_source: str = ""


def ask(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> WaitingEntry:
    """Put somebody on the list; the same wish for the same person is on it once, and the answer is the same.

    Raises: NotFound, NotAllowed, InvalidRequest.
    """
    kind = _kind(session, actor, wanted)
    today = today_of(session, actor, now=now)
    if not wanted.beneficiary:
        raise InvalidRequest("beneficiary", "required")
    days = _days(wanted, kind, today)
    _check_deadline(wanted.deadline_on, wanted.deadline_source, today)
    where = _where(session, actor, wanted, kind)
    query = _query(session, actor, wanted, kind)
    if wanted.beneficiary.person_id is not None:
        keep_person(session, wanted.beneficiary.person_id)
    if wanted.filters.flag("ailleurs"):
        log_beyond(session, actor, kind.code, now=now)
    values: dict[str, Any] = {
        "id": uuid4(),
        "kind_id": kind.id,
        "territory_id": actor.home_territory_id,
        "organisation_id": actor.organisation_id,
        "requested_by": actor.account_id,
        "person_id": wanted.beneficiary.person_id,
        "case_ref": wanted.beneficiary.case_ref.strip(),
        "query": query,
        "first_on": wanted.first_on,
        "until_on": wanted.until_on,
        "days": days,
        "deadline_on": wanted.deadline_on,
        "deadline_source": readable("deadline_source", wanted.deadline_source) if wanted.deadline_on else "",
        "state": WaitingState.WAITING,
        "created_at": now,
        **where,
    }
    return add_entry(session, actor, values | {"digest": _digest(values)}, now)


def withdraw(session: Session, actor: Actor, entry_id: UUID, *, now: datetime) -> WaitingEntry:
    """Take an entry off the list, and give back what is offered to it. Raises: NotFound, OfferMade, AlreadyDecided."""
    offer = _open_offer(session, entry_id)
    if offer is not None:  # its booking first: see docs/locking.md
        _entry_for(session, actor, entry_id)
        cancel(session, actor, offer.booking_id, now=now)
    entry = _entry_for(session, actor, entry_id, is_locked=True)
    if entry.state == WaitingState.WITHDRAWN:
        return entry
    if entry.state == WaitingState.OFFERED:
        raise OfferMade(entry_id=entry.id)
    if entry.state != WaitingState.WAITING:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    return move_entry(session, actor, entry, WaitingState.WITHDRAWN, now)


def undo_withdraw(session: Session, actor: Actor, entry_id: UUID, *, now: datetime) -> WaitingEntry:
    """Put back, at its place, an entry withdrawn in the last minutes. Raises: NotFound, AlreadyDecided."""
    entry = _entry_for(session, actor, entry_id, is_locked=True)
    if entry.state in LIVING:
        return entry
    is_recent = entry.ended_at is not None and entry.ended_at >= now - UNDO_WITHIN
    if entry.state != WaitingState.WITHDRAWN or not is_recent:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    if entry.person_id is not None:
        keep_person(session, entry.person_id)
    twin = select(WaitingEntry.id).where(
        WaitingEntry.territory_id == entry.territory_id,
        WaitingEntry.digest == entry.digest,
        col(WaitingEntry.state).in_(LIVING),
    )
    if session.exec(twin).first() is not None:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    return move_entry(session, actor, entry, WaitingState.WAITING, now, facts={"undo": True})


def set_deadline(
    session: Session, actor: Actor, entry_id: UUID, on: date | None, source: str, *, now: datetime
) -> WaitingEntry:
    """Give an entry its legal deadline, with where it comes from; none takes it away.

    Raises: NotFound, InvalidRequest, AlreadyDecided.
    """
    entry = _entry_for(session, actor, entry_id, is_locked=True)
    if entry.state not in LIVING:
        raise AlreadyDecided(entry_id=entry.id, state=entry.state)
    _check_deadline(on, source, today_of(session, actor, now=now))
    before = entry.deadline_on.isoformat() if entry.deadline_on else None
    entry.deadline_on, entry.deadline_source = on, readable("deadline_source", source) if on else ""
    session.flush()
    facts = {"from": before, "to": on.isoformat() if on else None}
    write_down(session, actor, entry, act="waiting-deadline", now=now, facts=facts)
    return entry


def accept(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> Booking:
    """Take what is offered: its hold is confirmed, or the appointment that it is offered in place of goes there.

    Raises: NotFound, NotAllowed, HoldExpired, AlreadyDecided, and as `take_earlier`.
    """
    offer = _offer_for(session, actor, offer_id)
    if session.get_one(WaitingEntry, offer.entry_id).booking_id is not None:
        return take_earlier(session, actor, offer_id, now=now)
    return confirm(session, actor, offer.booking_id, now=now)


def decline(session: Session, actor: Actor, offer_id: UUID, *, reason: str, now: datetime) -> Booking:
    """Leave what is offered to the next, with one of DECLINE_REASONS; the entry keeps its place.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyDecided.
    """
    if reason not in DECLINE_REASONS:
        raise InvalidRequest("reason", "unknown-choice")
    offer = _offer_for(session, actor, offer_id)
    booking = cancel(session, actor, offer.booking_id, now=now)
    session.refresh(offer)
    if offer.outcome == OfferOutcome.DECLINED:
        offer.reason = reason[:REASON_LENGTH]
        session.flush()
    return booking


def expire_entries(session: Session, *, today: date, now: datetime) -> int:
    """End the entries whose days are over, as the clock; return how many."""
    over = select(WaitingEntry).where(col(WaitingEntry.until_on) <= today, WaitingEntry.state == WaitingState.WAITING)
    entries = session.exec(over.order_by(col(WaitingEntry.id)).with_for_update(skip_locked=True)).all()
    for entry in entries:
        move_entry(session, None, entry, WaitingState.EXPIRED, now)
    return len(entries)


def _kind(session: Session, actor: Actor, wanted: Wanted) -> Kind:
    kinds, first = kind_named(session, actor, wanted.filters.type)
    kind = next((one for one in kinds if one.code == wanted.filters.type), None)
    if wanted.resource_id is not None:
        resource = session.get(Resource, wanted.resource_id)
        kind = next((one for one in kinds if resource is not None and one.id == resource.kind_id), None)
        if kind is None:
            raise NotFound(resource_id=wanted.resource_id)
    elif kind is None and wanted.filters.type:
        raise InvalidRequest("kind", "unknown-choice")
    kind = kind or first
    if kind.shape == Shape.SESSIONS:
        raise InvalidRequest("kind", "hearings-have-their-own-list")
    may_reserve(session, actor, kind)
    return kind


def _days(wanted: Wanted, kind: Kind, today: date) -> int | None:
    """Return how many days in a row are wanted. Raises: InvalidRequest."""
    if wanted.until_on <= wanted.first_on:
        raise InvalidRequest("to", "not-after-start", first=wanted.first_on, until=wanted.until_on)
    if wanted.until_on <= today:
        raise InvalidRequest("to", "past", until=wanted.until_on, today=today)
    length = (wanted.until_on - wanted.first_on).days
    if length > LONGEST_WAIT.days:
        raise InvalidRequest("to", "too-long", max_days=LONGEST_WAIT.days)
    if kind.shape == Shape.SLOTS or (kind.shape == Shape.PLACES and wanted.is_open_ended):
        return None
    days = wanted.days or length
    if not 1 <= days <= length:
        raise InvalidRequest("days", "out-of-range", least=1, most=length)
    if kind.max_days is not None and days > kind.max_days:
        raise InvalidRequest("days", "too-long", max_days=kind.max_days)
    return days


def _check_deadline(on: date | None, source: str, today: date) -> None:
    if on is None:
        return
    if not today <= on <= today + LATEST_DEADLINE:
        raise InvalidRequest("deadline_on", "out-of-range", least=today, most=today + LATEST_DEADLINE)
    if not readable("deadline_source", source):
        raise InvalidRequest("deadline_source", "required")
    if len(source) > SOURCE_LENGTH:
        raise InvalidRequest("deadline_source", "too-long", most=SOURCE_LENGTH)


def _where(session: Session, actor: Actor, wanted: Wanted, kind: Kind) -> dict[str, Any]:
    """Return the columns that say where, once the actor may reserve there. Raises: NotFound."""
    resource = session.get(Resource, wanted.resource_id) if wanted.resource_id is not None else None
    site_id = resource.site_id if resource else wanted.site_id
    label = " ".join(wanted.label.split())[:LABEL_LENGTH]
    if site_id is None:
        reach_km = understand(wanted.filters, kind, wanted.near, today=wanted.first_on).wish.radius_km
        lat, lon = wanted.near if wanted.near and reach_km is not None else (None, None)
        return {"lat": lat, "lon": lon, "reach_km": reach_km if lat is not None else None, "label": label}
    site = session.get(Site, site_id)
    rights = may_reserve(session, actor, kind)
    if site is None or not reach(rights, site.territory_id, site.organisation_id, beyond=kind.crosses_territories):
        raise NotFound(site_id=site_id)
    if (
        session.exec(select(Resource.id).where(Resource.site_id == site.id, Resource.kind_id == kind.id)).first()
        is None
    ):
        raise NotFound(site_id=site_id)
    return {
        "resource_id": resource.id if resource else None,
        "site_id": None if resource else site.id,
        "lat": site.lat,
        "lon": site.lon,
        "reach_km": 0.0 if site.lat is not None else None,
        "label": label or (f"{site.name}, {resource.name}" if resource else site.name)[:LABEL_LENGTH],
    }


def _query(session: Session, actor: Actor, wanted: Wanted, kind: Kind) -> dict[str, str]:
    """Return the filters that are kept: of the person, what a search needs of them, never who they are."""
    query = canonical(wanted.filters) | {"type": kind.code}
    query = {name: value for name, value in query.items() if name not in ("du", "au", "cadre")}
    if wanted.resource_id is not None or wanted.site_id is not None:
        query = {name: value for name, value in query.items() if name not in ("lieu", "point", "rayon", "mesure")}
    if wanted.beneficiary.person_id is not None:
        person = person_for(session, actor, wanted.beneficiary.person_id)
        age = age_on(person.birth_on, wanted.first_on)
        query.setdefault("sexe", person.sex)
        if 13 <= age <= 120:
            query.setdefault("age", str(age))
    return query


def _digest(values: Mapping[str, Any]) -> bytes:
    same = ("kind_id", "person_id", "case_ref", "resource_id", "site_id", "query", "first_on", "until_on", "days")
    written = json.dumps([str(values.get(name)) for name in same] + [str(values.get("lat")), str(values.get("lon"))])
    return hashlib.sha256(written.encode()).digest()


def add_entry(session: Session, actor: Actor, values: dict[str, Any], now: datetime) -> WaitingEntry:
    """Put a row on the list, or return the one that waits for the same already."""
    row = {"resource_id": None, "site_id": None} | values
    added = (
        insert(WaitingEntry)
        .values(row)
        .on_conflict_do_nothing(
            index_elements=["territory_id", "digest"], index_where=text("state IN ('waiting', 'offered')")
        )
        .returning(col(WaitingEntry.id))
    )
    entry_id = session.execute(added).scalar()
    if entry_id is None:  # asked already: the same answer
        same = select(WaitingEntry).where(
            WaitingEntry.territory_id == values["territory_id"],
            WaitingEntry.digest == values["digest"],
            col(WaitingEntry.state).in_(LIVING),
        )
        return session.exec(same).one()
    entry = session.get_one(WaitingEntry, entry_id)
    facts = {"kind_id": entry.kind_id, "from": str(entry.first_on), "to": str(entry.until_on), "days": entry.days}
    write_down(session, actor, entry, act="waiting-waiting", now=now, facts=facts)
    return entry


def _entry_for(session: Session, actor: Actor, entry_id: UUID, *, is_locked: bool = False) -> WaitingEntry:
    """Return an entry of the actor's territories. Raises: NotFound, NotAllowed."""
    entry = session.get(WaitingEntry, entry_id, with_for_update=is_locked or None, populate_existing=True)
    if entry is None or entry.territory_id not in actor.territories(REQUESTERS, kind_id=entry.kind_id):
        raise NotFound(entry_id=entry_id)
    may_reserve(session, actor, session.get_one(Kind, entry.kind_id))
    return entry


def _offer_for(session: Session, actor: Actor, offer_id: UUID) -> WaitingOffer:
    offer = session.get(WaitingOffer, offer_id)
    if offer is None:
        raise NotFound(offer_id=offer_id)
    try:
        _entry_for(session, actor, offer.entry_id)
    except (NotFound, NotAllowed) as refusal:
        raise NotFound(offer_id=offer_id) from refusal
    return offer


def _open_offer(session: Session, entry_id: UUID) -> WaitingOffer | None:
    found: WaitingOffer | None = session.exec(
        select(WaitingOffer).where(WaitingOffer.entry_id == entry_id, col(WaitingOffer.outcome).is_(None))
    ).one_or_none()
    return found
