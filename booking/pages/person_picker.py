"""Choosing a person, or opening their file, without leaving what one is doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import reflex as rx
from sqlmodel import Session

from availability.errors import Refusal
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from booking.divestment import ask
from booking.duplicates import Alike, FileExists, expect_new, sought_of
from booking.pages.combo_boxes import person_box
from booking.pages.person_known import BLOCK, known_already, known_part, why_words
from booking.pages.person_words import BORN
from booking.persons import NewPerson, PersonLine, create_person, find_persons, problems_of, regions_of
from booking.phones import Reading, can_receive_sms, readings
from booking.question import form_of
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.dates import NBSP
from portal.ui.pieces import described_by, field, select_field

el = rx.el

FORM = ("family_name", "given_name", "birth_on", "sex", "phone", "language", "file_number", "address")
NOTHING_TYPED = dict.fromkeys(FORM, "")
LANGUAGES = (
    ("fr", "Français"),
    ("sq", "Albanais"),
    ("en", "Anglais"),
    ("ar", "Arabe"),
    ("bn", "Bengali"),
    ("zh", "Chinois"),
    ("es", "Espagnol"),
    ("ka", "Géorgien"),
    ("ln", "Lingala"),
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
    "phone": "Ce numéro ne se lit pas : un numéro français, ou étranger avec son indicatif (+…).",
    "address": "L’adresse est trop longue : 300 caractères au plus.",
}


@dataclass(frozen=True)
class Choice:
    """A person among those found."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True)
class PhoneChoice:
    """One of the numbers that were maybe typed."""

    e164: str
    label: str


NOBODY = Choice("", "", "")
AMBIGUOUS = "Ce numéro peut se lire de plusieurs façons : choisissez la bonne."
NO_SMS = "Pas de mobile : ce numéro ne reçoit pas de SMS. Remettez la convocation imprimée."
# How the officer knows these territories, the nearest word first.
TERRITORY_NAMES = {
    "FR": "métropole",
    "GP": "Guadeloupe",
    "MQ": "Martinique",
    "GF": "Guyane",
    "RE": "La Réunion",
    "YT": "Mayotte",
    "PM": "Saint-Pierre-et-Miquelon",
    "BL": "Saint-Barthélemy",
    "MF": "Saint-Martin",
    "NC": "Nouvelle-Calédonie",
    "PF": "Polynésie",
    "WF": "Wallis-et-Futuna",
}


