"""One site opened: what each of its resources offers for the wish, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound
from availability.holds import HeldTime, held_times, held_until
from availability.models import Kind, Shape
from availability.queries import DayCount, beds, slots_by_day
from availability.rights import Actor
from availability.search import Found, Wish, may_reserve, search
from availability.sites import Spot, by_site
from availability.slots import Slot
from booking.map import HORIZON_DAYS, days_ahead, site_only

SLOTS_SHOWN = 24
SITTINGS = text("SELECT resource_id, starts_at FROM hearing_session WHERE resource_id = ANY(:ids)")


@dataclass(frozen=True)
class Offer:
    """A resource of the site: its days, its free beds for the whole wish, its next free slots."""

    found: Found
    days: list[DayCount]
    free_beds: list[tuple[int, str]]
    slots: list[tuple[date, Slot]]
    held: dict[datetime, datetime]  # starts, among those free, of slots being reserved, and until when at the latest
    sits_at: datetime | None = None  # of a hearing


@dataclass(frozen=True)
class OpenSite:
    """Everything that the sheet of a site shows."""

    kind: Kind
    spot: Spot
    offers: list[Offer]
    may_reserve: bool


def open_site(session: Session, actor: Actor, wish: Wish, site_id: int, *, now: datetime) -> OpenSite:
    """Return a site with its offers. Raises: NotFound when it has nothing of that kind for this actor."""
    only_here = site_only(wish, [site_id])
    spots = by_site(search(session, actor, only_here, now=now))
    if not spots:
        raise NotFound(site_id=site_id)
    return OpenSite(
        kind=wish.kind,
        spot=spots[0],
        offers=_offers(session, wish, spots[0].resources, now=now),
        may_reserve=_may(session, actor, wish.kind),
    )


def sittings(session: Session, hearings: Sequence[Found]) -> dict[int, datetime]:
    """Return when hearings begin: those of one office have the same name, and nothing else tells them apart."""
    rows = session.execute(SITTINGS, {"ids": [one.resource_id for one in hearings]})
    return {row.resource_id: row.starts_at for row in rows}


def _offers(session: Session, wish: Wish, resources: Sequence[Found], *, now: datetime) -> list[Offer]:
    days = days_ahead(session, wish.kind, resources, first=wish.first, days=HORIZON_DAYS, now=now)
    shape = Shape(wish.kind.shape)
    slots: dict[int, list[tuple[date, Slot]]] = {}
    held: dict[int, list[HeldTime]] = {}
    if shape is Shape.SLOTS:
        zones = {one.resource_id: one.time_zone for one in resources}
        until = wish.first + timedelta(days=HORIZON_DAYS)
        slots = slots_by_day(session, zones, first=wish.first, until=until, now=now)
        held = held_times(session, zones, first=wish.first, until=until, now=now)
    sits_at = sittings(session, resources) if shape is Shape.SESSIONS else {}
    return [
        Offer(
            found=one,
            days=days.get(one.resource_id, []),
            free_beds=_free_beds(session, one, wish, now) if shape is Shape.NIGHTS else [],
            slots=(shown := _shown(slots.get(one.resource_id, []), held.get(one.resource_id, []))),
            held={slot.period.start: at for _, slot in shown if (at := held_until(slot, held[one.resource_id]))}
            if one.resource_id in held
            else {},
            sits_at=sits_at.get(one.resource_id),
        )
        for one in resources
    ]


def _shown(listed: Sequence[tuple[date, Slot]], held: Sequence[HeldTime]) -> list[tuple[date, Slot]]:
    """Return the next slots that are free, with those that somebody is reserving among them."""
    wanted = [(day, slot) for day, slot in listed if slot.is_free or (held and held_until(slot, held))]
    return wanted[:SLOTS_SHOWN]


def _free_beds(session: Session, one: Found, wish: Wish, now: datetime) -> list[tuple[int, str]]:
    uses = beds(session, one.resource_id, first=wish.first, until=wish.until, now=now)
    return [(use.unit_id, use.name) for use in uses if not use.nights]


def _may(session: Session, actor: Actor, kind: Kind) -> bool:
    try:
        may_reserve(session, actor, kind)
    except NotAllowed:
        return False
    return True
