"""The list of a lawyer on the page of dates: what is held for them, what they wait for, and how they enter it."""

from __future__ import annotations

import reflex as rx

from booking.pages.date_wait_state import DateWaitState
from booking.pages.date_wait_words import WaitRow
from booking.pages.lawyer_words import DateRow
from booking.pages.take_date_state import TakeDateState
from portal.ui.pieces import badge

el = rx.el
S = TakeDateState
W = DateWaitState
LINE = "fr-btn fr-btn--secondary fr-btn--sm"


def offers() -> rx.Component:
    """Return the dates that are held for who waited for them; nothing when none is."""
    return rx.cond(
        W.offers.length() > 0,
        el.section(
            el.h2("Gardée pour vous", class_name="fr-h5 fr-mb-1w"),
            el.ul(rx.foreach(W.offers, _offer), class_name="fr-raw-list"),
            aria_label="Gardée pour vous",
            class_name="pj-dates__held fr-mb-4w",
        ),
    )


def _offer(one: rx.Var[WaitRow]) -> rx.Component:
    return el.li(
        el.p(el.strong(one.held), el.br(), "Une place s’est libérée : elle est à vous ", one.until, "."),
        el.p(one.what, class_name="fr-text--sm pj-grey"),
        el.div(
            el.button("Prendre cette date", type="button", on_click=S.take_offer(one.booking), class_name="fr-btn"),
            el.button(
                "Laisser au suivant",
                type="button",
                on_click=W.decline(one.booking),
                class_name="fr-btn fr-btn--secondary",
            ),
            class_name="pj-actions",
        ),
        key=one.id,
    )


def waits() -> rx.Component:
    """Return what the lawyer waits for; nothing when they wait for nothing."""
    return rx.cond(
        W.waits.length() > 0,
        el.section(
            el.h2("Sur liste d’attente", class_name="fr-h5 fr-mt-6w fr-mb-1w"),
            el.p(
                "La date qui se libère est gardée pour le premier de la liste, qui en est prévenu par courriel ; sans"
                " réponse, elle passe au suivant.",
                class_name="fr-text--sm pj-grey",
            ),
            el.ul(rx.foreach(W.waits, _wait), class_name="fr-raw-list"),
            aria_label="Sur liste d’attente",
        ),
    )


def _wait(one: rx.Var[WaitRow]) -> rx.Component:
    return el.li(
        el.p(
            el.strong(one.what),
            el.br(),
            "Vous attendez ",
            one.which,
            ".",
            el.br(),
            one.rank,
            ".",
            el.br(),
            el.span(one.why, class_name="pj-grey"),
            class_name="fr-text--sm fr-mb-1w",
        ),
        el.button(
            "Ne plus attendre",
            el.span(" : ", one.what, class_name="fr-sr-only"),
            type="button",
            on_click=W.leave(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        key=one.id,
        class_name="pj-screens__one",
    )


def wait_here() -> rx.Component:
    """Return what puts on the list, when all dates are full."""
    return rx.cond(
        (S.wait_key != "") & ~W.awaited.contains(S.wait_key),
        el.div(
            el.p(
                "Ou attendez : la première date qui se libère est gardée pour vous, à votre rang.",
                class_name="fr-mt-3w fr-mb-1w",
            ),
            el.button(
                "Attendre une place",
                type="button",
                id="attendre",
                on_click=W.wait(""),
                class_name="fr-btn fr-btn--secondary fr-icon-time-line fr-btn--icon-left",
            ),
        ),
    )


def chosen_day() -> rx.Component:
    """Return the dates of the day that was chosen in the calendar, those that are full too."""
    return el.div(
        el.h3(S.day_said, id="jour-choisi", tab_index=-1, class_name="fr-h6 fr-mb-1w"),
        el.ul(
            rx.foreach(S.day_open, lambda one: el.li(date_row_button(one), key=one.id)),
            rx.foreach(S.day_full, lambda one: el.li(_full(one), key=one.id)),
            class_name="fr-raw-list pj-dates__list",
        ),
        el.button(
            rx.cond(S.step == "dates", "Revoir toutes les dates", "Refermer ce jour"),
            type="button",
            on_click=S.choose_day(""),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-mt-1w",
        ),
        class_name="pj-dates__chosen",
    )


def date_row_button(one: rx.Var[DateRow], *, number: rx.Var[str] | str | None = None, kind: str = LINE) -> rx.Component:
    """Return a date as a button that holds it, with what it is."""
    return el.div(
        el.button(
            one.when,
            type="button",
            id=number if number is not None else "date-" + one.id,
            on_click=S.pick(one.id),
            class_name=kind,
        ),
        el.p(one.detail, el.br(), el.span(one.room_left, class_name="pj-grey"), class_name="fr-text--sm fr-mb-0"),
        rx.cond(one.is_away, badge("vous êtes indisponible", "warning")),
        class_name="pj-dates__one",
    )


def _full(one: rx.Var[DateRow]) -> rx.Component:
    enter = el.button(
        "Attendre une place",
        el.span(" : ", one.when, class_name="fr-sr-only"),
        type="button",
        on_click=W.wait(one.id),
        class_name="fr-btn fr-btn--tertiary fr-btn--sm",
    )
    return el.div(
        rx.cond(W.awaited.contains(one.id), badge("vous attendez", "info"), enter),
        el.div(
            badge("complète", "warning"),
            el.p(one.when, el.br(), el.span(one.detail, class_name="pj-grey"), class_name="fr-text--sm fr-mb-0"),
        ),
        class_name="pj-dates__one",
    )
