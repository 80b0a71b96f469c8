"""The waiting list: what frees up is really held for the first, then the next; nothing is lost, nothing loops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.claims import NightsClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, PeriodTaken
from availability.models import KindQuota, KindRight, Shape
from availability.rights import Role
from booking import events
from booking.actions import Beneficiary, cancel, confirm, hold, refuse, undo_cancel
from booking.errors import AlreadyDecided, HoldExpired
from booking.host_requests import tell_hosts, undo_answer
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import excuse, undo_excuse
from booking.persons import erase_person
from booking.proposals import OtherDates, accept_proposal, decline_proposal, propose, withdraw_proposal
from booking.stays import change_stay, swap_beds, undo_stay
from booking.waiting import accept, ask, decline, expire_entries, set_deadline, undo_withdraw, withdraw
from booking.waiting_follow import follow_list, offer_of
from booking.waiting_models import FreedPlace, WaitingEntry, WaitingState
from tests.booking.queue import FIRST, SOURCE, UNTIL, Accounts, clock, offered_booking, offers, skips, waits, wants
from tests.booking.town import Town, make_person, make_town, request, stay
from tests.factories import (
    NOW,
    PROFILE,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_beds,
    make_kind,
    make_opening,
    make_resource,
)

AFTER_UNDO = in_minutes(10)
NEXT_DAY = in_minutes(10 + 24 * 60)
TWO_DAYS = in_minutes(10 + 48 * 60)


@pytest.fixture
def town(session: Session, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A section of three beds, all taken those nights; offers live a day."""
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    town = make_town(session, offer_hours=24)
    for bed in range(3):
        stay(session, town, FIRST, UNTIL, bed=bed)
    return town


@pytest.fixture
def accounts(town: Town) -> Accounts:
    """The officer has an account."""
    return Accounts().add(town.officer)


def booked(session: Session) -> list[Booking]:
    """Return the three stays that fill the section."""
    those = select(Booking).where(Booking.state == State.BOOKED, Booking.first_on == FIRST)
    return list(session.exec(those.order_by(text("unit_id"))))


def free_one(session: Session, town: Town) -> Booking:
    """Give the first bed back."""
    return cancel(session, town.officer, booked(session)[0].id, now=NOW)


def may_take(session: Session, town: Town, *, minutes: float) -> bool:
    """Say whether a newcomer could take a bed those nights, at that moment; nothing is left of it."""
    claim = NightsClaim(resource_id=town.section.id, first=FIRST, until=UNTIL)
    try:
        with session.begin_nested() as tried:
            hold(session, town.officer, claim, now=in_minutes(minutes))
            tried.rollback()
    except PeriodTaken:
        return False
    return True


def test_a_freed_bed_is_held_for_the_first_in_the_list_and_for_nobody_else(
    session: Session, town: Town, accounts: Accounts
) -> None:
    first = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    assert not may_take(session, town, minutes=0)

    free_one(session, town)

    assert not may_take(session, town, minutes=0)
    assert clock(session, accounts, in_minutes(9)) == 0  # it may still be taken back
    assert clock(session, accounts, AFTER_UNDO) == 1
    assert offers(session) == [("26/001", None)]
    held = offered_booking(session, first)
    assert (held.state, held.case_ref, held.first_on, held.until_on) == (State.HELD, "26/001", FIRST, UNTIL)
    assert held.expires_at == AFTER_UNDO + timedelta(hours=24)
    assert not may_take(session, town, minutes=60)


def test_a_cancellation_is_taken_back_for_ten_minutes_although_somebody_waits(
    session: Session, town: Town, accounts: Accounts
) -> None:
    waits(session, town, "26/001")
    freed = free_one(session, town)

    assert undo_cancel(session, town.officer, freed.id, now=in_minutes(9)).state == State.BOOKED

    assert clock(session, accounts, AFTER_UNDO) == 0
    assert session.exec(select(FreedPlace)).all() == []
    nights = session.execute(text("SELECT count(*) FROM bed_night WHERE holder_id = :id"), {"id": freed.id}).scalar()
    assert nights == 3


