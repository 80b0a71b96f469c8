"""The form that puts somebody on the list, filled from a search of the map; what was typed is never lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.models import Kind, Resource, Shape, Site
from availability.rights import REQUESTERS, Actor, Role
from availability.words import invalid_sentence
from booking.actions import Beneficiary
from booking.day import today_of
from booking.filters import Filters, understand
from booking.map import kind_named
from booking.pages.map_aim import Aim, aim_of
from booking.pages.map_words import center_words, within_words
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.pages.waiting_state import WaitingState, deadline_problem
from booking.pages.waiting_words import LIST
from booking.question import form_of, text_of
from booking.waiting import Wanted, ask
from booking.waiting_models import LABEL_LENGTH
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.pieces import field, select_field
from portal.ui.sheet import sheet

el = rx.el
NOTHING = {
    "type": "", "du": "", "au": "", "jours": "", "sans_fin": "", "case_ref": "", "deadline_on": "",
    "deadline_source": "",
}  # fmt: skip
# The field of the form in which each rule of booking/waiting.py is broken.
FIELD_OF = {"from": "du", "to": "au", "days": "jours", "kind": "type"}
DAYS_WORDS = {Shape.NIGHTS: "Combien de nuits de suite", Shape.PLACES: "Combien de jours de suite"}


@dataclass(frozen=True)
class Opening:
    """What the form starts from."""

    kinds: list[Kind]
    kind: Kind
    first: date
    until: date
    label: str


class WaitingFormState(rx.State):
    """The open form."""

    is_open: bool = False
    kinds: list[tuple[str, str]] = []  # noqa: RUF012 - Reflex copies the default for each client
    shape: str = ""
    where: str = ""
    days_label: str = ""
    typed: dict[str, str] = NOTHING
    problems: dict[str, str] = NOTHING
    problem: str = ""  # of the whole
    _query: dict[str, str] = {}  # noqa: RUF012

    @allow(*REQUESTERS, Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Open the form that the address asks for, filled with what it says; close it otherwise, and for hosts."""
        query = {str(name): str(value) for name, value in self.router.url.query_parameters.items()}
        self.is_open = query.get("ajout") == "1" and (await current_actor(self)).has(*REQUESTERS)
        if not self.is_open or query == self._query:
            return
        self._query, self.problems, self.problem = query, NOTHING, ""
        actor = await current_actor(self)
        aim = await aim_of(actor, Filters.read(query), is_shown=True)
        picker = await self.get_state(PersonPickerState)
        picker.open_in("waiting")
        if aim.person.id:
            picker.chosen = aim.person
        opening = await read(_opening, actor, aim, query, now=clock.now())
        self.kinds = [(one.code, one.layer) for one in opening.kinds if one.shape != Shape.SESSIONS]
        self.shape, self.where = opening.kind.shape, opening.label
        self.days_label = DAYS_WORDS.get(Shape(self.shape), "")
        self.typed = NOTHING | {
            "type": opening.kind.code,
            "du": opening.first.isoformat(),
            "au": opening.until.isoformat(),
        }

    @allow(*REQUESTERS)
    @rx.event
    async def open_it(self) -> EventSpec:
        """Open an empty form."""
        return rx.redirect(f"{LIST}?ajout=1")

    @allow(*REQUESTERS)
    @rx.event
    async def close_it(self) -> EventSpec:
        """Close the form; what was typed is there again if the same address is opened."""
        self.is_open = False
        return rx.redirect(LIST, replace=True)

    @allow(*REQUESTERS)
    @rx.event
    async def pick_kind(self, code: str) -> EventSpec | None:
        """Wait for something else: other questions are asked."""
        if str(code) not in dict(self.kinds):
            return None
        known = {name: value for name, value in self._query.items() if not name.startswith("c_")}
        kept = Filters.read(known | {"type": str(code)}).without("site")
        return rx.redirect(f"{LIST}?{kept.to_query()}&ajout=1")

    @allow(*REQUESTERS)
    @rx.event
    async def send(self, form: dict[str, Any]) -> EventSpec | list[EventSpec]:
        """Put the person on the list; a refusal names the field, and keeps what was typed."""
        typed = form_of(form)
        self.typed = (
            NOTHING
            | {name: text_of(typed.get(name, "")) for name in NOTHING if name != "type"}
            | {"type": self.typed["type"]}
        )
        actor = await current_actor(self)
        picker = await self.get_state(PersonPickerState)
        self.problems, self.problem = NOTHING, ""
        try:
            whom = Beneficiary(person_id=picker.chosen_id(), case_ref=self.typed["case_ref"])
            wanted = await self._wanted(actor, whom)
            entry = await act(ask, actor, wanted, now=clock.now())
        except InvalidRequest as refusal:
            return self._wrong(refusal)
        except Refusal as refusal:
            self.problem = sentence(refusal)
            return rx.set_focus("attente-probleme")
        picker.clear()
        self.is_open, self._query = False, {}
        shown = await (await self.get_state(WaitingState)).show_new(entry.id)
        return [rx.redirect(LIST, replace=True), shown]

    async def _wanted(self, actor: Actor, whom: Beneficiary) -> Wanted:
        filters = Filters.read(self._query | {"type": self.typed["type"]})
        aim = await aim_of(actor, filters, is_shown=False)
        kept, near = aim.without_person()
        return Wanted(
            filters=kept,
            near=near,
            first_on=_date(self.typed, "du"),
            until_on=_date(self.typed, "au"),
            days=_days(self.typed["jours"]),
            is_open_ended=self.typed["sans_fin"] != "",
            label=self.where if near or self._query.get("lieu_attendu") or self._query.get("ressource") else "",
            resource_id=_number(self._query.get("ressource", "")),
            site_id=_number(self._query.get("lieu_attendu", "")),
            beneficiary=whom,
            deadline_on=_date(self.typed, "deadline_on") if self.typed["deadline_on"] else None,
            deadline_source=self.typed["deadline_source"],
        )

    def _wrong(self, refusal: InvalidRequest) -> EventSpec:
        name = FIELD_OF.get(refusal.field, refusal.field)
        if name == "beneficiary":
            name, words = "case_ref", "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."
        elif name.startswith("deadline"):
            words = deadline_problem(refusal)
        elif name == "jours" and refusal.problem == "out-of-range":
            words = f"Entre 1 et {refusal.facts.get('most')} : pas plus que les jours de la période."
        else:
            words = invalid_sentence(refusal)
        if name not in NOTHING:
            self.problem = words
            return rx.set_focus("attente-probleme")
        self.problems = NOTHING | {name: words}
        return rx.set_focus(f"attente-{name}")


