"""The open file of a person: what its tabs show, what can be done of it. A refusal loses nothing of what was typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.openings import local_day
from availability.places import Place, locate
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from availability.words import invalid_sentence
from booking import divestment
from booking.day import time_zone_of
from booking.divestment import divestments_for
from booking.merging import unmerge
from booking.pages import person_words as words
from booking.pages.booking_words import CONVENERS
from booking.pages.person_picker import LANGUAGES, PROBLEM_WORDS, PhoneChoice, reading_label
from booking.pages.person_words import AppointmentRow, Item, PassingCard, PersonView, PhoneCard
from booking.person_changes import (
    FileChanged,
    NewPhone,
    add_file,
    add_phone,
    change_person,
    end_phone,
    follow_again,
    follow_with,
    note_choice,
    remove_file,
    reopen_phone,
    stop_following,
    use_for_messages,
)
from booking.person_models import FileKind, PhoneKind, Said
from booking.person_sheet import (
    Engagement,
    HistoryOf,
    PersonSheet,
    engagements_of,
    history_of_person,
    person_sheet,
)
from booking.persons import living_id, person_for
from booking.phones import AmbiguousNumber
from booking.question import form_of
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings

NOTHING = PersonView()
LANGUAGE_NAMES = dict(LANGUAGES)
IDENTITY = ("family_name", "given_name", "usage_name", "aliases", "birth_on", "sex", "language", "file_number")
AMBIGUOUS = "Ce numéro peut se lire de plusieurs façons : choisissez la bonne."
SERVICES = text("""
    SELECT id, name FROM territory WHERE level = 'judicial_court' OR id = ANY(:mine)
    ORDER BY level <> 'judicial_court', name""")
FIELDS = (
    *IDENTITY,
    *(
        "address",
        "phone",
        "kind",
        "since_on",
        "receives",
        "how",
        "on",
        "number",
        "territory_id",
        "to_territory_id",
        "why",
    ),
)
EMPTY = dict.fromkeys(FIELDS, "")
NO_UNDO = ("", "", "")
Acting = Callable[[Session, Actor, datetime], object]


class PersonSheetState(rx.State):
    """The open file."""

    step: str = ""  # "", loading, shown, missing
    tab: str = "identite"
    view: PersonView = NOTHING
    phones: list[PhoneCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    files: list[Item] = []  # noqa: RUF012
    services: list[Item] = []  # noqa: RUF012
    merged: list[Item] = []  # noqa: RUF012
    appointments: list[AppointmentRow] = []  # noqa: RUF012
    history: list[Item] = []  # noqa: RUF012
    passing: list[PassingCard] = []  # noqa: RUF012
    courts: list[tuple[str, str]] = []  # noqa: RUF012
    editing: str = ""  # which form is open
    about: str = ""  # which phone, or which request, the form is about
    typed: dict[str, str] = EMPTY
    problems: dict[str, str] = EMPTY
    readings: list[PhoneChoice] = []  # noqa: RUF012
    reading: str = ""
    said: str = ""
    tone: str = "success"
    _id: UUID | None = None
    _revision: int = 0
    can_undo: bool = False
    _undo: tuple[str, str, str] = NO_UNDO  # what was just done, of what, and how that was
    _today: date = date.min  # where the service is

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return {"missing": "Dossier introuvable", "loading": "Dossier"}.get(self.step, self.view.title)

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> Any:
        """Open the file that the address names; one merged into another opens the other."""
        asked = str(self.router.url.query_parameters.get("personne", ""))
        if not asked:
            self.step, self.view, self._id = "", NOTHING, None
            return
        self._clear()
        self.step, self.tab = "loading", "identite"
        yield
        try:
            self._id = await read(living_id, UUID(asked))
            await self._show()
        except (ValueError, NotFound):
            self.step, self.view, self._id = "missing", NOTHING, None

    @allow(*REQUESTERS)
    @rx.event
    async def pick_tab(self, tab: str) -> None:
        """Show another part of the file."""
        self._clear()
        self.tab = str(tab) if str(tab) in words.TABS else "identite"

    @allow(*REQUESTERS)
    @rx.event
    async def edit(self, form: str, about: str = "") -> EventSpec | None:
        """Open a form, about something when it is of one thing among several; an empty name closes it."""
        self._clear()
        self.editing, self.about = str(form)[:20], str(about)[:50]
        firsts = {"identity": "family_name", "address": "address", "phone": "phone", "file": "number"}
        firsts |= {"agree": "how", "refuse": "how", "service": "territory_id", "pass": "to_territory_id", "no": "why"}
        return rx.set_focus(firsts[self.editing]) if self.editing in firsts else None

    @allow(*REQUESTERS)
    @rx.event
    async def save_identity(self, form: dict[str, Any]) -> EventSpec | None:
        """Change who they are."""
        typed = self._keep(form, *IDENTITY)
        changes: dict[str, Any] = dict(typed)
        changes["aliases"] = [one.strip() for one in typed["aliases"].replace(";", ",").split(",") if one.strip()]
        try:
            changes["birth_on"] = date.fromisoformat(typed["birth_on"])
        except ValueError:
            return self._wrong("birth_on", PROBLEM_WORDS["birth_on"])
        return await self._change(changes)

    @allow(*REQUESTERS)
    @rx.event
    async def save_address(self, form: dict[str, Any]) -> EventSpec | None:
        """Change where they live, and look for where that is."""
        address = self._keep(form, "address")["address"].strip()
        found = await asyncio.to_thread(locate, address, ban_url=settings().ban_url) if address else None
        return await self._change({"address": address}, point=found.best if found else None)

    @allow(*REQUESTERS)
    @rx.event
    async def choose_reading(self, e164: str) -> None:
        """Say which of the numbers was meant."""
        if any(one.e164 == e164 for one in self.readings):
            self.reading, self.problems = str(e164), EMPTY

    @allow(*REQUESTERS)
    @rx.event
    async def save_phone(self, form: dict[str, Any]) -> EventSpec | None:
        """Add a number."""
        typed = self._keep(form, "phone", "kind", "since_on", "receives")
        kind = PhoneKind(typed["kind"]) if typed["kind"] in set(PhoneKind) else PhoneKind.MOBILE
        number, receives = self.reading or typed["phone"], bool(typed["receives"])

        def add(session: Session, actor: Actor, at: datetime) -> object:
            since_on = self._day(typed, "since_on")
            new = NewPhone(kind=kind, typed=number, since_on=since_on, is_for_messages=receives)
            return add_phone(session, actor, self._number(), new, house=_house(), now=at, fiction=settings().demo)

        return await self._do(add, "Le numéro est ajouté.")

    @allow(*REQUESTERS)
    @rx.event
    async def use_phone(self, phone_id: str) -> EventSpec | None:
        """Have a number receive the messages."""
        return await self._do(
            lambda session, actor, at: use_for_messages(
                session, actor, self._number(), _uuid(phone_id), house=_house(), now=at
            ),
            "Ce numéro reçoit désormais les SMS.",
        )

    @allow(*REQUESTERS)
    @rx.event
    async def end_it(self, phone_id: str) -> EventSpec | None:
        """Write down that a number is no longer theirs."""
        received = any(one.receives for one in self.phones if one.id == phone_id)
        return await self._do(
            lambda session, actor, at: end_phone(
                session, actor, self._number(), _uuid(phone_id), until_on=self._today, now=at
            ),
            "Ce numéro n’est plus le sien : il ne reçoit plus rien.",
            undo=("phone", str(phone_id), "1" if received else ""),
        )

    @allow(*REQUESTERS)
    @rx.event
    async def save_choice(self, form: dict[str, Any]) -> EventSpec | None:
        """Write down that they agree to SMS on a number, or do not, and how they said so."""
        typed = self._keep(form, "how", "on")
        agrees = self.editing == "agree"
        if typed["how"] not in set(Said):
            return self._wrong("how", "Dites comment la personne l’a dit.")
        how, phone_id = Said(typed["how"]), self.about

        def note(session: Session, actor: Actor, at: datetime) -> object:
            on = self._day(typed, "on")
            return note_choice(session, actor, self._number(), _uuid(phone_id), agrees=agrees, how=how, on=on, now=at)

        refused = "Le refus est noté : ce numéro ne reçoit plus de SMS d’information."
        return await self._do(note, "L’accord est noté." if agrees else refused)

    @allow(*REQUESTERS)
    @rx.event
    async def save_file(self, form: dict[str, Any]) -> EventSpec | None:
        """Add a file number."""
        typed = self._keep(form, "kind", "number")
        kind = FileKind(typed["kind"]) if typed["kind"] in set(FileKind) else FileKind.OTHER
        return await self._do(
            lambda session, actor, at: add_file(session, actor, self._number(), kind, typed["number"], now=at),
            "Le numéro de dossier est ajouté.",
        )

    @allow(*REQUESTERS)
    @rx.event
    async def remove_number(self, file_id: str) -> EventSpec | None:
        """Remove a file number; it can be put back."""

        file = next((one for one in self.files if one.id == file_id), None)
        kind = next((kind.value for kind, said in words.FILE_KINDS.items() if file and said == file.detail), "")
        return await self._do(
            lambda session, actor, at: remove_file(session, actor, self._number(), _uuid(file_id), now=at),
            "Le numéro de dossier est retiré.",
            undo=("file", file.title if file else "", kind),
        )

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> EventSpec | None:
        """Take back what was just done."""
        (what, which, how), self._undo = self._undo, NO_UNDO
        undone: dict[str, Acting] = {
            "file": lambda session, actor, at: add_file(session, actor, self._number(), FileKind(how), which, now=at),
            "phone": lambda session, actor, at: reopen_phone(
                session, actor, self._number(), _uuid(which), receives=bool(how), now=at
            ),
            "service": lambda session, actor, at: follow_again(session, actor, self._number(), _uuid(which), now=at),
        }
        return await self._do(undone[what], "C’est annulé : tout est comme avant.") if what else None

    @allow(*REQUESTERS)
    @rx.event
    async def be_officer(self) -> EventSpec | None:
        """Say that whoever acts is the one who knows this person in their service."""

        def be(session: Session, actor: Actor, at: datetime) -> None:
            person = person_for(session, actor, self._number())
            ours = actor.territories(REQUESTERS)
            service = person.territory_id if person.territory_id in ours else actor.home_territory_id
            follow_with(session, actor, self._number(), service, now=at, officer_id=actor.account_id)

        return await self._do(be, "Vous êtes le référent de cette personne.")

    @allow(*REQUESTERS)
    @rx.event
    async def save_service(self, form: dict[str, Any]) -> EventSpec | None:
        """Have another service follow."""
        typed = self._keep(form, "territory_id")
        return await self._do(
            lambda session, actor, at: follow_with(
                session, actor, self._number(), _territory(typed["territory_id"], "territory_id"), now=at
            ),
            "Ce service suit la personne et voit son dossier.",
        )

    @allow(*REQUESTERS)
    @rx.event
    async def stop_service(self, following_id: str) -> EventSpec | None:
        """Write down that a service follows no more."""
        return await self._do(
            lambda session, actor, at: stop_following(session, actor, self._number(), _uuid(following_id), now=at),
            "Ce service ne suit plus la personne et ne voit plus son dossier.",
            undo=("service", str(following_id), ""),
        )

    @allow(*REQUESTERS)
    @rx.event
    async def ask_passing(self, form: dict[str, Any]) -> EventSpec | None:
        """Offer the file to another service, or ask for it when another holds it."""
        typed, offers = self._keep(form, "to_territory_id", "why"), self.view.is_held_here

        def ask(session: Session, actor: Actor, at: datetime) -> object:
            to = _territory(typed["to_territory_id"], "to_territory_id") if offers else None
            return divestment.ask(
                session, actor, self._number(), house=_house(), now=at, to_territory_id=to, why=typed["why"]
            )

        return await self._do(ask, "C’est demandé : sans réponse dans dix jours, le dossier passe.")

    @allow(*REQUESTERS)
    @rx.event
    async def withdraw_passing(self, divestment_id: str) -> EventSpec | None:
        """Take back what one's service asked."""
        return await self._do(
            lambda session, actor, at: divestment.withdraw(session, actor, _uuid(divestment_id), now=at),
            "La demande est retirée : le dossier reste où il est.",
        )

    @allow(*REQUESTERS)
    @rx.event
    async def separate(self, merge_id: str) -> EventSpec | None:
        """Give back what a merge moved."""
        return await self._do(
            lambda session, actor, at: unmerge(session, actor, _uuid(merge_id), house=_house(), now=at),
            "Les deux dossiers sont séparés : ce qui venait de l’autre y est retourné ; ce qui a été écrit depuis "
            "reste ici.",
        )

    async def _change(self, changes: dict[str, Any], *, point: Place | None = None) -> EventSpec | None:
        revision = self._revision
        return await self._do(
            lambda session, actor, at: change_person(
                session, actor, self._number(), changes, house=_house(), now=at, revision=revision, point=point
            ),
            "C’est enregistré.",
        )

    async def _do(self, action: Acting, done: str, *, undo: tuple[str, str, str] = NO_UNDO) -> EventSpec | None:
        """Do one act, say what came of it, and show the file as it is now."""
        actor = await current_actor(self)
        try:
            await act(_act, actor, action, now())
        except AmbiguousNumber as refusal:
            self.readings = [PhoneChoice(one.e164, reading_label(one)) for one in refusal.readings]
            return self._wrong("phone", AMBIGUOUS)
        except InvalidRequest as refusal:
            return self._wrong(refusal.field, _problem(refusal))
        except FileChanged as refusal:
            self.said, self.tone = sentence(refusal), "error"
        except Refusal as refusal:
            self.said, self.tone = sentence(refusal), "error"
            return rx.set_focus("reponse")
        else:
            self._clear()
            self.said, self.tone = done, "success"
            self._undo, self.can_undo = undo, bool(undo[0])
        try:
            await self._show()
        except NotFound:
            self.step, self.view = "missing", NOTHING
        return rx.set_focus("reponse")

    async def _show(self) -> None:
        actor, at = await current_actor(self), now()
        sheet, engagements, lines, courts, here = await act(_opened, actor, self._number(), at)
        passing = await read(divestments_for, actor, house=_house(), now=at, person_id=self._number())
        self._today = today = local_day(at, ZoneInfo(here))
        self.view = words.view_of(sheet, LANGUAGE_NAMES, may_convene=actor.has(*CONVENERS), now=at)
        self.phones = [words.phone_card(one, today=today) for one in sheet.phones]
        self.files = [Item(str(one.id), one.number, words.FILE_KINDS[one.kind], can_act=True) for one in sheet.files]
        holder = sheet.person.territory_id
        self.services = [words.following_item(one, holder_id=holder, today=today) for one in sheet.followings]
        self.merged = [
            Item(str(one.merge_id), one.name, f"réuni le {words.dated(one.at.date(), today)}", can_act=True)
            for one in sheet.merged
        ]
        self.appointments = [words.appointment_row(one, now=at) for one in engagements]
        told = [words.history_line(one, me=actor.name, here=here, now=at) for one in lines]
        self.history = [Item(str(number), said, when) for number, (when, said) in enumerate(told)]
        self.passing = [words.passing_card(one, now=at) for one in passing]
        self.courts = courts
        self._revision = sheet.person.revision
        if not self.editing:
            self.typed = _typed_of(sheet) | {"since_on": today.isoformat(), "on": today.isoformat()}
        self.step = "shown"

    def _keep(self, form: object, *names: str) -> dict[str, str]:
        given = form_of(form)
        typed = {name: given.get(name, "")[:400] for name in names}
        self.typed, self.problems = self.typed | typed, EMPTY
        return typed

    def _wrong(self, field: str, said: str) -> EventSpec:
        known = field if field in EMPTY else ""
        self.problems = EMPTY | ({known: said} if known else {})
        self.said, self.tone = ("" if known else said), "error"
        return rx.set_focus(known or "reponse")

    def _clear(self) -> None:
        self.editing = self.about = self.reading = self.said = ""
        self.problems, self.readings = EMPTY, []
        self._undo, self.can_undo = NO_UNDO, False

    def _day(self, typed: dict[str, str], field: str) -> date:
        try:
            return date.fromisoformat(typed[field]) if typed[field] else self._today
        except ValueError as error:
            raise InvalidRequest(field, "unreadable") from error

    def _number(self) -> UUID:
        if self._id is None:
            raise NotFound(person_id="")
        return self._id


