"""A week of a proposal as a calendar: its hearings by room or by judge, what is new in each, and the same day by day.

`week_of` makes it of a problem, the plan in force and the one that is proposed; `plan_calendar` draws it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from booking.pages.planning_words import Gauge, gauge, people
from booking.plans.hearings import HearingLine
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Hearing, Load, Problem, Sitting
from portal.ui.dates import NBSP, day, hour, long_day, plural

FRIDAY = 4
VIEWS = (("salle", "Par salle"), ("juge", "Par juge"))
NOWHERE = {"salle": "Sans salle", "juge": "Sans juge"}
# What becomes of a hearing: the word, and the badge that says it; a hearing that stays as it is says nothing.
STATUS_WORDS = {
    "new": ("confiée", "success"),
    "reseated": ("confiée à d’autres", "info"),
    "lost": ("n’est plus tenue", "error"),
    "unheld": ("sans juge ni salle", "warning"),
    "same": ("", ""),
}


@dataclass(frozen=True)
class PlanBlock:
    """A hearing in its week. `change`: the cases that come and go, in words; `label` says it all."""

    id: str
    hours: str
    title: str
    who: str
    word: str
    badge: str
    change: str
    gauges: list[Gauge]
    label: str


@dataclass(frozen=True)
class PlanCell:
    """What a room or a judge has on a day."""

    day: str
    blocks: list[PlanBlock]


@dataclass(frozen=True)
class PlanLane:
    """A room or a judge, and their week."""

    id: str
    label: str
    cells: list[PlanCell]


@dataclass(frozen=True)
class PlanDay:
    """A day of the week, with its hearings by hour: what a phone shows."""

    day: str
    head: str
    label: str
    blocks: list[PlanBlock]


@dataclass(frozen=True)
class PlanWeek:
    """A week of a proposal. `before` and `after`: the Mondays of the weeks with hearings around it, "" for none."""

    monday: str = ""
    period: str = ""
    summary: str = ""
    view: str = VIEWS[0][0]
    before: str = ""
    after: str = ""
    days: list[PlanDay] = field(default_factory=list)
    lanes: list[PlanLane] = field(default_factory=list)


def week_of(
    problem: Problem,
    in_force: Plan,
    plan: Plan,
    lines: Collection[HearingLine],
    names: Mapping[int, str],
    *,
    view: str = "salle",
    monday: date | None = None,
) -> PlanWeek:
    """Return a week of a plan beside the one in force: that of a Monday, or the first one in which something changes.

    `lines` are the hearings with their names, `names` those of judges, clerks and rooms. An unknown view is the first.
    """
    if not problem.hearings:
        return PlanWeek(summary="Aucune audience sur cette période.")
    shown = _Shown(problem, in_force, plan, {one.hearing.id: one for one in lines}, names)
    view = view if view in NOWHERE else VIEWS[0][0]
    mondays = sorted({_monday(one.day) for one in problem.hearings})
    monday = _monday(monday) if monday is not None else shown.first_change() or mondays[0]
    here = [one for one in problem.hearings if _monday(one.day) == monday]
    last = max([FRIDAY, *(one.day.weekday() for one in here)])
    days = [monday + timedelta(days=number) for number in range(last + 1)]
    blocks = {one.id: shown.block(one, view) for one in here}
    return PlanWeek(
        monday=monday.isoformat(),
        period=f"Semaine du {day(monday, year=True)}",
        summary=shown.summary(here),
        view=view,
        before=max((one.isoformat() for one in mondays if one < monday), default=""),
        after=min((one.isoformat() for one in mondays if one > monday), default=""),
        days=[
            PlanDay(
                day=one.isoformat(),
                head=day(one),
                label=long_day(one).capitalize(),
                blocks=[blocks[each.id] for each in here if each.day == one],
            )
            for one in days
        ],
        lanes=[
            PlanLane(
                id=str(lane or ""),
                label=names.get(lane, "?") if lane else NOWHERE[view],
                cells=[
                    PlanCell(day=one.isoformat(), blocks=[blocks[each.id] for each in theirs if each.day == one])
                    for one in days
                ],
            )
            for lane, theirs in shown.lanes(here, view)
        ],
    )


class _Shown:
    """A plan beside the one in force, hearing by hearing."""

    def __init__(
        self,
        problem: Problem,
        in_force: Plan,
        plan: Plan,
        lines: Mapping[int, HearingLine],
        names: Mapping[int, str],
    ) -> None:
        self.problem, self.lines, self.names = problem, lines, names
        self.before, self.after = in_force, _known(problem, plan)
        self.loads = self.before.loads(problem), self.after.loads(problem)
        moved = [
            (case_id, self.before.placed.get(case_id), self.after.placed.get(case_id))
            for case_id in {**self.before.placed, **self.after.placed}
        ]
        self.left = Counter(was for _, was, now in moved if was is not None and was != now)
        self.came = Counter(now for _, was, now in moved if now is not None and was != now)

    def first_change(self) -> date | None:
        """Return the Monday of the first week in which something changes."""
        changed = (
            one.day
            for one in self.problem.hearings
            if self.left[one.id] or self.came[one.id] or self.status(one) not in ("same", "unheld")
        )
        return next((_monday(one) for one in changed), None)

    def status(self, hearing: Hearing) -> str:
        """Return what becomes of a hearing: one of STATUS_WORDS."""
        was, now = self.before.sittings.get(hearing.id), self.after.sittings.get(hearing.id)
        if was == now:
            return "same" if now else "unheld"
        if was is None:
            return "new"
        return "reseated" if now else "lost"

    def sitting(self, hearing: Hearing) -> Sitting | None:
        """Return who holds a hearing, or held it if nobody does any more."""
        return self.after.sittings.get(hearing.id) or self.before.sittings.get(hearing.id)

    def lanes(self, here: Sequence[Hearing], view: str) -> list[tuple[int | None, list[Hearing]]]:
        """Return each room, or each judge, that has something that week, by name; then what nobody has."""
        found: dict[int | None, list[Hearing]] = {}
        for one in here:
            sitting = self.sitting(one)
            lanes: tuple[int | None, ...] = (None,)
            if sitting is not None:
                lanes = sitting.judges if view == "juge" else (sitting.room_id,)
            for lane in lanes:
                found.setdefault(lane, []).append(one)
        return sorted(found.items(), key=lambda one: (one[0] is None, self.names.get(one[0] or 0, "")))

    def block(self, hearing: Hearing, view: str) -> PlanBlock:
        """Return a hearing as the calendar shows it."""
        line, sitting = self.lines.get(hearing.id), self.sitting(hearing)
        zone = ZoneInfo(line.time_zone) if line else ZoneInfo("UTC")
        hours = f"{hour(hearing.period.start, zone)}{NBSP}– {hour(hearing.period.end, zone)}"
        title = line.name if line else "Audience"
        word, badge = STATUS_WORDS[self.status(hearing)]
        who, change = self._beside(sitting, view), self._change(hearing)
        gauges = self._gauges(hearing)
        counted = ", ".join(f"{one.label.lower()} {one.text}" for one in gauges)
        said = [title, day(hearing.day), hours, people(sitting, self.names), word, change, counted]
        return PlanBlock(
            id=str(hearing.id),
            hours=hours,
            title=title,
            who=who,
            word=word,
            badge=badge,
            change=change,
            gauges=gauges,
            label=", ".join(one for one in said if one),
        )

    def _beside(self, sitting: Sitting | None, view: str) -> str:
        """Return who else is there: the judges of a room, the room of a judge."""
        if sitting is None:
            return ""
        ids = (sitting.room_id,) if view == "juge" else sitting.judges
        return ", ".join(self.names.get(one, "?") for one in ids)

    def _change(self, hearing: Hearing) -> str:
        came, left = self.came[hearing.id], self.left[hearing.id]
        said = [plural(came, "affaire de plus", "affaires de plus") if came else ""]
        said.append(plural(left, "affaire en part", "affaires en partent") if left else "")
        return ", ".join(one for one in said if one)

    def _gauges(self, hearing: Hearing) -> list[Gauge]:
        """Return how full it is; what stays is drawn plainly, whether the rest comes or goes."""
        before, after = (loads[hearing.id] for loads in self.loads)
        counted = [
            gauge("Affaires", before.cases, after.cases, hearing.max_cases),
            gauge("Minutes", before.minutes, after.minutes, hearing.max_minutes),
        ]
        return [replace(one, percent=min(one.percent, one.after), after=max(one.percent, one.after)) for one in counted]

    def summary(self, here: Sequence[Hearing]) -> str:
        """Return what changes in a week, in a sentence."""
        statuses = Counter(self.status(one) for one in here)
        loads: list[Load] = [self.loads[1][one.id] for one in here]
        cases = sum(one.cases for one in loads)
        said = [plural(len(here), "audience"), plural(cases, "affaire")]
        came = sum(self.came[one.id] for one in here)
        said.append(plural(came, "affaire y arrive", "affaires y arrivent") if came else "")
        for status, words in (
            ("new", ("audience est confiée", "audiences sont confiées")),
            ("reseated", ("audience change de mains ou de salle", "audiences changent de mains ou de salle")),
            ("lost", ("audience n’est plus tenue", "audiences ne sont plus tenues")),
        ):
            said.append(plural(statuses[status], *words) if statuses[status] else "")
        return ", ".join(one for one in said if one) + "."


def _known(problem: Problem, plan: Plan) -> Plan:
    """Return what of a plan is still of the problem: it may be older."""
    sittings = {one: sitting for one, sitting in plan.sittings.items() if one in problem.hearing_of}
    placed = {
        case_id: hearing_id
        for case_id, hearing_id in plan.placed.items()
        if case_id in problem.case_of and hearing_id in problem.hearing_of
    }
    return Plan(sittings=sittings, placed=placed)


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())
