"""Cases shared out from the database; a plan goes through the acts of a judge: in part, twice, at once, back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Resource, Shape, Territory
from availability.rights import Role
from booking.actions import accept
from booking.conflicts import declare_conflict
from booking.designations import NotSuitable, Wanted, designate
from booking.mediators import Need, candidates
from booking.models import State
from booking.plans.kept import Application
from booking.plans.models import OptimizerRun
from booking.plans.runs import apply_run, reading_of, undo_run
from booking.plans.share_cases import put_back, shared_kinds, take_out
from booking.plans.shares import Batch, batch_of
from booking.plans.shares import reading_of as problem_of
from booking.suggestion import ranked
from optimizer.shares.problem import Lock, Problem
from optimizer.shares.rank import rank
from portal.database import make_engine
from tests.booking.shared_out import Sharing, applied, asked_of, given, make_sharing, solved
from tests.conftest import Database
from tests.factories import NOW, TODAY, close, in_days, in_minutes, make_actor, make_kind, make_site, make_territory
from tests.races import act, at_once, refusals

SECOND = in_minutes(1)


@pytest.fixture
def court(session: Session) -> Sharing:
    """A court without a service or a case."""
    return make_sharing(session)


def batch(session: Session, court: Sharing) -> Batch:
    """Return what the judge shares out."""
    return batch_of(session, court.judge, court.scope, now=NOW)


def problem(session: Session, court: Sharing, **settings: object) -> Problem:
    """Return the problem of the court."""
    found: Problem = problem_of(batch(session, court), settings).problem
    return found


# --- what is read ---


def test_a_service_is_read_with_what_it_takes_and_has_and_a_case_with_what_it_asks(
    session: Session, court: Sharing
) -> None:
    said = {"languages": ["arabe"], "zone": ["75"], "competences": ["conflit"], "first_meeting_days": 7}
    one = court.service(session, capacity=5, declared_load=2, attributes=said)
    other = court.service(session, capacity=3)
    closed = court.service(session)
    session.execute(text("UPDATE resource SET name = 'Fermé' WHERE id = :id"), {"id": closed})
    close(session, session.get_one(Resource, closed), in_days(-1), in_days(9))
    (case,) = court.cases(session, 1, competence="conflit", languages=("arabe",), is_urgent=True)
    declare_conflict(session, court.judge, "RG 26/00001", other, now=NOW)
    found = problem(session, court)

    who = found.professional_of[str(one)]
    assert (who.capacity, who.load, who.delay_days, who.departments) == (5, 2, 7, {"75"})
    assert found.professional_of[str(other)].attributes == {"conflit"}, "who says nothing is not refused for it"
    assert str(closed) not in found.professional_of
    measure = found.measure_of[str(case)]
    assert (measure.attributes, measure.languages, measure.departments) == ({"conflit"}, {"arabe"}, {"75"})
    assert (measure.conflicts, measure.priority, len(measure.points)) == ({str(other)}, 10, 1)


def test_who_was_asked_counts_once_and_stays_unless_the_case_is_unlocked(session: Session, court: Sharing) -> None:
    one = court.service(session, declared_load=1)
    (case,) = court.cases(session, 1)
    designate(session, court.judge, Wanted(resource_id=one, case_ref="RG 26/00001"), now=NOW)
    frozen = problem(session, court)
    movable = problem(session, court, locks={str(case): "movable"})

    assert (frozen.measures[0].lock, frozen.measures[0].held_by) == (Lock.FROZEN, str(one))
    assert movable.measures[0].lock is Lock.MOVABLE
    assert {frozen.professionals[0].load, movable.professionals[0].load} == {1}
    assert frozen.settled == {str(one): 2}


def test_what_a_service_accepted_is_no_longer_shared_out(session: Session, court: Sharing) -> None:
    one = court.service(session)
    court.cases(session, 2)
    booking = designate(session, court.judge, Wanted(resource_id=one, case_ref="RG 26/00001"), now=NOW)
    accept(session, court.host, booking.id, now=NOW)

    assert [line.case_ref for line in batch(session, court).lines] == ["RG 26/00002"]
    assert problem(session, court).professionals[0].load == 1
    court.cases(session, 1, begins=3)
    listed = session.execute(text("SELECT case_ref FROM case_to_designate ORDER BY case_ref")).scalars()
    assert list(listed) == ["RG 26/00002", "RG 26/00003"]


def test_a_case_asked_of_a_service_that_closes_is_shared_out_again_once_unlocked(
    session: Session, court: Sharing
) -> None:
    one, other = court.service(session), court.service(session)
    (case,) = court.cases(session, 1)
    designate(session, court.judge, Wanted(resource_id=one, case_ref="RG 26/00001"), now=NOW)
    close(session, session.get_one(Resource, one), in_days(-1), in_days(9))

    assert problem(session, court).measures == ()
    run_id = solved(session, court, now=SECOND, settings={"locks": {str(case): "movable"}})
    assert applied(session, court.judge, run_id, now=SECOND).done == (str(case),)
    assert asked_of(session) == {"RG 26/00001": other}


def test_the_judge_s_table_and_a_batch_of_one_suggest_the_same(session: Session, court: Sharing) -> None:
    far = make_site(session, session.get_one(Territory, court.territory_id), lat=48.5, lon=2.3)
    for number in range(8):
        court.service(
            session,
            capacity=4 + number % 3,
            declared_load=number % 4,
            site=far if number % 2 else court.site,
            attributes={"first_meeting_days": 5 * number},
        )
    (case,) = court.cases(session, 1)
    found = batch(session, court)
    asked = problem_of(found, {}).problem
    point = asked.measures[0].points[0]
    near = ((point.lat, point.lon), None)
    table = candidates(session, court.judge, court.kind, near, radius_km=200, today=TODAY, now=NOW)

    order = [one.resource_id for one in ranked(table)]
    assert [int(one.professional_id) for one in rank(asked, asked.measures[0])] == order
    assert given(session, solved(session, court)) == {str(case): order[0]}


@pytest.mark.parametrize(
    "settings",
    [
        {"sliders": {"even": 5}},
        {"sliders": {"unknown": 1}},
        {"sliders": {"even": "2"}},
        {"locks": {"x": "open"}},
        {"rules": {"day_m": -1}},
        {"kept": {"x": "y"}},
        {"rules": {"moved_m": 21}},
        {"other": 1},
    ],
)
def test_wishes_that_no_page_sends_are_refused(session: Session, court: Sharing, settings: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        problem(session, court, **settings)


def test_the_strongest_wishes_are_still_a_problem_that_is_solved(session: Session, court: Sharing) -> None:
    one = court.service(session)
    (case,) = court.cases(session, 1)
    most = {"rules": {"day_m": 20.0, "moved_m": 20.0, "unknown_m": 20.0}, "sliders": {"sooner": 4, "stable": 4}}

    assert given(session, solved(session, court, settings=most)) == {str(case): one}


def test_whoever_wishes_even_loads_travels_farther_for_them(session: Session, court: Sharing) -> None:
    far = make_site(session, session.get_one(Territory, court.territory_id), lat=48.2, lon=2.3)
    near = court.service(session, capacity=10, declared_load=2)
    other = court.service(session, capacity=10, declared_load=1, site=far)
    (case,) = court.cases(session, 1)

    assert given(session, solved(session, court)) == {str(case): near}
    assert given(session, solved(session, court, settings={"sliders": {"even": 4}})) == {str(case): other}


# --- the list ---


def test_only_who_designates_in_a_court_lists_its_cases(session: Session, court: Sharing) -> None:
    stranger, officer = court.stranger, make_actor(Role.PROBATION_OFFICER, make_territory(session))
    (case,) = court.cases(session, 1)
    beds = make_kind(session, Shape.NIGHTS, reserved_by=[Role.FAMILY_JUDGE])

    with pytest.raises(NotAllowed):
        replace(court, judge=officer).cases(session, 1)
    with pytest.raises(NotFound):
        replace(court, kind=beds).cases(session, 1)
    with pytest.raises(NotFound):
        take_out(session, stranger, case, now=NOW)
    assert [kind.id for kind in shared_kinds(session, court.judge)] == [court.kind.id]


def test_a_case_taken_out_is_put_back_as_it_was(session: Session, court: Sharing) -> None:
    (case,) = court.cases(session, 1, languages=("arabe",), competence="conflit", is_urgent=True)
    before = batch(session, court).lines[0]
    kept = take_out(session, court.judge, case, now=NOW)
    assert batch(session, court).lines == ()

    put_back(session, court.judge, kept, now=NOW)

    after = batch(session, court).lines[0]
    assert replace(after, id=before.id) == before


# --- a plan applied ---


def test_each_case_is_asked_of_a_service_and_a_second_time_adds_nothing(session: Session, court: Sharing) -> None:
    court.service(session), court.service(session)
    court.cases(session, 5)
    run_id = solved(session, court)

    first = applied(session, court.judge, run_id)
    assert (len(first.done), first.refused) == (4, ()), "four places for five cases"
    assert sorted(asked_of(session).values()) == sorted(given(session, run_id).values())
    again = applied(session, court.judge, run_id)
    assert (again.done, len(again.already), again.refused) == ((), 4, ())
    states = set(session.execute(text("SELECT state FROM booking")).scalars())
    assert states == {State.REQUESTED}, "each service answers, as when a judge designates"


def test_only_some_cases_are_applied_when_they_are_named(session: Session, court: Sharing) -> None:
    court.service(session)
    one, _ = court.cases(session, 2)
    run_id = solved(session, court)

    done = apply_run(session, court.judge, run_id, [str(one), "unknown"], now=NOW)

    assert (done.done, list(asked_of(session))) == ((str(one),), ["RG 26/00001"])


def test_what_changed_meanwhile_is_told_with_its_reason_and_the_rest_is_applied(
    session: Session, court: Sharing
) -> None:
    one, other = court.service(session, capacity=3), court.service(session, capacity=3)
    cases = court.cases(session, 5)
    run_id = solved(session, court)
    plan = given(session, run_id)
    to_one = [case for case in map(str, cases) if plan[case] == one]
    refs = {str(case): f"RG 26/{number:05}" for number, case in enumerate(cases, 1)}
    elsewhere, conflicting = to_one[0], next(case for case in map(str, cases) if plan[case] == other)
    taken_out = next(case for case in map(str, cases) if case not in (elsewhere, conflicting))
    designate(session, court.judge, Wanted(resource_id=other, case_ref=refs[elsewhere]), now=SECOND)
    declare_conflict(session, court.judge, refs[conflicting], other, now=SECOND)
    take_out(session, court.judge, UUID(taken_out), now=SECOND)
    done = applied(session, court.judge, run_id, now=SECOND)

    told = {refused.item: refused.why for refused in done.refused}
    assert told == {elsewhere: "designated", conflicting: "unfit-conflict", taken_out: "gone"}
    assert len(done.done) == 2


@pytest.mark.parametrize(("what", "why"), [("full", "full"), ("closed", "closed"), ("out of reach", "gone")])
def test_a_service_that_can_no_longer_take_a_case_is_a_reason(
    session: Session, court: Sharing, what: str, why: str
) -> None:
    one = court.service(session, capacity=1)
    (case,) = court.cases(session, 1)
    run_id = solved(session, court)
    if what == "full":
        designate(session, court.judge, Wanted(resource_id=one, case_ref="RG 26/09999"), now=NOW)
    elif what == "closed":
        close(session, session.get_one(Resource, one), in_days(-1), in_days(9))
    else:
        site = make_site(session, session.get_one(Territory, court.stranger.home_territory_id))
        session.get_one(Resource, one).site_id = site.id
        session.flush()

    done = applied(session, court.judge, run_id)

    assert [(refused.item, refused.why) for refused in done.refused] == [(str(case), why)]


def test_a_case_that_is_unlocked_moves_in_one_act_and_one_that_somebody_moved_is_told(
    session: Session, court: Sharing
) -> None:
    one = court.service(session, capacity=4)
    cases = court.cases(session, 2)
    for number in (1, 2):
        designate(session, court.judge, Wanted(resource_id=one, case_ref=f"RG 26/{number:05}"), now=NOW)
    other = court.service(session, capacity=4)
    unlocked = {"locks": {str(case): "free" for case in cases}, "sliders": {"even": 4}}
    run_id = solved(session, court, now=SECOND, settings=unlocked)
    moved = next(case for case, who in given(session, run_id).items() if who == other)
    stays = next(str(case) for case in cases if str(case) != moved)
    done = applied(session, court.judge, run_id, now=SECOND)

    assert (done.done, done.already) == ((moved,), (stays,))
    assert sorted(asked_of(session).values()) == [one, other]
    assert undo_run(session, court.judge, run_id, now=SECOND) == 1
    assert set(asked_of(session).values()) == {one}, "taken back, it is asked again of whom it was"
    told = applied(session, court.judge, run_id, now=in_minutes(2)).refused
    assert [refused.why for refused in told] == ["designated"], "it was asked after the plan was made"


def test_only_who_designates_in_that_court_applies_its_plan(session: Session, court: Sharing) -> None:
    court.service(session)
    court.cases(session, 1)
    run_id = solved(session, court)

    with pytest.raises(NotFound):
        applied(session, court.stranger, run_id)
    with pytest.raises(NotAllowed):
        applied(session, court.host, run_id)
    visitor = replace(court.judge, home_territory_id=court.stranger.home_territory_id)
    with pytest.raises(NotFound):
        applied(session, visitor, run_id)


def test_what_no_service_accepted_is_taken_back_and_can_be_given_again(session: Session, court: Sharing) -> None:
    court.service(session, capacity=5)
    court.cases(session, 3)
    run_id = solved(session, court)
    applied(session, court.judge, run_id)
    accepted = session.execute(text("SELECT id FROM booking WHERE case_ref = 'RG 26/00002'")).scalar_one()
    accept(session, court.host, accepted, now=NOW)

    assert undo_run(session, court.judge, run_id, now=SECOND) == 2
    assert list(asked_of(session)) == ["RG 26/00002"]
    assert session.get_one(OptimizerRun, run_id).applied == {}
    assert len(applied(session, court.judge, run_id, now=SECOND).done) == 2


def test_a_case_locked_in_a_proposal_stays_there_in_the_next(session: Session, court: Sharing) -> None:
    services = [court.service(session), court.service(session)]
    (case,) = court.cases(session, 1)
    first = solved(session, court)
    (chosen,) = given(session, first).values()
    other = next(one for one in services if one != chosen)
    designate(session, court.judge, Wanted(resource_id=chosen, case_ref="RG 26/09999"), now=NOW)

    again = solved(session, court, based_on=first)
    kept = {"locks": {str(case): "frozen"}, "kept": {str(case): chosen}}
    locked = solved(session, court, settings=kept)
    going_on = solved(session, court, based_on=first, settings={"locks": {str(case): "frozen"}})

    assert given(session, again) == {str(case): other}
    assert given(session, locked) == given(session, going_on) == {str(case): chosen}
    reading = reading_of(session, session.get_one(OptimizerRun, locked), now=NOW)
    assert reading.in_force.given == {}, "nobody was asked yet"


def test_a_designation_that_asks_a_language_is_refused_to_who_does_not_speak_it(
    session: Session, court: Sharing
) -> None:
    one = court.service(session, attributes={"languages": ["turc"]})
    wanted = Wanted(resource_id=one, case_ref="RG 26/00001", need=Need(languages=frozenset({"arabe"})))

    with pytest.raises(NotSuitable) as refusal:
        designate(session, court.judge, wanted, now=NOW)
    assert refusal.value.facts["why"] == "language"


# --- at once ---


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def _committed(session: Session) -> tuple[Sharing, list[int], UUID]:
    court = make_sharing(session)
    services = [court.service(session, capacity=3), court.service(session, capacity=3)]
    court.cases(session, 6)
    return court, services, solved(session, court)


def test_two_plans_for_the_same_cases_applied_at_once_ask_for_each_once(engine: Engine) -> None:
    court, _, first = act(engine, _committed)
    second = act(engine, solved, court, settings={"sliders": {"even": 4}})

    answers = at_once([partial(act, engine, applied, court.judge, one) for one in (first, second) * 3])

    assert refusals(answers) == []
    done = [len(one.done) for one in answers if isinstance(one, Application)]
    assert sum(done) == 6
    with Session(engine) as session:
        assert len(asked_of(session)) == 6


def test_the_last_places_go_once_when_judges_designate_while_a_plan_is_applied(engine: Engine) -> None:
    court, services, run_id = act(engine, _committed)

    def by_hand(session: Session, number: int) -> None:
        wanted = Wanted(resource_id=services[number % 2], case_ref=f"RG 26/0000{1 + number}")
        designate(session, court.judge, wanted, now=NOW)

    acts = [
        *[partial(act, engine, by_hand, number) for number in range(6)],
        *[partial(act, engine, applied, court.judge, run_id)] * 3,
        *[partial(act, engine, undo_run, court.judge, run_id, now=NOW)] * 2,
    ]
    at_once(acts)

    with Session(engine) as session:
        asked = asked_of(session)
        kept = session.execute(text("SELECT resource_id, count(*) FROM place_period GROUP BY resource_id")).all()
        assert sum(count for _, count in kept) == len(asked)
        assert all(count <= 3 for _, count in kept)
