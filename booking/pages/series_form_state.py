"""A series being made: every answer shows at once what would be taken, and nothing is until one says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, look
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Shape
from availability.openings import local_day
from availability.recurrences import WEEKDAYS, check_day
from availability.rights import REQUESTERS, Actor
from availability.sheet import resource_for
from booking.actions import Beneficiary
from booking.idempotency import Answered, answer_once, digest_of
from booking.pages import series_words as words
from booking.pages.person_picker import PersonPickerState
from booking.pages.series_words import PlanRow
from booking.persons import PersonLine, person_for
from booking.queries import BookingLine, booking_for
from booking.question import form_of, text_of
from booking.series import SeriesConflicts, create_series, extend_series, preview_series
from booking.series_plan import SeriesOrder
from booking.series_queries import SeriesView, series_for
from booking.series_rules import USUAL_DAY_MIN, Measure, Occurrence
from booking.words import many
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState

FIELDS = ("mode", "begins_on", "at", "every", "total", "minutes_a_day", "decided_on", "case_ref")
NOTHING = dict.fromkeys(FIELDS, "")
LEAVE_OUT = "retirer"
MOST_PERIODS = 12
NAMES = text("""
    SELECT r.id, r.name || ' · ' || s.name AS name FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.id = ANY(:ids)""")


@dataclass(frozen=True)
class Context:
    """What the form is about: a place, maybe a booking that begins the series, or a series to complete."""

    place: Locked
    name: str
    booking: BookingLine | None
    series: SeriesView | None
    person: PersonLine | None


@dataclass(frozen=True)
class PeriodFields:
    """Two dates being typed."""

    number: int
    first: str
    last: str


class SeriesFormState(rx.State):
    """What was typed, and the plan that follows from it."""

    step: str = ""  # "", open, missing
    where: str = ""
    shape: str = ""
    whom: str = ""  # for whom, when that is known already
    is_extending: bool = False
    is_begun: bool = False
    first_words: str = ""  # the booking that begins it
    typed: dict[str, str] = NOTHING
    days: list[str] = []  # noqa: RUF012 - Reflex copies the default for each client
    periods: list[PeriodFields] = []  # noqa: RUF012
    problems: dict[str, str] = NOTHING
    said: str = ""
    rows: list[PlanRow] = []  # noqa: RUF012
    summary: str = ""
    button: str = ""
    conflicts: int = 0
    version: int = 0
    focused: str = ""  # what the focus goes to, each time `turn` grows
    turn: int = 0
    _resource_id: int = 0
    _zone: str = "Europe/Paris"
    _series_id: UUID | None = None
    _booking_id: UUID | None = None
    _person_id: UUID | None = None
    _case_ref: str = ""
    # Claims as texts: what a state gives back of an object is a proxy of it, which is of another type.
    _answers: dict[int, str] = {}  # noqa: RUF012
    _wanted: dict[int, str] = {}  # noqa: RUF012 - as planned before any answer
    _names: dict[int, str] = {}  # noqa: RUF012
    _key: str = ""

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Open the form on what the address names."""
        asked = self.router.url.query_parameters
        self._forget()
        try:
            found = await read(_context, await current_actor(self), dict(asked), now=now())
        except (NotFound, NotAllowed, ValueError):
            self.step = "missing"
            return
        self._open(found, dict(asked))
        picker = await self.get_state(PersonPickerState)
        picker.open_in("series")
        if found.person is not None:
            picker.take(found.person)
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def change(self, name: str, value: str) -> None:
        """Take what was typed in a field, and show what follows."""
        if name not in FIELDS:
            raise InvalidRequest(str(name)[:20], "unknown-field")
        self.typed = self.typed | {name: text_of(value)}
        if name != "case_ref":
            self._answers = {}
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def toggle_day(self, day: str) -> None:
        """Work on that day of the week, or not."""
        if day in WEEKDAYS:
            kept = {*self.days} ^ {day}
            self.days = [one for one in WEEKDAYS if one in kept]
            self._answers = {}
            await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def change_period(self, number: int, name: str, value: str) -> None:
        """Take one of the two dates of a period."""
        if name not in ("first", "last"):
            raise InvalidRequest(str(name)[:20], "unknown-field")
        self.periods = [replace(one, **{name: text_of(value)}) if one.number == number else one for one in self.periods]
        self._answers = {}
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def add_period(self) -> None:
        """Add a period under the others."""
        if len(self.periods) >= MOST_PERIODS:
            return
        number = max((one.number for one in self.periods), default=0) + 1
        self.periods = [*self.periods, PeriodFields(number, "", "")]
        self.focused, self.turn = f"first-{number}", self.turn + 1

    @allow(*REQUESTERS)
    @rx.event
    async def remove_period(self, number: int) -> None:
        """Take a period away."""
        self.periods = [one for one in self.periods if one.number != number]
        self._answers = {}
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def answer(self, number: int, choice: str) -> None:
        """Say what to do of a date that is not free: another, none, or the same again."""
        if not isinstance(number, int) or number not in self._wanted:
            raise InvalidRequest("answers", "unknown-choice")
        if not choice:
            self._answers.pop(number, None)
        else:
            self._answers[number] = str(choice)
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def person_changed(self) -> None:
        """Show what would be taken for the person chosen: other places must suit them."""
        await self._plan()

    @allow(*REQUESTERS)
    @rx.event
    async def save(self, form: dict[str, Any]) -> EventSpec | None:
        """Take all that is shown, or nothing; what is not free any more is shown, and nothing is lost."""
        self.typed = self.typed | {name: text_of(value) for name, value in form_of(form).items() if name in FIELDS}
        actor, at = await current_actor(self), now()
        try:
            order = await self._order()
            if not order.beneficiary:
                self.said = "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."
                return rx.set_focus("case_ref")
            done = await act(_save_once, actor, order, key=self._key, series_id=self._series_id, now=at)
        except SeriesConflicts:
            await self._plan()
            self.said = f"Rien n’est réservé : {self._to_answer()}."
            return rx.set_focus("plan")
        except InvalidRequest as refusal:
            self._refused(refusal)
            return rx.set_focus(self._first_wrong())
        except Refusal as refusal:
            self.said = f"{sentence(refusal)} Rien n’est réservé."
            return rx.set_focus("plan")
        said = "C’est réservé : la série est complétée." if self.is_extending else "La série est réservée."
        (await self.get_state(NoticeState)).show_success(said, on_next_page=True)
        (await self.get_state(PersonPickerState)).clear()
        return rx.redirect(words.page_address(done))

    def _forget(self) -> None:
        self.typed, self.problems, self.said = NOTHING, NOTHING, ""
        self.days, self.periods, self.rows = [], [PeriodFields(1, "", ""), PeriodFields(2, "", "")], []
        self._series_id = self._booking_id = self._person_id = None
        self._case_ref, self._answers, self._wanted, self._key = "", {}, {}, str(uuid4())
        self.whom = self.first_words = ""
        self.is_extending = self.is_begun = False
        self.version += 1

    def _open(self, found: Context, asked: dict[str, str]) -> None:
        place, today = found.place, local_day(now(), found.place.zone)
        self.step, self.where, self.shape = "open", found.name, place.shape.value
        self._resource_id, self._zone = place.id, place.zone.key
        first = _date(asked.get("du", "")) or today + timedelta(days=7)
        typed = NOTHING | {
            "mode": "hours" if place.shape is Shape.PLACES else "visits",
            "begins_on": first.isoformat(),
            "at": asked.get("heure", "")[:5],
            "every": "1",
            "total": "" if place.shape is Shape.PLACES else "10",
            "minutes_a_day": str(USUAL_DAY_MIN),
        }
        if found.booking is not None:
            typed |= self._begin_with(found.booking, place.zone)
        if found.series is not None:
            typed |= self._complete(found.series)
        self.days = self.days or [WEEKDAYS[date.fromisoformat(typed["begins_on"]).weekday()]]
        self.typed = typed

    def _begin_with(self, line: BookingLine, zone: ZoneInfo) -> dict[str, str]:
        self._booking_id, self._person_id, self._case_ref = line.id, line.person_id, line.case_ref
        self.whom = line.person_name or f"dossier {line.case_ref}"
        self.is_begun = True
        if line.starts_at is not None:
            local = line.starts_at.astimezone(zone)
            self.first_words = f"{local:%d/%m/%Y} à {local:%H:%M}".replace(":", " h ")
            return {"begins_on": local.date().isoformat(), "at": f"{local:%H:%M}"}
        first = line.first_on or local_day(now(), zone)
        self.first_words = f"{first:%d/%m/%Y}"
        self.days = list(WEEKDAYS[:5])
        return {"begins_on": first.isoformat()}

    def _complete(self, view: SeriesView) -> dict[str, str]:
        line, left = view.line, view.progress.left
        self._series_id, self.is_extending, self.whom = line.id, True, words.whom(line)
        self._person_id, self._case_ref = line.person_id, line.case_ref
        self.days = [day for day in WEEKDAYS if day in line.rrule]
        is_hours = line.measure is Measure.MINUTES
        mode = "hours" if is_hours else "visits" if line.shape is Shape.SLOTS else "periods"
        last = max((one.starts_at for one in view.occurrences if one.starts_at), default=None)
        at = f"{last.astimezone(ZoneInfo(line.time_zone)):%H:%M}" if last else ""
        total = f"{left / 60:g}" if is_hours else str(left)
        return {"mode": mode, "total": total, "at": at, "minutes_a_day": str(line.minutes_a_day or USUAL_DAY_MIN)}

    async def _plan(self) -> None:
        """Show what would be taken as of now; nothing when something is still missing."""
        self.problems, self.said, self.rows, self.summary, self.conflicts = NOTHING, "", [], "", 0
        try:
            order = await self._order()
            found = await act(_preview, await current_actor(self), order, now=now())
        except InvalidRequest as refusal:
            if refusal.problem == "required":  # not typed yet: said when one wants to save
                self.summary = "Les dates s’afficheront ici, libres ou prises, avant que rien ne soit réservé."
            else:
                self._refused(refusal)
            return
        except Refusal as refusal:
            self.said = sentence(refusal)
            return
        self._show(*found)

    def _show(self, occurrences: list[Occurrence], names: dict[int, str]) -> None:
        for one in occurrences:
            if not one.is_replaced:
                self._wanted[one.number] = words.claim_value(one.claim)
        gone = [number for number, choice in self._answers.items() if choice == LEAVE_OUT and number in self._wanted]
        left_out = {number: words.claim_in(self._wanted[number]) for number in gone}
        zone = ZoneInfo(self._zone)
        self.rows = words.plan_rows(occurrences, left_out=left_out, zone=zone, names=names, here=self._resource_id)
        self.conflicts = sum(1 for one in occurrences if not one.is_free)
        free = len(occurrences) - self.conflicts
        self.summary = f"{many(free, 'date libre', 'dates libres')}" + (
            f", {self._to_answer()}" if self.conflicts else ""
        )
        self.button = self._button(free)

    def _button(self, free: int) -> str:
        if self.typed["mode"] == "hours":
            return "Compter ces heures" if self.is_begun else "Réserver ces heures"
        if self.conflicts:
            return "Réserver"
        return f"Réserver {many(free, 'cette date', 'ces dates')}".replace(f"{free}\u00a0", "") if free else "Réserver"

    def _to_answer(self) -> str:
        return f"{many(self.conflicts, 'date prise', 'dates prises')} à remplacer ou à retirer"

    def _refused(self, refusal: InvalidRequest) -> None:
        name = {"rrule": "days", "resource_id": "total"}.get(refusal.field, refusal.field)
        if name in self.typed:
            self.problems = self.problems | {name: sentence(refusal)}
        else:
            self.said = sentence(refusal)

    def _first_wrong(self) -> str:
        return next((name for name, problem in self.problems.items() if problem), "plan")

    async def _order(self) -> SeriesOrder:
        """Return the order that was typed. Raises: InvalidRequest, which names the field."""
        typed = self.typed
        begins_on = _date(typed["begins_on"])
        if begins_on is None and typed["mode"] != "periods":
            raise InvalidRequest("begins_on", "required")
        asked: dict[str, Any] = {
            "resource_id": self._resource_id,
            "beneficiary": await self._beneficiary(),
            "already": self._booking_id,
            "answers": {
                number: None if choice == LEAVE_OUT else words.claim_in(choice)
                for number, choice in self._answers.items()
            },
        }
        match typed["mode"]:
            case "periods":
                return _periods(self.periods, asked)
            case "hours":
                asked |= {"measure": Measure.MINUTES, "total": round(_number("total", typed["total"]) * 60)}
                asked |= {"minutes_a_day": int(_number("minutes_a_day", typed["minutes_a_day"]))}
                asked |= {"decided_on": _date(typed["decided_on"])}
                if asked["decided_on"] is None and not self.is_extending:
                    raise InvalidRequest("decided_on", "required")
                if not self.days:
                    raise InvalidRequest("total", "no-day")
                return SeriesOrder(**asked, begins_on=begins_on, rrule=f"FREQ=WEEKLY;BYDAY={','.join(self.days)}")
        every = int(_number("every", typed["every"]))
        weekday = WEEKDAYS[begins_on.weekday()] if begins_on else ""
        return SeriesOrder(
            **asked,
            measure=Measure.VISITS,
            total=int(_number("total", typed["total"])),
            begins_on=begins_on,
            rrule=f"FREQ=WEEKLY;INTERVAL={every};BYDAY={weekday}",
            at=_time(typed["at"]),
        )

    async def _beneficiary(self) -> Beneficiary:
        if self._person_id is not None or self._case_ref:
            return Beneficiary(person_id=self._person_id, case_ref=self._case_ref)
        picker = await self.get_state(PersonPickerState)
        return Beneficiary(person_id=picker.chosen_id(), case_ref=self.typed["case_ref"])


