"""One form makes a series: what is wanted at the left, what would be taken at the right, nothing before one says so."""

from __future__ import annotations

import reflex as rx

from availability.models import Shape
from availability.pages.focus import focus_on
from availability.recurrences import WEEKDAYS
from availability.rights import REQUESTERS
from booking.pages.person_picker import person_picker
from booking.pages.series_form_state import LEAVE_OUT, PeriodFields, SeriesFormState
from booking.pages.series_words import Option, PlanRow
from booking.series_rules import MOST_OCCURRENCES
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton

el = rx.el
S = SeriesFormState
DAY_WORDS = dict(zip(WEEKDAYS, ("Lun.", "Mar.", "Mer.", "Jeu.", "Ven.", "Sam.", "Dim."), strict=True))
EVERY = [("1", "Chaque semaine"), *((str(weeks), f"Toutes les {weeks} semaines") for weeks in (2, 3, 4, 6, 8))]
A_DAY = [(str(minutes), f"{minutes // 60} h{' 30' if minutes % 60 else ''}") for minutes in range(120, 601, 30)]
MODES = (("hours", "Des heures (TIG)"), ("periods", "Des périodes (stage)"))


@page(
    "/serie/nouvelle",
    title="Nouvelle série",
    roles=REQUESTERS,
    on_load=(S.load,),
    part_of="/reservations",
    description="Réserver en une fois des visites, des heures de TIG ou les jours d’un stage.",
)
def series_form_page() -> rx.Component:
    """Return the form."""
    missing = empty_state(
        "Choisissez d’abord un lieu",
        "Une série se fait depuis la carte ou depuis une réservation, par « Répéter… ».",
        link_button("Chercher une place sur la carte", "/carte/", icon="fr-icon-map-pin-2-line"),
    )
    body = rx.match(S.step, ("open", _form()), ("missing", missing), skeleton(8, "Ouverture du lieu…"))
    return layout(body, title=rx.cond(S.is_extending, "Placer ce qui reste", "Nouvelle série"), wide=True)


def _form() -> rx.Component:
    return el.div(
        el.div(
            el.p(el.strong(S.where), class_name="fr-mb-2w"),
            rx.cond(S.whom != "", el.p("Pour ", el.strong(S.whom), class_name="fr-mb-2w"), _whom()),
            rx.el.form(
                rx.cond(S.shape == Shape.SLOTS.value, _visits(), _places()),
                el.button(
                    rx.cond(S.button != "", S.button, "Réserver"),
                    type="submit",
                    class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
                ),
                on_submit=S.save,
                no_validate=True,
                class_name="pj-form",
                key="series" + S.version.to_string(),
            ),
        ),
        _plan(),
        class_name="pj-series__split",
    )


def _whom() -> rx.Component:
    return el.div(
        person_picker(label="Pour qui ?", on_chosen=S.person_changed),
        field(
            "Ou numéro de dossier",
            "case_ref",
            hint="Si la personne n’a pas de fiche",
            default_value=S.typed["case_ref"],
            on_change=lambda value: S.change("case_ref", value),
            auto_complete="off",
            max_length=64,
        ),
    )


# No debounce: it is one for all the fields, and what was typed in the first would be lost by going to the second.
def _typed(label: str, name: str, **props: object) -> rx.Component:
    return field(
        label,
        name,
        error=S.problems[name],
        default_value=S.typed[name],
        on_change=lambda value: S.change(name, value),
        **props,
    )


def _chosen(label: str, name: str, options: list[tuple[str, str]]) -> rx.Component:
    return select_field(
        label,
        name,
        options,
        error=S.problems[name],
        value=S.typed[name],
        on_change=lambda value: S.change(name, value),
    )


def _visits() -> rx.Component:
    begun = el.p("La première est déjà réservée : ", el.strong(S.first_words), class_name="fr-mb-2w")
    dated = el.div(
        _typed("Première date", "begins_on", type="date"),
        _typed("Heure", "at", type="time"),
        class_name="pj-form__grid",
    )
    return el.div(
        rx.cond(S.is_begun, begun, dated),
        el.div(
            _chosen("Répétition", "every", EVERY),
            _typed("Nombre en tout", "total", type="number", min=1, max=MOST_OCCURRENCES, input_mode="numeric"),
            class_name="pj-form__grid",
        ),
    )


def _places() -> rx.Component:
    modes = el.fieldset(
        el.legend("Que réserver ?", class_name="fr-segmented__legend"),
        el.div(*[_mode(value, label) for value, label in MODES], class_name="fr-segmented__elements"),
        class_name="fr-segmented fr-segmented--sm fr-mb-2w",
    )
    return el.div(
        rx.cond(S.is_begun | S.is_extending, rx.fragment(), modes),
        rx.cond(S.typed["mode"] == "periods", _periods(), _hours()),
    )


def _mode(value: str, label: str) -> rx.Component:
    return el.div(
        el.input(
            type="radio",
            id=f"mode-{value}",
            name="mode",
            value=value,
            checked=S.typed["mode"] == value,
            on_change=S.change("mode", value),
        ),
        el.label(label, html_for=f"mode-{value}", class_name="fr-label"),
        class_name="fr-segmented__element",
    )


