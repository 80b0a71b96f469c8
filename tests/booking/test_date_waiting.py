"""Lawyers wait for dates that are full: what frees is held for the first of them, then for the next, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.claims import CaseClaim
from availability.errors import CapacityReached, InvalidRequest, NotFound
from availability.models import HearingSession
from availability.rights import Actor
from booking import date_waiting, events, freed, lawyer_dates
from booking.actions import Beneficiary, book, cancel, expired, hold, lapse
from booking.date_offers import dates_for, dates_looked_at, offer_dates, wait_seen, waits_due
from booking.date_wait_models import DateOffer, DateWait
from booking.date_waiting import expire_waits, undo_withdraw_wait, wait_for_date, withdraw_wait
from booking.date_waits import follow_dates
from booking.errors import AlreadyDecided
from booking.hosting_models import MailKind
from booking.lawyer_dates import MOST_HELD, DatesOpen, NoDate, confirm_date, give_back, move_date, take_back, take_date
from booking.lawyer_looking import DayOfDates, open_dates
from booking.lawyer_models import Per, WhyNone
from booking.lawyer_news import tell_lawyers
from booking.lawyer_registry import release_date
from booking.lawyer_rules import RuleSpec, remove_convention, set_convention, set_rule
from booking.mail_delivery import SCREEN, claim_due
from booking.models import Booking, State
from booking.pages.mail_words import write
from booking.waiting_follow import follow_list
from booking.waiting_models import OfferOutcome, WaitingState
from booking.waiting_offers import due, offer_freed
from tests.booking.bar import HOUSE, asked_of, make_lawyer, make_rule
from tests.booking.court import SmallCourt, make_court
from tests.conftest import Database
from tests.factories import NOW, in_days
from tests.races import act, at_once, refusals

PARTIES = "Exemple c/ Fictif"
DUE = NOW + timedelta(minutes=10)  # once an act can no longer be taken back
NEXT = DUE + timedelta(hours=25)  # once an offer has ended
SUBSCRIBERS = (follow_dates, follow_list, tell_lawyers)


@dataclass(frozen=True)
class Queue:
    """A court whose only hearing has one place, which somebody has; three lawyers who may wait for it."""

    court: SmallCourt
    hearing: int
    taken: UUID
    holder: Actor
    lawyers: tuple[Actor, Actor, Actor]

    def waits(self, session: Session, number: int, *, hearing: int | None = None) -> DateWait:
        """Put a lawyer on the list, each a minute after the one before."""
        at = NOW + timedelta(minutes=number)
        return wait_for_date(session, self.lawyers[number], asked_of(self.court), hearing, now=at)


def made(session: Session) -> Queue:
    """Return the court, and its place taken."""
    court = make_court(session)
    make_rule(session, court)
    hearing = court.hearing(session, in_days=30, max_cases=1)
    holder = make_lawyer(session, court)
    taken = take_date(session, holder, asked_of(court), hearing, now=NOW)
    confirm_date(session, holder, taken.booking_id, parties=PARTIES, house=HOUSE, now=NOW)
    first, second, third = (make_lawyer(session, court) for _ in range(3))
    return Queue(court, hearing, taken.booking_id, holder, (first, second, third))


@pytest.fixture
def queue(session: Session, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """Nobody waits yet; what follows bookings does."""
    monkeypatch.setattr(events, "_subscribers", list(SUBSCRIBERS))
    return made(session)


def clock(session: Session, now: datetime, *moved: int) -> int:
    """Do what the clock does at an instant; return how many dates were offered."""
    for booking_id in expired(session, now=now):
        lapse(session, booking_id, now=now)
    made = sum(offer_freed(session, one, actor_of=lambda *_: None, now=now) for one in due(session, now=now))
    made += sum(offer_dates(session, one, now=now) for one in dates_looked_at(session, moved, now=now))
    for wait_id in waits_due(session):
        made += sum(offer_dates(session, one, now=now) for one in dates_for(session, wait_id, now=now))
        wait_seen(session, wait_id)
    return made


def offers(session: Session) -> list[tuple[UUID, str | None]]:
    """Return to whom dates were offered, in order, and what became of each."""
    asked = select(DateWait.account_id, DateOffer.outcome).join(DateWait).order_by(DateOffer.offered_at)  # type: ignore[arg-type]
    return [(account, outcome) for account, outcome in session.exec(asked)]


def offered_to(session: Session, lawyer: Actor) -> DateOffer:
    """Return what is held for a lawyer."""
    asked = select(DateOffer).join(DateWait).where(DateWait.account_id == lawyer.account_id)
    return session.exec(asked.execution_options(populate_existing=True)).one()


def test_what_is_given_back_is_kept_then_held_for_the_first_then_for_the_next(session: Session, queue: Queue) -> None:
    first, second, stranger = queue.lawyers
    waits = [queue.waits(session, number) for number in (0, 1)]
    assert queue.waits(session, 0).id == waits[0].id  # asked again, on the list once

    give_back(session, queue.holder, queue.taken, now=NOW)

    assert clock(session, DUE - timedelta(seconds=1)) == 0  # it may still be taken back
    with pytest.raises(NoDate):
        take_date(session, stranger, asked_of(queue.court), queue.hearing, now=DUE)
    claim = CaseClaim(resource_id=queue.hearing, minutes=20, family="51")
    with pytest.raises(CapacityReached):  # nor by the registry
        book(session, queue.court.clerk, claim, now=DUE, beneficiary=Beneficiary(case_ref="RG 26/1"))
    assert clock(session, DUE) == 1
    held = offered_to(session, first)
    assert (session.get_one(Booking, held.booking_id).state, held.ends_at) == (State.HELD, DUE + timedelta(hours=24))
    with pytest.raises(NoDate):
        take_date(session, stranger, asked_of(queue.court), queue.hearing, now=DUE)
    assert clock(session, NEXT) == 1  # not answered: in one turn, nobody in between
    assert offers(session) == [(first.account_id, OfferOutcome.LAPSED), (second.account_id, None)]
    assert [session.get_one(DateWait, one.id).state for one in waits] == [WaitingState.WAITING, WaitingState.OFFERED]
    mine = confirm_date(session, second, offered_to(session, second).booking_id, parties=PARTIES, house=HOUSE, now=NEXT)
    assert session.get_one(Booking, mine.booking_id).state == State.BOOKED
    assert session.get_one(DateWait, waits[1].id).state == WaitingState.SERVED
    assert clock(session, NEXT, queue.hearing) == 0


def test_whoever_is_offered_a_date_is_told_by_an_e_mail_that_says_until_when(session: Session, queue: Queue) -> None:
    queue.waits(session, 0)
    give_back(session, queue.holder, queue.taken, now=NOW)
    clock(session, DUE)

    claimed = claim_due(
        session, house=HOUSE, origin="https://x.invalid", write=write, now=DUE, lease=timedelta(1), provider=SCREEN
    )

    asked = text("SELECT recipient, subject, state FROM host_mail WHERE kind = :kind")
    (told,) = session.execute(asked, {"kind": MailKind.LAWYER_OFFER}).all()
    email = session.execute(
        text("SELECT email FROM lawyer_profile WHERE account_id = :id"), {"id": queue.lawyers[0].account_id}
    ).scalar_one()
    assert claimed.seen >= 1
    assert (told.recipient, told.state) == (email, "sent")
    assert told.subject.startswith("Une date est gardée pour vous : ")


def test_a_date_is_offered_to_a_wait_once_and_what_is_left_by_mistake_is_taken_back(
    session: Session, queue: Queue
) -> None:
    first, second, _ = queue.lawyers
    wait = queue.waits(session, 0)
    give_back(session, queue.holder, queue.taken, now=NOW)
    clock(session, DUE)
    held = offered_to(session, first)
    queue.waits(session, 1)

    give_back(session, first, held.booking_id, now=DUE)

    assert session.get_one(DateWait, wait.id).state == WaitingState.WAITING
    take_back(session, first, held.booking_id, now=DUE + timedelta(minutes=9))
    assert (offered_to(session, first).outcome, session.get_one(DateWait, wait.id).state) == (None, "offered")
    give_back(session, first, held.booking_id, now=DUE + timedelta(minutes=9))
    assert clock(session, DUE + timedelta(minutes=19)) == 1  # to the second
    assert offered_to(session, second).outcome is None
    with pytest.raises(NoDate):
        take_back(session, first, held.booking_id, now=DUE + timedelta(minutes=19))
    withdraw_wait(session, second, offered_to(session, second).wait_id, now=DUE + timedelta(minutes=19))
    assert clock(session, DUE + timedelta(hours=1), queue.hearing) == 0  # the first had it already: it is for anybody
    take_date(session, queue.lawyers[2], asked_of(queue.court), queue.hearing, now=DUE + timedelta(hours=1))


@pytest.mark.parametrize("how", ["enlarged", "new session", "rule", "convention", "released", "moved", "quota", "hold"])
def test_whatever_makes_room_the_first_who_waits_has_it(session: Session, queue: Queue, how: str) -> None:
    if how == "quota":
        session.execute(
            text("UPDATE hearing_session SET max_cases = 9, quotas = '{\"20\": 1}' WHERE resource_id = :id"),
            {"id": queue.hearing},
        )
    if how == "hold":
        cancel(session, queue.court.clerk, queue.taken, now=NOW)
        claim = CaseClaim(resource_id=queue.hearing, minutes=20, family="51")
        hold(session, queue.court.clerk, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/2"))
    queue.waits(session, 0, hearing=queue.hearing if how == "moved" else None)
    spec = RuleSpec(site_id=queue.court.site.id, kind_id=queue.court.kind.id, procedure="merits", family="2")  # type: ignore[arg-type]
    moved, at = queue.hearing, DUE
    match how:
        case "enlarged" | "quota":
            change = "max_cases = 2" if how == "enlarged" else "quotas = '{\"20\": 2}'"
            session.execute(
                text(f"UPDATE hearing_session SET {change} WHERE resource_id = :id"),  # noqa: S608 - ours
                {"id": queue.hearing},
            )
        case "new session":
            moved = queue.court.hearing(session, in_days=40)
        case "rule":
            session.execute(text("UPDATE hearing_session SET max_minutes = 40, max_cases = 2"))
            set_rule(session, queue.court.clerk, spec, now=NOW)
        case "convention":
            agreed = set_convention(
                session, queue.court.clerk, queue.court.site.id, per=Per.MONTH, most=0, firm="Cabinet Exemple", now=NOW
            )
            session.execute(text("UPDATE hearing_session SET max_cases = 2"))
            assert clock(session, DUE, queue.hearing) == 0
            remove_convention(session, queue.court.clerk, agreed.id, now=NOW)
        case "released":
            at = NOW + timedelta(days=16)
            release_date(session, queue.court.clerk, queue.taken, now=at)
            at += timedelta(minutes=10)
        case "moved":
            other = queue.court.hearing(session, in_days=3, max_cases=1)
            move_date(session, queue.holder, queue.taken, other, now=NOW)
        case "hold":
            at = DUE + timedelta(minutes=1)

    assert clock(session, at, moved) == 1
    assert offered_to(session, queue.lawyers[0]).hearing_id == moved


def test_nobody_who_comes_by_passes_whoever_waits_even_before_the_clock_has_looked(
    session: Session, queue: Queue
) -> None:
    first, second, stranger = queue.lawyers
    for number in (0, 1):
        queue.waits(session, number)
    session.execute(text("UPDATE hearing_session SET max_cases = 4"))

    take_date(session, stranger, asked_of(queue.court), queue.hearing, now=DUE)

    assert {account for account, _ in offers(session)} == {first.account_id, second.account_id}
    with pytest.raises(NoDate):
        take_date(session, stranger, asked_of(queue.court), queue.hearing, now=DUE)


def test_whoever_cannot_have_it_is_passed_over_and_keeps_their_place(session: Session, queue: Queue) -> None:
    gone, agreed, third = queue.lawyers
    for number in (0, 1, 2):
        queue.waits(session, number)
    session.execute(text("UPDATE account SET is_active = false WHERE id = :id"), {"id": gone.account_id})
    set_convention(
        session, queue.court.clerk, queue.court.site.id, per=Per.MONTH, most=0, account_id=agreed.account_id, now=NOW
    )
    session.execute(text("UPDATE hearing_session SET max_cases = 2"))

    assert clock(session, DUE, queue.hearing) == 1

    assert [account for account, _ in offers(session)] == [third.account_id]
    states = session.exec(select(DateWait.state).order_by(DateWait.created_at)).all()  # type: ignore[arg-type]
    assert list(states) == ["waiting", "waiting", "offered"]


def test_waiting_for_one_hearing_ends_with_it(session: Session, queue: Queue) -> None:
    left, unanswered, late = queue.lawyers
    queue.court.hearing(session, in_days=60)  # others have room
    looked = open_dates(session, left, asked_of(queue.court), now=NOW, with_days=True)
    assert looked.days == (DayOfDates(in_days(30), 0, 1), DayOfDates(in_days(60), 1, 0))
    assert open_dates(session, left, asked_of(queue.court), now=NOW, on=in_days(30)).full[0].hearing_id == queue.hearing
    waits = [queue.waits(session, number, hearing=queue.hearing) for number in (0, 1, 2)]
    with pytest.raises(DatesOpen):
        queue.waits(session, 0)
    give_back(session, queue.holder, queue.taken, now=NOW)
    clock(session, DUE)
    give_back(session, left, offered_to(session, left).booking_id, now=DUE)
    clock(session, DUE + timedelta(minutes=10))

    clock(session, NEXT + timedelta(minutes=10))

    assert [session.get_one(DateWait, one.id).state for one in waits] == ["withdrawn", "expired", "offered"]
    withdraw_wait(session, late, waits[2].id, now=NEXT)
    undo_withdraw_wait(session, late, waits[2].id, now=NEXT + timedelta(minutes=9))
    assert expire_waits(session, now=NOW + timedelta(days=29)) == 0
    assert expire_waits(session, now=NOW + timedelta(days=31)) == 1
    with pytest.raises(AlreadyDecided):
        undo_withdraw_wait(session, unanswered, waits[1].id, now=NEXT)


def test_the_list_is_for_what_is_full_and_each_is_on_it_for_themselves(
    session: Session, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = queue.lawyers
    wait = queue.waits(session, 0)
    with pytest.raises(NoDate) as refused:
        wait_for_date(session, first, asked_of(queue.court, "51"), now=NOW)
    assert refused.value.facts["why"] is WhyNone.NOT_CONFIGURED
    for act_of_another in (withdraw_wait, undo_withdraw_wait):
        with pytest.raises(NotFound):
            act_of_another(session, second, wait.id, now=NOW)
    monkeypatch.setattr(date_waiting, "MOST_WAITS", 1)
    with pytest.raises(InvalidRequest):
        wait_for_date(session, first, asked_of(queue.court, "22G"), now=NOW)
    with pytest.raises(AlreadyDecided):  # it was not given back
        take_back(session, queue.holder, queue.taken, now=NOW)


def test_offers_do_not_count_among_the_dates_that_a_lawyer_holds_at_once(session: Session, queue: Queue) -> None:
    (first, *_), roomy = queue.lawyers, queue.court.hearing(session, in_days=50, max_cases=MOST_HELD)
    queue.waits(session, 0, hearing=queue.hearing)
    give_back(session, queue.holder, queue.taken, now=NOW)
    clock(session, DUE)

    for _ in range(MOST_HELD):
        take_date(session, first, asked_of(queue.court), roomy, now=DUE)

    assert open_dates(session, first, asked_of(queue.court), now=DUE).why is WhyNone.FULL


def test_the_last_day_for_taking_a_date_ends_its_offer_and_one_too_short_is_made_to_nobody(
    session: Session, queue: Queue
) -> None:
    queue.waits(session, 0)
    give_back(session, queue.holder, queue.taken, now=NOW)
    hearing, zone = session.get_one(HearingSession, queue.hearing), ZoneInfo(queue.court.site.time_zone)
    hearing.last_take_on = DUE.astimezone(zone).date()
    session.flush()
    midnight = datetime.combine(hearing.last_take_on + timedelta(days=1), time(), zone)

    assert clock(session, midnight - timedelta(minutes=14)) == 0
    assert clock(session, midnight - timedelta(minutes=15), queue.hearing) == 1
    assert offered_to(session, queue.lawyers[0]).ends_at == midnight


def test_an_offer_that_a_crash_stops_is_made_by_the_next_turn_and_nobody_slips_in(
    session: Session, queue: Queue
) -> None:
    queue.waits(session, 0)
    give_back(session, queue.holder, queue.taken, now=NOW)

    with session.begin_nested() as turn:
        assert clock(session, DUE) == 1
        turn.rollback()  # what PostgreSQL does of a process that is killed
    session.expire_all()

    claim = CaseClaim(resource_id=queue.hearing, minutes=20, family="51")
    with pytest.raises(CapacityReached):
        occupy(session, [claim], Holder(id=uuid4(), now=DUE))
    assert clock(session, DUE + timedelta(minutes=1)) == 1
    assert [account for account, _ in offers(session)] == [queue.lawyers[0].account_id]


@pytest.mark.parametrize("is_control", [False, True], ids=["", "control"])
def test_of_one_who_waits_and_newcomers_at_once_on_the_place_that_frees_the_one_who_waits_has_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_control: bool
) -> None:
    monkeypatch.setattr(events, "_subscribers", list(SUBSCRIBERS))
    queue = act(database.engine, made)
    first, *strangers = queue.lawyers
    act(database.engine, wait_for_date, first, asked_of(queue.court), now=NOW)
    give = partial(act, database.engine, give_back, queue.holder, queue.taken, now=NOW)
    beside: tuple[Callable[[], object], ...] = ()
    if is_control:  # nothing is kept, and nobody looks at the list before taking
        monkeypatch.setattr(freed, "_is_awaited", lambda *_: False)
        monkeypatch.setattr(lawyer_dates, "serve_first", lambda *_, **__: 0)
        give()
    else:
        beside = (give, partial(act, database.engine, clock, DUE, queue.hearing))
    take = [
        partial(act, database.engine, take_date, one, asked_of(queue.court), queue.hearing, now=DUE)
        for one in strangers
    ]

    told = at_once([*take, *beside])
    act(database.engine, clock, DUE, queue.hearing)

    assert len(refusals(told)) == (1 if is_control else 2)
    assert act(database.engine, offers) == ([] if is_control else [(first.account_id, None)])
