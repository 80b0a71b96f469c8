"""The page on which a lawyer takes a date: court, procedure, nature; a date; the parties; the proof. By keyboard."""

from __future__ import annotations

import reflex as rx

from booking.lawyer_models import Procedure
from booking.lawyers import LAWYERS
from booking.pages.booking_files import summons_files
from booking.pages.countdown import countdown
from booking.pages.date_calendar import date_calendar
from booking.pages.date_wait_state import DateWaitState
from booking.pages.date_waits import chosen_day, date_row_button, offers, wait_here, waits
from booking.pages.lawyer_words import PROCEDURE_WORDS, Month
from booking.pages.take_date_state import Choice, TakeDateState
from portal.policy import page
from portal.settings import settings
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import described_by, field, link_button, select_field, skeleton

el = rx.el
S = TakeDateState


@page(
    "/prendre-date",
    title="Prendre une date",
    roles=LAWYERS,
    on_load=(S.load, DateWaitState.load),
    entry="Prendre une date",
    order=2,
    description="Choisir la date d’une première audience, la garder, la confirmer, et en avoir la preuve.",
)
def take_date_page() -> rx.Component:
    """Return the page."""
    body = rx.match(
        S.step,
        ("dates", _dates()),
        ("none", _none()),
        ("held", _held()),
        ("done", _done()),
        ("loading", skeleton(6, "Recherche des dates…")),
        rx.fragment(),
    )
    asking = rx.cond(S.step == "", skeleton(4, "Lecture des tribunaux…"), _form())
    return layout(
        rx.cond(S.step != "held", offers()),
        rx.cond((S.step != "held") & (S.step != "done"), asking),
        _problem(),
        el.div(body, class_name="pj-dates"),
        rx.cond(S.step != "held", waits()),
        title="Prendre une date",
        on_undo=DateWaitState.undo,
    )


def _form() -> rx.Component:
    choose = el.option("Choisir un tribunal", value="")
    courts = rx.fragment(
        rx.cond(S.courts.length() > 1, choose), rx.foreach(S.courts, lambda one: el.option(one.label, value=one.id))
    )
    nature = el.input(
        id="nature",
        name="nature",
        default_value=S.nature,
        list="natures",
        auto_complete="off",
        aria_invalid=S.nature_error != "",
        aria_describedby=described_by("nature"),
        class_name="fr-input",
    )
    return el.form(
        el.div(
            select_field("Tribunal", "tribunal", courts, error=S.court_error, default_value=S.court, key="t" + S.court),
            field(
                "Nature de l’affaire",
                "nature",
                hint="Un mot ou un code de la nomenclature : «\u00a0divorce\u00a0», «\u00a020J\u00a0».",
                error=S.nature_error,
                control=nature,
            ),
            class_name="pj-form__grid",
        ),
        el.datalist(rx.foreach(S.natures, _option), id="natures"),
        el.fieldset(
            el.legend("Procédure", class_name="fr-fieldset__legend fr-fieldset__legend--regular"),
            *[_procedure(one) for one in Procedure],
            class_name="fr-fieldset",
        ),
        el.button("Voir les dates", type="submit", class_name="fr-btn fr-icon-calendar-line fr-btn--icon-left"),
        on_submit=S.ask,
        no_validate=True,
        key=S.turn.to_string() + S.court + S.nature + S.procedure,
        class_name="pj-form",
    )


def _option(one: rx.Var[Choice]) -> rx.Component:
    return el.option(value=one.label, key=one.id)


def _procedure(one: Procedure) -> rx.Component:
    number = f"procedure-{one}"
    return el.div(
        el.div(
            el.input(
                type="radio",
                id=number,
                name="procedure",
                value=one.value,
                default_checked=S.procedure == one.value,
            ),
            el.label(PROCEDURE_WORDS[one], html_for=number, class_name="fr-label"),
            class_name="fr-radio-group fr-radio-group--sm",
        ),
        class_name="fr-fieldset__element fr-fieldset__element--inline",
    )


def _problem() -> rx.Component:
    alert = el.div(
        el.p(S.problem), id="probleme", tab_index=-1, class_name="fr-alert fr-alert--warning fr-alert--sm fr-mt-2w"
    )
    return el.div(rx.cond(S.problem != "", alert), role="alert")


def _dates() -> rx.Component:
    return el.section(
        el.h2("Dates libres", class_name="fr-h5 fr-mt-4w fr-mb-1w"),
        el.p(S.said, role="status", class_name="pj-grey fr-mb-2w"),
        rx.cond((S.not_listed != "") | (S.since != ""), _since()),
        rx.cond(
            S.first.id != "",
            el.div(
                el.p("La plus proche", class_name="fr-text--bold fr-mb-1v"),
                date_row_button(S.first, number="date-proposee", kind="fr-btn"),
                class_name="pj-dates__first",
            ),
        ),
        el.div(
            date_calendar(),
            el.div(rx.cond(S.day != "", chosen_day(), rx.foreach(S.months, _month)), id="liste-dates", tab_index=-1),
            class_name="pj-dates__both",
        ),
        aria_label="Dates libres",
    )


