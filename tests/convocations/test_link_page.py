"""The page behind the link, over HTTP: every stage, every act, what is refused, and what it never says."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar

from booking import events
from booking.actions import cancel
from booking.models import State
from booking.moving import move
from booking.persons import LANGUAGES, erase_person
from booking.waiting_follow import follow_list
from booking.waiting_offers import due, offer_freed
from convocations.actions import renew_link, withdraw
from convocations.earlier import answer_by, follow_offer
from convocations.models import MOST_ACTS
from convocations.pages.link_page import written
from convocations.planning import follow
from convocations.proof import proof_of
from convocations.wording import moment, page_words
from portal import throttle
from portal.logs import without_secrets
from tests.booking.queue import Accounts
from tests.conftest import Database
from tests.convocations.desk import HALF_PAST, NINE, TEN
from tests.convocations.doorstep import ADDRESS, Doorstep, doorstep_on, path_of
from tests.factories import NOW

FR = page_words("fr")
MOST_BYTES = 15_000
LEFT_TO_GIVE = {"act": "choose", "seen": ""}


@pytest.fixture
def door(database: Database) -> Iterator[Doorstep]:
    """Return the routes of the link over a desk."""
    with doorstep_on(database) as step:
        yield step


class Forms(HTMLParser):
    """What a browser without script can send from a page: each button with the fields of its form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, dict[str, str]]] = []
        self._action = ""
        self._fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a field or a button."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action, self._fields = values["action"], {}
        elif tag == "input":
            self._fields[values["name"]] = values["value"]
        elif tag == "button":
            pressed = {values["name"]: values["value"]} if "name" in values else {}
            self.sent.append((self._action, self._fields | pressed))

    def of(self, act: str) -> dict[str, str]:
        """Return what the first button of an act sends."""
        return next(fields for _, fields in self.sent if fields["act"] == act)

    def hours(self) -> list[str]:
        """Return the values of the hours on the page."""
        return [fields["start"] for _, fields in self.sent if "start" in fields]


def hour(door: Doorstep, start: datetime) -> str:
    """Return how a form names an hour at the desk."""
    return f"{written(start)}.{door.desk.world.site.id}"


def choosing(door: Doorstep, start: datetime, *, seen: datetime | None = None) -> dict[str, str]:
    """Return the form that chooses an hour, or moves to it."""
    return {"act": "move" if seen else "choose", "seen": written(seen), "start": hour(door, start)}


async def followed(client: httpx.AsyncClient, path: str, form: dict[str, str]) -> httpx.Response:
    """Send a form and return the page that it leads to."""
    answer = await client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return await client.get(answer.headers["location"])


async def test_the_first_page_shows_the_place_the_days_and_each_hour_once(door: Doorstep) -> None:
    answer = await door.client().get(path_of(door.offer()))
    page = answer.text

    assert answer.status_code == 200
    assert "<title>Choisissez votre rendez-vous</title>" in page
    assert ADDRESS in page
    assert "mardi 10\u00a0mars" in page
    assert Forms(page).hours() == [hour(door, NINE + number * timedelta(minutes=30)) for number in range(6)]
    assert FR.choose_until.format(day="lundi 9\u00a0mars") in page


async def test_nothing_reveals_who_nor_why_nor_which_service(door: Doorstep) -> None:
    paths = [path_of(door.offer()), path_of(door.summons())]
    async with door.client() as client:
        texts = [(await client.get(path + end)).text for path in paths for end in ("", "?etape=deplacer", ".ics")]

    for text in texts:
        for word in (
            "SPIP",
            "Alix",
            "MONSTRATION",
            "DÉMONSTRATION",
            "Agent A",
            "probation",
            "justice",
            "rendez-vous chez",
        ):
            assert word not in text.replace("rue de la Démonstration", "")


