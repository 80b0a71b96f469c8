"""The bookings of a service as its people list, filter and search them. Reads only, as of `now`.

What somebody may see is role x territory x kind: the kinds open to a role (`kind_right`), where they hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor, Role
from booking.models import State
from booking.persons import search_name_of

PAGE = 40  # what a screen of dense lines holds
MOST_COUNTED = 10_000
LONGEST_SEARCH = 80


class Part(StrEnum):
    """A part of the list. The value is what the address of the page carries."""

    TO_CONFIRM = "a-confirmer"
    AWAITING = "en-attente"
    UPCOMING = "a-venir"
    PAST = "passees"
    ALL = "toutes"


@dataclass(frozen=True, kw_only=True)
class ListedBooking:
    """A booking in a list. `state` is that of `now`: a hold that ended is lapsed, even if nobody wrote it yet."""

    id: UUID
    state: State
    kind_code: str
    kind_label: str
    shape: str
    site_id: int
    site_name: str
    address: str
    postcode: str
    commune: str
    time_zone: str
    resource_id: int
    resource_name: str
    unit_name: str | None
    first_on: date | None
    until_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    person_id: UUID | None
    initials: str  # empty: nobody yet, a case number, or a person erased since
    case_ref: str
    expires_at: datetime | None
    created_at: datetime
    is_mine: bool
    is_designated: bool  # a judge gave it to a service
    revision: int

    @property
    def is_for_somebody(self) -> bool:
        """Say whether it can be confirmed as it is."""
        return self.person_id is not None or bool(self.case_ref)


@dataclass(frozen=True)
class Cursor:
    """The last line already seen."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is listed: a part, and words found in the place, the initials or the case number."""

    part: Part = Part.ALL
    typed: str = ""

    @property
    def words(self) -> list[str]:
        """Return what is searched, word by word, without accents."""
        return search_name_of(self.typed[:LONGEST_SEARCH].replace("’", "'")).split()


def booking_lines(
    session: Session, actor: Actor, query: Query, *, now: datetime, after: Cursor | None = None, limit: int = PAGE
) -> list[ListedBooking]:
    """Return the bookings made in the actor's territories, newest first."""
    values = _asked(actor, query, now) | {
        "limit": limit,
        "after_at": after.created_at if after else None,
        "after_id": after.id if after else None,
    }
    return [line_of(row) for row in session.execute(_LISTED[query.part, bool(query.words)], values)]


def count_bookings(session: Session, actor: Actor, query: Query, *, now: datetime) -> int:
    """Return how many bookings the query finds, MOST_COUNTED + 1 when there are more."""
    values = _asked(actor, query, now) | {"most": MOST_COUNTED + 1}
    return int(session.execute(_COUNTED[query.part, bool(query.words)], values).scalar_one())


def line_of(row: Any) -> ListedBooking:
    """Return the line that a row of LINE_COLUMNS holds."""
    values = {name: getattr(row, name) for name in ListedBooking.__dataclass_fields__}
    return ListedBooking(**values | {"state": State(row.state)})


def scope_values(actor: Actor) -> dict[str, Any]:
    """Return the parameters of SCOPE: the actor's rights as requester, spread over their territories."""
    spread = [
        (right.role.value, territory_id, right.kind_id)
        for right in actor.rights
        if right.role in REQUESTERS
        for territory_id in sorted(right.territory_ids)
    ]
    roles, territories, kinds = ([one[column] for one in spread] for column in range(3))
    return {"roles": roles, "territories": territories, "kinds": kinds, "me": actor.account_id}


def hosting_values(actor: Actor) -> dict[str, Any]:
    """Return the parameters of `hosted`: the organisations that the actor runs, spread over their territories."""
    spread = [
        (right.organisation_id, territory_id, right.kind_id)
        for right in actor.rights
        if right.role is Role.PARTNER and right.organisation_id is not None
        for territory_id in sorted(right.territory_ids)
    ]
    organisations, territories, kinds = ([one[column] for one in spread] for column in range(3))
    return {"host_organisations": organisations, "host_territories": territories, "host_kinds": kinds}


def hosted(kind_id: str) -> str:
    """Return the condition that the actor runs, for this kind, the site `s`."""
    return f"""
    EXISTS (SELECT FROM unnest(CAST(:host_organisations AS bigint[]), CAST(:host_territories AS bigint[]),
                               CAST(:host_kinds AS bigint[])) AS h(organisation_id, territory_id, kind_id)
            WHERE h.organisation_id = s.organisation_id AND h.territory_id = s.territory_id
              AND (h.kind_id IS NULL OR h.kind_id = {kind_id}))"""


def _asked(actor: Actor, query: Query, now: datetime) -> dict[str, Any]:
    words = query.words
    return scope_values(actor) | {
        "now": now,
        "patterns": [f"%{word}%" for word in words],  # letters and digits only: nothing to escape
        "compact": "".join(words),
        # "A.D." is somebody's initials, not every place with an a and a d in its name.
        "only_initials": bool(words) and all(len(word) == 1 for word in words),
    }


