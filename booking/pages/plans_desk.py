"""What a planning page is told of its problem: words, and how its items and places are named. Pages differ by it only.

Items and places are texts, as the settings, the applications and the pages name them: a case and the number of its
hearing, a stay and its room with its first night.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.rights import Actor
from booking.plans.kept import PLANNERS
from booking.plans.models import OptimizerRun
from booking.plans.planner import Planner, Reading
from booking.plans.planners import planner_of

Words = tuple[str, str]  # one, several


@dataclass(frozen=True, kw_only=True)
class SliderWords:
    """A slider of `Wishes`: what is wished, and what it does."""

    name: str
    label: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class RuleWords:
    """A rule of a price. Less of what it counts is better, and `better` says so: "affaire de plus placée".

    `by` divides the count (metres shown as kilometres). `is_mean`: what is said is shared among the items with a place.
    `is_detail`: told in the table only. `is_nothing_at_zero`: of a plan in which there is nothing to say it of.
    """

    label: str
    unit: Words = ("", "")
    better: Words
    worse: Words
    by: float = 1.0
    is_mean: bool = False
    is_detail: bool = False
    is_nothing_at_zero: bool = False


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is planned, as a line shows it."""

    label: str
    hint: str = ""
    href: str = ""  # of the sheet of what it is already
    lock: str = "free"  # what may become of it when nobody says otherwise
    is_fixed: bool = False  # cannot be locked: it is decided elsewhere


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is or would be; `rank` sorts places, and `group` gathers those that are shown together."""

    label: str
    rank: tuple[Any, ...] = ()
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page reads besides what they all do: the run that is open, its problem now, and its plan."""

    actor: Actor
    now: datetime
    zone: ZoneInfo
    today: date
    kind_id: int
    first: date
    until: date
    run: OptimizerRun | None = None
    reading: Reading | None = None
    plan: Any = None
    asked: Any = None  # what the page wants of its own
    locks: Mapping[str, str] = field(default_factory=dict)


def nothing(_session: Session, _shown: Shown) -> Any:
    """Return what a page reads of its own, when it has nothing."""
    return None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One of the four problems as its page has it. What takes a session reads; the rest is pure."""

    problem: str
    address: str  # of the page
    noun: Words  # "affaire", "affaires"
    placed: Words  # "affaire placée", "affaires placées"
    is_feminine: bool = True
    has_days: bool = True  # whether what is planned is that of some days
    sliders: tuple[SliderWords, ...]
    rules: Mapping[str, RuleWords]  # by rule of a price, in the order of the table
    weights: Mapping[str, str]  # what each weight of the detail weighs
    check: Callable[[Mapping[str, Any]], object]  # of the settings of a run. Raises: InvalidRequest
    places: Callable[[Any], Mapping[str, str]]  # of a plan: item -> place
    count: Callable[[Any], int]  # of a problem: its items
    items: Callable[[Session, Shown, Collection[str]], Mapping[str, Item]]
    wheres: Callable[[Session, Shown, Collection[str]], Mapping[str, Place]]
    whys: Callable[[OptimizerRun], Mapping[str, str]]  # of what a run leaves without a place
    done: Callable[[Session, OptimizerRun], Collection[str]]  # items that its application placed, and still are
    sentence: Callable[[Session, Shown], str] | None = None  # of the proposal, instead of the usual one
    applied: Callable[[Any], str] | None = None  # of an Application, instead of the usual one
    refused: Callable[[Session, Shown], list[tuple[str, str]]] | None = None  # what of it, and why
    told_first: tuple[str, ...] = ()  # kinds of lines: the first that there is is shown when a proposal is opened
    next: tuple[str, str] = ("", "")  # label and address of where one looks once something is applied
    own: Callable[[Session, Shown], Any] = nothing  # what its board shows
    ahead: timedelta = field(default=timedelta(weeks=8))
    most_ahead: timedelta = field(default=timedelta(days=366))

    @property
    def planner(self) -> Planner:
        """Return what reads and applies its plans."""
        return planner_of(self.problem)

    @property
    def roles(self) -> tuple[Any, ...]:
        """Return who plans it."""
        return PLANNERS[self.problem]
