"""The hours of whoever receives, as those who set them look at them: whose they are, and what a change would do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range
from sqlmodel import Session, col, select

from availability.claims import SlotClaim
from availability.closings import ClosedDays, close_site_days
from availability.errors import NotFound, NotOpen
from availability.grids import OwnGrid, own_grid, set_grid
from availability.hours import rules_from, set_hours
from availability.models import Kind, KindRight, Opening, OpeningRule, Recess, Resource, Shape
from availability.openings import Off, weekly
from availability.rights import Actor, Role
from booking.agenda import week_of
from booking.errors import OutOfDate
from booking.hours import (
    effect_of,
    hours_of,
    move_back,
    offers_for,
    outside_now,
    receivers,
    set_grid_known,
    set_hours_known,
    standing_outside,
)
from booking.moving import move
from tests.booking.test_agenda import an_agent, at, book
from tests.factories import NOW, TODAY, World, close, in_days, make_actor, make_kind, make_resource, make_site

GRID: dict[str, Any] = {"slot_step_min": 30, "slot_duration_min": 30}
NEXT_WEEK = in_days(7)  # TODAY is a Monday
A_WEEK = timedelta(days=7)
TEN, NOON = time(10), time(12)


@pytest.fixture
def kind(session: Session) -> Kind:
    found = make_kind(session, Shape.SLOTS, label="rendez-vous", searched_by=[Role.SENTENCE_JUDGE], **GRID)
    session.add(KindRight(kind_id=found.id, role=Role.PARTNER, may_set_hours=True))
    session.flush()
    return found


@pytest.fixture
def agent(session: Session, world: World, kind: Kind) -> Resource:
    return an_agent(session, world.site, kind)


def seen(session: Session, actor: Actor) -> set[int]:
    """Return whose hours the actor sets, as listed and as read one by one."""
    listed = {one.resource_id for one in receivers(session, actor)}
    assert all(hours_of(session, actor, one, now=NOW).receiver.resource_id == one for one in listed)
    return listed


def test_hours_are_set_by_those_whose_role_sets_them_there_and_a_partner_sets_its_own(
    session: Session, world: World, kind: Kind, agent: Resource
) -> None:
    others = an_agent(session, make_site(session, world.here), kind)  # of another organisation
    make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    an_agent(session, world.site, kind, is_active=False)

    assert seen(session, world.officer) == {agent.id, others.id}
    assert seen(session, world.host) == {agent.id}
    judge = make_actor(Role.SENTENCE_JUDGE, world.here)  # searches, sets nothing
    for actor, resource_id in ((judge, agent.id), (world.stranger, agent.id), (world.host, others.id)):
        assert resource_id not in seen(session, actor)
        with pytest.raises(NotFound):
            hours_of(session, actor, resource_id, now=NOW)
    own_kind = make_actor(Role.PROBATION_OFFICER, world.here, kind=make_kind(session, Shape.SLOTS))
    assert seen(session, own_kind) == set()
    assert hours_of(session, world.officer, agent.id, now=NOW).receiver.is_in_agenda
    assert not hours_of(session, world.host, agent.id, now=NOW).receiver.is_in_agenda


def test_what_closes_is_read_with_its_name(session: Session, world: World, kind: Kind, agent: Resource) -> None:
    kind.closes_in_recess = True
    closure = close(session, world.site, in_days(8), in_days(9))
    session.add(Recess(territory_id=world.here.id, days=Range(in_days(20), in_days(30)), reason="Noël"))
    session.flush()

    found = hours_of(session, world.officer, agent.id, now=NOW)

    assert [one.is_of_site for one in found.closings] == [True]
    assert [(one.closure_id, one.first) for one in found.closings] == [(closure.id, closure.days.lower)]
    assert [(one.first, one.reason) for one in found.recesses] == [(in_days(20), "Noël")]
    assert [found.off.why(in_days(day)) for day in (7, 8, 20)] == [None, Off.CLOSED, Off.RECESS]
    assert found.holiday(date(2026, 4, 6)) == "Lundi de Pâques"


def test_the_effect_said_before_is_what_is_true_after_and_nothing_is_written(
    session: Session, world: World, agent: Resource
) -> None:
    left = book(session, world.officer, agent, at(NEXT_WEEK, "09:00"))
    book(session, world.officer, agent, at(NEXT_WEEK, "10:00"))
    receiver = hours_of(session, world.officer, agent.id, now=NOW).receiver
    wanted = [weekly(0, TEN, NOON, NEXT_WEEK), weekly(5, TEN, NOON, NEXT_WEEK)]
    before, openings = rules_from(session, agent.id, TODAY), _openings(session, agent)

    effect = effect_of(session, world.officer, receiver, wanted, from_on=NEXT_WEEK, now=NOW)

    assert (rules_from(session, agent.id, TODAY), _openings(session, agent)) == (before, openings)
    assert [one.booking_id for one in effect.outside] == [left.id]
    week = _starts(session, world.officer, agent, NEXT_WEEK)
    done = set_hours(session, world.officer, agent.id, wanted, from_on=NEXT_WEEK, now=NOW)
    assert [one.holder_id for one in done.outside] == [left.id]
    after = _starts(session, world.officer, agent, NEXT_WEEK)
    # That week two starts of Monday and four whole days are lost, four of Saturday are won; then each week the same.
    assert (len(week - after), len(after - week)) == (2 + 4 * 6, 4)
    weeks = (effect.until - NEXT_WEEK) / A_WEEK
    assert 0.8 * 26 * weeks < effect.lost <= 26 * weeks + 26
    assert 0.8 * 4 * weeks < effect.gained <= 4 * weeks + 4


def test_hours_that_somebody_changed_meanwhile_are_not_replaced_unseen(
    session: Session, world: World, agent: Resource
) -> None:
    known = hours_of(session, world.officer, agent.id, now=NOW).rules
    mine = [replace(rule, closes=TEN) for rule in known]
    set_hours(session, world.officer, agent.id, known[:4], from_on=NEXT_WEEK, now=NOW)  # a colleague

    with pytest.raises(OutOfDate):
        set_hours_known(session, world.officer, agent.id, mine, known=known, from_on=NEXT_WEEK, now=NOW)
    now_known = hours_of(session, world.officer, agent.id, now=NOW).rules
    set_hours_known(session, world.officer, agent.id, mine, known=now_known, from_on=NEXT_WEEK, now=NOW)


def test_a_grid_that_somebody_changed_meanwhile_is_not_replaced_unseen(
    session: Session, agent: Resource, world: World
) -> None:
    known = hours_of(session, world.officer, agent.id, now=NOW).grid
    theirs, mine = OwnGrid(slot_step_min=15), OwnGrid(slot_step_min=20)
    set_grid(session, world.officer, agent.id, theirs, now=NOW)  # a colleague

    with pytest.raises(OutOfDate), session.begin_nested():
        set_grid_known(session, world.officer, agent.id, mine, known=known, now=NOW)

    assert own_grid(session, agent.id) == theirs
    assert set_grid_known(session, world.officer, agent.id, mine, known=theirs, now=NOW) == theirs


def test_those_left_outside_are_offered_different_starts_to_which_they_move(
    session: Session, world: World, agent: Resource
) -> None:
    first, second = (book(session, world.officer, agent, at(NEXT_WEEK, start)) for start in ("09:00", "09:30"))
    theirs = book(
        session, make_actor(Role.PROBATION_OFFICER, world.elsewhere, world.here), agent, at(NEXT_WEEK, "10:00")
    )
    done = set_hours(session, world.officer, agent.id, [weekly(1, TEN, NOON, NEXT_WEEK)], from_on=NEXT_WEEK, now=NOW)

    found, offers = outside_now(session, world.officer, agent.id, done.outside, now=NOW)

    assert [one.booking_id for one in found] == [first.id, second.id, theirs.id]
    assert set(offers) == {str(first.id), str(second.id)}  # what another service took is not ours to move
    proposed = [offer.start for each in offers.values() for offer in each]
    assert len(set(proposed)) == 6
    assert at(NEXT_WEEK + timedelta(days=1), "10:00") in proposed
    chosen = offers[str(second.id)][0]
    move(session, world.officer, second.id, SlotClaim(resource_id=chosen.resource_id, start=chosen.start), now=NOW)
    assert second.starts_at == chosen.start


def test_a_site_that_closes_lists_those_of_all_its_agents_each_with_where_they_can_go(
    session: Session, world: World, kind: Kind, agent: Resource
) -> None:
    colleague = an_agent(session, world.site, kind, name="Bilal Fiction")
    ours, theirs = (book(session, world.officer, one, at(NEXT_WEEK, "09:00")) for one in (agent, colleague))
    book(session, world.officer, colleague, at(NEXT_WEEK + timedelta(days=2), "09:00"))
    days = ClosedDays(NEXT_WEEK, NEXT_WEEK + timedelta(days=2))
    closed = close_site_days(session, world.officer, world.site.id, days, now=NOW)

    found = standing_outside(session, world.officer, agent.id, now=NOW)

    assert [(one.receiver.resource_id, one.appointment.booking_id) for one in found] == [
        (agent.id, ours.id),
        (colleague.id, theirs.id),
    ]
    assert all(offer.start >= at(NEXT_WEEK + timedelta(days=2), "09:00") for one in found for offer in one.offers)
    assert {one.resource_id for one in closed.outside} == {agent.id, colleague.id}
    theirs_only = make_kind(session, Shape.NIGHTS, set_by=[Role.PARTNER])
    make_resource(session, world.site, theirs_only)
    alone = standing_outside(session, world.officer, agent.id, now=NOW)
    assert [one.receiver.resource_id for one in alone] == [agent.id]
    assert not hours_of(session, world.officer, agent.id, now=NOW).site.is_whole


def test_a_move_is_taken_back_even_where_hours_no_longer_reach_and_opens_nothing(
    session: Session, world: World, agent: Resource
) -> None:
    booking = book(session, world.officer, agent, at(NEXT_WEEK, "09:00"))
    short = [replace(rule.since(NEXT_WEEK), opens=time(9, 15)) for rule in rules_from(session, agent.id, NEXT_WEEK)]
    set_hours(session, world.officer, agent.id, short, from_on=NEXT_WEEK, now=NOW)
    openings, was = _openings(session, agent), SlotClaim(resource_id=agent.id, start=at(NEXT_WEEK, "09:00"))
    move(session, world.officer, booking.id, SlotClaim(resource_id=agent.id, start=at(NEXT_WEEK, "10:15")), now=NOW)
    with pytest.raises(NotOpen), session.begin_nested():
        move(session, world.officer, booking.id, was, now=NOW)

    moved = move_back(session, world.officer, booking.id, was, now=NOW)

    assert moved.starts_at == was.start
    assert _openings(session, agent) == openings
    with pytest.raises(NotFound):
        move_back(session, world.stranger, booking.id, was, now=NOW)


def test_a_move_is_not_taken_back_to_a_closed_day(session: Session, world: World, agent: Resource) -> None:
    booking = book(session, world.officer, agent, at(NEXT_WEEK, "09:00"))
    there = SlotClaim(resource_id=agent.id, start=at(NEXT_WEEK + timedelta(days=1), "09:00"))
    move(session, world.officer, booking.id, there, now=NOW)
    close(session, agent, NEXT_WEEK, NEXT_WEEK + timedelta(days=1))

    with pytest.raises(NotOpen):
        move_back(
            session, world.officer, booking.id, SlotClaim(resource_id=agent.id, start=at(NEXT_WEEK, "09:00")), now=NOW
        )


def test_who_sets_hours_without_reserving_moves_nobody(session: Session, world: World, agent: Resource) -> None:
    book(session, world.officer, agent, at(NEXT_WEEK, "09:00"))
    done = set_hours(session, world.host, agent.id, [], from_on=NEXT_WEEK, now=NOW)

    found, offers = outside_now(session, world.host, agent.id, done.outside, now=NOW)

    assert [one.may_move for one in found] == [False]
    assert offers == {}
    assert offers_for(session, world.host, agent.id, [], now=NOW) == {}


def test_colleagues_are_looked_at_when_nothing_is_free(
    session: Session, world: World, kind: Kind, agent: Resource
) -> None:
    colleague = an_agent(session, world.site, kind, name="Bilal Fiction")
    book(session, world.officer, agent, at(NEXT_WEEK, "09:00"))
    done = set_hours(session, world.officer, agent.id, [], from_on=TODAY, now=NOW)

    _, offers = outside_now(session, world.officer, agent.id, done.outside, now=NOW)

    (proposed,) = offers.values()
    assert {(offer.resource_id, offer.name) for offer in proposed} == {(colleague.id, "Bilal Fiction")}
    assert at(NEXT_WEEK, "09:00") in [offer.start for offer in proposed]


def _openings(session: Session, agent: Resource) -> list[Any]:
    rules = session.exec(select(OpeningRule.id).where(OpeningRule.resource_id == agent.id)).all()
    starts = session.exec(select(Opening.starts_at).where(col(Opening.resource_id) == agent.id)).all()
    return [*sorted(rules), *sorted(starts)]


def _starts(session: Session, actor: Actor, agent: Resource, monday: date) -> set[Any]:
    return {slot.period.start for slot in week_of(session, actor, agent.id, monday, now=NOW).slots}
