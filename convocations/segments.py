"""How many SMS a text costs, and in which alphabet. Pure.

Source: 3GPP TS 23.038, sections 6.2.1 (the default alphabet and its extension table) and 6.2.3 (UCS-2); 3GPP TS 23.040,
section 9.2.3.24.1 (six octets of header in each part of a long message).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # two septets each: an escape, then the letter


class Encoding(StrEnum):
    """The two alphabets of an SMS: one letter outside of the first puts the whole text in the second."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True)
class Segments:
    """What a text costs: `units` are septets in GSM-7, 16 bits in UCS-2; `left` is the room in the last segment."""

    encoding: Encoding
    units: int
    segments: int
    left: int


# Room of a message alone, and of each part of a longer one.
ROOM = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}


def measure(body: str) -> Segments:
    """Return what a text costs; an empty one costs no segment.

    A letter of two units, escaped in GSM-7 or beyond 16 bits in UCS-2, is never split between two segments.
    """
    encoding = Encoding.GSM_7 if is_gsm(body) else Encoding.UCS_2
    widths = [_width(letter, encoding) for letter in body]
    alone, each = ROOM[encoding]
    if sum(widths) <= alone:
        return Segments(encoding, sum(widths), 1 if body else 0, alone - sum(widths))
    segments, used = 1, 0
    for width in widths:
        if used + width > each:
            segments, used = segments + 1, 0
        used += width
    return Segments(encoding, sum(widths), segments, each - used)


def is_gsm(body: str) -> bool:
    """Say whether every letter is in the default alphabet or its extension: é, è, à, ù are; ê, ç, œ and ’ are not."""
    return all(letter in BASIC or letter in EXTENSION for letter in body)


def _width(letter: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if letter in EXTENSION else 1
    return 2 if ord(letter) > 0xFFFF else 1
