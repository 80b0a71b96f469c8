"""Files of bookings, as plain routes: what a calendar downloads."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from availability.calendars import Days, Event, Status, event_ics
from availability.errors import NotFound
from availability.periods import Period
from availability.rights import REQUESTERS, Actor
from booking.dossier import Dossier, dossier
from booking.models import State
from portal.clock import now
from portal.database import read
from portal.policy import requires
from portal.settings import settings

router = APIRouter(include_in_schema=False)
Requester = Annotated[Actor, requires(*REQUESTERS)]

STATUSES = {
    State.HELD: Status.TENTATIVE,
    State.REQUESTED: Status.TENTATIVE,
    State.BOOKED: Status.CONFIRMED,
    State.HONOURED: Status.CONFIRMED,
    State.MISSED: Status.CONFIRMED,
}
# What a glance over the shoulder may read: no measure, no name.
APPOINTMENT, PLACE = "Rendez-vous", "Réservation"


@router.get("/reservations/{booking_id:uuid}.ics")
async def calendar_file(booking_id: UUID, actor: Requester) -> Response:
    """Return the event of a booking of the actor's territories. Raises: NotFound."""
    found = await read(dossier, actor, booking_id, now=now())
    return Response(
        event_ics(event_of(found, settings().origin), now=now()),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="reservation.ics"', "Cache-Control": "no-store"},
    )


def event_of(found: Dossier, origin: str) -> Event:
    """Return a booking as a neutral event, that leads back to its sheet. Raises: NotFound when it has no dates."""
    line = found.line
    town = " ".join(part for part in (line.postcode, line.commune) if part)
    return Event(
        uid=f"{line.id}@placejuste",
        summary=PLACE if line.starts_at is None else APPOINTMENT,
        location=", ".join(part for part in (line.address, town) if part),
        when=_dates(found),
        time_zone=line.time_zone,
        status=STATUSES.get(line.state, Status.CANCELLED),
        sequence=max(len(found.steps) - 1, 0),
        url=f"{origin}/reservations/?reservation={line.id}",
    )


def _dates(found: Dossier) -> Days | Period:
    line = found.line
    if line.starts_at is not None and line.ends_at is not None:
        return Period(line.starts_at, line.ends_at)
    if line.first_on is None:
        raise NotFound(booking_id=line.id)
    return Days(line.first_on, line.until_on)