def _context(session: Session, actor: Actor, asked: dict[str, str], *, now: datetime) -> Context:
    """Return what an address names. Raises: NotFound, NotAllowed, ValueError."""
    series = series_for(session, actor, UUID(asked["serie"]), now=now) if asked.get("serie") else None
    booking = booking_for(session, actor, UUID(asked["reservation"]), now=now) if asked.get("reservation") else None
    known = (
        series.line.resource_id if series else booking.resource_id if booking else words.bigint(asked.get("lieu", "0"))
    )
    resource_for(session, actor, known, now=now)
    place = look(session, [known])[known]
    name = session.execute(NAMES, {"ids": [known]}).one().name
    person = person_for(session, actor, UUID(asked["personne"])) if asked.get("personne") else None
    who = PersonLine(*(getattr(person, name) for name in PersonLine.__dataclass_fields__)) if person else None
    return Context(place, name, booking, series, who)


def _preview(
    session: Session, actor: Actor, order: SeriesOrder, *, now: datetime
) -> tuple[list[Occurrence], dict[int, str]]:
    occurrences = preview_series(session, actor, order, now=now)
    ids = {claim.resource_id for one in occurrences for claim in (one.claim, *one.instead)}
    return occurrences, {row.id: row.name for row in session.execute(NAMES, {"ids": sorted(ids)})}


