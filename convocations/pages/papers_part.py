"""On the sheet of a convocation: its letter, its statement, its calendar file, who else comes, what was served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.openings import local_day
from availability.rights import Actor
from booking.models import State
from booking.pages.widgets import inner_link
from booking.question import form_of
from convocations.pages.convene_state import CONVENERS
from convocations.pages.convocation_words import SERVED_WORDS
from convocations.pages.list_state import gathering_address
from convocations.pages.problems import said
from convocations.paper_models import ServedHow
from convocations.queries import convocation_line, convocations_at
from convocations.serving import note_served, served_of, take_back_served
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, not_an_event
from portal.ui.dates import NBSP, long_day, plural
from portal.ui.pieces import field, select_field

el = rx.el
CHOICES = tuple((how.value, words[:1].upper() + words[1:]) for how, words in SERVED_WORDS.items())


@dataclass(frozen=True)
class ServedRow:
    """What was served, as displayed."""

    key: str
    words: str


@dataclass(frozen=True)
class Papers:
    """What the sheet shows besides the convocation itself."""

    served: tuple[ServedRow, ...]
    today: str
    others: str
    gathering: str


class PapersState(rx.State):
    """What was served of the open convocation, and who else comes."""

    served: list[ServedRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    today: str = ""
    others: str = ""
    gathering: str = ""
    problem: str = ""
    _id: UUID | None = None

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Read what the address names, if it names a convocation."""
        self.problem, self.served, self.others = "", [], ""
        try:
            self._id = UUID(str(self.router.url.query_parameters.get("convocation", "")))
            await self._show()
        except (ValueError, NotFound):
            self._id = None

    @allow(*CONVENERS)
    @rx.event
    async def note(self, form: dict[str, Any]) -> None:
        """Write down that it was served, on which day and how."""
        given = form_of(form)
        how, on_day = _how(str(given.get("how", ""))), _date(str(given.get("on_day", "")))
        if how is None or on_day is None or self._id is None:
            self.problem = "Indiquez le jour de la remise."
            return
        await self._do(note_served, how, on_day)

    @allow(*CONVENERS)
    @rx.event
    async def take_back(self, key: str) -> None:
        """Take back what was noted."""
        name, _, day = str(key).partition("|")
        how, on_day = _how(name), _date(day)
        if how is not None and on_day is not None and self._id is not None:
            await self._do(take_back_served, how, on_day)

    async def _do(self, action: Any, how: ServedHow, on_day: date) -> None:
        self.problem = ""
        try:
            await act(action, await current_actor(self), self._id, how, on_day, now=now())
        except Refusal as refusal:
            self.problem = said(refusal)
        await self._show()

    @not_an_event
    async def follow(self) -> None:
        """Show what an act on the convocation changed."""
        await self._show()

    async def _show(self) -> None:
        if self._id is not None:
            found = await read(_papers, await current_actor(self), self._id, now())
            self.served, self.today = list(found.served), found.today
            self.others, self.gathering = found.others, found.gathering


def _papers(session: Session, actor: Actor, convocation_id: UUID, at: datetime) -> Papers:
    line = convocation_line(session, actor, convocation_id, now=at)
    others = 0
    if line.starts_at is not None and line.state in (State.BOOKED, State.HONOURED, State.MISSED):
        coming = convocations_at(session, actor, line.resource_id, line.starts_at, now=at)
        others = sum(one.id != line.id and one.state == line.state for one in coming)
    return Papers(
        served=tuple(
            ServedRow(
                f"{one.how}|{one.on_day}",
                f"{SERVED_WORDS[one.how][:1].upper()}{SERVED_WORDS[one.how][1:]} le {long_day(one.on_day)}",
            )
            for one in served_of(session, actor, convocation_id)
        ),
        today=local_day(at, ZoneInfo(line.time_zone)).isoformat(),
        others=f"Avec {plural(others, 'autre personne', 'autres personnes')}{NBSP}: voir qui vient" if others else "",
        gathering=gathering_address(line.resource_id, line.starts_at) if others and line.starts_at else "",
    )


def papers_part(view: Any) -> rx.Component:
    """Return what the sheet of a convocation, whose view is given, says of its papers."""
    state = PapersState
    return el.div(
        rx.cond(
            state.others != "",
            el.p(inner_link(state.others, href=state.gathering, class_name="fr-link"), class_name="fr-mt-2w"),
        ),
        el.h3("Papiers", class_name="fr-h6 fr-mt-3w fr-mb-1w"),
        el.div(
            rx.cond(view.pdf != "", _file("Lettre (PDF)", view.pdf)),
            rx.cond(view.statement != "", _file("Relevé (PDF)", view.statement)),
            rx.cond(view.calendar != "", _file("Agenda (.ics)", view.calendar)),
            class_name="pj-actions",
        ),
        el.ul(rx.foreach(state.served, _served), class_name="pj-list__people fr-mt-1w"),
        rx.cond(view.can_withdraw, _form()),
        class_name="pj-noprint",
    )


def _file(label: str, href: Any) -> rx.Component:
    return el.a(
        label,
        href=href,
        target="_blank",
        rel="noopener",
        title=f"{label} - nouvelle fenêtre",
        class_name="fr-btn fr-btn--sm fr-btn--tertiary",
    )


def _served(one: rx.Var[ServedRow]) -> rx.Component:
    back = el.button(
        "Annuler",
        type="button",
        aria_label="Annuler : " + one.words,
        on_click=PapersState.take_back(one.key),
        class_name="fr-btn fr-btn--sm fr-btn--tertiary-no-outline",
    )
    return el.li(el.span(one.words), back, key=one.key)


def _form() -> rx.Component:
    state = PapersState
    return rx.el.form(
        select_field("Remise sur papier", "how", CHOICES),
        field(
            "Le",
            "on_day",
            error=state.problem,
            type="date",
            default_value=state.today,
            max=state.today,
            key=state.today,
        ),
        el.button("Noter la remise", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.note,
        no_validate=True,
        class_name="pj-served",
    )


def _how(value: str) -> ServedHow | None:
    return ServedHow(value) if value in set(ServedHow) else None


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
