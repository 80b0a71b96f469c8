"""What an import has to say: counts, and every line refused or doubtful in the file's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from availability.errors import Refusal

Item = TypeVar("Item")


class FileProblem(StrEnum):
    """Why a whole file is refused: nothing of it is imported."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    NOT_TEXT = "not-text"
    MIXED_ENCODING = "mixed-encoding"
    MISSING_COLUMNS = "missing-columns"
    COLUMN_TWICE = "column-twice"
    BROKEN_QUOTES = "broken-quotes"
    NO_LINE = "no-line"
    NOT_A_SHEET = "not-a-sheet"
    OLD_EXCEL = "old-excel"
    BROKEN_SHEET = "broken-sheet"
    TOO_MANY_LINES = "too-many-lines"
    TOO_MANY_COLUMNS = "too-many-columns"


class FileRefused(Refusal):
    """The file cannot be read as a list of that kind. `words` quotes it, `line` says where, when known."""

    def __init__(self, problem: FileProblem, words: str = "", line: int | None = None) -> None:
        super().__init__(problem=problem, words=words, line=line)
        self.problem = problem
        self.words = words
        self.line = line


class Problem(StrEnum):
    """What is wrong, or only odd, in a line."""

    # refused: the line is not imported
    TOO_MANY_VALUES = "too-many-values"
    TOO_FEW_VALUES = "too-few-values"
    NO_KEY = "no-key"
    BAD_KEY = "bad-key"
    NO_NAME = "no-name"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_PARENT = "unknown-parent"
    PARENT_OF_WRONG_LEVEL = "parent-of-wrong-level"
    KEY_OF_ANOTHER_LEVEL = "key-of-another-level"
    KEY_TWICE = "key-twice"
    # doubtful: someone should look; the line is imported, but for the first, whose site is there already
    SAME_SERVICE_AND_ANTENNA = "same-service-and-antenna"
    GARBLED = "garbled"
    PARENT_RENAMED = "parent-renamed"
    BAD_INSEE = "bad-insee"
    INSEE_ELSEWHERE = "insee-elsewhere"
    OTHER_TOWN = "other-town"
    BAD_POSTCODE = "bad-postcode"
    BAD_COORDINATES = "bad-coordinates"
    COORDINATES_FAR = "coordinates-far"
    COORDINATES_ELSEWHERE = "coordinates-elsewhere"
    NOWHERE = "nowhere"
    BAD_PHONE = "bad-phone"
    BAD_EMAIL = "bad-email"
    BAD_SIRET = "bad-siret"
    UNKNOWN_DEPARTMENT = "unknown-department"
    NO_ANTENNA = "no-antenna"
    PLACED_AT_SEAT = "placed-at-seat"
    TERRITORY_GUESSED = "territory-guessed"
    TERRITORY_UNKNOWN = "territory-unknown"


REFUSING = frozenset(
    {
        Problem.TOO_MANY_VALUES,
        Problem.TOO_FEW_VALUES,
        Problem.NO_KEY,
        Problem.BAD_KEY,
        Problem.NO_NAME,
        Problem.UNKNOWN_TYPE,
        Problem.UNKNOWN_PARENT,
        Problem.PARENT_OF_WRONG_LEVEL,
        Problem.KEY_OF_ANOTHER_LEVEL,
        Problem.KEY_TWICE,
    }
)


@dataclass(frozen=True)
class Remark:
    """One thing to say about a line; `words` are those of the file, `outcome` what was done instead."""

    line: int
    problem: Problem
    words: str
    outcome: str = ""

    @property
    def is_refusal(self) -> bool:
        """Say whether the line was left out, rather than only doubtful."""
        return self.problem in REFUSING


@dataclass(frozen=True)
class Parsed(Generic[Item]):
    """What a file says: number of its lines, what was understood, what has to be said."""

    lines: int
    items: tuple[Item, ...]
    remarks: tuple[Remark, ...]


@dataclass
class Counts:
    """What happened to the rows of a table."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        """Return how many rows were written."""
        return self.created + self.updated


@dataclass(frozen=True)
class Report:
    """The outcome of an import. `counts` is by table: territory, organisation, site."""

    lines: int
    counts: Mapping[str, Counts]
    remarks: tuple[Remark, ...] = field(default_factory=tuple)
    is_dry_run: bool = False

    @property
    def refused_lines(self) -> int:
        """Return how many lines were left out."""
        return len({remark.line for remark in self.remarks if remark.is_refusal})

    @property
    def doubtful_lines(self) -> int:
        """Return how many of the imported lines should be looked at."""
        refused = {remark.line for remark in self.remarks if remark.is_refusal}
        return len({remark.line for remark in self.remarks} - refused)

    @property
    def changed(self) -> int:
        """Return how many rows were, or would be, written."""
        return sum(counts.changed for counts in self.counts.values())
