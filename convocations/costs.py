"""What messages cost, month by month, by service, kind and destination: segments that left, at the price of their day.

What hosts were told counts where their place is.
What was handed over twice, because a phone was off, is counted twice: it was paid twice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from io import StringIO

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Actor, Role
from convocations.kinds import MessageKind
from convocations.routes import MICROS

READERS = (Role.ADMINISTRATOR,)  # what is spent is not for those who convene: they must not write less for it
COUNTED = text("""
    SELECT CAST(date_trunc('month', m.sent_at AT TIME ZONE 'Europe/Paris') AS date) AS month, t.name AS service, m.kind,
           m.region, count(*) AS messages, sum(m.paid_segments) AS segments,
           CAST(sum(m.cost_micros) AS bigint) AS cost_micros
    FROM message m LEFT JOIN convocation c ON c.id = m.convocation_id
    LEFT JOIN booking b ON m.host_request_id IS NOT NULL AND b.id = m.booking_id
    LEFT JOIN resource r ON r.id = b.resource_id LEFT JOIN site s ON s.id = r.site_id
    JOIN territory t ON t.id = coalesce(c.territory_id, s.territory_id)
    WHERE m.paid_segments > 0 AND m.sent_at >= CAST(CAST(:since AS date) AS timestamp) AT TIME ZONE 'Europe/Paris'
      AND t.id = ANY(:territories)
    GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 2, 3, 4""")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What left in a month."""

    month: date
    service: str
    kind: MessageKind
    region: str
    messages: int
    segments: int
    cost_micros: int


def costs(session: Session, actor: Actor, *, since: date) -> list[Cost]:
    """Return what was spent from a month on, in the territories that the actor administers; the last month first."""
    asked = {"since": since.replace(day=1), "territories": sorted(actor.territories(READERS))}
    return [Cost(**{**row._mapping, "kind": MessageKind(row.kind)}) for row in session.execute(COUNTED, asked)]


def costs_csv(listed: list[Cost], kinds: dict[MessageKind, str]) -> str:
    """Return the same as a file for spreadsheets in French: semicolons, decimal commas, no formula."""
    written = StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(("Mois", "Service", "Type", "Destination", "Messages", "SMS", "Coût en euros"))
    for one in listed:
        service = f"'{one.service}" if one.service.startswith(FORMULA) else one.service
        euros = f"{one.cost_micros / MICROS:.4f}".replace(".", ",")
        writer.writerow((f"{one.month:%Y-%m}", service, kinds[one.kind], one.region, one.messages, one.segments, euros))
    return "\ufeff" + written.getvalue()
