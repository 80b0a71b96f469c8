"""What the two lists of people to call share: the page, and the number that is shown once it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import phonenumbers
import reflex as rx

from booking.pages.ledger_parts import ledger
from booking.pages.request_words import spaced
from booking.pages.widgets import inner_link
from convocations.to_call import Callee
from portal.ui.dates import NBSP
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, skeleton
from portal.ui.sheet import sheet

el = rx.el
NO_NUMBER = "aucun numéro connu"


@dataclass(frozen=True)
class Number:
    """Whom to call, once asked for."""

    name: str = ""
    shown: str = ""
    href: str = ""
    office: str = ""  # of the place of a host, besides the mobile that it gave
    office_href: str = ""


NO_NUMBER_YET = Number()


@dataclass(frozen=True, kw_only=True)
class Calls:
    """How a list of people to call is named: its title, where it goes back to, what it says when nobody waits."""

    title: str
    act: str
    back: tuple[str, str]  # words, address
    caption: str
    headings: tuple[str, ...]
    nothing: tuple[str, str]


def number_of(callee: Callee) -> Number:
    """Return whom to call as displayed, and the address that dials."""
    dialled = "".join(sign for sign in callee.office if sign.isdigit() or sign == "+")
    office = (spaced(callee.office), f"tel:{dialled}") if dialled else ("", "")
    if not callee.phone:
        return Number(callee.name, "" if dialled else NO_NUMBER, "", *office)
    number = phonenumbers.parse(callee.phone)
    way = phonenumbers.PhoneNumberFormat
    written = way.NATIONAL if number.country_code == 33 else way.INTERNATIONAL
    shown = phonenumbers.format_number(number, written).replace(" ", NBSP)
    return Number(callee.name, shown, f"tel:{callee.phone}", *office)


def calls_page(state: Any, calls: Calls, line: Callable[[Any], rx.Component], number: rx.Component) -> rx.Component:
    """Return the page of a list: its lines, and the sheet with the number of somebody."""
    words, href = calls.back
    table = ledger(calls.caption, calls.headings, rx.foreach(state.rows, line))
    return layout(
        el.div(
            inner_link(words, href=href, class_name="fr-link fr-icon-arrow-left-line fr-link--icon-left"),
            class_name="fr-mb-2w",
        ),
        rx.cond(
            state.is_loaded,
            rx.cond(state.rows.length() > 0, el.div(el.p(state.summary), table), empty_state(*calls.nothing)),
            skeleton(6, "Chargement…"),
        ),
        sheet(number, open=state.is_open, title=calls.act, on_close=state.close_sheet),
        title=calls.title,
        wide=True,
        on_undo=state.undo,
    )


def number_part(
    number: Any, about: list[rx.Component], acts: list[rx.Component], href: Any, *, to_see: Any = "Voir la convocation"
) -> rx.Component:
    """Return the name and the number of somebody, what the call is about, and what may be noted of it."""
    dial = el.a(number.shown, href=number.href, class_name="fr-btn fr-btn--lg fr-icon-phone-line fr-btn--icon-left")
    office = el.a(number.office, href=number.office_href, class_name="fr-link")
    return el.div(
        el.p(number.name, class_name="fr-h5 fr-mb-1w"),
        rx.cond(number.shown != "", el.p(rx.cond(number.href != "", dial, number.shown), class_name="fr-mb-2w")),
        rx.cond(number.office != "", el.p("Standard du lieu\u00a0: ", office, class_name="fr-mb-2w")),
        *about,
        el.div(
            *acts,
            inner_link(to_see, href=href, class_name="fr-btn fr-btn--tertiary"),
            class_name="pj-actions",
        ),
    )
