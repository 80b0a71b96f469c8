"""Two officers who summon one person do not do it twice unknowing: the second is told to what they are summoned."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Resource
from availability.rights import Actor
from booking.actions import Beneficiary, confirm, hold
from booking.errors import ChangedMeanwhile, OutOfDate
from booking.moving import move
from convocations.actions import convene, summon, withdraw
from convocations.models import Convocation
from convocations.pages.convene_words import running_words, words_of_summonses
from convocations.seen import Seen, expect_summonses, seen_of, summonses_of
from tests.conftest import Database
from tests.convocations.desk import HALF_PAST, NINE, TEN, make_desk
from tests.factories import NOW
from tests.races import act, at_once, refusals

MANY = 4


def summoned_as_seen(
    session: Session, actor: Actor, person_id: UUID, claim: SlotClaim, seen: Seen | None, *, now: datetime
) -> Convocation:
    """Summon somebody to a start as the form does; `seen` None is the control, which looks at nothing."""
    if seen is not None:
        expect_summonses(session, actor, person_id, seen, now=now)
    return convene(session, actor, person_id, claim, now=now)


def test_of_many_who_summon_the_same_person_as_they_see_them_one_does_and_the_control_summons_them_each_time(
    database: Database,
) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
    starts = [NINE + timedelta(minutes=30 * number) for number in range(MANY)]

    def each(seen: Seen | None, agent: Resource) -> list[object]:
        one = partial(act, database.engine, summoned_as_seen, desk.officer, desk.person.id)
        return at_once([partial(one, desk.at(start, agent), seen, now=NOW) for start in starts])

    told, control = each((), desk.agent), each(None, desk.colleague)

    assert refusals(told) == [OutOfDate] * (MANY - 1)
    assert refusals(control) == []


def test_what_was_read_of_a_person_is_what_runs_and_tells_what_moved(session: Session) -> None:
    desk = make_desk(session)
    one = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    read = summonses_of(session, desk.officer, desk.person.id, now=NOW)
    expect_summonses(session, desk.officer, desk.person.id, seen_of(read), now=NOW)

    move(session, desk.officer, one.booking_id, desk.at(TEN), now=NOW)  # type: ignore[arg-type]
    after = summonses_of(session, desk.officer, desk.person.id, now=NOW)
    _, differences = words_of_summonses(read, after)
    with pytest.raises(OutOfDate):
        expect_summonses(session, desk.officer, desk.person.id, seen_of(read), now=NOW)
    withdraw(session, desk.officer, one.id, now=NOW)

    assert [(one.at, each.at) for one, each in zip(read, after, strict=True)] == [(NINE, TEN)]
    already, href = running_words(read, read[0].kind_label)
    assert (read[0].site_name in already, str(read[0].id) in href) == (True, True)
    assert running_words(read, "un autre type") == ("", "")
    assert ["à" in one.before and "à" in one.after for one in differences] == [True]
    assert summonses_of(session, desk.officer, desk.person.id, now=NOW) == ()


def test_an_appointment_moved_meanwhile_is_not_summoned_to_its_old_hour(session: Session) -> None:
    desk = make_desk(session)
    held = hold(session, desk.officer, desk.at(NINE), now=NOW, beneficiary=Beneficiary(person_id=desk.person.id))
    read = confirm(session, desk.officer, held.id, now=NOW).revision
    move(session, desk.officer, held.id, desk.at(HALF_PAST), now=NOW)

    with pytest.raises(ChangedMeanwhile):
        summon(session, desk.officer, held.id, now=NOW, revision=read)
