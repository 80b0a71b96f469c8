"""Those who wait, and the clock that serves them, for the tests of the waiting list."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from availability.rights import Actor
from booking.actions import Beneficiary, expired, lapse
from booking.filters import Filters
from booking.models import Booking
from booking.waiting import Wanted, ask
from booking.waiting_models import WaitingEntry, WaitingOffer, WaitingSkip
from booking.waiting_offers import ActorOf, due, looked_at, offer_freed, offer_looked
from tests.booking.town import Town
from tests.factories import NOW, PARIS, in_days

FIRST, UNTIL = in_days(3), in_days(6)
SOURCE = "Code pénitentiaire, art. D632-2"


@dataclass
class Accounts:
    """Who has an account, as the shell knows it."""

    actors: dict[UUID, Actor] = field(default_factory=dict)

    def add(self, *actors: Actor) -> Accounts:
        """Return the same, with these."""
        self.actors |= {actor.account_id: actor for actor in actors}
        return self

    def __call__(self, _session: Session, account_id: UUID) -> Actor | None:
        """Return the actor of an account."""
        return self.actors.get(account_id)


def wants(
    town: Town,
    case_ref: str,
    *,
    first: date = FIRST,
    until: date = UNTIL,
    typed: dict[str, str] | None = None,
    **columns: Any,
) -> Wanted:
    """Return a wish for a bed around Paris, for all of these nights unless `days` says fewer."""
    filters = Filters.read({"type": town.nights.code, "lieu": "Paris", "rayon": "40"} | (typed or {}))
    values: dict[str, Any] = {"near": PARIS, "beneficiary": Beneficiary(case_ref=case_ref)} | columns
    return Wanted(filters=filters, first_on=first, until_on=until, **values)


def waits(
    session: Session, town: Town, case_ref: str, *, now: datetime = NOW, by: Actor | None = None, **said: Any
) -> WaitingEntry:
    """Return an entry of the list."""
    return ask(session, by or town.officer, wants(town, case_ref, **said), now=now)


def clock(session: Session, accounts: ActorOf, now: datetime, *, moved: tuple[int, ...] = ()) -> int:
    """Do what the clock does at an instant, in one transaction; return how many offers were made."""
    for booking_id in expired(session, now=now):
        lapse(session, booking_id, now=now)
    made = sum(offer_freed(session, freed, actor_of=accounts, now=now) for freed in due(session, now=now))
    return made + sum(offer_looked(session, one, actor_of=accounts, now=now) for one in looked_at(session, moved))


def offers(session: Session) -> list[tuple[str, str | None]]:
    """Return what was offered, in order: for which case, and what became of it."""
    rows = session.exec(
        select(WaitingEntry.case_ref, WaitingOffer.outcome)
        .join(WaitingOffer, col(WaitingOffer.entry_id) == col(WaitingEntry.id))
        .order_by(col(WaitingOffer.offered_at), col(WaitingEntry.created_at))
    )
    return [(case_ref, outcome) for case_ref, outcome in rows]


def skips(session: Session) -> list[tuple[str, str]]:
    """Return who was passed over, and why."""
    rows = session.exec(
        select(WaitingEntry.case_ref, WaitingSkip.why)
        .join(WaitingSkip, col(WaitingSkip.entry_id) == col(WaitingEntry.id))
        .order_by(col(WaitingEntry.case_ref), col(WaitingSkip.why))
    )
    return [(case_ref, why) for case_ref, why in rows]


def offered_booking(session: Session, entry: WaitingEntry) -> Booking:
    """Return what is held for an entry."""
    offer = session.exec(
        select(WaitingOffer).where(WaitingOffer.entry_id == entry.id, col(WaitingOffer.outcome).is_(None))
    ).one()
    return session.get_one(Booking, offer.booking_id)
