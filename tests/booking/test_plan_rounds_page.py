"""What the page of rounds says and does, without a browser: cards, reasons, moves by hand, the smallest change."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from booking.fittings import Needs, Window
from booking.pages.plan_rounds_desk import DESK, RULES, Board, places
from booking.pages.plan_rounds_moves import carried, put
from booking.pages.plan_rounds_state import _absence
from booking.pages.plan_rounds_words import REASON_WORDS, WEIGHTS, WHY_WORDS, added_road, change_words, conflict_words
from booking.pages.plans_reading import Asked, look
from booking.plans.kept import plan_in
from booking.plans.round_actions import WHY
from booking.plans.round_wishes import WISHES
from optimizer.rounds.changes import Change
from optimizer.rounds.plan import Rule
from tests.booking.fitting_town import PARIS, FittingTown, a_request, make_fitting_town
from tests.booking.fleet import FIRST, UNTIL, booked, run_of, solved
from tests.factories import NOW, in_days

DAY = date(2026, 3, 5)


@pytest.fixture
def town(session: Session) -> FittingTown:
    """Two teams in Lyon."""
    return make_fitting_town(session)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


def test_every_rule_reason_weight_and_refusal_has_its_words() -> None:
    assert set(REASON_WORDS) == set(Rule)
    assert set(WISHES.rules) == set(WEIGHTS)
    assert set(WHY.values()) - {"unfit"} <= set(WHY_WORDS)
    assert {one.name for one in DESK.sliders} == {one.name for one in WISHES.sliders}


def test_the_prices_of_a_plan_are_the_rules_of_the_page(session: Session, town: FittingTown) -> None:
    a_request(session, town)

    assert {rule for rule, _, _ in run_of(session, solved(session, town)).prices["after"]} == set(RULES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_new_round": True}, "une tournée de plus le jeu. 5 mars"),
        ({"agents": 1}, "un agent de plus dans Équipe 1 le jeu. 5 mars"),
        ({"skills": frozenset({"bar"})}, "bracelet anti-rapprochement dans Équipe 1 le jeu. 5 mars"),
        ({"minutes_later": 75}, "rentrer 1 h 15 plus tard avec Équipe 1 le jeu. 5 mars"),
        ({"window": None, "days_late": 2}, "dépasser la date limite de 2 jours"),
    ],
)
def test_the_smallest_change_is_said(change: dict[str, Any], said: str) -> None:
    words = change_words(Change(team_id=1, day=DAY, **change), "Équipe 1", {"bar": "Bracelet anti-rapprochement"})

    assert plain(words) == f"Le plus petit changement qui la placerait : {said}."


def test_other_words() -> None:
    assert plain(added_road(4000)) == "6 min de route en plus"
    assert added_road(-200) == "sur le chemin"
    assert plain(conflict_words([Rule.AGENTS])) == "Ce qui bloque, ensemble : pas assez d’agents dans l’équipe."
    assert "relancez" in conflict_words([])
    assert change_words(None, "", {}) == "Aucun changement simple ne la placerait."


def test_the_page_shows_what_is_booked_then_what_is_proposed(session: Session, town: FittingTown) -> None:
    there, waiting = booked(session, town, day=1), a_request(session, town, needs=Needs(agents=2))
    asked = Asked(first=FIRST, until=UNTIL, own=("", ""))

    before: Board = look(session, town.agent, DESK, asked, now=NOW).own
    run_id = solved(session, town)
    found = look(session, town.agent, DESK, asked, now=NOW)

    assert [stop.id for card in before.cards for stop in card.stops] == [str(there)]
    assert plain(before.cards[0].hours) == "départ 9 h 45, retour 10 h 54"
    assert found.proposal is not None
    assert found.proposal.run.id == run_id
    (line,) = found.proposal.lines
    assert (line.id, line.kind) == (str(waiting.id), "placed")
    assert "deux agents" in line.hint
    assert {stop.id for card in found.own.cards for stop in card.stops} == {str(there), str(waiting.id)}
    locks = {stop.id: stop.lock for card in found.own.cards for stop in card.stops}
    assert locks == {str(there): "movable", str(waiting.id): ""}, "what is booked may be locked, and let go"
    assert [stop.lock for card in before.cards for stop in card.stops] == [""]
    assert len(found.own.points) == 2
    assert len(found.own.ways) == len(found.own.cards)


def test_a_visit_is_put_elsewhere_by_hand_and_what_was_proposed_stays(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    run_id = solved(session, town)
    found = carried(session, town.agent, run_id, request.id, now=NOW)

    kept = put(session, town.agent, run_id, request.id, found.rows[-1].place, now=NOW)
    nowhere = put(session, town.agent, kept, request.id, "", now=NOW)

    def place(one: Any) -> str | None:
        return places(plan_in("rounds", run_of(session, one).plan)).get(str(request.id))

    assert place(kept) is not None
    assert str(place(kept)).startswith(found.rows[-1].place)
    assert place(run_id) != place(kept)
    assert place(nowhere) is None
    with pytest.raises(InvalidRequest):
        put(session, town.agent, run_id, request.id, "1|never", now=NOW)
    with pytest.raises(InvalidRequest):
        put(session, town.agent, run_id, request.id, f"{town.teams[0].id}|{in_days(90)}", now=NOW)
    with pytest.raises(NotFound):
        carried(session, town.agent, run_id, uuid4(), now=NOW)


def test_why_nobody_goes_there_and_what_would_be_enough(session: Session, town: FittingTown) -> None:
    never = tuple(Window(day, time(4), time(5)) for day in range(7))
    crowd, night, far = (
        a_request(session, town, needs=Needs(agents=3)),
        a_request(session, town, windows=never),
        a_request(session, town, at=PARIS),
    )
    run_id = solved(session, town)
    told = {one.id: carried(session, town.agent, run_id, one.id, now=NOW) for one in (crowd, night, far)}

    assert all(one.rows == [] for one in told.values())
    assert "pas assez d’agents" in told[crowd.id].conflict
    assert "un agent de plus" in told[crowd.id].change
    assert "au domicile" in told[night.id].change
    assert told[far.id].conflict


def test_an_absence_is_read_from_its_form_or_refused() -> None:
    form = {"absence-equipe": "3", "absence-jour": "2026-03-03", "absence-debut": "08:00", "absence-fin": "12:00"}

    read = _absence(form | {"absence-qui": "un"}, {"3"})

    assert read is not None
    assert (read.team_id, read.start_min, read.end_min, read.agents) == (3, 480, 720, 1)
    for wrong in (
        {"absence-equipe": "4"},
        {"absence-jour": "jamais"},
        {"absence-debut": "x"},
        {"absence-fin": "07:00"},
    ):
        assert _absence(form | wrong, {"3"}) is None