def test_an_offer_that_lapses_goes_to_the_next_with_no_moment_when_it_is_free(
    session: Session, town: Town, accounts: Accounts
) -> None:
    first = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    held = offered_booking(session, first)

    assert not may_take(session, town, minutes=10 + 24 * 60 + 1)  # it ended, and nobody swept yet
    with pytest.raises(HoldExpired):
        confirm(session, town.officer, held.id, now=in_minutes(10 + 24 * 60 + 1))
    assert clock(session, accounts, NEXT_DAY) == 1

    assert offers(session) == [("26/001", "lapsed"), ("26/002", None)]
    assert first.state == WaitingState.WAITING  # its place is kept, for something else


def test_what_everybody_left_is_free_to_all_and_never_offered_again(
    session: Session, town: Town, accounts: Accounts
) -> None:
    waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)

    for turn in (AFTER_UNDO, NEXT_DAY, TWO_DAYS):
        clock(session, accounts, turn)
    assert may_take(session, town, minutes=10 + 48 * 60)
    again = [clock(session, accounts, TWO_DAYS, moved=(town.section.id,)) for _ in range(3)]

    assert again == [0, 0, 0]
    assert offers(session) == [("26/001", "lapsed"), ("26/002", "lapsed")]


def test_another_freeing_of_the_same_bed_is_offered_again(session: Session, town: Town, accounts: Accounts) -> None:
    waits(session, town, "26/001")
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    clock(session, accounts, NEXT_DAY)

    newcomer = stay(session, town, FIRST, UNTIL, bed=0, now=NEXT_DAY)
    cancel(session, town.officer, newcomer.id, now=NEXT_DAY)
    made = clock(session, accounts, NEXT_DAY + timedelta(minutes=10))

    assert made == 1
    assert offers(session) == [("26/001", "lapsed"), ("26/001", None)]


def test_the_soonest_legal_deadline_comes_first(session: Session, town: Town, accounts: Accounts) -> None:
    waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1), deadline_on=in_days(40), deadline_source=SOURCE)
    urgent = waits(session, town, "26/003", now=in_minutes(2))
    set_deadline(session, town.officer, urgent.id, in_days(20), SOURCE, now=NOW)

    for number, booking in enumerate(booked(session)):
        cancel(session, town.officer, booking.id, now=NOW)
        clock(session, accounts, in_minutes(10 + number))

    assert offers(session) == [("26/003", None), ("26/002", None), ("26/001", None)]


def test_whoever_does_not_suit_is_passed_over_and_is_told_why(session: Session, town: Town, accounts: Accounts) -> None:
    town.nights.searchable = PROFILE
    town.section.attributes = {"sex": "M"}
    session.flush()
    stranger = make_actor(Role.PROBATION_OFFICER, town.world.here)  # whose account is closed
    waits(session, town, "26/001", typed={"sexe": "F"})
    waits(session, town, "26/002", now=in_minutes(1), first=in_days(3), until=in_days(8))
    waits(session, town, "26/003", now=in_minutes(2), by=stranger)
    stay(session, town, in_days(6), in_days(8), bed=0)
    waits(session, town, "26/004", now=in_minutes(3))
    for bed in (1, 2):
        stay(session, town, in_days(6), in_days(8), bed=bed)
    free_one(session, town)

    for _ in range(2):
        clock(session, accounts, AFTER_UNDO)

    assert offers(session) == [("26/004", None)]
    assert skips(session) == [("26/001", "sex"), ("26/002", "dates"), ("26/003", "rights")]


def test_a_part_of_what_freed_serves_a_shorter_stay(session: Session, town: Town, accounts: Accounts) -> None:
    entry = waits(session, town, "26/001", first=in_days(1), until=in_days(30), days=2)
    waits(session, town, "26/002", now=in_minutes(1), first=in_days(3), until=in_days(6), days=1)
    for bed in range(3):
        stay(session, town, in_days(0), in_days(3), bed=bed)
        stay(session, town, in_days(6), in_days(30), bed=bed)

    free_one(session, town)

    assert clock(session, accounts, AFTER_UNDO) == 2
    held = offered_booking(session, entry)
    assert (held.first_on, held.until_on) == (in_days(3), in_days(5))
    assert offers(session) == [("26/001", None), ("26/002", None)]