def _hours() -> rx.Component:
    begun = el.p(
        "Le placement déjà réservé, à partir du ", el.strong(S.first_words), ", en fait partie.", class_name="fr-mb-2w"
    )
    decided = _typed(
        "Décision exécutoire depuis le",
        "decided_on",
        hint="Tout doit être fait dans les 18 mois (code pénal, art. 131-22)",
        type="date",
    )
    return el.div(
        rx.cond(S.is_begun, begun),
        el.div(
            _typed("Heures en tout", "total", type="text", input_mode="decimal", auto_complete="off"),
            _chosen("Heures par jour", "minutes_a_day", A_DAY),
            class_name="pj-form__grid",
        ),
        el.fieldset(
            el.legend("Jours travaillés", class_name="fr-label fr-mb-1v"),
            *[_day(name, label) for name, label in DAY_WORDS.items()],
            class_name="pj-series__days",
        ),
        rx.cond(S.is_begun, rx.fragment(), _typed("Premier jour", "begins_on", type="date")),
        rx.cond(S.is_extending, rx.fragment(), decided),
    )


def _day(name: str, label: str) -> rx.Component:
    return el.div(
        el.input(
            type="checkbox",
            id=f"jour-{name}",
            name=f"jour-{name}",
            checked=S.days.contains(name),
            on_change=S.toggle_day(name),
        ),
        el.label(label, html_for=f"jour-{name}", class_name="fr-label"),
        class_name="fr-checkbox-group",
    )


def _periods() -> rx.Component:
    return el.div(
        focus_on(field=S.focused, turn=S.turn),
        rx.foreach(S.periods, _period),
        el.button(
            "Ajouter une période",
            type="button",
            on_click=S.add_period,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-add-line fr-btn--icon-left fr-mb-2w",
        ),
    )


def _period(one: rx.Var[PeriodFields]) -> rx.Component:
    def dated(label: str, name: str, value: rx.Var[str]) -> rx.Component:
        return el.div(
            el.label(label, html_for=name + "-" + one.number.to_string(), class_name="fr-label"),
            el.input(
                type="date",
                id=name + "-" + one.number.to_string(),
                default_value=value,
                on_change=lambda typed: S.change_period(one.number, name, typed),
                class_name="fr-input",
            ),
            class_name="fr-input-group",
        )

    return el.div(
        dated("Du", "first", one.first),
        dated("Au (dernier jour)", "last", one.last),
        el.button(
            "Retirer",
            type="button",
            aria_label="Retirer la période " + one.number.to_string(),
            on_click=S.remove_period(one.number),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
        ),
        key=one.number.to_string(),
        class_name="pj-form__grid",
    )


def _plan() -> rx.Component:
    alert = el.div(el.p(S.said), class_name="fr-alert fr-alert--sm fr-alert--error fr-mb-2w")
    return el.section(
        el.h2("Ce qui sera réservé", id="plan", tab_index=-1, class_name="fr-h5"),
        el.div(rx.cond(S.said != "", alert), role="alert"),
        el.p(S.summary, role="status", class_name=rx.cond(S.conflicts > 0, "fr-text--bold", "")),
        el.ol(rx.foreach(S.rows, _row), class_name="pj-occurrences"),
        aria_labelledby="plan",
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def _row(row: rx.Var[PlanRow]) -> rx.Component:
    free = rx.cond(row.is_replaced, badge("remplacée", "info"), badge("libre", "success"))
    state = rx.cond(
        row.is_left_out,
        badge("retirée", ""),
        rx.cond(row.is_free, free, badge("prise", "warning")),
    )
    back = el.button(
        rx.cond(row.is_left_out, "La reprendre", "Revenir à la date d’origine"),
        type="button",
        on_click=S.answer(row.number, ""),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )
    return el.li(
        el.div(
            el.span(row.number.to_string() + ".", class_name="pj-occurrence__number"),
            el.span(row.when, class_name="pj-occurrence__when"),
            state,
            rx.cond(row.is_left_out | row.is_replaced, back),
            class_name="pj-occurrence__line",
        ),
        rx.cond(~row.is_free & ~row.is_left_out, _choices(row)),
        key=row.number.to_string(),
        class_name=rx.cond(~row.is_free & ~row.is_left_out, "pj-occurrence pj-occurrence--taken", "pj-occurrence"),
    )


def _choices(row: rx.Var[PlanRow]) -> rx.Component:
    def option(one: rx.Var[Option]) -> rx.Component:
        name = "choix-" + row.number.to_string()
        return el.li(
            el.button(
                one.label,
                type="button",
                on_click=S.answer(row.number, one.value),
                class_name=rx.cond(
                    one.value == LEAVE_OUT, "fr-btn fr-btn--sm fr-btn--tertiary", "fr-btn fr-btn--sm fr-btn--secondary"
                ),
            ),
            key=name + one.value,
        )

    return el.div(
        el.p(row.why, class_name="fr-text--sm fr-mb-1v"),
        el.ul(rx.foreach(row.options, option), class_name="pj-occurrence__options", aria_label="À la place"),
        class_name="pj-occurrence__choices",
    )
