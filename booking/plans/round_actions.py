"""A plan of rounds applied, wholly or in part, and an application taken back.

New visits are booked and others moved by the acts of fittings, a savepoint each: what is refused meanwhile is told with
its reason, and the rest is applied. People who were convened are moved last. See docs/locking.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import lock
from availability.errors import NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.rights import Actor
from availability.statements import run as execute
from booking.errors import AlreadyDecided, QuotaReached, SlotUnfit
from booking.fitting_actions import book_offer, give_back, move_visit
from booking.fitting_models import FittingRequest
from booking.fitting_queries import OPEN, RequestLine, Stage, request_for
from booking.models import Booking
from booking.persons import keep_person
from booking.plans.kept import Application, Refused, plan_in, scope_of
from booking.plans.models import OptimizerRun
from booking.plans.round_days import instant_at
from booking.plans.rounds import teams_of, told_of
from optimizer.rounds.plan import Plan

# Why something was not applied, by the refusal that said so; the French is in booking/pages/plan_rounds_words.py.
WHY: Mapping[type[Refusal], str] = {
    SlotUnfit: "unfit",
    PeriodTaken: "taken",
    NotOpen: "closed",
    QuotaReached: "quota",
    NotFound: "gone",
    AlreadyDecided: "changed",
}
# Where a booking was when the plan was asked for: as its first move since then left it. None: it did not move.
WAS_AT = text("""
    SELECT facts -> 'from' AS place FROM history
    WHERE subject = 'booking' AND subject_id = :id AND act = 'booking-moved' AND at > :since ORDER BY id LIMIT 1""")
# A visit that stood when the plan was asked for, and was given back since: whoever did it knows why.
GIVEN_BACK_SINCE = text("""
    SELECT 1 FROM fitting_visit v JOIN history h ON h.subject = 'fitting_request'
      AND h.subject_id = CAST(v.request_id AS text) AND h.act = 'fitting-given-back'
      AND h.facts ->> 'booking_id' = CAST(v.booking_id AS text)
    WHERE v.request_id = :id AND v.at <= :since AND h.at > :since""")


class ChangedSince(Refusal):
    """Somebody decided otherwise of this visit after the plan was asked for."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Where a plan places a visit."""

    item: str
    team_id: int
    start: datetime

    @property
    def request_id(self) -> UUID:
        """Return whose visit it is."""
        return UUID(self.item)


@dataclass(kw_only=True)
class Done:
    """What an application did, by request: the bookings that it made, those that it moved and from where."""

    bookings: dict[str, str] = field(default_factory=dict)
    moves: dict[str, list[Any]] = field(default_factory=dict)  # booking, from: team and start, to: team and start
    already: list[str] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)


def apply_plan(
    session: Session, actor: Actor, run: OptimizerRun, items: Collection[str] | None, *, now: datetime
) -> Application:
    """Book and move the visits that a run proposes: all of them, or those of these requests.

    What is there already stays as it is, so a second application adds nothing. A savepoint each.
    Raises: NotAllowed.
    """
    goals = goals_of(session, run)
    wanted = [one for one in goals if items is None or one.item in items]
    done = Done()
    lines = _locked(session, actor, wanted, now=now)
    gone = [one for one in wanted if one.item not in lines]
    done.refused |= {one.item: Refused(why="gone", item=one.item, facts=_facts(one)) for one in gone}
    told = told_of(session, lines.values())
    applying = _Applying(session=session, actor=actor, run=run, now=now, done=done)
    waiting = [one for one in wanted if one.item in lines]
    applying.all(sorted(waiting, key=lambda one: (one.item in told, one.start, one.item)), lines)
    run.applied = {
        "bookings": run.applied.get("bookings", {}) | done.bookings,
        "moves": _first_from(run.applied.get("moves", {}), done.moves),
        "refused": [[one.item, one.why, dict(one.facts)] for one in done.refused.values()],
    }
    return Application(
        done=(*done.bookings, *done.moves), already=tuple(done.already), refused=tuple(done.refused.values())
    )