async def test_it_is_chosen_confirmed_moved_declined_and_chosen_again_with_what_the_pages_offer(door: Doorstep) -> None:
    convocation = door.offer()
    path = path_of(convocation)
    async with door.client() as client:
        page = await client.get(path)
        page = await followed(client, path, Forms(page.text).of("choose"))
        assert "mardi 10\u00a0mars" in page.text
        assert "9\u00a0h" in page.text
        assert FR.booked in page.text
        page = await followed(client, path, Forms(page.text).of("confirm"))
        assert FR.coming in page.text
        page = await client.get(f"{path}?etape=deplacer")
        page = await followed(client, path, Forms(page.text).sent[-2][1])
        assert door.booking_of(convocation.id) == (State.BOOKED, NINE + timedelta(minutes=150))
        assert "11\u00a0h\u00a030" in page.text
        page = await client.get(f"{path}?etape=absence")
        assert FR.sure in page.text
        page = await followed(client, path, Forms(page.text).of("cannot-come"))
        assert door.booking_of(convocation.id) == (State.CANCELLED, NINE + timedelta(minutes=150))
        assert f"<title>{FR.given_up}</title>" in page.text
        assert FR.cancelled in page.text
        page = await followed(client, path, Forms(page.text).of("choose"))

    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)
    assert FR.your_appointment in page.text


async def test_messages_are_stopped_and_wanted_again(door: Doorstep) -> None:
    path = path_of(door.summons())
    async with door.client() as client:
        stopped = await followed(client, path, Forms((await client.get(path)).text).of("stop"))
        resumed = await followed(client, path, Forms(stopped.text).of("resume"))

    assert FR.sms_stopped in stopped.text
    assert FR.sms_stopped not in resumed.text
    assert FR.stop_sms in resumed.text


async def test_a_hundred_readings_change_nothing(door: Doorstep) -> None:
    paths = [path_of(door.offer()), path_of(door.summons())]
    before = door.content()
    ends = ("", "?etape=absence", "?etape=deplacer", "?langue=ar", "?a-partir-de=2026-03-12", ".ics", "?act=choose")
    async with door.client() as client:
        for number in range(100):
            await client.get(paths[number % 2] + ends[number % len(ends)])
            await client.head(paths[number % 2] + ends[number % len(ends)])

    assert door.content() == before


async def test_an_opening_is_noted_once_a_day_and_kind_of_device_and_a_preview_is_none(door: Doorstep) -> None:
    convocation = door.summons()
    phone, computer = "Mozilla/5.0 (Linux; Android 4.4) Mobile", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    for day, agents in ((0, (phone, phone, "WhatsApp/2.23", "Twitterbot/1.0", "")), (1, (phone, computer))):
        door.at(NOW + timedelta(days=day))
        for agent in agents:
            async with door.client(**{"User-Agent": agent}) as client:
                await client.get(path_of(convocation))
                await client.head(path_of(convocation))
    with door.session() as session:
        found = proof_of(session, door.desk.officer, convocation.id)

    days = [(one.on_day.day, one.device.value) for one in found.openings]
    assert days == [(NOW.day, "phone"), (NOW.day + 1, "phone"), (NOW.day + 1, "computer")]
    assert [one.kind.value for one in found.sent] == ["confirmation", "reminder"]


async def test_acting_again_by_a_reload_changes_nothing_more(door: Doorstep) -> None:
    convocation = door.offer()
    path = path_of(convocation)
    async with door.client() as client:
        for _ in range(2):
            await followed(client, path, choosing(door, NINE))
        once = door.content()
        await client.post(path, data=choosing(door, NINE))

    assert door.content() == once
    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)


async def test_of_two_who_want_the_last_hour_one_has_it_and_the_other_is_offered_the_next_and_loses_nothing(
    door: Doorstep,
) -> None:
    first, second = door.offer(door.somebody(), door.desk.agent.id), door.summons(TEN)
    forms = [choosing(door, NINE), choosing(door, NINE, seen=TEN)]

    async with door.client() as client:
        answers = await asyncio.gather(
            *(client.post(path_of(one), data=form) for one, form in zip((first, second), forms, strict=True))
        )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert FR.taken in loser.text
    assert hour(door, HALF_PAST) in Forms(loser.text).hours()
    assert hour(door, NINE) not in Forms(loser.text).hours()
    if answers[1] is loser:
        assert door.booking_of(second.id) == (State.BOOKED, TEN)
        assert written(TEN) in loser.text
    else:
        assert door.booking_of(second.id) == (State.BOOKED, NINE)
        assert door.booking_of(first.id) is None


