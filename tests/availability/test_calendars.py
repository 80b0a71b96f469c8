"""Calendar files: read back by the library, and by eye where the text itself matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from icalendar import Event as CalendarEvent

from availability.calendars import Days, Event, Status, event_ics
from availability.periods import Period

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
STAY = Event(
    uid="7f0c@placejuste",
    summary="Réservation",
    location="12 rue des Peupliers, 69003 Lyon",
    when=Days(date(2026, 11, 24), date(2026, 11, 27)),
    time_zone="Europe/Paris",
)


def read_back(ics: bytes) -> CalendarEvent:
    (event,) = Calendar.from_ical(ics).walk("VEVENT")
    assert isinstance(event, CalendarEvent)
    return event


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_nights_are_dates_and_the_departure_is_the_exclusive_end() -> None:
    text = event_ics(STAY, now=NOW).decode()

    assert "DTSTART;VALUE=DATE:20261124\r\n" in text
    assert "DTEND;VALUE=DATE:20261127\r\n" in text
    assert "VTIMEZONE" not in text


def test_a_place_without_end_is_its_first_day() -> None:
    event = read_back(event_ics(replace(STAY, when=Days(date(2026, 12, 31))), now=NOW))

    assert (event.start, event.end) == (date(2026, 12, 31), date(2027, 1, 1))


def test_an_instant_is_written_in_the_time_of_the_place_with_the_rules_of_its_zone() -> None:
    start = at(2026, 11, 24, 12, 30)
    text = event_ics(
        replace(STAY, when=Period(start, start + timedelta(minutes=45)), time_zone="America/Cayenne"), now=NOW
    ).decode()

    assert "DTSTART;TZID=America/Cayenne:20261124T093000\r\n" in text
    assert "DTEND;TZID=America/Cayenne:20261124T101500\r\n" in text
    assert "BEGIN:VTIMEZONE\r\nTZID:America/Cayenne\r\n" in text


@pytest.mark.parametrize("day", [24, 25, 26])
def test_nine_o_clock_stays_nine_o_clock_across_the_change_of_hour(day: int) -> None:
    # Clocks go back on Sunday 25 October 2026 in Paris.
    start = at(2026, 10, day, 7 if day < 25 else 8, 0)
    event = read_back(event_ics(replace(STAY, when=Period(start, start + timedelta(hours=1))), now=NOW))

    assert isinstance(event.start, datetime)
    assert event.start.hour == 9
    assert event.start.astimezone(UTC) == start


def test_an_event_says_how_sure_it_is_and_replaces_the_one_before() -> None:
    event = read_back(event_ics(replace(STAY, status=Status.CANCELLED, sequence=3), now=NOW))

    assert (event["uid"], event["status"], event["sequence"]) == ("7f0c@placejuste", "CANCELLED", 3)
    assert event.DTSTAMP == NOW


def test_long_and_special_text_survives_and_no_line_is_longer_than_the_format_allows() -> None:
    location = "Bâtiment « Les Érables », 3 ; allée de la Très-Longue-Promenade-des-Marronniers, 97419 La Possession"
    ics = event_ics(replace(STAY, location=location), now=NOW)

    assert read_back(ics)["location"] == location
    assert all(len(line) <= 75 for line in ics.split(b"\r\n"))


def test_no_location_and_no_link_leave_no_empty_line() -> None:
    text = event_ics(replace(STAY, location=""), now=NOW).decode()

    assert "LOCATION" not in text
    assert "URL" not in text
