"""The agenda of whoever receives: its week as a grid and as a list, which say and do the same."""

from __future__ import annotations

import reflex as rx

from availability.rights import Role
from booking.pages.agenda_calendar import agenda_grid, shortcut_keys, zone_note
from booking.pages.agenda_state import HOLDERS, AgendaState
from booking.pages.agenda_why import why_hour
from booking.pages.agenda_words import DayList, Entry, Start
from booking.pages.booking_sheet import BookingSheetState, booking_sheet
from booking.pages.ledger_parts import found_group
from booking.pages.reserve import reserve_sheet
from booking.pages.reserve_state import ReserveState
from booking.pages.why_part import why_part
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton
from portal.ui.sheet import sheet

el = rx.el


@page(
    "/agenda",
    title="Agenda",
    roles=HOLDERS,
    on_load=(BookingSheetState.load, AgendaState.load),
    entry="Agenda",
    order=40,
    entry_for=(Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE),
    description="Les rendez-vous d’un agent, d’une salle ou d’une équipe, semaine par semaine.",
)
def agenda_page() -> rx.Component:
    """Return the page."""
    state = AgendaState
    body = rx.match(state.step, ("choose", _choose()), ("week", _week()), skeleton(10, "Chargement de l’agenda…"))
    return layout(
        body,
        reserve_sheet(on_close=ReserveState.leave),
        booking_sheet(on_close=state.close_sheet, after=state.refresh),
        _moving(),
        title=state.title,
        wide=True,
        on_undo=state.undo,
    )


def _choose() -> rx.Component:
    state = AgendaState
    nothing = empty_state(
        "Aucun agenda",
        "Aucun agent, salle ou équipe de votre ressort ne reçoit sur rendez-vous sous ce nom. Essayez un autre mot.",
    )
    search = field(
        "Quel agenda ?",
        "agenda_search",
        hint="Nom, service, commune ou type de rendez-vous",
        default_value=state.typed,
        on_change=state.search.debounce(200),
        auto_complete="off",
        type="search",
    )
    return el.div(
        el.div(search, class_name="pj-agenda__search"),
        el.p(state.found, " agenda", rx.cond(state.found > 1, "s", ""), role="status", class_name="pj-grey"),
        rx.cond(
            state.found > 0, el.div(rx.foreach(state.groups, found_group), class_name="pj-agenda__groups"), nothing
        ),
    )


def _week() -> rx.Component:
    state = AgendaState
    return el.div(
        el.p(state.where, class_name="pj-grey fr-mb-1w"),
        _toolbar(),
        zone_note(zone=state.zone, words=state.zone_words, at=state.frame.now),
        _problem(),
        el.div(
            el.section(
                el.h2("Semaine", class_name="fr-sr-only"),
                _grid(),
                class_name="pj-agenda__frame",
            ),
            _list(),
            class_name=rx.cond(state.shows_grid, "pj-agenda pj-agenda--grid", "pj-agenda"),
        ),
        shortcut_keys(),
    )


def _toolbar() -> rx.Component:
    state = AgendaState
    turns = (
        ("Semaine précédente", state.previous, "Alt+PageUp", "fr-icon-arrow-left-s-line"),
        ("Semaine suivante", state.following, "Alt+PageDown", "fr-icon-arrow-right-s-line"),
    )
    arrows = [
        inner_link(
            label,
            href=href,
            title=label,
            aria_keyshortcuts=keys,
            prevent_scroll_reset=True,
            class_name=f"fr-btn fr-btn--secondary {icon}",
        )
        for label, href, keys, icon in turns
    ]
    today = inner_link(
        "Aujourd’hui",
        href=state.present,
        aria_keyshortcuts="Alt+J",
        prevent_scroll_reset=True,
        class_name="fr-btn fr-btn--secondary",
    )
    return el.div(
        el.nav(arrows[0], today, arrows[1], aria_label="Changer de semaine", class_name="pj-agenda__turn"),
        el.div(
            el.p(state.period, class_name="fr-h5 fr-mb-0"),
            el.p(state.summary, class_name="fr-mb-0"),
            role="status",
            class_name="pj-agenda__period",
        ),
        el.div(
            rx.cond(
                state.hours_href != "",
                inner_link(
                    "Horaires d’ouverture",
                    href=state.hours_href,
                    class_name="fr-btn fr-btn--secondary fr-icon-time-line fr-btn--icon-left",
                ),
            ),
            inner_link("Changer d’agenda", href=state.change_href, class_name="fr-btn fr-btn--tertiary"),
            inner_link("Calendriers", href=state.calendars_href, class_name="fr-btn fr-btn--tertiary"),
            class_name="pj-actions",
        ),
        el.p(
            "Au clavier : Alt + Page préc., Alt + Page suiv., Alt + J pour aujourd’hui.",
            class_name="fr-text--xs pj-grey fr-mb-0 pj-agenda__keys",
        ),
        class_name="pj-agenda__bar",
    )


def _problem() -> rx.Component:
    state = AgendaState
    offers = el.div(
        el.p("Les créneaux libres les plus proches :", class_name="fr-mb-1v"),
        el.ul(rx.foreach(state.offers, lambda offer: el.li(_offer(offer))), class_name="pj-slots"),
    )
    alert = el.div(
        el.p(state.problem),
        why_part(state.why),
        rx.cond(state.offers.length() > 0, offers),
        el.button(
            "Masquer le message",
            type="button",
            title="Masquer le message",
            on_click=state.forget_problem,
            class_name="fr-btn--close fr-btn",
        ),
        class_name="fr-alert fr-alert--warning fr-mb-2w",
    )
    return el.div(rx.cond(state.problem != "", alert), role="alert")


