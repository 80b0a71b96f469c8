"""The searchable attributes of a kind as rows that are edited, and back; what an agent will see of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from availability.attributes import AttributeType, schema
from availability.errors import InvalidRequest
from availability.kind_drafts import slug
from availability.pages.kind_words import problem_words

MOST_TYPED = 4000
FLAGS = ("asks", "at_least", "is_delay")


@dataclass(frozen=True)
class AttributeRow:
    """One criterion, as typed. `code` is what is stored with each place: fixed once it is saved."""

    key: str
    code: str = ""
    label: str = ""
    position: int = -1  # among the filters, as stored; -1: not stored yet
    type: str = AttributeType.FLAG.value
    choices: str = ""  # one a line, "code : libellé"
    smallest: str = ""
    largest: str = ""
    unit: str = ""
    least: str = ""
    most: str = ""
    asks: bool = False
    at_least: bool = False
    is_delay: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Filter:
    """A criterion as an agent sees it."""

    label: str
    type: str
    options: list[str]
    unit: str


def rows_of(searchable: Mapping[str, Any]) -> list[AttributeRow]:
    """Return a row for each attribute, in the order of the filters."""
    codes = sorted(searchable, key=lambda code: (searchable[code].get("position", 0), code))
    return [_row(str(number), code, searchable[code]) for number, code in enumerate(codes, 1)]


def searchable_of(rows: Sequence[AttributeRow]) -> dict[str, Any]:
    """Return what the rows say, to be stored. Raises: InvalidRequest, whose field begins with the key of the row."""
    coded = zip(codes_of(rows), rows, _positions(rows), strict=True)
    return {code: _written(row, position) for code, row, position in coded}


def _positions(rows: Sequence[AttributeRow]) -> list[int]:
    """Return those that are stored as long as they say the order of the rows: saving what stands changes nothing."""
    stored = [(row.position, row.code) for row in rows]
    is_kept = stored == sorted(stored) and all(position >= 0 for position, _ in stored)
    return [row.position for row in rows] if is_kept else list(range(1, len(rows) + 1))


def codes_of(rows: Iterable[AttributeRow]) -> list[str]:
    """Return the code of each row: its own, or the one that its name makes, twice the same never."""
    rows = list(rows)
    taken = {row.code for row in rows if row.code}
    found = []
    for row in rows:
        code = row.code
        if not code:
            made = slug(row.label).replace("-", "_")
            made = made if made[:1].isalpha() else f"critere_{made}"
            code = next(one for one in (made, *(f"{made}_{number}" for number in range(2, 99))) if one not in taken)
            taken.add(code)
        found.append(code)
    return found


def checked(rows: Sequence[AttributeRow]) -> list[AttributeRow]:
    """Return the rows, each with what is wrong with it."""
    return [replace(row, problem=_problem(row)) for row in rows]


def preview(rows: Sequence[AttributeRow]) -> list[Filter]:
    """Return the filters that the rows make, those that are wrong left out."""
    found = []
    for row in rows:
        if row.label.strip() and not _problem(row):
            options = [label for _, label in _choices(row)] if row.type in ("choice", "list") else []
            found.append(Filter(row.label.strip(), row.type, options, row.unit.strip()))
    return found


def changed(row: AttributeRow, name: str, value: object) -> AttributeRow:
    """Return the row with one thing said otherwise; what no control sends changes nothing."""
    if name in FLAGS:
        return replace(row, **{name: value is True}, problem="")
    if name == "type" and value in [one.value for one in AttributeType]:
        return replace(row, type=str(value), problem="")
    if name in ("label", "choices", "smallest", "largest", "unit") and isinstance(value, str):
        return replace(row, **{name: value[:MOST_TYPED]}, problem="")
    return row


def _row(key: str, code: str, written: Mapping[str, Any]) -> AttributeRow:
    choices = written.get("choices") or {}
    return AttributeRow(
        key=key,
        code=code,
        label=str(written.get("label", "")),
        position=int(written.get("position", 0)),
        type=str(written.get("type", "")),
        choices="\n".join(f"{choice} : {label}" for choice, label in choices.items()),
        smallest=_shown(written.get("from")),
        largest=_shown(written.get("to")),
        unit=str(written.get("unit", "")),
        least=str(written.get("least", "")),
        most=str(written.get("most", "")),
        asks=bool(written.get("asks")),
        at_least=written.get("wanted") == "least",
        is_delay=bool(written.get("is_delay")),
    )


def _written(row: AttributeRow, position: int) -> dict[str, Any]:
    written: dict[str, Any] = {"label": row.label.strip(), "type": row.type, "position": position}
    its_type = AttributeType(row.type)
    if its_type in (AttributeType.CHOICE, AttributeType.LIST) and (choices := _choices(row)):
        written["choices"] = dict(choices)
        if len(written["choices"]) < len(choices):
            raise InvalidRequest(row.key, "choice-twice")
    if its_type in (AttributeType.RANGE, AttributeType.NUMBER):
        limits = (("from", _limit(row, row.smallest)), ("to", _limit(row, row.largest)), ("unit", row.unit.strip()))
        written |= {name: value for name, value in limits if value not in (None, "")}
    if its_type is AttributeType.RANGE:
        written |= {name: getattr(row, name) for name in ("least", "most") if getattr(row, name)}
    if its_type is AttributeType.LIST and row.asks:
        written["asks"] = True
    if its_type is AttributeType.NUMBER:
        written |= ({"wanted": "least"} if row.at_least else {}) | ({"is_delay": True} if row.is_delay else {})
    return written


def _choices(row: AttributeRow) -> list[tuple[str, str]]:
    found = []
    for line in row.choices.splitlines():
        code, colon, label = line.partition(":")
        if line.strip():
            found.append((code.strip() if colon else slug(line), (label if colon else line).strip()))
    return found


def _limit(row: AttributeRow, typed: str) -> float | None:
    if not typed.strip():
        return None
    try:
        read = float(typed.strip().replace(",", "."))
    except ValueError as error:
        raise InvalidRequest(row.key, "not-numeric") from error
    return int(read) if read.is_integer() else read


def _shown(value: Any) -> str:
    return "" if value is None else str(value).replace(".", ",")


def _problem(row: AttributeRow) -> str:
    try:
        schema({code: _written(row, 0) for code in codes_of([row])})
    except InvalidRequest as refusal:
        return problem_words(refusal)
    return ""
