"""What matters of a resource as short badges, in the words of its kind's schema. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from availability.attributes import ANY, Attribute, AttributeType
from availability.search import Found
from booking.pages.hours_words import end_words, read_time, time_words
from portal.ui.dates import NBSP

SEX_WORDS = {"F": "femmes", "M": "hommes", ANY: "femmes et hommes"}
FLAG_WORDS = {"weekend": "ouvert le week-end", "accessible": "accessible en fauteuil"}


def traits(found: Found, schema: Sequence[Attribute]) -> list[str]:
    """Return what matters of a resource, in the order of its kind's schema."""
    said = (trait(one, found.attributes) for one in schema)
    return [words for words in said if words]


def shared_traits(found: Sequence[Found], schema: Sequence[Attribute]) -> list[str]:
    """Return the badges that several resources have in common."""
    every = [traits(one, schema) for one in found]
    return [words for words in every[0] if all(words in others for others in every)] if every else []


def trait(attribute: Attribute, values: Mapping[str, Any]) -> str:
    """Return one attribute of a resource in a few words, or nothing when it says nothing."""
    if attribute.type is AttributeType.RANGE:
        return _between(attribute, values.get(attribute.least), values.get(attribute.most))
    value = values.get(attribute.code)
    if value in (None, "", [], False):
        return ""
    if attribute.code == "sex":
        return SEX_WORDS.get(str(value), "")
    return _WORDS[attribute.type](attribute, value)


def lower(label: str) -> str:
    """Return a label as it stands inside a sentence."""
    return label[:1].lower() + label[1:]


def _between(attribute: Attribute, least: Any, most: Any) -> str:
    unit = f"{NBSP}{attribute.unit}" if attribute.unit else f"{NBSP}ans" if attribute.code == "age" else ""
    if least is not None and most is not None:
        return f"{least} à {most}{unit}"
    if least is not None:
        return f"à partir de {least}{unit}"
    return f"jusqu’à {most}{unit}" if most is not None else ""


def _choice(one: Attribute, value: Any) -> str:
    return "" if value == ANY else f"{lower(one.label)} {lower(one.choices.get(value, str(value)))}"


def _list(one: Attribute, value: Any) -> str:
    return ", ".join(one.choices.get(str(each), str(each)) for each in value) if isinstance(value, list) else ""


def _hours(_one: Attribute, value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    opens, closes = (read_time(str(value.get(name, ""))) for name in ("opens", "closes"))
    return f"sortie dès {time_words(opens)}, retour avant {end_words(closes)}" if opens and closes else ""


def _plain(one: Attribute, value: Any) -> str:
    return f"{lower(one.label)}{NBSP}: {value}{f'{NBSP}{one.unit}' if one.unit else ''}"


_WORDS: dict[AttributeType, Callable[[Attribute, Any], str]] = {
    AttributeType.FLAG: lambda one, _value: FLAG_WORDS.get(one.code, lower(one.label)),
    AttributeType.CHOICE: _choice,
    AttributeType.LIST: _list,
    AttributeType.HOURS: _hours,
    AttributeType.NUMBER: _plain,
    AttributeType.TEXT: _plain,
}
