"""What each rule of a plan costs. Nought: the rule is not counted. The defaults are those of one kind in one court.

A case outweighs five hearings that nobody holds; each of these, all the days of wait of 150 cases, a hundred days
each, with the widest spread. Days and spread are weighed against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The price of each rule, in the same unit. "× priority": a case of priority 2 counts twice."""

    unplaced: int = 100_000  # a case without a place, × priority
    late: int = 100_000  # … whose legal deadline passes before the next plan, × priority: twice as much
    unstaffed: int = 20_000  # a hearing that nobody holds
    spread: int = 200  # a hearing more for the judge who has most than for the one who has least
    spread_minute: int = 0  # a minute more, time given already included
    day: int = 1  # a day between the notice and the hearing of a case, × priority
    overdue_day: int = 0  # a day beyond the day when a case was due, × priority
    lawyer: int = 0  # a lawyer who comes to one hearing more
    overtime: int = 0  # a minute beyond those of a hearing
    moved: int = 0  # a case that has a place already, and gets another
    told: int = 0  # … whose people were told the first, besides
    restaffed: int = 0  # a hearing whose people or room change

    def __post_init__(self) -> None:
        if any(getattr(self, one.name) < 0 for one in fields(self)):
            raise ValueError("a rule costs nothing or something, and gives nothing back")
