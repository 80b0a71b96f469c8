"""The agenda: one week of whoever receives. Its address carries whose, and which week.

A drag moves the event at once in the browser; the week is sent again whatever the answer, so a refused one snaps back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec

from availability.claims import SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.rights import Actor, Role
from booking.agenda import Agenda, Appointment, Week, agendas, free_starts, monday_of, usual_agenda, week_of
from booking.errors import ChangedMeanwhile, SlotUnfit
from booking.filters import Filters
from booking.moving import move
from booking.pages import agenda_words as words
from booking.pages.agenda_words import DayList, Frame, Group, Start, StartsOfDay
from booking.pages.booking_sheet import BookingSheetState
from booking.pages.dossier_words import changed_sentence
from booking.pages.hours_words import address as hours_address
from booking.pages.reserve_state import ReserveState
from booking.pages.why_words import Why, why_of
from booking.question import form_of, text_of
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import moment
from portal.ui.notice import NoticeState

HOLDERS = (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE, Role.MONITORING_AGENT)
GONE = (PeriodTaken, CapacityReached, NotOpen)
NEAREST = 3
UNKNOWN = "Cet agenda n’existe pas, ou ne vous est pas accessible."
UNDONE = "C’est annulé : tout est comme avant."
UNREADABLE = "Cette semaine ne se lit pas : voici la semaine en cours."
REFUSED = {
    "past": "C’est trop tard : ce moment est passé.",
    "too-soon": "C’est trop tôt : un délai est demandé avant le rendez-vous.",
    "too-far": "C’est trop loin : les rendez-vous ne se prennent pas si longtemps à l’avance.",
}


@dataclass(frozen=True)
class Moving:
    """The appointment for which another start is being chosen."""

    id: str
    who: str
    when: str


NOTHING = Moving("", "", "")


class AgendaState(rx.State):
    """The agendas to choose from, or the week of one."""

    step: str = ""  # "", choose, week
    typed: str = ""
    groups: list[Group] = []  # noqa: RUF012 - Reflex copies the default for each client
    found: int = 0
    title: str = "Agenda"
    where: str = ""
    change_href: str = ""
    calendars_href: str = ""
    period: str = ""
    summary: str = ""
    zone: str = ""
    zone_words: str = ""
    previous: str = ""
    following: str = ""
    present: str = ""
    frame: Frame = words.NO_FRAME
    events: list[dict[str, Any]] = []  # noqa: RUF012
    starts: list[str] = []  # noqa: RUF012
    revision: int = 0  # the calendar draws its events again when it grows
    past: list[DayList] = []  # noqa: RUF012 - of this week, folded: what is to come is what one looks for
    days: list[DayList] = []  # noqa: RUF012
    may_reserve: bool = False
    hours_href: str = ""  # of the page that sets its hours, for who may
    shows_grid: bool = False  # on a phone, where the list comes first
    problem: str = ""
    why: Why = Why()  # the rule behind it
    offers: list[Start] = []  # noqa: RUF012
    moving: Moving = NOTHING
    options: list[StartsOfDay] = []  # noqa: RUF012
    move_problem: str = ""
    _resource_id: int = 0
    _last_id: int = 0  # the agenda last looked at, while others are chosen from
    _site_id: int = 0
    _kind_code: str = ""
    _monday: date | None = None
    _appointments: dict[str, Appointment] = {}  # noqa: RUF012
    _wanted: str = ""  # the booking for which the offers are
    # The act that undoes the last one, but for who does it and when. Not a dataclass: Reflex would wrap its parts.
    _undo: Callable[..., object] | None = None

    @rx.var
    def is_moving(self) -> bool:
        """Say whether another start is being chosen."""
        return self.moving.id != ""

    @allow(*HOLDERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Show the week that the address names, else go to that of the usual agenda, else show those to choose from."""
        watch(self)
        actor, parameters = await current_actor(self), self.router.url.query_parameters
        asked, monday, problem = asked_by(parameters)
        if (asked, monday) != (self._resource_id, self._monday):
            self.problem, self.offers, self.moving = "", [], NOTHING
        found = await read(agendas, actor)
        is_said = bool(asked or problem) or "choisir" in parameters
        usual = 0 if is_said else self._usual(found) or await read(usual_agenda, actor, found)
        if usual:
            return rx.redirect(words.address(usual, monday, parameters.get("reservation", "")), replace=True)
        if asked:
            try:
                self._show(await read(week_of, actor, asked, monday, now=clock.now()))
            except NotFound:
                asked, problem = 0, UNKNOWN
            except InvalidRequest:
                self._show(await read(week_of, actor, asked, None, now=clock.now()))
                problem = UNREADABLE
        if not asked:
            self._choose(found, monday)
        if problem:
            (await self.get_state(NoticeState)).show_error(problem)
        return None

    @allow(*HOLDERS)
    @rx.event
    async def search(self, typed: str) -> None:
        """Keep the agendas whose site, town, kind or name hold the words typed."""
        self.typed = text_of(typed)
        self._choose(await read(agendas, await current_actor(self)), self._monday)

    @allow(*HOLDERS)
    @rx.event
    async def reserve(self, start: str) -> EventSpec | None:
        """Keep a free start for a few minutes, in the sheet at the right."""
        if not self.may_reserve or self.step != "week":
            return None
        self.problem, self.offers = "", []
        on = _instant(start).astimezone(ZoneInfo(self.zone)).date()
        query = Filters(type=self._kind_code, du=on.isoformat()).to_query()
        return ReserveState.hold_start(str(self._site_id), str(self._resource_id), str(start), query)

    @allow(*HOLDERS)
    @rx.event
    async def open_booking(self, booking_id: str) -> EventSpec | None:
        """Open the sheet of an appointment."""
        if str(booking_id) not in self._appointments:
            return None
        return rx.redirect(words.address(self._resource_id, self._monday, booking_id))

    @allow(*HOLDERS)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the week stays as it was."""
        return rx.redirect(words.address(self._resource_id or "", self._monday), replace=True)

    @allow(*HOLDERS)
    @rx.event
    async def leave_reservation(self) -> EventSpec:
        """Close the sheet of a reservation; what was held is given back."""
        return ReserveState.leave

    @allow(*HOLDERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same week as it is now; once something was done in the sheet, the move before it stays."""
        await self._read()
        if self._undo is not None and (await self.get_state(BookingSheetState)).tone == "success":
            self._undo = None
            (await self.get_state(NoticeState)).show("", "")

    @allow(*HOLDERS)
    @rx.event
    async def drag(self, booking_id: str, start: str) -> None:
        """Move an appointment to where it was dropped; a refusal snaps it back, and offers the nearest starts."""
        await self._move(str(booking_id), str(start))

    @allow(*HOLDERS)
    @rx.event
    async def start_moving(self, booking_id: str) -> None:
        """Offer the free starts to which an appointment can be moved."""
        one = self._appointments.get(str(booking_id))
        if one is None or not one.may_move:
            return
        zone = ZoneInfo(self.zone)
        starts = await read(
            free_starts,
            await current_actor(self),
            self._resource_id,
            around=one.period.start,
            now=clock.now(),
        )
        self.options, self.move_problem = words.starts_by_day(starts, zone), ""
        self.moving = Moving(str(booking_id), words.who(one), moment(one.period.start, zone))

    @allow(*HOLDERS)
    @rx.event
    async def stop_moving(self) -> None:
        """Leave the appointment where it is."""
        self.moving, self.options, self.move_problem = NOTHING, [], ""

    @allow(*HOLDERS)
    @rx.event
    async def move_to(self, form: dict[str, Any]) -> None:
        """Move the appointment to the start chosen in the list."""
        if self.moving.id and (start := form_of(form).get("start", "")):
            if await self._move(self.moving.id, start):
                self.moving, self.options = NOTHING, []
            else:
                self.move_problem = self.problem
        elif self.moving.id:
            self.move_problem = "Choisissez un créneau."

    @allow(*HOLDERS)
    @rx.event
    async def accept_offer(self, start: str) -> None:
        """Move the appointment that was refused elsewhere to one of the starts offered."""
        if self._wanted and await self._move(self._wanted, str(start)):
            self.moving, self.options = NOTHING, []

    @allow(*HOLDERS)
    @rx.event
    async def forget_problem(self) -> None:
        """Take the refusal away."""
        self.problem, self.offers, self._wanted, self.why = "", [], "", Why()

    @allow(*HOLDERS)
    @rx.event
    async def show_grid(self, shows_grid: bool) -> None:
        """Show the calendar or the list, on a phone."""
        self.shows_grid = bool(shows_grid)

    @allow(*HOLDERS)
    @rx.event
    async def undo(self) -> None:
        """Take the last move back."""
        wanted, self._undo = self._undo, None
        if wanted is None:
            return
        failed = ""
        try:
            await act(wanted, await current_actor(self), now=clock.now())
        except Refusal as refusal:
            failed = f"Impossible d’annuler. {_why(refusal)}"
        await self._read()
        (await self.get_state(NoticeState)).show("error" if failed else "success", failed or UNDONE)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the week as it is now that somebody changed it."""
        if self.step == "week" and self._resource_id in resource_ids:
            await self._read()

    async def _move(self, booking_id: str, start: str) -> bool:
        """Say whether an appointment was moved; the week is shown again in any case."""
        one = self._appointments.get(booking_id)
        if one is None or not one.may_move:
            await self._read()
            return False
        notice, zone = await self.get_state(NoticeState), ZoneInfo(self.zone)
        actor, at = await current_actor(self), clock.now()
        self.problem, self.offers, self._wanted, self.why = "", [], "", Why()
        notice.show("", "")
        try:
            claim = SlotClaim(resource_id=self._resource_id, start=_instant(start))
            moved = await act(move, actor, one.booking_id, claim, now=at, revision=one.revision)
        except Refusal as refusal:
            await self._refused(actor, booking_id, start, refusal)
        else:
            before = SlotClaim(resource_id=self._resource_id, start=one.period.start)
            self._undo = partial(move, booking_id=UUID(booking_id), claim=before, revision=moved.revision)
            said = f"Rendez-vous ({words.who(one)}) déplacé au {moment(claim.start, zone)}."
            monday = monday_of(claim.start.astimezone(zone).date())
            there = ("Voir cette semaine-là", words.address(self._resource_id, monday))
            link = ("", "") if monday == self._monday else there
            notice.show_success(said, undo_label="Annuler", link=link, stays=True)
        await self._read()
        return not self.problem

    async def _refused(self, actor: Actor, booking_id: str, start: str, refusal: Refusal) -> None:
        """Say why it was not moved, and offer the nearest free starts."""
        self.problem, self.why = f"Le rendez-vous n’a pas été déplacé. {_why(refusal)}", why_of(refusal)
        if not isinstance(refusal, (*GONE, InvalidRequest)):
            return
        try:
            nearest = await read(
                free_starts, actor, self._resource_id, around=_instant(start), now=clock.now(), limit=NEAREST
            )
        except Refusal:
            return  # what was asked is no moment at all: there is nothing near it
        self._wanted, self.offers = booking_id, words.offers(nearest, ZoneInfo(self.zone))

    async def _read(self) -> None:
        if self.step != "week":
            return
        actor = await current_actor(self)
        self._show(await read(week_of, actor, self._resource_id, self._monday, now=clock.now()))

    def _usual(self, found: list[Agenda]) -> int:
        """Return the agenda last looked at, or the only one."""
        known = [one.resource_id for one in found]
        return self._last_id if self._last_id in known else known[0] if len(known) == 1 else 0

    def _choose(self, found: list[Agenda], monday: date | None) -> None:
        self.step, self.title, self.where = "choose", "Agenda", ""
        self._resource_id, self._monday, self._appointments = 0, monday, {}
        self.groups = words.groups(found, self.typed, monday)
        self.found = sum(len(group.lines) for group in self.groups)

    def _show(self, week: Week) -> None:
        at = clock.now()
        self.step, self.title = "week", week.agenda.name
        self.where = f"{week.agenda.kind_label[:1].upper()}{week.agenda.kind_label[1:]} · {week.agenda.site_name}"
        self._resource_id, self._site_id = week.agenda.resource_id, week.agenda.site_id
        self._last_id = week.agenda.resource_id
        self._kind_code, self._monday = week.agenda.kind_code, week.monday
        self._appointments = {str(one.booking_id): one for one in week.appointments if one.is_visible}
        self.may_reserve = week.may_reserve
        self.hours_href = hours_address(week.agenda.resource_id, week.monday) if week.may_set_hours else ""
        self.zone, self.zone_words = week.zone.key, words.zone_words(week.zone)
        self.period, self.summary = words.period(week), words.summary(week)
        self.previous, self.following = words.around(week)
        self.present = words.address(week.agenda.resource_id)
        self.change_href = words.choosing(week.monday)
        self.calendars_href = f"/calendriers/?ressource={week.agenda.resource_id}"
        self.frame, self.events, self.starts = words.frame(week, now=at), words.events(week), words.all_starts(week)
        self.past, self.days = words.folded(words.day_lists(week, now=at), week)
        self.revision += 1


def asked_by(parameters: Mapping[str, str]) -> tuple[int, date | None, str]:
    """Return whose agenda and which week an address names, and what of it does not read."""
    lieu, semaine = parameters.get("lieu", ""), parameters.get("semaine", "")
    resource_id = int(lieu) if lieu.isdecimal() and lieu.isascii() and len(lieu) <= 18 else 0
    problem = UNKNOWN if lieu and not resource_id else ""
    try:
        return resource_id, date.fromisoformat(semaine) if semaine else None, problem
    except ValueError:
        return resource_id, None, problem or UNREADABLE


def _instant(typed: str) -> datetime:
    """Return an instant. Raises: InvalidRequest when it is none, or has no offset."""
    try:
        found = datetime.fromisoformat(str(typed))
    except ValueError as error:
        raise InvalidRequest("start", "unreadable") from error
    return SlotClaim(resource_id=0, start=found).start


def _why(refusal: Refusal) -> str:
    if isinstance(refusal, ChangedMeanwhile):
        return changed_sentence(refusal)
    if isinstance(refusal, InvalidRequest) and refusal.problem in REFUSED:
        return REFUSED[refusal.problem]
    if isinstance(refusal, PeriodTaken):
        return "Ce créneau est pris."
    if isinstance(refusal, NotOpen) and not isinstance(refusal, SlotUnfit):
        return "Ce n’est pas un créneau ouvert."
    return sentence(refusal)