def test_accepting_books_it_and_ends_the_wait(session: Session, town: Town, accounts: Accounts) -> None:
    entry = waits(session, town, "26/001")
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    offer = offer_of(session, offered_booking(session, entry).id)
    assert offer is not None

    taken = accept(session, town.officer, offer.id, now=in_minutes(60))

    assert (taken.state, entry.state, offer.outcome) == (State.BOOKED, WaitingState.SERVED, "taken")
    acts = session.execute(text("SELECT act FROM history WHERE subject = 'waiting' ORDER BY id")).scalars().all()
    assert acts == ["waiting-waiting", "waiting-offered", "waiting-served"]


def test_declining_passes_it_on_and_can_be_taken_back_for_as_long_as_it_was(
    session: Session, town: Town, accounts: Accounts
) -> None:
    entry = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    held = offered_booking(session, entry)
    offer = offer_of(session, held.id)
    assert offer is not None
    ends = held.expires_at

    with pytest.raises(InvalidRequest):
        decline(session, town.officer, offer.id, reason="whatever", now=in_minutes(20))
    decline(session, town.officer, offer.id, reason="too-far", now=in_minutes(20))
    assert (entry.state, offer.outcome, offer.reason) == (WaitingState.WAITING, "declined", "too-far")
    undo_cancel(session, town.officer, held.id, now=in_minutes(25))
    assert (entry.state, offer.outcome, held.expires_at) == (WaitingState.OFFERED, None, ends)
    decline(session, town.officer, offer.id, reason="too-far", now=in_minutes(30))
    clock(session, accounts, in_minutes(41))

    assert offers(session) == [("26/001", "declined"), ("26/002", None)]
    with pytest.raises(AlreadyDecided):
        undo_cancel(session, town.officer, held.id, now=in_minutes(41))


def test_an_offer_taken_back_is_one_change_and_still_nobody_else_s_when_it_ends(
    session: Session, town: Town, accounts: Accounts
) -> None:
    entry = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    held = offered_booking(session, entry)
    offer = offer_of(session, held.id)
    assert offer is not None
    decline(session, town.officer, offer.id, reason="too-far", now=in_minutes(20))
    seen = held.revision

    undo_cancel(session, town.officer, held.id, now=in_minutes(25))

    assert held.revision == seen + 1
    assert not may_take(session, town, minutes=10 + 24 * 60 + 1)  # over, and not passed on yet
    clock(session, accounts, in_minutes(10 + 24 * 60 + 1))
    assert offers(session) == [("26/001", "lapsed"), ("26/002", None)]


def test_withdrawing_gives_back_what_is_offered_and_is_undone_at_its_place(
    session: Session, town: Town, accounts: Accounts
) -> None:
    entry = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)

    withdraw(session, town.officer, entry.id, now=in_minutes(20))
    assert entry.state == WaitingState.WITHDRAWN
    assert clock(session, accounts, in_minutes(30)) == 1
    undo_withdraw(session, town.officer, entry.id, now=in_minutes(30))

    assert (entry.state, entry.created_at) == (WaitingState.WAITING, NOW)
    withdraw(session, town.officer, entry.id, now=in_minutes(31))
    with pytest.raises(AlreadyDecided):
        undo_withdraw(session, town.officer, entry.id, now=in_minutes(60))


def test_a_request_that_its_host_refuses_puts_them_back_at_their_place(session: Session, town: Town) -> None:
    town.nights.host_accepts = True
    session.flush()
    accounts = Accounts().add(town.officer)
    entry = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1))
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    held = offered_booking(session, entry)
    confirm(session, town.officer, held.id, now=in_minutes(20))
    assert entry.state == WaitingState.SERVED

    refuse(session, town.world.host, held.id, reason="profile", now=in_minutes(30))
    clock(session, accounts, in_minutes(30))

    assert entry.state == WaitingState.WAITING
    assert offers(session) == [("26/001", "taken"), ("26/002", None)]