# Territories and kinds within reach, one line a territory.
SCOPE = """
    scope AS (
        SELECT g.territory_id, array_agg(DISTINCT k.kind_id) AS kinds
        FROM unnest(CAST(:roles AS text[]), CAST(:territories AS bigint[]), CAST(:kinds AS bigint[]))
             AS g(role, territory_id, kind_id)
        JOIN kind_right k ON k.role = g.role AND (g.kind_id IS NULL OR g.kind_id = k.kind_id)
        GROUP BY g.territory_id)"""
MINE = "scope mine ON mine.territory_id = b.territory_id AND b.kind_id = ANY(mine.kinds)"
STATE_NOW = "CASE WHEN b.expires_at <= :now THEN 'lapsed' ELSE b.state END"
INITIALS = "coalesce(left(p.given_name, 1) || left(p.family_name, 1), '')"
LINE_COLUMNS = f"""
    b.id, {STATE_NOW} AS state, k.code AS kind_code, k.label AS kind_label, k.shape, s.id AS site_id,
    s.name AS site_name, s.address, s.postcode, s.commune, s.time_zone, b.resource_id, r.name AS resource_name,
    u.name AS unit_name, b.first_on, b.until_on, b.starts_at, b.ends_at, b.person_id,
    {INITIALS} AS initials, b.case_ref, b.expires_at, b.created_at, b.requested_by = :me AS is_mine,
    k.is_designated, b.revision"""
LINE_TABLES = """
    booking b JOIN kind k ON k.id = b.kind_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id LEFT JOIN unit u ON u.id = b.unit_id LEFT JOIN person p ON p.id = b.person_id"""
TODAY_THERE = "CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)"
IS_OVER = f"coalesce(b.until_on <= {TODAY_THERE}, b.ends_at <= :now, false)"
_PARTS = {
    Part.TO_CONFIRM: "b.state = 'held' AND b.expires_at > :now",
    Part.AWAITING: "b.state = 'requested' AND b.expires_at > :now",
    Part.UPCOMING: f"b.state = 'booked' AND NOT {IS_OVER}",
    Part.PAST: f"coalesce(b.expires_at <= :now, b.state <> 'booked' OR {IS_OVER})",
    Part.ALL: "true",
}
# The same words as search_name_of() makes: no accent, lower case; what is neither letter nor digit parts them.
_ACCENTED = "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
_PLAIN = "AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyy"
_PARTING = "’''-–/.,()«»°"
_DROPPED = "œŒæÆ"


def bare(expression: str) -> str:
    """Return the SQL of a text as it is searched: see `search_name_of`."""
    spaces = " " * (len(_PARTING) - 1)
    return f"lower(translate({expression}, '{_ACCENTED}{_PARTING}{_DROPPED}', '{_PLAIN}{spaces}'))"


# Accents are taken away once a place, not once a booking: it is what a search costs.
_PLACES = f"""
    places AS MATERIALIZED (
        SELECT r.id, {bare("concat_ws(' ', s.name, s.commune, r.name, k.label)")} AS words
        FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
        WHERE r.id IN (SELECT b.resource_id FROM booking b JOIN scope ON scope.territory_id = b.territory_id))"""  # noqa: S608 - constants only
_FOUND = f"""
    (lower({INITIALS}) = :compact
     OR (NOT :only_initials
         AND lower(concat_ws(' ', places.words, u.name, b.case_ref)) LIKE ALL (CAST(:patterns AS text[]))))"""
_AFTER = """
    (CAST(:after_id AS uuid) IS NULL
     OR (b.created_at, b.id) < (CAST(:after_at AS timestamptz), CAST(:after_id AS uuid)))"""


def _listed(part: Part) -> TextClause:
    # The newest of each territory by its index, then the newest of those: no sort of a whole country.
    return text(f"""
        WITH {SCOPE}
        SELECT line.* FROM scope CROSS JOIN LATERAL (
            SELECT {LINE_COLUMNS} FROM {LINE_TABLES}
            WHERE b.territory_id = scope.territory_id AND b.kind_id = ANY(scope.kinds) AND {_PARTS[part]} AND {_AFTER}
            ORDER BY b.created_at DESC, b.id DESC LIMIT :limit) line
        ORDER BY line.created_at DESC, line.id DESC LIMIT :limit""")  # noqa: S608 - constants only


def _found(part: Part) -> TextClause:
    return text(f"""
        WITH {SCOPE}, {_PLACES}
        SELECT {LINE_COLUMNS} FROM {LINE_TABLES} JOIN {MINE} JOIN places ON places.id = b.resource_id
        WHERE {_PARTS[part]} AND {_AFTER} AND {_FOUND}
        ORDER BY b.created_at DESC, b.id DESC LIMIT :limit""")  # noqa: S608 - constants only


def _counted(part: Part, *, searched: bool) -> TextClause:
    places = f", {_PLACES}" if searched else ""
    return text(f"""
        WITH {SCOPE}{places}
        SELECT count(*) FROM (
            SELECT 1 FROM {LINE_TABLES} JOIN {MINE} {"JOIN places ON places.id = b.resource_id" if searched else ""}
            WHERE {_PARTS[part]} AND {_FOUND if searched else "true"} LIMIT :most) AS counted""")  # noqa: S608


_LISTED = {(part, searched): _found(part) if searched else _listed(part) for part in Part for searched in (False, True)}
_COUNTED = {(part, searched): _counted(part, searched=searched) for part in Part for searched in (False, True)}
