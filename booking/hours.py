"""The hours of whoever receives, as those who set them look at them: what rules, what closes, what a change would do.

Reads only, but for `set_hours_known`, `set_grid_known` and `move_back`. Initials stand for people, as in the agenda.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import lock
from availability.claims import SlotClaim
from availability.days_off import days_off
from availability.errors import NotAllowed, NotFound
from availability.grids import OwnGrid, grid_of_kind, own_grid, set_grid
from availability.hours import HoursSet, hours_effect, rules_from, set_hours
from availability.models import Shape
from availability.openings import A_DAY, DaysOff, Rule, holiday_names, local_day
from availability.outside import Outside, outside_openings
from availability.periods import Period
from availability.publishing import A_YEAR, openings_with, publish_openings
from availability.queries import slots_by_day
from availability.rights import Actor
from availability.running import SiteRun, site_run
from availability.slots import Grid, cut
from booking.agenda import CLOSINGS, Appointment, Closing, left_outside, monday_of
from booking.alternatives import alternatives_to
from booking.errors import OutOfDate
from booking.models import Booking
from booking.moving import move
from booking.transitions import locked_for

OFFERED = 3  # starts, for each appointment that hours leave outside
OFFERED_WITHIN = timedelta(days=28)
MOST_ELSEWHERE = 5  # appointments for which colleagues are looked at: each is a search


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Something that receives by appointment, whose hours the actor sets."""

    resource_id: int
    name: str
    kind_label: str
    site_id: int
    site_name: str
    commune: str
    time_zone: str
    step_min: int
    duration_min: int
    holiday_zone: str
    is_in_agenda: bool  # the actor reads its agenda too

    @property
    def zone(self) -> ZoneInfo:
        """Return the civil time that its hours are in."""
        return ZoneInfo(self.time_zone)

    @property
    def grid(self) -> Grid:
        """Return how its openings are cut into slots; what is kept free around each one changes no start."""
        return Grid(timedelta(minutes=self.step_min), timedelta(minutes=self.duration_min))


@dataclass(frozen=True, kw_only=True)
class Hours:
    """What rules a receiver from this week on, and what closes it."""

    receiver: Receiver
    today: date
    rules: tuple[Rule, ...]
    closings: tuple[Closing, ...]
    recesses: tuple[Closing, ...]
    off: DaysOff
    grid: OwnGrid  # its own, and what its kind has for what it leaves to it
    of_kind: OwnGrid
    site: SiteRun

    def holiday(self, day: date) -> str:
        """Return the name of the public holiday that closes a day, or nothing."""
        return "" if self.off.ignores_holidays else holiday_names(self.receiver.holiday_zone, day.year).get(day, "")


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What hours not saved yet would do until a day, exclusive: slots gained and lost, appointments left outside."""

    outside: tuple[Appointment, ...]
    gained: int
    lost: int
    until: date


@dataclass(frozen=True)
class Offer:
    """A free start to which an appointment can be moved; `name` is whose it is, when it is somebody else's."""

    resource_id: int
    start: datetime
    name: str = ""


@dataclass(frozen=True)
class Standing:
    """An appointment that stands outside of the hours of whoever receives it, and where it can go."""

    receiver: Receiver
    appointment: Appointment
    offers: tuple[Offer, ...]


def receivers(session: Session, actor: Actor) -> list[Receiver]:
    """Return everything that receives by appointment and whose hours the actor sets, by site, kind and name."""
    return _receivers(session, actor, None)


