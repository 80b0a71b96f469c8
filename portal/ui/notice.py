"""The message that answers an act: a DSFR alert bound to state, read out by screen readers.

Not a toast: a toast returned by a handler needs `eval`, which our content security policy forbids.
"""

from __future__ import annotations

import reflex as rx
from reflex.event import EventSpec

from portal.access import PUBLIC, allow, not_an_event

el = rx.el


class NoticeState(rx.State):
    """The one message shown above the content."""

    kind: str = ""  # "", success, info, warning, error
    title: str = ""
    text: str = ""
    undo_label: str = ""
    link: str = ""  # address of what one does next
    link_label: str = ""
    _survives: bool = False  # shown by the page that comes next

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
    ) -> None:
        """Show a message; `undo_label` names the button that takes the act back, `link` is (label, address)."""
        self.kind, self.title, self.text = kind, title, text
        self.undo_label, self._survives = undo_label, on_next_page
        self.link_label, self.link = link

    @not_an_event
    def show_success(
        self,
        text: str,
        *,
        title: str = "",
        undo_label: str = "",
        link: tuple[str, str] = ("", ""),
        on_next_page: bool = False,
    ) -> None:
        """Say that an act is done."""
        self.show("success", text, title=title, undo_label=undo_label, link=link, on_next_page=on_next_page)

    @not_an_event
    def show_error(self, text: str, *, title: str = "") -> None:
        """Say that an act was refused, and why."""
        self.show("error", text, title=title)

    @not_an_event
    def turn_page(self) -> None:
        """Forget the message when a page is loaded, unless it was meant for that page."""
        if self._survives:
            self._survives = False
        else:
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
