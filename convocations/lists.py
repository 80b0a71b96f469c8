"""A list of people as it is pasted: a name or a file number a line, and whom it names here. Reads only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.rights import REQUESTERS, Actor
from booking.persons import SEEN, PersonLine, search_name_of

MOST_LINES = 200
LONGEST_LINE = 200
CUT = re.compile(r"[\t;]")
DAY = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b|\b(\d{4})-(\d{2})-(\d{2})\b")
COLUMNS = "p.id, p.family_name, p.given_name, p.birth_on, p.sex, p.file_number"
BY_NUMBER = text(f"""
    SELECT {COLUMNS} FROM person p WHERE p.merged_into IS NULL AND {SEEN}
      AND (lower(p.file_number) = ANY(:numbers)
           OR p.id IN (SELECT n.person_id FROM person_file n WHERE lower(n.number) = ANY(:numbers)))
    ORDER BY p.birth_on, p.id LIMIT 6""")  # noqa: S608 - constants only
# Whatever the order in which names are written: "MARTIN Alix", "Alix MARTIN"; a usage name may be among them.
BY_NAME = text(f"""
    SELECT {COLUMNS} FROM person p WHERE p.merged_into IS NULL AND {SEEN}
      AND p.search_name LIKE ALL (CAST(:parts AS text[]))
      AND string_to_array(:wanted, ' ') <@ string_to_array(p.search_name, ' ')
      AND (CAST(:birth_on AS date) IS NULL OR p.birth_on = :birth_on)
    ORDER BY p.search_name, p.birth_on, p.id LIMIT 6""")  # noqa: S608 - constants only


@dataclass(frozen=True)
class Read:
    """One line as it was typed, and those whom it may name: nobody, one, or several to choose among."""

    typed: str
    persons: tuple[PersonLine, ...]


def read_list(session: Session, actor: Actor, typed: str) -> list[Read]:
    """Return the lines of a list, in its order, at most MOST_LINES; each person is named once.

    A line is a file number or a name, with or without a birth date; columns are cut by tabulations or semicolons.
    """
    territories = actor.territories(REQUESTERS)
    if not territories:
        return []
    found, seen = [], set()
    for line in lines_of(typed)[:MOST_LINES]:
        persons = _named(session, line, sorted(territories))
        if len(persons) == 1 and persons[0].id in seen:
            continue
        seen |= {one.id for one in persons if len(persons) == 1}
        found.append(Read(line, persons))
    return found


def lines_of(typed: str) -> list[str]:
    """Return the lines that say something."""
    cleaned = (" ".join(CUT.sub(" ; ", line).split())[:LONGEST_LINE] for line in typed.splitlines())
    return [line.strip(" ;") for line in cleaned if line.strip(" ;") and line.isprintable()]


def _named(session: Session, line: str, territories: list[int]) -> tuple[PersonLine, ...]:
    columns = [part.strip() for part in line.split(";") if part.strip()]
    numbers = {part.lower() for part in (line, *columns)} | {word.lower() for word in line.split() if _has_digit(word)}
    rows = session.execute(BY_NUMBER, {"territories": territories, "numbers": sorted(numbers)}).all()
    if rows:
        return tuple(PersonLine(*row) for row in rows)
    birth_on = day_in(line)
    names = search_name_of(" ".join(word for word in DAY.sub(" ", line).split() if not _has_digit(word)))
    if len(names) < 2:
        return ()
    asked = {
        "territories": territories,
        "parts": [f"%{part}%" for part in names.split()],  # letters only: nothing to escape
        "wanted": names,
        "birth_on": birth_on,
    }
    return tuple(PersonLine(*row) for row in session.execute(BY_NAME, asked))


def day_in(line: str) -> date | None:
    """Return the birth date that a line holds, written the French way or the ISO way."""
    for match in DAY.finditer(line):
        day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        try:
            return datetime.strptime(f"{day}/{month}/{year}", "%d/%m/%Y").date()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    return None


def _has_digit(word: str) -> bool:
    return any(sign.isdigit() for sign in word)
