"""What hosts are asked in the demonstration: a link each, the e-mails and SMS that they would have received, and dates
that one of them proposes, as the acts would have written it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.history import Act, record
from availability.rights import Actor
from availability.sealing import House, seal
from booking.host_phones import PHONES
from booking.host_requests import LINKS
from booking.hosting import HostedRequest, requests_by_id
from booking.hosting_models import MailKind, MailState
from booking.links import LinkName, token_of
from booking.mail import STILL_USEFUL, UNDO, warn_at
from booking.mail_delivery import SCREEN, sealing_key
from booking.pages.mail_words import write
from convocations.host_sms import TEXTS, sentence
from convocations.kinds import MessageClass, MessageKind, MessageState
from convocations.segments import measure
from convocations.timing import Whereabouts, next_moment
from portal.demo.sheets import Sheet

SENT_IN = timedelta(seconds=2)
LATER = timedelta(days=21)  # what the host proposes
ASKED = text("""
    SELECT b.id, b.created_at, b.expires_at, s.email, s.code AS site, s.id AS site_id, s.time_zone, s.holiday_zone,
           b.first_on, b.until_on, b.resource_id,
           (SELECT a.id FROM account a WHERE a.organisation_id = s.organisation_id ORDER BY a.login LIMIT 1) AS host
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    WHERE b.state = 'requested' ORDER BY s.code, b.expires_at, b.id""")
PROPOSE = text("""
    INSERT INTO host_proposal (id, booking_id, first_on, until_on, state, made_by, made_at)
    VALUES (:id, :booking_id, :first_on, :until_on, 'open', :host, :at)""")
# What it adds to the days that the request has.
HOLD = text("""
    INSERT INTO place_period (resource_id, days, holder_id, expires_at)
    VALUES (:resource_id, daterange(:first_on, :until_on), :id, :expires_at)""")
WITH_A_MOBILE = ("accueil-", "enfance-", "pext-")  # not those of the guests, who give their own
WITH_A_PROPOSAL = ("mediation-", "pext-")  # how the codes of their sites begin: the first site with requests of each


class HostRequests:
    """Fills what goes around the requests that wait."""

    def __init__(self, session: Session, rng: Random, house: House, *, origin: str, now: datetime) -> None:
        self.session = session
        self.rng = rng
        self.house = house
        self.origin = origin
        self.now = now
        self.requests = Sheet("host_request", "id booking_id link_id link_version asked_at answer_by", numbered=False)
        self.mails = Sheet(
            "host_mail",
            "id booking_id kind recipient state failure due_at useful_until claimed_at lease_until attempts sent_at"
            " provider subject body_sealed created_at",
            numbered=False,
        )

        self.phones = Sheet(
            "host_phone", "site_id number_sealed number_mark stopped_at changed_at changed_by", numbered=False
        )
        self.texts = Sheet(
            "message",
            "id host_request_id booking_id kind category state due_at useful_until claimed_at attempts sent_at provider"
            " provider_id failure body_sealed segments created_at",
            numbered=False,
        )

    def write(self) -> int:
        """Give each request its link and its e-mails; the last one of a service has other dates proposed.

        Returns how many lines of history that is.
        """
        rows = self.session.execute(ASKED).all()
        for row in rows:
            link = LinkName(self.rng.getrandbits(63), 1)
            number = self._number()
            self.requests.add(
                id=number,
                booking_id=row.id,
                link_id=link.link_id,
                link_version=link.version,
                asked_at=row.created_at,
                answer_by=row.expires_at,
            )
            self._mails(row, link)
            if row.site.startswith(WITH_A_MOBILE):
                self._text(row, number, link)
        self._phones([row for row in rows if row.site.startswith(WITH_A_MOBILE)])
        self.requests.write(self.session)
        self.mails.write(self.session)
        self.phones.write(self.session)
        self.texts.write(self.session)
        firsts = [next((row.site for row in rows if row.site.startswith(code)), "") for code in WITH_A_PROPOSAL]
        proposed = [row for site in firsts for row in [one for one in rows if one.site == site][-1:]]
        for row in proposed:
            self._propose(row)
        return len(proposed)

    def _mails(self, row: Any, link: LinkName) -> None:
        address = f"{self.origin}/d/{token_of(self.house.derived(LINKS), link)}"
        warned_at = warn_at(row.created_at, row.expires_at)
        self._mail(row, MailKind.REQUEST, row.created_at + UNDO, row.expires_at, address)
        self._mail(row, MailKind.WARNING, warned_at, row.expires_at - STILL_USEFUL, address)

    def _mail(self, row: Any, kind: MailKind, due_at: datetime, until: datetime, address: str) -> None:
        has_left = due_at + SENT_IN <= self.now
        written = write(kind, self._facts(row.id, due_at), address, due_at) if has_left else None
        key = sealing_key(self.session, self.house, self._facts(row.id, due_at).person_id)
        self.mails.add(
            id=self._number(),
            booking_id=row.id,
            kind=kind.value,
            recipient=row.email,
            state=(MailState.SENT if has_left else MailState.PLANNED).value,
            failure="",
            due_at=due_at,
            useful_until=until,
            claimed_at=due_at if has_left else None,
            lease_until=None,
            attempts=int(has_left),
            sent_at=due_at + SENT_IN if has_left else None,
            provider=SCREEN if has_left else "",
            subject=written.subject if written else "",
            body_sealed=seal(key, written.body) if written else None,
            created_at=row.created_at,
        )

    def _phones(self, rows: list[Any]) -> None:
        hosts = {row.site_id: row.host for row in rows}
        for order, (site_id, host) in enumerate(hosts.items()):
            number = f"+336399877{order:02}"
            self.phones.add(
                site_id=site_id,
                number_sealed=seal(self.house.derived(PHONES), number),
                number_mark=self.house.blind_index(number),
                stopped_at=None,
                changed_at=min(row.created_at for row in rows if row.site_id == site_id),
                changed_by=host,
            )

    def _text(self, row: Any, request_id: UUID, link: LinkName) -> None:
        zone = ZoneInfo(row.time_zone)
        due_at = next_moment(row.created_at + UNDO, Whereabouts(zone, row.holiday_zone))
        has_left = due_at + SENT_IN <= self.now
        address = f"{self.origin}/d/{token_of(self.house.derived(LINKS), link)}"
        body = sentence(MessageKind.OFFER, answer_by=row.expires_at, zone=zone, link=address)
        self.texts.add(
            id=self._number(),
            host_request_id=request_id,
            booking_id=row.id,
            kind=MessageKind.OFFER.value,
            category=MessageClass.INFORMATION.value,
            state=(MessageState.SENT if has_left else MessageState.PLANNED).value,
            due_at=due_at,
            useful_until=row.expires_at,
            claimed_at=due_at if has_left else None,
            attempts=int(has_left),
            sent_at=due_at + SENT_IN if has_left else None,
            provider=SCREEN if has_left else "",
            provider_id="",
            failure="",
            body_sealed=seal(self.house.derived(TEXTS), body) if has_left else None,
            segments=measure(body).segments if has_left else None,
            created_at=row.created_at,
        )

    def _facts(self, booking_id: UUID, at: datetime) -> HostedRequest:
        return requests_by_id(self.session, [booking_id], now=at)[booking_id]

    def _propose(self, row: Any) -> None:
        number, at = self._number(), self.now
        dates = {"first_on": row.first_on + LATER, "until_on": row.until_on + LATER}
        values = {"id": number, "booking_id": row.id, "host": row.host, "at": at, **dates}
        self.session.execute(PROPOSE, values)
        held = {"first_on": row.until_on, "until_on": dates["until_on"]}
        self.session.execute(HOLD, {"id": number, "resource_id": row.resource_id, "expires_at": row.expires_at, **held})
        facts = {"proposal": str(number), "to": {name: day.isoformat() for name, day in dates.items()}}
        made = Act(act="proposal-made", subject="booking", subject_id=row.id, at=at, facts=facts)
        record(self.session, Actor(row.host, "", (), 0), made)

    def _number(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)
