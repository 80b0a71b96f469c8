"""Several people at one appointment: all or those who fit, moved and called off as one, each with their own link."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import NoneType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import Session

from availability.errors import CapacityReached, NotFound, PeriodTaken
from booking.errors import ChangedMeanwhile
from booking.models import Booking
from booking.moving import move
from booking.reasons import Reason
from convocations.actions import convene
from convocations.convening import receivers
from convocations.errors import ConvocationOver, SummonedAlready
from convocations.in_bulk import Order, Summoned, Way
from convocations.models import Convocation
from convocations.pages import in_bulk_run
from convocations.pages.addresses import link_address
from convocations.pages.in_bulk_run import run_together
from convocations.pages.list_words import ListRow, overflow_words, seated
from convocations.planning import UNDO_MANY
from convocations.queries import convocations_at, gatherings
from convocations.together import (
    NotAllFit,
    convene_together,
    move_back_together,
    move_together,
    restore_together,
    starts_with_room,
    withdraw_together,
)
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, make_desk, make_somebody, planned
from tests.factories import NOW

ROW_TONES = ("success", "error", "warning", "success")  # the second cannot come anyway


def make_room(session: Session, *, seats: int = 3) -> tuple[Desk, Order, list[UUID]]:
    desk = make_desk(session)
    desk.agent.capacity = seats
    session.flush()
    people = [desk.person.id, *(make_somebody(session, desk.officer).id for _ in range(3))]
    order = Order(kind_id=desk.kind.id, resource_ids=(desk.agent.id,), way=Way.SLOTS)
    return desk, order, people


def test_all_come_together_or_those_who_fit_as_asked(session: Session) -> None:
    desk, order, people = make_room(session)

    with pytest.raises(NotAllFit) as refused, session.begin_nested():
        convene_together(session, desk.officer, order, people, desk.at(NINE), key="a", are_all_needed=True, now=NOW)
    made = convene_together(session, desk.officer, order, people, desk.at(NINE), key="b", are_all_needed=False, now=NOW)
    again = convene_together(
        session, desk.officer, order, people, desk.at(NINE), key="b", are_all_needed=False, now=NOW
    )

    assert refused.value.facts["left_out"] == 1
    assert [one.convocation_id is not None for one in made] == [True, True, True, False]
    assert isinstance(made[3].refusal, PeriodTaken | CapacityReached)
    assert [one.convocation_id for one in again] == [one.convocation_id for one in made]
    coming = convocations_at(session, desk.officer, desk.agent.id, NINE, now=NOW)
    assert {one.person_id for one in coming} == set(people[:3])
    listed = [gatherings(session, desk.officer, now=at) for at in (NOW, NINE)]  # and once it has begun
    assert [[(one.starts_at, one.expected, one.free) for one in each] for each in listed] == [[(NINE, 3, 0)], []]
    links = {link_address(session.get_one(Convocation, one.convocation_id)) for one in made[:3]}
    assert len(links) == 3
    assert all(min(planned(session, one.convocation_id).values()) >= NOW + UNDO_MANY for one in made[:3])  # type: ignore[arg-type]


def test_whoever_is_to_come_for_the_same_already_is_left_out(session: Session) -> None:
    desk, order, people = make_room(session)
    convene(session, desk.officer, people[0], desk.at(TEN), now=NOW)

    made = convene_together(
        session, desk.officer, order, people[:2], desk.at(NINE), key="a", are_all_needed=False, now=NOW
    )

    assert isinstance(made[0].refusal, SummonedAlready)
    assert made[1].convocation_id


def test_all_are_moved_or_nobody_and_moved_back_but_for_who_changed_since(session: Session) -> None:
    desk, order, people = make_room(session)
    convene_together(session, desk.officer, order, people[:3], desk.at(NINE), key="a", are_all_needed=True, now=NOW)
    agent = desk.agent.id

    with pytest.raises((PeriodTaken, CapacityReached)), session.begin_nested():
        move_together(session, desk.officer, agent, NINE, desk.at(NINE, desk.colleague), now=NOW)
    session.expire_all()
    session.execute(update(Convocation).values(confirmed_at=NOW))
    stayed = convocations_at(session, desk.officer, agent, NINE, now=NOW)
    moved = move_together(session, desk.officer, agent, NINE, desk.at(HALF_PAST), now=NOW)
    there = convocations_at(session, desk.officer, agent, HALF_PAST, now=NOW)
    move(session, desk.officer, moved[0].booking_id, desk.at(TEN), now=NOW)
    refused = move_back_together(session, desk.officer, moved, desk.at(NINE), now=NOW)
    back = convocations_at(session, desk.officer, agent, NINE, now=NOW)

    assert len(stayed) == len(there) == 3
    assert {one.was for one in moved} == {desk.at(NINE)}
    assert [type(one) for one in refused] == [ChangedMeanwhile]
    assert {one.booking_id for one in back} == {one.booking_id for one in moved[1:]}
    assert [one.confirmed_at for one in there] == [None] * 3
    assert [one.confirmed_at for one in back] == [NOW] * 2
    with pytest.raises(NotFound):
        move_together(session, desk.officer, agent, HALF_PAST, desk.at(NINE), now=NOW)


def test_all_are_called_off_for_a_reason_and_restored_with_their_links_but_for_whose_place_is_gone(
    session: Session,
) -> None:
    desk, order, people = make_room(session)
    made = convene_together(
        session, desk.officer, order, people[:3], desk.at(NINE), key="a", are_all_needed=True, now=NOW
    )
    links = {link_address(session.get_one(Convocation, one.convocation_id)) for one in made}
    late = NOW + timedelta(minutes=11)

    gone = withdraw_together(session, desk.officer, desk.agent.id, NINE, now=NOW, reason=Reason("agent-absent"))
    off = [session.get_one(Convocation, one) for one in gone]
    reasons = {session.get_one(Booking, one.booking_id).reason for one in off}
    silent = [planned(session, one) for one in gone]
    convene(session, desk.officer, people[3], desk.at(NINE), now=NOW)
    too_late = restore_together(session, desk.officer, gone, now=late)
    refused = restore_together(session, desk.officer, gone, now=NOW)

    assert (reasons, silent) == ({"agent-absent"}, [{}] * 3)
    assert [type(one) for one in too_late] == [ConvocationOver] * 3
    assert [type(one) for one in refused] == [PeriodTaken]
    back = [session.get_one(Convocation, one, populate_existing=True) for one in gone]
    assert [one.standing for one in back] == ["set", "set", "withdrawn"]
    assert {link_address(one) for one in back[:2]} < links
    assert [set(planned(session, one.id)) for one in back] == [{"confirmation", "reminder"}] * 2 + [set()]
    assert [session.get_one(Booking, one.booking_id).reason for one in back[:2]] == ["", ""]


def test_starts_with_room_count_the_seats_left(session: Session) -> None:
    desk, order, people = make_room(session)
    among = receivers(session, desk.officer, desk.kind)
    convene_together(session, desk.officer, order, people[:2], desk.at(NINE), key="a", are_all_needed=True, now=NOW)

    found = starts_with_room(session, among, now=NOW)
    convene(session, desk.officer, people[2], desk.at(TEN), now=NOW)  # the first to come where there is room for more
    convene(session, desk.officer, people[3], desk.at(TEN, desk.colleague), now=NOW)  # who receives one at a time
    listed = gatherings(session, desk.officer, now=NOW)

    assert [(one.resource_id, one.starts_at, one.expected, one.free) for one in listed] == [
        (desk.agent.id, NINE, 2, 1),
        (desk.agent.id, TEN, 1, 2),
    ]
    assert {one.resource_id for one in found} == {desk.agent.id}
    assert NINE not in {one.at for one in found}
    assert {one.seats for one in found} == {3}


async def test_those_beyond_the_last_seat_come_at_another_hour_and_whoever_has_none_there_is_left_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, order, people = make_room(session, seats=2)
    desk.colleague.capacity = 2
    session.flush()

    async def in_this_transaction(function: Any, *args: Any, **how: Any) -> Any:
        with session.begin_nested():
            return function(session, *args, **how)

    monkeypatch.setattr(in_bulk_run, "act", in_this_transaction)
    monkeypatch.setattr(in_bulk_run, "now", lambda: NOW)

    async def run(key: str, start: datetime) -> list[Summoned]:
        parties = [(people[:2], desk.at(start)), (people[2:], desk.at(start, desk.colleague))]
        return await run_together(desk.officer, order, parties, key, are_all_needed=True)

    done, again = await run("a", NINE), await run("a", NINE)
    convene(session, desk.officer, make_somebody(session, desk.officer).id, desk.at(TEN, desk.colleague), now=NOW)
    order = replace(order, although_summoned=True)
    some = await run("b", TEN)

    assert [one.person_id for one in done] == people
    assert [one.convocation_id for one in again] == [one.convocation_id for one in done]
    coming = convocations_at(session, desk.officer, desk.colleague.id, NINE, now=NOW)
    assert {one.person_id for one in coming} == set(people[2:])
    assert [type(one.refusal) for one in some] == [NoneType, NoneType, NoneType, PeriodTaken]


def test_the_last_of_the_list_who_have_no_seat_are_told_before_or_go_elsewhere() -> None:
    rows = [ListRow(name, name, "à 9 h", "SMS", "SMS", tone) for name, tone in zip("abcd", ROW_TONES, strict=True)]

    left_out, count = seated(rows, 2, "")
    moved, _ = seated(rows, 2, "à 10 h")
    all_of_them, none = seated(rows, 3, "")

    assert [(row.tone, row.when) for row in left_out] == [
        ("success", "à 9 h"),
        ("error", "à 9 h"),
        ("warning", "à 9 h"),
        ("error", ""),
    ]
    assert (count, none, all_of_them) == (1, 0, rows)
    assert [row.when for row in moved] == ["à 9 h", "à 9 h", "à 9 h", "à 10 h"]
    assert overflow_words(12, 3).replace("\u00a0", " ") == (
        "12 places, 15 personnes : les 3 dernières de la liste ne tiendront pas."
    )
    assert overflow_words(1, 1).replace("\u00a0", " ") == (
        "1 place, 2 personnes : la dernière de la liste ne tiendra pas."
    )
