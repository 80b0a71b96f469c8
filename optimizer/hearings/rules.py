"""Why a hearing does not take a case, rule by rule: plain and slow, it judges what the quick searches find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import VIDEO, Case, Hearing, Load, Lock, Problem, Role, Sitting

# Why a hearing does not take a case, in the order in which one would say it.
WHY_NOT = (
    "frozen",  # it stays in another hearing
    "formation",
    "after-deadline",
    "before-ready",
    "lawyer-away",
    "party-away",
    "interpreter-away",
    "no-interpreter",  # nobody who speaks the language is there
    "far-end-away",  # the prison shows nobody then
    "unstaffed",
    "refused-judge",
    "no-video",  # its room has none
    "quota",
    "video-slots",
    "far-end-slots",
    "cases",
    "minutes",
)
OF_THE_WHOLE = ("quota", "video-slots", "far-end-slots", "cases", "minutes")  # judged for the whole hearing
FREE = "free"  # nothing stands in the way: no plan of ours leaves such a case out
AWAY = {Role.LAWYER: "lawyer-away", Role.INTERPRETER: "interpreter-away"}  # anybody else: "party-away"


@dataclass(frozen=True, order=True, kw_only=True)
class Bar:
    """A rule of `WHY_NOT` that keeps a case out of a hearing, and whose: a person, a judge, a far end."""

    code: str
    subject_id: int | None = None


class Tally:
    """What is in each hearing, and how many links each far end shows in a day, while a plan is made."""

    def __init__(self, problem: Problem, plan: Plan | None = None) -> None:
        self.problem = problem
        self.loads: dict[int, Load] = {hearing.id: hearing.load for hearing in problem.hearings}
        self.links: Counter[tuple[int, date]] = Counter()
        for case_id, hearing_id in plan.placed.items() if plan else ():
            self.add(problem.case_of[case_id], problem.hearing_of[hearing_id])

    def add(self, case: Case, hearing: Hearing) -> None:
        """Put a case in a hearing."""
        self.loads[hearing.id] = self.loads[hearing.id].plus(case)
        if case.video_to is not None:
            self.links[case.video_to, hearing.day] += 1

    def lacking(self, case: Case, hearing: Hearing) -> list[Bar]:
        """Return what of `OF_THE_WHOLE` a hearing lacks for one case more."""
        lacking = [Bar(code=code) for code in hearing.lacking(case, self.loads[hearing.id])]
        if case.video_to is not None:
            most = self.problem.far_end_of[case.video_to].day_slots
            if most is not None and self.links[case.video_to, hearing.day] >= most:
                lacking.append(Bar(code="far-end-slots", subject_id=case.video_to))
        return lacking


def why_not(problem: Problem, case: Case, hearing: Hearing, sitting: Sitting | None, tally: Tally) -> str | None:
    """Return the first of `WHY_NOT` that keeps a case out of a hearing so staffed and so loaded, or None."""
    first = next(bars(problem, case, hearing, sitting), None)
    if first is not None:
        return first.code
    return min((bar.code for bar in tally.lacking(case, hearing)), key=WHY_NOT.index, default=None)


def bars(problem: Problem, case: Case, hearing: Hearing, sitting: Sitting | None) -> Iterator[Bar]:
    """Give all that keeps a case out of a hearing, were it alone there, in the order of `WHY_NOT`."""
    yield from _time_bars(case, hearing)
    yield from _people_bars(problem, case, hearing)
    if sitting is None:
        yield Bar(code="unstaffed")
        return
    for judge_id in sorted(case.refused_judges.intersection(sitting.judges)):
        yield Bar(code="refused-judge", subject_id=judge_id)
    room = problem.room_of.get(sitting.room_id)
    if case.video_to is not None and (room is None or not room.has((VIDEO,))):
        yield Bar(code="no-video")


def days_of_wait(case: Case, hearing: Hearing) -> int:
    """Return the days that a case waits beyond its notice."""
    return max((hearing.day - case.ready_on).days, 0)


def days_overdue(case: Case, hearing: Hearing) -> int:
    """Return the days between the day when a case was due and its hearing."""
    return 0 if case.due_on is None else max((hearing.day - case.due_on).days, 0)


def _time_bars(case: Case, hearing: Hearing) -> Iterator[Bar]:
    if case.lock is Lock.FROZEN and case.hearing_id != hearing.id:
        yield Bar(code="frozen")
    if None not in (case.formation, hearing.formation) and case.formation != hearing.formation:
        yield Bar(code="formation")
    if case.deadline_on is not None and hearing.day > case.deadline_on:
        yield Bar(code="after-deadline")
    if hearing.day < case.ready_on:
        yield Bar(code="before-ready")


def _people_bars(problem: Problem, case: Case, hearing: Hearing) -> Iterator[Bar]:
    away = [problem.person_of[one] for one in case.people if not problem.person_of[one].is_free(hearing.period)]
    found = [Bar(code=AWAY.get(person.role, "party-away"), subject_id=person.id) for person in away]
    yield from sorted(found, key=lambda bar: (WHY_NOT.index(bar.code), bar.subject_id))
    if case.language is not None:
        speaking = problem.interpreters.get(case.language, ())
        if not any(person.is_free(hearing.period) for person in speaking):
            yield Bar(code="no-interpreter")
    if case.video_to is not None and not problem.far_end_of[case.video_to].is_free(hearing.period):
        yield Bar(code="far-end-away", subject_id=case.video_to)
