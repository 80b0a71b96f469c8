"""Whose cases are whose among lawyers, and in whose name a lawyer acts on a booking.

A lawyer reserves nothing by the rights of their role: no kind gives it any. What they may do of a date is given here,
for that one booking, after it was found to be theirs (docs/decisions/0046).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.rights import REQUESTERS, Actor, Right, Role
from availability.statements import by_key, run
from booking.lawyer_models import CASE_LENGTH, LawyerCase, LawyerDate, LawyerProfile
from booking.persons import person_for
from booking.plans.hearings import PLANNERS

LAWYERS = (Role.LAWYER,)

DEPUTY = by_key("""
    SELECT r.kind_id, s.territory_id,
           ARRAY(SELECT role FROM kind_right WHERE kind_id = r.kind_id AND may_reserve) AS reservers
    FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :resource_id""")
# Of hearings only: what somebody is convened to elsewhere is not of their case.
ADDRESSES = by_key("""
    SELECT DISTINCT p.email FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = b.kind_id AND k.shape = 'sessions'
    JOIN lawyer_case c ON c.ended_at IS NULL AND c.territory_id = s.territory_id
         AND (c.person_id = b.person_id OR c.case_ref <> '' AND c.case_ref = b.case_ref)
    JOIN lawyer_profile p ON p.account_id = c.account_id JOIN account a ON a.id = p.account_id AND a.is_active
    WHERE b.id = :booking_id ORDER BY p.email""")
TOUCHED = text("""
    SELECT EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id AND k.shape = 'sessions'
                   JOIN site s ON s.id = r.site_id WHERE r.id = ANY(:ids) AND s.territory_id = ANY(:mine))""")
# Whoever may still act as a lawyer there.
OF_COURT = text("""
    WITH RECURSIVE around AS (
        SELECT id, parent_id FROM territory WHERE id = :territory_id
        UNION ALL SELECT t.id, t.parent_id FROM territory t JOIN around a ON t.id = a.parent_id)
    SELECT DISTINCT p.account_id, p.name, p.email, p.bar, p.firm
    FROM lawyer_profile p JOIN account a ON a.id = p.account_id AND a.is_active
    JOIN account_right g ON g.account_id = a.id AND g.role = 'lawyer' AND g.territory_id IN (SELECT id FROM around)
    ORDER BY p.name, p.account_id LIMIT 500""")
CASES = text("""
    SELECT c.id, p.name, c.case_ref, c.person_id IS NOT NULL AS is_person, w.given_name, w.family_name, c.since_at
    FROM lawyer_case c JOIN lawyer_profile p ON p.account_id = c.account_id
    LEFT JOIN person w ON w.id = c.person_id
    WHERE c.territory_id = ANY(:mine) AND c.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM lawyer_date d JOIN booking b ON b.id = d.booking_id
                      WHERE d.account_id = c.account_id AND b.case_ref = c.case_ref)
    ORDER BY c.since_at DESC, c.id DESC LIMIT 100""")


@dataclass(frozen=True, kw_only=True)
class KnownLawyer:
    """A lawyer who acts before a court."""

    account_id: UUID
    name: str
    email: str
    bar: str
    firm: str


@dataclass(frozen=True, kw_only=True)
class Assisted:
    """A case, or somebody, whom a lawyer assists before a court of the actor's."""

    id: int
    lawyer: str
    case_ref: str
    person: str
    since_at: datetime


def deputy_of(session: Session, actor: Actor, resource_id: int) -> Actor:
    """Return the lawyer as an actor on this one place, with the right of those who reserve it.

    The caller has found that what they act on is theirs. Raises: NotFound.
    """
    row = run(session, DEPUTY, {"resource_id": resource_id}).one_or_none()
    if row is None:
        raise NotFound(resource_id=resource_id)
    role = next((role for role in REQUESTERS if role.value in row.reservers), Role.REGISTRY)
    right = Right(role, frozenset({row.territory_id}), row.kind_id)
    return Actor(actor.account_id, actor.name, (right,), row.territory_id, None)


def own_date(session: Session, actor: Actor, booking_id: UUID) -> LawyerDate:
    """Return a date that the actor took; whose it is never changes. Raises: NotFound, as for what does not exist."""
    row = session.get(LawyerDate, booking_id, populate_existing=True)
    if row is None or row.account_id != actor.account_id or not actor.has(*LAWYERS):
        raise NotFound(booking_id=booking_id)
    return row


def profile_of(session: Session, actor: Actor) -> LawyerProfile:
    """Return who the actor is as a lawyer. Raises: NotFound."""
    found = session.get(LawyerProfile, actor.account_id)
    if found is None or not actor.has(*LAWYERS):
        raise NotFound(account_id=actor.account_id)
    return found


def addresses_of(session: Session, booking_id: UUID) -> list[str]:
    """Return where the lawyers of a hearing receive, sorted: those of its case, and those of whoever is convened."""
    return list(run(session, ADDRESSES, {"booking_id": booking_id}).scalars())


