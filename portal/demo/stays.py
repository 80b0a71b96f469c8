"""A closure announced where people sleep: those whom somebody has to re-house when the demonstration opens."""

from __future__ import annotations

from datetime import date, timedelta

from psycopg.types.range import DateRange

from portal.demo.catalogue import Catalogue

CLOSING = "sl-tgivillefr"  # a quarter that the officers of Lyon see
STARTS_IN, LASTS = timedelta(days=12), timedelta(days=21)
REASON = "Remise aux normes électriques"


def announce_closure(catalogue: Catalogue, today: date) -> None:
    """Close a section of men in some days, without moving anybody: what is booked on it stands."""
    place = next(one for one in catalogue.places if one.host.code == CLOSING and one.attributes.get("sex") == "M")
    first = today + STARTS_IN
    catalogue.closures.add(resource_id=place.id, days=DateRange(first, first + LASTS), reason=REASON)
