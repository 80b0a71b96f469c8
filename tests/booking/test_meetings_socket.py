"""What a hostile client can send to the page of common dates: a sentence comes back, and nothing is taken."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from availability.rights import Role
from booking.pages.meetings_words import NOBODY
from portal.problems import FAILED
from tests.booking.test_judge_socket import PAGES, said
from tests.served import Served
from tests.socket_client import RawClient

MEETINGS = f"{PAGES}meetings_state____meetings_state."
PATH = "/reunir/"
COUNT = text("SELECT count(*) FROM meeting WHERE called_off_at IS NULL")


async def test_what_no_page_sends_is_answered_with_a_sentence_and_nobody_else_takes_or_calls_off(
    served: Served,
) -> None:
    hostile: list[tuple[str, dict[str, Any]]] = [
        ("answer", {"name": "_asked", "value": "x"}),
        ("answer", {"name": "du", "value": {"a": 1}}),
        ("pick", {"person_id": ["x"]}),
        ("drop", {"person_id": "-1"}),
        ("call_off", {"meeting_id": "x"}),
        ("call_off", {"meeting_id": "00000000-0000-4000-8000-000000000000"}),
    ]
    with served.engine.connect() as connection:
        before = connection.execute(COUNT).scalar_one()
    async with RawClient(served.url, served.cookie_of(Role.REGISTRY)) as client:
        await client.hydrate(PATH)
        for handler, payload in hostile:
            words = said(await client.call(f"{MEETINGS}{handler}", payload, path=PATH))
            assert words.strip(), (handler, payload)
            assert FAILED not in words, (handler, payload)
        assert NOBODY in str(await client.call(f"{MEETINGS}submit", {"form": {"minutes": "90"}}, path=PATH))
        for handler, payload in (
            ("take", {"start": "x", "room_id": "1", "video_id": ""}),  # nothing was asked
            ("seek", {"typed": "\x00%_\\ud800"}),
            ("submit", {"form": "DROP"}),
            ("keep", {"name": "du", "typed": "x"}),
            ("undo", {}),
        ):
            assert FAILED not in said(await client.call(f"{MEETINGS}{handler}", payload, path=PATH)), handler
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate("/reservations/")
        for handler, payload in (
            ("take", {"start": "2030-01-01T09:00:00+00:00", "room_id": "", "video_id": ""}),
            ("call_off", {"meeting_id": "00000000-0000-4000-8000-000000000000"}),
            ("seek", {"typed": "a"}),
        ):
            words = said(await client.call(f"{MEETINGS}{handler}", payload, path="/reservations/"))
            assert "droit" in words, handler
    with served.engine.connect() as connection:
        assert connection.execute(COUNT).scalar_one() == before
