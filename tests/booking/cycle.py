"""Bookings brought to a state by the acts that lead to it, and what is left of an act afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Kind, Shape
from availability.rights import Actor
from booking.actions import Beneficiary, accept, cancel, confirm, hold, lapse, refuse, undo_cancel
from booking.models import Booking, State
from tests.availability.scarce import Scarce, make_scarce
from tests.factories import NOW, World, in_minutes

A_CASE = Beneficiary(case_ref="26/00123")
HOLD_MINUTES = 10
LATER = in_minutes(5)  # while a hold still runs
TOO_LATE = in_minutes(60 * 24 * 30)  # when everything has expired, and undoing is over

Act = Callable[[Session, Actor, UUID, datetime], Booking]
ACTS: dict[str, Act] = {
    "confirm": lambda session, actor, number, now: confirm(session, actor, number, now=now, beneficiary=A_CASE),
    "accept": lambda session, actor, number, now: accept(session, actor, number, now=now),
    "refuse": lambda session, actor, number, now: refuse(session, actor, number, reason="full", now=now),
    "cancel": lambda session, actor, number, now: cancel(session, actor, number, now=now),
    "undo": lambda session, actor, number, now: undo_cancel(session, actor, number, now=now),
}
OF_THE_HOST = frozenset({"accept", "refuse"})


def make_place(session: Session, world: World, shape: Shape = Shape.NIGHTS, **kind_columns: Any) -> Scarce:
    """Return a place with room for one, whose host decides."""
    return make_scarce(session, world, shape, **{"host_accepts": True, "hold_minutes": HOLD_MINUTES} | kind_columns)


def kind_of(session: Session, scarce: Scarce) -> Kind:
    """Return the kind of a place."""
    return session.get_one(Kind, scarce.resource.kind_id)


def booking_in(session: Session, world: World, scarce: Scarce, state: State) -> Booking:
    """Return a booking of that place in that state, through the real acts where there are any."""
    booking = hold(session, world.officer, scarce.claim, now=NOW)
    steps: dict[State, tuple[str, ...]] = {
        State.HELD: (),
        State.REQUESTED: ("confirm",),
        State.CANCELLED: ("confirm", "cancel"),
        State.REFUSED: ("confirm", "refuse"),
    }
    for step in steps.get(state, ("confirm", "accept")):
        do(session, world, step, booking.id, now=NOW)
    if state is State.LAPSED:
        _unconfirm(session, booking)
        lapse(session, booking.id, now=NOW)
    elif state not in (*steps, State.BOOKED):  # outcomes are recorded by screens to come
        booking.state = state
        session.flush()
    return booking


def _unconfirm(session: Session, booking: Booking) -> None:
    booking.state, booking.expires_at = State.HELD, NOW
    session.flush()


def do(session: Session, world: World, act: str, booking_id: UUID, *, now: datetime = LATER) -> Booking:
    """Do an act as whoever is entitled to it."""
    return ACTS[act](session, world.host if act in OF_THE_HOST else world.officer, booking_id, now)


def lines_of(session: Session, booking_id: UUID) -> list[tuple[str, str | None, UUID | None]]:
    """Return the history of a booking: act, state before, author."""
    rows = session.execute(
        text("SELECT act, facts ->> 'before', actor_id FROM history WHERE subject_id = :id ORDER BY id"),
        {"id": str(booking_id)},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def picture(session: Session, scarce: Scarce, booking: Booking) -> tuple[Any, ...]:
    """Return everything that an act may change: what a refused act must leave as it was."""
    row = session.execute(text("SELECT * FROM booking WHERE id = :id"), {"id": booking.id}).one()
    told = session.execute(text("SELECT count(*) FROM change")).scalar_one()
    return tuple(row), scarce.rows(session), lines_of(session, booking.id), told
