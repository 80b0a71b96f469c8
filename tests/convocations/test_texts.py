"""Texts that administrators write: what is refused and how, what is taken, what leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from booking.persons import LANGUAGES
from convocations.kinds import MessageKind
from convocations.revealing import Concern
from convocations.segments import is_gsm, measure
from convocations.texts import (
    BRACES,
    Place,
    Problem,
    Text,
    Texts,
    Variable,
    Wrong,
    costly,
    costly_in,
    filled,
    problems,
    spelled,
    standard_text,
    tidy,
    variables_of,
    warnings,
)
from convocations.wording import SmsFacts, sms

REMINDER, OFFER = MessageKind.REMINDER, MessageKind.OFFER
GOOD = "À bientôt : {jour} à {heure}, {lieu}. {lien}"
FACTS = SmsFacts(
    zone=ZoneInfo("Europe/Paris"),
    address="4 cours Gambetta, 33000 Bordeaux",
    link="https://a.fr/r/x",
    starts_at=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
    choose_by=date(2026, 12, 1),
)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", MessageKind)
def test_every_standard_text_may_be_written_by_an_administrator_and_says_the_same(
    kind: MessageKind, language: str
) -> None:
    body = standard_text(kind, language)

    assert problems(body, kind) == []
    assert warnings(body, language, kind) == []
    assert filled(body, kind, language, FACTS) == sms(kind, language, FACTS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (GOOD, []),
        ("", [Problem(Wrong.EMPTY)]),
        (GOOD.replace("{lieu}", "{adresse}"), [Problem(Wrong.UNKNOWN, "adresse", "lieu")]),
        (GOOD + "{lieux}", [Problem(Wrong.UNKNOWN, "lieux", "lieu")]),
        (GOOD + "{Heures}", [Problem(Wrong.UNKNOWN, "Heures", "heure")]),
        (GOOD + "{qqqq}", [Problem(Wrong.UNKNOWN, "qqqq")]),
        (GOOD + "{prénom}", [Problem(Wrong.FORBIDDEN, "prénom")]),
        (GOOD + "{Nom}", [Problem(Wrong.FORBIDDEN, "Nom")]),
        (GOOD + "{service}", [Problem(Wrong.FORBIDDEN, "service")]),
        (GOOD + "{choisir_avant}", [Problem(Wrong.NOT_HERE, "choisir_avant", "quand")]),
        (GOOD + "{", [Problem(Wrong.BRACE, "{")]),
        ("{quand}, {lieu}", [Problem(Wrong.MISSING, "lien", "lien")]),
        ("{heure}, {lieu} {lien}", [Problem(Wrong.MISSING, "jour", "quand")]),
        ("{quand} {lien}", [Problem(Wrong.MISSING, "lieu", "lieu")]),
        (GOOD + "x" * 480, [Problem(Wrong.TOO_LONG, "524")]),
        (GOOD + "{lieu.__class__}", [Problem(Wrong.UNKNOWN, "lieu.__class__", "lieu")]),
    ],
)
def test_a_refusal_names_the_variable_and_the_nearest_right_one(body: str, expected: list[Problem]) -> None:
    assert problems(body, REMINDER)[:1] == expected


def test_an_offer_says_until_when_and_a_cancellation_needs_no_place() -> None:
    assert problems("Choisissez avant le {choisir_avant} : {lien}", OFFER) == []
    assert problems("{quand} {lien}", OFFER)[0] == Problem(Wrong.NOT_HERE, "quand", "choisir_avant")
    assert problems("Annulé : {jour}. {lien}", MessageKind.CANCELLATION) == []


def test_a_service_is_named_only_when_it_lets_itself_be() -> None:
    body = GOOD + " L’association Exemple-Fictif"
    names = {"Association exemple fictif", "Exemple"}

    assert problems(body, REMINDER, names=names)[0].code is Wrong.NAMED
    assert problems(GOOD, REMINDER, names=names) == []
    assert problems(body, REMINDER, names=names, may_name=True) == []
    assert problems(GOOD + "{service}", REMINDER, may_name=True) == []


def test_words_that_tell_or_oblige_are_warned_of_but_not_what_is_filled_in() -> None:
    assert warnings("Au SPIP, sous peine de suites {lieu}", "fr", REMINDER) == [
        (Concern.REVEALS, "SPIP"),
        (Concern.FORMAL, "sous peine"),
        (Concern.REVEALS, "peine"),
    ]
    assert warnings(GOOD, "fr", REMINDER) == []
    assert warnings(GOOD + "{service}", "fr", REMINDER, "SPIP d’Exemple") == [(Concern.REVEALS, "SPIP")]


@pytest.mark.parametrize(
    ("kind_id", "organisation_id", "expected"), [(1, 2, "both"), (1, 3, "kind"), (4, 2, "service")]
)
def test_the_most_precise_text_is_taken(kind_id: int, organisation_id: int, expected: str) -> None:
    scopes = {(1, 2): "both", (None, 2): "service", (1, None): "kind", (None, None): "all"}
    texts = Texts({("reminder", "fr", *scope): Text(uuid4(), said) for scope, said in scopes.items()})

    assert getattr(texts.find(REMINDER, "fr", Place(kind_id, organisation_id)), "body", "") == expected
    assert getattr(texts.find(REMINDER, "fr", Place(9, 9)), "body", "") == "all"
    assert texts.find(REMINDER, "en", Place(kind_id, organisation_id)) is None, "never another language"
    assert texts.find(OFFER, "fr", Place(kind_id, organisation_id)) is None


def test_a_text_that_cannot_be_filled_in_leaves_as_the_standard_one_and_is_named() -> None:
    for body in ("{quand}, {nimporte} {lien}", "{quand}", "{service} {quand} {lien}", "{choisir_avant} {lien}"):
        text = Text(uuid4(), body)
        written = Texts({("reminder", "fr", None, None): text}).write(REMINDER, "fr", FACTS)

        assert (written.body, written.text_id, written.broken_id) == (sms(REMINDER, "fr", FACTS), None, text.id)


def test_a_service_that_lets_itself_be_named_is() -> None:
    texts = Texts({("reminder", "fr", None, 2): Text(uuid4(), "{service} : {quand}, {lieu}. {lien}")}, {2: "Asso"})

    assert texts.write(REMINDER, "fr", FACTS, Place(1, 2)).body.startswith("Asso : mardi 24 novembre")


def test_what_is_not_gsm_is_pointed_at_with_its_plain_spelling() -> None:
    assert costly("l’œil {jour_œ} œ ж") == [("’", "'"), ("œ", "oe"), ("ж", "")]
    assert spelled("l’œil ж") == "l'oeil ж"
    assert costly_in("l’œil {jour_œ}", "fr") == [], "it is spelled plainly as it leaves"
    assert costly_in("l’œil ж", "fr") == [("’", "'"), ("œ", "oe"), ("ж", "")]
    assert costly_in("Não’", "pt") == [("ã", ""), ("’", "'")]


@examples(max_examples=60)
@given(st.text(max_size=80))
def test_spelling_plainly_never_costs_more_and_leaves_nothing_that_could_be_spelled(body: str) -> None:
    plain = spelled(body)

    assert measure(plain).segments <= measure(body).segments or is_gsm(plain)
    assert all(not instead for letter, instead in costly(plain))


@examples(max_examples=60)
@given(st.lists(st.sampled_from([*(f"{{{one}}}" for one in Variable), "{autre}", "mot ", "{", "}", " é"]), max_size=12))
def test_whatever_passes_the_checks_can_be_filled_in_and_nothing_else_is_in_braces(parts: list[str]) -> None:
    body = tidy("".join(parts))

    for kind in MessageKind:
        if problems(body, kind, may_name=True) == []:
            facts = replace(FACTS, starts_at=None if kind is OFFER else FACTS.starts_at)
            text = filled(body, kind, "fr", facts, "Asso")
            assert "{" not in text
            assert FACTS.link in text
            assert set(BRACES.findall(body)) <= set(variables_of(kind))


def test_what_cannot_be_seen_is_not_kept() -> None:
    assert tidy(" a\x00\u202eb  c \n d\u200e ") == "ab c\nd\u200e"
