"""A file passes from one service to another: asked, accepted, refused, automatic after ten days, reminded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Shape
from availability.rights import Actor, Role
from booking.actions import Beneficiary, confirm, hold
from booking.divestment import (
    ANSWERED_WITHIN,
    AlreadyAnswered,
    AlreadyAsked,
    accept,
    ask,
    divestments_for,
    due,
    refuse,
    remind,
    settle,
    to_answer,
    to_remind,
    withdraw,
)
from booking.dossier import dossier
from booking.models import Booking, Person
from booking.pages.dossier_words import view_of
from booking.person_changes import follow_again, follow_with, stop_following
from booking.person_models import Divestment, DivestmentState
from booking.persons import find_persons, person_for
from booking.queries import booking_for
from portal.database import make_engine
from tests.availability.scarce import make_scarce, refused
from tests.booking.test_persons import HOUSE, open_file
from tests.conftest import Database
from tests.factories import NOW, World, make_actor, make_site, make_world
from tests.races import act, at_once, refusals

IN_TEN_DAYS = NOW + ANSWERED_WITHIN


def acts_of(session: Session, person: Person) -> list[str]:
    """Return the history of a person's divestments."""
    lines = text("SELECT act FROM history WHERE person_id = :id AND act LIKE 'divestment-%' ORDER BY id")
    return list(session.execute(lines, {"id": person.id}).scalars())


def asked_by_stranger(session: Session, world: World, person: Person) -> Divestment:
    """Return the request of the service to which the person moved."""
    request = ask(session, world.stranger, person.id, house=HOUSE, now=NOW, why="A déménagé chez sa sœur fictive")
    session.flush()
    return request


