"""How a search grows with the country: from 1,000 resources to 50,000, with a hundred nights taken on each.

`python -m benchmarks.growth` measures, then draws docs/pictures/search-growth.svg (`make plot` installs what draws).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.country import BEDS
from benchmarks.database import measured, of_size
from benchmarks.figures import Figure, percentile
from benchmarks.search import GOAL, LIMIT, RADIUS_KM, compared

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, BEDS)
ROUNDS, SEARCHES = 5, 120
PICTURE = Path("docs/pictures/search-growth.svg")


@dataclass(frozen=True)
class Size:
    """What a search takes in a country of so many resources, in milliseconds, in the calmest round."""

    resources: int
    ours_ms: tuple[float, float]  # median, p95
    raw_ms: tuple[float, float]
    ratio: float


def sizes(url: str) -> Iterator[Size]:
    """Yield each size as it is measured; `url` is the country of full size, the others are made for it."""
    for beds in SIZES:
        with nullcontext(url) if beds == BEDS else of_size(url, beds) as country:
            durations = compared(country, ROUNDS, SEARCHES)
        yield Size(beds, _calmest(durations.ours), _calmest(durations.raw), durations.ratio(95))


def _calmest(rounds: list[list[float]]) -> tuple[float, float]:
    """Return the median and p95, in ms, of the best rounds: sizes are measured minutes apart on a shared machine."""
    return 1e3 * min(median(one) for one in rounds), 1e3 * min(percentile(one, 95) for one in rounds)


def figures(url: str) -> list[Figure]:
    """Return how much longer a search is in the whole country than in a fiftieth of it, and the worst ratio to raw."""
    return _figures(list(sizes(url)))


def _figures(found: list[Size]) -> list[Figure]:
    first, last = found[0], found[-1]
    details = tuple(
        f"{one.resources:>6,} resources: ours {one.ours_ms[0]:.1f} ms, p95 {one.ours_ms[1]:.1f} ms;"
        f" raw {one.raw_ms[0]:.1f} ms, p95 {one.raw_ms[1]:.1f} ms; p95 {one.ratio:.2f} × raw"
        for one in found
    )
    return [
        Figure(
            claim=f"search, {last.resources // first.resources} times as many resources: median",
            value=last.ours_ms[0] / first.ours_ms[0],
            unit="× as long",
            details=details,
        ),
        Figure(
            claim=f"search, from {SIZES[0]:,} to {BEDS:,} resources: the largest p95",
            value=max(one.ratio for one in found),
            unit="× raw",
            most=GOAL,
        ),
    ]


def draw(found: list[Size], path: Path) -> None:
    """Write the plot as a small SVG whose words are text."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "placejuste", "font.family": "sans-serif"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.2, 4.2))
    resources = [one.resources for one in found]
    for side, colour, mark in (("ours", "#000091", "o"), ("raw", "#9c6a00", "s")):
        for place, style, said in ((0, "-", "median"), (1, "--", "p95")):
            times = [getattr(one, f"{side}_ms")[place] for one in found]
            axes.plot(resources, times, style, color=colour, marker=mark, label=f"{side}, {said}")
    axes.set(xscale="log", yscale="log", xlabel="resources", ylabel="milliseconds")
    axes.set_xticks(resources, [f"{one:,}" for one in resources], minor=False)
    axes.minorticks_off()
    slowest = max(max(one.ours_ms[1], one.raw_ms[1]) for one in found)
    ticks = [one for one in (1, 2, 5, 10, 20, 50, 100) if one <= 2 * slowest]
    axes.set_yticks(ticks, [str(one) for one in ticks])
    axes.set_title(f"{RADIUS_KM:g} km, three nights, the {LIMIT} nearest that suit", fontsize=11)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": "benchmarks/growth.py"})


if __name__ == "__main__":
    with measured(keep=True) as address:
        seen = list(sizes(address))
    for figure_of_it in _figures(seen):
        print("\n".join(figure_of_it.lines()), flush=True)
    draw(seen, PICTURE)
    print(f"drawn: {PICTURE}")
