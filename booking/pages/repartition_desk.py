"""Hearings as the planning pages have them: their words, and what the page of a court reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from availability.models import Resource
from booking.bench import count_to_staff
from booking.models import OCCUPYING, Booking
from booking.pages.plan_calendar_words import PlanWeek, week_of
from booking.pages.planning_words import (
    CaseRow,
    HearingCard,
    SittingCard,
    case_row,
    hearing_applied,
    hearing_card,
    proposal_sentence,
    reasons,
    refusals,
    sitting_card,
    urgency,
    waiting_sentence,
)
from booking.pages.plans_desk import Desk, Item, Place, RuleWords, Shown, SliderWords
from booking.plans.hearing_locks import HEARING
from booking.plans.hearing_wishes import WISHES
from booking.plans.hearings import CaseLine, HearingLine, cases_of, hearings_of, people_of, plan_of, unplaced_of
from booking.plans.kept import Scope, scope_of
from booking.plans.models import OptimizerRun
from booking.plans.planner import Reading
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Load, Problem
from portal.ui.dates import moment

ADDRESS = "/repartition/"
CASES_UNFOLDED = 300  # a proposal of so few is sent whole, to be printed; of a larger one, what is opened
SLIDERS = (
    SliderWords(name="sooner", label="Attendre moins", hint="Des dates proches, les échéances d’abord"),
    SliderWords(name="even", label="Charge égale entre juges", hint="Autant d’audiences et de temps pour chacun"),
    SliderWords(name="stable", label="Ne pas déplacer", hint="Ce qui a une date la garde, surtout si c’est dit"),
)
RULES = {
    "unplaced": RuleWords(
        label="Affaires sans place",
        unit=("affaire", "affaires"),
        better=("affaire de plus placée", "affaires de plus placées"),
        worse=("affaire de moins placée", "affaires de moins placées"),
    ),
    "late": RuleWords(
        label="Échéances dépassées",
        unit=("affaire", "affaires"),
        better=("échéance légale de plus tenue", "échéances légales de plus tenues"),
        worse=("échéance légale de moins tenue", "échéances légales de moins tenues"),
    ),
    "unstaffed": RuleWords(
        label="Audiences sans juge",
        unit=("audience", "audiences"),
        better=("audience de plus tenue", "audiences de plus tenues"),
        worse=("audience de moins tenue", "audiences de moins tenues"),
    ),
    "days": RuleWords(
        label="Attente moyenne, une fois la convocation possible",
        unit=("jour", "jours"),
        better=("jour d’attente de moins en moyenne", "jours d’attente de moins en moyenne"),
        worse=("jour d’attente de plus en moyenne", "jours d’attente de plus en moyenne"),
        is_mean=True,
    ),
    "overdue": RuleWords(
        label="Jours au-delà de la date souhaitée",
        unit=("jour", "jours"),
        better=("jour de moins au-delà des dates souhaitées", "jours de moins au-delà des dates souhaitées"),
        worse=("jour de plus au-delà des dates souhaitées", "jours de plus au-delà des dates souhaitées"),
    ),
    "spread": RuleWords(
        label="Écart entre les juges",
        unit=("audience", "audiences"),
        better=("audience d’écart de moins entre les juges", "audiences d’écart de moins entre les juges"),
        worse=("audience d’écart de plus entre les juges", "audiences d’écart de plus entre les juges"),
    ),
    "spread-minutes": RuleWords(
        label="Écart de temps entre les juges",
        unit=("heure", "heures"),
        better=("heure d’écart de moins entre les juges", "heures d’écart de moins entre les juges"),
        worse=("heure d’écart de plus entre les juges", "heures d’écart de plus entre les juges"),
        by=60,
    ),
    "lawyers": RuleWords(
        label="Venues d’avocats",
        unit=("venue", "venues"),
        better=("venue d’avocat épargnée", "venues d’avocats épargnées"),
        worse=("venue d’avocat de plus", "venues d’avocats de plus"),
    ),
    "overtime": RuleWords(
        label="Temps au-delà des audiences",
        unit=("minute", "minutes"),
        better=("minute de dépassement de moins", "minutes de dépassement de moins"),
        worse=("minute de dépassement de plus", "minutes de dépassement de plus"),
    ),
    "moved": RuleWords(
        label="Affaires déplacées",
        unit=("affaire", "affaires"),
        better=("affaire de moins déplacée", "affaires de moins déplacées"),
        worse=("affaire déplacée", "affaires déplacées"),
    ),
    "told": RuleWords(
        label="Dont parties déjà prévenues",
        unit=("affaire", "affaires"),
        better=(
            "affaire de moins dont les parties sont prévenues",
            "affaires de moins dont les parties sont prévenues",
        ),
        worse=(
            "affaire déplacée dont les parties sont prévenues",
            "affaires déplacées dont les parties sont prévenues",
        ),
        is_detail=True,
    ),
    "restaffed": RuleWords(
        label="Audiences confiées à d’autres",
        unit=("audience", "audiences"),
        better=("audience de moins confiée à d’autres", "audiences de moins confiées à d’autres"),
        worse=("audience confiée à d’autres", "audiences confiées à d’autres"),
    ),
}
WEIGHTS = {
    "day": "Chaque jour d’attente d’une affaire",
    "overdue_day": "Chaque jour au-delà de la date souhaitée",
    "spread": "Chaque audience d’écart entre les juges",
    "spread_minute": "Chaque minute d’écart entre les juges",
    "lawyer": "Chaque venue d’un avocat",
    "moved": "Chaque affaire déplacée",
    "told": "Chaque affaire déplacée, parties prévenues",
    "restaffed": "Chaque audience confiée à d’autres",
}


@dataclass(frozen=True, kw_only=True)
class CourtAsked:
    """What the page of a court wants to see besides: how many waiting cases, and the hearings that are unfolded."""

    waiting: int
    unfolded: tuple[str, ...] = ()
    view: str = ""  # of the calendar: by room or by judge
    monday: date | None = None


@dataclass(frozen=True, kw_only=True)
class Court:
    """What the page of a court shows of its own."""

    sentence: str
    hearings: list[HearingCard]
    waiting: list[CaseRow]
    waiting_count: int
    hearing_ids: frozenset[int]
    gaps: Mapping[str, int] = field(default_factory=dict)  # by kind: hearings that miss somebody who is away
    sittings: list[SittingCard] = field(default_factory=list)
    week: PlanWeek = field(default_factory=PlanWeek)


def places(plan: Plan) -> Mapping[str, str]:
    """Return the hearing of each case."""
    return {str(case): str(hearing) for case, hearing in plan.placed.items()}


def count(problem: Problem) -> int:
    """Return how many cases there are to plan."""
    return len(problem.cases)


def items(session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Item]:
    """Return the cases as lines show them."""
    found = {}
    for case in cases_of(session, _scope(shown), [UUID(one) for one in ids]).values():
        row = case_row(case, shown.today)
        hint = f"{row.family}, {row.minutes}, {row.due}"
        found[row.id] = Item(label=row.ref, hint=hint, href=row.href, lock=_case_lock(shown, case.id))
    return found


def wheres(_session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Place]:
    """Return the hearings as lines show them."""
    hearings = shown.reading.problem.hearing_of if shown.reading else {}
    known = [hearings[int(one)] for one in ids if int(one) in hearings]
    return {
        str(one.id): Place(label=moment(one.period.start, shown.zone), rank=(one.period.start, one.id)) for one in known
    }


def whys(run: OptimizerRun) -> Mapping[str, str]:
    """Return why each case waits on."""
    return {
        str(one.case_id): reasons(one.reasons, sum(each.hearings for each in one.reasons))
        for one in unplaced_of(run.plan)
    }


def done(session: Session, run: OptimizerRun) -> Collection[str]:
    """Return the cases that the run placed, and that still have this place."""
    booked = {UUID(booking): case for case, booking in run.applied.get("bookings", {}).items()}
    placed = select(Booking.id).where(col(Booking.id).in_(booked), col(Booking.state).in_(OCCUPYING))
    return [booked[one] for one in session.exec(placed)]


def sentence(_session: Session, shown: Shown) -> str:
    """Return what the open proposal obtains."""
    return proposal_sentence(shown.run) if shown.run else ""


def refused(session: Session, shown: Shown) -> list[tuple[str, str]]:
    """Return what of the open proposal could not be applied, and why."""
    run = shown.run
    told = run.applied.get("refused", ()) if run else ()
    if run is None or not told:
        return []
    lines = {line.hearing.id: line for line in hearings_of(session, scope_of(run), shown.now)}
    cases = cases_of(session, scope_of(run), [UUID(case) for _, case, _, _ in told if case])
    return refusals(told, lines, cases, _names(session, [one for *_, one in told if one]))


def court(session: Session, shown: Shown) -> Court:
    """Return what the page of a court shows of its own."""
    asked: CourtAsked = shown.asked
    problem: Problem = shown.reading.problem  # type: ignore[union-attr]  # always read
    lines = hearings_of(session, _scope(shown), shown.now)
    plan = plan_of(shown.run.plan) if shown.run else Plan()
    cases = cases_of(session, _scope(shown), {*plan.placed, *(case.id for case in problem.cases)})
    waiting = [cases[case.id] for case in problem.cases if case.id in cases and cases[case.id].booking_id is None]
    names = _names(session, _people(lines, plan))
    after = _loads_after(lines, plan, cases)
    return Court(
        sentence=waiting_sentence(len(waiting), len(lines), len(problem.benches), len(problem.rooms)),
        hearings=[hearing_card(line, names, plan, after[line.hearing.id]) for line in lines],
        waiting=[case_row(line, shown.today) for line in waiting[: asked.waiting]],
        waiting_count=len(waiting),
        hearing_ids=frozenset(line.hearing.id for line in lines),
        gaps=count_to_staff(session, shown.actor, now=shown.now),
        sittings=_sittings(shown, lines=lines, plan=plan, cases=cases, names=names) if shown.run else [],
        week=_week(shown, plan, lines, names) if shown.run else PlanWeek(),
    )


def _week(shown: Shown, plan: Plan, lines: Collection[HearingLine], names: Mapping[int, str]) -> PlanWeek:
    reading: Reading = shown.reading  # type: ignore[assignment]  # always read
    asked: CourtAsked = shown.asked
    return week_of(reading.problem, reading.in_force, plan, lines, names, view=asked.view, monday=asked.monday)


def _scope(shown: Shown) -> Scope:
    if shown.run is not None:
        return scope_of(shown.run)
    home = shown.actor.home_territory_id
    return Scope(territory_id=home, kind_id=shown.kind_id, first=shown.first, until=shown.until)


def _names(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = session.exec(select(Resource.id, Resource.name).where(col(Resource.id).in_(set(ids))))
    return {int(number): name for number, name in rows if number is not None}


def _people(lines: Collection[HearingLine], plan: Plan) -> list[int]:
    sittings = [*plan.sittings.values(), *(line.hearing.sitting for line in lines if line.hearing.sitting)]
    return [one for sitting in sittings for one in people_of(sitting)]


def _loads_after(lines: Collection[HearingLine], plan: Plan, cases: Mapping[UUID, CaseLine]) -> dict[int, Load]:
    """Return what each hearing would hold once the proposal is applied: what is there, and what is not yet."""
    loads = {line.hearing.id: line.hearing.load for line in lines}
    for case_id, hearing_id in plan.placed.items():
        case = cases.get(case_id)
        if case is None or case.hearing_id == hearing_id:
            continue
        if hearing_id in loads:
            loads[hearing_id] = _changed(loads[hearing_id], case, 1)
        if case.hearing_id in loads:
            loads[case.hearing_id] = _changed(loads[case.hearing_id], case, -1)
    return loads


def _changed(load: Load, case: CaseLine, by: int) -> Load:
    families = {**load.families, case.family: load.families.get(case.family, 0) + by}
    return Load(cases=load.cases + by, minutes=load.minutes + by * case.minutes, families=families, links=load.links)


def _sittings(
    shown: Shown,
    *,
    lines: Collection[HearingLine],
    plan: Plan,
    cases: Mapping[UUID, CaseLine],
    names: Mapping[int, str],
) -> list[SittingCard]:
    """Return the hearings of the proposal in order, those that are unfolded with their cases."""
    here: dict[int, list[CaseLine]] = {line.hearing.id: [] for line in lines}
    for case_id, hearing_id in plan.placed.items():
        if hearing_id in here and case_id in cases:
            here[hearing_id].append(cases[case_id])
    is_whole = len(plan.placed) <= CASES_UNFOLDED
    cards = []
    for line in lines:
        sitting = plan.sittings.get(line.hearing.id)
        if sitting is None:
            continue
        is_open = str(line.hearing.id) in shown.asked.unfolded
        inside = sorted(here[line.hearing.id], key=urgency)
        card = sitting_card(
            line,
            sitting,
            [_row(one, line, shown) for one in inside] if is_open or is_whole else [],
            names,
            minutes=sum(one.minutes for one in inside),
            size=len(inside),
            is_open=is_open,
            lock=shown.locks.get(f"{HEARING}{line.hearing.id}", _sitting_lock(shown, line.hearing.id)),
        )
        cards.append(card)
    return cards


def _row(line: CaseLine, hearing: HearingLine, shown: Shown) -> CaseRow:
    return case_row(line, shown.today, hearing_id=hearing.hearing.id, lock=_case_lock(shown, line.id))


def _case_lock(shown: Shown, case_id: UUID) -> str:
    """Return what may become of a case: as somebody says, or as the problem has it."""
    problem: Problem | None = shown.reading.problem if shown.reading else None
    case = problem.case_of.get(case_id) if problem else None
    return shown.locks.get(str(case_id), case.lock.value if case else "free")


def _sitting_lock(shown: Shown, hearing_id: int) -> str:
    problem: Problem | None = shown.reading.problem if shown.reading else None
    hearing = problem.hearing_of.get(hearing_id) if problem else None
    return hearing.sitting_lock.value if hearing and hearing.sitting else "free"


def applied(done: Any) -> str:
    """Return what an application did."""
    return hearing_applied(done)


DESK = Desk(
    problem="hearings",
    address=ADDRESS,
    noun=("affaire", "affaires"),
    placed=("affaire placée", "affaires placées"),
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
    sentence=sentence,
    applied=applied,
    refused=refused,
    own=court,
    told_first=("lost", "moved", "out"),
    next=("Voir les réservations", "/reservations/?etat=a-venir"),
)
