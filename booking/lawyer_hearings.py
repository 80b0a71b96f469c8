"""The hearings of a lawyer, past and to come: of the dates that they took, and of whom they assist. Reads only.

Every row is found from the cases of the account that asks: of another's there is neither a line nor a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.calendars import Event, Status
from availability.errors import NotFound
from availability.history import consulted
from availability.periods import Period
from availability.rights import Actor
from availability.sealing import House, Unreadable, unseal
from booking.lawyer_dates import PARTIES
from booking.lawyer_models import LawyerAttempt
from booking.lawyers import LAWYERS
from booking.models import State
from booking.plans.hearings import KEPT_ROOM

MOST = 500
BEHIND, AHEAD, ENDED_KEPT = timedelta(days=30), timedelta(days=366), timedelta(days=30)
HEARING = "Audience"
STATUSES = {
    State.BOOKED: Status.CONFIRMED,
    State.HONOURED: Status.CONFIRMED,
    State.MISSED: Status.CONFIRMED,
}

# What was only held is shown to whoever holds it, by its own page.
_MINE = """
    SELECT b.id FROM lawyer_case c JOIN booking b ON b.person_id = c.person_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id AND s.territory_id = c.territory_id
    WHERE c.account_id = :account_id AND c.ended_at IS NULL AND c.person_id IS NOT NULL
    UNION
    SELECT b.id FROM lawyer_case c JOIN booking b ON b.case_ref = c.case_ref AND b.case_ref <> ''
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id AND s.territory_id = c.territory_id
    WHERE c.account_id = :account_id AND c.ended_at IS NULL AND c.case_ref <> ''"""
_HEARINGS = f"""
    SELECT b.id, b.case_ref, b.state, b.starts_at, b.ends_at, b.created_at, b.family, r.name,
           k.label AS kind, s.name AS court, s.address, s.postcode, s.commune, s.time_zone, t.formation,
           coalesce(staffed.name, room.name, '') AS room, p.given_name, p.family_name,
           d.booking_id IS NOT NULL AS is_taken, d.procedure, d.nature, d.parties_sealed, d.given_on, d.summons_due_on,
           d.change_until, d.released_at, d.confirmed_at,
           EXISTS (SELECT FROM attachment a WHERE a.booking_id = b.id AND a.what = 'summons' AND a.removed_at IS NULL)
               AS has_summons,
           h.changes, h.changed_at
    FROM ({_MINE}) mine JOIN booking b ON b.id = mine.id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = b.kind_id AND k.shape = 'sessions'
    LEFT JOIN lawyer_date d ON d.booking_id = b.id AND d.account_id = :account_id
    LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN template_session o ON o.resource_id = r.id LEFT JOIN hearing_template t ON t.id = o.template_id
    {KEPT_ROOM}
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN resource staffed ON staffed.id = f.room_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS changes, max(at) AS changed_at,
               coalesce(bool_or(act = 'booking-booked'), false) AS was_booked
        FROM history WHERE subject = 'booking' AND subject_id = CAST(b.id AS text)) h
    WHERE (b.state IN ('booked', 'honoured', 'missed') OR h.was_booked)"""  # noqa: S608 - constants only
TO_COME = text(f"{_HEARINGS} AND b.starts_at >= :now ORDER BY b.starts_at, b.id LIMIT :most")
PAST = text(f"{_HEARINGS} AND b.starts_at < :now ORDER BY b.starts_at DESC, b.id LIMIT :most")
ONE = text(f"{_HEARINGS} AND b.id = :id")


@dataclass(frozen=True, kw_only=True)
class LawyerHearing:
    """A hearing of a lawyer's. `is_taken`: they took its date, and may change it until `change_until`."""

    booking_id: UUID
    case_ref: str
    state: State
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    name: str
    kind: str
    formation: str
    room: str
    court: str
    address: str
    client: str
    is_taken: bool
    procedure: str = ""
    nature: str = ""
    parties: str = ""
    given_on: date | None = None
    summons_due_on: date | None = None
    change_until: date | None = None
    confirmed_at: datetime | None = None
    released_at: datetime | None = None
    has_summons: bool = False
    changes: int = 0
    changed_at: datetime

    @property
    def is_on(self) -> bool:
        """Say whether it is still to be held, or was."""
        return self.state in STATUSES

    def may_change(self, today: date) -> bool:
        """Say whether the lawyer may still move it or give it back."""
        is_open = self.is_taken and self.state is State.BOOKED and self.change_until is not None
        return is_open and today <= (self.change_until or today)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt of the actor's, with what its proof says."""

    row: LawyerAttempt
    court: str
    zone: ZoneInfo