def hearings_touched(session: Session, actor: Actor, roles: Collection[Role], resource_ids: Collection[int]) -> bool:
    """Say whether a hearing of the courts in which the actor has one of these roles is among what changed.

    What tells no number may be of anything.
    """
    asked = {"ids": list(resource_ids), "mine": sorted(actor.territories(roles))}
    return not asked["ids"] or bool(session.execute(TOUCHED, asked).scalar())


def lawyers_of(session: Session, actor: Actor) -> list[KnownLawyer]:
    """Return the lawyers who act before the actor's own court, by name."""
    if actor.home_territory_id not in actor.territories(PLANNERS):
        return []
    return [KnownLawyer(**row._mapping) for row in session.execute(OF_COURT, {"territory_id": actor.home_territory_id})]


def assisted(session: Session, actor: Actor) -> list[Assisted]:
    """Return whom lawyers assist before the actor's courts, as its registry noted it, the last first."""
    rows = session.execute(CASES, {"mine": sorted(actor.territories(PLANNERS))})
    return [
        Assisted(
            id=row.id,
            lawyer=row.name,
            case_ref=row.case_ref,
            person=" ".join(filter(None, (row.given_name, (row.family_name or "").upper()))),
            since_at=row.since_at,
        )
        for row in rows
    ]


def name_lawyer(
    session: Session,
    actor: Actor,
    account_id: UUID,
    *,
    case_ref: str = "",
    person_id: UUID | None = None,
    now: datetime,
) -> LawyerCase:
    """Note, as a registry, that a lawyer assists a case or somebody before its court; twice is once.

    Raises: NotFound, InvalidRequest.
    """
    typed = readable("case_ref", case_ref)
    if (person_id is None) == (not typed):
        raise InvalidRequest("beneficiary", "required")
    if len(typed) > CASE_LENGTH:
        raise InvalidRequest("case_ref", "too-long", most=CASE_LENGTH)
    if account_id not in {one.account_id for one in lawyers_of(session, actor)}:
        raise NotFound(account_id=account_id)
    if person_id is not None:
        person_for(session, actor, person_id)
    row = add_case(session, actor, account_id, actor.home_territory_id, case_ref=typed, person_id=person_id, now=now)
    facts = {"account_id": str(account_id), "case": row.id}
    record(
        session,
        actor,
        Act(act="lawyer-named", subject="lawyer", subject_id=account_id, person_id=person_id, at=now, facts=facts),
    )
    return row


def end_case(session: Session, actor: Actor, case_id: int, *, now: datetime) -> LawyerCase:
    """Note that a lawyer no longer assists there: nothing of it is theirs to read any more. Raises: NotFound."""
    row = _of_court(session, actor, case_id)
    if row.ended_at is None:
        row.ended_at = now
        _write_down(session, actor, "lawyer-left", row, now)
    return row


def resume_case(session: Session, actor: Actor, case_id: int, *, now: datetime) -> LawyerCase:
    """Take back that a lawyer no longer assists there; named again meanwhile, they do already. Raises: NotFound."""
    row = _of_court(session, actor, case_id)
    again = {name: getattr(row, name) for name in ("account_id", "territory_id", "case_ref", "person_id")}
    if row.ended_at is not None and session.execute(_CASE, again).first() is None:
        row.ended_at = None
        _write_down(session, actor, "lawyer-named", row, now)
    return row


def add_case(
    session: Session,
    actor: Actor,
    account_id: UUID,
    territory_id: int,
    *,
    case_ref: str = "",
    person_id: UUID | None = None,
    now: datetime,
) -> LawyerCase:
    """Return the row that says that a lawyer assists there, made when there is none."""
    values = {"account_id": account_id, "territory_id": territory_id, "case_ref": case_ref, "person_id": person_id}
    session.execute(_ADD_CASE, values | {"by": actor.account_id, "now": now})
    found = session.execute(_CASE, values).scalar_one()
    return session.get_one(LawyerCase, found, populate_existing=True)


_ADD_CASE = text("""
    INSERT INTO lawyer_case (account_id, territory_id, case_ref, person_id, named_by, since_at)
    VALUES (:account_id, :territory_id, :case_ref, :person_id, :by, :now) ON CONFLICT DO NOTHING""")
_CASE = text("""
    SELECT id FROM lawyer_case WHERE account_id = :account_id AND territory_id = :territory_id
      AND case_ref = :case_ref AND person_id IS NOT DISTINCT FROM CAST(:person_id AS uuid) AND ended_at IS NULL""")


def _of_court(session: Session, actor: Actor, case_id: int) -> LawyerCase:
    row = session.get(LawyerCase, case_id, with_for_update=True, populate_existing=True)
    if row is None or row.territory_id not in actor.territories(PLANNERS):
        raise NotFound(case_id=case_id)
    return row


def _write_down(session: Session, actor: Actor, act: str, row: LawyerCase, now: datetime) -> None:
    session.flush()
    facts = {"account_id": str(row.account_id), "case": row.id}
    line = Act(act=act, subject="lawyer", subject_id=row.account_id, person_id=row.person_id, at=now, facts=facts)
    record(session, actor, line)
