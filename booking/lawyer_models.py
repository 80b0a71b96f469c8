"""Tables of lawyers: who they are, whose cases they have, the dates that they take, and what courts let them take."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from secrets import randbits
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import Field, SQLModel

from availability.models import instant, key, one_of

NAME_LENGTH, ADDRESS_LENGTH, CASE_LENGTH, NATURE_LENGTH = 120, 254, 64, 10
ONE_OPEN_CASE = "lawyer_case_once"


class Procedure(StrEnum):
    """How a case is brought. Source: code de procédure civile, art. 481-1, 484, 750 s."""

    MERITS = "merits"  # au fond
    SUMMARY = "summary"  # référé
    FAST = "fast"  # procédure accélérée au fond


class WhyNone(StrEnum):
    """Why no date can be taken: different answers to whoever asks, and to the judge who is shown the proof."""

    NOT_CONFIGURED = "not-configured"  # the court opened nothing for it
    FULL = "full"  # dates exist, none has room
    TOO_SHORT = "too-short"  # dates with room exist, too soon for the delays of the court
    WITHOUT_DATE = "without-date"  # the court takes this without a date
    CONVENTION = "convention"  # as many as agreed are taken already


class Per(StrEnum):
    """Over what a convention counts."""

    SESSION = "session"
    MONTH = "month"


def _short(length: int) -> Column[str]:
    return Column(String(length), nullable=False, server_default="")


class LawyerProfile(SQLModel, table=True):
    """A lawyer with an account. No foreign key to accounts: those belong to the shell."""

    __tablename__ = "lawyer_profile"

    account_id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(String(NAME_LENGTH), nullable=False))
    email: str = Field(sa_column=Column(String(ADDRESS_LENGTH), nullable=False))
    bar: str = Field(default="", sa_column=_short(NAME_LENGTH))  # barreau
    firm: str = Field(default="", sa_column=_short(NAME_LENGTH))  # cabinet
    created_at: datetime = instant()


class LawyerInvitation(SQLModel, table=True):
    """A link by which a lawyer opens their account, once; `id` is random, and the token derived from it."""

    __tablename__ = "lawyer_invitation"

    id: int = Field(
        default_factory=lambda: randbits(63), sa_column=Column(BigInteger, primary_key=True, autoincrement=False)
    )
    version: int = 1  # raised to revoke the link
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False, index=True))
    name: str = Field(sa_column=Column(String(NAME_LENGTH), nullable=False))
    email: str = Field(sa_column=Column(String(ADDRESS_LENGTH), nullable=False))
    bar: str = Field(default="", sa_column=_short(NAME_LENGTH))
    firm: str = Field(default="", sa_column=_short(NAME_LENGTH))
    invited_by: UUID
    created_at: datetime = instant()
    expires_at: datetime = instant()
    account_id: UUID | None = None  # who accepted it
    withdrawn_at: datetime | None = instant(nullable=True)


class LawyerCase(SQLModel, table=True):
    """Somebody, or a case, that a lawyer assists before a court: past and future hearings of it are theirs to read."""

    __tablename__ = "lawyer_case"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (case_ref = '')", name="lawyer_case_of_one_thing"),
        Index(
            ONE_OPEN_CASE,
            "account_id",
            "territory_id",
            "person_id",
            "case_ref",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("lawyer_case_ref", "case_ref", postgresql_where=text("case_ref <> ''")),
        Index("lawyer_case_person", "person_id", postgresql_where=text("person_id IS NOT NULL")),
    )

    id: int = key()
    account_id: UUID
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    person_id: UUID | None = None
    case_ref: str = Field(default="", sa_column=_short(CASE_LENGTH))
    named_by: UUID
    since_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class LawyerRule(SQLModel, table=True):
    """What lawyers take in a court: for a procedure and a family of natures, in sessions of a kind, or without a date.

    The longest family that a nature begins with decides; those of one length add up.
    """

    __tablename__ = "lawyer_rule"
    __table_args__ = (
        one_of("procedure", Procedure),
        CheckConstraint("minutes BETWEEN 1 AND 1440", name="lawyer_rule_minutes"),
        CheckConstraint("min_delay_days BETWEEN 0 AND 365", name="lawyer_rule_delay"),
        CheckConstraint("change_before_days BETWEEN 0 AND 365", name="lawyer_rule_change"),
        UniqueConstraint(
            "site_id",
            "procedure",
            "family",
            "kind_id",
            "line_id",
            name="lawyer_rule_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int = key()
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False))
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False))
    line_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("hearing_template.id"), nullable=True)
    )  # only the sessions of the templates of this line
    procedure: str
    family: str = Field(default="", sa_column=_short(NATURE_LENGTH))  # of the NAC, by prefix; empty: all
    with_date: bool = True  # False: brought without a date, by a request to the registry
    minutes: int = 20  # that a case takes in its session
    min_delay_days: int = 0  # between the day on which a date is taken and the session
    change_before_days: int = 0  # until so many days before it, a lawyer moves or gives back a date


class LawyerDate(SQLModel, table=True):
    """A date that a lawyer took: its booking says where it stands, and what is here is the lawyer's side of it."""

    __tablename__ = "lawyer_date"
    __table_args__ = (one_of("procedure", Procedure), Index("lawyer_date_account", "account_id"))

    booking_id: UUID = Field(foreign_key="booking.id", primary_key=True)
    account_id: UUID
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False))
    procedure: str
    nature: str = Field(sa_column=Column(String(NATURE_LENGTH), nullable=False))
    parties_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    given_on: date = Field(sa_column=Column(Date, nullable=False))  # when this date was given, there
    summons_due_on: date = Field(sa_column=Column(Date, nullable=False))
    change_until: date = Field(
        sa_column=Column(Date, nullable=False)
    )  # the last day on which it is moved or given back
    confirmed_at: datetime | None = instant(nullable=True)
    released_at: datetime | None = instant(nullable=True)  # by the registry, for want of a summons


