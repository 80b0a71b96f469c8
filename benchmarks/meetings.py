"""Common dates: five people, thirty rooms, three months of busy agendas, and who blocks, against multiranges in SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from statistics import median
from uuid import uuid4

import psycopg
from sqlmodel import Session

from availability.openings import A_DAY
from availability.rights import Actor, Right, Role
from benchmarks.figures import Figure, ms, ratio_by_round
from booking.common_dates import NOON, STEP_S, Wanted, free_starts
from booking.meeting_search import Answer, read_agendas, search
from portal.database import make_engine

GOAL = 2.0  # raw says neither who blocks nor which room is free, and sends starts rather than agendas
GOAL_MS = 100.0
ROUNDS = 15
PEOPLE, ROOMS, OTHERS = 5, 30, 200
DAYS = 92
MINUTES = 90

# A court of its own, in which everybody has something two fifths of the day: half of it in a calendar of
# elsewhere, half in hearings; each is away for three days, and a room closes for a week.
_COURT = """
    INSERT INTO territory (code, name, level) VALUES ('B-REUNIR', 'Ressort de mesure', 'judicial_court');
    INSERT INTO organisation (code, name) VALUES ('B-REUNIR', 'Tribunal de mesure');
    INSERT INTO site (code, organisation_id, territory_id, name, address, postcode, commune, insee, located_by,
                      time_zone, holiday_zone, phone, email)
    SELECT 'B-REUNIR', o.id, t.id, 'Tribunal de mesure', '', '', '', '', 'nowhere', 'Europe/Paris', '', '', ''
    FROM organisation o, territory t WHERE o.code = 'B-REUNIR' AND t.code = 'B-REUNIR';
    INSERT INTO kind (code, label, label_plural, layer, shape, position, host_accepts, hold_minutes, request_days,
        min_notice_days, max_ahead_days, crosses_territories, ignores_holidays, slot_step_min, slot_duration_min,
        buffer_after_min, buffer_before_min, min_notice_min, ignores_weekends, closes_in_recess, fresh_days,
        is_designated, refused_if_violence, is_active, cancel_notice_min, offer_hours)
    SELECT code, code, code, code, 'slots', 90, false, 10, 7, 0, 365, false, false, 30, 45,
        0, 0, 0, true, false, 30, false, false, true, 0, 24
    FROM (VALUES ('magistrat'), ('salle')) AS staff (code) ON CONFLICT (code) DO NOTHING;
    INSERT INTO resource (code, site_id, kind_id, name, capacity, declared_load, declared_waiting, is_active)
    SELECT 'B-' || k.code || n, s.id, k.id, k.code || ' ' || n, 1, 0, 0, true
    FROM site s, kind k, generate_series(1, CASE k.code WHEN 'salle' THEN %(rooms)s ELSE %(people)s END) AS n
    WHERE s.code = 'B-REUNIR' AND k.code IN ('magistrat', 'salle');
    CREATE TEMP TABLE of_court AS
    SELECT r.id, k.code, row_number() OVER (PARTITION BY k.code ORDER BY r.id) AS rank
    FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id WHERE s.code = 'B-REUNIR';
    CREATE TEMP TABLE taken AS
    SELECT id, start FROM of_court, generate_series(1, %(days)s) AS n,
         generate_series((CAST(%(today)s AS date) + n + time '09:00') AT TIME ZONE 'Europe/Paris',
                         (CAST(%(today)s AS date) + n + time '17:45') AT TIME ZONE 'Europe/Paris',
                         interval '45 minutes') AS start
    WHERE abs(hashtext(id || ' ' || start)) %% 100 < 40;
    INSERT INTO calendar_feed (resource_id, url_sealed, host, etag, last_modified, next_at, failures, problem, events,
                               unread, added_by, created_at)
    SELECT id, '', 'agenda.example', '', '', now() + interval '1 year', 0, '', 0, 0, gen_random_uuid(), now()
    FROM of_court;
    INSERT INTO absence (resource_id, feed_id, during)
    SELECT t.id, f.id, tstzrange(t.start, t.start + interval '45 minutes') FROM taken t
    JOIN calendar_feed f ON f.resource_id = t.id WHERE hashtext(t.start || ' ' || t.id) %% 2 = 0;
    INSERT INTO seat_time (resource_id, seat, during, holder_id)
    SELECT id, 1, tstzrange(start, start + interval '45 minutes'), gen_random_uuid() FROM taken
    WHERE hashtext(start || ' ' || id) %% 2 <> 0;
    INSERT INTO closure (resource_id, days, reason)
    SELECT id, daterange(away, away + 3), ''
    FROM of_court, LATERAL (SELECT CAST(%(today)s AS date) + CAST(id %% 80 AS int) AS away) AS days;
    ANALYZE resource, closure, absence, seat_time, calendar_feed"""

RAW = """
    WITH court AS (SELECT id, time_zone FROM site WHERE code = 'B-REUNIR'),
    taken AS (
        SELECT r.id, coalesce(range_agg(b.during), '{}') AS during FROM resource r JOIN court ON court.id = r.site_id
        LEFT JOIN LATERAL (
            SELECT during FROM seat_time WHERE resource_id = r.id AND during && tstzrange(%(start)s, %(end)s)
              AND (expires_at IS NULL OR expires_at > %(now)s)
            UNION ALL SELECT during FROM absence WHERE resource_id = r.id AND during && tstzrange(%(start)s, %(end)s)
            UNION ALL
            SELECT tstzrange(lower(days)::timestamp AT TIME ZONE court.time_zone,
                             upper(days)::timestamp AT TIME ZONE court.time_zone)
            FROM closure WHERE (resource_id = r.id OR site_id = court.id)
              AND days && daterange(%(start)s::date, %(end)s::date)) b ON true
        WHERE r.id = ANY(%(people)s) OR r.id = ANY(%(rooms)s) GROUP BY r.id),
    everybody AS (SELECT range_agg(busy) AS during FROM taken, unnest(during) AS busy WHERE id = ANY(%(people)s))
    SELECT start
    FROM court, unnest(%(days)s::date[]) AS day,
         (VALUES (time '09:00', time '12:30'), (time '13:30', time '18:00')) AS hours (opens, closes),
         generate_series((day + opens) AT TIME ZONE time_zone,
                         (day + closes) AT TIME ZONE time_zone - make_interval(mins => %(minutes)s),
                         make_interval(secs => %(step)s)) AS start,
         LATERAL (SELECT tstzrange(start, start + make_interval(mins => %(minutes)s)) AS wanted) AS w
    WHERE NOT (SELECT during FROM everybody) && wanted
      AND EXISTS (SELECT FROM taken r WHERE r.id = ANY(%(rooms)s) AND NOT r.during && wanted)
    ORDER BY start"""


def figures(url: str, *, rounds: int = ROUNDS) -> list[Figure]:
    """Return the figures: the median, over the rounds, of ours divided by raw, taking turns, and ours in ms."""
    chance = random.Random(1)  # noqa: S311 - who goes first
    engine = make_engine(url, pool_size=1)
    ours: list[float] = []
    raws: list[float] = []
    with Session(engine) as session, psycopg.connect(url, autocommit=True) as connection:
        sides = Sides(session, connection)
        found = sides.compare()
        for _ in range(rounds):
            for side, seconds in chance.sample([(sides.ours, ours), (sides.raw, raws)], 2):
                seconds.append(_seconds(side))
        answer = sides.ours().found
    engine.dispose()
    claim = f"{MINUTES} minutes of {PEOPLE} people in one of {ROOMS} rooms within {DAYS} days, and who blocks"
    details = (
        f"ours: {ms(ours)}",
        f"raw, without who blocks: {ms(raws)}",
        f"{found} free starts, {answer.count} possibilities, {len(answer.blockers)} who block",
    )
    return [
        Figure(claim=claim, value=ratio_by_round(ours, raws), unit="× raw", most=GOAL, details=details),
        Figure(claim=claim, value=1000 * median(ours), unit="ms", most=GOAL_MS, details=(f"ours: {ms(ours)}",)),
    ]


class Sides:
    """The same question, through the search that the page uses and through plain SQL."""

    def __init__(self, session: Session, connection: psycopg.Connection) -> None:
        self.session = session
        self.connection = connection
        self.now = datetime.now(UTC)
        self._fill()
        of_court = connection.execute("SELECT id, code FROM of_court ORDER BY rank").fetchall()
        row = connection.execute("SELECT id, territory_id FROM site WHERE code = 'B-REUNIR'").fetchone()
        site_id, territory_id = row or (0, 0)
        self.people = [one for one, code in of_court if code == "magistrat"][:PEOPLE]
        self.rooms = [one for one, code in of_court if code == "salle"]
        right = Right(Role.REGISTRY, frozenset({territory_id}))
        self.actor = Actor(uuid4(), "Greffe de mesure", (right,), territory_id)
        first = self.now.date() + A_DAY
        self.wanted = Wanted(
            site_id=site_id,
            people=tuple(self.people),
            minutes=MINUTES,
            first_on=first,
            last_on=first + timedelta(days=DAYS - 1),
        )

    def compare(self) -> int:
        """Check that both sides find the same free starts, and return how many."""
        with self.session.begin():
            _, _, agendas = read_agendas(self.session, self.actor, self.wanted, now=self.now)
        self.days = [
            day
            for day in (self.wanted.first_on + timedelta(days=n) for n in range(DAYS))
            if agendas.days_off.why(day) is None
        ]
        ours = free_starts(self.wanted, agendas)
        assert len(self.people) == PEOPLE
        assert len(self.rooms) == ROOMS
        assert self.wanted.hours()[0][1] == NOON[0] == wall_time(12, 30)
        assert ours == [start for (start,) in self.raw()]
        assert ours
        return len(ours)

    def ours(self) -> Answer:
        """Return the answer, in a transaction of its own as a page has it."""
        with self.session.begin():
            return search(self.session, self.actor, self.wanted, now=self.now)

    def raw(self) -> list[tuple[datetime]]:
        """Return the free starts."""
        asked = {
            "people": self.people,
            "rooms": self.rooms,
            "days": self.days,
            "minutes": MINUTES,
            "step": STEP_S,
            "start": datetime.combine(self.wanted.first_on - A_DAY, wall_time(), UTC),
            "end": datetime.combine(self.wanted.last_on + 2 * A_DAY, wall_time(), UTC),
            "now": self.now,
        }
        with self.connection.transaction():
            return self.connection.execute(RAW, asked).fetchall()

    def _fill(self) -> None:
        asked = {"people": OTHERS, "rooms": ROOMS, "days": DAYS, "today": self.now.date()}
        for statement in _COURT.split(";"):
            self.connection.execute(statement, asked)


def _seconds(side: Callable[[], object]) -> float:
    began = time.perf_counter()
    side()
    return time.perf_counter() - began
