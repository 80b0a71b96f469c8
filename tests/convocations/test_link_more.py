"""What the link does besides choosing: why not, to be called, whom to call, larger letters, somebody who helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor, Right, Role
from booking.links import LinkName
from booking.merging import merge
from convocations.actions import convene
from convocations.callbacks import (
    ask_callback,
    count_callbacks,
    last_callback,
    note_called_back,
    to_call_back,
    undo_called_back,
    whom_to_call_back,
    withdraw_callback,
)
from convocations.errors import CallbackOver, HelpOver
from convocations.helping import LASTS, find_to_help, helper_of, helps_of, number_of, open_with
from convocations.knowing import MOST_TRIES, WAIT, Judged, judge_year, year_typed
from convocations.link_models import DayPart
from convocations.pages.link_page import written
from convocations.wording import page_words
from tests.conftest import Database
from tests.convocations.desk import HOUSE, NINE, TEN, bearer, make_desk, make_somebody
from tests.convocations.doorstep import Doorstep, doorstep_on, path_of
from tests.convocations.test_link_page import Forms, choosing, followed
from tests.factories import NOW
from tests.races import act, at_once

FR = page_words("fr")
BORN = "1990"
asking: Any = partial(ask_callback, part=DayPart.MORNING, typed="", house=HOUSE, fiction=True)


@pytest.fixture
def door(database: Database) -> Iterator[Doorstep]:
    """Return the routes of the link over a desk."""
    with doorstep_on(database) as step:
        yield step


def declining(reason: str = "") -> dict[str, str]:
    """Return the form that says "I cannot come" to NINE."""
    return {"act": "cannot-come", "seen": written(NINE), "reason": reason}


async def test_who_cannot_come_says_why_and_has_the_same_hour_again_while_it_is_free(door: Doorstep) -> None:
    path, other = path_of(door.summons()), path_of(door.offer(door.somebody(), door.desk.agent.id))
    async with door.client() as client:
        question = await client.get(f"{path}?etape=absence")
        declined = await followed(client, path, declining("health"))
        again = await followed(client, path, Forms(declined.text).of("take-back"))
        await client.post(path, data=declining("transport"))
        await client.post(other, data=choosing(door, NINE))
        taken = await client.get(path)
        too_late = await client.post(path, data=Forms(declined.text).of("take-back"))
        await client.post(path, data=choosing(door, TEN))
        held = await client.post(path, data={"act": "cannot-come", "seen": written(TEN), "reason": "detention"})
    with door.session() as session:
        reasons = session.execute(text("SELECT reason FROM booking WHERE state = 'cancelled' ORDER BY reason"))

        assert reasons.scalars().all() == ["health", "transport"]
    for words in (FR.reason_health, FR.reason_work, FR.reason_transport, FR.reason_children, FR.reason_other):
        assert words in question.text
    assert FR.certificate in declined.text
    assert FR.booked in again.text
    assert "take-back" not in taken.text
    assert (too_late.status_code, FR.taken in too_late.text) == (409, True)
    assert held.status_code == 400


async def test_a_call_is_asked_for_once_with_the_number_masked_and_taken_back(door: Doorstep) -> None:
    path = path_of(door.summons())
    door.patch.setattr("convocations.pages.link.settings", _demonstration)
    async with door.client() as client:
        question = await client.get(f"{path}?etape=rappel")
        asked = await followed(client, path, {"act": "call", "part": "afternoon", "phone": ""})
        again = await followed(client, path, {"act": "call", "part": "morning", "phone": "06 39 98 56 78"})
        with door.session() as session:
            (waiting,) = to_call_back(session, door.desk.officer)
            callee = whom_to_call_back(session, door.desk.officer, waiting.id, house=HOUSE, now=NOW)
        withdrawn = await followed(client, path, Forms(again.text).of("uncall"))

    assert "…12\u00a034" in question.text
    assert "39 98" not in question.text
    assert FR.call_received.format(moment="lundi 2\u00a0mars à\u00a010\u00a0h") in asked.text
    assert FR.call_afternoon in again.text
    assert (waiting.part, callee.phone) == (DayPart.AFTERNOON, "+33639981234")
    assert FR.call_cancel not in withdrawn.text
    with door.session() as session:
        assert to_call_back(session, door.desk.officer) == []


@pytest.mark.parametrize(
    ("typed", "status", "shown"),
    [
        ("06 39", 400, FR.number_wrong),
        ("appelez-moi", 400, FR.number_wrong),
        ("75 12 34", 409, FR.number_which),
        ("06 39 98 56 78", 303, ""),
        ("+33 6 39 98 56 78", 303, ""),
    ],
)
async def test_another_number_is_read_as_elsewhere_and_what_was_typed_is_not_lost(
    door: Doorstep, typed: str, status: int, shown: str
) -> None:
    path = path_of(door.summons())
    door.patch.setattr("convocations.pages.link.settings", _demonstration)
    async with door.client() as client:
        answer = await client.post(path, data={"act": "call", "part": "afternoon", "phone": typed})
        if status == 409:
            chosen = await client.post(path, data=Forms(answer.text).sent[-1][1])
            assert chosen.status_code == 303

    assert answer.status_code == status
    assert shown in answer.text
    if status == 400:
        assert f'value="{typed}"' in answer.text
        assert re.search(r'value="afternoon" checked', answer.text)


def _demonstration() -> Any:
    from portal.settings import settings

    return settings().model_copy(update={"demo": True})


async def test_the_service_is_named_to_whoever_says_the_year_of_birth_five_tries_then_a_day(door: Doorstep) -> None:
    path, other = path_of(door.summons()), path_of(door.offer(door.somebody()))
    door.do("UPDATE site SET phone = '01 99 00 12 34'")
    who = {"act": "who", "seen": ""}
    async with door.client() as client:
        question = await client.get(f"{path}?etape=contact")
        right = await client.post(path, data=who | {"year": "١٩٩٠"})
        wrong = [await client.post(path, data=who | {"year": str(1940 + number)}) for number in range(MOST_TRIES)]
        waits = [await client.post(path, data=who | {"year": year}) for year in ("1955", BORN)]
        elsewhere = await client.post(other, data=who | {"year": BORN})
        door.at(NOW + WAIT + timedelta(minutes=1))
        later = await client.post(path, data=who | {"year": BORN})

    assert FR.birth_year in question.text
    for page in (right, elsewhere, later):
        assert page.status_code == 200
        assert "SPIP de Ville-Fictive" in page.text
        assert 'href="tel:0199001234"' in page.text
    assert {page.status_code for page in wrong} == {400}
    assert FR.birth_year_wrong in wrong[-1].text
    for page in waits:
        assert (page.status_code, FR.wait_tomorrow in page.text) == (429, True)
        assert "SPIP" not in page.text
    assert waits[0].text.replace("1955", BORN) == waits[1].text


def test_of_many_who_guess_at_once_five_are_judged(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        who = bearer(session, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW))

    answers = at_once([partial(act, database.engine, judge_year, who, "1955", now=NOW) for _ in range(16)])

    judged = [one[0] for one in answers if isinstance(one, tuple)]
    assert sorted(judged) == [Judged.WAIT] * 11 + [Judged.WRONG] * 5


def test_a_year_is_four_digits_in_any_script() -> None:
    assert [year_typed(one) for one in ("1990", " ١٩٩٠ ", "১৯৯০")] == [b"1990"] * 3
    assert [year_typed(one) for one in ("", "199", "19900", "x990", "²²²²", "-199")] == [None] * 6


def test_asking_withdrawing_and_calling_at_once_leave_one_request_at_most(database: Database) -> None:
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk = make_desk(session)
        who = bearer(session, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW))
    asked = at_once([partial(act, database.engine, asking, who, now=NOW) for _ in range(6)])
    request_id = asked[0].id  # type: ignore[union-attr]

    answers = at_once(
        [
            partial(act, database.engine, note_called_back, desk.officer, request_id, now=NOW),
            partial(act, database.engine, withdraw_callback, who, now=NOW),
            partial(act, database.engine, asking, who, now=NOW),
            partial(act, database.engine, note_called_back, desk.officer, request_id, now=NOW),
        ]
    )

    assert len({one.id for one in asked}) == 1  # type: ignore[union-attr]
    assert {type(one) for one in answers if isinstance(one, Exception)} <= {CallbackOver}
    with Session(database.engine) as session:
        assert count_callbacks(session, desk.officer) <= 1
        ended = session.execute(text("SELECT done_at IS NULL = (withdrawn_at IS NULL) FROM callback_request"))
        assert session.execute(text("SELECT count(*) FROM history WHERE act = 'callback-done'")).scalar() in (0, 1)
        assert len(ended.all()) <= 2


def test_an_agent_calls_takes_it_back_and_not_once_they_asked_again(session: Session) -> None:
    desk = make_desk(session)
    who = bearer(session, summons := convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW))
    request = asking(session, who, now=NOW)
    stranger = Actor(desk.officer.account_id, "", (Right(Role.PROBATION_OFFICER, frozenset({-1})),), -1)

    with pytest.raises(NotFound):
        note_called_back(session, stranger, request.id, now=NOW)
    note_called_back(session, desk.officer, request.id, now=NOW)
    done = (count_callbacks(session, desk.officer), last_callback(session, desk.officer, summons.id))
    undo_called_back(session, desk.officer, request.id, now=NOW)
    assert count_callbacks(session, desk.officer) == 1
    note_called_back(session, desk.officer, request.id, now=NOW)
    asking(session, who, now=NOW + timedelta(minutes=1))
    with pytest.raises(CallbackOver):
        undo_called_back(session, desk.officer, request.id, now=NOW)

    assert done[0] == 0
    assert done[1] is not None
    assert done[1].done_at == NOW
    acts = session.execute(text("SELECT act FROM history WHERE act LIKE 'callback-%' ORDER BY id")).scalars().all()
    assert acts == ["callback-asked", "callback-done", "callback-undone", "callback-done", "callback-asked"]


def test_the_link_and_the_number_typed_outlive_the_merge_of_two_files(session: Session) -> None:
    desk = make_desk(session)
    other = make_somebody(session, desk.officer)
    summons = convene(session, desk.officer, other.id, desk.at(NINE), now=NOW)
    request = asking(session, bearer(session, summons), typed="06 39 98 56 78", now=NOW)
    merge(session, desk.officer, desk.person.id, other.id, house=HOUSE, now=NOW)
    session.expire_all()

    callee = whom_to_call_back(session, desk.officer, request.id, house=HOUSE, now=NOW)
    assert callee.phone == "+33639985678"
    assert bearer(session, summons).person_id == desk.person.id


async def test_larger_letters_and_the_language_stay_in_every_address_and_form(door: Doorstep) -> None:
    path = f"{path_of(door.summons())}?langue=ar&taille=grande"
    async with door.client() as client:
        pages = [await client.get(path + end) for end in ("", "&etape=deplacer", "&etape=absence", "&etape=rappel")]
        answer = await client.post(path, data={"act": "confirm", "seen": written(NINE)})

    for page in pages:
        assert 'class="big"' in page.text
        kept = re.findall(r'(?:href|action)="(?:[\w.-]*)(\?langue=ar[^"]*)"', page.text)
        assert len(kept) > 3
        assert sum("taille=grande" not in one for one in kept) == 1, kept  # that of usual letters
    assert answer.headers["location"].endswith("?langue=ar&taille=grande")


async def test_the_way_is_on_the_map_and_by_the_application_of_a_phone_that_has_one(door: Doorstep) -> None:
    path = path_of(door.summons())
    door.do("UPDATE site SET lat = 48.85, lon = 2.35, located_by = 'address'")
    async with door.client(**{"User-Agent": "Mozilla/5.0 (Linux; Android 4.4) Mobile"}) as client:
        phone = (await client.get(path)).text
    async with door.client() as client:
        other = (await client.get(path)).text

    assert 'href="geo:48.85000,2.35000?q=48.85000,2.35000"' in phone
    assert 'href="https://www.openstreetmap.org/directions?to=48.85000%2C2.35000" class="act" rel="noreferrer"' in other
    assert "geo:" not in other


async def test_until_when_it_may_be_changed_is_said_and_after_that_whom_to_call(door: Doorstep) -> None:
    path = path_of(door.summons())
    door.do("UPDATE kind SET cancel_notice_min = 1440")
    async with door.client() as client:
        in_time = (await client.get(path)).text
        door.at(NINE - timedelta(hours=23))
        late = (await client.get(path)).text
        door.at(NINE + timedelta(days=1))
        past = (await client.get(path)).text

    assert FR.change_until.format(moment="lundi 9\u00a0mars à\u00a09\u00a0h") in in_time
    for page in (in_time, late, past):
        assert FR.who_to_call in page
        assert FR.call_me in page


async def test_who_helps_is_in_each_line_of_the_history_for_half_an_hour_and_opens_nothing_else(
    door: Doorstep,
) -> None:
    summons, other = door.summons(), door.offer(door.somebody())
    officer = door.desk.officer
    with door.session() as session:
        (found,) = find_to_help(session, officer, name="alix DEMONSTRATION", birth_on=date(1990, 5, 17), now=NOW)[:1]
        _, mark = open_with(session, officer, summons.id, now=NOW)
    path = f"{path_of(summons)}?aide={mark}"
    async with door.client(**{"User-Agent": "Mozilla/5.0 Firefox/140.0"}) as client:
        page = await client.get(path)
        await _does(client, path, [{"act": "confirm", "seen": written(NINE)}, {"act": "stop"}, {"act": "call"}])
        elsewhere = await client.get(f"{path_of(other)}?aide={mark}")
        door.at(NOW + LASTS)
        over = [await client.get(path), await client.post(path, data=declining())]
        alone = await client.get(path_of(summons))
    with door.session() as session:
        told = session.execute(
            text("SELECT DISTINCT act, actor_id FROM history WHERE facts ->> 'helped_by' = :helper ORDER BY act"),
            {"helper": str(officer.account_id)},
        ).all()
        openings = session.execute(text("SELECT count(*) FROM link_opening")).scalar()
        looks = session.execute(text("SELECT count(*) FROM consultation WHERE reason = 'front-desk'")).scalar()

        assert [one[0] for one in helps_of(session, summons.id)] == [NOW]
    assert found.id in (summons.id, other.id)
    assert FR.helped in page.text
    assert [one.act for one in told] == ["callback-asked", "convocation-confirmed", "sms-refused"]
    assert {one.actor_id for one in told} == {door.desk.person.id}
    assert openings == 1  # that of the person, alone
    assert looks == 2
    for gone in (elsewhere, *over):
        assert (gone.status_code, FR.help_over in gone.text) == (410, True)
    assert FR.helped not in alone.text


async def _does(client: httpx.AsyncClient, path: str, forms: list[dict[str, str]]) -> None:
    for form in forms:
        answer = await client.post(path, data=form)
        assert answer.status_code == 303
        assert "aide=" in answer.headers["location"]


def test_a_front_desk_finds_by_the_number_printed_and_only_in_its_territory(session: Session) -> None:
    desk = make_desk(session)
    summons = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    session.flush()
    elsewhere = Actor(desk.officer.account_id, "", (Right(Role.REGISTRY, frozenset({-1})),), -1)
    other_kind = Right(Role.REGISTRY, frozenset({summons.territory_id}), summons.kind_id + 1)
    of_another = Actor(desk.officer.account_id, "", (other_kind,), -1)
    partner = Actor(desk.officer.account_id, "", (Right(Role.PARTNER, frozenset({summons.territory_id})),), -1)
    found = find_to_help(session, desk.officer, number=f" {number_of(summons.id).upper()} ", now=NOW)

    assert [one.id for one in found] == [summons.id]
    link = LinkName(summons.link_id, summons.link_version)
    assert find_to_help(session, desk.officer, link=link, now=NOW) == found
    assert find_to_help(session, desk.officer, link=replace(link, version=link.version + 1), now=NOW) == []
    for stranger in (elsewhere, of_another, partner):
        assert find_to_help(session, stranger, number=number_of(summons.id), now=NOW) == []
        with pytest.raises(NotFound):
            open_with(session, stranger, summons.id, now=NOW)
    assert find_to_help(session, desk.officer, number=number_of(summons.id), now=NINE + timedelta(days=8)) == []
    for asked in ({"number": "12"}, {"name": ""}, {"name": "Alix"}):
        with pytest.raises(InvalidRequest):
            find_to_help(session, desk.officer, now=NOW, **asked)  # type: ignore[arg-type]
    with pytest.raises(HelpOver):
        helper_of(session, "made-up", summons.id, now=NOW)
