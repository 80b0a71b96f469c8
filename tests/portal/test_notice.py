"""How long the message above a page stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import clock
from portal.ui.notice import STAYS, NoticeState
from tests.factories import NOW


class Desk:
    """A page in front of somebody: where it is, what time it is there, and its message."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.at = "agenda", NOW
        self.notice = NoticeState(_reflex_internal_init=True)  # type: ignore[call-arg]
        self.notice.is_hydrated = True
        monkeypatch.setattr(NoticeState, "_path", lambda _: self.path)
        monkeypatch.setattr(clock, "now", lambda: self.at)

    def loaded(self, *, after: timedelta, path: str = "agenda") -> tuple[str, str]:
        """Return the message and its button once a page is loaded some time later."""
        self.path, self.at = path, self.at + after
        self.notice.turn_page()
        return self.notice.text, self.notice.undo_label


AN_HOUR = timedelta(hours=1)
GONE = ("", "")
MOVED = ("Déplacé.", "Annuler")


def test_a_message_goes_away_with_the_first_load_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.notice.show_success("Déplacé.", undo_label="Annuler")

    assert desk.loaded(after=STAYS - timedelta(seconds=1)) == MOVED
    assert desk.loaded(after=timedelta(seconds=1)) == GONE


def test_one_that_stays_is_there_until_another_comes_or_one_goes_to_another_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(monkeypatch)
    desk.notice.show_success("Déplacé.", undo_label="Annuler", stays=True)
    assert [desk.loaded(after=AN_HOUR) for _ in range(2)] == [MOVED, MOVED]
    assert desk.loaded(after=timedelta(), path="carte") == GONE

    desk.path = "agenda"
    desk.notice.show_success("Déplacé.", undo_label="Annuler", stays=True)
    desk.notice.show_error("Refusé.")
    assert desk.loaded(after=AN_HOUR) == GONE
