"""A hostile client on the real socket: whatever it calls, a handler runs only for whom its policy names."""

from __future__ import annotations

import json

import pytest
import socketio.exceptions
from reflex_base.registry import RegistrationContext

import portal.app  # noqa: F401 - registers every handler
from availability.rights import Role
from portal.access import Policy, policy_of
from portal.guard import FRAMEWORK
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed, redirections

NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
SESSION = f"{ROOT_STATE}portal___session____session_state"
HANDLERS = RegistrationContext.get().event_handlers
GUARDED = {
    name: found
    for name, handler in HANDLERS.items()
    if (found := policy_of(handler.handler.fn)) and not found.is_public
}
REFUSED_TO_ALL = sorted(name for name in HANDLERS if name not in FRAMEWORK and name.endswith(".setvar"))


def outsider(policy: Policy) -> Role | None:
    """Return a role that a policy does not name, or None when whoever is signed in passes."""
    named = policy.audience if isinstance(policy.audience, frozenset) else frozenset(Role)
    return next((role for role in Role if role not in named), None)


async def test_an_anonymous_client_is_sent_to_the_sign_in_page_whatever_it_calls(served: Served) -> None:
    wrong = {}
    async with RawClient(served.url) as client:
        await client.hydrate()
        for name in [*sorted(GUARDED), *REFUSED_TO_ALL]:
            answer = await client.call(name)
            addresses = redirections(answer)
            if not addresses or changed(answer) or any(not one.startswith("/connexion/") for one in addresses):
                wrong[name] = answer

    assert len(GUARDED) > 100
    assert wrong == {}


@pytest.mark.parametrize("role", sorted({found for policy in GUARDED.values() if (found := outsider(policy))}))
async def test_a_wrong_role_is_told_no_whatever_it_calls(served: Served, role: Role) -> None:
    names = sorted(name for name, policy in GUARDED.items() if outsider(policy) is role)
    wrong = {}
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate()
        for name in names:
            await client.call(f"{NOTICE}.close")  # said twice, the same refusal changes nothing
            answer = changed(await client.call(name))
            if set(answer) != {NOTICE} or answer[NOTICE]["title"] != "Accès refusé":
                wrong[name] = answer

    assert names
    assert wrong == {}


async def test_the_generic_setters_are_closed_to_whoever_is_signed_in(served: Served) -> None:
    wrong = {}
    async with RawClient(served.url, served.cookie_of(Role.ADMINISTRATOR)) as client:
        await client.hydrate()
        for name in REFUSED_TO_ALL:
            await client.call(f"{NOTICE}.close")
            answer = changed(await client.call(name, {"var_name": "name", "value": "pirate"}))
            if answer.get(NOTICE, {}).get("title") != "Accès refusé":
                wrong[name] = answer

    assert REFUSED_TO_ALL
    assert wrong == {}


async def test_what_is_public_runs_for_anybody(served: Served) -> None:
    async with RawClient(served.url) as client:
        await client.hydrate()

        answer = await client.call(f"{NOTICE}.say_failed", {"sentence": "essai"})

    assert changed(answer)[NOTICE]["text"] == "essai"


async def test_a_handler_that_fails_is_said_on_the_page_without_its_reason(served: Served) -> None:
    async with RawClient(served.url) as client:
        await client.hydrate()

        answer = await client.call(f"{NOTICE}.say_failed", {"unknown": "argument"})

    assert changed(answer)[NOTICE]["text"] == FAILED
    assert "unknown" not in json.dumps(answer)


async def test_variables_cannot_be_written_from_outside(served: Served) -> None:
    async with RawClient(served.url) as client:
        await client.hydrate()
        forged = {f"{SESSION}.name": "pirate", f"{SESSION}.name_rx_state_": "pirate"}
        await client.call(
            f"{ROOT_STATE}reflex___state____update_vars_internal_state.update_vars_internal",
            {"vars": forged},
        )

        answer = await client.call(f"{SESSION}.load")

    assert changed(answer)[SESSION]["name"] == ""


async def test_a_handler_that_does_not_exist_is_ignored_and_the_socket_lives_on(served: Served) -> None:
    async with RawClient(served.url) as client:
        await client.hydrate()
        unanswered = await client.call(f"{NOTICE}.show", {"kind": "error", "text": "pirate"})

        answer = await client.call(f"{NOTICE}.close")

    assert unanswered == []
    assert changed(answer)[NOTICE]["text"] == ""


async def test_a_stolen_client_token_gives_a_wiped_tree(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as victim:
        await victim.hydrate()
        shown = changed(await victim.call(f"{SESSION}.load"))[SESSION]["name"]
        await victim.call(f"{NOTICE}.say_failed", {"sentence": "dossier confidentiel"})
    assert shown

    async with RawClient(served.url, token=victim.token) as thief:
        seen = await thief.hydrate()

    assert thief.token == victim.token
    assert "dossier confidentiel" not in json.dumps(seen, ensure_ascii=False)
    assert changed(seen)[SESSION]["name"] == ""  # whoever the victim is: the people of the demonstration are listed


async def test_a_stolen_client_token_is_refused_even_without_asking_for_the_tree(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as victim:
        await victim.hydrate()
        await victim.call(f"{NOTICE}.say_failed", {"sentence": "dossier confidentiel"})

    async with RawClient(served.url, token=victim.token) as thief:
        answer = await thief.call(f"{SESSION}.load")

    assert redirections(answer)
    assert "dossier confidentiel" not in json.dumps(answer, ensure_ascii=False)


async def test_the_same_session_finds_its_tree_again(served: Served) -> None:
    """The control of the two tests above: what they look for is there for its owner."""
    cookie = served.cookie_of(Role.REGISTRY)
    async with RawClient(served.url, cookie) as owner:
        await owner.hydrate()
        await owner.call(f"{NOTICE}.say_failed", {"sentence": "dossier confidentiel"})

    async with RawClient(served.url, cookie, token=owner.token) as again:
        seen = json.dumps(await again.hydrate(), ensure_ascii=False)

    assert "dossier confidentiel" in seen


async def test_a_page_of_another_site_cannot_open_the_socket(served: Served) -> None:
    foreign = RawClient(served.url, origin="http://evil.example")

    with pytest.raises(socketio.exceptions.ConnectionError):
        await foreign.connect()
    await foreign.close()


async def test_the_session_cookie_is_never_sent_back_to_the_page(served: Served) -> None:
    cookie = served.cookie_of(Role.REGISTRY)
    async with RawClient(served.url, cookie) as client:
        seen = json.dumps(await client.hydrate())

    assert cookie.partition("=")[2] not in seen
