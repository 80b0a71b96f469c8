"""Letters as PDF. To be imported by whoever prints: fpdf2 takes a second and 50 MB.

The address of the person stands where a French envelope with a window shows it.
Source: NF Z 11-001 (position of the address on a letter), ISO/IEC 18004 (QR code).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import segno
from fpdf.enums import WrapMode

from convocations.letters import NBSP, Letter
from convocations.paper import MARGIN_MM, WIDTH_MM, Paper
from convocations.typeface import printable, printable_lines
from convocations.wording import page_words

WINDOW_LEFT_MM, WINDOW_TOP_MM, WINDOW_WIDTH_MM = 110.0, 50.0, 80.0
BODY_TOP_MM = 100.0
SQUARE_MM = 38.0
BY_HAND = "Remise en main propre"


def letters_pdf(letters: Sequence[Letter], *, now: datetime) -> bytes:
    """Return the letters as one file, each on pages of its own with their own numbers."""
    paper = _Letters(title="Convocation" if len(letters) == 1 else f"{len(letters)} convocations", made_at=now)
    for letter in letters:
        paper.add_letter(letter)
    return paper.written()


class _Letters(Paper):
    """The pages of letters, numbered letter by letter."""

    def __init__(self, *, title: str, made_at: datetime) -> None:
        super().__init__(title=title, made_at=made_at, foot=lambda: self._reference)
        self._reference, self._first = "", 1
        self.numbering = lambda: f"page {self.page_no() - self._first + 1}"

    def add_letter(self, letter: Letter) -> None:
        """Write one letter, from the top of a new page."""
        self.add_page()
        self._first = self.page_no()
        self._reference = f"Réf. {letter.reference}"
        self._head(letter)
        self._body(letter)
        self._way(letter)
        if letter.other:
            self._other(letter)

    def _head(self, letter: Letter) -> None:
        service, *rest = (printable(one) for one in letter.sender if one.strip())
        self.set_xy(MARGIN_MM, MARGIN_MM)
        self.lines(service, 11, bold=True, width=80, after=0.5)
        self.lines(printable_lines(rest), 9, width=80)
        if letter.phone:
            self.lines(f"Tél. {printable(letter.phone)}", 9, width=80)
        name, *address = letter.recipient
        self.set_xy(WINDOW_LEFT_MM, WINDOW_TOP_MM)
        self.lines(printable(name), 11, width=WINDOW_WIDTH_MM)
        self.lines(printable_lines(address) or BY_HAND, 11, width=WINDOW_WIDTH_MM)

    def _body(self, letter: Letter) -> None:
        self.set_xy(WINDOW_LEFT_MM, BODY_TOP_MM - 12)
        at = f"À {printable(letter.written_at)}, le" if letter.written_at else "Le"
        self.lines(f"{at} {letter.written_on}", 10, width=WINDOW_WIDTH_MM)
        self.set_xy(MARGIN_MM, BODY_TOP_MM)
        self.lines(f"Objet{NBSP}: convocation à un rendez-vous", 11, bold=True, after=5)
        if letter.when:
            self.lines("Vous avez rendez-vous le", 11, after=1.5)
            self.lines(letter.when, 15, bold=True, after=3)
        else:
            self.lines("Choisissez le jour et l’heure de votre rendez-vous, au plus tard le", 11, after=1.5)
            self.lines(f"{letter.choose_by} au soir", 15, bold=True, after=3)
        self.lines("à l’adresse suivante\u00a0:" if letter.when else "Le lieu du rendez-vous\u00a0:", 11, after=1.5)
        self.lines(printable_lines(letter.place), 12, bold=True, after=4)
        self.lines("Venez avec cette lettre. Le plan pour venir s’ouvre avec le carré ci-dessous.", 11, after=5)

    def _way(self, letter: Letter) -> None:
        """Write how to answer: the square to aim at, and the address for whoever types it."""
        top = self.get_y()
        self.set_draw_color(160)
        self.line(MARGIN_MM, top, MARGIN_MM + WIDTH_MM, top)
        top += 4
        self._square(letter.link, MARGIN_MM, top)
        left, width = MARGIN_MM + SQUARE_MM + 6, WIDTH_MM - SQUARE_MM - 6
        self.set_xy(left, top + 1)
        self.lines(
            "Pour choisir, déplacer, confirmer, ou dire que vous ne pouvez pas venir",
            11,
            bold=True,
            width=width,
            after=1,
        )
        self.set_x(left)
        self.lines(
            "Visez ce carré avec l’appareil photo d’un téléphone, ou ouvrez cette adresse. Elle n’est que pour"
            f" vous{NBSP}: ne la donnez à personne.",
            10,
            width=width,
            after=1.5,
        )
        self.set_x(left)
        self.write_in(9)
        self.multi_cell(width, 4.5, printable(letter.link), align="L", link=letter.link, wrapmode=WrapMode.CHAR)
        self.set_xy(left, self.get_y() + 2)
        if letter.phone:
            self.lines(f"Sans téléphone ni internet{NBSP}: {printable(letter.phone)}.", 10, width=width)
        self.set_xy(MARGIN_MM, max(self.get_y(), top + SQUARE_MM) + 5)

    def _square(self, link: str, left: float, top: float) -> None:
        """Draw a link as a QR code of level M: 15 % of it may be damaged, as on a folded sheet."""
        matrix = list(segno.make(link, error="m", micro=False).matrix_iter(border=4))
        side = SQUARE_MM / len(matrix)
        self.set_fill_color(0)
        for down, row in enumerate(matrix):
            for first, length in _runs(row):
                self.rect(left + first * side, top + down * side, length * side, side, style="F")

    def _other(self, letter: Letter) -> None:
        top = self.get_y()
        self.line(MARGIN_MM, top, MARGIN_MM + WIDTH_MM, top)
        self.set_xy(MARGIN_MM, top + 4)
        self.lines(page_words(letter.language).autonym, 9, grey=True, after=1)
        self.lines(printable(letter.other), 11)


def _runs(row: Iterable[int]) -> list[tuple[int, int]]:
    """Return the dark stretches of a line of the square: where each begins, and how long it is."""
    runs: list[tuple[int, int]] = []
    for at, is_dark in enumerate(row):
        if is_dark and runs and sum(runs[-1]) == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif is_dark:
            runs.append((at, 1))
    return runs
