"""The waiting list: who waits for what, what was offered to them, who was passed over and why, what just freed up."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object, one_of

LABEL_LENGTH = 200
SOURCE_LENGTH = 200
REASON_LENGTH = 200
ONE_LIVING_ENTRY = "waiting_entry_once"
ONE_OPEN_OFFER = "waiting_offer_open_once"
ONE_OFFER_A_FREEING = "waiting_offer_freeing_once"


class WaitingState(StrEnum):
    """Where somebody's wait stands."""

    WAITING = "waiting"
    OFFERED = "offered"  # something is held for them
    SERVED = "served"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # the days that were wanted are over


class OfferOutcome(StrEnum):
    """What became of an offer."""

    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"


LIVING = (WaitingState.WAITING, WaitingState.OFFERED)


def _reference(target: str, *, nullable: bool = False, **options: Any) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, ForeignKey(target), nullable=nullable, **options))


class WaitingEntry(SQLModel, table=True):
    """Somebody who waits: for a resource, for a site, or for anything that suits a search.

    `[first_on, until_on)` are the civil days on which it would do, `days` how many of them in a row; none for slots,
    which have a length of their own, and for a place without an end. With a `booking_id`, somebody who has that
    appointment would come earlier: to one of `resource_ids`, in its place (docs/decisions/0036).
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        one_of("state", WaitingState),
        CheckConstraint("until_on > first_on", name="waiting_window"),
        CheckConstraint("days BETWEEN 1 AND until_on - first_on", name="waiting_days_in_window"),
        CheckConstraint("person_id IS NOT NULL OR case_ref <> ''", name="waiting_for_somebody"),
        CheckConstraint("resource_id IS NULL OR site_id IS NULL", name="waiting_one_place"),
        CheckConstraint("(booking_id IS NULL) = (resource_ids IS NULL)", name="waiting_earlier_somewhere"),
        Index(
            ONE_LIVING_ENTRY,
            "territory_id",
            "digest",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index("waiting_entry_living", "kind_id", postgresql_where=text("state IN ('waiting', 'offered')")),
        Index("waiting_entry_earlier", "booking_id", postgresql_where=text("booking_id IS NOT NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kind_id: int = _reference("kind.id")
    territory_id: int = _reference("territory.id", index=True)
    organisation_id: int | None = _reference("organisation.id", nullable=True)
    requested_by: UUID
    person_id: UUID | None = Field(default=None, index=True)  # no foreign key: as a booking's
    case_ref: str = Field(default="", sa_column=Column(String(64), nullable=False))
    resource_id: int | None = _reference("resource.id", nullable=True)
    site_id: int | None = _reference("site.id", nullable=True)
    # No foreign key: an entry that one act changes twice would have it locked, after what is held in its place.
    booking_id: UUID | None = None
    resource_ids: list[int] | None = Field(default=None, sa_column=Column(ARRAY(BigInteger), nullable=True))
    query: dict[str, Any] = json_object()  # the filters of the search, under the names of the address
    label: str = Field(sa_column=Column(String(LABEL_LENGTH), nullable=False))
    lat: float | None = None  # where it is centred: the clock asks no network
    lon: float | None = None
    reach_km: float | None = None  # what is farther cannot concern it
    first_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date = Field(sa_column=Column(Date, nullable=False))
    days: int | None = None
    deadline_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    deadline_source: str = Field(default="", sa_column=Column(String(SOURCE_LENGTH), nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # of what is waited for, and for whom
    state: str = WaitingState.WAITING
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class WaitingOffer(SQLModel, table=True):
    """Something really held for an entry. One at a time, and once for each freeing: the two keys are the guards."""

    __tablename__ = "waiting_offer"
    __table_args__ = (
        CheckConstraint("outcome IN ('taken', 'declined', 'lapsed')", name="outcome_known"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="offer_ended_or_not"),
        Index(ONE_OPEN_OFFER, "entry_id", unique=True, postgresql_where=text("outcome IS NULL")),
        Index(ONE_OFFER_A_FREEING, "entry_id", "freeing_id", unique=True),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    entry_id: UUID = Field(sa_column=Column(ForeignKey("waiting_entry.id"), nullable=False))
    booking_id: UUID = Field(sa_column=Column(ForeignKey("booking.id"), nullable=False, unique=True))
    resource_id: int = _reference("resource.id")
    freeing_id: UUID  # what freed once has one, however many it is offered to
    offered_at: datetime = instant()
    ends_at: datetime = instant()
    outcome: str | None = None
    reason: str = Field(default="", sa_column=Column(String(REASON_LENGTH), nullable=False))
    ended_at: datetime | None = instant(nullable=True)


class WaitingSkip(SQLModel, table=True):
    """Why an entry was passed over for a resource: one row a reason, with the last time."""

    __tablename__ = "waiting_skip"

    entry_id: UUID = Field(sa_column=Column(ForeignKey("waiting_entry.id"), primary_key=True))
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    )
    why: str = Field(primary_key=True)
    at: datetime = instant()


class FreedPlace(SQLModel, table=True):
    """What a booking just freed, kept for the list: its id holds the occupancy until the clock offers it."""

    __tablename__ = "freed_place"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    freeing_id: UUID
    booking_id: UUID = Field(index=True)
    resource_id: int = _reference("resource.id")
    freed_at: datetime = instant()
    due_at: datetime = instant()  # once its act can no longer be taken back
