"""Hours over the socket: drawn, judged, saved and taken back; what is not one's own cannot be looked at nor changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.grids import OwnGrid, own_grid
from availability.hours import rules_from, set_hours
from availability.openings import Rule
from availability.rights import Actor, Role
from booking.agenda import monday_of
from booking.pages import hours_cut
from booking.pages.hours_state import Undoing, put_off
from portal.identity import Account
from portal.problems import FAILED
from portal.sign_in import actor_of_account
from tests.booking.test_agenda_socket import ACCOUNT, AGENTS
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

PAGES = f"{ROOT_STATE}booking___pages___"
DRAWING = f"{PAGES}hours_drawing____hours_drawing"
CUT = f"{DRAWING}.booking___pages___hours_state____hours_state.booking___pages___hours_cut_part____hours_cut"
HOURS = f"{DRAWING}.booking___pages___hours_state____hours_state"
NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
OFFICER = Role.PROBATION_OFFICER
A_WEEK = timedelta(days=7)
CLOSED = text("""
    SELECT r.name FROM resource a JOIN closure c ON c.site_id = a.site_id JOIN resource r ON r.site_id = a.site_id
    WHERE a.id = :agent AND r.is_active AND c.days @> CAST(:day AS date) ORDER BY r.name""")


@dataclass(frozen=True)
class Place:
    """An agent whose hours the officer sets, one of elsewhere, and a Monday to come."""

    served: Served
    officer: Actor
    agent: int
    elsewhere: int
    monday: date

    @property
    def address(self) -> str:
        """Return the address of that week."""
        return f"/horaires/?ressource={self.agent}&semaine={self.monday}"

    def rules(self) -> tuple[Rule, ...]:
        """Return the hours of the agent from that Monday on."""
        with Session(self.served.engine) as session:
            return rules_from(session, self.agent, self.monday)


@pytest.fixture
def place(served: Served) -> Iterator[Place]:
    """An agent whose hours are given back at the end."""
    now = datetime.now(UTC)
    with Session(served.engine, expire_on_commit=False) as session:
        account = session.get_one(Account, session.execute(ACCOUNT, {"role": OFFICER}).scalar_one())
        officer = actor_of_account(session, account)
        assert officer is not None
        agents = session.execute(AGENTS, {"territories": sorted(officer.territories([OFFICER]))}).all()
    mine, elsewhere = ([one.id for one in agents if one.is_here is is_here] for is_here in (True, False))
    place = Place(served, officer, mine[-1], elsewhere[0], monday_of(now.date()) + 8 * A_WEEK)
    before = place.rules()
    yield place
    if place.rules() != before:
        with Session(served.engine) as session, session.begin():
            set_hours(session, officer, place.agent, before, from_on=place.monday, now=datetime.now(UTC))


def said(messages: list[dict[str, Any]]) -> str:
    """Return what stands above the page."""
    return str(changed(messages).get(NOTICE, {}).get("text", ""))


async def arrived(client: RawClient, word: str) -> None:
    """Return once something that holds this word came: what a stroke would do follows the stroke."""
    for _ in range(100):
        if word in str(changed(client.received)):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(word)


async def test_an_opening_is_drawn_judged_repeated_saved_and_taken_back(place: Place) -> None:
    before = place.rules()
    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:

        async def call(name: str, **payload: Any) -> dict[str, Any]:
            state = HOURS if name in ("load", "save", "undo") else DRAWING
            await client.call(f"{state}.{name}", payload, path=place.address)
            await arrived(client, waited_for[name])
            found = changed(client.received)
            return {"said": said(client.received), **found.get(DRAWING, {}), **found.get(HOURS, {})}

        waited_for = {"load": "columns", "draw": "slots", "apply": "picked_words", "save": "Nouveaux", "undo": "annulé"}
        await client.hydrate(place.address)
        loaded = await call("load")
        assert (loaded["step"], len(loaded["columns"])) == ("week", 7)
        drawn = await call("draw", column=5, opens=540, closes=720)
        assert place.rules() == before  # nothing is written yet
        assert "Ajouté" in drawn["changes"][0]
        assert "de plus" in drawn["slots"]
        form = {"de": "9 h", "a": "11 h", "code": "w2", "last_on": "", "count": "3"}
        repeated = await call("apply", form=form)
        assert "un samedi sur deux, 3\N{NO-BREAK SPACE}fois" in repeated["picked_words"]
        assert "Nouveaux horaires" in (await call("save"))["said"]
        (added,) = set(place.rules()) - set(before)
        saturday = place.monday + timedelta(days=5)
        assert added.days(place.monday, place.monday + 20 * A_WEEK) == [
            saturday + turn * 2 * A_WEEK for turn in range(3)
        ]
        assert "annulé" in (await call("undo"))["said"]

    assert set(place.rules()) == set(before)


async def test_hours_of_elsewhere_are_neither_shown_nor_changed(place: Place) -> None:
    path = f"/horaires/?ressource={place.elsewhere}"
    with Session(place.served.engine) as session:
        before = rules_from(session, place.elsewhere, place.monday)
    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:
        await client.hydrate(path)
        told = await client.call(f"{HOURS}.load", path=path)
        assert "pas vous qui les fixez" in said(told)
        assert changed(told)[HOURS]["step"] == "choose"
        await client.call(f"{DRAWING}.draw", {"column": 0, "opens": 60, "closes": 120}, path=path)
        for handler, payload in (
            ("save", {}),
            ("copy", {"form": {f"s_{place.monday}": "on"}}),
            ("close_some", {"form": {"first": str(place.monday)}}),
            ("reopen", {"closure_id": "1"}),
        ):
            assert FAILED not in said(await client.call(f"{HOURS}.{handler}", payload, path=path))

    with Session(place.served.engine) as session:
        assert rules_from(session, place.elsewhere, place.monday) == before


async def test_who_sets_no_hours_is_shown_none(place: Place) -> None:
    async with RawClient(place.served.url, place.served.cookie_of(Role.FAMILY_JUDGE)) as client:
        await client.hydrate(place.address)
        told = changed(await client.call(f"{HOURS}.load", path=place.address))

    assert told[HOURS]["step"] == "choose"
    assert told[HOURS].get("groups", []) == []


async def test_the_length_of_appointments_is_weighed_set_and_taken_back(place: Place) -> None:
    def own() -> OwnGrid:
        with Session(place.served.engine) as session:
            return own_grid(session, place.agent)

    before = own()
    path, form = place.address, hours_cut.typed_of(before)
    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:
        shown = changed(await client.hydrate(path))[DRAWING]["cut_typed"]
        weighed = await client.call(f"{CUT}.weigh", {"name": "slot_step_min", "typed": "5"}, path=path)
        wrong = await client.call(f"{CUT}.set_cut", {"form": form | {"slot_step_min": "0"}}, path=path)
        assert own() == before
        done = await client.call(f"{CUT}.set_cut", {"form": form | {"slot_step_min": "5"}}, path=path)
        written = own()
        undone = await client.call(f"{HOURS}.undo", path=path)

    assert shown == form
    assert "au lieu de" in changed(weighed)[DRAWING]["cut_effect"]
    assert "de 1 à 1\u202f440" in changed(wrong)[DRAWING]["cut_problems"]["slot_step_min"]
    assert "enregistrés" in said(done)
    assert "toutes les 5" in changed(done)[HOURS]["where"]
    assert (written, own()) == (replace(before, slot_step_min=5), before)
    assert "annulé" in said(undone)


async def test_a_whole_site_is_closed_opened_again_and_both_are_taken_back(place: Place) -> None:
    path, form = place.address, {"first": str(place.monday), "reason": "Travaux", "where": "site"}

    def closed() -> list[str]:
        """Return the resources of the site that this week's Monday finds closed with it."""
        with place.served.engine.connect() as connection:
            return list(connection.execute(CLOSED, {"agent": place.agent, "day": place.monday}).scalars())

    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:
        offered = changed(await client.hydrate(path))[DRAWING]["whole_site"]
        done = await client.call(f"{HOURS}.close_some", {"form": form}, path=path)
        (row,) = changed(done)[DRAWING]["closings"]
        both = closed()
        reopened = await client.call(f"{HOURS}.reopen", {"closure_id": row["id"]}, path=path)
        none = closed()
        undone = await client.call(f"{HOURS}.undo", path=path)
        again = closed()
        await client.call(f"{HOURS}.undo", path=path)

    assert offered.startswith("Tout le site")
    assert "Tout le site est fermé le" in said(done)
    assert (row["reason"], row["is_of_site"], row["why_not"]) == ("Travaux", True, "")
    assert (len(both), none, again) == (int(offered.split("\u00a0")[1].removeprefix(": ")), [], both)
    assert "Tout le site est rouvert le" in said(reopened)
    assert "annulé" in said(undone)
    assert closed() == []


