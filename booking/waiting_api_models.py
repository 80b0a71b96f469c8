"""What the routes of the waiting list are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from availability.models import Shape
from availability.wire import Day, Flag, Given, Identifier, Line, Told
from booking.api_models import ForWhom
from booking.filters import Filters
from booking.waiting import Wanted
from booking.waiting_models import SOURCE_LENGTH, WaitingState

Source = Annotated[Line, Field(max_length=SOURCE_LENGTH)]


class Point(Given):
    """A point on the map, WGS 84."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)


class Wait(ForWhom):
    """What somebody waits for: one resource, one site, or anything of a kind, possibly around a point."""

    kind: Annotated[Line, Field(max_length=64)] | None = Field(default=None, description="Needless with a resource.")
    resource_id: Identifier | None = None
    site_id: Identifier | None = None
    near: Point | None = None
    radius_km: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    sex: Literal["F", "M"] | None = Field(default=None, description="That of the person, when there is one.")
    age: Annotated[int, Field(strict=True, ge=13, le=120)] | None = None
    first: Day = Field(alias="from", description="First civil day on which it would do.")
    until: Day = Field(alias="to", description="Civil day after the last one.")
    days: Annotated[int, Field(strict=True, ge=1, le=731)] | None = Field(
        default=None, description="How many days in a row; all of them when it is not said. Needless for slots."
    )
    open_ended: Flag = Field(default=False, description="For places: without an end.")
    deadline_on: Day | None = Field(default=None, description="Legal deadline: the soonest is served first.")
    deadline_source: Source = Field(default="", description="Where the deadline comes from.")

    @property
    def wanted(self) -> Wanted:
        """Return what is waited for."""
        typed = {
            "type": self.kind or "",
            "rayon": "" if self.radius_km is None else f"{self.radius_km:.3f}",
            "sexe": self.sex or "",
            "age": "" if self.age is None else str(self.age),
        }
        return Wanted(
            filters=Filters.read(typed),
            first_on=self.first,
            until_on=self.until,
            days=self.days,
            is_open_ended=self.open_ended,
            near=(self.near.lat, self.near.lon) if self.near else None,
            resource_id=self.resource_id,
            site_id=self.site_id,
            beneficiary=self.beneficiary,
            deadline_on=self.deadline_on,
            deadline_source=self.deadline_source,
        )


class Deadline(Given):
    """Another legal deadline, with where it comes from; null takes it away."""

    deadline_on: Day | None = None
    deadline_source: Source = ""


class Decline(Given):
    """Why what is offered is left to the next."""

    reason: Literal["no-longer-needed", "found-elsewhere", "too-far", "dates", "other"]


class OfferTold(Told):
    """What is held, and until when."""

    id: UUID
    booking_id: UUID
    resource_id: int
    first: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    start: datetime | None
    offered_at: datetime
    ends_at: datetime


class SkipTold(Told):
    """Why it was passed over, where and when for the last time."""

    resource_id: int
    why: str
    at: datetime


class WaitTold(Told):
    """Somebody who waits. It carries no name."""

    id: UUID
    state: WaitingState
    kind: str
    shape: Shape
    label: str
    resource_id: int | None
    site_id: int | None
    first: date = Field(alias="from")
    until: date = Field(alias="to")
    days: int | None
    deadline_on: date | None
    deadline_source: str
    person_id: UUID | None
    case_ref: str
    created_at: datetime
    rank: int | None = Field(description="Among those who wait for the same; null once it is over.")
    rank_why: Literal["deadline", "date"] | None
    offer: OfferTold | None
    skips: list[SkipTold]
