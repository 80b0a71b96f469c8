"""What an administrator sees of the sites of their territories: those that are closed, and whose each agenda is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.administered import SiteClosure, site_closures
from availability.closings import close_site_days, reopen_site_days
from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor, Role
from booking.own_agenda import SHOWN, Agent, agents, give_agenda, owners_of
from booking.pages.own_places_words import days_words
from booking.question import form_of, text_of
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState

ADMINISTRATOR = Role.ADMINISTRATOR


@dataclass(frozen=True)
class ClosedSite:
    """A whole site that is closed, as displayed."""

    id: str
    site_id: str
    name: str
    where: str
    days: str
    reason: str


@dataclass(frozen=True)
class AgentRow:
    """An agenda, and whose it is, as displayed."""

    resource_id: str
    name: str
    detail: str
    where: str
    owner: str
    account_id: str


class SitesState(rx.State):
    """The closed sites, the agendas found, and the one whose account is being chosen."""

    is_loaded: bool = False
    closed: list[ClosedSite] = []  # noqa: RUF012 - Reflex copies the default for each client
    rows: list[AgentRow] = []  # noqa: RUF012
    typed: str = ""
    is_more: bool = False
    chosen: str = ""  # the agenda whose account is being chosen
    owners: list[tuple[str, str]] = []  # noqa: RUF012
    _undo: Any = None

    @allow(ADMINISTRATOR)
    @rx.event
    async def load(self) -> None:
        """Show what is closed, and the agendas that are somebody's own first."""
        self.chosen = ""
        await self._show()

    @allow(ADMINISTRATOR)
    @rx.event
    async def search(self, typed: str) -> None:
        """Show the agendas in whose name, site, town or account all the words typed are."""
        self.typed, self.chosen = text_of(typed)[:100], ""
        await self._show()

    @allow(ADMINISTRATOR)
    @rx.event
    async def choose(self, resource_id: str) -> EventSpec | None:
        """Show the accounts that an agenda may belong to, or none any more."""
        if str(resource_id) == self.chosen or not _is_number(resource_id):
            self.chosen = ""
            return None
        found = await read(owners_of, await current_actor(self), int(resource_id))
        self.owners = [(str(one.account_id), f"{one.name}, {one.title}" if one.title else one.name) for one in found]
        self.chosen = str(resource_id)
        return rx.set_focus("compte")

    @allow(ADMINISTRATOR)
    @rx.event
    async def give(self, form: dict[str, Any]) -> EventSpec | None:
        """Say whose the agenda is."""
        row = next((one for one in self.rows if one.resource_id == self.chosen), None)
        if row is None:
            return None
        number, account = int(row.resource_id), _account(form_of(form).get("compte", ""))
        before = UUID(row.account_id) if row.account_id else None
        if await self._do(partial(give_agenda, resource_id=number, account_id=account)):
            self._undo = partial(give_agenda, resource_id=number, account_id=before)
            name = next((label for value, label in self.owners if value == str(account)), "")
            said = f"L’agenda « {row.name} » est celui de {name}." if name else f"« {row.name} » n’est à personne."
            await self._say(f"{said} {'Il s’ouvrira en premier.' if name else ''}".strip())
            self.chosen = ""
        return rx.set_focus("message")

    @allow(ADMINISTRATOR)
    @rx.event
    async def reopen(self, site_id: str, closure_id: str) -> EventSpec | None:
        """Open a whole site again."""
        one = next((each for each in self.closed if (each.site_id, each.id) == (str(site_id), str(closure_id))), None)
        if one is None:
            return None
        given, site = [], int(one.site_id)

        def work(session: Session, actor: Actor, *, now: Any) -> None:
            given.append(reopen_site_days(session, actor, site, int(one.id), now=now))

        if await self._do(work):
            self._undo = partial(close_site_days, site_id=site, days=given[0]) if given[0] else None
            await self._say(f"{one.name} est rouvert.", can_undo=self._undo is not None)
        return rx.set_focus("message")

    @allow(ADMINISTRATOR)
    @rx.event
    async def undo(self) -> None:
        """Take the last act back."""
        undo, self._undo = self._undo, None
        if undo is not None and await self._do(undo):
            await self._say("C’est annulé.", can_undo=False)

    async def _do(self, work: Any) -> bool:
        try:
            await act(_done, await current_actor(self), work)
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(_said(refusal))
            await self._show()
            return False
        return True

    async def _say(self, said: str, *, can_undo: bool = True) -> None:
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler" if can_undo else "")
        await self._show()

    async def _show(self) -> None:
        closed, found = await read(_found, await current_actor(self), self.typed)
        self.closed = [_closed(one) for one in closed]
        self.rows = [_row(one) for one in found[:SHOWN]]
        self.is_more, self.is_loaded = len(found) > SHOWN, True


def _found(session: Session, actor: Actor, typed: str) -> tuple[list[SiteClosure], list[Agent]]:
    return site_closures(session, actor, now=clock.now()), agents(session, actor, typed)


def _done(session: Session, actor: Actor, work: Any) -> None:
    work(session, actor, now=clock.now())


def _said(refusal: Refusal) -> str:
    if isinstance(refusal, InvalidRequest) and refusal.field == "account_id":
        return "Ce compte ne fixe plus d’horaires ici : choisissez-en un autre."
    return sentence(refusal)


def _closed(one: SiteClosure) -> ClosedSite:
    days = days_words(one.first, one.until)
    return ClosedSite(str(one.id), str(one.site_id), one.name, one.commune, days, one.reason)


def _row(one: Agent) -> AgentRow:
    account = str(one.account_id or "")
    return AgentRow(str(one.resource_id), one.name, one.kind_label, _where(one), one.owner or "", account)


def _where(one: Agent) -> str:
    return ", ".join(part for part in (one.site_name, one.commune) if part)


def _account(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError as error:
        raise InvalidRequest("account_id", "unknown-choice") from error


def _is_number(typed: object) -> bool:
    return str(typed).isascii() and str(typed).isdecimal() and len(str(typed)) < 16
