"""The outbox: what waits, what left, what did not and why; and what an agent does about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.rights import Actor
from booking.pages.widgets import inner_link
from booking.sealing import House
from convocations.kinds import MessageState
from convocations.outbox import (
    PAGE,
    Cursor,
    ListedMessage,
    Part,
    Query,
    cancel_message,
    mark_handled,
    messages,
    read_message,
    retry_message,
)
from convocations.pages.addresses import CONVENE, LIST, OUTBOX, link_of
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_words import MessageRow, draft, message_row
from convocations.pages.problems import said
from convocations.pages.widgets import ticker
from convocations.queries import convocation_line
from convocations.segments import measure
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.settings import secret_key, settings
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, link_button, skeleton
from portal.ui.sheet import sheet

el = rx.el
MOST_SHOWN = 400
LOOK_EVERY_S = 5
HEADINGS = ("Message", "À qui", "État", "Quand", "Taille")
PART_WORDS = {
    Part.TO_HANDLE: "À traiter",
    Part.WAITING: "À envoyer",
    Part.SENT: "Partis",
    Part.STOPPED: "Arrêtés",
    Part.ALL: "Tous",
}
NONE_WORDS = {
    Part.TO_HANDLE: "Rien à traiter",
    Part.WAITING: "Aucun message n’attend",
    Part.SENT: "Aucun message n’est parti",
    Part.STOPPED: "Aucun message arrêté",
    Part.ALL: "La boîte d’envoi est vide",
}
ON_SCREEN = (
    "Aucun SMS ne part : cette boîte remplace l’opérateur. Ouvrez un message pour suivre le lien de la personne."
)
NO_ROW = MessageRow("", "", "", "", "", "", "", "", "", "")


@dataclass(frozen=True)
class Opened:
    """A message as its sheet displays it."""

    row: MessageRow = NO_ROW
    body: str = ""
    heading: str = ""
    size: str = ""
    link: str = ""


class MessagesState(rx.State):
    """The lines shown, and the message that is open."""

    part: str = Part.ALL.value
    rows: list[MessageRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    none: str = ""
    on_screen: str = ""
    has_more: bool = False
    is_loaded: bool = False
    opened: Opened = Opened()
    step: str = ""  # of the sheet: "", shown
    said: str = ""
    tone: str = ""
    _last: Cursor | None = None

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return f"{self.opened.row.kind}, {self.opened.row.whom}"

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Show the part that the address asks for."""
        asked = str(self.router.url.query_parameters.get("etat", ""))
        self.part = asked if asked in set(Part) else Part.ALL.value
        self.step, self.opened = "", Opened()
        self.on_screen = "" if settings().has_twilio else ON_SCREEN
        await self._fill(PAGE)

    @allow(*CONVENERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same lines as they are now."""
        await self._fill(len(self.rows))

    @allow(*CONVENERS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next lines under the others."""
        actor = await current_actor(self)
        self._append(await read(_messages, actor, Query(part=Part(self.part)), after=self._last, limit=PAGE + 1), PAGE)

    @allow(*CONVENERS)
    @rx.event
    async def pick_part(self, part: str) -> EventSpec:
        """Show another part of the outbox."""
        chosen = str(part) if str(part) in set(Part) else Part.ALL.value
        return rx.redirect(f"{OUTBOX}?{urlencode({'etat': chosen})}")

    @allow(*CONVENERS)
    @rx.event
    async def open_message(self, message_id: str) -> None:
        """Show what a message says; it is logged."""
        self.said, self.tone = "", ""
        await self._open(await current_actor(self), str(message_id))

    @allow(*CONVENERS)
    @rx.event
    async def close_sheet(self) -> None:
        """Close the message."""
        self.step, self.opened = "", Opened()

    @allow(*CONVENERS)
    @rx.event
    async def retry(self) -> None:
        """Have it leave again."""
        await self._do(retry_message, "Il repart dès que possible.")

    @allow(*CONVENERS)
    @rx.event
    async def cancel(self) -> None:
        """Keep it from leaving."""
        await self._do(cancel_message, "Il ne partira pas.")

    @allow(*CONVENERS)
    @rx.event
    async def handle(self) -> None:
        """Say that it was dealt with otherwise."""
        await self._do(mark_handled, "C’est noté : rien n’est plus à faire.")

    async def _do(self, action: Callable[..., object], words: str) -> None:
        if not self.opened.row.id:
            return
        actor = await current_actor(self)
        try:
            await act(action, actor, UUID(self.opened.row.id), now=now())
        except Refusal as refusal:
            self.said, self.tone = said(refusal), "error"
        else:
            self.said, self.tone = words, "success"
        await self._open(actor, self.opened.row.id)
        await self._fill(len(self.rows))

    async def _open(self, actor: Actor, message_id: str) -> None:
        try:
            self.opened = await act(_opened, actor, UUID(message_id), now())
            self.step = "shown"
        except (ValueError, NotFound):
            self.step, self.opened = "", Opened()
            (await self.get_state(NoticeState)).show_error("Ce message n’existe pas, ou ne vous est pas accessible.")

    async def _fill(self, count: int) -> None:
        wanted = min(max(count, PAGE), MOST_SHOWN)
        listed = await read(_messages, await current_actor(self), Query(part=Part(self.part)), limit=wanted + 1)
        self.rows = []
        self._append(listed, wanted)
        self.none, self.is_loaded = NONE_WORDS[Part(self.part)], True

    def _append(self, listed: list[ListedMessage], wanted: int) -> None:
        kept, at = listed[:wanted], now()
        self.rows = self.rows + [message_row(one, now=at) for one in kept]
        self.has_more = len(listed) > wanted
        if kept:
            self._last = Cursor(kept[-1].due_at, kept[-1].id)


def _messages(
    session: Session, actor: Actor, query: Query, *, limit: int, after: Cursor | None = None
) -> list[ListedMessage]:
    return messages(session, actor, query, house=House(secret_key()), after=after, limit=limit)


def _opened(session: Session, actor: Actor, message_id: UUID, at: datetime) -> Opened:
    found = read_message(session, actor, message_id, house=House(secret_key()), now=at)
    one = _listed(session, actor, found.convocation_id, message_id)
    line = convocation_line(session, actor, one.convocation_id, now=at)
    link = link_of(one.link)
    is_waiting = one.state in (MessageState.PLANNED, MessageState.SENDING) and not found.body
    body = draft(one, line, link) if is_waiting else found.body
    cost = measure(body)
    return Opened(
        row=message_row(one, now=at),
        body=body,
        heading=_heading(is_waiting=is_waiting, has_left=one.state is MessageState.SENT),
        size=f"{cost.segments} SMS, {cost.units} caractères, {cost.encoding}" if body else "",
        link=link if body else "",
    )


def _heading(*, is_waiting: bool, has_left: bool) -> str:
    if is_waiting:
        return "Tel qu’il partirait maintenant"
    return "Tel qu’il est parti" if has_left else "Tel qu’il devait partir"


def _listed(session: Session, actor: Actor, convocation_id: UUID, message_id: UUID) -> ListedMessage:
    listed = messages(session, actor, Query(convocation_id=convocation_id), house=House(secret_key()), limit=MOST_SHOWN)
    found = next((one for one in listed if one.id == message_id), None)
    if found is None:
        raise NotFound(message_id=message_id)
    return found


@page(
    "/convocations/messages",
    title="Boîte d’envoi",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(MessagesState.load,),
    description="Ce qui attend, ce qui est parti, ce qui n’est pas parti et pourquoi.",
)
def messages_page() -> rx.Component:
    """Return the page."""
    state = MessagesState
    told = el.div(el.p(state.on_screen), class_name="fr-alert fr-alert--info fr-alert--sm fr-mb-3w")
    return layout(
        rx.cond(state.on_screen != "", told),
        el.div(
            inner_link("Convocations", href=LIST, class_name="fr-link fr-icon-arrow-left-line fr-link--icon-left"),
            class_name="fr-mb-2w",
        ),
        el.div(_parts(), class_name="pj-ledger__filters"),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Chargement des messages…")),
        ticker(seconds=LOOK_EVERY_S, on_tick=state.refresh),
        sheet(_message(), open=state.is_open, title=state.title, on_close=state.close_sheet),
        title="Boîte d’envoi",
        wide=True,
    )


def _parts() -> rx.Component:
    def part(one: Part, words: str) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"etat-{one}",
                name="etat",
                value=one.value,
                checked=MessagesState.part == one.value,
                on_change=MessagesState.pick_part(one.value),
            ),
            el.label(words, html_for=f"etat-{one}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    return el.fieldset(
        el.legend("Afficher", class_name="fr-segmented__legend fr-segmented__legend--inline"),
        el.div(*[part(one, words) for one, words in PART_WORDS.items()], class_name="fr-segmented__elements"),
        class_name="fr-segmented fr-segmented--sm pj-tabs",
    )


