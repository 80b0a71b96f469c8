"""Re-housing those who sleep where it closes: a table of proposals, applied wholly or line by line, each taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import Refusal
from availability.history import consulted
from availability.rights import REQUESTERS, Actor
from booking.establishment import name_of_site
from booking.pages import rehousing_words as words
from booking.pages.establishment_words import address as grid_address
from booking.pages.rehousing_words import Row
from booking.pages.stay_words import why_not
from booking.pages.widgets import inner_link, print_button
from booking.rehousing import Closing, closing, proposal, rehouse, undo_rehousing
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, link_button, skeleton

el = rx.el
APPLICABLE = frozenset({"proposed", "accepted"})
UNKNOWN = "Cet établissement n’existe pas, ou ne vous est pas accessible."
HEADINGS = ("Personne", "Ici", "Nuits à reloger", "Proposition", "Pourquoi", "")


class RehousingState(rx.State):
    """The proposal shown, and what of it was applied."""

    step: str = ""  # "", table, nothing
    title: str = "Relogement"
    closed_from: str = ""
    summary: str = ""
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    proposed: int = 0
    is_busy: bool = False
    back: str = ""
    asks: int = 0  # of those proposed, how many a host decides
    _site_id: int = 0
    _others: int = 0
    _undo: tuple[UUID, ...] = ()
    _done: tuple[Row, ...] = ()  # re-housed since the page was opened: they stay in the table
    _watched: frozenset[int] = frozenset()

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Propose a bed to each person booked on closed nights of the establishment that the address names."""
        typed = self.router.url.query_parameters.get("id", "")
        self._site_id = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else 0
        self._done = ()
        watch(self)
        await self._propose(is_again=False)

    @allow(*REQUESTERS)
    @rx.event
    async def propose_again(self) -> None:
        """Propose again, now that beds have changed."""
        self._done = ()
        await self._propose(is_again=True)

    @allow(*REQUESTERS)
    @rx.event
    async def apply(self, booking_id: str) -> EventSpec | None:
        """Re-house one person as proposed, ask the host for it, or leave the bed here once the host has accepted."""
        row = next((one for one in self.rows if one.id == str(booking_id) and one.state in APPLICABLE), None)
        if row is None:
            return None
        self._undo, notice = (), await self.get_state(NoticeState)
        refused = await self._apply(row)
        await self._propose(is_again=True)
        if refused:
            notice.show_error(refused)
        else:
            said = words.asked if row.asks else words.done
            notice.show_success(said(row.who, row.there), undo_label=words.UNDO)
        return rx.set_focus("message")  # the button that was pressed is gone

    @allow(*REQUESTERS)
    @rx.event
    async def apply_all(self) -> AsyncIterator[EventSpec | None]:
        """Re-house or ask for everybody as proposed, one act a person; whoever is refused stays, and is told why."""
        self.is_busy, self._undo = True, ()
        yield None
        waiting = [one for one in self.rows if one.state == "proposed"]
        told = {one.id: why for one in waiting if (why := await self._apply(one))}
        await self._propose(is_again=True)
        self.is_busy = False
        done, notice = [one for one in waiting if one.id not in told], await self.get_state(NoticeState)
        said = words.all_done(done, [words.refused(one.who, told[one.id]) for one in waiting if one.id in told])
        notice.show("warning" if told else "success", said, undo_label=words.UNDO if done else "")
        yield rx.set_focus("message")

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Bring back those who were just re-housed, and give up what was just asked."""
        undone, self._undo, refused = self._undo, (), []
        asked = {one.id for one in self.rows if one.state == "asked"}
        for booking_id in undone:
            try:
                await act(undo_rehousing, await current_actor(self), booking_id, now=now())
            except Refusal as refusal:
                refused.append(why_not(refusal, {}))
            else:
                self._done = tuple(one for one in self._done if one.id != str(booking_id))
        await self._propose(is_again=True)
        notice = await self.get_state(NoticeState)
        said = words.UNASKED if {str(one) for one in undone} <= asked else words.UNDONE
        notice.show("error" if refused else "success", " ".join(refused) or said)
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Propose again when a bed of this page was taken, freed, closed or accepted by somebody."""
        if resource_ids & self._watched:
            await self._propose(is_again=True)

    async def _apply(self, row: Row) -> str:
        """Return why somebody could not be re-housed, or nothing."""
        there = {"resource_id": row.resource_id, "unit_id": row.unit_id}
        try:
            await act(rehouse, await current_actor(self), UUID(row.id), **there, now=now(), revision=row.revision)
        except Refusal as refusal:
            return why_not(refusal, {row.unit_id: row.there})
        self._undo = (*self._undo, UUID(row.id))
        if not row.asks:
            why = words.LEFT if row.state == "accepted" else row.why
            self._done = (*self._done, replace(row, state="done", why=why))
        return ""

    async def _propose(self, *, is_again: bool) -> None:
        try:
            look = read if is_again else act  # the first look is logged
            name, found = await look(closed, await current_actor(self), self._site_id, now=now(), is_again=is_again)
        except Refusal:
            self.step = "nothing"
            (await self.get_state(NoticeState)).show_error(UNKNOWN)
            return
        lines = await asyncio.to_thread(proposal, found.cases)
        self.title, self.back = f"Relogement : {name}", grid_address(self._site_id)
        self._others = found.others
        self.closed_from = words.closed_from(found.cases) or (self.closed_from if self._done else "")
        rows = [words.row(line) for line in lines]
        self._show([*rows, *(one for one in self._done if one.id not in {row.id for row in rows})])
        self._watched = found.sections | {one.resource_id for one in rows if one.resource_id}

    def _show(self, rows: list[Row]) -> None:
        if rows != self.rows:
            self.rows = rows
        self.summary, proposed = words.summary(rows, self._others), [one for one in rows if one.state == "proposed"]
        self.proposed, self.asks = len(proposed), sum(one.asks for one in proposed)
        self.step = "table" if rows or self._others else "nothing"


