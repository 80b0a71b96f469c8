"""What whoever asks for a plan of beds wishes: three sliders, rules weighed one by one, locks, whether stays move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking.plans.settings import Locked, Settings, Slider, Wishes
from optimizer.beds.problem import Lock, Weights


class BedSettings(Settings):
    """The settings of a run of beds."""

    may_move: bool = False  # stays of the court that have not begun change beds in their section, unless frozen


WISHES = Wishes(
    weights=Weights(),
    sliders=(
        Slider(name="soon", weights=("waited",)),
        Slider(name="near", weights=("travel",)),
        Slider(name="settled", weights=("moved_told",)),
    ),
    form=BedSettings,
)


def check(settings: Mapping[str, Any]) -> BedSettings:
    """Return what is wished. Raises: InvalidRequest."""
    found = WISHES.read(settings)
    assert isinstance(found, BedSettings)  # noqa: S101 - it is the form above
    return found


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return what each thing costs, as the sliders and the rules say. Raises: InvalidRequest."""
    return WISHES.weights_of(settings)


def locks_of(settings: Mapping[str, Any]) -> dict[str, Lock]:
    """Return what is locked, and how. Raises: InvalidRequest."""
    return {item: Lock(Locked(lock).value) for item, lock in check(settings).locks.items()}
