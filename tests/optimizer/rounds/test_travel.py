"""Roads are those of the estimate that the rest of the application gives."""

from __future__ import annotations

import pytest

from availability.places import distance_km
from availability.travel import DETOUR, minutes_for
from optimizer.rounds.travel import estimated

PARIS, CRETEIL, LILLE = (48.857, 2.352), (48.777, 2.453), (50.637, 3.063)


def test_roads_are_those_of_the_estimate_of_one_trip() -> None:
    travel = estimated([PARIS, CRETEIL, LILLE])
    metres, seconds = travel.leg(0, 2)

    assert metres == pytest.approx(1000 * DETOUR * distance_km(*PARIS, *LILLE), abs=1)
    assert minutes_for(distance_km(*PARIS, *LILLE)) - 1 < seconds / 60 <= minutes_for(distance_km(*PARIS, *LILLE))
    assert travel.leg(1, 1) == (0, 0)
    assert travel.leg(0, 1) == travel.leg(1, 0)


def test_no_place_is_no_road() -> None:
    assert estimated([]).places == 0
