"""Tables of planning: who sits with whom, what waits, who holds which hearing, and the runs of the solver."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from availability.models import instant, json_object, one_of
from optimizer.manners import Manner

ONE_RUN_PER_COURT = "optimizer_run_one_per_court"
PROBLEMS = ("hearings", "rounds", "beds", "shares")  # as `optimizer.forms.PACKAGES` names them
LANGUAGE_LENGTH = 8
ONE_STAFFING_PER_HEARING = "hearing_staffing_hearing_id_key"


class RunState(StrEnum):
    """Where a run of the solver stands. The French of each is in booking/pages/planning_words.py."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPED = "stopped"  # by somebody; what was found so far is there
    DONE = "done"
    FAILED = "failed"  # what was found before is there
    INTERRUPTED = "interrupted"  # its server died; as above


ACTIVE = (RunState.QUEUED, RunState.RUNNING)


def _to(target: str, **options: Any) -> Any:
    return Field(sa_column=Column(BigInteger, ForeignKey(target), nullable=False, **options))


class Cabinet(SQLModel, table=True):
    """A judge and the clerk who sits with them (cabinet). Both are resources: their closures are their absences."""

    __tablename__ = "cabinet"

    judge_id: int = Field(sa_column=Column(BigInteger, ForeignKey("resource.id"), primary_key=True))
    clerk_id: int = _to("resource.id", unique=True)


class WaitingCase(SQLModel, table=True):
    """A case that waits for a hearing of a kind in a court; it waits as long as no booking of its own has a place."""

    __tablename__ = "waiting_case"
    __table_args__ = (
        UniqueConstraint("territory_id", "kind_id", "case_ref", name="waiting_case_once"),
        CheckConstraint("minutes BETWEEN 1 AND 1440", name="waiting_case_lasts"),
        CheckConstraint("case_ref <> ''", name="waiting_case_named"),
        CheckConstraint("ready_on >= received_on", name="waiting_case_ready_once_received"),
        CheckConstraint("formation IN ('single', 'panel')", name="waiting_case_formation_known"),
        CheckConstraint("priority BETWEEN 1 AND 9", name="waiting_case_priority"),
        CheckConstraint("NOT by_video OR held_at_id IS NOT NULL", name="waiting_case_seen_from_somewhere"),
        CheckConstraint("language <> ''", name="waiting_case_spoken"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = _to("territory.id")
    kind_id: int = _to("kind.id")
    case_ref: str = Field(sa_column=Column(String(64), nullable=False))
    family: str = ""  # family of the NAC code
    minutes: int
    received_on: date = Field(sa_column=Column(Date, nullable=False))
    ready_on: date = Field(sa_column=Column(Date, nullable=False))  # not heard before: the notice to the parties
    deadline_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    refused_judges: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    booking_id: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("booking.id"), nullable=True, unique=True)
    )
    formation: str | None = Field(default=None, sa_column=Column(String(10), nullable=True))  # none: any
    priority: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})  # 2 counts twice
    due_on: date | None = Field(default=None, sa_column=Column(Date, nullable=True))  # each day beyond costs
    language: str | None = Field(
        default=None, sa_column=Column(String(LANGUAGE_LENGTH), nullable=True)
    )  # of the interpreter it needs. Source: BCP 47, whose codes cover sign languages too
    held_at_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("site.id"), nullable=True)
    )  # the prison where its person is
    by_video: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})  # heard from there


class HearingStaffing(SQLModel, table=True):
    """Who holds a hearing, and where; its id is the holder of their time."""

    __tablename__ = "hearing_staffing"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    hearing_id: int = _to("hearing_session.resource_id", unique=True)
    judge_id: int = _to("resource.id")
    clerk_id: int = _to("resource.id")
    room_id: int = _to("resource.id")
    panel: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )  # the judges beside the first
    prosecutor_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("resource.id"), nullable=True)
    )
    created_at: datetime = instant()


class OptimizerRun(SQLModel, table=True):
    """One search for a plan of one of PROBLEMS: asked by somebody or by the night, done by a process, then a proposal.

    A proposal that somebody changes by hand, or begins another search from, is the `based_on` of a new run: what was
    proposed stays beside it.
    """

    __tablename__ = "optimizer_run"
    __table_args__ = (
        one_of("state", RunState),
        one_of("manner", Manner),
        CheckConstraint(f"problem IN ({', '.join(map(repr, PROBLEMS))})", name="run_problem_known"),
        Index(
            ONE_RUN_PER_COURT,
            "territory_id",
            "problem",
            unique=True,
            postgresql_where="state IN ('queued', 'running')",
        ),
        Index("optimizer_run_territory_created", "territory_id", "kind_id", "created_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    problem: str = PROBLEMS[0]
    manner: str = Manner.PLAN
    territory_id: int = _to("territory.id")
    kind_id: int = _to("kind.id")
    requested_by: UUID | None = None  # none: the night
    based_on: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("optimizer_run.id", ondelete="SET NULL"), nullable=True)
    )
    first_on: date = Field(sa_column=Column(Date, nullable=False))
    until_on: date = Field(sa_column=Column(Date, nullable=False))
    settings: dict[str, Any] = json_object()  # wishes, locks and what more its problem reads: booking/plans/settings.py
    state: str = RunState.QUEUED
    digest: str = ""  # of the problem that it solves
    progress: list[list[float | None]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )  # seconds, cost, bound, unplaced
    plan: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    prices: dict[str, Any] = json_object()  # rule by rule, "before" and "after": [rule, count, cost]
    # "plan" and "prices" of the best so far: those of the run if its search never ends.
    so_far: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    applied: dict[str, Any] = json_object()  # what came of it, and what was refused
    created_at: datetime = instant()
    heartbeat_at: datetime = instant()
    stop_asked_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    applied_at: datetime | None = instant(nullable=True)
