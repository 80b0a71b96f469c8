"""What became of the appointments of a day, in one screen: by keyboard alone, or with one thumb."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec  # mypy loses its overloads through rx.event

from availability.rights import REQUESTERS
from booking.pages.day_outcomes_state import DayOutcomesState
from booking.pages.day_outcomes_words import EVERYBODY, UNDO, Choice, LateDay, Row
from booking.pages.widgets import inner_link
from booking.reasons import MOST_WORDS
from booking.words import EXCUSE_WORDS
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton

el = rx.el
S = DayOutcomesState
BUTTONS = (("v", "Venu(e)", "fr-icon-check-line"), ("a", "Absent(e)", "fr-icon-close-line"))


class OutcomeKeys(rx.Component):
    """Arrows go from a row to the next, a letter notes an outcome: see outcome_keys.jsx."""

    library = rx.asset("outcome_keys.jsx", shared=True).importable_path
    tag = "OutcomeKeys"

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Return `on_answer(id, letter)`, besides the events of every component."""
        return {**super().get_event_triggers(), "on_answer": passthrough_event_spec(str, str)}


@page(
    "/issues-du-jour",
    title="Issues du jour",
    roles=REQUESTERS,
    on_load=(S.load,),
    part_of="/ma-journee",
    description="Qui est venu, absent ou excusé : tous les rendez-vous d’un jour, une touche chacun.",
)
def day_outcomes_page() -> rx.Component:
    """Return the page."""
    nothing = empty_state(
        "Aucun rendez-vous ce jour-là",
        "Les rendez-vous de votre ressort s’afficheront ici, à leur heure : une touche dit ce qu’il en est.",
        inner_link("Ma journée", href="/ma-journee/", class_name="fr-btn fr-btn--secondary"),
    )
    body = el.div(
        _late(),
        _days(),
        rx.cond(S.receivers.length() > 0, _choices()),
        rx.cond(S.rows.length() > 0, _list(), nothing),
    )
    return layout(
        rx.cond(S.is_loaded, body, skeleton(10, "Lecture des rendez-vous…")),
        OutcomeKeys.create(on_answer=S.answer),
        title="Issues du jour",
        on_undo=S.undo_all,
    )


def _late() -> rx.Component:
    days = el.nav(
        el.p(S.nag, class_name="fr-text--bold fr-mb-1v"),
        el.ul(rx.foreach(S.late, _late_day), class_name="pj-outcomes-late__days"),
        aria_label="Jours sans issue",
        class_name="pj-outcomes-late pj-noprint",
    )
    return rx.cond(S.late.length() > 0, days)


def _late_day(one: rx.Var[LateDay]) -> rx.Component:
    return el.li(
        inner_link(one.label, href=one.href, aria_current=rx.cond(one.is_shown, "date", "false"), class_name="fr-tag")
    )


def _days() -> rx.Component:
    def step(label: str, href: rx.Var[str], side: str) -> rx.Component:
        return inner_link(
            label, href=href, class_name=f"fr-btn fr-btn--secondary fr-icon-arrow-{side}-line fr-btn--icon-{side}"
        )

    today = inner_link(
        "Aujourd’hui",
        href=S.today,
        aria_current=rx.cond(S.is_today, "date", "false"),
        class_name="fr-btn fr-btn--tertiary",
    )
    return el.div(
        el.h2(S.heading, class_name="fr-h5 fr-mb-0"),
        el.nav(
            step("Veille", S.before, "left"),
            today,
            step("Lendemain", S.after, "right"),
            aria_label="Autres jours",
            class_name="pj-round__days pj-noprint",
        ),
        class_name="pj-round__head",
    )


def _choices() -> rx.Component:
    everybody = el.option("Tous", value=EVERYBODY)
    receivers = rx.fragment(everybody, rx.foreach(S.receivers, _receiver))
    words = field(
        "Précisez",
        "motif-mots",
        hint="Facultatif, chiffré",
        default_value=S.words,
        on_blur=S.set_words,
        max_length=MOST_WORDS,
        auto_complete="off",
    )
    return el.div(
        field("Aller au jour", "jour", type="date", value=S.day, on_change=S.pick_day.debounce(600)),
        select_field("Qui reçoit", "qui", receivers, value=S.who, on_change=S.pick_who),
        select_field("Motif des excuses", "motif", list(EXCUSE_WORDS.items()), value=S.reason, on_change=S.pick_reason),
        rx.cond(S.is_other, words),
        class_name="pj-outcomes-choices pj-noprint",
    )


