"""An establishment: beds in rows, nights in columns, read only, made to be printed on one landscape sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import reflex as rx
from sqlmodel import Session

from availability.errors import Refusal
from availability.history import consulted
from availability.rights import REQUESTERS, Actor, Role
from booking.establishment import Choice, Establishment, establishment, establishments
from booking.pages import establishment_words as words
from booking.pages.establishment_words import Bar, BedRow, ChoiceRow, Column, Figure, Month, SectionRows
from booking.pages.widgets import inner_link, print_button
from portal.clock import now
from portal.database import act
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.problems import sentence
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, link_button, skeleton, table

el = rx.el
VIEWERS = (*REQUESTERS, Role.PARTNER)
UNKNOWN = "Cet établissement n’existe pas, ou ne vous est pas accessible."
UNREADABLE = "Cette date ne se lit pas : voici les nuits autour d’aujourd’hui."
PICTURE = (("booked", "occupé"), ("held", "en cours de réservation"), ("requested", "demandé"), ("closed", "fermé"))


class EstablishmentState(rx.State):
    """The establishment shown, or those to choose from."""

    step: str = ""  # "", grid, choose, nothing
    title: str = "Occupation"
    where: str = ""
    period: str = ""
    previous: str = ""
    following: str = ""
    present: str = ""  # empty when today is in the window
    today_at: int = -1
    weekends: list[int] = []  # noqa: RUF012 - Reflex copies the default for each client
    months: list[Month] = []  # noqa: RUF012
    columns: list[Column] = []  # noqa: RUF012
    sections: list[SectionRows] = []  # noqa: RUF012
    figures: list[Figure] = []  # noqa: RUF012
    area: str = ""
    line: str = ""
    curve_label: str = ""
    totals: list[str] = []  # noqa: RUF012
    arrivals: str = ""
    departures: str = ""
    choices: list[ChoiceRow] = []  # noqa: RUF012
    is_host: bool = False
    _resource_ids: frozenset[int] = frozenset()
    _asked: tuple[int | None, date | None] = (None, None)

    @allow(*VIEWERS)
    @rx.event
    async def load(self) -> None:
        """Show the establishment that the address names, or those to choose from."""
        actor = await current_actor(self)
        self._asked, problem = asked_by(self.router.url.query_parameters)
        try:
            shown = await act(opened, actor, *self._asked, now=now())
        except Refusal as refusal:
            problem = sentence(refusal)
            shown = await act(opened, actor, None, None, now=now())
        self.is_host = actor.has(Role.PARTNER)
        self._show(shown)
        if problem:
            (await self.get_state(NoticeState)).show_error(problem)
        watch(self)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the grid again when somebody else took or freed one of its beds."""
        if self.step == "grid" and not self._resource_ids.isdisjoint(resource_ids):
            self._show(await act(opened, await current_actor(self), *self._asked, now=now(), is_again=True))

    def _show(self, shown: Establishment | list[Choice]) -> None:
        if isinstance(shown, list):
            self.step, self.title, self.where = "choose" if shown else "nothing", "Occupation", ""
            self.choices = [words.choice_row(choice) for choice in shown]
            return
        self._asked = (shown.site_id, self._asked[1])
        self._resource_ids = frozenset(section.resource_id for section in shown.sections)
        self._show_grid(shown)
        self._show_window(shown)

    def _show_grid(self, shown: Establishment) -> None:
        uses = shown.by_night
        self.step, self.title, self.where = "grid", shown.name, shown.address
        self.sections = words.section_rows(shown)
        self.figures = words.figures(uses)
        self.area, self.line = words.curve(uses, closes=True), words.curve(uses, closes=False)
        self.curve_label, self.totals = words.curve_words(uses), words.totals(shown, uses)
        self.arrivals = words.moves_words(shown.moves, arrivals=True)
        self.departures = words.moves_words(shown.moves, arrivals=False)

    def _show_window(self, shown: Establishment) -> None:
        self.period, self.months, self.columns = words.period(shown), words.months(shown), words.columns(shown)
        self.weekends = [at for at, column in enumerate(self.columns) if column.tone == "weekend"]
        is_now = shown.first <= shown.today < shown.until
        self.today_at = (shown.today - shown.first).days if is_now else -1
        self.present = "" if is_now else words.address(shown.site_id)
        self.previous = words.address(shown.site_id, shown.first - words.STEP)
        self.following = words.address(shown.site_id, shown.first + words.STEP)


