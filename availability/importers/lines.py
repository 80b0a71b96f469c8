"""Lines of a spreadsheet of places, read and compared with what there is; everything wrong in them is said. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from availability.attributes import said
from availability.errors import InvalidRequest
from availability.gazetteer import best_commune
from availability.importers import cells
from availability.importers import columns as at
from availability.importers.columns import ASIDE, ATTRIBUTE
from availability.importers.location import Location, at_commune
from availability.importers.plans import CellProblem, Change, Known, KnownSite, NewSite, Outcome, Plan, Planned, Stored
from availability.importers.sheets import Row, Sheet
from availability.models import Kind, Shape
from availability.places import department_of, distance_km, normalise

SHAPES = (Shape.NIGHTS, Shape.PLACES, Shape.SLOTS)
MEANT: dict[str, tuple[Shape, ...]] = {
    at.CAPACITY: (Shape.PLACES, Shape.SLOTS),
    at.LOAD: (Shape.PLACES,),
    at.WAITING: (Shape.PLACES,),
    at.BEDS: (Shape.NIGHTS,),
    at.BEDS_OUT: (Shape.NIGHTS,),
}
TELL_EVERY = 500  # lines between two signs of progress

Progress = Callable[[int, int], None]  # lines done, of how many


Said = tuple[dict[str, Any], dict[str, Any], dict[str, bool]]  # columns of the place, its attributes, its beds


class Reader:
    """Reads the lines of one sheet, remembering the codes that it has seen."""

    def __init__(
        self, known: Known, sheet: Sheet, chosen: Sequence[str], kind_code: str, tell: Progress | None
    ) -> None:
        self.known = known
        self.sheet = sheet
        self.where = {code: number for number, code in enumerate(chosen) if code != ASIDE}
        self.headings = {code: sheet.headings[number] for code, number in self.where.items()}
        self.kind_code = kind_code
        self.tell = tell
        self.seen: dict[str, int] = {}
        self.new_sites: dict[str, NewSite] = {}

    def read(self) -> Plan:
        lines: list[Planned] = []
        problems: list[CellProblem] = []
        for number, row in enumerate(self.sheet.rows):
            if self.tell and number % TELL_EVERY == 0:
                self.tell(number, len(self.sheet.rows))
            if len(row.cells) > len(self.sheet.headings):
                words = row.words[: cells.MOST_LETTERS]
                problems.append(CellProblem(row.number, "", words, "too-many-values"))
                continue
            try:
                lines.append(self._line(row))
            except _Wrong as wrong:
                problems += wrong.problems
        return Plan(len(self.sheet.rows), tuple(lines), tuple(problems))

    def _line(self, row: Row) -> Planned:
        """Return what a line does. Raises: _Wrong, with everything that is wrong in it."""
        wrong = _Wrong(row.number)
        code = self._code(row, wrong)
        before = self.known.existing.get(code)
        if before is not None and not self._is_within_reach(before):
            wrong.add(self._heading(at.CODE), code, "code-elsewhere")
        wrong.stop()
        kind = self._kind(row, wrong)
        if before is not None and kind is not None and before.kind_id != kind.id:
            wrong.add(self._heading(at.KIND), self._typed(row, at.KIND), "kind-changed")
        wrong.stop()
        if kind is None:  # said by stop()
            raise wrong
        site, new_site = self._site(row, before, kind, wrong)
        wrong.stop()
        start = before or Stored(
            id=None, code=code, name="", kind_id=kind.id, site_id=site.id if site else None, capacity=1
        )
        wanted = self._wanted(row, start, kind, wrong)
        if not wanted.name:
            wrong.add(self._heading(at.NAME), "", "required")
        wrong.stop()
        if before is None:
            return Planned(row.number, Outcome.CREATED, wanted, (), new_site)
        changes = self._changes(before, wanted)
        return Planned(row.number, Outcome.CHANGED if changes else Outcome.SAME, wanted, changes)

    def _code(self, row: Row, wrong: _Wrong) -> str:
        code = self._typed(row, at.CODE)
        if not code:
            wrong.add(self._heading(at.CODE), "", "required")
        elif len(code) > 100 or not code.isprintable():
            wrong.add(self._heading(at.CODE), code[:40], "too-long", most=100)
        elif code in self.seen:
            wrong.add(self._heading(at.CODE), code, "code-twice", line=self.seen[code])
        self.seen.setdefault(code, row.number)
        return code

    def _kind(self, row: Row, wrong: _Wrong) -> Kind | None:
        typed = self._typed(row, at.KIND) or self.kind_code
        if not typed and (before := self.known.existing.get(self._typed(row, at.CODE))):
            return self.known.kinds.get(before.kind_id)
        kind = self.known.kind_named.get(normalise(typed))
        if kind is None:
            choices = sorted(one.label for one in self.known.kinds.values())
            wrong.add(self._heading(at.KIND), typed, "unknown-kind" if typed else "required", choices=choices)
        return kind

    def _site(
        self, row: Row, before: Stored | None, kind: Kind, wrong: _Wrong
    ) -> tuple[KnownSite | None, NewSite | None]:
        if before is not None:
            its_own = self.known.sites[before.site_id or 0]
            if (typed := self._typed(row, at.SITE)) and typed != its_own.code:
                wrong.add(self._heading(at.SITE), typed, "site-changed", site=its_own.code)
            return its_own, None
        site = self._site_named(row)
        if site is None:
            new = self._new_site(row, wrong)
            if new is not None and not self.known.covers_territory(new.territory_id, kind.id):
                wrong.add(self._heading(at.SITE), new.code, "unknown-site")
            return None, new
        if not self.known.covers(site, kind.id):
            wrong.add(self._heading(at.SITE), site.code, "unknown-site")
        return site, None

    def _site_named(self, row: Row) -> KnownSite | None:
        """Return the site that a line names by its code, by its name when only one has it, or the only one there is."""
        if code := self._typed(row, at.SITE):
            return self.known.site_coded.get(code)
        if name := normalise(self._typed(row, at.SITE_NAME)):
            host = self._typed(row, at.ORGANISATION)
            named = [
                one
                for one in self.known.sites.values()
                if normalise(one.name) == name and host in ("", one.organisation)
            ]
            return named[0] if len(named) == 1 else None
        sites = list(self.known.sites.values())
        return sites[0] if len(sites) == 1 else None

    def _new_site(self, row: Row, wrong: _Wrong) -> NewSite | None:
        code, name, commune = (self._typed(row, each) for each in (at.SITE, at.SITE_NAME, at.COMMUNE))
        if code in self.new_sites:
            return self.new_sites[code]
        if not (code and name and commune) or code in self.known.taken_sites:
            problem = "site-elsewhere" if code in self.known.taken_sites else "unknown-site"
            wrong.add(self._heading(at.SITE), code or name, problem)
            return None
        location = _located(commune, self._typed(row, at.POSTCODE))
        if location is None:
            wrong.add(self._heading(at.COMMUNE), commune[:40], "unknown-commune")
            return None
        host = self._typed(row, at.ORGANISATION) if self.known.for_any_host else self.known.host
        if not host:
            wrong.add(self._heading(at.ORGANISATION), "", "required")
            return None
        for each in (code, name, self._typed(row, at.ADDRESS), commune):
            if len(each) > cells.MOST_LETTERS or not each.isprintable():
                wrong.add(self._heading(at.SITE_NAME), each[:40], "too-long", most=cells.MOST_LETTERS)
                return None
        found = NewSite(
            code,
            name,
            self._typed(row, at.ADDRESS),
            location,
            _nearest_territory(self.known, location),
            host,
            self._typed(row, at.ORGANISATION_NAME) or name,
        )
        self.new_sites[code] = found
        return found

    def _wanted(self, row: Row, start: Stored, kind: Kind, wrong: _Wrong) -> Stored:
        """Return the place as the line wants it: what it does not say stays as it is."""
        values: dict[str, Any] = {}
        attributes = dict(start.attributes)
        beds = dict(start.beds)
        for code in self.where:
            typed = self._typed(row, code)
            if not typed or code in (at.CODE, at.KIND, *_OF_THE_SITE):
                continue
            try:
                self._read(code, typed, kind, (values, attributes, beds))
            except InvalidRequest as refusal:
                facts = {name: fact for name, fact in refusal.facts.items() if name not in ("field", "problem")}
                wrong.add(self._heading(code), typed[: cells.MOST_LETTERS], refusal.problem, **facts)
        if not wrong.problems and attributes != start.attributes:
            try:
                attributes = said(self.known.schemas[kind.id], attributes)
            except InvalidRequest as refusal:
                heading = self._heading(f"{ATTRIBUTE}{refusal.field}")
                wrong.add(heading, str(attributes.get(refusal.field, "")), refusal.problem)
        return replace(start, **values, attributes=attributes, beds=beds)

    def _read(self, code: str, typed: str, kind: Kind, into: Said) -> None:
        values, attributes, beds = into
        if Shape(kind.shape) not in MEANT.get(code, SHAPES):
            raise InvalidRequest(code, "not-for-this-kind-of-place")
        if code == at.NAME:
            values["name"] = cells.text_in(code, typed)
        elif code in at.NUMBERS:
            values[code] = cells.whole_in(code, typed)
        elif code in (at.BEDS, at.BEDS_OUT):
            for name in cells.list_in(typed) if normalise(typed) not in cells.NOTHING else []:
                beds[cells.text_in(code, name, most=60)] = code == at.BEDS
        elif code == at.IN_SERVICE:
            values["is_active"] = cells.flag_in(code, typed)
        else:
            name = code.removeprefix(ATTRIBUTE)
            attribute = self.known.attribute(kind.id, name)
            if attribute is None:
                raise InvalidRequest(code, "not-for-this-kind-of-place")
            value = cells.attribute_in(attribute, name, typed)
            attributes.pop(name, None)
            if value is not None:
                attributes[name] = value

    def _changes(self, before: Stored, wanted: Stored) -> tuple[Change, ...]:
        if before == wanted:
            return ()
        pairs = ((code, cell_of(self.known, before, code), cell_of(self.known, wanted, code)) for code in self.where)
        return tuple(Change(self._heading(code), old, new) for code, old, new in pairs if old != new)

    def _is_within_reach(self, before: Stored) -> bool:
        site = self.known.sites.get(before.site_id or 0)
        return before.kind_id in self.known.kinds and site is not None and self.known.covers(site, before.kind_id)

    def _typed(self, row: Row, code: str) -> str:
        number = self.where.get(code)
        return row.cells[number] if number is not None and number < len(row.cells) else ""

    def _heading(self, code: str) -> str:
        known = self.headings.get(code)
        return known or next((each.heading for each in self.known.fields if each.code == code), code)


_OF_THE_SITE = (at.SITE, at.SITE_NAME, at.ADDRESS, at.POSTCODE, at.COMMUNE, at.ORGANISATION, at.ORGANISATION_NAME)


class _Wrong(Exception):  # noqa: N818 - carries what is said of a line
    """Everything that is wrong in one line."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line
        self.problems: list[CellProblem] = []

    def add(self, column: str, value: str, problem: str, **facts: Any) -> None:
        self.problems.append(CellProblem(self.line, column, value, problem, facts))

    def stop(self) -> None:
        """Raise itself when something is wrong so far."""
        if self.problems:
            raise self


