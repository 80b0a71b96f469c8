"""Cases as they are typed or pasted: what is understood, and what is wrong of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from availability.errors import InvalidRequest
from booking.plans.share_lines import MOST_LINES, Choices, TypedCase, read_cases

CHOICES = Choices(competences={"conflit": "Conflit élevé"}, languages=("arabe", "tamoul"), refuses_violence=True)


def names(case: TypedCase) -> list[str]:
    """Return the communes of a case."""
    return [one.name for one in case.communes]


def test_a_line_says_a_number_communes_and_what_the_case_asks() -> None:
    typed = (
        "24/01234 ; Lyon ; villefranche sur saone ; ARABE ; conflit eleve; urgent\n\n rg 24/00002\t69100 Villeurbanne"
    )
    (first, second), faults = read_cases(typed, CHOICES)

    assert faults == []
    assert first.case_ref == "RG 24/01234"
    assert names(first) == ["Lyon", "Villefranche-sur-Saône"]
    assert (first.languages, first.competence, first.is_urgent) == (("arabe",), "conflit", True)
    assert (second.case_ref, names(second), second.is_urgent) == ("RG 24/00002", ["Villeurbanne"], False)


@pytest.mark.parametrize(
    ("line", "why", "value"),
    [
        ("; Lyon", "case-required", ""),
        ("bonjour ; Lyon", "case-not-a-number", "bonjour"),
        ("24/01234 ; Zzyx", "unknown-word", "Zzyx"),
        ("24/01234 ; Lyon ; Paris ; Lille", "too-many-communes", ""),
        ("24/01234 ; Lyon ; violences", "violence", "violences"),
    ],
)
def test_a_line_that_is_not_understood_says_which_and_why_and_the_others_are_kept(
    line: str, why: str, value: str
) -> None:
    cases, faults = read_cases(f"24/00001 ; Lyon\n{line}", CHOICES)

    assert [one.case_ref for one in cases] == ["RG 24/00001"]
    assert [(one.number, one.typed, one.why, one.value) for one in faults] == [(2, line, why, value)]


def test_violence_that_the_law_does_not_forbid_a_measure_for_is_not_kept() -> None:
    cases, faults = read_cases("24/01234 ; Lyon ; violences", Choices())

    assert (names(cases[0]), faults) == (["Lyon"], [])


def test_a_case_typed_twice_is_what_its_last_line_says() -> None:
    cases, _ = read_cases("24/01234 ; Lyon\n24/01234 ; Paris", CHOICES)

    assert [names(one) for one in cases] == [["Paris"]]


def test_more_than_a_batch_is_refused_as_a_whole() -> None:
    with pytest.raises(InvalidRequest):
        read_cases("24/01234\n" * (MOST_LINES + 1), CHOICES)


@given(some.text(max_size=80))
def test_whatever_is_typed_is_a_case_or_a_fault(typed: str) -> None:
    cases, faults = read_cases(typed, CHOICES)

    assert len(cases) + len(faults) <= len(typed.splitlines())
