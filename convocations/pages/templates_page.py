"""The texts of messages, for administrators: written beside the phone that will show them, in each language."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages.widgets import inner_link
from convocations.pages.templates_state import EARLIER, EDITOR, MESSAGES, TemplatesState
from convocations.pages.templates_words import (
    LANGUAGE_NAMES,
    LEAD,
    LEAD_TO_HOSTS,
    BrokenRow,
    LanguageRow,
    Letter,
    VariableChip,
    VersionRow,
)
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, described_by, field, select_field, skeleton

el = rx.el
S = TemplatesState
SMALL = "fr-btn fr-btn--sm fr-btn--tertiary"


@page(
    "/modeles",
    title="Modèles de messages",
    roles=(EDITOR,),
    on_load=[S.load],
    entry="Modèles",
    order=66,
    description="Ce que disent les SMS, aux personnes et aux lieux, par type de message, service et langue.",
)
def templates_page() -> rx.Component:
    """Return the page."""
    body = el.div(
        _broken(),
        _choice(),
        el.div(_editor(), _phone(), class_name="pj-texts"),
        _service(),
        _reminders(),
        _languages(),
        _history(),
    )
    return layout(
        el.p(
            rx.cond(S.is_to_host, LEAD_TO_HOSTS, LEAD),
            " Voir aussi les ",
            inner_link("courriels envoyés aux lieux", href="/courriels/", class_name="fr-link"),
            " et ",
            inner_link("ce que coûtent les SMS", href="/convocations/couts/", class_name="fr-link"),
            ".",
            class_name="pj-lead",
        ),
        rx.cond(S.is_loaded, body, skeleton(8, "Lecture des textes…")),
        title="Modèles de messages",
        wide=True,
        on_undo=S.undo,
    )


def _broken() -> rx.Component:
    def line(one: rx.Var[BrokenRow]) -> rx.Component:
        return el.li(inner_link(one.words, href=one.href, class_name="fr-link"), key=one.id)

    return rx.cond(
        S.broken.length() > 0,
        el.div(
            el.h2("Des textes n’ont pas pu être écrits", class_name="fr-alert__title"),
            el.p("Les SMS sont partis avec le texte standard. Corrigez ces textes :"),
            el.ul(rx.foreach(S.broken, line)),
            class_name="fr-alert fr-alert--warning fr-mb-3w",
        ),
    )


def _choice() -> rx.Component:
    def chosen(label: Any, name: str, value: Any, options: Any, handler: str) -> rx.Component:
        return select_field(label, name, options, value=value, on_change=lambda typed: S.choose(handler, typed))

    def among(everything: str, listed: Any) -> rx.Component:
        return rx.fragment(
            el.option(everything, value=""), rx.foreach(listed, lambda one: el.option(one[1], value=one[0]))
        )

    return el.div(
        chosen("Message", "quel-message", S.message, MESSAGES, "message"),
        rx.cond(~S.is_to_host, chosen("Langue", "langue", S.language, list(LANGUAGE_NAMES.items()), "language")),
        rx.cond(
            S.is_more & ~S.is_to_host,
            field(
                "Chercher un service",
                "chercher",
                type="search",
                default_value=S.sought,
                on_change=S.seek.debounce(300),
                auto_complete="off",
            ),
        ),
        rx.cond(
            ~S.is_to_host,
            chosen("Service", "service", S.service, among("Tous les services", S.services), "service"),
        ),
        chosen(
            rx.cond(S.is_to_host, "Type de place", "Type de rendez-vous"),
            "type",
            S.kind,
            among("Tous les types", S.kinds),
            "kind",
        ),
        class_name="pj-texts__choice",
    )


def _editor() -> rx.Component:
    area = el.textarea(
        id="texte",
        name="texte",
        key=S.turn.to_string(),
        default_value=S.body,
        rows="6",
        dir=S.direction,
        lang=S.language,
        spell_check=True,
        read_only=S.why_not != "",
        aria_describedby=described_by("texte"),
        aria_invalid=S.problems.length() > 0,
        on_change=S.type_in.debounce(250),
        on_blur=S.type_in,
        class_name="fr-input",
    )
    wrong = el.ul(rx.foreach(S.problems, lambda one: el.li(one, class_name="fr-error-text")), class_name="pj-plain")
    writing = el.div(
        el.p(el.strong(S.source), class_name="fr-mb-1v"),
        el.p(S.class_words, class_name="fr-text--sm pj-grey"),
        rx.cond(S.why_not != "", el.p(S.why_not, class_name="pj-warning")),
        field("Texte du message", "texte", control=area),
        el.div(rx.cond(S.problems.length() > 0, wrong), role="alert", aria_live="polite"),
        rx.cond(S.why_not == "", el.div(_chips(), _letters(), _warnings(), _acts())),
    )
    return el.section(writing, aria_label="Écrire le texte", class_name="pj-texts__editor")


def _chips() -> rx.Component:
    def chip(one: rx.Var[VariableChip]) -> rx.Component:
        return el.li(
            el.button(
                one.code,
                type="button",
                on_click=S.insert(one.code),
                aria_label="Ajouter " + one.code + " : " + one.meaning,
                class_name="fr-tag",
            ),
            el.span(one.meaning, class_name="fr-text--sm pj-grey", aria_hidden="true"),
            key=one.code,
        )

    return el.div(
        el.p("Ce qui s’écrit tout seul : un clic l’ajoute à la fin", class_name="fr-text--sm fr-mb-1v"),
        el.ul(rx.foreach(S.chips, chip), class_name="pj-texts__chips"),
    )


def _letters() -> rx.Component:
    def line(one: rx.Var[Letter]) -> rx.Component:
        return el.li(one.words, key=one.letter)

    return rx.cond(
        S.letters.length() > 0,
        el.div(
            el.p(
                "Ces signes ne sont pas dans l’alphabet court des SMS (GSM-7) : un SMS n’a plus alors que 70 signes.",
                class_name="fr-text--sm fr-mb-1v",
            ),
            el.ul(rx.foreach(S.letters, line), class_name="fr-text--sm pj-texts__letters"),
            el.button("Écrire simplement", type="button", on_click=S.spell_plainly, class_name=SMALL),
            class_name="fr-mb-2w",
        ),
    )


def _warnings() -> rx.Component:
    return el.div(
        rx.cond(
            S.warned.length() > 0,
            el.div(
                el.h3("À relire avant de mettre en service", class_name="fr-alert__title"),
                el.ul(rx.foreach(S.warned, _line)),
                rx.cond(
                    S.asks,
                    el.button(
                        "Mettre en service quand même",
                        id="confirmer",
                        type="button",
                        on_click=S.use(True),
                        class_name="fr-btn fr-btn--sm",
                    ),
                ),
                class_name="fr-alert fr-alert--warning fr-mb-2w",
            ),
        ),
        role="status",
        aria_live="polite",
    )


def _line(words: rx.Var[str]) -> rx.Component:
    return el.li(words)


def _acts() -> rx.Component:
    return el.div(
        el.button("Mettre en service", type="button", on_click=S.use(False), class_name="fr-btn"),
        el.button("Garder comme brouillon", type="button", on_click=S.draft, class_name="fr-btn fr-btn--secondary"),
        rx.cond(S.has_draft, el.button("Abandonner le brouillon", type="button", on_click=S.drop, class_name=SMALL)),
        rx.cond(
            S.in_use,
            el.button("Ne plus utiliser ce texte", type="button", on_click=S.go_back(""), class_name=SMALL),
        ),
        class_name="pj-actions",
    )


def _phone() -> rx.Component:
    sms = S.screen
    shown = el.p(sms.body, lang=sms.language, dir=sms.direction, class_name="pj-phone__sms")
    waiting = el.p("Le SMS s’écrira ici dès que le texte convient.", class_name="pj-grey fr-text--sm")
    return el.section(
        el.h2("Tel qu’il sera lu", class_name="fr-h6 fr-mb-2w"),
        el.div(
            el.p("SMS", class_name="pj-phone__head", aria_hidden="true"),
            el.div(rx.cond(sms.body != "", shown, waiting), class_name="pj-phone__screen"),
            class_name="pj-phone",
        ),
        el.p(sms.cost, class_name="fr-text--sm fr-mb-1v pj-cost", role="status"),
        el.p(S.told, class_name="fr-text--sm pj-grey"),
        aria_label="Aperçu",
    )


def _switch(label: Any, name: str, checked: Any, on_change: Any, hint: Any = "") -> rx.Component:
    return el.div(
        el.input(type="checkbox", id=name, name=name, checked=checked, on_change=on_change),
        el.label(label, el.span(hint, class_name="fr-hint-text"), html_for=name, class_name="fr-label"),
        class_name="fr-checkbox-group fr-mb-2w",
    )


def _service() -> rx.Component:
    return rx.cond(
        S.can_name,
        el.section(
            _switch(
                "Le service accepte que son nom soit écrit dans les SMS",
                "nommer",
                S.is_named,
                S.name_service,
                "La variable {service} apparaît alors. À ne cocher qu’avec son accord.",
            ),
            class_name="fr-mt-3w",
        ),
    )


def _reminders() -> rx.Component:
    boxes = [
        _switch(words, f"rappel-{hours}", S.earlier.contains(hours), lambda wanted, h=hours: S.remind(h, wanted))
        for hours, words in EARLIER.items()
    ]
    return rx.cond(
        S.can_remind & (S.message == "reminder"),
        el.fieldset(
            el.legend(
                "Rappels de plus pour ce type, avant celui de 48 h ou 24 h",
                class_name="fr-fieldset__legend fr-fieldset__legend--regular",
            ),
            el.div(*boxes, class_name="fr-fieldset__element"),
            class_name="fr-fieldset fr-mt-3w",
        ),
    )


def _languages() -> rx.Component:
    def line(one: rx.Var[LanguageRow]) -> rx.Component:
        mark = el.button(
            rx.cond(one.is_reviewed, "À relire de nouveau", "Marquer comme relue"),
            type="button",
            aria_label=one.name + rx.cond(one.is_reviewed, " : à relire de nouveau", " : marquer comme relue"),
            on_click=S.reviewed(one.code, ~one.is_reviewed),
            class_name=SMALL,
        )
        return el.li(
            el.div(
                inner_link(one.name, href=one.href, class_name="fr-link"),
                badge(one.review, one.badge),
                class_name="pj-texts__language",
            ),
            el.p(
                one.screen.body,
                lang=one.code,
                dir=one.screen.direction,
                class_name="pj-phone__sms pj-phone__sms--french",
            ),
            el.p(one.source + ", " + one.screen.cost, class_name="fr-text--sm pj-grey fr-mb-1v pj-cost"),
            rx.cond(one.read != "", el.p(one.read, class_name="fr-text--sm pj-grey fr-mb-1v")),
            rx.cond(one.can_review, mark),
            key=one.code,
        )

    section = el.section(
        el.h2("Ce message dans chaque langue", class_name="fr-h5"),
        el.p(
            "Chacun reçoit les SMS dans sa langue. Les phrases fournies avec le logiciel sont à faire relire : la "
            "mention n’est montrée qu’ici, jamais aux personnes.",
            class_name="pj-lead",
        ),
        el.ul(rx.foreach(S.languages, line), class_name="pj-texts__languages"),
        class_name="fr-mt-4w",
    )
    return rx.cond(~S.is_to_host, section)


def _history() -> rx.Component:
    def line(one: rx.Var[VersionRow]) -> rx.Component:
        return el.li(
            el.div(el.strong(one.number), badge(one.state, one.badge), class_name="pj-texts__language"),
            el.p(one.body, dir=S.direction, lang=S.language, class_name="fr-mb-1v pj-texts__body"),
            el.p(one.made, class_name="fr-text--sm pj-grey fr-mb-1v"),
            rx.cond(one.confirmed != "", el.p(one.confirmed, class_name="fr-text--sm pj-warning fr-mb-1v")),
            rx.cond(
                one.can_use,
                el.button(
                    "Remettre en service",
                    type="button",
                    aria_label="Remettre en service : " + one.number,
                    on_click=S.go_back(one.id),
                    class_name=SMALL,
                ),
            ),
            key=one.id,
        )

    nothing = el.p("Aucun texte n’a encore été écrit ici.", class_name="pj-grey")
    return el.section(
        el.h2("Versions", class_name="fr-h5"),
        rx.cond(S.history.length() > 0, el.ul(rx.foreach(S.history, line), class_name="pj-messages"), nothing),
        class_name="fr-mt-4w",
    )
