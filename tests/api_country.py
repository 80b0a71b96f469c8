"""A small country of two courts, and the real routes over it: what the tests of the API share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, SQLModel

import availability.api
import booking.api
import booking.attachments_api
import booking.hearing_api
import booking.hosting_api
import booking.meetings_api
import booking.outcomes_api
import booking.own_api
import booking.own_sites_api
import booking.persons_api
import booking.plans.api
import booking.series_api
import booking.stays_api
import booking.waiting_api
import convocations.api
import convocations.imports_api
import convocations.templates_api
from availability.models import (
    Closure,
    HearingSession,
    Kind,
    KindRight,
    LocatedBy,
    Opening,
    Organisation,
    Resource,
    Shape,
    Site,
    Territory,
    TerritoryLevel,
    Unit,
)
from availability.rights import Role
from booking.models import Person
from booking.persons import search_name_of
from portal import clock
from portal import database as portal_database
from portal.accounts import NewAccount, create
from portal.actors import COOKIE
from portal.api import API, build_api
from portal.database import make_engine
from portal.sign_in import create_client, issue_token, sign_in
from tests import postgres
from tests.factories import PROFILE

# httpx asks it at each request which event loop runs. It is not installed: it was looked for in every folder.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday, 09:00 in Lyon; the clocks change on the 29th
TODAY = START.date()
OFFICE = (45.7676, 4.8344)  # where people of Lyon are searched from
FEATURES = (
    availability.api.router,
    booking.api.router,
    booking.hosting_api.router,
    booking.hearing_api.router,
    booking.meetings_api.router,
    booking.outcomes_api.router,
    booking.own_api.router,
    booking.own_sites_api.router,
    booking.series_api.router,
    booking.series_api.presences,
    booking.stays_api.router,
    booking.attachments_api.router,
    booking.waiting_api.router,
    booking.persons_api.router,
    booking.persons_api.divestments,
    booking.plans.api.router,
    convocations.api.convocations,
    convocations.api.outbox,
    convocations.imports_api.router,
    convocations.templates_api.router,
)
MOVING = [
    "series", "attendance", "booking", "bed_night", "place_period", "seat_time", "session_case", "answer", "change",
    "opening", "opening_rule", "capacity_period", "template_session", "hearing_template", "optimizer_run",
    "waiting_case", "hearing_staffing",
]  # fmt: skip
# Sessions that a template opened.
OPENED = (
    "DELETE FROM hearing_session WHERE resource_id IN (SELECT id FROM resource WHERE code LIKE 'AUD-%')",
    "DELETE FROM resource WHERE code LIKE 'AUD-%'",
)
# These, and all that refers to them.
REACHED = text("""
    WITH RECURSIVE reached(id) AS (
        SELECT CAST(name AS regclass) FROM unnest(CAST(:moving AS text[])) name
        UNION SELECT CAST(conrelid AS regclass) FROM pg_constraint JOIN reached ON confrelid = id WHERE contype = 'f')
    SELECT relname FROM reached JOIN pg_class ON oid = id""")


def in_days(count: int) -> str:
    """Return the civil day in so many days, as it is written in a request."""
    return (TODAY + timedelta(days=count)).isoformat()


@dataclass
class Country:
    """The identifiers of everything that tests name, and a token for each program."""

    ids: dict[str, int] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.ids[name]


@dataclass
class Api:
    """The application, its database, and clients of it."""

    app: FastAPI
    engine: Engine
    country: Country

    def client(self, who: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client that is this program, this signed-in person, or nobody."""
        if who in self.country.tokens:
            headers["Authorization"] = f"Bearer {self.country.tokens[who]}"
        elif who is not None:
            headers |= {"Cookie": self.country.cookies[who]} | {"Origin": "http://localhost:3000"} | headers
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"http://localhost:3000{API}", headers=headers)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608

    def do(self, statement: str, **values: object) -> None:
        """Change the database behind the back of the application."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)


@pytest.fixture(scope="module")
def api_of_module(lender: postgres.Lender) -> Iterator[Api]:
    """The routes over a database of this module, at a fixed instant."""
    with lender.lent() as url, pytest.MonkeyPatch.context() as patch:
        engine = make_engine(url, pool_size=12)
        patch.setattr(portal_database, "engine", lambda: engine)
        patch.setattr(clock, "_offset", START - datetime.now(UTC))
        with Session(engine) as session, session.begin():
            country = settled(session)
        yield Api(build_api(*FEATURES), engine, country)
        engine.dispose()


@pytest.fixture
def api(api_of_module: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The routes, with nothing booked yet; the clock shows START again."""
    monkeypatch.setattr(clock, "_offset", START - datetime.now(UTC))
    with Session(api_of_module.engine) as session, session.begin():
        _empty(session)
        open_mediators(session, api_of_module.country)
    return api_of_module


