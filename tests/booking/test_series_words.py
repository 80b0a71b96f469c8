"""Series and presences as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.claims import Claim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotFound
from availability.models import Shape
from booking.actions import Beneficiary
from booking.models import State
from booking.pages import presences_words, series_words
from booking.pages.series_form_state import PeriodFields, _context, _periods
from booking.presences import expected_on
from booking.series import create_series
from booking.series_queries import SeriesView, series_for
from booking.series_rules import Progress, Standing
from tests.booking.test_series import bookings_of, hours, make_post, make_room, visits
from tests.factories import NOW, World, in_days, make_world

PARIS = ZoneInfo("Europe/Paris")


def seen(session: Session, world: World, *, shape: Shape) -> SeriesView:
    """Return a series of visits, or of hours."""
    order = visits(make_room(session, world), 10) if shape is Shape.SLOTS else hours(make_post(session, world), 105)
    series = create_series(session, world.officer, order, now=NOW)
    return series_for(session, world.officer, series.id, now=NOW)


def plain(text: str) -> str:
    """Return a text with ordinary spaces."""
    return text.replace("\xa0", " ")


def test_the_sheet_of_a_visit_says_which_one_it_is(session: Session, world: World) -> None:
    view = seen(session, world, shape=Shape.SLOTS)

    assert series_words.note_of(view, view.occurrences[0].id).text == "1re séance sur 10"
    assert series_words.note_of(view, view.occurrences[2].id).text == "3e séance sur 10"


def test_the_sheet_of_a_placement_says_what_is_owed_done_planned_and_left(session: Session, world: World) -> None:
    view = seen(session, world, shape=Shape.PLACES)
    line = replace(view.line, layer="TIG")
    view = replace(view, line=line, progress=Progress(total=6300, done=2520, planned=2100))

    note = series_words.note_of(view, view.occurrences[0].id)
    late = series_words.late_words(replace(view, standing=Standing.LATE))

    assert plain(note.text) == "TIG : 105 h, 42 h faites, 35 h prévues, 28 h à placer"
    assert (note.done, note.planned) == (40, 33)
    assert plain(late) == "En retard : tout devait être fait le dim. 1er août 2027, il reste 63 h."


@pytest.mark.parametrize(
    "claim",
    [
        SlotClaim(resource_id=12, start=datetime(2026, 3, 7, 13, tzinfo=UTC)),
        PlaceClaim(resource_id=12, first=date(2026, 3, 7), until=date(2026, 4, 1)),
    ],
)
def test_a_choice_carries_the_claim_that_it_is(claim: Claim) -> None:
    assert series_words.claim_in(series_words.claim_value(claim)) == claim


@pytest.mark.parametrize("value", ["", "12", "x 2026-03-07T13:00:00+00:00", "12 hier", "12 2026-04-01 2026-13-01"])
def test_what_no_choice_carries_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        series_words.claim_in(value)


def test_the_card_of_somebody_proposes_an_ordinary_day_and_warns_of_a_long_one(session: Session, world: World) -> None:
    series = create_series(session, world.officer, hours(make_post(session, world), 14), now=NOW)
    assert bookings_of(session, series)[0].state == State.BOOKED
    (one,) = expected_on(session, world.host, in_days(7))

    before = presences_words.card_of(one, now=NOW)
    card = presences_words.card_of(one, now=NOW.replace(day=9))
    long = presences_words.card_of(replace(one, came=True, minutes=630), now=NOW.replace(day=9))

    assert (before.can_note, before.not_yet) == (False, "Se note une fois commencé.")
    assert (card.can_note, plain(card.minutes), plain(card.progress)) == (True, "7 h", "0 h faites sur 14 h")
    assert (card.warning, card.answer) == ("", "")
    assert plain(long.said) == "Présent(e), 10 h 30"
    assert "L3121-18" in long.warning


@pytest.mark.parametrize("last", ["9999-12-31", "0001-01-01"])
def test_the_last_days_of_all_are_refused_as_a_period(last: str) -> None:
    asked = {"resource_id": 1, "beneficiary": Beneficiary(case_ref="RG 26/00123")}

    with pytest.raises(InvalidRequest) as refusal:
        _periods([PeriodFields(1, last, last)], asked)

    assert refusal.value.field == "periods"


@pytest.mark.parametrize("typed", ["9" * 30, "-1", "abc", "²"])
def test_an_address_that_names_no_place_opens_nothing(session: Session, typed: str) -> None:
    world = make_world(session)

    with pytest.raises((NotFound, ValueError)):
        _context(session, world.officer, {"lieu": typed}, now=NOW)
