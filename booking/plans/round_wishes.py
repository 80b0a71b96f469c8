"""What somebody who plans rounds may wish, lock, and say of who is absent: the settings of a run. Strict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from booking.plans.settings import Settings, Slider, Wishes
from optimizer.rounds.problem import Lock, Weights

MOST_ABSENCES = 20


class Away(BaseModel):
    """A team that is away for a while of a day; with `agents`, that goes with so many only."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    team: int
    day: Annotated[date, Field(strict=False)]
    start: Annotated[time, Field(alias="from", strict=False)]
    until: Annotated[time, Field(strict=False)]
    agents: Annotated[int, Field(ge=1, le=9)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Away:
        if self.start >= self.until:
            raise ValueError("it ends before it starts")
        return self


class RoundSettings(Settings):
    """The settings of a plan of rounds."""

    absent: list[Away] = Field(default_factory=list, max_length=MOST_ABSENCES)


@dataclass(frozen=True, kw_only=True)
class Absence:
    """The same, in minutes after midnight of the day."""

    team_id: int
    day: date
    start_min: int
    end_min: int
    agents: int | None = None  # those who are left; None: nobody


# In quarters of a metre of road, so that it can be halved.
WISHES = Wishes(
    weights=Weights(unplaced=4_000_000, moved=240_000, changed_team=20_000, day_waited=8_000, round=40_000, metre=4),
    sliders=(
        Slider(name="road", weights=("metre", "round")),
        Slider(name="soon", weights=("day_waited",)),
        Slider(name="moves", weights=("moved", "changed_team")),
    ),
    form=RoundSettings,
)


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return what each rule costs in a run. Raises: InvalidRequest."""
    return WISHES.weights_of(settings)


def locks_of(settings: Mapping[str, Any]) -> dict[str, Lock]:
    """Return what is locked, by request. Raises: InvalidRequest."""
    return {item: Lock(locked.value) for item, locked in WISHES.read(settings).locks.items()}


def absences_of(settings: Mapping[str, Any]) -> tuple[Absence, ...]:
    """Return who is absent. Raises: InvalidRequest."""
    asked = WISHES.read(settings)
    listed = asked.absent if isinstance(asked, RoundSettings) else ()
    return tuple(
        Absence(
            team_id=one.team,
            day=one.day,
            start_min=one.start.hour * 60 + one.start.minute,
            end_min=one.until.hour * 60 + one.until.minute,
            agents=one.agents,
        )
        for one in listed
    )


def kept(absence: Absence) -> dict[str, Any]:
    """Return an absence as settings keep it."""
    start, until = (time(*divmod(one, 60)) for one in (absence.start_min, absence.end_min))
    return {
        "team": absence.team_id,
        "day": absence.day.isoformat(),
        "from": f"{start:%H:%M}",
        "until": f"{until:%H:%M}",
        "agents": absence.agents,
    }
