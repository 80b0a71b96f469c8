"""What the screen of a round reads again while it is open."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from availability.history import Consultation
from booking.fitting_actions import book_offer
from booking.fitting_queries import request_for
from booking.pages import round_state
from booking.pages.round_state import round_again
from tests.booking.fitting_town import a_request, make_fitting_town, on
from tests.factories import NOW, in_days


def test_an_address_that_comes_while_the_round_is_open_is_a_consultation(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_state, "secret_key", lambda: b"a secret of the tests, long enough")
    town = make_fitting_town(session)
    team, requests = town.teams[0].id, [a_request(session, town) for _ in range(2)]
    first = book_offer(session, town.agent, requests[0].id, team, on(1, "09:00"), now=NOW).id
    second = book_offer(session, town.agent, requests[1].id, team, on(1, "11:00"), now=NOW).id

    _, _, addresses, _ = round_again(session, town.agent, team, in_days(1), frozenset({first}), now=NOW)
    round_again(session, town.agent, team, in_days(1), frozenset(addresses), now=NOW)

    assert set(addresses) == {first, second}
    looked_at = session.exec(select(Consultation.subject_id).where(Consultation.reason == "round")).all()
    assert looked_at == [str(request_for(session, town.agent, requests[1].id, now=NOW).person_id)]
