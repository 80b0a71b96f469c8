"""What the page of a whole list holds, and what its controls do. What was typed outlives every refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import reflex as rx

from availability.claims import SlotClaim
from availability.errors import NotAllowed, Refusal
from availability.openings import local_day
from availability.rights import Actor
from booking.question import form_of
from convocations.actions import MOST_CHOICES
from convocations.convening import Receiver
from convocations.in_bulk import MOST, Foreseen, Order, Summoned, Way, take_one_back
from convocations.lists import LONGEST_LINE, Read, read_list
from convocations.pages import list_words as words
from convocations.pages.convene_state import CONVENERS, DAYS_TO_CHOOSE
from convocations.pages.convene_words import Group, Option, groups, read_value
from convocations.pages.in_bulk_run import foresee_list, run_line, run_together
from convocations.pages.list_reads import found_for, lines_of, order_asked, receivers_of
from convocations.pages.list_words import ListRow, Named
from convocations.pages.problems import said
from convocations.planning import UNDO_MANY
from convocations.together import NotAllFit
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.ui.dates import NBSP, plural

SLOTS, CHOOSE, TOGETHER = "slots", "choose", "together"
HOUR_GONE = f"L’heure choisie n’a plus assez de places{NBSP}: en voici une autre, que vous pouvez changer."
NO_HOUR = (
    f"Aucune heure n’a de place pour plusieurs{NBSP}: choisissez «{NBSP}Un créneau chacun{NBSP}» ou "
    f"«{NBSP}Chacun choisit{NBSP}»."
)
EVERY = 5  # lines between two figures of the progress


class ListState(rx.State):
    """The list, what everybody is summoned to, what is foreseen, and what was done."""

    is_loaded: bool = False
    nothing: str = ""
    typed: str = ""
    people: list[Named] = []  # noqa: RUF012 - Reflex copies the default for each client
    read_words: str = ""
    kinds: list[Option] = []  # noqa: RUF012
    kind: str = ""
    wheres: list[Group] = []  # noqa: RUF012
    where: str = ""
    mode: str = SLOTS
    rooms: list[Option] = []  # noqa: RUF012
    room: str = ""
    fit: str = "all"  # all, fit
    choose_by: str = ""
    first_day: str = ""
    last_day: str = ""
    reminder: str = "48"
    although: bool = False
    problem: str = ""
    step: str = ""  # "", foreseen, running, done
    rows: list[ListRow] = []  # noqa: RUF012
    summary: str = ""
    apply_label: str = ""
    progress: int = 0
    total: int = 0
    letters: str = ""
    gathering: str = ""  # the appointment of everybody
    second: str = ""  # that of those for whom it had no seat
    overflow: str = ""  # that not all have a seat at the hour chosen
    fitting: str = ""  # the button that summons those who have one
    others: list[Option] = []  # noqa: RUF012 - hours with seats for the rest
    elsewhere: str = ""
    can_undo: bool = False
    said: str = ""
    _key: str = ""
    # Tuples: Reflex wraps a dataclass or a list of them, and the acts look at the class of what they are given.
    _plan: tuple[Order, ...] = ()
    _lines: tuple[Foreseen, ...] = ()
    _made: list[UUID] = []  # noqa: RUF012
    _made_at: datetime | None = None
    _seats: dict[str, int] = {}  # noqa: RUF012 - of each hour offered

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Show the form, with the people whom the address names."""
        actor = await current_actor(self)
        asked = self.router.url.query
        ids = [value for name, value in _pairs(asked) if name == "p"][:MOST]
        self.problem, self.step, self.said, self.can_undo = "", "", "", False
        self.people = [
            Named(str(at), "", **words.who_of(one)) for at, one in enumerate(await read(lines_of, actor, ids))
        ]
        self.read_words = words.read_words(self.people) if self.people else ""
        await self._show(actor)
        self.is_loaded = True

    @allow(*CONVENERS)
    @rx.event
    async def read_typed(self, form: dict[str, Any]) -> Any:
        """Find those whom the list names; those that were there stay."""
        self.typed = str(form_of(form).get("liste", ""))[: MOST * LONGEST_LINE]
        self.problem, self.step = "", ""
        found: list[Read] = await read(read_list, await current_actor(self), self.typed)
        known = {one.id for one in self.people if one.id}
        new = [one for one in found if not (len(one.persons) == 1 and str(one.persons[0].id) in known)]
        first = 1 + max((int(one.key) for one in self.people), default=-1)
        kept = [one for one in self.people if one.id]
        named = [words.named_of(one, first + at) for at, one in enumerate(new)]
        # What is to be made precise is seen first; the others keep the order of the list.
        self.people = sorted((kept + named)[:MOST], key=lambda one: one.id != "")
        self.read_words = words.read_words(self.people)
        if not found:
            self.problem = f"La liste est vide{NBSP}: collez une ligne par personne."
        return rx.set_focus("lues")

    @allow(*CONVENERS)
    @rx.event
    async def pick_person(self, key: str, person_id: str) -> None:
        """Say which of those of a name it is."""
        self.step = ""
        chosen = str(person_id)
        self.people = [_picked(one, chosen) if one.key == str(key) else one for one in self.people]
        self.read_words = words.read_words(self.people)

    @allow(*CONVENERS)
    @rx.event
    async def remove(self, key: str) -> None:
        """Take a line off the list."""
        self.step = ""
        self.people = [one for one in self.people if one.key != str(key)]
        self.read_words = words.read_words(self.people) if self.people else ""

    @allow(*CONVENERS)
    @rx.event
    async def pick_kind(self, code: str) -> None:
        """Choose what they are summoned for."""
        self.kind, self.where, self.step = str(code), "", ""
        await self._show(await current_actor(self))

    @allow(*CONVENERS)
    @rx.event
    async def pick_where(self, where: str) -> None:
        """Choose where, and at whose."""
        self.where, self.step = str(where), ""
        await self._show(await current_actor(self))

    @allow(*CONVENERS)
    @rx.event
    async def pick_mode(self, mode: str) -> None:
        """Choose how each has an appointment."""
        self.mode = str(mode) if str(mode) in (SLOTS, CHOOSE, TOGETHER) else SLOTS
        self.step, self.problem = "", ""
        await self._show(await current_actor(self))

    @allow(*CONVENERS)
    @rx.event
    async def pick_room(self, value: str) -> None:
        """Choose the one appointment of everybody."""
        self.room, self.step, self.problem = str(value)[:80], "", ""

    @allow(*CONVENERS)
    @rx.event
    async def pick_fit(self, fit: str) -> None:
        """All or nobody, or those who fit."""
        self.fit, self.step, self.problem = "fit" if fit == "fit" else "all", "", ""

    @allow(*CONVENERS)
    @rx.event
    async def pick_elsewhere(self, value: str) -> None:
        """Choose another hour for those for whom the first has no seat; "" for none."""
        if self.step == "foreseen":
            self.elsewhere = str(value) if str(value) in {one.value for one in self.others} else ""
            self._draw(await read(receivers_of, await current_actor(self), self.kind))

    @allow(*CONVENERS)
    @rx.event
    async def take_those_who_fit(self) -> Any:
        """Summon those who have a seat, and leave the others out."""
        if self.step == "foreseen":
            self.fit, self.elsewhere = "fit", ""
            self._draw(await read(receivers_of, await current_actor(self), self.kind))
        return ListState.apply

    @allow(*CONVENERS)
    @rx.event
    async def say_choose_by(self, typed: str) -> None:
        """Say until which day each may choose."""
        self.choose_by, self.step = str(typed)[:20], ""

    @allow(*CONVENERS)
    @rx.event
    async def pick_reminder(self, hours: str) -> None:
        """Say how long before the appointment the reminder leaves."""
        self.reminder, self.step = "24" if hours == "24" else "48", ""

    @allow(*CONVENERS)
    @rx.event
    async def say_although(self, although: bool) -> None:
        """Summon those too who are to come for the same already."""
        self.although, self.step = bool(although), ""

    @allow(*CONVENERS)
    @rx.event
    async def foresee(self) -> Any:
        """Show what would become of each person."""
        self.problem, self.said, self.can_undo = "", "", False
        ids = [UUID(one.id) for one in self.people if one.id]
        if not ids:
            self.problem = f"Dites d’abord qui{NBSP}: collez la liste, puis lisez-la."
            return rx.set_focus("refus")
        actor, self._key = await current_actor(self), str(uuid4())
        asked, self.elsewhere = self.room, ""
        if self.mode == TOGETHER:
            await self._show(actor)
        if self.mode == TOGETHER and (self.room != asked or not self.room):
            self.problem, self.step = (HOUR_GONE if self.room else NO_HOUR), ""
            return rx.set_focus("refus")
        try:
            order = await read(order_asked, actor, self._asked())
            shown = order if self.mode != TOGETHER else replace(order, way=Way.CHOOSE)
            self._plan, self._lines = (order,), tuple(await foresee_list(actor, shown, ids, self._key))
        except Refusal as refusal:
            self.problem, self.step = said(refusal), ""
            return rx.set_focus("refus")
        self._draw(await read(receivers_of, actor, self.kind))
        return rx.set_focus("prevu")

    @allow(*CONVENERS)
    @rx.event
    async def apply(self) -> AsyncIterator[Any]:
        """Summon them, and say how far it is; a second press goes on where the first is, and does nothing twice."""
        if self.step != "foreseen" or not self._plan:
            return
        order, actor, self.problem = self._plan[0], await current_actor(self), ""
        self.step, self.progress, self.total, self._made, self._made_at = "running", 0, len(self._lines), [], now()
        yield
        done = await self._together(actor, order) if self.mode == TOGETHER else []
        if self.mode != TOGETHER:
            for at, line in enumerate(self._lines):
                done.append(await run_line(actor, order, line, self._key))
                self.progress = at + 1
                if self.progress % EVERY == 0:
                    yield
        if self.step == "running":
            self._finish(done)
        yield rx.set_focus("fait" if self.can_undo else "refus")  # with the button that takes it all back

    @allow(*CONVENERS)
    @rx.event
    async def take_back(self) -> AsyncIterator[Any]:
        """Take all of it back, while nothing has left."""
        if not self.can_undo:
            return
        actor, self.can_undo, self.progress, self.total = await current_actor(self), False, 0, len(self._made)
        kept = 0
        for at, convocation_id in enumerate(self._made):
            try:
                await act(take_one_back, actor, convocation_id, now=now())
            except Refusal as refusal:
                kept, self.problem = kept + 1, said(refusal)
            self.progress = at + 1
            if self.progress % EVERY == 0:
                yield
        back = plural(self.total - kept, "convocation annulée", "convocations annulées")
        self.said = f"{back}{NBSP}: les créneaux sont libres, aucun SMS ne part."
        if kept:
            self.said += f" {plural(kept, 'convocation reste', 'convocations restent')}."
        self.step, self.letters, self.gathering, self.second = "", "", "", ""
        yield rx.set_focus("fait")

    async def _together(self, actor: Actor, order: Order) -> list[Summoned]:
        """Summon everybody to one appointment, in one transaction."""
        start = read_value(self.room)
        ids = [one.person_id for one in self._lines if one.refusal is None]
        if start is None:
            self.step, self.problem = "foreseen", "Choisissez l’heure à laquelle tous viennent."
            return []
        parties, self.second = [(ids, SlotClaim(resource_id=start[0], start=start[1]))], ""
        if other := read_value(self.elsewhere):
            fit = self._seats.get(self.room, 0)
            rest = SlotClaim(resource_id=other[0], start=other[1])
            parties, self.second = [(ids[:fit], parties[0][1]), (ids[fit:], rest)], gathering_address(*other)
        try:
            done = await run_together(actor, order, parties, self._key, are_all_needed=self.fit == "all")
        except NotAllFit as refusal:
            left = int(str(refusal.facts["left_out"]))
            self.step = "foreseen"
            who = plural(left, "personne ne tient", "personnes ne tiennent")
            self.problem = (
                f"Rien n’a été fait{NBSP}: {who} pas à cette heure. Changez d’heure, ou convoquez ceux qui tiennent."
            )
            return []
        except Refusal as refusal:
            self.step, self.problem = "foreseen", said(refusal)
            return []
        by_person = {one.person_id: one for one in done}
        unheard = {one.person_id: Summoned(person_id=one.person_id, refusal=one.refusal) for one in self._lines}
        self.gathering = gathering_address(*start)
        return [by_person.get(one.person_id, unheard[one.person_id]) for one in self._lines]

    def _finish(self, done: Sequence[Summoned]) -> None:
        self.rows = [words.done_row(row, one) for row, one in zip(self.rows, done, strict=True)]
        self._made = [one.convocation_id for one in done if one.convocation_id]
        made = [(one.convocation_id, row) for one, row in zip(done, self.rows, strict=True) if one.convocation_id]
        self.letters = words.letters_address(made)
        self.step, self.can_undo = "done", bool(self._made)
        self.summary = words.summary(self.rows).replace("impossible", "non convoquée")
        if not self._made:
            self.said, self.problem = "", f"Personne n’a été convoqué{NBSP}: voyez pourquoi, ligne par ligne."
            return
        minutes = int(UNDO_MANY.total_seconds() // 60)
        left = len(done) - len(self._made)
        but = f", {plural(left, 'autre ne l’est pas', 'autres ne le sont pas')}" if left else ""
        self.said = (
            f"{plural(len(self._made), 'personne convoquée', 'personnes convoquées')}{but}. Rien ne part avant "
            f"{plural(minutes, 'minute')}{NBSP}: jusque-là, tout s’annule d’un coup."
        )

    def _draw(self, among: dict[int, Receiver]) -> None:
        names = {one.id: one.name for one in self.people}
        start = read_value(self.room)
        together = next((one.label.rsplit(" (", 1)[0] for one in self.rooms if one.value == self.room), "")
        chooses = together if self.mode == TOGETHER and start else words.CHOOSES
        self.rows = [words.foreseen_row(one, names[str(one.person_id)], among, chooses=chooses) for one in self._lines]
        self.overflow = self.fitting = ""
        if self.mode == TOGETHER and start:
            self._draw_overflow(self._seats.get(self.room, 0))
        possible = sum(row.tone != "error" for row in self.rows)
        self.summary, self.step = words.summary(self.rows), "foreseen"
        self.apply_label = f"Convoquer {plural(possible, 'personne')}" if possible else ""
        if self.overflow and not self.elsewhere and self.fit == "all":
            self.apply_label = ""  # nothing would be done

    def _draw_overflow(self, seats: int) -> None:
        """Say for whom the hour chosen has no seat, in the order of the list, and where they can go."""
        chosen = next((one.label for one in self.others if one.value and one.value == self.elsewhere), "")
        self.rows, left = words.seated(self.rows, seats, chosen.rsplit(" (", 1)[0])
        if not left:
            return
        self.overflow = words.overflow_words(seats, left)
        self.fitting = f"Convoquer {'celle qui tient' if seats == 1 else f'les {seats} qui tiennent'}"
        wide = [one for one in self.rooms if one.value != self.room and self._seats.get(one.value, 0) >= left]
        self.others = [Option("", "Aucune"), *wide] if wide else []

    def _asked(self) -> dict[str, Any]:
        return {
            "resource_ids": self._resources(),
            "way": Way.CHOOSE if self.mode == CHOOSE else Way.SLOTS,
            "choose_by": _date(self.choose_by),
            "reminder_hours": int(self.reminder),
            "although_summoned": self.although,
        }

    def _resources(self) -> list[int]:
        if self.mode == TOGETHER and (start := read_value(self.room)):
            return [start[0]]
        if self.where.startswith("r"):
            return [int(self.where[1:])]
        group = next((one for one in self.wheres if any(each.value == self.where for each in one.options)), None)
        options = group.options if group else []
        return [int(one.value[1:]) for one in options if one.value.startswith("r")][:MOST_CHOICES]

    async def _show(self, actor: Actor) -> None:
        try:
            found = await read(found_for, actor, self.kind, self.mode == TOGETHER)
        except NotAllowed:
            self.nothing = "Aucun type de rendez-vous ne vous est ouvert."
            return
        self.nothing, self.kind = "", found.kind.code
        self.kinds = [Option(one.code, one.label[:1].upper() + one.label[1:]) for one in found.kinds]
        self.wheres = groups(found.all)
        values = [each.value for one in self.wheres for each in one.options]
        self.where = self.where if self.where in values else (values[0] if values else "")
        by_id = {one.id: one for one in found.all}
        self.rooms = [words.room_option(one, by_id) for one in found.rooms]
        self._seats = {option.value: one.seats for option, one in zip(self.rooms, found.rooms, strict=True)}
        if self.room not in {one.value for one in self.rooms}:
            self.room = self.rooms[0].value if self.rooms else ""
        today = local_day(now(), found.all[0].zone) if found.all else now().date()
        self.first_day = today.isoformat()
        self.last_day = (today + timedelta(days=found.kind.max_ahead_days)).isoformat()
        self.choose_by = self.choose_by or (today + DAYS_TO_CHOOSE).isoformat()


def gathering_address(resource_id: int, start: datetime) -> str:
    """Return the sheet of everybody at one appointment."""
    at = start.isoformat().replace("+", "%2B")
    return f"/convocations/ensemble/?chez={resource_id}&debut={at}"


def _picked(one: Named, person_id: str) -> Named:
    option = next((each for each in one.options if each.value == person_id), None)
    if option is None:
        return replace(one, id="", name="", born="")
    name, _, born = option.label.rpartition(", ")
    return replace(one, id=option.value, name=name, born=born)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(str(query).lstrip("?"))


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
