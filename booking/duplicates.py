"""The same person twice: told before a second file is opened, and listed for who may merge two.

Names are compared by trigrams, which do not mind their order; a birth date by what a slip makes of it; a phone by its
blind index. One of them alone is never enough: families share a phone, and thousands of people share a name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import Refusal
from availability.history import consulted
from availability.rights import REQUESTERS, Actor
from availability.sealing import House
from booking.persons import SEEN, NewPerson, search_name_of
from booking.phones import readings

ALIKE_SAME_DAY = 0.55  # Morau Anatole for Moreau Anatole: 0.68; another family name with the same given name: 0.5
ALIKE_NEAR_DAY = 0.62
ALIKE_SAME_NUMBER = 0.62  # another given name with the same family name: 0.45, a relative
ALIKE_SAME_FILE = 0.3
MOST_PAIRS = 200

MOST_ALIKE = 5

# Whoever comes second sees the file of the first; those born on other days do not wait.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:born, 0))")
# A name within another (a usage name, an alias) counts for less than two names alike: families share words.
_LIKENESS = "greatest(similarity({0}.search_name, {1}), word_similarity({1}, {0}.search_name) - 0.2)"
# What is indexed finds a handful; what is compared is only these.
CANDIDATES = f"""
    SELECT p.id, p.family_name, p.given_name, p.birth_on, p.sex, p.file_number, p.territory_id, p.search_name,
           {_LIKENESS.format("p", ":names")} AS likeness, p.birth_on = :birth_on AS same_day,
           EXISTS (SELECT FROM person_phone n WHERE n.person_id = p.id AND n.number_index = :number) AS same_number,
           (:file <> '' AND (lower(p.file_number) = :file OR EXISTS (
               SELECT FROM person_file n WHERE n.person_id = p.id AND lower(n.number) = :file))) AS same_file
    FROM person p
    WHERE p.merged_into IS NULL
      AND (p.birth_on = ANY(:near) OR p.id IN (SELECT person_id FROM person_phone WHERE number_index = :number)
           OR (:file <> '' AND p.id IN (SELECT person_id FROM person_file WHERE lower(number) = :file))
           OR (:file <> '' AND p.file_number = :file_typed))"""  # noqa: S608 - constants only
ALIKE = text(f"""
    SELECT * FROM ({CANDIDATES} AND {SEEN}) p
    WHERE (same_day AND likeness >= {ALIKE_SAME_DAY}) OR (birth_on = ANY(:near) AND likeness >= {ALIKE_NEAR_DAY})
       OR (same_number AND (same_day OR likeness >= {ALIKE_SAME_NUMBER}))
       OR (same_file AND (same_day OR likeness >= {ALIKE_SAME_FILE}))
    ORDER BY likeness + CASE WHEN same_day THEN 0.5 ELSE 0 END + CASE WHEN same_number THEN 0.5 ELSE 0 END
             + CASE WHEN same_file THEN 0.5 ELSE 0 END DESC, search_name, id
    LIMIT :limit""")  # noqa: S608 - constants only
# Beyond the ressort: the very same names, in any order, on the very same day; and only who holds the file is told.
ELSEWHERE = text(f"""
    SELECT p.id, p.territory_id, t.name FROM person p JOIN territory t ON t.id = p.territory_id
    WHERE p.merged_into IS NULL AND p.birth_on = :birth_on AND similarity(p.search_name, :names) = 1
      AND NOT {SEEN} ORDER BY p.created_at DESC LIMIT 3""")  # noqa: S608 - constants only
PAIRS = text(f"""
    WITH mine AS MATERIALIZED (SELECT p.* FROM person p WHERE p.merged_into IS NULL AND {SEEN}),
    met AS (
        SELECT a.id AS first_id, b.id AS second_id FROM mine a JOIN mine b ON a.birth_on = b.birth_on AND a.id < b.id
        UNION
        SELECT a.id, b.id FROM mine a JOIN person_phone x ON x.person_id = a.id
        JOIN person_phone y ON y.number_index = x.number_index JOIN mine b ON b.id = y.person_id AND a.id < b.id)
    SELECT a.id AS a_id, a.family_name AS a_family_name, a.given_name AS a_given_name, a.birth_on AS a_birth_on,
           a.sex AS a_sex, a.file_number AS a_file_number, a.created_at AS a_created_at,
           b.id AS b_id, b.family_name AS b_family_name, b.given_name AS b_given_name, b.birth_on AS b_birth_on,
           b.sex AS b_sex, b.file_number AS b_file_number, b.created_at AS b_created_at,
           a.birth_on = b.birth_on AS same_day, l.likeness,
           EXISTS (SELECT FROM person_phone x JOIN person_phone y USING (number_index)
                   WHERE x.person_id = a.id AND y.person_id = b.id) AS same_number
    FROM met JOIN mine a ON a.id = met.first_id JOIN mine b ON b.id = met.second_id
    CROSS JOIN LATERAL (SELECT greatest(similarity(a.search_name, b.search_name),
        word_similarity(a.search_name, b.search_name) - 0.2,
        word_similarity(b.search_name, a.search_name) - 0.2) AS likeness) l
    WHERE l.likeness >= CASE WHEN a.birth_on = b.birth_on THEN {ALIKE_SAME_DAY} ELSE {ALIKE_SAME_NUMBER} END
      AND NOT EXISTS (SELECT FROM person_distinct d WHERE d.first_id = a.id AND d.second_id = b.id)
    ORDER BY l.likeness DESC, a.search_name, a.id, b.id LIMIT :limit""")  # noqa: S608 - constants only


class FileExists(Refusal):
    """People known already may be whoever a file is opened for: `found`."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Who may be known already, as typed. `number_index` is the blind index of a phone, empty when there is none."""

    family_name: str
    given_name: str
    birth_on: date
    usage_name: str = ""
    file_number: str = ""
    number_index: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Somebody known, and what makes them maybe the same."""

    id: UUID
    family_name: str
    given_name: str
    birth_on: date
    sex: str
    file_number: str
    same_day: bool
    same_number: bool
    same_file: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A file of the same names and day that another service holds."""

    person_id: UUID
    territory_id: int
    service: str


