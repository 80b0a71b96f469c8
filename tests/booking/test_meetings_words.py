"""What the page of common dates asks and answers: the address, who blocks, why none is earlier, the days drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from availability.errors import NotOpen, PeriodTaken
from availability.openings import DaysOff
from booking.common_dates import Agendas, RoomWish, Seats, Wanted, common_dates
from booking.meeting_search import Answer, Candidate, Court, Offered
from booking.pages import meetings_words as words
from booking.pages.meetings_days import days_of
from booking.pages.meetings_question import Asked, read_wanted
from booking.video_links import LinksFull

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 2, 27, 8, 0, tzinfo=UTC)
ANA, BOB, ROOM, OTHER, UNIT, FAR = 1, 2, 10, 11, 20, 30
NAMES = {ANA: "Ana Fictive", BOB: "Bob Modèle", ROOM: "Salle 1", OTHER: "Salle 2", UNIT: "Visio 1", FAR: "Parloir"}
COURT = Court(id=1, name="Tribunal fictif", zone=PARIS, territory_id=1)
FREE: Seats = [[]]


def plain(said: str) -> str:
    """Return what is said with ordinary spaces."""
    return said.replace("\u00a0", " ")


def at(wall: str, day: date = MONDAY) -> tuple[int, int]:
    """Return a span of wall time in Paris: "09:00-10:30"."""
    start, end = (datetime.combine(day, time.fromisoformat(one), PARIS) for one in wall.split("-"))
    return int(start.timestamp()), int(end.timestamp())


def asked(**said: Any) -> Wanted:
    """Return ninety minutes of two people in any room on a Monday."""
    values: dict[str, Any] = {"site_id": 1, "people": (ANA, BOB), "minutes": 90, "first_on": MONDAY, "last_on": MONDAY}
    return Wanted(**values | said)


def answered(wanted: Wanted, people: dict[int, Seats], **said: Any) -> Answer:
    """Return what is answered when these people are so busy."""
    values: dict[str, Any] = {"rooms": {ROOM: FREE}, "days_off": DaysOff(), "zone": PARIS, "now": NOW}
    agendas = Agendas(people={ANA: FREE, BOB: FREE} | people, **values | said)
    return Answer(court=COURT, found=common_dates(wanted, agendas), names=NAMES, agendas=agendas)


def test_an_address_carries_what_is_asked_and_nothing_that_is_usual() -> None:
    question = Asked.read({"qui": "3,x,3,9", "minutes": "45", "salle": "", "autre": "1"})

    assert question.people == [3, 9]
    assert question.address() == "/reunir/?qui=3%2Cx%2C3%2C9&minutes=45"
    assert Asked().with_people([]).address() == "/reunir/"
    wanted, wrong = read_wanted(Asked(qui="3", bout="30", vacations="1"), 1, MONDAY)
    assert wrong == {}
    assert wanted is not None
    assert (wanted.minutes, wanted.room, wanted.far_end_id, wanted.first_on) == (
        90,
        RoomWish.VIDEO,  # another end wants one here
        FAR,
        MONDAY + timedelta(days=1),
    )
    assert wanted.sits_in_recess
    assert plain(words.hours_words(Asked())) == "Entre 9 h et 18 h, sans la pause de midi"
    assert plain(words.hours_words(Asked(de="13:30", a="17:15"))) == "Entre 13 h 30 et 17 h 15"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"minutes": "abc"}, "minutes"),
        ({"minutes": "²"}, "minutes"),
        ({"minutes": "700"}, "minutes"),
        ({"du": "demain"}, "du"),
        ({"au": "0001-01-01"}, "au"),
        ({"au": "2026-02-27"}, "au"),
        ({"de": "25:00"}, "de"),
        ({"de": "18:00", "a": "09:00"}, "a"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(typed: dict[str, str], field: str) -> None:
    wanted, wrong = read_wanted(Asked(qui="1", **typed), 1, MONDAY)

    assert wanted is None
    assert list(wrong) == [field]
    assert wrong[field].endswith(".")


def test_days_are_drawn_once_with_their_possibilities_numbered_and_framed_where_they_would_be_taken() -> None:
    wanted = asked(last_on=MONDAY + timedelta(days=1))
    busy = [at("09:00-10:30"), at("13:30-18:00")]
    answer = answered(wanted, {ANA: [busy]}, rooms={ROOM: [[at("08:00-12:30")]], OTHER: FREE})

    first, second = days_of(answer, wanted, NOW)

    assert (plain(first.name), plain(first.when)) == ("lundi 2 mars 2026", "dans 3 jours")
    assert [(one.number, plain(one.hours), one.where) for one in first.slots] == [("1", "10 h 30 – 12 h", "Salle 2")]
    assert [one.number for one in second.slots] == ["2", "3", "4", "5"]
    assert [line.name for line in first.lines] == ["Ana Fictive", "Bob Modèle", "Salle 2"]
    assert plain(first.lines[0].said) == "occupé de 9 h à 10 h 30, de 13 h 30 à 18 h"
    assert first.lines[1].said == "libre toute la journée"
    assert [(run.left, run.width) for run in first.lines[0].frames] == [("16.67%", "16.67%")]
    rooms = {line.name: [run.left for run in line.frames] for line in second.lines[2:]}
    assert rooms == {"Salle 1": ["0.00%", "16.67%", "50.00%", "66.67%"]}
    assert [plain(mark.word) for mark in first.hours] == [f"{hour} h" for hour in (9, 11, 13, 15, 17)]


def test_when_there_is_no_date_the_day_is_drawn_on_which_the_fewest_stand_in_the_way() -> None:
    wanted = asked(last_on=MONDAY + timedelta(days=2))
    away = [at("09:00-18:00", MONDAY + timedelta(days=number)) for number in range(3)]
    answer = answered(wanted, {ANA: [away], BOB: [away[:1]]})

    (drawn,) = days_of(answer, wanted, NOW)

    assert drawn.slots == []
    assert plain(drawn.note) == "9 h – 10 h 30 : tout est libre, sauf Ana Fictive."
    assert plain(words.sentence_of(answer, wanted)).startswith("Aucune date commune de 90 minutes, du ")
    assert [plain(one).split(" : ", 1)[1] for one in words.before_of(answer, wanted)] == [
        "Ana Fictive et Bob Modèle n’ont pas 90 minutes de suite.",
        "Ana Fictive n’a pas 90 minutes de suite.",
    ]
    (blocker,) = words.blockers_of(answer, wanted, Asked(qui="1,2"))
    assert plain(blocker.said).startswith("Sans Ana Fictive : 10 dates possibles, la première ")
    assert blocker.href == "/reunir/?qui=2"
    alone = asked(people=(ANA,))
    assert words.blockers_of(answered(alone, {ANA: [away]}), alone, Asked(qui="1")) == [], "nobody would be left"


def test_a_room_and_the_network_are_said_as_things_and_a_long_wait_is_cut_short() -> None:
    wanted = asked(last_on=MONDAY + timedelta(days=20), room=RoomWish.VIDEO, far_end_id=FAR)
    odd = [at("09:00-18:00", MONDAY + timedelta(days=number)) for number in range(0, 21, 2)]
    whole = [at("09:00-18:00", MONDAY + timedelta(days=number)) for number in range(21)]
    answer = answered(wanted, {ANA: [odd]}, video={UNIT: FREE}, far_end=FREE, network=[whole], rooms={ROOM: [odd]})

    said = [plain(one) for one in words.before_of(answer, wanted)]

    assert len(said) == words.MOST_RUNS + 1
    assert said[0].endswith(
        "Ana Fictive n’a pas 90 minutes de suite ; aucune salle n’est libre assez longtemps ; "
        "toutes les visioconférences du pays sont prises."
    )
    assert said[1].endswith(" : toutes les visioconférences du pays sont prises.")
    assert said[-1].startswith("Et ainsi de suite jusqu’au dim. 22 mars")


def test_an_agenda_that_is_read_no_more_is_told_with_its_date_and_what_to_do() -> None:
    def person(**said: Any) -> words.Person:
        one = Candidate(id=ANA, name="Ana Fictive", label="juge", site_name="Tribunal fictif", **said)
        return words.person_of(one, NOW, PARIS, may_share=True)

    read_at = datetime(2026, 2, 18, 23, 30, tzinfo=UTC)
    people = [
        person(),
        person(is_shared=True),
        person(is_shared=True, read_at=NOW),
        person(is_shared=True, read_at=read_at),
        person(is_shared=True, is_broken=True, read_at=read_at),
        person(is_shared=True, is_broken=True),
    ]

    assert [plain(one.shared) for one in people] == [
        "pas d’agenda partagé",
        "agenda partagé, pas encore lu",
        "agenda partagé, lu à 9 h",
        "agenda partagé, lu le jeu. 19 févr.",
        "agenda partagé, illisible depuis le jeu. 19 févr.",
        "agenda partagé, jamais lu en entier",
    ]
    assert [one.endswith(" Demandez-lui si l’heure lui convient.") for one in words.doubts_of(people)] == [True, True]
    assert "févr. Demandez-lui" in plain(words.doubts_of(people)[0])


def test_what_was_taken_meanwhile_is_named() -> None:
    refused = [
        PeriodTaken(resource_id=ANA),
        PeriodTaken(resource_id=None),
        LinksFull(most=40),
        NotOpen(resource_id=None),
    ]

    assert [words.gone_words(one, NAMES) for one in refused] == [
        "Ana Fictive n’est plus libre à cette heure.",
        "Quelqu’un n’est plus libre à cette heure.",
        "Toutes les visioconférences du pays sont prises à cette heure.",
        "Le tribunal ne siège plus à cette heure.",
    ]
    assert words.room_choices(Offered(rooms=((ROOM, "Salle 1"),)))[1:] == [("sans", "Sans salle"), ("10", "Salle 1")]
