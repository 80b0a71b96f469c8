"""What tests of bookings start from."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from booking import events
from booking.events import BookingMoved
from tests.factories import World, make_world


@pytest.fixture
def world(session: Session) -> World:
    """Return a small world, gone at the end of the test."""
    return make_world(session)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[BookingMoved]:
    """Return the list to which everything announced during the test is added; nobody else is subscribed."""
    heard: list[BookingMoved] = []
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(lambda _session, event: heard.append(event))
    return heard
