"""Who waits for a bed around Lyon: somebody to whom one is offered, somebody passed over, two for a full section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.models import State
from booking.waiting_models import WaitingState
from portal.demo.accounts import Accounts, Member
from portal.demo.catalogue import Place
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.people import People, Profile
from portal.demo.sheets import Sheet, copy

KIND = "semi-liberte"
LYON = (45.764, 4.8357)
REACH_KM = 40.0
AROUND_LYON = {"type": KIND, "lieu": "Lyon", "rayon": "40", "sexe": "M"}
AT_NIGHT = {"debut": "22:00", "fin": "05:00", "jours": "12345"}  # no section lets people leave then
DECISION = "Décision du juge de l’application des peines"
OFFER_HOURS = 24
ENTRY = (
    "id kind_id territory_id organisation_id requested_by person_id case_ref resource_id site_id query label lat lon"
    " reach_km first_on until_on days deadline_on deadline_source digest state created_at ended_at"
)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one of them waits for, in days from today."""

    waited: int
    first: int
    until: int
    days: int
    due: int | None = None  # the legal deadline
    at_night: bool = False
    place: Place | None = None  # anywhere around Lyon otherwise


class WaitingList:
    """The rows of the list, of the open offer and of who was passed over for it."""

    def __init__(self, rng: Random, accounts: Accounts, people: People, ledger: Ledger, now: datetime) -> None:
        self.rng, self.accounts, self.people, self.ledger, self.now = rng, accounts, people, ledger, now
        self.entries = Sheet("waiting_entry", ENTRY, numbered=False)
        self.offers: list[tuple[Any, ...]] = []
        self.skips: list[tuple[Any, ...]] = []
        self._last_person = UUID(int=0)  # of the last entry written

    def fill(self, full: Sequence[Place], others: Sequence[Place], kind_id: int) -> None:
        """Write who waits; a bed that is free around Lyon is offered to the second, for it does not suit the first,
        who works at night.
        """
        second_wish = Wish(waited=9, first=2, until=60, days=10, due=19)
        bed = next(self._free_beds(others, second_wish), None)
        if bed is None or not full:
            return
        place, unit_id = bed
        by = self.accounts.for_place(full[0])
        first = self._entry(Wish(waited=23, first=1, until=60, days=30, due=12, at_night=True), place, by, kind_id)
        second = self._entry(second_wish, place, by, kind_id, state=WaitingState.OFFERED)
        self._offer(second, place, unit_id, second_wish, by)
        self.skips.append((first, place.id, "hours", self.now - timedelta(hours=3)))
        for waited in (14, 5):
            self._entry(Wish(waited=waited, first=1, until=31, days=30, place=full[0]), full[0], by, kind_id)

    def wait(self, wishes: Iterable[Wish], near: Place, by: Member, kind_id: int) -> list[UUID]:
        """Write others who wait; return who they are."""
        those = []
        for wish in wishes:
            self._entry(wish, near, by, kind_id)
            those.append(self._last_person)
        return those

    def write(self, session: Session) -> None:
        """Copy the rows."""
        self.entries.write(session)
        offer = "id entry_id booking_id resource_id freeing_id offered_at ends_at reason"
        copy(session, "waiting_offer", offer.split(), self.offers)
        copy(session, "waiting_skip", ("entry_id", "resource_id", "why", "at"), self.skips)

    def _entry(
        self, wish: Wish, near: Place, by: Member, kind_id: int, *, state: WaitingState = WaitingState.WAITING
    ) -> UUID:
        number, today = self._number(), self._today(near)
        first, until = today + timedelta(days=wish.first), today + timedelta(days=wish.until)
        person_id = self._person(near, first, until, by)
        asked_at = datetime.combine(today - timedelta(days=wish.waited), time(9, 40), near.zone)
        self._last_person = person_id
        query = AROUND_LYON | (AT_NIGHT if wish.at_night else {})
        where = wish.place
        self.entries.add(
            id=number,
            kind_id=kind_id,
            territory_id=by.home,
            organisation_id=None,
            requested_by=by.id,
            person_id=person_id,
            case_ref="",
            resource_id=where.id if where else None,
            site_id=None,
            query={"type": KIND, "sexe": "M"} if where else query,
            label=f"{where.host.name}, {where.name}" if where else "À moins de 40 km de Lyon",
            lat=None if where else LYON[0],
            lon=None if where else LYON[1],
            reach_km=None if where else REACH_KM,
            first_on=first,
            until_on=until,
            days=wish.days,
            deadline_on=today + timedelta(days=wish.due) if wish.due else None,
            deadline_source=DECISION if wish.due else "",
            digest=number.bytes,
            state=state.value,
            created_at=asked_at,
            ended_at=None,
        )
        facts = {"kind_id": kind_id, "from": str(first), "to": str(until), "days": wish.days}
        self._line(asked_at, "waiting-waiting", number, facts, by=by.id)
        return number

    def _offer(self, entry_id: UUID, place: Place, unit_id: int, wish: Wish, by: Member) -> None:
        """Hold the bed for the last entry written, since this morning and until tomorrow."""
        offered_at = self.now - timedelta(hours=3)
        first = self._today(place) + timedelta(days=wish.first)
        ends_at = offered_at + timedelta(hours=OFFER_HOURS)
        booking_id = self.ledger.write(
            Entry(
                place=place,
                state=State.HELD,
                when=When(first_on=first, until_on=first + timedelta(days=wish.days)),
                created_at=offered_at,
                by=by,
                person_id=self._last_person,
                unit_id=unit_id,
                expires_at=ends_at,
            )
        )
        self.offers.append((self._number(), entry_id, booking_id, place.id, self._number(), offered_at, ends_at, ""))
        facts = {"before": WaitingState.WAITING.value, "booking_id": str(booking_id), "resource_id": place.id}
        self._line(offered_at, "waiting-offered", entry_id, facts)

    def _free_beds(self, places: Sequence[Place], wish: Wish) -> Iterator[tuple[Place, int]]:
        """Yield the beds of men that nothing takes on the first days of a wish."""
        rows = [dict(zip(self.ledger.bookings.columns, row, strict=True)) for row in self.ledger.bookings.rows]
        for place in places:
            first = self._today(place) + timedelta(days=wish.first)
            until = first + timedelta(days=wish.days)
            taken = {
                row["unit_id"] for row in rows if row["first_on"] and row["first_on"] < until and _ends(row) > first
            }
            yield from (
                (place, unit_id)
                for unit_id in place.units
                if unit_id not in taken and place.attributes["sex"] == "M" and "max_age" not in place.attributes
            )

    def _person(self, near: Place, first: date, until: date, by: Member) -> UUID:
        return self.people.suitable(
            Profile(court=near.host.court, sex="M", least_age=21, most_age=60, first=first, until=until), by
        )

    def _line(self, at: datetime, act: str, entry_id: UUID, facts: dict[str, Any], by: UUID | None = None) -> None:
        """Add a line to the history, of the clock when nobody did it."""
        self.ledger.history.append((at, by, act, "waiting", str(entry_id), self._last_person, facts))

    def _number(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def _today(self, place: Place) -> date:
        return self.now.astimezone(place.zone).date()


def _ends(row: dict[str, Any]) -> date:
    ends: date | None = row["until_on"]
    return ends or date.max
