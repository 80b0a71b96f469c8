"""The e-mails to hosts, read as they are received: what waits, what left, what did not and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from availability.errors import NotFound, Refusal
from availability.rights import Role
from availability.sealing import House
from booking.hosting_models import MailKind, MailState
from booking.mail_outbox import (
    MAY_LEAVE_AGAIN,
    ListedMail,
    MailOver,
    MailPart,
    ReadMail,
    mails,
    read_mail,
    retry_mail,
)
from booking.pages.ledger_parts import ledger, segments
from booking.pages.outbox_part import detail, opener, outbox_line, outer_button, state_cell, state_heading, told_alert
from booking.pages.widgets import inner_link
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.problems import problem, sentence
from portal.settings import secret_key, settings
from portal.ui.dates import NBSP, moment
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, skeleton
from portal.ui.sheet import sheet

el = rx.el
READERS = (Role.ADMINISTRATOR, Role.PARTNER)
KIND_WORDS = {
    MailKind.REQUEST: "Demande",
    MailKind.WARNING: "Rappel avant la fin du délai",
    MailKind.LAPSED: "Demande restée sans réponse",
    MailKind.GIVEN_UP: "Demande retirée",
    MailKind.AGREED: "Dates proposées acceptées",
    MailKind.DECLINED: "Dates proposées déclinées",
    MailKind.LAWYER_SET: "Audience, à l’avocat",
    MailKind.LAWYER_MOVED: "Audience déplacée, à l’avocat",
    MailKind.LAWYER_OVER: "Audience annulée, à l’avocat",
    MailKind.LAWYER_REMINDER: "Rappel d’audience, à l’avocat",
    MailKind.LAWYER_RELEASED: "Date libérée, à l’avocat",
    MailKind.LAWYER_OFFER: "Date gardée, à l’avocat qui attendait",
    MailKind.INVITATION: "Invitation d’un avocat",
}
STATE_WORDS = {
    MailState.PLANNED: ("à partir", "info"),
    MailState.SENDING: ("en cours d’envoi", "info"),
    MailState.SENT: ("parti", "success"),
    MailState.FAILED: ("pas parti", "error"),
    MailState.FLAGGED: ("à vérifier", "warning"),
    MailState.CANCELLED: ("annulé", ""),
    MailState.OUTDATED: ("devenu inutile", "warning"),
}
WHY_WORDS = {
    "no-address": "aucune adresse n’est connue pour ce lieu",
    "bad-address": "l’adresse connue n’en est pas une",
    "untrue": "ce n’était plus vrai",
    "too-late": "il n’aurait plus servi",
    "unknown": "personne ne sait s’il est parti : demandez au lieu avant de le renvoyer",
    "unwritable": "il n’a pas pu être écrit",
    "smtp-unreachable": "le serveur de courriels ne répond pas",
    "smtp-untrusted": "le certificat du serveur de courriels n’est pas reconnu : rien ne lui est envoyé",
    "smtp-in-clear": "le serveur de courriels ne chiffre pas : le secret ne lui est pas envoyé",
}
PART_WORDS = {
    MailPart.ALL: "Tous",
    MailPart.TO_HANDLE: "À traiter",
    MailPart.WAITING: "À envoyer",
    MailPart.SENT: "Partis",
}
HEADINGS = ("Courriel", "À qui", "État", "Quand")
ON_SCREEN = "Aucun courriel ne part\u00a0: cette boîte remplace le serveur. Ouvrez-en un pour suivre le lien du lieu."
COSTS = "/convocations/couts/"
FOR_HOSTS = "Dans la démonstration, vous lisez ici les courriels que votre service recevrait."
_LINK = re.compile(r"https?://\S+/d/[\w-]+")

problem(MailOver, 409, "mail-over", "Courriel déjà réglé", "Ce courriel est parti, ou ne servirait plus à rien.")


@dataclass(frozen=True)
class MailRow:
    """An e-mail in the list, and open."""

    id: str = ""
    subject: str = ""
    about: str = ""
    recipient: str = ""
    state: str = ""
    badge: str = ""
    why: str = ""
    at: str = ""
    body: str = ""
    link: str = ""
    can_retry: bool = False


NO_ROW = MailRow()


class MailsState(rx.State):
    """The lines shown, and the e-mail that is open."""

    part: str = MailPart.ALL.value
    rows: list[MailRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    told: str = ""
    opened: MailRow = NO_ROW
    is_loaded: bool = False

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return bool(self.opened.id)

    @allow(*READERS)
    @rx.event
    async def load(self) -> None:
        """Show the e-mails."""
        actor = await current_actor(self)
        is_host = not actor.has(Role.ADMINISTRATOR)
        self.told = FOR_HOSTS if is_host else "" if settings().smtp_url else ON_SCREEN
        self.opened = NO_ROW
        await self._fill()

    @allow(*READERS)
    @rx.event
    async def pick(self, part: str) -> None:
        """Show another part."""
        self.part = str(part) if str(part) in set(MailPart) else MailPart.ALL.value
        await self._fill()

    @allow(*READERS)
    @rx.event
    async def open_mail(self, mail_id: str) -> None:
        """Show what an e-mail says; it is logged."""
        try:
            found = await act(
                read_mail,
                await current_actor(self),
                UUID(str(mail_id)),
                house=House(secret_key()),
                with_hosts=settings().demo,
                now=now(),
            )
        except (ValueError, NotFound):
            self.opened = NO_ROW
            (await self.get_state(NoticeState)).show_error("Ce courriel n’existe pas, ou ne vous est pas accessible.")
        else:
            self.opened = opened_row(found)

    @allow(*READERS)
    @rx.event
    async def close_sheet(self) -> None:
        """Close the e-mail."""
        self.opened = NO_ROW

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def retry(self) -> None:
        """Have it leave again."""
        notice = await self.get_state(NoticeState)
        try:
            await act(retry_mail, await current_actor(self), UUID(self.opened.id), now=now())
        except (ValueError, Refusal) as refusal:
            words = sentence(refusal) if isinstance(refusal, Refusal) else "Ouvrez d’abord un courriel."
            notice.show_error(words)
        else:
            notice.show_success("Il repart dès que possible.")
        self.opened = NO_ROW
        await self._fill()

    async def _fill(self) -> None:
        actor, part = await current_actor(self), MailPart(self.part)
        self.rows = [row(one) for one in await read(mails, actor, part, with_hosts=settings().demo)]
        self.is_loaded = True


def row(one: ListedMail) -> MailRow:
    """Return an e-mail in the list, in words."""
    zone = ZoneInfo(one.time_zone)
    words, tone = STATE_WORDS[one.state]
    when = f"parti {moment(one.sent_at, zone)}" if one.sent_at else f"prévu {moment(one.due_at, zone)}"
    return MailRow(
        id=str(one.id),
        subject=one.subject or f"{KIND_WORDS[one.kind]}{NBSP}: {one.kind_label}",
        about=one.site_name,
        recipient=one.recipient or "adresse inconnue",
        state=words,
        badge=tone,
        why=why(one.failure),
        at=when,
        can_retry=one.state in MAY_LEAVE_AGAIN and bool(one.recipient),
    )


def opened_row(found: ReadMail) -> MailRow:
    """Return an e-mail as it was received."""
    link = _LINK.search(found.body)
    return MailRow(**vars(row(found.mail)) | {"body": found.body, "link": link.group() if link else ""})


def why(failure: str) -> str:
    """Return why an e-mail did not leave, in words; a code of the server as it is."""
    if failure in WHY_WORDS or not failure:
        return WHY_WORDS.get(failure, "")
    return f"le serveur de courriels a répondu {failure.removeprefix('smtp-')}"


@page(
    "/courriels",
    title="Courriels",
    roles=READERS,
    on_load=(MailsState.load,),
    part_of="/demandes",
    description="Les courriels envoyés aux lieux : ce qui attend, ce qui est parti, ce qui ne l’est pas et pourquoi.",
)
def mails_page() -> rx.Component:
    """Return the page."""
    state = MailsState
    return layout(
        told_alert(state.told),
        rx.cond(
            state.told != FOR_HOSTS,
            el.div(inner_link("Coûts des SMS", href=COSTS, class_name="fr-link"), class_name="fr-mb-2w"),
        ),
        el.div(
            segments("courriels", PART_WORDS, current=state.part, on_pick=state.pick), class_name="pj-ledger__filters"
        ),
        rx.cond(state.is_loaded, _list(), skeleton(8, "Chargement des courriels…")),
        sheet(_mail(), open=state.is_open, title="Courriel", on_close=state.close_sheet),
        title="Courriels",
        wide=True,
    )


def _list() -> rx.Component:
    rows = rx.foreach(MailsState.rows, _line)
    table = ledger("Courriels, le dernier d’abord", HEADINGS, rows)
    nothing = empty_state(
        "Aucun courriel ici", "Les demandes faites aux lieux, les rappels et ce qui les suit s’afficheront ici."
    )
    return rx.cond(MailsState.rows.length() > 0, table, nothing)


def _line(line: rx.Var[MailRow]) -> rx.Component:
    opened = opener(line.subject, MailsState.open_mail(line.id))
    return outbox_line(line.id, (opened, detail(line.about)), line.recipient, state_cell(line), line.at)


def _mail() -> rx.Component:
    one = MailsState.opened
    link = outer_button("Suivre le lien du lieu", one.link)
    retry = el.button(
        "Envoyer à nouveau", type="button", on_click=MailsState.retry, class_name="fr-btn fr-btn--secondary"
    )
    return el.div(
        state_heading(one),
        el.p(one.subject, class_name="pj-mail__subject"),
        el.p("À : ", one.recipient, ", ", one.at, class_name="pj-grey fr-mb-2w"),
        rx.cond(
            one.body != "",
            el.pre(one.body, class_name="pj-mail"),
            el.p("Son texte sera écrit au moment où il part, d’après ce qui est vrai alors.", class_name="pj-grey"),
        ),
        el.div(rx.cond(one.link != "", link), rx.cond(one.can_retry, retry), class_name="pj-actions fr-mt-2w"),
    )
