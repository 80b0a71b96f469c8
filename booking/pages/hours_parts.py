"""The parts of the page of hours beside its grid: the opening chosen, the effect, the lists, copies, closed days."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.closings import MOST_REASON
from booking.pages.closing_choice import closing_choice, of_site
from booking.pages.hours_drawing import EDITOR
from booking.pages.hours_form import LONGEST, DayRow, Range
from booking.pages.hours_state import ANSWER, HoursState, OfferRow, OutsideRow
from booking.pages.widgets import inner_link
from portal.ui.changed import difference_part
from portal.ui.dates import NBSP
from portal.ui.pieces import field, select_field

el = rx.el
EXAMPLE = f"Videz une plage pour la retirer. Par exemple{NBSP}: 9{NBSP}h{NBSP}30 à 12{NBSP}h."
REASONS = ("Congés", "Formation", "Réunion", "Fermeture du service", "Travaux")


def standing_outside() -> rx.Component:
    """Return the appointments that stand outside of the hours, each with where it can go in one click."""
    state = HoursState
    alert = el.div(
        el.p(state.outside_words, class_name="fr-text--bold fr-mb-1v"),
        el.ul(rx.foreach(state.outside, _outside), class_name="pj-plain pj-hours__outside"),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w",
    )
    return el.div(rx.cond(state.outside.length() > 0, alert), id=ANSWER, tab_index=-1, class_name="pj-hours__answer")


def _outside(one: rx.Var[OutsideRow]) -> rx.Component:
    state = HoursState
    said = rx.cond(one.href != "", inner_link(one.said, href=one.href, class_name="fr-link"), el.span(one.said))
    offers = rx.foreach(one.offers, lambda offer: _offer(one, offer))
    return el.li(
        said,
        el.div(
            rx.cond(one.offers.length() > 0, el.span(f"Déplacer{NBSP}:", class_name="fr-text--sm fr-mb-0")),
            offers,
            el.button(
                "Laisser",
                type="button",
                aria_label="Laisser où il est : " + one.said,
                on_click=state.leave_one(one.id),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-hours__acts",
        ),
        key=one.id,
    )


def _offer(one: rx.Var[OutsideRow], offer: rx.Var[OfferRow]) -> rx.Component:
    return el.button(
        offer.label,
        type="button",
        aria_label="Déplacer " + one.said + " au " + offer.label,
        on_click=HoursState.move_one(one.id, offer.resource_id, offer.start),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )


def effect() -> rx.Component:
    """Return what saving would do, and the button that saves."""
    state = HoursState
    would_be = el.ul(rx.foreach(state.would_be, el.li), class_name="fr-text--sm pj-hours__would-be")
    told = el.div(
        el.ul(rx.foreach(state.changes, el.li), class_name="fr-text--sm"),
        el.p(state.weekly, class_name="fr-mb-1v"),
        el.p(state.slots, class_name="fr-mb-1v"),
        rx.cond(
            state.refused != "",
            el.p(state.refused, class_name="fr-error-text"),
            el.div(
                el.p(
                    state.would_be_words,
                    class_name=rx.cond(
                        state.would_be.length() > 0,
                        "fr-icon-warning-line fr-mb-1v pj-hours__warn",
                        "fr-mb-1v",
                    ),
                ),
                rx.cond(state.would_be.length() > 0, would_be),
            ),
        ),
        role="status",
        aria_live="polite",
    )
    nothing = el.p("Rien n’a changé. Dessinez dans la grille, ou écrivez dans les listes.", class_name="pj-grey")
    return el.section(
        el.h2("Ce que cela change", class_name="fr-h6 fr-mb-1w"),
        field(
            "À partir du",
            "from_on",
            type="date",
            error=state.problems["from_on"],
            default_value=state.from_on,
            key="from" + state.from_on,
            on_blur=state.set_from,
        ),
        _stale(),
        rx.cond(state.is_changed, told, nothing),
        el.div(
            el.button(
                state.from_words,
                type="button",
                on_click=state.save,
                disabled=~state.is_changed | (state.refused != ""),
                class_name="fr-btn",
            ),
            rx.cond(
                state.may_unstroke,
                el.button(
                    "Défaire",
                    type="button",
                    on_click=state.unstroke,
                    class_name="fr-btn fr-btn--secondary fr-icon-arrow-go-back-line fr-btn--icon-left",
                ),
            ),
            rx.cond(
                state.is_changed,
                el.button(
                    "Tout remettre comme avant",
                    type="button",
                    on_click=state.forget,
                    class_name="fr-btn fr-btn--tertiary",
                ),
            ),
            class_name="pj-actions",
        ),
        class_name="pj-hours__effect",
    )


def _stale() -> rx.Component:
    state = HoursState
    alert = el.div(
        el.p("Ces horaires ont changé pendant que vous les modifiiez. Ce que vous avez dessiné est toujours là."),
        rx.foreach(state.stale_by, lambda words_: el.p(words_)),  # noqa: PLW0108 - a component wants a function of it
        difference_part(state.differences),
        el.div(
            el.button(
                "Prendre les nouveaux",
                type="button",
                on_click=state.forget,
                class_name="fr-btn fr-btn--sm fr-btn--secondary",
            ),
            el.button(
                "Garder les miens par-dessus",
                type="button",
                on_click=state.keep_mine,
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-actions fr-mt-1w",
        ),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w",
    )
    return el.div(rx.cond(state.is_stale, alert), role="alert")


def editor() -> rx.Component:
    """Return the form of the opening chosen: its hours, how it comes again, its exceptions."""
    state = HoursState
    form = rx.el.form(
        el.div(
            _keyed("De", "de", state.opens, state.picked_version, max_length=LONGEST, auto_complete="off"),
            _keyed("À", "a", state.closes, state.picked_version, max_length=LONGEST, auto_complete="off"),
            class_name="pj-hours__pair",
        ),
        select_field(
            "Revient",
            "code",
            rx.fragment(rx.foreach(state.codes, lambda one: el.option(one.label, value=one.code))),
            default_value=state.code,
            key="code" + state.picked_version.to_string(),
        ),
        rx.cond(
            ~state.picked_is_once,
            el.div(
                _keyed("Jusqu’au, inclus", "last_on", state.last_on, state.picked_version, type="date"),
                _keyed(
                    "ou nombre de fois", "count", state.count, state.picked_version, input_mode="numeric", max_length=3
                ),
                class_name="pj-hours__pair",
            ),
        ),
        el.button("Appliquer", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.apply,
        no_validate=True,
    )
    acts = el.div(
        rx.cond(
            ~state.picked_is_once,
            rx.fragment(
                _act("Changer ce jour seulement", state.part),
                _act("Retirer ce jour seulement", state.remove_once),
            ),
        ),
        _act("Retirer l’ouverture", state.remove(state.picked_id)),
        class_name="pj-hours__acts fr-mt-2w",
    )
    locked = el.p("Ce jour est avant le changement : avancez sa date pour le modifier.", class_name="fr-text--sm")
    opened = el.section(
        el.div(
            el.h2(state.picked_title, id=EDITOR, tab_index=-1, class_name="fr-h6 fr-mb-0"),
            el.button(
                "Fermer", type="button", title="Fermer", on_click=state.unpick, class_name="fr-btn--close fr-btn"
            ),
            class_name="pj-hours__head",
        ),
        el.p(state.picked_words, class_name="fr-mb-1v"),
        el.p(state.picked_next, class_name="fr-text--sm pj-grey fr-mb-1w"),
        rx.cond(state.picked_locked, locked, rx.fragment(form, rx.cond(~state.picked_is_once, _exceptions()), acts)),
        class_name="pj-hours__editor",
    )
    return rx.cond(state.picked_id != "", opened)


def _exceptions() -> rx.Component:
    state = HoursState
    listed = el.ul(
        rx.foreach(
            state.exceptions,
            lambda one: el.li(
                el.button(
                    one.label,
                    type="button",
                    title="Retirer",
                    aria_label="Retirer : " + one.label,
                    on_click=state.take_back_exception(one.code),
                    class_name="fr-tag fr-tag--dismiss",
                ),
                key=one.code,
            ),
        ),
        class_name="pj-slots fr-mb-1w",
    )
    return rx.el.form(
        rx.cond(state.exceptions.length() > 0, listed),
        el.div(
            _keyed(
                "Exception, ou jour en plus",
                "but_on",
                "",
                state.picked_version,
                type="date",
                hint="Un jour d’ouverture devient une exception ; un autre jour s’ajoute",
            ),
            el.button("Ajouter", type="submit", class_name="fr-btn fr-btn--sm fr-btn--tertiary"),
        ),
        on_submit=state.except_on,
        no_validate=True,
        class_name="fr-mt-2w",
    )


def _act(label: str, handler: Any) -> rx.Component:
    return el.button(label, type="button", on_click=handler, class_name="fr-btn fr-btn--sm fr-btn--tertiary")


def _keyed(label: str, name: str, typed: Any, version: rx.Var[int], **props: Any) -> rx.Component:
    """Return a field that is made again, with what stands in the state, when its version grows."""
    key = name + version.to_string()
    return field(label, name, error=HoursState.problems[name], default_value=typed, key=key, **props)


def lists() -> rx.Component:
    """Return the same hours in lists: what is typed there is drawn, and the other way round."""
    state = HoursState
    spare = el.div(
        el.label("Un autre jour", html_for="date_on", class_name="fr-label"),
        el.input(
            id="date_on",
            name="date_on",
            type="date",
            default_value=state.spare_on,
            key="date_on" + state.lists_version.to_string(),
            class_name="fr-input",
        ),
        class_name="pj-hours__date",
    )
    return el.section(
        el.h2("Par écrit", class_name="fr-h6 fr-mb-1w"),
        rx.el.form(
            el.p(EXAMPLE, class_name="fr-hint-text fr-mb-1w"),
            el.div(rx.cond(state.wrong != "", el.p(state.wrong, class_name="fr-error-text")), role="alert"),
            el.div(rx.foreach(state.rows, _row), class_name="pj-hours__week"),
            el.h3("Un seul jour", class_name="fr-text--md fr-text--bold fr-mt-2w fr-mb-1v"),
            rx.foreach(state.dates, lambda row: _date_row(row, spare)),
            el.button("Voir l’effet", type="submit", class_name="fr-btn fr-btn--secondary fr-mt-2w"),
            on_submit=state.apply_lists,
            no_validate=True,
        ),
    )


def _row(row: rx.Var[DayRow]) -> rx.Component:
    return el.fieldset(
        el.legend(row.name, class_name="pj-hours__name"),
        el.div(rx.foreach(row.ranges, _range), class_name="pj-hours__ranges"),
        class_name="pj-hours__day",
    )


def _date_row(row: rx.Var[DayRow], spare: rx.Component) -> rx.Component:
    return el.div(
        rx.cond(row.name != "", el.p(row.name, class_name="pj-hours__name fr-mb-0"), spare),
        el.div(rx.foreach(row.ranges, _range), class_name="pj-hours__ranges"),
        class_name="pj-hours__day pj-hours__day--date",
    )


def _range(one: rx.Var[Range]) -> rx.Component:
    message = one.name + "-message"
    more = el.button(
        rx.cond(one.words != "", one.words, "Régler"),
        type="button",
        aria_label="Régler : " + one.label + one.opens + " – " + one.closes,
        on_click=HoursState.pick_line(one.number),
        class_name="fr-link fr-text--sm pj-hours__more-of",
    )
    return el.div(
        el.div(
            el.span("de", aria_hidden="true"),
            _time(one.name + "_de", one.label + "de", one.opens, one.problem, message),
            el.span("à", aria_hidden="true"),
            _time(one.name + "_a", one.label + "à", one.closes, one.problem, message),
            rx.cond(one.number != "", more),
            class_name="pj-hours__range",
        ),
        el.div(
            rx.cond(one.problem != "", el.p(one.problem, class_name="fr-error-text fr-mt-0")),
            id=message,
            aria_live="polite",
        ),
    )


def _time(name: Any, label: Any, typed: Any, problem: Any, message: Any) -> rx.Component:
    return el.input(
        id=name,
        name=name,
        aria_label=label,
        aria_invalid=problem != "",
        aria_describedby=message,
        default_value=typed,
        key=name + HoursState.lists_version.to_string(),
        auto_complete="off",
        max_length=LONGEST,
        class_name=rx.cond(problem != "", "fr-input fr-input--error pj-hours__time", "fr-input pj-hours__time"),
    )


def copying() -> rx.Component:
    """Return the weeks to which the one shown can be copied."""
    state = HoursState
    box = rx.foreach(
        state.targets,
        lambda one: el.div(
            el.input(id=one.name, name=one.name, type="checkbox"),
            el.label(one.label, html_for=one.name, class_name="fr-label"),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
            key=one.name + state.copy_version.to_string(),
        ),
    )
    form = rx.el.form(
        el.fieldset(
            el.legend(state.period, f", sur{NBSP}:", class_name="fr-text--sm"),
            el.div(box, class_name="pj-hours__targets"),
            class_name="pj-hours__copy",
        ),
        el.button("Copier la semaine", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.copy,
    )
    return el.section(
        el.h2("Copier cette semaine", class_name="fr-h6 fr-mb-1w"),
        rx.cond(state.is_changed, el.p("Enregistrez d’abord ce que vous avez changé.", class_name="pj-grey"), form),
    )


def closed_days() -> rx.Component:
    """Return the closed days to come, and the form that closes others."""
    return el.section(
        el.h2("Jours de fermeture", class_name="fr-h6 fr-mb-1w"), _closings(), _closing_form(), class_name="fr-mt-4w"
    )


def _closings() -> rx.Component:
    state = HoursState
    nothing = el.p("Aucune fermeture prévue. Les jours fériés du lieu sont fermés d’office.", class_name="fr-text--sm")
    listed = el.ul(
        rx.foreach(
            state.closings,
            lambda one: el.li(
                el.span(
                    el.strong(one.days),
                    rx.cond(one.reason != "", " – " + one.reason, ""),
                    of_site(one.is_of_site, one.why_not),
                ),
                rx.cond(
                    one.id != "",
                    el.button(
                        rx.cond(one.is_of_site, "Rouvrir tout le site", "Rouvrir"),
                        type="button",
                        aria_label=rx.cond(one.is_of_site, "Rouvrir tout le site : ", "Rouvrir : ") + one.days,
                        on_click=state.reopen(one.id),
                        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
                    ),
                ),
                key=one.id + one.days,
            ),
        ),
        class_name="pj-plain pj-hours__closings",
    )
    return rx.cond(state.closings.length() > 0, listed, nothing)


def _closing_form() -> rx.Component:
    state = HoursState
    return rx.el.form(
        el.div(
            _keyed("Premier jour", "first", state.first, state.days_version, type="date", required=True),
            _keyed("Dernier jour, inclus", "last", state.last, state.days_version, type="date"),
            class_name="pj-form__grid",
        ),
        _keyed(
            "Motif",
            "reason",
            state.reason,
            state.days_version,
            hint="Vu de vos collègues : ni nom, ni raison de santé",
            list="motifs",
            auto_complete="off",
            max_length=MOST_REASON,
        ),
        el.datalist(*[el.option(value=reason) for reason in REASONS], id="motifs"),
        closing_choice("where", "Cet agenda seulement", state.whole_site, state.days_version),
        el.button("Fermer ces jours", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.close_some,
        no_validate=True,
        class_name="pj-form",
    )
