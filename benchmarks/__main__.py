"""`make bench`: every claim against its goal; the exit code is 1 when one is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import (
    actions,
    clicks,
    contention,
    delivery,
    designate,
    felt,
    growth,
    hearings,
    hearings_kept,
    hearings_scale,
    links,
    live,
    meetings,
    rest,
    rounds,
    search,
    shares,
    slots,
    wards,
)
from benchmarks.database import measured
from benchmarks.figures import Figure

CLAIMS: dict[str, Callable[[str], list[Figure]]] = {
    "search": search.figures,
    "growth": growth.figures,
    "actions": actions.figures,
    "contention": contention.figures,
    "rest": rest.figures,
    "slots": slots.figures,
    "meetings": meetings.figures,
    "hearings": hearings_scale.figures,
    "planning": hearings.figures,
    "repairing": hearings_kept.figures,
    "shares": shares.figures,
    "beds": wards.figures,
    "links": links.figures,
    "clicks": clicks.figures,
    "delivery": delivery.figures,
    "live": live.figures,
    "designate": designate.figures,
    "felt": felt.figures,
    "routes": rounds.figures,
}


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help=f"of {', '.join(CLAIMS)}; all when none is named")
    parser.add_argument("--keep", action="store_true", help="keep .data/bench (2 GB), and spare a minute next time")
    asked = parser.parse_args()
    if unknown := set(asked.claims) - set(CLAIMS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    missed = []
    with measured(keep=asked.keep) as url:
        for name in asked.claims or CLAIMS:
            for figure in CLAIMS[name](url):
                print("\n".join(figure.lines()), flush=True)
                missed += [] if figure.is_met else [figure.claim]
    print(f"{len(missed)} missed: {' ; '.join(missed)}" if missed else "every goal met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
