"""A spreadsheet sent by somebody, CSV or XLSX, read into headings and rows of text within bounds. Pure.

What is sent is hostile until it is read: a workbook is a zip whose parts may be bombs, whose dimensions may lie, and
whose cells may be formulas. Parts are measured before they are opened, rows and columns are counted by us, formulas
give their last value and never themselves. openpyxl is imported where it is needed: it takes half a second and 40 MB.
"""

from __future__ import annotations

import contextlib
import csv
import io
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from availability.importers.report import FileProblem, FileRefused
from availability.importers.table import NOT_TEXT, SEPARATORS, text_of

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell

MOST_BYTES = 10_000_000
MOST_UNPACKED = 80_000_000  # of a workbook; 20,000 lines of twenty columns are a tenth of it
MOST_PARTS = 500
MOST_LINES = 20_000
MOST_ROWS = 25_000  # blank ones among them
MOST_COLUMNS = 60
MOST_LETTERS = 2_000  # of a cell: longer ones are cut when quoted, and refused where they are too long
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A spreadsheet program runs what begins so, and an imported file may be opened by one again.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_SAMPLE = 20
# What `zipfile` raises on parts that are damaged, encrypted, or packed in a way that it does not know.
UNZIPPING = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # NotImplementedError is one
)


@dataclass(frozen=True)
class Row:
    """A line of the file, by its number there; as many cells as there are headings, or as many as it has."""

    number: int
    cells: tuple[str, ...]

    @property
    def words(self) -> str:
        """Return the line as it can be quoted."""
        return " | ".join(cell for cell in self.cells if cell)


@dataclass(frozen=True)
class Sheet:
    """What a file holds, blank lines left out."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(data: bytes) -> Sheet:
    """Return the first sheet of a workbook, or the table of a text. What it is, its bytes say, not its name.

    Raises: FileRefused.
    """
    if len(data) > MOST_BYTES:
        raise FileRefused(FileProblem.TOO_LARGE, str(len(data)))
    if data.startswith(OLE):
        raise FileRefused(FileProblem.OLD_EXCEL)
    rows = _workbook_rows(data) if data.startswith(ZIP) else _text_rows(text_of(data))
    return _sheet(rows)


def written_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV as French spreadsheets open it: UTF-8 with its mark, semicolons, nothing that runs."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return target.getvalue().encode("utf-8-sig")


def written_xlsx(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a workbook of one sheet, every cell a text, nothing that runs."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, heading in enumerate(headings, 1):
        sheet.column_dimensions[_letter(number)].width = max(12, min(len(heading) + 4, 40))
    sheet.append([_bold(sheet, heading) for heading in headings])
    for row in rows:
        sheet.append([_text_cell(sheet, harmless(cell)) for cell in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def harmless(cell: str) -> str:
    """Return a text that no spreadsheet program runs: what looks like a formula gets an apostrophe, as they do."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def as_typed(cell: str) -> str:
    """Return a cell as somebody typed it: trimmed, and without the apostrophe that `harmless` puts."""
    trimmed = " ".join(cell.split())
    return trimmed[1:] if trimmed.startswith("'") and trimmed[1:].startswith(FORMULA) else trimmed


def _sheet(rows: Iterator[tuple[int, list[str]]]) -> Sheet:
    headings: tuple[str, ...] = ()
    kept: list[Row] = []
    for number, cells in rows:
        trimmed = _without_blank_end([as_typed(cell[:MOST_LETTERS]) for cell in cells])
        if not trimmed:
            continue
        if len(trimmed) > MOST_COLUMNS:
            raise FileRefused(FileProblem.TOO_MANY_COLUMNS, str(MOST_COLUMNS), number)
        if not headings:
            headings = tuple(cell or f"Colonne {_letter(at)}" for at, cell in enumerate(trimmed, 1))
            continue
        if len(kept) == MOST_LINES:
            raise FileRefused(FileProblem.TOO_MANY_LINES, str(MOST_LINES), number)
        kept.append(Row(number, tuple(trimmed) + ("",) * (len(headings) - len(trimmed))))
    if not headings:
        raise FileRefused(FileProblem.EMPTY)
    if not kept:
        raise FileRefused(FileProblem.NO_LINE)
    return Sheet(headings, tuple(kept))


def _without_blank_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    number = 1
    try:
        for row in reader:
            if row:
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused(FileProblem.BROKEN_QUOTES, str(error), number) from None


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into the most columns, the same number in each when it can."""

    def worth(separator: str) -> tuple[int, int]:
        lines = [line for line in text.splitlines()[:CSV_SAMPLE] if line.strip()]
        counts = [line.count(separator) for line in lines]
        return (counts[0] if counts else 0, -len(set(counts)))

    return max(SEPARATORS, key=worth)


def _workbook_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    _check_parts(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which are not read
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a file says of its size is not believed
            rows = sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS + 1, values_only=True)
            for number, row in enumerate(rows, 1):
                if number > MOST_ROWS:
                    raise FileRefused(FileProblem.TOO_MANY_LINES, str(MOST_LINES), number)
                yield number, [_said(value, number) for value in row]
    except FileRefused:
        raise
    # A workbook made by hand breaks its reader in as many ways as it has parts.
    except (ParseError, *UNZIPPING, TypeError, LookupError, AttributeError, OverflowError,
            AssertionError) as error:  # fmt: skip
        raise FileRefused(FileProblem.BROKEN_SHEET, type(error).__name__) from None


def _check_parts(data: bytes) -> None:
    """Refuse what is no workbook, and one that unpacks into more than any list needs or defines entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise FileRefused(FileProblem.NOT_A_SHEET)
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise FileRefused(FileProblem.TOO_LARGE, str(sum(part.file_size for part in parts)))
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with contextlib.closing(archive.open(part)) as opened:
                        if b"<!DOCTYPE" in (head := opened.read(4096)) or b"<!ENTITY" in head:
                            raise FileRefused(FileProblem.BROKEN_SHEET, part.filename[:40])
    except UNZIPPING:
        raise FileRefused(FileProblem.BROKEN_SHEET) from None


def _said(value: object, number: int) -> str:
    """Return a value of a workbook as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}".replace(".", ",")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    text = str(value)
    if found := NOT_TEXT.search(text):
        raise FileRefused(FileProblem.NOT_TEXT, repr(found[0]), number)
    return text


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def _bold(sheet: object, text: str) -> WriteOnlyCell:
    from openpyxl.styles import Font

    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _text_cell(sheet: object, text: str) -> WriteOnlyCell:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"  # never "f", whatever it begins with
    return cell