class PersonPickerState(rx.State):
    """The person being chosen, and what was typed to find or to create them."""

    typed: str = ""
    choices: list[Choice] = []  # noqa: RUF012 - Reflex copies the default for each client
    searched: bool = False
    missing: str = ""  # said where somebody is to be chosen, by the form that asks for them
    chosen: Choice = NOBODY
    is_creating: bool = False
    form: dict[str, str] = NOTHING_TYPED
    problems: dict[str, str] = NOTHING_TYPED
    readings: list[PhoneChoice] = []  # noqa: RUF012 - when the number typed is of several territories
    reading: str = ""
    phone_note: str = ""
    known: list[Choice] = []  # noqa: RUF012 - who may be the person being created
    elsewhere: list[Choice] = []  # noqa: RUF012 - and the services beyond one's own that hold a file of theirs
    asked_said: str = ""
    _another: tuple[str, ...] = ()  # who was typed when it was said that they are somebody else
    _set_aside: frozenset[UUID] = frozenset()  # and the files that are not theirs
    _form: str = ""  # which form asks
    _can_receive: bool = True  # said of the number typed, once it is left

    @rx.var
    def wrong(self) -> str:
        """Count what is wrong, above the form."""
        count = sum(1 for problem in self.problems.values() if problem)
        return f"{many(count, 'champ est à corriger', 'champs sont à corriger')}." if count else ""

    @allow(*REQUESTERS)
    @rx.event
    async def search(self, typed: str) -> None:
        """Find people by name or file number."""
        self.typed, self.missing = str(typed)[:100], ""
        found = await read(find_persons, await current_actor(self), self.typed)
        self.choices = [choice_of(line) for line in found]
        self.searched = len(self.typed.strip()) > 1

    @allow(*REQUESTERS)
    @rx.event
    async def pick(self, person_id: str) -> None:
        """Choose one of those found."""
        self.missing = ""
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
        self.missing = ""
        self.is_creating = bool(is_creating)
        if self.is_creating and not any(self.form.values()):
            self.form = NOTHING_TYPED | {"family_name": self.typed.strip().upper(), "language": "fr"}

    @allow(*REQUESTERS)
    @rx.event
    async def check_phone(self, typed: str) -> None:
        """Say at once which numbers were maybe typed, and whether the one that was can receive an SMS."""
        await self._read_phone(await current_actor(self), str(typed)[:60])
        self.problems = self.problems | {"phone": ""}

    @allow(*REQUESTERS)
    @rx.event
    async def choose_reading(self, e164: str) -> None:
        """Say which of the numbers was meant."""
        if any(one.e164 == e164 for one in self.readings):
            self.reading = str(e164)
            self.problems = self.problems | {"phone": ""}

    @allow(*REQUESTERS)
    @rx.event
    async def pick_known(self, person_id: str) -> None:
        """Choose somebody who is known already, instead of creating them; what was typed stays."""
        self.chosen = next((choice for choice in self.known if choice.id == str(person_id)), NOBODY)
        self.known, self.elsewhere = [], []

    @allow(*REQUESTERS)
    @rx.event
    async def say_other(self) -> None:
        """Say that whoever is typed is somebody else: their file is opened by the same press."""
        self._another = _who(self.form)
        self._set_aside |= {UUID(one.id) for one in self.known}

    @allow(*REQUESTERS)
    @rx.event
    async def ask_file(self, person_id: str) -> None:
        """Ask for the file of whoever is typed to the service that holds it."""
        found = next((one for one in self.elsewhere if one.id == str(person_id)), None)
        if found is None:
            return
        try:
            house = House(secret_key())
            await act(ask, await current_actor(self), UUID(found.id), house=house, now=clock.now())
        except Refusal as refusal:
            self.asked_said = sentence(refusal)
        else:
            self.asked_said = f"Demandé à {found.name}{NBSP}: la réponse s’affichera dans Personnes, Dessaisissements."

    @allow(*REQUESTERS)
    @rx.event
    async def create(self, form: dict[str, Any]) -> Any:
        """Open the file of a new person and choose them; a refusal keeps what was typed, and says all that is wrong."""
        actor = await current_actor(self)
        new = await self.read_new(actor, form)
        if new is None:
            return rx.set_focus(self.first_wrong())
        try:
            self.take(await act(open_file, actor, new, known=self._set_aside))
        except FileExists as refusal:
            self.say_same(refusal)
            return rx.set_focus(BLOCK)
        return None

    @not_an_event
    def set_aside(self) -> frozenset[UUID]:
        """Return the files of which it was said that they are of somebody else."""
        return self._set_aside

    @not_an_event
    def ask_who(self, missing: str) -> str:
        """Say that somebody is to be chosen, where one chooses; return the name of that field."""
        self.missing = missing
        return "person_search"

    @not_an_event
    def say_same(self, refusal: FileExists) -> None:
        """Say whose file somebody has just opened, which may be theirs; what was typed stays."""
        found: tuple[Alike, ...] = refusal.facts["found"]  # type: ignore[assignment]
        self.known, self.elsewhere = [_known_choice(one) for one in found], []
        self.asked_said, self._another = "", ()

    @not_an_event
    async def read_new(self, actor: Actor, form: object) -> NewPerson | None:
        """Return the person that a form describes, or None after saying all that is wrong with it."""
        typed = form_of(form)
        self.form = NOTHING_TYPED | {name: typed.get(name, "")[:400] for name in FORM}
        await self._read_phone(actor, self.form["phone"])
        new = _read(self.form | ({"phone": self.reading} if self.reading else {}))
        regions = await read(regions_of, actor, self.form["address"])
        broken = problems_of(new, today=clock.now().date(), fiction=settings().demo, regions=regions)
        words = PROBLEM_WORDS | ({"phone": AMBIGUOUS} if self.readings else {})
        self.problems = NOTHING_TYPED | {name: words[name] for name in broken if name in words}
        if broken or await self._is_known(actor, new, regions):
            return None
        return new

    @not_an_event
    def can_receive_sms(self) -> bool:
        """Say whether the number typed for a new person can receive an SMS."""
        return self._can_receive

    @not_an_event
    def first_wrong(self) -> str:
        """Return the name of the first field that is to be corrected, or of what asks whether they are known."""
        asks = BLOCK if self.known or self.elsewhere else FORM[0]
        return next((name for name in FORM if self.problems[name]), asks)

    @not_an_event
    def take(self, line: PersonLine) -> None:
        """Have somebody chosen, and the form of a new person empty and closed."""
        self.clear()
        self.chosen = choice_of(line)

    async def _is_known(self, actor: Actor, new: NewPerson, regions: Sequence[str]) -> bool:
        """Say who may be the person typed, unless it was said that they are somebody else."""
        self.known, self.elsewhere, self.asked_said = [], [], ""
        if self._another == _who(self.form):
            return False
        near, far = await act(known_already, actor, new, regions, clock.now())
        self.known = [_known_choice(one) for one in near]
        self.elsewhere = [Choice(str(one.person_id), one.service, "") for one in far]
        return bool(near or far)

    async def _read_phone(self, actor: Actor, typed: str) -> None:
        regions = await read(regions_of, actor, self.form["address"])
        found = readings(typed, regions, fiction=settings().demo) if typed.strip() else []
        self.readings = [PhoneChoice(one.e164, reading_label(one)) for one in found] if len(found) > 1 else []
        if self.reading not in {one.e164 for one in self.readings}:
            self.reading = ""
        self._can_receive = any(can_receive_sms(one.e164) for one in found)
        self.phone_note = NO_SMS if found and not self._can_receive else ""

    @not_an_event
    def chosen_id(self) -> UUID | None:
        """Return who is chosen."""
        return UUID(self.chosen.id) if self.chosen.id else None

    @not_an_event
    def open_in(self, form: str) -> None:
        """Say which form asks: whoever is chosen follows from one to another, a search left unfinished does not."""
        if form != self._form:
            chosen, self._form = self.chosen, form
            self.clear()
            self.chosen = chosen

    @not_an_event
    def clear(self) -> None:
        """Forget everything typed and chosen."""
        self.typed, self.choices, self.searched, self.missing, self.chosen = "", [], False, "", NOBODY
        self.is_creating, self.form, self.problems = False, NOTHING_TYPED, NOTHING_TYPED
        self.readings, self.reading, self.phone_note, self._can_receive = [], "", "", True
        self.known, self.elsewhere, self.asked_said, self._another = [], [], "", ()
        self._set_aside = frozenset()


