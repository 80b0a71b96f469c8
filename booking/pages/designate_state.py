"""What the judge's table shows, and what its buttons do.

A change only changes the address; loading an address is the one place where services are looked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotOpen, PeriodTaken, Refusal
from availability.models import Kind
from availability.places import Located, communes_in, locate, suggest
from availability.rights import Actor
from booking.actions import cancel, undo_cancel
from booking.conflicts import conflicts_of, declare_conflict, withdraw_conflict
from booking.designations import (
    CaseSeen,
    Designation,
    Wanted,
    case_seen,
    designate,
    designations_of,
    read_case_ref,
)
from booking.doubles import OfferedPair, double_of, next_pairs
from booking.errors import OutOfDate
from booking.meanwhile import Changed, changes_since
from booking.measure_words import MeasureWords
from booking.mediators import DESIGNATORS, Candidate, Need, candidates, designable_kinds, home_zone
from booking.models import Booking, State
from booking.pages.designate_words import (
    CASE_WORDS,
    NOT_FOUND,
    CaseLine,
    Choice,
    Heading,
    PairChoice,
    Row,
    and_both,
    case_changes,
    case_line,
    case_problem,
    choices,
    competence_choices,
    convened_words,
    headings,
    located_words,
    pair_choice,
    pair_key,
    reasons_words,
    row,
    seat_words,
    sentence,
    shown_differences,
    shown_words,
    whereabouts,
)
from booking.pages.reason_part import read_reason
from booking.pages.why_words import Why, why_of, why_of_service
from booking.question import Question, form_of
from booking.seats import seat_named, suggested_seats
from booking.suggestion import Reason, ranked, reasons, suggestion
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence as said
from portal.settings import settings
from portal.ui.changed import Difference
from portal.ui.notice import NoticeState

ROWS_AT_ONCE = 40
RUNNING = (State.REQUESTED, State.BOOKED)
GONE = (PeriodTaken, CapacityReached, NotOpen)
END = partial(cancel, for_the_place=True)  # a judge decides it: the latest cancellation is not for them
NOTHING_ASKED = {each.name: "" for each in fields(Question)}
CHANGED = "modifie-dossier"
ENDING, ENDED = "fin", "fin-designation"  # the form that says why a designation ends, and which
PANEL_CHANGED = "Ce qui est proposé ici a changé entre-temps."
PROPOSED = "designer-propose"  # the button that Enter presses
PAIR_TAKEN = "Cette date vient d’être prise. Celles qui sont proposées maintenant sont libres."
NO_DEPARTMENTS: frozenset[str] = frozenset()
NOTHING_TO_DESIGNATE = "Aucun type de mesure n’est ouvert à votre ressort"


@dataclass(frozen=True)
class KindChoice:
    """One kind of measure to designate for."""

    code: str
    label: str


@dataclass(frozen=True)
class Answer:
    """Everything that one question found. `picked` is whom the panel proposes, and `running` is who has the case."""

    kinds: list[Kind]
    kind: Kind
    words: MeasureWords
    ranked: list[Candidate]
    rows: list[Row]
    designations: list[Designation]
    picked: Candidate | None
    reasons: tuple[Reason, ...]
    is_suggested: bool
    is_given: bool  # the case has it already: what is left is to convene
    pairs: list[OfferedPair]


@dataclass(frozen=True)
class Places:
    """Where the addresses are, as found."""

    near: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None)
    departments: frozenset[str] = NO_DEPARTMENTS


class DesignateState(rx.State):
    """The question as typed, whom it suggests, the rows shown, and what was already designated for the case."""

    asked: dict[str, str] = NOTHING_ASKED
    problems: dict[str, str] = NOTHING_ASKED
    kinds: list[KindChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    allowed: list[KindChoice] = []  # noqa: RUF012 - where violence is alleged
    competences: list[KindChoice] = []  # noqa: RUF012
    address1: str = ""
    address2: str = ""
    column1: str = ""
    column2: str = ""
    asks_violence: bool = False
    is_forbidden: bool = False
    law: str = ""
    located: dict[str, str] = {"p1": "", "p2": ""}  # noqa: RUF012
    suggestions: list[str] = []  # noqa: RUF012
    sentence: str = ""
    headings: list[Heading] = headings(Question().order)
    rows: list[Row] = []  # noqa: RUF012
    total: int = 0
    has_prices: bool = True
    cases: list[CaseLine] = []  # noqa: RUF012
    ending: str = ""  # the designation whose end is being explained: the only one, or the one asked for
    taken: str = ""
    choices: list[Choice] = []  # noqa: RUF012
    why: Why = Why()  # the rule, when the last designation was refused
    picked: str = ""  # the resource that the panel proposes
    picked_name: str = ""
    picked_where: str = ""
    picked_why: str = ""
    is_suggested: bool = False
    is_given: bool = False
    pairs: list[PairChoice] = []  # noqa: RUF012
    is_loaded: bool = False
    is_busy: bool = False
    version: int = 0  # of what the fields were filled with
    _question: Question = Question()
    _places: Places = Places()
    _pairs: list[OfferedPair] = []  # noqa: RUF012
    _picked: int = 0  # chosen in the table; 0: as suggested
    _shown: int = ROWS_AT_ONCE
    _needs_case: bool = False  # a designation was tried without its case
    # What somebody else changed of the panel and of the case, since they were read.
    changes: list[str] = []  # noqa: RUF012
    differences: list[Difference] = []  # noqa: RUF012
    _view: dict[str, str] = {}  # noqa: RUF012 - as it was read
    _view_now: dict[str, str] = {}  # noqa: RUF012
    _case_read: CaseSeen = ()
    _case_now: CaseSeen = ()
    _case_ids: set[int] = set()  # noqa: RUF012 - who was designated for the case
    _is_turning: bool = False  # the address is changing: its loading would take away what is said meanwhile
    _looked_for: Question | None = None  # what the page shows the answer of: the address may be ahead of it
    _proposes_to: Question | None = None  # the question sent by Enter: its answer has the focus
    _undo: tuple[str, str, str] = ("", "", "")  # the act that takes the last one back, its thing, its case

    @allow(*DESIGNATORS)
    @rx.event
    async def load(self) -> Any:
        """Look for what the address asks."""
        watch(self)
        asked, is_first = Question.read(self.router.url.query_parameters), not self.is_loaded
        is_other = asked != self._question
        if is_other:
            self._ask(asked)
        self.is_busy, self._is_turning = True, False
        yield
        await self._locate()
        try:
            await self._look()
        except NotAllowed:
            self.sentence, self.is_loaded, self.is_busy = NOTHING_TO_DESIGNATE, True, False
        if is_other:
            self.version += 1  # the fields are only filled again with what they do not hold yet, and it is known by now
        self._looked_for = asked
        yield  # what takes the focus must be there first
        if asked == self._proposes_to:
            self._proposes_to = None
            yield rx.set_focus(PROPOSED if self.picked else "rg")
        elif is_first and not asked.rg:
            yield rx.set_focus("rg")

    @allow(*DESIGNATORS)
    @rx.event
    async def answer(self, name: str, value: str | bool) -> EventSpec | None:
        """Ask again with one control changed."""
        question = self._question.with_answer(name, value)
        if name == "type":
            question = replace(question, competence="")
        return self._go(question) if question != self._question else None

    @allow(*DESIGNATORS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> EventSpec:
        """Ask again with everything that is in the form; the answer then has the focus, so that Enter takes it."""
        question, typed = self._question, form_of(form)
        for name in ("p1", "p2", "rg"):
            question = question.with_answer(name, typed.get(name, ""))
        if question == self._question == self._looked_for:
            return rx.set_focus(PROPOSED if self.picked else "rg")
        self._proposes_to = question
        return self._go(question)

    @allow(*DESIGNATORS)
    @rx.event
    async def sort(self, column: str) -> EventSpec:
        """Sort by a column: ascending, then descending, then as suggested."""
        order = self._question.order.toggled(str(column))
        return self._go(self._question.with_answer("tri", order.written()))

    @allow(*DESIGNATORS)
    @rx.event
    async def suggest_places(self, typed: str) -> None:
        """Offer the communes that begin so, and the services whose name holds it."""
        typed = str(typed)[:80]
        seats = await read(suggested_seats, await current_actor(self), typed)
        self.suggestions = [*(f"{place.name} ({place.department})" for place in suggest(typed)), *seats]

    @allow(*DESIGNATORS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next rows."""
        self._shown = min(self._shown + ROWS_AT_ONCE, 10_000)
        await self._look()

    @allow(*DESIGNATORS)
    @rx.event
    async def pick(self, resource_id: str) -> Any:
        """Designate the service of a line, or show its dates first when the parents are convened too."""
        self._picked = _number(resource_id)
        await self._look()
        if self.pairs and self.picked == str(self._picked):
            yield  # what takes the focus must be there first
            yield rx.set_focus(PROPOSED)
        else:
            yield await self._designate(self._wanted(resource_id))

    @allow(*DESIGNATORS)
    @rx.event
    async def choose(self, resource_id: str) -> EventSpec:
        """Designate a service for the case; the loser of a race is told plainly, and helped."""
        return await self._designate(self._wanted(resource_id))

    @allow(*DESIGNATORS)
    @rx.event
    async def take_proposed(self, resource_id: str, number: str) -> EventSpec:
        """Take what the panel proposes first, as the button said it: the service, with dates when there are some."""
        if number:
            return await self._convene(resource_id, number)
        return await self._designate(self._wanted(resource_id))

    @allow(*DESIGNATORS)
    @rx.event
    async def convene(self, resource_id: str, number: str) -> EventSpec:
        """Designate whom the panel proposes, with one of its double convocations."""
        return await self._convene(resource_id, number)

    @allow(*DESIGNATORS)
    @rx.event
    async def keep_mine(self) -> None:
        """Go on with what is chosen, knowing what changed."""
        self._accept_changes()

    @allow(*DESIGNATORS)
    @rx.event
    async def take_theirs(self) -> EventSpec:
        """Start again from what is suggested now."""
        self._picked = 0
        self._accept_changes()
        await self._look()
        return rx.set_focus(PROPOSED if self.picked else "rg")

    @allow(*DESIGNATORS)
    @rx.event
    async def set_conflict(self, resource_id: str, is_declared: bool) -> EventSpec:
        """Remember, or forget, a conflict of interest between a service and the case."""
        try:
            case_ref = read_case_ref(self._question.rg)
        except InvalidRequest as refusal:
            return await self._invalid(refusal)
        await self._set_conflict(case_ref, str(_number(resource_id)), is_declared=is_declared is True)
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def ask_why(self, booking_id: str) -> EventSpec:
        """Show the form that says why a designation ends."""
        self.ending = str(_uuid(booking_id))
        return rx.set_focus(f"{ENDING}-reason")

    @allow(*DESIGNATORS)
    @rx.event
    async def give_up(self, form: dict[str, Any]) -> EventSpec:
        """Cancel the designation that the form names, for the reason that it says, and with it what was set."""
        number = _uuid(form_of(form).get(ENDED, ""))
        convened = await read(double_of, number)
        why = read_reason(ENDING, form)
        booking = await act(END, await current_actor(self), number, now=clock.now(), reason=why)
        self._undo = ("take_again", str(booking.id), booking.case_ref)
        said = f"La désignation du dossier {booking.case_ref} est annulée"
        await self._say(f"{said}{and_both(is_convened=convened is not None)}.", undo_label="Rétablir")
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take the last act back."""
        (what, thing, case_ref), self._undo = self._undo, ("", "", "")
        if what in ("conflict", "no-conflict"):
            await self._set_conflict(case_ref, thing, is_declared=what == "no-conflict")
            return rx.set_focus("message")
        is_back = what == "take_again"
        actor, number = await current_actor(self), _uuid(thing)
        before = await read(double_of, number)
        booking = await act(undo_cancel if is_back else END, actor, number, now=clock.now())
        if what == "unset":
            await self._say(f"La double convocation du dossier {booking.case_ref} est annulée.")
        else:
            convened = await read(double_of, booking.id) if is_back else before
            said = f"La désignation du dossier {booking.case_ref} est {'rétablie' if is_back else 'annulée'}"
            await self._say(f"{said}{and_both(is_convened=convened is not None)}.")
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the table again when somebody else changed a service that is in it."""
        if resource_ids & ({int(each.resource_id) for each in self.rows} | self._case_ids):
            await self._look_again()

    async def _look_again(self) -> None:
        """Show what somebody else changed, and say it; whom the panel proposes stays, as long as they can take it."""
        before, read_before = self._view, self._case_read
        self._picked = int(self.picked or 0) or self._picked
        await self._look(is_told=True)
        self.differences = shown_differences(before, self._view_now)
        if self.differences:
            told = await read(_changes_of_case, await current_actor(self), read_before, self._case_now)
            self.changes = case_changes(*told) or [PANEL_CHANGED]

    def _accept_changes(self) -> None:
        self.changes, self.differences = [], []
        self._view, self._case_read = self._view_now, self._case_now

    def _ask(self, question: Question) -> None:
        self._question, self._shown, self._needs_case, self._picked = question, ROWS_AT_ONCE, False, 0
        self.taken, self.choices, self.why = "", [], Why()

    def _go(self, question: Question) -> EventSpec:
        self._ask(question)
        self._is_turning = True
        return rx.redirect(f"/designer/?{question.to_query()}", replace=True)

    async def _locate(self) -> None:
        """Find both addresses, outside of every transaction: the network may be asked."""
        actor = await current_actor(self)
        points, departments, words = [], set[str](), {}
        for name in ("p1", "p2"):
            typed = getattr(self._question, name)
            if (seat := await read(seat_named, actor, typed)) is not None:
                place, department = seat
                points.append((place.lat, place.lon))
                departments.add(department)
                words[name] = seat_words(place)
                continue
            found = await asyncio.to_thread(locate, typed, ban_url=settings().ban_url)
            points.append(_point(found))
            departments.update(_department(found))
            words[name] = located_words(found)
        self._places, self.located = Places((points[0], points[1]), frozenset(departments)), words

    async def _look(self, *, is_told: bool = False) -> None:
        """Show the answer as it is now; what `is_told` is compared with what was read before."""
        actor, question = await current_actor(self), self._question
        found = await read(_answer, actor, question, self._places, (self._shown, self._picked), now=clock.now())
        self.kinds = [KindChoice(kind.code, kind.layer) for kind in found.kinds]
        self.asked = vars(question) | {"type": found.kind.code, "rayon": str(question.radius_km)}
        self.problems = NOTHING_ASKED | self._not_found() | case_problem(question.rg, is_needed=self._needs_case)
        self._show_kind(found)
        self.sentence = sentence(found.words, found.ranked, question, sum(map(bool, self._places.near)))
        self.headings = headings(question.order, found.words)
        self.rows, self.total = found.rows, len(found.ranked)
        self.has_prices = any(one.price_scale for one in found.ranked)
        if self.is_forbidden:
            self.rows, self.choices = [], []
        self._show_picked(found)
        self.cases = [case_line(one) for one in found.designations]
        running = [one.id for one in self.cases if one.is_running]
        if self.ending not in running or len(running) == 1:
            self.ending = running[0] if len(running) == 1 else ""
        self._case_now, self._case_ids = case_seen(found.designations), {one.resource_id for one in found.designations}
        of_picked = next((one for one in self.rows if one.resource_id == self.picked), None)
        self._view_now = shown_words(of_picked, self.pairs, self.cases)
        self.is_loaded, self.is_busy = True, False
        if not is_told:
            self._accept_changes()

    def _show_kind(self, found: Answer) -> None:
        kind, words = found.kind, found.words
        (self.address1, self.column1), (self.address2, self.column2) = words.addresses
        self.competences = [KindChoice(code, label) for code, label in competence_choices(kind)]
        self.asks_violence, self.law = kind.refused_if_violence, words.law
        self.is_forbidden = self.asks_violence and self._question.violence_alleged
        self.allowed = [KindChoice(one.code, one.layer) for one in found.kinds if not one.refused_if_violence]

    def _show_picked(self, found: Answer) -> None:
        one = None if self.is_forbidden else found.picked
        self.picked, self.picked_name = (str(one.resource_id), one.name) if one else ("", "")
        self.picked_where = whereabouts(one) if one else ""
        self.picked_why = reasons_words(found.reasons, sum(map(bool, self._places.near)))
        self.is_suggested, self.is_given = found.is_suggested, found.is_given
        self._pairs = found.pairs
        self.pairs = [pair_choice(pair) for pair in found.pairs]

    def _not_found(self) -> dict[str, str]:
        typed = (("p1", self._question.p1), ("p2", self._question.p2))
        near = self._places.near
        return {name: NOT_FOUND for (name, text), point in zip(typed, near, strict=True) if text and not point}

    def _wanted(self, resource_id: str) -> Wanted:
        question = self._question
        return Wanted(
            resource_id=_number(resource_id),
            case_ref=question.rg,
            violence_alleged=question.violence_alleged,
            need=Need(competence=question.competence, departments=self._places.departments),
            seen=self._case_read,
        )

    async def _designate(self, wanted: Wanted) -> EventSpec:
        self.why = Why()
        try:
            await self._done(await act(designate, await current_actor(self), wanted, now=clock.now()), wanted)
        except GONE as refusal:
            if refusal.facts.get("resource_id") != wanted.resource_id:  # the meeting or the hearing
                self.why = why_of(refusal)
                await self._say_no(PAIR_TAKEN)
                await self._look()
                return rx.set_focus("message")
            self.why = why_of_service(refusal)
            await self._lost(wanted.resource_id, refusal)
            return rx.set_focus("pris")
        except InvalidRequest as refusal:
            return await self._invalid(refusal)
        except OutOfDate:
            await self._look_again()
            return rx.set_focus(CHANGED)
        except Refusal as refusal:
            self.why = why_of(refusal)
            await self._say_no(said(refusal))
        return rx.set_focus("message")

    async def _convene(self, resource_id: str, number: str) -> EventSpec:
        wanted = self._wanted(resource_id)
        offered = next((each for each in self._pairs if pair_key(each) == str(number)), None)
        if offered is None or resource_id != self.picked:  # pressed while the panel was changing
            await self._say_no(PAIR_TAKEN)
            await self._look()
            return rx.set_focus("message")
        return await self._designate(replace(wanted, pair=offered.pair))

    async def _done(self, booking: Booking, wanted: Wanted) -> None:
        name = next((each.name for each in self.rows if each.resource_id == str(booking.resource_id)), "Le service")
        was_given, self.taken, self.choices, self._picked = self.is_given, "", [], 0
        self._undo = ("give_up", str(booking.id), booking.case_ref)
        text = f"Désignation demandée : {name}, dossier {booking.case_ref}. Le service doit maintenant accepter."
        if wanted.pair:
            offered = next(each for each in self._pairs if each.pair == wanted.pair)
            text = f"{text} {convened_words(offered)}"
            if was_given:
                double = await read(double_of, booking.id)
                self._undo = ("unset", str(double.meeting_id if double else ""), booking.case_ref)
                text = f"Dossier {booking.case_ref} : {convened_words(offered)}"
        await self._say(text, undo_label="Annuler", link=("Imprimer l’avis", f"/designer/avis/?d={booking.id}"))

    async def _set_conflict(self, case_ref: str, resource_id: str, *, is_declared: bool) -> None:
        function = declare_conflict if is_declared else withdraw_conflict
        await act(function, await current_actor(self), case_ref, int(resource_id), now=clock.now())
        self._undo = ("conflict" if is_declared else "no-conflict", resource_id, case_ref)
        name = next((each.name for each in self.rows if each.resource_id == resource_id), "Ce service")
        text = f"{name} ne sera plus proposé pour le dossier {case_ref} : conflit d’intérêts."
        if not is_declared:
            text = f"{name} peut de nouveau être proposé pour le dossier {case_ref}."
        await self._say(text, undo_label="Annuler")

    async def _lost(self, resource_id: int, refusal: Refusal) -> None:
        actor, question = await current_actor(self), self._question
        found = await read(_answer, actor, question, self._places, (self._shown, 0), now=clock.now())
        name = next((one.name for one in found.ranked if one.resource_id == resource_id), "Ce service")
        self.choices, self._picked = choices(found.ranked, other_than=resource_id), 0
        offered = "Les suivants qui conviennent :" if self.choices else "Aucun autre ne convient ici."
        self.taken = f"{name} vient d’être pris. {said(refusal)} {offered}"
        await self._look()

    async def _invalid(self, refusal: InvalidRequest) -> EventSpec:
        self._needs_case = refusal.problem == "required"
        await self._say_no(CASE_WORDS[refusal.problem] if refusal.field == "case_ref" else said(refusal))
        await self._look()
        return rx.set_focus("rg")

    async def _say_no(self, text: str) -> None:
        (await self.get_state(NoticeState)).show("error", text, on_next_page=self._is_turning)

    async def _say(self, text: str, *, undo_label: str = "", link: tuple[str, str] = ("", "")) -> None:
        notice = await self.get_state(NoticeState)
        notice.show_success(text, undo_label=undo_label, link=link, on_next_page=self._is_turning)
        await self._look()


