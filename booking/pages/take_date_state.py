"""A lawyer takes a date: what they ask, the dates that are free, the one that is held, and the proof."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.rights import Actor
from availability.sealing import House
from booking.date_queue import ListedWait, own_waits
from booking.lawyer_dates import confirm_date, give_back, note_attempt, take_date
from booking.lawyer_hearings import hearing_of
from booking.lawyer_looking import FULL, Asked, Looked, OpenDate, courts_for, open_dates
from booking.lawyer_models import LawyerDate, Procedure, WhyNone
from booking.lawyers import LAWYERS, hearings_touched, own_date
from booking.models import Booking
from booking.natures import natures
from booking.pages.date_calendar_words import DayMonth, day_label, grid_of
from booking.pages.date_wait_words import held as held_words
from booking.pages.hearing_templates_words import read_day
from booking.pages.lawyer_words import (
    NONE_TITLES,
    NONE_WORDS,
    DateRow,
    Month,
    counted,
    date_row,
    looked_at,
    months_of,
    nature_typed,
    nature_words,
    not_listed,
    proposed_first,
    recap,
    summons_rule,
)
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.notice import NoticeState

PAGE = "/prendre-date/"
MOST_TYPED = 300
NOTHING = DateRow("", "", "", "", False)


@dataclass(frozen=True)
class Choice:
    """A court, or a nature, to choose."""

    id: str
    label: str


class TakeDateState(rx.State):
    """What is asked, and where the date stands: ask, dates, none, held, done."""

    step: str = ""
    courts: list[Choice] = []  # noqa: RUF012 - Reflex copies the default for each client
    natures: list[Choice] = []  # noqa: RUF012
    court: str = ""
    procedure: str = Procedure.MERITS.value
    nature: str = ""  # as typed
    nature_error: str = ""
    court_error: str = ""
    said: str = ""  # how many dates
    since: str = ""  # the day from which they are listed, as a field of a form has it
    not_listed: str = ""
    first: DateRow = NOTHING  # the one that is proposed
    months: list[Month] = []  # noqa: RUF012
    grid: list[DayMonth] = []  # noqa: RUF012
    month: str = ""  # of the calendar, the one that a phone shows
    day: str = ""  # of the calendar, the one that was chosen
    day_said: str = ""
    day_open: list[DateRow] = []  # noqa: RUF012
    day_full: list[DateRow] = []  # noqa: RUF012
    wait_key: str = ""  # what can be waited for, when there are dates, all full
    none_title: str = ""
    none_words: str = ""
    none_detail: str = ""
    attempt: str = ""  # whose proof can be printed
    booking: str = ""
    is_offer: bool = False  # what is held was waited for
    recap: str = ""
    reference: str = ""
    summons_rule: str = ""
    seconds: int = 0
    parties: str = ""
    parties_error: str = ""
    problem: str = ""
    turn: int = 0
    _asked: Asked | None = None
    _taken: tuple[str, datetime] = ("", datetime.min.replace(tzinfo=UTC))  # the booking, and when its hearing begins
    _until: datetime = datetime.min.replace(tzinfo=UTC)  # when what is held no longer is
    _dates: list[OpenDate] = []  # noqa: RUF012
    _of_day: list[OpenDate] = []  # noqa: RUF012
    _full: list[OpenDate] = []  # noqa: RUF012 - of the day

    @allow(*LAWYERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Show what the address asks; what is held stays so until its time is over."""
        watch(self)
        query = self.router.url.query_parameters
        actor = await current_actor(self)
        courts, known = await read(_choices, actor)
        self.courts = [Choice(str(number), name) for number, name in courts]
        self.natures = [Choice(code, nature_words(known, code)) for code in known]
        named = [str(query.get(name, "")) for name in ("tribunal", "procedure", "nature")]
        if self.step == "done" and is_same(self._asked, *named) and await read(_is_as_taken, actor, self._taken):
            return None  # the same address, after a reconnection or a reload: what was just taken stays said
        if self.step == "held" and asks_again(self._asked, *named) and self._until > now():
            self.seconds = _left(self._until)  # the same address again, as after a reconnection: the hold goes on
            return None
        await self._let_go()
        self._begin_again()
        only = self.courts[0].id if len(self.courts) == 1 else ""
        self.court = str(query.get("tribunal", only))[:18]
        self.procedure = next((one.value for one in Procedure if one == query.get("procedure")), Procedure.MERITS.value)
        code = nature_typed(known, str(query.get("nature", ""))[:MOST_TYPED])
        self.nature = nature_words(known, code) if code else ""
        self.since = since.isoformat() if (since := read_day(str(query.get("depuis", ""))[:10])) else ""
        self._asked = None
        if code and any(one.id == self.court for one in self.courts):
            self._asked = Asked(site_id=int(self.court), procedure=Procedure(self.procedure), nature=code)
            await self._look(actor)
            return rx.set_focus(self._shown())
        self.step = "ask"
        return None

    @allow(*LAWYERS)
    @rx.event
    async def ask(self, form: dict[str, Any]) -> EventSpec:
        """Show the dates of what the form says; its address says it too."""
        known = {one.id: one.label.partition(" – ")[2] for one in self.natures}
        self.court, self.nature = str(form.get("tribunal", ""))[:18], str(form.get("nature", ""))[:MOST_TYPED]
        self.procedure = next((one.value for one in Procedure if one == form.get("procedure")), Procedure.MERITS.value)
        code = nature_typed(known, self.nature)
        self.court_error = "" if any(one.id == self.court for one in self.courts) else "Choisissez un tribunal."
        self.nature_error = "" if code else "Choisissez une nature de la liste : tapez un mot ou un code."
        if self.court_error or self.nature_error:
            self.turn += 1
            return rx.set_focus("tribunal" if self.court_error else "nature")
        await self._let_go()
        self.step = "loading"
        asked = {"tribunal": self.court, "procedure": self.procedure, "nature": code}
        return rx.redirect(f"{PAGE}?{urlencode(asked)}")

    @allow(*LAWYERS)
    @rx.event
    async def ask_since(self, form: dict[str, Any]) -> EventSpec | None:
        """Show the dates from a day on."""
        if self.step != "dates" or self._asked is None:
            return None
        asked = {"tribunal": self.court, "procedure": self.procedure, "nature": self._asked.nature}
        received = form if isinstance(form, dict) else {}
        since = read_day(str(received.get("depuis") or "")[:10])
        return rx.redirect(f"{PAGE}?{urlencode(asked | ({'depuis': since.isoformat()} if since else {}))}")

    @allow(*LAWYERS)
    @rx.event
    async def pick(self, hearing_id: str) -> EventSpec | None:
        """Hold a date for ten minutes."""
        chosen = next((one for one in [*self._dates, *self._of_day] if str(one.hearing_id) == str(hearing_id)), None)
        if self.step != "dates" or chosen is None or self._asked is None:
            return None  # a second press, that came while the first was served
        actor, at = await current_actor(self), now()
        try:
            taken, booking = await act(_held, actor, self._asked, chosen.hearing_id, at)
        except Refusal as refusal:
            self.problem = sentence(refusal)
            await self._look(actor)
            return rx.set_focus("probleme")
        court = next((one.label for one in self.courts if one.id == self.court), "")
        today = at.astimezone(chosen.zone).date()
        self.booking, self.reference, self.step, self.problem = str(booking.id), booking.case_ref, "held", ""
        self.recap = recap(chosen, court, today)
        self.summons_rule = summons_rule(taken.summons_due_on, taken.given_on, chosen.day)
        self._taken = (self.booking, chosen.starts_at)
        self._until = booking.expires_at or at
        self.seconds = _left(self._until)
        self.parties_error, self.is_offer = "", False
        return rx.set_focus("parties")

    @allow(*LAWYERS)
    @rx.event
    async def take_offer(self, booking_id: str) -> EventSpec | None:
        """Go on with a date that is held for who waited for it: the parties, then the proof."""
        actor, at = await current_actor(self), now()
        found = await read(_offered, actor, str(booking_id), at)
        if found is None:
            (await self.get_state(NoticeState)).show_error("Cette date n’est plus gardée pour vous.")
            return rx.set_focus("message")
        wait, own, reference = found
        if wait.held is None:
            return None
        await self._let_go()
        (await self.get_state(NoticeState)).show("", "")
        self.booking, self.reference, self.step, self.problem = str(booking_id), reference, "held", ""
        self.recap, self.is_offer, self.parties_error = held_words(wait.held, wait, at), True, ""
        day = wait.held.starts_at.astimezone(wait.zone).date()
        self.summons_rule = summons_rule(own.summons_due_on, own.given_on, day)
        self._taken, self._until = (self.booking, wait.held.starts_at), wait.held.ends_at
        self.seconds = _left(self._until)
        return rx.set_focus("parties")

    @allow(*LAWYERS)
    @rx.event
    async def choose_day(self, day: str) -> EventSpec | None:
        """Show the dates of a day of the calendar, or all of them again."""
        self.day = "" if str(day) == self.day else str(day)[:10]
        await self._show_day(await current_actor(self))
        return rx.set_focus("jour-choisi") if self.day else None

    @allow(*LAWYERS)
    @rx.event
    async def turn_month(self, step: int) -> None:
        """Show another month of the calendar, where one at a time is shown."""
        ids = [one.id for one in self.grid]
        if self.month in ids:
            self.month = ids[min(max(ids.index(self.month) + (1 if step == 1 else -1), 0), len(ids) - 1)]

    @allow(*LAWYERS)
    @rx.event
    async def keep(self, parties: str) -> None:
        """Keep what was typed, for when the time is over before it is sent."""
        self.parties = str(parties)[:MOST_TYPED]

    @allow(*LAWYERS)
    @rx.event
    async def confirm(self, form: dict[str, Any]) -> EventSpec | None:
        """Have the date that is held."""
        self.parties = str(form.get("parties", ""))[:MOST_TYPED]
        if self.step != "held":
            return None
        try:
            await act(
                confirm_date,
                await current_actor(self),
                UUID(self.booking),
                parties=self.parties,
                house=House(secret_key()),
                now=now(),
            )
        except InvalidRequest as refusal:
            self.parties_error = sentence(refusal)
            return rx.set_focus("parties")
        except Refusal as refusal:
            self.problem = sentence(refusal)
            await self._look(await current_actor(self))
            return rx.set_focus("probleme")
        self.step, self.problem, self.parties = "done", "", ""
        return rx.set_focus("date-prise")

    @allow(*LAWYERS)
    @rx.event
    async def leave(self) -> EventSpec | None:
        """Give the date that is held back, and show the dates again."""
        if self.step != "held":
            return None
        if self.is_offer:  # it stays held: it is left for the next by its own button
            self.booking = ""
        await self._let_go()
        await self._look(await current_actor(self))
        return rx.set_focus(self._shown())

    @allow(*LAWYERS)
    @rx.event
    async def time_is_over(self) -> EventSpec | None:
        """Say that the date is no longer held."""
        if self.step != "held":
            return None
        self.problem = "Le délai est passé : la date n’est plus gardée pour vous. Ce que vous avez saisi est conservé."
        await self._look(await current_actor(self))
        return rx.set_focus("probleme")

    @allow(*LAWYERS)
    @rx.event
    async def prove(self) -> EventSpec | None:
        """Write the attempt down, as it is now, and give its proof."""
        if self.step != "none" or self._asked is None or self.attempt:  # a second press makes no second proof
            return None
        actor = await current_actor(self)
        try:
            attempt = await act(note_attempt, actor, self._asked, now=now())
        except Refusal as refusal:  # dates were opened meanwhile
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
            await self._look(actor)
            return rx.set_focus("message")
        self.attempt = str(attempt.id)
        self.none_title, self.none_words = NONE_TITLES[WhyNone(attempt.why)], NONE_WORDS[WhyNone(attempt.why)]
        why = WhyNone(attempt.why)
        self.none_detail = looked_at(why, attempt.sessions, attempt.full, attempt.too_short, attempt.last_on)
        return rx.set_focus("preuve")

    @allow(*LAWYERS)
    @rx.event
    async def start_again(self) -> EventSpec:
        """Ask for another date."""
        self._begin_again()
        self.step = "ask"
        return rx.redirect(PAGE)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        actor = await current_actor(self)
        is_looked_at = self.step == "dates" or (self.step == "none" and not self.attempt)
        if is_looked_at and await read(hearings_touched, actor, LAWYERS, resource_ids):
            await self._look(actor)

    @not_an_event
    def asked_now(self) -> Asked | None:
        """Return what dates are shown for."""
        return self._asked

    @not_an_event
    def full_now(self, hearing_id: str) -> int | None:
        """Return the number of one of the full dates that are shown."""
        return next((one.hearing_id for one in self._full if str(one.hearing_id) == str(hearing_id)), None)

    async def _look(self, actor: Actor) -> None:
        """Show the dates that are free now, or why there is none."""
        self.attempt = self.booking = ""
        if self._asked is None:
            self.step = "ask"
            return
        try:
            since = read_day(self.since) or date.min
            looked: Looked = await read(open_dates, actor, self._asked, now=now(), since=since, with_days=True)
        except Refusal as refusal:
            self.step, self.problem = "ask", sentence(refusal)
            return
        self._dates, self.grid = list(looked.dates), grid_of(looked.days)
        self.wait_key = asked_key(self._asked) if looked.why is WhyNone.FULL else ""
        self.month = self.month if any(one.id == self.month for one in self.grid) else _first_month(self)
        await self._show_day(actor)
        if looked.why is not None:
            full = sum(looked.refused[why] for why in FULL)
            short = looked.refused[WhyNone.TOO_SHORT]
            self.step, self.months, self.first = "none", [], NOTHING
            self.none_title, self.none_words = NONE_TITLES[looked.why], NONE_WORDS[looked.why]
            self.none_detail = looked_at(looked.why, looked.sessions, full, short, looked.last_on)
            return
        proposed = proposed_first(looked.dates)
        self.step, self.said, self.months = "dates", counted(looked), months_of(looked.dates)
        self.not_listed = not_listed(looked)
        self.first = date_row(proposed) if proposed else NOTHING

    @not_an_event
    def _shown(self) -> str:
        """Return what of an answer has the focus."""
        if self.step != "dates":
            return "sans-date"
        return "date-proposee" if self.first.id else "depuis"

    async def _show_day(self, actor: Actor) -> None:
        """Show the dates of the day that is chosen, if it still has any."""
        day, self._of_day, self._full = read_day(self.day), [], []
        if day is not None and self._asked is not None:
            found = await read(open_dates, actor, self._asked, now=now(), since=day, on=day)
            self._of_day = [one for one in found.dates if one.day == day]
            self._full = list(found.full)
        self.day_open, self.day_full = ([date_row(one) for one in dates] for dates in (self._of_day, self._full))
        has_any = day is not None and bool(self._of_day or self._full)
        self.day = self.day if has_any else ""
        self.day_said = day_label(day, len(self._of_day), len(self._full)) if day is not None and has_any else ""

    async def _let_go(self) -> None:
        held = self.booking if self.step == "held" and not self.is_offer else ""
        self.booking = ""
        if held:
            with contextlib.suppress(Refusal):  # it ended by itself meanwhile
                await act(give_back, await current_actor(self), UUID(held), now=now())

    def _begin_again(self) -> None:
        self.booking = self.attempt = self.problem = self.court_error = self.nature_error = self.parties_error = ""
        self.day, self.is_offer = "", False
        self.turn += 1


