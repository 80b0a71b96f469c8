"""The waiting list for dates that are full: which lawyer waits for what, and the dates that were held for them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, text
from sqlmodel import Field, SQLModel

from availability.models import instant, one_of
from booking.lawyer_models import NATURE_LENGTH, Procedure
from booking.waiting_models import WaitingState

ONE_LIVING_WAIT = "date_wait_once"
ONE_OPEN_DATE = "date_offer_open_once"
ONE_OFFER_A_HEARING = "date_offer_hearing_once"


class DateWait(SQLModel, table=True):
    """A lawyer who waits for a date of a court: for one hearing, or for any that is open to the case.

    The same wish of the same lawyer is on the list once: nobody keeps it from the others by asking ten times.
    """

    __tablename__ = "date_wait"
    __table_args__ = (
        one_of("procedure", Procedure),
        one_of("state", WaitingState),
        CheckConstraint("(state IN ('waiting', 'offered')) = (ended_at IS NULL)", name="date_wait_ended_or_not"),
        Index(
            ONE_LIVING_WAIT,
            "account_id",
            "site_id",
            "procedure",
            "nature",
            "hearing_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered')"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("date_wait_due", "created_at", postgresql_where=text("state = 'waiting' AND is_due")),
        Index("date_wait_living", "site_id", postgresql_where=text("state IN ('waiting', 'offered')")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False))
    procedure: str
    nature: str = Field(sa_column=Column(String(NATURE_LENGTH), nullable=False))
    hearing_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=True)
    )  # None: any
    state: str = WaitingState.WAITING
    is_due: bool = True  # what is free already is to be looked at for it
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class DateOffer(SQLModel, table=True):
    """A date really held for who waits: one at a time, and each hearing once; the two keys are the guards."""

    __tablename__ = "date_offer"
    __table_args__ = (
        CheckConstraint("outcome IN ('taken', 'declined', 'lapsed')", name="date_offer_outcome"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="date_offer_ended_or_not"),
        Index(ONE_OPEN_DATE, "wait_id", unique=True, postgresql_where=text("outcome IS NULL")),
        Index(ONE_OFFER_A_HEARING, "wait_id", "hearing_id", unique=True),
    )

    booking_id: UUID = Field(foreign_key="booking.id", primary_key=True)
    wait_id: UUID = Field(foreign_key="date_wait.id")
    hearing_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=False))
    offered_at: datetime = instant()
    ends_at: datetime = instant()
    outcome: str | None = None
    ended_at: datetime | None = instant(nullable=True)
