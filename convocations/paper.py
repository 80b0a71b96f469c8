"""Sheets of A4 as PDF: one typeface, kept with the code and embedded, so that nothing is looked for on the machine.

The text can be copied and read aloud: letters keep their codes, the document says its title and its language.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos

from convocations.typeface import BOLD, REGULAR

FAMILY = "paper"
MARGIN_MM = 20.0
WIDTH_MM = 210 - 2 * MARGIN_MM
GREY = 90


class Paper(FPDF):
    """Pages of A4 in portrait; `foot` returns what stands at the left of the foot of the page being closed."""

    def __init__(self, *, title: str, made_at: datetime, foot: Callable[[], str] = str) -> None:
        super().__init__(format="A4", unit="mm")
        self.add_font(FAMILY, "", REGULAR)
        self.add_font(FAMILY, "B", BOLD)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=22)
        self.set_title(title)
        self.set_lang("fr-FR")
        self.set_creator("PlaceJuste")
        self.set_creation_date(made_at)
        self.set_display_mode("fullwidth")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self._foot = foot
        self.numbering: Callable[[], str] = lambda: f"page {self.page_no()} sur {{nb}}"

    def footer(self) -> None:
        """Write the foot of a page. Called by fpdf2."""
        self.set_y(-16)
        self.write_in(8, grey=True)
        self.cell(WIDTH_MM * 0.75, 4, self._foot())
        self.cell(WIDTH_MM * 0.25, 4, self.numbering(), align="R")

    def write_in(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        """Choose how what follows is written."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(GREY if grey else 0)

    def lines(
        self, text: str, size: float, *, bold: bool = False, grey: bool = False, width: float = 0, after: float = 0
    ) -> None:
        """Write a paragraph of `width` millimetres, 0 for all there is, and leave `after` under it."""
        self.write_in(size, bold=bold, grey=grey)
        left = self.get_x()
        self.multi_cell(width, size * 0.5, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_xy(left if width else MARGIN_MM, self.get_y() + after)

    def written(self) -> bytes:
        """Return the file."""
        return bytes(self.output())
