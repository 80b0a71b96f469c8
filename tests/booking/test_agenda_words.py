"""An agenda in words: what the grid draws and the list says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from availability.periods import Period
from availability.slots import Slot
from booking.agenda import Agenda, Appointment, Closing, Week
from booking.models import State
from booking.pages import agenda_words as words
from booking.pages.agenda_state import asked_by
from tests.factories import TODAY, in_days

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)  # Wednesday, ten in Paris
AGENDA = Agenda(
    resource_id=7,
    name="Ana Fiction",
    kind_code="spip-rdv",
    kind_label="rendez-vous au SPIP",
    site_id=3,
    site_name="SPIP d’Évreux",
    commune="Évreux",
)
NUMBER = UUID("00000000-0000-4000-8000-000000000001")


def at(day: int, wall_time: str) -> datetime:
    """Return an instant of the week of TODAY, a Monday, in Paris."""
    return datetime.combine(in_days(day), time.fromisoformat(wall_time), PARIS).astimezone(UTC)


def span(day: int, start: str, end: str) -> Period:
    """Return a period of that week."""
    return Period(at(day, start), at(day, end))


def taken(period: Period, state: State = State.BOOKED, **columns: Any) -> Appointment:
    """Return an appointment of A.D."""
    values: dict[str, Any] = {
        "initials": "AD", "case_ref": "", "person_id": NUMBER, "expires_at": None, "is_visible": True, "may_move": True,
    }  # fmt: skip
    return Appointment(booking_id=NUMBER, period=period, state=state, **values | columns)


def week(**columns: Any) -> Week:
    """Return the week of TODAY, open on Wednesday and Thursday morning, with one free slot and one appointment."""
    values: dict[str, Any] = {
        "today": in_days(2),
        "openings": (span(2, "09:00", "12:00"), span(3, "09:00", "12:00")),
        "closings": (),
        "holidays": (),
        "slots": (Slot(span(3, "09:00", "09:30"), ()), Slot(span(3, "09:30", "10:00"), (1,))),
        "appointments": (taken(span(3, "09:00", "09:30")),),
        "may_reserve": True,
        "may_set_hours": True,
    }
    half_an_hour = timedelta(minutes=30)
    return Week(agenda=AGENDA, zone=PARIS, monday=TODAY, step=half_an_hour, duration=half_an_hour, **values | columns)


def drawn(shown: Week, kind: str) -> list[dict[str, Any]]:
    """Return what is drawn of a kind."""
    return [event for event in words.events(shown) if event["kind"] == kind]


def test_an_address_carries_whose_agenda_which_week_and_which_sheet() -> None:
    assert words.address() == "/agenda/"
    assert words.choosing(TODAY) == "/agenda/?choisir=oui&semaine=2026-03-02"
    assert words.address(7, TODAY) == "/agenda/?lieu=7&semaine=2026-03-02"
    assert words.address(7, TODAY, NUMBER).endswith(f"&reservation={NUMBER}")
    assert words.around(week()) == ("/agenda/?lieu=7&semaine=2026-02-23", "/agenda/?lieu=7&semaine=2026-03-09")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (0, None, False)),
        ({"lieu": "7", "semaine": "2026-03-02"}, (7, TODAY, False)),
        ({"lieu": "7", "semaine": "hier"}, (7, None, True)),
        ({"lieu": "sept"}, (0, None, True)),
        ({"lieu": "-7"}, (0, None, True)),
        ({"lieu": "٧"}, (0, None, True)),  # a digit, but not one of an address
        ({"lieu": "9" * 19}, (0, None, True)),
    ],
)
def test_an_address_is_read_with_patience(parameters: dict[str, str], expected: tuple[int, date | None, bool]) -> None:
    resource_id, monday, problem = asked_by(parameters)

    assert (resource_id, monday, bool(problem)) == expected


@pytest.mark.parametrize(
    ("monday", "said"),
    [
        (date(2026, 11, 23), "Semaine du lun. 23 au dim. 29 nov. 2026"),
        (date(2026, 11, 30), "Semaine du lun. 30 nov. au dim. 6 déc. 2026"),
        (date(2026, 12, 28), "Semaine du lun. 28 déc. 2026 au dim. 3 janv. 2027"),
        (date(2026, 6, 1), "Semaine du lun. 1er au dim. 7 juin 2026"),
    ],
)
def test_a_week_is_named_by_its_first_and_last_day(monday: date, said: str) -> None:
    assert words.period(replace(week(), monday=monday)).replace("\N{NO-BREAK SPACE}", " ") == said


def test_agendas_are_found_by_any_word_without_accents() -> None:
    other = replace(AGENDA, name="Zoé Exemple", site_id=4, site_name="Pôle de l’Eure", kind_label="pose de bracelet")
    for typed, names in (
        ("", ["Ana Fiction", "Zoé Exemple"]),
        ("evreux ana", ["Ana Fiction"]),
        ("BRACELET", ["Zoé Exemple"]),
        ("zoe", ["Zoé Exemple"]),
        ("ana bracelet", []),
    ):
        assert [line.name for group in words.groups([AGENDA, other], typed, None) for line in group.lines] == names
    (group,) = words.groups([AGENDA, replace(AGENDA, resource_id=8, name="Bo Fiction")], "", TODAY)
    assert (group.site, len(group.lines)) == ("SPIP d’Évreux", 2)
    assert group.lines[0].href == words.address(7, TODAY)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "1 créneau libre, 1 rendez-vous."),
        ({"slots": ()}, "Aucun créneau libre, 1 rendez-vous."),
        ({"appointments": ()}, "1 créneau libre, aucun rendez-vous."),
        ({"openings": (), "slots": (), "appointments": ()}, "Pas d’ouverture cette semaine."),
        ({"appointments": (taken(span(3, "09:00", "09:30"), State.HELD),)}, "1 créneau libre, aucun rendez-vous."),
        (
            {"appointments": (taken(span(1, "09:00", "09:30"), is_over=True), taken(span(3, "09:00", "09:30")))},
            "1 créneau libre, 2 rendez-vous, dont 1 à pointer.",
        ),
    ],
)
def test_a_week_is_summed_up_in_a_sentence(columns: dict[str, Any], said: str) -> None:
    assert words.summary(week(**columns)).replace("\N{NO-BREAK SPACE}", " ") == said


def test_the_grid_has_the_hours_of_offices_and_whatever_goes_beyond() -> None:
    usual = words.frame(week(), now=NOW)
    assert (usual.first, usual.last, usual.hidden, usual.step) == ("08:00:00", "18:00:00", [6, 0], 30)

    early = words.frame(week(openings=(span(5, "06:30", "12:00"), Period(at(3, "17:00"), at(4, "01:00")))), now=NOW)
    assert (early.first, early.last, early.hidden) == ("06:00:00", "24:00:00", [0])


def test_what_is_free_is_drawn_no_longer_than_the_step() -> None:
    quarter = timedelta(minutes=15)
    fitting = Slot(span(3, "09:00", "09:45"), (1,))
    (event,) = drawn(replace(week(slots=(fitting,)), step=quarter, duration=3 * quarter), "free")

    assert (event["start"], event["end"]) == (at(3, "09:00").isoformat(), at(3, "09:15").isoformat())
    assert event["id"] == at(3, "09:00").isoformat()
    assert drawn(week(may_reserve=False), "free") == []
    assert len(drawn(week(may_reserve=False), "shown")) == 1


@pytest.mark.parametrize(
    ("one", "kind", "word"),
    [
        (taken(span(3, "09:00", "09:30")), "taken", "réservé"),
        (taken(span(3, "09:00", "09:30"), State.HELD), "taken", "en cours de réservation"),
        (taken(span(2, "09:00", "09:30"), is_over=True), "taken", "à pointer"),
        (taken(span(2, "13:00", "13:30"), is_over=True), "taken", "à pointer"),
        (taken(span(2, "09:00", "09:30"), State.MISSED, is_over=True), "taken", "absent"),
        (taken(span(2, "09:00", "09:30"), is_over=True, is_visible=False, initials=""), "busy", "par un autre service"),
        (taken(span(2, "09:00", "09:30"), State.HONOURED), "taken", "venu"),
        (taken(span(3, "13:00", "13:30")), "taken", "hors horaires"),
        (taken(span(3, "11:45", "12:15")), "taken", "hors horaires"),
        (taken(span(1, "13:00", "13:30")), "taken", "réservé"),  # yesterday: whatever the hours are now
        (taken(span(3, "09:00", "09:30"), is_visible=False, initials=""), "busy", "par un autre service"),
    ],
)
def test_what_is_taken_says_its_state_by_a_word_and_an_icon(one: Appointment, kind: str, word: str) -> None:
    (event,) = [event for event in words.events(week(appointments=(one,))) if event["id"] == str(NUMBER)]

    assert (event["kind"], event["word"]) == (kind, word)
    assert event["icon"].startswith("fr-icon-")
    assert event["title"] == ("A.D." if one.is_visible else "occupé")


def test_a_closed_day_is_shaded_with_its_reason() -> None:
    closing = Closing(closure_id=1, first=in_days(2), until=in_days(4), reason="Formation")
    shown = week(closings=(closing,), holidays=((in_days(4), "Noël"),), openings=(), slots=(), appointments=())

    titles = [event["title"].replace("\N{NO-BREAK SPACE}", " ") for event in drawn(shown, "closed")]
    assert titles == ["Fermé : Formation", "", "Fermé : Formation", "", "Férié : Noël", ""]
    shade = drawn(shown, "closed")[1]
    assert (shade["start"], shade["end"]) == (at(2, "00:00").isoformat(), at(3, "00:00").isoformat())


def test_a_shade_lasts_what_the_day_lasts_when_the_clocks_change() -> None:
    sunday = date(2026, 3, 29)
    for_ever = Closing(closure_id=None, first=None, until=None, reason="")
    shown = replace(week(closings=(for_ever,)), monday=date(2026, 3, 23))
    (shade,) = [event for event in drawn(shown, "closed") if event["id"] == f"s-{sunday}"]

    lasts = datetime.fromisoformat(shade["end"]) - datetime.fromisoformat(shade["start"])
    assert lasts == timedelta(hours=23)


def test_the_list_says_each_day_in_the_order_of_time() -> None:
    days = {one.key: one for one in words.day_lists(week(), now=NOW)}

    thursday = days["2026-03-05"]
    assert thursday.heading.replace("\N{NO-BREAK SPACE}", " ") == "Jeudi 5 mars 2026"
    assert [(entry.kind, entry.at.replace("\N{NO-BREAK SPACE}", " ")) for entry in thursday.lines] == [
        ("taken", "9 h"),
        ("free", "9 h 30"),
    ]
    assert thursday.lines[0].id == str(NUMBER)
    assert thursday.lines[1].start == at(3, "09:30").isoformat()
    assert days["2026-03-04"].is_today
    assert [days[f"2026-03-0{number}"].note for number in (2, 4, 5, 6)] == [
        "Pas d’ouverture", "Plus de créneau aujourd’hui", "", "Pas d’ouverture",
    ]  # fmt: skip
    assert "2026-03-07" not in days  # a Saturday with nothing
    sunday = words.day_lists(week(today=in_days(6)), now=NOW)[-1]
    assert (sunday.is_today, sunday.note) == (True, "Pas d’ouverture")


def test_the_days_that_are_over_are_folded_this_week_only() -> None:
    days = words.day_lists(week(), now=NOW)

    past, coming = words.folded(days, week())
    assert [one.key for one in past] == ["2026-03-02", "2026-03-03"]
    assert coming[0].is_today
    assert words.folded(days, week(today=TODAY)) == ([], days)
    assert words.folded(days, week(today=in_days(7))) == ([], days)


def test_a_hold_says_until_when_and_another_service_says_nothing() -> None:
    held = taken(span(3, "09:00", "09:30"), State.HELD, expires_at=NOW + timedelta(minutes=8))
    hidden = taken(span(3, "09:30", "10:00"), is_visible=False, initials="", may_move=False)
    shown = week(appointments=(held, hidden), slots=())

    first, second = next(one for one in words.day_lists(shown, now=NOW) if one.key == "2026-03-05").lines
    assert first.state.replace("\N{NO-BREAK SPACE}", " ") == "gardée jusqu’à 10 h 08"
    assert (second.id, second.who, second.may_move) == ("", "occupé", False)
    assert "AD" not in str(second)


def test_starts_are_offered_by_day() -> None:
    found = words.starts_by_day([at(2, "09:00"), at(2, "09:30"), at(3, "09:00")], PARIS)

    assert [len(one.starts) for one in found] == [2, 1]
    assert words.offers([at(2, "09:00")], PARIS)[0].label.replace("\N{NO-BREAK SPACE}", " ") == "mer. 4 mars à 9 h"


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        ((in_days(0), in_days(1)), "le lun. 2 mars 2026"),
        ((in_days(0), in_days(2)), "du lun. 2 mars 2026 au mar. 3 mars 2026"),
        ((in_days(0), None), "du lun. 2 mars 2026 sans fin fixée"),
        ((None, in_days(1)), "au lun. 2 mars 2026"),
        ((None, None), "sans fin fixée"),
    ],
)
def test_closed_days_are_said_with_the_last_one_included(closing: tuple[date | None, date | None], said: str) -> None:
    one = Closing(closure_id=1, first=closing[0], until=closing[1], reason="")

    assert words.closing_words(one).replace("\N{NO-BREAK SPACE}", " ") == said
