"""Runs as programs ask for them, follow them, and use what they propose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from availability.models import Resource, Shape
from booking.plans.hearings import ROOM_KIND
from booking.plans.models import Cabinet, OptimizerRun, WaitingCase
from booking.plans.runs import finish_run, job_for, record_progress, take_run
from optimizer.beside import search
from optimizer.manners import Found, Proposal
from optimizer.searching import Progress
from tests.api_country import START, Api, in_days, problem_of
from tests.factories import make_kind

ASKED = {"problem": "hearings", "kind": "hearing", "first": in_days(1), "until": in_days(40)}


@pytest.fixture
def court(api: Api) -> list[str]:
    """Lyon has one judge, one clerk and one room for its hearings; three cases wait there, two of which fit."""
    with Session(api.engine) as session, session.begin():
        _staff(session, api)
        cases = [
            WaitingCase(
                territory_id=api.country["lyon"],
                kind_id=api.country["kind_hearing"],
                case_ref=f"26/{number}",
                family="divorce",
                minutes=20,
                received_on=START.date() - timedelta(days=9),
                ready_on=START.date(),
            )
            for number in range(3)
        ]
        session.add_all(cases)
        return [str(case.id) for case in cases]


def _staff(session: Session, api: Api) -> None:
    """Add who holds hearings, once for this module."""
    if "judge_of_plans" in api.country.ids:
        return
    staff = make_kind(session, Shape.SLOTS, reserved_by=())
    rooms = make_kind(session, Shape.SLOTS, reserved_by=(), code=ROOM_KIND)
    for name, kind in (("judge_of_plans", staff), ("clerk_of_plans", staff), ("room_of_plans", rooms)):
        made = Resource(code=name, name=name, site_id=api.country["csl_lyon"], kind_id=kind.id)
        session.add(made)
        session.flush()
        api.country.ids[name] = made.id
    session.add(Cabinet(judge_id=api.country["judge_of_plans"], clerk_id=api.country["clerk_of_plans"]))


async def asked(api: Api, **changes: Any) -> str:
    """Return a run that the registry has asked for."""
    async with api.client("registry") as client:
        answer = await client.post("/optimizer/runs", json=ASKED | changes)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


async def found(api: Api, *, with_another: bool = False) -> str:
    """Return a run whose plan is there, as a server would have made it."""
    run_id = await asked(api)
    with Session(api.engine) as session, session.begin():
        assert take_run(session, now=START) == UUID(run_id)
        job = job_for(session, UUID(run_id), now=START)
        result: Found = search(job, stop=lambda: False, progress=lambda _: None, limit_s=1)
        others = (Proposal(plan=job.in_force, price=result.before),) if with_another else ()
        record_progress(session, UUID(run_id), [Progress(seconds=1.5, cost=7, bound=2.5, unplaced=1)], now=START)
        finish_run(session, UUID(run_id), Found(**vars(result) | {"others": others}), now=START)
    return run_id


@pytest.mark.usefixtures("court")
async def test_a_plan_is_asked_for_once_a_key_followed_and_stopped(api: Api) -> None:
    async with api.client("registry") as client:
        first = await client.post("/optimizer/runs", json=ASKED, headers={"Idempotency-Key": "a"})
        again = await client.post("/optimizer/runs", json=ASKED, headers={"Idempotency-Key": "a"})
        busy = await client.post("/optimizer/runs", json=ASKED)
        address = first.headers["location"].removeprefix("/api/v1")
        read = await client.get(address)
        stopped = await client.post(f"{address}/stop")
        listed = await client.get("/optimizer/runs", params={"problem": "hearings", "kind": "hearing"})

    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert problem_of(busy, 409, "already-planning")
    assert (read.json()["state"], read.json()["plan"], read.json()["moves"]) == ("queued", None, [])
    assert (stopped.json()["state"], stopped.json()["has_plan"]) == ("stopped", False)
    assert [(one["id"], one["kind"], one["manner"]) for one in listed.json()["items"]] == [
        (first.json()["id"], "hearing", "plan")
    ]


async def test_a_proposal_says_its_prices_what_moves_and_what_has_no_place(api: Api, court: list[str]) -> None:
    run_id = await found(api)

    async with api.client("registry") as client:
        told = (await client.get(f"/optimizer/runs/{run_id}")).json()

    placed = set(told["plan"]["placed"])
    assert len(placed) == 2, "a session takes one of this family"
    (left,) = set(court) - placed
    assert [(one["item"], one["change"]) for one in told["unplaced"]] == [(left, None)]
    assert told["unplaced"][0]["reasons"]
    moved = {one["item"]: (one["before"], one["after"]) for one in told["moves"]}
    assert {item for item in moved if not item.startswith("hearing:")} == placed
    assert all(before is None for before, _ in moved.values())
    prices = {one["rule"]: (one["count_before"], one["count_after"]) for one in told["prices"]}
    assert prices["unplaced"] == (3, 1)
    assert told["progress"] == [{"seconds": 1.5, "value": 7, "bound": 2.5, "unplaced": 1}]
    assert (told["is_stale"], told["others"]) == (False, [])


async def test_a_proposal_is_tried_applied_in_part_then_whole_and_taken_back(api: Api, court: list[str]) -> None:
    run_id = await found(api)
    at = f"/optimizer/runs/{run_id}"

    async with api.client("registry") as client:
        placed = list((await client.get(at)).json()["plan"]["placed"])
        tried = await client.post(f"{at}/apply", json={"dry_run": True}, headers={"Idempotency-Key": "b"})
        assert api.count("booking") == 0
        part = await client.post(f"{at}/apply", json={"items": placed[:1]})
        whole = await client.post(f"{at}/apply")
        stale = (await client.get(at)).json()["is_stale"]
        undone = await client.post(f"{at}/undo")
        unknown = await client.post(f"{at}/apply", json={"items": [court[0], "lunch"]})

    assert set(tried.json()["done"]) > set(placed)
    assert tried.json()["dry_run"] is True
    assert set(placed[:1]) < set(part.json()["done"])
    assert (set(whole.json()["already"]), whole.json()["refused"]) == (set(placed[:1]), [])
    assert (stale, undone.json()) == (True, {"count": 2})
    assert problem_of(unknown, 422, "invalid-request")["field"] == "items"


@pytest.mark.usefixtures("court")
async def test_another_plan_is_kept_beside_checked_and_priced(api: Api) -> None:
    run_id = await found(api, with_another=True)
    at = f"/optimizer/runs/{run_id}/change"

    async with api.client("registry") as client:
        base = (await client.get(f"/optimizer/runs/{run_id}")).json()
        chosen = await client.post(at, json={"other": 0})
        kept = await client.get(chosen.headers["location"].removeprefix("/api/v1"))
        full = base["plan"] | {"placed": dict.fromkeys(base["plan"]["placed"], api.country["hearing"])}
        broken = await client.post(at, json={"plan": full})
        odd = [
            await client.post(at, json=sent)
            for sent in ({"other": 1}, {"plan": {"placed": 7}}, {}, {"other": 0, "plan": {}}, {"plan": {"a": "\x00"}})
        ]

    assert (chosen.status_code, kept.json()["manner"], kept.json()["based_on"]) == (201, "by-hand", run_id)
    assert (base["others"][0]["moves"], kept.json()["plan"]["placed"]) == (0, {})
    assert problem_of(broken, 409, "broken-plan")["rules"]
    for each in odd:
        problem_of(each, 422, "invalid-request")


@pytest.mark.usefixtures("court")
async def test_a_search_begins_from_a_run_and_repairs_when_asked_to(api: Api) -> None:
    base = await found(api)
    run_id = await asked(api, based_on=base, manner="repair", settings={"locks": {"hearing:7": "free"}})

    with Session(api.engine) as session:
        run = session.get_one(OptimizerRun, UUID(run_id))
    assert (str(run.based_on), run.manner) == (base, "repair")
    assert run.settings == {"sliders": {}, "rules": {}, "locks": {"hearing:7": "free"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": ASKED["first"]},
        {"until": "2099-01-01"},
        {"kind": "lunch"},
        {"problem": "lunch"},
        {"manner": "by-hand"},
        {"settings": {"sliders": {"near": 5}}},
        {"settings": {"sliders": {"near": True}}},
        {"settings": {"rules": {"late": 10**400}}},
        {"settings": {"locks": {"a": "welded"}}},
        {"settings": {"weeks": 10**30}},
        {"settings": {"a\x00": 1}},
        {"settings": {"deep": [[[[[[[[[[1]]]]]]]]]]}},
        {"settings": 7},
        {"based_on": "7"},
    ],
)
async def test_what_means_nothing_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    async with api.client("registry") as client:
        answer = await client.post("/optimizer/runs", json=ASKED | wrong)

    problem_of(answer, 422, "invalid-request")


async def test_a_kind_is_planned_as_what_it_is(api: Api) -> None:
    async with api.client("registry") as client:
        answer = await client.post("/optimizer/runs", json=ASKED | {"problem": "shares"})

    problem_of(answer, 404, "not-found")


async def test_only_who_plans_there_sees_and_asks(api: Api) -> None:
    run_id = await asked(api)
    with Session(api.engine) as session, session.begin():
        session.get_one(OptimizerRun, UUID(run_id)).territory_id = api.country["brest"]

    async with api.client("registry") as client:
        for path in (run_id, str(uuid4())):
            problem_of(await client.get(f"/optimizer/runs/{path}"), 404, "not-found")
            for act in ("stop", "apply", "undo"):
                problem_of(await client.post(f"/optimizer/runs/{path}/{act}"), 404, "not-found")
            problem_of(await client.post(f"/optimizer/runs/{path}/change", json={"other": 0}), 404, "not-found")
        problem_of(await client.post("/optimizer/runs", json=ASKED | {"based_on": run_id}), 404, "not-found")
        listed = await client.get("/optimizer/runs")
    async with api.client("officer") as officer:
        problem_of(await officer.post("/optimizer/runs", json=ASKED), 403, "not-allowed")
    async with api.client("agent") as agent, api.client("host") as host:
        problem_of(await host.get("/optimizer/runs"), 403, "not-allowed")
        assert (await agent.get("/optimizer/runs")).json()["items"] == []

    assert listed.json()["items"] == []
