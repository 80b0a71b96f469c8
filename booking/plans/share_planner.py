"""Cases to designate as a run shares them out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from booking.plans.planner import Planner
from booking.plans.share_actions import apply_plan, take_back
from booking.plans.share_cases import shared_kinds
from booking.plans.share_wishes import weights_of
from booking.plans.shares import read

# Where a case waits for somebody to be asked: no designation of the kind runs for it.
WORK = text("""
    SELECT DISTINCT c.territory_id, c.kind_id FROM case_to_designate c JOIN kind k ON k.id = c.kind_id
    WHERE k.is_active AND NOT EXISTS (
        SELECT FROM booking b WHERE b.territory_id = c.territory_id AND b.kind_id = c.kind_id
        AND b.case_ref = c.case_ref AND (b.state = 'booked' OR b.state = 'requested' AND b.expires_at > :now))""")


def work(session: Session, *, now: datetime) -> Collection[tuple[int, int]]:
    """Return the courts and the kinds for which a case waits."""
    return [(row.territory_id, row.kind_id) for row in session.execute(WORK, {"now": now})]


PLANNER = Planner(
    name="shares",
    kinds=shared_kinds,
    read=read,
    apply=apply_plan,
    take_back=take_back,
    check=weights_of,
    work=work,
)
