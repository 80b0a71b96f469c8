"""The calendars of an agenda: addresses given to others, calendars imported from elsewhere.

The network is the clock's: an imported calendar is read within seconds, and the page is told as by any change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.absences import (
    Feed,
    SealedAddress,
    add_feed,
    covered,
    feeds_of,
    read_again,
    remove_feed,
    restore_feed,
)
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.feed_address import LONGEST, address_of
from availability.models import Shape
from availability.rights import REQUESTERS, Actor, Role
from availability.running import looked_at_by
from availability.sealing import CALENDAR_FEEDS, House, seal
from booking.agenda import Appointment, left_outside
from booking.calendar_models import CalendarLink
from booking.calendar_out import Thing, give_back_link, links_of, make_link, renew_link, revoke_link, thing, things
from booking.day import time_zone_of
from booking.own_agenda import as_owner
from booking.pages import calendars_words as words
from booking.pages.agenda_state import HOLDERS
from booking.pages.calendars_route import link_address
from booking.pages.calendars_words import CoveredLine, FeedLine, LinkLine, ThingLine
from booking.question import form_of, text_of
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.notice import NoticeState

READERS = (*REQUESTERS, Role.PARTNER)
UNKNOWN = "Cet agenda n’existe pas, ou ne vous est pas accessible."


@dataclass(frozen=True)
class Shown:
    """What the page shows of one thing."""

    one: Thing
    links: list[CalendarLink]
    feeds: list[Feed]
    covered: list[Appointment]
    may_import: bool
    time_zone: str


class CalendarsState(rx.State):
    """The things to choose from, or the calendars of one."""

    step: str = ""  # "", choose, one
    typed: str = ""
    found: list[ThingLine] = []  # noqa: RUF012 - Reflex copies the default for each client
    count: int = 0
    title: str = "Calendriers"
    where: str = ""
    site: str = ""
    agenda: str = ""
    links: list[LinkLine] = []  # noqa: RUF012
    feeds: list[FeedLine] = []  # noqa: RUF012
    covered: list[CoveredLine] = []  # noqa: RUF012
    covered_words: str = ""
    may_import: bool = False
    may_name: bool = False
    url: str = ""
    url_problem: str = ""
    version: int = 0  # the field is made again when it grows
    _resource_id: int = 0
    _undo: Callable[..., object] | None = None

    @allow(*READERS)
    @rx.event
    async def load(self) -> None:
        """Show the calendars that the address names, else what there is to choose from."""
        asked = self.router.url.query_parameters.get("ressource", "")
        is_number = asked.isascii() and asked.isdecimal() and len(asked) <= 18
        if not is_number or int(asked) != self._resource_id:
            self.url, self.url_problem = "", ""
            self.version += 1
        watch(self)
        actor = await current_actor(self)
        self.may_name = actor.has(*REQUESTERS)
        if is_number:
            try:
                self._show(await read(_shown, actor, int(asked), now=clock.now()), actor)
            except NotFound:
                is_number = False
        if not is_number:
            if asked:
                (await self.get_state(NoticeState)).show_error(UNKNOWN)
            self._choose(await read(things, actor))

    @allow(*READERS)
    @rx.event
    async def search(self, typed: str) -> None:
        """Keep the agendas whose name, kind, site or town hold the words typed."""
        self.typed = text_of(typed)
        self._choose(await read(things, await current_actor(self)))

    @allow(*READERS)
    @rx.event
    async def add(self, form: dict[str, Any]) -> None:
        """Import a calendar; what was typed stays until it is right."""
        if not self._resource_id:
            return
        self.url, self.url_problem = _typed(form_of(form).get("url", "")), ""
        try:
            found = address_of(self.url, allows_inside=settings().feeds_inside)
            sealed = SealedAddress(seal(House(secret_key()).derived(CALENDAR_FEEDS), found.url), found.host)
            feed_id = await act(
                partial(_owned, do=add_feed), await current_actor(self), self._resource_id, sealed, now=clock.now()
            )
        except InvalidRequest as refusal:
            if refusal.field != "url":
                raise  # nothing typed is wrong: nobody keeps hours there
            self.url_problem = words.URL_WORDS.get(refusal.problem, sentence(refusal))
            return
        self.url, self.version = "", self.version + 1
        await self._done(
            f"Agenda de {found.host} importé : il est lu dans quelques secondes.",
            partial(_owned, do=remove_feed, feed_id=feed_id),
        )

    @allow(*READERS)
    @rx.event
    async def keep_typed(self, typed: str) -> None:
        """Keep what is typed, through a reload."""
        self.url = _typed(typed)

    @allow(*READERS)
    @rx.event
    async def again(self, feed_id: str) -> None:
        """Read a calendar now."""
        await act(partial(_owned, do=read_again), await current_actor(self), _number(feed_id), now=clock.now())
        (await self.get_state(NoticeState)).show("info", "L’agenda est lu dans quelques secondes.")
        await self._read()

    @allow(*READERS)
    @rx.event
    async def remove(self, feed_id: str) -> None:
        """Take a calendar away; nobody is busy by it any more."""
        removed = await act(
            partial(_owned, do=remove_feed), await current_actor(self), _number(feed_id), now=clock.now()
        )
        host = removed.columns["host"]
        await self._done(
            f"Agenda de {host} retiré, et ses absences avec lui.", partial(_owned, do=restore_feed, removed=removed)
        )

    @allow(*READERS)
    @rx.event
    async def make(self, form: dict[str, Any]) -> None:
        """Give an address for the bookings of this agenda, or of its whole site."""
        if not self._resource_id:
            return
        typed = form_of(form)
        options = {"is_whole_site": typed.get("what") == "site", "has_names": "names" in typed}
        link = await act(make_link, await current_actor(self), self._resource_id, now=clock.now(), **options)
        await self._done("Adresse créée : copiez-la dans votre agenda.", partial(revoke_link, link_id=link.id))

    @allow(*READERS)
    @rx.event
    async def renew(self, link_id: str) -> None:
        """Give another address in place of one that others may know."""
        await act(renew_link, await current_actor(self), _number(link_id), now=clock.now())
        await self._done("Nouvelle adresse : celle d’avant ne donne plus rien. Abonnez-vous de nouveau.", None)

    @allow(*READERS)
    @rx.event
    async def revoke(self, link_id: str) -> None:
        """Have an address show nothing any more."""
        number = _number(link_id)
        await act(revoke_link, await current_actor(self), number, now=clock.now())
        await self._done("Adresse retirée : elle ne donne plus rien.", partial(give_back_link, link_id=number))

    @allow(*READERS)
    @rx.event
    async def undo(self) -> None:
        """Take the last change back."""
        wanted, self._undo = self._undo, None
        if wanted is None:
            return
        notice = await self.get_state(NoticeState)
        try:
            await act(wanted, await current_actor(self), now=clock.now())
        except Refusal as refusal:
            notice.show_error(f"Impossible d’annuler. {sentence(refusal)}")
        else:
            notice.show_success("C’est annulé : tout est comme avant.")
        await self._read()

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the calendars as they are now that one was read."""
        if self._resource_id in resource_ids:
            await self._read()

    async def _done(self, said: str, undo: Callable[..., object] | None) -> None:
        self._undo = undo
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler" if undo else "")
        await self._read()

    async def _read(self) -> None:
        if self.step == "one":
            actor = await current_actor(self)
            self._show(await read(_shown, actor, self._resource_id, now=clock.now()), actor)

    def _choose(self, found: list[Thing]) -> None:
        self.step, self.title, self._resource_id = "choose", "Calendriers", 0
        lines = words.thing_lines(found, self.typed)
        self.found, self.count = lines[: words.MOST_LISTED], len(lines)

    def _show(self, shown: Shown, actor: Actor) -> None:
        one, zone, now = shown.one, ZoneInfo(shown.time_zone), clock.now()
        self.step, self._resource_id = "one", one.resource_id or 0
        self.title, self.site = f"Calendriers de {one.name}", one.site_name
        self.where = f"{one.kind_label[:1].upper()}{one.kind_label[1:]} · {one.site_name}"
        has_agenda = one.is_slots and actor.has(*HOLDERS)
        self.agenda = words.agenda_address(one.resource_id) if has_agenda else ""
        self.may_import = shown.may_import
        names = (one.name, one.site_name)
        self.links = [words.link_line(each, names, link_address(each), zone, now) for each in shown.links]
        self.feeds = [words.feed_line(each, zone, now) for each in shown.feeds]
        self.covered = [
            words.covered_line(each, self._resource_id, zone, has_agenda=has_agenda) for each in shown.covered
        ]
        self.covered_words = words.covered_words(len(self.covered)) if self.covered else ""


def _shown(session: Session, actor: Actor, resource_id: int, *, now: datetime) -> Shown:
    one = thing(session, actor, resource_id)
    mine = [link for link in links_of(session, actor) if resource_id == link.resource_id or one.site_id == link.site_id]
    try:
        place = looked_at_by(session, as_owner(session, actor), resource_id, (Shape.SLOTS,))
    except Refusal:  # others say when they are away
        return Shown(one, mine, [], [], may_import=False, time_zone=time_zone_of(session, actor))
    outside = covered(session, resource_id, now=now)
    return Shown(
        one,
        mine,
        feeds_of(session, resource_id, now=now),
        left_outside(session, actor, resource_id, outside, now=now),
        may_import=True,
        time_zone=place.zone.key,
    )


def _owned(session: Session, actor: Actor, *asked: Any, do: Callable[..., Any], **named: Any) -> Any:
    """Do an act as whoever runs the agenda, or whose own it is."""
    return do(session, as_owner(session, actor), *asked, **named)


def _typed(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isprintable()).strip()[: LONGEST + 1]


def _number(typed: object) -> int:
    text = str(typed)
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise NotFound(id=text[:20])
    return int(text)