def choice_of(line: PersonLine) -> Choice:
    return Choice(id=str(line.id), name=f"{line.family_name} {line.given_name}", detail=born_words(line))


def _known_choice(one: Alike) -> Choice:
    return Choice(str(one.id), f"{one.family_name} {one.given_name}", f"{born_words(one)} – {why_words(one)}")


def born_words(line: PersonLine | Alike) -> str:
    """Return when somebody was born, and the number of their file."""
    file_number = f" · dossier {line.file_number}" if line.file_number else ""
    return f"{BORN.get(line.sex, 'né(e)')} le {line.birth_on:%d/%m/%Y}{file_number}"


def _who(form: dict[str, str]) -> tuple[str, ...]:
    """Return what tells people apart, as typed."""
    names = ("family_name", "given_name", "birth_on", "phone", "file_number")
    return tuple(form[name].strip() for name in names)


def reading_label(one: Reading) -> str:
    """Return "+262 639 98 12 34 (Mayotte)"."""
    number = one.label.replace(" ", NBSP)
    return f"{number} ({TERRITORY_NAMES[one.region]})" if one.region in TERRITORY_NAMES else number


def _read(form: dict[str, str]) -> NewPerson:
    try:
        birth_on = date.fromisoformat(form["birth_on"])
    except ValueError:
        birth_on = date.max  # reported with the rest: not a birth date
    values: dict[str, Any] = {**form, "birth_on": birth_on}
    return NewPerson(**values)


