"""What somebody who plans hearings may wish, and what each rule then costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking.plans.settings import Slider, Wishes
from optimizer.hearings.weights import Weights

# A day of wait is two, so that it can be halved. A case that has a place moves for five weeks gained, its people told
# for ten; a hearing more or less for a judge is a hundred days of wait, and so are three hours of what they sat.
WISHES = Wishes(
    weights=Weights(
        spread=200,
        spread_minute=1,
        day=2,
        overdue_day=4,
        lawyer=20,
        moved=70,
        told=70,
        restaffed=400,
    ),
    sliders=(
        Slider(name="sooner", weights=("day", "overdue_day")),
        Slider(name="even", weights=("spread", "spread_minute")),
        Slider(name="stable", weights=("moved", "told", "restaffed")),
    ),
    weighable=("day", "overdue_day", "spread", "spread_minute", "lawyer", "moved", "told", "restaffed"),
)


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return what each rule costs in a run. Raises: InvalidRequest."""
    return WISHES.weights_of(settings)
