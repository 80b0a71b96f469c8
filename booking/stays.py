"""A stay that goes on otherwise: longer, shorter, in another bed, or in exchange of somebody's. One transaction.

What a booking keeps is never let go in between, and nights already slept stay where they were slept. Whoever reserves
changes dates and beds; whoever runs the place changes beds within a section, never dates.
See docs/decisions/0023-stays-go-on.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.actions import Holder, Locked, lock
from availability.claims import NightsClaim, PlaceClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.openings import local_day
from availability.periods import days_between
from availability.rights import Actor
from availability.statements import by_key, run
from availability.staying import Nights, exchange_nights, nights_of, runs_of, set_days, set_nights
from availability.terms import Terms
from booking.actions import UNDO_MINUTES, Beneficiary, book
from booking.alternatives import misfit
from booking.errors import AlreadyDecided, HoldExpired
from booking.events import BedsChanged, BookingRescheduled, announce
from booking.freed import let_go
from booking.models import EXPIRING, Booking, State
from booking.moving import place_facts
from booking.notice import refuse_late
from booking.persons import keep_person
from booking.quotas import check_quota
from booking.transitions import change, expect, locked_by_host, locked_for

MOVABLE = frozenset({State.HELD, State.REQUESTED, State.BOOKED, State.HONOURED})
MOST_NIGHTS = 366  # a row a night
SETTLED = frozenset({State.BOOKED, State.HONOURED})
CHANGED, SWAPPED, ASKED = "booking-stay-changed", "booking-beds-swapped", "booking-extension-asked"

_NIGHTS_ONLY = by_key("""
    SELECT b.id FROM booking b JOIN kind k ON k.id = b.kind_id
    WHERE b.id = ANY(CAST(:ids AS uuid[])) AND k.shape <> 'nights'""")
_LAST = by_key("""
    SELECT act, at, facts FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act NOT LIKE 'booking-file-%'
    ORDER BY id DESC LIMIT 1""")


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A booking of days, locked, and what is needed to judge another one: `today` is the civil day there."""

    booking: Booking
    terms: Terms
    places: Mapping[int, Locked]
    may_date: bool  # a host changes beds only
    today: date
    now: datetime

    @property
    def first(self) -> date:
        """Return its first day."""
        if self.booking.first_on is None:
            raise InvalidRequest("booking_id", "other-shape")
        return self.booking.first_on

    @property
    def until(self) -> date | None:
        """Return the day after its last one; None when it is open-ended."""
        return self.booking.until_on

    @property
    def place(self) -> Locked:
        """Return its place."""
        return self.places[self.booking.resource_id]

    @property
    def has_begun(self) -> bool:
        """Say whether a night was slept, or a day spent."""
        return self.first < self.today

    @property
    def holder(self) -> Holder:
        """Return for whom its occupancy is written, with the end that it has."""
        return Holder(id=self.booking.id, now=self.now, expires_at=self.booking.expires_at)

    def facts(self, session: Session) -> dict[str, Any]:
        """Return what the history keeps of where and when it is, bed by bed."""
        if self.terms.shape is not Shape.NIGHTS:
            return place_facts(self.booking)
        runs = runs_of(nights_of(session, self.holder))
        beds = [[bed, first.isoformat(), until.isoformat()] for bed, first, until in runs]
        return place_facts(self.booking) | {"beds": beds}


@dataclass(frozen=True)
class Wanted:
    """What a stay should be: `[first, until)`, and the bed, None for the one that it has."""

    first: date
    until: date | None
    unit_id: int | None = None


def change_stay(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    first: date,
    until: date | None,
    unit_id: int | None,
    now: datetime,
    revision: int | None = None,
) -> Booking:
    """Give a stay other dates `[first, until)`, another bed of its section (None: the one it has), or both.

    Where the host accepts, the days added to what is booked are asked of it as a request of their own, which is
    returned: the stay itself is never in question. Shortening, and another bed, ask nobody.
    Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, HoldExpired, TooLate to arrive on another day,
    InvalidRequest, NotOpen, PeriodTaken, CapacityReached, QuotaReached.
    """
    stay = locked_stay(session, actor, booking_id, now=now, revision=revision)
    wanted = Wanted(first, until, unit_id)
    _check(session, stay, wanted)
    asked = None
    if stay.terms.host_accepts and stay.booking.state in SETTLED and (longer := _longer(stay, wanted)):
        asked = _ask_host(session, actor, stay, longer, unit_id)
        wanted = Wanted(max(first, stay.first), _sooner(until, stay.until), unit_id)
    _write(session, actor, stay, wanted)
    return asked or stay.booking


