"""What a partner sees of its own places: requests to answer, the last answers. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Shape
from availability.periods import Period
from availability.queries import slots_of
from availability.rights import REQUESTERS, Actor, Role
from booking.filters import WorkHours
from booking.links import LinkName
from booking.models import State
from booking.queries import visible_to

MOST_ANSWERS = 10
MOST_STARTS = 120
PROPOSED_WITHIN = timedelta(days=60)

# A partner sees initials and a year of birth: enough to recognise a file, not to know somebody. Who asks is a service,
# with its phone; what is searched on is told, and nothing else of a person.
HOSTED = """
    SELECT b.id, b.case_ref, b.first_on, b.until_on, b.starts_at, b.ends_at, b.expires_at, b.created_at,
           CASE WHEN b.state = 'requested' AND b.expires_at <= :now THEN 'lapsed' ELSE b.state END AS state,
           k.label AS kind_label, k.shape, r.id AS resource_id, r.name, u.name AS unit_name, s.id AS site_id,
           s.name AS site_name, s.address, s.postcode, s.commune, s.time_zone,
           coalesce(o.name, t.name) AS court_name, coalesce(desk.phone, '') AS asker_phone,
           left(p.given_name, 1) AS given_initial, left(p.family_name, 1) AS family_initial,
           CAST(extract(year FROM p.birth_on) AS int) AS birth_year,
           CASE WHEN k.searchable ? 'sex' THEN p.sex END AS sex, k.searchable ? 'age' AS by_age, p.id AS person_id,
           last.at AS moved_at, last.reason, coalesce(a.name, c.name) AS answered_by, l.id IS NOT NULL AS by_link,
           CASE WHEN EXISTS (SELECT FROM jsonb_each(k.searchable) e WHERE e.value ->> 'type' = 'hours')
                THEN q.work_starts END AS work_starts, q.work_ends, q.work_days,
           q.asked_at, q.answer_by, q.link_id, q.link_version, o1.id AS proposal_id,
           o1.first_on AS other_first_on, o1.until_on AS other_until_on, o1.starts_at AS other_starts_at,
           o1.ends_at AS other_ends_at
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    JOIN booking b ON b.resource_id = r.id JOIN territory t ON t.id = b.territory_id
    LEFT JOIN unit u ON u.id = b.unit_id
    LEFT JOIN organisation o ON o.id = b.organisation_id
    LEFT JOIN person p ON p.id = b.person_id
    LEFT JOIN host_request q ON q.booking_id = b.id
    LEFT JOIN host_proposal o1 ON o1.booking_id = b.id AND o1.state = 'open'
    LEFT JOIN LATERAL (SELECT x.phone FROM site x
        WHERE x.phone <> '' AND (x.organisation_id = b.organisation_id OR x.code = t.code)
        ORDER BY x.organisation_id = b.organisation_id DESC NULLS LAST, x.id LIMIT 1) desk ON true
    LEFT JOIN LATERAL (SELECT h.at, h.actor_id, h.facts ->> 'reason' AS reason FROM history h
        WHERE h.subject = 'booking' AND h.subject_id = b.id::text AND h.act LIKE 'booking-%'
          AND h.act NOT LIKE 'booking-file-%'
        ORDER BY h.id DESC LIMIT 1) last ON true
    LEFT JOIN account a ON a.id = last.actor_id LEFT JOIN api_client c ON c.actor_id = last.actor_id
    LEFT JOIN host_request l ON l.id = last.actor_id
    WHERE"""
REACHED = """ s.organisation_id = :organisation_id AND s.territory_id = ANY(:territories)
      AND (CAST(:kind_id AS bigint) IS NULL OR r.kind_id = :kind_id) AND k.host_accepts"""
TO_ANSWER = (
    HOSTED
    + """ {visible} AND o1.id IS NOT NULL AND b.territory_id = ANY(:territories) AND b.state = 'requested'
    AND b.expires_at > :now ORDER BY b.expires_at, b.id LIMIT :limit"""
)
BY_ID = text(HOSTED + " b.id = ANY(:ids)")
WAITING = text(HOSTED + REACHED + " AND b.state = 'requested' AND b.expires_at > :now ORDER BY b.expires_at, b.id")
# A hold given up before anybody was asked is none of the host's business.
ANSWERED = text(
    HOSTED
    + REACHED
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
    shape: Shape = Shape.PLACES
    resource_id: int = 0
    unit_name: str | None = None
    site_id: int = 0
    address: str = ""
    postcode: str = ""
    commune: str = ""
    asker_phone: str = ""
    person_id: UUID | None = None
    sex: str | None = None  # when the kind is searched on it
    by_age: bool = False  # the kind is searched on an age
    work: WorkHours | None = None  # when the kind is searched on hours of doors
    answered_by: str | None = None  # who brought it to its state; None for the clock, and for whoever holds the link
    by_link: bool = False
    asked_at: datetime | None = None
    answer_by: datetime | None = None
    link: LinkName | None = None
    other: OtherDates | None = None  # those that it proposed, and that wait for an answer


@dataclass(frozen=True, kw_only=True)
class OtherDates:
    """Dates, as a request has them."""

    proposal_id: UUID | None
    shape: Shape
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None


def waiting_requests(session: Session, actor: Actor, *, now: datetime) -> list[HostedRequest]:
    """Return the requests that wait for the actor's answer, the most urgent first."""
    rows = [row for asked in _reach(actor) for row in session.execute(WAITING, asked | {"now": now})]
    return sorted(_requests(rows), key=lambda one: (one.expires_at or now, one.id))


