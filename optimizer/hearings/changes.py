"""The smallest changes that would place a case: each is one thing that somebody can decide, and can be tried.

"One more session on a Thursday", "an interpreter on the 12th", "twenty minutes more": what the law or the file says
(notice, deadline, formation) is nobody's to change, and never proposed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from optimizer.hearings.changing import Change, Kind, held_with, like_on, stood_in
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import VIDEO, Case, Hearing, Load, Lock, Problem, Role, Sitting
from optimizer.hearings.rules import Bar, Tally, bars, why_not

MOST_DAYS_TRIED = 20  # for a hearing more
MOST_DAYS_AHEAD = 120
SATURDAY = 5


LIFTED = {
    "cases": Kind.CASE,
    "quota": Kind.QUOTA,
    "video-slots": Kind.VIDEO_SLOT,
    "far-end-slots": Kind.FAR_END_SLOT,
    "far-end-away": Kind.FAR_END,
    "lawyer-away": Kind.PERSON,
    "party-away": Kind.PERSON,
    "interpreter-away": Kind.PERSON,
}


def changes(problem: Problem, plan: Plan, case_id: UUID) -> tuple[Change, ...]:
    """Return what would place the case, the least trouble first; at most one change of each kind, the earliest.

    Raises: KeyError for an unknown case.
    """
    case = problem.case_of[case_id]
    if case.lock is Lock.FROZEN:
        return ()
    finder = _Finder(problem, plan, case)
    found: dict[Kind, Change] = {}
    for one in (*finder.in_hearings(), *finder.more_hearings()):
        if one.kind not in found or one.size < found[one.kind].size:
            found[one.kind] = one
    return tuple(sorted(found.values(), key=lambda one: one.size))


class _Finder:
    """One case, and the plan that has no place for it."""

    def __init__(self, problem: Problem, plan: Plan, case: Case) -> None:
        self.problem, self.plan, self.case = problem, plan, case
        self.tally = Tally(problem, plan)
        self.inside: dict[int, list[Case]] = defaultdict(list)
        for case_id, hearing_id in plan.placed.items():
            self.inside[hearing_id].append(problem.case_of[case_id])

    def in_hearings(self) -> Iterator[Change]:
        """Give what would place the case in a hearing that there is."""
        for hearing in self.problem.hearings:
            sitting = self.plan.sittings.get(hearing.id)
            if sitting is None:
                continue
            own = list(bars(self.problem, self.case, hearing, sitting))
            full = self.tally.lacking(self.case, hearing)
            if len(own) + len(full) == 1:
                yield from self._lifting(hearing, (own or full)[0])
            if full and not own:
                yield from self._moves(hearing)

    def _lifting(self, hearing: Hearing, bar: Bar) -> Iterator[Change]:
        """Give the change that lifts the only rule in the way, when somebody can decide it."""
        here = Change(kind=Kind.CASE, hearing_id=hearing.id, day=hearing.day)
        if bar.code in LIFTED:
            yield replace(here, kind=LIFTED[bar.code], subject_id=bar.subject_id)
        elif bar.code == "minutes":
            lasts = hearing.max_minutes + hearing.overtime_minutes
            missing = self.tally.loads[hearing.id].minutes + self.case.minutes - lasts
            yield replace(here, kind=Kind.MINUTES, minutes=missing)
        elif bar.code == "no-interpreter":
            yield replace(here, kind=Kind.INTERPRETER, language=self.case.language)
        elif bar.code == "no-video":
            yield from (replace(here, kind=Kind.ROOM, subject_id=one) for one in self._filmed_rooms(hearing))
        elif bar.code == "refused-judge":
            yield from (replace(here, kind=Kind.JUDGE, subject_id=one) for one in self._other_judges(hearing))

    def _moves(self, hearing: Hearing) -> Iterator[Change]:
        """Give, for each kind of move, the first case of a full hearing that can go elsewhere and leaves room."""
        seen: set[Kind] = set()
        for other in self.inside[hearing.id]:
            kind = Kind.MOVE_TOLD if other.is_told else Kind.MOVE_CASE
            if kind in seen or other.lock is Lock.FROZEN or not self._leaves_room(hearing, other):
                continue
            to_id = next((one.id for one in self.problem.hearings if self._takes(one, other, hearing)), None)
            if to_id is not None:
                seen.add(kind)
                here = Change(kind=kind, hearing_id=hearing.id, day=hearing.day, subject_id=None)
                yield replace(here, other_id=other.id, to_hearing_id=to_id)

    def _takes(self, elsewhere: Hearing, other: Case, hearing: Hearing) -> bool:
        sitting = self.plan.sittings.get(elsewhere.id)
        return elsewhere.id != hearing.id and why_not(self.problem, other, elsewhere, sitting, self.tally) is None

    def _leaves_room(self, hearing: Hearing, other: Case) -> bool:
        """Say whether the case fits once the other has left; slots of a far end are not counted on."""
        load = self.tally.loads[hearing.id]
        left = Load(
            cases=load.cases - 1,
            minutes=load.minutes - other.minutes,
            families={**load.families, other.family: load.families[other.family] - 1},
            links=load.links - (other.video_to is not None),
        )
        lacking = {bar.code for bar in self.tally.lacking(self.case, hearing)}
        return "far-end-slots" not in lacking and not hearing.lacking(self.case, left)

    def _met(self, hearing: Hearing) -> list[Sitting]:
        sittings = self.plan.sittings
        return [sittings[one] for one in self.problem.at_the_same_time[hearing.id] if one in sittings]

    def _filmed_rooms(self, hearing: Hearing) -> Iterator[int]:
        taken = {sitting.room_id for sitting in self._met(hearing)}
        for room in self.problem.rooms:
            if room.id not in taken and room.has((VIDEO, *hearing.equipment)) and room.is_free(hearing.period):
                yield room.id
                return

    def _other_judges(self, hearing: Hearing) -> Iterator[int]:
        """Give a judge who could sit instead of the one that the case refuses, with the same cases."""
        sitting = self.plan.sittings[hearing.id]
        busy = {person for one in self._met(hearing) for person in one.people}
        refused = self.case.refused_judges.union(*(one.refused_judges for one in self.inside[hearing.id]))
        clerks = {one.id for one in self.problem.having(Role.CLERK)}
        for bench in self.problem.benches:
            clerk_id = stood_in(sitting, self.case, bench).clerk_id
            has_clerk = clerk_id in clerks if bench.clerk_id is None else clerk_id not in busy
            is_there = bench.sits_in(hearing.formation) and bench.is_free(hearing.period)
            if has_clerk and is_there and bench.judge_id not in busy | refused | set(sitting.judges):
                yield bench.judge_id
                return

    def more_hearings(self) -> Iterator[Change]:
        """Give the first day when one more hearing, like one that there is, can be held and take the case."""
        like = next((one for one in self.problem.hearings if self._is_its_kind(one)), None)
        if like is None:
            return
        number, tried = max(one.id for one in self.problem.hearings) + 1, 0
        first = max(self.case.ready_on, self.problem.hearings[0].day)
        last = first + timedelta(days=MOST_DAYS_AHEAD)
        for day in days_between(first, min(last, self.case.deadline_on or last)):
            change = Change(kind=Kind.HEARING, hearing_id=number, day=day, like_id=like.id)
            added = like_on(like, change)
            if {bar.code for bar in bars(self.problem, self.case, added, None)} != {"unstaffed"}:
                continue
            if self._can_be_held(added):
                yield change
                return
            tried += 1
            if tried == MOST_DAYS_TRIED:
                return

    def _is_its_kind(self, hearing: Hearing) -> bool:
        barred = {bar.code for bar in bars(self.problem, self.case, hearing, None)}
        return "formation" not in barred and hearing.lacks(self.case, Load()) is None

    def _can_be_held(self, added: Hearing) -> bool:
        wider = replace(self.problem, hearings=(*self.problem.hearings, added))
        sitting = held_with(wider, self.plan, added).get(added.id)
        return why_not(wider, self.case, added, sitting, Tally(wider, self.plan)) is None


def days_between(first: date, last: date) -> Iterator[date]:
    """Give the days of the week on which courts sit, both ends included."""
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day.weekday() < SATURDAY:
            yield day
