"""Wording: fourteen languages, none of which forgets a sentence or says why."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.persons import LANGUAGES
from convocations.kinds import MessageKind
from convocations.revealing import concerns, lists
from convocations.segments import Encoding, is_gsm, measure
from convocations.wording import (
    PHRASES,
    PageWords,
    SmsFacts,
    autonyms,
    check,
    hour,
    long_day,
    moment,
    page_words,
    sms,
    spelled_for_sms,
    spoken,
)

PARIS = ZoneInfo("Europe/Paris")
MARTINIQUE = ZoneInfo("America/Martinique")
HALF_PAST_NINE = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # a Tuesday, in Paris
LINK = "https://rendez-vous.exemple.fr/r/" + "Zk3x9_" * 4 + "abc"
FACTS = SmsFacts(
    zone=PARIS,
    address="12 bis rue de l’Hôtel-de-Ville, 69003 Lyon",
    link=LINK,
    starts_at=HALF_PAST_NINE,
    choose_by=date(2026, 12, 1),
)
everywhere = pytest.mark.parametrize("language", sorted(LANGUAGES))
every_kind = pytest.mark.parametrize("kind", MessageKind)
FILLED = {
    "earlier_until": {"moment"},
    "choose_until": {"day"},
    "too_late_since": {"moment"},
    "local_time": {"place"},
    "choose_at": {"when"},
    "change_until": {"moment"},
    "take_back": {"moment"},
    "moved_from": {"before"},
    "moved_to": {"after"},
    "move_back": {"moment"},
    "call_number": {"number"},
    "call_received": {"moment"},
}


def written(language: str) -> dict[str, Any]:
    """Return the file of a language."""
    content: dict[str, Any] = json.loads((PHRASES / f"{language}.json").read_text())
    return content


def filled_in(text: str) -> set[str]:
    """Return the placeholders of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def told(language: str, text: str) -> list[str]:
    """Return the words of a text that say why, or that oblige."""
    return [one.said for one in concerns(text, language)]


# Every language is whole


def test_there_is_one_file_a_language_and_no_other() -> None:
    assert {path.stem for path in PHRASES.iterdir()} == LANGUAGES
    assert set(lists()) == LANGUAGES


@everywhere
def test_a_language_has_every_sentence_with_what_the_page_fills_in(language: str) -> None:
    words = asdict(page_words(language))

    assert {key for key, text in words.items() if not text.strip()} == set()
    assert {key: filled_in(text) for key, text in words.items() if filled_in(text)} == FILLED
    assert not [key for key, text in words.items() if text != text.strip() or "  " in text]


@pytest.mark.parametrize("language", sorted(LANGUAGES - {"fr"}))
def test_no_sentence_was_left_in_french(language: str) -> None:
    french, words = asdict(page_words("fr")), asdict(page_words(language))

    assert {key for key in words if words[key] == french[key]} - {"direction"} == set()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda told: told["page"].pop("title"), "keys differ"),
        (lambda told: told["page"].update(more="x"), "keys differ"),
        (lambda told: told["sms"].pop("missed"), "keys differ"),
        (lambda told: told["page"].update(title=""), "empty"),
        (lambda told: told["page"].update(choose_at="x"), "other placeholders"),
        (lambda told: told["page"].update(title="{name}"), "other placeholders"),
        (lambda told: told["sms"].update(reminder="{when} {address}"), "other placeholders"),
    ],
)
def test_a_language_that_loses_something_does_not_load(spoil: Any, message: str) -> None:
    spoiled = copy.deepcopy(written("ru"))
    check(spoiled, written("fr"), "ru")
    spoil(spoiled)

    with pytest.raises(ValueError, match=message):
        check(spoiled, written("fr"), "ru")


def test_a_language_that_we_do_not_speak_is_never_a_path() -> None:
    assert spoken("ru") == "ru"
    assert spoken("xx") == spoken("../fr") == spoken("") == "fr"
    with pytest.raises(ValueError, match="no words"):
        page_words("../fr")


def test_arabic_and_no_other_is_written_from_right_to_left() -> None:
    assert {language for language in LANGUAGES if page_words(language).direction == "rtl"} == {"ar"}
    assert {page_words(language).direction for language in LANGUAGES} == {"ltr", "rtl"}


