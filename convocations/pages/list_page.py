"""A whole list summoned: paste it, choose what and how, see what would become of each, do it, take it back at once."""

from __future__ import annotations

import reflex as rx

from booking.pages.ledger_parts import segments
from booking.pages.widgets import inner_link
from convocations.pages.addresses import LIST
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convene_words import Group, Option
from convocations.pages.list_state import CHOOSE, SLOTS, TOGETHER, ListState
from convocations.pages.list_words import ListRow, Named
from portal.policy import page
from portal.ui.dsfr import native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, link_button, select_field, skeleton

el = rx.el
MODES = {SLOTS: "Un créneau chacun", CHOOSE: "Chacun choisit", TOGETHER: "Tous ensemble"}
HINTS = {
    SLOTS: "Les prochains créneaux libres, l’un après l’autre, dans l’ordre de la liste ; jamais quand la personne a "
    "déjà un autre rendez-vous.",
    CHOOSE: "Chaque personne reçoit son lien et choisit parmi les créneaux libres.",
    TOGETHER: "Tous à la même heure : chacun a son lien, et ne voit pas les autres.",
}
FITS = {"all": "Tous, ou personne", "fit": "Ceux qui tiennent"}
REMINDERS = {"48": "48 h avant", "24": "24 h avant"}
HEADINGS = ("Qui", "Quand", "Prévenu par", "")


@page(
    "/convocations/liste",
    title="Convoquer une liste",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(ListState.load,),
    description="Convoquer toute une liste : un créneau chacun, un choix par lien, ou tous ensemble.",
)
def list_page() -> rx.Component:
    """Return the page."""
    state = ListState
    nothing = empty_state(
        state.nothing,
        "Les types de rendez-vous que votre service peut donner s’afficheront ici.",
        link_button("Revenir à ma journée", "/ma-journee/"),
    )
    shown = rx.cond(state.nothing != "", nothing, _form())
    return layout(rx.cond(state.is_loaded, shown, skeleton(8, "Chargement…")), title="Convoquer une liste", wide=True)


def _form() -> rx.Component:
    state = ListState
    refused = el.div(el.p(state.problem), class_name="fr-alert fr-alert--error fr-alert--sm fr-mb-2w")
    return el.div(
        el.div(_said(), id="fait", tab_index=-1, role="status", aria_live="polite"),
        el.div(_who(), _what(), class_name="pj-list__ask"),
        el.div(rx.cond(state.problem != "", refused), id="refus", tab_index=-1, role="alert"),
        el.button("Voir ce que cela donne", type="button", on_click=state.foresee, class_name="fr-btn fr-mb-3w"),
        el.div(rx.cond(state.step != "", _rows()), id="prevu", tab_index=-1),
        class_name="pj-list",
    )


def _said() -> rx.Component:
    state = ListState
    undo = el.button(
        "Tout annuler", type="button", on_click=state.take_back, class_name="fr-btn fr-btn--sm fr-btn--secondary"
    )
    letters = native_link(
        "Imprimer les lettres (PDF)", href=state.letters, class_name="fr-btn fr-btn--sm fr-btn--tertiary"
    )
    together = inner_link("Voir qui vient", href=state.gathering, class_name="fr-btn fr-btn--sm fr-btn--tertiary")
    rest = inner_link(
        "Voir qui vient à la seconde heure", href=state.second, class_name="fr-btn fr-btn--sm fr-btn--tertiary"
    )
    every = inner_link("Voir les convocations", href=LIST, class_name="fr-btn fr-btn--sm fr-btn--tertiary")
    alert = el.div(
        el.p(state.said),
        el.div(
            rx.cond(state.can_undo, undo),
            rx.cond(state.letters != "", letters),
            rx.cond(state.gathering != "", together),
            rx.cond(state.second != "", rest),
            every,
            class_name="pj-actions fr-mt-1w",
        ),
        class_name="fr-alert fr-alert--success fr-alert--sm fr-mb-3w",
    )
    return rx.cond(state.said != "", alert)


