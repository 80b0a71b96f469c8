"""Agendas that people of the court of Lyon share, one of which is read no more, and hours that some keep together.

Judges and clerks are busy elsewhere only when no hearing waits for them: planning them does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import A_DAY, instant_of, local_day
from availability.rights import Actor, Right, Role
from availability.sealing import CALENDAR_FEEDS, House, seal
from booking.common_dates import RoomWish, Wanted
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_KIND
from booking.meeting_search import search
from booking.meetings import Choice, What, set_meeting
from portal.demo.catalogue import Catalogue, Place
from portal.demo.planning import COURT, WEEK

GUEST, ELSEWHERE = "sacha.echantillon", "agenda-fictif.example"
BUSY_DAYS = 42  # before the first session of a template
BLOCKS = ((time(9), time(10)), (time(10, 15), time(12)), (time(14), time(15, 30)), (time(15, 45), time(17, 30)))
HALVES = {(weekday, starts < time(12)) for weekday, starts in WEEK}  # when hearings wait for a judge and a clerk
# Of which kind, the number in it, and how often a part of a day is taken.
SHARED = (
    ("magistrat", 0, 0.4),
    ("magistrat", 1, 0.5),
    ("magistrat", 3, 0.3),
    ("greffier", 0, 0.4),
    ("greffier", 1, 0.4),
    (PROSECUTOR_KIND, 0, 0.6),
    (PROSECUTOR_KIND, 1, 0.4),
    (INTERPRETER_KIND, 1, 0.5),
)
READ_NO_MORE = INTERPRETER_KIND
ACCOUNT = text("SELECT id, name FROM account WHERE login = :login")
FEED = text("""
    INSERT INTO calendar_feed (resource_id, url_sealed, host, etag, last_modified, fetched_at, whole_at, good_at,
                               next_at, failures, problem, events, unread, added_by, created_at)
    VALUES (:resource_id, :url_sealed, :host, '', '', :now, :read_at, :read_at, :never, :failures, :problem, :events, 0,
            :added_by, :created_at) RETURNING id""")
BUSY = text("""
    INSERT INTO absence (resource_id, feed_id, during) VALUES (:resource_id, :feed_id, tstzrange(:start, :end))""")


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """A meeting to set on the first day that suits: of whom, and for how long."""

    name: str
    people: tuple[tuple[str, int], ...]
    minutes: int
    is_linked: bool = False


MEETINGS = (
    _Planned(name="Réunion de cabinet", people=(("magistrat", 0), ("greffier", 0)), minutes=60),
    _Planned(
        name="Entretien avec interprète",
        people=(("magistrat", 1), ("greffier", 1), (INTERPRETER_KIND, 0)),
        minutes=45,
        is_linked=True,
    ),
    _Planned(
        name="Réunion du parquet et du siège",
        people=((PROSECUTOR_KIND, 0), ("magistrat", 0), ("magistrat", 1), ("greffier", 1)),
        minutes=90,
    ),
)
SITS_FREE = (2, 4)  # Wednesday and Friday: no hearing waits for a judge or a room then
AHEAD = timedelta(days=3)
LOOKED_AT = 60  # days


def meetings_of_lyon(session: Session, catalogue: Catalogue, rng: Random, house: House, now: datetime) -> int:
    """Write the agendas and the meetings; return how many meetings there are."""
    account = session.execute(ACCOUNT, {"login": GUEST}).one()
    places = [one for one in catalogue.places if one.host.court.code == COURT]
    for code, number, how_often in SHARED:
        _share(session, rng, house, _of_kind(places, code)[number], account.id, now, how_often)
    territory_id = _of_kind(places, "magistrat")[0].host.court.id
    actor = Actor(account.id, account.name, (Right(Role.REGISTRY, frozenset({territory_id})),), territory_id)
    return sum(_meet(session, rng, actor, places, planned, now) for planned in MEETINGS)


def _share(  # noqa: PLR0917 - as a row is made
    session: Session, rng: Random, house: House, one: Place, account_id: UUID, now: datetime, how_often: float
) -> None:
    is_dead = one.kind == READ_NO_MORE
    spans = list(_spans(rng, one, now, how_often))
    values = {
        "resource_id": one.id,
        "url_sealed": seal(house.derived(CALENDAR_FEEDS), f"https://{ELSEWHERE}/{one.id}.ics"),
        "host": ELSEWHERE,
        "now": now - timedelta(minutes=12),
        "read_at": now - (timedelta(days=9) if is_dead else timedelta(minutes=12)),
        "never": now + timedelta(days=366),  # nobody answers there
        "failures": 14 if is_dead else 0,
        "problem": "http-404" if is_dead else "",
        "events": len(spans),
        "added_by": account_id,
        "created_at": now - timedelta(days=60),
    }
    feed_id = session.execute(FEED, values).scalar_one()
    for start, end in spans:
        session.execute(BUSY, {"resource_id": one.id, "feed_id": feed_id, "start": start, "end": end})


def _spans(rng: Random, one: Place, now: datetime, how_often: float) -> Iterator[tuple[datetime, datetime]]:
    """Yield when somebody is busy elsewhere, on the weekdays to come."""
    today, waits = local_day(now, one.host.zone), one.kind in ("magistrat", "greffier")
    for number in range(1, BUSY_DAYS):
        day = today + number * A_DAY
        for starts, ends in BLOCKS:
            is_taken = rng.random() < how_often
            if is_taken and day.weekday() < 5 and not (waits and (day.weekday(), starts < time(12)) in HALVES):
                yield instant_of(day, starts, one.host.zone), instant_of(day, ends, one.host.zone)


def _meet(  # noqa: PLR0917 - what it is made of
    session: Session, rng: Random, actor: Actor, places: list[Place], planned: _Planned, now: datetime
) -> bool:
    """Set a meeting at the first hour at which all are free, on a day that no hearing waits for; or none."""
    number = UUID(int=rng.getrandbits(128), version=4)
    people = [_of_kind(places, code)[rank] for code, rank in planned.people]
    far = next(one for one in _of_kind(places, VIDEO_KIND) if one.host.site_id != people[0].host.site_id)
    for day in _days(now, people[0]):
        wanted = Wanted(
            site_id=people[0].host.site_id,
            people=tuple(one.id for one in people),
            minutes=planned.minutes,
            first_on=day,
            last_on=day,
            room=RoomWish.VIDEO if planned.is_linked else RoomWish.ANY,
            far_end_id=far.id if planned.is_linked else None,
        )
        for first in search(session, actor, wanted, now=now).found.first[:1]:
            choice = Choice(start=first.period.start, room_id=first.room_id, video_id=first.video_id)
            set_meeting(session, actor, wanted, choice, What(name=planned.name), now=now, meeting_id=number)
            return True
    return False


def _days(now: datetime, one: Place) -> Iterator[date]:
    first = local_day(now + AHEAD, one.host.zone)
    days = (first + number * A_DAY for number in range(LOOKED_AT))
    return (day for day in days if day.weekday() in SITS_FREE)


def _of_kind(places: list[Place], code: str) -> list[Place]:
    return [one for one in places if one.kind == code]
