"""A semi-liberty centre and what happens in it, for the tests of screens' queries. Nothing commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlmodel import Session

from availability.claims import NightsClaim, PlaceClaim
from availability.models import Kind, Resource, Shape, Territory, Unit
from availability.rights import Actor, Role
from booking.actions import Beneficiary, confirm, hold
from booking.models import Booking, Person
from booking.persons import search_name_of
from tests.factories import NOW, World, make_beds, make_kind, make_resource, make_world


@dataclass(frozen=True)
class Town:
    """A world whose site has a section of three beds and a post for two; both are searched by officers."""

    world: World
    nights: Kind
    posts: Kind
    section: Resource
    beds: list[Unit]
    post: Resource

    @property
    def officer(self) -> Actor:
        """Return who reserves."""
        return self.world.officer


def make_town(session: Session, *, site: dict[str, Any] | None = None, **columns: Any) -> Town:
    """Return a town; `site` changes its site, `columns` its kind of beds."""
    world = make_world(session)
    for name, value in (site or {}).items():
        setattr(world.site, name, value)
    nights = make_kind(session, Shape.NIGHTS, label="lit de semi-liberté", **columns)
    posts = make_kind(session, Shape.PLACES, label="poste de TIG", host_accepts=True)
    section = make_resource(session, world.site, nights, name="Section hommes")
    post = make_resource(session, world.site, posts, name="Espaces verts", capacity=2)
    return Town(world, nights, posts, section, make_beds(session, section, "lit 1", "lit 2", "lit 10"), post)


def make_person(session: Session, territory: Territory, given: str = "Alix", family: str = "Démonstration") -> Person:
    """Return one more person of a territory."""
    person = Person(
        id=uuid4(),
        territory_id=territory.id,
        family_name=family,
        given_name=given,
        birth_on=date(1990, 5, 17),
        sex="M",
        search_name=search_name_of(family, given),
        created_at=NOW,
    )
    session.add(person)
    session.flush()
    return person


def stay(
    session: Session,
    town: Town,
    first: date,
    until: date,
    *,
    bed: int = 0,
    case_ref: str = "24/00123",
    person: Person | None = None,
    by: Actor | None = None,
    now: datetime = NOW,
    is_confirmed: bool = True,
) -> Booking:
    """Return a booking of a bed, confirmed unless said otherwise."""
    actor = by or town.officer
    whom = Beneficiary(person_id=person.id) if person else Beneficiary(case_ref=case_ref)
    claim = NightsClaim(resource_id=town.section.id, first=first, until=until, unit_id=town.beds[bed].id)
    booking = hold(session, actor, claim, now=now, beneficiary=whom)
    return confirm(session, actor, booking.id, now=now) if is_confirmed else booking


def request(
    session: Session, town: Town, first: date, until: date | None, *, case_ref: str = "24/00456", now: datetime = NOW
) -> Booking:
    """Return a booking of the post, which its host has to accept."""
    claim = PlaceClaim(resource_id=town.post.id, first=first, until=until)
    booking = hold(session, town.officer, claim, now=now, beneficiary=Beneficiary(case_ref=case_ref))
    return confirm(session, town.officer, booking.id, now=now)


def judge(town: Town) -> Actor:
    """Return a family judge of the same territory, to whom neither kind is open."""
    from tests.factories import make_actor

    return make_actor(Role.FAMILY_JUDGE, town.world.here)