def closed(session: Session, actor: Actor, site_id: int, *, now: datetime, is_again: bool) -> tuple[str, Closing]:
    """Return the name of a site and who is booked on its closed nights; looking at them is logged. Raises: NotFound."""
    name = name_of_site(session, actor, site_id)
    if not is_again:
        consulted(session, actor, subject="site", subject_id=site_id, reason="rehousing", at=now)
    return name, closing(session, actor, site_id, now=now)


@page(
    "/etablissement/relogement",
    title="Relogement",
    roles=REQUESTERS,
    on_load=(RehousingState.load,),
    description="Un lit ailleurs pour ceux dont l’établissement ferme.",
)
def rehousing_page() -> rx.Component:
    """Return the page."""
    state = RehousingState
    body = rx.match(
        state.step,
        ("table", _proposal()),
        ("nothing", _nothing()),
        skeleton(8, "Recherche de lits pour chacun…"),
    )
    return layout(body, title=state.title, wide=True, on_undo=state.undo)


def _proposal() -> rx.Component:
    state = RehousingState
    actions = el.div(
        rx.cond(
            state.proposed > 0,
            el.button(
                rx.cond(
                    state.asks == state.proposed,
                    "Tout demander (",
                    rx.cond(state.asks > 0, "Tout reloger et demander (", "Tout reloger ("),
                ),
                state.proposed,
                ")",
                type="button",
                on_click=state.apply_all,
                disabled=state.is_busy,
                class_name="fr-btn",
            ),
        ),
        el.button(
            "Proposer à nouveau", type="button", on_click=state.propose_again, class_name="fr-btn fr-btn--secondary"
        ),
        inner_link("Voir les lits, nuit par nuit", href=state.back, class_name="fr-btn fr-btn--tertiary"),
        print_button(label="Imprimer"),
        class_name="pj-actions fr-mb-3w pj-noprint",
    )
    return el.div(
        el.p(state.closed_from, class_name="pj-grey fr-mb-1w"),
        el.p(state.summary, class_name="fr-text--lead fr-mb-2w", role="status"),
        el.p(
            "Rien n’est fait tant que vous ne l’appliquez pas. Qui n’est pas encore arrivé garde sa réservation, "
            "déplacée ; qui est déjà là garde ses nuits jusqu’à la fermeture, et a une autre réservation ensuite. "
            "Un lieu qui doit accepter reçoit une demande : d’ici à sa réponse, la personne garde son lit.",
            class_name="fr-text--sm",
        ),
        actions,
        rx.cond(state.rows.length() > 0, _table()),
        class_name=rx.cond(state.is_busy, "pj-rehousing pj-dimmed", "pj-rehousing"),
    )


def _table() -> rx.Component:
    return el.table(
        el.caption("Propositions", class_name="fr-sr-only"),
        el.thead(el.tr(*[el.th(heading, scope="col") for heading in HEADINGS])),
        el.tbody(rx.foreach(RehousingState.rows, _row)),
        class_name="pj-ledger",
    )


def _row(row: rx.Var[Row]) -> rx.Component:
    there = el.td(el.strong(row.there), el.br(), el.span(row.far, class_name="pj-grey"))
    offer = _button(rx.cond(row.asks, "Demander", "Reloger"), row)
    return el.tr(
        el.th(inner_link(row.who, href=row.href, class_name="fr-link"), scope="row"),
        el.td(row.here),
        el.td(row.when),
        rx.cond(row.there != "", there, el.td(badge("Rien trouvé", "warning"), class_name="pj-nowrap")),
        el.td(row.why),
        el.td(
            rx.match(
                row.state,
                ("proposed", offer),
                ("asked", badge("Demandé", "info")),
                ("accepted", _button("Libérer le lit d’ici", row)),
                ("done", badge("Relogé", "success")),
                _search(row),
            ),
            class_name="pj-noprint pj-nowrap",
        ),
    )


def _button(label: str | rx.Var[str], row: rx.Var[Row]) -> rx.Component:
    return el.button(
        label,
        el.span(" ", row.who, class_name="fr-sr-only"),
        type="button",
        on_click=RehousingState.apply(row.id),
        class_name="fr-btn fr-btn--sm fr-btn--secondary pj-nowrap",
    )


def _search(row: rx.Var[Row]) -> rx.Component:
    return inner_link(
        "Chercher",
        el.span(" une place pour ", row.who, class_name="fr-sr-only"),
        href=row.search,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary pj-nowrap",
    )


def _nothing() -> rx.Component:
    return empty_state(
        "Personne à reloger",
        "Quand des nuits d’un établissement ferment, ceux qui y dorment s’affichent ici avec un lit ailleurs.",
        link_button("Voir l’occupation", "/etablissement/"),
    )