def test_a_refusal_that_its_host_takes_back_ends_the_wait_again_and_never_gives_two_places(
    session: Session, town: Town
) -> None:
    town.nights.host_accepts = True
    session.flush()
    accounts = Accounts().add(town.officer)
    entry = waits(session, town, "26/001")
    free_one(session, town)
    clock(session, accounts, AFTER_UNDO)
    held = offered_booking(session, entry)
    confirm(session, town.officer, held.id, now=in_minutes(20))
    refuse(session, town.world.host, held.id, reason="profile", now=in_minutes(30))
    waits(session, town, "26/002", now=in_minutes(30))  # the bed is kept for them: taking back comes before the clock

    undo_answer(session, town.world.host, held.id, now=in_minutes(31))

    assert (held.state, entry.state) == (State.REQUESTED, WaitingState.SERVED)
    assert clock(session, accounts, in_minutes(32)) == 0

    refuse(session, town.world.host, held.id, reason="profile", now=in_minutes(33))
    entry.state = WaitingState.OFFERED  # something else, meanwhile
    session.flush()
    with pytest.raises(AlreadyDecided):
        undo_answer(session, town.world.host, held.id, now=in_minutes(34))


@pytest.mark.parametrize("how", ["decline", "withdraw", "refuse", "agree", "other dates"])
def test_what_a_proposal_frees_is_kept_for_those_who_wait(
    session: Session, town: Town, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(events, "_subscribers", [tell_hosts, follow_list])
    town.nights.host_accepts = True
    session.flush()
    asked = stay(session, town, in_days(20), in_days(22))
    dates = OtherDates(first=in_days(30), until=in_days(32))
    made = propose(session, town.world.host, asked.id, dates, now=NOW)
    left = (in_days(20), in_days(22)) if how == "agree" else (in_days(30), in_days(32))
    for bed in (1, 2):
        stay(session, town, *left, bed=bed)
    part = {"days": 1} if how == "other dates" else {}
    waits(session, town, "26/001", first=left[0], until=left[1], **part)

    match how:
        case "decline":
            decline_proposal(session, town.officer, asked.id, made.id, now=NOW)
        case "withdraw":
            withdraw_proposal(session, town.world.host, asked.id, now=NOW)
        case "refuse":
            refuse(session, town.world.host, asked.id, reason="full", now=NOW)
        case "other dates":
            propose(session, town.world.host, asked.id, OtherDates(first=in_days(31), until=in_days(33)), now=NOW)
            left = (in_days(30), in_days(31))
        case "agree":
            accept_proposal(session, town.officer, asked.id, made.id, now=NOW)

    claim = NightsClaim(resource_id=town.section.id, first=left[0], until=left[1])
    with pytest.raises(PeriodTaken):
        hold(session, town.officer, claim, now=in_minutes(1))
    assert clock(session, accounts, AFTER_UNDO) == 1
    assert offers(session) == [("26/001", None)]


def test_what_frees_without_an_act_is_offered_at_the_next_look(
    session: Session, town: Town, accounts: Accounts
) -> None:
    shut = close(session, town.section, in_days(10), in_days(20))
    waits(session, town, "26/001", first=in_days(10), until=in_days(20), days=5)
    assert clock(session, accounts, NOW, moved=(town.section.id,)) == 0

    session.delete(shut)
    session.flush()

    assert clock(session, accounts, NOW, moved=(town.section.id,)) == 1
    assert offers(session) == [("26/001", None)]


def test_a_look_that_finds_nobody_is_no_change_that_would_be_looked_at_again(
    session: Session, town: Town, accounts: Accounts
) -> None:
    town.nights.searchable = PROFILE
    town.section.attributes = {"sex": "M"}
    session.flush()
    waits(session, town, "26/001", typed={"sexe": "F"}, first=in_days(20), until=in_days(23))
    moved = text("SELECT count(*) FROM change")
    before = session.execute(moved).scalar()

    assert clock(session, accounts, NOW, moved=(town.section.id,)) == 0

    assert session.execute(moved).scalar() == before
    assert skips(session) == []


def test_a_place_left_by_a_move_is_kept_for_the_list_unless_one_comes_back(
    session: Session, town: Town, accounts: Accounts
) -> None:
    waits(session, town, "26/001")
    leaving = booked(session)[0]
    there = NightsClaim(resource_id=town.section.id, first=FIRST, until=UNTIL, unit_id=leaving.unit_id)
    elsewhere = NightsClaim(resource_id=town.section.id, first=in_days(20), until=in_days(23), unit_id=leaving.unit_id)

    move(session, town.officer, leaving.id, elsewhere, now=NOW)
    assert not may_take(session, town, minutes=1)
    move(session, town.officer, leaving.id, there, now=in_minutes(2))
    assert clock(session, accounts, in_minutes(20)) == 0
    move(session, town.officer, leaving.id, elsewhere, now=in_minutes(21))

    assert clock(session, accounts, in_minutes(31)) == 1


def test_an_excuse_frees_for_the_list_and_is_undone_only_before_it_is_offered(
    session: Session, town: Town, accounts: Accounts
) -> None:
    waits(session, town, "26/001")
    excused = booked(session)[0]
    excuse(session, town.officer, excused.id, now=NOW)
    undo_excuse(session, town.officer, excused.id, now=in_minutes(5))
    excuse(session, town.officer, excused.id, now=in_minutes(6))

    assert clock(session, accounts, in_minutes(16)) == 1
    with pytest.raises(PeriodTaken):
        undo_excuse(session, town.officer, excused.id, now=in_minutes(17))


def test_nothing_is_kept_when_nobody_waits_for_that(session: Session, town: Town) -> None:
    waits(session, town, "26/001", first=in_days(40), until=in_days(45))

    free_one(session, town)

    assert session.exec(select(FreedPlace)).all() == []
    assert may_take(session, town, minutes=0)


def test_a_slot_freed_in_the_window_is_offered_until_it_begins(session: Session, town: Town) -> None:
    accounts = Accounts().add(town.officer)
    slots = make_kind(session, Shape.SLOTS, slot_duration_min=60, slot_step_min=60, min_notice_days=0, offer_hours=24)
    agent = make_resource(session, town.world.site, slots)
    make_opening(session, agent, in_minutes(120), hours=2)
    starts = [in_minutes(120), in_minutes(180)]
    taken = [
        hold(
            session,
            town.officer,
            SlotClaim(resource_id=agent.id, start=start),
            now=NOW,
            beneficiary=Beneficiary(case_ref="1"),
        )
        for start in starts
    ]
    for one in taken:
        confirm(session, town.officer, one.id, now=NOW)
    entry = ask(
        session,
        town.officer,
        replace(wants(town, "26/001", first=in_days(0), until=in_days(2)), resource_id=agent.id),
        now=NOW,
    )

    cancel(session, town.officer, taken[1].id, now=NOW)
    assert clock(session, accounts, AFTER_UNDO) == 1

    held = offered_booking(session, entry)
    assert (held.starts_at, held.expires_at) == (starts[1], starts[1])


def test_a_place_of_a_post_is_offered_without_an_end(session: Session, town: Town) -> None:
    accounts = Accounts().add(town.officer)
    town.posts.host_accepts = False
    town.post.capacity = 1
    session.flush()
    there = request(session, town, in_days(1), None)
    wanted = replace(wants(town, "26/001", first=in_days(2), until=in_days(60)), resource_id=town.post.id)
    entry = ask(session, town.officer, replace(wanted, is_open_ended=True), now=NOW)

    cancel(session, town.officer, there.id, now=NOW)
    clock(session, accounts, AFTER_UNDO)

    held = offered_booking(session, entry)
    assert (held.first_on, held.until_on) == (in_days(2), None)


def test_what_cannot_be_waited_for_names_the_field(session: Session, town: Town) -> None:
    def field(**said: object) -> str:
        with pytest.raises(InvalidRequest) as refusal:
            waits(session, town, "26/001", **said)
        return f"{refusal.value.field} {refusal.value.problem}"

    assert field(first=in_days(6), until=in_days(6)) == "to not-after-start"
    assert field(first=in_days(-6), until=in_days(0)) == "to past"
    assert field(days=4) == "days out-of-range"
    assert field(deadline_on=in_days(3)) == "deadline_source required"
    assert field(deadline_on=in_days(-1), deadline_source=SOURCE) == "deadline_on out-of-range"
    assert field(beneficiary=Beneficiary()) == "beneficiary required"
    assert field(typed={"type": "nothing"}) == "kind unknown-choice"


def test_the_same_wish_is_on_the_list_once_and_others_do_not_see_it(session: Session, town: Town) -> None:
    one, same, other = (waits(session, town, case) for case in ("26/001", "26/001", "26/002"))

    assert one.id == same.id != other.id
    for actor in (town.world.stranger, make_actor(Role.FAMILY_JUDGE, town.world.here)):
        with pytest.raises((NotFound, NotAllowed)):
            withdraw(session, actor, one.id, now=NOW)


def test_rights_lost_since_are_seen_when_it_is_offered(session: Session, town: Town, accounts: Accounts) -> None:
    waits(session, town, "26/001")
    for right in session.exec(select(KindRight).where(KindRight.kind_id == town.nights.id)):
        session.delete(right)
    session.flush()
    session.execute(
        text("UPDATE booking SET state = 'requested', expires_at = :now WHERE id = :id"),
        {"id": booked(session)[0].id, "now": NOW},
    )
    session.expire_all()

    assert clock(session, accounts, NOW) == 0
    assert skips(session) == [("26/001", "rights")]


def test_somebody_who_waits_is_not_erased_and_a_wait_that_is_over_ends(session: Session, town: Town) -> None:
    person = make_person(session, town.world.here)
    entry = waits(session, town, "", beneficiary=Beneficiary(person_id=person.id))
    assert entry.query["sexe"] == "M"
    with pytest.raises(NotAllowed):
        erase_person(session, town.officer, person.id, now=NOW)

    assert expire_entries(session, today=UNTIL - timedelta(days=1), now=NOW) == 0
    assert expire_entries(session, today=UNTIL, now=NOW) == 1

    assert entry.state == WaitingState.EXPIRED
    erase_person(session, town.officer, person.id, now=NOW)
    assert session.get(WaitingEntry, entry.id) is not None


def test_nights_that_a_stay_gives_up_are_kept_for_the_list_unless_it_takes_them_again(
    session: Session, town: Town, accounts: Accounts
) -> None:
    last_two = {"first": in_days(4), "until": in_days(6)}
    waits(session, town, "26/001", **last_two)
    shorter = booked(session)[0]
    change_stay(session, town.officer, shorter.id, first=FIRST, until=in_days(4), unit_id=None, now=NOW)
    undo_stay(session, town.officer, shorter.id, now=in_minutes(2))
    assert clock(session, accounts, in_minutes(20)) == 0

    change_stay(session, town.officer, shorter.id, first=FIRST, until=in_days(4), unit_id=None, now=in_minutes(21))
    claim = NightsClaim(resource_id=town.section.id, first=in_days(4), until=in_days(6))
    with pytest.raises(PeriodTaken):
        hold(session, town.officer, claim, now=in_minutes(22))

    assert clock(session, accounts, in_minutes(31)) == 1
    assert offers(session) == [("26/001", None)]


def test_the_bed_that_a_stay_leaves_for_another_is_kept_for_the_list_unless_it_comes_back(
    session: Session, town: Town, accounts: Accounts
) -> None:
    one, other, _ = booked(session)
    (spare,) = make_beds(session, town.section, "lit 11")
    waits(session, town, "26/001")
    swap_beds(session, town.officer, one.id, other.id, now=NOW)
    assert clock(session, accounts, in_minutes(20)) == 0  # all of it changed hands

    dates = {"first": FIRST, "until": UNTIL}
    change_stay(session, town.officer, one.id, **dates, unit_id=spare.id, now=in_minutes(20))
    claim = NightsClaim(resource_id=town.section.id, first=FIRST, until=UNTIL)
    with pytest.raises(PeriodTaken), session.begin_nested():
        hold(session, town.officer, claim, now=in_minutes(20))
    undo_stay(session, town.officer, one.id, now=in_minutes(21))
    change_stay(session, town.officer, one.id, **dates, unit_id=spare.id, now=in_minutes(22))

    assert clock(session, accounts, in_minutes(31)) == 0
    assert clock(session, accounts, in_minutes(33)) == 1
    assert offers(session) == [("26/001", None)]


def test_whoever_is_beyond_the_quota_of_their_service_is_passed_over_for_the_next(
    session: Session, town: Town, accounts: Accounts
) -> None:
    here, elsewhere = town.world.here, town.world.elsewhere
    other = make_actor(Role.PROBATION_OFFICER, here, elsewhere)
    session.add(KindQuota(kind_id=town.nights.id, territory_id=here.id, per="year", most=3))
    session.flush()
    away = replace(other, home_territory_id=elsewhere.id)
    waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1), by=away)
    moved = booked(session)[0]
    move_away = NightsClaim(resource_id=town.section.id, first=in_days(20), until=in_days(23), unit_id=moved.unit_id)
    move(session, town.officer, moved.id, move_away, now=NOW)

    assert clock(session, accounts.add(away), AFTER_UNDO) == 1

    assert offers(session) == [("26/002", None)]
    assert skips(session) == [("26/001", "quota")]


