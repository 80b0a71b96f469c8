"""What does not suit a wish, as SQL: one fragment an attribute, derived from its type; every value is a parameter.

The fragments read `r` (the resource), `s` (its site), `t` (its travel) and stand for the reason when it does not suit.
Values are compared as JSON, so that one badly typed value never breaks the search of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from availability.attributes import ANY, Attribute, AttributeType
from availability.doors import DAY_MIN, SATURDAY, Work
from availability.models import Shape
from availability.travel import LINES, land_of
from availability.wishes import Wish

_SAID = "r.attributes -> CAST(:code_{0} AS text)"
_UNFIT = {
    AttributeType.CHOICE: f"coalesce(r.attributes ->> CAST(:code_{{0}} AS text), '{ANY}')"
    f" NOT IN ('{ANY}', CAST(:value_{{0}} AS text))",
    AttributeType.FLAG: f"coalesce({_SAID} <> 'true', true)",
    AttributeType.RANGE: "coalesce(nullif(r.attributes -> CAST(:least_{0} AS text), 'null') > {1}, false)"
    " OR coalesce(nullif(r.attributes -> CAST(:most_{0} AS text), 'null') < {1}, false)",
    AttributeType.LIST: f"NOT coalesce({_SAID} @> to_jsonb(CAST(:value_{{0}} AS text[])), false)",
    AttributeType.NUMBER: f"coalesce(nullif({_SAID}, 'null') > {{1}}, true)",
    AttributeType.TEXT: "strpos(lower(coalesce(r.attributes ->> CAST(:code_{0} AS text), '')),"
    " lower(CAST(:value_{0} AS text))) = 0",
}
_ASKS = f"NOT coalesce(nullif({_SAID}, 'null') <@ to_jsonb(CAST(:value_{{0}} AS text[])), true)"
_AT_LEAST = f"coalesce(nullif({_SAID}, 'null') < {{1}}, true)"
_NUMBER = "to_jsonb(CAST(:value_{0} AS numeric))"

# The minute of the day; an hour that cannot be read is NULL, and then no door is open.
_HOUR = r"""CASE WHEN {0} ~ '^([01]\d|2[0-3]):[0-5]\d$' THEN
    CAST(substr({0}, 1, 2) AS int) * 60 + CAST(substr({0}, 4, 2) AS int) END"""
_OPENS, _CLOSES = _HOUR.format("its ->> 'opens'"), _HOUR.format("its ->> 'closes'")
# The same rule as availability/doors.py, which says it in Python: tests hold the two together. Days are counted from a
# week earlier, so that no moment comes before the first midnight: a division rounds towards zero.
_DOORS_SHUT = f"""
    t.travel_min IS NOT NULL AND (:ends_min - :begins_min + 2 * t.travel_min >= {DAY_MIN} OR NOT coalesce((
        SELECT bool_and(EXISTS (
            SELECT FROM (VALUES (moment / {DAY_MIN}), (moment / {DAY_MIN} - 1)) AS days(day)
            CROSS JOIN LATERAL (SELECT {_SAID.format("doors")} AS doors) said
            CROSS JOIN LATERAL (SELECT CASE WHEN mod(day, 7) < {SATURDAY} OR NOT doors ? 'weekend' THEN doors
                                            ELSE doors -> 'weekend' END AS its) of_day
            CROSS JOIN LATERAL (SELECT {_OPENS} AS opens, {_CLOSES} AS closes) hours
            WHERE moment - day * {DAY_MIN} BETWEEN opens
                  AND CASE WHEN closes > opens THEN closes ELSE closes + {DAY_MIN} END))
        FROM unnest(CAST(:work_days AS int[])) AS worked
        CROSS JOIN LATERAL (VALUES ((worked + 7) * {DAY_MIN} + :begins_min - t.travel_min),
                                   ((worked + 7) * {DAY_MIN} + :ends_min + t.travel_min)) AS moments(moment)), false))
    """  # noqa: S608 - constants only

_STALE = """coalesce(r.declared_on < CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)
    - CAST(:fresh_days AS int), true)"""
_DECLARED_DELAY = f"""CASE WHEN jsonb_typeof({_SAID.format("delay")}) = 'number'
    THEN CAST(ceil(CAST(r.attributes ->> CAST(:code_delay AS text) AS numeric)) AS int) END"""
# The days until a hearing `h` of a site `s`, in its own civil time.
_HEARING_DELAY = """CAST(h.starts_at AT TIME ZONE s.time_zone AS date)
    - CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)"""


@dataclass(frozen=True)
class Sql:
    """A fragment and its parameters."""

    text: str
    values: dict[str, Any]


def unfit(wish: Wish) -> Sql:
    """Return the array of the reasons for which a resource does not suit, in order."""
    reasons: list[tuple[str, str]] = []
    values: dict[str, Any] = {}
    for number, one in enumerate(each for each in wish.schema if each.code in wish.asked):
        reasons.append((f"CAST(:reason_{number} AS text)", _unfit(one, number)))
        values |= _values(one, number, wish.asked[one.code])
    if wish.doors and wish.work:
        reasons.append(("'hours'", _DOORS_SHUT))
        values |= {"code_doors": wish.doors} | _hours(wish.work)
    if wish.max_travel_min is not None:
        reasons.append(("'travel'", "coalesce(t.travel_min > :max_travel_min, true)"))
        values["max_travel_min"] = wish.max_travel_min
    elif wish.work:
        reasons.append(("'travel'", "t.travel_min IS NULL"))
    if wish.fresh:
        reasons.append(("'stale'", _STALE))
        values["fresh_days"] = wish.kind.fresh_days
    if wish.max_delay_days is not None and wish.kind.shape != Shape.SLOTS:  # those are known once slots are cut
        reasons.append(("'delay'", f"coalesce({delay(wish).text} > :max_delay_days, true)"))
        values |= delay(wish).values | {"max_delay_days": wish.max_delay_days}
    if not reasons:
        return Sql("CAST('{}' AS text[])", {})
    cases = ", ".join(f"CASE WHEN {wrong} THEN {reason} END" for reason, wrong in reasons)
    return Sql(f"array_remove(ARRAY[{cases}], NULL)", values)


def delay(wish: Wish) -> Sql:
    """Return the days before the first appointment, as they are declared; for a hearing, until it is held."""
    if wish.kind.shape == Shape.SESSIONS:
        return Sql(_HEARING_DELAY, {})
    if wish.delay and wish.kind.shape != Shape.SLOTS:
        return Sql(_DECLARED_DELAY, {"code_delay": wish.delay})
    return Sql("CAST(NULL AS int)", {})


def travel(wish: Wish, distance: str) -> Sql:
    """Return a table of one row: crow_km, travel_min, travel_is_estimate; `distance` is from where one travels from.

    `OFFSET 0` has each computed once, however many read it.
    """
    boxes = land_of(*(wish.origin or (0.0, 0.0)))
    values: dict[str, Any] = {}
    for number, box in enumerate(boxes):
        values |= {f"land_{edge}_{number}": getattr(box, edge) for edge in ("south", "north", "west", "east")}
    land = " OR ".join(
        f"s.lat BETWEEN :land_south_{number} AND :land_north_{number}"
        f" AND s.lon BETWEEN :land_west_{number} AND :land_east_{number}"
        for number in range(len(boxes))
    )
    lines = ", ".join(f"{start!r} + {slope!r} * crow_km" for start, slope in LINES)
    minutes, is_estimate = f"CASE WHEN {land} THEN CAST(ceil(least({lines})) AS int) END", "true"
    if wish.times:
        values |= {"timed_sites": list(wish.times), "timed_minutes": list(wish.times.values())}
        place = "array_position(CAST(:timed_sites AS bigint[]), s.id)"
        is_estimate = f"{place} IS NULL"
        minutes = f"CASE WHEN {is_estimate} THEN {minutes} ELSE (CAST(:timed_minutes AS int[]))[{place}] END"
    flight = f"SELECT {distance} AS crow_km OFFSET 0"
    columns = f"crow_km, {minutes} AS travel_min, {is_estimate} AS travel_is_estimate"
    return Sql(f"SELECT {columns} FROM ({flight}) flight OFFSET 0", values)  # noqa: S608 - constants only


def _unfit(one: Attribute, number: int) -> str:
    fragment = _UNFIT[one.type]
    if one.type is AttributeType.LIST and one.asks:
        fragment = _ASKS
    if one.type is AttributeType.NUMBER and one.at_least:
        fragment = _AT_LEAST
    return fragment.format(number, _NUMBER.format(number))


def _values(one: Attribute, number: int, asked: Any) -> dict[str, Any]:
    values: dict[str, Any] = {f"reason_{number}": one.code}
    if one.type is AttributeType.RANGE:
        values |= {f"least_{number}": one.least, f"most_{number}": one.most}
    else:
        values[f"code_{number}"] = one.code
    if one.type is not AttributeType.FLAG:
        values[f"value_{number}"] = list(asked) if one.type is AttributeType.LIST else asked
    return values


def _hours(work: Work) -> dict[str, Any]:
    begins, ends = work.minutes
    return {"begins_min": begins, "ends_min": ends, "work_days": sorted(work.weekdays)}
