"""One booking opened: what is known of it, who did what, and what the actor may still do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed
from availability.history import consulted
from availability.models import Kind
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from availability.search import may_reserve
from booking.actions import UNDO_MINUTES
from booking.hosting import OtherDates, proposed_for
from booking.meanwhile import BY_LINK, SOMEBODY, names_of
from booking.models import State
from booking.outcomes import was_given_back_by_person
from booking.queries import BookingLine, HistoryEntry, booking_for, history_of
from booking.reasons import OTHER, words_of
from booking.series_queries import SeriesView, series_of

GIVEN_BACK = "booking-cancelled"

SEALED = text("SELECT person_id, reason_sealed FROM booking WHERE id = :id")
OFFERED_AT = text("SELECT offered_at FROM waiting_offer WHERE booking_id = :id")


@dataclass(frozen=True)
class Step:
    """One line of history: `by` names who did it, empty for the clock."""

    entry: HistoryEntry
    by: str
    is_me: bool


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything that the sheet of a booking shows."""

    line: BookingLine
    requested_by: str
    is_mine: bool
    steps: tuple[Step, ...]
    may_act: bool
    may_take_again: bool
    is_by_person: bool = False  # it was given back by its own person, by their link
    series: SeriesView | None = None  # that it is part of
    proposed: OtherDates | None = None  # by the host, while they wait for an answer
    offered_at: datetime | None = None  # by the waiting list
    said: str = ""  # beside the reason "other"

    @property
    def is_for_somebody(self) -> bool:
        """Say whether it can be confirmed as it is."""
        return self.line.person_id is not None or bool(self.line.case_ref)


def dossier(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    *,
    now: datetime,
    is_logged: bool = False,
    house: House | None = None,
) -> Dossier:
    """Return a booking with its history; `house` opens what was said of why it is not to be.

    `is_logged` writes down that its person was looked at. Raises: NotFound.
    """
    line = booking_for(session, actor, booking_id, now=now)
    entries = history_of(session, actor, booking_id)
    if is_logged and line.person_id is not None:
        consulted(session, actor, subject="person", subject_id=line.person_id, reason="booking-sheet", at=now)
    names = names_of(session, [line.requested_by, *(entry.actor_id for entry in entries if entry.actor_id)])
    if line.person_id is not None:
        names[line.person_id] = BY_LINK  # whoever holds the link of a convocation acts as its person
    may_act = _may_act(session, actor, line)
    is_given_back = line.state is State.CANCELLED
    return Dossier(
        line=line,
        requested_by=names.get(line.requested_by, ""),
        is_mine=line.requested_by == actor.account_id,
        steps=tuple(
            Step(entry, names.get(entry.actor_id, SOMEBODY) if entry.actor_id else "", _is(entry, actor))
            for entry in entries
        ),
        may_act=may_act,
        may_take_again=may_act and _just_given_back(line, entries, now),
        is_by_person=is_given_back and was_given_back_by_person(session, booking_id),
        series=series_of(session, actor, booking_id, now=now),
        proposed=proposed_for(session, booking_id, now=now) if line.state is State.REQUESTED else None,
        offered_at=session.execute(OFFERED_AT, {"id": booking_id}).scalar(),
        said=_said(session, house, line) if house is not None and line.reason == OTHER else "",
    )


def _said(session: Session, house: House, line: BookingLine) -> str:
    row = session.execute(SEALED, {"id": line.id}).one()
    return words_of(session, house, row.person_id, row.reason_sealed)


def is_change(act: str) -> bool:
    """Say whether a line of history is another revision of a booking: its files and presences are beside it."""
    return not act.startswith(("booking-file-", "presence-"))


def _is(entry: HistoryEntry, actor: Actor) -> bool:
    return entry.actor_id == actor.account_id


def _may_act(session: Session, actor: Actor, line: BookingLine) -> bool:
    """Say whether the acts of booking/actions.py would be heard: a territory of theirs, a kind that they reserve."""
    if line.territory_id not in actor.territories(REQUESTERS, kind_id=line.kind_id):
        return False
    try:
        rights = may_reserve(session, actor, session.get_one(Kind, line.kind_id))
    except NotAllowed:
        return False
    return any(right.covers(territory_id=line.territory_id) for right in rights)


def _just_given_back(line: BookingLine, entries: list[HistoryEntry], now: datetime) -> bool:
    last = _giving_back(line, entries)
    return last is not None and last.at >= now - timedelta(minutes=UNDO_MINUTES)


def _giving_back(line: BookingLine, entries: list[HistoryEntry]) -> HistoryEntry | None:
    """Return the line of what is given back: an excuse of it, taken back since, is not another one."""
    given = (entry for entry in reversed(entries) if entry.act == GIVEN_BACK and not entry.facts.get("undo"))
    return next(given, None) if line.state is State.CANCELLED else None