@lru_cache(maxsize=4096)
def _located(commune: str, postcode: str) -> Location | None:
    """Return the middle of a commune, the one that its postcode tells from others of its name."""
    found = best_commune(commune, department_of(postcode) if len(postcode) == 5 else None)
    return replace(at_commune(found), postcode=postcode or at_commune(found).postcode) if found else None


def _nearest_territory(known: Known, location: Location) -> int:
    """Return the ressort of the nearest place within reach: where a new one most probably is."""
    if location.lat is None or location.lon is None:
        return known.home_territory_id
    located = (
        (distance_km(location.lat, location.lon, site.lat, site.lon), site.territory_id)
        for site in known.sites.values()
        if site.lat is not None and site.lon is not None
    )
    return min(located, default=(0.0, known.home_territory_id))[1]


def cell_of(known: Known, one: Stored, code: str) -> str:
    """Return the cell of a place, as it is read back."""
    kind = known.kinds[one.kind_id]
    if Shape(kind.shape) not in MEANT.get(code, SHAPES):
        return ""
    site = known.sites.get(one.site_id or 0)
    plain: dict[str, Callable[[], str]] = {
        at.CODE: lambda: one.code,
        at.KIND: lambda: kind.label,
        at.NAME: lambda: one.name,
        at.CAPACITY: lambda: str(one.capacity),
        at.LOAD: lambda: str(one.load),
        at.WAITING: lambda: str(one.waiting),
        at.IN_SERVICE: lambda: cells.flag_out(one.is_active),
        at.BEDS: lambda: cells.list_out([name for name, is_active in one.beds.items() if is_active]),
        at.BEDS_OUT: lambda: cells.list_out([name for name, is_active in one.beds.items() if not is_active]),
        at.SITE: lambda: site.code if site else "",
        at.SITE_NAME: lambda: site.name if site else "",
        at.ORGANISATION: lambda: site.organisation if site else "",
    }
    if code in plain:
        return plain[code]()
    name = code.removeprefix(ATTRIBUTE)
    attribute = known.attribute(one.kind_id, name) if code.startswith(ATTRIBUTE) else None
    return cells.attribute_out(attribute, name, one.attributes) if attribute else ""
