"""Bookings as calendars of elsewhere read them: the addresses that people gave, and what each shows. As of `now`.

An address is that of an account: what it shows is what the account may see when it is read, whatever it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session, col, select

from availability.calendars import Days, Event, Status
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, consulted, record
from availability.models import Shape
from availability.periods import Period
from availability.rights import REQUESTERS, Actor
from booking.calendar_models import CalendarLink
from booking.lawyer_hearings import events_of
from booking.lawyers import LAWYERS
from booking.ledger import SCOPE, hosted, hosting_values, scope_values
from booking.links import LinkName
from booking.models import State
from booking.own_agenda import own_agenda
from booking.persons import NAMED
from booking.plans.hearings import PLANNERS
from booking.queries import visible_to

MOST_LINKS = 50
MOST_EVENTS = 3000
BEHIND, AHEAD = timedelta(days=30), timedelta(days=366)
ENDED_KEPT = timedelta(days=30)  # what was cancelled stays as cancelled, so that a calendar takes it away
STATUSES = {
    State.REQUESTED: Status.TENTATIVE,
    State.BOOKED: Status.CONFIRMED,
    State.HONOURED: Status.CONFIRMED,
    State.MISSED: Status.CONFIRMED,
}
ENDED = frozenset({State.CANCELLED, State.EXCUSED, State.REFUSED, State.LAPSED})
# What a glance over the shoulder may read: no measure, no name.
APPOINTMENT, STAY, HEARING, MEETING, BUSY = "Rendez-vous", "Réservation", "Audience", "Réunion", "Occupé"


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A resource or a whole site whose bookings the actor may publish."""

    resource_id: int | None
    site_id: int
    name: str
    kind_label: str
    site_name: str
    commune: str
    is_slots: bool


@dataclass(frozen=True)
class Published:
    """What an address shows: the name of the calendar, and its events."""

    name: str
    events: tuple[Event, ...]


def things(
    session: Session, actor: Actor, *, resource_id: int | None = None, site_id: int | None = None
) -> list[Thing]:
    """Return the resources that the actor may publish, one of them or those of a site when it is said."""
    asked = _reach(session, actor) | {"resource_id": resource_id, "site_id": site_id}
    return [Thing(**row._mapping) for row in session.execute(THINGS, asked)]


def thing(session: Session, actor: Actor, resource_id: int) -> Thing:
    """Return a resource that the actor may publish. Raises: NotFound."""
    found = things(session, actor, resource_id=resource_id)
    if not found:
        raise NotFound(resource_id=resource_id)
    return found[0]


def make_link(
    session: Session, actor: Actor, resource_id: int, *, is_whole_site: bool, has_names: bool, now: datetime
) -> CalendarLink:
    """Give the actor an address for the bookings of a resource, or of the site where it is. Raises: NotFound."""
    one = thing(session, actor, resource_id)
    if len(links_of(session, actor)) >= MOST_LINKS:
        raise InvalidRequest("link", "too-many", most=MOST_LINKS)
    link = CalendarLink(
        account_id=actor.account_id,
        resource_id=None if is_whole_site else resource_id,
        site_id=one.site_id if is_whole_site else None,
        has_names=has_names and actor.has(*REQUESTERS),
        created_at=now,
    )
    session.add(link)
    session.flush()
    record(session, actor, _act("calendar-link-made", link, now))
    return link


def links_of(session: Session, actor: Actor) -> list[CalendarLink]:
    """Return the addresses of the actor that show something, the oldest first."""
    query = select(CalendarLink).where(
        CalendarLink.account_id == actor.account_id,
        col(CalendarLink.revoked_at).is_(None),
        ~col(CalendarLink.of_lawyer),  # it has a page of its own
    )
    return list(session.exec(query.order_by(col(CalendarLink.id))))


def renew_link(session: Session, actor: Actor, link_id: int, *, now: datetime) -> CalendarLink:
    """Give another address in place of one that others may know: that one shows nothing any more. Raises: NotFound."""
    link = _own(session, actor, link_id)
    link.version += 1
    record(session, actor, _act("calendar-link-renewed", link, now))
    return link


def revoke_link(session: Session, actor: Actor, link_id: int, *, now: datetime) -> CalendarLink:
    """Have an address show nothing any more. Raises: NotFound."""
    link = _own(session, actor, link_id)
    link.revoked_at = now
    record(session, actor, _act("calendar-link-revoked", link, now))
    return link


