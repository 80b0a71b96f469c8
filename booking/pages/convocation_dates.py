"""The page of investigators: the dates to which people may be convened, read and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx
from reflex.event import EventSpec

from booking.convocation_dates import INVESTIGATORS, ConvocationDate, convocation_dates, courts_with_dates
from booking.lawyers import hearings_touched
from booking.pages.hours_words import capital
from portal.clock import now
from portal.database import read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, hour, long_day, plural
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, select_field, skeleton, table

el = rx.el
PAGE = "/dates-de-convocation/"


@dataclass(frozen=True)
class DateLine:
    """A date, as displayed."""

    id: str
    when: str
    what: str
    room: str
    left: str


@dataclass(frozen=True)
class CourtChoice:
    """A court to choose."""

    id: str
    name: str


class ConvocationDatesState(rx.State):
    """The dates of one court."""

    courts: list[CourtChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    court: str = ""
    dates: list[DateLine] = []  # noqa: RUF012
    said: str = ""
    is_loaded: bool = False

    @allow(*INVESTIGATORS)
    @rx.event
    async def load(self) -> None:
        """Show the dates of the court that the address names, the first one when it names none."""
        watch(self)
        actor, at = await current_actor(self), now()
        self.courts = [CourtChoice(str(number), name) for number, name in await read(courts_with_dates, actor, now=at)]
        asked = str(self.router.url.query_parameters.get("tribunal", ""))
        known = [one.id for one in self.courts]
        self.court = asked if asked in known else next(iter(known), "")
        await self._read_again()
        self.is_loaded = True

    @allow(*INVESTIGATORS)
    @rx.event
    async def pick(self, court: str) -> EventSpec | None:
        """Show another court."""
        known = [one.id for one in self.courts]
        return rx.redirect(f"{PAGE}?tribunal={court}") if str(court) in known else None

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        if await read(hearings_touched, await current_actor(self), INVESTIGATORS, resource_ids):
            await self._read_again()

    async def _read_again(self) -> None:
        actor, at = await current_actor(self), now()
        found = await read(convocation_dates, actor, int(self.court), now=at) if self.court else []
        self.dates = [_line(number, one) for number, one in enumerate(found)]
        self.said = f"{plural(len(found), 'date')} avec de la place dans les six mois"


@page(
    "/dates-de-convocation",
    title="Dates de convocation",
    roles=INVESTIGATORS,
    on_load=(ConvocationDatesState.load,),
    entry="Dates de convocation",
    order=2,
    description="Les audiences qui ont de la place, par tribunal. En lecture seule.",
)
def convocation_dates_page() -> rx.Component:
    """Return the page."""
    state = ConvocationDatesState
    choice = select_field(
        "Tribunal",
        "tribunal",
        rx.foreach(state.courts, lambda one: el.option(one.name, value=one.id, key=one.id)),
        value=state.court,
        on_change=state.pick,
    )
    rows = rx.foreach(state.dates, _row)
    nothing = empty_state(
        "Aucune date avec de la place.", "Les audiences ouvertes par le tribunal se lisent ici ; appelez son greffe."
    )
    shown = rx.cond(
        state.dates.length() > 0,
        table("Dates de convocation", ("Jour et heure", "Audience", "Salle", "Place restante"), rows),
        nothing,
    )
    return layout(
        rx.cond(
            state.is_loaded,
            el.div(el.div(choice, class_name="pj-narrow"), el.p(state.said, role="status"), shown),
            skeleton(8, "Lecture des dates…"),
        ),
        title="Dates de convocation",
    )


def _row(one: rx.Var[DateLine]) -> rx.Component:
    return el.tr(el.td(one.when), el.td(one.what), el.td(one.room), el.td(one.left), key=one.id)


def _line(number: int, one: ConvocationDate) -> DateLine:
    on = one.starts_at.astimezone(one.zone).date()
    return DateLine(
        id=str(number),
        when=f"{capital(long_day(on))} à{NBSP}{hour(one.starts_at, one.zone)}",
        what=f"{capital(one.kind)}, {one.name}",
        room=one.room or "à venir",
        left=f"{plural(one.cases_left, 'affaire')}, {one.minutes_left}{NBSP}min",
    )
