"""The notice of a designation: a clean sheet, to print and join to the file."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
import reflex as rx

from availability.errors import NotFound
from availability.sites import address_line
from booking.designations import Appointment, Designation, designation
from booking.measure_words import MeasureWords
from booking.mediators import DESIGNATORS
from booking.models import State
from booking.pages.designate_words import ended_words, postal_address, state_words
from portal import clock
from portal.database import read
from portal.policy import allow, current_actor, page
from portal.ui.dates import hour, long_day, plural
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, link_button, skeleton

el = rx.el


@dataclass(frozen=True)
class Line:
    """One thing said by the notice."""

    name: str
    value: str


class DesignationNoticeState(rx.State):
    """What the notice says."""

    step: str = ""  # "", found, missing
    court: str = ""
    case_ref: str = ""
    lines: list[Line] = []  # noqa: RUF012 - Reflex copies the default for each client
    answer: str = ""
    judge: str = ""
    mission: str = ""
    addresses: list[str] = []  # noqa: RUF012

    @allow(*DESIGNATORS)
    @rx.event
    async def load(self) -> None:
        """Read the designation that the address names."""
        self.step, actor = "", await current_actor(self)
        try:
            booking_id = UUID(str(self.router.url.query_parameters.get("d", "")))
            self._show(await read(designation, actor, booking_id, now=clock.now()))
        except (ValueError, NotFound):
            self.step = "missing"

    def _show(self, one: Designation) -> None:
        self.step, self.court, self.case_ref = "found", one.court_name, one.case_ref
        self.lines, self.answer = lines(one), answer(one)
        words = MeasureWords.read(one.wording)
        self.judge, self.mission = words.judge, words.mission
        self.addresses = [short for _, short in words.addresses]


def lines(one: Designation) -> list[Line]:
    """Return what a notice says of the service, without what is not known."""
    days, words = one.attributes.get("first_meeting_days"), MeasureWords.read(one.wording)
    said = (
        ("Mesure", one.kind_label),
        ("Fondement", words.law),
        (f"{words.taker[:1].upper()}{words.taker[1:]} désigné", one.name),
        ("Service", one.site_name if one.site_name != one.name else ""),
        ("Adresse", postal_address(one)),
        ("Téléphone", readable_phone(one.phone)),
        ("Courriel", one.email),
        ("Premier rendez-vous", f"sous {plural(days, 'jour')} environ" if isinstance(days, int) else ""),
        ("Participation demandée", str(one.attributes.get("price_scale") or "")),
        ("À compter du", long_day(one.first_on)),
        ("Réunion d’information", appointment(one.meeting)),
        ("Audience", appointment(one.hearing)),
        ("Désignation demandée le", long_day(one.created_at.astimezone(ZoneInfo(one.time_zone)).date())),
    )
    return [Line(name, value) for name, value in said if value]


def appointment(one: Appointment | None) -> str:
    """Return when and where one is expected; nothing when nothing is set."""
    if one is None:
        return ""
    zone = ZoneInfo(one.time_zone)
    at = f"{long_day(one.at.astimezone(zone).date())} à {hour(one.at, zone)}"
    where = (one.name, one.site_name, address_line(one.address, one.postcode, one.commune))
    return ", ".join(part for part in (at, *where) if part)


def readable_phone(phone: str) -> str:
    """Return a number with its spaces, as it is when it is not one."""
    try:
        number = phonenumbers.parse(phone, "FR")
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def answer(one: Designation) -> str:
    """Return where the designation stands, in a sentence."""
    if one.state is State.REQUESTED and one.expires_at:
        before = long_day(one.expires_at.astimezone(ZoneInfo(one.time_zone)).date())
        return f"Le service doit faire connaître son acceptation avant le {before}."
    if one.state is State.BOOKED:
        return "Le service a accepté la mesure."
    return f"Cette désignation n’a plus d’effet : {ended_words(one) or state_words(one.state)}."


@page(
    "/designer/avis",
    title="Avis de désignation",
    roles=DESIGNATORS,
    on_load=(DesignationNoticeState.load,),
)
def designation_notice_page() -> rx.Component:
    """Return the notice."""
    missing = empty_state(
        "Désignation introuvable",
        "Elle n’existe pas, ou a été faite dans un autre ressort.",
        link_button("Revenir à la désignation", "/designer/"),
    )
    return layout(
        rx.match(
            DesignationNoticeState.step, ("found", _notice()), ("missing", missing), skeleton(8, "Lecture de l’avis…")
        ),
        title="Avis de désignation",
    )


def _notice() -> rx.Component:
    state = DesignationNoticeState
    said = rx.foreach(state.lines, lambda line: el.div(el.dt(line.name), el.dd(line.value), key=line.name))
    print_it = el.button(
        "Imprimer",
        type="button",
        on_click=rx.Var("() => window.print()", _var_type=rx.EventChain),
        class_name="fr-btn fr-icon-printer-line fr-btn--icon-left",
    )
    back = link_button("Revenir à la désignation", "/designer/?rg=" + state.case_ref, kind="secondary")
    blanks = rx.foreach(state.addresses, lambda name: el.p(name, " : ", class_name="pj-blank", key=name))
    return el.article(
        el.div(print_it, back, class_name="pj-actions pj-noprint fr-mb-4w"),
        el.p(state.court, class_name="fr-text--lead fr-mb-1v"),
        el.p("Dossier ", el.strong(state.case_ref)),
        el.div(blanks, class_name="pj-blanks"),
        rx.cond(state.mission != "", el.p(state.mission)),
        el.dl(said, class_name="pj-facts"),
        el.p(state.answer),
        el.p("Fait le ", el.span(class_name="pj-blank__short"), class_name="pj-signature fr-mt-4w"),
        el.p(state.judge + ", le greffier", class_name="pj-signature"),
        class_name="pj-sheet-of-paper",
    )
