"""A meeting of the probation service of Lyon to which several come at one hour, with seats left at each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from availability.declarations import Declaration
from availability.models import Kind, Shape
from booking.models import State
from portal.demo.accounts import Member
from portal.demo.catalogue import Catalogue, Place
from portal.demo.ledger import Entry, Ledger, When
from portal.demo.people import People

COURT = "TGILYON"
GROUPS = Kind(
    code="spip-collectif",
    label="réunion collective au SPIP",
    label_plural="réunions collectives au SPIP",
    layer="Réunions collectives",
    shape=Shape.SLOTS.value,
    position=30,
    max_ahead_days=60,
    slot_step_min=60,
    slot_duration_min=60,
)
SEATS = 8
EXPECTED = (5, 3)  # at the next one, and at the one after
A_DAY = timedelta(days=1)


def group_of_lyon(catalogue: Catalogue, today: date) -> None:
    """Add the meeting, on two afternoons a week."""
    host = next(one.host for one in catalogue.places if one.kind == "spip-rdv" and one.host.court.code == COURT)
    place = catalogue.place(host, GROUPS.code, "Réunion d’information", declaration=Declaration(SEATS, 0, 0))
    catalogue.opens(place, (1, 3), "14:00", "15:00", since=today - 365 * A_DAY)


def _several(people: People, place: Place, by: Member, wanted: int) -> list[UUID]:
    drawn = (people.anybody(place.host.court, by) for _ in range(4 * wanted))
    return list(dict.fromkeys(drawn))[:wanted]


def people_of_groups(
    rng: Random,
    people: People,
    ledger: Ledger,
    places: Iterable[Place],
    slots: Mapping[int, Sequence[tuple[datetime, datetime]]],
) -> None:
    """Have a few people expected at the next two meetings that are not of today, who were told some days ago."""
    for place in places:
        by = ledger.accounts.for_place(place)
        coming = [slot for slot in slots.get(place.id, ()) if slot[0] > ledger.now + A_DAY]
        for (start, end), expected in zip(coming, EXPECTED, strict=False):
            told_on = ledger.now.astimezone(place.zone).date() - rng.randint(8, 11) * A_DAY
            several = _several(people, place, by, expected)
            for seat, person_id in enumerate(several, 1):
                ledger.write(
                    Entry(
                        place=place,
                        state=State.BOOKED,
                        when=When(starts_at=start, ends_at=end),
                        created_at=datetime.combine(told_on, time(10, 5 * seat), place.zone),
                        by=by,
                        person_id=person_id,
                        seat=seat,
                    )
                )
