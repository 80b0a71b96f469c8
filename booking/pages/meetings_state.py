"""What the page of common dates does: each answer changes the address, and loading an address is what searches."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, NotOpen, PeriodTaken, Refusal
from availability.openings import local_day
from availability.periods import Period
from availability.rights import Actor, Role
from booking.common_dates import MOST_PEOPLE, Wanted
from booking.hearing_template_queries import choices_of
from booking.hearing_templates import SETTERS
from booking.meeting_models import Meeting
from booking.meeting_search import (
    Answer,
    Candidate,
    Court,
    Offered,
    candidates,
    courts_of,
    offered,
    people_named,
    search,
    staff_of,
)
from booking.meetings import Choice, MeetingLine, What, call_off, meetings_of, restore, set_meeting
from booking.pages import meetings_words as words
from booking.pages.meetings_days import Day, days_of
from booking.pages.meetings_question import Asked, filled, read_wanted, wrong_of
from booking.pages.meetings_words import BlockLine, MeetingRow, Option, Person, Post
from booking.question import form_of, text_of
from booking.video_links import LinksFull
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.ui.notice import NoticeState

SEARCH = "chercher-qui"  # the field in which people are searched
MOST_TURNS = 20
ANSWER = "reponse"  # the heading of what was found
KEPT = ("type", "affaires", "name")  # what is to be fixed, which the address does not carry
NOTHING = dict.fromkeys((*(each.name for each in fields(Asked)), *KEPT), "")
NO_COURT = "Aucun tribunal de votre ressort n’a d’audiences ni de salles."


@dataclass(frozen=True)
class Shown:
    """What the page shows of an address."""

    court: Court
    courts: list[Court]
    offered: Offered
    people: list[Candidate]
    staff: list[Candidate]
    meetings: list[MeetingLine]
    kinds: tuple[tuple[int, str], ...]
    today: date
    wanted: Wanted | None = None
    answer: Answer | None = None
    wrong: dict[str, str] = field(default_factory=dict)


class MeetingsState(rx.State):
    """Who is to meet and where, the dates found and who blocks, and the meetings to come."""

    is_loaded: bool = False
    is_busy: bool = False
    has_court: bool = True
    typed: dict[str, str] = NOTHING
    problems: dict[str, str] = NOTHING
    courts: list[tuple[str, str]] = []  # noqa: RUF012
    rooms: list[tuple[str, str]] = []  # noqa: RUF012
    far_ends: list[tuple[str, str]] = []  # noqa: RUF012
    kinds: list[tuple[str, str]] = []  # noqa: RUF012
    people: list[Person] = []  # noqa: RUF012
    began_alone: bool = True  # nobody was asked when the page was opened
    posts: list[Post] = []  # noqa: RUF012
    seeking: str = ""
    found: list[Option] = []  # noqa: RUF012
    sentence: str = ""
    has_dates: bool = False
    days: list[Day] = []  # noqa: RUF012
    before: list[str] = []  # noqa: RUF012
    doubts: list[str] = []  # noqa: RUF012
    blockers: list[BlockLine] = []  # noqa: RUF012
    later: BlockLine = BlockLine("", "", "")
    meetings: list[MeetingRow] = []  # noqa: RUF012
    hours_said: str = ""
    taken_as: str = words.MEETING
    version: int = 0  # of what the fields were filled with
    focused: str = ""
    turn: int = 0
    _asked: Asked = Asked()
    _turns: list[Asked] = []  # noqa: RUF012 - the addresses that were asked for and are not loaded yet
    _court_id: int = 0
    _wanted: Wanted | None = None
    _named: dict[int, str] = {}  # noqa: RUF012
    _undo: Any = None
    _goes_to_answer: bool = False

    @allow(*SETTERS)
    @rx.event
    async def load(self) -> Any:
        """Show what the address asks."""
        watch(self)
        asked = Asked.read(self.router.url.query_parameters)
        if self._is_overtaken(asked):
            return
        is_another = asked != self._asked or not self.is_loaded
        if is_another:
            self._asked, self.began_alone = asked, not asked.people
        self.is_busy = True
        yield
        await self._show()
        self.version += is_another  # the fields are filled again, with what was just read
        if self._goes_to_answer and self.sentence:
            yield  # what takes the focus must be there first
            yield rx.set_focus(ANSWER)
        elif self._goes_to_answer:
            self._focus_wrong()
        self._goes_to_answer = False

    @allow(*SETTERS)
    @rx.event
    async def answer(self, name: str, value: str | bool) -> EventSpec | None:
        """Search again with one answer changed."""
        asked = self._asked.with_answer(name, value)
        if name == "tribunal":
            asked = Asked(tribunal=asked.tribunal)
        return self._go(asked)

    @allow(*SETTERS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> EventSpec | None:
        """Search again with everything that is in the form."""
        typed, asked = form_of(form), self._asked
        for name in ("minutes", "du", "au", "de", "a"):
            asked = asked.with_answer(name, typed.get(name, ""))
        if not self.people:
            self._say_wrong({"qui": words.NOBODY})
            return None
        if asked == self._asked:
            await self._show()
            self._focus_wrong()
            return rx.set_focus(ANSWER) if self.sentence else None
        self._goes_to_answer = True
        return self._go(asked)

    @allow(*SETTERS)
    @rx.event
    async def seek(self, typed: str) -> None:
        """Propose the people whose words are all found."""
        self.seeking = text_of(typed)[:100]
        there = self._asked.people
        found = await read(people_named, await current_actor(self), self._court_id, self.seeking, there)
        self.found = [words.option_of(one) for one in found]

    @allow(*SETTERS)
    @rx.event
    async def pick(self, person_id: str) -> EventSpec | None:
        """Ask somebody to be there too."""
        self.seeking, self.found = "", []
        self.focused, self.turn = SEARCH, self.turn + 1
        there, one = self._asked.people, _number(person_id)
        if len(there) >= MOST_PEOPLE and one not in there:
            self.problems |= {"qui": words.TOO_MANY}
            return None
        return self._go(self._asked.with_people(dict.fromkeys([*there, one])))

    @allow(*SETTERS)
    @rx.event
    async def drop(self, person_id: str) -> EventSpec | None:
        """Do without somebody."""
        gone = _number(person_id)
        self.focused, self.turn = SEARCH, self.turn + 1
        return self._go(self._asked.with_people([one for one in self._asked.people if one != gone]))

    @allow(*SETTERS)
    @rx.event
    async def keep(self, name: str, typed: str) -> None:
        """Keep what is typed of what is to be fixed."""
        if name in KEPT:
            self.typed |= {name: text_of(typed)[: words.LONGEST_NAME]}
            self.problems |= {name: ""}
            self.taken_as = words.taken_as(self._label(), self.typed["name"])

    @allow(*SETTERS)
    @rx.event
    async def take(self, start: str, room_id: str, video_id: str) -> EventSpec | None:
        """Fix a date: everybody and everything in it is taken, or nothing is."""
        wanted, what = self._wanted, self._what()
        if wanted is None or what is None:
            return None
        choice = Choice(start=_instant(start), room_id=_maybe(room_id), video_id=_maybe(video_id))
        notice = await self.get_state(NoticeState)
        try:
            done: Meeting = await act(set_meeting, await current_actor(self), wanted, choice, what, now=clock.now())
        except (PeriodTaken, NotOpen, LinksFull) as refusal:
            gone = words.gone_words(refusal, self._named)
            notice.show_error(f"{gone} Les dates proposées maintenant sont libres.")
        except InvalidRequest as refusal:
            self._say_wrong(wrong_of(refusal))
            return None
        else:
            self._undo = partial(call_off, meeting_id=done.id)
            notice.show_success(await self._taken(done), undo_label="Annuler")
        await self._show()
        return rx.set_focus("message")

    @allow(*SETTERS)
    @rx.event
    async def call_off(self, meeting_id: str) -> EventSpec:
        """Give everybody their time back."""
        number = _uuid(meeting_id)
        if await self._do(partial(call_off, meeting_id=number)):
            self._undo = partial(restore, meeting_id=number)
            said = "C’est annulé : chacun est de nouveau libre à cette heure."
            (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler")
        await self._show()
        return rx.set_focus("message")

    @allow(*SETTERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take the last act back."""
        undo, self._undo = self._undo, None
        if undo is not None and await self._do(undo):
            (await self.get_state(NoticeState)).show_success("C’est annulé.")
        await self._show()
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Search again when somebody who is asked, or a room, was taken or freed."""
        if self.is_loaded and not resource_ids.isdisjoint(self._named):
            await self._show()

    async def _do(self, do: Any) -> bool:
        """Do an act; a refusal is said above."""
        try:
            await act(do, await current_actor(self), now=clock.now())
        except InvalidRequest as refusal:
            (await self.get_state(NoticeState)).show_error(next(iter(wrong_of(refusal).values())))
        except (PeriodTaken, NotOpen, LinksFull) as refusal:
            (await self.get_state(NoticeState)).show_error(words.gone_words(refusal, self._named))
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
        else:
            return True
        return False

    async def _show(self) -> None:
        """Read what the address asks, and show it."""
        actor = await current_actor(self)
        shown: Shown | None = await read(_shown, actor, self._asked, now=clock.now())
        self.is_loaded, self.is_busy, self.has_court = True, False, shown is not None
        if shown is not None:
            self._fill(shown, may_share=actor.has(Role.REGISTRY))
            self._find(shown)

    @not_an_event
    def _fill(self, shown: Shown, *, may_share: bool) -> None:
        kept = {name: self.typed[name] for name in KEPT}
        self._court_id = shown.court.id
        self.typed = {**NOTHING, **filled(self._asked, shown.today), **kept, "tribunal": str(shown.court.id)}
        self.hours_said = words.hours_words(self._asked)
        self.courts = [(str(one.id), one.name) for one in shown.courts]
        self.rooms = words.room_choices(shown.offered)
        self.far_ends = [(str(number), name) for number, name in shown.offered.far_ends]
        self.kinds = [(str(number), label) for number, label in shown.kinds]
        now, zone = clock.now(), shown.court.zone
        self.people = [words.person_of(one, now, zone, may_share=may_share) for one in shown.people]
        self.doubts = words.doubts_of(self.people)
        self.posts = words.posts_of(shown.staff)
        self.meetings = [words.meeting_row(one) for one in shown.meetings]

    @not_an_event
    def _find(self, shown: Shown) -> None:
        self.problems = NOTHING | shown.wrong
        self._wanted, answer, wanted = shown.wanted, shown.answer, shown.wanted
        self._named = {one.id: one.name for one in shown.people} | dict(shown.offered.rooms)
        self.sentence, self.days, self.before, self.blockers, self.has_dates = "", [], [], [], False
        self.later = BlockLine("", "", "")
        if answer is None or wanted is None:
            return
        self._named |= answer.names
        self.sentence, self.has_dates = words.sentence_of(answer, wanted), answer.found.count > 0
        self.days = days_of(answer, wanted, clock.now())
        self.before = words.before_of(answer, wanted)
        self.blockers = words.blockers_of(answer, wanted, self._asked)
        self.later = words.later_of(answer, wanted, self._asked) or self.later

    @not_an_event
    def _what(self) -> What | None:
        """Return what is to be fixed, or None after saying what is wrong with it."""
        kind_id, cases = _maybe(self.typed["type"]), self.typed["affaires"] or "1"
        if kind_id is not None and not (cases.isascii() and cases.isdecimal() and len(cases) <= 4):
            self._say_wrong({"affaires": "Écrivez un nombre d’affaires, par exemple 1."})
            return None
        try:
            name = self.typed["name"].strip() or self._label()
            return What(name=name, kind_id=kind_id, max_cases=int(cases) if kind_id is not None else 1)
        except InvalidRequest as refusal:
            where = {"max_cases": "affaires"}.get(refusal.field, "name")
            self._say_wrong({where: next(iter(wrong_of(refusal).values()))})
            return None

    @not_an_event
    def _label(self) -> str:
        """Return the kind of what is to be fixed."""
        label = next((label for number, label in self.kinds if number == self.typed["type"]), words.MEETING)
        return label[:1].upper() + label[1:]

    async def _taken(self, done: Meeting) -> str:
        zone = next(one.zone for one in await read(courts_of, await current_actor(self)) if one.id == done.site_id)
        names = [self._named.get(one, "") for one in done.people_ids]
        room = self._named.get(done.room_id, "") if done.room_id else ""
        return words.taken_words(names, Period(done.starts_at, done.ends_at), zone, room)

    @not_an_event
    def _say_wrong(self, wrong: dict[str, str]) -> None:
        self.problems = NOTHING | wrong
        self._focus_wrong()

    @not_an_event
    def _focus_wrong(self) -> None:
        """Go to the first field that is wrong, if one is."""
        wrong = next((name for name, said in self.problems.items() if said), "")
        if wrong:
            self.focused, self.turn = SEARCH if wrong == "qui" else wrong, self.turn + 1

    @not_an_event
    def _is_overtaken(self, asked: Asked) -> bool:
        """Say whether a later question is on its way already: what is typed meanwhile must not be written over."""
        at = self._turns.index(asked) if asked in self._turns else len(self._turns)
        self._turns = self._turns[at + 1 :]
        return bool(self._turns)

    @not_an_event
    def _go(self, asked: Asked) -> EventSpec | None:
        if asked == self._asked:
            return None  # the same address again would never be loaded
        self._asked, self.is_busy = asked, True
        self._turns = [*self._turns[-MOST_TURNS:], asked]
        return rx.redirect(asked.address(), replace=True)


def _shown(session: Session, actor: Actor, asked: Asked, *, now: datetime) -> Shown | None:
    """Return what an address asks; None when the actor has no court."""
    courts = courts_of(session, actor)
    named = next((one for one in courts if str(one.id) == asked.tribunal), None)
    court = named or next((one for one in courts if one.territory_id == actor.home_territory_id), None)
    if court is None and not courts:
        return None
    court = court or courts[0]
    today = local_day(now, court.zone)
    people = candidates(session, actor, court.id, asked.people)
    there = [one.id for one in people]
    wanted, wrong = read_wanted(asked.with_people(there), court.id, today) if people else (None, {})
    answer = None
    if wanted is not None:
        try:
            answer = search(session, actor, wanted, now=now)
        except InvalidRequest as refusal:
            wanted, wrong = None, wrong_of(refusal)
    return Shown(
        court=court,
        courts=courts,
        offered=offered(session, actor, court.id),
        people=people,
        staff=staff_of(session, actor, court.id, there),
        meetings=meetings_of(session, actor, court.id, now=now),
        kinds=choices_of(session, actor).kinds,
        today=today,
        wanted=wanted,
        answer=answer,
        wrong=wrong,
    )


def _number(typed: object) -> int:
    found = _maybe(typed)
    if found is None:
        raise NotFound(id=str(typed)[:20])
    return found


def _maybe(typed: object) -> int | None:
    text = str(typed)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _uuid(typed: object) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(id=str(typed)[:40]) from error


def _instant(typed: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(typed))
    except ValueError as error:
        raise InvalidRequest("start", "no-offset") from error
    return found
