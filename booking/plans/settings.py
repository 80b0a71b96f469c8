"""What somebody who asks for a plan may wish: sliders in plain words, the weight of a rule, locks. Pure and strict.

Each problem declares its `Wishes`; what comes from a client is read by them, and nothing else gets into a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from availability.errors import InvalidRequest

USUAL = 2  # the level of a slider that nobody moved
FACTORS = (0.0, 0.5, 1.0, 2.0, 4.0)  # of the rules of a slider, by its level
MOST_FACTOR = 20.0  # of one rule in the detail
MOST_LOCKS = 10_000

Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Level = Annotated[int, Field(ge=0, lt=len(FACTORS))]
Factor = Annotated[float, Field(ge=0, le=MOST_FACTOR, allow_inf_nan=False)]
W = TypeVar("W")


class Locked(StrEnum):
    """What may become of something: as `optimizer.hearings.problem.Lock` and its likes say it."""

    FREE = "free"
    MOVABLE = "movable"
    FROZEN = "frozen"


class Settings(BaseModel):
    """The settings of a run. A problem whose scope needs more adds fields of its own, each with a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sliders: dict[Name, Level] = Field(default_factory=dict)
    rules: dict[Name, Factor] = Field(default_factory=dict)
    locks: dict[Name, Annotated[Locked, Field(strict=False)]] = Field(default_factory=dict, max_length=MOST_LOCKS)

    def factor(self, slider: str) -> float:
        """Return by how much a slider multiplies what it weighs."""
        return FACTORS[self.sliders.get(slider, USUAL)]


@dataclass(frozen=True, kw_only=True)
class Slider:
    """A wish in plain words, and the weights that it multiplies; none: its problem reads `Settings.factor` itself."""

    name: str
    weights: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wishes(Generic[W]):
    """What may be wished of one problem. `weights` are those of a run that wishes nothing.

    `weighable` are the weights that the detail may multiply one by one; none said: those of the sliders.
    """

    weights: W
    sliders: tuple[Slider, ...]
    weighable: tuple[str, ...] = ()
    form: type[Settings] = Settings

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the weights that the detail multiplies."""
        return self.weighable or tuple(dict.fromkeys(one for slider in self.sliders for one in slider.weights))

    def read(self, settings: Mapping[str, Any]) -> Settings:
        """Return what a client wishes. Raises: InvalidRequest."""
        try:
            found = self.form.model_validate(dict(settings))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(["settings", *(str(step) for step in first["loc"])])[:120]
            raise InvalidRequest(place, first["type"].replace("_", "-")) from error
        _known("settings.sliders", found.sliders, {one.name for one in self.sliders})
        _known("settings.rules", found.rules, set(self.rules))
        return found

    def weights_of(self, settings: Mapping[str, Any]) -> W:
        """Return the weights under which a plan is looked for. Raises: InvalidRequest."""
        asked = self.read(settings)
        factors = {one.name: asked.rules.get(one.name, 1.0) for one in fields(self.weights)}  # type: ignore[arg-type]
        for slider in self.sliders:
            for name in slider.weights:
                factors[name] *= asked.factor(slider.name)
        changed = {name: _times(getattr(self.weights, name), by) for name, by in factors.items() if by != 1.0}
        return replace(self.weights, **changed)  # type: ignore[type-var]


def _known(place: str, given: Mapping[str, Any], names: set[str]) -> None:
    for name in given:
        if name not in names:
            raise InvalidRequest(f"{place}.{name}", "unknown-choice")


def _times(weight: int | None, factor: float) -> int | None:
    """Return a whole weight; one that counts and is not turned off stays at least one. None stays what cannot be."""
    if not weight:
        return weight
    return max(round(weight * factor), 1) if factor else 0
