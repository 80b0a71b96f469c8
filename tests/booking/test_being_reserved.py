"""A slot that somebody is reserving is told from one that is taken, with until when, and is free again once let go."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Shape
from availability.wishes import Wish
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.offers import Offer, open_site
from booking.pages.booking_words import being_reserved
from booking.pages.map_words import square, title_of
from tests.factories import NOW, in_days, make_hearing, make_kind, make_opening, make_resource, make_world

NINE = NOW + timedelta(days=1)


def test_a_slot_being_reserved_is_shown_with_until_when_and_one_that_is_booked_is_not(session: Session) -> None:
    world = make_world(session)
    kind = make_kind(session, Shape.SLOTS, slot_step_min=30, slot_duration_min=30)
    agent = make_resource(session, world.site, kind, capacity=1)
    make_opening(session, agent, NINE, hours=1)
    wish = Wish(kind=kind, first=in_days(0), until=in_days(7))

    def offer() -> Offer:
        return open_site(session, world.officer, wish, world.site.id, now=NOW).offers[0]

    def taken(minutes: int) -> SlotClaim:
        return SlotClaim(resource_id=agent.id, start=NINE + timedelta(minutes=minutes))

    booked = hold(session, world.officer, taken(0), now=NOW, beneficiary=Beneficiary(case_ref="RG 26/00001"))
    confirm(session, world.officer, booked.id, now=NOW)
    held = hold(session, world.officer, taken(30), now=NOW)
    until = held.expires_at
    seen = offer()
    cancel(session, world.officer, held.id, now=NOW)
    after = offer()

    assert [(slot.period.start, slot.is_free) for _, slot in seen.slots] == [(held.starts_at, False)]
    assert seen.held == {held.starts_at: until}
    assert (seen.found.state, square(seen.days[1], kind).state) == ("held", "held")
    assert "en cours de réservation, jusqu’à" in being_reserved(until, ZoneInfo("Europe/Paris"))
    assert [(slot.period.start, slot.is_free) for _, slot in after.slots] == [(held.starts_at, True)]
    assert (after.held, after.found.state, square(after.days[1], kind).state) == ({}, "free", "free")


def test_two_hearings_of_one_office_are_told_apart_by_their_day_and_hour(session: Session) -> None:
    world = make_world(session)
    kind = make_kind(session, Shape.SESSIONS)
    for days in (7, 14):
        office = make_resource(session, world.site, kind, name="Audience JAF, cabinet 1")
        make_hearing(session, office, starts_at=NOW + timedelta(days=days))
    wish = Wish(kind=kind, first=in_days(0), until=in_days(30))

    offers = open_site(session, world.officer, wish, world.site.id, now=NOW).offers

    titles = {title_of(one.found, one.sits_at).replace("\N{NO-BREAK SPACE}", " ") for one in offers}
    assert titles == {"Audience JAF, cabinet 1, lun. 9 mars à 10 h", "Audience JAF, cabinet 1, lun. 16 mars à 10 h"}
