"""What the routes of hearings that come again are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from pydantic import Field

from availability.openings import Off
from availability.wire import MOST_DAYS, Day, Flag, Given, Identifier, Line, Told
from booking.hearing_blocked import Blocked
from booking.hearing_generation import Generated, Kept
from booking.hearing_template_models import NAME_LENGTH, Formation
from booking.hearing_template_queries import DayOf, TemplateLine
from booking.hearing_template_spec import (
    HORIZON_DAYS,
    LONGEST_MIN,
    MOST_BEFORE_DAYS,
    MOST_CASES,
    MOST_PEOPLE,
    MOST_QUOTAS,
    VIDEO_ENDS,
    People,
    TemplateSpec,
)

Wall = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Wall time of the court, HH:MM.")]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST_PEOPLE)]
Cases = Annotated[int, Field(strict=True, ge=0, le=MOST_CASES)]


class NatureTold(Told):
    """A nature of case, or a family of them."""

    code: str
    label: str
    above: str | None = Field(description="The family that it is of; null for a class.")


class HearingTemplateTold(Told):
    """Sessions that a court opens again and again."""

    id: int
    line_id: int = Field(description="The same before and after a change from a day on.")
    name: str
    court: str
    site_id: int
    kind_id: int
    room_id: int | None
    formation: str
    rrule: str
    starts: str = Field(description="Wall time of the court.")
    max_cases: int
    max_minutes: int
    quotas: dict[str, int] = Field(description="Most cases of a family and of all that is under it.")
    horizon_days: int
    take_before_days: int
    sits_on_holidays: bool
    sits_in_recess: bool
    judges: int
    clerks: int
    prosecutors: int
    interpreters: int
    named_ids: list[int] = Field(description="Resources: people who are named, and both ends of a video link.")
    needs_video: bool
    valid_from: date
    valid_until: date | None = Field(description="The day after its last one; null: no end.")
    sessions_to_come: int
    cases_to_come: int


class SessionDayTold(Told):
    """A day on which a template sits, or would."""

    day: date
    what: DayOf
    cases: int
    off: Off | None = Field(description="Why it does not sit, when the day is off.")
    resource_id: int | None = Field(description="Its session, which is booked as any resource.")


class DaysAsked(Given):
    """Which days."""

    first: Day | None = Field(default=None, alias="from", description="First civil day; today when left out.")
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 92


class FromGiven(Given):
    """From which day on."""

    from_on: Day = Field(description="Civil day of the court, after today; what precedes does not change.")


class ClosingGiven(FromGiven):
    """From which day on nothing more is opened, or only what that would move."""

    dry_run: Flag = Field(default=False, description="Answer what it moves, and leave everything as it was.")


class TemplateGiven(FromGiven):
    """What a court opens again and again; all of it, whatever was said before."""

    site_id: Identifier = Field(description="The court; a change leaves it, and `kind_id`, as they were.")
    kind_id: Identifier = Field(description="A kind of shape `sessions`.")
    name: Line = Field(max_length=NAME_LENGTH)
    formation: Formation = Formation.SINGLE
    room_id: Identifier | None = None
    rrule: Annotated[Line, Field(max_length=200)] = Field(
        description="Its days, as RFC 5545 has it: FREQ=WEEKLY;INTERVAL=2;BYDAY=TU."
    )
    starts: Wall
    max_minutes: Annotated[int, Field(strict=True, ge=1, le=LONGEST_MIN)]
    max_cases: Annotated[int, Field(strict=True, ge=1, le=MOST_CASES)]
    quotas: dict[str, Cases] = Field(
        default_factory=dict, max_length=MOST_QUOTAS, description="Most cases by code of `GET /natures`."
    )
    horizon_days: Annotated[int, Field(strict=True, ge=HORIZON_DAYS[0], le=HORIZON_DAYS[1])] = 180
    take_before_days: Annotated[int, Field(strict=True, ge=0, le=MOST_BEFORE_DAYS)] = 0
    sits_on_holidays: Flag = False
    sits_in_recess: Flag = False
    judges: Count = 1
    clerks: Count = 1
    prosecutors: Count = 0
    interpreters: Count = 0
    named_ids: list[Identifier] = Field(
        default_factory=list,
        max_length=4 * MOST_PEOPLE + VIDEO_ENDS,
        description="Resources: people who are named, and both ends of a video link, one in the court.",
    )
    needs_video: Flag = False

    def spec(self) -> TemplateSpec:
        """Return what is to be opened. Raises: InvalidRequest."""
        counts = {name: getattr(self, name) for name in ("judges", "clerks", "prosecutors", "interpreters")}
        own = self.model_dump(exclude={*counts, "named_ids", "from_on", "dry_run", "starts"})
        people = People(**counts, named_ids=tuple(self.named_ids))
        return TemplateSpec(**own, starts=time.fromisoformat(self.starts), people=people)


class TemplateChangeGiven(TemplateGiven, ClosingGiven):
    """What a template says from a day on, or only what that would move."""


class KeptTold(Told):
    """A session that stays although its template says otherwise: it has cases, people, or was changed by hand."""

    day: date
    resource_id: int
    cases: int


class BlockedTold(Told):
    """A day that could not be opened; each night tries again."""

    day: date
    resource_id: int | None = Field(description="The room, the person or the end of a link that is not free.")
    name: str
    most_links: int | None = Field(description="How many video links the country carries, when all are taken.")
    nearest_at: datetime | None = Field(description="The nearest hour of that day at which all is free.")


class TemplateWrittenTold(Told):
    """What an act on a template moved, or would move."""

    template: HearingTemplateTold | None = Field(description="The one in force from that day; null: only tried.")
    made: list[date] = Field(description="Days on which a session was opened.")
    withdrawn: list[date] = Field(description="Days whose empty session was taken out of service.")
    kept: list[KeptTold]
    blocked: list[BlockedTold]


def written_told(line: TemplateLine | None, done: Generated) -> TemplateWrittenTold:
    """Return what an act did; no line: it was only tried."""
    return TemplateWrittenTold(
        template=template_told(line) if line else None,
        made=list(done.made),
        withdrawn=list(done.withdrawn),
        kept=[_kept(one) for one in done.kept],
        blocked=[_blocked(one) for one in done.blocked],
    )


def _kept(one: Kept) -> KeptTold:
    return KeptTold(day=one.day, resource_id=one.resource_id, cases=one.cases)


def _blocked(one: Blocked) -> BlockedTold:
    return BlockedTold(
        day=one.day,
        resource_id=one.resource_id,
        name=one.name,
        most_links=one.links,
        nearest_at=one.nearest_at,
    )


def template_told(line: TemplateLine) -> HearingTemplateTold:
    """Return a template as programs read it."""
    one = line.template
    return HearingTemplateTold(
        id=one.id,
        line_id=one.line_id or one.id,
        name=one.name,
        court=line.court,
        site_id=one.site_id,
        kind_id=one.kind_id,
        room_id=one.room_id,
        formation=one.formation,
        rrule=one.rrule,
        starts=f"{one.starts:%H:%M}",
        max_cases=one.max_cases,
        max_minutes=one.max_minutes,
        quotas=one.quotas,
        horizon_days=one.horizon_days,
        take_before_days=one.take_before_days,
        sits_on_holidays=one.sits_on_holidays,
        sits_in_recess=one.sits_in_recess,
        judges=one.judges,
        clerks=one.clerks,
        prosecutors=one.prosecutors,
        interpreters=one.interpreters,
        named_ids=one.named_ids,
        needs_video=one.needs_video,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        sessions_to_come=line.sessions,
        cases_to_come=line.cases,
    )
