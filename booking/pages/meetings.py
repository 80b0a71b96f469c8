"""Finding a common date: who, how long, where, before when; the first dates drawn, and who stands in the way."""

from __future__ import annotations

from typing import Any

import reflex as rx

from availability.pages.focus import focus_on
from booking.hearing_templates import SETTERS
from booking.pages.combo_boxes import person_box
from booking.pages.court_links import court_links
from booking.pages.meetings_days import Day, DrawnLine, Mark, Run, Slot
from booking.pages.meetings_state import ANSWER, NO_COURT, SEARCH, MeetingsState
from booking.pages.meetings_words import BlockLine, MeetingRow, Option, Person, Post
from booking.pages.widgets import inner_link
from portal.policy import page
from portal.ui.layout import layout
from portal.ui.pieces import described_by, empty_state, field, select_field, skeleton

el = rx.el
S = MeetingsState


@page(
    "/reunir",
    title="Trouver une date commune",
    roles=SETTERS,
    on_load=[S.load],
    part_of="/repartition",
    description="L’heure à laquelle chacun est libre, avec une salle, et qui bloque quand il n’y en a pas.",
)
def meetings_page() -> rx.Component:
    """Return the page."""
    body = el.div(
        el.div(_people(), _form(), class_name="pj-meet__asked"),
        el.div(_answer(), _to_come(), class_name="pj-meet__found"),
        class_name="pj-meet",
    )
    nowhere = empty_state("Aucun tribunal", NO_COURT)
    return layout(
        court_links("/reunir/"),
        focus_on(field=S.focused, turn=S.turn),
        rx.cond(S.is_loaded, rx.cond(S.has_court, body, nowhere), skeleton(8, "Lecture des agendas…")),
        title="Trouver une date commune",
        wide=True,
        on_undo=S.undo,
    )


def _people() -> rx.Component:
    box = person_box(
        id=SEARCH,
        name=SEARCH,
        value=S.seeking,
        options=S.found,
        described_by=described_by(SEARCH),
        on_type=S.seek.debounce(150),
        on_pick=S.pick,
    )
    listed = el.details(
        el.summary("Ceux du tribunal", class_name="pj-meet__summary"),
        rx.foreach(S.posts, _post),
        open=S.began_alone,
    )
    return el.section(
        el.h2("Qui doit être là", class_name="fr-h6 fr-mb-1w"),
        el.ul(rx.foreach(S.people, _person), class_name="pj-plain fr-mb-2w"),
        field("Ajouter quelqu’un", SEARCH, hint="Nom, fonction ou service", error=S.problems["qui"], control=box),
        rx.cond(S.posts.length() > 0, listed),
        aria_label="Qui doit être là",
        class_name="fr-mb-2w",
    )


