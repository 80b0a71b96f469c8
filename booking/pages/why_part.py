"""The "Pourquoi ?" of whatever is refused or not available: a disclosure that the keyboard opens as any other."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages.why_words import Way, Why
from booking.pages.widgets import inner_link

el = rx.el


def why_part(why: Any, *, label: str = "Pourquoi ?", about: Any = None) -> rx.Component:
    """Return the rule, its value, who can change it and what is possible instead; nothing when there is no rule.

    `about` says to those who do not see what stands around what it explains.
    """
    known: rx.Var[Why] = why
    facts = (("La règle", known.rule), ("Sa valeur", known.value), ("Qui peut la changer", known.who))
    instead = el.div(
        el.dt("Ce qui est possible"),
        el.dd(el.ul(rx.foreach(known.instead, _way), class_name="fr-raw-list")),
        class_name="pj-about__line",
    )
    summary = el.summary(label, "" if about is None else el.span(" (", about, ")", class_name="fr-sr-only"))
    shown = el.details(
        summary,
        el.dl(
            *[
                rx.cond(said != "", el.div(el.dt(name), el.dd(said), class_name="pj-about__line"))
                for name, said in facts
            ],
            rx.cond(known.instead.length() > 0, instead),
            class_name="pj-about fr-mb-1w",
        ),
        class_name="pj-why fr-text--sm fr-mb-1w",
    )
    return rx.cond(known.rule != "", shown)


def _way(way: rx.Var[Way]) -> rx.Component:
    return el.li(
        rx.cond(way.href != "", inner_link(way.label, href=way.href, class_name="fr-link fr-link--sm"), way.label)
    )
