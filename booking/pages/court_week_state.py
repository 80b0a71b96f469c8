"""The week of a court: its sessions, and one of them that is moved once what that entails was shown."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import Refusal
from availability.rights import Actor
from booking.court_calendar import A_WEEK, SessionOfWeek, Staff, days_off, staff_of, week_of
from booking.day import today_of
from booking.errors import OutOfDate
from booking.pages.court_week_words import (
    FORM,
    NO_FORM,
    VIEWS,
    Asked,
    DayHead,
    Lane,
    View,
    clash_words,
    days_shown,
    dropped,
    flags_of,
    form_of,
    heads_of,
    hours_shown,
    lanes_of,
    moved_words,
    read_form,
    summary_of,
)
from booking.pages.court_year_words import FILTERS, MOST_TYPED, address, chosen_by, filters_of
from booking.plans.hearings import PLANNERS, plannable_kinds
from booking.session_clashes import Entailed, Seating, seating_of, wanted_from
from booking.session_moving import CannotMove, entailed, move_session
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.dates import NBSP, day, hour, plural
from portal.ui.notice import NoticeState

CHANGED = "Cette audience a changé entre-temps : voici ce que son déplacement entraîne maintenant."
MOVED_SINCE = f"Quelqu’un a changé cette audience depuis{NBSP}: elle reste où elle est."
GONE = "Cette audience n’est plus là."
AS_IT_IS = "L’audience est déjà ainsi : choisissez un autre jour, une autre heure, une salle ou quelqu’un d’autre."


class CourtWeekState(rx.State):
    """One week by room or by judge, and the session that is open in it."""

    is_loaded: bool = False
    view: str = "salle"
    monday: str = ""
    period: str = ""
    summary: str = ""
    before: str = ""
    after: str = ""
    present: str = ""
    year_href: str = ""
    views: list[View] = []  # noqa: RUF012 - Reflex copies the default for each client
    asked: dict[str, str] = dict.fromkeys(FILTERS, "")
    heads: list[DayHead] = []  # noqa: RUF012
    lanes: list[Lane] = []  # noqa: RUF012
    first: int = 8
    hours: int = 10
    shown: str = ""  # the day that a phone shows
    kinds: list[tuple[str, str]] = []  # noqa: RUF012
    judges: list[tuple[str, str]] = []  # noqa: RUF012
    clerks: list[tuple[str, str]] = []  # noqa: RUF012
    rooms: list[tuple[str, str]] = []  # noqa: RUF012
    chosen: str = ""
    title: str = ""
    about: list[str] = []  # noqa: RUF012
    flags: list[str] = []  # noqa: RUF012
    list_href: str = ""
    typed: dict[str, str] = NO_FORM
    problems: dict[str, str] = NO_FORM
    entails: list[str] = []  # noqa: RUF012 - what moving it as typed entails, once it was looked at
    in_the_way: list[str] = []  # noqa: RUF012
    to_know: list[str] = []  # noqa: RUF012
    is_seen: bool = False
    is_retyped: bool = False  # the form says something else since
    version: int = 0
    focused: str = ""
    turn: int = 0
    _sessions: list[Any] = []  # noqa: RUF012
    _digest: str = ""
    _placed: dict[str, str] = NO_FORM  # the form of the session where it is
    _undo: Any = None

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show the week that the address names, this one when it names none."""
        watch(self)
        parameters, actor = self.router.url.query_parameters, await current_actor(self)
        today = await read(today_of, actor, now=clock.now())
        on = _read_day(parameters.get("semaine", ""), today)
        monday = on - timedelta(days=on.weekday())
        self.view = typed if (typed := parameters.get("vue", "")) in VIEWS else "salle"
        self.asked, self.monday = filters_of(parameters), monday.isoformat()
        here = {"vue": self.view, "semaine": monday.isoformat()}
        self.views = [
            View(label, address("semaine", self.asked, **{**here, "vue": name}), name == self.view)
            for name, label in VIEWS.items()
        ]
        self.before, self.after = (
            address("semaine", self.asked, **{**here, "semaine": (monday + step).isoformat()})
            for step in (-A_WEEK, A_WEEK)
        )
        self.present = address("semaine", self.asked, vue=self.view)
        self.year_href = address("annee", self.asked, annee=monday.year, mois=monday.month)
        self.period = f"Du {day(monday)} au {day(monday + timedelta(days=6), year=True)}"
        named = _read_day(parameters.get("jour", ""), today)
        self._forget()
        await self._read_again(today)
        days = [one.day for one in self.heads]
        self.shown = named.isoformat() if named.isoformat() in days else days[0]
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def pick(self, name: str, value: str) -> EventSpec | None:
        """Look at a part of the week."""
        if str(name) not in FILTERS:
            return None
        asked = {**self.asked, str(name): str(value)[:MOST_TYPED]}
        return rx.redirect(address("semaine", asked, vue=self.view, semaine=self.monday, jour=self.shown))

    @allow(*PLANNERS)
    @rx.event
    async def turn_day(self, step: int) -> EventSpec | None:
        """Show another day, on a phone; past the week, the next one."""
        days = [one.day for one in self.heads]
        at = days.index(self.shown) + (1 if int(step) > 0 else -1)
        if 0 <= at < len(days):
            self.shown = days[at]
            return None
        return rx.redirect(self.after if at > 0 else self.before)

    @allow(*PLANNERS)
    @rx.event
    async def choose(self, session_id: str) -> None:
        """Open a session."""
        await self._open(str(session_id), None)

    @allow(*PLANNERS)
    @rx.event
    async def drop(self, session_id: str, lane: str, on: str, minutes: int) -> None:
        """Show what moving a session to where it was dropped entails; nothing has moved."""
        if await self._open(str(session_id), (str(lane), str(on), int(minutes))):
            await self._look()

    @allow(*PLANNERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> None:
        """Show what the move as typed entails; do it once that was seen."""
        received = form if isinstance(form, dict) else {}
        typed = {name: str(received.get(name) or "")[:20] for name in FORM}
        is_seen = self.is_seen and not self.is_retyped and typed == self.typed and not self.in_the_way
        self.typed = typed
        if typed == self._placed:
            self._not_seen()
            self.problems = {**NO_FORM, "day": AS_IT_IS}
            self._focus("day")
        elif is_seen:
            await self._move()
        else:
            await self._look()

    @allow(*PLANNERS)
    @rx.event
    async def retype(self) -> None:
        """What was shown is of another move."""
        self.is_retyped = self.is_seen or bool(self.in_the_way)

    @allow(*PLANNERS)
    @rx.event
    async def leave(self) -> None:
        """Close the session; it stays where it is."""
        chosen = self.chosen
        self._forget()
        self._focus(f"audience-{chosen}")

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the last move."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        notice, actor = await self.get_state(NoticeState), await current_actor(self)
        try:
            await act(undo, actor=actor, now=clock.now())
        except OutOfDate:
            notice.show_error(f"Le déplacement ne s’annule plus. {MOVED_SINCE}")
        except Refusal as refusal:
            notice.show_error(f"Le déplacement ne s’annule plus. {_why(refusal)}")
        else:
            notice.show_success("C’est annulé : l’audience est où elle était.")
        await self._read_again()
        self._focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else changed that week."""
        staff = {int(number) for number, _ in [*self.judges, *self.clerks, *self.rooms]}
        if not resource_ids.isdisjoint({one.id for one in self._sessions} | staff):
            await self._read_again()

    async def _open(self, session_id: str, where: tuple[str, str, int] | None) -> bool:
        """Show a session, where it is or where it was dropped; say whether it is there."""
        one = next((each for each in self._sessions if str(each.id) == session_id), None)
        if one is None:
            (await self.get_state(NoticeState)).show_error(GONE)
            return False
        actor = await current_actor(self)
        seating, staff = await read(_seated, actor, one.id)
        self.chosen, self.title = session_id, one.name
        filled = (plural(one.cases, "affaire"), one.max_cases, plural(one.minutes, "minute"), one.max_minutes)
        self.about = [
            f"{day(one.day, year=True)}, {hour(one.starts_at, one.zone)} – {hour(one.ends_at, one.zone)}",
            one.kind,
            "{} sur {}, {} sur {}".format(*filled),
        ]
        self.flags = flags_of(one, staff)
        self.list_href = f"/audiences/jour/?jour={one.day.isoformat()}&audience={one.id}"
        self.typed = self._placed = form_of(seating)
        if where is not None:
            self.typed = dropped(self.typed, self.view, *where)
        self._not_seen()
        self.version += 1
        return True

    async def _look(self) -> None:
        """Say what the move as typed entails."""
        asked, wrong = read_form(self.typed)
        self._not_seen()
        if asked is None or not self.chosen:
            self.problems = {**NO_FORM, **wrong}
            self._focus(next(iter(wrong), ""))
            return
        try:
            found, staff = await act(_entailed, await current_actor(self), int(self.chosen), asked)
        except Refusal as refusal:
            self.in_the_way = [_why(refusal)]
            self._focus("ce-que-cela-entraine")
            return
        self.typed = {**self.typed, "clerk": str(found.after.clerk_id or "")}
        self.version += 1
        self.entails = moved_words(found, staff)
        self.in_the_way = [clash_words(one, found.zone, staff) for one in found.blocking]
        self.to_know = [clash_words(one, found.zone, staff) for one in found.warnings]
        self.is_seen, self._digest = True, found.digest
        self._focus("ce-que-cela-entraine")

    async def _move(self) -> None:
        notice, actor, chosen = await self.get_state(NoticeState), await current_actor(self), int(self.chosen)
        asked, _ = read_form(self.typed)
        try:
            before, left = await act(_moved, actor, chosen, asked, self._digest)
        except OutOfDate:
            await self._look()
            self.to_know = [CHANGED, *self.to_know]
            return
        except CannotMove:
            await self._look()
            return
        except Refusal as refusal:
            self.in_the_way = [_why(refusal)]
            self._focus("ce-que-cela-entraine")
            return
        self._undo = partial(_put_back, hearing_id=chosen, before=before, left=left)
        said = self.entails[0] if self.entails else self.title
        self._forget()
        notice.show_success(f"Déplacée. {said}", undo_label="Annuler")
        await self._read_again()
        self._focus(f"audience-{chosen}")

    async def _read_again(self, today: date | None = None) -> None:
        actor = await current_actor(self)
        if today is None:
            today = await read(today_of, actor, now=clock.now())
        monday = date.fromisoformat(self.monday)
        sessions, staff, off, kinds = await read(_week, actor, monday, self.asked, now=clock.now())
        days = days_shown(monday, sessions)
        self._sessions = sessions
        self.heads, self.summary = heads_of(days, off, today), summary_of(sessions)
        if self.shown not in (shown := [one.day for one in self.heads]):
            self.shown = shown[-1]  # a Saturday that nothing is held on any more
        first, last = hours_shown(sessions)
        self.first, self.hours = first, last - first
        self.lanes = lanes_of(sessions, staff, self.view, days, off)
        self.kinds = kinds
        for name in ("judges", "clerks", "rooms"):
            setattr(self, name, [(str(one), staff.names[one]) for one in getattr(staff, name)])

    @not_an_event
    def _forget(self) -> None:
        self.chosen, self.title, self.about, self.flags, self.typed = "", "", [], [], NO_FORM
        self._not_seen()

    @not_an_event
    def _not_seen(self) -> None:
        self.is_seen, self.is_retyped, self.problems = False, False, NO_FORM
        self.entails, self.in_the_way, self.to_know = [], [], []

    @not_an_event
    def _focus(self, field: str) -> None:
        self.focused, self.turn = field, self.turn + 1


def _week(
    session: Session, actor: Actor, monday: date, asked: dict[str, str], *, now: datetime
) -> tuple[list[SessionOfWeek], Staff, dict[date, Any], list[tuple[str, str]]]:
    kinds = [(str(kind.id), kind.label) for kind in plannable_kinds(session, actor)]
    sessions = week_of(session, actor, monday, chosen_by(asked), now=now)
    return sessions, staff_of(session, actor), days_off(session, actor, monday, monday + A_WEEK), kinds


def _seated(session: Session, actor: Actor, hearing_id: int) -> tuple[Seating, Staff]:
    seating, staff = seating_of(session, hearing_id), staff_of(session, actor)
    return wanted_from(seating, staff, day=seating.day, starts=seating.starts), staff


def _wanted(session: Session, staff: Staff, hearing_id: int, asked: Asked) -> Seating:
    return wanted_from(
        seating_of(session, hearing_id),
        staff,
        day=asked.day,
        starts=asked.starts,
        room_id=asked.room_id,
        judge_id=asked.judge_id,
        clerk_id=asked.clerk_id,
    )


def _entailed(session: Session, actor: Actor, hearing_id: int, asked: Asked) -> tuple[Entailed, Staff]:
    staff = staff_of(session, actor)
    return entailed(session, actor, hearing_id, _wanted(session, staff, hearing_id, asked), now=clock.now()), staff


def _moved(session: Session, actor: Actor, hearing_id: int, asked: Asked, seen: str) -> tuple[Seating, Seating]:
    """Move a session; return where it was and where it is, for the undo."""
    wanted = _wanted(session, staff_of(session, actor), hearing_id, asked)
    before = move_session(session, actor, hearing_id, wanted, now=clock.now(), seen=seen)
    return before, seating_of(session, hearing_id)


def _put_back(
    session: Session, *, actor: Actor, hearing_id: int, before: Seating, left: Seating, now: datetime
) -> None:
    move_session(session, actor, hearing_id, before, now=now, is_undo=True, left=left)


def _read_day(typed: str, today: date) -> date:
    try:
        on = date.fromisoformat(typed[:10])
    except ValueError:
        return today
    return on if 2000 <= on.year <= 2100 else today


def _why(refusal: Refusal) -> str:
    return GONE if isinstance(refusal, OutOfDate) else sentence(refusal)
