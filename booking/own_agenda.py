"""Whose agenda is whose: each account has one of its own at most, which opens first. Administrators say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability import actions
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Shape
from availability.rights import Actor, Role
from booking.ledger import bare
from booking.persons import search_name_of

SHOWN = 40
MOST_ACCOUNTS = 200

OWN = text("SELECT resource_id FROM own_agenda WHERE account_id = :account_id")
FORGET = text("DELETE FROM own_agenda WHERE resource_id = :resource_id AND account_id IS DISTINCT FROM :account_id")
GIVE = text("""
    INSERT INTO own_agenda (account_id, resource_id) VALUES (:account_id, :resource_id)
    ON CONFLICT (account_id) DO UPDATE SET resource_id = excluded.resource_id""")
OWNER = text("SELECT account_id FROM own_agenda WHERE resource_id = :resource_id")
AGENTS = text(f"""
    SELECT r.id, r.name, k.label AS kind_label, s.name AS site_name, s.commune, a.id AS account_id, a.name AS owner
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    LEFT JOIN own_agenda o ON o.resource_id = r.id LEFT JOIN account a ON a.id = o.account_id
    WHERE k.shape = '{Shape.SLOTS.value}' AND r.is_active AND s.territory_id = ANY(:territories)
      AND (a.id IS NOT NULL OR cardinality(CAST(:words AS text[])) > 0)
      AND {bare("concat_ws(' ', r.name, s.name, s.commune, a.name)")} LIKE ALL(CAST(:words AS text[]))
    ORDER BY a.id IS NULL, s.name, s.id, r.name, r.id LIMIT {SHOWN + 1}""")  # noqa: S608 - constants only
# Who may have it as their own: whoever sets hours of its kind there; that of a judge or a clerk, which nobody reserves,
# whoever has a right there, but for those who only come to a court.
ACCOUNTS = text(f"""
    WITH RECURSIVE place AS (
        SELECT r.kind_id, s.territory_id, s.organisation_id FROM resource r JOIN site s ON s.id = r.site_id
        WHERE r.id = :resource_id),
    around AS (
        SELECT t.id, t.parent_id FROM territory t JOIN place p ON p.territory_id = t.id
        UNION ALL SELECT t.id, t.parent_id FROM territory t JOIN around ON around.parent_id = t.id)
    SELECT DISTINCT a.id, a.name, a.title
    FROM place p JOIN account_right g ON g.kind_id IS NULL OR g.kind_id = p.kind_id
    JOIN around t ON t.id = g.territory_id
    JOIN account a ON a.id = g.account_id AND a.is_active
         AND (g.role <> '{Role.PARTNER.value}' OR a.organisation_id = p.organisation_id)
         AND g.role NOT IN ('{Role.LAWYER.value}', '{Role.INVESTIGATOR.value}')
    WHERE EXISTS (SELECT FROM kind_right k WHERE k.kind_id = p.kind_id AND k.may_set_hours AND k.role = g.role)
       OR NOT EXISTS (SELECT FROM kind_right k WHERE k.kind_id = p.kind_id AND (k.may_reserve OR k.may_set_hours))
    ORDER BY a.name, a.id LIMIT {MOST_ACCOUNTS}""")  # noqa: S608 - constants only


@dataclass(frozen=True)
class Agent:
    """An agenda, and whose it is: no account when it is nobody's own."""

    resource_id: int
    name: str
    kind_label: str
    site_name: str
    commune: str
    account_id: UUID | None
    owner: str | None


@dataclass(frozen=True)
class Owner:
    """An account that an agenda may belong to."""

    account_id: UUID
    name: str
    title: str


def own_agenda(session: Session, account_id: UUID) -> int | None:
    """Return the agenda that is an account's own."""
    return session.execute(OWN, {"account_id": account_id}).scalar()


def as_owner(session: Session, actor: Actor) -> Actor:
    """Return the actor with the agenda that is theirs, which they run whatever their roles."""
    return replace(actor, own_resource_id=own_agenda(session, actor.account_id))


def agents(session: Session, actor: Actor, typed: str) -> list[Agent]:
    """Return the agendas of the territories that the actor administers whose words are all found: one more than shown.

    Those that are somebody's own come first, and are the only ones when no word is typed.
    """
    words = [f"%{word}%" for word in search_name_of(typed).split()]  # letters and digits only: nothing to escape
    asked = {"territories": sorted(actor.territories([Role.ADMINISTRATOR])), "words": words}
    return [Agent(*row) for row in session.execute(AGENTS, asked)]


def owners_of(session: Session, actor: Actor, resource_id: int) -> list[Owner]:
    """Return the accounts that an agenda may belong to, by name. Raises: NotFound."""
    _administered(actor, actions.look(session, [resource_id]).get(resource_id), resource_id)
    return [Owner(*row) for row in session.execute(ACCOUNTS, {"resource_id": resource_id})]


def give_agenda(session: Session, actor: Actor, resource_id: int, account_id: UUID | None, *, now: datetime) -> None:
    """Say whose an agenda is, or that it is nobody's; whoever had it has none any more.

    The lock of the resource comes first: two administrators who give it at once leave it to one account.
    Raises: NotFound, InvalidRequest for an account that does not set hours there.
    """
    _administered(actor, actions.lock(session, [resource_id]).get(resource_id), resource_id)
    if account_id is not None and account_id not in _ids(owners_of(session, actor, resource_id)):
        raise InvalidRequest("account_id", "unknown-choice")
    asked = {"resource_id": resource_id, "account_id": account_id}
    before = session.execute(OWNER, asked).scalar()
    if before == account_id:
        return
    session.execute(FORGET, asked)
    if account_id is not None:
        session.execute(GIVE, asked)
    facts = {"before": str(before) if before else None, "after": str(account_id) if account_id else None}
    record(session, actor, Act(act="agenda-given", subject="resource", subject_id=resource_id, at=now, facts=facts))


def _administered(actor: Actor, place: actions.Locked | None, resource_id: int) -> None:
    if place is None or place.shape is not Shape.SLOTS:
        raise NotFound(resource_id=resource_id)
    if not actor.may(Role.ADMINISTRATOR, territory_id=place.territory_id):
        raise NotFound(resource_id=resource_id)


def _ids(owners: Iterable[Owner]) -> set[UUID]:
    return {one.account_id for one in owners}