async def test_an_hour_where_two_receive_is_taken_twice_then_no_more(door: Doorstep) -> None:
    paths = [path_of(door.offer(door.somebody())) for _ in range(3)]
    async with door.client() as client:
        answers = await asyncio.gather(*(client.post(path, data=choosing(door, NINE)) for path in paths))

    assert sorted(answer.status_code for answer in answers) == [303, 303, 409]


async def test_two_openings_of_one_link_give_one_appointment_and_the_other_page_says_it(door: Doorstep) -> None:
    convocation = door.offer()
    starts = (NINE, TEN)
    async with door.client() as client:
        answers = await asyncio.gather(
            *(client.post(path_of(convocation), data=choosing(door, start)) for start in starts)
        )

    assert sorted(answer.status_code for answer in answers) == [303, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    kept = starts[0] if answers[1] is late else starts[1]
    assert FR.changed in late.text
    assert door.booking_of(convocation.id) == (State.BOOKED, kept)
    local = kept.astimezone(ZoneInfo("Europe/Paris"))
    assert f'datetime="{local.isoformat(timespec="minutes")}"' in late.text


async def test_an_act_after_the_service_moved_it_changes_nothing_and_shows_the_new_hour(door: Doorstep) -> None:
    convocation = door.summons()
    assert convocation.booking_id
    with door.session() as session:
        move(session, door.desk.officer, convocation.booking_id, door.desk.at(HALF_PAST), now=NOW)
    forms = [{"act": act, "seen": written(NINE)} for act in ("confirm", "cannot-come")]
    async with door.client() as client:
        answers = [
            await client.post(path_of(convocation), data=form) for form in (*forms, choosing(door, TEN, seen=NINE))
        ]

    for answer in answers:
        assert answer.status_code == 409
        assert FR.changed in answer.text
        assert 'datetime="2026-03-10T09:30+01:00"' in answer.text
    assert door.booking_of(convocation.id) == (State.BOOKED, HALF_PAST)


async def test_a_link_used_late_says_that_it_is_over(door: Doorstep) -> None:
    convocation = door.summons()
    path = path_of(convocation)
    door.at(NINE + timedelta(minutes=1))
    async with door.client() as client:
        page = await client.get(path)
        declined = await client.post(path, data={"act": "cannot-come", "seen": written(NINE)})
        moved = await client.post(path, data=choosing(door, TEN, seen=NINE))
        door.at(NINE + timedelta(days=8))
        gone = await client.get(path)
        refused = await client.post(path, data={"act": "cannot-come", "seen": written(NINE)})

    assert FR.past in page.text
    assert FR.cannot_come not in page.text
    for answer in (declined, moved):
        assert (answer.status_code, FR.too_late in answer.text) == (409, True)
    for late in (gone, refused):
        assert (late.status_code, FR.link_expired in late.text, ADDRESS in late.text) == (410, True, False)
    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)


async def test_after_the_last_day_to_choose_nothing_is_chosen(door: Doorstep) -> None:
    convocation = door.offer()
    door.at(NINE)  # the day after
    door.do("UPDATE opening SET starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day'")
    async with door.client() as client:
        page = await client.get(path_of(convocation))
        answer = await client.post(path_of(convocation), data=choosing(door, NINE + timedelta(days=1)))

    assert FR.link_expired in page.text
    assert Forms(page.text).hours() == []
    assert answer.status_code == 410
    assert door.booking_of(convocation.id) is None


async def test_what_the_service_no_longer_gives_to_the_link_is_refused_in_words(door: Doorstep) -> None:
    convocation, other = door.summons(), door.offer()
    door.do("UPDATE kind SET host_accepts = true")  # what would be taken is only asked for
    async with door.client() as client:
        moved = await client.post(path_of(convocation), data=choosing(door, TEN, seen=NINE))
        chosen = await client.post(path_of(other), data=choosing(door, TEN))

    for answer in (moved, chosen):
        assert (answer.status_code, FR.too_late in answer.text) == (409, True)
    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)
    assert door.booking_of(other.id) is None


