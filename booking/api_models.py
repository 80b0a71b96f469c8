"""What the routes of bookings are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import Field

from availability.api_models import Kilometres
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.sealing import House
from availability.wire import MOST_DAYS, Day, Flag, Given, Identifier, Instant, Line, Told
from booking.actions import Beneficiary
from booking.models import State
from booking.reasons import MOST_WORDS, Reason

T = TypeVar("T")
CaseReference = Annotated[Line, Field(min_length=1, max_length=64)]
# What the fields of an order are for: the others of this set are refused, rather than ignored.
FIELDS_OF_SHAPE: dict[Shape, frozenset[str]] = {
    Shape.NIGHTS: frozenset({"first", "until", "unit_id"}),
    Shape.PLACES: frozenset({"first", "until"}),
    Shape.SLOTS: frozenset({"start"}),
    Shape.SESSIONS: frozenset({"minutes", "family"}),
}
SHAPED = frozenset().union(*FIELDS_OF_SHAPE.values())


class ForWhom(Given):
    """A person of the caller's territories, or a case number."""

    person_id: UUID | None = None
    case_ref: CaseReference | None = None

    @property
    def beneficiary(self) -> Beneficiary:
        """Return for whom it is, possibly nobody yet."""
        return Beneficiary(person_id=self.person_id, case_ref=self.case_ref or "")


class Wanted(Given):
    """A place and when: `from` and `to` for nights and places, `start` for slots, `minutes` for a hearing."""

    resource_id: Identifier
    first: Day | None = Field(default=None, alias="from", description="First civil day.")
    until: Day | None = Field(
        default=None, alias="to", description="Civil day after the last one; places may leave it open."
    )
    start: Instant | None = Field(default=None, description="One of the starts that availability lists.")
    minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] | None = None
    family: Annotated[Line, Field(max_length=40)] | None = Field(default=None, description="Family of the NAC code.")
    unit_id: Identifier | None = Field(default=None, description="A unit to have; the server picks one otherwise.")

    def claim(self, shape: Shape) -> Claim:
        """Return the claim that this makes on a resource of this shape. Raises: InvalidRequest."""
        for name in sorted(SHAPED - FIELDS_OF_SHAPE[shape]):
            if getattr(self, name) is not None:
                raise InvalidRequest(_written(name), "not-for-this-shape", shape=shape)
        match shape:
            case Shape.NIGHTS:
                return self._nights()
            case Shape.PLACES:
                return PlaceClaim(resource_id=self.resource_id, first=required(self.first, "from"), until=self.until)
            case Shape.SLOTS:
                return SlotClaim(resource_id=self.resource_id, start=required(self.start, "start"))
            case Shape.SESSIONS:
                minutes = required(self.minutes, "minutes")
                return CaseClaim(resource_id=self.resource_id, minutes=minutes, family=self.family or "")

    def _nights(self) -> NightsClaim:
        first, until = required(self.first, "from"), required(self.until, "to")
        if (until - first).days > MOST_DAYS:  # a row a night: a kind without a limit of its own has this one
            raise InvalidRequest("to", "too-long", first=first, until=until, max_days=MOST_DAYS)
        return NightsClaim(resource_id=self.resource_id, first=first, until=until, unit_id=self.unit_id)


class Order(Wanted, ForWhom):
    """A place to take, possibly for somebody already."""

    confirm: Flag = Field(default=False, description="Book, or request, at once rather than only hold.")


def required(value: T | None, field: str) -> T:
    """Return a value that must be there. Raises: InvalidRequest."""
    if value is None:
        raise InvalidRequest(field, "required")
    return value


def _written(name: str) -> str:
    return str(Wanted.model_fields[name].alias or name)


class Outcome(Given):
    """What became of an appointment; another outcome later corrects it."""

    outcome: Literal["honoured", "missed"]


Words = Annotated[Line, Field(max_length=MOST_WORDS, description="With `other` only; sealed, and never answered.")]


class Excuse(Given):
    """Why somebody does not come."""

    reason: Literal["health", "work", "transport", "children", "detention", "other"] | None = None
    reason_text: Words = ""

    def why(self, house: House) -> Reason:
        """Return the reason, whose words that house seals."""
        return Reason(self.reason or "", self.reason_text, house)


class GivenBack(Given):
    """Why a place is given back."""

    reason: Literal["request", "agent-absent", "place-closed", "measure-ended", "entry-error", "other"] | None = None
    reason_text: Words = ""

    def why(self, house: House) -> Reason:
        """Return the reason, whose words that house seals."""
        return Reason(self.reason or "", self.reason_text, house)


class HostRefusal(Given):
    """Why the host says no."""

    reason: Literal["full", "profile", "dates", "distance", "other"]


class BookingTold(Told):
    """A booking. It carries no name: `person_id` is only there for who may hold the person's file."""

    id: UUID
    state: State
    kind: str
    shape: Shape
    resource_id: int
    resource_name: str
    site_id: int
    site_name: str
    unit_id: int | None
    unit_name: str | None
    first: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    start: datetime | None
    end: datetime | None
    minutes: int | None
    family: str
    hold_expires_at: datetime | None = Field(description="Until when a held place is kept.")
    request_expires_at: datetime | None = Field(description="Until when the host may answer a request.")
    person_id: UUID | None
    case_ref: str
    requested_by: UUID = Field(description="Account, or program, that made it.")
    territory_id: int
    created_at: datetime
    reason: str = Field(description="Why it is refused, given back or excused; empty: not said, or not for the caller.")
    revision: int = Field(description="Raised by each change; it ends the ETag.")


class HistoryTold(Told):
    """One act: when, who (null: the clock), what, and the facts of it."""

    at: datetime
    actor_id: UUID | None
    act: str
    facts: dict[str, Any]


class AlternativeTold(Told):
    """A resource that suits the order that was refused."""

    resource_id: int
    name: str
    site_name: str
    commune: str
    distance_km: Kilometres | None
    free: int
    starts: list[datetime] = Field(description="For slots: free starts of that day, the nearest in time first.")
