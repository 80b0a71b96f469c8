"""A court that shares mediations out, for tests: two services, who plans, and cases on the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.gazetteer import best_commune
from availability.models import Kind, Resource, Shape, Site
from availability.rights import Actor, Role
from booking.plans.kept import Application, Scope, plan_in
from booking.plans.models import OptimizerRun
from booking.plans.runs import apply_run, finish_run, job_for, start_run, take_run
from booking.plans.share_cases import list_cases
from booking.plans.share_lines import TypedCase
from optimizer.beside import search
from optimizer.manners import Found
from tests.factories import (
    NOW,
    TODAY,
    in_days,
    make_actor,
    make_host,
    make_kind,
    make_resource,
    make_site,
    make_territory,
)

FIRST, UNTIL = TODAY, in_days(1)
COMPETENCES = {"competences": {"label": "Compétence", "type": "list", "choices": {"conflit": "Conflit élevé"}}}


@dataclass(frozen=True)
class Sharing:
    """Numbers and actors rather than rows: they outlive a transaction."""

    territory_id: int
    site: Site
    kind: Kind
    judge: Actor
    stranger: Actor  # who designates in another court
    host: Actor

    @property
    def scope(self) -> Scope:
        """Return what is shared out here."""
        return Scope(territory_id=self.territory_id, kind_id=self.kind.id, first=FIRST, until=UNTIL)

    def service(self, session: Session, name: str = "", **columns: Any) -> int:
        """Add a service with two places, and return its number."""
        attributes = {"first_meeting_days": 10} | columns.pop("attributes", {})
        usual: dict[str, Any] = {"name": name or "Service fictif", "capacity": 2, "declared_on": TODAY}
        site = columns.pop("site", self.site)
        made: Resource = make_resource(session, site, self.kind, **usual | columns, attributes=attributes)
        return made.id

    def cases(self, session: Session, count: int, *, begins: int = 1, now: datetime = NOW, **said: Any) -> list[UUID]:
        """List so many cases of families of Paris, and return their lines."""
        paris = best_commune("Paris")
        assert paris is not None
        asked = {"communes": (paris,)} | said
        typed = [TypedCase(case_ref=f"RG 26/{begins + number:05}", **asked) for number in range(count)]
        return list_cases(session, self.judge, self.kind.id, typed, now=now)


def make_sharing(session: Session, **columns: Any) -> Sharing:
    """Return a court without a service or a case."""
    here, elsewhere = make_territory(session), make_territory(session)
    site = make_site(session, here)
    usual: dict[str, Any] = {
        "host_accepts": True,
        "is_designated": True,
        "refused_if_violence": True,
        "searchable": COMPETENCES,
    }
    kind = make_kind(session, Shape.PLACES, reserved_by=[Role.FAMILY_JUDGE, Role.REGISTRY], **usual | columns)
    return Sharing(
        territory_id=here.id,
        site=site,
        kind=kind,
        judge=make_actor(Role.FAMILY_JUDGE, here),
        stranger=make_actor(Role.FAMILY_JUDGE, elsewhere),
        host=make_host(site.organisation_id, here),
    )


def solved(session: Session, court: Sharing, *, now: datetime = NOW, **asked: Any) -> UUID:
    """Return a run whose plan is there, as a server would have made it."""
    run_id = start_run(
        session, court.judge, court.kind.id, first=FIRST, until=UNTIL, now=now, problem="shares", **asked
    )
    assert take_run(session, now=now) == run_id
    assert finish_run(session, run_id, searched(session, run_id, now=now), now=now)
    return run_id


def searched(session: Session, run_id: UUID, *, now: datetime = NOW) -> Found:
    """Return what the search of a run finds."""
    return search(job_for(session, run_id, now=now), stop=lambda: False, progress=lambda _: None, limit_s=2)


def given(session: Session, run_id: UUID) -> dict[str, int]:
    """Return the service that a run proposes for each case."""
    plan = plan_in("shares", session.get_one(OptimizerRun, run_id).plan)
    return {case: int(who) for case, who in plan.given.items()}


def asked_of(session: Session) -> dict[str, int]:
    """Return the service that each case is asked of, or given to."""
    rows = session.execute(
        text("SELECT case_ref, resource_id FROM booking WHERE state IN ('requested', 'booked') ORDER BY case_ref")
    ).all()
    assert len(rows) == len({row.case_ref for row in rows}), "a case has one designation"
    return {row.case_ref: row.resource_id for row in rows}


def applied(session: Session, actor: Actor, run_id: UUID, *, now: datetime = NOW) -> Application:
    """Apply a run wholly."""
    return apply_run(session, actor, run_id, now=now)
