"""What the routes of series and of presences are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from availability.claims import Claim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.wire import Day, Flag, Given, Identifier, Line, Told
from booking.api_models import ForWhom, Wanted
from booking.models import State
from booking.presences import Expected
from booking.series_plan import SeriesOrder
from booking.series_queries import OccurrenceLine, SeriesView
from booking.series_rules import (
    MOST_DAY_MIN,
    MOST_HOURS,
    MOST_OCCURRENCES,
    USUAL_DAY_MIN,
    Measure,
    Occurrence,
    Standing,
)

Minutes = Annotated[int, Field(strict=True, ge=0, le=MOST_DAY_MIN)]
Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["14:00"])]


class PeriodGiven(Given):
    """Civil days `[from, to)`."""

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")


class AnswerGiven(Given):
    """What to do of an occurrence that is not free: leave it out, or take another place or start instead."""

    number: Annotated[int, Field(strict=True, ge=1, le=MOST_OCCURRENCES)]
    leave_out: Flag = False
    instead: Wanted | None = None


class SeriesGiven(ForWhom):
    """A series: visits at an hour (`rrule`, `at`), hours of work (`rrule`, `minutes_a_day`), or periods one by one."""

    resource_id: Identifier
    measure: Measure = Field(description="In what `total` is: visits (or periods), or minutes.")
    total: Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS * 60)]
    begins_on: Day
    rrule: Annotated[Line, Field(max_length=200)] = Field(
        default="", description="Its days, as RFC 5545 has it: FREQ=WEEKLY;INTERVAL=2;BYDAY=SA."
    )
    at: Hour | None = Field(default=None, description="Wall time of the place.")
    minutes_a_day: Minutes = USUAL_DAY_MIN
    periods: list[PeriodGiven] = Field(default_factory=list, max_length=MOST_OCCURRENCES)
    decided_on: Day | None = Field(
        default=None, description="When a sentence can be enforced: it is done within 18 months (code pénal, 131-22)."
    )
    ends_by: Day | None = Field(default=None, description="Last day that it may have, instead of those 18 months.")
    answers: list[AnswerGiven] = Field(default_factory=list, max_length=MOST_OCCURRENCES)

    def order(self, shape: Shape) -> SeriesOrder:
        """Return what is wanted of a place of this shape. Raises: InvalidRequest."""
        for one in self.periods:
            if one.until <= one.first:
                raise InvalidRequest("periods", "not-after-start")
        return SeriesOrder(
            resource_id=self.resource_id,
            beneficiary=self.beneficiary,
            measure=self.measure,
            total=self.total,
            begins_on=self.begins_on,
            rrule=self.rrule,
            at=time.fromisoformat(self.at) if self.at else None,
            minutes_a_day=self.minutes_a_day,
            periods=tuple((one.first, one.until) for one in self.periods),
            decided_on=self.decided_on,
            ends_by=self.ends_by,
            answers={one.number: _answer(one, shape) for one in self.answers},
        )


class PresenceGiven(Given):
    """Whether somebody came on a day, and for how long, to the half hour; 0 when nothing is counted."""

    came: Flag
    minutes: Minutes = 0
    revision: Annotated[int, Field(strict=True, ge=0, le=2**31)] | None = Field(
        default=None, description="That of the entry that the caller saw, 0 for none: another one is refused."
    )


class ClaimTold(Told):
    """A place and when."""

    resource_id: int
    first: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    start: datetime | None = None


class PlannedTold(Told):
    """An occurrence that would be taken: `why` is null when it is free, `instead` lists what else would do."""

    number: int
    wanted: ClaimTold
    why: str | None
    instead: list[ClaimTold]


class PlanTold(Told):
    """What would be taken."""

    items: list[PlannedTold]
    free: int


class OccurrenceTold(Told):
    """A booking of a series; `number` is its rank among those that have their place."""

    booking_id: UUID
    number: int | None
    state: State
    resource_id: int
    first: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    start: datetime | None
    end: datetime | None
    done_min: int


class SeriesTold(Told):
    """A series, and how far it is."""

    id: UUID
    kind: str
    measure: Measure
    total: int
    done: int
    planned: int
    left: int
    standing: Standing
    begins_on: date
    ends_by: date | None
    rrule: str
    minutes_a_day: int
    resource_id: int
    person_id: UUID | None
    case_ref: str
    occurrences: list[OccurrenceTold]


class PresenceTold(Told):
    """Somebody expected on a day, by initials and a year of birth; `came` is null while nobody said it."""

    booking_id: UUID
    day: date
    shape: Shape
    resource_name: str
    site_name: str
    initials: str
    birth_year: int | None
    case_ref: str
    start: datetime | None
    came: bool | None
    minutes: int
    usual_min: int
    done_min: int
    total_min: int
    revision: int


class EntryTold(Told):
    """What is noted of a day; `came` is null when it was taken back."""

    booking_id: UUID
    day: date
    came: bool | None
    minutes: int
    revision: int


class PresencesAsked(Given):
    """Which day."""

    day: Day


def plan_told(occurrences: list[Occurrence], zone: ZoneInfo) -> PlanTold:
    """Return a plan as programs read it."""
    items = [planned_told(one, zone) for one in occurrences]
    return PlanTold(items=items, free=sum(1 for one in occurrences if one.is_free))


def planned_told(one: Occurrence, zone: ZoneInfo) -> PlannedTold:
    """Return one occurrence of a plan."""
    return PlannedTold(
        number=one.number,
        wanted=_claim(one.claim, zone),
        why=one.why or None,
        instead=[_claim(claim, zone) for claim in one.instead],
    )


def series_told(view: SeriesView) -> SeriesTold:
    """Return a series as programs read it."""
    line, progress = view.line, view.progress
    named = {name: getattr(line, name) for name in SeriesTold.model_fields if hasattr(line, name)}
    return SeriesTold.model_validate(
        named
        | {
            "kind": line.kind_code,
            "done": progress.done,
            "planned": progress.planned,
            "left": progress.left,
            "standing": view.standing,
            "occurrences": [_occurrence(one) for one in view.occurrences],
        }
    )


def presence_told(one: Expected) -> PresenceTold:
    """Return somebody expected, as programs read it."""
    named = {name: getattr(one, name) for name in PresenceTold.model_fields if hasattr(one, name)}
    start = one.starts_at.astimezone(ZoneInfo(one.time_zone)) if one.starts_at else None
    return PresenceTold.model_validate(named | {"start": start, "total_min": one.total})


def _answer(one: AnswerGiven, shape: Shape) -> Claim | None:
    if one.leave_out == (one.instead is not None):
        raise InvalidRequest("answers", "one-of-two")
    return one.instead.claim(shape) if one.instead is not None else None


def _claim(claim: Claim, zone: ZoneInfo) -> ClaimTold:
    said: dict[str, Any] = {"resource_id": claim.resource_id}
    if isinstance(claim, SlotClaim):
        said["start"] = claim.start.astimezone(zone)
    elif isinstance(claim, PlaceClaim):
        said |= {"from": claim.first, "to": claim.until}
    return ClaimTold.model_validate(said)


def _occurrence(one: OccurrenceLine) -> OccurrenceTold:
    zone = ZoneInfo(one.time_zone)
    start, end = (at.astimezone(zone) if at else None for at in (one.starts_at, one.ends_at))
    return OccurrenceTold.model_validate(
        {
            "booking_id": one.id,
            "number": one.number,
            "state": one.state,
            "resource_id": one.resource_id,
            "from": one.first_on,
            "to": one.until_on,
            "start": start,
            "end": end,
            "done_min": one.done_min,
        }
    )
