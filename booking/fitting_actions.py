"""Bracelet fittings: ask for one, take a slot of a team for it, give it back, close. They never commit.

Lock, then check, then write, in this order: the person, the request, the booking, the team (docs/locking.md). What
can be offered is judged by the function that lists it, under the team's lock: two fittings too far apart for one team
are refused like two on the same slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.claims import SlotClaim, readable
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.history import Act, record
from availability.openings import local_day
from availability.periods import Period
from availability.places import communes_in, time_of_commune
from availability.rights import Actor
from availability.sealing import House, seal
from availability.statements import by_key, run
from booking.actions import Beneficiary, cancel, confirm, hold, undo_cancel
from booking.errors import AlreadyDecided, SlotUnfit
from booking.events import BookingMoved, BookingRescheduled, Event
from booking.fitting_models import FittingRequest, FittingVisit
from booking.fitting_queries import (
    FITTERS,
    OPEN,
    TEAM_COLUMNS,
    TEAM_TABLES,
    RequestLine,
    Stage,
    request_for,
    reservable_teams,
    stops_of,
    team_of,
    terms_of,
    why_not_at,
)
from booking.fittings import (
    MOST_WINDOWS,
    NO_NEEDS,
    FittingTerms,
    Needs,
    Point,
    Purpose,
    WhyNot,
    Window,
    deadline,
    fits,
    way_there,
)
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import OUTCOMES
from booking.persons import keep_person, person_for
from booking.reasons import UNSAID, Reason, reason_facts
from booking.sealing import key_of
from booking.transitions import expect, locked_for

LONGEST_ADDRESS = 300
MOST_AGENTS = 4
OLDEST_ORDER = timedelta(days=366)
COMING = (State.HELD, State.REQUESTED, State.BOOKED)


@dataclass(frozen=True, kw_only=True)
class NewFittingRequest:
    """What is asked to open a request. `is_exact`: the point is that of the address, not of its commune.

    `known_as` is how whoever located the address named it: its commune says the civil time there.
    """

    person_id: UUID
    kind_id: int
    measure: str
    address: str
    known_as: str
    at: Point
    is_exact: bool
    windows: tuple[Window, ...]
    ordered_on: date
    deadline_on: date | None = None  # said by the decision itself; otherwise counted from the order
    purpose: Purpose = Purpose.FITTING
    is_urgent: bool = False
    needs: Needs = NO_NEEDS


def problems_of(new: NewFittingRequest, terms: FittingTerms, *, today: date) -> dict[str, str]:
    """Return every field that cannot be used, with the rule that it breaks; empty when all is well. Pure."""
    broken = {
        "measure": "" if new.measure in {one.code for one in terms.measures} else "unknown-choice",
        "address": _address_problem(new),
        "windows": _windows_problem(new.windows),
        "ordered_on": "" if today - OLDEST_ORDER <= new.ordered_on <= today else "out-of-range",
        "deadline_on": _deadline_problem(new),
        "agents": "" if 1 <= new.needs.agents <= MOST_AGENTS else "out-of-range",
        "skills": "" if new.needs.skills <= terms.skills.keys() else "unknown-choice",
    }
    return {name: problem for name, problem in broken.items() if problem}


def open_request(
    session: Session, actor: Actor, new: NewFittingRequest, *, house: House, now: datetime
) -> FittingRequest:
    """Ask for a bracelet to be fitted, in the territory of the person's file.

    Raises: InvalidRequest, NotFound, NotAllowed.
    """
    person = person_for(session, actor, new.person_id)
    _check_may_ask(session, actor, new.kind_id, person.territory_id)
    keep_person(session, person.id)
    terms = terms_of(session, new.kind_id)
    time_zone, holiday_zone = civil_time_at(new.known_as)
    for name, broken in problems_of(new, terms, today=local_day(now, ZoneInfo(time_zone))).items():
        raise InvalidRequest(name, broken)
    person_key = key_of(session, house, person.id)
    if person_key is None:
        raise NotFound(person_id=person.id)
    request = FittingRequest(
        kind_id=new.kind_id,
        territory_id=person.territory_id,
        person_id=person.id,
        measure=new.measure,
        address_sealed=seal(person_key, new.address.strip()),
        lat=new.at[0],
        lon=new.at[1],
        is_exact=new.is_exact,
        time_zone=time_zone,
        holiday_zone=holiday_zone,
        windows=[window.to_json() for window in sorted(set(new.windows))],
        ordered_on=new.ordered_on,
        deadline_on=new.deadline_on or _legal_deadline(new, terms, holiday_zone),
        purpose=new.purpose,
        is_urgent=new.is_urgent,
        agents=new.needs.agents,
        skills=sorted(new.needs.skills),
        requested_by=actor.account_id,
        created_at=now,
    )
    session.add(request)
    session.flush()
    _write_down(session, actor, request, "requested", now, measure=new.measure)
    return request


def book_offer(
    session: Session, actor: Actor, request_id: UUID, resource_id: int, start: datetime, *, now: datetime
) -> Booking:
    """Book a slot of a team for a request that waits.

    Raises: NotFound, NotAllowed, AlreadyDecided when it has one or is closed, NotOpen, PeriodTaken, SlotUnfit when
    nobody would be home, or when the team could not be there.
    """
    claim = SlotClaim(resource_id=resource_id, start=start)
    request, line = _locked(session, actor, request_id, now)
    _expect_stage(line, OPEN)
    lock(session, [resource_id])
    _refuse_unfit(session, actor, line, claim, now)
    held = hold(session, actor, claim, now=now, beneficiary=Beneficiary(person_id=line.person_id))
    booking = confirm(session, actor, held.id, now=now)
    session.add(FittingVisit(booking_id=booking.id, request_id=request.id, at=now))
    session.flush()
    _write_down(session, actor, request, "booked", now, booking_id=str(booking.id))
    return booking


def move_visit(
    session: Session, actor: Actor, request_id: UUID, resource_id: int, start: datetime, *, now: datetime
) -> Booking:
    """Give the visit of a request another slot, of the same team or another, where its person is home.

    A refusal is raised after the old slot was freed in this transaction: the caller rolls back, and nothing moved.
    Raises: NotFound, NotAllowed, AlreadyDecided, NotOpen, PeriodTaken, SlotUnfit.
    """
    request, line = _locked(session, actor, request_id, now)
    _expect_stage(line, (Stage.BOOKED,))
    claim = SlotClaim(resource_id=resource_id, start=start)
    booking = move(session, actor, _booking_of(line), claim, now=now, for_the_place=True)
    teams = reservable_teams(session, actor, line.kind_id, only=resource_id)
    if resource_id not in teams or booking.starts_at is None or booking.ends_at is None:
        raise NotFound(resource_id=resource_id)
    period = Period(booking.starts_at, booking.ends_at)
    stops = stops_of(session, teams, within=period, now=now)[resource_id]  # its own overlaps it: it is not looked at
    why = None if fits(line.windows, period, line.home.zone) else WhyNot.NOBODY_HOME
    why = why or way_there(teams[resource_id], line.home.at, period, stops, line.home.needs)
    if why is not None:
        raise SlotUnfit(resource_id=resource_id, start=start, why=why)
    _write_down(session, actor, request, "moved", now, booking_id=str(booking.id))
    return booking


def give_back(session: Session, actor: Actor, request_id: UUID, *, now: datetime, reason: Reason = UNSAID) -> Booking:
    """Give back the slot of a request, which waits again.

    Raises: NotFound, NotAllowed, AlreadyDecided, InvalidRequest for the reason.
    """
    request, line = _locked(session, actor, request_id, now)
    _expect_stage(line, (Stage.BOOKED,))
    booking = cancel(session, actor, _booking_of(line), now=now, reason=reason)
    _write_down(session, actor, request, "given-back", now, booking_id=str(booking.id), **reason_facts(reason))
    return booking


def take_back(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> Booking:
    """Take back the slot just given back, if the team can still be there.

    Raises: NotFound, NotAllowed, AlreadyDecided, NotOpen, PeriodTaken, SlotUnfit.
    """
    request, line = _locked(session, actor, request_id, now)
    _expect_stage(line, OPEN)
    booking, _ = locked_for(session, actor, _booking_of(line))
    if booking.starts_at is None:
        raise AlreadyDecided(booking_id=booking.id, state=State(booking.state))
    lock(session, [booking.resource_id])
    claim = SlotClaim(resource_id=booking.resource_id, start=booking.starts_at)
    expect(booking, {State.CANCELLED})
    _refuse_unfit(session, actor, line, claim, now)
    booking = undo_cancel(session, actor, booking.id, now=now)
    _write_down(session, actor, request, "taken-back", now, booking_id=str(booking.id))
    return booking


def close_request(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> FittingRequest:
    """Close a request that needs no fitting any more; one with a slot gives it back first.

    Raises: NotFound, NotAllowed, AlreadyDecided.
    """
    request, line = _locked(session, actor, request_id, now)
    if line.stage is Stage.CLOSED:
        return request
    _expect_stage(line, OPEN)
    request.closed_at = now
    _write_down(session, actor, request, "closed", now)
    return request


def reopen_request(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> FittingRequest:
    """Have a closed request wait again. Raises: NotFound, NotAllowed, AlreadyDecided."""
    request, line = _locked(session, actor, request_id, now)
    if line.stage in OPEN:
        return request
    _expect_stage(line, (Stage.CLOSED,))
    request.closed_at = None
    _write_down(session, actor, request, "reopened", now)
    return request


def change_deadline(
    session: Session, actor: Actor, request_id: UUID, deadline_on: date | None, *, now: datetime
) -> FittingRequest:
    """Set the last day that a decision gives, or none. Raises: NotFound, NotAllowed, AlreadyDecided, InvalidRequest."""
    request, line = _locked(session, actor, request_id, now)
    _expect_stage(line, (*OPEN, Stage.BOOKED))
    if deadline_on is not None and not line.ordered_on <= deadline_on <= line.ordered_on + OLDEST_ORDER:
        raise InvalidRequest("deadline_on", "out-of-range")
    if deadline_on == line.deadline_on:
        return request
    request.deadline_on = deadline_on
    before = line.deadline_on.isoformat() if line.deadline_on else None
    after = deadline_on.isoformat() if deadline_on else None
    _write_down(session, actor, request, "deadline-changed", now, before=before, after=after)
    return request


def keep_visits_possible(session: Session, event: Event) -> None:
    """Refuse, as a subscriber of events, to move or take back a fitting where its team could not be.

    A request has one slot at a time, and none once it is closed; what somebody else decides of it right now is not
    waited for, since the booking and the team are locked already. What was noted and is taken back never left the
    round: its way is not judged again. Raises: AlreadyDecided, SlotUnfit.
    """
    is_undo = isinstance(event, BookingMoved) and event.is_undo and event.after in COMING
    if not (is_undo or isinstance(event, BookingRescheduled)):
        return
    if run(session, _REQUEST_OF, {"id": event.booking_id}).first() is None:
        return
    row = session.execute(_VISIT, {"id": event.booking_id}).one_or_none()
    if row is None or row.closed_at is not None or run(session, _OTHER_VISIT, {"id": event.booking_id}).first():
        raise AlreadyDecided(booking_id=event.booking_id)
    if isinstance(event, BookingMoved) and event.before in OUTCOMES:
        return
    team, home, period = team_of(row), (row.home_lat, row.home_lon), Period(row.starts_at, row.ends_at)
    stops = stops_of(session, {team.resource_id: team}, within=period, now=event.at)[team.resource_id]
    why = way_there(team, home, period, stops, Needs(agents=row.needed, skills=frozenset(row.wanted)))
    if why is not None:
        raise SlotUnfit(resource_id=team.resource_id, start=period.start, why=why)


def civil_time_at(known_as: str) -> tuple[str, str]:
    """Return (IANA time zone, subdivision for holidays) of the commune that an address names, else of the mainland."""
    communes = communes_in(known_as)
    return time_of_commune(communes[0].insee) if communes else ("Europe/Paris", "")


def _locked(session: Session, actor: Actor, request_id: UUID, now: datetime) -> tuple[FittingRequest, RequestLine]:
    """Return the request, nobody else deciding of it until the end, and how it stands now.

    The person first, as for an erasure, which then takes the requests. Raises: NotFound, NotAllowed.
    """
    seen = request_for(session, actor, request_id, now=now)
    _check_may_ask(session, actor, seen.kind_id, seen.territory_id)
    keep_person(session, seen.person_id)
    request = session.get(FittingRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound(request_id=request_id)
    return request, request_for(session, actor, request_id, now=now)


def _check_may_ask(session: Session, actor: Actor, kind_id: int, territory_id: int) -> None:
    """Raises: NotAllowed when no right of the actor covers fittings there."""
    roles = {row.role for row in run(session, _OPEN_TO, {"kind_id": kind_id})} & {role.value for role in FITTERS}
    if not any(right.covers(territory_id=territory_id) for right in actor.rights_in(roles, kind_id=kind_id)):
        raise NotAllowed(act="fitting")


def _refuse_unfit(session: Session, actor: Actor, line: RequestLine, claim: SlotClaim, now: datetime) -> None:
    try:
        why = why_not_at(session, actor, line, claim.resource_id, claim.start, now=now)
    except NotFound as error:
        if "start" in error.facts:
            raise NotOpen(resource_id=claim.resource_id, start=claim.start) from error
        raise
    if why is WhyNot.TAKEN:
        raise PeriodTaken(resource_id=claim.resource_id, start=claim.start)
    if why is not None:
        raise SlotUnfit(resource_id=claim.resource_id, start=claim.start, why=why)


def _expect_stage(line: RequestLine, stages: tuple[Stage, ...]) -> None:
    if line.stage not in stages:
        raise AlreadyDecided(request_id=line.id, stage=line.stage)


def _booking_of(line: RequestLine) -> UUID:
    if line.booking_id is None:
        raise AlreadyDecided(request_id=line.id, stage=line.stage)
    return line.booking_id


def _write_down(
    session: Session, actor: Actor, request: FittingRequest, what: str, now: datetime, **facts: Any
) -> None:
    act = Act(
        act=f"fitting-{what}",
        subject="fitting_request",
        subject_id=request.id,
        person_id=request.person_id,
        at=now,
        facts=facts,
    )
    record(session, actor, act)


def _legal_deadline(new: NewFittingRequest, terms: FittingTerms, holiday_zone: str) -> date | None:
    """Return the last day that the law gives: of a fitting. A removal has the one of its decision, or none."""
    is_removal = new.purpose is Purpose.REMOVAL
    return None if is_removal else deadline(terms.measure(new.measure), new.ordered_on, holiday_zone)


def _address_problem(new: NewFittingRequest) -> str:
    try:
        address = readable("address", new.address)
    except InvalidRequest as refusal:
        return refusal.problem
    if not address:
        return "required"
    if not (-90 <= new.at[0] <= 90 and -180 <= new.at[1] <= 180):
        return "not-on-earth"
    return "too-long" if len(address) > LONGEST_ADDRESS else ""


def _windows_problem(windows: tuple[Window, ...]) -> str:
    if not windows:
        return "required"
    return "too-many" if len(windows) > MOST_WINDOWS else ""


def _deadline_problem(new: NewFittingRequest) -> str:
    if new.deadline_on is None:
        return ""
    return "" if new.ordered_on <= new.deadline_on <= new.ordered_on + OLDEST_ORDER else "out-of-range"


_OPEN_TO = by_key("SELECT role FROM kind_right WHERE kind_id = :kind_id")
_REQUEST_OF = by_key("SELECT request_id FROM fitting_visit WHERE booking_id = :id")
_VISIT = text(f"""
    SELECT {TEAM_COLUMNS}, f.closed_at, f.lat AS home_lat, f.lon AS home_lon,
           f.agents AS needed, f.skills AS wanted, b.starts_at, b.ends_at
    FROM {TEAM_TABLES} JOIN booking b ON b.resource_id = r.id JOIN fitting_visit v ON v.booking_id = b.id
    JOIN fitting_request f ON f.id = v.request_id WHERE b.id = :id FOR UPDATE OF f SKIP LOCKED""")  # noqa: S608 - constants
_OTHER_VISIT = by_key("""
    SELECT 1 FROM fitting_visit v JOIN fitting_visit w ON w.request_id = v.request_id AND w.booking_id <> v.booking_id
    JOIN booking b ON b.id = w.booking_id
    WHERE v.booking_id = :id AND b.state IN ('held', 'requested', 'booked', 'honoured')""")
