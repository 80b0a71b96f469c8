"""Fittings as they are read: deadlines, windows, offers, rounds; and the form as it is understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.places import Place, Source
from booking.fitting_actions import book_offer
from booking.fitting_queries import Offers, RequestLine, Stage, offers_for, request_for
from booking.fittings import Counting, FittingTerms, Measure, Purpose, WhyNot, Window
from booking.models import State
from booking.outcomes import note_outcome
from booking.pages.fitting_form import DayRow, Typed, understand, usual_days, windows_of
from booking.pages.fitting_words import (
    best_offers,
    deadline_words,
    kilometres,
    minutes_words,
    offer_days,
    offers_sentence,
    place_words,
    reasons,
    row_of,
    view_of,
    windows_words,
)
from booking.pages.round_words import phone_words, points, round_sentence, stop_cards
from booking.plans.round_offers import best_slots
from booking.rounds import round_of
from tests.booking.fitting_town import GIVORS, VILLEURBANNE, FittingTown, a_request, make_fitting_town, on
from tests.factories import NOW, TODAY, in_days, make_opening

PARIS = ZoneInfo("Europe/Paris")
ARSE = Measure(code="arse", label="ARSE", legal_days=5, source="code pénitentiaire, art. D632-2")
TERMS = FittingTerms(measures=(ARSE, Measure(code="ddse", label="DDSE")))


def plain(words: str) -> str:
    """Return words with ordinary spaces."""
    return words.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def town(session: Session) -> FittingTown:
    """Return two teams in Lyon, gone at the end of the test."""
    return make_fitting_town(session)


def line_of(session: Session, town: FittingTown, now: datetime = NOW, **changes: Any) -> RequestLine:
    return request_for(session, town.agent, a_request(session, town, **changes).id, now=now)


@pytest.mark.parametrize(
    ("code", "given", "said"),
    [
        ("arse", None, "À poser au plus tard le sam. 7 mars (5 jours, tous les jours comptent, code pénitentiaire, "
         "art. D632-2). En pratique : entre le lun. 16 mars et le lun. 23 mars"),
        ("arse", in_days(1), "À poser au plus tard le mar. 3 mars, date fixée par la décision. En pratique : entre le "
         "lun. 16 mars et le lun. 23 mars"),
        ("ddse", None, "La loi ne fixe pas de délai pour cette mesure. En pratique : entre le lun. 16 mars et le "
         "lun. 23 mars"),
        ("autre", None, ""),
    ],
)  # fmt: skip
def test_both_delays_are_said_as_one_types(code: str, given: date | None, said: str) -> None:
    assert plain(deadline_words(TERMS, code, TODAY, given=given, holiday_zone="")) == said


def test_the_deadline_said_is_that_of_the_holidays_there() -> None:
    terms = FittingTerms(measures=(replace(ARSE, legal_days=1, counting=Counting.WORKING_DAYS),))

    here, there = (deadline_words(terms, "arse", date(2027, 12, 17), given=None, holiday_zone=z) for z in ("", "974"))

    assert "20 déc." in plain(here)
    assert "21 déc." in plain(there)


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ([Window(day, time(8), time(19)) for day in range(6)], "du lundi au samedi de 8 h à 19 h"),
        ([Window(0, time(8, 30), time(12)), Window(2, time(8, 30), time(12))], "lundi, mercredi de 8 h 30 à 12 h"),
        ([Window(4, time(22), time(2))], "vendredi de 22 h à 2 h le lendemain"),
        ([Window(6, time(0), time(0))], "dimanche toute la journée"),
        ([Window(6, time(9), time(0))], "dimanche de 9 h à minuit"),
        (
            [Window(0, time(9), time(10)), Window(1, time(14), time(15))],
            "lundi de 9 h à 10 h ; mardi de 14 h à 15 h",
        ),
    ],
)
def test_days_that_are_alike_are_said_together(windows: list[Window], said: str) -> None:
    assert plain(windows_words(windows)) == said


@pytest.mark.parametrize(
    ("days", "stage", "said"),
    [
        (-6, Stage.WAITING, ("dépassée hier", "late")),
        (-5, Stage.WAITING, ("aujourd’hui", "soon")),
        (-3, Stage.WAITING, ("après-demain", "soon")),
        (-2, Stage.WAITING, ("dans 3 jours", "")),
        (-6, Stage.FITTED, ("", "")),
        (-5, Stage.BOOKED, ("aujourd’hui", "")),
    ],
)
def test_a_deadline_says_how_near_it_is(
    session: Session, town: FittingTown, days: int, stage: Stage, said: tuple[str, str]
) -> None:
    line = replace(line_of(session, town, ordered_on=in_days(days)), stage=stage)
    row = row_of(line, TERMS, "/", now=NOW)

    assert (plain(row.legal_note), row.urgency, row.who) == (*said, "A.D.")


def test_the_sheet_says_what_can_be_done(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    waiting = view_of(request_for(session, town.agent, request.id, now=NOW), TERMS, name="", address="x", now=NOW)
    book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    booked = view_of(request_for(session, town.agent, request.id, now=NOW), TERMS, name="", address="x", now=NOW)
    begun = view_of(
        request_for(session, town.agent, request.id, now=on(1, "09:00")),
        TERMS, name="", address="x", now=on(1, "09:00"),
    )  # fmt: skip

    assert (waiting.can_offer, waiting.can_close, waiting.can_give_back, waiting.booked) == (True, True, False, "")
    assert (booked.can_offer, booked.can_close, booked.can_give_back) == (False, False, True)
    assert plain(booked.booked) == "mar. 3 mars à 9 h, Équipe 1"
    assert booked.round_href == f"/tournee/?equipe={town.teams[0].id}&jour=2026-03-03"
    assert booked.convene_href.startswith("/convoquer/?reservation=")
    assert (begun.can_give_back, begun.convene_href) == (False, "")


def test_offers_are_said_by_day_with_the_best_first_and_the_others_behind(session: Session, town: FittingTown) -> None:
    found = offers_for(session, town.agent, line_of(session, town), now=NOW)

    days = offer_days(found, zone=PARIS)
    assert plain(days[1].day) == "Mardi 3 mars 2026"
    assert [plain(one.hour) for one in days[1].offers] == ["9 h", "9 h", "9 h 45", "9 h 45"]
    assert plain(days[1].more_words) == "4 autres créneaux ce jour-là"
    assert len(days[1].more) == 4
    assert sum(len(day.offers) + len(day.more) for day in offer_days(found, zone=PARIS, count=99)) == len(found.offers)
    assert plain(offers_sentence(found)) == (
        "44 créneaux conviennent avant la date limite, 128 après elle, d’ici au lun. 23 mars."
    )


def test_the_five_best_are_offered_with_the_road_that_they_add_and_the_earliest_beside_them(
    session: Session, town: FittingTown
) -> None:
    for day in (3, 4):
        other = a_request(session, town)
        book_offer(session, town.agent, other.id, town.teams[1].id, on(day, "09:30"), now=NOW)
    line = line_of(session, town)
    found = offers_for(session, town.agent, line, now=NOW)

    best = best_offers(found, best_slots(session, line, found, now=NOW), zone=PARIS)

    assert [(plain(one.when), plain(one.detour), one.note) for one in best][:1] == [
        ("jeu. 5 mars à 10 h 30", "sur le chemin", "")
    ]
    assert len(best) == 5 + any(one.note == "au plus tôt" for one in best)
    assert best_offers(replace(found, offers=()), (), zone=PARIS) == []


def test_the_break_is_said_where_there_is_time_for_it_and_a_removal_is_called_one(
    session: Session, town: FittingTown
) -> None:
    team = town.teams[0]
    make_opening(session, team, on(1, "13:00"), hours=3)
    requests = [a_request(session, town) for _ in range(2)] + [a_request(session, town, purpose=Purpose.REMOVAL)]
    for request, at in zip(requests, ("09:00", "10:30", "13:15"), strict=True):
        book_offer(session, town.agent, request.id, team.id, on(1, at), now=NOW)
    note_outcome(session, town.agent, booking_of(session, town, requests[2].id), State.HONOURED, now=on(1, "13:30"))

    cards = stop_cards(round_of(session, town.agent, team.id, in_days(1)), {}, TERMS, now=on(1, "13:30"))

    assert [plain(one.pause) for one in cards] == ["", "", "Pause de 45 min à 11 h 30"]
    assert [one.done for one in cards] == ["Posé", "Posé", "Retiré"]
    assert (cards[2].measure, cards[2].state) == ("ARSE, dépose", "retiré")


def booking_of(session: Session, town: FittingTown, request_id: UUID) -> UUID:
    found = request_for(session, town.agent, request_id, now=NOW).booking_id
    assert found is not None
    return found


def test_reasons_are_counted_in_words_and_none_is_said_when_there_is_none() -> None:
    refused = {WhyNot.TAKEN: 1, WhyNot.TRAVEL: 3}
    found = Offers(offers=(), teams={}, teams_too_far=1, slots_refused=refused, until=TODAY, starts=frozenset())

    assert [plain(one) for one in reasons(found)] == [
        "1 équipe trop éloignée",
        "1 créneau déjà pris",
        "3 créneaux trop serrés : l’équipe n’aurait pas le temps de la route",
    ]
    assert plain(offers_sentence(found)) == "Aucun créneau ne convient d’ici au lun. 2 mars."
    assert reasons(replace(found, teams_too_far=0, slots_refused={})) == []


def test_a_round_is_read_stop_by_stop(session: Session, town: FittingTown) -> None:
    near, far = a_request(session, town), a_request(session, town, at=GIVORS)
    first = book_offer(session, town.agent, near.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    book_offer(session, town.agent, far.id, town.teams[0].id, on(1, "10:45"), now=NOW)
    note_outcome(session, town.agent, first.id, State.HONOURED, now=on(1, "09:30"))
    found = round_of(session, town.agent, town.teams[0].id, in_days(1))

    one, two = cards = stop_cards(found, {first.id: "12 rue & chemin"}, TERMS, now=on(1, "09:30"))

    assert (one.number, plain(one.hours), one.state, one.can_fit, one.can_miss) == (
        "1", "9 h – 9 h 45", "posé", False, True
    )  # fmt: skip
    assert plain(one.way) == "environ 5,6 km, 9 min de route depuis la base"
    assert one.geo == f"geo:{VILLEURBANNE[0]:.5f},{VILLEURBANNE[1]:.5f}?q=12%20rue%20%26%20chemin"
    assert (two.state, two.can_fit, plain(two.later)) == ("à faire", False, "À noter à partir de 10 h 45")
    assert plain(two.way) == "environ 29 km, 44 min de route, 16 min de battement"
    assert plain(round_sentence(found)) == (
        "Départ de la base à 8 h 51, retour vers 12 h 09. "
        "2 passages, environ 60 km et 1 h 32 de route, retour compris (estimation d’après les distances)"
    )
    drawn = points(cards, found)
    assert [(point["number"], point["state"]) for point in drawn] == [("1", "honoured"), ("2", "booked")]
    assert "12 rue" not in repr(drawn)


@pytest.mark.parametrize(("km", "said"), [(0.04, "0,0 km"), (3.26, "3,3 km"), (9.99, "10,0 km"), (24.4, "24 km")])
def test_kilometres_are_said_as_people_do(km: float, said: str) -> None:
    assert plain(kilometres(km)) == said


def test_minutes_and_phones_are_said_as_people_do() -> None:
    assert [plain(minutes_words(minutes)) for minutes in (0, 59, 60, 125)] == ["0 min", "59 min", "1 h 00", "2 h 05"]
    assert plain(phone_words("+33639980012")) == "06 39 98 00 12"
    assert phone_words("+262692000000") == "+262692000000"


def test_who_located_an_address_is_said() -> None:
    exact = Place("12 Rue X 69001 Lyon", 45.7, 4.8, Source.BAN, 0.9)
    town = Place("Lyon (69)", 45.7, 4.8, Source.COMMUNE, 0.5)

    assert place_words(exact, ban_failed=False).endswith("adresse trouvée par la Base Adresse Nationale")
    assert "centre de la commune seulement" in place_words(town, ban_failed=False)
    assert "ne répond pas" in place_words(town, ban_failed=True)


# --- the form ---

LYON = Place("Lyon (69)", 45.7578, 4.832, Source.COMMUNE, 1.0)


def typed(**changes: Any) -> Typed:
    values: dict[str, Any] = {
        "person_id": uuid4(),
        "address": "12 rue X, Lyon",
        "place": LYON,
        "days": tuple(usual_days()),
        "measure": "arse",
        "ordered_on": TODAY.isoformat(),
        "deadline_on": "",
    }
    return Typed(**values | changes)


def test_a_form_filled_well_is_a_request() -> None:
    new, broken = understand(typed(), 3, TERMS, TODAY)

    assert broken == set()
    assert new is not None
    assert (new.kind_id, new.is_exact, new.known_as, len(new.windows)) == (3, False, "Lyon (69)", 6)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"person_id": None}, {"person"}),
        ({"place": None}, {"address"}),
        ({"address": " "}, {"address"}),
        ({"days": ()}, {"windows"}),
        ({"days": (DayRow(0, "Lundi", "08:00", ""),)}, {"windows"}),
        ({"days": (DayRow(0, "Lundi", "x", "y"),)}, {"windows"}),
        ({"measure": ""}, {"measure"}),
        ({"ordered_on": "hier"}, {"ordered_on"}),
        ({"ordered_on": in_days(1).isoformat()}, {"ordered_on"}),
        ({"deadline_on": "demain"}, {"deadline_on"}),
        ({"deadline_on": in_days(-1).isoformat()}, {"deadline_on"}),
        ({"person_id": None, "place": None, "measure": "x"}, {"person", "address", "measure"}),
    ],
)
def test_all_that_is_wrong_is_named_at_once(changes: dict[str, Any], broken: set[str]) -> None:
    assert understand(typed(**changes), 3, TERMS, TODAY) == (None, broken)


def test_a_day_left_empty_is_a_day_without_anybody() -> None:
    assert windows_of((DayRow(0, "Lundi", "", ""), DayRow(1, "Mardi", "08:00", "09:00"))) == (
        Window(1, time(8), time(9)),
    )
    assert windows_of((DayRow(1, "Mardi", "", "09:00"),)) is None


def test_a_call_an_hour_before_midnight_is_another_day_elsewhere(session: Session, town: FittingTown) -> None:
    """The day of a deadline is that of the home: at 21:30 in Paris it is tomorrow in La Réunion."""
    line = replace(line_of(session, town), time_zone="Indian/Reunion", deadline_on=TODAY)
    late_evening = NOW + timedelta(hours=11, minutes=30)

    assert line.is_late(late_evening)
    assert not replace(line, time_zone="Europe/Paris").is_late(late_evening)
