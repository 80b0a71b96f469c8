"""Absences and loads of a court: what is to staff, who may, who is away, and who holds more than their share."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages.focus import focus_on
from booking.pages.court_absences_state import CourtAbsencesState
from booking.pages.court_absences_words import AbsenceRow, Choice, Gap, LoadRow, SkillBox
from booking.pages.court_links import court_links
from booking.plans.hearings import PLANNERS
from portal.policy import page
from portal.ui.dates import NBSP
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton

el = rx.el
S = CourtAbsencesState


@page(
    "/audiences/absences",
    title="Absences et charges",
    roles=PLANNERS,
    on_load=(S.load,),
    part_of="/repartition",
    description="Les absences des juges et des greffiers, qui les remplace, et la charge de chacun.",
)
def court_absences_page() -> rx.Component:
    """Return the page."""
    body = el.div(_to_staff(), el.div(_absences(), _form(), class_name="pj-bench"), _loads())
    return layout(
        court_links("/audiences/absences/"),
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(S.is_loaded, body, skeleton(10, "Lecture des absences…")),
        title="Absences et charges",
        wide=True,
        on_undo=S.undo,
    )


def _to_staff() -> rx.Component:
    none = empty_state(
        "Rien à pourvoir.",
        "Les audiences dont un juge ou un greffier est absent s’affichent ici, avec qui peut les tenir.",
    )
    return el.section(
        el.h2("À pourvoir", id="a-pourvoir", class_name="fr-h5"),
        rx.cond(
            S.gaps.length() > 0,
            el.div(
                el.p(S.summary),
                el.ul(rx.foreach(S.gaps, _gap), class_name="pj-plain pj-bench__gaps"),
                rx.cond(S.more != "", el.p(S.more)),
            ),
            none,
        ),
        aria_labelledby="a-pourvoir",
        class_name="fr-mb-4w",
    )


def _gap(one: rx.Var[Gap]) -> rx.Component:
    name = "par-" + one.id
    choose = el.form(
        el.input(type="hidden", name="gap", value=one.id),
        el.div(
            el.label("Remplacer par", html_for=name, class_name="fr-label"),
            el.select(rx.foreach(one.choices, _option), id=name, name="by", class_name="fr-select"),
            class_name="fr-select-group fr-mb-0",
        ),
        el.button(
            "Remplacer",
            el.span(" ", one.who, ", ", one.when, class_name="fr-sr-only"),
            type="submit",
            class_name="fr-btn fr-btn--secondary",
        ),
        on_submit=S.replace,
        class_name="pj-bench__choose",
    )
    nobody = el.p("Personne n’est libre : déplacez l’audience, ou retirez une absence.", class_name="fr-mb-0")
    return el.li(
        el.div(
            el.strong(one.when),
            el.span(one.what),
            el.span("Absent : ", one.who),
            rx.cond(one.others != "", el.span("Ne le peuvent pas : ", one.others, class_name="fr-text--xs pj-grey")),
            class_name="pj-bench__what",
        ),
        rx.cond(one.choices.length() > 0, choose, nobody),
        key=one.id,
        class_name="pj-bench__gap",
    )


def _option(one: rx.Var[Choice]) -> rx.Component:
    return el.option(one.label, value=one.id)


def _absences() -> rx.Component:
    return el.section(
        el.h2("Absences", id="absences", class_name="fr-h5"),
        rx.cond(
            S.absences.length() > 0,
            el.ul(rx.foreach(S.absences, _absence), class_name="pj-plain"),
            el.p("Personne n’est absent."),
        ),
        aria_labelledby="absences",
    )


def _absence(one: rx.Var[AbsenceRow]) -> rx.Component:
    def button(label: str, on_click: Any, kind: str) -> rx.Component:
        return el.button(
            label,
            el.span(" : ", one.who, " ", one.days, class_name="fr-sr-only"),
            type="button",
            on_click=on_click,
            class_name=f"fr-btn fr-btn--sm fr-btn--{kind}",
        )

    return el.li(
        el.div(
            el.strong(one.who),
            el.span(one.days, ", ", one.part),
            rx.cond(one.reason != "", el.span(one.reason, class_name="fr-text--sm pj-grey")),
            rx.cond(one.left != "", el.span(one.left, class_name="pj-bench__left")),
            class_name="pj-bench__what",
        ),
        el.div(
            rx.cond(one.left != "", button("Tout remplacer", S.replace_every(one.id), "secondary")),
            button("Retirer", S.take_back(one.id), "tertiary"),
            class_name="pj-actions",
        ),
        key=one.id,
        class_name="pj-bench__gap",
    )


def _form() -> rx.Component:
    who = rx.fragment(
        el.option("Choisir…", value=""), rx.foreach(S.members, lambda one: el.option(one[1], value=one[0]))
    )

    def text(label: str, name: str, **props: Any) -> rx.Component:
        kept = {"default_value": S.typed[name], "on_change": lambda typed: S.keep(name, typed)}
        return field(label, name, error=S.problems[name], auto_complete="off", **kept, **props)

    return el.section(
        el.h2("Noter une absence", id="noter", class_name="fr-h5"),
        el.form(
            select_field(
                "Qui",
                "who",
                who,
                error=S.problems["who"],
                default_value=S.typed["who"],
                on_change=lambda typed: S.keep("who", typed),
            ),
            el.div(
                text("Premier jour", "first", type="date"),
                text("Dernier jour", "last", type="date"),
                class_name="pj-form__grid",
            ),
            text(
                "Part du temps, en %",
                "percent",
                hint="100 : absence complète. Moins : la charge attendue baisse d’autant",
                input_mode="numeric",
                max_length=8,
            ),
            text("Motif", "reason", hint="Pour vos collègues : formation, congé…", max_length=120),
            el.button("Noter l’absence", type="submit", class_name="fr-btn"),
            on_submit=S.note,
            no_validate=True,
            key="a" + S.version.to_string(),
            class_name="pj-form",
        ),
        aria_labelledby="noter",
        class_name="pj-bench__form",
    )


def _loads() -> rx.Component:
    months = rx.fragment(rx.foreach(S.months, lambda one: el.option(one[1], value=one[0])))
    return el.section(
        el.h2("Charges", id="charges", class_name="fr-h5"),
        el.div(
            select_field("Mois", "mois", months, value=S.month, on_change=S.pick_month), class_name="pj-bench__month"
        ),
        el.p(
            "La barre est le temps d’audience tenu ; le trait, la part qui revient à chacun selon sa quotité et ses "
            "absences.",
            class_name="fr-text--sm",
        ),
        el.h3("Juges", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(S.judges, _load), class_name="pj-plain fr-mb-3w"),
        el.h3("Greffiers", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(S.clerks, _load), class_name="pj-plain"),
        aria_labelledby="charges",
        class_name="fr-mt-5w",
    )


def _load(one: rx.Var[LoadRow]) -> rx.Component:
    name = "quotite-" + one.id
    share = el.form(
        el.input(type="hidden", name="member", value=one.id),
        el.label("Quotité, en %", el.span(" de ", one.name, class_name="fr-sr-only"), html_for=name),
        el.input(
            id=name, name="share", default_value=one.percent, input_mode="numeric", max_length=8, class_name="fr-input"
        ),
        el.button(
            "Enregistrer",
            el.span(" la quotité de ", one.name, class_name="fr-sr-only"),
            type="submit",
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        on_submit=S.share,
        key=one.id + one.percent,
        class_name="pj-bench__share",
    )
    return el.li(
        el.div(el.strong(one.name), el.span(one.said, class_name="fr-text--sm"), class_name="pj-bench__what"),
        el.div(
            el.span(class_name="pj-bench__bar", style={"--held": one.bar}),
            el.span(class_name="pj-bench__mark", style={"--part": one.mark}),
            aria_hidden="true",
            class_name="pj-bench__chart",
        ),
        el.span(one.gap, class_name="pj-bench__over"),
        share,
        _skills(one),
        key=one.id,
        class_name="pj-bench__load",
    )


def _skills(one: rx.Var[LoadRow]) -> rx.Component:
    return el.details(
        el.summary(f"Tient{NBSP}: ", one.held, el.span(", ", one.name, class_name="fr-sr-only")),
        el.form(
            el.input(type="hidden", name="member", value=one.id),
            el.fieldset(
                el.legend(
                    "Audiences que tient ",
                    one.name,
                    el.span("Rien de coché : toutes celles du tribunal", class_name="fr-hint-text"),
                    class_name="fr-text--sm fr-mb-1w",
                ),
                el.div(rx.foreach(one.skills, _skill), class_name="pj-bench__skills"),
                class_name="pj-bare",
            ),
            el.button(
                "Enregistrer",
                el.span(" les audiences que tient ", one.name, class_name="fr-sr-only"),
                type="submit",
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
            on_submit=S.hold,
            key=one.id + one.held,
        ),
        class_name="pj-bench__held",
    )


def _skill(box: rx.Var[SkillBox]) -> rx.Component:
    return el.div(
        el.input(type="checkbox", id=box.name, name=box.name, default_checked=box.is_held),
        el.label(box.label, html_for=box.name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )
