"""The forms of the page behind the link that ask for more than a press: why, a number, a year of birth. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberFormat

from booking.reasons import EXCUSED_FOR
from convocations.knowing import YEAR_DIGITS, Contact
from convocations.link_models import DayPart
from convocations.link_view import LinkView
from convocations.wording import PageWords
from portal.ui.html import Html, joined, tag

if TYPE_CHECKING:
    from convocations.pages.link_page import Asked

SAID_BY_LINK = tuple(code for code in EXCUSED_FOR if code != "detention")  # whoever is held does not press a button
MOST_TYPED = 40
FRANCE = 33
Form = tuple[Html, dict[str, str]]  # its hidden fields, its attributes


@dataclass(frozen=True)
class Typed:
    """What was typed in a form that was refused; `numbers` are those among which to choose, as sent and as read."""

    phone: str = ""
    part: str = DayPart.MORNING
    year: str = ""
    is_wrong: bool = False
    numbers: tuple[tuple[str, str], ...] = ()


NOTHING_TYPED = Typed()


def absence_form(words: PageWords, form: Form) -> Html:
    """Return "I cannot come" with its reason, which may be left out."""
    named: Mapping[str, str] = {
        "health": words.reason_health,
        "work": words.reason_work,
        "transport": words.reason_transport,
        "children": words.reason_children,
        "other": words.reason_other,
    }
    choices = (_one("reason", code, named[code]) for code in SAID_BY_LINK)
    hidden, attributes = form
    return tag(
        "form",
        hidden,
        tag("fieldset", tag("legend", words.why_absent), *choices),
        tag("p", words.certificate),
        tag("button", words.sure_yes, class_="main"),
        **attributes,
    )


def call_form(view: LinkView, asked: Asked, words: PageWords, form: Form, back: Html) -> Html:
    """Return the question of when and where to call; or which number was meant, when several were."""
    typed, (hidden, attributes) = asked.typed, form
    if typed.numbers:
        part = tag("input", type="hidden", name="part", value=typed.part)
        numbers = (
            tag("button", tag("bdi", label, dir="ltr"), name="phone", value=number) for number, label in typed.numbers
        )
        which = tag("fieldset", tag("legend", words.number_which), tag("div", *numbers, class_="hours"))
        return joined(tag("form", hidden, part, which, **attributes), back)
    parts = ((DayPart.MORNING, words.call_morning), (DayPart.AFTERNOON, words.call_afternoon))
    choices = (_one("part", part, label, is_on=part == typed.part) for part, label in parts)
    known = tag("p", _with_number(words.call_number, view.phone_end)) if view.phone_end else None
    label = words.other_number if view.phone_end else words.your_number
    number = _field("phone", label, typed.phone, is_wrong=typed.is_wrong, type="tel", autocomplete="tel", dir="ltr")
    when = tag("fieldset", tag("legend", words.call_when), *choices)
    button = tag("button", words.call_ask, class_="main")
    return joined(tag("form", hidden, when, known, number, button, **attributes), back)


def year_form(typed: Typed, words: PageWords, form: Form) -> Html:
    """Return the question of the year of birth."""
    hidden, attributes = form
    year = _field(
        "year",
        words.birth_year,
        typed.year,
        is_wrong=typed.is_wrong,
        type="text",
        inputmode="numeric",
        maxlength=str(YEAR_DIGITS),
        autocomplete="bday-year",
    )
    button = tag("button", words.go_on, class_="main")
    return tag("form", hidden, tag("p", words.birth_year_why), year, button, **attributes)


def service_card(contact: Contact, words: PageWords) -> Html:
    """Return who summons and how to call them."""
    dialled = "".join(contact.phone.split())
    phone = (
        tag("a", tag("bdi", as_read(contact.phone), dir="ltr"), href=f"tel:{dialled}", class_="act")
        if contact.phone
        else tag("p", words.no_phone)
    )
    return joined(tag("p", tag("strong", contact.name, lang="fr"), class_="card"), phone)


def as_read(phone: str) -> str:
    """Return a number by pairs, as it is read aloud; as it was written when it is none."""
    try:
        number = phonenumbers.parse(phone, "FR")
    except phonenumbers.NumberParseException:
        return phone
    way = PhoneNumberFormat.NATIONAL if number.country_code == FRANCE else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, way)).replace(" ", "\N{NO-BREAK SPACE}")


def _one(name: str, value: str, label: str, *, is_on: bool = False) -> Html:
    choice = tag("input", type="radio", name=name, value=value, checked=is_on)
    return tag("label", choice, label, class_="one")


def _field(name: str, label: str, value: str, *, is_wrong: bool, **attributes: str) -> Html:
    field = tag(
        "input",
        name=name,
        id=name,
        value=value,
        class_="text",
        aria_invalid="true" if is_wrong else None,
        aria_describedby="said" if is_wrong else None,
        **attributes,
    )
    return joined(tag("label", label, for_=name, class_="field"), field)


def _with_number(sentence: str, number: str) -> Html:
    """Return a sentence around a number, which is read from the left in every language."""
    before, _, after = sentence.partition("{number}")
    return joined(before, tag("bdi", number, dir="ltr"), after)
