"""Patient admission scheduling, read and solved through the product's own model of beds.

    python -m benchmarks.beds FILE… --seconds N --seed S

prints a line for each file: name, cost, seconds, valid or not. The format and the costs are those of Demeester et al.,
"A hybrid tabu search algorithm for automatically assigning patients to beds", 2010, as OptaPlanner's example prices
them, divided by ten: by night, 0.8 for a room larger than preferred, 1 for a department without the specialism, 2 for
a room without it or 1 for each level below its best, 2 for each preferred equipment that lacks, 5 for each required
one, 10 for an age that the department does not take. Nobody changes rooms during a stay, no room has two sexes on a
night, and patients without a night are left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from optimizer.beds.check import check
from optimizer.beds.plan import Outcome
from optimizer.beds.problem import Ages, Establishment, Policy, Problem, Request, Room, Sex, Weights
from optimizer.beds.solve import solve

FIRST_ON = date(2026, 1, 5)
TENTHS = 10
WEIGHTS = Weights(
    larger_room=8,
    department=10,
    specialism=20,
    level=10,
    equipment_preferred=20,
    equipment_required=50,
    age=100,
)
SEXES = {"M": Sex.MEN, "F": Sex.WOMEN}
POLICIES = {"M": Policy.MEN, "F": Policy.WOMEN, "D": Policy.ONE_SEX, "N": Policy.ANY}


@dataclass(frozen=True, kw_only=True)
class Solved:
    """A file, its plan, the seconds that it took."""

    name: str
    problem: Problem
    outcome: Outcome
    seconds: float

    @property
    def is_valid(self) -> bool:
        """Say whether everybody has a bed, and the independent check finds nothing broken."""
        return not self.outcome.unplaced and not check(self.problem, self.outcome.plan)

    @property
    def line(self) -> str:
        """Return what is printed."""
        cost = sum(line.cost for line in self.outcome.price if line.rule != "refused") / TENTHS
        verdict = "valid" if self.is_valid else f"not valid ({len(self.outcome.unplaced)} refused)"
        return f"{self.name} {cost:.1f} {self.seconds:.1f} s {verdict}"


def read(text: str) -> Problem:
    """Return a file of the format as a problem."""
    lines = [line.strip() for line in text.splitlines()]
    nights = next(int(line.split(":")[1]) for line in lines if line.startswith("Planning horizon"))
    equipment = [line.split()[1] for line in _section(lines, "ROOMPROPERTIES")]
    return Problem(
        establishments=tuple(_department(line) for line in _section(lines, "DEPARTMENTS")),
        rooms=tuple(_room(line, equipment) for line in _section(lines, "ROOMS")),
        requests=tuple(_requests(_section(lines, "PATIENTS"), equipment, nights)),
        weights=WEIGHTS,
    )


def _section(lines: list[str], name: str) -> list[str]:
    """Return the lines between a title and the next empty line."""
    start = lines.index(f"{name}:") + 1
    return lines[start : lines.index("", start)]


def _department(line: str) -> Establishment:
    head, specialisms = line.split("|")
    id, _, least, most = head.split()
    ages = Ages(least=int(least), most=int(most) or Ages().most)
    return Establishment(id=id, ages=ages, specialisms=frozenset(_levels(specialisms)))


def _room(line: str, equipment: list[str]) -> Room:
    head, beds, department, policy, specialisms, has = line.split("|")
    return Room(
        id=head.split()[0],
        establishment_id=department.strip(),
        beds=int(beds),
        policy=POLICIES[policy.strip()],
        specialisms=_levels(specialisms),
        equipment=_equipment(has, equipment),
    )


def _requests(lines: Iterable[str], equipment: list[str], horizon: int) -> Iterator[Request]:
    for line in lines:
        head, dates, needs, most_beds, required, preferred = line.split("|")
        first, until = (int(day) for day in dates.split())
        if first >= horizon or until <= first:
            continue
        id, _, age, sex = head.split()
        nights = min(until, horizon) - first  # what comes after the horizon costs nothing
        yield Request(
            id=id,
            earliest_on=FIRST_ON + timedelta(days=first),
            latest_on=FIRST_ON + timedelta(days=first),
            nights=nights,
            sex=SEXES[sex],
            age=int(age),
            specialisms=_needs(needs, nights),
            most_beds=int(most_beds) or None,
            equipment_required=_equipment(required, equipment),
            equipment_preferred=_equipment(preferred, equipment),
        )


def _levels(text: str) -> dict[str, int]:
    """Read pairs of a level and a specialism. Specialism 0 is none."""
    words = text.split()
    pairs = zip(words[::2], words[1::2], strict=True)
    return {specialism: int(level) for level, specialism in pairs if specialism != "0"}


def _needs(text: str, nights: int) -> tuple[tuple[str, int], ...]:
    """Read a count, then pairs of a specialism and its nights, of those that are counted."""
    words = text.split()[1:]
    found, left = [], nights
    for specialism, count in zip(words[::2], words[1::2], strict=True):
        counted = min(int(count), left)
        left -= counted
        if counted:
            found.append((specialism, counted))
    return tuple(found)


def _equipment(flags: str, equipment: list[str]) -> frozenset[str]:
    return frozenset(name for name, flag in zip(equipment, flags.split(), strict=True) if flag == "1")


def solved(path: Path, *, seconds: float, seed: int) -> Solved:
    """Read and solve a file."""
    began = time.monotonic()
    problem = read(path.read_text())
    outcome = solve(problem, seed=seed, limit_s=seconds - (time.monotonic() - began))
    return Solved(name=path.stem, problem=problem, outcome=outcome, seconds=time.monotonic() - began)


def main() -> int:
    """Solve each file, print a line, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beds", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    are_valid = True
    for path in asked.files:
        found = solved(path, seconds=asked.seconds, seed=asked.seed)
        are_valid &= found.is_valid
        print(found.line, flush=True)
    return 0 if are_valid else 1


if __name__ == "__main__":
    sys.exit(main())
