"""Video links: 32 registries that open linked sessions at once, against as many whose sessions have no link.

Links are counted one after another in the whole country, from the lock of the ceiling to the end of the transaction.
Both sides take the time of two resources that nobody else wants: what differs is that lock, and the count.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Engine
from sqlmodel import Session

from availability.actions import Holder, lock
from availability.openings import A_DAY
from availability.periods import Period
from availability.recurrences import WEEKDAYS
from availability.rights import Actor, Right, Role
from benchmarks.figures import Figure, compared
from benchmarks.load import CLIENTS, PROCESSES, Act, Crowd, crowd
from booking.hearing_blocked import Wanted
from booking.hearing_generation import hold_for
from booking.hearing_template_spec import HORIZON_DAYS, INTERPRETER_KIND, VIDEO_KIND, People, TemplateSpec
from booking.hearing_templates import write_template
from portal.database import make_engine

GOAL = 0.5
ROUNDS, SECONDS = 9, 2.0
PARIS = ZoneInfo("Europe/Paris")
MINUTES = 15  # of a session: a client has as many as a day holds, on each day of a week
A_WEEK, OF_A_DAY = 7, 24 * 60 // MINUTES
HELD, TAKEN = 20_000, 20  # links of others, and how many of them at once

# A court and a prison with as many ends as clients, and as many interpreters in each.
_COURT = """
    INSERT INTO territory (code, name, level) VALUES ('B-VISIO', 'Ressort de mesure', 'judicial_court');
    INSERT INTO organisation (code, name) VALUES ('B-VISIO', 'Tribunal de mesure');
    INSERT INTO site (code, organisation_id, territory_id, name, address, postcode, commune, insee, located_by,
                      time_zone, holiday_zone, phone, email)
    SELECT 'B-VISIO-' || place, o.id, t.id, place, '', '', '', '', 'nowhere', 'Europe/Paris', '', '', ''
    FROM organisation o, territory t, (VALUES ('TRIBUNAL'), ('PRISON')) AS places (place)
    WHERE o.code = 'B-VISIO' AND t.code = 'B-VISIO';
    INSERT INTO kind (code, label, label_plural, layer, shape, position, host_accepts, hold_minutes, request_days,
        min_notice_days, max_ahead_days, crosses_territories, ignores_holidays, slot_step_min, slot_duration_min,
        buffer_after_min, buffer_before_min, min_notice_min, ignores_weekends, closes_in_recess, fresh_days,
        is_designated, refused_if_violence, is_active, cancel_notice_min, offer_hours)
    SELECT code, code, code, code, shape, 90, false, 10, 7, 0, 365, false, false, 30, 45,
        0, 0, 0, true, false, 30, false, false, true, 0, 24
    FROM (VALUES (%(video)s, 'slots'), (%(interpreter)s, 'slots'), ('audience-mesure', 'sessions')) AS k (code, shape)
    ON CONFLICT (code) DO NOTHING;
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT s.code || k.code || n, s.id, k.id, k.code || ' ' || n, 1, 0, 0, true
    FROM site s, kind k, generate_series(1, %(clients)s) AS n
    WHERE s.code LIKE 'B-VISIO-%%' AND k.code IN (%(video)s, %(interpreter)s);
    CREATE SEQUENCE client_of_links;
    UPDATE video_ceiling SET most = 10000;
    INSERT INTO video_link (holder_id, during)
    SELECT gen_random_uuid(), tstzrange(start, start + interval '2 hours')
    FROM (SELECT now() + (n / %(taken)s) * interval '2 hours' AS start FROM generate_series(1, %(held)s) AS n) AS links;
    ANALYZE resource, video_link"""
_ENDS = """
    SELECT array_agg(r.id ORDER BY s.code DESC) FROM resource r JOIN site s ON s.id = r.site_id
    WHERE r.code LIKE 'B-VISIO-%%' || %s || %s GROUP BY r.name"""


def figures(url: str, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Figure]:
    """Return the figures: rates with a link, as ratios of the rates without one in the same rounds."""
    _fill(url)
    makers = {"hold": hold, "hold without": hold_without, "write": write, "write without": write_without}
    with crowd(url, makers) as clients:
        for side in makers:
            clients.burst(side, 1.0)  # connections, caches
        return [
            _figure(clients, "hold", "the time of a session taken and nothing else", rounds, seconds),
            _figure(clients, "write", "a template written with its session", rounds, seconds, least=GOAL),
        ]


def _figure(clients: Crowd, side: str, what: str, rounds: int, seconds: float, *, least: float | None = None) -> Figure:
    ratio, details = compared(clients, side, f"{side} without", rounds, seconds)
    claim = f"video links, {what}, {CLIENTS} clients in {PROCESSES} processes"
    return Figure(claim=claim, value=ratio, unit="× without a link", least=least, details=details)


def hold(url: str, _: random.Random) -> Act:
    """Return the act of one client: take both ends of a link."""
    return _hold(url, VIDEO_KIND)


def hold_without(url: str, _: random.Random) -> Act:
    """Return the act of one client: take two interpreters."""
    return _hold(url, INTERPRETER_KIND)


def write(url: str, _: random.Random) -> Act:
    """Return the act of one client: write a template that opens one linked session."""
    return _write(url, VIDEO_KIND)


def write_without(url: str, _: random.Random) -> Act:
    """Return the act of one client: write a template that opens one session with two interpreters."""
    return _write(url, INTERPRETER_KIND)


def _hold(url: str, kind: str) -> Act:
    ids, numbers = _own_pair(url, kind), count()
    first = datetime.now(UTC) + timedelta(days=HORIZON_DAYS[0] + 1)  # after the sessions that are written

    def act() -> bool:
        start = first + next(numbers) * timedelta(minutes=MINUTES)
        wanted = Wanted(ids=ids, period=Period(start, start + timedelta(minutes=MINUTES)), holder=_holder())
        with Session(_engine(url)) as session, session.begin():
            return hold_for(session, lock(session, ids), wanted) is None

    return act


def _write(url: str, kind: str) -> Act:
    ids, numbers = _own_pair(url, kind), count()
    actor, site_id, kind_id = _registry(url)
    today = datetime.now(PARIS).date()

    def act() -> bool:
        number = next(numbers)
        on, starts = _slot(today, number)
        spec = TemplateSpec(
            site_id=site_id,
            kind_id=kind_id,
            name="Audience de mesure",
            rrule=f"FREQ=WEEKLY;BYDAY={WEEKDAYS[on.weekday()]}",
            starts=starts,
            max_minutes=MINUTES,
            max_cases=1,
            horizon_days=HORIZON_DAYS[0],
            sits_on_holidays=True,
            people=People(interpreters=2, named_ids=ids),
        )
        with Session(_engine(url)) as session, session.begin():
            done = write_template(session, actor, spec, from_on=today + A_DAY, now=datetime.now(UTC))
        return done.generated.made == (on,)

    return act


def _slot(today: date, number: int) -> tuple[date, time]:
    """Return the day and hour of the so-manieth session of a client, within the week that its templates open."""
    week, at = divmod(number, OF_A_DAY)
    minutes = at * MINUTES
    return today + timedelta(days=1 + week % A_WEEK), time(minutes // 60, minutes % 60)


def _holder() -> Holder:
    return Holder(id=uuid4(), now=datetime.now(UTC))


def _own_pair(url: str, kind: str) -> tuple[int, ...]:
    """Return two resources that no other client of this side has: one in the court, the other in the prison."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT nextval('client_of_links')").fetchone()
        number = row[0] % CLIENTS + 1 if row else 1
        found = connection.execute(_ENDS, (kind, str(number))).fetchone()
    if found is None:
        raise RuntimeError(f"no {kind} {number}")
    return tuple(found[0])


@lru_cache(maxsize=1)
def _registry(url: str) -> tuple[Actor, int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute("""
            SELECT s.id, s.territory_id, k.id FROM site s, kind k
            WHERE s.code = 'B-VISIO-TRIBUNAL' AND k.code = 'audience-mesure'""").fetchone()
    site_id, territory_id, kind_id = row or (0, 0, 0)
    right = Right(Role.REGISTRY, frozenset({territory_id}))
    return Actor(uuid4(), "Greffe de mesure", (right,), territory_id), site_id, kind_id


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    return make_engine(url, pool_size=CLIENTS // PROCESSES)


def _fill(url: str) -> None:
    asked = {"clients": CLIENTS, "held": HELD, "taken": TAKEN, "video": VIDEO_KIND, "interpreter": INTERPRETER_KIND}
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _COURT.split(";"):
            connection.execute(statement, asked)
