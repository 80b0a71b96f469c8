"""The four shapes under one face: a resource with room for exactly one claim, and that claim."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import TABLE_OF_SHAPE, Holder
from availability.claims import CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import CapacityReached, PeriodTaken, Refusal
from availability.models import Resource, Shape
from tests.factories import (
    NOW,
    World,
    in_days,
    in_minutes,
    make_beds,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
)

FULL: dict[Shape, type[Refusal]] = {
    Shape.NIGHTS: PeriodTaken,
    Shape.PLACES: CapacityReached,
    Shape.SLOTS: PeriodTaken,
    Shape.SESSIONS: CapacityReached,
}


@dataclass(frozen=True)
class Scarce:
    """A resource of one shape on which there is room for exactly one of these claims."""

    shape: Shape
    resource: Resource
    claim: Claim

    @property
    def full(self) -> type[Refusal]:
        """Return the refusal of whoever comes second."""
        return FULL[self.shape]

    def rows(self, session: Session) -> list[Any]:
        """Return what occupies the resource: holder and end."""
        if self.shape is Shape.NIGHTS:
            source = "bed_night n JOIN unit u ON u.id = n.unit_id WHERE u.resource_id = :id"
        else:
            source = f"{TABLE_OF_SHAPE[self.shape]} WHERE resource_id = :id"
        statement = text(f"SELECT holder_id, expires_at FROM {source}")  # noqa: S608 - constants
        return list(session.execute(statement, {"id": self.resource.id}))

    def holders(self, session: Session) -> set[UUID]:
        """Return who occupies the resource."""
        return {row.holder_id for row in self.rows(session)}


def make_scarce(session: Session, world: World, shape: Shape, **kind_columns: Any) -> Scarce:
    """Return a resource of that shape with room for one claim, in three days (a hearing: in seven)."""
    kind = make_kind(session, shape, **kind_columns)
    resource = make_resource(session, world.site, kind, capacity=1)
    claim: Claim
    match shape:
        case Shape.NIGHTS:
            make_beds(session, resource, "Lit 1")
            claim = NightsClaim(resource_id=resource.id, first=in_days(3), until=in_days(6))
        case Shape.PLACES:
            claim = PlaceClaim(resource_id=resource.id, first=in_days(3), until=in_days(33))
        case Shape.SLOTS:
            start = in_minutes(3 * 24 * 60)
            make_opening(session, resource, start, hours=3)
            claim = SlotClaim(resource_id=resource.id, start=start)
        case Shape.SESSIONS:
            make_hearing(session, resource, max_cases=1)
            claim = CaseClaim(resource_id=resource.id, minutes=20)
    return Scarce(shape, resource, claim)


def somebody(*, now: datetime = NOW, expires_at: datetime | None = None) -> Holder:
    """Return a new holder: for good unless an end is given."""
    return Holder(id=uuid4(), now=now, expires_at=expires_at)


def later(holder: Holder, now: datetime, expires_at: datetime | None = None) -> Holder:
    """Return the same holder at another moment, with another end."""
    return replace(holder, now=now, expires_at=expires_at)


@contextmanager
def refused(session: Session, refusal: type[Refusal]) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Expect a refusal, and roll back what the refused act wrote, as whoever asked does."""
    with pytest.raises(refusal) as caught, session.begin_nested():
        yield caught
