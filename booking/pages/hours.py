"""The hours of whoever receives: a week drawn by mouse and by keyboard, or typed in lists, and what it would do."""

from __future__ import annotations

import reflex as rx

from booking.pages.agenda_calendar import focus_on, shortcut_keys
from booking.pages.hours_cut_part import appointments
from booking.pages.hours_grid import hours_grid
from booking.pages.hours_parts import closed_days, copying, editor, effect, lists, standing_outside
from booking.pages.hours_state import HoursState
from booking.pages.ledger_parts import found_group
from booking.pages.widgets import inner_link
from portal.policy import SIGNED_IN, page
from portal.ui.layout import layout, next_pages
from portal.ui.pieces import empty_state, field, skeleton

el = rx.el
KEYS = (
    "Tirez pour ouvrir une plage, glissez-la pour la déplacer, tirez son bord pour l’allonger. Au clavier : flèches, "
    "Entrée pour commencer et finir, Suppr pour retirer ; sur une plage, flèches pour la déplacer, Maj + flèches pour "
    "l’allonger, Entrée pour la régler ; Ctrl + Z pour défaire."
)


@page(
    "/horaires",
    title="Horaires",
    roles=(SIGNED_IN,),
    on_load=(HoursState.load,),
    part_of="/agenda",
    description="Les horaires d’ouverture d’un agent, d’une salle, d’une équipe ou d’un service.",
)
def hours_page() -> rx.Component:
    """Return the page."""
    state = HoursState
    body = rx.match(state.step, ("choose", _choose()), ("week", _week()), skeleton(10, "Chargement des horaires…"))
    return layout(body, title=state.title, wide=True, on_undo=state.undo)


def _choose() -> rx.Component:
    state = HoursState
    nothing = empty_state(
        "Aucun horaire à fixer",
        rx.cond(
            state.typed != "",
            "Aucun de ceux dont vous fixez les horaires n’a ce nom : essayez un autre nom, une commune ou un service.",
            "Vous fixez ici les horaires de ceux qui reçoivent sur rendez-vous chez vous : il n’y en a pas. Les places "
            "à la nuit ou à la journée n’ont pas d’horaires, mais des fermetures : elles sont dans « Mes places », "
            "si vous en tenez.",
        ),
        rx.cond(state.typed != "", rx.fragment(), next_pages()),
    )
    search = field(
        "Quels horaires ?",
        "hours_search",
        hint="Nom, service, commune ou type de rendez-vous",
        default_value=state.typed,
        on_change=state.search.debounce(200),
        auto_complete="off",
        type="search",
    )
    return el.div(
        rx.cond((state.found > 0) | (state.typed != ""), el.div(search, class_name="pj-agenda__search fr-mb-2w")),
        rx.cond(
            state.found > 0, el.div(rx.foreach(state.groups, found_group), class_name="pj-agenda__groups"), nothing
        ),
    )


def _week() -> rx.Component:
    state = HoursState
    return el.div(
        el.p(state.where, class_name="pj-grey fr-mb-1w"),
        _toolbar(),
        focus_on(field=state.focused, turn=state.turn),
        standing_outside(),
        el.div(
            el.section(
                el.h2("Semaine", class_name="fr-sr-only"),
                _grid(),
                class_name="pj-hours__frame",
            ),
            el.div(effect(), editor(), class_name="pj-hours__side"),
            el.div(_switch(), lists(), class_name="pj-hours__lists"),
            el.div(copying(), closed_days(), appointments(), class_name="pj-hours__more"),
            class_name=rx.cond(state.shows_grid, "pj-hours pj-hours--grid", "pj-hours"),
        ),
        shortcut_keys(),
    )


def _toolbar() -> rx.Component:
    state = HoursState

    def arrow(label: str, href: rx.Var[str], keys: str, icon: str) -> rx.Component:
        return inner_link(
            label,
            href=href,
            title=label,
            aria_keyshortcuts=keys,
            prevent_scroll_reset=True,
            class_name=f"fr-btn fr-btn--secondary {icon}",
        )

    return el.div(
        el.nav(
            rx.cond(
                state.previous != "",
                arrow("Semaine précédente", state.previous, "Alt+PageUp", "fr-icon-arrow-left-s-line"),
            ),
            arrow("Semaine suivante", state.following, "Alt+PageDown", "fr-icon-arrow-right-s-line"),
            aria_label="Changer de semaine",
            class_name="pj-agenda__turn",
        ),
        el.p(state.period, class_name="fr-h5 fr-mb-0 pj-agenda__period", role="status"),
        el.div(
            el.button(
                rx.cond(state.shows_whole_day, "Heures habituelles", "24 heures"),
                type="button",
                on_click=state.show_whole_day,
                class_name="fr-btn fr-btn--tertiary pj-hours__wide",
            ),
            rx.cond(
                state.agenda_href != "",
                inner_link("Voir l’agenda", href=state.agenda_href, class_name="fr-btn fr-btn--secondary"),
            ),
            inner_link("D’autres horaires", href="/horaires/", class_name="fr-btn fr-btn--tertiary"),
            class_name="pj-actions",
        ),
        class_name="pj-agenda__bar",
    )


def _grid() -> rx.Component:
    state = HoursState
    return hours_grid(
        days=state.columns,
        blocks=state.blocks,
        first=state.first_min,
        last=state.last_min,
        snap=state.snap,
        revision=state.revision,
        label="Horaires de la semaine ; les listes plus bas disent et font la même chose",
        help=KEYS,
        on_draw=state.draw,
        on_change=state.change,
        on_remove=state.remove,
        on_pick=state.pick,
        on_undo=state.unstroke,
    )


def _switch() -> rx.Component:
    def view(label: str, icon: str, *, shows_grid: bool) -> rx.Component:
        return el.button(
            label,
            type="button",
            aria_pressed=rx.cond(HoursState.shows_grid == shows_grid, "true", "false"),
            on_click=HoursState.show_grid(shows_grid),
            class_name=f"fr-btn fr-btn--sm fr-btn--secondary {icon} fr-btn--icon-left",
        )

    return el.div(
        view("Listes", "fr-icon-list-unordered", shows_grid=False),
        view("Grille", "fr-icon-calendar-line", shows_grid=True),
        class_name="pj-actions pj-phone-only fr-mb-2w",
    )
