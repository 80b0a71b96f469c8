"""What somebody who shares cases out may wish, and what it then costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from booking.plans.settings import MOST_LOCKS, USUAL, Name, Settings, Slider, Wishes
from booking.suggestion import EVEN
from optimizer.shares.problem import Weights

EVEN_BY_LEVEL = (5 * EVEN, 2 * EVEN, EVEN, EVEN // 2, 0)  # in thousandths of a capacity: what counts as equal


class ShareSettings(Settings):
    """Settings that also say with which service a case that nobody has is locked."""

    kept: dict[Name, Annotated[int, Field(gt=0)]] = Field(default_factory=dict, max_length=MOST_LOCKS)


WISHES = Wishes(
    weights=Weights(),
    sliders=(
        Slider(name="even"),
        Slider(name="sooner", weights=("day_m",)),
        Slider(name="stable", weights=("moved_m",)),
    ),
    weighable=("day_m", "moved_m", "unknown_m"),
    form=ShareSettings,
)


def wishes_of(settings: Mapping[str, Any]) -> ShareSettings:
    """Return what is wished. Raises: InvalidRequest."""
    found = WISHES.read(settings)
    assert isinstance(found, ShareSettings)  # noqa: S101 - its form
    return found


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return what counts once the loads are as even as one wishes. Raises: InvalidRequest."""
    return WISHES.weights_of(settings)


def slack_of(settings: Mapping[str, Any]) -> int:
    """Return which loads are as good as each other. Raises: InvalidRequest."""
    return EVEN_BY_LEVEL[wishes_of(settings).sliders.get("even", USUAL)]
