"""Several frees, several clocks, newcomers and answers at the same moment: each thing goes to one, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from availability.claims import NightsClaim
from availability.errors import PeriodTaken, Refusal
from availability.rights import Actor
from booking import events
from booking.actions import Beneficiary, cancel, confirm, expired, hold, lapse, undo_cancel
from booking.errors import AlreadyDecided, HoldExpired
from booking.models import Booking
from booking.waiting import OfferMade, accept, decline, withdraw
from booking.waiting_follow import follow_list
from booking.waiting_models import WaitingEntry, WaitingOffer
from booking.waiting_offers import due, offer_freed
from portal.database import make_engine
from tests.booking.queue import FIRST, UNTIL, Accounts, offers, waits
from tests.booking.town import make_town
from tests.conftest import Database
from tests.factories import NOW, in_minutes, make_beds, make_resource
from tests.races import act, at_once, refusals

ROUNDS = 8
AFTER_UNDO = in_minutes(10)
LATER = in_minutes(20)


@pytest.fixture
def engine(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    engine = make_engine(database.url, pool_size=40)
    yield engine
    engine.dispose()


def prepare(session: Session, waiting: int) -> tuple[Accounts, Actor, list[UUID], list[NightsClaim]]:
    """Return the accounts, the officer, as many booked sections of one bed as rounds, and how to ask for each."""
    town = make_town(session, offer_hours=1)
    claims = []
    for number in range(ROUNDS):
        section = make_resource(session, town.world.site, town.nights, name=f"Section {number}")
        make_beds(session, section, "lit 1")
        claims.append(NightsClaim(resource_id=section.id, first=FIRST, until=UNTIL))
    town.section.is_active = False
    session.flush()
    whom = Beneficiary(case_ref="26/999")
    held = [hold(session, town.officer, claim, now=NOW, beneficiary=whom).id for claim in claims]
    for booking_id in held:
        confirm(session, town.officer, booking_id, now=NOW)
    for number in range(waiting):
        waits(session, town, f"26/{number:03d}", now=in_minutes(number / 100))
    return Accounts().add(town.officer), town.officer, held, claims


def tick(engine: Engine, accounts: Accounts, now: datetime) -> int:
    """Do what a clock does, one transaction each."""
    for booking_id in act(engine, expired, now=now):
        act(engine, lapse, booking_id, now=now)
    freed = act(engine, due, now=now)
    return sum(act(engine, offer_freed, one, actor_of=accounts, now=now) for one in freed)


def free_all(engine: Engine, officer: Actor, held: list[UUID], claims: list[NightsClaim]) -> list[Booking | Refusal]:
    """Give everything back while newcomers try to take it; return what the newcomers were answered."""
    frees = [partial(act, engine, cancel, officer, one, now=NOW) for one in held]
    comers = [partial(act, engine, hold, officer, claim, now=NOW) for claim in claims]
    return at_once([*frees, *comers])[ROUNDS:]


def test_what_many_free_at_once_is_offered_by_several_clocks_to_the_first_ones_and_to_nobody_else(
    engine: Engine,
) -> None:
    accounts, officer, held, claims = act(engine, prepare, ROUNDS + 3)

    newcomers = free_all(engine, officer, held, claims)
    clocks = [partial(tick, engine, accounts, AFTER_UNDO) for _ in range(4)]
    late = [partial(act, engine, hold, officer, claim, now=AFTER_UNDO) for claim in claims]
    acts: list[Callable[[], object]] = [*clocks, *late]
    answers = at_once(acts)

    assert set(refusals([*newcomers, *answers[4:]])) == {PeriodTaken}
    assert len(refusals([*newcomers, *answers[4:]])) == 2 * ROUNDS
    assert sum(made for made in answers[:4] if isinstance(made, int)) == ROUNDS
    with Session(engine) as session:
        assert offers(session) == [(f"26/{number:03d}", None) for number in range(ROUNDS)]
        places = select(WaitingOffer.resource_id)
        assert Counter(session.exec(places)) == {claim.resource_id: 1 for claim in claims}


def test_control_when_nothing_is_kept_for_the_list_newcomers_have_it_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, officer, held, claims = act(engine, prepare, 2)
    monkeypatch.setattr(events, "_subscribers", [])

    for one in held:
        act(engine, cancel, officer, one, now=NOW)
    newcomers = at_once([partial(act, engine, hold, officer, claim, now=NOW) for claim in claims])

    assert refusals(newcomers) == []
    assert tick(engine, accounts, AFTER_UNDO) == 0


def test_taking_back_and_the_clock_that_offers_never_both_win(engine: Engine) -> None:
    accounts, officer, held, _ = act(engine, prepare, ROUNDS)
    for one in held:
        act(engine, cancel, officer, one, now=NOW)

    undoes = [partial(act, engine, undo_cancel, officer, one, now=in_minutes(9.99)) for one in held]
    acts: list[Callable[[], object]] = [*undoes, *(partial(tick, engine, accounts, AFTER_UNDO) for _ in range(3))]
    answers = at_once(acts)

    refused = refusals(answers)
    assert set(refused) <= {PeriodTaken}
    with Session(engine) as session:
        assert len(offers(session)) == len(refused)
        assert session.execute(text("SELECT count(DISTINCT holder_id) FROM bed_night")).scalar() == ROUNDS


def test_accepting_declining_withdrawing_and_the_end_of_an_offer_at_once_leave_one_truth(engine: Engine) -> None:
    accounts, officer, held, _ = act(engine, prepare, ROUNDS + 4)
    for one in held:
        act(engine, cancel, officer, one, now=NOW)
    tick(engine, accounts, AFTER_UNDO)
    with Session(engine) as session:
        open_ones = session.exec(select(WaitingOffer.id, WaitingOffer.entry_id)).all()

    acts: list[Callable[[], object]] = [partial(tick, engine, accounts, in_minutes(71)) for _ in range(2)]
    for offer_id, entry_id in open_ones:
        acts.append(partial(act, engine, accept, officer, offer_id, now=LATER))
        acts.append(partial(act, engine, decline, officer, offer_id, reason="dates", now=LATER))
        acts.append(partial(act, engine, withdraw, officer, entry_id, now=LATER))
    answers = at_once(acts)

    assert set(refusals(answers)) <= {AlreadyDecided, HoldExpired, OfferMade}
    after = {"taken": {"served"}, "declined": {"waiting", "withdrawn", "offered"}}
    after["lapsed"] = after["declined"]
    with Session(engine) as session:
        for entry, outcome in session.exec(
            select(WaitingEntry, WaitingOffer.outcome)
            .join(WaitingOffer, col(WaitingOffer.entry_id) == col(WaitingEntry.id))
            .where(col(WaitingOffer.id).in_([offer_id for offer_id, _ in open_ones]))
        ):
            assert outcome is not None
            assert entry.state in after[outcome]
