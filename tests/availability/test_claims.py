"""Claims: what cannot be a claim is refused before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from availability.claims import SHAPE_OF, CaseClaim, Claim, NightsClaim, PlaceClaim, SlotClaim, TimeClaim
from availability.errors import InvalidRequest
from availability.models import Shape

DAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("make", "field", "problem"),
    [
        (lambda: NightsClaim(resource_id=1, first=DAY, until=DAY), "to", "not-after-start"),
        (lambda: NightsClaim(resource_id=1, first=DAY, until=DAY - timedelta(days=1)), "to", "not-after-start"),
        (lambda: PlaceClaim(resource_id=1, first=DAY, until=DAY), "to", "not-after-start"),
        (lambda: SlotClaim(resource_id=1, start=datetime(2026, 3, 2, 9)), "start", "no-offset"),  # noqa: DTZ001
        (lambda: SlotClaim(resource_id=1, start=datetime.max.replace(tzinfo=UTC)), "start", "out-of-range"),
        (lambda: SlotClaim(resource_id=1, start=datetime.min.replace(tzinfo=UTC)), "start", "out-of-range"),
        (lambda: CaseClaim(resource_id=1, minutes=0), "minutes", "not-positive"),
        (lambda: CaseClaim(resource_id=1, minutes=-5), "minutes", "not-positive"),
    ],
)
def test_an_impossible_claim_is_refused_with_its_field(make: Callable[[], Claim], field: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        make()

    assert (refusal.value.field, refusal.value.problem) == (field, problem)


def test_the_smallest_claims_are_accepted() -> None:
    tomorrow = DAY + timedelta(days=1)

    assert NightsClaim(resource_id=1, first=DAY, until=tomorrow).unit_id is None
    assert PlaceClaim(resource_id=1, first=DAY, until=None).until is None
    assert PlaceClaim(resource_id=1, first=DAY, until=tomorrow).until == tomorrow
    assert CaseClaim(resource_id=1, minutes=1).family == ""


@pytest.mark.parametrize(
    "start",
    [
        NINE,
        NINE.astimezone(timezone(timedelta(hours=-10))),
        NINE.astimezone(ZoneInfo("Pacific/Noumea")),
    ],
)
def test_a_start_may_come_in_any_offset(start: datetime) -> None:
    assert SlotClaim(resource_id=1, start=start).start == NINE


def test_a_start_in_the_hour_that_comes_twice_is_one_precise_instant() -> None:
    # Python never finds such a wall time equal to the same instant in UTC: as a key it would be lost.
    second = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris"), fold=1)

    assert SlotClaim(resource_id=1, start=second).start == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_every_kind_of_claim_has_one_shape_and_every_shape_one_claim_of_a_booking() -> None:
    of_a_booking = set(get_args(Claim))

    assert set(SHAPE_OF) == of_a_booking | {TimeClaim}
    assert sorted(SHAPE_OF[claim] for claim in of_a_booking) == sorted(Shape)