def open_file(session: Session, actor: Actor, new: NewPerson, *, known: frozenset[UUID]) -> PersonLine:
    """Open the file of a new person, whose phone may be of any French territory.

    `known` are those alike of whom it was said that they are somebody else. Raises: FileExists, and as create_person.
    """
    regions, house, is_fiction = regions_of(session, actor, new.address), House(secret_key()), settings().demo
    expect_new(session, actor, sought_of(new, regions, house=house, fiction=is_fiction), known=known)
    person = create_person(session, actor, new, house=house, now=clock.now(), fiction=is_fiction, regions=regions)
    return PersonLine(person.id, person.family_name, person.given_name, person.birth_on, person.sex, person.file_number)


def person_picker(
    *,
    on_chosen: Any = None,
    label: str = "Personne concernée",
    is_embedded: bool = False,
    on_language: Any = None,
    on_phone: Any = None,
) -> rx.Component:
    """Return the search, what it found, and the form of a new person; `on_chosen` hears of every choice.

    Embedded, it is a part of the form around it, which reads the new person with the rest: `read_new`. `on_language`
    then hears of the language chosen, and `on_phone` of the number typed.
    """
    state = PersonPickerState
    form = _fields(on_language, on_phone, on_chosen) if is_embedded else _form(on_chosen)
    creating = rx.cond(state.is_creating, form, _new_button(on_chosen if is_embedded else None))
    return el.div(
        rx.cond(
            state.chosen.id != "",
            _chosen(on_chosen, is_first=is_embedded),
            el.div(_search(on_chosen, label, is_first=is_embedded), creating),
        ),
        class_name="pj-picker",
    )


def _then(event: Any, on_chosen: Any) -> Any:
    return [event, on_chosen] if on_chosen else event


