"""Where the requests on a site arrive, by e-mail and by SMS, and what its service or an administrator does about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.rights import Actor, Role
from availability.sealing import House
from availability.words import invalid_sentence
from booking.host_phones import GivenPhone, look_at_phone, phones_of, resume_phone, set_phone
from booking.host_requests import move_mailbox
from booking.mailbox import SHOWN, Mailbox, mailboxes, mailboxes_found
from booking.mailbox import Why as Receiving
from booking.pages.request_words import spaced
from booking.phones import AmbiguousNumber
from booking.question import form_of, text_of
from booking.words import many
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import secret_key, settings
from portal.ui.dates import NBSP
from portal.ui.notice import NoticeState

WHY_WORDS = {
    Receiving.GIVEN: "indiquée par le service",
    Receiving.KNOWN: "connue avec ce lieu",
    Receiving.NONE: f"Aucune adresse{NBSP}: les demandes n’arrivent qu’à l’écran, et aux comptes du service.",
}
TOLD = "reçoit aussi un SMS"
STOPPED = f"a répondu STOP{NBSP}: ne reçoit plus de SMS (les courriels continuent)"
# STOP is also kept by the operator of the SMS, which only START undoes.
HOW_AGAIN = (
    f"Pour les recevoir de nouveau{NBSP}: répondez START depuis ce mobile, ou demandez-les ici. "
    "Si l’opérateur le bloque encore, seul START le rouvre."
)
HOW_AGAIN_FOR_OTHERS = (
    f"Seul le lieu peut les reprendre{NBSP}: en répondant START depuis ce mobile, ou depuis sa page "
    f"«{NBSP}Demandes{NBSP}»."
)
END_SHOWN = 2


@dataclass(frozen=True)
class MailboxLine:
    """Where the requests on a site arrive."""

    site_id: str
    site: str
    address: str
    why: str
    phone: str = ""  # spaced; to an administrator, its end only
    phone_why: str = ""
    how_again: str = ""  # of a number that said STOP
    can_resume: bool = False


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where the requests on a site are to arrive; None leaves as it is."""

    site_id: int
    address: str | None
    phone: str | None


