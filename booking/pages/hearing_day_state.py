"""The hearings of a day, and what the buttons of a list do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, Refusal
from availability.openings import instant_of
from availability.rights import Actor
from availability.sealing import House
from booking.day import time_zone_of, today_of
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.hearing_day import (
    arrange,
    begin_case,
    call_case,
    end_case,
    name_case,
    possible_hearings,
    postpone_case,
    step_back,
)
from booking.hearing_day_models import Stage
from booking.hearing_list import HearingOnDay, hearings_on, next_day_with_hearings
from booking.models import State
from booking.pages.hearing_day_words import (
    BACK,
    TELL_AGAIN,
    CaseRow,
    Elsewhere,
    HearingTab,
    day_address,
    elsewhere,
    holders,
    rows,
    tab,
    title,
    told,
)
from booking.plans.hearing_order import order_list
from booking.plans.hearings import PLANNERS, plannable_kinds
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.dates import from_today, long_day
from portal.ui.notice import NoticeState

A_DAY = timedelta(days=1)
AS_IT_WAS = "La liste est déjà dans le meilleur ordre."
ORDERED = (
    "Liste ordonnée : avocats regroupés, visioconférences et interprètes à la suite, attente la plus courte possible."
)
MOST_TYPED = 200
SAID = {State.HONOURED: "entendue, c’est noté.", State.MISSED: "personne ne s’est présenté, c’est noté."}


class HearingDayState(rx.State):
    """The day, one of its hearings, and what is open in its list."""

    day: str = ""
    day_words: str = ""
    before: str = ""
    after: str = ""
    today: str = ""
    next_href: str = ""
    next_words: str = ""
    tabs: list[HearingTab] = []  # noqa: RUF012 - Reflex copies the default for each client
    hearing: str = ""
    title: str = ""
    holders: str = ""
    cases: list[CaseRow] = []  # noqa: RUF012
    postponing: str = ""
    is_next: bool = False  # it is heard, and what is chosen is when it goes on
    possible: list[Elsewhere] = []  # noqa: RUF012
    naming: str = ""
    name_error: str = ""
    focused: str = ""  # what the focus goes to, each time `turn` grows
    turn: int = 0
    is_loaded: bool = False
    _on: date = date.min
    _last: tuple[str, str] = ("", "")  # the case of the last step, and where it stands since
    _had: list[str] = []  # noqa: RUF012 - the order that the list had before it was given the best one

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show the day and the hearing that the address names: today, and the first one, when it names none."""
        watch(self)
        asked, shown = self.router.url.query_parameters, (self.day, self.hearing)
        self.postponing = self.naming = self.name_error = ""
        self._last = ("", "")
        self.hearing = asked.get("audience", "")[:20]
        actor, at = await current_actor(self), now()
        self._on, today = await read(_days, actor, asked.get("jour", ""), now=at)
        self.day, self.day_words = self._on.isoformat(), f"{long_day(self._on)} ({from_today(self._on, today)})"
        self.before, self.after = day_address(self._on - A_DAY), day_address(self._on + A_DAY)
        self.today = day_address(today)
        await self._read_again()
        if self.is_loaded and shown != (self.day, self.hearing):
            (await self.get_state(NoticeState)).show("", "")  # what was said, and its undo, were of the other list
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def pick_day(self, day: str) -> EventSpec:
        """Show another day."""
        return rx.redirect(day_address(str(day)[:10]))

    @allow(*PLANNERS)
    @rx.event
    async def call(self, booking_id: str) -> None:
        """Call the people of a case."""
        await self._step(call_case, booking_id, said="appelée.")

    @allow(*PLANNERS)
    @rx.event
    async def begin(self, booking_id: str) -> None:
        """Begin to hear a case."""
        await self._step(begin_case, booking_id, said="en cours.")

    @allow(*PLANNERS)
    @rx.event
    async def heard(self, booking_id: str) -> None:
        """Note that a case was heard."""
        await self._step(end_case, booking_id, State.HONOURED, said=SAID[State.HONOURED])

    @allow(*PLANNERS)
    @rx.event
    async def missed(self, booking_id: str) -> None:
        """Note that nobody came for a case."""
        await self._step(end_case, booking_id, State.MISSED, said=SAID[State.MISSED])

    @allow(*PLANNERS)
    @rx.event
    async def open_postponing(self, booking_id: str) -> None:
        """Show to which hearings a case may be postponed."""
        if any(one.id == str(booking_id) and one.can_postpone for one in self.cases):
            await self._offer(str(booking_id), is_next=False)

    @allow(*PLANNERS)
    @rx.event
    async def open_next(self, booking_id: str) -> None:
        """Show in which hearings a case that is heard may go on."""
        if any(one.id == str(booking_id) and one.can_end for one in self.cases):
            await self._offer(str(booking_id), is_next=True)

    async def _offer(self, booking_id: str, *, is_next: bool) -> None:
        self.naming, self.postponing, self.is_next = "", booking_id, is_next
        actor = await current_actor(self)
        found = await read(possible_hearings, actor, self._hearing_id(), UUID(self.postponing), now=now())
        self.possible = elsewhere(found)
        self._focus(f"renvoi-{self.postponing}")

    @allow(*PLANNERS)
    @rx.event
    async def postpone(self, to_id: str) -> None:
        """Postpone the case to the hearing chosen; one that is heard ends, and goes on there."""
        chosen = next((one for one in self.possible if one.id == str(to_id)), None)
        case = next((one for one in self.cases if one.id == self.postponing), None)
        if case is None or chosen is None:
            self._focus("message")
            return
        when = chosen.label.split(" – ")[0]
        if self.is_next:
            action = partial(end_case, outcome=State.HONOURED, next_id=int(chosen.id))
            await self._step(action, case.id, said=f"entendue, suite {when}. {told(case, is_next=True)}")
        else:
            await self._step(postpone_case, case.id, int(chosen.id), said=f"renvoyée, {when}. {told(case)}")

    @allow(*PLANNERS)
    @rx.event
    async def close_postponing(self) -> None:
        """Leave the case on the list."""
        booking_id, self.postponing = self.postponing, ""
        self._focus(f"affaire-{booking_id}")

    @allow(*PLANNERS)
    @rx.event
    async def open_naming(self, booking_id: str) -> None:
        """Ask for the name of a case."""
        if not any(one.id == str(booking_id) for one in self.cases):
            return
        self.postponing, self.naming, self.name_error = "", str(booking_id), ""
        self._focus("nom-affaire")

    @allow(*PLANNERS)
    @rx.event
    async def name(self, form: dict[str, Any]) -> None:
        """Give the case its name."""
        typed, actor = str(form.get("nom-affaire", ""))[:MOST_TYPED], await current_actor(self)
        try:
            await act(
                name_case,
                actor,
                self._hearing_id(),
                _uuid(self.naming),
                typed,
                house=House(secret_key()),
                now=now(),
            )
        except InvalidRequest as refusal:
            self.name_error = sentence(refusal)
            self._focus("nom-affaire")
            return
        booking_id, self.naming, self.name_error = self.naming, "", ""
        (await self.get_state(NoticeState)).show_success("Le nom est enregistré.")
        await self._read_again()
        self._focus(f"affaire-{booking_id}")

    @allow(*PLANNERS)
    @rx.event
    async def close_naming(self) -> None:
        """Leave the case as it is named."""
        booking_id, self.naming, self.name_error = self.naming, "", ""
        self._focus(f"affaire-{booking_id}")

    @allow(*PLANNERS)
    @rx.event
    async def up(self, booking_id: str) -> None:
        """Put a case before the one that precedes it."""
        await self._shift(str(booking_id), -1)

    @allow(*PLANNERS)
    @rx.event
    async def down(self, booking_id: str) -> None:
        """Put a case after the one that follows it."""
        await self._shift(str(booking_id), 1)

    @allow(*PLANNERS)
    @rx.event
    async def order(self, ids: list[str]) -> None:
        """Put the cases in the order in which they were dragged."""
        known = {one.id for one in self.cases}
        wanted = [one for one in map(str, ids[: len(known)]) if one in known]
        await self._arrange(wanted, said="L’ordre est enregistré.")

    @allow(*PLANNERS)
    @rx.event
    async def best_order(self) -> None:
        """Put what is still to be heard in the order in which people wait least."""
        notice, actor = await self.get_state(NoticeState), await current_actor(self)
        try:
            had = await act(order_list, actor, self._hearing_id(), now=now())
        except Refusal as refusal:
            notice.show_error(why(refusal))
            await self._read_again()
        else:
            self._last, self._had = ("", ""), [str(one) for one in had]
            await self._read_again()
            is_as_it_was = [one.id for one in self.cases] == self._had
            notice.show_success(AS_IT_WAS if is_as_it_was else ORDERED, undo_label="" if is_as_it_was else "Annuler")
        self._focus("message")

    @allow(*PLANNERS)
    @rx.event
    async def back(self, booking_id: str) -> None:
        """Take back the last step of a case."""
        row = next((one for one in self.cases if one.id == str(booking_id)), None)
        if row is not None:
            await self._back(row.id, row.stage_code)

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the step that was just done, or the order that was just given."""
        booking_id, stage = self._last
        if booking_id:
            await self._back(booking_id, stage)
        elif self._had:
            had, self._had = self._had, []
            await self._arrange(had, said="La liste a retrouvé son ordre.")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else changed that day."""
        if any(int(one.id) in resource_ids for one in self.tabs) or not self.tabs:
            await self._read_again()

    async def _step(self, action: Callable[..., Any], booking_id: str, *given: Any, said: str) -> None:
        notice = await self.get_state(NoticeState)
        try:
            actor = await current_actor(self)
            await act(action, actor, self._hearing_id(), _uuid(booking_id), *given, now=now())
        except Refusal as refusal:
            notice.show_error(why(refusal))
            await self._read_again()
            self._focus("message")
            return
        self.postponing = ""
        named = next((f"{one.label}\N{NO-BREAK SPACE}: " for one in self.cases if one.id == str(booking_id)), "")
        notice.show_success(named + said, undo_label="Annuler")
        await self._read_again()
        self._last = next(((one.id, one.stage_code) for one in self.cases if one.id == str(booking_id)), ("", ""))
        self._focus(f"affaire-{booking_id}")

    async def _back(self, booking_id: str, stood: str) -> None:
        notice, actor = await self.get_state(NoticeState), await current_actor(self)
        self._last = ("", "")
        is_told = any(one.id == booking_id and one.is_convened for one in self.cases)
        seen = Stage(stood)
        try:
            stage = await act(step_back, actor, self._hearing_id(), _uuid(booking_id), now=now(), seen=seen)
        except Refusal as refusal:
            notice.show_error(why(refusal))
        else:
            call = f" {TELL_AGAIN}" if seen is Stage.POSTPONED and is_told else ""
            notice.show_success(BACK[stage] + call)
        await self._read_again()
        self._focus(f"affaire-{booking_id}")

    async def _shift(self, booking_id: str, by: int) -> None:
        ids = [one.id for one in self.cases]
        at = ids.index(booking_id) if booking_id in ids else -1
        if at < 0 or not 0 <= at + by < len(ids):
            return
        ids[at], ids[at + by] = ids[at + by], ids[at]
        await self._arrange(ids, said=f"{self.cases[at].label} passe au rang {at + by + 1}.")
        is_at_end = at + by in (0, len(ids) - 1)  # its button is out of use there
        self._focus(f"affaire-{booking_id}" if is_at_end else f"{'monter' if by < 0 else 'descendre'}-{booking_id}")

    async def _arrange(self, ids: list[str], *, said: str) -> None:
        notice, actor = await self.get_state(NoticeState), await current_actor(self)
        try:
            await act(arrange, actor, self._hearing_id(), [_uuid(one) for one in ids], now=now())
        except Refusal as refusal:
            notice.show_error(why(refusal))
        else:
            if said:
                notice.show_success(said)
        await self._read_again()

    async def _read_again(self) -> None:
        actor, at = await current_actor(self), now()
        found = await read(hearings_on, actor, self._on, house=House(secret_key()), now=at)
        self.tabs = [tab(one, self._on) for one in found]
        chosen = next((one for one in found if str(one.id) == self.hearing), found[0] if found else None)
        self._show(chosen)
        self.next_href = self.next_words = ""
        if chosen is None and (soon := await read(_next_day, actor, self._on, now=at)) is not None:
            self.next_href, self.next_words = day_address(soon), f"Aller au {long_day(soon)}"

    def _show(self, chosen: HearingOnDay | None) -> None:
        self.hearing = str(chosen.id) if chosen else ""
        self.title, self.holders = (title(chosen), holders(chosen)) if chosen else ("", "")
        self.cases = rows(chosen) if chosen else []

    def _focus(self, field: str) -> None:
        self.focused, self.turn = field, self.turn + 1

    def _hearing_id(self) -> int:
        if not self.hearing.isdecimal():
            raise NotFound(resource_id=self.hearing)
        return int(self.hearing)


