"""The page on which a kind is written: groups by what one asks oneself, and beside them what an agent will see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from availability.attributes import AttributeType
from availability.kind_drafts import BOUNDS, ONLY_FOR
from availability.models import Shape
from availability.pages import kind_words as words
from availability.pages.attribute_rows import AttributeRow, Filter
from availability.pages.focus import focus_on
from availability.pages.kind_form_state import KindFormState, Option, RightRow
from availability.pages.kind_words import Field
from availability.pages.kinds import LIST
from availability.pages.quota_part import quotas
from availability.rights import Role
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import described_by, empty_state, field, link_button, select_field, skeleton

el = rx.el
S = KindFormState


@page("/types/fiche", title="Type", roles=(Role.ADMINISTRATOR,), on_load=[S.load], part_of="/types")
def kind_form() -> rx.Component:
    """Return the page."""
    back = link_button("Tous les types", LIST, kind="secondary")
    gone = empty_state("Ce type n’existe pas", "Il a peut-être été retiré : la liste les montre tous.", back)
    forbidden = empty_state("Les types valent pour tout le pays", "Seule l’administration nationale les modifie.", back)
    return layout(
        el.a("Tous les types", href=LIST, class_name="fr-link fr-icon-arrow-left-line fr-link--icon-left"),
        focus_on(field=S.focused, turn=S.turn),
        rx.match(
            S.step,
            ("form", el.div(el.div(_form(), _past()), _preview(), class_name="pj-kind fr-mt-2w")),
            ("gone", gone),
            ("forbidden", forbidden),
            skeleton(10),
        ),
        title=rx.cond(S.title != "", S.title, "Type"),
        on_undo=S.undo,
    )


def _form() -> rx.Component:
    return rx.el.form(
        _kept(),
        _differences(),
        el.div(rx.cond(S.wrong != "", el.p(S.wrong, class_name="fr-error-text")), role="alert"),
        _group("Ce que c’est", _shape(), _grid(words.NAMES)),
        _group("Le réserver", _grid(words.TAKING), _boxes(words.TAKING_FLAGS)),
        _group("Créneaux et ouvertures", _grid(words.SLOTS), _boxes(words.SLOT_FLAGS), shapes=(Shape.SLOTS,)),
        _group("Déclarations", _grid(words.FRESH), shapes=(Shape.NIGHTS, Shape.PLACES)),
        _group("Désignation par un juge", _boxes(words.JUDGE_FLAGS), *_convened(), shapes=(Shape.PLACES,)),
        _group("Critères de recherche", _criteria()),
        _group("Qui peut quoi", _rights()),
        _group("Quotas", quotas()),
        el.div(
            el.button("Enregistrer", type="submit", class_name="fr-btn"),
            rx.cond(
                S.is_dirty,
                el.button(
                    "Revenir à ce qui est enregistré",
                    type="button",
                    on_click=S.start_again,
                    class_name="fr-btn fr-btn--tertiary",
                ),
            ),
            class_name="pj-actions pj-kind__save",
        ),
        on_submit=S.save,
        no_validate=True,
        class_name="pj-form",
    )


def _kept() -> rx.Component:
    words_of_it = el.p("Ce que vous aviez tapé sans l’enregistrer est toujours là.")
    return rx.cond(S.was_kept, el.div(words_of_it, class_name="fr-alert fr-alert--info fr-alert--sm fr-mb-2w"))


def _differences() -> rx.Component:
    return el.div(
        rx.cond(
            S.differs.length() > 0,
            el.div(
                el.p("Ce que quelqu’un d’autre a changé depuis que vous avez ouvert ce type :"),
                el.ul(rx.foreach(S.differs, el.li)),
                el.div(
                    el.button(
                        "Reprendre ces changements et garder les miens",
                        type="button",
                        on_click=S.merge,
                        class_name="fr-btn fr-btn--sm",
                    ),
                    el.button(
                        "Abandonner les miens",
                        type="button",
                        on_click=S.start_again,
                        class_name="fr-btn fr-btn--sm fr-btn--secondary",
                    ),
                    class_name="pj-actions fr-mt-1w",
                ),
                class_name="fr-alert fr-alert--warning fr-mb-2w",
            ),
        ),
        id="differences",
        tab_index=-1,
    )


def _group(title: str, *children: rx.Component, shapes: Sequence[Shape] = ()) -> rx.Component:
    """Return a group of fields; one that the chosen shape does not use is hidden, with what was typed in it."""
    return el.fieldset(el.legend(title, class_name="fr-h6 fr-mb-1w"), *children, class_name=_shown("pj-group", shapes))


def _shown(class_name: str, shapes: Sequence[Shape]) -> Any:
    if not shapes:
        return class_name
    is_used: Any = S.shape == shapes[0].value
    for shape in shapes[1:]:
        is_used = is_used | (S.shape == shape.value)
    return rx.cond(is_used, class_name, f"{class_name} fr-hidden")


def _key(name: str) -> Any:
    return name + S.version.to_string()


def _shape() -> rx.Component:
    options = [el.option(label, value=shape.value) for shape, label in words.SHAPE_WORDS.items()]
    fixed = el.p(
        "Des lieux de ce type existent : sa forme ne change plus. Dupliquez-le pour une autre forme.",
        class_name="fr-text--sm pj-grey",
    )
    return el.div(
        select_field(
            "Forme",
            "shape",
            rx.fragment(*options),
            hint=S.shape_hint,
            error=S.problems["shape"],
            value=S.shape,
            on_change=S.say("shape"),
            disabled=S.is_shape_fixed,
        ),
        rx.cond(S.is_shape_fixed, fixed),
    )


def _grid(fields: Sequence[Field]) -> rx.Component:
    return el.div(*[_text(one) for one in fields], class_name="pj-form__grid")


def _text(one: Field) -> rx.Component:
    name = one.name
    numeric = {"input_mode": "numeric", "max_length": 6} if name in BOUNDS else {"max_length": words.MOST_LABEL}
    hint = " ".join(part for part in (one.hint, f"De {words.bounds_words(name)}." if name in BOUNDS else "") if part)
    shapes = tuple(sorted(ONLY_FOR.get(name, ())))
    return el.div(
        field(
            one.label,
            name,
            hint=hint,
            error=S.problems[name],
            default_value=S.typed[name],
            on_blur=S.say(name),
            key=_key(name),
            auto_complete="off",
            **numeric,
        ),
        class_name=_shown("pj-cell", shapes),
    )


def _boxes(fields: Sequence[Field]) -> rx.Component:
    return el.div(*[_box(one) for one in fields])


def _box(one: Field) -> rx.Component:
    name = one.name
    has_error = S.problems[name] != ""
    return el.div(
        el.input(
            type="checkbox",
            id=name,
            checked=S.typed[name] == "1",
            on_change=S.say(name),
            aria_describedby=described_by(name),
        ),
        el.label(one.label, el.span(one.hint, class_name="fr-hint-text"), html_for=name, class_name="fr-label"),
        el.div(
            rx.cond(has_error, el.p(S.problems[name], class_name="fr-error-text")),
            id=described_by(name),
            aria_live="polite",
        ),
        class_name="fr-checkbox-group fr-mb-2w",
    )


def _convened() -> tuple[rx.Component, rx.Component]:
    return (
        _named(words.MEETING, S.meetings, none="Aucun", hint="Un rendez-vous proposé avec la désignation, avant elle."),
        _named(words.HEARING, S.hearings, none="Aucune", hint="Fixée et annulée avec lui : la double convocation."),
    )


def _named(asked: Field, kinds: rx.Var[list[Option]], *, none: str, hint: str) -> rx.Component:
    options = rx.fragment(
        el.option(none, value=""), rx.foreach(kinds, lambda one: el.option(one.label, value=one.value))
    )
    return select_field(
        asked.label,
        asked.name,
        options,
        hint=hint,
        error=S.problems[asked.name],
        value=S.typed[asked.name],
        on_change=S.say(asked.name),
    )


# --- criteria ---


def _criteria() -> rx.Component:
    nothing = el.p("Aucun critère : la recherche ne demande que le lieu et la date.", class_name="fr-text--sm")
    return el.div(
        el.p("Ce qu’un lieu dit de lui, et sur quoi on le cherche.", class_name="fr-hint-text fr-mb-1w"),
        rx.cond(S.problems["searchable"] != "", el.p(S.problems["searchable"], class_name="fr-error-text")),
        rx.cond(S.rows.length() > 0, el.ul(rx.foreach(S.rows, _criterion), class_name="pj-plain"), nothing),
        el.button(
            "Ajouter un critère",
            type="button",
            id="ajouter-critere",
            on_click=S.add_attribute,
            class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-add-line fr-btn--icon-left",
        ),
        id="criteres",
        tab_index=-1,
    )


def _criterion(row: rx.Var[AttributeRow], number: rx.Var[int]) -> rx.Component:
    types = rx.fragment(*[el.option(label, value=one.value) for one, label in words.TYPE_WORDS.items()])
    name = "a-" + row.key
    return el.li(
        el.div(
            _said(row, "label", "Intitulé", max_length=200),
            el.div(
                el.label("Réponse", html_for=name + "-type", class_name="fr-label"),
                el.select(
                    types,
                    id=name + "-type",
                    value=row.type,
                    on_change=S.say_attribute(row.key, "type"),
                    class_name="fr-select",
                ),
                class_name="fr-select-group",
            ),
            class_name="pj-form__grid",
        ),
        _choices(row),
        _limits(row),
        _flag(row, "asks", "Exigé de la personne, plutôt qu’offert par le lieu", row.asks, (AttributeType.LIST,)),
        _flag(row, "at_least", "Au moins ce nombre (sinon, au plus)", row.at_least, (AttributeType.NUMBER,)),
        _flag(row, "is_delay", "Dit le délai du premier rendez-vous, en jours", row.is_delay, (AttributeType.NUMBER,)),
        el.div(
            rx.cond(row.problem != "", el.p(row.problem, class_name="fr-error-text fr-mt-0")),
            id=name + "-message",
            aria_live="polite",
        ),
        el.div(
            rx.cond(row.code != "", el.span("Enregistré sous « ", row.code, " »", class_name="fr-text--xs pj-grey")),
            rx.cond(number > 0, _small("Monter", row, S.raise_attribute(row.key))),
            _small("Enlever", row, S.remove_attribute(row.key)),
            class_name="pj-kinds__acts",
        ),
        key=row.key + S.version.to_string(),
        class_name="pj-criterion",
    )


def _small(label: str, row: rx.Var[AttributeRow], act: Any) -> rx.Component:
    return el.button(
        label,
        type="button",
        aria_label=label + " : " + row.label,
        on_click=act,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )


def _said(row: rx.Var[AttributeRow], name: str, label: str, **props: Any) -> rx.Component:
    full = "a-" + row.key + "-" + name
    return el.div(
        el.label(label, html_for=full, class_name="fr-label"),
        el.input(
            id=full,
            name=full,
            default_value=getattr(row, name),
            on_blur=S.say_attribute(row.key, name),
            aria_invalid=row.problem != "",
            aria_describedby="a-" + row.key + "-message",
            auto_complete="off",
            class_name="fr-input",
            **props,
        ),
        class_name="fr-input-group",
    )


def _of_types(row: rx.Var[AttributeRow], types: Sequence[AttributeType], shown: rx.Component) -> rx.Component:
    is_one: Any = row.type == types[0].value
    for one in types[1:]:
        is_one = is_one | (row.type == one.value)
    return rx.cond(is_one, shown)


def _choices(row: rx.Var[AttributeRow]) -> rx.Component:
    full = "a-" + row.key + "-choices"
    hint = "Une par ligne. « M : Hommes » enregistre M et montre Hommes : gardez ce qui est à gauche une fois utilisé."
    shown = el.div(
        el.label("Réponses possibles", el.span(hint, class_name="fr-hint-text"), html_for=full, class_name="fr-label"),
        el.textarea(
            id=full,
            name=full,
            rows="3",
            default_value=row.choices,
            on_blur=S.say_attribute(row.key, "choices"),
            aria_describedby="a-" + row.key + "-message",
            class_name="fr-input",
        ),
        class_name="fr-input-group",
    )
    return _of_types(row, (AttributeType.CHOICE, AttributeType.LIST), shown)


def _limits(row: rx.Var[AttributeRow]) -> rx.Component:
    shown = el.div(
        _said(row, "smallest", "Au moins", input_mode="decimal", max_length=12),
        _said(row, "largest", "Au plus", input_mode="decimal", max_length=12),
        _said(row, "unit", "Unité", max_length=20),
        class_name="pj-form__grid",
    )
    return _of_types(row, (AttributeType.RANGE, AttributeType.NUMBER), shown)


def _flag(
    row: rx.Var[AttributeRow], name: str, label: str, is_on: rx.Var[bool], types: Sequence[AttributeType]
) -> rx.Component:
    full = "a-" + row.key + "-" + name
    shown = el.div(
        el.input(type="checkbox", id=full, checked=is_on, on_change=S.say_attribute(row.key, name)),
        el.label(label, html_for=full, class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm fr-mb-1w",
    )
    return _of_types(row, types, shown)


# --- rights ---


def _rights() -> rx.Component:
    columns = (("searches", "Chercher"), ("reserves", "Réserver"), ("sets", "Fixer les horaires"))
    head = el.tr(el.th("Rôle", scope="col"), *[el.th(label, scope="col") for _, label in columns])

    def line(row: rx.Var[RightRow]) -> rx.Component:
        cells = [_right(row, what, label, getattr(row, what)) for what, label in columns]
        return el.tr(el.th(row.label, scope="row"), *cells, key=row.role)

    return el.div(
        el.p(
            "Chacun dans les ressorts de ses propres droits. Réserver suppose de chercher ; qui fixe les horaires "
            "les fixe pour les lieux qu’il tient.",
            class_name="fr-hint-text fr-mb-1w",
        ),
        el.div(el.table(el.thead(head), el.tbody(rx.foreach(S.rights, line)), class_name="pj-rights")),
    )


def _right(row: rx.Var[RightRow], what: str, label: str, is_on: rx.Var[bool]) -> rx.Component:
    full = "r-" + row.role + "-" + what
    return el.td(
        el.div(
            el.input(type="checkbox", id=full, checked=is_on, on_change=S.say_right(row.role, what)),
            el.label(
                el.span(row.label, " : ", class_name="fr-sr-only"),
                el.span(label, class_name="pj-rights__what"),
                html_for=full,
                class_name="fr-label",
            ),
            class_name="fr-checkbox-group fr-checkbox-group--sm",
        )
    )


# --- what an agent sees, what was done ---


def _preview() -> rx.Component:
    dates = rx.match(
        S.shape,
        (Shape.NIGHTS.value, "Arrivée et départ"),
        (Shape.PLACES.value, "Du, au"),
        (Shape.SESSIONS.value, "Audiences à partir du"),
        "Rendez-vous à partir du",
    )
    return el.aside(
        el.h2("Ce que voit un agent", class_name="fr-h6 fr-mb-1w"),
        el.div(
            el.span(
                rx.cond(S.typed["layer"] != "", S.typed["layer"], "Nom court"),
                class_name="fr-tag fr-tag--sm fr-mb-1w",
            ),
            el.p(dates, class_name="pj-seen"),
            el.p("Adresse et distance", class_name="pj-seen"),
            rx.foreach(S.filters, _seen),
            class_name="pj-preview",
        ),
        el.p("Ce n’est qu’un aperçu : rien ne s’y saisit.", class_name="fr-text--xs pj-grey fr-mt-1w"),
        aria_label="Aperçu",
        class_name="pj-kind__aside",
    )


def _seen(one: rx.Var[Filter]) -> rx.Component:
    unit = rx.cond(one.unit != "", " (" + one.unit + ")", "")
    return el.div(
        el.p(rx.cond(one.type == AttributeType.FLAG.value, "☐ " + one.label, one.label + unit), class_name="fr-mb-0"),
        rx.cond(
            one.options.length() > 0,
            el.p(one.options.join(" · "), class_name="fr-text--sm pj-grey fr-mb-0"),
        ),
        class_name="pj-seen",
    )


def _past() -> rx.Component:
    listed = el.ol(
        rx.foreach(
            S.past,
            lambda one: el.li(
                el.span(one.what, ", ", one.when, rx.cond(one.who != "", ", par " + one.who, "")),
                rx.cond(
                    one.changes.length() > 0,
                    el.ul(rx.foreach(one.changes, el.li), class_name="fr-text--sm pj-grey"),
                ),
            ),
        ),
        class_name="pj-plain pj-past",
    )
    return rx.cond(
        S.past.length() > 0,
        el.section(el.h2("Historique", class_name="fr-h6 fr-mb-1w"), listed, class_name="fr-mt-4w"),
    )
