"""What pages have in common whose last act can be taken back at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from availability.errors import Refusal
from portal.clock import now
from portal.database import act
from portal.policy import current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState


class UndoingState(rx.State, mixin=True):
    """A page that remembers how its last act is taken back, and reads everything again after each.

    It says itself who may take back: the handler of its button calls `_take_back`.
    """

    _undo: Callable[..., Any] | None = None  # `act` runs it
    _undone: str = ""  # what is said once it is undone

    async def _take_back(self) -> EventSpec:
        back, self._undo = self._undo, None
        if back is None:
            return rx.set_focus("message")
        try:
            await act(back, await current_actor(self), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._said(self._undone)

    async def _said(self, words: str, *, undo: str = "") -> EventSpec:
        """Say what is done; `undo` is on the button that takes it back."""
        (await self.get_state(NoticeState)).show_success(words, undo_label=undo)
        await self._read_again()
        return rx.set_focus("message")

    async def _refused(self, refusal: Refusal) -> EventSpec:
        (await self.get_state(NoticeState)).show_error(self._why(refusal))
        await self._read_again()
        return rx.set_focus("message")

    def _why(self, refusal: Refusal) -> str:
        return sentence(refusal)

    async def _read_again(self) -> None:
        """Read everything that the page shows: each page has its own."""
        raise NotImplementedError
