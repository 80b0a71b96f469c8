"""What the routes of people, convocations and messages are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from availability.claims import SlotClaim
from availability.errors import InvalidRequest
from availability.wire import BirthDay, Day, Given, Identifier, Instant, Line, Told
from booking.models import State
from booking.persons import NewPerson
from convocations.actions import MOST_CHOICES
from convocations.kinds import MessageKind, MessageState, Standing

Name = Annotated[Line, Field(min_length=1, max_length=200)]


class PersonGiven(Given):
    """Somebody whose file is opened. `phone` is read as in a French territory, or abroad with its country code."""

    family_name: Name
    given_name: Name
    birth_on: BirthDay
    sex: Literal["F", "M"]
    file_number: Annotated[Line, Field(max_length=64)] = ""
    language: Annotated[Line, Field(max_length=2)] = "fr"
    phone: Annotated[Line, Field(max_length=60)] = ""
    address: Annotated[Line, Field(max_length=300)] = ""

    @property
    def new(self) -> NewPerson:
        """Return the person to create."""
        return NewPerson(**self.model_dump())


class PersonTold(Told):
    """A person in a list of choices: no phone, no address."""

    id: UUID
    family_name: str
    given_name: str
    birth_on: date
    sex: str
    file_number: str


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
    segments: int | None
