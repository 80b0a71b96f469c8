"""A CSV file of unknown habits read into lines: byte order mark, encoding, separator, ragged lines. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from charset_normalizer import from_bytes

from availability.importers.report import FileProblem, FileRefused, Problem, Remark

MOST_BYTES = 20_000_000  # the two lists are below 100 kB
SEPARATORS = ",;\t|"
QUOTED_AT_MOST = 200
ACCENTS = "éèêàçùôîâûëïœÉÈÀÇ’"
NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# An accent of UTF-8: its bytes among others that are not UTF-8 mean two files glued together.
ACCENT_OF_UTF8 = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")
# What UTF-8 looks like once read as Windows-1252 and saved, or once a character was lost.
GARBLED = re.compile(
    "[ÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122]|\ufffd"
)


@dataclass(frozen=True)
class Line:
    """A line by column name; spaces are single, none around. `number` is that of a text editor."""

    number: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    @property
    def words(self) -> str:
        """Return the line as it can be quoted."""
        return quoted(" | ".join(value for value in self.values.values() if value))


@dataclass
class Table:
    """The lines that have the right number of values, and what is said of the others."""

    lines: list[Line] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    count: int = 0  # lines that are not blank, those set aside included


def read_table(data: bytes, columns: Sequence[str]) -> Table:
    """Return the table, of which `columns` must be there, in any order and among others.

    Raises: FileRefused.
    """
    text = text_of(data)
    rows = _rows(text, _separator(text, columns))
    header = [_squeezed(name).lower() for name in next(rows)[1]]
    _check_header(header, columns)
    table = Table()
    for number, row in rows:
        if any(value.strip() for value in row):
            table.count += 1
            _take(table, number, header, row)
    if not table.count:
        raise FileRefused(FileProblem.NO_LINE)
    return table


def text_of(data: bytes) -> str:
    """Return the text of a file. Raises: FileRefused when it is too large, blank, or none."""
    if len(data) > MOST_BYTES:
        raise FileRefused(FileProblem.TOO_LARGE, str(len(data)))
    text = _decoded(data)
    if not text.strip():
        raise FileRefused(FileProblem.EMPTY)
    if found := NOT_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise FileRefused(FileProblem.NOT_TEXT, repr(found[0]), line)
    return text


def quoted(words: str) -> str:
    """Return words of the file short enough to be quoted."""
    return words if len(words) <= QUOTED_AT_MOST else words[: QUOTED_AT_MOST - 1] + "…"


def _decoded(data: bytes) -> str:
    """Return the text of UTF-8, UTF-16 (with its mark), Windows-1252, which includes ISO-8859-1, or DOS (CP850)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise FileRefused(FileProblem.NOT_TEXT, "UTF-16") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if ACCENT_OF_UTF8.search(data):
            line = data.count(b"\n", 0, error.start) + 1
            raise FileRefused(FileProblem.MIXED_ENCODING, repr(data[error.start : error.start + 1]), line) from None
    # Windows and DOS are what French offices still write; their accents look like nothing in one another.
    found = from_bytes(data, cp_isolation=["cp1252", "cp850"], threshold=0.5)
    readings = [str(one) for one in found] or [data.decode("iso-8859-1")]
    return max(readings, key=lambda text: sum(text.count(letter) for letter in ACCENTS))  # a short text misleads it


def _separator(text: str, columns: Sequence[str]) -> str:
    """Return the separator with which the first line holds the most of the columns."""
    first = text.lstrip("\r\n").splitlines()[0]

    def known(separator: str) -> int:
        return len({_squeezed(name.strip('"')).lower() for name in first.split(separator)} & set(columns))

    return max(SEPARATORS, key=known)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, values) for each row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for row in reader:
            if row:
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(FileProblem.BROKEN_QUOTES, str(error), number) from None


def _check_header(header: list[str], columns: Sequence[str]) -> None:
    if missing := [column for column in columns if column not in header]:
        raise FileRefused(FileProblem.MISSING_COLUMNS, ", ".join(missing), 1)
    if twice := [column for column in columns if header.count(column) > 1]:
        raise FileRefused(FileProblem.COLUMN_TWICE, ", ".join(twice), 1)


def _take(table: Table, number: int, header: list[str], row: list[str]) -> None:
    values = [_squeezed(value) for value in row]
    if len(values) != len(header):
        problem = Problem.TOO_MANY_VALUES if len(values) > len(header) else Problem.TOO_FEW_VALUES
        table.remarks.append(Remark(number, problem, quoted(" | ".join(values))))
        return
    line = Line(number, dict(zip(header, values, strict=True)))
    table.lines.append(line)
    if GARBLED.search(line.words):
        table.remarks.append(Remark(number, Problem.GARBLED, line.words))


def _squeezed(value: str) -> str:
    return " ".join(value.split())
