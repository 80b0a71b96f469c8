"""Reads of fair shares: the cases of a court and the services of a kind, as the optimizer and the page take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Kind
from availability.rights import Actor, Right, Role
from booking.mediators import DESIGNATORS, Candidate, Need, candidates, home_zone
from booking.models import State
from booking.plans.kept import Scope, plan_in, scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Reading
from booking.plans.share_cases import communes_of
from booking.plans.share_wishes import slack_of, weights_of, wishes_of
from booking.suggestion import professional
from optimizer.shares.plan import Plan
from optimizer.shares.problem import Lock, Measure, Point, Problem, Professional

ANYWHERE = (None, None)
URGENT = 10  # others that an urgent case is worth, when not all can be taken
# A case has one designation of a kind that runs, whoever made it, on whichever page.
LINES = text("""
    SELECT c.id, c.case_ref, c.communes, c.competence, c.languages, c.is_urgent, c.created_at,
           d.id AS booking_id, d.resource_id AS held_by, d.state, d.created_at AS designated_at, d.is_convened,
           ARRAY(SELECT o.resource_id FROM conflict_of_interest o
                 WHERE o.territory_id = c.territory_id AND o.case_ref = c.case_ref) AS conflicts
    FROM case_to_designate c LEFT JOIN LATERAL (
        SELECT b.id, b.resource_id, b.state, b.created_at,
               EXISTS (SELECT FROM double_convocation d WHERE d.designation_id = b.id AND d.cancelled_at IS NULL)
                   AS is_convened
        FROM booking b WHERE b.territory_id = c.territory_id AND b.kind_id = c.kind_id AND b.case_ref = c.case_ref
          AND (b.state = 'booked' AND coalesce(b.until_on, 'infinity') > CAST(:now AS date)
               OR b.state = 'requested' AND b.expires_at > :now)
        ORDER BY b.created_at DESC, b.id LIMIT 1) d ON true
    WHERE c.territory_id = :territory_id AND c.kind_id = :kind_id
    ORDER BY c.is_urgent DESC, c.created_at, c.case_ref""")
DESIGNATOR = text("""
    SELECT role FROM kind_right WHERE kind_id = :kind_id AND may_reserve AND role = ANY(:roles)
    ORDER BY role LIMIT 1""")
# Where whoever asked designates this kind: their court, and what is under each of their rights.
REACH = text("""
    WITH RECURSIVE reached AS (
        SELECT CAST(:territory_id AS bigint) AS id
        UNION SELECT g.territory_id FROM account_right g
              WHERE g.account_id = :account_id AND g.role = ANY(:roles) AND (g.kind_id IS NULL OR g.kind_id = :kind_id)
        UNION SELECT t.id FROM territory t JOIN reached r ON t.parent_id = r.id)
    SELECT id FROM reached""")
THE_NIGHT = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """A case of the list, and who has it today if somebody was asked (`requested`) or accepted (`booked`)."""

    id: UUID
    case_ref: str
    communes: tuple[str, ...]
    competence: str
    languages: tuple[str, ...]
    is_urgent: bool
    created_at: datetime
    booking_id: UUID | None
    held_by: int | None
    state: State | None
    designated_at: datetime | None
    is_convened: bool
    conflicts: frozenset[int]

    @property
    def need(self) -> Need:
        """Return what it asks of a service, as one designates it."""
        return Need(
            competence=self.competence,
            languages=frozenset(self.languages),
            departments=frozenset(one.department for one in communes_of(self.communes)),
            conflicts=self.conflicts,
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is shared out: the lines that are not accepted, and the services in reach that are open."""

    kind: Kind
    lines: tuple[CaseLine, ...]
    services: dict[int, Candidate]


def read(session: Session, run: OptimizerRun, *, now: datetime) -> Reading:
    """Return the cases of a run and who may have them, as whoever asked for it sees the services."""
    batch = batch_of(session, _asker(session, run), scope_of(run), now=now)
    base = None if run.based_on is None else session.get(OptimizerRun, run.based_on)
    return reading_of(batch, run.settings, base=plan_in("shares", base.plan) if base else None)


