"""What the routes of convocations and messages are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from availability.claims import SlotClaim
from availability.errors import InvalidRequest
from availability.wire import Day, Given, Identifier, Instant, Told
from booking.models import State
from convocations.actions import MOST_CHOICES
from convocations.in_bulk import MOST, ToldBy, Way
from convocations.kinds import MessageKind, MessageState, Standing


class ConvocationGiven(Given):
    """Whom to summon, to what: a `start` at a resource, a `booking_id`, or an `offer` of resources to choose among."""

    person_id: UUID | None = None
    resource_id: Identifier | None = None
    start: Instant | None = None
    booking_id: UUID | None = None
    offer: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_CHOICES)] | None = None
    choose_by: Day | None = Field(default=None, description="Last civil day to choose, with an offer.")
    reminder_hours: Literal[24, 48] = 48

    @property
    def claim(self) -> SlotClaim:
        """Return the claim of a start. Raises: InvalidRequest."""
        if self.resource_id is None:
            raise InvalidRequest("resource_id", "required")
        if self.start is None:
            raise InvalidRequest("start", "required")
        return SlotClaim(resource_id=self.resource_id, start=self.start)

    def check(self) -> None:
        """Check that one thing is asked for, with what it needs. Raises: InvalidRequest."""
        ways = (self.booking_id is not None, self.offer is not None, (self.start or self.resource_id) is not None)
        if sum(ways) != 1:
            raise InvalidRequest("start", "one-of-start-booking-offer")
        if (self.choose_by is not None) != (self.offer is not None):
            raise InvalidRequest("choose_by", "required" if self.choose_by is None else "only-with-an-offer")
        if (self.person_id is None) != (self.booking_id is not None):
            raise InvalidRequest("person_id", "required" if self.person_id is None else "only-without-a-booking")


class ListGiven(Given):
    """A list of people to summon to one kind of appointment, at some resources of it."""

    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)]
    resource_ids: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_CHOICES)]
    way: Way = Field(description="Each chooses by their link, or the next free starts are given out in this order.")
    choose_by: Day | None = Field(default=None, description="Last civil day to choose, with `choose`.")
    reminder_hours: Literal[24, 48] = 48
    although_summoned: bool = Field(default=False, description="Also who is to come for the same kind already.")


class Why(Told):
    """Why nothing was done for one person."""

    type: str
    title: str
    detail: str


class SummonedTold(Told):
    """What became of one person of the list."""

    person_id: UUID
    convocation_id: UUID | None
    start: datetime | None = Field(description="In UTC; none while they are to choose.")
    told_by: ToldBy | None
    why_letter: Literal["", "no-phone", "not-mobile", "refused"]
    problem: Why | None


class ListTold(Told):
    """What became of each, in the order of the list."""

    items: list[SummonedTold]


class ConvocationTold(Told):
    """A convocation, and the link that its person receives."""

    id: UUID
    standing: Standing
    kind: str
    person_id: UUID
    booking_id: UUID | None
    booking_state: State | None
    resource_id: int
    start: datetime | None
    choose_by: date | None
    confirmed_at: datetime | None
    reminder_hours: int
    created_at: datetime
    link: str = Field(description="Whoever holds it may act on this appointment.")


class MessageTold(Told):
    """A message, without its text."""

    id: UUID
    kind: MessageKind
    state: MessageState
    failure: str = Field(description="Why it did not leave, as a code; empty when it did or may.")
    due_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None = Field(description="When the provider said that the phone had it.")
    segments: int | None
