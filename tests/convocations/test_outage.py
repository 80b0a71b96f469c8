"""The application was down when messages were due: what is still of use leaves at the next allowed moment, by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from convocations.actions import convene
from convocations.delivery import claim_due, sent, settle
from convocations.routes import Routes
from convocations.timing import Whereabouts, may_leave
from convocations.to_call import to_call
from tests.convocations.crowd import located
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, make_desk, make_somebody
from tests.factories import NOW

A_MINUTE = timedelta(minutes=1)
SATURDAY = datetime(2026, 3, 7, tzinfo=UTC)
HOMES = {"Paris": "Europe/Paris", "Martinique": "America/Martinique", "Réunion": "Indian/Reunion",
         "Nouméa": "Pacific/Noumea"}  # fmt: skip
# By whom, for an appointment on Tuesday 10 March at 9 h in Paris: when the reminder of 48 hours leaves, in UTC. Sunday
# and the nights are nobody's; what could not leave by 8 h in Paris on Tuesday is for a call.
LEFT = {
    (8, 0.5): {"Paris": "7 18:30", "Martinique": "7 23:30", "Réunion": "7 15:30", "Nouméa": "7 08:30"},
    (8, 3): {"Paris": "7 18:30", "Martinique": "7 23:30", "Réunion": "7 15:30", "Nouméa": "8 21:00"},
    (8, 50): {"Paris": "9 10:00", "Martinique": "9 12:00", "Réunion": "9 10:00", "Nouméa": "9 21:00"},
    (18, 50): {"Paris": None, "Martinique": "9 20:00", "Réunion": "7 15:30", "Nouméa": "7 08:30"},
}


@pytest.mark.parametrize(("hour", "hours"), LEFT)
def test_after_an_outage_what_is_of_use_leaves_by_day_and_the_rest_is_called_for(
    session: Session, hour: int, hours: float
) -> None:
    desk = located(make_desk(session))
    desk.agent.capacity = len(HOMES) + 1
    session.flush()
    homes: dict[Any, str] = {}
    for number, (home, zone) in enumerate(HOMES.items()):
        person = make_somebody(session, desk.officer, phone=f"06 39 98 00 1{number}")
        person.time_zone, person.holiday_zone = zone, ""
        session.flush()
        homes[convene(session, desk.officer, person.id, desk.at(NINE), now=NOW).id] = home
    late = convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=NOW)
    down_at = SATURDAY + timedelta(hours=hour)
    up_at = down_at + timedelta(hours=hours)

    run(session, NOW, down_at)
    run(session, up_at, NINE + timedelta(hours=2))

    left = {}
    for row in session.execute(REMINDERS).all():
        if row.convocation_id == late.id:
            continue
        home = homes[row.convocation_id]
        left[home] = f"{row.sent_at:%-d %H:%M}" if row.sent_at else None
        assert row.sent_at is None or may_leave(row.sent_at, Whereabouts(ZoneInfo(HOMES[home]), ""))
        assert row.sent_at is None or row.sent_at < row.useful_until
    assert left == LEFT[hour, hours]
    unsaid = session.execute(text("SELECT convocation_id FROM message WHERE state <> 'sent'")).scalars().all()
    called = [one.convocation_id for one in to_call(session, desk.officer, now=NINE - timedelta(hours=1, minutes=-1))]
    assert [homes[one] for one in called] == [home for home, at in left.items() if at is None]
    assert set(called) == set(unsaid)


REMINDERS = text("SELECT * FROM message WHERE kind = 'reminder'")


def run(session: Session, start: datetime, end: datetime) -> None:
    """Have the sender work from one instant to another: at each, what is due leaves or waits."""
    at = start
    while at < end:
        session.flush()
        claimed = claim_due(session, house=HOUSE, origin="", routes=Routes(), now=at, lease=A_MINUTE)
        settle(session, [sent(one, f"SM{one.id.hex}", at) for one in claimed.outgoing], now=at)
        following = session.execute(text("SELECT min(due_at) FROM message WHERE state = 'planned'")).scalar_one()
        if following is None:
            return
        at = max(at, following)
