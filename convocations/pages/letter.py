"""The convocation on paper, for who has no mobile: where, when, and the link; never why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
import segno
from sqlmodel import Session

from availability.errors import NotFound
from availability.history import consulted
from availability.openings import local_day
from availability.rights import Actor
from booking.pages.booking_words import address_of
from booking.pages.widgets import inner_link, print_button
from booking.persons import person_for
from convocations.helping import number_of
from convocations.kinds import MessageKind
from convocations.letters import stands
from convocations.pages.addresses import LIST, link_of, sheet_address
from convocations.pages.convene_state import CONVENERS
from convocations.queries import ListedConvocation, convocation_line
from convocations.wording import FRENCH, SmsFacts, page_words, sms, spoken
from portal.clock import now
from portal.database import act
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, hour, long_day
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, link_button, skeleton

el = rx.el


@dataclass(frozen=True)
class Letter:
    """What the sheet of paper says; `other` is the same in the person's language, empty when that is French."""

    name: str = ""
    when: str = ""
    where: str = ""
    link: str = ""
    square: str = ""  # the link as a QR code: an image
    until: str = ""
    other: str = ""
    language: str = FRENCH
    direction: str = "ltr"
    dated: str = ""
    number: str = ""
    back: str = LIST


class LetterState(rx.State):
    """The convocation to print."""

    step: str = ""  # "", found, missing
    letter: Letter = Letter()

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Read the convocation that the address names; whose it is is looked at, and logged."""
        self.step, actor = "", await current_actor(self)
        try:
            asked = UUID(str(self.router.url.query_parameters.get("c", "")))
            self.letter, self.step = await act(_letter, actor, asked, now()), "found"
        except (ValueError, NotFound):
            self.letter, self.step = Letter(), "missing"


def _letter(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> Letter:
    line = convocation_line(session, actor, convocation_id, now=at)
    if line.person_id is None or not stands(line, at):
        raise NotFound(convocation_id=convocation_id)
    person = person_for(session, actor, line.person_id)
    consulted(session, actor, subject="person", subject_id=person.id, reason="letter", at=at)
    return letter_of(line, f"{person.given_name} {person.family_name}", now=at)


def letter_of(line: ListedConvocation, name: str, *, now: datetime) -> Letter:
    """Return what the sheet of paper says. Pure but for the address of the link."""
    zone, link = ZoneInfo(line.time_zone), link_of(line.link) if line.link else ""
    language = spoken(line.language)
    kind = MessageKind.OFFER if line.starts_at is None else MessageKind.CONFIRMATION
    where = address_of(line.address, line.postcode, line.commune)
    facts = SmsFacts(zone=zone, address=where, link=link, starts_at=line.starts_at, choose_by=line.choose_by)
    start = line.starts_at
    return Letter(
        name=name,
        when=f"{long_day(local_day(start, zone))} à{NBSP}{hour(start, zone)}" if start else "",
        where=where,
        link=link,
        square=qr_code(link) if link else "",
        until=long_day(line.choose_by) if line.choose_by and not start else "",
        other="" if language == FRENCH else sms(kind, language, facts),
        language=language,
        direction=page_words(language).direction,
        dated=long_day(local_day(now, zone)),
        number=number_of(line.id) if line.id else "",
        back=sheet_address(line.id),
    )


def qr_code(link: str) -> str:
    """Return a link as a QR code, black on white whatever the scheme: the address of an image that holds it.

    Source: ISO/IEC 18004, level M: 15 % of it may be damaged, as on a folded sheet.
    """
    return str(segno.make(link, error="m", micro=False).svg_data_uri(border=4, light="#fff"))


@page(
    "/convocations/imprimer",
    title="Convocation à imprimer",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(LetterState.load,),
)
def letter_page() -> rx.Component:
    """Return the sheet of paper."""
    missing = empty_state(
        "Rien à imprimer",
        "Cette convocation n’existe pas, ne vous est pas accessible, ou n’est plus à venir.",
        link_button("Voir les convocations", LIST),
    )
    return layout(
        rx.match(
            LetterState.step, ("found", _paper()), ("missing", missing), skeleton(8, "Lecture de la convocation…")
        ),
        title="Convocation",
    )


def _paper() -> rx.Component:
    letter = LetterState.letter
    to_come = el.div(
        el.p("Vous avez rendez-vous le", class_name="fr-mb-1v"),
        el.p(letter.when, class_name="pj-letter__when fr-mb-2w"),
        el.p("à l’adresse suivante :", class_name="fr-mb-1v"),
    )
    to_choose = el.p(
        "Choisissez le jour et l’heure de votre rendez-vous avant le ", letter.until, " au soir. Le lieu :"
    )
    other = el.p(letter.other, lang=letter.language, dir=letter.direction, class_name="fr-mt-4w")
    return el.article(
        el.div(
            print_button(label="Imprimer"),
            inner_link("Revenir à la convocation", href=letter.back, class_name="fr-btn fr-btn--secondary"),
            class_name="pj-actions pj-noprint fr-mb-4w",
        ),
        el.p("Pour ", el.strong(letter.name)),
        rx.cond(letter.when != "", to_come, to_choose),
        el.p(el.strong(letter.where)),
        el.p(
            "Pour choisir, déplacer, confirmer, ou dire que vous ne pouvez pas venir, visez ce carré avec l’appareil "
            "photo d’un téléphone, ou ouvrez cette adresse. Elle n’est que pour vous :",
            class_name="fr-mt-4w fr-mb-1w",
        ),
        el.div(
            el.img(src=letter.square, alt="", class_name="pj-letter__square"),
            el.p(letter.link, class_name="pj-letter__link"),
            class_name="pj-letter__way",
        ),
        rx.cond(letter.other != "", other),
        el.p("Fait le ", letter.dated, f". Convocation n°{NBSP}", letter.number, ".", class_name="fr-mt-4w"),
        class_name="pj-sheet-of-paper pj-letter",
    )