class LawyerAttempt(SQLModel, table=True):
    """A dated attempt to take a date that gave none, and what was looked at."""

    __tablename__ = "lawyer_attempt"
    __table_args__ = (
        one_of("procedure", Procedure),
        one_of("why", WhyNone),
        Index("lawyer_attempt_account", "account_id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False))
    procedure: str
    nature: str = Field(sa_column=Column(String(NATURE_LENGTH), nullable=False))
    why: str
    sessions: int  # that were open to it
    full: int
    too_short: int
    last_on: date | None = None  # the last session that was looked at
    at: datetime = instant()


class LawyerConvention(SQLModel, table=True):
    """How many dates a court agreed that a lawyer, a firm or a bar takes in a session or a month."""

    __tablename__ = "lawyer_convention"
    __table_args__ = (
        one_of("per", Per),
        CheckConstraint("most BETWEEN 0 AND 500", name="lawyer_convention_most"),
        CheckConstraint(
            "CAST(account_id IS NOT NULL AS int) + CAST(firm <> '' AS int) + CAST(bar <> '' AS int) = 1",
            name="lawyer_convention_with_one",
        ),
        UniqueConstraint(
            "site_id",
            "account_id",
            "firm",
            "bar",
            "per",
            name="lawyer_convention_once",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: int = key()
    site_id: int = Field(sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=False))
    account_id: UUID | None = None
    firm: str = Field(default="", sa_column=_short(NAME_LENGTH))
    bar: str = Field(default="", sa_column=_short(NAME_LENGTH))
    per: str
    most: int


class LawyerAway(SQLModel, table=True):
    """Civil days [in, out) on which a lawyer is not available, whichever the court. Nobody is told why."""

    __tablename__ = "lawyer_away"
    __table_args__ = (
        CheckConstraint("NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="lawyer_away_dated"),
        Index("lawyer_away_account", "account_id"),
    )

    id: int = key()
    account_id: UUID
    days: Range[date] = Field(sa_column=Column(DATERANGE, nullable=False))
