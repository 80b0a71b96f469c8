"""What the form of convening holds, and what its controls do. A refusal loses nothing of what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from availability.models import Kind
from availability.openings import local_day
from availability.rights import Actor, Role
from availability.sealing import House
from availability.sites import address_line
from booking.day import time_zone_of
from booking.duplicates import FileExists
from booking.errors import ChangedMeanwhile, OutOfDate
from booking.meanwhile import Changed, changes_since
from booking.models import Booking
from booking.pages.booking_words import when
from booking.pages.person_picker import PersonPickerState, open_file
from booking.persons import NewPerson, PersonLine, person_for
from booking.queries import BookingLine, booking_for
from booking.question import form_of
from convocations.actions import MOST_CHOICES, convene, let_choose, summon, withdraw
from convocations.convening import (
    A_WEEK,
    Preview,
    Receiver,
    Start,
    Summonable,
    convocation_of,
    free_starts,
    kind_to_convene,
    kinds_to_convene,
    next_starts,
    preview,
    receivers,
    service_of,
    summonable,
)
from convocations.models import Convocation
from convocations.pages.addresses import letter_address, link_address, sheet_address
from convocations.pages.convene_words import (
    DayChoices,
    Group,
    Option,
    Sms,
    StartChoice,
    days_of,
    groups,
    leaves_words,
    note_of,
    read_value,
    running_words,
    sms_of,
    start_choice,
    week_words,
    words_of_changes,
    words_of_summonses,
)
from convocations.pages.problems import said
from convocations.seen import Seen, Summons, expect_summonses, seen_of, summonses_of
from convocations.template_queries import texts_for
from convocations.texts import Texts
from convocations.wording import spoken
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.settings import secret_key, settings
from portal.ui.changed import Difference
from portal.ui.dates import NBSP, long_day

CONVENERS = (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE, Role.MONITORING_AGENT)
GONE = (PeriodTaken, CapacityReached, NotOpen)
TAKEN = "Ce créneau vient d’être pris. Rien de ce que vous avez saisi n’est perdu : voici les prochains."
TAKEN_LAST = "Ce créneau vient d’être pris, et il n’y en a pas d’autre ici : changez d’agent ou de lieu."
DAYS_TO_CHOOSE = timedelta(days=7)
FURTHEST_WEEK = 52
CHANGED = "modifie-convocation"


@dataclass(frozen=True)
class Done:
    """What was just done, and what one does next with it."""

    id: str = ""
    words: str = ""
    link: str = ""
    letter: str = ""
    sheet: str = ""
    can_undo: bool = False


JUST_TAKEN = "Le créneau que vous aviez choisi vient d’être pris : choisissez-en un autre."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Who is summoned to what. A new person is created by the same act."""

    person_id: UUID | None
    new: NewPerson | None
    booking_id: UUID | None = None
    claim: SlotClaim | None = None
    resource_ids: list[int] = field(default_factory=list)
    choose_by: date | None = None
    reminder_hours: int = 48
    seen: Seen = ()  # to what the person was summoned already, as it was read
    revision: int | None = None  # of the appointment taken already
    known: frozenset[UUID] = frozenset()  # files of the same name, which are of others


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is chosen so far."""

    kind: str
    where: str
    person_id: UUID | None
    week: int  # the one shown, -1 when only the next starts are
    booking_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything that the form shows for what is chosen so far."""

    kinds: list[Kind]
    kind: Kind
    all: list[Receiver]
    where: str
    among: list[Receiver]
    starts: list[Start]
    week: list[Start]
    today: date
    first: date
    person: Summonable
    booking: BookingLine | None
    summonses: tuple[Summons, ...]
    here: str  # the zone in which the actor works
    texts: Texts


