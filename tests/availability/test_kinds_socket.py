"""Kinds and recess over the socket: only who may writes them, whatever a hostile page sends is answered."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from availability.rights import Role
from portal.problems import FAILED
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

PAGES = f"{ROOT_STATE}availability___pages___"
LIST = f"{PAGES}kinds____kinds_state"
FORM = f"{PAGES}kind_form_state____kind_form_state"
RECESS = f"{PAGES}recess____recess_state"
NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
WRITTEN = text("""
    SELECT (SELECT md5(string_agg(CAST(k AS text), '' ORDER BY id)) FROM kind k),
           (SELECT md5(string_agg(CAST(r AS text), '' ORDER BY kind_id, role)) FROM kind_right r),
           (SELECT count(*) FROM recess)""")
STRANGE: list[Any] = [42, None, ["a"], {"a": {"b": [1]}}, "\x00😀" * 90, "9" * 40, True, "semi-liberte"]
CALLS = [
    (FORM, "say", ("name", "value")),
    (FORM, "say_attribute", ("key", "name", "value")),
    (FORM, "remove_attribute", ("key",)),
    (FORM, "raise_attribute", ("key",)),
    (FORM, "say_right", ("role", "what", "ticked")),
    (LIST, "put", ("code", "in_service")),
    (RECESS, "forget", ("ids",)),
    (RECESS, "add", ("form",)),
]
PLAIN = [(FORM, "merge"), (FORM, "undo"), (FORM, "start_again"), (LIST, "undo"), (RECESS, "undo")]
PATH = "/types/fiche/?type=chrs"


def written(served: Served) -> tuple[Any, ...]:
    """Return a digest of the kinds, of their rights and of the recesses."""
    with served.engine.connect() as connection:
        return tuple(connection.execute(WRITTEN).one())


def said(answer: list[dict[str, Any]]) -> str:
    return str(changed(answer).get(NOTICE, {}).get("text", ""))


async def test_any_shape_is_answered_without_a_failure_and_nothing_is_written(served: Served) -> None:
    before = written(served)
    async with RawClient(served.url, served.cookie_of(Role.ADMINISTRATOR)) as client:
        await client.hydrate(PATH)
        for state, handler, arguments in CALLS:
            for sent in STRANGE:
                answer = await client.call(f"{state}.{handler}", dict.fromkeys(arguments, sent), path=PATH)
                assert said(answer) != FAILED, (handler, sent)
        for state, handler in PLAIN:
            assert said(await client.call(f"{state}.{handler}", path=PATH)) != FAILED, handler

    assert written(served) == before


@pytest.mark.parametrize(
    "form", [{}, {"hold_minutes": "0"}, {"hold_minutes": "10.5"}, {"label": " "}, {"max_days": "x" * 400}, ["a"], None]
)
async def test_a_form_that_is_not_right_says_where_and_writes_nothing(served: Served, form: Any) -> None:
    before = written(served)
    async with RawClient(served.url, served.cookie_of(Role.ADMINISTRATOR)) as client:
        await client.hydrate(PATH)
        answer = await client.call(f"{FORM}.save", {"form": form}, path=PATH)

    assert said(answer) != FAILED
    if form and isinstance(form, dict):
        assert changed(answer)[FORM]["problems"][next(iter(form))]
    assert written(served) == before


async def test_what_is_typed_is_still_there_after_a_reload(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.ADMINISTRATOR)) as client:
        await client.hydrate(PATH)
        await client.call(f"{FORM}.say", {"name": "layer", "value": "Pas encore"}, path=PATH)
        again = changed(await client.hydrate(PATH))[FORM]
        await client.call(f"{FORM}.start_again", path=PATH)
        fresh = changed(await client.hydrate(PATH))[FORM]

    assert (again["typed"]["layer"], again["was_kept"]) == ("Pas encore", True)
    assert fresh["typed"]["layer"] == "Hébergement"


async def test_a_registry_sets_recesses_and_no_kind(served: Served) -> None:
    before = written(served)
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as client:
        courts = changed(await client.hydrate("/vacations/"))[RECESS]["courts"]
        for state, handler, payload in (
            (LIST, "put", {"code": "chrs", "in_service": False}),
            (FORM, "save", {"form": {}}),
        ):
            answer = changed(await client.call(f"{state}.{handler}", payload, path="/vacations/"))
            assert set(answer) <= {NOTICE}
        elsewhere = {"court": "1", "first": "2027-02-01", "last": "2027-02-02", "reason": ""}
        refused = said(await client.call(f"{RECESS}.add", {"form": elsewhere}, path="/vacations/"))

    assert [court["label"] for court in courts] == ["Tribunal judiciaire de Lyon"]
    assert refused
    assert written(served) == before
