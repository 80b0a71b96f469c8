"""The hours being drawn: strokes on the grid and in the lists, the opening chosen, and what saving would do.

Nothing is written here. A stroke is shown at once, then what it would do: that is read from the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import reflex as rx

from availability.closings import MOST_REASON
from availability.errors import InvalidRequest, Refusal
from availability.openings import A_DAY, Rule
from availability.publishing import A_YEAR
from booking.agenda import A_WEEK, monday_of
from booking.errors import OutOfDate
from booking.hours import Effect, Hours, effect_of
from booking.meanwhile import touched_since
from booking.pages import hours_cut, hours_form, hours_week
from booking.pages import hours_draft as drafts
from booking.pages import hours_words as words
from booking.pages.agenda_words import address as agenda_address
from booking.pages.hours_draft import Draft
from booking.pages.hours_form import DayRow
from booking.pages.hours_recurrence import AS_IT_IS, Repeat, is_known, read_repeat
from booking.pages.hours_week import Picked
from booking.pages.hours_words import Choice, ClosingRow, Target
from booking.pages.site_words import whole_site
from booking.question import form_of, text_of
from booking.words import many
from portal import clock
from portal.database import read
from portal.policy import SIGNED_IN, allow, current_actor
from portal.problems import sentence
from portal.ui.changed import Difference
from portal.ui.dates import day, moment

EDITOR = "ouverture-choisie"
WEEKS_AHEAD = 12  # to which a week can be copied
MOST_TYPED = 12
NO_PROBLEM = dict.fromkeys(("from_on", "first", "last", "reason", "de", "a", "last_on", "count", "but_on"), "")
DATE_WORDS = {
    "past": "Choisissez aujourd’hui ou un jour à venir.",
    "too-far": "C’est trop loin : un an au plus.",
    "not-after-start": "Le dernier jour ne peut pas être avant le premier.",
    "unreadable": "Cette date ne se lit pas : choisissez-la dans le calendrier.",
    "too-long": f"Le motif est trop long : {MOST_REASON} caractères au plus.",
}
FIELD_WORDS = {
    ("de", "no-time"): "Cette heure ne se lit pas : écrivez par exemple 9 h 30.",
    ("a", "no-time"): "Cette heure ne se lit pas, ou est celle du début : écrivez par exemple 12 h.",
    ("last_on", "not-after-start"): "Choisissez ce jour-là ou un jour d’après.",
    ("count", "not-a-number"): "Un nombre entier, de 1 à 999.",
    ("count", "count-and-until"): "Une date de fin ou un nombre de fois, pas les deux.",
    ("but_on", "past"): "Choisissez un jour à partir duquel le changement est vrai.",
}
FIELD_OF = {"until": "last"}
RULE_WORDS = {
    ("rules", "too-many"): "Il y a trop d’ouvertures : cent au plus.",
    ("except_on", "too-many"): "Il y a trop d’exceptions.",
    ("extra_on", "too-many"): "Il y a trop de jours en plus.",
}


class HoursDrawing(rx.State):
    """The draft, as the grid, the lists and the form of one opening show it."""

    period: str = ""
    previous: str = ""
    following: str = ""
    present: str = ""
    # The grid.
    columns: list[dict[str, Any]] = []  # noqa: RUF012
    blocks: list[dict[str, Any]] = []  # noqa: RUF012
    first_min: int = hours_week.EARLIEST
    last_min: int = hours_week.LATEST
    snap: int = hours_week.USUAL_SNAP
    revision: int = 0  # the grid draws its blocks again when it grows
    # Fields are made again when their version grows: not when somebody else changes something, for one is typing.
    lists_version: int = 0
    picked_version: int = 0
    days_version: int = 0
    copy_version: int = 0
    shows_whole_day: bool = False
    # The lists.
    rows: list[DayRow] = []  # noqa: RUF012
    dates: list[DayRow] = []  # noqa: RUF012
    spare_on: str = ""
    wrong: str = ""
    # The opening chosen.
    picked_id: str = ""
    picked_title: str = ""
    picked_words: str = ""
    picked_next: str = ""
    picked_locked: bool = False
    picked_is_once: bool = False
    opens: str = ""
    closes: str = ""
    code: str = ""
    codes: list[Choice] = []  # noqa: RUF012
    last_on: str = ""
    count: str = ""
    exceptions: list[Choice] = []  # noqa: RUF012
    # What it would do.
    from_on: str = ""
    from_words: str = ""
    is_changed: bool = False
    may_unstroke: bool = False
    changes: list[str] = []  # noqa: RUF012
    weekly: str = ""
    slots: str = ""
    would_be_words: str = ""
    would_be: list[str] = []  # noqa: RUF012
    refused: str = ""
    is_stale: bool = False  # somebody changed the hours under the draft
    stale_by: list[str] = []  # noqa: RUF012 - who did what
    differences: list[Difference] = []  # noqa: RUF012
    agenda_href: str = ""
    closings: list[ClosingRow] = []  # noqa: RUF012
    whole_site: str = ""  # what closes with the site; empty when it cannot be closed from here
    targets: list[Target] = []  # noqa: RUF012
    # How openings are cut, as typed in `hours_cut_part`.
    cut_typed: dict[str, str] = hours_cut.NO_PROBLEM
    cut_hints: dict[str, str] = hours_cut.NO_PROBLEM
    cut_problems: dict[str, str] = hours_cut.NO_PROBLEM
    cut_effect: str = ""
    cut_version: int = 0
    problems: dict[str, str] = NO_PROBLEM
    focused: str = ""  # what takes the focus, each time `turn` grows
    turn: int = 0
    _begun_at: datetime = datetime.min.replace(tzinfo=UTC)  # when the draft was as the hours are
    _monday: date = date.min
    _hours: tuple[Hours, ...] = ()  # in a tuple: Reflex would wrap its parts
    _listed: str = ""
    _edited: str = ""
    _cut: str = ""  # the grid that its fields were made of
    _known: tuple[Rule, ...] = ()  # the rules on which the draft was begun
    _draft: Draft = Draft()

    @allow(SIGNED_IN)
    @rx.event
    async def show_whole_day(self) -> None:
        """Draw the whole day, or its usual hours."""
        self.shows_whole_day = not self.shows_whole_day
        self._redraw()

    @allow(SIGNED_IN)
    @rx.event
    async def draw(self, column: int, opens: int, closes: int) -> AsyncIterator[None]:
        """Add an opening drawn on a day of the week shown, each week on that day."""
        on, start, end = self._day(column), hours_week.wall(opens), hours_week.wall(closes)
        if on is not None and start is not None and end is not None and start != end:
            self._draft = drafts.drawn(self._draft, on, start, end, since=self._today)
            self._pick(Picked(self._draft.last, on))
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def change(self, block_id: str, column: int, opens: int, closes: int) -> AsyncIterator[None]:
        """Move or lengthen an opening, each time it comes."""
        one, to = hours_week.picked(block_id), self._day(column)
        start, end = hours_week.wall(opens), hours_week.wall(closes)
        if one is not None and to is not None and start is not None and end is not None and start != end:
            self._draft = drafts.changed(self._draft, one.number, one.on, to, (start, end))
            self._pick(Picked(one.number, to))
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def remove(self, block_id: str) -> AsyncIterator[None]:
        """Remove an opening, each time it comes."""
        if one := self._drawable(block_id):
            self._draft = drafts.dropped(self._draft, one.number)
            self._pick(None)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def remove_once(self) -> AsyncIterator[None]:
        """Remove the opening chosen, on its day only."""
        if one := self._drawable(self.picked_id):
            self._draft = drafts.skipped(self._draft, one.number, one.on)
            self._pick(None)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def part(self) -> AsyncIterator[None]:
        """Make the opening chosen, on its day, one of its own: what is changed then is changed that day only."""
        if one := self._drawable(self.picked_id):
            self._draft = drafts.alone(self._draft, one.number, one.on)
            self._pick(Picked(self._draft.last, one.on))
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def unstroke(self) -> AsyncIterator[None]:
        """Take the last stroke back."""
        self._draft = drafts.undone(self._draft)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def forget(self) -> AsyncIterator[None]:
        """Give up what was drawn: the hours are shown as saved."""
        if self._hours:
            self._start_again(self._hours[0])
            self._pick(None)
            self._listed = ""
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def apply_lists(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Draw what the lists say; what was typed stays until it is right."""
        typed = form_of(form)
        if not self._hours:
            return
        result = hours_form.read_form(typed, self._draft, self._from_on)
        self._draft = result.draft
        if self.wrong:
            self._listed = ""  # what was to be corrected is read again
        async for _ in self._drawn():
            yield
        if result.wrong:
            self._list(result.rows, result.dates, is_forced=True)
            self.spare_on = typed.get("date_on", "")[:10]
            self.wrong = f"{many(result.wrong, 'ouverture est à corriger', 'ouvertures sont à corriger')}."
            self._focus(result.first_wrong)

    @allow(SIGNED_IN)
    @rx.event
    async def pick(self, block_id: str) -> None:
        """Choose an opening of the grid."""
        self._pick(hours_week.picked(block_id))
        self._redraw()
        self._focus(EDITOR)

    @allow(SIGNED_IN)
    @rx.event
    async def pick_line(self, number: str) -> None:
        """Choose an opening of the lists, on its next day."""
        rule = self._draft.rule(int(number)) if str(number).isascii() and str(number).isdecimal() else None
        if rule is None or not self._hours:
            return
        first = max(self._monday, self._from_on)
        days = rule.days(first, first + A_YEAR) or rule.days(self._from_on, first)
        if days:
            self._pick(Picked(int(number), days[0]))
            self._monday = monday_of(days[0])
            self._redraw()
            self._focus(EDITOR)

    @allow(SIGNED_IN)
    @rx.event
    async def unpick(self) -> None:
        """Close the form of the opening chosen."""
        self._pick(None)
        self._redraw()

    @allow(SIGNED_IN)
    @rx.event
    async def apply(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Give the opening chosen its hours and its recurrence, as typed."""
        typed, one = form_of(form), self._drawable(self.picked_id)
        if one is None:
            return
        self.problems = NO_PROBLEM
        try:
            self._draft = self._with(typed, one)
        except InvalidRequest as refusal:
            self._keep(typed)
            self._say_wrong(refusal)
            return
        self._pick(one)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def except_on(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Make a day on which the opening chosen comes an exception, or another day an extra one."""
        one = self._drawable(self.picked_id)
        rule = self._draft.rule(one.number) if one else None
        if one is None or rule is None:
            return
        self.problems = NO_PROBLEM
        try:
            on = date_of("but_on", form_of(form).get("but_on", ""))
            if not self._from_on <= on <= self._today + A_YEAR:
                raise InvalidRequest("but_on", "past" if on < self._from_on else "too-far")
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
            return
        step = drafts.skipped if rule.applies_on(on) else drafts.also
        self._draft = step(self._draft, one.number, on)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def take_back_exception(self, on: str) -> AsyncIterator[None]:
        """Take back an exception, or an extra day, of the opening chosen."""
        one = self._drawable(self.picked_id)
        rule = self._draft.rule(one.number) if one else None
        if one is None or rule is None:
            return
        day_of = date_of("but_on", str(on))
        step = drafts.skipped if day_of in rule.extra_on else drafts.also
        self._draft = step(self._draft, one.number, day_of)
        async for _ in self._drawn():
            yield

    @allow(SIGNED_IN)
    @rx.event
    async def set_from(self, typed: str) -> AsyncIterator[None]:
        """Choose from which day the change is true."""
        if not self._hours or str(typed)[:10] == self.from_on:
            return
        self.from_on, self.problems = str(typed)[:10], NO_PROBLEM
        try:
            on = date_of("from_on", self.from_on)
            if not self._today <= on <= self._today + A_YEAR:
                raise InvalidRequest("from_on", "past" if on < self._today else "too-far")
        except InvalidRequest as refusal:
            self._say_wrong(refusal)
            return
        self._monday = monday_of(on)
        async for _ in self._drawn():
            yield

    @property
    def _today(self) -> date:
        return self._hours[0].today

    @property
    def _from_on(self) -> date:
        try:
            return date.fromisoformat(self.from_on)
        except ValueError:
            return self._today + A_DAY

    def _day(self, column: object) -> date | None:
        """Return a day of the week shown that can be drawn on."""
        if not self._hours or isinstance(column, bool) or not isinstance(column, int | float) or not 0 <= column < 7:
            return None
        on = self._monday + int(column) * A_DAY
        return on if on >= self._from_on else None

    def _drawable(self, block_id: object) -> Picked | None:
        one = hours_week.picked(block_id)
        rule = self._draft.rule(one.number) if one else None
        return one if one and rule and self._hours and one.on >= self._from_on else None

    def _start_again(self, found: Hours) -> None:
        self._draft, self._known, self._begun_at = drafts.draft_of(found.rules), found.rules, clock.now()
        self.is_stale, self.stale_by, self.differences = False, [], []

    async def _say_stale(self, found: Hours) -> None:
        """Say who changed the hours under the draft, and what differs; what is drawn stays."""
        self.is_stale = self._known != found.rules
        self.stale_by, self.differences = [], []
        if self.is_stale:
            actor, resource_id = await current_actor(self), found.receiver.resource_id
            changes = await read(touched_since, actor, resource_id, self._begun_at)
            self.stale_by = words.changed_words(changes, found.receiver.zone)
            self.differences = words.differences(self._known, found.rules, found.today)

    async def _drawn(self) -> AsyncIterator[None]:
        """Show what is drawn at once, then what it would do."""
        self._redraw()
        yield
        await self._judge()
        yield

    def _redraw(self) -> None:
        """Show the draft: the grid, the lists, the opening chosen."""
        if not self._hours:
            return
        hours, draft, from_on, monday = self._hours[0], self._draft, self._from_on, self._monday
        one = hours_week.picked(self.picked_id)
        self.columns = hours_week.columns(hours, monday, from_on)
        self.blocks = hours_week.blocks(draft, monday, from_on, one)
        rules = [rule for _, rule in (*draft.saved, *draft.lines)]
        self.first_min, self.last_min = hours_week.bounds(rules, whole_day=self.shows_whole_day)
        self._list(*hours_form.rows_of(draft, from_on))
        self.closings = words.closing_rows(hours.closings, hours.site)
        self.whole_site = whole_site(hours.site)
        self.period = f"Semaine du {day(monday)} au {day(monday + A_WEEK - A_DAY, year=True)}"
        resource_id = hours.receiver.resource_id
        self.previous = words.address(resource_id, monday - A_WEEK) if monday > hours.today else ""
        self.following = words.address(resource_id, monday + A_WEEK)
        self.present = words.address(resource_id)
        self.agenda_href = agenda_address(resource_id, monday) if hours.receiver.is_in_agenda else ""
        self.targets = words.targets(hours.today, monday, WEEKS_AHEAD)
        self.is_changed, self.may_unstroke = draft.is_changed, bool(draft.before)
        self.from_words = f"Enregistrer à partir du {day(from_on)}"
        self.changes = [words.change_words(*pair, from_on) for pair in draft.changes()]
        self._show_picked(one)
        self._show_cut(hours)
        self.revision += 1

    def _show_cut(self, hours: Hours) -> None:
        """Show how openings are cut; what is being typed there stays until somebody has set something else."""
        if (shown := f"{hours.receiver.resource_id} {hours.grid} {hours.of_kind}") != self._cut:
            self._cut = shown
            self.cut_typed, self.cut_hints = hours_cut.typed_of(hours.grid), hours_cut.hints_of(hours.of_kind)
            self.cut_problems = hours_cut.NO_PROBLEM
            self.cut_version += 1
        wanted, _ = hours_cut.read_grid(self.cut_typed)
        self.cut_effect = hours_cut.effect_words(hours, wanted, hours.rules) if wanted else ""

    def _list(self, rows: list[DayRow], dates: list[DayRow], *, is_forced: bool = False) -> None:
        """Show the lists; what is being typed there, and what is to be corrected, stay while nothing is drawn."""
        shown = f"{self.from_on} {self._draft.lines}"
        if shown != self._listed or is_forced:
            self.rows, self.dates, self._listed = rows, dates, shown
            self.spare_on, self.wrong = "", ""
            self.lists_version += 1

    def _pick(self, one: Picked | None) -> None:
        self.picked_id = one.id if one else ""
        self.problems = NO_PROBLEM

    def _show_picked(self, one: Picked | None) -> None:
        rule = None
        if one is not None:
            is_locked = one.on < self._from_on
            rule = dict(self._draft.saved if is_locked else self._draft.lines).get(one.number)
        if one is None or rule is None:
            self.picked_id = self._edited = ""
            return
        if (edited := f"{one.id} {rule}") != self._edited:
            self._edited = edited
            self.picked_version += 1
        repeat = read_repeat(rule)
        self.picked_locked, self.picked_is_once = is_locked, not rule.rrule
        self.picked_title = f"{day(one.on)}, {words.span_words(rule.opens, rule.closes)}"
        self.picked_words = words.days_words(rule, one.on)
        first = max(self._from_on, self._today)
        self.picked_next = words.next_days_words(rule.days(first, first + A_YEAR)[:4], self._today)
        self.opens, self.closes = words.time_words(rule.opens), words.end_words(rule.closes)
        self.code, self.codes = repeat.code, words.choices(repeat, one.on)
        self.last_on = repeat.last_on.isoformat() if repeat.last_on and rule.rrule else ""
        self.count = str(repeat.count or "")
        but = [(on, "sauf le") for on in rule.except_on] + [(on, "et aussi le") for on in rule.extra_on if rule.rrule]
        self.exceptions = [
            Choice(on.isoformat(), f"{word} {words.short(on, self._today)}") for on, word in sorted(but) if on >= first
        ]

    def _with(self, typed: Mapping[str, str], one: Picked) -> Draft:
        """Return the draft once the form of the opening chosen is applied. Raises: InvalidRequest."""
        opens, closes = (words.read_time(typed.get(name, "")[:MOST_TYPED]) for name in ("de", "a"))
        if opens is None or closes is None or opens == closes:
            raise InvalidRequest("de" if opens is None else "a", "no-time")
        code = typed.get("code", "")
        if code != AS_IT_IS and not is_known(code):
            raise InvalidRequest("code", "unknown-choice")
        last_on = date_of("last_on", typed["last_on"]) if typed.get("last_on") else None
        if last_on is not None and last_on < one.on:
            raise InvalidRequest("last_on", "not-after-start")
        count = typed.get("count", "").strip()
        if count and not (count.isascii() and count.isdecimal() and len(count) <= 3 and int(count) > 0):
            raise InvalidRequest("count", "not-a-number")
        if count and last_on:
            raise InvalidRequest("count", "count-and-until")
        repeat = Repeat(code, one.on.weekday(), last_on, int(count) if count else None)
        draft = drafts.changed(self._draft, one.number, one.on, one.on, (opens, closes))
        rule = draft.rule(one.number)
        if rule is None or read_repeat(rule) == repeat:
            return draft
        return drafts.repeated(draft, one.number, repeat, one.on, since=self._today)

    def _keep(self, typed: Mapping[str, str]) -> None:
        """Leave in the form of the opening chosen what was typed."""
        kept = {name: text_of(typed.get(name, ""))[:12] for name in ("de", "a", "code", "last_on", "count")}
        self.opens, self.closes, self.code = kept["de"], kept["a"], kept["code"]
        self.last_on, self.count = kept["last_on"], kept["count"]

    async def _judge(self) -> None:
        """Say what saving would do."""
        self.refused, self.would_be, self.would_be_words, self.slots, self.weekly = "", [], "", "", ""
        if not self._hours or not self._draft.is_changed:
            return
        receiver, from_on, draft = self._hours[0].receiver, self._from_on, self._draft
        saved = [rule for _, rule in draft.saved]
        self.weekly = words.weekly_words(saved, [rule for _, rule in draft.lines], from_on)
        judging = partial(effect_of, receiver=receiver, rules=drafts.to_save(draft, from_on), from_on=from_on)
        try:
            effect: Effect = await read(judging, await current_actor(self), now=clock.now())
        except Refusal as refusal:
            self.refused = why(refusal)
            return
        self.slots = words.slots_words(effect.gained, effect.lost, effect.until)
        self.would_be_words = words.would_be_outside(len(effect.outside))
        self.would_be = [words.outside_line(one, moment(one.period.start, receiver.zone)) for one in effect.outside]

    def _focus(self, name: str) -> None:
        self.focused, self.turn = name, self.turn + 1

    def _say_wrong(self, refusal: InvalidRequest) -> None:
        name = FIELD_OF.get(refusal.field, refusal.field)
        if name not in NO_PROBLEM:
            self.refused = why(refusal)
            return
        said = FIELD_WORDS.get((name, refusal.problem)) or DATE_WORDS.get(refusal.problem)
        self.problems = {**NO_PROBLEM, name: said or "Cette valeur ne convient pas."}
        self._focus(name)


def why(refusal: Refusal) -> str:
    """Return why hours were refused, in a sentence."""
    if isinstance(refusal, OutOfDate):
        return "Quelqu’un a changé ces horaires entre-temps."
    if not isinstance(refusal, InvalidRequest):
        return sentence(refusal)
    on = refusal.facts.get("day")
    if (refusal.field, refusal.problem) == ("rules", "overlap") and isinstance(on, date):
        return f"Deux ouvertures se recouvrent le {day(on, year=True)} : raccourcissez l’une des deux."
    said = RULE_WORDS.get((refusal.field, refusal.problem)) or DATE_WORDS.get(refusal.problem)
    return said or sentence(refusal)


def date_of(name: str, typed: str) -> date:
    """Return a date as typed. Raises: InvalidRequest, which names the field."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest(name, "unreadable") from error
