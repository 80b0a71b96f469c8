"""What the routes of runs are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from availability.wire import BIGINT, Day, Flag, Given, Line, Told
from booking.plans.models import OptimizerRun, RunState
from optimizer.judge import Move
from optimizer.manners import Manner

DEEPEST = 8
MOST_ITEMS = 5_000
ProblemName = Literal["hearings", "rounds", "beds", "shares"]
Name = Annotated[Line, Field(min_length=1, max_length=200)]
KindCode = Annotated[Line, Field(min_length=1, max_length=64, description="Code of a kind, as GET /kinds lists them.")]
# The names under which each problem says what has no place.
ITEMS = ("case_id", "request_id", "measure_id")


def _storable(value: Any) -> Any:
    """Refuse what PostgreSQL does not keep in JSON, and what is nested so deep that nobody meant it."""
    level = [value]
    for _ in range(DEEPEST):
        for one in level:
            _check_plain(one)
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
    if level:
        raise PydanticCustomError("value_error", "too deep")
    return value


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return [*value, *value.values()] if isinstance(value, dict) else value


def _check_plain(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or not value.isprintable():
            raise PydanticCustomError("value_error", "not printable")
    elif isinstance(value, int | float) and not (isfinite(value) if isinstance(value, float) else abs(value) <= BIGINT):
        raise PydanticCustomError("value_error", "not a number that is kept")


class SettingsGiven(BaseModel):
    """Wishes: sliders from 0 to 4 (2: usual), rules weighed one by one, locks by item, and what the problem adds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    sliders: dict[Name, Annotated[int, Field(strict=True, ge=0, le=4)]] = Field(default={}, max_length=20)
    rules: dict[Name, Annotated[float, Field(strict=True, ge=0, le=100)]] = Field(default={}, max_length=100)
    locks: dict[Name, Literal["frozen", "movable", "free"]] = Field(default={}, max_length=MOST_ITEMS)


Settings = Annotated[SettingsGiven, AfterValidator(lambda given: _storable(given.model_dump()) and given)]


class RunGiven(Given):
    """A plan to look for: of which problem and kind, on civil days `[first, until)` of the caller's court."""

    problem: ProblemName
    kind: KindCode
    first: Day
    until: Day
    manner: Literal["plan", "repair", "better"] = Field(
        "plan", description="The best plan; what holds again, moving only what must; compromises between the two."
    )
    settings: Settings = SettingsGiven()
    based_on: UUID | None = Field(None, description="A run to begin from: also one that was interrupted.")


class RunsAsked(Given):
    """Which runs, and how many."""

    problem: ProblemName | None = None
    kind: KindCode | None = None
    limit: int = Field(default=20, ge=1, le=100)


class ApplyGiven(Given):
    """What to apply of a proposal."""

    items: list[Name] | None = Field(None, max_length=MOST_ITEMS, description="As `moves` names them; null: all.")
    dry_run: Flag = Field(False, description="Only say what would be done.")


class ChangeGiven(Given):
    """A plan to keep beside that of a run: one that somebody made, or one of its `others`."""

    plan: Annotated[dict[str, Any], AfterValidator(_storable)] | None = Field(
        None, description="As `plan` is answered."
    )
    other: Annotated[int, Field(strict=True, ge=0, le=100)] | None = Field(
        None, description="Number in `others`, from 0."
    )


class PointTold(Told):
    """Where the search was, so many seconds after its start. No plan costs less than `bound`, when it is known."""

    seconds: float
    value: float
    bound: float | None
    unplaced: int


class PriceTold(Told):
    """A rule: how many times it counts and what that costs, in the plan in force and in the one proposed."""

    rule: str
    count_before: float
    cost_before: float
    count_after: float
    cost_after: float


class MoveTold(Told):
    """What the plan puts elsewhere than it is now; null for nowhere. `item` is what `apply` takes."""

    item: str
    before: Any
    after: Any


class UnplacedTold(Told):
    """What has no place, and why, as the optimizer says it."""

    item: str
    reasons: list[Any]
    change: Any = Field(description="The smallest change that would place it, where that is known.")


class OtherTold(Told):
    """A compromise: another plan, what it costs in all, how much it moves."""

    cost: float
    moves: int
    plan: dict[str, Any]


class RunLineTold(Told):
    """A run, as the list has it."""

    id: UUID
    problem: ProblemName
    kind: str
    territory_id: int
    manner: Manner
    state: RunState
    requested_by: UUID | None = Field(description="Account, or program, that asked; null: the night.")
    based_on: UUID | None
    first: date
    until: date
    created_at: datetime
    ended_at: datetime | None
    applied_at: datetime | None
    has_plan: bool


class RunTold(RunLineTold):
    """A run: where its search is, then what it proposes beside what is in force."""

    settings: dict[str, Any]
    progress: list[PointTold]
    is_stale: bool = Field(description="Something has changed since: what no longer suits is told when it is applied.")
    plan: dict[str, Any] | None
    prices: list[PriceTold]
    moves: list[MoveTold]
    unplaced: list[UnplacedTold]
    others: list[OtherTold]


class RefusedTold(Told):
    """What could not be applied, and why."""

    item: str = Field(description="Empty for what concerns no single one.")
    why: str
    facts: dict[str, Any]


class ApplicationTold(Told):
    """What was done, or would be: the items placed or moved, those that were so already, those refused."""

    dry_run: bool
    done: list[str]
    already: list[str]
    refused: list[RefusedTold]


class UndoneTold(Told):
    """Of how many items what was applied was given back."""

    count: int


def line_told(run: OptimizerRun, kind: str, state: RunState) -> RunLineTold:
    """Return a run as the list has it."""
    return RunLineTold(
        id=run.id,
        problem=run.problem,
        kind=kind,
        territory_id=run.territory_id,
        manner=Manner(run.manner),
        state=state,
        requested_by=run.requested_by,
        based_on=run.based_on,
        first=run.first_on,
        until=run.until_on,
        created_at=run.created_at,
        ended_at=run.ended_at,
        applied_at=run.applied_at,
        has_plan=run.plan is not None,
    )


def points_told(run: OptimizerRun) -> list[PointTold]:
    """Return where the search was."""
    return [
        PointTold(seconds=seconds, value=value, bound=bound, unplaced=unplaced)
        for seconds, value, bound, unplaced in run.progress
    ]


def prices_told(run: OptimizerRun) -> list[PriceTold]:
    """Return what each rule costs before and after, those of the plan in force first."""
    before, after = (
        {rule: (count, cost) for rule, count, cost in run.prices.get(when, [])} for when in ("before", "after")
    )
    return [
        PriceTold(
            rule=rule,
            count_before=before.get(rule, (0, 0))[0],
            cost_before=before.get(rule, (0, 0))[1],
            count_after=after.get(rule, (0, 0))[0],
            cost_after=after.get(rule, (0, 0))[1],
        )
        for rule in dict.fromkeys([*before, *after])
    ]


def unplaced_told(run: OptimizerRun) -> list[UnplacedTold]:
    """Return what has no place, as each problem says it."""
    return [_unplaced(one) for one in (run.plan or {}).get("unplaced", [])]


def _unplaced(one: Any) -> UnplacedTold:
    if not isinstance(one, dict):
        return UnplacedTold(item=str(one), reasons=[], change=None)
    item = next(str(one[name]) for name in ITEMS if name in one)
    return UnplacedTold(item=item, reasons=list(one.get("reasons", [])), change=one.get("change"))


def moves_told(moves: tuple[Move, ...]) -> list[MoveTold]:
    """Return what a plan moves."""
    return [MoveTold.model_validate(one) for one in moves]
