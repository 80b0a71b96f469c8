"""The page of a lawyer's hearings, to come and past; what they may change of them; their absences; their calendar."""

from __future__ import annotations

import reflex as rx

from availability.pages.focus import focus_on
from booking.lawyers import LAWYERS
from booking.pages.booking_files import summons_files
from booking.pages.lawyer_hearings_state import AwayRow, LawyerHearingsState
from booking.pages.lawyer_words import DateRow, HearingRow
from booking.pages.widgets import copy_button
from portal.policy import page
from portal.settings import settings
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, skeleton

el = rx.el
S = LawyerHearingsState


@page(
    "/mes-audiences",
    title="Mes audiences",
    roles=LAWYERS,
    on_load=(S.load,),
    entry="Mes audiences",
    order=3,
    description="Vos audiences passées et à venir : date, heure, formation, nature et salle.",
)
def lawyer_hearings_page() -> rx.Component:
    """Return the page."""
    return layout(
        focus_on(field=S.focused, turn=S.focus_turn),
        link_button("Prendre une date", "/prendre-date/", icon="fr-icon-calendar-line"),
        rx.cond(
            S.is_loaded,
            el.div(_coming(), _away(), _calendar(), _past()),
            skeleton(6, "Lecture de vos audiences…"),
        ),
        title="Mes audiences",
        on_undo=S.undo,
    )


def _coming() -> rx.Component:
    return el.section(
        el.h2("À venir", class_name="fr-h5 fr-mt-4w"),
        rx.cond(
            S.coming.length() > 0,
            el.ul(rx.foreach(S.coming, _hearing), class_name="fr-raw-list"),
            empty_state(
                "Aucune audience à venir.",
                "Les dates que vous prenez, et les audiences des personnes que vous assistez, se lisent ici.",
                link_button("Prendre une date", "/prendre-date/"),
            ),
        ),
        aria_label="Audiences à venir",
    )


def _hearing(one: rx.Var[HearingRow]) -> rx.Component:
    return el.li(
        el.div(
            el.h3(one.when, id="audience-" + one.id, tab_index=-1, class_name="fr-text--lg fr-mb-0"),
            badge(one.state, one.badge),
            class_name="pj-day__head",
        ),
        _facts(one),
        rx.cond(
            one.summons != "",
            el.p(
                one.summons,
                class_name=rx.cond(one.is_late, "fr-text--sm fr-text--bold fr-mb-1v", "fr-text--sm fr-mb-1v"),
            ),
        ),
        _acts(one),
        rx.cond(S.moving == one.id, _moving(one)),
        rx.cond(S.filing == one.id, _filing(one)),
        key=one.id,
        class_name="pj-screens__one",
    )


def _facts(one: rx.Var[HearingRow]) -> rx.Component:
    return el.p(
        el.span(one.soon, " – ", one.court),
        el.br(),
        el.span(one.what),
        el.br(),
        el.span(one.where),
        el.br(),
        el.span(one.case, class_name="pj-grey"),
        class_name="fr-text--sm fr-mb-1v",
    )


