"""Problems and plans are read from JSON strictly, written back equal, and what is wrong is told with its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, is_dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from optimizer import forms
from optimizer.forms import BadForm
from optimizer.matrices import Matrix
from tests.optimizer.hearings.court import month
from tests.optimizer.shares.region import region

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "optimizer.md"
EXAMPLES = dict(re.findall(r"^## `(\w+)`\n.*?^```json\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL))


def faults(name: str, problem: Any) -> list[tuple[str, str]]:
    """Return the places and the codes of what is wrong."""
    data = problem if isinstance(problem, bytes) else json.dumps(problem).encode()
    with pytest.raises(BadForm) as refused:
        forms.read_problem(name, data)
    return [(one.place, one.code) for one in refused.value.faults]


@pytest.mark.parametrize("name", forms.PACKAGES)
def test_each_solver_that_is_listed_has_all_of_the_agreed_names(name: str) -> None:
    solver = forms.solver(name)

    assert is_dataclass(solver.problem)
    assert is_dataclass(solver.plan)
    asked = list(signature(solver.solve).parameters)
    assert asked == ["problem", "seed", "limit_s", "work_limit", "start", "on_progress"]
    assert [len(signature(one).parameters) for one in (solver.check, solver.price)] == [2, 2]


@pytest.mark.parametrize("name", forms.PACKAGES)
def test_the_guide_has_an_example_of_each_problem_which_is_solved_and_read_back(name: str) -> None:
    problem = forms.read_problem(name, EXAMPLES[name].encode())
    solver = forms.solver(name)
    outcome = solver.solve(problem, work_limit=1)

    assert solver.check(problem, outcome.plan) == []
    assert outcome.unplaced == ()
    assert solver.price(problem, outcome.plan)
    assert forms.written(forms.read_problem(name, forms.written(problem).encode())) == forms.written(problem)
    assert forms.read_plan(name, forms.written(outcome.plan).encode()) == outcome.plan
    assert forms.read_plan(name, forms.written({"plan": outcome.plan, "ended": outcome.ended}).encode()) == outcome.plan


@pytest.mark.parametrize(
    ("name", "problem"), [("hearings", month()), ("shares", region(1, measures=40, professionals=6))]
)
def test_what_is_written_is_read_back_equal(name: str, problem: Any) -> None:
    assert forms.read_problem(name, forms.written(problem).encode()) == problem


def test_every_fault_is_told_with_its_place() -> None:
    problem = json.loads(EXAMPLES["shares"])
    anna, bruno = problem["professionals"]
    first, second, third = problem["measures"]
    anna["capacity"], bruno["zone"], bruno["point"]["lat"] = "20", 69, 120
    del first["kind"]
    second["load"], second["points"] = 1.5, {"lat": 1}
    third["lock"] = "stuck"
    problem["balance"] = None

    assert faults("shares", problem) == [
        ("professionals[0].capacity", "int_type"),
        ("professionals[1].point", "value_error"),
        ("professionals[1].zone", "unexpected_keyword_argument"),
        ("measures[0].kind", "missing"),
        ("measures[1].load", "int_type"),
        ("measures[1].points", "tuple_type"),
        ("measures[2].lock", "enum"),
        ("balance", "enum"),
    ]


def test_days_and_instants_are_read_strictly() -> None:
    problem = json.loads(EXAMPLES["hearings"])
    problem["cases"][0]["ready_on"] = "20/11/2026"
    problem["cases"][0]["id"] = "12"
    problem["hearings"][0]["period"]["start"] = "2026-11-30T09:00:00"

    assert faults("hearings", problem) == [
        ("hearings[0].period", "value_error"),
        ("cases[0].id", "uuid_parsing"),
        ("cases[0].ready_on", "date_parsing"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json_invalid"),
        (b'{"measures": [', "json_invalid"),
        (b'{"measures": [], "professionals": [], "slack": NaN}', "json_invalid"),
        (b"{}, {}", "json_invalid"),
        (b'{"measures": [], "professionals": [], "slack": 1, "slack": 2}', "key_twice"),
        (b"\xff\xfe", "json_invalid"),
        (b"[" * 100_000, "json_invalid"),
        (b"[]", "dataclass_type"),
        (b"null", "dataclass_type"),
    ],
)
def test_a_file_that_is_no_object_is_refused_as_a_whole(data: bytes, code: str) -> None:
    assert faults("shares", data) == [("", code)]


def test_a_mark_of_byte_order_is_no_fault() -> None:
    assert forms.read_problem("shares", b"\xef\xbb\xbf" + EXAMPLES["shares"].encode())
    with pytest.raises(BadForm, match="expected value"):
        forms.read_plan("shares", b"plan")


@dataclass(frozen=True, kw_only=True)
class Roads:
    distances_m: Matrix


def test_a_matrix_is_a_list_of_rows_as_long_as_there_are_of_them() -> None:
    adapter = TypeAdapter(Roads)
    roads = adapter.validate_json(b'{"distances_m": [[0, 5], [7, 0]]}')

    assert roads.distances_m.tolist() == [[0, 5], [7, 0]]
    assert adapter.validate_json(b'{"distances_m": []}').distances_m.shape == (0, 0)
    assert json.loads(forms.written(roads)) == {"distances_m": [[0, 5], [7, 0]]}
    for wrong in ("[[0, 5]]", "[[0, 1.5], [7, 0]]", '[["0"]]', "[0]"):
        with pytest.raises(ValidationError):
            adapter.validate_json(f'{{"distances_m": {wrong}}}')