def give_back_link(session: Session, actor: Actor, link_id: int, *, now: datetime) -> CalendarLink:
    """Have an address that was revoked show again what it did. Raises: NotFound."""
    link = _own(session, actor, link_id, is_revoked=True)
    link.revoked_at = None
    record(session, actor, _act("calendar-link-made", link, now))
    return link


def account_of_link(session: Session, name: LinkName) -> UUID:
    """Return whose an address is. Raises: NotFound when it shows nothing any more, or never did."""
    return _of_name(session, name).account_id


def published(session: Session, actor: Actor, name: LinkName, *, now: datetime) -> Published:
    """Return what an address of the actor shows now. Raises: NotFound."""
    link = _of_name(session, name)
    if link.of_lawyer:
        if link.account_id != actor.account_id or not actor.has(*LAWYERS):
            raise NotFound(link_id=link.id)
        return Published("PlaceJuste – Mes audiences", tuple(events_of(session, actor, now=now)))
    found = things(session, actor, resource_id=link.resource_id, site_id=link.site_id)
    if link.account_id != actor.account_id or not found:
        raise NotFound(link_id=link.id)
    events = _events(session, actor, [one.resource_id for one in found if one.resource_id], link.has_names, now)
    title = found[0].site_name if link.resource_id is None else found[0].name
    return Published(f"PlaceJuste – {title}", tuple(events))


def note_reading(session: Session, actor: Actor, name: LinkName, *, now: datetime) -> None:
    """Note that an address was read, and that its account consulted names when it shows some."""
    link = _of_name(session, name)
    link.read_at = now
    if link.has_names:
        consulted(session, actor, subject="calendar-link", subject_id=link.id, reason="calendar-feed", at=now)


def _events(session: Session, actor: Actor, resource_ids: Sequence[int], has_names: bool, now: datetime) -> list[Event]:
    visible, values = visible_to(actor)
    asked = values | {
        "ids": list(resource_ids),
        "files": sorted(actor.territories(REQUESTERS)) if has_names else [],
        "shown": sorted(STATUSES),
        "ended": sorted(ENDED),
        "first": (now - BEHIND).date(),
        "last": (now + AHEAD).date(),
        "start": now - BEHIND,
        "end": now + AHEAD,
        "ended_since": now - ENDED_KEPT,
        "now": now,
        "most": MOST_EVENTS,
    }
    bookings = session.execute(_bookings(visible), asked)
    hearings, meetings = session.execute(HEARINGS, asked), session.execute(MEETINGS, asked)
    kept = [*(_of_hearing(row) for row in hearings), *(_of_meeting(row) for row in meetings)]
    return [*(_of_booking(row) for row in bookings), *kept]


@lru_cache(maxsize=256)
def _bookings(visible: str) -> TextClause:
    return text(BOOKINGS.format(visible=visible))


def _of_booking(row: Any) -> Event:
    state = State(row.state)
    summary = STAY if row.starts_at is None else APPOINTMENT
    who = " ".join(part for part in (row.given_name, (row.family_name or "").upper()) if part)
    if not row.is_visible:
        summary = BUSY
    elif who or (row.may_name and row.case_ref):
        summary = f"{summary} – {who or row.case_ref}"
    return Event(
        uid=f"{row.id}@placejuste",
        summary=summary,
        location=_address(row) if row.is_visible else "",
        when=Days(row.first_on, row.until_on) if row.starts_at is None else Period(row.starts_at, row.ends_at),
        time_zone=row.time_zone,
        status=STATUSES.get(state, Status.CANCELLED),
        sequence=max(row.changes - 1, 0),
        changed_at=row.changed_at or row.created_at,
    )


def _of_hearing(row: Any, summary: str = HEARING) -> Event:
    return Event(
        uid=f"{row.id}@placejuste",
        summary=summary,
        location=", ".join(part for part in (row.room, _address(row)) if part),
        when=Period(row.starts_at, row.ends_at),
        time_zone=row.time_zone,
        changed_at=row.created_at,
    )


def _of_meeting(row: Any) -> Event:
    return _of_hearing(row, HEARING if row.hearing_id is not None else MEETING)


def _address(row: Any) -> str:
    town = " ".join(part for part in (row.postcode, row.commune) if part)
    return ", ".join(part for part in (row.address, town) if part)


def _own(session: Session, actor: Actor, link_id: int, *, is_revoked: bool = False) -> CalendarLink:
    link = session.get(CalendarLink, link_id, with_for_update=True)
    if link is None or link.account_id != actor.account_id or (link.revoked_at is not None) != is_revoked:
        raise NotFound(link_id=link_id)
    return link