def hearings_to_come(session: Session, actor: Actor, *, house: House, now: datetime) -> list[LawyerHearing]:
    """Return the hearings of the actor that begin from now on, the next first."""
    return _read(session, actor, TO_COME, house, now)


def hearings_past(session: Session, actor: Actor, *, house: House, now: datetime) -> list[LawyerHearing]:
    """Return the hearings of the actor that have begun, the last first."""
    return _read(session, actor, PAST, house, now)


def hearing_of(session: Session, actor: Actor, booking_id: UUID, *, house: House, now: datetime) -> LawyerHearing:
    """Return one hearing of the actor's. Raises: NotFound, as for what does not exist."""
    found = _read(session, actor, ONE, house, now, id=booking_id)
    if not found:
        raise NotFound(booking_id=booking_id)
    return found[0]


def attempt_of(session: Session, actor: Actor, attempt_id: UUID) -> Attempt:
    """Return an attempt of the actor's. Raises: NotFound, as for what does not exist."""
    row = session.get(LawyerAttempt, attempt_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound(attempt_id=attempt_id)
    site = session.execute(_SITE, {"id": row.site_id}).one()
    return Attempt(row=row, court=site.name, zone=ZoneInfo(site.time_zone))


def note_reading(session: Session, actor: Actor, *, now: datetime) -> None:
    """Log that a lawyer read the hearings of whom they assist."""
    consulted(session, actor, subject="lawyer", subject_id=actor.account_id, reason="lawyer-hearings", at=now)


def events_of(session: Session, actor: Actor, *, now: datetime) -> list[Event]:
    """Return the hearings of the actor as neutral events: no name, no nature, for whoever looks over the shoulder."""
    asked = {"account_id": actor.account_id, "now": now - BEHIND, "most": MOST}
    rows = session.execute(TO_COME, asked) if actor.has(*LAWYERS) else ()
    return [
        _event(row)
        for row in rows
        if row.starts_at < now + AHEAD and (State(row.state) in STATUSES or row.changed_at > now - ENDED_KEPT)
    ]


_SITE = text("SELECT name, time_zone FROM site WHERE id = :id")


def _read(
    session: Session, actor: Actor, statement: Any, house: House, now: datetime, **asked: Any
) -> list[LawyerHearing]:
    if not actor.has(*LAWYERS):
        return []
    key = house.derived(PARTIES)
    rows: Sequence[Any] = session.execute(
        statement, {"account_id": actor.account_id, "now": now, "most": MOST} | asked
    ).all()
    return [_hearing(row, key) for row in rows]


def _hearing(row: Any, key: bytes) -> LawyerHearing:
    return LawyerHearing(
        booking_id=row.id,
        case_ref=row.case_ref,
        state=State(row.state),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=ZoneInfo(row.time_zone),
        name=row.name,
        kind=row.kind,
        formation=row.formation or "",
        room=row.room,
        court=row.court,
        address=_address(row),
        client=" ".join(filter(None, (row.given_name, (row.family_name or "").upper()))),
        is_taken=row.is_taken,
        procedure=row.procedure or "",
        nature=row.nature or row.family,
        parties=_unsealed(key, row.parties_sealed),
        given_on=row.given_on,
        summons_due_on=row.summons_due_on,
        change_until=row.change_until,
        confirmed_at=row.confirmed_at,
        released_at=row.released_at,
        has_summons=row.has_summons,
        changes=row.changes,
        changed_at=row.changed_at or row.created_at,
    )


def _event(row: Any) -> Event:
    return Event(
        uid=f"{row.id}@placejuste",
        summary=f"{HEARING} – {row.case_ref}" if row.case_ref else HEARING,
        location=", ".join(filter(None, (row.room, row.court, _address(row)))),
        when=Period(row.starts_at, row.ends_at),
        time_zone=row.time_zone,
        status=STATUSES.get(State(row.state), Status.CANCELLED),
        sequence=max(row.changes - 1, 0),
        changed_at=row.changed_at or row.created_at,
    )


def _address(row: Any) -> str:
    town = " ".join(filter(None, (row.postcode, row.commune)))
    return ", ".join(filter(None, (row.address, town)))


def _unsealed(key: bytes, sealed: bytes | None) -> str:
    try:
        return unseal(key, sealed) if sealed else ""
    except Unreadable:  # by another house
        return ""
