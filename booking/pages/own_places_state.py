"""What the partner's page holds: a part of what one runs, and the sheet of one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.beds import set_bed_in_service
from availability.capacities import Capacity, capacities_to_come, forget_capacity, set_capacity
from availability.closings import Closed, ClosedDays, close_days, close_site_days, reopen_days, reopen_site_days
from availability.declarations import Declaration, Declared, declare, hosted, redate, still_true, take_back
from availability.errors import InvalidRequest, NotFound
from availability.models import Shape
from availability.own import (
    PAGE,
    Closure,
    OwnBed,
    OwnPage,
    OwnResource,
    beds_of,
    closures_of,
    own_ids,
    own_page,
    own_resources,
)
from availability.rights import Actor, Role
from availability.running import SiteRun, site_run
from booking.errors import OutOfDate
from booking.meanwhile import Changed, touched_since
from booking.own_seen import Part, Seen, act_on_seen
from booking.pages import own_places_words as words
from booking.pages.own_places_words import BedRow, Filters, PeriodRow, PlaceLine
from booking.pages.site_words import SITE, whole_site
from booking.question import form_of, text_of
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.changed import Difference
from portal.ui.notice import NoticeState

ANSWER = "reponse-lieu"
CHANGED = "modifie-lieu"
FIELDS = ("capacity", "load", "waiting", "c_first", "c_last", "c_reason", "t_first", "t_last", "t_capacity", "t_reason")
NO_PROBLEM = dict.fromkeys(FIELDS, "")
R = TypeVar("R")
SOMEBODY_CHANGED = "Ce lieu a changé entre-temps."


@dataclass(frozen=True)
class Done(Generic[R]):
    """What an act returned."""

    what: R


@dataclass(frozen=True)
class NumberField:
    """One of the numbers that a line declares."""

    name: str
    label: str
    value: str


class OwnPlacesState(rx.State):
    """The lines, in the order in which they were first shown: what one has just confirmed stays in its place."""

    lines: list[PlaceLine] = []  # noqa: RUF012 - Reflex copies the default for each client
    summary: str = ""
    typed: str = ""
    only_stale: bool = False
    of_all: int = 0
    stale: int = 0
    where_in_pages: str = ""
    previous: str = ""
    following: str = ""
    all_href: str = words.ADDRESS
    stale_href: str = ""
    is_loaded: bool = False
    _asked: str = ""
    _undo: Callable[..., Any] | None = None

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show what the address asks for; opening a sheet keeps the lines in their order."""
        watch(self)
        filters = Filters.read(self.router.url.query_parameters)
        asked, kept = filters.address(lieu=""), [line.id for line in self.lines]
        self._show(await read(_page, await current_actor(self), filters, now=clock.now()), filters)
        if asked == self._asked and {line.id for line in self.lines} == set(kept):
            self.lines = sorted(self.lines, key=lambda line: kept.index(line.id))
        self._asked = asked

    @allow(Role.PARTNER)
    @rx.event
    async def search(self, form: dict[str, Any]) -> EventSpec:
        """Look for words in what one runs."""
        return rx.redirect(Filters(text_of(form_of(form).get("q", "")), self.only_stale).address())

    @allow(Role.PARTNER)
    @rx.event
    async def still_true(self, resource_id: str) -> None:
        """Say that a line is true today."""
        line = self._line(resource_id)
        await self._confirm([int(line.id)], f"{line.name} : c’est noté, à jour d’aujourd’hui.")

    @allow(Role.PARTNER)
    @rx.event
    async def all_still_true(self) -> None:
        """Say that every line, on this page or another, is true today."""
        ids = await read(own_ids, await current_actor(self))
        if ids:
            said = many(len(ids), "ligne est à jour", "lignes sont à jour")
            await self._confirm(ids, f"C’est noté : {said} d’aujourd’hui.")

    @allow(Role.PARTNER)
    @rx.event
    async def close_sheet(self) -> EventSpec:
        """Close the sheet; the lines stay as they were."""
        return rx.redirect(self._filters().address(lieu=""), replace=True)

    @allow(Role.PARTNER)
    @rx.event
    async def undo(self) -> None:
        """Take back the last change, and show everything as it was before."""
        if await self._undo_now():
            (await self.get_state(NoticeState)).show_success("C’est annulé : tout est comme avant.")

    async def _confirm(self, ids: list[int], said: str) -> None:
        before = await act(still_true, await current_actor(self), ids, now=clock.now())
        await self._done(said, partial(redate, dates=before))

    async def _done(self, said: str, undo: Callable[..., Any] | None) -> None:
        """Say what was done, with the button that takes it back, and show the lines as they are now."""
        self._undo = undo
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler" if undo else "")
        await self._refresh()

    async def _undo_now(self) -> bool:
        undo, self._undo = self._undo, None
        if undo is None:
            return False
        await act(undo, await current_actor(self), now=clock.now())
        await self._refresh()
        return True

    async def _refresh(self) -> None:
        """Show the same lines, as they are now."""
        shown = await read(_again, await current_actor(self), [int(line.id) for line in self.lines], now=clock.now())
        filters = self._filters()
        self.lines = [words.place_line(place, filters, now=clock.now()) for place in shown.items]
        self.of_all, self.stale = shown.of_all, shown.stale
        if not (self.typed or self.only_stale):
            self.summary = words.summary(shown, filters)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show again what somebody else took, freed or changed."""
        if not resource_ids.isdisjoint(int(line.id) for line in self.lines):
            await self._refresh()

    def _show(self, shown: OwnPage, filters: Filters) -> None:
        self.lines = [words.place_line(place, filters, now=clock.now()) for place in shown.items]
        self.typed, self.only_stale = filters.typed, filters.only_stale
        self.of_all, self.stale = shown.of_all, shown.stale
        self.summary = words.summary(shown, filters)
        last, here = words.pages(shown.found), filters.page
        self.where_in_pages = f"Page {here} sur {last}" if last > 1 else ""
        self.previous = filters.address(page=here - 1, lieu="") if here > 1 else ""
        self.following = filters.address(page=here + 1, lieu="") if here < last else ""
        self.all_href = filters.address(verifier=0, page=1, lieu="")
        self.stale_href = filters.address(verifier=1, page=1, lieu="")
        self.is_loaded = True

    def _filters(self) -> Filters:
        return Filters.read(self.router.url.query_parameters)

    def _line(self, resource_id: str) -> PlaceLine:
        found = [line for line in self.lines if line.id == str(resource_id)]
        if not found:
            raise NotFound(resource_id=str(resource_id))
        return found[0]


class OwnPlaceState(rx.State):
    """The sheet of one line: its numbers, its beds, when it is closed, how many it takes for a while."""

    is_open: bool = False
    title: str = ""
    where: str = ""
    freshness: str = ""
    is_stale: bool = False
    numbers: list[NumberField] = []  # noqa: RUF012
    beds: list[BedRow] = []  # noqa: RUF012
    closures: list[PeriodRow] = []  # noqa: RUF012
    capacities: list[PeriodRow] = []  # noqa: RUF012
    has_beds: bool = False
    may_close: bool = False
    whole_site: str = ""  # what closes with the site; empty when it cannot be closed from here
    may_limit: bool = False
    hours_href: str = ""
    hours_said: str = ""
    calendars_href: str = ""
    unfolded: str = ""  # the one form that is open: close, limit
    problems: dict[str, str] = NO_PROBLEM
    said: str = ""
    tone: str = "success"
    can_undo: bool = False
    version: int = 0  # the fields are made again when it grows: what stands in them is then what is known
    focused: str = ""  # what takes the focus, each time `turn` grows
    turn: int = 0
    # What somebody else changed while it was open.
    changes: list[str] = []  # noqa: RUF012
    differences: list[Difference] = []  # noqa: RUF012
    _id: int = 0
    _site_id: int = 0
    _shape: str = ""
    _known: dict[str, str] = {}  # noqa: RUF012 - the numbers as the form began with them
    _seen: Seen = Seen()  # the rest, as it was shown to whoever acts
    _begun_at: datetime = datetime.min.replace(tzinfo=UTC)
    _there: Seen = Seen()  # the rest, as it is now

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Open the sheet that the address names, or close it."""
        watch(self)
        opened = Filters.read(self.router.url.query_parameters).open_id
        if not opened:
            self.is_open = False
            return
        if int(opened) != self._id or not self.is_open:
            self._forget()
        try:
            await self._fill(int(opened))
        except NotFound as refusal:
            self.is_open = False
            (await self.get_state(NoticeState)).show_error(sentence(refusal))

    @allow(Role.PARTNER)
    @rx.event
    async def still_true(self) -> None:
        """Say that this line is true today."""
        before = await act(still_true, await current_actor(self), [self._opened()], now=clock.now())
        await self._done("C’est noté, à jour d’aujourd’hui.", partial(redate, dates=before))

    @allow(Role.PARTNER)
    @rx.event
    async def save_numbers(self, form: dict[str, Any]) -> None:
        """Declare new numbers; the form stays as typed when one of them cannot be."""
        resource_id, typed = self._opened(), form_of(form)
        try:
            declaration = words.declaration_of(typed, words.NUMBERS_OF[Shape(self._shape)])
            actor = await current_actor(self)
            before = await act(_declare, actor, resource_id, declaration, dict(self._known), now=clock.now())
        except OutOfDate:
            await self._say_changed()
            return
        except InvalidRequest as refusal:
            self._wrong(refusal, "")
            return
        undo = partial(take_back, resource_id=resource_id, declared=before)
        await self._done("Vos chiffres sont enregistrés, à jour d’aujourd’hui.", undo)

    @allow(Role.PARTNER)
    @rx.event
    async def keep_mine(self) -> None:
        """Keep what is typed, to be done over what somebody else has done meanwhile."""
        self._known, self._begun_at = {one.name: one.value for one in self.numbers}, clock.now()
        self._seen, self.changes, self.differences = self._there, [], []

    @allow(Role.PARTNER)
    @rx.event
    async def take_theirs(self) -> None:
        """Leave what is typed, and start from what is there now."""
        self.version += 1
        await self._fill(self._opened())

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what became of the open line; what is being typed stays, and what differs is said."""
        if self.is_open and self._id in resource_ids:
            await self._say_changed()

    async def _say_changed(self) -> None:
        """Read the line again, and say who changed what of it under the forms; what is typed stays."""
        known, seen, begun_at, actor = dict(self._known), self._seen, self._begun_at, await current_actor(self)
        await self._fill(self._id)
        labels = {one.name: one.label for one in self.numbers}
        differences = [
            *words.number_differences(known, {one.name: one.value for one in self.numbers}, labels),
            *words.seen_differences(seen, self._there),
        ]
        if not differences:
            return
        self._known, self._seen, self._begun_at = known, seen, begun_at
        place, changed = await read(_who, actor, self._id, begun_at, now=clock.now())
        self.changes = words.changed_words(changed, ZoneInfo(place.time_zone)) or [SOMEBODY_CHANGED]
        self.differences = differences

    async def _on_seen(
        self, change: Callable[..., R], part: Part, only: int | None = None, **more: Any
    ) -> Done[R] | None:
        """Return what an act did; None when somebody changed what it is about: nothing is done, and it is said.

        With `only`, it is about what is displayed of that one, which is as new as the page.
        """
        asked = {"resource_id": self._opened(), "part": part, "only": only, **more}
        seen = self._seen if only is None else self._there
        try:
            return Done(await act(act_on_seen, await current_actor(self), change, seen=seen, **asked, now=clock.now()))
        except (OutOfDate, NotFound):
            await self._say_changed()
            if not self.changes:
                raise
        self.focused, self.turn = CHANGED, self.turn + 1
        return None

    @allow(Role.PARTNER)
    @rx.event
    async def switch_bed(self, unit_id: str) -> None:
        """Put a bed out of service, or back."""
        resource_id = self._opened()
        bed = next((bed for bed in self.beds if bed.id == str(unit_id)), None)
        if bed is None:
            raise NotFound(unit_id=str(unit_id), resource_id=resource_id)
        number, in_service = int(bed.id), not bed.is_active
        switch = partial(set_bed_in_service, unit_id=number, in_service=in_service)
        if (stays := await self._on_seen(switch, Part.BEDS, number)) is None:
            return
        undo = partial(set_bed_in_service, unit_id=number, in_service=bed.is_active)
        await self._done(words.bed_words(bed.name, in_service, stays.what), undo)

    @allow(Role.PARTNER)
    @rx.event
    async def unfold(self, name: str) -> None:
        """Open one of the two forms, or close it."""
        self.unfolded = str(name)[:10] if self.unfolded != str(name) else ""
        self.problems = NO_PROBLEM

    @allow(Role.PARTNER)
    @rx.event
    async def close_some(self, form: dict[str, Any]) -> None:
        """Close some days; what was taken on them stands, and is counted."""
        self._opened()
        typed = form_of(form)
        is_of_site = typed.get("c_where") == SITE
        close, reopen = self._closing(of_site=is_of_site)
        try:
            days = words.closed_days_of(typed)
            closing, of_site = partial(close, days=days), self._site_id if is_of_site else None
            done = await self._on_seen(closing, Part.CLOSURES, site_id=of_site)
        except InvalidRequest as refusal:
            self._wrong(refusal, "c_")
            return
        if done is None:
            return
        said = words.closed_words(days, is_closed=True, is_of_site=is_of_site)
        await self._done(
            f"{said}{words.outside_words(len(done.what.outside))}", partial(reopen, closure_id=done.what.closure_id)
        )

    @allow(Role.PARTNER)
    @rx.event
    async def reopen(self, closure_id: str) -> None:
        """Open closed days again."""
        self._opened()
        row = next((one for one in self.closures if one.id and one.id == str(closure_id)), None)
        if row is None:
            raise NotFound(closure_id=str(closure_id)[:20])
        close, reopen = self._closing(of_site=row.is_of_site)
        reopening = partial(reopen, closure_id=int(row.id))
        of_site = self._site_id if row.is_of_site else None
        if (done := await self._on_seen(reopening, Part.CLOSURES, int(row.id), site_id=of_site)) is None:
            return
        days = done.what
        said = words.closed_words(days, is_closed=False, is_of_site=row.is_of_site)
        await self._done(said, partial(close, days=days) if days else None)

    @allow(Role.PARTNER)
    @rx.event
    async def limit(self, form: dict[str, Any]) -> None:
        """Say how many are taken on some days, instead of the usual capacity."""
        resource_id, typed = self._opened(), form_of(form)
        try:
            first, until = words.period_of(typed, "t_")
            number, reason = words.whole("t_capacity", typed.get("t_capacity", "")), typed.get("t_reason", "")
            limit = partial(
                set_capacity, resource_id=resource_id, first=first, until=until, capacity=number, reason=reason
            )
            done = await self._on_seen(limit, Part.CAPACITIES)
        except InvalidRequest as refusal:
            self._wrong(refusal, "t_")
            return
        if done is None:
            return
        undo = partial(forget_capacity, resource_id=resource_id, period_id=done.what.id)
        await self._done(f"{many(number, 'place', 'places')}{words.lower_days(first, until)}.", undo)

    @allow(Role.PARTNER)
    @rx.event
    async def forget_limit(self, period_id: str) -> None:
        """Take the usual number again."""
        resource_id = self._opened()
        if not words.is_number(period_id, 18):
            raise NotFound(period_id=str(period_id)[:20])
        forgetting = partial(forget_capacity, resource_id=resource_id, period_id=int(period_id))
        if (before := await self._on_seen(forgetting, Part.CAPACITIES, int(period_id))) is None:
            return
        undo = partial(_limit_again, resource_id=resource_id, before=before.what)
        await self._done("La capacité habituelle s’applique de nouveau.", undo)

    @allow(Role.PARTNER)
    @rx.event
    async def undo(self) -> None:
        """Take back the change just made, and show the sheet as it was."""
        resource_id = self._opened()
        listed = await self.get_state(OwnPlacesState)
        if not await listed._undo_now():
            return
        (await self.get_state(NoticeState)).show("", "")
        self.version += 1
        await self._fill(resource_id)
        self._answer("C’est annulé : tout est comme avant.", "success", can_undo=False)

    async def _done(self, said: str, undo: Callable[..., Any] | None) -> None:
        """Say what was done, here and above the list once this is closed."""
        listed = await self.get_state(OwnPlacesState)
        await listed._done(f"{self.title} : {said[:1].lower()}{said[1:]}", undo)
        self.version += 1
        self.unfolded = ""
        await self._fill(self._id)
        self._answer(said, "success", can_undo=undo is not None)

    async def _fill(self, resource_id: int) -> None:
        place, site, beds, closures, capacities = await read(
            _one, await current_actor(self), resource_id, now=clock.now()
        )
        line = words.place_line(place, Filters(), now=clock.now())
        self._id, self._site_id, self._shape, self.is_open = place.id, site.id, place.shape.value, True
        self.title, self.where = place.name, line.where
        self.freshness, self.is_stale = line.age, line.is_stale
        self.numbers = _numbers(place)
        self._known, self._begun_at = {one.name: one.value for one in self.numbers}, clock.now()
        self._seen = self._there = Seen(beds, closures, capacities)
        self.changes, self.differences = [], []
        self.beds, self.has_beds = words.bed_rows(beds), place.shape is Shape.NIGHTS
        self.closures, self.capacities = words.closure_rows(closures, site), words.capacity_rows(capacities)
        self.whole_site = whole_site(site)
        self.may_close = place.is_run
        self.may_limit = place.is_run and place.shape in (Shape.PLACES, Shape.SLOTS)
        is_timed = place.is_run and place.shape is Shape.SLOTS
        self.hours_href = f"{words.HOURS}?ressource={place.id}" if is_timed else ""
        self.hours_said = line.figures if is_timed else ""
        self.calendars_href = f"{words.CALENDARS}?ressource={place.id}"

    def _answer(self, said: str, tone: str, *, can_undo: bool) -> None:
        """Say what became of an act, and bring it into sight: the sheet is longer than a telephone."""
        self.said, self.tone, self.can_undo, self.problems = said, tone, can_undo, NO_PROBLEM
        self.focused, self.turn = ANSWER, self.turn + 1

    def _wrong(self, refusal: InvalidRequest, prefix: str) -> None:
        """Say beside its field what cannot be; what was typed stays."""
        name = refusal.field.removeprefix(prefix)
        name = f"{prefix}{'last' if name == 'until' else name}"
        said = words.PROBLEM_WORDS.get(refusal.problem) or sentence(refusal)
        if name not in FIELDS:
            self._answer(said, "error", can_undo=False)
            return
        self.problems, self.said = {**NO_PROBLEM, name: said}, ""
        self.focused, self.turn = name, self.turn + 1

    def _closing(self, *, of_site: bool) -> tuple[Callable[..., Closed], Callable[..., ClosedDays | None]]:
        """Return the acts that close and open again the line, or everything on its site."""
        if of_site:
            return partial(close_site_days, site_id=self._site_id), partial(reopen_site_days, site_id=self._site_id)
        return partial(close_days, resource_id=self._id), partial(reopen_days, resource_id=self._id)

    def _opened(self) -> int:
        """Return the line of the sheet. Raises: NotFound when it is closed."""
        if not self.is_open or not self._id:
            raise NotFound(resource_id=self._id)
        return self._id

    def _forget(self) -> None:
        self.said, self.can_undo, self.problems, self.focused, self.unfolded = "", False, NO_PROBLEM, "", ""
        self.version += 1


def _page(session: Session, actor: Actor, filters: Filters, *, now: datetime) -> OwnPage:
    skipped = (filters.page - 1) * PAGE
    return own_page(session, actor, now=now, typed=filters.typed, only_stale=filters.only_stale, skipped=skipped)


def _again(session: Session, actor: Actor, ids: list[int], *, now: datetime) -> OwnPage:
    counted = own_page(session, actor, now=now, limit=0)
    return OwnPage(tuple(own_resources(session, actor, ids, now=now)), len(ids), counted.of_all, counted.stale)


def _one(
    session: Session, actor: Actor, resource_id: int, *, now: datetime
) -> tuple[OwnResource, SiteRun, tuple[OwnBed, ...], tuple[Closure, ...], tuple[Capacity, ...]]:
    found = own_resources(session, actor, [resource_id], now=now)
    if not found:
        raise NotFound(resource_id=resource_id)
    place = found[0]
    return (
        place,
        site_run(session, actor, place.site_id),
        beds_of(session, place.id),
        closures_of(session, place.id, today=place.today),
        capacities_to_come(session, place.id, today=place.today),
    )


def _declare(
    session: Session, actor: Actor, resource_id: int, declaration: Declaration, known: dict[str, str], *, now: datetime
) -> Declared:
    """Declare numbers over those that the form began with. Raises: OutOfDate when they are others by now."""
    hosted(session, actor, [resource_id])  # locked: nobody changes them between the look and the act
    place = own_resources(session, actor, [resource_id], now=now)[0]
    if {one.name: one.value for one in _numbers(place)} != known:
        raise OutOfDate(resource_id=resource_id)
    return declare(session, actor, resource_id, declaration, now=now)


def _who(
    session: Session, actor: Actor, resource_id: int, since: datetime, *, now: datetime
) -> tuple[OwnResource, tuple[Changed, ...]]:
    found = own_resources(session, actor, [resource_id], now=now)
    if not found:
        raise NotFound(resource_id=resource_id)
    return found[0], touched_since(session, actor, resource_id, since)


def _limit_again(session: Session, actor: Actor, *, resource_id: int, before: Capacity, now: datetime) -> None:
    set_capacity(session, actor, resource_id, before.first, before.until, before.capacity, before.reason, now=now)


def _numbers(place: OwnResource) -> list[NumberField]:
    said = {"capacity": place.capacity, "load": place.declared_load, "waiting": place.declared_waiting}
    label = {"capacity": "Personnes à la fois"} if place.shape is Shape.SLOTS else {}
    names = words.NUMBERS_OF[place.shape]
    return [NumberField(name, label.get(name, text), str(said[name])) for name, text in words.NUMBERS if name in names]
