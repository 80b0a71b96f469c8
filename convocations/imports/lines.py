"""The lines of an export understood: who, and for hearings when and where, with what is wrong in each. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from availability.errors import InvalidRequest
from availability.importers.columns import compared, proposed
from availability.importers.sheets import Row, Sheet
from booking.persons import NewPerson, problems_of, search_name_of
from convocations.import_models import What
from convocations.imports import fields as at
from convocations.imports.options import Options
from convocations.imports.reading import birthday_in, day_in, hour_in, language_in, moment_in, names_in, sex_in

MOST_ALIASES = 20


@dataclass(frozen=True)
class Trouble:
    """Why a line cannot be done: the field and the value at fault, the rule that they break."""

    field: str
    value: str
    problem: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line understood. `birth_on` is None when a hearing list does not say it; `key` is in clear, and never kept."""

    number: int
    family_name: str
    given_name: str
    usage_name: str = ""
    aliases: tuple[str, ...] = ()
    birth_on: date | None = None
    sex: str = ""
    language: str = ""
    file_number: str = ""
    prosecution: str = ""
    phone: str = ""
    address: str = ""
    case_ref: str = ""
    day: date | None = None
    hour: time | None = None
    place: str = ""
    rooms: tuple[str, ...] = ()
    minutes: int = 0
    key: str = ""
    trouble: Trouble | None = None

    @property
    def search_name(self) -> str:
        """Return the names as they are compared."""
        return search_name_of(self.family_name, self.given_name, self.usage_name)

    @property
    def own_names(self) -> str:
        """Return the names without that of usage, which one list gives and the other does not."""
        return search_name_of(self.family_name, self.given_name)

    def new(self, *, language: str) -> NewPerson:
        """Return the file that this line opens; its birth date must be known."""
        assert self.birth_on is not None  # noqa: S101 - a line without is refused before
        return NewPerson(
            family_name=self.family_name,
            given_name=self.given_name,
            usage_name=self.usage_name,
            aliases=self.aliases,
            birth_on=self.birth_on,
            sex=self.sex,
            sex_unsaid=True,
            language=self.language or language,
            file_number=self.file_number,
            phone=self.phone,
            address=self.address,
        )