def _save_once(
    session: Session, actor: Actor, order: SeriesOrder, *, key: str, series_id: UUID | None, now: datetime
) -> str:
    """Return the series that was taken: a button pressed twice takes it once."""

    def take(session: Session) -> Answered:
        if series_id is not None:
            return Answered(200, {"id": str(extend_series(session, actor, series_id, order, now=now).id)})
        return Answered(201, {"id": str(create_series(session, actor, order, now=now).id)})

    digest = digest_of("series-form", {"order": repr(order), "series": str(series_id)})
    return str(answer_once(session, actor, key, digest, act=take, now=now).body["id"])


def _periods(periods: list[PeriodFields], asked: dict[str, Any]) -> SeriesOrder:
    dated = []
    for one in periods:
        first, last = _date(one.first), _date(one.last) or _date(one.first)
        if first is None or last is None:
            continue
        if last < first:
            raise InvalidRequest("periods", "last-before-first")
        check_day("periods", last)
        dated.append((first, last + timedelta(days=1)))
    if not dated:
        raise InvalidRequest("periods", "required")
    total = len(dated)
    return SeriesOrder(
        **asked, measure=Measure.VISITS, total=total, begins_on=min(dated)[0], periods=tuple(sorted(dated))
    )


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed)
    except ValueError:
        return None


def _number(name: str, typed: str) -> float:
    if not typed:
        raise InvalidRequest(name, "required")
    try:
        found = float(typed.replace(",", "."))
    except ValueError as error:
        raise InvalidRequest(name, "not-a-whole-number", value=typed[:20]) from error
    if not 0 < found < 10_000:
        raise InvalidRequest(name, "out-of-range", least=1, most=400)
    return found