def swap_beds(
    session: Session,
    actor: Actor,
    one_id: UUID,
    other_id: UUID,
    *,
    now: datetime,
    from_on: date | None = None,
    revisions: tuple[int | None, int | None] = (None, None),
) -> tuple[Booking, Booking]:
    """Exchange the beds of two stays, for all of their nights from the first one that both still have.

    `from_on` is a later day to begin on, `revisions` those that the actor has seen. Nights that only one of the two
    has must be free in the bed of the other.
    Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, InvalidRequest, NotOpen, PeriodTaken.
    """
    if one_id == other_id:
        raise InvalidRequest("other_id", "same-booking")
    stays = _locked_both(session, actor, {one_id: revisions[0], other_id: revisions[1]}, now)
    one, other = stays[one_id], stays[other_id]
    _refuse_unlike(session, actor, one, other)
    has, other_has = (nights_of(session, stay.holder) for stay in (one, other))
    since = max(from_on or one.today, one.today)
    both = [night for night in has if night in other_has and night >= since]
    if not both:
        raise InvalidRequest("from_on", "no-common-night")
    before = [stay.facts(session) for stay in (one, other)]
    exchange_nights(session, one_id, other_id, both)
    places, sections = one.places, (one.place, other.place)  # as they are before either is changed
    for stay, theirs, mine in ((one, other_has, has), (other, has, other_has)):
        bed = theirs[both[-1]]
        wanted = {night: theirs[night] if night in theirs and night >= both[0] else bed for night in mine}
        wanted |= {night: unit for night, unit in mine.items() if night < both[0]}
        set_nights(session, places, wanted, stay.holder)
    for stay, was, them, section in ((one, before[0], other, sections[1]), (other, before[1], one, sections[0])):
        settle(session, stay, section, stay.first, stay.until)
        tell(session, actor, stay, SWAPPED, was, **{"with": str(them.booking.id), "from_on": both[0].isoformat()})
    return one.booking, other.booking


def undo_stay(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, revision: int | None = None
) -> Booking:
    """Take back the last change of a stay, made a few minutes ago: the same beds, the same nights, if still free.

    An exchange is taken back whole. Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, PeriodTaken,
    CapacityReached.
    """
    last = last_act(session, booking_id)
    if last is not None and last.act == SWAPPED and not last.facts.get("undo"):
        return _undo_swap(session, actor, {booking_id: revision, UUID(last.facts["with"]): None}, now)
    stay = locked_stay(session, actor, booking_id, now=now, revision=revision)
    facts = undoable(session, stay.booking, now, {CHANGED})
    before = facts["from"]
    if not stay.may_date and (stay.first, stay.until) != dates_in(before):
        raise NotAllowed(act="stay-dates")
    restore(session, stay, stay.places, before)
    tell(session, actor, stay, CHANGED, facts["to"], undo=True)
    return stay.booking


def locked_stay(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    wanting: Iterable[int] = (),
    revision: int | None = None,
) -> Stay:
    """Return a stay that the actor may change, locked with its place and those that it is `wanting`, not to be erased.

    Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, HoldExpired, InvalidRequest when it has no days.
    """
    booking, terms, may_date = _locked(session, actor, booking_id, revision)
    if terms.shape not in (Shape.NIGHTS, Shape.PLACES):
        raise InvalidRequest("booking_id", "other-shape")
    expect(booking, MOVABLE)
    if booking.state in EXPIRING and booking.expires_at is not None and booking.expires_at <= now:
        raise HoldExpired(booking_id=booking.id, resource_id=booking.resource_id)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    places = lock(session, [booking.resource_id, *wanting])
    return _stay(booking, terms, places, may_date, now)