def _answer(
    session: Session, actor: Actor, question: Question, places: Places, showing: tuple[int, int], *, now: datetime
) -> Answer:
    """Return what the page shows; `showing` is how many rows, and the resource picked in them (0: as suggested)."""
    shown, picked_id = showing
    kinds = designable_kinds(session, actor)
    if not kinds:
        raise NotAllowed(act="designate")
    kind = next((one for one in kinds if one.code == question.type), kinds[0])
    today = now.astimezone(home_zone(session, actor)).date()
    case_ref = _case_ref(question.rg)
    conflicts = conflicts_of(session, actor, case_ref) if case_ref else frozenset[int]()
    need = Need(competence=question.competence, departments=places.departments, conflicts=conflicts)
    radius_km = question.radius_km
    found = candidates(session, actor, kind, places.near, radius_km=radius_km, need=need, today=today, now=now)
    listed = ranked(found, question.order)
    made = designations_of(session, actor, case_ref, now=now) if case_ref else []
    running = next((one for one in made if one.kind_label == kind.label and one.state in RUNNING), None)
    picked, why, is_suggested = _picked(
        found, running.resource_id if running else picked_id, is_given=running is not None
    )
    convenes = picked is not None and (running is None or running.meeting is None)
    return Answer(
        kinds=kinds,
        kind=kind,
        words=MeasureWords.read(kind.wording),
        ranked=listed,
        rows=[row(one, today=today) for one in listed[:shown]],
        designations=made,
        picked=picked if convenes else None,
        reasons=why,
        is_suggested=is_suggested,
        is_given=running is not None,
        pairs=next_pairs(session, actor, kind, picked.resource_id, now=now) if picked and convenes else [],
    )