class ConveneState(rx.State):
    """The form: who, what for, where, when."""

    is_loaded: bool = False
    nothing: str = ""  # why nobody can be summoned at all
    kinds: list[Option] = []  # noqa: RUF012 - Reflex copies the default for each client
    kind: str = ""
    wheres: list[Group] = []  # noqa: RUF012
    where: str = ""
    mode: str = "slot"  # slot, choose
    starts: list[StartChoice] = []  # noqa: RUF012
    chosen: str = ""
    is_wide: bool = False  # the weeks are shown
    days: list[DayChoices] = []  # noqa: RUF012
    week_words: str = ""
    has_earlier: bool = False
    choose_by: str = ""
    first_day: str = ""
    last_day: str = ""
    reminder: str = "48"
    booking: str = ""  # the appointment taken already, in words
    sms: Sms = Sms()
    note: str = ""
    already: str = ""  # to what the person is summoned for the same kind
    already_href: str = ""
    problem: str = ""
    done: Done = Done()
    # What others did of the person, or of the appointment, since they were read.
    changes: list[str] = []  # noqa: RUF012
    differences: list[Difference] = []  # noqa: RUF012
    other: str = ""  # address of the convocation that somebody else made
    _is_read: bool = False
    _summoned_of: UUID | None = None
    _summonses: tuple[Summons, ...] = ()  # of the person, as they were read
    _revision: int | None = None  # of the appointment taken already, as it was read
    _read_booking: str = ""
    _now: tuple[tuple[Summons, ...], int | None] = ((), None)  # both, as they are
    _week: int = 0
    _where_said: bool = False  # by the user: it does not follow the person any more
    _language: str = "fr"  # of the new person
    _booking_id: UUID | None = None
    _among: frozenset[int] = frozenset()  # whose starts are shown
    _free: frozenset[str] = frozenset()  # the starts shown
    _last: PersonLine | None = None

    @rx.var
    def chosen_words(self) -> str:
        """Return the start chosen, in words."""
        listed = [*self.starts, *(start for one in self.days for start in one.starts)]
        return next((start.words for start in listed if start.value == self.chosen), "")

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Show the form for what the address names: a person, a kind, a start, or an appointment taken already.

        An appointment to which somebody is summoned already opens its convocation.
        """
        watch(self)
        actor, asked = await current_actor(self), self.router.url.query_parameters
        self.problem, self.done, self.mode, self.reminder = "", Done(), "slot", "48"
        self.is_wide, self._week, self.chosen, self._booking_id, self._is_read = False, 0, "", None, False
        picker = await self.get_state(PersonPickerState)
        picker.open_in("convene")
        self.kind = str(asked.get("type", "")) or self.kind
        place = str(asked.get("lieu", ""))
        self._where_said = place.isdecimal() and len(place) < 19
        self.where = f"r{place}" if self._where_said else self.where
        await self._name(actor, picker, str(asked.get("personne", "")), str(asked.get("reservation", "")))
        if self._booking_id and (summoned := await read(convocation_of, self._booking_id)):
            self._booking_id = None
            picker.clear()
            return rx.redirect(sheet_address(summoned), replace=True)
        start = read_value(f"{place}|{asked.get('debut', '')}".replace(" ", "+"))
        await self._show(actor, start=start)
        self.is_loaded = True
        return None

    @allow(*CONVENERS)
    @rx.event
    async def pick_kind(self, code: str) -> None:
        """Choose what they are summoned for."""
        self.kind, self._where_said, self.is_wide, self._week = str(code), False, False, 0
        await self._show(await current_actor(self))

    @allow(*CONVENERS)
    @rx.event
    async def pick_where(self, where: str) -> None:
        """Choose where, and at whose."""
        self.where, self._where_said, self._week = str(where), True, 0
        await self._show(await current_actor(self))

    @allow(*CONVENERS)
    @rx.event
    async def pick_mode(self, mode: str) -> None:
        """Give a start, or let the person choose."""
        self.mode, self.problem = "choose" if mode == "choose" else "slot", ""
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def pick_start(self, value: str) -> None:
        """Choose one of the starts shown."""
        self.chosen, self.problem = str(value)[:80], ""
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def show_weeks(self, is_wide: bool) -> None:
        """Show every free start, week by week, or only the next ones."""
        self.is_wide, self._week = bool(is_wide), 0
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def turn(self, weeks: int) -> None:
        """Show the week after, or the one before."""
        step = 1 if weeks == 1 else -1
        self._week = min(max(self._week + step, 0), FURTHEST_WEEK)
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def say_choose_by(self, typed: str) -> None:
        """Say until which day the person may choose."""
        self.choose_by, self.problem = str(typed)[:20], ""
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def pick_reminder(self, hours: str) -> None:
        """Say how long before the appointment the reminder leaves."""
        self.reminder = "24" if hours == "24" else "48"

    @allow(*CONVENERS)
    @rx.event
    async def say_language(self, code: str) -> None:
        """Show the SMS in the language of the new person."""
        self._language = spoken(str(code))
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def person_changed(self) -> None:
        """Show the SMS as the person chosen will read it, and the places nearest to them."""
        self.problem = ""
        if self._booking_id is not None:
            return
        await self._show(await current_actor(self), keeps=True)

    @allow(*CONVENERS)
    @rx.event
    async def convene_them(self, form: dict[str, Any]) -> Any:
        """Summon them. Whatever the answer is, nothing typed is lost but what was used."""
        actor, picker = await current_actor(self), await self.get_state(PersonPickerState)
        told, self.problem, self.done = self.problem, "", Done()
        new, wrong = await self._whom(actor, picker, form)
        if wrong:
            return rx.set_focus(wrong)
        try:
            wanted = self._wanted(picker, new)
            person, made = await act(_summoned, actor, wanted, clock.now())
        except GONE:
            return await self._lost(actor)
        except FileExists as refusal:
            picker.say_same(refusal)
            return rx.set_focus(picker.first_wrong())
        except (OutOfDate, ChangedMeanwhile):
            await self._show(actor, keeps=True)
            return rx.set_focus(CHANGED)
        except Refusal as refusal:
            # Pressed while it was being told: what there is to know is why there is nothing to take.
            is_taken = told == JUST_TAKEN and not self.chosen
            self.problem = JUST_TAKEN if is_taken else said(refusal)
            return rx.set_focus("refus")
        await self._made(actor, picker, person, made)
        return rx.set_focus("person_search")  # ready for the next

    @allow(*CONVENERS)
    @rx.event
    async def keep_mine(self) -> None:
        """Summon as typed, knowing what changed."""
        self._summonses, self._revision = self._now
        self._read_booking, self.problem = self.booking, ""
        self.changes, self.differences, self.other = [], [], ""

    @allow(*CONVENERS)
    @rx.event
    async def take_back(self) -> None:
        """Take the last convocation back: nothing has left yet, and the place is free again."""
        if not self.done.id or not self.done.can_undo:
            return
        actor, picker = await current_actor(self), await self.get_state(PersonPickerState)
        try:
            await act(withdraw, actor, UUID(self.done.id), now=clock.now())
        except Refusal as refusal:
            self.problem = said(refusal)
            return
        if self._last is not None:
            picker.take(self._last)
        self.done = Done(words="La convocation est annulée : le créneau est à nouveau libre, et aucun SMS ne part.")
        await self._show(actor)

    async def _name(self, actor: Actor, picker: PersonPickerState, person_id: str, booking_id: str) -> None:
        """Choose the person whom the address names, or that of the appointment that it names."""
        try:
            if booking_id:
                line = await read(booking_for, actor, UUID(booking_id), now=clock.now())
                self._booking_id, self.kind, person_id = line.id, line.kind_code, str(line.person_id or "")
                self._revision = line.revision
            if person_id:
                picker.take(await read(_line, actor, UUID(person_id)))
        except (ValueError, NotFound):
            self._booking_id, self.problem = (
                None,
                "Ce que nomme cette adresse n’existe pas, ou ne vous est pas accessible.",
            )

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Offer what is still free, when somebody else took or freed a start of those offered; the choice stays."""
        if self.done.id:
            return
        if not (self._among & resource_ids):
            await self._look_at_person()
            return
        was_free = self.chosen in self._free
        await self._show(await current_actor(self), keeps=True)
        if was_free and self.chosen not in self._free:
            # Nothing is chosen instead: whoever presses Ctrl+Enter meanwhile must not summon to another hour.
            self.chosen, self.problem = "", JUST_TAKEN

    async def _look_at_person(self) -> None:
        """Say what somebody else did of the person: a convocation elsewhere changes nothing of what is offered here."""
        picker = await self.get_state(PersonPickerState)
        if (person_id := picker.chosen_id()) is not None:
            found = await read(summonses_of, await current_actor(self), person_id, now=clock.now())
            await self._tell(found, self._now[1])

    async def _tell(self, summonses: tuple[Summons, ...], revision: int | None) -> None:
        """Keep what was read, and say what differs from it."""
        self._now = (summonses, revision)
        self.changes, self.differences, self.other = [], [], ""
        if seen_of(summonses) != seen_of(self._summonses):
            self.changes, self.differences = words_of_summonses(self._summonses, summonses)
            known = {one.id for one in self._summonses}
            self.other = next((sheet_address(one.id) for one in reversed(summonses) if one.id not in known), "")
        if revision != self._revision and self._booking_id and self._revision is not None:
            actor, number = await current_actor(self), self._booking_id
            told = await read(_changes_of_booking, actor, number, self._revision)
            self.changes = [*self.changes, *words_of_changes(told, await read(time_zone_of, actor))]
            self.differences = [*self.differences, Difference("Rendez-vous", self._read_booking, self.booking)]

    async def _show(self, actor: Actor, *, keeps: bool = False, start: tuple[int, datetime] | None = None) -> None:
        """Show what is free for what is chosen; `keeps` the start already chosen while it is."""
        picker = await self.get_state(PersonPickerState)
        asked = Asked(
            kind=self.kind,
            where=self.where if self._where_said else "",
            person_id=picker.chosen_id(),
            week=self._week if self.is_wide else -1,
            booking_id=self._booking_id,
        )
        try:
            found = await read(_found, actor, asked, clock.now())
        except NotAllowed:
            self.nothing = "Aucun type de rendez-vous ne vous est ouvert."
            return
        self._fill(found, keeps=keeps, start=start)
        revision = found.booking.revision if found.booking else None
        if asked.person_id != self._summoned_of or not self._is_read:
            self._is_read = True
            self._summoned_of, self._summonses, self._revision = asked.person_id, found.summonses, revision
            self._read_booking = self.booking
        await self._tell(found.summonses, revision)
        self._draw(found, await self._person(actor, picker, found))

    def _fill(self, found: Found, *, keeps: bool, start: tuple[int, datetime] | None) -> None:
        self.nothing = ""
        self.kinds = [Option(one.code, one.label[:1].upper() + one.label[1:]) for one in found.kinds]
        is_elsewhere = (self.kind, self.where) != (found.kind.code, found.where)
        self.kind, self.where, self.wheres = found.kind.code, found.where, groups(found.all)
        listed = _with(found, start)
        self.starts, self.days = _choices(found, listed), days_of(found.week, _choices(found, found.week))
        self._among = frozenset(one.id for one in found.among)
        self._free = frozenset(one.value for one in (*self.starts, *_choices(found, found.week)))
        self.week_words = week_words(found.first, found.first + A_WEEK)
        self.has_earlier = self._week > 0
        today = found.today
        self.first_day = today.isoformat()
        self.last_day = (today + timedelta(days=found.kind.max_ahead_days)).isoformat()
        self.choose_by = self.choose_by or (today + DAYS_TO_CHOOSE).isoformat()
        self.booking = _booking_words(found.booking) if found.booking else ""
        if not keeps or is_elsewhere:
            asked = next((one.value for one in self.starts if start and read_value(one.value) == start), "")
            self.chosen = asked or (self.starts[0].value if self.starts else "")

    async def _person(self, actor: Actor, picker: PersonPickerState, found: Found) -> Summonable:
        """Return whoever receives the SMS: the person chosen, the one being created, or anybody."""
        if picker.chosen.id:
            return found.person
        if not picker.is_creating:
            return Summonable(has_phone=True, can_receive=True)
        where = await read(service_of, actor.home_territory_id)
        return Summonable(language=self._language, can_receive=picker.can_receive_sms(), where=where)

    def _draw(self, found: Found, person: Summonable) -> None:
        self.note = note_of(person)
        kind = found.booking.kind_label if found.booking else found.kind.label
        self.already, self.already_href = running_words(found.summonses, kind)
        shown = self._preview(found, person)
        self.sms = sms_of(shown, now=clock.now()) if shown else Sms()

    def _preview(self, found: Found, person: Summonable) -> Preview | None:
        now, start, choose_by = clock.now(), None, None
        receiver = found.among[0] if found.among else None
        if found.booking:
            receiver, start = _receiver_of(found.booking), found.booking.starts_at
        elif self.mode == "choose":
            choose_by = _date(self.choose_by)
        elif (chosen := read_value(self.chosen)) is not None:
            start = chosen[1]
            receiver = next((one for one in found.among if one.id == chosen[0]), receiver)
        if receiver is None or (start is None and choose_by is None):
            return None
        asks = settings().has_twilio and settings().can_answer
        return preview(
            person,
            receiver,
            start=start,
            choose_by=choose_by,
            origin=settings().origin,
            now=now,
            asks=asks,
            texts=found.texts,
            kind_id=found.booking.kind_id if found.booking else found.kind.id,
        )

    async def _whom(
        self, actor: Actor, picker: PersonPickerState, form: dict[str, Any]
    ) -> tuple[NewPerson | None, str]:
        """Return who is typed, None when they are known, and the field to correct, empty when there is none."""
        if self._booking_id is not None or picker.chosen.id:
            return None, ""
        if not picker.is_creating:
            return None, picker.ask_who(said(InvalidRequest("person_id", "required")))
        new = await picker.read_new(actor, form_of(form))
        return new, "" if new is not None else picker.first_wrong()

    def _wanted(self, picker: PersonPickerState, new: NewPerson | None) -> Wanted:
        """Return what is asked for. Raises: InvalidRequest."""
        whom: dict[str, Any] = {
            "person_id": picker.chosen_id(),
            "new": new,
            "reminder_hours": int(self.reminder),
            "seen": seen_of(self._summonses),
            "revision": self._revision,
            "known": picker.set_aside(),
        }
        if self._booking_id is not None:
            return Wanted(**whom, booking_id=self._booking_id)
        if new is None and whom["person_id"] is None:
            raise InvalidRequest("person_id", "required")
        if self.mode == "choose":
            return Wanted(**whom, resource_ids=self._offered(), choose_by=_date(self.choose_by))
        chosen = read_value(self.chosen)
        if chosen is None:
            raise InvalidRequest("start", "required")
        return Wanted(**whom, claim=SlotClaim(resource_id=chosen[0], start=chosen[1]))

    def _offered(self) -> list[int]:
        """Return those among whose starts the person chooses: the one named, or everybody at the site."""
        group = next((one for one in self.wheres if any(each.value == self.where for each in one.options)), None)
        if group is None:
            raise InvalidRequest("resource_id", "required")
        if self.where.startswith("r"):
            return [int(self.where[1:])]
        return [int(one.value[1:]) for one in group.options if one.value.startswith("r")][:MOST_CHOICES]

    async def _lost(self, actor: Actor) -> Any:
        """Say that the start is gone, and offer the next ones: the person and the rest stay as they were."""
        self.chosen, self.is_wide = "", False
        await self._show(actor, keeps=True)
        self.problem = TAKEN if self.starts else TAKEN_LAST
        return rx.set_focus("refus")

    async def _made(self, actor: Actor, picker: PersonPickerState, person: PersonLine, made: Convocation) -> None:
        when_ = self.booking or self.chosen_words
        if self.mode == "choose" and not self.booking:
            limit = _date(self.choose_by)
            words = f"{person.initials} peut choisir jusqu’au {long_day(limit) if limit else ''}."
        else:
            words = f"{person.initials} est convoqué{'e' if person.sex == 'F' else ''}{NBSP}: {when_}."
        self.done = Done(
            id=str(made.id),
            words=f"{words} {self.note or leaves_words(self.sms)}",
            link=link_address(made),
            letter=letter_address(made.id),
            sheet=sheet_address(made.id),
            can_undo=self._booking_id is None,
        )
        self._last, self._booking_id, self.booking = person, None, ""
        picker.clear()
        self.is_wide, self._week, self._language = False, 0, "fr"
        await self._show(actor)


