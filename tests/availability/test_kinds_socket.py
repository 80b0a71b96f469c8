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
# The last hearing of Lyon that a template opened and in which nothing is.
EMPTY = """
    SELECT s.territory_id, o.on_day, o.resource_id
    FROM template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active JOIN site s ON s.id = r.site_id
    JOIN territory y ON y.id = s.territory_id AND y.name = 'Tribunal judiciaire de Lyon'
    JOIN hearing_template t ON t.id = o.template_id AND t.is_active AND NOT t.sits_in_recess
    WHERE NOT o.by_hand AND NOT EXISTS (SELECT FROM session_case c WHERE c.resource_id = r.id)
      AND NOT EXISTS (SELECT FROM hearing_staffing f WHERE f.hearing_id = r.id)
      AND NOT EXISTS (SELECT FROM recess x WHERE x.territory_id = s.territory_id AND x.days @> o.on_day)
    ORDER BY o.on_day DESC, o.resource_id LIMIT 1"""
STRANGE: list[Any] = [42, None, ["a"], {"a": {"b": [1]}}, "\x00😀" * 90, "9" * 40, True, "semi-liberte"]
CALLS = [
    (FORM, "say", ("name", "value")),
    (FORM, "say_attribute", ("key", "name", "value")),
    (FORM, "remove_attribute", ("key",)),
    (FORM, "raise_attribute", ("key",)),
    (FORM, "say_right", ("role", "what", "ticked")),
    (FORM, "say_quota", ("key", "name", "value")),
    (FORM, "remove_quota", ("key",)),
    (LIST, "put", ("code", "in_service")),
    (RECESS, "forget", ("ids",)),
    (RECESS, "add", ("form",)),
]
PLAIN = [(FORM, "add_quota"), (FORM, "merge"), (FORM, "undo"), (FORM, "start_again"), (LIST, "undo"), (RECESS, "undo")]
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


async def test_days_of_recess_take_empty_hearings_away_at_once_and_their_undo_brings_them_back(served: Served) -> None:
    with served.engine.connect() as connection:
        court, day, resource_id = connection.execute(text(EMPTY)).one()

    def is_open() -> bool:
        with served.engine.connect() as connection:
            asked = text("SELECT is_active FROM resource WHERE id = :id")
            return bool(connection.execute(asked, {"id": resource_id}).scalar_one())

    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as client:
        await client.hydrate("/vacations/")
        form = {"court": str(court), "first": str(day), "last": str(day), "reason": "Essai"}
        told = said(await client.call(f"{RECESS}.add", {"form": form}, path="/vacations/"))
        during = is_open()
        await client.call(f"{RECESS}.undo", path="/vacations/")

    assert "vide" in told
    assert (during, is_open()) == (False, True)


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
