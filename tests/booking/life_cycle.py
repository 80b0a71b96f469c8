"""Random sequences of acts by several people on places of the four shapes, against PostgreSQL and a simple model.

Each act is a transaction that commits, and any of them may lose its connection before one of its statements, or just
before it commits. An act must succeed exactly when the model says that it can, and after every one of them the tables
must say what the model says. Another act is one more rule: ask `does` for it, and say in `Known` what it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, invariant, multiple, precondition, rule
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.closings import Closed, ClosedDays, close_days, reopen_days
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import QuotaPeriod, Shape
from availability.openings import local_day
from availability.periods import days_between, peak
from availability.rights import Actor
from booking import actions, moving, outcomes, waiting
from booking.actions import Beneficiary
from booking.errors import ChangedMeanwhile, TooLate
from booking.filters import Filters
from booking.models import EXPIRING, State
from booking.series import SeriesConflicts, cancel_rest, create_series
from booking.series_plan import SeriesOrder
from booking.series_rules import Measure
from booking.stays import MOVABLE, change_stay, swap_beds
from booking.waiting_models import WaitingState
from booking.waiting_offers import due, looked_at, offer_freed, offer_looked
from tests.booking.cycle import A_CASE
from tests.booking.life_list import Kept, Waiter, is_elsewhere, keep, left_behind, let_go, moves, served
from tests.booking.life_model import (
    CAME_OR_NOT,
    DECIDED,
    GONE,
    PARIS_TIME,
    SETTLED,
    SLOT,
    UNDO,
    Because,
    Known,
    Model,
    Nights,
    Place,
    days_of,
)
from tests.booking.life_places import (
    BOOKINGS,
    FREED,
    LINES,
    LISTED,
    SKIPPED,
    TAKEN,
    Ground,
    Patience,
    Wish,
    claim_for,
    crashing,
    hour_of,
    moments,
    patience,
    spots,
    start_on,
    wishes,
)
from tests.factories import NOW, TODAY, in_days

LAST_MOMENT = NOW + timedelta(days=6)
MOST_STATEMENTS = 24  # more than most acts have
SUBJECTS = ["booking", "waiting", "series"]
SET_QUOTA = text("INSERT INTO kind_quota (kind_id, per, most) VALUES (:kind_id, :per, :most)")
OF_SERIES = "SELECT id FROM booking WHERE series_id = %s ORDER BY first_on, starts_at"
WHOSE = "SELECT person_id FROM booking WHERE id = %s"
OPEN_OFFER = "SELECT id FROM waiting_offer WHERE entry_id = %s AND outcome IS NULL"
FORGET_QUOTA = text("DELETE FROM kind_quota WHERE kind_id = :kind_id AND per = :per")


class LifeCycle(RuleBasedStateMachine):
    """What colleagues, a host, a stranger and the clock do on eight places."""

    bookings: Bundle[UUID] = Bundle("bookings")
    closures: Bundle[int] = Bundle("closures")
    waiters: Bundle[UUID] = Bundle("waiters")
    series: Bundle[UUID] = Bundle("series")

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.engine, self.world = ground, ground.engine, ground.world
        self.now = NOW
        self.crash_at: int | None = None
        self.model = Model(ground.places)
        self.made_in_series: dict[UUID, list[UUID]] = {}
        self.series_lines: dict[UUID, list[tuple[str, UUID | None]]] = {}
        self.officers = list(ground.officers)
        ground.forget()

    def does(self, because: Because, act: Callable[..., Any], actor: Actor | None, *args: Any, **values: Any) -> Any:
        """Return what an act answers, or None when it was refused, as the model has it, or lost its connection."""
        crash_at, self.crash_at = self.crash_at, None
        first = () if actor is None else (actor,)
        try:
            with (
                crashing(self.engine, crash_at),
                Session(self.engine, expire_on_commit=False) as session,
                session.begin(),
            ):
                answer = act(session, *first, *args, now=self.now, **values)
        except Refusal as refusal:
            if type(refusal) not in because:
                raise
            return None
        except DBAPIError:
            if crash_at is None:
                raise
            return None
        assert not because, (act.__name__, "was not refused", because)
        return answer

    def moves(self, one: Known, after: State, by: Actor | None, *, is_undo: bool = False) -> None:
        """Note that a booking is in another state, with what that frees."""
        moves(self.model, one, after, self.now, by.account_id if by else None, is_undo=is_undo)

    def leaves(self, one: Known, had: tuple[Claim, ...]) -> None:
        """Note what a booking no longer has, now that it has something else."""
        keep(self.model, one, left_behind(self.model, had, one), now=self.now, due_at=self.now + UNDO)

    @property
    def officer(self) -> Actor:
        """Return whose turn it is: colleagues act on the same bookings."""
        self.officers.reverse()
        return self.officers[0]

    @rule(at=st.integers(1, MOST_STATEMENTS))
    def the_next_act_may_lose_its_connection(self, at: int) -> None:
        """Before that statement of its own; just before it commits, when it has fewer."""
        self.crash_at = at

    @precondition(lambda self: self.now < LAST_MOMENT)
    @rule(minutes=moments)
    def time_passes(self, minutes: int) -> None:
        """Move the clock."""
        self.now += timedelta(minutes=minutes)

    @rule(target=bookings, wish=wishes)
    def hold(self, wish: Wish) -> UUID | MultipleResults[UUID]:
        """Any free bed will do, or the named one."""
        place = self.model.places[wish.place]
        claim, actor = claim_for(place, wish), self.officer
        booking = self.does(self.model.why_not(place, claim, self.now), actions.hold, actor, claim)
        if booking is None:
            return multiple()
        one = Known(place, (self.model.given(place, claim, self.now),))
        one.becomes(State.HELD, self.now, actor.account_id)
        self.model.known[booking.id] = one
        return UUID(str(booking.id))

    @rule(number=bookings)
    def confirm(self, number: UUID) -> None:
        """A place is booked, or asked of its host."""
        one, actor = self.model.known[number], self.officer
        is_done = one.state in (State.REQUESTED, State.BOOKED)
        because = () if is_done else GONE if one.is_over(self.now) else () if one.state is State.HELD else DECIDED
        whom = Beneficiary(person_id=self.ground.person.account_id)
        if self.does(because, actions.confirm, actor, number, beneficiary=whom) and not is_done:
            self.moves(one, State.REQUESTED if one.place.host_accepts else State.BOOKED, actor)

    @rule(target=bookings, wish=wishes)
    def book(self, wish: Wish) -> UUID | MultipleResults[UUID]:
        """Hold, then confirm: what is most done."""
        held = self.hold(wish)
        if isinstance(held, UUID):
            self.confirm(held)
        return held

    @rule(number=bookings, is_accepted=st.booleans())
    def answer_as_host(self, number: UUID, is_accepted: bool) -> None:
        """The host says yes or no."""
        self.accept(number) if is_accepted else self.refuse(number)

    def accept(self, number: UUID) -> None:
        """The host says yes."""
        one, host = self.model.known[number], self.world.host
        is_done = one.state is State.BOOKED
        is_late = one.is_over(self.now) and one.state is not State.HELD
        because = () if is_done else GONE if one.state is State.LAPSED else DECIDED
        if one.state is State.REQUESTED:
            because = GONE if is_late else ()
        elif one.state is State.HELD and one.is_over(self.now):
            because = GONE | DECIDED
        if self.does(because, actions.accept, host, number) and not is_done:
            self.moves(one, State.BOOKED, host)

    def refuse(self, number: UUID) -> None:
        """The host says no."""
        one, host = self.model.known[number], self.world.host
        is_done = one.state is State.REFUSED
        because = () if is_done or one.state is State.REQUESTED else DECIDED
        if self.does(because, actions.refuse, host, number, reason="full") and not is_done:
            self.moves(one, State.REFUSED, host)

    @rule(number=bookings)
    def cancel(self, number: UUID) -> None:
        """Give it back."""
        one, actor = self.model.known[number], self.officer
        is_done = one.state is State.CANCELLED
        because = self.model.why_not_cancelled(one, self.now)
        if self.does(because, actions.cancel, actor, number) and not is_done:
            self.moves(one, State.CANCELLED, actor)

    @rule(number=bookings)
    def give_back_by_link(self, number: UUID) -> None:
        """Its person says that they cannot come: the service may excuse that."""
        one, person = self.model.known[number], self.ground.person
        if one.state is not State.BOOKED or self.ground.read(WHOSE, number) != [(person.account_id,)]:
            return
        if self.does(self.model.why_not_cancelled(one, self.now), actions.cancel, person, number):
            self.moves(one, State.CANCELLED, person)
            one.by_person = True

    @rule(number=bookings)
    def excuse(self, number: UUID) -> None:
        """Say why somebody did not come, or will not."""
        one, actor = self.model.known[number], self.officer
        is_done = one.state is State.EXCUSED
        may_be = one.state in CAME_OR_NOT or (one.state is State.CANCELLED and one.by_person)
        because = () if is_done or may_be else DECIDED
        if self.does(because, outcomes.excuse, actor, number) and not is_done:
            self.moves(one, State.EXCUSED, actor)

    @rule(number=bookings)
    def undo(self, number: UUID) -> None:
        """Take back what was given back a moment ago, or excused, if nobody has it."""
        one, actor = self.model.known[number], self.officer
        because: Because = DECIDED
        if one.state is State.EXCUSED:
            was_free = one.before is State.CANCELLED
            because = () if was_free else self.model.taken_back(one, self.now, by_the_past=True)
        elif one.just_undone:
            because = ()
        elif one.cancelled_at and self.now - one.cancelled_at <= UNDO:
            is_over = one.would_end_at is not None and one.would_end_at <= self.now
            gone = {*(GONE if is_over else ()), *(DECIDED if is_elsewhere(one) else ())}
            because = {*self.model.taken_back(one, self.now), *gone}
        if self.does(because, outcomes.undo, actor, number) and not one.just_undone:
            assert one.before is not None
            self.moves(one, one.before, actor, is_undo=True)

    @rule(number=bookings, outcome=st.sampled_from(outcomes.OUTCOMES))
    def note_outcome(self, number: UUID, outcome: State) -> None:
        """Say who came, or correct it; who was excused has their place again."""
        one, actor = self.model.known[number], self.officer
        is_done = one.state is outcome
        if is_done:
            because: Because = ()
        elif one.state not in (State.BOOKED, State.EXCUSED, *outcomes.OUTCOMES):
            because = DECIDED
        elif not one.has_begun(self.now):
            because = {InvalidRequest}
        else:
            is_excused = one.state is State.EXCUSED
            because = self.model.taken_back(one, self.now, by_the_past=True) if is_excused else ()
        if self.does(because, outcomes.note_outcome, actor, number, outcome) and not is_done:
            self.moves(one, outcome, actor)

    @rule(number=bookings, wish=wishes)
    def move(self, number: UUID, wish: Wish) -> None:
        """Take another period, maybe elsewhere, in the place of the one that it has: both or none."""
        one, actor = self.model.known[number], self.officer
        peers = [place for place in self.model.places if place.kind_id == one.place.kind_id]
        place = peers[wish.place % len(peers)]
        claim = claim_for(place, wish)
        start, is_same = one.place.start_of(one.claim), claim == one.claim
        if one.state is not State.BOOKED:
            because: Because = DECIDED
        elif one.place.host_accepts:
            because = {NotAllowed}
        elif start is not None and start <= self.now:
            because = {InvalidRequest}
        elif is_same:
            because = ()
        elif one.is_too_late(self.now) and not one.was_just(claim, self.now):
            because = {TooLate}
        else:
            because = self.model.why_not(place, claim, self.now, but=one, was_on=one.place.day_of(one.claim))
        if self.does(because, moving.move, actor, number, claim) and not is_same:
            had, was = one.has, one.claim
            let_go(self.model, one, place)
            given = self.model.given(place, claim, self.now, but=one)
            one.is_given(place, (given,), "booking-moved", actor.account_id)
            one.moved_from = (was, self.now)
            self.leaves(one, had)

    @rule(number=bookings, wish=wishes)
    def change_stay(self, number: UUID, wish: Wish) -> None:
        """Make a stay longer, shorter, or have it in another bed, before it begins or during it.

        What it keeps is never let go, and what was slept stays where it was.
        """
        one, actor = self.model.known[number], self.officer
        had, today = one.claim, local_day(self.now, PARIS_TIME)
        if not isinstance(had, NightsClaim):
            return
        bed = (*one.place.units, None)[wish.which % (len(one.place.units) + 1)]
        first = had.first if had.first < today and wish.place else in_days(wish.first)
        until = in_days(wish.first + wish.length)
        wanted = _stay(one.nights, first, until, bed, since=today)
        because = self._why_not_changed(one, first, until, wanted)
        changed = self.does(because, change_stay, actor, number, first=first, until=until, unit_id=bed)
        if changed and wanted != one.nights:
            was, nights = one.has, one.nights
            if wanted.items() - nights.items():
                let_go(self.model, one, one.place)
            one.is_given(one.place, self.model.runs(wanted), "booking-stay-changed", actor.account_id)
            if (first, until) != (had.first, had.until):
                self.leaves(one, was)

    def _why_not_changed(self, one: Known, first: date, until: date, wanted: Nights) -> Because:
        if one.state not in MOVABLE:
            return DECIDED
        if one.is_over(self.now):
            return GONE
        if until <= first:
            return {InvalidRequest}
        taken = self.model.why_not_these_nights(wanted, one.nights, self.now, but=(one,))
        return {*self.model.why_not_stay(one, first, until, self.now), *taken}

    @rule(number=bookings, other_number=bookings)
    def swap_beds(self, number: UUID, other_number: UUID) -> None:
        """Have two stays exchange their beds from the first night that both still have."""
        pair, actor = (self.model.known[number], self.model.known[other_number]), self.officer
        one, other = pair
        today = local_day(self.now, PARIS_TIME)
        both = [night for night in one.nights if night in other.nights and night >= today]
        because: set[type[Refusal]] = set()
        if one is other or not one.nights or not other.nights:
            because = {InvalidRequest}
        elif not {one.state, other.state} <= {*SETTLED}:
            because = {*DECIDED}
        elif not both:
            because = {InvalidRequest}
        wanted = [_swapped(mine.nights, its.nights, both) for mine, its in (pair, pair[::-1])] if not because else []
        for mine, its, nights in zip(pair, pair[::-1], wanted, strict=False):
            had = {night: its.nights[night] if night in both else bed for night, bed in mine.nights.items()}
            because |= {*self.model.why_not_these_nights(nights, had, self.now, but=pair)}
        if self.does(because, swap_beds, actor, number, other_number):
            had_both, places = [mine.has for mine in pair], [one.place, other.place]
            for mine, place, nights in zip(pair, places[::-1], wanted, strict=True):
                mine.is_given(place, self.model.runs(nights), "booking-beds-swapped", actor.account_id)
            for mine, has in zip(pair, had_both, strict=True):
                if places[0] is not places[1]:
                    self.leaves(mine, has)

    @rule(target=series, place=st.sampled_from([2, 3, 4, 5]), wish=wishes)
    def take_a_series(self, place: int, wish: Wish) -> UUID | MultipleResults[UUID]:
        """Take one to three days in a row, at the same hour where there are hours: all of them or none."""
        where, actor = self.model.places[place], self.officer
        claims = [claim_for(where, replace(wish, first=wish.first + each, length=1)) for each in range(wish.length)]
        if where.shape is Shape.SLOTS:
            days = range(wish.first, wish.first + wish.length)
            claims = [SlotClaim(resource_id=where.resource_id, start=start_on(day, wish.which)) for day in days]
        trial, because = replace(self.model, known=dict(self.model.known)), set[type[Refusal]]()
        for claim in claims:
            because |= {*trial.why_not(where, claim, self.now)}
            trial.known[uuid4()] = Known(where, (claim,))
        because |= {SeriesConflicts} if because else set()
        made = self.does(because, create_series, actor, _order(where, wish, claims))
        if made is None:
            return multiple()
        numbers = [row[0] for row in self.ground.read(OF_SERIES, made.id)]
        for number, claim in zip(numbers, claims, strict=True):
            one = self.model.known[number] = Known(where, (claim,))
            one.becomes(State.HELD, self.now, actor.account_id)
            one.becomes(State.REQUESTED if where.host_accepts else State.BOOKED, self.now, actor.account_id)
        self.made_in_series[made.id] = numbers
        self.series_lines[made.id] = [("series-created", actor.account_id)]
        return UUID(str(made.id))

    @rule(number=series)
    def give_back_the_rest(self, number: UUID) -> None:
        """Give back what is left of a series: not what has begun, nor what begins too soon."""
        actor, is_done = self.officer, len(self.series_lines[number]) > 1
        if self.does((), cancel_rest, actor, number) and not is_done:
            self.series_lines[number].append(("series-cancelled", actor.account_id))
            for each in sorted(self.made_in_series[number]):
                one = self.model.known[each]
                is_to_come = one.place.begins_at(one.claim) > self.now + one.place.notice
                if is_to_come and one.state in (State.HELD, State.REQUESTED, State.BOOKED):
                    self.moves(one, State.CANCELLED, actor)

    @rule(place=st.integers(0, 7), per=st.sampled_from([QuotaPeriod.DAY, QuotaPeriod.WEEK]), most=st.integers(0, 3))
    def set_quota(self, place: int, per: QuotaPeriod, most: int) -> None:
        """Allow so many of a kind in a day or a week, or as many as there are; what is taken stands."""
        kind_id = self.model.places[place].kind_id
        with self.engine.begin() as connection:
            connection.execute(FORGET_QUOTA, {"kind_id": kind_id, "per": per})
            self.model.quotas.pop((kind_id, per), None)
            if most:
                connection.execute(SET_QUOTA, {"kind_id": kind_id, "per": per, "most": most})
                self.model.quotas[kind_id, per] = most

    @rule(target=waiters, asked=patience, deadlines=st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=3))
    def wait(self, asked: Patience, deadlines: list[int | None]) -> MultipleResults[UUID]:
        """Put one or several on the list, for a place or for any of its kind: each may have a legal deadline."""
        numbers = [self._waits(asked, None if day is None else in_days(day)) for day in deadlines]
        return multiple(*(number for number in numbers if number is not None))

    def _waits(self, asked: Patience, deadline: date | None) -> UUID | None:
        place, actor = self.model.places[asked.place], self.officer
        first, until = in_days(asked.first), in_days(asked.first + asked.days + asked.longer)
        today = local_day(self.now, PARIS_TIME)
        is_past = until <= today or (deadline is not None and deadline < today)
        wanted = waiting.Wanted(
            filters=Filters.read({"type": place.kind_code}),
            first_on=first,
            until_on=until,
            days=asked.days,
            resource_id=None if asked.is_for_kind else place.resource_id,
            beneficiary=Beneficiary(case_ref=f"W-{len(self.model.waiters)}"),
            deadline_on=deadline,
            deadline_source="décision fictive" if deadline else "",
        )
        entry = self.does({InvalidRequest} if is_past else (), waiting.ask, actor, wanted)
        if entry is None:
            return None
        number = UUID(str(entry.id))
        days = asked.days if place.shape is not Shape.SLOTS else 1
        one = Waiter(number, place, asked.is_for_kind, first, until, days, deadline, self.now)
        one.lines.append(("waiting-waiting", actor.account_id))
        self.model.waiters[number] = one
        return number

    @rule(number=waiters)
    def leave_the_list(self, number: UUID) -> None:
        """Take somebody off it, with what is offered to them."""
        one, actor = self.model.waiters[number], self.officer
        is_done, offer = one.state is WaitingState.WITHDRAWN, one.open_offer
        is_over = one.state not in (WaitingState.WAITING, WaitingState.OFFERED, WaitingState.WITHDRAWN)
        because = self.model.why_not_cancelled(offer.booking, self.now) if offer else DECIDED if is_over else ()
        if self.does(because, waiting.withdraw, actor, number) and not is_done:
            if offer:
                self.moves(offer.booking, State.CANCELLED, actor)
            one.becomes(WaitingState.WITHDRAWN, self.now, actor.account_id)

    @rule(number=waiters)
    def come_back_to_the_list(self, number: UUID) -> None:
        """Take back, at the same place, what was withdrawn a moment ago."""
        one, actor = self.model.waiters[number], self.officer
        is_there = one.state in (WaitingState.WAITING, WaitingState.OFFERED)
        is_recent = one.state is WaitingState.WITHDRAWN and one.ended_at and self.now - one.ended_at <= UNDO
        because = () if is_there or is_recent else DECIDED
        if self.does(because, waiting.undo_withdraw, actor, number) and not is_there:
            one.becomes(WaitingState.WAITING, self.now, actor.account_id)

    @precondition(lambda self: self.offered)
    @rule(which=st.integers(0, 3), is_taken=st.booleans())
    def answer_an_offer(self, which: int, is_taken: bool) -> None:
        """Take what is offered, or leave it to the next."""
        one, actor = self.offered[which % len(self.offered)], self.officer
        assert one.open_offer is not None
        booking = one.open_offer.booking
        (offer_id,) = self.ground.read(OPEN_OFFER, one.number)[0]
        if is_taken:
            if self.does(GONE if booking.is_over(self.now) else (), waiting.accept, actor, offer_id):
                self.moves(booking, State.REQUESTED if booking.place.host_accepts else State.BOOKED, actor)
        elif self.does((), waiting.decline, actor, offer_id, reason="dates"):
            self.moves(booking, State.CANCELLED, actor)

    @property
    def offered(self) -> list[Waiter]:
        """Return those to whom something is offered, in order."""
        return [one for one in self.model.waiters.values() if one.open_offer]

    @rule(target=bookings)
    def the_clock_comes(self) -> MultipleResults[UUID]:
        """Write ends down, offer what was freed, then look at what is free: each a transaction, that may be lost."""
        with Session(self.engine) as session:
            over = actions.expired(session, now=self.now)
            freed = due(session, now=self.now)
        assert set(over) == {
            number for number, one in self.model.known.items() if one.expires_at and one.is_over(self.now)
        }
        assert set(freed) == {one.id for one in self.model.kept if one.due_at <= self.now}
        for number in over:
            self.sweep(number)
        self.name_what_is_kept()
        with Session(self.engine) as session:
            freed = due(session, now=self.now)
        made: list[UUID] = []
        for freed_id in freed:
            made += self._offers(next(one for one in self.model.kept if one.id == freed_id))
        with Session(self.engine) as session:
            places = looked_at(session)
        waited = [one for one in self.model.waiters.values() if one.state is WaitingState.WAITING]
        assert places == [p.resource_id for p in self.model.places if any(one.wants(p) for one in waited)]
        for resource_id in places:
            made += self._offers(next(place for place in self.model.places if place.resource_id == resource_id))
        return multiple(*made)

    def _offers(self, what: Kept | Place) -> list[UUID]:
        """Have one place offered, in order; return the bookings that are offered."""
        everybody = {officer.account_id: officer for officer in self.officers}.get
        asked: dict[str, Any] = {"actor_of": lambda _session, account_id: everybody(account_id)}
        if isinstance(what, Kept):
            place, kept = what.place, what
            done = self.does((), offer_freed, None, kept.id, **asked)
        else:
            place, kept = what, None
            done = self.does((), offer_looked, None, place.resource_id, **asked)
        if done is None:
            return []
        if kept:
            self.model.kept.remove(kept)
        offered = {row[0]: row[3] for row in self.ground.read(LISTED)}
        made: list[UUID] = []
        for waiter, _ in served(self.model, kept, place, self.now):
            number = offered[waiter.number]
            assert number is not None, (waiter, "was not served")
            self.model.known[number] = waiter.offers[-1].booking
            made.append(number)
        assert done == len(made)
        return made

    @rule(number=bookings, act=st.sampled_from([actions.cancel, actions.confirm, outcomes.excuse, outcomes.undo]))
    def somebody_acts_on_what_they_saw_before(self, number: UUID, act: Callable[..., Any]) -> None:
        """What a colleague changed meanwhile is never overwritten."""
        lines, actor = self.model.known[number].lines, self.officer
        if lines[-1][1] not in (None, actor.account_id):
            self.does({ChangedMeanwhile}, act, actor, number, revision=len(lines) - 1)

    @rule(number=bookings)
    def sweep(self, number: UUID) -> None:
        """The clock writes down an end, only when there is one."""
        one = self.model.known[number]
        is_over = one.state in EXPIRING and one.is_over(self.now)
        written = self.does((), actions.lapse, None, number)
        assert written in (None, is_over)
        if written:
            self.moves(one, State.LAPSED, None)

    @rule(target=closures, place=st.integers(0, 7), first=st.integers(0, 5), length=st.integers(1, 3))
    def close(self, place: int, first: int, length: int) -> int | MultipleResults[int]:
        """Close some days: what was taken on them stands."""
        resource_id = self.model.places[place].resource_id
        days = ClosedDays(in_days(first), in_days(first + length))
        is_past = days.first < local_day(self.now, PARIS_TIME)
        because = {InvalidRequest} if is_past else ()
        closed: Closed | None = self.does(because, close_days, self.officer, resource_id, days)
        if closed is None:
            return multiple()
        self.model.closed[closed.closure_id] = (resource_id, days.first, days.until)
        return closed.closure_id

    @rule(closure_id=closures)
    def reopen(self, closure_id: int) -> None:
        """Open again what is left of the days that were closed."""
        today = local_day(self.now, PARIS_TIME)
        resource_id, first, until = self.model.closed.get(closure_id, (0, TODAY, TODAY))
        is_left = until > today
        because = () if is_left else {NotFound}
        resource_id = resource_id or self.model.places[0].resource_id
        if self.does(because, reopen_days, self.officer, resource_id, closure_id):
            if first < today:
                self.model.closed[closure_id] = (resource_id, first, today)
            else:
                del self.model.closed[closure_id]

    @rule(number=bookings, act=st.sampled_from([actions.cancel, outcomes.excuse, outcomes.undo, actions.accept]))
    def a_stranger_tries(self, number: UUID, act: Callable[..., Any]) -> None:
        """For whoever works elsewhere, there is no such booking."""
        self.does({NotFound}, act, self.world.stranger, number)

    def name_what_is_kept(self) -> None:
        """Learn the names of what was just kept for the list: by whose it was, where, and since when."""
        if all(one.id for one in self.model.kept):
            return
        named = {one.id for one in self.model.kept}
        new = {(holder, *spot): kept for holder, kept, *spot in self.ground.read(TAKEN, self.now) if kept not in named}
        for one in self.model.kept:
            if one.id is None:
                booking = next(number for number, known in self.model.known.items() if known is one.booking)
                one.id = new[(booking, *spots(one.place, one.claim)[0])]

    @invariant()
    def everything_and_its_history_are_what_the_model_says(self) -> None:
        """Nothing changes but by an act; each change is one line, by whoever did it, and another revision."""
        model = self.model
        lines: dict[UUID, list[tuple[str, UUID | None]]] = {}
        for subject_id, act, actor_id in self.ground.read(LINES, SUBJECTS):
            lines.setdefault(UUID(subject_id), []).append((act, actor_id))

        assert lines == self.series_lines | {
            number: one.lines for known in (model.known, model.waiters) for number, one in known.items()
        }
        assert set(self.ground.read(BOOKINGS)) == {
            (number, one.place.resource_id, one.state, one.expires_at, len(one.lines), *_dates(one))
            for number, one in model.known.items()
        }

    @invariant()
    def places_are_taken_by_those_who_have_them(self) -> None:
        """Occupancy is what the states say: nobody has a part of a place, nobody keeps what they gave back.

        What was freed may be kept for the list, and for it only.
        """
        self.name_what_is_kept()
        model = self.model
        numbers = {id(one): number for number, one in model.known.items()}
        having = [
            (one, claim, None) for one in model.known.values() if one.has_its_place(self.now) for claim in one.has
        ]
        kept = [(one.booking, one.claim, one.id) for one in model.kept if one.ends_at > self.now]

        assert sorted(self.ground.read(TAKEN, self.now), key=str) == sorted(
            (
                (numbers[id(one)], kept_as, *spot)
                for one, claim, kept_as in (*having, *kept)
                for spot in spots(model.place_of(claim), claim)
            ),
            key=str,
        )
        assert {row[0] for row in self.ground.read(FREED)} == {one.id for one in model.kept}

    @invariant()
    def the_list_is_what_the_model_says(self) -> None:
        """Who waits, who was offered what, and who was passed over: everybody in order, and each with a reason."""
        numbers = {id(one): number for number, one in self.model.known.items()}
        assert set(self.ground.read(LISTED)) == {
            (number, one.state, len(one.offers), numbers[id(one.open_offer.booking)] if one.open_offer else None)
            for number, one in self.model.waiters.items()
        }
        assert set(self.ground.read(SKIPPED)) == self.model.skipped

    @invariant()
    def nobody_overlaps_and_no_place_is_overfull(self) -> None:
        """What the model alone says of itself: no bed has two people, no place more than it takes."""
        for place in self.model.places:
            claims = list(self.model.present(place, self.now))
            nights = [(one.unit_id, day) for one in claims if isinstance(one, NightsClaim) for day in days_of(one)]
            starts = sorted(one.start for one in claims if isinstance(one, SlotClaim))
            stays = [(one.first, one.until) for one in claims if isinstance(one, PlaceClaim)]
            cases = [one for one in claims if isinstance(one, CaseClaim)]
            assert len(nights) == len(set(nights))
            assert all(later - sooner >= SLOT for sooner, later in pairwise(starts))
            assert peak(stays, TODAY, in_days(30)) <= place.room
            assert len(cases) <= place.room
            assert sum(case.minutes for case in cases) <= place.most_minutes


def _stay(had: Nights, first: date, until: date, bed: int | None, *, since: date) -> Nights:
    """Return the bed of each night of a stay that changes: those slept as they were, the others as they are wanted."""
    days = sorted(had)
    own = {day: had.get(day, had[days[0] if day < days[0] else days[-1]]) for day in days_between(first, until)}
    return {day: bed if bed is not None and day >= since else mine for day, mine in own.items()}


def _swapped(mine: Nights, its: Nights, both: list[date]) -> Nights:
    """Return the beds of a stay that exchanges them: the other's own, then the last of these for what only it has."""
    return {day: bed if day < both[0] else its[day if day in both else both[-1]] for day, bed in mine.items()}


def _order(place: Place, wish: Wish, claims: list[Claim]) -> SeriesOrder:
    """Return the order of a series that takes these claims."""
    periods = tuple((one.first, one.until) for one in claims if isinstance(one, PlaceClaim) and one.until)
    return SeriesOrder(
        resource_id=place.resource_id,
        beneficiary=A_CASE,
        measure=Measure.VISITS,
        total=len(claims),
        begins_on=in_days(wish.first),
        rrule="" if periods else "FREQ=DAILY",
        at=None if periods else hour_of(wish.which),
        periods=periods,
    )


def _dates(one: Known) -> tuple[object, object, object]:
    """Return the first day, the last day and the start that the row of a booking has."""
    claim = one.claim
    if isinstance(claim, (NightsClaim, PlaceClaim)):
        return claim.first, claim.until, None
    return None, None, one.place.start_of(claim)
