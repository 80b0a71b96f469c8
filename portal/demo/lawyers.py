"""What courts let lawyers take, and a lawyer of Lyon: dates that she took, cases that she follows, a day away."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.sealing import House, seal
from booking.date_holding import summons_due
from booking.lawyer_dates import PARTIES

GUEST, COURT, KIND, CHAMBER = "hortense.fictive", "TGILYON", "audience-jaf", "Chambre de la famille"
NATURE, MINUTES, CHANGE_DAYS = "20J", 20, 7
# From when, counted in days from now; how long ago it was given; between whom. The second waits for its summons.
DATES = ((57, 1, "Exemple c/ Fictif"), (9, 40, "Modèle c/ Maquette"))
FOLLOWED = 2

# Families before their judges, in every court where they sit; in Lyon, faster before the chamber, and the state of
# people without a date. Nothing is opened for summary proceedings.
RULES = text("""
    INSERT INTO lawyer_rule (site_id, kind_id, procedure, family, with_date, minutes, min_delay_days,
                             change_before_days)
    SELECT DISTINCT s.id, k.id, 'merits', '2', true, CAST(:minutes AS int), 3, CAST(:change AS int)
    FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    WHERE k.code = :kind ORDER BY 1""")
RULES_OF_LYON = text("""
    INSERT INTO lawyer_rule (site_id, kind_id, line_id, procedure, family, with_date, minutes, min_delay_days,
                             change_before_days)
    SELECT t.site_id, t.kind_id, CASE WHEN with_date THEN t.id END, procedure, family, with_date, 40, 3, 14
    FROM hearing_template t, (VALUES ('fast', '2', true), ('merits', '1', false)) said(procedure, family, with_date)
    WHERE t.name = :chamber ORDER BY procedure""")
PROFILE = text("""
    INSERT INTO lawyer_profile (account_id, name, email, bar, firm, created_at)
    SELECT id, name, 'hortense.fictive@avocat.invalid', 'Barreau de Lyon', 'Cabinet Fictive', :now
    FROM account WHERE login = :guest RETURNING account_id""")
# The first session with room for one more, from a day on.
ROOM = text("""
    SELECT r.id, r.kind_id, s.id AS site_id, s.territory_id, s.time_zone, h.starts_at, h.ends_at
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id AND r.is_active JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = r.kind_id JOIN territory t ON t.id = s.territory_id
    WHERE k.code = :kind AND t.code = :court AND h.starts_at > :after
      AND (SELECT count(*) FROM session_case c WHERE c.resource_id = r.id) < h.max_cases
      AND (SELECT coalesce(sum(minutes), 0) FROM session_case c WHERE c.resource_id = r.id) + :minutes <= h.max_minutes
      AND NOT EXISTS (SELECT FROM jsonb_each_text(h.quotas) q WHERE starts_with(:nature, q.key)
                      AND CAST(q.value AS int) <= (SELECT count(*) FROM session_case c
                        WHERE c.resource_id = r.id AND starts_with(c.family, q.key)))
    ORDER BY h.starts_at, r.id LIMIT 1""")
BOOKING = text("""
    INSERT INTO booking (id, kind_id, resource_id, territory_id, case_ref, requested_by, state, starts_at, ends_at,
                         minutes, family, created_at, revision)
    VALUES (:id, :kind_id, :resource_id, :territory_id, :case_ref, :account_id, 'booked', :starts_at, :ends_at,
            :minutes, :nature, :at, 2)""")
CASE = text("""
    INSERT INTO session_case (resource_id, minutes, family, holder_id)
    VALUES (:resource_id, :minutes, :nature, :id)""")
HISTORY = text("""
    INSERT INTO history (at, actor_id, act, subject, subject_id, facts)
    SELECT :now, :account_id, 'booking-' || act, 'booking', CAST(:id AS text), jsonb_build_object('before', before)
    FROM (VALUES (1, 'held', NULL), (2, 'booked', 'held')) said(number, act, before) ORDER BY number""")
DATE = text("""
    INSERT INTO lawyer_date (booking_id, account_id, site_id, procedure, nature, parties_sealed, given_on,
                             summons_due_on, change_until, confirmed_at)
    VALUES (:id, :account_id, :site_id, 'merits', :nature, :parties, :given_on, :due_on, :change_until, :at)""")
FOLLOW = text("""
    INSERT INTO lawyer_case (account_id, territory_id, case_ref, named_by, since_at)
    VALUES (:account_id, :territory_id, :case_ref, :account_id, :at)""")
FOLLOW_OTHERS = text("""
    INSERT INTO lawyer_case (account_id, territory_id, case_ref, named_by, since_at)
    SELECT :account_id, territory_id, case_ref, :account_id, :now FROM (
        (SELECT s.territory_id, b.case_ref FROM booking b JOIN resource r ON r.id = b.resource_id
         JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = b.kind_id JOIN territory t ON t.id = s.territory_id
         WHERE k.shape = 'sessions' AND t.code = :court AND b.case_ref <> '' AND b.state = 'booked'
           AND b.starts_at > :now AND NOT EXISTS (SELECT FROM lawyer_case c WHERE c.case_ref = b.case_ref)
         ORDER BY b.starts_at, b.id LIMIT :most)
        UNION
        (SELECT s.territory_id, b.case_ref FROM case_call c JOIN booking b ON b.id = c.booking_id
         JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
         WHERE c.stage = 'done' AND b.case_ref <> '' ORDER BY c.rank LIMIT 1)) followed
    ORDER BY case_ref""")
AWAY = text("""
    INSERT INTO lawyer_away (account_id, days)
    VALUES (:account_id, daterange(CAST(:on AS date), CAST(:on AS date) + 1))""")


def lawyers_of_lyon(session: Session, rng: Random, house: House, now: datetime) -> int:
    """Write the rules of courts, and what the lawyer has; return how many dates she took."""
    session.execute(RULES, {"minutes": MINUTES, "change": CHANGE_DAYS, "kind": KIND})
    session.execute(RULES_OF_LYON, {"chamber": CHAMBER})
    account_id = session.execute(PROFILE, {"guest": GUEST, "now": now}).scalar_one()
    taken = [_date(session, rng, house, account_id, now, *one) for one in DATES]
    session.execute(FOLLOW_OTHERS, {"account_id": account_id, "court": COURT, "now": now, "most": FOLLOWED})
    room = _room(session, now + timedelta(days=DATES[0][0] + 10))
    if room is not None:
        session.execute(AWAY, {"account_id": account_id, "on": room.starts_at.date()})
    return sum(taken)


def _date(  # noqa: PLR0917 - as a row is made
    session: Session,
    rng: Random,
    house: House,
    account_id: UUID,
    now: datetime,
    ahead: int,
    ago: int,
    parties: str,
) -> bool:
    room = _room(session, now + timedelta(days=ahead))
    if room is None:
        return False
    at = now - timedelta(days=ago)
    number = UUID(int=rng.getrandbits(128), version=4)
    day = room.starts_at.date()
    values: dict[str, Any] = {
        "id": number,
        "account_id": account_id,
        "kind_id": room.kind_id,
        "resource_id": room.id,
        "site_id": room.site_id,
        "territory_id": room.territory_id,
        "starts_at": room.starts_at,
        "ends_at": room.ends_at,
        "minutes": MINUTES,
        "nature": NATURE,
        "case_ref": f"PD-{at:%y}-FICT{rng.randrange(1000, 10000)}",
        "parties": seal(house.derived(PARTIES), parties),
        "given_on": at.date(),
        "due_on": summons_due(at.date(), day),
        "change_until": day - timedelta(days=CHANGE_DAYS),
        "at": at,
        "now": now,  # the history is written last, and is in the order of its hours
    }
    for statement in (BOOKING, CASE, HISTORY, DATE, FOLLOW):
        session.execute(statement, values)
    return True


def _room(session: Session, after: datetime) -> Any:
    asked = {"kind": KIND, "court": COURT, "after": after, "minutes": MINUTES, "nature": NATURE}
    return session.execute(ROOM, asked).one_or_none()