def test_each_language_is_named_in_itself_french_first() -> None:
    names = autonyms()

    assert next(iter(names)) == "fr"
    assert set(names) == LANGUAGES
    assert len(set(names.values())) == len(names)
    assert (names["ar"], names["ka"], names["zh"]) == ("العربية", "ქართული", "中文")


def test_the_words_of_the_page_say_no_more_than_their_fields() -> None:
    assert {field.type for field in fields(PageWords)} == {"str"}


# The SMS


@everywhere
@every_kind
def test_an_sms_gives_the_place_and_the_link_and_ends_with_it(language: str, kind: MessageKind) -> None:
    text = sms(kind, language, FACTS)

    assert text.endswith(LINK)
    assert "{" not in text
    assert "69003 Lyon" in text
    assert len(text.splitlines()) == 1


@everywhere
@every_kind
def test_an_sms_about_an_appointment_gives_its_day_and_hour(language: str, kind: MessageKind) -> None:
    text = sms(kind, language, FACTS).replace("\u00a0", " ")

    if kind is MessageKind.OFFER:
        assert long_day(date(2026, 12, 1), language).replace("\u00a0", " ") in text
    else:
        assert moment(HALF_PAST_NINE, PARIS, language).replace("\u00a0", " ") in text


@everywhere
@every_kind
def test_an_sms_never_says_why(language: str, kind: MessageKind) -> None:
    assert told(language, sms(kind, language, FACTS).replace(LINK, "")) == []


@everywhere
def test_the_page_does_not_say_why_either(language: str) -> None:
    assert told(language, " ".join(asdict(page_words(language)).values())) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            MessageKind.OFFER,
            "Choisissez la date de votre rendez-vous jusqu'au mardi 1er décembre. Lieu : 4 cours Gambetta, 33000"
            " Bordeaux. Pour choisir ou ne plus recevoir de SMS : https://a.fr/r/x",
        ),
        (
            MessageKind.REMINDER,
            "Rappel de votre rendez-vous : mardi 24 novembre à 9 h 30, 4 cours Gambetta, 33000 Bordeaux. Pour"
            " confirmer, déplacer ou ne plus recevoir de SMS : https://a.fr/r/x",
        ),
        (
            MessageKind.CANCELLATION,
            "Votre rendez-vous est annulé : mardi 24 novembre à 9 h 30, 4 cours Gambetta, 33000 Bordeaux. Pour en"
            " savoir plus ou ne plus recevoir de SMS : https://a.fr/r/x",
        ),
    ],
)
def test_an_sms_in_french(kind: MessageKind, expected: str) -> None:
    facts = SmsFacts(
        zone=PARIS,
        address="4 cours Gambetta,\n33000 Bordeaux",
        link="https://a.fr/r/x",
        starts_at=HALF_PAST_NINE,
        choose_by=date(2026, 12, 1),
    )

    assert sms(kind, "fr", facts) == expected


@pytest.mark.parametrize(
    ("language", "encoding", "most"),
    [
        ("fr", Encoding.GSM_7, 2),
        ("en", Encoding.GSM_7, 2),
        ("es", Encoding.GSM_7, 2),
        ("zh", Encoding.UCS_2, 3),
        ("ar", Encoding.UCS_2, 4),
        ("ka", Encoding.UCS_2, 4),
        ("pt", Encoding.UCS_2, 4),
        ("ro", Encoding.UCS_2, 4),
        ("ru", Encoding.UCS_2, 4),
        ("sq", Encoding.UCS_2, 4),
        ("tr", Encoding.UCS_2, 4),
        ("uk", Encoding.UCS_2, 4),
        ("bn", Encoding.UCS_2, 4),
        ("ln", Encoding.UCS_2, 4),
    ],
)
@every_kind
def test_what_an_sms_costs_in_each_language(language: str, encoding: Encoding, most: int, kind: MessageKind) -> None:
    assert len(LINK) == 60

    found = measure(sms(kind, language, FACTS))

    assert found.encoding is encoding
    assert found.segments <= most


@every_kind
def test_every_day_of_the_year_is_gsm_in_french_within_two_segments(kind: MessageKind) -> None:
    for month in range(1, 13):
        for day in range(1, 29):
            starts_at = datetime(2027, month, day, 10, 45, tzinfo=UTC)
            facts = SmsFacts(
                zone=PARIS,
                address="Bâtiment C, 128 bis avenue du Maréchal-de-Lattre-de-Tassigny, 94120 Fontenay-sous-Bois",
                link=LINK,
                starts_at=starts_at,
                choose_by=starts_at.date(),
            )
            found = measure(sms(kind, "fr", facts))
            assert (found.encoding, found.segments) == (Encoding.GSM_7, 2)


