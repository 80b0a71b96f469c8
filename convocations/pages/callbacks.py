"""Who asked by their link to be called back: a number on demand, done, and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from availability.errors import NotFound, Refusal
from availability.sealing import House
from booking.pages.booking_words import whom
from booking.pages.outbox_part import detail, opener, outbox_line
from convocations.callbacks import (
    ToCallBack,
    note_called_back,
    to_call_back,
    undo_called_back,
    whom_to_call_back,
)
from convocations.pages.addresses import LIST, sheet_address
from convocations.pages.calls_part import NO_NUMBER_YET, Calls, Number, calls_page, number_of, number_part
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_words import PART_WORDS, at_words
from convocations.pages.problems import said
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.settings import secret_key
from portal.ui.dates import NBSP, moment
from portal.ui.notice import NoticeState

el = rx.el
CALLS = Calls(
    title="À rappeler",
    act="Rappeler",
    back=("Convocations", LIST),
    caption="Personnes à rappeler, la demande la plus ancienne d’abord",
    headings=("Qui", "Rendez-vous", "Quand appeler", "Demande reçue"),
    nothing=(
        "Personne n’attend d’appel",
        "Qui demande par son lien à être rappelé s’affichera ici, le plus ancien d’abord.",
    ),
)


@dataclass(frozen=True)
class BackRow:
    """Somebody to call back, as displayed."""

    id: str = ""
    act: str = ""
    appointment: str = ""
    when: str = ""
    place: str = ""
    service: str = ""
    part: str = ""
    asked: str = ""
    sheet: str = ""


NO_ROW = BackRow()


class CallbacksState(rx.State):
    """The lines, and the person whose number is shown."""

    rows: list[BackRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_loaded: bool = False
    opened: BackRow = NO_ROW
    number: Number = NO_NUMBER_YET
    _last: str = ""  # the request that was noted last

    @rx.var
    def is_open(self) -> bool:
        """Say whether the number is shown."""
        return self.opened.id != ""

    @rx.var
    def summary(self) -> str:
        """Return how many wait."""
        count = len(self.rows)
        waits = "personnes attendent qu’on les" if count > 1 else "personne attend qu’on la"
        return f"{count}{NBSP}{waits} rappelle."

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Show who waits to be called."""
        watch(self)
        self.opened, self.number = NO_ROW, NO_NUMBER_YET
        await self._fill()

    @allow(*CONVENERS)
    @rx.event
    async def open_number(self, request_id: str) -> None:
        """Show the name and the number of somebody; it is logged."""
        found = next((row for row in self.rows if row.id == str(request_id)), None)
        if found is None:
            return
        actor, house = await current_actor(self), House(secret_key())
        try:
            callee = await act(whom_to_call_back, actor, UUID(found.id), house=house, now=now())
        except NotFound:
            (await self.get_state(NoticeState)).show_error("Cette personne n’est plus à rappeler.")
            await self._fill()
        else:
            self.opened, self.number = found, number_of(callee)

    @allow(*CONVENERS)
    @rx.event
    async def close_sheet(self) -> None:
        """Hide the number."""
        self.opened, self.number = NO_ROW, NO_NUMBER_YET

    @allow(*CONVENERS)
    @rx.event
    async def done(self) -> None:
        """Write down that the person was called."""
        if self.opened.id:
            self._last = self.opened.id
            await self._do(note_called_back, f"C’est noté{NBSP}: rappelé(e).", undo_label="Annuler")

    @allow(*CONVENERS)
    @rx.event
    async def undo(self) -> None:
        """Have the person wait again."""
        if self._last:
            await self._do(undo_called_back, "La personne est de nouveau à rappeler.")
            self._last = ""

    async def _do(self, action: Callable[..., Any], words: str, undo_label: str = "") -> None:
        notice = await self.get_state(NoticeState)
        try:
            await act(action, await current_actor(self), UUID(self._last), now=now())
        except Refusal as refusal:
            notice.show_error(said(refusal))
        else:
            notice.show_success(words, undo_label=undo_label)
        self.opened, self.number = NO_ROW, NO_NUMBER_YET
        await self._fill()

    async def _fill(self) -> None:
        at = now()
        listed = await read(to_call_back, await current_actor(self))
        several = len({one.service for one in listed}) > 1
        self.rows = [row_of(one, now=at, with_service=several) for one in listed]
        self.is_loaded = True

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - it may be about anywhere
        """Show who has just asked, or was called by somebody else."""
        await self._fill()


def row_of(one: ToCallBack, *, now: datetime, with_service: bool) -> BackRow:
    """Return somebody to call back, as displayed."""
    zone = ZoneInfo(one.time_zone)
    return BackRow(
        id=str(one.id),
        act=f"Rappeler{NBSP}{whom(one.initials, '', None)}",
        appointment=one.appointment,
        when=moment(one.starts_at, zone) if one.starts_at else "sans rendez-vous",
        place=one.site_name,
        service=one.service if with_service else "",
        part=PART_WORDS[one.part],
        asked=at_words(one.asked_at, zone, now=now),
        sheet=sheet_address(one.convocation_id),
    )


@page(
    "/convocations/a-rappeler",
    title=CALLS.title,
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(CallbacksState.load,),
    description="Les personnes qui ont demandé, par leur lien, qu’on les rappelle.",
)
def callbacks_page() -> rx.Component:
    """Return the page."""
    return calls_page(CallbacksState, CALLS, _line, _number())


def _line(row: rx.Var[BackRow]) -> rx.Component:
    return outbox_line(
        row.id,
        (opener(row.act, CallbacksState.open_number(row.id)), detail(row.service)),
        (row.when, detail(row.place)),
        (row.part, detail(row.appointment)),
        row.asked,
    )


def _number() -> rx.Component:
    state, row = CallbacksState, CallbacksState.opened
    about = [
        el.p("À appeler ", row.part, ", demande reçue ", row.asked, class_name="fr-mb-1v"),
        el.p(row.when, ", ", row.place, class_name="fr-mb-2w"),
    ]
    acts = [el.button("Rappelé(e)", type="button", on_click=state.done, class_name="fr-btn")]
    return number_part(state.number, about, acts, row.sheet)
