"""What the judge's table shows, and what its buttons do.

A change only changes the address; loading an address is the one place where services are looked for.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotOpen, PeriodTaken, Refusal
from availability.models import Kind
from availability.places import Located, locate, suggest
from availability.rights import Actor
from booking.actions import cancel, undo_cancel
from booking.designations import (
    MEDIATION_KINDS,
    AlreadyDesignated,
    Designation,
    ViolenceAlleged,
    Wanted,
    designate,
    designations_of,
    read_case_ref,
)
from booking.mediators import DESIGNATORS, Candidate, candidates, designable_kinds, home_zone, ranked
from booking.models import Booking
from booking.pages.designate_words import (
    CASE_WORDS,
    NOT_FOUND,
    CaseLine,
    Choice,
    Heading,
    Row,
    case_line,
    case_problem,
    choices,
    headings,
    located_words,
    row,
    sentence,
)
from booking.question import Question, form_of
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import problem
from portal.problems import sentence as said
from portal.settings import settings
from portal.ui.notice import NoticeState

ROWS_AT_ONCE = 40
GONE = (PeriodTaken, CapacityReached, NotOpen)
NOTHING_ASKED = {each.name: "" for each in fields(Question)}
NOTHING_TO_DESIGNATE = "Aucun type de mesure n’est ouvert à votre ressort"

problem(
    AlreadyDesignated,
    409,
    "already-designated",
    "Déjà désigné",
    lambda refusal: (
        f"Le dossier {refusal.facts['case_ref']} est déjà confié à {refusal.facts['name']}. "
        "Annulez cette désignation pour en choisir une autre."
    ),
)
problem(
    ViolenceAlleged,
    409,
    "violence-alleged",
    "Médiation exclue",
    "Aucune médiation ne peut être proposée lorsque des violences sont alléguées (C. civ., art. 373-2-10).",
)


@dataclass(frozen=True)
class KindChoice:
    """One kind of measure to designate for."""

    code: str
    label: str


@dataclass(frozen=True)
class Answer:
    """Everything that one question found."""

    kinds: list[Kind]
    kind: Kind
    ranked: list[Candidate]
    rows: list[Row]
    designations: list[Designation]


class DesignateState(rx.State):
    """The question as typed, the rows shown, and what was already designated for the case."""

    asked: dict[str, str] = NOTHING_ASKED
    problems: dict[str, str] = NOTHING_ASKED
    kinds: list[KindChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_mediation: bool = False
    is_forbidden: bool = False
    located: dict[str, str] = {"p1": "", "p2": ""}  # noqa: RUF012
    suggestions: list[str] = []  # noqa: RUF012
    sentence: str = ""
    headings: list[Heading] = headings(Question().order)
    rows: list[Row] = []  # noqa: RUF012
    total: int = 0
    cases: list[CaseLine] = []  # noqa: RUF012
    taken: str = ""
    choices: list[Choice] = []  # noqa: RUF012
    is_loaded: bool = False
    is_busy: bool = False
    version: int = 0  # of what the fields were filled with
    _question: Question = Question()
    _near: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None)
    _shown: int = ROWS_AT_ONCE
    _needs_case: bool = False  # a designation was tried without its case
    _is_turning: bool = False  # the address is changing: its loading would take away what is said meanwhile
    _undo: tuple[str, str] = ("", "")  # the act that takes the last one back, and its booking

    @allow(*DESIGNATORS)
    @rx.event
    async def load(self) -> Any:
        """Look for what the address asks."""
        asked = Question.read(self.router.url.query_parameters)
        if asked != self._question:
            self.version += 1  # the fields are only filled again with what they do not hold yet
            self._ask(asked)
        self.is_busy, self._is_turning = True, False
        yield
        await self._locate()
        try:
            await self._look()
        except NotAllowed:
            self.sentence, self.is_loaded, self.is_busy = NOTHING_TO_DESIGNATE, True, False
        watch(self)

    @allow(*DESIGNATORS)
    @rx.event
    async def answer(self, name: str, value: str | bool) -> EventSpec | None:
        """Ask again with one control changed."""
        question = self._question.with_answer(name, value)
        return self._go(question) if question != self._question else None

    @allow(*DESIGNATORS)
    @rx.event
    async def submit(self, form: dict[str, Any]) -> EventSpec:
        """Ask again with everything that is in the form."""
        question, typed = self._question, form_of(form)
        for name in ("p1", "p2", "rg"):
            question = question.with_answer(name, typed.get(name, ""))
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
        """Offer the communes that begin so."""
        self.suggestions = [f"{place.name} ({place.department})" for place in suggest(str(typed)[:80])]

    @allow(*DESIGNATORS)
    @rx.event
    async def show_more(self) -> None:
        """Show the next rows."""
        self._shown = min(self._shown + ROWS_AT_ONCE, 10_000)
        await self._look()

    @allow(*DESIGNATORS)
    @rx.event
    async def choose(self, resource_id: str) -> EventSpec:
        """Designate a service for the case; the loser of a race is told plainly, and helped."""
        try:
            wanted = self._wanted(resource_id)
            await self._done(await act(designate, await current_actor(self), wanted, now=clock.now()))
        except GONE as refusal:
            await self._lost(wanted.resource_id, refusal)
            return rx.set_focus("pris")
        except InvalidRequest as refusal:
            return await self._invalid(refusal)
        except Refusal as refusal:
            await self._say_no(said(refusal))
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def give_up(self, booking_id: str) -> EventSpec:
        """Cancel a designation."""
        booking = await act(cancel, await current_actor(self), _uuid(booking_id), now=clock.now())
        self._undo = ("take_again", str(booking.id))
        await self._say(f"La désignation du dossier {booking.case_ref} est annulée.", undo_label="Rétablir")
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take the last act back."""
        what, booking_id = self._undo
        function, words = (cancel, "annulée") if what == "give_up" else (undo_cancel, "rétablie")
        booking = await act(function, await current_actor(self), _uuid(booking_id), now=clock.now())
        self._undo = ("", "")
        await self._say(f"La désignation du dossier {booking.case_ref} est {words}.")
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the table again when somebody else changed a service that is in it."""
        if resource_ids & {int(each.resource_id) for each in self.rows}:
            await self._look()

    def _ask(self, question: Question) -> None:
        self._question, self._shown, self._needs_case = question, ROWS_AT_ONCE, False
        self.taken, self.choices = "", []

    def _go(self, question: Question) -> EventSpec:
        self._ask(question)
        self._is_turning = True
        return rx.redirect(f"/designer/?{question.to_query()}", replace=True)

    async def _locate(self) -> None:
        """Find both parents, outside of every transaction: the network may be asked."""
        first = await asyncio.to_thread(locate, self._question.p1, ban_url=settings().ban_url)
        second = await asyncio.to_thread(locate, self._question.p2, ban_url=settings().ban_url)
        self._near = (_point(first), _point(second))
        self.located = {"p1": located_words(first), "p2": located_words(second)}

    async def _look(self) -> None:
        actor, question = await current_actor(self), self._question
        found = await read(_answer, actor, question, self._near, shown=self._shown, now=clock.now())
        self.kinds = [KindChoice(kind.code, kind.label) for kind in found.kinds]
        self.asked = vars(question) | {"type": found.kind.code, "rayon": str(question.radius_km)}
        self.problems = NOTHING_ASKED | self._not_found() | case_problem(question.rg, is_needed=self._needs_case)
        self.is_mediation = found.kind.code in MEDIATION_KINDS
        self.is_forbidden = self.is_mediation and question.violence_alleged
        self.sentence = sentence(found.kind, found.ranked, question, sum(map(bool, self._near)))
        self.headings, self.rows, self.total = headings(question.order), found.rows, len(found.ranked)
        if self.is_forbidden:
            self.rows, self.choices = [], []
        self.cases = [case_line(one) for one in found.designations]
        self.is_loaded, self.is_busy = True, False

    def _not_found(self) -> dict[str, str]:
        typed = (("p1", self._question.p1), ("p2", self._question.p2))
        return {name: NOT_FOUND for (name, text), near in zip(typed, self._near, strict=True) if text and not near}

    def _wanted(self, resource_id: str) -> Wanted:
        if not re.fullmatch("[0-9]{1,18}", str(resource_id)):
            raise InvalidRequest("resource_id", "not-a-number")
        return Wanted(
            resource_id=int(resource_id),
            case_ref=self._question.rg,
            violence_alleged=self._question.violence_alleged,
        )

    async def _done(self, booking: Booking) -> None:
        name = next((each.name for each in self.rows if each.resource_id == str(booking.resource_id)), "Le service")
        self._undo, self.taken, self.choices = ("give_up", str(booking.id)), "", []
        text = f"Désignation demandée : {name}, dossier {booking.case_ref}. Le service doit maintenant accepter."
        await self._say(text, undo_label="Annuler", link=("Imprimer l’avis", f"/designer/avis/?d={booking.id}"))

    async def _lost(self, resource_id: int, refusal: Refusal) -> None:
        actor = await current_actor(self)
        found = await read(_answer, actor, self._question, self._near, shown=self._shown, now=clock.now())
        name = next((one.name for one in found.ranked if one.resource_id == resource_id), "Ce service")
        self.choices = choices(found.ranked, other_than=resource_id)
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
    session: Session,
    actor: Actor,
    question: Question,
    near: tuple[tuple[float, float] | None, tuple[float, float] | None],
    *,
    shown: int,
    now: datetime,
) -> Answer:
    kinds = designable_kinds(session, actor)
    if not kinds:
        raise NotAllowed(act="designate")
    kind = next((one for one in kinds if one.code == question.type), kinds[0])
    today = now.astimezone(home_zone(session, actor)).date()
    found = candidates(session, actor, kind, near, radius_km=question.radius_km, today=today, now=now)
    listed = ranked(found, question.order)
    return Answer(
        kinds=kinds,
        kind=kind,
        ranked=listed,
        rows=[row(one, today=today) for one in listed[:shown]],
        designations=_of_case(session, actor, question.rg, now=now),
    )


def _of_case(session: Session, actor: Actor, typed: str, *, now: datetime) -> list[Designation]:
    try:
        return designations_of(session, actor, read_case_ref(typed), now=now)
    except InvalidRequest:
        return []  # said beside the field


def _point(located: Located) -> tuple[float, float] | None:
    return (located.best.lat, located.best.lon) if located.best else None


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise InvalidRequest("booking_id", "not-a-number") from error
