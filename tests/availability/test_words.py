"""Every rule that a value may break has its French words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from availability.errors import InvalidRequest, NotOpen, PeriodTaken
from availability.pages.kind_words import changed_words
from availability.slots import WhyNot
from availability.words import FIELD_WORDS, PROBLEM_WORDS, WHY_WORDS, invalid_sentence, why_sentence

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("availability", "booking", "convocations", "optimizer", "portal")


def test_every_field_and_every_rule_that_the_code_names_has_words() -> None:
    refused = [found for package in PACKAGES for path in (ROOT / package).rglob("*.py") for found in named_in(path)]

    assert len(refused) > 80, "the code was not seen"
    assert {field for field, _ in refused if field} - FIELD_WORDS.keys() == set()
    assert {problem for _, problem in refused if problem} - PROBLEM_WORDS.keys() == set()


def test_a_sentence_says_the_field_the_rule_and_its_figure() -> None:
    sentence = invalid_sentence(InvalidRequest("rules", "too-many", most=20))

    assert sentence == "Les horaires : 20 au plus."


def test_every_reason_why_a_start_is_not_free_says_what_to_do() -> None:
    assert [why for why in WhyNot if why not in WHY_WORDS] == []
    assert [words for words in WHY_WORDS.values() if " : " not in words] == []
    assert why_sentence(NotOpen(why=WhyNot.HOLIDAY)) == "C’est un jour férié là-bas : choisissez un autre jour."
    assert why_sentence(PeriodTaken()) == WHY_WORDS["taken"]
    assert why_sentence(NotOpen()) == WHY_WORDS["outside-hours"]


def named_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the field and the rule of each `InvalidRequest(…)` of a file, empty where it is not a constant."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "InvalidRequest":
            fields, problems = (list(constants(one)) for one in node.args[:2])
            yield from ((field, "") for field in fields)
            yield from (("", problem) for problem in problems)


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the text that an argument is, or may be."""
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.Constant):
        yield str(node.value)


def test_the_history_of_a_kind_names_the_kinds_that_it_goes_with() -> None:
    changed = {"meeting_kind_id": [None, 7], "hearing_kind_id": [8, 9]}

    assert changed_words(changed, {"7": "entretien", "8": "audience du JAF"}) == [
        "Rendez-vous d’information qui précède\u00a0: entretien, au lieu de aucun",
        "Audience qui suit ce rendez-vous\u00a0: un type oublié, au lieu de audience du JAF",
    ]
