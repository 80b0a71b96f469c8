"""By whom a message leaves, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import phonenumbers

from convocations.providers import SCREEN

ELSEWHERE = "*"  # the price of every destination that has none of its own
MICROS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The providers to which messages may be handed now, the first preferred; those that are left to breathe.

    `answering` are those whose sender people can answer. `prices` are of a segment, by ISO 3166 code, in millionths.
    """

    usable: tuple[str, ...] = (SCREEN,)
    resting: tuple[str, ...] = ()
    answering: frozenset[str] = frozenset()
    prices: Mapping[str, int] = field(default_factory=dict)

    def first(self, refused_by: Collection[str]) -> str:
        """Return who takes a message that some surely refused, "" when nobody does now."""
        return next((one for one in self.usable if one not in refused_by), "")

    def is_worth_waiting(self, refused_by: Collection[str]) -> bool:
        """Say whether somebody who rests has not refused it."""
        return any(one not in refused_by for one in self.resting)

    def price(self, region: str) -> int:
        """Return what a segment costs there, 0 when nobody said."""
        return self.prices.get(region, self.prices.get(ELSEWHERE, 0))


def region_of_number(e164: str) -> str:
    """Return the ISO 3166 code of the country or territory of a number, "" for one of none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""


def read_prices(written: str) -> dict[str, int]:
    """Return the prices of a setting such as "FR=0.07,RE=0.09,*=0.10". Raises: ValueError."""
    prices = {}
    for part in filter(None, (one.strip() for one in written.split(","))):
        region, equals, price = part.partition("=")
        is_region = region == ELSEWHERE or (len(region) == 2 and region.isascii() and region.isupper())
        micros = round(float(price) * MICROS) if equals else -1
        if not is_region or not 0 <= micros <= 10 * MICROS:
            raise ValueError(part)
        prices[region] = micros
    return prices
