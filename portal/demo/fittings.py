"""Who wears, or waits for, a bracelet: a home for every fitting booked, and requests around Lyon and in La Réunion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from math import cos, radians
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from psycopg.types.json import Jsonb
from sqlmodel import Session

from availability.gazetteer import Commune, gazetteer
from availability.periods import Period
from availability.places import distance_km, time_of_commune
from availability.sealing import seal
from booking.fittings import FittingTerms, Measure, Point, Purpose, Stop, Window, deadline, is_reachable
from booking.models import State
from portal.demo.accounts import Member
from portal.demo.catalogue import STREETS, Host, Place, short_name
from portal.demo.kinds import VISIT_SKILLS
from portal.demo.ledger import Ledger
from portal.demo.people import People
from portal.demo.sheets import Sheet

MEASURES = (
    # The day of the order does not count, and every other one does. Source: code pénitentiaire, art. D632-2.
    Measure(
        code="arse",
        label="Assignation à résidence (ARSE)",
        legal_days=5,
        source="code pénitentiaire, art. D632-2",
    ),
    Measure(code="ddse", label="Détention à domicile (DDSE), peine ou aménagement"),
    Measure(code="lsc", label="Libération sous contrainte"),
)
TERMS = FittingTerms(measures=MEASURES, skills=VISIT_SKILLS)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What a visit of the demonstration asks of its team."""

    purpose: Purpose = Purpose.FITTING
    is_urgent: bool = False
    agents: int = 1
    skills: tuple[str, ...] = ()


NEAR_KM = 11.0  # of the base: where most homes are
TOWNS = 12
TRIES = 8
ALL_DAY = tuple(Window(day, time(8), time(19)) for day in range(6))
AT_HOME = (
    ALL_DAY,
    ALL_DAY,
    tuple(Window(day, time(8), time(12, 30)) for day in range(6)),
    tuple(Window(day, time(12), time(18)) for day in range(5)),
    tuple(Window(day, time(9), time(17, 30)) for day in (0, 2, 4)),
    (*(Window(day, time(22), time(10)) for day in range(6)), Window(5, time(9), time(12))),  # works at night elsewhere
)
USUAL = Visit()
# What the first ones who wait ask for, in the order of WAITING: the others ask for a usual fitting.
SPECIAL = (
    USUAL, Visit(is_urgent=True), USUAL, Visit(agents=2), USUAL, Visit(skills=("bar",)), Visit(purpose=Purpose.REMOVAL),
)  # fmt: skip
# By service: measure, days since the order. The first ones are late or nearly so.
WAITING = {
    "pse-69": (
        ("arse", 6), ("arse", 5), ("arse", 4), ("arse", 3), ("arse", 1), ("arse", 0), ("ddse", 19), ("ddse", 12),
        ("lsc", 9), ("ddse", 4), ("lsc", 2),
    ),
    "pse-974": (("arse", 4), ("ddse", 15), ("lsc", 6)),
}  # fmt: skip
A_WEEK = timedelta(days=6)
SOON, LATER = ("arse", "arse", "ddse", "lsc"), ("ddse",) * 6 + ("lsc",) * 3 + ("arse",)
KEPT = (State.BOOKED, State.HONOURED, State.MISSED)


