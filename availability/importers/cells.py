"""Cells of a spreadsheet read as what places say, and written so that they are read the same. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from typing import Any

from availability.attributes import ANY, Attribute, AttributeType
from availability.errors import InvalidRequest
from availability.places import normalise

YES = ("oui", "o", "vrai", "x", "1", "yes", "true")
NO = ("non", "n", "faux", "0", "no", "false")
NOTHING = ("aucun", "aucune", "neant")  # empties a cell: an empty one changes nothing
MOST_LETTERS = 200
NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,6})?")
SPAN = re.compile(r"(\d{1,2})\s*(?:h|:)\s*(\d{2})?\s*[-–à]\s*(\d{1,2})\s*(?:h|:)\s*(\d{2})?")
WEEKEND = "week-end"


def text_in(field: str, typed: str, *, most: int = MOST_LETTERS) -> str:
    """Return a text within bounds. Raises: InvalidRequest."""
    if len(typed) > most:
        raise InvalidRequest(field, "too-long", most=most)
    if not typed.isprintable():
        raise InvalidRequest(field, "unreadable")
    return typed


def whole_in(field: str, typed: str, *, most: int = 10_000) -> int:
    """Return a whole number. Raises: InvalidRequest."""
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 9):
        raise InvalidRequest(field, "not-a-whole-number")
    if int(typed) > most:
        raise InvalidRequest(field, "out-of-range", least=0, most=most)
    return int(typed)


def flag_in(field: str, typed: str) -> bool:
    """Return what "oui", "x" or "non" says. Raises: InvalidRequest."""
    word = normalise(typed)
    if word not in YES + NO:
        raise InvalidRequest(field, "not-a-flag")
    return word in YES


def flag_out(value: bool) -> str:
    """Return what `flag_in` reads."""
    return "oui" if value else "non"


def list_in(typed: str) -> list[str]:
    """Return the parts of "A-101, A-102", or of the same with semicolons; a part with a comma is between quotes."""
    separator = ";" if ";" in typed and "," not in typed else ","
    (row,) = csv.reader([typed], delimiter=separator, skipinitialspace=True) if typed else [[]]
    return list(dict.fromkeys(part for part in (" ".join(each.split()) for each in row) if part))


def list_out(parts: list[str]) -> str:
    """Return what `list_in` reads."""
    return ", ".join(f'"{part.replace(chr(34), chr(34) * 2)}"' if set(part) & set(',;"') else part for part in parts)


def attribute_in(attribute: Attribute, name: str, typed: str) -> Any:
    """Return the value that a place says, from a cell that is not empty; None empties it. Raises: InvalidRequest."""
    if normalise(typed) in NOTHING:
        return None
    return attribute.said({name: _READ[attribute.type](attribute, name, typed)})[name]


def attribute_out(attribute: Attribute, name: str, values: Mapping[str, Any]) -> str:
    """Return what `attribute_in` reads as the value that a place says; nothing when it says none."""
    value = values.get(name)
    return "" if value is None else _WRITTEN[attribute.type](attribute, value)


def _choice(attribute: Attribute, name: str, typed: str) -> str:
    wanted = normalise(typed)
    for code, label in {**attribute.choices, ANY: attribute.choices.get(ANY, "Indifférent")}.items():
        if wanted in (normalise(label), normalise(code)):
            return code
    raise InvalidRequest(name, "unknown-choice", choices=list(attribute.choices.values()))


def _number(_attribute: Attribute, name: str, typed: str) -> float:
    if not NUMBER.fullmatch(typed):
        raise InvalidRequest(name, "not-numeric")
    read = float(typed.replace(",", "."))
    return int(read) if read.is_integer() else read


def _list(attribute: Attribute, name: str, typed: str) -> list[str]:
    parts = list_in(typed)
    return [_choice(attribute, name, part) for part in parts] if attribute.choices else parts


def _hours(_attribute: Attribute, name: str, typed: str) -> dict[str, Any]:
    every_day, _, rest = typed.partition(",")
    read: dict[str, Any] = _span(name, every_day.strip())
    if weekend := rest.strip().removeprefix(WEEKEND).strip():
        read["weekend"] = None if normalise(weekend).startswith("ferme") else _span(name, weekend)
    return read


def _span(name: str, typed: str) -> dict[str, str]:
    found = SPAN.fullmatch(typed)
    if found is None:
        raise InvalidRequest(name, "not-hours")
    opens_h, opens_m, closes_h, closes_m = (int(part or 0) for part in found.groups())
    if opens_h > 23 or closes_h > 23 or opens_m > 59 or closes_m > 59:
        raise InvalidRequest(name, "not-hours")
    return {"opens": f"{opens_h:02}:{opens_m:02}", "closes": f"{closes_h:02}:{closes_m:02}"}


def _hours_out(_attribute: Attribute, value: Mapping[str, Any]) -> str:
    written = f"{value['opens']}–{value['closes']}"
    if "weekend" in value:
        weekend = value["weekend"]
        written += f", {WEEKEND} " + (f"{weekend['opens']}–{weekend['closes']}" if weekend else "fermé")
    return written


_READ: dict[AttributeType, Callable[[Attribute, str, str], Any]] = {
    AttributeType.CHOICE: _choice,
    AttributeType.FLAG: lambda _, name, typed: flag_in(name, typed),
    AttributeType.RANGE: _number,
    AttributeType.NUMBER: _number,
    AttributeType.LIST: _list,
    AttributeType.TEXT: lambda _, name, typed: text_in(name, typed),
    AttributeType.HOURS: _hours,
}
_WRITTEN: dict[AttributeType, Callable[[Attribute, Any], str]] = {
    AttributeType.CHOICE: lambda one, value: one.choices.get(value, "Indifférent" if value == ANY else str(value)),
    AttributeType.FLAG: lambda _, value: flag_out(bool(value)),
    AttributeType.RANGE: lambda _, value: f"{value:g}".replace(".", ","),
    AttributeType.NUMBER: lambda _, value: f"{value:g}".replace(".", ","),
    AttributeType.LIST: lambda one, value: list_out([one.choices.get(each, each) for each in value]),
    AttributeType.TEXT: lambda _, value: str(value),
    AttributeType.HOURS: _hours_out,
}