def _acts(one: rx.Var[HearingRow]) -> rx.Component:
    def button(label: str, on_click: object) -> rx.Component:
        return el.button(
            label,
            el.span(" : ", one.when, class_name="fr-sr-only"),
            type="button",
            on_click=on_click,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        )

    proof = native_link(
        "Preuve (PDF)",
        el.span(" : ", one.when, class_name="fr-sr-only"),
        href="/mes-audiences/" + one.id + "/preuve.pdf",
        target="_blank",
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    return el.div(
        rx.cond(one.can_file, button("Projet d’assignation", S.open_filing(one.id))),
        rx.cond(one.can_change, button("Déplacer", S.open_moving(one.id))),
        rx.cond(one.can_change, button("Rendre la date", S.give_it_back(one.id))),
        rx.cond(one.has_proof, proof),
        rx.cond(one.can_change, el.span(one.until, class_name="fr-text--sm fr-mb-0 pj-grey")),
        class_name="pj-actions",
    )


def _close() -> rx.Component:
    return el.button(
        "Fermer", type="button", on_click=S.close, class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline"
    )


def _moving(one: rx.Var[HearingRow]) -> rx.Component:
    return el.div(
        el.h4("Déplacer à", id="deplacer-" + one.id, tab_index=-1, class_name="fr-h6 fr-mb-1w"),
        rx.cond(
            S.possible.length() > 0,
            el.ul(rx.foreach(S.possible, _possible), class_name="fr-raw-list pj-dates__list"),
            el.p("Aucune autre date n’a de place pour cette affaire : la vôtre reste prise."),
        ),
        _close(),
        class_name="fr-callout fr-mt-2w",
    )


def _possible(one: rx.Var[DateRow]) -> rx.Component:
    return el.li(
        el.button(one.when, type="button", on_click=S.move(one.id), class_name="fr-btn fr-btn--sm fr-btn--secondary"),
        el.p(one.detail, el.br(), el.span(one.room_left, class_name="pj-grey"), class_name="fr-text--sm fr-mb-0"),
        rx.cond(one.is_away, badge("vous êtes indisponible", "warning")),
        key=one.id,
        class_name="pj-dates__one",
    )


def _filing(one: rx.Var[HearingRow]) -> rx.Component:
    return el.div(
        el.span("Projet d’assignation", id="projet-" + one.id, tab_index=-1, class_name="fr-sr-only"),
        summons_files(
            booking=one.id, version=one.id, can_add=one.can_file, most=rx.Var.create(settings().files_most_mb)
        ),
        _close(),
        class_name="fr-callout fr-mt-2w",
    )


def _away() -> rx.Component:
    rows = el.ul(rx.foreach(S.away, _away_row), class_name="fr-raw-list fr-mb-2w", aria_label="Jours notés")
    first_error, last_error = rx.cond(S.is_last_wrong, "", S.away_error), rx.cond(S.is_last_wrong, S.away_error, "")
    form = el.form(
        el.div(
            field("Indisponible du", "du", type="date", error=first_error, default_value=S.first, required=True),
            field("au (compris)", "au", type="date", error=last_error, default_value=S.last),
            class_name="pj-form__grid",
        ),
        el.button("Noter ces jours", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.add_days,
        no_validate=True,
        key=S.turn.to_string(),
        class_name="pj-form",
    )
    return el.section(
        el.h2("Mes indisponibilités", class_name="fr-h5 fr-mt-4w fr-mb-1v"),
        el.p(
            "Notées une fois, elles comptent dans tous les tribunaux : ces jours ne vous sont pas proposés d’abord, et "
            "le greffe qui renvoie une de vos affaires les voit.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.cond(S.away.length() > 0, rows),
        form,
        aria_label="Mes indisponibilités",
    )


def _away_row(one: rx.Var[AwayRow]) -> rx.Component:
    return el.li(
        el.span(one.words),
        el.button(
            "Retirer",
            el.span(" : ", one.words, class_name="fr-sr-only"),
            type="button",
            on_click=S.remove_days(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
        ),
        key=one.id,
        class_name="pj-dates__one",
    )


def _calendar() -> rx.Component:
    address = el.div(
        el.p(el.code(S.feed), id="adresse-agenda", tab_index=-1, class_name="pj-wrap fr-mb-1w"),
        el.div(
            copy_button(label="Copier l’adresse", text=S.feed),
            el.button(
                "Nouvelle adresse",
                type="button",
                on_click=S.subscribe,
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-actions",
        ),
    )
    give = el.button(
        "Créer l’adresse de mon agenda", type="button", on_click=S.subscribe, class_name="fr-btn fr-btn--secondary"
    )
    return el.section(
        el.h2("Dans mon agenda", class_name="fr-h5 fr-mt-4w fr-mb-1v"),
        el.p(
            "Votre agenda lit cette adresse et se tient à jour seul. Elle donne vos audiences à qui la connaît : "
            "gardez-la pour vous.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.cond(S.feed != "", address, give),
        aria_label="Dans mon agenda",
    )


def _past() -> rx.Component:
    return el.section(
        el.h2("Passées", class_name="fr-h5 fr-mt-4w"),
        rx.cond(
            S.past.length() > 0,
            el.ul(rx.foreach(S.past, _past_row), class_name="fr-raw-list"),
            el.p("Aucune audience passée.", class_name="pj-grey"),
        ),
        aria_label="Audiences passées",
    )


def _past_row(one: rx.Var[HearingRow]) -> rx.Component:
    return el.li(
        el.div(
            el.h3(one.when, class_name="fr-text--md fr-mb-0"), badge(one.state, one.badge), class_name="pj-day__head"
        ),
        _facts(one),
        key=one.id,
        class_name="pj-screens__one",
    )