def _list() -> rx.Component:
    state = MessagesState
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in HEADINGS], role="row")
    table = el.table(
        el.caption("Messages, le dernier d’abord", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(state.rows, _line), role="rowgroup"),
        role="table",
        class_name="pj-ledger",
    )
    more = el.button(
        f"Afficher {PAGE} de plus",
        type="button",
        on_click=state.show_more,
        class_name="fr-btn fr-btn--secondary pj-more",
    )
    nothing = empty_state(
        state.none,
        "Les SMS de convocation, de rappel, de changement et d’annulation s’afficheront ici.",
        link_button("Convoquer quelqu’un", CONVENE, icon="fr-icon-send-plane-line"),
    )
    return rx.cond(state.rows.length() > 0, el.div(table, rx.cond(state.has_more, more)), nothing)


def _line(row: rx.Var[MessageRow]) -> rx.Component:
    opened = el.button(
        row.kind,
        type="button",
        on_click=MessagesState.open_message(row.id),
        class_name="pj-ledger__open pj-message__open",
    )
    return el.tr(
        el.td(opened, role="cell"),
        el.td(row.whom, el.span(row.phone, class_name="pj-ledger__detail"), role="cell"),
        el.td(
            badge(row.state, row.badge),
            rx.cond(row.why != "", el.span(row.why, class_name="pj-ledger__detail")),
            role="cell",
        ),
        el.td(row.at, role="cell"),
        el.td(row.size, role="cell"),
        key=row.id,
        role="row",
    )


