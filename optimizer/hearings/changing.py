"""One change that somebody can decide, and what a problem and a plan are once it is made: see changes.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from availability.periods import Period, subtract
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Bench, Case, FarEnd, Hearing, Load, Person, Problem, Role, Sitting
from optimizer.hearings.staffing import Roster


class Kind(StrEnum):
    """What is changed, the least trouble first."""

    MOVE_CASE = "move-case"  # another case goes elsewhere
    MINUTES = "minutes"  # the hearing lasts longer
    CASE = "case"  # the hearing takes one case more
    QUOTA = "quota"  # … one more of this family
    VIDEO_SLOT = "video-slot"
    FAR_END_SLOT = "far-end-slot"
    ROOM = "room"  # another room, with a video link
    JUDGE = "judge"  # another judge sits
    MOVE_TOLD = "move-told"  # another case goes elsewhere, whose people were told
    FAR_END = "far-end"  # the prison is there on that day
    PERSON = "person"  # somebody who is away comes
    INTERPRETER = "interpreter"  # somebody who speaks the language comes
    HEARING = "hearing"  # one more


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, in or of the hearing where the case would then go.

    `subject_id`: the person, judge, room or far end. `other_id` goes to `to_hearing_id`. A hearing more has the
    number `hearing_id`, and is held as `like_id` is, on another day.
    """

    kind: Kind
    hearing_id: int
    day: date
    minutes: int = 0
    subject_id: int | None = None
    language: str | None = None
    other_id: UUID | None = None
    to_hearing_id: int | None = None
    like_id: int | None = None

    @property
    def size(self) -> tuple[int, int, date]:
        """Return what orders changes: the trouble, then the minutes, then the day."""
        return (list(Kind).index(self.kind), self.minutes, self.day)


def applied(problem: Problem, plan: Plan, case_id: UUID, change: Change) -> tuple[Problem, Plan]:
    """Return the problem and the plan once the change is made and the case placed."""
    sittings, placed = dict(plan.sittings), {**plan.placed, case_id: change.hearing_id}
    if change.kind in (Kind.MOVE_CASE, Kind.MOVE_TOLD):
        assert change.other_id is not None and change.to_hearing_id is not None  # noqa: S101, PT018 - says the types
        placed[change.other_id] = change.to_hearing_id
    elif change.kind is Kind.HEARING:
        problem = _with_hearing(problem, change)
        sittings = held_with(problem, plan, problem.hearing_of[change.hearing_id])
    elif change.kind in (Kind.ROOM, Kind.JUDGE):
        problem, sitting = _with_sitting(problem, plan, problem.case_of[case_id], change)
        sittings[change.hearing_id] = sitting
    else:
        problem = _with_more(problem, problem.case_of[case_id], change)
    return problem, Plan(sittings=sittings, placed=placed)


def held_with(problem: Problem, plan: Plan, added: Hearing) -> dict[int, Sitting]:
    """Return the sittings of the plan, and one of the hearing that is added if somebody can hold it."""
    roster = Roster(problem)
    for hearing in problem.hearings:
        if hearing.id in plan.sittings and hearing.decided is None:
            roster.keep(hearing, plan.sittings[hearing.id])
    roster.staff(added)
    return roster.sittings


def like_on(hearing: Hearing, change: Change) -> Hearing:
    """Return the hearing that a change adds: as another one is, on its day, and empty."""
    shift = timedelta(days=(change.day - hearing.day).days)
    period = Period(hearing.period.start + shift, hearing.period.end + shift)
    return replace(hearing, id=change.hearing_id, day=change.day, period=period, load=Load(), sitting=None)


def _with_hearing(problem: Problem, change: Change) -> Problem:
    added = like_on(problem.hearing_of[change.like_id or 0], change)
    return replace(problem, hearings=(*problem.hearings, added))


def _with_sitting(problem: Problem, plan: Plan, case: Case, change: Change) -> tuple[Problem, Sitting]:
    sitting, hearing = plan.sittings[change.hearing_id], problem.hearing_of[change.hearing_id]
    assert change.subject_id is not None  # noqa: S101 - says the type
    if change.kind is Kind.ROOM:
        changed = replace(sitting, room_id=change.subject_id)
    else:
        bench = next(one for one in problem.benches if one.judge_id == change.subject_id)
        changed = stood_in(sitting, case, bench)
    if hearing.decided is None:
        return problem, changed
    return _with_hearing_as(problem, replace(hearing, sitting=changed)), changed


def stood_in(sitting: Sitting, case: Case, bench: Bench) -> Sitting:
    """Return the sitting with this judge, and their clerk if they have their own, for the one that a case refuses."""
    if sitting.judge_id in case.refused_judges:
        clerk_id = sitting.clerk_id if bench.clerk_id is None else bench.clerk_id
        return replace(sitting, judge_id=bench.judge_id, clerk_id=clerk_id)
    panel = tuple(bench.judge_id if one in case.refused_judges else one for one in sitting.panel)
    return replace(sitting, panel=panel)


def _with_more(problem: Problem, case: Case, change: Change) -> Problem:
    hearing = problem.hearing_of[change.hearing_id]
    more: dict[Kind, dict[str, Any]] = {
        Kind.MINUTES: {"max_minutes": hearing.max_minutes + change.minutes},
        Kind.CASE: {"max_cases": hearing.max_cases + 1},
        Kind.QUOTA: {"quotas": {one: most + case.family.startswith(one) for one, most in hearing.quotas.items()}},
        Kind.VIDEO_SLOT: {"video_slots": (hearing.video_slots or 0) + 1},
    }
    if change.kind in more:
        return _with_hearing_as(problem, replace(hearing, **more[change.kind]))
    if change.kind is Kind.INTERPRETER:
        number = max((one.id for one in problem.people), default=0) + 1
        came = Person(id=number, role=Role.INTERPRETER, languages=(change.language or "",))
        return replace(problem, people=(*problem.people, came))
    if change.kind is Kind.PERSON:
        people = tuple(_there(one, hearing) if one.id == change.subject_id else one for one in problem.people)
        return replace(problem, people=people)
    ends = tuple(_shown(one, hearing, change.kind) if one.id == change.subject_id else one for one in problem.far_ends)
    return replace(problem, far_ends=ends)


def _with_hearing_as(problem: Problem, changed: Hearing) -> Problem:
    return replace(problem, hearings=tuple(changed if one.id == changed.id else one for one in problem.hearings))


def _there(person: Person, hearing: Hearing) -> Person:
    return replace(person, away=tuple(part for one in person.away for part in subtract(one, [hearing.period])))


def _shown(end: FarEnd, hearing: Hearing, kind: Kind) -> FarEnd:
    if kind is Kind.FAR_END_SLOT:
        return replace(end, day_slots=(end.day_slots or 0) + 1)
    return replace(end, away=tuple(part for one in end.away for part in subtract(one, [hearing.period])))
