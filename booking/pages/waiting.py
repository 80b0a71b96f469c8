"""The waiting list: what is offered first, then who waits, in order, with the reason of each rank."""

from __future__ import annotations

import reflex as rx

from availability.rights import REQUESTERS, Role
from booking.pages.waiting_form import WaitingFormState, waiting_form
from booking.pages.waiting_history import WaitingHistoryState, waiting_sheet
from booking.pages.waiting_state import WaitingState
from booking.pages.waiting_words import DECLINE_WORDS, LIST, HostRow, Pass, WaitCard
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton

el = rx.el
S = WaitingState


@page(
    "/attente",
    title="Liste d’attente",
    roles=(*REQUESTERS, Role.PARTNER),
    on_load=(S.load, WaitingFormState.load, WaitingHistoryState.load),
    part_of="/reservations",
    description="Qui attend une place, dans quel ordre et pourquoi, et ce qui est proposé.",
)
def waiting_page() -> rx.Component:
    """Return the page."""
    add = el.button(
        "Mettre quelqu’un en attente",
        type="button",
        on_click=WaitingFormState.open_it,
        class_name="fr-btn fr-btn--sm fr-icon-add-line fr-btn--icon-left",
    )
    nothing = empty_state(
        "Personne n’attend.",
        "Quand rien ne convient sur la carte, mettez la personne en liste d’attente : ce qui se libère lui est "
        "réellement gardé, à son tour.",
        link_button("Chercher une place", "/carte/", kind="secondary"),
    )
    listed = el.section(
        el.div(
            el.div(rx.cond(S.cards.length() > 0, el.h2(S.sentence, class_name="fr-h5 fr-mb-0")), role="status"),
            rx.cond(S.kinds.length() > 1, _kinds()),
            el.div(
                add,
                rx.cond(
                    S.plans_beds,
                    inner_link(
                        "Répartir les lits", href="/attente/repartir/", class_name="fr-btn fr-btn--sm fr-btn--secondary"
                    ),
                ),
                class_name="pj-actions",
            ),
            class_name="pj-wait__head",
        ),
        rx.cond(S.cards.length() > 0, el.ol(rx.foreach(S.cards, _card), class_name="pj-plain pj-wait"), nothing),
        rx.cond(S.more != "", el.p(S.more, class_name="pj-grey")),
        rx.cond(S.over.length() > 0, _over()),
    )
    return layout(
        rx.cond(
            S.is_loaded,
            rx.fragment(rx.cond(S.asks, listed), rx.cond(S.host_sentence != "", _hosted())),
            skeleton(6, "Lecture de la liste…"),
        ),
        waiting_form(),
        waiting_sheet(),
        title="Liste d’attente",
        lead=el.p(
            "Ce qui se libère est gardé pour le premier de la liste, puis pour le suivant. "
            "L’échéance légale la plus proche passe d’abord, puis la date d’inscription.",
            class_name="fr-text--sm pj-grey",
        ),
        on_undo=S.undo,
    )


def _plan_beds() -> rx.Component:
    return inner_link("Répartir les lits", href="/attente/repartir/", class_name="fr-btn fr-btn--sm fr-btn--secondary")


def _kinds() -> rx.Component:
    options = rx.fragment(
        el.option("Tous les types", value=""),
        rx.foreach(S.kinds, lambda kind: el.option(kind[1], value=kind[0])),
    )
    return select_field("Type", "filtre", options, value=S.kind, on_change=S.pick_kind)


def _card(card: rx.Var[WaitCard]) -> rx.Component:
    is_open = S.open_id == card.id
    rank = el.div(
        el.span(card.rank, class_name="pj-wait__rank"),
        el.span(card.rank_why, class_name=rx.cond(card.is_urgent, "pj-wait__why pj-wait__why--legal", "pj-wait__why")),
        class_name="pj-wait__place",
    )
    source = rx.cond(card.deadline_source != "", el.p(card.deadline_source, class_name="fr-text--xs fr-mb-0 pj-grey"))
    about = el.div(
        rx.cond(card.state != "", badge(card.state, card.badge)),
        el.h3(card.whom, class_name="fr-h6 fr-mb-0"),
        el.p(card.what, rx.cond(card.where != "", " – " + card.where, ""), class_name="fr-mb-0"),
        el.p(card.when, class_name="fr-mb-0"),
        el.p(
            card.since,
            rx.cond(card.whose != "", ", " + card.whose, ""),
            class_name="fr-text--sm fr-mb-0 pj-grey",
        ),
        source,
        rx.cond(card.offer_id != "", _offer(card, is_open)),
        rx.cond(card.passed != "", _passes(card)),
        rx.cond(is_open & (S.question == "deadline"), _deadline(card), _acts(card)),
        class_name="pj-wait__about",
    )
    return el.li(
        rank,
        about,
        key=card.id,
        class_name=rx.cond(card.offer_id != "", "pj-wait__card pj-wait__card--offer", "pj-wait__card"),
    )


