"""What the screen of planning says: hearings, cases, the search, the proposal and why the rest waits. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.plans.hearings import Board, CaseLine, HearingLine, plan_of, score_of, unplaced_of
from booking.plans.kept import state_at
from booking.plans.models import OptimizerRun, RunState
from optimizer.hearings.plan import Plan, Reason
from optimizer.hearings.problem import Load, Sitting
from portal.ui.dates import NBSP, day, from_today, hour, moment, plural

CURVE_WIDTH, CURVE_HEIGHT = 240, 48
# Branches of the NAC. Source: nomenclature des affaires civiles.
FAMILY_WORDS = {
    "20": "divorce",
    "22": "après divorce",
    "24": "obligations alimentaires",
    "27": "autorité parentale",
    "48": "surendettement",
    "51": "baux",
    "53": "crédits",
    "56": "prestations",
}
STATE_WORDS = {
    RunState.QUEUED: ("en attente", "info"),
    RunState.RUNNING: ("en cours", "new"),
    RunState.STOPPED: ("arrêtée", "warning"),
    RunState.DONE: ("terminée", "success"),
    RunState.FAILED: ("en échec", "error"),
    RunState.INTERRUPTED: ("interrompue", "error"),
}
ENDED_WORDS = {
    RunState.FAILED: "La recherche a échoué. Rien n’a été changé : vous pouvez la relancer.",
    RunState.INTERRUPTED: "La recherche a été interrompue (serveur arrêté). Rien n’a été changé : relancez-la.",
    RunState.STOPPED: "Recherche arrêtée : voici la meilleure répartition trouvée jusque-là.",
    RunState.DONE: "Recherche terminée.",
}
REASON_WORDS = {
    "frozen": "figée dans une autre audience",
    "formation": "autre formation",
    "after-deadline": "échéance trop proche",
    "before-ready": "délai de convocation non écoulé",
    "lawyer-away": "avocat absent",
    "party-away": "partie absente",
    "interpreter-away": "interprète absent",
    "no-interpreter": "aucun interprète de la langue",
    "far-end-away": "établissement pénitentiaire indisponible",
    "unstaffed": "ni juge ni salle",
    "refused-judge": "juge écarté dans ce dossier",
    "no-video": "salle sans visioconférence",
    "quota": "quota de la matière atteint",
    "video-slots": "plus de créneau de visioconférence",
    "far-end-slots": "plus de créneau à l’établissement",
    "cases": "nombre d’affaires atteint",
    "minutes": "plus assez de minutes",
    "free": "place libre depuis le calcul",
}
REFUSED_WORDS = {
    "taken": "prise ou pris à cette heure par une autre audience",
    "closed": "fermée, absent ou audience commencée",
    "staffed": "audience déjà confiée à d’autres",
    "quota": "quota du service atteint",
    "not-held": "audience non tenue",
    "full-cases": "nombre d’affaires atteint entre-temps",
    "full-minutes": "plus assez de minutes",
    "full-quota": "quota de la matière atteint entre-temps",
    "not-in-time": "échéance ou délai modifié entre-temps",
    "refused-judge": "juge écarté dans ce dossier",
    "gone": "introuvable : retirée entre-temps",
    "refused": "refusée",
}


@dataclass(frozen=True)
class Gauge:
    """How full something is, in words and as a share of a hundred."""

    label: str
    text: str
    percent: int
    after: int  # with what the plan adds


@dataclass(frozen=True)
class HearingCard:
    """A hearing as its card shows it."""

    id: str
    name: str
    when: str
    who: str
    is_decided: bool
    gauges: list[Gauge]


@dataclass(frozen=True)
class CaseRow:
    """A case as a line shows it. `place` is the booking that it has, and where."""

    id: str
    ref: str
    family: str
    minutes: str
    deadline: str
    due: str  # the same in a sentence
    waits: str
    is_urgent: bool
    place: str = ""
    href: str = ""
    why: str = ""
    hearing_id: str = ""


@dataclass(frozen=True)
class SittingCard:
    """A hearing of the proposal: who, where, which cases."""

    id: str
    title: str
    who: str
    is_new: bool
    summary: str
    cases: list[CaseRow]


@dataclass(frozen=True)
class RunLine:
    """A search of the past."""

    id: str
    when: str
    state: str
    badge: str
    found: str
    applied: str
    is_applied: bool


@dataclass(frozen=True)
class Refusals:
    """What could not be applied, in a line."""

    what: str
    why: str


def hearing_card(line: HearingLine, names: Mapping[int, str], plan: Plan, added: Load | None) -> HearingCard:
    """Return a hearing with its gauges; `added` is its load once the plan is applied."""
    hearing, zone = line.hearing, ZoneInfo(line.time_zone)
    after = added or hearing.load
    gauges = [
        gauge("Affaires", hearing.load.cases, after.cases, hearing.max_cases),
        gauge("Minutes", hearing.load.minutes, after.minutes, hearing.max_minutes),
        *(
            gauge(family(code).capitalize(), hearing.load.of(code), after.of(code), most)
            for code, most in hearing.quotas.items()
        ),
    ]
    decided = hearing.sitting is not None
    sitting = hearing.sitting or plan.sittings.get(hearing.id)
    return HearingCard(
        id=str(hearing.id),
        name=line.name,
        when=(
            f"{day(local_day(hearing.period.start, zone))}, de{NBSP}{hour(hearing.period.start, zone)}"
            f" à{NBSP}{hour(hearing.period.end, zone)}"
        ),
        who=people(sitting, names) if decided else "",
        is_decided=decided,
        gauges=gauges,
    )


def gauge(label: str, now: int, after: int, most: int) -> Gauge:
    """Return how full something is, now and after."""
    text = f"{now}{NBSP}sur{NBSP}{most}" if now == after else f"{now}{NBSP}→{NBSP}{after}{NBSP}sur{NBSP}{most}"
    return Gauge(label=label, text=text, percent=_percent(now, most), after=_percent(after, most))


def _percent(part: int, most: int) -> int:
    return min(100, round(100 * part / most)) if most else 100


def people(sitting: Sitting | None, names: Mapping[int, str]) -> str:
    """Return "Anne Exemple, avec Max Fictif, Salle 3"."""
    if sitting is None:
        return ""
    judge, clerk, room = (names.get(one, "?") for one in (sitting.judge_id, sitting.clerk_id, sitting.room_id))
    return f"{judge}, avec {clerk} – {room}"


def case_row(line: CaseLine, today: date, *, why: str = "", hearing_id: int = 0) -> CaseRow:
    """Return a case as a line shows it."""
    waited = (today - line.received_on).days
    deadline = f"{day(line.deadline_on)} ({from_today(line.deadline_on, today)})" if line.deadline_on else ""
    return CaseRow(
        id=str(line.id),
        ref=line.case_ref,
        family=family(line.family),
        minutes=f"{line.minutes}{NBSP}min",
        deadline=deadline or "aucune",
        due=f"échéance {deadline}" if deadline else "sans échéance",
        waits=plural(waited, "jour"),
        is_urgent=line.deadline_on is not None and (line.deadline_on - today).days < 14,
        place="placée" if line.booking_id else "",
        href=f"/reservations/?reservation={line.booking_id}" if line.booking_id else "",
        why=why,
        hearing_id=str(hearing_id),
    )


def family(code: str) -> str:
    """Return the French of a family of the NAC."""
    return FAMILY_WORDS.get(code, f"famille {code}" if code else "sans matière")


def reasons(found: Sequence[Reason], hearings: int) -> str:
    """Return why a case waits: "échéance trop proche (9 audiences), plus assez de minutes (3)"."""
    if not hearings:
        return "aucune audience à venir"
    if len(found) == 1:
        return f"{REASON_WORDS[found[0].code]} pour toutes les audiences"
    first = f"{REASON_WORDS[found[0].code]} ({plural(found[0].hearings, 'audience')})"
    return ", ".join([first, *(f"{REASON_WORDS[one.code]} ({one.hearings})" for one in found[1:])])


def reasons_summary(unplaced: Iterable[Sequence[Reason]]) -> str:
    """Return the main reason of each, counted: "9 : échéance trop proche ; 2 : plus assez de minutes"."""
    counted = Counter(found[0].code for found in unplaced if found)
    return " ; ".join(f"{count}{NBSP}: {REASON_WORDS[code]}" for code, count in counted.most_common())


# --- the search and the proposal ---


def curve(progress: Sequence[Sequence[float | None]]) -> str:
    """Return the points of the curve of the score: it goes down, and starts at the top."""
    if not progress:
        return ""
    seconds, scores = [point[0] or 0.0 for point in progress], [point[1] or 0.0 for point in progress]
    last = max(seconds[-1], 0.1)
    top, low = max(scores), min(scores)
    height = (top - low) or 1
    points = [
        (at / last * CURVE_WIDTH, 4 + (top - score) / height * (CURVE_HEIGHT - 8))
        for at, score in zip(seconds, scores, strict=True)
    ]
    if top == low:
        points = [(x, CURVE_HEIGHT / 2) for x, _ in points]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def figures(run: OptimizerRun, total: int) -> str:
    """Return where a search is: "138 affaires placées sur 150, 4 s"."""
    if not run.progress:
        return "Lecture des audiences et des affaires…" if run.state == RunState.RUNNING else "En attente…"
    seconds, _, _, unplaced = run.progress[-1]
    found = plural(total - int(unplaced or 0), "affaire placée", "affaires placées")
    return f"{found} sur{NBSP}{total}, {int(seconds or 0)}{NBSP}s"


def _late(count: int) -> str:
    return f"{count}{NBSP}hors délai"


def proposal_sentence(run: OptimizerRun) -> str:
    """Return what the plan obtains, rule by rule."""
    plan, score = plan_of(run.plan), score_of(run)
    total = len(plan.placed) + score.count("unplaced")
    days = round(score.count("days") / len(plan.placed)) if plan.placed else 0
    parts = [
        f"{plural(len(plan.placed), 'affaire placée', 'affaires placées')} sur{NBSP}{total}",
        f"{plural(len(plan.sittings), 'audience tenue', 'audiences tenues')}",
        f"{_late(score.count('late'))}",
        f"{plural(days, 'jour')} d’attente en moyenne une fois la convocation possible",
        _shared(score.count("spread")),
    ]
    return ", ".join(parts) + "."


def _shared(spread: int) -> str:
    if spread == 0:
        return "autant d’audiences pour chaque juge"
    return f"{plural(spread, 'audience')} d’écart entre les juges"


def ended_words(run: OptimizerRun, state: RunState) -> str:
    """Return how the last search ended; nothing while it runs."""
    if run.plan is None and state is RunState.STOPPED:
        return "La recherche a été arrêtée avant de commencer."
    if run.plan is not None and run.plan["ended"] == "proved":
        return "Recherche terminée : il n’existe pas de meilleure répartition."
    return ENDED_WORDS.get(state, "")


def sitting_cards(board: Board, run: OptimizerRun, today: date) -> list[SittingCard]:
    """Return the hearings of a proposal in order, each with its cases by urgency."""
    plan = plan_of(run.plan)
    order = {case_id: number for number, case_id in enumerate(board.cases)}
    cards = []
    for line in board.hearings:
        sitting = plan.sittings.get(line.hearing.id)
        if sitting is None:
            continue
        here = [case_id for case_id, where in plan.placed.items() if where == line.hearing.id and case_id in order]
        cases = [board.cases[case_id] for case_id in sorted(here, key=lambda one: _urgency(board.cases[one]))]
        minutes = sum(case.minutes for case in cases)
        cards.append(
            SittingCard(
                id=str(line.hearing.id),
                title=moment(line.hearing.period.start, ZoneInfo(line.time_zone)),
                who=people(sitting, board.names),
                is_new=line.hearing.sitting is None,
                summary=f"{plural(len(cases), 'affaire')}, {minutes}{NBSP}min",
                cases=[case_row(case, today, hearing_id=line.hearing.id) for case in cases],
            )
        )
    return cards


def unplaced_rows(board: Board, run: OptimizerRun, today: date) -> list[CaseRow]:
    """Return the cases that a proposal leaves waiting, each with why."""
    return [
        case_row(board.cases[one.case_id], today, why=reasons(one.reasons, sum(each.hearings for each in one.reasons)))
        for one in unplaced_of(run.plan)
        if one.case_id in board.cases
    ]


def refusals(board: Board, run: OptimizerRun) -> list[Refusals]:
    """Return what the last application of a run could not do, hearings first."""
    told = {line.hearing.id: line for line in board.hearings}
    lines = []
    for hearing_id, case_id, why, resource_id in run.applied.get("refused", ()):
        case = board.cases.get(UUID(case_id)) if case_id else None
        line = told.get(hearing_id)
        at = moment(line.hearing.period.start, ZoneInfo(line.time_zone)) if line else "audience retirée"
        what = f"{case.case_ref if case else 'Dossier'}, {at}" if case_id else f"Audience du {at}"
        who = f"{board.names[resource_id]}{NBSP}: " if resource_id in board.names else ""
        lines.append((bool(case_id), Refusals(what=what, why=who + REFUSED_WORDS[why])))
    return [line for _, line in sorted(lines, key=lambda one: one[0])]


def run_line(run: OptimizerRun, now: datetime, zone: ZoneInfo) -> RunLine:
    """Return a search as the history shows it."""
    word, badge = STATE_WORDS[state_at(run, now)]
    plan = plan_of(run.plan)
    bookings = len(run.applied.get("bookings", ()))
    return RunLine(
        id=str(run.id),
        when=moment(run.created_at, zone),
        state=word,
        badge=badge,
        found=plural(len(plan.placed), "affaire placée", "affaires placées") if run.plan else "–",
        applied=f"{plural(bookings, 'affaire')} le {moment(run.applied_at, zone)}" if run.applied_at else "non",
        is_applied=run.applied_at is not None,
    )


def applied_words(cases: int, hearings: int, refused: int, already: int) -> str:
    """Return what an application did."""
    if not cases and not hearings and not refused:
        return "Tout était déjà appliqué : rien n’a changé."
    done = plural(cases, "affaire placée", "affaires placées")
    if hearings:
        done += f", {plural(hearings, 'audience confiée', 'audiences confiées')} à un juge"
    if already:
        done += f", {already}{NBSP}déjà en place"
    if refused:
        done += f". {plural(refused, 'élément n’a', 'éléments n’ont')} pas pu l’être : la raison est dite plus bas"
    return done + "."


def waiting_sentence(waiting: int, hearings: int, benches: int, rooms: int) -> str:
    """Return what there is to plan."""
    return (
        f"{plural(waiting, 'affaire attend', 'affaires attendent')} une date ; {plural(hearings, 'audience')} à venir, "
        f"{plural(benches, 'juge')} avec greffe, {plural(rooms, 'salle')}."
    )


def _urgency(case: CaseLine) -> tuple[date, date, str]:
    return (case.deadline_on or date.max, case.received_on, case.case_ref)
