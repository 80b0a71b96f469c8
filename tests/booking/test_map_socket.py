"""The map by its socket: what any client may send, and an alert that goes from a change to somebody's day."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Role
from booking.saved_models import SavedSearch
from booking.saved_searches import digest_of
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

PAGES = f"{ROOT_STATE}booking___pages___"
MAP = f"{PAGES}map_state____map_state."
SAVED = f"{PAGES}saved_state____saved_state."
DAY = f"{PAGES}my_day____day_state"
NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
ON_LOAD = f"{ROOT_STATE}reflex___state____on_load_internal_state.on_load_internal"
PATH = "/carte/?type=semi-liberte&lieu=Lyon"
NOBODY_S = str(uuid4())
GUEST = text("SELECT id FROM account WHERE login = 'camille.exemple'")
# Near Lyon, for somebody of 41, open, with a bed that nobody took for the first nights.
FREE_SECTION = text("""
    SELECT r.id, r.kind_id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE k.code = 'semi-liberte' AND abs(s.lat - 45.76) < 0.3 AND abs(s.lon - 4.83) < 0.4
      AND NOT r.attributes ? 'max_age'
      AND NOT EXISTS (SELECT FROM closure c WHERE c.resource_id = r.id OR c.site_id = s.id)
      AND EXISTS (SELECT FROM unit u WHERE u.resource_id = r.id AND NOT EXISTS (
            SELECT FROM bed_night n WHERE n.unit_id = u.id AND n.night BETWEEN current_date AND current_date + 3))
    ORDER BY r.id LIMIT 1""")


HOSTILE: list[tuple[str, dict[str, Any]]] = [
    (f"{MAP}submit", {"form": "DROP"}),
    (f"{MAP}submit", {"form": {"lieu": {"a": 1}, "c_regime": ["x"], "c_" + "x" * 90: "1", "du": None}}),
    (f"{MAP}show_reason", {"code": {"a": 1}}),
    (f"{MAP}remove", {"names": "lieu,nothing,problems,attributs"}),
    (f"{MAP}put_pin", {"lat": 1e308, "lon": None}),
    (f"{MAP}type_pin", {"form": {"lat": "\x00", "lon": "😀" * 50}}),
    (f"{PAGES}reserve_state____reserve_state.choose_bed", {"unit_id": {"a": 1}}),
    (f"{SAVED}rename_it", {"form": 3}),
    (f"{SAVED}rename_it", {"form": {"nom-recherche": "x" * 900}}),
    (f"{SAVED}forget_it", {"search_id": "DROP"}),
    (f"{SAVED}forget_it", {"search_id": NOBODY_S}),
]


async def test_what_no_page_sends_is_answered_without_a_failure(served: Served) -> None:
    said, sent_to = [], []
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(PATH)
        for handler, payload in HOSTILE:
            answer = await client.call(handler, payload, path=PATH)
            said.append(str(changed(answer).get(NOTICE, {}).get("text", "")))
            sent_to += redirections(answer)

    assert any(said)
    assert FAILED not in said
    assert sent_to
    assert all(address.startswith("/carte/") for address in sent_to)


@pytest.mark.parametrize("has_begun", [False, True])  # the loading, of which the framework says so first
async def test_what_is_pressed_while_a_page_is_being_loaded_is_neither_lost_nor_left_without_an_answer(
    served: Served, has_begun: bool
) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(PATH)
        await client.call(f"{MAP}choose_view", {"view": "liste"}, path=PATH)
        both = redirections(await client.call(f"{MAP}choose_layer", {"code": "tig"}, path=PATH))
        await client.rest(both[-1], is_loading=has_begun)
        saved = changed(await client.call(f"{SAVED}save_it", path=both[-1] if has_begun else PATH))[NOTICE]
        loaded = changed(await client.call(ON_LOAD, path=both[-1]))
        elsewhere = changed(await client.call(ON_LOAD, path="/reservations/"))
        await client.call(f"{SAVED}undo", path=PATH)

    assert "type=tig" in both[-1]
    assert "vue=liste" in both[-1]
    assert saved["title"] == "Recherche enregistrée"
    assert loaded[MAP.removesuffix(".")]["typed"]["vue"] == "liste"
    assert "title" not in loaded.get(NOTICE, {})  # the answer stays
    assert elsewhere[NOTICE]["title"] == ""


async def test_the_handlers_of_the_map_are_not_for_who_does_not_search(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PARTNER)) as client:
        await client.hydrate("/demandes/")
        answer = await client.call(f"{SAVED}save_it", path="/demandes/")

    assert "droit" in str(changed(answer).get(NOTICE, {}).get("text", ""))


async def test_a_change_becomes_an_alert_and_then_news_of_the_day(served: Served) -> None:
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        account_id: UUID = session.execute(GUEST).scalar_one()
        section = session.execute(FREE_SECTION).one()
        query = {"type": "semi-liberte", "lieu": "Lyon", "age": "41"}
        saved = SavedSearch(
            account_id=account_id,
            kind_id=section.kind_id,
            query=query,
            digest=digest_of(query),
            label="Lyon, essai",
            lat=45.76,
            lon=4.83,
            reach_km=50,
            suited=[],
            created_at=datetime.now(UTC),
        )
        session.add(saved)
        session.flush()
        session.execute(text("INSERT INTO change (resource_id) VALUES (:id)"), {"id": section.id})
    try:
        assert _alerted(served, saved.id) == [section.id]
        async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
            await client.hydrate("/ma-journee/")
            answer = await client.call(f"{DAY}.load", path="/ma-journee/")

        [card] = changed(answer)[DAY]["news"]
        assert card["title"].startswith("Un lit s’est libéré qui correspond à votre recherche")
        assert card["href"] == "/carte/?age=41&lieu=Lyon&type=semi-liberte"
    finally:
        with served.engine.begin() as connection:
            connection.execute(text("DELETE FROM saved_search WHERE id = :id"), {"id": saved.id})


def _alerted(served: Served, search_id: UUID) -> list[int]:
    """Return the resources of the alerts, once the clock has written some."""
    asked = text("SELECT resource_id FROM search_alert WHERE saved_search_id = :id")
    for _ in range(300):
        with served.engine.connect() as connection:
            if found := list(connection.execute(asked, {"id": search_id}).scalars()):
                return found
        time.sleep(0.1)
    return []
