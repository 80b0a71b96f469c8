"""The filters of the map: a few always in sight, those of the kind generated from its schema, the rest folded."""

from __future__ import annotations

import reflex as rx

from booking.pages.combo_boxes import SUGGESTIONS, address_box
from booking.pages.map_fields import DAY_WORDS, Field, Tag
from booking.pages.map_state import MapState
from booking.pages.person_picker import PersonPickerState, person_picker
from booking.pages.reserve_state import ReserveState
from portal.ui.pieces import described_by, field

el = rx.el
MEASURES = (("km", "Distance (km)", "rayon"), ("min", "Trajet (minutes)", "trajet"))


def map_filters() -> rx.Component:
    """Return the form, and the tags of the filters in use."""
    toggle = el.button(
        "Filtres",
        type="button",
        aria_expanded=rx.cond(MapState.shows_filters, "true", "false"),
        aria_controls="filtres",
        on_click=MapState.toggle_filters,
        class_name="fr-btn fr-btn--secondary fr-icon-filter-line fr-btn--icon-left pj-phone-only",
    )
    form = el.form(
        el.div(_place(), _date("Du", "du"), _date("Au (jour de sortie)", "au"), class_name="pj-filters__grid"),
        el.div(
            _measure(),
            rx.foreach(MapState.main_fields, _field),
            class_name="pj-filters__row",
        ),
        rx.cond(MapState.has_hours, _hours()),
        _more(),
        _box("libres", "Seulement ce qui est libre"),
        el.div(
            el.button("Chercher", type="submit", class_name="fr-btn fr-icon-search-line fr-btn--icon-left"),
            el.button(
                "Effacer les filtres",
                type="button",
                on_click=MapState.forget_filters,
                class_name="fr-btn fr-btn--tertiary-no-outline",
            ),
            class_name="pj-actions",
        ),
        on_submit=MapState.submit,
        role="search",
        id="filtres",
        aria_label="Filtres de la carte",
        class_name=rx.cond(MapState.shows_filters, "pj-filters__form pj-filters__form--open", "pj-filters__form"),
    )
    return el.div(toggle, _person(), form, _pin(), _tags(), class_name="pj-filters")


def _person() -> rx.Component:
    return el.details(
        el.summary("Pour une personne : sexe, âge et adresse remplis d’avance"),
        # One picker at a time: the sheet has its own, and the ids of fields are theirs alone.
        rx.cond(
            ReserveState.is_open,
            rx.fragment(),
            person_picker(on_chosen=MapState.for_person, label="Chercher une place pour"),
        ),
        open=PersonPickerState.chosen.id != "",
        class_name="pj-why fr-mb-1w",
    )


def _place() -> rx.Component:
    problem = MapState.problems["lieu"]
    box = address_box(
        id="lieu",
        name="lieu",
        value=MapState.typed["lieu"],
        source=SUGGESTIONS,
        described_by=described_by("lieu"),
        invalid=problem != "",
    )
    return field("Autour de", "lieu", hint="Adresse, commune ou code postal", error=problem, control=box)


