"""When a message leaves: by day, where the person is, and only while it is still useful. Pure.

Between 08:00 and 20:00, never on a Sunday or a public holiday there. What is tied to the appointment leaves rather
earlier than later; what tells an act leaves once that act can no longer be undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from availability.openings import instant_of, is_holiday, local_day
from convocations.kinds import MessageKind

OPENS, CLOSES = time(8), time(20)
LAST_CALL = time(19, 30)  # a message moved earlier keeps half an hour for what may hold it up
SUNDAY = 6
A_DAY = timedelta(days=1)
HOURS_BEFORE = 48
USELESS_REMINDER = timedelta(hours=1)  # before the start: the person is on the way, or cannot be there any more
MISSED_FOR = timedelta(days=7)
TO_ANSWER = timedelta(hours=2)  # by day, from when somebody may be told of an offer that is held for them


@dataclass(frozen=True)
class Whereabouts:
    """Where a person is, as far as the clock and the public holidays go; "" is the mainland."""

    zone: ZoneInfo
    holiday_zone: str


class Step(StrEnum):
    """What to do with a message whose turn may have come."""

    LEAVE = "leave"
    WAIT = "wait"
    TOO_LATE = "too-late"


@dataclass(frozen=True)
class Departure:
    """What to do with a message; `at` is until when it waits."""

    step: Step
    at: datetime | None = None


def may_leave(at: datetime, where: Whereabouts) -> bool:
    """Say whether a message may reach somebody there at that instant."""
    local = at.astimezone(where.zone)
    return OPENS <= local.time() < CLOSES and _is_allowed(local.date(), where)


def next_moment(at: datetime, where: Whereabouts) -> datetime:
    """Return the first instant from `at` on, `at` included, when a message may leave; in UTC."""
    if may_leave(at, where):
        return at.astimezone(UTC)
    today = local_day(at, where.zone)
    opened = (instant_of(day, OPENS, where.zone) for day in _days(today, A_DAY) if _is_allowed(day, where))
    return next(moment for moment in opened if moment >= at)


def last_moment(at: datetime, where: Whereabouts) -> datetime:
    """Return the latest instant until `at`, `at` included, when a message may be planned to leave; in UTC.

    Never later than 19:30 in the evening: what is planned a second before closing misses it.
    """
    if may_leave(at, where) and at.astimezone(where.zone).time() <= LAST_CALL:
        return at.astimezone(UTC)
    today = local_day(at, where.zone)
    closing = (instant_of(day, LAST_CALL, where.zone) for day in _days(today, -A_DAY) if _is_allowed(day, where))
    return next(moment for moment in closing if moment <= at)


def by_day(at: datetime, lasting: timedelta, where: Whereabouts) -> datetime:
    """Return the instant by which somebody there has had that long, since `at`, when messages may reach them."""
    opened = next_moment(at, where)
    closing = instant_of(local_day(opened, where.zone), CLOSES, where.zone)
    if opened + lasting <= closing:
        return opened + lasting
    return by_day(closing, lasting - (closing - opened), where)


def held_until(now: datetime, lasting: timedelta, at_most: datetime, where: Whereabouts) -> datetime:
    """Return until when something is held for somebody who is told by SMS; `now` when they could not be in time.

    It lasts from when they may be told, and leaves them TO_ANSWER by day: what is offered at night is still theirs in
    the morning.
    """
    least = by_day(now, TO_ANSWER, where)
    return min(max(next_moment(now, where) + lasting, least), at_most) if least <= at_most else now


def useful_until(
    kind: MessageKind, *, where: Whereabouts, starts_at: datetime | None = None, choose_by: date | None = None
) -> datetime:
    """Return the instant from which a message of that kind is of no use any more; in UTC.

    An offer is useful until the end of its last day to choose, by the clock of the person; everything else follows the
    start of the appointment, which for a cancelled one is the start that it had.
    """
    if kind is MessageKind.OFFER:
        if choose_by is None:
            raise ValueError("an offer has a last day to choose")
        return instant_of(choose_by + A_DAY, time(), where.zone)
    if starts_at is None:
        raise ValueError("a message about an appointment has its start")
    margins = {MessageKind.REMINDER: -USELESS_REMINDER, MessageKind.MISSED: MISSED_FOR}
    return starts_at.astimezone(UTC) + margins.get(kind, timedelta(0))


def due_at(
    kind: MessageKind,
    *,
    now: datetime,
    undo: timedelta,
    where: Whereabouts,
    starts_at: datetime | None = None,
    choose_by: date | None = None,
    hours_before: int = HOURS_BEFORE,
) -> datetime | None:
    """Return when a message planned by an act of `now` is to leave, in UTC; None when it is of no use.

    Nothing leaves before `now + undo`. A reminder is `hours_before` hours of real time before the start, moved
    earlier to an allowed moment. An appointment taken too late for that has no reminder: its confirmation, which leaves
    after that moment, has just said the same. The others leave as soon as allowed.
    """
    ready = now + undo
    until = useful_until(kind, where=where, starts_at=starts_at, choose_by=choose_by)
    if kind is MessageKind.REMINDER:
        if hours_before < 2:
            raise ValueError("an hour before the start, a reminder is of no use")
        moment = last_moment(until + USELESS_REMINDER - timedelta(hours=hours_before), where)
        return moment if moment >= ready else None
    moment = next_moment(ready, where)
    return moment if moment < until else None


def leave_or_wait(now: datetime, due: datetime, until: datetime, where: Whereabouts) -> Departure:
    """Say what to do at `now` with a message due at `due` and useful until `until`, whatever held it up meanwhile.

    The rule is applied again as the message leaves: the night may have come, or the person be elsewhere.
    """
    moment = next_moment(max(now, due), where)
    if moment >= until:
        return Departure(Step.TOO_LATE)
    return Departure(Step.LEAVE) if moment <= now else Departure(Step.WAIT, moment)


def _is_allowed(day: date, where: Whereabouts) -> bool:
    return day.weekday() != SUNDAY and not is_holiday(day, where.holiday_zone)


def _days(first: date, step: timedelta) -> Iterator[date]:
    return (first + number * step for number in count())
