"""What a hostile page may send to the screens of bookings: any shape is answered by a sentence, never by a failure."""

from __future__ import annotations

from typing import Any

import pytest
from reflex_base.registry import RegistrationContext

import portal.app  # noqa: F401 - registers every handler
from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
STRANGE: list[Any] = [42, "texte", None, ["a"], {"q": {"a": [1]}}, {"q": "\x00😀" * 90, "case_ref": "\x00"}]
TAKING = [("search", "form"), ("pick_part", "part"), ("confirm_for", "form")]
PLAIN = ["show_more", "refresh", "close_sheet", "confirm_it", "give_back", "take_again", "time_is_over"]


def named(ending: str) -> str:
    """Return the full name of a handler of these screens."""
    states = ("bookings_state", "booking_sheet_state")
    return next(
        name
        for name in RegistrationContext.get().event_handlers
        if name.endswith(f".{ending}") and name.rsplit(".", 2)[1].endswith(states)
    )


def said(answer: list[dict[str, Any]]) -> str:
    """Return the message that an answer shows, if it shows one."""
    return str(changed(answer).get(NOTICE, {}).get("text", ""))


@pytest.mark.parametrize("sent", STRANGE, ids=["number", "text", "nothing", "list", "nested", "unprintable"])
@pytest.mark.parametrize(("handler", "argument"), TAKING)
async def test_any_shape_is_answered_without_a_failure(
    served: Served, handler: str, argument: str, sent: object
) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate("/reservations/")
        answer = await client.call(named(handler), {argument: sent}, path="/reservations/")

        assert said(answer) != FAILED
        assert bool(said(answer)) == (argument == "form" and not isinstance(sent, dict))
        assert all(address.startswith("/reservations/") for address in redirections(answer))


@pytest.mark.parametrize("handler", PLAIN)
async def test_out_of_turn_nothing_fails_and_nothing_is_shown(served: Served, handler: str) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate("/reservations/")
        answer = await client.call(named(handler), path="/reservations/")

        assert said(answer) != FAILED
