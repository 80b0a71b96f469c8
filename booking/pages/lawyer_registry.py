"""The page of lawyers for a registry: dates to release first, then who they are and what they may take."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from booking.lawyer_models import Per, Procedure
from booking.pages.court_links import court_links
from booking.pages.date_queue import DateQueueState, date_queue
from booking.pages.lawyer_registry_form import WITHOUT
from booking.pages.lawyer_registry_rows import Line, Option, ReleaseRow
from booking.pages.lawyer_registry_state import LawyerRegistryState
from booking.pages.lawyer_words import PER_WORDS, PROCEDURE_WORDS
from booking.pages.widgets import copy_button
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, described_by, empty_state, field, select_field, skeleton

el = rx.el
S = LawyerRegistryState
DATED = (("avec-date", "Avec une date, prise par l’avocat"), (WITHOUT, "Sans date : le greffe fixe l’audience"))


@page(
    "/avocats",
    title="Avocats",
    roles=PLANNERS,
    on_load=(S.load, DateQueueState.load),
    part_of="/repartition",
    description="Les dates à libérer, les avocats invités, et ce qu’ils peuvent prendre.",
)
def lawyers_page() -> rx.Component:
    """Return the page."""
    return layout(
        court_links("/avocats/"),
        rx.cond(
            S.is_loaded,
            el.div(
                el.div(_release(), date_queue(), _rules(), _conventions()),
                el.div(_people(), _assisted()),
                class_name="pj-screens",
            ),
            skeleton(6, "Lecture des dates et des règles…"),
        ),
        title="Avocats",
        wide=True,
        on_undo=S.undo,
    )


def _release() -> rx.Component:
    return el.section(
        el.h2("À libérer", class_name="fr-h5"),
        el.p(
            "Le projet d’assignation n’est pas venu dans le délai. Rien n’est libéré sans vous.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.cond(
            S.release.length() > 0,
            el.ul(rx.foreach(S.release, _to_release), class_name="fr-raw-list"),
            empty_state("Aucune date à libérer.", "Celles dont l’assignation n’est pas venue à temps se lisent ici."),
        ),
        aria_label="À libérer",
    )


def _to_release(one: rx.Var[ReleaseRow]) -> rx.Component:
    return el.li(
        el.div(
            el.h3(one.when, class_name="fr-text--lg fr-mb-0"), badge("à libérer", "warning"), class_name="pj-day__head"
        ),
        el.p(
            one.where,
            el.br(),
            one.who,
            el.br(),
            el.span(one.late, class_name="pj-grey"),
            class_name="fr-text--sm fr-mb-1w",
        ),
        el.button(
            "Libérer la date",
            el.span(" : ", one.when, class_name="fr-sr-only"),
            type="button",
            on_click=S.free(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        key=one.id,
        class_name="pj-screens__one",
    )


def _line(label: str, act: Callable[..., object]) -> Callable[[rx.Var[Line]], rx.Component]:
    def row(one: rx.Var[Line]) -> rx.Component:
        return el.li(
            el.p(el.strong(one.name), el.br(), one.detail, class_name="fr-text--sm fr-mb-1v"),
            rx.cond(one.link != "", el.p(el.code(one.link), class_name="pj-wrap fr-text--sm fr-mb-1v")),
            el.div(
                rx.cond(one.link != "", copy_button(label="Copier le lien", text=one.link)),
                el.button(
                    label,
                    el.span(" : ", one.name, class_name="fr-sr-only"),
                    type="button",
                    on_click=act(one.id),
                    class_name="fr-btn fr-btn--sm fr-btn--tertiary",
                ),
                class_name="pj-actions",
            ),
            key=one.id,
            class_name="pj-screens__one",
        )

    return row


def _rules() -> rx.Component:
    return el.section(
        el.h2("Ce que les avocats peuvent prendre", class_name="fr-h5 fr-mt-4w"),
        rx.cond(
            S.rules.length() > 0,
            el.ul(rx.foreach(S.rules, _line("Retirer", S.drop_rule)), class_name="fr-raw-list"),
            empty_state("Rien n’est ouvert.", "Sans règle, un avocat lit qu’aucune date n’est ouverte."),
        ),
        el.details(
            el.summary("Ajouter une règle", class_name="fr-link"), _rule_form(), open=S.wrong.startswith("regle-")
        ),
        aria_label="Ce que les avocats peuvent prendre",
    )


def _wrong(field: str) -> rx.Var[str]:
    return rx.cond(S.wrong == field, S.why, "")


def _options(options: rx.Var[list[Option]]) -> rx.Component:
    return rx.foreach(options, lambda one: el.option(one.label, value=one.id, key=one.id))


def _rule_form() -> rx.Component:
    family = el.input(
        id="regle-famille",
        name="regle-famille",
        list="familles",
        auto_complete="off",
        aria_describedby=described_by("regle-famille"),
        class_name="fr-input",
    )
    return el.form(
        el.datalist(_options_of_natures(), id="familles"),
        el.div(
            select_field("Tribunal", "regle-tribunal", _options(S.courts), error=_wrong("regle-tribunal")),
            select_field("Procédure", "regle-procedure", [(one.value, PROCEDURE_WORDS[one]) for one in Procedure]),
            field(
                "Famille ou nature",
                "regle-famille",
                hint="Vide : toutes. La plus précise l’emporte.",
                error=_wrong("regle-famille"),
                control=family,
            ),
            select_field("Date", "regle-date", DATED),
            select_field("Type d’audience", "regle-type", _options(S.kinds), error=_wrong("regle-type")),
            select_field(
                "Seulement les audiences du modèle",
                "regle-modele",
                rx.fragment(el.option("Toutes celles du type", value=""), _options(S.lines)),
                error=_wrong("regle-modele"),
            ),
            field(
                "Minutes par affaire",
                "regle-minutes",
                error=_wrong("regle-minutes"),
                default_value="20",
                input_mode="numeric",
            ),
            field(
                "Prise au moins (jours avant)",
                "regle-delai",
                error=_wrong("regle-delai"),
                default_value="0",
                input_mode="numeric",
            ),
            field(
                "Changée jusqu’à (jours avant)",
                "regle-changer",
                error=_wrong("regle-changer"),
                default_value="7",
                input_mode="numeric",
            ),
            class_name="pj-form__grid pj-dates__form",
        ),
        el.button("Enregistrer la règle", type="submit", class_name="fr-btn"),
        on_submit=S.add_rule,
        no_validate=True,
        key="regle" + S.turns["regle"].to_string(),
        class_name="pj-form",
    )


def _options_of_natures() -> rx.Component:
    return rx.foreach(S.natures, lambda one: el.option(value=one.label, key=one.id))


def _conventions() -> rx.Component:
    form = el.form(
        el.div(
            select_field("Tribunal", "convention-tribunal", _options(S.courts), error=_wrong("convention-tribunal")),
            select_field(
                "Avec", "avec", [("cabinet", "Un cabinet"), ("barreau", "Un barreau"), ("avocat", "Un avocat")]
            ),
            field("Nom du cabinet ou du barreau", "avec-nom", error=_wrong("avec-nom"), max_length=120),
            select_field(
                "Ou l’avocat",
                "avec-avocat",
                rx.fragment(
                    el.option("Aucun", value=""),
                    rx.foreach(S.lawyers, lambda one: el.option(one.name, value=one.id, key=one.id)),
                ),
                error=_wrong("avec-avocat"),
            ),
            field("Dates au plus", "nombre", error=_wrong("nombre"), default_value="2", input_mode="numeric"),
            select_field("Sur", "par", [(one.value, PER_WORDS[one]) for one in Per]),
            class_name="pj-form__grid pj-dates__form",
        ),
        el.button("Enregistrer la convention", type="submit", class_name="fr-btn"),
        on_submit=S.add_convention,
        no_validate=True,
        key="convention" + S.turns["convention"].to_string(),
        class_name="pj-form",
    )
    return el.section(
        el.h2("Conventions", class_name="fr-h5 fr-mt-4w"),
        el.p(
            "Un nombre de dates convenu avec un avocat, un cabinet ou un barreau : au-delà, elles leur sont fermées.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.cond(
            S.conventions.length() > 0,
            el.ul(rx.foreach(S.conventions, _line("Retirer", S.drop_convention)), class_name="fr-raw-list"),
        ),
        el.details(
            el.summary("Ajouter une convention", class_name="fr-link"),
            form,
            open=S.wrong.startswith("avec-") | (S.wrong == "nombre") | (S.wrong == "convention-tribunal"),
        ),
        aria_label="Conventions",
    )


def _people() -> rx.Component:
    form = el.form(
        field("Nom de l’avocat", "avocat-name", error=_wrong("avocat-name"), max_length=120, auto_complete="off"),
        field(
            "Adresse électronique",
            "avocat-email",
            error=_wrong("avocat-email"),
            type="email",
            max_length=254,
            auto_complete="off",
        ),
        field("Barreau", "avocat-bar", error=_wrong("avocat-bar"), max_length=120, auto_complete="off"),
        field("Cabinet", "avocat-firm", error=_wrong("avocat-firm"), max_length=120, auto_complete="off"),
        el.button("Inviter", type="submit", class_name="fr-btn"),
        on_submit=S.invite,
        no_validate=True,
        key="invitation" + S.turns["invitation"].to_string(),
        class_name="pj-form",
    )
    return el.section(
        el.h2("Avocats", class_name="fr-h5"),
        rx.cond(
            S.lawyers.length() > 0,
            el.ul(
                rx.foreach(
                    S.lawyers, lambda one: el.li(el.strong(one.name), el.br(), one.detail, class_name="pj-screens__one")
                ),
                class_name="fr-raw-list fr-text--sm",
            ),
            el.p("Aucun avocat n’a encore de compte.", class_name="pj-grey"),
        ),
        rx.cond(
            S.invitations.length() > 0,
            el.div(
                el.h3("Invités", class_name="fr-h6 fr-mt-2w"),
                el.ul(rx.foreach(S.invitations, _line("Retirer l’invitation", S.withdraw)), class_name="fr-raw-list"),
            ),
        ),
        el.div(el.h3("Inviter un avocat", class_name="fr-h6 fr-mt-2w"), form, class_name="pj-screens__form"),
        aria_label="Avocats",
    )


def _assisted() -> rx.Component:
    form = el.form(
        select_field(
            "Avocat",
            "avocat",
            rx.fragment(
                el.option("Choisir un avocat", value=""),
                rx.foreach(S.lawyers, lambda one: el.option(one.name, value=one.id, key=one.id)),
            ),
            error=_wrong("avocat"),
        ),
        field(
            "Numéro de l’affaire",
            "numero",
            hint="Comme il est fixé à l’audience.",
            error=_wrong("numero"),
            max_length=64,
        ),
        el.button("Noter", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.name_one,
        no_validate=True,
        key="affaire" + S.turns["affaire"].to_string(),
        class_name="pj-form",
    )
    return el.section(
        el.h2("Qui assiste", class_name="fr-h5 fr-mt-4w"),
        el.p(
            "L’avocat lit les audiences de l’affaire, et est prévenu en même temps.", class_name="fr-text--sm pj-grey"
        ),
        rx.cond(
            S.assisted.length() > 0,
            el.ul(rx.foreach(S.assisted, _line("N’assiste plus", S.end_one)), class_name="fr-raw-list"),
        ),
        form,
        aria_label="Qui assiste",
    )
