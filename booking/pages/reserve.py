"""The sheet of a place, as displayed: what it offers, then hold, for whom, confirm."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.models import Shape
from booking.pages.countdown import countdown
from booking.pages.person_picker import person_picker
from booking.pages.pieces import place_state, strip_of
from booking.pages.reserve_state import Line, ReserveState
from booking.pages.why_part import why_part
from booking.pages.widgets import inner_link
from portal.ui.pieces import field, link_button, select_field, skeleton
from portal.ui.sheet import sheet

el = rx.el


def reserve_sheet(*, on_close: Any) -> rx.Component:
    """Return the sheet; `on_close` changes the address of the page."""
    state = ReserveState
    body = rx.match(
        state.step,
        ("loading", skeleton(6, "Ouverture du lieu…")),
        ("choose", _choose()),
        ("held", _held()),
        ("done", _done(on_close)),
        ("missing", el.p("Ce lieu n’existe pas, ou n’a rien de ce type dans votre ressort.")),
        rx.fragment(),
    )
    return sheet(
        el.p(state.where, class_name="pj-grey fr-mb-2w"),
        _problem(),
        body,
        open=state.is_open,
        title=state.title,
        on_close=on_close,
    )


def _problem() -> rx.Component:
    others = el.ul(
        rx.foreach(
            ReserveState.others,
            lambda other: el.li(
                el.button(
                    el.strong(other.name),
                    el.span(other.detail, class_name="fr-text--sm fr-mb-0"),
                    type="button",
                    on_click=ReserveState.hold_other(other.site_id, other.resource_id, other.start),
                    class_name="pj-choice",
                )
            ),
        ),
        class_name="pj-choices",
    )
    alert = el.div(
        el.p(ReserveState.problem),
        why_part(ReserveState.why),
        rx.cond(ReserveState.others.length() > 0, others),
        class_name="fr-alert fr-alert--warning",
    )
    return el.div(rx.cond(ReserveState.problem != "", alert), role="alert", class_name="fr-mb-2w")


def _choose() -> rx.Component:
    return el.div(
        rx.foreach(ReserveState.quotas, lambda said: el.p(said, class_name="fr-text--bold fr-mb-1w")),
        el.ul(rx.foreach(ReserveState.lines, _resource), class_name="pj-lines"),
        rx.cond(
            ReserveState.shape == Shape.NIGHTS,
            el.p(
                el.a(
                    "Voir tous les lits et toutes les nuits",
                    href=ReserveState.establishment_address,
                    class_name="fr-link",
                )
            ),
        ),
    )


def _resource(line: rx.Var[Line]) -> rx.Component:
    is_chosen = ReserveState.chosen_id == line.resource_id
    return el.li(
        el.h3(line.name, class_name="fr-h6 fr-mb-1v"),
        el.p(place_state(line.state, line.state_word), " ", el.strong(line.free), class_name="fr-mb-1v"),
        el.ul(
            rx.foreach(line.traits, lambda words: el.li(el.p(words, class_name="fr-tag fr-tag--sm"))),
            class_name="fr-tags-group",
        ),
        rx.cond(line.why_not != "", el.p(line.why_not, class_name="fr-text--sm fr-mb-1v")),
        why_part(line.why, about=line.name),
        strip_of(line.squares),
        el.p(line.next_free, class_name="fr-text--sm fr-mb-1v"),
        rx.cond(
            line.wait_href != "",
            el.p(
                inner_link(
                    "Mettre en liste d’attente pour ce lieu", href=line.wait_href, class_name="fr-link fr-link--sm"
                ),
                class_name="fr-mb-1v",
            ),
        ),
        rx.cond(line.declared != "", el.p(line.declared, class_name="fr-text--sm pj-grey fr-mb-1v")),
        rx.cond(
            line.is_open,
            rx.cond(
                is_chosen,
                el.div(_hold_form(line), rx.cond(_comes_again(), _repeat(line.resource_id))),
                el.button(
                    "Réserver ici",
                    type="button",
                    aria_label="Réserver : " + line.name,
                    on_click=ReserveState.choose(line.resource_id),
                    class_name="fr-btn fr-btn--sm",
                ),
            ),
        ),
        class_name="pj-line",
    )


def _hold_form(line: rx.Var[Line]) -> rx.Component:
    dated = rx.el.form(
        el.div(
            field(
                "Du",
                "first",
                type="date",
                default_value=ReserveState.first,
                key="f" + ReserveState.first,
                required=True,
            ),
            field(
                "Au (jour de sortie)",
                "until",
                type="date",
                default_value=ReserveState.until,
                key="u" + ReserveState.until,
            ),
            class_name="pj-form__grid",
        ),
        rx.cond(
            line.beds.length() > 0,
            select_field(
                "Lit",
                "unit_id",
                rx.fragment(
                    el.option("Au choix du logiciel", value=""),
                    rx.foreach(line.beds, lambda bed: el.option(bed[1], value=bed[0], key=bed[0])),
                ),
                error=ReserveState.bed_taken,
                default_value=ReserveState.bed,
                on_change=ReserveState.choose_bed,
            ),
        ),
        el.button("Garder 10 minutes", type="submit", class_name="fr-btn fr-icon-lock-line fr-btn--icon-left"),
        on_submit=ReserveState.hold_it,
        no_validate=True,
        class_name="pj-form",
    )
    slots = el.ul(
        rx.foreach(
            line.slots,
            lambda slot: el.li(
                rx.cond(
                    slot.held != "",
                    el.span(
                        el.span(slot.words),
                        el.span(slot.held, class_name="pj-slots__held"),
                        class_name="pj-slots__one fr-icon-time-line fr-icon--sm",
                    ),
                    el.button(
                        slot.words,
                        type="button",
                        on_click=ReserveState.hold_it({"start": slot.start}),
                        class_name="fr-btn fr-btn--secondary fr-btn--sm",
                    ),
                ),
                key=slot.start,
            ),
        ),
        class_name="pj-slots",
        aria_label="Prochains créneaux",
    )
    return rx.cond(ReserveState.shape == Shape.SLOTS, slots, dated)


def _comes_again() -> rx.Var[bool]:
    """Say whether places of this shape are taken in series."""
    return (ReserveState.shape == Shape.SLOTS) | (ReserveState.shape == Shape.PLACES)


def _repeat(resource_id: rx.Var[str]) -> rx.Component:
    """Return the way to several dates at once: visits, hours of work, periods of a stage."""
    href = "/serie/nouvelle/?lieu=" + resource_id + "&du=" + ReserveState.first
    return el.p(el.a("Répéter… plusieurs dates en une fois", href=href, class_name="fr-link"), class_name="fr-mt-1w")


def _held() -> rx.Component:
    return el.div(
        el.p(
            "Gardé pour vous ",
            countdown(
                seconds=ReserveState.seconds_left, since=ReserveState.booking_id, on_end=ReserveState.time_is_over
            ),
            class_name="pj-held",
        ),
        el.p(ReserveState.recap, class_name="fr-text--bold"),
        el.h3("Pour qui ?", class_name="fr-h6"),
        person_picker(),
        rx.el.form(
            field(
                "Ou numéro de dossier",
                "case_ref",
                hint="Si la personne n’a pas de fiche",
                default_value=ReserveState.case_ref,
                auto_complete="off",
                max_length=64,
            ),
            el.div(
                el.button("Réserver", type="submit", class_name="fr-btn fr-icon-check-line fr-btn--icon-left"),
                el.button(
                    "Rendre la place",
                    type="button",
                    on_click=ReserveState.give_back,
                    class_name="fr-btn fr-btn--tertiary-no-outline",
                ),
                class_name="pj-actions",
            ),
            on_submit=ReserveState.confirm_it,
            class_name="pj-form",
        ),
    )


def _done(on_close: Any) -> rx.Component:
    said = rx.cond(
        ReserveState.is_given_back,
        "La place est rendue.",
        rx.cond(ReserveState.is_booked, "C’est réservé.", "La demande est envoyée : le lieu doit l’accepter."),
    )
    seen = "/reservations/?reservation=" + ReserveState.booking_id
    next_ = rx.cond(
        ReserveState.convene_href != "",
        rx.fragment(
            link_button("Convoquer", ReserveState.convene_href, icon="fr-icon-send-plane-line"),
            link_button("Voir la réservation", seen, kind="secondary"),
        ),
        link_button("Voir la réservation", seen),
    )
    again = "/serie/nouvelle/?reservation=" + ReserveState.booking_id
    after = el.div(
        next_,
        link_button(
            "Ajouter à l’agenda", ReserveState.calendar_address, kind="secondary", icon="fr-icon-calendar-line"
        ),
        rx.cond(_comes_again(), link_button("Répéter…", again, kind="tertiary", icon="fr-icon-refresh-line")),
        el.button(
            "Rendre la place", type="button", on_click=ReserveState.give_back, class_name="fr-btn fr-btn--tertiary"
        ),
        class_name="pj-actions",
    )
    undo = el.div(
        el.button(
            "Annuler : reprendre la place",
            type="button",
            on_click=ReserveState.take_again,
            class_name="fr-btn fr-btn--secondary",
        ),
        el.button("Fermer", type="button", on_click=on_close, class_name="fr-btn fr-btn--tertiary-no-outline"),
        class_name="pj-actions",
    )
    return el.div(
        el.div(
            el.p(said, class_name="fr-alert__title"),
            el.p(ReserveState.recap),
            role="status",
            class_name="fr-alert fr-alert--success fr-mb-2w",
        ),
        rx.cond(ReserveState.is_given_back, undo, after),
    )