def opened(
    session: Session, actor: Actor, site_id: int | None, first: date | None, *, now: datetime, is_again: bool = False
) -> Establishment | list[Choice]:
    """Return the establishment asked for, the only one that there is, or those to choose from.

    Looking beyond one's territories is logged. Raises: NotFound, InvalidRequest when the first night is too far.
    """
    if site_id is None:
        choices = establishments(session, actor, now=now)
        if len(choices) != 1:
            return choices
        site_id = choices[0].site_id
    shown = establishment(session, actor, site_id, now=now, first=first)
    if shown.is_beyond and not is_again:
        consulted(session, actor, subject="site", subject_id=site_id, reason="establishment-beyond-territory", at=now)
    return shown


def asked_by(parameters: Mapping[str, str]) -> tuple[tuple[int | None, date | None], str]:
    """Return the site and the first night that an address names, and what is wrong with it in a sentence."""
    number, typed = parameters.get("id", ""), parameters.get("du", "")
    if number and not (number.isdecimal() and len(number) < 16):
        return (None, None), UNKNOWN
    site_id = int(number) if number else None
    try:
        return (site_id, date.fromisoformat(typed) if typed else None), ""
    except ValueError:
        return (site_id, None), UNREADABLE


@page(
    "/etablissement",
    title="Occupation",
    roles=VIEWERS,
    on_load=(EstablishmentState.load,),
    entry="Occupation",
    order=60,
    entry_for=(Role.PARTNER, Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE),
    description="Les lits d’un établissement, nuit par nuit.",
)
def establishment_page() -> rx.Component:
    """Return the page."""
    body = rx.match(
        EstablishmentState.step,
        ("grid", _establishment()),
        ("choose", _choices()),
        ("nothing", _nothing()),
        skeleton(12, "Ouverture de l’établissement…"),
    )
    return layout(body, title=EstablishmentState.title, wide=True)


def _establishment() -> rx.Component:
    state = EstablishmentState
    return el.div(
        el.p(state.where, class_name="pj-grey fr-mb-2w"),
        el.div(
            el.ul(el.li(state.arrivals), el.li(state.departures), class_name="pj-plain"),
            el.ul(rx.foreach(state.totals, _said), class_name="pj-plain"),
            class_name="pj-house__head",
        ),
        _window(),
        rx.cond(state.sections.length() > 0, _grid(), _no_bed()),
        rx.cond(state.sections.length() > 0, _picture()),
        class_name=rx.cond(rx.State.is_hydrated, "pj-house", "pj-house pj-dimmed"),
    )


def _said(words_: rx.Var[str]) -> rx.Component:
    return el.li(words_)


def _window() -> rx.Component:
    state = EstablishmentState
    links = el.ul(
        el.li(_window_link("4 semaines avant", state.previous, "fr-icon-arrow-left-s-line")),
        rx.cond(state.present != "", el.li(_window_link("Aujourd’hui", state.present, "fr-icon-calendar-line"))),
        el.li(_window_link("4 semaines après", state.following, "fr-icon-arrow-right-s-line")),
        el.li(print_button(label="Imprimer", small=True)),
        class_name="pj-actions pj-house__links",
    )
    return el.div(
        el.h2(state.period, id="periode", class_name="fr-h6 fr-mb-0"),
        el.nav(links, aria_label="Période affichée", class_name="pj-noprint"),
        class_name="pj-house__window",
    )


def _window_link(label: str, href: rx.Var[str], icon: str) -> rx.Component:
    return inner_link(label, href=href, class_name=f"fr-btn fr-btn--sm fr-btn--tertiary {icon} fr-btn--icon-left")


def _grid() -> rx.Component:
    state = EstablishmentState
    grid = el.table(
        el.caption("Lits par section, nuit par nuit", class_name="fr-sr-only"),
        _headings(),
        rx.foreach(state.sections, _section),
        _foot(),
        class_name="pj-grid",
    )
    marks = rx.fragment(
        rx.foreach(state.weekends, lambda at: el.div(class_name="pj-grid__weekend", style={"--at": at})),
        rx.cond(
            state.today_at >= 0, el.div(class_name="pj-grid__today", style={"--at": state.today_at}, aria_hidden="true")
        ),
    )
    canvas = el.div(marks, grid, class_name="pj-grid__canvas", style={"--nights": state.columns.length()})
    # Focusable, so that the arrow keys scroll it.
    return el.div(canvas, class_name="pj-grid__scroll", tab_index=0, role="region", aria_labelledby="periode")


def _headings() -> rx.Component:
    state = EstablishmentState
    corner = el.th("Lit", scope="col", row_span=2, class_name="pj-grid__bed")
    return el.thead(
        el.tr(
            corner,
            rx.foreach(
                state.months,
                lambda month: el.th(
                    el.span(month.name), scope="colgroup", col_span=month.span, class_name="pj-grid__month"
                ),
            ),
        ),
        el.tr(rx.foreach(state.columns, _column)),
    )


