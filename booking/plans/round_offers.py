"""The best slots to propose to somebody who waits, on the rounds as they are: nobody else's visit moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.openings import A_DAY, local_day
from booking.fitting_queries import Offers, RequestLine
from booking.fittings import DRIVEN_KM_PER_HOUR
from booking.plans.kept import Scope
from booking.plans.round_days import NOON, Beat, instant_at
from booking.plans.rounds import Fleet, fleet_for
from optimizer.rounds.offers import USUAL_OFFERS, Offer, offers
from optimizer.rounds.problem import Request, Window


@dataclass(frozen=True, kw_only=True)
class BestOffer:
    """A slot of a team, and how many minutes of road it adds to that day."""

    resource_id: int
    start: datetime
    day: date
    added_minutes: int
    is_in_time: bool


def best_slots(session: Session, line: RequestLine, found: Offers, *, now: datetime) -> tuple[BestOffer, ...]:
    """Return the five best slots of a request among those that fit it, at most one a half-day of a team.

    Those before the legal deadline come first; then the less road and the earlier, the better.
    """
    today = local_day(now, ZoneInfo(line.time_zone))
    scope = Scope(territory_id=line.territory_id, kind_id=line.kind_id, first=today, until=found.until + A_DAY)
    fleet = fleet_for(session, scope, line, now=now)
    request = fleet.problem.request_of.get(str(line.id))
    if request is None or not fleet.problem.team_days:
        return ()
    asked = replace(request, windows=_half_days(request.windows, fleet.beat))
    told = [_told(one, line, fleet) for one in _ranked(fleet, asked)]
    return tuple([one for one in told if (one.resource_id, one.start) in found.starts][:USUAL_OFFERS])


def _ranked(fleet: Fleet, request: Request) -> list[Offer]:
    """Return the offers in time, then the others."""
    most = 2 * USUAL_OFFERS  # some may be nobody's to give
    in_time = offers(fleet.problem, fleet.in_force, request, most=most)
    if len(in_time) >= USUAL_OFFERS or request.last_day is None:
        return list(in_time)
    late = tuple(one for one in request.windows if one.day > request.last_day)
    others = offers(fleet.problem, fleet.in_force, replace(request, windows=late, last_day=None), most=most)
    return [*in_time, *others]


def _half_days(windows: Iterable[Window], beat: Beat) -> tuple[Window, ...]:
    """Return the same starts, those of a morning and of an afternoon apart: five offers are then of five half-days."""
    return tuple(half for window in windows for half in _halves(window, beat))


def _halves(window: Window, beat: Beat) -> Sequence[Window]:
    noon = beat.up(NOON, window.start_min)
    if not window.start_min < noon <= window.end_min:
        return (window,)
    return (replace(window, end_min=noon - beat.step), replace(window, start_min=noon))


def _told(one: Offer, line: RequestLine, fleet: Fleet) -> BestOffer:
    team = fleet.teams[one.team_id]
    return BestOffer(
        resource_id=one.team_id,
        start=instant_at(one.window.day, one.start_s // 60, team.zone),
        day=one.window.day,
        added_minutes=max(ceil(one.metres / 1000 / DRIVEN_KM_PER_HOUR * 60), 0),
        is_in_time=line.deadline_on is None or one.window.day <= line.deadline_on,
    )