def _person(one: rx.Var[Person]) -> rx.Component:
    share = inner_link(one.share, href=one.href, aria_label=one.share + " : " + one.name)
    remove = el.button(
        "Retirer",
        type="button",
        aria_label="Retirer " + one.name,
        on_click=S.drop(one.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    what = el.div(
        el.strong(one.name),
        el.p(one.detail, class_name="fr-text--sm fr-mb-0"),
        el.p(
            one.shared,
            rx.cond(one.href != "", rx.fragment(" · ", share)),
            class_name="fr-text--sm pj-grey fr-mb-0",
        ),
    )
    return el.li(what, remove, key=one.id, class_name="pj-meet__person")


def _post(one: rx.Var[Post]) -> rx.Component:
    return el.div(
        el.p(one.label, class_name="fr-text--sm pj-grey fr-mb-1v"),
        el.ul(rx.foreach(one.people, _quick), class_name="pj-plain pj-meet__quick"),
        key=one.label,
        class_name="fr-mb-1w",
    )


def _quick(one: rx.Var[Option]) -> rx.Component:
    return el.li(
        el.button(
            one.name,
            type="button",
            aria_label="Ajouter " + one.name + ", " + one.detail,
            on_click=S.pick(one.id),
            class_name="fr-btn fr-btn--sm fr-btn--tertiary fr-icon-add-line fr-btn--icon-left",
        ),
        key=one.id,
    )


def _form() -> rx.Component:
    grid = el.div(
        _text("À partir du", "du", type="date"),
        _text("Au plus tard le", "au", type="date"),
        _text("Durée, en minutes", "minutes", input_mode="numeric", max_length=10),
        _choice("Salle", "salle", S.rooms),
        class_name="pj-meet__grid",
    )
    court = rx.cond(S.courts.length() > 1, _choice("Tribunal", "tribunal", S.courts))
    far = rx.cond(S.far_ends.length() > 0, _choice("Autre bout de la visio", "bout", S.far_ends, empty="Aucun"))
    return el.form(
        court,
        grid,
        far,
        _hours(),
        el.button("Chercher", type="submit", class_name="fr-btn"),
        on_submit=S.submit,
        no_validate=True,
        key="f" + S.version.to_string(),
        class_name="pj-form",
        aria_label="Quand et où",
    )


def _hours() -> rx.Component:
    return el.details(
        el.summary(S.hours_said, class_name="pj-meet__summary"),
        el.div(_text("Entre", "de", type="time"), _text("et", "a", type="time"), class_name="pj-meet__grid"),
        _flag("Aussi entre 12 h 30 et 13 h 30", "midi"),
        _flag("Aussi pendant les vacations judiciaires", "vacations"),
        open=(S.problems["de"] != "") | (S.problems["a"] != ""),
        class_name="fr-mb-2w",
    )


def _what() -> rx.Component:
    """Return as what a date is taken: closed, it says so in a line."""
    kinds = rx.fragment(
        el.option("Une réunion, sans affaires", value=""),
        rx.foreach(S.kinds, lambda one: el.option(one[1], value=one[0])),
    )
    fields = el.div(
        select_field("C’est", "type", kinds, value=S.typed["type"], on_change=lambda typed: S.keep("type", typed)),
        rx.cond(S.typed["type"] != "", _kept("Affaires au plus", "affaires", input_mode="numeric", max_length=4)),
        _kept("Nom", "name", hint="Facultatif, et sans nom de personne", max_length=120),
        class_name="pj-meet__what",
    )
    return el.details(
        el.summary("Prise comme : ", S.taken_as, class_name="pj-meet__summary"),
        fields,
        open=(S.problems["affaires"] != "") | (S.problems["name"] != ""),
        class_name="fr-mb-2w",
    )


def _kept(label: str, name: str, **props: Any) -> rx.Component:
    return field(
        label,
        name,
        error=S.problems[name],
        default_value=S.typed[name],
        on_blur=lambda typed: S.keep(name, typed),
        auto_complete="off",
        **props,
    )


def _answer() -> rx.Component:
    nobody = empty_state(
        "Choisissez qui doit être là",
        "Les premières heures auxquelles chacun est libre, avec une salle, s’afficheront ici. Vous voyez si "
        "quelqu’un est pris, jamais ce qui l’occupe.",
    )
    found = el.div(
        el.h2(S.sentence, class_name="fr-h5 fr-mb-1w", id=ANSWER, tab_index=-1, role="status"),
        rx.foreach(S.doubts, _doubt),
        rx.cond(S.later.said != "", _blocker(S.later)),
        rx.cond(S.days.length() > 0, _legend()),
        rx.cond(S.has_dates, _what()),
        rx.foreach(S.days, _day),
        rx.cond(S.before.length() > 0, _before()),
        rx.cond(S.blockers.length() > 0, _blockers()),
        class_name=rx.cond(S.is_busy, "pj-dimmed", ""),
    )
    return rx.cond(S.people.length() == 0, nobody, rx.cond(S.sentence != "", found))


def _doubt(said: rx.Var[str]) -> rx.Component:
    return el.p(said, class_name="fr-text--sm fr-icon-warning-line pj-meet__doubt")


def _reason(said: rx.Var[str]) -> rx.Component:
    return el.li(said)


def _before() -> rx.Component:
    return el.section(
        el.h2(rx.cond(S.has_dates, "Pourquoi pas plus tôt", "Jour par jour"), class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        el.ul(rx.foreach(S.before, _reason)),
        id="pas-plus-tot",
    )


def _legend() -> rx.Component:
    framed = rx.cond(S.has_dates, "l’heure proposée", "l’heure la plus proche de convenir")
    samples = (("", "libre"), ("pj-meet__busy", "pris"), ("pj-meet__at", framed))
    parts = [
        el.span(el.span(class_name=f"pj-meet__sample {sample}"), " ", word, class_name="fr-mr-2w")
        for sample, word in samples
    ]
    return el.p(*parts, aria_hidden="true", class_name="fr-text--sm pj-grey fr-mb-1w")


def _day(one: rx.Var[Day]) -> rx.Component:
    head = el.h3(
        one.name, el.span(" · ", one.when, class_name="fr-text--regular pj-grey"), class_name="fr-text--md fr-mb-1w"
    )
    return el.section(
        head,
        rx.cond(one.note != "", el.p(one.note, class_name="fr-mb-1w")),
        rx.cond(one.slots.length() > 0, el.ul(rx.foreach(one.slots, _slot), class_name="pj-plain pj-meet__slots")),
        _marks(one.numbers, "pj-meet__numbers"),
        el.ul(rx.foreach(one.lines, lambda line: _line(line, one)), class_name="pj-plain pj-meet__lines"),
        _marks(one.hours, "pj-meet__hours pj-grey"),
        key=one.id,
        aria_label=one.name,
        class_name="pj-meet__day",
    )


def _slot(one: rx.Var[Slot]) -> rx.Component:
    take = el.button(
        "Prendre",
        type="button",
        aria_label=one.label,
        on_click=S.take(one.start, one.room_id, one.video_id),
        class_name="fr-btn fr-btn--sm",
    )
    what = el.div(
        el.strong(el.span(one.number, aria_hidden="true", class_name="pj-meet__number"), one.hours),
        el.p(one.where, class_name="fr-text--sm fr-mb-0"),
    )
    return el.li(what, take, key=one.start, class_name="pj-meet__slot")


def _marks(several: rx.Var[list[Mark]], class_name: str) -> rx.Component:
    """Return words above or under the lines of a day, each at its hour."""
    written = rx.foreach(several, lambda one: el.span(one.word, style={"left": one.left}))
    return el.div(written, aria_hidden="true", class_name=class_name)


def _line(line: rx.Var[DrawnLine], one: rx.Var[Day]) -> rx.Component:
    track = el.div(
        rx.foreach(one.ticks, lambda tick: el.span(style={"left": tick.left}, class_name="pj-meet__tick")),
        rx.foreach(line.runs, lambda run: _part(run, "pj-meet__busy")),
        rx.foreach(line.frames, lambda run: _part(run, "pj-meet__at")),
        aria_hidden="true",
        class_name="pj-meet__track",
    )
    return el.li(
        el.span(line.name, class_name="pj-meet__name"),
        el.span(" : ", line.said, class_name="fr-sr-only"),
        track,
        class_name="pj-meet__line",
    )


def _part(run: rx.Var[Run], class_name: str) -> rx.Component:
    return el.span(style={"left": run.left, "width": run.width}, class_name=class_name)


def _blockers() -> rx.Component:
    return el.section(
        el.h2("Qui bloque", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        el.ul(rx.foreach(S.blockers, lambda one: el.li(_blocker(one), key=one.href)), class_name="pj-plain"),
        id="qui-bloque",
    )


def _blocker(one: rx.Var[BlockLine]) -> rx.Component:
    return el.div(
        el.p(one.said, class_name="fr-mb-0"),
        inner_link(one.label, href=one.href, replace=True, class_name="fr-btn fr-btn--sm fr-btn--secondary"),
        class_name="pj-meet__blocker",
    )


def _to_come() -> rx.Component:
    listed = el.section(
        el.h2("À venir", class_name="fr-h6 fr-mt-4w fr-mb-1w"),
        el.ul(rx.foreach(S.meetings, _meeting), class_name="pj-plain"),
    )
    return rx.cond(S.meetings.length() > 0, listed)


def _meeting(one: rx.Var[MeetingRow]) -> rx.Component:
    cancel = el.button(
        one.call_off,
        type="button",
        aria_label=one.call_off + " : " + one.label,
        on_click=S.call_off(one.id),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )
    what = el.div(
        el.strong(one.name),
        el.p(one.when, class_name="fr-mb-0"),
        el.p(one.who, class_name="fr-text--sm pj-grey fr-mb-0"),
    )
    return el.li(what, cancel, key=one.id, class_name="pj-meet__person")


def _text(label: str, name: str, **props: Any) -> rx.Component:
    heard = {"on_blur": lambda typed: S.answer(name, typed)}
    return field(
        label, name, error=S.problems[name], default_value=S.typed[name], auto_complete="off", **(heard | props)
    )


def _choice(label: str, name: str, options: rx.Var[list[tuple[str, str]]], *, empty: str = "") -> rx.Component:
    first = el.option(empty, value="") if empty else rx.fragment()
    choices = rx.fragment(first, rx.foreach(options, lambda one: el.option(one[1], value=one[0])))
    return select_field(
        label,
        name,
        choices,
        error=S.problems[name],
        value=S.typed[name],
        on_change=lambda typed: S.answer(name, typed),
    )


def _flag(label: str, name: str) -> rx.Component:
    box = el.input(
        type="checkbox",
        id=name,
        name=name,
        checked=S.typed[name] != "",
        on_change=lambda is_ticked: S.answer(name, is_ticked),
    )
    return el.div(box, el.label(label, html_for=name, class_name="fr-label"), class_name="fr-checkbox-group fr-mb-2w")
