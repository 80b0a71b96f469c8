"""What a hostile page may send to the screens of fittings and rounds: a sentence, never a failure, nothing done."""

from __future__ import annotations

from typing import Any

import pytest
from reflex_base.registry import RegistrationContext
from sqlalchemy import text

import portal.app  # noqa: F401 - registers every handler
from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
STRANGE: list[Any] = [42, -1, "texte", None, ["a"], {"q": {"a": [1]}}, {"date_limite": "\x00"}, "9" * 40]
IDS = ["number", "negative", "text", "nothing", "list", "nested", "unprintable", "huge"]
LIST, FORM, ROUND = "/demandes-de-pose/", "/demandes-de-pose/nouvelle/", "/tournee/"
PLAN = "/tournees/"
HANDLERS: list[tuple[str, str, str, tuple[str, ...]]] = [
    (LIST, "fittings_state", "pick_part", ("part",)),
    (LIST, "fitting_sheet_state", "take", ("resource_id", "start")),
    (LIST, "fitting_sheet_state", "set_deadline", ("form",)),
    (FORM, "fitting_form_state", "type_address", ("typed",)),
    (FORM, "fitting_form_state", "choose_place", ("number",)),
    (FORM, "fitting_form_state", "change", ("name", "value")),
    (FORM, "fitting_form_state", "set_hour", ("number", "name", "value")),
    (FORM, "fitting_form_state", "save", ("form",)),
    (ROUND, "round_state", "pick_team", ("resource_id",)),
    (ROUND, "round_state", "pick_day", ("day",)),
    (ROUND, "round_state", "fitted", ("booking_id",)),
    (ROUND, "round_state", "missed", ("booking_id",)),
    (ROUND, "round_state", "call", ("booking_id",)),
    (ROUND, "round_state", "pick", ("booking_id",)),
    (PLAN, "plan_rounds_state", "pick_board_day", ("day",)),
    (PLAN, "plan_rounds_state", "pick_board_team", ("team",)),
    (PLAN, "plan_rounds_state", "light", ("item",)),
    (PLAN, "plan_rounds_state", "somebody_is_absent", ("form",)),
    (PLAN, "plan_rounds_state", "is_back", ("number",)),
    (PLAN, "plan_rounds_state", "choose_place", ("item",)),
    (PLAN, "plan_rounds_state", "put", ("place",)),
]
PLAIN = [
    (LIST, "fitting_sheet_state", name) for name in ("give_back", "close", "reopen", "take_it_back")
] + [(ROUND, "round_state", "undo"), (FORM, "fitting_form_state", "as_monday")]  # fmt: skip
# Everything that these screens may write, however little of it. The clock writes too, in nobody's name.
WRITTEN = text("""
    SELECT (SELECT count(*) FROM fitting_request), (SELECT count(*) FROM fitting_visit), (SELECT count(*) FROM booking),
           (SELECT count(*) FROM history WHERE subject IN ('fitting_request', 'booking') AND actor_id IS NOT NULL)""")


def named(state: str, handler: str) -> str:
    """Return the full name of a handler."""
    return next(
        name
        for name in RegistrationContext.get().event_handlers
        if name.endswith(f".{handler}") and name.rsplit(".", 2)[1].endswith(f"____{state}")
    )


def said(answer: list[dict[str, Any]]) -> str:
    """Return the message that an answer shows, if it shows one."""
    return str(changed(answer).get(NOTICE, {}).get("text", ""))


@pytest.mark.parametrize(("path", "state", "handler", "arguments"), HANDLERS, ids=[one[2] for one in HANDLERS])
async def test_any_shape_is_answered_without_a_failure_and_nothing_is_written(
    served: Served, path: str, state: str, handler: str, arguments: tuple[str, ...]
) -> None:
    with served.engine.connect() as connection:
        before = connection.execute(WRITTEN).one()
    async with RawClient(served.url, served.cookie_of(Role.MONITORING_AGENT)) as client:
        await client.hydrate(path)
        for sent in STRANGE:
            payload = dict.fromkeys(arguments, sent)
            answer = await client.call(named(state, handler), payload, path=path)
            assert said(answer) != FAILED, sent
        assert said(await client.hydrate(path)) != FAILED
    with served.engine.connect() as connection:
        assert connection.execute(WRITTEN).one() == before


@pytest.mark.parametrize(("path", "state", "handler"), PLAIN)
async def test_out_of_turn_nothing_fails_and_nothing_is_written(
    served: Served, path: str, state: str, handler: str
) -> None:
    with served.engine.connect() as connection:
        before = connection.execute(WRITTEN).one()
    async with RawClient(served.url, served.cookie_of(Role.MONITORING_AGENT)) as client:
        await client.hydrate(path)
        answer = await client.call(named(state, handler), path=path)

        assert said(answer) != FAILED
    with served.engine.connect() as connection:
        assert connection.execute(WRITTEN).one() == before


async def test_an_officer_does_not_drive(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(ROUND)
        answer = await client.call(named("round_state", "load"), path=ROUND)

    assert not any(name.endswith("round_state") for name in changed(answer))