def asked_key(asked: Asked) -> str:
    """Return what names what is asked of a court, on a page."""
    return f"{asked.site_id}-{asked.procedure}-{asked.nature}"


def asks_again(asked: Asked | None, court: str, procedure: str, nature: str) -> bool:
    """Say whether an address asks what was asked, or nothing: that of the menu."""
    return asked is not None and (not (court or procedure or nature) or is_same(asked, court, procedure, nature))


def is_same(asked: Asked | None, court: str, procedure: str, nature: str) -> bool:
    """Say whether an address asks exactly what was asked."""
    return asked is not None and (court, procedure, nature) == (str(asked.site_id), asked.procedure.value, asked.nature)


def _first_month(state: TakeDateState) -> str:
    """Return the month of the first date that can be taken, else the first of the calendar."""
    of_date = [one.day.replace(day=1).isoformat() for one in state._dates[:1]]
    return next(iter([*of_date, *(one.id for one in state.grid)]), "")


def _left(until: datetime) -> int:
    return max(int((until - now()).total_seconds()), 0)


def _choices(session: Session, actor: Actor) -> tuple[list[tuple[int, str]], dict[str, str]]:
    return courts_for(session, actor), natures(session)


def _is_as_taken(session: Session, actor: Actor, taken: tuple[str, datetime]) -> bool:
    """Say whether a date just taken is still had, at the hour at which it was: it is given back and moved elsewhere."""
    booking_id, starts_at = taken
    try:
        found = hearing_of(session, actor, UUID(booking_id), house=House(secret_key()), now=now())
    except NotFound:
        return False
    return found.is_on and found.starts_at == starts_at


def _held(session: Session, actor: Actor, asked: Asked, hearing_id: int, at: datetime) -> tuple[LawyerDate, Booking]:
    taken = take_date(session, actor, asked, hearing_id, now=at)
    return taken, session.get_one(Booking, taken.booking_id)


def _offered(
    session: Session, actor: Actor, booking_id: str, at: datetime
) -> tuple[ListedWait, LawyerDate, str] | None:
    """Return what is held for a wait of the actor's, with its date and its reference; None when nothing is."""
    waits = own_waits(session, actor, now=at)
    wait = next((one for one in waits if one.held and str(one.held.booking_id) == booking_id), None)
    if wait is None or wait.held is None:
        return None
    number = wait.held.booking_id
    return wait, own_date(session, actor, number), session.get_one(Booking, number).case_ref
