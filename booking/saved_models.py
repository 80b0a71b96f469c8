"""Searches that somebody saved, and what freed up since. No foreign key to accounts: those belong to the shell."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object

LABEL_LENGTH = 120
ONE_SAVED_A_QUERY = "saved_search_once"


class SavedSearch(SQLModel, table=True):
    """A search of the map that its owner wants to be told of. It names nobody: see booking/saved_searches.py."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("account_id", "digest", name=ONE_SAVED_A_QUERY),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID
    kind_id: int = Field(sa_column=Column(BigInteger, ForeignKey("kind.id"), nullable=False, index=True))
    query: dict[str, Any] = json_object()  # the filters that are not empty, under the names of the address
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # of the query
    label: str = Field(sa_column=Column(String(LABEL_LENGTH), nullable=False))
    lat: float | None = None  # where the search is centred, found when it was saved: the clock asks no network
    lon: float | None = None
    reach_km: float | None = None  # what is farther cannot concern it
    # The resources that suited at the last look: an alert is what suits now and did not then.
    suited: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    turn: int = 0  # how many looks found something new
    created_at: datetime = instant()
    forgotten_at: datetime | None = instant(nullable=True)  # deleted, and may be taken back for a while


class SearchAlert(SQLModel, table=True):
    """A resource that began to suit a saved search. The key is what forbids telling it twice."""

    __tablename__ = "search_alert"

    saved_search_id: UUID = Field(sa_column=Column(ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True))
    turn: int = Field(primary_key=True)
    resource_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True)
    )
    freed_at: datetime = instant()
    seen_at: datetime | None = instant(nullable=True)


class TouchedResource(SQLModel, table=True):
    """A resource whose availability moved since the clock last looked at the saved searches."""

    __tablename__ = "touched_resource"

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    resource_id: int = Field(sa_column=Column(BigInteger, nullable=False))
