"""The partner's screen: requests to answer, made for a phone; what was answered last stands below."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.rights import Role
from booking.pages.mailboxes import own_mailboxes
from booking.pages.mailboxes_state import MailboxState
from booking.pages.request_words import AnsweredLine, RequestCard
from booking.pages.requests_state import REASONS, RequestsState
from booking.pages.why_part import why_part
from booking.pages.widgets import outer_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton

el = rx.el
S = RequestsState


@page(
    "/demandes",
    title="Demandes",
    roles=(Role.PARTNER,),
    on_load=(S.load, MailboxState.load),
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
        why_part(S.why, label="Pourquoi est-ce refusé ?"),
        rx.cond(S.is_loaded, rx.cond(S.cards.length() > 0, waiting, nothing), skeleton(6, "Lecture des demandes…")),
        rx.cond(S.answered.length() > 0, _answered()),
        own_mailboxes(),
        el.p(link_button("Qui attend une de mes places", "/attente/", kind="tertiary"), class_name="fr-mt-4w"),
        title="Demandes",
    )


def _card(card: rx.Var[RequestCard]) -> rx.Component:
    is_open = S.open_id == card.id
    soon = el.p(card.answer_by, class_name="fr-badge fr-badge--warning pj-deadline")
    later = el.p(card.answer_by, class_name="fr-text--sm fr-mb-0 pj-deadline")
    phone = rx.fragment(", ", outer_link(card.phone, href=card.phone_href))
    question = rx.match(S.open_answer, ("refuse", _refusal(card)), ("propose", _proposal(card)), _acceptance(card))
    return el.li(
        el.h3(card.what, class_name="fr-h6 fr-mb-1v"),
        rx.cond(card.where != "", el.p(card.where, class_name="fr-mb-1v")),
        el.p(el.strong(card.whom), class_name="fr-mb-1v"),
        el.p(card.dates, class_name="fr-mb-1v"),
        el.p(card.asked, rx.cond(card.phone != "", phone), class_name="fr-text--sm fr-mb-1v pj-grey"),
        rx.cond(card.answer_by != "", rx.cond(card.is_soon, soon, later)),
        rx.cond(card.other != "", el.p(card.other, class_name="pj-proposed")),
        rx.cond(is_open, question, _buttons(card)),
        key=card.id,
        class_name="pj-request",
    )


def _buttons(card: rx.Var[RequestCard]) -> rx.Component:
    def button(label: str, event: Any, kind: str, **props: Any) -> rx.Component:
        # What is read out begins with what is seen, and says of whom.
        named = el.span(" : ", card.whom, class_name="fr-sr-only")
        return el.button(label, named, type="button", on_click=event, class_name=f"fr-btn {kind}", **props)

    accept = button(
        "Accepter",
        S.begin(card.id, "accept"),
        "fr-icon-check-line fr-btn--icon-left",
        auto_focus=S.left_id == card.id,
    )
    refuse = button("Refuser", S.begin(card.id, "refuse"), "fr-btn--secondary fr-icon-close-line fr-btn--icon-left")
    other = button(
        "Proposer d’autres dates",
        S.begin(card.id, "propose"),
        "fr-btn--tertiary fr-icon-calendar-line fr-btn--icon-left",
    )
    withdraw = button("Retirer ma proposition", S.withdraw_it(card.id), "fr-btn--tertiary")
    return el.div(
        accept, refuse, rx.cond(card.other != "", withdraw, other), class_name="pj-actions pj-request__answers"
    )


def _acceptance(card: rx.Var[RequestCard]) -> rx.Component:
    asks = rx.cond(
        card.other != "",
        "Vous acceptez les dates demandées, et non celles que vous avez proposées.",
        "Vous prenez cette mesure : la juridiction en est informée.",
    )
    return el.div(
        el.p(asks, " Vous pouvez vous reprendre pendant dix minutes."),
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


def _proposal(card: rx.Var[RequestCard]) -> rx.Component:
    none_left = el.p("Aucune autre heure n’est libre dans les deux mois.", role="status")
    fields = rx.cond(card.is_timed, rx.cond(S.hours.length() > 1, _hour_field(), none_left), _day_fields(card))
    send = el.button("Proposer ces dates", type="submit", class_name="fr-btn")
    is_possible = ~card.is_timed | (S.hours.length() > 1)
    open_ended = rx.cond(card.shape == "places", " Sans date de fin, laissez le dernier jour vide.", "")
    return rx.el.form(
        el.p("Les dates demandées et les vôtres sont gardées toutes les deux jusqu’à la réponse.", open_ended),
        fields,
        el.div(rx.cond(is_possible, send), _back(), class_name="pj-actions pj-request__answers"),
        on_submit=S.propose_it,
        aria_label="Proposer d’autres dates : " + card.whom,
        class_name="pj-request__question",
    )


def _day_fields(card: rx.Var[RequestCard]) -> rx.Component:
    is_nights = card.shape == "nights"
    first = field(
        rx.cond(is_nights, "Arrivée", "Premier jour"),
        "first",
        error=rx.cond(S.typed.field == "first", S.typed.problem, ""),
        type="date",
        default_value=S.typed.first,
        auto_focus=True,
    )
    last = field(
        rx.cond(is_nights, "Départ", "Dernier jour"),
        "last",
        error=rx.cond(S.typed.field == "last", S.typed.problem, ""),
        type="date",
        default_value=S.typed.last,
    )
    return el.div(first, last, class_name="pj-two")


def _hour_field() -> rx.Component:
    options = rx.foreach(S.hours, lambda one: el.option(one[1], value=one[0]))
    return select_field(
        "Heure libre",
        "start",
        rx.fragment(options),
        error=rx.cond(S.typed.field == "start", S.typed.problem, ""),
        default_value=S.typed.start,
        auto_focus=True,
    )


def _refusal(card: rx.Var[RequestCard]) -> rx.Component:
    options = [("", "Choisir un motif"), *REASONS]
    return rx.el.form(
        select_field(
            "Motif du refus",
            "reason",
            options,
            hint="Vous pourrez vous reprendre pendant dix minutes.",
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
    undo = el.button(
        "Reprendre ma réponse",
        el.span(" : ", line.whom, class_name="fr-sr-only"),
        type="button",
        on_click=S.undo_it(line.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    return el.li(
        el.div(
            el.span(line.what, class_name="pj-name"),
            el.span(line.whom, " – ", line.when, class_name="pj-where"),
        ),
        el.div(rx.cond(line.can_undo, undo), badge(line.state, line.badge), class_name="pj-answered__end"),
        key=line.id,
        class_name="pj-answered",
    )