def why(refusal: Refusal) -> str:
    """Return the sentence of a refusal, with that of a list where there is one."""
    match refusal:
        case InvalidRequest(problem="not-begun"):
            return "L’audience n’a pas commencé : ce qu’il advient d’une affaire se note une fois l’heure venue."
        case CapacityReached() | NotOpen():
            return "Cette audience vient d’être remplie ou fermée : choisissez-en une autre."
        case AlreadyDecided():
            return "Ce qui a été noté l’a été ailleurs, ou il y a trop longtemps : corrigez-le dans le dossier."
        case ChangedMeanwhile() | NotFound():
            return "Cette affaire a changé entre-temps : voici où elle en est."
    return sentence(refusal)


def _days(session: Session, actor: Actor, typed: str, *, now: datetime) -> tuple[date, date]:
    """Return the day asked for, and today."""
    today = today_of(session, actor, now=now)
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return today, today
    return (day if 2000 <= day.year <= 2100 else today), today


def _next_day(session: Session, actor: Actor, day: date, *, now: datetime) -> date | None:
    if actor.home_territory_id is None:
        return None
    kinds = [kind.id for kind in plannable_kinds(session, actor)]
    after = max(now, instant_of(day + A_DAY, time(), ZoneInfo(time_zone_of(session, actor))))
    return next_day_with_hearings(session, actor.home_territory_id, kinds, after)


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(booking_id=str(typed)[:40]) from error
