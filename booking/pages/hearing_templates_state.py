"""What the page of templates does: it lists, writes, shows what a change moves before it is done, and takes back."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor
from booking.day import today_of
from booking.hearing_template_queries import (
    Choices,
    TemplateLine,
    VideoEnd,
    choices_of,
    ends_like,
    ends_of,
    templates_of,
    year_of,
)
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_ENDS, VIDEO_KIND
from booking.hearing_templates import (
    SETTERS,
    Written,
    change_session,
    change_template,
    close_template,
    reopen_template,
    said_of,
    set_day,
    tried,
    undo_change,
    write_template,
)
from booking.pages.hearing_templates_words import (
    FIELDS,
    NAMED,
    NOTHING,
    End,
    Month,
    Row,
    agreement_of,
    consequences,
    end_of,
    first_form,
    form_of,
    months_of,
    read_day,
    read_form,
    read_session,
    row_of,
    sessions_of,
    wrong_of,
)
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.notice import NoticeState

A_YEAR = timedelta(days=366)


class HearingTemplatesState(rx.State):
    """The templates of one's courts, the one being written, and its year."""

    is_loaded: bool = False
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    courts: list[tuple[str, str]] = []  # noqa: RUF012
    kinds: list[tuple[str, str]] = []  # noqa: RUF012
    rooms: list[tuple[str, str]] = []  # noqa: RUF012
    judges: list[tuple[str, str]] = []  # noqa: RUF012
    clerks: list[tuple[str, str]] = []  # noqa: RUF012
    prosecutors: list[tuple[str, str]] = []  # noqa: RUF012
    interpreters: list[tuple[str, str]] = []  # noqa: RUF012
    video: list[tuple[str, str]] = []  # noqa: RUF012
    far: End = End()  # the other end of the link, as it is chosen
    far_said: str = ""
    seeking: str = ""
    ends: list[End] = []  # noqa: RUF012 - those that are proposed
    is_writing: bool = False
    chosen: str = ""  # the template being changed, none when it is a new one
    chosen_name: str = ""
    typed: dict[str, str] = NOTHING
    problems: dict[str, str] = {**NOTHING, "day": "", "session": "", "close_on": ""}  # noqa: RUF012
    moved: list[str] = []  # noqa: RUF012 - what the change as typed would move
    moved_by: str = ""  # which form that is: the template's own, "day" or "close_on"
    months: list[Month] = []  # noqa: RUF012
    sessions: list[tuple[str, str]] = []  # noqa: RUF012
    version: int = 0
    focused: str = ""
    turn: int = 0
    _ends: list[VideoEnd] = []  # noqa: RUF012
    _undo: Any = None
    _begun: dict[str, str] = NOTHING  # what the form held when it was opened
    _seen: Any = ("", "")  # the act that was shown last, and what it said

    @allow(*SETTERS)
    @rx.event
    async def load(self) -> None:
        """Show the templates and what may be chosen."""
        await self._show()

    @allow(*SETTERS)
    @rx.event
    async def begin(self) -> None:
        """Open an empty form."""
        today = await self._today()
        proposed = first_form(today)
        if len(self.courts) == 1:
            proposed["site_id"] = self.courts[0][0]
        self._open("", "", proposed)

    @allow(*SETTERS)
    @rx.event
    async def choose(self, template_id: str) -> None:
        """Open a template: its form and its year."""
        await self._choose(template_id)

    async def _choose(self, template_id: str) -> None:
        today = await self._today()
        line = next((one for one in await self._lines() if str(one.template.id) == str(template_id)), None)
        if line is None:
            (await self.get_state(NoticeState)).show_error("Ce modèle n’existe plus.")
            await self._show()
            return
        lists = (self.judges, self.clerks, self.prosecutors, self.interpreters)
        among = {name: [int(number) for number, _ in one] for name, one in zip(NAMED, lists, strict=False)}
        ends = await read(ends_of, await current_actor(self), line.template)
        self._open(str(line.template.id), line.template.name, form_of(line.template, among, ends, today))
        self._take_end(ends[1] if len(ends) == VIDEO_ENDS else None)
        await self._show_year()

    @allow(*SETTERS)
    @rx.event
    async def seek_end(self, typed: str) -> None:
        """Propose ends of video links whose words are all found, wherever they are."""
        self.seeking = str(typed)[:100]
        self._ends = await read(ends_like, await current_actor(self), self.seeking)
        self.ends = [end_of(one) for one in self._ends]

    @allow(*SETTERS)
    @rx.event
    async def pick_end(self, end_id: str) -> None:
        """Choose one of the ends that are proposed."""
        self._take_end(next((one for one in self._ends if str(one.id) == str(end_id)), None))
        self.focused, self.turn = "autre-bout", self.turn + 1

    @allow(*SETTERS)
    @rx.event
    async def forget_end(self) -> None:
        """Choose the other end again."""
        self._take_end(None)
        self.focused, self.turn = "video_search", self.turn + 1

    @allow(*SETTERS)
    @rx.event
    def leave(self) -> None:
        """Close the form."""
        self.is_writing, self.months, self.moved = False, [], []

    @allow(*SETTERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> None:
        """Write a new template; of one that is there, show what the change moves, or do it once that was seen."""
        received = form if isinstance(form, dict) else {}
        seen = self.typed if self.moved and self.moved_by == "form" else None
        self.typed = {name: str(received.get(name) or "")[:200] for name in FIELDS}
        spec, from_on, wrong = read_form(self.typed)
        if spec is None or from_on is None:
            self._say_wrong(wrong)
            return
        write: Any = partial(write_template, spec=spec, from_on=from_on)
        if self.chosen:
            write = partial(change_template, template_id=int(self.chosen), spec=spec, from_on=from_on)
        is_shown_first = bool(self.chosen) and seen != self.typed
        self._forget_problems()
        if self.chosen and spec == read_form(self._begun)[0]:
            self.moved, self.moved_by = [], ""
            (await self.get_state(NoticeState)).show("info", "Rien n’a changé dans ce modèle.")
            return
        done = await self._do(write, is_tried=is_shown_first)
        if done is None:
            return
        if is_shown_first:
            self._show_moved("form", done)
            return
        undo: Any = partial(undo_change, template_id=done.template_id)
        if not self.chosen:
            undo = partial(close_template, template_id=done.template_id, from_on=from_on)
        await self._said(done, "Le modèle est changé." if self.chosen else "Le modèle est enregistré.", undo)
        await self._choose(str(done.template_id))

    @allow(*SETTERS)
    @rx.event
    async def set_one_day(self, form: dict[str, Any]) -> None:
        """Take a date out, or add one."""
        day = self._day_of(form, "day")
        if day is None:
            return
        number, sits = int(self.chosen), bool(form.get("sits"))
        line = await self._chosen_line()
        before = said_of(line.template, day) if line else None
        done = await self._once_seen("day", f"{day} {sits}", partial(set_day, template_id=number, day=day, sits=sits))
        if done is not None:
            undo = partial(set_day, template_id=number, day=day, sits=before)
            await self._said(done, "La date est ajoutée." if sits else "La date est retirée.", undo)
            await self._show_year()

    @allow(*SETTERS)
    @rx.event
    async def change_one(self, form: dict[str, Any]) -> None:
        """Change one session by hand."""
        self._forget_problems()
        read_of = read_session({name: str(typed) for name, typed in form.items()} if isinstance(form, dict) else {})
        if read_of is None:
            self._say_wrong({"session": "Choisissez une audience, son heure, ses minutes et ses affaires."})
            return
        number, change = read_of
        before = await self._do(partial(change_session, resource_id=number, change=change), field="session")
        if before is not None:
            self._undo = partial(change_session, resource_id=number, change=before, is_undo=True)
            said = "L’audience est changée ; son modèle la laissera ainsi."
            (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler")
            await self._show_year()

    @allow(*SETTERS)
    @rx.event
    async def close(self, form: dict[str, Any]) -> None:
        """Open no more sessions from a day on."""
        day = self._day_of(form, "close_on")
        if day is None:
            return
        line = await self._chosen_line()
        until = line.template.valid_until if line else None
        number = int(self.chosen)
        do = partial(close_template, template_id=number, from_on=day)
        done = await self._once_seen("close_on", day.isoformat(), do)
        if done is not None:
            await self._said(done, "Le modèle est fermé.", partial(reopen_template, template_id=number, until=until))
            self.is_writing, self.months = False, []

    @allow(*SETTERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the last act."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        done = await self._do(undo)
        if done is not None:
            await self._said(done, "C’est annulé.", None)
            self.is_writing, self.months = False, []

    @not_an_event
    def _day_of(self, form: dict[str, Any], field: str) -> date | None:
        self._forget_problems()
        day = read_day(str(form.get(field, "")) if isinstance(form, dict) else "")
        if day is None or not self.chosen:
            self._say_wrong({field: "Choisissez ce jour dans le calendrier."})
            return None
        return day

    async def _once_seen(self, by: str, asked: str, do: Any) -> Any:
        """Show what an act would move; do it, and return that, when it is asked again as it was shown."""
        is_seen = self._seen == (by, asked) and self.moved_by == by
        done = await self._do(do, is_tried=not is_seen, field=by)
        self._seen = ("", "") if done is None or is_seen else (by, asked)
        if done is None or is_seen:
            return done
        self._show_moved(by, done)
        return None

    @not_an_event
    def _show_moved(self, by: str, done: Any) -> None:
        self.moved, self.moved_by = consequences(done.generated), by
        self.focused, self.turn = "ce-qui-bouge", self.turn + 1

    async def _do(self, do: Any, *, is_tried: bool = False, field: str = "") -> Any:
        """Do an act, or only try it; a refusal is said beside its field, or above."""
        actor = await current_actor(self)
        try:
            return await act(_done, actor, do, is_tried=is_tried)
        except InvalidRequest as refusal:
            wrong = wrong_of(refusal)
            known = {field or name: words for name, words in wrong.items() if field or name in self.problems}
            if known:
                self._say_wrong(known)
            else:
                (await self.get_state(NoticeState)).show_error(next(iter(wrong.values())))
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
        return None

    async def _said(self, done: Any, words: str, undo: Any) -> None:
        self._undo, self.moved, self.moved_by = undo, [], ""
        told = " ".join([words, *(consequences(done.generated) if isinstance(done, Written) else ())])
        (await self.get_state(NoticeState)).show_success(told, undo_label="Annuler" if undo else "")
        await self._show()

    @not_an_event
    def _take_end(self, chosen: VideoEnd | None) -> None:
        self.far, self.far_said = (end_of(chosen), agreement_of(chosen)) if chosen else (End(), "")
        self.seeking, self.ends, self._ends = "", [], []

    @not_an_event
    def _open(self, chosen: str, name: str, typed: dict[str, str]) -> None:
        self.is_writing, self.chosen, self.chosen_name, self.typed = True, chosen, name, typed
        self._begun = typed
        self.moved, self.moved_by, self.months, self.version = [], "", [], self.version + 1
        self._take_end(None)
        self._forget_problems()
        self.focused, self.turn = "name", self.turn + 1

    @not_an_event
    def _forget_problems(self) -> None:
        self.problems = {**NOTHING, "day": "", "session": "", "close_on": ""}

    @not_an_event
    def _say_wrong(self, wrong: dict[str, str]) -> None:
        self.moved, self.moved_by = [], ""
        self.problems = {**NOTHING, "day": "", "session": "", "close_on": "", **wrong}
        self.focused, self.turn = next(iter(wrong)), self.turn + 1

    async def _today(self) -> date:
        return await read(today_of, await current_actor(self), now=clock.now())

    async def _lines(self) -> list[TemplateLine]:
        lines: list[TemplateLine] = await read(templates_of, await current_actor(self), now=clock.now())
        return lines

    async def _chosen_line(self) -> TemplateLine | None:
        return next((one for one in await self._lines() if str(one.template.id) == self.chosen), None)

    async def _show(self) -> None:
        actor = await current_actor(self)
        lines, choices = await read(_found, actor)
        self.rows = [row_of(line) for line in lines]
        for name in ("courts", "kinds", "rooms", "judges", "clerks"):
            setattr(self, name, [(str(number), label) for number, label in getattr(choices, name)])
        for name, code in (("prosecutors", PROSECUTOR_KIND), ("interpreters", INTERPRETER_KIND), ("video", VIDEO_KIND)):
            setattr(self, name, [(str(number), label) for number, label in choices.held_with[code]])
        self.is_loaded = True

    async def _show_year(self) -> None:
        today = await self._today()
        first = today.replace(day=1)
        asked = {"first": first, "until": first + A_YEAR, "now": clock.now()}
        days = await read(year_of, await current_actor(self), int(self.chosen), **asked)
        self.months, self.sessions = months_of(days, first), sessions_of(days, today)


def _found(session: Session, actor: Actor) -> tuple[list[TemplateLine], Choices]:
    return templates_of(session, actor, now=clock.now()), choices_of(session, actor)


def _done(session: Session, actor: Actor, do: Any, *, is_tried: bool) -> Any:
    return tried(session, _doing, actor, do) if is_tried else _doing(session, actor, do)


def _doing(session: Session, actor: Actor, do: Any) -> Any:
    return do(session, actor, now=clock.now())