def _since() -> rx.Component:
    return el.form(
        field("À partir du", "depuis", hint=S.not_listed, type="date", default_value=S.since),
        el.button("Afficher", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.ask_since,
        key="depuis" + S.since,
        class_name="pj-form pj-narrow fr-mb-3w",
    )


def _month(month: rx.Var[Month]) -> rx.Component:
    return el.div(
        el.h3(month.label, class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        el.ul(
            rx.foreach(month.dates, lambda one: el.li(date_row_button(one), key=one.id)),
            class_name="fr-raw-list pj-dates__list",
            aria_label=month.label,
        ),
        key=month.label,
    )


def _none() -> rx.Component:
    proof = el.div(
        el.p("La tentative est notée avec sa date et son heure.", class_name="fr-mb-1w"),
        native_link(
            "Ouvrir la preuve (PDF)",
            href="/prendre-date/tentatives/" + S.attempt + ".pdf",
            id="preuve",
            target="_blank",
            class_name="fr-btn fr-icon-file-pdf-line fr-btn--icon-left",
        ),
        role="status",
    )
    ask = el.button(
        "Obtenir la preuve datée",
        type="button",
        on_click=S.prove,
        class_name="fr-btn fr-icon-file-pdf-line fr-btn--icon-left",
    )
    return el.section(
        el.div(
            el.h2(S.none_title, id="sans-date", tab_index=-1, class_name="fr-h5 fr-mb-1w"),
            el.p(S.none_words, class_name="fr-mb-1w"),
            el.p(S.none_detail, class_name="fr-text--sm pj-grey fr-mb-2w"),
            rx.cond(S.attempt != "", proof, ask),
            wait_here(),
            class_name="fr-callout fr-mt-4w",
        ),
        rx.cond(
            S.grid.length() > 0,
            el.div(
                date_calendar(),
                el.div(
                    rx.cond(
                        S.day != "",
                        chosen_day(),
                        el.p("Choisissez un jour : on peut attendre une place à une audience.", class_name="pj-grey"),
                    ),
                    id="liste-dates",
                    tab_index=-1,
                ),
                class_name="pj-dates__both",
            ),
        ),
        aria_label="Pas de date",
    )


def _held() -> rx.Component:
    return el.section(
        el.p(
            "Gardée pour vous ",
            countdown(seconds=S.seconds, since=S.booking, on_end=S.time_is_over),
            class_name="pj-held",
        ),
        el.h2(S.recap, class_name="fr-h5"),
        el.p(S.summons_rule, class_name="fr-text--sm"),
        el.form(
            field(
                "Parties",
                "parties",
                hint="Votre client d’abord : «\u00a0Exemple c/ Fictif\u00a0». Vous seul le lisez.",
                error=S.parties_error,
                default_value=S.parties,
                on_blur=S.keep,
                max_length=200,
                auto_complete="off",
            ),
            el.div(
                el.button("Confirmer la date", type="submit", class_name="fr-btn fr-icon-check-line fr-btn--icon-left"),
                el.button(
                    rx.cond(S.is_offer, "Décider plus tard", "Rendre la date"),
                    type="button",
                    on_click=S.leave,
                    class_name="fr-btn fr-btn--tertiary-no-outline",
                ),
                class_name="pj-actions",
            ),
            on_submit=S.confirm,
            no_validate=True,
            class_name="pj-form",
        ),
        el.p(
            "Le projet d’assignation se joint maintenant, ou plus tard depuis «\u00a0Mes audiences\u00a0».",
            class_name="fr-text--sm pj-grey fr-mt-3w fr-mb-0",
        ),
        summons_files(booking=S.booking, version=S.booking, can_add=S.step == "held", most=rx.Var.create(_most())),
        aria_label="Date gardée",
    )


def _done() -> rx.Component:
    return el.section(
        el.div(
            el.h2("La date est prise", id="date-prise", tab_index=-1, class_name="fr-alert__title"),
            el.p(S.recap),
            el.p("Référence : ", el.strong(S.reference)),
            role="status",
            class_name="fr-alert fr-alert--success fr-mb-3w",
        ),
        el.p(S.summons_rule),
        el.div(
            native_link(
                "Ouvrir la preuve (PDF)",
                href="/mes-audiences/" + S.booking + "/preuve.pdf",
                target="_blank",
                class_name="fr-btn fr-icon-file-pdf-line fr-btn--icon-left",
            ),
            link_button("Mes audiences", "/mes-audiences/", kind="secondary"),
            el.button(
                "Prendre une autre date", type="button", on_click=S.start_again, class_name="fr-btn fr-btn--tertiary"
            ),
            class_name="pj-actions",
        ),
        summons_files(booking=S.booking, version=S.booking, can_add=S.step == "done", most=rx.Var.create(_most())),
        aria_label="Date prise",
    )


def _most() -> int:
    return settings().files_most_mb
