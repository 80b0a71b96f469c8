"""Who could not be told and is to be called, people and hosts: a number on demand, and what became of the call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from availability.errors import NotFound, Refusal
from availability.rights import REQUESTERS
from availability.sealing import House
from booking.pages.booking_words import whom
from booking.pages.outbox_part import detail, opener, outbox_line
from convocations.kinds import MessageKind, MessageState
from convocations.pages.addresses import OUTBOX
from convocations.pages.calls_part import NO_NUMBER_YET, Calls, Number, calls_page, number_of, number_part
from convocations.pages.convocation_words import HOST_WORDS, MESSAGE_WORDS, about_address, at_words, failure_words
from convocations.pages.problems import said
from convocations.to_call import Call, ToCall, note_call, take_call_back, to_call, whom_to_call
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor, page
from portal.settings import secret_key
from portal.ui.dates import NBSP, moment, plural
from portal.ui.notice import NoticeState

el = rx.el
CALLS = Calls(
    title="À appeler",
    act="Appeler",
    back=("Boîte d’envoi", OUTBOX),
    caption="Personnes et lieux à appeler, le plus proche d’abord",
    headings=("Qui", "Rendez-vous ou demande", "Ce qu’il faut dire", "Pourquoi appeler", "Appels"),
    nothing=(
        "Tout le monde est prévenu",
        "Les personnes, et les lieux à qui une place est demandée, qu’aucun SMS n’a pu prévenir s’afficheront ici le "
        "matin même.",
    ),
)
TO_SAY = {
    MessageKind.OFFER: "choisir un rendez-vous",
    MessageKind.CONFIRMATION: "le rendez-vous est pris",
    MessageKind.REMINDER: "rappeler le rendez-vous",
    MessageKind.CHANGE: "le rendez-vous a changé",
    MessageKind.CANCELLATION: "le rendez-vous est annulé",
    MessageKind.MISSED: "le rendez-vous a été manqué",
    MessageKind.EARLIER: "une date plus tôt est libre",
}
TO_SAY_TO_HOST = {
    MessageKind.OFFER: "une demande attend une réponse",
    MessageKind.REMINDER: "sans réponse, la demande tombe",
    MessageKind.CANCELLATION: "la demande est retirée",
}
WHY = {
    MessageState.WITHHELD: "ne veut plus de SMS",
    MessageState.OUTDATED: "trop tard pour un SMS",
}
MAILED = {True: "le courriel est parti", False: "aucun courriel n’est parti"}


@dataclass(frozen=True)
class CallRow:
    """Somebody to call, as displayed."""

    id: str = ""
    act: str = ""
    appointment: str = ""
    when: str = ""
    place: str = ""
    service: str = ""
    to_say: str = ""
    why: str = ""
    mailed: str = ""  # of a host
    calls: str = ""
    sheet: str = ""


NO_ROW = CallRow()


class ToCallState(rx.State):
    """The lines, and the person whose number is shown."""

    rows: list[CallRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_loaded: bool = False
    opened: CallRow = NO_ROW
    number: Number = NO_NUMBER_YET
    _last: str = ""  # the message of the last call noted

    @rx.var
    def is_open(self) -> bool:
        """Say whether the number is shown."""
        return self.opened.id != ""

    @rx.var
    def summary(self) -> str:
        """Return how many are to be called."""
        hosts = sum(row.mailed != "" for row in self.rows)
        people = len(self.rows) - hosts
        said = [plural(people, "personne")] if people else []
        said += [plural(hosts, "lieu", "lieux")] if hosts else []
        return f"{' et '.join(said)} à prévenir par téléphone."

    @allow(*REQUESTERS)
    @rx.event
    async def load(self) -> None:
        """Show who is to be called."""
        watch(self)
        self.opened, self.number = NO_ROW, NO_NUMBER_YET
        await self._fill()

    @allow(*REQUESTERS)
    @rx.event
    async def open_number(self, message_id: str) -> None:
        """Show the name and the number of somebody; it is logged."""
        found = next((row for row in self.rows if row.id == str(message_id)), None)
        if found is None:
            return
        try:
            callee = await act(
                whom_to_call, await current_actor(self), UUID(found.id), house=House(secret_key()), now=now()
            )
        except NotFound:
            (await self.get_state(NoticeState)).show_error("Il n’y a plus personne à prévenir ici.")
            await self._fill()
        else:
            self.opened, self.number = found, number_of(callee)

    @allow(*REQUESTERS)
    @rx.event
    async def close_sheet(self) -> None:
        """Hide the number."""
        self.opened, self.number = NO_ROW, NO_NUMBER_YET

    @allow(*REQUESTERS)
    @rx.event
    async def note(self, outcome: str) -> None:
        """Write down what became of the call."""
        if not self.opened.id or str(outcome) not in set(Call):
            return
        notice, call = await self.get_state(NoticeState), Call(str(outcome))
        try:
            await act(note_call, await current_actor(self), UUID(self.opened.id), call, now=now())
        except Refusal as refusal:
            notice.show_error(said(refusal))
        else:
            words = "C’est noté : prévenu(e)." if call is Call.TOLD else "C’est noté : injoignable, à rappeler."
            self._last = self.opened.id
            notice.show_success(words.replace(" :", f"{NBSP}:"), undo_label="Annuler")
        self.opened, self.number = NO_ROW, NO_NUMBER_YET
        await self._fill()

    @allow(*REQUESTERS)
    @rx.event
    async def undo(self) -> None:
        """Take back what was written of the last call."""
        if not self._last:
            return
        notice = await self.get_state(NoticeState)
        try:
            await act(take_call_back, await current_actor(self), UUID(self._last), now=now())
        except Refusal as refusal:
            notice.show_error(said(refusal))
        else:
            notice.show_success("L’appel n’est plus noté.")
        self._last = ""
        await self._fill()

    async def _fill(self) -> None:
        at = now()
        listed = await read(to_call, await current_actor(self), now=at)
        several = len({one.service for one in listed}) > 1
        self.rows = [row_of(one, now=at, with_service=several) for one in listed]
        self.is_loaded = True

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - it may be about anywhere
        """Show what has just failed, or was told."""
        await self._fill()


def row_of(one: ToCall, *, now: datetime, with_service: bool) -> CallRow:
    """Return somebody to call, as displayed."""
    zone = ZoneInfo(one.time_zone)
    last = f"dernier appel {at_words(one.called_at, zone, now=now)}" if one.called_at else ""
    until = moment(one.useful_until, zone)
    to_choose = f"à répondre avant le {until}" if one.is_host else f"à choisir avant le {until}"
    why = WHY.get(one.state) or failure_words(one.failure, is_to_host=one.is_host).partition(" : ")[0]
    return CallRow(
        id=str(one.id),
        act=f"Appeler{NBSP}{one.site_name if one.is_host else whom(one.initials, '', None)}",
        appointment=one.appointment,
        when=moment(one.about_at, zone) if one.about_at else to_choose,
        place="" if one.is_host else one.site_name,
        service=one.service if with_service else "",
        to_say=TO_SAY_TO_HOST[one.kind] if one.is_host else TO_SAY[one.kind],
        why=why,  # what to do is known: to call
        mailed=MAILED[one.is_mailed] if one.is_host else "",
        calls=f"{one.calls}{NBSP}sans réponse, {last}" if one.calls else "pas encore",
        sheet=about_address(one.convocation_id, one.booking_id),
    )


@page(
    "/convocations/a-appeler",
    title=CALLS.title,
    roles=REQUESTERS,
    part_of="/convocations",
    on_load=(ToCallState.load,),
    description="Les personnes et les lieux qu’aucun SMS n’a pu prévenir, avec leur numéro.",
)
def to_call_page() -> rx.Component:
    """Return the page."""
    return calls_page(ToCallState, CALLS, _line, _number())


def _line(row: rx.Var[CallRow]) -> rx.Component:
    return outbox_line(
        row.id,
        (opener(row.act, ToCallState.open_number(row.id)), detail(row.service)),
        (row.when, detail(row.place)),
        (row.to_say, detail(row.appointment)),
        (row.why, detail(row.mailed)),
        row.calls,
    )


def _number() -> rx.Component:
    row, note = ToCallState.opened, ToCallState.note
    about = [
        el.p("À dire\u00a0: ", row.to_say, class_name="fr-mb-1v"),
        el.p(row.when, rx.cond(row.place != "", ", " + row.place, ""), class_name="fr-mb-1v"),
        el.p(row.why, rx.cond(row.mailed != "", ", " + row.mailed, ""), class_name="pj-grey fr-mb-2w"),
    ]
    others = "fr-btn fr-btn--secondary"
    acts = [
        el.button("Prévenu(e)", type="button", on_click=note(Call.TOLD.value), class_name="fr-btn"),
        el.button("Injoignable", type="button", on_click=note(Call.UNREACHED.value), class_name=others),
    ]
    to_see = rx.cond(row.mailed != "", "Voir la demande", "Voir la convocation")
    return number_part(ToCallState.number, about, acts, row.sheet, to_see=to_see)


assert set(TO_SAY_TO_HOST) == set(HOST_WORDS)  # noqa: S101 - as below
assert set(TO_SAY) == set(MESSAGE_WORDS)  # noqa: S101 - each kind has something to say
