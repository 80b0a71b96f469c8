"""What one officer does reaches the open pages of the others, by real sockets; what is stale is told, never done."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from availability.claims import NightsClaim
from availability.rights import Actor, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.models import Booking
from booking.persons import NewPerson, create_person, erase_person
from portal.identity import Account
from portal.sign_in import actor_of_account
from tests.served import Served
from tests.socket_client import PATIENCE_S, ROOT_STATE, RawClient, changed

PAGES = f"{ROOT_STATE}booking___pages___"
SHEET = f"{PAGES}booking_sheet____booking_sheet_state"
BULK = f"{PAGES}bulk_state____bulk_state"
BOOKINGS = f"{PAGES}bookings____bookings_state"
SOMEBODY = NewPerson(family_name="Instantane", given_name="Zoé", birth_on=date(1990, 5, 17), sex="F")
FIRST = datetime.now(UTC).date() + timedelta(days=210)
# The last section by number: other tests take the first ones.
SECTION = text("""
    SELECT r.id, r.site_id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = 'semi-liberte' AND s.commune = 'Lyon' AND r.is_active AND EXISTS (
        SELECT FROM unit u WHERE u.resource_id = r.id AND u.is_active) ORDER BY r.id DESC LIMIT 1""")
LOGINS = ("camille.exemple", "dominique.fictif")  # an officer and a judge of the same territory


def actor(session: Session, login: str) -> Actor:
    """Return somebody of the demonstration."""
    found = actor_of_account(session, session.exec(select(Account).where(Account.login == login)).one())
    assert found is not None
    return found


def act(served: Served, function: Any, login: str, *args: Any, **kwargs: Any) -> Any:
    """Return what an act of somebody returns, committed."""
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        return function(session, actor(session, login), *args, now=datetime.now(UTC), **kwargs)


def taken(served: Served, *, nights: int = 2, after: int = 0) -> Booking:
    """Return a stay of the judge's, booked for a case."""
    with Session(served.engine) as session:
        section = session.execute(SECTION).one()
    first = FIRST + timedelta(days=after)
    claim = NightsClaim(resource_id=section.id, first=first, until=first + timedelta(days=nights))
    held: Booking = act(served, hold, LOGINS[1], claim, beneficiary=Beneficiary(case_ref=f"RG 99/{after:05}"))
    booked: Booking = act(served, confirm, LOGINS[1], held.id)
    return booked


async def shown(client: RawClient, state: str, name: str, is_it: Any = bool) -> Any:
    """Return the value that a variable comes to, once it is the one awaited."""
    for _ in range(int(PATIENCE_S / 0.02)):
        if is_it(value := changed(client.received).get(state, {}).get(name)):
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"{state}.{name} never came")


async def test_a_change_reaches_every_page_of_another_that_shows_it(served: Served) -> None:
    cookie = served.cookie_of(Role.PROBATION_OFFICER)
    with Session(served.engine) as session:
        section = session.execute(SECTION).one()
    pages = {
        f"/etablissement/?id={section.site_id}&du={FIRST}": (
            f"{PAGES}establishment_state____establishment_state",
            "patch",
        ),
        "/reservations/": (BOOKINGS, "rows"),
        f"/carte/?type=semi-liberte&lieu=Lyon&du={FIRST}&au={FIRST + timedelta(days=2)}": (
            f"{PAGES}map_state____map_state",
            "patch",
        ),
    }
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(RawClient(served.url, cookie)) for _ in pages]
        for client, path in zip(clients, pages, strict=True):
            await client.hydrate(path)
            client.received = []
        booking = await asyncio.to_thread(taken, served)
        for client, (state, name) in zip(clients, pages.values(), strict=True):
            assert await shown(client, state, name)
        people = clients[0]
        await people.hydrate("/personnes/?q=Instantane")
        people.received = []
        person = await asyncio.to_thread(
            act, served, create_person, LOGINS[1], SOMEBODY, house=served.house, fiction=True
        )
        try:
            (row,) = await shown(people, f"{PAGES}persons____persons_state", "rows")
            assert row["name"] == "Instantane Zoé"
        finally:
            act(served, erase_person, LOGINS[1], person.id)
    act(served, cancel, LOGINS[1], booking.id)


