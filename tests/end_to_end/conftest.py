"""Fixtures that several journeys begin with."""

from tests.end_to_end.test_agenda import quiet

__all__ = ["quiet"]