def answered_requests(session: Session, actor: Actor, *, now: datetime) -> list[HostedRequest]:
    """Return the last requests that were answered, lapsed or were given up, the last first."""
    limits = {"now": now, "limit": MOST_ANSWERS}
    rows = [row for asked in _reach(actor) for row in session.execute(ANSWERED, asked | limits)]
    return sorted(_requests(rows), key=lambda one: one.moved_at, reverse=True)[:MOST_ANSWERS]


def free_starts(
    session: Session, actor: Actor, booking_id: UUID, *, now: datetime, most: int = MOST_STARTS
) -> tuple[str, list[datetime]]:
    """Return the zone of the place of a request that waits for the actor, and the starts that it could propose."""
    asked = next((one for one in waiting_requests(session, actor, now=now) if one.id == booking_id), None)
    if asked is None or asked.shape is not Shape.SLOTS:
        return "Europe/Paris", []
    within = Period(now, now + PROPOSED_WITHIN)
    slots = slots_of(session, [asked.resource_id], within=within, now=now).get(asked.resource_id, [])
    return asked.time_zone, [slot.period.start for slot in slots if slot.is_free][:most]


def proposals_to_answer(
    session: Session, actor: Actor, *, now: datetime, most: int = MOST_ANSWERS
) -> list[HostedRequest]:
    """Return the requests that the actor may answer for, whose host proposes other dates, the most urgent first."""
    territories = sorted(actor.territories(REQUESTERS))
    if not territories:
        return []
    visible, values = visible_to(actor)
    asked = values | {"territories": territories, "now": now, "limit": most}
    rows = session.execute(text(TO_ANSWER.format(visible=visible)), asked).all()
    return _requests(list(rows))


def proposed_for(session: Session, booking_id: UUID, *, now: datetime) -> OtherDates | None:
    """Return the dates that the host of a request proposes, which wait for an answer."""
    asked = requests_by_id(session, [booking_id], now=now).get(booking_id)
    return asked.other if asked is not None and asked.state is State.REQUESTED else None


def requests_by_id(session: Session, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, HostedRequest]:
    """Return requests whoever asks: for what is told to their host, by those who know that they may."""
    rows = session.execute(BY_ID, {"ids": list(ids), "now": now}).all()
    return {one.id: one for one in _requests(list(rows))}


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
    link_id, version = values.pop("link_id"), values.pop("link_version")
    other, starts, ends, days = _other(values), *(values.pop(f"work_{name}") for name in ("starts", "ends", "days"))
    known: dict[str, Any] = {"state": State(row.state), "reason": row.reason or "", "initials": initials}
    known |= {"shape": Shape(row.shape), "link": LinkName(link_id, version) if link_id is not None else None}
    return HostedRequest(
        **values | known | {"moved_at": row.moved_at or created_at, "other": other, "work": _work(starts, ends, days)}
    )


def _work(starts: time | None, ends: time | None, days: list[int] | None) -> WorkHours | None:
    return WorkHours(starts, ends, tuple(days)) if starts is not None and ends is not None and days else None


def _other(values: dict[str, Any]) -> OtherDates | None:
    proposal_id = values.pop("proposal_id")
    dates = {name: values.pop(f"other_{name}") for name in ("first_on", "until_on", "starts_at", "ends_at")}
    return OtherDates(proposal_id=proposal_id, shape=Shape(values["shape"]), **dates) if proposal_id else None