def test_a_move_that_a_closure_keeps_from_being_taken_back_is_once_it_opens_again() -> None:
    opens, *moves = partial(str, closure_id=4), partial(str, "first"), partial(str, "second")
    left: tuple[Undoing, ...] = (opens, *moves)
    for _ in moves:
        left = put_off(left[-1], left[:-1])

    assert left[-1] is opens
    assert set(left[:-1]) == set(moves)
    assert put_off(left[1], left[:1]) == left[:1]  # nothing is closed any more: it is given up


async def test_any_shape_is_answered_without_a_failure(place: Place) -> None:
    strange: list[Any] = [None, {"a": [1]}, "\x00😀" * 90]
    before = place.rules()
    calls: list[tuple[str, dict[str, Any]]] = [
        *((f"{DRAWING}.draw", {"column": one, "opens": one, "closes": 1e300}) for one in strange),
        *((f"{DRAWING}.change", {"block_id": one, "column": 0, "opens": one, "closes": one}) for one in strange),
        (f"{DRAWING}.remove", {"block_id": ["a"]}),
        (f"{DRAWING}.pick", {"block_id": {"a": 1}}),
        (f"{DRAWING}.pick_line", {"number": "²"}),
        *((f"{DRAWING}.apply_lists", {"form": one}) for one in (*strange, {"date_on": strange[2], "date_de": "9"})),
        (f"{DRAWING}.set_from", {"typed": "9999-12-31"}),
        (f"{DRAWING}.take_back_exception", {"on": "hier"}),
        *((f"{CUT}.weigh", {"name": one, "typed": one}) for one in (*strange, "capacity")),
        *((f"{CUT}.set_cut", {"form": one}) for one in (*strange, {"capacity": strange[2]})),
        (f"{HOURS}.move_one", {"booking_id": "x", "resource_id": "1", "start": "hier"}),
        (f"{HOURS}.copy", {"form": {"s_hier": "on"}}),
        (f"{HOURS}.close_some", {"form": {"first": str(place.monday), "last": "9999-12-31"}}),
        (f"{HOURS}.reopen", {"closure_id": "9" * 40}),
    ]
    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:
        await client.hydrate(place.address)
        await client.call(f"{HOURS}.load", path=place.address)
        for handler, payload in calls:
            answer = await client.call(handler, payload, path=place.address)
            assert FAILED not in said(answer), (handler, payload)

    assert place.rules() == before


async def test_hours_set_by_somebody_else_under_a_draft_are_told_and_set_over_only_by_who_knows(place: Place) -> None:
    before = place.rules()
    theirs = before[1:]
    async with RawClient(place.served.url, place.served.cookie_of(OFFICER)) as client:
        await client.hydrate(place.address)
        await client.call(f"{DRAWING}.draw", {"column": 5, "opens": 540, "closes": 720}, path=place.address)
        await arrived(client, "slots")
        client.received = []
        with Session(place.served.engine) as session, session.begin():
            set_hours(session, place.officer, place.agent, theirs, from_on=place.monday, now=datetime.now(UTC))
        await arrived(client, "'is_stale': True")
        told = changed(client.received)[DRAWING]
        await client.call(f"{HOURS}.save", path=place.address)
        kept = place.rules()
        await client.call(f"{HOURS}.keep_mine", path=place.address)
        await client.call(f"{HOURS}.save", path=place.address)
        await arrived(client, "Nouveaux horaires")

    assert [one["label"] for one in told["differences"]] == ["Changée"]  # the others go on
    assert "horaires" in str(told["stale_by"])
    assert set(kept) == set(theirs)
    assert set(before) < set(place.rules())  # as drawn: what was there when it began, and the new one
