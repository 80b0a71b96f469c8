"""What one search puts on the screen: its cards, why the others do not do, how far to look, its table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from availability.places import Located, Place, Source
from booking.filters import Filters
from booking.pages.map_aim import Aim
from booking.pages.map_screen import Screen, said_again, screen_of
from booking.pages.person_picker import NOBODY
from booking.pages.saved_words import news_cards, saved_line
from booking.saved_searches import ToSave, save, saved_by
from booking.watching import look_for, news
from tests.booking.town import Town, make_town, stay
from tests.factories import NOW, PARIS, TODAY, close, in_days, make_beds, make_resource, make_site

SEX = {"sex": {"label": "Sexe", "type": "choice", "choices": {"M": "Hommes", "F": "Femmes"}}}
HERE = Located((Place("Paris (75)", *PARIS, Source.COMMUNE, 1.0),))
VERSAILLES = (48.8049, 2.1204)


def town_of(session: Session) -> Town:
    """Return a town whose beds are for men."""
    town = make_town(session, searchable=SEX)
    town.section.attributes = {"sex": "M"}
    session.flush()
    return town


def screen(session: Session, town: Town, **typed: Any) -> Screen:
    """Return the screen of the officer, around Paris."""
    filters = Filters.read({"type": town.nights.code, "lieu": "Paris"} | typed)
    return screen_of(session, town.officer, Aim(filters, HERE, NOBODY), filters, {}, shown=20, now=NOW)


def test_what_does_not_suit_says_why_and_the_change_that_would_include_it(session: Session) -> None:
    town = town_of(session)
    [card] = screen(session, town, sexe="F", rayon="30").cards

    assert (card.state_word, card.why, card.free) == ("ne convient pas", "Dans une autre section", "3\u00a0lits")
    assert card.change == "Chercher sans «\u00a0Sexe\u00a0»"
    assert "sexe" not in card.change_href
    assert {square.state for square in card.squares} == {"free"}


def test_what_is_closed_does_not_count_its_beds_as_free(session: Session) -> None:
    town = town_of(session)
    close(session, town.section, in_days(0), in_days(40))
    [card] = screen(session, town, raison="closed").cards

    assert (card.state_word, card.free) == ("fermé", "3\u00a0lits")


@pytest.mark.parametrize("nights", [5, 40])
def test_what_is_taken_leads_to_the_next_dates_even_beyond_the_strip(session: Session, nights: int) -> None:
    town = town_of(session)
    for bed in range(3):
        stay(session, town, in_days(0), in_days(nights), bed=bed)
    shown = screen(session, town, raison="taken")

    assert [reason.is_current for reason in shown.reasons] == [True]
    [card] = shown.cards
    assert f"du={in_days(nights).isoformat()}" in card.change_href
    assert f"au={in_days(nights + 3).isoformat()}" in card.change_href
    assert len(card.squares) == 14


def test_when_somebody_else_takes_a_bed_the_sentence_and_its_reasons_follow_the_cards(session: Session) -> None:
    town = town_of(session)
    before = screen(session, town)
    stay(session, town, in_days(0), in_days(5))
    after, filters = screen(session, town), Filters.read({"type": town.nights.code, "lieu": "Paris"})

    said, title, listed = said_again(session, town.officer, filters, (PARIS, {}), now=NOW)

    assert (said, title, listed) == (after.sentence, after.why_title, after.reasons)
    assert said != before.sentence


def test_a_reason_that_is_none_shows_the_answer(session: Session) -> None:
    town = town_of(session)

    assert [reason.is_current for reason in screen(session, town, raison="nothing").reasons] == []
    assert screen(session, town, raison="nothing").cards[0].why == ""


def test_with_little_free_one_is_told_how_far_to_look(session: Session) -> None:
    town = make_town(session, searchable=SEX)
    for bed in range(2):
        stay(session, town, in_days(0), in_days(5), bed=bed)
    lat, lon = VERSAILLES  # 18 km from Paris
    farther = make_resource(session, make_site(session, town.world.here, lat=lat, lon=lon), town.nights)
    make_beds(session, farther, "lit 1", "lit 2")

    wider = screen(session, town, rayon="10").wider

    assert wider.words == "Élargir à 20\u00a0km\u00a0: 2\u00a0lits libres de plus"
    assert "rayon=20" in wider.href
    assert screen(session, town, rayon="30").wider.words == ""


def test_the_table_has_a_line_a_resource_and_no_cards(session: Session) -> None:
    town = town_of(session)
    second = make_resource(session, town.world.site, town.nights, name="Section femmes", attributes={"sex": "F"})
    make_beds(session, second, "lit 1")
    shown = screen(session, town, vue="tableau", tri="-libres")

    assert [line.name for line in shown.table.rows] == ["Section hommes", "Section femmes"]
    assert shown.cards == []


def test_a_saved_search_is_known_again_and_its_news_are_said(session: Session) -> None:
    town = town_of(session)
    for bed in range(3):
        stay(session, town, in_days(0), in_days(5), bed=bed)
    filters = Filters.read({"type": town.nights.code, "lieu": "Paris"})
    saved = save(session, town.officer, ToSave(filters, PARIS, "À Paris"), now=NOW)
    later = NOW + timedelta(days=5)
    look_for(session, town.officer, saved.id, now=later)

    assert screen(session, town).saved_here is not None
    assert screen(session, town, vue="liste").saved_here is not None
    assert screen(session, town, age="30").saved_here is None
    [card] = news_cards(news(session, town.officer, now=later, most=5), now=later, here="Europe/Paris")
    assert card.title == "Un lit s’est libéré qui correspond à votre recherche «\u00a0À Paris\u00a0»"
    line = saved_line(saved_by(session, town.officer)[0], TODAY, is_current=True)
    assert (line.news, line.detail) == ("1\u00a0nouveauté", "lit de semi-liberté")
