"""The front desk: find where and when whoever stands there is expected, print the way, open their link with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor, Role
from availability.sealing import House
from booking.day import today_of
from booking.hearing_day_models import Stage
from booking.links import LinkName, read_token
from booking.plans.hearings import PLANNERS
from convocations.expected import Expected, WayThere, find_expected, way_there
from convocations.helping import HELPERS, Found, find_to_help, number_of, open_with
from convocations.kinds import Standing
from convocations.pages.addresses import WITH_THEM, link_of
from convocations.pages.expected_words import ExpectedRow, expected_row
from convocations.pages.papers_route import pdf
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page, requires
from portal.settings import secret_key
from portal.ui.dates import moment
from portal.ui.dsfr import native_form, native_link
from portal.ui.layout import layout
from portal.ui.pieces import badge, empty_state, field

el = rx.el
OPEN = f"{WITH_THEM}ouvrir"
WAY = f"{WITH_THEM}chemin/"
MOST_TYPED = 300
PROBLEMS = {
    "name": "Indiquez un nom, un numéro, ou le lien reçu par SMS.",
    "birth_on": "Indiquez la date de naissance : sans elle, un nom ne suffit pas.",
    "number": "Ce numéro n’est pas complet : huit chiffres et lettres, comme 1a2b3c4d.",
}
Helper = Annotated[Actor, requires(*HELPERS)]
router = APIRouter(include_in_schema=False)


@router.post(OPEN)
async def open_with_them(c: Annotated[UUID, Form()], actor: Helper) -> RedirectResponse:
    """Begin to help with a link, and go to its page; the mark in its address tells who helps."""
    link, mark = await act(open_with, actor, c, now=now())
    return RedirectResponse(f"{link_of(link)}?{urlencode({'aide': mark})}", 303, headers={"Cache-Control": "no-store"})


@router.get(WAY + "{booking_id:uuid}.pdf")
async def way_file(booking_id: UUID, actor: Helper) -> Response:
    """Return the way to where somebody is expected, on one page that names nobody. Raises: NotFound."""
    there = await read(way_there, actor, booking_id)
    return pdf(await asyncio.to_thread(_printed, there, now()), "chemin.pdf")


def _printed(there: WayThere, at: datetime) -> bytes:
    from convocations.pages.way_paper import way_pdf

    return way_pdf(there, now=at)


@dataclass(frozen=True)
class FoundRow:
    """A convocation found, as displayed."""

    id: str
    name: str
    appointment: str
    when: str
    number: str
    way: str  # the address of the page to print, empty when they are expected nowhere yet


class FrontDeskState(rx.State):
    """What was asked, and what was found."""

    rows: list[FoundRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    hearings: list[ExpectedRow] = []  # noqa: RUF012
    is_searched: bool = False
    name_problem: str = ""
    birth_problem: str = ""
    number_problem: str = ""

    @allow(*HELPERS)
    @rx.event
    async def load(self) -> None:
        """Begin with nobody: who stood there before is not shown to who comes next."""
        self._forget()

    @allow(*HELPERS)
    @rx.event
    async def find(self, form: dict[str, Any]) -> None:
        """Find by a link or a number, else by a name; each one found is logged."""
        self._forget()
        received = form if isinstance(form, dict) else {}
        typed = {name: str(received.get(name) or "")[:MOST_TYPED] for name in ("name", "birth_on", "number")}
        try:
            self.rows, self.hearings = await act(_found, await current_actor(self), typed, now())
        except InvalidRequest as refusal:
            words = PROBLEMS[refusal.field]
            self.name_problem = words if refusal.field == "name" else ""
            self.birth_problem = words if refusal.field == "birth_on" else ""
            self.number_problem = words if refusal.field == "number" else ""
        else:
            self.is_searched = True

    def _forget(self) -> None:
        self.rows, self.hearings, self.is_searched = [], [], False
        self.name_problem = self.birth_problem = self.number_problem = ""


def _found(
    session: Session, actor: Actor, typed: dict[str, str], at: datetime
) -> tuple[list[FoundRow], list[ExpectedRow]]:
    """Return the convocations and the cases that are meant. A registry finds cases of its own by less than a person."""
    house, number = House(secret_key()), typed["number"]
    if (link := link_in(number)) is not None:
        return rows_of(find_to_help(session, actor, link=link, now=at)), []
    name = "" if number.strip() else typed["name"]
    expected = find_expected(session, actor, house=house, now=at, name=name, number=number)
    birth_on = read_day(typed["birth_on"])
    try:
        found = find_to_help(session, actor, name=name, birth_on=birth_on, number=number, now=at)
    except InvalidRequest as refusal:
        if refusal.field == "name" or not actor.has(*PLANNERS):
            raise
        found = []  # neither the number of a convocation nor a person: a case was meant
    today, known = today_of(session, actor, now=at), {one.booking_id for one in found}
    return rows_of(found), [_with_way(one, today) for one in expected if one.booking_id not in known]


def link_in(typed: str) -> LinkName | None:
    """Return the link that was pasted or read by a scanner, None when it is none of ours."""
    token = typed.strip().partition("?")[0].rstrip("/").rpartition("/")[2]
    return read_token(House(secret_key()).derived("links"), token)


def _with_way(one: Expected, today: date) -> ExpectedRow:
    row = expected_row(one, today)
    is_over = one.stage in (Stage.DONE, Stage.POSTPONED)
    return row if is_over else replace(row, way=f"{WAY}{one.booking_id}.pdf")


def read_day(typed: str) -> date | None:
    """Return a day as a browser sends it, None when it is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def rows_of(found: Sequence[Found]) -> list[FoundRow]:
    """Return convocations as displayed."""
    return [
        FoundRow(
            str(one.id),
            _name(one),
            one.appointment,
            _when(one),
            number_of(one.id),
            f"{WAY}{one.booking_id}.pdf" if one.standing == Standing.SET and one.booking_id else "",
        )
        for one in found
    ]