async def test_what_the_service_cancelled_is_said(door: Doorstep) -> None:
    convocation = door.summons()
    assert convocation.booking_id
    with door.session() as session:
        cancel(session, door.desk.officer, convocation.booking_id, now=NOW)
    async with door.client() as client:
        page = await client.get(path_of(convocation))
        answer = await client.post(path_of(convocation), data={"act": "confirm", "seen": written(NINE)})

    assert FR.cancelled in page.text
    assert FR.confirm not in page.text
    assert answer.status_code == 409


async def test_revoked_renewed_and_erased_links_say_the_same_and_nothing_else(door: Doorstep) -> None:
    withdrawn, renewed, erased = door.offer(), door.offer(), door.offer(someone := door.somebody())
    old = [path_of(one) for one in (withdrawn, renewed, erased)]
    with door.session() as session:
        withdraw(session, door.desk.officer, withdrawn.id, now=NOW)
        renew_link(session, door.desk.officer, renewed.id, now=NOW)
        erase_person(session, door.desk.officer, someone.id, now=NOW)
    async with door.client() as client:
        answers = [await client.get(path) for path in old]
        answers += [await client.post(path, data=choosing(door, NINE)) for path in old]

    assert {(answer.status_code, answer.text) for answer in answers} == {(410, answers[0].text)}
    assert FR.link_expired in answers[0].text


async def test_a_thousand_guesses_find_nothing_are_made_to_wait_and_leave_good_links_alone(door: Doorstep) -> None:
    path = path_of(door.summons())
    before = door.content()
    async with door.client() as client:
        answers = [await client.get(f"/r/{number:034d}") for number in range(1000)]
        genuine = await client.get(path)
        elsewhere = await door.client("192.0.2.2").get("/r/" + "A" * 34)
        posted = await client.post("/r/" + "A" * 34, data=choosing(door, NINE))

    assert [answer.status_code for answer in answers[:30]] == [404] * 30
    assert {answer.status_code for answer in answers[30:]} == {429}
    assert FR.wait in answers[-1].text
    assert answers[-1].headers["retry-after"]
    assert genuine.status_code == 200
    assert elsewhere.status_code == 404
    assert posted.status_code == 429
    assert door.content() == before


async def test_a_false_link_gives_no_hint_and_asks_nothing_of_the_database(door: Doorstep) -> None:
    path = path_of(door.summons())
    spelled = [path[:-1] + letter for letter in "AQgw" if path[-1] != letter]
    door.patch.setattr("convocations.pages.link.read", None)
    async with door.client() as client:
        answers = [await client.get(one) for one in (*spelled, "/r/x", "/r/" + "é" * 34, "/r/%00")]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert FR.link_unknown in answers[0].text


async def test_a_link_asked_for_all_the_time_has_to_wait(door: Doorstep) -> None:
    path, other = path_of(door.summons()), path_of(door.offer())
    async with door.client() as client:
        answers = [await client.get(path) for _ in range(301)]
        of_others = await client.get(other)

    assert {answer.status_code for answer in answers[:300]} == {200}
    assert answers[300].status_code == 429
    assert of_others.status_code == 200


async def test_a_link_that_acted_too_often_says_to_ask_for_another(door: Doorstep) -> None:
    convocation = door.summons()
    door.do("UPDATE convocation SET acts = :most", most=MOST_ACTS)
    async with door.client() as client:
        answer = await client.post(path_of(convocation), data=choosing(door, TEN, seen=NINE))

    assert answer.status_code == 429
    assert FR.too_many in answer.text
    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)


HOSTILE = [
    {},
    {"act": "destroy"},
    {"act": "choose"},
    {"act": "choose", "start": "demain"},
    {"act": "choose", "start": "20260310T0800Z.99999999999999999999"},
    {"act": "choose", "start": "99999999T9999Z.1"},
    {"act": "choose", "start": "00010101T0000Z.1"},
    {"act": "choose", "start": "20260310T0800Z.1\n"},
    {"act": "confirm", "seen": "<script>"},
    {"act": "confirm", "seen": "\x00"},
    {"act": "choose", "start": "x" * 5000},
    {str(number): "1" for number in range(50)},
]


