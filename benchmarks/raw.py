"""The raw baselines: the fewest plain statements that leave the same rows, or answer the same question.

Through psycopg with its own defaults (statements are prepared by themselves), READ COMMITTED, one transaction an act.
No rights, no lock, no reason for a refusal: the primary key alone keeps a bed from being taken twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from benchmarks.country import Stay

HOLD_MINUTES = 10

TAKE = """
    INSERT INTO bed_night (unit_id, night, holder_id, expires_at)
    SELECT u.id, night, %(id)s, %(expires_at)s
    FROM (SELECT u.id FROM unit u WHERE u.resource_id = %(resource_id)s AND u.is_active AND NOT EXISTS (
              SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night >= %(first)s AND n.night < %(until)s)
          ORDER BY u.id LIMIT 1) u,
         unnest(%(nights)s::date[]) AS night
    ON CONFLICT DO NOTHING RETURNING unit_id"""
BOOK = """
    INSERT INTO booking (id, kind_id, resource_id, unit_id, territory_id, case_ref, requested_by, state, first_on,
        until_on, family, expires_at, created_at)
    VALUES (%(id)s, 1, %(resource_id)s, %(unit_id)s, 1, %(case_ref)s, %(actor_id)s, %(state)s, %(first)s, %(until)s,
        '', %(expires_at)s, %(now)s)"""
WRITE_DOWN = """
    INSERT INTO history (at, actor_id, act, subject, subject_id, facts)
    VALUES (%(now)s, %(actor_id)s, %(act)s, 'booking', %(subject_id)s, '{"shape": "nights"}')"""
WRITE_BOTH_DOWN = (
    WRITE_DOWN
    + """,
    (%(now)s, %(actor_id)s, 'booking-booked', 'booking', %(subject_id)s, '{"before": "held"}')"""
)
TELL = "INSERT INTO change (resource_id) VALUES (%(resource_id)s)"
KEEP = "UPDATE bed_night SET expires_at = NULL WHERE holder_id = %(id)s AND expires_at > %(now)s"
BOOKED = """
    UPDATE booking SET state = 'booked', expires_at = NULL, case_ref = %(case_ref)s
    WHERE id = %(id)s AND state = 'held' AND expires_at > %(now)s"""

FIND = """
    SELECT * FROM (
        SELECT r.id, r.name, r.attributes, r.declared_load, r.declared_waiting, r.declared_on, s.id AS site_id,
               s.name AS site_name, s.address, s.postcode, s.commune, s.time_zone, s.lat, s.lon, s.located_by,
               12742.0176 * asin(sqrt(pow(sin(radians(s.lat - %(lat)s) / 2), 2) + cos(radians(%(lat)s))
                 * cos(radians(s.lat)) * pow(sin(radians(s.lon - %(lon)s) / 2), 2))) AS distance_km,
               (SELECT count(*) FROM unit u WHERE u.resource_id = r.id AND u.is_active AND NOT EXISTS (
                    SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night >= %(first)s AND n.night < %(until)s
                      AND (n.expires_at IS NULL OR n.expires_at > %(now)s))) AS free
        FROM site s JOIN resource r ON r.site_id = s.id
        WHERE s.lat BETWEEN %(south)s AND %(north)s AND s.lon BETWEEN %(west)s AND %(east)s
          AND r.kind_id = 1 AND r.is_active AND s.territory_id = ANY(%(territories)s)
          AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                          AND x.days && daterange(%(first)s, %(until)s))) found
    WHERE free > 0 AND distance_km <= %(radius_km)s ORDER BY distance_km, id LIMIT %(limit)s"""

# The same for a woman who works by day where one searches: her section, and doors that let her leave and come back.
FIND_FOR_WORKER = FIND.replace(
    "WHERE free > 0 AND distance_km <= %(radius_km)s ORDER BY distance_km, id",
    """CROSS JOIN LATERAL (SELECT CAST(ceil(least(5 + 2.6 * distance_km, 105 / 11.0 + 15.6 / 11 * distance_km,
        169 / 11.0 + 1.04 * distance_km, 301 / 11.0 + 0.78 * distance_km)) AS int) AS travel_min) travel
    WHERE free > 0 AND distance_km <= %(radius_km)s AND coalesce(attributes ->> 'sex', 'any') IN ('any', 'F')
      AND CAST(attributes #>> '{doors,opens}' AS time) <= CAST('07:00' AS time) - travel_min * interval '1 min'
      AND CAST(attributes #>> '{doors,closes}' AS time) >= CAST('16:00' AS time) + travel_min * interval '1 min'
    ORDER BY travel_min, id""",
)


def hold(connection: psycopg.Connection, stay: Stay, actor_id: UUID) -> UUID | None:
    """Return the booking that holds the bed for some minutes, or None when it is taken."""
    now = datetime.now(UTC)
    asked = _asked(stay, actor_id, now, state="held", expires_at=now + timedelta(minutes=HOLD_MINUTES))
    return _write(connection, stay, asked | {"act": "booking-held"}, WRITE_DOWN)


def confirm(connection: psycopg.Connection, booking_id: UUID, stay: Stay, actor_id: UUID) -> bool:
    """Book what is held; return whether it still was."""
    asked = {
        "id": booking_id,
        "now": datetime.now(UTC),
        "actor_id": actor_id,
        "case_ref": "M-1",
        "resource_id": stay.resource_id,
        "act": "booking-booked",
        "subject_id": str(booking_id),
    }
    with connection.transaction():
        if connection.execute(BOOKED, asked).rowcount == 0:
            return False
        connection.execute(KEEP, asked)
        connection.execute(WRITE_DOWN, asked)
        connection.execute(TELL, asked)
    return True


def book(connection: psycopg.Connection, stay: Stay, actor_id: UUID) -> UUID | None:
    """Return the booking of the bed, held and confirmed in one go, or None when it is taken."""
    asked = _asked(stay, actor_id, datetime.now(UTC), state="booked", expires_at=None)
    return _write(connection, stay, asked | {"act": "booking-held"}, WRITE_BOTH_DOWN)


def _asked(stay: Stay, actor_id: UUID, now: datetime, *, state: str, expires_at: datetime | None) -> dict[str, Any]:
    booking_id = uuid4()
    return {
        "id": booking_id,
        "subject_id": str(booking_id),
        "resource_id": stay.resource_id,
        "first": stay.first,
        "until": stay.until,
        "nights": nights_of(stay),
        "now": now,
        "expires_at": expires_at,
        "actor_id": actor_id,
        "case_ref": "M-1",
        "state": state,
    }


def _write(connection: psycopg.Connection, stay: Stay, asked: dict[str, Any], write_down: str) -> UUID | None:
    with connection.transaction() as transaction:
        taken = connection.execute(TAKE, asked).fetchall()
        if len(taken) != len(nights_of(stay)):
            raise psycopg.Rollback(transaction)
        connection.execute(BOOK, asked | {"unit_id": taken[0][0]})
        connection.execute(write_down, asked)
        connection.execute(TELL, asked)
        return UUID(str(asked["id"]))
    return None


def nights_of(stay: Stay) -> list[date]:
    """Return the nights of a stay."""
    return [stay.first + timedelta(days=number) for number in range((stay.until - stay.first).days)]