def waiting_form() -> rx.Component:
    """Return the sheet of the form."""
    state = WaitingFormState
    return sheet(
        el.div(
            rx.cond(state.problem != "", el.p(state.problem, class_name="fr-alert fr-alert--error fr-alert--sm")),
            id="attente-probleme",
            tab_index=-1,
            role="alert",
        ),
        el.h3("Pour qui ?", class_name="fr-h6 fr-mb-1w"),
        person_picker(),
        rx.el.form(*_fields(), on_submit=state.send, no_validate=True, class_name="pj-form"),
        open=state.is_open,
        title="Mettre en liste d’attente",
        on_close=state.close_it,
    )


def _fields() -> tuple[rx.Component, ...]:
    state = WaitingFormState

    def one(label: Any, name: str, **props: Any) -> rx.Component:
        value = state.typed[name]
        return field(
            label,
            f"attente-{name}",
            error=state.problems[name],
            control=el.input(
                id=f"attente-{name}",
                name=name,
                default_value=value,
                key=name + value,
                aria_describedby=f"attente-{name}-message",
                class_name="fr-input",
                **{key: prop for key, prop in props.items() if key != "hint"},
            ),
            hint=props.get("hint", ""),
        )

    kinds = select_field(
        "Quoi",
        "attente-type",
        rx.foreach(state.kinds, lambda kind: el.option(kind[1], value=kind[0])),
        value=state.typed["type"],
        on_change=state.pick_kind,
    )
    open_ended = el.div(
        el.input(
            type="checkbox",
            id="attente-sans-fin",
            name="sans_fin",
            default_checked=state.typed["sans_fin"] != "",
            key="sans" + state.typed["sans_fin"],
        ),
        el.label("Sans date de fin", html_for="attente-sans-fin", class_name="fr-label"),
        class_name="fr-checkbox-group fr-mb-2w",
    )
    return (
        one("Ou numéro de dossier", "case_ref", hint="Si la personne n’a pas de fiche", max_length=64,
            auto_complete="off"),
        el.h3("Ce qui est attendu", class_name="fr-h6 fr-mb-1w"),
        kinds,
        el.p(state.where, class_name="fr-text--sm fr-mb-2w"),
        el.div(
            one("À partir du", "du", type="date"), one("Jusqu’au (jour de sortie)", "au", type="date"),
            class_name="pj-form__grid",
        ),
        rx.cond(
            state.days_label != "",
            one(state.days_label, "jours", hint="Vide : toute la période", input_mode="numeric", max_length=3),
        ),
        rx.cond(state.shape == Shape.PLACES, open_ended),
        el.h3("Ce qui donne le rang", class_name="fr-h6 fr-mb-1w"),
        el.p(
            "L’échéance légale la plus proche passe d’abord ; sinon la date d’inscription.",
            class_name="fr-text--sm fr-mb-2w",
        ),
        one("Échéance légale", "deadline_on", type="date", hint="S’il y en a une"),
        one("D’où vient-elle ?", "deadline_source", hint="Un article, ou la décision et sa date", max_length=200),
        el.button("Mettre en liste d’attente", type="submit", class_name="fr-btn"),
    )  # fmt: skip


def _opening(session: Session, actor: Actor, aim: Aim, query: dict[str, str], *, now: datetime) -> Opening:
    kinds, kind = kind_named(session, actor, aim.filters.type)
    resource_id, site_id = _number(query.get("ressource", "")), _number(query.get("lieu_attendu", ""))
    resource = session.get(Resource, resource_id) if resource_id else None
    kind = next((one for one in kinds if resource is not None and one.id == resource.kind_id), kind)
    if kind.shape == Shape.SESSIONS:
        kind = next((one for one in kinds if one.shape != Shape.SESSIONS), kind)
    today = today_of(session, actor, now=now)
    wish = understand(replace(aim.filters, type=kind.code), kind, aim.near, today=today).wish
    site = session.get(Site, resource.site_id if resource else site_id) if resource or site_id else None
    if site is not None:
        label = site.name if resource is None or resource.name in site.name else f"{site.name}, {resource.name}"
    else:
        kept, near = aim.without_person()
        label = within_words(kept, wish.radius_km if near else None, center_words(kept))
    label = label[:1].upper() + label[1:LABEL_LENGTH]
    return Opening(kinds, kind, wish.first, wish.until, label)


def _date(typed: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(typed[name])
    except ValueError as error:
        raise InvalidRequest({"du": "from", "au": "to"}.get(name, name), "unreadable") from error


def _days(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > 4:
        raise InvalidRequest("days", "not-positive")
    return int(typed) or -1


def _number(typed: str) -> int | None:
    return int(typed) if typed.isdecimal() and len(typed) <= 18 else None
