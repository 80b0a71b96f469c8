"""Closed days of any shape and of whole sites, and temporary capacities: what is taken stands and is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from availability.actions import occupy
from availability.capacities import capacities_to_come, forget_capacity, set_capacity
from availability.claims import Claim, PlaceClaim
from availability.closings import ClosedDays, close_days, close_site_days, reopen_days, reopen_site_days
from availability.errors import CapacityReached, InvalidRequest, NotAllowed, NotFound, NotOpen, Refusal
from availability.history import HistoryLine
from availability.models import Closure, Kind, Resource, Shape
from availability.queries import places_by_day
from availability.rights import Actor, Role
from availability.search import Found, Wish, search
from portal.database import make_engine
from tests.availability.scarce import Scarce, make_scarce, refused, somebody
from tests.conftest import Database
from tests.factories import NOW, TODAY, World, in_days, in_minutes, make_kind, make_resource, make_site, make_world
from tests.races import act, at_once, refusals, wait_until_somebody_waits

every_shape = pytest.mark.parametrize("shape", list(Shape))


def days(first: int, until: int, reason: str = "") -> ClosedDays:
    """Return closed days counted from today."""
    return ClosedDays(in_days(first), in_days(until), reason)


def look(session: Session, world: World, resource: Resource, first: int, until: int) -> Found:
    """Return a resource as the search finds it, for the wish of these days."""
    kind = session.get_one(Kind, resource.kind_id)
    wish = Wish(kind=kind, first=in_days(first), until=in_days(until), resource_ids=(resource.id,))
    (found,) = search(session, world.officer, wish, now=NOW)
    return found


@every_shape
def test_whoever_runs_it_closes_a_resource_of_any_shape_and_what_was_taken_is_returned(
    session: Session, world: World, shape: Shape
) -> None:
    scarce, holder = make_scarce(session, world, shape), somebody()
    occupy(session, [scarce.claim], holder)
    first = 7 if shape is Shape.SESSIONS else 3

    beside = close_days(session, world.officer, scarce.resource.id, days(first + 30, first + 31), now=NOW)
    closed = close_days(session, world.officer, scarce.resource.id, days(first, first + 1, "Travaux"), now=NOW)

    assert beside.outside == ()
    assert [one.holder_id for one in closed.outside] == [holder.id]
    assert scarce.holders(session) == {holder.id}
    given_back = reopen_days(session, world.officer, scarce.resource.id, closed.closure_id, now=NOW)
    assert given_back == days(first, first + 1, "Travaux")
    acts = session.exec(select(HistoryLine.act).order_by(HistoryLine.id)).all()  # type: ignore[arg-type]
    assert acts == ["days-closed", "days-closed", "days-reopened"]


@every_shape
def test_a_whole_site_closes_everything_on_it_and_opens_again(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)
    first = 7 if shape is Shape.SESSIONS else 3

    closed = close_site_days(session, world.officer, world.site.id, days(first, first + 1), now=NOW)

    with refused(session, NotOpen):
        occupy(session, [scarce.claim], somebody())
    assert reopen_site_days(session, world.officer, world.site.id, closed.closure_id, now=NOW) == days(first, first + 1)
    assert session.exec(select(Closure)).all() == []


def test_only_who_runs_all_of_a_site_closes_it(session: Session, world: World) -> None:
    own = make_kind(session, Shape.PLACES, reserved_by=[Role.PARTNER], set_by=[Role.PARTNER])
    make_resource(session, world.site, own)
    closed = close_site_days(session, world.host, world.site.id, days(3, 4), now=NOW)
    make_resource(session, world.site, make_kind(session, Shape.NIGHTS))

    with refused(session, NotAllowed):
        close_site_days(session, world.host, world.site.id, days(5, 6), now=NOW)
    with refused(session, NotAllowed):
        reopen_site_days(session, world.host, world.site.id, closed.closure_id, now=NOW)
    with refused(session, NotFound):
        close_site_days(session, world.stranger, world.site.id, days(5, 6), now=NOW)
    with refused(session, NotFound):
        close_site_days(session, world.officer, make_site(session, world.here).id, days(5, 6), now=NOW)


@pytest.mark.parametrize(
    ("closed", "is_refused"),
    [((3, 4), True), ((1, 4), True), ((4, 5), False), ((4, 100), False), ((1, 3), False), ((3, 100), True)],
)
def test_a_post_is_refused_only_when_it_would_begin_on_a_closed_day(
    session: Session, world: World, closed: tuple[int, int], is_refused: bool
) -> None:
    """The search says the same as the act."""
    post = make_scarce(session, world, Shape.PLACES)  # from the third day on, for a month
    close_days(session, world.officer, post.resource.id, days(*closed), now=NOW)

    assert look(session, world, post.resource, 3, 33).is_closed is is_refused
    if is_refused:
        with refused(session, NotOpen):
            occupy(session, [post.claim], somebody())
    else:
        occupy(session, [post.claim], somebody())


def test_a_capacity_is_set_for_a_while_and_given_back(session: Session, world: World) -> None:
    post = make_scarce(session, world, Shape.PLACES)

    done = set_capacity(session, world.officer, post.resource.id, in_days(10), in_days(20), 0, "Congé", now=NOW)

    assert capacities_to_come(session, post.resource.id, today=TODAY) == (done,)
    with refused(session, CapacityReached):
        occupy(session, [post.claim], somebody())
    with refused(session, InvalidRequest) as refusal:
        set_capacity(session, world.officer, post.resource.id, in_days(19), in_days(30), 2, now=NOW)
    assert (refusal.value.problem, refusal.value.facts["until"]) == ("capacity-already", in_days(20))
    set_capacity(session, world.officer, post.resource.id, in_days(20), in_days(30), 2, now=NOW)  # back to back

    assert forget_capacity(session, world.officer, post.resource.id, done.id, now=NOW) == done
    occupy(session, [post.claim], somebody())
    lines = session.exec(select(HistoryLine).order_by(HistoryLine.id)).all()  # type: ignore[arg-type]
    assert [line.act for line in lines] == ["capacity-set", "capacity-set", "capacity-forgotten"]
    assert "Congé" not in str([line.facts for line in lines])


def test_of_a_capacity_that_has_begun_only_the_rest_is_taken_back(session: Session, world: World) -> None:
    post = make_scarce(session, world, Shape.PLACES)
    done = set_capacity(session, world.officer, post.resource.id, TODAY, in_days(20), 3, now=NOW)
    later = in_minutes(5 * 24 * 60)

    left = forget_capacity(session, world.officer, post.resource.id, done.id, now=later)

    assert (left.first, left.until, left.capacity) == (in_days(5), in_days(20), 3)
    assert capacities_to_come(session, post.resource.id, today=in_days(5)) == ()
    with refused(session, NotFound):
        forget_capacity(session, world.officer, post.resource.id, done.id, now=later)


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        ((-1, 3, 1, ""), ("first", "past")),
        ((3, 3, 1, ""), ("until", "not-after-start")),
        ((3, 367, 1, ""), ("until", "too-far")),
        ((3, 4, -1, ""), ("capacity", "out-of-range")),
        ((3, 4, 10_001, ""), ("capacity", "out-of-range")),
        ((3, 4, 1, "x" * 121), ("reason", "too-long")),
    ],
)
def test_a_capacity_that_cannot_be_is_refused(
    session: Session, world: World, wanted: tuple[int, int, int, str], wrong: tuple[str, str]
) -> None:
    post = make_scarce(session, world, Shape.PLACES)
    first, until, capacity, reason = wanted

    with refused(session, InvalidRequest) as refusal:
        set_capacity(
            session, world.officer, post.resource.id, in_days(first), in_days(until), capacity, reason, now=NOW
        )
    assert (refusal.value.field, refusal.value.problem) == wrong


@pytest.mark.parametrize("shape", [Shape.NIGHTS, Shape.SESSIONS])
def test_beds_and_hearings_have_no_capacity_but_their_own(session: Session, world: World, shape: Shape) -> None:
    scarce = make_scarce(session, world, shape)

    with refused(session, InvalidRequest):
        set_capacity(session, world.officer, scarce.resource.id, in_days(1), in_days(2), 1, now=NOW)
    with refused(session, NotFound):
        set_capacity(session, world.stranger, scarce.resource.id, in_days(1), in_days(2), 1, now=NOW)


some_days = st.tuples(st.integers(0, 9), st.integers(1, 6))
temporary = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=3, unique_by=lambda pair: pair[0])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(post_has=st.tuples(st.integers(0, 3), st.integers(0, 2)), taken=st.lists(some_days, max_size=4),
       changed=temporary, wanted=some_days)  # fmt: skip
def test_the_search_the_days_and_the_act_count_places_alike(
    session: Session,
    post_has: tuple[int, int],
    taken: list[tuple[int, int]],
    changed: list[tuple[int, int]],
    wanted: tuple[int, int],
) -> None:
    with session.begin_nested() as savepoint:
        world = make_world(session)
        columns = dict(zip(("capacity", "declared_load"), post_has, strict=True))
        post = make_resource(session, world.site, make_kind(session, Shape.PLACES), **columns)
        for first, long in taken:
            _try(session, PlaceClaim(resource_id=post.id, first=in_days(first), until=in_days(first + long)))
        for number, capacity in changed:  # of four days each
            set_capacity(
                session, world.officer, post.id, in_days(4 * number), in_days(4 * number + 4), capacity, now=NOW
            )
        first, until = wanted[0], wanted[0] + wanted[1]

        found = look(session, world, post, first, until)
        by_day = places_by_day(session, [post.id], first=in_days(first), until=in_days(until), now=NOW)[post.id]
        count = 0
        while _try(session, PlaceClaim(resource_id=post.id, first=in_days(first), until=in_days(until))):
            count += 1

        assert found.free == count == min(day.free for day in by_day)
        assert found.free <= found.total
        savepoint.rollback()


def _try(session: Session, claim: Claim) -> bool:
    try:
        with session.begin_nested():
            occupy(session, [claim], somebody())
    except Refusal:
        return False
    return True


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=8)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("shape", [Shape.PLACES, Shape.SLOTS])
def test_a_capacity_lowered_for_a_while_is_seen_by_those_who_wait(engine: Engine, shape: Shape) -> None:
    """Set under the lock of the resource: whoever takes a place meanwhile waits for it, and is refused."""

    def prepare(session: Session) -> tuple[Actor, Scarce]:
        world = make_world(session)
        return world.officer, make_scarce(session, world, shape)

    officer, scarce = act(engine, prepare)
    with Session(engine) as service, service.begin():
        set_capacity(service, officer, scarce.resource.id, TODAY, in_days(9), 0, now=NOW)

        def commit_once_somebody_waits() -> None:
            wait_until_somebody_waits(engine)
            service.commit()

        takes = partial(act, engine, occupy, [scarce.claim], somebody())
        acts: list[Callable[[], Any]] = [takes, commit_once_somebody_waits]
        answers = at_once(acts)

    assert refusals(answers) == [scarce.full]
