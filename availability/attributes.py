"""What a kind is searched on: the typed schema that an administrator writes, and the values checked against it. Pure.

`Kind.searchable` is {code: {"label", "type", …}}. Filters, their checks and their SQL follow from it: no kind is a
special case. A resource says its values in `Resource.attributes`, a search asks for some in `Wish.attributes`.

| type | a resource says | a search asks | suits when |
|---|---|---|---|
| choice | one code, or "any" | one code | it is the same, "any", or not said |
| flag | true or false | true | it is true |
| range | two bounds, under the names `least` and `most` | a number | it is between those said |
| list | texts | texts | it has them all; with `asks`, it asks for no other |
| number | a number | a number | it is said, and at most that; with `wanted: least`, at least |
| text | a text | a part of it | the part is in it, whatever the case |
| hours | when its doors open and close | hours of work (`Wish.work`) | see availability/doors.py |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from re import fullmatch
from typing import Any

from availability.doors import Doors
from availability.errors import InvalidRequest

ANY = "any"  # the choice that suits everybody
MOST_ATTRIBUTES = 40
MOST_CHOICES = 100
MOST_LISTED = 50
MOST_LETTERS = 200
# What else a search answers as a reason: an attribute may not bear these names.
REASONS = ("closed", "held", "taken", "hours", "travel", "stale", "load", "delay")


class AttributeType(StrEnum):
    """What values an attribute takes, and how a search compares them."""

    CHOICE = "choice"
    FLAG = "flag"
    RANGE = "range"
    LIST = "list"
    NUMBER = "number"
    TEXT = "text"
    HOURS = "hours"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One thing that a kind is searched on."""

    code: str
    label: str
    type: AttributeType
    position: int = 0  # order of the filters, and of the reasons: the first that does not suit is the one counted
    choices: Mapping[str, str] = field(default_factory=dict)  # code -> label; a list without them is free
    least: str = ""  # range: under which names a resource says its bounds
    most: str = ""
    smallest: float | None = None  # what can be typed, both included
    largest: float | None = None
    unit: str = ""
    asks: bool = False  # list: what the resource asks of a person, rather than what it offers
    at_least: bool = False  # number: a search gives the smallest that suits, rather than the largest
    is_delay: bool = False  # number: days before the first appointment

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which a resource says its values."""
        return (self.least, self.most) if self.type is AttributeType.RANGE else (self.code,)

    def asked(self, value: Any) -> Any:
        """Return what a search asks for, in its own type. Raises: InvalidRequest, which names the attribute."""
        return _ASKED[self.type](self, value)

    def read(self, typed: str) -> Any:
        """Return what a search asks for, from a text: "oui", "17", "arabe, turc". Raises: InvalidRequest."""
        return self.asked(_READ.get(self.type, _as_typed)(self, typed.strip()))

    def said(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return, of the values of a resource, those of this attribute, checked. Raises: InvalidRequest."""
        given = {name: values[name] for name in self.names if values.get(name) is not None}
        return {name: _SAID[self.type](self, name, value) for name, value in given.items()}


Schema = tuple[Attribute, ...]


def schema(searchable: Mapping[str, Any]) -> Schema:
    """Return the attributes of a kind, in their order. Raises: InvalidRequest, whose field is "code" or "code.key"."""
    if len(searchable) > MOST_ATTRIBUTES:
        raise InvalidRequest("searchable", "too-many", most=MOST_ATTRIBUTES)
    attributes = [_attribute(code, written) for code, written in searchable.items()]
    names = [name for one in attributes for name in one.names]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise InvalidRequest(doubled, "name-taken")
    if sum(one.is_delay for one in attributes) > 1:
        raise InvalidRequest("is_delay", "only-one")
    return tuple(sorted(attributes, key=lambda one: (one.position, one.code)))


