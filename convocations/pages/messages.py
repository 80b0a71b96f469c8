"""The outbox: what waits, what left, what did not and why; and what an agent does about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from booking.pages.ledger_parts import ledger, more_button, segments
from booking.pages.outbox_part import detail, opener, outbox_line, outer_button, state_cell, state_heading, told_alert
from booking.pages.widgets import inner_link
from convocations.answers import asked
from convocations.host_sms import draft as host_draft
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
from convocations.pages.addresses import CONVENE, LIST, OUTBOX, TO_CALL, link_of
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_words import MessageRow, draft, message_row
from convocations.pages.problems import said
from convocations.pages.widgets import ticker
from convocations.queries import convocation_line
from convocations.segments import measure
from convocations.template_queries import texts_for
from convocations.to_call import count_to_call
from convocations.wording import spoken
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.settings import secret_key, settings
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, link_button, skeleton
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
ON_SCREEN = "Aucun SMS ne part : cette boîte remplace l’opérateur."
ITS_LINK = " Ouvrez un message pour suivre le lien de la personne."
HIDDEN_LINK = "(lien de la personne)"
BACK = "fr-link fr-icon-arrow-left-line fr-link--icon-left"
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
    can_convene: bool = False
    has_more: bool = False
    to_call: int = 0
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

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show the part that the address asks for."""
        watch(self)
        asked = str(self.router.url.query_parameters.get("etat", ""))
        self.part = asked if asked in set(Part) else Part.ALL.value
        self.step, self.opened = "", Opened()
        self.can_convene = (await current_actor(self)).has(*CONVENERS)
        self.on_screen = "" if settings().has_sms else ON_SCREEN + (ITS_LINK if self.can_convene else "")
        await self._fill(PAGE)

    @allow(*REQUESTERS)
    @rx.event
    async def refresh(self) -> None:
        """Show the same lines as they are now."""
        await self._fill(len(self.rows))

    @allow(*REQUESTERS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next lines under the others."""
        actor = await current_actor(self)
        self._append(await read(_messages, actor, Query(part=Part(self.part)), after=self._last, limit=PAGE + 1), PAGE)

    @allow(*REQUESTERS)
    @rx.event
    async def pick_part(self, part: str) -> EventSpec:
        """Show another part of the outbox."""
        chosen = str(part) if str(part) in set(Part) else Part.ALL.value
        return rx.redirect(f"{OUTBOX}?{urlencode({'etat': chosen})}")

    @allow(*REQUESTERS)
    @rx.event
    async def open_message(self, message_id: str) -> None:
        """Show what a message says; it is logged."""
        self.said, self.tone = "", ""
        await self._open(await current_actor(self), str(message_id))

    @allow(*REQUESTERS)
    @rx.event
    async def close_sheet(self) -> None:
        """Close the message."""
        self.step, self.opened = "", Opened()

    @allow(*REQUESTERS)
    @rx.event
    async def retry(self) -> None:
        """Have it leave again."""
        await self._do(retry_message, "Il repart dès que possible.")

    @allow(*REQUESTERS)
    @rx.event
    async def cancel(self) -> None:
        """Keep it from leaving."""
        await self._do(cancel_message, "Il ne partira pas.")

    @allow(*REQUESTERS)
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
        self.to_call = await read(count_to_call, await current_actor(self), now=now())
        self.none, self.is_loaded = NONE_WORDS[Part(self.part)], True

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - it may be about anywhere
        """Show what has just left, or is planned."""
        await self._fill(len(self.rows))

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
    one = _listed(session, actor, message_id)
    is_waiting = one.state in (MessageState.PLANNED, MessageState.SENDING) and not found.body
    link = link_of(one.link) if one.convocation_id else ""  # that of a host answers for it
    body = _draft(session, actor, one, link, at) if is_waiting else found.body
    body, link = shown_to(actor, body, link)
    cost = measure(body)
    return Opened(
        row=message_row(one, now=at),
        body=body,
        heading=_heading(is_waiting=is_waiting, has_left=one.sent_at is not None),
        size=f"{cost.segments} SMS, {cost.units} caractères, {cost.encoding}" if body and one.convocation_id else "",
        link=link if body else "",
    )


def shown_to(actor: Actor, body: str, link: str) -> tuple[str, str]:
    """Return a body and its link as an actor may read them: whoever has the link of a person acts for them."""
    if not link or actor.has(*CONVENERS):
        return body, link
    return body.replace(link, HIDDEN_LINK), ""


def _draft(session: Session, actor: Actor, one: ListedMessage, link: str, at: datetime) -> str:
    if one.convocation_id is None:
        return host_draft(session, one.id)
    line = convocation_line(session, actor, one.convocation_id, now=at)
    body = draft(one, line, link, texts_for(session, [(line.kind_id, line.organisation_id)]))
    asks = settings().has_twilio and settings().can_answer and body
    return body + asked(one.kind, spoken(line.language), (), ZoneInfo(line.time_zone)) if asks else body


def _heading(*, is_waiting: bool, has_left: bool) -> str:
    if is_waiting:
        return "Tel qu’il partirait maintenant"
    return "Tel qu’il est parti" if has_left else "Tel qu’il devait partir"


def _listed(session: Session, actor: Actor, message_id: UUID) -> ListedMessage:
    found = messages(session, actor, Query(message_id=message_id), house=House(secret_key()), limit=1)
    if not found:
        raise NotFound(message_id=message_id)
    return found[0]


@page(
    "/convocations/messages",
    title="Boîte d’envoi",
    roles=REQUESTERS,
    part_of="/convocations",
    on_load=(MessagesState.load,),
    description="Ce qui attend, ce qui est parti, ce qui n’est pas parti et pourquoi.",
)
def messages_page() -> rx.Component:
    """Return the page."""
    state = MessagesState
    return layout(
        told_alert(state.on_screen),
        el.div(
            rx.cond(
                state.can_convene,
                inner_link("Convocations", href=LIST, class_name=BACK),
                inner_link("Réservations", href="/reservations/", class_name=BACK),
            ),
            rx.cond(
                state.to_call > 0,
                inner_link(
                    "À appeler\u00a0: ",
                    state.to_call,
                    href=TO_CALL,
                    class_name="fr-link fr-icon-phone-line fr-link--icon-left",
                ),
            ),
            class_name="pj-outbox__ways fr-mb-2w",
        ),
        el.div(
            segments("etat", PART_WORDS, current=state.part, on_pick=state.pick_part), class_name="pj-ledger__filters"
        ),
        rx.cond(state.is_loaded, _list(), skeleton(10, "Chargement des messages…")),
        ticker(seconds=LOOK_EVERY_S, on_tick=state.refresh),
        sheet(_message(), open=state.is_open, title=state.title, on_close=state.close_sheet),
        title="Boîte d’envoi",
        wide=True,
    )


def _list() -> rx.Component:
    state = MessagesState
    table = ledger("Messages, le dernier d’abord", HEADINGS, rx.foreach(state.rows, _line))
    more = more_button(PAGE, state.show_more)
    nothing = empty_state(
        state.none,
        "Les SMS de convocation, de rappel, de changement et d’annulation s’afficheront ici, comme ceux aux lieux "
        "à qui une place est demandée.",
        rx.cond(state.can_convene, link_button("Convoquer quelqu’un", CONVENE, icon="fr-icon-send-plane-line")),
    )
    return el.div(rx.cond(state.rows.length() > 0, table, nothing), rx.cond(state.has_more, more))


def _line(row: rx.Var[MessageRow]) -> rx.Component:
    words = rx.fragment(row.kind, el.span(", " + row.whom, class_name="fr-sr-only"))
    opened = opener(words, MessagesState.open_message(row.id))
    return outbox_line(row.id, opened, (row.whom, detail(row.phone)), state_cell(row), row.at, row.size)


def _message() -> rx.Component:
    state, opened = MessagesState, MessagesState.opened
    alert = el.div(el.p(state.said), class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone)

    def button(label: str, event: Any, kind: str) -> rx.Component:
        return el.button(label, type="button", on_click=event, class_name=f"fr-btn fr-btn--{kind}")

    return el.div(
        el.div(rx.cond(state.said != "", alert), role="status", aria_live="polite"),
        state_heading(opened.row),
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
            rx.cond(opened.link != "", outer_button("Suivre le lien de la personne", opened.link)),
            inner_link(
                rx.cond(opened.row.is_to_host, "Voir la demande", "Voir la convocation"),
                href=opened.row.sheet,
                class_name="fr-btn fr-btn--secondary",
            ),
            rx.cond(opened.row.can_retry, button("Envoyer à nouveau", state.retry, "secondary")),
            rx.cond(opened.row.can_handle, button("C’est traité autrement", state.handle, "tertiary")),
            rx.cond(opened.row.can_cancel, button("Ne pas envoyer", state.cancel, "tertiary")),
            class_name="pj-actions",
        ),
    )