def _name(one: Found) -> str:
    return f"{one.given_name} {one.family_name}"


def _when(one: Found) -> str:
    if one.standing == Standing.SET and one.starts_at is not None:
        return f"{moment(one.starts_at, ZoneInfo(one.time_zone))}, {one.site_name}"
    return "n’a pas encore choisi" if one.standing == Standing.CHOOSING else "a dit ne pas pouvoir venir"


@page(
    WITH_THEM.rstrip("/"),
    title="Accueil du public",
    roles=HELPERS,
    on_load=(FrontDeskState.load,),
    entry="Accueil",
    order=58,
    entry_for=(Role.REGISTRY,),
    part_of="/convocations",
    description="Retrouver où et quand la personne qui est devant vous est attendue, et lui imprimer le chemin.",
)
def front_desk() -> rx.Component:
    """Return the page."""
    state = FrontDeskState
    form = el.form(
        field(
            "Nom",
            "name",
            hint="De la personne. Pour une audience du jour de votre greffe, aussi de l’affaire ou de l’avocat.",
            error=state.name_problem,
            max_length=120,
            auto_complete="off",
        ),
        field(
            "Date de naissance",
            "birth_on",
            hint="Pour retrouver la convocation d’une personne.",
            error=state.birth_problem,
            type="date",
            auto_complete="off",
        ),
        field(
            "Ou un numéro, ou le lien",
            "number",
            hint="Le numéro de l’affaire, celui de la convocation, ou le lien reçu par SMS.",
            error=state.number_problem,
            max_length=MOST_TYPED,
            auto_complete="off",
        ),
        el.button("Rechercher", type="submit", class_name="fr-btn"),
        on_submit=state.find,
    )
    return layout(
        el.p(
            "Dites où et quand la personne est attendue, et imprimez-lui le chemin. Vous pouvez aussi ouvrir avec elle "
            "la page de son rendez-vous. La recherche et l’aide sont journalisées, et chaque acte dit qui a aidé.",
            class_name="fr-text--sm pj-grey pj-noprint",
        ),
        el.div(form, class_name="pj-narrow pj-noprint"),
        el.div(rx.cond(state.is_searched, _results()), role="status", aria_live="polite", class_name="fr-mt-4w"),
        title="Accueil du public",
    )


def _results() -> rx.Component:
    state = FrontDeskState
    nothing = empty_state(
        "Personne n’est attendu sous ce nom ou ce numéro",
        "Vérifiez-les. Sont cherchés les audiences de votre greffe, du jour par un nom, à venir par leur numéro ; et, "
        "avec la date de naissance, les rendez-vous de votre ressort, à venir ou tout juste passés.",
    )
    return rx.cond(
        state.rows.length() + state.hearings.length() > 0,
        el.ul(rx.foreach(state.hearings, _hearing), rx.foreach(state.rows, _result), class_name="fr-raw-list"),
        nothing,
    )


def _hearing(row: rx.Var[ExpectedRow]) -> rx.Component:
    return el.li(
        el.div(
            el.h2(row.label, class_name="fr-text--md fr-mb-0"),
            rx.cond(row.stage != "", badge(row.stage, row.badge)),
            class_name="pj-desk__head",
        ),
        el.p(row.when, class_name="fr-text--lead fr-mb-0"),
        el.p(el.strong(row.where), rx.cond(row.way_words != "", ", " + row.way_words, ""), class_name="fr-mb-0"),
        el.p(row.facts, class_name="fr-text--sm pj-grey fr-mb-1w"),
        rx.cond(row.way != "", _way_link(row.way, row.label)),
        key=row.id,
        class_name="fr-mb-3w pj-desk__one",
    )


def _result(row: rx.Var[FoundRow]) -> rx.Component:
    return el.li(
        el.p(el.strong(row.name), ", ", row.appointment, class_name="fr-mb-0"),
        el.p(row.when, class_name="fr-mb-1w"),
        el.div(
            rx.cond(row.way != "", _way_link(row.way, row.name)),
            help_button(row.id),
            class_name="pj-actions",
        ),
        class_name="fr-mb-3w pj-desk__one",
    )


def _way_link(href: Any, label: Any) -> rx.Component:
    return native_link(
        "Imprimer le chemin",
        el.span(" : ", label, ", nouvel onglet", class_name="fr-sr-only"),
        href=href,
        target="_blank",
        class_name="fr-btn fr-btn--secondary fr-icon-printer-line fr-btn--icon-left",
    )


def help_button(convocation_id: Any, *, small: bool = False) -> rx.Component:
    """Return the button that opens the link with its person, in another window."""
    return native_form(
        el.input(type="hidden", name="c", value=convocation_id),
        el.button(
            "Ouvrir avec la personne",
            type="submit",
            title="Ouvrir avec la personne : c’est journalisé - nouvelle fenêtre",
            class_name="fr-btn" + (" fr-btn--sm fr-btn--tertiary" if small else ""),
        ),
        action=OPEN,
        method="post",
        target="_blank",
    )
