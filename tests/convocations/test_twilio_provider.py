"""Twilio, against a stand-in that answers as it does: what is certain, what is refused, and what nobody knows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from convocations.kinds import Failure
from convocations.providers import Handed, NotTaken, Rejected, Unknown
from convocations.twilio_provider import Account, Twilio
from tests.twilio_stand_in import SID, TOKEN, StandIn, standing_in

TO = "+33639981234"
BODY = "Votre rendez-vous est pris : mardi 10 mars à 9 h. https://placejuste.example/r/abc"
TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with standing_in() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(running: StandIn) -> StandIn:
    """The stand-in, behaving."""
    running.does(
        delay_s=0, status=0, code=0, hang=0, times=None, retry_after=None, redact=False, list_status=0, down=False
    )
    return running


@pytest.fixture
async def twilio(stand_in: StandIn) -> AsyncIterator[Twilio]:
    provider = Twilio(account(stand_in), timeout_s=TIMEOUT_S)
    yield provider
    await provider.close()


def account(stand_in: StandIn, **fields: Any) -> Account:
    return Account(**{"sid": SID, "token": TOKEN, "sender": "JUSTICE", "base_url": stand_in.url} | fields)


def handed(to: str, body: str) -> Handed:
    return Handed(to=to, body=body, reference="")


def earlier() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=5)


async def test_a_message_arrives_as_it_was_written(twilio: Twilio, stand_in: StandIn) -> None:
    sid = await twilio.send(handed(TO, BODY))

    taken = stand_in.received()[-1]
    assert (taken["sid"], taken["to"], taken["body"], taken["from"]) == (sid, TO, BODY, "JUSTICE")


async def test_a_messaging_service_sends_in_the_place_of_a_number(stand_in: StandIn) -> None:
    service = "MG" + "1" * 32
    twilio = Twilio(account(stand_in, sender=service))

    await twilio.send(handed(TO, BODY))
    await twilio.close()

    taken = stand_in.received()[-1]
    assert (taken["messaging_service_sid"], taken["from"]) == (service, None)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (21610, Failure.BLOCKED),
        (21211, Failure.INVALID_NUMBER),
        (21614, Failure.INVALID_NUMBER),
        (21606, "provider-21606"),
    ],
)
async def test_a_refusal_is_told_by_its_code(twilio: Twilio, stand_in: StandIn, code: int, failure: str) -> None:
    stand_in.does(status=400, code=code)

    with pytest.raises(Rejected) as refused:
        await twilio.send(handed(TO, BODY))

    assert refused.value.code == failure


async def test_a_busy_provider_says_when_to_come_back(twilio: Twilio, stand_in: StandIn) -> None:
    stand_in.does(status=429, code=20429, retry_after=7)

    with pytest.raises(NotTaken) as busy:
        await twilio.send(handed(TO, BODY))

    assert (busy.value.code, busy.value.retry_after) == (Failure.PROVIDER_BUSY, timedelta(seconds=7))


async def test_a_provider_that_is_down_has_taken_nothing(twilio: Twilio, stand_in: StandIn) -> None:
    stand_in.does(down=True)

    with pytest.raises(NotTaken) as down:
        await twilio.send(handed(TO, BODY))
    stand_in.does(down=False)

    assert down.value.code == Failure.PROVIDER_DOWN
    assert await twilio.send(handed(TO, BODY))


async def test_a_wrong_account_fails_no_message(stand_in: StandIn) -> None:
    twilio = Twilio(account(stand_in, token="wrong"))

    with pytest.raises(NotTaken):
        await twilio.send(handed(TO, BODY))
    await twilio.close()


@pytest.mark.parametrize("status", [500, 503, 307])
async def test_an_error_of_the_provider_tells_nothing(twilio: Twilio, stand_in: StandIn, status: int) -> None:
    stand_in.does(status=status, code=20500)

    with pytest.raises(Unknown):
        await twilio.send(handed(TO, BODY))


async def test_what_was_taken_without_an_answer_is_found_again(twilio: Twilio, stand_in: StandIn) -> None:
    stand_in.does(hang=1)
    since, body = earlier(), BODY + "1"

    with pytest.raises(Unknown):
        await twilio.send(handed(TO, body))

    assert await twilio.find(handed(TO, body), since) == stand_in.received()[-1]["sid"]


async def test_another_text_another_number_or_another_time_is_not_the_message(twilio: Twilio) -> None:
    body = BODY + "2"
    await twilio.send(handed(TO, body))

    assert await twilio.find(handed(TO, body + "3"), earlier()) is None
    assert await twilio.find(handed("+33639981235", body), earlier()) is None
    assert await twilio.find(handed(TO, body), datetime.now(UTC) + timedelta(minutes=2)) is None
    assert await twilio.find(handed(TO, body), earlier()) is not None


async def test_a_message_is_found_beyond_the_first_page(twilio: Twilio) -> None:
    to, since = "+33639981299", earlier()
    first = await twilio.send(handed(to, BODY))
    for number in range(120):
        await twilio.send(handed(to, f"{number}"))

    assert await twilio.find(handed(to, BODY), since) == first


async def test_texts_that_the_account_redacts_cannot_be_told_apart(twilio: Twilio, stand_in: StandIn) -> None:
    await twilio.send(handed(TO, BODY))
    stand_in.does(redact=True)

    with pytest.raises(Unknown):
        await twilio.find(handed(TO, BODY), earlier())


async def test_a_list_that_does_not_come_is_no_proof(twilio: Twilio, stand_in: StandIn) -> None:
    stand_in.does(list_status=500)
    with pytest.raises(Unknown):
        await twilio.find(handed(TO, BODY), earlier())

    stand_in.does(list_status=0, down=True)
    with pytest.raises(NotTaken):
        await twilio.find(handed(TO, BODY), earlier())


async def test_nothing_of_a_person_is_logged(
    twilio: Twilio, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await twilio.send(handed(TO, BODY))
        await twilio.find(handed(TO, BODY), earlier())
        stand_in.does(status=400, code=21211)
        with pytest.raises(Rejected):
            await twilio.send(handed(TO, BODY))

    assert "39981234" not in caplog.text
    assert "rendez-vous" not in caplog.text
