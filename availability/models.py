"""Tables of what exists and of what is taken. Kinds are rows, not code: a new kind needs no deployment.

Keys: the catalogue is public and joined all day, so it has small integers. Occupancy rows are keyed by what they
forbid (see docs/locking.md), and carry `holder_id`, the booking that they belong to.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlmodel import Field, SQLModel

from availability.rights import Role

# Constraint names are constants: their violation is turned into a refusal by name.
ONE_STAY_PER_BED_NIGHT = "bed_night_pkey"
ONE_CLAIM_PER_SEAT_AND_TIME = "seat_time_no_overlap"
ONE_CAPACITY_PER_DAY = "capacity_period_no_overlap"


class Shape(StrEnum):
    """The four shapes of availability; everything scarce is one of them."""

    NIGHTS = "nights"  # a named unit (a bed) for a range of civil dates
    PLACES = "places"  # up to n at the same time, each for its own period
    SLOTS = "slots"  # dated starts cut from opening hours
    SESSIONS = "sessions"  # a hearing filled up to cases and minutes


class LocatedBy(StrEnum):
    """Where the coordinates of a site come from; shown to users when they are not exact."""

    SOURCE = "source"
    ADDRESS = "address"
    COMMUNE = "commune"
    HAND = "hand"
    NOWHERE = "nowhere"


class QuotaPeriod(StrEnum):
    """Over what a quota counts, in civil time: a day, a week from Monday, a month, a year."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class TerritoryLevel(StrEnum):
    """Levels of the judicial map (ressorts)."""

    COUNTRY = "country"
    COURT_OF_APPEAL = "court_of_appeal"
    JUDICIAL_COURT = "judicial_court"
    PROXIMITY_COURT = "proximity_court"


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that keeps `column` within an enumeration."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def key(**options: Any) -> Any:
    """Return a bigint identity primary key."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True, **options))


def reference(target: str, *, nullable: bool = False, primary_key: bool = False, cascade: bool = False) -> Any:
    """Return a bigint foreign key to `table.column`."""
    foreign = ForeignKey(target, ondelete="CASCADE" if cascade else None)
    column: Column[Any] = Column(BigInteger, foreign, nullable=nullable, primary_key=primary_key)
    return Field(default=None, sa_column=column)


def instant(*, nullable: bool = False) -> Any:
    """Return a timestamptz column: an instant, aware, UTC inside."""
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable))


def days() -> Any:
    """Return a column of civil days, none by default."""
    return Field(default_factory=list, sa_column=Column(ARRAY(Date), nullable=False, server_default=text("'{}'")))


def json_object() -> Any:
    """Return a jsonb column that holds an object, empty by default."""
    return Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb")))


class Territory(SQLModel, table=True):
    """A ressort. Rights are given on a territory and reach its whole subtree."""

    __tablename__ = "territory"
    __table_args__ = (one_of("level", TerritoryLevel),)

    id: int = key()
    code: str = Field(unique=True)
    name: str
    level: str
    parent_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=True, index=True)
    )


class Organisation(SQLModel, table=True):
    """Who runs sites: a court, a probation service, an association, a commune."""

    __tablename__ = "organisation"

    id: int = key()
    code: str = Field(unique=True)
    name: str
    siret: str | None = None


class Kind(SQLModel, table=True):
    """What a resource is for users, and the rules that differ from one kind to another."""

    __tablename__ = "kind"
    __table_args__ = (
        one_of("shape", Shape),
        CheckConstraint("hold_minutes BETWEEN 1 AND 1440", name="hold_minutes_sane"),
        CheckConstraint("max_ahead_days BETWEEN 1 AND 366", name="max_ahead_days_sane"),
        CheckConstraint("min_notice_min BETWEEN 0 AND 10080", name="min_notice_min_sane"),
        CheckConstraint("slot_step_min BETWEEN 1 AND 1440", name="slot_step_sane"),
        CheckConstraint("slot_duration_min BETWEEN 1 AND 10080", name="slot_duration_sane"),
        CheckConstraint(
            "buffer_before_min BETWEEN 0 AND 1440 AND buffer_after_min BETWEEN 0 AND 1440", name="buffers_sane"
        ),
        CheckConstraint("fresh_days BETWEEN 1 AND 366", name="fresh_days_sane"),
        CheckConstraint("request_days BETWEEN 1 AND 366", name="request_days_sane"),
        CheckConstraint("min_notice_days BETWEEN 0 AND 365", name="min_notice_days_sane"),
        CheckConstraint("max_days BETWEEN 1 AND 3660", name="max_days_sane"),
        CheckConstraint("NOT is_designated OR shape = 'places'", name="designated_is_a_place"),
        CheckConstraint("cancel_notice_min BETWEEN 0 AND 43200", name="cancel_notice_sane"),
        CheckConstraint("offer_hours BETWEEN 1 AND 720", name="offer_hours_sane"),
    )

    id: int = key()
    code: str = Field(unique=True)
    label: str  # French, singular: "lit de semi-liberté"
    label_plural: str
    layer: str  # French, short, for the map: "Semi-liberté"
    shape: str
    position: int = 0  # order of the layers
    host_accepts: bool = False  # the host decides before the place is booked
    hold_minutes: int = 10
    request_days: int = 7  # a request without answer lapses after these days
    min_notice_days: int = 0
    min_notice_min: int = 0  # for what is taken on the day itself
    max_ahead_days: int = 365  # domain: not more than a year ahead
    max_days: int | None = None  # longest period, in nights or days
    cancel_notice_min: int = 0  # latest cancellation or move, before it begins: later, it is excused or missed
    offer_hours: int = 24  # how long what frees up is held for the first of the waiting list
    crosses_territories: bool = False  # may be reserved from another territory, which is logged
    ignores_holidays: bool = False
    ignores_weekends: bool = True  # False: opens on no Saturday or Sunday, whatever the rules say
    closes_in_recess: bool = False  # closed when the court of the place is in recess (vacations judiciaires)
    slot_step_min: int = 30
    slot_duration_min: int = 45
    buffer_before_min: int = 0  # kept free before each claim: to prepare, to travel
    buffer_after_min: int = 0
    fresh_days: int = 30  # a declaration older than this looks stale, and its service is reminded
    is_designated: bool = False  # chosen by a judge for a family or a person: it is in `/designer`
    refused_if_violence: bool = False  # not offered where violence is alleged. Source: code civil, art. 373-2-10
    meeting_kind_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=True)
    )  # the kind, of shape slots, of the information meeting that precedes
    hearing_kind_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=True)
    )  # the kind, of shape sessions, of the hearing set with that meeting: both, or no double convocation
    wording: dict[str, Any] = json_object()  # what `/designer` and its notice say of it: see booking/measure_words.py
    is_active: bool = True  # False: kept for what was taken of it, offered no more
    searchable: dict[str, Any] = json_object()  # attribute code -> {"label", "type": "choice"|"flag"|"range", …}


class KindRight(SQLModel, table=True):
    """What a role may do with a kind, wherever it holds that role. No row: nothing."""

    __tablename__ = "kind_right"
    __table_args__ = (one_of("role", Role),)

    kind_id: int = reference("kind.id", primary_key=True, cascade=True)
    role: str = Field(primary_key=True)
    may_reserve: bool = False  # a row alone gives the right to search
    may_set_hours: bool = False  # of those who receive: their weekly hours and closed days


class KindQuota(SQLModel, table=True):
    """How many of a kind a service may take in a period, by the civil day on which what is taken begins, there.

    The row of a service goes before that of its territory, which goes before the row of neither: the kind's own.
    """

    __tablename__ = "kind_quota"
    __table_args__ = (
        one_of("per", QuotaPeriod),
        CheckConstraint("most >= 0", name="quota_not_negative"),
        CheckConstraint("organisation_id IS NULL OR territory_id IS NULL", name="quota_of_one_thing"),
        UniqueConstraint(
            "kind_id",
            "organisation_id",
            "territory_id",
            "per",
            name="quota_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int = key()
    kind_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("kind.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    organisation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("organisation.id"), nullable=True)
    )
    territory_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=True)
    )
    per: str
    most: int


class Site(SQLModel, table=True):
    """A point on the map, with the civil time and the public holidays that rule there."""

    __tablename__ = "site"
    __table_args__ = (
        one_of("located_by", LocatedBy),
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="site_located_or_not"),
        CheckConstraint("(lat IS NULL) = (located_by = 'nowhere')", name="site_says_how_located"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="site_on_earth"),
        Index("site_lat_lon", "lat", "lon"),
        Index("site_territory", "territory_id", "id"),  # the first of a territory, among 50,000, for each message
    )

    id: int = key()
    code: str = Field(unique=True)
    organisation_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("organisation.id"), nullable=False, index=True)
    )
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    name: str
    address: str = ""
    postcode: str = ""
    commune: str = ""
    insee: str = ""  # code officiel géographique of the commune
    lat: float | None = None
    lon: float | None = None
    located_by: str = LocatedBy.NOWHERE
    time_zone: str = "Europe/Paris"
    holiday_zone: str = ""  # subdivision of France known to the `holidays` library; empty: metropolitan rule
    phone: str = ""
    email: str = ""


class Resource(SQLModel, table=True):
    """Anything scarce that a claim can be made on: a section, a post, an agent, a mediator, a team, a hearing."""

    __tablename__ = "resource"
    __table_args__ = (
        CheckConstraint("capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("declared_load >= 0", name="declared_load_not_negative"),
        CheckConstraint("slot_step_min BETWEEN 1 AND 1440", name="resource_step_sane"),
        CheckConstraint("slot_duration_min BETWEEN 1 AND 10080", name="resource_duration_sane"),
        CheckConstraint(
            "buffer_before_min BETWEEN 0 AND 1440 AND buffer_after_min BETWEEN 0 AND 1440", name="resource_buffers_sane"
        ),
        Index("resource_kind_site", "kind_id", "site_id"),
    )

    id: int = key()
    code: str = Field(unique=True)
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False, index=True))
    kind_id: int = reference("kind.id")
    name: str
    capacity: int = 1  # seats of a slot, places at the same time; beds count their units instead
    declared_load: int = 0  # taken outside of PlaceJuste, as the service declares it
    declared_waiting: int = 0
    declared_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    slot_step_min: int | None = None  # these four: None is as the kind says
    slot_duration_min: int | None = None
    buffer_before_min: int | None = None
    buffer_after_min: int | None = None
    is_active: bool = True
    attributes: dict[str, Any] = json_object()


class Unit(SQLModel, table=True):
    """A named bed of a section."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("resource_id", "name", name="unit_named_once"),)

    id: int = key()
    resource_id: int = reference("resource.id", cascade=True)
    name: str
    is_active: bool = True


