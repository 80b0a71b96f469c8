"""The convocations of one's territories: filter, search, page, and open one in the sheet at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.openings import local_day
from availability.rights import Actor
from availability.sealing import House
from booking.ledger import LONGEST_SEARCH
from booking.pages.booking_sheet import BookingSheetState, booking_sheet
from booking.pages.ledger_parts import answered, ledger, more_button, search_bar, segments
from booking.pages.widgets import inner_link
from booking.question import form_of, text_of
from convocations.day_letters import MOST_OF_DAY, DayLetter, Part, Whom, letters_of_day, parts_of
from convocations.outbox import count_to_handle
from convocations.pages.addresses import CONVENE, IMPORT, LIST, OUTBOX, TO_CALL_BACK, WITH_THEM
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_sheet import ConvocationSheetState, convocation_sheet
from convocations.pages.convocation_words import NONE_WORDS, TAB_WORDS, Row, row_of
from convocations.pages.list_page import list_link
from convocations.pages.papers_part import PapersState
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
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.settings import secret_key
from portal.ui.dates import NBSP, grouped, hour, long_day, plural
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, described_by, empty_state, field, link_button, select_field, skeleton

el = rx.el
MOST_SHOWN = 400
HEADINGS = ("Qui", "Quand", "Lieu", "Réponse", "Convoquée le")


WHOM_WORDS = {
    Whom.ALL: "Tout le monde",
    Whom.NO_MOBILE: "Qui n’a pas de mobile",
    Whom.NO_SMS: "Qui ne reçoit pas de SMS",
}
NO_LETTER = {
    Whom.ALL: "Aucun rendez-vous n’est à venir le {day} : il n’y a pas de lettre.",
    Whom.NO_MOBILE: "Le {day}, tous ceux qui ont un rendez-vous à venir ont un mobile.",
    Whom.NO_SMS: "Le {day}, tous ceux qui ont un rendez-vous à venir reçoivent des SMS.",
}


@dataclass(frozen=True)
class LetterFile:
    """A file of letters, as offered."""

    words: str = ""
    href: str = ""


NO_FILE = LetterFile()


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
    letters_on: str = ""  # the day whose letters are printed
    letters_problem: str = ""
    letters_whom: str = Whom.ALL.value
    letters_said: str = ""
    letters: LetterFile = NO_FILE  # the first file, which takes the focus
    more_letters: list[LetterFile] = []  # noqa: RUF012
    _last: Cursor | None = None

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for; opening or closing a sheet keeps the lines that were there."""
        watch(self)
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

    @allow(*CONVENERS)
    @rx.event
    async def find_letters(self, form: dict[str, Any]) -> Any:
        """Count the letters of a day, and offer them as one file, or as several when they are many."""
        given = form_of(form)
        typed, asked = text_of(given.get("jour", "")), text_of(given.get("qui", ""))
        whom = Whom(asked) if asked in set(Whom) else Whom.ALL
        self.letters_problem = self.letters_said = ""
        self.letters, self.more_letters, self.letters_whom = NO_FILE, [], whom.value
        try:
            on = date.fromisoformat(typed)
        except ValueError:
            self.letters_problem = "Donnez un jour, par exemple celui de demain."
            yield rx.set_focus("jour")
            return
        self.letters_on = typed
        actor, house = await current_actor(self), House(secret_key())
        found = await read(letters_of_day, actor, on, house=house, now=now(), whom=whom)
        if not found:
            if whom is not Whom.ALL and not await read(letters_of_day, actor, on, house=house, now=now()):
                whom = Whom.ALL
            self.letters_problem = NO_LETTER[whom].format(day=long_day(on))
            yield rx.set_focus("jour")
            return
        self.letters, *self.more_letters = letter_files(found, on, whom)
        self.letters_said = letters_said(found, on)
        yield  # what takes the focus must be there first
        yield rx.set_focus("lettres")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - a new one may be anywhere
        """Show who has just chosen, moved, been told or noted."""
        await self._fill(len(self.rows))

    async def _fill(self, count: int) -> None:
        wanted = min(max(count, PAGE), MOST_SHOWN)
        actor = await current_actor(self)
        lines, total, self.to_handle = await read(_listed, actor, self._query(), now=now(), limit=wanted + 1)
        self.rows = []
        self._append(lines, wanted)
        self.summary, self.none = summary(total, Tab(self.tab), self.typed), NONE_WORDS[Tab(self.tab)]
        if not self.letters_on:
            self.letters_on = next((str(on) for on in map(_day_of, lines) if on), "")
        self.is_loaded = True

    def _append(self, lines: list[ListedConvocation], wanted: int) -> None:
        kept, at, tab = lines[:wanted], now(), Tab(self.tab)
        self.rows = self.rows + [_row(line, tab, self.typed, at) for line in kept]
        self.has_more = len(lines) > wanted
        if kept:
            self._last = cursor_after(kept[-1])

    def _query(self) -> Query:
        return Query(tab=Tab(self.tab), typed=self.typed)


