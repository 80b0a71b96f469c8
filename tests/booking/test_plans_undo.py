"""What the buttons of a page act on is what it says, whatever was opened, taken out or found meanwhile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from booking.pages import plan_shares_state, plans_state
from booking.pages.plan_shares_state import PlanSharesState
from booking.pages.plans_words import RunRow
from booking.plans.kept import Application
from booking.plans.runs import apply_run, undo_run
from booking.plans.share_cases import put_back, take_out
from booking.plans.share_models import CaseToDesignate

FIRST, SECOND = str(uuid4()), str(uuid4())


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """Write down which act is done on what, without a database."""
    acts: list[tuple[Any, Any]] = []

    async def act(what: Any, _actor: object, about: Any, *_: object, **__: object) -> Any:
        acts.append((what, about))
        case = CaseToDesignate(id=uuid4(), case_ref="RG 26/00001", territory_id=1, kind_id=1)
        return {apply_run: Application(done=("a",)), undo_run: 1, take_out: case}.get(what)

    async def nobody(*_: object) -> None: ...

    for module in (plans_state, plan_shares_state):
        monkeypatch.setattr(module, "act", act)
        monkeypatch.setattr(module, "current_actor", nobody)
    monkeypatch.setattr(PlanSharesState, "_show", nobody)
    return acts


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the state of a page with two proposals, the first of which is open."""
    state = PlanSharesState(_reflex_internal_init=True)  # type: ignore[call-arg]  # as Reflex makes them

    async def notice(*_: object) -> Any:
        return SimpleNamespace(show=lambda *_, **__: None, show_success=lambda *_, **__: None)

    monkeypatch.setattr(PlanSharesState, "get_state", notice)
    state.runs = [RunRow(one, "", "", "", "", "", "", "", True, True) for one in (FIRST, SECOND)]
    state._run_id = FIRST
    return state


async def pressed(page: Any, name: str, *given: Any) -> None:
    """Press a button of the page."""
    await PlanSharesState.event_handlers[name].fn(page, *given)


async def test_an_application_is_taken_back_though_another_proposal_was_opened(page: Any, done: list[Any]) -> None:
    await pressed(page, "apply")
    page._run_id = SECOND

    await pressed(page, "undo")

    assert done == [(apply_run, UUID(FIRST)), (undo_run, UUID(FIRST))]


async def test_an_application_is_taken_back_though_a_case_was_taken_out_before(page: Any, done: list[Any]) -> None:
    await pressed(page, "take_out", str(uuid4()))
    await pressed(page, "apply")

    await pressed(page, "undo")

    assert [what for what, _ in done] == [take_out, apply_run, undo_run]


async def test_a_case_that_was_just_taken_out_is_put_back(page: Any, done: list[Any]) -> None:
    await pressed(page, "apply")
    await pressed(page, "take_out", str(uuid4()))

    await pressed(page, "undo")

    assert [what for what, _ in done] == [apply_run, take_out, put_back]


async def test_the_button_of_a_proposal_takes_that_one_back(page: Any, done: list[Any]) -> None:
    await pressed(page, "take_out", str(uuid4()))
    page._run_id = SECOND

    await pressed(page, "undo_open")

    assert done[1:] == [(undo_run, UUID(SECOND))]


async def test_who_chooses_what_to_apply_is_not_shown_another_proposal(page: Any) -> None:
    before = page._wanted().open
    page._changes = ["a", "b"]
    await pressed(page, "tick", "a", False)

    assert (before, page._wanted().open) == ("", FIRST)