@pytest.mark.parametrize("form", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_form_of_nobody_s_is_refused_in_words_and_does_nothing(door: Doorstep, form: dict[str, str]) -> None:
    path = path_of(door.summons())
    before = door.content()
    answer = await door.client().post(path, data=form)

    assert answer.status_code == 400
    assert FR.failed in answer.text
    assert ADDRESS in answer.text
    assert door.content() == before


@pytest.mark.parametrize("start", ["20260310T0801Z.{}", "20260310T0800Z.999999", "20270101T0800Z.{}"])
async def test_an_hour_that_is_not_offered_is_refused_with_those_that_are(door: Doorstep, start: str) -> None:
    convocation = door.offer()
    form = LEFT_TO_GIVE | {"start": start.format(door.desk.world.site.id)}
    answer = await door.client().post(path_of(convocation), data=form)

    assert answer.status_code == 409
    assert hour(door, NINE) in Forms(answer.text).hours()
    assert door.booking_of(convocation.id) is None


@pytest.mark.parametrize("query", ["etape=<script>", "langue=xx", "a-partir-de=x", "a-partir-de=9999-12-31", "%00"])
async def test_an_address_of_nobody_s_shows_the_page(door: Doorstep, query: str) -> None:
    answer = await door.client().get(f"{path_of(door.offer())}?{query}")

    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert ADDRESS in answer.text or FR.nothing_left in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "null"}, 303),
        ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://ailleurs.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_a_browser_that_tells_of_another_site_is_refused(
    door: Doorstep, headers: dict[str, str], status: int
) -> None:
    convocation = door.offer()
    answer = await door.client(**headers).post(path_of(convocation), data=choosing(door, NINE))

    assert answer.status_code == status
    assert (door.booking_of(convocation.id) is not None) == (status == 303)


async def test_every_page_of_every_language_weighs_less_than_15_kb_and_asks_nothing_of_others(door: Doorstep) -> None:
    for day in range(1, 4):  # three full days: half an hour a slot, from eight to six
        door.do(
            "INSERT INTO opening VALUES (:id, :start, CAST(:start AS timestamptz) + interval '10 hours')",
            id=door.desk.agent.id,
            start=NINE + timedelta(days=day, hours=-1),
        )
    offer, summons = path_of(door.offer()), path_of(door.summons(person=door.somebody()))
    hours = "a-partir-de=2026-03-11"
    ends = ("", f"&etape=deplacer&{hours}", "&etape=absence")
    for language in sorted(LANGUAGES):
        throttle._limiter.cache_clear()
        async with door.client() as client:
            asked = [f"{offer}?langue={language}&{hours}", f"/r/x?langue={language}"]
            asked += [f"{summons}?langue={language}{end}" for end in ends]
            weighs_little_and_asks_nothing(language, [await client.get(one) for one in asked])


def weighs_little_and_asks_nothing(language: str, answers: list[httpx.Response]) -> None:
    words = page_words(language)
    assert len(Forms(answers[0].text).hours()) == 60
    assert words.title in answers[0].text
    for answer in answers:
        page = answer.content.decode()
        assert len(answer.content) < MOST_BYTES, (language, len(answer.content))
        assert f'<html lang="{language}" dir="{words.direction}">' in page
        assert "<script" not in page
        assert not re.findall(r"<(?:img|iframe|object|embed|svg)|url\(|@import|\bsrc=|\bon[a-z]+=", page)
        assert re.findall(r'<link[^>]*href="([^"]*)"', page) == ["data:,"]


async def test_the_language_is_kept_by_forms_links_and_the_way_back(door: Doorstep) -> None:
    path = path_of(door.summons())
    async with door.client() as client:
        page = await client.get(f"{path}?langue=ar&etape=absence")
        actions = {action for action, _ in Forms(page.text).sent}
        answer = await client.post(f"{path}?langue=ar", data=Forms(page.text).of("cannot-come"))

    assert actions == {"?langue=ar"}
    assert answer.headers["location"] == f"{path}?langue=ar"


