"""The sheet of somebody who waits: what was offered and answered, and why they were passed over, in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import REQUESTERS, Actor, Role
from booking.day import time_zone_of
from booking.pages import waiting_words as words
from booking.waiting_history import Happened, WaitStep, waiting_history
from booking.waiting_models import OfferOutcome
from booking.waiting_queries import ListedEntry
from portal import clock
from portal.database import read
from portal.policy import allow, current_actor
from portal.ui.dates import NBSP, day, ended, moment
from portal.ui.pieces import skeleton
from portal.ui.sheet import sheet

el = rx.el
ACT_WORDS = {
    "waiting-waiting": "a mis en attente",
    "waiting-offered": "a repris la place proposée",
    "waiting-withdrawn": "a retiré de la liste",
    "waiting-expired": "Les dates voulues sont passées, ou le rendez-vous n’est plus : l’attente est terminée.",
    "waiting-served": "La place voulue est réservée : l’attente est terminée.",
}
ANSWER_WORDS = {
    OfferOutcome.TAKEN: "La place est acceptée",
    OfferOutcome.DECLINED: "La place est laissée au suivant",
    OfferOutcome.LAPSED: "Sans réponse à temps, la place passe au suivant",
}
ALSO_LEFT = {**words.DECLINE_WORDS, "withdrawn": "L’inscription a été retirée"}


@dataclass(frozen=True)
class Line:
    """One line, as displayed."""

    at: str
    sentence: str


class WaitingHistoryState(rx.State):
    """The entry whose history is open."""

    step: str = ""  # "", loading, shown, missing
    whom: str = ""
    what: str = ""
    rank: str = ""
    lines: list[Line] = []  # noqa: RUF012 - Reflex copies the default for each client

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def title(self) -> str:
        """Return the heading of the sheet."""
        return f"Attente de {self.whom}" if self.whom else "Liste d’attente"

    @allow(*REQUESTERS, Role.PARTNER)
    @rx.event
    async def load(self) -> Any:
        """Open the entry that the address names, if it names one; hosts know none by who waits."""
        asked = str(self.router.url.query_parameters.get("inscription", ""))
        self.whom = self.what = self.rank = ""
        self.step, self.lines = "loading" if asked else "", []
        yield
        if asked:
            try:
                self._show(*await read(_found, await current_actor(self), UUID(asked), now=clock.now()))
            except (ValueError, NotFound):
                self.step = "missing"

    @allow(*REQUESTERS)
    @rx.event
    async def close_it(self) -> EventSpec:
        """Close the sheet; the list stays as it was."""
        self.step = ""
        return rx.redirect(words.LIST, replace=True)

    def _show(self, entry: ListedEntry, steps: list[WaitStep], here: str) -> None:
        card = words.card(entry, now=clock.now(), here=here)
        self.whom, self.what = card.whom, " – ".join(part for part in (card.what, card.where) if part)
        self.rank = f"{card.rank}, {card.rank_why}" if card.rank else card.state
        zone = ZoneInfo(here)
        self.lines = [Line(moment(one.at, zone), said(one, entry, zone)) for one in steps]
        self.step = "shown"


def said(step: WaitStep, entry: ListedEntry, zone: ZoneInfo) -> str:
    """Return one line in a sentence."""
    where = words.place_name(step.site_name, step.resource_name)
    match step.what:
        case Happened.OFFERED:
            until = f", gardée jusqu’au {moment(step.until, zone)}" if step.until else ""
            return f"Proposée{NBSP}: {where}{ended(until) if until else '.'}"
        case Happened.ANSWERED:
            left = ALSO_LEFT.get(step.reason, "")
            return f"{ANSWER_WORDS[OfferOutcome(step.act)]} ({where}){f'{NBSP}: {left.lower()}' if left else ''}."
        case Happened.PASSED:
            return f"Passée{NBSP}: {where}, {words.skip_words(step.act, entry.searchable or {})}."
    return _act(step)


def _act(step: WaitStep) -> str:
    if not step.by:
        return ACT_WORDS.get(step.act, "La liste a changé.")
    who = "Vous" if step.is_me else step.by
    if step.act == "waiting-deadline":
        last = step.deadline_on
        return _by(who, f"a fixé l’échéance légale au {day(last, year=True)}" if last else "a retiré l’échéance légale")
    if step.act == "waiting-waiting" and (step.facts or {}).get("undo"):
        return _by(who, "a remis à sa place")
    if step.act == "waiting-offered" and (step.facts or {}).get("run_id"):
        return _by(who, "a donné le lit d’une répartition")
    return _by(who, ACT_WORDS.get(step.act, "a changé l’inscription"))


def _by(who: str, did: str) -> str:
    return ended(f"{who} {f'avez {did[2:]}' if who == 'Vous' and did.startswith('a ') else did}")


def _found(session: Session, actor: Actor, entry_id: UUID, *, now: datetime) -> tuple[ListedEntry, list[WaitStep], str]:
    return *waiting_history(session, actor, entry_id, now=now), time_zone_of(session, actor)


def waiting_sheet() -> rx.Component:
    """Return the sheet."""
    state = WaitingHistoryState
    shown = el.div(
        el.p(state.what, class_name="fr-mb-1v"),
        el.p(state.rank, class_name="pj-grey"),
        el.h3("Historique", class_name="fr-h6"),
        el.ol(rx.foreach(state.lines, _line), class_name="fr-raw-list pj-history"),
        el.p(
            "Un même motif n’est écrit qu’une fois par lieu, avec son dernier jour.",
            class_name="fr-text--sm pj-grey fr-mt-2w",
        ),
    )
    body = rx.match(
        state.step,
        ("loading", skeleton(6, "Lecture de l’historique…")),
        ("missing", el.p("Cette inscription n’existe pas, ou ne vous est pas accessible.")),
        ("shown", shown),
        rx.fragment(),
    )
    return sheet(body, open=state.is_open, title=state.title, on_close=state.close_it)


def _line(line: rx.Var[Line]) -> rx.Component:
    return el.li(el.span(line.at, class_name="pj-history__at"), el.span(line.sentence))
