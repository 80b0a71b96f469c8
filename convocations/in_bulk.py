"""A whole list summoned at once: foreseen line by line, then done one by one, and taken back as a whole.

Each line is one transaction, under a key of its own made of that of the list: whatever stops it midway, or whoever
clicks twice, the same key goes on where it was and summons nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Kind, Resource
from availability.openings import local_day
from availability.periods import Period
from availability.queries import slots_by_day
from availability.rights import Actor
from availability.sealing import House, unseal
from availability.slots import Slot
from booking.errors import KeyReused
from booking.idempotency import Answered, answer_once, digest_of
from booking.person_phones import phone_for_messages
from booking.persons import person_for
from booking.phones import can_receive_sms
from booking.sealing import key_of
from convocations.actions import MOST_CHOICES, convene, convocation_for, let_choose, withdraw
from convocations.convening import Receiver, receivers
from convocations.errors import ConvocationOver, SummonedAlready
from convocations.models import Convocation, SmsRefusal
from convocations.planning import UNDO_MANY
from convocations.seen import LOCK, summonses_of

MOST = 200
LOOKS = (timedelta(days=14), timedelta(days=60), timedelta(days=180))  # how far starts are looked for, as far as needed
SPARE = 4  # starts beyond the number of people: some have something else then

BUSY = text("""
    SELECT b.person_id, b.starts_at, b.ends_at FROM booking b
    WHERE b.person_id = ANY(:ids) AND b.state IN ('held', 'requested', 'booked')
      AND b.starts_at IS NOT NULL AND b.ends_at > :now""")
GIVEN = text("SELECT key, digest, body FROM answer WHERE actor_id = :me AND key = ANY(:keys)")
GAPS = text("""
    SELECT r.id, coalesce(r.buffer_after_min, k.buffer_after_min) + coalesce(r.buffer_before_min, k.buffer_before_min)
    FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.id = ANY(:ids)""")


class Way(StrEnum):
    """How each one has their appointment. The value is what a page and a program send."""

    CHOOSE = "choose"  # by their link
    SLOTS = "slots"  # the next free ones, one after the other


class ToldBy(StrEnum):
    """How somebody is told."""

    SMS = "sms"
    LETTER = "letter"


class NoStartLeft(Refusal):
    """There are fewer free starts than people, or none at which this one is free."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What everybody of the list is summoned to. `although_summoned`: also who is to come for the same already."""

    kind_id: int
    resource_ids: tuple[int, ...]
    way: Way
    choose_by: date | None = None
    reminder_hours: int = 48
    although_summoned: bool = False

    @property
    def digest(self) -> bytes:
        """Return what tells this order from another under the same key."""
        said = {
            "resources": sorted(self.resource_ids),
            "way": self.way.value,
            "choose_by": self.choose_by.isoformat() if self.choose_by else None,
            "reminder": self.reminder_hours,
            "although": self.although_summoned,
        }
        return digest_of("convocations in bulk", said)


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would become of one person; `refusal` says why nothing would."""

    person_id: UUID
    told_by: ToldBy = ToldBy.LETTER
    why_letter: str = ""  # no-phone, not-mobile, refused
    claim: SlotClaim | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class Summoned:
    """What became of one person; `is_replay` when it was done before, under the same key."""

    person_id: UUID
    convocation_id: UUID | None = None
    refusal: Refusal | None = None
    is_replay: bool = False


def order_for(
    session: Session,
    actor: Actor,
    resource_ids: Sequence[int],
    *,
    way: Way,
    now: datetime,
    choose_by: date | None = None,
    reminder_hours: int = 48,
    although_summoned: bool = False,
) -> Order:
    """Return what is asked for of a list. Raises: NotFound, NotAllowed, InvalidRequest."""
    among = _receivers(session, actor, resource_ids)
    if way is Way.CHOOSE:
        if choose_by is None:
            raise InvalidRequest("choose_by", "required")
        if choose_by < local_day(now, among[0].zone):
            raise InvalidRequest("choose_by", "past")
    kind_id = session.get_one(Resource, among[0].id).kind_id
    return Order(
        kind_id=kind_id,
        resource_ids=tuple(one.id for one in among),
        way=way,
        choose_by=choose_by if way is Way.CHOOSE else None,
        reminder_hours=reminder_hours,
        although_summoned=although_summoned,
    )


def foresee(
    session: Session, actor: Actor, order: Order, person_ids: Sequence[UUID], *, house: House, now: datetime
) -> list[Foreseen]:
    """Return what would become of each person of a list, in its order. Nothing is taken, nor shown of anybody.

    Raises: InvalidRequest when they are too many, NotFound, NotAllowed for the place.
    """
    asked = list(dict.fromkeys(person_ids))
    if not 1 <= len(asked) <= MOST:
        raise InvalidRequest("person_id", "out-of-range", least=1, most=MOST)
    found = [_told(session, actor, order, one, house=house, now=now) for one in asked]
    if order.way is Way.CHOOSE:
        return found
    return _with_starts(session, actor, order, found, now=now)


def summon_one(session: Session, actor: Actor, order: Order, line: Foreseen, *, key: str, now: datetime) -> Summoned:
    """Summon one person of a list, once however often it is asked under the key of the list.

    Raises: what convening raises, KeyReused, SummonedAlready when somebody did it meanwhile.
    """

    def work(session: Session) -> Answered:
        made = _summon(session, actor, order, line, now=now)
        session.flush()
        return Answered(201, {"id": str(made.id)})

    done = answer_once(session, actor, _key(key, line.person_id), order.digest, act=work, now=now)
    return Summoned(person_id=line.person_id, convocation_id=UUID(done.body["id"]), is_replay=done.is_replay)


def summoned_under(
    session: Session, actor: Actor, order: Order, key: str, person_ids: Iterable[UUID]
) -> dict[UUID, UUID]:
    """Return the convocations that were made under the key of a list already, by person.

    Raises: KeyReused when it was the key of another order.
    """
    keys = {_key(key, one): one for one in person_ids}
    rows = session.execute(GIVEN, {"me": actor.account_id, "keys": list(keys)}).all()
    if any(row.digest != order.digest for row in rows):
        raise KeyReused(key=key)
    return {keys[row.key]: UUID(row.body["id"]) for row in rows}


def take_one_back(session: Session, actor: Actor, convocation_id: UUID, *, now: datetime) -> Convocation:
    """Take back one of what a list was summoned to, while nothing of it has left.

    Raises: NotFound, NotAllowed, ConvocationOver once its messages may have left.
    """
    made = convocation_for(session, actor, convocation_id)
    if now >= made.created_at + UNDO_MANY:
        raise ConvocationOver(convocation_id=convocation_id, why="told")
    return withdraw(session, actor, convocation_id, now=now)


def _key(key: str, person_id: UUID) -> str:
    return f"bulk {key} {person_id}"


def _summon(session: Session, actor: Actor, order: Order, line: Foreseen, *, now: datetime) -> Convocation:
    # Two officers do not summon them unknowing: the second waits here, then sees what the first did.
    if session.execute(LOCK, {"id": line.person_id}).first() is None:
        raise NotFound(person_id=line.person_id)
    refuse_summoned(session, actor, order, line.person_id, now=now)
    how: dict[str, Any] = {"now": now, "reminder_hours": order.reminder_hours, "undo": UNDO_MANY}
    if order.choose_by is not None:
        among = order.resource_ids[:MOST_CHOICES]
        return let_choose(session, actor, line.person_id, among, choose_by=order.choose_by, **how)
    if line.claim is None:
        raise NoStartLeft(person_id=line.person_id)
    return convene(session, actor, line.person_id, line.claim, **how)


def refuse_summoned(session: Session, actor: Actor, order: Order, person_id: UUID, *, now: datetime) -> None:
    """Raises: SummonedAlready when they are to come for the same, or to choose, and that was not said to be known."""
    if order.although_summoned:
        return
    label = session.get_one(Kind, order.kind_id).label
    for one in summonses_of(session, actor, person_id, now=now):
        if one.kind_label == label:
            raise SummonedAlready(person_id=person_id, at=one.at, choose_by=one.choose_by, time_zone=one.time_zone)


def _told(session: Session, actor: Actor, order: Order, person_id: UUID, *, house: House, now: datetime) -> Foreseen:
    try:
        person_for(session, actor, person_id)
        refuse_summoned(session, actor, order, person_id, now=now)
    except Refusal as refusal:
        return Foreseen(person_id=person_id, refusal=refusal)
    why = _why_letter(session, person_id, house)
    return Foreseen(person_id=person_id, told_by=ToldBy.LETTER if why else ToldBy.SMS, why_letter=why)


def _why_letter(session: Session, person_id: UUID, house: House) -> str:
    """Return why somebody receives no SMS, "" when they do."""
    phone, key = phone_for_messages(session, person_id), key_of(session, house, person_id)
    if phone is None or key is None:
        return "no-phone"
    if phone.refused_at is not None or session.get(SmsRefusal, person_id) is not None:
        return "refused"
    return "" if can_receive_sms(unseal(key, phone.number_sealed)) else "not-mobile"


def _with_starts(
    session: Session, actor: Actor, order: Order, found: Sequence[Foreseen], *, now: datetime
) -> list[Foreseen]:
    """Give out the next free starts, in the order of the list: to each the first at which they have nothing else."""
    wanting = [one.person_id for one in found if one.refusal is None]
    free = _free(session, _receivers(session, actor, order.resource_ids), len(wanting) + SPARE, now=now)
    busy: dict[UUID, list[Period]] = {}
    for row in session.execute(BUSY, {"ids": wanting, "now": now}):
        busy.setdefault(row.person_id, []).append(Period(row.starts_at, row.ends_at))
    given = []
    for line in found:
        if line.refusal is not None:
            given.append(line)
            continue
        taken = busy.get(line.person_id, ())
        at = next((n for n, (_, when) in enumerate(free) if not any(_overlap(when, one) for one in taken)), None)
        if at is None:
            given.append(Foreseen(person_id=line.person_id, refusal=NoStartLeft(person_id=line.person_id)))
            continue
        resource_id, when = free.pop(at)
        claim = SlotClaim(resource_id=resource_id, start=when.start)
        given.append(Foreseen(person_id=line.person_id, told_by=line.told_by, why_letter=line.why_letter, claim=claim))
    return given


def _free(session: Session, among: Sequence[Receiver], wanted: int, *, now: datetime) -> list[tuple[int, Period]]:
    """Return the free seats of these resources, soonest first; at least `wanted` if there are so many."""
    zones = {one.id: one.zone.key for one in among}
    today = min(local_day(now, one.zone) for one in among)
    gaps = {id_: timedelta(minutes=gap) for id_, gap in session.execute(GAPS, {"ids": list(zones)})}
    found: list[tuple[int, Period]] = []
    for reach in LOOKS:
        listed = slots_by_day(session, zones, first=today, until=today + reach, now=now)
        seats = ((slot.period.start, id_, slot) for id_, slots in listed.items() for _, slot in slots if slot.is_free)
        # Two starts of one agent may overlap: whoever is given one takes the seat of the other.
        found = _disjoint(sorted(seats, key=lambda one: (one[0], one[1])), gaps)
        if len(found) >= wanted:
            break
    return found


def _disjoint(seats: Sequence[tuple[datetime, int, Slot]], gaps: Mapping[int, timedelta]) -> list[tuple[int, Period]]:
    kept: list[tuple[int, Period]] = []
    until: dict[tuple[int, int], datetime] = {}
    for start, resource_id, slot in seats:
        for seat in slot.seats:
            if until.get((resource_id, seat), start) <= start:
                until[resource_id, seat] = slot.period.end + gaps[resource_id]
                kept.append((resource_id, slot.period))
    return kept


def _overlap(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end


def _receivers(session: Session, actor: Actor, resource_ids: Sequence[int]) -> list[Receiver]:
    """Return those of one kind who receive, in the order asked for. Raises: NotFound, NotAllowed, InvalidRequest."""
    wanted = list(dict.fromkeys(resource_ids))
    if not 1 <= len(wanted) <= MOST_CHOICES:
        raise InvalidRequest("resource_id", "out-of-range", least=1, most=MOST_CHOICES)
    first = session.get(Resource, wanted[0])
    if first is None:
        raise NotFound(resource_id=wanted[0])
    kind = session.get_one(Kind, first.kind_id)
    if kind.host_accepts:
        raise NotAllowed(act="convene", why="host-accepts")
    known = {one.id: one for one in receivers(session, actor, kind)}
    for one in wanted:
        if one not in known:
            raise NotFound(resource_id=one)
    return [known[one] for one in wanted]
