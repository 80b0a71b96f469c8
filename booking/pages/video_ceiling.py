"""The page of video links, for administrators: how many the country carries at once, and how near the weeks come."""

from __future__ import annotations

import reflex as rx

from availability.pages.focus import focus_on
from availability.rights import Role
from booking.pages.court_links import court_links
from booking.pages.video_ceiling_state import VideoCeilingState
from booking.pages.video_ceiling_words import ABOVE, FULL, Bar, ChangeRow, DayRow
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import field, skeleton, table

el = rx.el
S = VideoCeilingState
WEEK = "pj-links__week pj-links__week"
LEGEND = (
    ("", "le plus de visioconférences à la fois ce jour-là"),
    (FULL, "le plafond est atteint"),
    (ABOVE, "au-dessus du plafond"),
)


@page(
    "/visioconferences",
    title="Visioconférences",
    roles=(Role.ADMINISTRATOR,),
    on_load=[S.load],
    part_of="/lieux",
    description="Combien de visioconférences le pays porte au même moment, et combien sont prises.",
)
def video_ceiling_page() -> rx.Component:
    """Return the page."""
    lead = el.p(
        "Le réseau porte un nombre limité de visioconférences au même moment, dans tout le pays. Une audience qui le "
        "ferait dépasser ne s’ouvre pas, et dit l’heure la plus proche à laquelle ce serait possible.",
        class_name="pj-lead",
    )
    body = el.div(_today(), _weeks(), rx.cond(S.may_change, _change(), _not_theirs()), _past())
    return layout(
        court_links("/visioconferences/"),
        lead,
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(S.is_loaded, body, skeleton(10)),
        title="Visioconférences",
        on_undo=S.undo,
    )


def _today() -> rx.Component:
    return el.section(
        el.h2("Plafond national", class_name="fr-h5 fr-mb-1w"),
        el.p(S.most, class_name="pj-links__most"),
        el.p(S.since, class_name="pj-grey"),
    )


def _weeks() -> rx.Component:
    legend = el.ul(
        *[
            el.li(el.span(aria_hidden="true", class_name=f"pj-links__key pj-links__key--{what or 'under'}"), words)
            for what, words in LEGEND
        ],
        class_name="pj-plain pj-links__legend",
    )
    rows = rx.foreach(S.rows, _row)
    listed = table("Les jours où il y en a", ("Jour", "À la fois, au plus", "Reste", "En tout"), rows, dense=True)
    as_table = el.details(
        el.summary("Les mêmes chiffres en tableau", class_name="pj-links__summary"),
        listed,
    )
    return el.section(
        el.h2("Les douze semaines à venir", class_name="fr-h5 fr-mb-1w"),
        el.p(S.chart.summary, id="plus-charge"),
        _drawing(),
        legend,
        rx.cond(S.rows.length() > 0, as_table),
        class_name="fr-mt-4w",
    )


def _drawing() -> rx.Component:
    """Return a bar a day; its equal is the table."""
    ceiling = el.div(
        el.span(S.chart.ceiling), style={"--at": S.chart.ceiling_at}, class_name="pj-links__line", aria_hidden="true"
    )
    tried = el.div(
        el.span(S.chart.tried),
        style={"--at": S.chart.tried_at},
        class_name="pj-links__line pj-links__line--tried",
        aria_hidden="true",
    )
    bars = el.div(
        rx.foreach(S.chart.bars, _bar), ceiling, rx.cond(S.chart.tried_at != "", tried), class_name="pj-links__plot"
    )
    return el.div(bars, role="img", aria_labelledby="plus-charge", class_name="pj-links")


def _bar(one: rx.Var[Bar]) -> rx.Component:
    return el.div(
        el.span(style={"--peak": one.height}, class_name="pj-links__bar pj-links__bar--" + one.what),
        rx.cond(one.week != "", el.span(one.week, class_name=rx.cond(one.is_minor, WEEK + "--minor", WEEK))),
        key=one.key,
        title=one.said,
        class_name="pj-links__day",
    )


def _row(one: rx.Var[DayRow]) -> rx.Component:
    return el.tr(el.th(one.day, scope="row"), el.td(one.busiest), el.td(one.left), el.td(one.links), key=one.day)


def _change() -> rx.Component:
    effect = el.div(
        el.p("Ce que cela ferait", class_name="fr-alert__title"),
        el.ul(rx.foreach(S.effect, el.li)),
        rx.cond(S.is_other, el.p("Rien n’est encore fait.")),
        id="ce-que-cela-fait",
        tab_index=-1,
        class_name="fr-alert fr-alert--info fr-mb-2w",
    )
    leave = el.button("Laisser comme c’est", type="button", on_click=S.leave, class_name="fr-btn fr-btn--tertiary")
    actions = el.div(
        el.button(
            rx.cond(S.is_other, "Changer le plafond", "Voir ce que cela ferait"), type="submit", class_name="fr-btn"
        ),
        rx.cond(S.effect.length() > 0, leave),
        class_name="pj-actions",
    )
    form = el.form(
        field(
            "Nouveau plafond",
            "most",
            hint="Visioconférences au même moment, dans tout le pays",
            error=S.problem,
            default_value=S.typed,
            key="m" + S.version.to_string(),
            input_mode="numeric",
            max_length=7,
            auto_complete="off",
        ),
        rx.cond(S.effect.length() > 0, effect),
        actions,
        on_submit=S.submit,
        no_validate=True,
        class_name="pj-form pj-narrow",
    )
    return el.section(el.h2("Changer le plafond", class_name="fr-h5 fr-mb-1w"), form, class_name="fr-mt-4w")


def _not_theirs() -> rx.Component:
    return el.p(
        "Le plafond vaut pour tout le pays : seule l’administration nationale le change.", class_name="fr-mt-4w pj-grey"
    )


def _past() -> rx.Component:
    return rx.cond(
        S.changes.length() > 0,
        el.section(
            el.h2("Historique", class_name="fr-h6 fr-mb-1w"),
            el.ul(rx.foreach(S.changes, _past_line), class_name="pj-plain"),
            class_name="fr-mt-4w",
        ),
    )


def _past_line(one: rx.Var[ChangeRow], number: rx.Var[int]) -> rx.Component:
    back = el.button(
        "Revenir à " + one.before,
        type="button",
        on_click=S.propose(one.before),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    return el.li(
        el.div(el.strong(one.at), el.p(one.said, class_name="fr-mb-0")),
        rx.cond(S.may_change & (number == 0), back),
        key=one.at + one.said,
        class_name="pj-recess",
    )
