"""One's day: what waits for an act, what happens today, what is good to know. One statement each, as of `now`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import local_day
from availability.rights import REQUESTERS, Actor, Role
from booking.ledger import (
    LINE_COLUMNS,
    LINE_TABLES,
    MINE,
    SCOPE,
    TODAY_THERE,
    ListedBooking,
    hosted,
    hosting_values,
    line_of,
    scope_values,
)
from booking.outcomes import CORRECTABLE
from booking.own_agenda import own_agenda

SHOWN = 12  # a column that is read at a glance
SOON = timedelta(days=3)  # a request that ends within these days is worth a call
RECENT = timedelta(days=3)
LATE = timedelta(days=7)  # an outcome that waits longer is forgotten, if nobody says it
A_DAY = timedelta(days=1)
# A request lives two weeks at most, so what ended these last days was asked since then.
ASKED_WITHIN = timedelta(days=60)


class Wait(StrEnum):
    """Why a booking waits for an act of this actor."""

    CONFIRM = "confirm"  # they hold it
    CHASE = "chase"  # they asked for it, and it lapses soon
    ANSWER = "answer"  # they run the place, and it was asked


class Moment(StrEnum):
    """What happens today."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    START = "start"
    END = "end"
    APPOINTMENT = "appointment"
    HEARING = "hearing"


class Ending(StrEnum):
    """How a booking was lost."""

    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class ToDo:
    """A booking that waits."""

    line: ListedBooking
    wait: Wait


@dataclass(frozen=True)
class Today:
    """Something that happens today, at an instant or some time in the day."""

    line: ListedBooking
    moment: Moment
    at: datetime | None


@dataclass(frozen=True)
class Lost:
    """A booking refused or lapsed, for which nothing else was found yet."""

    line: ListedBooking
    ending: Ending
    was_asked: bool  # of its host; otherwise it was only held
    reason: str  # one of REFUSAL_REASONS, or empty
    at: datetime


@dataclass(frozen=True)
class Day:
    """A day, in three columns; each keeps the first SHOWN and says how many there are."""

    to_do: tuple[ToDo, ...]
    to_answer: int  # how many of what waits is for the host to answer
    to_do_count: int
    today: tuple[Today, ...]
    today_count: int
    lost: tuple[Lost, ...]
    lost_count: int
    to_note: int  # appointments that are over, and nobody said what became of them
    to_note_since: datetime | None  # when the oldest of them ended
    to_note_late: int  # those that ended more than a week ago
    to_set: int  # designations of their own that have no appointment yet, where the kind wants two
    declined: int  # people who said by their link that they cannot come, and have nothing else yet
    own_id: int | None = None  # the agenda of who reads of no other


def day(session: Session, actor: Actor, *, now: datetime) -> Day:
    """Return what the actor should see first: their own holds, their territories, the places that they run.

    Of a court, a judge who has an agenda reads today only what is theirs: see `own_day`.
    """
    own_id = own_day(session, actor)
    asked = (
        scope_values(actor)
        | hosting_values(actor)
        | {
            "now": now,
            "soon": now + SOON,
            "since": now - RECENT,
            "asked_since": now - ASKED_WITHIN,
            "shown": SHOWN,
            "day_ago": now - A_DAY,
            "day_ahead": now + A_DAY,
            "yesterday": (now - A_DAY).date(),
            "tomorrow": (now + A_DAY).date(),
            "oldest": now - CORRECTABLE,
            "late": now - LATE,
            "own_id": own_id,
        }
    )
    to_do = session.execute(TO_DO, asked).all()
    today = session.execute(TODAY, asked).all()
    lost = session.execute(LOST, asked).all()
    waiting = session.execute(OUTCOMES, asked).one()
    return Day(
        to_do=tuple(ToDo(line_of(row), Wait(row.wait)) for row in to_do),
        to_answer=_first(to_do, "to_answer"),
        to_do_count=_first(to_do, "of_all"),
        today=tuple(Today(line_of(row), Moment(row.moment), row.at) for row in today),
        today_count=_first(today, "of_all"),
        lost=tuple(Lost(line_of(row), Ending(row.state), row.was_asked, row.reason, row.at) for row in lost),
        lost_count=_first(lost, "of_all"),
        to_note=waiting.to_note,
        to_note_since=waiting.to_note_since,
        to_note_late=waiting.to_note_late,
        to_set=int(session.execute(TO_SET, asked).scalar_one()),
        declined=waiting.declined,
        own_id=own_id,
    )


