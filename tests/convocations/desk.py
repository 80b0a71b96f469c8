"""A service with two agents who receive, and somebody to summon. Nothing commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Kind, Resource, Shape
from availability.rights import Actor
from availability.sealing import House
from booking.events import subscribe
from booking.links import LinkName
from booking.models import Person
from booking.persons import NewPerson, create_person
from convocations.bearing import Bearer, bearer_of
from convocations.models import Convocation
from convocations.planning import follow
from tests.factories import NOW, World, make_kind, make_opening, make_resource, make_world

HOUSE = House(b"a secret of the tests, long enough")
# A Tuesday, eight days after NOW: 09:00 in Paris, before the change of hour.
NINE = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
HALF_PAST = NINE + timedelta(minutes=30)
TEN = NINE + timedelta(hours=1)


@dataclass(frozen=True)
class Desk:
    """Two agents of one kind, open three hours that Tuesday, half an hour an appointment."""

    world: World
    kind: Kind
    agent: Resource
    colleague: Resource
    person: Person

    @property
    def officer(self) -> Actor:
        """Return who convenes."""
        return self.world.officer

    def at(self, start: datetime, agent: Resource | None = None) -> SlotClaim:
        """Return the claim of a start, at the first agent's unless said otherwise."""
        return SlotClaim(resource_id=(agent or self.agent).id, start=start)


def make_desk(session: Session, *, phone: str = "06 39 98 12 34", **columns: Any) -> Desk:
    """Return a desk whose acts plan messages, as the application's do."""
    subscribe(follow)
    world = make_world(session)
    rules = {"label": "rendez-vous", "slot_step_min": 30, "slot_duration_min": 30} | columns
    kind = make_kind(session, Shape.SLOTS, **rules)
    agents = [make_resource(session, world.site, kind, name=name, capacity=1) for name in ("Agent A", "Agent B")]
    for agent in agents:
        make_opening(session, agent, NINE, hours=3)
    return Desk(world, kind, *agents, person=make_somebody(session, world.officer, phone=phone))


def make_somebody(session: Session, actor: Actor, *, phone: str = "06 39 98 12 34") -> Person:
    """Return one more person of the actor's territory."""
    new = NewPerson(
        family_name="DÉMONSTRATION",
        given_name="Alix",
        birth_on=datetime(1990, 5, 17, tzinfo=UTC).date(),
        sex="M",
        phone=phone,
    )
    return create_person(session, actor, new, house=HOUSE, now=NOW, fiction=True)


def bearer(session: Session, convocation: Convocation, *, now: datetime = NOW) -> Bearer:
    """Return whoever holds the link of a convocation."""
    return bearer_of(session, LinkName(convocation.link_id, convocation.link_version), now=now)


def planned(session: Session, convocation_id: UUID) -> dict[str, datetime]:
    """Return what waits to leave: kind and when."""
    rows = session.execute(
        text("SELECT kind, due_at FROM message WHERE convocation_id = :id AND state = 'planned' ORDER BY due_at"),
        {"id": convocation_id},
    )
    return {row.kind: row.due_at for row in rows}


def sent(session: Session, convocation_id: UUID) -> None:
    """Have everything that waits leave, as the sender does."""
    session.execute(
        text(
            "UPDATE message SET state = 'sent', sent_at = due_at, claimed_at = due_at, provider = 'screen'"
            " WHERE convocation_id = :id AND state = 'planned' AND kind <> 'reminder'"
        ),
        {"id": convocation_id},
    )


def seats(session: Session, agent: Resource) -> set[datetime]:
    """Return the starts taken at an agent's."""
    rows = session.execute(text("SELECT lower(during) FROM seat_time WHERE resource_id = :id"), {"id": agent.id})
    return {row[0] for row in rows}
