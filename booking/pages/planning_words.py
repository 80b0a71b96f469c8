"""What the screen of planning says: hearings, cases, the search, the proposal and why the rest waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.plans.hearing_locks import HEARING
from booking.plans.hearings import CaseLine, HearingLine, plan_of, score_of
from booking.plans.kept import Application
from booking.plans.models import OptimizerRun
from optimizer.hearings.plan import Plan, Reason
from optimizer.hearings.problem import Load, Sitting
from portal.ui.dates import NBSP, day, from_today, hour, moment, plural

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
    lock: str = "free"


@dataclass(frozen=True)
class SittingCard:
    """A hearing of the proposal: who, where, which cases."""

    id: str
    title: str
    who: str
    is_new: bool
    summary: str
    size: int  # cases
    cases: list[CaseRow]  # none while it is folded, in a large proposal
    is_open: bool
    lock: str
    lock_id: str  # as the settings of a run name the hearing


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


def case_row(line: CaseLine, today: date, *, why: str = "", hearing_id: int = 0, lock: str = "free") -> CaseRow:
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
        lock=lock,
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


# --- the search and the proposal ---


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


def sitting_card(
    line: HearingLine,
    sitting: Sitting,
    cases: Sequence[CaseRow],
    names: Mapping[int, str],
    *,
    minutes: int,
    size: int,
    is_open: bool,
    lock: str,
) -> SittingCard:
    """Return a hearing of a proposal; of so many cases, those that are shown."""
    return SittingCard(
        id=str(line.hearing.id),
        title=moment(line.hearing.period.start, ZoneInfo(line.time_zone)),
        who=people(sitting, names),
        is_new=line.hearing.sitting is None,
        summary=f"{plural(size, 'affaire')}, {minutes}{NBSP}min",
        size=size,
        cases=list(cases),
        is_open=is_open,
        lock=lock,
        lock_id=f"{HEARING}{line.hearing.id}",
    )


def refusals(
    told: Iterable[Sequence[Any]],
    lines: Mapping[int, HearingLine],
    cases: Mapping[UUID, CaseLine],
    names: Mapping[int, str],
) -> list[tuple[str, str]]:
    """Return what an application could not do and why, hearings first."""
    said = []
    for hearing_id, case_id, why, resource_id in told:
        case = cases.get(UUID(case_id)) if case_id else None
        line = lines.get(hearing_id)
        at = moment(line.hearing.period.start, ZoneInfo(line.time_zone)) if line else "audience retirée"
        what = f"{case.case_ref if case else 'Dossier'}, {at}" if case_id else f"Audience du {at}"
        who = f"{names[resource_id]}{NBSP}: " if resource_id in names else ""
        said.append((bool(case_id), (what, who + REFUSED_WORDS[why])))
    return [line for _, line in sorted(said, key=lambda one: one[0])]


def hearing_applied(done: Application) -> str:
    """Return what an application did: cases, and hearings."""
    hearings = sum(one.startswith(HEARING) for one in done.done)
    return applied_words(len(done.done) - hearings, hearings, len(done.refused), len(done.already))


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


def urgency(case: CaseLine) -> tuple[date, date, str]:
    return (case.deadline_on or date.max, case.received_on, case.case_ref)
