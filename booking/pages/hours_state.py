"""What the page of hours holds: the hours being drawn, what they would do, and what stands outside once saved.

Nothing is written before "Enregistrer". The address carries whose hours, and which week; a draft outlives a reload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

import reflex as rx
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.closings import Closed, ClosedDays, close_days, close_site_days, reopen_days, reopen_site_days
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.hours import copy_week, set_hours
from availability.openings import A_DAY
from availability.publishing import A_YEAR
from availability.rights import Actor
from booking.agenda import A_WEEK, monday_of
from booking.errors import OutOfDate
from booking.hours import Hours, Receiver, Standing, hours_of, move_back, receivers, set_hours_known, standing_outside
from booking.models import Booking
from booking.moving import move
from booking.pages import hours_draft as drafts
from booking.pages import hours_week
from booking.pages import hours_words as words
from booking.pages.agenda_words import Group, Line
from booking.pages.agenda_words import address as agenda_address
from booking.pages.hours_drawing import NO_PROBLEM, HoursDrawing, date_of, why
from booking.pages.site_words import SITE
from booking.persons import search_name_of
from booking.question import form_of, text_of
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import SIGNED_IN, allow, current_actor
from portal.ui.dates import day, moment
from portal.ui.notice import NoticeState

Undoing = partial[object]
ANSWER = "rendez-vous-hors-horaires"
MOST_UNDONE = 20
MOST_SHOWN = 60  # appointments outside: a whole site may leave hundreds, and those moved make room for others
UNKNOWN = "Ces horaires n’existent pas, ou ce n’est pas vous qui les fixez."
MORE = "Annuler aussi le précédent"
UNDONE = "C’est annulé : tout est comme avant."


@dataclass(frozen=True)
class OfferRow:
    """A start to which an appointment can be moved in one click."""

    resource_id: str
    start: str
    label: str


@dataclass(frozen=True)
class OutsideRow:
    """An appointment outside of the hours. `href` is empty when it cannot be opened."""

    id: str
    resource_id: str
    said: str
    href: str
    offers: list[OfferRow]


@dataclass(frozen=True)
class ClosedAgain:
    """A closure taken back, then made again: under another number."""

    was: int
    closure_id: int


class HoursState(HoursDrawing):
    """The receivers to choose from, or the hours of one: set, copied, closed, and what stands outside of them."""

    step: str = ""  # "", choose, week
    typed: str = ""
    groups: list[Group] = []  # noqa: RUF012 - Reflex copies the default for each client
    found: int = 0
    title: str = "Horaires"
    where: str = ""
    shows_grid: bool = False  # on a phone, where the lists come first
    # What stands outside.
    outside: list[OutsideRow] = []  # noqa: RUF012
    outside_words: str = ""
    # Closed days, as typed.
    first: str = ""
    last: str = ""
    reason: str = ""
    _left: tuple[str, ...] = ()  # appointments outside that were looked at, and left
    _undo: tuple[Undoing, ...] = ()  # acts that undo the last ones, but for who does them and when

    @allow(SIGNED_IN)
    @rx.event
    async def load(self) -> None:
        """Show the hours and the week that the address names, else those to choose from; keep what is being drawn."""
        watch(self)
        actor, parameters = await current_actor(self), self.router.url.query_parameters
        asked, monday = asked_by(parameters)
        if not asked:
            if parameters.get("ressource"):
                (await self.get_state(NoticeState)).show_error(UNKNOWN)
            self._choose(await read(receivers, actor))
            return
        try:
            found = await read(hours_of, actor, asked, now=clock.now())
        except NotFound:
            (await self.get_state(NoticeState)).show_error(UNKNOWN)
            self._choose(await read(receivers, actor))
            return
        self._take(found, monday)
        if not self._undo:
            (await self.get_state(NoticeState)).undo_label = ""  # what was said is of other hours
        if self._draft.is_changed:
            await self._say_stale(found)
        self._redraw()
        await self._look_outside()
        await self._judge()

    @allow(SIGNED_IN)
    @rx.event
    async def search(self, typed: str) -> None:
        """Keep the receivers whose site, town, kind or name hold the words typed."""
        self.typed = text_of(typed)
        self._choose(await read(receivers, await current_actor(self)))

    @allow(SIGNED_IN)
    @rx.event
    async def show_grid(self, shows_grid: bool) -> None:
        """Show the grid or the lists, on a phone."""
        self.shows_grid = bool(shows_grid)

    @allow(SIGNED_IN)
    @rx.event
    async def save(self) -> None:
        """Set the hours drawn, from the day said; what they leave outside is listed, with where it could go."""
        if not self._hours or not self.is_changed or self.problems["from_on"]:
            return
        receiver, from_on = self._hours[0].receiver, self._from_on
        rules = drafts.to_save(self._draft, from_on)
        setting = partial(set_hours_known, known=self._known, from_on=from_on)
        notice = await self.get_state(NoticeState)
        try:
            done = await act(setting, await current_actor(self), receiver.resource_id, rules, now=clock.now())
        except OutOfDate:
            await self._read(keeps=True)
            return
        except Refusal as refusal:
            notice.show_error(why(refusal))
            return
        self._push(partial(set_hours, resource_id=receiver.resource_id, rules=done.before, from_on=from_on))
        await self._again(f"Nouveaux horaires à partir du {day(from_on, year=True)}.")

    @allow(SIGNED_IN)
    @rx.event
    async def keep_mine(self) -> None:
        """Keep what is drawn here, to be set in the place of what somebody else has set meanwhile."""
        if self._hours:
            self._known, self.is_stale, self._begun_at = self._hours[0].rules, False, clock.now()
            self.stale_by, self.differences = [], []

    @allow(SIGNED_IN)
    @rx.event
    async def move_one(self, booking_id: str, resource_id: str, start: str) -> None:
        """Move an appointment that stands outside to one of the starts offered."""
        row = next((one for one in self.outside if one.id == str(booking_id)), None)
        wanted = (str(resource_id), str(start))
        offers = row.offers if row else []
        offer = next((one for one in offers if (one.resource_id, one.start) == wanted), None)
        if row is None or offer is None or not self._hours:
            return
        notice = await self.get_state(NoticeState)
        claim = SlotClaim(resource_id=int(offer.resource_id), start=datetime.fromisoformat(offer.start))
        actor, own = await current_actor(self), int(row.resource_id)
        try:
            before = await act(_moved, actor, UUID(row.id), claim, now=clock.now())
        except Refusal as refusal:
            notice.show_error(f"Le rendez-vous n’a pas été déplacé. {why(refusal)}")
            await self._look_outside()
            return
        self._push(partial(move_back, booking_id=UUID(row.id), claim=SlotClaim(resource_id=own, start=before)))
        notice.show_success(f"Rendez-vous déplacé : {offer.label}.", undo_label="Annuler")
        await self._look_outside()
        self._focus(ANSWER)

    @allow(SIGNED_IN)
    @rx.event
    async def leave_one(self, booking_id: str) -> None:
        """Leave an appointment where it is, and show it no more."""
        self._left = (*self._left, str(booking_id))[-200:]
        self.outside = [one for one in self.outside if one.id != str(booking_id)]
        self.outside_words = words.outside_words(len(self.outside)) if self.outside else ""

    @allow(SIGNED_IN)
    @rx.event
    async def copy(self, form: dict[str, Any]) -> None:
        """Give the weeks ticked the hours of the week shown."""
        typed = form_of(form)
        ticked = [one.name for one in self.targets if typed.get(one.name, "") not in ("", "false", "False")]
        if not self._hours or self.is_changed:
            return
        notice = await self.get_state(NoticeState)
        if not ticked:
            notice.show_error("Cochez au moins une semaine.")
            return
        mondays = [date.fromisoformat(name.removeprefix("s_")) for name in ticked]
        receiver, source = self._hours[0].receiver, self._monday
        try:
            done = await act(
                partial(copy_week, source=source, targets=mondays),
                await current_actor(self),
                receiver.resource_id,
                now=clock.now(),
            )
        except Refusal as refusal:
            notice.show_error(why(refusal))
            return
        self._push(partial(set_hours, resource_id=receiver.resource_id, rules=done.before, from_on=done.from_on))
        self.copy_version += 1
        await self._again(f"Semaine du {day(source)} copiée sur {many(len(mondays), 'semaine', 'semaines')}.")

    @allow(SIGNED_IN)
    @rx.event
    async def close_some(self, form: dict[str, Any]) -> None:
        """Close some days; what was taken on them is listed."""
        typed = form_of(form)
        if not self._hours:
            return
        self.problems = NO_PROBLEM
        self.first, self.last = (text_of(typed.get(name, ""))[:10] for name in ("first", "last"))
        self.reason, is_of_site = text_of(typed.get("reason", "")), typed.get("where") == SITE
        close, reopen = self._closing(of_site=is_of_site)
        actor = await current_actor(self)
        try:
            first = date_of("first", self.first)
            last = date_of("last", self.last) if self.last else first
            days = ClosedDays(first, _after(last), self.reason)
            done = await act(close, actor, days=days, now=clock.now())
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
            return
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(why(refusal))
            return
        self._push(partial(reopen, closure_id=done.closure_id))
        said = words.closed_words(days, is_closed=True, is_of_site=is_of_site)
        listed = {one.resource_id for one in await read(receivers, actor)}
        said += words.elsewhere_words(sum(one.resource_id not in listed for one in done.outside))
        self.first = self.last = self.reason = ""
        self.days_version += 1
        await self._again(said)

    @allow(SIGNED_IN)
    @rx.event
    async def reopen(self, closure_id: str) -> None:
        """Open closed days again."""
        row = next((one for one in self.closings if one.id and one.id == str(closure_id)), None)
        if row is None or not self._hours:
            return
        close, reopen = self._closing(of_site=row.is_of_site)
        try:
            days = await act(reopen, await current_actor(self), closure_id=int(row.id), now=clock.now())
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(why(refusal))
            return
        if days:
            self._push(partial(_closed_again, close=close, days=days, was=int(row.id)))
        said = words.closed_words(days, is_closed=False, is_of_site=row.is_of_site)
        await self._again(said, may_undo=bool(days))

    @allow(SIGNED_IN)
    @rx.event
    async def undo(self) -> None:
        """Take the last act back: hours, a week copied, closed days, a move."""
        if not self._undo or not self._hours:
            return
        wanted, self._undo = self._undo[-1], self._undo[:-1]
        notice = await self.get_state(NoticeState)
        try:
            done = await act(wanted, await current_actor(self), now=clock.now())
        except Refusal as refusal:
            self._undo = put_off(wanted, self._undo)
            notice.show("error", f"Impossible d’annuler. {why(refusal)}", undo_label=MORE if self._undo else "")
            return
        if isinstance(done, ClosedAgain):
            self._undo = tuple(_renumbered(one, done) for one in self._undo)
        await self._read(keeps=self.is_changed)
        notice.show("success", UNDONE, undo_label=MORE if self._undo else "")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the hours as they are now that somebody changed something; what is being drawn stays."""
        if self.step == "week" and self._hours and self._hours[0].receiver.resource_id in resource_ids:
            await self._read(keeps=self.is_changed)

    def _take(self, found: Hours, monday: date | None) -> None:
        """Show these hours. What is being drawn of the same ones stays."""
        receiver = found.receiver
        is_same = bool(self._hours) and self._hours[0].receiver.resource_id == receiver.resource_id
        if not is_same:
            self._undo, self._left, self.outside, self.first, self.last, self.reason = (), (), [], "", "", ""
            self._pick(None)
        self._hours = (found,)
        tomorrow = found.today + A_DAY
        self._monday = monday_of(monday or found.today + A_WEEK)
        if not (is_same and self._draft.is_changed):  # else it stays, and `load` says what changed under it
            self.from_on = max(tomorrow, self._monday).isoformat()
            self._start_again(found)
        self.step, self.title = "week", receiver.name
        self._say_cut(receiver)

    def _say_cut(self, receiver: Receiver) -> None:
        cut = words.slots_are(receiver.step_min, receiver.duration_min)
        self.where = f"{words.capital(receiver.kind_label)} · {receiver.site_name} · {cut}"
        self.snap = hours_week.snap_of(receiver.step_min)

    async def _read(self, *, keeps: bool) -> None:
        """Read the hours again; what is being drawn stays when asked."""
        if not self._hours:
            return
        resource_id = self._hours[0].receiver.resource_id
        try:
            found = await read(hours_of, await current_actor(self), resource_id, now=clock.now())
        except NotFound:
            return
        self._hours = (found,)
        self._say_cut(found.receiver)
        if keeps:
            await self._say_stale(found)
        else:
            self._start_again(found)
        self._redraw()
        await self._look_outside()
        await self._judge()

    async def _again(self, said: str, *, may_undo: bool = True) -> None:
        """Say what was done, and show what is true now."""
        self._pick(None)
        await self._read(keeps=False)
        notice = await self.get_state(NoticeState)
        notice.show_success(said, undo_label="Annuler" if may_undo else "")
        if self.outside:
            self._focus(ANSWER)

    async def _look_outside(self) -> None:
        """List the appointments that stand outside of the hours, but for those left there."""
        own = self._hours[0].receiver.resource_id
        found = await read(standing_outside, await current_actor(self), own, now=clock.now())
        kept = [one for one in found if str(one.appointment.booking_id) not in self._left]
        self.outside = [_outside_row(one, own) for one in kept[:MOST_SHOWN]]
        self.outside_words = words.outside_words(len(kept)) if kept else ""

    def _closing(self, *, of_site: bool) -> tuple[Callable[..., Closed], Callable[..., ClosedDays | None]]:
        """Return the acts that close and open again the receiver, or everything on its site."""
        receiver = self._hours[0].receiver
        if of_site:
            site_id = receiver.site_id
            return partial(close_site_days, site_id=site_id), partial(reopen_site_days, site_id=site_id)
        resource_id = receiver.resource_id
        return partial(close_days, resource_id=resource_id), partial(reopen_days, resource_id=resource_id)

    def _choose(self, found: list[Receiver]) -> None:
        self.step, self.title, self.where, self._hours = "choose", "Horaires", "", ()
        asked = search_name_of(self.typed).split()
        kept = [one for one in found if all(word in search_name_of(_searched(one)) for word in asked)]
        self.found = len(kept)
        self.groups = [
            Group(
                site, [Line(words.address(one.resource_id), one.name, words.capital(one.kind_label)) for one in lines]
            )
            for site, lines in groupby(kept, key=lambda one: one.site_name)
        ]

    def _push(self, undoing: Undoing) -> None:
        self._undo = (*self._undo, undoing)[-MOST_UNDONE:]