@pytest.mark.parametrize(
    ("kind", "missing"), [(MessageKind.OFFER, {"choose_by": None}), (MessageKind.REMINDER, {"starts_at": None})]
)
def test_an_sms_without_its_date_is_a_mistake_of_ours(kind: MessageKind, missing: dict[str, None]) -> None:
    with pytest.raises(ValueError, match="needs"):
        sms(kind, "fr", SmsFacts(**{**asdict(FACTS), "zone": PARIS, **missing}))


def test_braces_in_an_address_are_only_braces() -> None:
    facts = SmsFacts(zone=PARIS, address="Allée {link}", link="L", starts_at=HALF_PAST_NINE)

    assert "Allée {link}." in sms(MessageKind.REMINDER, "fr", facts)


def test_an_address_within_arabic_is_kept_from_turning_around() -> None:
    text = sms(MessageKind.REMINDER, "ar", FACTS)

    assert "\u200e12 bis rue de l’Hôtel-de-Ville, 69003 Lyon\u200e" in text


# The letters of an SMS


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("l’heure", "l'heure"),
        ("9\u00a0h\u202f30", "9 h 30"),
        ("œuvre, Œuvre", "oeuvre, OEuvre"),
        ("« Île-d’Aix » – Bât. Ç…", '" Ile-d\'Aix " - Bat. Ç...'),
        ("garçon, août, Noël", "garcon, aout, Noel"),
        ("éèàùÉ", "éèàùÉ"),  # GSM-7 has them
        ("Привет, l’ami", "Привет, l’ami"),  # nothing to spare: nothing is touched
        ("mañana sábado, l’Hôtel", "mañana sábado, l’Hôtel"),
    ],
)
def test_signs_are_replaced_only_when_that_spares_ucs_2(text: str, spelled: str) -> None:
    assert spelled_for_sms(text) == spelled


@given(st.text(st.sampled_from("aéêç’œ…«»\u00a0Àжăß "), max_size=60))
def test_replacing_signs_never_costs_a_segment_and_changes_only_what_becomes_gsm(text: str) -> None:
    spelled = spelled_for_sms(text)

    assert spelled_for_sms(spelled) == spelled
    assert spelled == text or (is_gsm(spelled) and not is_gsm(text))
    assert measure(spelled).segments <= measure(text).segments


# Dates and hours


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr", "mardi 24 novembre à 9 h 30"),
        ("en", "Tuesday 24 November at 09:30"),
        ("es", "martes 24 de noviembre a las 9:30"),
        ("pt", "terça-feira, 24 de novembro, às 09:30"),
        ("ro", "marți, 24 noiembrie, ora 09:30"),
        ("ru", "вторник, 24 ноября, 09:30"),
        ("uk", "вівторок, 24 листопада, 09:30"),
        ("tr", "24 Kasım Salı, saat 09:30"),
        ("zh", "11月24日星期二 09:30"),
        ("sq", "e martë, 24 nëntor, ora 09:30"),
        ("ka", "სამშაბათი, 24 ნოემბერი, 09:30"),
        ("ar", "الثلاثاء 24 نوفمبر، الساعة 09:30"),
        ("bn", "মঙ্গলবার, 24 নভেম্বর, 09:30"),
        ("ln", "mokɔlɔ mwa míbalé 24 sánzá ya zómi na mɔ̌kɔ́, 09:30"),
    ],
)
def test_a_moment_in_each_language(language: str, expected: str) -> None:
    assert moment(HALF_PAST_NINE, PARIS, language).replace("\u00a0", " ") == expected


def test_hours_and_days_are_those_of_the_place() -> None:
    late = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)

    assert hour(late, PARIS, "fr") == "3\u00a0h"
    assert hour(late, MARTINIQUE, "fr") == "22\u00a0h"
    assert moment(late, MARTINIQUE, "fr").startswith("lundi 30")
    assert long_day(date(2026, 12, 1), "fr") == "mardi 1er\u00a0décembre"
    assert [hour(datetime(2026, 10, 25, at, 30, tzinfo=UTC), PARIS, "en") for at in (0, 1)] == ["02:30", "02:30"]