class OpeningRule(SQLModel, table=True):
    """Opening in the site's wall time, on the days of a recurrence. `closes` at or before `opens` is on the next day.

    Source: RFC 5545, sections 3.3.10 (RRULE), 3.8.5.1 (EXDATE), 3.8.5.2 (RDATE).
    """

    __tablename__ = "opening_rule"
    __table_args__ = (
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="opening_rule_valid"),
        # As availability/recurrences.py has it.
        CheckConstraint("anchor_on BETWEEN '2000-01-01' AND '2069-12-31'", name="opening_rule_anchored"),
    )

    id: int = key()
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    rrule: str = ""  # "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"; empty: on the extra days only
    anchor_on: date  # day of DTSTART: where intervals and counts begin, whenever the rule is in force
    opens: time
    closes: time
    valid_from: date
    valid_until: date | None = None  # exclusive
    except_on: list[date] = days()
    extra_on: list[date] = days()


class Closure(SQLModel, table=True):
    """Civil days [in, out) on which a resource, or a whole site, is closed."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("(resource_id IS NULL) <> (site_id IS NULL)", name="closure_of_one_thing"),
        CheckConstraint("NOT isempty(days)", name="closure_not_empty"),
    )

    id: int = key()
    resource_id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=True, index=True),
    )
    site_id: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("site.id", ondelete="CASCADE"), nullable=True, index=True),
    )
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
    reason: str = ""


class Recess(SQLModel, table=True):
    """Civil days [in, out) on which a court is in recess (vacations judiciaires): kinds that say so close.

    One row a court: a recess of a court of appeal is written for each of its courts.
    Source: code de l'organisation judiciaire, art. R121-1 s.
    """

    __tablename__ = "recess"
    __table_args__ = (CheckConstraint("NOT isempty(days)", name="recess_not_empty"),)

    id: int = key()
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
    reason: str = ""


class CapacityPeriod(SQLModel, table=True):
    """How many a resource takes during civil days [in, out), instead of its usual capacity."""

    __tablename__ = "capacity_period"
    __table_args__ = (
        ExcludeConstraint(("resource_id", "="), ("days", "&&"), using="gist", name=ONE_CAPACITY_PER_DAY),
        CheckConstraint("capacity >= 0", name="temporary_capacity_not_negative"),
        CheckConstraint(
            "NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="capacity_period_dated"
        ),
        Index("capacity_period_resource", "resource_id"),
    )

    id: int = key()
    resource_id: int = reference("resource.id", cascade=True)
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
    capacity: int
    reason: str = ""


class Opening(SQLModel, table=True):
    """One opening of a resource, as instants: the rules expanded for the months ahead, minus the closures."""

    __tablename__ = "opening"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="opening_not_empty"),)

    resource_id: int = reference("resource.id", primary_key=True, cascade=True)
    starts_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    ends_at: datetime = instant()


class CalendarFeed(SQLModel, table=True):
    """A calendar kept elsewhere, whose events make a resource of shape `slots` busy.

    Its address opens the calendar with its titles to whoever has it: it is sealed, and only its host is shown.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (CheckConstraint("failures >= 0 AND events >= 0 AND unread >= 0", name="feed_counts"),)

    id: int = key()
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    url_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    host: str
    etag: str = ""
    last_modified: str = ""
    fetched_at: datetime | None = instant(nullable=True)  # last answer or failure
    whole_at: datetime | None = instant(nullable=True)  # last time that the whole file came
    good_at: datetime | None = instant(nullable=True)  # since when the absences are known to be those of the file
    next_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
    failures: int = 0  # in a row
    problem: str = ""  # a code, empty when all is well
    events: int = 0
    unread: int = 0  # events of it that could not be understood
    added_by: UUID = Field(index=True)
    created_at: datetime = instant()