def _who() -> rx.Component:
    state = ListState
    typed = el.textarea(
        id="liste",
        name="liste",
        default_value=state.typed,
        rows="6",
        spell_check=False,
        auto_complete="off",
        aria_describedby="liste-messages",
        class_name="fr-input",
    )
    form = rx.el.form(
        field(
            "Collez la liste",
            "liste",
            hint="Une personne par ligne : nom et prénom, ou numéro de dossier ; une date de naissance départage.",
            control=typed,
        ),
        el.button("Lire la liste", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.read_typed,
    )
    read = el.div(
        el.p(state.read_words, role="status", class_name="fr-text--bold fr-mb-1w"),
        el.ul(rx.foreach(state.people, _named), class_name="pj-list__people"),
        id="lues",
        tab_index=-1,
        class_name="fr-mt-2w",
    )
    return el.section(
        el.h2("Qui", class_name="fr-h5 fr-mb-1w"), form, rx.cond(state.people.length() > 0, read), aria_label="Qui"
    )


def _named(one: rx.Var[Named]) -> rx.Component:
    state = ListState
    remove = el.button(
        "Retirer",
        type="button",
        aria_label="Retirer " + rx.cond(one.name != "", one.name, one.typed),
        on_click=state.remove(one.key),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )
    several = el.select(
        el.option("Laquelle ?", value=""),
        rx.foreach(one.options, lambda each: el.option(each.label, value=each.value)),
        value=one.id,
        aria_label="Laquelle pour " + one.typed,
        on_change=lambda value: state.pick_person(one.key, value),
        class_name="fr-select",
    )
    known = el.span(el.strong(one.name), " ", el.span(one.born, class_name="pj-grey"))
    unknown = el.span(el.strong(one.typed), " ", badge("inconnue ici", "error"))
    who = rx.cond(
        one.options.length() > 0,
        el.span(el.span(one.typed, class_name="pj-grey"), several),
        rx.cond(one.id != "", known, unknown),
    )
    return el.li(who, remove, key=one.key)


def _what() -> rx.Component:
    state = ListState
    return el.section(
        el.h2("À quoi", class_name="fr-h5 fr-mb-1w"),
        select_field(
            "Pour quoi ?",
            "type",
            rx.foreach(state.kinds, lambda one: el.option(one.label, value=one.value)),
            value=state.kind,
            on_change=state.pick_kind,
        ),
        segments("mode", MODES, current=state.mode, on_pick=state.pick_mode, legend="Comment ?"),
        el.p(
            rx.match(state.mode, *HINTS.items(), ""),
            class_name="fr-hint-text fr-mb-2w",
        ),
        rx.cond(state.mode == TOGETHER, _room(), _where()),
        rx.cond(state.mode == CHOOSE, _limit()),
        segments("rappel", REMINDERS, current=state.reminder, on_pick=state.pick_reminder, legend="Rappel"),
        el.div(
            el.input(
                type="checkbox", id="quand-meme", checked=state.although, on_change=state.say_although(~state.although)
            ),
            el.label("Convoquer aussi ceux qui le sont déjà pour cela", html_for="quand-meme", class_name="fr-label"),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
        ),
        aria_label="À quoi",
    )


def _where() -> rx.Component:
    state = ListState

    def group(one: rx.Var[Group]) -> rx.Component:
        return el.optgroup(
            rx.foreach(one.options, lambda each: el.option(each.label, value=each.value)), label=one.label
        )

    none = el.p("Personne ne reçoit pour ce type de rendez-vous dans votre ressort.", class_name="pj-warning")
    picked = select_field(
        "Chez qui ?", "where", rx.foreach(state.wheres, group), value=state.where, on_change=state.pick_where
    )
    return rx.cond(state.wheres.length() > 0, picked, none)


def _room() -> rx.Component:
    state = ListState

    def option(one: rx.Var[Option]) -> rx.Component:
        return el.option(one.label, value=one.value)

    none = el.p(
        "Aucun créneau de ce type n’a deux places ou plus : donnez plus de places à un agent ou à une salle.",
        class_name="pj-warning",
    )
    picked = el.div(
        select_field("Quand ?", "room", rx.foreach(state.rooms, option), value=state.room, on_change=state.pick_room),
        segments("fit", FITS, current=state.fit, on_pick=state.pick_fit, legend="Si tous ne tiennent pas"),
    )
    return rx.cond(state.rooms.length() > 0, picked, none)


def _limit() -> rx.Component:
    state = ListState
    return field(
        "Jusqu’au",
        "choose_by",
        type="date",
        hint="Dernier jour pour choisir",
        value=state.choose_by,
        min=state.first_day,
        max=state.last_day,
        on_change=state.say_choose_by,
    )


def _rows() -> rx.Component:
    state = ListState
    progress = el.div(
        el.p("Convocations : ", el.strong(state.progress), " sur ", state.total, role="status", class_name="fr-mb-1v"),
        el.progress(value=state.progress, max=state.total, aria_label="Avancement", class_name="pj-progress"),
    )
    apply = el.button(state.apply_label, type="button", on_click=state.apply, class_name="fr-btn")
    head = el.tr(*[el.th(heading, scope="col", role="columnheader") for heading in HEADINGS], role="row")
    table = el.table(
        el.caption("Ce que cela donne, personne par personne", class_name="fr-sr-only"),
        el.thead(head, role="rowgroup"),
        el.tbody(rx.foreach(state.rows, _row), role="rowgroup"),
        role="table",
        class_name="pj-ledger",
    )
    return el.section(
        el.h2(rx.cond(state.step == "done", "Ce qui a été fait", "Ce que cela donne"), class_name="fr-h5 fr-mb-1w"),
        el.p(state.summary, role="status"),
        rx.match(
            state.step,
            ("running", progress),
            ("foreseen", rx.cond(state.apply_label != "", apply)),
            rx.fragment(),
        ),
        rx.cond((state.step == "foreseen") & (state.overflow != ""), _overflow()),
        el.div(table, class_name="fr-mt-2w"),
        aria_label="Ce que cela donne",
    )


def _overflow() -> rx.Component:
    """Return that not all have a seat, and what can be done of it at once."""
    state = ListState
    elsewhere = select_field(
        "Une autre heure pour elles",
        "autre-heure",
        rx.foreach(state.others, lambda one: el.option(one.label, value=one.value)),
        value=state.elsewhere,
        on_change=state.pick_elsewhere,
    )
    nowhere = el.p("Aucune autre heure n’a assez de places pour elles.", class_name="fr-mb-1w")
    fitting = el.button(
        state.fitting,
        type="button",
        on_click=state.take_those_who_fit,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mb-1w",
    )
    return el.div(
        el.p(state.overflow, class_name="fr-text--bold"),
        rx.cond(state.others.length() > 0, elsewhere, nowhere),
        rx.cond(state.apply_label == "", fitting),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mt-2w",
    )


def _row(row: rx.Var[ListRow]) -> rx.Component:
    name = rx.cond(
        row.href != "", inner_link(row.name, href=row.href, class_name="fr-link fr-link--sm"), el.strong(row.name)
    )
    return el.tr(
        el.td(name, role="cell"),
        el.td(row.when, role="cell"),
        el.td(badge(row.badge, row.tone), role="cell"),
        el.td(row.why, role="cell", class_name="pj-grey"),
        key=row.id,
        role="row",
    )


def list_link() -> rx.Component:
    """Return the way to this page from others."""
    return link_button("Convoquer une liste", f"{LIST}liste/", kind="secondary", icon="fr-icon-team-line")
