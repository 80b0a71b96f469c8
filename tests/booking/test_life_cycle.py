"""Any sequence of acts on two beds and a post, against a model of a few lines: who has what, and until when.

The model knows nothing of locks, rows or SQL. After every act the database must agree with it, and an act must
succeed exactly when the model says that it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import Claim, NightsClaim, PlaceClaim
from availability.errors import CapacityReached, PeriodTaken, Refusal
from availability.models import Shape
from availability.periods import days_between
from booking.actions import UNDO_MINUTES, accept, cancel, confirm, expired, hold, lapse, refuse, undo_cancel
from booking.errors import AlreadyDecided, HoldExpired
from booking.models import Booking, State
from tests.booking.cycle import A_CASE
from tests.factories import NOW, in_days, make_beds, make_kind, make_resource, make_world

BEDS, CAPACITY = 2, 2
FIRST_DAY, LAST_DAY = 6, 12  # of what is asked for; the clock stays before
HOLD = timedelta(minutes=10)
REQUEST = timedelta(days=1)
LIVING = frozenset({State.HELD, State.REQUESTED, State.BOOKED})

days = st.integers(FIRST_DAY, LAST_DAY)
lengths = st.integers(1, 3)
moments = st.sampled_from([1, 5, 9, 10, 11, 60, 24 * 60])  # minutes: around the ends of holds, undos and requests


@dataclass
class Known:
    """What the model knows of a booking."""

    is_stay: bool
    days: frozenset[date]
    state: State
    expires_at: datetime | None
    unit_id: int | None = None
    cancelled_at: datetime | None = None
    before: State | None = None
    just_undone: bool = False

    def has_its_place(self, now: datetime) -> bool:
        """Say whether it keeps others out at that moment."""
        return self.state in LIVING and (self.expires_at is None or self.expires_at > now)


class LifeCycle(RuleBasedStateMachine):
    """A section of two beds that needs no approval, and a post for two whose host decides."""

    bookings: Bundle[UUID] = Bundle("bookings")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.start = session.begin_nested()
        self.now = NOW
        self.known: dict[UUID, Known] = {}
        self.world = make_world(session)
        rules: dict[str, Any] = {"hold_minutes": HOLD / timedelta(minutes=1), "request_days": REQUEST.days}
        bed_kind = make_kind(session, Shape.NIGHTS, **rules)
        post_kind = make_kind(session, Shape.PLACES, host_accepts=True, **rules)
        self.section = make_resource(session, self.world.site, bed_kind)
        self.units = [bed.id for bed in make_beds(session, self.section, *"AB")]
        self.post = make_resource(session, self.world.site, post_kind, capacity=CAPACITY)

    def teardown(self) -> None:
        """Leave nothing to the next sequence."""
        self.start.rollback()
        self.session.expunge_all()

    def attempt(self, act: Callable[..., Booking], *args: Any, **values: Any) -> Booking | type[Refusal]:
        """Return what an act answers, rolled back when it is refused."""
        try:
            with self.session.begin_nested():
                return act(self.session, *args, now=self.now, **values)
        except Refusal as refusal:
            return type(refusal)

    def present(self, *, stays: bool, but: Known | None = None) -> list[Known]:
        """Return the bookings that keep others out of the beds, or of the post."""
        return [
            one
            for one in self.known.values()
            if one is not but and one.is_stay is stays and one.has_its_place(self.now)
        ]

    def free_beds(self, wanted: frozenset[date]) -> set[int]:
        """Return the beds that nobody has on any of these nights."""
        return set(self.units) - {one.unit_id for one in self.present(stays=True) if one.days & wanted}

    def has_room(self, wanted: frozenset[date]) -> bool:
        """Say whether the post has a place left on each of these days."""
        return all(sum(day in one.days for one in self.present(stays=False)) < CAPACITY for day in wanted)

    @rule(minutes=moments)
    @precondition(lambda self: self.now < NOW + timedelta(days=FIRST_DAY - 2))
    def time_passes(self, minutes: int) -> None:
        """Move the clock."""
        self.now += timedelta(minutes=minutes)

    @rule(target=bookings, first=days, length=lengths, bed=st.sampled_from([None, None, 0, 1]))
    def hold_a_bed(self, first: int, length: int, bed: int | None) -> UUID | MultipleResults[UUID]:
        """Any free bed will do, or the named one."""
        unit_id = None if bed is None else self.units[bed]
        claim = NightsClaim(
            resource_id=self.section.id, first=in_days(first), until=in_days(first + length), unit_id=unit_id
        )
        wanted = frozenset(days_between(claim.first, claim.until))
        free = self.free_beds(wanted)
        return self._held(claim, wanted, can=bool(free) if bed is None else unit_id in free, refusal=PeriodTaken)

    @rule(target=bookings, first=days, length=lengths)
    def hold_a_place(self, first: int, length: int) -> UUID | MultipleResults[UUID]:
        """One of the places of the post."""
        claim = PlaceClaim(resource_id=self.post.id, first=in_days(first), until=in_days(first + length))
        wanted = frozenset(days_between(in_days(first), in_days(first + length)))
        return self._held(claim, wanted, can=self.has_room(wanted), refusal=CapacityReached)

    def _held(
        self, claim: Claim, wanted: frozenset[date], *, can: bool, refusal: type[Refusal]
    ) -> UUID | MultipleResults[UUID]:
        answer = self.attempt(hold, self.world.officer, claim)
        if not can:
            assert answer is refusal
            return multiple()
        assert isinstance(answer, Booking)
        if isinstance(claim, NightsClaim):
            assert answer.unit_id in self.free_beds(wanted)
        self.known[answer.id] = Known(
            isinstance(claim, NightsClaim), wanted, State.HELD, self.now + HOLD, answer.unit_id
        )
        return answer.id

    @rule(number=bookings)
    def confirm_it(self, number: UUID) -> None:
        """A stay is booked; a place at the post is asked of its host."""
        one = self.known[number]
        answer = self.attempt(confirm, self.world.officer, number, beneficiary=A_CASE)
        if one.state in (State.REQUESTED, State.BOOKED):
            self._same(one, answer)
        elif one.state is State.LAPSED or (one.state is State.HELD and not one.has_its_place(self.now)):
            assert answer is HoldExpired
        elif one.state is not State.HELD:
            assert answer is AlreadyDecided
        elif one.is_stay:
            self._moved(one, answer, State.BOOKED, None)
        else:
            self._moved(one, answer, State.REQUESTED, self.now + REQUEST)

    @rule(number=bookings)
    def accept_it(self, number: UUID) -> None:
        """The host says yes."""
        one = self.known[number]
        answer = self.attempt(accept, self.world.host, number)
        if one.state is State.BOOKED:
            self._same(one, answer)
        elif one.state is State.LAPSED or (one.state is State.REQUESTED and not one.has_its_place(self.now)):
            assert answer is HoldExpired
        elif one.state is not State.REQUESTED:
            assert answer is AlreadyDecided
        else:
            self._moved(one, answer, State.BOOKED, None)

    @rule(number=bookings)
    def refuse_it(self, number: UUID) -> None:
        """The host says no."""
        one = self.known[number]
        answer = self.attempt(refuse, self.world.host, number, reason="full")
        if one.state is State.REFUSED:
            self._same(one, answer)
        elif one.state is not State.REQUESTED:
            assert answer is AlreadyDecided
        else:
            self._moved(one, answer, State.REFUSED, None)

    @rule(number=bookings)
    def cancel_it(self, number: UUID) -> None:
        """Give it back."""
        one = self.known[number]
        before = one.state
        answer = self.attempt(cancel, self.world.officer, number)
        if before is State.CANCELLED:
            self._same(one, answer)
        elif before not in LIVING:
            assert answer is AlreadyDecided
        else:
            self._moved(one, answer, State.CANCELLED, None)
            one.cancelled_at, one.before = self.now, before

    @rule(number=bookings)
    def undo_it(self, number: UUID) -> None:
        """Take it back, if it was given back a moment ago and nobody has it."""
        one = self.known[number]
        answer = self.attempt(undo_cancel, self.world.officer, number)
        if one.just_undone:
            self._same(one, answer)
        elif one.state is not State.CANCELLED or not self._is_recent(one):
            assert answer is AlreadyDecided
        elif one.is_stay and one.unit_id not in self.free_beds(one.days):
            assert answer is PeriodTaken
        elif not one.is_stay and not self.has_room(one.days):
            assert answer is CapacityReached
        else:
            before = one.before or State.HELD
            ends = {State.HELD: self.now + HOLD, State.REQUESTED: self.now + REQUEST}
            self._moved(one, answer, before, ends.get(before))
            one.just_undone = True

    @rule(number=bookings)
    def sweep_it(self, number: UUID) -> None:
        """The clock writes down an end, only when there is one."""
        one = self.known[number]
        is_over = one.state in (State.HELD, State.REQUESTED) and not one.has_its_place(self.now)

        assert lapse(self.session, number, now=self.now) is is_over

        if is_over:
            one.state, one.expires_at, one.just_undone = State.LAPSED, None, False

    def _is_recent(self, one: Known) -> bool:
        return one.cancelled_at is not None and self.now - one.cancelled_at <= timedelta(minutes=UNDO_MINUTES)

    def _same(self, one: Known, answer: Booking | type[Refusal]) -> None:
        assert isinstance(answer, Booking)
        assert answer.state == one.state

    def _moved(self, one: Known, answer: Booking | type[Refusal], state: State, expires_at: datetime | None) -> None:
        assert isinstance(answer, Booking), answer
        one.state, one.expires_at, one.just_undone = state, expires_at, False

    @invariant()
    def bookings_are_in_the_states_that_the_model_knows(self) -> None:
        """Nothing changes but by an act."""
        rows = self.session.execute(text("SELECT id, state, expires_at FROM booking"))

        assert {row.id: (row.state, row.expires_at) for row in rows} == {
            number: (one.state, one.expires_at) for number, one in self.known.items()
        }

    @invariant()
    def beds_are_taken_by_those_who_have_them(self) -> None:
        """Occupancy is what the states say, night by night and bed by bed."""
        rows = self.session.execute(
            text("SELECT unit_id, night FROM bed_night WHERE expires_at IS NULL OR expires_at > :now"),
            {"now": self.now},
        )

        assert sorted(tuple(row) for row in rows) == sorted(
            (one.unit_id, night) for one in self.present(stays=True) for night in one.days
        )

    @invariant()
    def places_are_taken_by_those_who_have_them_and_never_too_many(self) -> None:
        """The same of the post, and never more than its capacity."""
        rows = self.session.execute(
            text("SELECT holder_id FROM place_period WHERE expires_at IS NULL OR expires_at > :now"),
            {"now": self.now},
        )
        present = self.present(stays=False)

        assert {row.holder_id for row in rows} == {number for number, one in self.known.items() if one in present}
        everyday = [day for one in present for day in one.days]
        assert max((everyday.count(day) for day in everyday), default=0) <= CAPACITY

    @invariant()
    def what_is_due_is_what_has_an_end_in_the_past(self) -> None:
        """The sweeper finds everything that is over, and nothing else."""
        due = {
            number for number, one in self.known.items() if one.expires_at is not None and one.expires_at <= self.now
        }

        assert set(expired(self.session, now=self.now)) == due


def test_any_sequence_of_acts_leaves_the_database_as_the_model_says(session: Session) -> None:
    run_state_machine_as_test(
        lambda: LifeCycle(session),  # type: ignore[arg-type] # any factory will do
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