def batch_of(session: Session, actor: Actor, scope: Scope, *, now: datetime) -> Batch:
    """Return the cases of a court and the services that an actor reaches. Raises: NotFound, NotAllowed."""
    kind = session.get(Kind, scope.kind_id)
    if kind is None:
        raise NotFound(kind_id=scope.kind_id)
    today = now.astimezone(home_zone(session, actor)).date()
    found = candidates(session, actor, kind, ANYWHERE, radius_km=1, today=today, now=now)
    lines = lines_of(session, scope.territory_id, scope.kind_id, now=now)
    return Batch(
        kind=kind,
        lines=tuple(line for line in lines if line.state is not State.BOOKED),
        services={one.resource_id: one for one in found if one.state != "closed"},
    )


def lines_of(session: Session, territory_id: int, kind_id: int, *, now: datetime) -> list[CaseLine]:
    """Return the list of a court, urgent cases first, then those that have waited longest."""
    asked = {"territory_id": territory_id, "kind_id": kind_id, "now": now}
    return [_line(row) for row in session.execute(LINES, asked)]


def reading_of(batch: Batch, settings: Mapping[str, Any], *, base: Plan | None = None) -> Reading:
    """Return the problem of a batch under the wishes of a run, and who has what today. Raises: InvalidRequest.

    Who was asked already stays, unless the case is unlocked. A case that nobody has, locked, stays with whom it is
    `kept`, or with whom the plan that the search goes on from has it.
    """
    wishes = wishes_of(settings)
    kept = {case: int(who) for case, who in base.given.items()} if base else {}
    kept |= wishes.kept
    pairs = [
        (line, measure)
        for line in batch.lines
        if (measure := _measure(batch, line, wishes.locks.get(str(line.id)), kept.get(str(line.id)))) is not None
    ]
    in_force = {one.id: str(line.held_by) for line, one in pairs if line.held_by in batch.services}
    counted = Counter(in_force.values())
    asked = frozenset(line.competence for line in batch.lines if line.competence)
    professionals = (
        _professional(one, batch.kind, counted[str(number)], asked) for number, one in sorted(batch.services.items())
    )
    problem = Problem(
        professionals=tuple(professionals),
        measures=tuple(measure for _, measure in pairs),
        slack=slack_of(settings),
        is_even=True,
        weights=weights_of(settings),
    )
    return Reading(problem=problem, in_force=Plan(given=in_force))


def _measure(batch: Batch, line: CaseLine, lock: str | None, kept_with: int | None) -> Measure | None:
    """Return a case as the optimizer has it; None when it is with a service that is closed, and is to stay there."""
    who, may = None, Lock.FREE
    if line.held_by is not None:
        may = Lock.FROZEN if line.is_convened else Lock(lock or Lock.FROZEN)
        if line.held_by not in batch.services:
            if may is Lock.FROZEN:
                return None
            may = Lock.FREE
        else:
            who = str(line.held_by)
    elif lock == Lock.FROZEN and kept_with in batch.services:
        who, may = str(kept_with), Lock.FROZEN
    communes, need = communes_of(line.communes), line.need
    return Measure(
        id=str(line.id),
        kind=batch.kind.code,
        languages=need.languages,
        attributes=frozenset({line.competence} - {""}),
        departments=need.departments,
        points=tuple(Point(lat=one.lat, lon=one.lon) for one in communes),
        conflicts=frozenset(str(one) for one in line.conflicts),
        priority=URGENT if line.is_urgent else 1,
        held_by=who,
        lock=may,
    )


def _professional(one: Candidate, kind: Kind, held: int, asked: frozenset[str]) -> Professional:
    """Return a service without what is shared out of it; who declares no competence is not refused for one."""
    who = professional(one, kind=kind.code)
    return replace(who, load=max(who.load - held, 0), attributes=who.attributes or asked)


def _line(row: Any) -> CaseLine:
    values = dict(row._mapping)
    sets = {"communes": tuple(row.communes), "languages": tuple(row.languages), "conflicts": frozenset(row.conflicts)}
    return CaseLine(
        **values | sets | {"state": State(row.state) if row.state else None, "is_convened": bool(row.is_convened)}
    )


def _asker(session: Session, run: OptimizerRun) -> Actor:
    """Return whoever asked for a run, as far as they designate its kind: the night has the reach of the court."""
    asked = {"kind_id": run.kind_id, "roles": sorted(DESIGNATORS)}
    role = session.execute(DESIGNATOR, asked).scalar()
    if role is None:
        raise NotFound(kind_id=run.kind_id)
    by = run.requested_by or THE_NIGHT
    reached = session.execute(REACH, asked | {"territory_id": run.territory_id, "account_id": by}).scalars()
    return Actor(by, "", (Right(Role(role), frozenset(reached), run.kind_id),), run.territory_id)
