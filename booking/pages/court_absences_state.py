"""The absences of a court: what they leave to staff, who takes it, and what each holds."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor
from availability.words import invalid_sentence
from booking.bench import Away, Load, Member, ToStaff, absences_of, loads_of, members_of, to_staff
from booking.bench_actions import (
    Replaced,
    note_absence,
    replace_all,
    replace_one,
    set_share,
    set_skills,
    take_absence_back,
    undo_replacements,
)
from booking.day import today_of
from booking.pages.court_absences_words import (
    FIELD_OF,
    FORM,
    NEXT,
    NO_FORM,
    POSTS,
    AbsenceRow,
    Gap,
    LoadRow,
    absence_of,
    gap_of,
    load_rows,
    months_around,
    read_form,
    read_month,
    read_skills,
    refused_words,
    replaced_words,
)
from booking.plans.hearings import PLANNERS, plannable_kinds
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, not_an_event
from portal.ui.dates import NBSP, plural
from portal.ui.notice import NoticeState

AHEAD = timedelta(days=400)
WHOLE = 100  # percent
EMPTY = {**NO_FORM, "percent": "100"}


class CourtAbsencesState(rx.State):
    """Sessions to staff, absences, loads."""

    is_loaded: bool = False
    gaps: list[Gap] = []  # noqa: RUF012 - Reflex copies the default for each client
    more: str = ""  # how many gaps are not shown
    summary: str = ""
    absences: list[AbsenceRow] = []  # noqa: RUF012
    members: list[tuple[str, str]] = []  # noqa: RUF012
    judges: list[LoadRow] = []  # noqa: RUF012
    clerks: list[LoadRow] = []  # noqa: RUF012
    months: list[tuple[str, str]] = []  # noqa: RUF012
    month: str = ""
    typed: dict[str, str] = EMPTY
    problems: dict[str, str] = NO_FORM
    version: int = 0
    focused: str = ""
    turn: int = 0
    _ids: list[int] = []  # noqa: RUF012
    _undo: Any = None

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show what is to staff, who is away, and the loads of the month of the address, this one when it has none."""
        watch(self)
        today = await read(today_of, await current_actor(self), now=clock.now())
        asked = str(self.router.url.query_parameters.get("mois", ""))
        self.months = months_around(today)
        self.month = asked if asked in [month for month, _ in self.months] else f"{today:%Y-%m}"
        await self._read_again()
        self.version += 1  # what was typed and not sent is there again
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def keep(self, name: str, typed: str) -> None:
        """Keep what is typed."""
        if name in FORM:
            self.typed |= {str(name): str(typed)[:200]}

    @allow(*PLANNERS)
    @rx.event
    async def note(self, form: dict[str, Any]) -> None:
        """Note an absence."""
        received = form if isinstance(form, dict) else {}
        self.typed = {name: str(received.get(name) or "")[:200] for name in FORM}
        asked, wrong = read_form(self.typed)
        if asked is None:
            self._say_wrong(wrong)
            return
        try:
            away = await act(note_absence, await current_actor(self), **asked, now=clock.now())
        except InvalidRequest as refusal:
            self._say_wrong({FIELD_OF.get(refusal.field, refusal.field): invalid_sentence(refusal)})
            return
        except Refusal as refusal:
            self._say_wrong({"who": refused_words(refusal)})
            return
        self._undo = partial(take_absence_back, resource_id=away.resource_id, number=away.id, is_whole=away.is_whole)
        self.typed, self.problems = EMPTY, NO_FORM
        self.version += 1
        await self._read_again()
        await self._said("L’absence est notée." + (f" {self.summary}" if self.gaps else ""))

    @allow(*PLANNERS)
    @rx.event
    async def take_back(self, absence_id: str) -> None:
        """Have somebody there again."""
        found = _absence_id(str(absence_id))
        if found is None:
            return
        is_whole, who, number = found
        away = await self._do(partial(take_absence_back, resource_id=who, number=number, is_whole=is_whole))
        if away is None:
            return
        known = {"first": away.first, "until": away.until, "percent": away.percent, "reason": away.reason}
        self._undo = partial(note_absence, resource_id=who, **known) if away.until is not None else None
        await self._said("L’absence est retirée.")

    @allow(*PLANNERS)
    @rx.event
    async def replace(self, form: dict[str, Any]) -> None:
        """Have a colleague hold one session."""
        received = form if isinstance(form, dict) else {}
        ids = [*str(received.get("gap") or "").split("-"), str(received.get("by") or "")]
        if len(ids) != 3 or not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in ids):
            (await self.get_state(NoticeState)).show_error("Choisissez qui remplace.")
            return
        hearing, absent, by = (int(one) for one in ids)
        await self._replace(partial(replace_one, hearing_id=hearing, absent_id=absent, by_id=by))

    @allow(*PLANNERS)
    @rx.event
    async def replace_every(self, absence_id: str) -> None:
        """Have colleagues hold all the sessions of an absence."""
        found = _absence_id(str(absence_id))
        if found is not None and found[0]:
            await self._replace(partial(replace_all, closure_id=found[2]))

    @allow(*PLANNERS)
    @rx.event
    async def share(self, form: dict[str, Any]) -> None:
        """Say how much of full time somebody gives to hearings."""
        received = form if isinstance(form, dict) else {}
        who, percent = (str(received.get(name) or "")[:18] for name in ("member", "share"))
        is_number = percent.isascii() and percent.isdecimal()
        if not (who.isascii() and who.isdecimal() and is_number and 1 <= int(percent) <= WHOLE):
            said = f"« {percent} » n’est pas une quotité{NBSP}: écrivez un nombre de 1 à 100."
            (await self.get_state(NoticeState)).show_error(said)
            self._focus(f"quotite-{who}")
            return
        before = await self._do(partial(set_share, resource_id=int(who), percent=int(percent)))
        if before is not None:
            self._undo = partial(set_share, resource_id=int(who), percent=before)
            await self._said("La quotité est enregistrée.")

    @allow(*PLANNERS)
    @rx.event
    async def hold(self, form: dict[str, Any]) -> None:
        """Say what hearings somebody holds."""
        found = read_skills(form if isinstance(form, dict) else {})
        if found is None:
            (await self.get_state(NoticeState)).show_error("Cochez des audiences de la liste.")
            return
        who, skills = found
        before = await self._do(partial(set_skills, resource_id=who, skills=skills))
        if before is not None:
            self._undo = partial(set_skills, resource_id=who, skills=before)
            held = next((one for one in (*self.judges, *self.clerks) if one.id == str(who)), None)
            await self._said(f"{held.name} tient {held.held}." if held else "C’est enregistré.")

    @allow(*PLANNERS)
    @rx.event
    async def pick_month(self, month: str) -> EventSpec:
        """Show the loads of another month."""
        return rx.redirect("/audiences/absences/?" + urlencode({"mois": str(month)[:7]}), replace=True)

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the last act."""
        undo, self._undo = self._undo, None
        if undo is not None and await self._do(undo, is_undo=True) is not None:
            (await self.get_state(NoticeState)).show_success("C’est annulé.")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else changed of those who hold hearings."""
        if not resource_ids.isdisjoint(self._ids):
            await self._read_again()

    async def _replace(self, do: Any) -> None:
        done = await self._do(do)
        if not isinstance(done, Replaced):
            return
        self._undo = partial(undo_replacements, ids=done.ids) if done.ids else None
        notice = await self.get_state(NoticeState)
        if not done.ids:
            notice.show_error(f"Personne ne peut remplacer. {replaced_words(done)}")
            return
        title = plural(len(done.ids), "audience pourvue", "audiences pourvues")
        notice.show_success(replaced_words(done), title=title, undo_label="Annuler")
        self._focus("message")

    async def _do(self, do: Any, *, is_undo: bool = False) -> Any:
        actor = await current_actor(self)
        done = None
        try:
            done = await act(_doing, actor, do)
        except Refusal as refusal:
            words = invalid_sentence(refusal) if isinstance(refusal, InvalidRequest) else refused_words(refusal)
            (await self.get_state(NoticeState)).show_error(f"Cela ne s’annule plus. {words}" if is_undo else words)
            self._focus("message")
        await self._read_again()
        return done

    async def _said(self, words: str) -> None:
        (await self.get_state(NoticeState)).show_success(words, undo_label="Annuler" if self._undo else "")
        self._focus("message")

    async def _read_again(self) -> None:
        members, gaps, absences, loads, today, kinds = await read(_everything, await current_actor(self), self.month)
        named = {one.id: one for one in members}
        left: dict[int, int] = {}
        for one in gaps:
            left[one.closure_id] = left.get(one.closure_id, 0) + 1
        self._ids = [*named, *(one.hearing_id for one in gaps)]
        self.members = [(str(one.id), f"{one.name}, {POSTS[one.post]}") for one in members]
        self.gaps = [gap_of(one) for one in gaps[:NEXT]]
        hidden = len(gaps) - len(self.gaps)
        self.more = f"Et {plural(hidden, 'autre audience', 'autres audiences')}, plus tard." if hidden else ""
        self.summary = plural(len(gaps), "audience à pourvoir", "audiences à pourvoir") + "." if gaps else ""
        self.absences = [
            absence_of(one, named, left.get(one.id, 0) if one.is_whole else 0)
            for one in absences
            if one.until is None or one.until > today
        ]
        self.judges, self.clerks = (load_rows(loads, post, kinds) for post in ("judge", "clerk"))

    @not_an_event
    def _say_wrong(self, wrong: dict[str, str]) -> None:
        self.problems = {**NO_FORM, **{name: words for name, words in wrong.items() if name in FORM}}
        self._focus(next(iter(wrong)))

    @not_an_event
    def _focus(self, field: str) -> None:
        self.focused, self.turn = field, self.turn + 1


def _everything(
    session: Session, actor: Actor, month: str
) -> tuple[list[Member], list[ToStaff], list[Away], list[Load], date, dict[int, str]]:
    now = clock.now()
    today = today_of(session, actor, now=now)
    first, until = read_month(month, today)
    members = members_of(session, actor)
    absences = absences_of(session, [one.id for one in members], first=today, until=today + AHEAD)
    loads = loads_of(session, actor, first=first, until=until, now=now)
    kinds = {kind.id: kind.label for kind in plannable_kinds(session, actor)}
    return members, to_staff(session, actor, now=now), absences, loads, today, kinds


def _doing(session: Session, actor: Actor, do: Any) -> Any:
    return do(session, actor, now=clock.now())


def _absence_id(typed: str) -> tuple[bool, int, int] | None:
    """Return whether an absence is whole, of whom, and its number; None when it does not read."""
    parts = typed.split("-")
    if len(parts) != 3 or parts[0] not in ("c", "r"):
        return None
    if not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in parts[1:]):
        return None
    return parts[0] == "c", int(parts[1]), int(parts[2])
