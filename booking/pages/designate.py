"""The judge's screen: who can take the case, at once, in one table; designate in one click."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.mediators import DESIGNATORS
from booking.pages.designate_state import CHANGED, ENDED, ENDING, PROPOSED, ROWS_AT_ONCE, DesignateState
from booking.pages.designate_words import HEADINGS, CaseLine, Choice, Heading, PairChoice, Row
from booking.pages.reason_part import reason_form
from booking.pages.why_part import why_part
from booking.pages.widgets import inner_link
from booking.question import RADII_KM
from booking.words import GIVEN_BACK_WORDS
from portal.policy import page
from portal.ui.changed import changed_banner
from portal.ui.layout import layout
from portal.ui.pieces import badge, described_by, empty_state, field, select_field, skeleton

el = rx.el
S = DesignateState
KEY = S.version.to_string()


@page(
    "/designer",
    title="Désigner",
    roles=DESIGNATORS,
    on_load=(S.load,),
    entry="Désigner",
    order=30,
)
def designate_page() -> rx.Component:
    """Return the screen: the question at the left, the table at the right."""
    return layout(
        el.div(_question(), _answer(), class_name="pj-designate"),
        title="Désigner",
        wide=True,
        on_undo=S.undo,
    )


def _question() -> rx.Component:
    kinds = rx.foreach(S.kinds, lambda kind: el.option(kind.label, value=kind.code))
    any_or_one = rx.fragment(
        el.option("Toutes", value=""),
        rx.foreach(S.competences, lambda one: el.option(one.label, value=one.code)),
    )
    form = rx.el.form(
        el.datalist(rx.foreach(S.suggestions, lambda name: el.option(value=name)), id="communes"),
        _text("Dossier (numéro RG)", "rg", placeholder="24/01234", auto_complete="off", max_length=80, access_key="r"),
        rx.cond(
            S.kinds.length() > 1,
            select_field("Mesure", "type", rx.fragment(kinds), access_key="m", **_chosen("type")),
        ),
        _address(S.address1, "p1"),
        _address(S.address2, "p2"),
        rx.cond(
            S.competences.length() > 0,
            select_field("Compétence", "competence", any_or_one, **_chosen("competence")),
        ),
        select_field("Distance", "rayon", [(str(km), f"moins de {km} km") for km in RADII_KM], **_chosen("rayon")),
        rx.cond(S.asks_violence, _violence()),
        el.div(
            select_field("Trier par", "tri", _orders(), **_chosen("tri")),
            class_name="pj-designate__order",
        ),
        el.button(
            "Chercher", type="submit", class_name="fr-btn fr-btn--secondary fr-icon-search-line fr-btn--icon-left"
        ),
        on_submit=S.submit,
        role="search",
        aria_label="Pour quel dossier",
    )
    # Nothing can be typed before the state is there: it would fill the fields again.
    return el.div(
        rx.cond(S.is_loaded, form, skeleton(6, "Chargement du formulaire…")),
        rx.cond(S.cases.length() > 0, _cases()),
        el.p(
            inner_link("Confier plusieurs dossiers à la fois", href="/designer/lot/", class_name="fr-link"),
            class_name="fr-mt-3w pj-noprint",
        ),
        class_name="pj-designate__question",
    )


def _text(label: str | rx.Var[str], name: str, **props: Any) -> rx.Component:
    return field(
        label,
        name,
        error=S.problems[name],
        default_value=S.asked[name],
        key=name + KEY,
        on_blur=lambda value: S.answer(name, value),
        **props,
    )


def _address(label: rx.Var[str], name: str) -> rx.Component:
    found = S.located[name]
    return el.div(
        _text(
            label,
            name,
            placeholder="Adresse, commune, service",
            list="communes",
            auto_complete="off",
            on_change=S.suggest_places.debounce(200),
        ),
        rx.cond(found != "", el.p(found, class_name="fr-info-text pj-located")),
    )


def _chosen(name: str) -> dict[str, Any]:
    return {
        "default_value": S.asked[name],
        "key": name + KEY + S.asked[name],
        "on_change": lambda value: S.answer(name, value),
    }


def _orders() -> list[tuple[str, str]]:
    return [("", "Ordre suggéré"), *[(key, label) for key, label in HEADINGS]]


def _violence() -> rx.Component:
    return el.div(
        el.input(
            type="checkbox",
            id="violences",
            default_checked=S.asked["violences"] != "",
            key="violences" + KEY,
            on_change=lambda value: S.answer("violences", value),
            aria_describedby=described_by("violences"),
        ),
        el.label(
            "Des violences sont alléguées",
            el.span("par un parent, sur l’autre ou sur l’enfant", class_name="fr-hint-text"),
            html_for="violences",
            class_name="fr-label",
        ),
        el.div(id=described_by("violences"), class_name="fr-messages-group", aria_live="polite"),
        class_name="fr-checkbox-group fr-checkbox-group--sm fr-mb-3w",
    )


def _cases() -> rx.Component:
    return el.section(
        el.h2("Déjà désigné pour ce dossier", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(S.cases, _case), class_name="pj-list"),
        class_name="fr-mt-3w",
    )


def _case(line: rx.Var[CaseLine]) -> rx.Component:
    print_it = el.a("Imprimer l’avis", href="/designer/avis/?d=" + line.id, class_name="fr-btn fr-btn--sm")
    ask = el.button(
        "Annuler…",
        type="button",
        aria_label="Annuler la désignation de " + line.name,
        on_click=S.ask_why(line.id),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    give_up = reason_form(
        ENDING,
        GIVEN_BACK_WORDS,
        el.button(
            "Annuler",
            type="submit",
            aria_label="Annuler la désignation de " + line.name,
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        # What the button says, not what the panel has become under the hand.
        el.input(type="hidden", name=ENDED, value=line.id),
        label="Motif de l’annulation",
        on_submit=S.give_up,
    )
    is_ending = S.ending == line.id
    return el.li(
        el.strong(line.name),
        badge(line.state, line.badge),
        el.p(line.when, class_name="fr-text--sm fr-mb-1w"),
        rx.cond(line.convened != "", el.p(line.convened, class_name="fr-text--sm fr-mb-1w")),
        rx.cond(line.is_running, el.div(print_it, rx.cond(is_ending, rx.fragment(), ask), class_name="pj-actions")),
        rx.cond(is_ending, el.div(give_up, class_name="fr-mt-1w")),
        key=line.id,
        class_name="pj-case",
    )


def _answer() -> rx.Component:
    table = el.div(rx.cond(S.picked != "", _proposal()), _table())
    content = rx.cond(S.is_forbidden, _forbidden(), rx.cond(S.total > 0, table, _nobody()))
    return el.section(
        el.h2("Qui peut prendre la mesure", class_name="fr-sr-only"),
        el.div(rx.cond(S.taken != "", _taken(), why_part(S.why)), role="alert", id="pris", tab_index=-1),
        el.div(_changed(), id=CHANGED, tab_index=-1),
        rx.cond(S.is_loaded, content, skeleton(12, "Recherche en cours…")),
        aria_busy=rx.cond(S.is_busy, "true", "false"),
        class_name=rx.cond(S.is_busy & S.is_loaded, "pj-designate__answer pj-dimmed", "pj-designate__answer"),
    )


def _proposal() -> rx.Component:
    """Return whom to choose and why, with what Enter does first: the focus comes here once the question is sent."""
    title = rx.cond(S.is_given, "À convoquer", rx.cond(S.is_suggested, "Suggestion", "Votre choix"))
    who = el.p(
        el.span(title, class_name="pj-proposal__title"),
        el.strong(S.picked_name),
        rx.cond(S.picked_where != "", el.span(" – ", S.picked_where)),
        class_name="pj-proposal__who",
    )
    first = el.button(
        rx.cond(
            S.pairs.length() > 0,
            _pair(S.pairs[0]),
            "Désigner " + S.picked_name,
        ),
        type="button",
        id=PROPOSED,
        access_key="d",
        # What the button says, not what the panel has become under the hand.
        on_click=S.take_proposed(S.picked, rx.cond(S.pairs.length() > 0, S.pairs[0].number, "")),
        class_name="fr-btn",
    )
    return el.section(
        who,
        rx.cond(S.picked_why != "", el.p(S.picked_why, class_name="pj-proposal__why")),
        el.div(
            first,
            rx.foreach(S.pairs[1:], _other_pair),
            rx.cond(
                (S.pairs.length() > 0) & ~S.is_given,
                el.button(
                    "Désigner sans convoquer",
                    type="button",
                    on_click=S.choose(S.picked),
                    class_name="fr-btn fr-btn--tertiary-no-outline",
                ),
            ),
            class_name="pj-proposal__acts",
        ),
        aria_label=title,
        class_name="pj-proposal",
    )


def _changed() -> rx.Component:
    theirs = el.button(
        "Prendre la nouvelle suggestion",
        type="button",
        on_click=S.take_theirs,
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    return changed_banner(S.changes, S.differences, theirs, on_leave=S.keep_mine, leave_label="Garder mon choix")


def _pair(pair: rx.Var[PairChoice]) -> rx.Component:
    act = rx.cond(S.is_given, "Convoquer : ", "Désigner et convoquer : ")
    return el.span(
        el.span(act, class_name="fr-sr-only"),
        el.span(pair.meeting, class_name="pj-pair__line"),
        el.span(", puis ", class_name="fr-sr-only"),
        el.span(pair.hearing, class_name="pj-pair__line"),
        class_name="pj-pair",
    )


def _other_pair(pair: rx.Var[PairChoice]) -> rx.Component:
    return el.button(
        _pair(pair),
        type="button",
        on_click=S.convene(S.picked, pair.number),
        key=pair.number,
        class_name="fr-btn fr-btn--secondary",
    )


def _taken() -> rx.Component:
    return el.div(
        el.p(S.taken),
        why_part(S.why),
        el.div(rx.foreach(S.choices, _choice), class_name="pj-actions fr-mt-1w"),
        class_name="fr-alert fr-alert--warning fr-mb-2w",
    )


def _choice(choice: rx.Var[Choice]) -> rx.Component:
    return el.button(
        "Désigner " + choice.name + " (" + choice.why + ")",
        type="button",
        on_click=S.choose(choice.resource_id),
        key=choice.resource_id,
        class_name="fr-btn fr-btn--sm",
    )


def _forbidden() -> rx.Component:
    others = el.div(
        rx.foreach(
            S.allowed,
            lambda kind: el.button(
                kind.label,
                type="button",
                on_click=S.answer("type", kind.code),
                key=kind.code,
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
        ),
        class_name="pj-actions fr-mt-1w",
    )
    return el.div(
        el.p("Aucune médiation ne peut être proposée", class_name="fr-alert__title"),
        el.p(
            "Des violences sont alléguées : le juge ne propose pas de médiation lorsque des violences sont alléguées "
            "par l’un des parents sur l’autre parent ou sur l’enfant, ou en cas d’emprise manifeste de l’un sur "
            "l’autre. Source : ",
            S.law,
            ".",
        ),
        rx.cond(S.allowed.length() > 0, el.div(el.p("Ces mesures restent possibles :"), others)),
        role="alert",
        class_name="fr-alert fr-alert--warning",
    )


def _nobody() -> rx.Component:
    return empty_state(
        S.sentence,
        "Cette liste montre, dès qu’un service est enregistré dans votre ressort, son délai, sa charge et sa distance.",
        el.button(
            "Chercher jusqu’à 200 km",
            type="button",
            on_click=S.answer("rayon", "200"),
            class_name="fr-btn fr-btn--secondary",
        ),
    )


def _table() -> rx.Component:
    more = el.button(
        f"Afficher {ROWS_AT_ONCE} lignes de plus",
        type="button",
        on_click=S.show_more,
        class_name="fr-btn fr-btn--secondary fr-mt-2w",
    )
    head = el.tr(rx.foreach(S.headings, _heading), el.th(el.span("Désigner", class_name="fr-sr-only"), scope="col"))
    table = el.table(
        el.caption(S.sentence, class_name="pj-sentence"),
        el.thead(head),
        el.tbody(rx.foreach(S.rows, _row)),
        class_name=rx.cond(S.has_prices, "pj-candidates", "pj-candidates pj-candidates--free"),
    )
    return el.div(table, rx.cond(S.total > S.rows.length(), more))


def _heading(heading: rx.Var[Heading]) -> rx.Component:
    button = el.button(
        heading.label,
        el.span(class_name="pj-sort pj-sort--" + heading.sort, aria_hidden="true"),
        type="button",
        on_click=S.sort(heading.key),
        class_name="pj-heading",
    )
    return el.th(button, scope="col", aria_sort=heading.sort, key=heading.key, class_name="pj-col-" + heading.key)


def _row(row: rx.Var[Row]) -> rx.Component:
    act = el.button(
        "Désigner",
        type="button",
        aria_label="Désigner " + row.name,
        on_click=S.pick(row.resource_id),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    full = el.span(row.why_not, class_name="pj-state pj-state--full")
    return el.tr(
        el.th(el.span(row.name, class_name="pj-name"), el.span(row.where, class_name="pj-where"), scope="row"),
        _cell("delai", row.delay),
        _cell("parent1", row.distance1, S.column1),
        _cell("parent2", row.distance2, S.column2),
        _load(row),
        _cell("attente", row.waiting),
        _cell("tarif", row.price),
        _cell("langues", row.languages),
        _cell("acces", row.access),
        el.td(
            el.div(
                rx.cond(row.can_take, act, el.div(full, why_part(row.why, about=row.name))),
                _conflict(row),
                class_name="pj-acts",
            ),
            class_name="pj-cell-act",
        ),
        key=row.resource_id,
        class_name=rx.cond(row.can_take, "", "pj-row--full"),
    )


def _conflict(row: rx.Var[Row]) -> rx.Component:
    """Return the button that keeps a service out of the case for good, or lets it in again."""
    says = rx.cond(row.is_in_conflict, "Lever le conflit d’intérêts : ", "Signaler un conflit d’intérêts : ") + row.name
    icon = rx.cond(row.is_in_conflict, "fr-icon-arrow-go-back-line", "fr-icon-close-circle-line")
    return el.button(
        el.span(class_name=icon, aria_hidden="true"),
        el.span(rx.cond(row.is_in_conflict, "Lever le conflit", "Conflit d’intérêts"), class_name="pj-conflict__words"),
        type="button",
        title=says,
        aria_label=says,
        on_click=S.set_conflict(row.resource_id, ~row.is_in_conflict),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline pj-conflict",
    )


def _cell(key: str, text: rx.Var[str], label: rx.Var[str] | None = None) -> rx.Component:
    return el.td(text, data_label=label if label is not None else dict(HEADINGS)[key], class_name="pj-cell-" + key)


def _load(row: rx.Var[Row]) -> rx.Component:
    stale = el.span(
        row.age,
        " : à vérifier",
        class_name="pj-age pj-age--stale fr-icon-warning-line fr-icon--sm",
    )
    bar = el.span(el.span(style={"width": row.load_percent}), class_name="pj-bar", aria_hidden="true")
    return el.td(
        el.span(bar, row.load, class_name="pj-load"),
        rx.cond(row.is_stale, stale, el.span(row.age, class_name="pj-age")),
        data_label="Charge",
        class_name="pj-cell-charge",
    )
