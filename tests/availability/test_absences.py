"""Absences: what a feed says makes busy, what breaks frees nobody, and only who runs the agenda may say so."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from availability.absences import (
    EVERY,
    LEASE,
    LONGEST_WAIT,
    MOST_FEEDS,
    DueFeed,
    SealedAddress,
    add_feed,
    claim_due,
    covered,
    feeds_of,
    read_again,
    remove_feed,
    restore_feed,
    settle_failed,
    settle_read,
    settle_unchanged,
    wait_after,
)
from availability.actions import occupy
from availability.claims import SlotClaim, TimeClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.feeds import FeedRead
from availability.fetching import Marks
from availability.history import HistoryLine
from availability.models import CalendarFeed, Resource, Shape
from availability.periods import Period
from availability.queries import slots_of
from availability.rights import Role
from tests.availability.scarce import somebody
from tests.factories import NOW, World, in_minutes, make_actor, make_kind, make_opening, make_resource

ADDRESS = SealedAddress(b"sealed", "agenda.example")
HOUR = timedelta(hours=1)
MARKS = Marks('"1"', "")


@pytest.fixture
def agent(session: Session, world: World) -> Resource:
    """Return somebody who receives two at a time, the four hours after NOW, every half hour."""
    kind = make_kind(session, Shape.SLOTS, slot_step_min=30, slot_duration_min=30, buffer_after_min=10)
    one = make_resource(session, world.site, kind, capacity=2)
    make_opening(session, one, NOW, hours=4)
    return one


def at(minutes: float, lasting: float = 60) -> Period:
    return Period(in_minutes(minutes), in_minutes(minutes + lasting))


def told(session: Session, feed_id: int, *busy: Period, unread: int = 0) -> None:
    """Have a feed say this."""
    read = FeedRead(busy, events=len(busy) + unread, unread=unread)
    settle_read(session, feed_id, read, MARKS, now=NOW, dice=0.5)


def free(session: Session, agent: Resource) -> list[int]:
    """Return the minutes from NOW of the free starts."""
    listed = slots_of(session, [agent.id], within=Period(NOW, NOW + 5 * HOUR), now=NOW)[agent.id]
    return [int((slot.period.start - NOW).total_seconds() // 60) for slot in listed if slot.is_free]


def due(session: Session, feed_id: int, failures: int = 0) -> DueFeed:
    return DueFeed(feed_id, b"", MARKS, failures, ZoneInfo("Europe/Paris"))


def test_whoever_is_busy_elsewhere_has_no_seat_left_and_no_buffer_is_kept_around(
    session: Session, world: World, agent: Resource
) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)

    told(session, feed_id, at(60), at(130, 5))

    assert free(session, agent) == [0, 30, 150, 180, 210]
    with pytest.raises(NotOpen) as refused:
        occupy(session, [SlotClaim(resource_id=agent.id, start=in_minutes(60))], somebody())
    assert refused.value.facts["why"] == "absence"
    with pytest.raises(PeriodTaken):
        occupy(session, [TimeClaim(resource_id=agent.id, period=at(100, 30))], somebody())


def test_what_a_file_no_longer_says_is_free_again(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    told(session, feed_id, at(60))

    told(session, feed_id, at(0, 30))

    assert 60 in free(session, agent)
    assert 0 not in free(session, agent)


def test_a_feed_that_fails_frees_nobody_and_its_age_is_known(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    told(session, feed_id, at(60))

    settle_failed(session, due(session, feed_id), "http-500", None, now=NOW + HOUR, dice=0.5)

    assert 60 not in free(session, agent)
    (feed,) = feeds_of(session, agent.id, now=NOW)
    assert (feed.good_at, feed.fetched_at, feed.failures, feed.problem) == (NOW, NOW + HOUR, 1, "http-500")
    settle_unchanged(session, feed_id, now=NOW + 2 * HOUR, dice=0.5)
    (feed,) = feeds_of(session, agent.id, now=NOW)
    assert (feed.good_at, feed.failures, feed.problem) == (NOW + 2 * HOUR, 0, "")


def test_a_file_understood_in_part_adds_and_takes_nothing_away(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    told(session, feed_id, at(60, 30))

    told(session, feed_id, at(0, 30), unread=1)

    assert free(session, agent)[0] == 30
    assert 60 not in free(session, agent)
    (feed,) = feeds_of(session, agent.id, now=NOW)
    assert (feed.problem, feed.unread, feed.absences) == ("unread-events", 1, 2)
    settle_unchanged(session, feed_id, now=NOW, dice=0.5)
    assert feeds_of(session, agent.id, now=NOW)[0].problem == "unread-events"
    told(session, feed_id, at(0, 30))
    assert 60 in free(session, agent)


def test_an_appointment_that_an_absence_covers_stands_and_is_listed(
    session: Session, world: World, agent: Resource
) -> None:
    holder = somebody()
    occupy(session, [SlotClaim(resource_id=agent.id, start=in_minutes(60))], holder)
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)

    told(session, feed_id, at(80))

    assert [(one.holder_id, one.period) for one in covered(session, agent.id, now=NOW)] == [(holder.id, at(60, 30))]
    told(session, feed_id, at(90))  # back to back is not an overlap
    assert covered(session, agent.id, now=NOW) == ()


def test_a_feed_taken_away_frees_and_undoing_brings_back_what_it_said(
    session: Session, world: World, agent: Resource
) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    told(session, feed_id, at(60))

    removed = remove_feed(session, world.officer, feed_id, now=NOW)

    assert 60 in free(session, agent)
    assert feeds_of(session, agent.id, now=NOW) == []
    again = restore_feed(session, world.officer, removed, now=NOW)
    assert 60 not in free(session, agent)
    (feed,) = claim_due(session, now=NOW, limit=5)
    assert (feed.id, feed.marks) == (again, MARKS)
    told(session, feed_id, at(0))  # what a clock found of the one that is gone
    acts = session.exec(select(HistoryLine.act).where(HistoryLine.subject == "resource")).all()
    assert acts == ["feed-added", "feed-removed", "feed-added"]


def test_a_feed_is_claimed_once_then_whole_once_a_day(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)

    assert [one.marks for one in claim_due(session, now=NOW, limit=5)] == [Marks()]
    assert claim_due(session, now=NOW + LEASE - HOUR / 60, limit=5) == []
    told(session, feed_id)
    assert claim_due(session, now=NOW + EVERY * 0.8, limit=5) == []
    assert [one.marks for one in claim_due(session, now=NOW + EVERY * 1.2, limit=5)] == [MARKS]
    assert [one.marks for one in claim_due(session, now=NOW + 24 * HOUR, limit=5)] == [Marks()]


def test_asking_again_reads_the_whole_file_at_once(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    told(session, feed_id)

    read_again(session, world.officer, feed_id, now=NOW)

    assert [one.marks for one in claim_due(session, now=NOW, limit=5)] == [Marks()]


@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_waits_double_up_to_a_day_and_the_server_may_ask_for_more(dice: float) -> None:
    waits = [wait_after(failures, None, dice) for failures in range(1, 40)]

    assert timedelta(minutes=4) < waits[0] < timedelta(minutes=6)
    assert waits == sorted(waits)
    assert 0.8 * LONGEST_WAIT < waits[-1] <= LONGEST_WAIT
    assert wait_after(1, 3 * HOUR, dice) == 3 * HOUR
    assert wait_after(1, 300 * HOUR, dice) == LONGEST_WAIT


def test_only_who_sets_the_hours_says_when_somebody_is_away(session: Session, world: World, agent: Resource) -> None:
    feed_id = add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)
    judge = make_actor(Role.FAMILY_JUDGE, world.here)

    for actor, refusal in ((world.stranger, NotFound), (judge, NotAllowed)):
        with pytest.raises(refusal):
            add_feed(session, actor, agent.id, ADDRESS, now=NOW)
        with pytest.raises(refusal):
            remove_feed(session, actor, feed_id, now=NOW)
        with pytest.raises(refusal):
            read_again(session, actor, feed_id, now=NOW)
    with pytest.raises(NotFound):
        remove_feed(session, world.officer, feed_id + 1000, now=NOW)
    post = make_resource(session, world.site, make_kind(session, Shape.PLACES))
    with pytest.raises(InvalidRequest):
        add_feed(session, world.officer, post.id, ADDRESS, now=NOW)


def test_a_resource_has_a_few_feeds_at_most(session: Session, world: World, agent: Resource) -> None:
    for _ in range(MOST_FEEDS):
        add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)

    with pytest.raises(InvalidRequest) as refused:
        add_feed(session, world.officer, agent.id, ADDRESS, now=NOW)

    assert refused.value.problem == "too-many"
    assert len(session.exec(select(CalendarFeed)).all()) == MOST_FEEDS
