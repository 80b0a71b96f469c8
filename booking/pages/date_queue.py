"""The lawyers who wait for dates of a court, in order, on the page of its registry."""

from __future__ import annotations

import reflex as rx

from booking.date_queue import queue_of
from booking.lawyers import hearings_touched
from booking.natures import natures
from booking.pages.date_wait_words import WaitRow, queue_row
from booking.plans.hearings import PLANNERS
from portal.clock import now
from portal.database import read
from portal.live import watch
from portal.policy import allow, current_actor

el = rx.el


class DateQueueState(rx.State):
    """The list of those who wait, as the registry reads it."""

    rows: list[WaitRow] = []  # noqa: RUF012 - Reflex copies the default for each client

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show who waits in the actor's courts."""
        watch(self)
        await self._read_again()

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        if await read(hearings_touched, await current_actor(self), PLANNERS, resource_ids):
            await self._read_again()

    async def _read_again(self) -> None:
        found = await read(queue_of, await current_actor(self), now=now())
        known = await read(natures)
        self.rows = [queue_row(one, known) for one in found]


def date_queue() -> rx.Component:
    """Return who waits for dates; nothing when nobody does."""
    return rx.cond(
        DateQueueState.rows.length() > 0,
        el.section(
            el.h2("Liste d’attente des dates", class_name="fr-h5 fr-mt-4w"),
            el.p(
                "Par ordre d’inscription. Une place qui se libère est gardée pour le premier à qui elle convient, puis"
                " pour le suivant : rien n’est à faire.",
                class_name="fr-text--sm pj-grey",
            ),
            el.ol(rx.foreach(DateQueueState.rows, _row), class_name="fr-raw-list"),
            aria_label="Liste d’attente des dates",
        ),
    )


def _row(one: rx.Var[WaitRow]) -> rx.Component:
    return el.li(
        el.p(
            el.strong(one.what),
            " – ",
            one.rank,
            el.br(),
            one.which,
            rx.cond(one.why != "", el.span(el.br(), one.why, class_name="pj-grey")),
            class_name="fr-text--sm fr-mb-0",
        ),
        key=one.id,
        class_name="pj-screens__one",
    )