def _first_from(before: Mapping[str, list[Any]], moves: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the moves of a run, each from where it was first."""
    merged = dict(before)
    for item, move in moves.items():
        merged[item] = [move[0], *before[item][1:3], *move[3:]] if item in before else move
    return merged


def take_back(session: Session, actor: Actor, run: OptimizerRun, *, now: datetime) -> int:
    """Give back the visits that were booked, and move the others back, where they still are as the run left them."""
    bookings, moves = run.applied.get("bookings", {}), run.applied.get("moves", {})
    goals = {one.item: one for one in goals_of(session, run) if one.item in bookings or one.item in moves}
    lines = _locked(session, actor, goals.values(), now=now, more={move[1] for move in moves.values()})
    backs: list[Goal] = []
    count = 0
    for item, line in sorted(lines.items()):
        if line.stage is not Stage.BOOKED or not _is_there(line, goals[item]) or goals[item].start <= now:
            continue
        if bookings.get(item) == str(line.booking_id):
            give_back(session, actor, line.id, now=now)
            count += 1
        elif item in moves and moves[item][0] == str(line.booking_id):
            backs.append(Goal(item=item, team_id=moves[item][1], start=datetime.fromisoformat(moves[item][2])))
    while backs:
        left = [one for one in backs if not _moved_back(session, actor, one, now=now)]
        count += len(backs) - len(left)
        if len(left) == len(backs):
            break
        backs = left
    return count


def _moved_back(session: Session, actor: Actor, goal: Goal, *, now: datetime) -> bool:
    try:
        with session.begin_nested():
            move_visit(session, actor, goal.request_id, goal.team_id, goal.start, now=now)
    except NotAllowed:
        raise
    except Refusal:
        return False
    return True


def goals_of(session: Session, run: OptimizerRun) -> list[Goal]:
    """Return where the plan of a run places visits, in order."""
    plan: Plan | None = plan_in("rounds", run.plan)
    scope = scope_of(run)
    teams = teams_of(session, scope)
    return [
        Goal(
            item=stop.request_id,
            team_id=one.team_id,
            start=instant_at(one.day, stop.start_s // 60, teams[one.team_id].zone),
        )
        for one in (plan.rounds if plan else ())
        for stop in one.stops
        if ":" not in stop.request_id and one.team_id in teams  # what is there for others to see has a name of its own
    ]


@dataclass(frozen=True, kw_only=True)
class _Applying:
    """One application as it goes."""

    session: Session
    actor: Actor
    run: OptimizerRun
    now: datetime
    done: Done

    def all(self, goals: list[Goal], lines: Mapping[str, RequestLine]) -> None:
        """Do all that can be, again as long as something can: one leaves the slot that another takes."""
        count = -1
        while goals and len(goals) != count:
            count, left = len(goals), []
            for goal in goals:
                if not self._one(goal, lines[goal.item]):
                    left.append(goal)
            goals = left

    def _one(self, goal: Goal, line: RequestLine) -> bool:
        """Book or move one visit; False when it is refused."""
        if line.stage is Stage.BOOKED and _is_there(line, goal):
            self.done.already.append(goal.item)
            return True
        try:
            with self.session.begin_nested():
                self._placed(goal, line)
        except NotAllowed:
            raise
        except Refusal as refusal:
            self.done.refused[goal.item] = refused(refusal, goal)
            return False
        self.done.refused.pop(goal.item, None)
        return True

    def _placed(self, goal: Goal, line: RequestLine) -> None:
        if line.stage in OPEN:
            if execute(self.session, GIVEN_BACK_SINCE, self._since(line.id)).first():
                raise ChangedSince(request_id=line.id)
            booking = book_offer(self.session, self.actor, line.id, goal.team_id, goal.start, now=self.now)
            self.done.bookings[goal.item] = str(booking.id)
            return
        if line.stage is not Stage.BOOKED or self._is_changed(line):
            raise ChangedSince(request_id=line.id)
        move_visit(self.session, self.actor, line.id, goal.team_id, goal.start, now=self.now)
        start = line.starts_at.isoformat() if line.starts_at else ""
        self.done.moves[goal.item] = [
            str(line.booking_id),
            line.resource_id,
            start,
            goal.team_id,
            goal.start.isoformat(),
        ]

    def _is_changed(self, line: RequestLine) -> bool:
        """Say whether the visit is elsewhere than when the plan was asked for."""
        booking = self.session.get_one(Booking, line.booking_id)
        if booking.created_at > self.run.created_at:
            return True
        asked = {"id": str(booking.id), "since": self.run.created_at}
        was = execute(self.session, WAS_AT, asked).scalar()
        if was is None:
            return False
        here = (was["resource_id"], datetime.fromisoformat(was["starts_at"]))
        return here != (line.resource_id, line.starts_at)

    def _since(self, request_id: UUID) -> dict[str, Any]:
        return {"id": request_id, "since": self.run.created_at}


def refused(refusal: Refusal, goal: Goal) -> Refused:
    """Return what was not applied and why."""
    facts = _facts(goal)
    if isinstance(refusal, SlotUnfit):
        return Refused(why=f"unfit-{refusal.facts['why']}", item=goal.item, facts=facts)
    if isinstance(refusal, ChangedSince):
        return Refused(why="changed", item=goal.item, facts=facts)
    return Refused(why=WHY.get(type(refusal), "refused"), item=goal.item, facts=facts)


def _locked(
    session: Session, actor: Actor, goals: Collection[Goal], *, now: datetime, more: Collection[int] = ()
) -> dict[str, RequestLine]:
    """Return the requests that are still there, locked in the order of docs/locking.md with their bookings and teams.

    `more`: other teams that are about to have something.
    """
    seen: list[RequestLine] = []
    for goal in goals:
        with suppress(NotFound):
            seen.append(request_for(session, actor, goal.request_id, now=now))
    kept: dict[UUID, RequestLine] = {}
    for line in sorted(seen, key=lambda one: one.person_id):
        with suppress(NotFound):
            keep_person(session, line.person_id)
            kept[line.id] = line
    chosen = select(FittingRequest.id).where(col(FittingRequest.id).in_(list(kept))).order_by(col(FittingRequest.id))
    there = session.exec(chosen.with_for_update()).all()
    had = select(Booking.id).where(col(Booking.id).in_([one.booking_id for one in kept.values() if one.booking_id]))
    session.exec(had.order_by(col(Booking.id)).with_for_update()).all()
    has = {one.resource_id for one in kept.values() if one.resource_id}
    lock(session, sorted({*(one.team_id for one in goals), *has, *more}))
    return {str(one): request_for(session, actor, one, now=now) for one in there}


def _facts(goal: Goal) -> dict[str, Any]:
    return {"team_id": goal.team_id, "start": goal.start.isoformat()}


def _is_there(line: RequestLine, goal: Goal) -> bool:
    return (line.resource_id, line.starts_at) == (goal.team_id, goal.start)