def _offer(offer: rx.Var[Start]) -> rx.Component:
    return el.button(
        offer.label,
        type="button",
        on_click=AgendaState.accept_offer(offer.start),
        class_name="fr-btn fr-btn--secondary fr-btn--sm",
    )


def _grid() -> rx.Component:
    state = AgendaState
    return agenda_grid(
        monday=state.frame.monday,
        zone=state.frame.zone,
        now=state.frame.now,
        hidden=state.frame.hidden,
        first=state.frame.first,
        last=state.frame.last,
        step=state.frame.step,
        events=state.events,
        starts=state.starts,
        revision=state.revision,
        label="Grille de la semaine ; la vue liste dit la même chose",
        on_free=state.reserve,
        on_taken=state.open_booking,
        on_move=state.drag,
    )


def _list() -> rx.Component:
    state = AgendaState
    switch = el.div(
        _view("Liste", "fr-icon-list-unordered", shows_grid=False),
        _view("Grille", "fr-icon-calendar-line", shows_grid=True),
        class_name="pj-actions pj-phone-only fr-mb-2w",
    )
    past = el.details(
        el.summary("Les jours passés de cette semaine"),
        el.div(rx.foreach(state.past, _day), class_name="pj-agenda__days"),
        class_name="pj-why fr-mb-2w pj-agenda__past",
    )
    return el.section(
        el.h2("Vue liste", class_name="fr-h6 fr-mb-1w", id="vue-liste"),
        switch,
        rx.cond(state.past.length() > 0, past),
        el.div(rx.foreach(state.days, _day), class_name="pj-agenda__days"),
        why_hour(),
        class_name="pj-agenda__list",
        aria_labelledby="vue-liste",
    )


def _view(label: str, icon: str, *, shows_grid: bool) -> rx.Component:
    is_shown = AgendaState.shows_grid == shows_grid
    return el.button(
        label,
        type="button",
        aria_pressed=rx.cond(is_shown, "true", "false"),
        on_click=AgendaState.show_grid(shows_grid),
        class_name=f"fr-btn fr-btn--sm fr-btn--secondary {icon} fr-btn--icon-left",
    )


def _day(one: rx.Var[DayList]) -> rx.Component:
    return el.section(
        el.h3(
            one.heading,
            rx.cond(one.is_today, el.span("aujourd’hui", class_name="fr-badge fr-badge--sm fr-badge--no-icon"), ""),
            class_name="fr-text--md fr-text--bold fr-mb-1v pj-agenda__day",
        ),
        rx.cond(one.note != "", el.p(one.note, class_name="fr-text--sm pj-grey fr-mb-1v")),
        el.ul(rx.foreach(one.lines, _entry), class_name="pj-agenda__entries"),
        key=one.key,
    )


def _entry(entry: rx.Var[Entry]) -> rx.Component:
    book = el.button(
        entry.at,
        " – Réserver",
        type="button",
        aria_label=entry.said,
        on_click=AgendaState.reserve(entry.start),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    free = rx.cond(AgendaState.may_reserve, book, el.span(entry.at, " – libre", class_name="pj-agenda__free"))
    return rx.cond(
        entry.kind == "free",
        el.li(free, key=entry.start),
        el.li(_taken(entry), key=entry.start + entry.id, class_name="pj-agenda__taken"),
    )


def _taken(entry: rx.Var[Entry]) -> rx.Component:
    state = AgendaState
    open_it = el.button(
        "Ouvrir",
        type="button",
        aria_label="Ouvrir : " + entry.said,
        on_click=state.open_booking(entry.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    move_it = el.button(
        "Déplacer",
        type="button",
        aria_label="Déplacer : " + entry.said,
        on_click=state.start_moving(entry.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    return el.div(
        el.p(
            el.span(class_name="pj-event__icon " + entry.icon, aria_hidden="true"),
            el.strong(entry.at, " "),
            entry.who,
            el.span(entry.state, class_name="pj-agenda__state"),
            class_name="fr-mb-0",
        ),
        el.div(
            rx.cond(entry.id != "", open_it),
            rx.cond(entry.may_move, move_it),
            class_name="pj-agenda__acts",
        ),
        class_name="pj-agenda__one",
    )


def _moving() -> rx.Component:
    state = AgendaState
    options = rx.foreach(
        state.options,
        lambda one: el.optgroup(
            rx.foreach(one.starts, lambda start: el.option(start.label, value=start.start)), label=one.day
        ),
    )
    form = rx.el.form(
        select_field(
            "Nouveau créneau",
            "start",
            rx.fragment(el.option("Choisir un créneau libre", value=""), options),
            error=state.move_problem,
            key=state.moving.id,
        ),
        el.div(
            el.button("Déplacer", type="submit", class_name="fr-btn"),
            el.button(
                "Laisser où il est",
                type="button",
                on_click=state.stop_moving,
                class_name="fr-btn fr-btn--tertiary-no-outline",
            ),
            class_name="pj-actions",
        ),
        on_submit=state.move_to,
        class_name="pj-form",
    )
    nothing = el.p("Aucun créneau n’est libre dans les quatre semaines. Ouvrez d’autres horaires, ou un autre agenda.")
    return sheet(
        el.p(state.moving.who, ", ", state.moving.when, class_name="fr-text--bold"),
        rx.cond(state.options.length() > 0, form, nothing),
        open=state.is_moving,
        title="Déplacer le rendez-vous",
        on_close=state.stop_moving,
    )
