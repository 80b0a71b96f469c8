"""A plan of beds is applied as the list serves: wholly, in part, at once, twice, too late, and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from availability.models import KindQuota
from availability.rights import Actor
from booking import events
from booking.actions import Beneficiary, cancel
from booking.models import Booking
from booking.plans.bed_apart import keep_apart
from booking.plans.bed_hand import Move, move_by_hand
from booking.plans.beds import plan_of
from booking.plans.kept import Application
from booking.plans.models import OptimizerRun
from booking.plans.runs import apply_run, undo_run
from booking.stays import change_stay
from booking.waiting import withdraw
from booking.waiting_follow import follow_list
from booking.waiting_models import FreedPlace, WaitingEntry, WaitingOffer
from booking.waiting_offers import looked_at, offer_looked
from booking.waiting_queries import entry_for
from portal.database import make_engine
from tests.booking.queue import Accounts, waits
from tests.booking.town import Town, make_person, make_town, stay
from tests.booking.ward import solved, states_of, stays_of, ward
from tests.conftest import Database
from tests.factories import NOW, PROFILE, in_days, in_minutes
from tests.races import act, at_once

ROUNDS = 4


@pytest.fixture
def town(session: Session, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A section of three beds, with the list that follows what happens to bookings."""
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    return make_town(session, searchable=PROFILE)


def wait_for(session: Session, town: Town, count: int, *, nights: int = 10) -> list[WaitingEntry]:
    """Have some people wait for as many nights, within three weeks."""
    return [
        waits(session, town, f"26/{number}", first=in_days(1), until=in_days(22), days=nights)
        for number in range(1, count + 1)
    ]


def why(done: Application) -> Counter[str]:
    """Return how many times each reason was given."""
    return Counter(one.why for one in done.refused)


def nights_taken(session: Session) -> int:
    """Return how many nights of beds are taken."""
    return int(session.execute(text("SELECT count(*) FROM bed_night")).scalar_one())


# --- applied ---


def test_those_who_wait_are_given_the_beds_of_the_plan_and_wait_no_more(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 4)
    run_id = solved(session, town)

    done = apply_run(session, town.officer, run_id, now=in_minutes(1))

    assert (set(done.done), done.already, done.refused) == ({str(one.id) for one in entries}, (), ())
    plan = plan_of(session.get_one(OptimizerRun, run_id).plan)
    expected = {
        entry.case_ref: (int(plan.placed[str(entry.id)].room_id), str(plan.placed[str(entry.id)].first_on))
        for entry in entries
    }
    assert stays_of(session) == expected
    assert set(states_of(session).values()) == {"served"}
    assert nights_taken(session) == 40


def test_a_second_application_adds_nothing(session: Session, town: Town) -> None:
    wait_for(session, town, 3)
    run_id = solved(session, town)
    first = apply_run(session, town.officer, run_id, now=NOW)

    second = apply_run(session, town.officer, run_id, now=NOW)

    assert (second.done, set(second.already), second.refused) == ((), set(first.done), ())
    assert nights_taken(session) == 30


def test_a_part_is_applied_and_the_rest_later(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 3)
    run_id = solved(session, town)

    part = apply_run(session, town.officer, run_id, [str(entries[1].id)], now=NOW)
    assert part.done == (str(entries[1].id),)
    rest = apply_run(session, town.officer, run_id, now=NOW)

    assert (len(rest.done), rest.already) == (2, (str(entries[1].id),))
    assert len(session.get_one(OptimizerRun, run_id).applied["bookings"]) == 3


def test_what_was_taken_meanwhile_is_told_and_the_rest_is_applied(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 2)
    run_id = solved(session, town)
    place = plan_of(session.get_one(OptimizerRun, run_id).plan).placed[str(entries[0].id)]
    bed = [one.id for one in town.beds].index(int(place.room_id))
    stay(session, town, in_days(1), in_days(22), bed=bed, case_ref="26/99")

    done = apply_run(session, town.officer, run_id, now=NOW)

    assert why(done)["taken"] >= 1
    assert len(done.done) + len(done.refused) == 2
    assert states_of(session)["26/1"] == "waiting"


def test_who_left_the_list_or_no_longer_fits_is_refused_with_the_reason(session: Session, town: Town) -> None:
    gone, unfit = waits(session, town, "26/1"), waits(session, town, "26/2", typed={"sexe": "M"})
    run_id = solved(session, town)
    withdraw(session, town.officer, gone.id, now=NOW)
    town.section.attributes = {"sex": "F"}
    session.flush()

    done = apply_run(session, town.officer, run_id, now=NOW)

    assert {one.item: one.why for one in done.refused} == {str(gone.id): "left", str(unfit.id): "unfit"}
    assert nights_taken(session) == 0