class Absence(SQLModel, table=True):
    """A period during which a resource is busy elsewhere, whatever for: all of its seats."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="absence_dated"
        ),
        Index("absence_resource_during", "resource_id", "during", postgresql_using="gist"),
    )

    id: int = key()
    resource_id: int = reference("resource.id", cascade=True)
    during: Range[datetime] = Field(sa_column=Column(TSTZRANGE, nullable=False))
    feed_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("calendar_feed.id", ondelete="CASCADE"), nullable=False, index=True)
    )


class HearingSession(SQLModel, table=True):
    """The dated hearing behind a resource of shape `sessions`: full by cases, by minutes or by quota."""

    __tablename__ = "hearing_session"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="hearing_not_empty"),
        CheckConstraint("max_cases > 0 AND max_minutes > 0", name="hearing_holds_something"),
    )

    resource_id: int = reference("resource.id", primary_key=True, cascade=True)
    starts_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
    ends_at: datetime = instant()
    max_cases: int
    max_minutes: int
    quotas: dict[str, Any] = json_object()  # NAC family -> most cases of it and of those under it
    last_take_on: date | None = None  # the last civil day on which a case is set in it; none: until it begins


class BedNight(SQLModel, table=True):
    """A bed taken for a night. The key forbids a second stay, and answers a search ten times faster than a range."""

    __tablename__ = "bed_night"
    __table_args__ = (Index("bed_night_holder", "holder_id"),)

    unit_id: int = reference("unit.id", primary_key=True)
    night: date = Field(sa_column=Column(Date, primary_key=True))
    holder_id: UUID
    expires_at: datetime | None = instant(nullable=True)


class SeatTime(SQLModel, table=True):
    """A numbered seat of a resource taken for a while."""

    __tablename__ = "seat_time"
    __table_args__ = (
        ExcludeConstraint(
            ("resource_id", "="),
            ("seat", "="),
            ("during", "&&"),
            using="gist",
            name=ONE_CLAIM_PER_SEAT_AND_TIME,
        ),
        CheckConstraint("NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="seat_dated"),
        Index("seat_time_holder", "holder_id"),
    )

    id: int = key()
    resource_id: int = reference("resource.id")
    seat: int = Field(sa_column=Column(Integer, nullable=False))
    during: Range[datetime] = Field(sa_column=Column(TSTZRANGE, nullable=False))
    holder_id: UUID
    expires_at: datetime | None = instant(nullable=True)


class PlacePeriod(SQLModel, table=True):
    """One of the concurrent places of a resource, taken for civil days [from, until), possibly open-ended."""

    __tablename__ = "place_period"
    __table_args__ = (
        CheckConstraint("NOT isempty(days) AND NOT lower_inf(days)", name="place_period_starts"),
        Index("place_period_resource", "resource_id"),
        Index("place_period_holder", "holder_id"),
    )

    id: int = key()
    resource_id: int = reference("resource.id")
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
    holder_id: UUID
    expires_at: datetime | None = instant(nullable=True)


class SessionCase(SQLModel, table=True):
    """A case placed in a hearing session."""

    __tablename__ = "session_case"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="session_case_lasts"),
        Index("session_case_holder", "holder_id"),
        # What is in a session is counted from here alone: its cases are on as many pages as there were days.
        Index("session_case_counted", "resource_id", postgresql_include=["minutes", "family", "expires_at"]),
    )

    id: int = key()
    resource_id: int = Field(sa_column=Column(BigInteger, ForeignKey("hearing_session.resource_id"), nullable=False))
    minutes: int
    family: str = ""  # family of the NAC code, on which quotas are set
    holder_id: UUID
    expires_at: datetime | None = instant(nullable=True)


class SentFile(SQLModel, table=True):
    """A file that somebody sent to be imported, kept while they look at what it would change."""

    __tablename__ = "sent_file"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    actor_id: UUID
    name: str
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))


class ImportColumn(SQLModel, table=True):
    """What a column of somebody's files is: they say it once."""

    __tablename__ = "import_column"

    actor_id: UUID = Field(primary_key=True)
    heading: str = Field(primary_key=True)  # as compared: without accents or case
    field: str  # empty: left aside


class Change(SQLModel, table=True):
    """A resource whose availability moved; taken away by the one task that tells open pages."""

    __tablename__ = "change"

    id: int = key()
    resource_id: int = Field(sa_column=Column(BigInteger, nullable=False))
