"""Segments: what an SMS costs, checked against the alphabet of the standard and at each of its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convocations.segments import BASIC, EXTENSION, Encoding, Segments, is_gsm, measure

GSM_7, UCS_2 = Encoding.GSM_7, Encoding.UCS_2


def test_the_default_alphabet_has_every_septet_but_the_escape() -> None:
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION


@pytest.mark.parametrize("letter", list("éèàùÉÇ'\n€[~ñüö£§Δ"))
def test_letters_of_the_default_alphabet(letter: str) -> None:
    assert is_gsm(letter)


@pytest.mark.parametrize("letter", list("êâîôûëïçÀÈœŒ’«…–\u00a0\u202f\tşğăа中ع😀\x1b"))
def test_one_letter_outside_of_it_puts_the_whole_text_in_ucs_2(letter: str) -> None:
    assert measure("a" * 69 + letter).encoding is UCS_2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Segments(GSM_7, 0, 0, 160)),
        ("a", Segments(GSM_7, 1, 1, 159)),
        ("€", Segments(GSM_7, 2, 1, 158)),
        ("a" * 160, Segments(GSM_7, 160, 1, 0)),
        ("a" * 161, Segments(GSM_7, 161, 2, 145)),
        ("a" * 306, Segments(GSM_7, 306, 2, 0)),
        ("a" * 307, Segments(GSM_7, 307, 3, 152)),
        ("€" * 80, Segments(GSM_7, 160, 1, 0)),
        ("a" * 159 + "€", Segments(GSM_7, 161, 2, 145)),
        # The escape would be the last septet of the first segment: the pair goes to the second.
        ("a" * 152 + "€" + "a" * 7, Segments(GSM_7, 161, 2, 144)),
        ("a" * 151 + "€" + "a" * 8, Segments(GSM_7, 161, 2, 145)),
        ("€" * 153, Segments(GSM_7, 306, 3, 151)),  # 76, 76, then 1
        ("ê", Segments(UCS_2, 1, 1, 69)),
        ("ê" * 70, Segments(UCS_2, 70, 1, 0)),
        ("ê" * 71, Segments(UCS_2, 71, 2, 63)),
        ("ê" * 134, Segments(UCS_2, 134, 2, 0)),
        ("ê" * 135, Segments(UCS_2, 135, 3, 66)),
        ("😀", Segments(UCS_2, 2, 1, 68)),
        ("😀" * 35, Segments(UCS_2, 70, 1, 0)),
        ("😀" * 36, Segments(UCS_2, 72, 2, 61)),  # 33 in the first: 34 would need 68 units
        ("ê" * 66 + "😀" + "ê" * 4, Segments(UCS_2, 72, 2, 61)),
        ("ê€", Segments(UCS_2, 2, 1, 68)),  # no escape in UCS-2
    ],
)
def test_what_a_text_costs(body: str, expected: Segments) -> None:
    assert measure(body) == expected


some_text = st.text(st.sampled_from("aé €[ê😀ж\n"), max_size=700)


@given(some_text)
def test_the_segments_hold_the_text_and_one_fewer_would_not(body: str) -> None:
    found = measure(body)
    alone, each = (160, 153) if found.encoding is GSM_7 else (70, 67)

    if found.segments <= 1:
        assert found.units + found.left == alone
    else:
        lost = found.segments * each - found.left - found.units  # at most one unit at the end of a segment
        assert 0 <= lost < found.segments
        assert found.units > max(alone, (found.segments - 1) * (each - 1))
        assert 0 <= found.left < each


@given(some_text)
def test_units_are_those_of_the_encoding_that_carries_it(body: str) -> None:
    found = measure(body)

    if found.encoding is UCS_2:
        assert found.units == len(body.encode("utf-16-be")) // 2
    else:
        assert found.units == len(body) + sum(body.count(letter) for letter in EXTENSION)


@given(some_text, st.sampled_from("aé€ê😀"))
def test_a_longer_text_never_costs_less(body: str, letter: str) -> None:
    assert measure(body + letter).segments >= measure(body).segments