@pytest.mark.parametrize("because", ["evening", "quota", "left"])
def test_when_the_first_night_would_not_do_the_next_one_that_does_is_offered(
    session: Session, town: Town, accounts: Accounts, because: str
) -> None:
    now = in_minutes(9 * 60) if because == "evening" else NOW  # seven in the evening: nobody arrives that day
    entry = waits(session, town, "26/001", first=in_days(0), until=in_days(3), days=1)
    if because == "quota":
        session.add(KindQuota(kind_id=town.nights.id, per="day", most=1))
        session.flush()
        hold(
            session, town.officer, NightsClaim(resource_id=town.section.id, first=in_days(0), until=in_days(1)), now=NOW
        )
    if because == "left":
        clock(session, accounts, NOW, moved=(town.section.id,))
        cancel(session, town.officer, offered_booking(session, entry).id, now=NOW)

    assert clock(session, accounts, now, moved=(town.section.id,)) == 1
    assert offered_booking(session, entry).first_on == in_days(1)


def test_whoever_left_an_hour_is_offered_another_one_of_the_same_day(
    session: Session, town: Town, accounts: Accounts
) -> None:
    slots = make_kind(session, Shape.SLOTS, slot_duration_min=60, slot_step_min=60)
    agent = make_resource(session, town.world.site, slots)
    make_opening(session, agent, in_minutes(120), hours=2)
    wanted = replace(wants(town, "26/001", first=in_days(0), until=in_days(2)), resource_id=agent.id)
    entry = ask(session, town.officer, wanted, now=NOW)
    clock(session, accounts, NOW, moved=(agent.id,))
    cancel(session, town.officer, offered_booking(session, entry).id, now=NOW)

    assert clock(session, accounts, NOW, moved=(agent.id,)) == 1
    assert offered_booking(session, entry).starts_at == in_minutes(180)


