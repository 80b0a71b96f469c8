"""Who holds each hearing, and where: whoever has sat least, hearing after hearing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import VIDEO, Bench, Hearing, Person, Problem, Role, Room, Sitting


class Roster:
    """Who is taken when, and what each judge has sat, while sittings are given one after another."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.sittings: dict[int, Sitting] = {}
        self.sat = Counter({bench.judge_id: 0 for bench in problem.benches})
        self.sat_minutes = Counter({bench.judge_id: bench.given_minutes for bench in problem.benches})
        self._bench_of = {bench.judge_id: bench for bench in problem.benches}
        self._clerks = problem.having(Role.CLERK)
        self._prosecutors = problem.having(Role.PROSECUTOR)
        self._sat_aside: Counter[int] = Counter()  # clerks and prosecutors
        self._films = _linked_formations(problem)
        for hearing in problem.hearings:
            if hearing.decided is not None:
                self.keep(hearing, hearing.decided)

    def keep(self, hearing: Hearing, sitting: Sitting) -> None:
        """Note a sitting."""
        self.sittings[hearing.id] = sitting
        self.sat.update(sitting.judges)
        self.sat_minutes.update(dict.fromkeys(sitting.judges, hearing.max_minutes))
        self._sat_aside.update(one for one in (sitting.clerk_id, sitting.prosecutor_id) if one is not None)

    def can_hold(self, hearing: Hearing, sitting: Sitting) -> bool:
        """Say whether a sitting of an earlier plan still holds beside those that are noted."""
        busy, rooms = self._taken(hearing)
        benches = [self._bench_of.get(one) for one in sitting.judges]
        room = self.problem.room_of.get(sitting.room_id)
        return (
            all(bench is not None and _can_judge(bench, hearing, busy) for bench in benches)
            and len(set(sitting.judges)) == len(sitting.judges) == hearing.judges
            and room is not None
            and _can_host(room, hearing, rooms)
            and sitting.clerk_id in {one.id for one in self._clerks_for(benches[0], hearing, busy)}
            and self._still_prosecutes(sitting.prosecutor_id, hearing, busy)
        )

    def staff(self, hearing: Hearing, like: Sitting | None = None) -> None:
        """Give the hearing whoever sat least and a room, when there are enough; those of `like` first."""
        stay = set(like.people) if like else set()
        busy, taken = self._taken(hearing)
        free = [bench for bench in self.problem.benches if _can_judge(bench, hearing, busy)]
        free.sort(key=lambda one: (one.judge_id not in stay, *self._load(one.judge_id)))
        first_of_like = like.judge_id if like else None
        free.sort(key=lambda one: one.judge_id != first_of_like)
        rooms = [room for room in self.problem.rooms if _can_host(room, hearing, taken)]
        prosecutors: Sequence[Person | None] = [None]
        if hearing.needs_prosecutor:
            prosecutors = self._least(_free(self._prosecutors, hearing, busy), stay)
        first = next((bench for bench in free if self._clerks_for(bench, hearing, busy)), None)
        if first is None or len(free) < hearing.judges or not rooms or not prosecutors:
            return
        clerk = self._least(self._clerks_for(first, hearing, busy), stay)[0]
        others = [bench.judge_id for bench in free if bench is not first and bench.judge_id != clerk.id]
        self.keep(
            hearing,
            Sitting(
                judge_id=first.judge_id,
                clerk_id=clerk.id,
                room_id=self._room(hearing, rooms, like).id,
                panel=tuple(sorted(others[: hearing.judges - 1])),
                prosecutor_id=prosecutors[0].id if prosecutors[0] else None,
            ),
        )

    def _load(self, judge_id: int) -> tuple[int, int]:
        by_minutes = self.problem.weights.spread_minute > 0
        return (self.sat_minutes[judge_id], 0) if by_minutes else (self.sat[judge_id], judge_id)

    def _room(self, hearing: Hearing, rooms: list[Room], like: Sitting | None) -> Room:
        """Return the room of `like`, or one with a video link where cases need one, left to others elsewhere."""
        if like is not None and any(room.id == like.room_id for room in rooms):
            return self.problem.room_of[like.room_id]
        films = None in self._films or hearing.formation is None or hearing.formation in self._films
        return min(rooms, key=lambda room: room.has((VIDEO,)) != films) if self._films else rooms[0]

    def _clerks_for(self, bench: Bench | None, hearing: Hearing, busy: set[int]) -> list[Person]:
        if bench is None:
            return []
        if bench.clerk_id is None:
            return _free(self._clerks, hearing, busy)
        own = self.problem.person_of.get(bench.clerk_id, Person(id=bench.clerk_id, role=Role.CLERK))
        return _free([own], hearing, busy)

    def _still_prosecutes(self, prosecutor_id: int | None, hearing: Hearing, busy: set[int]) -> bool:
        if prosecutor_id is None:
            return not hearing.needs_prosecutor
        return any(one.id == prosecutor_id for one in _free(self._prosecutors, hearing, busy))

    def _least(self, people: list[Person], stay: set[int]) -> list[Person]:
        return sorted(people, key=lambda one: (one.id not in stay, self._sat_aside[one.id]))

    def _taken(self, hearing: Hearing) -> tuple[set[int], set[int]]:
        """Return the people and the rooms that other hearings have at that time."""
        met = [self.sittings[one] for one in self.problem.at_the_same_time[hearing.id] if one in self.sittings]
        return {person for sitting in met for person in sitting.people}, {sitting.room_id for sitting in met}


def staffed(problem: Problem, plan: Plan, *, like: Mapping[int, Sitting] | None = None) -> Plan:
    """Return the plan with a sitting for each hearing that can have one: the bench that sat least, the first room.

    A hearing of `like` that has to be staffed again keeps whoever of those people can still be there.
    """
    roster = Roster(problem)
    for hearing in problem.hearings:
        sitting = plan.sittings.get(hearing.id)
        if sitting is not None and hearing.decided is None:
            roster.keep(hearing, sitting)
    for hearing in problem.hearings:
        if hearing.id not in roster.sittings:
            roster.staff(hearing, (like or {}).get(hearing.id))
    return Plan(sittings=roster.sittings, placed=plan.placed)


def still_held(problem: Problem, plan: Plan) -> dict[int, Sitting]:
    """Return the sittings of a plan that still hold: those decided, those of now that would rather stay, the others."""
    roster = Roster(problem)
    for hearing in problem.hearings:
        sitting = plan.sittings.get(hearing.id)
        if sitting is not None and hearing.id not in roster.sittings and roster.can_hold(hearing, sitting):
            roster.keep(hearing, sitting)
    return roster.sittings


def as_now(problem: Problem) -> Plan:
    """Return the plan that is in force: where hearings and cases are now, valid or not."""
    return Plan(
        sittings={one.id: one.sitting for one in problem.hearings if one.sitting is not None},
        placed={one.id: one.hearing_id for one in problem.cases if one.hearing_id is not None},
    )


def _linked_formations(problem: Problem) -> set[str | None]:
    return {case.formation for case in problem.cases if case.video_to is not None}


def _free(people: Iterable[Person], hearing: Hearing, busy: set[int]) -> list[Person]:
    return [one for one in people if one.id not in busy and one.is_free(hearing.period)]


def _can_judge(bench: Bench, hearing: Hearing, busy: set[int]) -> bool:
    return bench.judge_id not in busy and bench.sits_in(hearing.formation) and bench.is_free(hearing.period)


def _can_host(room: Room, hearing: Hearing, taken: set[int]) -> bool:
    return room.id not in taken and room.has(hearing.equipment) and room.is_free(hearing.period)
