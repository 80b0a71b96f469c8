"""The texts of messages in words: what is said of each mistake, of each language, of each letter that costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from convocations.kinds import MessageKind
from convocations.pages.template_problems import problem_words
from convocations.pages.templates_words import address_of, letters_of, review_words, screen_of
from convocations.template_queries import Review, Scope
from convocations.texts import Problem, Wrong

READ_AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (Problem(Wrong.UNKNOWN, "lein", "lien"), "« {lein} » n’existe pas : écrivez {lien}."),
        (Problem(Wrong.UNKNOWN, "qqqq"), "« {qqqq} » n’existe pas : choisissez une variable de la liste."),
        (Problem(Wrong.NOT_HERE, "quand", "choisir_avant"), "écrivez {choisir_avant}."),
        (Problem(Wrong.MISSING, "lieu", "lieu"), "Il manque {lieu} : la personne ne saurait pas où venir."),
        (
            Problem(Wrong.MISSING, "jour", "quand"),
            "Il manque {quand} ou {jour} : la personne ne saurait pas quel jour.",
        ),
        (Problem(Wrong.FORBIDDEN, "nom"), "« {nom} » est interdite"),
        (Problem(Wrong.FORBIDDEN, "service"), "ce service n’a pas accepté que son nom soit écrit"),
        (Problem(Wrong.NAMED, "Asso {x}"), "« Asso {x} » n’a pas accepté"),
        (Problem(Wrong.BRACE, "{"), "« { » est seule : une variable s’écrit entre deux, {lien}."),
        (Problem(Wrong.TOO_LONG, "524"), "524 signes, 480 au plus."),
    ],
)
def test_a_refusal_says_what_to_write_instead(problem: Problem, words: str) -> None:
    assert words in problem_words(problem).replace("\u00a0", " ")


def test_a_language_says_who_read_it_and_when_until_it_changes() -> None:
    read, changed = Review("bn", "Lou Fictif", READ_AT, True), Review("bn", "Lou Fictif", READ_AT, False)

    assert review_words(read)[2].replace("\u00a0", " ").startswith("Relue le mardi 24 novembre 2026 à 9 h 30 par Lou")
    assert review_words(changed)[:2] == ("à relire par un traducteur", "warning")
    assert "ont changé depuis" in review_words(changed)[2]
    assert review_words(Review("bn", "", None, False))[2] == ""


def test_an_sms_is_shown_with_what_it_costs_and_which_letters_cost() -> None:
    screen = screen_of("مرحبا", "ar", 70_000)

    assert (screen.direction, screen.cost.replace("\u00a0", " ")) == ("rtl", "5 caractères, 1 SMS en UCS-2, 0,07 €")
    assert screen_of("", "fr", 0).cost == ""
    assert [one.words for one in letters_of([("’", "'"), ("ж", "")])] == ["remplacer ’ par '", "ж n’a pas d’équivalent"]


def test_the_address_names_the_text() -> None:
    scope = Scope(MessageKind.REMINDER, "ar", 3, None)

    assert address_of(scope) == "/modeles/?message=reminder&langue=ar&type=3"
