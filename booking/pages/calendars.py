"""Calendars both ways: an address to subscribe to, and calendars of elsewhere that make one busy."""

from __future__ import annotations

import reflex as rx

from booking.pages.calendars_state import READERS, CalendarsState
from booking.pages.calendars_words import CoveredLine, FeedLine, LinkLine
from booking.pages.ledger_parts import found_line
from booking.pages.widgets import copy_button, inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field, skeleton

el = rx.el
NBSP = "\N{NO-BREAK SPACE}"
SUBSCRIBE = (
    ("Outlook", (
        "Ouvrez le calendrier, puis « Ajouter un calendrier ».",
        "Choisissez « S’abonner à partir du web » (ou « À partir d’Internet »).",
        "Collez l’adresse, donnez un nom, puis « Importer ».",
    )),
    ("Google Agenda", (
        "Sur un ordinateur, à côté de « Autres agendas », choisissez « + », puis « À partir de l’URL ».",
        "Collez l’adresse, puis « Ajouter l’agenda ».",
        "Google relit l’adresse quelques fois par jour seulement.",
    )),
    ("Nextcloud, téléphone", (
        "Nextcloud : « Nouvel agenda », puis « Nouvel abonnement », et collez l’adresse.",
        "iPhone : Réglages, Apps, Calendrier, Comptes, « Ajouter un compte », « Autre », puis « S’abonner ».",
        "Android : abonnez-vous dans Google Agenda sur un ordinateur ; le téléphone suit.",
    )),
)  # fmt: skip
IMPORT = (
    ("Outlook", (
        "Paramètres, « Calendriers partagés », puis « Publier un calendrier ».",
        "Choisissez « Peut voir quand je suis occupé(e) », puis « Publier ».",
        "Copiez le lien ICS.",
    )),
    ("Google Agenda", (
        "Paramètres de l’agenda, « Intégrer l’agenda ».",
        "Copiez l’« adresse secrète au format iCal ».",
    )),
    ("Nextcloud", (
        "À côté de l’agenda, le bouton de partage, puis « Lien de partage ».",
        "Dans le menu du lien, « Copier le lien d’abonnement ».",
    )),
)  # fmt: skip


@page(
    "/calendriers",
    title="Calendriers",
    roles=READERS,
    on_load=(CalendarsState.load,),
    part_of="/agenda",
    description="Voir ses rendez-vous dans son agenda, et importer ses absences.",
)
def calendars_page() -> rx.Component:
    """Return the page."""
    state = CalendarsState
    body = rx.match(state.step, ("choose", _choose()), ("one", _one()), skeleton(8, "Chargement des calendriers…"))
    return layout(body, title=state.title, on_undo=state.undo)


def _choose() -> rx.Component:
    state = CalendarsState
    search = field(
        "De qui, ou de quoi ?",
        "calendars_search",
        hint="Nom, service, commune ou type",
        default_value=state.typed,
        on_change=state.search.debounce(200),
        auto_complete="off",
        type="search",
    )
    nothing = empty_state("Aucun agenda", "Rien de votre ressort ne porte ce nom. Essayez un autre mot.")
    listed = el.ul(rx.foreach(state.found, found_line), class_name="pj-plain")
    rest = el.p("Seuls les premiers sont montrés : précisez la recherche.", class_name="pj-grey fr-mt-2w")
    return el.div(
        el.p("Voyez vos rendez-vous dans votre agenda, et faites connaître vos absences sans rien ressaisir."),
        search,
        el.p(state.count, f"{NBSP}agenda", rx.cond(state.count > 1, "s", ""), role="status", class_name="pj-grey"),
        rx.cond(state.count > 0, listed, nothing),
        rx.cond(state.count > state.found.length(), rest),
    )


def _one() -> rx.Component:
    state = CalendarsState
    back = rx.cond(
        state.agenda != "",
        inner_link("Voir l’agenda", href=state.agenda, class_name="fr-link fr-icon-arrow-left-line fr-link--icon-left"),
    )
    other = inner_link("Choisir un autre agenda", href="/calendriers/", class_name="fr-link")
    return el.div(
        el.p(state.where, class_name="pj-grey fr-mb-1w"),
        el.p(back, other, class_name="pj-actions fr-mb-4w"),
        el.div(_subscribe(), rx.cond(state.may_import, _import()), class_name="pj-calendars"),
    )


def _subscribe() -> rx.Component:
    state = CalendarsState
    return el.section(
        el.h2("S’abonner", id="s-abonner", class_name="fr-h4 fr-mb-1w"),
        el.p("Une adresse à coller dans votre agenda : les rendez-vous pris ici y paraissent, changent et s’effacent."),
        rx.cond(state.links.length() > 0, el.ul(rx.foreach(state.links, _link), class_name="pj-requests")),
        _new_link(),
        _steps("Comment s’abonner", SUBSCRIBE),
        aria_labelledby="s-abonner",
    )


