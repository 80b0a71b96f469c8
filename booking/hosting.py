"""What a partner sees of its own places: requests to answer, the last answers. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor, Role
from booking.models import State

MOST_ANSWERS = 10

# A partner sees initials and a year of birth: enough to recognise a file, not to know somebody.
HOSTED = """
    SELECT b.id, b.case_ref, b.first_on, b.until_on, b.starts_at, b.ends_at, b.expires_at, b.created_at,
           CASE WHEN b.state = 'requested' AND b.expires_at <= :now THEN 'lapsed' ELSE b.state END AS state,
           k.label AS kind_label, r.name, s.name AS site_name, s.time_zone, t.name AS court_name,
           left(p.given_name, 1) AS given_initial, left(p.family_name, 1) AS family_initial,
           CAST(extract(year FROM p.birth_on) AS int) AS birth_year, last.at AS moved_at, last.reason
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    JOIN booking b ON b.resource_id = r.id JOIN territory t ON t.id = b.territory_id
    LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN LATERAL (SELECT h.at, h.facts ->> 'reason' AS reason FROM history h
        WHERE h.subject = 'booking' AND h.subject_id = b.id::text ORDER BY h.id DESC LIMIT 1) last ON true
    WHERE s.organisation_id = :organisation_id AND s.territory_id = ANY(:territories)
      AND (CAST(:kind_id AS bigint) IS NULL OR r.kind_id = :kind_id) AND k.host_accepts"""
WAITING = text(HOSTED + " AND b.state = 'requested' AND b.expires_at > :now ORDER BY b.expires_at, b.id")
# A hold given up before anybody was asked is none of the host's business.
ANSWERED = text(
    HOSTED
    + """ AND (b.state IN ('booked', 'refused') OR b.state = 'requested' AND b.expires_at <= :now
      OR b.state IN ('lapsed', 'cancelled') AND EXISTS (SELECT FROM history h WHERE h.subject = 'booking'
         AND h.subject_id = b.id::text AND h.act = 'booking-requested'))
    ORDER BY moved_at DESC NULLS LAST, b.id LIMIT :limit"""
)


@dataclass(frozen=True, kw_only=True)
class HostedRequest:
    """A request on a place that the actor runs. `moved_at` is when it came to its state."""

    id: UUID
    state: State
    reason: str
    kind_label: str
    name: str
    site_name: str
    court_name: str
    case_ref: str
    initials: str
    birth_year: int | None
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    time_zone: str
    moved_at: datetime
    expires_at: datetime | None


def waiting_requests(session: Session, actor: Actor, *, now: datetime) -> list[HostedRequest]:
    """Return the requests that wait for the actor's answer, the most urgent first."""
    rows = [row for asked in _reach(actor) for row in session.execute(WAITING, asked | {"now": now})]
    return sorted(_requests(rows), key=lambda one: (one.expires_at or now, one.id))


def answered_requests(session: Session, actor: Actor, *, now: datetime) -> list[HostedRequest]:
    """Return the last requests that were answered, lapsed or were given up, the last first."""
    limits = {"now": now, "limit": MOST_ANSWERS}
    rows = [row for asked in _reach(actor) for row in session.execute(ANSWERED, asked | limits)]
    return sorted(_requests(rows), key=lambda one: one.moved_at, reverse=True)[:MOST_ANSWERS]


def _reach(actor: Actor) -> Iterator[dict[str, Any]]:
    """Return, for each right of a partner, what it reaches. Two rights may overlap."""
    for right in actor.rights:
        if right.role is Role.PARTNER and right.organisation_id is not None:
            yield {
                "organisation_id": right.organisation_id,
                "territories": sorted(right.territory_ids),
                "kind_id": right.kind_id,
            }


def _requests(rows: list[Any]) -> list[HostedRequest]:
    return list({row.id: _request(row) for row in rows}.values())


def _request(row: Any) -> HostedRequest:
    values = dict(row._mapping)
    initials = "".join(f"{letter}." for letter in (values.pop("given_initial"), values.pop("family_initial")) if letter)
    created_at = values.pop("created_at")
    known = {"state": State(row.state), "reason": row.reason or "", "initials": initials}
    return HostedRequest(**values | known | {"moved_at": row.moved_at or created_at})
