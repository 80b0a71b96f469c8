"""What whoever asks for a plan of beds wishes: three sliders, rules weighed one by one, what is locked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from availability.errors import InvalidRequest
from optimizer.beds.problem import Lock, Weights

USUAL = 2
FACTORS = (0.0, 0.3, 1.0, 3.0, 10.0)  # of a slider, from "not at all" to "above all"
# What each slider weighs: to begin soon, to be near, to leave those who have a bed where they are.
SLIDERS: Mapping[str, tuple[str, ...]] = {"soon": ("waited",), "near": ("travel",), "settled": ("moved_told",)}
WEIGHED = ("waited", "travel", "moved_told")  # those of `Weights` that mean something for these beds
MOST_FACTOR = 100.0
MOST_LOCKS = 5_000


def weights_of(settings: Mapping[str, Any]) -> Weights:
    """Return what each thing costs, as the sliders and the rules say. Raises: InvalidRequest."""
    factors = dict.fromkeys(WEIGHED, 1.0)
    for name, step in _mapping(settings, "sliders").items():
        if name not in SLIDERS or type(step) is not int or not 0 <= step < len(FACTORS):
            raise InvalidRequest("sliders", "unknown-choice")
        for rule in SLIDERS[name]:
            factors[rule] *= FACTORS[step]
    for rule, factor in _mapping(settings, "rules").items():
        is_number = isinstance(factor, int | float) and not isinstance(factor, bool)
        if rule not in WEIGHED or not is_number or not 0 <= factor <= MOST_FACTOR:
            raise InvalidRequest("rules", "unknown-choice")
        factors[rule] *= factor
    usual = {each.name: getattr(Weights(), each.name) for each in fields(Weights)}
    return replace(Weights(), **{rule: round(usual[rule] * factors[rule]) for rule in WEIGHED})


def locks_of(settings: Mapping[str, Any]) -> dict[str, Lock]:
    """Return what is locked, and how. Raises: InvalidRequest."""
    locks = _mapping(settings, "locks")
    if len(locks) > MOST_LOCKS or not all(lock in [*Lock] for lock in locks.values()):
        raise InvalidRequest("locks", "unknown-choice")
    return {str(item): Lock(lock) for item, lock in locks.items()}


def _mapping(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name) or {}
    if not isinstance(found, Mapping):
        raise InvalidRequest(name, "unknown-choice")
    return found
