"""What every planning page says, word for word."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from booking.pages.plans_words import (
    STATE_WORDS,
    applied_words,
    chart,
    ended_words,
    figures,
    gains,
    lines_words,
    moves_between,
    moves_sentence,
    number,
    priced,
    rule_rows,
    run_name,
    slider_views,
    wishes_words,
)
from booking.pages.repartition_desk import DESK
from booking.plans.models import RunState
from optimizer.manners import Manner
from optimizer.searching import Price
from tests.booking.test_planning_words import PLAN, plain, run
from tests.factories import TODAY

PARIS = ZoneInfo("Europe/Paris")


def counted(total: int, **counts: float) -> object:
    """Return what is said of a plan that costs its counts."""
    prices = [Price(rule=rule.replace("_", "-"), count=count, cost=count) for rule, count in counts.items()]
    return priced(DESK, prices, total)


def test_every_state_has_words() -> None:
    assert set(STATE_WORDS) == set(RunState)


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (3, "3"), (3.04, "3"), (3.25, "3,2"), (-1.5, "-1,5"), (1234.4, "1\u202f234")]
)
def test_a_number_is_written_as_one_reads_it(value: float, words: str) -> None:
    assert number(value) == words


def test_the_table_says_of_each_rule_today_then_each_proposal_and_which_way_it_goes() -> None:
    now = counted(10, unplaced=4, days=60, spread=0)
    first, second = counted(10, unplaced=1, days=108, spread=0), counted(10, unplaced=4, days=48, spread=2)
    rows = {row.rule: row for row in rule_rows(DESK, now, [first, second])}

    assert list(rows) == ["unplaced", "days", "spread"]  # what nobody counts is not told
    assert plain(rows["unplaced"].now) == "4 affaires"
    assert [(cell.text, cell.change, cell.tone) for cell in rows["unplaced"].cells] == [
        ("1\u00a0affaire", "▼ −3, mieux", "better"),
        ("4\u00a0affaires", "= inchangé", "same"),
    ]
    assert [plain(cell.text) for cell in rows["days"].cells] == ["12 jours", "8 jours"]
    assert rows["days"].cells[0].change == "▲ +2, moins bien"


def test_what_a_plan_gains_and_loses_is_said_in_plain_words() -> None:
    now, after = counted(10, unplaced=4, days=60), counted(10, unplaced=1, days=108)
    better, worse = gains(DESK, now, after)

    assert [plain(one) for one in better] == ["3 affaires de plus placées"]
    assert [plain(one) for one in worse] == ["2 jours d’attente de plus en moyenne"]


def test_nothing_is_said_of_a_mean_of_nothing() -> None:
    assert gains(DESK, counted(3, unplaced=3, days=0), counted(3, unplaced=0, days=30)) == (
        ["3\u00a0affaires de plus placées"],
        [],
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {}, "Rien ne change."),
        ({}, {"a": "1"}, "1 affaire placée."),
        ({"a": "1"}, {"a": "1"}, "1 affaire reste où elle est."),
        ({"a": "1", "b": "1", "c": "2"}, {"a": "2", "c": "2", "d": "1", "e": "1"},
         "2 affaires placées, 1 déplacée, 1 sans place, 1 reste où elle est."),
    ],
)  # fmt: skip
def test_what_moves_is_one_sentence(before: dict[str, str], after: dict[str, str], words: str) -> None:
    assert plain(moves_sentence(DESK, moves_between(before, after))) == words


def test_the_curve_goes_down_to_the_bound_and_says_how_far_it_is() -> None:
    assert chart([]).value == ""
    drawn = chart([[0.0, 500, None, 9], [1.0, 400, 300, 2], [2.0, 400, 380, 2]])

    assert drawn.value == "0.0,8.0 240.0,70.0 480.0,70.0"
    assert drawn.bound == "240.0,132.0 480.0,82.4"
    assert [plain(one) for one in drawn.seconds] == ["0 s", "1 s", "2 s"]
    assert plain(drawn.words) == (
        "Coût abaissé de 20 % depuis la première trouvée ; au plus 5 % au-dessus du mieux possible."
    )
    assert "rien de mieux" in chart([[1.0, 90, 90, 0]]).words


def test_the_figures_say_how_many_and_how_long() -> None:
    going = run(state=RunState.RUNNING, progress=[[0.1, 120, None, 30], [4.6, 90, 80, 12]])

    assert plain(figures(DESK, going, 150)) == "138 affaires placées sur 150, 4 s"
    assert plain(figures(DESK, run(state=RunState.QUEUED), 150)) == "En attente…"


@pytest.mark.parametrize(
    ("state", "plan", "words"),
    [
        (RunState.RUNNING, None, ""),
        (RunState.DONE, PLAN, "Recherche terminée."),
        (RunState.DONE, PLAN | {"ended": "proved"}, "il n’existe pas de meilleure proposition"),
        (RunState.STOPPED, PLAN, "la meilleure proposition trouvée jusque-là"),
        (RunState.STOPPED, None, "arrêtée avant de commencer"),
        (RunState.FAILED, None, "a échoué"),
        (RunState.INTERRUPTED, None, "interrompue"),
    ],
)
def test_the_end_of_a_search_is_said(state: RunState, plan: dict[str, object] | None, words: str) -> None:
    assert words in ended_words(run(state=state, plan=plan), state)


def test_a_proposal_is_named_by_its_hour_by_the_night_and_by_its_manner() -> None:
    assert plain(run_name(run(), PARIS, TODAY)) == "Proposition de 10 h"
    assert run_name(run(requested_by=None), PARIS, TODAY) == "Proposition de la nuit"
    assert plain(run_name(run(manner=Manner.BY_HAND), PARIS, TODAY)).endswith("(modifiée à la main)")


def test_wishes_are_said_when_they_are_not_the_usual_ones() -> None:
    assert wishes_words(DESK, {}) == ""
    asked = {"sliders": {"sooner": 4, "even": 2}, "locks": {"a": "frozen", "b": "free"}}
    assert plain(wishes_words(DESK, asked)) == "attendre moins : avant tout, 1 verrou"
    assert [one.word for one in slider_views(DESK, {"even": 0})] == [
        "comme d’habitude", "pas du tout", "comme d’habitude",
    ]  # fmt: skip


def test_what_an_application_did_is_said() -> None:
    assert applied_words(DESK, 0, 8, 0) == "Tout était déjà appliqué : rien n’a changé."
    assert plain(applied_words(DESK, 2, 1, 1)) == (
        "2 affaires mises en place, 1 déjà en place. 1 élément n’a pas pu l’être : la raison est dite plus bas."
    )


def test_a_page_of_lines_says_where_it_is() -> None:
    assert lines_words(40, 0, 40) == ""
    assert plain(lines_words(138, 3, 40)) == "lignes 121 à 138 sur 138"
