"""The sheet of one person, by tabs. What changes something opens a form in its place; nothing asks "are you sure"."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.pages import person_words as words
from booking.pages.person_picker import LANGUAGES, PhoneChoice
from booking.pages.person_sheet_state import PersonSheetState
from booking.pages.person_words import AppointmentRow, Item, PassingCard, PhoneCard
from booking.pages.widgets import inner_link, outer_link
from booking.person_models import Said
from portal.ui.dates import NBSP
from portal.ui.dsfr import native_link
from portal.ui.pieces import badge, field, select_field, skeleton
from portal.ui.sheet import sheet

el = rx.el
S = PersonSheetState
MISSING = "Ce dossier n’existe pas, ou ne vous est pas accessible : il a pu passer à un autre service."
HOW = tuple((said.value, words.SAID_WORDS[said].capitalize()) for said in (Said.ORAL, Said.WRITTEN, Said.LINK))
HOW_REFUSED = (*HOW[:2], (Said.STOP.value, "Par STOP"), HOW[2])


def person_sheet(*, on_close: Any, after: Any) -> rx.Component:
    """Return the sheet; `on_close` changes the address of the page, `after` refreshes what is behind."""
    body = rx.match(
        S.step,
        ("loading", skeleton(8, "Ouverture du dossier…")),
        (
            "missing",
            el.p("Ce dossier n’existe pas, ou ne vous est pas accessible : il a pu passer à un autre service."),
        ),
        ("shown", _shown(after)),
        rx.fragment(),
    )
    return sheet(body, open=S.is_open, title=S.title, on_close=on_close)


def _shown(after: Any) -> rx.Component:
    file_number = rx.cond(S.view.file_number != "", " · dossier " + S.view.file_number, "")
    convene = inner_link(
        "Convoquer", href=S.view.convene, class_name="fr-btn fr-btn--sm fr-icon-send-plane-line fr-btn--icon-left"
    )
    statement = native_link(
        "Relevé des convocations (PDF)",
        href=S.view.statement,
        class_name="fr-btn fr-btn--sm fr-btn--secondary fr-icon-file-download-line fr-btn--icon-left",
    )
    return el.div(
        el.p(S.view.born, file_number, class_name="fr-mb-1w"),
        rx.cond(S.view.convene != "", el.div(convene, statement, class_name="pj-actions fr-mb-2w")),
        _answer(),
        _tabs(),
        rx.match(
            S.tab,
            ("contact", _contact(after)),
            ("services", _services(after)),
            ("rendez-vous", _appointments()),
            ("historique", _history()),
            _identity(after),
        ),
        class_name="pj-someone",
    )


def _answer() -> rx.Component:
    undo = el.button(
        "Annuler", type="button", on_click=S.undo, class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w"
    )
    alert = el.div(
        el.p(S.said), rx.cond(S.can_undo, undo), class_name="fr-alert fr-alert--sm fr-mb-2w fr-alert--" + S.tone
    )
    return el.div(rx.cond(S.said != "", alert), id="reponse", tab_index=-1, role="status", aria_live="polite")


def _tabs() -> rx.Component:
    def one(name: str, label: str) -> rx.Component:
        return el.div(
            el.input(
                type="radio",
                id=f"volet-{name}",
                name="volet",
                value=name,
                checked=S.tab == name,
                on_change=S.pick_tab(name),
            ),
            el.label(label, html_for=f"volet-{name}", class_name="fr-label"),
            class_name="fr-segmented__element",
        )

    return el.fieldset(
        el.legend("Partie du dossier", class_name="fr-sr-only"),
        el.div(*[one(name, label) for name, label in words.TABS.items()], class_name="fr-segmented__elements"),
        class_name="fr-segmented fr-segmented--sm fr-segmented--no-legend pj-tabs fr-mb-2w",
    )


def _identity(after: Any) -> rx.Component:
    view = S.view
    facts = (
        ("Nom d’usage", view.usage),
        ("Autres noms", view.aliases),
        ("Sexe", view.sex),
        ("Langue", view.language),
        ("Dossier", view.file_number),
        ("Détenu par", view.service),
    )
    shown = el.div(
        el.dl(
            *[
                rx.cond(value != "", el.div(el.dt(name), el.dd(value), class_name="pj-about__line"))
                for name, value in facts
            ],
            class_name="pj-about",
        ),
        _small("Modifier l’identité", S.edit("identity", ""), icon="fr-icon-edit-line"),
    )
    return el.section(
        rx.cond(S.editing == "identity", _identity_form(after), shown),
        el.h3("Numéros de dossier", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        _items(S.files, "Aucun autre numéro.", "Retirer", S.remove_number),
        rx.cond(
            S.editing == "file",
            _form(
                el.div(
                    select_field("De quoi", "kind", [(k.value, w) for k, w in words.FILE_KINDS.items()]),
                    _field("Numéro", "number", auto_complete="off", max_length=64),
                    class_name="pj-form__grid",
                ),
                label="Ajouter le numéro",
                on_submit=S.save_file,
            ),
            _small("Ajouter un numéro", S.edit("file", ""), icon="fr-icon-add-line"),
        ),
        rx.cond(
            S.merged.length() > 0,
            el.div(
                el.h3("Dossiers réunis à celui-ci", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
                el.p(
                    "Séparer rend à l’autre dossier tout ce qu’il avait ; ce qui a été écrit depuis reste ici.",
                    class_name="fr-text--sm pj-grey",
                ),
                _items(S.merged, "", "Séparer", S.separate, after=after),
            ),
        ),
    )


def _identity_form(after: Any) -> rx.Component:
    sexes = (("F", "Femme"), ("M", "Homme"))
    return _form(
        el.div(
            _field("Nom", "family_name", auto_complete="off"),
            _field("Prénom", "given_name", auto_complete="off"),
            _field("Nom d’usage", "usage_name", hint="Facultatif", auto_complete="off"),
            _field("Autres noms", "aliases", hint="Alias, séparés par des virgules", auto_complete="off"),
            _field("Date de naissance", "birth_on", type="date"),
            select_field("Sexe", "sex", sexes, default_value=S.typed["sex"]),
            select_field("Langue", "language", LANGUAGES, default_value=S.typed["language"]),
            _field("Numéro de dossier", "file_number", auto_complete="off"),
            class_name="pj-form__grid",
        ),
        label="Enregistrer",
        on_submit=[S.save_identity, after],
    )


def _contact(after: Any) -> rx.Component:
    return el.section(
        el.h3("Téléphones", class_name="fr-h6 fr-mb-1w"),
        rx.cond(S.view.stopped != "", el.p(S.view.stopped, class_name="fr-text--sm fr-text--bold pj-warning")),
        rx.cond(
            S.phones.length() > 0,
            el.ul(rx.foreach(S.phones, _phone), class_name="pj-plain pj-someone__phones"),
            el.p("Aucun téléphone : la convocation se remet imprimée.", class_name="pj-grey"),
        ),
        rx.cond(
            S.editing == "phone",
            _phone_form(),
            _small("Ajouter un téléphone", S.edit("phone", ""), icon="fr-icon-add-line"),
        ),
        el.h3("Adresse", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        rx.cond(S.editing == "address", _address_form(after), _address()),
    )


def _phone(phone: rx.Var[PhoneCard]) -> rx.Component:
    acts = el.div(
        rx.cond(phone.can_receive, _small("Envoyer les SMS ici", S.use_phone(phone.id), about=phone.number)),
        _small("Noter un accord", S.edit("agree", phone.id), about=phone.number),
        _small("Noter un refus", S.edit("refuse", phone.id), about=phone.number),
        _small("N’est plus le sien", S.end_it(phone.id), about=phone.number),
        class_name="pj-actions pj-someone__acts",
    )
    is_asked = (S.about == phone.id) & ((S.editing == "agree") | (S.editing == "refuse"))
    return el.li(
        el.div(
            outer_link(phone.number, href=phone.call, class_name="pj-someone__number"),
            rx.cond(phone.receives, badge("reçoit les SMS", "success")),
            rx.cond(phone.is_over, badge("ancien")),
            class_name="pj-someone__line",
        ),
        el.p(phone.kind, " · ", phone.since, class_name="fr-text--sm fr-mb-0 pj-grey"),
        rx.cond(phone.consent != "", el.p(phone.consent, class_name="fr-text--sm fr-mb-0")),
        rx.cond(phone.refusal != "", el.p(phone.refusal, class_name="fr-text--sm fr-mb-0 fr-text--bold")),
        rx.cond(phone.is_over, rx.fragment(), rx.cond(is_asked, _choice_form(), acts)),
        key=phone.id,
        class_name=rx.cond(phone.is_over, "pj-someone__phone pj-someone__phone--over", "pj-someone__phone"),
    )


def _choice_form() -> rx.Component:
    how = rx.cond(
        S.editing == "agree",
        select_field("Comment l’accord est-il donné ?", "how", [("", "Choisir"), *HOW], error=S.problems["how"]),
        select_field("Comment le refus est-il dit ?", "how", [("", "Choisir"), *HOW_REFUSED], error=S.problems["how"]),
    )
    return _form(
        el.div(how, _field("Le", "on", type="date"), class_name="pj-form__grid"),
        label=rx.cond(S.editing == "agree", "Noter l’accord", "Noter le refus"),
        on_submit=S.save_choice,
    )


def _phone_form() -> rx.Component:
    kinds = [(kind.value, label) for kind, label in words.PHONE_KINDS.items()]
    receives = el.div(
        el.input(type="checkbox", id="receives", name="receives", value="1"),
        el.label("Envoyer les SMS à ce numéro", html_for="receives", class_name="fr-label"),
        class_name="fr-checkbox-group fr-checkbox-group--sm fr-mb-2w",
    )
    return _form(
        el.div(
            _field("Numéro", "phone", type="tel", hint="À l’étranger : avec son indicatif (+…)", auto_complete="off"),
            select_field("Type", "kind", kinds),
            _field("Depuis le", "since_on", type="date"),
            class_name="pj-form__grid",
        ),
        el.div(rx.cond(S.readings.length() > 0, _readings()), role="status", aria_live="polite"),
        receives,
        label="Ajouter le téléphone",
        on_submit=S.save_phone,
    )


def _readings() -> rx.Component:
    def one(choice: rx.Var[PhoneChoice]) -> rx.Component:
        return el.div(
            el.div(
                el.input(
                    type="radio",
                    id="lecture-" + choice.e164,
                    name="lecture",
                    value=choice.e164,
                    checked=S.reading == choice.e164,
                    on_change=S.choose_reading(choice.e164),
                ),
                el.label(choice.label, html_for="lecture-" + choice.e164, class_name="fr-label"),
                class_name="fr-radio-group fr-radio-group--sm",
            ),
            class_name="fr-fieldset__element",
        )

    legend = "fr-fieldset__legend fr-fieldset__legend--regular fr-text--sm"
    return el.fieldset(
        el.legend("De quel numéro s’agit-il ?", class_name=legend),
        rx.foreach(S.readings, one),
        class_name="fr-fieldset pj-readings",
    )


def _address() -> rx.Component:
    view = S.view
    on_map = outer_link("Voir sur une carte", href=view.map_href, target="_blank", class_name="fr-link fr-text--sm")
    return el.div(
        rx.cond(
            view.address != "", el.p(view.address, class_name="fr-mb-0"), el.p("Aucune adresse.", class_name="pj-grey")
        ),
        rx.cond(view.located != "", el.p(view.located, " ", on_map, class_name="fr-text--sm pj-grey")),
        _small("Modifier l’adresse", S.edit("address", ""), icon="fr-icon-edit-line"),
    )


def _address_form(after: Any) -> rx.Component:
    return _form(
        _field("Adresse", "address", hint="Numéro, rue, code postal et commune ; gardée chiffrée", auto_complete="off"),
        label="Enregistrer",
        on_submit=[S.save_address, after],
    )


def _services(after: Any) -> rx.Component:
    courts = rx.fragment(
        el.option("Choisir", value=""), rx.foreach(S.courts, lambda one: el.option(one[1], value=one[0]))
    )
    follow = _form(
        select_field(
            "Service qui suivra aussi la personne",
            "territory_id",
            courts,
            hint="Il verra ce dossier.",
            error=S.problems["territory_id"],
        ),
        label="Ajouter le service",
        on_submit=S.save_service,
    )
    offer = _form(
        rx.cond(
            S.view.is_held_here,
            select_field(
                "Service qui recevra le dossier", "to_territory_id", courts, error=S.problems["to_territory_id"]
            ),
        ),
        _field("Motif", "why", hint="Facultatif ; gardé chiffré", auto_complete="off", max_length=300),
        el.p(
            "L’autre service accepte ou refuse ; sans réponse dans les dix jours, le dossier passe.",
            class_name="fr-text--sm pj-grey",
        ),
        label="Demander",
        on_submit=[S.ask_passing, after],
    )
    ask_words = rx.cond(S.view.is_held_here, "Se dessaisir au profit d’un autre service", "Demander le dossier")
    return el.section(
        el.h3("Services qui suivent", class_name="fr-h6 fr-mb-1w"),
        _items(S.services, "Aucun service ne suit cette personne.", "Ne suit plus", S.stop_service),
        rx.cond(
            S.editing == "service",
            follow,
            el.div(
                _small("Ajouter un service", S.edit("service", ""), icon="fr-icon-add-line"),
                _small("Je suis le référent", S.be_officer),
                class_name="pj-actions",
            ),
        ),
        el.h3("Dessaisissement", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        rx.cond(
            S.passing.length() > 0,
            el.ul(rx.foreach(S.passing, _passing), class_name="pj-cards fr-mb-2w"),
        ),
        rx.cond(S.editing == "pass", offer, _small(ask_words, S.edit("pass", ""))),
    )


def _passing(card: rx.Var[PassingCard]) -> rx.Component:
    return el.li(
        badge(card.state, card.badge),
        rx.foreach(card.lines, lambda line: el.p(line, class_name="fr-text--sm fr-mb-0")),
        el.div(
            rx.cond(card.can_answer, inner_link("Répondre", href=words.PASSING, class_name="fr-btn fr-btn--sm")),
            rx.cond(card.can_withdraw, _small("Retirer la demande", S.withdraw_passing(card.id))),
            class_name="pj-actions fr-mt-1w",
        ),
        key=card.id,
        class_name="pj-card",
    )


def _appointments() -> rx.Component:
    def one(row: rx.Var[AppointmentRow]) -> rx.Component:
        return el.li(
            el.div(
                inner_link(row.what, href=row.href, class_name="fr-link"),
                badge(row.state, row.badge),
                class_name="pj-someone__line",
            ),
            el.p(row.when, " · ", row.where, class_name="fr-text--sm fr-mb-0 pj-grey"),
            key=row.id,
            class_name="pj-someone__phone",
        )

    return el.section(
        el.h3("Réservations et convocations", class_name="fr-h6 fr-mb-1w"),
        rx.cond(
            S.appointments.length() > 0,
            el.ul(rx.foreach(S.appointments, one), class_name="pj-plain"),
            el.p("Rien n’est réservé pour cette personne, et elle n’est convoquée à rien.", class_name="pj-grey"),
        ),
    )


def _history() -> rx.Component:
    def one(line: rx.Var[Item]) -> rx.Component:
        return el.li(el.span(line.detail, class_name="pj-history__at"), el.span(line.title), key=line.id)

    return el.section(
        el.h3("Historique", class_name="fr-h6 fr-mb-1w"),
        el.p("Chaque ouverture de ce dossier est journalisée.", class_name="fr-text--sm pj-grey"),
        el.ul(rx.foreach(S.history, one), class_name="fr-raw-list pj-history"),
    )


def _items(items: rx.Var[list[Item]], none: str, label: str, event: Any, *, after: Any = None) -> rx.Component:
    def one(item: rx.Var[Item]) -> rx.Component:
        done = [event(item.id), after] if after else event(item.id)
        detail = el.p(item.detail, class_name="fr-text--sm fr-mb-0 pj-grey")
        return el.li(
            el.div(el.strong(item.title), detail, class_name="pj-item__about"),
            rx.cond(item.can_act, _small(label, done, about=item.title)),
            key=item.id,
            class_name="pj-item",
        )

    listed = el.ul(rx.foreach(items, one), class_name="pj-plain pj-items")
    return rx.cond(items.length() > 0, listed, el.p(none, class_name="pj-grey"))


def _small(label: Any, event: Any, *, about: Any = "", icon: str = "") -> rx.Component:
    more = {"aria_label": f"{label}{NBSP}: " + about} if isinstance(about, rx.Var) else {}
    return el.button(
        label,
        type="button",
        on_click=event,
        class_name=f"fr-btn fr-btn--sm fr-btn--tertiary {icon} {'fr-btn--icon-left' if icon else ''}",
        **more,
    )


def _field(label: str, name: str, **props: Any) -> rx.Component:
    return field(label, name, error=S.problems[name], default_value=S.typed[name], **props)


def _form(*children: rx.Component, label: Any, on_submit: Any) -> rx.Component:
    return rx.el.form(
        *children,
        el.div(
            el.button(label, type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Revenir",
                type="button",
                on_click=S.edit("", ""),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
            ),
            class_name="pj-actions",
        ),
        on_submit=on_submit,
        no_validate=True,
        class_name="pj-form pj-someone__form",
    )
