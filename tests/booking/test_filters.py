"""The filters of the map: read with patience, written without noise, every bad value said beside its field."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.models import Kind, Shape
from booking.filters import Filters, understand

TODAY = date(2026, 11, 24)
BEDS = Kind(id=1, code="semi-liberte", label="lit", label_plural="lits", layer="Semi-liberté", shape=Shape.NIGHTS)
LYON = (45.76, 4.83)


def read(**typed: str) -> tuple[dict[str, str], Filters]:
    """Return the problems of some filters, and the filters as kept."""
    reading = understand(Filters.read(typed), BEDS, LYON, today=TODAY)
    return reading.problems, reading.filters


def test_nothing_typed_is_three_nights_from_today_around() -> None:
    wish = understand(Filters(), BEDS, LYON, today=TODAY).wish

    assert (wish.first, wish.until) == (TODAY, date(2026, 11, 27))
    assert wish.radius_km == 50


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("du", "hier"),
        ("du", "2026-11-23"),
        ("du", "0001-01-01"),
        ("au", "2026-11-24"),
        ("au", "2030-01-01"),
        ("rayon", "loin"),
        ("rayon", "0"),
        ("rayon", "1001"),
        ("rayon", "nan"),
        ("age", "12"),
        ("age", "121"),
        ("age", "³"),
    ],
)
def test_a_bad_value_is_said_beside_its_field_and_kept(name: str, typed: str) -> None:
    problems, kept = read(**{name: typed})

    assert list(problems) == [name]
    assert getattr(kept, name) == typed


@pytest.mark.parametrize(("typed", "radius_km"), [("1000", 1000), ("0,5", 0.5), ("30", 30)])
def test_a_distance_is_written_as_people_do(typed: str, radius_km: float) -> None:
    assert understand(Filters(rayon=typed), BEDS, LYON, today=TODAY).wish.radius_km == radius_km


def test_a_box_of_a_form_is_true_or_false_and_of_an_address_is_1() -> None:
    form = Filters.read({"weekend": True, "accessible": False, "libres": "1"})

    assert (form.flag("weekend"), form.flag("accessible"), form.flag("libres")) == (True, False, True)
    assert form.to_query() == "weekend=1&libres=1"


def test_the_part_of_the_map_that_is_shown_replaces_the_circle() -> None:
    wish = understand(Filters(cadre="4.0,45.0,5.0,46.0"), BEDS, LYON, today=TODAY).wish

    assert wish.bounds == (4.0, 45.0, 5.0, 46.0)
    assert wish.radius_km is None


@pytest.mark.parametrize("typed", ["", "1,2,3", "5,46,4,45", "nan,nan,nan,nan", "a,b,c,d", "0,-91,1,0"])
def test_a_part_of_the_map_that_is_none_is_ignored(typed: str) -> None:
    assert understand(Filters(cadre=typed), BEDS, LYON, today=TODAY).wish.bounds is None


@given(st.dictionaries(st.sampled_from(["du", "au", "rayon", "age", "sexe", "cadre", "lieu", "site", "?"]), st.text()))
def test_any_text_is_understood_and_the_address_says_it_again(typed: dict[str, str]) -> None:
    filters = Filters.read(typed)
    understand(filters, BEDS, LYON, today=TODAY)

    assert Filters.read(dict(parse_qsl(filters.to_query()))) == filters
