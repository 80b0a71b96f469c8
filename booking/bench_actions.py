"""What a registry does of absences: notes them, has somebody else hold what they leave, and takes either back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col, select

from availability.actions import Locked, lock
from availability.claims import readable
from availability.closings import ClosedDays, close_for, reopen_for
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.history import Act, record
from availability.openings import local_day
from availability.rights import Actor
from booking.bench import WHOLE, Away, Colleague, ToStaff, least_loaded, members_of, to_staff
from booking.bench_models import REASON_LENGTH, Reduction, Replacement, Skill, WorkShare
from booking.hearing_template_models import Formation
from booking.plans.hearings import PLANNERS, plannable_kinds
from booking.session_clashes import Seating, seating_of
from booking.session_moving import CannotMove, lock_sittings, move_session

A_YEAR = timedelta(days=366)
MOST_AT_ONCE = 200
STANDING = text("""
    SELECT id FROM replacement WHERE hearing_id = :hearing_id AND absent_id = :absent_id AND undone_at IS NULL
    FOR UPDATE""")


class NoColleague(Refusal):
    """Nobody may hold a session in the place of somebody who is away."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """A session that nobody could take, and why."""

    session: ToStaff
    refusal: Refusal


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """What became of the sessions of an absence: the replacements made, for the undo, and what is left to staff."""

    ids: tuple[UUID, ...]
    by: tuple[tuple[ToStaff, Colleague], ...]
    left: tuple[Left, ...] = ()


def note_absence(
    session: Session,
    actor: Actor,
    resource_id: int,
    *,
    first: date,
    until: date,
    percent: int = WHOLE,
    reason: str = "",
    now: datetime,
) -> Away:
    """Note that somebody is away on civil days `[first, until)`, wholly or for a part of their time.

    What they hold stands until somebody else does. Raises: NotFound, NotAllowed, InvalidRequest.
    """
    place = _member(session, actor, resource_id)
    reason = readable("reason", reason)
    if len(reason) > REASON_LENGTH:
        raise InvalidRequest("reason", "too-long", most=REASON_LENGTH)
    if not 1 <= percent <= WHOLE:
        raise InvalidRequest("percent", "out-of-range", least=1, most=WHOLE)
    if percent == WHOLE:
        number = close_for(session, actor, place, ClosedDays(first, until, reason), now=now).closure_id
    else:
        if until <= first:  # not a range
            raise InvalidRequest("until", "not-after-start")
        days = Range(first, until)
        made = Reduction(resource_id=place.id, days=days, percent=percent, reason=reason, created_at=now)
        number = _reduce(session, place, made, now=now)
        _record(session, actor, "load-reduced", resource_id, now, first=str(first), until=str(until), percent=percent)
    return Away(
        id=number,
        is_whole=percent == WHOLE,
        resource_id=resource_id,
        first=first,
        until=until,
        percent=percent,
        reason=reason,
    )


def take_absence_back(
    session: Session, actor: Actor, resource_id: int, number: int, *, is_whole: bool, now: datetime
) -> Away:
    """Have somebody there again; return what is given back to `note_absence` to undo it, unless it had no end.

    Who replaced them stays. Raises: NotFound, NotAllowed.
    """
    place = _member(session, actor, resource_id)
    if is_whole:
        days = reopen_for(session, actor, place, number, now=now)
        away = Away(
            id=number, is_whole=True, resource_id=place.id, first=None, until=None, percent=WHOLE, reason=""
        )  # fmt: skip
        return away if days is None else replace(away, first=days.first, until=days.until, reason=days.reason)
    found = session.get(Reduction, number)
    if found is None or found.resource_id != place.id:
        raise NotFound(absence=number)
    away = Away(
        id=number, is_whole=False, resource_id=place.id, first=found.days.lower, until=found.days.upper,
        percent=found.percent, reason=found.reason,
    )  # fmt: skip
    session.delete(found)
    session.flush()
    _record(session, actor, "load-restored", place.id, now, percent=away.percent)
    return away


def set_share(session: Session, actor: Actor, resource_id: int, percent: int, *, now: datetime) -> int:
    """Say how much of full time somebody gives to hearings; return what it was. Raises: NotFound, InvalidRequest."""
    place = _member(session, actor, resource_id)
    if not 1 <= percent <= WHOLE:
        raise InvalidRequest("percent", "out-of-range", least=1, most=WHOLE)
    share = session.get(WorkShare, place.id) or WorkShare(resource_id=place.id, percent=WHOLE)
    before, share.percent = share.percent, percent
    session.add(share)
    session.flush()
    _record(session, actor, "work-share-set", place.id, now, percent=percent)
    return before


def set_skills(
    session: Session, actor: Actor, resource_id: int, skills: Collection[tuple[int, Formation]], *, now: datetime
) -> frozenset[tuple[int, Formation]]:
    """Say what hearings somebody holds, none said: any of their court; return what it was.

    What they hold of kinds that the actor does not plan stays as it is. Raises: NotFound, InvalidRequest.
    """
    place = _member(session, actor, resource_id)
    planned = {kind.id for kind in plannable_kinds(session, actor)}
    if not {kind for kind, _ in skills} <= planned:
        raise InvalidRequest("kind", "unknown-choice")
    before = next(one.skills for one in members_of(session, actor) if one.id == place.id)
    session.execute(delete(Skill).where(col(Skill.resource_id) == place.id, col(Skill.kind_id).in_(planned)))
    session.add_all(Skill(resource_id=place.id, kind_id=kind, formation=formation) for kind, formation in set(skills))
    session.flush()
    told = sorted(f"{kind} {formation}" for kind, formation in skills)
    _record(session, actor, "skills-set", place.id, now, skills=told)
    return frozenset(one for one in before if one[0] in planned)


def replace_one(
    session: Session, actor: Actor, hearing_id: int, absent_id: int, by_id: int, *, now: datetime
) -> Replaced:
    """Have a colleague hold one session in the place of somebody who is away.

    Raises: NotFound, NotAllowed, NoColleague when they are not free or do not hold such hearings.
    """
    lock_sittings(session, [hearing_id], [absent_id, by_id])
    session.expire_all()
    listed = to_staff(session, actor, now=now, hearing_id=hearing_id)
    found = next((one for one in listed if one.absent_id == absent_id), None)
    if found is None:
        raise NotFound(resource_id=hearing_id)
    colleague = next((one for one in found.colleagues if one.id == by_id), None)
    if colleague is None or colleague.why_not:
        raise NoColleague(resource_id=by_id, why=colleague.why_not if colleague else "unknown")
    return Replaced(ids=(_replaced(session, actor, found, colleague, now),), by=((found, colleague),))


def replace_all(
    session: Session, actor: Actor, closure_id: int, *, by_id: int | None = None, now: datetime
) -> Replaced:
    """Have colleagues hold every session of an absence, in one act: the least loaded who is free, or the one named.

    Each session is in a savepoint: what nobody can take is told, and the rest is done. Raises: NotFound, NotAllowed.
    """
    wanted = to_staff(session, actor, now=now, closure_id=closure_id)[:MOST_AT_ONCE]
    if not wanted:
        raise NotFound(closure_id=closure_id)
    people = {each.id for one in wanted for each in one.colleagues} if by_id is None else {by_id}
    lock_sittings(session, [one.hearing_id for one in wanted], {*people, *(one.absent_id for one in wanted)})
    session.expire_all()
    done: list[UUID] = []
    by: list[tuple[ToStaff, Colleague]] = []
    left: list[Left] = []
    for number in range(len(wanted)):
        # Read again: who has just taken one is busier, and maybe no longer free.
        again = to_staff(session, actor, now=now, closure_id=closure_id, hearing_id=wanted[number].hearing_id)
        one = next((each for each in again if each.absent_id == wanted[number].absent_id), None)
        if one is None:
            continue  # somebody was quicker than the locks
        try:
            with session.begin_nested():
                colleague = _chosen(one, by_id)
                done.append(_replaced(session, actor, one, colleague, now))
            by.append((one, colleague))
        except NotAllowed:
            raise
        except Refusal as refusal:
            left.append(Left(session=one, refusal=refusal))
    return Replaced(ids=tuple(done), by=tuple(by), left=tuple(left))


def undo_replacements(session: Session, actor: Actor, ids: Sequence[UUID], *, now: datetime) -> int:
    """Have those who are away named again for what was held in their place; return how many sessions that was.

    Raises: NotFound, NotAllowed, InvalidRequest when somebody else holds one by now, PeriodTaken.
    """
    chosen = select(Replacement).where(col(Replacement.id).in_(ids)).order_by(col(Replacement.id))
    rows = [one for one in session.exec(chosen) if one.undone_at is None]
    if not rows:
        raise NotFound(replacement=[str(one) for one in ids])
    lock_sittings(
        session, [one.hearing_id for one in rows], {each for one in rows for each in (one.absent_id, one.by_id)}
    )
    session.expire_all()
    for row in rows:
        before = seating_of(session, row.hearing_id)
        wanted = replace(swapped(before, row.by_id, row.absent_id), by_hand=row.was_by_hand)
        if row.undone_at is not None or wanted == replace(before, by_hand=row.was_by_hand):
            raise InvalidRequest("replacement", "changed-meanwhile")
        move_session(session, actor, row.hearing_id, wanted, now=now, is_undo=True)
        row.undone_at = now
        session.add(row)
    session.flush()
    return len(rows)


def swapped(seating: Seating, one: int, other: int) -> Seating:
    """Return a seating in which somebody has the place of somebody else. Pure."""
    if seating.is_staffed:
        judge, clerk = (other if who == one else who for who in (seating.judge_id, seating.clerk_id))
        panel = tuple(other if who == one else who for who in seating.panel)
        return replace(seating, judge_id=judge, clerk_id=clerk, panel=panel)
    return replace(seating, held_ids=tuple(sorted(other if who == one else who for who in seating.held_ids)))


def _chosen(one: ToStaff, by_id: int | None) -> Colleague:
    if by_id is None:
        found = least_loaded(one.colleagues)
        if found is None:
            raise NoColleague(hearing_id=one.hearing_id, why="nobody")
        return found
    named = next((each for each in one.colleagues if each.id == by_id), None)
    if named is None or named.why_not:
        raise NoColleague(resource_id=by_id, why=named.why_not if named else "unknown")
    return named


def _replaced(session: Session, actor: Actor, one: ToStaff, by: Colleague, now: datetime) -> UUID:
    seating = seating_of(session, one.hearing_id)
    wanted = replace(swapped(seating, one.absent_id, by.id), by_hand=True)
    try:
        before = move_session(session, actor, one.hearing_id, wanted, now=now)
    except CannotMove as refusal:
        raise NoColleague(resource_id=by.id, why="busy", clashes=refusal.facts["clashes"]) from refusal
    for old in session.execute(STANDING, {"hearing_id": one.hearing_id, "absent_id": one.absent_id}).scalars():
        session.get_one(Replacement, old).undone_at = now  # they were back since, and are away again
    session.flush()
    made = Replacement(
        hearing_id=one.hearing_id,
        absent_id=one.absent_id,
        by_id=by.id,
        was_by_hand=before.by_hand,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made.id


def _reduce(session: Session, place: Locked, made: Reduction, *, now: datetime) -> int:
    today = local_day(now, place.zone)
    if made.days.lower is None or made.days.lower < today:
        raise InvalidRequest("first", "past", today=today)
    if made.days.upper is None or made.days.upper > today + A_YEAR:
        raise InvalidRequest("until", "too-far", latest=today + A_YEAR)
    session.add(made)
    session.flush()
    return made.id


def _member(session: Session, actor: Actor, resource_id: int) -> Locked:
    """Lock a judge or a clerk of the actor's court. Raises: NotFound, NotAllowed."""
    if not actor.has(*PLANNERS):
        raise NotAllowed
    if actor.home_territory_id not in actor.territories(PLANNERS):
        raise NotFound(resource_id=resource_id)
    if resource_id not in {one.id for one in members_of(session, actor)}:
        raise NotFound(resource_id=resource_id)
    return lock(session, [resource_id])[resource_id]


def _record(session: Session, actor: Actor, act: str, resource_id: int, now: datetime, **facts: object) -> None:
    record(session, actor, Act(act=act, subject="resource", subject_id=resource_id, at=now, facts=facts))