def own_day(session: Session, actor: Actor) -> int | None:
    """Return the agenda of a judge who applies sentences, whose day is theirs alone; None for whoever reads all.

    Their registry, which has the same role and no agenda, reads what is of the whole court.
    """
    roles = {right.role for right in actor.rights if right.role in REQUESTERS}
    return own_agenda(session, actor.account_id) if roles == {Role.SENTENCE_JUDGE} else None


def time_zone_of(session: Session, actor: Actor) -> str:
    """Return the zone in which the actor lives: that of their own organisation or territory, else of the mainland."""
    asked = {"organisation_id": actor.organisation_id, "territory_id": actor.home_territory_id}
    found = session.execute(ZONE, asked).scalar() or session.execute(ZONE_UNDER, asked).scalar()
    return str(found or "Europe/Paris")


def today_of(session: Session, actor: Actor, *, now: datetime) -> date:
    """Return the civil day that it is where the actor lives: what "today" means on their screens."""
    return local_day(now, ZoneInfo(time_zone_of(session, actor)))


def _first(rows: Any, name: str) -> int:
    return int(getattr(rows[0], name)) if rows else 0


ZONE = text("""
    SELECT time_zone FROM site WHERE organisation_id = :organisation_id OR territory_id = :territory_id
    ORDER BY (organisation_id = :organisation_id) DESC NULLS LAST, id LIMIT 1""")
# A court of appeal has no site of its own: the zone of most of the territories under it, each that of its first site,
# for a whole country has 50,000 and every search asks. Mayotte is under La Réunion.
ZONE_UNDER = text("""
    WITH RECURSIVE under AS (
        SELECT id FROM territory WHERE parent_id = :territory_id
        UNION ALL SELECT t.id FROM territory t JOIN under ON t.parent_id = under.id)
    SELECT time_zone FROM under CROSS JOIN LATERAL
        (SELECT time_zone FROM site WHERE territory_id = under.id ORDER BY id LIMIT 1) AS first_site
    GROUP BY time_zone ORDER BY count(*) DESC, time_zone LIMIT 1""")
_LINES_MINE_OR_NOT = f"{LINE_TABLES} LEFT JOIN {MINE}"
_IS_MINE = "mine.territory_id IS NOT NULL"
_IS_HOSTED = hosted("b.kind_id")
_RECEIVES = "(CAST(:own_id AS bigint) IS NULL OR b.resource_id = :own_id)"
# An appointment is of whoever receives; a stay or a measure, of whoever asked for it or follows its person.
_IS_THEIRS = """
    (CAST(:own_id AS bigint) IS NULL OR b.resource_id = :own_id OR k.shape <> 'slots' AND (
        b.requested_by = :me OR EXISTS (SELECT FROM person_following n WHERE n.person_id = b.person_id
                                        AND n.officer_id = :me AND n.until_on IS NULL)))"""
TO_DO = text(f"""
    WITH {SCOPE}
    SELECT {LINE_COLUMNS}, w.wait, count(*) OVER () AS of_all,
           count(*) FILTER (WHERE w.wait = 'answer') OVER () AS to_answer
    FROM {_LINES_MINE_OR_NOT}
    CROSS JOIN LATERAL (SELECT CASE
        WHEN b.state = 'held' AND b.requested_by = :me THEN 'confirm'
        WHEN b.state = 'requested' AND {_IS_HOSTED} THEN 'answer'
        WHEN b.state = 'requested' AND b.expires_at <= :soon AND {_IS_MINE} THEN 'chase' END AS wait) w
    WHERE b.expires_at > :now AND w.wait IS NOT NULL
    ORDER BY b.expires_at, b.id LIMIT :shown""")  # noqa: S608 - constants only
# Nights and places have no hour: they come first, arrivals before departures.
TODAY = text(f"""
    WITH {SCOPE}
    SELECT {LINE_COLUMNS}, m.moment, b.starts_at AS at, count(*) OVER () AS of_all
    FROM {_LINES_MINE_OR_NOT}
    CROSS JOIN LATERAL (SELECT {TODAY_THERE} AS today) t
    CROSS JOIN LATERAL (SELECT CASE
        WHEN b.first_on = t.today THEN CASE WHEN k.shape = 'nights' THEN 'arrival' ELSE 'start' END
        WHEN b.until_on = t.today AND k.shape = 'nights' THEN 'departure'
        WHEN b.until_on = t.today + 1 AND k.shape = 'places' THEN 'end'
        WHEN CAST(b.starts_at AT TIME ZONE s.time_zone AS date) = t.today
        THEN CASE WHEN k.shape = 'sessions' THEN 'hearing' ELSE 'appointment' END END AS moment) m
    WHERE b.state IN ('booked', 'honoured', 'missed')
      AND (b.first_on BETWEEN :yesterday AND :tomorrow OR b.until_on BETWEEN :yesterday AND :tomorrow + 1
           OR b.starts_at BETWEEN :day_ago AND :day_ahead)  -- wherever it is: the rest says whether that is today
      AND m.moment IS NOT NULL AND ({_IS_MINE} AND {_IS_THEIRS} OR {_IS_HOSTED})
    ORDER BY coalesce(b.ends_at <= :now, false), b.starts_at NULLS FIRST, m.moment, s.name, b.id
    LIMIT :shown""")  # noqa: S608 - constants only
