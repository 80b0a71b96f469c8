"""Where those go who are booked in a section that closes: a proposal, then its lines, each one act with its undo.

Nothing of it happens by itself: closing days moves nobody. See docs/decisions/0023-stays-go-on.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, lock
from availability.claims import NightsClaim
from availability.errors import InvalidRequest, NotAllowed
from availability.models import Kind, Shape
from availability.openings import local_day
from availability.rights import REQUESTERS, Actor
from availability.search import Found, Wish, search, tally
from availability.statements import by_key, run
from availability.staying import nights_of, set_nights
from booking.actions import UNDO_MINUTES, Beneficiary, book, cancel
from booking.alternatives import misfit, profile_of
from booking.errors import AlreadyDecided
from booking.freed import let_go
from booking.ledger import INITIALS, STATE_NOW
from booking.models import Booking, State
from booking.persons import keep_person
from booking.stays import SETTLED, Stay, ask_beside, last_act, locked_stay, nights_in, restore, settle, tell, undoable
from booking.transitions import expect, free, locked_for, move_to, place_of
from optimizer.beds.rehousing import FARTHEST_KM, Guest, assign

REHOUSED, ASKED = "booking-rehoused", "booking-rehousing-asked"
LIVING = frozenset({State.REQUESTED, *SETTLED})  # of what was asked: it waits, or was accepted
SAID_NO = frozenset({State.REFUSED, State.LAPSED})
WITHIN_KM = 200.0
MOST_SECTIONS = 30
MOST_LINES = 200

_ON_CLOSED_NIGHTS = """
    FROM resource r JOIN site s ON s.id = r.site_id JOIN unit u ON u.resource_id = r.id
    JOIN bed_night n ON n.unit_id = u.id AND n.expires_at IS NULL
    JOIN closure c ON (c.resource_id = r.id OR c.site_id = r.site_id) AND c.days @> n.night
    JOIN booking b ON b.id = n.holder_id AND b.resource_id = r.id AND b.state IN ('booked', 'honoured')"""
TO_REHOUSE = text(f"""
    SELECT b.id, b.kind_id, b.territory_id, b.case_ref, b.first_on, b.until_on, b.revision, r.id AS here_id,
           r.name AS section, bed.name AS bed, {INITIALS} AS initials, min(n.night) AS closed_on,
           s.lat, s.lon, s.time_zone
    {_ON_CLOSED_NIGHTS} LEFT JOIN unit bed ON bed.id = b.unit_id LEFT JOIN person p ON p.id = b.person_id
    WHERE r.site_id = :site_id AND n.night >= CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)
    GROUP BY b.id, r.id, bed.name, p.id, s.id
    ORDER BY min(n.night), r.name, length(bed.name), bed.name, b.id LIMIT :most""")
CLOSED_NIGHT = by_key(f"""
    SELECT min(n.night) {_ON_CLOSED_NIGHTS} WHERE b.id = :id AND n.night >= :today""")
# What was asked of hosts for a stay, the last first, as of now.
ASKED_FOR = by_key(f"""
    SELECT o.id AS booking_id, {STATE_NOW.replace("b.", "o.")} AS state, o.resource_id, o.first_on, o.expires_at,
           s.name AS site_name, r.name AS section, u.name AS bed, s.time_zone
    FROM history h JOIN booking o ON o.id = CAST(h.facts ->> 'asked' AS uuid)
    JOIN resource r ON r.id = o.resource_id JOIN site s ON s.id = r.site_id LEFT JOIN unit u ON u.id = o.unit_id
    WHERE h.subject = 'booking' AND h.subject_id = :id AND h.act = '{ASKED}' ORDER BY h.id DESC""")  # noqa: S608
SECTIONS = by_key("SELECT id FROM resource WHERE site_id = :site_id")
FREE_BEDS = text("""
    SELECT u.id, u.name, u.resource_id FROM unit u
    WHERE u.resource_id = ANY(:sections) AND u.is_active AND NOT EXISTS (
        SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night >= :first AND n.night < :until
        AND (n.expires_at IS NULL OR n.expires_at > :now))
    ORDER BY u.resource_id, length(u.name), u.name, u.id""")


@dataclass(frozen=True, kw_only=True)
class Bed:
    """A free bed that suits somebody, in a section `distance_km` from the one that closes."""

    unit_id: int
    name: str
    resource_id: int
    section: str
    site_name: str
    commune: str
    distance_km: float | None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request made to a host for somebody to re-house, as it stands."""

    booking_id: UUID
    state: State
    resource_id: int
    first_on: date
    expires_at: datetime | None
    site_name: str
    section: str
    bed: str | None
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """Somebody to re-house: where they are, for which nights `[first, until)` they need a bed, and those that suit.

    Who has arrived leaves on the first closed night; who has not goes elsewhere for the whole stay. `why_not` counts
    the places of this kind around, under the reason why each does not do.
    """

    booking_id: UUID
    initials: str
    case_ref: str
    section: str
    bed: str
    closed_on: date
    first: date
    until: date
    has_arrived: bool
    host_accepts: bool
    beds: tuple[Bed, ...]
    why_not: tuple[tuple[str, int], ...] = ()
    here_id: int = 0
    revision: int = 0
    asked: Asked | None = None  # what waits for a host's answer, or was accepted
    said_no: tuple[str, ...] = ()  # the establishments that refused, or did not answer: they are not asked again
    kind_code: str = ""
    person_id: UUID | None = None


