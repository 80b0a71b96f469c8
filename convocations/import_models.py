"""Tables of imports of people and hearings: what columns are, what was sent, and what became of each line.

A line is kept by its number and its outcome, never by its words; a number by which a source knows somebody or a
hearing is kept as a blind index.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object, one_of

ONE_VERSION = "import_matching_version_once"
ONE_KEY = "import_known_once"
STOPS = "'', 'account-closed', 'rights-lost'"


class What(StrEnum):
    """What the lines of a file are."""

    PEOPLE = "people"
    HEARINGS = "hearings"


class ImportState(StrEnum):
    """Where an import is."""

    OPEN = "open"  # read, to be looked at and approved
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    STOPPED = "stopped"  # under way, for an account that may no longer do it: somebody takes it over


class Stop(StrEnum):
    """Why what goes on by itself for an account stopped."""

    ACCOUNT_CLOSED = "account-closed"
    RIGHTS_LOST = "rights-lost"  # the account is of another service now


class LineOutcome(StrEnum):
    """What a line would do, or did."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    KNOWN = "known"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"
    CANCELLED = "cancelled"  # of a hearing that is no longer in a complete list


class ImportMatching(SQLModel, table=True):
    """What the columns of a source are, and what is done with its lines. Each change is one more version."""

    __tablename__ = "import_matching"
    __table_args__ = (
        one_of("what", What),
        CheckConstraint("name <> '' AND source <> ''", name="import_matching_named"),
        CheckConstraint(f"stopped_why IN ({STOPS})", name="import_matching_stop_known"),
        UniqueConstraint("territory_id", "name", "version", name=ONE_VERSION),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    name: str
    version: int = 1
    what: str
    source: str  # its keys are its own: the same number in two applications is of two people
    columns: dict[str, Any] = json_object()  # heading, as compared -> code of a field
    options: dict[str, Any] = json_object()  # see convocations/imports/options.py
    by: UUID
    at: datetime = instant()
    stopped_why: str = Field(
        default="", sa_column_kwargs={"server_default": ""}
    )  # its folder waits for another account


class PeopleImport(SQLModel, table=True):
    """One file, from its sending to its report. It is sealed, and forgotten at `expires_at` at the latest."""

    __tablename__ = "people_import"
    __table_args__ = (
        one_of("what", What),
        one_of("state", ImportState),
        CheckConstraint("origin IN ('page', 'folder', 'api')", name="import_origin_known"),
        CheckConstraint(f"stopped_why IN ({STOPS})", name="people_import_stop_known"),
        CheckConstraint(
            "CASE state WHEN 'stopped' THEN stopped_while IN ('running', 'undoing') AND stopped_why <> ''"
            " ELSE stopped_while = '' END",
            name="people_import_stopped_while",
        ),
        Index("people_import_territory", "territory_id", "created_at"),
        Index("people_import_to_do", "created_at", postgresql_where="state IN ('running', 'undoing')"),
        Index("people_import_to_forget", "expires_at", postgresql_where="data_sealed IS NOT NULL"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    by: UUID
    origin: str = "page"
    name: str  # of the file
    what: str
    source: str
    matching_id: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("import_matching.id"), nullable=True)
    )
    columns: dict[str, Any] = json_object()
    options: dict[str, Any] = json_object()
    decisions: dict[str, Any] = json_object()  # line -> a person or "another"; "cancel" -> hearings to call off
    state: str = ImportState.OPEN
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data_sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    lines: int = 0
    dropped_as: str = ""  # its path under the watched folder
    created_at: datetime = instant()
    approved_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    expires_at: datetime = instant()
    stopped_while: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the state that it goes back to
    # Kept by one that was never taken over, and ended with what was done.
    stopped_why: str = Field(default="", sa_column_kwargs={"server_default": ""})


class ImportKnown(SQLModel, table=True):
    """Somebody or a hearing as a source names them: what makes the same file do nothing twice."""

    __tablename__ = "import_known"
    __table_args__ = (
        UniqueConstraint("territory_id", "source", "key", name=ONE_KEY),
        Index("import_known_booking", "booking_id", postgresql_where="booking_id IS NOT NULL"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(sa_column=Column(BigInteger, ForeignKey("territory.id"), nullable=False))
    source: str
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # a blind index
    person_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    booking_id: UUID | None = None
    seen_at: datetime = instant()


class ImportLine(SQLModel, table=True):
    """What became of a line of an import, written in the transaction that did it."""

    __tablename__ = "import_line"
    __table_args__ = (
        one_of("outcome", LineOutcome),
        CheckConstraint("undone IN ('', 'undone', 'kept')", name="import_line_undone_known"),
    )

    import_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("people_import.id", ondelete="CASCADE"), primary_key=True)
    )
    line: int = Field(primary_key=True)  # of the file; below zero: a hearing that the file no longer has
    outcome: str
    known_id: UUID | None = Field(
        default=None,
        sa_column=Column(Uuid, ForeignKey("import_known.id", ondelete="SET NULL"), nullable=True, index=True),
    )
    column: str = ""  # at fault, as its heading
    problem: str = ""  # why, as a code
    changed: dict[str, Any] = json_object()  # names of what changed, no value
    made_person: bool = False
    person_revision: int = 0  # as this line left it
    booking_id: UUID | None = None  # that this line made
    booking_revision: int = 0
    needs_letter: bool = False
    undone: str = ""
    at: datetime = instant()
