"""Fair shares as the planning pages have them: their words, and what the page of a batch reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind
from booking.models import OCCUPYING, Booking, State
from booking.pages.designate_words import competence_choices, whereabouts
from booking.pages.plan_shares_words import (
    Bar,
    CaseRow,
    Named,
    OutRow,
    asks_words,
    bar,
    case_row,
    change_words,
    cost_words,
    list_sentence,
    reasons_words,
    refused_words,
    there_words,
)
from booking.pages.plans_desk import Desk, Item, Place, RuleWords, Shown, SliderWords
from booking.persons import search_name_of
from booking.plans.models import OptimizerRun
from booking.plans.share_wishes import WISHES
from booking.plans.shares import CaseLine, lines_of
from optimizer.shares.explain import why_unplaced
from optimizer.shares.fit import distance_m
from optimizer.shares.plan import Plan, Unplaced
from optimizer.shares.problem import Problem
from optimizer.shares.rank import rank

ADDRESS = "/designer/lot/"
BARS_AT_ONCE = 12
CASES_AT_ONCE = 40
OUTS_AT_ONCE = 20  # the others are in the lines
UNPLACED: TypeAdapter[tuple[Unplaced, ...]] = TypeAdapter(tuple[Unplaced, ...])
NAMES = text("""
    SELECT r.id, r.name, s.name AS site_name, s.commune FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.id = ANY(:ids)""")
SLIDERS = (
    SliderWords(
        name="even", label="Charges égales", hint="Avant la distance et les délais, selon la capacité de chacun"
    ),
    SliderWords(
        name="sooner", label="Attendre moins", hint="Un premier rendez-vous proche plutôt qu’un service proche"
    ),
    SliderWords(name="stable", label="Ne pas déplacer", hint="Un dossier déjà demandé à un service y reste"),
)
RULES = {
    "unplaced": RuleWords(
        label="Dossiers sans personne",
        unit=("dossier", "dossiers"),
        better=("dossier de plus confié", "dossiers de plus confiés"),
        worse=("dossier de moins confié", "dossiers de moins confiés"),
    ),
    "largest-load": RuleWords(
        label="Charge du service le plus chargé",
        unit=("%", "%"),
        better=("point de moins pour le plus chargé", "points de moins pour le plus chargé"),
        worse=("point de plus pour le plus chargé", "points de plus pour le plus chargé"),
        by=10,
        is_nothing_at_zero=True,  # it is that of those to whom a plan gives something
    ),
    "distance-km": RuleWords(
        label="Trajet moyen jusqu’à l’adresse la plus éloignée",
        unit=("km", "km"),
        better=("km de moins en moyenne", "km de moins en moyenne"),
        worse=("km de plus en moyenne", "km de plus en moyenne"),
        is_mean=True,
        is_detail=True,
    ),
    "delay-days": RuleWords(
        label="Attente moyenne avant le premier rendez-vous",
        unit=("jour", "jours"),
        better=("jour d’attente de moins en moyenne", "jours d’attente de moins en moyenne"),
        worse=("jour d’attente de plus en moyenne", "jours d’attente de plus en moyenne"),
        is_mean=True,
        is_detail=True,
    ),
    "distance-unknown": RuleWords(
        label="Distances inconnues",
        unit=("dossier", "dossiers"),
        better=("distance inconnue de moins", "distances inconnues de moins"),
        worse=("distance inconnue de plus", "distances inconnues de plus"),
        is_detail=True,
    ),
    "moved": RuleWords(
        label="Dossiers qui changent de service",
        unit=("dossier", "dossiers"),
        better=("dossier de moins déplacé", "dossiers de moins déplacés"),
        worse=("dossier déplacé", "dossiers déplacés"),
    ),
}
WEIGHTS = {
    "day_m": "Chaque jour d’attente",
    "moved_m": "Chaque dossier qui change de service",
    "unknown_m": "Chaque distance inconnue",
}


@dataclass(frozen=True, kw_only=True)
class BatchAsked:
    """What the page wants to see besides: the case that is being moved; whether all services, all cases are shown."""

    picked: str = ""
    all_bars: bool = False
    all_cases: bool = False


@dataclass(frozen=True, kw_only=True)
class BatchShown:
    """What the page of a batch shows of its own."""

    sentence: str
    cases: list[CaseRow]
    cases_count: int
    bars: list[Bar]
    bars_count: int
    outs: list[OutRow]
    picked: str  # what the case that is being moved is called
    service_ids: frozenset[int]
    competences: dict[str, str] = field(default_factory=dict)


def places(plan: Plan) -> Mapping[str, str]:
    """Return the service of each case."""
    return dict(plan.given)


def count(problem: Problem) -> int:
    """Return how many cases there are to share out."""
    return len(problem.measures)


def items(session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Item]:
    """Return the cases as lines show them: what they ask, and what is known of whom they are given to."""
    competences, givens = _competences(session, shown), _givens(shown)
    return {
        str(line.id): Item(
            label=line.case_ref,
            hint=_hint(line, competences, givens.get(str(line.id), "")),
            href=f"/designer/?{urlencode({'rg': line.case_ref})}" if line.held_by else "",
            lock="free" if line.held_by is None else "frozen",
            is_fixed=line.is_convened,
        )
        for line in _lines(session, shown)
        if str(line.id) in ids
    }


def wheres(session: Session, _shown: Shown, ids: Collection[str]) -> Mapping[str, Place]:
    """Return the services as lines show them."""
    return {
        str(one.id): Place(label=one.name, rank=(search_name_of(one.name), one.id))
        for one in _named(session, map(int, ids)).values()
    }


def whys(run: OptimizerRun) -> Mapping[str, str]:
    """Return why each case has nobody."""
    return {one.measure_id: f"{reasons_words(one.reasons)}." for one in unplaced_of(run)}


def done(session: Session, run: OptimizerRun) -> Collection[str]:
    """Return the cases whose service was asked by this run, and still is or has accepted."""
    made = {UUID(number): case for case, number in run.applied.get("bookings", {}).items()}
    alive = select(Booking.id).where(col(Booking.id).in_(made), col(Booking.state).in_((State.REQUESTED, *OCCUPYING)))
    return [made[one] for one in session.exec(alive)]


def refused(session: Session, shown: Shown) -> list[tuple[str, str]]:
    """Return what of the open proposal could not be applied, and why."""
    told = shown.run.applied.get("refused", ()) if shown.run else ()
    if not told:
        return []
    refs = {str(line.id): line.case_ref for line in _lines(session, shown)}
    return [(refs.get(case, "Un dossier retiré"), refused_words(why)) for case, why, _ in told]


def unplaced_of(run: OptimizerRun) -> tuple[Unplaced, ...]:
    """Return what a run leaves without anybody."""
    return UNPLACED.validate_python((run.plan or {}).get("unplaced", ()))


def batch(session: Session, shown: Shown) -> BatchShown:
    """Return what the page of a batch shows of its own."""
    asked: BatchAsked = shown.asked or BatchAsked()
    reading, competences = shown.reading, _competences(session, shown)
    assert reading is not None  # noqa: S101 - always read
    problem: Problem = reading.problem
    lines = _lines(session, shown)
    names = _named(session, [*map(int, problem.professional_of), *(one.held_by for one in lines if one.held_by)])
    plan: Plan = _still_there(problem, shown.plan or reading.in_force)
    bars = _bars(problem, reading.in_force, plan, names, asked)
    called, kind = {one.id: one.name for one in names.values()}, session.get_one(Kind, shown.kind_id).code
    cases = [case_row(line, kind, competences, called, zone=shown.zone) for line in lines]
    picked = next((line for line in lines if str(line.id) == asked.picked), None)
    return BatchShown(
        sentence=_sentence(problem, reading.in_force, lines),
        cases=cases if asked.all_cases else cases[:CASES_AT_ONCE],
        cases_count=len(cases),
        bars=bars if asked.all_bars else bars[:BARS_AT_ONCE],
        bars_count=len(bars),
        outs=_outs(shown, problem, plan, lines, (names, competences))[:OUTS_AT_ONCE],
        picked=f"{picked.case_ref}, {asks_words(picked, competences)}" if picked else "",
        service_ids=frozenset(names),
        competences=competences,
    )


def _sentence(problem: Problem, in_force: Plan, lines: Collection[CaseLine]) -> str:
    loads = in_force.loads(problem)
    free = sum(max(one.capacity - loads[one.id], 0) for one in problem.professionals)
    return list_sentence(sum(line.held_by is None for line in lines), len(problem.professionals), free)


def _still_there(problem: Problem, plan: Plan) -> Plan:
    """Return what of a plan still is of the problem: cases are taken out, services close."""
    known = {
        case: who for case, who in plan.given.items() if case in problem.measure_of and who in problem.professional_of
    }
    return Plan(given=known)


def _bars(problem: Problem, in_force: Plan, plan: Plan, names: Mapping[int, Named], asked: BatchAsked) -> list[Bar]:
    """Return the services whose load changes first, then the most loaded; for a case that is moved, the best first."""
    before, after = in_force.loads(problem), plan.loads(problem)
    bars = {
        one.id: bar(names[int(one.id)], one.capacity, before[one.id], after[one.id])
        for one in problem.professionals
        if int(one.id) in names
    }
    measure = problem.measure_of.get(asked.picked)
    if measure is None:
        level = {one.id: problem.level(one, after[one.id]) for one in problem.professionals}
        order = sorted(bars, key=lambda one: (before[one] == after[one], -level[one], search_name_of(bars[one].name)))
        return [bars[one] for one in order]
    ranked = rank(problem, measure, plan=plan)
    holder = plan.given.get(measure.id)
    here = next((one for one in ranked if one.professional_id == holder), None)
    return [
        replace(
            bars[one.professional_id],
            cost=cost_words(problem, one, here),
            may_take=one.is_possible and one.professional_id != holder,
            has_it=one.professional_id == holder,
        )
        for one in ranked
        if one.professional_id in bars
    ]


def _outs(
    shown: Shown,
    problem: Problem,
    plan: Plan,
    lines: Collection[CaseLine],
    words: tuple[Mapping[int, Named], Mapping[str, str]],
) -> list[OutRow]:
    """Return why each case that the open proposal leaves out has nobody, and what would change that."""
    names, competences = words
    of_id = {str(line.id): line for line in lines}
    rows = []
    for one in unplaced_of(shown.run) if shown.run else ():
        measure, line = problem.measure_of.get(one.measure_id), of_id.get(one.measure_id)
        if measure is None or line is None or line.held_by is not None:
            continue
        now = why_unplaced(problem, plan, measure)
        who = names.get(int(now.change.professional_id)) if now.change and now.change.professional_id else None
        change = change_words(now.change.steps, who.name if who else "", competences) if now.change else ""
        asks = asks_words(line, competences)
        rows.append(OutRow(one.measure_id, line.case_ref, asks, f"{reasons_words(now.reasons)}.", change))
    return rows


def _givens(shown: Shown) -> dict[str, str]:
    """Return what is known of whom the open proposal gives each case to."""
    if shown.reading is None or shown.plan is None:
        return {}
    problem: Problem = shown.reading.problem
    plan = _still_there(problem, shown.plan)
    loads = plan.loads(problem)
    told = {}
    for case, who_id in plan.given.items():
        who, measure = problem.professional_of[who_id], problem.measure_of[case]
        told[case] = there_words(loads[who_id], who.capacity, distance_m(measure, who), who.delay_days)
    return told


def _hint(line: CaseLine, competences: Mapping[str, str], given: str) -> str:
    asks = asks_words(line, competences) + (", urgent" if line.is_urgent else "")
    return " – ".join(filter(None, (asks, given)))


def _competences(session: Session, shown: Shown) -> dict[str, str]:
    kind = session.get(Kind, shown.kind_id)
    return dict(competence_choices(kind)) if kind else {}


def _lines(session: Session, shown: Shown) -> list[CaseLine]:
    return lines_of(session, shown.actor.home_territory_id, shown.kind_id, now=shown.now)


def _named(session: Session, ids: Any) -> dict[int, Named]:
    rows = session.execute(NAMES, {"ids": sorted(set(ids))})
    return {row.id: Named(row.id, row.name, whereabouts(row)) for row in rows}


DESK = Desk(
    problem="shares",
    address=ADDRESS,
    noun=("dossier", "dossiers"),
    placed=("dossier confié", "dossiers confiés"),
    is_feminine=False,
    has_days=False,
    sliders=SLIDERS,
    rules=RULES,
    weights=WEIGHTS,
    check=WISHES.read,
    places=places,
    count=count,
    items=items,
    wheres=wheres,
    whys=whys,
    done=done,
    refused=refused,
    own=batch,
    next=("Voir les demandes", "/reservations/?etat=a-venir"),
    ahead=timedelta(days=1),
)
