"""What a spreadsheet of places would do, line by line, and what its lines are compared with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from availability.attributes import Attribute, schema
from availability.importers import columns
from availability.importers.columns import Field
from availability.importers.location import Location
from availability.models import Kind
from availability.places import normalise
from availability.rights import Right


class Outcome(StrEnum):
    """What a line does."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class CellProblem:
    """Why a line cannot be imported: the column and the value at fault, the rule that they break."""

    line: int
    column: str
    value: str
    problem: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One thing that a line changes."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A place as it is, or as a line wants it. `beds`: name -> in service. `id` is None while it does not exist."""

    id: int | None
    code: str
    name: str
    kind_id: int
    site_id: int | None
    capacity: int = 1
    load: int = 0
    waiting: int = 0
    is_active: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)
    beds: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class NewSite:
    """A place on the map to create: `organisation` is a code, `territory_id` that of the nearest place within reach."""

    code: str
    name: str
    address: str
    location: Location
    territory_id: int
    organisation: str
    organisation_name: str


@dataclass(frozen=True)
class Planned:
    """A line understood: the place that it makes, and what that changes."""

    line: int
    outcome: Outcome
    wanted: Stored
    changes: tuple[Change, ...]
    new_site: NewSite | None = None


@dataclass(frozen=True)
class Plan:
    """What a file would do. `count` is how many lines it has."""

    count: int
    lines: tuple[Planned, ...]
    problems: tuple[CellProblem, ...]

    def of(self, outcome: Outcome) -> int:
        """Return how many lines do that."""
        return sum(one.outcome is outcome for one in self.lines)

    @property
    def refused(self) -> int:
        """Return how many lines cannot be imported."""
        return len({one.line for one in self.problems})


@dataclass(frozen=True)
class KnownSite:
    """A place on the map within reach."""

    id: int
    code: str
    name: str
    organisation_id: int
    territory_id: int
    organisation: str
    lat: float | None
    lon: float | None


@dataclass
class Known:
    """What lines are compared with: kinds and sites within reach, and what bears their codes."""

    kinds: dict[int, Kind]
    sites: dict[int, KnownSite]
    rights: tuple[Right, ...]
    for_any_host: bool
    home_territory_id: int
    host: str = ""  # code of the organisation of a partner
    taken_sites: frozenset[str] = frozenset()  # codes of sites that are not within reach
    existing: dict[str, Stored] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [(normalise(label), kind) for kind in self.kinds.values() for label in (kind.code, kind.label)]
        names += [(normalise(label), kind) for kind in self.kinds.values() for label in (kind.label_plural, kind.layer)]
        self.kind_named = dict(reversed(names))
        self.site_coded = {site.code: site for site in self.sites.values()}
        self.schemas = {kind.id: schema(kind.searchable) for kind in self.kinds.values()}

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return what a column can be."""
        return columns.fields_for(self.kinds.values(), for_any_host=self.for_any_host)

    def attribute(self, kind_id: int, name: str) -> Attribute | None:
        """Return the attribute of a kind that has a value of this name."""
        return next((one for one in self.schemas[kind_id] if name in one.names), None)

    def covers(self, site: KnownSite, kind_id: int) -> bool:
        """Say whether a right of the actor reaches this kind there."""
        where = {"territory_id": site.territory_id, "organisation_id": site.organisation_id}
        return any(right.covers(kind_id=kind_id, **where) for right in self.rights)

    def covers_territory(self, territory_id: int, kind_id: int) -> bool:
        """Say whether a right of the actor reaches this kind on a site that would be created there."""
        return any(right.covers(kind_id=kind_id, territory_id=territory_id) for right in self.rights)
