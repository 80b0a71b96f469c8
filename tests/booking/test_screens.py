"""The screens of a court: who sets them up, their addresses, and that nothing is said that the court did not choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Territory
from availability.rights import Role
from booking.hearing_day import begin_case, end_case, name_case, postpone_case
from booking.hearing_day_models import Screen, Shown, Stage
from booking.links import LinkName
from booking.models import State
from booking.pages.wall_page import etag_of, feed_of, gone_html, wall_html
from booking.screens import (
    DayShown,
    OnScreen,
    add_screen,
    address_of,
    change_screen,
    keep_address,
    note_seen,
    publicity_of,
    put_back_screen,
    remove_screen,
    renew_screen,
    rooms_of,
    screen_named,
    screens_of,
    set_publicity,
    shown_on,
)
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.court_day import BEGUN, HOUSE, IN_A_WEEK, Day, booked, made_day
from tests.factories import NOW, make_actor


@pytest.fixture
def day(session: Session) -> Day:
    """A day in court, gone at the end of the test."""
    return made_day(session)


@pytest.fixture
def screen(session: Session, day: Day) -> Screen:
    """A screen for the whole court."""
    return add_screen(session, day.court.clerk, "Hall", [], now=NOW)


def seen(session: Session, screen: Screen) -> DayShown:
    """Return what a screen shows a little after the hearing began."""
    return shown_on(session, LinkName(screen.id, screen.link_version), house=HOUSE, now=BEGUN)


def labels(session: Session, screen: Screen) -> list[str]:
    """Return what each case is called on a screen."""
    return [case.label for hearing in seen(session, screen).hearings for case in hearing.cases]


def test_a_court_sets_up_its_screens_for_its_own_rooms_only(session: Session, day: Day) -> None:
    clerk, room = day.court.clerk, day.court.rooms[0]
    added = add_screen(session, clerk, "  Porte de la  salle 1 ", [room, room], now=NOW)

    assert [(one.name, one.room_ids) for one in screens_of(session, clerk)] == [("Porte de la salle 1", [room])]
    assert [one.name for one in rooms_of(session, clerk)] == ["Salle 1", "Salle 2"]
    changed = change_screen(session, clerk, added.id, "Hall", [], now=NOW)
    assert (changed.name, changed.room_ids) == ("Hall", [])
    for name, problem in (("", "required"), ("x" * 61, "too-long")):
        with pytest.raises(InvalidRequest, match=problem):
            add_screen(session, clerk, name, [], now=NOW)
    with pytest.raises(NotFound):
        add_screen(session, clerk, "Ailleurs", [day.court.judges[0]], now=NOW)


def test_screens_are_for_the_registry_of_that_court(session: Session, day: Day, screen: Screen) -> None:
    stranger = day.court.stranger
    officer = make_actor(Role.PROBATION_OFFICER, session.get_one(Territory, day.court.territory_id))
    assert screens_of(session, stranger) == []
    for act in (renew_screen, remove_screen, partial(change_screen, name="x", room_ids=[])):
        with pytest.raises(NotFound):
            act(session, stranger, screen.id, now=NOW)
        with pytest.raises(NotAllowed):
            act(session, officer, screen.id, now=NOW)
    with pytest.raises(NotAllowed):
        set_publicity(session, officer, day.court.kind.id, Shown.NAME, now=NOW)


def test_an_address_withdrawn_or_a_screen_taken_down_shows_nothing_until_it_is_put_back(
    session: Session, day: Day, screen: Screen
) -> None:
    before = screen_named(address_of(screen, HOUSE), HOUSE)
    assert before == LinkName(screen.id, 1)
    assert screen_named(address_of(screen, HOUSE)[:-1] + "!", HOUSE) is None

    renew_screen(session, day.court.clerk, screen.id, now=NOW)
    keep_address(session, day.court.clerk, screen.id, 1, now=NOW)
    assert len(shown_on(session, before, house=HOUSE, now=BEGUN).hearings) == 1
    with pytest.raises(NotFound):
        keep_address(session, day.court.clerk, screen.id, 1, now=NOW)
    renew_screen(session, day.court.clerk, screen.id, now=NOW)
    with pytest.raises(NotFound):
        shown_on(session, before, house=HOUSE, now=BEGUN)

    remove_screen(session, day.court.clerk, screen.id, now=NOW)
    assert screens_of(session, day.court.clerk) == []
    with pytest.raises(NotFound):
        seen(session, screen)
    put_back_screen(session, day.court.clerk, screen.id, now=NOW)
    assert len(seen(session, screen).hearings) == 1


def test_a_case_is_shown_by_its_number_until_its_court_chooses_names_for_that_kind(
    session: Session, day: Day, screen: Screen
) -> None:
    clerk = day.court.clerk
    name_case(session, clerk, day.hearing, day.cases[0], "Exemple c/ Fictif", house=HOUSE, now=NOW)
    assert labels(session, screen) == ["RG 26/00001", "RG 26/00002", "RG 26/00003"]
    assert "Fictif" not in wall_html(seen(session, screen))

    set_publicity(session, clerk, day.court.kind.id, Shown.NAME, now=NOW)
    assert labels(session, screen) == ["Exemple c/ Fictif", "RG 26/00002", "RG 26/00003"]
    assert [one.shown for one in publicity_of(session, clerk)] == [Shown.NAME]

    set_publicity(session, clerk, day.court.kind.id, Shown.NUMBER, now=NOW)
    assert "Fictif" not in str(feed_of(seen(session, screen)))


def test_a_screen_shows_the_hearings_of_its_rooms(session: Session, day: Day) -> None:
    court = day.court
    other = court.hearing(session, in_days=7)
    for hearing, at in ((day.hearing, 0), (other, 1)):
        sitting = Sitting(judge_id=court.judges[at], clerk_id=court.clerks[at], room_id=court.rooms[at])
        staff_hearing(session, court.clerk, hearing, sitting, now=NOW)
    door = add_screen(session, court.clerk, "Porte", [court.rooms[1]], now=NOW)
    hall = add_screen(session, court.clerk, "Hall", [], now=NOW)

    assert [one.room for one in seen(session, door).hearings] == ["Salle 2"]
    assert [one.room for one in seen(session, hall).hearings] == ["Salle 1", "Salle 2"]


def test_what_becomes_of_each_case_is_said_and_a_hearing_leaves_the_screen_after_its_end(
    session: Session, day: Day, screen: Screen
) -> None:
    clerk = day.court.clerk
    end_case(session, clerk, day.hearing, day.cases[0], State.HONOURED, now=BEGUN)
    postpone_case(session, clerk, day.hearing, day.cases[1], day.later, now=BEGUN)
    begin_case(session, clerk, day.hearing, day.cases[2], now=BEGUN)

    feed = feed_of(seen(session, screen))["hearings"][0]["cases"]
    assert [case["stage"] for case in feed] == [Stage.DONE, Stage.POSTPONED, Stage.RUNNING]
    assert [bool(case["expected_at"]) for case in feed] == [False, False, True]
    page = wall_html(seen(session, screen))
    assert "renvoyée au" in page
    assert "en cours" in page

    late = IN_A_WEEK + timedelta(hours=4)
    still = shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=late)
    assert len(still.hearings) == 1  # something is being heard
    booked(session, day.court, day.hearing, 4)
    end_case(session, clerk, day.hearing, day.cases[2], State.HONOURED, now=late)
    between = shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=late + timedelta(minutes=5))
    assert len(between.hearings) == 1  # one still waits, and another has just ended
    given_up = shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=late + timedelta(hours=1))
    assert (given_up.hearings, given_up.is_over) == ((), True)
    assert "sont terminées" in wall_html(given_up)


def test_a_case_for_which_nobody_came_is_not_over_for_who_comes_late_and_nobody_is_said_to_be_away(
    session: Session, day: Day, screen: Screen
) -> None:
    end_case(session, day.court.clerk, day.hearing, day.cases[0], State.MISSED, now=BEGUN)

    page, feed = wall_html(seen(session, screen)), feed_of(seen(session, screen))

    assert "déjà appelée, voir le greffe" in page
    assert ("terminée" in page, "absen" in page) == (False, False)
    case = feed["hearings"][0]["cases"][0]
    assert (case["stage"], case["said"]) == ("called-before", "déjà appelée, voir le greffe")


def test_the_feed_says_of_each_case_what_the_wall_says(session: Session, day: Day, screen: Screen) -> None:
    first = seen(session, screen)
    (hearing,) = first.hearings
    one = hearing.cases[0]
    every = tuple(replace(one, rank=rank, stage=stage, moved_on=BEGUN) for rank, stage in enumerate(OnScreen, 1))
    shown = replace(first, hearings=(replace(hearing, cases=every),))

    page, said = wall_html(shown), [case["said"] for case in feed_of(shown)["hearings"][0]["cases"]]

    assert said[0] is None
    assert len(set(said)) == len(OnScreen)
    assert [f"<em>{words or ''}</em>" in page for words in said] == [True] * len(said)
    for nothing in (replace(first, hearings=()), replace(first, hearings=(), is_over=True)):
        assert feed_of(nothing)["message"] in wall_html(nothing)
    assert feed_of(first)["message"] is None


def test_a_list_too_long_for_a_card_goes_on_in_the_next_and_nothing_is_written_raw(
    session: Session, day: Day, screen: Screen
) -> None:
    for number in range(4, 10):
        booked(session, day.court, day.hearing, number, minutes=10)
    set_publicity(session, day.court.clerk, day.court.kind.id, Shown.NAME, now=NOW)
    name_case(session, day.court.clerk, day.hearing, day.cases[0], "<b>X</b>", house=HOUSE, now=NOW)

    page = wall_html(seen(session, screen))

    assert page.count("<section>") == 2
    assert "(2/2)" in page
    assert "&lt;b&gt;X&lt;/b&gt;" in page
    assert "refresh" in gone_html("Rien.")


def test_the_mark_of_a_page_changes_with_what_it_says_and_with_nothing_else(
    session: Session, day: Day, screen: Screen
) -> None:
    early = IN_A_WEEK - timedelta(hours=2)
    first = etag_of(shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=early))
    again = etag_of(shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=early + timedelta(seconds=30)))
    begin_case(session, day.court.clerk, day.hearing, day.cases[0], now=early)

    assert again == first
    assert etag_of(shown_on(session, LinkName(screen.id, 1), house=HOUSE, now=early)) != first


def test_a_screen_that_is_lit_is_noted_once_a_minute(session: Session, screen: Screen) -> None:
    for seconds in (0, 10, 59, 61):
        note_seen(session, LinkName(screen.id, 1), now=NOW + timedelta(seconds=seconds))
        session.refresh(screen)
        assert screen.seen_at == NOW + timedelta(seconds=0 if seconds < 61 else 61)
