"""What somebody else changed under an open form: said calmly, with the difference; what was typed stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

el = rx.el


@dataclass(frozen=True)
class Difference:
    """One thing that is no longer as it was displayed."""

    label: str
    before: str
    after: str


def changed_banner(
    changes: rx.Var[list[str]],
    differences: rx.Var[list[Difference]],
    *actions: rx.Component,
    on_leave: Any,
    leave_label: str = "Laisser",
) -> rx.Component:
    """Return the banner: who changed what, the difference folded, `actions`, and the button that takes it away.

    Its region exists before it does: a screen reader announces it, the focus stays where one types.
    """
    leave = el.button(leave_label, type="button", on_click=on_leave, class_name="fr-btn fr-btn--sm fr-btn--tertiary")
    banner = el.div(
        rx.foreach(changes, _sentence),
        difference_part(differences),
        el.div(*actions, leave, class_name="pj-actions fr-mt-1w"),
        class_name="fr-alert fr-alert--info fr-alert--sm fr-mb-2w pj-changed",
    )
    return el.div(rx.cond(changes.length() > 0, banner), role="status", aria_live="polite", class_name="pj-noprint")


def difference_part(differences: rx.Var[list[Difference]]) -> rx.Component:
    """Return what differs, folded; nothing when nothing does."""
    folded = el.details(
        el.summary("Voir la différence", class_name="fr-link"),
        el.dl(rx.foreach(differences, _difference), class_name="pj-about fr-mt-1w fr-mb-0"),
        class_name="fr-mt-1w",
    )
    return rx.cond(differences.length() > 0, folded)


def _difference(one: rx.Var[Difference]) -> rx.Component:
    before = el.span(el.span("avant : ", class_name="fr-sr-only"), el.del_(one.before), " ", class_name="pj-grey")
    after = el.span(el.span("maintenant : ", class_name="fr-sr-only"), el.ins(one.after))
    shown = el.dd(rx.cond(one.before != "", before), rx.cond(one.after != "", after, "plus rien"))
    return el.div(el.dt(one.label), shown, class_name="pj-about__line")


def _sentence(words: rx.Var[str]) -> rx.Component:
    return el.p(words)