def test_a_quota_and_people_kept_apart_hold_when_the_plan_is_applied(session: Session, town: Town) -> None:
    here, other = (make_person(session, town.world.here, given) for given in ("Alix", "Sacha"))
    entry = waits(session, town, "", beneficiary=Beneficiary(person_id=here.id))
    entries = wait_for(session, town, 1)
    run_id = solved(session, town)
    keep_apart(session, town.officer, [here.id, other.id], now=NOW)
    stay(session, town, in_days(1), in_days(22), bed=2, person=other)
    session.add(KindQuota(kind_id=town.nights.id, per="week", most=0, territory_id=town.world.here.id))
    session.flush()

    done = apply_run(session, town.officer, run_id, now=NOW)

    told = {one.item: one.why for one in done.refused}
    assert told[str(entry.id)] in ("apart", "taken")
    assert told[str(entries[0].id)] in ("quota", "taken")


def test_a_stay_that_may_move_makes_room_for_who_waits(session: Session, town: Town) -> None:
    early = stay(session, town, in_days(2), in_days(12), bed=0, case_ref="26/90")
    late = stay(session, town, in_days(12), in_days(25), bed=1, case_ref="26/91")
    stay(session, town, in_days(1), in_days(25), bed=2, case_ref="26/92")
    entry = waits(session, town, "26/1", first=in_days(2), until=in_days(25))

    frozen = solved(session, town)
    assert str(entry.id) not in plan_of(session.get_one(OptimizerRun, frozen).plan).placed
    run_id = solved(session, town, locks={str(early.id): "movable", str(late.id): "movable"})
    done = apply_run(session, town.officer, run_id, now=NOW)

    assert (len(done.done), done.refused) == (2, ())
    beds = {ref: bed for ref, (bed, _) in stays_of(session).items()}
    assert beds["26/90"] == beds["26/91"] != beds["26/1"]
    assert list(session.exec(select(FreedPlace))) == []  # the bed that was left is for the plan

    undone = undo_run(session, town.officer, run_id, now=in_minutes(30))

    assert undone == 2
    assert stays_of(session)["26/90"][0] == town.beds[0].id
    assert stays_of(session)["26/91"][0] == town.beds[1].id


def test_what_was_applied_is_in_force_under_the_same_name_and_may_move_later(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 2)
    run_id = solved(session, town)
    apply_run(session, town.officer, run_id, now=NOW)
    placed = plan_of(session.get_one(OptimizerRun, run_id).plan).placed
    items = [str(one.id) for one in entries]

    frozen, movable = ward(session, town), ward(session, town, may_move=True)

    for found in (frozen, movable):
        assert {item: found.in_force.placed[item] for item in items} == {item: placed[item] for item in items}
    assert {line.may_move for line in frozen.stays.values()} == {False}
    other = next(bed for bed in town.beds if str(bed.id) not in {place.room_id for place in placed.values()})
    again = solved(session, town, may_move=True)
    by_hand = move_by_hand(
        session, town.officer, again, Move(items[0], str(other.id), placed[items[0]].first_on), now=NOW
    )
    assert apply_run(session, town.officer, by_hand, now=NOW).done == (items[0],)
    assert stays_of(session)["26/1"][0] == other.id
    assert undo_run(session, town.officer, by_hand, now=NOW) == 1
    assert stays_of(session)["26/1"][0] == int(placed[items[0]].room_id)


def test_a_stay_that_somebody_moved_since_the_plan_stays_where_they_put_it(session: Session, town: Town) -> None:
    there = stay(session, town, in_days(2), in_days(12), bed=0, case_ref="26/90")
    waits(session, town, "26/1", first=in_days(2), until=in_days(25))
    run_id = solved(session, town, locks={str(there.id): "movable"})
    _to_bed(session, town, there, 1)

    done = apply_run(session, town.officer, run_id, now=in_minutes(2))

    assert why(done)["changed"] == 1
    assert stays_of(session)["26/90"][0] == town.beds[1].id


# --- taken back ---


def test_what_somebody_moved_since_it_was_applied_is_not_taken_back(session: Session, town: Town) -> None:
    early = stay(session, town, in_days(2), in_days(12), bed=0, case_ref="26/90")
    late = stay(session, town, in_days(12), in_days(25), bed=1, case_ref="26/91")
    blocked = stay(session, town, in_days(1), in_days(25), bed=2, case_ref="26/92")
    entry = waits(session, town, "26/1", first=in_days(2), until=in_days(25))
    run_id = solved(session, town, locks={str(early.id): "movable", str(late.id): "movable"})
    apply_run(session, town.officer, run_id, now=NOW)
    given = session.get_one(Booking, UUID(session.get_one(OptimizerRun, run_id).applied["bookings"][str(entry.id)]))
    cancel(session, town.officer, blocked.id, now=in_minutes(1))
    _to_bed(session, town, given, 2)

    undo_run(session, town.officer, run_id, now=in_minutes(30))

    assert stays_of(session)["26/1"] == (town.beds[2].id, str(in_days(2)))


