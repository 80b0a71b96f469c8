"""Telephone numbers of public lists, which nobody wrote for a machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.importers.phones import phone_of


@pytest.mark.parametrize(
    ("written", "department", "number"),
    [
        ("1 44 32 51 51", "75", "+33144325151"),
        ("01.44.32.51.51", "75", "+33144325151"),
        ("+33 1 44 32 51 51", "974", "+33144325151"),
        ("0(508)410320", "975", "+508410320"),
        ("0(590)896950", "971", "+590590896950"),
        ("0(590)875049", "978", "+590590875049"),
        ("0(596)484141", "972", "+596596484141"),
        ("5 94 34 10 25", "973", "+594594341025"),
        ("2 62 40 23 45", "974", "+262262402345"),
        ("2 69 61 11 15", "976", "+262269611115"),
        ("00(687)279350", "988", "+687279350"),
        ("00 681 722715", "986", "+681722715"),
        ("00(689)40415500", "987", "+68940415500"),
        ("0144325151", "974", "+33144325151"),
    ],
)
def test_a_number_is_read_with_the_territory_where_it_is(written: str, department: str, number: str) -> None:
    assert phone_of(written, department) == number


@pytest.mark.parametrize(
    ("written", "department"),
    [
        ("", "75"),
        ("0477433300/1", "42"),  # two numbers in one
        ("00(689)415500", "987"),  # Polynesia has had eight digits since 2014
        ("12", "75"),
        ("standard", "75"),
        ("01 44 32 51", "75"),
        ("0144325151 poste 12", "75"),
        ("+999 123456789", "75"),
        ("()()()", "75"),
    ],
)
def test_a_number_with_no_valid_reading_is_not_guessed(written: str, department: str) -> None:
    assert phone_of(written, department) is None


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet="0123456789+() .-/x٣", max_size=20), st.sampled_from(["75", "974", "987", ""]))
def test_any_text_is_a_number_or_is_not(written: str, department: str) -> None:
    number = phone_of(written, department)

    assert number is None or (number.startswith("+") and number[1:].isdigit())
