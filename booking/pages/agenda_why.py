"""Why an hour of an agenda is not free: one names the hour, and is told the rule."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from availability.errors import InvalidRequest, Refusal
from availability.openings import instant_of
from availability.words import WHY_WORDS
from booking.agenda import why_hour_not_free
from booking.pages.agenda_state import HOLDERS, AgendaState
from booking.pages.why_part import why_part
from booking.pages.why_words import Why, why_rule
from booking.question import form_of, text_of
from portal import clock
from portal.database import read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import moment
from portal.ui.pieces import field

el = rx.el
UNREAD = "Ce jour ou cette heure ne se lit pas : choisissez un jour, puis une heure comme 14:30."


class AgendaWhyState(rx.State):
    """The hour asked about, and the answer."""

    typed: dict[str, str] = {"day": "", "hour": ""}  # noqa: RUF012 - Reflex copies the default for each client
    said: str = ""
    why: Why = Why()

    @allow(*HOLDERS)
    @rx.event
    async def ask(self, form: dict[str, Any]) -> None:
        """Say whether an hour is free, and which rule it meets when it is not."""
        self.typed = {name: text_of(form_of(form).get(name, ""))[:20] for name in ("day", "hour")}
        self.why = Why()
        agenda = await self.get_state(AgendaState)
        if agenda.step != "week":
            return
        try:
            start = instant_typed(self.typed, ZoneInfo(agenda.zone))
            actor = await current_actor(self)
            reason = await read(why_hour_not_free, actor, agenda._resource_id, start, now=clock.now())
        except Refusal as refusal:
            self.said = UNREAD if isinstance(refusal, InvalidRequest) else sentence(refusal)
            return
        asked = moment(start, ZoneInfo(agenda.zone)).capitalize()
        self.said = f"{asked} : {WHY_WORDS[reason]}" if reason else f"{asked} : c’est libre."
        self.why = why_rule(reason) if reason else Why()


def instant_typed(typed: dict[str, str], zone: ZoneInfo) -> datetime:
    """Return the instant of a day and an hour there. Raises: InvalidRequest when they do not read."""
    try:
        day, hour = date.fromisoformat(typed["day"]), time.fromisoformat(typed["hour"])
    except ValueError as error:
        raise InvalidRequest("start", "unreadable") from error
    if hour.tzinfo is not None or not 2000 < day.year < 3000:
        raise InvalidRequest("start", "unreadable")
    return instant_of(day, hour, zone)


def why_hour() -> rx.Component:
    """Return what asks for an hour, and says why it is not free."""
    state = AgendaWhyState
    return el.details(
        el.summary("Pourquoi pas une autre heure ?"),
        rx.el.form(
            el.div(
                field("Jour", "day", type="date", default_value=state.typed["day"]),
                field("Heure", "hour", type="time", default_value=state.typed["hour"]),
                class_name="pj-form__grid",
            ),
            el.button("Demander", type="submit", class_name="fr-btn fr-btn--sm fr-btn--secondary"),
            on_submit=state.ask,
            no_validate=True,
            class_name="pj-form fr-mt-1w",
        ),
        el.div(
            rx.cond(state.said != "", el.p(state.said, class_name="fr-mt-1w fr-mb-1v")),
            role="status",
        ),
        why_part(state.why, label="La règle"),
        class_name="pj-why fr-mt-2w",
    )