def last_act(session: Session, booking_id: UUID) -> Any:
    """Return the last line of history of a booking (act, at, facts), None when there is none."""
    return run(session, _LAST, {"id": str(booking_id)}).one_or_none()


def undoable(session: Session, booking: Booking, now: datetime, acts: Iterable[str]) -> dict[str, Any]:
    """Return the facts of the last act on a booking, when it is one of these and was just done.

    Raises: AlreadyDecided.
    """
    last = last_act(session, booking.id)
    is_fresh = last is not None and last.act in set(acts) and last.at >= now - timedelta(minutes=UNDO_MINUTES)
    if last is None or not is_fresh or last.facts.get("undo"):
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))
    return dict(last.facts)


def restore(session: Session, stay: Stay, places: Mapping[int, Locked], before: dict[str, Any]) -> None:
    """Put a stay back where and when it was, as its history says. Raises: NotOpen, PeriodTaken, CapacityReached."""
    first, until = dates_in(before)
    for place_id in sorted(places):
        let_go(session, stay.booking.id, place_id)
    if stay.terms.shape is Shape.PLACES:
        set_days(session, stay.place, first, until, stay.holder, is_undo=True)
    else:
        set_nights(session, places, nights_in(before), stay.holder, is_undo=True)
    values = {"first_on": first, "until_on": until, "unit_id": before["unit_id"], "resource_id": before["resource_id"]}
    change(session, stay.booking, values)


def dates_in(facts: dict[str, Any]) -> tuple[date, date | None]:
    """Return the dates that a line of history keeps."""
    until = facts.get("until_on")
    return date.fromisoformat(facts["first_on"]), date.fromisoformat(until) if until else None


def _locked(
    session: Session, actor: Actor, booking_id: UUID, revision: int | None = None
) -> tuple[Booking, Terms, bool]:
    """Return the booking and whether the actor may change its dates: who reserves, else who runs the place."""
    try:
        return *locked_for(session, actor, booking_id, revision=revision), True
    except (NotFound, NotAllowed) as refusal:
        try:
            return *locked_by_host(session, actor, booking_id, revision=revision), False
        except NotFound:
            raise refusal from None


def _stay(booking: Booking, terms: Terms, places: Mapping[int, Locked], may_date: bool, now: datetime) -> Stay:
    today = local_day(now, places[booking.resource_id].zone)
    return Stay(booking=booking, terms=terms, places=places, may_date=may_date, today=today, now=now)


def _locked_both(session: Session, actor: Actor, seen: Mapping[UUID, int | None], now: datetime) -> dict[UUID, Stay]:
    """Return stays of nights at the revisions seen, locked by ascending id, then their persons, then their sections."""
    ids = sorted(seen)
    if run(session, _NIGHTS_ONLY, {"ids": ids}).first():  # read before the lock: a kind keeps its shape
        raise InvalidRequest("booking_id", "other-shape")
    found = [_locked(session, actor, booking_id, seen[booking_id]) for booking_id in ids]
    for booking, _, _ in found:
        expect(booking, SETTLED)
    for person_id in sorted({booking.person_id for booking, _, _ in found if booking.person_id is not None}):
        keep_person(session, person_id)
    places = lock(session, [booking.resource_id for booking, _, _ in found])
    return {booking.id: _stay(booking, terms, places, may, now) for booking, terms, may in found}


def _check(session: Session, stay: Stay, wanted: Wanted) -> None:
    """Accept other dates and another bed, whatever is free. Raises: NotAllowed, TooLate, InvalidRequest."""
    is_nights = stay.terms.shape is Shape.NIGHTS
    if wanted.unit_id is not None and not is_nights:
        raise InvalidRequest("unit_id", "not-for-this-shape")
    if wanted.until is None and is_nights:
        raise InvalidRequest("to", "required")
    if stay.until is not None and stay.until < stay.today:
        raise InvalidRequest("booking_id", "stay-over")
    if (wanted.first, wanted.until) != (stay.first, stay.until):
        if not stay.may_date:
            raise NotAllowed(act="stay-dates")
        _check_dates(session, stay, wanted.first, wanted.until)