def sought_of(new: NewPerson, regions: Sequence[str], *, house: House, fiction: bool) -> Sought:
    """Return who may be known already; a phone that reads as several numbers tells nothing."""
    numbers = readings(new.phone, regions, fiction=fiction) if new.phone.strip() else []
    return Sought(
        family_name=new.family_name,
        given_name=new.given_name,
        usage_name=new.usage_name,
        birth_on=new.birth_on,
        file_number=new.file_number,
        number_index=house.blind_index(numbers[0].e164) if len(numbers) == 1 else b"",
    )


def open_alone(session: Session, actor: Actor, birth_on: date) -> None:
    """Have nobody else open a file of this birth date there until the end of the transaction."""
    session.execute(ONE_AT_A_TIME, {"born": f"person {actor.home_territory_id} {birth_on}"})


def expect_new(session: Session, actor: Actor, sought: Sought, *, known: Collection[UUID] = ()) -> None:
    """Accept that a file is opened, when nobody alike is known but those of `known`, who are of somebody else.

    Until the end of the transaction nobody else opens one of the same birth date there. Raises: FileExists.
    """
    open_alone(session, actor, sought.birth_on)
    found = alike(session, actor, sought, limit=MOST_ALIKE + len(known))
    if others := [one for one in found if one.id not in known]:
        raise FileExists(found=tuple(others[:MOST_ALIKE]))


def alike(session: Session, actor: Actor, sought: Sought, *, limit: int = MOST_ALIKE) -> list[Alike]:
    """Return people of the actor's who may be the one sought, the likeliest first."""
    asked = _asked(actor, sought) | {"limit": limit}
    names = ("id", "family_name", "given_name", "birth_on", "sex", "file_number", "same_day", "same_number")
    return [
        Alike(**{name: getattr(row, name) for name in names}, same_file=row.same_file)
        for row in session.execute(ALIKE, asked)
    ]


def elsewhere(session: Session, actor: Actor, sought: Sought, *, now: datetime) -> list[Elsewhere]:
    """Return the services beyond the actor's that hold a file of these very names and day; each look is logged."""
    found = [
        Elsewhere(person_id=row.id, territory_id=row.territory_id, service=row.name)
        for row in session.execute(ELSEWHERE, _asked(actor, sought))
    ]
    for one in found:
        consulted(session, actor, subject="person", subject_id=one.person_id, reason="known-elsewhere", at=now)
    return found


def pairs(session: Session, actor: Actor, *, limit: int = MOST_PAIRS) -> list[tuple[Alike, Alike]]:
    """Return the files of the actor's that are maybe of one person, the likeliest first, but those said distinct."""
    asked = {"territories": sorted(actor.territories(REQUESTERS)), "limit": limit}
    return [(_side(row, "a_"), _side(row, "b_")) for row in session.execute(PAIRS, asked)]


def near(day: date) -> Sequence[date]:
    """Return the dates that a slip makes of a day, itself first: day and month exchanged, one of the three wrong."""
    found = [(day.year, day.month, day.day), (day.year, day.day, day.month)]
    found += [(day.year + step, day.month, day.day) for step in (-10, -1, 1, 10)]
    found += [(day.year, month, day.day) for month in range(1, 13)]
    found += [(day.year, day.month, number) for number in range(1, 32)]
    return list(dict.fromkeys(one for one in (_date(*parts) for parts in found) if one))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _asked(actor: Actor, sought: Sought) -> dict[str, Any]:
    return {
        "names": search_name_of(sought.family_name, sought.given_name, sought.usage_name),
        "birth_on": sought.birth_on,
        "near": near(sought.birth_on),
        "number": sought.number_index,
        "file": sought.file_number.strip().lower(),
        "file_typed": sought.file_number.strip(),
        "territories": sorted(actor.territories(REQUESTERS)),
    }


def _side(row: Any, prefix: str) -> Alike:
    names = ("id", "family_name", "given_name", "birth_on", "sex", "file_number", "created_at")
    own = {name: getattr(row, prefix + name) for name in names}
    return Alike(**own, same_day=row.same_day, same_number=row.same_number)
