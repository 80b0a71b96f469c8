"""A proposal beside the present plan: what it gains rule by rule, what moves, what is applied; and those before it."""

from __future__ import annotations

from collections.abc import Callable

import reflex as rx

from booking.pages.plans_state import PlansState
from booking.pages.plans_words import Cell, Column, LineRow, OtherRow, RefusedRow, RuleRow, RunRow
from booking.pages.widgets import inner_link, print_button
from portal.ui.pieces import badge

el = rx.el
State = type[PlansState]
LOCKS = (("free", "libre"), ("movable", "déplaçable"), ("frozen", "figé"))


def proposal_part(
    state: State,
    *,
    board: rx.Component | None = None,
    line_action: Callable[[rx.Var[LineRow]], rx.Component] | None = None,
    locks: bool = True,
    are_carried: bool = False,
) -> rx.Component:
    """Return the open proposal; `board` is what only this page shows of it, `line_action` what one does with a line.

    With `are_carried`, lines are carried to a place of the board: see `drag_area`.
    """
    stale = el.p(
        "Quelque chose a changé depuis ce calcul : ce qui ne convient plus sera dit à l’application.",
        class_name="fr-text--sm fr-icon-warning-line pj-plan__stale",
    )
    return el.section(
        el.h2("Proposition", id="proposition", tab_index=-1, class_name="fr-h5 fr-mb-1w"),
        el.p(
            el.strong(state.proposal),
            rx.cond(state.wishes != "", el.span(" – ", state.wishes, class_name="pj-grey")),
            class_name="fr-mb-1v",
        ),
        rx.cond(state.sentence != "", el.p(state.sentence, class_name="fr-mb-1v")),
        rx.cond(state.moves != "", el.p(state.moves, class_name="fr-mb-1v")),
        rx.cond(
            state.better != "", el.p(el.strong("Gain : "), state.better, ".", class_name="fr-mb-1v pj-plans__better")
        ),
        rx.cond(
            state.worse != "",
            el.p(el.strong("En contrepartie : "), state.worse, ".", class_name="fr-mb-1v pj-plans__worse"),
        ),
        rx.cond(state.is_stale, stale),
        _acts(state),
        rx.cond(state.what_next != "", el.p(state.what_next, class_name="fr-text--sm")),
        rx.cond(state.refused.length() > 0, _refused(state)),
        rx.cond(state.others.length() > 0, _others(state)),
        _table(state),
        board or rx.fragment(),
        _lines(state, line_action, locks=locks, are_carried=are_carried),
        aria_label="Proposition",
        class_name="pj-plan__proposal",
    )


def _acts(state: State) -> rx.Component:
    apply = el.button(
        state.apply_label,
        type="button",
        on_click=state.apply,
        disabled=~state.can_apply | state.is_active,
        class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
    )
    again = el.button(
        "Continuer la recherche à partir d’ici",
        type="button",
        on_click=state.again,
        disabled=state.is_active,
        class_name="fr-btn fr-btn--secondary fr-icon-refresh-line fr-btn--icon-left",
    )
    undo = el.button(
        "Annuler l’application",
        type="button",
        on_click=state.undo_open,
        class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
    )
    return el.div(
        rx.cond(state.can_apply, apply),
        rx.cond(state.is_applied, rx.fragment(badge(state.applied, "success"), undo)),
        again,
        print_button(label="Imprimer"),
        class_name="pj-actions fr-my-2w pj-noprint",
    )


def _refused(state: State) -> rx.Component:
    return el.div(
        el.h3("Ce qui n’a pas pu être appliqué", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(state.refused, _refusal), class_name="fr-mb-0"),
        class_name="pj-plan__refused",
    )


def _refusal(one: rx.Var[RefusedRow]) -> rx.Component:
    return el.li(el.strong(one.what), " : ", one.why)


