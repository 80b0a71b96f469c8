"""The judge's table: who comes first and why, what it says, and designating in one act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import PlaceClaim
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound
from availability.models import Kind, Resource, Shape
from availability.rights import Actor, Role
from booking import conflicts, designations
from booking.actions import Beneficiary, accept, cancel, confirm, hold, lapse, refuse
from booking.conflicts import conflicts_of, declare_conflict, withdraw_conflict
from booking.designations import (
    AlreadyDesignated,
    Designation,
    NotSuitable,
    ViolenceAlleged,
    Wanted,
    designate,
    designation,
    designations_of,
    read_case_ref,
)
from booking.measure_words import MeasureWords
from booking.mediators import (
    Candidate,
    Need,
    candidates,
    designable_kinds,
    home_zone,
    measure_days,
    unfit,
)
from booking.models import Booking, State
from booking.pages.designate_words import (
    age,
    case_line,
    choices,
    headings,
    kilometres,
    row,
    sentence,
    when,
    whereabouts,
)
from booking.pages.designation_notice import answer, lines, readable_phone
from booking.question import DEFAULT_RADIUS_KM, Question
from booking.reasons import Reason
from booking.suggestion import COLUMNS, Order, Why, ranked, suggestion, wait_days
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    in_minutes,
    make_actor,
    make_kind,
    make_resource,
    make_site,
    make_territory,
    make_world,
)
from tests.races import PATIENCE_S, act, at_once, refusals

MEDIATION = "mediation-familiale"
PARENTS = (("Domicile du parent 1", "Parent 1"), ("Domicile du parent 2", "Parent 2"))
VERSAILLES = (48.8049, 2.1204)  # 17 km from PARIS
LYON = (45.764, 4.8357)
ANY_DAY = date(2026, 3, 2)


def candidate(number: int = 1, **said: Any) -> Candidate:
    """Return somebody who can take a case, in two weeks, at half load."""
    usual: dict[str, Any] = {
        "resource_id": number,
        "name": f"Médiatrice fictive {number}",
        "site_name": "Service fictif",
        "commune": "Lyon",
        "distances_km": (3.0, 12.0),
        "first_meeting_days": 14,
        "load": 6,
        "capacity": 12,
        "waiting": 0,
        "declared_on": ANY_DAY,
        "is_stale": False,
        "price_scale": "2 € à 131 €",
        "languages": ("français",),
        "is_accessible": True,
        "state": "free",
    }
    return Candidate(**usual | said)


kilometres_known = some.none() | some.floats(0, 500, allow_nan=False)
somebody = some.builds(
    candidate,
    some.integers(1, 10_000),
    distances_km=some.tuples(kilometres_known, kilometres_known),
    first_meeting_days=some.none() | some.integers(0, 90),
    load=some.integers(0, 30),
    capacity=some.integers(0, 30),
    waiting=some.integers(0, 9),
    price_scale=some.sampled_from(["", "2 € à 131 €", "gratuit"]),
    languages=some.lists(some.sampled_from(["français", "arabe", "turc"]), unique=True).map(tuple),
    is_accessible=some.booleans(),
    is_stale=some.booleans(),
    state=some.sampled_from(["free", "held", "full", "closed", "conflict", "competence", "zone"]),
)
tables = some.lists(somebody, max_size=12, unique_by=lambda one: one.resource_id)
orders = some.builds(Order, some.sampled_from(["suggestion", *COLUMNS]), some.booleans())


# --- ranking ---


@given(tables, orders, some.randoms())
def test_the_order_depends_on_nothing_but_the_candidates(table: list[Candidate], order: Order, dice: Any) -> None:
    shuffled = dice.sample(table, len(table))

    assert ranked(shuffled, order) == ranked(table, order)
    assert sorted(one.resource_id for one in ranked(table, order)) == sorted(one.resource_id for one in table)


@given(tables, orders)
def test_nobody_who_is_full_comes_before_somebody_who_can_take_the_case(table: list[Candidate], order: Order) -> None:
    answers = [one.can_take for one in ranked(table, order)]

    assert answers == sorted(answers, reverse=True)


@given(tables, orders.filter(lambda order: order.column != "suggestion"))
def test_what_is_not_known_comes_last_in_both_directions(table: list[Candidate], order: Order) -> None:
    able = [COLUMNS[order.column](one) for one in ranked(table, order) if one.can_take]
    known = [value for value in able if value is not None]

    assert able == known + [None] * (len(able) - len(known))
    assert known == sorted(known, reverse=order.descending)


BETTER: dict[str, Any] = {
    "first_meeting_days": lambda one: (one.first_meeting_days or 1) - 1,
    "distances_km": lambda one: tuple(km and km / 2 for km in one.distances_km),
    "load": lambda one: one.load // 2,
    "waiting": lambda one: 0,
    "is_stale": lambda one: False,
}


@given(tables, some.sampled_from(sorted(BETTER)))
def test_who_becomes_better_in_one_thing_is_never_suggested_later(table: list[Candidate], thing: str) -> None:
    before = ranked(table)
    for number, one in enumerate(before):
        better = replace(one, **{thing: BETTER[thing](one)})
        assert wait_days(better) <= wait_days(one)
        after = ranked([better if each is one else each for each in table])

        assert after.index(better) <= number


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (candidate(2, first_meeting_days=5), candidate(1, first_meeting_days=6)),
        (candidate(2, distances_km=(9.0, 9.0)), candidate(1, distances_km=(1.0, 10.0))),
        (candidate(2, distances_km=(30.0, None)), candidate(1, distances_km=(None, None))),
        (candidate(2, load=3), candidate(1, load=4)),
        # Ten percent of a capacity are as good as none; beyond, the load is what is looked at first.
        (candidate(2, load=5, first_meeting_days=13), candidate(1, load=4)),
        (candidate(1, load=4), candidate(2, load=6, first_meeting_days=1, distances_km=(0.0, 0.0))),
        (candidate(2, load=3, capacity=6), candidate(1, load=15, capacity=20)),
        (candidate(2, load=1), candidate(1, load=0, capacity=0)),
        (candidate(2), candidate(1, waiting=2)),
        (candidate(2), candidate(1, is_stale=True)),
        (candidate(1), candidate(2)),
        (candidate(2, first_meeting_days=60), candidate(1, first_meeting_days=1, state="full")),
        (candidate(2, first_meeting_days=59), candidate(1, first_meeting_days=None)),
        # Ten kilometres more are worth two days and a half.
        (candidate(2, distances_km=(22.0, 3.0), first_meeting_days=11), candidate(1)),
        (candidate(2), candidate(1, distances_km=(22.0, 3.0), first_meeting_days=12)),
    ],
)
def test_the_load_decides_first_then_the_delay_the_way_and_the_age(first: Candidate, second: Candidate) -> None:
    assert ranked([second, first]) == [first, second]


def test_the_suggestion_says_why_and_only_what_is_true() -> None:
    near, soon = candidate(1, load=7), candidate(2, first_meeting_days=9, distances_km=(60.0, 70.0))
    full = candidate(3, state="full", distances_km=(0.0, 0.0), first_meeting_days=1)

    best = suggestion([full, soon, near])

    assert best is not None
    assert best[0] == near
    assert [(reason.why, reason.value) for reason in best[1]] == [(Why.LOAD, 58), (Why.NEAREST, 12), (Why.WITHIN, 14)]
    alone = suggestion([full, replace(soon, is_stale=True)])
    assert alone is not None
    assert [reason.why for reason in alone[1]] == [Why.LOAD, Why.AWAY, Why.WITHIN, Why.STALE]
    assert suggestion([full]) is None


@pytest.mark.parametrize(
    ("attributes", "need", "why"),
    [
        ({}, Need(competence="tutelle", departments=frozenset({"69"})), ""),
        ({"competences": ["curatelle"]}, Need(), ""),
        ({"competences": ["curatelle"]}, Need(competence="tutelle"), "competence"),
        ({"competences": ["curatelle", "tutelle"], "zone": ["69"]}, Need(competence="tutelle"), ""),
        ({"zone": ["01", "69"]}, Need(departments=frozenset({"69", "13"})), ""),
        ({"languages": ["arabe"]}, Need(languages=frozenset({"arabe"})), ""),
        ({"languages": ["ar", "langue des signes"]}, Need(languages=frozenset({"arabe", "LSF"})), ""),
        ({"languages": ["turc"]}, Need(languages=frozenset({"arabe", "turc"})), "language"),
        ({}, Need(languages=frozenset({"arabe"})), "language"),
        ({"zone": ["01", "38"]}, Need(departments=frozenset({"69"})), "zone"),
        (
            {"zone": ["38"], "competences": ["x"]},
            Need(competence="y", departments=frozenset({"69"}), conflicts=frozenset({7})),
            "conflict",
        ),
    ],
)
def test_a_service_that_does_not_fit_the_case_says_why(attributes: dict[str, Any], need: Need, why: str) -> None:
    assert unfit(7, attributes, need) == why


@given(orders)
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    again = Order.read(order.written())

    assert again == (Order() if order.column == "suggestion" else order)


def test_a_heading_pressed_three_times_gives_back_the_suggested_order() -> None:
    up = Order().toggled("charge")
    down = up.toggled("charge")

    assert (up, down) == (Order("charge"), Order("charge", descending=True))
    assert down.toggled("charge") == Order()
    assert down.toggled("nom") == Order("nom")
    assert Order().toggled("<script>") == Order()


# --- the question in the address ---


@given(some.builds(Question, *[some.text(max_size=40).map(str.strip) for _ in range(8)]))
def test_a_question_is_read_as_its_address_says_it(question: Question) -> None:
    from urllib.parse import parse_qsl

    once = Question.read(vars(question))

    assert Question.read(dict(parse_qsl(once.to_query(), keep_blank_values=True))) == once


@pytest.mark.parametrize("typed", ["", "abc", "-1", "1e9", "51", "٥٠"])
def test_a_distance_that_is_not_offered_is_the_usual_one(typed: str) -> None:
    assert Question(rayon=typed).radius_km == DEFAULT_RADIUS_KM


def test_a_doubt_on_violence_never_allows() -> None:
    assert Question.read({"violences": "peut-être"}).violence_alleged
    assert not Question.read({"violences": "0"}).violence_alleged
    assert not Question.read({}).violence_alleged


@pytest.mark.parametrize(("name", "value"), [("inconnu", "x"), ("p1", {"a": 1}), ("p1", None), (["p1"], "x"), (3, "x")])
def test_what_no_control_sends_is_refused(name: Any, value: Any) -> None:
    with pytest.raises(InvalidRequest):
        Question().with_answer(name, value)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("24/01234", "RG 24/01234"),
        ("rg 24/01234", "RG 24/01234"),
        ("  N° RG : 24/01234 ", "RG 24/01234"),
        ("RG24/01234", "RG 24/01234"),
        ("Portalis DBX4-W-B7I  SABC", "Portalis DBX4-W-B7I SABC"),
        ("RG", "RG"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_case_number_is_read_the_same_however_it_is_typed(typed: str, read: str) -> None:
    assert read_case_ref(typed) == read


@pytest.mark.parametrize("typed", ["", "   ", "x" * 65, "24/\x0001234"])
def test_what_cannot_be_a_case_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_case_ref(typed)

    assert refusal.value.field == "case_ref"


# --- what is found ---


@pytest.fixture
def world(session: Session) -> World:
    """Return a small world, gone at the end of the test."""
    return make_world(session)


@pytest.fixture
def judge(world: World) -> Actor:
    """Return a family judge of the first ressort."""
    return make_actor(Role.FAMILY_JUDGE, world.here)


@pytest.fixture
def mediation(session: Session) -> Kind:
    """Return the kind of family mediation."""
    return _mediation(session)


def _mediation(session: Session, **columns: Any) -> Kind:
    usual: dict[str, Any] = {
        "code": MEDIATION,
        "label": "médiation familiale",
        "host_accepts": True,
        "is_designated": True,
        "refused_if_violence": True,
        "wording": {"taker": "médiateur", "takers": "médiateurs"},
    } | columns
    return make_kind(session, Shape.PLACES, reserved_by=[Role.FAMILY_JUDGE, Role.REGISTRY], **usual)


def _mediator(session: Session, world: World, kind: Kind, **columns: Any) -> Resource:
    usual: dict[str, Any] = {"capacity": 2, "declared_on": TODAY, "attributes": {"first_meeting_days": 12}}
    return make_resource(session, columns.pop("site", world.site), kind, **usual | columns)


def _found(
    session: Session, judge: Actor, kind: Kind, *points: tuple[float, float], radius_km: float = 50
) -> list[Candidate]:
    near = (points[0] if points else None, points[1] if len(points) > 1 else None)
    return ranked(candidates(session, judge, kind, near, radius_km=radius_km, today=TODAY, now=NOW))


def _take(session: Session, judge: Actor, mediator: Resource, case_ref: str = "RG 26/00001") -> Booking:
    return designate(session, judge, Wanted(resource_id=mediator.id, case_ref=case_ref), now=NOW)


def test_those_near_one_parent_or_the_other_are_found_once(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    in_lyon = make_site(session, world.here, lat=LYON[0], lon=LYON[1])
    in_nice = make_site(session, world.here, lat=43.71, lon=7.26)
    paris, lyon = _mediator(session, world, mediation), _mediator(session, world, mediation, site=in_lyon)
    _mediator(session, world, mediation, site=in_nice)

    found = {one.resource_id: one.distances_km for one in _found(session, judge, mediation, VERSAILLES, LYON)}

    assert set(found) == {paris.id, lyon.id}
    to_versailles, to_lyon = found[paris.id]
    assert to_versailles == pytest.approx(17.9, abs=0.5)
    assert to_lyon == pytest.approx(392, abs=3)
    assert found[lyon.id][1] == pytest.approx(0, abs=0.01)


def test_without_an_address_the_whole_ressort_is_listed_and_no_other(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    here = _mediator(session, world, mediation)
    nowhere = _mediator(session, world, mediation, site=make_site(session, world.here, lat=None))
    _mediator(session, world, mediation, site=make_site(session, world.elsewhere))

    found = _found(session, judge, mediation)

    assert {one.resource_id for one in found} == {here.id, nowhere.id}
    assert {one.distances_km for one in found} == {(None, None)}


def test_the_load_counts_what_is_declared_and_what_is_taken_here(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    mediator = _mediator(session, world, mediation, capacity=4, declared_load=2)
    _take(session, judge, mediator)

    found = _found(session, judge, mediation)[0]

    assert (found.load, found.capacity, found.state) == (3, 4, "free")
    _take(session, judge, mediator, "RG 26/00002")
    assert (_found(session, judge, mediation)[0].load, _found(session, judge, mediation)[0].state) == (4, "held")


def test_a_service_that_says_it_is_overloaded_shows_it_and_is_full(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    _mediator(session, world, mediation, capacity=4, declared_load=6)

    found = _found(session, judge, mediation)[0]

    assert (found.load, found.capacity, found.state, found.can_take) == (6, 4, "full", False)


def test_a_place_taken_only_later_is_full_already_because_a_measure_has_no_end(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    mediator = _mediator(session, world, mediation, capacity=1)
    claim = PlaceClaim(resource_id=mediator.id, first=in_days(300), until=None)
    booking = hold(session, judge, claim, now=NOW, beneficiary=Beneficiary(case_ref="RG 26/00001"))
    confirm(session, judge, booking.id, now=NOW)

    assert not _found(session, judge, mediation)[0].can_take
    with pytest.raises(CapacityReached):
        _take(session, judge, mediator, "RG 26/00002")


def test_a_request_past_its_end_holds_nothing(session: Session, world: World, judge: Actor, mediation: Kind) -> None:
    mediator = _mediator(session, world, mediation, capacity=1)
    _take(session, judge, mediator)
    later = NOW + timedelta(days=mediation.request_days)

    found = candidates(session, judge, mediation, (None, None), radius_km=50, today=later.date(), now=later)

    assert found[0].can_take


def test_a_closed_service_says_so(session: Session, world: World, judge: Actor, mediation: Kind) -> None:
    close(session, _mediator(session, world, mediation), in_days(-1), in_days(30))

    assert _found(session, judge, mediation)[0].state == "closed"


def test_a_kind_with_a_longest_period_is_looked_at_over_that_period(
    session: Session, world: World, judge: Actor
) -> None:
    short = _mediation(session, max_days=90)
    mediator = _mediator(session, world, short, capacity=1)
    claim = PlaceClaim(resource_id=mediator.id, first=in_days(90), until=in_days(100))
    hold(session, judge, claim, now=NOW)

    assert measure_days(short, TODAY) == (TODAY, in_days(90))
    assert _found(session, judge, short)[0].can_take
    assert _take(session, judge, mediator).until_on == in_days(90)


def test_who_may_not_search_the_kind_is_refused(session: Session, world: World, mediation: Kind) -> None:
    with pytest.raises(NotAllowed):
        _found(session, world.officer, mediation)


def test_a_judge_designates_the_kinds_that_say_so_and_nothing_else(session: Session, judge: Actor) -> None:
    theirs = _mediation(session, position=2)
    _mediation(session, code="pas-designe", is_designated=False)
    _mediation(session, code="retire", is_active=False)
    make_kind(session, Shape.PLACES, searched_by=[Role.FAMILY_JUDGE], is_designated=True)
    make_kind(session, Shape.PLACES, reserved_by=[Role.CHILDRENS_JUDGE], is_designated=True)
    first = _mediation(session, code="espace-rencontre", position=1)

    assert [kind.id for kind in designable_kinds(session, judge)] == [first.id, theirs.id]


def test_the_civil_day_is_that_of_the_ressort(session: Session) -> None:
    island = make_territory(session)
    make_site(session, island, time_zone="Indian/Reunion")

    assert home_zone(session, make_actor(Role.FAMILY_JUDGE, island)).key == "Indian/Reunion"
    assert home_zone(session, make_actor(Role.FAMILY_JUDGE, make_territory(session))).key == "Europe/Paris"


# --- designating ---


def test_one_act_asks_the_service_and_keeps_its_place(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    mediator = _mediator(session, world, mediation)
    booking = _take(session, judge, mediator, "n° 24/01234")

    assert (booking.state, booking.case_ref) == (State.REQUESTED, "RG 24/01234")
    assert (booking.first_on, booking.until_on) == (TODAY, None)
    assert booking.expires_at == NOW + timedelta(days=mediation.request_days)
    kept = session.execute(text("SELECT count(*) FROM place_period WHERE holder_id = :id"), {"id": booking.id})
    assert kept.scalar() == 1


def test_the_same_again_is_the_same_designation(session: Session, world: World, judge: Actor, mediation: Kind) -> None:
    mediator = _mediator(session, world, mediation, capacity=1)
    first = _take(session, judge, mediator)

    assert _take(session, judge, mediator, " 26/00001").id == first.id


def test_a_case_has_one_designation_at_a_time(session: Session, world: World, judge: Actor, mediation: Kind) -> None:
    one, other = _mediator(session, world, mediation), _mediator(session, world, mediation)
    first = _take(session, judge, one)

    with pytest.raises(AlreadyDesignated) as refusal:
        _take(session, judge, other)
    assert refusal.value.facts["name"] == one.name

    cancel(session, judge, first.id, now=NOW)
    assert _take(session, judge, other).state == State.REQUESTED


@pytest.mark.parametrize("end", ["refused", "lapsed"])
def test_a_case_can_be_given_again_once_the_service_said_no_or_nothing(
    session: Session, world: World, judge: Actor, mediation: Kind, end: str
) -> None:
    one, other = _mediator(session, world, mediation), _mediator(session, world, mediation)
    first, now = _take(session, judge, one), NOW
    if end == "refused":
        refuse(session, world.host, first.id, reason="full", now=NOW)
    else:
        now = NOW + timedelta(days=mediation.request_days)

    again = designate(session, judge, Wanted(resource_id=other.id, case_ref="26/00001"), now=now)

    assert again.state == State.REQUESTED


def test_no_mediation_where_violence_is_alleged(session: Session, world: World, judge: Actor, mediation: Kind) -> None:
    mediator = _mediator(session, world, mediation)
    wanted = Wanted(resource_id=mediator.id, case_ref="RG 26/00001", violence_alleged=True)

    with pytest.raises(ViolenceAlleged):
        designate(session, judge, wanted, now=NOW)
    assert session.execute(text("SELECT count(*) FROM booking")).scalar() == 0


def test_violence_does_not_close_the_measures_that_are_made_for_it(
    session: Session, world: World, judge: Actor
) -> None:
    place = _mediator(session, world, _mediation(session, code="espace-rencontre", refused_if_violence=False))
    wanted = Wanted(resource_id=place.id, case_ref="RG 26/00001", violence_alleged=True)

    assert designate(session, judge, wanted, now=NOW).state == State.REQUESTED


def test_the_last_place_gone_is_a_refusal_and_changes_nothing(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    mediator = _mediator(session, world, mediation, capacity=1)
    _take(session, judge, mediator)

    with pytest.raises(CapacityReached), session.begin_nested():
        _take(session, judge, mediator, "RG 26/00002")
    assert designations_of(session, judge, "RG 26/00002", now=NOW) == []


@pytest.mark.parametrize("which", ["unknown", "other kind", "elsewhere"])
def test_what_the_judge_does_not_see_does_not_exist(
    session: Session, world: World, judge: Actor, mediation: Kind, which: str
) -> None:
    beds = make_kind(session, Shape.NIGHTS, reserved_by=[Role.FAMILY_JUDGE])
    resource_id = {
        "unknown": 999_999_999,
        "other kind": make_resource(session, world.site, beds).id,
        "elsewhere": _mediator(session, world, mediation, site=make_site(session, world.elsewhere)).id,
    }[which]

    with pytest.raises(NotFound):
        designate(session, judge, Wanted(resource_id=resource_id, case_ref="RG 26/00001"), now=NOW)


def test_what_became_of_a_case_is_read_newest_first(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    one, other = _mediator(session, world, mediation), _mediator(session, world, mediation)
    first = _take(session, judge, one)
    refuse(session, world.host, first.id, reason="profile", now=NOW)
    wanted = Wanted(resource_id=other.id, case_ref="RG 26/00001")
    second = designate(session, judge, wanted, now=in_minutes(5))

    found = designations_of(session, judge, "RG 26/00001", now=in_minutes(6))

    assert [(each.id, each.state, each.reason) for each in found] == [
        (second.id, State.REQUESTED, ""),
        (first.id, State.REFUSED, "profile"),
    ]
    later = NOW + timedelta(days=mediation.request_days + 1)
    lapsed, refused = designations_of(session, judge, "RG 26/00001", now=later)
    assert (lapsed.state, lapsed.since) == (State.LAPSED, second.expires_at)
    assert lapse(session, second.id, now=later)
    third = _take(session, judge, one)
    cancel(session, judge, third.id, now=in_minutes(9), reason=Reason("measure-ended"))
    ended = designations_of(session, judge, "RG 26/00001", now=later)
    assert {each.id: (each.since, _end(each)) for each in ended} == {
        third.id: (in_minutes(9), "annulée lun. 2 mars à 10 h 09, motif : mesure terminée"),
        second.id: (later, "expirée mar. 10 mars à 10 h"),
        first.id: (NOW, "refusée lun. 2 mars à 10 h, motif : profil qui ne convient pas"),
    }
    assert refused in ended


def _end(one: Designation) -> str:
    """Return what is said after when it was asked."""
    return when(one).replace("\N{NO-BREAK SPACE}", " ").split(" ; ")[1]


def test_a_designation_is_not_read_from_another_ressort(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    booking = _take(session, judge, _mediator(session, world, mediation))
    stranger = make_actor(Role.FAMILY_JUDGE, world.elsewhere)

    assert designation(session, judge, booking.id, now=NOW).court_name == world.here.name
    with pytest.raises(NotFound):
        designation(session, stranger, booking.id, now=NOW)
    assert designations_of(session, stranger, "RG 26/00001", now=NOW) == []


def test_a_conflict_of_interest_is_remembered_for_the_case_and_keeps_the_service_out(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    one, other = _mediator(session, world, mediation), _mediator(session, world, mediation)
    declare_conflict(session, judge, "RG 26/00001", one.id, now=NOW)
    declare_conflict(session, judge, "RG 26/00001", one.id, now=NOW)

    need = Need(conflicts=conflicts_of(session, judge, "RG 26/00001"))
    states = {
        each.resource_id: each.state
        for each in candidates(session, judge, mediation, (None, None), radius_km=50, need=need, today=TODAY, now=NOW)
    }
    assert states == {one.id: "conflict", other.id: "free"}
    with pytest.raises(NotSuitable) as refusal:
        _take(session, judge, one)
    assert refusal.value.facts["why"] == "conflict"
    assert _take(session, judge, one, "RG 26/00002").resource_id == one.id

    withdraw_conflict(session, judge, "RG 26/00001", one.id, now=NOW)
    assert _take(session, judge, one).resource_id == one.id
    stranger = make_actor(Role.FAMILY_JUDGE, world.elsewhere)
    assert conflicts_of(session, stranger, "RG 26/00001") == frozenset()
    with pytest.raises(NotAllowed):
        declare_conflict(session, world.officer, "RG 26/00001", other.id, now=NOW)


def test_a_service_without_the_competence_is_refused_by_the_act_itself(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    mediator = _mediator(session, world, mediation, attributes={"competences": ["tutelle"]})
    wanted = Wanted(resource_id=mediator.id, case_ref="RG 26/00001", need=Need(competence="curatelle"))

    with pytest.raises(NotSuitable):
        designate(session, judge, wanted, now=NOW)


# --- two desks, one case ---


@pytest.mark.parametrize("is_guarded", [True, False])
def test_two_clerks_give_the_same_case_to_two_services(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    """One wins with the guard; without it, the control, both do."""
    judge, first, second = act(database.engine, _two_mediators)
    if not is_guarded:
        _take_the_guard_away(monkeypatch)

    def give(resource_id: int) -> Callable[[], Booking]:
        wanted = Wanted(resource_id=resource_id, case_ref="RG 26/00001")
        return lambda: act(database.engine, designate, judge, wanted, now=NOW)

    answers = at_once([give(first), give(second)])

    assert refusals(answers) == ([AlreadyDesignated] if is_guarded else [])


def _two_mediators(session: Session) -> tuple[Actor, int, int]:
    world, kind = make_world(session), _mediation(session)
    judge = make_actor(Role.FAMILY_JUDGE, world.here)
    return judge, _mediator(session, world, kind).id, _mediator(session, world, kind).id


def _take_the_guard_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both look before either writes: no lock, and a meeting point between the look and the writing."""
    both_looked = Barrier(2, timeout=PATIENCE_S)
    look = designations._running

    def looked(*args: Any, **named: Any) -> Booking | None:
        found = look(*args, **named)
        both_looked.wait()
        return found

    monkeypatch.setattr(conflicts, "ONE_ACT_ON_A_CASE", text("SELECT CAST(:case AS text)"))
    monkeypatch.setattr(designations, "_running", looked)