def _of_name(session: Session, name: LinkName) -> CalendarLink:
    link = session.get(CalendarLink, name.link_id)
    if link is None or link.revoked_at is not None or link.version % 256 != name.version:
        raise NotFound(link_id=name.link_id)
    return link


def _act(act: str, link: CalendarLink, at: datetime) -> Act:
    facts = {"resource_id": link.resource_id, "site_id": link.site_id, "has_names": link.has_names}
    return Act(act=act, subject="calendar-link", subject_id=link.id, at=at, facts=facts)


def _reach(session: Session, actor: Actor) -> dict[str, Any]:
    more = {"planned": sorted(actor.territories(PLANNERS)), "own": own_agenda(session, actor.account_id)}
    return scope_values(actor) | hosting_values(actor) | more


# A judge, a clerk or a court room is reserved by nobody: who plans hearings there publishes it, and whose agenda it is.
THINGS = text(f"""
    WITH {SCOPE}
    SELECT r.id AS resource_id, s.id AS site_id, r.name, k.label AS kind_label, s.name AS site_name, s.commune,
           k.shape = '{Shape.SLOTS.value}' AS is_slots
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    LEFT JOIN scope ON scope.territory_id = s.territory_id
    WHERE r.is_active AND (CAST(:resource_id AS bigint) IS NULL OR r.id = :resource_id)
      AND (CAST(:site_id AS bigint) IS NULL OR s.id = :site_id)
      AND (k.id = ANY(scope.kinds) OR {hosted("k.id")}
           OR r.id = :own OR s.territory_id = ANY(:planned) AND k.shape = '{Shape.SLOTS.value}'
              AND NOT EXISTS (SELECT FROM kind_right WHERE kind_id = k.id AND may_reserve))
    ORDER BY s.name, s.id, k.position, r.name, r.id""")  # noqa: S608 - constants only
# What was only held was never shown, so its end is not either.
BOOKINGS = f"""
    SELECT b.id, b.state, b.first_on, b.until_on, b.starts_at, b.ends_at, b.created_at, b.case_ref,
           {{visible}} AS is_visible, b.territory_id = ANY(:files) AS may_name, p.given_name, p.family_name,
           s.address, s.postcode, s.commune, s.time_zone, h.changes, h.changed_at
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN person p ON p.id = b.person_id AND {NAMED} AND {{visible}}
    CROSS JOIN LATERAL (
        SELECT count(*) AS changes, max(at) AS changed_at,
               bool_or(act IN ('booking-booked', 'booking-requested')) AS was_shown
        FROM history WHERE subject = 'booking' AND subject_id = CAST(b.id AS text)) h
    WHERE b.resource_id = ANY(:ids)
      AND (b.first_on < :last AND coalesce(b.until_on, b.first_on + 1) > :first
           OR b.starts_at < :end AND b.ends_at > :start)
      AND (b.state = ANY(:shown) AND (b.expires_at IS NULL OR b.expires_at > :now)
           OR b.state = ANY(:ended) AND h.was_shown AND h.changed_at > :ended_since)
    ORDER BY coalesce(b.starts_at, b.first_on), b.id LIMIT :most"""  # noqa: S608 - a constant
HEARINGS = text("""
    SELECT st.id, min(lower(t.during)) AS starts_at, max(upper(t.during)) AS ends_at, st.created_at, room.name AS room,
           s.address, s.postcode, s.commune, s.time_zone
    FROM seat_time t JOIN hearing_staffing st ON st.id = t.holder_id
    JOIN resource room ON room.id = st.room_id JOIN site s ON s.id = room.site_id
    WHERE t.resource_id = ANY(:ids) AND t.during && tstzrange(:start, :end)
    GROUP BY st.id, room.id, s.id ORDER BY 2, st.id LIMIT :most""")
# One that has its judge and its clerk is a hearing, above.
MEETINGS = text("""
    SELECT m.id, m.starts_at, m.ends_at, m.created_at, m.hearing_id, room.name AS room, s.address, s.postcode,
           s.commune, s.time_zone
    FROM meeting m JOIN site s ON s.id = m.site_id LEFT JOIN resource room ON room.id = m.room_id
    WHERE m.id IN (SELECT t.holder_id FROM seat_time t
                   WHERE t.resource_id = ANY(:ids) AND t.during && tstzrange(:start, :end))
      AND NOT EXISTS (SELECT FROM hearing_staffing st WHERE st.id = m.id)
    ORDER BY m.starts_at, m.id LIMIT :most""")
