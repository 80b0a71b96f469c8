"""Who is summoned around the guests of the demonstration, and what was sent to them, as the acts would have written it.

Only there: the rest of the country has its appointments, and nobody looks at its outbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import local_day
from availability.sealing import House, seal
from availability.sites import address_line
from booking.links import LinkName, token_of
from booking.models import State
from booking.sealing import key_of
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState, Standing
from convocations.link_models import DayPart
from convocations.planning import UNDO, UNDO_FREED
from convocations.segments import measure
from convocations.timing import Whereabouts, due_at, useful_until
from convocations.wording import SmsFacts, sms, spoken
from portal.demo.sheets import Sheet

COURTS = ("TGILYON", "TGIDENISRE")
CHOOSING = 3  # in each court
# Among those who are to come, soonest first, and not the very next ones: they are there the next day too.
UNTOLD, ASKING = slice(2, 12, 4), slice(3, 13, 4)
WHY_UNTOLD = (Failure.UNREACHABLE, Failure.INVALID_NUMBER, Failure.UNREACHABLE)
SENT_IN = timedelta(seconds=2)
APPOINTMENTS = text("""
    SELECT b.id, b.kind_id, b.resource_id, b.territory_id, b.person_id, b.requested_by, b.state, b.starts_at,
           b.created_at, p.language, p.time_zone AS home_zone, p.holiday_zone AS home_holidays,
           s.time_zone, s.address, s.postcode, s.commune
    FROM booking b JOIN kind k ON k.id = b.kind_id JOIN person p ON p.id = b.person_id
    JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    JOIN territory t ON t.id = s.territory_id
    WHERE k.code IN ('spip-rdv', 'spip-collectif', 'jap-rdv') AND t.code = :court
      AND b.state IN ('booked', 'honoured', 'missed')
    ORDER BY b.starts_at, b.id""")


@dataclass(frozen=True)
class Appointment:
    """A booked appointment of somebody, with what its messages say."""

    id: UUID
    kind_id: int
    resource_id: int
    territory_id: int
    person_id: UUID
    requested_by: UUID
    state: str
    starts_at: datetime
    created_at: datetime
    language: str
    home_zone: str
    home_holidays: str
    time_zone: str
    address: str
    postcode: str
    commune: str

    @property
    def where(self) -> Whereabouts:
        """Return where the person lives."""
        return Whereabouts(ZoneInfo(self.home_zone), self.home_holidays)


class Convocations:
    """Fills the sheets of convocations and messages."""

    def __init__(self, session: Session, rng: Random, house: House, *, origin: str, now: datetime) -> None:
        self.session = session
        self.rng = rng
        self.house = house
        self.origin = origin
        self.now = now
        self.convocations = Sheet(
            "convocation",
            "id link_id link_version acts territory_id person_id kind_id resource_ids standing booking_id choose_by"
            " reminder_hours requested_by confirmed_at created_at",
            numbered=False,
        )
        self.callbacks = Sheet("callback_request", "id convocation_id part asked_at", numbered=False)
        self.messages = Sheet(
            "message",
            "id convocation_id booking_id about_at kind category state due_at useful_until claimed_at lease_until"
            " attempts sent_at provider provider_id failure body_sealed segments created_at",
            numbered=False,
        )

    def write(self) -> None:
        """Summon those who have an appointment, and ask a few more to choose one.

        A few were not told, whom the service calls; a few ask by their link to be called.
        """
        asking: list[tuple[Appointment, _Link]] = []
        for court in COURTS:
            found = [Appointment(*row) for row in self.session.execute(APPOINTMENTS, {"court": court})]
            coming = [one for one in found if one.state == State.BOOKED and one.starts_at > self.now]
            untold = dict(zip((one.id for one in coming[UNTOLD]), cycle(WHY_UNTOLD), strict=False))
            asks = {one.id for one in coming[ASKING]}
            for one in found:
                link = self._summoned(one, untold.get(one.id), acts=int(one.id in asks))
                asking += [(one, link)] if one.id in asks else []
            for one in coming[:: max(len(coming) // CHOOSING, 1)][:CHOOSING]:
                self._choosing(one)
        for asked in asking:  # after everything else that throws the dice
            self._asks_to_be_called(*asked)
        self.convocations.write(self.session)
        self.callbacks.write(self.session)
        self.messages.write(self.session)

    def _summoned(self, one: Appointment, why_untold: Failure | None, *, acts: int) -> _Link:
        says_so_at = min(one.created_at + timedelta(hours=self.rng.randint(1, 30)), self.now)
        says_so = one.state == State.BOOKED and self.rng.random() < 0.4
        link = self._convocation(one, Standing.SET, acts=acts, confirmed_at=says_so_at if says_so else None)
        for kind, since in self._said(one):
            self._message(one, link, kind, since, why_untold)
        return link

    def _asks_to_be_called(self, one: Appointment, link: _Link) -> None:
        self.callbacks.add(
            id=UUID(int=self.rng.getrandbits(128), version=4),
            convocation_id=link.convocation_id,
            part=self.rng.choice(list(DayPart)).value,
            asked_at=max(one.created_at, self.now - timedelta(minutes=self.rng.randint(20, 1200))),
        )

    def _said(self, one: Appointment) -> Iterator[tuple[MessageKind, datetime]]:
        """Yield what is said of an appointment, and when the act was that causes it."""
        yield MessageKind.CONFIRMATION, one.created_at
        yield MessageKind.REMINDER, one.created_at
        if one.state == State.MISSED:
            yield MessageKind.MISSED, one.starts_at + timedelta(hours=1)

    def _choosing(self, one: Appointment) -> None:
        """Ask the same person to choose the next one."""
        created_at = self.now - timedelta(hours=self.rng.randint(2, 50))
        asked = Appointment(**one.__dict__ | {"created_at": created_at})
        link = self._convocation(asked, Standing.CHOOSING)
        self._message(asked, link, MessageKind.OFFER, created_at)

    def _convocation(
        self, one: Appointment, standing: Standing, *, acts: int = 0, confirmed_at: datetime | None = None
    ) -> _Link:
        link = _Link(UUID(int=self.rng.getrandbits(128), version=4), LinkName(self.rng.getrandbits(63), 1))
        is_set = standing is Standing.SET
        self.convocations.add(
            id=link.convocation_id,
            link_id=link.name.link_id,
            link_version=link.name.version,
            acts=acts,
            territory_id=one.territory_id,
            person_id=one.person_id,
            kind_id=one.kind_id,
            resource_ids=[one.resource_id],
            standing=standing.value,
            booking_id=one.id if is_set else None,
            choose_by=None if is_set else local_day(self.now, ZoneInfo(one.time_zone)) + timedelta(days=10),
            reminder_hours=48,
            requested_by=one.requested_by,
            confirmed_at=confirmed_at,
            created_at=one.created_at,
        )
        return link

    def _message(
        self, one: Appointment, link: _Link, kind: MessageKind, since: datetime, why_untold: Failure | None = None
    ) -> None:
        about = None if kind is MessageKind.OFFER else one.starts_at
        last_day = local_day(self.now, ZoneInfo(one.time_zone)) + timedelta(days=10)
        undo = UNDO_FREED if kind is MessageKind.MISSED else UNDO
        facts: dict[str, Any] = {"starts_at": about, "choose_by": None if about else last_day, "where": one.where}
        due = due_at(kind, now=since, undo=undo, **facts)
        if due is None:
            return
        has_left = due + SENT_IN <= self.now
        failure = why_untold if has_left else None
        was_taken = has_left and failure is not Failure.INVALID_NUMBER
        body = self._body(one, link, kind, facts) if has_left else None
        self.messages.add(
            id=UUID(int=self.rng.getrandbits(128), version=4),
            convocation_id=link.convocation_id,
            booking_id=one.id if about else None,
            about_at=about,
            kind=kind.value,
            category=MessageClass.INFORMATION.value,
            state=_state(has_left=has_left, failure=failure).value,
            due_at=due,
            useful_until=useful_until(kind, **facts),
            claimed_at=due if has_left else None,
            lease_until=None,
            attempts=int(has_left),
            sent_at=due + SENT_IN if was_taken else None,
            provider="screen" if has_left else "",
            provider_id="",
            failure=failure.value if failure else "",
            body_sealed=self._sealed(one, body) if body else None,
            segments=measure(body).segments if body else None,
            created_at=since,
        )

    def _body(self, one: Appointment, link: _Link, kind: MessageKind, facts: dict[str, Any]) -> str:
        said = SmsFacts(
            zone=ZoneInfo(one.time_zone),
            address=address_line(one.address, one.postcode, one.commune),
            link=f"{self.origin}/r/{token_of(self.house.derived('links'), link.name)}",
            starts_at=facts["starts_at"],
            choose_by=facts["choose_by"],
        )
        return sms(kind, spoken(one.language), said)

    def _sealed(self, one: Appointment, body: str) -> bytes | None:
        person_key = key_of(self.session, self.house, one.person_id)
        return seal(person_key, body) if person_key else None


def _state(*, has_left: bool, failure: Failure | None) -> MessageState:
    if failure is Failure.INVALID_NUMBER:
        return MessageState.FAILED
    if failure:
        return MessageState.UNDELIVERED
    return MessageState.SENT if has_left else MessageState.PLANNED


@dataclass(frozen=True)
class _Link:
    convocation_id: UUID
    name: LinkName
