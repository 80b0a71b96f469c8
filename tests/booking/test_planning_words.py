"""What the screen of planning says, word for word."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from booking.pages.planning_words import (
    REASON_WORDS,
    REFUSED_WORDS,
    applied_words,
    case_row,
    gauge,
    proposal_sentence,
    reasons,
)
from booking.plans.hearing_actions import WHY
from booking.plans.hearings import CaseLine
from booking.plans.models import OptimizerRun, RunState
from optimizer.hearings.plan import Reason
from optimizer.hearings.rules import FREE, WHY_NOT
from tests.factories import NOW, TODAY, in_days

PLAN = {
    "plan": {
        "sittings": {number: {"judge_id": 11, "clerk_id": 12, "room_id": 13} for number in ("1", "2")},
        "placed": {str(UUID(int=number)): 1 for number in range(3)},
    },
    "unplaced": [{"case_id": str(UUID(int=9)), "reasons": [{"code": "quota", "hearings": 2}]}],
    "ended": "limit",
}
PRICES = {"after": [["unplaced", 1, 1], ["late", 1, 1], ["unstaffed", 0, 0], ["spread", 1, 200], ["days", 10, 10]]}


def run(**columns: object) -> OptimizerRun:
    """Return a run that nobody keeps."""
    values = {"territory_id": 1, "kind_id": 1, "requested_by": uuid4(), "first_on": TODAY, "until_on": in_days(9)}
    return OptimizerRun(**values | {"created_at": NOW, "heartbeat_at": NOW, "progress": []} | columns)


def plain(words: str) -> str:
    """Return words with ordinary spaces."""
    return words.replace("\u00a0", " ")


def test_every_reason_and_refusal_has_words() -> None:
    assert set(REASON_WORDS) == {*WHY_NOT, FREE}
    assert {*WHY.values(), "not-held", "full-cases", "full-minutes", "full-quota", "refused"} <= set(REFUSED_WORDS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([("after-deadline", 12)], "échéance trop proche pour toutes les audiences"),
        ([("minutes", 8), ("cases", 3)], "plus assez de minutes (8 audiences), nombre d’affaires atteint (3)"),
        ([("quota", 1), ("unstaffed", 1)], "quota de la matière atteint (1 audience), ni juge ni salle (1)"),
    ],
)
def test_why_a_case_waits_is_one_sentence(found: list[tuple[str, int]], words: str) -> None:
    told = [Reason(code=code, hearings=count) for code, count in found]

    assert plain(reasons(told, sum(count for _, count in found))) == words


def test_without_hearings_that_is_the_reason() -> None:
    assert reasons([], 0) == "aucune audience à venir"


def test_a_proposal_is_told_rule_by_rule() -> None:
    assert plain(proposal_sentence(run(state=RunState.DONE, plan=PLAN, prices=PRICES))) == (
        "3 affaires placées sur 4, 2 audiences tenues, 1 hors délai, "
        "3 jours d’attente en moyenne une fois la convocation possible, 1 audience d’écart entre les juges."
    )


@pytest.mark.parametrize(
    ("now", "after", "most", "text", "percents"),
    [
        (0, 0, 12, "0 sur 12", (0, 0)),
        (2, 12, 12, "2 → 12 sur 12", (17, 100)),
        (13, 13, 12, "13 sur 12", (100, 100)),
        (0, 0, 0, "0 sur 0", (100, 100)),
    ],
)
def test_a_gauge_says_now_and_after(now: int, after: int, most: int, text: str, percents: tuple[int, int]) -> None:
    shown = gauge("Affaires", now, after, most)

    assert (plain(shown.text), (shown.percent, shown.after)) == (text, percents)


def test_what_an_application_did_is_said() -> None:
    assert applied_words(0, 0, 0, 8) == "Tout était déjà appliqué : rien n’a changé."
    assert plain(applied_words(1, 0, 0, 0)) == "1 affaire placée."
    assert plain(applied_words(8, 2, 1, 3)) == (
        "8 affaires placées, 2 audiences confiées à un juge, 3 déjà en place. "
        "1 élément n’a pas pu l’être : la raison est dite plus bas."
    )


def test_a_case_says_its_deadline_and_how_long_it_waits() -> None:
    line = CaseLine(
        id=uuid4(),
        case_ref="RG 26/00001",
        family="51",
        minutes=20,
        received_on=in_days(-30),
        ready_on=TODAY,
        deadline_on=in_days(14),
    )
    row = case_row(line, TODAY)

    assert (row.family, plain(row.minutes), plain(row.waits), row.is_urgent) == ("baux", "20 min", "30 jours", False)
    assert plain(row.deadline) == "lun. 16 mars (dans 2 semaines)"
    assert plain(row.due) == "échéance lun. 16 mars (dans 2 semaines)"
    assert case_row(replace(line, deadline_on=None), TODAY).due == "sans échéance"
