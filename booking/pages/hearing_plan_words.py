"""Why a case has no place or is where it is, and what would place it, in French with figures and dates.

`why` reads the names and says all that a panel shows; the rest is pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from sqlmodel import Session

from booking.pages.planning_words import REASON_WORDS, family
from booking.plans.hearing_people import names_of, site_names_of
from booking.plans.hearings import cases_of
from booking.plans.kept import Scope
from optimizer.hearings.changes import changes
from optimizer.hearings.changing import Change, Kind
from optimizer.hearings.check import Violation
from optimizer.hearings.explain import Because, Explainer
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, Hearing, Lock, Problem
from optimizer.hearings.rules import Tally, days_of_wait, why_not
from portal.ui.dates import NBSP, day, ended, hour, long_day, moment, plural

FRENCH = Locale("fr")
NO_CHANGE = (
    "Aucun changement, à lui seul, ne la placerait : la loi ou le dossier s’y oppose, ou il en faudrait plusieurs."
)
SIGNED = {"fsl": "langue des signes française"}  # not among the names that CLDR translates
FORMATION_WORDS = {"single": "juge unique", "panel": "formation collégiale"}
# What a plan made by hand breaks, besides what keeps a case out of a hearing (`REASON_WORDS`).
VIOLATION_WORDS = {
    "decided": "l’audience est déjà confiée, et figée",
    "unknown-hearing": "l’audience n’est plus dans la période",
    "unknown-case": "l’affaire n’attend plus",
    "unknown-bench": "ce juge ne siège pas avec ce greffe ici",
    "unknown-room": "cette salle n’est pas de ce tribunal",
    "panel": "il ne siège pas le bon nombre de juges",
    "bench-away": "le juge ou son greffier est absent ou pris ailleurs",
    "clerk-away": "le greffier est absent ou pris ailleurs",
    "prosecutor-away": "le magistrat du parquet est absent ou pris ailleurs",
    "room-away": "la salle est fermée ou prise",
    "wrong-formation": "ce juge ne siège pas dans cette formation",
    "no-prosecutor": "il manque un magistrat du parquet",
    "equipment": "la salle n’a pas l’équipement voulu",
    "judge-twice": "ce juge tient une autre audience à cette heure",
    "clerk-twice": "ce greffier est à une autre audience à cette heure",
    "prosecutor-twice": "ce magistrat du parquet est à une autre audience à cette heure",
    "room-twice": "une autre audience est dans cette salle à cette heure",
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What words need besides a problem: names by number, numbers of cases, and the zone of the court."""

    zone: ZoneInfo
    names: Mapping[int, str] = field(default_factory=dict)  # of people, rooms and judges
    prisons: Mapping[int, str] = field(default_factory=dict)
    refs: Mapping[UUID, str] = field(default_factory=dict)

    def name(self, number: int | None) -> str:
        """Return whose number it is."""
        return self.names.get(number or 0, "quelqu’un")

    def prison(self, number: int | None) -> str:
        """Return the prison whose number it is."""
        return self.prisons.get(number or 0, "l’établissement pénitentiaire")

    def ref(self, case_id: UUID | None) -> str:
        """Return the number of a case."""
        return self.refs.get(case_id, "une autre affaire") if case_id else "une autre affaire"


@dataclass(frozen=True)
class Why:
    """What a panel says of a case: a sentence, the reasons one by one, and what would place it, least trouble first."""

    ref: str
    is_placed: bool
    sentence: str
    reasons: list[str]
    changes: list[str]


def why(session: Session, court: Scope, problem: Problem, plan: Plan, case_id: UUID, *, zone: ZoneInfo) -> Why:
    """Return why a case has no place in a plan, or is where it is. Raises: KeyError for a case of another problem."""
    case = problem.case_of[case_id]
    found = () if case_id in plan.placed else changes(problem, plan, case_id)
    ids = {case_id, *(one.other_id for one in found if one.other_id is not None)}
    people = {*case.people, *case.refused_judges, *(one.subject_id for one in found if one.subject_id is not None)}
    known = Known(
        zone=zone,
        names=names_of(session, people),
        prisons=site_names_of(session, [case.video_to] if case.video_to is not None else []),
        refs={one.id: one.case_ref for one in cases_of(session, court, ids).values()},
    )
    if case_id in plan.placed:
        return why_here(problem, plan, case, known)
    return why_nowhere(problem, plan, case, found, known)


