"""What the judge asks, as it stands in the address of the page: read with patience, written without noise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from availability.errors import InvalidRequest
from booking.suggestion import Order

RADII_KM = (20, 50, 100, 200)
DEFAULT_RADIUS_KM = 50
MOST_TYPED = 200


@dataclass(frozen=True)
class Question:
    """What was typed, as text, under the names that the address carries."""

    type: str = ""  # code of the kind
    p1: str = ""  # the first address: of a parent, of the person to protect, of a child
    p2: str = ""
    rg: str = ""  # number of the case
    rayon: str = ""
    tri: str = ""
    violences: str = ""
    competence: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, object]) -> Question:
        """Return the question of an address or of a form; unknown names are ignored, texts are trimmed."""
        known = {each.name for each in fields(cls)}
        typed: dict[str, Any] = {name: text_of(value) for name, value in parameters.items() if name in known}
        return cls(**typed)

    def to_query(self) -> str:
        """Return the part of the address after "?"; what is empty is left out."""
        typed = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in typed.items() if value})

    def with_answer(self, name: object, value: object) -> Question:
        """Return the question with one thing more said. Raises: InvalidRequest for what no control sends."""
        if name not in [each.name for each in fields(self)] or not isinstance(value, str | bool):
            raise InvalidRequest(str(name)[:20], "unknown-field")
        said = ("1" if value else "") if isinstance(value, bool) else text_of(value)
        changed: dict[str, Any] = {str(name): said}
        return replace(self, **changed)

    @property
    def radius_km(self) -> int:
        """Return the distance looked at, one of RADII_KM."""
        return int(self.rayon) if self.rayon in {str(radius) for radius in RADII_KM} else DEFAULT_RADIUS_KM

    @property
    def order(self) -> Order:
        """Return how the table is sorted."""
        return Order.read(self.tri)

    @property
    def violence_alleged(self) -> bool:
        """Say whether the box is ticked: whatever stands there counts, so that a doubt never allows."""
        return self.violences not in ("", "0")


def form_of(received: object) -> dict[str, str]:
    """Return what a form sent, as texts. Raises: InvalidRequest when it is no form."""
    if not isinstance(received, dict):
        raise InvalidRequest("form", "not-a-form")
    return {str(name): str(value) for name, value in received.items()}


def text_of(value: object) -> str:
    """Return a typed value without what cannot be stored or shown, cut to a sane length."""
    return "".join(letter for letter in str(value) if letter.isprintable()).strip()[:MOST_TYPED]
