"""The country of the benchmarks, made by SQL: 50,000 beds over the communes, 5 million nights taken, 500,000 stays."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlmodel import Session

from availability.gazetteer import gazetteer
from availability.rights import Actor, Right, Role
from portal.sign_in import subtree

BEDS = 50_000
POSTS = 5_000
STAYS_OF_A_BED = 10
NIGHTS_OF_A_STAY = 10
CYCLE = 16  # ten nights taken, six free: a quarter of the periods of three nights are free
TAKEN_UNTIL = STAYS_OF_A_BED * CYCLE + CYCLE  # days ahead; beyond them every bed is free
MOST_AHEAD = 365
SEARCHABLE = {
    "sex": {"label": "Sexe", "type": "choice", "choices": {"F": "Femmes", "M": "Hommes"}},
    "doors": {"label": "Portes", "type": "hours"},
}
ROOT = 1  # territory: the whole country

_TERRITORIES = """
    INSERT INTO territory (code, name, level) VALUES ('FR', 'France', 'country');
    INSERT INTO territory (code, name, level, parent_id)
    SELECT DISTINCT 'TJ-' || department, 'Ressort ' || department, 'judicial_court', %(root)s FROM commune;
    INSERT INTO organisation (code, name) VALUES ('MESURE', 'Organisme fictif');
    INSERT INTO kind (code, label, label_plural, layer, shape, position, host_accepts, hold_minutes, request_days,
        min_notice_days, max_ahead_days, crosses_territories, ignores_holidays, slot_step_min, slot_duration_min,
        buffer_after_min, buffer_before_min, min_notice_min, ignores_weekends, closes_in_recess, fresh_days,
        is_designated, refused_if_violence, is_active, cancel_notice_min, offer_hours, searchable)
    VALUES ('lit', 'lit', 'lits', 'Lits', 'nights', 1, false, 10, 7,
            0, 365, false, false, 30, 45, 0, 0, 0, true, false, 30, false, false, true, 0, 24, %(searchable)s),
           ('poste', 'poste', 'postes', 'Postes', 'places', 2, false, 10, 7,
            0, 365, false, false, 30, 45, 0, 0, 0, true, false, 30, false, false, true, 0, 24, '{}');
    INSERT INTO kind_right (kind_id, role, may_reserve)
    SELECT id, role, true FROM kind, unnest(ARRAY['probation_officer', 'sentence_judge', 'registry']) AS role"""
# Several sites a commune: spread over some 10 km, always the same way.
_SITES = """
    INSERT INTO site (code, organisation_id, territory_id, name, address, postcode, commune, insee, lat, lon,
        located_by, time_zone, holiday_zone, phone, email)
    SELECT 'S-' || n, 1, t.id, 'Centre fictif ' || n, n %% 90 + 1 || ' rue de la Mesure', c.postcode, c.name, c.insee,
           c.lat + (n * 7919 %% 1000 - 500) / 10000.0, c.lon + (n * 6151 %% 1000 - 500) / 10000.0,
           'address', 'Europe/Paris', '', '', ''
    FROM generate_series(1, %(beds)s) AS n
    JOIN commune c ON c.number = n %% %(communes)s JOIN territory t ON t.code = 'TJ-' || c.department;
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active,
        attributes)
    SELECT 'R-' || s.id, s.id, 1, 'Section ' || s.id, 1, 0, 0, true,
           jsonb_build_object('sex', (ARRAY['any', 'F', 'M'])[s.id %% 3 + 1], 'doors', jsonb_build_object(
               'opens', (ARRAY['05:00', '06:00', '07:00', '08:00'])[s.id %% 4 + 1], 'closes', '21:00')
               || CAST(CASE WHEN s.id %% 5 = 0 THEN '{"weekend": null}' ELSE '{}' END AS jsonb))
    FROM site s ORDER BY s.id;
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT 'P-' || s.id, s.id, 2, 'Poste ' || s.id, 1 + s.id %% 3, 0, 0, true
    FROM site s WHERE s.id %% (%(beds)s / %(posts)s) = 0 ORDER BY s.id;
    INSERT INTO unit (resource_id, name, is_active)
    SELECT id, 'Lit 1', true FROM resource WHERE kind_id = 1 ORDER BY id"""
_STAYS = """
    CREATE TABLE stay AS
    SELECT gen_random_uuid() AS id, u.id AS unit_id, u.resource_id, s.territory_id,
           CAST(%(today)s AS date) + n * %(cycle)s + CAST(u.id %% %(cycle)s AS int) AS first_on
    FROM unit u JOIN resource r ON r.id = u.resource_id JOIN site s ON s.id = r.site_id
    CROSS JOIN generate_series(0, %(stays)s - 1) AS n ORDER BY u.id, n;
    INSERT INTO booking (id, kind_id, resource_id, unit_id, territory_id, case_ref, requested_by, state, first_on,
        until_on, family, created_at)
    SELECT id, 1, resource_id, unit_id, territory_id, 'M-' || unit_id, gen_random_uuid(), 'booked', first_on,
           first_on + %(nights)s, '', %(now)s FROM stay;
    INSERT INTO history (at, act, subject, subject_id) SELECT %(now)s, 'booking-booked', 'booking', id FROM stay"""
_NIGHTS = """
    INSERT INTO bed_night (unit_id, night, holder_id)
    SELECT s.unit_id, s.first_on + n, s.id FROM stay s CROSS JOIN generate_series(0, %(nights)s - 1) AS n
    ORDER BY 1, 2"""


@dataclass(frozen=True)
class Stay:
    """A bed asked for, for the nights `[first, until)`."""

    resource_id: int
    first: date
    until: date


def fill(connection: psycopg.Connection, now: datetime, *, beds: int = BEDS) -> None:
    """Fill a migrated, empty database; commits."""
    asked = {
        "beds": beds,
        "posts": beds * POSTS // BEDS,
        "communes": len(gazetteer().communes),
        "today": now.date(),
        "now": now,
        "cycle": CYCLE,
        "stays": STAYS_OF_A_BED,
        "nights": NIGHTS_OF_A_STAY,
        "root": ROOT,
        "searchable": Jsonb(SEARCHABLE),
    }
    # What is generated here is right by construction: no need to check five million keys of other tables.
    connection.execute("SET session_replication_role = replica")
    _communes(connection)
    for statements in (_TERRITORIES, _SITES, _STAYS):
        for statement in statements.split(";"):
            connection.execute(statement, asked)
    _nights(connection, asked)
    connection.execute("DROP TABLE commune, stay")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")


def _communes(connection: psycopg.Connection) -> None:
    connection.execute(
        "CREATE TABLE commune (number int PRIMARY KEY, insee text, name text, postcode text, department text,"
        " lat float8, lon float8)"
    )
    with connection.cursor().copy("COPY commune FROM STDIN") as copy:
        for number, one in enumerate(gazetteer().communes):
            postcode = one.postcodes[0] if one.postcodes else ""
            copy.write_row((number, one.insee, one.name, postcode, one.department, one.lat, one.lon))


def _nights(connection: psycopg.Connection, asked: dict[str, object]) -> None:
    # Half the time with the index made at the end; the key is in the order of the rows, and costs little.
    row = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'bed_night_holder'").fetchone()
    connection.execute("DROP INDEX bed_night_holder")
    connection.execute(_NIGHTS, asked)
    connection.execute(row[0] if row else "")


def officer(session: Session) -> Actor:
    """Return somebody who may reserve over the whole country."""
    right = Right(Role.PROBATION_OFFICER, subtree(session, ROOT))
    return Actor(UUID(int=1), "Agent fictif", (right,), ROOT)


def random_stay(chance: random.Random, today: date, nights: int = 3) -> Stay:
    """Return a bed and nights beyond those generated: free, unless a client of the same benchmark took them."""
    first = today + timedelta(days=chance.randint(TAKEN_UNTIL, MOST_AHEAD - nights))
    return Stay(chance.randint(1, BEDS), first, first + timedelta(days=nights))