_TO_NOTE = f"b.state = 'booked' AND b.ends_at <= :now AND b.ends_at > :oldest AND {_RECEIVES}"
OUTCOMES = text(f"""
    WITH {SCOPE}
    SELECT count(*) FILTER (WHERE {_TO_NOTE}) AS to_note, min(b.ends_at) FILTER (WHERE {_TO_NOTE}) AS to_note_since,
           count(*) FILTER (WHERE {_TO_NOTE} AND b.ends_at <= :late) AS to_note_late,
           count(*) FILTER (WHERE b.state IN ('cancelled', 'excused') AND b.starts_at > :now
               AND EXISTS (SELECT FROM history h WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text)
                           AND h.act = 'booking-cancelled' AND h.actor_id = h.person_id)
               AND NOT EXISTS (SELECT FROM booking o
                   WHERE o.person_id = b.person_id AND o.kind_id = b.kind_id AND o.created_at > b.created_at
                     AND o.state IN ('held', 'booked', 'honoured', 'missed'))) AS declined
    FROM booking b JOIN {MINE} JOIN kind k ON k.id = b.kind_id
    WHERE k.shape = 'slots' AND b.state IN ('booked', 'cancelled', 'excused')
      AND b.starts_at > :oldest""")  # noqa: S608
TO_SET = text(f"""
    WITH {SCOPE}
    SELECT count(*) FROM booking b JOIN {MINE} JOIN kind k ON k.id = b.kind_id
    WHERE k.is_designated AND k.meeting_kind_id IS NOT NULL AND b.state = 'booked' AND b.requested_by = :me
      AND NOT EXISTS (SELECT FROM double_convocation d WHERE d.designation_id = b.id)""")  # noqa: S608 - constants only
_WAS_ASKED = "coalesce(h.facts ->> 'before', b.state) = 'requested'"
# Lost, and nothing asked since for the same person or case with the same kind.
LOST = text(f"""
    WITH {SCOPE}
    SELECT {LINE_COLUMNS}, coalesce(h.facts ->> 'reason', '') AS reason, coalesce(h.at, b.expires_at) AS at,
           {_WAS_ASKED} AS was_asked, count(*) OVER () AS of_all
    FROM {_LINES_MINE_OR_NOT}
    LEFT JOIN LATERAL (
        SELECT h.at, h.facts FROM history h
        WHERE h.subject = 'booking' AND h.subject_id = CAST(b.id AS text)
          AND h.act IN ('booking-refused', 'booking-lapsed')
        ORDER BY h.id DESC LIMIT 1) h ON b.expires_at IS NULL
    WHERE (b.state IN ('refused', 'lapsed') OR b.expires_at <= :now)
      AND b.created_at > :asked_since AND coalesce(h.at, b.expires_at) > :since AND {_IS_MINE}
      AND (b.requested_by = :me OR {_WAS_ASKED})
      AND NOT EXISTS (SELECT FROM booking o
          WHERE o.person_id = b.person_id AND o.kind_id = b.kind_id AND o.created_at > b.created_at
            AND (o.expires_at > :now OR o.state IN ('booked', 'honoured', 'missed')))
      AND NOT EXISTS (SELECT FROM booking o
          WHERE b.case_ref <> '' AND o.case_ref = b.case_ref AND o.territory_id = b.territory_id
            AND o.kind_id = b.kind_id AND o.created_at > b.created_at
            AND (o.expires_at > :now OR o.state IN ('booked', 'honoured', 'missed')))
      AND NOT EXISTS (SELECT FROM booking o  -- held for nobody, then something else: a change of mind, not a loss
          WHERE b.person_id IS NULL AND b.case_ref = '' AND o.requested_by = b.requested_by AND o.kind_id = b.kind_id
            AND o.territory_id = b.territory_id AND o.created_at > b.created_at)
    ORDER BY at DESC, b.id LIMIT :shown""")  # noqa: S608 - constants only
