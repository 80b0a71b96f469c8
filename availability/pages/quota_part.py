"""The part of the page of a kind where its quotas are written: one row each."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages import kind_words as words
from availability.pages.kind_form_state import KindFormState
from availability.pages.quota_rows import QuotaRow

el = rx.el
S = KindFormState


NO_SERVICE = (
    "Pour un compte sans service de rattachement, la ligne « Chaque service » compte tout ce qui est pris dans son "
    "ressort, par qui que ce soit : c’est le ressort qui lui tient lieu de service. La ligne d’un service précis ne le "
    "concerne jamais."
)


def quotas() -> rx.Component:
    """Return the rows, and what adds one."""
    nothing = el.p("Aucun quota : chaque service prend ce qu’il trouve libre.", class_name="fr-text--sm")
    hint = (
        "Combien un service peut en prendre, selon le jour où cela commence. La ligne d’un service l’emporte sur celle "
        "de son ressort, qui l’emporte sur celle de chaque service. De plusieurs périodes, toutes valent."
    )
    return el.div(
        el.p(hint, class_name="fr-hint-text fr-mb-1w"),
        rx.cond(S.quotas.length() > 0, el.p(NO_SERVICE, class_name="fr-hint-text fr-mb-1w")),
        el.div(
            rx.cond(S.problems["quotas"] != "", el.p(S.problems["quotas"], class_name="fr-error-text")),
            aria_live="polite",
        ),
        rx.cond(S.quotas.length() > 0, el.ul(rx.foreach(S.quotas, _row), class_name="pj-plain"), nothing),
        el.button(
            "Ajouter un quota",
            type="button",
            id="ajouter-quota",
            on_click=S.add_quota,
            class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-add-line fr-btn--icon-left",
        ),
        id="quotas",
        tab_index=-1,
    )


def _row(row: rx.Var[QuotaRow], number: rx.Var[int]) -> rx.Component:
    whose = [(value, label) for value, label in words.SCOPE_WORDS.items()]
    periods = [(period.value, label) for period, label in words.PERIOD_WORDS.items()]
    rank = (number + 1).to_string()
    return el.li(
        el.div(
            _select(row, "scope", "Pour", whose),
            rx.cond(row.scope != "", _typed(row, "of", "Nom du service ou du ressort", max_length=200)),
            _typed(row, "most", "Au plus", input_mode="numeric", max_length=9),
            _select(row, "per", "Par", periods),
            class_name="pj-form__grid",
        ),
        el.div(
            rx.cond(row.problem != "", el.p(row.problem, class_name="fr-error-text fr-mt-0")),
            id="q-" + row.key + "-message",
            aria_live="polite",
        ),
        el.button(
            "Enlever",
            type="button",
            aria_label="Enlever le quota " + rank,
            on_click=S.remove_quota(row.key),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        role="group",
        aria_label="Quota " + rank,
        key=row.key + S.version.to_string(),
        class_name="pj-criterion",
    )


def _typed(row: rx.Var[QuotaRow], name: str, label: str, **props: Any) -> rx.Component:
    full = "q-" + row.key + "-" + name
    return el.div(
        el.label(label, html_for=full, class_name="fr-label"),
        el.input(
            id=full,
            name=full,
            default_value=getattr(row, name),
            on_blur=S.say_quota(row.key, name),
            aria_invalid=row.problem != "",
            aria_describedby="q-" + row.key + "-message",
            auto_complete="off",
            class_name="fr-input",
            **props,
        ),
        class_name="fr-input-group",
    )


def _select(row: rx.Var[QuotaRow], name: str, label: str, options: list[tuple[str, str]]) -> rx.Component:
    full = "q-" + row.key + "-" + name
    return el.div(
        el.label(label, html_for=full, class_name="fr-label"),
        el.select(
            *[el.option(said, value=value) for value, said in options],
            id=full,
            value=getattr(row, name),
            on_change=S.say_quota(row.key, name),
            aria_describedby="q-" + row.key + "-message",
            class_name="fr-select",
        ),
        class_name="fr-select-group",
    )
