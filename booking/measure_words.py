"""What a kind says of itself when a judge designates: `Kind.wording`, read with patience. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ADDRESSES = (("Première adresse", "Adresse 1"), ("Seconde adresse", "Adresse 2"))
Address = tuple[str, str]  # the label of its field, and of its column


@dataclass(frozen=True, kw_only=True)
class MeasureWords:
    """Who takes the measure, from which addresses its way is counted, and what the notice says."""

    taker: str = "service"
    takers: str = "services"
    addresses: tuple[Address, Address] = ADDRESSES
    mission: str = ""
    law: str = ""
    judge: str = "Le juge"

    @classmethod
    def read(cls, wording: Mapping[str, Any]) -> MeasureWords:
        """Return the words of a kind; what is missing, or not as it should be, is said in general words."""
        texts: dict[str, Any] = {
            name: wording[name]
            for name in ("taker", "takers", "mission", "law", "judge")
            if isinstance(wording.get(name), str) and wording[name]
        }
        return cls(**texts, addresses=_addresses(wording.get("addresses")))


def _addresses(said: Any) -> tuple[Address, Address]:
    match said:
        case [[str(first), str(one)], [str(second), str(other)]]:
            return (first, one), (second, other)
    return ADDRESSES
