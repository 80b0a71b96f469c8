"""The criteria of a kind as rows: what stands is given back as it was, what is typed becomes a schema or a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from availability.attributes import AttributeType, schema
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.pages.attribute_rows import AttributeRow, changed, checked, codes_of, preview, rows_of, searchable_of
from availability.pages.kind_words import ROLE_WORDS, SHAPE_WORDS, TYPE_WORDS
from availability.rights import Role
from portal.demo import shelters
from portal.demo.kinds import KINDS


@pytest.mark.parametrize("kind", [*KINDS, *shelters.KINDS], ids=lambda kind: kind.code)
def test_what_every_kind_is_searched_on_is_given_back_as_it_was(kind: object) -> None:
    searchable = kind.searchable  # type: ignore[attr-defined]
    rows = rows_of(searchable)

    given_back = searchable_of(rows)

    assert schema(given_back) == schema(searchable)
    assert [row.problem for row in checked(rows)] == [""] * len(rows)


def test_rows_put_in_another_order_are_numbered_again() -> None:
    first, second = rows_of(
        {"a": {"label": "A", "type": "flag", "position": 4}, "b": {"label": "B", "type": "flag", "position": 9}}
    )

    assert [one["position"] for one in searchable_of([first, second]).values()] == [4, 9]
    assert searchable_of([second, first]) == {
        "b": {"label": "B", "type": "flag", "position": 1},
        "a": {"label": "A", "type": "flag", "position": 2},
    }


def test_a_new_row_has_a_code_of_its_own_made_of_its_name() -> None:
    rows = [AttributeRow(key="1", code="soir", label="Soir"), *(AttributeRow(key=str(n), label="Soir") for n in (2, 3))]

    assert codes_of(rows) == ["soir", "soir_2", "soir_3"]
    assert codes_of([AttributeRow(key="1", label="24 h")]) == ["critere_24_h"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (AttributeRow(key="1"), "À renseigner."),
        (AttributeRow(key="1", label="Sexe", type="choice"), "À renseigner."),
        (AttributeRow(key="1", label="Âge", type="range", smallest="x"), "Un nombre entier est attendu."),
        (
            AttributeRow(key="1", label="Âge", type="range", smallest="9", largest="3"),
            "La plus grande valeur est en dessous de la plus petite.",
        ),
        (AttributeRow(key="1", label="Sexe", type="choice", choices="M : A\nM : B"), "Le même code sert deux fois."),
    ],
)
def test_a_row_that_cannot_stand_says_why_and_is_in_no_preview(row: AttributeRow, words: str) -> None:
    assert [one.problem for one in checked([row])] == [words]
    assert preview([row]) == []


def test_a_line_of_choices_has_its_code_or_makes_one() -> None:
    row = AttributeRow(key="1", label="Sujet", type="list", choices="dettes : Surendettement\nDroit du travail\n\n")

    assert searchable_of([row])["sujet"]["choices"] == {
        "dettes": "Surendettement",
        "droit-du-travail": "Droit du travail",
    }
    assert preview([row])[0].options == ["Surendettement", "Droit du travail"]


def test_what_no_control_sends_changes_no_row() -> None:
    row = AttributeRow(key="1", label="Soir")

    for name, value in (("code", "x"), ("type", "autre"), ("label", 3), ("asks", "1"), ("problem", "x")):
        assert changed(row, name, value) in (row, replace(row, asks=False))
    with pytest.raises(InvalidRequest):
        searchable_of([replace(row, type="number", smallest="dix")])


def test_everything_that_can_be_chosen_has_its_words() -> None:
    assert set(SHAPE_WORDS) == set(Shape)
    assert set(ROLE_WORDS) == set(Role) - {Role.LAWYER, Role.INVESTIGATOR}  # no kind gives them a right
    assert set(TYPE_WORDS) == set(AttributeType)
