"""The saved searches of whoever is signed in: save the one shown, open one, rename it, delete it, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import SEARCHERS, Actor
from booking.day import today_of
from booking.filters import Filters
from booking.pages.map_aim import aim_of
from booking.pages.saved_words import SavedLine, saved_line
from booking.question import form_of
from booking.saved_searches import (
    MOST_SAVED,
    Saved,
    TooManySaved,
    ToSave,
    forget,
    rename,
    save,
    saved_by,
    see,
    take_back,
)
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.problems import problem
from portal.ui.dates import NBSP
from portal.ui.notice import NoticeState

if TYPE_CHECKING:
    from booking.pages.map_screen import Screen

LABEL_WORDS = {
    "required": "Donnez un nom à cette recherche.",
    "too-long": "Ce nom est trop long : 120 caractères au plus.",
}
problem(
    TooManySaved,
    409,
    "too-many-saved-searches",
    "Trop de recherches enregistrées",
    f"Vous avez {MOST_SAVED} recherches enregistrées, le nombre permis : supprimez-en une.",
)


class SavedState(rx.State):
    """The list, and the line whose name is being changed."""

    lines: list[SavedLine] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_saved: bool = False  # the search shown
    renaming: str = ""
    typed: str = ""
    problem: str = ""
    _name: str = ""  # of the search shown, until its owner gives another
    _query: str = ""
    _undo: str = ""  # what the next "Annuler" does: "forget" or "take_back", then the search

    @rx.var
    def summary(self) -> str:
        """Name the list, and say how much of it is news."""
        news = sum(1 for line in self.lines if line.news)
        count = f" ({len(self.lines)})" if self.lines else ""
        return f"Mes recherches enregistrées{count}" + (f"{NBSP}: du nouveau" if news else "")

    @allow(*SEARCHERS)
    @rx.event
    async def save_it(self) -> None:
        """Save the search shown; its owner is told of what frees up."""
        actor = await current_actor(self)
        aim = await aim_of(actor, Filters.read(dict(parse_qsl(self._query))), is_shown=False)
        filters, near = aim.without_person()
        saved = await act(save, actor, ToSave(filters, near, self._name), now=clock.now())
        self._undo = f"forget {saved.id}"
        await self._refresh(actor, saved.id)
        notice = await self.get_state(NoticeState)
        notice.show_success(
            "Vous serez prévenu dans « Ma journée » dès qu’une place se libère. Le nom et l’adresse d’une personne ne"
            " sont pas gardés.",
            title="Recherche enregistrée",
            undo_label="Annuler",
        )

    @allow(*SEARCHERS)
    @rx.event
    async def start_renaming(self, search_id: str) -> EventSpec | None:
        """Show the name of a search in a field, or hide it."""
        line = next((line for line in self.lines if line.id == search_id), None)
        self.renaming, self.problem = (line.id, "") if line else ("", "")
        self.typed = line.label if line else ""
        return rx.set_focus("nom-recherche") if line else None

    @allow(*SEARCHERS)
    @rx.event
    async def rename_it(self, form: dict[str, Any]) -> None:
        """Give a search another name; a refusal keeps what was typed."""
        actor = await current_actor(self)
        self.typed = form_of(form).get("nom-recherche", "")[:400]
        try:
            await act(rename, actor, _number(self.renaming), self.typed)
        except InvalidRequest as refusal:
            self.problem = LABEL_WORDS.get(refusal.problem, LABEL_WORDS["required"])
            return
        self.renaming, self.problem = "", ""
        await self._refresh(actor)

    @allow(*SEARCHERS)
    @rx.event
    async def forget_it(self, search_id: str) -> None:
        """Delete a search; the message that follows takes it back."""
        actor = await current_actor(self)
        number = _number(search_id)
        label = next((line.label for line in self.lines if line.id == str(number)), "")
        await act(forget, actor, number, now=clock.now())
        self._undo = f"take_back {number}"
        self.renaming = ""
        await self._refresh(actor)
        notice = await self.get_state(NoticeState)
        notice.show_success(f"Recherche supprimée{NBSP}: {label}", undo_label="Annuler")

    @allow(*SEARCHERS)
    @rx.event
    async def undo(self) -> None:
        """Take the last act back."""
        what, _, number = self._undo.partition(" ")
        if not number:
            return
        actor = await current_actor(self)
        self._undo = ""
        await act(take_back if what == "take_back" else forget, actor, UUID(number), now=clock.now())
        await self._refresh(actor)

    @not_an_event
    async def show(self, actor: Actor, screen: Screen, query: str) -> None:
        """Show the list beside a search that was just made; what freed up for it has then been seen."""
        here, self._name, self._query = screen.saved_here, screen.name, query
        self.is_saved = False
        if here and here.unseen:
            await act(see, actor, here.id, now=clock.now())
            await self._refresh(actor, here.id)
        else:
            self._list(screen.saved, screen.today, here.id if here else None)

    async def _refresh(self, actor: Actor, current: UUID | None = None) -> None:
        saved, today = await read(_saved, actor)
        if current is None and self.is_saved:
            known = next((line.id for line in self.lines if line.is_current), "")
            current = next((one.id for one in saved if str(one.id) == known), None)
        self._list(saved, today, current)

    def _list(self, saved: Sequence[Saved], today: date, current: UUID | None) -> None:
        self.lines = [saved_line(one, today, is_current=one.id == current) for one in saved]
        self.is_saved = any(line.is_current for line in self.lines)


def _saved(session: Session, actor: Actor) -> tuple[list[Saved], date]:
    return saved_by(session, actor), today_of(session, actor, now=clock.now())


def _number(search_id: object) -> UUID:
    try:
        return UUID(str(search_id))
    except ValueError as error:
        raise NotFound(saved_search_id=str(search_id)[:50]) from error
