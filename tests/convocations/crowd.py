"""Many messages due at once, to people and to hosts, every one with a phone of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import PlaceClaim
from availability.models import Shape
from booking.actions import Beneficiary, confirm, hold
from booking.events import subscribe
from booking.host_phones import set_phone
from booking.host_requests import tell_hosts
from booking.persons import NewPerson, create_person
from convocations.host_sms import follow_request
from tests.convocations.desk import HOUSE, Desk, make_desk
from tests.factories import NOW, TODAY, in_days, make_host, make_kind, make_resource, make_site, make_world

OFFERS = text("""
    INSERT INTO convocation (id, link_id, link_version, acts, territory_id, person_id, kind_id, resource_ids,
                             standing, choose_by, reminder_hours, requested_by, created_at)
    SELECT gen_random_uuid(), row_number() OVER (ORDER BY p.id), 1, 0, p.territory_id, p.id, :kind_id,
           ARRAY[CAST(:resource_id AS bigint)], 'choosing', '2026-03-09', 48, :actor_id, :now FROM person p""")
MESSAGES = text("""
    INSERT INTO message (id, convocation_id, kind, category, state, due_at, useful_until, attempts, provider,
                         provider_id, failure, created_at)
    SELECT gen_random_uuid(), id, 'offer', 'information', 'planned', :now, '2026-03-09 23:00+00', 0, '', '', '', :now
    FROM convocation""")


def located(desk: Desk) -> Desk:
    """Return a desk whose place has an address."""
    desk.world.site.address, desk.world.site.postcode, desk.world.site.commune = "1 rue de l’Exemple", "75001", "Paris"
    return desk


def make_offers(session: Session, count: int) -> list[str]:
    """Return the phones of that many people, to each of whom an offer is due at NOW."""
    desk = located(make_desk(session, phone=phone(0)))
    for number in range(1, count):
        new = NewPerson(
            family_name="DÉMONSTRATION", given_name="Alix", birth_on=TODAY.replace(year=1990), sex="M",
            phone=phone(number),
        )  # fmt: skip
        create_person(session, desk.officer, new, house=HOUSE, now=NOW, fiction=True)
    session.flush()
    values: dict[str, Any] = {"kind_id": desk.kind.id, "resource_id": desk.agent.id}
    session.execute(OFFERS, values | {"actor_id": desk.officer.account_id, "now": NOW})
    session.execute(MESSAGES, {"now": NOW})
    return [phone(number) for number in range(count)]


def phone(number: int) -> str:
    """Return the phone of somebody, in the range kept for fiction."""
    return f"+336399{80000 + number}"


def make_host_requests(session: Session, count: int) -> list[str]:
    """Return the mobiles to which as many requests, of one place each, are due to be told at NOW."""
    desk = make_world(session)
    kind = make_kind(session, Shape.PLACES, host_accepts=True, request_days=9)
    asked_at = NOW - timedelta(hours=1)
    subscribe(tell_hosts)
    subscribe(follow_request)
    for number in range(count):
        site = make_site(session, desk.here)
        place = make_resource(session, site, kind, capacity=1)
        host = make_host(site.organisation_id, desk.here)
        set_phone(session, host, site.id, phone(5_000 + number), house=HOUSE, fiction=True, now=asked_at)
        claim = PlaceClaim(resource_id=place.id, first=in_days(20), until=in_days(30))
        whom = Beneficiary(case_ref=f"RG 26/{number:05}")
        held = hold(session, desk.officer, claim, now=asked_at, beneficiary=whom)
        confirm(session, desk.officer, held.id, now=asked_at)
    return [phone(5_000 + number) for number in range(count)]
