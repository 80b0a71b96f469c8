"""The remarks of a line while it is being read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from availability.importers.report import Problem, Remark
from availability.importers.table import Line, quoted


class LineRefused(Exception):  # noqa: N818 - caught in the loop over lines, never leaves the parser
    """This line cannot be imported; the others can."""


@dataclass
class Notes:
    """What is to be said of the lines, in their order."""

    remarks: list[Remark] = field(default_factory=list)

    def doubt(self, line: Line, problem: Problem, words: str, outcome: str = "") -> None:
        """Note something odd in a line that is imported all the same."""
        self.remarks.append(Remark(line.number, problem, quoted(words), outcome))

    def refuse(self, line: Line, problem: Problem, words: str) -> LineRefused:
        """Note why a line is left out, and return what to raise."""
        self.remarks.append(Remark(line.number, problem, quoted(words)))
        return LineRefused()

    def sorted(self, more: Iterable[Remark] = ()) -> tuple[Remark, ...]:
        """Return every remark in the order of the file."""
        return tuple(sorted([*self.remarks, *more], key=lambda remark: remark.line))