async def test_a_page_left_for_another_is_told_no_more(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate("/reservations/")
        await client.hydrate("/connexion")
        client.received = []
        async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as other:
            await other.hydrate("/reservations/")
            other.received = []
            booking = await asyncio.to_thread(taken, served, after=10)
            await shown(other, BOOKINGS, "rows")
        act(served, cancel, LOGINS[1], booking.id)

    assert BOOKINGS not in changed(client.received)


async def test_an_act_on_a_sheet_that_changed_says_who_did_what_and_does_nothing(served: Served) -> None:
    booking = taken(served, after=20)
    path = f"/reservations/?reservation={booking.id}"
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(path)
        client.received = []
        await asyncio.to_thread(act, served, cancel, LOGINS[1], booking.id)
        # Whether the page was told before the press or not, the press is of what it showed, and the judge is named.
        answer = await client.call(f"{SHEET}.give_back", path=path)
        if not (said := changed(answer).get(SHEET, {}).get("changes")):
            said = await shown(client, SHEET, "changes")

    assert any("Dominique Fictif a rendu la place" in words for words in said)
    with Session(served.engine) as session:
        lines = session.execute(
            text("SELECT count(*) FROM history WHERE subject_id = :id AND act = 'booking-cancelled'"),
            {"id": str(booking.id)},
        ).scalar_one()
    assert lines == 1


async def test_lines_are_ticked_foreseen_done_and_undone_from_the_list(served: Served) -> None:
    bookings = [taken(served, after=30 + 3 * number) for number in range(3)]
    ids = [str(one.id) for one in reversed(bookings)]  # the newest first
    path = "/reservations/?etat=a-venir"
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(path)
        await client.call(f"{BULK}.toggle", {"booking_id": ids[0], "event": {"shift_key": False}}, path=path)
        ticked = await client.call(f"{BULK}.toggle", {"booking_id": ids[2], "event": {"shift_key": True}}, path=path)
        foreseen = await client.call(f"{BULK}.foresee", {"bulk": "rendre"}, path=path)
        before = _states(served, bookings)
        await client.call(f"{BULK}.apply", path=path)
        done = _states(served, bookings)
        await client.call(f"{BULK}.undo", path=path)
        undone = _states(served, bookings)
        hostile = await client.call(f"{BULK}.toggle", {"booking_id": ["x"], "event": 3}, path=path)
        await client.call(f"{BULK}.foresee", {"bulk": "DROP"}, path=path)
    for one in bookings:
        act(served, cancel, LOGINS[1], one.id)

    assert changed(ticked)[BULK]["selected"] == ids
    assert [row["after"] for row in changed(foreseen)[BULK]["rows"]] == ["rendue"] * 3
    assert (before, done, undone) == ({"booked"}, {"cancelled"}, {"booked"})
    assert "erreur technique" not in str(hostile)


def _states(served: Served, bookings: list[Booking]) -> set[str]:
    ids: list[UUID] = [one.id for one in bookings]
    with Session(served.engine) as session:
        rows = session.execute(text("SELECT state FROM booking WHERE id = ANY(:ids)"), {"ids": ids})
        return set(rows.scalars())


async def test_a_page_behind_another_tab_waits_says_that_it_is_behind_and_catches_up_when_shown(served: Served) -> None:
    sight, cookie = f"{ROOT_STATE}portal___live____sight_state", served.cookie_of(Role.PROBATION_OFFICER)
    path = "/reservations/"
    async with RawClient(served.url, cookie) as hidden, RawClient(served.url, cookie) as front:
        for client in (hidden, front):
            await client.hydrate(path)
            client.received = []
        await hidden.call(f"{sight}.hide", path=path)
        hidden.received = []  # what happened before could still be told
        booking = await asyncio.to_thread(taken, served, after=40)
        await shown(front, BOOKINGS, "rows")
        assert await shown(hidden, sight, "is_behind")
        told = changed(hidden.received)
        caught_up = changed(await hidden.call(f"{sight}.show", path=path))
        hidden.received = []
        await asyncio.to_thread(act, served, cancel, LOGINS[1], booking.id)
        await shown(hidden, BOOKINGS, "rows")  # in front again, it is told as any other

    assert BOOKINGS not in told
    assert caught_up[sight]["is_behind"] is False
    assert str(booking.id) in str(caught_up[BOOKINGS]["rows"])