def hours_of(session: Session, actor: Actor, resource_id: int, *, now: datetime) -> Hours:
    """Return the hours of a receiver. Raises: NotFound when the actor does not set them."""
    found = _receivers(session, actor, resource_id)
    if not found:
        raise NotFound(resource_id=resource_id)
    receiver = found[0]
    today = local_day(now, receiver.zone)
    asked = {"id": resource_id, "site_id": receiver.site_id, "first": today, "until": None}
    recesses = session.execute(RECESSES, {"id": resource_id, "first": today})
    return Hours(
        receiver=receiver,
        today=today,
        rules=rules_from(session, resource_id, monday_of(today)),
        closings=tuple(Closing(**row._mapping) for row in session.execute(CLOSINGS, asked)),
        recesses=tuple(Closing(closure_id=None, **row._mapping) for row in recesses),
        off=days_off(session, resource_id, first=today, until=today + 2 * A_YEAR),
        grid=own_grid(session, resource_id),
        of_kind=grid_of_kind(session, resource_id),
        site=site_run(session, actor, receiver.site_id),
    )


def effect_of(
    session: Session, actor: Actor, receiver: Receiver, rules: Sequence[Rule], *, from_on: date, now: datetime
) -> Effect:
    """Return what setting these rules would do. Raises: NotFound, NotAllowed, InvalidRequest."""
    resource_id = receiver.resource_id
    effect = hours_effect(session, actor, resource_id, rules, from_on=from_on, now=now)
    # Openings not yet published are no slots won: rules are compared with rules.
    were, would_be = (
        _starts(openings_with(session, resource_id, each, first=from_on, until=effect.until), receiver.grid, now)
        for each in (rules_from(session, resource_id, from_on), [rule.since(from_on) for rule in rules])
    )
    return Effect(
        outside=tuple(left_outside(session, actor, resource_id, effect.outside, now=now)),
        gained=len(would_be - were),
        lost=len(were - would_be),
        until=effect.until,
    )


def set_hours_known(
    session: Session,
    actor: Actor,
    resource_id: int,
    rules: Sequence[Rule],
    *,
    known: Sequence[Rule],
    from_on: date,
    now: datetime,
) -> HoursSet:
    """Set hours as `set_hours` does, if those that they replace are still the ones that the actor has looked at.

    Raises: OutOfDate, the caller then rolls back; NotFound, NotAllowed, InvalidRequest.
    """
    done = set_hours(session, actor, resource_id, rules, from_on=from_on, now=now)
    if _as_of(done.before, from_on) != _as_of(known, from_on):
        raise OutOfDate(resource_id=resource_id)
    return done


def set_grid_known(
    session: Session, actor: Actor, resource_id: int, grid: OwnGrid, *, known: OwnGrid, now: datetime
) -> OwnGrid:
    """Set a grid as `set_grid` does, if what it replaces is still what the actor has looked at.

    Raises: OutOfDate, the caller then rolls back; NotFound, NotAllowed, InvalidRequest.
    """
    before = set_grid(session, actor, resource_id, grid, now=now)
    if before != known:
        raise OutOfDate(resource_id=resource_id)
    return before


def move_back(
    session: Session, actor: Actor, booking_id: UUID, claim: SlotClaim, *, now: datetime, revision: int | None = None
) -> Booking:
    """Move a booking back to where hours no longer reach: what undoes the move of one that they left outside.

    Its slot is opened for the time of this transaction, then the openings of that day are again as its rules say.
    Raises: as `move`; NotOpen when the day is closed.
    """
    booking, _ = locked_for(session, actor, booking_id, revision=revision)
    places = lock(session, [booking.resource_id, claim.resource_id])
    if claim.resource_id not in places:
        raise NotFound(resource_id=claim.resource_id)
    place = places[claim.resource_id]
    day = local_day(claim.start, place.zone)
    session.execute(OPEN_ONLY, {"id": place.id, "start": claim.start, "day": day, "zone": place.zone.key})
    moved = move(session, actor, booking_id, claim, now=now)
    publish_openings(session, [place.id], first=day, until=day + A_DAY)
    return moved