def _receiver(one: rx.Var[Choice]) -> rx.Component:
    return el.option(one.label, value=one.value)


def _list() -> rx.Component:
    everybody = el.button(
        S.all_label,
        type="button",
        on_click=S.all_came,
        class_name="fr-btn fr-btn--secondary fr-icon-check-line fr-btn--icon-left pj-noprint",
    )
    keys = el.p(
        el.kbd("↑"),
        " ",
        el.kbd("↓"),
        " d’une ligne à l’autre · ",
        el.kbd("V"),
        " venu · ",
        el.kbd("A"),
        " absent · ",
        el.kbd("E"),
        " excusé · ",
        el.kbd("Z"),
        " annuler ce qui vient d’être noté",
        id="touches",
        class_name="fr-text--sm pj-grey fr-mb-0 pj-outcomes-keys pj-noprint",
    )
    return el.div(
        el.div(
            el.p(S.summary, role="status", class_name="fr-text--bold fr-mb-0"),
            rx.cond(S.all_label != "", everybody),
            class_name="pj-presences__head",
        ),
        keys,
        el.ul(rx.foreach(S.rows, _row), aria_describedby="touches", class_name="pj-outcomes-list"),
        class_name=rx.cond(rx.State.is_hydrated, "", "pj-dimmed"),
    )


def _row(row: rx.Var[Row], index: rx.Var[int]) -> rx.Component:
    undo = el.button(
        "Annuler",
        type="button",
        aria_label="Annuler ce qui vient d’être noté : " + row.whom,
        on_click=S.answer(row.id, UNDO),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline pj-noprint",
    )
    said = el.div(
        el.strong(row.said),
        rx.cond(row.again_href != "", _again(row)),
        rx.cond(row.can_undo, undo),
        class_name="pj-outcome__said",
    )
    return el.li(
        el.span(row.at, class_name="pj-outcome__at"),
        el.div(
            inner_link(row.whom, href=row.href, class_name="pj-outcome__whom"),
            el.span(row.what, class_name="pj-outcome__what"),
            class_name="pj-outcome__who",
        ),
        said,
        _answers(row),
        el.div(rx.cond(row.problem != "", el.p(row.problem, class_name="fr-error-text")), role="status"),
        custom_attrs={"data-outcome": row.id, "data-letters": row.letters},
        key=row.id,
        tab_index=rx.cond(index == 0, 0, -1),
        class_name="pj-outcome pj-outcome--" + row.answer,
    )


def _again(row: rx.Var[Row]) -> rx.Component:
    label = "Revoir : " + row.whom
    return inner_link("Revoir", href=row.again_href, aria_label=label, class_name="fr-link fr-link--sm")


def _answers(row: rx.Var[Row]) -> rx.Component:
    def button(letter: str, label: str, icon: str, can: rx.Var[bool]) -> rx.Component:
        is_it = row.answer == letter
        return el.button(
            label,
            type="button",
            aria_pressed=rx.cond(is_it, "true", "false"),
            aria_label=f"{label} : " + row.whom + ", " + row.at,
            disabled=~can,
            on_click=S.answer(row.id, letter),
            class_name=rx.cond(
                is_it,
                f"fr-btn fr-btn--sm {icon} fr-btn--icon-left",
                f"fr-btn fr-btn--sm fr-btn--secondary {icon} fr-btn--icon-left",
            ),
        )

    return el.div(
        *[button(letter, label, icon, row.can_come) for letter, label, icon in BUTTONS],
        button("e", "Excusé(e)", "fr-icon-chat-check-line", row.can_excuse | (row.answer == "e")),
        class_name="pj-outcome__answers pj-noprint",
    )
