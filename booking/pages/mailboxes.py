"""Where requests arrive by e-mail and SMS, each with what corrects it: for a service, and for who administers it."""

from __future__ import annotations

import reflex as rx

from booking.pages.mailboxes_state import MailboxLine, MailboxState
from booking.pages.widgets import inner_link
from portal.ui.pieces import empty_state, field, skeleton

el = rx.el
S = MailboxState


def own_mailboxes() -> rx.Component:
    """Return the sites of one's service, nothing when it has none on which something is asked."""
    read_them = el.p(
        inner_link("Lire les courriels tels qu’ils seraient reçus", href="/courriels/", class_name="fr-link"),
        class_name="fr-text--sm",
    )
    section = el.section(
        el.h2("Courriels et SMS", class_name="fr-h5"),
        el.p(
            "Chaque demande arrive aussi par courriel, et par SMS si vous donnez un mobile, avec un lien qui permet "
            "d’y répondre sans compte.",
            class_name="fr-text--sm fr-mb-1w",
        ),
        rx.cond(S.reads_mail, read_them),
        _listed(),
        class_name="fr-mt-6w",
    )
    return rx.cond(S.lines.length() > 0, section)


def administered_mailboxes() -> rx.Component:
    """Return the sites that an administrator looks for."""
    search = field(
        "Quel lieu ?",
        "mailbox_search",
        hint="Nom ou commune",
        type="search",
        default_value=S.sought,
        on_change=S.search.debounce(250),
        auto_complete="off",
    )
    nothing = rx.cond(
        S.sought != "",
        empty_state("Aucun lieu", "Aucun lieu de votre ressort à qui une place se demande n’a ces mots."),
        empty_state("Aucune adresse ni mobile donnés", "Cherchez un lieu pour dire où lui envoyer les demandes."),
    )
    found = el.div(_listed(), rx.cond(S.is_more, el.p("Précisez la recherche pour voir les autres.")))
    return el.section(
        el.h2("Où arrivent les demandes", class_name="fr-h5"),
        el.p(
            "L’adresse et le mobile que chaque lieu a donnés ; cherchez les autres. Corrigez-les avec l’accord du lieu."
            " Un mobile qui a répondu STOP ne reprend que par lui.",
            class_name="pj-lead",
        ),
        el.div(search, class_name="pj-narrow fr-mb-2w"),
        rx.cond(S.is_loaded, el.div(rx.cond(S.lines.length() > 0, found, nothing), aria_live="polite"), skeleton(4)),
        class_name="fr-mt-5w",
    )


def _listed() -> rx.Component:
    return el.ul(rx.foreach(S.lines, _mailbox), class_name="pj-list")


def _mailbox(line: rx.Var[MailboxLine]) -> rx.Component:
    edited = _form(line)
    return el.li(rx.cond(S.open_site == line.site_id, edited, _line(line)), key=line.site_id, class_name="pj-answered")


def _line(line: rx.Var[MailboxLine]) -> rx.Component:
    change = el.button(
        "Modifier",
        el.span(" l’adresse et le mobile de ", line.site, class_name="fr-sr-only"),
        type="button",
        on_click=S.open_mailbox(line.site_id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    again = el.button(
        "Recevoir de nouveau les SMS",
        el.span(" de ", line.site, class_name="fr-sr-only"),
        type="button",
        on_click=S.resume(line.site_id),
        class_name="fr-btn fr-btn--sm fr-btn--secondary pj-mailbox__again",
    )
    return rx.fragment(
        el.div(
            el.span(line.site, class_name="pj-name"),
            rx.cond(line.address != "", el.span(line.address, " – ", line.why), el.span(line.why)),
            rx.cond(
                line.phone != "",
                el.span(line.phone, " – ", rx.cond(line.how_again != "", el.strong(line.phone_why), line.phone_why)),
            ),
            rx.cond(line.how_again != "", el.span(line.how_again, class_name="fr-text--sm pj-grey fr-mb-0")),
            rx.cond(line.can_resume, again),
            class_name="pj-mailbox",
        ),
        change,
    )


def _form(line: rx.Var[MailboxLine]) -> rx.Component:
    return rx.el.form(
        field(
            rx.Var.create("Adresse qui reçoit les demandes : ") + line.site,
            "email",
            hint="Une seule adresse ; vide, celle connue avec ce lieu. Les demandes en attente y sont renvoyées.",
            error=S.address_problem,
            default_value=S.address_typed,
            input_mode="email",
            auto_complete="email",
            auto_focus=True,
        ),
        field(
            "Mobile qui reçoit un SMS (facultatif)",
            "phone",
            hint="De 8 h à 20 h, hors dimanches et jours fériés, sans rien qui désigne la personne. Vide, aucun SMS.",
            error=S.phone_problem,
            default_value=S.phone_typed,
            type="tel",
            auto_complete="tel",
        ),
        rx.cond(line.how_again != "", el.p(line.phone_why, ". ", line.how_again, class_name="fr-text--sm fr-mb-0")),
        el.div(
            el.button("Enregistrer", type="submit", class_name="fr-btn"),
            el.button("Revenir", type="button", on_click=S.open_mailbox(""), class_name="fr-btn fr-btn--secondary"),
            class_name="pj-actions",
        ),
        on_submit=S.save_mailbox,
        class_name="pj-mailbox__form",
    )
