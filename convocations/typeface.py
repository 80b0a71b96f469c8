"""The typeface of what is printed, and which signs it has."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

FONTS = Path(__file__).with_name("fonts")
REGULAR, BOLD = FONTS / "DejaVuSansCondensed.ttf", FONTS / "DejaVuSansCondensed-Bold.ttf"


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # heavy, and seldom needed

    with TTFont(REGULAR, lazy=True) as font:
        return frozenset(font.getBestCmap())


def can_be_printed(text: str) -> bool:
    """Say whether every sign of a text is in the typeface: Latin, Greek, Cyrillic and Georgian letters are."""
    return all(ord(sign) in _letters() for sign in text)


def printable(text: str) -> str:
    """Return a text whose signs that the typeface has not, or that would break the line, are replaced by a square."""
    return "".join(sign if ord(sign) in _letters() and ord(sign) >= ord(" ") else "□" for sign in text)


def printable_lines(lines: Iterable[str]) -> str:
    """Return lines that are not empty, as one text."""
    return "\n".join(printable(line) for line in lines if line.strip())