async def test_the_page_speaks_the_language_of_the_person_and_a_bad_link_that_of_the_browser(door: Doorstep) -> None:
    door.do("UPDATE person SET language = 'uk'")
    async with door.client(**{"Accept-Language": "de-DE,pt-BR;q=0.8,en;q=0.5"}) as client:
        good, bad = await client.get(path_of(door.offer())), await client.get("/r/x")

    assert page_words("uk").title in good.text
    assert page_words("pt").link_unknown in bad.text


@pytest.mark.parametrize("end", ["", ".ics", "?etape=absence"])
async def test_every_answer_is_kept_by_nobody_found_by_nobody_and_runs_nothing(door: Doorstep, end: str) -> None:
    path = path_of(door.summons())
    async with door.client() as client:
        answers = [await client.get(one) for one in (path + end, "/r/x" + end)]
        answers.append(await client.post(path, data={"act": "stop"}))

    for answer in answers:
        headers = answer.headers
        policy = headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "script-src 'none'" in policy
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert "set-cookie" not in headers


async def test_the_head_of_each_page_is_that_of_its_reading(door: Doorstep) -> None:
    path = path_of(door.summons())
    async with door.client() as client:
        for one in (path, path + ".ics", "/r/x"):
            read, head = await client.get(one), await client.head(one)

            assert (head.status_code, head.headers["content-type"]) == (read.status_code, read.headers["content-type"])
            assert head.content == b""


