"""What the registry of Lyon has to plan: twelve hearings without a judge, and a hundred and fifty cases that wait.

Four judges, a clerk each, two rooms. Some cases cannot be placed, on purpose: too urgent, or one too many of a family.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.models import Kind, Shape
from availability.openings import instant_of, is_holiday
from booking.plans.hearing_people import ROOM_KIND
from optimizer.hearings.problem import VIDEO
from portal.demo.catalogue import Catalogue, Hearing, Host, Place
from portal.demo.hearings import in_vacation
from portal.demo.names import family_name, given_name
from portal.demo.sheets import Sheet
from portal.demo.video import LANGUAGES

COURT = "TGILYON"
HEARING_KIND, FAMILY_KIND = "audience-jcp", "audience-jaf"
EQUIPMENT = {"label": "Équipement", "type": "list", "choices": {VIDEO: "visioconférence"}}
STAFF = tuple(
    Kind(
        code=code,
        label=label,
        label_plural=plural,
        layer=layer,
        shape=Shape.SLOTS.value,
        position=position,
        searchable={"equipment": EQUIPMENT} if code == ROOM_KIND else {},
    )
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
FILMED = ROOMS[1]  # has a video link
PRISON = "PRISON-TGILYON"
# One Monday morning, two at once on Tuesday, one Thursday afternoon: two rooms are needed.
WEEK = ((0, time(9)), (1, time(9)), (1, time(9)), (3, time(13, 30)))
# Families of the NAC: leases, loans, services, over-indebtedness. Source: nomenclature des affaires civiles, 2024.
FAMILIES = ("51",) * 8 + ("53",) * 5 + ("56",) * 3 + ("48",) * 4
QUOTAS = ({"48": 2, "51": 7}, {"48": 2, "53": 5}, {"48": 2, "51": 7, "53": 5})
TOO_URGENT = 8  # cases whose deadline is before the first hearing
DUE_AFTER = timedelta(days=75)
SITE = text("SELECT id FROM site WHERE code = :code")
# Cases of family judges that have their date: a plan may move them. One in eleven is heard from prison.
PLACED = text("""
    INSERT INTO waiting_case (id, territory_id, kind_id, case_ref, family, minutes, received_on, ready_on, deadline_on,
                              priority, language, held_at_id, by_video, booking_id)
    SELECT id, territory_id, kind_id, case_ref, family, minutes, CAST(:received AS date), CAST(:ready AS date),
           day + 60, CASE WHEN starts_with(family, '27') THEN 2 ELSE 1 END,
           CASE number % 14 WHEN 3 THEN 'ar' WHEN 9 THEN 'sq' END,
           CASE WHEN is_filmed THEN CAST(:prison AS bigint) END, is_filmed, id
    FROM (SELECT DISTINCT ON (b.case_ref) b.*,
                 CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day,
                 row_number() OVER (ORDER BY b.starts_at, b.id) AS number,
                 row_number() OVER (ORDER BY b.starts_at, b.id) % 11 = 5
                   AND coalesce(room.attributes ? 'equipment', false) AS is_filmed
          FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
          JOIN territory t ON t.id = s.territory_id AND t.id = b.territory_id JOIN kind k ON k.id = b.kind_id
          LEFT JOIN hearing_staffing f ON f.hearing_id = r.id LEFT JOIN resource room ON room.id = f.room_id
          WHERE t.code = :court AND k.code = :kind AND b.state = 'booked' AND b.starts_at > :now AND b.case_ref <> ''
          ORDER BY b.case_ref, b.id) placed""")
NOTICE_DAYS = 15  # Source: code de procédure civile, art. 754


def registry_of_lyon(catalogue: Catalogue, rng: Random, now: datetime) -> None:
    """Add the judges, clerks, rooms and hearings; one judge is away for a week."""
    host = next(one for one in catalogue.courthouses if one.court.code == COURT)
    judges = [catalogue.place(host, "magistrat", _name(rng)) for _ in range(JUDGES)]
    for _ in judges:
        catalogue.place(host, "greffier", _name(rng))
    for name in ROOMS:
        catalogue.place(host, ROOM_KIND, name, attributes={"equipment": [VIDEO]} if name == FILMED else None)
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
        "id territory_id kind_id case_ref family minutes received_on ready_on deadline_on refused_judges"
        " priority due_on language held_at_id by_video",
        numbered=False,
    )
    host = judges[0].host
    starts = [catalogue.hearing_of[place.id].starts_at for place in _of_kind(catalogue, HEARING_KIND)]
    days = [start.date() for start in starts if start > now]
    prison = session.execute(SITE, {"code": PRISON}).scalar_one()
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
            priority=2 if number % 20 == 3 else 1,
            due_on=received_on + DUE_AFTER if number % 10 == 4 else None,
            language=list(LANGUAGES)[number % 3] if number % 25 == 7 else None,
            held_at_id=prison if number % 50 == 13 else None,
            by_video=number % 50 == 13,
        )
    cabinets.write(session)
    cases.write(session)


def placed_cases(session: Session, now: datetime) -> None:
    """Write the cases of family judges that have their date, once it is known who holds their hearings."""
    received = now.date() - timedelta(days=40)
    session.execute(
        PLACED,
        {
            "court": COURT,
            "kind": FAMILY_KIND,
            "now": now,
            "received": received,
            "ready": received + timedelta(days=NOTICE_DAYS),
            "prison": session.execute(SITE, {"code": PRISON}).scalar_one(),
        },
    )


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
