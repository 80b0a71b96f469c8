"""The agenda over the socket: what a hostile page sends is answered by a sentence, what is elsewhere stays there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.claims import SlotClaim
from availability.models import Resource
from availability.rights import Actor, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.agenda import free_starts
from booking.models import Booking, State
from portal.identity import Account
from portal.problems import FAILED
from portal.sign_in import actor_of_account
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

PAGES = f"{ROOT_STATE}booking___pages___"
AGENDA = f"{PAGES}agenda_state____agenda_state"
WHY = f"{PAGES}agenda_why____agenda_why_state"
SHEET = f"{PAGES}booking_sheet____booking_sheet_state"
RESERVE = f"{PAGES}reserve_state____reserve_state"
NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
OFFICER = Role.PROBATION_OFFICER
ACCOUNT = text("""
    SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
    WHERE r.role = :role AND a.is_active ORDER BY a.login LIMIT 1""")
AGENTS = text("""
    SELECT r.id, s.territory_id = ANY(:territories) AS is_here
    FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE k.code = 'spip-rdv' ORDER BY r.id""")
OWN = text("SELECT id FROM resource WHERE name = :name")
STRANGE: list[Any] = [42, None, ["a"], {"a": {"b": [1]}}, "\x00😀" * 90, "9" * 40, "2026-03-02T09:00:00", "2026"]


@dataclass(frozen=True)
class Place:
    """An agent of the officer's territories, one of elsewhere, and an appointment of the officer's."""

    officer: Actor
    agent: int
    elsewhere: int
    booking: UUID
    start: datetime
    free: datetime

    @property
    def address(self) -> str:
        """Return the week of the appointment."""
        return f"/agenda/?lieu={self.agent}&semaine={self.start.date()}"


@pytest.fixture
def place(served: Served) -> Iterator[Place]:
    """An appointment in some weeks, given back at the end."""
    now = datetime.now(UTC)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        account = session.get_one(Account, session.execute(ACCOUNT, {"role": OFFICER}).scalar_one())
        officer = actor_of_account(session, account)
        assert officer is not None
        agents = session.execute(AGENTS, {"territories": sorted(officer.territories([OFFICER]))}).all()
        agent = next(one.id for one in agents if one.is_here)
        elsewhere = next(one.id for one in agents if not one.is_here)
        around = now + timedelta(days=40)
        first, free, *_ = free_starts(session, officer, agent, around=around, now=now)
        claim = SlotClaim(resource_id=agent, start=first)
        held = hold(session, officer, claim, now=now, beneficiary=Beneficiary(case_ref="RG 99/00777"))
        confirm(session, officer, held.id, now=now)
    yield Place(officer, agent, elsewhere, held.id, first, free)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        if session.get_one(Booking, held.id).state == State.BOOKED:
            cancel(session, officer, held.id, now=datetime.now(UTC))


def said(messages: list[dict[str, Any]]) -> str:
    """Return everything that an answer says: above the page, and on it."""
    found = changed(messages)
    parts = [found.get(NOTICE, {}).get("text"), found.get(AGENDA, {}).get("problem")]
    return " ".join(str(part) for part in parts if part)


async def opened(client: RawClient, place: Place) -> dict[str, Any]:
    """Open the week of the appointment; return what the page is told."""
    await client.hydrate(place.address)
    return changed(await client.call(f"{AGENDA}.load", path=place.address))[AGENDA]


def starts(served: Served, place: Place) -> datetime | None:
    """Return when the appointment is, for everybody."""
    with Session(served.engine) as session:
        found = session.get_one(Booking, place.booking).starts_at
        return found.astimezone(UTC) if found else None


async def test_a_week_is_sent_with_initials_and_without_names(served: Served, place: Place) -> None:
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        told = await opened(client, place)

    assert told["step"] == "week"
    entries = [entry for day in told["days"] for entry in day["lines"]]
    assert str(place.booking) in {entry["id"] for entry in entries}
    with served.engine.connect() as connection:
        names = connection.execute(text("SELECT DISTINCT family_name FROM person")).scalars().all()
    assert not any(name in str(told["days"]) + str(told["events"]) for name in names if len(name) > 4)


async def test_an_appointment_is_moved_told_and_moved_back(served: Served, place: Place) -> None:
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await opened(client, place)
        target = {"booking_id": str(place.booking), "start": place.free.isoformat()}
        moved = await client.call(f"{AGENDA}.drag", target, path=place.address)
        assert starts(served, place) == place.free
        assert "déplacé" in said(moved)
        assert changed(moved)[NOTICE]["undo_label"] == "Annuler"

        undone = await client.call(f"{AGENDA}.undo", path=place.address)

    assert starts(served, place) == place.start
    assert "annulé" in said(undone)


async def test_a_move_is_no_longer_taken_back_once_something_was_done_in_the_sheet(
    served: Served, place: Place
) -> None:
    sheet = f"{place.address}&reservation={place.booking}"
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await opened(client, place)
        target = {"booking_id": str(place.booking), "start": place.free.isoformat()}
        await client.call(f"{AGENDA}.drag", target, path=place.address)
        await client.call(f"{SHEET}.load", path=sheet)
        looked = changed(await client.call(f"{AGENDA}.refresh", path=sheet))
        await client.call(f"{SHEET}.give_back", {"form": {}}, path=sheet)
        done = changed(await client.call(f"{AGENDA}.refresh", path=sheet))
        await client.call(f"{AGENDA}.undo", path=sheet)

    assert NOTICE not in looked
    assert done[NOTICE]["undo_label"] == ""
    assert starts(served, place) == place.free


async def test_a_refused_move_draws_the_week_again_and_offers_the_nearest_starts(served: Served, place: Place) -> None:
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        other = hold(
            session, place.officer, SlotClaim(resource_id=place.agent, start=place.free), now=datetime.now(UTC)
        )
    try:
        async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
            before = await opened(client, place)
            target = {"booking_id": str(place.booking), "start": place.free.isoformat()}
            answer = changed(await client.call(f"{AGENDA}.drag", target, path=place.address))[AGENDA]
            assert answer["revision"] > before["revision"]
            assert "n’a pas été déplacé" in answer["problem"]
            assert len(answer["offers"]) == 3
            assert starts(served, place) == place.start

            accepted = {"start": answer["offers"][0]["start"]}
            await client.call(f"{AGENDA}.accept_offer", accepted, path=place.address)
            assert starts(served, place) == datetime.fromisoformat(accepted["start"])
            await client.call(f"{AGENDA}.undo", path=place.address)
            assert starts(served, place) == place.start
    finally:
        with Session(served.engine, expire_on_commit=False) as session, session.begin():
            cancel(session, place.officer, other.id, now=datetime.now(UTC))


async def test_the_agenda_opens_on_ones_own_then_on_the_one_last_looked_at(served: Served, place: Place) -> None:
    with Session(served.engine) as session:
        others = session.execute(AGENTS, {"territories": sorted(place.officer.territories([OFFICER]))}).all()
        own = session.execute(OWN, {"name": place.officer.name}).scalar_one()
    other = next(one.id for one in others if one.is_here and one.id != own)
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await client.hydrate("/agenda/")
        usual = redirections(await client.call(f"{AGENDA}.load", path="/agenda/"))
        await client.call(f"{AGENDA}.load", path=f"/agenda/?lieu={other}")
        last = redirections(await client.call(f"{AGENDA}.load", path="/agenda/?semaine=2027-01-04"))
        told = changed(await client.call(f"{AGENDA}.load", path="/agenda/?choisir=oui"))

    assert usual == [f"/agenda/?lieu={own}"]
    assert last == [f"/agenda/?lieu={other}&semaine=2027-01-04"]
    assert told[AGENDA]["step"] == "choose"


async def test_what_is_elsewhere_cannot_be_opened_reserved_or_changed(served: Served, place: Place) -> None:
    path = f"/agenda/?lieu={place.elsewhere}"
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await client.hydrate(path)
        told = await client.call(f"{AGENDA}.load", path=path)
        assert changed(told)[AGENDA]["step"] == "choose"
        assert "pas accessible" in said(told)
        answers = [
            await client.call(f"{AGENDA}.reserve", {"start": place.free.isoformat()}, path=path),
        ]

    assert not any(RESERVE in changed(answer) for answer in answers)


@pytest.mark.parametrize("role", [Role.FAMILY_JUDGE, Role.PARTNER, Role.ADMINISTRATOR, Role.REGISTRY])
async def test_who_has_no_agenda_calls_nothing(served: Served, place: Place, role: Role) -> None:
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate("/agenda/")
        for handler in (f"{AGENDA}.load", f"{AGENDA}.undo"):
            assert AGENDA not in changed(await client.call(handler, path=place.address))
        target = {"booking_id": str(place.booking), "start": place.free.isoformat()}
        await client.call(f"{AGENDA}.drag", target, path=place.address)

    assert starts(served, place) == place.start


@pytest.mark.parametrize(
    ("handler", "argument"),
    [
        ("search", "typed"),
        ("reserve", "start"),
        ("open_booking", "booking_id"),
        ("start_moving", "booking_id"),
        ("move_to", "form"),
        ("accept_offer", "start"),
        ("show_grid", "shows_grid"),
        ("drag", "start"),
    ],
)
async def test_any_shape_is_answered_without_a_failure(
    served: Served, place: Place, handler: str, argument: str
) -> None:
    whole = {"booking_id": str(place.booking)} if handler == "drag" else {}
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await opened(client, place)
        await client.call(f"{AGENDA}.start_moving", {"booking_id": str(place.booking)}, path=place.address)
        for sent in STRANGE:
            answer = await client.call(f"{AGENDA}.{handler}", {**whole, argument: sent}, path=place.address)
            assert FAILED not in said(answer), sent
            assert all(address.startswith("/agenda/") for address in redirections(answer))

    assert starts(served, place) == place.start


async def test_any_shape_of_what_is_reserved_is_answered_without_a_failure(served: Served, place: Place) -> None:
    right = {
        "site_id": _site_of(served, place.agent),
        "resource_id": str(place.agent),
        "start": "hier",
        "query": "type=spip-rdv",
    }
    before = _bookings_on(served, place.agent)
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await opened(client, place)
        for name, sent in [("start", "hier"), *((name, sent) for name in right for sent in STRANGE)]:
            answer = await client.call(f"{RESERVE}.hold_start", {**right, name: sent}, path=place.address)
            assert FAILED not in said(answer), (name, sent)
            await client.call(f"{RESERVE}.leave", path=place.address)
        for form in (
            *STRANGE,
            *({"day": sent, "hour": sent} for sent in STRANGE),
            {"day": "2026-03-02", "hour": "9:0"},
        ):
            assert FAILED not in said(await client.call(f"{WHY}.ask", {"form": form}, path=place.address)), form

    assert _bookings_on(served, place.agent) == before


async def test_leaving_gives_back_what_was_kept_and_only_that(served: Served, place: Place) -> None:
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await opened(client, place)
        right = {
            "site_id": _site_of(served, place.agent),
            "resource_id": str(place.agent),
            "start": place.free.isoformat(),
            "query": f"type=spip-rdv&du={place.free.date()}",
        }
        held = changed(await client.call(f"{RESERVE}.hold_start", right, path=place.address))[RESERVE]
        assert held["step"] == "held"
        number = UUID(held["booking_id"])
        assert _state(served, number) is State.HELD
        await client.call(f"{RESERVE}.leave", path=place.address)

    assert _state(served, number) is State.CANCELLED
    assert _state(served, place.booking) is State.BOOKED


@pytest.mark.parametrize(
    "handler",
    ["undo", "close_sheet", "leave_reservation", "refresh", "stop_moving", "forget_problem"],
)
async def test_out_of_turn_nothing_fails(served: Served, handler: str) -> None:
    async with RawClient(served.url, served.cookie_of(OFFICER)) as client:
        await client.hydrate("/agenda/")
        assert FAILED not in said(await client.call(f"{AGENDA}.{handler}", path="/agenda/"))


def _bookings_on(served: Served, resource_id: int) -> int:
    with Session(served.engine) as session:
        return len(session.exec(select(Booking).where(Booking.resource_id == resource_id)).all())


def _state(served: Served, booking_id: UUID) -> State:
    with Session(served.engine) as session:
        return State(session.get_one(Booking, booking_id).state)


def _site_of(served: Served, resource_id: int) -> str:
    with Session(served.engine) as session:
        return str(session.get_one(Resource, resource_id).site_id)
