"""A hundred lawyers at once on the last place of a quota, and a bar on the last date of its convention."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from availability import actions
from availability.errors import InvalidRequest
from availability.rights import Actor
from booking import lawyer_dates
from booking.lawyer_dates import MOST_HELD, NoDate, take_date
from booking.lawyer_models import LawyerDate, Per, WhyNone
from booking.lawyer_rules import set_convention
from portal.database import make_engine
from tests.booking.bar import asked_of, make_lawyer, make_rule
from tests.booking.court import SmallCourt, make_court
from tests.conftest import Database
from tests.factories import NOW
from tests.races import PATIENCE_S, act, at_once, refusals

CROWD = 100  # lawyers, by fewer connections, as in production
TAKEN = text("SELECT count(*) FROM session_case WHERE resource_id = ANY(:ids)")


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=24)
    yield engine
    engine.dispose()


def _court(session: Session, lawyers: int, hearings: int, **said: Any) -> tuple[SmallCourt, list[int], list[Actor]]:
    court = make_court(session)
    make_rule(session, court)
    found = [court.hearing(session, in_days=30 + number, **said) for number in range(hearings)]
    return court, found, [make_lawyer(session, court) for _ in range(lawyers)]


def _take(session: Session, lawyer: Actor, court: SmallCourt, hearing: int) -> LawyerDate:
    return take_date(session, lawyer, asked_of(court), hearing, now=NOW)


def _count(session: Session, ids: list[int]) -> int:
    return int(session.execute(TAKEN, {"ids": ids}).scalar_one())


def test_of_a_hundred_lawyers_on_the_last_place_of_a_quota_one_has_it(engine: Engine) -> None:
    court, hearings, lawyers = act(engine, _court, CROWD, 1, quotas={"20": 1}, max_cases=9)

    told = at_once([partial(act, engine, _take, one, court, hearings[0]) for one in lawyers])

    assert refusals(told) == [NoDate] * (CROWD - 1)
    assert {one.facts["why"] for one in told if isinstance(one, NoDate)} == {WhyNone.FULL}
    assert act(engine, _count, hearings) == 1


def test_control_without_the_lock_all_of_them_have_the_last_place(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, hearings, lawyers = act(engine, _court, 8, 1, quotas={"20": 1}, max_cases=9)
    monkeypatch.setattr(actions, "LOCK", text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", "")))
    _insert_together(monkeypatch, len(lawyers))

    told = at_once([partial(act, engine, _take, one, court, hearings[0]) for one in lawyers])

    assert refusals(told) == []
    assert act(engine, _count, hearings) == len(lawyers)


def test_of_a_bar_on_the_last_date_of_its_month_in_as_many_sessions_one_has_it_and_the_control_does_not(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, hearings, lawyers = act(engine, _court, 8, 8)
    act(engine, set_convention, court.clerk, court.site.id, per=Per.MONTH, most=1, bar="Barreau de Fiction", now=NOW)
    acts = [partial(act, engine, _take, one, court, there) for one, there in zip(lawyers, hearings, strict=True)]

    told = at_once(acts)

    assert refusals(told) == [NoDate] * 7
    assert act(engine, _count, hearings) == 1
    act(engine, _forget)
    monkeypatch.setattr(lawyer_dates, "wait_for_conventions", lambda *_: None)
    _insert_together(monkeypatch, len(lawyers))
    assert refusals(at_once(acts)) == []
    assert act(engine, _count, hearings) == 8


def test_of_many_holds_of_one_lawyer_at_once_as_many_as_allowed_are_and_the_control_has_them_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court, hearings, (lawyer,) = act(engine, _court, 1, 8)
    acts = [partial(act, engine, _take, lawyer, court, there) for there in hearings]

    assert refusals(at_once(acts)) == [InvalidRequest] * (8 - MOST_HELD)

    assert act(engine, _count, hearings) == MOST_HELD
    act(engine, _forget)
    monkeypatch.setattr(lawyer_dates, "WAIT_FOR_LAWYER", text("SELECT :id"))
    _insert_together(monkeypatch, len(acts))
    assert refusals(at_once(acts)) == []
    assert act(engine, _count, hearings) == 8


def _forget(session: Session) -> None:
    session.execute(text("DELETE FROM lawyer_date"))
    session.execute(text("DELETE FROM session_case"))


def _insert_together(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    insert, all_have_checked = actions._insert, Barrier(count, timeout=PATIENCE_S)

    def insert_together(*args: Any, **values: Any) -> None:
        all_have_checked.wait()
        insert(*args, **values)

    monkeypatch.setattr(actions, "_insert", insert_together)
