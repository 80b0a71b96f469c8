"""Slots: every free start of 500 agents over 60 days, against multiranges in SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg
from sqlmodel import Session

from availability import slots
from availability.periods import Period
from availability.queries import slots_of
from availability.slots import Slot
from benchmarks.figures import Figure, ms, ratio_by_round
from portal.database import make_engine

GOAL = 1.5
GOAL_OF_ONE_MS = 5.0
ROUNDS = 9
AGENTS = 500
DAYS = 60
STEP_MIN = 30

# Office hours on working days, eight timetables; an agent is away for three days, a site closes for one, every court is
# in recess for two, one agent in twenty receives nobody for a week; half of the starts are taken.
_AGENTS = """
    INSERT INTO kind (code, label, label_plural, layer, shape, position, host_accepts, hold_minutes, request_days,
        min_notice_days, max_ahead_days, crosses_territories, ignores_holidays, slot_step_min, slot_duration_min,
        buffer_after_min, buffer_before_min, min_notice_min, ignores_weekends, closes_in_recess, fresh_days,
        is_designated, refused_if_violence, is_active, cancel_notice_min, offer_hours)
    VALUES ('agent', 'agent', 'agents', 'Agents', 'slots', 3, false, 10, 7, 0, 365, false, false, %(step)s, %(step)s,
        0, 0, 0, true, true, 30, false, false, true, 0, 24);
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT 'A-' || s.id, s.id, k.id, 'Agent ' || s.id, 1, 0, 0, true
    FROM (SELECT id FROM site ORDER BY id LIMIT %(agents)s) s, kind k WHERE k.code = 'agent';
    CREATE TEMP TABLE agent AS
    SELECT r.id, r.site_id, s.time_zone FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE k.code = 'agent';
    INSERT INTO opening (resource_id, starts_at, ends_at)
    SELECT a.id, (day + h.opens + later) AT TIME ZONE a.time_zone, (day + h.closes + later) AT TIME ZONE a.time_zone
    FROM agent a, generate_series(1, %(days)s + 30) AS n,
         LATERAL (SELECT CAST(%(today)s AS date) + n AS day) AS d,
         LATERAL (SELECT make_interval(mins => 15 * CAST(a.id %% 8 AS int)) AS later) AS own_hours,
         (VALUES (time '09:00', time '12:00'), (time '13:30', time '17:00')) AS h (opens, closes)
    WHERE extract(isodow FROM day) < 6;
    INSERT INTO closure (resource_id, days, reason)
    SELECT id, daterange(away, away + 3), ''
    FROM agent, LATERAL (SELECT CAST(%(today)s AS date) + CAST(id %% 50 AS int) AS away) AS days;
    INSERT INTO closure (site_id, days, reason)
    SELECT DISTINCT site_id, daterange(CAST(%(today)s AS date) + 20, CAST(%(today)s AS date) + 21), '' FROM agent;
    INSERT INTO recess (territory_id, days, reason)
    SELECT DISTINCT s.territory_id, daterange(CAST(%(today)s AS date) + 40, CAST(%(today)s AS date) + 42), ''
    FROM agent a JOIN site s ON s.id = a.site_id;
    INSERT INTO capacity_period (resource_id, days, capacity, reason)
    SELECT id, daterange(CAST(%(today)s AS date) + 10, CAST(%(today)s AS date) + 17), 0, ''
    FROM agent WHERE id %% 20 = 0;
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    SELECT o.resource_id, 1, tstzrange(start, start + make_interval(mins => %(step)s)), gen_random_uuid()
    FROM opening o JOIN agent a ON a.id = o.resource_id,
         generate_series(o.starts_at, o.ends_at - make_interval(mins => %(step)s),
                         make_interval(mins => %(step)s)) AS start
    WHERE hashtext(o.resource_id || ' ' || start) %% 2 = 0;
    ANALYZE resource, opening, closure, recess, capacity_period, seat_time"""

RAW = """
    WITH opened AS (
        SELECT resource_id, range_agg(tstzrange(starts_at, ends_at)) AS during FROM opening
        WHERE resource_id = ANY(%(ids)s) AND starts_at < %(end)s AND ends_at > %(start)s GROUP BY resource_id),
    closed AS (
        SELECT r.id AS resource_id, range_agg(tstzrange(lower(c.days)::timestamp AT TIME ZONE s.time_zone,
                                                        upper(c.days)::timestamp AT TIME ZONE s.time_zone)) AS during
        FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id CROSS JOIN LATERAL (
            SELECT days FROM closure WHERE resource_id = r.id
            UNION ALL SELECT days FROM closure WHERE site_id = s.id
            UNION ALL SELECT days FROM recess WHERE k.closes_in_recess AND territory_id = s.territory_id
            UNION ALL SELECT days FROM capacity_period WHERE resource_id = r.id AND capacity = 0) c
        WHERE r.id = ANY(%(ids)s) AND c.days && daterange(%(start)s::date, %(end)s::date) GROUP BY r.id),
    taken AS (
        SELECT resource_id, range_agg(during) AS during FROM (
            SELECT resource_id, during FROM seat_time
            WHERE resource_id = ANY(%(ids)s) AND during && tstzrange(%(start)s, %(end)s)
              AND (expires_at IS NULL OR expires_at > %(now)s)
            UNION ALL SELECT resource_id, during FROM absence
            WHERE resource_id = ANY(%(ids)s) AND during && tstzrange(%(start)s, %(end)s)) busy GROUP BY resource_id)
    SELECT resource_id, start
    FROM opened LEFT JOIN closed USING (resource_id) LEFT JOIN taken USING (resource_id),
         unnest(opened.during - coalesce(closed.during, '{}') - coalesce(taken.during, '{}')) AS free,
         generate_series(lower(free), upper(free) - make_interval(mins => %(step)s),
                         make_interval(mins => %(step)s)) AS start
    ORDER BY resource_id, start"""


def figures(url: str, *, rounds: int = ROUNDS) -> list[Figure]:
    """Return the figures: the median, over the rounds, of ours divided by raw, all taking turns."""
    chance = random.Random(1)  # noqa: S311 - who goes first
    engine = make_engine(url, pool_size=1)
    ours: list[float] = []
    raws: list[float] = []
    colds: list[float] = []
    with Session(engine) as session, psycopg.connect(url, autocommit=True) as connection:
        sides = Sides(session, connection)
        found = sides.compare()
        for _ in range(rounds):
            taking_turns = [(sides.ours, ours), (sides.cold, colds), (sides.raw, raws)]
            for side, seconds in chance.sample(taking_turns, len(taking_turns)):
                seconds.append(_seconds(side))
        alone = [_seconds(sides.alone) for _ in range(20 * rounds)]
    engine.dispose()
    details = (f"ours: {ms(ours)}", f"raw : {ms(raws)}", f"{rounds} rounds, {found} free starts")
    claim = f"slots of {AGENTS} agents over {DAYS} days"
    return [
        Figure(claim=claim, value=ratio_by_round(ours, raws), unit="× raw", most=GOAL, details=details),
        Figure(
            claim=f"{claim}, nothing remembered",
            value=ratio_by_round(colds, raws),
            unit="× raw",
            most=GOAL,
            details=(f"ours: {ms(colds)}",),
        ),
        Figure(
            claim=f"slots of one agent over {DAYS} days",
            value=1000 * median(alone),
            unit="ms",
            most=GOAL_OF_ONE_MS,
            details=(f"ours: {ms(alone)}",),
        ),
    ]


class Sides:
    """The same question, through the query that pages use and through plain SQL."""

    def __init__(self, session: Session, connection: psycopg.Connection) -> None:
        self.session = session
        self.connection = connection
        self.now = datetime.now(UTC)
        first = datetime.combine(self.now.date() + timedelta(days=1), datetime.min.time(), UTC)
        self.within = Period(first, first + timedelta(days=DAYS))
        self._fill()
        self.ids = [row[0] for row in connection.execute("SELECT id FROM agent ORDER BY id")]

    def compare(self) -> int:
        """Check that both sides find the same free starts, and return how many."""
        ours = [
            (resource_id, slot.period.start)
            for resource_id, listed in sorted(self.ours().items())
            for slot in listed
            if slot.is_free
        ]
        assert len(self.ids) == AGENTS
        assert ours == [(resource_id, start) for resource_id, start in self.raw()]
        return len(ours)

    def ours(self) -> dict[int, list[Slot]]:
        """Return the slots by agent, in a transaction of its own as a page has it."""
        with self.session.begin():
            return slots_of(self.session, self.ids, within=self.within, now=self.now)

    def cold(self) -> dict[int, list[Slot]]:
        """Return the slots by agent, as a process does that has cut none of these openings yet."""
        for remembered in (slots._untaken, slots._without):
            remembered.cache_clear()
        return self.ours()

    def alone(self) -> dict[int, list[Slot]]:
        """Return the slots of one agent."""
        with self.session.begin():
            return slots_of(self.session, self.ids[:1], within=self.within, now=self.now)

    def raw(self) -> list[tuple[int, datetime]]:
        """Return the free starts by agent."""
        asked = {"ids": self.ids, "start": self.within.start, "end": self.within.end, "now": self.now}
        with self.connection.transaction():
            return self.connection.execute(RAW, asked | {"step": STEP_MIN}).fetchall()

    def _fill(self) -> None:
        asked = {"agents": AGENTS, "days": DAYS, "step": STEP_MIN, "today": self.now.date()}
        for statement in _AGENTS.split(";"):
            self.connection.execute(statement, asked)


def _seconds(side: Callable[[], object]) -> float:
    began = time.perf_counter()
    side()
    return time.perf_counter() - began
