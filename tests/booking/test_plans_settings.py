"""What may be wished of a plan, strictly."""

from __future__ import annotations

from typing import Any

import pytest

from availability.errors import InvalidRequest
from booking.pages.repartition_desk import DESK
from booking.plans.hearing_wishes import WISHES
from booking.plans.settings import Slider, Wishes
from optimizer.hearings.weights import Weights


def test_nothing_wished_is_the_usual_weights() -> None:
    assert WISHES.weights_of({}) == WISHES.weights
    assert WISHES.weights_of({"sliders": {one.name: 2 for one in WISHES.sliders}}) == WISHES.weights


def test_a_slider_multiplies_its_weights_and_the_detail_goes_on_top() -> None:
    wishes = Wishes(weights=Weights(day=10, moved=3), sliders=(Slider(name="soon", weights=("day",)),))

    assert [wishes.weights_of({"sliders": {"soon": level}}).day for level in range(5)] == [0, 5, 10, 20, 40]
    assert wishes.weights_of({"sliders": {"soon": 3}, "rules": {"day": 1.5}}).day == 30
    assert wishes.weights_of({"rules": {"day": 0.01}}).day == 1  # what counts a little does not stop to count
    assert wishes.weights_of({"sliders": {"soon": 4}}).moved == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"sliders": {"sooner": 5}},
        {"sliders": {"sooner": -1}},
        {"sliders": {"sooner": 1.5}},
        {"sliders": {"sooner": True}},
        {"sliders": {"sooner": "2"}},
        {"sliders": {"unknown": 2}},
        {"sliders": [1]},
        {"rules": {"day": -1}},
        {"rules": {"day": float("nan")}},
        {"rules": {"day": 1e9}},
        {"rules": {"unplaced": 0}},  # what has no place is never left out of account
        {"locks": {"a": "half"}},
        {"locks": {"": "free"}},
        {"locks": {"x" * 81: "free"}},
        {"locks": {str(number): "free" for number in range(10_001)}},
        {"more": 1},
    ],
)
def test_what_cannot_be_wished_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        WISHES.read(settings)


def test_every_slider_and_every_weight_of_the_detail_has_words() -> None:
    assert [one.name for one in DESK.sliders] == [one.name for one in WISHES.sliders]
    assert set(DESK.weights) == set(WISHES.rules)
