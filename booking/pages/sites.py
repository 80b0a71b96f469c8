"""The page of sites, for administrators: what is closed is opened again, each agenda is given to its account,
and each place is told of its requests where it wants."""

from __future__ import annotations

import reflex as rx

from booking.pages.mailboxes import administered_mailboxes
from booking.pages.mailboxes_state import MailboxState
from booking.pages.sites_state import ADMINISTRATOR, AgentRow, ClosedSite, SitesState
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, field, select_field, skeleton, table

el = rx.el
S = SitesState


@page(
    "/lieux",
    title="Lieux",
    roles=(ADMINISTRATOR,),
    on_load=[S.load, MailboxState.load_administered],
    entry="Lieux",
    order=65,
    description="Les lieux fermés du ressort, à qui est chaque agenda, et où arrivent les demandes.",
)
def sites_page() -> rx.Component:
    """Return the page."""
    body = el.div(_closures(), _agendas(), administered_mailboxes())
    return layout(
        el.p(
            "Les lieux sont créés et complétés par ",
            inner_link("un import", href="/importer/", class_name="fr-link"),
            ". Les jours où tous les tribunaux d’une cour ferment sont dans les ",
            inner_link("vacations judiciaires", href="/vacations/", class_name="fr-link"),
            ", et les audiences qui reviennent dans les ",
            inner_link("modèles d’audiences", href="/audiences/modeles/", class_name="fr-link"),
            ". Une heure qui convient à plusieurs se cherche dans les ",
            inner_link("dates communes", href="/reunir/", class_name="fr-link"),
            ".",
            class_name="pj-lead",
        ),
        el.p(
            "Combien de visioconférences le pays porte au même moment se règle dans ",
            inner_link("Visioconférences", href="/visioconferences/", class_name="fr-link"),
            ".",
        ),
        rx.cond(S.is_loaded, body, skeleton(6)),
        title="Lieux",
        on_undo=S.undo,
    )


def _closures() -> rx.Component:
    nothing = empty_state(
        "Aucun lieu fermé",
        "Un lieu fermé en entier par ceux qui le tiennent se rouvre ici, même si plus personne ne le tient en entier.",
    )
    return el.section(
        el.h2("Lieux fermés en entier", class_name="fr-h5"),
        rx.cond(S.closed.length() > 0, el.ul(rx.foreach(S.closed, _closed), class_name="pj-plain"), nothing),
        class_name="fr-mb-5w",
    )


def _closed(one: rx.Var[ClosedSite]) -> rx.Component:
    return el.li(
        el.div(
            el.strong(one.name),
            el.p(one.days, rx.cond(one.reason != "", " (" + one.reason + ")", ""), class_name="fr-mb-0"),
            el.p(one.where, class_name="fr-text--sm pj-grey fr-mb-0"),
        ),
        el.button(
            "Rouvrir",
            type="button",
            aria_label="Rouvrir : " + one.name + ", " + one.days,
            on_click=S.reopen(one.site_id, one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        key=one.id,
        class_name="pj-recess",
    )


def _agendas() -> rx.Component:
    search = field(
        "Quel agenda ?",
        "agenda_search",
        hint="Nom, service, commune ou compte",
        type="search",
        default_value=S.typed,
        on_change=S.search.debounce(250),
        auto_complete="off",
    )
    found = el.div(
        table("Agendas et comptes", ("Agenda", "Lieu", "Compte"), rx.foreach(S.rows, _row)),
        rx.cond(S.is_more, el.p("Précisez la recherche pour voir les autres.", class_name="pj-grey")),
        class_name="pj-agendas",
    )
    nothing = rx.cond(
        S.typed != "",
        empty_state("Aucun agenda", "Aucun de ceux de votre ressort n’a ces mots : essayez-en d’autres."),
        empty_state("Aucun agenda attribué", "Cherchez celui d’un agent, et dites à quel compte il appartient."),
    )
    return el.section(
        el.h2("À qui est chaque agenda", class_name="fr-h5"),
        el.p(
            "L’agenda d’une personne s’ouvre en premier quand elle va dans « Agenda ». Voici ceux qui sont attribués ; "
            "cherchez les autres.",
            class_name="pj-lead",
        ),
        el.div(search, class_name="pj-narrow"),
        el.div(rx.cond(S.rows.length() > 0, found, nothing), aria_live="polite"),
    )


def _row(row: rx.Var[AgentRow]) -> rx.Component:
    change = el.button(
        rx.cond(row.account_id != "", "Changer", "Attribuer"),
        type="button",
        aria_label=rx.cond(row.account_id != "", "Changer le compte : ", "Attribuer à un compte : ") + row.name,
        on_click=S.choose(row.resource_id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    shown = el.div(
        el.span(rx.cond(row.owner != "", row.owner, el.span("personne", class_name="pj-grey"))),
        change,
        class_name="pj-recess pj-recess--bare",
    )
    return el.tr(
        el.th(row.name, el.p(row.detail, class_name="fr-text--xs fr-mb-0 pj-agendas__detail"), scope="row"),
        el.td(row.where),
        el.td(rx.cond(S.chosen == row.resource_id, _choice(row), shown)),
        key=row.resource_id,
    )


def _choice(row: rx.Var[AgentRow]) -> rx.Component:
    accounts = rx.fragment(
        el.option("Personne", value=""), rx.foreach(S.owners, lambda one: el.option(one[1], value=one[0]))
    )
    return rx.el.form(
        select_field("Compte", "compte", accounts, default_value=row.account_id),
        el.div(
            el.button("Enregistrer", type="submit", class_name="fr-btn fr-btn--sm"),
            el.button(
                "Renoncer",
                type="button",
                on_click=S.choose(row.resource_id),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            class_name="pj-actions",
        ),
        on_submit=S.give,
        class_name="pj-form",
    )