def outside_now(
    session: Session, actor: Actor, resource_id: int, outside: Sequence[Outside], *, now: datetime
) -> tuple[list[Appointment], dict[str, list[Offer]]]:
    """Return the appointments that stand outside, and by number of booking where those that may move could go."""
    found = left_outside(session, actor, resource_id, outside, now=now)
    return found, offers_for(session, actor, resource_id, found, now=now)


def standing_outside(session: Session, actor: Actor, resource_id: int, *, now: datetime) -> list[Standing]:
    """Return what stands outside of the hours of a receiver; those beside it too, on days when all their site closes.

    Raises: NotFound when the actor does not set its hours.
    """
    hours = hours_of(session, actor, resource_id, now=now)
    outside = outside_openings(session, resource_id, first=hours.today, until=None, now=now)
    found = _standing(session, actor, hours.receiver, outside, now)
    together = [one for one in hours.closings if one.is_of_site] if hours.site.is_whole else []
    for beside in _receivers(session, actor, None) if together else []:
        if beside.site_id == hours.site.id and beside.resource_id != resource_id:
            on_days = _outside_on(session, beside, together, hours.today, now)
            found += _standing(session, actor, beside, on_days, now)
    return found


def offers_for(
    session: Session, actor: Actor, resource_id: int, found: Sequence[Appointment], *, now: datetime
) -> dict[str, list[Offer]]:
    """Return the nearest free starts for each appointment that may move, no start being offered to two of them.

    Colleagues are looked at when nothing is free within four weeks.
    """
    movable = [one for one in found if one.may_move]
    if not movable:
        return {}
    free = _free_around(session, resource_id, movable, now)
    offered: dict[str, list[Offer]] = {}
    for one in movable:
        nearest = sorted(free, key=lambda start: abs(start - one.period.start))[:OFFERED]
        free.difference_update(nearest)
        offered[str(one.booking_id)] = [Offer(resource_id, start) for start in sorted(nearest)]
    without = [one for one in movable if not offered[str(one.booking_id)]][:MOST_ELSEWHERE]
    for one in without:
        offered[str(one.booking_id)] = _elsewhere(session, actor, resource_id, one, now)
    return offered


def _standing(
    session: Session, actor: Actor, receiver: Receiver, outside: Sequence[Outside], now: datetime
) -> list[Standing]:
    found, offers = outside_now(session, actor, receiver.resource_id, outside, now=now)
    return [Standing(receiver, one, tuple(offers.get(str(one.booking_id), ()))) for one in found]


def _outside_on(
    session: Session, receiver: Receiver, closings: Sequence[Closing], today: date, now: datetime
) -> list[Outside]:
    found: dict[UUID, Outside] = {}
    for one in closings:
        first = max(one.first or today, today)
        for each in outside_openings(session, receiver.resource_id, first=first, until=one.until, now=now):
            found[each.holder_id] = each
    return list(found.values())


def _receivers(session: Session, actor: Actor, resource_id: int | None) -> list[Receiver]:
    spread = [
        (right.role.value, territory_id, right.kind_id, right.organisation_id)
        for right in actor.rights
        for territory_id in sorted(right.territory_ids)
    ]
    names = ("roles", "territories", "kinds", "organisations")
    asked = {name: [one[column] for one in spread] for column, name in enumerate(names)}
    rows = session.execute(RECEIVERS, asked | {"resource_id": resource_id})
    return [Receiver(**row._mapping) for row in rows]


def _starts(opened: Iterable[Period], grid: Grid, now: datetime) -> set[datetime]:
    return {slot.start for one in opened for slot in cut(one, grid) if slot.start > now}


def _as_of(rules: Iterable[Rule], day: date) -> set[Rule]:
    return {rule.since(day) for rule in rules if rule.lasts(day)}


