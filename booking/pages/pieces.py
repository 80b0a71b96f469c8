"""Pieces shared by the screens of places."""

from __future__ import annotations

import reflex as rx

from booking.pages.map_words import Square

el = rx.el


def place_state(state: rx.Var[str], word: rx.Var[str]) -> rx.Component:
    """Return the state of a place: shape, colour and word."""
    return el.span(word, class_name="pj-state pj-state--" + state)


def strip_of(squares: rx.Var[list[Square]]) -> rx.Component:
    """Return fourteen small squares, one a day, each with its words."""
    return el.ol(
        rx.foreach(
            squares,
            lambda one: el.li(
                el.span(one.label, aria_hidden="true"),
                el.span(one.text, class_name="fr-sr-only"),
                title=one.text,
                class_name="pj-square pj-square--" + one.state,
            ),
        ),
        class_name="pj-strip",
        aria_label="Les quatorze prochains jours",
    )