def asked_by(parameters: Mapping[str, str]) -> tuple[int, date | None]:
    """Return whose hours and which week an address names; what does not read is not asked."""
    number, week = parameters.get("ressource", ""), parameters.get("semaine", "")
    resource_id = int(number) if number.isdecimal() and number.isascii() and len(number) <= 18 else 0
    try:
        monday = date.fromisoformat(week) if week else None
    except ValueError:
        monday = None
    is_near = monday is not None and abs(monday - clock.now().date()) < 2 * A_YEAR
    return resource_id, monday if is_near else None


def _moved(session: Session, actor: Actor, booking_id: UUID, claim: SlotClaim, *, now: datetime) -> datetime:
    """Move a booking; return when it was."""
    found = session.get(Booking, booking_id)
    if found is None or found.starts_at is None:
        raise NotFound(booking_id=booking_id)
    before = found.starts_at
    move(session, actor, booking_id, claim, now=now, for_the_place=True)  # whoever sets the hours receives there
    return before


def put_off(refused: Undoing, others: tuple[Undoing, ...]) -> tuple[Undoing, ...]:
    """Return what is left to undo: a move is not taken back to a closed day, but is once that day opens again."""
    return (refused, *others) if any("closure_id" in one.keywords for one in others) else others


def _closed_again(
    session: Session, actor: Actor, *, close: Callable[..., Closed], days: ClosedDays, was: int, now: datetime
) -> ClosedAgain:
    return ClosedAgain(was, close(session, actor, days=days, now=now).closure_id)


