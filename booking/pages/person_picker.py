"""Choosing a person, or opening their file, without leaving what one is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import reflex as rx
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor
from booking.persons import NewPerson, PersonLine, create_person, find_persons, problems_of
from booking.sealing import House
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.settings import secret_key, settings
from portal.ui.pieces import field, select_field

el = rx.el

FORM = ("family_name", "given_name", "birth_on", "sex", "phone", "file_number", "address", "language")
NOTHING_TYPED = dict.fromkeys(FORM, "")
LANGUAGES = (
    ("fr", "Français"),
    ("sq", "Albanais"),
    ("en", "Anglais"),
    ("ar", "Arabe"),
    ("zh", "Chinois"),
    ("es", "Espagnol"),
    ("ka", "Géorgien"),
    ("pt", "Portugais"),
    ("ro", "Roumain"),
    ("ru", "Russe"),
    ("tr", "Turc"),
    ("uk", "Ukrainien"),
)
PROBLEM_WORDS = {
    "family_name": "Indiquez le nom, en 200 caractères au plus.",
    "given_name": "Indiquez le prénom, en 200 caractères au plus.",
    "language": "Choisissez une langue de la liste.",
    "birth_on": "Indiquez une date de naissance passée.",
    "sex": "Choisissez femme ou homme.",
    "file_number": "Le numéro de dossier est trop long : 64 caractères au plus.",
    "phone": "Ce numéro ne se lit pas : un mobile français, ou étranger avec son indicatif (+…).",
    "address": "L’adresse est trop longue : 300 caractères au plus.",
}


@dataclass(frozen=True)
class Choice:
    """A person among those found."""

    id: str
    name: str
    detail: str


NOBODY = Choice("", "", "")


class PersonPickerState(rx.State):
    """The person being chosen, and what was typed to find or to create them."""

    typed: str = ""
    choices: list[Choice] = []  # noqa: RUF012 - Reflex copies the default for each client
    searched: bool = False
    chosen: Choice = NOBODY
    is_creating: bool = False
    form: dict[str, str] = NOTHING_TYPED
    problems: dict[str, str] = NOTHING_TYPED

    @rx.var
    def wrong(self) -> str:
        """Count what is wrong, above the form."""
        count = sum(1 for problem in self.problems.values() if problem)
        return f"{many(count, 'champ est à corriger', 'champs sont à corriger')}." if count else ""

    @allow(*REQUESTERS)
    @rx.event
    async def search(self, typed: str) -> None:
        """Find people by name or file number."""
        self.typed = str(typed)[:100]
        found = await read(find_persons, await current_actor(self), self.typed)
        self.choices = [choice_of(line) for line in found]
        self.searched = len(self.typed.strip()) > 1

    @allow(*REQUESTERS)
    @rx.event
    async def pick(self, person_id: str) -> None:
        """Choose one of those found."""
        self.chosen = next((choice for choice in self.choices if choice.id == str(person_id)), NOBODY)

    @allow(*REQUESTERS)
    @rx.event
    async def forget(self) -> None:
        """Choose again."""
        self.chosen = NOBODY

    @allow(*REQUESTERS)
    @rx.event
    async def start_creating(self, is_creating: bool) -> None:
        """Show or hide the form of a new person."""
        self.is_creating = bool(is_creating)
        if self.is_creating and not any(self.form.values()):
            self.form = NOTHING_TYPED | {"family_name": self.typed.strip().upper(), "language": "fr"}

    @allow(*REQUESTERS)
    @rx.event
    async def create(self, form: dict[str, Any]) -> Any:
        """Open the file of a new person and choose them; a refusal keeps what was typed, and says all that is wrong."""
        actor = await current_actor(self)
        self.form = NOTHING_TYPED | {name: str(form.get(name, ""))[:400] for name in FORM}
        new = _read(self.form)
        broken = problems_of(new, today=clock.now().date(), fiction=settings().demo)
        self.problems = NOTHING_TYPED | {name: PROBLEM_WORDS[name] for name in broken}
        if broken:
            return rx.set_focus(next(name for name in FORM if name in broken))
        line = await act(_create, actor, new)
        self.chosen, self.is_creating, self.form = choice_of(line), False, NOTHING_TYPED
        return None

    @not_an_event
    def chosen_id(self) -> UUID | None:
        """Return who is chosen."""
        return UUID(self.chosen.id) if self.chosen.id else None

    @not_an_event
    def clear(self) -> None:
        """Forget everything typed and chosen."""
        self.typed, self.choices, self.searched, self.chosen = "", [], False, NOBODY
        self.is_creating, self.form, self.problems = False, NOTHING_TYPED, NOTHING_TYPED


def choice_of(line: PersonLine) -> Choice:
    file_number = f" · dossier {line.file_number}" if line.file_number else ""
    return Choice(
        id=str(line.id),
        name=f"{line.family_name} {line.given_name}",
        detail=f"né{'e' if line.sex == 'F' else ''} le {line.birth_on:%d/%m/%Y}{file_number}",
    )


def _read(form: dict[str, str]) -> NewPerson:
    try:
        birth_on = date.fromisoformat(form["birth_on"])
    except ValueError:
        birth_on = date.max  # reported with the rest: not a birth date
    values: dict[str, Any] = {**form, "birth_on": birth_on}
    return NewPerson(**values)


def _create(session: Session, actor: Actor, new: NewPerson) -> PersonLine:
    house = House(secret_key())
    person = create_person(session, actor, new, house=house, now=clock.now(), fiction=settings().demo)
    return PersonLine(person.id, person.family_name, person.given_name, person.birth_on, person.sex, person.file_number)


def person_picker(*, on_chosen: Any = None, label: str = "Personne concernée") -> rx.Component:
    """Return the search, what it found, and the form of a new person; `on_chosen` hears of every choice."""
    state = PersonPickerState
    creating = rx.cond(state.is_creating, _form(on_chosen), _new_button())
    return el.div(
        rx.cond(state.chosen.id != "", _chosen(on_chosen), el.div(_search(on_chosen, label), creating)),
        class_name="pj-picker",
    )


def _then(event: Any, on_chosen: Any) -> Any:
    return [event, on_chosen] if on_chosen else event


def _chosen(on_chosen: Any) -> rx.Component:
    chosen = PersonPickerState.chosen
    return el.div(
        el.p(el.strong(chosen.name), el.br(), chosen.detail, class_name="fr-mb-1v"),
        el.button(
            "Changer de personne",
            type="button",
            on_click=_then(PersonPickerState.forget, on_chosen),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-chosen",
    )


def _search(on_chosen: Any, label: str) -> rx.Component:
    state = PersonPickerState
    found = el.ul(
        rx.foreach(
            state.choices,
            lambda choice: el.li(
                el.button(
                    el.strong(choice.name),
                    el.span(choice.detail, class_name="fr-text--sm fr-mb-0"),
                    type="button",
                    on_click=_then(state.pick(choice.id), on_chosen),
                    class_name="pj-choice",
                )
            ),
        ),
        class_name="pj-choices",
        aria_label="Personnes trouvées",
    )
    nobody = el.p("Personne de ce nom dans votre ressort.", class_name="fr-text--sm fr-mb-1v")
    return el.div(
        field(
            label,
            "person_search",
            hint="Nom, prénom ou numéro de dossier",
            default_value=state.typed,
            on_change=state.search.debounce(250),
            auto_complete="off",
        ),
        el.div(
            rx.cond(state.choices.length() > 0, found, rx.cond(state.searched, nobody)),
            role="status",
            aria_live="polite",
        ),
    )


def _new_button() -> rx.Component:
    return el.button(
        "Nouvelle personne",
        type="button",
        on_click=PersonPickerState.start_creating(True),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-add-line fr-btn--icon-left",
    )


def _form(on_chosen: Any) -> rx.Component:
    form, problems, wrong = PersonPickerState.form, PersonPickerState.problems, PersonPickerState.wrong

    def text_field(label: str, name: str, **props: Any) -> rx.Component:
        return field(label, name, error=problems[name], default_value=form[name], **props)

    return rx.el.form(
        el.h3("Nouvelle personne", class_name="fr-h6"),
        el.div(rx.cond(wrong != "", el.p(wrong, class_name="fr-error-text")), role="alert"),
        el.div(
            text_field("Nom", "family_name", auto_complete="off", required=True),
            text_field("Prénom", "given_name", auto_complete="off", required=True),
            text_field("Date de naissance", "birth_on", type="date", required=True),
            select_field(
                "Sexe",
                "sex",
                (("", "Choisir"), ("F", "Femme"), ("M", "Homme")),
                error=problems["sex"],
                default_value=form["sex"],
            ),
            text_field("Téléphone", "phone", type="tel", hint="Facultatif ; gardé chiffré", auto_complete="off"),
            text_field("Numéro de dossier", "file_number", hint="Facultatif", auto_complete="off"),
            text_field("Adresse", "address", hint="Facultative ; gardée chiffrée", auto_complete="off"),
            select_field("Langue", "language", LANGUAGES, error=problems["language"], default_value=form["language"]),
            class_name="pj-form__grid",
        ),
        el.div(
            el.button("Créer et choisir", type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Revenir à la recherche",
                type="button",
                on_click=PersonPickerState.start_creating(False),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
            ),
            class_name="pj-actions",
        ),
        on_submit=_then(PersonPickerState.create, on_chosen),
        no_validate=True,
        class_name="pj-form",
    )
