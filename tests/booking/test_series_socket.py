"""What a hostile page may send to the screens of series and presences is answered by a sentence, never by a failure."""

from __future__ import annotations

from typing import Any

import pytest
from reflex_base.registry import RegistrationContext

import portal.app  # noqa: F401 - registers every handler
from availability.rights import Role
from portal.problems import FAILED
from tests.booking.test_socket_input import said
from tests.served import Served
from tests.socket_client import RawClient

STRANGE: list[Any] = [42, "texte", None, ["a"], {"a": [1]}, "\x00😀" * 90]
OF_OFFICERS = {
    "series_form_state": {
        "change": ("name", "value"),
        "toggle_day": ("day",),
        "change_period": ("number", "name", "value"),
        "remove_period": ("number",),
        "answer": ("number", "choice"),
        "save": ("form",),
        "add_period": (),
    },
    "series_state": {"cancel": (), "undo": (), "begin_move": ("booking_id",), "move_it": ("booking_id", "where")},
}
OF_HOSTS = {
    "presences_state": {
        "came": ("booking_id",),
        "missed": ("booking_id",),
        "more": ("booking_id",),
        "undo": ("booking_id",),
        "all_came": ("group",),
        "pick_day": ("day",),
        "undo_all": (),
    },
    "presence_sheet_state": {"pick_month": ("month",)},
}


def named(state: str, handler: str) -> str:
    """Return the full name of a handler of one of these states."""
    return next(name for name in RegistrationContext.get().event_handlers if name.endswith(f"{state}.{handler}"))


@pytest.mark.parametrize(
    ("role", "path", "states"),
    [
        (Role.PROBATION_OFFICER, "/serie/nouvelle/?lieu=1&du=9999-12-31", OF_OFFICERS),
        (Role.PARTNER, "/presences/?jour=0001-01-01", OF_HOSTS),
    ],
)
async def test_any_shape_is_answered_without_a_failure(
    served: Served, role: Role, path: str, states: dict[str, dict[str, tuple[str, ...]]]
) -> None:
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate(path)
        for state, handlers in states.items():
            for handler, arguments in handlers.items():
                for sent in STRANGE if arguments else [None]:
                    answer = await client.call(named(state, handler), dict.fromkeys(arguments, sent), path=path)
                    assert said(answer) != FAILED, (handler, sent)
