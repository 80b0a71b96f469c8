"""The people whom a service knows: search, page, open one in the sheet at the right, open a file."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from booking.divestment import FOLLOWERS, ToAnswer, to_answer
from booking.duplicates import pairs
from booking.ledger import LONGEST_SEARCH
from booking.pages import person_words as words
from booking.pages.ledger_parts import answered, ledger, more_button, search_bar
from booking.pages.person_picker import PersonPickerState, new_person_form
from booking.pages.person_sheet_part import person_sheet
from booking.pages.person_sheet_state import PersonSheetState
from booking.pages.person_words import ADDRESS, DUPLICATES, PASSING, PersonRow
from booking.pages.widgets import inner_link
from booking.person_sheet import PAGE, ListedPerson, persons_listed
from booking.persons import regions_of
from booking.phones import readings
from booking.question import form_of, text_of
from booking.words import many
from portal.clock import now
from portal.database import read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.settings import secret_key, settings
from portal.ui.dsfr import native_form
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, skeleton
from portal.ui.sheet import sheet

el = rx.el
MOST_SHOWN = 400
FITTINGS = "/demandes-de-pose/"
SUMMON_LIST = "/convocations/liste/"
HEADINGS = ("Nom", "Naissance", "Dossier", "Prochain rendez-vous", "Suivi par")


class PersonsState(rx.State):
    """The lines shown, and what is searched, as the address carries it."""

    typed: str = ""
    rows: list[PersonRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    has_more: bool = False
    doubles: str = ""
    to_answer: str = ""
    is_creating: bool = False
    follows: bool = False  # files pass by them, and their navigation has no room for fittings
    is_loaded: bool = False
    _shown: int = PAGE

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for; opening or closing a sheet keeps the lines that were there."""
        watch(self)
        asked = self.router.url.query_parameters
        typed = " ".join(str(asked.get("q", ""))[:LONGEST_SEARCH].split())
        self._shown = self._shown if typed == self.typed else PAGE
        self.typed, self.is_creating = typed, str(asked.get("nouvelle", "")) == "1"
        if self.is_creating:
            (await self.get_state(PersonPickerState)).clear()
        await self._fill()

    @allow(*REQUESTERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same lines as they are now."""
        await self._fill()

    @allow(*REQUESTERS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next lines under the others."""
        self._shown = min(self._shown + PAGE, MOST_SHOWN)
        await self._fill()

    @allow(*REQUESTERS)
    @rx.event
    async def search(self, form: dict[str, Any]) -> EventSpec:
        """Look for a name, a file number or a phone."""
        return rx.redirect(words.address_of(text_of(form_of(form).get("q", ""))[:LONGEST_SEARCH]))

    @allow(*REQUESTERS)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the list stays as it was."""
        return rx.redirect(words.address_of(self.typed), replace=True)

    @allow(*REQUESTERS)
    @rx.event
    async def open_new(self) -> EventSpec | None:
        """Open the file that was just created, or the one that is the same person's."""
        picker = await self.get_state(PersonPickerState)
        if not picker.chosen.id:
            return None
        person_id = picker.chosen.id
        picker.clear()
        return rx.redirect(words.address_of("", person_id))

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - people are not places
        """Show what a colleague, or the clock, has just done: files, who follows them, their next appointment."""
        await self._show()

    async def _fill(self) -> None:
        doubles = await read(_doubles, await current_actor(self))
        self.doubles = many(doubles, "doublon possible", "doublons possibles") if doubles else ""
        await self._show()

    async def _show(self) -> None:
        actor, at = await current_actor(self), now()
        found, total, waiting = await read(_listed, actor, self.typed, limit=self._shown)
        rows = [words.row_of(one, self.typed, now=at) for one in found]
        if rows != self.rows:  # most changes are of nobody shown here: what is the same is not sent again
            self.rows = rows
        self.summary, self.has_more = words.summary(total, self.typed), len(found) < min(total, MOST_SHOWN)
        self.to_answer = words.to_answer_words(waiting, now=at)
        self.follows = actor.has(*FOLLOWERS)
        self.is_loaded = True


def _listed(session: Session, actor: Actor, typed: str, *, limit: int) -> tuple[list[ListedPerson], int, ToAnswer]:
    house, regions = House(secret_key()), regions_of(session, actor)
    numbers = [house.blind_index(one.e164) for one in readings(typed, regions, fiction=settings().demo)]
    found, total = persons_listed(session, actor, typed, now=now(), numbers=numbers, limit=limit)
    return found, total, to_answer(session, actor)


def _doubles(session: Session, actor: Actor) -> int:
    """Return how many pairs may be of one person: looked for once a visit, not each time that a place is taken."""
    return len(pairs(session, actor))


@page(
    "/personnes",
    title="Personnes",
    roles=REQUESTERS,
    on_load=(PersonsState.load, PersonSheetState.load),
    entry="Personnes",
    order=52,
    entry_for=FOLLOWERS,
    description="Qui votre service suit, comment les joindre, ce qui est prévu.",
)
def persons_page() -> rx.Component:
    """Return the page."""
    state = PersonsState
    return layout(
        el.div(
            inner_link(
                "Nouvelle personne",
                href=f"{ADDRESS}?nouvelle=1",
                class_name="fr-btn fr-icon-add-line fr-btn--icon-left",
            ),
            rx.cond(state.doubles != "", inner_link(state.doubles, href=DUPLICATES, class_name="fr-link")),
            rx.cond(
                state.follows,
                rx.fragment(
                    inner_link(
                        rx.cond(state.to_answer != "", state.to_answer, "Dessaisissements"),
                        href=PASSING,
                        class_name="fr-link",
                    ),
                    inner_link("Demandes de pose", href=FITTINGS, class_name="fr-link"),
                ),
            ),
            class_name="pj-actions pj-someone__head fr-mb-3w",
        ),
        el.div(
            search_bar(
                "Nom, numéro de dossier ou téléphone",
                typed=state.typed,
                on_submit=state.search,
                longest=LONGEST_SEARCH,
            ),
            class_name="pj-ledger__filters",
        ),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Chargement des personnes…")),
        person_sheet(on_close=state.close_sheet, after=state.refresh),
        sheet(
            rx.cond(state.is_creating, new_person_form(on_chosen=state.open_new)),
            open=state.is_creating,
            title="Ouvrir un dossier",
            on_close=state.close_sheet,
        ),
        title="Personnes",
        wide=True,
    )


def _list() -> rx.Component:
    state = PersonsState
    return answered(state.summary, state.typed, ADDRESS, rx.cond(state.rows.length() > 0, _table(), _nothing()))


def _table() -> rx.Component:
    state = PersonsState
    ticks = el.th(el.span("Cocher", class_name="fr-sr-only"), scope="col", role="columnheader")
    rows = rx.foreach(state.rows, _line)
    inner = el.div(ledger("Personnes", HEADINGS, rows, first=rx.cond(state.follows, ticks)), class_name="pj-persons")
    summon = el.div(
        el.p("Personnes cochées", class_name="fr-text--bold fr-mb-0"),
        el.button("Convoquer", type="submit", class_name="fr-btn fr-btn--sm"),
        class_name="pj-bulk pj-persons__bar pj-noprint",
    )
    # The browser sends it itself: the address of the next page names those ticked.
    ticked = native_form(inner, summon, action=SUMMON_LIST, method="get", class_name="pj-persons__form")
    return el.div(ticked, rx.cond(state.has_more, more_button(PAGE, state.show_more)))


def _tick(row: rx.Var[PersonRow]) -> rx.Component:
    number = "cocher-" + row.id
    box = el.div(
        el.input(type="checkbox", id=number, name="p", value=row.id),
        el.label(el.span("Cocher " + row.name, class_name="fr-sr-only"), html_for=number, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )
    return rx.cond(PersonsState.follows, el.td(box, role="cell", class_name="pj-ledger__box"))


def _line(row: rx.Var[PersonRow]) -> rx.Component:
    return el.tr(
        _tick(row),
        el.td(
            inner_link(row.name, href=row.href, prevent_scroll_reset=True, class_name="pj-ledger__open"),
            rx.cond(row.usage != "", el.span(row.usage, class_name="pj-ledger__detail")),
            role="cell",
        ),
        el.td(row.born, role="cell"),
        el.td(row.file_number, role="cell"),
        el.td(row.next, role="cell"),
        el.td(row.service, role="cell"),
        key=row.id,
        role="row",
    )


def _nothing() -> rx.Component:
    new = inner_link("Nouvelle personne", href=f"{ADDRESS}?nouvelle=1", class_name="fr-btn")
    every = inner_link("Toutes les personnes", href=ADDRESS, class_name="fr-btn fr-btn--secondary")
    searched = empty_state(
        "Personne ne correspond",
        "Les accents et les fautes de frappe sont pardonnés. Cherchez un nom, un numéro de dossier entier ou un "
        "téléphone.",
        every,
        new,
    )
    empty = empty_state(
        "Votre service ne suit encore personne.",
        "Les personnes dont vous ouvrez le dossier s’afficheront ici, avec leurs rendez-vous et de quoi les joindre.",
        new,
    )
    return rx.cond(PersonsState.typed != "", searched, empty)
