"""Problems and plans as JSON files: the fields of the dataclasses of each solver, as docs/optimizer.md lists them.

A file is read strictly: an unknown field, a missing one, a value of another type is refused, with where and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from optimizer.searching import Price

# Each is imported when it is asked for: OR-Tools takes seconds.
PACKAGES: Mapping[str, str] = {
    "hearings": "optimizer.hearings",
    "rounds": "optimizer.rounds",
    "beds": "optimizer.beds",
    "shares": "optimizer.shares",
}
BOM = b"\xef\xbb\xbf"
STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, kw_only=True)
class Solver:
    """What every problem has: its dataclasses, its search, and the judge of its plans."""

    name: str
    problem: type[Any]
    plan: type[Any]
    solve: Callable[..., Any]
    check: Callable[[Any, Any], list[Any]]
    price: Callable[[Any, Any], tuple[Price, ...]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong in a file: where, as "measures[3].load"; a code of pydantic; its facts; and its words."""

    place: str
    code: str
    facts: Mapping[str, Any]
    words: str


class BadForm(ValueError):  # noqa: N818 - named like the refusals
    """The file is not of the form: every fault of it, in its order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{one.place or 'file'}: {one.words}" for one in faults))
        self.faults = faults


def solver(name: str) -> Solver:
    """Return the solver of that name, one of PACKAGES, and import it."""
    problem, plan, solve, check = (
        import_module(f"{PACKAGES[name]}.{part}") for part in ("problem", "plan", "solve", "check")
    )
    return Solver(
        name=name,
        problem=problem.Problem,
        plan=plan.Plan,
        solve=solve.solve,
        check=check.check,
        price=check.price,
    )


def read_problem(name: str, data: bytes) -> Any:
    """Return the problem that a file holds. Raises: BadForm."""
    return _read(_adapter(name, "Problem"), data)


def read_plan(name: str, data: bytes) -> Any:
    """Return the plan that a file holds, alone or within a result as `written`. Raises: BadForm."""
    found = _parsed(data)
    alone = to_json(found["plan"]) if isinstance(found, dict) and "plan" in found else data
    return _read(_adapter(name, "Plan"), alone)


def written(value: Any) -> str:
    """Return a problem, a plan or a result as JSON, which is read back equal."""
    return to_json(value, indent=2, fallback=_listed).decode()


def _listed(matrix: Any) -> Any:
    return matrix.tolist()


@cache
def _adapter(name: str, part: str) -> TypeAdapter[Any]:
    """Return what reads the "Problem" or the "Plan" of a solver."""
    kind = getattr(import_module(f"{PACKAGES[name]}.{part.lower()}"), part)
    # A strictness of ours reaches a plain dataclass only through what holds it: hence a tuple of one.
    return TypeAdapter(tuple[kind], config=STRICT)  # type: ignore[valid-type]  # known when it runs


def _read(adapter: TypeAdapter[Any], data: bytes) -> Any:
    _parsed(data)  # what is wrong is told of the file as it is, not of the tuple
    try:
        return adapter.validate_json(b"[" + data.removeprefix(BOM) + b"]")[0]
    except ValidationError as error:
        raise BadForm(tuple(_fault(one) for one in error.errors(include_url=False))) from error


def _parsed(data: bytes) -> Any:
    try:
        found = from_json(data.removeprefix(BOM), allow_inf_nan=False)
    except ValueError as error:
        raise BadForm((Fault(place="", code="json_invalid", facts={"error": str(error)}, words=str(error)),)) from error
    json.loads(data.removeprefix(BOM), object_pairs_hook=_each_once)
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that names a field twice: readers keep the last one and say nothing."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise BadForm((Fault(place="", code="key_twice", facts={"key": key}, words=f"{key} is given twice"),))
        seen.add(key)


def _fault(error: ErrorDetails) -> Fault:
    facts = dict(error.get("ctx", {}))
    if "error" in facts:
        facts["error"] = str(facts["error"])
    if isinstance(error["input"], (str, int, float, bool)):
        facts["given"] = error["input"]
    return Fault(place=_place(error["loc"][1:]), code=error["type"], facts=facts, words=error["msg"])


def _place(steps: tuple[int | str, ...]) -> str:
    """Return a path as one reads it: "cases[2].ready_on"; the first is 0, as in JSON."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
