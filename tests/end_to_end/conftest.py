"""Fixtures that several journeys begin with, and one browser for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.conftest import Sessions, lending_browsers
from tests.end_to_end.test_agenda import quiet
from tests.served import Served

__all__ = ["quiet"]


# No journey has an event loop of its own: those of a worker share what its browser fetched and compiled.
@pytest.fixture(scope="package")
def browsers() -> Iterator[Callable[[bool], Browser]]:
    """Gives the browser of all the journeys of this worker."""
    with lending_browsers() as browser:
        yield browser


@pytest.fixture(scope="package")
def sessions(browsers: Callable[[bool], Browser], served: Served) -> Sessions:
    """The browser sessions of all the journeys of this worker."""
    return Sessions(browsers, served.url)
