"""The schema of a kind and the values checked against it: what is refused is named."""

from __future__ import annotations

from typing import Any

import pytest

from availability.attributes import MOST_ATTRIBUTES, REASONS, Attribute, asked, said, schema
from availability.errors import InvalidRequest

SEARCHABLE: dict[str, Any] = {
    "sex": {"label": "Sexe", "type": "choice", "position": 1, "choices": {"F": "Femmes", "M": "Hommes"}},
    "age": {"label": "Âge", "type": "range", "position": 2, "least": "min_age", "most": "max_age"},
    "evening": {"label": "En soirée", "type": "flag", "position": 3},
    "languages": {"label": "Langues", "type": "list", "position": 4},
    "skills": {"label": "Compétences", "type": "list", "asks": True, "choices": {"b": "Permis B"}, "position": 5},
    "wait": {"label": "Délai", "type": "number", "from": 0, "to": 365, "is_delay": True, "position": 6},
    "price": {"label": "Tarif", "type": "text", "position": 7},
    "doors": {"label": "Portes", "type": "hours", "position": 8},
}
SCHEMA = schema(SEARCHABLE)
BY_CODE = {one.code: one for one in SCHEMA}


def flag(**changes: Any) -> dict[str, Any]:
    return {"evening": {"label": "En soirée", "type": "flag"} | changes}


def test_a_schema_is_read_in_the_order_of_its_positions() -> None:
    assert [one.code for one in SCHEMA] == list(SEARCHABLE)
    assert schema({}) == ()