def test_a_place_that_is_closed_on_its_first_day_is_offered_from_the_next(
    session: Session, town: Town, accounts: Accounts
) -> None:
    entry = ask(
        session,
        town.officer,
        wants(town, "26/001", typed={"type": town.posts.code}, days=2),
        now=NOW,
    )
    close(session, town.post, FIRST, FIRST + timedelta(days=1))

    assert clock(session, accounts, NOW, moved=(town.post.id,)) == 1
    assert offered_booking(session, entry).first_on == FIRST + timedelta(days=1)


def test_nights_added_to_an_offer_are_nobody_elses_for_as_long_as_the_others(
    session: Session, town: Town, accounts: Accounts
) -> None:
    entry = waits(session, town, "26/001", first=in_days(1), until=in_days(2))
    clock(session, accounts, NOW, moved=(town.section.id,))
    offered = offered_booking(session, entry)

    change_stay(session, town.officer, offered.id, first=in_days(1), until=in_days(3), unit_id=None, now=NOW)

    ends = "SELECT count(*), count(DISTINCT expires_at) FROM bed_night WHERE holder_id = :id"
    assert tuple(session.execute(text(ends), {"id": offered.id}).one()) == (2, 1)


def test_a_change_that_changes_nothing_leaves_to_the_list_what_was_freed_for_it(session: Session, town: Town) -> None:
    waits(session, town, "26/001")
    first = booked(session)[0]
    shorter = {"first": FIRST, "until": FIRST + timedelta(days=1), "now": NOW}
    change_stay(session, town.officer, first.id, unit_id=None, **shorter)
    kept = session.exec(select(FreedPlace)).all()

    change_stay(session, town.officer, first.id, unit_id=first.unit_id, **shorter)

    assert len(kept) == 1
    assert session.exec(select(FreedPlace)).all() == kept
