"""A new request for a bracelet: who, where, when somebody is at home, under which measure, ordered when."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.places import Located, Place, Source, locate
from availability.rights import Actor
from availability.sealing import House
from booking.day import today_of
from booking.fitting_actions import MOST_AGENTS, NewFittingRequest, civil_time_at, open_request, problems_of
from booking.fitting_queries import FITTERS, fitting_kind
from booking.fittings import FittingTerms, Needs, Purpose, Window
from booking.pages.fitting_words import PURPOSE_WORDS, WEEKDAYS, agents_words, deadline_words, place_words
from booking.pages.fittings_state import list_address
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.persons import profile_of
from booking.question import form_of
from booking.words import many
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.settings import secret_key, settings
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import described_by, field, link_button, select_field

el = rx.el
LONGEST = 300
USUAL = (("08:00", "19:00"),) * 5 + (("09:00", "12:00"),) + (("", ""),)
FIELDS = (
    "person",
    "address",
    "windows",
    "measure",
    "ordered_on",
    "deadline_on",
    "agents",
    "skills",
)  # in the order of the screen
NO_PROBLEM = dict.fromkeys(FIELDS, "")
PROBLEM_WORDS = {
    "person": "Choisissez la personne, ou créez sa fiche.",
    "address": "Indiquez une adresse qui se trouve sur la carte, en 300 caractères au plus.",
    "windows": "Indiquez au moins un jour, avec une heure de début et une heure de fin.",
    "measure": "Choisissez une mesure.",
    "ordered_on": "Indiquez la date de l’ordonnance : aujourd’hui, ou avant, depuis un an au plus.",
    "deadline_on": "Indiquez une date entre celle de l’ordonnance et un an après, ou rien.",
    "agents": "Indiquez entre un et quatre agents.",
    "skills": "Choisissez des compétences de la liste.",
}
PURPOSES = tuple((purpose.value, words) for purpose, words in PURPOSE_WORDS.items())
AGENTS = tuple((str(count), agents_words(count).capitalize()) for count in range(1, MOST_AGENTS + 1))


@dataclass(frozen=True)
class Option:
    """A measure to choose."""

    code: str
    label: str


@dataclass(frozen=True)
class SkillBox:
    """A skill to tick."""

    code: str
    label: str
    is_asked: bool


@dataclass(frozen=True)
class Suggestion:
    """A place that the address may be."""

    number: int
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class DayRow:
    """When somebody is at home one day of the week; both empty: never."""

    number: int
    label: str
    opens: str
    until: str


class FittingFormState(rx.State):
    """What is typed, kept until it is saved; what the address may be, and what the dates make."""

    measures: list[Option] = []  # noqa: RUF012 - Reflex copies the default for each client
    address: str = ""
    suggestions: list[Suggestion] = []  # noqa: RUF012
    located: str = ""
    measure: str = ""
    purpose: str = Purpose.FITTING.value
    is_urgent: bool = False
    agents: str = "1"
    skills: list[SkillBox] = []  # noqa: RUF012
    ordered_on: str = ""
    deadline_on: str = ""
    deadline: str = ""
    today: str = ""
    days: list[DayRow] = []  # noqa: RUF012
    filled: int = 0  # how many times the days were filled by something else than typing
    problems: dict[str, str] = NO_PROBLEM
    _found: Located = Located(())
    _chosen: int = 0
    _for: str = ""  # the person whose address was offered

    @rx.var
    def wrong(self) -> str:
        """Count what is wrong, above the form."""
        count = sum(1 for problem in self.problems.values() if problem)
        return f"{many(count, 'champ est à corriger', 'champs sont à corriger')}." if count else ""

    @allow(*FITTERS)
    @rx.event
    async def load(self) -> None:
        """Show the form as it was left."""
        (await self.get_state(PersonPickerState)).open_in("fitting")
        terms, today = await read(_start, await current_actor(self), now=now())
        self.measures = [Option(one.code, one.label) for one in terms.measures]
        asked = {one.code for one in self.skills if one.is_asked}
        self.skills = [SkillBox(code, label, code in asked) for code, label in terms.skills.items()]
        self.today = today.isoformat()
        self.problems = NO_PROBLEM
        if not self.days:
            self.days = usual_days()
            self.ordered_on = self.today
            self.measure = self.measures[0].code if self.measures else ""
        self._say_deadline(terms)

    @allow(*FITTERS)
    @rx.event
    async def person_chosen(self) -> None:
        """Offer the address of the person's file, unless another one is typed; reading it is logged."""
        chosen = (await self.get_state(PersonPickerState)).chosen.id
        if not chosen or chosen == self._for:
            return
        actor, house = await current_actor(self), House(secret_key())
        try:
            profile = await act(profile_of, actor, UUID(chosen), house=house, now=now(), is_shown=True)
        except NotFound:
            return
        if profile.address and (self._for or not self.address):
            self.address = profile.address
            await self._locate()
        self._for = chosen

    @allow(*FITTERS)
    @rx.event
    async def type_address(self, typed: str) -> None:
        """Look for the address as it is typed."""
        self.address = str(typed)[:LONGEST]
        await self._locate()

    @allow(*FITTERS)
    @rx.event
    async def choose_place(self, number: int) -> None:
        """Choose another place for the same address."""
        if isinstance(number, int) and 0 <= number < len(self._found):
            self._chosen = number
            self._show_places()
            await self._say_deadline_again()

    @allow(*FITTERS)
    @rx.event
    async def change(self, name: str, value: str) -> None:
        """Keep the measure or a date, and say at once what it makes."""
        if name in ("measure", "ordered_on", "deadline_on"):
            setattr(self, name, str(value)[:40])
            await self._say_deadline_again()

    @allow(*FITTERS)
    @rx.event
    async def set_hour(self, number: int, name: str, value: str) -> None:
        """Keep an hour of one day."""
        if name in ("opens", "until"):
            hour: dict[str, Any] = {str(name): str(value)[:5]}
            self.days = [replace(row, **hour) if row.number == number else row for row in self.days]

    @allow(*FITTERS)
    @rx.event
    async def as_monday(self) -> None:
        """Have the hours of Monday every working day."""
        if self.days:
            first = self.days[0]
            self.days = [replace(r, opens=first.opens, until=first.until) if r.number < 5 else r for r in self.days]
            self.filled += 1

    @allow(*FITTERS)
    @rx.event
    async def save(self, form: dict[str, Any]) -> EventSpec:
        """Open the request; a refusal keeps what was typed, and says all that is wrong."""
        self._keep(form_of(form))
        actor = await current_actor(self)
        picker = await self.get_state(PersonPickerState)
        new, broken = await read(_understood, actor, self._typed(picker.chosen_id()), now=now())
        self.problems = NO_PROBLEM | {name: PROBLEM_WORDS[name] for name in broken}
        if broken or new is None:
            return rx.set_focus(_focus(next(name for name in FIELDS if name in broken)))
        try:
            request = await act(open_request, actor, new, house=House(secret_key()), now=now())
        except InvalidRequest as refusal:  # midnight has passed since it was read
            self.problems = NO_PROBLEM | {refusal.field: PROBLEM_WORDS.get(refusal.field, "Valeur refusée.")}
            return rx.set_focus(_focus(refusal.field))
        notice = await self.get_state(NoticeState)
        notice.show_success("La demande est enregistrée. Choisissez un créneau.", on_next_page=True)
        self._forget()
        picker.clear()
        return rx.redirect(list_address("", request.id))

    async def _locate(self) -> None:
        self._found = await asyncio.to_thread(locate, self.address, ban_url=settings().ban_url)
        self._chosen = 0
        self._show_places()
        await self._say_deadline_again()

    def _show_places(self) -> None:
        places, failed = list(self._found), self._found.ban_failed
        self.located = place_words(places[self._chosen], ban_failed=failed) if places else ""
        self.suggestions = [
            Suggestion(number, place_words(place, ban_failed=False), number == self._chosen)
            for number, place in enumerate(places)
        ]

    async def _say_deadline_again(self) -> None:
        terms, _ = await read(_start, await current_actor(self), now=now())
        self._say_deadline(terms)

    def _say_deadline(self, terms: FittingTerms) -> None:
        place = self._place()
        _, holiday_zone = civil_time_at(place.label) if place else ("", "")
        given, ordered_on = _day(self.deadline_on), _day(self.ordered_on)
        self.deadline = deadline_words(terms, self.measure, ordered_on, given=given, holiday_zone=holiday_zone)

    def _keep(self, form: dict[str, str]) -> None:
        """Keep what the form holds: the last keys may not have been told one by one."""
        for name in ("measure", "ordered_on", "deadline_on"):
            setattr(self, name, form.get(name, getattr(self, name))[:40])
        self.purpose, self.agents = form.get("purpose", self.purpose)[:20], form.get("agents", self.agents)[:2]
        self.is_urgent = _is_ticked(form, "is_urgent")
        self.skills = [replace(one, is_asked=_is_ticked(form, f"skill_{one.code}")) for one in self.skills]
        self.days = [
            replace(
                row,
                opens=form.get(f"opens_{row.number}", row.opens)[:5],
                until=form.get(f"until_{row.number}", row.until)[:5],
            )
            for row in self.days
        ]

    def _place(self) -> Place | None:
        places = list(self._found)
        return places[self._chosen] if self._chosen < len(places) else None

    def _typed(self, person_id: UUID | None) -> Typed:
        return Typed(
            person_id=person_id,
            address=self.address,
            place=self._place(),
            days=tuple(self.days),
            measure=self.measure,
            ordered_on=self.ordered_on,
            deadline_on=self.deadline_on,
            purpose=self.purpose,
            is_urgent=self.is_urgent,
            agents=self.agents,
            skills=frozenset(one.code for one in self.skills if one.is_asked),
        )

    def _forget(self) -> None:
        self.address = self.located = self.deadline_on = self._for = ""
        self.suggestions, self.days, self._found, self._chosen = [], [], Located(()), 0
        self.purpose, self.is_urgent, self.agents, self.skills = Purpose.FITTING.value, False, "1", []


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form holds, as typed."""

    person_id: UUID | None
    address: str
    place: Place | None
    days: tuple[DayRow, ...]
    measure: str
    ordered_on: str
    deadline_on: str
    purpose: str = Purpose.FITTING.value
    is_urgent: bool = False
    agents: str = "1"
    skills: frozenset[str] = frozenset()


def usual_days() -> list[DayRow]:
    """Return the week as the form begins."""
    return [DayRow(number, WEEKDAYS[number], *hours) for number, hours in enumerate(USUAL)]


def windows_of(days: tuple[DayRow, ...]) -> tuple[Window, ...] | None:
    """Return when somebody is at home, or None when an hour is missing or is none."""
    try:
        return tuple(Window(row.number, _hour(row.opens), _hour(row.until)) for row in days if row.opens or row.until)
    except ValueError:
        return None


def understand(
    typed: Typed, kind_id: int, terms: FittingTerms, today: date
) -> tuple[NewFittingRequest | None, set[str]]:
    """Return what is asked, or the names of all that is wrong."""
    windows, place = windows_of(typed.days), typed.place
    ordered_on, deadline_on = _day(typed.ordered_on), _day(typed.deadline_on)
    wrong = {
        "person": typed.person_id is None,
        "address": place is None,
        "windows": not windows,
        "ordered_on": ordered_on is None,
        "deadline_on": bool(typed.deadline_on) and deadline_on is None,
    }
    new = NewFittingRequest(
        person_id=typed.person_id or UUID(int=0),
        kind_id=kind_id,
        measure=typed.measure,
        address=typed.address,
        known_as=place.label if place else "",
        at=(place.lat, place.lon) if place else (0, 0),
        is_exact=place is not None and place.source is Source.BAN,
        windows=windows or (),
        ordered_on=ordered_on or today,
        deadline_on=deadline_on,
        purpose=Purpose.REMOVAL if typed.purpose == Purpose.REMOVAL else Purpose.FITTING,
        is_urgent=typed.is_urgent,
        needs=Needs(agents=int(typed.agents) if typed.agents in dict(AGENTS) else 0, skills=typed.skills),
    )
    broken = {name for name, is_wrong in wrong.items() if is_wrong} | set(problems_of(new, terms, today=today))
    return (None if broken else new), broken


def _start(session: Session, actor: Actor, *, now: datetime) -> tuple[FittingTerms, date]:
    return fitting_kind(session, actor)[1], today_of(session, actor, now=now)


def _understood(
    session: Session, actor: Actor, typed: Typed, *, now: datetime
) -> tuple[NewFittingRequest | None, set[str]]:
    kind_id, terms = fitting_kind(session, actor)
    return understand(typed, kind_id, terms, today_of(session, actor, now=now))


def _is_ticked(form: dict[str, str], name: str) -> bool:
    return form.get(name, "") not in ("", "False", "false")


def _focus(name: str) -> str:
    return {"person": "person_search", "windows": "opens_0"}.get(name, name)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _hour(typed: str) -> time:
    return time.fromisoformat(typed)


@page(
    "/demandes-de-pose/nouvelle",
    title="Nouvelle demande de pose",
    roles=FITTERS,
    on_load=(FittingFormState.load,),
    description="Demander la pose d’un bracelet au domicile.",
)
def fitting_form_page() -> rx.Component:
    """Return the form of a new request."""
    state = FittingFormState
    return layout(
        el.div(
            el.div(rx.cond(state.wrong != "", el.p(state.wrong, class_name="fr-error-text")), role="alert"),
            _person(),
            rx.el.form(
                _address(),
                _windows(),
                _order(),
                _visit(),
                el.div(
                    el.button("Enregistrer et voir les créneaux", type="submit", class_name="fr-btn"),
                    link_button("Revenir aux demandes", "/demandes-de-pose/", kind="tertiary"),
                    class_name="pj-actions fr-mt-3w",
                ),
                on_submit=state.save,
                no_validate=True,
                aria_label="Nouvelle demande de pose",
                id="nouvelle-demande",
            ),
            class_name="pj-lead",
        ),
        title="Nouvelle demande de pose",
    )


def _person() -> rx.Component:
    problem = FittingFormState.problems["person"]
    return el.section(
        el.h2("Personne", class_name="fr-h6 fr-mb-1w"),
        rx.cond(problem != "", el.p(problem, class_name="fr-error-text fr-mb-1w")),
        person_picker(on_chosen=FittingFormState.person_chosen, label="Pour qui ?"),
    )


def _address() -> rx.Component:
    state = FittingFormState
    choices = el.ul(
        rx.foreach(
            state.suggestions,
            lambda one: el.li(
                el.button(
                    one.words,
                    type="button",
                    aria_pressed=rx.cond(one.is_chosen, "true", "false"),
                    on_click=state.choose_place(one.number),
                    class_name="pj-choice",
                )
            ),
        ),
        class_name="pj-choices",
    )
    other = el.details(
        el.summary("Ce n’est pas là ? Choisir un autre lieu"), choices, class_name="pj-why", key=state.located
    )
    return el.section(
        el.h2("Domicile", class_name="fr-h6 fr-mb-1w"),
        field(
            "Adresse",
            "address",
            hint="Numéro, rue, code postal, commune ; gardée chiffrée",
            error=state.problems["address"],
            # The key holds the person: whoever is chosen fills the field, and typing does not.
            key=PersonPickerState.chosen.id,
            default_value=state.address,
            on_change=state.type_address.debounce(350),
            auto_complete="off",
            max_length=LONGEST,
        ),
        el.div(
            rx.cond(state.located != "", el.p(state.located, class_name="fr-text--sm fr-mb-1w pj-grey")),
            role="status",
            aria_live="polite",
        ),
        rx.cond(state.suggestions.length() > 1, other),
        class_name="fr-mb-3w",
    )


def _windows() -> rx.Component:
    state = FittingFormState
    problem = state.problems["windows"]
    return el.fieldset(
        el.legend(
            el.span("Quelqu’un est au domicile", class_name="fr-h6"),
            el.span(
                "À l’heure du domicile. Vide : personne ce jour-là. Une fin avant le début est le lendemain.",
                class_name="fr-hint-text",
            ),
            class_name="pj-week__legend",
        ),
        el.div(rx.cond(problem != "", el.p(problem, class_name="fr-error-text")), id=described_by("windows")),
        rx.foreach(state.days, _day_row),
        el.button(
            "Comme le lundi, du mardi au vendredi",
            type="button",
            on_click=state.as_monday,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-mt-1w",
        ),
        aria_describedby=described_by("windows"),
        class_name="pj-week",
    )


def _day_row(row: rx.Var[DayRow]) -> rx.Component:
    return el.div(
        el.span(row.label, class_name="pj-week__day"),
        _hour_input(row, "opens", "de", row.opens),
        _hour_input(row, "until", "à", row.until),
        class_name="pj-week__row",
    )


def _hour_input(row: rx.Var[DayRow], name: str, word: str, value: rx.Var[str]) -> rx.Component:
    number = row.number.to_string()
    return el.label(
        el.span(row.label, " ", class_name="fr-sr-only"),
        el.span(word),
        el.input(
            type="time",
            id=f"{name}_" + number,
            name=f"{name}_" + number,
            default_value=value,
            key=FittingFormState.filled.to_string() + name + number,
            on_change=lambda typed: FittingFormState.set_hour(row.number, name, typed),
            class_name="fr-input",
        ),
        class_name="pj-week__hour",
    )


def _order() -> rx.Component:
    state = FittingFormState
    return el.section(
        el.h2("Décision", class_name="fr-h6 fr-mb-1w"),
        _measure(),
        el.div(
            field(
                "Date de l’ordonnance",
                "ordered_on",
                hint="Le délai se compte à partir d’elle",
                error=state.problems["ordered_on"],
                type="date",
                max=state.today,
                default_value=state.ordered_on,
                key="o" + state.today,
                on_change=lambda value: state.change("ordered_on", value),
            ),
            field(
                "Date limite de la décision",
                "deadline_on",
                hint="Facultative : remplace le délai compté",
                error=state.problems["deadline_on"],
                type="date",
                default_value=state.deadline_on,
                key="d" + state.today,
                on_change=lambda value: state.change("deadline_on", value),
            ),
            class_name="pj-form__grid",
        ),
        el.p(state.deadline, role="status", aria_live="polite", class_name="fr-mb-0 pj-deadline"),
        class_name="fr-mt-3w",
    )


def _visit() -> rx.Component:
    state = FittingFormState
    skills = el.fieldset(
        el.legend("Compétences demandées à l’équipe", class_name="fr-label fr-mb-1w"),
        rx.foreach(state.skills, lambda one: _box("skill_" + one.code, one.label, one.is_asked)),
        rx.cond(state.problems["skills"] != "", el.p(state.problems["skills"], class_name="fr-error-text")),
        class_name="pj-week fr-mt-2w",
    )
    return el.section(
        el.h2("Visite", class_name="fr-h6 fr-mb-1w"),
        el.div(
            select_field("Objet", "purpose", PURPOSES, default_value=state.purpose, key="p" + state.today),
            select_field(
                "Agents",
                "agents",
                AGENTS,
                error=state.problems["agents"],
                default_value=state.agents,
                key="a" + state.today,
            ),
            class_name="pj-form__grid",
        ),
        _box("is_urgent", "Urgente : à placer dès aujourd’hui, quitte à déplacer d’autres visites", state.is_urgent),
        rx.cond(state.skills.length() > 0, skills),
        class_name="fr-mt-3w",
    )


def _box(name: rx.Var[str] | str, label: rx.Var[str] | str, is_ticked: rx.Var[bool]) -> rx.Component:
    return el.div(
        el.input(type="checkbox", id=name, name=name, default_checked=is_ticked),
        el.label(label, html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )


def _measure() -> rx.Component:
    state = FittingFormState
    problem = state.problems["measure"]
    options = rx.foreach(state.measures, lambda one: el.option(one.label, value=one.code))
    return el.div(
        el.label("Mesure", html_for="measure", class_name="fr-label"),
        el.select(
            options,
            id="measure",
            name="measure",
            value=state.measure,
            on_change=lambda value: state.change("measure", value),
            aria_describedby=described_by("measure"),
            class_name="fr-select",
        ),
        el.div(rx.cond(problem != "", el.p(problem, class_name="fr-error-text")), id=described_by("measure")),
        class_name="fr-select-group",
    )