def _summoned(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> tuple[PersonLine, Convocation]:
    """Create the person if they are new, take the start and summon them, in one transaction."""
    if wanted.booking_id is not None:
        revision, hours = wanted.revision, wanted.reminder_hours
        made = summon(session, actor, wanted.booking_id, now=now, reminder_hours=hours, revision=revision)
        return _line(session, actor, made.person_id), made
    if wanted.new is not None:
        line = open_file(session, actor, wanted.new, known=wanted.known)
        session.flush()
    elif wanted.person_id is not None:
        expect_summonses(session, actor, wanted.person_id, wanted.seen, now=now)
        line = _line(session, actor, wanted.person_id)
    else:
        raise InvalidRequest("person_id", "required")
    hours = wanted.reminder_hours
    if wanted.claim is not None:
        return line, convene(session, actor, line.id, wanted.claim, now=now, reminder_hours=hours)
    if wanted.choose_by is None:
        raise InvalidRequest("choose_by", "unreadable")
    made = let_choose(
        session,
        actor,
        line.id,
        wanted.resource_ids,
        choose_by=wanted.choose_by,
        now=now,
        reminder_hours=hours,
    )
    return line, made


def _changes_of_booking(session: Session, actor: Actor, booking_id: UUID, revision: int) -> tuple[Changed, ...]:
    return changes_since(session, actor, session.get_one(Booking, booking_id), revision)


def _line(session: Session, actor: Actor, person_id: UUID) -> PersonLine:
    person = person_for(session, actor, person_id)
    return PersonLine(person.id, person.family_name, person.given_name, person.birth_on, person.sex, person.file_number)


def _found(session: Session, actor: Actor, asked: Asked, now: datetime) -> Found:
    house = House(secret_key())
    person = summonable(session, actor, asked.person_id, house=house) if asked.person_id else Summonable()
    kind = kind_to_convene(session, actor, asked.kind)
    everybody = receivers(session, actor, kind, near=person.point)
    where, among = _among(everybody, asked.where)
    today = local_day(now, among[0].zone) if among else now.date()
    first = today + max(asked.week, 0) * A_WEEK
    shows_week = among and asked.week >= 0
    booking = booking_for(session, actor, asked.booking_id, now=now) if asked.booking_id else None
    places = {(kind.id, one.organisation_id) for one in everybody}
    return Found(
        kinds=kinds_to_convene(session, actor),
        kind=kind,
        all=everybody,
        where=where,
        among=among,
        starts=next_starts(session, among, now=now),
        week=free_starts(session, among, first=first, until=first + A_WEEK, now=now) if shows_week else [],
        today=today,
        first=first,
        person=person,
        booking=booking,
        summonses=summonses_of(session, actor, asked.person_id, now=now) if asked.person_id else (),
        here=time_zone_of(session, actor),
        texts=texts_for(session, places | ({(booking.kind_id, booking.organisation_id)} if booking else set())),
    )


def _among(everybody: list[Receiver], where: str) -> tuple[str, list[Receiver]]:
    """Return those whom a choice names: one, or everybody at a site; at the first site when it names nobody."""
    found = [one for one in everybody if where in (f"r{one.id}", f"s{one.site_id}")]
    if not found and everybody:
        found = [one for one in everybody if one.site_id == everybody[0].site_id]
        where = f"s{found[0].site_id}"
    alone = len([one for one in everybody if found and one.site_id == found[0].site_id]) == 1
    return (f"r{found[0].id}" if alone else where), found


def _with(found: Found, start: tuple[int, datetime] | None) -> list[Start]:
    """Return the next starts, before them the one that the address names."""
    receiver = next((one for one in found.among if start and one.id == start[0]), None)
    if start is None or receiver is None or start in [(one.resource_id, one.at) for one in found.starts]:
        return found.starts
    return [Start(start[0], start[1], local_day(start[1], receiver.zone)), *found.starts]


def _choices(found: Found, starts: list[Start]) -> list[StartChoice]:
    by_id = {one.id: one for one in found.among}
    return [start_choice(one, by_id[one.resource_id], says_who=len(by_id) > 1, here=found.here) for one in starts]


def _receiver_of(line: BookingLine) -> Receiver:
    return Receiver(
        id=line.resource_id,
        name=line.resource_name,
        site_id=line.site_id,
        site_name=line.site_name,
        address=address_line(line.address, line.postcode, line.commune),
        zone=ZoneInfo(line.time_zone),
        holiday_zone="",
        point=None,
        is_used=True,
        organisation_id=line.organisation_id,
    )


def _booking_words(line: BookingLine) -> str:
    return f"{when(line, local_day(clock.now(), ZoneInfo(line.time_zone)))}, {line.site_name}, {line.resource_name}"


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
