"""The screens of a court: who sets them up, what they may say, and what they show of a day.

The address of a screen is the right to see what it shows; withdrawing it is one act. A case is shown by its number
unless the court chose to show its name, for a kind whose hearings are public (Code de l'organisation judiciaire, art.
L111-12; chambre du conseil: Code de procédure civile, art. 433 and 1074).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.models import Territory
from availability.openings import local_day
from availability.rights import Actor
from availability.sealing import House
from booking.hearing_day_models import HearingPublicity, Screen, Shown, Stage
from booking.hearing_list import CaseOnList, HearingOnDay, court_day
from booking.links import LinkName, read_token, token_of
from booking.models import State
from booking.plans.hearing_people import ROOM_KIND
from booking.plans.hearings import PLANNERS, plannable_kinds

SCREENS = "screens"  # what the addresses of screens are derived for
MOST_NAME = 60
MOST_SCREENS = 50
LINGERS = timedelta(minutes=30)  # a hearing that is over stays for those who come late
SEEN_EVERY = timedelta(minutes=1)

ROOMS = text("""
    SELECT r.id, r.name FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = :room AND s.territory_id = :territory_id AND r.is_active ORDER BY r.name, r.id""")
ZONE = text("SELECT time_zone FROM site WHERE territory_id = :territory_id ORDER BY id LIMIT 1")
PUBLICITY = text("SELECT kind_id, shown FROM hearing_publicity WHERE territory_id = :territory_id")
IS_SEEN = text("UPDATE screen SET seen_at = :now WHERE id = :id AND (seen_at IS NULL OR seen_at < :before)")


@dataclass(frozen=True)
class Room:
    """A court room."""

    id: int
    name: str


@dataclass(frozen=True)
class KindShown:
    """A kind of hearings of a court, and what its screens say of it."""

    kind_id: int
    label: str
    shown: Shown


class OnScreen(StrEnum):
    """Where a case stands, as a wall and a feed say it to everybody."""

    WAITING = "waiting"
    CALLED = "called"
    RUNNING = "running"
    DONE = "done"
    POSTPONED = "postponed"
    CALLED_BEFORE = "called-before"  # nobody came: it says where to go for who comes late, not who is away


@dataclass(frozen=True)
class CaseShown:
    """A case as a screen says it. `expected_at` is None once it is over."""

    rank: int
    label: str  # empty: it has neither a name nor a number to show
    stage: OnScreen
    expected_at: datetime | None
    moved_on: datetime | None


@dataclass(frozen=True, kw_only=True)
class HearingShown:
    """A hearing as a screen says it; empty room: not decided."""

    kind: str
    room: str
    starts_at: datetime
    ends_at: datetime
    cases: tuple[CaseShown, ...]


@dataclass(frozen=True, kw_only=True)
class DayShown:
    """Everything that a screen shows, as of `at`."""

    court: str
    court_code: str
    screen: str
    day: date
    zone: ZoneInfo
    at: datetime
    hearings: tuple[HearingShown, ...]
    is_over: bool  # there were some


def court_of_screens(session: Session, actor: Actor) -> Territory:
    """Return the court whose screens the actor sets up: their own. Raises: NotAllowed."""
    if not actor.has(*PLANNERS) or actor.home_territory_id is None or not plannable_kinds(session, actor):
        raise NotAllowed(act="screens")
    return session.get_one(Territory, actor.home_territory_id)


def rooms_of(session: Session, actor: Actor) -> list[Room]:
    """Return the rooms of the actor's court. Raises: NotAllowed."""
    court = court_of_screens(session, actor)
    rows = session.execute(ROOMS, {"room": ROOM_KIND, "territory_id": court.id})
    return [Room(row.id, row.name) for row in rows]


def screens_of(session: Session, actor: Actor) -> list[Screen]:
    """Return the screens of the actor's court, by name. Raises: NotAllowed."""
    court = court_of_screens(session, actor)
    chosen = select(Screen).where(Screen.territory_id == court.id, col(Screen.removed_at).is_(None))
    return list(session.exec(chosen.order_by(col(Screen.name), col(Screen.id))))


