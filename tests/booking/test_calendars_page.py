"""The page of calendars: its words, and what a hostile page may send it over the socket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from availability.absences import Feed
from availability.feed_text import Why
from availability.periods import Period
from availability.rights import Role
from booking.agenda import Meets
from booking.pages import calendars_words as words
from booking.pages.agenda_words import day_lists
from booking.pages.calendars_words import feed_line
from booking.pages.day_words import calendars_words
from portal.problems import FAILED
from tests.booking.test_agenda_words import at, drawn, span, week
from tests.factories import NOW
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

PARIS = ZoneInfo("Europe/Paris")
PAGE = f"{ROOT_STATE}booking___pages___calendars_state____calendars_state"
NOTICE = f"{ROOT_STATE}portal___ui___notice____notice_state"
GOOD = Feed(
    id=1,
    resource_id=1,
    host="agenda.example",
    fetched_at=NOW,
    good_at=NOW,
    failures=0,
    problem="",
    events=12,
    unread=0,
    created_at=NOW,
    absences=1,
    next_start=NOW + timedelta(hours=1),
    next_end=NOW + timedelta(hours=2, minutes=30),
)
AGENTS = text("""
    SELECT r.id FROM resource r JOIN site s ON s.id = r.site_id JOIN territory t ON t.id = s.territory_id
    JOIN territory a ON a.id = t.parent_id JOIN kind k ON k.id = r.kind_id
    WHERE k.code = 'spip-rdv' AND (a.code = 'CALYON') = :here ORDER BY r.id LIMIT 1""")


def told(feed: Feed, minutes: float = 5) -> tuple[str, str]:
    line = feed_line(feed, PARIS, NOW + timedelta(minutes=minutes))
    return line.state, " ".join([*line.lines, line.problem]).replace("\N{NO-BREAK SPACE}", " ").strip()


def test_a_feed_says_what_it_holds_how_old_it_is_and_what_to_do() -> None:
    assert told(GOOD) == (
        "À jour",
        "12 événements, 1 absence à venir. Prochaine : lun. 2 mars à 11 h, jusqu’à 12 h 30. Lu il y a 5 min.",
    )
    assert told(replace(GOOD, fetched_at=None, good_at=None)) == ("Lecture en cours", "")
    broken = replace(GOOD, failures=3, problem="http-503", absences=0, next_start=None, next_end=None)
    state, said = told(broken, minutes=60 * 50)
    assert state == "Ne se lit plus"
    assert "Les absences lues avant-hier sont gardées : personne n’a été rendu libre." in said
    assert "erreur (503)" in said
    assert told(replace(broken, good_at=None, problem="not-a-calendar"))[0] == "Ne se lit pas"
    state, said = told(replace(GOOD, problem="unread-events", unread=2))
    assert state == "Lu en partie"
    assert "2 événements n’ont pas pu être compris" in said


def test_every_reason_has_its_sentence() -> None:
    for why in Why:
        assert words.PROBLEMS[why.value]
    assert all(said.endswith(".") for said in [*words.PROBLEMS.values(), *words.URL_WORDS.values()])
    assert calendars_words(0, 0) == ""
    assert calendars_words(1, 2) == "1\xa0agenda importé ne se lit plus, 2\xa0rendez-vous pendant une absence"


STRANGE: list[Any] = [
    42,
    None,
    ["a"],
    {"url": {"a": 1}},
    {"url": "\x00😀" * 90},
    {"url": "https://127.0.0.1/"},
    "9" * 40,
]


async def test_whatever_is_sent_is_answered_by_a_sentence_and_changes_nothing_elsewhere(served: Served) -> None:
    with served.engine.connect() as connection:
        here, elsewhere = (connection.execute(AGENTS, {"here": here}).scalar() for here in (True, False))
        before = connection.execute(text("SELECT count(*) FROM calendar_feed")).scalar()
    async with RawClient(served.url, served.cookie_of(Role.PROBATION_OFFICER)) as client:
        await client.hydrate(f"/calendriers/?ressource={elsewhere}")
        answer = changed(await client.call(f"{PAGE}.load", path=f"/calendriers/?ressource={elsewhere}"))
        assert answer[PAGE]["step"] == "choose"
        assert "pas accessible" in answer[NOTICE]["text"]
        path = f"/calendriers/?ressource={here}"
        assert changed(await client.call(f"{PAGE}.load", path=path))[PAGE]["may_import"]
        for sent in STRANGE:
            for handler, name in (("add", "form"), ("again", "feed_id"), ("remove", "feed_id"), ("revoke", "link_id")):
                answer = changed(await client.call(f"{PAGE}.{handler}", {name: sent}, path=path))
                assert answer.get(NOTICE, {}).get("text") != FAILED, (handler, sent)
        inside = changed(await client.call(f"{PAGE}.add", {"form": {"url": "https://10.0.0.1/"}}, path=path))
    assert "réseau interne" in inside[PAGE]["url_problem"]
    with served.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM calendar_feed")).scalar() == before


async def test_a_partner_subscribes_to_its_own_and_imports_nothing_where_nobody_keeps_hours(served: Served) -> None:
    async with RawClient(served.url, served.cookie_of(Role.PARTNER)) as client:
        await client.hydrate("/calendriers/")
        listed = changed(await client.call(f"{PAGE}.load", path="/calendriers/"))[PAGE]["found"]
        path = listed[0]["href"]
        shown = changed(await client.call(f"{PAGE}.load", path=path))[PAGE]
        refused = changed(await client.call(f"{PAGE}.add", {"form": {"url": "https://agenda.example/"}}, path=path))
        made = changed(await client.call(f"{PAGE}.make", {"form": {"what": "one", "names": "yes"}}, path=path))[PAGE]
        await client.call(f"{PAGE}.revoke", {"link_id": made["links"][0]["id"]}, path=path)

    assert (shown["step"], shown.get("may_import", False)) == ("one", False)
    assert refused[NOTICE]["kind"] == "error"
    assert "sans les noms" in made["links"][0]["what"]


def test_an_absence_is_a_shade_of_the_grid_and_a_note_of_the_list_of_each_of_its_days() -> None:
    absences = (span(2, "09:00", "12:30"), Period(at(3, "15:00"), at(5, "00:00")))

    meets = [Meets(span(day, "14:00", "15:00"), is_hearing=day == 4) for day in (2, 4)]
    shown = week(absences=absences, meetings=tuple(meets))

    notes = {one.key[-2:]: one.note.replace("\N{NO-BREAK SPACE}", " ") for one in day_lists(shown, now=NOW)}
    assert notes["04"] == "Absence de 9 h à 12 h 30 · Réunion de 14 h à 15 h"
    assert notes["05"] == "Absence de 15 h à minuit"
    assert notes["06"] == "Pas d’ouverture · Audience de 14 h à 15 h"  # nobody would come that day anyway
    shades = [one for one in drawn(shown, "closed") if one["id"].startswith("a-")]
    assert [one["title"] for one in shades] == ["Absence", "Absence", "Réunion", "Audience"]
    assert {one["display"] for one in shades} == {"background"}
    whole = week(absences=(Period(at(2, "00:00"), at(3, "00:00")),))
    assert day_lists(whole, now=NOW)[2].note == "Absence toute la journée"
