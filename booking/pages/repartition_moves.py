"""Where a case of a proposal could go, as the page says it; the cost is of `optimizer.hearings.moving`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor
from booking.mediators import home_zone
from booking.pages.hearing_plan_words import Why, why
from booking.pages.planning_words import REASON_WORDS
from booking.pages.plans_words import number
from booking.plans.hearings import cases_of, plan_of
from booking.plans.kept import run_of, scope_of
from booking.plans.runs import change_by_hand, reading_of
from optimizer.hearings.moving import Offer, moved, offers
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Problem
from portal.ui.dates import NBSP, moment, plural

NOWHERE = "aucune"  # in the place of the number of a hearing: no place at all


@dataclass(frozen=True)
class OfferRow:
    """One hearing that a case could go to: what that costs, or why it may not."""

    place: str
    title: str
    words: str
    cost: str
    can: bool


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A case that somebody moves, where it is, and what every hearing answers."""

    case_id: str
    title: str
    why: Why
    rows: list[OfferRow]


def carried(session: Session, actor: Actor, run_id: UUID, case_id: UUID, *, now: datetime) -> Carried:
    """Return where a case of a proposal could go, what costs least first. Raises: NotFound, NotAllowed."""
    run = run_of(session, actor, run_id)
    problem, plan = reading_of(session, run, now=now).problem, plan_of(run.plan)
    if case_id not in problem.case_of:
        raise NotFound(case_id=case_id)
    zone = home_zone(session, actor)
    case = cases_of(session, scope_of(run), [case_id])[case_id]
    home = plan.placed.get(case_id)
    at = moment(problem.hearing_of[home].period.start, zone) if home in problem.hearing_of else "sans place"
    return Carried(
        case_id=str(case_id),
        title=f"{case.case_ref}, {at}",
        why=why(session, scope_of(run), problem, plan, case_id, zone=zone),
        rows=offer_rows(offers(problem, plan, case_id), problem, plan, case_id, zone),
    )


def put(session: Session, actor: Actor, run_id: UUID, case_id: UUID, place: str, *, now: datetime) -> UUID:
    """Keep the proposal with one case elsewhere, beside it; return the new one.

    Raises: NotFound, NotAllowed, InvalidRequest, BrokenPlan.
    """
    plan = plan_of(run_of(session, actor, run_id).plan)
    if place != NOWHERE and not place.isdigit():
        raise InvalidRequest("place", "unknown-choice")
    wanted = moved(plan, case_id, None if place == NOWHERE else int(place))
    return change_by_hand(session, actor, run_id, wanted, now=now)


def offer_rows(found: Sequence[Offer], problem: Problem, plan: Plan, case_id: UUID, zone: ZoneInfo) -> list[OfferRow]:
    """Return what every hearing answers: those that can, the cheapest first, then the others in their order."""
    home = problem.hearing_of.get(plan.placed.get(case_id, 0))
    rows = []
    for one in found:
        hearing = problem.hearing_of.get(one.hearing_id or 0)
        title = moment(hearing.period.start, zone) if hearing else "Laisser sans place"
        can = one.cost is not None
        words = (
            moved_by(home.day if home else None, hearing.day if hearing else None)
            if can
            else REASON_WORDS.get(one.bar or "", "impossible")
        )
        row = OfferRow(
            place=str(one.hearing_id or NOWHERE), title=title, words=words, cost=cost_words(one.cost), can=can
        )
        rows.append((one.cost is None, one.cost or 0, row))
    return [row for *_, row in sorted(rows, key=lambda row: row[:2])]


def moved_by(before: date | None, after: date | None) -> str:
    """Return by how much a case moves: "7 jours plus tard"."""
    if after is None:
        return "attendra une autre répartition"
    if before is None:
        return "reçoit une place"
    days = (after - before).days
    if not days:
        return "le même jour"
    return f"{plural(abs(days), 'jour')} plus {'tard' if days > 0 else 'tôt'}"


def cost_words(cost: int | None) -> str:
    """Return "coût +28"; nothing for what cannot be."""
    if cost is None:
        return ""
    sign = "+" if cost > 0 else "−" if cost < 0 else "±"
    return f"coût{NBSP}{sign}{number(abs(cost))}"