def _check_dates(session: Session, stay: Stay, first: date, until: date | None) -> None:
    """Accept other dates; a kind limits what is added, and a stay may be shorter. Raises: TooLate, InvalidRequest."""
    if stay.has_begun and first != stay.first:
        raise InvalidRequest("from", "stay-begun", first=stay.first)
    if until is not None and until < stay.today:
        raise InvalidRequest("to", "stay-slept", earliest=stay.today)
    if first != stay.first:
        refuse_late(session, stay.booking, stay.terms, now=stay.now)
    limits = stay.terms.limits
    if stay.terms.shape is Shape.NIGHTS:
        limits = replace(limits, max_days=min(limits.max_days or MOST_NIGHTS, MOST_NIGHTS))
    if first != stay.first:
        limits.check(first, until, today=stay.today)
    elif _is_later(until, stay.until):
        limits.check_length(first, until)
    else:
        replace(limits, max_days=None).check_length(first, until)


def _write(session: Session, actor: Actor, stay: Stay, wanted: Wanted) -> None:
    """Have the stay be what is wanted, if it is not so already."""
    before, was_on = stay.facts(session), stay.first
    if stay.terms.shape is Shape.PLACES:
        if (wanted.first, wanted.until) == (stay.first, stay.until):
            return
        if _longer(stay, wanted):  # maybe into what it freed a moment ago
            let_go(session, stay.booking.id, stay.place.id)
        set_days(session, stay.place, wanted.first, wanted.until, stay.holder)
    else:
        has = nights_of(session, stay.holder)
        beds = _beds(has, wanted, since=stay.today)
        if beds == has:
            return
        if beds.items() - has.items():
            let_go(session, stay.booking.id, stay.place.id)
        set_nights(session, stay.places, beds, stay.holder)
    settle(session, stay, stay.place, wanted.first, wanted.until)
    check_quota(session, stay.terms, stay.booking, now=stay.now, was_on=was_on)
    tell(session, actor, stay, CHANGED, before)


def _beds(has: Nights, wanted: Wanted, *, since: date) -> Nights:
    """Return the bed of each night: those slept as they were, those that stay in their own unless one is named."""
    opening, closing = has[min(has)], has[max(has)]
    nights = days_between(wanted.first, wanted.until or wanted.first)
    beds = {night: has.get(night, opening if night < min(has) else closing) for night in nights}
    if wanted.unit_id is None:
        return beds
    return {night: wanted.unit_id if night >= since else bed for night, bed in beds.items()}


def settle(session: Session, stay: Stay, place: Locked, first: date, until: date | None) -> None:
    """Give the booking its dates, the bed of its last night and the section of that bed."""
    has = nights_of(session, stay.holder) if stay.terms.shape is Shape.NIGHTS else {}
    bed = has[max(has)] if has else None
    change(session, stay.booking, {"first_on": first, "until_on": until, "unit_id": bed, "resource_id": place.id})


def tell(session: Session, actor: Actor, stay: Stay, act: str, before: dict[str, Any], **more: object) -> None:
    """Write a change down, and tell the subscribers when its dates, its place or its beds are others."""
    booking, after = stay.booking, stay.facts(session)
    facts = {"shape": stay.terms.shape, "from": before, "to": after, **more}
    line = Act(act=act, subject="booking", subject_id=booking.id, person_id=booking.person_id, at=stay.now, facts=facts)
    record(session, actor, line)
    if any(before.get(name) != after.get(name) for name in ("resource_id", "first_on", "until_on")):
        announce(session, BookingRescheduled(booking_id=booking.id, at=stay.now))
    elif before.get("beds") != after.get("beds"):
        announce(session, BedsChanged(booking_id=booking.id, at=stay.now))


def nights_in(facts: dict[str, Any]) -> Nights:
    """Return the bed of each night that a line of history keeps."""
    return {
        night: bed
        for bed, first, until in facts["beds"]
        for night in days_between(date.fromisoformat(first), date.fromisoformat(until))
    }


