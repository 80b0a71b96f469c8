"""What partners' programs send and are answered of what they publish."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import Field

from availability.declarations import Declaration
from availability.errors import InvalidRequest
from availability.grids import OwnGrid
from availability.models import Shape
from availability.openings import Rule
from availability.wire import Day, Flag, Given, Line, Told

Count = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Minutes = Annotated[int | None, Field(strict=True, description="Null or absent: as the kind says.")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Wall time of the place: 09:30.")]
Reason = Annotated[Line, Field(max_length=120, description="For colleagues: neither name nor reason of health.")]


class OwnTold(Told):
    """Something that the caller's organisation runs."""

    id: int
    code: str
    name: str
    kind: str
    shape: Shape
    site_id: int
    site: str
    commune: str
    time_zone: str
    declared_on: date | None
    is_stale: bool = Field(description="The declaration is older than its kind believes without a call.")


class OwnAsked(Given):
    """Which part of the list."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=300)


class DeclarationTold(Told):
    """What is declared. Beds are counted one by one, slots have no load: these are null where they mean nothing."""

    capacity: int | None
    load: int | None
    waiting: int | None
    declared_on: date | None
    is_stale: bool


class DeclarationGiven(Given):
    """What is true today. For places, all three; for slots, the capacity."""

    capacity: Count | None = None
    load: Count | None = None
    waiting: Count | None = None

    def declaration(self, shape: Shape) -> Declaration:
        """Return what is declared. Raises: InvalidRequest when a number of that shape is not given."""
        if shape is Shape.PLACES:
            for name in ("capacity", "load", "waiting"):
                if getattr(self, name) is None:
                    raise InvalidRequest(name, "required")
        elif self.capacity is None:
            raise InvalidRequest("capacity", "required")
        return Declaration(self.capacity or 0, self.load or 0, self.waiting or 0)


class RuleTold(Told):
    """Open in wall time on the days of a recurrence (RFC 5545); `closes` at or before `opens` is on the next day."""

    rrule: str
    anchor_on: date
    opens: str
    closes: str
    valid_from: date
    valid_until: date | None
    except_on: list[date]
    extra_on: list[date]


class RuleGiven(Given):
    """One rule of the hours. Intervals and counts begin on `anchor_on`: the first day of the hours when absent."""

    rrule: Annotated[Line, Field(max_length=200)] = Field(
        default="", description="FREQ=WEEKLY;BYDAY=MO,TU; empty: on the extra days only."
    )
    anchor_on: Day | None = None
    opens: Clock
    closes: Clock
    valid_from: Day | None = None
    valid_until: Day | None = Field(default=None, description="Civil day after the last one.")
    except_on: list[Day] = Field(default=[], max_length=400)
    extra_on: list[Day] = Field(default=[], max_length=400)

    def rule(self, from_on: date) -> Rule:
        """Return the rule, in force from a day on. Raises: InvalidRequest."""
        return Rule(
            self.rrule,
            self.anchor_on or from_on,
            time.fromisoformat(self.opens),
            time.fromisoformat(self.closes),
            self.valid_from or from_on,
            self.valid_until,
            tuple(self.except_on),
            tuple(self.extra_on),
        )


class HoursGiven(Given):
    """The hours from a day on, in the place of those that applied."""

    first: Day | None = Field(default=None, alias="from", description="First civil day; today when absent.")
    rules: list[RuleGiven] = Field(max_length=100)


class GridTold(Told):
    """How its openings are cut, in minutes. Null is as the kind says: see `GET /kinds`."""

    slot_duration_min: int | None
    slot_step_min: int | None
    buffer_before_min: int | None
    buffer_after_min: int | None


class GridGiven(Given):
    """How its openings are cut, in minutes, and how many it takes at the same time."""

    slot_duration_min: Minutes = None
    slot_step_min: Minutes = Field(default=None, description="From one start to the next.")
    buffer_before_min: Minutes = Field(default=None, description="Kept free before each claim.")
    buffer_after_min: Minutes = Field(default=None, description="Kept free after each claim.")
    capacity: Count | None = Field(default=None, description="Usual capacity; absent or null, it stays as it is.")

    def grid(self, capacity: int) -> OwnGrid:
        """Return the grid, with the capacity that there is when none is given. Raises: InvalidRequest."""
        given = self.model_dump()
        return OwnGrid(**given | {"capacity": capacity if self.capacity is None else self.capacity})


class ClosureTold(Told):
    """Closed on civil days `[from, to)`, alone or with the whole site, which opens it again then."""

    id: int
    first: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    reason: str
    is_of_site: bool


class ClosureGiven(Given):
    """Civil days to close."""

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")
    reason: Reason = ""


class CapacityTold(Told):
    """How many on civil days `[from, to)`, instead of the usual capacity."""

    id: int
    first: date = Field(alias="from")
    until: date = Field(alias="to")
    capacity: int
    reason: str


class CapacityGiven(Given):
    """How many on some civil days."""

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")
    capacity: Count
    reason: Reason = ""


class BedTold(Told):
    """A bed."""

    id: int
    name: str
    in_service: bool


class BedGiven(Given):
    """Whether a bed takes people."""

    in_service: Flag


class OutsideTold(Told):
    """Something taken that is no longer covered: it stands, and somebody must look at it."""

    booking_id: UUID
    resource_id: int
    start: datetime
    end: datetime


class PublishedTold(OwnTold):
    """Everything that is published of one resource; its ETag is that of this document without `outside`."""

    declaration: DeclarationTold
    grid: GridTold | None = Field(description="Null but for slots.")
    hours: list[RuleTold]
    closures: list[ClosureTold]
    capacities: list[CapacityTold]
    units: list[BedTold]
    outside: list[OutsideTold] = Field(default=[], description="What the act leaves uncovered; empty in a read.")


class SiteTold(Told):
    """What is published of a whole site; its ETag is that of this document without `outside`."""

    id: int
    name: str
    commune: str
    time_zone: str
    resources: int = Field(description="In service there.")
    own: int = Field(description="Of which the caller runs so many: all of them, to close the site.")
    closures: list[ClosureTold]
    outside: list[OutsideTold] = Field(default=[], description="What the act leaves uncovered; empty in a read.")
