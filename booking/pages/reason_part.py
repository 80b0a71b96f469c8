"""Why a place is given back or an absence excused: a list on its usual reason, so that it costs no press, and a few
words when it is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reflex as rx

from availability.sealing import House
from booking.question import form_of, text_of
from booking.reasons import MOST_WORDS, OTHER, Reason
from portal.settings import secret_key
from portal.ui.pieces import field, select_field

el = rx.el


def reason_form(
    name: str, words: Mapping[str, str], *parts: rx.Component, label: str = "Motif", on_submit: Any
) -> rx.Component:
    """Return a form of one act and its reason; among `parts` is the button that submits it."""
    return rx.el.form(reason_fields(name, words, label=label), *parts, on_submit=on_submit, class_name="pj-motive")


def reason_fields(name: str, words: Mapping[str, str], *, label: str = "Motif", **props: Any) -> rx.Component:
    """Return the list of reasons and the words beside the last one; `name` is unique in the page."""
    choices = select_field(label, f"{name}-reason", list(words.items()), **props)
    said = field("Précisez", f"{name}-words", hint="Facultatif, chiffré", max_length=MOST_WORDS, auto_complete="off")
    return el.div(choices, el.div(said, class_name="pj-motive__words"), class_name="pj-motive__fields")


def read_reason(name: str, form: object) -> Reason:
    """Return what a form says, nothing when it says nothing. Raises: InvalidRequest when it is no form."""
    typed = form_of(form) if form else {}
    code, words = (text_of(typed.get(f"{name}-{part}", "")) for part in ("reason", "words"))
    return reason_for(code, words)


def reason_for(code: str, words: str = "") -> Reason:
    """Return a reason whose words this installation seals; those beside another reason than "other" are left out."""
    return Reason(code, words if code == OTHER else "", House(secret_key()))
