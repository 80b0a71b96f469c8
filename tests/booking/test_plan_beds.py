"""What the planning of beds reads: who waits, within which days, for which beds, beside whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape
from availability.rights import Role
from booking.actions import Beneficiary
from booking.plans.bed_apart import keep_apart, kept_apart, let_together
from booking.plans.bed_hand import Move, change_as_proposed, move_by_hand
from booking.plans.bed_planner import read_ward
from booking.plans.bed_settings import locks_of, weights_of
from booking.plans.bed_why import rebased, spot_at, spots, why
from booking.plans.beds import plan_of, plannable_kinds, waited_for
from booking.plans.kept import digest_of
from booking.plans.models import OptimizerRun
from booking.plans.runs import BrokenPlan
from booking.waiting import withdraw
from optimizer.beds.check import check
from optimizer.beds.explain import why_not
from optimizer.beds.problem import Lock, Placement, Weights
from optimizer.beds.scene import Scene
from tests.booking.queue import SOURCE, waits
from tests.booking.town import Town, make_person, make_town, stay
from tests.booking.ward import FIRST, UNTIL, solved, ward
from tests.factories import (
    NOW,
    PROFILE,
    close,
    in_days,
    make_actor,
    make_beds,
    make_kind,
    make_resource,
    make_site,
)

AT_NIGHT = {"debut": "22:00", "fin": "05:00", "jours": "12345"}
DOORS = {"doors": {"label": "Portes", "type": "hours", "position": 8}}


@pytest.fixture
def town(session: Session) -> Town:
    """A section of three beds, searched on who the person is and on when doors open."""
    return make_town(session, searchable=PROFILE | DOORS)


def reasons(session: Session, town: Town, item: str) -> list[str]:
    """Return why somebody has no place when nobody who waits has one."""
    found = ward(session, town)
    return [one.code for one in why_not(Scene(found.problem, found.in_force), item)]


# --- who waits ---


def test_who_waits_may_begin_on_each_day_that_leaves_them_their_nights(session: Session, town: Town) -> None:
    entry = waits(session, town, "26/1", first=in_days(3), until=in_days(13), days=4)

    request = ward(session, town).problem.request_of[str(entry.id)]

    assert (request.earliest_on, request.latest_on, request.nights) == (in_days(3), in_days(9), 4)


def test_a_stay_begins_within_the_window_even_if_it_ends_after(session: Session, town: Town) -> None:
    long = waits(session, town, "26/1", first=in_days(0), until=in_days(120), days=60)
    late = waits(session, town, "26/2", first=in_days(10), until=in_days(31), days=21)
    beyond = waits(session, town, "26/3", first=UNTIL, until=in_days(40))

    found = ward(session, town)

    request = found.problem.request_of[str(long.id)]
    assert (request.earliest_on, request.latest_on) == (FIRST, UNTIL - timedelta(days=1))
    assert found.problem.request_of[str(late.id)].slack_days == 0
    assert str(beyond.id) not in found.problem.request_of


def test_who_left_the_list_or_waits_elsewhere_is_not_planned(session: Session, town: Town) -> None:
    gone = waits(session, town, "26/1")
    withdraw(session, town.officer, gone.id, now=NOW)
    waits(session, town, "26/2", by=town.world.stranger)

    assert ward(session, town).entries == {}


def test_a_near_deadline_and_a_long_wait_make_a_refusal_dearer(session: Session, town: Town) -> None:
    usual = waits(session, town, "26/1")
    urgent = waits(session, town, "26/2", deadline_on=in_days(10), deadline_source=SOURCE)
    long = waits(session, town, "26/3", now=NOW - timedelta(days=65))

    worth = {item: one.priority for item, one in ward(session, town).problem.request_of.items()}

    assert [worth[str(one.id)] for one in (usual, urgent, long)] == [1, 7, 3]


# --- what suits ---


def test_a_section_of_another_sex_suits_nobody_of_this_one(session: Session, town: Town) -> None:
    town.section.attributes = {"sex": "F"}
    session.flush()
    entry = waits(session, town, "26/1", typed={"sexe": "M"})

    assert reasons(session, town, str(entry.id)) == ["equipment"]
    found = ward(session, town)
    assert found.fits.of_entry[entry.id].misfits[town.section.id] == {"sex"}


def test_hours_at_night_are_judged_as_the_search_judges_them(session: Session, town: Town) -> None:
    town.section.attributes = {"doors": {"opens": "06:00", "closes": "20:00"}}
    session.flush()
    by_day = waits(session, town, "26/1", typed={"debut": "08:00", "fin": "17:00"})
    at_night = waits(session, town, "26/2", typed=AT_NIGHT)

    assert reasons(session, town, str(by_day.id)) == []
    assert reasons(session, town, str(at_night.id)) == ["equipment"]


def test_what_is_too_far_is_out_of_reach(session: Session, town: Town) -> None:
    far = make_site(session, town.world.here, lat=45.76, lon=4.84)  # Lyon
    section = make_resource(session, far, town.nights, name="Section lointaine")
    make_beds(session, section, "lit 1")
    near = waits(session, town, "26/1")
    there = waits(session, town, "26/2", near=(45.76, 4.84), typed={"lieu": "Lyon"})

    problem = ward(session, town).problem

    minutes = {one.id: one.work.travel_minutes for one in problem.requests if one.work}
    assert {item: set(known) for item, known in minutes.items()} == {
        str(near.id): {str(town.world.site.id)},
        str(there.id): {str(far.id)},
    }


def test_who_waits_for_one_section_has_no_other(session: Session, town: Town) -> None:
    other = make_resource(session, town.world.site, town.nights, name="Autre section")
    make_beds(session, other, "lit 1")
    entry = waits(session, town, "26/1", resource_id=other.id)
    waits(session, town, "26/2")

    run_problem = ward(session, town)

    fitting = [
        run_problem.beds[room.id].section
        for room in run_problem.problem.rooms
        if run_problem.problem.request_of[str(entry.id)].equipment_required <= room.equipment
    ]
    assert fitting == ["Autre section"]


def test_a_bed_out_of_service_is_no_room_and_a_closed_section_is_closed(session: Session, town: Town) -> None:
    entry = waits(session, town, "26/1")
    town.beds[0].is_active = False
    close(session, town.section, in_days(4), in_days(5))
    session.flush()

    assert len(ward(session, town).problem.rooms) == 2
    assert reasons(session, town, str(entry.id)) == ["dates", "closed"]


def test_who_has_a_bed_keeps_it(session: Session, town: Town) -> None:
    for bed in range(3):
        stay(session, town, in_days(2), in_days(8), bed=bed)
    entry = waits(session, town, "26/1")

    found = ward(session, town)

    assert {one.lock for one in found.problem.requests if one.id in found.stays} == {Lock.FROZEN}
    assert reasons(session, town, str(entry.id)) == ["dates", "full"]
    assert len(found.in_force.placed) == 3


def test_a_stay_to_come_that_is_unlocked_may_change_beds_in_its_section(session: Session, town: Town) -> None:
    begun = stay(session, town, in_days(0), in_days(9), bed=0)
    to_come = stay(session, town, in_days(4), in_days(8), bed=1)
    other = make_resource(session, town.world.site, town.nights, name="Autre section")
    make_beds(session, other, "lit 1")
    waits(session, town, "26/1", until=in_days(12), days=3)

    found = ward(session, town, locks={str(begun.id): "movable", str(to_come.id): "movable"})

    moving = [one for one in found.problem.requests if one.lock is Lock.MOVABLE]
    everybody = ward(session, town, may_move=True).problem.requests
    assert [one.id for one in everybody if one.lock is Lock.MOVABLE] == [str(to_come.id)]
    kept = ward(session, town, may_move=True, locks={str(to_come.id): "frozen"}).problem.requests
    assert [one.id for one in kept if one.lock is Lock.MOVABLE] == []
    assert [one.id for one in moving] == [str(to_come.id)]
    rooms = [room for room in found.problem.rooms if moving[0].equipment_required <= room.equipment]
    assert {found.beds[room.id].section for room in rooms} == {"Section hommes"}


def test_a_place_of_an_earlier_plan_that_is_locked_stays(session: Session, town: Town) -> None:
    entry = waits(session, town, "26/1", until=in_days(20), days=3)
    first = solved(session, town)
    item = str(entry.id)

    again = solved(session, town, based_on=first, locks={item: "frozen"})

    request = read_ward(session, session.get_one(OptimizerRun, again), now=NOW).problem.request_of[item]
    placed = plan_of(session.get_one(OptimizerRun, first).plan).placed[item]
    assert (request.lock, request.present) == (Lock.FROZEN, placed)
    stay(session, town, in_days(1), in_days(9), bed=[bed.id for bed in town.beds].index(int(placed.room_id)))
    request = read_ward(session, session.get_one(OptimizerRun, again), now=NOW).problem.request_of[item]
    assert request.lock is Lock.FREE  # somebody has that bed since


def test_the_same_beds_make_the_same_problem(session: Session, town: Town) -> None:
    waits(session, town, "26/1", until=in_days(20), days=3)
    before = digest_of(ward(session, town).problem)

    assert digest_of(ward(session, town).problem) == before
    waits(session, town, "26/2", until=in_days(20), days=4)
    assert digest_of(ward(session, town).problem) != before


def test_nobody_who_waits_and_no_bed_is_a_problem_too(session: Session, town: Town) -> None:
    problem = ward(session, town).problem

    assert (problem.requests, problem.rooms) == ((), ())


# --- who is kept from whom ---


def test_those_who_are_kept_apart_are_never_planned_in_one_establishment(session: Session, town: Town) -> None:
    one, other = (make_person(session, town.world.here, given) for given in ("Alix", "Sacha"))
    stay(session, town, in_days(2), in_days(10), person=one)
    entry = waits(session, town, "", until=in_days(12), days=2, beneficiary=Beneficiary(person_id=other.id))
    item = str(entry.id)
    assert reasons(session, town, item) == []

    keep_apart(session, town.officer, [one.id, other.id], now=NOW)

    placed = ward(session, town).problem
    assert placed.apart[item][1] == {one for one in placed.request_of if one != item}
    run = session.get_one(OptimizerRun, solved(session, town))
    assert plan_of(run.plan).placed[item].first_on == in_days(10)


def test_people_are_kept_apart_once_and_let_together_again(session: Session, town: Town) -> None:
    people = [make_person(session, town.world.here, given).id for given in ("Alix", "Sacha")]
    group = keep_apart(session, town.officer, people, now=NOW)

    assert keep_apart(session, town.officer, people[::-1], now=NOW) == group
    assert [sorted(one.people) for one in kept_apart(session, town.officer)] == [sorted(people)]
    with pytest.raises(NotFound):
        let_together(session, town.world.stranger, group, now=NOW)
    let_together(session, town.officer, group, now=NOW)

    assert kept_apart(session, town.officer) == []


def test_nobody_is_kept_from_themselves_or_from_strangers(session: Session, town: Town) -> None:
    here = make_person(session, town.world.here)
    elsewhere = make_person(session, town.world.elsewhere)

    with pytest.raises(InvalidRequest):
        keep_apart(session, town.officer, [here.id, here.id], now=NOW)
    with pytest.raises(NotFound):
        keep_apart(session, town.officer, [here.id, elsewhere.id], now=NOW)
    with pytest.raises(NotAllowed):
        kept_apart(session, town.world.host)


# --- what is wished ---


def test_sliders_and_rules_weigh_what_they_name() -> None:
    usual = Weights()

    weights = weights_of({"sliders": {"soon": 4, "near": 0}, "rules": {"moved_told": 2.0}})

    assert (weights.waited, weights.travel, weights.moved_told) == (usual.waited * 4, 0, usual.moved_told * 2)
    assert weights_of({}) == usual


@pytest.mark.parametrize(
    "settings",
    [
        {"sliders": {"soon": 5}},
        {"sliders": {"soon": True}},
        {"sliders": {"soon": "2"}},
        {"sliders": {"fast": 2}},
        {"sliders": [2]},
        {"rules": {"age": 2}},
        {"rules": {"waited": -1}},
        {"rules": {"waited": float("nan")}},
        {"may_move": "yes"},
    ],
)
def test_other_wishes_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        weights_of(settings)


def test_locks_are_of_three_kinds() -> None:
    assert locks_of({"locks": {"a": "frozen", "b": "movable"}}) == {"a": Lock.FROZEN, "b": Lock.MOVABLE}
    with pytest.raises(InvalidRequest):
        locks_of({"locks": {"a": "nailed"}})
    with pytest.raises(InvalidRequest):
        locks_of({"locks": {"a": ["frozen"]}})


# --- who plans ---


def test_who_reserves_beds_plans_them_those_with_people_who_wait_first(session: Session, town: Town) -> None:
    quiet = make_kind(session, Shape.NIGHTS, position=-1)
    make_kind(session, Shape.NIGHTS, reserved_by=(Role.SENTENCE_JUDGE,))
    waits(session, town, "26/1")

    assert [kind.id for kind in plannable_kinds(session, town.officer)] == [town.nights.id, quiet.id]
    assert plannable_kinds(session, make_actor(Role.FAMILY_JUDGE, town.world.here)) == []


# --- why not, and by hand ---


def test_who_has_no_bed_is_told_why_and_which_bed_more_would_do(session: Session, town: Town) -> None:
    for bed in range(3):
        stay(session, town, in_days(2), in_days(8), bed=bed)
    entry = waits(session, town, "26/1", typed={"sexe": "M"})
    found = ward(session, town)

    reasons, ways = why(found, found.in_force, str(entry.id))

    assert [one.code for one in reasons] == ["dates", "full"]
    assert [one.kind for one in ways] == ["later", "bed"]
    assert (ways[0].first, ways[0].days) == (in_days(8), 5)
    assert (ways[1].bed.section, ways[1].first, ways[1].until) == ("Section hommes", in_days(3), in_days(6))


def test_what_does_not_suit_is_named_with_its_beds(session: Session, town: Town) -> None:
    town.section.attributes = {"sex": "F"}
    session.flush()
    entry = waits(session, town, "26/1", typed={"sexe": "M", "accessible": "1"})
    found = ward(session, town)

    reasons, ways = why(found, found.in_force, str(entry.id))

    assert [(one.code, one.beds, dict(one.of)) for one in reasons] == [("equipment", 3, {"sex": 3, "accessible": 3})]
    assert [(one.kind, one.codes) for one in ways] == [("waive", ("accessible", "sex"))]


def test_the_places_that_somebody_could_have_come_by_what_they_cost(session: Session, town: Town) -> None:
    stay(session, town, in_days(1), in_days(5), bed=0)
    entry = waits(session, town, "26/1", first=in_days(3), until=in_days(13), days=3)
    found = ward(session, town)

    listed = spots(found, found.in_force, str(entry.id))

    first_nights = [one.placement.first_on for one in listed if one.placement.room_id == str(town.beds[0].id)]
    assert first_nights == [in_days(5), in_days(6)]
    assert [one.cost for one in listed] == sorted(one.cost for one in listed)
    taken = spot_at(found, found.in_force, str(entry.id), Placement(room_id=str(town.beds[0].id), first_on=in_days(4)))
    assert taken.rules == ("full",)


def test_a_plan_changed_by_hand_stays_beside_the_one_it_comes_from(session: Session, town: Town) -> None:
    entry = waits(session, town, "26/1", first=in_days(3), until=in_days(13), days=3)
    run_id, item = solved(session, town), str(entry.id)
    bed = str(town.beds[2].id)

    changed = move_by_hand(session, town.officer, run_id, Move(item, bed, in_days(7)), now=NOW)
    emptied = move_by_hand(session, town.officer, changed, Move(item, "", in_days(7)), now=NOW)

    plans = [plan_of(session.get_one(OptimizerRun, one).plan).placed.get(item) for one in (changed, emptied)]
    assert plans == [Placement(room_id=bed, first_on=in_days(7)), None]
    prices = session.get_one(OptimizerRun, changed).prices["after"]
    assert ["waited", 4.0, 20.0] in prices


def test_a_move_by_hand_onto_somebody_or_out_of_the_dates_is_refused(session: Session, town: Town) -> None:
    entry = waits(session, town, "26/1", first=in_days(3), until=in_days(13), days=3)
    run_id, item = solved(session, town), str(entry.id)
    stay(session, town, in_days(5), in_days(9), bed=1)

    for bed, first in ((town.beds[1].id, in_days(4)), (town.beds[0].id, in_days(11))):
        with pytest.raises(BrokenPlan):
            move_by_hand(session, town.officer, run_id, Move(item, str(bed), first), now=NOW)
    with pytest.raises(InvalidRequest):
        move_by_hand(session, town.officer, run_id, Move(item, "0", in_days(4)), now=NOW)
    with pytest.raises(InvalidRequest):
        move_by_hand(session, town.officer, run_id, Move("somebody", str(town.beds[0].id), in_days(4)), now=NOW)


def test_a_change_that_nobody_else_has_to_agree_to_is_made_in_the_proposal(session: Session, town: Town) -> None:
    for bed in (1, 2):
        stay(session, town, in_days(1), in_days(30), bed=bed)
    first = waits(session, town, "26/1", first=in_days(3), until=in_days(6))
    run_id = solved(session, town)
    second = waits(session, town, "26/2", first=in_days(8), until=in_days(11))

    changed = change_as_proposed(session, town.officer, run_id, str(second.id), 0, now=NOW)

    placed = plan_of(session.get_one(OptimizerRun, changed).plan).placed
    assert {str(first.id), str(second.id)} <= placed.keys()
    for item, number in ((str(second.id), 1), (str(first.id), -1), ("somebody", 0)):
        with pytest.raises(InvalidRequest):
            change_as_proposed(session, town.officer, changed, item, number, now=NOW)


def test_a_plan_is_kept_as_far_as_it_still_holds(session: Session, town: Town) -> None:
    entries = [waits(session, town, f"26/{number}") for number in (1, 2)]
    run_id = solved(session, town)
    plan = plan_of(session.get_one(OptimizerRun, run_id).plan)
    lost, kept = (str(entry.id) for entry in entries)
    bed = [one.id for one in town.beds].index(int(plan.placed[lost].room_id))
    stay(session, town, in_days(4), in_days(5), bed=bed)
    found = ward(session, town)

    still = rebased(found, plan)

    assert (lost in still.placed, still.placed[kept]) == (False, plan.placed[kept])
    assert check(found.problem, still) == []


def test_the_night_is_told_for_which_courts_and_kinds_somebody_waits(session: Session, town: Town) -> None:
    waits(session, town, "26/1")
    waits(session, town, "26/2", until=in_days(9))

    assert waited_for(session, now=NOW) == [(town.world.here.id, town.nights.id)]
    assert waited_for(session, now=NOW + timedelta(days=10)) == []