def _offer(card: rx.Var[WaitCard], is_open: rx.Var[bool]) -> rx.Component:
    buttons = el.div(
        el.button(
            "Accepter",
            type="button",
            aria_label="Accepter pour " + card.whom,
            on_click=S.accept_it(card.offer_id),
            class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
        ),
        el.button(
            "Laisser au suivant",
            type="button",
            aria_label="Laisser au suivant, pour " + card.whom,
            on_click=S.begin(card.id, "decline"),
            class_name="fr-btn fr-btn--secondary",
        ),
        inner_link("Voir la réservation", href=card.booking_href, class_name="fr-link"),
        class_name="pj-actions",
    )
    return el.div(
        el.p(el.strong(card.offer_what), class_name="fr-mb-0"),
        el.p(card.offer_when, class_name="fr-mb-0"),
        el.p(card.offer_until, class_name="fr-mb-1w pj-wait__until"),
        rx.cond(is_open & (S.question == "decline"), _decline(card), buttons),
        class_name="pj-wait__offer",
    )


def _decline(card: rx.Var[WaitCard]) -> rx.Component:
    options = [("", "Choisir un motif"), *DECLINE_WORDS.items()]
    return rx.el.form(
        select_field("Pourquoi laisser cette place ?", "motif", options, error=S.problem),
        el.div(
            el.button("Laisser au suivant", type="submit", class_name="fr-btn"),
            _back(),
            class_name="pj-actions",
        ),
        on_submit=S.decline_it,
        aria_label="Laisser au suivant, pour " + card.whom,
        class_name="pj-form",
    )


def _passes(card: rx.Var[WaitCard]) -> rx.Component:
    return el.details(
        el.summary(card.passed),
        el.ul(rx.foreach(card.passes.to(list[Pass]), _pass), class_name="fr-text--sm"),
        class_name="pj-why",
    )


def _pass(one: rx.Var[Pass]) -> rx.Component:
    return el.li(el.strong(one.where), " : ", one.why, " (", one.when, ")")


def _acts(card: rx.Var[WaitCard]) -> rx.Component:
    return el.div(
        el.button(
            rx.cond(card.deadline_on != "", "Modifier l’échéance", "Ajouter une échéance"),
            type="button",
            aria_label=rx.cond(card.deadline_on != "", "Modifier l’échéance de ", "Ajouter une échéance à ")
            + card.whom,
            on_click=S.begin(card.id, "deadline"),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        _history(card),
        inner_link(
            "Chercher maintenant",
            href=card.map_href,
            aria_label="Chercher maintenant pour " + card.whom,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        el.button(
            "Retirer de la liste",
            type="button",
            aria_label="Retirer de la liste : " + card.whom,
            on_click=S.withdraw_it(card.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-actions pj-wait__acts",
    )


def _history(card: rx.Var[WaitCard]) -> rx.Component:
    return inner_link(
        "Historique",
        href=f"{LIST}?inscription=" + card.id,
        aria_label="Historique de l’attente de " + card.whom,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )


def _deadline(card: rx.Var[WaitCard]) -> rx.Component:
    return rx.el.form(
        el.div(
            field(
                "Échéance légale",
                "echeance",
                type="date",
                default_value=S.typed["on"],
                error=S.problem,
                hint="Vide : sans échéance",
            ),
            field(
                "D’où vient-elle ?",
                "source-echeance",
                control=el.input(
                    id="source-echeance",
                    name="source",
                    default_value=S.typed["source"],
                    max_length=200,
                    aria_describedby="source-echeance-message",
                    class_name="fr-input",
                ),
                error=S.source_problem,
                hint="Un article, ou la décision et sa date",
            ),
            class_name="pj-form__grid",
        ),
        el.div(
            el.button("Enregistrer", type="submit", class_name="fr-btn fr-btn--sm"), _back(), class_name="pj-actions"
        ),
        on_submit=S.save_deadline,
        no_validate=True,
        aria_label="Échéance de " + card.whom,
        class_name="pj-form",
    )


def _back() -> rx.Component:
    return el.button("Revenir", type="button", on_click=S.leave, class_name="fr-btn fr-btn--sm fr-btn--secondary")


def _over() -> rx.Component:
    return el.details(
        el.summary("Terminées ces trois derniers jours"),
        el.ul(rx.foreach(S.over, _ended), class_name="pj-plain"),
        class_name="pj-why fr-mt-4w",
    )


def _ended(card: rx.Var[WaitCard]) -> rx.Component:
    again = el.button(
        "Remettre à sa place",
        type="button",
        aria_label="Remettre à sa place : " + card.whom,
        on_click=S.put_back(card.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    return el.li(
        badge(card.state, card.badge),
        el.span(" ", el.strong(card.whom), " – ", card.what, ", ", card.when),
        el.div(_history(card), rx.cond(card.can_put_back, again), class_name="pj-actions"),
        key=card.id,
        class_name="pj-wait__over",
    )


def _hosted() -> rx.Component:
    head = el.tr(*[el.th(words, scope="col") for words in ("Rang", "Pourquoi", "Quoi", "Quand", "Depuis")])
    table = el.div(
        el.table(
            el.caption("Qui attend une de vos places, dans l’ordre", class_name="fr-sr-only"),
            el.thead(head),
            el.tbody(rx.foreach(S.hosted, _host_row)),
            class_name="pj-ledger",
        ),
        class_name="pj-wait__table",
        tab_index=0,
    )
    return el.section(
        el.h2(S.host_sentence, class_name="fr-h5"),
        el.p(
            "Ce qui se libère chez vous leur est proposé dans cet ordre. Vous n’avez rien à faire.",
            class_name="fr-text--sm pj-grey",
        ),
        rx.cond(S.hosted.length() > 0, table),
    )


def _host_row(row: rx.Var[HostRow]) -> rx.Component:
    return el.tr(el.td(el.strong(row.rank)), el.td(row.why), el.td(row.what), el.td(row.when), el.td(row.since))
