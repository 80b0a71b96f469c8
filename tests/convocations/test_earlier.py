"""Somebody who would come earlier: offered what frees up before their appointment, told of it, and moved onto it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed
from availability.models import KindQuota, QuotaPeriod
from booking import events
from booking.actions import cancel, confirm, expired, lapse, undo_cancel
from booking.models import Booking, Person, State
from booking.moving import move
from booking.waiting import accept, decline
from booking.waiting_earlier import Offered, let_lapse, of_no_use
from booking.waiting_follow import follow_list
from booking.waiting_offers import due, offer_freed
from convocations.actions import convene, refuse_sms, withdraw
from convocations.answering import Heard, Reply, answer
from convocations.bearing import Bearer, cannot_come, choose
from convocations.delivery import claim_due
from convocations.earlier import (
    answer_by,
    earlier_of,
    follow_offer,
    leave_offered,
    set_earlier,
    take_offered,
    want_earlier,
    want_no_earlier,
)
from convocations.errors import EarlierGone
from convocations.link_view import link_view
from convocations.models import Convocation
from convocations.planning import follow
from convocations.routes import Routes
from convocations.timing import Whereabouts, held_until, next_moment
from convocations.to_call import to_call
from tests.booking.queue import Accounts
from tests.convocations.desk import HOUSE, NINE, TEN, Desk, bearer, make_desk, make_somebody, planned
from tests.factories import NOW, in_minutes, make_opening

LATE = NINE + timedelta(days=7)  # the Tuesday after
AN_HOUR = timedelta(hours=1)
HALF_AN_HOUR = timedelta(minutes=30)
AFTER_UNDO = in_minutes(10)


@dataclass
class Line:
    """A desk where somebody has the first hour of a Tuesday, and others a week later, who would come earlier."""

    session: Session
    desk: Desk
    first: Convocation
    later: list[Convocation]

    def clock(self, now: datetime) -> int:
        """Do what the clock does; return how many offers were made."""
        accounts = Accounts().add(self.desk.officer)
        for booking_id in expired(self.session, now=now):
            lapse(self.session, booking_id, now=now)
        for hold_id in of_no_use(self.session):
            let_lapse(self.session, hold_id, now=now)
        freed = due(self.session, now=now)
        return sum(offer_freed(self.session, one, actor_of=accounts, now=now, answer_by=answer_by) for one in freed)

    def who(self, number: int = 0, *, now: datetime = NOW) -> Bearer:
        """Return whoever holds the link of one of those who would come earlier."""
        return bearer(self.session, self.later[number], now=now)

    def offer(self, number: int = 0, *, now: datetime = AFTER_UNDO) -> Offered | None:
        """Return what is offered to one of them."""
        earlier = earlier_of(self.session, self.later[number], now=now)
        return earlier.offer if earlier else None

    def free_first(self) -> None:
        """Have the first hour given back, and offered once that can no longer be undone."""
        withdraw(self.session, self.desk.officer, self.first.id, now=NOW)
        self.clock(AFTER_UNDO)

    def messages(self, number: int = 0) -> list[tuple[datetime, datetime, str]]:
        """Return the messages that told one of them of an earlier date: when they leave, until when, what became."""
        asked = {"id": self.later[number].id}
        rows = self.session.execute(text("""
            SELECT due_at, useful_until, state FROM message WHERE convocation_id = :id AND kind = 'earlier'
            ORDER BY created_at"""), asked)  # fmt: skip
        return [(row.due_at, row.useful_until, row.state) for row in rows]


def booking_of(session: Session, convocation: Convocation) -> Booking:
    return session.get_one(Booking, convocation.booking_id, populate_existing=True)


@pytest.fixture
def line(session: Session, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(events, "_subscribers", [follow_list, follow_offer, follow])
    return make_line(session)


def make_line(session: Session, **columns: int) -> Line:
    desk = make_desk(session, **{"offer_hours": 4} | columns)
    make_opening(session, desk.agent, LATE, hours=3)
    site = desk.world.site
    site.address, site.postcode, site.commune = "1 rue de l’Exemple", "75001", "Paris"
    first = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    later = [
        convene(session, desk.officer, somebody(session, desk, number).id, desk.at(LATE + number * AN_HOUR), now=NOW)
        for number in range(2)
    ]
    found = Line(session, desk, first, later)
    for number, one in enumerate(later):
        want_earlier(session, found.who(number), seen=booking_of(session, one).starts_at, now=in_minutes(number / 10))
    return found


def somebody(session: Session, desk: Desk, number: int) -> Person:
    return make_somebody(session, desk.officer, phone=f"06 39 98 55 6{number}")


def test_what_frees_up_is_offered_to_the_first_told_and_taken_and_their_hour_goes_to_the_next(line: Line) -> None:
    line.free_first()
    offer, told = line.offer(), line.messages()
    take_offered(line.session, line.who(), NINE, now=in_minutes(20))
    take_offered(line.session, line.who(), NINE, now=in_minutes(21))  # pressed twice
    taken = booking_of(line.session, line.later[0])
    soon = line.clock(in_minutes(20))
    after = line.clock(in_minutes(30))  # once it can no longer be taken back

    assert offer is not None
    assert (offer.starts_at, offer.ends_at) == (NINE, AFTER_UNDO + timedelta(hours=4))
    assert told == [(AFTER_UNDO, offer.ends_at, "planned")]
    assert (taken.starts_at, taken.state, line.messages()[0][2]) == (NINE, State.BOOKED, "cancelled")
    assert (soon, after) == (0, 1)
    behind = line.offer(1, now=in_minutes(30))
    assert behind is not None
    assert behind.starts_at == LATE
    assert states(line.session) == ["served", "offered"]
    assert taken.id == line.later[0].booking_id
    assert "change" in planned(line.session, line.later[0].id) or "confirmation" in planned(
        line.session, line.later[0].id
    )


def test_what_is_left_goes_to_the_next_and_is_not_offered_again(line: Line) -> None:
    line.free_first()
    leave_offered(line.session, line.who(), NINE, now=in_minutes(15))
    leave_offered(line.session, line.who(), NINE, now=in_minutes(15))
    line.clock(in_minutes(25))
    given = line.offer(1, now=in_minutes(25))
    with pytest.raises(EarlierGone):
        take_offered(line.session, line.who(), NINE, now=in_minutes(26))

    assert given is not None
    assert given.starts_at == NINE
    assert states(line.session) == ["waiting", "offered"]
    assert line.messages()[0][2] == "cancelled"
    line.clock(given.ends_at)
    assert (states(line.session), line.offer(1, now=given.ends_at)) == (["waiting", "waiting"], None)


def test_an_offer_ends_with_the_appointment_and_begins_again_with_it(line: Line) -> None:
    line.free_first()
    appointment = line.later[0].booking_id
    assert appointment
    cancel(line.session, line.desk.officer, appointment, now=in_minutes(12))
    ended = (states(line.session)[0], line.messages()[0][2])
    undo_cancel(line.session, line.desk.officer, appointment, now=in_minutes(13))
    again = (states(line.session)[0], line.messages()[-1][2])
    cancel(line.session, line.desk.officer, appointment, now=in_minutes(14))
    line.clock(in_minutes(15))

    assert ended == ("expired", "cancelled")
    assert again == ("offered", "planned")
    assert states(line.session) == ["expired", "offered"]  # what was held for nothing is passed on


@pytest.mark.parametrize("hour", [LATE, LATE + 4 * HALF_AN_HOUR])
def test_whoever_gives_their_appointment_back_and_chooses_again_still_would_come_earlier_than_the_new_one(
    line: Line, hour: datetime
) -> None:
    session = line.session
    cannot_come(session, line.who(), seen=LATE, now=in_minutes(1))
    given_back = states(session)[0]
    choose(session, line.who(), line.desk.at(hour), seen=None, now=in_minutes(2))
    page = link_view(session, line.who(), now=in_minutes(2))
    left = line.clock(in_minutes(12))  # the hour that they gave back is not offered to them
    withdraw(session, line.desk.officer, line.first.id, now=in_minutes(13))
    line.clock(in_minutes(23))
    offer = line.offer(now=in_minutes(23))

    assert (given_back, page.wants_earlier, left) == ("expired", True, int(hour > LATE))
    assert offer is not None
    assert offer.starts_at == NINE  # at their place in the order: before who asked after them
    assert [kind for kind in planned(session, line.later[0].id) if kind == "earlier"] == ["earlier"]


def test_what_is_held_for_whoever_gives_back_and_chooses_again_at_once_is_still_theirs(line: Line) -> None:
    line.free_first()
    offer = line.offer()
    cannot_come(line.session, line.who(), seen=LATE, now=in_minutes(11))
    choose(line.session, line.who(), line.desk.at(LATE), seen=None, now=in_minutes(12))
    line.clock(in_minutes(12))

    assert line.offer(now=in_minutes(12)) == offer
    assert [state for _, _, state in line.messages()] == ["cancelled", "planned"]
    take_offered(line.session, line.who(), NINE, now=in_minutes(13))
    assert booking_of(line.session, line.later[0]).starts_at == NINE


@pytest.mark.parametrize("reached", ["", "sent", "flagged"])
def test_what_was_left_by_mistake_or_ended_with_the_appointment_is_told_again_unless_they_know(
    line: Line, reached: str
) -> None:
    line.free_first()
    officer, offer, appointment = line.desk.officer, line.offer(), line.later[0].booking_id
    assert offer
    assert appointment
    if reached:
        known = {"it": reached, "is_sent": reached == "sent"}
        line.session.execute(text("""
            UPDATE message SET state = :it, sent_at = CASE WHEN :is_sent THEN due_at END
            WHERE kind = 'earlier'"""), known)  # fmt: skip
    decline(line.session, officer, offer.id, reason="dates", now=in_minutes(11))
    undo_cancel(line.session, officer, offer.hold_id, now=in_minutes(12))
    left_by_mistake = [state for _, _, state in line.messages()]
    cancel(line.session, officer, appointment, now=in_minutes(13))
    undo_cancel(line.session, officer, appointment, now=in_minutes(14))

    assert line.offer() == offer
    assert left_by_mistake == ([reached] if reached else ["cancelled", "planned"])
    assert [state for _, _, state in line.messages()] == (
        [reached] if reached else ["cancelled", "cancelled", "planned"]
    )


def test_an_appointment_that_moves_keeps_what_is_still_earlier_and_gives_up_the_rest(line: Line) -> None:
    line.free_first()
    appointment = line.later[0].booking_id
    assert appointment
    move(line.session, line.desk.officer, appointment, line.desk.at(TEN), now=in_minutes(11))
    kept = (line.clock(in_minutes(11)), line.offer() is not None, line.messages()[0][2])
    untold = told_now(line)
    make_opening(line.session, line.desk.colleague, NINE - timedelta(days=1), hours=1)
    sooner = line.desk.at(NINE - timedelta(days=1), line.desk.colleague)
    move(line.session, line.desk.officer, appointment, sooner, now=in_minutes(12))
    after = told_now(line)
    line.clock(in_minutes(12))

    assert kept == (0, True, "planned")
    assert untold == ["earlier"]
    assert after == []
    assert states(line.session) == ["waiting", "offered"]


def test_it_is_never_booked_beside_the_appointment_and_the_list_of_agents_moves_it(line: Line) -> None:
    line.free_first()
    offer = line.offer()
    assert offer is not None
    with pytest.raises(NotAllowed), line.session.begin_nested():
        confirm(line.session, line.desk.officer, offer.hold_id, now=in_minutes(11))
    booking = accept(line.session, line.desk.officer, offer.id, now=in_minutes(11))

    assert (booking.id, booking.starts_at) == (line.later[0].booking_id, NINE)
    assert line.session.get_one(Booking, offer.hold_id).state == State.CANCELLED


def test_an_agent_asks_for_an_earlier_date_with_colleagues_too_and_it_is_taken_by_the_link(line: Line) -> None:
    session, desk = line.session, line.desk
    theirs = convene(session, desk.officer, desk.person.id, desk.at(TEN, desk.colleague), now=NOW)
    set_earlier(session, desk.officer, line.later[1].id, wants=False, now=NOW)
    set_earlier(session, desk.officer, line.later[1].id, wants=True, with_colleagues=True, now=NOW)
    withdraw(session, desk.officer, theirs.id, now=NOW)
    line.clock(AFTER_UNDO)
    who = line.who(1)
    page = link_view(session, who, now=AFTER_UNDO)
    take_offered(session, who, TEN, now=AFTER_UNDO)
    taken = booking_of(session, line.later[1])

    assert page.sooner is not None
    assert (page.sooner.appointment.starts_at, page.wants_earlier) == (TEN, True)
    assert (taken.starts_at, taken.resource_id) == (TEN, desk.colleague.id)
    assert line.offer() is None  # the first of them waits for their own agent only
    assert link_view(session, who, now=AFTER_UNDO).wants_earlier is False


def test_nobody_is_offered_what_was_free_already_what_they_left_or_what_they_would_not_be_told(line: Line) -> None:
    session, desk = line.session, line.desk
    refuse_sms(session, desk.officer, line.later[0].person_id, now=NOW)
    want_no_earlier(session, line.who(1), now=NOW)
    set_earlier(session, desk.officer, line.first.id, wants=True, now=NOW)
    assert line.first.booking_id
    move(session, desk.officer, line.first.booking_id, desk.at(TEN), now=NOW)  # HALF_PAST was free all along

    assert line.clock(AFTER_UNDO) == 0
    assert session.execute(text("SELECT why FROM waiting_skip")).scalars().all() == ["untold"]
    assert earlier_of(session, line.first, now=AFTER_UNDO) is not None
    set_earlier(session, desk.officer, line.first.id, wants=False, now=AFTER_UNDO)
    assert earlier_of(session, line.first, now=AFTER_UNDO) is None


def test_whoever_is_refused_by_a_quota_keeps_no_lock_of_their_service_while_the_next_is_looked_at(line: Line) -> None:
    line.session.add(KindQuota(kind_id=line.desk.kind.id, per=QuotaPeriod.WEEK, most=0))
    line.free_first()
    services = text("""
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND pid = pg_backend_pid()""")

    assert line.session.execute(text("SELECT DISTINCT why FROM waiting_skip")).scalars().all() == ["quota"]
    assert line.session.execute(services).scalar() == 0


@pytest.mark.parametrize(
    ("columns", "ends_at"),
    [
        ({"min_notice_days": 8}, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)),  # the end of that day in Paris
        ({"min_notice_min": 7 * 24 * 60}, NINE - timedelta(days=7)),
        ({"cancel_notice_min": 14 * 24 * 60}, LATE - timedelta(days=14)),
    ],
)
def test_it_is_held_as_long_as_it_may_be_taken_and_the_appointment_given_back(
    session: Session, monkeypatch: pytest.MonkeyPatch, columns: dict[str, int], ends_at: datetime
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list, follow_offer, follow])
    line = make_line(session, offer_hours=300, **columns)
    cancel(session, line.desk.officer, line.first.booking_id, now=NOW, for_the_place=True)  # type: ignore[arg-type]
    line.clock(AFTER_UNDO)
    offer = line.offer()
    assert offer is not None
    take_offered(session, line.who(), NINE, now=offer.ends_at - timedelta(seconds=1))

    assert offer.ends_at == ends_at


def test_who_has_no_phone_is_on_the_list_of_people_to_call_as_long_as_it_is_held(line: Line) -> None:
    line.session.execute(text("DELETE FROM person_phone WHERE person_id = :id"), {"id": line.later[0].person_id})
    line.free_first()
    claim_due(line.session, house=HOUSE, origin="https://exemple", routes=Routes(), now=in_minutes(11), lease=AN_HOUR)
    officer, offer = line.desk.officer, line.offer()
    assert offer is not None

    listed = [one.kind for one in to_call(line.session, officer, now=in_minutes(12)) if one.about_at == NINE]
    assert listed == ["earlier"]
    assert not [one for one in to_call(line.session, officer, now=offer.ends_at) if one.about_at == NINE]


@pytest.mark.parametrize(("body", "start", "waits"), [("Oui", NINE, "served"), ("NON", LATE, "waiting")])
def test_yes_by_sms_takes_it_and_no_keeps_the_appointment(line: Line, body: str, start: datetime, waits: str) -> None:
    line.free_first()
    routes = Routes(usable=("twilio",), answering=frozenset({"twilio"}))
    asked = {"house": HOUSE, "origin": "https://exemple", "routes": routes, "lease": AN_HOUR}
    texts = [one.body for one in claim_due(line.session, now=in_minutes(11), **asked).outgoing if one.kind == "earlier"]  # type: ignore[arg-type]
    mark = HOUSE.blind_index("+33639985560")
    told = answer(line.session, Heard(provider="twilio", provider_id="1", mark=mark, body=body), now=in_minutes(12))
    late = answer(line.session, Heard(provider="twilio", provider_id="2", mark=mark, body="Oui"), now=in_minutes(13))

    assert [one.endswith("Répondez OUI pour la prendre, NON pour garder votre rendez-vous.") for one in texts] == [True]
    assert (told.reply, told.starts_at) == (Reply.BOOKED, start)
    assert (states(line.session)[0], booking_of(line.session, line.later[0]).starts_at) == (waits, start)
    assert late.reply is (Reply.BOOKED if waits == "served" else Reply.GONE)


def test_what_frees_up_at_night_is_told_in_the_morning_and_held_from_then(line: Line) -> None:
    withdraw(line.session, line.desk.officer, line.first.id, now=in_minutes(12 * 60))
    line.clock(in_minutes(12 * 60 + 10))
    morning = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)  # eight o'clock in Paris

    assert line.messages() == [(morning, morning + 4 * AN_HOUR, "planned")]
    assert line.clock(morning + 4 * AN_HOUR) == 1  # then it goes to the next


@pytest.mark.parametrize(
    ("freed_at", "told_at", "ends_at"),
    [
        ("2026-03-03 09:00", "2026-03-03 09:00", "2026-03-03 13:00"),
        ("2026-03-03 19:00", "2026-03-03 19:00", "2026-03-04 09:00"),  # two hours of day, of which one that evening
        ("2026-03-03 23:00", "2026-03-04 08:00", "2026-03-04 12:00"),
        ("2026-03-07 19:30", "2026-03-07 19:30", "2026-03-09 09:30"),  # a Sunday is not a day to answer
        ("2026-03-09 07:00", "2026-03-09 08:00", "2026-03-09 10:30"),  # as late as one may still go
    ],
)
def test_what_is_held_for_somebody_lasts_into_the_day_where_they_are(freed_at: str, told_at: str, ends_at: str) -> None:
    where = Whereabouts(ZoneInfo("Indian/Reunion"), "RE")
    freed, told, ends = (datetime.fromisoformat(one).replace(tzinfo=where.zone) for one in (freed_at, told_at, ends_at))
    most = datetime(2026, 3, 9, 10, 30, tzinfo=where.zone)

    assert next_moment(freed, where) == told
    assert held_until(freed, timedelta(hours=4), most, where) == ends
    assert held_until(freed, timedelta(hours=4), told + timedelta(hours=1), where) == freed  # too short to answer


def states(session: Session) -> list[str]:
    return list(session.execute(text("SELECT state FROM waiting_entry ORDER BY created_at")).scalars())


def told_now(line: Line) -> list[str]:
    """Return which messages of an earlier date would leave now; nothing is written."""
    trial = line.session.begin_nested()
    claimed = claim_due(
        line.session,
        house=HOUSE,
        origin="https://exemple",
        routes=Routes(),
        now=in_minutes(13),
        lease=timedelta(minutes=1),
    )
    trial.rollback()
    return [one.kind.value for one in claimed.outgoing if one.kind == "earlier"]