def matched(sheet: Sheet, what: What, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Return the field of each column: as it was said, else as it is guessed. One that was said of none is aside."""
    return proposed(sheet.headings, at.fields_for(what), columns)


def check_columns(chosen: Sequence[str], what: What, options: Options) -> None:
    """Refuse columns that cannot do. Raises: InvalidRequest."""
    counts = Counter(code for code in chosen if code and code not in at.UNKEPT)
    for code, count in counts.items():
        if count > 1 and code != at.ALIASES:
            raise InvalidRequest(code, "column-twice")
    if not (at.FAMILY in counts or at.BOTH in counts):
        raise InvalidRequest(at.FAMILY, "column-missing")
    if what is What.PEOPLE:
        if at.BIRTH not in counts:
            raise InvalidRequest(at.BIRTH, "column-missing")
        return
    if at.MOMENT not in counts and not {at.DAY, at.HOUR} <= set(counts):
        raise InvalidRequest(at.DAY, "column-missing")
    if not options.kind:
        raise InvalidRequest("kind", "required")


def lines_of(sheet: Sheet, chosen: Sequence[str], what: What, options: Options, *, today: date) -> list[Line]:
    """Return every line understood, with its key. Raises: InvalidRequest when columns cannot do."""
    check_columns(chosen, what, options)
    return _keyed([_line(row, chosen, what, options, today) for row in sheet.rows], what)


def _line(row: Row, chosen: Sequence[str], what: What, options: Options, today: date) -> Line:
    cells = _Cells(row, chosen)
    said = cells.said
    family, given = said(at.FAMILY), said(at.GIVEN)
    if not family and said(at.BOTH):
        family, given = names_in(said(at.BOTH))
    own = [one for cell in cells.all(at.ALIASES) for one in cell.replace(";", ",").split(",")]
    address = ", ".join(part for part in (said(at.ADDRESS), f"{said(at.POSTCODE)} {said(at.COMMUNE)}".strip()) if part)
    line = Line(
        number=row.number,
        family_name=family,
        given_name=given,
        usage_name="" if said(at.USAGE).lower() == family.lower() else said(at.USAGE),
        aliases=tuple(dict.fromkeys(one.strip() for one in own if one.strip()))[:MOST_ALIASES],
        file_number=said(at.FILE),
        prosecution=said(at.PROSECUTION),
        phone=said(at.PHONE),
        address=address,
        case_ref=said(at.CASE) or said(at.PROSECUTION),
        place=said(at.PLACE),
        rooms=tuple(one for one in (said(at.ROOM), said(at.CHAMBER)) if one),
        key=said(at.HEARING),
    )
    try:
        if len(row.cells) > len(chosen):
            raise InvalidRequest("", "too-many-values")
        line = replace(line, **_read(cells, options, today))
        if what is What.HEARINGS:
            line = replace(line, **_when(cells, options))
        _check(line, what, today)
    except InvalidRequest as refusal:
        facts = {name: fact for name, fact in refusal.facts.items() if name not in ("field", "problem")}
        return replace(line, trouble=Trouble(refusal.field, said(refusal.field)[:80], refusal.problem, facts))
    return line


def _read(cells: _Cells, options: Options, today: date) -> dict[str, Any]:
    typed = cells.said(at.BIRTH)
    return {
        "birth_on": birthday_in(at.BIRTH, typed, today=today, guesses=options.guesses_years) if typed else None,
        "sex": sex_in(at.SEX, cells.said(at.SEX)),
        "language": language_in(at.LANGUAGE, cells.said(at.LANGUAGE)),
    }


def _when(cells: _Cells, options: Options) -> dict[str, Any]:
    minutes = cells.said(at.MINUTES)
    if minutes and not (minutes.isascii() and minutes.isdecimal() and 1 <= int(minutes[:4]) <= 600):
        raise InvalidRequest(at.MINUTES, "out-of-range", least=1, most=600)
    if cells.said(at.MOMENT):
        day, hour = moment_in(at.MOMENT, cells.said(at.MOMENT), guesses=options.guesses_years)
    else:
        for name in (at.DAY, at.HOUR):
            if not cells.said(name):
                raise InvalidRequest(name, "required")
        day = day_in(at.DAY, cells.said(at.DAY), guesses=options.guesses_years)
        hour = hour_in(at.HOUR, cells.said(at.HOUR))
    return {"day": day, "hour": hour, "minutes": int(minutes or options.minutes)}


def _check(line: Line, what: What, today: date) -> None:
    if not line.family_name:
        raise InvalidRequest(at.FAMILY, "required")
    if what is What.PEOPLE and line.birth_on is None:
        raise InvalidRequest(at.BIRTH, "required")
    if len(line.case_ref) > 64 or len(line.key) > 64:
        raise InvalidRequest(at.CASE if len(line.case_ref) > 64 else at.HEARING, "too-long", most=64)
    if not line.given_name:
        raise InvalidRequest(at.GIVEN, "required")
    whole = replace(line, birth_on=line.birth_on or date(today.year - 30, 1, 1), phone="").new(language="fr")
    for name, broken in problems_of(whole, today=today, fiction=True).items():
        raise InvalidRequest(name, broken)


def _keyed(lines: list[Line], what: What) -> list[Line]:
    """Return the lines with what names each from one file to the next; two of the same are one too many."""
    keyed = [replace(line, key=_key(line, what)) for line in lines]
    if what is What.HEARINGS:
        # Several hearings of somebody, of which no number tells one from the other: the day and the hour do.
        several = {key for key, count in Counter(line.key for line in keyed).items() if count > 1}
        keyed = [
            replace(line, key=f"{line.key} {line.day} {line.hour}")
            if line.key in several and not _numbered(line)
            else line
            for line in keyed
        ]
    return list(_once(keyed))


def _once(lines: Sequence[Line]) -> Iterator[Line]:
    seen: dict[str, int] = {}
    for line in lines:
        first = seen.setdefault(line.key, line.number)
        if first == line.number or line.trouble:
            yield line
        else:
            yield replace(line, trouble=Trouble("", "", "line-twice", {"line": first}))


def _numbered(line: Line) -> bool:
    return line.key.startswith("hearing number ")


def _key(line: Line, what: What) -> str:
    who = f"file {line.file_number.lower()}" if line.file_number else f"{line.own_names} {line.birth_on or ''}"
    if what is What.PEOPLE:
        return f"person {who}"
    return f"hearing number {line.key.lower()} {who}" if line.key else f"hearing of {line.case_ref.lower()} {who}"


class _Cells:
    """A row, by the fields of its columns."""

    def __init__(self, row: Row, chosen: Sequence[str]) -> None:
        self._cells: dict[str, list[str]] = {}
        for code, cell in zip(chosen, row.cells, strict=False):
            if code and cell:
                self._cells.setdefault(code, []).append(cell)

    def said(self, code: str) -> str:
        return self._cells.get(code, [""])[0]

    def all(self, code: str) -> list[str]:
        return self._cells.get(code, [])


def remembered(headings: Sequence[str], chosen: Sequence[str]) -> dict[str, str]:
    """Return what a matching keeps of columns."""
    return {compared(heading): code for heading, code in zip(headings, chosen, strict=True)}