def _others(state: State) -> rx.Component:
    """Return the compromises: how many move, and for what."""

    def row(one: rx.Var[OtherRow]) -> rx.Component:
        return el.li(
            el.span(el.strong(one.moves), " : ", one.gains),
            el.button(
                "Retenir ce compromis",
                el.span(", ", one.moves, class_name="fr-sr-only"),
                type="button",
                on_click=state.keep_other(one.number),
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
            key=one.number.to_string(),
        )

    return el.section(
        el.h3("Compromis possibles, du moindre changement au plus grand gain", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(state.others, row), class_name="pj-plain pj-plans__others"),
        aria_label="Compromis possibles",
        class_name="fr-mb-2w",
    )


# --- rule by rule ---


def _table(state: State) -> rx.Component:
    def head(one: rx.Var[Column]) -> rx.Component:
        return el.th(
            "Proposition ", one.letter, el.span(one.name, class_name="fr-hint-text"), scope="col", key=one.run_id
        )

    def row(one: rx.Var[RuleRow]) -> rx.Component:
        return el.tr(
            el.th(one.label, scope="row"),
            el.td(one.now),
            rx.foreach(one.cells, _cell),
            el.td(one.cost, class_name="pj-plans__cost"),
            key=one.rule,
        )

    inner = el.table(
        el.caption("Règle par règle : le plan actuel et les propositions", class_name="fr-sr-only"),
        el.thead(
            el.tr(
                el.th("Règle", scope="col"),
                el.th("Aujourd’hui", scope="col"),
                rx.foreach(state.columns, head),
                el.th("Coût (A)", scope="col", class_name="pj-plans__cost"),
            )
        ),
        el.tbody(rx.foreach(state.rules, row)),
        class_name="pj-plans__rules",
    )
    return el.details(
        el.summary("Règle par règle", class_name="pj-plan__summary"),
        el.div(inner, tab_index=0, role="region", aria_label="Règle par règle", class_name="pj-plans__scroll"),
        open=True,
    )


def _cell(one: rx.Var[Cell]) -> rx.Component:
    change = el.span(one.change, class_name="pj-plans__change pj-plans__change--" + one.tone)
    return el.td(one.text, rx.cond(one.change != "", change))


# --- what moves ---


def _lines(
    state: State,
    line_action: Callable[[rx.Var[LineRow]], rx.Component] | None,
    *,
    locks: bool,
    are_carried: bool,
) -> rx.Component:
    options = rx.fragment(rx.foreach(state.filters, lambda one: el.option(one.label, value=one.code)))
    tools = el.div(
        el.div(
            el.label("Lignes", html_for="lignes-filtre", class_name="fr-label"),
            el.select(
                options,
                id="lignes-filtre",
                value=state.line_filter,
                on_change=state.pick_filter,
                class_name="fr-select",
            ),
        ),
        el.div(
            el.label("Chercher", html_for="lignes-mots", class_name="fr-label"),
            el.input(
                type="search",
                id="lignes-mots",
                value=state.line_query,
                on_change=state.find.debounce(300),
                class_name="fr-input",
            ),
        ),
        el.div(
            _all(state, "Tout cocher", is_ticked=True),
            _all(state, "Tout décocher", is_ticked=False),
            class_name="pj-actions pj-plans__all",
        ),
        class_name="pj-plans__tools pj-noprint",
    )
    rows = el.ul(
        rx.foreach(state.lines, lambda one: _line(state, one, line_action, locks=locks, are_carried=are_carried)),
        class_name="pj-plain pj-plans__lines",
    )
    none = el.p("Aucune ligne ne correspond.", class_name="fr-text--sm")
    return el.section(
        el.h3("Ce qui change, ligne par ligne", id="lignes", tab_index=-1, class_name="fr-h6 fr-mb-1w"),
        tools,
        rx.cond(state.lines.length() > 0, rows, none),
        rx.cond(state.lines_words != "", _pages(state)),
        aria_label="Ce qui change",
        class_name="pj-plans__moves",
    )


def _all(state: State, label: str, *, is_ticked: bool) -> rx.Component:
    return el.button(
        label, type="button", on_click=state.tick_all(is_ticked), class_name="fr-btn fr-btn--sm fr-btn--tertiary"
    )


def _line(
    state: State,
    one: rx.Var[LineRow],
    line_action: Callable[[rx.Var[LineRow]], rx.Component] | None,
    *,
    locks: bool,
    are_carried: bool,
) -> rx.Component:
    name = "ligne-" + one.id
    what = el.label(one.label, el.span(one.hint, class_name="fr-hint-text"), html_for=name, class_name="fr-label")
    box = el.input(
        type="checkbox", id=name, checked=one.is_ticked, on_change=lambda is_ticked: state.tick(one.id, is_ticked)
    )
    choice = el.div(box, what, class_name="fr-checkbox-group fr-checkbox-group--sm")
    link = rx.cond(one.href != "", inner_link(one.label, href=one.href, class_name="fr-link"), el.strong(one.label))
    told = el.div(link, el.span(one.hint, class_name="fr-hint-text"))
    can_tick = ~one.is_done & (one.kind != "out")
    return el.li(
        rx.cond(can_tick, choice, told),
        el.div(
            _way(one), rx.cond(one.why != "", el.span(one.why, class_name="pj-plan__why")), class_name="pj-plans__way"
        ),
        rx.cond(one.is_done, badge("en place", "success"), badge(one.word, one.tone)),
        el.div(
            rx.cond(one.is_fixed, rx.fragment(), lock_choice(state, one.id, one.label, one.lock, where="-ligne"))
            if locks
            else rx.fragment(),
            line_action(one) if line_action else rx.fragment(),
            class_name="pj-plans__line-acts pj-noprint",
        ),
        key=one.id,
        custom_attrs={"data-carried": one.id, "draggable": "true"} if are_carried else {},
        class_name="pj-plans__line",
    )


def _way(one: rx.Var[LineRow]) -> rx.Component:
    """Return from where to where, in words that are read out as they are seen."""
    was = rx.cond(one.was != "", one.was, "sans place")
    then = rx.cond(one.then != "", one.then, "sans place")
    arrow = el.span(" → ", aria_hidden="true")
    both = rx.fragment(
        el.span("de ", class_name="fr-sr-only"), was, arrow, el.span(" à ", class_name="fr-sr-only"), then
    )
    return rx.match(
        one.kind,
        ("placed", el.span(el.span("→ ", aria_hidden="true"), one.then)),
        ("out", rx.fragment()),
        el.span(both),
    )


def lock_choice(
    state: State, item: rx.Var[str], label: rx.Var[str], level: rx.Var[str], *, where: str = ""
) -> rx.Component:
    """Return the choice of what the next search may do with something; `where` tells two of the same one apart."""
    name = f"verrou{where}-" + item
    return el.div(
        el.label("Verrou de ", label, html_for=name, class_name="fr-sr-only"),
        el.select(
            *[el.option(words, value=value) for value, words in LOCKS],
            id=name,
            value=level,
            on_change=lambda wanted: state.lock(item, wanted),
            class_name="fr-select pj-plans__lock",
        ),
        class_name="pj-noprint",
    )


def _pages(state: State) -> rx.Component:
    def turn(label: str, by: int, disabled: rx.Var[bool]) -> rx.Component:
        return el.button(
            label,
            type="button",
            on_click=state.turn_lines(state.line_page + by),
            disabled=disabled,
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        )

    return el.div(
        turn("Précédentes", -1, state.line_page == 0),
        el.span(state.lines_words, role="status"),
        turn("Suivantes", 1, state.line_page >= state.line_pages - 1),
        class_name="pj-actions pj-plans__pages pj-noprint",
    )


# --- those before ---


def runs_part(state: State) -> rx.Component:
    """Return the searches of before: opened, put beside, resumed, taken back."""
    return el.section(
        el.h2("Recherches précédentes", class_name="fr-h5"),
        el.ul(rx.foreach(state.runs, lambda line: _run(state, line)), class_name="pj-plain"),
        aria_label="Recherches précédentes",
        class_name="fr-mt-4w pj-noprint",
    )


def _run(state: State, line: rx.Var[RunRow]) -> rx.Component:
    said = el.span(", ", line.name, class_name="fr-sr-only")
    small = "fr-btn fr-btn--sm fr-btn--tertiary"
    name = "comparer-" + line.id
    compare = el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=line.is_beside,
            on_change=lambda is_beside: state.compare(line.id, is_beside),
        ),
        el.label("Mettre à côté", said, html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm",
    )
    show = el.button("Ouvrir", said, type="button", on_click=state.open_run(line.id), class_name=small)
    undo = el.button(
        "Annuler cette application", said, type="button", on_click=state.undo_earlier(line.id), class_name=small
    )
    resume = el.button("Reprendre", said, type="button", on_click=state.resume(line.id), class_name=small)
    return el.li(
        el.span(el.strong(line.name), el.span(line.scope, class_name="pj-plan__facts")),
        badge(line.state, line.badge),
        el.span(line.found),
        rx.cond(line.applied != "", el.span("appliquée le ", line.applied, class_name="pj-grey")),
        el.div(
            rx.cond(line.has_plan, rx.cond(line.is_open, badge("affichée", "info"), rx.fragment(show, compare))),
            rx.cond(line.can_resume & ~state.is_active, resume),
            rx.cond(line.is_applied, undo),
            class_name="pj-actions pj-plans__run-acts",
        ),
        key=line.id,
        class_name="pj-plan__run",
    )
