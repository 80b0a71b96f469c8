"""Stays changed on the grid of an establishment: dropped, exchanged, typed, taken back. Each act is judged again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import Refusal
from booking import stays
from booking.models import Booking
from booking.pages import stay_words as words
from booking.pages.establishment_state import VIEWERS, EstablishmentState
from booking.pages.stay_words import Known, Option
from booking.question import form_of
from portal.clock import now
from portal.database import act
from portal.policy import allow, current_actor
from portal.ui.notice import NoticeState


class StayMovesState(rx.State):
    """What is being changed, and how to take the last change back."""

    turn: int = 0
    swap_text: str = ""
    chosen: str = ""
    first: str = ""
    until: str = ""
    unit: str = ""
    may_date: bool = False
    has_begun: bool = False
    beds: list[Option] = []  # noqa: RUF012 - Reflex copies the default for each client
    others: list[Option] = []  # noqa: RUF012
    effect: str = ""
    version: int = 0
    _swap: tuple[str, str] = ("", "")
    _seen: dict[str, int] = {}  # noqa: RUF012 - the revisions of what is being typed, or asked
    _undo: tuple[str, ...] = ()

    @allow(*VIEWERS)
    @rx.event
    async def follow(self) -> None:
        """Leave what was asked or chosen of stays that the grid does not show any more."""
        grid = await self.get_state(EstablishmentState)
        if not all(number in grid._known for number in self._swap):
            self._swap, self.swap_text = ("", ""), ""
        if self.chosen not in grid._known:
            self._fill("", grid)

    @allow(*VIEWERS)
    @rx.event
    async def drop(self, booking_id: str, unit_id: int, first: str, until: str) -> None:
        """Give a stay the bed and the dates on which it was dropped; refused, it is back where it was."""
        dates = _dates(first, until)
        if dates is None or not _is_number(str(unit_id)):
            (await self.get_state(NoticeState)).show_error(words.NOT_DATES)
        else:
            self._seen = {number: seen for number, seen in self._seen.items() if number != str(booking_id)}
            await self._change(str(booking_id), *dates, int(unit_id))
        self.turn += 1

    @allow(*VIEWERS)
    @rx.event
    async def ask_swap(self, booking_id: str, other_id: str) -> None:
        """Ask whether two stays exchange their beds."""
        grid = await self.get_state(EstablishmentState)
        one, other = grid._known.get(str(booking_id)), grid._known.get(str(other_id))
        if one and other:
            self._swap = (str(booking_id), str(other_id))
            self._seen |= {str(booking_id): one.stay.revision, str(other_id): other.stay.revision}
            self.swap_text = words.swap_question(one, other, grid.today)
        self.turn += 1

    @allow(*VIEWERS)
    @rx.event
    async def give_up_swap(self) -> None:
        """Leave both beds as they are."""
        self._swap, self.swap_text = ("", ""), ""

    @allow(*VIEWERS)
    @rx.event
    async def swap(self) -> None:
        """Exchange the beds, as asked."""
        pair, self._swap, self.swap_text = self._swap, ("", ""), ""
        await self._exchange(*pair)
        self.turn += 1

    @allow(*VIEWERS)
    @rx.event
    async def choose(self, booking_id: str) -> None:
        """Choose a stay in the form."""
        self._fill(str(booking_id), await self.get_state(EstablishmentState))

    @allow(*VIEWERS)
    @rx.event
    async def pick(self, booking_id: str) -> EventSpec | None:
        """Choose a stay by its bar, and go to the form that changes it."""
        self._fill(str(booking_id), await self.get_state(EstablishmentState))
        return rx.set_focus("sejour") if self.chosen else None

    @allow(*VIEWERS)
    @rx.event
    async def note(self, name: str, value: str) -> None:
        """Say what the form would do, as it is typed."""
        self._read({str(name): str(value)})
        one = (await self.get_state(EstablishmentState))._known.get(self.chosen)
        dates = _dates(self.first, self.until)
        self.effect = words.effect(one, *dates, self._bed_name()) if one and dates else ""

    @allow(*VIEWERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Change the stay chosen as typed; what was typed stays when it is refused."""
        self._read(form_of(form))
        yield
        dates, notice = _dates(self.first, self.until), await self.get_state(NoticeState)
        if not self.chosen or not _is_number(self.unit):
            notice.show_error(words.NOT_CHOSEN)
        elif dates is None:
            notice.show_error(words.NOT_DATES)
        elif await self._change(self.chosen, *dates, int(self.unit)):
            self._fill(self.chosen, await self.get_state(EstablishmentState))

    @allow(*VIEWERS)
    @rx.event
    async def submit_swap(self, form: dict[str, Any]) -> None:
        """Exchange the bed of the stay chosen with that of another."""
        other = form_of(form).get("autre", "")
        if not (self.chosen and other):
            (await self.get_state(NoticeState)).show_error(words.NO_OTHER if self.chosen else words.NOT_CHOSEN)
        elif await self._exchange(self.chosen, other):
            self._fill(self.chosen, await self.get_state(EstablishmentState))

    @allow(*VIEWERS)
    @rx.event
    async def undo(self) -> None:
        """Take the last change back."""
        undone, self._undo = self._undo, ()
        if undone and await self._act(partial(_undone, booking_ids=undone)):
            (await self.get_state(NoticeState)).show_success(words.UNDONE)
            self._fill(self.chosen, await self.get_state(EstablishmentState))
        self.turn += 1

    async def _change(self, booking_id: str, first: date, until: date, unit_id: int) -> bool:
        grid = await self.get_state(EstablishmentState)
        one = grid._known.get(booking_id)
        bed = None if one and unit_id == one.bed.unit_id else unit_id
        number = _identifier(booking_id)
        revision = self._seen.get(booking_id, one.stay.revision if one else None)
        wanted = partial(_changed, booking_id=number, first=first, until=until, unit_id=bed, revision=revision)
        booking = await self._act(wanted) if one and number else None
        if one is None or booking is None:
            return False
        is_asked = booking.id != number
        text = words.changed(one, grid._beds.get(unit_id, one.bed.name), first, until)
        if is_asked and booking.first_on and booking.until_on:
            text = words.asked(one, booking.first_on, booking.until_on)
        self._undo = () if is_asked else (booking_id,)
        (await self.get_state(NoticeState)).show_success(text, undo_label="" if is_asked else words.UNDO)
        return True

    async def _exchange(self, one_id: str, other_id: str) -> bool:
        grid = await self.get_state(EstablishmentState)
        one, other = grid._known.get(one_id), grid._known.get(other_id)
        if one is None or other is None:
            return False
        numbers = [_identifier(one_id), _identifier(other_id)]
        revisions = tuple(self._seen.get(number) for number in (one_id, other_id))
        if await self._act(partial(_swapped, booking_ids=numbers, revisions=revisions)) is None:
            return False
        self._undo = (one_id,)
        (await self.get_state(NoticeState)).show_success(words.swapped(one, other), undo_label=words.UNDO)
        return True

    async def _act(self, wanted: Any) -> Booking | None:
        """Return the booking after an act; refused, say why. The grid is shown again in both cases."""
        grid, done, problem = await self.get_state(EstablishmentState), None, ""
        try:
            done = await act(wanted, await current_actor(self), now=now())
        except Refusal as refusal:
            problem = words.why_not(refusal, grid._beds)
        await grid._read_again()
        # Whoever was told what changed meanwhile may do it again, knowing.
        self._seen = {number: one.stay.revision for number in self._seen if (one := grid._known.get(number))}
        if problem:
            (await self.get_state(NoticeState)).show_error(problem)
        return done

    def _fill(self, booking_id: str, grid: EstablishmentState) -> None:
        one: Known | None = grid._known.get(booking_id)
        self.chosen = booking_id if one else ""
        self.version += 1
        self.effect = ""
        if one is None:
            self.first = self.until = self.unit = ""
            self.beds, self.others = [], []
            return
        self._seen = {booking_id: one.stay.revision}
        self.first, self.until = one.stay.from_on.isoformat(), one.stay.until_on.isoformat()
        self.unit, self.may_date = str(one.bed.unit_id), one.stay.may_date
        self.has_begun = one.stay.from_on < grid.today
        self.beds, self.others = words.bed_options(one), words.swap_options(grid._known, booking_id)

    def _read(self, typed: dict[str, str]) -> None:
        # A field that cannot be changed is not sent: it stays as it is.
        self.first = typed.get("arrivee", self.first)[:10]
        self.until = typed.get("depart", self.until)[:10]
        self.unit = typed.get("lit", self.unit)[:15]

    def _bed_name(self) -> str:
        return next((bed.label.removesuffix(" (le sien)") for bed in self.beds if bed.value == self.unit), "")


def _changed(session: Any, actor: Any, *, now: Any, **wanted: Any) -> Booking:
    return stays.change_stay(session, actor, wanted.pop("booking_id"), now=now, **wanted)


def _swapped(session: Any, actor: Any, *, now: Any, booking_ids: list[UUID], revisions: Any) -> Booking:
    return stays.swap_beds(session, actor, *booking_ids, now=now, revisions=revisions)[0]


def _undone(session: Any, actor: Any, *, now: Any, booking_ids: tuple[str, ...]) -> Booking:
    return [stays.undo_stay(session, actor, UUID(number), now=now) for number in booking_ids][-1]


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _dates(first: str, until: str) -> tuple[date, date] | None:
    try:
        return date.fromisoformat(first), date.fromisoformat(until)
    except (TypeError, ValueError):
        return None


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 16
