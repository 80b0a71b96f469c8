"""Two who look at one booking: who acts on what they no longer see is told what the other did, and changes nothing."""

from __future__ import annotations

from functools import partial

import pytest
from sqlmodel import Session

from booking.actions import accept, cancel, confirm, hold, lapse, refuse
from booking.errors import ChangedMeanwhile, HoldExpired
from booking.models import Booking, State
from booking.moving import move
from booking.outcomes import excuse, note_outcome
from booking.queries import history_of
from tests.api_country import Api, problem_of
from tests.booking.cycle import A_CASE, LATER, TOO_LATE, make_place
from tests.booking.test_api import made, stay
from tests.booking.test_moving import NINE, TEN, at, booked, make_agents
from tests.conftest import Database
from tests.factories import NOW, make_world
from tests.races import act, at_once, refusals


def test_an_act_on_what_changed_meanwhile_says_who_did_what_and_leaves_it_so(session: Session) -> None:
    world = make_world(session)
    (agent,) = make_agents(session, world, 1)
    booking = booked(session, world.officer, agent, NINE)
    seen = booking.revision
    move(session, world.officer, booking.id, at(agent, TEN), now=LATER, revision=seen)
    for stale in (
        partial(cancel, session, world.officer, booking.id, now=LATER, revision=seen),
        partial(move, session, world.officer, booking.id, at(agent, NINE), now=LATER, revision=seen),
        partial(excuse, session, world.officer, booking.id, now=LATER, revision=seen),
        partial(note_outcome, session, world.officer, booking.id, State.MISSED, now=TEN, revision=seen),
    ):
        with pytest.raises(ChangedMeanwhile) as refusal:
            stale()

    (change,) = refusal.value.facts["changes"]  # type: ignore[misc]
    assert (change.act, change.at, change.is_me) == ("booking-moved", LATER, True)
    assert change.facts["to"]["starts_at"] == TEN.isoformat()
    assert refusal.value.facts["revision"] == seen + 1
    assert len(history_of(session, world.officer, booking.id)) == 3
    assert cancel(session, world.officer, booking.id, now=LATER, revision=seen + 1).state == State.CANCELLED


def test_a_host_who_decides_on_what_changed_meanwhile_is_told_too(session: Session) -> None:
    world = make_world(session)
    place = make_place(session, world)
    booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=A_CASE)
    seen = confirm(session, world.officer, booking.id, now=NOW).revision
    accept(session, world.host, booking.id, now=LATER, revision=seen)

    with pytest.raises(ChangedMeanwhile) as refusal:
        refuse(session, world.host, booking.id, reason="full", now=LATER, revision=seen)

    assert [each.act for each in refusal.value.facts["changes"]] == ["booking-booked"]  # type: ignore[attr-defined]


def test_a_hold_that_came_to_its_end_is_said_so_before_and_after_the_clock_wrote_it(session: Session) -> None:
    world = make_world(session)
    booking = hold(session, world.officer, make_place(session, world).claim, now=NOW)
    late = partial(confirm, session, world.officer, booking.id, beneficiary=A_CASE, revision=booking.revision)

    with pytest.raises(HoldExpired):
        late(now=TOO_LATE)
    lapse(session, booking.id, now=TOO_LATE)
    with pytest.raises(HoldExpired):
        late(now=TOO_LATE)


@pytest.mark.parametrize("is_told", [True, False])
def test_of_many_who_act_on_what_they_see_one_does_and_the_control_writes_over_it(
    database: Database, is_told: bool
) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        (agent,) = make_agents(session, world, 1)
        booking = booked(session, world.officer, agent, NINE)
    seen = booking.revision if is_told else None
    outcomes = [State.HONOURED, State.MISSED] * 3
    acts = [
        partial(act, database.engine, note_outcome, world.officer, booking.id, each, now=TEN, revision=seen)
        for each in outcomes
    ]

    answers = at_once(acts)

    with Session(database.engine) as session:
        noted = session.get_one(Booking, booking.id).revision - booking.revision
    assert refusals(answers) == [ChangedMeanwhile] * (len(acts) - 1 if is_told else 0)
    assert noted == 1 if is_told else noted > 1


async def test_a_program_gives_back_the_tag_that_it_read_and_is_told_what_changed_since(api: Api) -> None:
    async with api.client("officer") as client:
        held = await made(client, stay(api))
        path = f"/bookings/{held['id']}"
        read = (await client.get(path)).headers["etag"]
        booked_ = await client.post(f"{path}/confirm", headers={"If-Match": read})
        stale = await client.post(f"{path}/cancel", headers={"If-Match": read})
        unknown = await client.post(f"{path}/cancel", headers={"If-Match": '"of something else"'})
        whatever = await client.post(f"{path}/excuse", headers={"If-Match": "*"})
        last = await client.post(f"{path}/undo", headers={"If-Match": f"W/{whatever.headers['etag']}"})

    assert booked_.headers["etag"] != read
    problem = problem_of(stale, 412, "changed-meanwhile")
    assert [line["act"] for line in problem["changes"]] == ["booking-booked"]
    assert set(problem["changes"][0]) == {"at", "actor_id", "act", "facts"}
    assert problem["revision"] == booked_.json()["revision"] == held["revision"] + 1
    problem_of(unknown, 412, "changed-meanwhile")
    assert (whatever.status_code, last.status_code) == (200, 200)