def _act(session: Session, actor: Actor, action: Acting, at: datetime) -> None:
    action(session, actor, at)


def _opened(
    session: Session, actor: Actor, person_id: UUID, at: datetime
) -> tuple[PersonSheet, list[Engagement], list[HistoryOf], list[tuple[str, str]], str]:
    sheet = person_sheet(session, actor, person_id, house=_house(), reason="person-sheet", now=at)
    courts = [(str(row.id), row.name) for row in session.execute(SERVICES, {"mine": [actor.home_territory_id]})]
    lines = history_of_person(session, actor, person_id)
    return sheet, engagements_of(session, actor, person_id), lines, courts, time_zone_of(session, actor)


def _typed_of(sheet: PersonSheet) -> dict[str, str]:
    person = sheet.person
    own = {name: str(getattr(person, name)) for name in IDENTITY if name != "aliases"}
    return EMPTY | own | {"aliases": ", ".join(person.aliases), "address": sheet.address}


def _problem(refusal: InvalidRequest) -> str:
    if refusal.problem == "out-of-range":
        return "Cette date est à venir, ou d’avant ce numéro : corrigez-la."
    return PROBLEM_WORDS.get(refusal.field, "") if refusal.problem == "not-a-number" else invalid_sentence(refusal)


def _house() -> House:
    return House(secret_key())


def _uuid(typed: str) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise NotFound(id=str(typed)[:50]) from error


def _territory(typed: str, field: str) -> int:
    if not typed.isdecimal() or len(typed) > 18:
        raise InvalidRequest(field, "required")
    return int(typed)