class MailboxState(rx.State):
    """The sites of a service, or those that an administrator looks for, and the one that is being corrected."""

    lines: list[MailboxLine] = []  # noqa: RUF012 - Reflex copies the default for each client
    open_site: str = ""  # whose address is being corrected
    address_typed: str = ""
    address_problem: str = ""
    phone_typed: str = ""
    phone_problem: str = ""
    reads_mail: bool = False  # the demonstration shows partners their e-mails
    sought: str = ""
    is_more: bool = False
    is_loaded: bool = False
    _is_own: bool = True  # the service's page; otherwise an administrator's
    _shown: tuple[str, str] = ("", "")  # the address and the number as the form opened with them

    @allow(Role.PARTNER)
    @rx.event
    async def load(self) -> None:
        """Show the sites of one's service."""
        self._is_own, self.reads_mail, self.open_site = True, settings().demo, ""
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def load_administered(self) -> None:
        """Show the sites of one's territories that gave an address or a mobile."""
        self._is_own, self.sought, self.open_site = False, "", ""
        await self._show()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def search(self, typed: str) -> None:
        """Show the sites in whose name or town all the words typed are."""
        self._is_own, self.sought, self.open_site = False, text_of(typed)[:100], ""
        await self._show()

    @allow(Role.PARTNER, Role.ADMINISTRATOR)
    @rx.event
    async def open_mailbox(self, site_id: str) -> None:
        """Correct the address of a site, or stop correcting it; whoever administers it looks at its number."""
        self.address_problem = self.phone_problem = ""
        found = next((one for one in self.lines if one.site_id == str(site_id)), None)
        self.open_site = found.site_id if found else ""
        if found is None:
            return
        try:
            phone = found.phone if self._is_own or not found.phone else await self._looked_at(int(found.site_id))
        except Refusal as refusal:
            self.open_site = ""
            await self._refused(refusal)
            return
        self.address_typed, self.phone_typed = self._shown = (found.address, phone)

    @allow(Role.PARTNER, Role.ADMINISTRATOR)
    @rx.event
    async def save_mailbox(self, form: dict[str, str]) -> EventSpec:
        """Have the requests on a site arrive elsewhere: by e-mail, those that wait included, and by SMS."""
        given = {name: text_of(value) for name, value in form_of(form).items()}
        self.address_typed, self.phone_typed = given.get("email", ""), given.get("phone", "")
        self.address_problem = self.phone_problem = ""
        wanted = Wanted(
            site_id=int(self.open_site or 0),
            address=self.address_typed if not self.open_site or self.address_typed != self._shown[0] else None,
            phone=self.phone_typed if not self.open_site or self.phone_typed != self._shown[1] else None,
        )
        try:
            told = await act(_set, await current_actor(self), wanted, now=clock.now())
        except AmbiguousNumber as refusal:
            self.phone_problem = two_readings(refusal)
            return rx.set_focus("phone")
        except InvalidRequest as refusal:
            if refusal.field == "phone":
                self.phone_problem = invalid_sentence(refusal)
                return rx.set_focus("phone")
            self.address_problem = invalid_sentence(refusal)
            return rx.set_focus("email")
        except Refusal as refusal:
            return await self._refused(refusal)
        self.open_site = ""
        again = (
            f" {many(told, 'demande en attente y est envoyée', 'demandes en attente y sont envoyées')}." if told else ""
        )
        return await self._say(f"C’est enregistré.{again}")

    @allow(Role.PARTNER)
    @rx.event
    async def resume(self, site_id: str) -> EventSpec:
        """Have the SMS of a site leave again for its mobile, which said STOP."""
        number = int(site_id) if str(site_id).isascii() and str(site_id).isdecimal() and len(str(site_id)) < 16 else 0
        try:
            await act(resume_phone, await current_actor(self), number, now=clock.now())
        except Refusal as refusal:
            return await self._refused(refusal)
        return await self._say("Ce mobile recevra de nouveau un SMS à chaque demande.")

    async def _looked_at(self, site_id: int) -> str:
        house = House(secret_key())
        return spaced(await act(look_at_phone, await current_actor(self), site_id, house=house, now=clock.now()))

    async def _say(self, words: str) -> EventSpec:
        (await self.get_state(NoticeState)).show_success(words)
        await self._show()
        return rx.set_focus("message")

    async def _refused(self, refusal: Refusal) -> EventSpec:
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        await self._show()
        return rx.set_focus("message")

    async def _show(self) -> None:
        actor = await current_actor(self)
        boxes, phones = await read(_own, actor) if self._is_own else await read(_administered, actor, self.sought)
        self.lines = [mailbox_line(one, phones.get(one.site_id), is_own=self._is_own) for one in boxes[: self._most]]
        self.is_more, self.is_loaded = len(boxes) > self._most, True

    @property
    def _most(self) -> int:
        return 200 if self._is_own else SHOWN


def mailbox_line(one: Mailbox, phone: GivenPhone | None = None, *, is_own: bool = True) -> MailboxLine:
    """Return where the requests on a site arrive, in words."""
    line = MailboxLine(str(one.site_id), one.site_name, one.address, WHY_WORDS[one.why])
    if phone is None:
        return line
    shown = spaced(phone.number) if is_own else f"Mobile …{NBSP}{phone.number[-END_SHOWN:]}"
    if not phone.is_stopped:
        return replace(line, phone=shown, phone_why=TOLD)
    how = HOW_AGAIN if is_own else HOW_AGAIN_FOR_OTHERS
    return replace(line, phone=shown, phone_why=STOPPED, how_again=how, can_resume=is_own)


def two_readings(refusal: AmbiguousNumber) -> str:
    """Return which numbers may have been meant, for the user to write the right one."""
    listed = " ou ".join(one.label.replace(" ", NBSP) for one in refusal.readings)
    return f"Ce numéro existe dans plusieurs territoires{NBSP}: écrivez {listed}."


def _set(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> int:
    """Set what changes; return how many requests are told again. E-mails are locked before the number."""
    told = move_mailbox(session, actor, wanted.site_id, wanted.address, now=now) if wanted.address is not None else 0
    if wanted.phone is not None:
        house, fiction = House(secret_key()), settings().demo
        set_phone(session, actor, wanted.site_id, wanted.phone, house=house, fiction=fiction, now=now)
    return told


def _own(session: Session, actor: Actor) -> tuple[list[Mailbox], dict[int, GivenPhone]]:
    return _with_phones(session, mailboxes(session, actor))


def _administered(session: Session, actor: Actor, typed: str) -> tuple[list[Mailbox], dict[int, GivenPhone]]:
    return _with_phones(session, mailboxes_found(session, actor, typed))


def _with_phones(session: Session, boxes: list[Mailbox]) -> tuple[list[Mailbox], dict[int, GivenPhone]]:
    return boxes, phones_of(session, [one.site_id for one in boxes], house=House(secret_key()))