def _longer(stay: Stay, wanted: Wanted) -> list[tuple[date, date | None]]:
    """Return the days `[first, until)` that are wanted besides those that the stay has."""
    before = [(wanted.first, stay.first)] if wanted.first < stay.first else []
    grows = stay.until is not None and _is_later(wanted.until, stay.until)
    return [*before, (stay.until, wanted.until)] if grows and stay.until else [*before]


def _ask_host(
    session: Session, actor: Actor, stay: Stay, longer: list[tuple[date, date | None]], unit_id: int | None
) -> Booking:
    """Return the request for the days added, at one end: it has its own answer, and the stay its own life."""
    if len(longer) > 1:
        raise InvalidRequest("from", "one-end")
    first, until = longer[0]
    claim: NightsClaim | PlaceClaim = PlaceClaim(resource_id=stay.place.id, first=first, until=until)
    if stay.terms.shape is Shape.NIGHTS and until is not None:
        has = nights_of(session, stay.holder)
        bed = unit_id or has[max(has) if first > stay.first else min(has)]
        claim = NightsClaim(resource_id=stay.place.id, first=first, until=until, unit_id=bed)
    return ask_beside(session, actor, stay, claim, ASKED)


def ask_beside(session: Session, actor: Actor, stay: Stay, claim: NightsClaim | PlaceClaim, act: str) -> Booking:
    """Return a request of its own for whom a stay is, with the line of history of the stay that says so.

    The stay itself is what it was, whatever the answer.
    """
    person_id, first, until = stay.booking.person_id, claim.first, claim.until
    whom = Beneficiary(person_id=person_id, case_ref=stay.booking.case_ref)
    asked = book(session, actor, claim, now=stay.now, beneficiary=whom)
    facts = {"asked": str(asked.id), "first_on": first.isoformat(), "until_on": until.isoformat() if until else None}
    line = Act(act=act, subject="booking", subject_id=stay.booking.id, person_id=person_id, at=stay.now, facts=facts)
    change(session, stay.booking, {})  # a line of history is another revision
    record(session, actor, line)
    return asked


def _refuse_unlike(session: Session, actor: Actor, one: Stay, other: Stay) -> None:
    """Refuse an exchange between kinds, or with a section that does not take the other person."""
    if one.terms.kind_id != other.terms.kind_id:
        raise InvalidRequest("other_id", "other-kind")
    if one.place.id == other.place.id:
        return
    if not (one.may_date and other.may_date):
        raise NotAllowed(act="stay-sections")
    for stay, there in ((one, other.place), (other, one.place)):
        why = misfit(session, actor, stay.booking, there.id, now=stay.now)
        if why is not None:
            raise InvalidRequest("other_id", "unfit-section", why=why, booking_id=stay.booking.id)


def _undo_swap(session: Session, actor: Actor, seen: Mapping[UUID, int | None], now: datetime) -> Booking:
    one_id, other_id = seen
    stays = _locked_both(session, actor, seen, now)
    known = {number: undoable(session, stay.booking, now, {SWAPPED}) for number, stay in stays.items()}
    if known[other_id]["with"] != str(one_id):  # they exchanged with somebody else since
        raise AlreadyDecided(booking_id=other_id, state=State(stays[other_id].booking.state))
    one, other = stays[one_id], stays[other_id]
    mine, theirs, before = nights_of(session, one.holder), nights_of(session, other.holder), known[one_id]["from"]
    back = [night for night, bed in nights_in(before).items() if night in theirs and mine.get(night) != bed]
    exchange_nights(session, one_id, other_id, back)
    for stay in stays.values():
        restore(session, stay, stay.places, known[stay.booking.id]["from"])
        tell(session, actor, stay, SWAPPED, known[stay.booking.id]["to"], undo=True)
    return one.booking


def _is_later(one: date | None, other: date | None) -> bool:
    """Say whether an end comes after another; no end comes after all."""
    return other is not None and (one is None or one > other)


def _sooner(one: date | None, other: date | None) -> date | None:
    return other if one is None or _is_later(one, other) else one