@dataclass(frozen=True)
class Line:
    """A case and the bed proposed, None when there is none; `is_nearest` when no bed that suits is nearer."""

    case: Case
    bed: Bed | None
    is_nearest: bool = True


@dataclass(frozen=True)
class Closing:
    """Those to re-house of an establishment; `others` are booked by services for which the actor may not act.

    `sections` are the resources of the establishment.
    """

    cases: tuple[Case, ...]
    others: int
    sections: frozenset[int]


def closing(session: Session, actor: Actor, site_id: int, *, now: datetime) -> Closing:
    """Return who is booked on closed nights of a site, and the beds that suit each. Raises: NotFound, NotAllowed."""
    rows = session.execute(TO_REHOUSE, {"site_id": site_id, "now": now, "most": MOST_LINES}).all()
    mine = [row for row in rows if row.territory_id in actor.territories(REQUESTERS, kind_id=row.kind_id)]
    around = _Around(session, actor, now)
    sections = frozenset(run(session, SECTIONS, {"site_id": site_id}).scalars())
    return Closing(tuple(_case(session, actor, row, around, now) for row in mine), len(rows) - len(mine), sections)


def count_to_rehouse(session: Session, site_id: int, *, now: datetime) -> int:
    """Return how many are booked on closed nights of a site."""
    return len(session.execute(TO_REHOUSE, {"site_id": site_id, "now": now, "most": MOST_LINES}).all())


def proposal(cases: Sequence[Case]) -> list[Line]:
    """Return the bed proposed to each: the most people, then the nearest over all, never two in one bed. Pure."""
    guests = [
        Guest(case.booking_id, case.first, case.until, {bed.unit_id: _km(bed) for bed in case.beds})
        for case in cases
        if case.asked is None
    ]
    chosen = assign(guests)
    return [_line(case, chosen.get(case.booking_id)) for case in cases]


def rehouse(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    resource_id: int,
    unit_id: int,
    now: datetime,
    revision: int | None = None,
) -> Booking:
    """Give somebody whose section closes a bed elsewhere, and return the booking that has it.

    Who has not arrived keeps their booking, moved whole. Who has, keeps the nights before the closure in it, and has
    another for the rest. Where the host accepts, that bed is asked of it by a request of its own, which is returned as
    long as it waits; once it is accepted, the same act leaves the bed here, wherever one is said to go.
    Raises: NotFound, NotAllowed, AlreadyDecided, ChangedMeanwhile, InvalidRequest, NotOpen, PeriodTaken, QuotaReached.
    """
    if living := _living(session, booking_id, now):
        return _leave(session, actor, {booking_id: revision, living.booking_id: None}, now)
    stay = locked_stay(session, actor, booking_id, now=now, wanting=[resource_id], revision=revision)
    expect(stay.booking, SETTLED)
    closed_on = _closed_on(session, stay)
    _check(session, actor, stay, resource_id)
    if stay.terms.host_accepts:
        return _ask_host(session, actor, stay, closed_on, (resource_id, unit_id))
    if stay.has_begun:
        return _go_on_elsewhere(session, actor, stay, closed_on, (resource_id, unit_id))
    before = stay.facts(session)
    wanted = dict.fromkeys(nights_of(session, stay.holder), unit_id)
    set_nights(session, stay.places, wanted, stay.holder)
    settle(session, stay, stay.places[resource_id], stay.first, stay.until)
    tell(session, actor, stay, REHOUSED, before)
    return stay.booking


