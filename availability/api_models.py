"""What the routes of the catalogue are given and answer, as programs write it."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from availability.models import QuotaPeriod, Shape
from availability.wire import Day, Given, Told


class QuotaTold(Told):
    """How many each service may take in a period: one service or territory, by its code, or each of them."""

    per: QuotaPeriod
    most: int
    organisation: str | None
    territory: str | None


class KindTold(Told):
    """A kind of place: its shape, its limits, and the attributes that it is searched on."""

    code: str
    label: str
    label_plural: str
    shape: Shape
    host_accepts: bool = Field(description="The host decides before a place is booked.")
    hold_minutes: int
    request_days: int = Field(description="A request without answer lapses after these days.")
    min_notice_days: int
    min_notice_min: int = Field(description="For what is taken on the day itself.")
    max_ahead_days: int
    max_days: int | None
    cancel_notice_min: int = Field(description="Given back or moved until so long before it begins; 0: at any time.")
    offer_hours: int = Field(description="How long what frees up is held for the first who waits.")
    quotas: list[QuotaTold] = Field(description="By the civil day on which what is taken begins, where it is.")
    crosses_territories: bool
    slot_step_min: int
    slot_duration_min: int
    buffer_before_min: int = Field(description="Kept free before each claim.")
    buffer_after_min: int
    searchable: dict[str, Any]
    may_reserve: bool = Field(description="The caller may reserve it, not only search it.")


POINT = r"^-?\d{1,3}(\.\d{1,15})?,-?\d{1,3}(\.\d{1,15})?$"
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")  # RFC 5545, section 3.3.10


def _written_hour(value: object) -> object:
    """Refuse what pydantic would read as an hour without it being one: numbers, seconds, offsets."""
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return value
    raise PydanticCustomError("time_parsing", "an hour is written HH:MM")


Hour = Annotated[time, BeforeValidator(_written_hour)]


class DaysAsked(Given):
    """A range of civil days `[from, to)`."""

    first: Day | None = Field(default=None, alias="from", description="First civil day; today when absent.")
    until: Day | None = Field(default=None, alias="to", description="Civil day after the last one.")


class ResourcesAsked(DaysAsked):
    """What is looked for."""

    kind: str = Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Code of a kind.")
    near: str | None = Field(
        default=None,
        max_length=60,
        pattern=POINT,
        description="Latitude,longitude (WGS 84), from which distances are measured.",
    )
    radius_km: float | None = Field(default=None, gt=0, le=1000, allow_inf_nan=False)
    sex: Literal["F", "M"] | None = None
    age: int | None = Field(default=None, ge=13, le=120)
    weekend: bool = False
    accessible: bool = False
    attribute: list[Annotated[str, Field(max_length=250)]] = Field(
        default=[],
        max_length=20,
        description="An attribute that the kind is searched on (`searchable` of `GET /kinds`), as `code:value`:"
        " `regime:probatoire`, `evening:true`, `languages:arabe,turc`. May be given several times.",
    )
    work: str | None = Field(
        default=None,
        max_length=60,
        pattern=POINT,
        description="Latitude,longitude where the person works: what opens its doors at the wrong hours is left out,"
        " and travel is counted from there. With `work_starts` and `work_ends`.",
    )
    work_starts: Hour | None = Field(default=None, description="Hour at which work begins, `06:00`, in civil time.")
    work_ends: Hour | None = Field(
        default=None, description="Hour at which it ends; at or before `work_starts`, on the next day."
    )
    work_days: str | None = Field(
        default=None,
        max_length=20,
        pattern=r"^(mo|tu|we|th|fr|sa|su)(,(mo|tu|we|th|fr|sa|su)){0,6}$",
        description="Days on which work begins, as `mo,tu,sa`; Monday to Friday when absent.",
    )
    max_travel_min: int | None = Field(
        default=None, ge=1, le=1440, description="Longest travel, in minutes, from `work`, else from `near`, and back."
    )
    max_delay_days: int | None = Field(
        default=None, ge=0, le=3660, description="Longest delay before the first appointment, for kinds that have one."
    )
    max_load: float | None = Field(
        default=None,
        ge=0,
        le=10,
        allow_inf_nan=False,
        description="Highest load over capacity: 0.8 is 80 %. Places only.",
    )
    fresh: bool = Field(default=False, description="Only what was declared lately enough for the kind.")
    free: bool = Field(default=False, description="Only what can be taken as wished.")
    beyond: bool = Field(
        default=False, description="Beyond the caller's territories, where the kind allows it; logged."
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=300)


Kilometres = Annotated[float, AfterValidator(lambda value: round(value, 3))]  # to the metre


class SiteTold(Told):
    """Where a resource is."""

    id: int
    name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    lat: float | None
    lon: float | None
    located_by: str = Field(description="Where the coordinates come from: source, address, commune, hand, nowhere.")


class ResourceTold(Told):
    """A resource as the search sees it over the days asked for."""

    id: int
    kind: str
    name: str
    site: SiteTold
    distance_km: Kilometres | None
    travel_min: int | None = Field(
        description="Minutes by road, the longer of the way out and of the way back; null where no road leads."
    )
    travel_is_estimate: bool = Field(description="By distance, no routing engine having said it.")
    delay_days: int | None = Field(description="Days before the first appointment, where it is known.")
    attributes: dict[str, Any]
    total: int = Field(description="Beds, places, starts or cases over the days asked for, free or not.")
    free: int = Field(description="How many can be taken for the whole of the days asked for.")
    held: int = Field(description="How many are being reserved at this moment.")
    suits: bool
    reasons: list[str] = Field(
        description="Why it does not suit, all of it; empty when it does: codes of attributes, `hours`, `travel`,"
        " `stale`, `load`, `delay`, `closed`, or else `held`, `taken`."
    )
    next_free_on: date | None = Field(description="First civil day, within two months, with something free.")
    declared_load: int
    declared_waiting: int
    declared_on: date | None


class UnitTold(Told):
    """A named unit, a bed."""

    id: int
    name: str


class ResourceSheet(ResourceTold):
    """One resource, with the units that can be named in a booking."""

    units: list[UnitTold]


class Range(Told):
    """Civil days `[from, to)`."""

    first: date = Field(alias="from")
    until: date = Field(alias="to")


class UnitFree(Told):
    """A unit and when it is free."""

    unit_id: int
    name: str
    free: list[Range]


class StartLeft(Told):
    """A start and the seats left at it, 0 when it is taken."""

    start: datetime
    end: datetime
    seats_left: int


class DayLeft(Told):
    """A civil day and what is left of it."""

    day: date
    remaining: int
    held: int
    is_closed: bool


class HearingLeft(Told):
    """What a hearing can still take."""

    starts_at: datetime
    ends_at: datetime
    cases_left: int
    minutes_left: int
    quotas_left: dict[str, int]


class _Availability(Told):
    resource_id: int
    first: date = Field(alias="from")
    until: date = Field(alias="to")


class NightsLeft(_Availability):
    """Free ranges of each unit."""

    shape: Literal["nights"] = "nights"
    units: list[UnitFree]


class PlacesLeft(_Availability):
    """Places left, day by day."""

    shape: Literal["places"] = "places"
    days: list[DayLeft]


class SlotsLeft(_Availability):
    """Starts, with the seats left."""

    shape: Literal["slots"] = "slots"
    starts: list[StartLeft]


class HearingsLeft(_Availability):
    """Room left in the hearing: an empty list when it is not on these days."""

    shape: Literal["sessions"] = "sessions"
    sessions: list[HearingLeft]


Availability = Annotated[NightsLeft | PlacesLeft | SlotsLeft | HearingsLeft, Field(discriminator="shape")]