def _renumbered(undoing: Undoing, again: ClosedAgain) -> Undoing:
    """Return an act that undoes one, on the closure as it is numbered now."""
    if undoing.keywords.get("closure_id") != again.was:
        return undoing
    return partial(undoing, closure_id=again.closure_id)


def _outside_row(standing: Standing, own: int) -> OutsideRow:
    one, receiver = standing.appointment, standing.receiver
    is_open, is_beside = one.is_visible and receiver.is_in_agenda, receiver.resource_id != own
    at = moment(one.period.start, receiver.zone)
    return OutsideRow(
        id=str(one.booking_id),
        resource_id=str(receiver.resource_id),
        said=words.outside_line(one, at, receiver.name if is_beside else ""),
        href=agenda_address(receiver.resource_id, None, one.booking_id) if is_open else "",
        offers=[
            OfferRow(
                str(offer.resource_id),
                offer.start.isoformat(),
                moment(offer.start, receiver.zone) + (f" – {offer.name}" if offer.name else ""),
            )
            for offer in standing.offers
        ],
    )


def _line(one: Receiver) -> Line:
    return Line(words.address(one.resource_id), one.name, words.capital(one.kind_label))


def _searched(one: Receiver) -> str:
    return " ".join((one.site_name, one.commune, one.kind_label, one.name))


def _after(last: date) -> date:
    if last == date.max:
        raise InvalidRequest("last", "too-far")
    return last + A_DAY