def _changes_of_case(
    session: Session, actor: Actor, before: CaseSeen, after: CaseSeen
) -> tuple[list[Changed], ZoneInfo]:
    """Return what was done of the designations of a case since they were read, and the zone in which to say when."""
    known = dict(before)
    changes = [
        one
        for number, revision in after
        if revision != known.get(number, 0)
        for one in changes_since(session, actor, session.get_one(Booking, number), known.get(number, 0))
    ]
    return sorted(changes, key=lambda one: one.at), home_zone(session, actor)


def _picked(
    found: Sequence[Candidate], picked_id: int, *, is_given: bool
) -> tuple[Candidate | None, tuple[Reason, ...], bool]:
    """Return whom to propose, why, and whether it is the suggestion rather than a choice, or who has the case."""
    best = suggestion(found)
    chosen = next((one for one in found if one.resource_id == picked_id and (one.can_take or is_given)), None)
    if chosen is not None and (is_given or best is None or chosen != best[0]):
        return chosen, reasons(chosen, [one for one in found if one.can_take]), False
    return (best[0], best[1], True) if best and not is_given else (None, (), False)


def _case_ref(typed: str) -> str:
    try:
        return read_case_ref(typed)
    except InvalidRequest:
        return ""  # said beside the field


def _point(located: Located) -> tuple[float, float] | None:
    return (located.best.lat, located.best.lon) if located.best else None


def _department(located: Located) -> list[str]:
    """Return the department of a place found, as its label names it."""
    return [commune.department for commune in communes_in(located.best.label)[:1]] if located.best else []


def _number(typed: object) -> int:
    if not re.fullmatch("[0-9]{1,18}", str(typed)):
        raise InvalidRequest("resource_id", "not-a-number")
    return int(str(typed))


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise InvalidRequest("booking_id", "not-a-number") from error
