"""What a closing form closes, the resource alone or its whole site; and what a list of closures says of a site's."""

from __future__ import annotations

import reflex as rx

from booking.pages.site_words import SITE
from portal.ui.pieces import badge

el = rx.el


def closing_choice(name: str, this: str, whole_site: rx.Var[str], version: rx.Var[int]) -> rx.Component:
    """Return the choice between `this` and the whole site, when there is one; `this` each time the version grows."""

    def choice(code: str, label: rx.Var[str] | str, *, is_first: bool) -> rx.Component:
        radio = el.input(
            type="radio",
            id=f"{name}-{code}",
            name=name,
            value=code,
            default_checked=is_first,
            key=f"{name}-{code}" + version.to_string(),
        )
        return el.div(
            el.div(
                radio, el.label(label, html_for=f"{name}-{code}", class_name="fr-label"), class_name="fr-radio-group"
            ),
            class_name="fr-fieldset__element",
        )

    choices = el.fieldset(
        el.legend("Ce qui ferme", class_name="fr-fieldset__legend fr-text--regular"),
        choice("one", this, is_first=True),
        choice(SITE, whole_site, is_first=False),
        class_name="fr-fieldset fr-mb-0 pj-closing-choice",
    )
    return rx.cond(whole_site != "", choices)


def of_site(is_of_site: rx.Var[bool], why_not: rx.Var[str]) -> rx.Component:
    """Return the mark of a closure of the whole site, and why it is not opened again from here."""
    why = rx.cond(why_not != "", el.span(why_not, class_name="fr-hint-text"))
    return rx.cond(is_of_site, rx.fragment(" ", badge("Tout le site", "info"), why))