def undo_rehousing(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Booking:
    """Bring somebody back where they were, a few minutes after they were re-housed, closed or not.

    What was just asked of a host is given up, unless it has answered; what it accepted stands, and is cancelled apart.
    Raises: NotFound, NotAllowed, AlreadyDecided, PeriodTaken.
    """
    last = last_act(session, booking_id)
    if last is not None and last.act == f"booking-{State.CANCELLED}" and "as" in last.facts:
        return _return(session, actor, booking_id, last, now)
    if last is not None and last.act == ASKED:
        return _give_request_up(session, actor, booking_id, UUID(last.facts["asked"]), now)
    elsewhere_id = UUID(last.facts["as"]) if last is not None and "as" in last.facts else None
    both = sorted({booking_id} | ({elsewhere_id} if elsewhere_id else set()))
    locked = {number: locked_for(session, actor, number) for number in both}
    facts = undoable(session, locked[booking_id][0], now, {REHOUSED})
    if facts.get("as") != (str(elsewhere_id) if elsewhere_id else None):
        raise AlreadyDecided(booking_id=booking_id, state=State(locked[booking_id][0].state))
    elsewhere = [int(facts[end]["resource_id"]) for end in ("from", "to")]
    if elsewhere_id is not None and "accepted" not in facts:
        other, terms = locked[elsewhere_id]
        expect(other, SETTLED)
        lock(session, [*elsewhere, other.resource_id])
        free(session, actor, other, terms, after=State.CANCELLED, now=now)
    stay = locked_stay(session, actor, booking_id, now=now, wanting=elsewhere)
    restore(session, stay, stay.places, facts["from"])
    tell(session, actor, stay, REHOUSED, facts["to"], undo=True)
    return stay.booking


class _Around:
    """What is around, for each profile and dates, looked up once."""

    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self.session, self.actor, self.now = session, actor, now
        self.sections = cache(self._sections)
        self.reasons = cache(self._reasons)
        self._free = cache(self._free_beds)

    def beds(self, wish: _Profile) -> tuple[Bed, ...]:
        """Return the free beds of the sections that suit, the nearest first."""
        found = {one.resource_id: one for one in self.sections(wish)}
        free_ones = self._free(tuple(found), wish.first, wish.until)
        beds = [_bed(row, found[row.resource_id]) for row in free_ones]
        return tuple(sorted(beds, key=_km))

    def _sections(self, wish: _Profile) -> list[Found]:
        return search(self.session, self.actor, self._wish(wish), now=self.now, only_suitable=True, limit=MOST_SECTIONS)

    def _reasons(self, wish: _Profile) -> tuple[tuple[str, int], ...]:
        return tally(search(self.session, self.actor, self._wish(wish), now=self.now, limit=MOST_SECTIONS)).why_not

    def _free_beds(self, sections: tuple[int, ...], first: date, until: date) -> Sequence[Any]:
        asked = {"sections": list(sections), "first": first, "until": until, "now": self.now}
        return self.session.execute(FREE_BEDS, asked).all()

    def _wish(self, wish: _Profile) -> Wish:
        kind = self.session.get_one(Kind, wish.kind_id)
        return Wish(
            kind=kind,
            first=wish.first,
            until=wish.until,
            near=wish.near,
            radius_km=WITHIN_KM if wish.near else None,
            sex=wish.sex,
            age=wish.age,
            beyond=kind.crosses_territories,
        )


@dataclass(frozen=True)
class _Profile:
    """For whom a bed is looked for, from where and when."""

    kind_id: int
    first: date
    until: date
    near: tuple[float, float] | None
    sex: str | None
    age: int | None


def _case(session: Session, actor: Actor, row: Any, around: _Around, now: datetime) -> Case:
    has_arrived = row.first_on < local_day(now, ZoneInfo(row.time_zone))
    first = row.closed_on if has_arrived else row.first_on
    booking = session.get_one(Booking, row.id)
    kind = session.get_one(Kind, row.kind_id)
    sex, age = profile_of(session, actor, booking, now=now)
    near = None if row.lat is None else (row.lat, row.lon)
    profile = _Profile(row.kind_id, first, row.until_on, near, sex, age)
    asks = _asked(session, row.id, now) if kind.host_accepts else []
    no = {one.resource_id: one.site_name for one in asks if one.state in SAID_NO}
    beds = tuple(bed for bed in around.beds(profile) if bed.resource_id not in no)
    return Case(
        booking_id=row.id,
        initials=row.initials,
        case_ref=row.case_ref,
        section=row.section,
        bed=row.bed or "",
        closed_on=row.closed_on,
        first=first,
        until=row.until_on,
        has_arrived=has_arrived,
        host_accepts=kind.host_accepts,
        kind_code=kind.code,
        person_id=booking.person_id,
        beds=beds,
        why_not=() if beds else around.reasons(profile),
        here_id=row.here_id,
        revision=row.revision,
        asked=next((one for one in asks if one.state in LIVING), None),
        said_no=tuple(dict.fromkeys(no.values())),
    )


def _asked(session: Session, booking_id: UUID, now: datetime) -> list[Asked]:
    rows = run(session, ASKED_FOR, {"id": str(booking_id), "now": now})
    return [Asked(**row._asdict() | {"state": State(row.state)}) for row in rows]


def _living(session: Session, booking_id: UUID, now: datetime) -> Asked | None:
    """Return what was asked for somebody and waits for its answer, or was accepted."""
    return next((one for one in _asked(session, booking_id, now) if one.state in LIVING), None)


def _bed(row: Any, found: Found) -> Bed:
    return Bed(
        unit_id=row.id,
        name=row.name,
        resource_id=found.resource_id,
        section=found.name,
        site_name=found.site_name,
        commune=found.commune,
        distance_km=found.distance_km,
    )


def _line(case: Case, unit_id: int | None) -> Line:
    bed = next((one for one in case.beds if one.unit_id == unit_id), None)
    return Line(case, bed, bed is None or _km(bed) <= _km(case.beds[0]))


def _km(bed: Bed) -> float:
    return FARTHEST_KM if bed.distance_km is None else bed.distance_km


def _closed_on(session: Session, stay: Stay) -> date:
    """Return the first closed night that a stay still has. Raises: InvalidRequest when it has none."""
    found: date | None = run(session, CLOSED_NIGHT, {"id": stay.booking.id, "today": stay.today}).scalar()
    if found is None:
        raise InvalidRequest("booking_id", "not-on-closed-days")
    return found


def _check(session: Session, actor: Actor, stay: Stay, resource_id: int) -> None:
    """Accept another section for somebody. Raises: NotFound, NotAllowed, InvalidRequest."""
    if not stay.may_date:
        raise NotAllowed(act="stay-sections")
    if stay.terms.shape is not Shape.NIGHTS:
        raise InvalidRequest("booking_id", "other-shape")
    there = place_of(actor, stay.places, resource_id)
    if there.id == stay.place.id:
        raise InvalidRequest("resource_id", "same-section")
    if there.terms.kind_id != stay.terms.kind_id:
        raise InvalidRequest("resource_id", "other-kind")
    if why := misfit(session, actor, stay.booking, resource_id, now=stay.now):
        raise InvalidRequest("resource_id", "unfit-section", why=why)


def _ask_host(session: Session, actor: Actor, stay: Stay, closed_on: date, there: tuple[int, int]) -> Booking:
    """Return the request for a bed elsewhere; the one that waits already when somebody has just asked."""
    if living := _living(session, stay.booking.id, stay.now):
        return session.get_one(Booking, living.booking_id)
    if stay.until is None:
        raise InvalidRequest("to", "required")
    first, (resource_id, unit_id) = closed_on if stay.has_begun else stay.first, there
    claim = NightsClaim(resource_id=resource_id, first=first, until=stay.until, unit_id=unit_id)
    return ask_beside(session, actor, stay, claim, ASKED)


def _leave(session: Session, actor: Actor, seen: dict[UUID, int | None], now: datetime) -> Booking:
    """Have a stay end where what its host accepted begins, and return the latter; while it waits, nothing changes.

    `seen`: the stay, then what was asked, each with the revision that the actor has seen.
    """
    booking_id, elsewhere_id = seen
    locked = {number: locked_for(session, actor, number, revision=seen[number])[0] for number in sorted(seen)}
    other = locked[elsewhere_id]
    expect(other, LIVING)
    if other.state == State.REQUESTED:
        return other
    stay = locked_stay(session, actor, booking_id, now=now, wanting=[other.resource_id])
    expect(stay.booking, SETTLED)
    _closed_on(session, stay)
    first, before = other.first_on or stay.first, stay.facts(session)
    kept = {night: bed for night, bed in nights_of(session, stay.holder).items() if night < first}
    if not kept:
        said = {"as": str(other.id), "was": before}
        free(session, actor, stay.booking, stay.terms, after=State.CANCELLED, now=now, facts=said)
        return other
    set_nights(session, stay.places, kept, stay.holder)
    settle(session, stay, stay.place, stay.first, first)
    tell(session, actor, stay, REHOUSED, before, **{"as": str(other.id), "accepted": True})
    return other


def _return(session: Session, actor: Actor, booking_id: UUID, last: Any, now: datetime) -> Booking:
    """Take back a stay that was left whole, bed by bed, although its nights are closed."""
    booking, _ = locked_for(session, actor, booking_id)
    if booking.state != State.CANCELLED or last.at < now - timedelta(minutes=UNDO_MINUTES):
        raise AlreadyDecided(booking_id=booking_id, state=State(booking.state))
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    let_go(session, booking_id, booking.resource_id)
    places = lock(session, [booking.resource_id])
    set_nights(session, places, nights_in(last.facts["was"]), Holder(id=booking_id, now=now), is_undo=True)
    return move_to(session, actor, booking, State(last.facts["before"]), now, facts={"undo": True})


def _give_request_up(session: Session, actor: Actor, booking_id: UUID, asked_id: UUID, now: datetime) -> Booking:
    """Give up what was asked of a host that has not answered; twice is once."""
    locked = {number: locked_for(session, actor, number)[0] for number in sorted((booking_id, asked_id))}
    expect(locked[asked_id], {State.REQUESTED, State.CANCELLED})
    cancel(session, actor, asked_id, now=now)
    return locked[booking_id]


def _go_on_elsewhere(session: Session, actor: Actor, stay: Stay, closed_on: date, there: tuple[int, int]) -> Booking:
    """Return the booking that somebody who has arrived has elsewhere, from the first closed night on."""
    if stay.until is None:
        raise InvalidRequest("to", "required")
    before, (resource_id, unit_id) = stay.facts(session), there
    claim = NightsClaim(resource_id=resource_id, first=closed_on, until=stay.until, unit_id=unit_id)
    whom = Beneficiary(person_id=stay.booking.person_id, case_ref=stay.booking.case_ref)
    other = book(session, actor, claim, now=stay.now, beneficiary=whom)
    kept = {night: bed for night, bed in nights_of(session, stay.holder).items() if night < closed_on}
    set_nights(session, stay.places, kept, stay.holder)
    settle(session, stay, stay.place, stay.first, closed_on)
    tell(session, actor, stay, REHOUSED, before, **{"as": str(other.id)})
    return other