def _empty(session: Session) -> None:
    """Take away the rows of what moves, which is quicker than new files."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    for table in session.execute(REACHED, {"moving": MOVING}).scalars().all():
        session.execute(text(f'DELETE FROM "{table}"'))  # noqa: S608
    for statement in OPENED:
        session.execute(text(statement))
    session.execute(text("SET LOCAL session_replication_role = origin"))


def problem_of(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Return the body of a problem, once it is seen to be the expected one, in French, without a trace."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    return body


def settled(session: Session) -> Country:
    """Fill the country and return what is in it."""
    country = Country()
    _territories(session, country)
    _kinds(session, country)
    _places(session, country)
    open_mediators(session, country)
    _people(session, country)
    return country


def open_mediators(session: Session, country: Country) -> None:
    """Open the mediators of Lyon on the mornings of the week: four starts of 45 minutes from 09:00 local."""
    for day in range(1, 5):
        start = START + timedelta(days=day)
        for name in ("mediator", "far_mediator"):
            session.add(Opening(resource_id=country[name], starts_at=start, ends_at=start + timedelta(hours=3)))


def _add(session: Session, country: Country, name: str, row: SQLModel) -> int:
    session.add(row)
    session.flush()
    country.ids[name] = row.id  # type: ignore[attr-defined]
    return country.ids[name]


def _territories(session: Session, country: Country) -> None:
    france = _add(session, country, "france", Territory(code="fr", name="France", level=TerritoryLevel.COUNTRY))
    for name in ("lyon", "brest"):
        court = Territory(code=name, name=f"TJ {name}", level=TerritoryLevel.JUDICIAL_COURT, parent_id=france)
        _add(session, country, name, court)
        _add(session, country, f"{name}_centre", Organisation(code=f"c-{name}", name=f"Centre {name}"))


def _kinds(session: Session, country: Country) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "bed": {"shape": Shape.NIGHTS, "searchable": PROFILE | {"doors": {"label": "Portes", "type": "hours"}}},
        "post": {"shape": Shape.PLACES, "host_accepts": True},
        "shelter": {"shape": Shape.NIGHTS, "crosses_territories": True, "max_days": 5},
        "mediation": {"shape": Shape.SLOTS, "slot_step_min": 45, "slot_duration_min": 45},
        "hearing": {"shape": Shape.SESSIONS},
    }
    for position, (code, options) in enumerate(kinds.items()):
        kind = Kind(code=code, label=code, label_plural=f"{code}s", layer=code, position=position, **options)
        _add(session, country, f"kind_{code}", kind)
    rights = {
        Role.PROBATION_OFFICER: ("bed+", "post+", "shelter+", "mediation"),
        Role.FAMILY_JUDGE: ("mediation+",),
        Role.REGISTRY: ("hearing+",),
        Role.PARTNER: ("bed", "post", "mediation"),
        Role.ADMINISTRATOR: ("bed", "post", "shelter", "mediation", "hearing"),
    }
    for role, codes in rights.items():
        for code in codes:
            kind_id = country[f"kind_{code.rstrip('+')}"]
            right = KindRight(kind_id=kind_id, role=role, may_reserve=code.endswith("+"))
            right.may_set_hours = role is Role.PARTNER
            session.add(right)


def _places(session: Session, country: Country) -> None:
    for name, territory, lat, lon in (
        ("csl_lyon", "lyon", 45.75, 4.85),
        ("csl_near", "lyon", 45.98, 4.72),
        ("csl_lost", "lyon", None, None),
        ("csl_brest", "brest", 48.39, -4.49),
    ):
        site = Site(
            code=name,
            name=name,
            organisation_id=country[f"{territory}_centre"],
            territory_id=country[territory],
            commune=territory,
            lat=lat,
            lon=lon,
            located_by=LocatedBy.SOURCE if lat else LocatedBy.NOWHERE,
        )
        _add(session, country, name, site)
    for name, kind, where, more in (
        ("beds", "bed", "csl_lyon", {"attributes": {"doors": {"opens": "05:30", "closes": "21:30"}}}),
        ("near_beds", "bed", "csl_near", {"attributes": {"doors": {"opens": "07:00", "closes": "19:00"}}}),
        ("women_beds", "bed", "csl_lyon", {"attributes": {"sex": "F"}}),
        ("lost_beds", "bed", "csl_lost", {}),
        ("brest_beds", "bed", "csl_brest", {}),
        ("post", "post", "csl_lyon", {"capacity": 1}),
        ("near_post", "post", "csl_near", {"capacity": 2}),
        ("brest_post", "post", "csl_brest", {"capacity": 3}),
        ("brest_shelter", "shelter", "csl_brest", {}),
        ("mediator", "mediation", "csl_lyon", {"capacity": 1}),
        ("far_mediator", "mediation", "csl_near", {"capacity": 1}),
        ("hearing", "hearing", "csl_lyon", {}),
        ("next_hearing", "hearing", "csl_lyon", {}),
    ):
        resource = Resource(code=name, name=name, site_id=country[where], kind_id=country[f"kind_{kind}"], **more)
        _add(session, country, name, resource)
    for name, beds in (("beds", 2), ("near_beds", 1), ("women_beds", 1), ("lost_beds", 1), ("brest_beds", 1)):
        for number in range(1, beds + 1):
            _add(session, country, f"{name}_{number}", Unit(resource_id=country[name], name=f"Lit {number}"))
    _add(session, country, "brest_shelter_1", Unit(resource_id=country["brest_shelter"], name="Chambre 1"))
    session.add(
        Closure(resource_id=country["near_beds"], days=Range(TODAY + timedelta(days=20), TODAY + timedelta(days=25)))
    )
    for name, day in (("hearing", 10), ("next_hearing", 17)):
        starts_at = START + timedelta(days=day)
        hearing = HearingSession(
            resource_id=country[name],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
            max_cases=3,
            max_minutes=60,
            quotas={"divorce": 1},
        )
        session.add(hearing)


def _people(session: Session, country: Country) -> None:
    for name, territory, sex in (("ana", "lyon", "F"), ("bob", "lyon", "M"), ("yann", "brest", "M")):
        person = Person(
            territory_id=country[territory],
            family_name="Essai",
            given_name=name.title(),
            birth_on=date(1990, 6, 1),
            sex=sex,
            search_name=search_name_of("Essai", name),
            created_at=START,
        )
        session.add(person)
        session.flush()
        country.people[name] = person.id
    for who, role, territory in (
        ("officer", Role.PROBATION_OFFICER, "lyon"),
        ("brest_officer", Role.PROBATION_OFFICER, "brest"),
        ("judge", Role.FAMILY_JUDGE, "lyon"),
        ("registry", Role.REGISTRY, "lyon"),
        ("administrator", Role.ADMINISTRATOR, "brest"),
        ("software", Role.PARTNER, "lyon"),
    ):
        host = country[f"{territory}_centre"] if role is Role.PARTNER else None
        secret = create_client(session, who, who, role, country[territory], host)
        session.flush()
        token = issue_token(session, who, secret, START, timedelta(days=30))
        assert token
        country.tokens[who] = token
    for who, role, organisation in (
        ("agent", Role.PROBATION_OFFICER, None),
        ("host", Role.PARTNER, "lyon_centre"),
        ("other_host", Role.PARTNER, "brest_centre"),
    ):
        new = NewAccount(who, who.title(), "", role, country["france" if organisation else "lyon"], "mot de passe long")
        account_id = create(session, new, country[organisation] if organisation else None)
        country.cookies[who] = f"{COOKIE}={sign_in(session, account_id, START, hours=700)}"
