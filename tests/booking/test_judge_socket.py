"""What a hostile client can send to the judge's and the partner's screens: a sentence comes back, nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from availability.rights import Role
from portal.demo.accounts import GUEST_LOGINS
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

PAGES = f"{ROOT_STATE}booking___pages___"
JUDGE = f"{PAGES}designate_state____designate_state."
MAILBOX = f"{PAGES}mailboxes_state____mailbox_state."
REQUESTS = f"{PAGES}requests_state____requests_state."
MAILS = f"{PAGES}mails____mails_state."
PLACES = f"{PAGES}own_places_state____own_places_state."
PLACE = f"{PAGES}own_places_state____own_place_state."
# A place on which something is asked, of another service than those of the guests of the demonstration.
NOT_THEIRS = text("""
    SELECT s.id FROM site s JOIN resource r ON r.site_id = s.id JOIN kind k ON k.id = r.kind_id
    WHERE k.host_accepts AND s.organisation_id NOT IN (
        SELECT organisation_id FROM account WHERE login = ANY(:guests) AND organisation_id IS NOT NULL)
      AND NOT EXISTS (SELECT FROM host_phone h WHERE h.site_id = s.id)
    ORDER BY s.id LIMIT 1""")
GIVEN_AND_STOPPED = text("""
    INSERT INTO host_phone (site_id, number_sealed, number_mark, stopped_at, changed_at, changed_by)
    VALUES (:site_id, '\\x00', '\\x00', now(), now(), gen_random_uuid())""")
STILL_STOPPED = text("SELECT stopped_at IS NOT NULL FROM host_phone WHERE site_id = :site_id")
FORGOTTEN = text("DELETE FROM host_phone WHERE site_id = :site_id")
NOTICE = "portal___ui___notice____notice_state"
FREE = text("""
    SELECT r.id FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    JOIN territory t ON t.id = s.territory_id
    WHERE k.code = 'mediation-familiale' AND r.declared_load < r.capacity AND t.code = 'TGILYON'
      AND r.capacity > r.declared_load + (SELECT count(*) FROM place_period p WHERE p.resource_id = r.id) LIMIT 1""")


def said(messages: list[dict[str, Any]]) -> str:
    """Return what the message above the content says."""
    found = [values for state, values in changed(messages).items() if state.endswith(NOTICE)]
    return " ".join(str(values.get("text", "")) for values in found)


@pytest.mark.parametrize(
    ("role", "handler", "payload"),
    [
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": ["p1"], "value": "x"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": "p1", "value": {"a": 1}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}answer", {"name": "_question", "value": "x"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}submit", {"form": "DROP"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": {"a": 1}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": "9" * 40}),
        (Role.FAMILY_JUDGE, f"{JUDGE}choose", {"resource_id": "999999999"}),
        (Role.FAMILY_JUDGE, f"{JUDGE}give_up", {"form": {"fin-designation": "DROP"}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}give_up", {"form": {"fin-designation": "00000000-0000-4000-8000-000000000000"}}),
        (Role.FAMILY_JUDGE, f"{JUDGE}undo", {}),
        (Role.PARTNER, f"{REQUESTS}accept_it", {"booking_id": ["x"]}),
        (Role.PARTNER, f"{REQUESTS}accept_it", {"booking_id": "00000000-0000-4000-8000-000000000000"}),
        (Role.PARTNER, f"{REQUESTS}refuse_it", {"form": 3}),
        (Role.PARTNER, f"{REQUESTS}propose_it", {"form": None}),
        (Role.PARTNER, f"{REQUESTS}propose_it", {"form": {"first": "demain", "last": [1]}}),
        (Role.PARTNER, f"{REQUESTS}withdraw_it", {"booking_id": {"a": 1}}),
        (Role.PARTNER, f"{REQUESTS}undo_it", {"booking_id": "2"}),
        (Role.PARTNER, f"{MAILBOX}save_mailbox", {"form": None}),
        (Role.PARTNER, f"{MAILS}open_mail", {"mail_id": None}),
        (Role.PARTNER, f"{PLACES}still_true", {"resource_id": {"a": 1}}),
        (Role.PARTNER, f"{PLACES}search", {"form": None}),
        (Role.PARTNER, f"{PLACE}save_numbers", {"form": None}),
        (Role.PARTNER, f"{PLACE}reopen", {"closure_id": "1"}),
        (Role.FAMILY_JUDGE, f"{PLACES}all_still_true", {}),
    ],
)
async def test_what_no_screen_sends_is_answered_with_a_sentence(
    served: Served, role: Role, handler: str, payload: dict[str, Any]
) -> None:
    path = "/designer/?rg=26/77009" if role is Role.FAMILY_JUDGE else "/demandes/"
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate(path)
        if role is Role.FAMILY_JUDGE:
            await client.call(f"{JUDGE}load", path=path)
        messages = await client.call(handler, payload, path=path)

    assert said(messages).strip()
    assert FAILED not in said(messages)


async def test_nobody_but_its_service_has_the_sms_of_a_place_sent_again(served: Served) -> None:
    path = "/demandes/"
    with served.engine.begin() as connection:
        site_id = connection.execute(NOT_THEIRS, {"guests": list(GUEST_LOGINS)}).scalar_one()
        connection.execute(GIVEN_AND_STOPPED, {"site_id": site_id})
    try:
        async with RawClient(served.url, served.cookie_of(Role.PARTNER)) as client:
            await client.hydrate(path)
            await client.call(f"{MAILBOX}load", path=path)
            await client.call(f"{MAILBOX}open_mailbox", {"site_id": str(site_id)}, path=path)
            saved = await client.call(f"{MAILBOX}save_mailbox", {"form": {"email": "", "phone": ""}}, path=path)
            resumed = await client.call(f"{MAILBOX}resume", {"site_id": str(site_id)}, path=path)
        async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
            await client.hydrate("/reservations/")
            denied = [
                said(await client.call(f"{MAILBOX}{handler}", payload, path=path))
                for handler, payload in (
                    ("open_mailbox", {"site_id": str(site_id)}),
                    ("save_mailbox", {"form": {"phone": ""}}),
                    ("resume", {"site_id": str(site_id)}),
                    ("search", {"typed": "a"}),
                )
            ]
        with served.engine.connect() as connection:
            is_stopped = connection.execute(STILL_STOPPED, {"site_id": site_id}).scalar()
    finally:
        with served.engine.begin() as connection:
            connection.execute(FORGOTTEN, {"site_id": site_id})

    assert all(said(one).strip() and FAILED not in said(one) for one in (saved, resumed))
    assert all("droit" in words for words in denied), denied
    assert is_stopped is True


async def test_a_box_ticked_forbids_the_act_itself_not_only_its_button(served: Served) -> None:
    path = "/designer/?rg=26/77010&violences=1"
    with served.engine.connect() as connection:
        resource_id = str(connection.execute(FREE).scalar_one())
    async with RawClient(served.url, served.cookie_of(Role.FAMILY_JUDGE)) as client:
        await client.hydrate(path)
        await client.call(f"{JUDGE}load", path=path)
        messages = await client.call(f"{JUDGE}choose", {"resource_id": resource_id}, path=path)

    assert "373-2-10" in said(messages)
    with served.engine.connect() as connection:
        made = connection.execute(text("SELECT count(*) FROM booking WHERE case_ref = 'RG 26/77010'"))
        assert made.scalar() == 0


async def test_enter_just_behind_an_address_waits_for_its_answer_before_it_gives_the_focus(served: Served) -> None:
    path = "/designer/?p1=Lyon"
    form = {"rg": "", "p1": "Lyon", "p2": "Villefranche-sur-Saône"}
    async with RawClient(served.url, served.cookie_of(Role.FAMILY_JUDGE)) as client:
        await client.hydrate(path)
        await client.call(f"{JUDGE}load", path=path)
        ahead = redirections(await client.call(f"{JUDGE}answer", {"name": "p2", "value": form["p2"]}, path=path))
        pressed = await client.call(f"{JUDGE}submit", {"form": form}, path=path)
        loaded = await client.call(f"{JUDGE}load", path=ahead[-1])
        again = await client.call(f"{JUDGE}submit", {"form": form}, path=ahead[-1])

    assert redirections(pressed) == ahead
    assert ["designer_propose" in str(one) for one in (pressed, loaded, again)] == [False, True, True]
    assert redirections(again) == []
