"""What each line would do: whose it is, what it changes, where it books. Pure, given what is known.

The same names on the same day are one person, unless their file numbers differ; anything less is asked, line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from availability.claims import CaseClaim, SlotClaim
from availability.errors import InvalidRequest
from availability.models import Shape
from booking.duplicates import near
from booking.models import State
from booking.persons import region_at
from booking.phones import readings, regions_for
from convocations.import_models import ImportKnown, LineOutcome
from convocations.imports import fields as at
from convocations.imports.known import Appointment, Known, Somebody, Where
from convocations.imports.lines import Line, Trouble

Progress = Callable[[int, int], None]
ALIKE = 0.4  # as booking/duplicates.py: of people born on one day
ALIKE_BY_NUMBER = 0.3
ANOTHER = "another"
STEP = 250


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A line and what it would do. `candidates`: who it may be of, when somebody has to say."""

    line: Line
    outcome: LineOutcome
    person: Somebody | None = None
    candidates: tuple[Somebody, ...] = ()
    changes: tuple[str, ...] = ()  # fields
    trouble: Trouble | None = None
    remark: Trouble | None = None  # the line is done, and somebody should know
    number: str = ""  # the phone, in E.164, when it is to be added
    known: ImportKnown | None = None
    booking: Appointment | None = None
    claim: SlotClaim | CaseClaim | None = None
    starts_at: datetime | None = None
    place: Where | None = None
    needs_letter: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How lines are read: the phone region of the service, and whether fictional numbers are."""

    region: str
    fiction: bool
    now: datetime


def compare(
    known: Known,
    lines: Sequence[Line],
    reading: Reading,
    decisions: Mapping[str, str],
    *,
    tell: Progress | None = None,
) -> list[Compared]:
    """Return what each line would do, in the order of the file. `decisions`: line -> a person, or ANOTHER."""
    found: list[Compared] = []
    for at_line, line in enumerate(lines):
        if tell and at_line % STEP == 0:
            tell(at_line, len(lines))
        found.append(_compared(known, line, reading, decisions.get(str(line.number), "")))
    return found


def wanted_starts(known: Known, lines: Iterable[Line]) -> list[tuple[int, datetime]]:
    """Return where and when lines would book, those that say it."""
    found = []
    for line in lines:
        if line.trouble is None and line.day is not None:
            try:
                place, start = _place(known, line)
            except InvalidRequest:
                continue
            found.append((place.id, start))
    return found


def _compared(known: Known, line: Line, reading: Reading, decision: str) -> Compared:
    if line.trouble is not None:
        return Compared(line=line, outcome=LineOutcome.REFUSED, trouble=line.trouble)
    kept = known.keys.get(known.index(line.key))
    person = known.people.get(kept.person_id) if kept else None
    candidates: tuple[Somebody, ...] = ()
    if person is None:
        kept = None  # of somebody who was erased, or is no longer of this service
        person, candidates = _whose(known, line, decision)
    first = Compared(line=line, outcome=LineOutcome.NEW, person=person, candidates=candidates, known=kept)
    if candidates:
        return replace(first, outcome=LineOutcome.DOUBTFUL)
    if person is None and line.birth_on is None:
        trouble = Trouble(at.BIRTH, "", "birth-needed")
        return replace(first, outcome=LineOutcome.REFUSED, trouble=trouble)
    second = _with_changes(known, first, reading)
    return second if known.kind is None else _with_hearing(known, second, reading)


def _whose(known: Known, line: Line, decision: str) -> tuple[Somebody | None, tuple[Somebody, ...]]:
    """Return whose a line surely is, or all those whose it may be; nobody of both when it is of somebody new."""
    if decision and decision != ANOTHER:
        said = next((one for one in known.people.values() if str(one.id) == decision), None)
        if said is not None:
            return said, ()
    sure = [one for one in _of_day_or_number(known, line) if _is_same(one, line)]
    if len(sure) == 1 and decision != ANOTHER:
        return sure[0], ()
    if decision == ANOTHER:
        return None, ()
    return None, tuple(dict.fromkeys([*sure, *_maybe(known, line)]))[:5]


def _of_day_or_number(known: Known, line: Line) -> list[Somebody]:
    found = list(known.by_birth.get(line.birth_on, ())) if line.birth_on else []
    for number in (line.file_number, line.prosecution):
        found += known.by_number.get(number.lower(), ()) if number else ()
    return list(dict.fromkeys(found))


def _is_same(one: Somebody, line: Line) -> bool:
    same_number = bool({line.file_number.lower(), line.prosecution.lower()} - {""} & one.numbers)
    if line.birth_on is None:
        return same_number and _same_names(one, line)
    if one.birth_on != line.birth_on:
        return False
    if bool(line.file_number) and line.file_number.lower() in one.numbers:
        return _likeness(one, line) >= ALIKE_BY_NUMBER
    others = bool(line.file_number and one.file_number)  # two files: of two people, or of one opened twice
    return _same_names(one, line) and not others


def _same_names(one: Somebody, line: Line) -> bool:
    ours = {frozenset(names.split()) for names in (one.own_names, one.search_name)}
    return not ours.isdisjoint({frozenset(names.split()) for names in (line.own_names, line.search_name)})


def _maybe(known: Known, line: Line) -> list[Somebody]:
    found = []
    for one in _of_day_or_number(known, line):
        by_number = bool(line.file_number) and line.file_number.lower() in one.numbers
        if (one.birth_on == line.birth_on and _likeness(one, line) >= ALIKE) or (
            by_number and (one.birth_on == line.birth_on or _likeness(one, line) >= ALIKE_BY_NUMBER)
        ):
            found.append(one)
    alike = {one for names in {line.own_names, line.search_name} for one in known.by_names.get(names, ())}
    days = set(near(line.birth_on)) if line.birth_on and alike else set()
    found += sorted(
        (one for one in alike if line.birth_on is None or one.birth_on in days), key=lambda one: one.birth_on
    )
    return found


def _likeness(one: Somebody, line: Line) -> float:
    return max(similarity(mine, theirs) for mine in (line.own_names, line.search_name)
               for theirs in (one.own_names, one.search_name))  # fmt: skip


def similarity(one: str, other: str) -> float:
    """Return how alike two texts are by their trigrams, as pg_trgm counts them."""
    mine, theirs = _trigrams(one), _trigrams(other)
    return len(mine & theirs) / len(mine | theirs) if mine or theirs else 0.0


def _trigrams(words: str) -> set[str]:
    padded = (f"  {word} " for word in words.split())
    return {word[at_letter : at_letter + 3] for word in padded for at_letter in range(len(word) - 2)}


def _with_changes(known: Known, found: Compared, reading: Reading) -> Compared:
    """Return the line with what it changes of the person, and whether they can be told by SMS."""
    line, person = found.line, found.person
    number, has_sms, remark = _number(line, reading)
    if person is None:
        return replace(found, number=number, remark=remark, needs_letter=not has_sms)
    is_new_number = bool(number) and known.house.blind_index(number) not in person.phones
    aliases = {*person.aliases, person.usage_name, person.family_name}
    changes = {
        at.USAGE: bool(line.usage_name) and line.usage_name != person.usage_name,
        at.ALIASES: bool(set(line.aliases) - aliases),
        at.FILE: bool(line.file_number) and line.file_number.lower() not in person.numbers,
        at.PROSECUTION: bool(line.prosecution) and line.prosecution.lower() not in person.files,
        at.PHONE: is_new_number,
        at.ADDRESS: bool(line.address) and not person.has_address,
    }
    changed = tuple(name for name, is_changed in changes.items() if is_changed)
    return replace(
        found,
        outcome=LineOutcome.CHANGED if changed else LineOutcome.KNOWN,
        changes=changed,
        number=number if is_new_number else "",
        remark=remark,
        needs_letter=not (person.has_messages or has_sms),
    )


def _number(line: Line, reading: Reading) -> tuple[str, bool, Trouble | None]:
    """Return the number of a line, in E.164, and whether it receives SMS; what is wrong when there is none."""
    if not line.phone:
        return "", False, None
    found = readings(line.phone, _regions(line.address, reading.region), fiction=reading.fiction)
    if len(found) == 1:
        return found[0].e164, found[0].is_mobile, None
    return "", False, Trouble(at.PHONE, line.phone[:40], "ambiguous-number" if found else "not-a-number")


@lru_cache(maxsize=2048)
def _regions(address: str, service: str) -> tuple[str, ...]:
    home = region_at(address) if address else ""
    return regions_for(home, service) if home else regions_for(service)


def _with_hearing(known: Known, found: Compared, reading: Reading) -> Compared:
    """Return the line with what it books, moves, or finds there already."""
    assert known.kind is not None  # noqa: S101 - of a list of hearings
    line = found.line
    booking = known.bookings.get(found.known.booking_id) if found.known and found.known.booking_id else None
    try:
        place, start = _place(known, line)
    except InvalidRequest as refusal:
        facts = {name: fact for name, fact in refusal.facts.items() if name not in ("field", "problem")}
        trouble = Trouble(refusal.field, getattr(line, refusal.field, "") or "", refusal.problem, facts)
        return replace(found, outcome=LineOutcome.REFUSED, trouble=trouble, booking=booking)
    if booking is None and found.person is not None:
        booking = known.at_once.get((found.person.id, place.id, start))  # convened by hand, or by another list
    claim = _claim(known, line, place, start)
    found = replace(found, booking=booking, claim=claim, starts_at=start, place=place)
    stands = booking is not None and booking.state is State.BOOKED
    if booking is not None and (booking.resource_id, booking.starts_at) == (place.id, start):
        remark = Trouble("", "", "cancelled-here") if booking.state is State.CANCELLED else found.remark
        return replace(found, remark=remark, needs_letter=found.needs_letter and stands and start > reading.now)
    refused = Trouble(at.DAY, "", "past") if start <= reading.now else _closed(known, place, start)
    if refused is not None:
        return replace(found, outcome=LineOutcome.REFUSED, trouble=refused)
    # What was honoured, missed or called off is over: another date is another appointment.
    return replace(found, outcome=LineOutcome.MOVED if stands else LineOutcome.NEW, booking=booking if stands else None)


def _closed(known: Known, place: Where, start: datetime) -> Trouble | None:
    """Return why a start cannot be taken, lines above included; else note that this line wants it."""
    if known.free is None:
        return None
    slot = known.free.get(place.id, {}).get(start)
    if slot is None:
        return Trouble(at.HOUR, "", "not-open")
    above = known.wanted.setdefault(place.id, [])
    met = sum(one.start < slot.period.end and slot.period.start < one.end for one in above)
    if len(slot.seats) <= met:
        return Trouble(at.HOUR, "", "taken-above" if slot.is_free else "period-taken")
    above.append(slot.period)
    return None


def _claim(known: Known, line: Line, place: Where, start: datetime) -> SlotClaim | CaseClaim:
    if known.kind is not None and known.kind.shape == Shape.SESSIONS:
        return CaseClaim(resource_id=place.id, minutes=line.minutes)
    return SlotClaim(resource_id=place.id, start=start)


def _place(known: Known, line: Line) -> tuple[Where, datetime]:
    """Return where a line is and when it begins there. Raises: InvalidRequest."""
    if line.day is None or line.hour is None:
        raise InvalidRequest(at.DAY, "required")
    starts = {zone: datetime.combine(line.day, line.hour, zone) for zone in {one.zone for one in known.places}}
    among = list(known.places)
    if known.kind is not None and known.kind.shape == Shape.SESSIONS:
        among = [one for one in among if one.starts_at == starts[one.zone]]
        if not among:
            raise InvalidRequest(at.DAY, "no-hearing")
    if line.place:
        among = [one for one in among if one.is_said(line.place)]
        if not among:
            raise InvalidRequest(at.PLACE, "unknown-place")
    rooms = [one for one in among if all(one.is_said(room) for room in line.rooms)] if line.rooms else []
    rooms = rooms or [one for one in among if any(one.is_said(room) for room in line.rooms)]
    among = rooms or among
    if len(among) > 1 and known.default_place:
        among = [one for one in among if one.id == known.default_place] or among
    if len(among) != 1:
        raise InvalidRequest(at.PLACE, "several-places" if among else "unknown-place", count=len(among))
    return among[0], starts[among[0].zone].astimezone(UTC)


def chosen(decisions: Mapping[str, object]) -> tuple[dict[str, str], frozenset[UUID]]:
    """Return what was decided of lines, and which hearings are to be called off."""
    lines = decisions.get("lines")
    cancels = decisions.get("cancel")
    said = {str(line): str(one) for line, one in lines.items()} if isinstance(lines, dict) else {}
    return said, frozenset(UUID(str(one)) for one in cancels) if isinstance(cancels, list) else frozenset()
