"""Hearings of a big court: its week and year, the dates that lawyers take, a day's lists and wall, beside plain SQL."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
from sqlmodel import Session

from benchmarks import big_court
from benchmarks.big_court import CASES, HOUSE, LAWYER, SCREEN, SESSIONS, BigCourt
from benchmarks.figures import Figure, ms, ratio_by_round
from booking.court_calendar import A_WEEK, chambers_of, days_off, staff_of, week_of, year_of
from booking.hearing_list import hearings_on
from booking.lawyer_looking import Looked, open_dates
from booking.links import LinkName
from booking.pages.court_week_words import days_shown, heads_of, lanes_of
from booking.pages.court_year_words import months_of
from booking.pages.date_calendar_words import grid_of
from booking.pages.lawyer_words import months_of as months_of_dates
from booking.pages.wall_page import feed_of, wall_html
from booking.plans.hearings import plannable_kinds
from booking.screens import shown_on
from portal.database import make_engine

GOAL_MS = 300.0
ROUNDS = 15

_LOADS = "SELECT resource_id, count(*) AS cases, sum(minutes) AS minutes FROM session_case"
WEEK = f"""
    SELECT h.resource_id, h.starts_at, h.max_cases, h.max_minutes, r.name, f.judge_id, f.clerk_id, f.room_id,
           coalesce(l.cases, 0), coalesce(l.minutes, 0)
    FROM resource r JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id
    LEFT JOIN LATERAL ({_LOADS} WHERE resource_id = r.id GROUP BY resource_id) l ON true
    WHERE r.site_id = %(site_id)s AND h.starts_at >= %(first)s AND h.starts_at < %(until)s
    ORDER BY h.starts_at, r.name, r.id"""
YEAR = f"""
    SELECT CAST(h.starts_at AT TIME ZONE 'Europe/Paris' AS date) AS day, count(*), sum(h.max_cases),
           sum(coalesce(l.cases, 0)), sum(coalesce(l.minutes, 0))
    FROM resource r JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN ({_LOADS} GROUP BY resource_id) l ON l.resource_id = r.id
    WHERE r.site_id = %(site_id)s AND h.starts_at >= %(first)s AND h.starts_at < %(until)s
    GROUP BY day ORDER BY day"""
DATES = f"""
    SELECT h.resource_id, h.starts_at, r.name
    FROM resource r JOIN hearing_session h ON h.resource_id = r.id JOIN site s ON s.id = r.site_id
    LEFT JOIN ({_LOADS} GROUP BY resource_id) l ON l.resource_id = r.id
    WHERE r.site_id = %(site_id)s AND h.starts_at > %(now)s
      AND CAST(h.starts_at AT TIME ZONE 'Europe/Paris' AS date) >= CAST(%(now)s AS date) + 15
      AND coalesce(l.cases, 0) < h.max_cases AND coalesce(l.minutes, 0) + 16 <= h.max_minutes
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE 'Europe/Paris' AS date))
    ORDER BY h.starts_at, r.id"""
LISTS = """
    SELECT h.resource_id, room.name, b.case_ref, b.minutes, b.family, b.state, c.stage
    FROM resource r JOIN hearing_session h ON h.resource_id = r.id
    LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN resource room ON room.id = f.room_id
    JOIN booking b ON b.resource_id = r.id AND b.state IN ('booked', 'honoured', 'missed')
    LEFT JOIN case_call c ON c.booking_id = b.id AND c.hearing_id = r.id
    WHERE r.site_id = %(site_id)s AND h.starts_at >= %(first)s AND h.starts_at < %(until)s
    ORDER BY h.starts_at, room.name NULLS LAST, r.name, r.id, c.rank NULLS LAST, b.created_at, b.id"""


@dataclass(frozen=True)
class Claim:
    """What is measured: what the pages of ours read and make, and the statement that finds the same."""

    name: str
    ours: Callable[[], Any]
    raw: Callable[[], Any]


def figures(url: str, *, rounds: int = ROUNDS) -> list[Figure]:
    """Return the figures of each screen: the median in ms, with raw and ours divided by it, taking turns."""
    engine = make_engine(url, pool_size=1)
    with Session(engine) as session, psycopg.connect(url, autocommit=True) as connection:
        court = big_court.make(connection, datetime.now(UTC))
        sides = Sides(session, connection, court)
        sides.compare()
        found = [_figure(one, rounds) for one in sides.claims()]
    engine.dispose()
    return found


def _figure(claim: Claim, rounds: int) -> Figure:
    chance = random.Random(1)  # noqa: S311 - who goes first
    ours: list[float] = []
    raws: list[float] = []
    for _ in range(rounds):
        for side, seconds in chance.sample([(claim.ours, ours), (claim.raw, raws)], 2):
            seconds.append(_seconds(side))
    return Figure(
        claim=f"{claim.name}, of {SESSIONS:,} sessions and {CASES:,} cases",
        value=1000 * median(ours),
        unit="ms",
        most=GOAL_MS,
        details=(f"ours: {ms(ours)}", f"raw : {ms(raws)}", f"{ratio_by_round(ours, raws):.1f} × raw"),
    )


class Sides:
    """The same questions, through what pages use and through plain SQL."""

    def __init__(self, session: Session, connection: psycopg.Connection, court: BigCourt) -> None:
        self.session, self.connection, self.court = session, connection, court
        self.now = datetime.now(UTC)

    def claims(self) -> list[Claim]:
        """Return what is measured."""
        first, until = date(self.court.year, 1, 1), date(self.court.year + 1, 1, 1)
        monday, day = self.court.monday, self.court.day
        return [
            Claim("the week of a court by room", self.week, lambda: self.raw(WEEK, monday, monday + A_WEEK)),
            Claim("the year of a court", self.year, lambda: self.raw(YEAR, first, until)),
            Claim("the dates open to a lawyer", self.dates, lambda: self.raw(DATES, day, day)),
            Claim("the lists of a day", self.lists, lambda: self.raw(LISTS, day, day + timedelta(days=1))),
            Claim("a wall of a whole court, as JSON", self.feed, self.raw_feed),
            Claim("the same as a page", self.wall, self.raw_feed),
        ]

    def compare(self) -> None:
        """Check that both sides find the same."""
        court = self.court
        week = self.raw(WEEK, court.monday, court.monday + A_WEEK)
        ours = week_of(self.session, court.registry, court.monday, now=self.now)
        assert [(one.id, one.cases, one.minutes, one.is_staffed) for one in ours] == [
            (row[0], row[8], row[9], row[5] is not None) for row in week
        ]
        year = self.raw(YEAR, date(court.year, 1, 1), date(court.year + 1, 1, 1))
        days = year_of(self.session, court.registry, court.year, now=self.now)
        assert [(one.day, one.sessions, one.cases, one.minutes) for one in days if one.sessions] == [
            (row[0], row[1], row[3], row[4]) for row in year
        ]
        looked = open_dates(self.session, court.lawyer, court.asked, now=self.now)
        free = [row[0] for row in self.raw(DATES, court.day, court.day)]
        assert [one.hearing_id for one in looked.dates] == free[: len(looked.dates)]
        lists = self.raw(LISTS, court.day, court.day + timedelta(days=1))
        listed = hearings_on(self.session, court.registry, court.day, house=HOUSE, now=court.morning)
        assert [(one.id, case.case_ref) for one in listed for case in one.cases] == [(row[0], row[2]) for row in lists]
        self.session.rollback()
        walls = [(one["room"], len(one["cases"])) for one in self.feed()["hearings"]]
        assert walls == [(one.room or None, len(one.cases)) for one in listed]
        assert len(week) > 100
        assert len(year) > 100
        assert len(free) > 1000
        assert len(lists) > 500

    def week(self) -> object:
        """Return the week as its page shows it."""
        registry, monday = self.court.registry, self.court.monday
        with self.session.begin():
            plannable_kinds(self.session, registry)
            sessions = week_of(self.session, registry, monday, now=self.now)
            staff = staff_of(self.session, registry)
            off = days_off(self.session, registry, monday, monday + A_WEEK)
        days = days_shown(monday, sessions)
        return heads_of(days, off, monday), lanes_of(sessions, staff, "salle", days, off)

    def year(self) -> object:
        """Return the year as its page shows it."""
        registry, year = self.court.registry, self.court.year
        with self.session.begin():
            days = year_of(self.session, registry, year, now=self.now)
            chambers_of(self.session, registry, date(year, 1, 1), date(year + 1, 1, 1))
            plannable_kinds(self.session, registry)
            staff_of(self.session, registry)
        return months_of(days, year, {}, today=self.court.day)

    def dates(self) -> object:
        """Return the dates as the page of lawyers shows them."""
        with self.session.begin():
            lawyer, asked = self.court.lawyer, self.court.asked
            looked: Looked = open_dates(self.session, lawyer, asked, now=self.now, with_days=True)
        return months_of_dates(looked.dates), grid_of(looked.days)

    def lists(self) -> object:
        """Return the lists of the day."""
        court = self.court
        with self.session.begin():
            return hearings_on(self.session, court.registry, court.day, house=HOUSE, now=court.morning)

    def feed(self) -> dict[str, Any]:
        """Return the wall as JSON."""
        with self.session.begin():
            return feed_of(shown_on(self.session, LinkName(SCREEN, 1), house=HOUSE, now=self.court.morning))

    def wall(self) -> str:
        """Return the wall as its page."""
        with self.session.begin():
            return wall_html(shown_on(self.session, LinkName(SCREEN, 1), house=HOUSE, now=self.court.morning))

    def raw(self, statement: str, first: date, until: date) -> list[Any]:
        """Return what a statement finds."""
        asked = {"site_id": self.court.site_id, "account_id": LAWYER, "now": self.now, "first": first, "until": until}
        with self.connection.transaction():
            return self.connection.execute(statement, asked).fetchall()

    def raw_feed(self) -> str:
        """Return the rows of the wall, as JSON."""
        return json.dumps(self.raw(LISTS, self.court.day, self.court.day + timedelta(days=1)))


def _seconds(side: Callable[[], object]) -> float:
    began = time.perf_counter()
    side()
    return time.perf_counter() - began
