"""The page of templates of hearings, for the registry and administrators: a list, a form, a year."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages.focus import focus_on
from booking.hearing_templates import SETTERS
from booking.pages.combo_boxes import person_box
from booking.pages.court_links import court_links
from booking.pages.hearing_templates_state import HearingTemplatesState
from booking.pages.hearing_templates_words import DAYS, FORMATIONS, RHYTHMS, Cell, Month, Row, Week
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import described_by, empty_state, field, select_field, skeleton

el = rx.el
S = HearingTemplatesState
NO_END = "Votre ressort n’a pas de bout de visioconférence : une audience n’en réserve pas encore."
LEGEND = (
    ("open", "", "audience ; le chiffre est le nombre d’affaires fixées"),
    ("missing", "!", "salle ou personne prise : pas d’audience"),
    ("later", "+", "s’ouvrira plus tard"),
    ("off", "×", "férié, vacations ou fermé"),
    ("left-out", "−", "retirée à la main"),
)


@page(
    "/audiences/modeles",
    title="Modèles d’audiences",
    roles=SETTERS,
    on_load=[S.load],
    part_of="/repartition",  # administrators come by the page of sites
    description="Les audiences que votre tribunal ouvre régulièrement.",
)
def hearing_templates() -> rx.Component:
    """Return the page."""
    lead = el.p(
        "Écrivez une fois les audiences que le tribunal tient régulièrement : elles s’ouvrent d’avance, chaque nuit, "
        "hors jours fériés et vacations judiciaires.",
        class_name="pj-lead",
    )
    body = el.div(_list(), rx.cond(S.is_writing, _one()))
    return layout(
        court_links("/audiences/modeles/"),
        lead,
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(S.is_loaded, body, skeleton(6)),
        title="Modèles d’audiences",
        on_undo=S.undo,
    )


def _list() -> rx.Component:
    new = el.button("Nouveau modèle", type="button", on_click=S.begin, class_name="fr-btn")
    nothing = empty_state("Aucun modèle", "Les audiences que vous tenez chaque semaine s’ouvriront d’elles-mêmes.", new)
    listed = el.ul(rx.foreach(S.rows, _row), class_name="pj-plain")
    return el.section(
        el.h2("En vigueur", class_name="fr-h5"),
        rx.cond(S.rows.length() > 0, rx.fragment(listed, new), nothing),
        class_name="pj-hearing-list",
    )


def _row(one: rx.Var[Row]) -> rx.Component:
    def line(words: rx.Var[str]) -> rx.Component:
        return el.p(words, class_name="fr-text--sm pj-grey fr-mb-0")

    change = el.button(
        "Ouvrir",
        type="button",
        aria_label="Ouvrir : " + one.name,
        on_click=S.choose(one.id),
        class_name="fr-btn fr-btn--sm fr-btn--secondary",
    )
    what = el.div(
        el.strong(one.name),
        el.p(one.when, class_name="fr-mb-0"),
        el.p(one.to_come, class_name="fr-mb-0"),
        line(one.where),
        line(one.limits + ". " + one.since),
    )
    return el.li(what, change, key=one.id, class_name="pj-recess")


def _one() -> rx.Component:
    """Return the template that is open: its form, then its year, its dates and its end when it is written already."""
    title = rx.cond(S.chosen != "", "Changer « " + S.chosen_name + " »", "Nouveau modèle")
    written = el.div(_year(), _dates(), _session(), _closing())
    return el.section(
        el.h2(title, class_name="fr-h5"),
        _form(),
        rx.cond(S.chosen != "", written),
        class_name="fr-mt-5w",
    )


def _form() -> rx.Component:
    text = el.div(_text("Chambre ou nom de l’audience", "name", max_length=120, hint="Par exemple : JAF, cabinet 2"))
    where = _grid(
        _choice("Tribunal", "site_id", S.courts, empty="Choisir…"),
        _choice("Type", "kind_id", S.kinds, empty="Choisir…"),
        _fixed("Formation", "formation", FORMATIONS),
        _choice("Salle", "room_id", S.rooms, empty="Non réservée"),
    )
    when = _grid(
        _fixed("Rythme", "rhythm", [(str(number), label) for number, (_, label) in enumerate(RHYTHMS)]),
        _fixed("Jour", "weekday", [(str(number), label) for number, label in enumerate(DAYS)]),
        _text("Heure de début", "starts", type="time"),
        _text("Autre rythme", "rrule", hint="Règle iCalendar, à la place du rythme et du jour"),
    )
    limits = _grid(
        _number("Affaires au plus", "max_cases"),
        _number("Minutes au plus", "max_minutes"),
        _text("Quotas par famille", "quotas", hint="Code NAC : nombre. Par exemple 20 : 8, 27 : 6"),
        _number("Ouvrir d’avance, en jours", "horizon_days", hint="0 : seulement les mois que vous ouvrez"),
        _number("On prend date jusqu’à", "take_before_days", hint="Jours avant l’audience ; 0 : jusqu’au début"),
    )
    people = _grid(
        _number("Magistrats", "judges"),
        _number("Greffiers", "clerks"),
        _number("Ministère public", "prosecutors"),
        _number("Interprètes", "interpreters"),
        _choice("Magistrat nommé", "judge", S.judges, empty="Personne encore"),
        _choice("Greffier nommé", "clerk", S.clerks, empty="Personne encore"),
    )
    with_it = _grid(
        rx.cond(
            S.prosecutors.length() > 0, _choice("Parquet nommé", "prosecutor", S.prosecutors, empty="Personne encore")
        ),
        rx.cond(
            S.interpreters.length() > 0,
            _choice("Interprète nommé", "interpreter", S.interpreters, empty="Personne encore"),
        ),
    )
    link = rx.fragment(
        _flag("Visioconférence nécessaire", "needs_video"),
        rx.cond(S.video.length() > 0, _ends(), el.p(NO_END, class_name="fr-text--sm pj-grey")),
    )
    options = el.div(
        _flag("Siège aussi les jours fériés", "sits_on_holidays"),
        _flag("Siège aussi pendant les vacations judiciaires", "sits_in_recess"),
    )
    first = el.div(
        _text("Premier jour", "from_on", type="date", hint="Ce qui précède ne change pas"), class_name="pj-narrow"
    )
    submit = rx.cond(
        S.chosen == "", "Enregistrer et ouvrir", rx.cond(S.moved_by == "form", "Appliquer", "Voir ce que cela déplace")
    )
    actions = el.div(
        el.button(submit, type="submit", class_name="fr-btn"),
        el.button("Fermer le formulaire", type="button", on_click=S.leave, class_name="fr-btn fr-btn--tertiary"),
        class_name="pj-actions",
    )
    return el.form(
        text,
        where,
        _group("Quand", when),
        _group("Capacité et prise de date", limits),
        _group("Qui siège", people, with_it),
        _group("Visioconférence", link),
        options,
        first,
        rx.cond(S.moved_by == "form", _moved()),
        actions,
        on_submit=S.submit,
        no_validate=True,
        key="f" + S.version.to_string(),
        class_name="pj-form",
    )


def _ends() -> rx.Component:
    """Return both ends of the link: that of the court among its own, the other searched wherever it is."""
    chosen = el.div(
        el.p("L’autre bout", class_name="fr-mb-1v"),
        el.p(el.strong(S.far.name), el.br(), S.far.detail, class_name="fr-mb-1v"),
        el.p(S.far_said, class_name="fr-text--sm"),
        el.button(
            "Choisir un autre bout",
            type="button",
            id="autre-bout",
            on_click=S.forget_end,
            class_name="fr-btn fr-btn--sm fr-btn--tertiary",
        ),
        class_name="pj-chosen",
    )
    nothing = el.p("Aucun bout de visioconférence n’a ces mots.", class_name="fr-text--sm")
    sought = el.div(
        field(
            "Visio : l’autre bout",
            "video_search",
            hint="Lieu, commune ou ressort : maison d’arrêt Grenoble",
            error=S.problems["video_there"],
            control=person_box(
                id="video_search",
                name="video_search",
                value=S.seeking,
                options=S.ends,
                described_by=described_by("video_search"),
                found=["Bouts trouvés", "bout trouvé", "bouts trouvés"],
                on_type=S.seek_end.debounce(250),
                on_pick=S.pick_end,
            ),
        ),
        el.div(rx.cond((S.seeking != "") & (S.ends.length() == 0), nothing), role="status", aria_live="polite"),
    )
    return el.div(
        _choice("Visio : bout du tribunal", "video_here", S.video, empty="Non réservée"),
        el.div(
            rx.cond(S.far.id != "", chosen, sought),
            el.input(type="hidden", name="video_there", value=S.far.id, read_only=True),
        ),
        class_name="pj-form__pair",
    )


def _moved() -> rx.Component:
    return el.div(
        el.p("Ce que cela déplace", class_name="fr-alert__title"),
        el.ul(rx.foreach(S.moved, el.li)),
        el.p("Rien n’est encore fait."),
        id="ce-qui-bouge",
        tab_index=-1,
        class_name="fr-alert fr-alert--info fr-mb-2w",
    )


def _year() -> rx.Component:
    legend = el.ul(
        *[
            el.li(el.span(mark, aria_hidden="true", class_name=f"pj-year__day pj-year__day--{what}"), words)
            for what, mark, words in LEGEND
        ],
        class_name="pj-plain pj-year__legend",
    )
    return el.div(
        el.h3("Les douze mois", class_name="fr-h6 fr-mt-4w"),
        legend,
        el.div(rx.foreach(S.months, _month), class_name="pj-year"),
    )


def _month(one: rx.Var[Month]) -> rx.Component:
    head = [el.th(el.abbr(name[0].upper(), title=name), scope="col") for name in DAYS]
    return el.table(
        el.caption(one.label),
        el.thead(el.tr(*head)),
        el.tbody(rx.foreach(one.weeks, _week)),
        key=one.label,
        class_name="pj-year__month",
    )


def _week(one: rx.Var[Week]) -> rx.Component:
    return el.tr(rx.foreach(one.cells, _cell))


def _cell(one: rx.Var[Cell]) -> rx.Component:
    said = rx.fragment(
        el.span(one.text, aria_hidden="true"),
        rx.cond(one.mark != "", el.sup(one.mark, aria_hidden="true")),
        el.span(one.label, class_name="fr-sr-only"),
    )
    return el.td(
        rx.cond(one.what != "", said, one.text),
        title=one.label,
        class_name=rx.cond(one.what != "", "pj-year__day pj-year__day--" + one.what, "pj-year__day"),
    )


def _dates() -> rx.Component:
    """Return the form of one date, taken out or added."""
    return el.div(
        el.h3("Une date en moins, une date en plus", class_name="fr-h6 fr-mt-4w"),
        el.form(
            field("Date", "day", type="date", error=S.problems["day"], key="d" + S.version.to_string()),
            select_field(
                "Ce jour-là", "sits", (("", "pas d’audience : la retirer"), ("on", "une audience de plus : l’ajouter"))
            ),
            rx.cond(S.moved_by == "day", _moved()),
            _second("day", "Enregistrer cette date", "Voir ce que change cette date"),
            on_submit=S.set_one_day,
            no_validate=True,
            class_name="pj-form pj-narrow",
        ),
    )


def _session() -> rx.Component:
    choices = rx.fragment(
        el.option("Choisir…", value=""), rx.foreach(S.sessions, lambda one: el.option(one[1], value=one[0]))
    )

    def part(label: str, name: str, like: str, **props: Any) -> rx.Component:
        return field(label, name, default_value=S.typed[like], key=name + S.version.to_string(), **props)

    return el.div(
        el.h3("Changer une seule audience", class_name="fr-h6 fr-mt-4w"),
        el.form(
            select_field("Audience", "session", choices, error=S.problems["session"]),
            _grid(
                part("Début", "session_starts", "starts", type="time"),
                part("Minutes", "session_minutes", "max_minutes", input_mode="numeric", max_length=5),
                part("Affaires", "session_cases", "max_cases", input_mode="numeric", max_length=5),
            ),
            el.button("Changer cette audience", type="submit", class_name="fr-btn fr-btn--secondary"),
            on_submit=S.change_one,
            no_validate=True,
            class_name="pj-form pj-narrow",
        ),
    )


def _closing() -> rx.Component:
    return el.div(
        el.h3("Fermer ce modèle", class_name="fr-h6 fr-mt-4w"),
        el.form(
            field(
                "N’ouvrir plus d’audiences à partir du",
                "close_on",
                type="date",
                hint="Celles qui ont des affaires restent, et vous sont dites",
                error=S.problems["close_on"],
                key="c" + S.version.to_string(),
            ),
            rx.cond(S.moved_by == "close_on", _moved()),
            _second("close_on", "Fermer ce modèle", "Voir ce que retire cette fermeture"),
            on_submit=S.close,
            no_validate=True,
            class_name="pj-form pj-narrow",
        ),
    )


def _second(by: str, words: str, before: str) -> rx.Component:
    """Return the button of a form that shows what it moves, then does it."""
    shown = rx.cond(S.moved_by == by, words, before)
    return el.button(shown, type="submit", class_name="fr-btn fr-btn--secondary")


def _grid(*parts: rx.Component) -> rx.Component:
    return el.div(*parts, class_name="pj-form__grid")


def _group(title: str, *parts: rx.Component) -> rx.Component:
    return el.fieldset(el.legend(title, class_name="fr-h6"), *parts, class_name="pj-bare")


def _text(label: str, name: str, **props: Any) -> rx.Component:
    return field(label, name, error=S.problems[name], default_value=S.typed[name], auto_complete="off", **props)


def _number(label: str, name: str, **props: Any) -> rx.Component:
    return _text(label, name, input_mode="numeric", max_length=5, **props)


def _choice(label: str, name: str, options: rx.Var[list[tuple[str, str]]], *, empty: str) -> rx.Component:
    choices = rx.fragment(el.option(empty, value=""), rx.foreach(options, lambda one: el.option(one[1], value=one[0])))
    return select_field(label, name, choices, error=S.problems[name], default_value=S.typed[name])


def _fixed(label: str, name: str, options: Any) -> rx.Component:
    return select_field(label, name, options, error=S.problems[name], default_value=S.typed[name])


def _flag(label: str, name: str) -> rx.Component:
    box = el.input(type="checkbox", id=name, name=name, default_checked=S.typed[name] != "")
    return el.div(box, el.label(label, html_for=name, class_name="fr-label"), class_name="fr-checkbox-group fr-mb-2w")