# --- in words ---


def test_a_row_says_load_age_and_what_is_missing() -> None:
    shown = row(
        candidate(load=18, capacity=24, declared_on=date(2025, 11, 12), first_meeting_days=None, languages=()),
        today=ANY_DAY,
    )

    assert shown.load == "18\u00a0mesures sur 24"
    assert (shown.load_percent, shown.age) == ("75%", "à jour du 12\u00a0nov.\u00a02025")
    assert (shown.delay, shown.languages, shown.why_not) == ("non indiqué", "non indiqué", "")


@pytest.mark.parametrize(
    ("state", "why"),
    [("full", "Complet"), ("held", "Dernière place en cours de réservation"), ("closed", "Fermé en ce moment")],
)
def test_a_row_that_cannot_be_designated_says_why(state: str, why: str) -> None:
    shown = row(candidate(state=state, load=30, capacity=24), today=ANY_DAY)

    assert (shown.can_take, shown.why_not, shown.load_percent) == (False, why, "100%")


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (None, "—"),
        (0.04, "0,0\u00a0km"),
        (3.24, "3,2\u00a0km"),
        (9.94, "9,9\u00a0km"),
        (9.96, "10\u00a0km"),
        (49.7, "50\u00a0km"),
    ],
)
def test_a_distance_is_said_as_people_say_it(distance: float | None, said: str) -> None:
    assert kilometres(distance) == said


