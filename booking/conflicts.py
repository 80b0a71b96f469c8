"""Conflicts of interest (conflit d'intérêts): a service that is not chosen for a case, remembered by its number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound
from availability.history import Act, record
from availability.rights import Actor
from booking.mediators import DESIGNATORS, designable_kinds

# The same lock as a designation: a service is either chosen before, or refused after.
ONE_ACT_ON_A_CASE = text("SELECT pg_advisory_xact_lock(hashtextextended(:case, 0))")
KIND_OF = text("SELECT kind_id FROM resource WHERE id = :resource_id")
OF_CASE = text(
    "SELECT resource_id FROM conflict_of_interest WHERE territory_id = :territory_id AND case_ref = :case_ref"
)
DECLARE = text("""
    INSERT INTO conflict_of_interest (territory_id, case_ref, resource_id, declared_by, declared_at)
    VALUES (:territory_id, :case_ref, :resource_id, :by, :now) ON CONFLICT DO NOTHING""")
WITHDRAW = text("""
    DELETE FROM conflict_of_interest
    WHERE territory_id = :territory_id AND case_ref = :case_ref AND resource_id = :resource_id""")


def lock_case(session: Session, territory_id: int, kind_id: int, case_ref: str) -> None:
    """Have one act at a time on a case for a kind; whoever comes second sees what the first did."""
    session.execute(ONE_ACT_ON_A_CASE, {"case": f"{territory_id} {kind_id} {case_ref}"})


def conflicts_of(session: Session, actor: Actor, case_ref: str) -> frozenset[int]:
    """Return the resources with a conflict of interest in a case of the actor's home territory."""
    asked = {"territory_id": actor.home_territory_id, "case_ref": case_ref}
    return frozenset(session.execute(OF_CASE, asked).scalars())


def declare_conflict(session: Session, actor: Actor, case_ref: str, resource_id: int, *, now: datetime) -> None:
    """Remember that a service must not be chosen for a case. The same again changes nothing.

    `case_ref` is as `read_case_ref` gives it. Raises: NotFound, NotAllowed.
    """
    asked = _locked(session, actor, case_ref, resource_id)
    if session.execute(DECLARE, asked | {"by": actor.account_id, "now": now}).rowcount:  # type: ignore[attr-defined]
        _write_down(session, actor, "conflict-declared", asked, now)


def withdraw_conflict(session: Session, actor: Actor, case_ref: str, resource_id: int, *, now: datetime) -> None:
    """Forget a conflict of interest. The same again changes nothing. Raises: NotFound, NotAllowed."""
    asked = _locked(session, actor, case_ref, resource_id)
    if session.execute(WITHDRAW, asked).rowcount:  # type: ignore[attr-defined]
        _write_down(session, actor, "conflict-withdrawn", asked, now)


def _locked(session: Session, actor: Actor, case_ref: str, resource_id: int) -> dict[str, Any]:
    if actor.home_territory_id not in actor.territories(DESIGNATORS):
        raise NotAllowed(act="designate")
    kind_id = session.execute(KIND_OF, {"resource_id": resource_id}).scalar()
    if kind_id is None or kind_id not in {kind.id for kind in designable_kinds(session, actor)}:
        raise NotFound(resource_id=resource_id)
    lock_case(session, actor.home_territory_id, kind_id, case_ref)
    return {"territory_id": actor.home_territory_id, "case_ref": case_ref, "resource_id": resource_id}


def _write_down(session: Session, actor: Actor, what: str, asked: dict[str, Any], now: datetime) -> None:
    facts = {"case_ref": asked["case_ref"], "territory_id": asked["territory_id"]}
    record(session, actor, Act(act=what, subject="resource", subject_id=asked["resource_id"], at=now, facts=facts))
