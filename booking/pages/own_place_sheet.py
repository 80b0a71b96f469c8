"""The sheet of something that one runs: everything that changes in a week, each with its undo."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.closings import MOST_REASON
from booking.pages.agenda_calendar import focus_on
from booking.pages.closing_choice import closing_choice, of_site
from booking.pages.own_places_state import ANSWER, CHANGED, OwnPlacesState, OwnPlaceState
from booking.pages.own_places_words import BedRow, PeriodRow
from booking.pages.widgets import inner_link
from portal.ui.changed import changed_banner
from portal.ui.pieces import field
from portal.ui.sheet import sheet

el = rx.el
REASONS = ("Congés", "Formation", "Travaux", "Fermeture du service", "Renfort", "Effectif réduit")


def own_place_sheet() -> rx.Component:
    """Return the sheet."""
    state = OwnPlaceState
    return sheet(
        el.p(state.where, class_name="pj-grey fr-mb-1w"),
        focus_on(field=state.focused, turn=state.turn),
        _changed(),
        _answer(),
        _freshness(),
        rx.cond(state.numbers.length() > 0, _section("Vos chiffres", _numbers())),
        rx.cond(state.has_beds, _section("Lits", _beds())),
        rx.cond(state.hours_href != "", _section("Horaires", _hours())),
        rx.cond(state.may_close, _section("Fermetures", _closures())),
        rx.cond(state.may_limit, _section("Capacité temporaire", _limits())),
        _section("Calendriers", _calendars()),
        open=state.is_open,
        title=state.title,
        on_close=OwnPlacesState.close_sheet,
    )


def _section(title: str, *children: rx.Component) -> rx.Component:
    return el.section(el.h3(title, class_name="fr-h6 fr-mb-1w"), *children, class_name="pj-own__section")


def _answer() -> rx.Component:
    state = OwnPlaceState
    undo = el.button(
        "Annuler ce changement",
        type="button",
        on_click=state.undo,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w",
    )
    alert = el.div(
        el.p(state.said),
        rx.cond(state.can_undo, undo),
        class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + state.tone,
    )
    return el.div(rx.cond(state.said != "", alert), id=ANSWER, tab_index=-1, role="status", aria_live="polite")


def _changed() -> rx.Component:
    state = OwnPlaceState
    theirs = el.button(
        "Prendre ce qui est là maintenant",
        type="button",
        on_click=state.take_theirs,
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    banner = changed_banner(
        state.changes, state.differences, theirs, on_leave=state.keep_mine, leave_label="Garder ma saisie par-dessus"
    )
    return el.div(banner, id=CHANGED, tab_index=-1)


def _freshness() -> rx.Component:
    state = OwnPlaceState
    stale = el.span(
        state.freshness, " : à vérifier", class_name="pj-age pj-age--stale fr-icon-warning-line fr-icon--sm"
    )
    return el.div(
        rx.cond(state.is_stale, stale, el.span(state.freshness, class_name="pj-age")),
        el.button(
            "Toujours vrai",
            type="button",
            on_click=state.still_true,
            class_name="fr-btn fr-icon-check-line fr-btn--icon-left",
        ),
        class_name="pj-own__fresh",
    )


def _numbers() -> rx.Component:
    state = OwnPlaceState
    return rx.el.form(
        rx.foreach(
            state.numbers,
            lambda one: field(
                one.label,
                one.name,
                error=state.problems[one.name],
                default_value=one.value,
                input_mode="numeric",
                auto_complete="off",
                max_length=6,
                key=one.name + state.version.to_string(),
            ),
        ),
        el.button("Enregistrer ces chiffres", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.save_numbers,
        no_validate=True,
    )


def _beds() -> rx.Component:
    return el.ul(rx.foreach(OwnPlaceState.beds, _bed), class_name="pj-plain pj-own__rows")


def _bed(bed: rx.Var[BedRow]) -> rx.Component:
    words = rx.cond(bed.is_active, "Mettre hors service", "Remettre en service")
    return el.li(
        el.span(
            el.strong(bed.name),
            rx.cond(bed.is_active, "", el.span(" – hors service", class_name="pj-grey")),
        ),
        el.button(
            words,
            type="button",
            aria_label=words + " : " + bed.name,
            on_click=OwnPlaceState.switch_bed(bed.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        key=bed.id,
    )


def _hours() -> rx.Component:
    state = OwnPlaceState
    link = inner_link(
        "Voir et changer les horaires",
        href=state.hours_href,
        class_name="fr-btn fr-btn--secondary fr-icon-time-line fr-btn--icon-left",
    )
    return el.div(el.p(state.hours_said, class_name="fr-mb-1w"), link)


def _calendars() -> rx.Component:
    state = OwnPlaceState
    said = rx.cond(
        state.hours_href != "",
        "Voyez les rendez-vous dans votre agenda, et importez vos absences sans rien ressaisir.",
        "Voyez dans votre agenda ce qui est réservé ici.",
    )
    link = inner_link(
        "Ouvrir les calendriers",
        href=state.calendars_href,
        class_name="fr-btn fr-btn--secondary fr-icon-calendar-line fr-btn--icon-left",
    )
    return el.div(el.p(said, class_name="fr-mb-1w"), link)


def _closures() -> rx.Component:
    state = OwnPlaceState
    form = rx.el.form(
        _days("c_"),
        _reason("c_reason"),
        closing_choice("c_where", "Cette ressource seulement", state.whole_site, state.version),
        el.button("Fermer ces jours", type="submit", class_name="fr-btn"),
        on_submit=state.close_some,
        no_validate=True,
        class_name="pj-form",
    )
    nothing = "Aucune fermeture prévue. Les jours fériés du lieu sont fermés d’office là où son type le veut."
    return el.div(
        _periods(state.closures, nothing, "Rouvrir", state.reopen), _folded("close", "Fermer une période", form)
    )


def _limits() -> rx.Component:
    state = OwnPlaceState
    number = field(
        "Places pendant ces jours",
        "t_capacity",
        error=state.problems["t_capacity"],
        input_mode="numeric",
        auto_complete="off",
        max_length=6,
        default_value="",
        key="n" + state.version.to_string(),
    )
    form = rx.el.form(
        _days("t_"),
        number,
        _reason("t_reason"),
        el.button("Changer la capacité", type="submit", class_name="fr-btn"),
        on_submit=state.limit,
        no_validate=True,
        class_name="pj-form",
    )
    nothing = "Aucune : la capacité habituelle s’applique tous les jours."
    return el.div(
        _periods(state.capacities, nothing, "Oublier", state.forget_limit),
        _folded("limit", "Changer pour un temps", form),
    )


def _folded(name: str, label: str, form: rx.Component) -> rx.Component:
    """Return a form that opens when one wants it: the sheet stays short on a telephone."""
    is_open = OwnPlaceState.unfolded == name
    opener = el.button(
        label,
        type="button",
        aria_expanded=rx.cond(is_open, "true", "false"),
        on_click=OwnPlaceState.unfold(name),
        class_name="fr-btn fr-btn--secondary",
    )
    return el.div(opener, rx.cond(is_open, el.div(form, class_name="fr-mt-2w")))


def _periods(rows: rx.Var[list[PeriodRow]], nothing: str, verb: str, handler: Any) -> rx.Component:
    def row(one: rx.Var[PeriodRow]) -> rx.Component:
        label = rx.cond(one.is_of_site, "Rouvrir tout le site", verb)
        button = el.button(
            label,
            type="button",
            aria_label=label + " : " + one.days,
            on_click=handler(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        )
        return el.li(
            el.span(
                el.strong(one.days),
                rx.cond(one.detail != "", " – " + one.detail, ""),
                of_site(one.is_of_site, one.why_not),
            ),
            rx.cond(one.id != "", button),
            key=one.id + one.days,
        )

    listed = el.ul(rx.foreach(rows, row), class_name="pj-plain pj-own__rows")
    return rx.cond(rows.length() > 0, listed, el.p(nothing, class_name="fr-text--sm fr-mb-1w"))


def _days(prefix: str) -> rx.Component:
    state = OwnPlaceState

    def dated(label: str, name: str) -> rx.Component:
        key = name + state.version.to_string()
        return field(label, name, type="date", error=state.problems[name], default_value="", key=key)

    return el.div(
        dated("Premier jour", f"{prefix}first"),
        dated("Dernier jour, inclus", f"{prefix}last"),
        class_name="pj-form__grid",
    )


def _reason(name: str) -> rx.Component:
    state = OwnPlaceState
    listed = f"motifs-{name}"
    return el.div(
        field(
            "Motif",
            name,
            hint="Facultatif, vu de vos collègues : ni nom, ni raison de santé",
            error=state.problems[name],
            default_value="",
            key=name + state.version.to_string(),
            list=listed,
            auto_complete="off",
            max_length=MOST_REASON,
        ),
        el.datalist(*[el.option(value=reason) for reason in REASONS], id=listed),
    )
