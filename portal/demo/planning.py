"""What the registry of Lyon has to plan: twelve hearings without a judge, and a hundred and fifty cases that wait.

Four judges, a clerk each, two rooms. Some cases cannot be placed, on purpose: too urgent, or one too many of a family.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from sqlmodel import Session

from availability.models import Kind, Shape
from availability.openings import instant_of, is_holiday
from booking.plans.hearing_people import ROOM_KIND
from portal.demo.catalogue import Catalogue, Hearing, Host, Place
from portal.demo.hearings import in_vacation
from portal.demo.names import family_name, given_name
from portal.demo.sheets import Sheet

COURT = "TGILYON"
HEARING_KIND = "audience-jcp"
STAFF = tuple(
    Kind(code=code, label=label, label_plural=plural, layer=layer, shape=Shape.SLOTS.value, position=position)
    for position, (code, label, plural, layer) in enumerate(
        (
            ("magistrat", "magistrat", "magistrats", "Magistrats"),
            ("greffier", "greffier", "greffiers", "Greffiers"),
            (ROOM_KIND, "salle d’audience", "salles d’audience", "Salles"),
        ),
        start=90,
    )
)
HEARINGS, CASES, JUDGES, ROOMS = 12, 150, 4, ("Salle 3", "Salle 5")
# One Monday morning, two at once on Tuesday, one Thursday afternoon: two rooms are needed.
WEEK = ((0, time(9)), (1, time(9)), (1, time(9)), (3, time(13, 30)))
# Families of the NAC: leases, loans, services, over-indebtedness. Source: nomenclature des affaires civiles, 2024.
FAMILIES = ("51",) * 8 + ("53",) * 5 + ("56",) * 3 + ("48",) * 4
QUOTAS = ({"48": 2, "51": 7}, {"48": 2, "53": 5}, {"48": 2, "51": 7, "53": 5})
TOO_URGENT = 8  # cases whose deadline is before the first hearing
NOTICE_DAYS = 15  # Source: code de procédure civile, art. 754


def registry_of_lyon(catalogue: Catalogue, rng: Random, now: datetime) -> None:
    """Add the judges, clerks, rooms and hearings; one judge is away for a week."""
    host = next(one for one in catalogue.courthouses if one.court.code == COURT)
    judges = [catalogue.place(host, "magistrat", _name(rng)) for _ in range(JUDGES)]
    for _ in judges:
        catalogue.place(host, "greffier", _name(rng))
    for name in ROOMS:
        catalogue.place(host, ROOM_KIND, name)
    starts = list(_starts(host, now))
    for number, start in enumerate(starts):
        place = catalogue.place(host, HEARING_KIND, f"Audience JCP n° {number + 1}")
        length = timedelta(minutes=180)
        hearing = Hearing(
            starts_at=start, ends_at=start + length, max_cases=rng.choice((12, 13, 14)), quotas=dict(rng.choice(QUOTAS))
        )
        catalogue.hears(place, hearing)
    monday = _monday(starts[len(starts) // 2].astimezone(host.zone).date())
    catalogue.close(judges[2], monday, monday + timedelta(days=7), "Formation")


def waiting_cases(session: Session, catalogue: Catalogue, rng: Random, now: datetime) -> None:
    """Write who sits with whom, and the cases that wait."""
    judges, clerks = (_of_kind(catalogue, code) for code in ("magistrat", "greffier"))
    cabinets = Sheet("cabinet", "judge_id clerk_id", numbered=False)
    for judge, clerk in zip(judges, clerks, strict=True):
        cabinets.add(judge_id=judge.id, clerk_id=clerk.id)
    cases = Sheet(
        "waiting_case",
        "id territory_id kind_id case_ref family minutes received_on ready_on deadline_on refused_judges",
        numbered=False,
    )
    host = judges[0].host
    starts = [catalogue.hearing_of[place.id].starts_at for place in _of_kind(catalogue, HEARING_KIND)]
    days = [start.date() for start in starts if start > now]
    today, numbers = now.astimezone(host.zone).date(), rng.sample(range(100_000), CASES)
    for number in range(CASES):
        received_on = today - timedelta(days=rng.randint(NOTICE_DAYS, 90))
        cases.add(
            id=UUID(int=rng.getrandbits(128), version=4),
            territory_id=host.court.id,
            kind_id=catalogue.kinds[HEARING_KIND],
            case_ref=f"RG {now.year % 100:02}/{numbers[number]:05}",
            family=rng.choice(FAMILIES),
            minutes=rng.choice((10, 10, 15, 15, 15, 20, 30)),
            received_on=received_on,
            ready_on=received_on + timedelta(days=NOTICE_DAYS),
            deadline_on=_deadline(rng, days, is_too_urgent=number < TOO_URGENT),
            refused_judges=[rng.choice(judges).id] if rng.random() < 0.08 else [],
        )
    cabinets.write(session)
    cases.write(session)


def _deadline(rng: Random, days: list[date], *, is_too_urgent: bool) -> date | None:
    if is_too_urgent:
        return min(days) - timedelta(days=1)
    if rng.random() < 0.15:
        return None
    return max(days) + timedelta(days=rng.randint(1, 60)) if rng.random() < 0.4 else rng.choice(days)


def _starts(host: Host, now: datetime) -> Iterator[datetime]:
    monday, found = _monday(now.astimezone(host.zone).date()) + timedelta(days=7), 0
    while found < HEARINGS:
        for weekday, wall_time in WEEK:
            day = monday + timedelta(days=weekday)
            if found < HEARINGS and not is_holiday(day, host.holiday_zone) and not in_vacation(day):
                found += 1
                yield instant_of(day, wall_time, host.zone)
        monday += timedelta(days=7)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _of_kind(catalogue: Catalogue, code: str) -> list[Place]:
    return [place for place in catalogue.places if place.kind == code]


def _name(rng: Random) -> str:
    return f"{given_name(rng, rng.choice('FM'))} {family_name(rng)}"
