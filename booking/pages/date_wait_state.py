"""What a lawyer waits for: where they are in the list, what is held for them, entering and leaving it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import Refusal
from availability.rights import Actor
from booking.date_queue import ListedWait, own_waits
from booking.date_waiting import open_offer_of, undo_withdraw_wait, wait_for_date, withdraw_wait
from booking.lawyer_dates import give_back, take_back
from booking.lawyers import LAWYERS, hearings_touched
from booking.natures import natures
from booking.pages.date_wait_words import WaitRow, before, wait_row
from booking.pages.take_date_state import TakeDateState, asked_key
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState


class DateWaitState(rx.State):
    """The waits of a lawyer, those for which a date is held apart."""

    offers: list[WaitRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    waits: list[WaitRow] = []  # noqa: RUF012
    awaited: list[str] = []  # noqa: RUF012 - hearings, and what is asked of any
    _undo: Callable[..., Any] | None = None
    _undone: str = ""

    @allow(*LAWYERS)
    @rx.event
    async def load(self) -> None:
        """Show what the actor waits for."""
        watch(self)
        self._undo = None
        await self._read_again()

    @allow(*LAWYERS)
    @rx.event
    async def wait(self, hearing_id: str) -> EventSpec | None:
        """Enter the list, for one hearing or for the first date."""
        dates = await self.get_state(TakeDateState)
        asked, number = dates.asked_now(), dates.full_now(hearing_id)
        if asked is None or (hearing_id and number is None):
            return None
        actor, notice = await current_actor(self), await self.get_state(NoticeState)
        try:
            entered = await act(wait_for_date, actor, asked, number, now=now())
        except Refusal as refusal:  # a place was freed meanwhile
            notice.show_error(sentence(refusal))
            return rx.set_focus("message")
        self._undo, self._undone = partial(withdraw_wait, wait_id=entered.id), "Vous n’êtes plus sur la liste."
        found = await self._read_again()
        mine = next((one for one in found if one.id == entered.id), None)
        said = f", {before(mine)}" if mine else ""
        notice.show_success(
            f"Vous êtes sur la liste d’attente{said}. Un courriel vous dira quand une date est gardée pour vous.",
            undo_label="Annuler",
        )
        return rx.set_focus("message")

    @allow(*LAWYERS)
    @rx.event
    async def leave(self, wait_id: str) -> EventSpec | None:
        """Leave the list; one is put back at one's place at once."""
        if not any(one.id == str(wait_id) for one in self.waits):
            return None
        back = partial(undo_withdraw_wait, wait_id=UUID(str(wait_id)))
        return await self._do(
            partial(withdraw_wait, wait_id=UUID(str(wait_id))), "Vous n’attendez plus cette date.", back
        )

    @allow(*LAWYERS)
    @rx.event
    async def decline(self, booking_id: str) -> EventSpec | None:
        """Leave what is held to the next."""
        if not any(one.booking == str(booking_id) for one in self.offers):
            return None
        number = UUID(str(booking_id))
        return await self._do(
            partial(_declined, booking_id=number),
            "La date est laissée au suivant.",
            partial(take_back, booking_id=number),
            undone="La date est à nouveau gardée pour vous.",
        )

    @allow(*LAWYERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take back the last act."""
        back, self._undo = self._undo, None
        if back is None:
            return rx.set_focus("message")
        return await self._do(back, self._undone, None)

    async def _do(
        self,
        action: Callable[..., Any],
        said: str,
        back: Callable[..., Any] | None,
        *,
        undone: str = "Vous êtes à nouveau sur la liste, à votre place.",
    ) -> EventSpec:
        notice = await self.get_state(NoticeState)
        try:
            await act(action, await current_actor(self), now=now())
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            self._undo, self._undone = back, undone
            notice.show_success(said, undo_label="Annuler" if back else "")
        await self._read_again()
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        if not await read(hearings_touched, await current_actor(self), LAWYERS, resource_ids):
            return
        known = {one.booking for one in self.offers}
        await self._read_again()
        new = next((one for one in self.offers if one.booking not in known), None)
        if new is not None:
            said = f"Une place s’est libérée, gardée pour vous {new.until} : {new.held}. Prenez-la en haut de la page."
            (await self.get_state(NoticeState)).show_success(said)

    async def _read_again(self) -> list[ListedWait]:
        at = now()
        found, known = await read(_read, await current_actor(self), now=at)
        rows = [wait_row(one, known, at) for one in found]
        self.offers = [one for one in rows if one.booking]
        self.waits = [one for one in rows if not one.booking]
        self.awaited = [str(one.hearing_id or asked_key(one.asked)) for one in found]
        return list(found)


def _read(session: Session, actor: Actor, *, now: datetime) -> tuple[list[ListedWait], dict[str, str]]:
    return own_waits(session, actor, now=now), natures(session)


def _declined(session: Session, actor: Actor, *, booking_id: UUID, now: datetime) -> None:
    """Give back what is held; what was taken from another page meanwhile stays. Raises: NotFound."""
    open_offer_of(session, actor, booking_id)
    give_back(session, actor, booking_id, now=now)