def letters_said(found: Sequence[DayLetter], on: date) -> str:
    """Return how many letters there are, when they are not one file."""
    if len(parts_of(found)) == 1:
        return ""
    bound = f" Ce sont les {grouped(MOST_OF_DAY)}{NBSP}premières." if len(found) >= MOST_OF_DAY else ""
    return f"{plural(len(found), 'lettre')} pour le {long_day(on)}, en plusieurs fichiers à imprimer un par un.{bound}"


def letter_files(found: Sequence[DayLetter], on: date, whom: Whom) -> list[LetterFile]:
    """Return the files of the letters of a day, as offered."""
    parts = parts_of(found)
    return [_file_of(part, number, len(parts), on, whom) for number, part in enumerate(parts, start=1)]


def _file_of(part: Part, number: int, count: int, on: date, whom: Whom) -> LetterFile:
    asked = {"jour": str(on), "qui": "" if whom is Whom.ALL else whom.value}
    many = plural(len(part.letters), "lettre")
    words = f"Imprimer {many} du {long_day(on)} (PDF)"
    if count > 1:
        first, last = (hour(one.mark.at, ZoneInfo(one.time_zone)) for one in (part.letters[0], part.letters[-1]))
        when = f"de {first} à {last}" if first != last else f"à {first}"
        words = f"Fichier {number} sur {count}{NBSP}: {many}, {when} (PDF)"
        # The last goes on to the end of the day: what is added meanwhile is printed with it.
        asked |= {"apres": str(part.after or ""), "jusque": str(part.until) if number < count else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return LetterFile(words, f"/convocations/lettres.pdf?{query}")


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


def _day_of(line: ListedConvocation) -> date | None:
    return local_day(line.starts_at, ZoneInfo(line.time_zone)) if line.starts_at else None


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
    on_load=(ConvocationsState.load, ConvocationSheetState.load, PapersState.load, BookingSheetState.load),
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
            link_button("Importer une liste", IMPORT, kind="secondary", icon="fr-icon-upload-line"),
            list_link(),
            link_button("Boîte d’envoi", OUTBOX, kind="secondary", icon="fr-icon-mail-line"),
            link_button("À rappeler", TO_CALL_BACK, kind="secondary", icon="fr-icon-phone-line"),
            link_button("Accueil du public", WITH_THEM, kind="tertiary"),
            rx.cond(state.to_handle > 0, to_handle),
            link_button("Vérifier un relevé", f"{LIST}verifier/", kind="tertiary"),
            class_name="pj-actions fr-mb-3w",
        ),
        el.div(
            segments("onglet", TAB_WORDS, current=state.tab, on_pick=state.pick_tab),
            search_bar("Initiales, lieu ou agent", typed=state.typed, on_submit=state.search, longest=LONGEST_SEARCH),
            class_name="pj-ledger__filters",
        ),
        rx.cond(state.tab == Tab.UPCOMING.value, _letters()),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Chargement des convocations…")),
        convocation_sheet(on_close=state.close_sheet, after=state.refresh),
        booking_sheet(on_close=state.close_sheet, after=state.refresh),  # of an appointment without a convocation
        title="Convocations",
        wide=True,
    )


def _letters() -> rx.Component:
    state = ConvocationsState
    on = el.input(
        id="jour",
        name="jour",
        type="date",
        default_value=state.letters_on,
        aria_describedby=described_by("jour"),
        class_name="fr-input",
    )
    form = el.form(
        field("Jour des rendez-vous", "jour", error=state.letters_problem, control=on),
        select_field("Lettres de", "qui", list(WHOM_WORDS.items()), default_value=state.letters_whom),
        el.button("Chercher les lettres", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.find_letters,
        class_name="pj-letters",
    )
    files = el.ul(
        _letter_file(state.letters, id="lettres"),
        rx.foreach(state.more_letters, _letter_file),
        class_name="pj-plain pj-letters__files",
    )
    return el.details(
        el.summary("Imprimer les lettres d’un jour"),
        form,
        el.div(
            rx.cond(state.letters_said != "", el.p(state.letters_said, class_name="fr-mb-1w")),
            rx.cond(state.letters.href != "", files),
            role="status",
        ),
        class_name="fr-mb-2w",
    )


def _letter_file(one: rx.Var[LetterFile], **named: str) -> rx.Component:
    link = native_link(
        one.words,
        href=one.href,
        target="_blank",
        class_name="fr-btn fr-btn--secondary fr-icon-file-download-line fr-btn--icon-left",
        **named,
    )
    return el.li(link, key=one.href)


def _list() -> rx.Component:
    state = ConvocationsState
    found = rx.cond(state.rows.length() > 0, _table(), _nothing())
    return answered(state.summary, state.typed, LIST + "?onglet=" + state.tab, found)


def _table() -> rx.Component:
    state = ConvocationsState
    inner = ledger("Convocations", HEADINGS, rx.foreach(state.rows, _line))
    return el.div(inner, rx.cond(state.has_more, more_button(PAGE, state.show_more)))


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
        el.td(
            badge(row.answer, row.badge),
            rx.cond(row.why != "", el.span(row.why, class_name="pj-ledger__detail")),
            role="cell",
        ),
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
