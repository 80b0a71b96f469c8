"""A hundred at once on the last place of a session, and courts that open sessions in the same room: nothing goes over.

Each limit has its control: the same act without the lock, which all of them do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from availability import actions
from availability.actions import Holder, occupy
from availability.claims import CaseClaim
from availability.errors import CapacityReached, Refusal
from booking import hearing_templates
from booking.hearing_generation import generate
from booking.hearing_months import made_of, open_month
from booking.hearing_template_spec import People
from booking.hearing_templates import Written, change_template, write_template
from portal.database import make_engine
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import spec_of
from tests.conftest import Database
from tests.factories import NOW, in_days
from tests.races import PATIENCE_S, act, at_once, refusals

LAWYERS, RUNNERS, SEQUENCE = 100, 8, 4
JULY = date(2026, 7, 1)  # three Tuesdays and a holiday
# What is left of each session is room for one: of the limit that names it.
LIMITS = {
    "cases": {"max_cases": 3, "max_minutes": 180},
    "minutes": {"max_cases": 20, "max_minutes": 35},
    "quota": {"max_cases": 20, "max_minutes": 180, "quotas": {"2": 3, "20": 9}},  # of a family, by those under it
}
LOAD = text("SELECT count(*) FROM session_case WHERE resource_id = :id")
TWICE = text("""
    SELECT count(*) FROM seat_time a JOIN seat_time b ON b.resource_id = a.resource_id AND b.id > a.id
    WHERE a.during && b.during""")
SESSIONS = text("SELECT count(*) FROM template_session o JOIN resource r ON r.id = o.resource_id WHERE r.is_active")


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads, as in production."""
    engine = make_engine(database.url, pool_size=16)
    yield engine
    engine.dispose()


def _last_places(session: Session) -> dict[str, int]:
    """Return a session for each limit, with two cases in it and room for one more."""
    court, found = make_court(session), {}
    for number, (limit, said) in enumerate(LIMITS.items()):
        spec = spec_of(court, starts=time(9 + number), horizon_days=7, **said)
        opened = write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW).template_id
        found[limit] = session.execute(
            text("SELECT resource_id FROM template_session WHERE template_id = :id"), {"id": opened}
        ).scalar_one()
        for family in ("20J", "22G"):
            _take(session, found[limit], family)
    return found


def _take(session: Session, hearing: int, family: str = "20J") -> None:
    occupy(session, [CaseClaim(resource_id=hearing, minutes=10, family=family)], Holder(id=uuid4(), now=NOW))


def _count(session: Session, statement: Any, **asked: Any) -> int:
    return int(session.execute(statement, asked).scalar_one())


def test_of_a_hundred_at_once_on_the_last_place_by_each_limit_one_has_it(engine: Engine) -> None:
    last = act(engine, _last_places)

    answers = {
        limit: at_once([partial(act, engine, _take, one) for _ in range(LAWYERS)]) for limit, one in last.items()
    }

    for limit, told in answers.items():
        assert refusals(told) == [CapacityReached] * (LAWYERS - 1)
        assert {one.facts["why"] for one in told if isinstance(one, Refusal)} == {limit}
        assert act(engine, _count, LOAD, id=last[limit]) == 3
    act(engine, _take, last["quota"], family="51")


def test_control_without_the_lock_all_of_them_have_the_last_place(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = act(engine, _last_places)
    monkeypatch.setattr(actions, "LOCK", text(str(actions.LOCK).replace("FOR NO KEY UPDATE OF r", "")))
    insert, all_have_checked = actions._insert, Barrier(RUNNERS, timeout=PATIENCE_S)

    def insert_together(*args: Any, **values: Any) -> None:
        all_have_checked.wait()
        insert(*args, **values)

    monkeypatch.setattr(actions, "_insert", insert_together)

    for hearing in last.values():
        answers = at_once([partial(act, engine, _take, hearing) for _ in range(RUNNERS)])

        assert refusals(answers) == []
        assert act(engine, _count, LOAD, id=hearing) == 2 + RUNNERS


def test_templates_written_and_months_opened_at_once_for_one_room_and_one_judge_open_one_session_a_day(
    engine: Engine,
) -> None:
    court = act(engine, make_court)

    answers = at_once([partial(act, engine, _written, court, number) for number in range(SEQUENCE)])

    opened = [len(one.generated.made) for one in answers if isinstance(one, Written)]
    assert sum(opened) == act(engine, _count, SESSIONS) == 5
    assert act(engine, _count, TWICE) == 0
    later = NOW + timedelta(days=7)
    templates = [one.template_id for one in answers if isinstance(one, Written)]
    again = at_once([partial(act, engine, generate, one, now=later) for one in templates for _ in range(2)])
    assert sum(len(one.made) for one in again if not isinstance(one, Refusal)) == 1
    assert act(engine, _count, TWICE) == 0
    opening = partial(act, engine, open_month, court.clerk, JULY, now=NOW)
    months = at_once([partial(opening, line_ids=ids) for ids in (templates, templates[::-1]) for _ in range(2)])
    assert sum(made_of(one) for one in months if not isinstance(one, Refusal)) == 3
    assert (refusals(months), act(engine, _count, SESSIONS), act(engine, _count, TWICE)) == ([], 5 + 1 + 3, 0)


def test_changes_that_exchange_their_rooms_at_once_never_wait_for_each_other_and_the_control_does(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    court = act(engine, make_court)
    rooms = (court.rooms, court.rooms[::-1])
    ours = [act(engine, _in_room, court, here) for here, _ in rooms]
    met, generate_one = Barrier(2, timeout=PATIENCE_S), hearing_templates.generate

    def meet_after_the_first(session: Session, template_id: int, **asked: Any) -> Any:
        done = generate_one(session, template_id, **asked)
        if template_id in ours:
            met.wait()
        return done

    with monkeypatch.context() as control:
        control.setattr(hearing_templates, "lock_sessions", lambda *_, **__: None)
        control.setattr(hearing_templates, "generate", meet_after_the_first)
        with pytest.raises(OperationalError, match="deadlock"):
            at_once([partial(act, engine, _moved, court, one, to) for one, (_, to) in zip(ours, rooms, strict=True)])
    changed = act(engine, _count, text("SELECT count(*) FROM hearing_template WHERE replaces_id IS NOT NULL"))
    assert changed == 1, "the other was stopped"

    last = act(engine, _last_of_lines)
    answers = at_once([partial(act, engine, _moved, court, one, to) for one, to in zip(last, court.rooms, strict=True)])

    assert refusals(answers) == []
    assert act(engine, _count, TWICE) == 0


def _in_room(session: Session, court: SmallCourt, room: int) -> int:
    return write_template(session, court.clerk, spec_of(court, room_id=room), from_on=in_days(1), now=NOW).template_id


def _moved(session: Session, court: SmallCourt, template: int, room: int) -> Written:
    return change_template(session, court.clerk, template, spec_of(court, room_id=room), from_on=in_days(1), now=NOW)


def _last_of_lines(session: Session) -> list[int]:
    return list(session.execute(text("SELECT max(id) FROM hearing_template GROUP BY coalesce(line_id, id)")).scalars())


def _written(session: Session, court: SmallCourt, number: int) -> Written:
    """Open Tuesdays at nine or at half past, in the same room, with the same judge."""
    spec = spec_of(
        court,
        starts=time(9, 30 * (number % 2)),
        room_id=court.rooms[0],
        people=People(named_ids=(court.judges[0],)),
    )
    return write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW)
