"""The list of cases for which a court is to designate somebody: lines added, taken out, put back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.attributes import schema
from availability.errors import NotFound
from availability.gazetteer import Commune, commune_of_insee
from availability.history import Act, record
from availability.models import Kind
from availability.rights import Actor
from availability.statements import run as execute
from booking.conflicts import lock_case
from booking.mediators import LANGUAGES, Candidate, designable_kinds, spoken
from booking.plans.kept import check_may_plan
from booking.plans.share_lines import Choices, TypedCase
from booking.plans.share_models import CaseToDesignate

# Two who type the same cases in another order would wait for each other.
ONE_LIST_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:list, 0))")
# Typed again, a case is what was typed last; its wait goes on from when it was listed.
ADD = text("""
    INSERT INTO case_to_designate (id, territory_id, kind_id, case_ref, communes, competence, languages, is_urgent,
                                   created_at)
    VALUES (:id, :territory_id, :kind_id, :case_ref, :communes, :competence, :languages, :is_urgent, :now)
    ON CONFLICT (territory_id, kind_id, case_ref) DO UPDATE SET communes = excluded.communes,
        competence = excluded.competence, languages = excluded.languages, is_urgent = excluded.is_urgent
    RETURNING id""")
# A service accepted them: nothing is left to share out.
FORGET_ACCEPTED = text("""
    DELETE FROM case_to_designate c WHERE territory_id = :territory_id AND kind_id = :kind_id AND EXISTS (
        SELECT FROM booking b WHERE b.territory_id = c.territory_id AND b.kind_id = c.kind_id
        AND b.case_ref = c.case_ref AND b.state = 'booked')""")


def shared_kinds(session: Session, actor: Actor) -> list[Kind]:
    """Return the kinds that the actor designates in their own court, those with listed cases first."""
    home = actor.home_territory_id
    listed = select(CaseToDesignate.kind_id).where(CaseToDesignate.territory_id == home).distinct()
    with_work = set(session.exec(listed))
    kinds = [kind for kind in designable_kinds(session, actor) if home in actor.territories(kind_id=kind.id)]
    return sorted(kinds, key=lambda kind: kind.id not in with_work)


def choices_of(kind: Kind, candidates: Iterable[Candidate]) -> Choices:
    """Return what a line may ask of the services of a kind."""
    competences = next((one.choices for one in schema(kind.searchable or {}) if one.code == "competences"), None)
    return Choices(
        competences=dict(competences or {}),
        languages=frozenset(LANGUAGES.values()).union(*(spoken(one.languages) for one in candidates)),
        refuses_violence=kind.refused_if_violence,
    )


def list_cases(
    session: Session, actor: Actor, kind_id: int, cases: Iterable[TypedCase], *, now: datetime
) -> list[UUID]:
    """Add cases to the list of the actor's court, and forget those that a service accepted; return the lines.

    Raises: NotAllowed, NotFound.
    """
    check_may_share(session, actor, kind_id)
    execute(session, ONE_LIST_AT_A_TIME, {"list": f"cases {actor.home_territory_id} {kind_id}"})
    court: dict[str, Any] = {"territory_id": actor.home_territory_id, "kind_id": kind_id}
    ids = [execute(session, ADD, court | _values(case) | {"id": uuid4(), "now": now}).scalar_one() for case in cases]
    execute(session, FORGET_ACCEPTED, court)
    if ids:
        _write_down(session, actor, "cases-listed", kind_id, now, cases=len(ids))
    return ids


def take_out(session: Session, actor: Actor, case_id: UUID, *, now: datetime) -> CaseToDesignate:
    """Take a case out of the list; whom it was given to keeps it. Raises: NotFound, NotAllowed."""
    wanted = select(CaseToDesignate).where(
        CaseToDesignate.id == case_id, col(CaseToDesignate.territory_id) == actor.home_territory_id
    )
    case = session.exec(wanted).one_or_none()
    if case is None:
        raise NotFound(case_id=case_id)
    check_may_share(session, actor, case.kind_id)
    lock_case(session, case.territory_id, case.kind_id, case.case_ref)  # a plan that gives it is waited for
    session.delete(case)
    session.flush()
    session.expunge(case)
    _write_down(session, actor, "cases-taken-out", case.kind_id, now, cases=1)
    return case


def put_back(session: Session, actor: Actor, case: CaseToDesignate, *, now: datetime) -> None:
    """Put back a case that was taken out, as it was. Raises: NotFound, NotAllowed."""
    typed = TypedCase(
        case_ref=case.case_ref,
        communes=communes_of(case.communes),
        competence=case.competence,
        languages=tuple(case.languages),
        is_urgent=case.is_urgent,
    )
    list_cases(session, actor, case.kind_id, [typed], now=now)


def communes_of(codes: Iterable[str]) -> tuple[Commune, ...]:
    """Return the communes of a line; one that is no longer in the gazetteer is left out."""
    return tuple(commune for code in codes if (commune := commune_of_insee(code)) is not None)


def check_may_share(session: Session, actor: Actor, kind_id: int) -> None:
    """Refuse whoever does not designate this kind in their own court. Raises: NotAllowed, NotFound."""
    check_may_plan(actor, "shares", territory_id=actor.home_territory_id, kind_id=kind_id)
    if kind_id not in {kind.id for kind in designable_kinds(session, actor)}:
        raise NotFound(kind_id=kind_id)


def _values(case: TypedCase) -> dict[str, Any]:
    return {
        "case_ref": case.case_ref,
        "communes": [one.insee for one in case.communes],
        "competence": case.competence,
        "languages": list(case.languages),
        "is_urgent": case.is_urgent,
    }


def _write_down(session: Session, actor: Actor, act: str, kind_id: int, now: datetime, **facts: int) -> None:
    record(session, actor, Act(act=act, subject="kind", subject_id=kind_id, at=now, facts=facts))