def _message() -> rx.Component:
    state, opened = MessagesState, MessagesState.opened
    alert = el.div(el.p(state.said), class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone)

    def button(label: str, event: Any, kind: str) -> rx.Component:
        return el.button(label, type="button", on_click=event, class_name=f"fr-btn fr-btn--{kind}")

    return el.div(
        el.div(rx.cond(state.said != "", alert), role="status", aria_live="polite"),
        el.div(badge(opened.row.state, opened.row.badge), class_name="fr-mb-1w"),
        rx.cond(opened.row.why != "", el.p(opened.row.why, class_name="fr-mb-1w")),
        el.p(opened.row.at, class_name="pj-grey fr-mb-2w"),
        rx.cond(
            opened.body != "",
            el.div(
                el.h3(opened.heading, class_name="fr-h6 fr-mb-1w"),
                el.p(opened.body, dir="auto", class_name="pj-phone__sms"),
                el.p(opened.size, class_name="fr-text--sm pj-grey"),
            ),
            el.p("Il n’a jamais été écrit.", class_name="pj-grey"),
        ),
        el.div(
            rx.cond(
                opened.link != "",
                el.a(
                    "Suivre le lien de la personne",
                    href=opened.link,
                    target="_blank",
                    rel="noopener",
                    title="Suivre le lien de la personne - nouvelle fenêtre",
                    class_name="fr-btn",
                ),
            ),
            inner_link("Voir la convocation", href=opened.row.sheet, class_name="fr-btn fr-btn--secondary"),
            rx.cond(opened.row.can_retry, button("Envoyer à nouveau", state.retry, "secondary")),
            rx.cond(opened.row.can_handle, button("C’est traité autrement", state.handle, "tertiary")),
            rx.cond(opened.row.can_cancel, button("Ne pas envoyer", state.cancel, "tertiary")),
            class_name="pj-actions",
        ),
    )