async def test_the_calendar_file_is_that_of_the_appointment_and_says_no_more(door: Doorstep) -> None:
    convocation = door.offer()
    path = path_of(convocation)
    async with door.client() as client:
        nothing = await client.get(path + ".ics")
        files = []
        for start, seen, minutes in ((NINE, None, 1), (TEN, NINE, 2)):
            door.at(NOW + timedelta(minutes=minutes))
            await client.post(path, data=choosing(door, start, seen=seen))
            files.append(await client.get(path + ".ics"))
        door.at(NOW + timedelta(minutes=3))
        await client.post(path, data={"act": "cannot-come", "seen": written(TEN)})
        files.append(await client.get(path + ".ics"))

    events = [Calendar.from_ical(file.content).walk("VEVENT")[0] for file in files]
    assert nothing.status_code == 404
    assert [event["dtstart"].dt for event in events] == [NINE, TEN, TEN]
    assert [str(event["status"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert len({str(event["uid"]) for event in events}) == 1
    assert all(int(one["sequence"]) < int(next_["sequence"]) for one, next_ in pairwise(events))
    assert (str(events[0]["summary"]), str(events[0]["location"])) == ("Rendez-vous", ADDRESS)
    assert "http" not in files[0].text


async def test_nothing_written_holds_the_token(door: Doorstep, caplog: pytest.LogCaptureFixture) -> None:
    path = path_of(door.summons())
    door.patch.setattr("convocations.pages.link.link_html", None)
    with caplog.at_level(logging.DEBUG):
        async with door.client() as client:
            answer = await client.get(path)

    token = path.removeprefix("/r/")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert answer.status_code == 500
    assert FR.failed in answer.text
    assert "/dsfr/" not in answer.text
    assert "failure on GET of a link" in ours
    assert not any(token in line for line in ours)
    assert without_secrets(f"GET {path}.ics?langue=fr") == "GET /r/[secret].ics?langue=fr"


async def test_hours_are_shown_by_a_few_days_forward_and_back(door: Doorstep) -> None:
    for day in range(1, 8):
        door.do(
            "INSERT INTO opening VALUES (:id, :start, CAST(:start AS timestamptz) + interval '1 hour')",
            id=door.desk.agent.id,
            start=NINE + timedelta(days=day),
        )
    path = path_of(door.offer())
    days: list[list[str]] = []
    async with door.client() as client:
        page = await client.get(path)
        for _ in range(2):
            days.append(re.findall(r"<legend>([^<]+)", page.text))
            later = re.search(rf'href="(\?[^"]*)"[^>]*>{FR.next_times}', page.text)
            assert later
            page = await client.get(path + later[1].replace("&amp;", "&"))
        days.append(re.findall(r"<legend>([^<]+)", page.text))
        earlier = re.search(rf'href="(\?[^"]*)"[^>]*>{FR.previous_times}', page.text)
        assert earlier
        back = await client.get(path + earlier[1].replace("&amp;", "&"))

    assert [len(each) for each in days] == [3, 3, 2]
    assert len({day for each in days for day in each}) == 8
    assert FR.next_times not in page.text
    assert re.findall(r"<legend>([^<]+)", back.text) == days[1]


async def test_too_late_to_be_changed_the_page_says_since_when_and_a_form_kept_open_changes_nothing(
    door: Doorstep,
) -> None:
    convocation = door.summons()
    path = path_of(convocation)
    door.do("UPDATE kind SET cancel_notice_min = 1440")
    async with door.client() as client:
        in_time = (await client.get(path)).text
        door.at(NINE - timedelta(hours=23))
        late = (await client.get(f"{path}?etape=deplacer")).text
        answers = [
            await client.post(path, data={"act": "cannot-come", "seen": written(NINE)}),
            await client.post(path, data=choosing(door, TEN, seen=NINE)),
        ]

    assert FR.move in in_time
    assert FR.too_late not in in_time
    assert FR.too_late_since.format(moment="lundi 9\u00a0mars à\u00a09\u00a0h") in late
    assert FR.cannot_come not in late
    assert [answer.status_code for answer in answers] == [409, 409]
    assert all(FR.too_late in answer.text for answer in answers)
    assert door.booking_of(convocation.id) == (State.BOOKED, NINE)


async def test_an_earlier_date_is_asked_for_offered_taken_once_and_told_when_it_is_gone(
    door: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list, follow_offer, follow])
    first, later = door.summons(), door.summons(TEN, door.somebody())
    path = path_of(later)
    async with door.client() as client:
        asked = await followed(client, path, Forms((await client.get(path)).text).of("earlier"))
        unasked = await followed(client, path, Forms(asked.text).of("no-earlier"))
        await followed(client, path, Forms(unasked.text).of("earlier"))
        with door.session() as session:
            withdraw(session, door.desk.officer, first.id, now=NOW)
        door.at(NOW + timedelta(minutes=10))
        with door.session() as session:
            accounts = Accounts().add(door.desk.officer)
            for freed in due(session, now=NOW + timedelta(minutes=10)):
                offer_freed(session, freed, actor_of=accounts, now=NOW + timedelta(minutes=10), answer_by=answer_by)
        throttle._limiter.cache_clear()
        pages = {one: await client.get(f"{path}?langue={one}") for one in sorted(LANGUAGES)}
        offered = pages["fr"]
        taking, leaving = (Forms(offered.text).of(one) for one in ("take-earlier", "leave-earlier"))
        taken = [await followed(client, path, taking) for _ in range(2)]
        gone = await client.post(path, data=leaving)
        way_back = Forms(taken[1].text).of("move")
        back = await followed(client, path, way_back)
        door.at(NOW + timedelta(minutes=21))
        door.summons()  # somebody else has it by now
        stays = await client.get(path)

    assert FR.earlier_asked in asked.text
    assert FR.earlier_ask in unasked.text
    for language, page in pages.items():
        assert page_words(language).earlier_take in page.text
        assert len(page.content) < MOST_BYTES, language
    assert [FR.earlier_take in one.text for one in taken] == [False, False]
    before, after = (moment(start, ZoneInfo("Europe/Paris"), "fr") for start in (TEN, NINE))
    for sentence in (FR.moved, FR.moved_from.format(before=before), FR.moved_to.format(after=after)):
        assert sentence in taken[1].text
    assert (gone.status_code, FR.earlier_gone in gone.text) == (409, True)
    assert FR.move_back.format(moment=before) in taken[1].text
    assert way_back == choosing(door, TEN, seen=NINE)
    assert door.booking_of(later.id) == (State.BOOKED, TEN)
    assert FR.move_back.format(moment=after) in back.text
    assert FR.moved_from.format(before=after) in stays.text
    assert FR.move_back.split("{")[0] not in stays.text
