"""What tests of places start from."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.factories import World, make_world


@pytest.fixture
def world(session: Session) -> World:
    """Return a small world, gone at the end of the test."""
    return make_world(session)