def said(kind_schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a resource, checked, those left empty being left out.

    Raises: InvalidRequest, which names the value, and refuses a name that the schema does not have.
    """
    known = {name for one in kind_schema for name in one.names}
    if unknown := next((name for name in values if name not in known), None):
        raise InvalidRequest(unknown, "unknown-field")
    checked = {name: value for one in kind_schema for name, value in one.said(values).items()}
    for one in kind_schema:
        bounds = [checked[name] for name in one.names if name in checked]
        if one.type is AttributeType.RANGE and bounds != sorted(bounds):
            raise InvalidRequest(one.most, "not-after-start")
    return checked


def asked(kind_schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search asks for, checked, in the order of the schema; None, False, "" and [] ask for nothing.

    Raises: InvalidRequest, which names the attribute, and refuses one that the kind is not searched on.
    """
    wanted = {code: value for code, value in values.items() if value not in (None, False, "", [], ())}
    known = {one.code: one for one in kind_schema}
    for code in wanted:
        if code not in known or known[code].type is AttributeType.HOURS:
            raise InvalidRequest(code, "no-such-filter")
    return {one.code: one.asked(wanted[one.code]) for one in kind_schema if one.code in wanted}


# The schema itself


_KEYS: dict[AttributeType, frozenset[str]] = {
    AttributeType.CHOICE: frozenset({"choices"}),
    AttributeType.FLAG: frozenset(),
    AttributeType.RANGE: frozenset({"least", "most", "from", "to", "unit"}),
    AttributeType.LIST: frozenset({"choices", "asks"}),
    AttributeType.NUMBER: frozenset({"from", "to", "unit", "wanted", "is_delay"}),
    AttributeType.TEXT: frozenset(),
    AttributeType.HOURS: frozenset(),
}
_COMMON = frozenset({"label", "type", "position"})


def _attribute(code: str, written: Any) -> Attribute:
    _named(code, code)
    if code in REASONS:
        raise InvalidRequest(code, "name-taken")
    if not isinstance(written, Mapping):
        raise InvalidRequest(code, "not-a-form")
    its_type = AttributeType(_one_of(f"{code}.type", written.get("type"), [each.value for each in AttributeType]))
    for key in written:
        if key not in _COMMON | _KEYS[its_type]:
            raise InvalidRequest(f"{code}.{key}", "unknown-field")
    attribute = Attribute(
        code=code,
        label=_line(f"{code}.label", written.get("label")),
        type=its_type,
        position=_whole(f"{code}.position", written.get("position", 0)),
        choices=_choices(code, its_type, written.get("choices")),
        least=_bound_name(code, "least", its_type, written),
        most=_bound_name(code, "most", its_type, written),
        smallest=_limit(f"{code}.from", written.get("from")),
        largest=_limit(f"{code}.to", written.get("to")),
        unit=_line(f"{code}.unit", written["unit"]) if written.get("unit") else "",
        asks=_flag(f"{code}.asks", written.get("asks", False)),
        at_least=_one_of(f"{code}.wanted", written.get("wanted", "most"), ("most", "least")) == "least",
        is_delay=_flag(f"{code}.is_delay", written.get("is_delay", False)),
    )
    if None not in (attribute.smallest, attribute.largest) and attribute.smallest > attribute.largest:  # type: ignore[operator]
        raise InvalidRequest(f"{code}.to", "not-after-start")
    return attribute


def _choices(code: str, its_type: AttributeType, written: Any) -> dict[str, str]:
    field_name = f"{code}.choices"
    if written is None and its_type is not AttributeType.CHOICE:
        return {}
    if not written or not isinstance(written, Mapping):
        raise InvalidRequest(field_name, "required")
    if len(written) > MOST_CHOICES:
        raise InvalidRequest(field_name, "too-many", most=MOST_CHOICES)
    return {_line(field_name, choice): _line(f"{field_name}.{choice}", label) for choice, label in written.items()}


def _bound_name(code: str, key: str, its_type: AttributeType, written: Mapping[str, Any]) -> str:
    if its_type is not AttributeType.RANGE:
        return ""
    return _named(f"{code}.{key}", written.get(key, f"{key}_{code}"))


def _named(field_name: str, value: Any) -> str:
    if not isinstance(value, str) or not fullmatch(r"[a-z][a-z0-9_]{0,39}", value):
        raise InvalidRequest(field_name, "not-a-code")
    return value


def _limit(field_name: str, value: Any) -> float | None:
    return None if value is None else _number(field_name, value, None, None)


# Values


def _number(field_name: str, value: Any, least: float | None, most: float | None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise InvalidRequest(field_name, "not-numeric")
    if (least is not None and value < least) or (most is not None and value > most):
        known = {name: value for name, value in (("least", least), ("most", most)) if value is not None}
        raise InvalidRequest(field_name, "out-of-range" if len(known) == 2 else "beyond", **known)
    return value


def _whole(field_name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(field_name, "not-numeric")
    return value


def _line(field_name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(field_name, "required")
    if len(value) > MOST_LETTERS:
        raise InvalidRequest(field_name, "too-long")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise InvalidRequest(field_name, "unreadable")
    return value.strip()


def _flag(field_name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(field_name, "not-a-flag")
    return value


def _one_of(field_name: str, value: Any, choices: Iterable[str]) -> str:
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise InvalidRequest(field_name, "unknown-choice", choices=known)
    return value


def _lines(one: Attribute, value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)):
        raise InvalidRequest(one.code, "not-a-list")
    if len(listed) > MOST_LISTED:
        raise InvalidRequest(one.code, "too-many", most=MOST_LISTED)
    lines = tuple(dict.fromkeys(_line(one.code, each) for each in listed))
    for line in lines if one.choices else ():
        _one_of(one.code, line, one.choices)
    return lines


_ASKED: dict[AttributeType, Callable[[Attribute, Any], Any]] = {
    AttributeType.CHOICE: lambda one, value: _one_of(one.code, value, [each for each in one.choices if each != ANY]),
    AttributeType.FLAG: lambda one, value: _flag(one.code, value),
    AttributeType.RANGE: lambda one, value: _number(one.code, value, None, None),  # whoever is outside suits nowhere
    AttributeType.LIST: _lines,
    AttributeType.NUMBER: lambda one, value: _number(one.code, value, one.smallest, one.largest),
    AttributeType.TEXT: lambda one, value: _line(one.code, value),
    AttributeType.HOURS: lambda one, value: Doors.read(one.code, value),
}
_SAID: dict[AttributeType, Callable[[Attribute, str, Any], Any]] = {
    AttributeType.CHOICE: lambda one, name, value: _one_of(name, value, [*one.choices, ANY]),
    AttributeType.FLAG: lambda _one, name, value: _flag(name, value),
    AttributeType.RANGE: lambda one, name, value: _number(name, value, one.smallest, one.largest),
    AttributeType.LIST: lambda one, _name, value: list(_lines(one, value)),
    AttributeType.NUMBER: lambda one, name, value: _number(name, value, one.smallest, one.largest),
    AttributeType.TEXT: lambda _one, name, value: _line(name, value),
    AttributeType.HOURS: lambda _one, name, value: Doors.read(name, value).written(),
}


# Values from a text

_YES = ("1", "true", "on", "oui")
_NO = ("0", "false", "off", "non", "")


def _as_typed(_one: Attribute, typed: str) -> str:
    return typed


def _read_flag(one: Attribute, typed: str) -> bool:
    if typed.lower() not in _YES + _NO:
        raise InvalidRequest(one.code, "not-a-flag")
    return typed.lower() in _YES


def _read_number(one: Attribute, typed: str) -> float:
    if not fullmatch(r"-?\d{1,9}([.,]\d{1,6})?", typed):
        raise InvalidRequest(one.code, "not-numeric")
    read = float(typed.replace(",", "."))
    return int(read) if read.is_integer() else read


def _read_list(_one: Attribute, typed: str) -> list[str]:
    return [part.strip() for part in typed.split(",") if part.strip()]


_READ: dict[AttributeType, Callable[[Attribute, str], Any]] = {
    AttributeType.FLAG: _read_flag,
    AttributeType.RANGE: _read_number,
    AttributeType.NUMBER: _read_number,
    AttributeType.LIST: _read_list,
}