def _chosen(on_chosen: Any, *, is_first: bool) -> rx.Component:
    chosen = PersonPickerState.chosen
    return el.div(
        el.p(el.strong(chosen.name), el.br(), chosen.detail, class_name="fr-mb-1v"),
        el.button(
            "Changer de personne",
            type="button",
            auto_focus=is_first,  # what had the focus is gone: the next key goes on from here
            on_click=_then(PersonPickerState.forget, on_chosen),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-chosen",
    )


def _search(on_chosen: Any, label: str, *, is_first: bool) -> rx.Component:
    state = PersonPickerState
    nobody = el.p("Nous ne trouvons personne de ce nom dans votre ressort.", class_name="fr-text--sm fr-mb-1v")
    box = person_box(
        id="person_search",
        name="person_search",
        value=state.typed,
        options=state.choices,
        described_by=described_by("person_search"),
        starts_here=is_first,
        on_type=state.search.debounce(250),
        on_pick=_then(state.pick, on_chosen),
    )
    return el.div(
        field(label, "person_search", hint="Nom, prénom ou numéro de dossier", error=state.missing, control=box),
        el.div(rx.cond(state.searched & (state.choices.length() == 0), nobody), role="status", aria_live="polite"),
    )


def _new_button(on_chosen: Any = None) -> rx.Component:
    return el.button(
        "Nouvelle personne",
        type="button",
        on_click=_then(PersonPickerState.start_creating(True), on_chosen),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-add-line fr-btn--icon-left",
    )


def new_person_form(*, on_chosen: Any) -> rx.Component:
    """Return the form of a new person alone, on a page of its own; `on_chosen` hears of the file opened."""
    return _form(on_chosen, label="Ouvrir le dossier", has_search=False)


def _form(on_chosen: Any, *, label: str = "Créer et choisir", has_search: bool = True) -> rx.Component:
    submit = el.button(label, type="submit", class_name="fr-btn fr-btn--sm")
    return rx.el.form(
        _new_person(),
        known_part(PersonPickerState, on_chosen=on_chosen),
        el.div(submit, _back() if has_search else rx.fragment(), class_name="pj-actions"),
        on_submit=_then(PersonPickerState.create, on_chosen),
        no_validate=True,
        class_name="pj-form",
    )


def _fields(on_language: Any, on_phone: Any, on_chosen: Any) -> rx.Component:
    known = known_part(PersonPickerState, on_chosen=on_chosen)
    return el.div(_new_person(on_language, on_phone), known, _back(), class_name="pj-form")


def _back() -> rx.Component:
    return el.button(
        "Revenir à la recherche",
        type="button",
        on_click=PersonPickerState.start_creating(False),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )


def _new_person(on_language: Any = None, on_phone: Any = None) -> rx.Component:
    state = PersonPickerState
    form, problems, wrong = state.form, state.problems, state.wrong

    def text_field(label: str, name: str, **props: Any) -> rx.Component:
        return field(label, name, error=problems[name], default_value=form[name], **props)

    heard = {"on_change": on_language} if on_language else {}
    sexes = (("", "Choisir"), ("F", "Femme"), ("M", "Homme"))
    return rx.fragment(
        el.h3("Nouvelle personne", class_name="fr-h6"),
        el.div(rx.cond(wrong != "", el.p(wrong, class_name="fr-error-text")), role="alert"),
        el.div(
            text_field("Nom", "family_name", auto_complete="off", required=True, auto_focus=True),
            text_field("Prénom", "given_name", auto_complete="off", required=True),
            text_field("Date de naissance", "birth_on", type="date", required=True),
            select_field("Sexe", "sex", sexes, error=problems["sex"], default_value=form["sex"]),
            el.div(
                text_field(
                    "Téléphone",
                    "phone",
                    type="tel",
                    hint="Facultatif ; gardé chiffré. À l’étranger : avec son indicatif (+…)",
                    auto_complete="off",
                    on_blur=_then(state.check_phone, on_phone),
                ),
                el.div(_readings(on_phone), role="status", aria_live="polite"),
            ),
            select_field(
                "Langue", "language", LANGUAGES, error=problems["language"], default_value=form["language"], **heard
            ),
            text_field("Numéro de dossier", "file_number", hint="Facultatif", auto_complete="off"),
            text_field("Adresse", "address", hint="Facultative ; gardée chiffrée", auto_complete="off"),
            class_name="pj-form__grid",
        ),
    )


def _readings(on_phone: Any) -> rx.Component:
    state = PersonPickerState

    def one(choice: rx.Var[PhoneChoice]) -> rx.Component:
        return el.div(
            el.div(
                el.input(
                    type="radio",
                    id="numero-" + choice.e164,
                    name="phone_choice",
                    value=choice.e164,
                    checked=state.reading == choice.e164,
                    on_change=_then(state.choose_reading(choice.e164), on_phone),
                ),
                el.label(choice.label, html_for="numero-" + choice.e164, class_name="fr-label"),
                class_name="fr-radio-group fr-radio-group--sm",
            ),
            class_name="fr-fieldset__element",
        )

    asked = el.fieldset(
        el.legend(
            "De quel numéro s’agit-il ?", class_name="fr-fieldset__legend fr-fieldset__legend--regular fr-text--sm"
        ),
        rx.foreach(state.readings, one),
        class_name="fr-fieldset pj-readings",
    )
    return rx.fragment(
        rx.cond(state.readings.length() > 0, asked),
        rx.cond(state.phone_note != "", el.p(state.phone_note, class_name="fr-text--sm pj-warning")),
    )
