"""A house of semi-liberty near Lyon whose free nights are in pieces: those who wait would fit if stays changed beds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.declarations import Declaration
from booking.models import State
from portal.demo.accounts import Member
from portal.demo.catalogue import Catalogue, Place
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.people import People, Profile
from portal.demo.sheets import copy
from portal.demo.waiting import WaitingList, Wish

HOUSE = "sl-chantiers"
BEDS = 8
NOON = time(12)
NIGHTS = 24  # that those who wait need in a row: no bed has so many
# Of each bed, in days from today: until when it is taken, then the stay to come. Two by two they fit in one bed.
STAYS = (
    (3, (13, 21)),
    (2, (23, 31)),
    (4, (14, 22)),
    (3, (24, 32)),
    (2, (15, 23)),
    (4, (25, 33)),
    (3, (12, 20)),
    (2, (22, 30)),
)
BEGAN, ASKED_BEFORE = 26, 12  # days ago
UNTIL = 40  # of the days that would do
# Those who wait: since when, their legal deadline.
WAITING = ((48, 9), (34, 20), (30, 26), (21, None), (12, None), (6, None))
APART = (1, 4)  # of them: two in one case, who must not meet there


def house_of_sites(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the house, with its one section."""
    lyon = catalogue.map.by_code["TGILYON"]
    host = catalogue.host(rng, HOUSE, "Maison de semi-liberté Les Chantiers", lyon.commune, lyon)
    catalogue.place(
        host,
        "semi-liberte",
        "Section des chantiers",
        declaration=Declaration(BEDS, 0, 0),
        declared_on=today - timedelta(days=3),
        attributes={
            "sex": "M",
            "min_age": 18,
            "regime": "ordinaire",
            "weekend": True,
            "accessible": False,
            "doors": {"opens": "05:00", "closes": "21:00"},
        },
        units=tuple(f"lit {number}" for number in range(1, BEDS + 1)),
    )


def is_of_sites(place: Place) -> bool:
    """Say whether a place is that section: nobody else is booked there."""
    return place.host.code == HOUSE


class HouseOfSites:
    """What happens in the house: who sleeps there, who will, who waits, and who must not be there with whom."""

    def __init__(self, rng: Random, people: People, ledger: Ledger, waiting: WaitingList) -> None:
        self.rng, self.people, self.ledger, self.waiting = rng, people, ledger, waiting
        self.apart: list[tuple[Any, ...]] = []

    def fill(self, section: Place, kind_id: int) -> None:
        """Book its beds in pieces, and put on the list those who wait for one."""
        by = self.ledger.accounts.for_place(section)
        today = self.ledger.now.astimezone(section.zone).date()
        for unit_id, (until, to_come) in zip(section.units, STAYS, strict=True):
            self._stay(section, unit_id, by, (today - timedelta(days=BEGAN), today + timedelta(days=until)))
            self._stay(section, unit_id, by, (today + timedelta(days=to_come[0]), today + timedelta(days=to_come[1])))
        wishes = [
            Wish(waited=since, first=2, until=UNTIL, days=NIGHTS, due=due, place=section) for since, due in WAITING
        ]
        those = self.waiting.wait(wishes, section, by, kind_id)
        group = UUID(int=self.rng.getrandbits(128), version=4)
        for number in APART:
            row = UUID(int=self.rng.getrandbits(128), version=4)
            self.apart.append((row, group, by.home, those[number], by.id, self.ledger.now - timedelta(days=5)))

    def write(self, session: Session) -> None:
        """Copy who is kept apart."""
        copy(session, "kept_apart", ["id", "group_id", "territory_id", "person_id", "by", "at"], self.apart)

    def _stay(self, section: Place, unit_id: int, by: Member, dates: tuple[date, date]) -> None:
        first, until = dates
        person_id = self.people.suitable(
            Profile(court=section.host.court, sex="M", least_age=21, most_age=60, first=first, until=until), by
        )
        asked = min(self.ledger.now - timedelta(days=ASKED_BEFORE), datetime.combine(first, NOON, section.zone))
        self.ledger.write(
            Entry(
                place=section,
                state=State.BOOKED,
                when=When(first_on=first, until_on=until),
                created_at=asked - timedelta(days=ASKED_BEFORE),
                by=by,
                person_id=person_id,
                unit_id=unit_id,
            )
        )
