"""Any sequence of acts leaves the tables as a model of a few lines says: short here, thousands by `make soak`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from booking import events
from booking.waiting_follow import follow_list
from tests.booking.life_cycle import LifeCycle
from tests.booking.life_places import ground
from tests.conftest import Database

SEQUENCES = int(os.environ.get("PLACEJUSTE_SEQUENCES", "20"))


def test_any_sequence_of_acts_leaves_the_database_as_the_model_says(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    with ground(database.engine) as places:
        run_state_machine_as_test(
            lambda: LifeCycle(places),  # type: ignore[arg-type] # any factory will do
            settings=settings(
                max_examples=SEQUENCES,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