def test_the_age_of_a_declaration_is_said_with_its_year_only_when_it_is_another() -> None:
    assert age(date(2026, 2, 1), today=ANY_DAY) == "à jour du 1er\u00a0févr."
    assert age(date(2025, 12, 31), today=ANY_DAY) == "à jour du 31\u00a0déc.\u00a02025"
    assert age(None, today=ANY_DAY) == "jamais déclarée"


@pytest.mark.parametrize(
    ("states", "parents", "said"),
    [
        ([], 0, "Aucun médiateur dans votre ressort"),
        (["free"], 0, "1 médiateur dans votre ressort, 1 peut prendre une mesure"),
        (["free", "free", "full"], 1, "3 médiateurs à moins de 50 km, 2 peuvent prendre une mesure"),
        (["full", "held"], 2, "2 médiateurs à moins de 50 km de l’une des adresses, aucun ne peut en prendre"),
    ],
)
def test_the_answer_is_a_sentence(states: Sequence[str], parents: int, said: str) -> None:
    table = [candidate(number, state=state) for number, state in enumerate(states)]

    words = MeasureWords(taker="médiateur", takers="médiateurs", addresses=PARENTS)
    assert sentence(words, table, Question(), parents).replace("\u00a0", " ") == said


def test_the_next_best_leave_out_the_one_that_is_gone_and_those_that_are_full() -> None:
    table = [candidate(1), candidate(2, state="full"), *(candidate(number) for number in range(3, 8))]

    assert [each.resource_id for each in choices(table, other_than=1)] == ["3", "4", "5"]
    assert choices(table, other_than=1)[0].why == "14\u00a0jours, à 12\u00a0km"