def _column(column: rx.Var[Column]) -> rx.Component:
    return el.th(
        el.span(column.weekday, class_name="pj-grid__weekday", aria_hidden="true"),
        el.span(column.number, aria_hidden="true"),
        el.span(column.spoken, class_name="fr-sr-only"),
        scope="col",
        class_name="pj-grid__night pj-grid__night--" + column.tone,
    )


def _section(section: rx.Var[SectionRows]) -> rx.Component:
    heading = el.th(
        el.span(section.name, " ", el.span(section.note, class_name="pj-grey"), class_name="pj-grid__section-name"),
        scope="rowgroup",
        col_span=EstablishmentState.columns.length() + 1,
        class_name="pj-grid__section",
    )
    return el.tbody(el.tr(heading), rx.foreach(section.beds, _bed))


def _bed(bed: rx.Var[BedRow]) -> rx.Component:
    return el.tr(el.th(bed.name, scope="row", class_name="pj-grid__bed"), rx.foreach(bed.bars, _bar))


def _bar(bar: rx.Var[Bar]) -> rx.Component:
    inside = rx.fragment(
        el.span(bar.label, aria_hidden="true", class_name="pj-stay__label"),
        el.span(bar.spoken, class_name="fr-sr-only"),
    )
    classes = "pj-stay pj-stay--" + bar.tone + bar.edges
    shown = rx.cond(
        bar.href != "",
        el.a(inside, href=bar.href, title=bar.spoken, class_name=classes),
        el.span(inside, title=bar.spoken, class_name=classes),
    )
    return el.td(shown, col_span=bar.span, style={"--span": bar.span})


def _foot() -> rx.Component:
    state = EstablishmentState
    row = el.tr(
        el.th("Lits occupés", scope="row", class_name="pj-grid__bed"),
        rx.foreach(
            state.figures,
            lambda figure: el.td(
                el.span(figure.text, aria_hidden="true"),
                el.span(figure.spoken, class_name="fr-sr-only"),
                class_name="pj-grid__figure pj-grid__figure--" + figure.tone,
            ),
        ),
    )
    return el.tfoot(row, _curve())


def _curve() -> rx.Component:
    state = EstablishmentState
    picture = el.svg(
        el.svg.path(d=state.area, class_name="pj-curve__area"),
        el.svg.path(d=state.line, class_name="pj-curve__line", vector_effect="non-scaling-stroke"),
        view_box="0 0 " + state.columns.length().to_string() + " 1",
        preserve_aspect_ratio="none",
        role="img",
        aria_label=state.curve_label,
        class_name="pj-curve",
    )
    name = el.th(
        el.span("complet", class_name="pj-curve__top", aria_hidden="true"),
        el.span("Occupation"),
        el.span("vide", class_name="pj-curve__bottom", aria_hidden="true"),
        scope="row",
        class_name="pj-grid__bed pj-grid__bed--curve",
    )
    return el.tr(name, el.td(picture, col_span=state.columns.length(), class_name="pj-grid__curve"))


def _picture() -> rx.Component:
    items = [
        el.li(el.span(class_name=f"pj-stay pj-stay--{tone} pj-key", aria_hidden="true"), word) for tone, word in PICTURE
    ]
    return el.ul(*items, class_name="pj-keys", aria_label="Légende")


def _no_bed() -> rx.Component:
    return empty_state(
        "Pas de lit ici",
        "Cet établissement n’a pas de lit que vous puissiez voir. Ses autres places sont sur la carte.",
        link_button("Ouvrir la carte", "/carte/", kind="secondary"),
    )


def _choices() -> rx.Component:
    return el.div(
        el.p("Choisissez un établissement pour voir ses lits, nuit par nuit.", class_name="fr-text--lead"),
        table(
            "Établissements",
            ("Établissement", "Commune", "Lits", "Cette nuit"),
            rx.foreach(EstablishmentState.choices, _choice),
            dense=True,
        ),
    )


def _choice(choice: rx.Var[ChoiceRow]) -> rx.Component:
    return el.tr(
        el.th(inner_link(choice.name, href=choice.href, class_name="fr-link"), scope="row"),
        el.td(choice.commune),
        el.td(choice.beds),
        el.td(choice.free),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "Aucun établissement avec des lits",
        "Les centres et sections de semi-liberté de votre ressort, ou de votre organisme, s’afficheront ici.",
        rx.cond(EstablishmentState.is_host, link_button("Mes places", "/mes-places/")),
    )