def test_a_file_that_is_asked_for_and_accepted_passes_with_its_rights(session: Session, world: World) -> None:
    person = open_file(session, world)
    claim = make_scarce(session, world, Shape.NIGHTS).claim
    booking = hold(session, world.officer, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    confirm(session, world.officer, booking.id, now=NOW)
    request = asked_by_stranger(session, world, person)
    with refused(session, NotFound):  # who asks sees nothing yet
        person_for(session, world.stranger, person.id)
    (line,) = divestments_for(session, world.officer, house=HOUSE, now=NOW)
    assert (line.why, line.to_come, line.is_ours_to_answer) == ("A déménagé chez sa sœur fictive", 1, True)
    assert to_answer(session, world.officer).count == 1
    assert to_answer(session, world.stranger).count == 0

    accept(session, world.officer, request.id, now=NOW)
    session.flush()

    assert person_for(session, world.stranger, person.id).territory_id == world.elsewhere.id
    with refused(session, NotFound):
        person_for(session, world.officer, person.id)
    assert find_persons(session, world.officer, "zebulon") == []
    line = booking_for(session, world.officer, booking.id, now=NOW)  # what they booked is theirs, without a name
    assert (line.person_id, line.person_name, line.held_by) == (None, "", world.elsewhere.name)
    sheet = view_of(dossier(session, world.officer, booking.id, now=NOW), now=NOW)
    assert sheet.whom == f"{person.given_name[0]}.{person.family_name[0]}."
    assert f"passé à un autre service\u00a0: {world.elsewhere.name}." in sheet.passed
    assert "Cette réservation reste la vôtre" in sheet.passed
    assert sheet.can_give_back
    over = NOW + timedelta(days=400)
    assert "reste la vôtre" not in view_of(dossier(session, world.officer, booking.id, now=over), now=over).passed
    follow = text("SELECT territory_id, until_on IS NULL FROM person_following WHERE person_id = :id ORDER BY 2, 1")
    assert [tuple(row) for row in session.execute(follow, {"id": person.id})] == [
        (world.here.id, False),
        (world.elsewhere.id, True),
    ]
    assert acts_of(session, person) == ["divestment-asked", "divestment-accepted"]


def test_a_file_that_is_offered_is_taken_or_refused_by_the_other_service(session: Session, world: World) -> None:
    person = open_file(session, world)
    offer = ask(session, world.officer, person.id, house=HOUSE, now=NOW, to_territory_id=world.elsewhere.id)
    session.flush()
    with refused(session, NotFound):  # one does not answer oneself
        accept(session, world.officer, offer.id, now=NOW)
    with refused(session, InvalidRequest) as refusal:
        refuse(session, world.stranger, offer.id, why=" ", house=HOUSE, now=NOW)
    assert refusal.value.problem == "required"

    refuse(session, world.stranger, offer.id, why="Pas chez nous", house=HOUSE, now=NOW)
    session.flush()

    (line,) = divestments_for(session, world.officer, house=HOUSE, now=NOW)
    assert (line.state, line.answer, line.is_ours) == (DivestmentState.REFUSED, "Pas chez nous", True)
    assert person_for(session, world.officer, person.id).territory_id == world.here.id
    for act_ in (partial(accept, session, world.stranger), partial(withdraw, session, world.officer)):
        with refused(session, AlreadyAnswered):
            act_(offer.id, now=NOW)
    assert divestments_for(session, world.officer, house=HOUSE, now=NOW + timedelta(days=40)) == []
    # Nothing of what was said is in clear.
    rows = text("SELECT why_sealed, answer_sealed FROM divestment")
    assert b"Pas" not in b"".join(bytes(value) for row in session.execute(rows) for value in row if value)


def test_what_was_asked_may_be_taken_back_and_asked_again_one_at_a_time(session: Session, world: World) -> None:
    person = open_file(session, world)
    request = asked_by_stranger(session, world, person)
    with refused(session, AlreadyAsked):
        asked_by_stranger(session, world, person)
    with refused(session, NotFound):
        withdraw(session, world.officer, request.id, now=NOW)

    withdraw(session, world.stranger, request.id, now=NOW)
    session.flush()
    asked_by_stranger(session, world, person)

    assert acts_of(session, person) == ["divestment-asked", "divestment-withdrawn", "divestment-asked"]


def test_ten_days_without_an_answer_pass_the_file_and_the_seventh_recalls_it(session: Session, world: World) -> None:
    person = open_file(session, world)
    request = asked_by_stranger(session, world, person)
    week, moment = NOW + timedelta(days=7), timedelta(seconds=1)

    assert to_remind(session, now=week - moment) == []
    assert to_remind(session, now=week) == [request.id]
    for _ in range(2):
        remind(session, request.id, now=week)
    session.flush()
    assert to_remind(session, now=week) == []
    assert to_answer(session, world.officer).reminded == 1
    assert due(session, now=IN_TEN_DAYS - moment) == []
    assert settle(session, request.id, now=IN_TEN_DAYS - moment) is None
    assert due(session, now=IN_TEN_DAYS) == [request.id]

    settle(session, request.id, now=IN_TEN_DAYS)
    session.flush()

    assert settle(session, request.id, now=IN_TEN_DAYS) is None
    assert person_for(session, world.stranger, person.id).territory_id == world.elsewhere.id
    assert acts_of(session, person) == ["divestment-asked", "divestment-reminded", "divestment-automatic"]


def test_a_service_that_still_follows_still_sees_and_the_one_that_holds_passes_on(
    session: Session, world: World
) -> None:
    person = open_file(session, world)
    following = follow_with(session, world.officer, person.id, world.elsewhere.id, now=NOW)
    session.flush()
    assert person_for(session, world.stranger, person.id).id == person.id
    assert [one.id for one in find_persons(session, world.stranger, "zebulon")] == [person.id]
    claim = make_scarce(session, replace(world, site=make_site(session, world.elsewhere)), Shape.PLACES).claim
    theirs = hold(session, world.stranger, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    assert booking_for(session, world.stranger, theirs.id, now=NOW).person_name  # who follows reads the name
    own = text("SELECT id FROM person_following WHERE territory_id = :here AND person_id = :id")
    own_id = session.execute(own, {"here": world.here.id, "id": person.id}).scalar_one()
    with refused(session, InvalidRequest) as refusal:
        stop_following(session, world.officer, person.id, own_id, now=NOW)
    assert refusal.value.problem == "holds-the-file"

    stop_following(session, world.officer, person.id, following.id, now=NOW)
    session.flush()

    with refused(session, NotFound):
        person_for(session, world.stranger, person.id)
    follow_again(session, world.officer, person.id, following.id, now=NOW)
    session.flush()
    assert person_for(session, world.stranger, person.id).id == person.id


def test_only_those_who_follow_people_answer_for_their_service(session: Session, world: World) -> None:
    request = asked_by_stranger(session, world, open_file(session, world))
    family_judge = make_actor(Role.FAMILY_JUDGE, world.here)

    assert to_answer(session, family_judge).count == 0
    assert divestments_for(session, family_judge, house=HOUSE, now=NOW) == []
    with refused(session, NotFound):
        accept(session, family_judge, request.id, now=NOW)

    assert to_answer(session, make_actor(Role.SENTENCE_JUDGE, world.here)).count == 1


def test_who_may_not_ask_is_told_why(session: Session, world: World) -> None:
    person = open_file(session, world)

    for to, problem in ((None, "required"), (world.here.id, "same"), (2**40, "unknown-choice")):
        with refused(session, InvalidRequest) as refusal:
            ask(session, world.officer, person.id, house=HOUSE, now=NOW, to_territory_id=to)
        assert refusal.value.problem == problem
    with refused(session, NotAllowed):
        ask(session, world.host, person.id, house=HOUSE, now=NOW)
    with refused(session, InvalidRequest):
        ask(session, world.stranger, person.id, house=HOUSE, now=NOW, why="x" * 301)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with as many connections as there are threads."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def test_accepting_refusing_withdrawing_and_the_clock_at_once_end_it_once(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, Actor, UUID, UUID]:
        world = make_world(session)
        person = open_file(session, world)
        return world.officer, world.stranger, person.id, asked_by_stranger(session, world, person).id

    officer, stranger, person_id, request_id = act(engine, prepare)

    answers = at_once(
        [
            partial(act, engine, accept, officer, request_id, now=IN_TEN_DAYS),
            partial(act, engine, accept, officer, request_id, now=IN_TEN_DAYS),
            partial(act, engine, refuse, officer, request_id, why="Non", house=HOUSE, now=IN_TEN_DAYS),
            partial(act, engine, withdraw, stranger, request_id, now=IN_TEN_DAYS),
            partial(act, engine, settle, request_id, now=IN_TEN_DAYS),
            partial(act, engine, settle, request_id, now=IN_TEN_DAYS),
        ]
    )

    done = [one for one in answers if one is not None and not isinstance(one, Refusal)]
    assert len(done) == 1
    assert set(refusals(answers)) == {AlreadyAnswered}
    with Session(engine) as session:
        ends = text("SELECT count(*) FROM history WHERE act LIKE 'divestment-%' AND act <> 'divestment-asked'")
        assert session.execute(ends).scalar() == 1
        passed = session.get_one(Divestment, request_id).state in ("accepted", "automatic")
        assert (session.get_one(Person, person_id).territory_id == stranger.home_territory_id) == passed
        assert session.execute(text("SELECT count(*) FROM person_following WHERE until_on IS NULL")).scalar() == 1


def test_a_place_is_taken_while_the_file_passes_and_nobody_waits_for_ever(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, UUID, object]:
        world = make_world(session)
        person = open_file(session, world)
        claim = make_scarce(session, world, Shape.NIGHTS).claim
        return world.officer, person.id, asked_by_stranger(session, world, person).id, claim

    officer, person_id, request_id, claim = act(engine, prepare)
    beneficiary = Beneficiary(person_id=person_id)

    answers = at_once(
        [
            partial(act, engine, accept, officer, request_id, now=NOW),
            partial(act, engine, hold, officer, claim, now=NOW, beneficiary=beneficiary),
        ]
    )

    assert not isinstance(answers[0], Refusal)
    assert isinstance(answers[1], Booking | NotFound)  # they followed the person at that moment, or no longer