def add_screen(session: Session, actor: Actor, name: str, room_ids: Sequence[int], *, now: datetime) -> Screen:
    """Set up a screen for some rooms, or for all those of the court. Raises: NotAllowed, NotFound, InvalidRequest."""
    if len(screens_of(session, actor)) >= MOST_SCREENS:
        raise InvalidRequest("screen", "too-many", most=MOST_SCREENS)
    screen = Screen(
        territory_id=court_of_screens(session, actor).id,
        name=_name(name),
        room_ids=_rooms(session, actor, room_ids),
        created_by=actor.account_id,
        created_at=now,
    )
    session.add(screen)
    session.flush()
    _record(session, actor, "screen-added", screen, now)
    return screen


def change_screen(
    session: Session, actor: Actor, screen_id: int, name: str, room_ids: Sequence[int], *, now: datetime
) -> Screen:
    """Give a screen another name or other rooms; its address stays. Raises: NotAllowed, NotFound, InvalidRequest."""
    screen = _locked(session, actor, screen_id)
    screen.name, screen.room_ids = _name(name), _rooms(session, actor, room_ids)
    session.flush()
    _record(session, actor, "screen-changed", screen, now)
    return screen


def renew_screen(session: Session, actor: Actor, screen_id: int, *, now: datetime) -> Screen:
    """Give a screen another address: the one that it had shows nothing any more. Raises: NotAllowed, NotFound."""
    screen = _locked(session, actor, screen_id)
    screen.link_version += 1
    session.flush()
    _record(session, actor, "screen-renewed", screen, now)
    return screen


def keep_address(session: Session, actor: Actor, screen_id: int, version: int, *, now: datetime) -> Screen:
    """Give a screen back the address that it has just lost. Raises: NotAllowed, NotFound when it lost another since."""
    screen = _locked(session, actor, screen_id)
    if screen.link_version != version + 1:
        raise NotFound(screen_id=screen_id)
    screen.link_version = version
    session.flush()
    _record(session, actor, "screen-address-kept", screen, now)
    return screen


def remove_screen(session: Session, actor: Actor, screen_id: int, *, now: datetime) -> None:
    """Take a screen down. Raises: NotAllowed, NotFound."""
    screen = _locked(session, actor, screen_id)
    screen.removed_at = now
    session.flush()
    _record(session, actor, "screen-removed", screen, now)


def put_back_screen(session: Session, actor: Actor, screen_id: int, *, now: datetime) -> None:
    """Put back a screen that was taken down, at the same address. Raises: NotAllowed, NotFound."""
    screen = _locked(session, actor, screen_id, is_removed=True)
    screen.removed_at = None
    session.flush()
    _record(session, actor, "screen-put-back", screen, now)


def publicity_of(session: Session, actor: Actor) -> list[KindShown]:
    """Return what the screens of the actor's court say of each kind that it plans. Raises: NotAllowed."""
    court = court_of_screens(session, actor)
    said = _publicity(session, court.id)
    return [KindShown(kind.id, kind.label, said.get(kind.id, Shown.NUMBER)) for kind in plannable_kinds(session, actor)]


def set_publicity(session: Session, actor: Actor, kind_id: int, shown: Shown, *, now: datetime) -> None:
    """Choose what the screens of the actor's court say of a kind. Raises: NotAllowed, NotFound."""
    court = court_of_screens(session, actor)
    if kind_id not in {kind.id for kind in plannable_kinds(session, actor)}:
        raise NotFound(kind_id=kind_id)
    session.merge(HearingPublicity(territory_id=court.id, kind_id=kind_id, shown=shown))
    session.flush()
    facts = {"kind_id": kind_id, "shown": shown}
    record(session, actor, Act(act="publicity-set", subject="territory", subject_id=court.id, at=now, facts=facts))


def address_of(screen: Screen, house: House) -> str:
    """Return the token of a screen's address."""
    return token_of(house.derived(SCREENS), LinkName(screen.id, screen.link_version))


def screen_named(token: str, house: House) -> LinkName | None:
    """Return which screen a token names, None when it is not one of ours; costs no query."""
    return read_token(house.derived(SCREENS), token)


