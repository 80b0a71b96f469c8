"""What a template of hearing sessions says, checked before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from availability.claims import readable
from availability.errors import InvalidRequest
from availability.openings import DaysOff, Rule, instant_of
from availability.periods import Period
from booking.hearing_template_models import NAME_LENGTH, Formation

LONGEST_MIN = 1440
MOST_CASES = 500
HORIZON_DAYS = (0, 400)
MOST_BEFORE_DAYS = 365
MOST_PEOPLE = 9
MOST_QUOTAS = 40
MOST_FAMILY = 8
VIDEO_ENDS = 2  # one in the court, one in the prison or elsewhere: both are taken, or none
# Codes of kinds that are held with a session whoever sits: prosecutors, interpreters, video equipment.
PROSECUTOR_KIND, INTERPRETER_KIND, VIDEO_KIND = "parquet", "interprete", "visio"
HELD_WITH = (PROSECUTOR_KIND, INTERPRETER_KIND, VIDEO_KIND)


@dataclass(frozen=True, kw_only=True)
class People:
    """How many of each sit, and those who are named already, as resources; the ends of a video link are among them."""

    judges: int = 1
    clerks: int = 1
    prosecutors: int = 0
    interpreters: int = 0
    named_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "named_ids", tuple(sorted(set(self.named_ids))))
        for name in ("judges", "clerks", "prosecutors", "interpreters"):
            _within(name, getattr(self, name), 0, MOST_PEOPLE)
        most = self.judges + self.clerks + self.prosecutors + self.interpreters + VIDEO_ENDS
        if len(self.named_ids) > most:
            raise InvalidRequest("named_ids", "too-many", most=most)


@dataclass(frozen=True, kw_only=True)
class TemplateSpec:
    """A court opens this again and again, in the wall time of the site. Raises: InvalidRequest, which names the field.

    `quotas`: NAC family -> most cases of it. `take_before_days`: the last day for taking a date, so many before.
    """

    site_id: int
    kind_id: int
    name: str
    formation: Formation = Formation.SINGLE
    room_id: int | None = None
    rrule: str
    starts: time
    max_minutes: int
    max_cases: int
    quotas: Mapping[str, int] = field(default_factory=dict)
    horizon_days: int = 180
    take_before_days: int = 0
    sits_on_holidays: bool = False
    sits_in_recess: bool = False
    people: People = field(default_factory=People)
    needs_video: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", " ".join(readable("name", self.name).split()))
        if not self.name:
            raise InvalidRequest("name", "required")
        if len(self.name) > NAME_LENGTH:
            raise InvalidRequest("name", "too-long", most=NAME_LENGTH)
        if not self.rrule:
            raise InvalidRequest("rrule", "required")
        _within("max_minutes", self.max_minutes, 1, LONGEST_MIN)
        _within("max_cases", self.max_cases, 1, MOST_CASES)
        _within("horizon_days", self.horizon_days, *HORIZON_DAYS)
        _within("take_before_days", self.take_before_days, 0, MOST_BEFORE_DAYS)
        if len(self.quotas) > MOST_QUOTAS:
            raise InvalidRequest("quotas", "too-many", most=MOST_QUOTAS)
        for family, most in self.quotas.items():
            if not family or len(family) > MOST_FAMILY or not family.isalnum():
                raise InvalidRequest("quotas", "unreadable", value=family)
            _within("quotas", most, 0, MOST_CASES)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A session that a template opens, before it is one."""

    day: date
    period: Period
    last_take_on: date | None


def due_sessions(
    rule: Rule, closed: DaysOff, *, first: date, until: date, max_minutes: int, take_before_days: int, zone: ZoneInfo
) -> Iterator[Due]:
    """Yield what a template opens on civil days `[first, until)`, by day.

    A day that was added by hand sits whatever closes the others, but for a closure of the place itself.
    """
    for day in rule.days(first, until):
        if (why := closed.why(day)) is not None and (day not in rule.extra_on or why == "closed"):
            continue
        start = instant_of(day, rule.opens, zone)
        yield Due(
            day=day,
            period=Period(start, session_end(start, max_minutes)),
            last_take_on=day - timedelta(days=take_before_days) if take_before_days else None,
        )


def session_end(start: datetime, max_minutes: int) -> datetime:
    """Return when a session ends: as long after its start as it may last."""
    return start + timedelta(minutes=max_minutes)


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidRequest(name, "out-of-range", least=least, most=most)