class Fittings:
    """Fills the sheets of requests and of visits, and adds their lines to the history."""

    def __init__(self, rng: Random, people: People, ledger: Ledger, now: datetime) -> None:
        self.rng = rng
        self.people = people
        self.ledger = ledger
        self.now = now
        self.keys = dict(people.keys.rows)
        self.waiting: set[UUID] = set()
        self.rules = Sheet(
            "fitting_rule",
            "kind_id reach_km practical_from_days practical_until_days measures skills",
            numbered=False,
        )
        self.requests = Sheet(
            "fitting_request",
            "id kind_id territory_id person_id measure address_sealed lat lon is_exact time_zone holiday_zone windows"
            " ordered_on deadline_on requested_by closed_at created_at purpose is_urgent agents skills",
            numbered=False,
        )
        self.visits = Sheet("fitting_visit", "booking_id request_id at", numbered=False)

    def fill(self, teams: Iterable[Place], kind_id: int) -> None:
        """Give a home to every fitting that is booked, and leave a few requests without a slot."""
        self.kind_id = kind_id
        self.rules.add(
            kind_id=kind_id,
            reach_km=TERMS.reach_km,
            practical_from_days=TERMS.practical_from_days,
            practical_until_days=TERMS.practical_until_days,
            skills=Jsonb(VISIT_SKILLS),
            measures=Jsonb([vars(measure) | {"counting": measure.counting.value} for measure in MEASURES]),
        )
        booked = self._booked()
        waiting = dict(WAITING)
        for team in teams:
            self._visits(team, booked[team.id])
            for number, (measure, days) in enumerate(waiting.pop(team.host.code, ())):
                self._waiting(team, measure, days, SPECIAL[number] if number < len(SPECIAL) else USUAL)

    def write(self, session: Session) -> None:
        """Copy the rows."""
        for sheet in (self.rules, self.requests, self.visits):
            sheet.write(session)

    def _booked(self) -> defaultdict[int, list[dict[str, Any]]]:
        found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        kept = {state.value for state in KEPT}
        for row in self.ledger.bookings.rows:
            booking = dict(zip(self.ledger.bookings.columns, row, strict=True))
            if booking["kind_id"] == self.kind_id and booking["state"] in kept:
                found[booking["resource_id"]].append(booking)
        return found

    def _visits(self, team: Place, bookings: list[dict[str, Any]]) -> None:
        stops: list[Stop] = []
        last: Commune = team.host.commune
        for booking in sorted(bookings, key=lambda one: one["starts_at"]):
            period = Period(booking["starts_at"], booking["ends_at"])
            last, at = self._home(team.host, period, stops[-1:], last)
            stops.append(Stop(period, at))
            created_at = booking["created_at"] - timedelta(hours=self.rng.randint(1, 20))
            request_id = self._request(
                team,
                booking["person_id"],
                (last, at),
                measure=self.rng.choice(SOON if booking["starts_at"] - created_at < A_WEEK else LATER),
                ordered_on=created_at.astimezone(team.zone).date(),
                created_at=created_at,
                windows=ALL_DAY,
                by=booking["requested_by"],
            )
            self.visits.add(booking_id=booking["id"], request_id=request_id, at=booking["created_at"])

    def _waiting(self, team: Place, measure: str, days: int, visit: Visit) -> None:
        today = self.now.astimezone(team.zone).date()
        by = self.ledger.accounts.for_place(team)
        commune = self.rng.choice(_towns(team.host.commune))
        self._request(
            team,
            self._somebody_else(team, by),
            (commune, self._spot(commune)),
            measure=measure,
            ordered_on=today - timedelta(days=days),
            created_at=self.now - timedelta(days=days, minutes=self.rng.randint(5, 300)),
            windows=self.rng.choice(AT_HOME),
            by=by.id,
            visit=visit,
        )

    def _somebody_else(self, team: Place, by: Member) -> UUID:
        """Return somebody who does not wait already, as long as there is somebody."""
        for _ in range(TRIES):
            person_id = self.people.anybody(team.host.court, by)
            if person_id not in self.waiting:
                break
        self.waiting.add(person_id)
        return person_id

    def _home(self, host: Host, period: Period, before: list[Stop], last: Commune) -> tuple[Commune, Point]:
        """Return a home where the team can be in time; after a few tries, in the same town as the stop before."""
        for _ in range(TRIES):
            commune = self.rng.choice(_towns(host.commune))
            at = self._spot(commune)
            if is_reachable(at, period, before):
                return commune, at
        near = before[0].at if before and before[0].at else (last.lat, last.lon)
        return last, (round(near[0] + self.rng.uniform(-0.003, 0.003), 5), round(near[1], 5))

    def _spot(self, commune: Commune) -> Point:
        north, east = (self.rng.uniform(-0.8, 0.8) for _ in range(2))
        return (
            round(commune.lat + north / 111.2, 5),
            round(commune.lon + east / (111.2 * cos(radians(commune.lat))), 5),
        )

    def _request(
        self,
        team: Place,
        person_id: UUID,
        home: tuple[Commune, Point],
        *,
        measure: str,
        ordered_on: date,
        created_at: datetime,
        windows: tuple[Window, ...],
        by: UUID,
        visit: Visit = USUAL,
    ) -> UUID:
        commune, (lat, lon) = home
        time_zone, holiday_zone = time_of_commune(commune.insee)
        number = UUID(int=self.rng.getrandbits(128), version=4)
        self.requests.add(
            id=number,
            kind_id=self.kind_id,
            territory_id=team.host.court.id,
            person_id=person_id,
            measure=measure,
            address_sealed=seal(self._key(person_id), self._address(commune)),
            lat=lat,
            lon=lon,
            is_exact=True,
            time_zone=time_zone,
            holiday_zone=holiday_zone,
            windows=Jsonb([window.to_json() for window in windows]),
            ordered_on=ordered_on,
            deadline_on=(
                deadline(TERMS.measure(measure), ordered_on, holiday_zone) if visit.purpose is Purpose.FITTING else None
            ),
            **asdict(visit) | {"skills": list(visit.skills)},
            requested_by=by,
            closed_at=None,
            created_at=created_at,
        )
        line = (created_at, by, "fitting-requested", "fitting_request", str(number), person_id, {"measure": measure})
        self.ledger.history.append(line)
        return number

    def _address(self, commune: Commune) -> str:
        postcode = commune.postcodes[0] if commune.postcodes else ""
        return f"{self.rng.randint(1, 90)} {self.rng.choice(STREETS)}, {postcode} {short_name(commune)}"

    def _key(self, person_id: UUID) -> bytes:
        return aes_key_unwrap(self.people.wrapping_key, self.keys[person_id])


@cache
def _towns(commune: Commune) -> tuple[Commune, ...]:
    """Return the town and the largest ones near it; never none."""
    near = [other for other in _by_department()[commune.department] if _is_near(commune, other)]
    largest = sorted(near, key=lambda other: (-other.population, other.insee))[:TOWNS]
    return tuple(largest) or (commune,)


@cache
def _by_department() -> dict[str, list[Commune]]:
    found: defaultdict[str, list[Commune]] = defaultdict(list)
    for commune in gazetteer().communes:
        found[commune.department].append(commune)
    return found


def _is_near(commune: Commune, other: Commune) -> bool:
    return distance_km(commune.lat, commune.lon, other.lat, other.lon) <= NEAR_KM
