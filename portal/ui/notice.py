"""The message that answers an act: a DSFR alert bound to state, read out by screen readers.

Not a toast: a toast returned by a handler needs `eval`, which our content security policy forbids.

A page is loaded again for each filter, and an act pressed meanwhile is answered before that load begins: what was just
answered stays on the page on which it was asked for, and so does its button "Annuler". A page that is loaded again for
each sheet that it opens says what `stays`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import reflex as rx
from reflex.event import EventSpec

from portal import clock
from portal.access import PUBLIC, allow, not_an_event

el = rx.el
STAYS = timedelta(seconds=10)  # as long as an act can be taken back at once


class NoticeState(rx.State):
    """The one message shown above the content."""

    kind: str = ""  # "", success, info, warning, error
    title: str = ""
    text: str = ""
    undo_label: str = ""
    link: str = ""  # address of what one does next
    link_label: str = ""
    _survives: bool = False  # shown by the page that comes next
    _stays: bool = False  # however often this page is loaded again
    _answered_at: datetime | None = None  # None when the loading of a page said it
    _answered_on: str = ""
    _turned_to: str = ""  # the address whose loading has begun

    @not_an_event
    def show(
        self,
        kind: str,
        text: str,
        *,
        title: str = "",
        undo_label: str = "",
        link: tuple[str, str] = ("", ""),
        on_next_page: bool = False,
        stays: bool = False,
    ) -> None:
        """Show a message; `undo_label` names the button that takes the act back, `link` is (label, address).

        One that `stays` is kept while this page is loaded again, until its button is used or another message comes.
        """
        self.kind, self.title, self.text = kind, title, text
        self.undo_label, self._survives, self._stays = undo_label, on_next_page, stays
        self.link_label, self.link = link
        is_loading = not self.is_hydrated and self._turned_to == str(self.router.url)
        self._answered_at = None if is_loading else clock.now()
        self._answered_on = self._path()

    @not_an_event
    def show_success(
        self,
        text: str,
        *,
        title: str = "",
        undo_label: str = "",
        link: tuple[str, str] = ("", ""),
        on_next_page: bool = False,
        stays: bool = False,
    ) -> None:
        """Say that an act is done."""
        self.show(
            "success", text, title=title, undo_label=undo_label, link=link, on_next_page=on_next_page, stays=stays
        )

    @not_an_event
    def show_error(self, text: str, *, title: str = "") -> None:
        """Say that an act was refused, and why."""
        self.show("error", text, title=title)

    @not_an_event
    def turn_page(self) -> None:
        """Forget the message when a page is loaded, unless it was meant for it, or just answered an act there.

        An act may be answered between the moment when the address has changed and this one.
        """
        self._turned_to = str(self.router.url)
        if self._survives:
            self._survives = False
        elif not (self._stays or self._is_recent()) or self._answered_on != self._path():
            self.show("", "")

    @allow(PUBLIC)
    @rx.event
    async def close(self) -> None:
        """Take the message away."""
        self.show("", "")

    @allow(PUBLIC)
    @rx.event
    async def say_failed(self, sentence: str) -> None:
        """Show why an act was refused, or that it failed."""
        self.show_error(str(sentence)[:500])

    def _is_recent(self) -> bool:
        return self._answered_at is not None and clock.now() - self._answered_at < STAYS

    def _path(self) -> str:
        return str(self.router.url.path).strip("/")


def failed(sentence: str) -> EventSpec:
    """Return the event that shows why an act was refused, or that it failed."""
    return NoticeState.say_failed(sentence)


def notice(on_undo: rx.EventHandler | None = None) -> rx.Component:
    """Return the live region of the message; `on_undo` is the handler behind its undo button."""
    undo = (
        rx.cond(
            NoticeState.undo_label != "",
            el.button(
                NoticeState.undo_label,
                type="button",
                on_click=[NoticeState.close, on_undo],
                class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w",
            ),
        )
        if on_undo
        else rx.fragment()
    )
    message = el.div(
        rx.cond(NoticeState.title != "", el.p(NoticeState.title, class_name="fr-alert__title")),
        el.p(NoticeState.text),
        undo,
        rx.cond(
            NoticeState.link != "",
            el.a(
                NoticeState.link_label,
                href=NoticeState.link,
                class_name=["fr-btn fr-btn--sm fr-mt-1w", rx.cond(NoticeState.undo_label != "", "fr-ml-1w", "")],
            ),
        ),
        el.button(
            "Masquer le message",
            type="button",
            title="Masquer le message",
            on_click=NoticeState.close,
            class_name="fr-btn--close fr-btn",
        ),
        class_name="fr-alert fr-alert--" + NoticeState.kind,
    )
    # The region exists before the message: a screen reader announces what changes in it.
    return el.div(
        rx.cond(NoticeState.kind != "", message),
        id="message",
        tab_index=-1,
        role="status",
        aria_live="polite",
        class_name="pj-notice",
    )
