"""Files that pass from one service to another: answer, take back, see what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.rights import Actor
from availability.sealing import House
from booking.divestment import FOLLOWERS, accept, divestments_for, refuse, withdraw
from booking.pages import person_words as words
from booking.pages.person_words import ADDRESS, PassingCard
from booking.pages.widgets import inner_link
from booking.question import form_of
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import badge, empty_state, field, skeleton

el = rx.el


class PassingState(rx.State):
    """What waits for an answer first, then what is asked, then what ended."""

    cards: list[PassingCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    open_id: str = ""  # which is being refused
    why: str = ""
    problem: str = ""
    is_loaded: bool = False

    @allow(*FOLLOWERS)
    @rx.event
    async def load(self) -> None:
        """Show the files that pass."""
        watch(self)
        await self._show()

    @allow(*FOLLOWERS)
    @rx.event
    async def accept_it(self, number: str) -> EventSpec:
        """Let the file pass, or take it."""
        return await self._do(
            lambda session, actor, at: accept(session, actor, _uuid(number), now=at),
            "C’est accepté : le dossier est passé.",
        )

    @allow(*FOLLOWERS)
    @rx.event
    async def begin_refusal(self, number: str) -> EventSpec | None:
        """Ask why, in the card itself; nothing closes the question."""
        self.open_id, self.why, self.problem = str(number)[:50], "", ""
        return rx.set_focus("motif") if self.open_id else None

    @allow(*FOLLOWERS)
    @rx.event
    async def refuse_it(self, form: dict[str, Any]) -> EventSpec:
        """Keep the file where it is."""
        self.why, number = form_of(form).get("motif", "")[:400], self.open_id
        if not self.why.strip() or len(self.why.strip()) > words.LONGEST_WHY:
            self.problem = f"Dites pourquoi, en {words.LONGEST_WHY} caractères au plus."
            return rx.set_focus("motif")
        why, house = self.why, House(secret_key())
        return await self._do(
            lambda session, actor, at: refuse(session, actor, _uuid(number), why=why, house=house, now=at),
            "C’est refusé : le dossier reste où il est, et le motif est transmis.",
        )

    @allow(*FOLLOWERS)
    @rx.event
    async def withdraw_it(self, number: str) -> EventSpec:
        """Take back what one's service asked."""
        return await self._do(
            lambda session, actor, at: withdraw(session, actor, _uuid(number), now=at),
            "La demande est retirée.",
        )

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - told by any place of both
        """Show what the other service, or the clock, has just done."""
        if not self.open_id:  # what is being typed stays where it is
            await self._show()

    async def _do(self, action: Callable[[Session, Actor, datetime], object], said: str) -> EventSpec:
        notice = await self.get_state(NoticeState)
        try:
            await act(_act, await current_actor(self), action, now())
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            notice.show_success(said)
            self.open_id = self.why = self.problem = ""
        await self._show()
        return rx.set_focus("message")

    async def _show(self) -> None:
        actor, at = await current_actor(self), now()
        found = await read(divestments_for, actor, house=House(secret_key()), now=at)
        self.cards = [words.passing_card(one, now=at) for one in found]
        self.is_loaded = True


def _act(session: Session, actor: Actor, action: Callable[[Session, Actor, datetime], object], at: datetime) -> None:
    action(session, actor, at)


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(divestment_id=str(typed)[:50]) from error


@page(
    "/personnes/dessaisissements",
    title="Dessaisissements",
    roles=FOLLOWERS,
    on_load=(PassingState.load,),
    part_of="/personnes",
    description="Les dossiers qui passent d’un service à un autre.",
)
def passing_page() -> rx.Component:
    """Return the page."""
    state = PassingState
    nothing = empty_state(
        "Aucun dessaisissement en cours.",
        "Quand une personne déménage, demandez son dossier, ou proposez-le au service qui la suivra, depuis l’onglet "
        "Services de son dossier.",
        inner_link("Toutes les personnes", href=ADDRESS, class_name="fr-btn fr-btn--secondary"),
    )
    listed = el.ul(rx.foreach(state.cards, _card), class_name="pj-cards")
    return layout(
        rx.cond(
            state.is_loaded, rx.cond(state.cards.length() > 0, listed, nothing), skeleton(4, "Lecture des demandes…")
        ),
        title="Dessaisissements",
        lead=el.p(
            "Sans réponse dans les dix jours, le dossier passe. Un rappel s’affiche trois jours avant.",
            class_name="fr-text--sm pj-grey",
        ),
    )


def _card(card: rx.Var[PassingCard]) -> rx.Component:
    state = PassingState
    answers = el.div(
        rx.cond(
            card.can_answer,
            rx.fragment(
                _button("Accepter", state.accept_it(card.id), card),
                _button("Refuser", state.begin_refusal(card.id), card, kind="secondary"),
            ),
        ),
        rx.cond(card.can_withdraw, _button("Retirer la demande", state.withdraw_it(card.id), card, kind="tertiary")),
        class_name="pj-actions fr-mt-1w",
    )
    return el.li(
        badge(card.state, card.badge),
        el.h2(card.title, class_name="fr-h6 fr-mb-1v"),
        rx.foreach(card.lines, lambda line: el.p(line, class_name="fr-text--sm fr-mb-0")),
        rx.cond(state.open_id == card.id, _refusal(), answers),
        key=card.id,
        class_name="pj-card",
    )


def _refusal() -> rx.Component:
    state = PassingState
    return rx.el.form(
        field(
            "Pourquoi ce dossier ne passe-t-il pas ?",
            "motif",
            hint="Transmis à l’autre service ; gardé chiffré",
            error=state.problem,
            default_value=state.why,
            auto_complete="off",
        ),
        el.div(
            el.button("Refuser", type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Revenir",
                type="button",
                on_click=state.begin_refusal(""),
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
            class_name="pj-actions",
        ),
        on_submit=state.refuse_it,
        no_validate=True,
        class_name="pj-form fr-mt-2w",
    )


def _button(label: str, event: Any, card: rx.Var[PassingCard], *, kind: str = "") -> rx.Component:
    return el.button(
        label,
        type="button",
        aria_label=label + ", pour " + card.title,
        on_click=event,
        class_name=f"fr-btn fr-btn--sm{f' fr-btn--{kind}' if kind else ''}",
    )