def why_nowhere(problem: Problem, plan: Plan, case: Case, found: Iterable[Change], known: Known) -> Why:
    """Return why no hearing takes a case, none of the reasons being needless, and what would place it."""
    conflict = Explainer(problem, plan).conflict(case.id)
    if conflict is None:
        sentence = "Une audience peut la recevoir : relancez la recherche, ou placez-la à la main."
    elif not conflict.reasons:
        sentence = "Aucune audience n’est prévue sur cette période."
    else:
        total = plural(len(problem.hearings), "audience")
        sentence = (
            f"Aucune place parmi {total} : sans l’une de ces raisons, une audience au moins ne serait plus exclue."
        )
    found = tuple(found)
    if conflict is not None and not found:
        sentence = f"{sentence} {NO_CHANGE}"
    return Why(
        ref=known.ref(case.id),
        is_placed=False,
        sentence=sentence,
        reasons=[because_words(one, case, known) for one in conflict.reasons] if conflict else [],
        changes=[change_words(problem, case, one, known) for one in found],
    )


def why_here(problem: Problem, plan: Plan, case: Case, known: Known) -> Why:
    """Return why a case is where a plan has it: what it waits, what sooner hearings answer, what it keeps."""
    hearing = problem.hearing_of[plan.placed[case.id]]
    return Why(
        ref=known.ref(case.id),
        is_placed=True,
        sentence=ended(f"Audience du {moment(hearing.period.start, known.zone)}, {_wait(case, hearing)}"),
        reasons=[
            *_kept(case, hearing),
            *_sooner(problem, plan, case, hearing),
            *_together(problem, plan, case, known),
        ],
        changes=[],
    )


def _wait(case: Case, hearing: Hearing) -> str:
    days = days_of_wait(case, hearing)
    waited = (
        f"{plural(days, 'jour')} après la fin du délai de convocation" if days else "dès que la convocation le permet"
    )
    return f"{waited}, échéance le {day(case.deadline_on)}" if case.deadline_on else waited


def _kept(case: Case, hearing: Hearing) -> list[str]:
    if case.hearing_id is None:
        return []
    told = ", et ses parties sont prévenues" if case.is_told else ""
    if case.hearing_id == hearing.id:
        stays = "figée" if case.lock is Lock.FROZEN else "déjà"
        return [f"Elle y est {stays}{told}."]
    return [f"Elle quitte une autre audience{told}."]


def _sooner(problem: Problem, plan: Plan, case: Case, hearing: Hearing) -> list[str]:
    """Say what the hearings answer that begin sooner, and after the notice."""
    if case.lock is Lock.FROZEN:
        return []
    tally = Tally(problem, plan)
    sooner = [one for one in problem.hearings if one.period.start < hearing.period.start and one.day >= case.ready_on]
    if not sooner:
        return ["C’est la première audience après la fin du délai de convocation."]
    answers = Counter(why_not(problem, case, one, plan.sittings.get(one.id), tally) for one in sooner)
    free = answers.pop(None, 0)
    said = [f"{REASON_WORDS[code]} ({count})" for code, count in answers.most_common() if code]
    if free:
        said.append(f"préférée pour l’ensemble du plan ({free})")
    return [f"{plural(len(sooner), 'audience')} plus tôt{NBSP}: {', '.join(said)}."]


def _together(problem: Problem, plan: Plan, case: Case, known: Known) -> list[str]:
    """Say whose other cases are heard there too."""
    lawyers = case.people & problem.lawyers
    here = plan.placed[case.id]
    others = Counter(
        lawyer
        for other_id, where in plan.placed.items()
        if where == here and other_id != case.id
        for lawyer in problem.case_of[other_id].people & lawyers
    )
    return [
        f"{known.name(lawyer)} y a aussi {plural(count, 'autre affaire', 'autres affaires')}{NBSP}: une seule venue."
        for lawyer, count in others.most_common()
    ]


