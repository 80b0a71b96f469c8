"""Files that may be of one person, two by two: merge them, or say that they are of two people."""

from __future__ import annotations

from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import NotFound, Refusal
from availability.rights import REQUESTERS
from availability.sealing import House
from booking.duplicates import pairs
from booking.merging import merge, say_alike, say_distinct, unmerge
from booking.pages import person_words as words
from booking.pages.person_words import ADDRESS, PairCard, Side
from booking.pages.widgets import inner_link
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.problems import sentence
from portal.settings import secret_key
from portal.ui.dates import NBSP
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, skeleton

el = rx.el
MOST_SHOWN = 40


class PairsState(rx.State):
    """The pairs, the likeliest first."""

    cards: list[PairCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    more: int = 0
    is_loaded: bool = False
    _undo: tuple[str, str] = ("", "")  # what "Annuler" takes back, and which

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show the files that may be of one person."""
        await self._show()

    @allow(*REQUESTERS)
    @rx.event
    async def keep(self, kept_id: str, absorbed_id: str) -> EventSpec:
        """Merge the second file into the first."""
        try:
            actor, house = await current_actor(self), House(secret_key())
            done = await act(merge, actor, _uuid(kept_id), _uuid(absorbed_id), house=house, now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo = ("merge", str(done.id))
        return await self._say("Les deux dossiers n’en font qu’un : tout ce qu’avait l’autre y est.", kept_id)

    @allow(*REQUESTERS)
    @rx.event
    async def tell_apart(self, first_id: str, second_id: str) -> EventSpec:
        """Write down that they are two people."""
        try:
            actor = await current_actor(self)
            await act(say_distinct, actor, _uuid(first_id), _uuid(second_id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo = ("distinct", f"{first_id} {second_id}")
        return await self._say("Ce sont deux personnes : ces dossiers ne seront plus rapprochés.")

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> EventSpec | None:
        """Take back what was just done."""
        (what, which), self._undo = self._undo, ("", "")
        actor = await current_actor(self)
        try:
            if what == "merge":
                await act(unmerge, actor, _uuid(which), house=House(secret_key()), now=now())
            elif what == "distinct":
                await act(say_alike, actor, *(_uuid(one) for one in which.split()))
            else:
                return None
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._say("C’est annulé : les deux dossiers sont comme avant.")

    async def _show(self) -> None:
        found = await read(pairs, await current_actor(self))
        self.cards = [words.pair_card(*one) for one in found[:MOST_SHOWN]]
        self.more = max(0, len(found) - MOST_SHOWN)
        self.is_loaded = True

    async def _say(self, said: str, person_id: str = "") -> EventSpec:
        notice = await self.get_state(NoticeState)
        link = ("Ouvrir le dossier", words.address_of("", person_id)) if person_id else ("", "")
        notice.show_success(said, undo_label="Annuler" if self._undo[0] else "", link=link)
        await self._show()
        return rx.set_focus("message")

    async def _refused(self, refusal: Refusal) -> EventSpec:
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        await self._show()
        return rx.set_focus("message")


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(person_id=str(typed)[:50]) from error


@page(
    "/personnes/doublons",
    title="Doublons possibles",
    roles=REQUESTERS,
    on_load=(PairsState.load,),
    part_of="/personnes",
    description="Des dossiers qui sont peut-être ceux d’une seule personne.",
)
def pairs_page() -> rx.Component:
    """Return the page."""
    state = PairsState
    nothing = empty_state(
        "Aucun doublon.",
        "Les dossiers qui se ressemblent (noms, date de naissance, téléphone) s’affichent ici deux par deux.",
        inner_link("Toutes les personnes", href=ADDRESS, class_name="fr-btn fr-btn--secondary"),
    )
    listed = el.div(
        el.ul(rx.foreach(state.cards, _card), class_name="pj-plain"),
        rx.cond(state.more > 0, el.p("et ", state.more, " autres, après ceux-ci", class_name="pj-grey")),
    )
    return layout(
        rx.cond(
            state.is_loaded, rx.cond(state.cards.length() > 0, listed, nothing), skeleton(6, "Recherche des doublons…")
        ),
        title="Doublons possibles",
        lead=el.p(
            "Réunir donne tout au dossier gardé : réservations, convocations, téléphones, numéros. "
            "Les deux dossiers peuvent ensuite être séparés.",
            class_name="fr-text--sm pj-grey",
        ),
        on_undo=state.undo,
    )


def _card(card: rx.Var[PairCard]) -> rx.Component:
    return el.li(
        el.p(card.why, class_name="fr-text--sm fr-mb-1w pj-grey"),
        el.div(
            _side(card.first, card.second),
            _side(card.second, card.first),
            class_name="pj-double__sides",
        ),
        el.button(
            "Ce sont deux personnes",
            type="button",
            aria_label=f"Ce sont deux personnes{NBSP}: " + card.first.name + " et " + card.second.name,
            on_click=PairsState.tell_apart(card.first.id, card.second.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        key=card.id,
        class_name="pj-double",
    )


def _side(side: rx.Var[Side], other: rx.Var[Side]) -> rx.Component:
    return el.div(
        inner_link(side.name, href=side.href, class_name="fr-link"),
        el.p(side.detail, class_name="fr-text--sm fr-mb-1w"),
        el.button(
            "Garder ce dossier et y réunir l’autre",
            type="button",
            aria_label="Garder le dossier de " + side.name + ", " + side.detail + ", et y réunir l’autre",
            on_click=PairsState.keep(side.id, other.id),
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        class_name="pj-double__side",
    )
