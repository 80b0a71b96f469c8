"""What a hostile page may send to the screens of convocations: any shape is answered by a sentence, never a failure."""

from __future__ import annotations

from typing import Any

import pytest
from reflex_base.registry import RegistrationContext
from sqlalchemy import text
from sqlmodel import Session

import portal.app  # noqa: F401 - registers every handler
from availability.rights import Role
from convocations.pages.addresses import sheet_address
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
STATES = {
    "convene": ("convene_state", "/convoquer/"),
    "list": ("convocations_state", "/convocations/"),
    "sheet": ("convocation_sheet_state", "/convocations/"),
    "messages": ("messages_state", "/convocations/messages/"),
    "desk": ("front_desk_state", "/accueil-du-public/"),
    "letter": ("letter_state", "/convocations/imprimer/"),
}
# Of the officer who is signed in here.
SUMMONED = text("""
    SELECT c.id, c.booking_id FROM convocation c WHERE c.booking_id IS NOT NULL AND c.requested_by = (
        SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
        WHERE r.role = 'probation_officer' AND a.is_active ORDER BY a.login LIMIT 1) LIMIT 1""")
STRANGE: list[Any] = [
    42,
    "texte",
    None,
    ["a"],
    {"q": {"a": [1]}},
    {"family_name": "\x00😀" * 90, "phone": "+" * 99},
    "9|2026",
]
NAMES = ["number", "text", "nothing", "list", "nested", "unprintable", "start"]
TAKING = [
    ("convene", "pick_kind", "code"),
    ("convene", "pick_where", "where"),
    ("convene", "pick_mode", "mode"),
    ("convene", "pick_start", "value"),
    ("convene", "show_weeks", "is_wide"),
    ("convene", "turn", "weeks"),
    ("convene", "say_choose_by", "typed"),
    ("convene", "pick_reminder", "hours"),
    ("convene", "say_language", "code"),
    ("convene", "convene_them", "form"),
    ("list", "pick_tab", "tab"),
    ("list", "search", "form"),
    ("list", "find_letters", "form"),
    ("sheet", "move_to", "value"),
    ("sheet", "note", "outcome"),
    ("sheet", "want_sms", "wants"),
    ("sheet", "start_moving", "is_moving"),
    ("desk", "find", "form"),
    ("messages", "open_message", "message_id"),
    ("messages", "pick_part", "part"),
]
PLAIN = [
    ("convene", "take_back"),
    ("convene", "person_changed"),
    ("list", "show_more"),
    ("list", "close_sheet"),
    ("sheet", "reveal"),
    ("sheet", "excuse_them"),
    ("sheet", "undo_excuse_"),
    ("sheet", "withdraw_it"),
    ("sheet", "renew"),
    ("messages", "show_more"),
    ("messages", "retry"),
    ("messages", "cancel"),
    ("messages", "handle"),
    ("letter", "load"),
]


def named(state: str, ending: str) -> str:
    """Return the full name of a handler of these screens."""
    return next(
        name
        for name in RegistrationContext.get().event_handlers
        if name.endswith(f".{ending}") and name.rsplit(".", 2)[1].endswith(f"____{STATES[state][0]}")
    )


def said(answer: list[dict[str, Any]]) -> str:
    """Return the message that an answer shows, if it shows one."""
    return str(changed(answer).get(NOTICE, {}).get("text", ""))


@pytest.mark.parametrize(("state", "handler", "argument"), TAKING)
async def test_any_shape_is_answered_without_a_failure(served: Served, state: str, handler: str, argument: str) -> None:
    path = STATES[state][1]
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(path)
        for name, sent in zip(NAMES, STRANGE, strict=True):
            answer = await client.call(named(state, handler), {argument: sent}, path=path)

            assert said(answer) != FAILED, name
            assert all(address.startswith("/convo") for address in redirections(answer))


@pytest.mark.parametrize(("state", "handler"), PLAIN)
async def test_out_of_turn_nothing_fails(served: Served, state: str, handler: str) -> None:
    path = STATES[state][1]
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(path)
        answer = await client.call(named(state, handler), path=path)

        assert said(answer) != FAILED


async def test_an_appointment_summoned_to_already_opens_its_convocation(served: Served) -> None:
    with Session(served.engine) as session:
        one = session.execute(SUMMONED).one()
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate("/convoquer/")
        path = f"/convoquer/?reservation={one.booking_id}"
        assert redirections(await client.call(named("convene", "load"), path=path)) == [sheet_address(one.id)]


async def test_a_family_judge_and_a_partner_reach_nothing_of_it(served: Served) -> None:
    for role in (Role.FAMILY_JUDGE, Role.PARTNER, None):
        cookie = served.cookie_of(role) if role else None
        async with RawClient(served.url, cookie) as client:
            await client.hydrate("/ma-journee/")
            kept = [("list", "refresh"), ("convene", "person_changed")]
            if role is not Role.FAMILY_JUDGE:  # who reads what is sent to the hosts whom they ask
                kept.append(("messages", "refresh"))
            for state, handler in kept:
                answer = await client.call(named(state, handler), path="/ma-journee/")

                assert not [name for name in changed(answer) if name.endswith(STATES[state][0])]
