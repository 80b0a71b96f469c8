"""Who must not sleep in one establishment: said by those who plan, for people of their court. Reads and acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.rights import Actor
from booking.ledger import INITIALS
from booking.persons import keep_person, person_for
from booking.plans.bed_models import KeptApart
from booking.plans.kept import PLANNERS

ROLES = PLANNERS["beds"]
MOST_TOGETHER = 20
GROUPS = text(f"""
    SELECT a.group_id, min(a.at) AS at, array_agg(a.person_id ORDER BY p.family_name, p.id) AS people,
           array_agg({INITIALS} ORDER BY p.family_name, p.id) AS initials
    FROM kept_apart a JOIN person p ON p.id = a.person_id
    WHERE a.territory_id = :territory_id GROUP BY a.group_id ORDER BY min(a.at) DESC, a.group_id""")  # noqa: S608


@dataclass(frozen=True)
class Apart:
    """Some people kept from each other."""

    group_id: UUID
    at: datetime
    people: tuple[UUID, ...]
    initials: tuple[str, ...]


def kept_apart(session: Session, actor: Actor) -> list[Apart]:
    """Return who is kept from whom in the actor's court, the latest first. Raises: NotAllowed."""
    _check(actor)
    rows = session.execute(GROUPS, {"territory_id": actor.home_territory_id})
    return [Apart(row.group_id, row.at, tuple(row.people), tuple(row.initials)) for row in rows]


def keep_apart(session: Session, actor: Actor, person_ids: Sequence[UUID], *, now: datetime) -> UUID:
    """Keep some people from each other; return the group. The same people again are the same group.

    Raises: NotAllowed, NotFound, InvalidRequest.
    """
    _check(actor)
    people = sorted(set(person_ids))
    if not 2 <= len(people) <= MOST_TOGETHER:
        raise InvalidRequest("people", "out-of-range", least=2, most=MOST_TOGETHER)
    for person_id in people:
        person_for(session, actor, person_id)
        keep_person(session, person_id)
    known = next((one.group_id for one in kept_apart(session, actor) if sorted(one.people) == people), None)
    if known is not None:
        return known
    group_id = uuid4()
    session.add_all(
        KeptApart(group_id=group_id, territory_id=actor.home_territory_id, person_id=one, by=actor.account_id, at=now)
        for one in people
    )
    session.flush()
    _write_down(session, actor, people, _said("person-kept-apart", people, group_id, now))
    return group_id


def let_together(session: Session, actor: Actor, group_id: UUID, *, now: datetime) -> None:
    """Say that some people need not be kept apart any more. Raises: NotAllowed, NotFound."""
    _check(actor)
    chosen = select(KeptApart).where(KeptApart.group_id == group_id).order_by(col(KeptApart.id)).with_for_update()
    rows = session.exec(chosen).all()
    if not rows or rows[0].territory_id != actor.home_territory_id:
        raise NotFound(group_id=group_id)
    people = sorted(row.person_id for row in rows)
    for row in rows:
        session.delete(row)
    session.flush()
    _write_down(session, actor, people, _said("person-let-together", people, group_id, now))


def _check(actor: Actor) -> None:
    if actor.home_territory_id not in actor.territories(ROLES):
        raise NotAllowed


def _write_down(session: Session, actor: Actor, people: Sequence[UUID], said: Act) -> None:
    for person_id in people:
        record(session, actor, replace(said, subject_id=person_id, person_id=person_id))


def _said(act: str, people: Sequence[UUID], group_id: UUID, now: datetime) -> Act:
    facts = {"group_id": str(group_id), "people": len(people)}
    return Act(act=act, subject="person", subject_id=people[0], at=now, facts=facts)
