"""What a text would give away to a glance over the shoulder, and what would make it a formal notice. Pure.

The words are in `revealing.json`, a list a language: `*` stands for any ending. Case, accents, apostrophes and hyphens
do not count. French is looked for in every language: a text in English may name a French institution.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

FRENCH = "fr"
WORDS = Path(__file__).with_name("revealing.json")
NO_SPACES = frozenset({"zh"})  # a word is found wherever it stands
ARTICLES = {"ar": "(?:[وبلكف]{0,2}(?:ال|ل)?)"}  # written together with the word


class Concern(StrEnum):
    """What is wrong with some words."""

    REVEALS = "reveals"  # the measure, the offence or the institution
    FORMAL = "formal"  # words of a formal notice, in a message that informs


@dataclass(frozen=True)
class Found:
    """A word of a text, as it is written there, and what is wrong with it."""

    concern: Concern
    said: str


def concerns(text: str, language: str) -> list[Found]:
    """Return the words of a text that should not be there, each once, in the order of the text."""
    plain, places = _folded(text)
    found: dict[tuple[Concern, str], tuple[int, Found]] = {}
    for concern in Concern:
        for spoken in dict.fromkeys((language, FRENCH)):
            for match in _pattern(spoken, concern).finditer(plain):
                said = text[places[match.start()] : places[match.end() - 1] + 1]
                known = found.get((concern, said.casefold()))
                if known is None or known[0] > match.start():
                    found[concern, said.casefold()] = (match.start(), Found(concern, said))
    return [one for _, one in sorted(found.values(), key=lambda pair: (pair[0], pair[1].concern))]


def folded(text: str) -> str:
    """Return a text as words are looked for in it: no case, no accents, single spaces."""
    return " ".join(_folded(text)[0].split())


@lru_cache(maxsize=1)
def lists() -> dict[str, dict[str, str]]:
    """Return the lists, as the file has them."""
    content: dict[str, dict[str, str]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=64)
def _pattern(language: str, concern: Concern) -> re.Pattern[str]:
    words = [_as_pattern(word.strip(), language) for word in lists()[language][concern].split(",")]
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


def _as_pattern(word: str, language: str) -> str:
    is_stem = word.endswith("*")
    parts = (r"\w*".join(re.escape(piece) for piece in part.split("*")) for part in folded(word.rstrip("*")).split())
    inner = " +".join(parts)
    if language in NO_SPACES:
        return inner
    return rf"(?<!\w){ARTICLES.get(language, '')}{inner}" + (r"\w*" if is_stem else r"(?!\w)")


def _folded(text: str) -> tuple[str, list[int]]:
    """Return a text without case, accents nor joining signs, and where each of its letters was."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in unicodedata.normalize("NFKD", letter.casefold().replace("ı", "i")):
            if not unicodedata.combining(one):
                letters.append(" " if one in "-'’‘ʼ\u2010\u2011\u2013_/" or one.isspace() else one)
                places.append(place)
    return "".join(letters), places
