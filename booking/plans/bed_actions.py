"""A plan of beds applied, wholly or in part, and an application taken back.

Who waits is served as the list serves: a bed is held for them, offered and confirmed, in one transaction. Stays that
the plan moves go to their other bed first. Each is in a savepoint. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from availability.actions import Locked, lock
from availability.claims import NightsClaim
from availability.errors import NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import Kind
from availability.openings import local_day
from availability.rights import Actor
from availability.statements import run as execute
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.errors import AlreadyDecided, ChangedMeanwhile, QuotaReached, TooLate
from booking.freed import let_go
from booking.models import Booking, State
from booking.plans.bed_fit import Fits, fits
from booking.plans.bed_settings import check, locks_of
from booking.plans.beds import is_planned, plan_of
from booking.plans.kept import Application, Refused, instants_of
from booking.plans.models import OptimizerRun
from booking.quotas import Booker, wait_for_service
from booking.stays import CHANGED, SWAPPED, change_stay
from booking.waiting_entries import move_entry
from booking.waiting_models import LIVING, WaitingEntry, WaitingOffer, WaitingState
from booking.waiting_offers import ONE_LIST_AT_A_TIME
from optimizer.beds.problem import Lock, Placement

TAKEN_FOR = frozenset({State.BOOKED, State.REQUESTED})
SERVED_BY = text("SELECT booking_id, entry_id FROM waiting_offer WHERE entry_id = ANY(:ids) AND outcome = 'taken'")
SECTION_OF = text("SELECT id, resource_id FROM unit WHERE id = ANY(:ids)")
# Somebody from whom a person is kept sleeps, on one of these nights, in the establishment of a section.
NEAR = text("""
    SELECT 1 FROM kept_apart a JOIN kept_apart b ON b.group_id = a.group_id AND b.person_id <> a.person_id
    JOIN booking o ON o.person_id = b.person_id JOIN bed_night n ON n.holder_id = o.id
    JOIN unit u ON u.id = n.unit_id JOIN resource r ON r.id = u.resource_id
    WHERE a.person_id = :person_id AND n.night >= :first AND n.night < :until
      AND (n.expires_at IS NULL OR n.expires_at > :now)
      AND r.site_id = (SELECT site_id FROM resource WHERE id = :resource_id) LIMIT 1""")
CHANGED_SINCE = text("""
    SELECT 1 FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = ANY(:acts) AND at >= :since AND at <> ALL(:ours)
    LIMIT 1""")
# Why something was not applied, by the refusal that said so; the French is in booking/pages/plan_beds_words.py.
WHY: Mapping[type[Refusal], str] = {
    PeriodTaken: "taken",
    NotOpen: "closed",
    QuotaReached: "quota",
    TooLate: "too-late",
    NotFound: "gone",
    AlreadyDecided: "decided",
    ChangedMeanwhile: "changed",
}


class NotPlaced(Refusal):
    """A place that a plan gives may not be given any more: `why` says so."""


@dataclass
class Done:
    """What an application did: bookings by entry, the bed that each stay left, what was so already or refused."""

    bookings: dict[str, UUID] = field(default_factory=dict)
    moves: dict[str, tuple[UUID, int]] = field(default_factory=dict)
    already: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def apply_plan(
    session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
) -> Application:
    """Give the beds that a run proposes: to all, or to these who wait and who have one already.

    Raises: NotAllowed.
    """
    wanted = {
        item: placement
        for item, placement in plan_of(run.plan).placed.items()
        if is_planned(item) and (items is None or item in items)
    }
    # In the order of docs/locking.md: bookings, then every section concerned, sorted, once, then the list of the kind.
    stays = _locked_stays(session, run, wanted)
    entries = [one for one in _entries(session, run, wanted) if str(one.id) not in stays]
    section_of = _sections(session, [*wanted.values()])
    locked = lock(session, [*section_of.values(), *(stay.resource_id for stay in stays.values())])
    session.execute(ONE_LIST_AT_A_TIME, {"kind_id": run.kind_id})
    applying = _Applying(session, actor, run, section_of=section_of, locked=locked, now=now)
    applying.move(stays, wanted)
    applying.serve(entries, wanted)
    found = {*stays, *(str(one.id) for one in entries)}
    applying.done.refused.extend(Refused(why="gone", item=item) for item in wanted if item not in found)
    _keep(run, applying.done)
    done = applying.done
    return Application(done=(*done.bookings, *done.moves), already=tuple(done.already), refused=tuple(done.refused))


def take_back(session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int:
    """Give back the beds that were given, of stays that have not begun; return how many wait again or are back.

    Who waited waits again at the same place, unless they left the list or wait for the same already. A stay that
    somebody has moved since stays where they put it.
    """
    given: dict[str, str] = {booking: entry for entry, booking in run.applied.get("bookings", {}).items()}
    left: dict[str, int] = dict(run.applied.get("moves", {}).values())
    items = {booking: item for item, (booking, _) in run.applied.get("moves", {}).items()} | given
    bookings = _locked(session, [UUID(one) for one in (*given, *left)])
    locked = lock(session, [booking.resource_id for booking in bookings])
    session.execute(ONE_LIST_AT_A_TIME, {"kind_id": run.kind_id})
    placed = plan_of(run.plan).placed
    to_come = [
        one
        for one in bookings
        if one.state in TAKEN_FOR and _begins_after(one, now, locked) and _is_there(one, placed[items[str(one.id)]])
    ]
    mine = [one for one in to_come if str(one.id) in given]
    moved = {str(one.id): one for one in to_come if str(one.id) not in given}
    kept = [one for one in mine if _tried(session, _give_back, actor, one, UUID(given[str(one.id)]), now)]
    stuck = in_turn(moved, lambda item, stay: _tried(session, _bring_back, actor, stay, left[item], now))
    return len(to_come) - len(kept) - len(stuck)


def _is_there(booking: Booking, place: Placement) -> bool:
    """Say whether a stay is where a plan put it."""
    return (str(booking.unit_id), booking.first_on) == (place.room_id, place.first_on)


def _begins_after(booking: Booking, now: datetime, locked: Mapping[int, Locked]) -> bool:
    return booking.first_on is not None and booking.first_on > local_day(now, locked[booking.resource_id].zone)


def _tried(session: Session, act: Callable[..., None], *args: Any) -> str:
    """Do something within a savepoint; return why it was refused, empty when it is done. Raises: NotAllowed."""
    try:
        with session.begin_nested():
            act(session, *args)
    except NotAllowed:
        raise
    except Refusal as refusal:
        return why_of(refusal)
    return ""


class _Applying:
    """One application as it goes: what is done, and what is refused on the way."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        run: OptimizerRun,
        *,
        section_of: Mapping[str, int],
        locked: Mapping[int, Locked],
        now: datetime,
    ) -> None:
        self.session = session
        self.actor = actor
        self.run = run
        self.section_of = section_of
        self.locked = locked
        self.now = now
        self.since: dict[str, Any] = {"since": run.created_at, "ours": instants_of(session, run)}
        self.done = Done()

    def move(self, stays: Mapping[str, Booking], wanted: Mapping[str, Placement]) -> None:
        """Have stays that have not begun go to their other bed; they are named as the plan names them."""
        done = {*self.run.applied.get("moves", {}), *self.run.applied.get("bookings", {})}
        there = {item for item, stay in stays.items() if str(stay.unit_id) == wanted[item].room_id}
        self.done.already.extend(sorted(there & done))
        left = {item: stay for item, stay in stays.items() if item not in there}
        refused = in_turn(left, lambda item, stay: self._moved(item, stay, wanted[item]))
        self.done.refused.extend(Refused(why=why, item=item) for item, why in refused.items())

    def _moved(self, item: str, stay: Booking, place: Placement) -> str:
        """Move a stay; return why not, empty when it is done. The bed that it leaves is for the plan, not the list."""
        before = stay.unit_id
        why = _tried(self.session, self._move, stay, place)
        if not why and before is not None:
            self.done.moves[item] = (stay.id, before)
        return why

    def _move(self, session: Session, stay: Booking, place: Placement) -> None:
        if stay.state not in TAKEN_FOR or stay.first_on is None or stay.first_on != place.first_on:
            raise NotPlaced(why="changed")
        if execute(session, CHANGED_SINCE, {"id": str(stay.id), "acts": [CHANGED, SWAPPED], **self.since}).first():
            raise NotPlaced(why="changed")  # what somebody did since the plan was asked for is theirs
        unit_id = int(place.room_id)
        change_stay(
            session, self.actor, stay.id, first=stay.first_on, until=stay.until_on, unit_id=unit_id, now=self.now
        )
        let_go(session, stay.id, stay.resource_id)

    def serve(self, entries: Iterable[WaitingEntry], wanted: Mapping[str, Placement]) -> None:
        """Give those who wait their bed, as the list would serve them."""
        those = list(entries)
        kind = self.session.get_one(Kind, self.run.kind_id)
        fitted = fits(self.session, those, kind, today=self.run.first_on, now=self.now)
        for entry in those:
            item = str(entry.id)
            if why := _tried(self.session, self._serve, entry, wanted[item], fitted):
                self.done.refused.append(Refused(why=why, item=item))
            elif item not in self.done.bookings:
                self.done.already.append(item)

    def _serve(self, _session: Session, entry: WaitingEntry, place: Placement, fitted: Fits) -> None:
        """Give somebody their bed, unless they were served already."""
        claim = self._claim(entry, place)
        terms = self.locked[claim.resource_id].terms
        wait_for_service(self.session, terms, Booker(self.actor.organisation_id, self.actor.home_territory_id))
        self.session.refresh(entry, with_for_update=True)
        if entry.state == WaitingState.SERVED:
            return
        self._refuse(entry, claim, fitted)
        whom = Beneficiary(person_id=entry.person_id, case_ref=entry.case_ref)
        booking = hold(self.session, self.actor, claim, now=self.now, beneficiary=whom)
        offer = WaitingOffer(
            entry_id=entry.id,
            booking_id=booking.id,
            resource_id=claim.resource_id,
            freeing_id=uuid4(),
            offered_at=self.now,
            ends_at=booking.expires_at or self.now,
        )
        self.session.add(offer)
        facts = {"booking_id": str(booking.id), "resource_id": claim.resource_id, "run_id": str(self.run.id)}
        move_entry(self.session, self.actor, entry, WaitingState.OFFERED, self.now, facts=facts)
        confirm(self.session, self.actor, booking.id, now=self.now)  # the list hears of it, and ends the wait
        self.done.bookings[str(entry.id)] = booking.id

    def _claim(self, entry: WaitingEntry, place: Placement) -> NightsClaim:
        resource_id = self.section_of.get(place.room_id)
        if resource_id is None or resource_id not in self.locked:
            raise NotPlaced(why="no-bed")
        until = place.first_on + timedelta(days=entry.days or 1)
        return NightsClaim(resource_id=resource_id, first=place.first_on, until=until, unit_id=int(place.room_id))

    def _refuse(self, entry: WaitingEntry, claim: NightsClaim, fitted: Fits) -> None:
        """Refuse what may not be given any more. Raises: NotPlaced."""
        if entry.state != WaitingState.WAITING:
            raise NotPlaced(why="offered" if entry.state == WaitingState.OFFERED else "left")
        if claim.first < entry.first_on or claim.until > entry.until_on:
            raise NotPlaced(why="dates")
        if not fitted.of_entry[entry.id].suits(claim.resource_id):
            raise NotPlaced(why="unfit")
        nights = {"first": claim.first, "until": claim.until, "resource_id": claim.resource_id, "now": self.now}
        if entry.person_id and execute(self.session, NEAR, nights | {"person_id": entry.person_id}).first():
            raise NotPlaced(why="apart")