def test_only_the_sorted_heading_says_how() -> None:
    assert {each.sort for each in headings(Order())} == {"none"}
    said = {each.key: each.sort for each in headings(Order("delai", descending=True))}
    assert [key for key, sort in said.items() if sort != "none"] == ["delai"]
    assert said["delai"] == "descending"


def test_a_service_and_its_commune_are_each_said_once() -> None:
    assert whereabouts(candidate(site_name="Espace médiation de Lyon")) == "Espace médiation de Lyon"
    assert whereabouts(candidate(site_name="Le Pont")) == "Le Pont – Lyon"
    assert whereabouts(candidate(name="Le Pont", site_name="Le Pont")) == "Lyon"


def test_the_notice_says_who_where_and_until_when(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    site = make_site(
        session,
        world.here,
        name="Le Pont",
        address="1 rue Fictive",
        postcode="69001",
        commune="Lyon",
        phone="0639980012",
    )
    mediator = _mediator(session, world, mediation, site=site, name="Ada Fictive")
    booking = _take(session, judge, mediator)
    asked = designation(session, judge, booking.id, now=NOW)

    said = {line.name: line.value for line in lines(asked)}
    assert said["Médiateur désigné"] == "Ada Fictive"
    assert said["Adresse"] == "1 rue Fictive, 69001 Lyon"
    assert said["Téléphone"] == "+33 6 39 98 00 12"
    assert "Courriel" not in said
    assert "lundi\u00a09\u00a0mars\u00a02026" in answer(asked)
    assert case_line(asked).is_running
    assert answer(replace(asked, state=State.CANCELLED, since=None)).endswith("annulée.")


def test_the_notice_says_once_the_service_has_accepted(
    session: Session, world: World, judge: Actor, mediation: Kind
) -> None:
    booking = _take(session, judge, _mediator(session, world, mediation))
    accept(session, world.host, booking.id, now=NOW)

    assert answer(designation(session, judge, booking.id, now=NOW)) == "Le service a accepté la mesure."


def test_what_is_not_a_phone_number_is_shown_as_it_is() -> None:
    assert readable_phone("poste 12 bis") == "poste 12 bis"
    assert readable_phone("") == ""