def shown_on(session: Session, name: LinkName, *, house: House, now: datetime) -> DayShown:
    """Return what a screen shows now: its rooms' hearings of the day. Raises: NotFound when it was taken down."""
    screen = session.get(Screen, name.link_id)
    if screen is None or screen.removed_at is not None or screen.link_version % 256 != name.version:
        raise NotFound(screen_id=name.link_id)
    court = session.get_one(Territory, screen.territory_id)
    zone = ZoneInfo(session.execute(ZONE, {"territory_id": court.id}).scalar() or "Europe/Paris")
    day = local_day(now, zone)
    found = _of_rooms(court_day(session, court.id, day, house=house, now=now), screen.room_ids)
    hearings = tuple(_shown(found, _publicity(session, court.id), now))
    return DayShown(
        court=court.name,
        court_code=court.code,
        screen=screen.name,
        day=day,
        zone=zone,
        at=now,
        hearings=hearings,
        is_over=bool(found) and not hearings,
    )


def note_seen(session: Session, name: LinkName, *, now: datetime) -> None:
    """Write down that a screen was lit, a minute late at most: its court sees which ones are."""
    session.execute(IS_SEEN, {"id": name.link_id, "now": now, "before": now - SEEN_EVERY})


def _of_rooms(hearings: Iterable[HearingOnDay], room_ids: Collection[int]) -> list[HearingOnDay]:
    return [one for one in hearings if not room_ids or one.room_id in room_ids]


def _shown(hearings: Iterable[HearingOnDay], said: dict[int, Shown], now: datetime) -> list[HearingShown]:
    return [
        HearingShown(
            kind=one.kind,
            room=one.room,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            cases=tuple(_case(case, said.get(one.kind_id, Shown.NUMBER)) for case in one.cases),
        )
        for one in hearings
        if one.ends_at + LINGERS > now or _goes_on(one, now)
    ]


def _goes_on(hearing: HearingOnDay, now: datetime) -> bool:
    """Say whether a hearing past its end is still held: a case is called or heard, or one was a while ago."""
    if any(case.stage in (Stage.CALLED, Stage.RUNNING) for case in hearing.cases):
        return True
    lately = any(case.ended_at is not None and case.ended_at + LINGERS > now for case in hearing.cases)
    return lately and any(case.stage is Stage.WAITING for case in hearing.cases)


def _case(case: CaseOnList, shown: Shown) -> CaseShown:
    label = case.name if shown is Shown.NAME and case.name else case.case_ref
    was_missed = case.stage is Stage.DONE and case.state is State.MISSED
    stage = OnScreen.CALLED_BEFORE if was_missed else OnScreen(case.stage.value)
    at = None if case.is_over else case.expected_at
    return CaseShown(case.rank, label, stage, at, case.moved_on)


def _publicity(session: Session, territory_id: int) -> dict[int, Shown]:
    rows = session.execute(PUBLICITY, {"territory_id": territory_id})
    return {row.kind_id: Shown(row.shown) for row in rows}


def _locked(session: Session, actor: Actor, screen_id: int, *, is_removed: bool = False) -> Screen:
    court = court_of_screens(session, actor)
    screen = session.get(Screen, screen_id, with_for_update=True, populate_existing=True)
    if screen is None or screen.territory_id != court.id or (screen.removed_at is not None) is not is_removed:
        raise NotFound(screen_id=screen_id)
    return screen


def _name(typed: str) -> str:
    name = " ".join(readable("screen", typed).split())
    if not name:
        raise InvalidRequest("screen", "required")
    if len(name) > MOST_NAME:
        raise InvalidRequest("screen", "too-long", most=MOST_NAME)
    return name


def _rooms(session: Session, actor: Actor, room_ids: Sequence[int]) -> list[int]:
    known = {room.id for room in rooms_of(session, actor)}
    if not known.issuperset(room_ids):
        raise NotFound(room_ids=sorted(set(room_ids) - known))
    return sorted(set(room_ids))


def _record(session: Session, actor: Actor, name: str, screen: Screen, now: datetime) -> None:
    facts = {"name": screen.name, "room_ids": screen.room_ids}
    record(session, actor, Act(act=name, subject="screen", subject_id=screen.id, at=now, facts=facts))