def in_turn(stays: Mapping[str, Booking], move: Callable[[str, Booking], str]) -> dict[str, str]:
    """Move stays, each as soon as the bed that it goes to is free of another; return those that could not, and why."""
    left = dict(stays)
    while left:
        refused = {item: why for item, stay in left.items() if (why := move(item, stay))}
        if len(refused) == len(left):
            return refused
        left = {item: left[item] for item in refused}
    return {}


def why_of(refusal: Refusal) -> str:
    """Return the reason that a refusal is, as a page says it."""
    if isinstance(refusal, NotPlaced):
        return str(refusal.facts["why"])
    return next((why for kind, why in WHY.items() if isinstance(refusal, kind)), "refused")


def _give_back(session: Session, actor: Actor, booking: Booking, entry_id: UUID, now: datetime) -> None:
    """Give a bed back, and have whoever had it wait again: nothing is kept for the list, it is as before the plan."""
    cancel(session, actor, booking.id, now=now)
    let_go(session, booking.id, booking.resource_id)
    session.execute(delete(WaitingOffer).where(col(WaitingOffer.booking_id) == booking.id))
    entry = session.get(WaitingEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is not None and entry.state == WaitingState.SERVED and not _has_twin(session, entry):
        facts = {"booking_id": str(booking.id), "undo": True}
        move_entry(session, actor, entry, WaitingState.WAITING, now, facts=facts)


def _bring_back(session: Session, actor: Actor, booking: Booking, unit_id: int, now: datetime) -> None:
    first, until = booking.first_on or date.min, booking.until_on
    change_stay(session, actor, booking.id, first=first, until=until, unit_id=unit_id, now=now)
    let_go(session, booking.id, booking.resource_id)


def _has_twin(session: Session, entry: WaitingEntry) -> bool:
    """Say whether somebody put them on the list for the same again."""
    twin = select(WaitingEntry.id).where(
        WaitingEntry.territory_id == entry.territory_id,
        WaitingEntry.digest == entry.digest,
        col(WaitingEntry.state).in_(LIVING),
        WaitingEntry.id != entry.id,
    )
    return session.exec(twin).first() is not None


def _locked_stays(session: Session, run: OptimizerRun, wanted: Mapping[str, Placement]) -> dict[str, Booking]:
    """Return the stays of the court among these items, locked: those that had a bed, by the list or not.

    Of those whom the list served, only where the run may move them: the others have what they have.
    """
    rows = session.execute(SERVED_BY, {"ids": [UUID(item) for item in wanted]})
    items = {item: item for item in wanted} | {str(row.booking_id): str(row.entry_id) for row in rows}
    locks, usual = locks_of(run.settings), Lock.MOVABLE if check(run.settings).may_move else Lock.FROZEN
    found = _locked(session, [UUID(one) for one in items])
    return {
        items[str(one.id)]: one
        for one in found
        if (one.territory_id, one.kind_id) == (run.territory_id, run.kind_id)
        and one.first_on == wanted[items[str(one.id)]].first_on
        and locks.get(items[str(one.id)], usual) is not Lock.FROZEN
    }


def _locked(session: Session, ids: Collection[UUID]) -> list[Booking]:
    chosen = select(Booking).where(col(Booking.id).in_(ids)).order_by(col(Booking.id)).with_for_update()
    return list(session.exec(chosen.execution_options(populate_existing=True)))


def _entries(session: Session, run: OptimizerRun, wanted: Mapping[str, Placement]) -> list[WaitingEntry]:
    """Return those of the court's list among these items, as they are served."""
    chosen = select(WaitingEntry).where(
        col(WaitingEntry.id).in_([UUID(item) for item in wanted]),
        WaitingEntry.territory_id == run.territory_id,
        WaitingEntry.kind_id == run.kind_id,
    )
    ordered = chosen.order_by(
        col(WaitingEntry.deadline_on).nulls_last(), col(WaitingEntry.created_at), col(WaitingEntry.id)
    )
    return list(session.exec(ordered.execution_options(populate_existing=True)))


def _sections(session: Session, places: Iterable[Placement]) -> dict[str, int]:
    ids = sorted({int(place.room_id) for place in places if place.room_id.isdecimal()})
    return {str(row.id): row.resource_id for row in session.execute(SECTION_OF, {"ids": ids})}


def _keep(run: OptimizerRun, done: Done) -> None:
    """Add what was applied to what the run led to already."""
    before: Mapping[str, Any] = run.applied
    run.applied = {
        "bookings": before.get("bookings", {}) | {entry: str(booking) for entry, booking in done.bookings.items()},
        "moves": {item: [str(booking), unit] for item, (booking, unit) in done.moves.items()} | before.get("moves", {}),
        "refused": [[one.item, one.why] for one in done.refused],
    }
