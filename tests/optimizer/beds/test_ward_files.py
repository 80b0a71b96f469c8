"""The format of patient admission scheduling, read into the model of beds and priced by its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import beds, wards
from optimizer.beds.check import check, price
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Placement, Problem, Request
from optimizer.beds.solve import greedy, solve
from tests.optimizer.beds.house import cost

HOSPITAL = """ARTICLE BENCHMARK DATA SET
Rooms: 2
Roomproperties: 2
Beds: 3
Departments: 2
Specialisms: 2
Patients: 4
Planning horizon: 5

SPECIALISMS:
1 Heart
2 Lung

DEPARTMENTS:
1 North 0 60 | 1 1
2 South 18 0 | 1 1 2 2

ROOMPROPERTIES:
1 telemetry
2 oxygen

ROOMS:
1 N1 | 1 | 1 | F | 1 1 | 1 0
2 S1 | 2 | 2 | D | 2 1 3 2 | 0 1

BEDS:
1 1
2 2
3 2

PATIENTS:
1 Ann 70 F | 0 3 | 1 1 3 | 1 | 1 0 | 1 1
2 Bob 40 M | 3 9 | 2 1 1 2 5 | 0 | 0 1 | 1 0
3 Eve 50 F | 2 2 | 1 1 0 | 1 | 0 0 | 0 0
4 Jim 50 M | 5 8 | 1 1 3 | 1 | 0 0 | 0 0

END.
"""


@pytest.fixture
def hospital() -> Problem:
    return beds.read(HOSPITAL)


def test_patients_without_a_night_are_out_and_nights_after_the_horizon_too(hospital: Problem) -> None:
    assert [(one.id, one.nights, one.specialisms) for one in hospital.requests] == [
        ("1", 3, (("1", 3),)),
        ("2", 2, (("1", 1), ("2", 1))),
    ]


def test_each_rule_costs_what_the_paper_says(hospital: Problem) -> None:
    first, second = hospital.requests

    assert priced(hospital, first, "1") == {"age": 300, "equipment-preferred": 60}
    assert priced(hospital, first, "2") == {"larger-room": 24, "level": 30, "equipment": 150}
    assert priced(hospital, second, "2") == {"level": 10 + 20, "equipment-preferred": 40}


def test_a_room_of_women_takes_no_man(hospital: Problem) -> None:
    (man,) = (one for one in hospital.requests if one.id == "2")
    broken = check(hospital, Plan(placed={"2": Placement(room_id="1", first_on=man.earliest_on)}))

    assert [one.rule for one in broken] == ["sex"]


def test_a_file_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(HOSPITAL)
    found = beds.solved(path, seconds=5, seed=1)

    assert found.line.split()[:2] == ["tiny", "27.4"]
    assert found.line.endswith("valid")


def test_a_hospital_drawn_is_read_and_the_search_gains_on_the_greedy_plan() -> None:
    given = beds.read(wards.drawn(5, wards=2, rooms_each=6))
    found = solve(given, seed=1, work_limit=0.2)

    assert wards.drawn(5) == wards.drawn(5) != wards.drawn(6)
    assert check(given, found.plan) == []
    assert found.unplaced == ()
    assert found.cost < cost(given, greedy(given))


def priced(given: Problem, request: Request, room_id: str) -> dict[str, float]:
    """Return what a room costs somebody, in tenths."""
    lines = price(given, Plan(placed={request.id: Placement(room_id=room_id, first_on=request.earliest_on)}))
    return {line.rule: line.cost for line in lines if line.rule != "refused"}