@pytest.mark.parametrize(
    ("searchable", "field", "problem"),
    [
        (flag(type="colour"), "evening.type", "unknown-choice"),
        (flag(type=None), "evening.type", "unknown-choice"),
        (flag(type=["flag"]), "evening.type", "unknown-choice"),
        (flag(label=" "), "evening.label", "required"),
        (flag(label=3), "evening.label", "required"),
        (flag(label="é" * 201), "evening.label", "too-long"),
        (flag(label="a\x00"), "evening.label", "unreadable"),
        (flag(choices={"a": "A"}), "evening.choices", "unknown-field"),
        (flag(position="1"), "evening.position", "not-numeric"),
        (flag(position=True), "evening.position", "not-numeric"),
        ({"Soirée": flag()["evening"]}, "Soirée", "not-a-code"),
        ({"evening": "flag"}, "evening", "not-a-form"),
        ({"sex": {"label": "Sexe", "type": "choice"}}, "sex.choices", "required"),
        ({"sex": {"label": "Sexe", "type": "choice", "choices": {}}}, "sex.choices", "required"),
        ({"sex": {"label": "Sexe", "type": "choice", "choices": ["F"]}}, "sex.choices", "required"),
        ({"sex": {"label": "Sexe", "type": "choice", "choices": {"F": ""}}}, "sex.choices.F", "required"),
        ({"age": {"label": "Âge", "type": "range", "least": "min age"}}, "age.least", "not-a-code"),
        ({"wait": {"label": "Délai", "type": "number", "from": 3, "to": 2}}, "wait.to", "not-after-start"),
        ({"wait": {"label": "Délai", "type": "number", "from": "0"}}, "wait.from", "not-numeric"),
        ({"wait": {"label": "Délai", "type": "number", "wanted": "much"}}, "wait.wanted", "unknown-choice"),
        ({"wait": {"label": "Délai", "type": "number", "is_delay": 1}}, "wait.is_delay", "not-a-flag"),
        ({f"wait_{n}": {"label": "D", "type": "number", "is_delay": True} for n in "ab"}, "is_delay", "only-one"),
        ({"age": {"label": "Âge", "type": "range", "least": "wait"}, "wait": flag()["evening"]}, "wait", "name-taken"),
        ({f"flag_{n}": flag()["evening"] for n in range(MOST_ATTRIBUTES + 1)}, "searchable", "too-many"),
        *(({reason: flag()["evening"]}, reason, "name-taken") for reason in REASONS),
    ],
)
def test_a_bad_schema_is_refused_where_it_is_bad(searchable: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        schema(searchable)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


@pytest.mark.parametrize(
    ("code", "typed", "expected"),
    [
        ("sex", " F ", "F"),
        ("age", "17", 17),
        ("age", "17,5", 17.5),
        ("evening", "Oui", True),
        ("evening", "non", False),
        ("languages", "arabe, turc,, arabe", ("arabe", "turc")),
        ("skills", "b", ("b",)),
        ("wait", "365", 365),
        ("price", " 2 € ", "2 €"),
    ],
)
def test_what_is_typed_is_read_in_the_type_of_the_attribute(code: str, typed: str, expected: Any) -> None:
    assert BY_CODE[code].read(typed) == expected


@pytest.mark.parametrize(
    ("code", "typed", "problem"),
    [
        ("sex", "X", "unknown-choice"),
        ("sex", "any", "unknown-choice"),  # nobody is looked for as "any"
        ("age", "dix", "not-numeric"),
        ("age", "1e3", "not-numeric"),
        ("age", "nan", "not-numeric"),
        ("evening", "perhaps", "not-a-flag"),
        ("skills", "pilote", "unknown-choice"),
        ("languages", ",".join(map(str, range(51))), "too-many"),
        ("wait", "366", "out-of-range"),
        ("wait", "-1", "out-of-range"),
        ("price", "", "required"),
        ("doors", "06:00", "not-hours"),
    ],
)
def test_what_cannot_be_searched_is_refused_by_name(code: str, typed: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        BY_CODE[code].read(typed)

    assert (refusal.value.field, refusal.value.problem) == (code, problem)


def test_nothing_asked_asks_for_nothing() -> None:
    empty: dict[str, Any] = {"sex": None, "evening": False, "languages": [], "price": "", "unknown": None}

    assert asked(SCHEMA, empty) == {}
    assert asked(SCHEMA, {"evening": True, "sex": "F"}) == {"sex": "F", "evening": True}
    for code in ("unknown", "doors"):
        with pytest.raises(InvalidRequest) as refusal:
            asked(SCHEMA, {code: True})
        assert (refusal.value.field, refusal.value.problem) == (code, "no-such-filter")


def test_what_a_resource_says_is_kept_in_its_types_without_what_is_empty() -> None:
    hours = {"opens": "05:30", "closes": "21:30"}
    doors = {**hours, "weekend": hours}
    values = {"sex": "any", "min_age": 18, "max_age": None, "evening": True, "languages": ["turc", "turc"], "wait": 3}

    assert said(SCHEMA, values | {"doors": doors}) == {
        "sex": "any",
        "min_age": 18,
        "evening": True,
        "languages": ["turc"],
        "wait": 3,
        "doors": hours,
    }


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ({"smell": "good"}, "smell", "unknown-field"),
        ({"age": 18}, "age", "unknown-field"),  # it is said under the names of its bounds
        ({"sex": "X"}, "sex", "unknown-choice"),
        ({"min_age": "18"}, "min_age", "not-numeric"),
        ({"min_age": 18, "max_age": 17}, "max_age", "not-after-start"),
        ({"evening": "yes"}, "evening", "not-a-flag"),
        ({"languages": {"fr": True}}, "languages", "not-a-list"),
        ({"languages": [3]}, "languages", "required"),
        ({"wait": float("inf")}, "wait", "not-numeric"),
        ({"wait": True}, "wait", "not-numeric"),
        ({"doors": {"opens": "05:30"}}, "doors.closes", "not-an-hour"),
    ],
)
def test_what_a_resource_may_not_say_is_refused_by_name(values: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        said(SCHEMA, values)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_a_range_says_its_bounds_under_its_code_unless_named() -> None:
    (one,) = schema({"level": {"label": "Niveau", "type": "range"}})

    assert isinstance(one, Attribute)
    assert one.names == ("least_level", "most_level")
