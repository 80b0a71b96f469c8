"""The partner's screen: requests to answer, made for a phone; what was answered last stands below."""

from __future__ import annotations

import reflex as rx

from availability.rights import Role
from booking.pages.requests_state import REASONS, AnsweredLine, RequestCard, RequestsState
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, link_button, select_field, skeleton

el = rx.el
S = RequestsState


@page(
    "/demandes",
    title="Demandes",
    roles=(Role.PARTNER,),
    on_load=(S.load,),
    entry="Demandes",
    order=10,
)
def requests_page() -> rx.Component:
    """Return the requests of a partner."""
    nothing = empty_state(
        "Aucune demande en attente. Tout est à jour.",
        "Les demandes des juridictions arrivent ici, et disparaissent dès que vous y répondez.",
        link_button("Vérifier mes places", "/mes-places/", kind="secondary"),
    )
    waiting = el.section(
        el.h2(S.sentence, class_name="fr-h5"), el.ul(rx.foreach(S.cards, _card), class_name="pj-requests")
    )
    return layout(
        rx.cond(S.is_loaded, rx.cond(S.cards.length() > 0, waiting, nothing), skeleton(6, "Lecture des demandes…")),
        rx.cond(S.answered.length() > 0, _answered()),
        title="Demandes",
    )


def _card(card: rx.Var[RequestCard]) -> rx.Component:
    is_open = S.open_id == card.id
    soon = el.p(card.answer_by, class_name="fr-badge fr-badge--warning pj-deadline")
    later = el.p(card.answer_by, class_name="fr-text--sm fr-mb-0 pj-deadline")
    return el.li(
        el.h3(card.what, class_name="fr-h6 fr-mb-1v"),
        rx.cond(card.where != "", el.p(card.where, class_name="fr-mb-1v")),
        el.p(el.strong(card.whom), class_name="fr-mb-1v"),
        el.p(card.dates, class_name="fr-mb-1v"),
        el.p(card.asked, class_name="fr-text--sm fr-mb-1v pj-grey"),
        rx.cond(card.is_soon, soon, later),
        rx.cond(is_open, rx.cond(S.open_answer == "refuse", _refusal(card), _acceptance(card)), _buttons(card)),
        key=card.id,
        class_name="pj-request",
    )


def _buttons(card: rx.Var[RequestCard]) -> rx.Component:
    return el.div(
        el.button(
            "Accepter",
            type="button",
            aria_label="Accepter : " + card.whom,
            auto_focus=S.left_id == card.id,
            on_click=S.begin(card.id, "accept"),
            class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
        ),
        el.button(
            "Refuser",
            type="button",
            aria_label="Refuser : " + card.whom,
            on_click=S.begin(card.id, "refuse"),
            class_name="fr-btn fr-btn--secondary fr-icon-close-line fr-btn--icon-left",
        ),
        class_name="pj-actions pj-request__answers",
    )


def _acceptance(card: rx.Var[RequestCard]) -> rx.Component:
    return el.div(
        el.p("Vous prenez cette mesure : la juridiction en est informée, et la réponse ne peut plus être reprise."),
        el.div(
            el.button(
                "Oui, accepter",
                type="button",
                auto_focus=True,
                on_click=S.accept_it(card.id),
                class_name="fr-btn",
            ),
            _back(),
            class_name="pj-actions pj-request__answers",
        ),
        role="group",
        aria_label="Confirmer l’acceptation",
        class_name="pj-request__question",
    )


def _refusal(card: rx.Var[RequestCard]) -> rx.Component:
    options = [("", "Choisir un motif"), *REASONS]
    return rx.el.form(
        select_field(
            "Motif du refus",
            "reason",
            options,
            hint="La réponse ne peut plus être reprise ensuite.",
            auto_focus=True,
            aria_describedby="reason-message",
        ),
        el.p(S.problem, id="reason-message", class_name=rx.cond(S.problem != "", "fr-error-text", "fr-sr-only")),
        el.div(
            el.button("Refuser la demande", type="submit", class_name="fr-btn"),
            _back(),
            class_name="pj-actions pj-request__answers",
        ),
        on_submit=S.refuse_it,
        aria_label="Refuser : " + card.whom,
        class_name="pj-request__question",
    )


def _back() -> rx.Component:
    return el.button("Revenir", type="button", on_click=S.leave, class_name="fr-btn fr-btn--secondary")


def _answered() -> rx.Component:
    return el.section(
        el.h2("Dernières réponses", class_name="fr-h5"),
        el.ul(rx.foreach(S.answered, _line), class_name="pj-list"),
        class_name="fr-mt-6w",
    )


def _line(line: rx.Var[AnsweredLine]) -> rx.Component:
    return el.li(
        el.div(
            el.span(line.what, class_name="pj-name"),
            el.span(line.whom, " – ", line.when, class_name="pj-where"),
        ),
        badge(line.state, line.badge),
        key=line.id,
        class_name="pj-answered",
    )