def _free_around(session: Session, resource_id: int, movable: Sequence[Appointment], now: datetime) -> set[datetime]:
    zone = ZoneInfo(session.execute(SITE, {"id": resource_id}).one().time_zone)
    days = [local_day(one.period.start, zone) for one in movable]
    first, until = max(min(days) - OFFERED_WITHIN / 4, local_day(now, zone)), max(days) + OFFERED_WITHIN
    listed = slots_by_day(session, {resource_id: zone.key}, first=first, until=until, now=now)
    return {slot.period.start for _, slot in listed.get(resource_id, []) if slot.is_free}


def _elsewhere(session: Session, actor: Actor, resource_id: int, one: Appointment, now: datetime) -> list[Offer]:
    claim = SlotClaim(resource_id=resource_id, start=one.period.start)
    try:
        others = alternatives_to(session, actor, claim, now=now)
    except (NotFound, NotAllowed):
        return []  # who sets hours does not always search: somebody else moves it
    found = [Offer(each.found.resource_id, start, each.found.name) for each in others for start in each.starts]
    return sorted(found, key=lambda offer: abs(offer.start - one.period.start))[:OFFERED]


RECEIVERS = text(f"""
    WITH own AS (
        SELECT DISTINCT g.territory_id, g.organisation_id, k.kind_id
        FROM unnest(CAST(:roles AS text[]), CAST(:territories AS bigint[]), CAST(:kinds AS bigint[]),
                    CAST(:organisations AS bigint[])) AS g(role, territory_id, kind_id, organisation_id)
        JOIN kind_right k ON k.role = g.role AND k.may_set_hours AND (g.kind_id IS NULL OR g.kind_id = k.kind_id))
    SELECT r.id AS resource_id, r.name, k.label AS kind_label, s.id AS site_id, s.name AS site_name,
           s.commune, s.time_zone, coalesce(r.slot_step_min, k.slot_step_min) AS step_min,
           coalesce(r.slot_duration_min, k.slot_duration_min) AS duration_min, s.holiday_zone,
           EXISTS (SELECT FROM unnest(CAST(:roles AS text[]), CAST(:territories AS bigint[]), CAST(:kinds AS bigint[]))
                          AS g(role, territory_id, kind_id)
                   JOIN kind_right o ON o.role = g.role AND o.kind_id = k.id
                   WHERE g.territory_id = s.territory_id AND g.role <> 'partner'
                     AND (g.kind_id IS NULL OR g.kind_id = k.id)) AS is_in_agenda
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.shape = '{Shape.SLOTS.value}' AND r.is_active
      AND (CAST(:resource_id AS bigint) IS NULL OR r.id = :resource_id)
      AND EXISTS (SELECT FROM own WHERE own.kind_id = k.id AND own.territory_id = s.territory_id
                  AND (own.organisation_id IS NULL OR own.organisation_id = s.organisation_id))
    ORDER BY s.name, s.id, k.position, r.name, r.id""")  # noqa: S608 - constants only
# For the time of a transaction: no other opening of that day may merge with it, and move its start off the grid.
OPEN_ONLY = text("""
    WITH put_away AS (
        DELETE FROM opening
        WHERE resource_id = :id AND CAST(starts_at AT TIME ZONE :zone AS date) = :day AND starts_at <> :start)
    INSERT INTO opening (resource_id, starts_at, ends_at)
    SELECT r.id, CAST(:start AS timestamptz),
           CAST(:start AS timestamptz) + make_interval(mins => coalesce(r.slot_duration_min, k.slot_duration_min))
    FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.id = :id
    ON CONFLICT (resource_id, starts_at) DO UPDATE SET ends_at = excluded.ends_at""")
SITE = text("SELECT s.time_zone FROM resource r JOIN site s ON s.id = r.site_id WHERE r.id = :id")
RECESSES = text("""
    SELECT lower(x.days) AS first, upper(x.days) AS until, x.reason
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    JOIN recess x ON x.territory_id = s.territory_id AND k.closes_in_recess
    WHERE r.id = :id AND x.days && daterange(:first, NULL) ORDER BY lower(x.days) NULLS FIRST, x.id""")
