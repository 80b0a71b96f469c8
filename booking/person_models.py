"""What is known of a person besides their name: numbers, files, who follows them, who they were taken for."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object, one_of

ONE_FOR_MESSAGES = "person_phone_for_messages_once"
ONE_OPEN_DIVESTMENT = "divestment_open_once"
ONE_STANDING_MERGE = "person_merge_standing_once"
REASON_LENGTH = 300


class PhoneKind(StrEnum):
    """Whose phone it is, or what it is. The French of each is in booking/person_words.py."""

    MOBILE = "mobile"
    FIXED = "fixed"
    RELATIVE = "relative"
    EDUCATOR = "educator"
    OTHER = "other"


class Said(StrEnum):
    """How somebody said that they agree to SMS on a number, or that they do not."""

    ORAL = "oral"
    WRITTEN = "written"
    STOP = "stop"  # by SMS
    LINK = "link"


class FileKind(StrEnum):
    """Whose number a file number is."""

    APPI = "appi"
    PROSECUTION = "prosecution"  # parquet
    INVESTIGATION = "investigation"  # instruction
    ENFORCEMENT = "enforcement"  # juge de l'application des peines
    PRISON = "prison"  # écrou
    CIVIL = "civil"  # RG, Portalis
    OTHER = "other"


class DivestmentState(StrEnum):
    """Where the passing of a file from one service to another is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    AUTOMATIC = "automatic"  # nobody answered in time
    WITHDRAWN = "withdrawn"


def of_person(*, index: bool = True) -> Any:
    """Return the column that says whose row it is; the row goes with the person."""
    return Field(sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=index))


class PersonPhone(SQLModel, table=True):
    """A number at which somebody is called, from when until when. The number is sealed with the person's key."""

    __tablename__ = "person_phone"
    __table_args__ = (
        one_of("kind", PhoneKind),
        CheckConstraint("until_on IS NULL OR NOT is_for_messages", name="phone_over_receives_nothing"),
        CheckConstraint("(consent_at IS NULL) = (consent_how = '')", name="phone_consent_dated"),
        CheckConstraint("(refused_at IS NULL) = (refused_how = '')", name="phone_refusal_dated"),
        CheckConstraint("consent_how IN ('', 'oral', 'written', 'link')", name="phone_consent_how_known"),
        CheckConstraint("refused_how IN ('', 'oral', 'written', 'stop', 'link')", name="phone_refusal_how_known"),
        Index(ONE_FOR_MESSAGES, "person_id", unique=True, postgresql_where=text("is_for_messages")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = of_person()
    kind: str = PhoneKind.MOBILE
    number_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    number_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False, index=True))
    since_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    is_for_messages: bool = False
    consent_at: datetime | None = instant(nullable=True)
    consent_how: str = Field(default="", sa_column=Column(String(20), nullable=False, server_default=""))
    refused_at: datetime | None = instant(nullable=True)
    refused_how: str = Field(default="", sa_column=Column(String(20), nullable=False, server_default=""))
    created_at: datetime = instant()


class PersonFile(SQLModel, table=True):
    """A number by which a court or a service knows somebody, besides that of the file here."""

    __tablename__ = "person_file"
    __table_args__ = (
        one_of("kind", FileKind),
        CheckConstraint("number <> ''", name="file_number_given"),
        Index("person_file_number", text("lower(number)")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = of_person()
    kind: str
    number: str = Field(sa_column=Column(String(64), nullable=False))
    created_at: datetime = instant()


class PersonFollowing(SQLModel, table=True):
    """A service that follows somebody, since when, until when, and who there knows them."""

    __tablename__ = "person_following"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= since_on", name="following_ends_after_start"),
        Index("person_following_running", "territory_id", "person_id", postgresql_where=text("until_on IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = of_person()
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    organisation_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("organisation.id"), nullable=True)
    )
    officer_id: UUID | None = None  # an account
    since_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))  # none: they still follow


class PersonMerge(SQLModel, table=True):
    """Two files that were found to be of one person: what the second had went to the first."""

    __tablename__ = "person_merge"
    __table_args__ = (
        CheckConstraint("kept_id <> absorbed_id", name="merge_of_two"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="merge_undone_by_somebody"),
        Index(ONE_STANDING_MERGE, "absorbed_id", unique=True, postgresql_where=text("undone_at IS NULL")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    kept_id: UUID = Field(sa_column=Column(Uuid, nullable=False, index=True))  # no foreign key: as a booking's
    absorbed_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    address_index: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # if it was taken
    by: UUID
    at: datetime = instant()
    undone_by: UUID | None = None
    undone_at: datetime | None = instant(nullable=True)


class PersonMergeMove(SQLModel, table=True):
    """One row that a merge gave to the person kept: what goes back when it is undone."""

    __tablename__ = "person_merge_move"

    merge_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person_merge.id", ondelete="CASCADE"), primary_key=True))
    table_name: str = Field(primary_key=True)
    row_id: str = Field(primary_key=True)
    before: dict[str, Any] = json_object()  # of its other columns that changed


class Divestment(SQLModel, table=True):
    """A file that passes from one service to another: asked, then answered, or automatic."""

    __tablename__ = "divestment"
    __table_args__ = (
        one_of("state", DivestmentState),
        CheckConstraint("from_territory_id <> to_territory_id", name="divestment_between_two"),
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="divestment_ended_or_not"),
        CheckConstraint("asks_territory_id IN (from_territory_id, to_territory_id)", name="divestment_asked_by_one"),
        Index(ONE_OPEN_DIVESTMENT, "person_id", unique=True, postgresql_where=text("state = 'asked'")),
        Index("divestment_due", "due_at", postgresql_where=text("state = 'asked'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = of_person()
    from_territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    to_territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    asks_territory_id: int = Field(sa_column=Column(BigInteger, nullable=False))  # the other one answers
    state: str = DivestmentState.ASKED
    why_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    answer_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    asked_by: UUID
    asked_at: datetime = instant()
    due_at: datetime = instant()  # then it is automatic
    reminded_at: datetime | None = instant(nullable=True)
    ended_by: UUID | None = None  # none: the clock
    ended_at: datetime | None = instant(nullable=True)


class PersonDistinct(SQLModel, table=True):
    """Two files that look like one person's, and are not: somebody looked."""

    __tablename__ = "person_distinct"
    __table_args__ = (CheckConstraint("first_id < second_id", name="distinct_in_order"),)

    first_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    second_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    )
    by: UUID
    at: datetime = instant()
