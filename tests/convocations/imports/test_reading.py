"""Days, hours and names as people and applications write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.errors import InvalidRequest
from convocations.imports.reading import (
    MONTHS,
    birthday_in,
    day_in,
    hour_in,
    language_in,
    moment_in,
    names_in,
    sex_in,
)

TODAY = date(2026, 3, 2)
NAMES = {number: name for name, number in reversed(list(MONTHS.items()))}
WAYS = ("{0:%d/%m/%Y}", "{0:%d-%m-%Y}", "{0:%d.%m.%Y}", "{0.day}/{0.month}/{0.year}", "{0:%Y-%m-%d}",
        "{0.day} {1} {0.year}", "  {0.day}  {1}   {0.year} ", "mardi {0.day} {1} {0.year}")  # fmt: skip


@settings(max_examples=60)
@given(st.dates(date(1930, 1, 1), date(2060, 12, 31)), st.sampled_from(WAYS), st.times())
def test_a_day_and_an_hour_are_read_however_they_are_written(day: date, way: str, at: time) -> None:
    written, hour = way.format(day, NAMES[day.month]), time(at.hour, at.minute)

    assert day_in("day", written, guesses=False) == day
    for clock in (f"{at.hour}h{at.minute:02}", f"{at.hour:02}:{at.minute:02}", f"{at.hour:02}:{at.minute:02}:00",
                  f"{at.hour} H {at.minute:02}", f"{at.hour:02}{at.minute:02}"):  # fmt: skip
        assert hour_in("hour", clock) == hour
    assert moment_in("moment", f"{day:%d/%m/%Y} à {at.hour}h{at.minute:02}", guesses=False) == (day, hour)
    assert moment_in("moment", f"{day:%Y-%m-%d} {at.hour:02}:{at.minute:02}", guesses=False) == (day, hour)


@settings(max_examples=60)
@given(st.text(max_size=12) | st.text("0123456789/-.:h ", max_size=12))
def test_what_is_neither_is_refused_and_nothing_else_happens(typed: str) -> None:
    for read in (
        lambda: day_in("day", typed, guesses=True),
        lambda: hour_in("hour", typed),
        lambda: moment_in("moment", typed, guesses=True),
        lambda: birthday_in("birth_on", typed, today=TODAY, guesses=True),
        lambda: sex_in("sex", typed),
        lambda: language_in("language", typed),
    ):
        with suppress(InvalidRequest):
            assert read() is not None


def test_a_year_of_two_digits_is_asked_and_read_only_when_somebody_said_so() -> None:
    for read in (
        lambda: birthday_in("birth_on", "12/03/90", today=TODAY, guesses=False),
        lambda: day_in("day", "12 mars 26", guesses=False),
    ):
        with pytest.raises(InvalidRequest) as caught:
            read()
        assert caught.value.problem == "two-digit-year"

    assert birthday_in("birth_on", "12/03/90", today=TODAY, guesses=True) == date(1990, 3, 12)
    assert birthday_in("birth_on", "12/03/05", today=TODAY, guesses=True) == date(2005, 3, 12)
    assert day_in("day", "1er avr. 26", guesses=True) == date(2026, 4, 1)


@pytest.mark.parametrize("typed", ["31/02/2026", "12/13/2026", "00/01/2026", "2026", "12 mai", "demain"])
def test_a_day_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        day_in("day", typed, guesses=True)


@pytest.mark.parametrize("typed", ["24h00", "9h60", "9", "midi", "h30", "09:3"])
def test_an_hour_that_does_not_exist_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        hour_in("hour", typed)


def test_an_hour_alone_is_on_the_hour() -> None:
    assert [hour_in("hour", one) for one in ("9h", "9 h", "14 heures")] == [time(9), time(9), time(14)]


def test_capitals_tell_the_family_name_else_the_first_word_does() -> None:
    assert names_in("DE LA FICTION-DURAND Jean Marie") == ("DE LA FICTION-DURAND", "Jean Marie")
    assert names_in("Jean MOREAU") == ("MOREAU", "Jean")
    assert names_in("Moreau Jean") == names_in("MOREAU, JEAN".title()) == ("Moreau", "Jean")


def test_titles_say_the_sex_and_words_the_language() -> None:
    assert [sex_in("sex", one) for one in ("Mme", "M.", "Homme", "")] == ["F", "M", "M", ""]
    assert [language_in("language", one) for one in ("Arabe", "fr", "")] == ["ar", "fr", ""]
