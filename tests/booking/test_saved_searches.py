"""Saved searches: what frees up is told once, to who may see it, and never what was free already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotFound
from availability.models import KindRight
from availability.rights import Actor, Right, Role
from booking.actions import cancel
from booking.filters import Filters
from booking.saved_models import SavedSearch, SearchAlert
from booking.saved_searches import (
    MOST_SAVED,
    TooManySaved,
    ToSave,
    forget,
    purge_forgotten,
    rename,
    save,
    saved_by,
    see,
    take_back,
)
from booking.watching import News, concerned, forget_touched, look_for, news, touched
from portal.live import TAKE
from tests.booking.town import Town, make_town, stay
from tests.conftest import Database
from tests.factories import NOW, PARIS, in_days, make_actor
from tests.races import act, at_once

FIRST, UNTIL = in_days(3), in_days(6)


def wanted(town: Town, label: str = "Trois nuits", **typed: str) -> ToSave:
    """Return a search of a bed for three nights around Paris."""
    dated = {"du": FIRST.isoformat(), "au": UNTIL.isoformat(), "type": town.nights.code, "lieu": "Paris"}
    return ToSave(Filters.read(dated | typed), PARIS, label)


def full_town(session: Session) -> Town:
    """Return a town whose three beds are taken those nights."""
    town = make_town(session)
    for bed in range(3):
        stay(session, town, FIRST, UNTIL, bed=bed)
    return town


def free_one(session: Session, town: Town) -> None:
    """Give one of the beds back."""
    booking_id: UUID = session.execute(
        text("SELECT id FROM booking WHERE resource_id = :id AND state = 'booked' LIMIT 1"), {"id": town.section.id}
    ).scalar_one()
    cancel(session, town.officer, booking_id, now=NOW)


def look(session: Session, town: Town, saved: SavedSearch, actor: Actor | None = None) -> int:
    """Return how many places the clock tells of, after the section moved."""
    return look_for(session, actor or town.officer, saved.id, {town.section.id}, now=NOW)


def told(session: Session, actor: Actor) -> list[News]:
    """Return what the actor reads in their day."""
    return news(session, actor, now=NOW, most=12)


def test_a_bed_that_frees_up_is_told_once_until_it_is_seen(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    assert look(session, town, saved) == 0

    free_one(session, town)

    assert [look(session, town, saved), look(session, town, saved)] == [1, 0]
    [one] = told(session, town.officer)
    assert (one.label, [found.resource_id for found in one.found]) == ("Trois nuits", [town.section.id])
    assert one.query["du"] == FIRST.isoformat()
    see(session, town.officer, saved.id, now=NOW)
    assert told(session, town.officer) == []


def test_what_was_free_when_saving_is_no_news_and_what_frees_again_is(session: Session) -> None:
    town = make_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    assert look(session, town, saved) == 0

    for bed in range(3):
        stay(session, town, FIRST, UNTIL, bed=bed)
    assert look(session, town, saved) == 0
    free_one(session, town)

    assert look(session, town, saved) == 1


def test_what_was_taken_again_meanwhile_is_not_announced(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    free_one(session, town)
    look(session, town, saved)

    bed = next(number for number in range(3) if _is_free(session, town, number))
    stay(session, town, FIRST, UNTIL, bed=bed)

    assert told(session, town.officer) == []
    assert saved_by(session, town.officer)[0].unseen == 1


def _is_free(session: Session, town: Town, number: int) -> bool:
    taken = text("SELECT count(*) FROM bed_night WHERE unit_id = :id")
    return session.execute(taken, {"id": town.beds[number].id}).scalar() == 0


def test_a_right_that_is_gone_silences_the_search_and_what_it_had_said(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    free_one(session, town)
    elsewhere = (Right(Role.PROBATION_OFFICER, frozenset({town.world.elsewhere.id})),)
    moved = Actor(town.officer.account_id, "mutée", elsewhere, town.world.elsewhere.id)

    assert look(session, town, saved, moved) == 0
    assert look(session, town, saved) == 1
    assert told(session, moved) == []
    session.delete(session.get_one(KindRight, (town.nights.id, Role.PROBATION_OFFICER)))
    session.flush()
    assert told(session, town.officer) == []
    assert look(session, town, saved) == 0


def test_a_kind_no_longer_in_use_is_silent(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    free_one(session, town)
    town.nights.is_active = False
    session.flush()

    assert look(session, town, saved) == 0
    assert not saved_by(session, town.officer)[0].is_active


def test_a_search_whose_dates_are_over_is_silent(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    free_one(session, town)

    assert look_for(session, town.officer, saved.id, now=NOW + timedelta(days=7)) == 0


def test_the_same_search_is_saved_once_whatever_it_shows_and_for_whom(session: Session) -> None:
    town = make_town(session)
    shown = {"vue": "tableau", "page": "2", "site": "4", "personne": "0b0e0000-0000-4000-8000-000000000000"}

    first = save(session, town.officer, wanted(town), now=NOW)
    second = save(session, town.officer, wanted(town, "Autre nom", **shown), now=NOW)

    assert second.id == first.id
    assert [one.label for one in saved_by(session, town.officer)] == ["Autre nom"]
    assert "personne" not in second.query


def test_as_many_as_may_be_and_no_more(session: Session) -> None:
    town = make_town(session)
    for age in range(MOST_SAVED):
        save(session, town.officer, wanted(town, age=str(20 + age)), now=NOW)

    with pytest.raises(TooManySaved):
        save(session, town.officer, wanted(town, age="70"), now=NOW)
    save(session, town.officer, wanted(town, age="20"), now=NOW)  # it is there already


def test_what_is_deleted_may_be_taken_back_and_is_silent_meanwhile(session: Session) -> None:
    town = full_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    forget(session, town.officer, saved.id, now=NOW)
    free_one(session, town)
    assert (look(session, town, saved), saved_by(session, town.officer)) == (0, [])

    take_back(session, town.officer, saved.id, now=NOW)

    assert [one.id for one in saved_by(session, town.officer)] == [saved.id]
    assert look(session, town, saved) == 0  # it was free when it was taken back
    forget(session, town.officer, saved.id, now=NOW)
    purge_forgotten(session, now=NOW + timedelta(days=2))
    assert session.exec(select(SavedSearch)).all() == []


def test_nobody_touches_the_search_of_another(session: Session) -> None:
    town = make_town(session)
    saved = save(session, town.officer, wanted(town), now=NOW)
    other = make_actor(Role.PROBATION_OFFICER, town.world.here)

    for refused in (
        lambda: rename(session, other, saved.id, "À moi"),
        lambda: forget(session, other, saved.id, now=NOW),
        lambda: see(session, other, saved.id, now=NOW),
        lambda: take_back(session, town.officer, saved.id, now=NOW),  # nothing to take back
    ):
        with pytest.raises(NotFound):
            refused()
    assert saved_by(session, other) == []


@pytest.mark.parametrize("label", ["", "  ", "x" * 121, "a\x00b"])
def test_a_name_is_short_and_says_something(session: Session, label: str) -> None:
    town = make_town(session)
    saved = save(session, town.officer, wanted(town, "x" * 120), now=NOW)

    with pytest.raises(InvalidRequest):
        rename(session, town.officer, saved.id, label)


def test_the_clock_looks_only_at_searches_of_that_kind_and_within_reach(session: Session) -> None:
    town = make_town(session)
    here = save(session, town.officer, wanted(town), now=NOW)
    far = save(session, town.officer, replace(wanted(town, lieu="Lyon"), near=(45.76, 4.83)), now=NOW)
    anywhere = save(session, town.officer, replace(wanted(town, lieu=""), near=None), now=NOW)

    ids = {search_id for search_id, _ in concerned(session, {town.section.id})}

    assert ids == {here.id, anywhere.id}
    assert concerned(session, {town.post.id}) == []
    assert {search_id for search_id, _ in concerned(session)} == ids | {far.id}


def test_what_changes_waits_for_the_clock_until_it_is_done(session: Session) -> None:
    town = make_town(session)
    stay(session, town, FIRST, UNTIL)
    session.connection().exec_driver_sql(TAKE)

    moved = touched(session)
    stay(session, town, FIRST, UNTIL, bed=1)
    session.connection().exec_driver_sql(TAKE)
    forget_touched(session, moved)

    assert moved.resource_ids == {town.section.id}
    assert touched(session).resource_ids == {town.section.id}  # it moved again after it was read


def test_two_clocks_at_once_tell_each_place_once(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        town = full_town(session)
        saved = save(session, town.officer, wanted(town), now=NOW)
        free_one(session, town)

    looks = [lambda: act(database.engine, look_for, town.officer, saved.id, {town.section.id}, now=NOW)] * 8
    assert sorted(map(str, at_once(looks))) == sorted(["1", *["0"] * 7])
    assert _alerts(database) == 1

    # Control: clocks that do not wait for each other all find it new; then the key lets one of them say it.
    assert [_without_lock(database, saved.id, town.section.id, turn=2) for _ in range(3)] == [1, 0, 0]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE search_alert DROP CONSTRAINT search_alert_pkey")
    assert [_without_lock(database, saved.id, town.section.id, turn=3) for _ in range(3)] == [1, 1, 1]


def _without_lock(database: Database, search_id: UUID, resource_id: int, *, turn: int) -> int:
    from booking.watching import TELL

    with database.engine.begin() as connection:
        asked = {"id": search_id, "turn": turn, "freed": [resource_id], "now": NOW}
        return connection.execute(TELL, asked).rowcount


def _alerts(database: Database) -> int:
    with Session(database.engine) as session:
        return len(session.exec(select(SearchAlert)).all())


def test_of_many_saved_at_once_no_more_than_allowed_are_kept(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        town = make_town(session)
        for age in range(MOST_SAVED - 1):
            save(session, town.officer, wanted(town, age=str(20 + age)), now=NOW)

    saves = [
        lambda age=age: act(database.engine, save, town.officer, wanted(town, age=str(age)), now=NOW)
        for age in range(60, 68)
    ]
    answers = at_once(saves)

    assert sum(isinstance(answer, TooManySaved) for answer in answers) == 7


def test_a_search_without_dates_moves_with_the_days(session: Session) -> None:
    town = make_town(session)
    for bed in range(3):
        stay(session, town, in_days(0), in_days(2), bed=bed)
    undated = ToSave(Filters(type=town.nights.code), PARIS, "Dès maintenant")
    saved = save(session, town.officer, undated, now=NOW)

    assert look_for(session, town.officer, saved.id, now=NOW) == 0
    assert look_for(session, town.officer, saved.id, now=NOW + timedelta(days=2)) == 1
