"""What a few lines of Python know of the waiting list: what frees is kept, and held for the first whom it suits.

The order is the soonest legal deadline, then who came first. What an act freed is offered once to each; what was free
without an act is never offered again to who left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from uuid import UUID

from availability.claims import Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.models import Shape
from availability.openings import local_day
from booking.models import OCCUPYING, State
from booking.waiting_models import LIVING, OfferOutcome, WaitingState
from tests.booking.life_model import A_DAY, HOLD, PARIS_TIME, UNDO, Known, Model, Place, days_of, nights_of

OFFER = timedelta(hours=2)
LEAST = timedelta(minutes=15)  # an offer that ends sooner serves nobody
KEPT = timedelta(hours=1)  # a place is nobody else's until the clock comes
EVENING = time(18)  # of the first day, when a stay that nobody confirmed goes to the next
FREED = (State.CANCELLED, State.REFUSED, State.LAPSED, State.EXCUSED)

_freeings = count()


@dataclass(eq=False)
class Offer:
    """Something held for somebody who waits."""

    waiter: Waiter
    booking: Known
    freeing: int  # what freed once has one, however many it is offered to
    ends_at: datetime
    outcome: OfferOutcome | None = None


@dataclass(eq=False)
class Waiter:
    """Somebody who waits for a place, or for any of its kind: so many days in a row within `[first, until)`."""

    number: UUID
    place: Place
    is_for_kind: bool
    first: date
    until: date
    days: int
    deadline: date | None
    since: datetime
    state: WaitingState = WaitingState.WAITING
    ended_at: datetime | None = None
    offers: list[Offer] = field(default_factory=list)
    lines: list[tuple[str, UUID | None]] = field(default_factory=list)

    @property
    def position(self) -> tuple[date, datetime, UUID]:
        """Return what the list is sorted on."""
        return self.deadline or date.max, self.since, self.number

    @property
    def open_offer(self) -> Offer | None:
        """Return what waits for their answer."""
        return next((one for one in self.offers if one.outcome is None), None)

    def wants(self, place: Place) -> bool:
        """Say whether that place would do, whatever its days."""
        return place is self.place or (self.is_for_kind and place.kind_id == self.place.kind_id)

    def becomes(self, state: WaitingState, now: datetime, by: UUID | None) -> None:
        """Put it in another state, with its line of history."""
        self.state, self.ended_at = state, None if state in LIVING else now
        self.lines.append((f"waiting-{state}", by))

    def claims_on(self, place: Place) -> Iterator[Claim]:
        """Yield what would do of a place, soonest first."""
        if place.shape is Shape.SLOTS:
            starts = (
                start for start in sorted(place.starts) if self.first <= local_day(start, PARIS_TIME) < self.until
            )
            yield from (SlotClaim(resource_id=place.resource_id, start=start) for start in starts)
            return
        claim = NightsClaim if place.shape is Shape.NIGHTS else PlaceClaim
        first = self.first
        while first + self.days * A_DAY <= self.until:
            yield claim(resource_id=place.resource_id, first=first, until=first + self.days * A_DAY)
            first += A_DAY

    def left(self, place: Place, claim: Claim) -> bool:
        """Say whether they were offered these days there, or this hour."""
        had = [one.booking.claim for one in self.offers if one.booking.place is place]
        if isinstance(claim, SlotClaim):
            return claim in had
        return any(days_of(one) & days_of(claim) for one in had)


@dataclass(eq=False)
class Kept:
    """What a booking freed, that nobody else can take until the clock offers it."""

    booking: Known
    place: Place
    claim: Claim
    freeing: int
    due_at: datetime
    id: UUID | None = None

    @property
    def ends_at(self) -> datetime:
        """Return when it is free by itself, if no clock came."""
        return self.due_at + KEPT


def served(model: Model, kept: Kept | None, place: Place, now: datetime) -> Iterator[tuple[Waiter, Claim]]:
    """Yield whom a place is held for, in order, and with what; `kept` is None when the clock only looks.

    The caller gives each its booking before the next one is asked for. Who was passed over is noted.
    """
    freeing = kept.freeing if kept else next(_freeings)
    today = local_day(now, PARIS_TIME)
    passed: list[tuple[UUID, int]] = []
    nobody = True
    for waiter in sorted(model.waiters.values(), key=lambda one: one.position):
        if waiter.state not in LIVING or not waiter.wants(place) or waiter.until <= today:
            continue
        claim = _would_do(model, waiter, place, now, freeing, is_look=kept is None)
        if claim is None:
            passed.append((waiter.number, place.resource_id))
            continue
        one = Known(place, (model.given(place, claim, now),))
        offer = one.offer = Offer(waiter, one, freeing, _end_of(place, claim, now))
        one.becomes(State.HELD, now, None)
        one.expires_at, one.free_at = offer.ends_at, offer.ends_at + KEPT
        waiter.becomes(WaitingState.OFFERED, now, None)
        waiter.offers.append(offer)
        model.skipped.update(passed)
        passed, nobody = [], False
        yield waiter, one.claim
    if kept and nobody:
        model.skipped.update(passed)


def _would_do(
    model: Model, waiter: Waiter, place: Place, now: datetime, freeing: int, *, is_look: bool
) -> Claim | None:
    """Return the soonest that can be held for somebody long enough; None when it is not their turn."""
    if waiter.state is WaitingState.OFFERED or freeing in [one.freeing for one in waiter.offers]:
        return None
    for claim in waiter.claims_on(place):
        is_left = is_look and waiter.left(place, claim)
        if not is_left and not model.why_not(place, claim, now) and _end_of(place, claim, now) >= now + LEAST:
            return claim
    return None


def _end_of(place: Place, claim: Claim, now: datetime) -> datetime:
    evening = datetime.combine(place.day_of(claim), EVENING, PARIS_TIME)
    return min(now + OFFER, place.start_of(claim) or evening)


def moves(model: Model, one: Known, after: State, now: datetime, by: UUID | None, *, is_undo: bool = False) -> None:
    """Put a booking in another state, and do what the list does of it."""
    before, offer = one.state, one.offer
    if after in OCCUPYING and (is_undo or before is State.EXCUSED):
        let_go(model, one, one.place)
    one.becomes(after, now, by, is_undo=is_undo)
    if is_undo:
        if before is State.CANCELLED and after is State.HELD and offer is not None:
            _offered_again(one, offer, now, by)
        return
    answered = offer is not None and offer.outcome is None
    if before is State.HELD and after in (State.BOOKED, State.REQUESTED) and offer is not None and answered:
        offer.outcome = OfferOutcome.TAKEN
        offer.waiter.becomes(WaitingState.SERVED, now, None)
    if before in OCCUPYING and after in FREED and (before is not State.HELD or offer is not None):
        due_at = now + UNDO if after in (State.CANCELLED, State.EXCUSED) else now
        keep(model, one, one.has, now=now, due_at=due_at, freeing=_freeing_of(one, before, now))


def _freeing_of(one: Known, before: State, now: datetime) -> int:
    """Return what a freeing is called: what was offered in vain goes on to the next under the same name."""
    offer = one.offer
    if offer is None:
        return next(_freeings)
    if offer.outcome is None:
        offer.outcome = OfferOutcome.LAPSED if one.state is State.LAPSED else OfferOutcome.DECLINED
        offer.waiter.becomes(WaitingState.WAITING, now, None)
        return offer.freeing
    if before is State.REQUESTED and one.state in (State.REFUSED, State.LAPSED):  # its host did not want them
        if offer.waiter.state is WaitingState.SERVED:
            offer.waiter.becomes(WaitingState.WAITING, now, None)
        return offer.freeing
    return next(_freeings)


def is_elsewhere(one: Known) -> bool:
    """Say whether what somebody left by mistake cannot be theirs again: they have something else, or no longer wait."""
    offer = one.offer
    if offer is None or offer.outcome is None or one.before is not State.HELD:
        return False
    return offer.waiter.state not in (WaitingState.WAITING, WaitingState.WITHDRAWN)


def _offered_again(one: Known, offer: Offer, now: datetime, by: UUID | None) -> None:
    if offer.waiter.state is WaitingState.WITHDRAWN:
        return  # an ordinary hold
    offer.outcome = None
    offer.waiter.becomes(WaitingState.OFFERED, now, by)
    if offer.ends_at > now + HOLD:
        one.expires_at, one.free_at = offer.ends_at, offer.ends_at + KEPT


def keep(
    model: Model, one: Known, claims: Iterable[Claim], *, now: datetime, due_at: datetime, freeing: int | None = None
) -> None:
    """Keep what a booking no longer has, if somebody waits for it and nobody has it by now."""
    freeing = next(_freeings) if freeing is None else freeing
    for claim in claims:
        place = model.place_of(claim)
        left = _what_is_left(claim, now)
        if left and _is_awaited(model, place, claim, freeing) and not model.in_the_way(place, left, now):
            model.kept.append(Kept(one, place, left, freeing, due_at))


def let_go(model: Model, one: Known, place: Place) -> None:
    """Leave to a booking what is kept of it there: it may have it again."""
    model.kept = [each for each in model.kept if each.booking is not one or each.place is not place]


def left_behind(model: Model, had: Iterable[Claim], one: Known) -> tuple[Claim, ...]:
    """Return what a booking had and has no longer."""
    if one.nights:
        nights = {night: bed for claim in had for night, bed in nights_of(claim).items()}
        return model.runs({night: bed for night, bed in nights.items() if one.nights.get(night) != bed})
    return tuple(claim for claim in had if claim not in one.has)


def _is_awaited(model: Model, place: Place, claim: Claim, freeing: int) -> bool:
    day = place.day_of(claim)
    first, until = (
        (day - A_DAY, day + 2 * A_DAY) if isinstance(claim, SlotClaim) else (day, day + len(days_of(claim)) * A_DAY)
    )
    return any(
        one.state is WaitingState.WAITING
        and one.wants(place)
        and one.first < until
        and one.until > first
        and freeing not in [each.freeing for each in one.offers]
        for one in model.waiters.values()
    )


def _what_is_left(claim: Claim, now: datetime) -> Claim | None:
    """Return the part of a claim that is not past."""
    today = local_day(now, PARIS_TIME)
    match claim:
        case NightsClaim() | PlaceClaim() if claim.until is not None and claim.until > today:
            return replace(claim, first=max(claim.first, today))
        case SlotClaim() if claim.start > now:
            return claim
    return None
