"""The court of the benchmarks of hearings, made by SQL: 10,000 sessions over a year, 200,000 cases in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import psycopg

from availability.rights import Actor, Right, Role
from availability.sealing import House, seal
from booking.hearing_day_models import Stage
from booking.hearing_list import CASE_NAMES
from booking.lawyer_looking import Asked
from booking.lawyer_models import Procedure

LINES = 40  # a room, a judge and a clerk each, and one session each working day
DAYS = 250
SESSIONS = LINES * DAYS
CASES_OF_ONE = 20
CASES = SESSIONS * CASES_OF_ONE
CODE = "B-AUDIENCES"
NATURE = "20J"
LAWYER = UUID(int=7)
SCREEN = 7
HOUSE = House(b"of a court that is measured only")

# The first half of the year is full, but for one session in twenty, as in a court whose dates are far; so is one in
# three of the rest. One session in twenty is held by nobody yet. Four kinds, of ten lines each.
_COURT = """
    INSERT INTO territory (code, name, level) VALUES (%(code)s, 'Ressort de mesure', 'judicial_court');
    INSERT INTO organisation (code, name) VALUES (%(code)s, 'Tribunal de mesure');
    INSERT INTO site (code, organisation_id, territory_id, name, address, postcode, commune, insee, located_by,
                      time_zone, holiday_zone, phone, email)
    SELECT t.code, o.id, t.id, 'Tribunal de mesure', '', '', '', '', 'nowhere', 'Europe/Paris', '', '', ''
    FROM organisation o JOIN territory t ON t.code = o.code WHERE o.code = %(code)s;
    INSERT INTO kind (code, label, label_plural, layer, shape, position, host_accepts, hold_minutes, request_days,
        min_notice_days, max_ahead_days, crosses_territories, ignores_holidays, slot_step_min, slot_duration_min,
        buffer_after_min, buffer_before_min, min_notice_min, ignores_weekends, closes_in_recess, fresh_days,
        is_designated, refused_if_violence, is_active, cancel_notice_min, offer_hours)
    SELECT code, 'Audience ' || code, code, 'Audiences', shape, 91, false, 10, 7, 0, 365, false, false, 30, 45,
        0, 0, 0, true, false, 30, false, false, true, 0, 24
    FROM (VALUES ('magistrat', 'slots'), ('greffier', 'slots'), ('salle', 'slots'), ('b-0', 'sessions'),
                 ('b-1', 'sessions'), ('b-2', 'sessions'), ('b-3', 'sessions')) AS needed (code, shape)
    ON CONFLICT (code) DO NOTHING;
    INSERT INTO kind_right (kind_id, role, may_reserve) SELECT id, 'registry', true FROM kind WHERE code LIKE 'b-_';
    CREATE TEMP TABLE big AS SELECT id AS site_id, territory_id FROM site WHERE code = %(code)s;
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT 'BA-' || k.code || n, big.site_id, k.id, initcap(k.code) || ' Fictive ' || n, 1, 0, 0, true
    FROM big, kind k, generate_series(1, %(lines)s) AS n WHERE k.code IN ('magistrat', 'greffier', 'salle');
    CREATE TEMP TABLE line AS
    SELECT n, (SELECT id FROM resource WHERE code = 'BA-magistrat' || n) AS judge_id,
           (SELECT id FROM resource WHERE code = 'BA-greffier' || n) AS clerk_id,
           (SELECT id FROM resource WHERE code = 'BA-salle' || n) AS room_id,
           (SELECT id FROM kind WHERE code = 'b-' || n %% 4) AS kind_id
    FROM generate_series(1, %(lines)s) AS n;
    INSERT INTO cabinet (judge_id, clerk_id) SELECT judge_id, clerk_id FROM line;
    INSERT INTO hearing_template (site_id, kind_id, name, formation, room_id, rrule, anchor_on, valid_from, starts,
        max_minutes, max_cases, quotas, horizon_days, take_before_days, sits_on_holidays, sits_in_recess, judges,
        clerks, prosecutors, interpreters, needs_video, is_active, created_at)
    SELECT site_id, kind_id, n || 'e chambre', 'single', room_id, 'FREQ=DAILY', %(today)s, %(today)s, '09:00', 400, 25,
           '{}', 400, 0, false, false, 1, 1, 0, 0, false, true, %(now)s
    FROM line, big;
    CREATE TEMP TABLE held AS
    SELECT line.*, d.nth, d.day, t.id AS template_id, nextval(pg_get_serial_sequence('resource', 'id')) AS id,
           (d.day + time '09:00') AT TIME ZONE 'Europe/Paris' AS starts_at,
           CASE WHEN d.nth < %(days)s / 2 THEN (n + d.nth) %% 20 > 0 ELSE (n + d.nth) %% 3 = 0 END AS is_full
    FROM line JOIN hearing_template t ON t.room_id = line.room_id,
         (SELECT row_number() OVER (ORDER BY day) AS nth, CAST(day AS date) AS day
          FROM generate_series(CAST(%(today)s AS date) + 1, CAST(%(today)s AS date) + 400, interval '1 day') AS day
          WHERE extract(isodow FROM day) < 6 LIMIT %(days)s) AS d
    ORDER BY d.nth, n;
    INSERT INTO resource (id, code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT id, 'BA-' || id, site_id, kind_id, n || 'e chambre', 1, 0, 0, true FROM held, big;
    INSERT INTO hearing_session (resource_id, starts_at, ends_at, max_cases, max_minutes, quotas, last_take_on)
    SELECT id, starts_at, starts_at + interval '400 minutes', CASE WHEN is_full THEN %(cases)s ELSE 25 END, 400,
           '{"20": 24, "5": 10}', day - 1
    FROM held;
    INSERT INTO template_session (resource_id, template_id, on_day, holder_id, held_ids, by_hand)
    SELECT id, template_id, day, gen_random_uuid(), ARRAY[room_id], false FROM held;
    INSERT INTO hearing_staffing (id, hearing_id, judge_id, clerk_id, room_id, created_at)
    SELECT gen_random_uuid(), id, judge_id, clerk_id, room_id, %(now)s FROM held WHERE (n + nth) %% 20 > 1;
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    SELECT one, 1, tstzrange(starts_at, starts_at + interval '400 minutes'), f.id
    FROM hearing_staffing f JOIN held ON held.id = f.hearing_id,
         unnest(ARRAY[f.judge_id, f.clerk_id, f.room_id]) AS one;
    CREATE TEMP TABLE heard AS
    SELECT gen_random_uuid() AS id, held.id AS hearing_id, kind_id, starts_at, place,
           (ARRAY['20J', '22G', '50A', '53B', '7'])[place %% 5 + 1] AS family
    FROM held, generate_series(1, %(cases)s) AS place;
    INSERT INTO booking (id, kind_id, resource_id, territory_id, case_ref, requested_by, state, starts_at, ends_at,
                         minutes, family, created_at)
    SELECT h.id, kind_id, hearing_id, territory_id, 'RG ' || hearing_id || '/' || place, %(lawyer)s, 'booked',
           starts_at, starts_at + interval '400 minutes', 16, family, %(now)s + make_interval(secs => place)
    FROM heard h, big;
    INSERT INTO session_case (resource_id, minutes, family, holder_id) SELECT hearing_id, 16, family, id FROM heard;
    INSERT INTO closure (site_id, days, reason)
    SELECT site_id, daterange(CAST(%(today)s AS date) + n, CAST(%(today)s AS date) + n + 1), ''
    FROM big, generate_series(40, 200, 40) AS n;
    INSERT INTO closure (resource_id, days, reason)
    SELECT judge_id, daterange(CAST(%(today)s AS date) + 3 * n, CAST(%(today)s AS date) + 3 * n + 3), '' FROM line;
    INSERT INTO lawyer_profile (account_id, name, email, bar, firm, created_at)
    SELECT CASE n WHEN 0 THEN %(lawyer)s ELSE gen_random_uuid() END, 'Maître Fictive ' || n, 'a@avocat.invalid',
           'Barreau de Fiction', 'Cabinet ' || n %% 50, %(now)s
    FROM generate_series(0, 199) AS n;
    INSERT INTO lawyer_date (booking_id, account_id, site_id, procedure, nature, given_on, summons_due_on,
                             change_until)
    SELECT h.id, p.account_id, site_id, 'merits', '20J', %(today)s, %(today)s, %(today)s
    FROM (SELECT id, row_number() OVER () AS n FROM heard WHERE place = 1 AND family = '22G') AS h
    JOIN (SELECT account_id, row_number() OVER (ORDER BY account_id) AS n FROM lawyer_profile) AS p
      ON p.n = h.n %% 200 + 1, big;
    INSERT INTO lawyer_convention (site_id, firm, bar, per, most)
    SELECT site_id, firm, bar, per, most FROM big,
         (VALUES ('', 'Barreau de Fiction', 'session', 5), ('Cabinet 0', '', 'month', 40)) AS c (firm, bar, per, most);
    INSERT INTO lawyer_rule (site_id, kind_id, procedure, family, with_date, minutes, min_delay_days,
                             change_before_days)
    SELECT site_id, k.id, 'merits', '2', true, 16, 15, 8 FROM big, kind k WHERE k.code LIKE 'b-_';
    INSERT INTO screen (id, territory_id, name, room_ids, link_version, created_by, created_at)
    SELECT %(screen)s, territory_id, 'Mur', '{}', 1, %(lawyer)s, %(now)s FROM big;
    INSERT INTO hearing_publicity (territory_id, kind_id, shown)
    SELECT territory_id, id, 'name' FROM big, kind WHERE code LIKE 'b-_'"""
_TABLES = """hearing_session, session_case, booking, resource, hearing_staffing, template_session, hearing_template,
    seat_time, closure, case_call, lawyer_date, lawyer_rule, lawyer_convention, lawyer_profile, cabinet"""


@dataclass(frozen=True)
class BigCourt:
    """A court that is measured: its registry, a lawyer before it, and its first day."""

    site_id: int
    territory_id: int
    registry: Actor
    lawyer: Actor
    asked: Asked
    day: date

    @property
    def morning(self) -> datetime:
        """Return an instant of the first day at which its hearings are held."""
        return datetime.combine(self.day, time(9), UTC)

    @property
    def monday(self) -> date:
        """Return that of a whole week of sessions."""
        return self.day + timedelta(days=21 - self.day.weekday())

    @property
    def year(self) -> int:
        """Return the civil year that has most of the sessions."""
        return (self.day + timedelta(days=175)).year


def make(connection: psycopg.Connection, now: datetime) -> BigCourt:
    """Make the court in a migrated database, which may be full of other things; the connection commits by itself."""
    asked = {"code": CODE, "lines": LINES, "days": DAYS, "cases": CASES_OF_ONE, "today": now.date(), "now": now}
    # What is generated here is right by construction: no need to check its keys of other tables.
    connection.execute("SET session_replication_role = replica")
    for statement in _COURT.split(";"):
        connection.execute(statement, asked | {"lawyer": LAWYER, "screen": SCREEN})
    _name_cases(connection)
    connection.execute(f"VACUUM ANALYZE {_TABLES}")
    row = connection.execute("SELECT site_id, territory_id, (SELECT min(day) FROM held) FROM big").fetchone()
    site_id, territory_id, day = row or (0, 0, now.date())
    there = frozenset({territory_id})
    return BigCourt(
        site_id=site_id,
        territory_id=territory_id,
        registry=Actor(UUID(int=6), "Greffe de mesure", (Right(Role.REGISTRY, there),), territory_id),
        lawyer=Actor(LAWYER, "Maître Fictive 0", (Right(Role.LAWYER, there),), territory_id),
        asked=Asked(site_id=site_id, procedure=Procedure.MERITS, nature=NATURE),
        day=day,
    )


def _name_cases(connection: psycopg.Connection) -> None:
    """Name the cases of the first day, and have some of them called and heard."""
    rows = connection.execute(
        "SELECT h.hearing_id, h.id, place FROM heard h JOIN held ON held.id = h.hearing_id WHERE held.nth = 1"
    ).fetchall()
    key = HOUSE.derived(CASE_NAMES)
    stages = {1: Stage.RUNNING, 2: Stage.CALLED}
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO case_call (hearing_id, booking_id, rank, stage, began_at, name_sealed)"
            " VALUES (%s, %s, %s, %s, now(), %s)",
            [
                (one, booking_id, n, stages.get(n, Stage.WAITING), seal(key, f"Exemple {n} c/ Fictif {one}"))
                for one, booking_id, n in rows
            ],
        )