def _measure() -> rx.Component:
    """Return distance or travel time: the field of the measure chosen is the one shown, by the style sheet alone."""
    chosen = MapState.typed["mesure"]
    choices = [
        el.div(
            el.input(
                type="radio",
                id=f"mesure-{code}",
                name="mesure",
                value=code,
                default_checked=chosen == code,
                key=f"{code}-" + chosen,
            ),
            el.label(label, html_for=f"mesure-{code}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )
        for code, label, _ in MEASURES
    ]
    numbers = [
        el.div(
            _number(label, name),
            class_name=f"pj-measure__{code}",
        )
        for code, label, name in MEASURES
    ]
    return el.div(
        el.fieldset(
            el.legend("Distance ou trajet", class_name="fr-segmented__legend"),
            el.div(*choices, class_name="fr-segmented__elements"),
            class_name="fr-segmented fr-segmented--sm",
        ),
        *numbers,
        class_name="pj-measure",
    )


def _hours() -> rx.Component:
    """Return when one works, at the address: what the doors of the place are compared with."""
    boxes = [
        el.div(
            el.input(
                type="checkbox",
                id=f"jour_{number}",
                name=f"jour_{number}",
                value="1",
                default_checked=MapState.days[number - 1],
                key=f"j{number}-" + MapState.days[number - 1].to_string(),
            ),
            el.label(words, html_for=f"jour_{number}", class_name="fr-label"),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
        )
        for number, words in enumerate(DAY_WORDS, 1)
    ]
    days = el.fieldset(el.legend("Jours travaillés", class_name="fr-sr-only"), *boxes, class_name="pj-hours-days")
    wrong = rx.cond(MapState.problems["jours"] != "", el.p(MapState.problems["jours"], class_name="fr-error-text"))
    return el.details(
        el.summary("Travaille à cette adresse, de … à …"),
        el.div(_time("De", "debut"), _time("À", "fin"), class_name="pj-filters__row"),
        days,
        el.div(wrong, id="jours-message", aria_live="polite"),
        open=MapState.hours_open,
        class_name="pj-why pj-filters__fold",
    )


def _more() -> rx.Component:
    return el.details(
        el.summary("Plus de critères"),
        el.div(
            rx.foreach(MapState.more_fields, _field),
            class_name="pj-filters__row",
        ),
        _box("ailleurs", "Au-delà de mon ressort (consultation tracée)"),
        open=MapState.more_open,
        class_name="pj-why pj-filters__fold",
    )


def _field(one: rx.Var[Field]) -> rx.Component:
    """Return a field of the kind's schema."""
    flag = el.div(
        el.input(
            type="checkbox", id=one.name, name=one.name, value="1", default_checked=one.value != "", key=one.value
        ),
        el.label(one.label, html_for=one.name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm pj-filters__flag",
    )
    label = el.label(
        one.label,
        rx.cond(one.hint != "", el.span(one.hint, class_name="fr-hint-text")),
        html_for=one.name,
        class_name="fr-label",
    )
    choice = el.select(
        rx.foreach(one.options, lambda option: el.option(option[1], value=option[0])),
        id=one.name,
        name=one.name,
        default_value=one.value,
        key=one.name + one.value,
        aria_describedby=one.message_id,
        class_name="fr-select",
    )
    typed = rx.fragment(
        el.input(
            id=one.name,
            name=one.name,
            default_value=one.value,
            key=one.name + one.value,
            list=one.list_id,
            auto_complete="off",
            input_mode=rx.cond(one.type == "number", "decimal", "text"),
            aria_describedby=one.message_id,
            aria_invalid=one.problem != "",
            class_name="fr-input",
        ),
        el.datalist(rx.foreach(one.proposed, lambda value: el.option(value=value)), id=one.list_id),
    )
    message = el.div(
        rx.cond(one.problem != "", el.p(one.problem, class_name="fr-error-text")),
        id=one.message_id,
        aria_live="polite",
        class_name="fr-messages-group",
    )
    plain = el.div(
        label,
        rx.cond(one.type == "choice", choice, typed),
        message,
        class_name=rx.cond(one.problem != "", "fr-input-group fr-input-group--error", "fr-input-group"),
    )
    return rx.cond(one.type == "flag", flag, plain)


def _date(label: str, name: str) -> rx.Component:
    typed = MapState.typed[name]
    return field(label, name, error=MapState.problems[name], type="date", default_value=typed, key=name + typed)


def _time(label: str, name: str) -> rx.Component:
    typed = MapState.typed[name]
    return field(label, name, error=MapState.problems[name], type="time", default_value=typed, key=name + typed)


def _number(label: str, name: str) -> rx.Component:
    typed = MapState.typed[name]
    error = MapState.problems[name]
    return field(label, name, error=error, default_value=typed, key=name + typed, input_mode="numeric")


def _box(name: str, label: str) -> rx.Component:
    typed = MapState.typed[name]
    return el.div(
        el.input(type="checkbox", id=name, name=name, value="1", default_checked=typed != "", key=f"{name}-" + typed),
        el.label(label, html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm pj-filters__flag",
    )


def _pin() -> rx.Component:
    """Return what the map's pin does, without the map; and the way back to the address."""
    back = el.button(
        "Revenir à l’adresse",
        type="button",
        on_click=MapState.forget_pin,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-mb-1w",
    )
    form = el.form(
        el.div(
            *[
                field(
                    label,
                    name,
                    error=MapState.pin_problems[name],
                    default_value=MapState.pin[name],
                    key=name + MapState.pin[name],
                    input_mode="decimal",
                )
                for label, name in (("Latitude", "lat"), ("Longitude", "lon"))
            ],
            class_name="pj-filters__row",
        ),
        el.button("Chercher autour de ce point", type="submit", class_name="fr-btn fr-btn--sm fr-btn--secondary"),
        on_submit=MapState.type_pin,
        aria_label="Point de départ",
    )
    return el.div(
        rx.cond(MapState.located != "", el.p(MapState.located, class_name="fr-text--sm fr-mb-1v pj-grey", id="situe")),
        rx.cond(MapState.is_by_hand, back),
        el.details(
            el.summary("Déplacer le point à la main"),
            el.p(
                "Sur la carte, faites glisser le repère, ou placez-vous dessus et utilisez les flèches. Ou bien :",
                class_name="fr-text--sm fr-mb-1w",
            ),
            form,
            class_name="pj-why pj-filters__fold",
        ),
        class_name="pj-pin",
    )


def _tags() -> rx.Component:
    def tag(one: rx.Var[Tag]) -> rx.Component:
        return el.li(
            el.button(
                one.label,
                type="button",
                aria_label="Retirer le filtre " + one.label,
                on_click=MapState.remove(one.names),
                class_name="fr-tag fr-tag--sm fr-tag--dismiss",
            )
        )

    return rx.cond(
        MapState.tags.length() > 0,
        el.ul(rx.foreach(MapState.tags, tag), class_name="fr-tags-group pj-tags", aria_label="Filtres en cours"),
    )
