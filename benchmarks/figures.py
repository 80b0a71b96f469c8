"""A figure, its goal, and the line that says met or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from benchmarks.load import Burst, Crowd


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One claim measured. `least` or `most` is the goal; neither means that it is there for information."""

    claim: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    details: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Say whether the figure is on the right side of its goal."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def verdict(self) -> str:
        """Return "met", "missed", or "for information" when there is no goal."""
        if self.least is None and self.most is None:
            return "for information"
        return "met" if self.is_met else "missed"

    def lines(self) -> list[str]:
        """Return what is printed: the claim, the figure beside its goal, then the absolutes."""
        goal = f"at least {self.least:g}" if self.least is not None else ""
        goal = f"at most {self.most:g}" if self.most is not None else goal
        wanted = f", goal {goal} {self.unit}" if goal else ""
        head = f"{self.claim}: {self.value:.3g} {self.unit}{wanted}: {self.verdict}"
        return [head, *(f"    {detail}" for detail in self.details)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(ceil(len(ranked) * percent / 100) - 1, 0)]


def ratio_by_round(ours: Sequence[float], raw: Sequence[float]) -> float:
    """Return the median, over the rounds, of ours divided by the raw figure of the same minute."""
    return median(one / other for one, other in zip(ours, raw, strict=True))


def compared(clients: Crowd, side: str, raw: str, rounds: int, seconds: float) -> tuple[float, tuple[str, ...]]:
    """Return the rate of a side as a ratio of the raw rate, and both in words.

    The two take turns within each round, and who goes first changes at each: the ratio is the median over the rounds.
    """
    bursts: dict[str, list[Burst]] = {side: [], raw: []}
    for number in range(rounds):
        for name in (side, raw) if number % 2 else (raw, side):
            bursts[name].append(clients.burst(name, seconds))
    ratio = ratio_by_round([one.rate for one in bursts[side]], [one.rate for one in bursts[raw]])
    return ratio, (_told("ours", bursts[side]), _told("raw ", bursts[raw]), f"{rounds} rounds of {seconds:g} s a side")


def _told(name: str, bursts: list[Burst]) -> str:
    durations = [duration for one in bursts for duration in one.durations]
    refused = sum(one.refused for one in bursts)
    rate = median(one.rate for one in bursts)
    return f"{name}: {rate:.0f} a second, {ms(durations)}, {refused} refused of {len(durations) + refused}"


def ms(values: Sequence[float]) -> str:
    """Return the median and p95 of durations in seconds, in words."""
    return f"median {1e3 * median(values):.1f} ms, p95 {1e3 * percentile(values, 95):.1f} ms"
