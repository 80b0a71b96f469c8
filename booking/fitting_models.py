"""Tables of bracelet fittings: what a kind of fittings goes by, and who waits for one, where and until when."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object, one_of, reference
from booking.fittings import Counting, FittingTerms, Measure, Needs, Pause, Purpose


class FittingRule(SQLModel, table=True):
    """What makes a kind one of fittings at home, and its settings. A kind without a row has none."""

    __tablename__ = "fitting_rule"
    __table_args__ = (
        CheckConstraint("reach_km > 0", name="fitting_reach_positive"),
        CheckConstraint("practical_until_days >= practical_from_days", name="fitting_practice_in_order"),
        CheckConstraint("practical_from_days >= 0", name="fitting_practice_not_negative"),
        CheckConstraint("jsonb_typeof(measures) = 'array'", name="fitting_measures_listed"),
        CheckConstraint("pause_minutes BETWEEN 0 AND 180 AND pause_from < pause_until", name="fitting_pause_in_order"),
    )

    kind_id: int = reference("kind.id", primary_key=True, cascade=True)
    reach_km: float = 60.0
    practical_from_days: int = 14
    practical_until_days: int = 21
    measures: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    skills: dict[str, Any] = json_object()  # that a visit may ask for, and teams have: code -> label
    pause_minutes: int = Field(default=45, sa_column=Column(SmallInteger, nullable=False, server_default="45"))
    pause_from: time = Field(default=time(11, 30), sa_column=Column(Time, nullable=False, server_default="11:30"))
    pause_until: time = Field(default=time(14), sa_column=Column(Time, nullable=False, server_default="14:00"))

    @property
    def terms(self) -> FittingTerms:
        """Return the settings as the rules read them."""
        return FittingTerms(
            measures=tuple(Measure(**one | {"counting": Counting(one["counting"])}) for one in self.measures),
            reach_km=self.reach_km,
            practical_from_days=self.practical_from_days,
            practical_until_days=self.practical_until_days,
            skills=dict(self.skills),
            pause=Pause(minutes=self.pause_minutes, opens=self.pause_from, until=self.pause_until),
        )


class FittingRequest(SQLModel, table=True):
    """A bracelet to fit, or to remove, at somebody's home. Its visits' bookings alone tell where it stands.

    The address is sealed with the person's own key; distances need the coordinates, which go with the row when the
    person is erased.
    """

    __tablename__ = "fitting_request"
    __table_args__ = (
        CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="fitting_home_on_earth"),
        CheckConstraint("deadline_on >= ordered_on", name="fitting_deadline_after_order"),
        CheckConstraint(
            "jsonb_typeof(windows) = 'array' AND windows <> CAST('[]' AS jsonb)", name="fitting_windows_given"
        ),
        one_of("purpose", Purpose),
        CheckConstraint("agents BETWEEN 1 AND 4", name="fitting_agents_possible"),
        Index("fitting_request_territory_deadline", "territory_id", "deadline_on"),
        Index("fitting_request_person", "person_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind_id: int = reference("kind.id")
    territory_id: int = reference("territory.id")  # that of the person's file
    person_id: UUID
    measure: str  # code of one of the measures of the kind
    address_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    lat: float
    lon: float
    is_exact: bool = True  # False: the middle of the commune, because the address itself was not found
    time_zone: str = "Europe/Paris"
    holiday_zone: str = ""
    windows: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    ordered_on: date = Field(sa_column=Column(Date, nullable=False))
    deadline_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    purpose: str = Field(default=Purpose.FITTING, sa_column=Column(String, nullable=False, server_default="fitting"))
    is_urgent: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    agents: int = Field(default=1, sa_column=Column(SmallInteger, nullable=False, server_default="1"))
    skills: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default=text("'{}'"))
    )
    requested_by: UUID
    closed_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()

    @property
    def needs(self) -> Needs:
        """Return what it asks of the team that goes there."""
        return Needs(agents=self.agents, skills=frozenset(self.skills))


class FittingVisit(SQLModel, table=True):
    """A booking made for a request: several, when nobody was there or when it was given back."""

    __tablename__ = "fitting_visit"
    __table_args__ = (Index("fitting_visit_request", "request_id", "at"),)

    booking_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("booking.id"), primary_key=True))
    request_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("fitting_request.id", ondelete="CASCADE"), nullable=False)
    )
    at: datetime = instant()