def because_words(because: Because, case: Case, known: Known) -> str:
    """Return one reason of a conflict, with how many hearings it rules out."""
    who, count = because.bar.subject_id, because.hearings
    excluded = plural(count, "audience exclue", "audiences exclues")
    said = {
        "frozen": "Elle est figée dans une autre audience",
        "formation": f"Elle relève d’une {FORMATION_WORDS.get(case.formation or '', 'autre formation')}"
        if case.formation == "panel"
        else "Elle relève d’un juge unique",
        "after-deadline": f"Échéance légale le {day(case.deadline_on)}" if case.deadline_on else "Échéance légale",
        "before-ready": f"Délai de convocation jusqu’au {day(case.ready_on)}",
        "lawyer-away": f"{known.name(who)}, avocat de l’affaire, n’est pas disponible",
        "party-away": f"{known.name(who)} n’est pas disponible",
        "interpreter-away": f"{known.name(who)}, interprète, n’est pas disponible",
        "no-interpreter": f"Aucun interprète ({language(case.language)}) n’est disponible",
        "far-end-away": f"Aucune liaison libre avec {known.prison(who)}",
        "unstaffed": "Ni juge ni salle",
        "refused-judge": f"{known.name(who)} est écarté de cette affaire",
        "no-video": "La salle n’a pas de visioconférence",
        "quota": f"Quota de la matière atteint ({family(case.family)})",
        "video-slots": "Plus de créneau de visioconférence",
        "far-end-slots": f"Plus de créneau avec {known.prison(who)}",
        "cases": "Nombre d’affaires atteint",
        "minutes": f"Moins de {plural(case.minutes, 'minute')} libres",
    }[because.bar.code]
    return f"{said}{NBSP}: {excluded}."


def change_words(problem: Problem, case: Case, change: Change, known: Known) -> str:
    """Return what somebody could decide that would place the case, with the hearing and its day."""
    if change.kind is Kind.HEARING:
        return _one_more(problem, change, known)
    hearing = problem.hearing_of[change.hearing_id]
    at = moment(hearing.period.start, known.zone)
    there = f"à l’audience du {at}"
    who = change.subject_id
    if change.kind in (Kind.MOVE_CASE, Kind.MOVE_TOLD):
        to = moment(problem.hearing_of[change.to_hearing_id or 0].period.start, known.zone)
        told = " (ses parties sont déjà prévenues)" if change.kind is Kind.MOVE_TOLD else ""
        return f"Déplacer {known.ref(change.other_id)} du {at} au {to}{told}"
    return {
        Kind.MINUTES: f"{plural(change.minutes, 'minute')} de plus {there}",
        Kind.CASE: f"Une affaire de plus {there}",
        Kind.QUOTA: f"Une place de plus ({family(case.family)}) {there}",
        Kind.VIDEO_SLOT: f"Une visioconférence de plus {there}",
        Kind.FAR_END_SLOT: f"Un créneau de plus avec {known.prison(who)} le {at}",
        Kind.ROOM: f"{known.name(who)}, équipée pour la visioconférence, {there}",
        Kind.JUDGE: f"{known.name(who)} à la place du juge écarté, {there}",
        Kind.FAR_END: f"Une liaison avec {known.prison(who)} le {at}",
        Kind.PERSON: f"La présence de {known.name(who)} {there}",
        Kind.INTERPRETER: f"Un interprète ({language(change.language)}) le {at}",
    }[change.kind]


def _one_more(problem: Problem, change: Change, known: Known) -> str:
    like = problem.hearing_of[change.like_id or 0]
    weekday = format_date(change.day, "EEEE", locale=FRENCH)
    hours = f"de {hour(like.period.start, known.zone)} à {hour(like.period.end, known.zone)}"
    return f"Une audience de plus un {weekday}{NBSP}: le {long_day(change.day)}, {hours}"


def violation_words(problem: Problem, violation: Violation, known: Known) -> str:
    """Return what a plan made by hand breaks, and where."""
    said = VIOLATION_WORDS.get(violation.rule) or REASON_WORDS[violation.rule]
    subject = known.ref(violation.case_id) if violation.case_id else "Audience"
    hearing = problem.hearing_of.get(violation.hearing_id or 0)
    at = f", {moment(hearing.period.start, known.zone)}" if hearing else ""
    named = known.names.get(violation.resource_id or 0)
    who = f" ({named})" if named else ""
    return f"{subject}{at}{NBSP}: {said}{who}."


def language(code: str | None) -> str:
    """Return the French of a language."""
    if not code:
        return "langue non précisée"
    return SIGNED.get(code) or FRENCH.languages.get(code) or code
