"""What a text gives away: stems, accents, inflections, and what only looks alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from booking.persons import LANGUAGES
from convocations.revealing import Concern, concerns, lists

EVERY_WORD = [
    (language, concern, word.strip().rstrip("*"))
    for language in sorted(LANGUAGES)
    for concern in Concern
    for word in lists()[language][concern].split(",")
]


def found(text: str, language: str = "fr") -> list[str]:
    """Return the words found."""
    return [one.said for one in concerns(text, language)]


def test_every_word_of_every_list_is_found_whatever_its_case() -> None:
    missed = [
        (language, word)
        for language, concern, word in EVERY_WORD
        if concern not in {one.concern for one in concerns(f"… {word.upper()}, {word}.", language)}
    ]

    assert missed == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Votre rendez-vous au SPIP de Lyon", ["SPIP"]),
        ("pose du bracelet, en semi-liberté", ["bracelet", "semi-liberté"]),
        ("les condamnées, en détention ou détenus", ["condamnées", "détention", "détenus"]),
        ("travail d’intérêt général (T.I.G. ou TIG)", ["travail d’intérêt général", "TIG"]),
        ("PRISON. Prison. prison", ["PRISON"]),
        ("Vous êtes tenue de venir, sous peine de suites", ["Vous êtes tenue", "peine", "sous peine"]),
        ("Vendredi, à volonté, violette, envolée, pénible, japonais, tigre", []),
    ],
)
def test_words_are_found_with_their_accents_and_endings(text: str, said: list[str]) -> None:
    assert sorted(found(text)) == sorted(said)


def test_a_french_institution_is_found_in_any_language() -> None:
    assert found("Your appointment at the SPIP", "en") == ["SPIP"]
    assert found("您在 SPIP 的预约", "zh") == ["SPIP"]
    assert found("موعدك في المحكمة", "ar") == ["المحكمة"]


@examples(max_examples=40)
@given(st.text(max_size=30), st.sampled_from(["prison", "Détenu", "semi liberté", "JAP"]), st.text(max_size=30))
def test_what_is_found_is_written_there(before: str, word: str, after: str) -> None:
    text = f"{before} {word} {after}"
    said = found(text)

    assert all(one in text for one in said)
    assert word.casefold() in " ".join(said).casefold()
