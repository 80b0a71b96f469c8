"""The convocations of one's territories: filter, search, page, and open one in the sheet at the right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.rights import Actor
from booking.ledger import LONGEST_SEARCH
from booking.pages.booking_sheet import BookingSheetState, booking_sheet
from booking.pages.widgets import inner_link
from booking.question import form_of, text_of
from convocations.outbox import count_to_handle
from convocations.pages.addresses import CONVENE, LIST, OUTBOX
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_sheet import ConvocationSheetState, convocation_sheet
from convocations.pages.convocation_words import NONE_WORDS, TAB_WORDS, Row, row_of
from convocations.queries import (
    MOST_COUNTED,
    PAGE,
    Cursor,
    ListedConvocation,
    Query,
    Tab,
    convocation_lines,
    count_convocations,
    cursor_after,
)
from portal.clock import now
from portal.database import read
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, grouped, plural
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, link_button, skeleton

el = rx.el
MOST_SHOWN = 400
HEADINGS = ("Qui", "Quand", "Lieu", "Réponse", "Convoquée le")


class ConvocationsState(rx.State):
    """The lines shown, and the filters as the address carries them."""

    tab: str = Tab.UPCOMING.value
    typed: str = ""
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    none: str = ""
    to_handle: int = 0  # messages
    has_more: bool = False
    is_loaded: bool = False
    _last: Cursor | None = None

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for; opening or closing a sheet keeps the lines that were there."""
        tab, typed = asked_by(self.router.url.query_parameters)
        is_same = (tab.value, typed) == (self.tab, self.typed)
        self.tab, self.typed = tab.value, typed
        await self._fill(len(self.rows) if is_same else PAGE)

    @allow(*CONVENERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same lines as they are now."""
        await self._fill(len(self.rows))

    @allow(*CONVENERS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next lines under the others."""
        actor, query = await current_actor(self), self._query()
        self._append(await read(convocation_lines, actor, query, now=now(), after=self._last, limit=PAGE + 1), PAGE)

    @allow(*CONVENERS)
    @rx.event
    async def pick_tab(self, tab: str) -> EventSpec:
        """Show another part of the list."""
        chosen = str(tab) if str(tab) in set(Tab) else Tab.UPCOMING.value
        return rx.redirect(list_address(Tab(chosen), self.typed))

    @allow(*CONVENERS)
    @rx.event
    async def search(self, form: dict[str, Any]) -> EventSpec:
        """Look for words in the whole tab."""
        return rx.redirect(list_address(Tab(self.tab), text_of(form_of(form).get("q", ""))))

    @allow(*CONVENERS)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the list stays as it was."""
        return rx.redirect(list_address(Tab(self.tab), self.typed), replace=True)

    async def _fill(self, count: int) -> None:
        wanted = min(max(count, PAGE), MOST_SHOWN)
        actor = await current_actor(self)
        lines, total, self.to_handle = await read(_listed, actor, self._query(), now=now(), limit=wanted + 1)
        self.rows = []
        self._append(lines, wanted)
        self.summary, self.none = summary(total, Tab(self.tab), self.typed), NONE_WORDS[Tab(self.tab)]
        self.is_loaded = True

    def _append(self, lines: list[ListedConvocation], wanted: int) -> None:
        kept, at, tab = lines[:wanted], now(), Tab(self.tab)
        self.rows = self.rows + [_row(line, tab, self.typed, at) for line in kept]
        self.has_more = len(lines) > wanted
        if kept:
            self._last = cursor_after(kept[-1])

    def _query(self) -> Query:
        return Query(tab=Tab(self.tab), typed=self.typed)


def asked_by(parameters: Mapping[str, str]) -> tuple[Tab, str]:
    """Return the tab and the words that an address names; what is to come when it names no tab that exists."""
    tab = str(parameters.get("onglet", ""))
    typed = " ".join(str(parameters.get("q", ""))[:LONGEST_SEARCH].split())
    return Tab(tab) if tab in set(Tab) else Tab.UPCOMING, typed


def list_address(tab: Tab, typed: str, convocation_id: object = "", booking_id: object = "") -> str:
    """Return the address of the list with its filters, and with the open sheet if there is one."""
    asked = {
        "onglet": "" if tab is Tab.UPCOMING else tab.value,
        "q": " ".join(typed[:LONGEST_SEARCH].split()),
        "convocation": str(convocation_id),
        "reservation": str(booking_id),
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{LIST}?{query}" if query else LIST


def summary(total: int, tab: Tab, typed: str) -> str:
    """Return how many there are, in a sentence: what waits for an outcome may be without a convocation."""
    one, several = ("rendez-vous", "rendez-vous") if tab is Tab.TO_NOTE else ("convocation", "convocations")
    found = plural(total, one, several)
    if total > MOST_COUNTED:
        found = f"Plus de {grouped(MOST_COUNTED)}{NBSP}{several}"
    return f"{found} pour «{NBSP}{typed}{NBSP}»" if typed else found


def _row(line: ListedConvocation, tab: Tab, typed: str, at: datetime) -> Row:
    row = row_of(line, now=at)
    opened = list_address(tab, typed, line.id) if line.id else list_address(tab, typed, booking_id=line.booking_id)
    return Row(**{**row.__dict__, "href": opened})


def _listed(
    session: Session, actor: Actor, query: Query, *, now: datetime, limit: int
) -> tuple[list[ListedConvocation], int, int]:
    lines = convocation_lines(session, actor, query, now=now, limit=limit)
    total = len(lines) if len(lines) < limit else count_convocations(session, actor, query, now=now)
    return lines, total, count_to_handle(session, actor)


@page(
    "/convocations",
    title="Convocations",
    roles=CONVENERS,
    on_load=(ConvocationsState.load, ConvocationSheetState.load, BookingSheetState.load),
    entry="Convocations",
    order=50,
    description="Qui est convoqué, qui a répondu, qui est venu.",
)
def convocations_page() -> rx.Component:
    """Return the page."""
    state = ConvocationsState
    to_handle = el.a(
        state.to_handle,
        rx.cond(state.to_handle > 1, " messages à traiter", " message à traiter"),
        href=f"{OUTBOX}?etat=a-traiter",
        class_name="fr-link",
    )
    return layout(
        el.div(
            link_button("Convoquer", CONVENE, icon="fr-icon-send-plane-line"),
            link_button("Boîte d’envoi", OUTBOX, kind="secondary", icon="fr-icon-mail-line"),
            rx.cond(state.to_handle > 0, to_handle),
            class_name="pj-actions fr-mb-3w",
        ),
        el.div(_tabs(), _search(), class_name="pj-ledger__filters"),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Chargement des convocations…")),
        convocation_sheet(on_close=state.close_sheet, after=state.refresh),
        booking_sheet(on_close=state.close_sheet, after=state.refresh),  # of an appointment without a convocation
        title="Convocations",
        wide=True,
    )


def _tabs() -> rx.Component:
    return el.fieldset(
        el.legend("Afficher", class_name="fr-segmented__legend fr-segmented__legend--inline"),
        el.div(*[_tab(tab, words) for tab, words in TAB_WORDS.items()], class_name="fr-segmented__elements"),
        class_name="fr-segmented fr-segmented--sm pj-tabs",
    )


def _tab(tab: Tab, words: str) -> rx.Component:
    return el.div(
        el.input(
            type="radio",
            id=f"onglet-{tab}",
            name="onglet",
            value=tab.value,
            checked=ConvocationsState.tab == tab.value,
            on_change=ConvocationsState.pick_tab(tab.value),
        ),
        el.label(words, html_for=f"onglet-{tab}", class_name="fr-label"),
        class_name="fr-segmented__element",
    )


def _search() -> rx.Component:
    label = "Initiales, lieu ou agent"
    return rx.el.form(
        el.div(
            el.label(label, html_for="recherche", class_name="fr-label"),
            el.input(
                type="search",
                id="recherche",
                name="q",
                placeholder=label,
                default_value=ConvocationsState.typed,
                max_length=LONGEST_SEARCH,
                auto_complete="off",
                class_name="fr-input",
            ),
            el.button("Rechercher", type="submit", title="Rechercher", class_name="fr-btn"),
            role="search",
            class_name="fr-search-bar",
        ),
        on_submit=ConvocationsState.search,
        class_name="pj-ledger__search",
    )


def _list() -> rx.Component:
    state = ConvocationsState
    return el.div(
        el.div(
            el.p(state.summary, role="status", class_name="fr-mb-0"),
            rx.cond(
                state.typed != "",
                inner_link("Effacer la recherche", href=LIST + "?onglet=" + state.tab, class_name="fr-link"),
            ),
            class_name="pj-ledger__answer",
        ),
        rx.cond(state.rows.length() > 0, _table(), _nothing()),
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def _table() -> rx.Component:
    # Roles are said again: the narrow layout displays rows as cards, which would drop them.
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in HEADINGS], role="row")
    inner = el.table(
        el.caption("Convocations", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(ConvocationsState.rows, _line), role="rowgroup"),
        role="table",
        class_name="pj-ledger",
    )
    more = el.button(
        f"Afficher {PAGE} de plus",
        type="button",
        on_click=ConvocationsState.show_more,
        class_name="fr-btn fr-btn--secondary pj-more",
    )
    return el.div(inner, rx.cond(ConvocationsState.has_more, more))


def _line(row: rx.Var[Row]) -> rx.Component:
    who = el.td(
        inner_link(row.whom, href=row.href, prevent_scroll_reset=True, class_name="pj-ledger__open"),
        el.span(row.detail, class_name="pj-ledger__detail"),
        role="cell",
    )
    return el.tr(
        who,
        el.td(row.when, role="cell"),
        el.td(row.place, role="cell"),
        el.td(badge(row.answer, row.badge), role="cell"),
        el.td(row.made, role="cell", class_name="pj-ledger__made"),
        role="row",
    )


def _nothing() -> rx.Component:
    state = ConvocationsState
    searched = empty_state(
        "Rien ne correspond",
        "Cherchez des initiales (A.D.), un lieu, une commune ou un agent, ou regardez toutes les convocations.",
        inner_link("Toutes les convocations", href=f"{LIST}?onglet=toutes", class_name="fr-btn fr-btn--secondary"),
    )
    empty = empty_state(
        state.none,
        "Les personnes que votre service convoque s’afficheront ici, avec leur réponse et ce qui leur a été envoyé.",
        link_button("Convoquer quelqu’un", CONVENE, icon="fr-icon-send-plane-line"),
        rx.cond(
            state.tab != Tab.ALL.value,
            inner_link("Toutes les convocations", href=f"{LIST}?onglet=toutes", class_name="fr-btn fr-btn--secondary"),
        ),
    )
    return rx.cond(state.typed != "", searched, empty)
