"""A resource cuts its openings in its own way, or as its kind does; what was taken keeps its times."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.grids import OwnGrid, grid_of_kind, own_grid, set_grid
from availability.history import HistoryLine
from availability.models import Shape
from tests.availability.scarce import refused
from tests.availability.test_hours import an_agent, at, free_starts, take, taken
from tests.factories import NOW, World, in_days, make_beds, make_host, make_kind, make_resource

DAY = in_days(7)
OWN = OwnGrid(slot_duration_min=60, slot_step_min=20, buffer_before_min=10, buffer_after_min=20, capacity=2)


def test_openings_are_cut_by_the_grid_of_their_own_and_giving_back_what_it_replaced_undoes_it(
    session: Session, world: World
) -> None:
    agent = an_agent(session, world)
    usual = free_starts(session, agent, DAY)
    assert len(usual) == 6

    before = set_grid(session, world.officer, agent.id, OWN, now=NOW)

    assert free_starts(session, agent, DAY) == [
        at(DAY, start) for start in ("09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00")
    ]
    take(session, agent, at(DAY, "09:00"))
    take(session, agent, at(DAY, "09:00"))  # the second seat
    assert free_starts(session, agent, DAY) == [at(DAY, start) for start in ("10:40", "11:00")]
    session.execute(text("DELETE FROM seat_time"))
    assert set_grid(session, world.officer, agent.id, before, now=NOW) == OWN
    assert free_starts(session, agent, DAY) == usual
    lines = session.exec(select(HistoryLine).where(HistoryLine.act == "grid-set").order_by(text("id"))).all()
    assert [line.facts["slot_step_min"] for line in lines] == [20, None]


def test_what_was_taken_stands_and_nobody_is_put_over_it(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    take(session, agent, at(DAY, "09:30"))
    stands = taken(session)

    set_grid(session, world.officer, agent.id, OwnGrid(slot_duration_min=45, slot_step_min=45), now=NOW)

    assert taken(session) == stands
    assert free_starts(session, agent, DAY) == [at(DAY, "10:30"), at(DAY, "11:15")]
    with refused(session, PeriodTaken):
        take(session, agent, at(DAY, "09:45"))
    with refused(session, NotOpen):
        take(session, agent, at(DAY, "10:00"))


def test_what_it_does_not_say_is_as_its_kind_says(session: Session, world: World) -> None:
    agent = an_agent(session, world, buffer_after_min=30)
    set_grid(session, world.officer, agent.id, OwnGrid(slot_duration_min=20), now=NOW)

    grid = own_grid(session, agent.id).over(grid_of_kind(session, agent.id))

    minutes = [one.total_seconds() / 60 for one in (grid.duration, grid.step, grid.buffer_before, grid.buffer_after)]
    assert minutes == [20, 30, 0, 30]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("slot_step_min", 0, "out-of-range"),
        ("slot_duration_min", 10_081, "out-of-range"),
        ("buffer_before_min", -1, "out-of-range"),
        ("buffer_after_min", 1441, "out-of-range"),
        ("capacity", 10_001, "out-of-range"),
        ("capacity", None, "not-numeric"),
        ("slot_step_min", True, "not-numeric"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_name(field: str, value: Any, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        OwnGrid(**{field: value})

    assert (refusal.value.field, refusal.value.problem, refusal.value.facts["value"]) == (field, problem, value)


def test_only_whoever_sets_its_hours_sets_its_grid(session: Session, world: World) -> None:
    agent = an_agent(session, world)
    beds = make_resource(session, world.site, make_kind(session, Shape.NIGHTS))
    make_beds(session, beds, "1")
    other = make_host(world.site.organisation_id, world.here)  # not that which runs the agent

    with refused(session, NotFound):
        set_grid(session, world.stranger, agent.id, OWN, now=NOW)
    with refused(session, NotAllowed):
        set_grid(session, other, agent.id, OWN, now=NOW)
    with refused(session, InvalidRequest):
        set_grid(session, world.officer, beds.id, OWN, now=NOW)
    assert own_grid(session, agent.id) == OwnGrid()
