"""The bookings of one's territories: filter, search, page, and open one in the sheet at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor
from booking.ledger import (
    LONGEST_SEARCH,
    MOST_COUNTED,
    PAGE,
    Cursor,
    ListedBooking,
    Part,
    Query,
    booking_lines,
    count_bookings,
)
from booking.pages.booking_sheet import BookingSheetState, booking_sheet
from booking.pages.booking_words import Row, row_of
from booking.pages.bulk_parts import all_box, all_on_a_phone, preview_sheet, row_box, selection_bar
from booking.pages.bulk_state import BulkState
from booking.pages.ledger_parts import answered, ledger, more_button, search_bar, segments
from booking.pages.widgets import inner_link
from booking.question import form_of, text_of
from portal.clock import now
from portal.database import read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, grouped, plural
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, link_button, skeleton

el = rx.el
ADDRESS = "/reservations/"
MOST_SHOWN = 400  # read again at once when the page is refreshed; further ones come by the button
PART_WORDS = {
    Part.TO_CONFIRM: "À confirmer",
    Part.AWAITING: "En attente de réponse",
    Part.UPCOMING: "À venir",
    Part.PAST: "Passées",
    Part.ALL: "Toutes",
}
NONE_WORDS = {
    Part.TO_CONFIRM: "Rien à confirmer",
    Part.AWAITING: "Aucune réponse attendue",
    Part.UPCOMING: "Aucune réservation à venir",
    Part.PAST: "Aucune réservation passée",
    Part.ALL: "Aucune réservation pour l’instant",
}
HEADINGS = ("Lieu", "Dates", "Pour", "État", "Faite le")


class BookingsState(rx.State):
    """The lines shown, and the filters as the address carries them."""

    part: str = Part.ALL.value
    typed: str = ""
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    none: str = ""
    has_more: bool = False
    is_loaded: bool = False
    _last: Cursor | None = None

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for; opening or closing a sheet keeps the lines that were there."""
        watch(self)
        part, typed = asked_by(self.router.url.query_parameters)
        if self.router.url.query_parameters.get("etat", part.value) != part.value:
            (await self.get_state(NoticeState)).show("info", "Ce filtre n’existe pas : voici toutes les réservations.")
        is_same = (part.value, typed) == (self.part, self.typed)
        self.part, self.typed = part.value, typed
        await self._fill(len(self.rows) if is_same else PAGE)

    @allow(*REQUESTERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same lines as they are now."""
        await self._fill(len(self.rows))

    @allow(*REQUESTERS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next lines under the others."""
        lines = await read(
            booking_lines, await current_actor(self), self._query(), now=now(), after=self._last, limit=PAGE + 1
        )
        self._append(lines, PAGE)
        (await self.get_state(BulkState))._follow(self.rows)

    @allow(*REQUESTERS)
    @rx.event
    async def pick_part(self, part: str) -> EventSpec:
        """Show another part of the list."""
        chosen = str(part) if str(part) in set(Part) else Part.ALL.value
        return rx.redirect(list_address(Part(chosen), self.typed))

    @allow(*REQUESTERS)
    @rx.event
    async def search(self, form: dict[str, Any]) -> EventSpec:
        """Look for words in the whole part."""
        return rx.redirect(list_address(Part(self.part), text_of(form_of(form).get("q", ""))))

    @allow(*REQUESTERS)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the list stays as it was."""
        return rx.redirect(list_address(Part(self.part), self.typed), replace=True)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - a new one may be anywhere
        """Show what somebody else has just taken, decided or given back."""
        await self._fill(len(self.rows))

    async def _fill(self, count: int) -> None:
        wanted = min(max(count, PAGE), MOST_SHOWN)
        actor = await current_actor(self)
        rows, self._last, self.has_more, total = await read(_shown, actor, self._query(), now=now(), limit=wanted)
        if rows != self.rows:
            self.rows = rows
        self.summary, self.none = summary(total, self.typed), NONE_WORDS[Part(self.part)]
        self.is_loaded = True
        (await self.get_state(BulkState))._follow(self.rows)

    def _append(self, lines: list[ListedBooking], wanted: int) -> None:
        kept = lines[:wanted]
        self.rows = self.rows + _rows(kept, self._query(), now())
        self.has_more = len(lines) > wanted
        self._last = _cursor(kept) or self._last

    def _query(self) -> Query:
        return Query(part=Part(self.part), typed=self.typed)


def asked_by(parameters: Mapping[str, str]) -> tuple[Part, str]:
    """Return the part and the words that an address names; everything when it names no part that exists."""
    part = parameters.get("etat", "")
    typed = " ".join(parameters.get("q", "")[:LONGEST_SEARCH].split())
    return Part(part) if part in set(Part) else Part.ALL, typed


def list_address(part: Part, typed: str, booking_id: object = "") -> str:
    """Return the address of the list with its filters, and with the open sheet if there is one."""
    asked = {
        "etat": "" if part is Part.ALL else part.value,
        "q": " ".join(typed[:LONGEST_SEARCH].split()),
        "reservation": str(booking_id),
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def summary(total: int, typed: str) -> str:
    """Return how many bookings there are, in a sentence."""
    found = plural(total, "réservation")
    if total > MOST_COUNTED:
        found = f"Plus de {grouped(MOST_COUNTED)}{NBSP}réservations"
    return f"{found} pour «{NBSP}{typed}{NBSP}»" if typed else found


def _rows(lines: Sequence[ListedBooking], query: Query, at: datetime) -> list[Row]:
    return [row_of(line, list_address(query.part, query.typed, line.id), now=at) for line in lines]


def _cursor(lines: Sequence[ListedBooking]) -> Cursor | None:
    return Cursor(lines[-1].created_at, lines[-1].id) if lines else None


def _shown(
    session: Session, actor: Actor, query: Query, *, now: datetime, limit: int
) -> tuple[list[Row], Cursor | None, bool, int]:
    """Return the first lines as displayed, the last of them, whether there are more, and how many there are."""
    lines, total = _listed(session, actor, query, now=now, limit=limit + 1)
    kept = lines[:limit]
    return _rows(kept, query, now), _cursor(kept), len(lines) > limit, total


def _listed(
    session: Session, actor: Actor, query: Query, *, now: datetime, limit: int
) -> tuple[list[ListedBooking], int]:
    lines = booking_lines(session, actor, query, now=now, limit=limit)
    return lines, len(lines) if len(lines) < limit else count_bookings(session, actor, query, now=now)


@page(
    "/reservations",
    title="Réservations",
    roles=REQUESTERS,
    on_load=(BookingsState.load, BookingSheetState.load),
    entry="Réservations",
    order=30,
    description="Les places réservées par les services de votre ressort.",
)
def bookings_page() -> rx.Component:
    """Return the page."""
    return layout(
        el.div(
            segments("etat", PART_WORDS, current=BookingsState.part, on_pick=BookingsState.pick_part, wraps=False),
            search_bar(
                "Lieu, initiales ou numéro de dossier",
                typed=BookingsState.typed,
                on_submit=BookingsState.search,
                longest=LONGEST_SEARCH,
            ),
            inner_link("Séries", href="/series/", class_name="fr-link"),
            inner_link("Liste d’attente", href="/attente/", class_name="fr-link"),
            inner_link("Boîte d’envoi", href="/convocations/messages/", class_name="fr-link"),
            class_name="pj-ledger__filters",
        ),
        rx.cond(BookingsState.is_loaded, _list(), skeleton(10, "Chargement des réservations…")),
        booking_sheet(on_close=BookingsState.close_sheet, after=BookingsState.refresh),
        preview_sheet(BookingsState.refresh),
        title="Réservations",
        wide=True,
        on_undo=BulkState.undo,
    )


def _list() -> rx.Component:
    state = BookingsState
    found = rx.cond(state.rows.length() > 0, _table(), _nothing())
    return answered(state.summary, state.typed, ADDRESS + "?etat=" + state.part, found)


def _table() -> rx.Component:
    state = BookingsState
    count = state.rows.length()
    rows = rx.foreach(state.rows, _row)
    inner = ledger("Réservations, la plus récente d’abord", HEADINGS, rows, first=all_box(count))
    more = rx.cond(state.has_more, more_button(PAGE, state.show_more))
    return el.div(all_on_a_phone(count), inner, more, selection_bar())


def _row(row: rx.Var[Row]) -> rx.Component:
    place = el.td(
        inner_link(row.place, href=row.href, prevent_scroll_reset=True, class_name="pj-ledger__open"),
        el.span(row.detail, class_name="pj-ledger__detail"),
        role="cell",
    )
    state = el.td(
        badge(row.state, row.badge),
        rx.cond(row.note != "", el.span(row.note, class_name="pj-ledger__detail")),
        role="cell",
    )
    return el.tr(
        row_box(row),
        place,
        el.td(row.when, role="cell"),
        el.td(row.whom, role="cell", class_name="pj-ledger__whom"),
        state,
        el.td(row.made, role="cell", class_name="pj-ledger__made"),
        role="row",
    )


def _nothing() -> rx.Component:
    state = BookingsState
    searched = empty_state(
        "Rien ne correspond",
        "Cherchez un lieu, une commune, des initiales (A.D.) ou un numéro de dossier, ou regardez toutes "
        "les réservations.",
        inner_link("Toutes les réservations", href=ADDRESS, class_name="fr-btn fr-btn--secondary"),
    )
    empty = empty_state(
        state.none,
        "Les places que votre service garde, demande ou réserve s’afficheront ici, la plus récente d’abord.",
        link_button("Chercher une place sur la carte", "/carte/", icon="fr-icon-map-pin-2-line"),
        rx.cond(
            state.part != Part.ALL.value,
            inner_link("Toutes les réservations", href=ADDRESS, class_name="fr-btn fr-btn--secondary"),
        ),
    )
    return rx.cond(state.typed != "", searched, empty)
