"""What the screens of bookings say: dates, people, deadlines, bars and figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from booking.establishment import Bed, Establishment, NightUse, Section, Stay
from booking.ledger import Part
from booking.models import State
from booking.pages.booking_words import deadline, listed, whom, zone_note
from booking.pages.bookings import list_address
from booking.pages.day_words import and_others, answers_waiting
from booking.pages.establishment_words import bars, columns, curve, figures, months, totals
from booking.words import YOU, act_sentence

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
NBSP = "\u00a0"


def days(count: int) -> date:
    return TODAY + timedelta(days=count)


def stay(first: int, until: int, **known: object) -> Stay:
    values = {
        "first": days(first),
        "until": days(until),
        "state": State.BOOKED,
        "from_on": days(first),
        "until_on": days(until),
        "booking_id": None,
        "initials": "",
        "case_ref": "",
        "may_open": False,
        "may_bed": False,
        "may_date": False,
    }
    return Stay(**(values | known))  # type: ignore[arg-type]


def house(*sections: Section, first: int = 0, until: int = 10) -> Establishment:
    return Establishment(
        site_id=1,
        name="Centre fictif",
        address="",
        time_zone="Europe/Paris",
        is_host=False,
        is_beyond=False,
        today=TODAY,
        first=days(first),
        until=days(until),
        sections=sections,
        moves=(),
    )


def plain(words: str) -> str:
    return words.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (YOU, "Vous avez repris la place rendue."),
        ("Sacha Exemple", "Sacha Exemple a repris la place rendue."),
    ],
)
def test_the_history_speaks_to_whoever_reads_it(who: str, said: str) -> None:
    assert act_sentence("booking-booked", {"before": "cancelled", "undo": True}, who) == said


def test_the_clock_is_nobody() -> None:
    assert act_sentence("booking-lapsed", {}, "") == "Le délai est passé : la place a été libérée."


def test_every_act_that_a_booking_can_know_has_its_words_for_oneself() -> None:
    for state in State:
        said = act_sentence(f"booking-{state}", {"before": None}, YOU)
        assert said.startswith(("Vous avez ", "Le délai")), said


@pytest.mark.parametrize(
    ("state", "minutes", "said"),
    [
        (State.HELD, 8, "gardée jusqu’à 10 h 08"),
        (State.HELD, 60 * 20, "gardée jusqu’au lun. 23 nov. à 6 h"),
        (State.REQUESTED, 60, "réponse attendue aujourd’hui au plus tard"),
        (State.REQUESTED, 60 * 24 * 3, "réponse attendue avant le mer. 25 nov. (dans 3 jours)"),
        (State.BOOKED, 60, ""),
    ],
)
def test_a_deadline_is_said_as_people_do(state: State, minutes: int, said: str) -> None:
    assert plain(deadline(state, NOW + timedelta(minutes=minutes), "Europe/Paris", now=NOW)) == said


def test_hours_of_elsewhere_say_whose_they_are() -> None:
    assert zone_note("Europe/Paris") == ""
    assert plain(zone_note("Indian/Reunion")) == " (heure locale : La Réunion)"


@pytest.mark.parametrize(
    ("parts", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a et b"), (("a", "b", "c"), "a, b et c")]
)
def test_lists_are_written_as_they_are_said(parts: tuple[str, ...], said: str) -> None:
    assert listed(parts) == said


def test_initials_come_before_a_case_and_an_erased_person_is_said() -> None:
    from uuid import uuid4

    assert whom("AD", "24/1", None) == "A.D."
    assert whom("", "24/1", None) == "dossier 24/1"
    assert whom("", "", uuid4()) == "personne effacée"
    assert (whom("", "", None, is_open=True), whom("", "", None)) == ("à préciser", "non précisé")


def test_the_address_carries_only_what_was_asked() -> None:
    assert list_address(Part.ALL, "  ") == "/reservations/"
    assert list_address(Part.UPCOMING, "csl  lyon", "7f") == "/reservations/?etat=a-venir&q=csl+lyon&reservation=7f"


def test_the_bars_of_a_bed_fill_the_window() -> None:
    bed = Bed(1, "lit 1", (stay(2, 4), stay(4, 5, state=State.HELD)))
    section = Section(1, "Section", "lit", (bed,), ((days(6), days(8)),))
    drawn = list(bars(bed, section, days(0), days(10)))

    assert [(bar.tone, bar.span) for bar in drawn] == [
        ("free", 2),
        ("other", 2),
        ("held", 1),
        ("free", 1),
        ("closed", 2),
        ("free", 2),
    ]
    assert sum(bar.span for bar in drawn) == 10
    assert [bar.label for bar in drawn] == ["", "occupé", "occupé en cours", "", "fermé", ""]


def test_a_bar_cut_by_the_window_says_its_real_dates_and_is_open_on_its_sides() -> None:
    cut = stay(0, 10, from_on=days(-3), until_on=days(12))
    (bar,) = bars(Bed(1, "lit 1", (cut,)), Section(1, "Section", "lit", (), ()), days(0), days(10))

    assert bar.edges == " pj-stay--long pj-stay--before pj-stay--after"
    assert "15 nuits, du jeu. 19 nov. au ven. 4 déc." in plain(bar.spoken)


def test_only_who_may_open_a_booking_has_a_link_to_it() -> None:
    from uuid import uuid4

    known = uuid4()
    beds = [Bed(1, "", (stay(0, 1, booking_id=known, initials="AD", may_open=may),)) for may in (True, False)]
    drawn = [next(bars(bed, _EMPTY, TODAY, days(1))) for bed in beds]

    assert [bar.href for bar in drawn] == [f"/reservations/?reservation={known}", ""]
    assert {bar.label for bar in drawn} == {"A.D."}


_EMPTY = Section(1, "Section", "lit", (), ())


def test_columns_say_today_and_the_weekend_and_months_cover_them() -> None:
    shown = house(first=-2, until=12)

    assert [column.tone for column in columns(shown)][:4] == ["", "weekend", "today", ""]
    assert [(month.name, month.span) for month in months(shown)] == [("novembre 2026", 11), ("déc.", 3)]
    assert sum(month.span for month in months(shown)) == 14


def test_the_curve_goes_from_empty_to_full_one_step_a_night() -> None:
    uses = [NightUse(days(at), taken, 0, 4) for at, taken in enumerate((0, 4, 1))]

    assert curve(uses, closes=False) == "M0 1.0000 V1.0000 H1 V0.0000 H2 V0.7500 H3"
    assert curve(uses, closes=True) == "M0 1 V1.0000 H1 V0.0000 H2 V0.7500 H3 V1 Z"
    assert curve([], closes=True) == ""
    assert [figure.tone for figure in figures(uses)] == ["", "full", ""]


def test_nothing_open_is_an_empty_curve_not_a_division_by_zero() -> None:
    uses = [NightUse(TODAY, 0, 0, 0)]

    assert curve(uses, closes=False) == "M0 1.0000 V1.0000 H1"
    assert figures(uses)[0].tone == ""
    assert totals(house(_EMPTY), uses) == []


def test_totals_say_tonight_and_the_whole() -> None:
    bed = Bed(1, "lit 1", (stay(0, 5, state=State.HELD),))
    shown = house(Section(1, "A", "lit", (bed, Bed(2, "lit 2", ())), ()))

    assert [plain(said) for said in totals(shown, shown.by_night)] == [
        "Cette nuit : 1 lit occupé sur 2, dont 1 en cours de réservation.",
        "Sur ces 10 nuits : 25 % d’occupation.",
    ]


def test_what_is_not_shown_is_counted() -> None:
    assert (and_others(12, 12), plain(and_others(13, 12)), plain(and_others(40, 12))) == (
        "",
        "et 1 autre",
        "et 28 autres",
    )
    assert [plain(answers_waiting(count)) for count in (0, 1, 3)] == [
        "",
        "1 demande attend votre réponse",
        "3 demandes attendent votre réponse",
    ]
