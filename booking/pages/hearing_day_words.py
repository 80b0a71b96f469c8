"""What the page of a day in court says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from booking.hearing_day import Possible
from booking.hearing_day_models import Stage
from booking.hearing_list import CaseOnList, HearingOnDay
from booking.models import State
from booking.pages.hours_words import capital
from booking.pages.planning_words import family
from portal.ui.dates import NBSP, hour, moment, plural

PATH = "/audiences/jour"
NO_ROOM = "salle à préciser"
NOBODY = "juge à désigner"
STAGES = {
    Stage.WAITING: ("", ""),
    Stage.CALLED: ("appelée", "new"),
    Stage.RUNNING: ("en cours", "info"),
    Stage.POSTPONED: ("renvoyée", "warning"),
}
ENDED = {State.HONOURED: ("entendue", "success"), State.MISSED: ("absence", "error")}
NOBODY_TOLD = "Personne n’y est convoqué par PlaceJuste : avisez les parties."
TOLD = "Les personnes convoquées sont prévenues."
COUNSEL_TOLD = "Leurs avocats sont prévenus."
TO_CONVENE = "Convoquez la personne à cette date."
TELL_AGAIN = "Si la personne convoquée a déjà reçu la nouvelle date, appelez-la : l’audience a commencé."
BACK = {
    Stage.WAITING: "L’affaire attend de nouveau.",
    Stage.CALLED: "L’affaire est de nouveau appelée.",
    Stage.RUNNING: "L’affaire est de nouveau en cours.",
}


@dataclass(frozen=True)
class HearingTab:
    """A hearing of the day, to choose."""

    id: str
    when: str
    kind: str
    where: str
    count: str
    href: str


@dataclass(frozen=True)
class CaseRow:
    """A case of the list, with what may be done with it."""

    id: str
    rank: str
    at: str
    label: str
    name: str
    facts: str
    stage_code: str
    stage: str
    badge: str
    note: str
    can_call: bool
    can_begin: bool
    can_end: bool
    can_miss: bool
    can_postpone: bool
    can_step_back: bool
    is_somebody: bool
    is_convened: bool
    has_counsel: bool
    is_over: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Elsewhere:
    """A hearing to which a case may be postponed."""

    id: str
    label: str


def day_address(day: date | str, hearing: int | str = "") -> str:
    """Return the address of a day, and of one of its hearings."""
    return f"{PATH}/?jour={day}" + (f"&audience={hearing}" if hearing else "")


def tab(one: HearingOnDay, day: date) -> HearingTab:
    """Return a hearing to choose."""
    left = sum(not case.is_over for case in one.cases)
    count = "aucune affaire" if not one.cases else f"{plural(left, 'affaire')} à prendre sur {len(one.cases)}"
    return HearingTab(
        id=str(one.id),
        when=hour(one.starts_at, one.zone),
        kind=capital(one.kind),
        where=one.room or NO_ROOM,
        count=count,
        href=day_address(day, one.id),
    )


def title(one: HearingOnDay) -> str:
    """Return what a hearing is, when and where."""
    return (
        f"{capital(one.kind)}, {hour(one.starts_at, one.zone)} – {hour(one.ends_at, one.zone)}, {one.room or NO_ROOM}"
    )


def holders(one: HearingOnDay) -> str:
    """Return who holds a hearing, and what is in it."""
    minutes = sum(case.minutes for case in one.cases)
    who = ", ".join(name for name in (one.judge, one.clerk) if name) or NOBODY
    return f"{who} · {plural(len(one.cases), 'affaire')} sur {one.max_cases} · {minutes} min sur {one.max_minutes}"


def rows(one: HearingOnDay) -> list[CaseRow]:
    """Return the lines of a list."""
    return [_row(one, case, number) for number, case in enumerate(one.cases)]


def elsewhere(found: Sequence[Possible]) -> list[Elsewhere]:
    """Return the hearings to which a case may be postponed, each with its room left."""
    return [
        Elsewhere(
            str(one.hearing_id),
            f"{moment(one.starts_at, one.zone)} – {one.name} – {plural(one.cases_left, 'place')},"
            f" {one.minutes_left}{NBSP}min libres" + (f" – {one.away} indisponible" if one.away else ""),
        )
        for one in found
    ]


def told(case: CaseRow, *, is_next: bool = False) -> str:
    """Return who is told of the new date of a case, and who is to be; `is_next`: of one that is heard already."""
    is_somebody, words = (case.is_somebody, TO_CONVENE) if is_next else (case.is_convened, TOLD)
    people = words if is_somebody else NOBODY_TOLD
    return f"{people} {COUNSEL_TOLD}" if case.has_counsel else people


def _row(hearing: HearingOnDay, case: CaseOnList, number: int) -> CaseRow:
    stage, kind = STAGES.get(case.stage) or ENDED.get(case.state, ("terminée", ""))
    moved = f"au {moment(case.moved_on, hearing.zone)}" if case.moved_on and case.stage is Stage.POSTPONED else ""
    heard = case.began_at if case.stage is Stage.DONE else None
    after = f"suite le {moment(case.next_on, hearing.zone)}" if case.next_on and case.stage is Stage.DONE else ""
    note = moved or after or (f"commencée à {hour(heard, hearing.zone)}" if heard else "")
    return CaseRow(
        id=str(case.booking_id),
        rank=str(case.rank),
        at="" if case.is_over else hour(case.expected_at, hearing.zone),
        label=case.case_ref or f"Affaire n°{NBSP}{case.rank}",
        name=case.name,
        facts=f"{capital(family(case.family))}, {case.minutes}{NBSP}min",
        stage_code=case.stage,
        stage=stage,
        badge=kind,
        note=note,
        can_call=case.stage is Stage.WAITING,
        can_begin=case.stage in (Stage.WAITING, Stage.CALLED),
        can_end=case.stage is Stage.RUNNING,
        can_miss=case.stage in (Stage.WAITING, Stage.CALLED),
        can_postpone=not case.is_over,
        can_step_back=case.stage is not Stage.WAITING,
        is_somebody=case.is_somebody,
        is_convened=case.is_convened,
        has_counsel=case.has_counsel,
        is_over=case.is_over,
        is_first=number == 0,
        is_last=number == len(hearing.cases) - 1,
    )