def _link(line: rx.Var[LinkLine]) -> rx.Component:
    name = "adresse-" + line.id
    return el.li(
        el.label(line.what, html_for=name, class_name="fr-label fr-text--bold"),
        el.input(
            id=name,
            value=line.address,
            read_only=True,
            spell_check=False,
            class_name="fr-input pj-calendars__address",
        ),
        el.p(line.read, class_name="fr-text--sm pj-grey fr-mt-1v fr-mb-1w"),
        el.div(
            copy_button(label="Copier", text=line.address),
            _small("Changer d’adresse", line.what, CalendarsState.renew(line.id)),
            _small("Retirer", line.what, CalendarsState.revoke(line.id)),
            class_name="pj-actions",
        ),
        key=line.id,
        class_name="pj-request",
    )


def _new_link() -> rx.Component:
    state = CalendarsState
    what = el.fieldset(
        el.legend("Ce que l’adresse montre", class_name="fr-fieldset__legend fr-fieldset__legend--regular"),
        _choice("radio", "what", "one", "Ses rendez-vous", default_checked=True),
        _choice("radio", "what", "site", f"Tous ceux du lieu{NBSP}: ", state.site),
        rx.cond(
            state.may_name,
            _choice(
                "checkbox",
                "names",
                "yes",
                "Avec les noms que vous pouvez voir",
                hint="Sans cela : « Rendez-vous », l’heure et l’adresse. Ils seraient copiés chez votre fournisseur.",
            ),
        ),
        class_name="fr-fieldset",
    )
    make = el.button("Créer une adresse", type="submit", class_name="fr-btn fr-btn--secondary")
    return rx.el.form(what, make, on_submit=state.make, class_name="pj-form fr-mt-2w")


def _choice(
    kind: str, name: str, value: str, *label: str | rx.Var[str], hint: str = "", default_checked: bool = False
) -> rx.Component:
    identity = f"{name}-{value}"
    said = el.span(hint, class_name="fr-hint-text") if hint else rx.fragment()
    return el.div(
        el.div(
            el.input(type=kind, id=identity, name=name, value=value, default_checked=default_checked),
            el.label(*label, said, html_for=identity, class_name="fr-label"),
            class_name=f"fr-{kind}-group",
        ),
        class_name="fr-fieldset__element",
    )


def _import() -> rx.Component:
    state = CalendarsState
    form = rx.el.form(
        field(
            "Adresse de l’agenda",
            "url",
            hint="L’adresse iCal, qui finit souvent par .ics. Elle est gardée chiffrée.",
            error=state.url_problem,
            default_value=state.url,
            key="url" + state.version.to_string(),
            on_blur=state.keep_typed,
            placeholder="https://…",
            input_mode="url",
            auto_complete="off",
            spell_check=False,
            max_length=2000,
        ),
        el.button("Importer", type="submit", class_name="fr-btn"),
        on_submit=state.add,
        no_validate=True,
        class_name="pj-form fr-mt-2w",
    )
    return el.section(
        el.h2("Importer les absences", id="importer", class_name="fr-h4 fr-mb-1w"),
        el.p(
            "Ce qui occupe dans un autre agenda n’est plus proposé ici. Seules les heures sont gardées, jamais un "
            "titre. Relu toutes les demi-heures."
        ),
        _covered(),
        rx.cond(state.feeds.length() > 0, el.ul(rx.foreach(state.feeds, _feed), class_name="pj-requests")),
        form,
        _steps("Où trouver cette adresse", IMPORT),
        aria_labelledby="importer",
    )


def _covered() -> rx.Component:
    state = CalendarsState
    alert = el.div(
        el.p(state.covered_words, class_name="fr-mb-1v"),
        el.ul(rx.foreach(state.covered, _covered_line)),
        class_name="fr-alert fr-alert--warning fr-alert--sm fr-mb-2w",
    )
    return el.div(rx.cond(state.covered_words != "", alert), role="status")


def _covered_line(one: rx.Var[CoveredLine]) -> rx.Component:
    return el.li(rx.cond(one.href != "", inner_link(one.said, href=one.href, class_name="fr-link"), el.span(one.said)))


def _feed(line: rx.Var[FeedLine]) -> rx.Component:
    return el.li(
        el.p(line.host, class_name="fr-text--bold fr-mb-1v pj-calendars__host"),
        badge(line.state, line.tone, icon=True),
        rx.foreach(line.lines, lambda said: el.p(said, class_name="fr-text--sm fr-mb-1v")),
        rx.cond(line.problem != "", el.p(line.problem, class_name="fr-error-text fr-mt-1v fr-mb-1w")),
        el.div(
            _small("Relire maintenant", line.host, CalendarsState.again(line.id)),
            _small("Retirer", line.host, CalendarsState.remove(line.id)),
            class_name="pj-actions fr-mt-1w",
        ),
        key=line.id,
        class_name="pj-request",
    )


def _small(label: str, of_what: rx.Var[str], on_click: rx.event.EventSpec) -> rx.Component:
    return el.button(
        label,
        type="button",
        aria_label=f"{label}{NBSP}: " + of_what,
        on_click=on_click,
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )


def _steps(title: str, programs: tuple[tuple[str, tuple[str, ...]], ...]) -> rx.Component:
    parts = [
        rx.fragment(
            el.h3(name, class_name="fr-text--md fr-text--bold fr-mt-2w fr-mb-1v"),
            el.ol(*[el.li(step) for step in steps], class_name="fr-text--sm"),
        )
        for name, steps in programs
    ]
    return el.details(el.summary(title), *parts, class_name="pj-why fr-mt-3w")
