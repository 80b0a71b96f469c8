"""The clock offers what freed up: to the first who waits for it, in order, and really held for them.

One resource a transaction: its lock, then one list at a time for its kind, then the entries (docs/locking.md). What is
judged is what the search judges, with the rights that the requester has now; what is taken is a hold like another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Locked, lock, look, release
from availability.claims import Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Kind, Shape
from availability.openings import instant_of, local_day
from availability.queries import beds, nights_by_day, places_by_day, slots_by_day
from availability.rights import Actor
from availability.search import search
from availability.sheet import ranges
from availability.wishes import Wish
from booking.actions import Beneficiary, hold
from booking.date_offers import offer_there
from booking.filters import Filters, understand
from booking.freed import held
from booking.models import Booking
from booking.notice import latest
from booking.quotas import Booker, wait_for_service
from booking.waiting_earlier import announce_offer, is_still_earlier
from booking.waiting_entries import move_entry
from booking.waiting_models import FreedPlace, WaitingEntry, WaitingOffer, WaitingState
from booking.waiting_rules import earliest

ActorOf = Callable[[Session, UUID], Actor | None]  # whoever has an account, as they are now
# Until when to hold an earlier date, so that whoever has a booking is told and may answer: the booking, now, how long
# the kind holds, the last instant that makes sense. None: nobody would tell them. `now`: too short.
AnswerBy = Callable[[Session, UUID, datetime, timedelta, datetime], datetime | None]

A_DAY = timedelta(days=1)
ARRIVAL = time(18)  # a stay that nobody confirmed by then, on its first day, is for the next
ON_THE_WAY = timedelta(hours=1)  # before an earlier date, whoever would come there cannot any more
LEAST_HELD = timedelta(minutes=15)  # an offer that ends sooner serves nobody
LONGEST = timedelta(days=366)  # of a stay, past the last day on which it may begin
AT_ONCE = 200  # freed places in one turn of the clock

DUE = text("SELECT id FROM freed_place WHERE due_at <= :now ORDER BY due_at, id LIMIT :most")
# Of a kind that somebody waits for: the others cost one statement, for all that moved. An earlier date than that of an
# appointment is offered when an act frees it: what was free already, they had left.
LOOKED_AT = text("""
    SELECT DISTINCT r.id FROM resource r JOIN site s ON s.id = r.site_id JOIN waiting_entry w ON w.kind_id = r.kind_id
    WHERE (CAST(:ids AS bigint[]) IS NULL OR r.id = ANY(:ids)) AND r.is_active AND w.state = 'waiting'
      AND w.booking_id IS NULL AND coalesce(w.resource_id, r.id) = r.id AND coalesce(w.site_id, s.id) = s.id
      AND (w.reach_km IS NULL OR s.lat BETWEEN w.lat - w.reach_km / 111.0 AND w.lat + w.reach_km / 111.0)
    ORDER BY r.id""")
ONE_LIST_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7305018, CAST(:kind_id AS int))")
# In order: the soonest legal deadline, then who came first (waiting_rules.Waiting.position). Whoever gave an hour back
# is not offered it in the place of another that they chose since.
CANDIDATES = text("""
    SELECT w.id, w.state, w.requested_by, w.first_on, w.until_on, w.days, b.starts_at AS before,
           EXISTS (SELECT FROM waiting_offer o
                   WHERE o.entry_id = w.id AND o.freeing_id = :freeing_id) AS was_offered
    FROM resource r JOIN site s ON s.id = r.site_id JOIN waiting_entry w ON w.kind_id = r.kind_id
    LEFT JOIN booking b ON b.id = w.booking_id
    WHERE r.id = :resource_id AND w.state IN ('waiting', 'offered') AND w.until_on > :today
      AND (w.booking_id IS NULL OR NOT :is_look AND b.state = 'booked' AND r.id = ANY(w.resource_ids)
                                   AND w.person_id IS DISTINCT FROM
                                       (SELECT person_id FROM booking WHERE id = CAST(:freed_by AS uuid)))
      AND coalesce(w.resource_id, r.id) = r.id AND coalesce(w.site_id, s.id) = s.id
      AND (w.reach_km IS NULL OR s.lat BETWEEN w.lat - w.reach_km / 111.0 AND w.lat + w.reach_km / 111.0)
    ORDER BY w.deadline_on NULLS LAST, w.created_at, w.id""")
# These days, or this start, were offered to them there already: no look, that no act caused, offers them again.
LEFT_ONCE = text("""
    SELECT EXISTS (SELECT FROM waiting_offer o JOIN booking b ON b.id = o.booking_id
        WHERE o.entry_id = :entry_id AND o.resource_id = :resource_id
          AND CASE WHEN CAST(:start AS timestamptz) IS NOT NULL THEN b.starts_at = CAST(:start AS timestamptz)
                   ELSE daterange(b.first_on, b.until_on)
                        && daterange(CAST(:first AS date), CAST(:until AS date)) END)""")
SKIP = text("""
    INSERT INTO waiting_skip (entry_id, resource_id, why, at) VALUES (:entry_id, :resource_id, :why, :now)
    ON CONFLICT (entry_id, resource_id, why) DO UPDATE SET at = excluded.at""")
ANOTHER_DAY = ("closed", "notice", "quota", "answered")  # another beginning, on the same place, may do
MOST_BEGINNINGS = 8  # a week of days: it goes past what a week allows, and a long list is soon read
TO_SKIP = {"QuotaReached": "quota", "InvalidRequest": "notice", "NotOpen": "closed"}


@dataclass(frozen=True)
class Left:
    """What is free of a resource: ranges of days by bed, or starts with their civil day."""

    beds: tuple[tuple[tuple[date, date], ...], ...] = ()
    starts: tuple[tuple[date, datetime], ...] = ()


@dataclass(frozen=True)
class Turn:
    """One look at one locked resource, as of `now`."""

    place: Locked
    kind: Kind
    freeing_id: UUID
    now: datetime
    actor_of: ActorOf
    is_look: bool = False  # no act freed it
    freed_by: UUID | None = None  # the booking that had it
    freed: frozenset[datetime] = frozenset()  # the starts that the act freed
    answer_by: AnswerBy | None = None
    _known: dict[UUID, Actor | None] = field(default_factory=dict)

    def actor(self, session: Session, account_id: UUID) -> Actor | None:
        """Return who asked, looked up once a turn: several wait in the same name."""
        if account_id not in self._known:
            self._known[account_id] = self.actor_of(session, account_id)
        return self._known[account_id]

    @property
    def today(self) -> date:
        """Return the civil day that it is there."""
        return local_day(self.now, self.place.zone)

    @property
    def soonest(self) -> date:
        """Return the first day on which something may begin there."""
        return self.today + timedelta(days=self.place.terms.min_notice_days)

    @property
    def latest(self) -> date:
        """Return the last day on which something may begin there."""
        return self.today + timedelta(days=self.place.terms.max_ahead_days)


@dataclass(frozen=True)
class Line:
    """An entry as the list is read: what says whether it is its turn, and which days would do."""

    id: UUID
    state: str
    requested_by: UUID
    first_on: date
    until_on: date
    days: int | None
    before: datetime | None  # the appointment that an earlier date would replace
    was_offered: bool

    @property
    def why_not(self) -> str:
        """Return why it is not its turn, whatever is free; empty when it may be."""
        if self.state == WaitingState.OFFERED:
            return "offered"
        return "answered" if self.was_offered else ""


@dataclass(frozen=True)
class Fit:
    """What could be held for an entry, by whoever asked, and until when."""

    entry: WaitingEntry
    actor: Actor
    claim: Claim
    ends_at: datetime


def due(session: Session, *, now: datetime, most: int = AT_ONCE) -> list[UUID]:
    """Return what was freed and can no longer be taken back, oldest first."""
    return list(session.execute(DUE, {"now": now, "most": most}).scalars())


def looked_at(session: Session, resource_ids: Collection[int] | None = None) -> list[int]:
    """Return, of the resources that moved, or of all, those that somebody may wait for."""
    ids = None if resource_ids is None else list(resource_ids)
    return list(session.execute(LOOKED_AT, {"ids": ids}).scalars())


def offer_freed(
    session: Session, freed_id: UUID, *, actor_of: ActorOf, now: datetime, answer_by: AnswerBy | None = None
) -> int:
    """Offer what an act freed to the first who waits for it, or leave it to all; return how many offers were made.

    Nobody can take it in between: it passes from one holder to the other in this transaction.
    """
    freed = session.get(FreedPlace, freed_id)
    if freed is None:
        return 0
    place = lock(session, [freed.resource_id])[freed.resource_id]
    freed = session.get(FreedPlace, freed_id, with_for_update=True, populate_existing=True)
    if freed is None:  # another clock was quicker, or it was taken back
        return 0
    if place.shape is Shape.SESSIONS:
        release(session, place.shape, [place.id], freed.id)
        session.delete(freed)
        session.flush()
        return offer_there(session, place, now=now)
    turn = Turn(
        place,
        session.get_one(Kind, place.terms.kind_id),
        freed.freeing_id,
        now,
        actor_of,
        freed_by=freed.booking_id,
        freed=_starts_of(session, place, freed),
        answer_by=answer_by,
    )
    release(session, place.shape, [place.id], freed.id)
    session.delete(freed)
    session.flush()
    return _offer(session, turn)


def offer_looked(session: Session, resource_id: int, *, actor_of: ActorOf, now: datetime) -> int:
    """Offer what is free of a resource that moved: a closure removed, a capacity raised, a hold that ended.

    The second chance of what no act freed; whoever left something there once is not offered it so again. A look that
    finds nobody leaves no trace: it would be a change itself, and would be looked at for ever.
    """
    place = look(session, [resource_id]).get(resource_id)
    if place is None:
        return 0
    turn = Turn(place, session.get_one(Kind, place.terms.kind_id), uuid4(), now, actor_of, is_look=True)
    lines = _lines(session, turn)
    left = _left(session, turn, lines)
    if not any(_claim(turn, line, left) for line in lines if not line.why_not):
        return 0
    with session.begin_nested() as looking:
        offered = _offer(session, replace(turn, place=lock(session, [resource_id])[resource_id]))
        if not offered:
            looking.rollback()
    return offered


def _starts_of(session: Session, place: Locked, freed: FreedPlace) -> frozenset[datetime]:
    claims = held(session, place.shape, place.id, freed.id)
    return frozenset(one.start for one in claims if isinstance(one, SlotClaim))


def _lines(session: Session, turn: Turn) -> list[Line]:
    asked = {"resource_id": turn.place.id, "freeing_id": turn.freeing_id, "today": turn.today}
    asked |= {"is_look": turn.is_look, "freed_by": turn.freed_by}
    return [Line(**row._mapping) for row in session.execute(CANDIDATES, asked)]


def _offer(session: Session, turn: Turn) -> int:
    session.execute(ONE_LIST_AT_A_TIME, {"kind_id": turn.kind.id})
    lines = _lines(session, turn)
    left = _left(session, turn, lines)
    passed: list[tuple[UUID, str]] = []  # over, since the last one served
    offered = 0
    for line in lines:
        why = line.why_not or _try(session, turn, line, left)
        if why is None:
            _write_skips(session, turn, passed)
            passed, offered = [], offered + 1
            left = _left(session, turn, lines)
        elif why:
            passed.append((line.id, why))
    if not turn.is_look and not offered:  # an act freed it, and nobody wanted it: they may ask why
        _write_skips(session, turn, passed)
    return offered


def _try(session: Session, turn: Turn, line: Line, left: Left) -> str | None:
    """Hold for an entry the soonest that suits it; return why not, empty when out of reach, None when it is done.

    What is free first may be refused for itself alone: it is closed, too soon, over a quota, or they left it. Then
    another beginning is tried; what they are told is why they did not have the first.
    """
    claim = _claim(turn, line, left)  # most of those who wait are told here: it asks nothing of the database
    if claim is None:
        return "dates"
    actor = turn.actor(session, line.requested_by)
    if actor is None:
        return "rights"
    entry = session.get_one(WaitingEntry, line.id, populate_existing=True)
    told = ""
    for _ in range(MOST_BEGINNINGS):
        ends_at = _end_of(turn, claim) if line.before is None else _answer_by(session, turn, entry, claim)
        if ends_at is None:
            return "untold"
        fit = Fit(entry, actor, claim, ends_at)
        why = _unfit(session, turn, fit)
        why = _hold(session, turn, fit) if why is None else why
        if why not in ANOTHER_DAY:
            return why
        told = told or why or ""
        claim = _claim(turn, line, left, after=claim)
        if claim is None:
            break
    return told


def _unfit(session: Session, turn: Turn, fit: Fit) -> str | None:
    """Return why what is free would not do for them, as `_try`; None when it would."""
    why = _mismatch(session, turn, fit)
    if why is None and turn.is_look and _was_left(session, turn, fit):
        return "answered"
    if why is None and fit.ends_at < turn.now + LEAST_HELD:
        return "notice"
    return why


def _hold(session: Session, turn: Turn, fit: Fit) -> str | None:
    entry = fit.entry
    try:
        with session.begin_nested() as holding:  # refused, it lets go of the service and the entry before the next
            gone = _gone(session, turn, fit)
            if gone is not None:
                holding.rollback()
                return gone
            whom = Beneficiary(person_id=entry.person_id, case_ref=entry.case_ref)
            booking = hold(session, fit.actor, fit.claim, now=turn.now, beneficiary=whom, keep_until=fit.ends_at)
    except (NotFound, NotAllowed):
        return "rights"
    except Refusal as refusal:
        return TO_SKIP.get(type(refusal).__name__, "dates")
    offer = WaitingOffer(
        entry_id=entry.id,
        booking_id=booking.id,
        resource_id=turn.place.id,
        freeing_id=turn.freeing_id,
        offered_at=turn.now,
        ends_at=fit.ends_at,
    )
    session.add(offer)
    facts = {"booking_id": str(booking.id), "resource_id": turn.place.id}
    move_entry(session, None, entry, WaitingState.OFFERED, turn.now, facts=facts)
    announce_offer(session, entry, booking.id, ends_at=fit.ends_at, now=turn.now)
    return None


def _gone(session: Session, turn: Turn, fit: Fit) -> str | None:
    """Lock the service, as whoever moves an appointment does before its entry, then the entry, and read it again.

    Return why it waits no more for this, as `_try`; None when it does.
    """
    entry = fit.entry
    wait_for_service(session, turn.place.terms, Booker(fit.actor.organisation_id, fit.actor.home_territory_id))
    session.refresh(entry, with_for_update=True)
    if entry.state != WaitingState.WAITING:
        return ""  # withdrawn, or offered something else, meanwhile
    if isinstance(fit.claim, SlotClaim) and entry.booking_id and not is_still_earlier(session, entry, fit.claim.start):
        return "dates"
    return None


def _was_left(session: Session, turn: Turn, fit: Fit) -> bool:
    first, until = _days_of(turn, fit.claim)
    start = fit.claim.start if isinstance(fit.claim, SlotClaim) else None
    dates = {"first": None, "until": None} if start else {"first": first, "until": until}
    asked = {"entry_id": fit.entry.id, "resource_id": turn.place.id, "start": start, **dates}
    return bool(session.execute(LEFT_ONCE, asked).scalar())


def _mismatch(session: Session, turn: Turn, fit: Fit) -> str | None:
    """Return why the search would not offer it for these days; None when it would, empty when it is out of reach."""
    wish = _wish(turn, fit.entry, fit.claim)
    if wish is None:
        return "rights"
    try:
        found = search(session, fit.actor, wish, now=turn.now, limit=1)
    except NotAllowed:
        return "rights"
    if not found:
        return ""
    if found[0].mismatch:
        return found[0].mismatch
    if found[0].is_closed:
        return "closed"
    return None if found[0].free else "dates"


def _wish(turn: Turn, entry: WaitingEntry, claim: Claim) -> Wish | None:
    first, until = _days_of(turn, claim)
    near = (entry.lat, entry.lon) if entry.lat is not None and entry.lon is not None else None
    if entry.resource_id is not None or entry.site_id is not None:
        near = None
    try:
        wish = understand(Filters.read(entry.query), turn.kind, near, today=turn.today).wish
        return replace(
            wish,
            first=first,
            until=until,
            bounds=None,
            resource_ids=(turn.place.id,),
            beyond=wish.beyond or turn.kind.crosses_territories,
        )
    except InvalidRequest:  # the kind is searched on something else since
        return None


def _claim(turn: Turn, line: Line, left: Left, *, after: Claim | None = None) -> Claim | None:
    """Return the first days, or the first start, that are free within those wanted, and later than another claim."""
    if turn.place.shape is Shape.SLOTS:
        since = after.start if isinstance(after, SlotClaim) else None
        starts = (start for day, start in left.starts if line.first_on <= day < line.until_on)
        if line.before is not None:
            starts = (start for start in starts if start in turn.freed and start < line.before)
        start = min((start for start in starts if since is None or start > since), default=None)
        return SlotClaim(resource_id=turn.place.id, start=start) if start else None
    within = (max(line.first_on, turn.soonest), line.until_on)
    if isinstance(after, (NightsClaim, PlaceClaim)):
        within = (max(within[0], after.first + A_DAY), line.until_on)
    first = earliest(left.beds, within=within, days=line.days or 1, start_until=turn.latest)
    if first is None:
        return None
    until = first + timedelta(days=line.days) if line.days else None
    if turn.place.shape is Shape.PLACES:
        return PlaceClaim(resource_id=turn.place.id, first=first, until=until)
    return NightsClaim(resource_id=turn.place.id, first=first, until=until) if until else None


def _left(session: Session, turn: Turn, lines: Sequence[Line]) -> Left:
    """Return what is free of the days that somebody waits for, as the pages count it."""
    awaited = [line for line in lines if not line.why_not]
    if not awaited:
        return Left()
    place, first = turn.place, max(turn.soonest, min(line.first_on for line in awaited))
    until = min(max(line.until_on for line in awaited), turn.latest + LONGEST)
    if until <= first:
        return Left()
    asked = {"first": first, "until": until}
    if place.shape is Shape.SLOTS:
        listed = slots_by_day(session, {place.id: place.zone.key}, **asked, now=turn.now)
        free = tuple((day, slot.period.start) for day, slot in listed.get(place.id, []) if slot.is_free)
        return Left(starts=free)
    if place.shape is Shape.PLACES:
        counts = places_by_day(session, [place.id], **asked, now=turn.now).get(place.id, [])
        # Who is there for weeks is not refused for a day that is closed among them: docs/decisions/0014.
        return Left(beds=(tuple(ranges(count.day for count in counts if count.free or count.is_closed)),))
    counts = nights_by_day(session, [place.id], **asked, now=turn.now).get(place.id, [])
    opened = [count.day for count in counts if not count.is_closed]
    used = beds(session, place.id, **asked, now=turn.now)
    taken = [{night for night, _, _ in bed.nights} for bed in used]
    return Left(beds=tuple(tuple(ranges(day for day in opened if day not in nights)) for nights in taken))


def _days_of(turn: Turn, claim: Claim) -> tuple[date, date]:
    match claim:
        case SlotClaim():
            day = local_day(claim.start, turn.place.zone)
            return day, day + A_DAY
        case NightsClaim() | PlaceClaim():
            return claim.first, claim.until or claim.first + A_DAY
    raise ValueError(f"nobody waits for {claim}")


def _end_of(turn: Turn, claim: Claim) -> datetime:
    """Return until when it is held: the hours of the kind, and not later than it is of use to the next."""
    most = turn.now + timedelta(hours=turn.place.terms.offer_hours)
    if isinstance(claim, SlotClaim):
        return min(most, claim.start)
    first, _ = _days_of(turn, claim)
    return min(most, instant_of(first, ARRIVAL, turn.place.zone))


def _answer_by(session: Session, turn: Turn, entry: WaitingEntry, claim: Claim) -> datetime | None:
    """Return until when an earlier date is held; None when nobody would tell them, and `now` when it is too short.

    Not past the last instant to give back the appointment that they have, nor to take this one.
    """
    if not isinstance(claim, SlotClaim) or entry.booking_id is None:
        return None
    booking = session.get_one(Booking, entry.booking_id, populate_existing=True)
    terms, zone = turn.place.terms, turn.place.zone
    given_back = latest(terms.cancel_notice_min, zone, starts_at=booking.starts_at) or claim.start
    last_day = local_day(claim.start, zone) - timedelta(days=terms.min_notice_days)
    reached = claim.start - max(ON_THE_WAY, timedelta(minutes=terms.min_notice_min))
    at_most = min(given_back, instant_of(last_day + A_DAY, time(), zone), reached)
    lasting = timedelta(hours=terms.offer_hours)
    if turn.answer_by is None:
        return min(turn.now + lasting, at_most)
    return turn.answer_by(session, booking.id, turn.now, lasting, at_most)


def _write_skips(session: Session, turn: Turn, passed: list[tuple[UUID, str]]) -> None:
    for entry_id, why in passed:
        asked = {"entry_id": entry_id, "resource_id": turn.place.id, "why": why, "now": turn.now}
        session.execute(SKIP, asked)
