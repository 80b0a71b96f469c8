"""Dates in French, as people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.ui import dates

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
TODAY = date(2026, 11, 22)


def plain(words: str) -> str:
    """Return words with ordinary spaces, to be read in a test."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_moment_is_said_in_the_civil_time_of_the_place() -> None:
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)

    assert plain(dates.moment(at, PARIS)) == "mar. 24 nov. à 9 h 30"
    assert plain(dates.moment(at, REUNION)) == "mar. 24 nov. à 12 h 30"
    assert " " not in dates.hour(at, PARIS)


def test_the_change_of_hour_is_seen() -> None:
    before, after = (datetime(2026, 3, 29, hour, 30, tzinfo=UTC) for hour in (0, 1))

    assert (plain(dates.hour(before, PARIS)), plain(dates.hour(after, PARIS))) == ("1 h 30", "3 h 30")


def test_the_first_of_a_month_and_the_hour_alone() -> None:
    assert plain(dates.long_day(date(2027, 1, 1))) == "vendredi 1er janvier 2027"
    assert plain(dates.long_day(date(2026, 11, 24))) == "mardi 24 novembre 2026"
    assert plain(dates.hour(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), PARIS)) == "9 h"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "aujourd’hui"),
        (1, "demain"),
        (2, "après-demain"),
        (3, "dans 3 jours"),
        (13, "dans 13 jours"),
        (14, "dans 2 semaines"),
        (59, "dans 8 semaines"),
        (60, "dans 2 mois"),
        (800, "dans 2 ans"),
        (-1, "hier"),
        (-2, "avant-hier"),
        (-5, "il y a 5 jours"),
    ],
)
def test_a_day_is_said_from_today(days: int, said: str) -> None:
    assert plain(dates.from_today(TODAY + timedelta(days=days), TODAY)) == said


def test_a_stay_is_said_by_its_nights() -> None:
    assert plain(dates.nights(date(2026, 11, 24), date(2026, 11, 27))) == "3 nuits, du mar. 24 au ven. 27 nov."
    assert plain(dates.nights(date(2026, 12, 1), date(2026, 12, 11))) == "10 nuits, du mar. 1er au ven. 11 déc."
    assert plain(dates.nights(date(2026, 11, 30), date(2026, 12, 1))) == "1 nuit, du lun. 30 nov. au mar. 1er déc."


def test_numbers_and_plurals_are_french() -> None:
    assert plain(dates.plural(0, "lit")) == "0 lit"
    assert plain(dates.plural(1, "lit")) == "1 lit"
    assert plain(dates.plural(1234, "lit")) == "1 234 lits"
    assert dates.remaining(timedelta(minutes=9, seconds=42)) == "9:42"
    assert dates.remaining(timedelta(seconds=-3)) == "0:00"


def test_a_sentence_that_ends_with_an_abbreviation_has_one_full_stop() -> None:
    assert plain(dates.ended(f"d’ici au {dates.day(date(2026, 12, 17))}")) == "d’ici au jeu. 17 déc."
    assert plain(dates.ended(f"d’ici au {dates.day(date(2026, 3, 2))}")) == "d’ici au lun. 2 mars."