def _to_bed(session: Session, town: Town, one: Booking, bed: int) -> None:
    """Have a colleague move a stay to another bed."""
    assert one.first_on is not None
    dates = {"first": one.first_on, "until": one.until_on}
    change_stay(session, town.officer, one.id, **dates, unit_id=town.beds[bed].id, now=in_minutes(1))  # type: ignore[arg-type]


def test_an_application_taken_back_leaves_all_as_before_and_may_be_made_again(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 4)
    before = [entry_for(session, town.officer, one.id, now=NOW) for one in entries]
    run_id = solved(session, town)
    apply_run(session, town.officer, run_id, now=NOW)

    assert undo_run(session, town.officer, run_id, now=in_minutes(5)) == 4

    assert nights_taken(session) == 0
    after = [entry_for(session, town.officer, one.id, now=NOW) for one in entries]
    assert [(one.state, one.place) for one in after if one] == [(one.state, one.place) for one in before if one]
    assert list(session.exec(select(WaitingOffer))) == []
    again = apply_run(session, town.officer, run_id, now=in_minutes(6))
    assert (len(again.done), again.refused) == (4, ())


def test_what_was_given_back_or_has_begun_is_left_alone(session: Session, town: Town) -> None:
    entries = wait_for(session, town, 2)
    run_id = solved(session, town)
    apply_run(session, town.officer, run_id, now=NOW)
    given = session.get_one(OptimizerRun, run_id).applied["bookings"]
    cancel(session, town.officer, UUID(given[str(entries[0].id)]), now=NOW)

    assert undo_run(session, town.officer, run_id, now=in_minutes(60 * 24 * 60)) == 0

    assert stays_of(session).keys() == {"26/2"}


def test_who_was_put_on_the_list_again_meanwhile_waits_once(session: Session, town: Town) -> None:
    wait_for(session, town, 1)
    run_id = solved(session, town)
    apply_run(session, town.officer, run_id, now=NOW)
    wait_for(session, town, 1)

    undo_run(session, town.officer, run_id, now=NOW)

    states = [str(one.state) for one in session.exec(select(WaitingEntry))]
    assert Counter(states) == {"served": 1, "waiting": 1}


# --- at once ---


@pytest.fixture
def engine(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    engine = make_engine(database.url, pool_size=20)
    yield engine
    engine.dispose()


def prepare(session: Session, waiting: int) -> tuple[Actor, list[UUID], list[int], Accounts]:
    """Return who plans, two runs that give the same three beds to the same people, the section, who has an account."""
    town = make_town(session, offer_hours=24)
    wait_for(session, town, waiting)
    runs = [solved(session, town) for _ in range(2)]
    return town.officer, runs, [town.section.id], Accounts().add(town.officer)


SERVED_TWICE = text("""
    SELECT count(*) FROM (
        SELECT o.entry_id FROM waiting_offer o JOIN booking b ON b.id = o.booking_id
        WHERE b.state IN ('held', 'booked') GROUP BY o.entry_id HAVING count(*) > 1) twice""")
FOR_NOTHING = text("SELECT count(*) FROM bed_night n LEFT JOIN booking b ON b.id = n.holder_id WHERE b.id IS NULL")


def doubled(session: Session) -> tuple[int, int]:
    """Return how many who waited have several beds, and how many nights are taken by nobody."""
    return session.execute(SERVED_TWICE).scalar_one(), session.execute(FOR_NOTHING).scalar_one()


def test_two_applications_at_once_serve_each_once(engine: Engine) -> None:
    for _ in range(ROUNDS):
        officer, runs, _, _ = act(engine, prepare, 3)
        acts = [partial(act, engine, apply_run, officer, run_id, now=in_minutes(1)) for run_id in (*runs, *runs)]

        answers = [one for one in at_once(acts) if isinstance(one, Application)]

        assert len(answers) == 4
        assert sum(len(one.done) for one in answers) == 3
        assert all(not one.refused for one in answers)
        assert act(engine, doubled) == (0, 0)


def test_an_application_and_an_offer_of_the_list_at_once_never_give_a_bed_twice(engine: Engine) -> None:
    for _ in range(ROUNDS):
        officer, runs, sections, accounts = act(engine, prepare, 5)
        applying = partial(act, engine, apply_run, officer, runs[0], now=in_minutes(1))
        offering = [
            partial(act, engine, offer_looked, section, actor_of=accounts, now=in_minutes(1))
            for section in act(engine, looked_at, sections)
        ]

        answers = at_once([applying, *offering])

        done = answers[0]
        assert isinstance(done, Application)
        assert why(done).keys() <= {"taken", "offered"}
        assert act(engine, doubled) == (0, 0)
