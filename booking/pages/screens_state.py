"""The screens of a court, and what they may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.rights import Actor
from availability.sealing import House
from booking.hearing_day_models import Screen, Shown
from booking.pages.hours_words import capital
from booking.pages.undoing import UndoingState
from booking.plans.hearings import PLANNERS
from booking.room_ways import set_ways, ways_of
from booking.screens import (
    KindShown,
    Room,
    add_screen,
    address_of,
    change_screen,
    court_of_screens,
    keep_address,
    publicity_of,
    put_back_screen,
    remove_screen,
    renew_screen,
    rooms_of,
    screens_of,
    set_publicity,
)
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

LIT = timedelta(minutes=3)  # it asks every few seconds, and is noted every minute
MOST_TYPED = 200
ALL_ROOMS = "toutes les salles"


@dataclass(frozen=True)
class RoomChoice:
    """A room to tick."""

    id: str
    name: str
    is_ticked: bool = False


@dataclass(frozen=True)
class ScreenCard:
    """A screen of the court."""

    id: str
    name: str
    rooms: str
    address: str
    seen: str
    is_lit: bool


@dataclass(frozen=True)
class KindRow:
    """A kind of hearings, and what screens say of it."""

    id: str
    label: str
    shown: str


@dataclass(frozen=True)
class WayRow:
    """A room, and the way to it."""

    id: str
    room: str
    words: str
    error: str = ""


@dataclass(frozen=True)
class Read:
    """Everything that the page shows."""

    court: str
    screens: list[Screen]
    rooms: list[Room]
    kinds: list[KindShown]
    ways: dict[int, str]


class ScreensState(UndoingState, rx.State):
    """The screens, and the form that adds or changes one."""

    screens: list[ScreenCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    rooms: list[RoomChoice] = []  # noqa: RUF012
    kinds: list[KindRow] = []  # noqa: RUF012
    ways: list[WayRow] = []  # noqa: RUF012
    editing: str = ""  # which screen the form is about; empty: a new one
    name: str = ""
    name_error: str = ""
    turn: int = 0  # the form is drawn again
    is_loaded: bool = False
    _ticked: dict[str, list[int]] = {}  # noqa: RUF012
    _versions: dict[str, int] = {}  # noqa: RUF012

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show the screens of the actor's court."""
        self._undo = None
        self._reset_form()
        await self._read_again()
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def save(self, form: dict[str, Any]) -> EventSpec:
        """Add a screen, or change the one that the form is about."""
        self.name = str(form.get("nom-ecran", ""))[:MOST_TYPED]
        ticked = [int(one.id) for one in self.rooms if form.get(f"salle-{one.id}")]
        self.rooms = [RoomChoice(one.id, one.name, int(one.id) in ticked) for one in self.rooms]
        action = partial(change_screen, screen_id=int(self.editing)) if self.editing else add_screen
        try:
            screen = await act(action, await current_actor(self), name=self.name, room_ids=ticked, now=now())
        except InvalidRequest as refusal:
            self.name_error = sentence(refusal)
            return rx.set_focus("nom-ecran")
        except Refusal as refusal:
            return await self._refused(refusal)
        self._reset_form()
        return await self._said(f"L’écran « {screen.name} » est enregistré.")

    @allow(*PLANNERS)
    @rx.event
    async def edit(self, screen_id: str) -> EventSpec | None:
        """Fill the form with a screen."""
        card = next((one for one in self.screens if one.id == str(screen_id)), None)
        if card is None:
            return None
        self.editing, self.name, self.name_error, self.turn = card.id, card.name, "", self.turn + 1
        ticked = self._ticked.get(card.id, [])
        self.rooms = [RoomChoice(one.id, one.name, int(one.id) in ticked) for one in self.rooms]
        return rx.set_focus("nom-ecran")

    @allow(*PLANNERS)
    @rx.event
    async def cancel(self) -> EventSpec:
        """Empty the form."""
        self._reset_form()
        return rx.set_focus("nom-ecran")

    @allow(*PLANNERS)
    @rx.event
    async def renew(self, screen_id: str) -> EventSpec:
        """Give a screen another address."""
        said = "Nouvelle adresse : l’ancienne n’affiche plus rien."
        done = await self._do(renew_screen, screen_id, said, undo="Garder l’ancienne adresse")
        if version := self._versions.get(str(screen_id)):
            self._undo = partial(keep_address, screen_id=int(screen_id), version=version - 1)
            self._undone = "L’écran garde son ancienne adresse."
        return done

    @allow(*PLANNERS)
    @rx.event
    async def remove(self, screen_id: str) -> EventSpec:
        """Take a screen down."""
        if str(screen_id) in self._ticked:
            self._undo = partial(put_back_screen, screen_id=int(screen_id))
            self._undone = "L’écran est remis, à la même adresse."
        if self.editing == str(screen_id):
            self._reset_form()
        return await self._do(remove_screen, screen_id, "L’écran est retiré : il n’affiche plus rien.", undo="Annuler")

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Put back the screen that was taken down."""
        return await self._take_back()

    @allow(*PLANNERS)
    @rx.event
    async def show_as(self, kind_id: str, shown: str) -> EventSpec | None:
        """Choose what screens say of a kind of hearings."""
        wanted = next((one for one in Shown if one == str(shown)), None)
        if wanted is None:
            return None
        try:
            await act(set_publicity, await current_actor(self), _number(kind_id), wanted, now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        said = "par le nom de l’affaire" if wanted is Shown.NAME else "par le numéro de l’affaire seulement"
        (await self.get_state(NoticeState)).show_success(f"Ces audiences s’affichent désormais {said}.")
        await self._read_again()
        return None

    @allow(*PLANNERS)
    @rx.event
    async def save_ways(self, form: dict[str, Any]) -> EventSpec:
        """Say how each room is reached."""
        received = form if isinstance(form, dict) else {}
        typed = {one.id: str(received.get(f"acces-{one.id}", one.words))[:MOST_TYPED] for one in self.ways}
        try:
            wanted = {int(number): words for number, words in typed.items()}
            await act(set_ways, await current_actor(self), wanted, now=now())
        except InvalidRequest as refusal:
            wrong = str(refusal.facts["room_id"])
            self.ways = [
                WayRow(one.id, one.room, typed[one.id], sentence(refusal) if one.id == wrong else "")
                for one in self.ways
            ]
            return rx.set_focus(f"acces-{wrong}")
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._said("Les accès sont enregistrés : l’accueil les lit et les imprime.")

    async def _do(self, action: Callable[..., Any], screen_id: str, said: str, *, undo: str = "") -> EventSpec:
        try:
            await act(action, await current_actor(self), _number(screen_id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._said(said, undo=undo)

    def _why(self, refusal: Refusal) -> str:
        return "Cet écran a été retiré entre-temps." if isinstance(refusal, NotFound) else sentence(refusal)

    def _reset_form(self) -> None:
        self.editing = self.name = self.name_error = ""
        self.rooms = [RoomChoice(one.id, one.name) for one in self.rooms]
        self.turn += 1

    async def _read_again(self) -> None:
        at = now()
        found: Read = await read(_read, await current_actor(self))
        names = {room.id: room.name for room in found.rooms}
        ticked = {int(one.id) for one in self.rooms if one.is_ticked}
        self.rooms = [RoomChoice(str(room.id), room.name, room.id in ticked) for room in found.rooms]
        self.screens = [_card(one, found.court, names, at) for one in found.screens]
        self._ticked = {str(one.id): one.room_ids for one in found.screens}
        self._versions = {str(one.id): one.link_version for one in found.screens}
        self.ways = [WayRow(str(room.id), room.name, found.ways.get(room.id, "")) for room in found.rooms]
        self.kinds = [KindRow(str(one.kind_id), capital(one.label), one.shown) for one in found.kinds]


def _read(session: Session, actor: Actor) -> Read:
    court = court_of_screens(session, actor)
    rooms = rooms_of(session, actor)
    ways = ways_of(session, [room.id for room in rooms])
    return Read(court.code, screens_of(session, actor), rooms, publicity_of(session, actor), ways)


def wall_address(screen: Screen, court: str) -> str:
    """Return the address to open on a screen."""
    return f"{settings().origin}/affichage/{court}?ecran={address_of(screen, House(secret_key()))}"


def _card(screen: Screen, court: str, names: dict[int, str], at: datetime) -> ScreenCard:
    rooms = ", ".join(names[one] for one in screen.room_ids if one in names) or ALL_ROOMS
    is_lit = screen.seen_at is not None and at - screen.seen_at < LIT
    return ScreenCard(
        id=str(screen.id),
        name=screen.name,
        rooms=rooms,
        address=wall_address(screen, court),
        seen=_seen(screen.seen_at, at, is_lit=is_lit),
        is_lit=is_lit,
    )


def _seen(seen_at: datetime | None, at: datetime, *, is_lit: bool) -> str:
    if seen_at is None:
        return "jamais allumé"
    if is_lit:
        return "allumé"
    minutes = int((at - seen_at).total_seconds() // 60)
    if minutes < 120:
        return f"éteint depuis {plural(minutes, 'minute')}"
    hours = minutes // 60
    return f"éteint depuis {plural(hours, 'heure') if hours < 48 else plural(hours // 24, 'jour')}"


def _number(typed: object) -> int:
    number = str(typed)
    if not (number.isascii() and number.isdigit() and len(number) < 20):
        raise NotFound(screen_id=number[:40])
    return int(number)
